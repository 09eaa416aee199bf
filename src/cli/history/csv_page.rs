//! The history as CSV.
//!
//! Owns the columns.

use super::{HistoryResult, action, outcomes};
use crate::model::export;
use crate::model::outcome::Outcome;
use crate::storage::journal::{PastJob, PastStep};

const JOBS: [&str; 14] = [
    "job",
    "started",
    "ended",
    "action",
    "steps",
    "state",
    "outcomes",
    "organization",
    "name",
    "base_url",
    "person",
    "backups",
    "continues",
    "called",
];
const STEPS: [&str; 20] = [
    "job",
    "step",
    "kind",
    "id",
    "name",
    "method",
    "path",
    "outcome",
    "reason",
    "ended",
    "sent",
    "status",
    "request_id",
    "words",
    "action",
    "after",
    "fields",
    "kept",
    "copy",
    "called",
];

/// One line a job, or one line a step with the last of its requests.
pub(super) fn page(found: &Option<HistoryResult>) -> String {
    match found {
        None => export::csv(&JOBS, Vec::<Vec<String>>::new()),
        Some(HistoryResult::Jobs(jobs)) => export::csv(&JOBS, jobs.iter().map(job)),
        Some(HistoryResult::Steps(job, steps)) => {
            export::csv(&STEPS, steps.iter().map(|past| step(job, past)))
        }
    }
}

fn job(job: &PastJob) -> Vec<String> {
    vec![
        job.id.to_string(),
        job.started.to_string(),
        job.ended.map(|at| at.to_string()).unwrap_or_default(),
        job.action.clone(),
        job.steps.to_string(),
        job.state.word().to_owned(),
        outcomes(job),
        job.organization.clone(),
        job.organization_name.clone(),
        job.base_url.clone(),
        job.person.clone().unwrap_or_default(),
        job.backups.clone().unwrap_or_default(),
        job.continues.map(|before| before.to_string()).unwrap_or_default(),
        action(job, &job.action).to_owned(),
    ]
}

fn step(job: &PastJob, step: &PastStep) -> Vec<String> {
    let last = step.attempts.last();
    vec![
        job.id.to_string(),
        (step.n + 1).to_string(),
        step.kind.clone(),
        step.record.clone(),
        step.name.clone(),
        step.method.clone(),
        step.path.clone(),
        step.outcome.map(Outcome::word).unwrap_or_default().to_owned(),
        step.reason.clone().unwrap_or_default(),
        step.ended.map(|at| at.to_string()).unwrap_or_default(),
        step.attempts.len().to_string(),
        last.and_then(|last| last.status).map(|status| status.to_string()).unwrap_or_default(),
        last.and_then(|last| last.request_id.clone()).unwrap_or_default(),
        last.and_then(|last| last.words.clone()).unwrap_or_default(),
        step.action.clone(),
        step.after.map(|n| (n + 1).to_string()).unwrap_or_default(),
        step.fields.clone(),
        step.kept.clone().unwrap_or_default(),
        step.copy.clone().unwrap_or_default(),
        action(job, &step.action).to_owned(),
    ]
}
