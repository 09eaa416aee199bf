//! What must not come between a person and what is meant.

use std::collections::BTreeMap;

use super::*;
use crate::app::command::Command;
use crate::app::state::confirm::Choice;
use crate::app::update::keep;
use crate::model::catalog::Relation;
use crate::model::kind::Verb;
use crate::model::outcome::Outcome;
use crate::model::past::{Recalled, Remnant};
use crate::model::plan::{Chosen, Heir, Options};
use crate::model::set::{Answer, Entry, Found, Held, Kept, Opened, Sight, Wish};
use crate::model::sheet::{End, Sheet, Tie};

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

/// A member by name, with more that is said of it.
fn member(number: &str, name: &str, more: &[(&str, &str)]) -> Record {
    let text = |text: &str| Draft::Text(text.to_owned());
    let mut fields: BTreeMap<String, Draft> =
        more.iter().map(|(field, value)| ((*field).to_owned(), text(value))).collect();
    fields.insert("name".to_owned(), text(name));
    fields.entry("status".to_owned()).or_insert_with(|| text("active"));
    Record::of_fields(Kind::Members, id(number), &fields)
}

/// The tab of members, which holds these.
fn at_members(members: &[Record]) -> Bench {
    let mut bench = Bench::new();
    bench.keys("8");
    let is_members =
        |work: &Work| matches!(work, Work::List { list: effect::List { kind: Kind::Members, .. }, .. });
    let ticket = bench.asked(is_members).expect("the members are not asked for");
    let rows = members.iter().map(|member| (member.id().clone(), member.drafts())).collect();
    let page = Reply::Page {
        number: 1,
        page: Arc::new(Page::new(Kind::Members, rows)),
        total: Some(members.len() as u64),
        dropped: 0,
        unreadable: 0,
        coverage: vec![],
    };
    bench.send(Fact::Reply(ticket, page));
    bench.settle();
    bench.keys("g");
    bench
}

fn is_recall(work: &Work) -> bool {
    matches!(work, Work::Recall(_))
}

fn recalled(chosen: Vec<Record>, heir: Option<Heir>) -> Reply {
    Reply::Recalled(Ok(Some(Box::new(Recalled {
        verb: Verb::Archive,
        chosen: chosen.into_iter().map(Chosen::from).collect(),
        heir,
        options: Options::default(),
        preface: vec!["tries again what failed".to_owned()],
    }))))
}

/// Whether the modal that is open would send anything.
fn would_send(bench: &Bench) -> bool {
    bench.plan().is_some_and(|plan| !plan.steps.is_empty())
}

#[test]
fn one_who_is_about_to_be_disabled_inherits_nothing() {
    let mut bench = at_members(&[member("1", "Ann", &[]), member("2", "Bob", &[]), member("3", "Cem", &[])]);
    bench.keys("a");
    assert_eq!(bench.plan().unwrap().steps[0].record.name(), "Ann");
    bench.look();
    bench.keys("y");
    bench.look();
    assert!(bench.state.jobs.holds(Kind::Members, &id("1")), "Ann is in a job that is not over");
    bench.keys("j a");
    assert_eq!(bench.plan().unwrap().steps[0].record.name(), "Bob");
    bench.look();
    bench.keys("tab space A n n enter");
    let heir = bench.plan().unwrap().heir.clone();
    assert_eq!(heir.map(|heir| heir.name), None, "what Bob owns would go to somebody without access");
}

#[test]
fn an_heir_of_the_past_who_is_no_active_member_any_more_is_not_taken_unseen() {
    // The whole list of active members is loaded, and Dan, who was chosen then, is not in it.
    let ann = member("1", "Ann", &[]);
    let mut bench = at_members(&[ann.clone(), member("2", "Bob", &[])]);
    bench.keys("t");
    let dan = Heir { id: id("4"), name: "Dan".to_owned() };
    bench.answer(is_recall, recalled(vec![ann], Some(dan)));
    let Some(Overlay::Confirm(confirm)) = &bench.state.overlay else { panic!("no modal") };
    assert!(confirm.offered().contains(&Choice::Reassign));
    assert_eq!(confirm.plan.heir.as_ref().map(|heir| heir.name.as_str()), None);
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
    let mut sheet = Sheet::of(folder);
    sheet.ties = vec![Tie { relation: tasks_within(), end: End::Here(vec![task]) }];
    bench.answer(|work| matches!(work, Work::Read(_)), Reply::Read(Ok(Box::new(sheet))));
    bench.keys("tab enter");
    assert_eq!(bench.state.detail.as_ref().unwrap().record.name(), "Collect tax form");
    for verb in ["a", "D"] {
        bench.keys(verb);
        assert!(!would_send(&bench), "`{verb}` would send a request for a task nothing is known of");
        bench.look();
        bench.keys("esc");
    }
}

#[test]
fn what_blocks_a_record_in_its_table_blocks_it_on_its_page() {
    let mut bench = at_members(&[member("1", "Ann", &[("default admin", "true")])]);
    bench.keys("a");
    assert!(!would_send(&bench), "the default administrator is blocked in the table");
    bench.look();
    bench.keys("esc enter");
    // The route of one member need not say what the list says.
    let sheet = Sheet::of(member("1", "Ann", &[]));
    bench.answer(|work| matches!(work, Work::Read(_)), Reply::Read(Ok(Box::new(sheet))));
    bench.keys("a");
    assert!(!would_send(&bench), "the same record is free on its page");
}

