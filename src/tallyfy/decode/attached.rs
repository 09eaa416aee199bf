//! The files that are attached to one record.
//!
//! Owns the two ways to them, merged by id (API sheet, section 7), and whether the answer lists them at all. Must not ask
//! for anything.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{enclosed, filed, included, row};
use crate::model::kind::Kind;
use crate::model::record::Record;
use crate::tallyfy::decode::form_files;

/// The files attached to a record, as far as its answer tells.
#[derive(Debug, Clone, Default)]
pub struct AttachedFileList {
    /// Files whose bytes the server stores.
    pub stored: Vec<Record>,
    /// The names of links to other places.
    pub links: Vec<String>,
    /// The names of files that have no usable id.
    pub unnamed: Vec<String>,
    /// Whether the answer lists the files. An empty list of an archived record does not: its files are archived with it,
    /// and what its form answers hold may be only some of them.
    pub is_listed: bool,
}

/// Reads the files attached to the record of `kind` in `value`, with those attached to what came along with it. None where
/// nothing is attached to records of that kind.
#[must_use]
pub fn attached(kind: Kind, value: &Value) -> Option<AttachedFileList> {
    let (of, carrier) = kind.row().attachments()?;
    let value = enclosed(value);
    let on = |value: &Value, keys: &[&str]| {
        let listed = included(value, carrier.include).into_iter();
        let listed = listed.filter_map(|file| file.as_object().map(form_files::sourced));
        listed.chain(filed(value, keys)).collect::<Vec<_>>()
    };
    let mut files = on(value, carrier.answers);
    if let Some(within) = &carrier.within {
        files.extend(included(value, within.include).iter().flat_map(|inner| on(inner, within.answers)));
    }
    let mut found = AttachedFileList::default();
    let mut seen = BTreeSet::new();
    for file in &files {
        match row(of, file) {
            Ok((id, _)) if !seen.insert(id.clone()) => {}
            Ok((id, drafts)) => {
                let record = Record::new(of, id, drafts);
                match record.stored_bytes() {
                    Some(_) => found.stored.push(record),
                    None => found.links.push(record.name().to_owned()),
                }
            }
            Err(_) => {
                let name = file.get("filename").and_then(Value::as_str).unwrap_or_default();
                let name = crate::model::text::name_or_nameless(name).into_owned();
                let is_link =
                    file.get("source").and_then(Value::as_str).is_some_and(|source| source != "local");
                if is_link { found.links.push(name) } else { found.unnamed.push(name) }
            }
        }
    }
    let is_archived = row(kind, value).is_ok_and(|(id, drafts)| Record::new(kind, id, drafts).is_archived());
    let is_carried = value.get(carrier.include).is_some_and(|include| !enclosed(include).is_null());
    found.is_listed = is_carried && !(is_archived && included(value, carrier.include).is_empty());
    Some(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn file(id: &str) -> Value {
        json!({"id": id, "filename": format!("{id}.pdf"), "source": "local"})
    }

    fn ids(found: &AttachedFileList) -> Vec<String> {
        found.stored.iter().map(|file| file.id().to_string()).collect()
    }

    #[test]
    fn both_ways_are_merged_by_id() {
        let link =
            json!({"id": "e", "filename": "plan", "source": "url", "url": "https://elsewhere.example/x"});
        let run = json!({"id": "r", "name": "x", "archived_at": null,
            "assets": {"data": [file("a"), file("b")]},
            "prerun": {"ko": [file("b"), file("c")]},
            "tasks": {"data": [{"id": "t", "taskdata": {"f": [file("d"), link, {"filename": "y", "url": "https://z"}]}}]}});
        for value in [run.clone(), json!({"data": run})] {
            let found = attached(Kind::Processes, &value).unwrap();
            assert_eq!(ids(&found), ["a", "b", "c", "d"]);
            assert_eq!(
                (found.links, found.unnamed, found.is_listed),
                (vec!["plan".into(), "y".into()], vec![], true)
            );
        }
        assert!(attached(Kind::Tags, &run).is_none());
    }

    #[test]
    fn an_empty_list_of_an_archived_record_is_no_list() {
        let listed = |value: Value| attached(Kind::Processes, &value).unwrap().is_listed;
        let archived = "2026-02-02T16:40:11.000Z";
        assert!(listed(json!({"id": "r", "assets": []})));
        assert!(listed(json!({"id": "r", "archived_at": archived, "assets": {"data": [file("a")]}})));
        assert!(!listed(json!({"id": "r", "archived_at": archived, "assets": {"data": []}})));
        let answers = json!({"f": [file("a")]});
        assert!(!listed(json!({"id": "r", "archived_at": archived, "assets": [], "prerun": answers})));
        for nothing in [
            json!({"id": "r"}),
            json!({"id": "r", "assets": null}),
            json!({"id": "r", "assets": {"data": null}}),
        ] {
            assert!(!listed(nothing));
        }
    }

    #[test]
    fn a_file_without_an_id_is_named() {
        let task = json!({"id": "t", "assets": [{"id": "../x", "filename": "odd.pdf"}], "taskdata": {}});
        assert_eq!(attached(Kind::Tasks, &task).unwrap().unnamed, ["odd.pdf"]);
    }
}
