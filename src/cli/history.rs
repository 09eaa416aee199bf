//! `tidyfy history`: past jobs, and the steps of one.
//!
//! Owns the command's arguments and what is looked up for them. Must not know how the journal is kept.

mod csv_page;
mod json_page;
mod table;
pub(super) mod verify;

use std::path::Path;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use indexmap::IndexSet;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::cli::completions;
use crate::cli::error::{CommandError, ExitReason, say};
use crate::config::{self, ConfigError};
use crate::model::age::{AGE_HINT, Age};
use crate::model::catalog::ActionLabels;
use crate::model::history::skipped;
use crate::model::kind::{Action, Kind};
use crate::model::outcome::Outcome;
use crate::model::time::Zone;
use crate::storage::journal::{History, HistoryQuery, JournalError, PastJob, PastStep};

/// What is asked of the history.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct HistoryArgs {
    #[command(subcommand)]
    task: Option<HistoryTask>,
    /// Show the steps of this job
    #[arg(value_name = "JOB")]
    job: Option<i64>,
    /// Print JSON: `action` has one word for all kinds, `called` is what the records of the job call it
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV, with `action` and `called` as in JSON
    #[arg(long)]
    csv: bool,
    /// Only jobs since this day, such as 2026-03-01, or for so long, such as 90d or 6m (months)
    #[arg(long, value_name = "DATE|AGE", value_parser = since, conflicts_with = "job")]
    since: Option<Timestamp>,
    /// Only jobs of this action; `archive` and `restore` find those that are called disable and enable, too
    #[arg(long, value_parser = PossibleValuesParser::new(actions()), conflicts_with = "job")]
    action: Option<String>,
    /// Only steps that ended so, and jobs that hold one
    #[arg(long, value_name = "OUTCOME", value_parser = outcome)]
    outcome: Option<Outcome>,
}

