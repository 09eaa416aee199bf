//! All that is known of a record, sorted for a person to read.
//!
//! Owns which fields stand together on a detail page, what they are called there and how their values are told. What the
//! table of the kind knows is left to the record itself; nothing else is left out, though long lists are cut short. Must
//! not know names of people, the clock or the screen.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::model::catalog::{self, ARCHIVED, Field, FieldFormat, KindSpec, RelatedSource};
use crate::model::id::Id;
use crate::model::record::{Draft, Record};
use crate::model::record_detail::{
    DetailLine, DetailSection, DetailValue, RecordDetail, RelatedQuery, RelationEnd, RelationLink,
};
use crate::model::text;
use crate::tallyfy::redact::mask_webhooks;

use super::{enclosed, field, id_text, included, row, time};
use crate::tallyfy::decode::html;

/// How deep fields are followed.
const DEEPEST: usize = 8;
/// How many lines a section gets.
const MOST_LINES: usize = 200;
/// How many elements of a list are named.
const MOST_ELEMENTS: usize = 20;
/// How many keys that hold nothing are named.
const MOST_EMPTY: usize = 200;
/// How many characters a key gets.
const LONGEST_KEY: usize = 80;
/// How many characters one value gets.
const LONGEST: usize = 20_000;
/// How many characters of rich text are looked at for one value.
const LONGEST_RICH: usize = 10 * LONGEST;
/// How many bytes all sections get together: a page is broken to its width again with every key.
const LONGEST_PAGE: usize = 200_000;
/// How many of these a line costs beside its letters, and a section beside its lines.
const LINE: usize = 20;
/// How many characters of the JSON are kept.
const LONGEST_RAW: usize = 200_000;
/// Keys that hold members, as numbers or objects (API sheet, section 6).
const PEOPLE: [&str; 13] = [
    "owner_id",
    "started_by",
    "created_by",
    "last_updated_by",
    "starter_id",
    "completer_id",
    "users",
    "collaborators",
    "members",
    "associated_members",
    "disabled_by",
    "reactivated_by",
    "invited_by",
];
/// The key under which a guest keeps most of its fields (API sheet, section 6.8). They are shown like the fields beside it.
const DETAILS: &str = "details";
/// How keys end that hold a time.
const TIMES: [&str; 5] = ["_at", "_on", "deadline", "due_date", "last_updated"];
/// Keys that hold text people wrote at length.
const WORDS: [&str; 5] = ["summary", "description", "guidance", "content", "top_text"];

/// The sections that fields are sorted into, in their order on the page.
const SECTIONS: [&str; 5] = ["in words", "people", "times", "details", "ids"];

/// The page of `record`, out of everything the server said of it.
#[must_use]
pub fn record_detail(record: Record, said: &Value) -> RecordDetail {
    let row = record.kind().row();
    let mut said = said.clone();
    mask_webhooks(&mut said);
    let said = &said;
    let links = links(row, &record, said);
    let mut page = DetailBuilder::default();
    if let Value::Object(object) = enclosed(said) {
        let shown = shown_paths(row, said);
        let rest = object.iter().filter(|(key, _)| !is_related(row, key));
        for (key, value) in rest.filter_map(|(key, value)| Some((key, unshown(key, value, &shown)?))) {
            match enclosed(&value) {
                Value::Object(details) if key == DETAILS => {
                    let own = details.iter().filter(|(key, value)| object.get(*key) != Some(value));
                    own.for_each(|(key, value)| page.add(key, value));
                }
                _ => page.add(key, &value),
            }
        }
    }
    let empty = page.empty();
    let DetailBuilder { sections, mut lists, .. } = page;
    let mut named = SECTIONS.into_iter().zip(sections);
    let section = |(title, lines): (&str, Vec<DetailLine>)| DetailSection { title: title.to_owned(), lines };
    let mut all: Vec<DetailSection> = named.next().into_iter().map(section).collect();
    all.append(&mut lists);
    all.extend(named.map(section));
    all.retain(|section| !section.lines.is_empty());
    shorten(&mut all);
    RecordDetail { record, sections: all, empty, links, raw: raw(said) }
}

/// Leaves out the lines that a page has no room for, and says so.
fn shorten(sections: &mut Vec<DetailSection>) {
    let (mut room, mut left_out) = (LONGEST_PAGE, 0);
    for section in &mut *sections {
        room = room.saturating_sub(LINE);
        let mut more = 0;
        section.lines.retain(|line| {
            let needed = line.letters() + LINE;
            let fits = needed <= room;
            match line.said {
                DetailValue::More(n) => more += n,
                _ if fits => room -= needed,
                _ => more += 1,
            }
            fits && !matches!(line.said, DetailValue::More(_))
        });
        match section.lines.is_empty() {
            true => left_out += more,
            false => section.lines.extend(DetailLine::more(more)),
        }
    }
    sections.retain(|section| !section.lines.is_empty());
    let title = "left out".to_owned();
    sections.extend(DetailLine::more(left_out).map(|line| DetailSection { title, lines: vec![line] }));
}

