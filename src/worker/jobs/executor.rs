//! Carries out a confirmed plan.
//!
//! Owns the driving of a [`JobQueue`]: which steps are under way, what each answer means for its step, and that every step is
//! reported exactly once, whatever happens. Nothing leaves and nothing is told before it is in the journal; nothing is
//! deleted before it has been read again and copied. Must not know how a request is paced or sent, nor what a journal or
//! a copy looks like.

mod backup;
mod journal_log;
mod preflight;
mod sampling;
mod verify;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::worker::jobs::executor::journal_log::JournalLog;
use crate::worker::jobs::executor::preflight::ReadyStep;
pub(super) use crate::worker::jobs::executor::verify::{ReadBackTarget, read_back};
use sampling::Sampling;

use super::seen_files::SeenFiles;
use crate::app::effect::RequestId;
use crate::app::event::{JobEnd, Response, StepRemark};
use crate::model::catalog::{Field, STATUS};
use crate::model::failure::{Cause, Failure};
use crate::model::job_queue::JobQueue;
use crate::model::kind::Action;
use crate::model::outcome::Outcome;
use crate::model::plan::{Plan, Step};
use crate::model::record::{Draft, Record};
use crate::shutdown::{Shutdown, UnclosedWork};
use crate::storage::backups::{BackupFolder, Backups};
use crate::storage::journal::{Journal, StepEnd};
use crate::tallyfy::{ActionResponse, decode};
use crate::worker::http::executor::Executor;
use crate::worker::http::permits::Permit;
use crate::worker::jobs::control::{JobControl, JobState};
use crate::worker::records::lookup::{LookupUse, RecordLookup};
use crate::worker::response_sender::ResponseSender;

const CANCELLED: &str = "the job was cancelled";
const BROKE_OFF: &str = "tidyfy broke off while it was under way";
const NO_ANSWER: &str = "tidyfy ended before the answer came";

/// A job that was confirmed, running or waiting for its turn.
#[derive(Debug)]
pub(crate) struct ConfirmedJob {
    pub(crate) session: Executor,
    pub(crate) seen: SeenFiles,
    pub(crate) post: ResponseSender,
    pub(crate) journal: Journal,
    pub(crate) backups: Backups,
    pub(crate) request_id: RequestId,
    /// When it was.
    pub(crate) confirmed: Timestamp,
    pub(crate) plan: Arc<Plan>,
    pub(crate) control: JobControl,
    pub(crate) shutdown: Shutdown,
    pub(crate) at_once: usize,
}

/// A job on its way, and what has come of it. It outlives a panic of what drives it.
#[derive(Debug)]
struct JobExecutor {
    job: ConfirmedJob,
    progress: Mutex<JobProgress>,
    chronicle: JournalLog,
    lookup: RecordLookup,
    /// Where the copies go, once the job has a number.
    folder: OnceLock<BackupFolder>,
}

#[derive(Debug)]
struct JobProgress {
    run: JobQueue,
    /// Steps whose request has left and is not accounted for.
    sent: BTreeSet<usize>,
    stopped: Option<Failure>,
    /// What our own archiving left of a record that is to be deleted next, where the answer said it.
    archived: BTreeMap<usize, Record>,
}

/// How a step ended, with what is told of it besides.
#[derive(Debug)]
pub(crate) struct StepResult {
    pub(crate) outcome: Outcome,
    pub(crate) reason: Option<String>,
    record: Option<Record>,
    remark: Option<StepRemark>,
}

/// What came of a step that was under way.
#[derive(Debug)]
enum AttemptResult {
    /// It has ended, and that is on disk.
    Ended(StepEnd, StepResult),
    /// Withdrawn before it was sent.
    Unsent,
}

impl AttemptResult {
    /// The same, with what has to be known of the backup unless something else has.
    fn with(mut self, remark: Option<StepRemark>) -> Self {
        if let Self::Ended(_, settled) = &mut self {
            settled.remark = settled.remark.take().or(remark);
        }
        self
    }
}

impl StepResult {
    fn new(outcome: Outcome, reason: impl Into<String>) -> Self {
        Self { outcome, reason: Some(reason.into()), record: None, remark: None }
    }
}

