//! Past jobs for the history: read from the journal some at a time.
//!
//! Owns the way from what the journal keeps to what is told. Nothing is settled or sent from here.

use crate::model::catalog::ActionLabels;
use crate::model::export;
use crate::model::failure::{Cause, Failure};
use crate::model::history::{HistorySearch, JobPage, JobStanding, JobStep, JobSummary};
use crate::model::id::Id;
use crate::model::kind::{Action, Kind};
use crate::model::outcome::Outcome;
use crate::storage::journal::{History, HistoryQuery, JournalError, PastJob, PastStep, StoredJobState};
use crate::worker::jobs::recovery::PastJobs;

/// How many jobs are read together.
const BATCH: u32 = 100;
/// How many found jobs are enough for once.
const ENOUGH: usize = 60;

impl PastJobs {
    /// Some of the jobs of this organization that are sought, the newest first, from the one before `before` on.
    pub(super) async fn summaries(
        &self,
        sought: HistorySearch,
        before: Option<i64>,
    ) -> Result<JobPage, Failure> {
        let wanted = HistoryQuery {
            place: Some(self.place()),
            action: sought.action.map(|action| action.word().to_owned()),
            kind: sought.kind.map(|kind| kind.row().slug.to_owned()),
            outcome: sought.outcome,
            before,
            most: Some(BATCH),
            ..HistoryQuery::default()
        };
        let found = self.look(move |history| job_page(history, wanted, &sought)).await?;
        Ok(found.unwrap_or_default())
    }

    /// The steps of a job, in the order of its plan, and how many entries could not be read.
    pub(super) async fn job_steps(&self, job: i64) -> Result<(Vec<JobStep>, u64), Failure> {
        let job_steps = self.look(move |history| Ok((job_steps(history, job)?, history.damaged()))).await?;
        Ok(job_steps.unwrap_or_default())
    }

    /// Writes the steps of a job, or those that are sought, into a new file in the working directory, and answers its
    /// path. Its name says so where steps were left out.
    pub(super) async fn export(&self, job: i64, sought: Option<HistorySearch>) -> Result<String, Failure> {
        let part = if sought.is_some() { "-filtered" } else { "" };
        let text = self.look(move |history| {
            let job_steps = job_steps(history, job)?.into_iter();
            Ok(csv(
                job,
                job_steps.filter(|job_step| sought.as_ref().is_none_or(|sought| sought.finds(job_step))),
            ))
        });
        let Some(text) = text.await? else {
            return Err(Failure::new(Cause::Unrecorded, "there is no journal any more"));
        };
        crate::worker::export::write(std::path::Path::new("."), &format!("tidyfy-job-{job}{part}.csv"), &text)
            .await
    }
}

fn job_page(
    history: &History,
    mut wanted: HistoryQuery,
    sought: &HistorySearch,
) -> Result<JobPage, JournalError> {
    let mut summaries = Vec::new();
    loop {
        let jobs = history.jobs(&wanted)?;
        let Some(last) = jobs.last().map(|job| job.id) else {
            return Ok(JobPage { summaries, before: None, damaged: history.damaged() });
        };
        for job in jobs {
            let summary = summary(history, job)?;
            if sought.calls(summary.word()) && is_found(history, sought, &summary)? {
                summaries.push(summary);
            }
        }
        wanted.before = Some(last);
        if summaries.len() >= ENOUGH {
            return Ok(JobPage { summaries, before: wanted.before, damaged: history.damaged() });
        }
    }
}

/// Whether every word stands in what is told of a job, or in the name or the id of a record of it.
fn is_found(history: &History, sought: &HistorySearch, summary: &JobSummary) -> Result<bool, JournalError> {
    let missing = sought.missing(summary);
    if missing.is_empty() {
        return Ok(true);
    }
    Ok(history.names(summary.job, &missing)?.into_iter().all(|found| found))
}

