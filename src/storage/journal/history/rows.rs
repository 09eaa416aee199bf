//! Rows of the tables as what they say.
//!
//! Owns which columns are read and what a damaged row is: one that cannot be read as what was written. Must not know what
//! becomes of a damaged one.

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Error, Row};

use super::super::JobEndState;
use super::super::owner::owner;
use crate::model::outcome::Outcome;
use crate::storage::journal::history::queries::{PastAttempt, PastJob, PastStep, StoredJobState};

pub(super) const JOBS: &str =
    "SELECT id, base_url, organization, organization_name, action, steps, created, started, ended, ending,
    reason, person, backups, continues, owner, heir FROM jobs";

/// How many records of a job stand how. A step that others come after is their record's only while it is not done; a step
/// whose turn never came is not counted beside the one that kept it from its turn.
pub(in crate::storage::journal) const COUNTS: &str = "SELECT outcome, is_sent, count(*) FROM (
        SELECT outcome, outcome IS NULL AND EXISTS (
            SELECT 1 FROM attempts WHERE attempts.job = steps.job AND attempts.step = steps.n
        ) AS is_sent
        FROM steps WHERE job = ?1
        AND (after IS NULL OR EXISTS (
            SELECT 1 FROM steps AS first
            WHERE first.job = steps.job AND first.n = steps.after AND first.outcome = ?2
        ))
        AND (outcome IS NOT ?2 OR NOT EXISTS (
            SELECT 1 FROM steps AS later WHERE later.job = steps.job AND later.after = steps.n
        ))
    ) GROUP BY outcome, is_sent";

pub(super) fn job(row: &Row<'_>) -> rusqlite::Result<PastJob> {
    let ended: Option<i64> = row.get(8)?;
    let ending = row.get::<_, Option<String>>(9)?.map(|word| ending(9, &word)).transpose()?;
    if ending.is_some() != ended.is_some() {
        return Err(unreadable(9));
    }
    Ok(PastJob {
        id: row.get(0)?,
        base_url: row.get(1)?,
        organization: row.get(2)?,
        organization_name: row.get(3)?,
        action: row.get(4)?,
        steps: row.get(5)?,
        created: time(6, row.get(6)?)?,
        started: time(7, row.get(7)?)?,
        ended: ended.map(|at| time(8, at)).transpose()?,
        state: ending.map_or(StoredJobState::Unfinished, StoredJobState::Over),
        reason: row.get(10)?,
        person: row.get(11)?,
        backups: row.get(12)?,
        copied: false,
        continues: row.get(13)?,
        ours: row.get::<_, String>(14)? == owner(),
        reassignee: row.get(15)?,
        kinds: Vec::new(),
        outcomes: Vec::new(),
        sent: 0,
        waiting: 0,
    })
}

pub(super) fn step(row: &Row<'_>) -> rusqlite::Result<PastStep> {
    let ended: Option<i64> = row.get(8)?;
    Ok(PastStep {
        n: row.get(0)?,
        kind: row.get(1)?,
        record: row.get(2)?,
        name: row.get(3)?,
        method: row.get(4)?,
        path: row.get(5)?,
        outcome: outcome(row, 6)?,
        reason: row.get(7)?,
        ended: ended.map(|at| time(8, at)).transpose()?,
        action: row.get(9)?,
        after: row.get(10)?,
        fields: row.get(11)?,
        kept: row.get(12)?,
        copy: None,
        attempts: Vec::new(),
        is_damaged: false,
    })
}

pub(super) fn attempt(row: &Row<'_>) -> rusqlite::Result<PastAttempt> {
    let ended: Option<i64> = row.get(2)?;
    Ok(PastAttempt {
        n: row.get(0)?,
        sent: time(1, row.get(1)?)?,
        ended: ended.map(|at| time(2, at)).transpose()?,
        took_ms: row.get(3)?,
        status: row.get(4)?,
        request_id: row.get(5)?,
        words: row.get(6)?,
    })
}

pub(super) fn outcome(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Outcome>> {
    let word: Option<String> = row.get(column)?;
    word.map(|word| Outcome::parse(&word).ok_or_else(|| unreadable(column))).transpose()
}

fn ending(column: usize, word: &str) -> rusqlite::Result<JobEndState> {
    JobEndState::ALL.into_iter().find(|known| known.word() == word).ok_or_else(|| unreadable(column))
}

fn unreadable(column: usize) -> Error {
    Error::FromSqlConversionFailure(column, Type::Text, "not a word that is written here".into())
}

fn time(column: usize, milliseconds: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(milliseconds)
        .map_err(|why| Error::FromSqlConversionFailure(column, Type::Integer, Box::new(why)))
}
