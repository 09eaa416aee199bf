//! The history as tables for people.
//!
//! Owns the columns. All text is cleaned: names and words came from a server.

use super::outcomes;
use crate::cli::columns::columns;
use crate::journal::{PastJob, PastStep};
use crate::model::moment::Zone;
use crate::model::text;

/// Past jobs; `all` says whether nothing was left out.
pub(super) fn jobs(jobs: &[PastJob], all: bool, zone: &Zone) -> String {
    if jobs.is_empty() {
        let words = if all { "no job was ever kept here\n" } else { "no job is like that\n" };
        return words.to_owned();
    }
    let heads = ["job", "started", "verb", "records", "state", "outcomes", "organization"];
    let rows = jobs.iter().map(|job| {
        vec![
            job.id.to_string(),
            zone.minute(job.started),
            job.verb.clone(),
            job.steps.to_string(),
            job.state.word().to_owned(),
            outcomes(job),
            job.organization_name.clone(),
        ]
    });
    columns(&heads, rows.collect())
}

/// The steps of a job, below a line about it.
pub(super) fn steps(job: &PastJob, steps: &[PastStep], zone: &Zone) -> String {
    let mut page = format!(
        "job {}: {} in {}, {}, {}: {}\n",
        job.id,
        text::clean(&job.verb),
        text::clean(&job.organization_name),
        zone.minute(job.started),
        job.state.word(),
        outcomes(job)
    );
    if let Some(reason) = &job.reason {
        page.push_str(&format!("because {}\n", text::clean(reason)));
    }
    page.push('\n');
    if steps.is_empty() {
        page.push_str("no step is like that\n");
        return page;
    }
    let heads = ["step", "outcome", "request", "sent", "status", "kind", "name", "reason"];
    let rows = steps.iter().map(|step| {
        let last = step.attempts.last();
        vec![
            (step.n + 1).to_string(),
            step.outcome.map_or("open", crate::model::outcome::Outcome::word).to_owned(),
            format!("{} {}", step.method, step.path),
            step.attempts.len().to_string(),
            last.and_then(|last| last.status).map(|status| status.to_string()).unwrap_or_default(),
            step.kind.clone(),
            step.name.clone(),
            step.reason.clone().unwrap_or_default(),
        ]
    });
    page.push_str(&columns(&heads, rows.collect()));
    page
}