impl ConfirmedJob {
    /// Waits for the jobs before it, runs, and reports its end. `over` is set when the next job may start; the process
    /// does not exit before the journal is closed unless it must. What a job deleted is looked for only then, so that
    /// nobody waits for it.
    pub(crate) async fn run(
        self,
        before: CancellationToken,
        over: CancellationToken,
        unclosed: UnclosedWork,
    ) {
        let over = over.drop_guard();
        let sampling = JobExecutor::new(self).run(&before).await;
        drop(unclosed);
        // A job that was cancelled while it waited ends early, and must not let the next one overtake.
        before.cancelled().await;
        drop(over);
        if let Some(sampling) = sampling {
            sampling.run().await;
        }
    }
}

impl JobExecutor {
    fn new(job: ConfirmedJob) -> Self {
        let after = job.plan.steps.iter().map(|step| step.after).collect();
        let progress = JobProgress {
            run: JobQueue::new(after, job.at_once).in_turns(job.plan.turns()),
            sent: BTreeSet::new(),
            stopped: None,
            archived: BTreeMap::new(),
        };
        let copies = job.plan.action == Action::Delete && job.plan.options.backup;
        let purpose = if copies { LookupUse::Copy } else { LookupUse::Standing };
        let records = job.plan.steps.iter().map(|step| &step.record);
        Self {
            progress: Mutex::new(progress),
            chronicle: JournalLog::new(job.post.clock.clone()),
            lookup: RecordLookup::new(&job.session, records, purpose),
            folder: OnceLock::new(),
            job,
        }
    }

    /// Runs the job; returns what it deleted, to be looked for.
    async fn run(self, before: &CancellationToken) -> Option<Sampling> {
        let driven = tokio::select! {
            biased;
            driven = AssertUnwindSafe(self.drive(before)).catch_unwind() => driven.map_err(|panic| {
                self.stop(broken_off(&*panic));
                BROKE_OFF
            }),
            () = self.job.shutdown.expired() => Err(NO_ANSWER),
        };
        if let Err(why) = driven {
            let ends = self.abandon(why);
            self.conclude(ends).await;
        }
        let Self { job, progress, chronicle, .. } = self;
        let JobProgress { run, mut stopped, .. } =
            progress.into_inner().unwrap_or_else(PoisonError::into_inner);
        let cancelled = job.control.job_state() == JobState::Cancelled;
        if let Err(failure) = chronicle.over(cancelled, stopped.as_ref()).await {
            stopped.get_or_insert(failure);
        }
        let tally = job.plan.tally(run.ended());
        let sampling = Sampling::of(&job, run.ended()).filter(|_| !cancelled && stopped.is_none());
        job.post.response(job.request_id, Response::JobEnded(JobEnd { tally, cancelled, stopped }));
        sampling
    }

    async fn drive(&self, before: &CancellationToken) {
        tokio::select! {
            biased;
            () = self.job.control.until(JobState::is_closed) => {}
            () = self.turn(before) => self.begin().await,
        }
        let mut under_way = FuturesUnordered::new();
        loop {
            let job_state = self.job.control.job_state();
            self.obey(job_state).await;
            while let Some(step) = self.next() {
                under_way.push(async move { (step, self.pass(step).await) });
            }
            if self.progress().run.over() {
                return;
            }
            tokio::select! {
                biased;
                () = self.job.control.until(|now| now != job_state) => {}
                Some((step, passed)) = under_way.next() => self.settle(step, passed).await,
            }
        }
    }

    /// Waits until the jobs before it are over and a person has not paused it.
    async fn turn(&self, before: &CancellationToken) {
        before.cancelled().await;
        self.job.control.until(|job_state| job_state != JobState::Held).await;
    }

    /// Begins the job, or stops it when its plan does not come to the disk.
    async fn begin(&self) {
        self.job.post.response(self.job.request_id, Response::Started);
        match self.chronicle.begin(&self.job).await {
            Ok((number, started)) => {
                // Begun once: there is no earlier one to lose.
                drop(self.folder.set(self.job.backups.folder(number, started)));
                self.job.post.response(self.job.request_id, Response::Recorded(number));
            }
            Err(failure) => self.stop(failure),
        }
    }

    fn next(&self) -> Option<usize> {
        self.progress().run.next()
    }

    async fn obey(&self, job_state: JobState) {
        match job_state {
            JobState::Going => self.progress().run.resume(),
            JobState::Held => {
                self.progress().run.hold();
                self.tell_if_at_rest();
            }
            JobState::Cancelled | JobState::Stopped => {
                let unsent = self.progress().run.cancel();
                let why = self.why_unsent();
                self.conclude_unsent(unsent, &why).await;
            }
        }
    }

    async fn conclude_unsent(&self, steps: Vec<usize>, why: &str) {
        let end = |step| self.chronicle.end(step, Outcome::NotSent, Some(why.to_owned()));
        self.conclude(steps.into_iter().map(end).collect()).await;
    }

