//! `tidyfy backups`: the copies of what was deleted permanently.
//!
//! Owns the command's arguments, and that nobody loses copies without having said so. Must not know how they are kept.

mod pages;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use color_eyre::eyre::WrapErr;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustix::termios::{QueueSelector, tcflush};

use super::has_terminal;
use crate::cli::completions::print;
use crate::cli::error::{CommandError, ExitReason};
use crate::config::ConfigError;
use crate::model::age::{AGE_HINT, Age};
use crate::model::text::{grouped, size};
use crate::model::time::Zone;
use crate::storage::backups;
use crate::storage::backups::{BackupError, JobBackups};

/// What is to be done with the copies.
#[derive(Debug, Clone, Args)]
pub(super) struct BackupsArgs {
    #[command(subcommand)]
    wanted: BackupSelection,
}

#[derive(Debug, Clone, Subcommand)]
enum BackupSelection {
    /// Show where copies are and what they hold
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove old copies for good, once that is confirmed
    Purge {
        /// Only copies of jobs that are older than this, such as 90d, 12w, 6m (months) or 24h
        #[arg(long, value_name = "AGE", value_parser = older)]
        older: Timestamp,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Read copies again and name those that are not what they were
    Verify {
        /// Only the copies of this job
        #[arg(value_name = "JOB")]
        job: Option<i64>,
    },
}

/// Does what is wanted with the copies in `directory`.
///
/// # Errors
/// [`CommandError`] when copies cannot be read or removed, are not what they were, or nobody can be asked.
pub(super) fn run(arguments: &BackupsArgs, directory: &Path) -> Result<ExitCode, CommandError> {
    let found = backups::list(directory)?;
    match arguments.wanted {
        BackupSelection::List { json: true } => print(pages::json(&found)?.as_bytes())?,
        BackupSelection::List { json: false } => print(list(&found, directory).as_bytes())?,
        BackupSelection::Purge { older, yes } => purge(&found, older, yes)?,
        BackupSelection::Verify { job } => verify(&found, job, directory)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn zone() -> Zone {
    Zone::new(TimeZone::system())
}

fn list(found: &[JobBackups], directory: &Path) -> String {
    if found.is_empty() { none(directory) } else { pages::table(found, &zone()) }
}

fn none(directory: &Path) -> String {
    format!("there are no copies in `{}`\n", directory.display())
}

/// Reads the age of `--older` as the time that lies so long ago.
fn older(typed: &str) -> Result<Timestamp, String> {
    let age = Age::parse(typed).map_err(|error| format!("{error}\nhint: {AGE_HINT}"))?;
    Ok(age.before(Timestamp::now(), &zone()))
}

fn purge(found: &[JobBackups], older: Timestamp, yes: bool) -> Result<(), CommandError> {
    let zone = zone();
    let old: Vec<JobBackups> = found.iter().filter(|job| job.at < older).cloned().collect();
    if old.is_empty() {
        return print(format!("no copies are older than {}\n", zone.minute(older)).as_bytes());
    }
    print(pages::table(&old, &zone).as_bytes())?;
    if !yes && !agreed(old.len())? {
        return print(b"nothing was removed\n");
    }
    let results: Vec<_> = old.iter().map(|job| (job, backups::purge(job))).collect();
    let gone = results.iter().filter(|(_, result)| result.is_ok());
    let (jobs, bytes) =
        gone.fold((0, 0_u64), |(jobs, bytes), (job, _)| (jobs + 1, bytes.saturating_add(job.bytes)));
    print(format!("removed the copies of {}: {}\n", count(jobs), size(bytes)).as_bytes())?;
    let problems: Vec<ConfigError> =
        results.into_iter().filter_map(|(_, result)| Some(problem(&result.err()?))).collect();
    if problems.is_empty() { Ok(()) } else { Err(CommandError::Told { code: ExitReason::Failure, problems }) }
}

/// Asks at the terminal. What was typed before the question is no answer to it.
fn agreed(jobs: usize) -> Result<bool, CommandError> {
    if !has_terminal() {
        return Err(CommandError::usage(
            "nothing was removed: there is no terminal to ask at",
            "add `--yes` to remove these copies without being asked",
        ));
    }
    tcflush(io::stdin(), QueueSelector::IFlush).wrap_err("could not read from the terminal")?;
    print(
        format!("remove the copies of {} for good? `y` and Enter removes, Enter keeps: ", count(jobs))
            .as_bytes(),
    )?;
    io::stdout().flush().wrap_err("could not write to the terminal")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).wrap_err("could not read from the terminal")?;
    Ok(answer.trim() == "y")
}

fn verify(found: &[JobBackups], job: Option<i64>, directory: &Path) -> Result<(), CommandError> {
    let wanted: Vec<&JobBackups> =
        found.iter().filter(|kept| job.is_none_or(|job| kept.job == job)).collect();
    if let (true, Some(job)) = (wanted.is_empty(), job) {
        let problem = ConfigError::new(
            format!("there are no copies of job `{job}`"),
            "`tidyfy backups list` lists the copies there are",
        );
        return Err(CommandError::told(ExitReason::Failure, problem));
    }
    if wanted.is_empty() {
        return print(none(directory).as_bytes());
    }
    let mut wrong = 0;
    for kept in wanted {
        let damaged = backups::verify(kept);
        wrong += damaged.len();
        print(pages::verified(kept, &damaged).as_bytes())?;
    }
    if wrong == 0 {
        return Ok(());
    }
    let what =
        if wrong == 1 { "1 copy is".to_owned() } else { format!("{} copies are", grouped(wrong as u64)) };
    let problem = ConfigError::new(
        format!("{what} not what was kept"),
        "every other copy that was read is whole; see that the disk is sound",
    );
    Err(CommandError::told(ExitReason::Failure, problem))
}

fn count(jobs: usize) -> String {
    if jobs == 1 { "1 job".to_owned() } else { format!("{} jobs", grouped(jobs as u64)) }
}

fn problem(error: &BackupError) -> ConfigError {
    ConfigError::new(error.to_string(), error.hint())
}

impl From<BackupError> for CommandError {
    fn from(error: BackupError) -> Self {
        Self::told(ExitReason::Failure, problem(&error))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn older_reads_months_where_jiff_reads_minutes() {
        let day = SignedDuration::from_hours(24);
        for (age, days) in [("90d", 90), ("12w", 84), ("24h", 1), ("6mo", 182), ("6m", 182), ("14m", 425)] {
            let ago = Timestamp::now().duration_since(older(age).unwrap());
            // Months differ in length, and so do days twice a year.
            assert!((ago - day * days).abs() < day * 4, "{age}: {ago}");
        }
        for age in ["", "90", "d", "-90d", "0d", "90d ago", "soon", "90 days or so", "99999y", "1e9d", "6x"] {
            assert!(older(age).unwrap_err().starts_with(&format!("`{age}` is not a valid age\nhint: ")));
        }
    }
}
