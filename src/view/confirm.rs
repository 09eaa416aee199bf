//! The modal that stands before every verb.
//!
//! Owns what it looks like. Permanent deletion is told by its words and a double border, not by colour alone.

use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::BorderType;

use super::input;
use crate::app::confirm::lines::DialogLayout;
use crate::app::confirm::{Confirm, DialogPart};
use crate::app::layout::Area;
use crate::app::lines::WrappedLine;
use crate::app::state::State;
use crate::model::kind::{Action, Kind};
use crate::model::text::grouped;
use crate::view::columns;
use crate::view::painter::Painter;

/// Columns beyond this rank are not needed to know a record by.
const TELLING: u8 = 4;

/// Draws the modal.
pub(super) fn draw(state: &State, confirm: &Confirm, canvas: &mut Painter<'_>) {
    let theme = canvas.theme;
    let modal = DialogLayout::of(confirm, state.size, state.now);
    let (border, style) = match confirm.plan.verb {
        Action::Delete => (BorderType::Double, theme.bad()),
        Action::Archive | Action::Restore => (BorderType::Plain, theme.strong()),
    };
    let word = [Span::styled(format!(" {} ", confirm.plan.words().title(confirm.plan.verb)), style)];
    canvas.window(modal.outer, border, style, &word);
    for (row, line) in modal.title.iter().enumerate() {
        canvas.line(modal.title_area, row, &[Span::styled(line, theme.place())]);
    }
    body(state, &modal, canvas);
    flat(&modal.notes, modal.notes_area, canvas);
    rule(confirm, &modal, canvas);
    if let Some(area) = modal.filter {
        input::draw(&confirm.list_filter, "/", theme.key(), confirm.filtering, (area, 0), canvas);
    }
    flat(&modal.options, modal.options_area, canvas);
    if let (Some(area), Some(complaint)) = (modal.complaint, &confirm.complaint) {
        canvas.line(area, 0, &[Span::styled(complaint, theme.wary())]);
    }
    for (row, line) in modal.prompt.iter().enumerate() {
        canvas.line(modal.prompt_area, row, &[Span::styled(line, theme.strong())]);
    }
    if let Some(area) = modal.input {
        let focus = confirm.part == DialogPart::Phrase && !confirm.filtering;
        let (lead, style) = if focus { ("> ", theme.key()) } else { ("  ", theme.faint()) };
        input::draw(&confirm.phrase, lead, style, focus, (area, 0), canvas);
    }
}

/// Lines without records.
fn flat(lines: &[WrappedLine], area: Area, canvas: &mut Painter<'_>) {
    for (row, line) in lines.iter().enumerate() {
        let style = canvas.theme.weight(line.weight);
        canvas.line(area, row, &[Span::styled(&*line.lead, style), Span::styled(&*line.text, style)]);
    }
}

fn body(state: &State, modal: &DialogLayout, canvas: &mut Painter<'_>) {
    let theme = canvas.theme;
    let room = usize::from(modal.body.width).saturating_sub(2);
    let mut columns: Option<(Kind, Vec<columns::VisibleColumn>)> = None;
    let rows = usize::from(modal.body.height);
    for (row, line) in modal.lines.iter().skip(modal.scroll).take(rows).enumerate() {
        let WrappedLine { lead, text, weight, record } = line;
        let mut spans = vec![Span::styled(&**lead, lead_style(line, canvas))];
        match record.as_ref().filter(|_| text.is_empty()) {
            None => spans.push(Span::styled(&**text, theme.weight(*weight))),
            Some(record) => {
                let kind = record.kind();
                let columns = match &columns {
                    Some((of, columns)) if *of == kind => columns,
                    _ => &columns.insert((kind, columns::columns(kind, None, TELLING, room))).1,
                };
                spans.extend(columns::record(state, theme, record, columns, &[]));
            }
        }
        canvas.line(modal.body, row, &spans);
    }
}

fn lead_style(line: &WrappedLine, canvas: &Painter<'_>) -> Style {
    canvas.theme.weight(line.weight)
}

/// The line between body and foot: what part of the body is on the screen, and whether its keys are its own.
fn rule(confirm: &Confirm, modal: &DialogLayout, canvas: &mut Painter<'_>) {
    let theme = canvas.theme;
    let (rows, len) = (usize::from(modal.body.height), modal.lines.len());
    let below = len.saturating_sub(modal.scroll + rows);
    let above = modal.scroll;
    let line = "─".repeat(usize::from(modal.rule.width));
    canvas.line(modal.rule, 0, &[Span::styled(line, theme.faint())]);
    let words = match (above, below) {
        (0, 0) => String::new(),
        (above, 0) => format!(" {} more above (PgUp) ", grouped(above as u64)),
        (_, below) => format!(" {} more below (PgDn) ", grouped(below as u64)),
    };
    canvas.line_right(modal.rule, 0, &[Span::styled(words, theme.strong())]);
    // Without a phrase and options there is only the list, and nothing to tell apart.
    if modal.input.is_some() || !modal.options.is_empty() {
        let (word, style) = match confirm.part {
            DialogPart::List => ("[list]", theme.current()),
            DialogPart::Phrase | DialogPart::Options => (" list ", theme.faint()),
        };
        canvas.line(modal.rule, 0, &[Span::styled(word, style)]);
    }
}