    /// Puts the ends of steps on disk and tells them, whatever comes of that.
    async fn conclude(&self, ends: Vec<StepEnd>) {
        if let Err(failure) = self.chronicle.ended(ends.clone()).await {
            self.stop(failure);
        }
        for StepEnd { step, outcome, reason, .. } in ends {
            self.tell(step, StepResult { outcome, reason, record: None, remark: None });
        }
    }

    /// Nothing more is sent. The first reason counts.
    fn stop(&self, failure: Failure) {
        self.progress().stopped.get_or_insert(failure);
        self.job.control.shift(JobState::Stopped);
    }

    /// Tells that a held job has nothing under way any more.
    fn tell_if_at_rest(&self) {
        if self.job.control.job_state() == JobState::Held && self.progress().sent.is_empty() {
            self.job.post.response(self.job.request_id, Response::Paused);
        }
    }

    /// Brings a step to its end: prepares it, sends it, again after each answer that turns it away, and reads back what
    /// came of it where no answer can be trusted.
    async fn pass(&self, number: usize) -> AttemptResult {
        let Some(step) = self.job.plan.steps.get(number) else { return AttemptResult::Unsent };
        let prepared = tokio::select! {
            biased;
            () = self.job.control.until(JobState::is_closed) => return AttemptResult::Unsent,
            prepared = self.prepare(number, step) => prepared,
        };
        if self.job.control.job_state().is_closed() {
            // A look that failed because the job was closed says nothing of the record.
            return AttemptResult::Unsent;
        }
        let mut ready = match prepared {
            Ok(ready) => ready,
            Err(settled) => return self.conclude_one(number, settled).await,
        };
        let (mut refusals, mut attempt) = (0, 0);
        while let Some(place) = self.place().await {
            if ready.is_stale(self.job.post.clock.now()) {
                drop(place);
                ready = match self.renewed(step, ready, attempt > 0).await {
                    None => return AttemptResult::Unsent,
                    Some(Ok(ready)) => ready,
                    Some(Err(settled)) => return self.conclude_one(number, settled).await,
                };
                continue;
            }
            attempt += 1;
            let sent = self.send((number, attempt), step, place, &ready.copy, &mut refusals).await;
            let Some(answered) = sent else { return AttemptResult::Unsent };
            let passed = self.summary((number, attempt), step, refusals, answered).await;
            self.progress().sent.remove(&number);
            self.tell_if_at_rest();
            if let Some(passed) = passed {
                return passed.with(ready.remark);
            }
        }
        AttemptResult::Unsent
    }

    /// Looks again at a record that has waited; none if the job was closed meanwhile.
    async fn renewed(
        &self,
        step: &Step,
        ready: ReadyStep,
        was_sent: bool,
    ) -> Option<Result<ReadyStep, StepResult>> {
        tokio::select! {
            biased;
            () = self.job.control.until(JobState::is_closed) => None,
            renewed = self.renew(step, ready, was_sent) => {
                (!self.job.control.job_state().is_closed()).then_some(renewed)
            }
        }
    }

    /// Sends a step once, and answers how long that took and what came; none if it could not be noted that it leaves, so
    /// that it did not.
    async fn send(
        &self,
        (number, attempt): (usize, u32),
        step: &Step,
        mut place: Permit,
        copy: &Option<String>,
        refusals: &mut u32,
    ) -> Option<(Duration, Result<ActionResponse, Failure>)> {
        self.progress().sent.insert(number);
        if let Err(failure) = self.chronicle.sent(number, attempt, copy.clone()).await {
            self.progress().sent.remove(&number);
            self.tell_if_at_rest();
            self.stop(failure);
            return None;
        }
        if self.job.control.job_state().is_closed() {
            // Closed while it was noted. What is noted must not look as if it had been sent.
            let unsent = Err(Failure::new(Cause::Cancelled, &self.why_unsent()));
            self.note(self.chronicle.answered((number, attempt), Duration::ZERO, &unsent, None).await);
            self.progress().sent.remove(&number);
            return None;
        }
        // It leaves only now.
        place.left = Instant::now();
        let left = place.left;
        let wanted = || !self.job.control.job_state().is_closed();
        let answer = self.job.session.change(place, step, refusals, wanted).await;
        Some((left.elapsed(), answer))
    }

