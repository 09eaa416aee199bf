//! Whether rows match.
//!
//! Owns what is looked up once for all rows, and the room in which text is folded, so that a row costs no allocation.
//! What a row does not carry, or nobody can read, decides nothing: such a row does not match, and is counted if
//! everything else in it does.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use jiff::Timestamp;

use super::term::{Term, Test, TextPattern, TimeRange};
use super::{Filter, FuzzyBuffers};
use crate::model::catalog::{BETWEEN, FieldFormat};
use crate::model::kind::Kind;
use crate::model::people::{self, Members};
use crate::model::record::{Record, Value};
use crate::model::text;

/// A filter with what it asks looked up.
pub(in crate::model) struct Matcher<'a> {
    terms: Vec<PreparedTerm<'a>>,
    room: TextBuffer,
    /// The fields that alone kept rows from being decided, and how many rows.
    unknown: BTreeMap<usize, usize>,
}

struct PreparedTerm<'a> {
    term: &'a Term,
    /// Whether the members that are known match, by id, where a term is on people.
    members: Option<HashMap<&'a str, bool>>,
    /// The times that are meant, where a term is on time.
    page_request: Option<TimeRange>,
}

/// Room for the text of one row.
#[derive(Default)]
struct TextBuffer {
    matching: FuzzyBuffers,
    /// The folded name, once it has been asked for.
    name: String,
    has_name: bool,
    id: String,
    folded: String,
    /// The fields of the row that leave a term undecided.
    undecided: Vec<usize>,
}

/// How a row does in a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MatchResult {
    Passes,
    Fails,
    /// It passes neither the test nor its contrary, because it has no such time.
    Never,
    /// The same, because this field is not carried or not legible.
    Unknown(usize),
}

impl<'a> Matcher<'a> {
    /// Looks up who is meant, and when.
    pub(in crate::model) fn new(filter: &'a Filter, people: &'a Members, now: Timestamp) -> Self {
        let is_people = |field: usize| {
            let field = filter.kind.and_then(|kind| kind.row().fields.get(field));
            field.is_some_and(|field| field.form == FieldFormat::People)
        };
        let ready = |term: &'a Term| PreparedTerm {
            term,
            members: match &term.test {
                Test::Field { field, look } if is_people(*field) => Some(members(look, people)),
                _ => None,
            },
            page_request: match &term.test {
                Test::Time { when, .. } => Some(when.page_request(now)),
                _ => None,
            },
        };
        let terms = filter.terms.iter().map(ready).collect();
        Self { terms, room: TextBuffer::default(), unknown: BTreeMap::new() }
    }

    /// Whether a row passes all terms.
    pub(in crate::model) fn lets_through(&mut self, record: &Record) -> bool {
        let Self { terms, room, unknown } = self;
        room.has_name = false;
        room.undecided.clear();
        for ready in terms {
            match (ready.verdict(record, room), ready.term.negated) {
                (MatchResult::Passes, false) | (MatchResult::Fails, true) => {}
                (MatchResult::Passes, true) | (MatchResult::Fails, false) | (MatchResult::Never, _) => {
                    return false;
                }
                (MatchResult::Unknown(field), _) if room.undecided.contains(&field) => {}
                (MatchResult::Unknown(field), _) => room.undecided.push(field),
            }
        }
        for field in &room.undecided {
            *unknown.entry(*field).or_default() += 1;
        }
        room.undecided.is_empty()
    }

    /// The fields that some rows do not carry, and how many rows passed all terms but those on it.
    pub(in crate::model) fn unknown(&self) -> Vec<(usize, usize)> {
        self.unknown.iter().map(|(field, rows)| (*field, *rows)).collect()
    }
}

/// Which of the members whose names are known are meant, by name or id.
fn members<'a>(look: &TextPattern, people: &'a Members) -> HashMap<&'a str, bool> {
    let is_meant = |(id, name)| (id, look.is_in(&text::folded(name)) || look.is_in(&text::folded(id)));
    people.known().map(is_meant).collect()
}

