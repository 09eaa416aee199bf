//! Filters that a person keeps by name.
//!
//! Owns what one is. Must not know where it is kept, nor whether it is still a filter: that is found out when it is used.

use super::kind::Kind;

/// A filter with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFilter {
    /// The kind whose list it narrows; names are told apart within a kind.
    pub kind: Kind,
    /// What the person calls it.
    pub name: String,
    /// What was typed.
    pub source: String,
}

impl SavedFilter {
    /// Whether it is kept in the same place as `other`, so that one takes the place of the other.
    #[must_use]
    pub fn is_named_like(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name == other.name
    }
}

/// What is to become of the filters that are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SavedFilterChange {
    /// Nothing: they are only read.
    Look,
    /// One more, or another one of the same name.
    Put(SavedFilter),
    /// One less.
    Remove(SavedFilter),
}
