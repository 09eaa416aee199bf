//! What past jobs left to be done: to be undone, tried again, or finished.
//!
//! Owns the way from the journal back to records that can go through the modal, and the settling of what was under way
//! when a run of the program broke off. Nothing is ever sent from here but reads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;
use jiff::Timestamp;
use tokio::task::spawn_blocking;

use super::apply::{Reading, read_back};
use super::clock::Clock;
use super::session::Session;
use super::truth::Truth;
use crate::journal::{
    Ending, History, JobState, Journal, JournalError, PastAttempt, PastJob, PastStep, StepEnd, Wanted,
};
use crate::model::failure::{Cause, Failure};
use crate::model::id::Id;
use crate::model::kind::{Kind, Verb};
use crate::model::outcome::{Outcome, Tally};
use crate::model::pacing::spoken;
use crate::model::past::{BYTES_LOST, Recall, Recalled, Remnant};
use crate::model::plan::{Chosen, Options, Step};
use crate::model::record::{Draft, Record};

/// How many records are read back together.
const AT_ONCE: usize = 16;
/// A request that left less than this long ago may still take effect.
const LATE: i64 = 60;
/// Statuses of answers that turned a request away unprocessed.
const TURNED_AWAY: [u16; 2] = [401, 429];

/// Past jobs of the session's organization.
#[derive(Debug, Clone)]
pub(super) struct Past {
    pub(super) session: Session,
    pub(super) journal: Journal,
    pub(super) directory: PathBuf,
    pub(super) clock: Clock,
}

impl Past {
    /// Looks for what can be undone or tried again.
    pub(super) async fn recall(&self, wish: Recall) -> Result<Option<Box<Recalled>>, Failure> {
        match wish {
            Recall::Undo => self.undo().await,
            Recall::Retry => self.retry().await,
        }
    }

    async fn undo(&self) -> Result<Option<Box<Recalled>>, Failure> {
        let mut deleted: BTreeMap<(String, String), i64> = BTreeMap::new();
        for job in self.jobs().await? {
            let JobState::Over(_) = job.state else { continue };
            let done = job.outcomes.iter().any(|(outcome, n)| *outcome == Outcome::Done && *n > 0);
            let Some(verb) = Verb::parse(&job.verb).filter(|_| done) else { continue };
            let steps = self.steps(job.id).await?;
            let done = || steps.iter().filter(|step| step.outcome == Some(Outcome::Done));
            let Some(inverse) = verb.inverse() else {
                deleted.extend(done().map(|step| ((step.kind.clone(), step.record.clone()), job.id)));
                continue;
            };
            let chosen: Vec<Chosen> =
                done().filter_map(|step| inverted(step, verb, &deleted, self.clock.now().wall)).collect();
            let mut preface = vec![format!("undoes {}", self.told(&job, chosen.len()))];
            let gone = chosen.iter().filter(|chosen| chosen.busy.is_some()).count();
            if !deleted.is_empty() {
                let jobs: BTreeSet<i64> = deleted.values().copied().collect();
                let jobs: Vec<String> = jobs.iter().map(ToString::to_string).collect();
                preface.push(format!(
                    "since then {} records were permanently deleted (job {}), {gone} of them among these",
                    deleted.len(),
                    jobs.join(", ")
                ));
            }
            return Ok(Some(Box::new(Recalled {
                verb: inverse,
                chosen,
                options: Options::default(),
                preface,
            })));
        }
        Ok(None)
    }

    async fn retry(&self) -> Result<Option<Box<Recalled>>, Failure> {
        let over = |job: &PastJob| matches!(job.state, JobState::Over(ending) if ending != Ending::Continued);
        let Some(job) = self.jobs().await?.into_iter().find(over) else { return Ok(None) };
        let unknown = self.settle(&job).await?;
        let steps = self.steps(job.id).await?;
        let Some(verb) = Verb::parse(&job.verb) else { return Ok(None) };
        let failed = records(&steps, |step| step.outcome == Some(Outcome::Failed));
        let lost = |step: &PastStep| step.reason.as_ref().is_some_and(|reason| reason.contains(BYTES_LOST));
        let (lost, whole): (Vec<_>, Vec<_>) = failed.into_iter().partition(|(step, _)| lost(step));
        let without = whole.is_empty();
        let chosen = if without { lost } else { whole };
        if chosen.is_empty() {
            return Ok(None);
        }
        let mut preface = vec![format!("tries again what failed in {}", self.told(&job, chosen.len()))];
        if without {
            preface.push(format!("without a copy: {BYTES_LOST} of these, so that none can be kept"));
        }
        if unknown > 0 {
            preface.push(format!(
                "of {unknown} more it is still unknown whether they were done: these are left out"
            ));
        }
        let options = Options { backup: job.backups.is_some() && !without, ..options(&job, &steps) };
        let chosen = chosen.into_iter().map(|(_, record)| record.into()).collect();
        Ok(Some(Box::new(Recalled { verb, chosen, options, preface })))
    }

