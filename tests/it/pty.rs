//! The real program in a real terminal, in real time: starting, drawing, resizing, pasting, signals, and the terminal's
//! restoration on every way out.

use std::io::{Read as _, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// The longest a person would wait; only a broken program gets there.
const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_tidyfy");

/// Written while a program is started: until it has taken its own course, it holds what this process has locked. Read by
/// who must not see such a lock held.
pub(crate) static FORKING: RwLock<()> = RwLock::new(());

/// What a terminal has been told, and whether it has changed.
type Shared = Arc<(Mutex<vt100::Parser>, Condvar)>;

fn cells(n: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(n).unwrap()
}

pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    shared: Shared,
    before: Modes,
    _home: tempfile::TempDir,
}

/// The modes of the line that a program must put back.
type Modes = String;

fn modes(master: &dyn MasterPty) -> Modes {
    /// The speed of the input, which is set along with the modes to what it is without being set.
    const INPUT_SPEED: u32 = 0x100f_0000;
    let modes = master.get_termios().expect("a terminal has modes");
    let control = modes.control_flags.bits() & !INPUT_SPEED;
    let (input, output, local) = (modes.input_flags, modes.output_flags, modes.local_flags);
    format!("{input:?} {output:?} {control:x} {local:?} {:?}", modes.control_chars)
}

