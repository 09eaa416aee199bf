//! The view layer: what the state looks like.
//!
//! Owns every cell of the screen and nothing else: it only reads. One file a pane. Must not know of effects, of how a
//! fact changes the state, nor of the client; text from outside passes `canvas`, which lets nothing through that could
//! move the cursor.

mod canvas;
mod cells;
mod columns;
mod confirm;
mod detail;
mod help;
mod hints;
mod input;
mod notice;
mod palette;
mod places;
mod question;
mod recovery;
mod scope;
mod shelf;
mod status;
mod table;
mod tabs;
#[cfg(test)]
mod tests;
mod text;
mod theme;
mod token;
mod top;

use ratatui::Frame;
use ratatui::text::Span;

use crate::app::state::layout::{Area, Layout};
use crate::app::state::{Overlay, State};
use canvas::Canvas;
use theme::Theme;

/// Draws `state`.
pub fn view(state: &State, frame: &mut Frame<'_>) {
    let mut canvas = Canvas::new(frame.buffer_mut(), Theme::new(state.setup.colour));
    if state.is_too_small() {
        notice::draw(state, &mut canvas);
    } else {
        panes(state, &mut canvas);
        overlay(state, &mut canvas);
    }
    if let Some(cursor) = canvas.cursor() {
        frame.set_cursor_position(cursor);
    }
}

/// Names the organization on the lower edge of a box that asks something.
fn sign(state: &State, area: Area, canvas: &mut Canvas<'_>) {
    let name = state.standing.organization.iter().map(|organization| organization.name.as_str());
    let signed: Vec<_> = name.map(|name| Span::styled(format!(" {name} "), canvas.theme.strong())).collect();
    canvas.footing(area, &signed);
}

fn panes(state: &State, canvas: &mut Canvas<'_>) {
    let layout = Layout::of(state);
    top::draw(state, layout.top, canvas);
    tabs::draw(state, layout.tabs, canvas);
    table::draw(state, layout.table, canvas);
    if let (Some(detail), Some(area)) = (&state.detail, layout.detail) {
        detail::draw(state, detail, area, canvas);
    }
    if let Some(area) = layout.remark {
        input::remark(state, area, canvas);
    }
    scope::draw(state, layout.scope, canvas);
    status::draw(state, layout.status, canvas);
    hints::draw(state, layout.hints, canvas);
}

fn overlay(state: &State, canvas: &mut Canvas<'_>) {
    match &state.overlay {
        None => {}
        Some(Overlay::Confirm(confirm)) => confirm::draw(state, confirm, canvas),
        Some(Overlay::Help(scroll)) => help::draw(state, *scroll, canvas),
        Some(Overlay::Palette(palette)) => palette::draw(state, palette, canvas),
        Some(Overlay::Places(places)) => places::draw(state, places, canvas),
        Some(Overlay::Filters(shelf)) => shelf::draw(state, shelf, canvas),
        Some(Overlay::Columns(at)) => columns::draw(state, *at, canvas),
        Some(Overlay::Recovery(page)) => recovery::draw(state, page, canvas),
        Some(Overlay::Ask(question)) => question::draw(state, *question, canvas),
    }
    if let Some(prompt) = state.topmost_prompt() {
        token::draw(state, prompt, canvas);
    }
}
