//! The terminal matrix: what the program does x what becomes of its terminal x the signal it gets, each cell with the real
//! program on a real pseudo-terminal.
//!
//! With a signal, or without a terminal, it ends: in time, with the right code, with a closed journal, without a core and
//! without another request. On a terminal that is only frozen, or without standard error, it goes on.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Action, Winsize, tcflow, tcsetwinsize};
use tidyfy::model::outcome::Outcome;
use tidyfy::sandbox::{Fault, FaultEffect, Sandbox, SandboxSettings};
use tidyfy::storage::journal::StoredJobState;
use tokio::runtime::Runtime;

use crate::crash::support::{job, jobs, steps};
use crate::pty::PROGRAM;

/// How long a request in flight has, and what comes after, by the contract.
const END: Duration = Duration::from_secs(7);
/// The longest that anything else may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(45);
/// How many cells run at a time.
const ABREAST: usize = 16;
/// How many requests the program has in flight at most.
const IN_FLIGHT: usize = 16;
/// How long the server takes for a request of a job, so that the first wave is still in flight when the end comes.
const SLOW: Duration = Duration::from_secs(3);

/// What the program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Idle,
    Loading,
    Dialog,
    Job,
    FirstStart,
}

/// What becomes of its terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Alive,
    /// The other end is closed; the program is not the leader of its session, so that no SIGHUP says so.
    Closed,
    /// The other end is closed, and the system sends SIGHUP.
    HungUp,
    /// It takes no output.
    Frozen,
    /// Standard error is a pipe that nobody reads any more.
    WithoutError,
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    doing: Doing,
    fate: Fate,
    signal: Option<Signal>,
}

impl Cell {
    fn all() -> Vec<Self> {
        use Doing::{Dialog, FirstStart, Idle, Job, Loading};
        use Fate::{Alive, Closed, Frozen, HungUp, WithoutError};
        let signals = [None, Some(Signal::TERM), Some(Signal::HUP), Some(Signal::INT)];
        let fates = [Alive, Closed, HungUp, Frozen, WithoutError];
        // The slowest first.
        let doings = [Job, FirstStart, Dialog, Loading, Idle];
        let cells = doings.into_iter().flat_map(|doing| {
            fates.into_iter().flat_map(move |fate| signals.map(|signal| Self { doing, fate, signal }))
        });
        cells.collect()
    }

    fn is_cut_off(self) -> bool {
        matches!(self.fate, Fate::Closed | Fate::HungUp)
    }

    /// Whether it goes on.
    fn goes_on(self) -> bool {
        self.signal.is_none() && !self.is_cut_off()
    }

    fn codes(self) -> Vec<i32> {
        let code = match self.signal {
            Some(Signal::TERM) => 143,
            Some(Signal::INT) => 130,
            _ => 129,
        };
        // Whichever of the two the program hears of first is its reason.
        if self.is_cut_off() { vec![129, code] } else { vec![code] }
    }
}

/// A pseudo-terminal and the program on it.
struct Pty {
    master: Option<Arc<OwnedFd>>,
    /// Ours, to freeze the terminal by; held only where it is not to be closed.
    slave: Option<OwnedFd>,
    screen: Arc<(Mutex<vt100::Parser>, Condvar)>,
    reader: Option<JoinHandle<()>>,
    is_over: Arc<AtomicBool>,
    child: Child,
}

impl Pty {
    fn run(cell: Cell, directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = rustix::fs::open(&*name, flags, Mode::empty()).unwrap();
        tcsetwinsize(&slave, Winsize { ws_row: 35, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let own = || Stdio::from(slave.try_clone().unwrap());
        let error = match cell.fate {
            Fate::WithoutError => Stdio::from(std::io::pipe().unwrap().1),
            _ => own(),
        };
        // With cores wanted as far as they are allowed, or it would not show that the program wants none.
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -S -c $(ulimit -H -c); exec setsid \"$@\"", "sh"]);
        // Without `-c` the terminal is nobody's, and its end is no signal.
        command.args((cell.fate != Fate::Closed).then_some("-c")).arg(PROGRAM).args(arguments);
        command.env_clear().envs(variables.iter().copied()).current_dir(directory);
        command.stdin(own()).stdout(own()).stderr(error);
        let child = command.spawn().unwrap();
        drop(command);
        let master = Arc::new(master);
        let screen = Arc::new((Mutex::new(vt100::Parser::default()), Condvar::new()));
        screen.0.lock().unwrap().screen_mut().set_size(35.try_into().unwrap(), 120.try_into().unwrap());
        let is_over = Arc::new(AtomicBool::new(false));
        let (read, shown, over) = (Arc::clone(&master), Arc::clone(&screen), Arc::clone(&is_over));
        let reader = thread::spawn(move || read_all(&read, &shown, &over));
        let slave = (!cell.is_cut_off()).then_some(slave);
        Self { master: Some(master), slave, screen, reader: Some(reader), is_over, child }
    }

