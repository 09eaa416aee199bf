//! What hangs together between jobs: of which kinds one was, what it names, and what later ones did to its records.
//!
//! Owns these queries. A record is told by its kind's word and its id.

use rusqlite::params;

use super::super::chain::RowKey;
use super::History;
use crate::model::kind::Action;
use crate::model::outcome::Outcome;
use crate::model::text;
use crate::storage::journal::error::JournalError;

/// What a later job did to a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaterStep {
    /// The kind's word.
    pub kind: String,
    /// The record's id.
    pub record: String,
    /// The word of what was done.
    pub action: String,
    /// The job.
    pub job: i64,
}

impl History {
    /// The words of the kinds of a job's records, with how many records there are of each.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub fn kinds(&self, job: i64) -> Result<Vec<(String, u64)>, JournalError> {
        let read = || {
            let text = "SELECT kind, count(DISTINCT record) FROM steps WHERE job = ?1 GROUP BY kind";
            let mut query = self.connection.prepare_cached(text)?;
            // A kind that is no text any more is that of a damaged step, which is counted where steps are read.
            let kinds = query.query_map([job], |row| Ok(row.get(0).ok().zip(row.get(1).ok())))?;
            Ok(kinds.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
        };
        read().map_err(|why| self.sql(&why))
    }

    /// Of how many records a job's work has been turned back since, by jobs of `inverse` in the same place.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub fn undone(&self, job: i64, inverse: Action) -> Result<u64, JournalError> {
        let read = || {
            let mut query = self.connection.prepare_cached(UNDONE)?;
            query.query_row(params![job, inverse.word(), Outcome::Done.word()], |row| row.get(0))
        };
        read().map_err(|why| self.sql(&why))
    }

    /// What jobs of the same place did after this one, in order: everything that was done to its records, and of others what
    /// was deleted permanently.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub fn later(&self, job: i64) -> Result<Vec<LaterStep>, JournalError> {
        let read = || {
            let mut query = self.connection.prepare_cached(LATER)?;
            let values = params![job, Action::Delete.word(), Outcome::Done.word()];
            let step = |row: &rusqlite::Row<'_>| {
                let read = || {
                    let (kind, record, action, job) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                    Ok(LaterStep { kind, record, action, job })
                };
                self.readable(RowKey::of_step(row.get(3)?, row.get(4)?), read())
            };
            let steps = query.query_map(values, step)?;
            Ok(steps.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
        };
        read().map_err(|why| self.sql(&why))
    }

    /// Which of `words`, folded as [`text::folded`] does it, stand in the name or the id of a record of a job.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub fn names(&self, job: i64, words: &[&str]) -> Result<Vec<bool>, JournalError> {
        let read = || {
            let mut found = vec![false; words.len()];
            let mut query =
                self.connection.prepare_cached("SELECT name, record FROM steps WHERE job = ?1")?;
            let mut rows = query.query([job])?;
            while let Some(row) = rows.next()? {
                let (Ok(name), Ok(id)) = (row.get::<_, String>(0), row.get::<_, String>(1)) else { continue };
                let named = text::folded(&name);
                for (word, found) in words.iter().zip(&mut found) {
                    *found |= named.contains(word) || id.contains(word);
                }
                if found.iter().all(|found| *found) {
                    break;
                }
            }
            Ok(found)
        };
        read().map_err(|why| self.sql(&why))
    }
}

const UNDONE: &str = "SELECT count(*) FROM steps JOIN jobs ON jobs.id = steps.job
    WHERE steps.job = ?1 AND outcome = ?3 AND coalesce(steps.action, jobs.action) = jobs.action
    AND (kind, record) IN (
        SELECT later.kind, later.record FROM jobs AS after JOIN steps AS later ON later.job = after.id
        JOIN jobs AS own ON own.id = ?1
        WHERE after.id > ?1 AND after.action = ?2 AND later.outcome = ?3
        AND after.base_url = own.base_url AND after.organization = own.organization
    )";

const LATER: &str = "SELECT later.kind, later.record, coalesce(later.action, after.action), after.id, later.n
    FROM jobs AS after JOIN steps AS later ON later.job = after.id JOIN jobs AS own ON own.id = ?1
    WHERE after.id > ?1 AND later.outcome = ?3
    AND after.base_url = own.base_url AND after.organization = own.organization
    AND (coalesce(later.action, after.action) = ?2
         OR (later.kind, later.record) IN (SELECT kind, record FROM steps WHERE job = ?1))
    ORDER BY after.id, later.n";
