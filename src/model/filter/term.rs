//! The terms of a filter, understood.
//!
//! Owns what is compared with what, and how words are looked for in folded text. Must not know how a term is spelled.

use std::cmp::Ordering;

use jiff::{Span, Timestamp};

use super::fuzzy::Fuzzy;
use super::token::Operator;
use crate::model::age::Age;
use crate::model::text;
use crate::model::time::Zone;

/// A term: a test, or that it must fail.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    pub(super) negated: bool,
    pub(super) test: Test,
}

/// What a row must pass.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    /// Its name holds these words.
    Name(TextPattern),
    /// Its name holds these letters in this order.
    Fuzzy(Fuzzy),
    /// Its id begins so, or is this.
    Id(TextPattern),
    /// One of the words, the names or the people in this field begins so, or is this.
    Field { field: usize, look: TextPattern },
    /// The number in this field compares so.
    Number { field: usize, operator: Operator, than: f64 },
    /// The first time in these fields lies so.
    Time { fields: Vec<usize>, when: TimeTerm },
}

/// Words to look for, prepared once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextPattern {
    pub(super) typed: String,
    folded: String,
    pub(super) place: TextPlace,
}

/// Where in a text words must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextPlace {
    /// Anywhere.
    Anywhere,
    /// At the start of a word.
    Start,
    /// From its beginning to its end.
    Whole,
}

impl TextPattern {
    /// Looks for `typed`; nothing can be looked for if no letter of it counts.
    pub(super) fn new(typed: &str, place: TextPlace) -> Option<Self> {
        let folded = text::folded(typed);
        (!folded.trim().is_empty()).then(|| Self { typed: typed.to_owned(), folded, place })
    }

    /// The bytes of the folded `text` where the words stand first.
    pub(super) fn find(&self, text: &str) -> Option<std::ops::Range<usize>> {
        let at = match self.place {
            TextPlace::Anywhere => text.find(&self.folded),
            TextPlace::Start => start_of_word(&self.folded, text),
            TextPlace::Whole => (text == self.folded).then_some(0),
        }?;
        Some(at..at + self.folded.len())
    }

    /// Whether the words stand in the folded `text`.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let needle = self.folded.as_str();
        // `contains` takes shorter ways than `find`, and most rows end here.
        match self.place {
            TextPlace::Anywhere => text.contains(needle),
            TextPlace::Start => {
                text.starts_with(needle) || text.contains(needle) && start_of_word(needle, text).is_some()
            }
            TextPlace::Whole => text == needle,
        }
    }
}

/// Where `needle` stands at the start of a word of `text`: at the beginning, or after something that is no letter and no
/// digit.
pub(super) fn start_of_word(needle: &str, text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find(needle)?;
        let before = text[..at].chars().next_back();
        if before.is_none_or(|before| !before.is_alphanumeric()) {
            return Some(at);
        }
        from = at + text[at..].chars().next()?.len_utf8();
    }
}

impl Operator {
    /// Whether what compares so passes; what does not compare does not.
    pub(super) fn holds(self, order: Option<Ordering>) -> bool {
        order.is_some_and(|order| match self {
            Self::Has | Self::Is => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        })
    }
}

/// When something was.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TimeTerm {
    /// In a stretch of time.
    In(TimeRange),
    /// How long ago.
    Ago { operator: Operator, age: Age, zone: Zone },
}

/// A stretch of time: from its first instant to before its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeRange {
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
}

impl TimeRange {
    /// Times that compare so with what lasts from `start` to before `end`.
    pub(super) fn of(operator: Operator, start: Timestamp, end: Timestamp) -> Self {
        let (from, to) = match operator {
            Operator::Has | Operator::Is => (Some(start), Some(end)),
            Operator::Less => (None, Some(start)),
            Operator::AtMost => (None, Some(end)),
            Operator::More => (Some(end), None),
            Operator::AtLeast => (Some(start), None),
        };
        Self { from, to }
    }

    /// Whether `time` lies in it.
    pub(super) fn holds(self, time: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time < to)
    }
}

impl TimeTerm {
    /// The times that are meant at `now`. More than an age ago is before, and what is yet to come is less than any age
    /// ago.
    pub(super) fn page_request(&self, now: Timestamp) -> TimeRange {
        match self {
            Self::In(page_request) => *page_request,
            Self::Ago { operator, age, zone } => {
                let start = age.before(now, zone);
                let end = start.checked_add(Span::new().nanoseconds(1)).unwrap_or(start);
                let turned = match operator {
                    Operator::Less => Operator::More,
                    Operator::AtMost => Operator::AtLeast,
                    Operator::More => Operator::Less,
                    Operator::AtLeast => Operator::AtMost,
                    same @ (Operator::Has | Operator::Is) => *same,
                };
                TimeRange::of(turned, start, end)
            }
        }
    }
}
