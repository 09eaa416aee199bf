//! The history as CSV.
//!
//! Owns the columns.

use color_eyre::eyre::WrapErr;

use super::{Found, outcomes};
use crate::cli::trouble::Trouble;
use crate::journal::{PastJob, PastStep};
use crate::model::outcome::Outcome;
use crate::model::text;

const JOBS: [&str; 13] = [
    "job",
    "started",
    "ended",
    "verb",
    "steps",
    "state",
    "outcomes",
    "organization",
    "name",
    "base_url",
    "person",
    "backups",
    "continues",
];
const STEPS: [&str; 19] = [
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
    "verb",
    "after",
    "fields",
    "kept",
    "copy",
];

/// One line a job, or one line a step with the last of its requests.
pub(super) fn page(found: &Option<Found>) -> Result<String, Trouble> {
    let lines: Vec<Vec<String>> = match found {
        None => vec![heads(&JOBS)],
        Some(Found::Jobs(jobs)) => std::iter::once(heads(&JOBS)).chain(jobs.iter().map(job)).collect(),
        Some(Found::Steps(job, steps)) => {
            let lines = steps.iter().map(|past| step(job.id, past));
            std::iter::once(heads(&STEPS)).chain(lines).collect()
        }
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    for line in lines {
        writer
            .write_record(line.iter().map(|cell| text::harmless(cell)))
            .wrap_err("could not make the page")?;
    }
    let bytes = writer.into_inner().wrap_err("could not make the page")?;
    Ok(String::from_utf8(bytes).wrap_err("could not make the page")?)
}

fn heads(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn job(job: &PastJob) -> Vec<String> {
    vec![
        job.id.to_string(),
        job.started.to_string(),
        job.ended.map(|at| at.to_string()).unwrap_or_default(),
        job.verb.clone(),
        job.steps.to_string(),
        job.state.word().to_owned(),
        outcomes(job),
        job.organization.clone(),
        job.organization_name.clone(),
        job.base_url.clone(),
        job.person.clone().unwrap_or_default(),
        job.backups.clone().unwrap_or_default(),
        job.continues.map(|before| before.to_string()).unwrap_or_default(),
    ]
}

fn step(job: i64, step: &PastStep) -> Vec<String> {
    let last = step.attempts.last();
    vec![
        job.to_string(),
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
        step.verb.clone(),
        step.after.map(|n| (n + 1).to_string()).unwrap_or_default(),
        step.fields.clone().unwrap_or_default(),
        step.kept.clone().unwrap_or_default(),
        step.copy.clone().unwrap_or_default(),
    ]
}
