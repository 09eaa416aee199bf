//! What the steps of a past job mean now.
//!
//! Owns the way from steps in the journal to records and sums: which are still to be dealt with, how a record was left,
//! how a job stands, and the sentences about them. Pure; must not read the journal or the server.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use crate::model::catalog::ActionLabels;
use crate::model::id::Id;
use crate::model::kind::{Action, Kind};
use crate::model::outcome::{Outcome, OutcomeCounts};
use crate::model::plan::{Options, Reassignee, Target};
use crate::model::record::{Draft, Record};
use crate::storage::journal::{AuditedSteps, LaterStep, PastAttempt, PastJob, PastStep};

/// A record: its kind's word, and its id.
pub(super) type RecordKey = (String, String);

/// A job that came after the one that is looked at.
#[derive(Debug)]
pub(super) struct LaterJob {
    action: String,
    pub(super) continues: Option<i64>,
    /// Its records, and those of the jobs that took up what it left in turn.
    pub(super) tried: BTreeSet<RecordKey>,
    /// Its own.
    records: BTreeSet<RecordKey>,
}

impl LaterJob {
    pub(super) fn of(job: &PastJob, steps: &[PastStep], later: Option<Self>) -> Self {
        let records: BTreeSet<RecordKey> = steps.iter().map(key).collect();
        let mut tried = later.map(|later| later.tried).unwrap_or_default();
        tried.extend(records.iter().cloned());
        Self { action: job.action.clone(), continues: job.continues, tried, records }
    }

    /// Whether it was there for what another had left: it finished that one, or tried again only what failed of it.
    pub(super) fn takes_up(&self, job: &PastJob, failed: &[(&PastStep, Record)]) -> bool {
        let failed: BTreeSet<RecordKey> = failed.iter().map(|(step, _)| key(step)).collect();
        let tries_again =
            self.action == job.action && !self.records.is_empty() && self.records.is_subset(&failed);
        self.continues == Some(job.id) || tries_again
    }
}

/// What later jobs did to the records of one.
#[derive(Debug, Default)]
pub(super) struct LaterJobs {
    /// Everything that was deleted permanently, with the job.
    pub(super) deleted: BTreeMap<RecordKey, i64>,
    /// What was done to each last, with the job.
    last: BTreeMap<RecordKey, (String, i64)>,
}

impl LaterJobs {
    /// Takes steps in the order they were done.
    pub(super) fn of(later: Vec<LaterStep>) -> Self {
        let mut since = Self::default();
        for LaterStep { kind, record, action, job } in later {
            let key = (kind, record);
            if action == Action::Delete.word() {
                since.deleted.insert(key.clone(), job);
            }
            since.last.insert(key, (action, job));
        }
        since
    }

    /// Whether this was done last to the record of a step.
    pub(super) fn was(&self, action: Action, step: &PastStep) -> bool {
        self.last.get(&key(step)).is_some_and(|(last, _)| last == action.word())
    }

    /// A record as `action` finds it: blocked where a later job has done that to it last, or has deleted it.
    pub(super) fn blocking(&self, action: Action, chosen: Target) -> Target {
        let record = &chosen.record;
        let key = key_of(record);
        let done = self.last.get(&key).filter(|(last, _)| last == action.word());
        let done = done.map(|(last, job)| format!("{last} was done since, in job {job}"));
        let deleted = self.deleted.get(&key).map(|job| format!("permanently deleted since, in job {job}"));
        let busy = chosen.busy.or(deleted).or(done);
        Target { busy, ..chosen }
    }
}

/// A record as the job left it, to be put back; blocked where it has been deleted since.
pub(super) fn inverted(
    step: &PastStep,
    action: Action,
    deleted: &BTreeMap<RecordKey, i64>,
    now: Timestamp,
) -> Option<Target> {
    let at = (action == Action::Archive).then(|| step.ended.unwrap_or(now));
    let record = record(step)?.with_archived(at);
    let later = deleted.get(&key(step));
    Some(Target { record, busy: later.map(|job| format!("permanently deleted since, in job {job}")) })
}

/// The records for which a step is `wanted`: once each, and as an archiving that went before has left them.
pub(super) fn records(steps: &[PastStep], wanted: impl Fn(&PastStep) -> bool) -> Vec<(&PastStep, Record)> {
    let mut seen = BTreeSet::new();
    let of_each = steps.iter().filter(|step| wanted(step)).filter_map(|step| {
        let record = record(step)?;
        let record = match first(step, steps) {
            Some(first) if first.outcome == Some(Outcome::Done) => record.with_archived(first.ended),
            _ => record,
        };
        seen.insert((record.kind(), record.id().clone())).then_some((step, record))
    });
    of_each.collect()
}

/// The record of a step as it was frozen; none where the journal does not tell, or is damaged there.
pub(super) fn record(step: &PastStep) -> Option<Record> {
    if step.is_damaged {
        return None;
    }
    let (kind, id) = (Kind::parse(&step.kind)?, Id::new(&step.record).ok()?);
    let fields: BTreeMap<String, Draft> = serde_json::from_str(&step.fields).ok()?;
    Some(Record::of_fields(kind, id, &fields))
}

pub(super) fn options(job: &PastJob, steps: &[PastStep]) -> Options {
    let archive_first = steps.iter().any(|step| step.after.is_some());
    Options { backup: job.backups.is_some(), archive_first, ..Options::default() }
}

/// Who was to be handed what belonged to the records of a job.
pub(super) fn reassignee(job: &PastJob) -> Option<Reassignee> {
    let kept: Value = serde_json::from_str(job.reassignee.as_deref()?).ok()?;
    let said = |key: &str| kept.get(key)?.as_str().map(str::to_owned);
    Some(Reassignee { id: Id::new(&said("id")?).ok()?, name: said("name")? })
}

