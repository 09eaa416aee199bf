//! Which rows of a list are shown, and in which order.
//!
//! Owns the filter and the sort, as pure functions over shared rows, so that they can run off the loop. The matching
//! itself is a library's; that it is used is known only here.

use std::cmp::Ordering;

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use unicode_segmentation::UnicodeSegmentation;

use super::catalog::Form;
use super::kind::Kind;
use super::people::People;
use super::record::{Record, Value};
use super::rows::Rows;
use super::text;

/// What a person typed to narrow a list, understood.
///
/// Words match as substrings of the name, `~word` matches fuzzily, `"two words"` is one word; all must match. Case and
/// accents do not count.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    source: String,
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq)]
enum Term {
    /// Folded text that must stand in the folded name.
    Word(String),
    /// Letters that must come in this order.
    Fuzzy(Atom),
}

impl Filter {
    /// Understands what was typed.
    #[must_use]
    pub fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            terms: words(source).iter().filter_map(|word| term(word)).collect(),
        }
    }

    /// What was typed.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it lets everything through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// What the server can be asked, so that it sends what this filter may let through.
    #[must_use]
    pub fn question(&self) -> Vec<(&'static str, String)> {
        let words = self.terms.iter().filter_map(|term| match term {
            Term::Word(word) if word.len() > 1 => Some(word),
            _ => None,
        });
        // Numbers are what tells most names apart.
        let rarest = words.max_by_key(|word| (word.contains(|c: char| c.is_ascii_digit()), word.len()));
        rarest.map(|word| ("q", word.clone())).into_iter().collect()
    }

    /// Which graphemes of `name` matched, in order; `None` if it does not match at all.
    #[must_use]
    pub fn matched(&self, name: &str, matching: &mut Matching) -> Option<Vec<u32>> {
        let mut letters = Vec::new();
        for term in &self.terms {
            match term {
                Term::Word(word) => letters.extend(find(word, name)?),
                Term::Fuzzy(atom) => matching.letters(atom, name, &mut letters)?,
            }
        }
        letters.sort_unstable();
        letters.dedup();
        Some(letters)
    }

    fn accepts(&self, name: &str, matching: &mut Matching) -> bool {
        let folded = text::folded(name);
        self.terms.iter().all(|term| match term {
            Term::Word(word) => folded.contains(word),
            Term::Fuzzy(atom) => matching.score(atom, name).is_some(),
        })
    }
}

/// The graphemes of `name` that the first occurrence of the folded `word` covers.
///
/// The matcher's own substring search is not used: in text beyond ASCII it misses a match at the very end.
fn find(word: &str, name: &str) -> Option<std::ops::Range<u32>> {
    let mut folded = String::new();
    let starts: Vec<usize> = name
        .graphemes(true)
        .map(|grapheme| {
            let start = folded.len();
            folded.push_str(&text::folded(grapheme));
            start
        })
        .collect();
    let at = folded.find(word)?;
    let first = starts.partition_point(|start| *start <= at).saturating_sub(1);
    let last = starts.partition_point(|start| *start < at + word.len());
    Some(u32::try_from(first).ok()?..u32::try_from(last).ok()?)
}

/// The words of a filter: split at spaces outside double quotes.
fn words(source: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in source.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words
}

fn term(word: &str) -> Option<Term> {
    let fuzzy = word.strip_prefix('~');
    let needle = text::folded(fuzzy.unwrap_or(word));
    (!needle.is_empty()).then(|| match fuzzy {
        Some(_) => Term::Fuzzy(atom(&needle)),
        None => Term::Word(needle),
    })
}

fn atom(needle: &str) -> Atom {
    Atom::new(needle, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy, false)
}

/// Room for matching, reused from row to row.
#[derive(Debug)]
pub struct Matching {
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Default for Matching {
    fn default() -> Self {
        Self { matcher: Matcher::new(Config::DEFAULT), buffer: Vec::new() }
    }
}

impl Matching {
    fn score(&mut self, atom: &Atom, name: &str) -> Option<u16> {
        self.buffer.clear();
        atom.score(Utf32Str::new(name, &mut self.buffer), &mut self.matcher)
    }

    fn letters(&mut self, atom: &Atom, name: &str, letters: &mut Vec<u32>) -> Option<()> {
        self.buffer.clear();
        atom.indices(Utf32Str::new(name, &mut self.buffer), &mut self.matcher, letters).map(|_| ())
    }
}

/// The candidates that match what was typed, best first; all of them in order if nothing was.
#[must_use]
pub fn best<T>(typed: &str, candidates: Vec<T>, name: impl Fn(&T) -> String) -> Vec<T> {
    let typed = typed.trim();
    if typed.is_empty() {
        return candidates;
    }
    let atom = atom(&text::folded(typed));
    let mut matching = Matching::default();
    let mut scored: Vec<_> = candidates
        .into_iter()
        .filter_map(|candidate| Some((matching.score(&atom, &name(&candidate))?, candidate)))
        .collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The field rows are sorted by, and the direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// Position of the field in the kind's row.
    pub field: usize,
    /// Whether the order is turned around.
    pub reverse: bool,
}

/// How many rows are looked at between two questions whether the result is still wanted.
const CHUNK: usize = 8192;

/// The positions of the rows that match, in order. `None` if it was no longer wanted.
#[must_use]
pub fn arrange(
    rows: &Rows,
    filter: &Filter,
    sort: Option<Sort>,
    people: &People,
    wanted: &dyn Fn() -> bool,
) -> Option<Vec<usize>> {
    let mut matching = Matching::default();
    let mut kept: Vec<(usize, Record)> = Vec::new();
    for (n, position) in rows.live().enumerate() {
        if n.is_multiple_of(CHUNK) && !wanted() {
            return None;
        }
        let Some(record) = rows.get(position) else { continue };
        if filter.accepts(record.name(), &mut matching) {
            kept.push((position, record));
        }
    }
    if let Some(sort) = sort {
        sort_by_field(&mut kept, sort, people);
    }
    wanted().then(|| kept.into_iter().map(|(position, _)| position).collect())
}

fn sort_by_field(rows: &mut [(usize, Record)], sort: Sort, people: &People) {
    rows.sort_by_cached_key(|(_, record)| Key::of(record, sort.field, people).turned(sort.reverse));
}

/// What a row is sorted by. Rows without a value come last in either direction.
#[derive(Debug, PartialEq)]
enum Key {
    Number(f64, bool),
    Text(String, bool),
    Missing,
}

impl Key {
    fn of(record: &Record, field: usize, people: &People) -> Self {
        match (record.value(field), record.kind().row().fields[field].form) {
            (Value::Missing, _) => Self::Missing,
            (Value::Number(number), _) => Self::Number(number, false),
            // Milliseconds since the epoch fit a double exactly for any date the API can mean.
            (Value::Time(time), _) => Self::Number(time.as_millisecond() as f64, false),
            (Value::Text(ids), Form::People) => Self::Text(text::folded(&people.names(ids)), false),
            (Value::Text(words), _) => Self::Text(text::folded(words), false),
        }
    }

