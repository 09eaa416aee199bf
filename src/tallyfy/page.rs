//! Reading a list page by page, without believing what the server says about its length.
//!
//! Owns the pagination envelope with every quirk of the API sheet, section 2, and the pure machine that decides which
//! pages to ask for and when a list is complete. Must not send anything.

mod changes;

use std::collections::BTreeSet;

use serde_json::Value;

use super::decode::whole;
use crate::model::rows::shortfall;

pub use changes::{ListChange, ListChanges};

/// What an answer says about the list it is a page of. Any of it may be missing or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PageMeta {
    /// How many rows the whole list has.
    pub total: Option<u64>,
    /// How many rows a page has.
    pub per_page: Option<usize>,
    /// Which page this is, from 1.
    pub current_page: Option<usize>,
    /// How many pages there are; may be reckoned with another page size than the one in use.
    pub total_pages: Option<usize>,
    /// Whether the answer points at a next page.
    pub next: bool,
    /// Whether the answer speaks of pages at all. If not, it is the whole list.
    pub present: bool,
}

impl PageMeta {
    /// Reads `meta.pagination` of a body, tolerating every shape that was seen.
    #[must_use]
    pub fn read(body: &Value) -> Self {
        let meta = body.get("meta");
        let pagination = meta.and_then(|meta| meta.get("pagination").or_else(|| meta.get("Pagination")));
        let Some(pagination) = pagination.filter(|pagination| pagination.is_object()) else {
            return Self::default();
        };
        let number = |key: &str| pagination.get(key).and_then(whole);
        let count = |key: &str| number(key).and_then(|number| usize::try_from(number).ok());
        Self {
            total: number("total"),
            per_page: count("per_page").filter(|size| *size > 0),
            current_page: count("current_page").filter(|page| *page > 0),
            total_pages: count("total_pages").filter(|pages| *pages > 0),
            next: pagination.get("links").is_some_and(offers_next),
            present: true,
        }
    }
}

/// Whether `links`, an object or a list of such, offers a next page.
fn offers_next(links: &Value) -> bool {
    match links {
        Value::Array(links) => links.iter().any(offers_next),
        Value::Object(links) => match links.get("next") {
            Some(Value::String(url)) => !url.trim().is_empty(),
            Some(Value::Object(link)) => !link.is_empty(),
            Some(Value::Bool(offered)) => *offered,
            Some(Value::Number(_)) => true,
            None | Some(Value::Null | Value::Array(_)) => false,
        },
        _ => false,
    }
}

/// How many pages in a row may bring nothing new inside the range that the total implies. One can be honest: a page's
/// worth of rows added in front shifts every row to the next page.
const BARREN_PAGES: usize = 3;
/// The most rows of one walk: two and a half times the longest list that tidyfy is measured with (100,000 rows in 33 MiB).
/// A longer one is more likely a server that never ends.
pub const MOST_ROWS: u64 = 250_000;
/// The most pages of one walk: 100,000 rows from a server that serves 10 a page, its own size (API sheet, section 2).
pub const MOST_PAGES: usize = 10_000;

/// The walk through the pages of one list.
///
/// Its first page is asked for alone; as many more as the total implies may then be under way together. Past those the walk
/// goes on one page at a time while there is any sign of more, because totals lie both ways. It ends at an empty page,
/// or past the implied ones at a page that brings nothing new or is short. [`MOST_ROWS`] and [`MOST_PAGES`] end it with
/// [`PageWalk::overran`], so no server can keep it going.
#[derive(Debug, Clone)]
pub struct PageWalk {
    /// The page it begins with.
    first: usize,
    asked_size: usize,
    /// How many rows a full page has, as the server really serves them.
    size: usize,
    total: Option<u64>,
    total_pages: Option<usize>,
    /// The page to ask for next; all before it have been asked for.
    upcoming: usize,
    open: BTreeSet<usize>,
    /// The highest page answered so far.
    highest: usize,
    /// Whether that page brought something new.
    fresh: bool,
    /// Whether that page was full or pointed at another.
    more: bool,
    loaded: u64,
    /// How many pages this walk has asked for, and how many rows they had.
    asked: usize,
    rows: u64,
    changes: ListChanges,
    barren: usize,
    /// Whether an answer proved that nothing is to be had from pages not asked for yet.
    ended: bool,
}

impl PageWalk {
    /// A walk that asks for `per_page` rows at a time.
    #[must_use]
    pub fn new(per_page: usize) -> Self {
        Self::from(1, per_page, per_page)
    }

    /// A walk that begins with page `first`, because those before it have been read and had `size` rows each.
    #[must_use]
    pub fn from(first: usize, size: usize, per_page: usize) -> Self {
        let first = first.max(1);
        Self {
            first,
            asked_size: per_page.max(1),
            size: size.max(1),
            total: None,
            total_pages: None,
            upcoming: first,
            open: BTreeSet::new(),
            highest: 0,
            fresh: false,
            more: false,
            loaded: 0,
            asked: 0,
            rows: 0,
            changes: ListChanges::default(),
            barren: 0,
            ended: false,
        }
    }

