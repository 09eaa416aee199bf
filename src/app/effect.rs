//! Requests of the core: what it wants done and never does itself.
//!
//! Owns the shape of a request. Effects on the screen are done by the terminal, work is done by the worker, which ends
//! every ticket with exactly one final message.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::catalog::Relation;
use crate::model::context::Context;
use crate::model::download::DownloadRequest;
use crate::model::export::{ExportFormat, ExportTable};
use crate::model::history::HistorySearch;
use crate::model::id::Id;
use crate::model::kind::{Coverage, Kind, Scope};
use crate::model::plan::Plan;
use crate::model::query;
use crate::model::record::Record;
use crate::model::record_detail::{PageRequest, RelatedQuery};
use crate::model::recovery::RecoveryRequest;
use crate::model::saved_filter::SavedFilterChange;
use crate::model::selection::{SelectedRecord, SelectionRequest};
use crate::model::token::Token;

/// The name of one piece of work, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// `q`: exit code 0.
    Quit,
    /// Ctrl-C or SIGINT: 130.
    Interrupted,
    /// SIGTERM: 143.
    Terminated,
    /// SIGHUP: 129.
    HungUp,
}

impl Exit {
    /// The process's exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Quit => 0,
            Self::HungUp => 129,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

/// What is asked to come along with each row of a list.
pub type ListIncludes = BTreeSet<&'static str>;

/// Parameters of a list that narrow it down.
pub type ListFilter = Vec<(&'static str, String)>;

/// A list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRequest {
    /// The kind.
    pub kind: Kind,
    /// The scope asked for.
    pub scope: Scope,
    /// What is to come along with each row.
    pub includes: ListIncludes,
}

impl ListRequest {
    /// The records of a kind in a scope, and nothing along with them.
    #[must_use]
    pub fn new(kind: Kind, scope: Scope) -> Self {
        Self { kind, scope, includes: ListIncludes::new() }
    }
}

/// Which pages of a list are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedPages {
    /// All of them.
    All,
    /// Those that an earlier reading has not brought.
    Rest {
        /// Pages that could not be read then.
        gaps: Vec<u32>,
        /// The page to go on from; none where the list has been read to its end.
        from: Option<u32>,
        /// How many rows the pages before that had.
        size: usize,
    },
    /// Of a collected kind, those that an earlier gathering could not read.
    Missing {
        /// By their numbers, as they were reported.
        gaps: Vec<u32>,
        /// What that gathering covered.
        coverage: Vec<Coverage>,
    },
}

/// What is to be copied.
#[derive(Debug, Clone)]
pub enum CopyRequest {
    /// A text, with what to call it: `the id`.
    Text {
        /// What it is.
        what: String,
        /// The text.
        text: String,
    },
    /// The request that reads a record, as a command.
    Read(Kind, Id),
}

/// Records that are to be written into a file.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    /// The file's name, with the folder it lies in if that is not the working directory.
    pub name: String,
    /// How they are written.
    pub format: ExportFormat,
    /// The records.
    pub record_detail: ExportTable,
    /// What is missing among them, to be said once they are written.
    pub lacks: Option<String>,
}