    fn turned(self, reverse: bool) -> Self {
        match self {
            Self::Number(number, _) => Self::Number(number, reverse),
            Self::Text(words, _) => Self::Text(words, reverse),
            Self::Missing => Self::Missing,
        }
    }

    fn turn(order: Ordering, reverse: bool) -> Ordering {
        if reverse { order.reverse() } else { order }
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one, reverse), Self::Number(two, _)) => Self::turn(one.total_cmp(two), *reverse),
            (Self::Text(one, reverse), Self::Text(two, _)) => Self::turn(one.cmp(two), *reverse),
            (Self::Missing, Self::Missing) => Ordering::Equal,
            (Self::Missing, _) => Ordering::Greater,
            (_, Self::Missing) => Ordering::Less,
            (Self::Number(..), Self::Text(..)) => Ordering::Less,
            (Self::Text(..), Self::Number(..)) => Ordering::Greater,
        }
    }
}

/// The fields of `kind` that a list can be sorted by: its columns.
pub fn sortable(kind: Kind) -> impl Iterator<Item = usize> {
    kind.row()
        .fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.column.is_some())
        .map(|(position, _)| position)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::id::Id;
    use crate::model::record::{Draft, Page};
    use crate::model::rows::Place;

    fn rows(names: &[(&str, Option<f64>)]) -> Rows {
        let steps = Kind::Templates.row().field("steps").unwrap();
        let row = |(n, (name, number)): (usize, &(&str, Option<f64>))| {
            let mut drafts = vec![Draft::Missing; Kind::Templates.row().fields.len()];
            drafts[0] = Draft::Text((*name).to_owned());
            drafts[steps] = number.map_or(Draft::Missing, Draft::Number);
            (Id::new(&n.to_string()).unwrap(), drafts)
        };
        let mut rows = Rows::default();
        let page = Page::new(Kind::Templates, names.iter().enumerate().map(row).collect());
        rows.push(Place::Listed(1), Arc::new(page));
        rows
    }

    fn shown(filter: &str, names: &[&str]) -> Vec<usize> {
        let names: Vec<_> = names.iter().map(|name| (*name, None)).collect();
        arrange(&rows(&names), &Filter::new(filter), None, &People::default(), &|| true).unwrap()
    }

    #[test]
    fn all_words_must_match_whatever_their_case_and_accents() {
        let names = ["Onboarding Zoë GmbH", "Renewal ZOE", "Onboarding Acme"];
        assert_eq!(shown("zoe", &names), [0, 1]);
        assert_eq!(shown("ZOË onb", &names), [0]);
        assert_eq!(shown("\"onboarding a\"", &names), [2]);
        assert_eq!(shown("obac", &names), Vec::<usize>::new());
        assert_eq!(shown("~obac", &names), [2]);
        assert_eq!(shown(" ~ \" ", &names), [0, 1, 2]);
    }

    #[test]
    fn scripts_without_case_match_too() {
        assert_eq!(shown("族", &["家族", "שלום", "家"]), [0]);
        assert_eq!(shown("לו", &["家族", "שלום"]), [1]);
    }

    #[test]
    fn matched_letters_are_told() {
        let mut matching = Matching::default();
        assert_eq!(Filter::new("oë").matched("Zoë", &mut matching), Some(vec![1, 2]));
        assert_eq!(Filter::new("x").matched("Zoë", &mut matching), None);
    }

    #[test]
    fn rows_without_a_value_come_last_in_both_directions() {
        let field = Kind::Templates.row().field("steps").unwrap();
        let rows = rows(&[("a", Some(10.0)), ("b", None), ("c", Some(9.0)), ("d", Some(10.0))]);
        let order = |reverse| {
            arrange(&rows, &Filter::default(), Some(Sort { field, reverse }), &People::default(), &|| true)
                .unwrap()
        };
        assert_eq!(order(false), [2, 0, 3, 1]);
        assert_eq!(order(true), [0, 3, 2, 1]);
    }

    #[test]
    fn an_unwanted_result_is_not_computed() {
        assert_eq!(
            arrange(&rows(&[("a", None)]), &Filter::default(), None, &People::default(), &|| false),
            None
        );
    }
}
