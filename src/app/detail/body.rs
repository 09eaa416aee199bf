//! A detail page, line by line.
//!
//! Owns what stands on it in which order, and which of its lines lead further. The most telling comes first: what the
//! table of the kind knows, then what the record leads to, then everything else in groups. Must not know how a line is
//! drawn.

use crate::app::command::Command;
use crate::app::detail::{Detail, DetailLink, KnownFields, RelatedRecords};
use crate::app::lines::{LineWeight, TimePrecision, WrappedLine, shown};
use crate::app::state::State;
use crate::model::failure::Failure;
use crate::model::plan::untouchable;
use crate::model::record::{Record, Value};
use crate::model::record_detail::{DetailLine, DetailValue, RecordDetail};
use crate::model::text;
use crate::model::time::distance;

/// Cells a label takes at most, the space after it included.
const LABEL: usize = 26;

/// A page, broken to a width.
#[derive(Debug, Clone, Default)]
pub struct DetailPage {
    /// Its lines.
    pub lines: Vec<WrappedLine>,
    /// The lines that lead further, by number, in order.
    pub links: Vec<(usize, DetailLink)>,
}

/// A label and what stands after it.
type DetailRow = (String, String);

impl DetailPage {
    /// The page of `detail`, or its JSON, `width` cells wide.
    #[must_use]
    pub fn of(state: &State, detail: &Detail, width: usize) -> Self {
        let mut page = Self::default();
        match &detail.fields {
            KnownFields::Known(record_detail) if detail.raw => {
                let lines = text::wrapped_under(&text::clean_lines(&record_detail.raw), width);
                page.lines.extend(lines.into_iter().map(|line| WrappedLine::new(LineWeight::Plain, line)));
            }
            KnownFields::Known(record_detail) => page.record_detail(state, detail, record_detail, width),
            KnownFields::Asked(_) => {
                let rows = fields(state, &detail.record);
                page.rows(&rows, column(&rows, width), width);
                page.lines.extend([WrappedLine::blank(), WrappedLine::new(LineWeight::Faint, "reading…")]);
            }
            KnownFields::Failed(failure) => {
                page.failure("could not read", failure, width);
                page.lines.push(WrappedLine::blank());
                let rows = fields(state, &detail.record);
                page.rows(&rows, column(&rows, width), width);
            }
        }
        page
    }

    /// The number of the line that leads to what is selected.
    #[must_use]
    pub fn line_of(&self, spot: DetailLink) -> Option<usize> {
        self.links.iter().find(|(_, known)| *known == spot).map(|(line, _)| *line)
    }

    /// The numbers of the lines that hold `wanted`.
    #[must_use]
    pub fn hits(&self, wanted: &str) -> Vec<usize> {
        let holds = |part: &str| !text::found(part, wanted).is_empty();
        let lines = self.lines.iter().enumerate();
        lines.filter(|(_, line)| holds(&line.handle) || holds(&line.text)).map(|(at, _)| at).collect()
    }

    fn record_detail(&mut self, state: &State, detail: &Detail, record_detail: &RecordDetail, width: usize) {
        if let Some(reason) = untouchable(&detail.record) {
            self.lines.extend(WrappedLine::wrapped(LineWeight::Loud, &format!("read-only: {reason}"), width));
            self.lines.push(WrappedLine::blank());
        }
        let head = fields(state, &detail.record);
        let sections: Vec<(&str, Vec<DetailRow>)> = record_detail
            .sections
            .iter()
            .map(|section| {
                (section.title.as_str(), section.lines.iter().map(|line| row(state, line)).collect())
            })
            .collect();
        let column = column(head.iter().chain(sections.iter().flat_map(|(_, rows)| rows)), width);
        self.rows(&head, column, width);
        for (link, related_page) in detail.related_page.iter().enumerate() {
            self.lines.push(WrappedLine::blank());
            self.related_page(state, detail, (link, related_page), width);
        }
        for (title, rows) in &sections {
            self.lines.push(WrappedLine::blank());
            self.lines.extend(WrappedLine::wrapped(LineWeight::Head, title, width));
            self.rows(rows, column, width);
        }
        if !record_detail.empty.is_empty() {
            self.lines.push(WrappedLine::blank());
            let words = format!("empty: {}", record_detail.empty.join(", "));
            self.lines.extend(WrappedLine::wrapped(LineWeight::Faint, &words, width));
        }
    }

