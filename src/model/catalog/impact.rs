//! What hangs on a record, and how it is counted (API sheet, section 8).
//!
//! Owns what is asked. Must not know how it is shown.

use super::*;

/// What hangs on a record and how it is counted (API sheet, section 8), with one GET a record at most.
#[derive(Debug)]
pub struct ImpactSpec {
    /// For which actions it matters.
    pub actions: &'static [Action],
    /// What is asked of the server; nothing where the record itself says it all.
    pub ask: Option<ImpactQuery>,
    /// What is counted in the answer, or in the record.
    pub counts: &'static [ImpactCount],
    /// Whether it is told of each record, so that all are looked at and not only some.
    pub each: bool,
}

/// A question to the server about one record.
#[derive(Debug)]
pub enum ImpactQuery {
    /// The record with these includes.
    Record {
        /// The includes.
        with: &'static str,
    },
    /// How many of another list belong to it.
    Total {
        /// The list's route.
        route: &'static str,
        /// The parameter that takes the record's id.
        key: &'static str,
        /// Other parameters.
        query: QueryParameters,
    },
    /// A route of its own, which names the record by its id.
    Route {
        /// The route.
        route: &'static str,
    },
}

/// One thing that is counted.
#[derive(Debug)]
pub struct ImpactCount {
    /// One of them, in a sentence.
    pub one: &'static str,
    /// Several of them.
    pub many: &'static str,
    /// Where the number comes from.
    pub source: CountSource,
}

/// Where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountSource {
    /// The length of an include.
    Include(&'static str),
    /// How many records of another kind are attached to one of this kind, and stored by the server.
    Attached(Kind),
    /// How many elements of an include have no time of completion.
    Open(&'static str),
    /// The lengths of the lists that an include holds by some key, added up.
    Grouped(&'static str),
    /// The length of an include of an include.
    Nested(&'static str, &'static str),
    /// A number at a path of keys joined by dots.
    Number(&'static str),
    /// The total of the list that was asked.
    Total,
    /// A field of the record.
    Field(&'static str),
}

pub(super) const fn count(one: &'static str, many: &'static str, source: CountSource) -> ImpactCount {
    ImpactCount { one, many, source }
}
