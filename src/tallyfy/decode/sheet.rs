//! Every field of a record, for a person to read.
//!
//! Owns the order and the wording of a detail page's lines. Must not know the kind: whatever came is shown.

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::model::text;

use super::{enclosed, is_credential, time};

/// One field of a record, fit for a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The keys that lead to it, joined with ` > `.
    pub label: String,
    /// What it holds; may run over several lines.
    pub value: String,
}

/// What stands where a field holds nothing.
const NOTHING: &str = "-";
/// How deep fields are followed.
const DEEPEST: usize = 12;
/// How many lines a record gets.
const MOST_LINES: usize = 2_000;
/// How many characters one value gets.
const LONGEST: usize = 20_000;
/// What a person looks for first.
const FIRST: [&str; 6] = ["id", "name", "title", "filename", "email", "status"];

/// Every field of `value`, nested ones included, credentials left out. Times are shown on the local clock.
#[must_use]
pub fn sheet(value: &Value) -> Vec<Line> {
    sheet_in(value, &TimeZone::system())
}

fn sheet_in(value: &Value, zone: &TimeZone) -> Vec<Line> {
    let mut page = Page { lines: Vec::new(), zone };
    page.add("", "", value, 0);
    page.lines
}

struct Page<'a> {
    lines: Vec<Line>,
    zone: &'a TimeZone,
}

impl Page<'_> {
    /// Adds `value`, which stands under `key`, at the end of the path `label`.
    fn add(&mut self, label: &str, key: &str, value: &Value, depth: usize) {
        if self.lines.len() >= MOST_LINES {
            return;
        }
        match enclosed(value) {
            Value::Object(object) if !object.is_empty() && depth < DEEPEST => {
                self.object(label, object, depth);
            }
            Value::Array(list) if list.iter().any(is_nested) && depth < DEEPEST => {
                for (at, inner) in list.iter().enumerate() {
                    self.add(&joined(label, &(at + 1).to_string()), key, inner, depth + 1);
                }
            }
            value => {
                let value = self.value(key, value);
                self.lines.push(Line { label: label.to_owned(), value });
            }
        }
    }

    fn object(&mut self, label: &str, object: &Map<String, Value>, depth: usize) {
        let first = FIRST.iter().filter_map(|key| object.get_key_value(*key));
        let rest = object.iter().filter(|(key, _)| !FIRST.contains(&key.as_str()));
        for (key, inner) in first.chain(rest).filter(|(key, inner)| !is_credential(key, inner)) {
            self.add(&joined(label, key), key, inner, depth + 1);
        }
    }

    fn value(&self, key: &str, value: &Value) -> String {
        let shown = match value {
            Value::Null => NOTHING.to_owned(),
            Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            Value::Number(number) => number.to_string(),
            Value::String(said) => self.local(key, said).unwrap_or_else(|| bounded(said)),
            Value::Array(list) if list.iter().any(is_nested) => "(too deep to show)".to_owned(),
            Value::Array(list) => {
                bounded(&list.iter().map(|inner| self.value(key, inner)).collect::<Vec<_>>().join(", "))
            }
            Value::Object(object) if object.is_empty() => NOTHING.to_owned(),
            Value::Object(_) => "(too deep to show)".to_owned(),
        };
        if shown.trim().is_empty() { NOTHING.to_owned() } else { shown }
    }

    /// A time on the local clock, for keys that announce one.
    fn local(&self, key: &str, said: &str) -> Option<String> {
        let announced =
            ["_at", "_on", "deadline", "due_date", "last_updated"].iter().any(|end| key.ends_with(end));
        let time = time::parse(said).filter(|_| announced)?;
        Some(time.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string())
    }
}

fn is_nested(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

fn joined(label: &str, key: &str) -> String {
    let key = text::clean(key);
    if label.is_empty() { key.into_owned() } else { format!("{label} > {key}") }
}

fn bounded(said: &str) -> String {
    let kept = text::clean_lines(said);
    match kept.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &kept[..end]),
        None => kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lines(value: &Value) -> Vec<(String, String)> {
        let lines = sheet_in(value, &TimeZone::fixed(jiff::tz::offset(2)));
        lines.into_iter().map(|line| (line.label, line.value)).collect()
    }

    fn pairs(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
        wanted.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_field_has_a_line() {
        let value = json!({"data": {
            "archived_at": null, "deadline": "2026-03-01T09:30:00.000Z", "id": "77", "last_updated": "soon",
            "owners": {"guests": [], "users": [2044, "2051"]}, "progress": {"percent": 37.5},
            "run": {"data": null}, "starred": true, "summary": "<p>one</p>\n\u{1b}[31mtwo", "title": "Näme",
            "tags": {"data": [{"title": "a"}, {"title": "b", "color": ""}]}, "taskdata": {}, "top_secret": false,
        }});
        let wanted = [
            ("id", "77"),
            ("title", "Näme"),
            ("archived_at", "-"),
            ("deadline", "2026-03-01 11:30"),
            ("last_updated", "soon"),
            ("owners > guests", "-"),
            ("owners > users", "2044, 2051"),
            ("progress > percent", "37.5"),
            ("run", "-"),
            ("starred", "yes"),
            ("summary", "<p>one</p>\n\u{241b}[31mtwo"),
            ("tags > 1 > title", "a"),
            ("tags > 2 > title", "b"),
            ("tags > 2 > color", "-"),
            ("taskdata", "-"),
            ("top_secret", "no"),
        ];
        assert_eq!(lines(&value), pairs(&wanted));
    }

    #[test]
    fn credentials_have_none() {
        let value =
            json!({"id": 1, "link": "x", "a": [{"guest_code": "x", "b": {"taskUrls": ["x"], "ok": 1}}]});
        assert_eq!(lines(&value), pairs(&[("id", "1"), ("a > 1 > b > ok", "1")]));
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let deep = (0..100).fold(json!(1), |inner, _| json!({ "a": inner }));
        let shown = lines(&deep);
        assert_eq!((shown.len(), shown[0].1.as_str()), (1, "(too deep to show)"));
        let lists = (0..100).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(lines(&lists).len(), 1);
        let long = json!({"many": vec![json!({"x": 1}); 3_000], "text": "é".repeat(30_000)});
        assert_eq!(lines(&long).len(), MOST_LINES);
        assert_eq!(lines(&json!({"text": "é".repeat(30_000)}))[0].1.chars().count(), LONGEST + 1);
    }

    #[test]
    fn a_label_cannot_inject() {
        assert_eq!(lines(&json!({"a\u{1b}[2J": 1}))[0].0, "a\u{241b}[2J");
    }

    #[test]
    fn what_is_no_record_is_shown_all_the_same() {
        assert_eq!(lines(&json!("x")), pairs(&[("", "x")]));
        assert_eq!(lines(&json!({})), pairs(&[("", "-")]));
    }
}
