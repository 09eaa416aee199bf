//! When a request may leave.
//!
//! Owns the budgets as sliding logs, the order in which requests that wait are let go, how many may be under way
//! together, and the pause that the server asked for. A pure machine over instants that are handed in: must not wait,
//! send, or know what a request is about.
//!
//! A place in a budget is taken when a request leaves and becomes free one window after its answer. The server counts a
//! request at some instant in between, so whatever window it counts in, it never finds more than the budget allows.

use std::collections::{BTreeMap, VecDeque};

use tokio::time::Instant;

use crate::app::message::Allowance;
use crate::model::pacing::{Budget, Limits};

/// Who waits for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// A person who looks at the screen: goes before everything else.
    Urgent,
    /// A running job: takes turns with what is read in the background.
    Job,
    /// Nobody in particular.
    Background,
}

/// Why a request may not leave yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Later {
    /// Worth asking again at this instant, or after any change.
    At(Instant),
    /// Worth asking again after a change.
    AfterChange,
}

/// A pause that the server asked for, or that its refusals call for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pause {
    pub(super) until: Instant,
    pub(super) why: String,
}

/// One budget and the places taken of it.
#[derive(Debug)]
struct Log {
    budget: Budget,
    reads_only: bool,
    /// Places of requests without an answer.
    open: usize,
    /// When the places of answered requests become free, soonest first.
    free_at: VecDeque<Instant>,
}

impl Log {
    fn new(budget: Budget, reads_only: bool) -> Self {
        Self { budget, reads_only, open: 0, free_at: VecDeque::new() }
    }

    fn concerns(&self, read: bool) -> bool {
        read || !self.reads_only
    }

    fn of(&self) -> usize {
        self.budget.count.max(1)
    }

    fn left(&self) -> usize {
        self.of().saturating_sub(self.open + self.free_at.len())
    }

