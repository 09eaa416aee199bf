//! Loads lists: whole, or what of them is still missing, or what a search finds ahead of them.
//!
//! Owns which rows of a page are new, belong to the scope and can be read, and that a list which changed while it was read
//! is read again once. Scope is decided by what a row says of itself,
//! never by the filter that was sent (API sheet, section 5). Must not send anything itself.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexSet;
use serde_json::Value;

use crate::app::effect::{self as app, ListFilter, RequestId, WantedPages};
use crate::app::event::{LoadEnd, Response};
use crate::model::catalog::{ListPart, ListRoute, Source};
use crate::model::failure::{Cause, Failure};
use crate::model::id::Id;
use crate::model::kind::Coverage;
use crate::model::record::{Draft, Page, Record};
use crate::model::rows::shortfall;
use crate::tallyfy::page::ListChanges;
use crate::tallyfy::{ListResponse, decode};
use crate::worker::http::executor::Executor;
use crate::worker::http::rate_limiter::Priority;
use crate::worker::jobs::seen_files::SeenFiles;
use crate::worker::lists::aggregate::Aggregation;
use crate::worker::lists::paginator::{ListSpec, PER_PAGE, Paginator, endless};
use crate::worker::response_sender::ResponseSender;

/// After so many pages in a row that could not be read, the rest is not tried.
pub(crate) const MOST_GAPS_IN_A_ROW: usize = 3;
/// How long a page holds back those behind it. A page that is only a little late does not make the rows jump.
const PATIENCE: Duration = Duration::from_millis(500);
/// How many pages of a search are read: a screen shows less, and the list itself brings all of it.
const MOST_FOUND: usize = 3;

/// A load on its way, and whom it reports to.
#[derive(Debug)]
pub(crate) struct Loader {
    pub(crate) session: Executor,
    pub(crate) seen: SeenFiles,
    pub(crate) post: ResponseSender,
    pub(crate) request_id: RequestId,
    pub(crate) list: app::ListRequest,
}

/// A decoded row.
pub(crate) type LoadedRow = (Id, Vec<Draft>);

/// What is left of a page's rows.
pub(crate) struct DecodedPage {
    pub(crate) page: Arc<Page>,
    /// Rows that had come before, on other pages.
    repeated: usize,
    dropped: usize,
    unreadable: usize,
}

/// What a reading has come to.
#[derive(Default)]
struct ReadEnd {
    seen: HashSet<Id>,
    unreadable: usize,
    /// The pages of the part that is being read.
    pages: BTreeMap<usize, PageRead>,
    /// Their size.
    size: usize,
    changes: ListChanges,
    /// How many rows may be missing because a list changed again while it was read again.
    changed: u64,
    /// How many rows the server says there are, in the part of the list that is being read.
    total: Option<u64>,
    /// Pages of that part that could not be read.
    gaps: Vec<u32>,
    /// The part, where the list falls into some.
    part: Option<&'static ListPart>,
    /// The highest page number that the parts before have taken.
    before: usize,
    /// And the highest that this one has.
    highest: usize,
    /// How many rows the parts before have; none if one of them did not say.
    others: Option<u64>,
}

/// The contents of a page.
struct PageRead {
    ids: Vec<Id>,
    unreadable: usize,
    /// Of its rows as they came, where some cannot be read: by it a page is known that comes again.
    hash: Option<u64>,
}

impl ReadEnd {
    fn new(gaps: Vec<u32>) -> Self {
        Self { gaps, others: Some(0), ..Self::default() }
    }

    /// The number under which a page is told: those of all parts follow one another.
    fn numbered(&mut self, page: usize) -> u32 {
        let number = self.before + page;
        self.highest = self.highest.max(number);
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// How many rows all parts have together, as far as they have been read.
    fn sum(&self) -> Option<u64> {
        Some(self.others? + self.total?)
    }

    /// Goes on to the next part.
    fn next(&mut self, part: &'static ListPart) {
        if self.part.replace(part).is_some() {
            self.others = self.sum();
            (self.before, self.total) = (self.highest, None);
        }
        self.pages.clear();
    }

    /// How many rows of the part have come.
    fn loaded(&self) -> usize {
        self.pages.values().map(|page| page.ids.len() + page.unreadable).sum()
    }

    /// Forgets the pages from number `first` on, which are read again.
    fn forget_from(&mut self, first: usize) {
        for page in self.pages.split_off(&first).values() {
            for id in &page.ids {
                self.seen.remove(id);
            }
            self.unreadable -= page.unreadable;
        }
        self.seen.extend(self.pages.values().flat_map(|page| page.ids.iter().cloned()));
        self.gaps.retain(|gap| (*gap as usize) < first);
        self.changes = ListChanges::default();
    }
}

impl Loader {
    /// Reads the pages that are wanted, reporting each.
    pub(crate) async fn run(&self, wanted: &WantedPages) -> Result<LoadEnd, Failure> {
        match &self.list.kind.row().source {
            Source::List(list) => self.read(list, wanted).await,
            Source::Collected { from, holder } => Aggregation::new(self, from, holder).run(wanted).await,
        }
    }

