//! One kind's list: its rows, which of them are shown, and where the cursor is.
//!
//! Owns the rules by which the cursor follows its record, and by which marks wait for a list that is still loading.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::app::command::Motion;
use crate::app::effect::Ticket;
use crate::app::message::LoadEnd;
use crate::app::state::marks::Marks;
use crate::app::state::order::Order;
use crate::model::arrange::Sort;
use crate::model::failure::Failure;
use crate::model::filter::Filter;
use crate::model::id::Id;
use crate::model::kind::Coverage;
use crate::model::kind::{Kind, Scope};
use crate::model::record::{Page, Record, Rows};

/// How far a list has been loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Load {
    /// It has not been asked for.
    Untouched,
    /// Pages are coming in.
    Running(Ticket),
    /// It is complete.
    Done(LoadEnd),
    /// It could not be read to its end.
    Failed(Failure),
    /// The load was ended from here.
    Stopped,
}

/// Marking all that match, waiting for the list to be complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marking {
    /// Mark them all.
    All,
    /// Turn their marks around.
    Invert,
}

/// One kind's list.
#[derive(Debug)]
pub struct Listing {
    /// The kind.
    pub kind: Kind,
    /// The scope asked for.
    pub scope: Scope,
    /// Which rows are shown.
    pub filter: Filter,
    /// In which order, if not the server's.
    pub sort: Option<Sort>,
    /// How far it is loaded.
    pub load: Load,
    /// How many records the server says this scope has.
    pub total: Option<u64>,
    /// How many active records there are, for the tab.
    pub active_total: Option<u64>,
    /// How many rows contradicted the scope and were dropped.
    pub dropped: usize,
    /// How many rows could not be read.
    pub unreadable: usize,
    /// For collected kinds, how far they have been gathered.
    pub coverage: Vec<Coverage>,
    /// Marking that waits for the rest of the list.
    pub marking: Option<Marking>,
    /// Where a range of marks began.
    pub anchor: Option<Id>,
    rows: Rows,
    positions: HashMap<Id, usize>,
    order: Order,
    /// How often the order has changed.
    orders: u64,
    /// How many marks were hidden when they were last counted, and the order and marks that was true for.
    hidden: (u64, u64, usize),
    /// The arrangement under way.
    arranging: Option<Ticket>,
    /// Whether rows, filter or sort changed since the arrangement under way, or shown, was asked for.
    stale: bool,
    /// Whether filter or sort changed since the arrangement under way was asked for, so that its order is of no use.
    superseded: bool,
    /// Whether filter or sort changed since the order shown was made.
    differs: bool,
    /// Whether a reload has not brought its first page yet, so that the rows shown are the former ones.
    former: bool,
    /// Whether a record left while pages were coming in: those behind it moved up, and one may have been passed over.
    shifted: bool,
    /// What became of records while pages were coming in, which may still tell of them as they were: their newer version,
    /// or nothing for those that left.
    meanwhile: HashMap<Id, Option<Record>>,
    cursor: Option<Id>,
    at: usize,
}

