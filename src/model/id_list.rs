//! Lists of ids that something else wrote: one or several a line, or a table with a head.
//!
//! Owns which column of a table contains the ids: one that says so. A name or a number is never taken for an id because of
//! where it stands. Must not know where a list comes from or how a record is looked up.

mod table;

use std::collections::{BTreeMap, BTreeSet};

use super::id::Id;
use super::kind::Kind;
use super::text;
use table::Lines;

/// The most ids of one list: as many as a plan file may have.
const MOST_IDS: usize = 100_000;
/// The most columns that an error names.
const MOST_NAMED: usize = 12;
/// The character that a remark begins with.
const REMARK: char = '#';

/// The ids of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdList {
    /// Each id once, with its kind.
    pub ids: Vec<(Kind, Id)>,
    /// The numbers of the lines without an id.
    pub unreadable: Vec<u64>,
    /// Which column was taken, where others could have been meant and differ.
    pub note: Option<String>,
}

/// A list that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdListError {
    /// It is a table, and no column of it is known to contain the ids of `kind`.
    #[error("no column contains the ids of {}: its columns are {}", .kind.row().plural, named(.columns))]
    NoColumn {
        /// The kind that ids were looked for.
        kind: Kind,
        /// The head of the table.
        columns: Vec<String>,
    },
    /// It has more ids than anybody can review.
    #[error("it has more than {} ids", text::grouped(MOST_IDS as u64))]
    TooMany,
}

fn named(columns: &[String]) -> String {
    let name = |column: &String| format!("`{}`", text::clean(column).chars().take(40).collect::<String>());
    let shown: Vec<String> = columns.iter().take(MOST_NAMED).map(name).collect();
    let more = columns.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

impl IdListError {
    /// The hint.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoColumn { kind, .. } => {
                format!("call the column of the ids `{}` or `id`", words(*kind)[0].replace(' ', "_"))
            }
            Self::TooMany => "split it".to_owned(),
        }
    }
}

impl IdList {
    /// Reads a list whose ids are of `kind` where they do not say another.
    ///
    /// Under a head, the ids are in the column `<kind>_id`, else `id`, else in one of addresses whose path names the record;
    /// a column `kind` wins in each row. Without a head, every word of a line is an id, or one of its cells is.
    ///
    /// # Errors
    /// [`IdListError`] for a table without a known column, and for more than 100,000 ids.
    pub fn read(source: &str, kind: Kind) -> Result<Self, IdListError> {
        let mut lines = Lines::new(source);
        let (mut list, mut seen, mut head) = (Self::default(), BTreeSet::new(), None);
        while let Some(row) = lines.next() {
            let Some(cells) = row.cells else {
                list.unreadable.push(row.line);
                continue;
            };
            if cells.iter().all(String::is_empty) {
                continue;
            }
            let found = match &mut head {
                None if cells[0].starts_with(REMARK) => continue,
                None if Head::is_one(&cells, kind) => {
                    head = Some(Head::new(cells, kind, &lines)?);
                    continue;
                }
                None => listed(&cells, kind),
                Some(head) => head.read(&cells, kind).into_iter().collect(),
            };
            if found.is_empty() && !cells[0].starts_with(REMARK) {
                list.unreadable.push(row.line);
            }
            if found.is_empty() && head.is_none() {
                // The lines after it are read for themselves, whatever quotation mark seems to hold them together.
                lines.back_to(row.line);
            }
            list.ids.extend(found.into_iter().filter(|found| seen.insert(found.clone())));
            if list.ids.len() > MOST_IDS {
                return Err(IdListError::TooMany);
            }
        }
        list.note = head.and_then(|head| head.note());
        Ok(list)
    }
}

