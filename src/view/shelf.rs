//! The saved filters.
//!
//! Owns their box.

use ratatui::text::Span;
use ratatui::widgets::BorderType;

use super::canvas::Canvas;
use super::{input, text};
use crate::app::state::State;
use crate::app::state::layout::{Area, first_row};
use crate::app::state::shelf::{Known, Shelf};
use crate::model::text::{clean, wrapped};

/// Cells of a filter's name.
const NAME: usize = 20;

/// Draws the box.
pub(super) fn draw(state: &State, shelf: &Shelf, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let lines = shelf.lines();
    let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(5);
    let area = Area::centered(state.size, 90, wanted.max(7).min(state.size.height.saturating_sub(2)));
    let title = format!(" saved filters of {} ", shelf.kind.row().plural);
    canvas.window(area, BorderType::Plain, theme.plain(), &[Span::styled(title, theme.strong())]);
    let mut inside = area.inside(2);
    if let Some((source, name)) = &shelf.naming {
        input::draw(name, "save as: ", theme.key(), true, (inside, 0), canvas);
        let what = text::cut(&clean(source), usize::from(inside.width));
        canvas.line(inside, 1, &[Span::styled(what, theme.plain())]);
        inside = inside.rows(3, inside.height);
    }
    let words = match &shelf.known {
        Known::Asked => Some("reading…".to_owned()),
        Known::Failed(words) => Some(words.clone()),
        Known::Are(_) if lines.is_empty() => Some("none is saved yet".to_owned()),
        Known::Are(_) => None,
    };
    for (row, line) in words.iter().flat_map(|words| wrapped(words, usize::from(inside.width))).enumerate() {
        canvas.line(inside, row, &[Span::raw(line)]);
    }
    let page = usize::from(inside.height);
    let at = shelf.at.min(lines.len().saturating_sub(1));
    for (row, n) in (first_row(at, lines.len(), page)..lines.len()).take(page).enumerate() {
        let is_current = n == at && shelf.naming.is_none();
        let mut spans = vec![Span::raw(if is_current { "> " } else { "  " })];
        spans.extend(text::cell(&[Span::styled(lines[n].name.as_str(), theme.strong())], NAME, false));
        spans.push(Span::raw("  "));
        spans.push(Span::raw(clean(&lines[n].source).into_owned()));
        canvas.line(inside, row, &spans);
        if is_current {
            canvas.style_row(inside, row, theme.current());
        }
    }
}
