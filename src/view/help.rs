//! The help.
//!
//! Owns its box; its words come from the keymap and the filter's language.

use ratatui::text::Span;
use ratatui::widgets::BorderType;

use super::detail::{position, scrolled};
use crate::app::help::{GAP, Help};
use crate::app::layout::Area;
use crate::app::state::State;
use crate::view::painter::Painter;

/// Draws the help, scrolled down by `scroll` lines.
pub(super) fn draw(state: &State, scroll: usize, painter: &mut Painter<'_>) {
    let help = Help::of(&state.setup.keymap, state.size);
    let title = [Span::styled(" help ", painter.theme.strong())];
    painter.window(help.area, BorderType::Plain, painter.theme.plain(), &title);
    let inside = help.area.inside(2);
    let scroll = scroll.min(help.most_scroll());
    for (column, x) in help.columns.iter().zip((0..).step_by(usize::from(help.width + GAP))) {
        let area = Area { x: inside.x + x, width: help.width.min(inside.width), ..inside };
        // A short column leaves the screen with the long one.
        scrolled(column.get(scroll.min(column.len())..).unwrap_or_default(), 0, area, painter);
    }
    painter.footing(help.area, &[Span::raw(position(scroll, usize::from(inside.height), help.len()))]);
}
