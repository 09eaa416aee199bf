//! In which order rows are shown, and which of them.
//!
//! Owns what is asked for to bring them into order, and what becomes of the cursor. Must not know how an order comes about.

use super::*;

impl Listing {
    /// What is to be asked of the server while the list is not complete, and when.
    #[must_use]
    pub fn search_due(&self) -> Option<(Duration, &ListFilter)> {
        let due = self.search.due()?;
        let is_open = !self.is_whole() && self.load != LoadProgress::Untouched;
        // What is read again is here, and lacks at most what the filter needs besides.
        let is_here = self.keeps_former() && self.needs().is_empty();
        (is_open && !is_here).then_some(due)
    }

    /// Brings all rows into their order: at once where that is the server's, else as soon as they are arranged.
    pub(super) fn reorder(&mut self) {
        if self.is_arranged() {
            self.stale = true;
        } else {
            self.order.set(self.rows.in_order());
            self.orders += 1;
            self.unknown.clear();
            self.stale = false;
        }
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
    pub(super) fn unsettle_base(&mut self) {
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
    pub fn wants_arranging(&self, people: &Arc<Members>, now: Moment) -> Option<Query> {
        (self.stale && self.arranging.is_none() && self.is_arranged()).then(|| Query {
            rows: self.rows.clone(),
            filter: self.filter.clone(),
            sort: self.sort,
            people: Arc::clone(people),
            now: now.wall,
            base: self.base.clone(),
        })
    }

    /// An arrangement of all rows is under way.
    pub fn arranging(&mut self, request_id: RequestId) {
        self.arranging = Some(request_id);
        self.bases_then = self.bases;
        self.stale = false;
        self.superseded = false;
    }

    /// The arrangement under way, if one is and its order is of no use any more.
    #[must_use]
    pub fn outdated_arrangement(&self) -> Option<RequestId> {
        self.arranging.filter(|_| self.superseded)
    }

    /// The beginning of the order under way has come. It takes the place of an order by another filter or sort, for
    /// one that only lacks some rows is better.
    pub fn arranging_so_far(&mut self, request_id: RequestId, first: &QueryResult) {
        if self.arranging == Some(request_id) {
            self.keep_base(&first.base);
            if !self.superseded && self.differs {
                self.take_order(&first.order);
            }
        }
    }

    /// The order of all rows is kept, if these are still the same.
    pub(super) fn keep_base(&mut self, base: &Arc<[u32]>) {
        if self.bases == self.bases_then {
            self.base = Some(Arc::clone(base));
        }
    }

    pub(super) fn take_order(&mut self, order: &[u32]) {
        let live = |position: &usize| self.rows.get(*position).is_some();
        self.order.set(order.iter().map(|position| *position as usize).filter(live));
        self.orders += 1;
        self.settle_cursor();
    }

    /// Whether the order that was asked for last is the one with this ticket.
    #[must_use]
    pub fn awaits(&self, request_id: RequestId) -> bool {
        self.arranging == Some(request_id) && !self.superseded
    }

    /// An arrangement ended. One that is not the last asked for changes nothing.
    pub fn arranged(&mut self, request_id: RequestId, arranged: Option<QueryResult>) {
        if self.arranging != Some(request_id) {
            return;
        }
        self.arranging = None;
        match arranged {
            Some(QueryResult { order, base, unknown }) if !self.superseded => {
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

    /// Lets the cursor follow its record; where that is not shown, the cursor stays in its row.
    pub(super) fn settle_cursor(&mut self) {
        if let Some(row) = self.cursor.as_ref().and_then(|id| self.row_of(id)) {
            self.at = row;
            return;
        }
        // While rows are still coming the row it stood in is not forgotten, however few there are yet.
        if !matches!(self.load, LoadProgress::Running(_)) && self.arranging.is_none() && !self.stale {
            self.at = self.cursor_row();
            self.cursor = self.under_cursor().map(|record| record.id().clone());
        }
    }

    /// Whether rows are hidden or out of the server's order.
    #[must_use]
    pub fn is_arranged(&self) -> bool {
        !self.filter.is_empty() || self.sort.is_some()
    }
}
