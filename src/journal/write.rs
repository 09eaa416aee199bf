//! The one writer of a process.
//!
//! Owns the grouping: whatever waits goes to the disk in one transaction, because eight notes in one commit cost as much
//! as one. It answers each only after the commit. Must not know why something is noted.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::trouble::JournalError;
use super::{Answer, Ending, FILE, Hold, NewJob, StepEnd};
use crate::private;

/// The most that goes into one transaction.
const LARGEST_GROUP: usize = 256;

/// Something to be put on disk, and who waits for it.
#[derive(Debug)]
pub(super) enum Order {
    Begin(Box<NewJob>, oneshot::Sender<Result<Hold, JournalError>>),
    Note(i64, Note, oneshot::Sender<Result<(), JournalError>>),
}

/// What is noted of a running job.
#[derive(Debug)]
pub(super) enum Note {
    Sent { step: usize, attempt: u32, at: Timestamp },
    Answered(Box<Answer>, Option<StepEnd>),
    Ended(Vec<StepEnd>),
    Over { at: Timestamp, ending: Ending, reason: Option<String> },
}

/// Starts the writer. It ends when nobody can give it orders any more.
///
/// Only the writing itself is on a thread of its own: a thread that waited for orders would keep a paused clock from
/// going on.
pub(super) fn start(connection: Connection, locks: PathBuf) -> UnboundedSender<Order> {
    let (sender, orders) = unbounded_channel();
    tokio::spawn(keep(connection, locks, orders));
    sender
}

async fn keep(mut connection: Connection, locks: PathBuf, mut orders: UnboundedReceiver<Order>) {
    let mut group = Vec::new();
    while orders.recv_many(&mut group, LARGEST_GROUP).await > 0 {
        let (taken, folder) = (std::mem::take(&mut group), locks.clone());
        let written = spawn_blocking(move || {
            let written = commit(&mut connection, &folder, &taken);
            (connection, taken, written)
        });
        // Whoever waits for an order that is dropped hears that the writer broke off.
        let Ok((back, taken, written)) = written.await else { return };
        connection = back;
        answer(taken, written);
    }
}

/// Whoever does not wait any more need not hear.
fn answer(group: Vec<Order>, written: Vec<Written>) {
    for (order, written) in group.into_iter().zip(written) {
        match order {
            Order::Begin(_, ack) => {
                drop(ack.send(written.and_then(|hold| hold.ok_or(JournalError::Closed))));
            }
            Order::Note(_, _, ack) => drop(ack.send(written.map(|_| ()))),
        }
    }
}

/// What came of an order; a job that begins is answered with its lock.
type Written = Result<Option<Hold>, JournalError>;

/// Writes a group in one transaction and answers what came of each order.
fn commit(connection: &mut Connection, locks: &Path, group: &[Order]) -> Vec<Written> {
    let mut written = Vec::new();
    match write(connection, locks, group, &mut written) {
        Ok(()) => written,
        Err(why) => {
            // None of the jobs exists, so nothing may look as if they ran.
            written.iter().flatten().flatten().for_each(Hold::give_up);
            group.iter().map(|_| Err(why.clone())).collect()
        }
    }
}

/// An order that is not taken leaves the others of its group alone, unless SQLite gives up the whole transaction.
fn write(
    connection: &mut Connection,
    locks: &Path,
    group: &[Order],
    written: &mut Vec<Written>,
) -> Result<(), JournalError> {
    let path = locks.with_file_name(FILE);
    let sql = |why: rusqlite::Error| JournalError::sql(&path, &why);
    let mut transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql)?;
    for order in group {
        let one = obey(&mut transaction, locks, order, &sql);
        if let Err(why) = &one
            && transaction.is_autocommit()
        {
            return Err(why.clone());
        }
        written.push(one);
    }
    transaction.commit().map_err(sql)
}

