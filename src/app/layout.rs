//! Where the panes stand.
//!
//! Owns the arithmetic that both the view and the motions need: how many rows a page has. Pure cells, no drawing.

use crate::app::event::Size;
use crate::app::state::{Focus, State};
use crate::model::text;

/// A rectangle of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Area {
    /// Left column.
    pub x: u16,
    /// Top row.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Area {
    /// A box of at most `width` by `height` in the middle of a terminal of `size`.
    #[must_use]
    pub fn centered(size: Size, width: u16, height: u16) -> Self {
        let (width, height) = (width.min(size.width), height.min(size.height));
        Self { x: (size.width - width) / 2, y: (size.height - height) / 2, width, height }
    }

    /// The area without `sides` columns at each side and one row above and below.
    #[must_use]
    pub fn inside(self, sides: u16) -> Self {
        Self {
            x: self.x + sides.min(self.width),
            y: self.y + 1.min(self.height),
            width: self.width.saturating_sub(2 * sides),
            height: self.height.saturating_sub(2),
        }
    }

    /// The `height` rows from row `from` on, as far as the area has them.
    #[must_use]
    pub fn rows(self, from: u16, height: u16) -> Self {
        let from = from.min(self.height);
        Self { y: self.y + from, height: height.min(self.height - from), ..self }
    }
}

/// From this width on, the detail page stands beside the table.
pub const WIDE: u16 = 110;

/// The panes, from top to bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Product, organization, profile.
    pub top: Area,
    /// The kinds.
    pub tabs: Area,
    /// The table with its head, or the page that takes its place; no area where the detail page takes it all.
    pub table: Area,
    /// The detail page, when one is open.
    pub detail: Option<Area>,
    /// The filter being typed, or why the record under the cursor failed.
    pub remark: Option<Area>,
    /// Scope, filter, sort, counts.
    pub scope: Area,
    /// The status pane with its gauge.
    pub status: Area,
    /// Key hints.
    pub hints: Area,
}

impl Layout {
    /// The panes of `state`.
    #[must_use]
    pub fn of(state: &State) -> Self {
        let (width, height) = (state.size.width, state.size.height);
        let status = status_height(height, state.focus == Focus::Status);
        let remark = remark_height(state);
        let body = height.saturating_sub(2 + remark + 1 + status + 1);
        let line = |y, height| Area { x: 0, y, width, height };
        let whole = line(2, body);
        let (table, detail) = match state.detail {
            None => (whole, None),
            Some(_) if width < WIDE => (Area { height: 0, ..whole }, Some(whole)),
            Some(_) => {
                let right = width / 2;
                let left = width - right;
                (Area { width: left, ..whole }, Some(Area { x: left, width: right, ..whole }))
            }
        };
        Self {
            top: line(0, 1),
            tabs: line(1, 1),
            table,
            detail,
            remark: (remark > 0).then(|| line(2 + body, remark)),
            scope: line(2 + body + remark, 1),
            status: line(3 + body + remark, status),
            hints: line(height.saturating_sub(1), 1),
        }
    }

    /// How many rows of records the table shows: its head is not one.
    #[must_use]
    pub fn page(&self) -> usize {
        usize::from(self.table.height.saturating_sub(1)).max(1)
    }

    /// How many lines the detail page shows inside its border.
    #[must_use]
    pub fn detail_lines(&self) -> usize {
        self.detail.map_or(1, |area| usize::from(area.height.saturating_sub(2)).max(1))
    }

    /// How many results the status pane shows: its first line is the gauge.
    #[must_use]
    pub fn status_lines(&self) -> usize {
        usize::from(self.status.height.saturating_sub(1)).max(1)
    }
}

/// A line for a filter being typed, and one for what could stand there; for a reason as many as it takes to read it, within
/// bounds.
fn remark_height(state: &State) -> u16 {
    let lines = |words: &str| text::wrapped(words, remark_width(state.size)).len();
    let (input, below) = match &state.filter_input {
        Some(typing) => {
            let reason = state.listing().error.as_ref().map_or(0, |error| lines(&error.words));
            (1, usize::from(typing.completing.is_some()) + reason)
        }
        None if state.set_input().is_some() => (1, 0),
        None => (0, state.remark().map_or(0, |remark| lines(&remark))),
    };
    let most = if state.size.height < 20 { 1 } else { 3 };
    input + u16::try_from(below).unwrap_or(u16::MAX).min(most)
}

/// Cells a line of a remark has: two are for the sign before it.
#[must_use]
pub fn remark_width(size: Size) -> usize {
    usize::from(size.width.saturating_sub(2))
}

fn status_height(height: u16, focused: bool) -> u16 {
    let quarter = (height / 4).clamp(2, 10);
    // Even at the least height the head of the table and two of its rows stay.
    let most = height.saturating_sub(7).max(2);
    if focused { (height / 2).max(quarter).min(most) } else { quarter }
}

/// The first of `len` rows to show so that row `at` is on a page of `page` rows, without moving more than needed from the
/// start of its own page. A pure function of the cursor, so that no offset has to be kept.
#[must_use]
pub fn first_row(at: usize, len: usize, page: usize) -> usize {
    at.saturating_sub(page / 2).min(len.saturating_sub(page))
}

/// Rows at the foot of the history that tell of its current line in full.
pub const FOOT: u16 = 3;

/// The area of the history: everything but the top line and the last one.
#[must_use]
pub fn history_area(size: Size) -> Area {
    Area { x: 0, y: 1, width: size.width, height: size.height.saturating_sub(2) }
}

/// How many jobs, or steps, the history shows: its first two lines are what is sought and the heads.
#[must_use]
pub fn history_rows(size: Size) -> usize {
    usize::from(history_area(size).inside(2).height.saturating_sub(2 + FOOT)).max(1)
}

impl State {
    /// A box of at most `width` by `height` in the middle, with the top line and the last one left free.
    #[must_use]
    pub fn between_lines(&self, width: u16, height: u16) -> Area {
        let room = Size { height: self.size.height.saturating_sub(2), ..self.size };
        let area = Area::centered(room, width, height);
        Area { y: area.y + 1, ..area }
    }

    /// Why the last attempt on the record under the cursor did not succeed, if it did not.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        if let Some(error) = self.listing().error.as_ref().filter(|_| self.marked_only.is_none()) {
            return Some(format!("fix the filter: {}", error.words));
        }
        let record = self.under_cursor()?;
        let reason = self.marks.get(record.kind(), record.id())?.failed.clone()?;
        Some(format!("{}: {reason}", record.name()))
    }
}
