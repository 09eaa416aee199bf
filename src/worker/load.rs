//! Loads whole lists.
//!
//! Owns which rows of a page are new, belong to the scope and can be read. Scope is decided by what a row says of itself,
//! never by the filter that was sent (API sheet, section 5). Must not send anything itself.

use std::collections::HashSet;
use std::sync::Arc;

use super::gather::Gathering;
use super::post::Post;
use super::session::Session;
use super::walk::{Listing, Pages};
use crate::app::effect::Ticket;
use crate::app::message::{LoadEnd, Reply};
use crate::model::catalog::{List, Source};
use crate::model::failure::Failure;
use crate::model::id::Id;
use crate::model::kind::{Coverage, Kind, Scope};
use crate::model::record::{Draft, Page};
use crate::tallyfy::decode;

/// A load on its way, and whom it reports to.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) session: Session,
    pub(super) post: Post,
    pub(super) ticket: Ticket,
    pub(super) kind: Kind,
    pub(super) scope: Scope,
}

/// A decoded row.
pub(super) type Row = (Id, Vec<Draft>);

/// What is left of a page's rows.
pub(super) struct Sifted {
    page: Arc<Page>,
    /// Rows whose id had not come before.
    fresh: usize,
    dropped: usize,
    unreadable: usize,
}

impl Load {
    /// Loads the list, reporting each page.
    pub(super) async fn run(&self) -> Result<LoadEnd, Failure> {
        match &self.kind.row().source {
            Source::List(list) => self.walk(list).await,
            Source::Collected { from, include, holder } => {
                Gathering::new(self, from, include, holder).run().await
            }
        }
    }

    async fn walk(&self, list: &List) -> Result<LoadEnd, Failure> {
        let listing = Listing::of(self.kind, list, self.scope);
        let mut pages = Pages::new(&self.session, &listing);
        let (mut seen, mut unreadable) = (HashSet::new(), 0);
        while let Some(fetched) = pages.next().await {
            let fetched = fetched?;
            let decoded = decode::rows(self.kind, &fetched.rows);
            let sifted = self.sift(decoded.rows, decoded.refused, &mut seen);
            pages.taken(&fetched, sifted.fresh);
            unreadable += sifted.unreadable;
            self.tell(sifted, pages.walk().total(), Vec::new());
        }
        Ok(LoadEnd { missing: pages.walk().shortfall(seen.len() + unreadable) })
    }

    /// Keeps of `rows` what has not been seen and belongs to the scope.
    pub(super) fn sift(&self, mut rows: Vec<Row>, unreadable: usize, seen: &mut HashSet<Id>) -> Sifted {
        rows.retain(|(id, _)| seen.insert(id.clone()));
        let fresh = rows.len();
        let page = self.in_scope(rows);
        Sifted { dropped: fresh - page.len(), page, fresh, unreadable }
    }

    fn in_scope(&self, rows: Vec<Row>) -> Arc<Page> {
        if self.scope == Scope::All {
            return Arc::new(Page::new(self.kind, rows));
        }
        // Only a record knows whether it is archived, so the page is made first, and made again if some must go.
        let page = Arc::new(Page::new(self.kind, rows.clone()));
        let belongs: Vec<bool> =
            page.records().map(|record| self.scope.holds(record.is_archived())).collect();
        if belongs.iter().all(|belongs| *belongs) {
            return page;
        }
        let rows = rows.into_iter().zip(belongs).filter(|(_, belongs)| *belongs).map(|(row, _)| row);
        Arc::new(Page::new(self.kind, rows.collect()))
    }

    pub(super) fn tell(&self, sifted: Sifted, total: Option<u64>, coverage: Vec<Coverage>) {
        let Sifted { page, dropped, unreadable, .. } = sifted;
        self.post.reply(self.ticket, Reply::Page { page, total, dropped, unreadable, coverage });
    }
}