    /// The jobs that an earlier run did not finish, with what was under way settled as far as it can be.
    pub(super) async fn unfinished(&self) -> Result<Vec<Remnant>, Failure> {
        let mut remnants = Vec::new();
        for job in self.jobs().await?.into_iter().rev() {
            let open = match job.state {
                JobState::Unfinished => true,
                JobState::Running => !job.ours,
                JobState::Over(_) => false,
            };
            let Some(verb) = Verb::parse(&job.verb).filter(|_| open) else { continue };
            if job.state == JobState::Unfinished {
                self.settle(&job).await?;
            }
            let Some(job) = self.job(job.id).await? else { continue };
            if matches!(job.state, JobState::Over(_)) {
                continue;
            }
            let steps = self.steps(job.id).await?;
            let is_open = |step: &PastStep| match step.outcome {
                None => step.attempts.iter().all(was_turned_away),
                Some(outcome) => outcome == Outcome::Failed && !step.attempts.is_empty(),
            };
            let rest = records(&steps, is_open).into_iter().map(|(_, record)| record.into()).collect();
            remnants.push(Remnant {
                job: job.id,
                verb,
                confirmed: job.created,
                kinds: kinds(&steps, &job.verb),
                tally: tally(&job),
                rest,
                options: options(&job, &steps),
                elsewhere: job.state == JobState::Running,
            });
        }
        Ok(remnants)
    }

    /// Closes an unfinished job; its history stays.
    pub(super) async fn drop_rest(&self, job: i64) -> Result<(), Failure> {
        let log = self.journal.adopt(job).await.map_err(|why| unrecorded(&why))?;
        let Some(log) = log else {
            let words = format!("job {job} is over, or another tidyfy is at it");
            return Err(Failure::new(Cause::Unrecorded, &words));
        };
        let at = self.clock.now().wall;
        let end = |step: &PastStep| {
            let sent = !step.attempts.iter().all(was_turned_away);
            let outcome = if sent { Outcome::Unknown } else { Outcome::NotSent };
            StepEnd {
                step: number(step),
                at,
                outcome,
                reason: Some("the job was dropped".to_owned()),
                kept: None,
            }
        };
        let open = self.steps(job).await?;
        let ends = open.iter().filter(|step| step.outcome.is_none()).map(end).collect();
        log.ended(ends).await.map_err(|why| unrecorded(&why))?;
        log.end(at, Ending::Dropped, None).await.map_err(|why| unrecorded(&why))
    }

    /// Reads back what is unknown of a job, or was under way when it broke off. Answers how many steps stay unknown.
    async fn settle(&self, job: &PastJob) -> Result<usize, Failure> {
        let is_open = |step: &PastStep| match step.outcome {
            Some(outcome) => outcome == Outcome::Unknown,
            None => !step.attempts.iter().all(was_turned_away),
        };
        let mut steps = self.steps(job.id).await?;
        steps.retain(is_open);
        if steps.is_empty() {
            return Ok(0);
        }
        let Some(log) = self.journal.adopt(job.id).await.map_err(|why| unrecorded(&why))? else {
            return Ok(steps.len());
        };
        let known: Vec<(usize, Step, Reading)> =
            steps.iter().filter_map(|step| self.unsettled(step)).collect();
        let truth = Arc::new(Truth::new(&self.session, known.iter().map(|(_, step, _)| &step.record), false));
        let looks = known.into_iter().map(|(number, step, reading)| {
            let truth = Arc::clone(&truth);
            async move { (number, read_back(&truth, &step, &reading).await) }
        });
        let mut looks = stream::iter(looks).buffer_unordered(AT_ONCE);
        let mut unknown = 0;
        while let Some((step, settled)) = looks.next().await {
            unknown += usize::from(settled.outcome == Outcome::Unknown);
            let at = self.clock.now().wall;
            let end = StepEnd { step, at, outcome: settled.outcome, reason: settled.reason, kept: None };
            log.ended(vec![end]).await.map_err(|why| unrecorded(&why))?;
        }
        Ok(unknown)
    }

    /// A step of which it is not known whether it was done, ready to be read back.
    fn unsettled(&self, step: &PastStep) -> Option<(usize, Step, Reading)> {
        let record = record(step)?;
        let row = record.kind().row().verb(Verb::parse(&step.verb)?)?;
        let last = step.attempts.last()?.sent;
        let patiently = self.clock.now().wall.as_second() - last.as_second() < LATE;
        let words = step.reason.clone().unwrap_or_else(|| "tidyfy ended before the answer came".to_owned());
        // An earlier look that failed says nothing any more.
        let words = words.split("; reading it back").next().unwrap_or_default().to_owned();
        Some((number(step), Step { record, row, after: None }, Reading { patiently, words }))
    }

