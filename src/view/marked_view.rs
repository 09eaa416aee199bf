//! All that is marked, of every kind.
//!
//! Owns its title, the headings over the kinds, and the signs of rows that are marked, have failed, or have been unmarked
//! here. Only lines on the screen are looked at.

use ratatui::text::Span;

use super::table::{MARGIN, row_of, sentences, under_signs};
use super::text;
use crate::app::layout::{Area, first_row};
use crate::app::marked_view::{MarkedGroup, MarkedLine, MarkedView};
use crate::app::selection::Mark;
use crate::app::state::State;
use crate::model::filter::FuzzyBuffers;
use crate::model::kind::Kind;
use crate::model::text::grouped;
use crate::view::columns;
use crate::view::painter::Painter;

/// Draws the view.
pub(super) fn draw(state: &State, set: &MarkedView, area: Area, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let room = usize::from(area.width).saturating_sub(MARGIN);
    let title = text::cut(&title(state), usize::from(area.width));
    painter.line(area, 0, &[Span::styled(title, theme.strong())]);
    if set.is_empty() {
        let words =
            if set.rows() == 0 { "nothing is marked" } else { "nothing matches the filter; Esc clears it" };
        sentences(&[(words.to_owned(), false)], area, painter);
        return;
    }
    let page = usize::from(area.height - 1);
    let mut columns: Option<(Kind, Vec<columns::VisibleColumn>)> = None;
    let mut matching = (!set.filter.is_empty()).then(FuzzyBuffers::default);
    for (row, at) in (first_row(set.cursor_line(), set.lines(), page)..set.lines()).take(page).enumerate() {
        let Some(line) = set.line(at) else { continue };
        let (MarkedLine::Head(group) | MarkedLine::Row(group, _)) = line;
        let columns = match &columns {
            Some((of, columns)) if *of == group.kind => columns,
            _ => &columns.insert((group.kind, columns::columns(group.kind, None, u8::MAX, room))).1,
        };
        let MarkedLine::Row(_, at) = line else {
            let heads = columns::heads_under(&heading(group), columns, theme.head());
            painter.line(area, row + 1, &under_signs(' ', ' ', painter, heads));
            continue;
        };
        let Some(record) = set.row(at) else { continue };
        let mark = state.marks.get(record.kind(), record.id());
        let sign = match mark {
            Some(Mark { failed: Some(_), .. }) => '!',
            Some(_) => '*',
            None => ' ',
        };
        let letters = matching.as_mut().and_then(|matching| set.filter.matched(record.name(), matching));
        let cells = columns::record(state, theme, record, columns, &letters.unwrap_or_default());
        row_of(row + 1, at == set.cursor_row(), sign, cells, area, painter);
    }
}

/// `41 marked: 30 processes, 8 files, 3 tags`
fn title(state: &State) -> String {
    let total = grouped(state.marks.total() as u64);
    let kinds = Kind::ALL.into_iter().map(|kind| (kind, state.marks.count(kind))).filter(|(_, n)| *n > 0);
    let kinds: Vec<String> = kinds.map(|(kind, n)| counted(kind, n)).collect();
    if kinds.is_empty() {
        "nothing marked".to_owned()
    } else {
        format!("{total} marked: {}", kinds.join(", "))
    }
}

/// `30 processes`, or how many of the rows shown are still marked.
fn heading(group: &MarkedGroup) -> String {
    let len = group.rows.len();
    if group.marked == len {
        return counted(group.kind, len);
    }
    format!("{} of {}", grouped(group.marked as u64), counted(group.kind, len))
}

fn counted(kind: Kind, n: usize) -> String {
    let row = kind.row();
    format!("{} {}", grouped(n as u64), if n == 1 { row.singular } else { row.plural })
}
