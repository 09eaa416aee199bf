//! Looking back: past jobs and their steps.
//!
//! Owns the queries. Never writes, but for bringing the file's schema up to date. Must not know how it is shown.

mod later;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::trouble::JournalError;
use super::{Ending, FILE, LOCKS, locks, open};
use crate::model::outcome::Outcome;

pub use later::LaterStep;

/// Which jobs, and of one job which steps, are asked for. What is `None` leaves all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Jobs that started then or later.
    pub since: Option<Timestamp>,
    /// Jobs of this verb.
    pub verb: Option<String>,
    /// Steps of this kind, by its word, and jobs that hold one.
    pub kind: Option<String>,
    /// Steps that ended so, and jobs that hold one.
    pub outcome: Option<Outcome>,
    /// Jobs of this place: the API's address and the organization's id.
    pub place: Option<(String, String)>,
    /// Jobs before this one.
    pub before: Option<i64>,
    /// No more jobs than this.
    pub most: Option<u32>,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// A process is at it.
    Running,
    /// No process is at it, and none has brought it to its end.
    Unfinished,
    /// It is over.
    Over(Ending),
}

impl JobState {
    /// The word the history shows.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Unfinished => "unfinished",
            Self::Over(ending) => ending.word(),
        }
    }
}

/// A job of the past, or one that is running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastJob {
    /// Its number.
    pub id: i64,
    /// The API's address.
    pub base_url: String,
    /// The organization's id.
    pub organization: String,
    /// The organization's name.
    pub organization_name: String,
    /// The verb's word.
    pub verb: String,
    /// The id of the user whose token it was, as the server names it.
    pub person: Option<String>,
    /// The folder with the copies that were taken, if any were.
    pub backups: Option<String>,
    /// Whether a copy was kept of any of its records.
    pub copied: bool,
    /// The job whose rest it took over.
    pub continues: Option<i64>,
    /// Who was to be handed what belonged to its records, as JSON.
    pub heir: Option<String>,
    /// The words of the kinds of its records.
    pub kinds: Vec<String>,
    /// Whether it was begun by a process of this one's number, which says something only while it is running.
    pub ours: bool,
    /// How many steps its plan has.
    pub steps: u64,
    /// When it was confirmed.
    pub created: Timestamp,
    /// When its turn came.
    pub started: Timestamp,
    /// When it was over.
    pub ended: Option<Timestamp>,
    /// How it stands.
    pub state: JobState,
    /// What stopped it, if something did.
    pub reason: Option<String>,
    /// How many records ended in which way, ways that did not occur left out. A record that several steps lead to is
    /// counted once: by the first of them that is not done, or by the last.
    pub outcomes: Vec<(Outcome, u64)>,
    /// How many records something was sent for without an outcome so far.
    pub sent: u64,
    /// How many records nothing was sent for so far, or nothing beyond what had to be done first.
    pub waiting: u64,
}

/// A step of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastStep {
    /// Its number, from zero in the order of the plan.
    pub n: u64,
    /// The kind's word.
    pub kind: String,
    /// The record's id.
    pub record: String,
    /// The record's name.
    pub name: String,
    /// The request's method.
    pub method: String,
    /// The request's path.
    pub path: String,
    /// The word of its verb, which need not be the job's.
    pub verb: String,
    /// The step that had to be done before it.
    pub after: Option<u64>,
    /// The record as it was frozen, as JSON; none of jobs from before this was kept.
    pub fields: Option<String>,
    /// What the server's answer alone still says, as JSON.
    pub kept: Option<String>,
    /// The file in the job's folder that holds the copy.
    pub copy: Option<String>,
    /// How it ended, if it did.
    pub outcome: Option<Outcome>,
    /// Why, for people.
    pub reason: Option<String>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Every request that was sent for it, in order.
    pub attempts: Vec<PastAttempt>,
}

/// A request that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastAttempt {
    /// Its number, from one.
    pub n: u64,
    /// When it was sent.
    pub sent: Timestamp,
    /// When it was answered or given up.
    pub ended: Option<Timestamp>,
    /// How long that took, in milliseconds.
    pub took_ms: Option<u64>,
    /// The HTTP status, if an answer came.
    pub status: Option<u16>,
    /// The server's name for the request.
    pub request_id: Option<String>,
    /// What the server said, or what went wrong.
    pub words: Option<String>,
}

