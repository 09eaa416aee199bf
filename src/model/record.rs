//! Records, kept in immutable pages that every layer can share.
//!
//! Owns how the fields of a record are stored: a page holds the ids, one string with all text, and a cell of 16 bytes a
//! field. A [`Record`] is a page and a position, so that a mark or a plan keeps what it was shown even when the list
//! has moved on. Must not know where records come from or how they are drawn.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::catalog::{DeletedMarker, STATUS, Source, UPDATED};
use super::id::Id;
use super::kind::Kind;
use super::text;

/// The value of one field of one record, as a reader sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// The row did not carry it, or carried null.
    Missing,
    /// Text, already cleaned.
    Text(&'a str),
    /// A number.
    Number(f64),
    /// A time.
    Time(Timestamp),
}

/// The value of one field on its way into a page, or on its way to the disk and back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Draft {
    /// The row did not carry it, or carried null.
    Missing,
    /// Text; cleaned when it enters the page.
    Text(String),
    /// A number.
    Number(f64),
    /// A time.
    Time(Timestamp),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Cell {
    Missing,
    Number(f64),
    /// Milliseconds since the epoch.
    Time(i64),
    /// Where in the page's text it stands.
    Text {
        start: u32,
        len: u32,
    },
}

/// Records of one kind that arrived together; never changed once made.
#[derive(Debug)]
pub struct Page {
    kind: Kind,
    ids: Box<[Id]>,
    text: Box<str>,
    cells: Box<[Cell]>,
}

impl Page {
    /// Makes a page from decoded rows. A row with fewer drafts than its kind has fields misses the rest.
    #[must_use]
    pub fn new(kind: Kind, rows: Vec<(Id, Vec<Draft>)>) -> Self {
        let width = kind.row().fields.len();
        let mut ids = Vec::with_capacity(rows.len());
        let mut cells = Vec::with_capacity(rows.len() * width);
        let mut all = String::new();
        for (id, drafts) in rows {
            ids.push(id);
            let drafts = drafts.into_iter().chain(std::iter::repeat(Draft::Missing)).take(width);
            cells.extend(drafts.map(|draft| keep(draft, &mut all)));
        }
        Self { kind, ids: ids.into(), text: all.into(), cells: cells.into() }
    }

    /// How many records it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// A handle on every record of the page, in order.
    pub fn records(self: &Arc<Self>) -> impl Iterator<Item = Record> + '_ {
        (0..self.ids.len()).map(|row| Record { page: Arc::clone(self), row })
    }
}

fn keep(draft: Draft, all: &mut String) -> Cell {
    match draft {
        Draft::Missing => Cell::Missing,
        Draft::Number(number) => Cell::Number(number),
        Draft::Time(time) => Cell::Time(time.as_millisecond()),
        Draft::Text(text) => {
            let start = all.len();
            all.push_str(&text::clean(&text));
            match (u32::try_from(start), u32::try_from(all.len() - start)) {
                (Ok(start), Ok(len)) => Cell::Text { start, len },
                _ => Cell::Missing,
            }
        }
    }
}

/// One record: a handle on its row in a shared page.
#[derive(Debug, Clone)]
pub struct Record {
    page: Arc<Page>,
    row: usize,
}

