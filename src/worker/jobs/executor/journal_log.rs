//! What a job leaves in the journal.
//!
//! Owns the order of things on disk: the plan before anything is sent, each request before it leaves, each end before it
//! is told. Must not decide what becomes of a job whose notes are not taken: it says so, and the job stops.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ConfirmedJob;
use crate::model::failure::Failure;
use crate::model::kind::Action;
use crate::model::outcome::Outcome;
use crate::model::plan::Reassignee;
use crate::model::template_reference::Reference;
use crate::storage::journal::{JobEndState, JobLog, JournalError, JournalResult, NewJob, NewStep, StepEnd};
use crate::tallyfy::ActionResponse;
use crate::worker::clock::Clock;

/// The notes on one job. They outlive a panic of what drives it.
#[derive(Debug)]
pub(super) struct JournalLog {
    clock: Clock,
    log: OnceLock<JobLog>,
    /// What did not come to the disk when it was noted.
    owed: Mutex<Vec<PendingEntry>>,
}

/// What came of requests or steps.
#[derive(Debug)]
enum PendingEntry {
    Answered(JournalResult, Option<StepEnd>),
    Ended(Vec<StepEnd>),
}

impl JournalLog {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, log: OnceLock::new(), owed: Mutex::default() }
    }

    /// Puts the plan on disk, and answers the job's number and when it began. Nothing may be sent before that.
    pub(super) async fn begin(&self, job: &ConfirmedJob) -> Result<(i64, Timestamp), Failure> {
        let started = self.clock.now().wall;
        let steps = job.plan.steps.iter().map(|step| NewStep {
            kind: step.record.kind().row().slug,
            record: step.record.id().to_string(),
            name: step.record.name().to_owned(),
            method: step.request().method.word(),
            path: job.session.path(step),
            action: step.row.action.word(),
            after: step.after,
            fields: serde_json::to_string(&step.record.fields()).unwrap_or_default(),
        });
        let organization = &job.plan.organization;
        let new = NewJob {
            base_url: job.session.base_url(),
            organization: job.session.organization().to_owned(),
            organization_name: organization.name.clone(),
            action: job.plan.action.word(),
            person: job.session.person(),
            backups: (job.plan.action == Action::Delete && job.plan.options.backup)
                .then(|| job.backups.directory().display().to_string()),
            continues: job.plan.continues,
            reassignee: job.plan.reassignee.as_ref().map(told),
            created: job.confirmed,
            started,
            steps: steps.collect(),
        };
        let log = job.journal.begin(new).await.map_err(Failure::from)?;
        let number = log.job();
        // Begun once: there is no earlier one to lose.
        drop(self.log.set(log));
        Ok((number, started))
    }

    /// Notes that a request leaves now, and the copy that it stands behind. It must not leave if this fails.
    pub(super) async fn sent(&self, step: usize, attempt: u32, copy: Option<String>) -> Result<(), Failure> {
        let log = self.log.get().ok_or(JournalError::Closed)?;
        log.sent(step, attempt, self.clock.now().wall, copy).await.map_err(Failure::from)
    }

    /// Notes what came of it, and how the step ended if it did with that.
    pub(super) async fn answered(
        &self,
        (step, attempt): (usize, u32),
        took: Duration,
        result: &Result<ActionResponse, Failure>,
        end: Option<StepEnd>,
    ) -> Result<(), Failure> {
        let Some(log) = self.log.get() else { return Ok(()) };
        let (status, request_id, words) = match result {
            Ok(answered) => (Some(answered.status), answered.request_id.clone(), answered.doubt.clone()),
            Err(failure) => (failure.status, failure.request_id.clone(), Some(failure.words.clone())),
        };
        let at = self.clock.now().wall;
        let answer = JournalResult { step, attempt, at, took, status, request_id, words };
        let noted = log.answered(answer.clone(), end.clone()).await;
        noted.map_err(|why| self.owe(PendingEntry::Answered(answer, end), why))
    }

    /// Notes how steps ended for which nothing is under way. Steps of a job that never began are on no disk.
    pub(super) async fn ended(&self, ends: Vec<StepEnd>) -> Result<(), Failure> {
        match self.log.get() {
            Some(log) if !ends.is_empty() => {
                let noted = log.ended(ends.clone()).await;
                noted.map_err(|why| self.owe(PendingEntry::Ended(ends), why))
            }
            _ => Ok(()),
        }
    }

    /// Keeps what could not be noted for the end of the job.
    fn owe(&self, owed: PendingEntry, why: JournalError) -> Failure {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner).push(owed);
        why.into()
    }

    /// Notes the end of the job, after all that is still owed. A job of which anything stays owed is left unfinished: the
    /// next start finds out what became of its steps.
    pub(super) async fn over(self, cancelled: bool, stopped: Option<&Failure>) -> Result<(), Failure> {
        let Some(log) = self.log.into_inner() else { return Ok(()) };
        for owed in self.owed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let noted = match owed {
                PendingEntry::Answered(answer, end) => log.answered(answer, end).await,
                PendingEntry::Ended(ends) => log.ended(ends).await,
            };
            noted?;
        }
        let ending = match (cancelled, stopped) {
            (_, Some(_)) => JobEndState::Stopped,
            (true, None) => JobEndState::Cancelled,
            (false, None) => JobEndState::Finished,
        };
        let reason = stopped.map(|failure| failure.words.clone());
        log.end(self.clock.now().wall, ending, reason).await.map_err(Failure::from)
    }

    /// How a step ended, now.
    pub(super) fn end(&self, step: usize, outcome: Outcome, reason: Option<String>) -> StepEnd {
        StepEnd { step, at: self.clock.now().wall, outcome, reason, kept: None }
    }
}

/// Who is handed what belongs to the records, as JSON.
fn told(reassignee: &Reassignee) -> String {
    json!({"id": reassignee.id.to_string(), "name": reassignee.name}).to_string()
}

/// What nothing but an answer remembers, as JSON.
pub(super) fn kept(references: &[Reference]) -> Option<String> {
    let told = references
        .iter()
        .map(|reference| json!({"type": reference.sort, "title": reference.title, "id": reference.id}));
    let told: Vec<Value> = told.collect();
    (!told.is_empty()).then(|| Value::from(told).to_string())
}
