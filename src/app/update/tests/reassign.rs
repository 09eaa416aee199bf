//! Who takes over what members own.

use super::*;
use crate::app::confirm::PlanOption;
use crate::app::reassign;
use crate::app::update::tests::detail::{at_members, id, member};
use crate::model::kind::Action;
use crate::model::plan::{Options, Reassignee, Target};
use crate::model::recovery::RecoveryPlan;

fn is_recover(work: &Request) -> bool {
    matches!(work, Request::PlanRecovery(_))
}

fn recovery_plan(chosen: Vec<Record>, reassignee: Option<Reassignee>) -> Response {
    Response::RecoveryPlanned(Ok(Some(Box::new(RecoveryPlan {
        job: 1,
        action: Action::Archive,
        chosen: chosen.into_iter().map(Target::from).collect(),
        reassignee,
        options: Options::default(),
        preface: vec!["tries again what failed".to_owned()],
    }))))
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
    let reassignee = bench.plan().unwrap().reassignee.clone();
    assert_eq!(
        reassignee.map(|reassignee| reassignee.name),
        None,
        "what Bob owns would go to somebody without access"
    );
}

#[test]
fn nobody_is_disabled_who_is_to_take_over() {
    let mut bench = at_members(&[member("1", "Ann", &[]), member("2", "Bob", &[])]);
    bench.keys("a");
    bench.look();
    bench.keys("tab space B enter");
    assert_eq!(
        bench.plan().unwrap().reassignee.as_ref().map(|reassignee| reassignee.name.as_str()),
        Some("Bob")
    );
    bench.look();
    bench.keys("shift-tab");
    bench.look();
    bench.keys("y");
    bench.look();
    assert!(bench.state.jobs.hands_to(Kind::Members, &id("2")));
    bench.keys("j a");
    let plan = bench.plan().unwrap();
    assert_eq!((plan.count(), plan.blocked[0].reason.as_str()), (0, "is to take over in a running job"));
}

#[test]
fn who_works_here_can_inherit_and_no_machine_can() {
    let text = |name: &str, more: &[(&str, &str)]| member(&name.len().to_string(), name, more);
    let members = [
        text("A", &[]),
        text("Bo", &[("role", "Bot")]),
        text("Cem", &[("bot", "true")]),
        text("Dana", &[("type", "bot")]),
        text("Edgar", &[("status", "invited")]),
        text("Frieda", &[("default admin", "true")]),
        text("Gus(Deleted)", &[]),
    ];
    let mut bench = at_members(&members);
    bench.keys("a");
    let plan = bench.plan().unwrap();
    let names: Vec<String> =
        reassign::all(&bench.state, &plan).into_iter().map(|reassignee| reassignee.name).collect();
    assert_eq!((plan.steps[0].record.name(), names), ("A", vec!["Frieda".to_owned()]));
}

/// What the dialog says first of a past job of Ann, and who takes over, when Dan was chosen then.
fn with_dan(mut bench: Bench, ann: Record) -> (String, Option<String>) {
    bench.keys("t");
    let dan = Reassignee { id: id("4"), name: "Dan".to_owned() };
    bench.answer(is_recover, recovery_plan(vec![ann], Some(dan)));
    let Some(Overlay::Confirm(confirm)) = &bench.state.overlay else { panic!("no dialog") };
    assert!(confirm.offered().contains(&PlanOption::Reassign));
    let reassignee = confirm.plan.reassignee.as_ref().map(|reassignee| reassignee.name.clone());
    (confirm.plan.preface.join("; "), reassignee)
}

#[test]
fn an_reassignee_of_the_past_who_is_no_active_member_any_more_is_not_taken_unseen() {
    let (ann, bob) = (member("1", "Ann", &[]), member("2", "Bob", &[]));
    let gone =
        "tries again what failed; Dan was to take over what they own, and cannot any more: nobody is chosen";
    // The whole list of active members is loaded, and Dan is not in it; or is, and works there no more.
    let disabled = member("4", "Dan", &[("status", "disabled")]);
    for others in [vec![bob.clone()], vec![disabled]] {
        let all: Vec<Record> = std::iter::once(ann.clone()).chain(others).collect();
        assert_eq!(with_dan(at_members(&all), ann.clone()), (gone.to_owned(), None));
    }
    let there = at_members(&[ann.clone(), member("4", "Dan Ott", &[])]);
    let taken = ("tries again what failed".to_owned(), Some("Dan Ott".to_owned()));
    assert_eq!(with_dan(there, ann.clone()), taken);
    let (words, reassignee) = with_dan(Bench::new(), ann);
    assert!(words.contains("whether Dan still can was not checked"), "{words}");
    assert_eq!(reassignee.as_deref(), Some("Dan"));
}
