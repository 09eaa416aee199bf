//! Reads the pages of a list: several at once, handed over strictly in order.
//!
//! Owns how many pages are under way. Which pages there are is decided by [`Walk`], as it is told what came. Must not
//! know what the rows are.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use tokio::time::timeout;

use crate::model::catalog::{List, Part};
use crate::model::failure::{Cause, Failure};
use crate::model::kind::{Kind, Scope};
use crate::model::text;
use crate::tallyfy::page::{MOST_PAGES, MOST_ROWS, Meta, Walk};
use crate::tallyfy::{Keep, Listed};
use crate::worker::http::executor::{Errand, Parameter, Session};
use crate::worker::http::rate_limiter::Urgency;

/// How many rows a page is asked for: the most the API gives (API sheet, section 2).
pub(crate) const PER_PAGE: usize = 100;

/// Pages under way together where nobody waits for all of them: enough to hide the latency, few enough to leave room for
/// others.
pub(crate) const ABREAST: usize = 4;

/// What list to read, and for what.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(crate) route: &'static str,
    pub(crate) query: Vec<Parameter>,
    /// For the first page.
    pub(crate) first: Urgency,
    /// For all others.
    pub(crate) rest: Urgency,
    pub(crate) purpose: &'static str,
    pub(crate) kind: Option<Kind>,
    /// What each page is a page of, in the status pane; empty where the kind says it all.
    pub(crate) name: &'static str,
    /// How many of its pages may be under way together.
    pub(crate) abreast: usize,
    /// How long pages are held back for one in front of them; for ever, if nothing is said.
    pub(crate) patience: Option<Duration>,
    /// What is kept of each row.
    pub(crate) keep: Keep,
}

impl Listing {
    /// The list of `kind`, whose start a person waits to see.
    pub(crate) fn of(kind: Kind, list: &List, scope: Scope) -> Self {
        Self {
            route: list.route,
            query: parameters(list, scope),
            first: Urgency::Urgent,
            rest: Urgency::Background,
            purpose: "list",
            kind: Some(kind),
            name: "",
            abreast: ABREAST,
            patience: None,
            keep: Keep::fields(kind),
        }
    }

    /// The same of one part of the list.
    pub(crate) fn part(mut self, part: &Part) -> Self {
        self.query = with_part(self.query, part);
        self
    }

    pub(crate) fn errand(&self, page: usize) -> Errand {
        let urgency = if page == 1 { self.first } else { self.rest };
        let name = format!("{} page {page}", self.name).trim_start().to_owned();
        Errand { urgency, purpose: self.purpose, kind: self.kind, name, may_lack: false }
    }
}

/// What `list` is asked with for `scope`.
pub(crate) fn parameters(list: &List, scope: Scope) -> Vec<Parameter> {
    let parameters = list.query.iter().chain(list.scope_query(scope));
    parameters.map(|(key, value)| (*key, (*value).to_owned())).collect()
}

/// The same, of one part of the list.
pub(crate) fn with_part(mut query: Vec<Parameter>, part: &Part) -> Vec<Parameter> {
    query.extend(part.query.iter().map(|(key, value)| (*key, (*value).to_owned())));
    query
}

/// A page that has come. [`Pages::taken`] must be told what was new in it.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) number: usize,
    pub(crate) rows: Vec<Value>,
    meta: Meta,
}

/// A page, or why it could not be read.
type Answer = Result<Listed, Failure>;

/// A walk through the pages of a list.
pub(crate) struct Pages<'a> {
    session: &'a Session,
    listing: &'a Listing,
    walk: Walk,
    under_way: FuturesUnordered<BoxFuture<'a, (usize, Answer)>>,
    /// Pages asked for and not handed over yet, in order.
    asked: VecDeque<usize>,
    /// Pages that were there before one in front of them.
    early: BTreeMap<usize, Answer>,
}

impl<'a> Pages<'a> {
    /// All pages from number `first` on, those before it having had `size` rows each.
    pub(crate) fn from((first, size): (usize, usize), session: &'a Session, listing: &'a Listing) -> Self {
        Self {
            session,
            listing,
            walk: Walk::from(first, size, PER_PAGE),
            under_way: FuturesUnordered::new(),
            asked: VecDeque::new(),
            early: BTreeMap::new(),
        }
    }

    pub(crate) fn new(session: &'a Session, listing: &'a Listing) -> Self {
        Self::from((1, PER_PAGE), session, listing)
    }

    /// The next page, or its number and why it could not be read; none when the list is complete. They come in order, but for
    /// those that would be held back too long.
    pub(crate) async fn next(&mut self) -> Option<Result<Fetched, (usize, Failure)>> {
        loop {
            self.ask();
            if let Some(number) = self.asked.front().copied()
                && let Some(answer) = self.early.remove(&number)
            {
                self.asked.pop_front();
                let fetched = answer.map(|Listed { rows, meta }| Fetched { number, rows, meta });
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
            && let Some(page) = self.walk.next()
        {
            let (session, listing) = (self.session, self.listing);
            self.asked.push_back(page);
            self.under_way.push(Box::pin(async move {
                let errand = listing.errand(page);
                let asked = (page, PER_PAGE);
                (
                    page,
                    session.list(&errand, (listing.route, None), &listing.query, asked, &listing.keep).await,
                )
            }));
        }
    }

    /// A page could not be read, and the walk goes on without it.
    pub(crate) fn gave_up(&mut self, number: usize) {
        self.walk.gave_up(number);
    }

    /// The page was looked through: `fresh` of its rows had not come before, those that cannot be read among them.
    pub(crate) fn taken(&mut self, page: &Fetched, fresh: usize) {
        self.walk.answered(page.number, page.rows.len(), fresh, &page.meta);
    }

    /// What the walk knows of the list.
    pub(crate) fn walk(&self) -> &Walk {
        &self.walk
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
