//! Sets of marks outside the program: what a person keeps of them, and lists of ids from elsewhere.
//!
//! Owns what such a set says, how lists of ids are read, and the words for what became of them. Must not know where a set
//! lies or how a record is looked up.

use jiff::Timestamp;

use super::id::Id;
use super::id_list::IdList;
use super::kind::Kind;
use super::record::Record;
use super::text;

/// One record of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectedRecord {
    /// Its kind.
    pub kind: Kind,
    /// Its id.
    pub id: Id,
    /// Its name when it was kept; none for an id from a list.
    pub name: Option<String>,
    /// Whether it was archived when it was kept, where that is known.
    pub archived: Option<bool>,
}

impl SelectedRecord {
    /// What is kept of `record`.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        Self {
            kind: record.kind(),
            id: record.id().clone(),
            name: Some(record.name().to_owned()),
            archived: Some(record.is_archived()),
        }
    }

    /// How people are told which record is meant: by its name, else by its id.
    #[must_use]
    pub fn told(&self) -> String {
        self.name.as_deref().map_or_else(|| self.id.to_string(), |name| text::clean(name).into_owned())
    }
}

/// What is wanted of the sets that are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectionRequest {
    /// To know which there are.
    Look,
    /// To keep these records.
    Save {
        /// A name, or the path of a file.
        place: String,
        /// The organization's name.
        organization: String,
        /// When.
        at: Timestamp,
        /// The records.
        entries: Vec<SelectedRecord>,
    },
    /// To have the records back.
    Open {
        /// A name, or the path of a file.
        place: String,
    },
    /// To throw one away.
    Remove {
        /// Its name.
        name: String,
    },
    /// To have the ids of a list that something else wrote.
    Ids {
        /// The path of the file.
        path: String,
        /// The kind of the ids that do not say theirs.
        kind: Kind,
    },
}

/// What comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectionResponse {
    /// These are there.
    Are(Vec<SavedSelection>),
    /// The one of that name is thrown away, and these are left.
    Removed(String, Vec<SavedSelection>),
    /// So many records are kept, here.
    Saved(usize, String),
    /// The records of a set, or those that a list names.
    Opened(OpenedSelection),
}

/// A set that is kept under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSelection {
    /// The name.
    pub name: String,
    /// What it holds, or why that cannot be told.
    pub held: Result<SelectionContent, String>,
}

/// What a set holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectionContent {
    /// How many records.
    pub records: usize,
    /// The name of the organization they belong to.
    pub organization: String,
    /// When it was kept.
    pub saved: Timestamp,
}

/// Records that are to be marked, and what stood beside them that says none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenedSelection {
    /// Where they stood: a name, or the path of a file.
    pub place: String,
    /// The records, each once.
    pub entries: Vec<SelectedRecord>,
    /// The lines of a list that say no id, by their number.
    pub unreadable: Vec<u64>,
    /// How many records of a set say nothing that this program understands.
    pub strange: usize,
    /// Which column of a list was taken, where others could have been meant.
    pub note: Option<String>,
}

impl OpenedSelection {
    /// Takes the ids of a list that stood in `place`.
    #[must_use]
    pub fn list(place: String, list: IdList) -> Self {
        let IdList { ids, unreadable, note } = list;
        let entry = |(kind, id)| SelectedRecord { kind, id, name: None, archived: None };
        Self { place, entries: ids.into_iter().map(entry).collect(), unreadable, note, strange: 0 }
    }
}

/// What looking one record up has shown.
#[derive(Debug, Clone)]
pub struct ResolvedRecord {
    /// The kind and the id it was looked up by.
    pub entry: SelectedRecord,
    /// What was found.
    pub found: ResolvedRecords,
}

/// What can be found.
#[derive(Debug, Clone)]
pub enum ResolvedRecords {
    /// The record.
    There(Record),
    /// Nothing: it is gone, or never was.
    Gone,
    /// It could not be looked up, for this reason.
    Unread(String),
}

/// What became of the records that were to be marked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarkReport {
    /// How many there were.
    pub of: usize,
    /// How many are marked.
    pub marked: usize,
    /// Those that are not there, by name.
    pub gone: Vec<String>,
    /// Those that have been archived or restored since they were kept, by name.
    pub changed: Vec<String>,
    /// Those that could not be looked up, by name.
    pub unread: Vec<String>,
    /// Why, for the last of them.
    pub why: Option<String>,
    /// The lines that say no id.
    pub unreadable: Vec<u64>,
    /// How many records say nothing that this program understands.
    pub strange: usize,
    /// Which column of a list was taken, where others could have been meant.
    pub note: Option<String>,
}

/// How many names, or numbers of lines, are told where there are many.
const MOST_TOLD: usize = 20;
const MOST_LINES: usize = 5;

impl MarkReport {
    /// How many records nothing is known of yet.
    #[must_use]
    pub fn open(&self) -> usize {
        self.of - self.marked - self.gone.len() - self.changed.len() - self.unread.len()
    }

    /// `marked 40 of 43: 2 not found, 1 line unreadable (7)`
    #[must_use]
    pub fn sentence(&self) -> String {
        let of = self.of + self.unreadable.len() + self.strange;
        let n = |n: usize| text::grouped(n as u64);
        let mut parts = Vec::new();
        let mut part = |count: usize, words: &str| {
            if count > 0 {
                parts.push(format!("{} {words}", n(count)));
            }
        };
        part(self.gone.len(), "not found");
        part(
            self.changed.len(),
            if self.changed.len() == 1 { "of another state" } else { "of another state now" },
        );
        part(self.unread.len(), "could not be looked up");
        part(self.open(), "not looked up");
        part(self.strange, "not understood");
        if !self.unreadable.is_empty() {
            let lines: Vec<String> = self.unreadable.iter().take(MOST_LINES).map(u64::to_string).collect();
            let more = if self.unreadable.len() > MOST_LINES { ", …" } else { "" };
            let noun = if self.unreadable.len() == 1 { "line" } else { "lines" };
            let count = n(self.unreadable.len());
            parts.push(format!("{count} {noun} unreadable ({}{more})", lines.join(", ")));
        }
        parts.extend(self.note.clone());
        let all = format!("marked {} of {}", n(self.marked), n(of));
        if parts.is_empty() { all } else { format!("{all}: {}", parts.join(", ")) }
    }

    /// Which records are not marked, and why, in sentences.
    #[must_use]
    pub fn details(&self) -> Vec<String> {
        let unread = match &self.why {
            Some(why) => format!("could not be looked up ({why})"),
            None => "could not be looked up".to_owned(),
        };
        let sorts = [
            ("not found".to_owned(), &self.gone),
            ("archived or restored since, and so not marked".to_owned(), &self.changed),
            (unread, &self.unread),
        ];
        let told = |(what, names): (String, &Vec<String>)| {
            let shown: Vec<&str> = names.iter().take(MOST_TOLD).map(String::as_str).collect();
            let more = match names.len().saturating_sub(MOST_TOLD) {
                0 => String::new(),
                more => format!(", and {} more", text::grouped(more as u64)),
            };
            (!names.is_empty()).then(|| format!("{what}: {}{more}", shown.join(", ")))
        };
        sorts.into_iter().filter_map(told).collect()
    }
}

#[cfg(test)]
mod tests;
