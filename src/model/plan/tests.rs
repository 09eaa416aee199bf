use std::sync::Arc;

use super::*;
use crate::model::id::Id;
use crate::model::record::{Draft, Page};

fn record(kind: Kind, n: usize, fields: &[(&str, &str)]) -> Record {
    let mut drafts = vec![Draft::Missing; kind.row().fields.len()];
    drafts[0] = Draft::Text(format!("Thing {n}"));
    for (name, value) in fields {
        drafts[kind.row().field(name).unwrap()] = Draft::Text((*value).to_owned());
    }
    Arc::new(Page::new(kind, vec![(Id::new(&n.to_string()).unwrap(), drafts)])).records().next().unwrap()
}

fn plan(action: Action, kind: Kind, n: usize, held: u64) -> Plan {
    let archived: &[_] = if action == Action::Archive { &[] } else { &[("archived", "yes")] };
    let archived = if kind.row().archives() { archived } else { &[] };
    let mut plan = of(action, (0..n).map(|n| record(kind, n, archived)).collect());
    plan.held_by_server = [(kind, held)].into();
    plan
}

fn of(action: Action, records: Vec<Record>) -> Plan {
    let organization = Organization {
        id: "e0d1c2b3".into(),
        name: "Acme Ltd".into(),
        admin: Some(true),
        light: false,
        me: None,
    };
    let chosen = records.into_iter().map(Target::from).collect();
    Plan::new(action, organization, chosen, Limits::documented(), ConfirmThresholds::default())
}

#[test]
fn titles_name_action_count_kind_place_and_a_single_name() {
    assert_eq!(
        plan(Action::Delete, Kind::Processes, 12, 900).title(),
        "Permanently delete 12 processes in Acme Ltd"
    );
    assert_eq!(
        plan(Action::Archive, Kind::Processes, 1, 900).title(),
        "Archive 1 process in Acme Ltd: Thing 0"
    );
    let mut mixed = plan(Action::Delete, Kind::Processes, 8, 900).chosen;
    mixed.extend(plan(Action::Delete, Kind::Templates, 4, 900).chosen);
    let mixed = of(Action::Delete, mixed.into_iter().map(|chosen| chosen.record).collect());
    assert_eq!(mixed.title(), "Permanently delete 12 records (8 processes, 4 templates) in Acme Ltd");
}

#[test]
fn friction_grows_with_what_is_lost() {
    let phrase = |words: &[&str]| Confirmation::Phrase(words.iter().map(|word| (*word).to_owned()).collect());
    let asks = |action, kind, n, held| plan(action, kind, n, held).confirmation();
    assert_eq!(asks(Action::Delete, Kind::Tags, 0, 900), Confirmation::Nothing);
    assert_eq!(asks(Action::Delete, Kind::Tags, 1, 900), phrase(&["delete 1"]));
    assert_eq!(asks(Action::Delete, Kind::Tags, 50, 900), phrase(&["delete 50"]));
    let large = phrase(&["delete 51 in Acme Ltd", "delete 51 in e0d1c2"]);
    assert_eq!(asks(Action::Delete, Kind::Tags, 51, 900), large);
    assert_eq!(asks(Action::Delete, Kind::Tags, 11, 55), phrase(&["delete 11"]));
    assert_eq!(
        asks(Action::Delete, Kind::Tags, 11, 54),
        phrase(&["delete 11 in Acme Ltd", "delete 11 in e0d1c2"])
    );
    let unknown =
        |n| Plan { held_by_server: [].into(), ..plan(Action::Delete, Kind::Tags, n, 0) }.confirmation();
    assert_eq!(unknown(10), phrase(&["delete 10"]));
    assert_eq!(unknown(11), phrase(&["delete 11 in Acme Ltd", "delete 11 in e0d1c2"]));
    assert_eq!(asks(Action::Archive, Kind::Processes, 200, 900), Confirmation::Key);
    assert_eq!(asks(Action::Archive, Kind::Templates, 10, 900), Confirmation::Key);
    assert_eq!(asks(Action::Archive, Kind::Templates, 11, 900), phrase(&["archive 11"]));
}

#[test]
fn a_precondition_gives_its_reason() {
    let admin = Some(true);
    let live = record(Kind::Processes, 1, &[]);
    let archived = record(Kind::Processes, 1, &[("status", "archived")]);
    let reason = |action, record: &Record, admin| {
        applicable(action, record, Actor { admin, ..Actor::default() }).map(|row| row.route)
    };
    assert_eq!(reason(Action::Archive, &live, admin), Ok("organizations/{org}/runs/{id}"));
    assert_eq!(reason(Action::Archive, &archived, admin), Err("already archived".into()));
    assert_eq!(reason(Action::Delete, &live, admin), Err("not archived: archive it first".into()));
    assert_eq!(reason(Action::Delete, &archived, None), Ok("organizations/{org}/runs/{id}/delete"));
    assert_eq!(reason(Action::Delete, &archived, Some(false)), Err("only administrators may do this".into()));
    let task = record(Kind::Tasks, 1, &[("run", "5d0c")]);
    assert!(Action::Archive.word() == "archive" && reason(Action::Delete, &task, admin).is_err());
    let logo = record(Kind::Files, 1, &[("subject", "Organization")]);
    assert!(reason(Action::Delete, &logo, admin).unwrap_err().contains("logo"));
    assert_eq!(reason(Action::Archive, &logo, admin), Err("files have no archive".into()));
}

