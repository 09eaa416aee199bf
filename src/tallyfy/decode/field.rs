//! One field of one row.
//!
//! Owns the path to a field through wrapped and bare includes, and how each form of the catalog is read. Must not know
//! which kind the row is of.

use serde_json::{Map, Value};

use crate::model::catalog::{AND, BETWEEN, Field, FieldFormat};
use crate::model::kind::Kind;
use crate::model::people;
use crate::model::record::Draft;

use super::{enclosed, id_text, time, whole};

/// The value of `field` in `row`: what the first of its paths that holds something leads to.
pub(super) fn draft(row: &Value, field: &Field) -> Draft {
    field.paths.iter().find_map(|path| at(row, path, field.form)).unwrap_or(Draft::Missing)
}

/// The texts that stand at several paths, with a space between.
fn together(row: &Value, paths: &str) -> Option<Draft> {
    let at = |path| follow(row, path).map(enclosed).filter(|value| !is_nothing(value)).and_then(plain);
    let texts: Vec<String> = paths.split(AND).filter_map(at).map(|text| text.trim().to_owned()).collect();
    (!texts.is_empty()).then(|| Draft::Text(texts.join(" ")))
}

/// What stands at the end of a path.
pub(super) fn follow<'a>(row: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(row, |value, key| enclosed(value).get(key))
}

/// What stands at the end of a path, or of several joined by [`AND`], read as `form`.
pub(super) fn at(row: &Value, path: &str, form: FieldFormat) -> Option<Draft> {
    match path.contains(AND) {
        true => together(row, path),
        false => read(form, follow(row, path)?),
    }
}

/// Reads what `found` encloses as `form`; `None` if it holds nothing.
pub(super) fn read(form: FieldFormat, found: &Value) -> Option<Draft> {
    let value = enclosed(found);
    let read = match form {
        FieldFormat::Names => return names(found).map(Draft::Text),
        _ if is_nothing(value) => return None,
        FieldFormat::Text => None,
        FieldFormat::Number | FieldFormat::Bytes => number(value).map(Draft::Number),
        FieldFormat::Percent => percent(value)?,
        FieldFormat::Time => instant(value)?,
        FieldFormat::People => owners(value)?,
        FieldFormat::Kind => plain(value).map(|word| Draft::Text(kind_word(word))),
        FieldFormat::Length => length(value).map(Draft::Number),
    };
    read.or_else(|| plain(value).map(Draft::Text))
}

/// Our word for the kind that `word` stands for; another word stays as it is.
fn kind_word(word: String) -> String {
    Kind::parse(&word).map_or(word, |kind| kind.row().singular.to_owned())
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// Anything as text: an object by its name, a list by its elements.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(list) => {
            let texts: Vec<_> = list.iter().map(enclosed).filter_map(plain).collect();
            (!texts.is_empty()).then(|| texts.join(", "))
        }
        Value::Object(object) if object.is_empty() => None,
        Value::Object(object) => {
            let named = ["name", "title", "full_name", "email", "id"].iter().find_map(|key| object.get(*key));
            match named {
                Some(Value::String(name)) => Some(name.clone()),
                Some(Value::Number(id)) => Some(id.to_string()),
                _ => Some(value.to_string()),
            }
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => {
            let digits = text.trim();
            let numeric = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
            digits.parse().ok().filter(|_| numeric)
        }
        _ => None,
    }
}

/// A percentage: a number, or an object with `percent`, or with `complete` and `total` (API sheet, 6.1). The outer
/// `None` says that it holds nothing, the inner one that it cannot be read.
fn percent(value: &Value) -> Option<Option<Draft>> {
    let percent = |value: &Value| match value {
        Value::String(text) => number(&Value::from(text.trim().trim_end_matches('%').trim_end())),
        value => number(value),
    };
    match value {
        Value::Array(list) if list.is_empty() => None,
        Value::Object(progress) => {
            let part = |key: &str| progress.get(key).and_then(percent);
            let share = || Some(part("complete")? / part("total").filter(|total| *total > 0.0)? * 100.0);
            part("percent").or_else(share).map(|percent| Some(Draft::Number(percent)))
        }
        value => Some(percent(value).map(Draft::Number)),
    }
}

