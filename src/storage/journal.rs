//! What was planned, sent and settled, on disk: one SQLite file in the state directory.
//!
//! Owns the file, its schema and its permissions, the chain over what is in it, the one writer a process has, and the
//! locks that show which jobs are running. A call returns once what it notes is safe on the disk. Must not know HTTP or the screen, nor decide what
//! becomes of a job: it keeps what it is told. Neither a token nor a query ever comes here.
//!
//! ```text
//! JobLog ─► notes ─► writer (all that wait in one transaction) ─► journal.sqlite3
//!                                                  History ◄──────────┘
//! ```

mod audit;
mod chain;
mod error;
mod history;
mod locks;
mod log;
mod open;
mod owner;
mod quarantine;
mod record_files;
mod schema;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Mutex, oneshot};
use tokio::task::spawn_blocking;

use crate::model::outcome::Outcome;

pub use crate::storage::journal::error::JournalError;
pub use audit::{Audit, BrokenEntry, EntryFault};
pub use chain::{RowKey, RowPart};
pub use history::{
    AuditedSteps, History, HistoryQuery, LaterStep, PastAttempt, PastJob, PastStep, StoredJobState,
};
pub use record_files::{RecordFile, RecordPlace};

use crate::storage::journal::writer::{JobNote, WriteRequest};
use locks::JobLock;
use open::FileIdentity;

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
    /// The action's word.
    pub action: &'static str,
    /// The id of the user whose token it is, as the server names it.
    pub person: Option<String>,
    /// The folder with the copies that are taken, if any are.
    pub backups: Option<String>,
    /// The job whose rest it takes over: that one is over when this one begins.
    pub continues: Option<i64>,
    /// Who is handed what belongs to its records, as JSON; the journal does not look into it.
    pub reassignee: Option<String>,
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
    /// The word of its action, which need not be the job's.
    pub action: &'static str,
    /// The step that must be done before it.
    pub after: Option<usize>,
    /// The record as it was frozen, as JSON; the journal does not look into it.
    pub fields: String,
}

/// The result of a request.
#[derive(Debug, Clone)]
pub struct JournalResult {
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
    /// The words of the server, or the failure.
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
    /// Facts that only the server's answer states, as JSON.
    pub kept: Option<String>,
}

/// What brought a job to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEndState {
    /// Every step had its turn.
    Finished,
    /// A person ended it.
    Cancelled,
    /// It came upon something that ends it.
    Stopped,
    /// Another job took over the rest of it.
    Continued,
    /// A person decided not to finish it.
    Dropped,
}

impl JobEndState {
    const ALL: [Self; 5] = [Self::Finished, Self::Cancelled, Self::Stopped, Self::Continued, Self::Dropped];

    /// The word the history shows.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
            Self::Stopped => "stopped",
            Self::Continued => "continued",
            Self::Dropped => "dropped",
        }
    }
}

/// The journal of a state directory. Nothing is touched before the first job. Clones share one writer.
#[derive(Debug, Clone)]
pub struct Journal(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    directory: PathBuf,
    /// None before the first job, and after damage was found.
    writer: Mutex<Option<Writer>>,
}

/// The writer of this process, and the files it has open.
#[derive(Debug)]
struct Writer {
    orders: UnboundedSender<WriteRequest>,
    identity: FileIdentity,
}