#[test]
fn live_ones_are_archived_first_only_when_that_is_chosen() {
    let live = record(Kind::Processes, 1, &[]);
    let archived = record(Kind::Processes, 2, &[("archived", "yes")]);
    let plan = of(Action::Delete, vec![live, archived]);
    assert_eq!((plan.count(), plan.blocked.len(), plan.archivable_first()), (1, 1, 1));
    let plan = plan.with(Options { archive_first: true, ..Options::default() });
    let steps: Vec<_> = plan.steps.iter().map(|step| (step.row.action, step.after)).collect();
    assert_eq!(steps, [(Action::Archive, None), (Action::Delete, Some(0)), (Action::Delete, None)]);
    assert_eq!((plan.count(), plan.blocked.len()), (2, 0));
    assert_eq!(plan.title(), "Permanently delete 2 processes in Acme Ltd");
    assert_eq!(plan.confirmation(), Confirmation::Phrase(vec!["delete 2".into()]));
    assert_eq!(plan.with(Options::default()).count(), 1);
    let tag = of(Action::Delete, vec![record(Kind::Tags, 1, &[])]);
    assert_eq!(tag.archivable_first(), 0);
}

fn member(n: usize, status: &str) -> Record {
    record(Kind::Members, n, &[("status", status)])
}

#[test]
fn of_several_kinds_each_sentence_says_whom_it_is_about() {
    let both = || vec![record(Kind::Processes, 1, &[]), member(2, "active")];
    let told = of(Action::Archive, both()).consequences();
    assert_eq!(told[0], "members: disabled, not archived");
    assert!(told.contains(&"members: they lose their access at once".to_owned()), "{told:?}");
    let led = |told: &[String]| {
        told.iter().all(|one| one.starts_with("members: ") || one.starts_with("processes: "))
    };
    assert!(led(&told), "{told:?}");
    let back =
        of(Action::Restore, vec![record(Kind::Processes, 1, &[("archived", "yes")]), member(2, "disabled")]);
    assert_eq!(back.consequences()[0], "members: enabled, not restored");
    let alone = of(Action::Archive, vec![member(2, "active")]).consequences();
    assert!(alone.contains(&"they lose their access at once".to_owned()), "{alone:?}");
    let deleted = of(Action::Delete, both()).with(Options { archive_first: true, ..Options::default() });
    let told = deleted.consequences();
    assert_eq!(told[0], "this cannot be undone");
    assert!(led(&told[1..]), "{told:?}");
    let words: Vec<_> = deleted.words_first().iter().map(|words| words.archive).collect();
    assert_eq!(words, ["archive", "disable"]);
}

#[test]
fn who_is_disabled_already_keeps_what_they_own_for_good() {
    let late = "stays theirs, and nobody can reassign it afterwards";
    let told = of(Action::Delete, vec![member(1, "disabled")]).consequences();
    assert!(told.contains(&format!("what they own {late}")), "{told:?}");
    let first = Options { archive_first: true, ..Options::default() };
    let told =
        of(Action::Delete, vec![member(1, "disabled"), member(2, "active")]).with(first).consequences();
    assert!(told.contains(&format!("what those own who are disabled already {late}")), "{told:?}");
    assert!(
        told.contains(&"what they own stays theirs, and nobody with access owns it".to_owned()),
        "{told:?}"
    );
    let told = of(Action::Delete, vec![member(2, "active")]).with(first).consequences();
    assert!(!told.iter().any(|one| one.ends_with(late)), "{told:?}");
}

#[test]
fn a_action_for_nothing_of_several_kinds_names_none_of_them() {
    let archived = |kind| record(kind, 1, &[("archived", "yes")]);
    let both = of(Action::Archive, vec![archived(Kind::Processes), archived(Kind::Templates)]);
    assert_eq!(both.title(), "Archive 0 records in Acme Ltd");
    assert_eq!(
        of(Action::Archive, vec![archived(Kind::Processes)]).title(),
        "Archive 0 processes in Acme Ltd"
    );
}

#[test]
fn a_job_adds_up_to_one_outcome_a_record() {
    use Outcome::{Done, Failed, NotSent, Refused};
    let plan = of(Action::Delete, (0..3).map(|n| record(Kind::Processes, n, &[])).collect());
    let plan = plan.with(Options { archive_first: true, ..Options::default() });
    let tally = |ended: &[Option<Outcome>]| {
        let tally = plan.tally(ended);
        Outcome::ALL.into_iter().filter(|o| tally.of(*o) > 0).map(|o| (o, tally.of(o))).collect::<Vec<_>>()
    };
    let all = [Done, Done, Refused, NotSent, Done, Failed].map(Some);
    assert_eq!(tally(&all), [(Done, 1), (Refused, 1), (Failed, 1)]);
    assert_eq!(tally(&[Some(Done), None, None, None, None, None]), []);
    let cut_short = [Done, NotSent, NotSent, NotSent, Done, Done].map(Some);
    assert_eq!(tally(&cut_short), [(Done, 1), (NotSent, 2)]);
}