impl Listing {
    /// A list that has not been asked for.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            scope: Scope::default(),
            filter: Filter::default(),
            sort: None,
            load: Load::Untouched,
            total: None,
            active_total: None,
            dropped: 0,
            unreadable: 0,
            coverage: Vec::new(),
            marking: None,
            anchor: None,
            rows: Rows::default(),
            positions: HashMap::new(),
            order: Order::default(),
            orders: 0,
            hidden: (0, 0, 0),
            arranging: None,
            stale: false,
            superseded: false,
            differs: false,
            former: false,
            shifted: false,
            meanwhile: HashMap::new(),
            cursor: None,
            at: 0,
        }
    }

    /// How many rows are loaded.
    #[must_use]
    pub fn loaded(&self) -> usize {
        self.rows.len()
    }

    /// How many records the scope has: what the server says, but never fewer than are here.
    #[must_use]
    pub fn total_or_loaded(&self) -> u64 {
        self.total.unwrap_or_default().max(self.loaded() as u64)
    }

    /// How many rows are shown.
    #[must_use]
    pub fn shown(&self) -> usize {
        self.order.len()
    }

    /// The record in the shown row `at`.
    #[must_use]
    pub fn row(&self, at: usize) -> Option<Record> {
        self.rows.get(self.order.position(at)?)
    }

    /// The shown row the cursor is on.
    #[must_use]
    pub fn cursor_row(&self) -> usize {
        self.at.min(self.shown().saturating_sub(1))
    }

    /// The record the cursor is on.
    #[must_use]
    pub fn under_cursor(&self) -> Option<Record> {
        self.row(self.cursor_row())
    }

    /// Every shown record, in order.
    pub fn shown_records(&self) -> impl Iterator<Item = Record> + '_ {
        self.order.positions().filter_map(|position| self.rows.get(position))
    }

    /// The record with this id, shown or not.
    #[must_use]
    pub fn find(&self, id: &Id) -> Option<Record> {
        self.rows.get(*self.positions.get(id)?)
    }

    /// The shown row of the record with this id.
    #[must_use]
    pub fn row_of(&self, id: &Id) -> Option<usize> {
        self.order.row(*self.positions.get(id)?)
    }

    /// Whether the record with this id is shown.
    #[must_use]
    pub fn shows(&self, id: &Id) -> bool {
        self.row_of(id).is_some()
    }

    /// How many marks of this kind are on records that are not shown.
    #[must_use]
    pub fn hidden_among(&self, marks: &Marks) -> usize {
        match self.hidden {
            (orders, version, known) if (orders, version) == (self.orders, marks.version(self.kind)) => known,
            _ => marks.of(self.kind).filter(|mark| !self.shows(mark.record.id())).count(),
        }
    }

    /// Counts the hidden marks once after marks or order have changed, so that a frame costs the same however many there
    /// are.
    pub fn count_hidden(&mut self, marks: &Marks) {
        self.hidden = (self.orders, marks.version(self.kind), self.hidden_among(marks));
    }

    /// Whether rows are hidden or out of the server's order.
    #[must_use]
    pub fn is_arranged(&self) -> bool {
        !self.filter.is_empty() || self.sort.is_some()
    }

    /// Whether every row is here and in its place, so that "all that match" is certain.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self.load, Load::Done(_)) && !self.shifted && !self.stale && self.arranging.is_none()
    }

    /// Whether the list may have holes although it was loaded to its end, and must be loaded again to be sure.
    #[must_use]
    pub fn may_have_holes(&self) -> bool {
        self.shifted && matches!(self.load, Load::Done(_))
    }

    /// The shown rows a range of marks covers, if one was begun.
    #[must_use]
    pub fn range(&self) -> Option<RangeInclusive<usize>> {
        let anchor = self.row_of(self.anchor.as_ref()?)?;
        let at = self.cursor_row();
        Some(anchor.min(at)..=anchor.max(at))
    }

    /// Moves the cursor; `page` is how many rows the table shows.
    pub fn move_cursor(&mut self, motion: Motion, page: usize) {
        self.at = moved(self.cursor_row(), motion, self.shown(), page);
        self.cursor = self.under_cursor().map(|record| record.id().clone());
    }

    /// A load begins. The rows shown stay until its first page comes, unless they belong to another scope.
    pub fn begin(&mut self, ticket: Ticket, keep: bool) {
        self.load = Load::Running(ticket);
        self.former = true;
        self.meanwhile.clear();
        self.shifted = false;
        if !keep {
            self.forget();
        }
    }

    /// Drops all rows.
    fn forget(&mut self) {
        self.rows = Rows::default();
        self.positions.clear();
        self.order = Order::default();
        self.orders += 1;
        self.total = None;
        self.dropped = 0;
        self.unreadable = 0;
        self.coverage.clear();
        self.former = false;
        self.stale = self.is_arranged();
        self.superseded = self.arranging.is_some();
    }

    /// Takes a page in. Ids that are already here are passed over, for lists shift while they are read.
    pub fn receive(&mut self, page: &Arc<Page>) {
        if self.former {
            self.forget();
        }
        self.take_in(page);
    }

    fn take_in(&mut self, page: &Arc<Page>) {
        let taken = self.rows.push(Arc::clone(page));
        let mut fresh = Vec::with_capacity(taken.len());
        for (record, position) in page.records().zip(taken) {
            let newer = self.meanwhile.get(record.id());
            if self.positions.contains_key(record.id()) || newer.is_some_and(Option::is_none) {
                self.rows.remove(position);
            } else {
                self.positions.insert(record.id().clone(), position);
                fresh.push(position);
                if let Some(Some(newer)) = newer {
                    self.rows.replace(position, newer.clone());
                }
            }
        }
        if self.is_arranged() {
            self.stale = true;
        } else {
            self.order.extend(fresh);
            self.orders += 1;
        }
        self.settle_cursor();
    }

    /// The load came to its end. A list that ended before its first page is empty, not the former one.
    pub fn end(&mut self, load: Load) {
        if matches!(load, Load::Done(_)) && self.former {
            self.forget();
        }
        self.former = false;
        self.load = load;
        self.settle_cursor();
    }

    /// Another filter or sort is in force.
    pub fn rearrange(&mut self, filter: Filter, sort: Option<Sort>) {
        self.anchor = None;
        self.filter = filter;
        self.sort = sort;
        self.stale = true;
        self.differs = true;
        self.superseded = self.arranging.is_some();
        if !self.is_arranged() {
            self.order.set(self.rows.live());
            self.orders += 1;
            self.stale = false;
            self.settle_cursor();
        }
    }

    /// Says that something the order depends on has changed.
    pub fn touch(&mut self) {
        self.stale |= self.is_arranged();
    }

    /// What is to be arranged, if something is and nothing is under way.
    #[must_use]
    pub fn wants_arranging(&self) -> Option<Rows> {
        (self.stale && self.arranging.is_none() && self.is_arranged()).then(|| self.rows.clone())
    }

    /// An arrangement of all rows is under way.
    pub fn arranging(&mut self, ticket: Ticket) {
        self.arranging = Some(ticket);
        self.stale = false;
        self.superseded = false;
    }

    /// The arrangement under way, if one is and its order is of no use any more.
    #[must_use]
    pub fn outdated_arrangement(&self) -> Option<Ticket> {
        self.arranging.filter(|_| self.superseded)
    }

    /// The beginning of the order under way has come. It takes the place of an order by another filter or sort, for
    /// one that only lacks some rows is better.
    pub fn arranging_so_far(&mut self, ticket: Ticket, order: &[u32]) {
        if self.arranging == Some(ticket) && !self.superseded && self.differs {
            self.take_order(order);
        }
    }

    fn take_order(&mut self, order: &[u32]) {
        let live = |position: &usize| self.rows.get(*position).is_some();
        self.order.set(order.iter().map(|position| *position as usize).filter(live));
        self.orders += 1;
        self.settle_cursor();
    }

    /// An arrangement ended. One that is not the last asked for changes nothing.
    pub fn arranged(&mut self, ticket: Ticket, order: Option<&[u32]>) {
        if self.arranging != Some(ticket) {
            return;
        }
        self.arranging = None;
        match order {
            Some(order) if !self.superseded => {
                self.differs = false;
                self.take_order(order);
            }
            _ => self.stale = self.is_arranged(),
        }
        self.superseded = false;
        self.settle_cursor();
    }

    /// Takes in one record that has come into this scope.
    pub fn admit(&mut self, record: Record) {
        if self.positions.contains_key(record.id()) {
            self.replace(record);
        } else if self.load != Load::Untouched {
            self.remember(record.id(), Some(record.clone()));
            self.take_in(&record.alone());
            self.total = self.total.map(|total| total + 1);
        }
    }

    /// Takes a record out of the list, because it is gone or in another scope now.
    pub fn remove(&mut self, id: &Id) {
        self.remember(id, None);
        let Some(position) = self.positions.remove(id) else { return };
        self.rows.remove(position);
        self.order.remove(position);
        self.orders += 1;
        self.total = self.total.map(|total| total.saturating_sub(1));
        self.settle_cursor();
    }

    /// Puts a newer version of a record in its place.
    pub fn replace(&mut self, record: Record) {
        if let Some(position) = self.positions.get(record.id()).copied() {
            self.remember(record.id(), Some(record.clone()));
            self.rows.replace(position, record);
            self.touch();
        }
    }

    fn remember(&mut self, id: &Id, newer: Option<Record>) {
        if matches!(self.load, Load::Running(_)) {
            self.shifted |= newer.is_none();
            self.meanwhile.insert(id.clone(), newer);
        }
    }

    /// Lets the cursor follow its record; where that is not shown, the cursor stays in its row.
    fn settle_cursor(&mut self) {
        if let Some(row) = self.cursor.as_ref().and_then(|id| self.row_of(id)) {
            self.at = row;
            return;
        }
        // While rows are still coming the row it stood in is not forgotten, however few there are yet.
        if !matches!(self.load, Load::Running(_)) && self.arranging.is_none() && !self.stale {
            self.at = self.cursor_row();
            self.cursor = self.under_cursor().map(|record| record.id().clone());
        }
    }
}

/// Where a cursor at row `at` of `len` goes when a page holds `page` rows.
#[must_use]
pub fn moved(at: usize, motion: Motion, len: usize, page: usize) -> usize {
    let last = len.saturating_sub(1);
    let half = (page / 2).max(1);
    match motion {
        Motion::Up => at.saturating_sub(1),
        Motion::Down => at.saturating_add(1),
        Motion::HalfUp => at.saturating_sub(half),
        Motion::HalfDown => at.saturating_add(half),
        Motion::PageUp => at.saturating_sub(page.max(1)),
        Motion::PageDown => at.saturating_add(page.max(1)),
        Motion::First => 0,
        Motion::Last => last,
    }
    .min(last)
}

#[cfg(test)]
mod tests;
