//! Reads the pages of a list: several at once, handed over strictly in order.
//!
//! Owns how many pages are under way. Which pages there are is decided by [`PageWalk`], as it is told what came. Must not
//! know what the rows are.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use tokio::time::timeout;

use crate::model::catalog::{ListPart, ListRoute};
use crate::model::failure::{Cause, Failure};
use crate::model::kind::{Kind, Scope};
use crate::model::text;
use crate::tallyfy::page::{MOST_PAGES, MOST_ROWS, PageMeta, PageWalk};
use crate::tallyfy::{KeptKeys, ListResponse};
use crate::worker::http::executor::{Executor, QueryParameter, RequestPurpose};
use crate::worker::http::rate_limiter::Priority;

/// How many rows a page is asked for: the most the API gives (API sheet, section 2).
pub(crate) const PER_PAGE: usize = 100;

/// Pages under way together where nobody waits for all of them: enough to hide the latency, few enough to leave room for
/// others.
pub(crate) const ABREAST: usize = 4;

/// What list to read, and for what.
#[derive(Debug, Clone)]
pub(crate) struct ListSpec {
    pub(crate) route: &'static str,
    pub(crate) query: Vec<QueryParameter>,
    /// For the first page.
    pub(crate) first: Priority,
    /// For all others.
    pub(crate) rest: Priority,
    pub(crate) purpose: &'static str,
    pub(crate) kind: Option<Kind>,
    /// What each page is a page of, in the status pane; empty where the kind says it all.
    pub(crate) name: &'static str,
    /// How many of its pages may be under way together.
    pub(crate) abreast: usize,
    /// How long pages are held back for one in front of them; for ever, if nothing is said.
    pub(crate) patience: Option<Duration>,
    /// What is kept of each row.
    pub(crate) keep: KeptKeys,
}

impl ListSpec {
    /// The list of `kind`, whose start a person waits to see.
    pub(crate) fn of(kind: Kind, list: &ListRoute, scope: Scope) -> Self {
        Self {
            route: list.route,
            query: parameters(list, scope),
            first: Priority::Urgent,
            rest: Priority::Background,
            purpose: "list",
            kind: Some(kind),
            name: "",
            abreast: ABREAST,
            patience: None,
            keep: KeptKeys::fields(kind),
        }
    }

    /// The same of one part of the list.
    pub(crate) fn part(mut self, part: &ListPart) -> Self {
        self.query = with_part(self.query, part);
        self
    }

    pub(crate) fn request_purpose(&self, page: usize) -> RequestPurpose {
        let urgency = if page == 1 { self.first } else { self.rest };
        let name = format!("{} page {page}", self.name).trim_start().to_owned();
        RequestPurpose { urgency, purpose: self.purpose, kind: self.kind, name, may_lack: false }
    }
}

/// What `list` is asked with for `scope`.
pub(crate) fn parameters(list: &ListRoute, scope: Scope) -> Vec<QueryParameter> {
    let parameters = list.query.iter().chain(list.scope_query(scope));
    parameters.map(|(key, value)| (*key, (*value).to_owned())).collect()
}

/// The same, of one part of the list.
pub(crate) fn with_part(mut query: Vec<QueryParameter>, part: &ListPart) -> Vec<QueryParameter> {
    query.extend(part.query.iter().map(|(key, value)| (*key, (*value).to_owned())));
    query
}

/// A page that has come. [`Paginator::taken`] must be told what was new in it.
#[derive(Debug)]
pub(crate) struct FetchedPage {
    pub(crate) number: usize,
    pub(crate) rows: Vec<Value>,
    meta: PageMeta,
}

/// A page, or why it could not be read.
type PageResult = Result<ListResponse, Failure>;

/// A walk through the pages of a list.
pub(crate) struct Paginator<'a> {
    session: &'a Executor,
    listing: &'a ListSpec,
    page_walk: PageWalk,
    under_way: FuturesUnordered<BoxFuture<'a, (usize, PageResult)>>,
    /// Pages asked for and not handed over yet, in order.
    asked: VecDeque<usize>,
    /// Pages that were there before one in front of them.
    early: BTreeMap<usize, PageResult>,
}

