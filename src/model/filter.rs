//! The language a list is narrowed with.
//!
//! Owns all of it, from what is typed to whether a row matches. It fails closed: what cannot be understood is no filter,
//! and what a row does not carry decides nothing. Must not know of lists, orders or screens.
//!
//! A filter is made of terms, split at spaces outside double quotes; a row must match all of them. [`HELP`] shows each
//! sort of term.
//!
//! * `word` and `"two words"` stand anywhere in the name; case and accents do not count. Between quotes a letter means
//!   only itself, and two quotes are a quote.
//! * `~word` matches names that hold these letters in this order.
//! * `field:value`, with the fields of the kind, `id` and `older`. `name`, `title` and `filename` all mean the name. What
//!   stands before an operator and could not be a field, as in `12:30`, is a word.
//!   * In the name, the value stands anywhere; in other text, in names of tags and folders, of people, and in ids, at the
//!     start of a word: `status:complete` matches `completed` and not `incomplete`. `field=value` matches the whole.
//!   * People match by any of their names or ids, lists by any of their elements.
//!   * Numbers compare with `:`, `=`, `<`, `<=`, `>` and `>=`; a `%` after them says nothing more.
//!   * Times compare with a day, a month or a year of the local zone. Compared with an age, `>30d` is longer ago than 30
//!     days and `<30d` less long ago, which what is yet to come is too. Months and years are those of the calendar.
//!   * `older:90d` is at least that old: by when it changed, else when it was made, else when it was uploaded.
//!   * `field:<value` is `field<value`, and so with the others.
//! * `-` before any term turns it around.
//!
//! A term on a field that a row does not carry, or that nobody can read, does not match, turned around or not; whoever
//! filters is told how many rows that kept from being decided. That goes for an id in the place of a name too, unless it
//! is the id that was typed. A time that is missing says that there is none: no term on time matches, and none is
//! counted. A record without a name is found by [`text::NAMELESS`].

mod complete;
mod field_ref;
pub(super) mod fuzzy;
mod matcher;
mod parse;
mod server_query;
mod term;
mod token;
mod value;

use std::collections::BTreeSet;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

pub use self::complete::{Completion, complete};
pub use self::fuzzy::FuzzyBuffers;
use self::parse::TermParser;
use self::term::{Term, Test, TextPattern, TextPlace};
use super::kind::Kind;
use super::people::Members;
use super::text;
pub(super) use crate::model::filter::matcher::Matcher;
use crate::model::time::Zone;

/// Terms and what they mean, for the help and the README.
pub const HELP: &[(&str, &str)] = &[
    ("invoice", "the name holds it, whatever the case and accents"),
    ("\"two words\"", "the name holds them side by side"),
    ("~ivc", "the name holds these letters in this order"),
    ("status:complete", "a word of the field begins so"),
    ("template=\"Client onboarding\"", "the field is exactly this"),
    ("owner:ana", "a name or an id of theirs begins so"),
    ("tag:keep", "one of its tags does; `folder:` likewise"),
    ("id:5d0c", "the id begins so"),
    ("progress:100  steps<3  launched>=10", "numbers"),
    ("updated<2026-01-01  created:2026-03", "before that day; in that month"),
    ("archived:>30d  updated:<2w", "longer ago; less long ago: `h`, `d`, `w`, `m`, `y`"),
    ("older:90d", "changed, else made or uploaded, at least that long ago"),
    ("-tag:keep", "all but those; a row that does not carry the field is never among them"),
];

/// What a person typed to narrow a list, understood. The default lets everything through.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    source: String,
    /// The kind whose fields are meant.
    kind: Option<Kind>,
    terms: Vec<Term>,
}

/// Why what was typed is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct BadFilter {
    /// The bytes of the source that are wrong.
    pub at: Range<usize>,
    /// What is wrong with them, and what to type, for people.
    pub words: String,
}

impl Filter {
    /// Understands what was typed to narrow a list of `kind`; dates mean days in `zone`.
    ///
    /// # Errors
    /// [`BadFilter`] for the first term that cannot be understood.
    pub fn parse(kind: Kind, source: &str, zone: &Zone) -> Result<Self, BadFilter> {
        let reader = TermParser { kind, zone };
        let terms: Result<_, _> = token::tokens(source).iter().map(|token| reader.term(token)).collect();
        Ok(Self { source: source.to_owned(), kind: Some(kind), terms: terms? })
    }

    /// Understands what was typed as words over names alone, of whatever kind: each must stand anywhere in the name, none
    /// names a field, and nothing is refused. Quotes keep words together.
    #[must_use]
    pub fn words(source: &str) -> Self {
        let look = |token: &token::FilterToken| TextPattern::new(&token.text(), TextPlace::Anywhere);
        let looks = token::tokens(source).iter().filter_map(look).collect::<Vec<_>>();
        let terms = looks.into_iter().map(|look| Term { negated: false, test: Test::Name(look) });
        Self { source: source.to_owned(), kind: None, terms: terms.collect() }
    }

    /// Whether a name holds all the words. Terms on other fields than the name, and fuzzy ones, have no say.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        let folded = text::folded(name);
        self.terms.iter().all(|term| match &term.test {
            Test::Name(look) => look.is_in(&folded) != term.negated,
            _ => true,
        })
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

    /// The includes that rows must have been asked for with, so that it can be decided.
    #[must_use]
    pub fn needs(&self) -> BTreeSet<&'static str> {
        let include = |term: &Term| match (self.kind, &term.test) {
            (Some(kind), Test::Field { field, .. }) => kind.row().fields.get(*field)?.include,
            _ => None,
        };
        self.terms.iter().filter_map(include).collect()
    }

    /// What a server can be asked, as parameters and values, so that it answers with fewer rows; nothing where it cannot
    /// be asked. It leaves out nothing that the filter lets through, as far as that can be known, and lets more through.
    #[must_use]
    pub fn question(&self, people: &Members) -> Vec<(&'static str, String)> {
        server_query::question(self, people)
    }

    /// Which graphemes of `name` matched, in order; `None` if it does not match at all. Terms on other fields than the
    /// name have no say.
    #[must_use]
    pub fn matched(&self, name: &str, room: &mut FuzzyBuffers) -> Option<Vec<u32>> {
        let mut letters = Vec::new();
        for term in &self.terms {
            let found = match &term.test {
                Test::Name(look) => find(look, name).map(|found| letters.extend(found)),
                Test::Fuzzy(fuzzy) if term.negated => fuzzy.score(name, room).map(|_| ()),
                Test::Fuzzy(fuzzy) => fuzzy.letters(name, room, &mut letters),
                _ => continue,
            };
            if found.is_some() == term.negated {
                return None;
            }
        }
        letters.sort_unstable();
        letters.dedup();
        Some(letters)
    }
}

/// The graphemes of `name` that the first occurrence of what is looked for covers.
///
/// The matcher's own substring search is not used: in text beyond ASCII it misses a match at the very end.
fn find(look: &TextPattern, name: &str) -> Option<Range<u32>> {
    let mut folded = String::new();
    let starts: Vec<usize> = name
        .graphemes(true)
        .map(|grapheme| {
            let start = folded.len();
            folded.push_str(&text::folded(grapheme));
            start
        })
        .collect();
    let found = look.find(&folded)?;
    let first = starts.partition_point(|start| *start <= found.start).saturating_sub(1);
    let last = starts.partition_point(|start| *start < found.end);
    Some(u32::try_from(first).ok()?..u32::try_from(last).ok()?)
}

#[cfg(test)]
mod tests;
