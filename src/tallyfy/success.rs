//! Whether a 2xx answer proves that an action was carried out (API sheet, sections 0.1, 0.2, 4.5 and 6).
//!
//! Owns the one rule: a success counts only in the forms that the sheet documents, and everything else is read back. It is
//! an allow-list, because servers, and gateways in front of them, always find one more way to say 2xx without having done
//! anything. Must not send anything.

use serde_json::Value;

use super::decode;
use crate::model::catalog::STATUS;
use crate::model::kind::{Action, Kind};
use crate::model::plan::Step;
use crate::model::record::{self, Record};
use crate::tallyfy::response::ActionResponse;

/// The statuses with which the API answers a change that it made. 202 and 207 say themselves that something is left open,
/// 203 comes from somebody in between, and 205, 206 and the rest are documented for no change.
const PROVING: [u16; 3] = [200, 201, 204];
/// What stands beside the list of references in the answer to the archiving or the deletion of a template.
const REFERENCES: &str = "deleted_references";

/// Returns why `answered` does not prove that the action of `step` was carried out; none if it does.
#[must_use]
pub fn doubt(step: &Step, answered: &ActionResponse) -> Option<String> {
    let why = unproven(step, answered)?;
    Some(match &answered.said {
        Some(said) => format!("{why}: {said}"),
        None => why,
    })
}

fn unproven(step: &Step, answered: &ActionResponse) -> Option<String> {
    let ActionResponse { status, body, is_complete, is_json, .. } = answered;
    let doubt = |words: &str| Some(format!("the server answered {status}, but {words}"));
    if !PROVING.contains(status) {
        return Some(format!("the server answered {status}, which proves nothing"));
    }
    let Some(body) = body else {
        return if *is_complete { None } else { doubt("nothing says that the empty answer is complete") };
    };
    if !is_json {
        return doubt("not as JSON");
    }
    if step.record.kind() == Kind::Templates && step.row.action != Action::Restore && names_references(body) {
        return None;
    }
    let Some(value) = record_of(step, body) else { return doubt("not with the record alone") };
    if contradicts(body) {
        return doubt("it says itself that it failed");
    }
    let kind = step.record.kind();
    let record = match decode::row(kind, value) {
        Ok((id, drafts)) if id == *step.record.id() => Record::new(kind, id, drafts),
        Ok(_) => return doubt("with another record"),
        Err(_) => return doubt("not with the record"),
    };
    if is_as_wanted(step.row.action, &record, value) { None } else { doubt("the record is as it was") }
}

/// Whether this is the two-key answer to the archiving or the deletion of a template.
fn names_references(body: &Value) -> bool {
    let is_known = |key: &String| key == "message" || key == REFERENCES;
    body.as_object().is_some_and(|body| body.contains_key(REFERENCES) && body.keys().all(is_known))
}

/// The record in an answer: bare, or in an envelope that holds nothing else, alone or as a list of one (API sheet, section
/// 9, rows 14 and 16). The status of a disabled member may stand beside it (section 6.9).
fn record_of<'a>(step: &Step, body: &'a Value) -> Option<&'a Value> {
    let object = body.as_object()?;
    let Some(data) = object.get("data").filter(|_| !object.contains_key("id")) else { return Some(body) };
    let is_new_status = |value: &Value| {
        let archived = step.record.kind().row().archived.as_ref();
        let word = archived.filter(|_| step.row.action == Action::Archive).map(|archived| archived.status);
        word.zip(value.as_str()).is_some_and(|(word, said)| said.eq_ignore_ascii_case(word))
    };
    let is_known = |(key, value): (&String, &Value)| match key.as_str() {
        "data" | "meta" => true,
        STATUS => is_new_status(value),
        _ => false,
    };
    if !object.iter().all(is_known) {
        return None;
    }
    match data {
        Value::Array(list) => list.first().filter(|_| list.len() == 1),
        data => Some(data),
    }
}

/// Whether an answer, its envelopes or the record in it carry words of a refusal.
fn contradicts(value: &Value) -> bool {
    let object = match value {
        Value::Object(object) => object,
        Value::Array(list) => return list.iter().any(contradicts),
        _ => return false,
    };
    if ["data", "meta"].into_iter().filter_map(|key| object.get(key)).any(contradicts) {
        return true;
    }
    let denies = |key: &str| object.get(key).is_some_and(is_no);
    let complains = |key: &str| object.get(key).is_some_and(is_something);
    ["success", "ok"].into_iter().any(denies) || ["error", "errors"].into_iter().any(complains)
}

fn is_no(value: &Value) -> bool {
    match value {
        Value::Bool(yes) => !yes,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(word) => {
            !matches!(word.trim().to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "ok")
        }
        Value::Null | Value::Array(_) | Value::Object(_) => true,
    }
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(word) => !matches!(word.trim().to_ascii_lowercase().as_str(), "" | "0" | "false"),
        Value::Array(list) => !list.is_empty(),
        Value::Object(object) => !object.is_empty(),
    }
}