impl<'a> Paginator<'a> {
    /// All pages from number `first` on, those before it having had `size` rows each.
    pub(crate) fn from((first, size): (usize, usize), session: &'a Executor, listing: &'a ListSpec) -> Self {
        Self {
            session,
            listing,
            page_walk: PageWalk::from(first, size, PER_PAGE),
            under_way: FuturesUnordered::new(),
            asked: VecDeque::new(),
            early: BTreeMap::new(),
        }
    }

    pub(crate) fn new(session: &'a Executor, listing: &'a ListSpec) -> Self {
        Self::from((1, PER_PAGE), session, listing)
    }

    /// The next page, or its number and why it could not be read; none when the list is complete. They come in order, but for
    /// those that would be held back too long.
    pub(crate) async fn next(&mut self) -> Option<Result<FetchedPage, (usize, Failure)>> {
        loop {
            self.ask();
            if let Some(number) = self.asked.front().copied()
                && let Some(answer) = self.early.remove(&number)
            {
                self.asked.pop_front();
                let fetched = answer.map(|ListResponse { rows, meta }| FetchedPage { number, rows, meta });
                return Some(fetched.map_err(|failure| (number, failure)));
            }
            let held = self.early.keys().next().copied();
            let patience = self.listing.patience.filter(|_| held.is_some());
            match timeout(patience.unwrap_or(Duration::MAX), self.under_way.next()).await {
                Ok(next) => {
                    let (number, answer) = next?;
                    self.early.insert(number, answer);
                }
                // It goes to the front of those that are waited for.
                Err(_) => {
                    self.asked.retain(|number| Some(*number) != held);
                    held.into_iter().for_each(|number| self.asked.push_front(number));
                }
            }
        }
    }

    /// Keeps as many pages under way as may be. One that is slow lets others get ahead of it, though not without end: they
    /// have to be kept until it comes.
    fn ask(&mut self) {
        let abreast = self.listing.abreast.max(1);
        while self.under_way.len() < abreast
            && self.asked.len() < 2 * abreast
            && let Some(page) = self.page_walk.next()
        {
            let (session, listing) = (self.session, self.listing);
            self.asked.push_back(page);
            self.under_way.push(Box::pin(async move {
                let request_purpose = listing.request_purpose(page);
                let asked = (page, PER_PAGE);
                (
                    page,
                    session
                        .list(&request_purpose, (listing.route, None), &listing.query, asked, &listing.keep)
                        .await,
                )
            }));
        }
    }

    /// A page could not be read, and the walk goes on without it.
    pub(crate) fn gave_up(&mut self, number: usize) {
        self.page_walk.gave_up(number);
    }

    /// The page was looked through: `fresh` of its rows had not come before, those that cannot be read among them.
    pub(crate) fn taken(&mut self, page: &FetchedPage, fresh: usize) {
        self.page_walk.answered(page.number, page.rows.len(), fresh, &page.meta);
    }

    /// What the walk knows of the list.
    pub(crate) fn page_walk(&self) -> &PageWalk {
        &self.page_walk
    }

    /// Looks for the first row of which `wanted` makes something, in at most `most` pages.
    pub(crate) async fn find<T>(
        mut self,
        most: usize,
        mut wanted: impl FnMut(&Value) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let mut seen = BTreeSet::new();
        while let Some(page) = self.next().await {
            let page = page.map_err(|(_, failure)| failure)?;
            if let Some(found) = page.rows.iter().find_map(&mut wanted) {
                return Ok(Some(found));
            }
            if page.number >= most {
                break;
            }
            let fresh = page.rows.iter().filter(|row| seen.insert(row.to_string())).count();
            self.taken(&page, fresh);
        }
        Ok(None)
    }
}

/// Why a list was not read to its end that has none.
pub(crate) fn endless() -> Failure {
    let (rows, pages) = (text::grouped(MOST_ROWS), text::grouped(MOST_PAGES as u64));
    let words = format!("reading stopped at {rows} rows or {pages} pages, and the list goes on");
    Failure::new(Cause::Garbled, &words)
}