    /// The jobs of this organization, the newest first.
    async fn jobs(&self) -> Result<Vec<PastJob>, Failure> {
        let place = (self.session.base_url(), self.session.organization().to_owned());
        let wanted = Wanted { place: Some(place), ..Wanted::default() };
        self.look(move |history| history.jobs(&wanted)).await.map(Option::unwrap_or_default)
    }

    async fn job(&self, id: i64) -> Result<Option<PastJob>, Failure> {
        self.look(move |history| history.job(id)).await.map(Option::flatten)
    }

    async fn steps(&self, job: i64) -> Result<Vec<PastStep>, Failure> {
        let steps = self.look(move |history| history.steps(job, &Wanted::default())).await;
        steps.map(Option::unwrap_or_default)
    }

    /// Looks into the journal; none where no job was ever kept.
    async fn look<T: Send + 'static>(
        &self,
        read: impl FnOnce(&History) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<Option<T>, Failure> {
        let directory = self.directory.clone();
        let read = spawn_blocking(move || match History::open(&directory)? {
            Some(history) => read(&history).map(Some),
            None => Ok(None),
        });
        let read = read.await.map_err(|_| JournalError::Closed).and_then(|read| read);
        read.map_err(|why| unrecorded(&why))
    }

    /// `job 12, archive of 3 records, 4 min ago`.
    fn told(&self, job: &PastJob, records: usize) -> String {
        let ago = self.clock.now().wall.duration_since(job.created).unsigned_abs();
        let noun = if records == 1 { "record" } else { "records" };
        format!("job {}, {} of {records} {noun}, {} ago", job.id, job.verb, spoken(ago))
    }
}

/// A record as the job left it, to be put back; blocked where it has been deleted since.
fn inverted(
    step: &PastStep,
    verb: Verb,
    deleted: &BTreeMap<(String, String), i64>,
    now: Timestamp,
) -> Option<Chosen> {
    let at = (verb == Verb::Archive).then(|| step.ended.unwrap_or(now));
    let record = record(step)?.with_archived(at);
    let later = deleted.get(&(step.kind.clone(), step.record.clone()));
    Some(Chosen { record, busy: later.map(|job| format!("permanently deleted since, in job {job}")) })
}

/// The records for which a step is `wanted`: once each, and as an archiving that went before has left them.
fn records(steps: &[PastStep], wanted: impl Fn(&PastStep) -> bool) -> Vec<(&PastStep, Record)> {
    let mut seen = BTreeSet::new();
    let of_each = steps.iter().filter(|step| wanted(step)).filter_map(|step| {
        let first = step.after.and_then(|first| steps.iter().find(|other| other.n == first));
        let record = record(step)?;
        let record = match first {
            Some(first) if first.outcome == Some(Outcome::Done) => record.with_archived(first.ended),
            _ => record,
        };
        seen.insert((record.kind(), record.id().clone())).then_some((step, record))
    });
    of_each.collect()
}

/// The record of a step as it was frozen.
fn record(step: &PastStep) -> Option<Record> {
    let (kind, id) = (Kind::parse(&step.kind)?, Id::new(&step.record).ok()?);
    let fields = step.fields.as_deref().and_then(|fields| serde_json::from_str::<Vec<Draft>>(fields).ok());
    Some(Record::new(kind, id, fields.unwrap_or_else(|| vec![Draft::Text(step.name.clone())])))
}

fn options(job: &PastJob, steps: &[PastStep]) -> Options {
    Options { backup: job.backups.is_some(), archive_first: steps.iter().any(|step| step.after.is_some()) }
}

fn kinds(steps: &[PastStep], verb: &str) -> Vec<(Kind, usize)> {
    let of = |kind: Kind| {
        steps.iter().filter(|step| step.verb == verb && Kind::parse(&step.kind) == Some(kind)).count()
    };
    Kind::ALL.into_iter().map(|kind| (kind, of(kind))).filter(|(_, n)| *n > 0).collect()
}

fn tally(job: &PastJob) -> Tally {
    let open = [(Outcome::Unknown, job.sent), (Outcome::NotSent, job.waiting)];
    let all = job.outcomes.iter().chain(&open);
    all.flat_map(|(outcome, n)| std::iter::repeat_n(*outcome, usize::try_from(*n).unwrap_or(usize::MAX)))
        .collect()
}

fn was_turned_away(attempt: &PastAttempt) -> bool {
    attempt.status.is_some_and(|status| TURNED_AWAY.contains(&status))
}

fn number(step: &PastStep) -> usize {
    usize::try_from(step.n).unwrap_or(usize::MAX)
}

fn unrecorded(why: &JournalError) -> Failure {
    Failure::new(Cause::Unrecorded, &why.to_string())
}
