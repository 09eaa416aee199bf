//! Every crash point of a job: a preloaded shim kills the program, or fails one of its system calls, at the Nth call of a
//! class. After each the fate of every record is known, nothing was sent twice, and `tidyfy doctor` has no complaint.
//!
//! The suite runs a sample. `.ci/crash-points [--from N]` runs all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use tidyfy::app::effect::Request;
use tidyfy::model::kind::Action;
use tidyfy::model::outcome::Outcome::{Done, Failed, NotSent};
use tidyfy::sandbox::SandboxSettings;
use tidyfy::storage::journal::{FILE, StoredJobState};
use tidyfy::worker::Clock;

use super::kill::only_so_many;
use super::support::{
    Program, drop_rest, finishing, is_so, jobs, last_key, only_unfinished, request, request_log, steps,
    unfinished,
};
use crate::pty::{FORKING, PROGRAM};
use crate::worker::bench::{Bench, tallied};

const RECORDS: usize = 10;
/// Points that the suite itself runs.
const SAMPLE: usize = 20;
/// Runs every point from this one on.
const FROM: &str = "TIDYFY_CRASH_POINTS_FROM";
/// The longest that a job with one failed call takes: reading back may wait 5 s between two reads.
const LONGEST: Duration = Duration::from_secs(30);
const CLASSES: [&str; 7] = ["sync", "write", "rename", "link", "unlink", "truncate", "send"];
const MODES: [&str; 4] = ["kill", "torn", "eio", "enospc"];

/// One system call of one job that does not come about.
#[derive(Debug, Clone, Copy)]
struct Point {
    action: Action,
    mode: &'static str,
    class: &'static str,
    at: usize,
}

impl Point {
    /// Whether a mode says anything of a class: only what has a length can be torn, and a socket has no disk to fill.
    fn is_sensible(mode: &str, class: &str) -> bool {
        match mode {
            "torn" => matches!(class, "write" | "send"),
            "enospc" => class != "send",
            _ => true,
        }
    }

    /// Every point of the jobs whose calls were counted.
    fn all(counted: &[(Action, Calls)]) -> Vec<Self> {
        let mut points = Vec::new();
        for (action, calls) in counted {
            for mode in MODES {
                for class in CLASSES.into_iter().filter(|class| Self::is_sensible(mode, class)) {
                    points.extend((1..=calls.of(class)).map(|at| Self { action: *action, mode, class, at }));
                }
            }
        }
        points
    }

    /// The job, the mode and the class, whose points run until one is not met.
    fn group(&self) -> (Action, &'static str, &'static str) {
        (self.action, self.mode, self.class)
    }

    /// The points behind the last of each group whose last was met: a job whose calls fail may make more of them.
    fn behind(met: &[(Self, bool)]) -> Vec<Self> {
        let mut last = BTreeMap::new();
        for (point, was_met) in met {
            let found = last.entry(point.group()).or_insert((*point, *was_met));
            if point.at > found.0.at {
                *found = (*point, *was_met);
            }
        }
        last.into_values()
            .filter(|(_, was_met)| *was_met)
            .map(|(point, _)| Self { at: point.at + 1, ..point })
            .collect()
    }
}

/// The calls that the shim saw, each as its class and the name of its file.
struct Calls(Vec<(String, String)>);

impl Calls {
    fn read(log: &Path) -> Self {
        let text = fs::read_to_string(log).unwrap_or_default();
        Self(
            text.lines().filter_map(|line| line.split_once(' ')).map(|(a, b)| (a.into(), b.into())).collect(),
        )
    }

    fn of(&self, class: &str) -> usize {
        self.0.iter().filter(|(of, _)| of == class).count()
    }

    fn on(&self, class: &str, file: &str) -> usize {
        self.0.iter().filter(|(of, on)| of == class && on == file).count()
    }
}

/// The shim, built once.
fn shim() -> &'static Path {
    static BUILT: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("fault_shim.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/crash/fault_shim.c");
        let mut compiler = std::process::Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&path).arg(source);
        assert!(compiler.status().unwrap().success(), "the shim could not be built");
        (directory, path)
    });
    path
}

