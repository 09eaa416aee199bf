//! Loads lists: whole, or what of them is still missing, or what a search finds ahead of them.
//!
//! Owns which rows of a page are new, belong to the scope and can be read. Scope is decided by what a row says of itself,
//! never by the filter that was sent (API sheet, section 5). Must not send anything itself.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::gather::Gathering;
use super::pace::Urgency;
use super::post::Post;
use super::session::Session;
use super::walk::{Listing, PER_PAGE, Pages};
use crate::app::effect::{self as app, Question, Ticket, Wanted};
use crate::app::message::{LoadEnd, Reply};
use crate::model::catalog::{List, Source};
use crate::model::failure::{Cause, Failure};
use crate::model::id::Id;
use crate::model::kind::{Coverage, Scope};
use crate::model::record::{Draft, Page, Record};
use crate::model::rows::shortfall;
use crate::tallyfy::{Listed, decode};

/// After so many pages in a row that could not be read, the rest is not tried.
pub(super) const MOST_GAPS_IN_A_ROW: usize = 3;
/// How long a page holds back those behind it. A page that is only a little late does not make the rows jump.
const PATIENCE: Duration = Duration::from_millis(500);
/// How many pages of a search are read: a screen shows less, and the list itself brings all of it.
const MOST_FOUND: usize = 3;

/// A load on its way, and whom it reports to.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) session: Session,
    pub(super) post: Post,
    pub(super) ticket: Ticket,
    pub(super) list: app::List,
}

/// A decoded row.
pub(super) type Row = (Id, Vec<Draft>);

/// What is left of a page's rows.
pub(super) struct Sifted {
    pub(super) page: Arc<Page>,
    /// Rows whose id had not come before.
    fresh: usize,
    dropped: usize,
    unreadable: usize,
}

/// What a reading has come to.
#[derive(Default)]
struct Read {
    seen: HashSet<Id>,
    unreadable: usize,
    total: Option<u64>,
    /// Pages that could not be read.
    gaps: Vec<u32>,
}

impl Load {
    /// Reads the pages that are wanted, reporting each.
    pub(super) async fn run(&self, wanted: &Wanted) -> Result<LoadEnd, Failure> {
        match &self.list.kind.row().source {
            Source::List(list) => self.read(list, wanted).await,
            Source::Collected { from, holder } => Gathering::new(self, from, holder).run(wanted).await,
        }
    }

    async fn read(&self, list: &List, wanted: &Wanted) -> Result<LoadEnd, Failure> {
        let listing = self.listing(list);
        let (gaps, from, size) = match wanted {
            Wanted::All => (Vec::new(), Some(1), PER_PAGE),
            Wanted::Rest { gaps, from, size } => (gaps.clone(), *from, *size),
            Wanted::Missing { gaps, .. } => (gaps.clone(), None, PER_PAGE),
        };
        let mut read = Read { gaps, ..Read::default() };
        if let Some(from) = from {
            self.walk(&listing, (from as usize, size), &mut read).await?;
        }
        let gaps = self.fill(&listing, &mut read).await;
        // What a part of a list lacks is for those to say who have the other part.
        let is_known = *wanted == Wanted::All && gaps == 0;
        let total = read.total.filter(|_| is_known);
        Ok(LoadEnd { missing: shortfall(total, read.seen.len() + read.unreadable) })
    }

    /// Walks to the end of the list. A page that fails alone is left out and reported.
    async fn walk(
        &self,
        listing: &Listing,
        (from, size): (usize, usize),
        read: &mut Read,
    ) -> Result<(), Failure> {
        let mut pages = Pages::from((from, size), &self.session, listing);
        let (mut in_a_row, mut empty, mut last) = (0, Vec::new(), 0);
        while let Some(fetched) = pages.next().await {
            match fetched {
                Ok(fetched) => {
                    in_a_row = 0;
                    let (number, is_empty) = (fetched.number, fetched.rows.is_empty());
                    let sifted = self.sift_rows(&fetched.rows, read);
                    pages.taken(&fetched, sifted.fresh);
                    read.total = pages.walk().total();
                    if is_empty {
                        empty.push(number);
                    } else {
                        last = last.max(number);
                    }
                    if !is_empty || number == from {
                        self.tell(number, sifted, read.total, Vec::new());
                    }
                }
                Err((number, why)) => {
                    in_a_row += 1;
                    if number == from || in_a_row == MOST_GAPS_IN_A_ROW || !is_of_one_page(&why) {
                        return Err(why);
                    }
                    pages.gave_up(number);
                    read.gaps.push(self.tell_gap(number, why));
                }
            }
        }
        // Rows behind it show that an empty page was no end.
        for page in empty.into_iter().filter(|page| *page < last) {
            read.gaps.push(self.tell_gap(page, empty_page()));
        }
        Ok(())
    }