/// Whether the record says that it is now as `action` leaves it. Silence is no proof: one that does not say whether it is
/// archived has not been restored by that, and one whose time of archiving cannot be read has not been archived.
fn is_as_wanted(action: Action, record: &Record, value: &Value) -> bool {
    match action {
        Action::Archive => record.is_archived() && !record.is_gone() && is_dated(record),
        Action::Restore => {
            !record.is_archived() && !record.is_gone() && decode::tells_scope(record.kind(), value)
        }
        Action::Delete => record.is_gone(),
    }
}

/// Whether a record says since when it is archived, or is of a kind whose status alone decides.
fn is_dated(record: &Record) -> bool {
    let archived = record.kind().row().archived.as_ref();
    archived.is_some_and(|row| row.by_status || matches!(record.named(row.since), record::Value::Time(_)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::id::Id;
    use crate::model::record::Draft;

    fn step(kind: Kind, action: Action, id: &str) -> Step {
        let drafts = vec![Draft::Text("Audit".to_owned())];
        let record = Record::new(kind, Id::new(id).unwrap(), drafts);
        Step { record, row: kind.row().action(action).unwrap(), after: None, reassignee: None }
    }

    fn answered(status: u16, body: Option<Value>) -> ActionResponse {
        let (said, doubt, request_id) = (None, None, None);
        ActionResponse { status, body, is_complete: true, is_json: true, said, doubt, request_id }
    }

    fn is_proof(kind: Kind, action: Action, id: &str, body: Value) -> bool {
        doubt(&step(kind, action, id), &answered(200, Some(body))).is_none()
    }

    const AT: &str = "2026-03-01T09:30:00Z";

    #[test]
    fn denial_at_any_depth_of_the_answer_is_heard() {
        let record = json!({"id": "7", "archived_at": AT, "deleted_at": AT});
        let inside = json!({"id": "7", "archived_at": AT, "deleted_at": AT, "success": false});
        for body in [
            json!({"data": record, "meta": {"success": false}}),
            json!({"data": record, "meta": {"errors": ["x"]}}),
            json!({"data": inside}),
            json!({"data": {"data": inside}}),
            json!({"data": [inside]}),
        ] {
            for (kind, action) in [(Kind::Processes, Action::Archive), (Kind::Tags, Action::Delete)] {
                assert!(!is_proof(kind, action, "7", body.clone()), "{kind:?} {body}");
            }
        }
    }

    #[test]
    fn time_of_deletion_that_cannot_be_read_proves_nothing() {
        for since in ["null", "false", "0", "no", "pending", ""] {
            let body = json!({"data": {"id": "7", "deleted_at": since}});
            assert!(!is_proof(Kind::Tags, Action::Delete, "7", body.clone()), "{body}");
            assert!(!is_proof(Kind::Folders, Action::Delete, "7", body), "{since}");
        }
    }

    #[test]
    fn documented_answers_prove_the_action() {
        use Action::{Archive, Delete, Restore};
        use Kind::{Files, Groups, Guests, Members, Processes, Tags, Tasks, Templates};
        let references = json!({"message": "deleted", "deleted_references": []});
        let disabled = json!({"details": {"status": "disabled", "disabled_at": AT}, "email": "a@b.c"});
        for (kind, action, id, body) in [
            (Processes, Archive, "7", json!({"data": {"id": "7", "status": "archived", "archived_at": AT}})),
            (Processes, Restore, "7", json!({"data": {"id": "7", "status": "active", "archived_at": null}})),
            (Processes, Restore, "7", json!({"id": "7", "status": "active", "archived_at": null})),
            (Templates, Archive, "7", references.clone()),
            (Templates, Archive, "7", json!({"deleted_references": {"0": {"type": "Step", "title": "x"}}})),
            (Templates, Archive, "7", json!({"data": {"id": "7", "archived_at": AT}})),
            (Templates, Delete, "7", references),
            (Tasks, Restore, "7", json!({"data": [{"id": "7", "archived_at": null}], "meta": {}})),
            (Tags, Delete, "7", json!({"data": {"id": "7", "deleted_at": AT}})),
            (Groups, Delete, "7", json!({"data": {"id": "7", "deleted_at": AT}})),
            (Guests, Archive, "a@b.c", json!({"data": disabled})),
            (Guests, Restore, "a@b.c", json!({"data": {"email": "a@b.c", "details": {"disabled_at": null}}})),
            (Guests, Delete, "a@b.c", json!({"data": {"email": "a@b.c", "deleted_at": AT}})),
            (Members, Archive, "7", json!({"data": {"id": 7, "status": "disabled"}, "status": "disabled"})),
            (Members, Restore, "7", json!({"data": {"id": 7, "status": "active"}})),
            (Members, Delete, "7", json!({"data": {"id": "7", "email": "a@b.c.deleted.7"}})),
        ] {
            assert!(is_proof(kind, action, id, body.clone()), "{kind:?} {action:?} {body}");
        }
        for (kind, action) in [(Processes, Delete), (Files, Delete), (Tasks, Archive), (Guests, Restore)] {
            for status in PROVING {
                assert_eq!(doubt(&step(kind, action, "7"), &answered(status, None)), None);
            }
        }
    }

    #[test]
    fn answers_that_say_otherwise_or_nothing_prove_nothing() {
        use Action::{Archive, Delete, Restore};
        use Kind::{Guests, Members, Processes, Tags, Templates};
        let archived = json!({"id": "7", "status": "archived", "archived_at": AT});
        let with = |key: &str, value: Value| {
            let mut changed = archived.clone();
            changed[key] = value;
            changed
        };
        let words = [
            json!(null),
            json!({}),
            json!([]),
            json!(true),
            json!("ok"),
            json!({"data": null}),
            json!({"data": []}),
            json!({"data": {}}),
            json!({"success": true}),
            json!({"success": false, "message": "locked"}),
            json!({"result": "queued"}),
            json!({"status": "error"}),
            json!({"message": "queued for approval"}),
            json!({"errors": {"id": ["is locked"]}}),
        ];
        let states = [
            json!({"data": {"id": "7", "status": "active", "archived_at": null}}),
            json!({"data": with("id", json!("8"))}),
            json!({"data": with("archived_at", json!(null))}),
            json!({"data": with("archived_at", json!(false))}),
            json!({"data": with("archived_at", json!(0))}),
            json!({"data": with("archived_at", json!("pending"))}),
            json!({"data": with("success", json!(false))}),
            json!({"data": with("success", json!("false"))}),
            json!({"data": with("success", json!(0))}),
            json!({"data": with("errors", json!(["locked"]))}),
            json!({"data": archived, "success": false}),
            json!({"data": archived, "errors": {"id": ["locked"]}}),
            json!({"data": archived, "status": "error"}),
            json!({"data": archived, "message": "queued"}),
            json!({"data": [archived, archived]}),
            json!({"data": {"data": {"id": "7"}}}),
            json!({"run": archived}),
            json!({"message": "deleted", "deleted_references": []}),
        ];
        for body in words.iter().chain(&states) {
            assert!(!is_proof(Processes, Archive, "7", body.clone()), "{body}");
        }
        for body in &words {
            for (kind, action, id) in [(Tags, Delete, "7"), (Templates, Delete, "7"), (Members, Restore, "7")]
            {
                assert!(!is_proof(kind, action, id, body.clone()), "{kind:?} {body}");
            }
        }
        for (kind, action, id, body) in [
            // Silence about the archive is no word of a restore.
            (Templates, Restore, "7", json!({"data": {"id": "7", "filename": "template.pdf"}})),
            (
                Processes,
                Restore,
                "7",
                json!({"data": {"id": "7", "status": "archived", "archived_at": null}}),
            ),
            (Processes, Delete, "7", json!({"data": archived})),
            (Tags, Delete, "7", json!({"data": {"id": "7", "deleted_at": null}})),
            (Guests, Delete, "a@b.c", json!({"data": {"email": "a@b.c", "details": {"status": "active"}}})),
            (Members, Archive, "7", json!({"data": {"id": 7, "status": "active"}, "status": "disabled"})),
            (Templates, Restore, "7", json!({"message": "x", "deleted_references": []})),
            (Templates, Delete, "7", json!({"message": "x", "deleted_references": [], "success": false})),
        ] {
            assert!(!is_proof(kind, action, id, body.clone()), "{kind:?} {action:?} {body}");
        }
    }

    #[test]
    fn status_type_and_framing_count_as_much_as_the_body() {
        let step = step(Kind::Processes, Action::Archive, "7");
        for status in [202, 203, 205, 206, 207, 208, 226, 299] {
            assert!(doubt(&step, &answered(status, None)).is_some(), "{status}");
        }
        let cut_off = ActionResponse { is_complete: false, ..answered(200, None) };
        assert!(doubt(&step, &cut_off).is_some());
        let body = Some(json!({"data": {"id": "7", "archived_at": AT}}));
        assert_eq!(doubt(&step, &answered(200, body.clone())), None);
        assert!(doubt(&step, &ActionResponse { is_json: false, ..answered(200, body) }).is_some());
        let quoted = ActionResponse { said: Some("queued".to_owned()), ..answered(202, None) };
        assert_eq!(doubt(&step, &quoted).unwrap(), "the server answered 202, which proves nothing: queued");
    }
}
