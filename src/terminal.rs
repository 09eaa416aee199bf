//! The terminal: taking it, giving it back, and what it says.
//!
//! Owns raw mode, the alternate screen and bracketed paste, and their restoration on every way out. Passes on what is typed
//! and the end of the program as messages. Must not know what they mean.

mod input;
mod keys;
mod output;
mod parser;

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use crossterm::{Command, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Sender, UnboundedSender};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::effect::Exit;
use crate::app::event::{Event, EventKind, Signal, Size};
use crate::app::keymap::Key;
use crate::model::time::Moment;
use crate::shutdown::Shutdown;
use crate::worker::Clock;

pub use input::{Input, InputEvent};
pub use output::Output;
pub use parser::Parser;

/// Restores the terminal while it is taken.
static RESTORE: Mutex<Option<&'static str>> = Mutex::new(None);

fn restore() -> MutexGuard<'static, Option<&'static str>> {
    RESTORE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long a terminal that may not take it is given to take what gives it back.
const UNREAD: Duration = Duration::from_millis(100);

/// The terminal in raw mode, until this is dropped. A process has one terminal, so there is one at a time.
#[derive(Debug)]
pub struct RawMode {
    enter: &'static str,
    leave: &'static str,
}

impl RawMode {
    /// A terminal whose lines are edited here: every key is handed over and none echoed, pastes are marked (modes 2004).
    ///
    /// # Errors
    /// When the terminal has no such mode.
    pub fn of_line() -> io::Result<Self> {
        Self::take("\x1b[?2004h", "\x1b[?2004l")
    }

    /// A terminal that is drawn on: the alternate screen (1049) as well, without a cursor (25).
    fn of_screen() -> io::Result<Self> {
        Self::take("\x1b[?1049h\x1b[?2004h\x1b[?25l", "\x1b[?2004l\x1b[?1049l\x1b[?25h")
    }

    fn take(enter: &'static str, leave: &'static str) -> io::Result<Self> {
        let mode = Self { enter, leave };
        mode.enter()?;
        Ok(mode)
    }

    /// Takes the terminal. That it cannot be written to is found out by whoever draws on it.
    fn enter(&self) -> io::Result<()> {
        enable_raw_mode()?;
        *restore() = Some(self.leave);
        let _ = output::send(self.enter.as_bytes());
        Ok(())
    }

    /// Takes the terminal again after another program may have changed its modes.
    ///
    /// # Errors
    /// When the terminal has no such mode any more.
    pub fn retake(&self) -> io::Result<()> {
        give_back();
        self.enter()
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        give_back();
    }
}

/// The terminal of this process, ours until this is dropped.
#[derive(Debug)]
pub struct Screen {
    mode: RawMode,
    shutdown: Shutdown,
}

impl Screen {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste, no cursor. A terminal that goes away requests the
    /// end by `shutdown`.
    ///
    /// # Errors
    /// When it cannot be had; it is then as it was.
    pub fn take(shutdown: Shutdown) -> io::Result<Self> {
        Ok(Self { mode: RawMode::of_screen()?, shutdown })
    }

    /// A drawing surface on it.
    ///
    /// # Errors
    /// When the terminal does not tell its size.
    pub fn surface(&self) -> io::Result<Terminal<CrosstermBackend<Output>>> {
        Terminal::new(CrosstermBackend::new(Output::new(self.shutdown.clone())))
    }

    /// Asks the terminal to put `text` into the clipboard. It may refuse, and does not say so.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn clip(&mut self, text: &str) -> io::Result<()> {
        execute!(Output::new(self.shutdown.clone()), Osc52Copy(text))
    }

    /// Gives the terminal back to the shell and stops; returns with the terminal taken again once the process is
    /// continued. Where nobody could continue it, as in an orphaned process group, it does not stop at all.
    ///
    /// # Errors
    /// When the terminal cannot be given or taken.
    pub async fn suspend(&mut self, continued: &mut Continuations) -> io::Result<()> {
        give_back();
        let stopped = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
        // The signal may be delivered to another thread a moment later; being continued is told by one of its own.
        // Twice, because the time that the process was stopped for may use up the first.
        for _ in 0..2 {
            if tokio::time::timeout(Duration::from_millis(100), continued.next()).await.is_ok() {
                break;
            }
        }
        self.retake()?;
        Ok(stopped?)
    }

    /// Takes the terminal again after another program had it, and drops what was typed for that one.
    ///
    /// # Errors
    /// When the terminal cannot be had.
    pub fn retake(&mut self) -> io::Result<()> {
        self.mode.retake()?;
        input::discard_unread();
        Ok(())
    }
}

