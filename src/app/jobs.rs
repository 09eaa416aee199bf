//! The jobs, as the worker reports them.
//!
//! Owns a mirror of what the worker does: which job runs, which wait, and how their steps ended. The queue itself is the
//! worker's.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::app::effect::RequestId;
use crate::app::event::{Attempt, LimitWait};
use crate::app::state::State;
use crate::app::status_pane::group::{FailedStep, SentRequest};
use crate::model::id::Id;
use crate::model::kind::Kind;
use crate::model::limits::RemainingRequests;
use crate::model::outcome::{Outcome, OutcomeCounts};
use crate::model::plan::Plan;
use crate::model::record::Record;
use crate::model::time::Moment;

/// A job that is not over.
#[derive(Debug)]
pub struct Job {
    /// Its ticket.
    pub request_id: RequestId,
    /// What it does.
    pub plan: Arc<Plan>,
    /// Its number in the journal, once it is there.
    pub number: Option<i64>,
    /// When it began to run; `None` while it waits for others.
    pub started: Option<Moment>,
    /// How its steps ended so far, by number.
    pub ended: Vec<Option<Outcome>>,
    /// Whether nothing of it is in flight while the queue is paused.
    pub at_rest: bool,
    /// Whether it has been cancelled and only waits for what is under way.
    pub cancelled: bool,
    /// How many of its files have lost their bytes on the server, so that no copy could be made.
    pub bytes_gone: usize,
    /// How many of its records are dealt with: one that is archived to be deleted next is not.
    done: usize,
    /// Its steps that did not succeed.
    pub losses: Vec<FailedStep>,
    /// The last request of each record whose step has not ended, where it did not succeed.
    sent: BTreeMap<(Kind, Id), SentRequest>,
    /// The records that are not dealt with, and how many reads each may still need.
    open: BTreeMap<(Kind, Id), usize>,
    /// The sum of these.
    reads_left: usize,
    /// How many of its steps have ended.
    steps_ended: usize,
    /// How many of the open ones are read from a list.
    listed_left: usize,
    /// How long it has been sending.
    active: Duration,
    /// Since when it does so now, on the clock that never steps.
    active_since: Option<Duration>,
}

impl Job {
    /// The last request for a record that did not succeed, which is not kept any longer.
    pub fn take_sent(&mut self, record: &Record) -> Option<SentRequest> {
        self.sent.remove(&(record.kind(), record.id().clone()))
    }

    /// How many of its records are dealt with.
    #[must_use]
    pub fn done(&self) -> usize {
        self.done
    }

    /// How many records were confirmed.
    #[must_use]
    pub fn records(&self) -> usize {
        self.plan.count()
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
    pub fn cut_short(&self) -> OutcomeCounts {
        let ended: Vec<_> = self.ended.iter().map(|ended| ended.or(Some(Outcome::Unknown))).collect();
        self.plan.tally(&ended)
    }

    /// Records a second while it was sending. `None` before there is a rate.
    #[must_use]
    pub fn rate(&self, now: Moment) -> Option<f64> {
        let since = self.active_since.map_or(Duration::ZERO, |since| now.tick.saturating_sub(since));
        let elapsed = (self.active + since).as_secs_f64();
        (self.done() > 0 && elapsed >= 0.2).then(|| self.done() as f64 / elapsed)
    }

    /// The requests that are still to be sent or answered.
    #[must_use]
    pub fn requests_left(&self) -> RemainingRequests {
        let reads = self.reads_left + self.listed_left.div_ceil(Plan::ROWS_A_READ);
        RemainingRequests { writes: self.plan.steps.len() - self.steps_ended, reads }
    }

    /// Starts or stops the clock that its rate is measured by.
    fn time(&mut self, is_active: bool, now: Duration) {
        match self.active_since {
            None if is_active => self.active_since = Some(now),
            Some(since) if !is_active => {
                self.active += now.saturating_sub(since);
                self.active_since = None;
            }
            _ => {}
        }
    }
}

/// Whether the jobs of the queue send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QueueState {
    /// They do, one job after the other.
    #[default]
    Running,
    /// Paused while a question about them is open: a no lets them go on.
    Asking,
    /// Paused by a person: nothing goes on, and no waiting job starts, before it is resumed.
    Paused,
}

/// All jobs that are not over, in the order they were confirmed, and what those before them left.
#[derive(Debug, Default)]
pub struct Jobs {
    open: VecDeque<Job>,
    /// Whether they send.
    pub queue: QueueState,
    /// Whether something failed in the last that is over, or may have.
    pub has_failed: bool,
}

fn key(record: &Record) -> (Kind, Id) {
    (record.kind(), record.id().clone())
}

impl State {
    /// Whether requests can be sent now: a rate says nothing while they cannot.
    #[must_use]
    pub fn can_send(&self) -> bool {
        let is_in_force = |wait: &&LimitWait| wait.until > self.now.tick;
        let is_held = self.waiting.as_ref().filter(is_in_force).is_some_and(LimitWait::is_pause);
        !is_held && self.locked_out.is_none() && self.offline.is_none()
    }

