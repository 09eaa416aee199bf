//! Looks records up that are known by kind and id only, so that marks hold what is there.
//!
//! Owns where each is looked for: by its id, then once in the list of archived ones of its kind, because not every
//! archived record is known by its id, and in the end whether the organization answers at all, because a 404 alone
//! proves nothing (API sheet, sections 4.2 and 6.2). All of it is read when nobody else wants to.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::stream;

use crate::app::effect::Ticket;
use crate::app::event::Reply;
use crate::model::catalog::{List, Source};
use crate::model::failure::{Cause, Failure};
use crate::model::id::Id;
use crate::model::kind::{Kind, Scope};
use crate::model::record::Record;
use crate::model::selection::{Entry, Found, Sight};
use crate::tallyfy::{Keep, decode};
use crate::worker::http::executor::{Errand, Session};
use crate::worker::http::rate_limiter::Urgency;
use crate::worker::lists::paginator::{ABREAST, Listing, Pages};
use crate::worker::records::lookup::ORGANIZATION;
use crate::worker::response_sender::Post;

/// A search for records.
pub(crate) struct Seek {
    pub(crate) session: Session,
    pub(crate) post: Post,
    pub(crate) ticket: Ticket,
}

/// The records of one kind that their ids did not lead to.
type Missing = BTreeMap<Id, Entry>;

impl Seek {
    /// Looks all of them up, and tells of each as soon as it is known.
    pub(crate) async fn run(&self, entries: Vec<Entry>) {
        let looks = entries.into_iter().map(|entry| async move {
            let found = self.by_id(&entry).await;
            (entry, found)
        });
        let mut looks = stream::iter(looks).buffer_unordered(ABREAST);
        let mut missing: BTreeMap<Kind, Missing> = BTreeMap::new();
        while let Some((entry, found)) = looks.next().await {
            match found {
                Some(found) => self.tell(vec![Sight { entry, found }]),
                None => drop(missing.entry(entry.kind).or_default().insert(entry.id.clone(), entry)),
            }
        }
        for (kind, missing) in &mut missing {
            if let Source::List(list) = &kind.row().source
                && kind.row().archives()
            {
                self.in_archive(*kind, list, missing).await;
            }
        }
        let missing: Vec<Entry> = missing.into_values().flat_map(BTreeMap::into_values).collect();
        if !missing.is_empty() {
            let answer = self.session.read(&errand(None, "the organization"), ORGANIZATION, None, &[]).await;
            let found = answer.map_or_else(|failure| Found::Unread(failure.words), |_| Found::Gone);
            self.tell(missing.into_iter().map(|entry| Sight { entry, found: found.clone() }).collect());
        }
    }

    fn tell(&self, sights: Vec<Sight>) {
        self.post.reply(self.ticket, Reply::Sighted(sights));
    }

    /// What the server says to the id; nothing where it does not know it.
    async fn by_id(&self, entry: &Entry) -> Option<Found> {
        let row = entry.kind.row();
        let name = entry.told();
        match self.session.read(&errand(Some(entry.kind), &name), row.get, Some(&entry.id), &[]).await {
            Err(failure) if failure.cause == Cause::NotFound => None,
            Err(failure) => Some(Found::Unread(failure.words)),
            Ok(value) => {
                let decoded = decode::row(entry.kind, &value).ok().filter(|(id, _)| *id == entry.id);
                let Some((id, drafts)) = decoded else {
                    return Some(Found::Unread(
                        "another record came than the one that was asked for".to_owned(),
                    ));
                };
                let record = Record::new(entry.kind, id, drafts);
                Some(found(record))
            }
        }
    }

    /// Reads the list of archived ones until all that are missing have come, or to its end. What is still missing then,
    /// and could be in it, is told to be unknown.
    async fn in_archive(&self, kind: Kind, list: &List, missing: &mut Missing) {
        let mut listing = Listing::of(kind, list, Scope::Archived);
        (listing.first, listing.name) = (Urgency::Background, "archived");
        listing.keep = Keep::fields(kind);
        let mut pages = Pages::new(&self.session, &listing);
        let mut seen = BTreeSet::new();
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err((_, failure)) => return self.give_up(missing, &failure),
            };
            let before = seen.len();
            let mut sights = Vec::new();
            for row in &page.rows {
                let Ok((id, drafts)) = decode::row(kind, row) else { continue };
                if let Some(entry) = missing.remove(&id) {
                    sights.push(Sight { entry, found: found(Record::new(kind, id.clone(), drafts)) });
                }
                seen.insert(id);
            }
            pages.taken(&page, seen.len() - before);
            if !sights.is_empty() {
                self.tell(sights);
            }
            if missing.is_empty() {
                return;
            }
        }
        if !pages.walk().is_whole(seen.len()) {
            let words = "the list of archived ones could not be read whole, or changed meanwhile";
            self.give_up(missing, &Failure::new(Cause::Garbled, words));
        }
    }

    fn give_up(&self, missing: &mut Missing, failure: &Failure) {
        let entries = std::mem::take(missing).into_values();
        let found = Found::Unread(failure.words.clone());
        self.tell(entries.map(|entry| Sight { entry, found: found.clone() }).collect());
    }
}

/// What a record that came says: some that were deleted still come, and say so.
fn found(record: Record) -> Found {
    if record.is_gone() { Found::Gone } else { Found::There(record) }
}

fn errand(kind: Option<Kind>, name: &str) -> Errand {
    Errand { urgency: Urgency::Background, purpose: "read", kind, name: name.to_owned(), may_lack: false }
}
