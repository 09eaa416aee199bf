//! The files that stand in answers to forms.
//!
//! Owns the forms that answers come in: objects keyed by field, lists of fields with a `value` or a `field_value`, wrapped
//! or bare, `[]` for nothing (API sheet, sections 6.3, 7 and 9, row 22). Whatever the way to it, a file is known by its name
//! and what stands beside that. Must not know which record the answers are of.

use serde_json::{Map, Value};

use super::enclosed;

/// How deep answers are searched: field, value, list, file, each perhaps in an envelope.
const DEEPEST: usize = 10;

/// The files in the answers of `row`, which stand under `keys`.
#[must_use]
pub fn filed(row: &Value, keys: &[&str]) -> Vec<Value> {
    let mut found = Vec::new();
    keys.iter().filter_map(|key| enclosed(row).get(*key)).for_each(|answers| search(answers, 0, &mut found));
    found
}

fn search(value: &Value, depth: usize, found: &mut Vec<Value>) {
    if depth > DEEPEST {
        return;
    }
    match value {
        Value::Object(object) if is_file(object) => found.push(sourced(object)),
        Value::Object(object) => object.values().for_each(|inner| search(inner, depth + 1, found)),
        Value::Array(list) => list.iter().for_each(|inner| search(inner, depth + 1, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Other answers are lists of objects with an id too, such as the options that were picked.
fn is_file(object: &Map<String, Value>) -> bool {
    let said = |key: &str| object.get(key).is_some_and(|value| !value.is_null());
    object.get("filename").is_some_and(Value::is_string)
        && ["id", "url", "source", "uploaded_at"].into_iter().any(said)
}

/// A file whose source is not said is stored elsewhere if its address is another than that of its bytes (API sheet,
/// section 7).
pub(super) fn sourced(file: &Map<String, Value>) -> Value {
    let said = |key: &str| file.get(key).and_then(Value::as_str).filter(|said| !said.trim().is_empty());
    let mut file = file.clone();
    if said("source").is_none() && said("system").is_none() {
        let mut addresses = ["url", "full_url"].into_iter().filter_map(said).peekable();
        let own = said("id").map(|id| format!("/file/{id}"));
        let is_ours = |address: &str| own.as_ref().is_some_and(|own| address.contains(own.as_str()));
        if addresses.peek().is_some() && !addresses.all(is_ours) {
            file.insert("source".to_owned(), Value::from("url"));
        }
    }
    Value::Object(file)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ids(row: &Value, keys: &[&str]) -> Vec<String> {
        filed(row, keys).iter().map(|file| file["id"].as_str().unwrap_or("-").to_owned()).collect()
    }

    fn file(id: &str) -> Value {
        json!({"id": id, "filename": format!("{id}.pdf"), "version": 1, "source": "local"})
    }

    #[test]
    fn files_are_found_in_every_form_of_answers() {
        let (a, b) = (file("a"), file("b"));
        for answers in [
            json!({"f1": [a, b]}),
            json!({"f1": {"data": [a, b]}}),
            json!({"data": {"f1": a, "f2": b}}),
            json!([{"id": "f1", "field_value": [a]}, {"id": "f2", "value": [b]}]),
            json!({"data": [{"id": "f1", "field_value": {"data": [a, b]}}]}),
            json!({"f1": {"0": a, "2": b}, "f2": "text", "f3": null, "f4": [{"id": 1, "text": "picked"}]}),
        ] {
            assert_eq!(ids(&json!({"taskdata": answers}), &["taskdata"]), ["a", "b"], "{answers}");
            assert_eq!(ids(&json!({"data": {"taskdata": answers}}), &["taskdata"]), ["a", "b"], "{answers}");
        }
    }

    #[test]
    fn what_holds_no_file_has_none() {
        for answers in [json!([]), json!({}), json!(null), json!("x"), json!({"f": []}), json!({"f": 3})] {
            assert_eq!(filed(&json!({"prerun": answers}), &["prerun", "taskdata"]), Vec::<Value>::new());
        }
        assert_eq!(ids(&json!({"other": [file("a")]}), &["prerun"]), Vec::<String>::new());
        let deep = (0..100).fold(file("a"), |inner, _| json!([inner]));
        assert_eq!(ids(&json!({"prerun": deep}), &["prerun"]), Vec::<String>::new());
    }

    #[test]
    fn a_link_to_another_place_is_told_by_its_address() {
        let source = |file: Value| filed(&json!({"f": [file]}), &["f"])[0].get("source").cloned();
        let here = "organizations/0a/file/7/dl";
        assert_eq!(source(json!({"id": "7", "filename": "x", "url": here})), None);
        let whole = format!("https://go.tallyfy.com/api/{here}");
        assert_eq!(source(json!({"id": "7", "filename": "x", "url": here, "full_url": whole})), None);
        for address in ["https://elsewhere.example/x.pdf", "organizations/0a/file/8/dl"] {
            assert_eq!(source(json!({"id": "7", "filename": "x", "url": address})), Some(json!("url")));
        }
        let said = json!({"id": "7", "filename": "x", "url": "https://e.example/x", "system": "Dropbox"});
        assert_eq!(source(said), None, "the system says it already");
    }
}
