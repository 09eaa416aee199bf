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
    pub(super) async fn accounts(
        &self,
        sought: HistorySearch,
        before: Option<i64>,
    ) -> Result<JobPage, Failure> {
        let wanted = HistoryQuery {
            place: Some(self.place()),
            verb: sought.verb.map(|verb| verb.word().to_owned()),
            kind: sought.kind.map(|kind| kind.row().slug.to_owned()),
            outcome: sought.outcome,
            before,
            most: Some(BATCH),
            ..HistoryQuery::default()
        };
        let found = self.look(move |history| volume(history, wanted, &sought)).await?;
        Ok(found.unwrap_or_default())
    }

    /// The steps of a job, in the order of its plan, and how many entries could not be read.
    pub(super) async fn deeds(&self, job: i64) -> Result<(Vec<JobStep>, u64), Failure> {
        let deeds = self.look(move |history| Ok((deeds(history, job)?, history.damaged()))).await?;
        Ok(deeds.unwrap_or_default())
    }

    /// Writes the steps of a job, or those that are sought, into a new file in the working directory, and answers its
    /// path. Its name says so where steps were left out.
    pub(super) async fn export(&self, job: i64, sought: Option<HistorySearch>) -> Result<String, Failure> {
        let part = if sought.is_some() { "-filtered" } else { "" };
        let text = self.look(move |history| {
            let deeds = deeds(history, job)?.into_iter();
            Ok(csv(job, deeds.filter(|deed| sought.as_ref().is_none_or(|sought| sought.finds(deed)))))
        });
        let Some(text) = text.await? else {
            return Err(Failure::new(Cause::Unrecorded, "there is no journal any more"));
        };
        crate::worker::export::write(std::path::Path::new("."), &format!("tidyfy-job-{job}{part}.csv"), &text)
            .await
    }
}

fn volume(
    history: &History,
    mut wanted: HistoryQuery,
    sought: &HistorySearch,
) -> Result<JobPage, JournalError> {
    let mut accounts = Vec::new();
    loop {
        let jobs = history.jobs(&wanted)?;
        let Some(last) = jobs.last().map(|job| job.id) else {
            return Ok(JobPage { accounts, before: None, damaged: history.damaged() });
        };
        for job in jobs {
            let account = account(history, job)?;
            if sought.calls(account.word()) && is_found(history, sought, &account)? {
                accounts.push(account);
            }
        }
        wanted.before = Some(last);
        if accounts.len() >= ENOUGH {
            return Ok(JobPage { accounts, before: wanted.before, damaged: history.damaged() });
        }
    }
}

/// Whether every word stands in what is told of a job, or in the name or the id of a record of it.
fn is_found(history: &History, sought: &HistorySearch, account: &JobSummary) -> Result<bool, JournalError> {
    let missing = sought.missing(account);
    if missing.is_empty() {
        return Ok(true);
    }
    Ok(history.names(account.job, &missing)?.into_iter().all(|found| found))
}

fn account(history: &History, job: PastJob) -> Result<JobSummary, JournalError> {
    let has_done = job.outcomes.iter().any(|(outcome, n)| *outcome == Outcome::Done && *n > 0);
    let inverse = Action::parse(&job.verb).and_then(Action::inverse).filter(|_| has_done);
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
        verb: job.verb,
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

fn deeds(history: &History, job: i64) -> Result<Vec<JobStep>, JournalError> {
    let kinds = history.job(job)?.map(|job| job.kinds).unwrap_or_default();
    let steps = history.steps(job, &HistoryQuery::default())?;
    Ok(steps.iter().map(|step| deed(step, &kinds)).collect())
}

/// A step of a job whose records are of these kinds.
fn deed(step: &PastStep, kinds: &[String]) -> JobStep {
    let last = step.attempts.last();
    let open = if step.attempts.is_empty() { "waiting" } else { "sent" };
    JobStep {
        kind: step.kind.clone(),
        id: Id::new(&step.record).ok(),
        name: step.name.clone(),
        verb: step.verb.clone(),
        called: ActionLabels::told(kinds.iter().map(String::as_str), &step.verb).to_owned(),
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

/// `verb` is the journal's word, `called` what the records of the job call it.
const HEADS: [&str; 14] = [
    "job", "time", "verb", "kind", "id", "name", "method", "path", "outcome", "status", "sent", "reason",
    "copy", "called",
];

fn csv(job: i64, deeds: impl Iterator<Item = JobStep>) -> String {
    export::csv(&HEADS, deeds.map(|deed| cells(job, &deed)))
}

fn cells(job: i64, deed: &JobStep) -> Vec<String> {
    vec![
        job.to_string(),
        deed.at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default(),
        deed.verb.clone(),
        deed.kind.clone(),
        deed.id.as_ref().map(ToString::to_string).unwrap_or_default(),
        deed.name.clone(),
        deed.method.clone(),
        deed.path.clone(),
        deed.outcome.to_owned(),
        deed.status.map(|status| status.to_string()).unwrap_or_default(),
        deed.sent.to_string(),
        deed.reason.clone().unwrap_or_default(),
        deed.copy.clone().unwrap_or_default(),
        deed.called.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_as_csv_holds_no_formula() {
        let deed = JobStep {
            kind: "tags".into(),
            id: Id::new("5d0c").ok(),
            name: "=1+1".into(),
            verb: "delete".into(),
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
        let page = csv(4, std::iter::once(deed));
        let lines: Vec<&str> = page.split("\r\n").collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(
            lines[1],
            "4,2026-11-22T19:05:01Z,delete,tags,5d0c,'=1+1,DELETE,/api/x,refused,422,1,\"' @x, \u{241b}[2J\",,delete"
        );
    }
}