/// Tells when the process goes on after it was stopped, by whoever stopped it: another program had the terminal meanwhile.
#[derive(Debug)]
pub struct Continuations(tokio::signal::unix::Signal);

impl Continuations {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the signal cannot be listened to.
    pub fn listen() -> io::Result<Self> {
        Ok(Self(signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?))
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// What asks a terminal to copy (OSC 52).
struct Osc52Copy<'a>(&'a str);

impl Command for Osc52Copy<'_> {
    fn write_ansi(&self, out: &mut impl fmt::Write) -> fmt::Result {
        write!(out, "\x1b]52;c;{}\x1b\\", BASE64_STANDARD.encode(self.0))
    }
}

/// Restores the terminal if it is ours. What cannot be written then is lost with the terminal.
fn give_back() {
    // Not under the lock: the terminal may not take it for long, and another thread must find it taken meanwhile.
    let leave = *restore();
    if let Some(leave) = leave {
        let _ = output::send(leave.as_bytes());
        let _ = disable_raw_mode();
        *restore() = None;
    }
}

/// Restores the terminal if it is ours, as far as it takes that at once. For a process that exits whatever the thread
/// that draws is doing.
pub fn give_back_at_once() {
    let leave = *restore();
    if let Some(leave) = leave {
        let (written, is_written) = mpsc::channel();
        // A terminal that nobody reads keeps whoever writes to it.
        thread::spawn(move || written.send(output::send(leave.as_bytes())).ok());
        let _ = is_written.recv_timeout(UNREAD);
        let _ = disable_raw_mode();
    }
}

/// Makes a panic of this thread, which must be the loop's, restore the terminal before it is reported. A panic of any
/// other thread is logged and turned into a failure by the worker; it must not be printed over a living screen.
pub fn restore_on_panic() {
    let (former, owner) = (std::panic::take_hook(), thread::current().id());
    std::panic::set_hook(Box::new(move |panic| {
        if thread::current().id() == owner || restore().is_none() {
            give_back();
            former(panic);
        } else {
            tracing::error!(%panic, "a task panicked");
        }
    }));
}

/// The terminal's size.
///
/// # Errors
/// When it does not tell.
pub fn size() -> io::Result<Size> {
    let (width, height) = crossterm::terminal::size()?;
    Ok(Size { width, height })
}

/// How long a typed ctrl-c may wait for the loop before it acts like SIGINT.
const PATIENCE: Duration = Duration::from_secs(1);

/// The receivers of input and of the end of the program, and their clock.
#[derive(Debug, Clone)]
struct TerminalReceivers {
    messages: UnboundedSender<Event>,
    /// Bounded: what is typed faster than it is taken waits in the terminal.
    input: Sender<Event>,
    clock: Clock,
    /// How much of what was typed the loop has taken.
    taken: Arc<AtomicU64>,
}

/// The one who is told at the moment.
type Subscriber = Arc<Mutex<Option<TerminalReceivers>>>;

/// Listens to the terminal, from when somebody wants to be told for as long as it lives.
#[derive(Debug)]
pub struct TerminalListener {
    told: Subscriber,
    shutdown: Shutdown,
    ear: InputReceiver,
}

#[derive(Debug)]
enum InputReceiver {
    Idle(Option<Input>),
    Listening([JoinHandle<()>; 2]),
}

impl TerminalListener {
    /// One that will listen to `input`, and requests the end by `shutdown` when the terminal goes away or the loop does
    /// not take a ctrl-c.
    #[must_use]
    pub fn new(input: Input, shutdown: Shutdown) -> Self {
        Self { told: Subscriber::default(), shutdown, ear: InputReceiver::Idle(Some(input)) }
    }

    /// From now on `messages` is told what happens and `input` what is typed, and nobody else. Must be called inside a
    /// runtime.
    ///
    /// # Errors
    /// When changes of the terminal's size cannot be listened to.
    pub fn tell(
        &mut self,
        messages: UnboundedSender<Event>,
        input: Sender<Event>,
        clock: Clock,
    ) -> io::Result<()> {
        *lock(&self.told) = Some(TerminalReceivers { messages, input, clock, taken: Arc::default() });
        if let InputReceiver::Idle(typed) = &mut self.ear
            && let Some(typed) = typed.take()
        {
            let resizes = signal(SignalKind::window_change())?;
            let (told, shutdown) = (Arc::clone(&self.told), self.shutdown.clone());
            self.ear = InputReceiver::Listening([
                tokio::spawn(pass_on_ends(typed.ended(), resizes, Arc::clone(&told), shutdown.clone())),
                tokio::spawn(pass_on_input(typed, told, shutdown)),
            ]);
        }
        Ok(())
    }