    /// Tries once more what could not be read, and answers how many pages of that are still missing.
    async fn fill(&self, listing: &Listing, read: &mut Read) -> usize {
        let mut missing = 0;
        for number in std::mem::take(&mut read.gaps) {
            let page = number as usize;
            let errand = listing.errand(page);
            let asked = (page, PER_PAGE);
            match self.session.list(&errand, listing.route, &listing.query, asked, &listing.keep).await {
                Ok(Listed { rows, .. }) if rows.is_empty() => {
                    self.tell_gap(page, empty_page());
                    missing += 1;
                }
                Ok(Listed { rows, meta }) => {
                    read.total = meta.total.or(read.total);
                    let sifted = self.sift_rows(&rows, read);
                    self.tell(page, sifted, read.total, Vec::new());
                }
                Err(why) => {
                    self.tell_gap(page, why);
                    missing += 1;
                }
            }
        }
        missing
    }

    /// Reports what the server finds for `question`: the beginning of it, for it is the list that brings everything.
    pub(super) async fn search(&self, question: Question) -> Result<(), Failure> {
        let Source::List(list) = &self.list.kind.row().source else { return Ok(()) };
        let mut listing = self.listing(list);
        listing.query.extend(question);
        listing.rest = Urgency::Urgent;
        listing.purpose = "search";
        // None is asked for that is not taken.
        listing.abreast = 1;
        let mut pages = Pages::new(&self.session, &listing);
        let mut read = Read::default();
        while let Some(fetched) = pages.next().await {
            let fetched = fetched.map_err(|(_, why)| why)?;
            let sifted = self.sift_rows(&fetched.rows, &mut read);
            pages.taken(&fetched, sifted.fresh);
            self.post.reply(self.ticket, Reply::Found(sifted.page));
            if fetched.number >= MOST_FOUND {
                break;
            }
        }
        Ok(())
    }

    fn listing(&self, list: &List) -> Listing {
        let mut listing = Listing::of(self.list.kind, list, self.list.scope);
        listing.abreast = self.session.at_once();
        listing.patience = Some(PATIENCE);
        if !self.list.includes.is_empty() {
            let includes: Vec<&str> = self.list.includes.iter().copied().collect();
            listing.query.push(("with", includes.join(",")));
        }
        listing
    }

    fn sift_rows(&self, rows: &[Value], read: &mut Read) -> Sifted {
        let mut decoded = decode::rows(self.list.kind, rows);
        decoded.rows.retain(|(id, _)| read.seen.insert(id.clone()));
        let sifted = self.sift(decoded.rows, decoded.refused);
        read.unreadable += sifted.unreadable;
        sifted
    }

    /// Keeps of `rows`, which had not come before, what belongs to the scope.
    pub(super) fn sift(&self, rows: Vec<Row>, unreadable: usize) -> Sifted {
        let fresh = rows.len();
        let page = self.in_scope(rows);
        Sifted { dropped: fresh - page.len(), page, fresh, unreadable }
    }

    fn in_scope(&self, rows: Vec<Row>) -> Arc<Page> {
        let (kind, scope) = (self.list.kind, self.list.scope);
        // Only a record knows whether it is archived, so the page is made first, and made again if some must go.
        let page = Arc::new(Page::new(kind, rows));
        let belongs = |record: &Record| scope.holds(record.is_archived());
        if scope == Scope::All || page.records().all(|record| belongs(&record)) {
            return page;
        }
        let kept = page.records().filter(belongs).map(|record| (record.id().clone(), record.drafts()));
        Arc::new(Page::new(kind, kept.collect()))
    }

    pub(super) fn tell(&self, number: usize, sifted: Sifted, total: Option<u64>, coverage: Vec<Coverage>) {
        let Sifted { page, dropped, unreadable, .. } = sifted;
        let number = numbered(number);
        self.post.reply(self.ticket, Reply::Page { number, page, total, dropped, unreadable, coverage });
    }

    pub(super) fn tell_gap(&self, number: usize, why: Failure) -> u32 {
        let number = numbered(number);
        self.post.reply(self.ticket, Reply::Gap { number, why });
        number
    }
}

/// Why a page counts as missing that came without a row.
pub(super) fn empty_page() -> Failure {
    Failure::new(Cause::Garbled, "an empty page came in the middle of the list")
}

fn numbered(page: usize) -> u32 {
    u32::try_from(page).unwrap_or(u32::MAX)
}

/// Whether what went wrong says nothing about the other pages.
pub(super) fn is_of_one_page(why: &Failure) -> bool {
    matches!(why.cause, Cause::Server | Cause::Garbled | Cause::Broken | Cause::TimedOut)
}