/// A server with ten processes, and the program on it under the shim.
struct Stage {
    bench: Bench,
    home: TempDir,
    log: PathBuf,
    /// The shim counts from when this file exists.
    arm: PathBuf,
}

impl Stage {
    async fn new(action: Action) -> Self {
        let bench = Bench::new(SandboxSettings { scale: RECORDS * 3, ..SandboxSettings::default() }).await;
        only_so_many(&bench, action, RECORDS);
        let home = tempfile::tempdir().unwrap();
        let (log, arm) = (home.path().join("calls"), home.path().join("arm"));
        Self { bench, home, log, arm }
    }

    fn directory(&self) -> PathBuf {
        self.bench.remembered.path().canonicalize().unwrap()
    }

    /// Starts the program and fills in the dialog, all but the key that confirms it.
    async fn start(&self, action: Action, fault: Option<Point>) -> Program {
        let set = |name: &str, value: &std::ffi::OsStr| {
            format!("{name}={}", std::str::from_utf8(value.as_bytes()).unwrap())
        };
        let mut arguments = vec![
            set("LD_PRELOAD", shim().as_os_str()),
            set("FAULT_DIR", self.directory().as_os_str()),
            set("FAULT_LOG", self.log.as_os_str()),
            set("FAULT_ARM", self.arm.as_os_str()),
        ];
        if let Some(Point { mode, class, at, .. }) = fault {
            arguments.extend([
                format!("FAULT_MODE={mode}"),
                format!("FAULT_CLASS={class}"),
                format!("FAULT_AT={at}"),
            ]);
        }
        arguments.extend([PROGRAM, "--kind", "processes", "--limits", "off"].map(str::to_owned));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let program = Program::under(&self.bench, &self.home, "/usr/bin/env", &arguments).await;
        let program = match action {
            Action::Archive => program,
            Action::Restore | Action::Delete => {
                let all = format!("archived {RECORDS} of {RECORDS}");
                program.hands(|terminal| terminal.presses("s")).await.sees(&all).await
            }
        };
        program.fill_in(action).await
    }

    /// Confirms, waits until the job is over or the program has ended, and leaves it.
    async fn run(&self, action: Action, program: Program) -> portable_pty::ExitStatus {
        fs::write(&self.arm, "").unwrap();
        let program = program
            .hands(move |terminal| {
                terminal.presses(last_key(action));
                let is_over = |screen: &vt100::Screen| {
                    let said = screen.contents();
                    said.contains(" finished: ") || said.contains(" was stopped: ")
                };
                if terminal.comes_to(LONGEST, is_over) {
                    terminal.presses("q");
                }
                if !terminal.ends_within(LONGEST) {
                    terminal.signal(rustix::process::Signal::TERM);
                }
            })
            .await;
        program.ended().await
    }

    fn calls(&self) -> Calls {
        Calls::read(&self.log)
    }

    fn was_met(&self) -> bool {
        fs::read_to_string(&self.log).unwrap_or_default().lines().any(|line| line == "met")
    }

    /// Does what the next start does, and holds journal, server and copies against each other.
    async fn check(&mut self, action: Action) {
        tokio::time::pause();
        let directory = self.directory();
        self.bench.restart(Clock::system());
        let found = jobs(&directory);
        assert!(found.len() <= 1, "{found:?}");
        let is_unfinished = found.first().is_some_and(|job| job.state == StoredJobState::Unfinished);
        match found.first() {
            None => assert!(request_log(&self.bench.sandbox).is_empty(), "sent without a record of it"),
            Some(_) if is_unfinished => self.finish(action).await,
            Some(job) => self.fates_are_known(action, job.id, &[Done, Failed, NotSent]),
        }
        assert!(unfinished(&mut self.bench).await.is_empty());
        for (request, seen) in request_log(&self.bench.sandbox) {
            assert_eq!(seen.applied, usize::from(seen.arrived > 0), "{request}: {seen:?}");
        }
        if action == Action::Delete {
            self.every_deletion_left_a_copy();
        }
        tokio::time::resume();
    }

