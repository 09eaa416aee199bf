//! The one writer of a process.
//!
//! Owns the grouping: whatever waits goes to the disk in one transaction, because eight notes in one commit cost as much
//! as one. It answers each only after the commit. Must not know why something is noted.

mod rows;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::chain::{Chain, RowKey, RowPart};
use super::locks::{self, JobLock};
use super::open::{OpenJournal, leave_log};
use super::owner::owner;
use super::{FILE, JobEndState, JournalResult, NewJob, StepEnd};
use crate::model::outcome::Outcome;
use crate::storage::journal::error::JournalError;
use rows::{begin, take};

/// The most that goes into one transaction.
const LARGEST_GROUP: usize = 256;
/// Why a job is not free.
const AT_IT: &str = "a tidyfy is at it";

/// Something to be put on disk, and who waits for it.
#[derive(Debug)]
pub(super) enum WriteRequest {
    Begin(Box<NewJob>, oneshot::Sender<Result<JobLock, JournalError>>),
    Adopt(i64, oneshot::Sender<Result<Option<JobLock>, JournalError>>),
    Note(i64, JobNote, oneshot::Sender<Result<(), JournalError>>),
    Acknowledge(String, oneshot::Sender<Result<(), JournalError>>),
}

/// What is noted of a running job.
#[derive(Debug)]
pub(super) enum JobNote {
    Sent { step: usize, attempt: u32, at: Timestamp, copy: Option<String> },
    Answered(Box<JournalResult>, Option<StepEnd>),
    Ended(Vec<StepEnd>),
    Over { at: Timestamp, ending: JobEndState, reason: Option<String> },
}

/// Starts the writer. It ends when nobody can give it orders any more.
///
/// Only the writing itself is on a thread of its own: a thread that waited for orders would keep a paused clock from
/// going on.
pub(super) fn start(journal: OpenJournal, locks: PathBuf) -> UnboundedSender<WriteRequest> {
    let (sender, orders) = unbounded_channel();
    tokio::spawn(keep(journal, locks, orders));
    sender
}

async fn keep(mut journal: OpenJournal, locks: PathBuf, mut orders: UnboundedReceiver<WriteRequest>) {
    let mut group = Vec::new();
    while orders.recv_many(&mut group, LARGEST_GROUP).await > 0 {
        let (taken, folder) = (std::mem::take(&mut group), locks.clone());
        let written = spawn_blocking(move || {
            let written = commit(&mut journal, &folder, &taken);
            (journal, taken, written)
        });
        // Whoever waits for an order that is dropped hears that the writer broke off.
        let Ok((back, taken, written)) = written.await else { return };
        journal = back;
        answer(taken, written);
    }
}

/// Whoever does not wait any more need not hear.
fn answer(group: Vec<WriteRequest>, written: Vec<WriteResult>) {
    for (order, written) in group.into_iter().zip(written) {
        match order {
            WriteRequest::Begin(_, ack) => {
                drop(ack.send(written.and_then(|locks| locks.of.ok_or(JournalError::Closed))));
            }
            WriteRequest::Adopt(_, ack) => drop(ack.send(written.map(|locks| locks.of))),
            WriteRequest::Note(_, _, ack) | WriteRequest::Acknowledge(_, ack) => {
                drop(ack.send(written.map(|_| ())));
            }
        }
    }
}

/// What came of an order.
type WriteResult = Result<Locks, JournalError>;

/// The locks that an order needed.
#[derive(Debug, Default)]
struct Locks {
    /// Of the job that begins or is adopted.
    of: Option<JobLock>,
    /// Of the job that another one takes over.
    over: Option<JobLock>,
}

