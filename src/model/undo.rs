//! The jobs of one organization that can be undone, and those undone that can be repeated.
//!
//! Owns the order of undoing and repeating since the program was started. What a job did to each record is the journal's.

use std::collections::BTreeMap;

use super::kind::Action;
use super::outcome::{Outcome, OutcomeCounts};

/// What a job was confirmed for, with the number of the job that it undoes or repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JobOrigin {
    /// Itself.
    #[default]
    New,
    /// Undoing this job.
    Undo(i64),
    /// Repeating this job, which was undone.
    Redo(i64),
}

/// Undo and redo: the last of each is next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UndoStack {
    done: Vec<i64>,
    undone: Vec<i64>,
    /// What the jobs that undo or repeat others were for, so that trying them again is for the same.
    origins: BTreeMap<i64, JobOrigin>,
}

impl UndoStack {
    /// The job to undo next, passing over those that a job in the queue undoes already.
    #[must_use]
    pub fn to_undo(&self, queued: impl Fn(JobOrigin) -> bool) -> Option<i64> {
        self.done.iter().rev().copied().find(|job| !queued(JobOrigin::Undo(*job)))
    }

    /// The job to repeat next, passing over those that a job in the queue repeats already.
    #[must_use]
    pub fn to_redo(&self, queued: impl Fn(JobOrigin) -> bool) -> Option<i64> {
        self.undone.iter().rev().copied().find(|job| !queued(JobOrigin::Redo(*job)))
    }

    /// The purpose of a job.
    #[must_use]
    pub fn origin(&self, job: i64) -> JobOrigin {
        self.origins.get(&job).copied().unwrap_or_default()
    }

    /// A job was confirmed. After a new one nothing can be repeated.
    pub fn confirmed(&mut self, origin: JobOrigin) {
        if origin == JobOrigin::New {
            self.undone.clear();
        }
    }

    /// A job is over. One that was only partly undone is still to be undone.
    pub fn ended(&mut self, job: i64, origin: JobOrigin, action: Action, tally: &OutcomeCounts) {
        let [done, gone, failed, unknown, not_sent] =
            [Outcome::Done, Outcome::AlreadyGone, Outcome::Failed, Outcome::Unknown, Outcome::NotSent]
                .map(|outcome| tally.of(outcome));
        match origin {
            JobOrigin::New if action.inverse().is_some() && done + unknown > 0 => self.done.push(job),
            JobOrigin::New => {}
            JobOrigin::Undo(undone) if done + gone > 0 && failed + unknown + not_sent == 0 => {
                self.forget(undone);
                self.undone.push(undone);
            }
            JobOrigin::Redo(repeated) if done + gone > 0 => {
                self.forget(repeated);
                self.done.push(repeated);
            }
            JobOrigin::Undo(_) | JobOrigin::Redo(_) => {}
        }
        if origin != JobOrigin::New {
            self.origins.insert(job, origin);
        }
    }

