//! From what was typed to terms.
//!
//! Owns every reason why something is no filter. What is doubtful is refused with a hint, for a filter decides what is
//! archived or deleted.

use std::ops::Range;

use super::BadFilter;
use super::fuzzy::Fuzzy;
use super::term::{Term, Test, TextPattern, TextPlace, TimeRange, TimeTerm};
use super::token::{FieldOperator, FilterToken, Operator, TermParts};
use super::value;
use crate::model::age::{AGE_HINT, Age};
use crate::model::catalog::{Field, FieldFormat};
use crate::model::filter::field_ref;
use crate::model::filter::field_ref::FieldRef;
use crate::model::kind::Kind;
use crate::model::text;
use crate::model::time::Zone;

/// What terms are read for.
#[derive(Debug, Clone, Copy)]
pub(super) struct TermParser<'a> {
    pub(super) kind: Kind,
    pub(super) zone: &'a Zone,
}

/// A value, and where it stands.
#[derive(Clone)]
struct TypedValue<'a> {
    value: &'a str,
    at: Range<usize>,
    named: &'a FieldOperator,
}

type ParsedTerm<T> = Result<T, BadFilter>;

fn bad<T>(at: Range<usize>, words: &str) -> ParsedTerm<T> {
    Err(BadFilter { at, words: text::clean(words).into_owned() })
}

impl TermParser<'_> {
    /// Understands one term.
    pub(super) fn term(self, token: &FilterToken) -> ParsedTerm<Term> {
        if let Some(open) = token.open {
            return bad(open..token.range.end, "the quote is not closed; hint: type another `\"`");
        }
        let parts = token.parts();
        let test = match &parts.field {
            Some(named) => self.field(token, &parts, named)?,
            None => words(token, &parts)?,
        };
        Ok(Term { negated: parts.negated, test })
    }

    fn field(self, token: &FilterToken, parts: &TermParts, named: &FieldOperator) -> ParsedTerm<Test> {
        let Some(subject) = field_ref::subject(self.kind, &named.name) else {
            return self.unknown(token, parts, named);
        };
        let typed = TypedValue { value: parts.value.trim(), at: named.at.end..token.range.end, named };
        if typed.value.is_empty() {
            let example = self.example(named, &subject);
            let words =
                format!("nothing stands after `{}`; hint: type a value, such as {example}", named.name);
            return bad(token.range.clone(), &words);
        }
        match subject {
            FieldRef::Id => typed.look(TextPlace::Start).map(Test::Id),
            FieldRef::Older(fields) => typed.older(fields, self.zone),
            FieldRef::Field(field) => self.compared(field, &typed),
        }
    }

    fn compared(self, field: usize, typed: &TypedValue<'_>) -> ParsedTerm<Test> {
        match self.kind.row().fields.get(field).map(|field| field.form) {
            Some(FieldFormat::Number | FieldFormat::Percent | FieldFormat::Length | FieldFormat::Bytes) => {
                typed.number(field)
            }
            Some(FieldFormat::Time) => typed.time(field, self.zone),
            Some(FieldFormat::Text) if field == 0 => typed.look(TextPlace::Anywhere).map(Test::Name),
            Some(FieldFormat::Kind) => {
                let word = Kind::parse(typed.value).map_or(typed.value, |kind| kind.row().singular);
                TypedValue { value: word, ..typed.clone() }
                    .look(TextPlace::Start)
                    .map(|look| Test::Field { field, look })
            }
            Some(FieldFormat::Text | FieldFormat::People | FieldFormat::Names) | None => {
                typed.look(TextPlace::Start).map(|look| Test::Field { field, look })
            }
        }
    }

    fn unknown<T>(self, token: &FilterToken, parts: &TermParts, named: &FieldOperator) -> ParsedTerm<T> {
        let names: Vec<_> = field_ref::names(self.kind).collect();
        let words = format!(
            "{} have no field `{}`; hint: they have {}; between quotes, as in `\"{}{}\"`, it is searched for",
            self.kind.row().plural,
            named.name,
            names.join(", "),
            named.name,
            if named.operator == Operator::Has { ":" } else { "" },
        );
        bad(parts.start..named.at.start.min(token.range.end), &words)
    }

    /// A term on the same field that is right.
    fn example(self, named: &FieldOperator, subject: &FieldRef) -> String {
        let name = &named.name;
        let form = |field: &Field| match field.form {
            FieldFormat::Percent => format!("`{name}:100`"),
            FieldFormat::Number | FieldFormat::Length | FieldFormat::Bytes => format!("`{name}>10`"),
            FieldFormat::Time => format!("`{name}<2026-01-01` or `{name}:>30d`"),
            FieldFormat::People => format!("`{name}:ana`"),
            FieldFormat::Kind => format!("`{name}:process`"),
            FieldFormat::Text | FieldFormat::Names => format!("`{name}:word`"),
        };
        match subject {
            FieldRef::Field(field) => self.kind.row().fields.get(*field).map(form).unwrap_or_default(),
            FieldRef::Id => format!("`{name}:5d0c`"),
            FieldRef::Older(_) => format!("`{name}:90d`"),
        }
    }
}