    /// Reads back what was in flight, and finishes the job.
    async fn finish(&mut self, action: Action) {
        let unfinished = only_unfinished(&mut self.bench).await;
        let job = unfinished.job;
        self.fates_are_known(action, job, &[Done, Failed, NotSent]);
        let before = request_log(&self.bench.sandbox);
        let done: Vec<String> = steps(&self.directory(), job)
            .iter()
            .filter(|step| step.outcome == Some(Done))
            .map(request)
            .collect();
        if unfinished.rest.is_empty() {
            drop_rest(&mut self.bench, job).await.unwrap();
        } else {
            let request_id = self.bench.start(Request::RunJob(finishing(&unfinished)));
            let (told, end) = self.bench.job(request_id).await;
            assert_eq!(tallied(&end), [(Done, unfinished.rest.len())], "{told:?}");
        }
        let after = request_log(&self.bench.sandbox);
        for request in done {
            assert_eq!(after.get(&request), before.get(&request), "{request}: sent again after it was done");
        }
        assert_eq!(after.values().filter(|seen| seen.applied == 1).count(), RECORDS, "{after:?}");
    }

    /// Done is what the server has done, and of everything else it is known that it was not.
    fn fates_are_known(&self, action: Action, job: i64, known: &[tidyfy::model::outcome::Outcome]) {
        let seen = request_log(&self.bench.sandbox);
        for step in steps(&self.directory(), job) {
            let is_so = is_so(&self.bench.sandbox, action, "runs", &step.record);
            assert_eq!(step.outcome == Some(Done), is_so, "{step:?}");
            assert!(step.outcome.is_none_or(|outcome| known.contains(&outcome)), "{step:?}");
            let arrived = seen.get(&request(&step)).map_or(0, |seen| seen.arrived);
            assert!(arrived <= step.attempts.len(), "{}: sent before that was on the disk", step.record);
        }
    }

    fn every_deletion_left_a_copy(&self) {
        let mut copied = BTreeSet::new();
        for kept in tidyfy::storage::backups::list(&self.directory().join("backups")).unwrap() {
            assert!(tidyfy::storage::backups::verify(&kept).is_empty(), "{kept:?}");
            let Ok(files) = fs::read_dir(kept.folder.join("processes")) else { continue };
            let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
            copied.extend(names.filter_map(|name| name.split('.').next().map(str::to_owned)));
        }
        let seen = request_log(&self.bench.sandbox);
        let deleted = seen.values().filter(|seen| seen.applied > 0).count();
        assert!(copied.len() >= deleted, "{} copies of {deleted} deleted records", copied.len());
    }

    async fn doctor_is_content(&self) {
        let mut doctor = tokio::process::Command::new(PROGRAM);
        let state = self.home.path().join("state");
        doctor.args(["doctor"]).env_clear().env("HOME", self.home.path()).env("XDG_STATE_HOME", state);
        doctor.env("TALLYFY_BASE_URL", self.bench.sandbox.base_url());
        doctor.env("TALLYFY_ORG_ID", self.bench.sandbox.org());
        doctor.env("TALLYFY_ACCESS_TOKEN", self.bench.sandbox.token());
        let output = doctor.output().await.unwrap();
        let page = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && !page.contains("FAIL"), "{page}");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs one point; whether the shim came to it.
fn survive(point: Point) -> bool {
    let runtime = runtime();
    let (mut stage, was_met) = runtime.block_on(async {
        let stage = Stage::new(point.action).await;
        let program = stage.start(point.action, Some(point)).await;
        let status = stage.run(point.action, program).await;
        let was_met = stage.was_met();
        let is_killed = was_met && matches!(point.mode, "kill" | "torn");
        assert!(is_killed || [0, 143].contains(&status.exit_code()), "{point:?}: ended with {status:?}");
        (stage, was_met)
    });
    {
        let _locks_are_ours = FORKING.read().unwrap_or_else(PoisonError::into_inner);
        runtime.block_on(stage.check(point.action));
    }
    runtime.block_on(stage.doctor_is_content());
    was_met
}

/// The calls of an undisturbed job.
fn count(action: Action) -> Calls {
    runtime().block_on(async {
        let stage = Stage::new(action).await;
        let program = stage.start(action, None).await;
        assert_eq!(stage.run(action, program).await.exit_code(), 0);
        stage.calls()
    })
}

/// Runs points on several threads, and prints how far it is. Stops at the first that fails, which names its number.
fn survive_all(points: &[(usize, Point)], all: usize) -> Vec<(Point, bool)> {
    let (next, met) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let has_failed = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !has_failed.load(Ordering::Relaxed)
                    && let Some((number, point)) = points.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    eprintln!("crash point {number} of {all}: {point:?}");
                    match std::panic::catch_unwind(|| survive(*point)) {
                        Ok(was_met) => met.lock().unwrap().push((*point, was_met)),
                        Err(why) => {
                            has_failed.store(true, Ordering::Relaxed);
                            eprintln!("crash point {number} failed: {FROM}={number} runs it again");
                            std::panic::resume_unwind(why);
                        }
                    }
                }
            });
        }
    });
    met.into_inner().unwrap()
}

