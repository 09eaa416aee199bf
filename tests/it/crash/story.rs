//! Whatever happens: the story that the journal tells is the story that the server saw.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use tidyfy::app::effect::{Effect, Request, RequestId};
use tidyfy::model::kind::{Action, Kind, Scope};
use tidyfy::model::outcome::Outcome::{Done, Failed, NotSent, Unknown};
use tidyfy::model::plan::{Options, Plan};
use tidyfy::model::record::Record;
use tidyfy::model::recovery::RecoveryRequest;
use tidyfy::sandbox::{Fault, FaultEffect, SandboxSettings};
use tidyfy::storage::journal::{PastAttempt, PastStep, StoredJobState};
use tidyfy::worker::Clock;

use super::support::{
    chosen, clock, drop_rest, finishing, is_so, jobs, proposed, recover, recovery_plan, request, request_log,
    steps, unfinished,
};
use crate::worker::bench::Bench;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Move {
    /// A job is confirmed while others may run: an action for so many records from a place in the list on.
    Begin {
        action: Action,
        from: usize,
        n: usize,
        options: Options,
    },
    Hold,
    Resume,
    Cancel,
    /// Time passes, in milliseconds.
    Pass(u64),
    /// From now on the server does this to some of the requests.
    Trouble(usize),
    /// The program breaks off and is started again, which reads back what was under way.
    Crash,
    /// Everything comes to its end, and what is unfinished is finished, or dropped.
    Recover {
        finish: bool,
    },
    /// Everything comes to its end, and what is found is done.
    Recall(RecoveryRequest),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let options = (any::<bool>(), any::<bool>()).prop_map(|(backup, archive_first)| Options {
        backup,
        archive_first,
        ..Options::default()
    });
    let begin = (prop::sample::select(Action::ALL.to_vec()), 0usize..30, 1usize..20, options);
    let one = prop_oneof![
        8 => begin.prop_map(|(action, from, n, options)| Move::Begin { action, from, n, options }),
        2 => Just(Move::Hold),
        2 => Just(Move::Resume),
        1 => Just(Move::Cancel),
        8 => prop::sample::select(vec![1, 20, 60, 300, 40_000]).prop_map(Move::Pass),
        4 => (0..errors().len()).prop_map(Move::Trouble),
        3 => Just(Move::Crash),
        3 => any::<bool>().prop_map(|finish| Move::Recover { finish }),
        1 => Just(Move::Recall(RecoveryRequest::Retry)),
        1 => (1i64..8).prop_map(|job| Move::Recall(RecoveryRequest::Undo(job))),
        1 => (1i64..8).prop_map(|job| Move::Recall(RecoveryRequest::Redo(job))),
    ];
    prop::collection::vec(one, 1..40)
}

/// What a server can do to requests that change something, and to reads.
fn errors() -> Vec<(&'static str, FaultEffect)> {
    let answer = |status, apply| FaultEffect::Answer { status, body: None, headers: BTreeMap::new(), apply };
    let changes = [
        answer(422, false),
        answer(429, false),
        answer(502, false),
        answer(500, true),
        FaultEffect::ResetBefore,
        FaultEffect::ResetAfter,
        FaultEffect::Truncated,
        FaultEffect::Garbage,
        FaultEffect::GarbageBefore,
        FaultEffect::Html { status: 200, apply: true },
        FaultEffect::Hang { apply: true },
        FaultEffect::Hang { apply: false },
    ];
    let changes = changes
        .into_iter()
        .flat_map(|fault_effect| [("DELETE", fault_effect.clone()), ("PUT", fault_effect)]);
    changes.chain([("GET", answer(500, false)), ("GET", FaultEffect::None)]).collect()
}

struct Stage {
    bench: Bench,
    clock: Clock,
    /// Jobs that may still run.
    in_flight: Vec<RequestId>,
    /// What they are about, and what is left of jobs that broke off: here no two jobs want the same.
    busy: BTreeSet<String>,
    crashes: usize,
}

impl Stage {
    async fn new() -> Self {
        let latency = Duration::from_millis(20);
        let bench = Bench::new(SandboxSettings { scale: 30, latency, ..SandboxSettings::default() }).await;
        Self { bench, clock: clock(), in_flight: Vec::new(), busy: BTreeSet::new(), crashes: 0 }
    }