    async fn read(&self, list: &'static ListRoute, wanted: &WantedPages) -> Result<LoadEnd, Failure> {
        let listing = self.listing(list);
        let (gaps, from, size) = match wanted {
            WantedPages::All => (Vec::new(), Some(1), PER_PAGE),
            WantedPages::Rest { gaps, from, size } => (gaps.clone(), *from, *size),
            WantedPages::Missing { gaps, .. } => (gaps.clone(), None, PER_PAGE),
        };
        let (mut read, mut gaps) = (ReadEnd::new(gaps), 0);
        if list.parts.is_empty() {
            gaps = match from {
                Some(from) => self.read_through(&listing, (from as usize, size), &mut read).await?,
                None => self.fill(&listing, &mut read).await,
            };
        }
        for part in list.parts {
            read.next(part);
            let listing = listing.clone().part(part);
            gaps += self.read_through(&listing, (1, PER_PAGE), &mut read).await?;
        }
        // What a part of a list lacks is for those to say who have the other part.
        let is_known = *wanted == WantedPages::All && gaps == 0;
        let total = read.sum().filter(|_| is_known);
        let missing = shortfall(total, read.seen.len() + read.unreadable);
        Ok(match read.changed {
            0 => LoadEnd { missing, is_changing: false },
            rows => LoadEnd { missing: Some(rows.max(missing.unwrap_or_default())), is_changing: true },
        })
    }

    /// Reads a list from page `from` on, and once more from the first page that differs if it changed meanwhile. Answers how
    /// many pages are missing.
    async fn read_through(
        &self,
        listing: &ListSpec,
        (from, size): (usize, usize),
        read: &mut ReadEnd,
    ) -> Result<usize, Failure> {
        read.changes = ListChanges::default();
        self.page_walk(listing, (from, size), read).await?;
        let gaps = self.fill(listing, read).await;
        // The rows on the pages before are here already.
        let before = (from - 1) * read.size;
        let Some(change) = read.changes.found((before + read.loaded()) as u64) else { return Ok(gaps) };
        let first = self.first_that_differs(listing, read, (from, change.page)).await;
        read.forget_from(first);
        self.post.response(self.request_id, Response::Reread { from: read.numbered(first) });
        self.page_walk(listing, (first, read.size), read).await?;
        let gaps = self.fill(listing, read).await;
        let change = read.changes.found((before + read.loaded()) as u64);
        read.changed = read.changed.saturating_add(change.map_or(0, |change| change.rows));
        Ok(gaps)
    }

    /// Returns the first page from `from` on that is not as it was read. `changed` is known to differ, and what changes a page
    /// shifts all behind it, so the pages before it are asked for again in growing steps until one is the same.
    async fn first_that_differs(
        &self,
        listing: &ListSpec,
        read: &ReadEnd,
        (from, changed): (usize, usize),
    ) -> usize {
        let (mut first, mut step) = (changed.max(from), 1);
        while first > from {
            let page = first.saturating_sub(step).max(from);
            let Ok(ListResponse { rows, .. }) = self.page(listing, page).await else { return from };
            let ids = distinct(&decode::rows(self.list.kind, &rows).rows);
            if read.pages.get(&page).is_some_and(|read| read.ids == ids) {
                return page + 1;
            }
            (first, step) = (page, step * 2);
        }
        from
    }

    async fn page(&self, listing: &ListSpec, page: usize) -> Result<ListResponse, Failure> {
        let asked = (page, PER_PAGE);
        let request_purpose = listing.request_purpose(page);
        self.session.list(&request_purpose, (listing.route, None), &listing.query, asked, &listing.keep).await
    }

