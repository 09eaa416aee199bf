//! The real program, killed at random moments of a job: the next start knows what became of every step.

use std::collections::BTreeSet;
use std::time::Duration;

use rustix::process::Signal;
use tidyfy::app::effect::Request;
use tidyfy::model::kind::Action;
use tidyfy::model::outcome::Outcome::{Done, Failed, NotSent};
use tidyfy::model::recovery::UnfinishedJob;
use tidyfy::sandbox::SandboxSettings;
use tidyfy::storage::journal::{JobEndState, PastAttempt, StoredJobState};
use tidyfy::worker::Clock;

use super::support::{
    Program, finishing, is_so, job, jobs, only_unfinished, request, request_log, steps, unfinished,
};
use crate::support::remove_lost_files;
use crate::worker::bench::{Bench, tallied};

/// How many records each job is about.
const RECORDS: usize = 200;
/// How often each action is killed.
const LIVES: u64 = 5;

/// One life of the program: what it is told to do, and when it is killed.
#[derive(Debug, Clone, Copy)]
struct Life {
    action: Action,
    /// It is killed once the server has seen so many requests of the job.
    after: usize,
    latency: Duration,
}

impl Life {
    /// A life that `seed` decides on. There is always something left to do when it ends.
    fn of(action: Action, seed: u64) -> Self {
        let after = usize::try_from(mix(seed) % (RECORDS as u64 - 20)).unwrap() + 1;
        let latency = Duration::from_millis([0, 5, 20, 40][(mix(seed ^ 1) % 4) as usize]);
        Self { action, after, latency }
    }
}

/// A number that looks like any other (splitmix64).
fn mix(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Names the one seed that is to be lived through again; a failure prints it.
const SEED: &str = "TIDYFY_TEST_SEED";

/// Lives, each on a runtime and a server of its own.
fn lives(action: Action) {
    let seeds: Vec<u64> = match std::env::var(SEED) {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..LIVES).map(|n| mix(u64::from(std::process::id())) ^ (n << 1)).collect(),
    };
    for seed in seeds {
        let life = Life::of(action, seed);
        eprintln!("{SEED}={seed}: {life:?}");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live(life));
    }
}

/// Starts the program on 200 records, kills it in the middle, and settles and finishes what it left.
async fn live(life: Life) {
    let latency = life.latency;
    let mut bench =
        Bench::new(SandboxSettings { scale: RECORDS * 3, latency, ..SandboxSettings::default() }).await;
    only_so_many(&bench, life.action, RECORDS);
    kill_in_the_middle(&bench, life).await;
    // From here on nothing happens outside of this thread, so that no waiting need take its time.
    tokio::time::pause();
    let directory = bench.remembered.path().to_owned();
    let cut = jobs(&directory)[0].id;
    assert_eq!(job(&directory, cut).state, StoredJobState::Unfinished);
    the_journal_knew_of_everything(&bench, cut);

    bench.restart(Clock::system());
    let unfinished_job = only_unfinished(&mut bench).await;
    every_fate_is_known(&bench, life.action, &unfinished_job);
    let seen = request_log(&bench.sandbox);
    let done: Vec<_> = steps(&directory, cut).into_iter().filter(|step| step.outcome == Some(Done)).collect();
    let request_id = bench.start(Request::RunJob(finishing(&unfinished_job)));
    let (told, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(Done, unfinished_job.rest.len())], "{told:?}");

    let after = request_log(&bench.sandbox);
    for step in &done {
        assert_eq!(
            after[&request(step)],
            seen[&request(step)],
            "{}: sent again after it was done",
            step.record
        );
    }
    for (request, seen) in &after {
        assert_eq!(seen.applied, 1, "{request}");
    }
    assert_eq!(after.len(), RECORDS);
    assert_eq!(job(&directory, cut).state, StoredJobState::Over(JobEndState::Continued));
    let newest = &jobs(&directory)[0];
    assert_eq!((newest.continues, newest.state), (Some(cut), StoredJobState::Over(JobEndState::Finished)));
    assert!(unfinished(&mut bench).await.is_empty());
    every_deletion_left_a_copy(&bench, life.action);
}