    async fn play(&mut self, one: &Move) {
        match one {
            Move::Begin { action, from, n, options } => {
                let records = self.free(*action, *options, *from, *n).await;
                self.apply(proposed(*action, chosen(&records), *options));
            }
            Move::Hold => {
                self.in_flight
                    .iter()
                    .for_each(|request_id| self.bench.worker.perform(Effect::Pause(*request_id)));
            }
            Move::Resume => self.resume(),
            Move::Cancel => {
                self.in_flight
                    .iter()
                    .take(1)
                    .for_each(|first| self.bench.worker.perform(Effect::Cancel(*first)));
            }
            Move::Pass(time) => tokio::time::sleep(Duration::from_millis(*time)).await,
            Move::Trouble(which) => {
                let (method, fault_effect) = errors().swap_remove(*which);
                let path = if method == "GET" { "*/runs/*" } else { "*" };
                let error = Fault { share: Some(0.4), ..Fault::on(method, path, fault_effect) };
                self.bench.sandbox.set_faults(vec![error]);
            }
            Move::Crash => {
                self.crashes += usize::from(!self.in_flight.is_empty());
                self.bench.restart(self.clock.clone());
                unfinished(&mut self.bench).await;
                self.forget();
            }
            Move::Recover { finish } => {
                self.rest().await;
                for unfinished_job in unfinished(&mut self.bench).await {
                    if *finish && !unfinished_job.rest.is_empty() {
                        self.apply((*finishing(&unfinished_job)).clone());
                    } else {
                        drop_rest(&mut self.bench, unfinished_job.job).await.unwrap();
                    }
                    self.rest().await;
                }
            }
            Move::Recall(request) => {
                self.rest().await;
                if let Some(mut found) = recover(&mut self.bench, *request).await {
                    found.chosen.retain(|chosen| !self.busy.contains(&chosen.record.id().to_string()));
                    self.apply((*recovery_plan(found)).clone());
                }
            }
        }
    }

    /// Records that an action is for and no job has, from a place in their list on.
    async fn free(&mut self, action: Action, options: Options, from: usize, n: usize) -> Vec<Record> {
        let scope = match action {
            Action::Archive => Scope::Active,
            Action::Restore => Scope::Archived,
            Action::Delete if options.archive_first => Scope::All,
            Action::Delete => Scope::Archived,
        };
        let (records, _) = self.bench.list(Kind::Processes, scope).await;
        let is_free = |record: &Record| !self.busy.contains(&record.id().to_string());
        records.into_iter().filter(is_free).skip(from).take(n).collect()
    }

    fn apply(&mut self, plan: Plan) {
        self.busy.extend(plan.steps.iter().map(|step| step.record.id().to_string()));
        self.in_flight.push(self.bench.start(Request::RunJob(plan.into())));
    }

    fn resume(&mut self) {
        self.in_flight.iter().for_each(|request_id| self.bench.worker.perform(Effect::Resume(*request_id)));
    }

    /// Everything that was begun comes to its end.
    async fn rest(&mut self) {
        self.resume();
        self.bench.hear_out().await;
        self.forget();
    }

    /// No job runs any more.
    fn forget(&mut self) {
        self.in_flight.clear();
        let directory = self.bench.remembered.path();
        let open = jobs(directory).into_iter().filter(|job| job.state == StoredJobState::Unfinished);
        let left = open.flat_map(|job| steps(directory, job.id)).map(|step| step.record);
        self.busy = left.collect();
    }

    /// Every step of every job, in the order in which the jobs began.
    fn told(&self) -> Vec<PastStep> {
        let directory = self.bench.remembered.path();
        jobs(directory).iter().rev().flat_map(|job| steps(directory, job.id)).collect()
    }

