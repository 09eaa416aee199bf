//! Which rows of a list are shown, and in which order.
//!
//! Owns how rows are put in order and gone through, as pure functions over shared rows, so that this can run off the
//! loop. Whether a row matches is for [`super::filter`] to say, how two rows compare for the order.

mod order;

use std::sync::Arc;

use jiff::Timestamp;

use super::filter::fuzzy::Fuzzy;
use super::filter::{Filter, FuzzyBuffers, Matcher};
use super::kind::Kind;
use super::people::Members;
use super::rows::Rows;

/// The candidates that match what was typed, best first; all of them in order if nothing was.
#[must_use]
pub fn best<T>(typed: &str, candidates: Vec<T>, name: impl Fn(&T) -> String) -> Vec<T> {
    let typed = typed.trim();
    if typed.is_empty() {
        return candidates;
    }
    let fuzzy = Fuzzy::new(typed);
    let mut room = FuzzyBuffers::default();
    let mut scored: Vec<_> = candidates
        .into_iter()
        .filter_map(|candidate| Some((fuzzy.score(&name(&candidate), &mut room)?, candidate)))
        .collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The field rows are sorted by, and the direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// Position of the field in the kind's row.
    pub field: usize,
    /// Whether the order is turned around.
    pub reverse: bool,
}

/// What to arrange, and how.
#[derive(Debug, Clone)]
pub struct Query {
    /// All rows of a list.
    pub rows: Rows,
    /// Which to keep.
    pub filter: Filter,
    /// In which order; as they came if none.
    pub sort: Option<Sort>,
    /// Names for filtering and sorting by people.
    pub people: Arc<Members>,
    /// What ages are counted from.
    pub now: Timestamp,
    /// The base of a former arrangement of the same rows by the same sort, so that nothing is sorted again.
    pub base: Option<Arc<[u32]>>,
}

/// Rows in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueryResult {
    /// The positions of the rows that match.
    pub order: Arc<[u32]>,
    /// The positions of all rows in the same order.
    pub base: Arc<[u32]>,
    /// The fields that some rows do not carry, and how many rows that would match if what they carry were all.
    pub unknown: Vec<(usize, usize)>,
}

/// How many rows are looked at between two questions whether the result is still wanted.
const CHUNK: usize = 8192;

/// How many rows are a screenful.
const SCREENFUL: usize = 128;

/// How many rows are looked at in their order before the others are, so that a screenful is found early.
const EARLY: usize = 2048;

/// Puts rows in order and keeps those that match; `None` if that is no longer `wanted`.
///
/// If there are many rows, `first` is told the beginning of the order once, as soon as it fills a screen.
#[must_use]
pub fn arrange(
    request: &Query,
    wanted: &dyn Fn() -> bool,
    first: &mut dyn FnMut(QueryResult),
) -> Option<QueryResult> {
    let base = match &request.base {
        Some(base) => Arc::clone(base),
        None => order::all(&request.rows, request.sort, &request.people, wanted)?,
    };
    if !wanted() {
        return None;
    }
    if request.filter.is_empty() {
        return Some(QueryResult { order: Arc::clone(&base), base, unknown: Vec::new() });
    }
    sift(request, base, wanted, first)
}

fn sift(
    request: &Query,
    base: Arc<[u32]>,
    wanted: &dyn Fn() -> bool,
    first: &mut dyn FnMut(QueryResult),
) -> Option<QueryResult> {
    let mut matcher = Matcher::new(&request.filter, &request.people, request.now);
    let matches = |position: u32, matcher: &mut Matcher<'_>| {
        request.rows.get(position as usize).is_some_and(|record| matcher.lets_through(&record))
    };
    let mut order = Vec::new();
    let is_long = base.len() > CHUNK;
    let (early, late) = base.split_at(if is_long { EARLY } else { base.len() });
    let mut is_told = !is_long;
    for (n, position) in early.iter().enumerate() {
        if matches(*position, &mut matcher) {
            order.push(*position);
        }
        let is_enough = order.len() == SCREENFUL || n + 1 == EARLY;
        if is_enough && !is_told && !order.is_empty() {
            is_told = true;
            let (order, base) = (order.as_slice().into(), Arc::clone(&base));
            first(QueryResult { order, base, unknown: matcher.unknown() });
        }
    }
    let found = in_memory(late, wanted, &mut |position| matches(position, &mut matcher))?;
    order.extend(late.iter().filter(|position| found[**position as usize]));
    wanted().then(|| QueryResult { order: order.into(), base, unknown: matcher.unknown() })
}

/// Which of these positions match, looked at in the order in which rows lie in memory: in any other, most of the time
/// goes into waiting for it.
fn in_memory(
    positions: &[u32],
    wanted: &dyn Fn() -> bool,
    matches: &mut dyn FnMut(u32) -> bool,
) -> Option<Vec<bool>> {
    let len = positions.iter().max().map_or(0, |last| *last as usize + 1);
    let mut found = vec![false; len];
    positions.iter().for_each(|position| found[*position as usize] = true);
    for (position, is_found) in (0..).zip(&mut found) {
        if position % CHUNK as u32 == 0 && !wanted() {
            return None;
        }
        *is_found = *is_found && matches(position);
    }
    Some(found)
}

/// The fields of `kind` that a list can be sorted by: its columns.
pub fn sortable(kind: Kind) -> impl Iterator<Item = usize> {
    kind.row()
        .fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.column.is_some())
        .map(|(position, _)| position)
}

#[cfg(test)]
mod tests;