fn obey(
    transaction: &mut Transaction<'_>,
    locks: &Path,
    order: &Order,
    sql: &impl Fn(rusqlite::Error) -> JournalError,
) -> Written {
    let savepoint = transaction.savepoint().map_err(sql)?;
    let hold = match order {
        // Locked before the job can be seen, so that nobody ever sees it without.
        Order::Begin(job, _) => Some(hold(locks, begin(&savepoint, job).map_err(sql)?)?),
        Order::Note(job, note, _) => {
            take(&savepoint, *job, note).map_err(sql)?;
            None
        }
    };
    if let Err(why) = savepoint.commit() {
        hold.iter().for_each(Hold::give_up);
        return Err(sql(why));
    }
    Ok(hold)
}

impl Hold {
    /// Takes the lock of a job away that is not on disk.
    fn give_up(&self) {
        drop(fs::remove_file(&self.path));
    }
}

fn hold(locks: &Path, job: i64) -> Result<Hold, JournalError> {
    let path = locks.join(format!("{job}.lock"));
    let place = |why: std::io::Error| JournalError::place(&path, &why);
    let file = private::file(&path).map_err(place)?;
    file.try_lock().map_err(|why| place(why.into()))?;
    Ok(Hold { job, path, file })
}

fn begin(connection: &Connection, job: &NewJob) -> rusqlite::Result<i64> {
    connection.execute(
        "INSERT INTO jobs (base_url, organization, organization_name, verb, steps, process, created, started)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            job.base_url,
            job.organization,
            job.organization_name,
            job.verb,
            number(job.steps.len()),
            std::process::id(),
            job.created.as_millisecond(),
            job.started.as_millisecond(),
        ],
    )?;
    let id = connection.last_insert_rowid();
    let mut insert = connection.prepare_cached(
        "INSERT INTO steps (job, n, kind, record, name, method, path) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (n, step) in job.steps.iter().enumerate() {
        insert.execute(params![id, number(n), step.kind, step.record, step.name, step.method, step.path])?;
    }
    Ok(id)
}

fn take(connection: &Connection, job: i64, note: &Note) -> rusqlite::Result<()> {
    match note {
        Note::Sent { step, attempt, at } => {
            let insert = "INSERT INTO attempts (job, step, n, sent) VALUES (?1, ?2, ?3, ?4)";
            let values = params![job, number(*step), attempt, at.as_millisecond()];
            connection.prepare_cached(insert)?.execute(values)?;
        }
        Note::Answered(answer, end) => {
            answered(connection, job, answer)?;
            end.iter().try_for_each(|end| ended(connection, job, end))?;
        }
        Note::Ended(ends) => ends.iter().try_for_each(|end| ended(connection, job, end))?,
        Note::Over { at, ending, reason } => {
            let update = "UPDATE jobs SET ended = ?2, ending = ?3, reason = ?4 WHERE id = ?1";
            connection.execute(update, params![job, at.as_millisecond(), ending.word(), reason])?;
        }
    }
    Ok(())
}

fn answered(connection: &Connection, job: i64, answer: &Answer) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE attempts SET ended = ?4, took_ms = ?5, status = ?6, request_id = ?7, words = ?8
         WHERE job = ?1 AND step = ?2 AND n = ?3",
    )?;
    let took = i64::try_from(answer.took.as_millis()).unwrap_or(i64::MAX);
    let at = answer.at.as_millisecond();
    update.execute(params![
        job,
        number(answer.step),
        answer.attempt,
        at,
        took,
        answer.status,
        answer.request_id,
        answer.words,
    ])?;
    Ok(())
}

fn ended(connection: &Connection, job: i64, end: &StepEnd) -> rusqlite::Result<()> {
    let update = "UPDATE steps SET outcome = ?3, reason = ?4, ended = ?5 WHERE job = ?1 AND n = ?2";
    let values = params![job, number(end.step), end.outcome.word(), end.reason, end.at.as_millisecond()];
    connection.prepare_cached(update)?.execute(values)?;
    Ok(())
}

fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
