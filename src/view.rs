//! The view layer: what the state looks like.
//!
//! Owns every cell of the screen and nothing else: it only reads. One file a pane. Must not know of effects, of how a
//! fact changes the state, nor of the client; text from outside passes `canvas`, which lets nothing through that could
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
    let mut canvas = Painter::new(frame.buffer_mut(), Theme::new(state.setup.colour, state.setup.accent));
    if state.is_too_small() {
        crate::view::too_small::draw(state, &mut canvas);
    } else {
        panes(state, &mut canvas);
        overlay(state, &mut canvas);
    }
    if let Some(cursor) = canvas.cursor() {
        frame.set_cursor_position(cursor);
    }
}

/// Names the organization on the lower edge of a box that asks something.
fn sign(state: &State, area: Area, canvas: &mut Painter<'_>) {
    let name = state.standing.organization.iter().map(|organization| organization.name.as_str());
    let signed: Vec<_> = name.map(|name| Span::styled(format!(" {name} "), canvas.theme.place())).collect();
    canvas.footing(area, &signed);
}

fn panes(state: &State, canvas: &mut Painter<'_>) {
    let layout = Layout::of(state);
    crate::view::header::draw(state, layout.top, canvas);
    tabs::draw(state, layout.tabs, canvas);
    table::draw(state, layout.table, canvas);
    if let (Some(detail), Some(area)) = (&state.detail, layout.detail) {
        detail::draw(state, detail, area, canvas);
    }
    if let Some(area) = layout.remark {
        input::remark(state, area, canvas);
    }
    crate::view::list_status::draw(state, layout.scope, canvas);
    crate::view::status_pane::draw(state, layout.status, canvas);
    crate::view::footer::draw(state, layout.hints, canvas);
}

fn overlay(state: &State, canvas: &mut Painter<'_>) {
    match &state.overlay {
        None => {}
        Some(Overlay::Confirm(confirm)) => confirm::draw(state, confirm, canvas),
        Some(Overlay::Help(scroll)) => help::draw(state, *scroll, canvas),
        Some(Overlay::Palette(palette)) => palette::draw(state, palette, canvas),
        Some(Overlay::Places(places)) => crate::view::organizations::draw(state, places, canvas),
        Some(Overlay::Filters(shelf)) => crate::view::saved::draw(state, shelf, canvas),
        Some(Overlay::Sets(sets)) => crate::view::saved::draw_sets(state, sets, canvas),
        Some(Overlay::Columns(at)) => crate::view::sort::draw(state, *at, canvas),
        Some(Overlay::Recovery(page)) => recovery::draw(state, page, canvas),
        Some(Overlay::Save(prompt)) => crate::view::downloads::draw(state, prompt, canvas),
        Some(Overlay::History(page)) => history::draw(state, page, canvas),
        Some(Overlay::Export(open)) => export::draw(state, open, canvas),
        Some(Overlay::Ask(question)) => question::draw(state, *question, canvas),
    }
    if let Some(prompt) = state.topmost_prompt() {
        crate::view::connection::draw(state, prompt, canvas);
    }
}
