//! Carries out a confirmed plan.
//!
//! Owns the driving of a [`Run`]: which steps are under way, what each answer means for its step, and that every step is
//! reported exactly once, whatever happens. Must not know how a request is paced or sent.

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio_util::sync::CancellationToken;

use super::gate::Place;
use super::post::Post;
use super::reins::{Gear, Reins};
use super::session::{MOST_REFUSALS, Session};
use crate::app::effect::Ticket;
use crate::app::message::{JobEnd, Reply};
use crate::model::failure::{Cause, Failure};
use crate::model::kind::Verb;
use crate::model::outcome::{Judgement, Outcome, judge};
use crate::model::plan::{Plan, Step};
use crate::model::record::{Page, Record};
use crate::model::run::Run;
use crate::tallyfy::{Answered, decode};

const CANCELLED: &str = "the job was cancelled";
const NOT_ACCEPTED: &str = "the token was not accepted";
const BROKE_OFF: &str = "tidyfy broke off while it was under way";

/// A job, running or waiting for its turn.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) session: Session,
    pub(super) post: Post,
    pub(super) ticket: Ticket,
    pub(super) plan: Arc<Plan>,
    pub(super) reins: Reins,
    pub(super) at_once: usize,
}

/// How far a job has come. It outlives a panic of what drives it.
#[derive(Debug)]
struct Progress {
    run: Run,
    /// Steps whose request has left and is not answered.
    sent: BTreeSet<usize>,
    stopped: Option<Failure>,
}

/// How the sending of a step ended.
#[derive(Debug)]
enum Ending {
    Done(Answered),
    Failed(Failure),
    /// Turned away again and again.
    TurnedAway(Failure),
    /// Withdrawn before it was sent.
    Unsent,
}

impl Job {
    /// Waits for the jobs before it, runs, and reports its end. `over` is set when the next job may start.
    pub(super) async fn run(self, before: CancellationToken, over: CancellationToken) {
        let _over = over.drop_guard();
        let progress = Mutex::new(Progress {
            run: Run::new(self.plan.steps.len(), self.at_once),
            sent: BTreeSet::new(),
            stopped: None,
        });
        let driven = AssertUnwindSafe(self.drive(&progress, &before)).catch_unwind().await;
        if let Err(panic) = driven {
            self.abandon(&mut lock(&progress), broken_off(&*panic));
        }
        let Progress { run, stopped, .. } = progress.into_inner().unwrap_or_else(PoisonError::into_inner);
        let cancelled = self.reins.gear() == Gear::Cancelled;
        self.post.reply(self.ticket, Reply::JobEnded(JobEnd { tally: run.tally(), cancelled, stopped }));
        // A job that was cancelled while it waited ends early, and must not let the next one overtake.
        before.cancelled().await;
    }

    async fn drive(&self, progress: &Mutex<Progress>, before: &CancellationToken) {
        tokio::select! {
            biased;
            () = self.reins.until(Gear::is_closed) => {}
            () = before.cancelled() => self.post.reply(self.ticket, Reply::Started),
        }
        let mut under_way = FuturesUnordered::new();
        loop {
            let gear = self.reins.gear();
            self.obey(gear, &mut lock(progress));
            while let Some(step) = self.next(progress) {
                under_way.push(async move { (step, self.send(step, progress).await) });
            }
            if lock(progress).run.over() {
                return;
            }
            tokio::select! {
                biased;
                () = self.reins.until(|now| now != gear) => {}
                Some((step, ending)) = under_way.next() => self.settle(step, ending, &mut lock(progress)),
            }
        }
    }

    fn next(&self, progress: &Mutex<Progress>) -> Option<usize> {
        lock(progress).run.next()
    }

    fn obey(&self, gear: Gear, progress: &mut Progress) {
        match gear {
            Gear::Going => progress.run.resume(),
            Gear::Held => {
                progress.run.hold();
                self.tell_if_at_rest(progress);
            }
            Gear::Cancelled | Gear::Stopped => {
                for step in progress.run.cancel() {
                    self.tell(step, Outcome::NotSent, Some(self.why_unsent()), None);
                }
            }
        }
    }

    /// Tells that a held job has nothing under way any more.
    fn tell_if_at_rest(&self, progress: &Progress) {
        if self.reins.gear() == Gear::Held && progress.sent.is_empty() {
            self.post.reply(self.ticket, Reply::Held);
        }
    }