    /// What a record leads to by one relation: its head, then a line each.
    fn related_page(
        &mut self,
        state: &State,
        detail: &Detail,
        (link, related_page): (usize, &RelatedRecords),
        width: usize,
    ) {
        let key = state.setup.keymap.spoken(Command::Open);
        let mark = |spot: DetailLink| if detail.at == Some(spot) { "> " } else { "  " }.to_owned();
        self.lines.extend(WrappedLine::wrapped(LineWeight::Head, &headed(related_page), width));
        for (row, record) in related_page.records.iter().enumerate() {
            self.links.push((self.lines.len(), DetailLink { link, row }));
            let handle = mark(DetailLink { link, row });
            self.lines.push(WrappedLine { handle, ..WrappedLine::new(LineWeight::Plain, told(record)) });
        }
        if let Some(failure) = &related_page.failed {
            self.failure("  could not read", failure, width);
        }
        let last = DetailLink { link, row: related_page.records.len() };
        let words = match (related_page.leads_on(), &related_page.failed, related_page.more()) {
            (false, ..) if related_page.reading.is_some() => "reading…".to_owned(),
            (false, ..) => return,
            (true, Some(_), _) => format!("{key} tries again"),
            (true, None, Some(Some(left))) => format!("{} more: {key} loads them", text::grouped(left)),
            (true, None, _) => format!("more: {key} loads them"),
        };
        if related_page.leads_on() {
            self.links.push((self.lines.len(), last));
        }
        self.lines.push(WrappedLine { handle: mark(last), ..WrappedLine::new(LineWeight::Faint, words) });
    }

    fn failure(&mut self, what: &str, failure: &Failure, width: usize) {
        self.lines.extend(WrappedLine::wrapped(
            LineWeight::Loud,
            &format!("{what}: {}", failure.words),
            width,
        ));
        if let Some(hint) = failure.hint() {
            self.lines.extend(WrappedLine::wrapped(LineWeight::Plain, &format!("hint: {hint}"), width));
        }
    }

    /// Labels and values, the values aligned.
    fn rows(&mut self, rows: &[DetailRow], column: usize, width: usize) {
        for (label, value) in rows {
            let (label, column) = if label.is_empty() { ("-", 2) } else { (label.as_str(), column) };
            self.lines.extend(WrappedLine::led(label, column, LineWeight::Plain, value, width));
        }
    }
}

/// How wide the labels of a page are.
fn column<'a>(rows: impl IntoIterator<Item = &'a DetailRow>, width: usize) -> usize {
    let longest = rows.into_iter().map(|(label, _)| text::width(label) + 2).max().unwrap_or_default();
    longest.min((width / 3).clamp(8, LABEL))
}

/// What heads the records of a relation: what they are, and how many there are.
fn headed(related_page: &RelatedRecords) -> String {
    let title = related_page.relation.title;
    // That they belong to the record is the server's word alone.
    let unproved = if related_page.relation.is_unproved() { ", not checked" } else { "" };
    let hidden = related_page.lookup.as_ref().is_some_and(|lookup| lookup.hidden);
    match related_page.total {
        _ if related_page.records.is_empty()
            && (related_page.reading.is_some() || related_page.failed.is_some()) =>
        {
            title.to_owned()
        }
        _ if related_page.records.is_empty() && hidden => {
            format!("{title}: unknown, hidden with it in the archive")
        }
        Some(0) | None if related_page.records.is_empty() => format!("{title}: none"),
        Some(total) => {
            format!("{title} ({}{unproved})", text::grouped(total.max(related_page.records.len() as u64)))
        }
        None => format!(
            "{title} ({} and perhaps more{unproved})",
            text::grouped(related_page.records.len() as u64)
        ),
    }
}

/// A related record on its line.
fn told(record: &Record) -> String {
    let state = match record.named("status") {
        _ if record.is_archived() => "archived",
        Value::Text(status) => status,
        _ => return record.name().to_owned(),
    };
    format!("{}  ({state})", record.name())
}

/// What the table of its kind knows of a record, and its id.
fn fields(state: &State, record: &Record) -> Vec<DetailRow> {
    let zone = &state.setup.zone;
    let fields = record.kind().row().fields.iter().enumerate().filter(|(_, field)| field.typed);
    let rows = fields.filter_map(|(position, field)| {
        let said = shown(record, position, zone, &state.people, TimePrecision::Minute)?;
        let said = match record.value(position) {
            Value::Time(at) => format!("{said}, {}", distance(at, state.now.wall)),
            _ => said,
        };
        (!said.is_empty()).then(|| (field.name.to_owned(), said))
    });
    rows.chain([("id".to_owned(), record.id().to_string())]).collect()
}

fn row(state: &State, line: &DetailLine) -> DetailRow {
    let said = match &line.said {
        DetailValue::Text(words) => words.clone(),
        DetailValue::People(ids) => state.people.names(ids),
        DetailValue::Time(at) => {
            format!("{}, {}", state.setup.zone.minute(*at), distance(*at, state.now.wall))
        }
        DetailValue::More(left_out) => {
            let key = state.setup.keymap.spoken(Command::Raw);
            format!("and {} more: {key} shows the JSON", text::grouped(*left_out as u64))
        }
    };
    (line.label.clone(), said)
}