/// Statuses of answers that turned a request away unprocessed (API sheet, section 4).
pub(super) const TURNED_AWAY: [u16; 2] = [401, 429];

impl PastAttempt {
    /// Whether the server turned it away unprocessed, so that it counts as never sent.
    #[must_use]
    pub fn was_turned_away(&self) -> bool {
        self.status.is_some_and(|status| TURNED_AWAY.contains(&status))
    }
}

/// The journal, open to be looked into.
#[derive(Debug)]
pub struct History {
    connection: Connection,
    directory: PathBuf,
}

impl History {
    /// Opens the journal in `directory`; none where no job was ever kept.
    ///
    /// # Errors
    /// [`JournalError`] when there is one that cannot be read.
    pub fn open(directory: &Path) -> Result<Option<Self>, JournalError> {
        let connection = open::to_read(directory)?;
        Ok(connection.map(|connection| Self { connection, directory: directory.to_owned() }))
    }

    /// Looks through the whole file for damage.
    ///
    /// # Errors
    /// [`JournalError`] when there is any, or the file cannot be read.
    pub fn check(&self) -> Result<(), JournalError> {
        let verdict = self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
        match verdict.map_err(|why| self.sql(&why))?.as_str() {
            "ok" => Ok(()),
            _ => Err(JournalError::Damaged { path: self.directory.join(FILE).display().to_string() }),
        }
    }

    /// The jobs that are wanted, the newest first.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub fn jobs(&self, wanted: &Wanted) -> Result<Vec<PastJob>, JournalError> {
        self.read_jobs(wanted).map_err(|why| self.sql(&why))
    }

    /// One job by its number, if there is such a job.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub fn job(&self, id: i64) -> Result<Option<PastJob>, JournalError> {
        let read = || {
            let mut query = self.connection.prepare_cached(&format!("{JOBS} WHERE id = ?1"))?;
            let job = query.query_row([id], job).optional()?;
            job.map(|job| self.completed(job)).transpose()
        };
        read().map_err(|why| self.sql(&why))
    }

    /// The steps of a job that are wanted, in the order of its plan.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub fn steps(&self, job: i64, wanted: &Wanted) -> Result<Vec<PastStep>, JournalError> {
        self.read_steps(job, wanted).map_err(|why| self.sql(&why))
    }

    fn read_jobs(&self, wanted: &Wanted) -> rusqlite::Result<Vec<PastJob>> {
        let mut query = self.connection.prepare_cached(&format!(
            "{JOBS} WHERE (?1 IS NULL OR started >= ?1) AND (?2 IS NULL OR verb = ?2)
             AND ((?3 IS NULL AND ?4 IS NULL) OR EXISTS (SELECT 1 FROM steps WHERE steps.job = jobs.id
                  AND (?3 IS NULL OR kind = ?3) AND (?4 IS NULL OR outcome = ?4)))
             AND (?5 IS NULL OR (base_url = ?5 AND organization = ?6)) AND (?7 IS NULL OR id < ?7)
             ORDER BY id DESC LIMIT coalesce(?8, -1)"
        ))?;
        let since = wanted.since.map(Timestamp::as_millisecond);
        let (base_url, organization) = wanted.place.as_ref().map(|(url, id)| (url, id)).unzip();
        let outcome = wanted.outcome.map(Outcome::word);
        let Wanted { verb, kind, before, most, .. } = wanted;
        let values = params![since, verb, kind, outcome, base_url, organization, before, most];
        let jobs: Vec<PastJob> = query.query_map(values, job)?.collect::<rusqlite::Result<_>>()?;
        jobs.into_iter().map(|job| self.completed(job)).collect()
    }

    /// A job with what its own row does not say.
    fn completed(&self, mut job: PastJob) -> rusqlite::Result<PastJob> {
        if job.state == JobState::Unfinished {
            if locks::is_held(&self.directory.join(LOCKS), job.id) {
                job.state = JobState::Running;
            } else {
                // It may have come to its end since its row was read; with its lock gone, the row says so.
                let mut query = self.connection.prepare_cached(&format!("{JOBS} WHERE id = ?1"))?;
                job = query.query_row([job.id], self::job)?;
            }
        }
        self.count(&mut job)?;
        Ok(job)
    }

    fn count(&self, job: &mut PastJob) -> rusqlite::Result<()> {
        let mut query = self.connection.prepare_cached(COUNTS)?;
        let mut rows = query.query(params![job.id, Outcome::Done.word()])?;
        while let Some(row) = rows.next()? {
            let (was_sent, n): (bool, u64) = (row.get(1)?, row.get(2)?);
            match outcome(row, 0)? {
                Some(outcome) => job.outcomes.push((outcome, n)),
                None if was_sent => job.sent = n,
                None => job.waiting = n,
            }
        }
        job.outcomes.sort_unstable();
        let kinds = "SELECT DISTINCT kind FROM steps WHERE job = ?1 ORDER BY kind";
        let mut kinds = self.connection.prepare_cached(kinds)?;
        job.kinds = kinds.query_map([job.id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let copied = "SELECT EXISTS (SELECT 1 FROM steps WHERE job = ?1 AND copy IS NOT NULL)";
        job.copied = self.connection.prepare_cached(copied)?.query_row([job.id], |row| row.get(0))?;
        Ok(())
    }

    fn read_steps(&self, job: i64, wanted: &Wanted) -> rusqlite::Result<Vec<PastStep>> {
        let mut query = self.connection.prepare_cached(
            "SELECT n, kind, record, name, method, path, outcome, reason, ended,
                 coalesce(verb, (SELECT verb FROM jobs WHERE id = ?1)), after, fields, kept, copy
             FROM steps WHERE job = ?1 AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR outcome = ?3)
             ORDER BY n",
        )?;
        let values = params![job, wanted.kind, wanted.outcome.map(Outcome::word)];
        let steps: Vec<PastStep> = query.query_map(values, step)?.collect::<rusqlite::Result<_>>()?;
        let mut query = self.connection.prepare_cached(
            "SELECT n, sent, ended, took_ms, status, request_id, words FROM attempts
             WHERE job = ?1 AND step = ?2 ORDER BY n",
        )?;
        let with_attempts = steps.into_iter().map(|mut step| {
            step.attempts =
                query.query_map(params![job, step.n], attempt)?.collect::<rusqlite::Result<_>>()?;
            Ok(step)
        });
        with_attempts.collect()
    }

    fn sql(&self, why: &rusqlite::Error) -> JournalError {
        match JournalError::sql(&self.directory.join(FILE), why) {
            JournalError::Refused(why) => JournalError::Unreadable(why),
            other => other,
        }
    }
}

