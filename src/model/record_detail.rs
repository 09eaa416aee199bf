//! All that is known of one record, for a person to read.
//!
//! Owns the shape of a record's page: what is said of it in groups, what it hangs together with, and its JSON. Times and
//! people stay what they are until they are drawn, because names and the clock come later. Must not know how it is drawn.

use jiff::Timestamp;

use super::catalog::Relation;
use super::id::Id;
use super::record::Record;

/// How many related records are read before anybody asks for more.
pub const GLANCE: usize = 10;
/// How many are read at a time after that: the most the API gives (API sheet, section 2).
pub const HUNDRED: usize = 100;

/// All that is known of one record.
#[derive(Debug, Clone)]
pub struct RecordDetail {
    /// The record as the server now gives it.
    pub record: Record,
    /// What is said of it beside the fields that its kind's table knows.
    pub sections: Vec<DetailSection>,
    /// The fields that hold nothing.
    pub empty: Vec<String>,
    /// What it hangs together with.
    pub links: Vec<RelationLink>,
    /// Its JSON over several lines, credentials left out.
    pub raw: String,
}

impl RecordDetail {
    /// What a record says of itself, and nothing else.
    #[must_use]
    pub fn of(record: Record) -> Self {
        Self { record, sections: Vec::new(), empty: Vec::new(), links: Vec::new(), raw: String::new() }
    }
}

/// What belongs together on a page.
#[derive(Debug, Clone, PartialEq)]
pub struct DetailSection {
    /// The words above it.
    pub title: String,
    /// What is said.
    pub lines: Vec<DetailLine>,
}

/// One thing that is said of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct DetailLine {
    /// What it is; empty for one of several things of a kind.
    pub label: String,
    /// What is said.
    pub said: DetailValue,
}

impl DetailLine {
    /// What stands for so many lines that are left out, if there are any.
    #[must_use]
    pub fn more(left_out: usize) -> Option<Self> {
        (left_out > 0).then(|| Self { label: String::new(), said: DetailValue::More(left_out) })
    }

    /// About how many letters it takes, in bytes.
    #[must_use]
    pub fn letters(&self) -> usize {
        let said = match &self.said {
            DetailValue::Text(words) | DetailValue::People(words) => words.len(),
            DetailValue::Time(_) | DetailValue::More(_) => 0,
        };
        self.label.len() + said
    }
}

/// What is said.
#[derive(Debug, Clone, PartialEq)]
pub enum DetailValue {
    /// Words, cleaned; may run over several lines.
    Text(String),
    /// Members, by ids joined by commas.
    People(String),
    /// A time.
    Time(Timestamp),
    /// So many lines more, which are left out.
    More(usize),
}

/// A record's side of a relation.
#[derive(Debug, Clone)]
pub struct RelationLink {
    /// The relation, a row of the catalog.
    pub relation: &'static Relation,
    /// Where its other side is.
    pub end: RelationEnd,
}

/// Where the other side of a relation is.
#[derive(Debug, Clone)]
pub enum RelationEnd {
    /// It came along with the record.
    Here(Vec<Record>),
    /// It is to be asked for.
    Asked(RelatedQuery),
}

/// What is asked for what hangs together with a record.
#[derive(Debug, Clone)]
pub struct RelatedQuery {
    /// The id that is asked with: the record's own for a list of others, the other's where the record names it.
    pub id: Id,
    /// The name that goes with the id as the server wrote it, as far as it is known; to be cleaned before it is shown.
    pub name: String,
    /// Whether an empty answer proves nothing, because archiving the record has hidden what belongs to it.
    pub hidden: bool,
}

/// Which part of a list of related records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageRequest {
    /// The first [`GLANCE`].
    First,
    /// A page of [`HUNDRED`], from 1.
    Hundred(usize),
}

/// Related records.
#[derive(Debug, Clone)]
pub struct RelatedPage {
    /// How many there are, where the server says so.
    pub total: Option<u64>,
    /// Those that came.
    pub records: Vec<Record>,
}
