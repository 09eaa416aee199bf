//! Undoing the last job, and trying again what failed of it.

use super::*;
use crate::app::event::{JobEnd, StepRemark};
use crate::model::failure::{Cause, Failure};
use crate::model::kind::Action;
use crate::model::outcome::Outcome;
use crate::model::plan::{Options, Target};
use crate::model::recovery::{RecoveryPlan, RecoveryRequest};
use crate::model::undo::JobOrigin;

fn is_recover(work: &Request) -> bool {
    matches!(work, Request::PlanRecovery(_))
}

fn recovery_plan(n: usize) -> Response {
    Response::RecoveryPlanned(Ok(Some(Box::new(RecoveryPlan {
        job: 4,
        action: Action::Archive,
        chosen: records(n).into_iter().map(Target::from).collect(),
        reassignee: None,
        options: Options { backup: false, files: true, archive_first: false },
        preface: vec!["undoes job 4, restore of 2026-11-22 14:02".to_owned()],
    }))))
}

/// Confirms what is in the dialog and answers the ticket of the job.
fn confirmed(bench: &mut Bench) -> RequestId {
    bench.look();
    bench.keys("y");
    bench.look();
    let request_id = bench.asked(|work| matches!(work, Request::RunJob(_))).unwrap();
    bench.send(EventKind::Reply(request_id, Response::Started));
    request_id
}

/// A job of this number on the first record, which was done.
fn did(bench: &mut Bench, number: i64) {
    let request_id = confirmed(bench);
    bench.send(EventKind::Reply(request_id, Response::Recorded(number)));
    end(bench, request_id, &[(Outcome::Done, None)]);
}

/// One process has been archived by job 4.
fn archived() -> Bench {
    let mut bench = Bench::new();
    bench.keys("a");
    did(&mut bench, 4);
    bench
}

fn end(bench: &mut Bench, request_id: RequestId, outcomes: &[(Outcome, Option<StepRemark>)]) {
    for (step, (outcome, remark)) in outcomes.iter().enumerate() {
        let reason = (*outcome != Outcome::Done).then(|| "because".to_owned());
        let (outcome, remark) = (*outcome, remark.clone());
        let step = Response::Step { step, outcome, reason, record: None, remark };
        bench.send(EventKind::Reply(request_id, step));
    }
    let tally = outcomes.iter().map(|(outcome, _)| *outcome).collect();
    let end = JobEnd { tally, cancelled: false, stopped: None };
    bench.answer(|work| matches!(work, Request::RunJob(_)), Response::JobEnded(end));
}

#[test]
fn the_last_job_goes_through_the_dialog() {
    let mut bench = archived();
    bench.keys("j space a");
    let running = confirmed(&mut bench);
    bench.keys("u u t");
    let asked: Vec<_> = bench.open.iter().filter(|(_, work)| is_recover(work)).collect();
    assert!(
        matches!(asked.as_slice(), [(_, Request::PlanRecovery(RecoveryRequest::Undo(4)))]),
        "one at a time: {asked:?}"
    );
    assert!(bench.state.recalls());
    bench.answer(is_recover, recovery_plan(3));
    let plan = bench.plan().unwrap();
    assert_eq!((plan.action, plan.count(), plan.options.backup), (Action::Archive, 2, false));
    assert_eq!(plan.origin, JobOrigin::Undo(4));
    assert_eq!(plan.blocked[0].reason, "already in a running job");
    assert_eq!((plan.preface.len(), plan.held_by_server[&Kind::Processes]), (1, 4));
    assert!(!bench.state.recalls() && bench.asked(is_recover).is_none());
    bench.look();
    bench.keys("esc");
    end(&mut bench, running, &[(Outcome::Done, None)]);
    assert!(bench.plan().is_none());
}

#[test]
fn where_there_is_nothing_it_says_so() {
    let mut bench = Bench::new();
    for (key, words) in [("u", "nothing to undo"), ("U", "nothing to repeat")] {
        bench.keys(key);
        assert_eq!((bench.notice(), bench.plan().is_none(), bench.open.len()), (words, true, 0));
    }
    bench.keys("t");
    bench.answer(is_recover, Response::RecoveryPlanned(Ok(None)));
    assert_eq!((bench.notice(), bench.plan().is_none()), ("nothing failed in the last job", true));
    bench.keys("t");
    bench.answer(
        is_recover,
        Response::RecoveryPlanned(Err(Failure::new(Cause::Unrecorded, "the journal is locked"))),
    );
    assert!(
        bench.notice().ends_with("the journal is locked") && bench.log().contains("the journal is locked")
    );
    bench.keys("@ u");
    assert_eq!(bench.notice(), "nothing to undo", "in the status pane, too");
}

fn is_recover_of(wanted: RecoveryRequest) -> impl Fn(&Request) -> bool {
    move |work| matches!(work, Request::PlanRecovery(recover) if *recover == wanted)
}

