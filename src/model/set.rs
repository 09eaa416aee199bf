//! Sets of marks outside the program: what a person keeps of them, and lists of ids from elsewhere.
//!
//! Owns what such a set says, how lists of ids are read, and the words for what became of them. Must not know where a set
//! lies or how a record is looked up.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::id::Id;
use super::kind::Kind;
use super::record::Record;
use super::text;

/// One record of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its kind.
    pub kind: Kind,
    /// Its id.
    pub id: Id,
    /// Its name when it was kept; none for an id from a list.
    pub name: Option<String>,
    /// Whether it was archived when it was kept, where that is known.
    pub archived: Option<bool>,
}

impl Entry {
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
pub enum Wish {
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
        entries: Vec<Entry>,
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
pub enum Answer {
    /// These are there.
    Are(Vec<Kept>),
    /// The one of that name is thrown away, and these are left.
    Removed(String, Vec<Kept>),
    /// So many records are kept, here.
    Saved(usize, String),
    /// The records of a set, or those that a list names.
    Opened(Opened),
}

/// A set that is kept under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The name.
    pub name: String,
    /// What it holds, or why that cannot be told.
    pub held: Result<Held, String>,
}

/// What a set holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// How many records.
    pub records: usize,
    /// The name of the organization they belong to.
    pub organization: String,
    /// When it was kept.
    pub saved: Timestamp,
}

/// Records that are to be marked, and what stood beside them that says none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Opened {
    /// Where they stood: a name, or the path of a file.
    pub place: String,
    /// The records, each once.
    pub entries: Vec<Entry>,
    /// The lines of a list that say no id, by their number.
    pub unreadable: Vec<u64>,
    /// How many records of a set say nothing that this program understands.
    pub strange: usize,
}

impl Opened {
    /// Reads a list of ids: one a line, or the first column of a table, or the one called `id`. `kind:id`, a column
    /// called `kind` and an address of the web app say which kind is meant; all others are of `kind`. What begins with
    /// `#` says nothing.
    #[must_use]
    pub fn list(place: String, source: &str, kind: Kind) -> Self {
        let source = source.replace("\r\n", "\n").replace('\r', "\n");
        let (lines, separator) = (source.split('\n').collect::<Vec<_>>(), separator(&source));
        let (mut opened, mut seen) = (Self { place, ..Self::default() }, BTreeSet::new());
        let (mut columns, mut next): (Option<Columns>, usize) = (None, 0);
        while next < lines.len() {
            let here = next;
            next += 1;
            if lines[here].starts_with(COMMENT) {
                continue;
            }
            let Some((cells, length)) = row(&lines[here..], separator) else {
                opened.unreadable.push(here as u64 + 1);
                continue;
            };
            if cells.iter().all(String::is_empty) {
                continue;
            }
            let head = if columns.is_none() { Columns::of(&cells) } else { None };
            let columns = columns.get_or_insert(head.unwrap_or_default());
            match columns.read(&cells, kind) {
                _ if head.is_some() => next = here + length,
                Some((kind, id)) => {
                    next = here + length;
                    if seen.insert((kind, id.clone())) {
                        opened.entries.push(Entry { kind, id, name: None, archived: None });
                    }
                }
                // The lines that follow it are read for themselves, whatever quotation mark seems to hold them together.
                None => opened.unreadable.push(here as u64 + 1),
            }
        }
        opened
    }
}

/// What a line begins with that says nothing.
const COMMENT: char = '#';
/// No row of a table has more lines than these: a quotation mark that is not closed by then is a stray one.
const MOST_IN_A_ROW: usize = 100;

