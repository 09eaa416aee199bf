//! The history as JSON.
//!
//! Owns the names of the members. Times are RFC 3339 in UTC; text is cleaned, as it may end in a terminal.

use color_eyre::eyre::WrapErr;
use serde_json::{Value, json};

use super::{HistoryResult, action};
use crate::cli::error::CommandError;
use crate::model::outcome::Outcome;
use crate::model::text;
use crate::storage::journal::{PastAttempt, PastJob, PastStep};

/// A list of jobs, or one job with its steps.
pub(super) fn page(found: &Option<HistoryResult>) -> Result<String, CommandError> {
    let value = match found {
        None => json!([]),
        Some(HistoryResult::Jobs(jobs)) => jobs.iter().map(job).collect(),
        Some(HistoryResult::Steps(past, steps)) => {
            let mut value = job(past);
            value["plan"] = steps.iter().map(|step| self::step(past, step)).collect();
            value
        }
    };
    let page = serde_json::to_string_pretty(&value).wrap_err("could not make the page")?;
    Ok(format!("{page}\n"))
}

fn job(job: &PastJob) -> Value {
    let outcomes: serde_json::Map<String, Value> =
        job.outcomes.iter().map(|(outcome, n)| (outcome.word().to_owned(), json!(n))).collect();
    json!({
        "job": job.id,
        "action": clean(&job.action),
        "called": clean(action(job, &job.action)),
        "base_url": clean(&job.base_url),
        "organization": { "id": clean(&job.organization), "name": clean(&job.organization_name) },
        "created": job.created.to_string(),
        "started": job.started.to_string(),
        "ended": job.ended.map(|at| at.to_string()),
        "state": job.state.word(),
        "reason": job.reason.as_deref().map(clean),
        "person": job.person.as_deref().map(clean),
        "backups": job.backups.as_deref().map(clean),
        "continues": job.continues,
        "reassigned_to": job.reassignee.as_deref().and_then(|reassignee| serde_json::from_str::<Value>(reassignee).ok()),
        "steps": job.steps,
        "outcomes": outcomes,
        "sent": job.sent,
        "waiting": job.waiting,
    })
}

fn step(job: &PastJob, step: &PastStep) -> Value {
    json!({
        "step": step.n + 1,
        "kind": clean(&step.kind),
        "id": clean(&step.record),
        "name": clean(&step.name),
        "method": clean(&step.method),
        "path": clean(&step.path),
        "action": clean(&step.action),
        "called": clean(action(job, &step.action)),
        "after": step.after.map(|n| n + 1),
        "fields": embedded(&step.fields),
        "kept": step.kept.as_deref().map(embedded),
        "copy": step.copy.as_deref().map(clean),
        "outcome": step.outcome.map(Outcome::word),
        "reason": step.reason.as_deref().map(clean),
        "ended": step.ended.map(|at| at.to_string()),
        "attempts": step.attempts.iter().map(attempt).collect::<Value>(),
    })
}

fn attempt(attempt: &PastAttempt) -> Value {
    json!({
        "attempt": attempt.n,
        "sent": attempt.sent.to_string(),
        "ended": attempt.ended.map(|at| at.to_string()),
        "took_ms": attempt.took_ms,
        "status": attempt.status,
        "request_id": attempt.request_id.as_deref().map(clean),
        "words": attempt.words.as_deref().map(clean),
    })
}

/// What the journal keeps as JSON, as a part of the page; as a text where it is none.
fn embedded(json: &str) -> Value {
    serde_json::from_str(json).map_or_else(|_| json!(clean(json)), cleaned)
}

fn cleaned(value: Value) -> Value {
    match value {
        Value::String(words) => json!(clean(&words)),
        Value::Array(values) => values.into_iter().map(cleaned).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (clean(&name), cleaned(value))).collect()
        }
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => plain,
    }
}

fn clean(words: &str) -> String {
    text::clean(words).into_owned()
}
