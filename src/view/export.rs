//! The box that asks for a file's name.
//!
//! Owns its words.

use ratatui::text::Span;
use ratatui::widgets::BorderType;

use super::input;
use crate::app::export::ExportPrompt;
use crate::app::layout::Area;
use crate::app::state::State;
use crate::model::text::wrapped;
use crate::view::painter::Painter;

/// Draws the box.
pub(super) fn draw(state: &State, open: &ExportPrompt, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let width = state.size.width.min(76);
    let cells = usize::from(width.saturating_sub(4));
    let lines = |words: Option<&str>| words.map(|words| wrapped(words, cells)).unwrap_or_default();
    let (lacks, error) = (lines(open.lacks.as_deref()), lines(open.error));
    let height = u16::try_from(lacks.len() + error.len() + 4).unwrap_or(u16::MAX);
    let area = Area::centered(state.size, width, height);
    painter.window(area, BorderType::Plain, theme.plain(), &[Span::styled(" export ", theme.strong())]);
    let inside = area.inside(2);
    painter.line(inside, 0, &[Span::raw(format!("{}, as .csv or .json", open.what))]);
    for (row, line) in lacks.iter().enumerate() {
        painter.line(inside, 1 + row, &[Span::styled(line, theme.wary())]);
    }
    for (row, line) in error.iter().enumerate() {
        painter.line(inside, 2 + lacks.len() + row, &[Span::styled(line, theme.bad())]);
    }
    input::draw(&open.input, "file: ", theme.key(), true, (inside, 1 + lacks.len()), painter);
}
