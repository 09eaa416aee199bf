//! Undoing the last job and trying again what failed of it, in every mix of outcomes and after a restart.

use std::time::Duration;

use tidyfy::app::effect::{Effect, Request};
use tidyfy::app::event::{EventKind, Response};
use tidyfy::model::kind::{Action, Kind, Scope};
use tidyfy::model::outcome::Outcome::{self, AlreadyGone, Changed, Done, Failed, NotSent, Refused, Unknown};
use tidyfy::model::plan::Options;
use tidyfy::model::record::Record;
use tidyfy::model::recovery::{RecoveryPlan, RecoveryRequest};
use tidyfy::sandbox::{Fault, FaultEffect, SandboxSettings};

use super::support::{
    Fate, broken_off, chosen, clock, drop_rest, ids, is_so, only_unfinished, proposed, recover,
    recovery_plan, request_log,
};
use crate::worker::bench::{Bench, tallied};

fn answer(status: u16) -> FaultEffect {
    FaultEffect::Answer { status, body: None, headers: Default::default(), apply: false }
}

fn id(record: &Record) -> String {
    record.id().to_string()
}

fn on(method: &str, record: &Record, fault_effect: FaultEffect) -> Fault {
    Fault::on(method, &id(record), fault_effect)
}

/// Carries a plan out and answers how its records ended.
async fn run(bench: &mut Bench, plan: tidyfy::model::plan::Plan) -> Vec<(Outcome, usize)> {
    let request_id = bench.start(Request::RunJob(plan.into()));
    let (_, end) = bench.job(request_id).await;
    assert!(end.stopped.is_none(), "{end:?}");
    tallied(&end)
}

async fn again(bench: &mut Bench, found: RecoveryPlan) -> Vec<(Outcome, usize)> {
    let plan = recovery_plan(found);
    let request_id = bench.start(Request::RunJob(plan));
    let (_, end) = bench.job(request_id).await;
    tallied(&end)
}

fn archive(records: &[Record]) -> tidyfy::model::plan::Plan {
    proposed(Action::Archive, chosen(records), Options::default())
}

#[tokio::test(start_paused = true)]
async fn undo_takes_exactly_what_was_done_whatever_became_of_the_others() {
    let settings = SandboxSettings { latency: Duration::from_millis(100), ..SandboxSettings::default() };
    let mut bench = Bench::new(settings).await;
    let clock = clock();
    let records = bench.some(Kind::Processes, Scope::Active, 40).await;
    // 0 was refused, 1 is gone, 2 failed, of 3 nothing can be known, 4 was done although nobody said so.
    assert!(bench.sandbox.remove("runs", &id(&records[1])));
    bench.sandbox.set_faults(vec![
        on("DELETE", &records[0], answer(422)),
        on("DELETE", &records[2], answer(500)),
        on("DELETE", &records[3], FaultEffect::ResetAfter),
        on("GET", &records[3], answer(500)),
        on("DELETE", &records[4], FaultEffect::ResetAfter),
    ]);
    let request_id = bench.start(Request::RunJob(archive(&records).into()));
    bench.until(|event_kind| matches!(event_kind, EventKind::Reply(_, Response::Step { .. }))).await;
    bench.worker.perform(Effect::Cancel(request_id));
    let (told, end) = bench.job(request_id).await;
    for outcome in [Done, AlreadyGone, Refused, Failed, Unknown, NotSent] {
        assert!(end.tally.of(outcome) > 0, "{outcome:?}: {end:?}");
    }
    let done: Vec<_> =
        records.iter().zip(&told).filter(|(_, told)| told.0 == Done).map(|(record, _)| id(record)).collect();

    bench.restart(clock);
    bench.sandbox.set_faults(vec![]);
    let undone = recover(&mut bench, RecoveryRequest::UndoJob(1)).await.unwrap();
    assert_eq!((undone.action, ids(&undone.chosen)), (Action::Restore, done.clone()));
    let begins = "undoes job 1 (archive, ";
    assert!(undone.preface.len() == 1 && undone.preface[0].starts_with(begins), "{:?}", undone.preface);
    let before = request_log(&bench.sandbox).len();
    assert_eq!(again(&mut bench, undone).await, [(Done, done.len())]);
    assert_eq!(request_log(&bench.sandbox).len() - before, done.len(), "nothing else was asked for");
    for (n, record) in records.iter().enumerate().filter(|(n, _)| *n != 1) {
        // What is unknown was done in truth, and stays so: nobody said that it was.
        assert_eq!(is_so(&bench.sandbox, Action::Restore, "runs", &id(record)), n != 3, "{n}");
    }
}

