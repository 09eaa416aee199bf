//! Jobs that broke off: what is shown of them, what is read back, and how they are finished or dropped.

use std::time::Duration;

use tidyfy::app::effect::Request;
use tidyfy::app::event::{EventKind, Response};
use tidyfy::model::failure::Cause;
use tidyfy::model::kind::{Action, Kind, Scope};
use tidyfy::model::outcome::Outcome::{Done, Failed, NotSent, Refused, Unknown};
use tidyfy::model::plan::Options;
use tidyfy::model::record::Record;
use tidyfy::model::recovery::RecoveryRequest;
use tidyfy::sandbox::{Fault, FaultEffect, Operation, SandboxSettings};
use tidyfy::storage::journal::{FILE, JobEndState, StoredJobState};

use super::support::{
    Fate, begin, broken_off, chosen, clock, drop_rest, finishing, ids, is_so, job, jobs, only_unfinished,
    outcomes, proposed, reads, recover, request_log, steps, unfinished,
};
use crate::worker::bench::{Bench, tallied};

fn all_ids(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| record.id().to_string()).collect()
}

fn answer(status: u16) -> FaultEffect {
    FaultEffect::Answer { status, body: None, headers: Default::default(), apply: false }
}

/// Live processes, and a plan to archive them.
async fn archiving(n: usize) -> (Bench, Vec<Record>, tidyfy::model::plan::Plan) {
    let mut bench = Bench::plain().await;
    let records = bench.some(Kind::Processes, Scope::Active, n).await;
    let plan = proposed(Action::Archive, chosen(&records), Options::default());
    (bench, records, plan)
}

