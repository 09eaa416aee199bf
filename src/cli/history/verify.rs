//! `tidyfy history verify`: whether the history is what was written.
//!
//! Owns how the result of an audit is told.

use std::path::Path;

use color_eyre::eyre::WrapErr;
use serde_json::{Value, json};

use crate::cli::completions::print;
use crate::cli::error::{CommandError, ExitReason};
use crate::config::ConfigError;
use crate::model::text::grouped;
use crate::storage::journal::{Audit, BrokenEntry, EntryFault, History, RowPart};

/// Checks the journal in `state_dir` and prints what was found.
///
/// # Errors
/// [`CommandError`] when an entry is broken, or the journal cannot be read.
pub(super) fn run(json: bool, state_dir: &Path) -> Result<(), CommandError> {
    let Some(history) = History::open(state_dir)? else {
        let page = if json { page(&Audit::default())? } else { "there is no journal yet\n".to_owned() };
        return print(page.as_bytes());
    };
    history.check()?;
    let audit = history.audit()?;
    if json {
        print(page(&audit)?.as_bytes())?;
    } else if audit.broken.is_empty() {
        print(format!("the journal is whole: {}\n", counted(audit.entries)).as_bytes())?;
    }
    audit.broken.first().map_or(Ok(()), |first| Err(broken(first, audit.broken.len())))
}

fn counted(entries: u64) -> String {
    if entries == 1 { "1 entry".to_owned() } else { format!("{} entries", grouped(entries)) }
}

/// The report on a journal with broken entries.
pub(in crate::cli) fn problem(first: &BrokenEntry, broken: usize) -> ConfigError {
    let more = match broken.saturating_sub(1) {
        0 => String::new(),
        n => format!(" (and {} more)", grouped(n as u64)),
    };
    ConfigError::new(
        format!("the journal is damaged: {first}{more}"),
        "nothing is done by what a damaged entry says; the rest can be used, and `tidyfy history` shows it",
    )
}

fn broken(first: &BrokenEntry, broken: usize) -> CommandError {
    CommandError::told(ExitReason::Failure, problem(first, broken))
}

fn page(audit: &Audit) -> Result<String, CommandError> {
    let value = json!({
        "entries": audit.entries,
        "whole": audit.broken.is_empty(),
        "broken": audit.broken.iter().map(entry).collect::<Value>(),
    });
    let page = serde_json::to_string_pretty(&value).wrap_err("could not make the page")?;
    Ok(format!("{page}\n"))
}

/// Steps and attempts are counted from one.
fn entry(broken: &BrokenEntry) -> Value {
    let (part, key) = broken.about.unzip();
    json!({
        "entry": broken.seq,
        "part": part.map(RowPart::word),
        "job": key.map(|key| key.job),
        "step": key.and_then(|key| key.step).map(|step| step.saturating_add(1)),
        "attempt": key.and_then(|key| key.attempt),
        "fault": match broken.fault {
            EntryFault::Missing => "missing",
            EntryFault::Altered => "altered",
            EntryFault::RowMissing => "row missing",
            EntryFault::RowChanged => "row changed",
            EntryFault::RowAdded => "row added",
        },
        "words": broken.to_string(),
    })
}
