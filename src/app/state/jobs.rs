//! The jobs, as the worker reports them.
//!
//! Owns a mirror of what the worker does: which job runs, which wait, and how their steps ended. The queue itself is the
//! worker's.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::status::group::{Loss, Sent};
use crate::app::effect::Ticket;
use crate::app::message::Attempt;
use crate::model::id::Id;
use crate::model::kind::{Kind, Verb};
use crate::model::moment::Moment;
use crate::model::outcome::{Outcome, Tally};
use crate::model::plan::Plan;
use crate::model::record::Record;

/// A job that is not over.
#[derive(Debug)]
pub struct Job {
    /// Its ticket.
    pub ticket: Ticket,
    /// What it does.
    pub plan: Arc<Plan>,
    /// When it began to run; `None` while it waits for others.
    pub started: Option<Moment>,
    /// How its steps ended so far, by number.
    pub ended: Vec<Option<Outcome>>,
    /// Whether it is held: nothing more is sent until it is resumed.
    pub held: bool,
    /// Whether it is held and nothing of it is under way.
    pub at_rest: bool,
    /// Whether it has been cancelled and only waits for what is under way.
    pub cancelled: bool,
    /// How many of its files have lost their bytes on the server, so that no copy could be made.
    pub bytes_gone: usize,
    /// Its steps that did not succeed.
    pub losses: Vec<Loss>,
    /// The last request of each record whose step has not ended, where it did not succeed.
    sent: BTreeMap<(Kind, Id), Sent>,
    /// Ids of steps that have not ended.
    open: BTreeSet<(Kind, Id)>,
}

impl Job {
    /// The last request for a record that did not succeed, which is not kept any longer.
    pub fn take_sent(&mut self, record: &Record) -> Option<Sent> {
        self.sent.remove(&(record.kind(), record.id().clone()))
    }

    /// How many steps have ended.
    #[must_use]
    pub fn done(&self) -> usize {
        self.ended.iter().flatten().count()
    }

    /// How many steps it has.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.plan.steps.len()
    }

    /// How many of its records were archived first and then not deleted. One whose deletion is unknown is not among them.
    #[must_use]
    pub fn only_archived(&self) -> usize {
        let ended = |n: usize| self.ended.get(n).copied().flatten();
        let steps = self.plan.steps.iter().enumerate();
        let is_prepared = |first: usize| ended(first) == Some(Outcome::Done);
        steps
            .filter(|(_, step)| step.after.is_some_and(is_prepared))
            .filter(|(n, _)| match ended(*n) {
                Some(Outcome::Refused | Outcome::Failed | Outcome::Changed | Outcome::NotSent) => true,
                Some(Outcome::Done | Outcome::AlreadyGone | Outcome::Unknown) | None => false,
            })
            .count()
    }

    /// The sum if it breaks off now: what has not ended may or may not have been done.
    #[must_use]
    pub fn cut_short(&self) -> Tally {
        let ended: Vec<_> = self.ended.iter().map(|ended| ended.or(Some(Outcome::Unknown))).collect();
        self.plan.tally(&ended)
    }

    /// Steps a second since it began, and how long the rest takes at that rate. `None` before there is a rate.
    #[must_use]
    pub fn pace(&self, now: Moment) -> Option<(f64, Duration)> {
        let elapsed = now.since(self.started?).as_secs_f64();
        if self.done() == 0 || elapsed < 0.2 {
            return None;
        }
        let rate = self.done() as f64 / elapsed;
        let left = (self.steps() - self.done()) as f64 / rate;
        Some((rate, Duration::try_from_secs_f64(left).ok()?))
    }
}

/// What is left to be done about the jobs of this session that are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Aftermath {
    /// Whether one of them did something that can be undone.
    pub undoable: bool,
    /// Whether something failed in the last of them, or may have.
    pub failed: bool,
}

/// All jobs that are not over, in the order they were confirmed, and what those before them left.
#[derive(Debug, Default)]
pub struct Jobs {
    open: VecDeque<Job>,
    /// What is left to be done about those that are over.
    pub aftermath: Aftermath,
}

