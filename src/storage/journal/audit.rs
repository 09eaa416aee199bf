//! Checking the chain: what was changed, removed or added since it was written.
//!
//! Owns the walk along the entries and what each finding means. Reads only.
//!
//! What cannot be found: an end that was cut off together with its rows and the count of entries that SQLite keeps.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::chain::{RowKey, RowPart, digest, link};

/// The damage to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryFault {
    /// It is not there.
    Missing,
    /// The entry itself is not what was written, or not where it was.
    Altered,
    /// The row it is about is not there.
    RowMissing,
    /// The row it is about is not what was written.
    RowChanged,
    /// There are rows that no entry is about.
    RowAdded,
}

/// An entry that is not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenEntry {
    /// Its number, from one; of rows that no entry is about the number after the last.
    pub seq: i64,
    /// The row that it is about, as far as it still says that.
    pub about: Option<(RowPart, RowKey)>,
    /// The damage.
    pub fault: EntryFault,
}

impl fmt::Display for BrokenEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.fault != EntryFault::RowAdded {
            write!(f, "entry {}", self.seq)?;
        }
        if let Some((part, RowKey { job, step, attempt })) = self.about {
            let handle = if self.fault == EntryFault::RowAdded { "" } else { " (" };
            write!(f, "{handle}job {job}")?;
            step.map_or(Ok(()), |step| write!(f, ", step {}", step.saturating_add(1)))?;
            attempt.map_or(Ok(()), |attempt| write!(f, ", attempt {attempt}"))?;
            if self.fault != EntryFault::RowAdded {
                write!(f, ", {})", part.word())?;
            }
        }
        f.write_str(match self.fault {
            EntryFault::Missing => " is missing",
            EntryFault::Altered => " is not as it was written",
            EntryFault::RowMissing => ": its row is missing",
            EntryFault::RowChanged => ": its row was changed",
            EntryFault::RowAdded => ": a row was added that has no entry",
        })
    }
}

/// The findings of a walk along the chain.
#[derive(Debug, Default)]
pub struct Audit {
    /// How many entries there are.
    pub entries: u64,
    /// Broken entries, the first first.
    pub broken: Vec<BrokenEntry>,
}

/// Checks every entry, or those from the plan of one job on; rows only of that job then.
pub(super) fn audit(connection: &Connection, job: Option<i64>) -> rusqlite::Result<Audit> {
    // One view of the file, whatever is written meanwhile.
    let _view = connection.unchecked_transaction()?;
    let mut page_walk = ChainWalk { job, ..ChainWalk::default() };
    let from = match job {
        None => 1,
        Some(job) => {
            let plan = "SELECT seq FROM entries WHERE job = ?1 AND part = ?2 ORDER BY seq DESC LIMIT 1";
            let plan = connection.query_row(plan, params![job, RowPart::Plan.word()], |row| row.get(0));
            // Without it nothing tells where the job begins.
            plan.optional()?.unwrap_or(1)
        }
    };
    let before = "SELECT hash FROM entries WHERE seq = ?1";
    let before = connection.query_row(before, [from - 1], |row| bytes(row, 0)).optional()?;
    (page_walk.last, page_walk.seq) = (before.unwrap_or_default(), from - 1);
    let mut entries = connection.prepare(
        "SELECT part, job, step, attempt, digest, hash, seq FROM entries WHERE seq >= ?1 ORDER BY seq",
    )?;
    let mut rows = entries.query([from])?;
    while let Some(row) = rows.next()? {
        page_walk.take(connection, row)?;
    }
    page_walk.end(connection)
}

#[derive(Debug, Default)]
struct ChainWalk {
    job: Option<i64>,
    seq: i64,
    last: Vec<u8>,
    entries: u64,
    broken: Vec<BrokenEntry>,
    /// Rows that have an entry, by what it covers; and of those that were written more than once, where that failed last.
    covered: BTreeMap<(RowPart, RowKey), Option<BrokenEntry>>,
}

impl ChainWalk {
    fn take(&mut self, connection: &Connection, row: &Row<'_>) -> rusqlite::Result<()> {
        let seq: i64 = row.get(6)?;
        if seq != self.seq + 1 {
            self.find(self.seq + 1, None, EntryFault::Missing);
        }
        self.seq = seq;
        self.entries += 1;
        let word = row.get_ref(0)?.as_str().unwrap_or_default();
        let key = RowKey { job: row.get(1)?, step: row.get(2)?, attempt: row.get(3)? };
        let about = RowPart::parse(word).map(|part| (part, key));
        let expected = bytes(row, 4)?;
        let hash = bytes(row, 5)?;
        if link(&self.last, word, key, &expected)[..] != hash[..] {
            self.find(seq, about, EntryFault::Altered);
        }
        self.last = hash;
        let Some((part, key)) = about else { return Ok(()) };
        if self.job.is_some_and(|job| job != key.job) {
            return Ok(());
        }
        let RowKey { job, step, attempt } = key;
        let mut found = connection.prepare_cached(part.row())?;
        let found = found.query_row(params![job, step, attempt], digest).optional()?;
        let fault = match found {
            Some(found) if found[..] == expected[..] => None,
            Some(_) => Some(EntryFault::RowChanged),
            None => Some(EntryFault::RowMissing),
        };
        let broken = fault.map(|fault| BrokenEntry { seq, about, fault });
        // A later entry for the same columns of the same row counts instead: an unknown outcome comes to be known, a job
        // gets another owner.
        self.covered.insert((part, key), broken);
        Ok(())
    }

