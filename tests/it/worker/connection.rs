//! The door: what happens while the token is not accepted, or the server cannot be reached.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use tidyfy::app::effect::{Effect, Request, RequestId};
use tidyfy::app::event::{Event, EventKind, Response};
use tidyfy::model::failure::{Cause, Failure};
use tidyfy::model::kind::{Kind, Scope};
use tidyfy::model::limits::{Budget, Limits};
use tidyfy::model::outcome::Outcome::{Done, Failed, NotSent, Unknown};
use tidyfy::model::record::Record;
use tidyfy::model::token::Token;
use tidyfy::sandbox::{Fault, FaultEffect, SandboxSettings, TokenOwner};
use tokio::time::Instant;

use super::bench::{Bench, tallied, whole_list};

/// Tokens as they may never be seen anywhere.
const FRESH: &str = "sesame-fresh";
const COLLEAGUES: &str = "sesame-colleague";
const ELSEWHERE: &str = "sesame-elsewhere";
const WORTHLESS: &str = "sesame-worthless";

fn slow() -> SandboxSettings {
    SandboxSettings { latency: Duration::from_millis(100), ..SandboxSettings::default() }
}

fn typed(token: &str) -> Request {
    Request::Authenticate(Token::new(token))
}

fn is_locked(event_kind: &EventKind) -> bool {
    matches!(event_kind, EventKind::LockedOut(Some(_)))
}

fn is_offline(event_kind: &EventKind) -> bool {
    matches!(event_kind, EventKind::Offline(Some(_)))
}

fn is_back(event_kind: &EventKind) -> bool {
    matches!(event_kind, EventKind::Offline(None))
}

fn on(record: &Record, fault_effect: FaultEffect) -> Fault {
    Fault::on("DELETE", &record.id().to_string(), fault_effect)
}

fn held_up(path: &str, delay: u64) -> Fault {
    Fault { delay: Duration::from_secs(delay), ..Fault::on("GET", path, FaultEffect::None) }
}

/// What the door told, in order: why it locked, or that it is open.
fn locks(told: &[Event]) -> Vec<Option<String>> {
    let words = |message: &Event| match &message.event_kind {
        EventKind::LockedOut(why) => Some(why.as_ref().map(|failure| failure.words.clone())),
        _ => None,
    };
    told.iter().filter_map(words).collect()
}

impl Bench {
    /// The person is known, and the token has just been found to be worth nothing.
    async fn locked_out(settings: SandboxSettings) -> Self {
        let mut bench = Self::new(settings).await;
        assert!(matches!(bench.ask(Request::Identify).await, Response::Identified(Ok(_))));
        bench.sandbox.revoke_token();
        bench.start(Request::Count(Kind::Tags));
        bench.until(is_locked).await;
        bench
    }

    async fn admit(&mut self, token: Request) -> Result<(), Failure> {
        match self.ask(token).await {
            Response::Authenticated(result) => result,
            other => panic!("{other:?}"),
        }
    }

    /// How often each record was changed on the server.
    fn applied(&self, record: &Record) -> usize {
        let id = record.id().to_string();
        self.sandbox.requests().iter().filter(|request| request.applied && request.path.contains(&id)).count()
    }

