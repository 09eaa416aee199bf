//! The history as tables for people.
//!
//! Owns the columns. All text is cleaned: names and words came from a server.

use serde::Deserialize;

use super::{action, outcomes, standing};
use crate::cli::table::columns;
use crate::model::text;
use crate::model::time::Zone;
use crate::storage::journal::{PastJob, PastStep};

/// The most letters that are shown of what was kept and is not known here.
const MOST_KEPT: usize = 200;

/// Past jobs; `all` says whether nothing was left out.
pub(super) fn jobs(jobs: &[PastJob], all: bool, zone: &Zone) -> String {
    if jobs.is_empty() {
        let words = if all { "no job was ever kept here\n" } else { "no job is like that\n" };
        return words.to_owned();
    }
    let heads = ["job", "started", "action", "records", "state", "outcomes", "organization", "copies"];
    let rows = jobs.iter().map(|job| {
        vec![
            job.id.to_string(),
            zone.minute(job.started),
            action(job, &job.action).to_owned(),
            records(job).to_string(),
            job.state.word().to_owned(),
            outcomes(job),
            job.organization_name.clone(),
            if job.copied { "yes".to_owned() } else { String::new() },
        ]
    });
    let lines = columns(&heads, rows.collect());
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The steps of a job, below a line about it.
pub(super) fn steps(job: &PastJob, steps: &[PastStep], zone: &Zone) -> String {
    let mut page = format!(
        "job {}: {} in {}, {}, {}: {}\n",
        job.id,
        text::clean(action(job, &job.action)),
        text::clean(&job.organization_name),
        zone.minute(job.started),
        job.state.word(),
        outcomes(job)
    );
    if let Some(reason) = &job.reason {
        page.push_str(&format!("because {}\n", text::clean(reason)));
    }
    if let Some(before) = job.continues {
        page.push_str(&format!("it took over the rest of job {before}\n"));
    }
    if let Some(folder) = job.backups.as_ref().filter(|_| job.copied) {
        page.push_str(&format!("copies in {}\n", text::clean(folder)));
    }
    page.push('\n');
    if steps.is_empty() {
        page.push_str("no step is like that\n");
        return page;
    }
    let heads = ["step", "outcome", "action", "request", "sent", "status", "kind", "name", "copy", "reason"];
    let rows = steps.iter().map(|step| {
        let last = step.attempts.last();
        vec![
            (step.n + 1).to_string(),
            standing(step).to_owned(),
            Some(&step.action)
                .filter(|other| **other != job.action)
                .map(|other| action(job, other))
                .unwrap_or_default()
                .to_owned(),
            format!("{} {}", step.method, step.path),
            step.attempts.len().to_string(),
            last.and_then(|last| last.status).map(|status| status.to_string()).unwrap_or_default(),
            step.kind.clone(),
            step.name.clone(),
            step.copy.clone().unwrap_or_default(),
            step.reason.clone().unwrap_or_default(),
        ]
    });
    // The heads stand above the first step.
    let notes = std::iter::once(None).chain(steps.iter().map(|step| step.kept.as_deref().and_then(kept)));
    for (line, note) in columns(&heads, rows.collect()).iter().zip(notes) {
        page.push_str(&format!("{line}\n"));
        page.extend(note.map(|note| format!("      {note}\n")));
    }
    page
}

/// How many records a job is about: fewer than it has steps where several lead to one record.
fn records(job: &PastJob) -> u64 {
    job.outcomes.iter().map(|(_, n)| n).sum::<u64>() + job.sent + job.waiting
}

/// What the server's answer alone still says, in one line; nothing where it says nothing.
fn kept(json: &str) -> Option<String> {
    let references = serde_json::from_str::<Vec<StrippedReference>>(json);
    let line = references.map(|references| {
        let each = references.iter().map(|reference| format!("{} `{}`", reference.kind, reference.title));
        each.collect::<Vec<_>>().join(", ")
    });
    match line {
        Ok(line) if line.is_empty() => None,
        Err(_) if matches!(json.trim(), "null" | "{}") => None,
        Ok(line) => Some(format!("references stripped: {}", text::clean(&line))),
        Err(_) => Some(format!("kept: {}", shortened(&text::clean(json)))),
    }
}

/// What archiving a template stripped a block of it from (API sheet, section 6.2).
#[derive(Deserialize)]
struct StrippedReference {
    #[serde(rename = "type")]
    kind: String,
    title: String,
}

fn shortened(words: &str) -> String {
    match words.char_indices().nth(MOST_KEPT) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words.to_owned(),
    }
}