    /// Lets the clocks of the jobs run for those that can send now.
    pub fn time_jobs(&mut self) {
        let sends = self.can_send() && self.jobs.queue == QueueState::Running;
        let now = self.now.tick;
        self.jobs.open.iter_mut().for_each(|job| job.time(sends && job.started.is_some(), now));
    }
}

impl Jobs {
    /// A job was confirmed.
    pub fn add(&mut self, request_id: RequestId, plan: Arc<Plan>) {
        let mut open: BTreeMap<(Kind, Id), usize> = BTreeMap::new();
        for step in &plan.steps {
            *open.entry(key(&step.record)).or_default() += plan.reads_before(step);
        }
        let reads_left = open.values().sum();
        let listed_left = plan.steps.iter().filter(|step| plan.is_read_from_list(step)).count();
        let ended = vec![None; plan.steps.len()];
        self.open.push_back(Job {
            request_id,
            plan,
            number: None,
            started: None,
            ended,
            at_rest: false,
            cancelled: false,
            done: 0,
            bytes_gone: 0,
            losses: Vec::new(),
            sent: BTreeMap::new(),
            open,
            reads_left,
            steps_ended: 0,
            listed_left,
            active: Duration::ZERO,
            active_since: None,
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

    /// The jobs that wait behind this one, the next first.
    pub fn behind(&self, request_id: RequestId) -> impl Iterator<Item = &Job> {
        let from = self.open.iter().skip_while(move |job| job.request_id != request_id);
        from.skip(1).filter(|job| !job.cancelled)
    }

    /// Whether there are jobs, and none of them sends before it is resumed.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.queue != QueueState::Running && !self.open.is_empty()
    }

    /// Whether nothing of any job is in flight, nor will be before the queue is resumed.
    #[must_use]
    pub fn are_at_rest(&self) -> bool {
        self.open.iter().all(|job| job.at_rest || job.started.is_none() && self.is_paused())
    }

    /// The job with this ticket, to change it.
    pub fn get_mut(&mut self, request_id: RequestId) -> Option<&mut Job> {
        self.open.iter_mut().find(|job| job.request_id == request_id)
    }

    /// Whether some job goes on with the unfinished job of this number.
    #[must_use]
    pub fn continues(&self, job: i64) -> bool {
        self.open.iter().any(|open| open.plan.continues == Some(job))
    }

    /// Whether some job still has this record before it.
    #[must_use]
    pub fn holds(&self, kind: Kind, id: &Id) -> bool {
        // The key is only looked up, so the clone is the price of one comparison a record in a dialog.
        let key = (kind, id.clone());
        self.open.iter().any(|job| job.open.contains_key(&key))
    }

    /// Whether some job has still to hand to this record what belongs to others.
    #[must_use]
    pub fn hands_to(&self, kind: Kind, id: &Id) -> bool {
        let mut ahead = self.open.iter().flat_map(|job| job.plan.steps.iter().zip(&job.ended));
        ahead.any(|(step, ended)| {
            ended.is_none() && step.reassignee.as_ref() == Some(id) && step.record.kind() == kind
        })
    }

    /// A request was answered. What did not succeed is kept until its step has ended.
    pub fn attempted(&mut self, attempt: &Attempt) {
        let (Some(kind), Some(id)) = (attempt.kind, attempt.id.clone()) else { return };
        let key = (kind, id);
        let job = self.open.iter_mut().find(|job| job.open.contains_key(&key));
        match (job, &attempt.result) {
            (None, _) => {}
            (Some(job), _) if attempt.method == "GET" => {
                if let Some(reads) = job.open.get_mut(&key).filter(|reads| **reads > 0) {
                    *reads -= 1;
                    job.reads_left -= 1;
                }
            }
            (Some(job), Ok(_)) => drop(job.sent.remove(&key)),
            (Some(job), Err(failure)) => {
                let sent =
                    SentRequest { method: attempt.method, url: attempt.url.clone(), status: failure.status };
                job.sent.insert(key, sent);
            }
        }
    }

    /// A step ended.
    pub fn step(&mut self, request_id: RequestId, step: usize, outcome: Outcome) {
        let Some(job) = self.get_mut(request_id) else { return };
        let plan = Arc::clone(&job.plan);
        let (Some(ended), Some(of_plan)) = (job.ended.get_mut(step), plan.steps.get(step)) else { return };
        if ended.replace(outcome).is_some() {
            return;
        }
        job.steps_ended += 1;
        job.listed_left -= usize::from(plan.is_read_from_list(of_plan));
        if of_plan.row.action == plan.action {
            job.done += 1;
            job.reads_left -= job.open.remove(&key(&of_plan.record)).unwrap_or_default();
        }
    }

    /// A job is over. With the last one the queue is as it was at first.
    pub fn remove(&mut self, request_id: RequestId) -> Option<Job> {
        let at = self.open.iter().position(|job| job.request_id == request_id)?;
        let job = self.open.remove(at);
        if self.open.is_empty() {
            self.queue = QueueState::Running;
        }
        job
    }

    /// Whether figures on the screen change with time alone.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.current().is_some_and(|job| job.started.is_some() && (job.cancelled || !self.is_paused()))
    }
}
