//! Jobs: what each answer means for its step, and holding, cancelling and queueing.

use std::collections::BTreeMap;
use std::time::Duration;

use tidyfy::app::effect::{Effect, Request, RequestId};
use tidyfy::app::event::{EventKind, Response};
use tidyfy::model::kind::{Action, Kind, Scope};
use tidyfy::model::outcome::Outcome::{self, Done, Failed, NotSent, Refused};
use tidyfy::model::record::Record;
use tidyfy::sandbox::{Fault, FaultEffect, SandboxSettings};

use super::bench::{Bench, plan, tallied};

fn answer(status: u16, headers: &[(&str, &str)]) -> FaultEffect {
    let headers = headers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    FaultEffect::Answer { status, body: None, headers: headers.collect(), apply: false }
}

fn on(record: &Record, fault_effect: FaultEffect) -> Fault {
    Fault::on("DELETE", &record.id().to_string(), fault_effect)
}

fn slow() -> SandboxSettings {
    SandboxSettings { latency: Duration::from_millis(100), ..SandboxSettings::default() }
}

fn is_step(event_kind: &EventKind, request_id: RequestId) -> bool {
    matches!(event_kind, EventKind::Reply(of, Response::Step { .. }) if *of == request_id)
}

#[tokio::test(start_paused = true)]
async fn every_action_of_every_kind_does_what_it_says() {
    let mut bench = Bench::plain().await;
    // Of people some must stay, for reasons of their own.
    for kind in Kind::ALL.into_iter().filter(|kind| !matches!(kind, Kind::Guests | Kind::Members)) {
        for row in kind.row().actions {
            let scope = match row.action {
                Action::Archive => Scope::Active,
                Action::Restore => Scope::Archived,
                Action::Delete if kind.row().archives() => Scope::Archived,
                Action::Delete => Scope::Active,
            };
            let (mut records, _) = bench.list(kind, scope).await;
            records.retain(|record| {
                record.named("run") == tidyfy::model::record::Value::Missing && record.name() != "(no name)"
            });
            records.truncate(3);
            let request_id = bench.start(Request::RunJob(plan(row.action, records.iter().cloned())));
            let (steps, end) = bench.job(request_id).await;
            assert_eq!(tallied(&end), [(Done, records.len())], "{kind:?} {:?}: {steps:?}", row.action);
            assert!(!records.is_empty() && end.stopped.is_none() && !end.cancelled);
            let (now, _) = bench.list(kind, scope).await;
            let left = records.iter().filter(|record| now.iter().any(|other| other.id() == record.id()));
            assert_eq!(left.count(), 0, "{kind:?} {:?}: still there", row.action);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_tells_that_it_began_then_its_steps_then_its_end() {
    let mut bench = Bench::plain().await;
    let (records, plan) = bench.archiving(40).await;
    let request_id = bench.start(Request::RunJob(plan));
    let (steps, _) = bench.job(request_id).await;
    assert_eq!(steps.len(), 40);
    let responses: Vec<_> = bench.responses(request_id).collect();
    assert!(matches!(responses[..2], [Response::Started, Response::Recorded(1)]), "{:?}", &responses[..2]);
    assert!(matches!(responses[42], Response::JobEnded(_)));
    for response in &responses[2..42] {
        let Response::Step { step, record: Some(record), .. } = response else { panic!("{response:?}") };
        assert!(record.is_archived() && record.id() == records[*step].id());
    }
    assert!(records.iter().all(|record| bench.archived_at("runs", record).is_string()));
    let shown: Vec<_> =
        bench.attempts().map(|attempt| (attempt.method, attempt.purpose, attempt.kind)).collect();
    assert_eq!(shown, vec![("DELETE", "archive", Some(Kind::Processes)); 40]);
    assert!(bench.is_silent().await);
}

#[tokio::test(start_paused = true)]
async fn each_answer_is_judged_as_what_it_is_and_nothing_is_sent_twice() {
    let mut bench = Bench::plain().await;
    let (records, plan) = bench.archiving(14).await;
    let cases: Vec<(FaultEffect, Outcome, &str)> = vec![
        (answer(422, &[]), Refused, ""),
        (answer(404, &[]), Refused, ""),
        (answer(403, &[]), Refused, ""),
        (answer(500, &[]), Failed, "read back: it is there, live"),
        (answer(502, &[]), Failed, "read back: it is there, live"),
        (FaultEffect::ResetBefore, Failed, "before an answer came; read back: it is there, live"),
        (FaultEffect::ResetAfter, Done, "before an answer came; read back: it is there, archived"),
        (FaultEffect::Hang { apply: true }, Done, "no answer in 30 s; read back: it is there, archived"),
        (FaultEffect::Truncated, Done, "read back: it is there, archived"),
        (FaultEffect::Garbage, Done, "read back: it is there, archived"),
        (FaultEffect::Html { status: 200, apply: true }, Done, "read back: it is there, archived"),
        (answer(303, &[("Location", "/api/me")]), Failed, "redirects this DELETE"),
        (answer(204, &[]), Done, ""),
        (FaultEffect::None, Done, ""),
    ];
    bench
        .sandbox
        .set_faults(records.iter().zip(&cases).map(|(record, case)| on(record, case.0.clone())).collect());
    let request_id = bench.start(Request::RunJob(plan));
    let (steps, end) = bench.job(request_id).await;
    for ((outcome, reason), (fault_effect, wanted, words)) in steps.iter().zip(&cases) {
        assert_eq!(outcome, wanted, "{fault_effect:?}: {reason:?}");
        assert!(reason.as_deref().unwrap_or_default().contains(words), "{fault_effect:?}: {reason:?}");
    }
    assert_eq!(tallied(&end), [(Done, 7), (Refused, 3), (Failed, 4)]);
    let changes = bench.changes();
    for record in &records {
        let sent = changes.iter().filter(|change| change.contains(&record.id().to_string()));
        assert_eq!(sent.count(), 1, "{}", record.name());
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_refused_is_certain_failure() {
    let mut bench = Bench::plain().await;
    let (_, plan) = bench.archiving(3).await;
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    bench.aim(&format!("http://{nobody}"), "e0d1", "token");
    let request_id = bench.start(Request::RunJob(plan));
    let (steps, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(Failed, 3)]);
    assert!(steps[0].1.as_deref().unwrap().contains("refused the connection"), "{steps:?}");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_throttled_is_sent_again_after_the_wait() {
    let mut bench = Bench::plain().await;
    let (records, plan) = bench.archiving(30).await;
    let throttled = answer(429, &[("Retry-After", "5")]);
    bench.sandbox.set_faults(vec![on(&records[20], throttled).times(2)]);
    let request_id = bench.start(Request::RunJob(plan));
    let (_, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(Done, 30)]);
    let waits: Vec<_> = bench.attempts().filter_map(|attempt| attempt.again_in).collect();
    assert_eq!(waits, [Duration::from_secs(5); 2]);
    assert_eq!(bench.changes().len(), 32);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_turned_away_ten_times_has_failed_and_the_job_goes_on() {
    let mut bench = Bench::plain().await;
    let (records, plan) = bench.archiving(20).await;
    bench.sandbox.set_faults(vec![on(&records[3], answer(429, &[("Retry-After", "1")]))]);
    let request_id = bench.start(Request::RunJob(plan));
    let (steps, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(Done, 19), (Failed, 1)]);
    assert!(steps[3].1.as_deref().unwrap().starts_with("turned away 10 times in a row"), "{steps:?}");
    let sent = bench.changes().iter().filter(|change| change.contains(&records[3].id().to_string())).count();
    assert_eq!(sent, 10);
}

#[tokio::test(start_paused = true)]
async fn a_held_job_sends_nothing_more_until_it_is_resumed() {
    let mut bench = Bench::new(slow()).await;
    let (_, plan) = bench.archiving(60).await;
    let request_id = bench.start(Request::RunJob(plan));
    bench.until(|event_kind| is_step(event_kind, request_id)).await;
    bench.worker.perform(Effect::Pause(request_id));
    bench.hear_out().await;
    // What had left by then was answered; then there was silence, for as long as it may be.
    let left = bench.changes().len();
    assert!((16..=32).contains(&left), "{left}");
    assert_eq!(bench.steps_so_far(request_id), left);
    bench.worker.perform(Effect::Resume(request_id));
    let (_, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(Done, 60)]);
    assert_eq!(bench.changes().len(), 60);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_turn_is_withdrawn_when_the_job_is_cancelled() {
    use tidyfy::model::limits::{Budget, Limits};
    let budget = Budget { count: 10, window: Duration::from_secs(60) };
    let limits = Limits { all: vec![budget], reads: vec![] };
    let mut bench = Bench::paced(slow(), limits).await;
    let (records, plan) = bench.archiving(40).await;
    let request_id = bench.start(Request::RunJob(plan));
    bench.until(|event_kind| is_step(event_kind, request_id)).await;
    bench.worker.perform(Effect::Cancel(request_id));
    let (steps, end) = bench.job(request_id).await;
    let done = records.iter().filter(|record| bench.archived_at("runs", record).is_string()).count();
    assert!(end.cancelled && end.stopped.is_none() && done < 10, "{end:?}");
    assert_eq!(tallied(&end), [(Done, done), (NotSent, 40 - done)]);
    assert_eq!(steps[39], (NotSent, Some("the job was cancelled".to_owned())));
    assert_eq!(bench.changes().len(), done);
}

#[tokio::test(start_paused = true)]
async fn a_job_can_be_cancelled_while_it_waits_out_a_refusal() {
    let mut bench = Bench::plain().await;
    let (_, plan) = bench.archiving(20).await;
    bench.sandbox.set_faults(vec![Fault::on("DELETE", "/runs/", answer(429, &[("Retry-After", "600")]))]);
    let request_id = bench.start(Request::RunJob(plan));
    let began = bench.until(|event_kind| matches!(event_kind, EventKind::Waiting(Some(_)))).await.at;
    bench.worker.perform(Effect::Cancel(request_id));
    let (_, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(NotSent, 20)]);
    let ended = bench.told.last().unwrap().at;
    assert!(ended.since(began) < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn jobs_run_one_after_the_other_in_the_order_they_were_confirmed() {
    let mut bench = Bench::new(slow()).await;
    let records = bench.some(Kind::Processes, Scope::Active, 60).await;
    let part = |n: usize| plan(Action::Archive, records[n * 20..(n + 1) * 20].iter().cloned());
    let jobs = [0, 1, 2].map(|n| bench.start(Request::RunJob(part(n))));
    let (steps, end) = {
        bench.worker.perform(Effect::Cancel(jobs[1]));
        bench.job(jobs[1]).await
    };
    assert_eq!(steps.len(), 20);
    assert_eq!(tallied(&end), [(NotSent, 20)]);
    assert!(end.cancelled && !bench.responses(jobs[1]).any(|response| matches!(response, Response::Started)));
    bench.finish(jobs[2]).await;
    assert_eq!((bench.steps(jobs[0]).len(), bench.steps(jobs[2]).len()), (20, 20));
    let at = |request_id, wanted: fn(&Response) -> bool| {
        let is = |event_kind: &EventKind| matches!(event_kind, EventKind::Reply(of, response) if *of == request_id && wanted(response));
        bench.told.iter().position(|message| is(&message.event_kind)).unwrap()
    };
    let ended = at(jobs[0], Response::is_final);
    assert!(at(jobs[1], Response::is_final) < ended, "it does not wait for its turn to end");
    assert!(ended < at(jobs[2], |response| matches!(response, Response::Started)));
    assert_eq!(bench.changes().len(), 40);
}

#[tokio::test(start_paused = true)]
async fn an_empty_plan_ends_at_once() {
    let mut bench = Bench::plain().await;
    let request_id = bench.start(Request::RunJob(plan(Action::Delete, [])));
    let (steps, end) = bench.job(request_id).await;
    assert!(steps.is_empty() && end.tally.total() == 0);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_worker_sends_nothing_more() {
    let mut bench = Bench::new(slow()).await;
    let (_, plan) = bench.archiving(60).await;
    let request_id = bench.start(Request::RunJob(plan));
    bench.until(|event_kind| is_step(event_kind, request_id)).await;
    bench.aim("http://127.0.0.1:9", "e0d1", "token");
    tokio::time::sleep(Duration::from_secs(600)).await;
    // At most what was answered before, and what was under way.
    let left = bench.changes().len();
    assert!((16..=32).contains(&left), "{left}");
}

#[tokio::test(start_paused = true)]
async fn deleting_one_of_many_names_reaches_that_one_alone() {
    let mut bench = Bench::plain().await;
    let before: BTreeMap<_, _> = Kind::ALL
        .iter()
        .zip(["runs", "checklists", "tasks", "assets", "tags", "groups", "guests", "users", "folders"])
        .collect();
    let tag = bench.some(Kind::Tags, Scope::Active, 1).await.remove(0);
    let held: Vec<_> = before.values().map(|slug| bench.sandbox.ids(slug).len()).collect();
    let request_id = bench.start(Request::RunJob(plan(Action::Delete, [tag.clone()])));
    bench.job(request_id).await;
    let left: Vec<_> = before.values().map(|slug| bench.sandbox.ids(slug).len()).collect();
    assert_eq!(left.iter().sum::<usize>() + 1, held.iter().sum::<usize>());
    assert!(bench.sandbox.object("tags", &tag.id().to_string()).is_none());
}
