//! Carries out a confirmed plan.
//!
//! Owns the driving of a [`Run`]: which steps are under way, what each answer means for its step, and that every step is
//! reported exactly once, whatever happens. Nothing leaves and nothing is told before it is in the journal. Must not know
//! how a request is paced or sent, nor what a journal looks like.

mod chronicle;

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use chronicle::Chronicle;

use super::gate::Place;
use super::post::Post;
use super::reins::{Gear, Reins};
use super::session::{MOST_REFUSALS, Session};
use crate::app::effect::Ticket;
use crate::app::message::{JobEnd, Reply};
use crate::journal::{Journal, StepEnd};
use crate::model::catalog::Field;
use crate::model::failure::{Cause, Failure};
use crate::model::kind::Verb;
use crate::model::outcome::{Judgement, Outcome, judge};
use crate::model::plan::{Plan, Step};
use crate::model::record::{Page, Record};
use crate::model::run::Run;
use crate::tallyfy::{Answered, decode};

const CANCELLED: &str = "the job was cancelled";
const BROKE_OFF: &str = "tidyfy broke off while it was under way";

/// A job that was confirmed, running or waiting for its turn.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) session: Session,
    pub(super) post: Post,
    pub(super) journal: Journal,
    pub(super) ticket: Ticket,
    /// When it was.
    pub(super) confirmed: Timestamp,
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

/// What came of a step that was under way.
#[derive(Debug)]
enum Settled {
    /// It has ended, and that is on disk.
    Ended(StepEnd, Option<Record>),
    /// Withdrawn before it was sent.
    Unsent,
}

impl Job {
    /// Waits for the jobs before it, runs, and reports its end. `over` is set when the next job may start.
    pub(super) async fn run(self, before: CancellationToken, over: CancellationToken) {
        let _over = over.drop_guard();
        let progress = Mutex::new(Progress {
            run: Run::new(self.plan.steps.iter().map(|step| step.after).collect(), self.at_once),
            sent: BTreeSet::new(),
            stopped: None,
        });
        let chronicle = Chronicle::new(self.post.clock.clone());
        let driven = AssertUnwindSafe(self.drive(&progress, &chronicle, &before)).catch_unwind().await;
        if let Err(panic) = driven {
            let ends = self.abandon(&mut lock(&progress), &chronicle, broken_off(&*panic));
            self.conclude(ends, &progress, &chronicle).await;
        }
        let Progress { run, mut stopped, .. } = progress.into_inner().unwrap_or_else(PoisonError::into_inner);
        let cancelled = self.reins.gear() == Gear::Cancelled;
        if let Err(failure) = chronicle.over(cancelled, stopped.as_ref()).await {
            stopped.get_or_insert(failure);
        }
        self.post.reply(
            self.ticket,
            Reply::JobEnded(JobEnd { tally: self.plan.tally(run.ended()), cancelled, stopped }),
        );
        // A job that was cancelled while it waited ends early, and must not let the next one overtake.
        before.cancelled().await;
    }

    async fn drive(&self, progress: &Mutex<Progress>, chronicle: &Chronicle, before: &CancellationToken) {
        tokio::select! {
            biased;
            () = self.reins.until(Gear::is_closed) => {}
            () = before.cancelled() => self.begin(progress, chronicle).await,
        }
        let mut under_way = FuturesUnordered::new();
        loop {
            let gear = self.reins.gear();
            self.obey(gear, progress, chronicle).await;
            while let Some(step) = self.next(progress) {
                under_way.push(async move { (step, self.send(step, progress, chronicle).await) });
            }
            if lock(progress).run.over() {
                return;
            }
            tokio::select! {
                biased;
                () = self.reins.until(|now| now != gear) => {}
                Some((step, settled)) = under_way.next() => self.settle(step, settled, progress, chronicle).await,
            }
        }
    }

    /// Begins the job, or stops it when its plan does not come to the disk.
    async fn begin(&self, progress: &Mutex<Progress>, chronicle: &Chronicle) {
        self.post.reply(self.ticket, Reply::Started);
        if let Err(failure) = chronicle.begin(self, &self.journal).await {
            self.stop(failure, progress);
        }
    }

    fn next(&self, progress: &Mutex<Progress>) -> Option<usize> {
        lock(progress).run.next()
    }

    async fn obey(&self, gear: Gear, progress: &Mutex<Progress>, chronicle: &Chronicle) {
        match gear {
            Gear::Going => lock(progress).run.resume(),
            Gear::Held => {
                lock(progress).run.hold();
                self.tell_if_at_rest(progress);
            }
            Gear::Cancelled | Gear::Stopped => {
                let unsent = lock(progress).run.cancel();
                let why = self.why_unsent(progress);
                let end = |step| chronicle.end(step, Outcome::NotSent, Some(why.clone()));
                self.conclude(unsent.into_iter().map(end).collect(), progress, chronicle).await;
            }
        }
    }

    /// Puts the ends of steps on disk and tells them, whatever comes of that.
    async fn conclude(&self, ends: Vec<StepEnd>, progress: &Mutex<Progress>, chronicle: &Chronicle) {
        if let Err(failure) = chronicle.ended(ends.clone()).await {
            self.stop(failure, progress);
        }
        ends.into_iter().for_each(|end| self.tell(end, None));
    }

    /// Nothing more is sent. The first reason counts.
    fn stop(&self, failure: Failure, progress: &Mutex<Progress>) {
        lock(progress).stopped.get_or_insert(failure);
        self.reins.shift(Gear::Stopped);
    }

    /// Tells that a held job has nothing under way any more.
    fn tell_if_at_rest(&self, progress: &Mutex<Progress>) {
        if self.reins.gear() == Gear::Held && lock(progress).sent.is_empty() {
            self.post.reply(self.ticket, Reply::Held);
        }
    }

