//! From what was typed to terms.
//!
//! Owns every reason why something is no filter. What is doubtful is refused with a hint, for a filter decides what is
//! archived or deleted.

use std::ops::Range;

use super::BadFilter;
use super::fuzzy::Fuzzy;
use super::term::{Look, Place, Stretch, Term, Test, When};
use super::token::{Named, Operator, Parts, Token};
use super::value;
use crate::model::age::{AGE_HINT, Age};
use crate::model::catalog::{Field, Form};
use crate::model::filter::field_ref;
use crate::model::filter::field_ref::Subject;
use crate::model::kind::Kind;
use crate::model::text;
use crate::model::time::Zone;

/// What terms are read for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) kind: Kind,
    pub(super) zone: &'a Zone,
}

/// A value, and where it stands.
#[derive(Clone)]
struct Typed<'a> {
    value: &'a str,
    at: Range<usize>,
    named: &'a Named,
}

type Understood<T> = Result<T, BadFilter>;

fn bad<T>(at: Range<usize>, words: &str) -> Understood<T> {
    Err(BadFilter { at, words: text::clean(words).into_owned() })
}

impl Reader<'_> {
    /// Understands one term.
    pub(super) fn term(self, token: &Token) -> Understood<Term> {
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

    fn field(self, token: &Token, parts: &Parts, named: &Named) -> Understood<Test> {
        let Some(subject) = field_ref::subject(self.kind, &named.name) else {
            return self.unknown(token, parts, named);
        };
        let typed = Typed { value: parts.value.trim(), at: named.at.end..token.range.end, named };
        if typed.value.is_empty() {
            let example = self.example(named, &subject);
            let words =
                format!("nothing stands after `{}`; hint: type a value, such as {example}", named.name);
            return bad(token.range.clone(), &words);
        }
        match subject {
            Subject::Id => typed.look(Place::Start).map(Test::Id),
            Subject::Older(fields) => typed.older(fields, self.zone),
            Subject::Field(field) => self.compared(field, &typed),
        }
    }

    fn compared(self, field: usize, typed: &Typed<'_>) -> Understood<Test> {
        match self.kind.row().fields.get(field).map(|field| field.form) {
            Some(Form::Number | Form::Percent | Form::Length | Form::Bytes) => typed.number(field),
            Some(Form::Time) => typed.time(field, self.zone),
            Some(Form::Text) if field == 0 => typed.look(Place::Anywhere).map(Test::Name),
            Some(Form::Kind) => {
                let word = Kind::parse(typed.value).map_or(typed.value, |kind| kind.row().singular);
                Typed { value: word, ..typed.clone() }
                    .look(Place::Start)
                    .map(|look| Test::Field { field, look })
            }
            Some(Form::Text | Form::People | Form::Names) | None => {
                typed.look(Place::Start).map(|look| Test::Field { field, look })
            }
        }
    }

    fn unknown<T>(self, token: &Token, parts: &Parts, named: &Named) -> Understood<T> {
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
    fn example(self, named: &Named, subject: &Subject) -> String {
        let name = &named.name;
        let form = |field: &Field| match field.form {
            Form::Percent => format!("`{name}:100`"),
            Form::Number | Form::Length | Form::Bytes => format!("`{name}>10`"),
            Form::Time => format!("`{name}<2026-01-01` or `{name}:>30d`"),
            Form::People => format!("`{name}:ana`"),
            Form::Kind => format!("`{name}:process`"),
            Form::Text | Form::Names => format!("`{name}:word`"),
        };
        match subject {
            Subject::Field(field) => self.kind.row().fields.get(*field).map(form).unwrap_or_default(),
            Subject::Id => format!("`{name}:5d0c`"),
            Subject::Older(_) => format!("`{name}:90d`"),
        }
    }
}

/// A term without a field.
fn words(token: &Token, parts: &Parts) -> Understood<Test> {
    let sign = if parts.fuzzy { '~' } else { '-' };
    match Look::new(&parts.value, Place::Anywhere) {
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

impl Typed<'_> {
    fn bad<T>(&self, what: &str, hint: &str) -> Understood<T> {
        bad(self.at.clone(), &format!("`{}` {what}; hint: type {hint}", self.value))
    }

    fn look(&self, place: Place) -> Understood<Look> {
        let name = &self.named.name;
        let place = match self.named.operator {
            Operator::Has => place,
            Operator::Is => Place::Whole,
            _ => {
                let words = format!(
                    "`{name}` is text, which is neither more nor less; hint: type `{name}:{value}`, or `{name}={value}` \
                     for the whole of it",
                    value = self.value
                );
                return bad(self.named.at.clone(), &words);
            }
        };
        match Look::new(self.value, place) {
            Some(look) => Ok(look),
            None => self.bad("holds no letter to search for", "a word"),
        }
    }

    fn number(&self, field: usize) -> Understood<Test> {
        let name = &self.named.name;
        match value::number(self.value) {
            Some(than) => Ok(Test::Number { field, operator: self.named.operator, than }),
            None => self.bad("is no number", &format!("`{name}:50` or `{name}>=50`")),
        }
    }

    fn time(&self, field: usize, zone: &Zone) -> Understood<Test> {
        let (name, operator) = (&self.named.name, self.named.operator);
        let when = if let Some((start, end)) = value::day(self.value, zone) {
            When::In(Stretch::of(operator, start, end))
        } else if let Ok(age) = Age::parse(self.value) {
            if matches!(operator, Operator::Has | Operator::Is) {
                let hint =
                    format!("`{name}:>{age}` for longer ago than that, or `{name}:<{age}`", age = self.value);
                return self.bad("is an age, not a day", &hint);
            }
            When::Ago { operator, age, zone: zone.clone() }
        } else {
            let what = if Age::is_meant(self.value) { "age" } else { "date" };
            let hint = format!(
                "a day as in `{name}<2026-01-31`, a month, a year, or an age as in `{name}:>30d`: {AGE_HINT}"
            );
            return self.bad(&format!("is not a valid {what}"), &hint);
        };
        Ok(Test::Time { fields: vec![field], when })
    }

    fn older(&self, fields: Vec<usize>, zone: &Zone) -> Understood<Test> {
        let name = &self.named.name;
        match Age::parse(self.value) {
            Ok(age) if self.named.operator == Operator::Has => Ok(Test::Time {
                fields,
                when: When::Ago { operator: Operator::AtLeast, age, zone: zone.clone() },
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
