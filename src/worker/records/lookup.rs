//! What is really there: a record as the server has it now, wherever it tells the truth about its kind.
//!
//! Owns where a record is looked for: by its id, in the list of archived ones where that is the only place, and in the
//! end whether the organization answers at all, because a 404 alone proves nothing (API sheet, sections 4.2 and 6.2).
//! Must not decide what follows for a job.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex as Lock, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::model::catalog::{ListRoute, LookupMode, Source};
use crate::model::failure::{Cause, Failure};
use crate::model::id::Id;
use crate::model::kind::{Kind, Scope};
use crate::model::outcome::ReadBack;
use crate::model::record::Record;
use crate::model::text;
use crate::model::time::Moment;
use crate::tallyfy::{KeptKeys, decode};
use crate::worker::http::executor::{Executor, QueryParameter, RequestPurpose};
use crate::worker::http::rate_limiter::Priority;
use crate::worker::lists::paginator;
use crate::worker::lists::paginator::{ListSpec, Paginator};

/// The organization itself.
pub(crate) const ORGANIZATION: &str = "organizations/{org}";
/// A list of archived records this old still serves for the look before a deletion; a slower one twice its own time.
const RECENT: Duration = Duration::from_secs(5);
/// With fewer records than this to be found in a list, each is searched by name before the whole list is read.
const FEW: usize = 4;
/// How often a list is read that does not hold still.
const MOST_SWEEPS: u32 = 3;
/// Before it is read again: what this program has under way itself comes to its end meanwhile.
const SETTLING: Duration = Duration::from_secs(2);
/// How many pages of a list are searched for a detail page: a person waits for it, and a job beside it.
const MOST_PAGES: usize = 20;

/// How new a reading must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// A moment old at most: for the look before a deletion.
    Recent,
    /// Begun after it was asked for: for reading back what a request did.
    New,
}

/// What a record is looked at for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LookupUse {
    /// To see whether it is there, and how it stands.
    Standing,
    /// To keep a copy of all that belongs to it.
    Copy,
    /// To show it to a person who waits.
    Page,
}

impl LookupUse {
    fn includes(self, kind: Kind) -> Vec<QueryParameter> {
        let with = match self {
            Self::Standing => "",
            Self::Copy => kind.row().copy_with,
            Self::Page => kind.row().get_with,
        };
        if with.is_empty() { Vec::new() } else { vec![("with", with.to_owned())] }
    }

    fn urgency(self) -> Priority {
        match self {
            Self::Standing | Self::Copy => Priority::Job,
            Self::Page => Priority::Urgent,
        }
    }
}

/// What was found, with everything the server said of it.
#[derive(Debug)]
pub(crate) enum FoundRecord {
    There {
        record: Record,
        said: Value,
        /// It was so then, or later.
        at: Moment,
    },
    Gone,
}

/// What was said of a record, and since when at the earliest that was so.
type LookupAnswer = (Value, Moment);

impl From<FoundRecord> for ReadBack {
    fn from(seen: FoundRecord) -> Self {
        match seen {
            FoundRecord::There { record, .. } => Self::There(record),
            FoundRecord::Gone => Self::Gone,
        }
    }
}

/// The truth about some records. What several of them share is asked for once.
#[derive(Debug)]
pub(crate) struct RecordLookup {
    session: Executor,
    /// For each kind with an archive, what its list was last seen to hold of the records in question.
    archives: BTreeMap<Kind, ArchivedLists>,
    /// Kinds whose archived records turned out not to be known by their id.
    listed: Lock<BTreeSet<Kind>>,
    /// What for.
    purpose: LookupUse,
}

/// What is known of one kind's list of archived records, and how often it has been read.
#[derive(Debug)]
struct ArchivedLists {
    /// Readings begun. These and not the clock tell which came first: a coarse one calls two moments the same.
    sweeps: AtomicU64,
    /// Whether so few records are wanted that each is searched for before the list is read.
    few: bool,
    last: Mutex<ArchivedList>,
}

#[derive(Debug, Default)]
struct ArchivedList {
    wanted: BTreeSet<Id>,
    found: BTreeMap<Id, LookupAnswer>,
    /// Which reading this is, from 1.
    sweep: u64,
    begun: Option<Moment>,
    took: Duration,
    /// Whether nothing can have been missed.
    whole: bool,
}

