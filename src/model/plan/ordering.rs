//! The order in which records are dealt with.
//!
//! Owns that what hangs on others goes before them: kind by kind as the catalog says, and within a kind what lies inside
//! before what it lies in, also where what lies between is not chosen. Otherwise the order given stays. Must not know the
//! action.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Target;
use crate::model::record::{Record, Value};

/// How deep records may lie in one another before it is taken for a circle.
const DEEPEST: usize = 64;

/// Whose turn comes first: the kind's, and of a kind the deepest.
type StepOrder = (u8, Reverse<usize>);

/// In what each record lies, by its id. Only one kind lies in itself, and ids are unique within it.
type Parents = BTreeMap<String, String>;

/// What these records say of what they lie in.
pub(super) fn parents(records: impl Iterator<Item = Record>) -> Parents {
    records.filter_map(|record| Some((record.id().to_string(), parent(&record)?.to_owned()))).collect()
}

/// The chosen ones in their order, where more is known of what lies in what than they say.
pub(super) fn ordered(chosen: &[Target], known: &Parents) -> Vec<Target> {
    let turns = each(chosen.iter().map(|chosen| &chosen.record), known);
    let mut ordered: Vec<(StepOrder, &Target)> = turns.into_iter().zip(chosen).collect();
    ordered.sort_by_key(|(turn, _)| *turn);
    ordered.into_iter().map(|(_, chosen)| chosen.clone()).collect()
}

/// The number of the turn of each, for records in their order.
pub(super) fn of<'a>(records: impl Iterator<Item = &'a Record>, known: &Parents) -> Vec<usize> {
    let (mut before, mut number) = (None, 0);
    let numbered = each(records, known).into_iter().map(|turn| {
        number += usize::from(before.replace(turn).is_some_and(|before| before != turn));
        number
    });
    numbered.collect()
}

fn each<'a>(records: impl Iterator<Item = &'a Record>, known: &Parents) -> Vec<StepOrder> {
    let records: Vec<&Record> = records.collect();
    let lying = records.iter().filter_map(|record| Some((record.id().to_string(), parent(record)?)));
    let own: BTreeMap<String, &str> = lying.collect();
    let depth = |record: &Record| {
        let mut at = parent(record);
        std::iter::from_fn(|| {
            let here = at?;
            at = own.get(here).copied().or_else(|| known.get(here).map(String::as_str));
            Some(here)
        })
        .take(DEEPEST)
        .count()
    };
    records.iter().map(|record| (record.kind().row().turn, Reverse(depth(record)))).collect()
}

/// The id of what a record lies in.
fn parent(record: &Record) -> Option<&str> {
    match record.named(record.kind().row().parent?) {
        Value::Text(parent) => Some(parent),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::id::Id;
    use crate::model::kind::Kind;
    use crate::model::record::Draft;

    fn record(kind: Kind, id: &str, parent: &str) -> Record {
        let text = |text: &str| Draft::Text(text.to_owned());
        let mut fields = BTreeMap::from([("name".to_owned(), text(id))]);
        if !parent.is_empty() {
            fields.insert("parent id".to_owned(), text(parent));
        }
        Record::of_fields(kind, Id::new(id).unwrap(), &fields)
    }

    fn ids(records: &[Record]) -> (Vec<String>, Vec<usize>) {
        ids_among(records, &[])
    }

    fn ids_among(records: &[Record], known: &[Record]) -> (Vec<String>, Vec<usize>) {
        let known = parents(known.iter().cloned());
        let chosen: Vec<Target> = records.iter().cloned().map(Target::from).collect();
        let ordered = ordered(&chosen, &known);
        let turns = of(ordered.iter().map(|chosen| &chosen.record), &known);
        (ordered.iter().map(|chosen| chosen.record.id().to_string()).collect(), turns)
    }

    #[test]
    fn what_lies_inside_goes_first() {
        let folder = |id, parent| record(Kind::Folders, id, parent);
        let folders =
            [folder("a", ""), folder("b", "a"), folder("x", ""), folder("c", "b"), folder("d", "a")];
        let (ids, turns) = ids(&folders);
        assert_eq!(ids, ["c", "b", "d", "a", "x"]);
        assert_eq!(turns, [0, 1, 1, 2, 2]);
    }

    #[test]
    fn what_lies_inside_goes_first_where_what_lies_between_is_not_chosen() {
        let folder = |id, parent| record(Kind::Folders, id, parent);
        let all = [folder("a", ""), folder("b", "a"), folder("x", "b"), folder("m", "x"), folder("c", "m")];
        let [a, b, x, _, c] = all.clone();
        let (ids, turns) = ids_among(&[a, b, x, c], &all);
        assert_eq!(ids, ["c", "x", "b", "a"]);
        assert_eq!(turns, [0, 1, 2, 3]);
    }

    #[test]
    fn folders_that_lie_in_each_other_come_to_an_end() {
        let (ids, _) = ids(&[record(Kind::Folders, "a", "b"), record(Kind::Folders, "b", "a")]);
        assert_eq!(ids.len(), 2);
    }

    #[test]
    fn kinds_have_their_turns_and_the_order_given_stays() {
        let all = [
            record(Kind::Members, "1", ""),
            record(Kind::Processes, "2", ""),
            record(Kind::Files, "3", ""),
            record(Kind::Processes, "4", ""),
        ];
        assert_eq!(ids(&all), (["3", "2", "4", "1"].map(String::from).to_vec(), vec![0, 1, 1, 2]));
    }
}