/// Whether the value under `key` is shown by a relation.
fn is_related(row: &KindSpec, key: &str) -> bool {
    let by_relation = row.related.iter().any(|relation| match &relation.way {
        RelatedSource::Included { include, .. } => *include == key,
        RelatedSource::Named { name, .. } => name.split_once('.').is_some_and(|(first, _)| first == key),
        RelatedSource::List(_) => false,
    });
    key == "id" || by_relation
}

/// Returns the paths whose values the record's own fields show, keys joined by dots.
fn shown_paths(row: &KindSpec, said: &Value) -> BTreeSet<&'static str> {
    let all = row.fields.iter().flat_map(|field| {
        // How many there are does not say which.
        let paths =
            field.paths.iter().filter(|path| field.form != FieldFormat::Length && shows(field, said, path));
        paths.flat_map(|path| path.split(catalog::AND))
    });
    all.collect()
}

/// Whether `field` shows what stands at `path`, one of its paths.
fn shows(field: &Field, said: &Value, path: &str) -> bool {
    let shown = || field::draft(said, field);
    let held = |path: &str| field::at(said, path, field.form).unwrap_or(Draft::Missing);
    // Two members, or two times, that happen to be the same are still two things to know.
    let is_first = field.paths.iter().find(|path| held(path) != Draft::Missing) == Some(&path);
    let is_same = || matches!(field.form, FieldFormat::Text | FieldFormat::Percent) && held(path) == shown();
    let is_empty = || field.name == ARCHIVED && shown() == Draft::Missing;
    is_first || is_empty() || held(path) != Draft::Missing && is_same()
}

/// Returns what is left of the value under `key` without what is `shown` already; nothing where all of it is.
fn unshown<'a>(key: &str, value: &'a Value, shown: &BTreeSet<&str>) -> Option<Cow<'a, Value>> {
    if shown.contains(key) {
        return None;
    }
    let inner: Vec<&str> =
        shown.iter().filter_map(|path| path.strip_prefix(key)?.strip_prefix('.')).collect();
    let Value::Object(object) = enclosed(value) else { return Some(Cow::Borrowed(value)) };
    if inner.is_empty() {
        return Some(Cow::Borrowed(value));
    }
    let mut rest = object.clone();
    rest.retain(|key, _| !inner.contains(&key.as_str()));
    (!rest.is_empty()).then_some(Cow::Owned(Value::Object(rest)))
}

fn links(row: &'static KindSpec, record: &Record, said: &Value) -> Vec<RelationLink> {
    let end = |way: &RelatedSource| match way {
        RelatedSource::List(list) => Some(RelationEnd::Asked(RelatedQuery {
            id: record.id().clone(),
            name: own_name(row, said).unwrap_or_else(|| record.name().to_owned()),
            hidden: list.hidden && record.is_archived(),
        })),
        RelatedSource::Named { .. } => {
            let (id, name) = named(way, said)?;
            Some(RelationEnd::Asked(RelatedQuery { id, name, hidden: false }))
        }
        RelatedSource::Included { .. } => None,
    };
    let links = row.related.iter().filter_map(|relation| {
        let end = match &relation.way {
            RelatedSource::Included { include, .. } => {
                let came = enclosed(said).get(*include).is_some_and(|found| !found.is_null());
                let rows = included(said, include);
                let rows = rows.iter().filter_map(|value| self::row(relation.kind, value).ok());
                came.then(|| {
                    RelationEnd::Here(
                        rows.map(|(id, drafts)| Record::new(relation.kind, id, drafts)).collect(),
                    )
                })
            }
            way => end(way),
        };
        Some(RelationLink { relation, end: end? })
    });
    links.collect()
}

/// Returns id and name of the record that `way` names in `said`. The name is empty where it is not told.
#[must_use]
pub fn named(way: &RelatedSource, said: &Value) -> Option<(Id, String)> {
    let RelatedSource::Named { id, name, only } = way else { return None };
    let word = |path: &str| field::follow(said, path).map(enclosed).and_then(id_text);
    let fits = only
        .is_none_or(|(path, value)| word(path).is_some_and(|word| word.trim().eq_ignore_ascii_case(value)));
    let id = word(id).filter(|_| fits).and_then(|id| Id::new(&id).ok())?;
    let name = if name.is_empty() { None } else { word(name) };
    Some((id, name.unwrap_or_default()))
}

