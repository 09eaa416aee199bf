//! Looks records up that are known by kind and id only, so that marks hold what is there.
//!
//! Owns where each is looked for: by its id, then once in the list of archived ones of its kind, because not every
//! archived record is known by its id, and in the end whether the organization answers at all, because a 404 alone
//! proves nothing (API sheet, sections 4.2 and 6.2). All of it is read when nobody else wants to.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::stream;

use crate::app::effect::RequestId;
use crate::app::event::Response;
use crate::model::catalog::{ListRoute, Source};
use crate::model::failure::{Cause, Failure};
use crate::model::id::Id;
use crate::model::kind::{Kind, Scope};
use crate::model::record::Record;
use crate::model::selection::{ResolvedRecord, ResolvedRecords, SelectedRecord};
use crate::tallyfy::{KeptKeys, decode};
use crate::worker::http::executor::{Executor, RequestPurpose};
use crate::worker::http::rate_limiter::Priority;
use crate::worker::lists::paginator::{ABREAST, ListSpec, Paginator};
use crate::worker::records::lookup::ORGANIZATION;
use crate::worker::response_sender::ResponseSender;

/// A search for records.
pub(crate) struct RecordResolver {
    pub(crate) session: Executor,
    pub(crate) post: ResponseSender,
    pub(crate) request_id: RequestId,
}

/// The records of one kind that their ids did not lead to.
type UnresolvedIds = BTreeMap<Id, SelectedRecord>;

impl RecordResolver {
    /// Looks all of them up, and tells of each as soon as it is known.
    pub(crate) async fn run(&self, entries: Vec<SelectedRecord>) {
        let looks = entries.into_iter().map(|entry| async move {
            let found = self.by_id(&entry).await;
            (entry, found)
        });
        let mut looks = stream::iter(looks).buffer_unordered(ABREAST);
        let mut missing: BTreeMap<Kind, UnresolvedIds> = BTreeMap::new();
        while let Some((entry, found)) = looks.next().await {
            match found {
                Some(found) => self.tell(vec![ResolvedRecord { entry, found }]),
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
        let missing: Vec<SelectedRecord> = missing.into_values().flat_map(BTreeMap::into_values).collect();
        if !missing.is_empty() {
            let answer =
                self.session.read(&request_purpose(None, "the organization"), ORGANIZATION, None, &[]).await;
            let found = answer
                .map_or_else(|failure| ResolvedRecords::Unread(failure.words), |_| ResolvedRecords::Gone);
            self.tell(
                missing.into_iter().map(|entry| ResolvedRecord { entry, found: found.clone() }).collect(),
            );
        }
    }

    fn tell(&self, sights: Vec<ResolvedRecord>) {
        self.post.response(self.request_id, Response::Resolving(sights));
    }

    /// What the server says to the id; nothing where it does not know it.
    async fn by_id(&self, entry: &SelectedRecord) -> Option<ResolvedRecords> {
        let row = entry.kind.row();
        let name = entry.told();
        match self
            .session
            .read(&request_purpose(Some(entry.kind), &name), row.get, Some(&entry.id), &[])
            .await
        {
            Err(failure) if failure.cause == Cause::NotFound => None,
            Err(failure) => Some(ResolvedRecords::Unread(failure.words)),
            Ok(value) => {
                let decoded = decode::row(entry.kind, &value).ok().filter(|(id, _)| *id == entry.id);
                let Some((id, drafts)) = decoded else {
                    return Some(ResolvedRecords::Unread(
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
    async fn in_archive(&self, kind: Kind, list: &ListRoute, missing: &mut UnresolvedIds) {
        let mut listing = ListSpec::of(kind, list, Scope::Archived);
        (listing.first, listing.name) = (Priority::Background, "archived");
        listing.keep = KeptKeys::fields(kind);
        let mut pages = Paginator::new(&self.session, &listing);
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
                    sights
                        .push(ResolvedRecord { entry, found: found(Record::new(kind, id.clone(), drafts)) });
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
        if !pages.page_walk().is_whole(seen.len()) {
            let words = "the list of archived ones could not be read whole, or changed meanwhile";
            self.give_up(missing, &Failure::new(Cause::Garbled, words));
        }
    }

    fn give_up(&self, missing: &mut UnresolvedIds, failure: &Failure) {
        let entries = std::mem::take(missing).into_values();
        let found = ResolvedRecords::Unread(failure.words.clone());
        self.tell(entries.map(|entry| ResolvedRecord { entry, found: found.clone() }).collect());
    }
}

/// What a record that came says: some that were deleted still come, and say so.
fn found(record: Record) -> ResolvedRecords {
    if record.is_gone() { ResolvedRecords::Gone } else { ResolvedRecords::There(record) }
}

fn request_purpose(kind: Option<Kind>, name: &str) -> RequestPurpose {
    RequestPurpose {
        urgency: Priority::Background,
        purpose: "read",
        kind,
        name: name.to_owned(),
        may_lack: false,
    }
}
