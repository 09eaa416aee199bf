//! Tables for other programs: CSV, and records as CSV or JSON.
//!
//! Owns how a value reads outside: times with their offset, people by name, and no cell that a spreadsheet would run. Must
//! not know where a text goes.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::ser::{Serialize, Serializer};
use serde_json::Value as Json;

use super::catalog::{BETWEEN, FieldFormat};
use super::kind::Kind;
use super::people::Members;
use super::record::{Record, Value};
use super::rows::Rows;
use super::text;
use crate::model::time::Zone;

/// A page of CSV as RFC 4180 has it, with lines that end in CR LF. Every cell passes [`text::harmless`].
pub fn csv<C: AsRef<str>>(heads: &[&str], lines: impl IntoIterator<Item = Vec<C>>) -> String {
    let cells = |line: Vec<C>| line.iter().map(|cell| text::harmless(cell.as_ref())).collect();
    page(heads, lines.into_iter().map(cells))
}

fn page(heads: &[&str], lines: impl Iterator<Item = Vec<String>>) -> String {
    let mut page = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing into memory cannot fail, and every line has as many cells as there are heads.
    let _ = page.write_record(heads);
    for line in lines {
        let _ = page.write_record(line);
    }
    String::from_utf8_lossy(&page.into_inner().unwrap_or_default()).into_owned()
}

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// A line each, under a line of heads.
    Csv,
    /// A list of objects.
    Json,
}

impl ExportFormat {
    /// The format that a file's name asks for by its ending.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let (stem, ending) = name.rsplit('/').next()?.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            _ if stem.is_empty() => None,
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Records that are to be written, cheap to hand to another thread.
#[derive(Debug, Clone)]
pub struct ExportTable {
    /// These, where there are any.
    pub marked: Vec<Record>,
    /// The rows of the list that is shown: they are written where nothing is marked, else they give the order.
    pub rows: Rows,
    /// Which of these rows are shown, in order.
    pub shown: Vec<usize>,
    /// Names of members.
    pub people: Arc<Members>,
    /// The zone of times.
    pub zone: Zone,
}

impl ExportTable {
    /// How many records it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        if self.marked.is_empty() { self.records().count() } else { self.marked.len() }
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marked.is_empty() && self.records().next().is_none()
    }