#[tokio::test(start_paused = true)]
async fn a_step_whose_answers_turned_it_away_counts_as_not_sent() {
    let (mut bench, records, plan) = archiving(6).await;
    let gone = Fate::Ended(Refused);
    let fates =
        [Fate::Ended(Done), Fate::Answered(429), Fate::Answered(401), Fate::Waiting, Fate::Sent, gone];
    assert!(bench.sandbox.archive("runs", &records[0].id().to_string()));
    let cut = broken_off(&bench, &plan, &fates).await;

    let before = bench.sandbox.requests().len();
    let unfinished_job = only_unfinished(&mut bench).await;
    assert_eq!(unfinished_job.sentence(), "unfinished archive: 1 done, 1 refused, 1 failed, 3 not sent");
    assert_eq!((unfinished_job.job, &unfinished_job.kinds[..]), (cut, &[(Kind::Processes, 6)][..]));
    assert_eq!(ids(&unfinished_job.rest), all_ids(&records[1..5]));
    let looked: Vec<_> = bench.sandbox.requests()[before..].iter().map(|read| read.path.clone()).collect();
    let of = |n: usize| looked.iter().any(|path| path.contains(&records[n].id().to_string()));
    assert!(of(4) && ![0, 1, 2, 3, 5].into_iter().any(of), "only what was sent is read back: {looked:?}");

    let request_id = bench.start(Request::RunJob(finishing(&unfinished_job)));
    let (_, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(Done, 4)]);
    let directory = bench.remembered.path();
    let outcomes = outcomes(directory, cut);
    let turned_away = Some(NotSent);
    let told = [Some(Done), turned_away, turned_away, Some(NotSent), Some(Failed), Some(Refused)];
    assert_eq!(outcomes, told, "nothing that was turned away is called unknown");
    assert_eq!(job(directory, cut).state, StoredJobState::Over(JobEndState::Continued));
    assert_eq!(jobs(directory)[0].continues, Some(cut));
    assert!(unfinished(&mut bench).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_job_of_several_kinds_is_finished_as_one() {
    let mut bench = Bench::plain().await;
    let mut records = bench.some(Kind::Processes, Scope::Active, 2).await;
    records.extend(bench.some(Kind::Templates, Scope::Active, 2).await);
    let plan = proposed(Action::Archive, chosen(&records), Options::default());
    let fates = [Fate::Ended(Done), Fate::Waiting, Fate::Sent, Fate::Waiting];
    assert!(bench.sandbox.archive("runs", &records[0].id().to_string()));
    broken_off(&bench, &plan, &fates).await;

    let unfinished_job = only_unfinished(&mut bench).await;
    assert_eq!(unfinished_job.sentence(), "unfinished archive: 1 done, 1 failed, 2 not sent");
    assert_eq!(unfinished_job.kinds, [(Kind::Processes, 2), (Kind::Templates, 2)]);
    assert_eq!(ids(&unfinished_job.rest), all_ids(&records[1..]));
    let request_id = bench.start(Request::RunJob(finishing(&unfinished_job)));
    let (_, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(Done, 3)]);
    for (record, slug) in records.iter().zip(["runs", "runs", "checklists", "checklists"]) {
        assert!(is_so(&bench.sandbox, Action::Archive, slug, &record.id().to_string()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_effect_after_the_end_of_the_program_is_not_taken_for_undone() {
    let mut bench = Bench::plain().await;
    let clock = clock();
    let (records, plan) = bench.archiving(20).await;
    let late = FaultEffect::HangLate { after: Duration::from_secs(3) };
    bench.sandbox.set_faults(vec![Fault::to(Operation::Archive, late)]);
    bench.start(Request::RunJob(plan));
    while request_log(&bench.sandbox).len() < 16 {
        tokio::task::yield_now().await;
    }
    bench.restart(clock);
    bench.sandbox.set_faults(vec![]);
    let unfinished_job = only_unfinished(&mut bench).await;
    assert_eq!(unfinished_job.sentence(), "unfinished archive: 16 done, 4 not sent");
    assert_eq!(ids(&unfinished_job.rest), all_ids(&records[16..]));
    let reason = steps(bench.remembered.path(), unfinished_job.job)[0].reason.clone();
    let said = "tidyfy ended before the answer came; read back: it is there, archived";
    assert_eq!(reason.as_deref(), Some(said));
}

#[tokio::test(start_paused = true)]
async fn what_was_archived_to_be_deleted_is_deleted_as_it_now_is() {
    let mut bench = Bench::plain().await;
    let records = bench.some(Kind::Processes, Scope::Active, 6).await;
    let options = Options { archive_first: true, ..Options::default() };
    let plan = proposed(Action::Delete, chosen(&records), options);
    assert_eq!(plan.steps.len(), 12);
    let id = |n: usize| records[n].id().to_string();
    // 0: both done. 1: archived. 2: being archived, in vain. 3: nothing yet. 4: not archived. 5: being deleted, in vain.
    for n in [1, 5] {
        assert!(bench.sandbox.archive("runs", &id(n)));
    }
    assert!(bench.sandbox.remove("runs", &id(0)));
    let (done, refused) = (Fate::Ended(Done), Fate::Ended(Refused));
    let fates = [
        [done, done],
        [done, Fate::Waiting],
        [Fate::Sent, Fate::Waiting],
        [Fate::Waiting, Fate::Waiting],
        [refused, Fate::Waiting],
        [done, Fate::Sent],
    ];
    let cut = broken_off(&bench, &plan, fates.as_flattened()).await;

    let unfinished_job = only_unfinished(&mut bench).await;
    assert_eq!(
        unfinished_job.sentence(),
        "unfinished delete: 1 done, 1 refused, 2 failed, 2 not sent; 2 of them archived already"
    );
    assert_eq!(unfinished_job.kinds, [(Kind::Processes, 6)]);
    assert_eq!(ids(&unfinished_job.rest), [id(1), id(2), id(3), id(5)]);
    let archived: Vec<bool> = unfinished_job.rest.iter().map(|chosen| chosen.record.is_archived()).collect();
    assert_eq!(archived, [true, false, false, true]);

    let plan = finishing(&unfinished_job);
    let actions: Vec<_> = plan.steps.iter().map(|step| step.row.action).collect();
    let [a, d] = [Action::Archive, Action::Delete];
    assert_eq!(actions, [d, a, d, a, d, d]);
    let request_id = bench.start(Request::RunJob(plan));
    let (_, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(Done, 4)]);
    let is_gone: Vec<bool> = (0..6).map(|n| is_so(&bench.sandbox, Action::Delete, "runs", &id(n))).collect();
    assert_eq!(is_gone, [true, true, true, true, false, true]);
    let copies = tidyfy::storage::backups::list(&bench.remembered.path().join("backups")).unwrap();
    assert_eq!((copies.len(), copies[0].records["processes"]), (1, 4), "each was copied first");
    assert_eq!(job(bench.remembered.path(), cut).state, StoredJobState::Over(JobEndState::Continued));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_had_come_to_its_last_step_is_only_closed() {
    let (mut bench, records, plan) = archiving(3).await;
    for record in &records {
        assert!(bench.sandbox.archive("runs", &record.id().to_string()));
    }
    let cut = broken_off(&bench, &plan, &[Fate::Ended(Done), Fate::Sent, Fate::Ended(Refused)]).await;
    let unfinished_job = only_unfinished(&mut bench).await;
    assert_eq!(unfinished_job.sentence(), "unfinished archive: 2 done, 1 refused");
    assert!(unfinished_job.rest.is_empty());
    drop_rest(&mut bench, cut).await.unwrap();
    assert_eq!(job(bench.remembered.path(), cut).state, StoredJobState::Over(JobEndState::Finished));
    assert_eq!(outcomes(bench.remembered.path(), cut), [Some(Done), Some(Done), Some(Refused)]);
    assert!(unfinished(&mut bench).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_unfinished_job_is_reported_before_anything_is_read_back() {
    let (mut bench, records, plan) = archiving(20).await;
    for record in &records[..10] {
        assert!(bench.sandbox.archive("runs", &record.id().to_string()));
    }
    broken_off(&bench, &plan, &[Fate::Sent; 18]).await;
    bench.restart(clock());
    let before = reads(&bench.sandbox);
    let request_id = bench.start(Request::Unfinished);
    let first = bench.hear().await.event_kind;
    let EventKind::Reply(_, Response::UnfinishedJobs(open)) = first else { panic!("{first:?}") };
    assert_eq!((open.unfinished_jobs.len(), open.unfinished_jobs[0].reading), (1, 18));
    assert_eq!(open.unfinished_jobs[0].sentence(), "unfinished archive: 18 unknown, 2 not sent");
    assert_eq!(reads(&bench.sandbox), before, "the server was not asked yet");
    let Response::Unfinished(found) = bench.finish(request_id).await else { panic!("it ends as it began") };
    let found = found.unwrap();
    assert_eq!(found[0].sentence(), "unfinished archive: 10 done, 8 failed, 2 not sent");
    let is_read = |response: &&Response| matches!(response, Response::ReadBack { .. });
    assert_eq!((bench.responses(request_id).filter(is_read).count(), found[0].reading), (18, 0));
}

#[tokio::test(start_paused = true)]
async fn a_damaged_step_of_an_unfinished_job_is_unknown_and_never_sent() {
    let (mut bench, records, plan) = archiving(4).await;
    let cut = broken_off(&bench, &plan, &[]).await;
    let connection = rusqlite::Connection::open(bench.remembered.path().join(FILE)).unwrap();
    let other = records[0].id().to_string();
    connection.execute("UPDATE steps SET record = ?1 WHERE n = 1", [other]).unwrap();
    connection.execute("UPDATE steps SET name = CAST(x'ff' AS TEXT) WHERE n = 2", []).unwrap();
    let unfinished_job = only_unfinished(&mut bench).await;
    assert_eq!(unfinished_job.sentence(), "unfinished archive: 2 unknown, 2 not sent");
    assert_eq!(ids(&unfinished_job.rest), [0, 3].map(|n: usize| records[n].id().to_string()));
    let request_id = bench.start(Request::RunJob(finishing(&unfinished_job)));
    assert_eq!(tallied(&bench.job(request_id).await.1), [(Done, 2)]);
    assert_eq!(job(bench.remembered.path(), cut).state, StoredJobState::Over(JobEndState::Continued));
    let is_done: Vec<bool> = records
        .iter()
        .map(|record| is_so(&bench.sandbox, Action::Archive, "runs", &record.id().to_string()))
        .collect();
    assert_eq!(is_done, [true, false, false, true]);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_deleted_from_the_journal_is_not_sent_again() {
    let (mut bench, records, plan) = archiving(3).await;
    broken_off(&bench, &plan, &[Fate::Sent]).await;
    let connection = rusqlite::Connection::open(bench.remembered.path().join(FILE)).unwrap();
    connection.execute("DELETE FROM attempts", []).unwrap();
    let unfinished_job = only_unfinished(&mut bench).await;
    assert_eq!(unfinished_job.sentence(), "unfinished archive: 1 unknown, 2 not sent");
    assert_eq!(ids(&unfinished_job.rest), all_ids(&records[1..]));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_never_sent_anything_is_shown_without_asking_the_server() {
    let (mut bench, records, plan) = archiving(3).await;
    let cut = broken_off(&bench, &plan, &[]).await;
    let before = bench.sandbox.requests().len();
    let unfinished_job = only_unfinished(&mut bench).await;
    assert_eq!(unfinished_job.sentence(), "unfinished archive: 3 not sent");
    assert_eq!(ids(&unfinished_job.rest), all_ids(&records));
    drop_rest(&mut bench, cut).await.unwrap();
    assert_eq!(bench.sandbox.requests().len(), before);
    let directory = bench.remembered.path().to_owned();
    assert_eq!(job(&directory, cut).state, StoredJobState::Over(JobEndState::Dropped));
    let told = steps(&directory, cut);
    for step in &told {
        assert_eq!((step.outcome, step.reason.as_deref()), (Some(NotSent), Some("the job was dropped")));
    }
    assert!(unfinished(&mut bench).await.is_empty());
    let why = drop_rest(&mut bench, cut).await.unwrap_err();
    assert_eq!(why.words, format!("job {cut} is over, or another tidyfy is at it"));
}

#[tokio::test(start_paused = true)]
async fn steps_that_were_noted_as_not_sent_before_the_end_are_still_to_be_done() {
    let (mut bench, records, plan) = archiving(3).await;
    broken_off(&bench, &plan, &[Fate::Waiting, Fate::Ended(NotSent), Fate::Ended(Failed)]).await;
    let unfinished_job = only_unfinished(&mut bench).await;
    assert_eq!(unfinished_job.sentence(), "unfinished archive: 1 failed, 2 not sent");
    assert_eq!(ids(&unfinished_job.rest), all_ids(&records));
}

#[tokio::test(start_paused = true)]
async fn jobs_of_another_place_are_not_shown() {
    let (mut bench, _, plan) = archiving(3).await;
    let (url, organization) = (bench.sandbox.base_url(), bench.sandbox.org().to_owned());
    drop(begin(&bench, &plan, "https://go.tallyfy.com/api", &organization).await);
    drop(begin(&bench, &plan, &url, "ffffffffffffffffffffffffffffffff").await);
    assert!(unfinished(&mut bench).await.is_empty());
    let here = begin(&bench, &plan, &url, &organization).await.job();
    assert_eq!(only_unfinished(&mut bench).await.job, here);
}

#[tokio::test(start_paused = true)]
async fn what_this_program_is_at_itself_is_not_unfinished() {
    let settings = SandboxSettings { latency: Duration::from_millis(100), ..SandboxSettings::default() };
    let mut bench = Bench::new(settings).await;
    let (_, plan) = bench.archiving(40).await;
    let request_id = bench.start(Request::RunJob(plan));
    bench.until(|event_kind| matches!(event_kind, EventKind::Reply(_, Response::Step { .. }))).await;
    let asked = bench.start(Request::Unfinished);
    let Response::Unfinished(found) = bench.finish(asked).await else { panic!("it ends as it began") };
    assert!(found.unwrap().is_empty());
    let (_, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(Done, 40)]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_back_stays_unknown_and_is_offered_again() {
    let (mut bench, records, plan) = archiving(4).await;
    assert!(bench.sandbox.archive("runs", &records[0].id().to_string()));
    let cut = broken_off(&bench, &plan, &[Fate::Sent, Fate::Sent, Fate::Waiting, Fate::Waiting]).await;
    let down = || {
        let call = |call| Fault::to(call, answer(500));
        vec![call(Operation::Read), call(Operation::List)]
    };
    for _ in 0..3 {
        bench.sandbox.set_faults(down());
        bench.restart(clock());
        let unfinished_job = only_unfinished(&mut bench).await;
        assert_eq!(unfinished_job.sentence(), "unfinished archive: 2 unknown, 2 not sent");
        assert_eq!(
            ids(&unfinished_job.rest),
            all_ids(&records[2..]),
            "nothing that may have been done is sent again"
        );
    }
    let reason = steps(bench.remembered.path(), cut)[0].reason.clone().unwrap();
    assert_eq!(reason.matches("reading it back failed too").count(), 1, "{reason}");
    bench.sandbox.set_faults(vec![]);
    let unfinished_job = only_unfinished(&mut bench).await;
    assert_eq!(unfinished_job.sentence(), "unfinished archive: 1 done, 1 failed, 2 not sent");
    assert_eq!(ids(&unfinished_job.rest), all_ids(&records[1..]));
}

#[tokio::test(start_paused = true)]
async fn what_stayed_unknown_when_the_rest_was_finished_can_still_be_tried_again() {
    let (mut bench, records, plan) = archiving(3).await;
    let cut = broken_off(&bench, &plan, &[Fate::Sent, Fate::Ended(Done), Fate::Waiting]).await;
    bench
        .sandbox
        .set_faults(vec![Fault::to(Operation::Read, answer(500)), Fault::to(Operation::List, answer(500))]);
    let unfinished_job = only_unfinished(&mut bench).await;
    let request_id = bench.start(Request::RunJob(finishing(&unfinished_job)));
    let (_, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(Done, 1)]);
    assert_eq!(outcomes(bench.remembered.path(), cut), [Some(Unknown), Some(Done), Some(NotSent)]);
    bench.sandbox.set_faults(vec![]);
    bench.restart(clock());
    let again = recover(&mut bench, RecoveryRequest::Retry).await.unwrap();
    assert_eq!(ids(&again.chosen), all_ids(&records[..1]));
    assert!(again.preface[0].starts_with("tries again the record that failed in job 1 (archive, "));
}

#[tokio::test(start_paused = true)]
async fn a_recovery_that_breaks_off_in_its_turn_loses_nothing() {
    let (mut bench, records, plan) = archiving(6).await;
    for record in &records[..3] {
        assert!(bench.sandbox.archive("runs", &record.id().to_string()));
    }
    broken_off(&bench, &plan, &[Fate::Sent; 6]).await;
    let hangs = Fault::on("GET", &records[5].id().to_string(), FaultEffect::Hang { apply: false });
    bench.sandbox.set_faults(vec![hangs]);
    bench.start(Request::Unfinished);
    let settled = |bench: &Bench| outcomes(bench.remembered.path(), 1).into_iter().flatten().count();
    while settled(&bench) < 5 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    bench.sandbox.set_faults(vec![]);
    bench.restart(clock());
    let unfinished_job = only_unfinished(&mut bench).await;
    assert_eq!(unfinished_job.sentence(), "unfinished archive: 3 done, 3 failed");
    assert_eq!(ids(&unfinished_job.rest), all_ids(&records[3..]));
    assert!(request_log(&bench.sandbox).is_empty(), "looking changes nothing");
}

#[tokio::test(start_paused = true)]
async fn the_old_job_is_over_with_the_first_request_of_the_new_one_and_not_if_that_never_begins() {
    let (mut bench, _, plan) = archiving(3).await;
    let directory = bench.remembered.path().to_owned();
    let cut = broken_off(&bench, &plan, &[Fate::Ended(Done)]).await;
    let unfinished_job = only_unfinished(&mut bench).await;
    let connection = rusqlite::Connection::open(directory.join(FILE)).unwrap();
    connection
        .execute("CREATE TRIGGER full BEFORE INSERT ON steps BEGIN SELECT RAISE(ABORT, 'no room'); END", [])
        .unwrap();
    let request_id = bench.start(Request::RunJob(finishing(&unfinished_job)));
    let (_, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(NotSent, 2)]);
    let stopped = end.stopped.unwrap();
    assert_eq!(
        (stopped.cause, &stopped.words[..]),
        (Cause::Unrecorded, "the journal could not be written: no room")
    );
    assert!(stopped.hint().unwrap().contains("its disk has room"));
    assert_eq!((jobs(&directory).len(), job(&directory, cut).state), (1, StoredJobState::Unfinished));
    assert!(request_log(&bench.sandbox).is_empty());
    connection.execute("DROP TRIGGER full", []).unwrap();

    let unfinished_job = only_unfinished(&mut bench).await;
    assert_eq!(unfinished_job.sentence(), "unfinished archive: 1 done, 2 not sent");
    let request_id = bench.start(Request::RunJob(finishing(&unfinished_job)));
    while request_log(&bench.sandbox).is_empty() {
        bench.hear().await;
    }
    assert_eq!(job(&directory, cut).state, StoredJobState::Over(JobEndState::Continued));
    let (_, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(Done, 2)]);
    // Whoever had it on the screen from before cannot finish it twice.
    let request_id = bench.start(Request::RunJob(finishing(&unfinished_job)));
    let (_, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(NotSent, 2)]);
    assert_eq!(end.stopped.unwrap().words, format!("job {cut} cannot be taken over: it is over"));
    assert_eq!((reads(&bench.sandbox) > 0, request_log(&bench.sandbox).len()), (true, 2));
}
