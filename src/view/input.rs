//! Lines that are typed into, and the line of remarks under the table.
//!
//! Owns where the terminal's cursor stands in a line that may be wider than its room.

use ratatui::style::Style;
use ratatui::text::Span;
use tui_input::Input;

use super::canvas::Canvas;
use super::text;
use crate::app::state::State;
use crate::app::state::filter::Completing;
use crate::app::state::layout::{Area, remark_width};
use crate::model::text::clean;
use crate::model::text::wrapped;

/// Draws what is typed after `lead`. The end that the cursor is at stays in sight; the cursor shows only with `focus`.
pub(super) fn draw(
    input: &Input,
    lead: &str,
    style: Style,
    focus: bool,
    (area, row): (Area, usize),
    canvas: &mut Canvas<'_>,
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
fn candidates(walk: &Completing, area: Area, canvas: &mut Canvas<'_>) {
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
pub(super) fn remark(state: &State, area: Area, canvas: &mut Canvas<'_>) {
    if let Some(filter) = &state.filter_input {
        draw(&filter.input, "/", canvas.theme.key(), true, (area, 0), canvas);
        match (&filter.completing, &state.listing().trouble) {
            (Some(walk), _) => candidates(walk, area.rows(1, 1), canvas),
            (None, Some(trouble)) => {
                let words = text::cut(&format!("! {}", trouble.words), usize::from(area.width));
                canvas.line(area, 1, &[Span::styled(words, canvas.theme.bad())]);
            }
            (None, None) => {}
        }
    } else if let Some(remark) = state.remark() {
        let lines = wrapped(&remark, remark_width(state.size));
        let cut = usize::from(area.height) < lines.len();
        for (row, line) in lines.iter().take(usize::from(area.height)).enumerate() {
            let lead = if row == 0 { "! " } else { "  " };
            let end = if cut && row + 1 == usize::from(area.height) { "…" } else { "" };
            canvas.line(area, row, &[Span::styled(format!("{lead}{line}{end}"), canvas.theme.bad())]);
        }
    }
}
