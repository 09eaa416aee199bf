//! Gathers the records of kinds that have no list of their own from the lists of the kinds they hang on.
//!
//! Owns the merging by id and the account of what has been covered (API sheet, section 7). Must not send anything itself.

use std::collections::HashSet;

use super::load::{Load, Row, Sifted};
use super::pace::Urgency;
use super::walk::{Fetched, Listing, Pages};
use crate::app::message::LoadEnd;
use crate::model::catalog::{List, Source};
use crate::model::failure::Failure;
use crate::model::id::Id;
use crate::model::kind::{Coverage, Kind, Scope};
use crate::model::record::Draft;
use crate::model::text;
use crate::tallyfy::{Keep, decode};

/// A gathering on its way.
pub(super) struct Gathering<'a> {
    load: &'a Load,
    from: &'static [Kind],
    include: &'static str,
    /// The field that says what a record hangs on.
    holder: Option<usize>,
    seen: HashSet<Id>,
    coverage: Vec<Coverage>,
    /// How many pages have been told, whatever list they are of.
    pages: u32,
    failure: Option<Failure>,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(load: &'a Load, from: &'static [Kind], include: &'static str, holder: &str) -> Self {
        let coverage = from.iter().map(|kind| Coverage { kind: *kind, read: 0, total: None });
        Self {
            load,
            from,
            include,
            holder: load.list.kind.row().field(holder),
            seen: HashSet::new(),
            coverage: coverage.collect(),
            pages: 0,
            failure: None,
        }
    }

    /// Walks one list after the other. One that fails does not keep the others from being read.
    pub(super) async fn run(mut self) -> Result<LoadEnd, Failure> {
        for (at, kind) in self.from.iter().enumerate() {
            if let Source::List(list) = &kind.row().source
                && let Err(failure) = self.walk(at, *kind, list).await
            {
                self.failure.get_or_insert(failure);
            }
        }
        self.failure.map_or(Ok(LoadEnd { missing: None }), Err)
    }

    async fn walk(&mut self, at: usize, carrier: Kind, list: &List) -> Result<(), Failure> {
        let mut listing = Listing::of(self.load.list.kind, list, Scope::All);
        listing.abreast = self.load.session.at_once();
        listing.query.push(("with", self.include.to_owned()));
        listing.keep = Keep::fields(carrier).and(self.include);
        listing.name = carrier.row().plural;
        if at > 0 {
            listing.first = Urgency::Background;
        }
        let mut pages = Pages::new(&self.load.session, &listing);
        let mut carriers = HashSet::new();
        while let Some(fetched) = pages.next().await {
            let fetched = fetched.map_err(|(_, why)| why)?;
            let (sifted, fresh) = self.sift(carrier, &fetched, &mut carriers);
            pages.taken(&fetched, fresh);
            self.coverage[at].read = carriers.len();
            self.coverage[at].total = pages.walk().total();
            let complete = at + 1 == self.from.len() && pages.walk().finished() && self.failure.is_none();
            let total = complete.then_some(self.seen.len() as u64);
            self.pages += 1;
            self.load.tell(self.pages, sifted, total, self.coverage.clone());
        }
        Ok(())
    }

    /// The records that hang on a page's rows, and how many of these had not come before.
    fn sift(&mut self, carrier: Kind, fetched: &Fetched, carriers: &mut HashSet<Id>) -> (Sifted, usize) {
        let (mut rows, mut fresh, mut unreadable) = (Vec::new(), 0, 0);
        for value in &fetched.rows {
            let read = decode::row(carrier, value).ok();
            let holder = held_by(carrier, read.as_ref().and_then(|(_, drafts)| drafts.first()));
            fresh += usize::from(read.is_some_and(|(id, _)| carriers.insert(id)));
            let found = decode::rows(self.load.list.kind, &decode::included(value, self.include));
            unreadable += found.refused;
            rows.extend(found.rows.into_iter().map(|row| self.hung_on(&holder, row)));
        }
        (self.load.sift(rows, unreadable, &mut self.seen), fresh)
    }

    fn hung_on(&self, holder: &str, (id, mut drafts): Row) -> Row {
        if let Some(draft) = self.holder.and_then(|field| drafts.get_mut(field)) {
            *draft = Draft::Text(holder.to_owned());
        }
        (id, drafts)
    }
}

/// `process Onboarding 00012`
fn held_by(carrier: Kind, name: Option<&Draft>) -> String {
    let name = match name {
        Some(Draft::Text(name)) => text::name_or_nameless(name),
        _ => text::NAMELESS.into(),
    };
    format!("{} {name}", carrier.row().singular)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_hangs_on_is_named() {
        let name = Draft::Text("Onboarding\n00012".to_owned());
        assert_eq!(held_by(Kind::Processes, Some(&name)), "process Onboarding 00012");
        assert_eq!(held_by(Kind::Tasks, Some(&Draft::Missing)), "task (no name)");
        assert_eq!(held_by(Kind::Templates, None), "template (no name)");
    }
}