    fn forget(&mut self, now: Instant) {
        while self.free_at.front().is_some_and(|free| *free <= now) {
            self.free_at.pop_front();
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Asked {
    urgency: Urgency,
    read: bool,
}

/// All that decides when a request may leave.
#[derive(Debug)]
pub(super) struct Pace {
    logs: Vec<Log>,
    /// What waits, by its number in the order of asking.
    waiting: BTreeMap<u64, Asked>,
    asked: u64,
    /// Whether the last place that was not urgent went to a job.
    job_went_last: bool,
    under_way: usize,
    at_once: usize,
    /// How many may be under way now: fewer than `at_once` after the server throttled.
    width: usize,
    accepted: usize,
    narrowed: Option<Instant>,
    pause: Option<Pause>,
}

impl Pace {
    pub(super) fn new(limits: &Limits, at_once: usize) -> Self {
        let all = limits.all.iter().map(|budget| Log::new(*budget, false));
        let reads = limits.reads.iter().map(|budget| Log::new(*budget, true));
        let at_once = at_once.max(1);
        Self {
            logs: all.chain(reads).collect(),
            waiting: BTreeMap::new(),
            asked: 0,
            job_went_last: false,
            under_way: 0,
            at_once,
            width: at_once,
            accepted: 0,
            narrowed: None,
            pause: None,
        }
    }

    /// How many requests may be under way together at most.
    pub(super) fn at_once(&self) -> usize {
        self.at_once
    }

    /// A request wants to leave. The number stands for it until it has left or been withdrawn.
    pub(super) fn ask(&mut self, urgency: Urgency, read: bool) -> u64 {
        self.asked += 1;
        self.waiting.insert(self.asked, Asked { urgency, read });
        self.asked
    }

    /// A request does not want to leave any more, if it had not left.
    pub(super) fn withdraw(&mut self, number: u64) {
        self.waiting.remove(&number);
    }

    /// Lets the request leave if it is its turn; its places are then taken.
    pub(super) fn take(&mut self, number: u64, now: Instant) -> Result<(), Later> {
        self.forget(now);
        if let Some(pause) = &self.pause {
            return Err(Later::At(pause.until));
        }
        let Some(asked) = self.waiting.get(&number).copied() else { return Err(Later::AfterChange) };
        if self.under_way >= self.width {
            return Err(Later::AfterChange);
        }
        match self.first() {
            Some(first) if first == number => {}
            // The first one finds out by itself, and its leaving is a change.
            Some(_) => return Err(Later::AfterChange),
            None => return Err(self.free_at(asked.read)),
        }
        self.waiting.remove(&number);
        self.under_way += 1;
        match asked.urgency {
            Urgency::Urgent => {}
            Urgency::Job => self.job_went_last = true,
            Urgency::Background => self.job_went_last = false,
        }
        self.logs.iter_mut().filter(|log| log.concerns(asked.read)).for_each(|log| log.open += 1);
        Ok(())
    }

    /// A request that had left was answered, or given up.
    pub(super) fn answered(&mut self, read: bool, now: Instant) {
        self.under_way = self.under_way.saturating_sub(1);
        for log in self.logs.iter_mut().filter(|log| log.concerns(read)) {
            log.open = log.open.saturating_sub(1);
            log.free_at.push_back(now + log.budget.window);
        }
    }

    /// The server took a request. After a window's worth of these in a row one more may be under way again.
    pub(super) fn accepted(&mut self) {
        self.accepted += 1;
        if self.accepted >= self.width && self.width < self.at_once {
            self.width += 1;
            self.accepted = 0;
        }
    }

    /// The server turned a request away that had left at `left`: nothing leaves before `until`, and half as many may
    /// be under way afterwards. Several turned away together halve it once.
    pub(super) fn throttled(&mut self, left: Instant, now: Instant, until: Instant, why: &str) {
        self.forget(now);
        if self.narrowed.is_none_or(|narrowed| left > narrowed) {
            self.width = (self.width / 2).max(1);
            self.accepted = 0;
            self.narrowed = Some(now);
        }
        if until > now && self.pause.as_ref().is_none_or(|pause| pause.until < until) {
            self.pause = Some(Pause { until, why: why.to_owned() });
        }
    }

    /// The pause in force, if any.
    pub(super) fn pause(&mut self, now: Instant) -> Option<&Pause> {
        self.forget(now);
        self.pause.as_ref()
    }

    /// What is left of the tightest budget; `None` while each is as good as whole, that is at least nine tenths of it
    /// is left, so that a single read does not count as using it up.
    pub(super) fn allowance(&mut self, now: Instant) -> Option<Allowance> {
        self.forget(now);
        let all = self.logs.iter().map(|log| Allowance { left: log.left(), of: log.of() });
        let tightest = all.min_by(|one, two| (one.left * two.of).cmp(&(two.left * one.of)))?;
        (tightest.left * 10 < tightest.of * 9).then_some(tightest)
    }

    /// When the next place becomes free, if any is about to.
    pub(super) fn next_free(&self) -> Option<Instant> {
        self.logs.iter().filter_map(|log| log.free_at.front()).min().copied()
    }

    fn forget(&mut self, now: Instant) {
        self.logs.iter_mut().for_each(|log| log.forget(now));
        if self.pause.as_ref().is_some_and(|pause| pause.until <= now) {
            self.pause = None;
        }
    }

    /// The request that is to leave first of those that find a place.
    fn first(&self) -> Option<u64> {
        use Urgency::{Background, Job, Urgent};
        let turns = if self.job_went_last { [Urgent, Background, Job] } else { [Urgent, Job, Background] };
        turns.into_iter().find_map(|urgency| {
            let mut waiting = self.waiting.iter().filter(|(_, asked)| asked.urgency == urgency);
            waiting.find(|(_, asked)| self.has_place(asked.read)).map(|(number, _)| *number)
        })
    }

    fn has_place(&self, read: bool) -> bool {
        self.logs.iter().filter(|log| log.concerns(read)).all(|log| log.left() > 0)
    }

    /// When every budget that a request draws on will have a place, as far as can be told.
    fn free_at(&self, read: bool) -> Later {
        let full = self.logs.iter().filter(|log| log.concerns(read) && log.left() == 0);
        let mut latest = None;
        for log in full {
            match log.free_at.front() {
                Some(free) => latest = latest.max(Some(*free)),
                None => return Later::AfterChange,
            }
        }
        latest.map_or(Later::AfterChange, Later::At)
    }
}

#[cfg(test)]
mod tests;