#[tokio::test(start_paused = true)]
async fn undo_of_an_undo_does_it_again_and_there_may_be_nothing_to_undo() {
    let mut bench = Bench::plain().await;
    assert!(
        recover(&mut bench, RecoveryRequest::UndoJob(1)).await.is_none()
            && recover(&mut bench, RecoveryRequest::Retry).await.is_none()
    );
    assert_eq!(std::fs::read_dir(bench.remembered.path()).unwrap().count(), 0, "looking makes nothing");
    let records = bench.some(Kind::Processes, Scope::Active, 3).await;
    assert_eq!(run(&mut bench, archive(&records[..1])).await, [(Done, 1)]);
    let mut action = Action::Archive;
    for number in 1..4 {
        bench.restart(clock());
        let undone = recover(&mut bench, RecoveryRequest::UndoJob(number)).await.unwrap();
        let said = format!("undoes job {number} ({}, ", action.word());
        assert!(undone.preface[0].starts_with(&said), "{:?}", undone.preface);
        action = action.inverse().unwrap();
        assert_eq!((undone.action, ids(&undone.chosen)), (action, vec![id(&records[0])]));
        assert_eq!(again(&mut bench, undone).await, [(Done, 1)]);
        assert!(is_so(&bench.sandbox, action, "runs", &id(&records[0])));
    }
    // A job that did nothing is none that could be undone: the one before it is.
    bench.sandbox.set_faults(vec![Fault::on("DELETE", "/runs/", answer(422))]);
    assert_eq!(run(&mut bench, archive(&records[1..])).await, [(Refused, 2)]);
    assert!(recover(&mut bench, RecoveryRequest::UndoJob(5)).await.is_none());
    let undone = recover(&mut bench, RecoveryRequest::UndoJob(4)).await.unwrap();
    assert!(undone.preface[0].starts_with("undoes job 4 (restore, "), "{:?}", undone.preface);
}

#[tokio::test(start_paused = true)]
async fn what_was_deleted_since_is_named_and_blocked() {
    let mut bench = Bench::plain().await;
    let records = bench.some(Kind::Processes, Scope::Active, 4).await;
    let tags = bench.some(Kind::Tags, Scope::Active, 2).await;
    assert_eq!(run(&mut bench, archive(&records)).await, [(Done, 4)]);
    let (archived, _) = bench.list(Kind::Processes, Scope::Archived).await;
    let of = |n: usize| archived.iter().find(|record| record.id() == records[n].id()).cloned().unwrap();
    let delete = |records: &[Record]| proposed(Action::Delete, chosen(records), Options::default());

    // One that has nothing to do with it, then one of these, then more.
    assert_eq!(run(&mut bench, delete(&tags[..1])).await, [(Done, 1)]);
    let undone = recover(&mut bench, RecoveryRequest::UndoJob(1)).await.unwrap();
    assert!(undone.preface[0].ends_with(" ago) for the 4 records that were done"), "{:?}", undone.preface);
    assert_eq!(undone.preface[1..], ["since then 1 record was permanently deleted (job 2), none of these"]);
    assert_eq!(run(&mut bench, delete(&[of(2)])).await, [(Done, 1)]);
    bench.restart(clock());
    let undone = recover(&mut bench, RecoveryRequest::UndoJob(1)).await.unwrap();
    assert_eq!(
        undone.preface[1..],
        ["since then 2 records were permanently deleted (jobs 2, 3), 1 of these"]
    );

    // A deletion that was refused is none.
    bench.sandbox.set_faults(vec![on("DELETE", &tags[1], answer(422))]);
    assert_eq!(run(&mut bench, delete(&tags[1..])).await, [(Refused, 1)]);
    bench.sandbox.set_faults(vec![]);
    let undone = recover(&mut bench, RecoveryRequest::UndoJob(1)).await.unwrap();
    assert_eq!(
        undone.preface[1..],
        ["since then 2 records were permanently deleted (jobs 2, 3), 1 of these"]
    );
    let why: Vec<_> = undone.chosen.iter().map(|chosen| chosen.busy.as_deref()).collect();
    assert_eq!(why, [None, None, Some("permanently deleted since, in job 3"), None]);
    let plan = recovery_plan(undone);
    assert_eq!((plan.count(), plan.blocked.len()), (3, 1));
    let request_id = bench.start(Request::RunJob(plan));
    assert_eq!(tallied(&bench.job(request_id).await.1), [(Done, 3)]);
}

