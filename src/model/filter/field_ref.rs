//! What the terms of a filter are about.
//!
//! Owns the spelling of fields. Which fields a kind has is for the catalog to say.

use crate::model::catalog::{Field, UPDATED};
use crate::model::kind::Kind;

/// What a person named before an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FieldRef {
    /// A field of the kind's row; the first one is the name.
    Field(usize),
    /// The record's id.
    Id,
    /// How long ago the record changed, or else began, by the first of these fields that it carries.
    Older(Vec<usize>),
}

/// The words that all mean the name column, whatever its kind calls it.
const NAME: [&str; 3] = ["name", "title", "filename"];

const ID: &str = "id";
const OLDER: &str = "older";

/// What `name`, in lower case, means for `kind`.
pub(super) fn subject(kind: Kind, name: &str) -> Option<FieldRef> {
    let fields = kind.row().fields;
    let cancel = |(n, field): (usize, &Field)| {
        let meant = field.name == name || field.aliases.contains(&name) || n == 0 && NAME.contains(&name);
        meant && field.typed
    };
    match fields.iter().enumerate().position(cancel) {
        Some(field) => Some(FieldRef::Field(field)),
        None if name == ID => Some(FieldRef::Id),
        None if name == OLDER => Some(FieldRef::Older(ages(kind).collect())),
        None => None,
    }
}

fn ages(kind: Kind) -> impl Iterator<Item = usize> {
    // A record that was archived from here does not know its time of change any more, which that was.
    let archived = kind.row().archived.as_ref().map(|archived| archived.since);
    let names = [Some(UPDATED), archived, Some("created"), Some("uploaded")];
    names.into_iter().flatten().filter_map(move |name| kind.row().field(name))
}

/// Every name that can stand before an operator for `kind`, in the shortest spelling.
pub(super) fn names(kind: Kind) -> impl Iterator<Item = &'static str> {
    let fields = kind.row().fields.iter().filter(|field| field.typed);
    fields.map(spelled).chain([ID, OLDER])
}

/// The name of a field as a person types it: without a space, if it has such a name.
pub(super) fn spelled(field: &'static Field) -> &'static str {
    let spaced = field.name.contains(' ');
    field.aliases.first().copied().filter(|_| spaced).unwrap_or(field.name)
}
