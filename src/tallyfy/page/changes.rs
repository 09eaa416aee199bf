//! Whether a list changed while its pages were read.
//!
//! Owns the signs of it: the total went down, an id came twice, or the total grew by rows that did not come. New rows at the
//! end alone are no change. Must not know what is done about it.

/// A change of a list while it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListChange {
    /// The first page that showed it.
    pub page: usize,
    /// How many rows may be missing, at least one.
    pub rows: u64,
}

/// The signs of a change in the pages read so far.
#[derive(Debug, Clone, Default)]
pub struct ListChanges {
    /// The total as it was said last, and the highest.
    total: Option<u64>,
    highest: u64,
    repeated: u64,
    /// The first page with a sign that rows may be missing.
    shown: Option<usize>,
    /// The first page with a higher total than before, which new rows at the end explain.
    grown: Option<usize>,
}

impl ListChanges {
    /// Takes in a page of `rows` rows, of which `repeated` had come before, and the total that it says. `is_past_end` is
    /// whether nothing implied that there is such a page: some servers answer it with the last one again.
    pub fn note(
        &mut self,
        page: usize,
        (rows, repeated): (usize, usize),
        total: Option<u64>,
        is_past_end: bool,
    ) {
        let first = |seen: Option<usize>| Some(seen.map_or(page, |seen| seen.min(page)));
        if repeated > 0 && !(is_past_end && repeated == rows) {
            self.repeated = self.repeated.saturating_add(repeated as u64);
            self.shown = first(self.shown);
        }
        // A page without rows may know of none, whatever the list has.
        let Some(total) = total.filter(|total| rows > 0 || *total > 0) else { return };
        match self.total {
            Some(before) if total < before => self.shown = first(self.shown),
            Some(before) if total > before => self.grown = first(self.grown),
            _ => {}
        }
        self.total = Some(total);
        self.highest = self.highest.max(total);
    }

    /// Returns the change, if there was one, once `loaded` rows have come in all.
    #[must_use]
    pub fn found(&self, loaded: u64) -> Option<ListChange> {
        let total = self.total.unwrap_or_default();
        let short = total.saturating_sub(loaded);
        let page = self.shown.or(self.grown.filter(|_| short > 0))?;
        let rows = short.max(self.highest.saturating_sub(total)).max(self.repeated).max(1);
        Some(ListChange { page, rows })
    }
}