#[tokio::test(start_paused = true)]
async fn what_was_archived_to_be_deleted_and_then_was_not_does_not_count_as_deleted() {
    let mut bench = Bench::plain().await;
    let records = bench.some(Kind::Processes, Scope::Active, 3).await;
    assert_eq!(run(&mut bench, archive(&records[..1])).await, [(Done, 1)]);
    let first = Options { archive_first: true, ..Options::default() };
    let plan = proposed(Action::Delete, chosen(&records[1..]), first);
    // The deletions are refused after the archiving was done.
    bench.sandbox.set_faults(vec![Fault::to(tidyfy::sandbox::Operation::Delete, answer(422))]);
    assert_eq!(run(&mut bench, plan).await, [(Refused, 2)]);
    let undone = recover(&mut bench, RecoveryRequest::UndoJob(1)).await.unwrap();
    assert_eq!(
        (ids(&undone.chosen), undone.preface.len()),
        (vec![id(&records[0])], 1),
        "{:?}",
        undone.preface
    );
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_dropped_is_undone_for_what_it_did() {
    let mut bench = Bench::plain().await;
    let records = bench.some(Kind::Processes, Scope::Active, 3).await;
    assert!(bench.sandbox.archive("runs", &id(&records[1])));
    let cut = broken_off(&bench, &archive(&records), &[Fate::Waiting, Fate::Sent, Fate::Waiting]).await;
    assert!(recover(&mut bench, RecoveryRequest::UndoJob(1)).await.is_none(), "it is not over");
    only_unfinished(&mut bench).await;
    drop_rest(&mut bench, cut).await.unwrap();
    let undone = recover(&mut bench, RecoveryRequest::UndoJob(1)).await.unwrap();
    assert_eq!(ids(&undone.chosen), [id(&records[1])]);
    assert_eq!(again(&mut bench, undone).await, [(Done, 1)]);
}

#[tokio::test(start_paused = true)]
async fn retry_takes_only_what_failed_and_reads_back_what_is_unknown_first() {
    let mut bench = Bench::plain().await;
    let clock = clock();
    let records = bench.some(Kind::Processes, Scope::Active, 6).await;
    let unknown = |n: usize, fault_effect| {
        vec![on("DELETE", &records[n], fault_effect), on("GET", &records[n], answer(500))]
    };
    bench.sandbox.set_faults(
        [
            vec![on("DELETE", &records[0], answer(422)), on("DELETE", &records[1], answer(502))],
            unknown(2, FaultEffect::ResetAfter),
            unknown(3, FaultEffect::ResetBefore),
            unknown(4, FaultEffect::ResetBefore),
        ]
        .concat(),
    );
    let ended = run(&mut bench, archive(&records)).await;
    assert_eq!(ended, [(Done, 1), (Refused, 1), (Failed, 1), (Unknown, 3)]);

    // Of one nothing can be known even now.
    bench.sandbox.set_faults(vec![on("GET", &records[4], answer(500))]);
    bench.restart(clock.clone());
    let found = recover(&mut bench, RecoveryRequest::Retry).await.unwrap();
    assert_eq!((found.action, ids(&found.chosen)), (Action::Archive, vec![id(&records[1]), id(&records[3])]));
    assert!(found.preface[0].starts_with("tries again the 2 records that failed in job 1 (archive, "));
    let said = "of 1 more it is still unknown whether it was done: it is left out";
    assert_eq!(found.preface[1..], [said]);
    assert_eq!(again(&mut bench, found).await, [(Done, 2)]);

    // The same once it can be read: what had stayed unknown is not forgotten.
    bench.sandbox.set_faults(vec![]);
    bench.restart(clock);
    let found = recover(&mut bench, RecoveryRequest::Retry).await.unwrap();
    assert_eq!((ids(&found.chosen), found.preface.len()), (vec![id(&records[4])], 1));
    assert!(found.preface[0].starts_with("tries again the record that failed in job 1 (archive, "));
    assert_eq!(again(&mut bench, found).await, [(Done, 1)]);
    assert!(recover(&mut bench, RecoveryRequest::Retry).await.is_none(), "nothing is left");
    let twice = request_log(&bench.sandbox).into_values().filter(|seen| seen.applied > 1).count();
    assert_eq!(twice, 0);
}

#[tokio::test(start_paused = true)]
async fn files_whose_bytes_are_lost_are_offered_last_and_without_a_copy() {
    let mut bench = Bench::plain().await;
    let clock = clock();
    let (files, _) = bench.list(Kind::Files, Scope::Active).await;
    let mut stored: Vec<Record> =
        files.into_iter().filter(|file| bench.sandbox.bytes(&id(file)).is_some()).collect();
    stored.truncate(5);
    let lost = |n: usize| Fault::on("GET", &format!("*{}*/dl*", id(&stored[n])), answer(500));
    let lost: Vec<Fault> = [0, 1].map(lost).into();
    let refuses = on("DELETE", &stored[2], answer(502));
    bench.sandbox.set_faults([lost.clone(), vec![refuses]].concat());
    let plan = proposed(Action::Delete, chosen(&stored), Options::default());
    assert_eq!(run(&mut bench, plan).await, [(Done, 2), (Failed, 3)], "{:?}", bench.sandbox.requests());

    bench.sandbox.set_faults(lost);
    bench.restart(clock.clone());
    let found = recover(&mut bench, RecoveryRequest::Retry).await.unwrap();
    assert_eq!((ids(&found.chosen), found.options.backup), (vec![id(&stored[2])], true));
    assert_eq!(again(&mut bench, found).await, [(Done, 1)]);
    bench.restart(clock);
    let found = recover(&mut bench, RecoveryRequest::Retry).await.unwrap();
    assert_eq!(ids(&found.chosen), [id(&stored[0]), id(&stored[1])]);
    let said = "without a copy: the server has lost the bytes of these, so that none can be kept";
    assert_eq!((found.options.backup, &found.preface[1..]), (false, &[said.to_owned()][..]));
    assert_eq!(again(&mut bench, found).await, [(Done, 2)]);
    assert!(recover(&mut bench, RecoveryRequest::Retry).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_tried_again_where_nothing_failed() {
    let mut bench = Bench::plain().await;
    let records = bench.some(Kind::Processes, Scope::Active, 4).await;
    bench.sandbox.set_faults(vec![on("DELETE", &records[0], answer(502))]);
    assert_eq!(run(&mut bench, archive(&records[..2])).await, [(Done, 1), (Failed, 1)]);
    bench.sandbox.set_faults(vec![on("DELETE", &records[2], answer(422))]);
    assert_eq!(run(&mut bench, archive(&records[2..])).await, [(Done, 1), (Refused, 1)]);
    assert!(recover(&mut bench, RecoveryRequest::Retry).await.is_none(), "only the last job counts");
}

#[tokio::test(start_paused = true)]
async fn what_was_held_is_neither_undone_nor_tried_again() {
    let mut bench = Bench::plain().await;
    let tags = bench.some(Kind::Processes, Scope::Archived, 2).await;
    assert!(bench.sandbox.restore("runs", &id(&tags[0])));
    let plan = proposed(Action::Delete, chosen(&tags), Options::default());
    assert_eq!(run(&mut bench, plan).await, [(Done, 1), (Changed, 1)]);
    assert!(
        recover(&mut bench, RecoveryRequest::Retry).await.is_none()
            && recover(&mut bench, RecoveryRequest::UndoJob(1)).await.is_none()
    );
}
