//! A journal or copies that take no more, and a state directory that is none: nothing is sent that could not be noted, and
//! the program says why and ends cleanly.
//!
//! Every system lets a process forbid itself large files. Where a file system of our own can be mounted without asking
//! anybody, it is filled up in truth.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tidyfy::app::effect::Request;
use tidyfy::model::kind::Action;
use tidyfy::model::outcome::Outcome::{Done, Failed};
use tidyfy::model::recovery::RecoveryRequest;
use tidyfy::sandbox::SandboxSettings;
use tidyfy::storage::backups;
use tidyfy::storage::journal::{FILE, PastJob, StoredJobState};
use tidyfy::worker::Clock;

use super::support::{Program, finishing, ids, jobs, only_unfinished, recover, request, request_log, steps};
use crate::pty::PROGRAM;
use crate::worker::bench::{Bench, tallied};

const HINT: &str = "hint: nothing is sent without a record of it";

/// Starts the program so that none of its files may grow beyond `blocks` of 1024 bytes.
async fn cramped(bench: &Bench, home: &TempDir, blocks: usize, kind: &str) -> Program {
    let limited = format!("ulimit -f {blocks} && trap '' XFSZ && exec \"$0\" \"$@\"");
    let arguments = ["-c", &limited, PROGRAM, "--limits", "off", "--kind", kind];
    Program::under(bench, home, "/bin/bash", &arguments).await
}

/// Leaves the program, which must end as if nothing had happened.
async fn leave(program: Program) {
    // Before the screen knows that the job is over, leaving would be a question.
    let program = program.sees("results").await;
    let program = program.hands(|terminal| terminal.presses("q")).await;
    assert_eq!(program.ended().await.exit_code(), 0);
}

/// Waits until the first job is over. Its sum may by then have been pushed off the screen by what failed.
async fn ends(bench: &Bench, program: &Program) {
    let is_over = |job: &PastJob| matches!(job.state, StoredJobState::Over(_));
    program.has(bench, |bench| jobs(bench.remembered.path()).first().is_some_and(is_over)).await;
}

/// What a job that the disk stopped has left: all that the server saw was noted before, and where not even the ends of
/// its steps could be noted it is not said to be over.
fn is_accounted_for(bench: &Bench) {
    let directory = bench.remembered.path();
    let cut = jobs(directory).remove(0);
    assert_eq!(cut.state, StoredJobState::Unfinished, "{cut:?}");
    let all = steps(directory, cut.id);
    let seen = request_log(&bench.sandbox);
    assert!(!seen.is_empty() && seen.len() < all.len(), "{} of {}", seen.len(), all.len());
    let noted: BTreeSet<String> = all.iter().filter(|step| !step.attempts.is_empty()).map(request).collect();
    assert!(seen.keys().all(|request| noted.contains(request)), "what was not noted was not sent");
    assert!(seen.values().all(|seen| (seen.arrived, seen.applied) == (1, 1)));
}

/// The next start settles and finishes what is left, with room again.
async fn is_finished(bench: &mut Bench) {
    tokio::time::pause();
    bench.restart(Clock::system());
    let before = request_log(&bench.sandbox).len();
    let unfinished_job = only_unfinished(bench).await;
    assert_eq!(unfinished_job.tally.of(Done), before, "{}", unfinished_job.sentence());
    let request_id = bench.start(Request::RunJob(finishing(&unfinished_job)));
    let (_, end) = bench.job(request_id).await;
    assert_eq!(tallied(&end), [(Done, unfinished_job.rest.len())]);
    let seen = request_log(&bench.sandbox);
    assert!(seen.values().all(|seen| (seen.arrived, seen.applied) == (1, 1)), "{seen:?}");
    assert_eq!(seen.len(), before + unfinished_job.rest.len());
}

#[tokio::test]
async fn a_journal_that_may_not_grow_stops_the_job_and_the_next_start_finishes_it() {
    let mut bench = Bench::new(SandboxSettings { scale: 400, ..SandboxSettings::default() }).await;
    let home = tempfile::tempdir().unwrap();
    let program = cramped(&bench, &home, 1024, "processes").await.confirm(Action::Archive).await;
    let program = program.sees("the archive was stopped: the journal could not be written: ").await;
    let program = program.sees(HINT).await;
    leave(program).await;
    is_accounted_for(&bench);
    is_finished(&mut bench).await;
}