fn verdict(passes: bool) -> MatchResult {
    if passes { MatchResult::Passes } else { MatchResult::Fails }
}

impl PreparedTerm<'_> {
    fn verdict(&self, record: &Record, room: &mut TextBuffer) -> MatchResult {
        match &self.term.test {
            Test::Name(look) => {
                let passes = look.is_in(room.folded_name(record));
                self.of_name(record, passes)
            }
            Test::Fuzzy(fuzzy) => {
                let passes = fuzzy.score(record.name(), &mut room.matching).is_some();
                self.of_name(record, passes)
            }
            Test::Id(look) => {
                let TextBuffer { id, folded, .. } = room;
                id.clear();
                // Writing into a string does not fail.
                let _ = write!(id, "{}", record.id());
                verdict(look.is_in(fold(id, folded)))
            }
            Test::Field { field, look } => match record.value(*field) {
                Value::Text(words) => self.of_words(record, *field, look, words, &mut room.folded),
                Value::Missing | Value::Number(_) | Value::Time(_) => MatchResult::Unknown(*field),
            },
            Test::Number { field, operator, than } => match record.value(*field) {
                Value::Number(number) => {
                    let number = as_shown(record.kind(), *field, number, *than);
                    verdict(operator.holds(number.partial_cmp(than)))
                }
                Value::Missing | Value::Text(_) | Value::Time(_) => MatchResult::Unknown(*field),
            },
            Test::Time { fields, .. } => self.of_time(record, fields),
        }
    }

    /// A record without a name is found by what stands in its place, but not by what does not.
    fn of_name(&self, record: &Record, passes: bool) -> MatchResult {
        if !passes && self.term.negated && record.value(0) == Value::Missing {
            return MatchResult::Unknown(0);
        }
        verdict(passes)
    }

    fn of_words(
        &self,
        record: &Record,
        field: usize,
        look: &TextPattern,
        words: &str,
        folded: &mut String,
    ) -> MatchResult {
        let form = record.kind().row().fields.get(field).map(|field| field.form);
        if !matches!(form, Some(FieldFormat::Names | FieldFormat::People)) {
            return verdict(look.is_in(fold(words, folded)));
        }
        // An id in the place of a name may stand for any.
        let mut is_undecided = false;
        let between = if form == Some(FieldFormat::Names) { BETWEEN } else { ',' };
        for one in words.split(between).map(str::trim) {
            let known = self.members.as_ref().and_then(|members| members.get(one));
            if known.copied().unwrap_or_else(|| look.is_in(fold(one, folded))) {
                return MatchResult::Passes;
            }
            let is_nameless = if self.members.is_some() { people::is_nameless } else { people::is_hex };
            is_undecided |= known.is_none() && is_nameless(one);
        }
        if is_undecided { MatchResult::Unknown(field) } else { MatchResult::Fails }
    }

    fn of_time(&self, record: &Record, fields: &[usize]) -> MatchResult {
        let mut told = fields.iter().map(|field| (*field, record.value(*field)));
        match (told.find(|(_, value)| *value != Value::Missing), self.page_request) {
            (Some((_, Value::Time(time))), Some(page_request)) => verdict(page_request.holds(time)),
            (Some((field, _)), _) => MatchResult::Unknown(field),
            (None, _) => MatchResult::Never,
        }
    }
}

impl TextBuffer {
    fn folded_name(&mut self, record: &Record) -> &str {
        if !self.has_name {
            self.has_name = true;
            fold(record.name(), &mut self.name);
        }
        &self.name
    }
}

/// `text` folded, in a room of its own.
fn fold<'a>(text: &str, room: &'a mut String) -> &'a str {
    room.clear();
    text::fold_onto(text, room);
    room
}

/// A number as the table shows it, where a whole one is asked for: percentages are shown without what is behind the point.
fn as_shown(kind: Kind, field: usize, number: f64, than: f64) -> f64 {
    let is_share = kind.row().fields.get(field).is_some_and(|field| field.form == FieldFormat::Percent);
    if is_share && than.fract() == 0.0 { number.round_ties_even() } else { number }
}