    /// How many rows the list is said to have, of the scope that was asked for.
    fn total(&self, read: &ReadEnd) -> Option<u64> {
        let list = self.list.kind.row().counted()?;
        let is_last =
            list.parts.last().is_none_or(|last| read.part.is_some_and(|part| std::ptr::eq(part, last)));
        read.sum().filter(|_| is_last)
    }

    /// Walks to the end of the list. A page that fails alone is left out and reported.
    async fn page_walk(
        &self,
        listing: &ListSpec,
        (from, size): (usize, usize),
        read: &mut ReadEnd,
    ) -> Result<(), Failure> {
        let mut pages = Paginator::from((from, size), &self.session, listing);
        let (mut in_a_row, mut empty, mut last) = (0, Vec::new(), 0);
        while let Some(fetched) = pages.next().await {
            match fetched {
                Ok(fetched) => {
                    in_a_row = 0;
                    let (number, is_empty) = (fetched.number, fetched.rows.is_empty());
                    let sifted = self.sift_rows((number, &fetched.rows), read);
                    pages.taken(&fetched, fetched.rows.len() - sifted.repeated);
                    read.total = pages.page_walk().total();
                    if is_empty {
                        empty.push(number);
                    } else {
                        last = last.max(number);
                    }
                    if !is_empty || number == from {
                        let total = self.total(read);
                        self.tell(read.numbered(number), sifted, total, Vec::new());
                    }
                }
                Err((number, why)) => {
                    in_a_row += 1;
                    if number == from || in_a_row == MOST_GAPS_IN_A_ROW || !is_of_one_page(&why) {
                        return Err(why);
                    }
                    pages.gave_up(number);
                    let told = read.numbered(number);
                    self.tell_gap(told, why);
                    read.gaps.push(u32::try_from(number).unwrap_or(u32::MAX));
                }
            }
        }
        if pages.page_walk().overran() {
            return Err(endless());
        }
        (read.changes, read.size) = (pages.page_walk().changes().clone(), pages.page_walk().size());
        // Rows behind it show that an empty page was no end.
        for page in empty.into_iter().filter(|page| *page < last) {
            let told = read.numbered(page);
            self.tell_gap(told, empty_page());
            read.gaps.push(u32::try_from(page).unwrap_or(u32::MAX));
        }
        Ok(())
    }

    /// Tries once more what could not be read, and answers how many pages of that are still missing.
    async fn fill(&self, listing: &ListSpec, read: &mut ReadEnd) -> usize {
        let mut missing = 0;
        for number in std::mem::take(&mut read.gaps) {
            let page = number as usize;
            match self.page(listing, page).await {
                Ok(ListResponse { rows, .. }) if rows.is_empty() => {
                    self.tell_gap(read.numbered(page), empty_page());
                    missing += 1;
                }
                Ok(ListResponse { rows, meta }) => {
                    read.total = meta.total.or(read.total);
                    let sifted = self.sift_rows((page, &rows), read);
                    let repeated = sifted.repeated;
                    read.changes.note(page, (rows.len(), repeated), meta.total, false);
                    let total = self.total(read);
                    self.tell(read.numbered(page), sifted, total, Vec::new());
                }
                Err(why) => {
                    self.tell_gap(read.numbered(page), why);
                    missing += 1;
                }
            }
        }
        missing
    }

    /// Reports what the server finds for `question`: the beginning of it, for it is the list that brings everything.
    pub(crate) async fn search(&self, question: ListFilter) -> Result<(), Failure> {
        let Source::List(list) = &self.list.kind.row().source else { return Ok(()) };
        let mut listing = self.listing(list);
        listing.query.extend(question);
        listing.rest = Priority::Urgent;
        listing.purpose = "search";
        // None is asked for that is not taken.
        listing.abreast = 1;
        let mut pages = Paginator::new(&self.session, &listing);
        let mut read = ReadEnd::default();
        while let Some(fetched) = pages.next().await {
            let fetched = fetched.map_err(|(_, why)| why)?;
            let sifted = self.sift_rows((fetched.number, &fetched.rows), &mut read);
            pages.taken(&fetched, fetched.rows.len() - sifted.repeated);
            self.post.response(self.request_id, Response::Found(sifted.page));
            if fetched.number >= MOST_FOUND {
                break;
            }
        }
        Ok(())
    }