#[tokio::test]
async fn a_file_whose_copy_finds_no_room_is_not_deleted() {
    let settings = SandboxSettings { scale: 60, large_files: 3, ..SandboxSettings::default() };
    let mut bench = Bench::new(settings).await;
    let home = tempfile::tempdir().unwrap();
    let program = cramped(&bench, &home, 2048, "files").await.confirm(Action::Delete).await;
    ends(&bench, &program).await;
    leave(program.sees("not sent, no backup could be made").await).await;

    let directory = bench.remembered.path().to_owned();
    let job = jobs(&directory).remove(0);
    let (copied, seen) = (copies(&directory.join("backups")), request_log(&bench.sandbox));
    let mut large = BTreeSet::new();
    for step in steps(&directory, job.id) {
        let why = step.reason.clone().unwrap_or_default();
        let is_there = bench.sandbox.object("assets", &step.record).is_some();
        match step.outcome {
            Some(Done) => assert!(!is_there && copied.contains(step.copy.as_ref().unwrap()), "{step:?}"),
            Some(Failed) if why.contains("File too large") => {
                assert!(is_there && step.attempts.is_empty() && !seen.contains_key(&request(&step)));
                large.insert(step.record);
            }
            // The sandbox has lost the bytes of some: that is not what this is about.
            _ => assert!(is_there && why.contains("the server has lost the bytes"), "{step:?}"),
        }
    }
    assert!(!large.is_empty());
    tokio::time::pause();
    bench.restart(Clock::system());
    let again = recover(&mut bench, RecoveryRequest::Retry).await.unwrap();
    assert!(again.options.backup && ids(&again.chosen).into_iter().collect::<BTreeSet<_>>() == large);
}

/// Every copy in a folder of copies, by its job's folder and file; all of them are whole, and nothing else is there.
fn copies(directory: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for kept in backups::list(directory).unwrap() {
        assert!(backups::verify(&kept).is_empty(), "{kept:?}");
        let folder = kept.folder.file_name().unwrap().to_str().unwrap().to_owned();
        for kind in fs::read_dir(&kept.folder).unwrap().map(|entry| entry.unwrap().path()) {
            for file in fs::read_dir(&kind).into_iter().flatten().map(|entry| entry.unwrap().path()) {
                let name = file.strip_prefix(&kept.folder).unwrap().to_str().unwrap().to_owned();
                assert!(!name.ends_with(".part"), "{name} was left behind");
                names.insert(format!("{folder}/{name}"));
            }
        }
    }
    names
}

/// A file system of `size` at `place` that only the program sees; what is in it in the end is put into `kept`.
fn mounted(size: &str, place: &Path, kept: &Path, then: &str) -> [String; 8] {
    let script = format!(
        "mount -t tmpfs -o size={size} tmpfs '{0}' && {{ {then}; code=$?; cp -a '{0}/.' '{1}'; exit $code; }}",
        place.display(),
        kept.display()
    );
    let words = ["--user", "--map-root-user", "--mount", "/bin/sh", "-c", &script, PROGRAM, "--limits=off"];
    words.map(str::to_owned)
}

/// Whether such a file system can be had here: not every system lets just anybody mount one.
fn can_mount() -> bool {
    let place = tempfile::tempdir().unwrap();
    let mut command = Command::new("unshare");
    command.args(mounted("64k", place.path(), place.path(), "true"));
    let can = command.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !can {
        eprintln!("left out: no file system can be mounted here");
    }
    can
}

#[tokio::test]
async fn a_disk_that_fills_up_stops_the_job_and_the_next_start_finishes_it() {
    if !can_mount() {
        return;
    }
    let mut bench = Bench::new(SandboxSettings { scale: 400, ..SandboxSettings::default() }).await;
    let home = tempfile::tempdir().unwrap();
    let kept = tempfile::tempdir().unwrap();
    let arguments = mounted("1m", bench.remembered.path(), kept.path(), "\"$0\" \"$@\"");
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let program = Program::under(&bench, &home, "/usr/bin/unshare", &arguments).await;
    let program = program.confirm(Action::Archive).await;
    let program =
        program.sees("the archive was stopped: the journal could not be written: the disk is full").await;
    let program = program.sees(HINT).await;
    leave(program).await;
    assert!(
        Command::new("cp")
            .arg("-a")
            .arg(kept.path().join("."))
            .arg(bench.remembered.path())
            .status()
            .unwrap()
            .success()
    );
    is_accounted_for(&bench);
    is_finished(&mut bench).await;
}

