//! The page of one record.
//!
//! Owns its border and what part of it is on the screen.

use ratatui::text::Span;
use ratatui::widgets::BorderType;

use super::canvas::Canvas;
use crate::app::state::State;
use crate::app::state::detail::Detail;
use crate::app::state::layout::Area;
use crate::app::state::lines::{self, Laid};

/// Draws the page.
pub(super) fn draw(state: &State, detail: &Detail, area: Area, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let title = [
        Span::raw(format!(" {} ", detail.record.kind().row().singular)),
        Span::styled(detail.record.name(), theme.strong()),
        Span::raw(" "),
    ];
    canvas.border(area, BorderType::Plain, theme.plain(), &title);
    let inside = area.inside(2);
    let page = lines::of_detail(state, detail, usize::from(inside.width));
    let scroll = scrolled(&page, detail.scroll, inside, canvas);
    canvas.footing(area, &[Span::raw(position(scroll, usize::from(inside.height), page.len()))]);
}

/// Draws the lines from `scroll` on, but never past the last page, and answers how many are scrolled away.
pub(super) fn scrolled(lines: &[Laid], scroll: usize, area: Area, canvas: &mut Canvas<'_>) -> usize {
    let rows = usize::from(area.height);
    let scroll = scroll.min(lines.len().saturating_sub(rows));
    for (row, line) in lines.iter().skip(scroll).take(rows).enumerate() {
        let lead = Span::styled(&*line.lead, canvas.theme.label());
        canvas.line(area, row, &[lead, Span::styled(&*line.text, canvas.theme.weight(line.weight))]);
    }
    scroll
}

/// ` 12-30 of 80 `, or nothing where all lines are on the screen.
pub(super) fn position(scroll: usize, rows: usize, len: usize) -> String {
    if len <= rows || rows == 0 {
        return String::new();
    }
    format!(" {}-{} of {len} ", scroll + 1, (scroll + rows).min(len))
}