/// A term without a field.
fn words(token: &FilterToken, parts: &TermParts) -> ParsedTerm<Test> {
    let sign = if parts.fuzzy { '~' } else { '-' };
    match TextPattern::new(&parts.value, TextPlace::Anywhere) {
        Some(_) if parts.fuzzy => Ok(Test::Fuzzy(Fuzzy::new(&parts.value))),
        Some(look) => Ok(Test::Name(look)),
        None if parts.start == token.range.end => {
            let words = format!(
                "`{sign}` needs a word right after it; hint: type `{sign}word`, or `\"{sign}\"` to search for it"
            );
            bad(token.range.clone(), &words)
        }
        None => bad(token.range.clone(), "this holds no letter to search for; hint: type a word"),
    }
}

impl TypedValue<'_> {
    fn bad<T>(&self, what: &str, hint: &str) -> ParsedTerm<T> {
        bad(self.at.clone(), &format!("`{}` {what}; hint: type {hint}", self.value))
    }

    fn look(&self, place: TextPlace) -> ParsedTerm<TextPattern> {
        let name = &self.named.name;
        let place = match self.named.operator {
            Operator::Has => place,
            Operator::Is => TextPlace::Whole,
            _ => {
                let words = format!(
                    "`{name}` is text, which is neither more nor less; hint: type `{name}:{value}`, or `{name}={value}` \
                     for the whole of it",
                    value = self.value
                );
                return bad(self.named.at.clone(), &words);
            }
        };
        match TextPattern::new(self.value, place) {
            Some(look) => Ok(look),
            None => self.bad("holds no letter to search for", "a word"),
        }
    }

    fn number(&self, field: usize) -> ParsedTerm<Test> {
        let name = &self.named.name;
        match value::number(self.value) {
            Some(than) => Ok(Test::Number { field, operator: self.named.operator, than }),
            None => self.bad("is no number", &format!("`{name}:50` or `{name}>=50`")),
        }
    }

    fn time(&self, field: usize, zone: &Zone) -> ParsedTerm<Test> {
        let (name, operator) = (&self.named.name, self.named.operator);
        let when = if let Some((start, end)) = value::day(self.value, zone) {
            TimeTerm::In(TimeRange::of(operator, start, end))
        } else if let Ok(age) = Age::parse(self.value) {
            if matches!(operator, Operator::Has | Operator::Is) {
                let hint =
                    format!("`{name}:>{age}` for longer ago than that, or `{name}:<{age}`", age = self.value);
                return self.bad("is an age, not a day", &hint);
            }
            TimeTerm::Ago { operator, age, zone: zone.clone() }
        } else {
            let what = if Age::is_meant(self.value) { "age" } else { "date" };
            let hint = format!(
                "a day as in `{name}<2026-01-31`, a month, a year, or an age as in `{name}:>30d`: {AGE_HINT}"
            );
            return self.bad(&format!("is not a valid {what}"), &hint);
        };
        Ok(Test::Time { fields: vec![field], when })
    }

    fn older(&self, fields: Vec<usize>, zone: &Zone) -> ParsedTerm<Test> {
        let name = &self.named.name;
        match Age::parse(self.value) {
            Ok(age) if self.named.operator == Operator::Has => Ok(Test::Time {
                fields,
                when: TimeTerm::Ago { operator: Operator::AtLeast, age, zone: zone.clone() },
            }),
            Ok(_) => {
                let words =
                    format!("`{name}` says by itself what is compared; hint: type `{name}:{}`", self.value);
                bad(self.named.at.clone(), &words)
            }
            Err(_) => self.bad("is not a valid age", &format!("`{name}:90d`: {AGE_HINT}")),
        }
    }
}