#[test]
fn shim_sees_every_rename_sync_and_send() {
    runtime().block_on(async {
        let stage = Stage::new(Action::Delete).await;
        fs::write(&stage.arm, "").unwrap();
        let program = stage.start(Action::Delete, None).await;
        let program = program.hands(|terminal| terminal.presses(last_key(Action::Delete))).await;
        let program = program.sees("verified: ").await;
        // Killed, so that its write-ahead file is left to be counted in.
        program.kill(rustix::process::Signal::KILL).await;
        let calls = stage.calls();
        assert_eq!(calls.of("send"), stage.bench.sandbox.requests().len());
        let kept = tidyfy::storage::backups::list(&stage.directory().join("backups")).unwrap();
        let copies: usize = kept.iter().flat_map(|kept| kept.records.values()).sum();
        // Of each record, and of the files attached to some.
        assert!(copies >= RECORDS);
        assert_eq!(calls.of("rename"), copies);
        let wal = fs::read(stage.directory().join(format!("{FILE}-wal"))).unwrap();
        // One for each transaction, and one for the header of the file; those before a checkpoint are no longer in it.
        let synced = calls.on("sync", &format!("{FILE}-wal"));
        assert!(transactions(&wal) > 0 && synced > transactions(&wal), "{synced} {}", transactions(&wal));
    });
}

/// How many transactions a write-ahead file of SQLite holds: the frames that end one bear the size of the database.
fn transactions(wal: &[u8]) -> usize {
    let word = |at: usize| u32::from_be_bytes(wal[at..at + 4].try_into().unwrap());
    let frame = usize::try_from(word(8)).unwrap() + 24;
    let salts = word(16);
    (32..wal.len()).step_by(frame).filter(|at| word(at + 8) == salts && word(at + 4) > 0).count()
}

#[test]
fn job_survives_crash_points() {
    let counted = [Action::Archive, Action::Restore, Action::Delete].map(|action| (action, count(action)));
    let from: Option<usize> = std::env::var(FROM).ok().map(|from| from.parse().unwrap());
    let points: Vec<(usize, Point)> = (1..).zip(Point::all(&counted)).collect();
    let all = points.len();
    let chosen: Vec<(usize, Point)> = match from {
        Some(from) => points.into_iter().skip(from.saturating_sub(1)).collect(),
        None => {
            let offset = usize::try_from(std::process::id()).unwrap() % (all / SAMPLE);
            points.into_iter().skip(offset).step_by(all / SAMPLE).take(SAMPLE).collect()
        }
    };
    let mut met = survive_all(&chosen, all);
    assert_eq!(met.len(), chosen.len());
    while from.is_some() {
        let behind: Vec<(usize, Point)> = (all + 1..).zip(Point::behind(&met)).collect();
        if behind.is_empty() {
            break;
        }
        met.extend(survive_all(&behind, all));
    }
    let came = met.iter().filter(|(_, was_met)| *was_met).count();
    eprintln!("{} of {all} crash points run and passed, {came} came to their call", met.len());
}
