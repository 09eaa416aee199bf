//! What a job leaves in the journal.
//!
//! Owns the order of things on disk: the plan before anything is sent, each request before it leaves, each end before it
//! is told. Must not decide what becomes of a job whose notes are not taken: it says so, and the job stops.

use std::sync::OnceLock;
use std::time::Duration;

use super::Job;
use crate::journal::{Answer, Ending, JobLog, Journal, JournalError, NewJob, NewStep, StepEnd};
use crate::model::failure::{Cause, Failure};
use crate::model::outcome::Outcome;
use crate::tallyfy::Answered;
use crate::worker::clock::Clock;

/// The notes on one job. They outlive a panic of what drives it.
#[derive(Debug)]
pub(super) struct Chronicle {
    clock: Clock,
    log: OnceLock<JobLog>,
}

impl Chronicle {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, log: OnceLock::new() }
    }

    /// Puts the plan on disk. Nothing may be sent before that.
    pub(super) async fn begin(&self, job: &Job, journal: &Journal) -> Result<(), Failure> {
        let steps = job.plan.steps.iter().map(|step| NewStep {
            kind: step.record.kind().row().slug,
            record: step.record.id().to_string(),
            name: step.record.name().to_owned(),
            method: step.row.method.word(),
            path: job.session.path(step),
            verb: job.plan.verb.word(),
            after: None,
            fields: "{}".to_owned(),
        });
        let organization = &job.plan.organization;
        let new = NewJob {
            base_url: job.session.base_url(),
            organization: job.session.organization().to_owned(),
            organization_name: organization.name.clone(),
            verb: job.plan.verb.word(),
            person: None,
            backups: None,
            continues: None,
            created: job.confirmed,
            started: self.clock.now().wall,
            steps: steps.collect(),
        };
        let log = journal.begin(new).await.map_err(|why| failure(&why))?;
        // Begun once: there is no earlier one to lose.
        drop(self.log.set(log));
        Ok(())
    }

    /// Notes that a request leaves now. It must not if this fails.
    pub(super) async fn sent(&self, step: usize, attempt: u32) -> Result<(), Failure> {
        let log = self.log.get().ok_or_else(|| failure(&JournalError::Closed))?;
        log.sent(step, attempt, self.clock.now().wall, None).await.map_err(|why| failure(&why))
    }

    /// Notes what came of it, and how the step ended if it did with that.
    pub(super) async fn answered(
        &self,
        (step, attempt): (usize, u32),
        took: Duration,
        result: &Result<Answered, Failure>,
        end: Option<StepEnd>,
    ) -> Result<(), Failure> {
        let Some(log) = self.log.get() else { return Ok(()) };
        let (status, request_id, words) = match result {
            Ok(answered) => (Some(answered.status), answered.request_id.clone(), None),
            Err(failure) => (failure.status, failure.request_id.clone(), Some(failure.words.clone())),
        };
        let at = self.clock.now().wall;
        let answer = Answer { step, attempt, at, took, status, request_id, words };
        log.answered(answer, end).await.map_err(|why| failure(&why))
    }

    /// Notes how steps ended for which nothing is under way. Steps of a job that never began are on no disk.
    pub(super) async fn ended(&self, ends: Vec<StepEnd>) -> Result<(), Failure> {
        match self.log.get() {
            Some(log) if !ends.is_empty() => log.ended(ends).await.map_err(|why| failure(&why)),
            _ => Ok(()),
        }
    }

    /// Notes the end of the job.
    pub(super) async fn over(self, cancelled: bool, stopped: Option<&Failure>) -> Result<(), Failure> {
        let Some(log) = self.log.into_inner() else { return Ok(()) };
        let ending = match (cancelled, stopped) {
            (_, Some(_)) => Ending::Stopped,
            (true, None) => Ending::Cancelled,
            (false, None) => Ending::Finished,
        };
        let reason = stopped.map(|failure| failure.words.clone());
        log.end(self.clock.now().wall, ending, reason).await.map_err(|why| failure(&why))
    }

    /// How a step ended, now.
    pub(super) fn end(&self, step: usize, outcome: Outcome, reason: Option<String>) -> StepEnd {
        StepEnd { step, at: self.clock.now().wall, outcome, reason, kept: None }
    }
}

fn failure(why: &JournalError) -> Failure {
    Failure::new(Cause::Unrecorded, &why.to_string())
}
