//! The places that archiving stripped a template out of.
//!
//! Owns the forms in which an answer names them: a list, an object keyed by position or by sort, bare titles (API sheet,
//! section 6.2 and section 9, row 4). Keeps whatever is named, because no other record of it exists.

use serde_json::{Map, Value};

use crate::model::template_reference::Reference;
use crate::model::text;

use super::{enclosed, id_text};

/// Every reference in `value`; none in null and in what is empty.
pub(super) fn all(value: &Value) -> Vec<Reference> {
    let mut found = Vec::new();
    gather(value, "", &mut found);
    found
}

/// Collects what `value` names; `sort` is the key that led here, if it says more than a position.
fn gather(value: &Value, sort: &str, found: &mut Vec<Reference>) {
    match enclosed(value) {
        Value::Null | Value::Bool(_) => {}
        Value::Array(list) => list.iter().for_each(|inner| gather(inner, sort, found)),
        Value::Object(object) if is_reference(object) => found.push(one(object, sort)),
        Value::Object(object) => {
            for (key, inner) in object {
                let position = key.bytes().all(|byte| byte.is_ascii_digit());
                gather(inner, if position { sort } else { key }, found);
            }
        }
        Value::String(title) => found.extend(named(Reference { title: kept(title), ..of(sort) })),
        number @ Value::Number(_) => found.extend(named(Reference { id: id_text(number), ..of(sort) })),
    }
}

/// Whether an object is a reference itself rather than a collection of them.
fn is_reference(object: &Map<String, Value>) -> bool {
    ["type", "title", "name", "id"].iter().any(|key| object.get(*key).is_some_and(|value| !is_nested(value)))
}

fn is_nested(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

fn one(object: &Map<String, Value>, sort: &str) -> Reference {
    let said = |key: &str| object.get(key).and_then(Value::as_str).map(kept).filter(|said| !said.is_empty());
    Reference {
        sort: said("type").unwrap_or_else(|| kept(sort)),
        title: said("title").or_else(|| said("name")).unwrap_or_default(),
        id: object.get("id").and_then(id_text).map(|id| kept(&id)).filter(|id| !id.is_empty()),
    }
}

fn of(sort: &str) -> Reference {
    Reference { sort: kept(sort), ..Reference::default() }
}

/// A reference that says at least where it was.
fn named(reference: Reference) -> Option<Reference> {
    (!reference.title.is_empty() || reference.id.is_some()).then_some(reference)
}

fn kept(said: &str) -> String {
    text::clean(said.trim()).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reference(sort: &str, title: &str, id: Option<&str>) -> Reference {
        Reference { sort: sort.to_owned(), title: title.to_owned(), id: id.map(str::to_owned) }
    }

    #[test]
    fn every_form_of_the_record_detail_becomes_a_list() {
        let step = json!({"type": "Step", "title": "Sign", "id": "5d0c"});
        let template = json!({"type": "Blueprint", "title": "Vendor\u{1b}review", "id": 7});
        let both = [
            reference("Step", "Sign", Some("5d0c")),
            reference("Blueprint", "Vendor\u{241b}review", Some("7")),
        ];
        for body in [
            json!([step, template]),
            json!({"0": step, "1": template}),
            json!({"data": [step, template]}),
            json!([{"data": step}, template]),
        ] {
            assert_eq!(all(&body), both, "{body}");
        }
        for body in [json!(null), json!([]), json!({}), json!([null, ""]), json!({"data": []})] {
            assert_eq!(all(&body), [], "{body}");
        }
    }

    #[test]
    fn what_is_named_otherwise_is_not_lost() {
        for (body, wanted) in [
            (json!({"Step": [{"title": "Sign", "id": "a"}]}), reference("Step", "Sign", Some("a"))),
            (json!({"Step": {"0": {"name": "Sign"}}}), reference("Step", "Sign", None)),
            (json!({"Step": ["Sign"]}), reference("Step", "Sign", None)),
            (json!(["Sign"]), reference("", "Sign", None)),
            (json!({"Step": 12}), reference("Step", "", Some("12"))),
            (json!([{"type": "Step"}]), reference("Step", "", None)),
        ] {
            assert_eq!(all(&body), [wanted], "{body}");
        }
    }
}