impl Jobs {
    /// A job was confirmed.
    pub fn add(&mut self, ticket: Ticket, plan: Arc<Plan>) {
        let open = plan.targets().map(|step| (step.record.kind(), step.record.id().clone())).collect();
        let ended = vec![None; plan.steps.len()];
        self.open.push_back(Job {
            ticket,
            plan,
            started: None,
            ended,
            held: false,
            at_rest: false,
            cancelled: false,
            bytes_gone: 0,
            losses: Vec::new(),
            sent: BTreeMap::new(),
            open,
        });
    }

    /// The job that runs, or is next to run.
    #[must_use]
    pub fn current(&self) -> Option<&Job> {
        self.open.front()
    }

    /// How many jobs wait behind it.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.open.len().saturating_sub(1)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Every job.
    pub fn iter(&self) -> impl Iterator<Item = &Job> {
        self.open.iter()
    }

    /// The jobs that have not been cancelled, the running one first.
    pub fn going(&self) -> impl Iterator<Item = &Job> {
        self.open.iter().filter(|job| !job.cancelled)
    }

    /// Whether nothing of any job is under way, nor will be before one is resumed.
    #[must_use]
    pub fn are_at_rest(&self) -> bool {
        self.open.iter().all(|job| job.at_rest || job.started.is_none() && job.held)
    }

    /// The job with this ticket, to change it.
    pub fn get_mut(&mut self, ticket: Ticket) -> Option<&mut Job> {
        self.open.iter_mut().find(|job| job.ticket == ticket)
    }

    /// Whether some job goes on with the unfinished job of this number.
    #[must_use]
    pub fn continues(&self, job: i64) -> bool {
        self.open.iter().any(|open| open.plan.continues == Some(job))
    }

    /// Whether some job still has this record before it.
    #[must_use]
    pub fn holds(&self, kind: Kind, id: &Id) -> bool {
        // The key is only looked up, so the clone is the price of one comparison a record in a modal.
        let key = (kind, id.clone());
        self.open.iter().any(|job| job.open.contains(&key))
    }

    /// Whether some job has still to hand to this record what belongs to others.
    #[must_use]
    pub fn hands_to(&self, kind: Kind, id: &Id) -> bool {
        let mut ahead = self.open.iter().flat_map(|job| job.plan.steps.iter().zip(&job.ended));
        ahead.any(|(step, ended)| {
            ended.is_none() && step.heir.as_ref() == Some(id) && step.record.kind() == kind
        })
    }

    /// A request was sent. What did not succeed is kept until its step has ended.
    pub fn attempted(&mut self, attempt: &Attempt) {
        let (Some(kind), Some(id)) = (attempt.kind, attempt.id.clone()) else { return };
        let key = (kind, id);
        let job = self.open.iter_mut().find(|job| attempt.method != "GET" && job.open.contains(&key));
        match (job, &attempt.result) {
            (None, _) => {}
            (Some(job), Ok(_)) => drop(job.sent.remove(&key)),
            (Some(job), Err(failure)) => {
                let sent = Sent { method: attempt.method, url: attempt.url.clone(), status: failure.status };
                job.sent.insert(key, sent);
            }
        }
    }

    /// A step ended.
    pub fn step(&mut self, ticket: Ticket, step: usize, outcome: Outcome) {
        if let Some(job) = self.get_mut(ticket) {
            if let Some(ended) = job.ended.get_mut(step) {
                *ended = Some(outcome);
            }
            if let Some(step) = job.plan.steps.get(step).filter(|step| step.row.verb == job.plan.verb) {
                job.open.remove(&(step.record.kind(), step.record.id().clone()));
            }
        }
    }

    /// A job is over.
    pub fn remove(&mut self, ticket: Ticket) -> Option<Job> {
        let at = self.open.iter().position(|job| job.ticket == ticket)?;
        self.open.remove(at)
    }

    /// Takes down what a job that is over left to be done.
    pub fn remember(&mut self, job: &Job, tally: &Tally) {
        let undoable = job.plan.verb != Verb::Delete && tally.of(Outcome::Done) > 0;
        self.aftermath.undoable |= undoable;
        self.aftermath.failed = tally.of(Outcome::Failed) + tally.of(Outcome::Unknown) > 0;
    }

    /// Whether figures on the screen change with time alone.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.current().is_some_and(|job| job.started.is_some() && !job.held)
    }
}
