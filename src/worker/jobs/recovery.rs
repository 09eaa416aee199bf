//! What past jobs left to be done: to be undone, tried again, or finished.
//!
//! Owns the way from the journal back to records that can go through the dialog, and the settling of what was under way
//! when a run of the program broke off. Nothing is ever sent from here but reads.

mod steps;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::task::spawn_blocking;

use steps::{
    LaterJob, LaterJobs, deleted_since, inverted, is_left, is_open, key, kinds, number, options, reassignee,
    record, records, tally, word,
};

use crate::app::event::Response;
use crate::model::failure::{Cause, Failure};
use crate::model::kind::Action;
use crate::model::limits::spoken;
use crate::model::outcome::Outcome;
use crate::model::plan::{Options, Step, Target};
use crate::model::record::Record;
use crate::model::recovery::{
    BYTES_LOST, OldJournal, RecoveryPlan, RecoveryRequest, UnfinishedJob, UnfinishedJobs,
};
use crate::storage::journal::{
    AuditedSteps, History, HistoryQuery, JobEndState, Journal, JournalError, PastAttempt, PastJob, PastStep,
    StepEnd, StoredJobState,
};
use crate::worker::clock::Clock;
use crate::worker::http::executor::Executor;
use crate::worker::jobs::executor::{ReadBackTarget, read_back};
use crate::worker::records::lookup::{LookupUse, RecordLookup};

/// How many records are read back together: about as many as are under way when a job breaks off, so that those that have
/// to be looked at twice are waited for together.
const AT_ONCE: usize = 16;
/// A request that left less than this long ago may still take effect.
const LATE: i64 = 60;

/// Past jobs of the session's organization.
#[derive(Debug, Clone)]
pub(crate) struct PastJobs {
    pub(crate) session: Executor,
    pub(crate) journal: Journal,
    pub(crate) directory: PathBuf,
    pub(crate) clock: Clock,
}

/// A job that can be undone and repeated.
struct ReversibleJob {
    job: PastJob,
    action: Action,
    inverse: Action,
    steps: Vec<PastStep>,
    /// The jobs that came after it.
    since: LaterJobs,
}

impl PastJobs {
    /// Looks for what can be undone or tried again.
    pub(crate) async fn recover(
        &self,
        request: RecoveryRequest,
    ) -> Result<Option<Box<RecoveryPlan>>, Failure> {
        match request {
            RecoveryRequest::Undo(job) | RecoveryRequest::UndoJob(job) => self.undo_job(job).await,
            RecoveryRequest::Redo(job) => self.redo_job(job).await,
            RecoveryRequest::Retry => self.retry().await,
            RecoveryRequest::RetryJob(job) => self.retry_job(job).await,
        }
    }

    fn undoing(&self, job: &PastJob, steps: &[PastStep], chosen: &[Target]) -> String {
        let whose = match chosen.len() {
            1 => "the record that was done".to_owned(),
            n => format!("the {n} records that were done"),
        };
        format!("undoes {} for {whose}", self.told(job, steps))
    }

    /// What failed of the last job. Where nothing did, but that job took up what an earlier one had left: what is still
    /// left of that one, such as files whose bytes are lost.
    async fn retry(&self) -> Result<Option<Box<RecoveryPlan>>, Failure> {
        let mut later: Option<LaterJob> = None;
        let mut unknown = 0;
        for job in self.jobs().await? {
            let StoredJobState::Over(ending) = job.state else { continue };
            let is_passed_over = match &later {
                None => ending == JobEndState::Continued,
                Some(later) => later.continues.is_some_and(|before| before != job.id),
            };
            if is_passed_over {
                continue;
            }
            unknown += self.settle(&job, |_| {}).await?;
            let steps = self.steps(job.id).await?;
            let mut failed = records(&steps, |step| step.outcome == Some(Outcome::Failed));
            if let Some(later) = &later {
                if !later.takes_up(&job, &failed) {
                    break;
                }
                failed.retain(|(step, _)| !later.tried.contains(&key(step)));
            }
            if !failed.is_empty() {
                return Ok(self.again(&job, &steps, failed, unknown));
            }
            later = Some(LaterJob::of(&job, &steps, later));
        }
        Ok(None)
    }

