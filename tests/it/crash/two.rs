//! Two of the program at once on one journal.

use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;
use tidyfy::app::effect::Request;
use tidyfy::model::kind::Action;
use tidyfy::model::outcome::Outcome::{Done, NotSent};
use tidyfy::sandbox::SandboxSettings;
use tidyfy::storage::journal::{JobEndState, StoredJobState};

use super::support::{Program, drop_rest, finishing, jobs, request, request_log, steps, unfinished};
use crate::pty::PROGRAM;
use crate::worker::bench::{Bench, tallied};

/// The jobs as `tidyfy history --json` tells them, the newest first.
fn history(home: &TempDir) -> Vec<Value> {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("HOME", home.path()).env("XDG_STATE_HOME", home.path().join("state"));
    let output = command.args(["history", "--json"]).assert().success().get_output().stdout.clone();
    serde_json::from_slice(&output).unwrap()
}

fn states(home: &TempDir) -> Vec<String> {
    history(home).iter().map(|job| job["state"].as_str().unwrap().to_owned()).collect()
}

/// How many requests of the server's ledger concern a kind.
fn sent(bench: &Bench, slug: &str) -> usize {
    let part = format!("/{slug}/");
    request_log(&bench.sandbox).keys().filter(|request| request.contains(&part)).count()
}

#[tokio::test]
async fn two_programs_carry_out_their_jobs_at_the_same_time() {
    let settings =
        SandboxSettings { scale: 200, latency: Duration::from_millis(100), ..SandboxSettings::default() };
    let mut bench = Bench::new(settings).await;
    let home = tempfile::tempdir().unwrap();
    // Both are there before either begins anything.
    let first = Program::start(&bench, &home, &["--limits", "off", "--kind", "processes"]).await;
    let second = Program::start(&bench, &home, &["--limits", "off", "--kind", "tasks"]).await;
    let mut first = first.confirm(Action::Archive).await;
    let mut second = second.confirm(Action::Archive).await;
    first.has(&bench, |bench| sent(bench, "runs") >= 3).await;
    second.has(&bench, |bench| sent(bench, "tasks") >= 3).await;
    first = first.hands(|terminal| terminal.presses("p")).await;
    second = second.hands(|terminal| terminal.presses("p")).await;

    assert_eq!(states(&home), ["running", "running"]);
    let shown = unfinished(&mut bench).await;
    assert_eq!(shown.len(), 2);
    for unfinished_job in &shown {
        assert!(unfinished_job.elsewhere);
        assert_eq!(unfinished_job.sentence(), "archive: running in another tidyfy");
        let why = drop_rest(&mut bench, unfinished_job.job).await.unwrap_err();
        assert!(why.words.ends_with("is over, or another tidyfy is at it"), "{why}");
        let before = request_log(&bench.sandbox);
        let request_id = bench.start(Request::RunJob(finishing(unfinished_job)));
        let (_, end) = bench.job(request_id).await;
        assert_eq!(tallied(&end), [(NotSent, unfinished_job.rest.len())]);
        assert!(end.stopped.unwrap().words.ends_with("cannot be taken over: a tidyfy is at it"));
        let ids = super::support::ids(&unfinished_job.rest);
        let twice =
            |request: &&String| ids.iter().any(|id| request.contains(id)) && !before.contains_key(*request);
        assert_eq!(request_log(&bench.sandbox).keys().filter(twice).count(), 0);
    }
    assert_eq!(states(&home), ["running", "running"]);

    for program in [first, second] {
        let program = program
            .hands(|terminal| {
                terminal.presses("p");
                terminal.sees("archive finished: ");
                terminal.presses("q");
            })
            .await;
        assert_eq!(program.ended().await.exit_code(), 0);
    }
    assert_eq!(states(&home), ["finished", "finished"]);
    let seen = request_log(&bench.sandbox);
    let mut told = 0;
    for job in jobs(bench.remembered.path()) {
        assert_eq!(job.state, StoredJobState::Over(JobEndState::Finished));
        assert_eq!(job.outcomes, [(Done, job.steps)]);
        for step in steps(bench.remembered.path(), job.id) {
            let seen = seen[&request(&step)];
            assert_eq!((seen.arrived, seen.applied, step.attempts.len()), (1, 1, 1), "{step:?}");
            told += 1;
        }
    }
    assert!(told > 100 && told == seen.len(), "{told} of {}", seen.len());
    assert!(unfinished(&mut bench).await.is_empty());
}