    fn records(&self) -> impl Iterator<Item = Record> + '_ {
        self.shown.iter().filter_map(|position| self.rows.get(*position))
    }

    /// The marked ones in the order they are shown, those that are not shown behind them; or all that are shown.
    fn ordered(&self) -> Vec<Record> {
        if self.marked.is_empty() {
            return self.records().collect();
        }
        let key = |record: &Record| (record.kind(), record.id().clone());
        let marked: BTreeSet<_> = self.marked.iter().map(key).collect();
        let mut ordered: Vec<Record> =
            self.records().filter(|record| marked.contains(&key(record))).collect();
        let shown: BTreeSet<_> = ordered.iter().map(key).collect();
        ordered.extend(self.marked.iter().filter(|record| !shown.contains(&key(record))).cloned());
        ordered
    }

    /// All of it as text, with how many records that are.
    #[must_use]
    pub fn text(&self, format: ExportFormat) -> (String, usize) {
        let records = self.ordered();
        let names = names(&records);
        let text = match format {
            ExportFormat::Csv => {
                let heads: Vec<&str> = ["kind", "id"].into_iter().chain(names.iter().copied()).collect();
                page(&heads, records.iter().map(|record| self.line(record, &names)))
            }
            ExportFormat::Json => self.json(&records),
        };
        (text, records.len())
    }

    fn line(&self, record: &Record, names: &[&'static str]) -> Vec<String> {
        let cell = |name: &&str| match record.kind().row().field(name) {
            Some(field) => self.cell(record, field),
            None => String::new(),
        };
        let own = [record.kind().row().slug.to_owned(), text::harmless(&record.id().to_string())];
        own.into_iter().chain(names.iter().map(cell)).collect()
    }

    fn cell(&self, record: &Record, field: usize) -> String {
        match self.value(record, field) {
            Json::Null => String::new(),
            Json::String(words) => text::harmless(&words),
            Json::Array(parts) => {
                let parts: Vec<&str> = parts.iter().filter_map(Json::as_str).collect();
                text::harmless(&parts.join(", "))
            }
            // A number is no formula, whatever its sign.
            number => number.to_string(),
        }
    }

    fn value(&self, record: &Record, field: usize) -> Json {
        let form = record.kind().row().fields.get(field).map(|field| field.form);
        let listed = |parts: &mut dyn Iterator<Item = String>| parts.map(Json::String).collect();
        match (record.value(field), form) {
            (Value::Missing, _) => Json::Null,
            (Value::Text(ids), Some(FieldFormat::People)) => {
                let ids = ids.split(',').map(str::trim).filter(|id| !id.is_empty());
                listed(&mut ids.map(|id| self.people.names(id)))
            }
            (Value::Text(names), Some(FieldFormat::Names)) => {
                let names = names.split(BETWEEN).filter(|name| !name.is_empty());
                listed(&mut names.map(str::to_owned))
            }
            (Value::Text(words), _) => Json::String(words.to_owned()),
            // Exact: the range was just checked.
            (Value::Number(n), _) if n.fract() == 0.0 && n.abs() < 1e15 => Json::from(n as i64),
            (Value::Number(n), _) => Json::from(n),
            (Value::Time(at), _) => Json::String(self.zone.exact(at)),
        }
    }

    fn json(&self, records: &[Record]) -> String {
        let mut text = "[".to_owned();
        for (n, record) in records.iter().enumerate() {
            text.push_str(if n == 0 { "\n  " } else { ",\n  " });
            let fields = record.kind().row().fields.iter().enumerate().filter(|(_, field)| field.typed);
            let own =
                [("kind", Json::from(record.kind().row().slug)), ("id", Json::from(record.id().to_string()))];
            let all = own.into_iter().chain(fields.map(|(at, field)| (field.name, self.value(record, at))));
            // Texts, numbers and lists of them can always be written.
            text.push_str(&serde_json::to_string(&JsonObject(all.collect())).unwrap_or_default());
        }
        text.push_str(if records.is_empty() { "]\n" } else { "\n]\n" });
        text
    }
}

/// The names of all fields of the records' kinds, those of the first kind first.
fn names(records: &[Record]) -> Vec<&'static str> {
    let mut kinds: Vec<Kind> = Vec::new();
    let mut names = Vec::new();
    for record in records {
        if kinds.contains(&record.kind()) {
            continue;
        }
        kinds.push(record.kind());
        for field in record.kind().row().fields.iter().filter(|field| field.typed) {
            if !names.contains(&field.name) {
                names.push(field.name);
            }
        }
    }
    names
}

