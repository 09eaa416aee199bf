//! How a step ended, and how a job adds up.
//!
//! Owns the words for outcomes and the judgement that leads from an answer to one of them. Nothing here is optimistic:
//! what is not certain is `unknown`.

use super::failure::{Cause, Failure};
use super::kind::Action;
use super::record::Record;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// The server did it.
    Done,
    /// It was not there any more.
    AlreadyGone,
    /// The server said no, clearly.
    Refused,
    /// Certainly not done.
    Failed,
    /// Sent, and no answer that can be trusted.
    Unknown,
    /// Not sent, because the record differs from what was loaded.
    Changed,
    /// Not sent, because the job ended first.
    NotSent,
}

impl Outcome {
    /// Every outcome, in the order of the summary line.
    pub const ALL: [Self; 7] = [
        Self::Done,
        Self::AlreadyGone,
        Self::Refused,
        Self::Failed,
        Self::Unknown,
        Self::Changed,
        Self::NotSent,
    ];

    /// The word the screen shows.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::AlreadyGone => "already gone",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Changed => "changed",
            Self::NotSent => "not sent",
        }
    }

    /// The outcome that `word` stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

/// What an answer to a PUT or DELETE means for the step that sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseVerdict {
    /// The step has ended.
    Ended(Outcome),
    /// The server turned it away unprocessed: it may be sent again after a wait.
    Again,
    /// The token is not accepted: nothing was done, and nothing more may be sent with it.
    Locked,
    /// The server knows no such record: if a read confirms that it is gone, it is [`Outcome::AlreadyGone`].
    Missing,
    /// What became of it must be read back.
    ReadBack {
        /// Whether it may still take effect after this, so that a record found unchanged is looked at twice.
        patiently: bool,
    },
}

/// The statuses with which a gateway says that it gave up waiting, while what it passed on may still be worked at.
const GAVE_UP: [u16; 2] = [504, 524];

/// Judges a failed PUT or DELETE, for which the statuses in `missing` say the same as a 404.
#[must_use]
pub fn judge(failure: &Failure, missing: &[u16]) -> ResponseVerdict {
    match failure.cause {
        Cause::Forbidden | Cause::Invalid if failure.status.is_some_and(|told| missing.contains(&told)) => {
            ResponseVerdict::Missing
        }
        Cause::Unauthorized => ResponseVerdict::Locked,
        Cause::Unrecorded => ResponseVerdict::Ended(Outcome::NotSent),
        Cause::RateLimited | Cause::Unprocessed => ResponseVerdict::Again,
        Cause::NotFound => ResponseVerdict::Missing,
        Cause::Forbidden | Cause::Invalid => ResponseVerdict::Ended(Outcome::Refused),
        Cause::Unreachable | Cause::Bug => ResponseVerdict::Ended(Outcome::Failed),
        // A success that makes no sense may have been queued.
        Cause::Server | Cause::Redirected | Cause::Garbled => ResponseVerdict::ReadBack {
            patiently: failure.status.is_some_and(|status| GAVE_UP.contains(&status) || status < 300),
        },
        Cause::Broken | Cause::TimedOut => ResponseVerdict::ReadBack { patiently: true },
        Cause::Cancelled => ResponseVerdict::Ended(Outcome::Unknown),
    }
}

/// What reading a record back found, at the place that tells the truth about its kind.
#[derive(Debug, Clone)]
pub enum ReadBack {
    /// It is there, as it now is.
    There(Record),
    /// It is not there, neither live nor archived.
    Gone,
}

/// How a step ended that met no answer to trust, by what is there now.
#[must_use]
pub fn settled(action: Action, found: &ReadBack) -> Outcome {
    match (action, found) {
        (Action::Delete, ReadBack::Gone) => Outcome::Done,
        (Action::Archive | Action::Restore, ReadBack::Gone) => Outcome::AlreadyGone,
        (Action::Archive, ReadBack::There(record)) if record.is_archived() => Outcome::Done,
        (Action::Restore, ReadBack::There(record)) if !record.is_archived() => Outcome::Done,
        (_, ReadBack::There(_)) => Outcome::Failed,
    }
}

/// How many steps ended in which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutcomeCounts([usize; Outcome::ALL.len()]);

impl OutcomeCounts {
    /// Counts one more.
    pub fn add(&mut self, outcome: Outcome) {
        self.0[outcome as usize] += 1;
    }

    /// Counts one that ended in one way as one that ended in another.
    pub fn replace(&mut self, was: Outcome, is: Outcome) {
        if self.of(was) > 0 {
            self.0[was as usize] -= 1;
            self.add(is);
        }
    }

    /// How many ended so.
    #[must_use]
    pub fn of(&self, outcome: Outcome) -> usize {
        self.0[outcome as usize]
    }

    /// How many ended at all.
    #[must_use]
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }

    /// Returns `18 done, 1 refused`: the outcomes that occurred, in the order of [`Outcome::ALL`].
    #[must_use]
    pub fn counts(&self) -> String {
        let occurred = Outcome::ALL.into_iter().filter(|outcome| self.of(*outcome) > 0);
        let counts: Vec<String> =
            occurred.map(|outcome| format!("{} {}", self.of(outcome), outcome.word())).collect();
        counts.join(", ")
    }

    /// Returns the line with which a job of `action` ends: `archive finished: 18 done, 1 refused`.
    #[must_use]
    pub fn sentence(&self, action: &str, cancelled: bool) -> String {
        let ending = if cancelled { "cancelled" } else { "finished" };
        match self.total() {
            0 => format!("{action} {ending}: nothing to do"),
            _ => format!("{action} {ending}: {}", self.counts()),
        }
    }
}

impl FromIterator<Outcome> for OutcomeCounts {
    fn from_iter<T: IntoIterator<Item = Outcome>>(outcomes: T) -> Self {
        let mut tally = Self::default();
        outcomes.into_iter().for_each(|outcome| tally.add(outcome));
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_of_a_job_leaves_out_outcomes_that_are_zero() {
        use Outcome::{Done, NotSent, Refused};
        let tally: OutcomeCounts =
            [vec![Done; 18], vec![Refused], vec![NotSent; 2]].concat().into_iter().collect();
        assert_eq!(tally.sentence("archive", false), "archive finished: 18 done, 1 refused, 2 not sent");
        assert_eq!(tally.sentence("archive", true), "archive cancelled: 18 done, 1 refused, 2 not sent");
        assert_eq!(OutcomeCounts::default().sentence("delete", false), "delete finished: nothing to do");
    }

    #[test]
    fn only_what_was_provably_not_processed_is_sent_again() {
        let again: Vec<Cause> = [
            Cause::Broken,
            Cause::TimedOut,
            Cause::Server,
            Cause::Garbled,
            Cause::Redirected,
            Cause::Unprocessed,
            Cause::RateLimited,
        ]
        .into_iter()
        .filter(|cause| judge(&Failure::new(*cause, "x"), &[]) == ResponseVerdict::Again)
        .collect();
        assert_eq!(again, [Cause::Unprocessed, Cause::RateLimited]);
    }

    #[test]
    fn outcomes_are_counted_under_their_own_word() {
        for outcome in Outcome::ALL {
            let tally: OutcomeCounts = [outcome].into_iter().collect();
            assert_eq!((tally.of(outcome), tally.total()), (1, 1));
            assert_eq!(Outcome::parse(outcome.word()), Some(outcome));
            assert!(tally.sentence("x", false).contains(&format!("1 {}", outcome.word())));
        }
    }
}
