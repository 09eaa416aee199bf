//! Past jobs, their steps and their attempts, as they are looked up.
//!
//! Owns these shapes and nothing else.

use jiff::Timestamp;

use super::super::JobEndState;
use crate::model::outcome::Outcome;

/// Which jobs, and of one job which steps, are asked for. What is `None` leaves all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Jobs that started then or later.
    pub since: Option<Timestamp>,
    /// Jobs of this action.
    pub action: Option<String>,
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
pub enum StoredJobState {
    /// A process is at it.
    Running,
    /// No process is at it, and none has brought it to its end.
    Unfinished,
    /// It is over.
    Over(JobEndState),
}

impl StoredJobState {
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
    /// The action's word.
    pub action: String,
    /// The id of the user whose token it was, as the server names it.
    pub person: Option<String>,
    /// The folder with the copies that were taken, if any were.
    pub backups: Option<String>,
    /// Whether a copy was kept of any of its records.
    pub copied: bool,
    /// The job whose rest it took over.
    pub continues: Option<i64>,
    /// Who was to be handed what belonged to its records, as JSON.
    pub reassignee: Option<String>,
    /// The words of the kinds of its records.
    pub kinds: Vec<String>,
    /// Whether it belongs to this process, which says something only while it is running.
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
    pub state: StoredJobState,
    /// The reason why it stopped, if something stopped it.
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
    /// The word of its action, which need not be the job's.
    pub action: String,
    /// The step that had to be done before it.
    pub after: Option<u64>,
    /// The record as it was frozen, as JSON.
    pub fields: String,
    /// Facts that only the server's answer states, as JSON.
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
    /// Whether it is not what was written, as far as that was looked at: nothing may be done by what it says.
    pub is_damaged: bool,
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
    /// The words of the server, or the failure.
    pub words: Option<String>,
}

/// Statuses of answers that turned a request away unprocessed (API sheet, section 4).
pub(in crate::storage::journal) const TURNED_AWAY: [u16; 2] = [401, 429];

impl PastAttempt {
    /// Whether the server turned it away unprocessed, so that it counts as never sent.
    #[must_use]
    pub fn was_turned_away(&self) -> bool {
        self.status.is_some_and(|status| TURNED_AWAY.contains(&status))
    }
}