    fn find(&mut self, seq: i64, about: Option<(RowPart, RowKey)>, fault: EntryFault) {
        self.broken.push(BrokenEntry { seq, about, fault });
    }

    fn end(mut self, connection: &Connection) -> rusqlite::Result<Audit> {
        let counted = "SELECT seq FROM sqlite_sequence WHERE name = 'entries'";
        let counted: Option<i64> = connection.query_row(counted, [], |row| row.get(0)).optional()?;
        if counted.unwrap_or(0) != self.seq {
            self.find(self.seq + 1, None, EntryFault::Missing);
        }
        self.find_added(connection)?;
        let Self { mut broken, entries, covered, .. } = self;
        let cuts: Vec<i64> = broken.iter().map(|broken| broken.seq).collect();
        broken.extend(covered.into_values().flatten());
        // A row that is written more than once is not as an entry says if the later entry is the one that is missing.
        broken.sort_by_key(|broken| match broken.about {
            Some((RowPart::Outcome | RowPart::Owner, _)) if broken.fault == EntryFault::RowChanged => {
                (cuts.iter().copied().find(|cut| *cut > broken.seq).unwrap_or(broken.seq), true)
            }
            _ => (broken.seq, false),
        });
        Ok(Audit { entries, broken })
    }

    fn find_added(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        for (part, keys) in [
            (RowPart::Plan, "SELECT id, NULL, NULL FROM jobs WHERE ?1 IS NULL OR id = ?1"),
            (
                RowPart::End,
                "SELECT id, NULL, NULL FROM jobs
                 WHERE (?1 IS NULL OR id = ?1) AND coalesce(ended, ending, reason) IS NOT NULL",
            ),
            (RowPart::Step, "SELECT job, n, NULL FROM steps WHERE ?1 IS NULL OR job = ?1"),
            (
                RowPart::Outcome,
                "SELECT job, n, NULL FROM steps
                 WHERE (?1 IS NULL OR job = ?1) AND coalesce(outcome, reason, ended, kept) IS NOT NULL",
            ),
            (RowPart::Sent, "SELECT job, step, n FROM attempts WHERE ?1 IS NULL OR job = ?1"),
            (
                RowPart::Answer,
                "SELECT job, step, n FROM attempts
                 WHERE (?1 IS NULL OR job = ?1)
                 AND coalesce(ended, took_ms, status, request_id, words) IS NOT NULL",
            ),
        ] {
            let mut query = connection.prepare(keys)?;
            let mut rows = query.query([self.job])?;
            while let Some(row) = rows.next()? {
                let key = RowKey { job: row.get(0)?, step: row.get(1)?, attempt: row.get(2)? };
                if !self.covered.contains_key(&(part, key)) {
                    self.find(self.seq + 1, Some((part, key)), EntryFault::RowAdded);
                }
            }
        }
        Ok(())
    }
}

fn bytes(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Blob(bytes) | ValueRef::Text(bytes) => bytes.to_vec(),
        _ => Vec::new(),
    })
}

/// Damage to one job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Damage {
    /// Whether that cannot be said of single steps: its plan is damaged, or entries are missing.
    is_whole: bool,
    /// The damaged steps, from zero.
    pub(super) steps: BTreeSet<u64>,
}

impl Damage {
    /// Sums up an audit of `job`.
    pub(super) fn of(audit: &Audit, job: i64) -> Self {
        let mut damage = Self::default();
        for broken in &audit.broken {
            match broken.about {
                Some((_, RowKey { job: other, .. })) if other != job => {}
                Some((RowPart::Owner | RowPart::End, _)) => {}
                Some((_, RowKey { step: Some(step), .. })) => {
                    damage.steps.extend(u64::try_from(step));
                }
                _ => damage.is_whole = true,
            }
        }
        damage
    }

    /// Whether a step may not be taken for what it says.
    pub(super) fn holds(&self, step: u64) -> bool {
        self.is_whole || self.steps.contains(&step)
    }
}
