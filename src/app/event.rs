//! Facts: everything that can happen to the program, in the one order of one channel.
//!
//! Owns what keys, deadlines, signals and the worker report. Each message carries when it happened, so that the core
//! needs no clock.

use std::sync::Arc;
use std::time::Duration;

use super::effect::RequestId;
use super::keymap::Chord;
use crate::model::download::DownloadedFile;
use crate::model::failure::Failure;
use crate::model::history::{JobPage, JobStep};
use crate::model::id::Id;
use crate::model::impact::Impact;
use crate::model::kind::{Coverage, Kind};
use crate::model::outcome::{Outcome, OutcomeCounts};
use crate::model::people::Members;
use crate::model::plan::Organization;
use crate::model::query::QueryResult;
use crate::model::record::{Page, Record};
use crate::model::record_detail::{RecordDetail, RelatedPage};
use crate::model::recovery::{RecoveryPlan, UnfinishedJob, UnfinishedJobs};
use crate::model::saved_filter::SavedFilter;
use crate::model::selection::{ResolvedRecord, SelectionResponse};
use crate::model::template_reference::Reference;
use crate::model::time::Moment;

/// The notice after a paste of which something was dropped.
pub const PASTE_CUT: &str = "the paste had no end or was longer than 64 KiB: the rest was dropped";

/// A fact, and when it happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// When.
    pub at: Moment,
    /// What.
    pub event_kind: EventKind,
}

/// Cells of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// What can happen.
#[derive(Debug, Clone)]
pub enum EventKind {
    /// A key went down.
    Key {
        /// Which.
        chord: Chord,
        /// Whether the keyboard repeats a key that is held.
        repeat: bool,
    },
    /// Text was pasted.
    Paste(String),
    /// The paste before had no end, or was longer than is taken; the rest of it is dropped.
    PasteCut,
    /// The terminal has another size.
    Resized(Size),
    /// A frame that the state waits for is on the screen.
    Drawn,
    /// A deadline of the state has passed.
    Due,
    /// The system wants something.
    Signal(Signal),
    /// A piece of work reports.
    Reply(RequestId, Response),
    /// A request was sent and this came of it.
    Attempt(Attempt),
    /// Requests wait, or wait no longer.
    Waiting(Option<LimitWait>),
    /// How many requests the limits still allow now, of how many; sent as it changes.
    Budget(Option<RemainingLimit>),
    /// Requests of jobs have waited for an answer for a while: or none do any more.
    Unanswered(Option<LateResponses>),
    /// The token is not accepted any more, and nothing leaves until another one is: or that has come about.
    LockedOut(Option<Failure>),
    /// The token is read from this place, which takes a while; or that is over.
    Reading(Option<String>),
    /// The organization that was to be gone to cannot be entered: why, and what to do about it.
    Stayed(String),
    /// After a job of permanent deletes some of their ids were looked for again; or why they could not be.
    Verified(Result<Verification, Failure>),
    /// The server cannot be reached, and nothing leaves but a probe now and then: or it can be again.
    Offline(Option<Failure>),
}

/// What the system can want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP.
    HangUp,
    /// The process runs again after it was stopped.
    Continued,
}

/// Why requests wait, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitWait {
    /// Since when, on the clock that never steps.
    pub since: Duration,
    /// Until when, on that clock.
    pub until: Duration,
    /// Why, for people.
    pub why: String,
}

impl LimitWait {
    /// Whether it is so long that a job counts as paused by it.
    #[must_use]
    pub fn is_pause(&self) -> bool {
        self.until.saturating_sub(self.since) > Duration::from_secs(120)
    }
}

/// What is left of the tightest budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemainingLimit {
    /// Requests that may leave now.
    pub left: usize,
    /// Requests a full budget holds.
    pub of: usize,
}

/// The purpose of looking for what was deleted: not to find it is what is hoped for.
pub const VERIFY: &str = "verify";

/// Requests of jobs that have waited for an answer for longer than a person would wonder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateResponses {
    /// How many requests of jobs are in flight.
    pub count: usize,
    /// When the first of them was sent, on the clock that never steps.
    pub oldest: Duration,
    /// When the last of them was.
    pub newest: Duration,
    /// How long an answer is waited for.
    pub timeout: Duration,
}

/// The purpose of a download for a person, who wants to know what came of each.
pub const SAVE: &str = "save";