impl RecordLookup {
    /// The truth about `records`.
    pub(crate) fn new<'a>(
        session: &Executor,
        records: impl IntoIterator<Item = &'a Record>,
        purpose: LookupUse,
    ) -> Self {
        let mut wanted: BTreeMap<Kind, BTreeSet<Id>> = BTreeMap::new();
        for record in records {
            wanted.entry(record.kind()).or_default().insert(record.id().clone());
        }
        let archives = wanted.into_iter().filter(|(kind, _)| kind.row().lists_archived());
        let archive = |wanted: BTreeSet<Id>| {
            let few = wanted.len() < FEW;
            let last = Mutex::new(ArchivedList { wanted, ..ArchivedList::default() });
            ArchivedLists { sweeps: AtomicU64::new(0), few, last }
        };
        Self {
            session: session.clone(),
            archives: archives.map(|(kind, wanted)| (kind, archive(wanted))).collect(),
            listed: Lock::default(),
            purpose,
        }
    }

    /// Looks for a record.
    pub(crate) async fn look(&self, record: &Record, age: Freshness) -> Result<FoundRecord, Failure> {
        let kind = record.kind();
        let list_first = record.is_archived() && self.is_listed(kind);
        if list_first && let Some(said) = self.in_archive(record, age).await? {
            return there(record, said);
        }
        if let Some(said) = self.by_id(record).await? {
            return there(record, said);
        }
        if !list_first && kind.row().lists_archived() {
            if let Some(said) = self.in_archive(record, age).await? {
                self.listed.lock().unwrap_or_else(PoisonError::into_inner).insert(kind);
                return there(record, said);
            }
            // It may have been restored while the list was read.
            if let Some(said) = self.by_id(record).await? {
                return there(record, said);
            }
        }
        // Where the organization itself cannot be read, nothing is known of what belongs to it.
        self.session.read(&self.request_purpose(None, "the organization"), ORGANIZATION, None, &[]).await?;
        Ok(FoundRecord::Gone)
    }

    /// Whether archived records of a kind are found in their list only.
    fn is_listed(&self, kind: Kind) -> bool {
        let listed = || self.listed.lock().unwrap_or_else(PoisonError::into_inner).contains(&kind);
        kind.row().by_id == LookupMode::WhileLive || listed()
    }

    async fn by_id(&self, record: &Record) -> Result<Option<LookupAnswer>, Failure> {
        let asked = self.session.now();
        let row = record.kind().row();
        let query = self.purpose.includes(record.kind());
        let request_purpose =
            RequestPurpose { may_lack: true, ..self.request_purpose(Some(record.kind()), record.name()) };
        match self.session.read(&request_purpose, row.get, Some(record.id()), &query).await {
            Err(failure) if failure.cause == Cause::NotFound => Ok(None),
            answer => answer.map(|value| Some((value, asked))),
        }
    }

    /// Looks in the list of archived records; none for a kind that has no such list.
    async fn in_archive(&self, record: &Record, age: Freshness) -> Result<Option<LookupAnswer>, Failure> {
        let (Some(archives), Source::List(list)) =
            (self.archives.get(&record.kind()), &record.kind().row().source)
        else {
            return Ok(None);
        };
        let asked =
            FreshnessBound { age, at: self.session.now(), sweeps: archives.sweeps.load(Ordering::SeqCst) };
        let searched = archives.few || age == Freshness::New;
        if searched && let Some(said) = self.by_name(record, list).await? {
            return Ok(Some(said));
        }
        let mut archive = archives.last.lock().await;
        let most = if self.purpose == LookupUse::Page { 1 } else { MOST_SWEEPS };
        for sweep in 0..=most {
            if archive.serves(&asked)
                && let Some(said) = archive.found.get(record.id())
            {
                // What was asked for anew is as new as such a list can tell it.
                let at = if age == Freshness::New { self.session.now() } else { said.1 };
                return Ok(Some((said.0.clone(), at)));
            }
            if archive.is_newer(&asked) && archive.whole || sweep == most {
                break;
            }
            if sweep > 0 {
                sleep(SETTLING).await;
            }
            let number = archives.sweeps.fetch_add(1, Ordering::SeqCst) + 1;
            self.sweep(&mut archive, number, (record.kind(), list)).await?;
        }
        // While one record leaves and another comes, a third may be passed over though the count is right.
        if !searched && let Some(said) = self.by_name(record, list).await? {
            return Ok(Some(said));
        }
        let words = "the list of archived ones could not be read whole, or did not hold still meanwhile";
        if archive.whole { Ok(None) } else { Err(Failure::new(Cause::Garbled, words)) }
    }

    /// Searches by name. Not to be found so proves nothing: it may have been renamed, or the search not be heeded.
    async fn by_name(&self, record: &Record, list: &ListRoute) -> Result<Option<LookupAnswer>, Failure> {
        let asked = self.session.now();
        if record.name() == text::NAMELESS {
            return Ok(None);
        }
        let mut listing = self.listing(record.kind(), list);
        listing.query.push(("q", record.name().to_owned()));
        let mut pages = Paginator::new(&self.session, &listing);
        let Some(page) = pages.next().await else { return Ok(None) };
        let found = page
            .map_err(|(_, why)| why)?
            .rows
            .into_iter()
            .find(|row| is_row_of(record.kind(), row, record.id()));
        Ok(found.map(|value| (value, asked)))
    }

    /// Reads the whole list, and keeps what is wanted of it.
    async fn sweep(
        &self,
        archive: &mut ArchivedList,
        number: u64,
        (kind, list): (Kind, &ListRoute),
    ) -> Result<(), Failure> {
        let begun = self.session.now();
        let listing = self.listing(kind, list);
        let mut pages = Paginator::new(&self.session, &listing);
        let (mut found, mut seen) = (BTreeMap::new(), BTreeSet::new());
        let (mut heeded, mut cut_short) = (true, false);
        // A page is asked for no earlier than that many pages before it is handed over.
        let mut asked = VecDeque::from(vec![begun; 2 * paginator::ABREAST]);
        while let Some(page) = pages.next().await {
            let page = page.map_err(|(_, why)| why)?;
            let before = seen.len();
            let at = asked.pop_front().unwrap_or(begun);
            asked.push_back(self.session.now());
            for row in &page.rows {
                let Ok((id, drafts)) = decode::row(kind, row) else { continue };
                heeded &= Record::new(kind, id.clone(), drafts).is_archived();
                if archive.wanted.contains(&id) {
                    found.insert(id.clone(), (row.clone(), at));
                }
                seen.insert(id);
            }
            pages.taken(&page, seen.len() - before);
            cut_short = self.purpose == LookupUse::Page && page.number >= MOST_PAGES;
            if cut_short {
                break;
            }
        }
        // Rows move up when others leave, and may so be missed at the seam of two pages. A server that does not say how
        // many there are has not said that these are all.
        let counted = pages.page_walk().total().is_some() && pages.page_walk().is_whole(seen.len());
        // A list that shows live ones has not been asked for what it was meant to be, and proves nothing.
        let whole = counted && heeded && !cut_short;
        let wanted = std::mem::take(&mut archive.wanted);
        // A reading during which the machine was suspended serves nobody but who asked for it.
        let took = self.session.now().age_of(begun);
        let (begun, took) = (took.map(|_| begun), took.unwrap_or_default());
        *archive = ArchivedList { wanted, found, sweep: number, begun, took, whole };
        Ok(())
    }

    fn listing(&self, kind: Kind, list: &ListRoute) -> ListSpec {
        let mut listing = ListSpec::of(kind, list, Scope::Archived);
        listing.query.extend(self.purpose.includes(kind));
        (listing.first, listing.rest) = (self.purpose.urgency(), self.purpose.urgency());
        (listing.purpose, listing.name) = ("read", "archived");
        // A row may become a copy, or a page of every field.
        listing.keep = KeptKeys::Whole;
        listing
    }

    fn request_purpose(&self, kind: Option<Kind>, name: &str) -> RequestPurpose {
        RequestPurpose {
            urgency: self.purpose.urgency(),
            purpose: "read",
            kind,
            name: name.to_owned(),
            may_lack: false,
        }
    }
}

