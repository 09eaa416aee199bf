//! Looking back: past jobs and their steps.
//!
//! Owns the queries. Never writes, but for bringing the file's schema up to date. Must not know how it is shown.

mod queries;
mod relations;
mod rows;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, Error, OptionalExtension, Row, params};

use super::audit::{Audit, Damage, audit};
use super::chain::RowKey;
use super::{FILE, LOCKS, locks, open};
use crate::model::outcome::Outcome;
use crate::storage::journal::error::JournalError;

pub(super) use crate::storage::journal::history::queries::TURNED_AWAY;
pub use crate::storage::journal::history::queries::{
    HistoryQuery, PastAttempt, PastJob, PastStep, StoredJobState,
};
pub use crate::storage::journal::history::relations::LaterStep;
pub(super) use rows::COUNTS;

use rows::{JOBS, attempt, job, outcome, step};

impl AuditedSteps {
    /// How many steps are not what was written.
    #[must_use]
    pub fn damaged(&self) -> usize {
        self.steps.iter().filter(|step| step.is_damaged).count() + self.unreadable
    }
}

/// The journal, open to be looked into.
#[derive(Debug)]
pub struct History {
    connection: Connection,
    directory: PathBuf,
    /// Rows that could not be read.
    skipped: RefCell<BTreeSet<RowKey>>,
}

/// The steps of a job, held against the chain.
#[derive(Debug, Default)]
pub struct AuditedSteps {
    /// Those that can be read, in the order of the plan.
    pub steps: Vec<PastStep>,
    /// How many more there are.
    pub unreadable: usize,
}

impl History {
    /// Opens the journal in `directory`; none where no job was ever kept.
    ///
    /// # Errors
    /// [`JournalError`] when there is one that cannot be read.
    pub fn open(directory: &Path) -> Result<Option<Self>, JournalError> {
        let connection = open::to_read(directory)?;
        let of = |connection| {
            let (directory, skipped) = (directory.to_owned(), RefCell::default());
            Self { connection, directory, skipped }
        };
        Ok(connection.map(of))
    }

    /// Looks through the whole file for damage.
    ///
    /// # Errors
    /// [`JournalError`] when there is any, or the file cannot be read.
    pub fn check(&self) -> Result<(), JournalError> {
        let verdict =
            self.connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
        match verdict.map_err(|why| self.sql(&why))?.as_str() {
            "ok" => Ok(()),
            _ => Err(JournalError::Damaged { path: self.directory.join(FILE).display().to_string() }),
        }
    }