/// The record's name as the server wrote it, for asking with it.
fn own_name(row: &KindSpec, said: &Value) -> Option<String> {
    match field::draft(said, row.fields.first()?) {
        Draft::Text(name) => Some(name),
        _ => None,
    }
}

/// The JSON over several lines.
fn raw(said: &Value) -> String {
    let whole = serde_json::to_string_pretty(said).unwrap_or_default();
    match whole.char_indices().nth(LONGEST_RAW) {
        Some((end, _)) => {
            let n = text::grouped(LONGEST_RAW as u64);
            format!("{}…\n\n(cut after {n} characters)", &whole[..end])
        }
        None => whole,
    }
}

#[derive(Default)]
struct DetailBuilder {
    /// The lines of [`SECTIONS`].
    sections: [Vec<DetailLine>; SECTIONS.len()],
    lists: Vec<DetailSection>,
    empty: Vec<String>,
}

impl DetailBuilder {
    /// The keys that hold nothing, as many as are named.
    fn empty(&mut self) -> Vec<String> {
        let mut named = std::mem::take(&mut self.empty);
        let more = named.len().saturating_sub(MOST_EMPTY);
        named.truncate(MOST_EMPTY);
        named.extend((more > 0).then(|| format!("and {} more", text::grouped(more as u64))));
        named
    }

    fn add(&mut self, key: &str, value: &Value) {
        let [words, people, times, details, ids] = &mut self.sections;
        let (value, label) = (enclosed(value), called(key));
        if is_nothing(value) {
            self.empty.push(label);
        } else if PEOPLE.contains(&key)
            && let Some(Draft::Text(who)) = field::read(FieldFormat::People, value)
        {
            let label = label.strip_suffix(" id").map_or(label.clone(), str::to_owned);
            people.push(DetailLine { label, said: DetailValue::People(text::clean(&who).into_owned()) });
        } else if let Some(at) = instant(key, value) {
            times.push(DetailLine { label, said: DetailValue::Time(at) });
        } else if let Some(said) = scalar(key, value) {
            let line = DetailLine { label, said: DetailValue::Text(said) };
            let is_id = ["_id", "_ids"].iter().any(|end| key.ends_with(end)) || key == "alias";
            match key {
                key if WORDS.contains(&key) => words.push(line),
                _ if is_id => ids.push(line),
                "guests" => people.push(line),
                "groups" => ids.push(line),
                _ => details.push(line),
            }
        } else {
            let section = section(label, value);
            // Nothing at all stood in it.
            if section.lines.is_empty() { self.empty.push(called(key)) } else { self.lists.push(section) }
        }
    }
}

/// A list, or an object, as a section of its own.
fn section(title: String, value: &Value) -> DetailSection {
    let mut lines = SectionLines::default();
    let title = match value {
        Value::Array(list) => format!("{title} ({})", text::grouped(list.len() as u64)),
        _ => title,
    };
    fill(&mut lines, "", "", value, 0);
    let SectionLines { mut kept, more } = lines;
    kept.extend(DetailLine::more(more));
    DetailSection { title, lines: kept }
}

/// The lines of a section: the first, and how many follow.
#[derive(Default)]
struct SectionLines {
    kept: Vec<DetailLine>,
    more: usize,
}

impl SectionLines {
    fn push(&mut self, label: &str, said: DetailValue) {
        if self.kept.len() < MOST_LINES {
            self.kept.push(DetailLine { label: label.to_owned(), said });
        } else {
            self.more += 1;
        }
    }
}

/// Adds what `value` holds, which stands under `key` at the end of the path `label`.
fn fill(lines: &mut SectionLines, label: &str, key: &str, value: &Value, depth: usize) {
    let value = enclosed(value);
    if is_nothing(value) && depth > 0 {
        return;
    }
    if let Some(at) = instant(key, value) {
        return lines.push(label, DetailValue::Time(at));
    }
    match value {
        _ if depth >= DEEPEST && scalar(key, value).is_none() => {
            lines.push(label, DetailValue::Text("…".to_owned()));
        }
        Value::Object(object) => {
            for (key, inner) in object {
                let path = if label.is_empty() { called(key) } else { format!("{label} > {}", called(key)) };
                fill(lines, &path, key, inner, depth + 1);
            }
        }
        Value::Array(list) if scalar(key, value).is_none() => {
            for one in list.iter().take(MOST_ELEMENTS) {
                let DetailLine { label, said } = element(label, enclosed(one));
                lines.push(&label, said);
            }
            let rest = list.len().saturating_sub(MOST_ELEMENTS);
            if rest > 0 {
                lines.push(label, DetailValue::Text(format!("and {} more", text::grouped(rest as u64))));
            }
        }
        value => scalar(key, value).into_iter().for_each(|said| lines.push(label, DetailValue::Text(said))),
    }
}