/// Members in the order they stand in.
struct JsonObject(Vec<(&'static str, Json)>);

impl Serialize for JsonObject {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Id;
    use crate::model::record::{Draft, Page};
    use crate::model::rows::PagePosition;
    use jiff::tz::TimeZone;

    fn process(n: u32, name: &str) -> (Id, Vec<Draft>) {
        let draft = |field: &crate::model::catalog::Field| match (field.name, field.form) {
            ("name", _) => Draft::Text(name.to_owned()),
            ("owner", _) => Draft::Text("2044,7".to_owned()),
            (_, FieldFormat::Time) => Draft::Time("2026-03-01T09:30:05Z".parse().unwrap()),
            (_, FieldFormat::Percent) => Draft::Number(-40.0),
            (_, FieldFormat::Names) => Draft::Text(format!("=one{BETWEEN}two")),
            _ => Draft::Missing,
        };
        (Id::new(&format!("{n:032x}")).unwrap(), Kind::Processes.row().fields.iter().map(draft).collect())
    }

    fn record_detail(names: &[&str]) -> ExportTable {
        let mut rows = Rows::default();
        let all = names.iter().zip(1..).map(|(name, n)| process(n, name)).collect();
        let shown = rows.push(PagePosition::Listed(1), Arc::new(Page::new(Kind::Processes, all))).collect();
        let people = Arc::new(Members::new([("2044".into(), "Mia Øst".into())]));
        let zone = Zone::new(TimeZone::fixed(jiff::tz::offset(2)));
        ExportTable { marked: Vec::new(), rows, shown, people, zone }
    }

    fn column(text: &str, name: &str) -> Vec<String> {
        let mut page = csv::Reader::from_reader(text.as_bytes());
        let at = page.headers().unwrap().iter().position(|head| head == name).unwrap();
        page.records().map(|line| line.unwrap()[at].to_owned()).collect()
    }

    #[test]
    fn no_name_is_a_formula_or_controls_anything() {
        let hostile =
            ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "a\u{1b}[2Jb", "x\r\ny", "p\"q,r", "\u{202e}=1"];
        let (text, n) = record_detail(&hostile).text(ExportFormat::Csv);
        let shown =
            ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "' =1", "' =1", "a\u{241b}[2Jb", "x  y", "p\"q,r", "'=1"];
        assert_eq!((column(&text, "name"), n), (shown.map(str::to_owned).to_vec(), 10));
        assert_eq!(text.matches("\r\n").count(), 11, "{text:?}");
        assert!(!text.replace("\r\n", "").contains(char::is_control));
        let (json, _) = record_detail(&["=1+1"]).text(ExportFormat::Json);
        assert!(json.contains("\"name\":\"=1+1\""), "{json}");
    }

    #[test]
    fn values_read_as_other_programs_want_them() {
        let (text, _) = record_detail(&["Audit"]).text(ExportFormat::Csv);
        assert_eq!(column(&text, "updated"), ["2026-03-01T11:30:05+02:00"]);
        assert_eq!(column(&text, "owner"), ["Mia Øst, 7"]);
        assert_eq!(
            (column(&text, "progress"), column(&text, "status")),
            (vec!["-40".into()], vec![String::new()])
        );
        let (text, _) = record_detail(&["Audit"]).text(ExportFormat::Json);
        let json: Vec<Json> = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&json[0]["owner"], &json[0]["status"]),
            (&serde_json::json!(["Mia Øst", "7"]), &Json::Null)
        );
        assert_eq!((&json[0]["progress"], &json[0]["kind"]), (&Json::from(-40), &Json::from("processes")));
        assert_eq!(json[0]["id"], format!("{:032x}", 1));
        assert_eq!(record_detail(&[]).text(ExportFormat::Json), ("[]\n".to_owned(), 0));
    }

    #[test]
    fn marked_records_stand_in_the_order_they_are_shown_and_hidden_ones_last() {
        let mut record_detail = record_detail(&["a", "b", "c"]);
        let all: Vec<Record> = record_detail.records().collect();
        let tag = Record::new(Kind::Tags, Id::new("9").unwrap(), vec![Draft::Text("keep".into())]);
        record_detail.marked = vec![tag, all[0].clone(), all[2].clone(), all[1].clone()];
        record_detail.shown = vec![2, 1];
        let (text, n) = record_detail.text(ExportFormat::Csv);
        assert_eq!(
            (column(&text, "name"), n, record_detail.len()),
            (["c", "b", "", "a"].map(str::to_owned).to_vec(), 4, 4)
        );
        assert_eq!(column(&text, "title")[2], "keep");
    }

    #[test]
    fn the_ending_says_the_format() {
        let of = |name| ExportFormat::of(name);
        assert_eq!(
            (of("a.csv"), of("x/b.JSON"), of("~/a.b.csv")),
            (Some(ExportFormat::Csv), Some(ExportFormat::Json), Some(ExportFormat::Csv))
        );
        for name in ["a", "a.txt", "csv", ".csv", "x/.json", "a.csv/", ""] {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