/// What the worker can be asked to do.
#[derive(Debug, Clone)]
pub enum Request {
    /// Read who we are and the organization's name. Ends with `Identified`.
    Identify,
    /// Read the names of the members. Ends with `Members`.
    Members,
    /// Read which organizations the person is in. Ends with `Organizations`.
    Organizations,
    /// Ask how many active records of a kind there are. Ends with `Counted`.
    Count(Kind),
    /// Read a list, page by page. Sends `Page` and `Gap`, and ends with `Loaded`.
    List {
        /// Of what.
        list: ListRequest,
        /// Which of its pages.
        wanted: WantedPages,
    },
    /// Ask the server for the rows of a list that a filter may let through, before the list itself has brought them. Sends
    /// `Found` and ends with `Searched`.
    Search {
        /// Of what.
        list: ListRequest,
        /// What the server is asked.
        question: ListFilter,
    },
    /// Read all that is known of one record. Ends with `Read`.
    Read(Record),
    /// Read what a record leads to. Ends with `Related`.
    Related {
        /// By which relation.
        relation: &'static Relation,
        /// What is asked with.
        lookup: RelatedQuery,
        /// Which part of it.
        page_request: PageRequest,
    },
    /// Filter and sort rows. May send `QueryProgress`, and ends with `QueryResult`.
    Query(query::Query),
    /// Count what hangs on the records of a plan. Sends `ImpactProgress` and ends with `Impact`.
    CountImpact(Arc<Plan>),
    /// Carry out a confirmed plan. Sends `Started` and `Step`, and ends with `JobEnded`.
    RunJob(Arc<Plan>),
    /// Look for what a past job left to be undone or tried again. What is unknown of it is read back first. Ends with
    /// `RecoveryPlanned`.
    PlanRecovery(RecoveryRequest),
    /// Look for jobs that an earlier run of the program did not finish, and read back what was under way. Ends with
    /// `Unfinished`.
    Unfinished,
    /// Read some of the past jobs that are sought, from the one before a job on. Ends with `History`.
    History {
        /// Which ones.
        sought: HistorySearch,
        /// That job; without one it begins with the newest.
        before: Option<i64>,
    },
    /// Read the steps of a past job. Ends with `JobSteps`.
    JobSteps(i64),
    /// Write the steps of a past job into a new file. Ends with `Written`.
    ExportJob {
        /// The job.
        job: i64,
        /// Only these of its steps.
        sought: Option<HistorySearch>,
    },
    /// Put something into the clipboard. Ends with `Copied`.
    Copy(CopyRequest),
    /// Open a record in the web app. Ends with `Browsed`.
    Browse(Kind, Id),
    /// Write records into a new file; its name is a proposal. Ends with `Exported`.
    Export(Box<ExportRequest>),
    /// Note that a person knows of an earlier journal, by the name of its file. Ends with `Acknowledged`.
    Acknowledge(String),
    /// Leave the rest of an unfinished job undone. Ends with `Dropped`.
    DropJob(i64),
    /// Go on with another token: the one that was typed, or whatever its source holds now. Ends with `Authenticated`.
    Authenticate(Option<Token>),
    /// Read or change the saved filters. Ends with `SavedFilters`.
    SavedFilters(SavedFilterChange),
    /// Save the bytes of records. Sends `DownloadProgress` and `FileDownloaded`, and ends with `DownloadEnded`.
    Download(DownloadRequest),
    /// Read the record with this kind and id, of which nothing else need be true. Ends with `RecordFound`.
    Find(Record),
    /// Read, keep or throw away a set of marks, or read a list of ids. Ends with `Selections`.
    Selections(SelectionRequest),
    /// Look up records of which only kind and id are known. Sends `Resolving` and ends with `Resolved`.
    Resolve(Vec<SelectedRecord>),
    /// Write a text into a new file in the working directory; its name is a proposal. Ends with `Written`.
    Write {
        /// The file's name.
        name: String,
        /// What goes into it.
        text: String,
    },
}

/// Something to be done outside the core.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Start a piece of work.
    Request(RequestId, Request),
    /// End a piece of work early; its final message still comes.
    Cancel(RequestId),
    /// A job sends nothing more until it is resumed.
    Pause(RequestId),
    /// A held job goes on.
    Resume(RequestId),
    /// A person asks for something to be read now, though the server asked for a pause.
    AskNow,
    /// The program is to end, once requests in flight are answered or have had their time: nothing more is sent.
    Stop(Exit),
    /// End now.
    Quit(Exit),
    /// Leave this organization for another one. Whatever is still under way breaks off.
    SwitchOrganization(Context),
    /// Give the terminal back to the shell until the process is continued.
    Suspend,
    /// Put a text into the clipboard, by way of the terminal.
    CopyToTerminal(String),
}

/// The effects of one message, in the order they are to be started.
#[derive(Debug, Default)]
#[must_use = "effects do nothing until the loop performs them"]
pub struct Effects(Vec<Effect>);

impl Effects {
    /// Adds one.
    pub fn push(&mut self, effect: Effect) {
        self.0.push(effect);
    }

    /// Adds several.
    pub fn extend(&mut self, effects: impl IntoIterator<Item = Effect>) {
        self.0.extend(effects);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Effects {
    type Item = Effect;
    type IntoIter = std::vec::IntoIter<Effect>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
