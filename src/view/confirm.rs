//! The dialog that stands before every action.
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

/// Draws the dialog.
pub(super) fn draw(state: &State, confirm: &Confirm, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let dialog = DialogLayout::of(confirm, state.size, state.now);
    let (border, style) = match confirm.plan.action {
        Action::Delete => (BorderType::Double, theme.bad()),
        Action::Archive | Action::Restore => (BorderType::Plain, theme.strong()),
    };
    let word = [Span::styled(format!(" {} ", confirm.plan.words().title(confirm.plan.action)), style)];
    painter.window(dialog.outer, border, style, &word);
    for (row, line) in dialog.title.iter().enumerate() {
        painter.line(dialog.title_area, row, &[Span::styled(line, theme.place())]);
    }
    body(state, &dialog, painter);
    flat(&dialog.notes, dialog.notes_area, painter);
    rule(confirm, &dialog, painter);
    if let Some(area) = dialog.filter {
        input::draw(&confirm.list_filter, "/", theme.key(), confirm.filtering, (area, 0), painter);
    }
    flat(&dialog.options, dialog.options_area, painter);
    if let (Some(area), Some(complaint)) = (dialog.complaint, &confirm.complaint) {
        painter.line(area, 0, &[Span::styled(complaint, theme.wary())]);
    }
    for (row, line) in dialog.prompt.iter().enumerate() {
        painter.line(dialog.prompt_area, row, &[Span::styled(line, theme.strong())]);
    }
    if let Some(area) = dialog.input {
        let focus = confirm.part == DialogPart::Phrase && !confirm.filtering;
        let (handle, style) = if focus { ("> ", theme.key()) } else { ("  ", theme.faint()) };
        input::draw(&confirm.phrase, handle, style, focus, (area, 0), painter);
    }
}

/// Lines without records.
fn flat(lines: &[WrappedLine], area: Area, painter: &mut Painter<'_>) {
    for (row, line) in lines.iter().enumerate() {
        let style = painter.theme.weight(line.weight);
        painter.line(area, row, &[Span::styled(&*line.handle, style), Span::styled(&*line.text, style)]);
    }
}

fn body(state: &State, dialog: &DialogLayout, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let room = usize::from(dialog.body.width).saturating_sub(2);
    let mut columns: Option<(Kind, Vec<columns::VisibleColumn>)> = None;
    let rows = usize::from(dialog.body.height);
    for (row, line) in dialog.lines.iter().skip(dialog.scroll).take(rows).enumerate() {
        let WrappedLine { handle, text, weight, record } = line;
        let mut spans = vec![Span::styled(&**handle, handle_style(line, painter))];
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
        painter.line(dialog.body, row, &spans);
    }
}

fn handle_style(line: &WrappedLine, painter: &Painter<'_>) -> Style {
    painter.theme.weight(line.weight)
}

/// The line between body and foot: what part of the body is on the screen, and whether its keys are its own.
fn rule(confirm: &Confirm, dialog: &DialogLayout, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let (rows, len) = (usize::from(dialog.body.height), dialog.lines.len());
    let below = len.saturating_sub(dialog.scroll + rows);
    let above = dialog.scroll;
    let line = "─".repeat(usize::from(dialog.rule.width));
    painter.line(dialog.rule, 0, &[Span::styled(line, theme.faint())]);
    let words = match (above, below) {
        (0, 0) => String::new(),
        (above, 0) => format!(" {} more above (PgUp) ", grouped(above as u64)),
        (_, below) => format!(" {} more below (PgDn) ", grouped(below as u64)),
    };
    painter.line_right(dialog.rule, 0, &[Span::styled(words, theme.strong())]);
    // Without a phrase and options there is only the list, and nothing to tell apart.
    if dialog.input.is_some() || !dialog.options.is_empty() {
        let (word, style) = match confirm.part {
            DialogPart::List => ("[list]", theme.current()),
            DialogPart::Phrase | DialogPart::Options => (" list ", theme.faint()),
        };
        painter.line(dialog.rule, 0, &[Span::styled(word, style)]);
    }
}