/// The action of a job, as its records call it.
pub(super) fn word(job: &PastJob, steps: &[PastStep]) -> String {
    let words = ActionLabels::of(steps.iter().filter_map(|step| Kind::parse(&step.kind)));
    Action::parse(&job.action).map_or_else(|| job.action.clone(), |action| words.action(action).to_owned())
}

pub(super) fn kinds(steps: &[PastStep], action: &str) -> Vec<(Kind, usize)> {
    let of = |kind: Kind| {
        steps.iter().filter(|step| step.action == action && Kind::parse(&step.kind) == Some(kind)).count()
    };
    Kind::ALL.into_iter().map(|kind| (kind, of(kind))).filter(|(_, n)| *n > 0).collect()
}

/// How a job stands, one outcome a record, as [`crate::model::plan::Plan::tally`] counts: what has not ended was sent or
/// was not.
/// A damaged step may have ended in any way.
pub(super) fn tally(AuditedSteps { steps, unreadable }: &AuditedSteps) -> OutcomeCounts {
    let prepare: BTreeSet<u64> = steps.iter().filter_map(|step| step.after).collect();
    let counts = |step: &&PastStep| {
        step.is_damaged
            || is_prepared(step, steps) && (step.outcome != Some(Outcome::Done) || !prepare.contains(&step.n))
    };
    let open = |step: &PastStep| match step.attempts.iter().all(PastAttempt::was_turned_away) {
        true => Outcome::NotSent,
        false => Outcome::Unknown,
    };
    let outcome = |step: &PastStep| match step.is_damaged {
        true => Outcome::Unknown,
        false => step.outcome.unwrap_or_else(|| open(step)),
    };
    let unreadable = std::iter::repeat_n(Outcome::Unknown, *unreadable);
    steps.iter().filter(counts).map(outcome).chain(unreadable).collect()
}

/// The step that has to be done before this one. Damaged ones may be missing among them.
fn first<'a>(step: &PastStep, steps: &'a [PastStep]) -> Option<&'a PastStep> {
    let after = step.after?;
    steps.get(steps.binary_search_by_key(&after, |step| step.n).ok()?)
}

/// Whether nothing has to be done before a step, or that is done.
fn is_prepared(step: &PastStep, steps: &[PastStep]) -> bool {
    let is_done = |first: &PastStep| first.outcome == Some(Outcome::Done) && !first.is_damaged;
    step.after.is_none() || first(step, steps).is_some_and(is_done)
}

/// Whether a step of an unfinished job has still to be taken: it was never sent, even if that was noted before the end
/// came, or it failed for certain. One that comes after another is left to that one until it is done.
pub(super) fn is_left(step: &PastStep, steps: &[PastStep]) -> bool {
    let is_open = match step.outcome {
        None => step.attempts.iter().all(PastAttempt::was_turned_away),
        Some(outcome) => matches!(outcome, Outcome::Failed | Outcome::NotSent),
    };
    is_open && is_prepared(step, steps) && !step.is_damaged
}

/// Whether it is not known what became of a step, although something was sent for it.
pub(super) fn is_open(step: &PastStep) -> bool {
    match step.outcome {
        Some(outcome) => outcome == Outcome::Unknown,
        None => !step.attempts.iter().all(PastAttempt::was_turned_away),
    }
}

/// What happened to records since, for one or many; nothing where nothing was deleted.
pub(super) fn deleted_since(deleted: &BTreeMap<RecordKey, i64>, chosen: &[Target]) -> Option<String> {
    let among = chosen.iter().filter(|chosen| deleted.contains_key(&key_of(&chosen.record))).count();
    let jobs: BTreeSet<i64> = deleted.values().copied().collect();
    let noun = if jobs.len() == 1 { "job" } else { "jobs" };
    let jobs = jobs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Some(match (deleted.len(), among) {
        (0, _) => return None,
        (1, 0) => format!("since then 1 record was permanently deleted ({noun} {jobs}), none of these"),
        (1, _) => format!("since then 1 record was permanently deleted ({noun} {jobs}), one of these"),
        (n, 0) => format!("since then {n} records were permanently deleted ({noun} {jobs}), none of these"),
        (n, among) => {
            format!("since then {n} records were permanently deleted ({noun} {jobs}), {among} of these")
        }
    })
}

pub(super) fn key(step: &PastStep) -> RecordKey {
    (step.kind.clone(), step.record.clone())
}

fn key_of(record: &Record) -> RecordKey {
    (record.kind().row().slug.to_owned(), record.id().to_string())
}

pub(super) fn number(step: &PastStep) -> usize {
    usize::try_from(step.n).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_deleted_is_told_as_deleted() {
        let record = |id: &str| {
            let drafts = vec![Draft::Text(id.to_owned())];
            Record::new(Kind::Tags, Id::new(id).unwrap(), drafts)
        };
        let deleted = BTreeMap::from([(("tags".to_owned(), "1".to_owned()), 9)]);
        let since = LaterJobs {
            deleted,
            last: BTreeMap::from([(("tags".to_owned(), "2".to_owned()), ("restore".to_owned(), 8))]),
        };
        // Another record was deleted; this one has only been restored since.
        let chosen = since.blocking(Action::Restore, record("2").into());
        assert!(chosen.busy.as_ref().unwrap().starts_with("restore was done since"));
        let said = deleted_since(&since.deleted, &[chosen]).unwrap();
        assert!(said.ends_with("none of these"), "{said}");
    }
}
