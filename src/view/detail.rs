//! The page of one record.
//!
//! Owns its border, what part of it is on the screen, and how what is selected and what was found stand out.

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::BorderType;

use super::text;
use crate::app::detail::Detail;
use crate::app::detail::body::DetailPage;
use crate::app::layout::Area;
use crate::app::lines::WrappedLine;
use crate::app::state::State;
use crate::model::text::found;
use crate::view::painter::Painter;

/// Cells the name of the page before takes at most.
const BEFORE: usize = 24;

/// Draws the page.
pub(super) fn draw(state: &State, detail: &Detail, area: Area, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let sort = if detail.raw { " JSON of " } else { " " };
    let title = [
        Span::raw(format!("{sort}{} ", detail.record.kind().row().singular)),
        Span::styled(detail.record.name(), theme.strong()),
        Span::raw(" "),
    ];
    painter.border(area, BorderType::Plain, theme.plain(), &title);
    let inside = area.inside(2);
    let page = DetailPage::of(state, detail, usize::from(inside.width));
    let hits = state.finding().map_or_else(Vec::new, |finding| page.hits(finding.input.value()));
    let rows = usize::from(inside.height);
    let scroll = detail.scroll.min(page.lines.len().saturating_sub(rows));
    let selected = detail.at.and_then(|at| page.line_of(at));
    let current = state.finding().and_then(|finding| hits.get(finding.at)).copied();
    for (row, (at, line)) in page.lines.iter().enumerate().skip(scroll).take(rows).enumerate() {
        painter.line(inside, row, &spans(state, line, painter));
        if [selected, current].contains(&Some(at)) {
            painter.style_row(inside, row, theme.current());
        }
    }
    let footing = footing(state, &hits, scroll, rows, page.lines.len());
    painter.footing(area, &[Span::raw(footing)]);
}

/// A line of the page, what was found on it standing out.
fn spans<'a>(state: &State, line: &'a WrappedLine, painter: &Painter<'_>) -> Vec<Span<'a>> {
    let theme = painter.theme;
    let wanted = state.finding().map_or("", |finding| finding.input.value());
    let part = |part: &'a str, style: Style| {
        text::highlighted(part, &letters(part, &found(part, wanted)), style, style.patch(theme.matched()))
    };
    let handle = part(&line.handle, theme.label());
    handle.into_iter().chain(part(&line.text, theme.weight(line.weight))).collect()
}

/// The numbers of the letters that lie in any of the ranges, letters being what is drawn as one.
fn letters(part: &str, ranges: &[Range<usize>]) -> Vec<u32> {
    let overlaps =
        |at: usize, len: usize| ranges.iter().any(|range| at < range.end && range.start < at + len);
    let letters = text::graphemes(part).enumerate();
    let inside = letters.filter(|(_, (at, letter))| overlaps(*at, letter.len()));
    inside.filter_map(|(number, _)| u32::try_from(number).ok()).collect()
}

/// Where the way back leads, what was found and what part of the page is on the screen.
fn footing(state: &State, hits: &[usize], scroll: usize, rows: usize, len: usize) -> String {
    let mut footing = String::new();
    if let Some(before) = state.below.last() {
        let name = text::cut(before.record.name(), BEFORE);
        footing.push_str(&format!(" back to {} {name} ", before.record.kind().row().singular));
    }
    if let Some(finding) = state.finding().filter(|finding| !finding.input.value().is_empty()) {
        let at = if hits.is_empty() { 0 } else { finding.at + 1 };
        footing.push_str(&format!(" found {at} of {} ", hits.len()));
    }
    footing + &position(scroll, rows, len)
}

/// Draws the lines from `scroll` on, but never past the last page, and answers how many are scrolled away.
pub(super) fn scrolled(lines: &[WrappedLine], scroll: usize, area: Area, painter: &mut Painter<'_>) -> usize {
    let rows = usize::from(area.height);
    let scroll = scroll.min(lines.len().saturating_sub(rows));
    for (row, line) in lines.iter().skip(scroll).take(rows).enumerate() {
        let handle = Span::styled(&*line.handle, painter.theme.label());
        painter.line(area, row, &[handle, Span::styled(&*line.text, painter.theme.weight(line.weight))]);
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
