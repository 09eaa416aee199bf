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

/// Draws what is typed after `lead`. The end that the cursor is at stays in sight; the cursor shows only with `focus`.
pub(super) fn draw(
    input: &TextInput,
    lead: &str,
    style: Style,
    focus: bool,
    (area, row): (Area, usize),
    canvas: &mut Painter<'_>,
) {
    let value = input.value();
    let split = value.char_indices().nth(input.cursor()).map_or(value.len(), |(at, _)| at);
    let before = clean(&value[..split]);
    let room = usize::from(area.width).saturating_sub(text::width(lead));
    let gone = text::scrolled_off(&before, room);
    let shown = [&before[gone..], &clean(&value[split..])].concat();
    canvas.line(area, row, &[Span::styled(lead, style), Span::raw(shown)]);
    if focus {
        let column = text::width(lead) + text::width(&before[gone..]);
        canvas.place_cursor(area, column, row);
    }
}

/// Draws what Tab walks through, as much as there is room for around where the walk is.
fn candidates(walk: &CompletionWalk, area: Area, canvas: &mut Painter<'_>) {
    let room = usize::from(area.width);
    let mut spans = Vec::new();
    let mut used = 0;
    // What stands there now is always in sight: the walk turns page by page.
    let widths = walk.candidates.iter().map(|candidate| text::width(&clean(candidate)) + 2);
    let mut first = 0;
    for (at, width) in widths.enumerate() {
        if used + width > room && at > first {
            if walk.at < at {
                break;
            }
            (first, used) = (at, 0);
            spans.clear();
        }
        used += width;
        let style = if at == walk.at { canvas.theme.current() } else { canvas.theme.plain() };
        spans.push(Span::styled(clean(&walk.candidates[at]).into_owned(), style));
        spans.push(Span::raw("  "));
    }
    canvas.line(area, 0, &spans);
}

/// Draws the filter being typed, or why the record under the cursor failed.
pub(super) fn remark(state: &State, area: Area, canvas: &mut Painter<'_>) {
    if let Some(input) = state.set_input() {
        draw(input, "/", canvas.theme.key(), true, (area, 0), canvas);
        return;
    }
    let Some(filter) = &state.filter_input else {
        if let Some(remark) = state.remark() {
            reason(&remark, state, area, canvas);
        }
        return;
    };
    draw(&filter.input, "/", canvas.theme.key(), true, (area, 0), canvas);
    let mut below = area.rows(1, area.height);
    if let Some(walk) = &filter.completing {
        candidates(walk, below, canvas);
        below = below.rows(1, below.height);
    }
    if let Some(trouble) = &state.listing().trouble {
        reason(&trouble.words, state, below, canvas);
    }
}

/// Draws why something is not so, as much of it as there is room for.
fn reason(words: &str, state: &State, area: Area, canvas: &mut Painter<'_>) {
    let lines = wrapped(words, remark_width(state.size));
    let room = usize::from(area.height);
    for (row, line) in lines.iter().take(room).enumerate() {
        let lead = if row == 0 { "! " } else { "  " };
        let end = if room < lines.len() && row + 1 == room { "…" } else { "" };
        canvas.line(area, row, &[Span::styled(format!("{lead}{line}{end}"), canvas.theme.bad())]);
    }
}