#[test]
fn undo_goes_back_job_by_job_and_redo_forward_until_a_new_job() {
    let mut bench = archived();
    bench.keys("j a");
    did(&mut bench, 5);
    for (key, recover, number) in [
        ("u", RecoveryRequest::Undo(5), 6),
        ("u", RecoveryRequest::Undo(4), 7),
        ("U", RecoveryRequest::Redo(4), 8),
        ("U", RecoveryRequest::Redo(5), 9),
        ("u", RecoveryRequest::Undo(5), 10),
    ] {
        bench.keys(key);
        bench.answer(is_recover_of(recover), recovery_plan(1));
        did(&mut bench, number);
    }
    bench.keys("j j a");
    let running = confirmed(&mut bench);
    bench.keys("U");
    assert_eq!(bench.notice(), "nothing to repeat", "since the new job was confirmed");
    end(&mut bench, running, &[(Outcome::Refused, None)]);
    bench.keys("u");
    assert!(
        bench.asked(is_recover_of(RecoveryRequest::Undo(4))).is_some(),
        "a job that did nothing is passed over"
    );
}

#[test]
fn job_whose_records_are_all_blocked_is_passed_over_and_named() {
    let mut bench = archived();
    bench.keys("j a");
    did(&mut bench, 5);
    bench.keys("u");
    let Response::RecoveryPlanned(Ok(Some(mut found))) = recovery_plan(2) else { panic!() };
    let busy = Some("permanently deleted since, in job 6".to_owned());
    found.chosen.iter_mut().for_each(|chosen| chosen.busy.clone_from(&busy));
    bench.answer(is_recover, Response::RecoveryPlanned(Ok(Some(found))));
    assert!(bench.log().contains("job 5 is passed over"), "{}", bench.log());
    bench.answer(is_recover_of(RecoveryRequest::Undo(4)), Response::RecoveryPlanned(Ok(None)));
    assert_eq!((bench.notice(), bench.state.to_undo()), ("nothing to undo", None));
}

#[test]
fn job_that_waits_in_the_queue_as_an_undo_is_not_proposed_again() {
    let mut bench = archived();
    bench.keys("u");
    bench.answer(is_recover, recovery_plan(1));
    confirmed(&mut bench);
    bench.keys("u");
    assert_eq!(bench.notice(), "nothing to undo");
}

#[test]
fn it_is_refused_for_the_reasons_of_actions() {
    let mut bench = Bench::starting(true);
    bench.settle();
    bench.keys("u");
    assert_eq!((bench.notice(), bench.open.len()), ("read-only mode", 0));
    let mut bench = Bench::starting(false);
    bench.keys("t");
    assert_eq!(bench.notice(), "the organization's name is still being read");
    bench.settle();
    bench.send(EventKind::LockedOut(Some(Failure::answered(Cause::Unauthorized, 401, "Unauthenticated."))));
    bench.keys("esc u");
    assert!(bench.state.topmost_prompt().is_some() && bench.open.is_empty());
}

#[test]
fn it_does_not_come_between() {
    for open in ["?", "/", "a", "space m / b", "enter / b", "H /"] {
        let mut bench = archived();
        bench.keys("u");
        bench.keys(open);
        let before = bench.plan();
        bench.answer(is_recover, recovery_plan(3));
        assert!(bench.notice().starts_with("the last job was found while something else was open"), "{open}");
        assert_eq!(bench.plan().map(|plan| plan.count()), before.map(|plan| plan.count()));
    }
}

#[test]
fn what_a_job_leaves_to_be_done_is_known() {
    let mut bench = Bench::new();
    let aftermath = |bench: &Bench| (bench.state.to_undo().is_some(), bench.state.jobs.has_failed);
    assert_eq!(aftermath(&bench), (false, false));
    bench.keys("space space a");
    let request_id = confirmed(&mut bench);
    let gone = Some(StepRemark::BytesGone);
    end(&mut bench, request_id, &[(Outcome::Failed, gone.clone()), (Outcome::Failed, gone)]);
    assert_eq!(aftermath(&bench), (false, true));
    assert!(
        bench
            .log()
            .contains("2 files have lost their bytes on the server: t offers to delete them without a copy")
    );
    bench.keys("a");
    let request_id = confirmed(&mut bench);
    bench.send(EventKind::Reply(request_id, Response::Recorded(7)));
    end(&mut bench, request_id, &[(Outcome::Done, None), (Outcome::Refused, None)]);
    assert_eq!(aftermath(&bench), (true, false));
}

#[test]
fn what_was_not_sent_stays_marked() {
    let mut bench = Bench::new();
    bench.keys("space space a");
    let request_id = confirmed(&mut bench);
    bench.keys("x y");
    assert!(
        bench.wanted.iter().any(|effect| matches!(effect, Effect::Cancel(asked) if *asked == request_id))
    );
    end(&mut bench, request_id, &[(Outcome::Done, None), (Outcome::NotSent, None)]);
    assert_eq!(
        (bench.state.marks.total(), bench.state.marks.all().next().unwrap().failed.as_deref()),
        (1, None)
    );
}