/// Writes a group in one transaction and answers what came of each order.
fn commit(journal: &mut OpenJournal, locks: &Path, group: &[WriteRequest]) -> Vec<WriteResult> {
    let mut written = Vec::new();
    let result = write(&mut journal.connection, locks, group, &mut written);
    match result.and_then(|()| in_place(journal, locks)) {
        Ok(()) => {
            let over = written.iter_mut().flatten().filter_map(|locks| locks.over.take());
            over.for_each(JobLock::clear);
            written
        }
        Err(why) => {
            for (order, locks) in group.iter().zip(written) {
                if let (WriteRequest::Begin(..), Ok(locks)) = (order, locks) {
                    // The job does not exist, so nothing may look as if it ran.
                    locks.of.into_iter().for_each(JobLock::clear);
                }
            }
            group.iter().map(|_| Err(why.clone())).collect()
        }
    }
}

/// Whether what was written is in the file that a later start will read. Asked after the commit: whatever is answered
/// from here on may lead to a request.
fn in_place(journal: &OpenJournal, locks: &Path) -> Result<(), JournalError> {
    if journal.identity.holds() {
        return Ok(());
    }
    // Closing must not touch what is at the path now.
    drop(leave_log(&journal.connection, true));
    Err(JournalError::Replaced { path: locks.with_file_name(FILE).display().to_string() })
}

/// An order that is not taken leaves the others of its group alone, unless SQLite gives up the whole transaction.
fn write(
    connection: &mut Connection,
    locks: &Path,
    group: &[WriteRequest],
    written: &mut Vec<WriteResult>,
) -> Result<(), JournalError> {
    let path = locks.with_file_name(FILE);
    let sql = |why: rusqlite::Error| JournalError::sql(&path, &why);
    let mut transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql)?;
    let mut chain = Chain::read(&transaction).map_err(sql)?;
    for order in group {
        let mut longer = chain.clone();
        let one = obey(&mut transaction, locks, order, &mut longer, &sql);
        match &one {
            Ok(_) => chain = longer,
            Err(why) if transaction.is_autocommit() => return Err(why.clone()),
            Err(_) => {}
        }
        written.push(one);
    }
    transaction.commit().map_err(sql)
}

fn obey(
    transaction: &mut Transaction<'_>,
    locks: &Path,
    order: &WriteRequest,
    chain: &mut Chain,
    sql: &impl Fn(rusqlite::Error) -> JournalError,
) -> WriteResult {
    let savepoint = transaction.savepoint().map_err(sql)?;
    let held = match order {
        WriteRequest::Begin(job, _) => {
            acknowledged(&savepoint, sql)?;
            let over = job.continues.map(|before| free(&savepoint, locks, before, sql)).transpose()?;
            rivals(&savepoint, locks, job, sql)?;
            let id = begin(&savepoint, job, chain).map_err(sql)?;
            // Locked before the job can be seen, so that nobody ever sees it without.
            Locks { of: Some(locks::take(locks, id)?.ok_or(JournalError::not_free(id, AT_IT))?), over }
        }
        WriteRequest::Adopt(job, _) => {
            let of = match standing(&savepoint, *job).map_err(sql)? {
                Some(StoredJob { is_over: false, .. } | StoredJob { has_unknown: true, .. }) => {
                    locks::take(locks, *job)?
                }
                _ => None,
            };
            if of.is_some() {
                claim(&savepoint, *job, chain).map_err(sql)?;
            }
            Locks { of, over: None }
        }
        WriteRequest::Note(job, note, _) => {
            if !is_own(&savepoint, *job).map_err(sql)? {
                return Err(JournalError::not_free(*job, "another tidyfy has taken it over"));
            }
            take(&savepoint, *job, note, chain).map_err(sql)?;
            Locks::default()
        }
        WriteRequest::Acknowledge(file, _) => {
            let update = "UPDATE old_journals SET acknowledged = 1 WHERE file = ?1";
            savepoint.execute(update, [file]).map_err(sql)?;
            Locks::default()
        }
    };
    if let Err(why) = savepoint.commit() {
        if let WriteRequest::Begin(..) = order {
            held.of.into_iter().for_each(JobLock::clear);
        }
        return Err(sql(why));
    }
    Ok(held)
}