    fn listing(&self, list: &ListRoute) -> ListSpec {
        let mut listing = ListSpec::of(self.list.kind, list, self.list.scope);
        listing.abreast = self.session.at_once();
        listing.patience = Some(PATIENCE);
        if !self.list.includes.is_empty() {
            let includes: Vec<&str> = self.list.includes.iter().copied().collect();
            listing.query.push(("with", includes.join(",")));
        }
        listing
    }

    fn sift_rows(&self, (number, rows): (usize, &[Value]), read: &mut ReadEnd) -> DecodedPage {
        let mut decoded = decode::rows(self.list.kind, rows);
        if let Some(part) = read.part {
            decoded.rows.iter_mut().for_each(|row| self.tell_part(part, row));
        }
        let ids = distinct(&decoded.rows);
        let known = decoded.rows.iter().filter(|(id, _)| read.seen.contains(id)).count();
        decoded.rows.retain(|(id, _)| read.seen.insert(id.clone()));
        // A page that a server serves again has nothing new that cannot be read either.
        let hash = (decoded.refused > 0).then(|| hashed(rows));
        let is_known = hash.is_some() && read.pages.values().any(|page| page.hash == hash);
        let unreadable = if is_known { 0 } else { decoded.refused };
        read.unreadable += unreadable;
        read.pages.insert(number, PageRead { ids, unreadable, hash });
        // One page is of one moment: an id that stands twice on it is no sign of a change.
        let repeated = known + decoded.refused - unreadable;
        DecodedPage { repeated, ..self.sift(decoded.rows, unreadable) }
    }

    /// Keeps of `rows`, which had not come before, what belongs to the scope.
    pub(crate) fn sift(&self, rows: Vec<LoadedRow>, unreadable: usize) -> DecodedPage {
        let all = rows.len();
        let page = self.in_scope(rows);
        // A list that is asked for no scope brings all of them.
        let is_picked = matches!(&self.list.kind.row().source, Source::List(list) if list.is_picked());
        let dropped = if is_picked { 0 } else { all - page.len() };
        DecodedPage { dropped, page, repeated: 0, unreadable }
    }

    /// Lets a row that does not say which part of the list it is from say so.
    fn tell_part(&self, part: &ListPart, (_, drafts): &mut LoadedRow) {
        let field = self.list.kind.row().field(part.field).and_then(|field| drafts.get_mut(field));
        if let Some(draft @ Draft::Missing) = field {
            *draft = Draft::Text(part.value.to_owned());
        }
    }

    fn in_scope(&self, rows: Vec<LoadedRow>) -> Arc<Page> {
        let (kind, scope) = (self.list.kind, self.list.scope);
        // Only a record knows whether it is archived, so the page is made first, and made again if some must go.
        let page = Arc::new(Page::new(kind, rows));
        let belongs = |record: &Record| scope.holds(record.is_archived()) && !record.is_gone();
        if page.records().all(|record| belongs(&record)) {
            return page;
        }
        let kept = page.records().filter(belongs).map(|record| (record.id().clone(), record.drafts()));
        Arc::new(Page::new(kind, kept.collect()))
    }

    pub(crate) fn tell(&self, number: u32, sifted: DecodedPage, total: Option<u64>, coverage: Vec<Coverage>) {
        let DecodedPage { page, dropped, unreadable, .. } = sifted;
        self.post
            .response(self.request_id, Response::Page { number, page, total, dropped, unreadable, coverage });
    }

    pub(crate) fn tell_gap(&self, number: u32, why: Failure) {
        self.post.response(self.request_id, Response::Gap { number, why });
    }
}

/// The ids of rows in their order, each once.
fn distinct(rows: &[LoadedRow]) -> Vec<Id> {
    rows.iter().map(|(id, _)| id.clone()).collect::<IndexSet<_>>().into_iter().collect()
}

fn hashed(rows: &[Value]) -> u64 {
    let mut hasher = DefaultHasher::new();
    rows.iter().for_each(|row| row.to_string().hash(&mut hasher));
    hasher.finish()
}

/// Why a page counts as missing that came without a row.
pub(crate) fn empty_page() -> Failure {
    Failure::new(Cause::Garbled, "an empty page came in the middle of the list")
}

/// Whether what went wrong says nothing about the other pages.
pub(crate) fn is_of_one_page(why: &Failure) -> bool {
    matches!(why.cause, Cause::Server | Cause::Garbled | Cause::Broken | Cause::TimedOut)
}