    /// Sends a step, again after each answer that turns it away, until it is answered or withdrawn.
    async fn send(&self, number: usize, progress: &Mutex<Progress>, chronicle: &Chronicle) -> Settled {
        let Some(step) = self.plan.steps.get(number) else { return Settled::Unsent };
        let (mut refusals, mut attempt) = (0, 0);
        while let Some(mut place) = self.place().await {
            attempt += 1;
            lock(progress).sent.insert(number);
            if let Err(failure) = chronicle.sent(number, attempt).await {
                lock(progress).sent.remove(&number);
                self.tell_if_at_rest(progress);
                self.stop(failure, progress);
                return Settled::Unsent;
            }
            // It leaves only now.
            place.left = Instant::now();
            let left = place.left;
            let wanted = || !self.reins.gear().is_closed();
            let answer = self.session.change(place, self.plan.verb, step, &mut refusals, wanted).await;
            let took = left.elapsed();
            let end = self.judged(number, &answer, refusals, chronicle);
            let noted = chronicle.answered((number, attempt), took, &answer, end.clone()).await;
            if let Err(failure) = noted {
                self.stop(failure, progress);
            }
            lock(progress).sent.remove(&number);
            self.tell_if_at_rest(progress);
            if let Some(end) = end {
                let record = answer.ok().and_then(|answered| self.record(number, &answered));
                return Settled::Ended(end, record);
            }
        }
        Settled::Unsent
    }

    /// How a step ended with an answer; none if it was turned away and is sent again.
    fn judged(
        &self,
        number: usize,
        answer: &Result<Answered, Failure>,
        refusals: u32,
        chronicle: &Chronicle,
    ) -> Option<StepEnd> {
        let Err(failure) = answer else { return Some(chronicle.end(number, Outcome::Done, None)) };
        let words = failure.words.clone();
        let (outcome, reason) = match judge(failure) {
            Judgement::Ended(outcome) => (outcome, words),
            Judgement::Again if refusals < MOST_REFUSALS => return None,
            // There is no place for it until another token is accepted.
            Judgement::Locked => return None,
            Judgement::Again => {
                (Outcome::Failed, format!("turned away {MOST_REFUSALS} times in a row: {words}"))
            }
            Judgement::Missing => (Outcome::Refused, words),
            Judgement::ReadBack { .. } => (Outcome::Unknown, words),
        };
        Some(chronicle.end(number, outcome, Some(reason)))
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

    async fn settle(
        &self,
        number: usize,
        settled: Settled,
        progress: &Mutex<Progress>,
        chronicle: &Chronicle,
    ) {
        match settled {
            Settled::Ended(end, record) => {
                lock(progress).run.answer(number, end.outcome);
                self.tell(end, record);
            }
            Settled::Unsent => {
                let closed = lock(progress).run.again(number);
                if closed {
                    let end = chronicle.end(number, Outcome::NotSent, Some(self.why_unsent(progress)));
                    self.conclude(vec![end], progress, chronicle).await;
                }
            }
        }
    }

    /// Ends every step after a fault of this program, truthfully.
    fn abandon(&self, progress: &mut Progress, chronicle: &Chronicle, failure: Failure) -> Vec<StepEnd> {
        self.reins.shift(Gear::Stopped);
        let unsent = progress.run.cancel();
        let under_way: Vec<usize> = progress.run.under_way().iter().copied().collect();
        let mut ends = Vec::new();
        for step in under_way {
            if progress.sent.contains(&step) {
                progress.run.answer(step, Outcome::Unknown);
                ends.push(chronicle.end(step, Outcome::Unknown, Some(BROKE_OFF.to_owned())));
            } else if progress.run.again(step) {
                ends.push(chronicle.end(step, Outcome::NotSent, Some(failure.words.clone())));
            }
        }
        let end = |step| chronicle.end(step, Outcome::NotSent, Some(failure.words.clone()));
        ends.extend(unsent.into_iter().map(end));
        progress.stopped = Some(failure);
        ends
    }

    /// The record as the answer gives it, if it does. A deleted one is not looked at again.
    fn record(&self, number: usize, answered: &Answered) -> Option<Record> {
        let step = self.plan.steps.get(number).filter(|_| self.plan.verb != Verb::Delete)?;
        answered_record(step, answered)
    }

    fn why_unsent(&self, progress: &Mutex<Progress>) -> String {
        let progress = lock(progress);
        match progress.stopped.as_ref().filter(|_| self.reins.gear() == Gear::Stopped) {
            Some(failure) => failure.words.clone(),
            None => CANCELLED.to_owned(),
        }
    }

    fn tell(&self, end: StepEnd, record: Option<Record>) {
        let StepEnd { step, outcome, reason, .. } = end;
        self.post.reply(self.ticket, Reply::Step { step, outcome, reason, record, remark: None });
    }
}

/// An answer may hold the record, something else, or only part of it (API sheet, section 9, rows 3, 8 and 15): it is
/// taken for the record if it has its id and speaks of every field that the list shows or a verb depends on.
fn answered_record(step: &Step, answered: &Answered) -> Option<Record> {
    let kind = step.record.kind();
    let body = answered.body.as_ref()?;
    let (id, drafts) = decode::row(kind, body).ok()?;
    let speaks_of = |path: &str| path.split('.').next().is_some_and(|key| body.get(key).is_some());
    let only_proves = |field: &Field| field.column.is_none() && kind.row().freshness.contains(&field.name);
    let needed = kind.row().fields.iter().filter(|field| !field.paths.is_empty() && !only_proves(field));
    let is_whole = needed.into_iter().all(|field| field.paths.iter().any(|path| speaks_of(path)));
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
