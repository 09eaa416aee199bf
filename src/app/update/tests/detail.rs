//! What may be done to the record whose page is open.

use std::collections::BTreeMap;

use super::*;
use crate::model::catalog::Relation;
use crate::model::failure::{Cause, Failure};
use crate::model::record_detail::{RecordDetail, RelationEnd, RelationLink};

pub(super) fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

/// A member by name, with more that is said of it.
pub(super) fn member(number: &str, name: &str, more: &[(&str, &str)]) -> Record {
    let text = |text: &str| Draft::Text(text.to_owned());
    let mut fields: BTreeMap<String, Draft> =
        more.iter().map(|(field, value)| ((*field).to_owned(), text(value))).collect();
    fields.insert("name".to_owned(), text(name));
    fields.entry("status".to_owned()).or_insert_with(|| text("active"));
    Record::of_fields(Kind::Members, id(number), &fields)
}

/// The tab of members, which holds these.
pub(super) fn at_members(members: &[Record]) -> Bench {
    let mut bench = Bench::new();
    bench.keys("8");
    let is_members = |work: &Request| {
        matches!(work, Request::List { list: effect::ListRequest { kind: Kind::Members, .. }, .. })
    };
    let request_id = bench.asked(is_members).expect("the members are not asked for");
    let rows = members.iter().map(|member| (member.id().clone(), member.drafts())).collect();
    let page = Response::Page {
        number: 1,
        page: Arc::new(Page::new(Kind::Members, rows)),
        total: Some(members.len() as u64),
        dropped: 0,
        unreadable: 0,
        coverage: vec![],
    };
    bench.send(EventKind::Reply(request_id, page));
    bench.settle();
    bench.keys("g");
    bench
}

/// Whether the dialog that is open would send anything.
fn would_send(bench: &Bench) -> bool {
    bench.plan().is_some_and(|plan| !plan.steps.is_empty())
}

/// The relation of folders to the tasks that lie in them, which come along with the folder.
fn tasks_within() -> &'static Relation {
    Kind::Folders.row().related.iter().find(|relation| relation.kind == Kind::Tasks).unwrap()
}

#[test]
fn a_record_that_only_an_include_told_of_is_not_acted_upon_before_it_has_been_read() {
    let mut bench = Bench::new();
    let folder = bench.state.under_cursor().unwrap();
    bench.keys("enter");
    // All that an include need say of a task: that it belongs to a process is told by its own page.
    let drafts = vec![Draft::Text("Collect tax form".to_owned())];
    let task = Record::new(Kind::Tasks, id("77aa10b2c3d4e5f60718293a4b5c6d7e"), drafts);
    let mut record_detail = RecordDetail::of(folder);
    record_detail.links = vec![RelationLink { relation: tasks_within(), end: RelationEnd::Here(vec![task]) }];
    bench.answer(|work| matches!(work, Request::Read(_)), Response::Read(Ok(Box::new(record_detail))));
    bench.keys("tab enter");
    assert_eq!(bench.state.detail.as_ref().unwrap().record.name(), "Collect tax form");
    let refused = |bench: &mut Bench, words: &str| {
        for action in ["a", "D"] {
            bench.keys(action);
            let notice = bench.notice().to_owned();
            assert!(bench.plan().is_none() && notice.starts_with(words), "`{action}`: {notice}");
        }
    };
    refused(&mut bench, "still reading");
    let failure = Failure::new(Cause::TimedOut, "no answer in 30 s");
    bench.answer(|work| matches!(work, Request::Read(_)), Response::Read(Err(failure)));
    refused(&mut bench, "it could not be read: no answer in 30 s; hint: R tries again");
}

#[test]
fn a_record_that_its_list_tells_of_need_not_be_read_first() {
    let mut bench = Bench::new();
    bench.keys("enter a");
    assert!(would_send(&bench));
}

#[test]
fn what_blocks_a_record_in_its_table_blocks_it_on_its_page() {
    let mut bench = at_members(&[member("1", "Ann", &[("default admin", "true")])]);
    bench.keys("a");
    assert!(!would_send(&bench), "the default administrator is blocked in the table");
    bench.look();
    bench.keys("esc enter");
    // The route of one member need not say what the list says.
    let record_detail = RecordDetail::of(member("1", "Ann", &[]));
    bench.answer(|work| matches!(work, Request::Read(_)), Response::Read(Ok(Box::new(record_detail))));
    bench.keys("a");
    assert!(!would_send(&bench), "the same record is free on its page");
}
