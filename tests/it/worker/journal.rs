//! The journal of a job, held against what the server saw.

use std::time::Duration;

use tidyfy::app::effect::{Effect, Request};
use tidyfy::app::event::{EventKind, Response};
use tidyfy::model::failure::Cause;
use tidyfy::model::outcome::Outcome::{Done, Failed, NotSent, Refused};
use tidyfy::sandbox::{Fault, FaultEffect, SandboxSettings};
use tidyfy::storage::journal::{FILE, History, HistoryQuery, JobEndState, PastJob, PastStep, StoredJobState};

use super::bench::{Bench, tallied};

fn newest(bench: &Bench) -> (PastJob, Vec<PastStep>) {
    let history = History::open(bench.remembered.path()).unwrap().unwrap();
    let job = history.jobs(&HistoryQuery::default()).unwrap().remove(0);
    let steps = history.steps(job.id, &HistoryQuery::default()).unwrap();
    (job, steps)
}

/// What left according to the journal: method and path.
fn sent(steps: &[PastStep]) -> Vec<String> {
    let each = |step: &PastStep| {
        let request = format!("{} {}", step.method, step.path);
        step.attempts.iter().map(|_| request.clone()).collect::<Vec<_>>()
    };
    steps.iter().flat_map(each).collect()
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

#[tokio::test(start_paused = true)]
async fn it_holds_what_the_server_saw_and_what_was_told() {
    let mut bench = Bench::plain().await;
    let (records, plan) = bench.archiving(6).await;
    let answer = |status, header: Option<(&str, &str)>| FaultEffect::Answer {
        status,
        body: None,
        headers: header.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        apply: false,
    };
    let on = |n: usize, fault_effect| Fault::on("DELETE", &records[n].id().to_string(), fault_effect);
    bench.sandbox.set_faults(vec![
        on(0, answer(422, None)),
        on(1, answer(429, Some(("retry-after", "3")))).nth([1]),
        on(2, FaultEffect::ResetAfter),
        on(3, answer(429, None)),
    ]);
    let request_id = bench.start(Request::RunJob(plan));
    let (told, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(Done, 4), (Refused, 1), (Failed, 1)]);

    let (job, steps) = newest(&bench);
    assert_eq!(
        (job.action.as_str(), job.steps, job.state),
        ("archive", 6, StoredJobState::Over(JobEndState::Finished))
    );
    assert_eq!(job.organization, bench.sandbox.org());
    assert_eq!(job.base_url, bench.sandbox.base_url());
    assert_eq!(sorted(sent(&steps)), sorted(bench.changes()));
    for (n, (step, (outcome, reason))) in steps.iter().zip(&told).enumerate() {
        assert_eq!((step.outcome, &step.reason), (Some(*outcome), reason), "step {n}");
        assert_eq!(step.record, records[n].id().to_string());
        assert!(step.attempts.iter().all(|attempt| attempt.ended.is_some()), "step {n}");
    }
    let statuses = |n: usize| steps[n].attempts.iter().map(|sent| sent.status).collect::<Vec<_>>();
    assert_eq!(statuses(0), [Some(422)]);
    assert_eq!(statuses(1), [Some(429), Some(200)]);
    assert_eq!(statuses(2), [None]);
    assert_eq!(statuses(3), [Some(429); 10]);
    let bytes = std::fs::read(bench.remembered.path().join(FILE)).unwrap();
    let token = bench.sandbox.token().as_bytes();
    assert!(!bytes.windows(token.len()).any(|part| part == token), "the token is in the journal");
}

#[tokio::test(start_paused = true)]
async fn what_is_told_is_on_disk_and_nothing_is_sent_that_is_not() {
    let settings = SandboxSettings { latency: Duration::from_millis(100), ..SandboxSettings::default() };
    let mut bench = Bench::new(settings).await;
    let (_, plan) = bench.archiving(40).await;
    let request_id = bench.start(Request::RunJob(plan));
    loop {
        let event_kind = bench.hear().await.event_kind;
        if bench.changes().is_empty() && bench.steps_so_far(request_id) == 0 {
            continue;
        }
        let (job, steps) = newest(&bench);
        assert_eq!(job.steps, 40);
        assert!(sent(&steps).len() >= bench.changes().len(), "a request left before it was on disk");
        let ended = steps.iter().filter(|step| step.outcome.is_some()).count();
        assert!(ended >= bench.steps_so_far(request_id), "a step was told before it was on disk");
        if let EventKind::Reply(_, Response::JobEnded(_)) = event_kind {
            assert_eq!(job.state, StoredJobState::Over(JobEndState::Finished));
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_takes_no_more_ends_the_job() {
    let mut bench = Bench::plain().await;
    let (_, first) = bench.archiving(1).await;
    let request_id = bench.start(Request::RunJob(first));
    bench.job(request_id).await;
    let before = bench.changes().len();
    let connection = rusqlite::Connection::open(bench.remembered.path().join(FILE)).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON attempts WHEN NEW.step >= 20
        BEGIN SELECT RAISE(ABORT, 'no room is left'); END";
    connection.execute(full, []).unwrap();

    let (_, plan) = bench.archiving(60).await;
    let request_id = bench.start(Request::RunJob(plan));
    let (told, end) = bench.job(request_id).await;
    let stopped = end.stopped.unwrap();
    assert_eq!(stopped.cause, Cause::Unrecorded);
    assert!(stopped.words.contains("the journal could not be written: no room is left"), "{stopped}");
    let (done, unsent) = (end.tally.of(Done), end.tally.of(NotSent));
    assert!(done <= 20 && unsent >= 40 && done + unsent == 60, "{done} done, {unsent} not sent");
    assert_eq!(bench.changes().len() - before, done);
    for (outcome, reason) in &told[20..] {
        assert_eq!((*outcome, reason.as_ref()), (NotSent, Some(&stopped.words)));
    }
    let (job, steps) = newest(&bench);
    assert_eq!((job.state, job.reason), (StoredJobState::Over(JobEndState::Stopped), Some(stopped.words)));
    assert_eq!(steps.iter().filter(|step| step.outcome == Some(NotSent)).count(), unsent);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_job_says_so_and_one_that_never_began_is_not_there() {
    let settings = SandboxSettings { latency: Duration::from_millis(100), ..SandboxSettings::default() };
    let mut bench = Bench::new(settings).await;
    let (_, plan) = bench.archiving(40).await;
    let (first, second) = (bench.start(Request::RunJob(plan.clone())), bench.start(Request::RunJob(plan)));
    bench.until(|event_kind| matches!(event_kind, EventKind::Reply(_, Response::Step { .. }))).await;
    bench.worker.perform(Effect::Cancel(second));
    bench.worker.perform(Effect::Cancel(first));
    bench.hear_out().await;
    assert_eq!(bench.steps(second).len(), 40);
    let (job, steps) = newest(&bench);
    assert_eq!((job.id, job.state), (1, StoredJobState::Over(JobEndState::Cancelled)));
    let outcomes: Vec<_> = steps.iter().map(|step| step.outcome.unwrap()).collect();
    let told: Vec<_> = bench.steps(first).into_iter().map(|(outcome, _)| outcome).collect();
    assert_eq!(outcomes, told);
}