    /// Each request in the journal is one that the server saw, and the other way round, but for those that were noted just
    /// before a crash.
    fn every_request_is_told(&self) {
        let (mut sent, mut answered) = (BTreeMap::new(), BTreeMap::new());
        for step in self.told() {
            // What was cancelled between the note and the request says so, and did not leave.
            let has_left = |attempt: &&PastAttempt| step.outcome != Some(NotSent) || attempt.status.is_some();
            *sent.entry(request(&step)).or_insert(0) += step.attempts.iter().filter(has_left).count();
            let ended = step.attempts.iter().filter(has_left).filter(|attempt| attempt.ended.is_some());
            *answered.entry(request(&step)).or_insert(0) += ended.count();
        }
        let seen = request_log(&self.bench.sandbox);
        assert!(seen.keys().all(|request| sent.contains_key(request)), "sent without a word: {seen:?}");
        for (request, sent) in sent {
            let arrived = seen.get(&request).map_or(0, |seen| seen.arrived);
            assert!(arrived <= sent, "{request} arrived {arrived} times and was noted {sent} times");
            let least = if self.crashes == 0 { sent } else { answered[&request] };
            assert!(arrived >= least, "{request} arrived {arrived} times, but is told {least} times");
        }
    }

    /// What the server said was done took effect, once each; nothing took effect that is not told as done or unknown; and
    /// the server is as the last thing that was done left it. What was only found done may have been done by another job.
    fn every_outcome_is_true(&self) {
        let mut told: BTreeMap<String, [usize; 3]> = BTreeMap::new();
        let (mut last, mut in_doubt) = (BTreeMap::new(), BTreeSet::new());
        for step in self.told() {
            let [said, found, unknown] = told.entry(request(&step)).or_default();
            match (step.outcome, &step.reason) {
                (Some(Done), None) => *said += 1,
                (Some(Done), Some(_)) => *found += 1,
                (Some(Unknown), _) => *unknown += 1,
                _ => continue,
            }
            if step.outcome == Some(Done) {
                last.insert(step.record, Action::parse(&step.action).unwrap());
            } else {
                in_doubt.insert(step.record);
            }
        }
        for (request, seen) in request_log(&self.bench.sandbox) {
            let [said, found, unknown] = told.remove(&request).unwrap_or_default();
            let (least, most) = (said.max(found.min(1)), said + found + unknown);
            let times = seen.applied;
            assert!((least..=most).contains(&times), "{request}: {times} times, {least} to {most} told");
        }
        assert!(told.values().all(|[said, found, _]| said + found == 0), "done without a request: {told:?}");
        for (record, action) in last.into_iter().filter(|(record, _)| !in_doubt.contains(record)) {
            assert!(is_so(&self.bench.sandbox, action, "runs", &record), "{record} was last told {action:?}");
        }
    }
}

/// Plays a story to its end, and once more without trouble what it left; answers how many steps were done, and failed.
async fn play(moves: &[Move]) -> (usize, usize) {
    let mut stage = Stage::new().await;
    for one in moves {
        stage.play(one).await;
    }
    stage.rest().await;
    stage.every_request_is_told();
    stage.bench.sandbox.set_faults(vec![]);
    for finish in [true, false] {
        stage.play(&Move::Recover { finish }).await;
    }
    assert!(unfinished(&mut stage.bench).await.is_empty());
    stage.every_request_is_told();
    stage.every_outcome_is_true();
    let told = stage.told();
    assert!(told.iter().all(|step| step.outcome.is_some()), "a step has no end");
    let count = |outcome| told.iter().filter(|step| step.outcome == Some(outcome)).count();
    (count(Done), count(Failed))
}

fn run<T>(test: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(true).build().unwrap().block_on(test)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_journal_tells_what_the_server_saw(moves in moves()) {
        run(play(&moves));
    }
}

#[test]
fn the_stories_do_reach_the_server() {
    let options = Options { archive_first: true, ..Options::default() };
    let begin = |action, n| Move::Begin { action, from: 0, n, options };
    let broken = errors()
        .iter()
        .position(|(method, fault_effect)| *method == "DELETE" && *fault_effect == FaultEffect::ResetBefore);
    let moves = [
        Move::Trouble(broken.unwrap()),
        begin(Action::Archive, 9),
        begin(Action::Delete, 9),
        Move::Pass(60),
        Move::Crash,
        Move::Recover { finish: true },
    ];
    let (done, failed) = run(play(&moves));
    assert!(done > 5 && failed > 0, "{done} done, {failed} failed");
}