    /// Checks the chain of entries over everything that is kept.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub fn audit(&self) -> Result<Audit, JournalError> {
        audit(&self.connection, None).map_err(|why| self.sql(&why))
    }

    /// How many rows could not be read and were left out so far.
    #[must_use]
    pub fn damaged(&self) -> u64 {
        self.skipped.borrow().len() as u64
    }

    /// Journals of earlier versions that were set aside and nobody has acknowledged, by the names of their files, with how
    /// many jobs they did not finish.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub fn old_journals(&self) -> Result<Vec<(String, u64)>, JournalError> {
        let read = || {
            let query = "SELECT file, unfinished FROM old_journals WHERE NOT acknowledged ORDER BY file";
            let mut query = self.connection.prepare_cached(query)?;
            query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|why| self.sql(&why))
    }

    /// The jobs that are wanted, the newest first.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub fn jobs(&self, wanted: &HistoryQuery) -> Result<Vec<PastJob>, JournalError> {
        self.read_jobs(wanted).map_err(|why| self.sql(&why))
    }

    /// One job by its number, if there is such a job.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub fn job(&self, id: i64) -> Result<Option<PastJob>, JournalError> {
        let read = || {
            let mut query = self.connection.prepare_cached(&format!("{JOBS} WHERE id = ?1"))?;
            let job = query.query_row([id], |row| self.readable_job(row)).optional()?.flatten();
            Ok(job.map(|job| self.completed(job)).transpose()?.flatten())
        };
        read().map_err(|why| self.sql(&why))
    }

    /// The steps of a job, with those marked that are not what was written.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub fn audited_steps(&self, job: i64) -> Result<AuditedSteps, JournalError> {
        let damage = audit(&self.connection, Some(job)).map(|audit| Damage::of(&audit, job));
        let damage = damage.map_err(|why| self.sql(&why))?;
        let mut steps = self.steps(job, &HistoryQuery::default())?;
        steps.iter_mut().for_each(|step| step.is_damaged = damage.holds(step.n));
        let read: BTreeSet<u64> = steps.iter().map(|step| step.n).collect();
        Ok(AuditedSteps { steps, unreadable: damage.steps.difference(&read).count() })
    }

    /// The steps of a job that are wanted, in the order of its plan.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub fn steps(&self, job: i64, wanted: &HistoryQuery) -> Result<Vec<PastStep>, JournalError> {
        self.read_steps(job, wanted).map_err(|why| self.sql(&why))
    }

    fn read_jobs(&self, wanted: &HistoryQuery) -> rusqlite::Result<Vec<PastJob>> {
        let mut query = self.connection.prepare_cached(&format!(
            "{JOBS} WHERE (?1 IS NULL OR started >= ?1) AND (?2 IS NULL OR action = ?2)
             AND ((?3 IS NULL AND ?4 IS NULL) OR EXISTS (SELECT 1 FROM steps WHERE steps.job = jobs.id
                  AND (?3 IS NULL OR kind = ?3) AND (?4 IS NULL OR outcome = ?4)))
             AND (?5 IS NULL OR (base_url = ?5 AND organization = ?6)) AND (?7 IS NULL OR id < ?7)
             ORDER BY id DESC LIMIT coalesce(?8, -1)"
        ))?;
        let since = wanted.since.map(Timestamp::as_millisecond);
        let (base_url, organization) = wanted.place.as_ref().map(|(url, id)| (url, id)).unzip();
        let outcome = wanted.outcome.map(Outcome::word);
        let HistoryQuery { action, kind, before, most, .. } = wanted;
        let values = params![since, action, kind, outcome, base_url, organization, before, most];
        let jobs = query.query_map(values, |row| self.readable_job(row))?;
        let jobs: Vec<Option<PastJob>> = jobs.collect::<rusqlite::Result<_>>()?;
        let completed = jobs.into_iter().flatten().map(|job| self.completed(job));
        Ok(completed.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    fn readable_job(&self, row: &Row<'_>) -> rusqlite::Result<Option<PastJob>> {
        self.readable(RowKey::of_job(row.get(0)?), job(row))
    }

    /// What was read of a row; none if it is damaged, which is counted.
    fn readable<T>(&self, key: RowKey, read: rusqlite::Result<T>) -> rusqlite::Result<Option<T>> {
        match read {
            Err(
                Error::FromSqlConversionFailure(..)
                | Error::IntegralValueOutOfRange(..)
                | Error::InvalidColumnType(..)
                | Error::Utf8Error(..),
            ) => {
                self.skipped.borrow_mut().insert(key);
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// A job with what its own row does not say; none if that has become unreadable.
    fn completed(&self, mut job: PastJob) -> rusqlite::Result<Option<PastJob>> {
        if job.state == StoredJobState::Unfinished {
            if locks::is_held(&self.directory.join(LOCKS), job.id) {
                job.state = StoredJobState::Running;
            } else {
                // It may have come to its end since its row was read; with its lock gone, the row says so.
                let mut query = self.connection.prepare_cached(&format!("{JOBS} WHERE id = ?1"))?;
                let Some(now) = query.query_row([job.id], |row| self.readable_job(row))? else {
                    return Ok(None);
                };
                job = now;
            }
        }
        self.count(&mut job)?;
        Ok(Some(job))
    }

    fn count(&self, job: &mut PastJob) -> rusqlite::Result<()> {
        let mut query = self.connection.prepare_cached(COUNTS)?;
        let mut rows = query.query(params![job.id, Outcome::Done.word()])?;
        let mut unreadable = 0;
        while let Some(row) = rows.next()? {
            let (was_sent, n): (bool, u64) = (row.get(1)?, row.get(2)?);
            match outcome(row, 0) {
                Ok(Some(outcome)) => job.outcomes.push((outcome, n)),
                Ok(None) if was_sent => job.sent = n,
                Ok(None) => job.waiting = n,
                Err(_) => unreadable += n,
            }
        }
        if unreadable > 0 {
            match job.outcomes.iter_mut().find(|(outcome, _)| *outcome == Outcome::Unknown) {
                Some((_, n)) => *n += unreadable,
                None => job.outcomes.push((Outcome::Unknown, unreadable)),
            }
        }
        job.outcomes.sort_unstable();
        let kinds = "SELECT DISTINCT kind FROM steps WHERE job = ?1 ORDER BY kind";
        let mut kinds = self.connection.prepare_cached(kinds)?;
        // A kind that is no text any more is that of a damaged step, which is counted where steps are read.
        job.kinds = kinds.query_map([job.id], |row| Ok(row.get(0).ok()))?.flatten().flatten().collect();
        let copied = "SELECT EXISTS (SELECT 1 FROM attempts WHERE job = ?1 AND copy IS NOT NULL)";
        job.copied = self.connection.prepare_cached(copied)?.query_row([job.id], |row| row.get(0))?;
        Ok(())
    }

    fn read_steps(&self, job: i64, wanted: &HistoryQuery) -> rusqlite::Result<Vec<PastStep>> {
        let mut query = self.connection.prepare_cached(
            "SELECT n, kind, record, name, method, path, outcome, reason, ended,
                 coalesce(action, (SELECT action FROM jobs WHERE id = ?1)), after, fields, kept
             FROM steps WHERE job = ?1 AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR outcome = ?3)
             ORDER BY n",
        )?;
        let values = params![job, wanted.kind, wanted.outcome.map(Outcome::word)];
        let key = |row: &Row<'_>| Ok::<_, Error>(RowKey::of_step(job, row.get(0)?));
        let steps = query.query_map(values, |row| self.readable(key(row)?, step(row)))?;
        let steps: Vec<Option<PastStep>> = steps.collect::<rusqlite::Result<_>>()?;
        let mut query = self.connection.prepare_cached(
            "SELECT n, sent, ended, took_ms, status, request_id, words, copy FROM attempts
             WHERE job = ?1 AND step = ?2 ORDER BY n",
        )?;
        let with_attempts = steps.into_iter().flatten().map(|mut step| {
            let mut rows = query.query(params![job, step.n])?;
            while let Some(row) = rows.next()? {
                let (n, number) = (row.get(0)?, i64::try_from(step.n).unwrap_or(i64::MAX));
                let key = RowKey { job, step: Some(number), attempt: Some(n) };
                let read = attempt(row).and_then(|attempt| Ok((attempt, row.get::<_, Option<String>>(7)?)));
                let Some((attempt, copy)) = self.readable(key, read)? else { continue };
                step.attempts.push(attempt);
                step.copy = copy.or(step.copy);
            }
            Ok(step)
        });
        with_attempts.collect()
    }

    fn sql(&self, why: &Error) -> JournalError {
        match JournalError::sql(&self.directory.join(FILE), why) {
            JournalError::Refused(why) => JournalError::Unreadable(why),
            other => other,
        }
    }
}
