//! Which columns a table of records shows, and how a record fills them.
//!
//! Owns the shrinking of tables: columns of the highest rank leave first, the name takes what is left.

use ratatui::style::Style;
use ratatui::text::Span;

use super::text;
use super::theme::Theme;
use crate::app::lines;
use crate::app::lines::TimePrecision;
use crate::app::state::State;
use crate::model::catalog::FieldFormat;
use crate::model::kind::Kind;
use crate::model::query::Sort;
use crate::model::record::Record;

/// Cells between two columns.
const GAP: usize = 2;

/// A column that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VisibleColumn {
    /// The position of its field in the kind's row.
    pub(super) field: usize,
    /// Its head, with the direction where the list is sorted by it.
    head: String,
    /// Its cells.
    pub(super) width: usize,
    rank: u8,
    right: bool,
}

/// The columns of `kind` that fit into `room` cells, none of a higher rank than `most`.
pub(super) fn columns(kind: Kind, sort: Option<Sort>, most: u8, room: usize) -> Vec<VisibleColumn> {
    let fields = kind.row().fields.iter().enumerate();
    let mut shown: Vec<VisibleColumn> = fields
        .filter_map(|(position, field)| {
            let column = field.column.filter(|column| column.rank <= most)?;
            let head = match sort.filter(|sort| sort.field == position) {
                Some(sort) => format!("{} {}", field.name, direction(sort)),
                None => field.name.to_owned(),
            };
            let right = matches!(
                field.form,
                FieldFormat::Number | FieldFormat::Percent | FieldFormat::Length | FieldFormat::Bytes
            );
            let width = usize::from(column.width).max(text::width(&head));
            Some(VisibleColumn { field: position, head, width, rank: column.rank, right })
        })
        .collect();
    while shown.len() > 1 && total(&shown) > room {
        let Some(at) = (0..shown.len()).max_by_key(|at| shown[*at].rank) else { break };
        shown.remove(at);
    }
    let others = total(&shown) - shown.first().map_or(0, |name| name.width);
    if let Some(name) = shown.first_mut() {
        name.width = room.saturating_sub(others);
    }
    shown
}

fn total(shown: &[VisibleColumn]) -> usize {
    shown.iter().map(|column| column.width + GAP).sum::<usize>().saturating_sub(GAP)
}

/// The sign for a direction.
pub(super) fn direction(sort: Sort) -> char {
    if sort.reverse { 'v' } else { '^' }
}

/// The heads of the columns.
pub(super) fn heads(columns: &[VisibleColumn], style: Style) -> Vec<Span<'static>> {
    heads_under(columns.first().map_or("", |name| &name.head), columns, style)
}

/// The heads of the columns, with another one over the names.
pub(super) fn heads_under(name: &str, columns: &[VisibleColumn], style: Style) -> Vec<Span<'static>> {
    let heads = std::iter::once(name).chain(columns.iter().skip(1).map(|column| &*column.head));
    let head = |(column, head): (&VisibleColumn, &str)| {
        text::cell(&[Span::styled(head.to_owned(), style)], column.width, column.right)
    };
    beside(columns.iter().zip(heads).map(head))
}

/// A record in its columns. The letters of its name that `letters` numbers are shown as matched.
pub(super) fn record(
    state: &State,
    theme: Theme,
    record: &Record,
    columns: &[VisibleColumn],
    letters: &[u32],
) -> Vec<Span<'static>> {
    let cell = |column: &VisibleColumn| {
        if column.field == 0 {
            let name = text::highlighted(record.name(), letters, theme.plain(), theme.matched());
            return text::cell(&name, column.width, false);
        }
        let value = lines::shown(record, column.field, &state.setup.zone, &state.people, TimePrecision::Day);
        text::cell(&[Span::raw(value.unwrap_or_default())], column.width, column.right)
    };
    beside(columns.iter().map(cell))
}

fn beside(cells: impl Iterator<Item = Vec<Span<'static>>>) -> Vec<Span<'static>> {
    let mut line = Vec::new();
    for cell in cells {
        if !line.is_empty() {
            line.push(Span::raw(" ".repeat(GAP)));
        }
        line.extend(cell);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_high_rank_leave_first_and_the_name_takes_the_rest() {
        let heads = |room| {
            let shown = columns(Kind::Processes, None, u8::MAX, room);
            assert_eq!(total(&shown), room, "the name takes the rest");
            shown.into_iter().map(|column| column.head).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(heads(111), "name template status progress owner updated archived");
        assert_eq!(heads(110), "name template status progress owner updated");
        assert_eq!(heads(98), "name status progress owner updated");
        assert_eq!(heads(76), "name status progress owner");
        assert_eq!(heads(64), "name status progress");
        assert_eq!(heads(44), "name status");
        assert_eq!(heads(34), "name");
        assert_eq!(heads(0), "name");
    }

    #[test]
    fn the_sign_of_the_sort_has_room() {
        let field = Kind::Processes.row().field("progress").unwrap();
        let shown = columns(Kind::Processes, Some(Sort { field, reverse: true }), u8::MAX, 120);
        let column = shown.iter().find(|column| column.field == field).unwrap();
        assert_eq!((column.head.as_str(), column.width), ("progress v", 10));
    }
}
