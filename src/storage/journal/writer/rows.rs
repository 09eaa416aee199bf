//! Plans, attempts and outcomes as rows, each with its entry in the chain.
//!
//! Owns the statements that write them. Must not know transactions or locks.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::super::chain::{Chain, RowKey, RowPart};
use super::super::history::TURNED_AWAY;
use super::super::owner::owner;
use super::super::{JobEndState, JournalResult, NewJob, StepEnd};
use super::JobNote;
use crate::model::outcome::Outcome;

pub(super) fn begin(connection: &Connection, job: &NewJob, chain: &mut Chain) -> rusqlite::Result<i64> {
    connection.execute(
        "INSERT INTO jobs (base_url, organization, organization_name, action, steps, owner, created, started,
                           person, backups, continues, heir)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            job.base_url,
            job.organization,
            job.organization_name,
            job.action,
            number(job.steps.len()),
            owner(),
            job.created.as_millisecond(),
            job.started.as_millisecond(),
            job.person,
            job.backups,
            job.continues,
            job.reassignee,
        ],
    )?;
    let id = connection.last_insert_rowid();
    chain.add(connection, RowPart::Plan, RowKey::of_job(id))?;
    chain.add(connection, RowPart::Owner, RowKey::of_job(id))?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO steps (job, n, kind, record, name, method, path, action, after, fields)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for (n, step) in job.steps.iter().enumerate() {
        insert.execute(params![
            id,
            number(n),
            step.kind,
            step.record,
            step.name,
            step.method,
            step.path,
            Some(step.action).filter(|action| *action != job.action),
            step.after.map(number),
            step.fields,
        ])?;
        chain.add(connection, RowPart::Step, RowKey::of_step(id, number(n)))?;
    }
    if let Some(before) = job.continues {
        hand_over(connection, before, id, job.started, chain)?;
    }
    Ok(id)
}

/// Ends the job whose rest `to` takes over. A step whose request may have been heeded is not called unsent.
fn hand_over(
    connection: &Connection,
    job: i64,
    to: i64,
    at: Timestamp,
    chain: &mut Chain,
) -> rusqlite::Result<()> {
    let open = "SELECT n FROM steps WHERE job = ?1 AND outcome IS NULL AND ended IS NULL";
    let open: Vec<i64> =
        connection.prepare_cached(open)?.query_map([job], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut update = connection.prepare_cached(
        "UPDATE steps SET ended = ?3, reason = 'taken over by job ' || ?2,
         outcome = iif(EXISTS (SELECT 1 FROM attempts WHERE attempts.job = ?1 AND step = ?8
                               AND (status IS NULL OR status NOT IN (?6, ?7))), ?4, ?5)
         WHERE job = ?1 AND n = ?8",
    )?;
    let at = at.as_millisecond();
    let (unknown, not_sent, [locked, throttled]) =
        (Outcome::Unknown.word(), Outcome::NotSent.word(), TURNED_AWAY);
    for n in open {
        update.execute(params![job, to, at, unknown, not_sent, locked, throttled, n])?;
        chain.add(connection, RowPart::Outcome, RowKey::of_step(job, n))?;
    }
    let over = "UPDATE jobs SET ended = ?2, ending = ?3 WHERE id = ?1";
    connection.execute(over, params![job, at, JobEndState::Continued.word()])?;
    chain.add(connection, RowPart::End, RowKey::of_job(job))
}

pub(super) fn take(
    connection: &Connection,
    job: i64,
    note: &JobNote,
    chain: &mut Chain,
) -> rusqlite::Result<()> {
    match note {
        JobNote::Sent { step, attempt, at, copy } => {
            let insert = "INSERT INTO attempts (job, step, n, sent, copy) VALUES (?1, ?2, ?3, ?4, ?5)";
            let values = params![job, number(*step), attempt, at.as_millisecond(), copy];
            connection.prepare_cached(insert)?.execute(values)?;
            chain.add(connection, RowPart::Sent, RowKey::of_attempt(job, number(*step), *attempt))
        }
        JobNote::Answered(answer, end) => {
            answered(connection, job, answer, chain)?;
            end.iter().try_for_each(|end| ended(connection, job, end, chain))
        }
        JobNote::Ended(ends) => ends.iter().try_for_each(|end| ended(connection, job, end, chain)),
        JobNote::Over { at, ending, reason } => {
            let update =
                "UPDATE jobs SET ended = ?2, ending = ?3, reason = ?4 WHERE id = ?1 AND ended IS NULL";
            match connection.execute(update, params![job, at.as_millisecond(), ending.word(), reason])? {
                0 => Ok(()),
                _ => chain.add(connection, RowPart::End, RowKey::of_job(job)),
            }
        }
    }
}

fn answered(
    connection: &Connection,
    job: i64,
    answer: &JournalResult,
    chain: &mut Chain,
) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE attempts SET ended = ?4, took_ms = ?5, status = ?6, request_id = ?7, words = ?8
         WHERE job = ?1 AND step = ?2 AND n = ?3",
    )?;
    let took = i64::try_from(answer.took.as_millis()).unwrap_or(i64::MAX);
    let at = answer.at.as_millisecond();
    let step = number(answer.step);
    update.execute(params![
        job,
        step,
        answer.attempt,
        at,
        took,
        answer.status,
        answer.request_id,
        answer.words,
    ])?;
    chain.add(connection, RowPart::Answer, RowKey::of_attempt(job, step, answer.attempt))
}

/// What is known for certain stays; only what is unknown may come to be known.
fn ended(connection: &Connection, job: i64, end: &StepEnd, chain: &mut Chain) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE steps SET outcome = ?3, reason = ?4, ended = ?5, kept = coalesce(?6, kept)
         WHERE job = ?1 AND n = ?2 AND (outcome IS NULL AND ended IS NULL OR outcome = ?7)",
    )?;
    let step = number(end.step);
    let changed = update.execute(params![
        job,
        step,
        end.outcome.word(),
        end.reason,
        end.at.as_millisecond(),
        end.kept,
        Outcome::Unknown.word(),
    ])?;
    if changed == 0 {
        return Ok(());
    }
    chain.add(connection, RowPart::Outcome, RowKey::of_step(job, step))
}

fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
