//! What scrolls, line by line: how values read, and how lines are broken to a width.
//!
//! Owns the wrapping, so that what is drawn and what is scrolled count the same lines. Must not know how a line is drawn.

use crate::model::catalog::{BETWEEN, FieldFormat};
use crate::model::people::Members;
use crate::model::record::{Record, Value};
use crate::model::text;
use crate::model::time::Zone;

/// How much a line asks to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineWeight {
    /// It merely tells.
    Plain,
    /// It must not be overlooked.
    Loud,
    /// It heads what follows.
    Head,
    /// It is of little weight.
    Faint,
}

/// One line, broken to a width.
#[derive(Debug, Clone)]
pub struct WrappedLine {
    /// How much it asks to be read.
    pub weight: LineWeight,
    /// What stands before the text: a label, or keys, with the spaces that align the text.
    pub handle: String,
    /// The text.
    pub text: String,
    /// The record the line stands for, if it stands for one.
    pub record: Option<Record>,
}

impl WrappedLine {
    /// A line without a lead.
    #[must_use]
    pub fn new(weight: LineWeight, text: impl Into<String>) -> Self {
        Self { weight, handle: String::new(), text: text.into(), record: None }
    }

    /// An empty line.
    #[must_use]
    pub fn blank() -> Self {
        Self::new(LineWeight::Plain, "")
    }

    /// `text` as lines of at most `width` cells.
    pub fn wrapped(weight: LineWeight, text: &str, width: usize) -> impl Iterator<Item = Self> {
        text::wrapped(&text::clean_lines(text), width).into_iter().map(move |line| Self::new(weight, line))
    }

    /// `text` after a `handle` of `column` cells, its further lines aligned with the first. A lead that is too long
    /// stands on a line of its own.
    #[must_use]
    pub fn led(handle: &str, column: usize, weight: LineWeight, text: &str, width: usize) -> Vec<Self> {
        let handle = text::clean(handle);
        let mut lines = Vec::new();
        let mut next = if text::width(&handle) < column {
            text::padded(&handle, column)
        } else {
            let own = text::wrapped(&handle, width).into_iter();
            lines.extend(own.map(|handle| Self { handle, ..Self::blank() }));
            " ".repeat(column)
        };
        for text in text::wrapped(&text::clean_lines(text), width.saturating_sub(column)) {
            let handle = std::mem::replace(&mut next, " ".repeat(column));
            lines.push(Self { weight, handle, text, record: None });
        }
        lines
    }
}

/// How exactly a time is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimePrecision {
    /// `2026-03-01`
    Day,
    /// `2026-03-01 09:30`
    Minute,
}

/// The value of a record's field as people read it; empty where it is missing.
#[must_use]
pub fn shown(
    record: &Record,
    field: usize,
    zone: &Zone,
    people: &Members,
    precision: TimePrecision,
) -> Option<String> {
    let form = record.kind().row().fields.get(field)?.form;
    Some(match (record.value(field), form) {
        // What is stored elsewhere has a size that nobody here will know.
        (Value::Missing, FieldFormat::Bytes) if record.stored_bytes().is_none() => return None,
        (Value::Missing, FieldFormat::Bytes) if precision == TimePrecision::Day => "unknown".to_owned(),
        (Value::Missing, FieldFormat::Bytes) => "unknown until downloaded".to_owned(),
        (Value::Missing, _) => return None,
        (Value::Text(ids), FieldFormat::People) => people.names(ids),
        (Value::Text(names), FieldFormat::Names) => names.replace(BETWEEN, ", "),
        (Value::Text(words), _) => words.to_owned(),
        (Value::Number(share), FieldFormat::Percent) => format!("{share:.0}%"),
        // A number of bytes is whole and not negative.
        (Value::Number(bytes), FieldFormat::Bytes) => text::size(bytes as u64),
        (Value::Number(number), _) => shown_number(number),
        (Value::Time(at), _) if precision == TimePrecision::Day => zone.date(at),
        (Value::Time(at), _) => zone.minute(at),
    })
}

fn shown_number(number: f64) -> String {
    let whole = number.fract() == 0.0 && (0.0..1e15).contains(&number);
    // Exact: the range was just checked.
    if whole { text::grouped(number as u64) } else { number.to_string() }
}
