//! The chain of entries over plans, attempts and outcomes.
//!
//! Owns what an entry covers and how it is hashed. Each write to a row appends an entry: a digest of the columns that were
//! written, and a hash over that digest and the hash of the entry before, which is read in the transaction that writes, so
//! that several programs share one chain. It finds damage, not a forger: whoever can write the file can hash it anew.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

/// The part of a row that an entry covers: some of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowPart {
    /// A job as it was confirmed.
    Plan,
    /// The process that a job belongs to.
    Owner,
    /// A step of a plan.
    Step,
    /// A request that was about to be sent.
    Sent,
    /// The result of a request.
    Answer,
    /// How a step ended.
    Outcome,
    /// How a job ended.
    End,
}

impl RowPart {
    const ALL: [Self; 7] =
        [Self::Plan, Self::Owner, Self::Step, Self::Sent, Self::Answer, Self::Outcome, Self::End];

    /// The word in the file and in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Owner => "owner",
            Self::Step => "step",
            Self::Sent => "attempt",
            Self::Answer => "response",
            Self::Outcome => "outcome",
            Self::End => "end",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.word() == word)
    }

    /// Selects the columns it covers of the row at a place. Keys are not among them: they are in the entry itself.
    pub(super) fn row(self) -> &'static str {
        match self {
            Self::Plan => {
                "SELECT base_url, organization, organization_name, action, steps, created, started, person, backups,
                        continues, heir FROM jobs WHERE id = ?1 AND ?2 IS NULL AND ?3 IS NULL"
            }
            Self::Owner => "SELECT owner FROM jobs WHERE id = ?1 AND ?2 IS NULL AND ?3 IS NULL",
            Self::End => "SELECT ended, ending, reason FROM jobs WHERE id = ?1 AND ?2 IS NULL AND ?3 IS NULL",
            Self::Step => {
                "SELECT kind, record, name, method, path, action, after, fields FROM steps
                 WHERE job = ?1 AND n = ?2 AND ?3 IS NULL"
            }
            Self::Outcome => {
                "SELECT outcome, reason, ended, kept FROM steps WHERE job = ?1 AND n = ?2 AND ?3 IS NULL"
            }
            Self::Sent => "SELECT sent, copy FROM attempts WHERE job = ?1 AND step = ?2 AND n = ?3",
            Self::Answer => {
                "SELECT ended, took_ms, status, request_id, words FROM attempts
                 WHERE job = ?1 AND step = ?2 AND n = ?3"
            }
        }
    }
}

/// The row that an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey {
    /// The job.
    pub job: i64,
    /// The step, from zero; none for the job itself.
    pub step: Option<i64>,
    /// The attempt, from one; none for the step itself.
    pub attempt: Option<i64>,
}

impl RowKey {
    pub(super) fn of_job(job: i64) -> Self {
        Self { job, step: None, attempt: None }
    }

    pub(super) fn of_step(job: i64, step: i64) -> Self {
        Self { job, step: Some(step), attempt: None }
    }

    pub(super) fn of_attempt(job: i64, step: i64, attempt: u32) -> Self {
        Self { job, step: Some(step), attempt: Some(i64::from(attempt)) }
    }
}

/// The end of the chain, in the transaction that appends to it.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    last: Vec<u8>,
}

impl Chain {
    /// Reads the end of the chain.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let last = "SELECT hash FROM entries ORDER BY seq DESC LIMIT 1";
        let last = connection.prepare_cached(last)?.query_row([], |row| row.get(0)).optional()?;
        Ok(Self { last: last.unwrap_or_default() })
    }

    /// Appends an entry for what has just been written to a row.
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        part: RowPart,
        key: RowKey,
    ) -> rusqlite::Result<()> {
        let RowKey { job, step, attempt } = key;
        let mut row = connection.prepare_cached(part.row())?;
        let digest = row.query_row(params![job, step, attempt], digest)?;
        let hash = link(&self.last, part.word(), key, &digest);
        let insert =
            "INSERT INTO entries (part, job, step, attempt, digest, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        connection.prepare_cached(insert)?.execute(params![part.word(), job, step, attempt, digest, hash])?;
        self.last = hash.to_vec();
        Ok(())
    }
}

/// The hash of an entry that comes after one with the hash `last`.
pub(super) fn link(last: &[u8], part: &str, key: RowKey, digest: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let number = |n: Option<i64>| n.map_or(ValueRef::Null, ValueRef::Integer);
    feed(&mut hash, ValueRef::Blob(last));
    feed(&mut hash, ValueRef::Text(part.as_bytes()));
    feed(&mut hash, ValueRef::Integer(key.job));
    feed(&mut hash, number(key.step));
    feed(&mut hash, number(key.attempt));
    feed(&mut hash, ValueRef::Blob(digest));
    hash.finalize().into()
}

/// The digest of all columns of a row, whatever is in them.
pub(super) fn digest(row: &Row<'_>) -> rusqlite::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    for column in 0..row.as_ref().column_count() {
        feed(&mut hash, row.get_ref(column)?);
    }
    Ok(hash.finalize().into())
}

/// Values are told apart by their type and their length, so that no two rows are hashed as the same bytes.
fn feed(hash: &mut Sha256, value: ValueRef<'_>) {
    let number = match value {
        ValueRef::Integer(n) => n.to_le_bytes(),
        ValueRef::Real(n) => n.to_le_bytes(),
        _ => [0; 8],
    };
    let (tag, bytes): (u8, &[u8]) = match value {
        ValueRef::Null => (0, &[]),
        ValueRef::Integer(_) => (1, &number),
        ValueRef::Real(_) => (2, &number),
        ValueRef::Text(bytes) => (3, bytes),
        ValueRef::Blob(bytes) => (4, bytes),
    };
    hash.update([tag]);
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}
