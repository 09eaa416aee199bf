//! How records say what has become of them.
//!
//! Owns the signs. Must not know how they are read.

use super::*;

/// How records of a kind say that they are archived.
#[derive(Debug)]
pub struct ArchivedMarker {
    /// The field that tells since when; to have it means to be archived.
    pub since: &'static str,
    /// What the status then says, in any case.
    pub status: &'static str,
    /// Whether the status alone decides where there is one: what has been restored may keep its time.
    pub by_status: bool,
}

/// Something that a record says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletedMarker {
    /// The field tells since when. Whatever else stands in it, such as `"null"` or `"pending"`, says nothing.
    Since(&'static str),
    /// The field is this word, in any case.
    Is(&'static str, &'static str),
    /// The text of the field ends with this, and no space stands before it.
    Ends(&'static str, &'static str),
    /// The text of the field ends with this, followed by the record's id.
    EndsWithId(&'static str, &'static str),
}

/// How records of the kinds with lists of archived ones say that they are.
pub(super) const ARCHIVED_SIGN: Option<ArchivedMarker> =
    Some(ArchivedMarker { since: ARCHIVED, status: "archived", by_status: false });
