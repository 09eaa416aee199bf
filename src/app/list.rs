//! One kind's list: its rows, which of them are shown, and where the cursor is.
//!
//! Owns the rules by which the cursor follows its record, and by which marks wait for a list that is still loading.

mod loading;
mod ordering;
pub mod row_index;
pub mod search;
pub(crate) mod update;

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use crate::app::command::Motion;
use crate::app::effect::{ListFilter, ListIncludes, RequestId, WantedPages};
use crate::app::event::LoadEnd;
use crate::app::filter::FilterError;
use crate::app::list::row_index::RowIndex;
use crate::app::list::search::ServerSearch;
use crate::app::selection::Selection;
use crate::model::catalog::Source;
use crate::model::failure::Failure;
use crate::model::filter::Filter;
use crate::model::id::Id;
use crate::model::kind::Coverage;
use crate::model::kind::{Kind, Scope};
use crate::model::people::Members;
use crate::model::query::{Query, QueryResult, Sort};
use crate::model::record::{Page, Record};
use crate::model::rows::{PagePosition, Rows, shortfall};
use crate::model::time::Moment;

/// While a job or a load goes on, hidden marks are counted at most so often.
const RECOUNT: Duration = Duration::from_millis(200);

/// How far a list has been loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadProgress {
    /// It has not been asked for.
    Untouched,
    /// Pages are coming in.
    Running(RequestId),
    /// It has been read to its end. There may be gaps in it.
    Done(LoadEnd),
    /// It could not be read to its end.
    Failed(Failure),
    /// The load was ended from here.
    Stopped,
}

/// What a load does with the rows that are here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReloadMode {
    /// They are of another list, and go.
    Anew,
    /// They stay in their places until the same list has brought them again.
    Again,
    /// They are the beginning of it, and the rest is added.
    On,
}

/// Marking all that match, waiting for the list to be complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PendingMarks {
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
    /// What was typed since and is no filter: nothing is done to what matches before that is mended.
    pub error: Option<FilterError>,
    /// In which order, if not the server's.
    pub sort: Option<Sort>,
    /// How far it is loaded.
    pub load: LoadProgress,
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
    pub marking: Option<PendingMarks>,
    /// Where a range of marks began.
    pub anchor: Option<Id>,
    /// What the list was asked to bring along with each row.
    pub includes: ListIncludes,
    /// What of the filter the server is asked while the list is not complete.
    pub search: ServerSearch,
    /// How many rows each page dropped and could not read: a page that is read again counts once.
    left_out: BTreeMap<u32, (usize, usize)>,
    rows: Rows,
    positions: HashMap<Id, usize>,
    order: RowIndex,
    /// How often the order has changed.
    orders: u64,
    /// How many marks were hidden when they were last counted, and the order and marks that was true for.
    hidden: (u64, u64, usize),
    counted: Option<Moment>,
    /// All rows in the order of the sort, as long as neither has changed since they were put into it.
    base: Option<Arc<[u32]>>,
    /// How often that has changed, and how often it had when the arrangement under way was asked for.
    bases: u64,
    bases_then: u64,
    /// The fields that the filter asks for and some rows do not carry, and how many rows that decides about.
    pub unknown: Vec<(usize, usize)>,
    /// The arrangement under way.
    arranging: Option<RequestId>,
    /// Whether rows, filter or sort changed since the arrangement under way, or shown, was asked for.
    stale: bool,
    /// Whether filter or sort changed since the arrangement under way was asked for, so that its order is of no use.
    superseded: bool,
    /// Whether filter or sort changed since the order shown was made.
    differs: bool,
    /// Since when the reading under way has brought rows, and how many.
    received: Option<(Moment, usize)>,
    /// How many of the rows that were read have left since, so that those behind them moved up.
    left: usize,
    /// The page that the reading under way went on from, if it went on.
    seam: Option<u32>,
    /// Whether it went on from what an earlier one had brought.
    went_on: bool,
    /// Whether a record left while pages were coming in: those behind it moved up, and one may have been passed over.
    shifted: bool,
    /// What became of records while pages were coming in, which may still tell of them as they were: their newer version,
    /// or nothing for those that left.
    meanwhile: HashMap<Id, Option<Record>>,
    cursor: Option<Id>,
    at: usize,
    /// The row the cursor was in when the list began to be read again, unless it was moved since.
    home: Option<usize>,
}

impl Listing {
    /// A list that has not been asked for.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            scope: Scope::default(),
            filter: Filter::default(),
            error: None,
            sort: None,
            load: LoadProgress::Untouched,
            total: None,
            active_total: None,
            dropped: 0,
            unreadable: 0,
            coverage: Vec::new(),
            marking: None,
            anchor: None,
            includes: ListIncludes::default(),
            search: ServerSearch::default(),
            left_out: BTreeMap::new(),
            rows: Rows::default(),
            positions: HashMap::new(),
            order: RowIndex::default(),
            orders: 0,
            hidden: (0, 0, 0),
            counted: None,
            base: None,
            bases: 0,
            bases_then: 0,
            unknown: Vec::new(),
            arranging: None,
            stale: false,
            superseded: false,
            differs: false,
            received: None,
            left: 0,
            seam: None,
            went_on: false,
            shifted: false,
            meanwhile: HashMap::new(),
            cursor: None,
            at: 0,
            home: None,
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

    /// Every record that is here, shown or not.
    pub fn records(&self) -> impl Iterator<Item = Record> + '_ {
        self.rows.live().filter_map(|position| self.rows.get(position))
    }

    /// Every shown record, in order.
    pub fn shown_records(&self) -> impl Iterator<Item = Record> + '_ {
        self.order.positions().filter_map(|position| self.rows.get(position))
    }

    /// All rows, and which of them are shown, in order.
    #[must_use]
    pub fn rows_shown(&self) -> (Rows, Vec<usize>) {
        (self.rows.clone(), self.order.positions().collect())
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

    /// How many marks of this kind were hidden when they were last counted: the truth of a moment ago, at no cost.
    #[must_use]
    pub fn hidden_lately(&self) -> usize {
        self.hidden.2
    }

    /// How many marks of this kind are on records that are not shown.
    #[must_use]
    pub fn hidden_among(&self, marks: &Selection) -> usize {
        match self.hidden {
            (orders, version, known) if (orders, version) == (self.orders, marks.version(self.kind)) => known,
            _ => marks.of(self.kind).filter(|mark| !self.shows(mark.record.id())).count(),
        }
    }

    /// Counts the hidden marks after marks or order have changed, so that a frame costs the same however many there are. While
    /// they change all the time they are counted now and then.
    pub fn count_hidden(&mut self, marks: &Selection, now: Moment, is_busy: bool) {
        let is_known = (self.hidden.0, self.hidden.1) == (self.orders, marks.version(self.kind));
        let is_recent = self.counted.is_some_and(|counted| now.since(counted) < RECOUNT);
        if !(is_known || is_busy && is_recent) {
            self.hidden = (self.orders, marks.version(self.kind), self.hidden_among(marks));
            self.counted = Some(now);
        }
    }

    /// Whether a filter was typed, be it one or not.
    #[must_use]
    pub fn has_filter(&self) -> bool {
        !self.filter.source().is_empty() || self.error.is_some()
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
        self.home = None;
        self.at = moved(self.cursor_row(), motion, self.shown(), page);
        self.cursor = self.under_cursor().map(|record| record.id().clone());
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
