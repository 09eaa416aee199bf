//! The API's JSON, tolerantly read.
//!
//! Owns how rows become records, by the fields of the catalog, and how includes, organizations and members are read.
//! Accepts every form of the API sheet, sections 2, 3, 6 and 9. What cannot
//! be read as what it should be is kept as text rather than hidden. Must not ask for anything.

mod attached;
mod count;
mod field;
mod form_files;
mod html;
mod record_detail;
mod reference;
mod time;

use serde_json::{Map, Value};

use crate::model::catalog::{Field, STATUS};
use crate::model::id::{BadId, Id};
use crate::model::kind::Kind;
use crate::model::people::{Members, Person};
use crate::model::plan::Organization;
use crate::model::record::Draft;
use crate::model::template_reference::Reference;
use crate::model::text;
use crate::tallyfy::redact::REDACTED;

pub use crate::tallyfy::decode::form_files::filed;
pub use crate::tallyfy::decode::record_detail::{named, record_detail};
pub use attached::{AttachedFileList, attached};
pub use count::count;

/// Why a row is no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRow {
    /// It is not an object.
    #[error("the row is not an object")]
    Shape,
    /// It has no id.
    #[error("the row has no id")]
    NoId,
    /// Its id contains a credential. Redacted, it would name another record.
    #[error("the id of the row contains a credential")]
    Redacted,
    /// Its id could not stand in a path.
    #[error(transparent)]
    Id(#[from] BadId),
}

/// The rows of a page that could be read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decoded {
    /// What the model makes a page of.
    pub rows: Vec<(Id, Vec<Draft>)>,
    /// How many rows were no records.
    pub refused: usize,
}

/// Reads a row of `kind`: its id, and a draft for each field of the catalog in its order.
///
/// # Errors
/// [`BadRow`] when it has no id that can be used.
pub fn row(kind: Kind, value: &Value) -> Result<(Id, Vec<Draft>), BadRow> {
    let value = enclosed(value);
    let object = value.as_object().ok_or(BadRow::Shape)?;
    let id = object.get(kind.row().key).and_then(id_text).ok_or(BadRow::NoId)?;
    if id.contains(REDACTED) {
        return Err(BadRow::Redacted);
    }
    let fields = kind.row().fields.iter().map(|field| field::draft(value, field));
    Ok((Id::new(&id)?, fields.collect()))
}

/// Whether a row says if it is archived, be it that it is not.
pub(super) fn tells_scope(kind: Kind, value: &Value) -> bool {
    let Some(archived) = &kind.row().archived else { return false };
    let field = |name| kind.row().field(name).map(|position| &kind.row().fields[position]);
    let carries = |field: &Field| field.paths.iter().any(|path| field::follow(value, path).is_some());
    let says = |field: &Field| field::draft(value, field) != Draft::Missing;
    field(archived.since).is_some_and(carries) || archived.by_status && field(STATUS).is_some_and(says)
}

/// Reads the rows of a page.
#[must_use]
pub fn rows(kind: Kind, values: &[Value]) -> Decoded {
    let mut decoded = Decoded::default();
    for value in values {
        match row(kind, value) {
            Ok(row) => decoded.rows.push(row),
            Err(_) => decoded.refused += 1,
        }
    }
    decoded
}

/// The objects that arrived with `value` under the key `include`: wrapped in `data` or bare, one or many.
#[must_use]
pub fn included(value: &Value, include: &str) -> Vec<Value> {
    let Some(found) = enclosed(value).get(include).map(enclosed) else { return Vec::new() };
    let found: Vec<&Value> = match found {
        Value::Array(list) => list.iter().collect(),
        Value::Object(object) if object.contains_key("id") => vec![found],
        // A list with gaps arrives as an object keyed by position.
        Value::Object(object) => object.values().collect(),
        _ => Vec::new(),
    };
    found.into_iter().map(enclosed).filter(|value| value.is_object()).cloned().collect()
}

/// Whether a row says under `path`, through wrapped includes and lists, one of the things that are `wanted`: ids, or what
/// elements are called, in any case. `None` where it does not carry the path.
#[must_use]
pub fn says(row: &Value, path: &str, wanted: &[&str]) -> Option<bool> {
    let found = enclosed(field::follow(row, path)?);
    let is_same = |said: &str, word: &str| !word.is_empty() && said.to_lowercase() == word.to_lowercase();
    let is_wanted = |value: &Value| {
        id_text(value).is_some_and(|said| wanted.iter().any(|word| is_same(said.trim(), word)))
    };
    let one = |value: &Value| match value {
        Value::Object(object) => ["id", "tag_id", "email", "title", "name"]
            .iter()
            .filter_map(|key| object.get(*key))
            .any(is_wanted),
        value => is_wanted(value),
    };
    match found {
        Value::Null => None,
        Value::Array(list) => Some(list.iter().map(enclosed).any(one)),
        value => Some(one(value)),
    }
}

