//! What is kept by name: sets of marks and saved filters, opened and thrown away.

use super::*;
use crate::app::command::Command;
use crate::app::saved::selections;
use crate::app::update::tests::detail::id;
use crate::model::saved_filter::SavedFilter;
use crate::model::selection::{
    OpenedSelection, ResolvedRecord, ResolvedRecords, SavedSelection, SelectedRecord, SelectionContent,
    SelectionRequest, SelectionResponse,
};

#[test]
fn of_two_sets_opened_one_after_the_other_none_is_forgotten() {
    let mut bench = Bench::new();
    let entry = |n: usize| SelectedRecord {
        kind: Kind::Tags,
        id: id(&format!("{n:032x}")),
        name: Some(format!("Tag {n}")),
        archived: None,
    };
    for name in ["one", "two"] {
        let mut effects = effect::Effects::default();
        selections::typed(&mut bench.state, Command::OpenSelection, name, &mut effects);
        bench.take(effects);
    }
    let asked = bench.open.iter().filter(|(_, work)| matches!(work, Request::Selections(_))).count();
    for n in 1..=asked {
        let opened = OpenedSelection {
            place: format!("set {n}"),
            entries: vec![entry(n)],
            ..OpenedSelection::default()
        };
        bench.answer(
            |work| matches!(work, Request::Selections(_)),
            Response::Selections(Ok(SelectionResponse::Opened(opened))),
        );
    }
    while let Some(at) = bench.open.iter().position(|(_, work)| matches!(work, Request::Resolve(_))) {
        let (request_id, work) = bench.open.remove(at);
        let Request::Resolve(entries) = work else { unreachable!() };
        let sight = |entry: SelectedRecord| {
            let drafts = vec![Draft::Text(entry.told())];
            let record = Record::new(entry.kind, entry.id.clone(), drafts);
            ResolvedRecord { entry, found: ResolvedRecords::There(record) }
        };
        let sights = entries.into_iter().map(sight).collect();
        bench.send(EventKind::Reply(request_id, Response::Resolving(sights)));
        bench.send(EventKind::Reply(request_id, Response::Resolved(Ok(()))));
    }
    assert_eq!((bench.state.marks.total(), bench.log().matches("marked 1 of 1").count()), (asked, asked));
}

#[test]
fn a_held_key_throws_away_one_set_at_most() {
    let mut bench = Bench::new();
    let mut effects = effect::Effects::default();
    selections::typed(&mut bench.state, Command::OpenSelection, "", &mut effects);
    bench.take(effects);
    let kept = |name: &str| SavedSelection {
        name: name.to_owned(),
        held: Ok(SelectionContent {
            records: 3,
            organization: "Acme Ltd".to_owned(),
            saved: "2026-11-22T14:02:11Z".parse().unwrap(),
        }),
    };
    let is_sets = |work: &Request| matches!(work, Request::Selections(_));
    bench.answer(is_sets, Response::Selections(Ok(SelectionResponse::Are(vec![kept("a"), kept("b")]))));
    let mut removed = Vec::new();
    for held in [false, true, true] {
        bench.tick += Duration::from_millis(40);
        bench.send(EventKind::Key { chord: "delete".parse().unwrap(), repeat: held });
        while let Some((_, Request::Selections(SelectionRequest::Remove { name }))) = bench.open.last() {
            removed.push(name.clone());
            let left = ["a", "b"].into_iter().filter(|left| !removed.iter().any(|gone| gone == left));
            let left = left.map(kept).collect();
            bench.answer(is_sets, Response::Selections(Ok(SelectionResponse::Are(left))));
        }
    }
    assert_eq!(removed, ["a"]);
}

#[test]
fn a_held_key_throws_away_one_saved_filter_at_most() {
    let mut bench = Bench::new();
    bench.keys("F");
    let saved =
        |name: &str| SavedFilter { kind: Kind::Processes, name: name.to_owned(), source: name.to_owned() };
    let is_shelve = |work: &Request| matches!(work, Request::SavedFilters(_));
    bench.answer(is_shelve, Response::SavedFilters(Ok(vec![saved("a"), saved("b")])));
    for (held, removed) in [(false, true), (true, false), (true, false)] {
        bench.tick += Duration::from_millis(40);
        bench.send(EventKind::Key { chord: "delete".parse().unwrap(), repeat: held });
        assert_eq!(bench.asked(is_shelve).is_some(), removed);
        if removed {
            bench.answer(is_shelve, Response::SavedFilters(Ok(vec![saved("b")])));
        }
    }
}
