//! Jobs of the past, as far as something can still be done about them.
//!
//! Owns what undoing, trying again and finishing have in common: records as they were frozen, and what has to be said
//! about them before they go through the dialog. Must not know where a past job is kept.

use jiff::Timestamp;

use super::catalog::ActionLabels;
use super::kind::{Action, Kind};
use super::outcome::{Outcome, OutcomeCounts};
use super::plan::{Options, Reassignee, Target};
use super::text;

/// What is said of a file whose bytes the server cannot give any more; by these words such a step is known again.
pub const BYTES_LOST: &str = "the server has lost the bytes";

/// What is wanted of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryRequest {
    /// This job, inverted for what it did, as the last of this session.
    Undo(i64),
    /// This job again, for what was undone of it.
    Redo(i64),
    /// What failed of the last job, again.
    Retry,
    /// This job, inverted for what it did.
    UndoJob(i64),
    /// What failed of this job, again.
    RetryJob(i64),
}

/// A job of the past, ready to go through the dialog.
#[derive(Debug, Clone)]
pub struct RecoveryPlan {
    /// Its number.
    pub job: i64,
    /// What would be done now.
    pub action: Action,
    /// The records, as they were frozen, or as they have been left.
    pub chosen: Vec<Target>,
    /// What was chosen then, as far as it still counts.
    pub options: Options,
    /// Who was to be handed what belongs to the records.
    pub reassignee: Option<Reassignee>,
    /// What has to be said first: which job it is, and what has happened since.
    pub preface: Vec<String>,
}

impl RecoveryPlan {
    /// Whether nothing can be done for any of its records, whatever else is going on.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.chosen.iter().all(|chosen| chosen.busy.is_some())
    }
}

/// An unfinished job of an earlier run of the program.
#[derive(Debug, Clone)]
pub struct UnfinishedJob {
    /// Its number in the history.
    pub job: i64,
    /// Its action.
    pub action: Action,
    /// When it was confirmed.
    pub confirmed: Timestamp,
    /// The kinds of its records, with how many there are of each.
    pub kinds: Vec<(Kind, usize)>,
    /// How its records ended, one outcome each; what was under way has been read back, and what never was counts as not
    /// sent.
    pub tally: OutcomeCounts,
    /// The records that have not been dealt with, as they were frozen.
    pub rest: Vec<Target>,
    /// What was chosen in its dialog.
    pub options: Options,
    /// Who was to be handed what belongs to the records.
    pub reassignee: Option<Reassignee>,
    /// Whether another process is at it, so that nothing can be done about it here.
    pub elsewhere: bool,
    /// How many of its steps are being read back: until then they count as unknown.
    pub reading: usize,
    /// How many of the records that have not been dealt with were archived first, and only have to be deleted.
    pub archived: usize,
}

/// A journal of an earlier version that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldJournal {
    /// The name of its file in the state directory.
    pub file: String,
    /// How many jobs it did not finish.
    pub unfinished: u64,
}

/// State of the jobs of earlier runs in the journal, before anything is read back.
#[derive(Debug, Clone, Default)]
pub struct UnfinishedJobs {
    /// The unfinished jobs.
    pub unfinished_jobs: Vec<UnfinishedJob>,
    /// Journals that nobody has acknowledged.
    pub old: Vec<OldJournal>,
    /// How many entries could not be read.
    pub damaged: u64,
}

impl UnfinishedJob {
    /// Counts a step that was read back.
    pub fn read_back(&mut self, outcome: Outcome) {
        self.reading = self.reading.saturating_sub(1);
        self.tally.replace(Outcome::Unknown, outcome);
    }

    /// `unfinished archive: 22 done, 3 unknown, 35 not sent`, outcomes that did not occur left out; of a deletion also how
    /// many have been archived for it.
    #[must_use]
    pub fn sentence(&self) -> String {
        let action = self.words().action(self.action);
        if self.elsewhere {
            return format!("{action}: running in another tidyfy");
        }
        let archived = match self.archived {
            0 => String::new(),
            n => format!("; {} of them {} already", text::grouped(n as u64), self.words().archived),
        };
        format!("unfinished {action}: {}{archived}", self.tally.counts())
    }

    /// What its soft actions are called.
    #[must_use]
    pub fn words(&self) -> &'static ActionLabels {
        ActionLabels::of(self.kinds.iter().map(|(kind, _)| *kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unfinished_job_says_what_was_done_and_what_was_not() {
        let outcomes = [(Outcome::Done, 22), (Outcome::Unknown, 3), (Outcome::NotSent, 35)];
        let tally = outcomes.iter().flat_map(|(outcome, n)| vec![*outcome; *n]).collect();
        let unfinished_job = UnfinishedJob {
            job: 4,
            action: Action::Archive,
            confirmed: Timestamp::UNIX_EPOCH,
            kinds: vec![(Kind::Processes, 60)],
            tally,
            rest: Vec::new(),
            options: Options::default(),
            reassignee: None,
            elsewhere: false,
            reading: 0,
            archived: 0,
        };
        assert_eq!(unfinished_job.sentence(), "unfinished archive: 22 done, 3 unknown, 35 not sent");
        let begun = UnfinishedJob { action: Action::Delete, archived: 1_500, ..unfinished_job.clone() };
        assert_eq!(
            begun.sentence(),
            "unfinished delete: 22 done, 3 unknown, 35 not sent; 1,500 of them archived already"
        );
        let elsewhere = UnfinishedJob { elsewhere: true, ..unfinished_job };
        assert_eq!(elsewhere.sentence(), "archive: running in another tidyfy");
    }
}