impl Terminal {
    pub(crate) fn run(program: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: 35, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let before = modes(pair.master.as_ref());
        let home = tempfile::tempdir().unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env_clear();
        for (name, value) in
            [("TERM", "xterm-256color"), ("PATH", "/usr/bin:/bin"), ("TZ", "UTC"), ("PS1", "shell$ ")]
        {
            command.env(name, value);
        }
        command.env("HOME", home.path());
        environment.iter().for_each(|(name, value)| command.env(name, value));
        let child = {
            let _forking = FORKING.write().unwrap_or_else(PoisonError::into_inner);
            pair.slave.spawn_command(command).unwrap()
        };
        drop(pair.slave);
        let shared: Shared =
            Arc::new((Mutex::new(vt100::Parser::new(cells(35), cells(120), 0)), Condvar::new()));
        let (mut output, told) = (pair.master.try_clone_reader().unwrap(), Arc::clone(&shared));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                told.0.lock().unwrap().process(&bytes[..read]);
                told.1.notify_all();
            }
        });
        let keyboard = pair.master.take_writer().unwrap();
        Self { child, master: pair.master, keyboard, shared, before, _home: home }
    }

    pub(crate) fn demo() -> Self {
        let mut terminal = Self::run(PROGRAM, &["demo", "--scale", "60"], &[]);
        terminal.sees("of ");
        terminal.sees("Processes");
        terminal
    }

    pub(crate) fn presses(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Takes the time of a person who reads a dialog: keys that come before it is known to be drawn do not count.
    pub(crate) fn reads(&mut self) {
        self.comes_to(Duration::from_millis(150), |_| false);
    }

    /// Types at the pace of a hand: letters that come faster are a paste.
    pub(crate) fn types(&mut self, text: &str) {
        for letter in text.chars() {
            self.presses(&letter.to_string());
            self.comes_to(Duration::from_millis(25), |_| false);
        }
    }

    pub(crate) fn waits(&mut self, what: &str, met: impl Fn(&vt100::Screen) -> bool) {
        let (parser, changed) = &*self.shared;
        let (begun, mut parser) = (Instant::now(), parser.lock().unwrap());
        while !met(parser.screen()) {
            let left = PATIENCE.checked_sub(begun.elapsed());
            let left = left.unwrap_or_else(|| panic!("{what} never came:\n{}", parser.screen().contents()));
            parser = changed.wait_timeout(parser, left).unwrap().0;
        }
    }

    /// Waits until the screen is as wanted. False where the program ends, or the time is over, before that.
    pub(crate) fn comes_to(&mut self, longest: Duration, met: impl Fn(&vt100::Screen) -> bool) -> bool {
        let begun = Instant::now();
        loop {
            let is_over = self.child.try_wait().unwrap().is_some() || begun.elapsed() > longest;
            let (parser, changed) = &*self.shared;
            let parser = parser.lock().unwrap();
            if met(parser.screen()) || is_over {
                return met(parser.screen());
            }
            drop(changed.wait_timeout(parser, Duration::from_millis(20)).unwrap());
        }
    }

    /// What the screen shows now.
    pub(crate) fn looks<T>(&self, at: impl Fn(&vt100::Screen) -> T) -> T {
        at(self.shared.0.lock().unwrap().screen())
    }

    pub(crate) fn sees(&mut self, text: &str) {
        self.waits(text, |screen| screen.contents().contains(text));
    }

    /// Waits until the program has ended. False where the time is over before that.
    pub(crate) fn ends_within(&mut self, longest: Duration) -> bool {
        self.comes_to(longest, |_| false);
        self.child.try_wait().unwrap().is_some()
    }

    pub(crate) fn ends(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Everything a program must leave behind as it found it.
    pub(crate) fn is_restored(&mut self) {
        self.waits("the ordinary screen", |screen| {
            !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
        });
        assert_eq!(modes(self.master.as_ref()), self.before, "the line's modes were left changed");
    }
}

#[test]
fn it_starts_draws_and_quits() {
    let mut terminal = Terminal::demo();
    terminal.waits("the alternate screen", |screen| screen.alternate_screen() && screen.bracketed_paste());
    assert_ne!(
        modes(terminal.master.as_ref()),
        terminal.before,
        "the modes never changed, so their return shows nothing"
    );
    terminal.presses("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.is_restored();
}

#[test]
fn the_main_job_is_done_with_the_keyboard_alone() {
    let mut terminal = Terminal::demo();
    terminal.presses("  a");
    terminal.sees("Archive 2 processes");
    terminal.sees("y archive, Esc keep");
    terminal.presses("y");
    terminal.sees("archive finished: 2 done");
    terminal.presses("q");
    assert_eq!(terminal.ends().exit_code(), 0);
}

#[test]
fn it_follows_the_size_of_the_terminal() {
    let mut terminal = Terminal::demo();
    for (rows, cols) in [(24, 80), (10, 40)] {
        terminal.shared.0.lock().unwrap().screen_mut().set_size(cells(rows), cells(cols));
        terminal.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        terminal.waits("the last line at the new foot", |screen| {
            let last = screen.rows(0, cols).last().unwrap_or_default();
            !last.trim().is_empty() && screen.contents().contains("Processes")
        });
    }
    terminal.presses("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.is_restored();
}

#[test]
fn a_paste_runs_no_commands() {
    let mut terminal = Terminal::demo();
    terminal.presses("\u{1b}[200~q*aD\u{1b}[201~");
    terminal.sees("pasting does nothing here");
    terminal.presses("a");
    terminal.sees("y archive, Esc keep");
    terminal.presses("\u{1b}[200~y\u{1b}[201~");
    terminal.sees("pasting is refused");
    terminal.presses("\u{1b}");
    terminal.waits("the dialog to close", |screen| !screen.contents().contains("Archive 1 process"));
    terminal.presses("q");
    assert_eq!(terminal.ends().exit_code(), 0);
}

#[test]
fn every_signal_restores_the_terminal_and_has_its_code() {
    use rustix::process::Signal;
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let mut terminal = Terminal::demo();
        terminal.signal(signal);
        assert_eq!(terminal.ends().exit_code(), code, "{signal:?}");
        terminal.is_restored();
    }
    let mut terminal = Terminal::demo();
    terminal.presses("\u{3}");
    assert_eq!(terminal.ends().exit_code(), 130);
    terminal.is_restored();
}

#[test]
fn demo_removes_what_a_killed_demo_left() {
    let all = tempfile::tempdir().unwrap();
    let left = || {
        let entries = std::fs::read_dir(all.path()).unwrap().flatten();
        entries.map(|entry| entry.file_name()).collect::<Vec<_>>()
    };
    let demo = || {
        let variables = [("TMPDIR", all.path().to_str().unwrap())];
        let mut terminal = Terminal::run(PROGRAM, &["demo", "--scale", "60"], &variables);
        terminal.sees("Onboarding");
        terminal
    };
    let mut killed = demo();
    killed.signal(rustix::process::Signal::KILL);
    killed.ends();
    let stale = left();
    assert_eq!(stale.len(), 1);
    let (mut running, mut other) = (demo(), demo());
    assert!(left().len() == 2 && !left().contains(&stale[0]), "{stale:?} {:?}", left());
    for terminal in [&mut running, &mut other] {
        terminal.presses("q");
        assert_eq!(terminal.ends().exit_code(), 0);
    }
    assert_eq!(left().len(), 0);
}

#[test]
fn it_stops_and_continues_like_any_other_program() {
    let mut terminal = Terminal::run("/bin/bash", &["--norc", "--noprofile", "-i"], &[]);
    terminal.sees("shell$");
    terminal.presses(&format!("{PROGRAM} demo --scale 60\r"));
    terminal.sees("Onboarding");
    terminal.presses("j \u{1a}");
    terminal.sees("Stopped");
    terminal.waits("the ordinary screen", |screen| !screen.alternate_screen());
    terminal.presses("echo still-$((40 + 2))\r");
    terminal.sees("still-42");
    terminal.presses("fg\r");
    terminal.waits("the program, as it was", |screen| {
        screen.alternate_screen() && screen.contents().contains("1 marked")
    });
    terminal.presses("q");
    terminal.waits("the shell's prompt", |screen| {
        !screen.alternate_screen() && screen.contents().trim_end().ends_with("\nshell$")
    });
    terminal.presses("echo code-$?\r");
    terminal.sees("code-0");
    terminal.presses("exit\r");
    terminal.ends();
}

/// Names the child of the test below among the tests of this binary.
const PANICKING: &str = "TIDYFY_TEST_PANICS";

#[test]
fn a_panic_restores_the_terminal_before_it_is_reported() {
    let this = std::env::current_exe().unwrap();
    let arguments = ["--exact", "pty::a_child_panics_when_it_is_told_to", "--nocapture", "--test-threads=1"];
    let mut terminal = Terminal::run(this.to_str().unwrap(), &arguments, &[(PANICKING, "1")]);
    let status = terminal.ends();
    assert!(!status.success());
    terminal.sees("the loop broke on purpose");
    terminal.is_restored();
}

#[test]
fn a_child_panics_when_it_is_told_to() {
    if std::env::var_os(PANICKING).is_none() {
        return;
    }
    tidyfy::terminal::restore_on_panic();
    let _screen = tidyfy::terminal::Screen::take(tidyfy::shutdown::Shutdown::default()).unwrap();
    panic!("the loop broke on purpose");
}

#[test]
fn another_organization_is_gone_to_and_what_was_marked_waits_in_this_one() {
    let mut terminal = Terminal::demo();
    terminal.sees("Acme Ltd");
    terminal.presses(" ");
    terminal.sees("1 marked");
    terminal.presses("P");
    terminal.sees("Elsewhere Ltd");
    terminal.presses("elsewh\r");
    terminal.waits("the other organization", |screen| {
        let contents = screen.contents();
        contents.starts_with("tidyfy  Elsewhere Ltd")
            && contents.contains("of ")
            && !contents.contains("marked")
    });
    terminal.presses("P");
    terminal.sees("Acme Ltd");
    terminal.presses("acme\r");
    terminal.waits("the first organization with its mark", |screen| {
        screen.contents().starts_with("tidyfy  Acme Ltd") && screen.contents().contains("1 marked")
    });
    terminal.presses("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.is_restored();
}