    fn presses(&self, keys: &str) {
        let master = self.master.as_ref().unwrap();
        File::from(master.try_clone().unwrap()).write_all(keys.as_bytes()).unwrap();
    }

    fn sees(&self, what: &str) {
        let (parser, changed) = &*self.screen;
        let (begun, mut parser) = (Instant::now(), parser.lock().unwrap());
        while !parser.screen().contents().contains(what) {
            let left = PATIENCE.checked_sub(begun.elapsed());
            let left = left.unwrap_or_else(|| panic!("{what} never came:\n{}", parser.screen().contents()));
            parser = changed.wait_timeout(parser, left).unwrap().0;
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn freeze(&self, action: Action) {
        tcflow(self.slave.as_ref().unwrap(), action).unwrap();
    }

    /// Closes the other end, and every descriptor of it.
    fn close(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.reader.take().unwrap().join().unwrap();
        self.master = None;
    }

    /// How it ends, if it does in time.
    fn ends_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            if begun.elapsed() > limit {
                return None;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Processor time used so far, in ticks of 10 ms.
    fn ticks(&self) -> u64 {
        let stat = format!("/proc/{}/stat", self.pid().as_raw_nonzero());
        let stat = std::fs::read_to_string(stat).unwrap();
        let after_name = stat.rsplit_once(") ").unwrap().1;
        let fields: Vec<&str> = after_name.split(' ').collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    /// Waits until it uses next to no processor time for half a second.
    fn comes_to_rest(&self) {
        let begun = Instant::now();
        loop {
            let before = self.ticks();
            thread::sleep(Duration::from_millis(500));
            if self.ticks() - before <= 1 {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "it never comes to rest");
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        self.is_over.store(true, Ordering::Relaxed);
        self.reader.take().map(JoinHandle::join);
    }
}

fn read_all(master: &OwnedFd, shown: &(Mutex<vt100::Parser>, Condvar), is_over: &AtomicBool) {
    let mut bytes = [0; 4096];
    while !is_over.load(Ordering::Relaxed) {
        let tick = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
        if poll(&mut [PollFd::new(&master.as_fd(), PollFlags::IN)], Some(&tick)) != Ok(1) {
            continue;
        }
        // Whoever is not there yet, or no more, makes it fail, which is no output.
        let Ok(read @ 1..) = rustix::io::read(master, &mut bytes) else { continue };
        shown.0.lock().unwrap().process(&bytes[..read]);
        shown.1.notify_all();
    }
}

/// One cell's server, home and program.
struct Scene {
    cell: Cell,
    server: Sandbox,
    home: tempfile::TempDir,
}

impl Scene {
    fn new(cell: Cell, runtime: &Runtime) -> Self {
        let slow = Fault { delay: SLOW, ..Fault::on("DELETE", "/runs/", FaultEffect::None) };
        let faults = match cell.doing {
            Doing::Loading => vec![Fault::on("GET", "/runs?", FaultEffect::Hang { apply: false })],
            // One request is never answered, so that the job's end takes all the time there is.
            Doing::Job if !cell.goes_on() => {
                vec![Fault::on("DELETE", "/runs/", FaultEffect::Hang { apply: false }).nth([5]), slow]
            }
            Doing::Job => vec![slow],
            _ => Vec::new(),
        };
        let settings = SandboxSettings { scale: 60, faults, ..SandboxSettings::default() };
        let server = runtime.block_on(Sandbox::start(settings)).unwrap();
        Self { cell, server, home: tempfile::tempdir().unwrap() }
    }

    fn state(&self) -> PathBuf {
        self.home.path().join("state/tidyfy")
    }

    fn start(&self) -> Pty {
        let home = self.home.path();
        let below = |name: &str| home.join(name).to_str().unwrap().to_owned();
        let (config, state, url) = (below("config"), below("state"), self.server.base_url());
        let mut variables = vec![
            ("TERM", "xterm-256color"),
            ("PATH", "/usr/bin:/bin"),
            ("TZ", "UTC"),
            ("HOME", home.to_str().unwrap()),
            ("XDG_CONFIG_HOME", &config),
            ("XDG_STATE_HOME", &state),
            ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent"),
            ("TALLYFY_BASE_URL", &url),
            ("TALLYFY_ORG_ID", self.server.org()),
        ];
        if self.cell.doing != Doing::FirstStart {
            variables.push(("TALLYFY_ACCESS_TOKEN", self.server.token()));
        }
        Pty::run(self.cell, home, &["--limits", "off", "--kind", "processes"], &variables)
    }

    /// How many requests that change something the server has seen.
    fn changes(&self) -> usize {
        self.server.requests().iter().filter(|request| request.method != "GET").count()
    }

    fn waits(&self, what: &str, met: impl Fn() -> bool) {
        let begun = Instant::now();
        while !met() {
            assert!(begun.elapsed() < PATIENCE, "{:?}: {what} never came", self.cell);
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Brings the program to where the cell wants it.
    fn set(&self, pty: &Pty) {
        match self.cell.doing {
            Doing::FirstStart => return pty.sees("token for 127.0.0.1: "),
            Doing::Loading => {
                pty.sees("Acme Ltd");
                let is_asked =
                    || self.server.requests().iter().any(|request| request.path.contains("/runs?"));
                return self.waits("the load", is_asked);
            }
            Doing::Idle | Doing::Dialog | Doing::Job => pty.sees("Acme Ltd"),
        }
        pty.sees("Onboarding");
        if self.cell.doing == Doing::Idle {
            return;
        }
        pty.presses("*");
        pty.sees("marked");
        pty.presses("a");
        pty.sees("y archive");
        if self.cell.doing == Doing::Job {
            pty.presses("y");
            self.waits("the first wave", || self.changes() == IN_FLIGHT);
        }
    }

    fn run(&self) {
        let mut pty = self.start();
        self.set(&pty);
        self.befall(&mut pty);
        if self.cell.goes_on() {
            self.goes_on(&mut pty);
        } else {
            self.ends(&mut pty, |pty| {
                // It may have ended by itself without its terminal.
                self.cell.signal.map(|signal| kill_process(pty.pid(), signal).ok());
            });
        }
        let left = std::fs::read_dir(self.home.path()).unwrap().flatten();
        let cores = left.filter(|entry| entry.file_name().to_string_lossy().starts_with("core"));
        assert_eq!(cores.count(), 0, "{:?}: a core was left", self.cell);
    }

    /// Lets the terminal meet its fate.
    fn befall(&self, pty: &mut Pty) {
        match self.cell.fate {
            Fate::Closed | Fate::HungUp => pty.close(),
            Fate::Frozen => {
                pty.freeze(Action::OOff);
                // Something to draw, which nobody takes.
                pty.presses("j");
            }
            Fate::Alive | Fate::WithoutError => {}
        }
    }

    fn ends(&self, pty: &mut Pty, end: impl FnOnce(&Pty)) {
        let cell = self.cell;
        let changes = self.changes();
        let begun = Instant::now();
        end(pty);
        let status = pty.ends_within(END).unwrap_or_else(|| panic!("{cell:?}: it goes on after {END:?}"));
        assert!(!status.core_dumped(), "{cell:?}: {status:?}");
        assert!(status.code().is_some_and(|code| cell.codes().contains(&code)), "{cell:?}: {status:?}");
        assert_eq!(self.changes(), changes, "{cell:?}: sent after its end was requested");
        if cell.doing == Doing::Job {
            self.journal_is_closed();
        } else {
            assert!(jobs(&self.state()).is_empty());
            assert!(begun.elapsed() < Duration::from_secs(6), "{cell:?}: {:?}", begun.elapsed());
        }
        if cell.fate == Fate::Alive || cell.fate == Fate::WithoutError {
            let is_restored = || {
                let parser = pty.screen.0.lock().unwrap();
                let screen = parser.screen();
                !screen.alternate_screen() && !screen.bracketed_paste() && !screen.hide_cursor()
            };
            self.waits("the ordinary screen", is_restored);
        }
    }

    /// Whether the job is over, by the journal.
    fn is_over(&self) -> bool {
        jobs(&self.state()).first().is_some_and(|job| matches!(job.state, StoredJobState::Over(_)))
    }

    /// The job has an ending, and the fate of every record is known.
    fn journal_is_closed(&self) {
        let (cell, directory) = (self.cell, self.state());
        let all = jobs(&directory);
        assert_eq!(all.len(), 1, "{cell:?}");
        let state = &job(&directory, all[0].id).state;
        assert!(matches!(state, StoredJobState::Over(_)), "{cell:?}: {state:?}");
        let outcomes: Vec<_> = steps(&directory, all[0].id).into_iter().map(|step| step.outcome).collect();
        let of = |wanted| outcomes.iter().filter(|outcome| **outcome == Some(wanted)).count();
        let known = [Outcome::Done, Outcome::Unknown, Outcome::NotSent].map(of);
        assert_eq!(known, [IN_FLIGHT - 1, 1, outcomes.len() - IN_FLIGHT], "{cell:?}: {outcomes:?}");
        assert!(outcomes.len() > IN_FLIGHT, "{cell:?}");
    }

    fn goes_on(&self, pty: &mut Pty) {
        let cell = self.cell;
        if cell.doing == Doing::Job {
            self.waits("the end of the job", || self.is_over());
        }
        pty.comes_to_rest();
        if cell.fate == Fate::Frozen {
            pty.freeze(Action::OOn);
        }
        match cell.doing {
            Doing::Job => pty.sees("archive finished"),
            Doing::FirstStart => {
                pty.presses("\u{3}");
                assert_eq!(pty.ends_within(END).unwrap().code(), Some(130), "{cell:?}");
                return;
            }
            Doing::Dialog => {
                pty.presses("\u{1b}");
                pty.sees("? help");
            }
            Doing::Idle | Doing::Loading => {}
        }
        pty.presses("?");
        pty.sees("a page down");
        pty.presses("\u{3}");
        let status = pty.ends_within(END).unwrap_or_else(|| panic!("{cell:?}: it does not end"));
        assert_eq!(status.code(), Some(130), "{cell:?}");
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Runs a scene of its own, with the program on it.
fn alone(cell: Cell, act: impl FnOnce(&Scene, &mut Pty)) {
    let runtime = runtime();
    let scene = Scene::new(cell, &runtime);
    let mut pty = scene.start();
    scene.set(&pty);
    act(&scene, &mut pty);
    drop(pty);
    let _inside = runtime.enter();
    drop(scene);
}

#[test]
fn typed_ctrl_c_on_a_frozen_terminal_acts_like_sigint() {
    alone(Cell { doing: Doing::Job, fate: Fate::Frozen, signal: Some(Signal::INT) }, |scene, pty| {
        scene.befall(pty);
        // It asks, on a screen that nobody sees, and 1 s later counts as SIGINT.
        pty.presses("\u{3}");
        scene.waits("the end of the job", || scene.is_over());
        assert_eq!(pty.ends_within(END).and_then(|status| status.code()), Some(130));
        assert_eq!(scene.changes(), IN_FLIGHT);
        scene.journal_is_closed();
    });
}

#[test]
fn typed_ctrl_c_repeated_while_it_asks_acts_like_sigint() {
    alone(Cell { doing: Doing::Job, fate: Fate::Alive, signal: Some(Signal::INT) }, |scene, pty| {
        pty.presses("\u{3}");
        pty.sees("a job is running");
        scene.ends(pty, |pty| pty.presses("\u{3}"));
    });
}

#[test]
fn second_signal_ends_sooner_with_a_closed_journal() {
    alone(Cell { doing: Doing::Job, fate: Fate::Alive, signal: Some(Signal::TERM) }, |scene, pty| {
        kill_process(pty.pid(), Signal::TERM).unwrap();
        pty.sees("quitting");
        // Until it is not taken for an echo of the first.
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = pty.ends_within(Duration::from_millis(300)) {
                break status;
            }
            assert!(begun.elapsed() < Duration::from_secs(4), "it waits for all that is in flight");
            kill_process(pty.pid(), Signal::TERM).unwrap();
        };
        assert_eq!(status.code(), Some(143));
        assert!(scene.is_over());
        let all = jobs(&scene.state());
        assert!(steps(&scene.state(), all[0].id).iter().all(|step| step.outcome.is_some()));
        assert_eq!(scene.changes(), IN_FLIGHT);
    });
}

#[test]
fn memory_of_the_process_is_not_dumped() {
    alone(Cell { doing: Doing::Idle, fate: Fate::Alive, signal: None }, |_, pty| {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", pty.pid().as_raw_nonzero())).unwrap();
        let limit = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap();
        assert_eq!(limit.split_whitespace().next(), Some("0"), "{limits}");
        kill_process(pty.pid(), Signal::QUIT).unwrap();
        assert!(!pty.ends_within(END).unwrap().core_dumped());
    });
}

#[test]
fn program_ends_or_goes_on_whatever_its_terminal_does() {
    let runtime = runtime();
    let (cells, next, begun) = (Cell::all(), AtomicUsize::new(0), Instant::now());
    assert_eq!(cells.len(), 100);
    let failed: Vec<String> = thread::scope(|scope| {
        let lanes: Vec<_> = (0..ABREAST)
            .map(|_| {
                scope.spawn(|| {
                    let mut failed = Vec::new();
                    while let Some(cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let scene = Scene::new(*cell, &runtime);
                        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| scene.run()));
                        failed.extend(ran.is_err().then(|| format!("{cell:?}")));
                        let _inside = runtime.enter();
                        drop(scene);
                    }
                    failed
                })
            })
            .collect();
        lanes.into_iter().flat_map(|lane| lane.join().unwrap()).collect()
    });
    eprintln!("{} cells in {:?}, {} failed", cells.len(), begun.elapsed(), failed.len());
    assert!(failed.is_empty(), "{failed:#?}");
}