/// The ids of a line without a head above it.
fn listed(cells: &[String], kind: Kind) -> Vec<(Kind, Id)> {
    let filled: Vec<&String> = cells.iter().filter(|cell| !cell.is_empty()).collect();
    if let [one] = filled[..]
        && let Some(found) = cell(one, kind)
    {
        return vec![found];
    }
    let sure = |word: &str| cell(word, kind).filter(|(kind, id)| is_sure(*kind, id, word));
    let all: Option<Vec<_>> = filled.iter().flat_map(|cell| cell.split_whitespace()).map(sure).collect();
    if let Some(all) = all {
        return all;
    }
    // A number beside other things may be anything.
    let one: Vec<_> = filled.iter().copied().map(String::as_str).filter_map(sure).collect();
    if one.len() == 1 && one[0].0 != Kind::Members { one } else { Vec::new() }
}

/// Whether an id is of the form that ids of its kind have (API sheet, section 3), or says itself what it is.
fn is_sure(kind: Kind, id: &Id, word: &str) -> bool {
    let text = id.to_string();
    let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match kind {
        _ if word.contains(':') => true,
        Kind::Members | Kind::Guests => fits(kind, &text),
        _ => is_hex,
    }
}

/// The head of a table.
struct Head {
    names: Vec<String>,
    /// The column of kinds.
    kind: Option<usize>,
    /// For each kind, the columns that may contain its ids, the most certain first.
    columns: BTreeMap<Kind, Vec<usize>>,
    /// The column of addresses that name the records, where no column says that it contains ids.
    addresses: Option<usize>,
    /// The columns that were taken, and others that could have been meant and differ somewhere.
    taken: BTreeSet<(usize, usize)>,
}

impl Head {
    /// Whether a row names columns: one has a known name, or there are several and none contains an id.
    fn is_one(cells: &[String], kind: Kind) -> bool {
        let is_known = |cell: &String| {
            let name = plain(cell);
            ["id", "kind"].contains(&name.as_str())
                || Kind::ALL.into_iter().any(|kind| columns(kind).contains(&name))
        };
        let is_id = |text: &String| cell(text, kind).is_some_and(|(kind, id)| is_sure(kind, &id, text));
        let has_id = cells.iter().any(is_id);
        let is_several = cells.iter().filter(|cell| !cell.is_empty()).count() > 1;
        cells.iter().any(is_known) || is_several && !has_id
    }

    fn new(names: Vec<String>, kind: Kind, lines: &Lines<'_>) -> Result<Self, IdListError> {
        let plain: Vec<String> = names.iter().map(|name| plain(name)).collect();
        let column = |wanted: &str| plain.iter().position(|name| name == wanted);
        let of_kind = |kind: Kind| {
            let wanted = columns(kind).into_iter().chain(["id".to_owned()]);
            let mut found: Vec<usize> = Vec::new();
            for at in wanted.filter_map(|wanted| column(&wanted)) {
                if !found.contains(&at) {
                    found.push(at);
                }
            }
            (kind, found)
        };
        let columns: BTreeMap<_, _> = Kind::ALL.into_iter().map(of_kind).collect();
        let is_known = columns.get(&kind).is_some_and(|columns| !columns.is_empty());
        let kinds = column("kind");
        let addresses = if is_known { None } else { address_column(names.len(), kind, lines.clone()) };
        if !is_known && addresses.is_none() && kinds.is_none() {
            return Err(IdListError::NoColumn { kind, columns: names });
        }
        Ok(Self { names, kind: kinds, columns, addresses, taken: BTreeSet::new() })
    }

    fn read(&mut self, cells: &[String], kind: Kind) -> Option<(Kind, Id)> {
        let text = |column: usize| cells.get(column).map(String::as_str).filter(|text| !text.is_empty());
        let said = self.kind.and_then(text).map(Kind::parse);
        let kind = said.unwrap_or(Some(kind))?;
        let columns = self.columns.get(&kind)?;
        // Never another one where this is empty: what stands there is something else.
        let taken = columns.first().copied().or(self.addresses)?;
        let found = cell(text(taken)?, kind)?;
        let differs = |column: &&usize| text(**column).is_some_and(|other| Some(other) != text(taken));
        self.taken.extend(columns.iter().filter(differs).map(|other| (taken, *other)));
        // What a column of kinds says is not contradicted.
        (said.is_none() || found.0 == kind).then_some(found)
    }

