//! Copies as a table for people and as JSON for programs.
//!
//! Owns the columns and the names of the members. Text is cleaned: it may end in a terminal.

use color_eyre::eyre::WrapErr;
use serde_json::{Value, json};

use crate::cli::error::CommandError;
use crate::cli::table::columns;
use crate::model::kind::Kind;
use crate::model::text;
use crate::model::time::Zone;
use crate::storage::backups::{DamagedBackup, FILES_UNKNOWN, JobBackups};

/// One row a job.
pub(super) fn table(jobs: &[JobBackups], zone: &Zone) -> String {
    let rows = jobs.iter().map(|job| {
        vec![
            job.job.to_string(),
            zone.minute(job.at),
            holds(job) + &unknown(job),
            text::size(job.bytes),
            job.folder.display().to_string(),
        ]
    });
    let lines = columns(&["job", "when", "holds", "size", "folder"], rows.collect());
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// `12 processes, 3 files`, in the order of the tabs.
fn holds(job: &JobBackups) -> String {
    let mut kinds: Vec<_> = job.records.iter().map(|(word, n)| (Kind::parse(word), word, *n)).collect();
    kinds.sort_by_key(|(kind, word, _)| (kind.is_none(), *kind, *word));
    let words =
        kinds.iter().map(|(kind, word, n)| kind.map_or_else(|| format!("{n} {word}"), |kind| kind.count(*n)));
    let words = words.collect::<Vec<_>>().join(", ");
    if words.is_empty() { "nothing".to_owned() } else { words }
}

/// For how many records the attached files are unknown.
fn unknown(job: &JobBackups) -> String {
    match job.files_unknown {
        0 => String::new(),
        1 => format!(" ({FILES_UNKNOWN} for 1 record)"),
        n => format!(" ({FILES_UNKNOWN} for {n} records)"),
    }
}

/// An array with one object a job.
pub(super) fn json(jobs: &[JobBackups]) -> Result<String, CommandError> {
    let value: Value = jobs.iter().map(job).collect();
    let page = serde_json::to_string_pretty(&value).wrap_err("could not make the page")?;
    Ok(format!("{page}\n"))
}

fn job(job: &JobBackups) -> Value {
    let records: serde_json::Map<String, Value> =
        job.records.iter().map(|(word, n)| (text::clean(word).into_owned(), json!(n))).collect();
    json!({
        "job": job.job,
        "at": job.at.to_string(),
        "folder": text::clean(&job.folder.display().to_string()),
        "records": records,
        "files_with_bytes": job.files_with_bytes,
        "files_unknown": job.files_unknown,
        "bytes": job.bytes,
    })
}

/// What reading the copies of a job again has shown.
pub(super) fn verified(job: &JobBackups, damaged: &[DamagedBackup]) -> String {
    if damaged.is_empty() {
        return format!("job {}: {} as they were kept\n", job.job, text::clean(&holds(job)));
    }
    let line = |damaged: &DamagedBackup| {
        format!("job {}: `{}` {}\n", job.job, text::clean(&damaged.file), text::clean(&damaged.why))
    };
    damaged.iter().map(line).collect()
}