/// One of a list: a form field by its label and answer (API sheet, section 9, row 22), anything else by its name.
fn element(label: &str, one: &Value) -> DetailLine {
    let said = |key: &str| one.get(key).map(enclosed).filter(|value| !is_nothing(value));
    let shown = |key: &str| said(key).and_then(|value| scalar(key, value));
    if let Some(label) = shown("label") {
        let answer = ["field_value", "value"].into_iter().find_map(|key| {
            let value = said(key)?;
            scalar(key, value).or_else(|| names(value))
        });
        return DetailLine { label, said: DetailValue::Text(answer.unwrap_or_else(|| "-".to_owned())) };
    }
    let name = names(one).or_else(|| scalar("", one)).unwrap_or_else(|| "…".to_owned());
    DetailLine { label: label.to_owned(), said: DetailValue::Text(name) }
}

/// What an element is called; several elements by all their names.
fn names(one: &Value) -> Option<String> {
    const NAMES: [&str; 8] = ["title", "name", "full_name", "filename", "email", "content", "text", "id"];
    match enclosed(one) {
        Value::Object(object) => NAMES.iter().find_map(|key| {
            object.get(*key).filter(|value| !is_nothing(value)).and_then(|value| scalar(key, value))
        }),
        Value::Array(list) => {
            let names: Vec<_> = list.iter().take(MOST_ELEMENTS).filter_map(names).collect();
            (!names.is_empty()).then(|| names.join(", "))
        }
        value => scalar("", value),
    }
}

/// Whether there is nothing to be told: nothing, or something empty all through.
fn is_nothing(value: &Value) -> bool {
    match enclosed(value) {
        Value::Null => true,
        Value::String(said) => said.trim().is_empty() || time::is_nothing(said.trim()),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.values().all(is_nothing),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A value that stands on a line: a single one, several of these, or how far something has come.
fn scalar(key: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("-".to_owned()),
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Value::Number(number) => Some(sized(key, value).unwrap_or_else(|| number.to_string())),
        Value::String(said) => {
            let kept = head(said, LONGEST_RICH);
            let cut = if kept.len() < said.len() { "…" } else { "" };
            let line = bounded(&format!("{}{cut}", html::plain(kept)));
            Some(if text::is_visible(&line) { line } else { "-".to_owned() })
        }
        Value::Array(list) if list.iter().any(|inner| inner.is_object() || inner.is_array()) => None,
        Value::Array(list) => {
            let said: Vec<_> = list.iter().filter_map(|inner| scalar(key, inner)).collect();
            Some(bounded(&said.join(", ")))
        }
        Value::Object(object) => progress(object),
    }
}

/// `3 of 8, 37.5%` (API sheet, section 6.1).
fn progress(object: &Map<String, Value>) -> Option<String> {
    let known = |key: &String| ["complete", "total", "percent"].contains(&key.as_str());
    let part = |key: &str| object.get(key).and_then(Value::as_f64);
    let (done, total) = (part("complete")?, part("total")?);
    let share =
        part("percent").map_or_else(String::new, |share| format!(", {}%", (share * 10.0).round() / 10.0));
    object.keys().all(known).then(|| format!("{done} of {total}{share}"))
}

/// A number of bytes, for keys that announce one.
fn sized(key: &str, value: &Value) -> Option<String> {
    let announced = ["size", "_bytes"].iter().any(|end| key.ends_with(end));
    value.as_u64().filter(|_| announced).map(text::size)
}

/// A time, for keys that announce one.
fn instant(key: &str, value: &Value) -> Option<jiff::Timestamp> {
    let announced = TIMES.iter().any(|end| key.ends_with(end));
    value.as_str().filter(|_| announced).and_then(time::parse)
}

/// A key in the words of people.
fn called(key: &str) -> String {
    let kept = head(key, LONGEST_KEY);
    let cut = if kept.len() < key.len() { "…" } else { "" };
    text::clean(&format!("{}{cut}", kept.replace('_', " "))).into_owned()
}

fn bounded(said: &str) -> String {
    let mut kept = text::clean_lines(said);
    let end = head(&kept, LONGEST).len();
    if end < kept.len() {
        kept.truncate(end);
        kept.push('…');
    }
    kept
}

/// The first `most` characters of `text`.
fn head(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests;
