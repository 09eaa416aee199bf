//! One kind's list: its rows, which of them are shown, and where the cursor is.
//!
//! Owns the rules by which the cursor follows its record, and by which marks wait for a list that is still loading.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use crate::app::command::Motion;
use crate::app::effect::{Includes, Question, Ticket, Wanted};
use crate::app::message::LoadEnd;
use crate::app::state::filter::Trouble;
use crate::app::state::marks::Marks;
use crate::app::state::order::Order;
use crate::app::state::search::Search;
use crate::model::arrange::{Arranged, Sort, Wish};
use crate::model::catalog::Source;
use crate::model::failure::Failure;
use crate::model::filter::Filter;
use crate::model::id::Id;
use crate::model::kind::Coverage;
use crate::model::kind::{Kind, Scope};
use crate::model::moment::Moment;
use crate::model::people::People;
use crate::model::record::{Page, Record};
use crate::model::rows::{Place, Rows, shortfall};

/// While a job or a load goes on, hidden marks are counted at most so often.
const RECOUNT: Duration = Duration::from_millis(200);

/// How far a list has been loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Load {
    /// It has not been asked for.
    Untouched,
    /// Pages are coming in.
    Running(Ticket),
    /// It has been read to its end. There may be gaps in it.
    Done(LoadEnd),
    /// It could not be read to its end.
    Failed(Failure),
    /// The load was ended from here.
    Stopped,
}