/// An instant. A time that is `false`, zero, or zero all over, holds nothing.
fn instant(value: &Value) -> Option<Option<Draft>> {
    match value {
        Value::Bool(false) => None,
        Value::Number(number) if number.as_f64() == Some(0.0) => None,
        Value::String(text) if time::is_nothing(text.trim()) => None,
        Value::String(text) => Some(time::parse(text).map(Draft::Time)),
        Value::Array(list) if list.is_empty() => None,
        _ => Some(None),
    }
}

/// How many: of a list, of a list that arrived as an object keyed by position, or as a number.
fn length(value: &Value) -> Option<f64> {
    match value {
        Value::Array(list) => count(list.len()),
        Value::Object(object) => count(object.len()),
        value => number(value),
    }
}

fn count(len: usize) -> Option<f64> {
    u32::try_from(len).ok().map(f64::from)
}

/// Owners as comma-separated ids and e-mails, for [`crate::model::people::Members::names`]; groups, whose names no list
/// carries, as how many they are.
fn owners(value: &Value) -> Option<Option<Draft>> {
    let mut found = Vec::new();
    match value {
        Value::Object(object) if object.contains_key("users") || object.contains_key("guests") => {
            for (key, named) in [("users", by_id as Naming), ("guests", by_address)] {
                object.get(key).map(enclosed).into_iter().for_each(|list| gather(list, named, &mut found));
            }
            let groups = object.get("groups").map(enclosed).and_then(Value::as_array).map_or(0, Vec::len);
            match groups {
                0 => {}
                groups => found.push(people::groups(groups)),
            }
        }
        value => gather(value, by_id, &mut found),
    }
    (!found.is_empty()).then(|| Some(Draft::Text(found.join(","))))
}

/// The names of an include's elements. An empty list, and an envelope around nothing, says that there are none; nothing
/// at all, and an element that nobody could name, says nothing.
fn names(found: &Value) -> Option<String> {
    let list = match enclosed(found) {
        Value::Null if found.is_null() => return None,
        Value::Null => Vec::new(),
        Value::Array(list) => list.iter().map(enclosed).collect(),
        one => vec![one],
    };
    let names: Option<Vec<_>> = list.into_iter().map(name).collect();
    Some(names?.join(&BETWEEN.to_string()))
}

/// What an element is called, or the id of what it links to (API sheet, section 6.6). Its own id may be the link's.
fn name(element: &Value) -> Option<String> {
    let name = match element {
        Value::String(name) => Some(name.as_str()),
        Value::Object(object) => {
            let said = ["title", "name", "tag_id"].iter().filter_map(|key| object.get(*key)?.as_str());
            let id = object.get("id").and_then(Value::as_str).filter(|id| people::is_hex(id));
            said.chain(id).find(|name| !name.trim().is_empty())
        }
        _ => None,
    };
    let unfit = |c: char| c == BETWEEN || c.is_control();
    name.map(|name| name.trim().replace(unfit, " ")).filter(|name| !name.is_empty())
}

/// How one of those who are told of in an object is named.
type Naming = fn(&Map<String, Value>) -> Option<String>;

/// A member: by the id, which the names of all members are known by.
fn by_id(member: &Map<String, Value>) -> Option<String> {
    let id = member.get("id").filter(|id| whole(id).is_some() || id.is_string()).and_then(id_text);
    let known = || ["full_name", "name", "email"].iter().find_map(|key| member.get(*key)?.as_str());
    id.or_else(|| known().map(|name| name.replace(',', " ")))
}

/// A guest: by the address, which is the key of a guest (API sheet, section 3).
fn by_address(guest: &Map<String, Value>) -> Option<String> {
    let address = guest.get("email").and_then(Value::as_str).map(|address| address.replace(',', " "));
    address.filter(|address| !address.trim().is_empty()).or_else(|| by_id(guest))
}

fn gather(value: &Value, named: Naming, found: &mut Vec<String>) {
    match value {
        Value::Array(list) => list.iter().map(enclosed).for_each(|inner| gather(inner, named, found)),
        Value::Object(object) => found.extend(named(object).filter(|who| !who.is_empty())),
        Value::String(who) => found.extend(Some(who.trim().to_owned()).filter(|who| !who.is_empty())),
        Value::Number(who) => found.push(who.to_string()),
        Value::Null | Value::Bool(_) => {}
    }
}