    /// Records that failed in a job, to be tried again: those of which no copy can be kept only where there are no others,
    /// because they go without one.
    fn again(
        &self,
        job: &PastJob,
        steps: &[PastStep],
        failed: Vec<(&PastStep, Record)>,
        unknown: usize,
    ) -> Option<Box<RecoveryPlan>> {
        let action = Action::parse(&job.action)?;
        let is_lost = |step: &PastStep| step.reason.as_ref().is_some_and(|why| why.contains(BYTES_LOST));
        let (lost, whole): (Vec<_>, Vec<_>) = failed.into_iter().partition(|(step, _)| is_lost(step));
        let has_bytes = |(_, record): &(&PastStep, Record)| record.kind().row().bytes.is_some();
        let (own, attached): (Vec<_>, Vec<_>) = lost.into_iter().partition(has_bytes);
        let without = whole.is_empty() && !own.is_empty();
        let without_files = whole.is_empty() && own.is_empty();
        let again = if without {
            own
        } else if without_files {
            attached
        } else {
            whole
        };
        let chosen: Vec<Target> = again.into_iter().map(|(_, record)| record.into()).collect();
        let what = match chosen.len() {
            1 => "the record that failed".to_owned(),
            n => format!("the {n} records that failed"),
        };
        let mut preface = vec![format!("tries again {what} in {}", self.told(job, steps))];
        if without {
            let these = if chosen.len() == 1 { "this one" } else { "these" };
            preface.push(format!("without a copy: {BYTES_LOST} of {these}, so that none can be kept"));
        }
        if without_files {
            preface.push(format!(
                "without attached files: {BYTES_LOST} of some, so that they cannot be backed up"
            ));
        }
        match unknown {
            0 => {}
            1 => preface.push("of 1 more it is still unknown whether it was done: it is left out".to_owned()),
            n => preface
                .push(format!("of {n} more it is still unknown whether they were done: they are left out")),
        }
        let backup = job.backups.is_some() && !without;
        let options = Options { backup, files: !without_files, ..options(job, steps) };
        Some(Box::new(RecoveryPlan {
            job: job.id,
            action,
            chosen,
            options,
            reassignee: reassignee(job),
            preface,
        }))
    }

    /// What one job did, inverted; nothing where it is not over, or did nothing that has a way back. What has been turned
    /// back or deleted since is blocked.
    async fn undo_job(&self, job: i64) -> Result<Option<Box<RecoveryPlan>>, Failure> {
        let Some(ReversibleJob { job, action, inverse, steps, since }) = self.reversible(job).await? else {
            return Ok(None);
        };
        let now = self.clock.now().wall;
        let done = steps.iter().filter(|s| s.outcome == Some(Outcome::Done) && s.action == job.action);
        let chosen: Vec<Target> = done
            .filter_map(|step| Some(since.blocking(inverse, inverted(step, action, &since.deleted, now)?)))
            .collect();
        if chosen.is_empty() {
            return Ok(None);
        }
        let mut preface = vec![self.undoing(&job, &steps, &chosen)];
        preface.extend(deleted_since(&since.deleted, &chosen));
        Ok(Some(Box::new(RecoveryPlan {
            job: job.id,
            action: inverse,
            chosen,
            options: Options::default(),
            reassignee: None,
            preface,
        })))
    }

    /// A job again, for the records that have been turned back since; nothing where there are none.
    async fn redo_job(&self, job: i64) -> Result<Option<Box<RecoveryPlan>>, Failure> {
        let Some(ReversibleJob { job, action, inverse, steps, since }) = self.reversible(job).await? else {
            return Ok(None);
        };
        let undone = records(&steps, |step| step.outcome == Some(Outcome::Done) && since.was(inverse, step));
        let chosen: Vec<Target> = undone.into_iter().map(|(_, record)| record.into()).collect();
        if chosen.is_empty() {
            return Ok(None);
        }
        let what = match chosen.len() {
            1 => "the record that was undone".to_owned(),
            n => format!("the {n} records that were undone"),
        };
        let mut preface = vec![format!("repeats {} for {what}", self.told(&job, &steps))];
        preface.extend(deleted_since(&since.deleted, &chosen));
        let options = Options::default();
        Ok(Some(Box::new(RecoveryPlan { job: job.id, action, chosen, options, reassignee: None, preface })))
    }

    /// What failed of one job, with what is unknown of it read back first; what has been done since is blocked.
    async fn retry_job(&self, job: i64) -> Result<Option<Box<RecoveryPlan>>, Failure> {
        let Some(job) = self.own_job(job).await? else { return Ok(None) };
        let unknown = self.settle(&job, |_| {}).await?;
        let steps = self.steps(job.id).await?;
        let failed = records(&steps, |step| step.outcome == Some(Outcome::Failed));
        if failed.is_empty() {
            return Ok(None);
        }
        let since = self.since(job.id).await?;
        let found = self.again(&job, &steps, failed, unknown);
        Ok(found.map(|mut found| {
            let action = found.action;
            found.chosen = found.chosen.into_iter().map(|chosen| since.blocking(action, chosen)).collect();
            found.preface.extend(deleted_since(&since.deleted, &found.chosen));
            found
        }))
    }

