//! The palette.
//!
//! Owns its box; what matches is decided in the state.

use ratatui::text::Span;
use ratatui::widgets::BorderType;

use super::{input, text};
use crate::app::layout::{Area, first_row};
use crate::app::palette::Palette;
use crate::app::state::State;
use crate::view::painter::Painter;

/// Cells of a command's name, and of its chord.
const NAME: usize = 16;
const CHORD: usize = 10;

/// Draws the palette.
pub(super) fn draw(state: &State, palette: &Palette, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let area = Area::centered(state.size, 100, 22.min(state.size.height.saturating_sub(2)));
    painter.window(area, BorderType::Plain, theme.plain(), &[Span::styled(" palette ", theme.strong())]);
    let inside = area.inside(2);
    input::draw(&palette.input, ":", theme.key(), true, (inside, 0), painter);
    let lines = palette.lines(&state.setup.keymap);
    let rows = inside.rows(1, inside.height);
    if lines.is_empty() {
        painter.line(rows, 0, &[Span::raw("  no command of that name")]);
    }
    let at = palette.at.min(lines.len().saturating_sub(1));
    let page = usize::from(rows.height);
    for (row, n) in (first_row(at, lines.len(), page)..lines.len()).take(page).enumerate() {
        let line = &lines[n];
        let mut spans = vec![Span::raw(if n == at { "> " } else { "  " })];
        let wants = line.wants.map_or(String::new(), |wants| format!(" {wants}"));
        let name = [Span::styled(line.name, theme.strong()), Span::styled(wants, theme.label())];
        spans.extend(text::cell(&name, NAME, false));
        let chord = line.chord.map_or(String::new(), |chord| chord.to_string());
        spans.extend(text::cell(&[Span::styled(chord, theme.key())], CHORD, false));
        spans.push(Span::raw(line.help));
        painter.line(rows, row, &spans);
        if n == at {
            painter.style_row(rows, row, theme.current());
        }
    }
}