/// One request that was sent, and what came of it.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The method on the wire.
    pub method: &'static str,
    /// What it was for: an action, or `list`, `count`, `read`.
    pub purpose: &'static str,
    /// The kind it was about, if it was about one.
    pub kind: Option<Kind>,
    /// The id of the record it was about, if it was about one.
    pub id: Option<Id>,
    /// The record's name, or what else was asked for.
    pub name: String,
    /// The URL, which never holds the token.
    pub url: String,
    /// From sending to the end of the answer.
    pub took: Duration,
    /// The status of an answer that was asked for, which a 404 is where the question was whether a record is there; or the
    /// failure.
    pub result: Result<u16, Failure>,
    /// How long it waits before it is sent again, if it is.
    pub again_in: Option<Duration>,
}

impl Attempt {
    /// Whether it is a read that came out as hoped for, which the pane shows only when asked.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let is_hoped_for = match self.result {
            Ok(200..300) => true,
            Ok(_) => self.purpose == VERIFY,
            Err(_) => false,
        };
        self.method == "GET" && self.purpose != SAVE && is_hoped_for
    }
}

/// How the loading of a list ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadEnd {
    /// How many records the server said there are, and did not send; at least so many may be missing of a list that is
    /// changing.
    pub missing: Option<u64>,
    /// Whether the list changed while it was read, and again while it was read again.
    pub is_changing: bool,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobEnd {
    /// The sum of its outcomes.
    pub tally: OutcomeCounts,
    /// Whether it was cancelled from here.
    pub cancelled: bool,
    /// What stopped it before its end, if something did.
    pub stopped: Option<Failure>,
}

/// The result of looking again for records that a job deleted permanently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// How many of their ids were looked for.
    pub sampled: usize,
    /// The names of those that were found, twice.
    pub found: Vec<String>,
}

impl Verification {
    /// How many names are told.
    const TOLD: usize = 3;

    /// `verified: 0 of 12 sampled ids found`, with the names of those that were.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self { sampled, found } = self;
        let mut sentence = format!("verified: {} of {sampled} sampled ids found", found.len());
        if !found.is_empty() {
            sentence.push_str(": ");
            sentence.push_str(&found[..found.len().min(Self::TOLD)].join(", "));
        }
        if found.len() > Self::TOLD {
            sentence.push_str(&format!(" and {} more", found.len() - Self::TOLD));
        }
        sentence
    }
}

/// What has to be known of a step besides its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepRemark {
    /// These references to the record were stripped for good, and nothing but this remembers them.
    Stripped(Vec<Reference>),
    /// The server has lost the bytes of the file, so that no copy can be made: it can only be deleted without one.
    BytesGone,
    /// A file was backed up whose first bytes do not fit its name.
    OddStart {
        /// The file's name.
        file: String,
        /// The ending of it.
        ending: String,
    },
}

/// By which way a text was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyMethod {
    /// A program of the system has it.
    System,
    /// It is left to the terminal, which does not say whether it does so.
    Terminal {
        /// The text.
        text: String,
        /// Why no program has it, where one was to.
        because: Option<String>,
    },
}

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyResult {
    /// What it is: `the id`.
    pub what: String,
    /// By which way.
    pub way: CopyMethod,
}

/// What came of opening a record in the web app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowseResult {
    /// The record's kind.
    pub kind: Kind,
    /// The address.
    pub address: String,
    /// Whether it is the record's own page; else it is the dashboard of the organization.
    pub is_exact: bool,
    /// Why no browser has it, and by which way it is copied instead.
    pub left: Option<(String, CopyMethod)>,
}

/// A file that records were written into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedFile {
    /// Its path as a person would type it.
    pub path: String,
    /// How many records it holds.
    pub records: usize,
    /// What is missing among them.
    pub lacks: Option<String>,
}

