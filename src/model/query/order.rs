//! All rows of a list in order.
//!
//! Owns how values of each form compare. Nothing is allocated per row: keys stand in one text, and most comparisons are
//! decided by their first bytes.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{CHUNK, Sort};
use crate::model::catalog::FieldFormat;
use crate::model::people::Members;
use crate::model::record::{Record, Value};
use crate::model::rows::Rows;
use crate::model::text;

/// The positions of all live rows, sorted if a sort is given; `None` if that is no longer wanted.
pub(super) fn all(
    rows: &Rows,
    sort: Option<Sort>,
    people: &Members,
    wanted: &dyn Fn() -> bool,
) -> Option<Arc<[u32]>> {
    let live = rows.live().filter_map(|position| u32::try_from(position).ok());
    let Some(sort) = sort else { return Some(live.collect()) };
    let mut keys = SortKeys::default();
    for (n, position) in live.enumerate() {
        if n.is_multiple_of(CHUNK) && !wanted() {
            return None;
        }
        if let Some(record) = rows.get(position as usize) {
            keys.add(position, &record, sort.field, people);
        }
    }
    Some(keys.sorted(sort.reverse))
}

/// What rows are sorted by: numbers and times before text, rows without a value last in either direction, and rows
/// that compare equal as they came.
#[derive(Default)]
struct SortKeys {
    numbers: Vec<(f64, u32)>,
    words: Vec<Word>,
    missing: Vec<u32>,
    /// The text of all words, folded.
    text: String,
    names: String,
}

struct Word {
    /// The first bytes, as a number that compares as they do.
    prefix: u64,
    start: usize,
    end: usize,
    position: u32,
}

impl SortKeys {
    fn add(&mut self, position: u32, record: &Record, field: usize, people: &Members) {
        match (record.value(field), record.kind().row().fields.get(field).map(|field| field.form)) {
            (Value::Missing, _) => self.missing.push(position),
            (Value::Number(number), _) => self.numbers.push((number, position)),
            // Milliseconds since the epoch fit a double exactly for any date the API can mean.
            (Value::Time(time), _) => self.numbers.push((time.as_millisecond() as f64, position)),
            (Value::Text(ids), Some(FieldFormat::People)) => {
                let mut names = std::mem::take(&mut self.names);
                names.clear();
                people.write_names(ids, &mut names);
                self.word(position, &names);
                self.names = names;
            }
            (Value::Text(words), _) => self.word(position, words),
        }
    }

    fn word(&mut self, position: u32, words: &str) {
        let start = self.text.len();
        text::fold_onto(words, &mut self.text);
        let end = self.text.len();
        let mut prefix = [0; 8];
        prefix.iter_mut().zip(&self.text.as_bytes()[start..end]).for_each(|(to, from)| *to = *from);
        self.words.push(Word { prefix: u64::from_be_bytes(prefix), start, end, position });
    }

    fn sorted(self, reverse: bool) -> Arc<[u32]> {
        let Self { mut numbers, mut words, missing, text, .. } = self;
        let turned = |order: Ordering| if reverse { order.reverse() } else { order };
        numbers.sort_by(|one, two| turned(one.0.total_cmp(&two.0)));
        let rest = |word: &Word| &text.as_bytes()[word.start..word.end];
        words.sort_by(|one, two| turned(one.prefix.cmp(&two.prefix).then_with(|| rest(one).cmp(rest(two)))));
        let numbers = numbers.into_iter().map(|(_, position)| position);
        numbers.chain(words.into_iter().map(|word| word.position)).chain(missing).collect()
    }
}
