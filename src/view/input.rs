//! Lines that are typed into, and the line of remarks under the table.
//!
//! Owns where the terminal's cursor stands in a line that may be wider than its room.

use ratatui::style::Style;
use ratatui::text::Span;

use super::text;
use crate::app::filter::CompletionWalk;
use crate::app::layout::{Area, remark_width};
use crate::app::state::State;
use crate::app::text_input::TextInput;
use crate::model::text::clean;
use crate::model::text::wrapped;
use crate::view::painter::Painter;

/// Draws what is typed after `handle`. The end that the cursor is at stays in sight; the cursor shows only with `focus`.
pub(super) fn draw(
    input: &TextInput,
    handle: &str,
    style: Style,
    focus: bool,
    (area, row): (Area, usize),
    painter: &mut Painter<'_>,
) {
    let value = input.value();
    let split = value.char_indices().nth(input.cursor()).map_or(value.len(), |(at, _)| at);
    let before = clean(&value[..split]);
    let room = usize::from(area.width).saturating_sub(text::width(handle));
    let gone = text::scrolled_off(&before, room);
    let shown = [&before[gone..], &clean(&value[split..])].concat();
    painter.line(area, row, &[Span::styled(handle, style), Span::raw(shown)]);
    if focus {
        let column = text::width(handle) + text::width(&before[gone..]);
        painter.place_cursor(area, column, row);
    }
}

/// Draws what Tab walks through, as much as there is room for around where the walk is.
fn candidates(page_walk: &CompletionWalk, area: Area, painter: &mut Painter<'_>) {
    let room = usize::from(area.width);
    let mut spans = Vec::new();
    let mut used = 0;
    // What stands there now is always in sight: the walk turns page by page.
    let widths = page_walk.candidates.iter().map(|candidate| text::width(&clean(candidate)) + 2);
    let mut first = 0;
    for (at, width) in widths.enumerate() {
        if used + width > room && at > first {
            if page_walk.at < at {
                break;
            }
            (first, used) = (at, 0);
            spans.clear();
        }
        used += width;
        let style = if at == page_walk.at { painter.theme.current() } else { painter.theme.plain() };
        spans.push(Span::styled(clean(&page_walk.candidates[at]).into_owned(), style));
        spans.push(Span::raw("  "));
    }
    painter.line(area, 0, &spans);
}

/// Draws the filter being typed, or why the record under the cursor failed.
pub(super) fn remark(state: &State, area: Area, painter: &mut Painter<'_>) {
    if let Some(input) = state.set_input() {
        draw(input, "/", painter.theme.key(), true, (area, 0), painter);
        return;
    }
    let Some(filter) = &state.filter_input else {
        if let Some(remark) = state.remark() {
            reason(&remark, state, area, painter);
        }
        return;
    };
    draw(&filter.input, "/", painter.theme.key(), true, (area, 0), painter);
    let mut below = area.rows(1, area.height);
    if let Some(page_walk) = &filter.completing {
        candidates(page_walk, below, painter);
        below = below.rows(1, below.height);
    }
    if let Some(error) = &state.listing().error {
        reason(&error.words, state, below, painter);
    }
}

/// Draws why something is not so, as much of it as there is room for.
fn reason(words: &str, state: &State, area: Area, painter: &mut Painter<'_>) {
    let lines = wrapped(words, remark_width(state.size));
    let room = usize::from(area.height);
    for (row, line) in lines.iter().take(room).enumerate() {
        let handle = if row == 0 { "! " } else { "  " };
        let end = if room < lines.len() && row + 1 == room { "…" } else { "" };
        painter.line(area, row, &[Span::styled(format!("{handle}{line}{end}"), painter.theme.bad())]);
    }
}