/// An organization, unless its id or its name cannot be read (API sheet, section 6.11).
#[must_use]
pub fn organization(value: &Value) -> Option<Organization> {
    let value = enclosed(value);
    let id = value.get("id").and_then(id_text).filter(|id| Id::new(id).is_ok())?;
    let name = value.get("name")?.as_str()?;
    let shown = text::name_or_nameless(name.trim());
    (shown != text::NAMELESS).then(|| Organization {
        id,
        name: shown.into_owned(),
        admin: admin(value),
        light: role(value).as_deref() == Some("light"),
        me: None,
    })
}

/// Whether an organization or a member says that the role is an administrator's; `None` for roles nobody has heard of.
#[must_use]
pub fn admin(value: &Value) -> Option<bool> {
    match role(value)?.as_str() {
        "admin" | "administrator" => Some(true),
        "standard" | "light" | "member" | "guest" => Some(false),
        _ => None,
    }
}

/// The role that an organization or a member says, in lower case and cleaned.
#[must_use]
pub fn role(value: &Value) -> Option<String> {
    let value = enclosed(value);
    let role = ["user_role", "role"].iter().find_map(|key| value.get(key).and_then(Value::as_str))?;
    Some(text::clean(role.trim()).to_lowercase())
}

/// The names of the members in a list of them, or of the one that a list of one was unwrapped to.
#[must_use]
pub fn people(value: &Value) -> Members {
    // This one list may have a count beside its data instead of a meta (API sheet, section 2).
    let value = value.get("data").unwrap_or(value);
    let members = match value {
        Value::Array(list) => list.as_slice(),
        _ => std::slice::from_ref(value),
    };
    Members::new(members.iter().map(enclosed).filter_map(member))
}

fn member(value: &Value) -> Option<(String, String)> {
    let id = value.get("id").and_then(id_text)?;
    let said =
        |key: &str| value.get(key).and_then(Value::as_str).map(str::trim).filter(|said| !said.is_empty());
    let parts: Vec<_> = ["first_name", "last_name"].into_iter().filter_map(said).collect();
    let parts = Some(parts.join(" ")).filter(|name| !name.is_empty());
    let name = said("full_name").map(str::to_owned).or(parts);
    let name = name.or_else(|| said("name").or_else(|| said("email")).map(str::to_owned))?;
    Some((id, name))
}

/// Who a token speaks for, out of `/me` (API sheet, section 6.11); `None` without an id.
#[must_use]
pub fn person(value: &Value) -> Option<Person> {
    let value = enclosed(value);
    // The same id comes as a number and as digits (API sheet, section 3).
    let id = value.get("id")?;
    let id =
        whole(id).map(|number| number.to_string()).or_else(|| id.as_str().map(|id| id.trim().to_owned()));
    let id = id.filter(|id| !id.is_empty())?;
    let name = member(value).map(|(_, name)| name).unwrap_or_default();
    Some(Person { id, name: text::name_or_nameless(&name).into_owned() })
}

/// The places that a template was taken out of, from the answer to its archiving or its deletion (API sheet, section 6.2
/// and section 9, rows 3 and 4); empty where the answer names none.
#[must_use]
pub fn references(value: &Value) -> Vec<Reference> {
    enclosed(value).get("deleted_references").map(reference::all).unwrap_or_default()
}

/// `value` out of its envelope: an object whose only keys are `data` and perhaps `meta` (API sheet, section 2).
fn enclosed(value: &Value) -> &Value {
    match value {
        Value::Object(object) if is_envelope(object) => object.get("data").unwrap_or(value),
        _ => value,
    }
}

fn is_envelope(object: &Map<String, Value>) -> bool {
    object.contains_key("data") && object.keys().all(|key| key == "data" || key == "meta")
}

/// What an answer holds: `{data: x}` is `x`, whatever stands beside it, unless it is a record with a field of that
/// name; a list of one is its element (API sheet, section 9, rows 14 and 16).
#[must_use]
pub fn unwrapped(value: Value) -> Value {
    let inner = match value {
        Value::Object(mut object) if !object.contains_key("id") && object.contains_key("data") => {
            object.remove("data").unwrap_or_default()
        }
        value => value,
    };
    match inner {
        Value::Array(mut list) if list.len() == 1 => list.remove(0),
        inner => inner,
    }
}

/// An id as text, whether it came as a number or a string.
fn id_text(value: &Value) -> Option<String> {
    match value {
        Value::String(id) => Some(id.clone()),
        Value::Number(_) => whole(value).map(|id| id.to_string()),
        _ => None,
    }
}

/// A whole number that is not negative, whether it came as a number or as digits.
pub(super) fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::String(digits) => digits.trim().parse().ok(),
        Value::Number(number) => number.as_u64().or_else(|| {
            let number =
                number.as_f64().filter(|number| number.fract() == 0.0 && (0.0..9e15).contains(number))?;
            // Below 2^53, so the digits are exact.
            format!("{number:.0}").parse().ok()
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
