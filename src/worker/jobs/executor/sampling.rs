//! Looks for what a job deleted permanently.
//!
//! Owns which of the ids are looked for and where: one page of the list that held most of them, and two single reads for
//! what that page cannot prove. Nothing is said of an id that was found before it was found again 5 s later, because lists
//! may lag behind writes (API sheet, section 0.2). Must not change how a step ended.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::sleep;

use super::ConfirmedJob;
use crate::app::event::{EventKind, VERIFY, Verification};
use crate::model::catalog::{LookupMode, Source};
use crate::model::failure::{Cause, Failure};
use crate::model::id::Id;
use crate::model::kind::{Action, Kind, Scope};
use crate::model::outcome::Outcome;
use crate::model::record::{Record, Value};
use crate::tallyfy::decode;
use crate::worker::http::executor::{Executor, QueryParameter, RequestPurpose};
use crate::worker::http::rate_limiter::Priority;
use crate::worker::lists::paginator::{ListSpec, PER_PAGE};
use crate::worker::response_sender::ResponseSender;

/// How many ids a whole list is said to have been looked through for.
const MOST_SAMPLED: usize = 12;
/// How many records are read singly besides the page; one more where the kind has no list.
const READ_SINGLY: usize = 2;
/// How far a list may lag behind.
const LAG: Duration = Duration::from_secs(5);

/// What a job deleted, by the list that held it.
#[derive(Debug)]
pub(super) struct Sampling {
    session: Executor,
    post: ResponseSender,
    /// The largest share first, and each in the order of the plan.
    shares: Vec<SampledList>,
}

/// Deleted records that one list held, or of a kind without a list.
#[derive(Debug)]
struct SampledList {
    kind: Kind,
    listing: Option<ListSpec>,
    records: Vec<Record>,
}

/// One page of a list.
#[derive(Debug)]
struct SamplePage {
    ids: BTreeSet<Id>,
    /// Whether the list has no other page.
    is_whole: bool,
}

impl Sampling {
    /// The permanent deletes of `job` that are done; none if there are none.
    pub(super) fn of(job: &ConfirmedJob, ended: &[Option<Outcome>]) -> Option<Self> {
        let mut shares: Vec<SampledList> = Vec::new();
        for (step, ended) in job.plan.steps.iter().zip(ended) {
            if step.row.action != Action::Delete || *ended != Some(Outcome::Done) {
                continue;
            }
            let (kind, record) = (step.record.kind(), step.record.clone());
            let listing = list_of(&record, step.after.is_some());
            let is_same =
                |share: &&mut SampledList| share.kind == kind && share.query() == query(listing.as_ref());
            match shares.iter_mut().find(is_same) {
                Some(share) => share.records.push(record),
                None => shares.push(SampledList { kind, listing, records: vec![record] }),
            }
        }
        shares.sort_by_key(|share| Reverse(share.records.len()));
        (!shares.is_empty()).then(|| Self { session: job.session.clone(), post: job.post.clone(), shares })
    }

    /// Looks for them, and reports what was found.
    pub(super) async fn run(self) {
        let verified = self.sample().await;
        self.post.tell(EventKind::Verified(verified));
    }

    async fn sample(&self) -> Result<Verification, Failure> {
        let (mut sampled, mut found) = (0, Vec::new());
        let mut unproven = Vec::new();
        let listed =
            self.shares.iter().find_map(|share| share.listing.as_ref().map(|listing| (share, listing)));
        if let Some((share, listing)) = listed {
            let look = self.look(share, listing).await?;
            let there: Vec<&Record> =
                share.records.iter().filter(|record| look.ids.contains(record.id())).collect();
            if look.is_whole {
                sampled += share.records.len().min(MOST_SAMPLED).max(there.len());
            } else {
                sampled += there.len();
                unproven.extend(share.records.iter().filter(|record| !look.ids.contains(record.id())));
            }
            if !there.is_empty() {
                sleep(LAG).await;
                let again = self.look(share, listing).await?;
                found.extend(there.into_iter().filter(|record| again.ids.contains(record.id())));
            }
        }
        let others =
            self.shares.iter().filter(|share| listed.is_none_or(|(first, _)| !std::ptr::eq(first, *share)));
        unproven.extend(others.flat_map(|share| &share.records));
        let singly = READ_SINGLY + usize::from(listed.is_none());
        for record in spread(&unproven, singly) {
            sampled += 1;
            if !self.is_there(record).await? {
                continue;
            }
            sleep(LAG).await;
            if self.is_there(record).await? {
                found.push(record);
            }
        }
        let found = found.into_iter().map(|record| record.name().to_owned()).collect();
        Ok(Verification { sampled, found })
    }

