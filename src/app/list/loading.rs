//! How a list is read, and what it lacks.
//!
//! Owns what comes, goes and is missing of the rows. Must not know in which order they are shown.

use super::*;

impl Listing {
    /// Whether the list has been read to its end, without a gap.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self.load, LoadProgress::Done(_)) && self.gaps() == 0
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
            LoadProgress::Done(end) => end.missing.unwrap_or_default(),
            _ => 0,
        }
    }

    /// Whether the list changed each time it was read, so that rows may be missing.
    #[must_use]
    pub fn is_changing(&self) -> bool {
        matches!(&self.load, LoadProgress::Done(end) if end.is_changing)
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
        self.shifted && matches!(self.load, LoadProgress::Done(_))
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
    pub fn limiter(&self, now: Moment) -> Option<(f64, Duration)> {
        let (since, rows) = self.received.filter(|_| matches!(self.load, LoadProgress::Running(_)))?;
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

    /// What of the list is still to be read, if it has been read in part.
    #[must_use]
    pub fn rest(&self) -> Option<WantedPages> {
        if let Source::Collected { .. } = self.kind.row().source {
            let gaps: Vec<u32> = self.rows.gaps().map(|(page, _)| page).collect();
            let is_done = matches!(self.load, LoadProgress::Done(_)) && !gaps.is_empty();
            return is_done.then(|| WantedPages::Missing { gaps, coverage: self.coverage.clone() });
        }
        let last = self.rows.last_page()?;
        let size = self.rows.page_size();
        // Rows that left let those behind them move up, over the seams of pages: some pages are read twice.
        let moved = u32::try_from(self.left.div_ceil(size)).unwrap_or(u32::MAX);
        let before = |page: u32| page.saturating_sub(moved).max(1);
        let mut gaps: Vec<u32> = self.rows.absent(last).flat_map(|page| before(page)..=page).collect();
        gaps.dedup();
        let from = match self.load {
            LoadProgress::Untouched | LoadProgress::Running(_) => return None,
            LoadProgress::Done(_) if gaps.is_empty() => return None,
            LoadProgress::Done(_) => None,
            // The last page is read again as well: it shows whether others have taken rows out.
            LoadProgress::Failed(_) | LoadProgress::Stopped => Some(before(last)),
        };
        gaps.retain(|page| from.is_none_or(|from| *page < from));
        Some(WantedPages::Rest { gaps, from, size })
    }

    /// What the filter in force needs to come along with each row.
    #[must_use]
    pub fn needs(&self) -> ListIncludes {
        self.filter.needs()
    }

    /// Whether the rows lack what the filter in force needs of them.
    #[must_use]
    pub fn lacks_includes(&self) -> bool {
        !self.needs().is_subset(&self.includes) && self.load != LoadProgress::Untouched
    }

    /// A load begins, which brings `includes` along with each row.
    pub fn begin(&mut self, request_id: RequestId, reading: ReloadMode, includes: ListIncludes) {
        self.seam = match self.rest() {
            Some(WantedPages::Rest { from, .. }) if reading == ReloadMode::On => from,
            _ => None,
        };
        self.load = LoadProgress::Running(request_id);
        self.went_on = reading == ReloadMode::On;
        self.includes = includes;
        self.received = None;
        self.meanwhile.clear();
        match reading {
            ReloadMode::Anew => self.forget(),
            ReloadMode::Again => {
                self.home = Some(self.cursor_row());
                self.rows.retire();
                self.reorder();
            }
            ReloadMode::On => {}
        }
        if reading != ReloadMode::On {
            self.shifted = false;
            (self.dropped, self.unreadable, self.left) = (0, 0, 0);
            self.left_out.clear();
            self.coverage.clear();
        }
    }

    /// Drops all rows.
    pub(super) fn forget(&mut self) {
        self.rows = Rows::default();
        self.unsettle_base();
        self.positions.clear();
        self.order = RowIndex::default();
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
        self.take_in(PagePosition::Listed(number), page);
    }

    /// Counts the rows that page `number` dropped and could not read.
    pub fn leave_out(&mut self, number: u32, dropped: usize, unreadable: usize) {
        let before = self.left_out.insert(number, (dropped, unreadable)).unwrap_or_default();
        self.dropped = (self.dropped + dropped).saturating_sub(before.0);
        self.unreadable = (self.unreadable + unreadable).saturating_sub(before.1);
    }

    /// The list changed while it was read: pages from number `from` on come again. Their rows stay in sight until then.
    pub fn read_again(&mut self, from: u32) {
        let again: Vec<u32> = self.left_out.range(from..).map(|(number, _)| *number).collect();
        again.into_iter().for_each(|number| self.leave_out(number, 0, 0));
        self.home = self.home.or(Some(self.cursor_row()));
        self.rows.retire_from(from);
        self.reorder();
    }

    /// Page `number` of the list could not be read, and stays a gap.
    pub fn miss(&mut self, number: u32, why: Failure) {
        if self.rows.gaps().all(|(missing, _)| missing != number) {
            let place = PagePosition::Listed(number);
            let is_last = self.rows.would_be_last(place);
            let position = self.rows.push_gap(place, why);
            self.show([position], is_last);
        }
    }

    /// Takes in what the server found for a search, unless it is here already.
    pub fn find_ahead(&mut self, page: &Arc<Page>) {
        // What a whole list does not have is not there.
        if !self.is_whole() {
            self.take_in(PagePosition::Ahead, page);
        }
    }

    /// Takes a page in. A record that is here already keeps its row if it was read by the same reading, for lists shift
    /// while they are read, and hands it on otherwise.
    pub(super) fn take_in(&mut self, place: PagePosition, page: &Arc<Page>) {
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
        self.show(fresh, is_last && !moved && place != PagePosition::Ahead);
    }

    /// Lets new positions be seen: below all others where nothing can stand behind them.
    pub(super) fn show(&mut self, positions: impl IntoIterator<Item = usize>, are_last: bool) {
        if are_last && !self.is_arranged() {
            self.order.extend(positions);
            self.orders += 1;
        } else {
            self.reorder();
        }
        self.settle_cursor();
    }

    /// The load came to its end. What a complete one did not bring again is not there any more.
    pub fn end(&mut self, load: LoadProgress) {
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
    pub(super) fn compact(&mut self) {
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

    /// Takes in one record that has come into this scope.
    pub fn admit(&mut self, record: Record) {
        if self.positions.contains_key(record.id()) {
            self.replace(record);
        } else if self.load != LoadProgress::Untouched {
            self.remember(record.id(), Some(record.clone()));
            self.take_in(PagePosition::Added, &record.alone());
            self.total = self.total.map(|total| total.saturating_add(1));
        }
    }

    /// Takes a record out of the list, because it is gone or in another scope now.
    pub fn remove(&mut self, id: &Id) {
        self.remember(id, None);
        let Some(position) = self.positions.remove(id) else { return };
        self.left += usize::from(matches!(self.rows.place(position), Some(PagePosition::Listed(_))));
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

    pub(super) fn remember(&mut self, id: &Id, newer: Option<Record>) {
        let is_read = matches!(self.load, LoadProgress::Running(_));
        self.shifted |= is_read && newer.is_none();
        if is_read || self.search.is_open() {
            self.meanwhile.insert(id.clone(), newer);
        }
    }
}