    /// The loop has taken so much of what was typed, and shows what came of it.
    pub fn taken(&self, typed: u64) {
        if let Some(told) = &*lock(&self.told) {
            told.taken.store(typed, Ordering::Relaxed);
        }
    }

    /// From now on nobody is told.
    pub fn fall_silent(&self) {
        *lock(&self.told) = None;
    }
}

impl Drop for TerminalListener {
    fn drop(&mut self) {
        if let InputReceiver::Listening(tasks) = &self.ear {
            tasks.iter().for_each(JoinHandle::abort);
        }
    }
}

fn lock(audience: &Subscriber) -> MutexGuard<'_, Option<TerminalReceivers>> {
    audience.lock().unwrap_or_else(PoisonError::into_inner)
}

fn told(audience: &Subscriber) -> Option<TerminalReceivers> {
    lock(audience).clone()
}

/// Passes on that the terminal has another size or is gone, and that the program ends.
async fn pass_on_ends(
    ended: CancellationToken,
    mut resizes: tokio::signal::unix::Signal,
    audience: Subscriber,
    shutdown: Shutdown,
) {
    let mut is_ending = false;
    loop {
        let event_kind = tokio::select! {
            exit = shutdown.requested(), if !is_ending => {
                is_ending = true;
                signal_of(exit).map(EventKind::Signal)
            }
            () = ended.cancelled(), if !is_ending => {
                // With the terminal goes whoever could type.
                shutdown.request(Exit::HungUp);
                None
            }
            _ = resizes.recv() => size().ok().map(EventKind::Resized),
        };
        if let (Some(event_kind), Some(told)) = (event_kind, told(&audience)) {
            drop(told.messages.send(Event { at: told.clock.now(), event_kind }));
        }
    }
}

/// The signal that stands for an end which the loop has not wanted itself.
fn signal_of(exit: Exit) -> Option<Signal> {
    match exit {
        Exit::Quit => None,
        Exit::Interrupted => Some(Signal::Interrupt),
        Exit::Terminated => Some(Signal::Terminate),
        Exit::HungUp => Some(Signal::HangUp),
    }
}

/// Passes on what is typed, as fast as it is taken and dated when it was read.
async fn pass_on_input(mut input: Input, audience: Subscriber, shutdown: Shutdown) {
    let (mut to, mut passed) = (None, 0);
    while let Some((at, event)) = input.next().await {
        let Some(told) = told(&audience) else { continue };
        if to.as_ref().is_none_or(|taken| !Arc::ptr_eq(taken, &told.taken)) {
            (to, passed) = (Some(Arc::clone(&told.taken)), 0);
        }
        let (now, tick) = (told.clock.now(), told.clock.tick(at.into()));
        let wall = now.wall.checked_sub(now.tick.saturating_sub(tick)).unwrap_or(now.wall);
        let at = Moment { tick, wall };
        for event_kind in facts(event) {
            passed += 1;
            if is_interrupt(&event_kind) {
                tokio::spawn(insist_unless_taken(Arc::clone(&told.taken), passed, shutdown.clone()));
            }
            // Whoever was told and is not there any more has lost what was typed for it.
            drop(told.input.send(Event { at, event_kind }).await);
        }
    }
}

fn is_interrupt(event_kind: &EventKind) -> bool {
    matches!(event_kind, EventKind::Key { chord, .. } if chord.ctrl && chord.key == Key::Char('c'))
}

/// Lets a ctrl-c act like SIGINT if the loop does not take it: it waits for a terminal that takes no output.
async fn insist_unless_taken(taken: Arc<AtomicU64>, number: u64, shutdown: Shutdown) {
    sleep(PATIENCE).await;
    if taken.load(Ordering::Relaxed) < number {
        if shutdown.is_requested() { shutdown.force() } else { shutdown.request(Exit::Interrupted) }
    }
}

fn facts(event: InputEvent) -> Vec<EventKind> {
    match event {
        InputEvent::Key { chord, repeat } => vec![EventKind::Key { chord, repeat }],
        InputEvent::Paste { text, is_whole: true } => vec![EventKind::Paste(text)],
        InputEvent::Paste { text, is_whole: false } => vec![EventKind::Paste(text), EventKind::PasteCut],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_cannot_break_out_of_its_sequence() {
        let mut out = String::new();
        Osc52Copy("curl 'x'\u{1b}\\\u{7}").write_ansi(&mut out).unwrap();
        assert_eq!(out, "\u{1b}]52;c;Y3VybCAneCcbXAc=\u{1b}\\");
    }
}
