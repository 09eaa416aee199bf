//! How many things hang on a record, by what its answer carries.
//!
//! Owns the counting of includes, wrapped or bare (API sheet, section 2). What an answer does not carry is unknown, which
//! is not the same as none.

use serde_json::Value;

use crate::model::catalog::CountSource;

use super::{attached, enclosed, time, whole};

/// Statuses of a task that nobody has to do any more, whatever its time of completion says: rules hide tasks as
/// `auto-skipped` (API sheet, sections 6.3 and 6.4).
const OVER: [&str; 3] = ["completed", "complete", "auto-skipped"];

/// How many of what `counted` names the record in `value` holds; `None` where the answer does not say.
#[must_use]
pub fn count(value: &Value, counted: CountSource) -> Option<u64> {
    let record = enclosed(value);
    match counted {
        CountSource::Include(include) => amount(elements(record, include)?.len()),
        CountSource::Attached(kind) => {
            let attached = attached(kind, record)?;
            attached.is_listed.then(|| amount(attached.stored.len() + attached.unnamed.len()))?
        }
        CountSource::Open(include) => {
            amount(elements(record, include)?.into_iter().filter(|task| is_open(task)).count())
        }
        CountSource::Grouped(include) => {
            elements(record, include)?.into_iter().map(|group| amount(list(group)?.len())).sum()
        }
        CountSource::Nested(outer, inner) => {
            elements(record, outer)?.into_iter().map(|one| amount(elements(one, inner)?.len())).sum()
        }
        CountSource::Number(path) => {
            whole(path.split('.').try_fold(record, |value, key| value.get(key).map(enclosed))?)
        }
        // These are not in the record's answer.
        CountSource::Total | CountSource::Field(_) => None,
    }
}

/// What arrived under the key `include`, unless nothing did: a null, or `data` that is null, is nothing.
fn elements<'a>(record: &'a Value, include: &str) -> Option<Vec<&'a Value>> {
    list(record.get(include)?)
}

fn list(value: &Value) -> Option<Vec<&Value>> {
    let found: Vec<&Value> = match enclosed(value) {
        Value::Array(list) => list.iter().collect(),
        one @ Value::Object(object) if object.contains_key("id") => vec![one],
        // A list with gaps arrives as an object keyed by position.
        Value::Object(object) => object.values().collect(),
        _ => return None,
    };
    Some(found.into_iter().map(enclosed).filter(|value| !value.is_null()).collect())
}

fn is_open(task: &Value) -> bool {
    let completed = match task.get("completed_at") {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(at)) => !at.trim().is_empty() && !time::is_nothing(at.trim()),
        Some(_) => true,
    };
    let status = task.get("status").and_then(Value::as_str).unwrap_or_default();
    !completed && !OVER.iter().any(|over| status.trim().eq_ignore_ascii_case(over))
}

fn amount(len: usize) -> Option<u64> {
    u64::try_from(len).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn includes_count_alike_wrapped_and_bare() {
        let tasks = json!([
            {"id": "a", "completed_at": null, "status": "in-progress", "threads": [{"id": 1}, {"id": 2}]},
            {"id": "b", "completed_at": "2026-03-01 09:30:00", "status": "completed", "threads": {"data": []}},
            {"id": "c", "status": "not-started", "threads": {"data": [{"id": 3}]}},
            {"id": "d", "completed_at": null, "status": "auto-skipped", "threads": {"7": {"text": "hi"}}},
            {"id": "e", "completed_at": "0000-00-00 00:00:00", "status": "active", "threads": []},
        ]);
        for body in [
            json!({"tasks": tasks}),
            json!({"tasks": {"data": tasks}}),
            json!({"tasks": {"data": tasks, "meta": {"pagination": {"total": 5}}}}),
            json!({"data": {"tasks": {"data": tasks}}}),
        ] {
            assert_eq!(count(&body, CountSource::Include("tasks")), Some(5), "{body}");
            assert_eq!(count(&body, CountSource::Open("tasks")), Some(3), "{body}");
            assert_eq!(count(&body, CountSource::Nested("tasks", "threads")), Some(4), "{body}");
        }
        assert_eq!(count(&json!({"tasks": {"id": "a"}}), CountSource::Open("tasks")), Some(1));
        for none in [json!([]), json!({}), json!({"data": []})] {
            let body = json!({"tasks": none});
            assert_eq!(count(&body, CountSource::Open("tasks")), Some(0), "{body}");
            assert_eq!(count(&body, CountSource::Nested("tasks", "threads")), Some(0), "{body}");
        }
    }

    #[test]
    fn what_is_not_there_is_unknown() {
        for body in [json!({}), json!({"tasks": null}), json!({"tasks": {"data": null}}), json!({"tasks": 3})]
        {
            for counted in [
                CountSource::Include("tasks"),
                CountSource::Open("tasks"),
                CountSource::Nested("tasks", "threads"),
            ] {
                assert_eq!(count(&body, counted), None, "{body}");
            }
        }
        // Of one task the comments are missing, so nobody knows how many there are.
        let body = json!({"tasks": [{"id": "a", "threads": [{}]}, {"id": "b"}]});
        assert_eq!(count(&body, CountSource::Nested("tasks", "threads")), None);
        let groups = json!({"process_tasks": {"a": [1, 2], "b": {"0": 3}, "c": []}});
        assert_eq!(count(&groups, CountSource::Grouped("process_tasks")), Some(3));
        assert_eq!(
            count(&json!({"process_tasks": []}), CountSource::Grouped("process_tasks")),
            Some(0),
            "PHP's empty map"
        );
        assert_eq!(count(&json!({"process_tasks": {"a": 2}}), CountSource::Grouped("process_tasks")), None);
        assert_eq!(count(&json!({"steps": 4}), CountSource::Field("steps")), None);
        assert_eq!(count(&json!({"total": 4}), CountSource::Total), None);
    }

    #[test]
    fn numbers_are_read_through_wrapped_and_bare_includes() {
        let path = CountSource::Number("statistics.active_template");
        assert_eq!(count(&json!({"statistics": {"data": {"active_template": 4}}}), path), Some(4));
        assert_eq!(count(&json!({"data": {"statistics": {"active_template": "4"}}}), path), Some(4));
        assert_eq!(count(&json!({"threads_count": 0}), CountSource::Number("threads_count")), Some(0));
        for body in
            [json!({}), json!({"statistics": {"data": []}}), json!({"statistics": {"active_template": -1}})]
        {
            assert_eq!(count(&body, path), None, "{body}");
        }
    }
}