    /// The next page that may be asked for now, which then counts as asked. `None` may be followed by more once a page
    /// has been answered; see [`PageWalk::finished`].
    #[expect(clippy::should_implement_trait, reason = "an iterator that goes on after `None` would surprise")]
    pub fn next(&mut self) -> Option<usize> {
        let page = self.wanted().filter(|_| !self.is_at_bound())?;
        self.asked += 1;
        self.open.insert(page);
        self.upcoming = page + 1;
        Some(page)
    }

    fn wanted(&self) -> Option<usize> {
        let page = self.upcoming;
        let allowed = match page {
            _ if self.ended => false,
            _ if page == self.first => true,
            _ if self.highest == 0 => false,
            _ => page <= self.implied() || (self.open.is_empty() && self.may_go_on()),
        };
        allowed.then_some(page)
    }

    /// Whether one more page is worth asking for though nothing implies it.
    fn may_go_on(&self) -> bool {
        let short_of_total = self.total.is_some_and(|total| self.loaded < total);
        // More rows than there should be: the total is wrong, and says nothing of the end.
        let beyond_total = self.total.is_some_and(|total| self.loaded > total);
        self.fresh && (self.more || short_of_total || beyond_total)
    }

    fn is_at_bound(&self) -> bool {
        self.asked >= MOST_PAGES || self.rows >= MOST_ROWS
    }

    /// Whether the walk ended at a bound, with more to ask for.
    #[must_use]
    pub fn overran(&self) -> bool {
        self.is_at_bound() && self.wanted().is_some()
    }

    /// The signs that the list changed while it was read.
    #[must_use]
    pub fn changes(&self) -> &ListChanges {
        &self.changes
    }

    /// Whether the `loaded` rows are all there are: none is short, none was passed over by a change, and no bound ended it.
    #[must_use]
    pub fn is_whole(&self, loaded: usize) -> bool {
        self.shortfall(loaded).is_none() && self.changes.found(loaded as u64).is_none() && !self.overran()
    }

    /// The page size in use.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Takes in the answer to `page`: how many rows it had, how many of them had not been seen before (those that cannot
    /// be read among them), and what it said of the whole list. A page that failed and is asked for again is answered once.
    pub fn answered(&mut self, page: usize, rows_in_page: usize, fresh_rows: usize, meta: &PageMeta) {
        let repeated = rows_in_page.saturating_sub(fresh_rows);
        self.changes.note(page, (rows_in_page, repeated), meta.total, page > self.implied());
        self.open.remove(&page);
        self.rows = self.rows.saturating_add(rows_in_page as u64);
        self.loaded = self.loaded.saturating_add(fresh_rows as u64);
        // A page without rows may know of none, whatever the list has.
        if rows_in_page > 0 || page == self.first {
            self.total = meta.total.or(self.total);
            self.total_pages = meta.total_pages.or(self.total_pages);
        }
        if page == 1 {
            self.size = self.size_used(rows_in_page, meta);
        } else if page == self.first {
            // All that stands before it counts as loaded.
            self.loaded = self.loaded.saturating_add((page as u64 - 1).saturating_mul(self.size as u64));
        }
        let full = rows_in_page >= self.size || rows_in_page == self.asked_size;
        self.size = self.size.max(rows_in_page);
        self.barren = if fresh_rows == 0 { self.barren + 1 } else { 0 };
        if page >= self.highest {
            self.highest = page;
            self.fresh = fresh_rows > 0;
            self.more = full || meta.next;
        }
        let alone = page == self.first && !meta.present;
        // Pages are asked for in order, so whatever has not been asked for yet lies behind this one.
        // An empty page before the end that was implied says nothing of those behind it, if others follow.
        let past_the_end = rows_in_page == 0 && page >= self.implied();
        self.ended |= past_the_end || alone || self.barren >= BARREN_PAGES;
    }

    /// `page` could not be read, and the walk goes on without it.
    pub fn gave_up(&mut self, page: usize) {
        self.open.remove(&page);
        // Its rows are known to be missing, and are not looked for further on.
        self.loaded = self.loaded.saturating_add(self.size as u64);
    }

    /// Whether the list is complete: nothing is under way and nothing more is wanted.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.open.is_empty() && (self.wanted().is_none() || self.is_at_bound())
    }

    /// How many rows the list has, as the server said last.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// How many rows the server spoke of beyond the `loaded` ones, if any. Once the walk has finished, these did not
    /// come.
    #[must_use]
    pub fn shortfall(&self, loaded: usize) -> Option<u64> {
        shortfall(self.total, loaded)
    }

    /// The page size in use: what a first page held that cannot have been all, else what the server says it is.
    fn size_used(&self, rows: usize, meta: &PageMeta) -> usize {
        let goes_on = meta.next || meta.total.is_some_and(|total| total > rows as u64);
        if rows > 0 && goes_on { rows } else { meta.per_page.unwrap_or(self.asked_size).max(1) }
    }

    /// The last page that the server's words imply. The total is trusted over the number of pages.
    fn implied(&self) -> usize {
        match (self.total, self.total_pages) {
            (Some(total), _) => usize::try_from(total.div_ceil(self.size as u64)).unwrap_or(usize::MAX),
            (None, Some(pages)) => pages,
            (None, None) => 1,
        }
    }
}

#[cfg(test)]
mod tests;