    fn note(&self) -> Option<String> {
        let (taken, other) = self.taken.first()?;
        let name = |column: &usize| self.names.get(*column).map(|name| text::clean(name));
        Some(format!("ids taken from `{}`, not from `{}`", name(taken)?, name(other)?))
    }
}

/// The first of `width` columns in which every cell is an address that names a record of `kind`.
fn address_column(width: usize, kind: Kind, lines: Lines<'_>) -> Option<usize> {
    let mut fits = vec![(true, false); width];
    for row in lines {
        let cells = row.cells.unwrap_or_default();
        for (text, (all, any)) in cells.iter().zip(&mut fits).filter(|(text, _)| !text.is_empty()) {
            let is_one = address(text).is_some_and(|(named, _)| named == kind);
            (*all, *any) = (*all && is_one, *any || is_one);
        }
    }
    fits.iter().position(|(all, any)| *all && *any)
}

/// The words for the column of the ids of `kind`, such as `process id`.
fn words(kind: Kind) -> Vec<String> {
    let row = kind.row();
    let ids = row.aliases.iter().copied().chain([row.slug]).map(|word| format!("{word} id"));
    match kind {
        // A guest is known by the address (API sheet, section 3).
        Kind::Guests => {
            let addresses = ["guest email", "email", "email address", "mail"].map(str::to_owned);
            addresses.into_iter().chain(ids).collect()
        }
        _ => ids.collect(),
    }
}

fn columns(kind: Kind) -> Vec<String> {
    words(kind).iter().map(|word| plain(word)).collect()
}

/// A name of a column without case and separators.
fn plain(name: &str) -> String {
    text::unescaped(name).chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// An id, `kind:id`, or an address whose path names a record.
fn cell(text: &str, kind: Kind) -> Option<(Kind, Id)> {
    let text = text::unescaped(text.trim());
    if is_address(text) {
        return address(text).or_else(|| id_of(kind, last_segment(text)?));
    }
    match text.split_once(':').and_then(|(word, id)| Some((Kind::parse(word)?, id.trim()))) {
        Some((kind, id)) => Some((kind, Id::new(id).ok().filter(|_| fits(kind, id))?)),
        None => id_of(kind, text),
    }
}

/// An id that says nothing of its kind. A name without any digit is none.
fn id_of(kind: Kind, text: &str) -> Option<(Kind, Id)> {
    let is_name = !text.bytes().any(|byte| byte.is_ascii_digit() || byte == b'@');
    Some((kind, Id::new(text).ok().filter(|_| fits(kind, text) && !is_name)?))
}

/// Whether a text can be an id of `kind`: guests are known by their addresses, members by numbers (API sheet, section 3).
fn fits(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::Guests => text.contains('@'),
        Kind::Members => text.bytes().all(|byte| byte.is_ascii_digit()),
        _ => true,
    }
}

fn is_address(text: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme)))
}

fn segments(address: &str) -> Vec<&str> {
    let path = address.split(['?', '#']).next().and_then(|address| address.splitn(4, '/').nth(3));
    path.unwrap_or_default().split('/').filter(|part| !part.is_empty()).collect()
}

fn last_segment(address: &str) -> Option<&str> {
    segments(address).last().copied()
}

/// The record that the path of an address names (API sheet, section 1.4).
fn address(text: &str) -> Option<(Kind, Id)> {
    let text = text::unescaped(text.trim());
    let parts = if is_address(text) { segments(text) } else { return None };
    let named = |at: usize| {
        let (word, id) = (parts.get(at)?, parts.get(at + 1)?);
        let kind = match *word {
            "tracker" => Kind::Processes,
            // The launch form of a template has the word of the other kind.
            "process" if parts.get(at + 2) == Some(&"create") => Kind::Templates,
            word => Kind::parse(word)?,
        };
        id_of(kind, id)
    };
    (0..parts.len()).rev().find_map(named)
}

#[cfg(test)]
mod tests;
