//! Orders, and what is handed over before they are complete.

use std::cell::Cell;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::model::id::Id;
use crate::model::record::{Draft, Page};
use crate::model::rows::PagePosition;
use crate::model::time::Zone;

/// Templates with a name and a number of steps.
fn rows(rows: &[(&str, Option<f64>)]) -> Rows {
    let steps = Kind::Templates.row().field("steps").unwrap();
    let row = |(n, (name, number)): (usize, &(&str, Option<f64>))| {
        let mut drafts = vec![Draft::Missing; Kind::Templates.row().fields.len()];
        drafts[0] = Draft::Text((*name).to_owned());
        drafts[steps] = number.map_or(Draft::Missing, Draft::Number);
        (Id::new(&n.to_string()).unwrap(), drafts)
    };
    let pages: Vec<_> = rows.iter().enumerate().map(row).collect();
    let mut rows = Rows::default();
    for (number, page) in (1..).zip(pages.chunks(100)) {
        rows.push(PagePosition::Listed(number), Arc::new(Page::new(Kind::Templates, page.to_vec())));
    }
    rows
}

fn request(rows: Rows, filter: &str, sort: Option<Sort>) -> Query {
    let filter = Filter::parse(Kind::Templates, filter, &Zone::new(TimeZone::UTC)).unwrap();
    let people = Arc::new(Members::default());
    Query { rows, filter, sort, people, now: Timestamp::UNIX_EPOCH, base: None }
}

fn order(request: &Query) -> Vec<u32> {
    arrange(request, &|| true, &mut |_| ()).unwrap().order.to_vec()
}

#[test]
fn rows_without_a_value_come_last_in_both_directions() {
    let field = Kind::Templates.row().field("steps").unwrap();
    let rows = rows(&[("a", Some(10.0)), ("b", None), ("c", Some(9.0)), ("d", Some(10.0))]);
    let sorted = |reverse| order(&request(rows.clone(), "", Some(Sort { field, reverse })));
    assert_eq!(sorted(false), [2, 0, 3, 1]);
    assert_eq!(sorted(true), [0, 3, 2, 1]);
}

#[test]
fn names_are_sorted_whatever_their_case_accents_and_common_beginning() {
    let names = ["Onboarding b", "ÖNBOARDING A", "onboarding", "Zoë", "onboarding a", "zoa", ""];
    let rows = rows(&names.map(|name| (name, None)));
    let sorted = |reverse| order(&request(rows.clone(), "", Some(Sort { field: 0, reverse })));
    assert_eq!(sorted(false), [6, 2, 1, 4, 0, 5, 3]);
    assert_eq!(sorted(true), [3, 5, 0, 1, 4, 2, 6]);
}

#[test]
fn an_unwanted_result_is_not_computed() {
    let request = request(rows(&[("a", None)]), "a", None);
    assert_eq!(arrange(&request, &|| false, &mut |_| panic!("told something")), None);
}

#[test]
fn a_result_that_becomes_unwanted_is_given_up_at_the_next_chunk() {
    let names: Vec<_> = (0..3 * CHUNK).map(|_| ("a", None)).collect();
    let asked = Cell::new(0);
    let wanted = || {
        asked.set(asked.get() + 1);
        asked.get() < 3
    };
    let request = Query { base: Some((0..3 * CHUNK as u32).collect()), ..request(rows(&names), "a", None) };
    assert_eq!(arrange(&request, &wanted, &mut |_| ()), None);
    assert_eq!(asked.get(), 3);
}

#[test]
fn rows_that_are_gone_are_in_no_order() {
    let mut rows = rows(&[("a", None), ("b", None), ("c", None)]);
    rows.remove(1);
    let arranged = arrange(&request(rows, "", None), &|| true, &mut |_| ()).unwrap();
    assert_eq!((&*arranged.order, &*arranged.base), ([0, 2].as_slice(), [0, 2].as_slice()));
}

/// What is told first of a list of names, and all of it.
fn told_of(names: &[String], filter: &str, sort: Option<Sort>) -> (Vec<QueryResult>, QueryResult) {
    let names: Vec<_> = names.iter().map(|name| (name.as_str(), None)).collect();
    let mut told = Vec::new();
    let all = arrange(&request(rows(&names), filter, sort), &|| true, &mut |first| told.push(first)).unwrap();
    (told, all)
}

#[test]
fn the_first_screenful_of_a_long_list_is_told_at_once_and_in_its_final_order() {
    let names: Vec<_> = (0..2 * CHUNK).map(|n| format!("row {}", n * 7919 % 10_007)).collect();
    for sort in [None, Some(Sort { field: 0, reverse: true })] {
        let (told, all) = told_of(&names, "1", sort);
        assert_eq!((told.len(), told[0].order.len()), (1, SCREENFUL));
        assert!(all.order.starts_with(&told[0].order) && all.order.len() > SCREENFUL);
        assert_eq!(told[0].base, all.base);
    }
    let few: Vec<_> =
        (0..3 * CHUNK).map(|n| if n % CHUNK == 5 { "x".to_owned() } else { "y".to_owned() }).collect();
    let (told, all) = told_of(&few, "x", None);
    assert_eq!(told.iter().map(|first| first.order.to_vec()).collect::<Vec<_>>(), [[5]]);
    assert_eq!(all.order.len(), 3);
    assert_eq!(told_of(&few, "z", None).0, []);
    assert_eq!(told_of(&names[..1000], "1", None).0, [], "a short list is told once");
}

proptest! {
    #[test]
    fn a_base_handed_in_again_changes_nothing(
        named in prop::collection::vec(("[a-cé ]{0,4}", prop::option::of(0..4_u8)), 0..60),
        filter in "-?[a-c]{0,2}",
        field in 0..4_usize,
        reverse in any::<bool>(),
    ) {
        let filter = if filter == "-" { "" } else { &filter };
        let named: Vec<_> =
            named.iter().map(|(name, steps)| (name.as_str(), steps.map(f64::from))).collect();
        let sort = Some(Sort { field, reverse });
        let from_scratch = request(rows(&named), filter, sort);
        let all = arrange(&from_scratch, &|| true, &mut |_| ()).unwrap();
        let again = Query { base: Some(Arc::clone(&all.base)), ..from_scratch };
        prop_assert_eq!(arrange(&again, &|| true, &mut |_| ()).unwrap(), all);
    }
}