/// The cells of the row that `lines` begin with, and how many of the lines it takes: more than one where a quoted cell
/// goes on. `None` where its quotation marks do not close, or close in the middle of a cell.
fn row(lines: &[&str], separator: char) -> Option<(Vec<String>, usize)> {
    let first = lines.first()?;
    if !first.contains(QUOTE) {
        return Some((first.split(separator).map(|cell| cell.trim().to_owned()).collect(), 1));
    }
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let (mut is_quoted, mut is_closed, mut is_begin) = (false, false, true);
    for (n, line) in lines.iter().take(MOST_IN_A_ROW).enumerate() {
        let mut letters = line.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                QUOTE if is_quoted && letters.next_if_eq(&QUOTE).is_some() => cell.push(QUOTE),
                QUOTE if is_quoted => (is_quoted, is_closed) = (false, true),
                QUOTE if is_begin => is_quoted = true,
                letter if letter == separator && !is_quoted => {
                    cells.push(std::mem::take(&mut cell).trim().to_owned());
                    (is_begin, is_closed) = (true, false);
                    continue;
                }
                letter if is_closed && !letter.is_whitespace() => return None,
                letter => cell.push(letter),
            }
            is_begin = false;
        }
        if !is_quoted {
            cells.push(cell.trim().to_owned());
            return Some((cells, n + 1));
        }
        cell.push('\n');
    }
    None
}

const QUOTE: char = '"';

/// What stands between the columns: whatever of these the first line has first.
fn separator(source: &str) -> char {
    let first = source.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    first.chars().find(|letter| matches!(letter, ',' | ';' | '\t')).unwrap_or(',')
}

/// Which columns say what.
#[derive(Debug, Clone, Copy, Default)]
struct Columns {
    id: usize,
    kind: Option<usize>,
}

impl Columns {
    /// The columns of a table whose first row is `row`, if that names them.
    fn of(row: &[String]) -> Option<Self> {
        let column = |name: &str| row.iter().position(|cell| cell.eq_ignore_ascii_case(name));
        let (id, kind) = (column("id"), column("kind"));
        (id.is_some() || kind.is_some()).then(|| Self { id: id.unwrap_or_default(), kind })
    }

    fn read(self, row: &[String], kind: Kind) -> Option<(Kind, Id)> {
        let said = self.kind.and_then(|column| row.get(column)).filter(|word| !word.is_empty());
        let kind = said.map_or(Some(kind), |word| Kind::parse(word))?;
        read(row.get(self.id)?, kind)
    }
}

/// An id, `kind:id`, or an address whose path ends with a kind's word and an id; made harmless for a spreadsheet or not.
fn read(cell: &str, kind: Kind) -> Option<(Kind, Id)> {
    let cell = text::unescaped(cell);
    if cell.starts_with("http://") || cell.starts_with("https://") {
        return read_address(cell, kind);
    }
    let named = cell.split_once(':').and_then(|(word, id)| Some((Kind::parse(word)?, id.trim())));
    let (kind, id) = named.unwrap_or((kind, cell));
    Some((kind, Id::new(id).ok()?))
}

fn read_address(address: &str, kind: Kind) -> Option<(Kind, Id)> {
    let path = address.split(['?', '#']).next()?.splitn(4, '/').nth(3)?;
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let named = parts.windows(2).rev().find_map(|pair| Some((Kind::parse(pair[0])?, Id::new(pair[1]).ok()?)));
    named.or_else(|| Some((kind, Id::new(parts.last()?).ok()?)))
}

/// What looking one record up has shown.
#[derive(Debug, Clone)]
pub struct Sight {
    /// The kind and the id it was looked up by.
    pub entry: Entry,
    /// What was found.
    pub found: Found,
}

/// What can be found.
#[derive(Debug, Clone)]
pub enum Found {
    /// The record.
    There(Record),
    /// Nothing: it is gone, or never was.
    Gone,
    /// It could not be looked up, for this reason.
    Unread(String),
}

/// What became of the records that were to be marked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
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
}

/// How many names, or numbers of lines, are told where there are many.
const MOST_TOLD: usize = 20;
const MOST_LINES: usize = 5;

impl Report {
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