    fn is_open(&self, request_id: RequestId) -> bool {
        !self.responses(request_id).any(Response::is_final)
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_goes_on_with_another_token_and_does_everything_once() {
    let mut bench = Bench::new(slow()).await;
    assert!(matches!(bench.ask(Request::Identify).await, Response::Identified(Ok(_))));
    let (records, plan) = bench.archiving(30).await;
    bench.sandbox.set_faults(vec![on(&records[4], FaultEffect::RevokeToken).nth([1])]);
    let request_id = bench.start(Request::RunJob(plan));
    bench.hear_out().await;
    // For as long as may be nothing more happens.
    let asked = bench.sandbox.requests().len();
    assert!(bench.is_open(request_id) && bench.steps_so_far(request_id) < 30);
    assert!(bench.is_silent().await && bench.sandbox.requests().len() == asked);
    assert_eq!(locks(&bench.told), [Some("unauthenticated".to_owned())]);
    let turned_away = bench.attempts().filter(|attempt| attempt.result.is_err()).count();
    assert!((2..=16).contains(&turned_away), "{turned_away}");

    bench.sandbox.accept_token(FRESH, TokenOwner::Caller);
    assert_eq!(bench.admit(typed(FRESH)).await, Ok(()));
    let (steps, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(Done, 30)], "{steps:?}");
    assert!(records.iter().all(|record| bench.applied(record) == 1));
    assert_eq!(bench.changes().len(), 30 + turned_away, "each is sent again, none twice");
    assert_eq!(locks(&bench.told).last(), Some(&None));
}

#[tokio::test(start_paused = true)]
async fn reads_and_lists_wait_and_go_on() {
    let mut bench = Bench::new(SandboxSettings { scale: 500, ..slow() }).await;
    let record = bench.some(Kind::Tags, Scope::Active, 1).await.remove(0);
    bench.sandbox.set_faults(vec![Fault::on("GET", "page=3", FaultEffect::RevokeToken).nth([1])]);
    let list = bench.start(whole_list(Kind::Processes, Scope::All));
    bench.until(is_locked).await;
    let works = [Request::Identify, Request::Members, Request::Count(Kind::Groups), Request::Read(record)];
    let waiting: Vec<RequestId> = works.into_iter().map(|work| bench.start(work)).collect();
    let asked = bench.sandbox.requests().len();
    bench.hear_out().await;
    assert!(waiting.iter().chain([&list]).all(|request_id| bench.is_open(*request_id)));
    assert!(bench.sandbox.requests().len() <= asked, "nothing leaves through a locked door");

    bench.sandbox.renew_token();
    *bench.source.lock().unwrap() = (Some(Box::leak(bench.sandbox.token().to_owned().into_boxed_str())), 0);
    // What the source holds is tried although it was refused before.
    assert_eq!(bench.admit(Request::Authenticate(None)).await, Ok(()));
    bench.hear_out().await;
    let ends =
        |request_id: &RequestId| bench.responses(*request_id).find(|response| response.is_final()).cloned();
    let ends: Vec<Response> = waiting.iter().chain([&list]).filter_map(ends).collect();
    assert!(
        matches!(
            &ends[..],
            [
                Response::Identified(Ok(_)),
                Response::Members(Ok(_)),
                Response::Counted(Ok(_)),
                Response::Read(Ok(_)),
                Response::Loaded(Ok(end)),
            ] if end.missing.is_none()
        ),
        "{ends:?}"
    );
    assert_eq!(bench.records(list).len(), bench.sandbox.ids("runs").len());
}

#[tokio::test(start_paused = true)]
async fn another_token_must_be_the_same_persons_in_the_same_organization() {
    let mut bench = Bench::locked_out(SandboxSettings::default()).await;
    bench.sandbox.accept_token(COLLEAGUES, TokenOwner::Colleague);
    bench.sandbox.accept_token(ELSEWHERE, TokenOwner::Elsewhere);
    bench.sandbox.accept_token(FRESH, TokenOwner::Caller);
    let counted = bench.start(Request::Count(Kind::Groups));
    let refusals = [
        (COLLEAGUES, "this token belongs to another person: "),
        (ELSEWHERE, "this token does not give access to this organization: "),
        (WORTHLESS, "this token is not accepted either"),
    ];
    for (token, words) in refusals {
        let failure = bench.admit(typed(token)).await.unwrap_err();
        assert!(failure.words.starts_with(words), "{failure:?}");
    }
    let failure = bench.admit(Request::Authenticate(None)).await.unwrap_err();
    assert!(failure.words.starts_with("there is no access token"), "{failure:?}");
    bench.hear_out().await;
    assert!(bench.is_open(counted) && locks(&bench.told).len() == 1, "it is still locked");
    assert_eq!(bench.admit(typed(FRESH)).await, Ok(()));
    assert!(matches!(bench.finish(counted).await, Response::Counted(Ok(_))));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_could_not_be_checked_is_not_used() {
    let mut bench = Bench::locked_out(SandboxSettings::default()).await;
    bench.sandbox.accept_token(FRESH, TokenOwner::Caller);
    let failing = |path| {
        let gone = FaultEffect::Answer { status: 500, body: None, headers: Default::default(), apply: false };
        vec![Fault::on("GET", path, gone)]
    };
    for path in ["/api/me*", "*organizations*"] {
        bench.sandbox.set_faults(failing(path));
        let failure = bench.admit(typed(FRESH)).await.unwrap_err();
        assert!(failure.words.starts_with("the token could not be checked: "), "{path}: {failure:?}");
    }
    bench.sandbox.set_faults(Vec::new());
    bench.sandbox.shut().await;
    let failure = bench.admit(typed(FRESH)).await.unwrap_err();
    assert_eq!(failure.cause, Cause::Unreachable, "{failure:?}");
    bench.hear_out().await;
    assert_eq!(locks(&bench.told).len(), 1, "it is still locked, and knows of no other trouble");
    assert!(!bench.told.iter().any(|message| is_offline(&message.event_kind)));
}

#[tokio::test(start_paused = true)]
async fn the_source_is_read_again_by_itself() {
    let mut bench = Bench::plain().await;
    let counted = bench.start(Request::Count(Kind::Tags));
    bench.finish(counted).await;
    bench.sandbox.revoke_token();
    bench.sandbox.accept_token(FRESH, TokenOwner::Caller);
    *bench.source.lock().unwrap() = (Some(FRESH), 0);
    assert!(matches!(bench.ask(Request::Count(Kind::Groups)).await, Response::Counted(Ok(_))));
    assert_eq!(bench.source.lock().unwrap().1, 1);
    assert!(matches!(locks(&bench.told)[..], [Some(_), None]));
}

#[tokio::test(start_paused = true)]
async fn what_the_source_holds_is_checked_like_any_other_and_once() {
    let mut bench = Bench::plain().await;
    assert!(matches!(bench.ask(Request::Identify).await, Response::Identified(Ok(_))));
    bench.sandbox.revoke_token();
    bench.sandbox.accept_token(COLLEAGUES, TokenOwner::Colleague);
    *bench.source.lock().unwrap() = (Some(COLLEAGUES), 0);
    bench.start(Request::Count(Kind::Tags));
    bench.hear_out().await;
    let told = locks(&bench.told);
    let [Some(first), Some(second)] = &told[..] else { panic!("{told:?}") };
    assert_eq!(first, "unauthenticated");
    assert!(second.starts_with("this token belongs to another person"), "{second}");
    assert_eq!(bench.source.lock().unwrap().1, 1);
    let refused = |request: &tidyfy::sandbox::LoggedRequest| request.status == Some(401);
    assert_eq!(bench.sandbox.requests().into_iter().filter(refused).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_token_that_was_refused_is_not_tried_again_by_itself() {
    let mut bench = Bench::plain().await;
    bench.sandbox.revoke_token();
    *bench.source.lock().unwrap() = (Some(Box::leak(bench.sandbox.token().to_owned().into_boxed_str())), 0);
    let identified = bench.start(Request::Identify);
    bench.hear_out().await;
    assert!(bench.is_open(identified) && locks(&bench.told).len() == 1);
    // Who we are and where is asked at once.
    assert_eq!((bench.source.lock().unwrap().1, bench.sandbox.requests().len()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_late_refusal_of_the_former_token_locks_nothing() {
    let mut bench = Bench::plain().await;
    bench.sandbox.set_faults(vec![held_up("/groups", 20).nth([1])]);
    let late = bench.start(Request::Count(Kind::Groups));
    // It has arrived, and is looked at only in a while.
    while bench.sandbox.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    bench.sandbox.revoke_token();
    bench.start(Request::Count(Kind::Tags));
    bench.until(is_locked).await;
    bench.sandbox.accept_token(FRESH, TokenOwner::Caller);
    assert_eq!(bench.admit(typed(FRESH)).await, Ok(()));
    assert!(matches!(bench.finish(late).await, Response::Counted(Ok(_))));
    let groups = bench.sandbox.requests().into_iter().filter(|request| request.path.contains("/groups"));
    assert_eq!(groups.map(|request| request.status).collect::<Vec<_>>(), [Some(401), Some(200)]);
    assert!(matches!(locks(&bench.told)[..], [Some(_), None]));
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_turn_does_not_leave_through_a_connection_that_locks_meanwhile() {
    let budget = Budget { count: 1, window: Duration::from_secs(5) };
    let mut bench =
        Bench::paced(SandboxSettings::default(), Limits { all: vec![budget], reads: vec![] }).await;
    bench.sandbox.revoke_token();
    let counts = [Kind::Tags, Kind::Groups, Kind::Tasks].map(|kind| bench.start(Request::Count(kind)));
    bench.hear_out().await;
    assert_eq!(bench.sandbox.requests().len(), 1);
    bench.sandbox.accept_token(FRESH, TokenOwner::Caller);
    assert_eq!(bench.admit(typed(FRESH)).await, Ok(()));
    bench.hear_out().await;
    let counted =
        |request_id| bench.responses(request_id).any(|response| matches!(response, Response::Counted(Ok(_))));
    assert!(counts.into_iter().all(counted));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_replaces_a_good_one_is_not_blamed_for_it() {
    let mut bench = Bench::plain().await;
    bench.sandbox.set_faults(vec![held_up("/groups", 20).nth([1])]);
    let late = bench.start(Request::Count(Kind::Groups));
    while bench.sandbox.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    bench.sandbox.revoke_token();
    bench.sandbox.accept_token(FRESH, TokenOwner::Caller);
    assert_eq!(bench.admit(typed(FRESH)).await, Ok(()));
    assert!(matches!(bench.finish(late).await, Response::Counted(Ok(_))));
    assert!(locks(&bench.told).is_empty(), "nobody was ever locked out");
}

#[tokio::test(start_paused = true)]
async fn what_waits_at_a_locked_connection_can_be_cancelled() {
    let mut bench = Bench::new(slow()).await;
    let (records, plan) = bench.archiving(30).await;
    bench.sandbox.set_faults(vec![on(&records[4], FaultEffect::RevokeToken).nth([1])]);
    let job = bench.start(Request::RunJob(plan));
    let read = bench.start(Request::Count(Kind::Tags));
    bench.hear_out().await;
    let (before, asked) = (Instant::now(), bench.sandbox.requests().len());
    for request_id in [job, read] {
        bench.worker.perform(Effect::Cancel(request_id));
    }
    let (_, end) = bench.job(job).await;
    assert!(end.cancelled && end.stopped.is_none());
    let done = records.iter().filter(|record| bench.applied(record) == 1).count();
    assert_eq!(tallied(&end), [(Done, done), (NotSent, 30 - done)]);
    if bench.is_open(read) {
        bench.finish(read).await;
    }
    assert_eq!((before.elapsed(), bench.sandbox.requests().len()), (Duration::ZERO, asked));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_waits_at_a_locked_connection_can_be_held() {
    let mut bench = Bench::new(slow()).await;
    assert!(matches!(bench.ask(Request::Identify).await, Response::Identified(Ok(_))));
    let (records, plan) = bench.archiving(30).await;
    bench.sandbox.set_faults(vec![on(&records[4], FaultEffect::RevokeToken).nth([1])]);
    let job = bench.start(Request::RunJob(plan));
    bench.hear_out().await;
    bench.worker.perform(Effect::Pause(job));
    bench.until(|event_kind| matches!(event_kind, EventKind::Reply(_, Response::Paused))).await;
    bench.sandbox.accept_token(FRESH, TokenOwner::Caller);
    assert_eq!(bench.admit(typed(FRESH)).await, Ok(()));
    let sent = bench.changes().len();
    assert!(bench.is_silent().await && bench.changes().len() == sent, "an open door does not end a hold");
    bench.worker.perform(Effect::Resume(job));
    assert_eq!(tallied(&bench.job(job).await.1), [(Done, 30)]);
}

#[tokio::test(start_paused = true)]
async fn no_token_is_ever_told() {
    let mut bench = Bench::locked_out(slow()).await;
    bench.sandbox.accept_token(COLLEAGUES, TokenOwner::Colleague);
    bench.sandbox.accept_token(FRESH, TokenOwner::Caller);
    // A server that repeats what it was sent.
    let echo = serde_json::json!({"error": true, "message": format!("no user for {WORTHLESS}")});
    let echo =
        FaultEffect::Answer { status: 401, body: Some(echo), headers: Default::default(), apply: false };
    for token in [COLLEAGUES, WORTHLESS, FRESH] {
        if token == WORTHLESS {
            bench.sandbox.set_faults(vec![Fault::on("GET", "/me", echo.clone())]);
        } else {
            bench.sandbox.set_faults(Vec::new());
        }
        let work = typed(token);
        let shown = format!("{work:?}");
        drop(bench.admit(work).await);
        let shown = format!("{shown} {:?} {:?}", bench.told, bench.worker);
        assert!(!shown.contains("sesame") && !shown.contains(bench.sandbox.token()), "{shown}");
    }
    assert_eq!(locks(&bench.told).last(), Some(&None));
}

#[tokio::test(start_paused = true)]
async fn a_lost_network_fails_what_met_it_and_the_rest_goes_on_by_itself() {
    let mut bench = Bench::new(slow()).await;
    let (records, plan) = bench.archiving(60).await;
    let job = bench.start(Request::RunJob(plan));
    while bench.steps_so_far(job) < 20 {
        bench.hear().await;
    }
    bench.sandbox.shut().await;
    bench.until(is_offline).await;
    let counted = bench.start(Request::Count(Kind::Tags));
    // A while passes, in which nothing is told but what had left already.
    while tokio::time::timeout(Duration::from_secs(600), bench.hear()).await.is_ok() {}
    let lost = bench.attempts().filter(|attempt| attempt.result.is_err()).count();
    assert!(bench.is_open(job) && bench.is_open(counted));
    assert!((1..=48).contains(&lost), "no storm of requests: {lost}");
    assert!(!bench.told.iter().any(|message| is_back(&message.event_kind)));

    let (shut, asked) = (Instant::now(), bench.sandbox.requests().len());
    bench.sandbox.reopen().await;
    bench.until(is_back).await;
    assert!(shut.elapsed() <= Duration::from_secs(31), "{:?}", shut.elapsed());
    let first = bench.sandbox.requests()[asked].clone();
    assert_eq!((first.method.as_str(), first.path.as_str()), ("GET", "/api/me"));
    let (steps, end) = bench.job(job).await;
    if bench.is_open(counted) {
        bench.finish(counted).await;
    }
    for (record, (outcome, why)) in records.iter().zip(&steps) {
        let is_archived = bench.archived_at("runs", record).is_string();
        assert_eq!(*outcome == Done, is_archived, "{why:?}");
        assert!(matches!(outcome, Done | Failed), "{why:?}");
    }
    let failed = end.tally.of(Failed);
    assert!((1..=32).contains(&failed), "{failed} failed, of 60");
    assert_eq!(bench.told.iter().filter(|message| is_offline(&message.event_kind)).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_person_waits_for_is_tried_all_the_same_and_opens_the_connection() {
    let mut bench = Bench::plain().await;
    let record = bench.some(Kind::Tags, Scope::Active, 1).await.remove(0);
    bench.sandbox.shut().await;
    for _ in 0..3 {
        let response = bench.ask(Request::Read(record.clone())).await;
        let Response::Read(Err(failure)) = response else { panic!("{response:?}") };
        assert_eq!(failure.cause, Cause::Unreachable);
    }
    let counted = bench.start(Request::Count(Kind::Tags));
    bench.sandbox.reopen().await;
    let before = Instant::now();
    assert!(matches!(bench.ask(Request::Read(record)).await, Response::Read(Ok(_))));
    assert!(matches!(bench.finish(counted).await, Response::Counted(Ok(_))));
    assert!(before.elapsed() < Duration::from_secs(1), "nobody had to knock");
    assert_eq!(bench.told.iter().filter(|message| is_offline(&message.event_kind)).count(), 1);
    assert_eq!(bench.told.iter().filter(|message| is_back(&message.event_kind)).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_read_in_the_background_that_met_it_is_sent_again() {
    let mut bench = Bench::plain().await;
    bench.sandbox.shut().await;
    let counted = bench.start(Request::Count(Kind::Tags));
    bench.hear_out().await;
    assert!(bench.is_open(counted));
    assert_eq!(bench.attempts().count(), 1, "knocking is quiet");
    bench.sandbox.reopen().await;
    assert!(matches!(bench.finish(counted).await, Response::Counted(Ok(_))));
}

#[tokio::test(start_paused = true)]
async fn a_knock_that_finds_the_token_worthless_locks_the_connection() {
    let mut bench = Bench::plain().await;
    bench.sandbox.shut().await;
    bench.start(Request::Count(Kind::Tags));
    bench.until(is_offline).await;
    bench.sandbox.revoke_token();
    bench.sandbox.reopen().await;
    bench.until(is_locked).await;
    assert!(bench.told.iter().any(|message| is_back(&message.event_kind)), "one trouble is told at a time");
    assert_eq!(bench.sandbox.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn leaving_while_locked_out_or_offline_is_immediate() {
    for shut in [false, true] {
        let mut bench = Bench::locked_out(SandboxSettings::default()).await;
        if shut {
            bench.sandbox.accept_token(FRESH, TokenOwner::Caller);
            assert_eq!(bench.admit(typed(FRESH)).await, Ok(()));
            bench.sandbox.shut().await;
            bench.start(Request::Count(Kind::Groups));
            bench.until(is_offline).await;
        }
        let (asked, before) = (bench.sandbox.requests().len(), Instant::now());
        let (sandbox, mut told) = bench.leave();
        // Until nobody is left to tell anything.
        while told.recv().await.is_some() {}
        assert_eq!((before.elapsed(), sandbox.requests().len()), (Duration::ZERO, asked));
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_takes_the_place_of_somebody_unknown_once_something_was_changed() {
    let mut bench = Bench::new(slow()).await;
    let (records, plan) = bench.archiving(3).await;
    bench.sandbox.set_faults(vec![on(&records[1], FaultEffect::RevokeToken).nth([1])]);
    let job = bench.start(Request::RunJob(plan));
    bench.hear_out().await;
    bench.sandbox.accept_token(FRESH, TokenOwner::Colleague);
    let refused = bench.admit(typed(FRESH)).await.unwrap_err();
    assert!(refused.words.starts_with("whose the former token was is not known"), "{refused:?}");
    assert!(bench.is_open(job) && !records.iter().all(|record| bench.applied(record) == 1));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_job_waits_only_so_long_for_what_cannot_be_read_back() {
    let mut bench = Bench::plain().await;
    let (records, plan) = bench.archiving(1).await;
    let gone = FaultEffect::Refuse { span: Duration::from_secs(60 * 60) };
    let reset = Fault::on("DELETE", &records[0].id().to_string(), FaultEffect::ResetAfter);
    bench.sandbox.set_faults(vec![reset, Fault::on("GET", "/runs/", gone)]);
    let request_id = bench.start(Request::RunJob(plan));
    bench.until(|event_kind| matches!(event_kind, EventKind::Offline(Some(_)))).await;
    bench.worker.perform(Effect::Cancel(request_id));
    let cancelled = Instant::now();
    let (steps, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(Unknown, 1)], "{steps:?}");
    assert!(cancelled.elapsed() < Duration::from_secs(20), "{:?}", cancelled.elapsed());
}

/// In real time: a thread that blocks keeps a paused clock from going on.
#[tokio::test]
async fn slow_source_is_named_and_a_typed_token_does_not_wait_for_it() {
    let mut bench = Bench::new(SandboxSettings::default()).await;
    assert!(matches!(bench.ask(Request::Identify).await, Response::Identified(Ok(_))));
    bench.sandbox.accept_token(FRESH, TokenOwner::Caller);
    let source = Arc::clone(&bench.source);
    let (locked, is_locked) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let holder = thread::spawn(move || {
        let _held = source.lock().unwrap();
        locked.send(()).unwrap();
        let _ = released.recv();
    });
    is_locked.recv().unwrap();
    bench.sandbox.revoke_token();
    bench.sandbox.accept_token(FRESH, TokenOwner::Caller);
    bench.start(Request::Count(Kind::Tags));
    bench
        .until(|event_kind| matches!(event_kind, EventKind::Reading(Some(place)) if place == "the token"))
        .await;
    assert_eq!(bench.admit(typed(FRESH)).await, Ok(()));
    assert_eq!(locks(&bench.told).last(), Some(&None));
    // Nobody waits for the source any more, which may be told after the answer.
    let is_over = |event_kind: &EventKind| matches!(event_kind, EventKind::Reading(None));
    if !bench.told.iter().any(|message| is_over(&message.event_kind)) {
        bench.until(is_over).await;
    }
    drop(release);
    holder.join().unwrap();
}