    /// Reads one page of a list.
    async fn look(&self, share: &SampledList, listing: &ListSpec) -> Result<SamplePage, Failure> {
        let SampledList { kind, .. } = *share;
        let request_purpose = request_purpose(kind, kind.row().plural);
        let page = (1, PER_PAGE);
        let listed = self
            .session
            .list(&request_purpose, (listing.route, None), &listing.query, page, &listing.keep)
            .await?;
        let rows = listed.rows.len();
        // A total can be too low (API sheet, section 9, row 18), so a full page may always be followed by another.
        let is_whole = rows < PER_PAGE && listed.meta.total.is_none_or(|total| total <= rows as u64);
        let records = decode::rows(kind, &listed.rows).rows.into_iter();
        let records = records.map(|(id, drafts)| Record::new(kind, id, drafts));
        let ids = records.filter(|record| !record.is_gone()).map(|record| record.id().clone()).collect();
        Ok(SamplePage { ids, is_whole })
    }

    /// Reads one record: by its id or, where an archived one answers 404 to that, by its name in the list.
    async fn is_there(&self, record: &Record) -> Result<bool, Failure> {
        let kind = record.kind();
        let request_purpose = request_purpose(kind, record.name());
        let listing = list_of(record, true).filter(|_| kind.row().by_id == LookupMode::WhileLive);
        if let Some(mut listing) = listing {
            listing.query.push(("q", record.name().to_owned()));
            let page = (1, PER_PAGE);
            let listed = self
                .session
                .list(&request_purpose, (listing.route, None), &listing.query, page, &listing.keep)
                .await?;
            return Ok(decode::rows(kind, &listed.rows).rows.iter().any(|(id, _)| id == record.id()));
        }
        let request_purpose = RequestPurpose { may_lack: true, ..request_purpose };
        match self.session.read(&request_purpose, kind.row().get, Some(record.id()), &[]).await {
            Err(failure) if failure.cause == Cause::NotFound => Ok(false),
            Err(failure) => Err(failure),
            Ok(value) => {
                let now = decode::row(kind, &value).ok().map(|(id, drafts)| Record::new(kind, id, drafts));
                Ok(now.is_some_and(|now| now.id() == record.id() && !now.is_gone()))
            }
        }
    }
}

impl SampledList {
    fn query(&self) -> Option<&[QueryParameter]> {
        query(self.listing.as_ref())
    }
}

fn query(listing: Option<&ListSpec>) -> Option<&[QueryParameter]> {
    listing.map(|listing| listing.query.as_slice())
}

/// The list that held a record before it was deleted; none for a kind without a list.
fn list_of(record: &Record, was_archived_first: bool) -> Option<ListSpec> {
    let Source::List(list) = &record.kind().row().source else { return None };
    let is_archived = record.kind().row().lists_archived() && (was_archived_first || record.is_archived());
    let scope = if is_archived { Scope::Archived } else { Scope::Active };
    let listing = ListSpec::of(record.kind(), list, scope);
    let held = list.parts.iter().find(|part| record.named(part.field) == Value::Text(part.value));
    Some(match held {
        Some(part) => listing.part(part),
        None => listing,
    })
}

/// Up to `most` of the records, as far apart as they can be.
fn spread<'a>(records: &[&'a Record], most: usize) -> Vec<&'a Record> {
    let n = records.len().min(most);
    let place = |nth: usize| nth * (records.len() - 1) / n.saturating_sub(1).max(1);
    (0..n).filter_map(|nth| records.get(place(nth)).copied()).collect()
}

fn request_purpose(kind: Kind, name: &str) -> RequestPurpose {
    RequestPurpose {
        urgency: Priority::Background,
        purpose: VERIFY,
        kind: Some(kind),
        name: name.to_owned(),
        may_lack: false,
    }
}