/// What a load does with the rows that are here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// They are of another list, and go.
    Anew,
    /// They stay in their places until the same list has brought them again.
    Again,
    /// They are the beginning of it, and the rest is added.
    On,
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
    /// What was typed since and is no filter: nothing is done to what matches before that is mended.
    pub trouble: Option<Trouble>,
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
    /// What the list was asked to bring along with each row.
    pub includes: Includes,
    /// What of the filter the server is asked while the list is not complete.
    pub search: Search,
    rows: Rows,
    positions: HashMap<Id, usize>,
    order: Order,
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
    arranging: Option<Ticket>,
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
            trouble: None,
            sort: None,
            load: Load::Untouched,
            total: None,
            active_total: None,
            dropped: 0,
            unreadable: 0,
            coverage: Vec::new(),
            marking: None,
            anchor: None,
            includes: Includes::default(),
            search: Search::default(),
            rows: Rows::default(),
            positions: HashMap::new(),
            order: Order::default(),
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
    pub fn hidden_among(&self, marks: &Marks) -> usize {
        match self.hidden {
            (orders, version, known) if (orders, version) == (self.orders, marks.version(self.kind)) => known,
            _ => marks.of(self.kind).filter(|mark| !self.shows(mark.record.id())).count(),
        }
    }

    /// Counts the hidden marks after marks or order have changed, so that a frame costs the same however many there are. While
    /// they change all the time they are counted now and then.
    pub fn count_hidden(&mut self, marks: &Marks, now: Moment, is_busy: bool) {
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
        !self.filter.source().is_empty() || self.trouble.is_some()
    }

    /// Whether rows are hidden or out of the server's order.
    #[must_use]
    pub fn is_arranged(&self) -> bool {
        !self.filter.is_empty() || self.sort.is_some()
    }

    /// Whether the list has been read to its end, without a gap.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self.load, Load::Done(_)) && self.gaps() == 0
    }

    /// How many pages are missing between others.
    #[must_use]
    pub fn gaps(&self) -> usize {
        self.rows.missing()
    }

    /// Why rows are missing at the shown row `at`, if it stands for a gap.
    #[must_use]
    pub fn gap(&self, at: usize) -> Option<&Failure> {
        self.rows.gap(self.order.position(at)?)
    }

    /// How many records the server counts and has not sent, where the list has been read to its end.
    #[must_use]
    pub fn missing(&self) -> u64 {
        match &self.load {
            Load::Done(end) => end.missing.unwrap_or_default(),
            _ => 0,
        }
    }

    /// Whether every record that the server counts is here.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_complete() && self.missing() == 0
    }

    /// Whether every row is here and in its place, so that "all that match" is certain.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_complete() && !self.shifted && !self.stale && self.arranging.is_none()
    }

    /// Whether the list may have holes although it was loaded to its end, and must be loaded again to be sure.
    #[must_use]
    pub fn may_have_holes(&self) -> bool {
        self.shifted && matches!(self.load, Load::Done(_))
    }

    /// How many rows the server counts beyond those it sent, where the list was read in parts and no page is known to be missing.
    #[must_use]
    pub fn shortfall(&self) -> Option<u64> {
        let total = self.total.filter(|_| self.went_on && self.gaps() == 0);
        shortfall(total, self.loaded() + self.dropped + self.unreadable)
    }

    /// How many rows the reading under way has brought.
    #[must_use]
    pub fn received(&self) -> Option<usize> {
        self.received.map(|(_, rows)| rows)
    }

    /// Whether rows are shown that the reading under way has not brought yet.
    #[must_use]
    pub fn keeps_former(&self) -> bool {
        self.rows.has_former()
    }

    /// How many rows the reading under way brings a second, and how long the rest of them takes at that rate; nothing before
    /// there is anything to reckon with.
    #[must_use]
    pub fn pace(&self, now: Moment) -> Option<(f64, Duration)> {
        let (since, rows) = self.received.filter(|_| matches!(self.load, Load::Running(_)))?;
        let elapsed = now.since(since).as_secs_f64();
        let here = if self.keeps_former() { rows } else { self.loaded() };
        let left = self.total?.saturating_sub(here as u64);
        if elapsed < 1.0 || rows == 0 || left == 0 {
            return None;
        }
        let rate = rows as f64 / elapsed;
        let left = Duration::try_from_secs_f64((left as f64 / rate).ceil()).ok()?;
        Some((rate, left))
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

    /// What of the list is still to be read, if it has been read in part.
    #[must_use]
    pub fn rest(&self) -> Option<Wanted> {
        if let Source::Collected { .. } = self.kind.row().source {
            let gaps: Vec<u32> = self.rows.gaps().map(|(page, _)| page).collect();
            let is_done = matches!(self.load, Load::Done(_)) && !gaps.is_empty();
            return is_done.then(|| Wanted::Missing { gaps, coverage: self.coverage.clone() });
        }
        let last = self.rows.last_page()?;
        let size = self.rows.page_size();
        // Rows that left let those behind them move up, over the seams of pages: some pages are read twice.
        let moved = u32::try_from(self.left.div_ceil(size)).unwrap_or(u32::MAX);
        let before = |page: u32| page.saturating_sub(moved).max(1);
        let mut gaps: Vec<u32> = self.rows.absent(last).flat_map(|page| before(page)..=page).collect();
        gaps.dedup();
        let from = match self.load {
            Load::Untouched | Load::Running(_) => return None,
            Load::Done(_) if gaps.is_empty() => return None,
            Load::Done(_) => None,
            // The last page is read again as well: it shows whether others have taken rows out.
            Load::Failed(_) | Load::Stopped => Some(before(last)),
        };
        gaps.retain(|page| from.is_none_or(|from| *page < from));
        Some(Wanted::Rest { gaps, from, size })
    }

    /// What the filter in force needs to come along with each row.
    #[must_use]
    pub fn needs(&self) -> Includes {
        self.filter.needs()
    }

    /// Whether the rows lack what the filter in force needs of them.
    #[must_use]
    pub fn lacks_includes(&self) -> bool {
        !self.needs().is_subset(&self.includes) && self.load != Load::Untouched
    }

    /// What is to be asked of the server while the list is not complete, and when.
    #[must_use]
    pub fn search_due(&self) -> Option<(Duration, &Question)> {
        let due = self.search.due()?;
        let is_open = !self.is_whole() && self.load != Load::Untouched;
        // What is read again is here, and lacks at most what the filter needs besides.
        let is_here = self.keeps_former() && self.needs().is_empty();
        (is_open && !is_here).then_some(due)
    }

    /// A load begins, which brings `includes` along with each row.
    pub fn begin(&mut self, ticket: Ticket, reading: Reading, includes: Includes) {
        self.seam = match self.rest() {
            Some(Wanted::Rest { from, .. }) if reading == Reading::On => from,
            _ => None,
        };
        self.load = Load::Running(ticket);
        self.went_on = reading == Reading::On;
        self.includes = includes;
        self.received = None;
        self.meanwhile.clear();
        match reading {
            Reading::Anew => self.forget(),
            Reading::Again => {
                self.home = Some(self.cursor_row());
                self.rows.retire();
                self.reorder();
            }
            Reading::On => {}
        }
        if reading != Reading::On {
            self.shifted = false;
            (self.dropped, self.unreadable, self.left) = (0, 0, 0);
            self.coverage.clear();
        }
    }

    /// Drops all rows.
    fn forget(&mut self) {
        self.rows = Rows::default();
        self.unsettle_base();
        self.positions.clear();
        self.order = Order::default();
        self.orders += 1;
        self.total = None;
        self.stale = self.is_arranged();
        self.superseded = self.arranging.is_some();
        self.unknown.clear();
    }

    /// Takes page `number` of the list in.
    pub fn receive(&mut self, number: u32, page: &Arc<Page>, now: Moment) {
        let (since, rows) = self.received.unwrap_or((now, 0));
        self.received = Some((since, rows + page.len()));
        let gap = self.rows.gaps().find(|(missing, _)| *missing == number);
        if let Some((_, position)) = gap {
            self.rows.remove(position);
            self.order.remove(position);
        }
        if self.seam == Some(number) {
            // What is new on a page that has been here moved up, and so did others, past the pages that are here.
            self.shifted |= page.records().any(|record| !self.positions.contains_key(record.id()));
        }
        self.take_in(Place::Listed(number), page);
    }

    /// Page `number` of the list could not be read, and stays a gap.
    pub fn miss(&mut self, number: u32, why: Failure) {
        if self.rows.gaps().all(|(missing, _)| missing != number) {
            let place = Place::Listed(number);
            let is_last = self.rows.would_be_last(place);
            let position = self.rows.push_gap(place, why);
            self.show([position], is_last);
        }
    }

    /// Takes in what the server found for a search, unless it is here already.
    pub fn find_ahead(&mut self, page: &Arc<Page>) {
        // What a whole list does not have is not there.
        if !self.is_whole() {
            self.take_in(Place::Ahead, page);
        }
    }

    /// Takes a page in. A record that is here already keeps its row if it was read by the same reading, for lists shift
    /// while they are read, and hands it on otherwise.
    fn take_in(&mut self, place: Place, page: &Arc<Page>) {
        self.unsettle_base();
        let is_last = self.rows.would_be_last(place);
        let taken = self.rows.push(place, Arc::clone(page));
        let (mut fresh, mut moved) = (Vec::with_capacity(taken.len()), false);
        for (record, position) in page.records().zip(taken) {
            let newer = self.meanwhile.get(record.id());
            let former = self.positions.get(record.id()).copied();
            let stays = former.is_some_and(|former| self.rows.place(former) <= Some(place));
            if stays || newer.is_some_and(Option::is_none) {
                self.rows.remove(position);
                continue;
            }
            self.positions.insert(record.id().clone(), position);
            if let Some(Some(newer)) = newer {
                self.rows.replace(position, newer.clone());
            }
            match former {
                Some(former) => {
                    self.rows.remove(former);
                    self.order.hand_on(former, position);
                    moved = true;
                }
                None => fresh.push(position),
            }
        }
        self.show(fresh, is_last && !moved && place != Place::Ahead);
    }

    /// Lets new positions be seen: below all others where nothing can stand behind them.
    fn show(&mut self, positions: impl IntoIterator<Item = usize>, are_last: bool) {
        if are_last && !self.is_arranged() {
            self.order.extend(positions);
            self.orders += 1;
        } else {
            self.reorder();
        }
        self.settle_cursor();
    }

    /// Brings all rows into their order: at once where that is the server's, else as soon as they are arranged.
    fn reorder(&mut self) {
        if self.is_arranged() {
            self.stale = true;
        } else {
            self.order.set(self.rows.in_order());
            self.orders += 1;
            self.unknown.clear();
            self.stale = false;
        }
    }

    /// The load came to its end. What a complete one did not bring again is not there any more.
    pub fn end(&mut self, load: Load) {
        self.load = load;
        // In a gap may be whatever a former reading brought.
        if self.is_complete() {
            for position in self.rows.settle() {
                if let Some(record) = self.rows.get(position) {
                    self.positions.remove(record.id());
                }
                self.rows.remove(position);
            }
            self.left = 0;
            self.compact();
        }
        let home = self.home.take();
        let is_gone = self.cursor.as_ref().is_none_or(|id| !self.positions.contains_key(id));
        // While it was read again the record the cursor is on moved down to those that had not come yet.
        self.at = home.filter(|_| is_gone).unwrap_or(self.at);
        self.settle_cursor();
    }

    /// Lets go of what is not used any more.
    fn compact(&mut self) {
        self.unsettle_base();
        if self.rows.positions() > self.rows.len() + self.rows.missing() {
            let kept: Vec<usize> = self.order.positions().filter(|at| self.rows.holds(*at)).collect();
            let moves = self.rows.compact();
            self.positions.values_mut().for_each(|at| *at = moves.of(*at).unwrap_or(*at));
            self.order.set(kept.into_iter().filter_map(|at| moves.of(at)));
            self.superseded |= self.arranging.is_some();
        }
        self.reorder();
    }

    /// Another filter or sort is in force.
    pub fn rearrange(&mut self, filter: Filter, sort: Option<Sort>) {
        self.anchor = None;
        if self.sort != sort {
            self.unsettle_base();
        }
        self.filter = filter;
        self.sort = sort;
        self.stale = true;
        self.differs = true;
        self.superseded = self.arranging.is_some();
        self.reorder();
        self.settle_cursor();
    }

    /// The rows, or what puts them into order, have changed.
    fn unsettle_base(&mut self) {
        self.base = None;
        self.bases += 1;
    }

    /// Says that something the order depends on has changed.
    pub fn touch(&mut self) {
        self.unsettle_base();
        self.stale |= self.is_arranged();
    }

    /// What is to be arranged, if something is and nothing is under way.
    #[must_use]
    pub fn wants_arranging(&self, people: &Arc<People>, now: Moment) -> Option<Wish> {
        (self.stale && self.arranging.is_none() && self.is_arranged()).then(|| Wish {
            rows: self.rows.clone(),
            filter: self.filter.clone(),
            sort: self.sort,
            people: Arc::clone(people),
            now: now.wall,
            base: self.base.clone(),
        })
    }

    /// An arrangement of all rows is under way.
    pub fn arranging(&mut self, ticket: Ticket) {
        self.arranging = Some(ticket);
        self.bases_then = self.bases;
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
    pub fn arranging_so_far(&mut self, ticket: Ticket, first: &Arranged) {
        if self.arranging == Some(ticket) {
            self.keep_base(&first.base);
            if !self.superseded && self.differs {
                self.take_order(&first.order);
            }
        }
    }

    /// The order of all rows is kept, if these are still the same.
    fn keep_base(&mut self, base: &Arc<[u32]>) {
        if self.bases == self.bases_then {
            self.base = Some(Arc::clone(base));
        }
    }

    fn take_order(&mut self, order: &[u32]) {
        let live = |position: &usize| self.rows.get(*position).is_some();
        self.order.set(order.iter().map(|position| *position as usize).filter(live));
        self.orders += 1;
        self.settle_cursor();
    }

    /// Whether the order that was asked for last is the one with this ticket.
    #[must_use]
    pub fn awaits(&self, ticket: Ticket) -> bool {
        self.arranging == Some(ticket) && !self.superseded
    }

    /// An arrangement ended. One that is not the last asked for changes nothing.
    pub fn arranged(&mut self, ticket: Ticket, arranged: Option<Arranged>) {
        if self.arranging != Some(ticket) {
            return;
        }
        self.arranging = None;
        match arranged {
            Some(Arranged { order, base, unknown }) if !self.superseded => {
                self.differs = false;
                self.keep_base(&base);
                self.unknown = unknown;
                self.take_order(&order);
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
            self.take_in(Place::Added, &record.alone());
            self.total = self.total.map(|total| total.saturating_add(1));
        }
    }

    /// Takes a record out of the list, because it is gone or in another scope now.
    pub fn remove(&mut self, id: &Id) {
        self.remember(id, None);
        let Some(position) = self.positions.remove(id) else { return };
        self.left += usize::from(matches!(self.rows.place(position), Some(Place::Listed(_))));
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
        let is_read = matches!(self.load, Load::Running(_));
        self.shifted |= is_read && newer.is_none();
        if is_read || self.search.is_open() {
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