const JOBS: &str =
    "SELECT id, base_url, organization, organization_name, verb, steps, created, started, ended, ending,
    reason, person, backups, continues, process, heir FROM jobs";

/// How many records of a job stand how. A step that others come after is their record's only while it is not done; a step
/// whose turn never came is not counted beside the one that kept it from its turn.
pub(super) const COUNTS: &str = "SELECT outcome, is_sent, count(*) FROM (
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

fn job(row: &Row<'_>) -> rusqlite::Result<PastJob> {
    let ended: Option<i64> = row.get(8)?;
    let ending: Option<String> = row.get(9)?;
    let ending = Ending::ALL.into_iter().find(|known| Some(known.word()) == ending.as_deref());
    Ok(PastJob {
        id: row.get(0)?,
        base_url: row.get(1)?,
        organization: row.get(2)?,
        organization_name: row.get(3)?,
        verb: row.get(4)?,
        steps: row.get(5)?,
        created: time(6, row.get(6)?)?,
        started: time(7, row.get(7)?)?,
        ended: ended.map(|at| time(8, at)).transpose()?,
        state: ending.map_or(JobState::Unfinished, JobState::Over),
        reason: row.get(10)?,
        person: row.get(11)?,
        backups: row.get(12)?,
        copied: false,
        continues: row.get(13)?,
        ours: row.get::<_, u32>(14)? == std::process::id(),
        heir: row.get(15)?,
        kinds: Vec::new(),
        outcomes: Vec::new(),
        sent: 0,
        waiting: 0,
    })
}

fn step(row: &Row<'_>) -> rusqlite::Result<PastStep> {
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
        verb: row.get(9)?,
        after: row.get(10)?,
        fields: row.get(11)?,
        kept: row.get(12)?,
        copy: row.get(13)?,
        attempts: Vec::new(),
    })
}

fn attempt(row: &Row<'_>) -> rusqlite::Result<PastAttempt> {
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

fn outcome(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Outcome>> {
    let word: Option<String> = row.get(column)?;
    Ok(word.and_then(|word| Outcome::parse(&word)))
}

fn time(column: usize, milliseconds: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(milliseconds)
        .map_err(|why| rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, Box::new(why)))
}