#[test]
fn what_is_found_of_the_past_does_not_come_between_while_something_is_typed() {
    for open in ["space m / b", "enter / b"] {
        let mut bench = Bench::new();
        bench.keys("u");
        bench.keys(open);
        bench.answer(is_recall, recalled(records(3), None));
        assert!(bench.plan().is_none(), "{open}: a modal opened over what is being typed");
    }
}

#[test]
fn no_letter_that_is_typed_elsewhere_drops_an_unfinished_job() {
    for open in ["space m /", "enter /"] {
        let mut bench = Bench::starting(false);
        bench.answer(|work| matches!(work, Work::Identify), Reply::Identified(Ok(organization())));
        let is_unfinished = |work: &Work| matches!(work, Work::Unfinished);
        let at = bench.open.iter().position(|(_, work)| is_unfinished(work)).unwrap();
        let (ticket, _) = bench.open.remove(at);
        bench.settle();
        bench.keys(open);
        bench.keys("o l");
        let remnant = Remnant {
            job: 4,
            verb: Verb::Archive,
            confirmed: "2026-11-22T14:02:11Z".parse().unwrap(),
            kinds: vec![(Kind::Processes, 2)],
            tally: [Outcome::Done, Outcome::NotSent].into_iter().collect(),
            rest: records(1).into_iter().map(Chosen::from).collect(),
            heir: None,
            options: Options::default(),
            elsewhere: false,
            archived: 0,
        };
        bench.send(Fact::Reply(ticket, Reply::Unfinished(Ok(vec![remnant]))));
        bench.look();
        bench.keys("d");
        bench.look();
        let dropped = bench.asked(|work| matches!(work, Work::Drop(_))).is_some();
        assert!(!dropped, "{open}: the `d` of `old` dropped the rest of a job");
    }
}

#[test]
fn of_two_sets_opened_one_after_the_other_none_is_forgotten() {
    let mut bench = Bench::new();
    let entry = |n: usize| Entry {
        kind: Kind::Tags,
        id: id(&format!("{n:032x}")),
        name: Some(format!("Tag {n}")),
        archived: None,
    };
    for name in ["one", "two"] {
        let mut effects = effect::Effects::default();
        keep::typed(&mut bench.state, Command::OpenSet, name, &mut effects);
        bench.take(effects);
    }
    let asked = bench.open.iter().filter(|(_, work)| matches!(work, Work::Sets(_))).count();
    for n in 1..=asked {
        let opened = Opened { place: format!("set {n}"), entries: vec![entry(n)], ..Opened::default() };
        bench.answer(|work| matches!(work, Work::Sets(_)), Reply::Sets(Ok(Answer::Opened(opened))));
    }
    while let Some(at) = bench.open.iter().position(|(_, work)| matches!(work, Work::Seek(_))) {
        let (ticket, work) = bench.open.remove(at);
        let Work::Seek(entries) = work else { unreachable!() };
        let sight = |entry: Entry| {
            let drafts = vec![Draft::Text(entry.told())];
            let record = Record::new(entry.kind, entry.id.clone(), drafts);
            Sight { entry, found: Found::There(record) }
        };
        let sights = entries.into_iter().map(sight).collect();
        bench.send(Fact::Reply(ticket, Reply::Sighted(sights)));
        bench.send(Fact::Reply(ticket, Reply::Sought(Ok(()))));
    }
    assert_eq!((bench.state.marks.total(), bench.log().matches("marked 1 of 1").count()), (asked, asked));
}

#[test]
fn a_held_key_throws_away_one_set_at_most() {
    let mut bench = Bench::new();
    let mut effects = effect::Effects::default();
    keep::typed(&mut bench.state, Command::OpenSet, "", &mut effects);
    bench.take(effects);
    let kept = |name: &str| Kept {
        name: name.to_owned(),
        held: Ok(Held {
            records: 3,
            organization: "Acme Ltd".to_owned(),
            saved: "2026-11-22T14:02:11Z".parse().unwrap(),
        }),
    };
    let is_sets = |work: &Work| matches!(work, Work::Sets(_));
    bench.answer(is_sets, Reply::Sets(Ok(Answer::Are(vec![kept("a"), kept("b")]))));
    let mut removed = Vec::new();
    for held in [false, true, true] {
        bench.tick += Duration::from_millis(40);
        bench.send(Fact::Key { chord: "delete".parse().unwrap(), repeat: held });
        while let Some((_, Work::Sets(Wish::Remove { name }))) = bench.open.last() {
            removed.push(name.clone());
            let left = ["a", "b"].into_iter().filter(|left| !removed.iter().any(|gone| gone == left));
            let left = left.map(kept).collect();
            bench.answer(is_sets, Reply::Sets(Ok(Answer::Are(left))));
        }
    }
    assert_eq!(removed, ["a"]);
}