    /// Leave to send one step; none once the job is closed. Whenever the job is held, a step that waits loses its turn.
    async fn place(&self) -> Option<Permit> {
        let control = &self.job.control;
        loop {
            control.until(|job_state| job_state != JobState::Held).await;
            tokio::select! {
                biased;
                () = control.until(|job_state| job_state != JobState::Going) => {}
                place = self.job.session.place() => return place,
            }
            if control.job_state().is_closed() {
                return None;
            }
        }
    }

    async fn settle(&self, number: usize, passed: AttemptResult) {
        match passed {
            AttemptResult::Ended(end, settled) => {
                if let Some(record) = settled.record.clone() {
                    self.progress().archived.insert(number, record);
                }
                let unsent = self.progress().run.answer(number, end.outcome);
                let action = self.job.plan.steps.get(number).map_or("it", Step::word);
                self.tell(number, settled);
                let why = format!("the {action} before it ended as {}", end.outcome.word());
                self.conclude_unsent(unsent, &why).await;
            }
            AttemptResult::Unsent => {
                let closed = self.progress().run.again(number);
                if closed {
                    let why = self.why_unsent();
                    self.conclude_unsent(vec![number], &why).await;
                }
            }
        }
    }

    /// Ends every step of a job that is not driven any more, truthfully. `unknown` says why nobody knows what became of a
    /// request that was sent.
    fn abandon(&self, unknown: &str) -> Vec<StepEnd> {
        let unsent_because = self.why_unsent();
        let mut progress = self.progress();
        let unsent = progress.run.cancel();
        let under_way: Vec<usize> = progress.run.under_way().iter().copied().collect();
        let mut ends = Vec::new();
        for step in under_way {
            if progress.sent.contains(&step) {
                progress.run.answer(step, Outcome::Unknown);
                ends.push(self.chronicle.end(step, Outcome::Unknown, Some(unknown.to_owned())));
            } else if progress.run.again(step) {
                ends.push(self.chronicle.end(step, Outcome::NotSent, Some(unsent_because.clone())));
            }
        }
        let end = |step| self.chronicle.end(step, Outcome::NotSent, Some(unsent_because.clone()));
        ends.extend(unsent.into_iter().map(end));
        ends
    }

    fn why_unsent(&self) -> String {
        let progress = self.progress();
        match progress.stopped.as_ref().filter(|_| self.job.control.job_state() == JobState::Stopped) {
            Some(failure) => failure.words.clone(),
            None => CANCELLED.to_owned(),
        }
    }

    fn tell(&self, step: usize, settled: StepResult) {
        let StepResult { outcome, reason, record, remark } = settled;
        self.job.post.response(self.job.request_id, Response::Step { step, outcome, reason, record, remark });
    }

    fn progress(&self) -> MutexGuard<'_, JobProgress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer may hold the record, something else, or only part of it (API sheet, section 9, rows 3, 8 and 15): it is
/// taken for the record if it has its id and speaks of every field that the list shows. Of what else it does not say, what
/// was known stays, but for what proves a change, which this was. A deleted one is not looked at again.
fn answered_record(step: &Step, answered: &ActionResponse) -> Option<Record> {
    let kind = step.record.kind();
    let body = answered.body.clone().filter(|_| step.row.action != Action::Delete).map(decode::unwrapped)?;
    let (id, mut drafts) = decode::row(kind, &body).ok()?;
    let speaks_of = |key: &str| body.get(key).is_some();
    let only_proves = |field: &Field| field.column.is_none() && kind.row().freshness.contains(&field.name);
    let since = kind.row().archived.as_ref().map(|archived| archived.since);
    let is_shown = |field: &&Field| {
        !field.paths.is_empty() && field.column.is_some() || field.name == STATUS || Some(field.name) == since
    };
    // An action does not change what only an include brings, nor what is not in the list.
    for ((draft, known), field) in drafts.iter_mut().zip(step.record.drafts()).zip(kind.row().fields) {
        let is_told = field.include.is_none() && field.keys().any(speaks_of);
        if *draft == Draft::Missing && !is_told && !only_proves(field) {
            *draft = known;
        }
    }
    let mut shown = kind.row().fields.iter().filter(is_shown);
    let is_whole = shown.all(|field| field.keys().any(speaks_of));
    (id == *step.record.id() && is_whole).then(|| Record::new(kind, id, drafts))
}

/// A panic as a failure.
pub(crate) fn broken_off(panic: &(dyn Any + Send)) -> Failure {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
    Failure::new(Cause::Bug, &format!("tidyfy broke off: {said}"))
}

#[cfg(test)]
mod tests;