fn summary(history: &History, job: PastJob) -> Result<JobSummary, JournalError> {
    let has_done = job.outcomes.iter().any(|(outcome, n)| *outcome == Outcome::Done && *n > 0);
    let inverse = Action::parse(&job.action).and_then(Action::inverse).filter(|_| has_done);
    let standing = match job.state {
        StoredJobState::Running if job.ours => JobStanding::Running,
        StoredJobState::Running => JobStanding::Elsewhere,
        StoredJobState::Unfinished => JobStanding::Unfinished,
        StoredJobState::Over(ending) => JobStanding::Over(ending.word()),
    };
    let mut kinds = history.kinds(job.id)?;
    // In the order of the tabs; what is no kind any more comes last.
    kinds.sort_by_key(|(word, _)| Kind::parse(word).map_or(Kind::ALL.len(), |kind| kind as usize));
    Ok(JobSummary {
        kinds,
        undone: inverse.map_or(Ok(0), |inverse| history.undone(job.id, inverse))?,
        job: job.id,
        action: job.action,
        organization: job.organization_name,
        person: job.person,
        confirmed: job.created,
        standing,
        reason: job.reason,
        open: job.sent + job.waiting,
        outcomes: job.outcomes,
        copies: job.backups.filter(|_| job.copied),
        continues: job.continues,
    })
}

fn job_steps(history: &History, job: i64) -> Result<Vec<JobStep>, JournalError> {
    let kinds = history.job(job)?.map(|job| job.kinds).unwrap_or_default();
    let steps = history.steps(job, &HistoryQuery::default())?;
    Ok(steps.iter().map(|step| job_step(step, &kinds)).collect())
}

/// A step of a job whose records are of these kinds.
fn job_step(step: &PastStep, kinds: &[String]) -> JobStep {
    let last = step.attempts.last();
    let open = if step.attempts.is_empty() { "waiting" } else { "sent" };
    JobStep {
        kind: step.kind.clone(),
        id: Id::new(&step.record).ok(),
        name: step.name.clone(),
        action: step.action.clone(),
        called: ActionLabels::told(kinds.iter().map(String::as_str), &step.action).to_owned(),
        method: step.method.clone(),
        path: step.path.clone(),
        outcome: step.outcome.map_or(open, Outcome::word),
        reason: step.reason.clone(),
        status: last.and_then(|last| last.status),
        took_ms: last.and_then(|last| last.took_ms),
        sent: step.attempts.len(),
        at: step.ended.or(last.map(|last| last.sent)),
        copy: step.copy.clone(),
    }
}

/// `action` is the journal's word, `called` what the records of the job call it.
const HEADS: [&str; 14] = [
    "job", "time", "action", "kind", "id", "name", "method", "path", "outcome", "status", "sent", "reason",
    "copy", "called",
];

fn csv(job: i64, job_steps: impl Iterator<Item = JobStep>) -> String {
    export::csv(&HEADS, job_steps.map(|job_step| cells(job, &job_step)))
}

fn cells(job: i64, job_step: &JobStep) -> Vec<String> {
    vec![
        job.to_string(),
        job_step.at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default(),
        job_step.action.clone(),
        job_step.kind.clone(),
        job_step.id.as_ref().map(ToString::to_string).unwrap_or_default(),
        job_step.name.clone(),
        job_step.method.clone(),
        job_step.path.clone(),
        job_step.outcome.to_owned(),
        job_step.status.map(|status| status.to_string()).unwrap_or_default(),
        job_step.sent.to_string(),
        job_step.reason.clone().unwrap_or_default(),
        job_step.copy.clone().unwrap_or_default(),
        job_step.called.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_as_csv_holds_no_formula() {
        let job_step = JobStep {
            kind: "tags".into(),
            id: Id::new("5d0c").ok(),
            name: "=1+1".into(),
            action: "delete".into(),
            called: "delete".into(),
            method: "DELETE".into(),
            path: "/api/x".into(),
            outcome: "refused",
            reason: Some("\t@x, \u{1b}[2J".into()),
            status: Some(422),
            took_ms: Some(7),
            sent: 1,
            at: "2026-11-22T19:05:01Z".parse().ok(),
            copy: None,
        };
        let page = csv(4, std::iter::once(job_step));
        let lines: Vec<&str> = page.split("\r\n").collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(
            lines[1],
            "4,2026-11-22T19:05:01Z,delete,tags,5d0c,'=1+1,DELETE,/api/x,refused,422,1,\"' @x, \u{241b}[2J\",,delete"
        );
    }
}
