//! What was planned, sent and settled, on disk: one SQLite file in the state directory.
//!
//! Owns the file, its schema and its permissions, the one writer a process has, and the locks that show which jobs are
//! running. A call returns once what it notes is safe on the disk. Must not know HTTP or the screen, nor decide what
//! becomes of a job: it keeps what it is told. Neither a token nor a query ever comes here.
//!
//! ```text
//! JobLog ─► notes ─► writer (all that wait in one transaction) ─► journal.sqlite3
//!                                                  History ◄──────────┘
//! ```

mod history;
mod open;
mod schema;
mod trouble;
mod write;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OnceCell, oneshot};
use tokio::task::spawn_blocking;

use crate::model::outcome::Outcome;

pub use history::{History, JobState, PastAttempt, PastJob, PastStep, Wanted};
pub use trouble::JournalError;

use write::{Note, Order};

/// The file's name in the state directory.
pub const FILE: &str = "journal.sqlite3";
/// Where the locks of running jobs lie, in the state directory.
const LOCKS: &str = "jobs";

/// A job as it is confirmed: the plan and where it is carried out.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// The API's address.
    pub base_url: String,
    /// The organization's id.
    pub organization: String,
    /// The organization's name.
    pub organization_name: String,
    /// The verb's word.
    pub verb: &'static str,
    /// When it was confirmed.
    pub created: Timestamp,
    /// When its turn came.
    pub started: Timestamp,
    /// Its steps, in order.
    pub steps: Vec<NewStep>,
}

/// One step of a plan, as it will be sent.
#[derive(Debug, Clone)]
pub struct NewStep {
    /// The kind's word.
    pub kind: &'static str,
    /// The record's id.
    pub record: String,
    /// The record's name.
    pub name: String,
    /// The request's method.
    pub method: &'static str,
    /// The request's path on the server.
    pub path: String,
}

/// What came of a request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The step, from zero in the order of the plan.
    pub step: usize,
    /// Which of its requests, from one.
    pub attempt: u32,
    /// When it was answered or given up.
    pub at: Timestamp,
    /// From sending to the end of the answer.
    pub took: Duration,
    /// The HTTP status, if an answer came.
    pub status: Option<u16>,
    /// The server's name for the request.
    pub request_id: Option<String>,
    /// What the server said, or what went wrong.
    pub words: Option<String>,
}

/// How a step ended.
#[derive(Debug, Clone)]
pub struct StepEnd {
    /// The step, from zero in the order of the plan.
    pub step: usize,
    /// When.
    pub at: Timestamp,
    /// How.
    pub outcome: Outcome,
    /// Why, for people.
    pub reason: Option<String>,
}

/// What brought a job to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Every step had its turn.
    Finished,
    /// A person ended it.
    Cancelled,
    /// It came upon something that ends it.
    Stopped,
}

impl Ending {
    const ALL: [Self; 3] = [Self::Finished, Self::Cancelled, Self::Stopped];

    /// The word the history shows.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
            Self::Stopped => "stopped",
        }
    }
}

/// The journal of a state directory. Nothing is touched before the first job. Clones share one writer.
#[derive(Debug, Clone)]
pub struct Journal(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    directory: PathBuf,
    writer: OnceCell<UnboundedSender<Order>>,
}

impl Journal {
    /// The journal in `directory`, which need not exist yet.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self(Arc::new(Shared { directory: directory.to_owned(), writer: OnceCell::new() }))
    }

    /// Puts a job and its whole plan on disk, and locks it for as long as the answer lives.
    ///
    /// # Errors
    /// [`JournalError`] when the journal cannot be opened or written; nothing of the job is on disk then.
    pub async fn begin(&self, job: NewJob) -> Result<JobLog, JournalError> {
        let writer = self.0.writer.get_or_try_init(|| self.open()).await?;
        let (ack, begun) = oneshot::channel();
        writer.send(Order::Begin(Box::new(job), ack)).map_err(|_| JournalError::Closed)?;
        let hold = begun.await.map_err(|_| JournalError::Closed)??;
        Ok(JobLog { writer: writer.clone(), hold })
    }

    async fn open(&self) -> Result<UnboundedSender<Order>, JournalError> {
        let directory = self.0.directory.clone();
        let opened = spawn_blocking(move || open::to_write(&directory)).await;
        let connection = opened.map_err(|_| JournalError::Closed)??;
        Ok(write::start(connection, self.0.directory.join(LOCKS)))
    }
}

/// A job's place in the journal. Dropped without [`JobLog::end`], the job stays unfinished.
#[derive(Debug)]
pub struct JobLog {
    writer: UnboundedSender<Order>,
    hold: Hold,
}

/// The lock of a running job.
#[derive(Debug)]
struct Hold {
    job: i64,
    path: PathBuf,
    /// Locked while it is open, whatever becomes of the process.
    file: File,
}

impl JobLog {
    /// The job's number in the history.
    #[must_use]
    pub fn job(&self) -> i64 {
        self.hold.job
    }

    /// Notes that a request is about to leave; `attempt` counts from one.
    ///
    /// # Errors
    /// [`JournalError`] when that is not on disk: the request must not leave.
    pub async fn sent(&self, step: usize, attempt: u32, at: Timestamp) -> Result<(), JournalError> {
        self.note(Note::Sent { step, attempt, at }).await
    }

    /// Notes what came of a request, and how the step ended if it did with that.
    ///
    /// # Errors
    /// [`JournalError`] when that is not on disk.
    pub async fn answered(&self, answer: Answer, end: Option<StepEnd>) -> Result<(), JournalError> {
        self.note(Note::Answered(Box::new(answer), end)).await
    }

    /// Notes how steps ended, all of them or none.
    ///
    /// # Errors
    /// [`JournalError`] when that is not on disk.
    pub async fn ended(&self, ends: Vec<StepEnd>) -> Result<(), JournalError> {
        self.note(Note::Ended(ends)).await
    }

    /// Notes how the job ended, and lets go of its lock whatever comes of that.
    ///
    /// # Errors
    /// [`JournalError`] when that is not on disk: the job then stays unfinished in the history.
    pub async fn end(
        self,
        at: Timestamp,
        ending: Ending,
        reason: Option<String>,
    ) -> Result<(), JournalError> {
        let noted = self.note(Note::Over { at, ending, reason }).await;
        let Hold { path, file, .. } = self.hold;
        // A lock file that is left behind is not locked, and so says nothing.
        drop(spawn_blocking(move || (fs::remove_file(path), drop(file))).await);
        noted
    }

    async fn note(&self, note: Note) -> Result<(), JournalError> {
        let (ack, noted) = oneshot::channel();
        self.writer.send(Order::Note(self.hold.job, note, ack)).map_err(|_| JournalError::Closed)?;
        noted.await.map_err(|_| JournalError::Closed)?
    }
}

#[cfg(test)]
mod tests;