/// When something was asked for, and how new the answer must be.
struct FreshnessBound {
    age: Freshness,
    at: Moment,
    /// How many readings had begun by then.
    sweeps: u64,
}

impl ArchivedList {
    /// Whether what was found serves.
    fn serves(&self, asked: &FreshnessBound) -> bool {
        let slack = RECENT.max(self.took * 2);
        let recent = || {
            let age = self.begun.map(|begun| asked.at.age_of(begun));
            age.is_some_and(|age| age.is_some_and(|age| age <= slack))
        };
        self.is_newer(asked) || asked.age == Freshness::Recent && recent()
    }

    /// Whether the reading began after it was asked for.
    fn is_newer(&self, asked: &FreshnessBound) -> bool {
        self.sweep > asked.sweeps
    }
}

fn is_row_of(kind: Kind, row: &Value, id: &Id) -> bool {
    decode::row(kind, row).is_ok_and(|(found, _)| found == *id)
}

/// What the server says of a record, if it speaks of that one. Some kinds still show what has been deleted (API sheet,
/// section 6.9; section 9, row 10).
fn there(record: &Record, (value, at): LookupAnswer) -> Result<FoundRecord, Failure> {
    let kind = record.kind();
    let decoded = decode::row(kind, &value).ok().filter(|(id, _)| id == record.id());
    let Some((id, drafts)) = decoded else {
        return Err(Failure::new(Cause::Garbled, "another record came than the one that was asked for"));
    };
    let now = Record::new(kind, id, drafts);
    if now.is_gone() {
        return Ok(FoundRecord::Gone);
    }
    Ok(FoundRecord::There { record: now, said: value, at })
}
