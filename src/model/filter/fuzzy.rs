//! Letters that must come in an order, with others between them.
//!
//! The matching itself is a library's; that it is used is known only here.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::model::text;

/// Room for matching, reused from row to row.
#[derive(Debug)]
pub struct FuzzyBuffers {
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Default for FuzzyBuffers {
    fn default() -> Self {
        Self { matcher: Matcher::new(Config::DEFAULT), buffer: Vec::new() }
    }
}

/// Letters to look for, prepared once.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::model) struct Fuzzy(Atom);

impl Fuzzy {
    /// The letters of `text`, whatever their case and accents.
    pub(in crate::model) fn new(text: &str) -> Self {
        let folded = text::folded(text);
        Self(Atom::new(&folded, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy, false))
    }

    /// How well `name` matches, if it does.
    pub(in crate::model) fn score(&self, name: &str, room: &mut FuzzyBuffers) -> Option<u16> {
        room.buffer.clear();
        self.0.score(Utf32Str::new(name, &mut room.buffer), &mut room.matcher)
    }

    /// Adds the graphemes of `name` that match to `letters`; `None` if it does not match.
    pub(super) fn letters(&self, name: &str, room: &mut FuzzyBuffers, letters: &mut Vec<u32>) -> Option<()> {
        room.buffer.clear();
        self.0.indices(Utf32Str::new(name, &mut room.buffer), &mut room.matcher, letters).map(|_| ())
    }
}