/// Further commands on the history.
#[derive(Debug, Clone, Subcommand)]
enum HistoryTask {
    /// Check that nothing was changed, removed or added since it was written
    Verify {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// What was found.
enum HistoryResult {
    Jobs(Vec<PastJob>),
    Steps(Box<PastJob>, Vec<PastStep>),
}

/// Prints what the journal in `state_dir` holds.
///
/// # Errors
/// [`CommandError`] when the journal cannot be read, there is no such job, or standard output cannot be written to.
pub(super) fn run(arguments: &HistoryArgs, kind: Option<&str>, state_dir: &Path) -> Result<(), CommandError> {
    if let Some(HistoryTask::Verify { json }) = arguments.task {
        return verify::run(json, state_dir);
    }
    let wanted = HistoryQuery {
        since: arguments.since,
        action: arguments.action.as_deref().map(known_action),
        kind: kind.map(slug).transpose()?,
        outcome: arguments.outcome,
        ..HistoryQuery::default()
    };
    let (found, damaged) = look_up(arguments.job, &wanted, arguments.action.as_deref(), state_dir)?;
    let zone = Zone::new(TimeZone::system());
    let page = match &found {
        _ if arguments.json => json_page::page(&found)?,
        _ if arguments.csv => csv_page::page(&found),
        Some(HistoryResult::Jobs(jobs)) => table::jobs(jobs, wanted == HistoryQuery::default(), &zone),
        Some(HistoryResult::Steps(job, steps)) => table::steps(job, steps, &zone),
        None => "no job was ever kept here: there is no journal yet\n".to_owned(),
    };
    completions::print(page.as_bytes())?;
    if let Some(words) = skipped(damaged) {
        say(&format!("warning: {words}"));
        say("hint: `tidyfy history verify` names the first");
    }
    Ok(())
}

/// Nothing where there is no journal yet; and how many damaged entries were left out.
fn look_up(
    job: Option<i64>,
    wanted: &HistoryQuery,
    called: Option<&str>,
    state_dir: &Path,
) -> Result<(Option<HistoryResult>, u64), CommandError> {
    let Some(history) = History::open(state_dir)? else {
        return job.map_or(Ok((None, 0)), |job| Err(no_such(job)));
    };
    let Some(number) = job else {
        let mut jobs = history.jobs(wanted)?;
        // The journal has one word for each action, whatever its records call it.
        jobs.retain(|job| called.is_none_or(|word| word == job.action || word == action(job, &job.action)));
        return Ok((Some(HistoryResult::Jobs(jobs)), history.damaged()));
    };
    let job = history.job(number)?;
    let job = job.ok_or_else(|| if history.damaged() > 0 { damaged_job(number) } else { no_such(number) })?;
    let steps = history.steps(number, wanted)?;
    Ok((Some(HistoryResult::Steps(Box::new(job), steps)), history.damaged()))
}

fn no_such(job: i64) -> CommandError {
    let problem =
        ConfigError::new(format!("there is no job `{job}`"), "`tidyfy history` lists the jobs there are");
    CommandError::told(ExitReason::Failure, problem)
}

fn damaged_job(job: i64) -> CommandError {
    let sentence = format!("could not read job `{job}`: its entry in the journal is damaged");
    CommandError::told(
        ExitReason::Failure,
        ConfigError::new(sentence, "`tidyfy history verify` names what is broken"),
    )
}

/// An action of a job as its records call it. The journal has one word for each.
fn action<'a>(job: &'a PastJob, word: &'a str) -> &'a str {
    ActionLabels::told(job.kinds.iter().map(String::as_str), word)
}

/// Every word for an action.
fn actions() -> Vec<&'static str> {
    let all =
        ActionLabels::every().into_iter().flat_map(|words| Action::ALL.map(|action| words.action(action)));
    all.collect::<IndexSet<_>>().into_iter().collect()
}

/// The journal's word for what some kinds call otherwise.
fn known_action(word: &str) -> String {
    ActionLabels::meaning(word).map_or_else(|| word.to_owned(), |action| action.word().to_owned())
}

fn slug(word: &str) -> Result<String, CommandError> {
    let kind = Kind::parse(word).ok_or_else(|| vec![config::unknown_kind("`--kind`", word)])?;
    Ok(kind.row().slug.to_owned())
}

fn outcome(word: &str) -> Result<Outcome, String> {
    Outcome::parse(&word.replace('-', " ")).ok_or_else(|| {
        let words = Outcome::ALL.map(|outcome| outcome.word().replace(' ', "-"));
        format!("one of {}", words.join(", "))
    })
}

/// Reads `--since`: the start of a day here, or an age.
fn since(typed: &str) -> Result<Timestamp, String> {
    let zone = Zone::new(TimeZone::system());
    if let Some(start) = typed.parse::<Date>().ok().and_then(|day| zone.start(day)) {
        return Ok(start);
    }
    let age = Age::parse(typed)
        .map_err(|error| format!("{error}\nhint: {AGE_HINT}; or a day as in `2026-03-01`"))?;
    Ok(age.before(Timestamp::now(), &zone))
}

/// What is said of what has no outcome yet: something was sent for it, or nothing.
const OPEN: [&str; 2] = ["sent", "waiting"];

/// `18 done, 1 refused, 2 waiting`: only what occurred, and what has not ended.
fn outcomes(job: &PastJob) -> String {
    let ended = job.outcomes.iter().map(|(outcome, n)| (outcome.word(), *n));
    let open = OPEN.into_iter().zip([job.sent, job.waiting]).filter(|(_, n)| *n > 0);
    let parts: Vec<String> = ended.chain(open).map(|(word, n)| format!("{n} {word}")).collect();
    parts.join(", ")
}

/// How a step stands, in a word.
fn standing(step: &PastStep) -> &'static str {
    let [sent, waiting] = OPEN;
    let open = if step.attempts.is_empty() { waiting } else { sent };
    step.outcome.map_or(open, Outcome::word)
}

impl From<JournalError> for CommandError {
    fn from(error: JournalError) -> Self {
        Self::told(ExitReason::Failure, ConfigError::new(error.to_string(), error.hint()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn since_reads_a_day_or_an_age() {
        let day = since("2026-03-01").unwrap().to_zoned(TimeZone::system());
        assert_eq!(day.strftime("%Y-%m-%d %H").to_string(), "2026-03-01 00");
        for (typed, days) in [("90d", 90), ("6m", 182), ("6mo", 182), ("2w", 14)] {
            let ago = Timestamp::now().duration_since(since(typed).unwrap());
            let wanted = SignedDuration::from_hours(days * 24);
            assert!((ago - wanted).abs() < SignedDuration::from_hours(96), "{typed}: {ago}");
        }
        for typed in ["", "d", "-1d", "soon", "2026-13-01", "4294967295d", "99999999999d", "6x"] {
            assert!(since(typed).unwrap_err().starts_with(&format!("`{typed}` is not a valid age\nhint: ")));
        }
    }

    #[test]
    fn an_outcome_is_written_in_one_word_or_two() {
        assert_eq!(outcome("already-gone"), Ok(Outcome::AlreadyGone));
        assert_eq!(outcome("not sent"), Ok(Outcome::NotSent));
        assert!(outcome("fine").unwrap_err().contains("already-gone"));
    }
}
