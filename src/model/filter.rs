//! What a person types to narrow a list.
//!
//! Owns the filter's language, from the words typed to the question whether a row matches. It fails closed: what cannot
//! be understood is no filter, and what a row does not carry matches nothing. Must not know of lists, orders or screens.

pub(super) mod fuzzy;

use std::collections::BTreeSet;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use self::fuzzy::Fuzzy;
pub use self::fuzzy::Matching;
use super::kind::Kind;
use super::moment::Zone;
use super::people::People;
use super::text;

/// What a person typed to narrow a list, understood. The default lets everything through.
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
    Fuzzy(Fuzzy),
}

/// Why what was typed is no filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFilter {
    /// The bytes of the source that are wrong.
    pub at: Range<usize>,
    /// What is wrong with them, and what to type, for people.
    pub words: String,
}

/// What can be typed at the cursor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Completion {
    /// The bytes of the source that a candidate takes the place of.
    pub range: Range<usize>,
    /// The candidates, ready to be put there.
    pub candidates: Vec<String>,
}

impl Filter {
    /// Understands what was typed to narrow a list of `kind`; dates mean days in `zone`.
    ///
    /// # Errors
    /// [`BadFilter`] for the first thing that cannot be understood.
    pub fn parse(_kind: Kind, source: &str, _zone: &Zone) -> Result<Self, BadFilter> {
        Ok(Self {
            source: source.to_owned(),
            terms: words(source).iter().filter_map(|word| term(word)).collect(),
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
        BTreeSet::new()
    }

    /// What a server can be asked with that leaves out nothing the filter lets through, as far as that is known.
    #[must_use]
    pub fn question(&self, _people: &People) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Which graphemes of `name` matched, in order; `None` if it does not match at all.
    #[must_use]
    pub fn matched(&self, name: &str, room: &mut Matching) -> Option<Vec<u32>> {
        let mut letters = Vec::new();
        for term in &self.terms {
            match term {
                Term::Word(word) => letters.extend(find(word, name)?),
                Term::Fuzzy(fuzzy) => fuzzy.letters(name, room, &mut letters)?,
            }
        }
        letters.sort_unstable();
        letters.dedup();
        Some(letters)
    }

    pub(super) fn accepts(&self, name: &str, matching: &mut Matching) -> bool {
        let folded = text::folded(name);
        self.terms.iter().all(|term| match term {
            Term::Word(word) => folded.contains(word),
            Term::Fuzzy(fuzzy) => fuzzy.score(name, matching).is_some(),
        })
    }
}

/// What can be typed at `cursor`, a byte of `source`. `values` tells the values of a field.
#[must_use]
pub fn complete(
    _kind: Kind,
    _source: &str,
    cursor: usize,
    _values: &dyn Fn(usize) -> Vec<String>,
) -> Completion {
    Completion { range: cursor..cursor, candidates: Vec::new() }
}

/// The values in the text of a field, as a person types them.
pub fn values(_kind: Kind, _field: usize, text: &str, _people: &People) -> Vec<String> {
    vec![text.to_owned()]
}

/// The graphemes of `name` that the first occurrence of the folded `word` covers.
///
/// The matcher's own substring search is not used: in text beyond ASCII it misses a match at the very end.
fn find(word: &str, name: &str) -> Option<Range<u32>> {
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
        Some(_) => Term::Fuzzy(Fuzzy::new(&needle)),
        None => Term::Word(needle),
    })
}