#[tokio::test]
async fn a_disk_for_copies_that_fills_up_lets_no_more_be_deleted() {
    if !can_mount() {
        return;
    }
    let settings = SandboxSettings { scale: 60, large_files: 4, ..SandboxSettings::default() };
    let bench = Bench::new(settings).await;
    let home = tempfile::tempdir().unwrap();
    let [place, kept] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let config = home.path().join("small.toml");
    fs::write(&config, format!("keep_free_mb = 0\nbackups = '{}'\n", place.path().display())).unwrap();
    let arguments = mounted("6m", place.path(), kept.path(), "\"$0\" \"$@\"");
    let config = format!("--config={}", config.display());
    let arguments: Vec<&str> =
        arguments.iter().map(String::as_str).chain(["--kind=files", config.as_str()]).collect();
    let program = Program::under(&bench, &home, "/usr/bin/unshare", &arguments).await;
    let program = program.confirm(Action::Delete).await;
    ends(&bench, &program).await;
    leave(program.sees("not sent, no backup could be made: ").await).await;

    let directory = bench.remembered.path();
    let job = jobs(directory).remove(0);
    let (copied, seen) = (copies(kept.path()), request_log(&bench.sandbox));
    let said = "not sent, no backup could be made: ";
    let mut without_room = 0;
    assert!(!seen.is_empty(), "some found room");
    for step in steps(directory, job.id) {
        let why = step.reason.clone().unwrap_or_default();
        let is_there = bench.sandbox.object("assets", &step.record).is_some();
        if step.outcome == Some(Done) {
            assert!(!is_there && copied.contains(step.copy.as_ref().unwrap()), "{step:?}");
            continue;
        }
        assert!(is_there && step.attempts.is_empty() && !seen.contains_key(&request(&step)), "{step:?}");
        assert_eq!(why.matches("no backup could be made").count(), 1, "{why}");
        assert!(why.starts_with(said), "{why}");
        without_room += usize::from(why.contains("the disk is full") || why.contains("there is no room"));
    }
    assert!(without_room > 0, "{job:?}");
}

#[tokio::test]
async fn a_state_directory_that_is_none_is_said_and_nothing_is_sent() {
    let bench = Bench::plain().await;
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("state/tidyfy");
    fs::create_dir(home.path().join("state")).unwrap();
    fs::write(&file, "").unwrap();
    let program = Program::start(&bench, &home, &["--limits", "off"]).await.confirm(Action::Archive).await;
    let said = format!("the journal could not be opened: `{}`: it is not a directory", file.display());
    let program = program.sees(&said).await.sees(HINT).await;
    leave(program).await;
    assert!(request_log(&bench.sandbox).is_empty());
}

#[tokio::test]
async fn a_damaged_journal_is_kept_aside_and_the_next_job_begins_a_new_one() {
    let bench = Bench::plain().await;
    let home = tempfile::tempdir().unwrap();
    let nonsense = "not a database, whatever its name says. ".repeat(200);
    fs::write(bench.remembered.path().join(FILE), &nonsense).unwrap();
    let program = Program::start(&bench, &home, &["--limits", "off"]).await.confirm(Action::Archive).await;
    let program = program.sees("is damaged: it was kept as").await.sees(HINT).await;
    assert!(request_log(&bench.sandbox).is_empty());
    let aside: Vec<PathBuf> = fs::read_dir(bench.remembered.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().contains("journal-damaged-"))
        .collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert_eq!(fs::read_to_string(&aside[0]).unwrap(), nonsense);

    // What was not sent is still marked.
    let program = program
        .hands(|terminal| {
            terminal.presses("a");
            terminal.sees("y archive, Esc keep");
            terminal.presses("y");
        })
        .await;
    leave(program.sees("archive finished: ").await).await;
    assert_eq!(jobs(bench.remembered.path()).len(), 1);
    assert!(!request_log(&bench.sandbox).is_empty());
}