    /// Sends a step, again after each answer that turns it away, until it is answered or withdrawn.
    async fn send(&self, number: usize, progress: &Mutex<Progress>) -> Ending {
        let Some(step) = self.plan.steps.get(number) else { return Ending::Unsent };
        let mut refusals = 0;
        while let Some(place) = self.place().await {
            lock(progress).sent.insert(number);
            let wanted = || !self.reins.gear().is_closed();
            let answer = self.session.change(place, self.plan.verb, step, &mut refusals, wanted).await;
            lock(progress).sent.remove(&number);
            self.tell_if_at_rest(&lock(progress));
            match answer {
                Ok(answered) => return Ending::Done(answered),
                Err(failure) if judge(&failure) != Judgement::Again => return Ending::Failed(failure),
                Err(failure) if refusals >= MOST_REFUSALS => return Ending::TurnedAway(failure),
                Err(_) => {}
            }
        }
        Ending::Unsent
    }

    /// Leave to send one step; none once the job is closed. Whenever the job is held, a step that waits loses its turn.
    async fn place(&self) -> Option<Place> {
        loop {
            self.reins.until(|gear| gear != Gear::Held).await;
            tokio::select! {
                biased;
                () = self.reins.until(|gear| gear != Gear::Going) => {}
                place = self.session.place() => return Some(place),
            }
            if self.reins.gear().is_closed() {
                return None;
            }
        }
    }

    fn settle(&self, number: usize, ending: Ending, progress: &mut Progress) {
        let (outcome, reason, record) = match ending {
            Ending::Unsent => {
                if progress.run.again(number) {
                    self.tell(number, Outcome::NotSent, Some(self.why_unsent()), None);
                }
                return;
            }
            Ending::Done(answered) => (Outcome::Done, None, self.record(number, &answered)),
            Ending::TurnedAway(failure) => {
                let reason = format!("turned away {MOST_REFUSALS} times in a row: {}", failure.words);
                (Outcome::Failed, Some(reason), None)
            }
            Ending::Failed(failure) => match judge(&failure) {
                Judgement::Ended(outcome) => (outcome, Some(failure.words), None),
                Judgement::Again => (Outcome::Failed, Some(failure.words), None),
                Judgement::Stop => {
                    self.reins.shift(Gear::Stopped);
                    progress.stopped.get_or_insert(failure);
                    (Outcome::NotSent, Some(NOT_ACCEPTED.to_owned()), None)
                }
            },
        };
        progress.run.answer(number, outcome);
        self.tell(number, outcome, reason, record);
    }

    /// Ends every step after a fault of this program, truthfully.
    fn abandon(&self, progress: &mut Progress, failure: Failure) {
        self.reins.shift(Gear::Stopped);
        let unsent = progress.run.cancel();
        let under_way: Vec<usize> = progress.run.under_way().iter().copied().collect();
        for step in under_way {
            if progress.sent.contains(&step) {
                progress.run.answer(step, Outcome::Unknown);
                self.tell(step, Outcome::Unknown, Some(BROKE_OFF.to_owned()), None);
            } else if progress.run.again(step) {
                self.tell(step, Outcome::NotSent, Some(failure.words.clone()), None);
            }
        }
        for step in unsent {
            self.tell(step, Outcome::NotSent, Some(failure.words.clone()), None);
        }
        progress.stopped = Some(failure);
    }

    /// The record as the answer gives it, if it does. A deleted one is not looked at again.
    fn record(&self, number: usize, answered: &Answered) -> Option<Record> {
        let step = self.plan.steps.get(number).filter(|_| self.plan.verb != Verb::Delete)?;
        answered_record(step, answered)
    }

    fn why_unsent(&self) -> String {
        let why = if self.reins.gear() == Gear::Stopped { NOT_ACCEPTED } else { CANCELLED };
        why.to_owned()
    }

    fn tell(&self, step: usize, outcome: Outcome, reason: Option<String>, record: Option<Record>) {
        self.post.reply(self.ticket, Reply::Step { step, outcome, reason, record });
    }
}

/// An answer may hold the record, something else, or only part of it (API sheet, section 9, rows 3, 8 and 15): it is
/// taken for the record if it has its id and speaks of every field that the list shows.
fn answered_record(step: &Step, answered: &Answered) -> Option<Record> {
    let kind = step.record.kind();
    let body = answered.body.as_ref()?;
    let (id, drafts) = decode::row(kind, body).ok()?;
    let speaks_of = |path: &&str| path.split('.').next().is_some_and(|key| body.get(key).is_some());
    let is_whole = kind
        .row()
        .fields
        .iter()
        .all(|field| field.paths.is_empty() || field.paths.iter().any(|path| speaks_of(&path)));
    let is_the_same = id == *step.record.id() && is_whole;
    is_the_same.then(|| Arc::new(Page::new(kind, vec![(id, drafts)])).records().next())?
}

/// A panic as a failure.
pub(super) fn broken_off(panic: &(dyn Any + Send)) -> Failure {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
    Failure::new(Cause::Bug, &format!("tidyfy broke off: {said}"))
}

fn lock(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