impl Record {
    /// The record's kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.page.kind
    }

    /// The record's id.
    #[must_use]
    pub fn id(&self) -> &Id {
        &self.page.ids[self.row]
    }

    /// The value of the field at `position` in the kind's catalog row.
    #[must_use]
    pub fn value(&self, position: usize) -> Value<'_> {
        let width = self.page.kind.row().fields.len();
        match self.page.cells.get(self.row * width + position) {
            None | Some(Cell::Missing) => Value::Missing,
            Some(Cell::Number(number)) => Value::Number(*number),
            Some(Cell::Time(ms)) => Timestamp::from_millisecond(*ms).map_or(Value::Missing, Value::Time),
            Some(Cell::Text { start, len }) => {
                let (start, end) = (*start as usize, *start as usize + *len as usize);
                self.page.text.get(start..end).map_or(Value::Missing, Value::Text)
            }
        }
    }

    /// The value of the field called `name`; missing where the kind has no such field.
    #[must_use]
    pub fn named(&self, name: &str) -> Value<'_> {
        self.kind().row().field(name).map_or(Value::Missing, |position| self.value(position))
    }

    /// The record's name, never empty: [`text::NAMELESS`] stands in.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.value(0) {
            Value::Text(name) if text::is_visible(name) => name,
            _ => text::NAMELESS,
        }
    }

    /// Whether the record says of itself that it is archived, whatever list it came from.
    #[must_use]
    pub fn is_archived(&self) -> bool {
        let Some(archived) = &self.kind().row().archived else { return false };
        let status = self.named(STATUS);
        let told = archived.by_status && status != Value::Missing;
        says_archived(self.kind(), status) || !told && self.named(archived.since) != Value::Missing
    }

    /// Whether the record says of itself that it has been deleted, though it was read or listed.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        let text = |field| match self.named(field) {
            Value::Text(text) => text.trim(),
            _ => "",
        };
        self.kind().row().gone.iter().any(|sign| match *sign {
            DeletedMarker::Since(field) => matches!(self.named(field), Value::Time(_)),
            DeletedMarker::Is(field, word) => text(field).eq_ignore_ascii_case(word),
            DeletedMarker::Ends(field, end) => {
                let before = text(field).strip_suffix(end);
                before.is_some_and(|before| !before.is_empty() && !before.ends_with(' '))
            }
            DeletedMarker::EndsWithId(field, end) => {
                let before = text(field).strip_suffix(&self.id().to_string());
                before.is_some_and(|before| before.ends_with(end))
            }
        })
    }

    /// This record with its archived time set or taken away, as an answered archive or restore leaves it. A status
    /// that only said "archived" goes, because what it was before is not known here, and so does the time of the last
    /// change, which this was.
    #[must_use]
    pub fn with_archived(&self, at: Option<Timestamp>) -> Self {
        let row = self.kind().row();
        let Some(archived) = &row.archived else { return self.clone() };
        let drafts = row.fields.iter().enumerate().map(|(position, field)| match (field.name, at) {
            (since, at) if since == archived.since => at.map_or(Draft::Missing, Draft::Time),
            (STATUS, None) if says_archived(self.kind(), self.value(position)) => Draft::Missing,
            (STATUS, Some(_)) if archived.by_status => Draft::Text(archived.status.to_owned()),
            (UPDATED, _) => Draft::Missing,
            _ => self.draft(position),
        });
        Self::new(self.kind(), self.id().clone(), drafts.collect())
    }

    /// This record with what it does not say as an `earlier` reading of it told: routes differ in what they carry. Where
    /// it says whether it is archived, that stays.
    #[must_use]
    pub fn completed_by(&self, earlier: &Self) -> Self {
        let row = self.kind().row();
        let is_told = row.archived.as_ref().is_some_and(|archived| {
            let said = |field| self.named(field) != Value::Missing;
            !archived.by_status || said(STATUS) || said(archived.since)
        });
        let since = row.archived.as_ref().map(|archived| archived.since);
        let drafts = row.fields.iter().enumerate().map(|(position, field)| {
            let would_tell = since == Some(field.name)
                || field.name == STATUS && says_archived(self.kind(), earlier.value(position));
            match self.draft(position) {
                Draft::Missing if !(is_told && would_tell) => earlier.draft(position),
                own => own,
            }
        });
        Self::new(self.kind(), self.id().clone(), drafts.collect())
    }

    /// This record with what no answer carries as an `earlier` reading of it knew: where it was found, how large it is.
    #[must_use]
    pub fn with_found(&self, earlier: &Self) -> Self {
        let is_found = |position: usize| {
            self.kind().row().fields.get(position).is_some_and(|field| field.paths.is_empty())
        };
        let drafts = self.drafts().into_iter().enumerate();
        let drafts =
            drafts.map(|(position, own)| if is_found(position) { earlier.draft(position) } else { own });
        Self::new(self.kind(), self.id().clone(), drafts.collect())
    }

    /// A page that holds this record alone.
    #[must_use]
    pub fn alone(&self) -> Arc<Page> {
        Arc::new(Page::new(self.kind(), vec![(self.id().clone(), self.drafts())]))
    }

    /// Its values, in the order of the kind's fields.
    #[must_use]
    pub fn drafts(&self) -> Vec<Draft> {
        let width = self.kind().row().fields.len();
        (0..width).map(|position| self.draft(position)).collect()
    }

    /// Its values by the names of their fields, for the disk: names outlive the order they stand in.
    #[must_use]
    pub fn fields(&self) -> BTreeMap<&'static str, Draft> {
        let names = self.kind().row().fields.iter().map(|field| field.name);
        names.zip(self.drafts()).filter(|(_, draft)| *draft != Draft::Missing).collect()
    }

    /// A record made of values by name. Names that the kind does not know are passed over.
    #[must_use]
    pub fn of_fields(kind: Kind, id: Id, fields: &BTreeMap<String, Draft>) -> Self {
        let value = |name: &str| fields.get(name).cloned().unwrap_or(Draft::Missing);
        Self::new(kind, id, kind.row().fields.iter().map(|field| value(field.name)).collect())
    }

    /// The record in this row of a page, which must have it.
    pub(super) fn at(page: &Arc<Page>, row: usize) -> Self {
        Self { page: Arc::clone(page), row }
    }

    /// A record by itself, made of the values of its fields.
    #[must_use]
    pub fn new(kind: Kind, id: Id, drafts: Vec<Draft>) -> Self {
        Self { page: Arc::new(Page::new(kind, vec![(id, drafts)])), row: 0 }
    }

    /// The route of the bytes the server stores for it, if it stores any: an external link has none there (API sheet,
    /// section 7).
    #[must_use]
    pub fn stored_bytes(&self) -> Option<&'static str> {
        let bytes = self.kind().row().bytes.as_ref()?;
        let is_stored = match self.named(bytes.field) {
            Value::Text(value) => value.eq_ignore_ascii_case(bytes.stored),
            _ => true,
        };
        is_stored.then_some(bytes.route)
    }

    /// The record that uses it, as far as that is of a known kind: where it was found, else the one that it names.
    #[must_use]
    pub fn holder(&self) -> Option<(Kind, Id)> {
        let Source::Collected { holder, .. } = &self.kind().row().source else { return None };
        let known = |(kind, id)| match (self.named(kind), self.named(id)) {
            (Value::Text(kind), Value::Text(id)) => Some((Kind::parse(kind)?, Id::new(id).ok()?)),
            _ => None,
        };
        known(holder.place).or_else(|| known(holder.subject))
    }

    /// The field by which its kind is told from others of its sort, if `now`, a later reading of the same record, does not
    /// carry it: an answer without even that shows nothing of the record and is no copy of it.
    #[must_use]
    pub fn unshown(&self, now: &Self) -> Option<&'static str> {
        let name = self.kind().row().freshness.first()?;
        (self.named(name) != Value::Missing && now.named(name) == Value::Missing).then_some(name)
    }

    /// What differs in `now`, a later reading of the same record, in the fields that prove a change: `updated was
    /// 2026-11-02T10:00:00Z, is 2026-11-03T08:30:00Z`. What either of them does not carry proves nothing, but whether it
    /// is archived is always known.
    #[must_use]
    pub fn difference(&self, now: &Self) -> Option<String> {
        let row = self.kind().row();
        match (self.is_archived(), now.is_archived()) {
            (true, false) => return Some(format!("it has been {}", row.words.restored)),
            (false, true) => return Some(format!("it has been {}", row.words.archived)),
            _ => {}
        }
        row.freshness.iter().find_map(|name| {
            let (was, is) = (self.named(name), now.named(name));
            // Some routes let the status say that a record is archived, others do not.
            let known = |value| value != Value::Missing && !says_archived(self.kind(), value);
            let comparable = known(was) && known(is);
            (comparable && !same(was, is)).then(|| format!("{name} was {}, is {}", told(was), told(is)))
        })
    }

    fn draft(&self, position: usize) -> Draft {
        match self.value(position) {
            Value::Missing => Draft::Missing,
            Value::Text(text) => Draft::Text(text.to_owned()),
            Value::Number(number) => Draft::Number(number),
            Value::Time(time) => Draft::Time(time),
        }
    }
}

