//! The filter as it is typed.
//!
//! Owns what stands in its line, what Esc returns to, and the values that Tab walks through. What a filter means is the
//! model's business.
pub(crate) mod update;

use std::collections::BTreeSet;
use std::ops::Range;

use super::text_input::TextInput;
use crate::app::state::State;
use crate::model::catalog::{BETWEEN, FieldFormat};
use crate::model::filter::{self, Filter};
use crate::model::record::Value;

/// How many rows are looked at for the values of a field, and how many values are offered: a person picks from a few.
const MOST_ROWS: usize = 10_000;
const MOST_VALUES: usize = 200;

/// What was typed and is no filter, so that another one, or none, is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// What was typed.
    pub source: String,
    /// What is wrong with it.
    pub words: String,
}

/// A filter that is being typed.
#[derive(Debug)]
pub struct FilterInput {
    /// What is typed.
    pub input: TextInput,
    /// What Esc returns to.
    pub former: (Filter, Option<FilterError>),
    /// What Tab walks through, since the last other key.
    pub completing: Option<CompletionWalk>,
    /// Whether what was typed last is not in force yet.
    pub is_pending: bool,
}

/// The walk through what could stand at the cursor.
#[derive(Debug)]
pub struct CompletionWalk {
    /// What could.
    pub candidates: Vec<String>,
    /// Which of it stands there now.
    pub at: usize,
    /// What was typed before.
    source: String,
    /// The bytes of that which each candidate takes the place of.
    range: Range<usize>,
}

impl CompletionWalk {
    /// What can stand at the cursor of `input`, if anything can. The first of it stands there at once.
    #[must_use]
    pub fn begin(state: &State, input: &TextInput) -> Option<Self> {
        let source = input.value().to_owned();
        let cursor = source.char_indices().nth(input.cursor()).map_or(source.len(), |(at, _)| at);
        let completion = filter::complete(state.kind, &source, cursor, &|field| values(state, field));
        let (candidates, range) = (completion.candidates, completion.range);
        (!candidates.is_empty()).then_some(Self { candidates, at: 0, source, range })
    }

    /// Goes on by so many candidates, around the end.
    pub fn step(&mut self, by: usize) {
        self.at = (self.at + by) % self.candidates.len().max(1);
    }

    /// The line with the candidate of the moment in it.
    #[must_use]
    pub fn input(&self) -> TextInput {
        let candidate = self.candidates.get(self.at).map_or("", String::as_str);
        let head = [&self.source[..self.range.start], candidate].concat();
        let cursor = head.chars().count();
        TextInput::from(head + &self.source[self.range.end..]).with_cursor(cursor)
    }
}

/// The values that the loaded rows have in a field, as a person types them.
fn values(state: &State, field: usize) -> Vec<String> {
    let mut found = BTreeSet::new();
    let Some(form) = state.kind.row().fields.get(field).map(|field| field.form) else { return Vec::new() };
    for record in state.listing().records().take(MOST_ROWS) {
        let Value::Text(text) = record.value(field) else { continue };
        match form {
            FieldFormat::People => found.extend(text.split(',').map(|id| state.people.names(id))),
            FieldFormat::Names => found.extend(text.split(BETWEEN).map(str::to_owned)),
            _ => drop(found.insert(text.to_owned())),
        }
        if found.len() >= MOST_VALUES {
            break;
        }
    }
    found.into_iter().collect()
}
