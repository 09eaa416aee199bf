//! What is saved by name: filters, and sets of marks.
//!
//! Owns their boxes.

use ratatui::text::Span;
use ratatui::widgets::BorderType;

use super::{input, text};
use crate::app::layout::{Area, first_row};
use crate::app::saved::{KnownSaved, SavedFilterPicker, SelectionPicker};
use crate::app::state::State;
use crate::model::selection::{SavedSelection, SelectionContent};
use crate::model::text::{clean, grouped, wrapped};
use crate::view::painter::Painter;

/// Cells of a name.
const NAME: usize = 20;

/// Draws the box of the saved filters.
pub(super) fn draw(state: &State, picker: &SavedFilterPicker, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let lines = picker.lines();
    let title = format!(" saved filters of {} ", picker.kind.row().plural);
    let mut inside = window(state, &title, lines.len(), painter);
    if let Some((source, name)) = &picker.naming {
        input::draw(name, "save as: ", theme.key(), true, (inside, 0), painter);
        let what = text::cut(&clean(source), usize::from(inside.width));
        painter.line(inside, 1, &[Span::styled(what, theme.plain())]);
        inside = inside.rows(3, inside.height);
    }
    sentences(&picker.known, lines.is_empty(), inside, painter);
    let told: Vec<_> =
        lines.iter().map(|line| (line.name.as_str(), clean(&line.source).into_owned())).collect();
    let at = picker.naming.is_none().then_some(picker.at);
    rows(&told, at, inside, painter);
}

/// Draws the box of the sets of marks.
pub(super) fn draw_sets(state: &State, picker: &SelectionPicker, painter: &mut Painter<'_>) {
    let lines = picker.lines();
    let inside = window(state, " saved sets of marks ", lines.len(), painter);
    sentences(&picker.known, lines.is_empty(), inside, painter);
    let told = |kept: &SavedSelection| match &kept.held {
        Ok(SelectionContent { records, organization, saved }) => {
            let (n, noun) = (grouped(*records as u64), if *records == 1 { "record" } else { "records" });
            format!("{n} {noun} of {organization}, saved {}", state.setup.zone.minute(*saved))
        }
        Err(words) => words.clone(),
    };
    let told: Vec<_> = lines.iter().map(|kept| (kept.name.as_str(), told(kept))).collect();
    rows(&told, Some(picker.at), inside, painter);
}

/// Draws the box around so many lines, and answers what is inside.
fn window(state: &State, title: &str, lines: usize, painter: &mut Painter<'_>) -> Area {
    let theme = painter.theme;
    let wanted = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(5);
    let area = Area::centered(state.size, 90, wanted.max(7).min(state.size.height.saturating_sub(2)));
    painter.window(area, BorderType::Plain, theme.plain(), &[Span::styled(title, theme.strong())]);
    area.inside(2)
}

/// Draws what there is to say in the place of lines.
fn sentences<T>(known: &KnownSaved<T>, is_empty: bool, inside: Area, painter: &mut Painter<'_>) {
    let words = match known {
        KnownSaved::Asked => "reading…",
        KnownSaved::Failed(words) => words,
        KnownSaved::Are(_) if is_empty => "none is saved yet",
        KnownSaved::Are(_) => return,
    };
    for (row, line) in wrapped(words, usize::from(inside.width)).into_iter().enumerate() {
        painter.line(inside, row, &[Span::raw(line)]);
    }
}

/// Draws names with what there is to say of each, the cursor on the one in row `at`.
fn rows(lines: &[(&str, String)], at: Option<usize>, inside: Area, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let page = usize::from(inside.height);
    let row = at.unwrap_or_default().min(lines.len().saturating_sub(1));
    for (line, n) in (first_row(row, lines.len(), page)..lines.len()).take(page).enumerate() {
        let is_current = at.is_some() && n == row;
        let mut spans = vec![Span::raw(if is_current { "> " } else { "  " })];
        spans.extend(text::cell(&[Span::styled(lines[n].0, theme.strong())], NAME, false));
        spans.push(Span::raw("  "));
        spans.push(Span::raw(lines[n].1.as_str()));
        painter.line(inside, line, &spans);
        if is_current {
            painter.style_row(inside, line, theme.current());
        }
    }
}
