//! What a server can be asked, so that it answers with fewer rows.
//!
//! Owns that such a question leaves out nothing the filter lets through, as far as that can be known. Which questions a
//! list takes is for the catalog to say.

use super::Filter;
use super::term::{Term, Test, TextPattern, TextPlace};
use crate::model::catalog::{FilterSupport, MEMBERS_AT_ONCE, ServerFilter, Source};
use crate::model::kind::Kind;
use crate::model::people::Members;
use crate::model::text;

/// A shorter word narrows nothing worth asking for.
const SHORTEST: usize = 2;

/// The parameters and what to ask them for, each parameter once.
pub(super) fn question(filter: &Filter, people: &Members) -> Vec<(&'static str, String)> {
    let Some(Source::List(list)) = filter.kind.map(|kind| &kind.row().source) else { return Vec::new() };
    let asked = |narrowing: &ServerFilter| {
        let looks = filter.terms.iter().filter_map(|term| on(filter.kind?, narrowing, term));
        let answered = looks.filter_map(|look| asked(narrowing.answers, look, people));
        // Of words a number tells most names apart, and then the longest; of several values any will do.
        let best = answered.rev().max_by_key(|value| match narrowing.answers {
            FilterSupport::Part => {
                (value.contains(|letter: char| letter.is_ascii_digit()), value.chars().count())
            }
            _ => (false, 0),
        });
        best.map(|value| (narrowing.parameter, value))
    };
    list.narrowings.iter().filter_map(asked).collect()
}

/// What a term looks for in the field that a question is about. What must not be there cannot be asked for.
fn on<'a>(kind: Kind, narrowing: &ServerFilter, term: &'a Term) -> Option<&'a TextPattern> {
    let about = kind.row().field(narrowing.field);
    match &term.test {
        _ if term.negated => None,
        Test::Name(look) if about == Some(0) => Some(look),
        Test::Field { field, look } if about == Some(*field) => Some(look),
        _ => None,
    }
}

fn asked(answers: FilterSupport, look: &TextPattern, people: &Members) -> Option<String> {
    let is_whole = look.place == TextPlace::Whole;
    match answers {
        FilterSupport::Part => (look.typed.trim().chars().count() >= SHORTEST).then(|| look.typed.clone()),
        FilterSupport::Value(values) => {
            let folded = text::folded(&look.typed);
            let value = values.iter().find(|(typed, _)| *typed == folded);
            value.map(|(_, sent)| (*sent).to_owned())
        }
        FilterSupport::Members => is_whole.then(|| members(look, people)).flatten(),
    }
}

/// The ids of the members of this whole name, unless there are too many.
fn members(look: &TextPattern, people: &Members) -> Option<String> {
    let typed = look.typed.trim();
    if typed.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(typed.to_owned());
    }
    let known = people.known().filter(|(_, name)| look.is_in(&text::folded(name)));
    let ids: Vec<&str> = known.map(|(id, _)| id).take(MEMBERS_AT_ONCE + 1).collect();
    (1..=MEMBERS_AT_ONCE).contains(&ids.len()).then(|| ids.join(","))
}