    /// Nothing of this job is left to be undone or repeated.
    pub fn forget(&mut self, job: i64) {
        self.done.retain(|one| *one != job);
        self.undone.retain(|one| *one != job);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tally(outcomes: &[(Outcome, usize)]) -> OutcomeCounts {
        outcomes.iter().flat_map(|(outcome, n)| vec![*outcome; *n]).collect()
    }

    fn all_done() -> OutcomeCounts {
        tally(&[(Outcome::Done, 3)])
    }

    fn none_queued(_: JobOrigin) -> bool {
        false
    }

    impl UndoStack {
        fn run(&mut self, job: i64, origin: JobOrigin, action: Action, tally: &OutcomeCounts) {
            self.confirmed(origin);
            self.ended(job, origin, action, tally);
        }

        fn next(&self) -> (Option<i64>, Option<i64>) {
            (self.to_undo(none_queued), self.to_redo(none_queued))
        }
    }

    #[derive(Debug, Clone, Copy)]
    enum Press {
        Archive,
        Delete,
        Undo,
        Redo,
    }

    /// The same thing as a list of jobs with a cursor: those before it are done, those behind it undone.
    #[derive(Default)]
    struct Timeline {
        jobs: Vec<i64>,
        done: usize,
    }

    proptest! {
        #[test]
        fn stack_for_any_sequence_equals_a_timeline_with_a_cursor(
            presses in prop::collection::vec(
                prop_oneof![
                    3 => Just(Press::Archive),
                    1 => Just(Press::Delete),
                    4 => Just(Press::Undo),
                    3 => Just(Press::Redo),
                ],
                0..60,
            )
        ) {
            let (mut stack, mut line) = (UndoStack::default(), Timeline::default());
            for (job, press) in (1..).zip(presses) {
                match press {
                    Press::Archive => {
                        stack.run(job, JobOrigin::New, Action::Archive, &all_done());
                        line.jobs.truncate(line.done);
                        line.jobs.push(job);
                        line.done += 1;
                    }
                    Press::Delete => {
                        stack.run(job, JobOrigin::New, Action::Delete, &all_done());
                        line.jobs.truncate(line.done);
                    }
                    Press::Undo => if let Some(undone) = stack.to_undo(none_queued) {
                        stack.run(job, JobOrigin::Undo(undone), Action::Restore, &all_done());
                        line.done -= 1;
                        prop_assert_eq!(line.jobs[line.done], undone);
                    },
                    Press::Redo => if let Some(repeated) = stack.to_redo(none_queued) {
                        stack.run(job, JobOrigin::Redo(repeated), Action::Archive, &all_done());
                        prop_assert_eq!(line.jobs[line.done], repeated);
                        line.done += 1;
                    },
                }
                let before = line.done.checked_sub(1).map(|at| line.jobs[at]);
                prop_assert_eq!(stack.next(), (before, line.jobs.get(line.done).copied()));
            }
        }
    }

    #[test]
    fn undoing_twice_goes_further_back_and_never_undoes_an_undo() {
        let mut stack = UndoStack::default();
        stack.run(1, JobOrigin::New, Action::Archive, &all_done());
        stack.run(2, JobOrigin::New, Action::Restore, &all_done());
        stack.run(3, JobOrigin::Undo(2), Action::Archive, &all_done());
        assert_eq!(stack.next(), (Some(1), Some(2)));
        stack.run(4, JobOrigin::Undo(1), Action::Restore, &all_done());
        assert_eq!(stack.next(), (None, Some(1)));
        stack.run(5, JobOrigin::Redo(1), Action::Archive, &all_done());
        assert_eq!(stack.next(), (Some(1), Some(2)));
    }

    #[test]
    fn job_that_did_nothing_cannot_be_undone() {
        let mut stack = UndoStack::default();
        stack.run(
            1,
            JobOrigin::New,
            Action::Archive,
            &tally(&[(Outcome::Refused, 2), (Outcome::NotSent, 3)]),
        );
        stack.run(2, JobOrigin::New, Action::Delete, &all_done());
        assert_eq!(stack.next(), (None, None));
    }

    #[test]
    fn undo_that_was_cancelled_is_still_to_be_finished() {
        let mut stack = UndoStack::default();
        stack.run(1, JobOrigin::New, Action::Archive, &all_done());
        stack.run(
            2,
            JobOrigin::Undo(1),
            Action::Restore,
            &tally(&[(Outcome::Done, 1), (Outcome::NotSent, 2)]),
        );
        assert_eq!(stack.next(), (Some(1), None));
        stack.run(3, JobOrigin::Undo(1), Action::Restore, &tally(&[(Outcome::Refused, 2)]));
        assert_eq!(stack.next(), (Some(1), None), "nothing of it was undone");
        stack.run(
            4,
            JobOrigin::Undo(1),
            Action::Restore,
            &tally(&[(Outcome::Done, 1), (Outcome::AlreadyGone, 1)]),
        );
        assert_eq!(stack.next(), (None, Some(1)));
    }

    #[test]
    fn job_that_is_being_undone_is_passed_over() {
        let mut stack = UndoStack::default();
        stack.run(1, JobOrigin::New, Action::Archive, &all_done());
        stack.run(2, JobOrigin::New, Action::Archive, &all_done());
        assert_eq!(stack.to_undo(|origin| origin == JobOrigin::Undo(2)), Some(1));
        stack.forget(2);
        assert_eq!(stack.next(), (Some(1), None));
    }

    #[test]
    fn retry_of_an_undo_counts_as_that_undo() {
        let mut stack = UndoStack::default();
        stack.run(1, JobOrigin::New, Action::Archive, &all_done());
        stack.run(
            2,
            JobOrigin::Undo(1),
            Action::Restore,
            &tally(&[(Outcome::Done, 1), (Outcome::Failed, 2)]),
        );
        assert_eq!((stack.origin(2), stack.origin(1)), (JobOrigin::Undo(1), JobOrigin::New));
        let origin = stack.origin(2);
        stack.run(3, origin, Action::Restore, &tally(&[(Outcome::Done, 2)]));
        assert_eq!(stack.next(), (None, Some(1)));
    }
}