    /// Reads a job of this place that is over and whose action has an inverse.
    async fn reversible(&self, job: i64) -> Result<Option<ReversibleJob>, Failure> {
        let Some(job) = self.own_job(job).await? else { return Ok(None) };
        let Some((action, inverse)) =
            Action::parse(&job.action).and_then(|action| Some((action, action.inverse()?)))
        else {
            return Ok(None);
        };
        let steps = self.steps(job.id).await?;
        let since = self.since(job.id).await?;
        Ok(Some(ReversibleJob { job, action, inverse, steps, since }))
    }

    /// A job of this place that is over.
    async fn own_job(&self, id: i64) -> Result<Option<PastJob>, Failure> {
        let place = self.place();
        let is_ours = |job: &PastJob| (&job.base_url, &job.organization) == (&place.0, &place.1);
        let job = self.job(id).await?.filter(is_ours);
        Ok(job.filter(|job| matches!(job.state, StoredJobState::Over(_))))
    }

    async fn since(&self, job: i64) -> Result<LaterJobs, Failure> {
        let later = self.look(move |history| history.later(job)).await?;
        Ok(LaterJobs::of(later.unwrap_or_default()))
    }

    /// The jobs that an earlier run did not finish. What the journal says of them is reported at once, and then each step
    /// that is read back; the answer has all of that.
    pub(crate) async fn unfinished(&self, report: impl Fn(Response)) -> Result<Vec<UnfinishedJob>, Failure> {
        let (unfinished_jobs, damaged) = self.unfinished_jobs().await?;
        let old = self.look(History::old_journals).await?.unwrap_or_default();
        let old = old.into_iter().map(|(file, unfinished)| OldJournal { file, unfinished }).collect();
        report(Response::UnfinishedJobs(UnfinishedJobs {
            unfinished_jobs: unfinished_jobs.clone(),
            old,
            damaged,
        }));
        let mut is_settled = true;
        for unfinished_job in unfinished_jobs.iter().filter(|unfinished_job| unfinished_job.reading > 0) {
            let Some(job) = self.job(unfinished_job.job).await? else { continue };
            self.settle(&job, |outcome| report(Response::ReadBack { job: job.id, outcome })).await?;
            is_settled = false;
        }
        if is_settled {
            return Ok(unfinished_jobs);
        }
        // What could not be read back stays unknown.
        let (mut unfinished_jobs, _) = self.unfinished_jobs().await?;
        unfinished_jobs.iter_mut().for_each(|unfinished_job| unfinished_job.reading = 0);
        Ok(unfinished_jobs)
    }

    /// The unfinished jobs as the journal has them, and how many entries could not be read.
    async fn unfinished_jobs(&self) -> Result<(Vec<UnfinishedJob>, u64), Failure> {
        let wanted = HistoryQuery { place: Some(self.place()), ..HistoryQuery::default() };
        let jobs = self.look(move |history| Ok((history.jobs(&wanted)?, history.damaged()))).await?;
        let (jobs, mut damaged) = jobs.unwrap_or_default();
        let mut unfinished_jobs = Vec::new();
        for job in jobs.into_iter().rev() {
            let open = match job.state {
                StoredJobState::Unfinished => true,
                StoredJobState::Running => !job.ours,
                StoredJobState::Over(_) => false,
            };
            let Some(action) = Action::parse(&job.action).filter(|_| open) else { continue };
            let audited = self.audited_steps(job.id).await?;
            let steps = &audited.steps;
            damaged += audited.damaged() as u64;
            let elsewhere = job.state == StoredJobState::Running;
            let reading = steps.iter().filter(|step| is_open(step) && self.unsettled(step).is_some()).count();
            let rest = records(steps, |step| is_left(step, steps));
            unfinished_jobs.push(UnfinishedJob {
                job: job.id,
                action,
                confirmed: job.created,
                kinds: kinds(steps, &job.action),
                tally: tally(&audited),
                rest: rest.into_iter().map(|(_, record)| record.into()).collect(),
                options: options(&job, steps),
                reassignee: reassignee(&job),
                elsewhere,
                reading: if elsewhere { 0 } else { reading },
                archived: steps.iter().filter(|step| step.after.is_some() && is_left(step, steps)).count(),
            });
        }
        Ok((unfinished_jobs, damaged))
    }

