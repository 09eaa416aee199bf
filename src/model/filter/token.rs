//! What was typed, taken apart: terms, and the parts of a term.
//!
//! Owns spaces, quotes, signs and operators. Must not know which fields there are.

use std::ops::Range;

/// A letter of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SourceChar {
    /// The byte it stands at.
    at: usize,
    letter: char,
    /// Whether it stands between quotes, where it means only itself.
    quoted: bool,
}

impl SourceChar {
    fn is(self, sign: char) -> bool {
        !self.quoted && self.letter == sign
    }
}

/// What stands between two spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilterToken {
    pub(super) range: Range<usize>,
    letters: Vec<SourceChar>,
    /// The quote that was not closed.
    pub(super) open: Option<usize>,
}

/// How a field is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `:`
    Has,
    /// `=`
    Is,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

/// A term by its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TermParts {
    /// Whether it began with `-`.
    pub(super) negated: bool,
    /// Whether it went on with `~`.
    pub(super) fuzzy: bool,
    /// Where what follows the signs begins.
    pub(super) start: usize,
    /// The field, if it names one.
    pub(super) field: Option<FieldOperator>,
    /// The words, or the value of the field.
    pub(super) value: String,
}

/// A field with its operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldOperator {
    /// What stands before the operator, in lower case.
    pub(super) name: String,
    pub(super) operator: Operator,
    /// The bytes of the operator.
    pub(super) at: Range<usize>,
}

/// The terms of a filter: split at spaces outside double quotes.
pub(super) fn tokens(source: &str) -> Vec<FilterToken> {
    let mut tokens: Vec<FilterToken> = Vec::new();
    let mut letters = source.char_indices().peekable();
    let mut is_inside = false;
    while let Some((at, letter)) = letters.next() {
        let open = tokens.last().and_then(|token| token.open).filter(|_| is_inside);
        if letter.is_whitespace() && open.is_none() {
            is_inside = false;
            continue;
        }
        if !is_inside {
            tokens.push(FilterToken { range: at..at, letters: Vec::new(), open: None });
            is_inside = true;
        }
        let Some(token) = tokens.last_mut() else { continue };
        token.range.end = at + letter.len_utf8();
        // Two quotes between quotes are a quote.
        let doubled = letter == '"' && open.is_some() && letters.next_if(|(_, next)| *next == '"').is_some();
        match (letter, open) {
            ('"', Some(_)) if !doubled => token.open = None,
            ('"', None) => token.open = Some(at),
            _ => token.letters.push(SourceChar { at, letter, quoted: open.is_some() }),
        }
        token.range.end += usize::from(doubled);
    }
    tokens
}

impl FilterToken {
    /// What was typed without the quotes, whatever else it may mean.
    pub(super) fn text(&self) -> String {
        self.letters.iter().map(|letter| letter.letter).collect()
    }

    /// What stands before the byte `end`, or nothing if it begins there.
    pub(super) fn until(&self, end: usize) -> Self {
        let letters = self.letters.iter().copied().filter(|letter| letter.at < end).collect();
        Self { range: self.range.start..end.min(self.range.end), letters, open: None }
    }

    /// The parts of the term.
    pub(super) fn parts(&self) -> TermParts {
        let begin = self.range.start;
        let sign = |n: usize, sign| {
            self.letters.get(n).is_some_and(|letter| letter.is(sign) && letter.at == begin + n)
        };
        let negated = sign(0, '-');
        let fuzzy = sign(usize::from(negated), '~');
        let signs = usize::from(negated) + usize::from(fuzzy);
        let rest = self.letters.get(signs..).unwrap_or_default();
        let start = begin + signs;
        match named(rest).filter(|_| !fuzzy) {
            Some((field, value)) => {
                TermParts { negated, fuzzy, start, field: Some(field), value: text(value) }
            }
            None => TermParts { negated, fuzzy, start, field: None, value: text(rest) },
        }
    }
}

fn text(letters: &[SourceChar]) -> String {
    letters.iter().map(|letter| letter.letter).collect()
}

/// The field and the letters of its value, where something before an operator could be the name of a field.
fn named(letters: &[SourceChar]) -> Option<(FieldOperator, &[SourceChar])> {
    let at = letters.iter().position(|letter| [':', '<', '>', '='].iter().any(|sign| letter.is(*sign)))?;
    let name = text(&letters[..at]).to_lowercase();
    let first = name.starts_with(|first: char| first.is_ascii_lowercase());
    let rest = name
        .chars()
        .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || " _-".contains(letter));
    if !first || !rest {
        return None;
    }
    let (mut operator, mut signs) = operator(&letters[at..])?;
    if operator == Operator::Has
        && let Some((second, more)) = self::operator(&letters[at + 1..])
        && second != Operator::Has
        && letters[at + 1].at == letters[at].at + 1
    {
        (operator, signs) = (second, signs + more);
    }
    let begin = letters[at].at;
    Some((FieldOperator { name, operator, at: begin..begin + signs }, &letters[at + signs..]))
}

/// The operator that `letters` begin with, and of how many signs it is.
fn operator(letters: &[SourceChar]) -> Option<(Operator, usize)> {
    let first = letters.first().filter(|letter| !letter.quoted)?;
    let or_equal = letters.get(1).is_some_and(|second| second.is('=') && second.at == first.at + 1);
    match (first.letter, or_equal) {
        (':', _) => Some((Operator::Has, 1)),
        ('=', _) => Some((Operator::Is, 1)),
        ('<', false) => Some((Operator::Less, 1)),
        ('<', true) => Some((Operator::AtMost, 2)),
        ('>', false) => Some((Operator::More, 1)),
        ('>', true) => Some((Operator::AtLeast, 2)),
        _ => None,
    }
}