/// Refuses a job as long as unfinished ones of an earlier version wait to be acknowledged.
fn acknowledged(
    connection: &Connection,
    sql: &impl Fn(rusqlite::Error) -> JournalError,
) -> Result<(), JournalError> {
    let waiting =
        "SELECT file FROM old_journals WHERE unfinished > 0 AND NOT acknowledged ORDER BY file LIMIT 1";
    let waiting = connection.query_row(waiting, [], |row| row.get(0)).optional().map_err(sql)?;
    waiting.map_or(Ok(()), |file| Err(JournalError::Unacknowledged { file }))
}

/// What must be known of a job before it is taken.
struct StoredJob {
    is_over: bool,
    has_unknown: bool,
}

/// How a job stands; none if there is no such job.
fn standing(connection: &Connection, job: i64) -> rusqlite::Result<Option<StoredJob>> {
    let mut query = connection.prepare_cached(
        "SELECT ended IS NOT NULL, EXISTS (SELECT 1 FROM steps WHERE job = ?1 AND outcome = ?2)
         FROM jobs WHERE id = ?1",
    )?;
    let read = |row: &Row<'_>| Ok(StoredJob { is_over: row.get(0)?, has_unknown: row.get(1)? });
    query.query_row(params![job, Outcome::Unknown.word()], read).optional()
}

/// Whether a job still belongs to this process. Locks may be lost where a file system only pretends to have them, or
/// where somebody removes the lock files; the owner in the row, compared in the transaction that writes, is not.
fn is_own(connection: &Connection, job: i64) -> rusqlite::Result<bool> {
    let mut query = connection.prepare_cached("SELECT owner = ?2 FROM jobs WHERE id = ?1")?;
    Ok(query.query_row(params![job, owner()], |row| row.get(0)).optional()?.unwrap_or(false))
}

/// Makes this process the owner of a job: whichever owned it before can note nothing more of it.
fn claim(connection: &Connection, job: i64, chain: &mut Chain) -> rusqlite::Result<()> {
    if is_own(connection, job)? {
        return Ok(());
    }
    connection.execute("UPDATE jobs SET owner = ?2 WHERE id = ?1", params![job, owner()])?;
    chain.add(connection, RowPart::Owner, RowKey::of_job(job))
}

/// The lock of a job whose rest another one may take over.
fn free(
    connection: &Connection,
    locks: &Path,
    job: i64,
    sql: &impl Fn(rusqlite::Error) -> JournalError,
) -> Result<JobLock, JournalError> {
    match standing(connection, job).map_err(sql)? {
        None => Err(JournalError::not_free(job, "there is no such job")),
        Some(StoredJob { is_over: true, .. }) => Err(JournalError::not_free(job, "it is over")),
        Some(_) => locks::take(locks, job)?.ok_or(JournalError::not_free(job, AT_IT)),
    }
}

/// Refuses a job of which another process has records before it.
fn rivals(
    connection: &Connection,
    locks: &Path,
    job: &NewJob,
    sql: &impl Fn(rusqlite::Error) -> JournalError,
) -> Result<(), JournalError> {
    let open = || -> rusqlite::Result<Vec<i64>> {
        let mut query = connection.prepare_cached(
            "SELECT id FROM jobs WHERE ended IS NULL AND base_url = ?1 AND organization = ?2 AND owner != ?3
             AND id IS NOT ?4",
        )?;
        let values = params![job.base_url, job.organization, owner(), job.continues];
        query.query_map(values, |row| row.get(0))?.collect()
    };
    let ours: BTreeSet<(&str, &str)> = job.steps.iter().map(|step| (step.kind, &*step.record)).collect();
    for rival in open().map_err(sql)?.into_iter().filter(|rival| locks::is_held(locks, *rival)) {
        let theirs = || -> rusqlite::Result<BTreeSet<(String, String)>> {
            let mut query = connection
                .prepare_cached("SELECT kind, record FROM steps WHERE job = ?1 AND outcome IS NULL")?;
            query.query_map([rival], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        let theirs = theirs().map_err(sql)?;
        let shared = theirs.iter().filter(|(kind, record)| ours.contains(&(kind, record))).count();
        if shared > 0 {
            return Err(JournalError::Busy { records: shared, job: rival });
        }
    }
    Ok(())
}
