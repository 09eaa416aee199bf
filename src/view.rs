//! The view layer: what the state looks like.
//!
//! Owns every cell of the screen and nothing else: it only reads. One file a pane. Must not know of effects, of how a
//! fact changes the state, nor of the client; text from outside passes `painter`, which lets nothing through that could
//! move the cursor.

mod columns;
mod confirm;
mod connection;
mod detail;
mod downloads;
mod export;
mod footer;
mod header;
mod help;
mod history;
mod input;
mod list_status;
mod marked_view;
mod organizations;
mod painter;
mod palette;
mod question;
mod recovery;
mod saved;
mod sort;
mod status_pane;
mod table;
mod tabs;
#[cfg(test)]
mod tests;
mod text;
mod theme;
mod too_small;

use ratatui::Frame;
use ratatui::text::Span;

use crate::app::layout::{Area, Layout};
use crate::app::state::{Overlay, State};
use crate::view::painter::Painter;
use theme::Theme;

/// Draws `state`.
pub fn view(state: &State, frame: &mut Frame<'_>) {
    let mut painter = Painter::new(frame.buffer_mut(), Theme::new(state.setup.color, state.setup.accent));
    if state.is_too_small() {
        too_small::draw(state, &mut painter);
    } else {
        panes(state, &mut painter);
        overlay(state, &mut painter);
    }
    if let Some(cursor) = painter.cursor() {
        frame.set_cursor_position(cursor);
    }
}

/// Names the organization on the lower edge of a box that asks something.
fn sign(state: &State, area: Area, painter: &mut Painter<'_>) {
    let name = state.standing.organization.iter().map(|organization| organization.name.as_str());
    let signed: Vec<_> = name.map(|name| Span::styled(format!(" {name} "), painter.theme.place())).collect();
    painter.footing(area, &signed);
}

fn panes(state: &State, painter: &mut Painter<'_>) {
    let layout = Layout::of(state);
    header::draw(state, layout.top, painter);
    tabs::draw(state, layout.tabs, painter);
    table::draw(state, layout.table, painter);
    if let (Some(detail), Some(area)) = (&state.detail, layout.detail) {
        detail::draw(state, detail, area, painter);
    }
    if let Some(area) = layout.remark {
        input::remark(state, area, painter);
    }
    list_status::draw(state, layout.scope, painter);
    status_pane::draw(state, layout.status, painter);
    footer::draw(state, layout.hints, painter);
}

fn overlay(state: &State, painter: &mut Painter<'_>) {
    match &state.overlay {
        None => {}
        Some(Overlay::Confirm(confirm)) => confirm::draw(state, confirm, painter),
        Some(Overlay::Help(scroll)) => help::draw(state, *scroll, painter),
        Some(Overlay::Palette(palette)) => palette::draw(state, palette, painter),
        Some(Overlay::Organizations(places)) => organizations::draw(state, places, painter),
        Some(Overlay::SavedFilters(picker)) => saved::draw(state, picker, painter),
        Some(Overlay::Selections(sets)) => saved::draw_sets(state, sets, painter),
        Some(Overlay::SortBy(at)) => sort::draw(state, *at, painter),
        Some(Overlay::Recovery(page)) => recovery::draw(state, page, painter),
        Some(Overlay::Download(prompt)) => downloads::draw(state, prompt, painter),
        Some(Overlay::History(page)) => history::draw(state, page, painter),
        Some(Overlay::Export(open)) => export::draw(state, open, painter),
        Some(Overlay::Question(question)) => question::draw(state, *question, painter),
    }
    if let Some(prompt) = state.topmost_prompt() {
        connection::draw(state, prompt, painter);
    }
}