/// Whether two readings of a field agree. Routes differ in how precisely they print a time (API sheet, section 3).
fn same(was: Value<'_>, is: Value<'_>) -> bool {
    match (was, is) {
        (Value::Time(was), Value::Time(is)) => was.as_second() == is.as_second(),
        (was, is) => was == is,
    }
}

fn told(value: Value<'_>) -> String {
    match value {
        Value::Missing => "nothing".to_owned(),
        Value::Text(text) => format!("`{text}`"),
        Value::Number(number) => number.to_string(),
        Value::Time(time) => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    }
}

/// Whether a status says that a record of `kind` is archived.
fn says_archived(kind: Kind, status: Value<'_>) -> bool {
    let archived = kind.row().archived.as_ref();
    let is_word = |status: &str| archived.is_some_and(|row| status.trim().eq_ignore_ascii_case(row.status));
    matches!(status, Value::Text(status) if is_word(status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::catalog::ARCHIVED;

    fn page(names: &[&str]) -> Arc<Page> {
        let rows = names
            .iter()
            .enumerate()
            .map(|(n, name)| (Id::new(&format!("{n}")).unwrap(), vec![Draft::Text((*name).to_owned())]));
        Arc::new(Page::new(Kind::Processes, rows.collect()))
    }

    #[test]
    fn a_cell_is_two_words() {
        assert_eq!(size_of::<Cell>(), 16);
    }

    #[test]
    fn text_is_cleaned_on_its_way_in() {
        let rows = page(&["a\u{1b}[31m", "\u{202e}", "ok"]);
        let names: Vec<_> = rows.records().map(|record| record.name().to_owned()).collect();
        assert_eq!(names, ["a\u{241b}[31m", text::NAMELESS, "ok"]);
    }

    #[test]
    fn a_record_says_itself_whether_it_is_archived() {
        let record = page(&["a"]).records().next().unwrap();
        assert!(!record.is_archived());
        let archived = record.with_archived(Some(Timestamp::UNIX_EPOCH));
        assert!(archived.is_archived() && !archived.with_archived(None).is_archived());
        assert_eq!((archived.name(), archived.id()), ("a", record.id()));
    }

    fn process(status: &str, updated: i64, archived: Option<i64>) -> Record {
        let time = |second| Draft::Time(Timestamp::from_millisecond(second).unwrap());
        let field = |field: &super::super::catalog::Field| match field.name {
            STATUS => Draft::Text(status.to_owned()),
            UPDATED => time(updated),
            ARCHIVED => archived.map_or(Draft::Missing, time),
            _ => Draft::Missing,
        };
        let drafts = Kind::Processes.row().fields.iter().map(field).collect();
        Record::new(Kind::Processes, Id::new("7").unwrap(), drafts)
    }

    #[test]
    fn a_later_reading_shows_what_has_changed() {
        let record = process("active", 60_000, None);
        assert_eq!(record.difference(&process("active", 60_999, None)), None, "under a second is printing");
        let changed = record.difference(&process("active", 120_000, None)).unwrap();
        assert_eq!(changed, "updated was 1970-01-01T00:01:00Z, is 1970-01-01T00:02:00Z");
        let changed = record.difference(&process("complete", 60_000, None)).unwrap();
        assert_eq!(changed, "status was `active`, is `complete`");
        let archived = process("active", 60_000, Some(70_000));
        assert_eq!(archived.difference(&record).unwrap(), "it has been restored");
        // What tidyfy did itself leaves a time that only the server knows.
        let ours = record.with_archived(Some(Timestamp::UNIX_EPOCH));
        assert_eq!(ours.difference(&archived), None);
    }

    fn member(fields: &[(&str, Draft)]) -> Record {
        let fields = fields.iter().map(|(name, draft)| ((*name).to_owned(), draft.clone())).collect();
        Record::of_fields(Kind::Members, Id::new("2044").unwrap(), &fields)
    }

    #[test]
    fn the_status_of_a_member_decides_where_there_is_one() {
        let text = |text: &str| Draft::Text(text.to_owned());
        let since = ("disabled", Draft::Time(Timestamp::UNIX_EPOCH));
        for (status, wanted) in [("active", false), ("invited", false), ("Disabled", true)] {
            assert_eq!(member(&[("status", text(status)), since.clone()]).is_archived(), wanted, "{status}");
        }
        assert!(member(&[since]).is_archived() && !member(&[]).is_archived());
        let active = member(&[("status", text("active"))]);
        let disabled = active.with_archived(Some(Timestamp::UNIX_EPOCH));
        assert!(disabled.is_archived() && !disabled.with_archived(None).is_archived());
        assert_eq!(active.difference(&disabled).unwrap(), "it has been disabled");
        assert_eq!(disabled.difference(&active).unwrap(), "it has been enabled");
    }

    #[test]
    fn what_a_reading_does_not_say_an_earlier_one_has_told() {
        let text = |text: &str| Draft::Text(text.to_owned());
        let listed =
            member(&[("name", text("Ann")), ("default admin", text("true")), (STATUS, text("disabled"))]);
        let read = member(&[("name", text("Anne")), (STATUS, text("active"))]).completed_by(&listed);
        assert_eq!((read.name(), read.named("default admin")), ("Anne", Value::Text("true")));
        assert!(!read.is_archived());
        assert!(member(&[]).completed_by(&listed).is_archived(), "it does not say");
        // Of what has no status of its own the absence of a time says that it is live.
        let archived = process("archived", 60_000, Some(70_000));
        let restored = process("archived", 60_000, None).with_archived(None);
        assert!(archived.is_archived() && !restored.completed_by(&archived).is_archived());
    }

    #[test]
    fn a_member_who_was_deleted_was_renamed() {
        let text = |text: &str| Draft::Text(text.to_owned());
        for gone in [
            [("status", text("deleted"))],
            [("email", text("mia@corp.example.deleted.2044"))],
            [("name", text("Mia Øst(Deleted)"))],
        ] {
            assert!(member(&gone).is_gone(), "{gone:?}");
        }
        for there in [
            [("status", text("disabled"))],
            [("email", text("mia@corp.example.deleted.7"))],
            [("name", text("Mia (Deleted)"))],
            [("name", text("(Deleted)"))],
        ] {
            assert!(!member(&there).is_gone(), "{there:?}");
        }
    }

    #[test]
    fn a_record_comes_back_from_the_disk_as_it_was() {
        let record = process("active", 60_000, Some(70_000));
        let text = serde_json::to_string(&record.fields()).unwrap();
        assert!(text.contains(r#""updated":{"time":"1970-01-01T00:01:00Z"}"#), "{text}");
        let fields =
            serde_json::from_str(&text.replacen('{', r#"{"of a later version":{"number":1.0},"#, 1)).unwrap();
        let back = Record::of_fields(Kind::Processes, record.id().clone(), &fields);
        assert_eq!((back.drafts(), back.difference(&record)), (record.drafts(), None));
    }
}