/// What a piece of work reports.
#[derive(Debug, Clone)]
pub enum Response {
    /// More rows of a list, page by page in order. Not final.
    Page {
        /// Which page of the list it is, from 1.
        number: u32,
        /// The new rows that belong to the scope asked for, without ids that came before.
        page: Arc<Page>,
        /// How many records the list has, as the server last said.
        total: Option<u64>,
        /// How many rows contradicted the scope and were dropped.
        dropped: usize,
        /// How many rows could not be read.
        unreadable: usize,
        /// For collected kinds, how far they have been gathered.
        coverage: Vec<Coverage>,
    },
    /// The list changed while it was read: its pages from this number on are read again. Not final.
    Reread {
        /// The number of the page.
        from: u32,
    },
    /// A page of a list could not be read; the pages after it may come all the same. Not final.
    Gap {
        /// Which page of the list it is, from 1.
        number: u32,
        /// Why.
        why: Failure,
    },
    /// Records of a collected kind that came before and were found once more, with what is new of them. Not final.
    Amended(Arc<Page>),
    /// Rows of a list that a search found, of the scope asked for. Not final.
    Found(Arc<Page>),
    /// A queued job is running now. Not final.
    Started,
    /// The plan of a job is in the journal, under this number. Not final.
    Recorded(i64),
    /// The job is held and nothing of it is under way any more. Not final.
    Paused,
    /// A step of a job ended. Not final.
    Step {
        /// Its position in the plan.
        step: usize,
        /// How it ended.
        outcome: Outcome,
        /// Why, unless it is done.
        reason: Option<String>,
        /// The record as the server now gives it, if the answer held it.
        record: Option<Record>,
        /// What else has to be known of it.
        remark: Option<StepRemark>,
    },
    /// What hangs on the records of a plan, as far as it has been counted, by kind. Not final.
    ImpactProgress(Vec<Impact>),
    /// The beginning of the order of a long list. Not final.
    QueryProgress(QueryResult),
    /// Who we are.
    Identified(Result<Organization, Failure>),
    /// The names of the members.
    Members(Result<Members, Failure>),
    /// The organizations the person is in.
    Organizations(Result<Vec<Organization>, Failure>),
    /// How many there are.
    Counted(Result<u64, Failure>),
    /// The list has been read to its end, or has not.
    Loaded(Result<LoadEnd, Failure>),
    /// A search came to its end.
    Searched(Result<(), Failure>),
    /// All that is known of a record.
    Read(Result<Box<RecordDetail>, Failure>),
    /// What a record leads to.
    Related(Result<RelatedPage, Failure>),
    /// The rows to show, in order; `None` if it was cancelled.
    QueryResult(Option<QueryResult>),
    /// The job is over.
    JobEnded(JobEnd),
    /// What hangs on the records of a plan, by kind.
    Impact(Vec<Impact>),
    /// A past job that can go through the dialog; `None` if there is none.
    RecoveryPlanned(Result<Option<Box<RecoveryPlan>>, Failure>),
    /// Jobs that earlier runs left open, as the journal says it. Not final.
    UnfinishedJobs(UnfinishedJobs),
    /// A step of an unfinished job has been read back. Not final.
    ReadBack {
        /// The job.
        job: i64,
        /// How the step ended.
        outcome: Outcome,
    },
    /// The jobs an earlier run of the program did not finish, with what was unknown read back.
    Unfinished(Result<Vec<UnfinishedJob>, Failure>),
    /// Some of the past jobs.
    History(Result<JobPage, Failure>),
    /// The steps of a past job, in the order of its plan, and how many entries could not be read.
    JobSteps(Result<(Vec<JobStep>, u64), Failure>),
    /// Something is in the clipboard, or is for the terminal to put there.
    Copied(Result<CopyResult, Failure>),
    /// A record has been opened in the web app, or its address is copied; none where no address is known.
    Browsed(Result<BrowseResult, Failure>),
    /// Records have been written into a file.
    Exported(Result<ExportedFile, Failure>),
    /// It is noted that a person knows of an earlier journal.
    Acknowledged(Result<(), Failure>),
    /// An unfinished job has been closed.
    Dropped(Result<(), Failure>),
    /// The token is accepted, and requests leave again.
    Authenticated(Result<(), Failure>),
    /// The saved filters, of every kind; or why they could not be read or changed, and what to do about it.
    SavedFilters(Result<Vec<SavedFilter>, String>),
    /// Of the files that are being saved so many bytes have come. Not final.
    DownloadProgress(u64),
    /// One of them is on the disk, or is not: why, unless the line of its request has told it. Not final.
    FileDownloaded {
        /// Its position among them.
        file: usize,
        /// What came of it.
        result: Result<DownloadedFile, Option<Failure>>,
    },
    /// No more files are saved; or what ended it early.
    DownloadEnded(Result<(), Failure>),
    /// A record that was asked for by its kind and id.
    RecordFound(Result<Record, Failure>),
    /// What was wanted of sets of marks; or why it could not be done, and what to do about it.
    Selections(Result<SelectionResponse, String>),
    /// Records that were looked up. Not final.
    Resolving(Vec<ResolvedRecord>),
    /// Nothing more is looked up.
    Resolved(Result<(), Failure>),
    /// A file has been written: its path as a person would type it.
    Written(Result<String, Failure>),
    /// The work broke off through a fault of this program.
    Panicked(Failure),
}

impl Response {
    /// Whether the ticket is finished with it.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(
            self,
            Self::Page { .. }
                | Self::Reread { .. }
                | Self::Gap { .. }
                | Self::Amended(_)
                | Self::Found(_)
                | Self::Resolving(_)
                | Self::Started
                | Self::Recorded(_)
                | Self::Paused
                | Self::Step { .. }
                | Self::ImpactProgress(_)
                | Self::QueryProgress(_)
                | Self::UnfinishedJobs(_)
                | Self::ReadBack { .. }
                | Self::DownloadProgress(_)
                | Self::FileDownloaded { .. }
        )
    }
}