/// Leaves as many processes as the job is about, all in the state that the action asks for.
pub(super) fn only_so_many(bench: &Bench, action: Action, count: usize) {
    for (n, id) in bench.sandbox.ids("runs").into_iter().enumerate() {
        let is_archived = is_so(&bench.sandbox, Action::Archive, "runs", &id);
        if n >= count {
            assert!(bench.sandbox.remove("runs", &id));
        } else if action != Action::Archive && !is_archived {
            assert!(bench.sandbox.archive("runs", &id));
        } else if action == Action::Archive && is_archived {
            assert!(bench.sandbox.restore("runs", &id));
        }
    }
    assert_eq!(bench.sandbox.ids("runs").len(), count);
    remove_lost_files(&bench.sandbox);
}

async fn kill_in_the_middle(bench: &Bench, life: Life) {
    let home = tempfile::tempdir().unwrap();
    let program = Program::start(bench, &home, &["--kind", "processes", "--limits", "off"]).await;
    let program = match life.action {
        Action::Delete => {
            program.hands(|terminal| terminal.presses("s")).await.sees("archived 200 of 200").await
        }
        Action::Archive | Action::Restore => program,
    };
    let program = program.confirm(life.action).await;
    program.has_sent(bench, life.after).await;
    program.kill(Signal::KILL).await;
}

/// No request had left that was not on the disk, and nothing was said to be done that was not.
fn the_journal_knew_of_everything(bench: &Bench, cut: i64) {
    let steps = steps(bench.remembered.path(), cut);
    assert_eq!(steps.len(), RECORDS);
    let requests: BTreeSet<String> = steps.iter().map(request).collect();
    let seen = request_log(&bench.sandbox);
    assert!(seen.keys().all(|request| requests.contains(request)), "only what was confirmed is sent");
    for step in &steps {
        let seen = seen.get(&request(step)).copied().unwrap_or_default();
        assert!(seen.arrived <= step.attempts.len(), "{}: it left before that was on the disk", step.record);
        if step.outcome == Some(Done) {
            assert_eq!(seen.applied, 1, "{}", step.record);
        }
    }
}

/// After what was under way has been read back: done is what the server has done, not sent is what it has not heard of.
fn every_fate_is_known(bench: &Bench, action: Action, unfinished_job: &UnfinishedJob) {
    let (mut done, mut rest) = (0, BTreeSet::new());
    let seen = request_log(&bench.sandbox);
    for step in steps(bench.remembered.path(), unfinished_job.job) {
        let is_so = is_so(&bench.sandbox, action, "runs", &step.record);
        let arrived = seen.get(&request(&step)).is_some_and(|seen| seen.arrived > 0);
        assert_eq!(
            step.outcome == Some(Done),
            is_so,
            "{}: {:?} {:?}",
            step.record,
            step.outcome,
            step.reason
        );
        match step.outcome {
            Some(Done) => done += 1,
            Some(Failed) => assert!(!is_so && !step.attempts.is_empty()),
            None => assert!(!arrived && step.attempts.iter().all(PastAttempt::was_turned_away)),
            other => panic!("{}: {other:?} {:?}", step.record, step.reason),
        }
        if step.outcome != Some(Done) {
            rest.insert(step.record);
        }
    }
    assert_eq!(unfinished_job.tally.of(Done), done);
    assert_eq!(unfinished_job.tally.of(Failed) + unfinished_job.tally.of(NotSent), rest.len());
    let offered: BTreeSet<String> = super::support::ids(&unfinished_job.rest).into_iter().collect();
    assert_eq!(offered, rest);
    eprintln!("    {}", unfinished_job.sentence());
}

fn every_deletion_left_a_copy(bench: &Bench, action: Action) {
    let copies = tidyfy::storage::backups::list(&bench.remembered.path().join("backups")).unwrap();
    let mut copied = BTreeSet::new();
    for kept in &copies {
        assert!(tidyfy::storage::backups::verify(kept).is_empty(), "{kept:?}");
        let files = std::fs::read_dir(kept.folder.join("processes")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        copied.extend(names.filter_map(|name| name.split('.').next().map(str::to_owned)));
    }
    let wanted = if action == Action::Delete { RECORDS } else { 0 };
    assert_eq!(copied.iter().filter(|name| !name.is_empty()).count(), wanted);
}

#[test]
fn archiving_that_was_killed_is_known_and_finished() {
    lives(Action::Archive);
}

#[test]
fn deleting_that_was_killed_is_known_and_finished() {
    lives(Action::Delete);
}