impl Journal {
    /// The journal in `directory`, which need not exist yet.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self(Arc::new(Shared { directory: directory.to_owned(), writer: Mutex::new(None) }))
    }

    /// Puts a job and its whole plan on disk, and locks it for as long as the answer lives. A job that it continues is
    /// over with that, as [`JobEndState::Continued`]: what was not sent of it is `not sent`, what may have been is `unknown`.
    ///
    /// # Errors
    /// [`JournalError`] when the journal cannot be opened or written, or the job that is to be continued is over or
    /// somebody is at it; nothing of the job is on disk then.
    pub async fn begin(&self, job: NewJob) -> Result<JobLog, JournalError> {
        let (writer, hold) = self.ask(|ack| WriteRequest::Begin(Box::new(job), ack)).await?;
        Ok(JobLog { writer, hold })
    }

    /// Takes an earlier job to settle what is open of it: an unfinished one, or one that is over with steps whose outcome
    /// is unknown. None if nothing is open of it, or somebody is at it, in this process or another.
    ///
    /// What comes to be known is noted with [`JobLog::ended`]. A job that is over keeps its ending whatever is noted; one
    /// that is not stays unfinished until [`JobLog::end`].
    ///
    /// # Errors
    /// [`JournalError`] when the journal cannot be opened or written.
    pub async fn adopt(&self, job: i64) -> Result<Option<JobLog>, JournalError> {
        let (writer, hold) = self.ask(|ack| WriteRequest::Adopt(job, ack)).await?;
        Ok(hold.map(|hold| JobLog { writer, hold }))
    }

    fn directory(&self) -> &Path {
        &self.0.directory
    }

    /// Notes that a person knows of a journal of an earlier version that was set aside, by the name of its file.
    ///
    /// # Errors
    /// [`JournalError`] when that is not on disk.
    pub async fn acknowledge(&self, file: String) -> Result<(), JournalError> {
        self.ask(|ack| WriteRequest::Acknowledge(file, ack)).await.map(|(_, ())| ())
    }

    async fn ask<T>(
        &self,
        order: impl FnOnce(oneshot::Sender<Result<T, JournalError>>) -> WriteRequest,
    ) -> Result<(UnboundedSender<WriteRequest>, T), JournalError> {
        let writer = self.writer().await?;
        let (ack, answer) = oneshot::channel();
        writer.send(order(ack)).map_err(|_| JournalError::Closed)?;
        let answer = answer.await.map_err(|_| JournalError::Closed)?;
        if let Err(JournalError::Damaged { .. }) = answer {
            // The file is looked through when it is opened again.
            self.0.writer.lock().await.take_if(|kept| kept.orders.same_channel(&writer));
        }
        Ok((writer, answer?))
    }

    /// The writer, on the files that a later start will read: those of one that were removed or replaced are left to the
    /// job that is still at them, which cannot note anything more.
    async fn writer(&self) -> Result<UnboundedSender<WriteRequest>, JournalError> {
        let mut kept = self.0.writer.lock().await;
        let usable = |writer: &&Writer| !writer.orders.is_closed() && writer.identity.holds();
        if let Some(writer) = kept.as_ref().filter(usable) {
            return Ok(writer.orders.clone());
        }
        *kept = None;
        let directory = self.0.directory.clone();
        let opened = spawn_blocking(move || open::to_write(&directory)).await;
        let opened = opened.map_err(|_| JournalError::Closed)??;
        let identity = opened.identity.clone();
        let orders = writer::start(opened, self.0.directory.join(LOCKS));
        Ok(kept.insert(Writer { orders, identity }).orders.clone())
    }
}

/// A job's place in the journal. Dropped without [`JobLog::end`], the job stays unfinished.
#[derive(Debug)]
pub struct JobLog {
    writer: UnboundedSender<WriteRequest>,
    hold: JobLock,
}

impl JobLog {
    /// The job's number in the history.
    #[must_use]
    pub fn job(&self) -> i64 {
        self.hold.job
    }

    /// Notes that a request is about to leave; `attempt` counts from one. `copy` names the file in the job's folder that
    /// was written before it.
    ///
    /// # Errors
    /// [`JournalError`] when that is not on disk: the request must not leave.
    pub async fn sent(
        &self,
        step: usize,
        attempt: u32,
        at: Timestamp,
        copy: Option<String>,
    ) -> Result<(), JournalError> {
        self.note(JobNote::Sent { step, attempt, at, copy }).await
    }

    /// Notes what came of a request, and how the step ended if it did with that.
    ///
    /// # Errors
    /// [`JournalError`] when that is not on disk.
    pub async fn answered(&self, answer: JournalResult, end: Option<StepEnd>) -> Result<(), JournalError> {
        self.note(JobNote::Answered(Box::new(answer), end)).await
    }

    /// Notes how steps ended, all of them or none. An outcome that is on disk stays, unless it is
    /// [`Outcome::Unknown`].
    ///
    /// # Errors
    /// [`JournalError`] when that is not on disk.
    pub async fn ended(&self, ends: Vec<StepEnd>) -> Result<(), JournalError> {
        self.note(JobNote::Ended(ends)).await
    }

    /// Notes how the job ended, if it was not over before, and lets go of its lock whatever comes of that.
    ///
    /// # Errors
    /// [`JournalError`] when that is not on disk: the job then stays unfinished in the history.
    pub async fn end(
        self,
        at: Timestamp,
        ending: JobEndState,
        reason: Option<String>,
    ) -> Result<(), JournalError> {
        self.note(JobNote::Over { at, ending, reason }).await?;
        drop(spawn_blocking(move || self.hold.clear()).await);
        Ok(())
    }

    async fn note(&self, note: JobNote) -> Result<(), JournalError> {
        let (ack, noted) = oneshot::channel();
        self.writer.send(WriteRequest::Note(self.hold.job, note, ack)).map_err(|_| JournalError::Closed)?;
        noted.await.map_err(|_| JournalError::Closed)?
    }
}

#[cfg(test)]
mod tests;