    /// Closes an unfinished job; its history stays. One of which nothing was left undone is finished with that.
    pub(crate) async fn drop_rest(&self, job: i64) -> Result<(), Failure> {
        let log = self.journal.adopt(job).await?;
        let Some(log) = log else {
            let words = format!("job {job} is over, or another tidyfy is at it");
            return Err(Failure::new(Cause::Unrecorded, &words));
        };
        let at = self.clock.now().wall;
        let end = |step: &PastStep| {
            let sent = step.is_damaged || !step.attempts.iter().all(PastAttempt::was_turned_away);
            let outcome = if sent { Outcome::Unknown } else { Outcome::NotSent };
            StepEnd {
                step: number(step),
                at,
                outcome,
                reason: Some("the job was dropped".to_owned()),
                kept: None,
            }
        };
        let steps = self.steps(job).await?;
        let ends: Vec<StepEnd> = steps.iter().filter(|step| step.outcome.is_none()).map(end).collect();
        let is_open = |step: &PastStep| step.outcome == Some(Outcome::Unknown) || is_left(step, &steps);
        let is_whole = ends.is_empty() && !steps.iter().any(is_open);
        log.ended(ends).await?;
        let ending = if is_whole { JobEndState::Finished } else { JobEndState::Dropped };
        log.end(at, ending, None).await.map_err(Failure::from)
    }

    /// Reads back what is unknown of a job, or was under way when it broke off. Answers how many steps stay unknown.
    async fn settle(&self, job: &PastJob, report: impl Fn(Outcome)) -> Result<usize, Failure> {
        let mut steps = self.steps(job.id).await?;
        steps.retain(is_open);
        if steps.is_empty() {
            return Ok(0);
        }
        let Some(log) = self.journal.adopt(job.id).await? else {
            return Ok(steps.len());
        };
        let known: Vec<(usize, Step, ReadBackTarget)> =
            steps.iter().filter_map(|step| self.unsettled(step)).collect();
        let lookup = Arc::new(RecordLookup::new(
            &self.session,
            known.iter().map(|(_, step, _)| &step.record),
            LookupUse::Standing,
        ));
        let looks = known.into_iter().map(|(number, step, reading)| {
            let lookup = Arc::clone(&lookup);
            async move { (number, read_back(&lookup, &step, &reading).await) }
        });
        let mut looks = stream::iter(looks).buffer_unordered(AT_ONCE);
        let mut unknown = 0;
        while let Some((step, settled)) = looks.next().await {
            unknown += usize::from(settled.outcome == Outcome::Unknown);
            let at = self.clock.now().wall;
            let end = StepEnd { step, at, outcome: settled.outcome, reason: settled.reason, kept: None };
            let outcome = end.outcome;
            log.ended(vec![end]).await?;
            report(outcome);
        }
        Ok(unknown)
    }

    /// A step of which it is not known whether it was done, ready to be read back.
    fn unsettled(&self, step: &PastStep) -> Option<(usize, Step, ReadBackTarget)> {
        let record = record(step)?;
        let row = record.kind().row().action(Action::parse(&step.action)?)?;
        let last = step.attempts.last()?.sent;
        let patiently = self.clock.now().wall.as_second() - last.as_second() < LATE;
        let words = step.reason.clone().unwrap_or_else(|| "tidyfy ended before the answer came".to_owned());
        // An earlier look that failed says nothing any more.
        let words = words.split("; reading it back").next().unwrap_or_default().to_owned();
        Some((
            number(step),
            Step { record, row, after: None, reassignee: None },
            ReadBackTarget { patiently, words },
        ))
    }

    /// The jobs of this organization, the newest first.
    async fn jobs(&self) -> Result<Vec<PastJob>, Failure> {
        let wanted = HistoryQuery { place: Some(self.place()), ..HistoryQuery::default() };
        self.look(move |history| history.jobs(&wanted)).await.map(Option::unwrap_or_default)
    }

    /// The base URL and the organization.
    pub(crate) fn place(&self) -> (String, String) {
        (self.session.base_url(), self.session.organization().to_owned())
    }

    async fn job(&self, id: i64) -> Result<Option<PastJob>, Failure> {
        self.look(move |history| history.job(id)).await.map(Option::flatten)
    }

    async fn steps(&self, job: i64) -> Result<Vec<PastStep>, Failure> {
        self.audited_steps(job).await.map(|audited| audited.steps)
    }

    /// The steps of a job, held against the chain: nothing is done by what a damaged one says.
    async fn audited_steps(&self, job: i64) -> Result<AuditedSteps, Failure> {
        self.look(move |history| history.audited_steps(job)).await.map(Option::unwrap_or_default)
    }

    /// Looks into the journal; none where no job was ever kept.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        read: impl FnOnce(&History) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<Option<T>, Failure> {
        let directory = self.directory.clone();
        let read = spawn_blocking(move || match History::open(&directory)? {
            Some(history) => read(&history).map(Some),
            None => Ok(None),
        });
        let read = read.await.map_err(|_| JournalError::Closed).and_then(|read| read);
        read.map_err(Failure::from)
    }

    /// `job 12 (archive, 4 min ago)`.
    fn told(&self, job: &PastJob, steps: &[PastStep]) -> String {
        let ago = self.clock.now().wall.duration_since(job.created).unsigned_abs();
        format!("job {} ({}, {} ago)", job.id, word(job, steps), spoken(ago))
    }
}
