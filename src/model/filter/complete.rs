//! What can be typed at the cursor.
//!
//! Owns which part of a term the cursor is in, and the quotes a value needs. Where values come from is for others to
//! know.

use std::ops::Range;

use super::term::start_of_word;
use super::token::{FilterToken, Operator, tokens};
use crate::model::catalog::FieldFormat;
use crate::model::filter::field_ref;
use crate::model::filter::field_ref::FieldRef;
use crate::model::kind::Kind;
use crate::model::text;

/// What can be typed at the cursor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Completion {
    /// The bytes of the source that a candidate takes the place of.
    pub range: Range<usize>,
    /// The candidates, ready to be put there.
    pub candidates: Vec<String>,
}

/// What can be typed at `cursor`, a byte of `source`: names of fields, or the values of one, which `values` tells by the
/// field's position. There are none inside plain words, numbers, dates and ids.
#[must_use]
pub fn complete(
    kind: Kind,
    source: &str,
    cursor: usize,
    values: &dyn Fn(usize) -> Vec<String>,
) -> Completion {
    let tokens = tokens(source);
    let here = tokens.iter().find(|token| (token.range.start..=token.range.end).contains(&cursor));
    let Some(token) = here else {
        return Completion { range: cursor..cursor, candidates: names(kind, "") };
    };
    let parts = token.until(cursor).parts();
    match &parts.field {
        _ if parts.fuzzy || cursor < token.parts().start => {
            Completion { range: cursor..cursor, candidates: Vec::new() }
        }
        None => Completion { range: parts.start..end_of_name(token), candidates: names(kind, &parts.value) },
        Some(named) => {
            let is_whole = matches!(named.operator, Operator::Has | Operator::Is);
            let candidates = match field_ref::subject(kind, &named.name) {
                Some(FieldRef::Field(field)) if is_whole && holds_words(kind, field) => {
                    fitting(values(field), &parts.value)
                }
                _ => Vec::new(),
            };
            Completion { range: named.at.end..token.range.end, candidates }
        }
    }
}

/// Where the name of a field ends, its operator included, or the word that may become one.
fn end_of_name(token: &FilterToken) -> usize {
    match token.parts().field {
        Some(named) if named.operator == Operator::Has => named.at.end,
        Some(named) => named.at.start,
        None => token.range.end,
    }
}

fn names(kind: Kind, typed: &str) -> Vec<String> {
    let typed = text::folded(typed);
    let fitting = field_ref::names(kind).filter(|name| name.starts_with(&typed));
    fitting.map(|name| format!("{name}:")).collect()
}

fn holds_words(kind: Kind, field: usize) -> bool {
    let form = kind.row().fields.get(field).map(|field| field.form);
    matches!(form, Some(FieldFormat::Text | FieldFormat::People | FieldFormat::Names | FieldFormat::Kind))
}

/// The values that begin like what is typed, or a word of which does, each once.
fn fitting(values: Vec<String>, typed: &str) -> Vec<String> {
    let typed = text::folded(typed);
    let mut fitting: Vec<String> = Vec::new();
    for value in values {
        let folded = text::folded(&value);
        let quoted = quoted(&value);
        if !folded.trim().is_empty() && start_of_word(&typed, &folded).is_some() && !fitting.contains(&quoted)
        {
            fitting.push(quoted);
        }
    }
    fitting
}

/// `value` as it must be typed after an operator.
fn quoted(value: &str) -> String {
    let parts = |letter: char| letter.is_whitespace() || letter == '"';
    if value.contains(parts) || value.starts_with(['<', '>', '=']) {
        return format!("\"{}\"", value.replace('"', "\"\""));
    }
    value.to_owned()
}
