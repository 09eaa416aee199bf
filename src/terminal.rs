//! The terminal: taking it, giving it back, and what it says.
//!
//! Owns raw mode, the alternate screen and bracketed paste, and their restoration on every way out. Passes on what is typed
//! and the system's signals as messages. Must not know what they mean.

mod input;
mod keys;
mod parser;

use std::fmt;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{Command, cursor, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Sender, UnboundedSender};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::message::{Fact, Message, Signal, Size};
use crate::model::moment::Moment;
use crate::worker::Clock;

pub use input::{Event, Input};
pub use parser::Parser;

/// Whether the terminal is ours at the moment, so that it is restored once and only once.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal of this process, ours until this is dropped.
#[derive(Debug)]
pub struct Screen(());

impl Screen {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste, no cursor.
    ///
    /// # Errors
    /// When it cannot be had; it is then as it was.
    pub fn take() -> io::Result<Self> {
        take()?;
        Ok(Self(()))
    }

    /// A drawing surface on it.
    ///
    /// # Errors
    /// When the terminal does not tell its size.
    pub fn surface(&self) -> io::Result<Terminal<CrosstermBackend<io::Stdout>>> {
        Terminal::new(CrosstermBackend::new(io::stdout()))
    }

    /// Asks the terminal to put `text` into the clipboard. It may refuse, and does not say so.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn clip(&mut self, text: &str) -> io::Result<()> {
        execute!(io::stdout(), Clip(text))
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
        let _ = tokio::time::timeout(Duration::from_millis(100), continued.next()).await;
        self.retake()?;
        Ok(stopped?)
    }

    /// Takes the terminal again after another program had it, and drops what was typed for that one.
    ///
    /// # Errors
    /// When the terminal cannot be had.
    pub fn retake(&mut self) -> io::Result<()> {
        give_back();
        take()?;
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
struct Clip<'a>(&'a str);

impl Command for Clip<'_> {
    fn write_ansi(&self, out: &mut impl fmt::Write) -> fmt::Result {
        write!(out, "\x1b]52;c;{}\x1b\\", BASE64_STANDARD.encode(self.0))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)
        .inspect_err(|_| give_back())
}

/// Restores the terminal if it is ours. What cannot be written then is lost with the terminal.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
        let _ = disable_raw_mode();
        let _ = io::stdout().flush();
    }
}

/// Makes a panic of this thread, which must be the loop's, restore the terminal before it is reported. A panic of any
/// other thread is logged and turned into a failure by the worker; it must not be printed over a living screen.
pub fn restore_on_panic() {
    let (former, owner) = (std::panic::take_hook(), std::thread::current().id());
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().id() == owner || !TAKEN.load(Ordering::SeqCst) {
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

/// Who is told what the terminal and the system say, and by which clock.
#[derive(Debug, Clone)]
struct Told {
    messages: UnboundedSender<Message>,
    /// Bounded: what is typed faster than it is taken waits in the terminal.
    input: Sender<Message>,
    clock: Clock,
}

/// The one who is told at the moment.
type Audience = Arc<Mutex<Option<Told>>>;

/// Listens to the terminal and the system, from when somebody wants to be told for as long as it lives.
#[derive(Debug)]
pub struct Listener {
    told: Audience,
    ear: Ear,
}

#[derive(Debug)]
enum Ear {
    Idle(Option<Input>),
    Listening([JoinHandle<()>; 2]),
}

impl Listener {
    /// One that will listen to `input`.
    #[must_use]
    pub fn new(input: Input) -> Self {
        Self { told: Audience::default(), ear: Ear::Idle(Some(input)) }
    }

    /// From now on `messages` is told what the system wants and `input` what is typed, and nobody else.
    ///
    /// # Errors
    /// When a signal cannot be listened to.
    pub fn tell(
        &mut self,
        messages: UnboundedSender<Message>,
        input: Sender<Message>,
        clock: Clock,
    ) -> io::Result<()> {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(Told { messages, input, clock });
        if let Ear::Idle(typed) = &mut self.ear
            && let Some(typed) = typed.take()
        {
            let signals = listen(typed.ended(), Arc::clone(&self.told))?;
            self.ear = Ear::Listening([signals, tokio::spawn(pass_on_input(typed, Arc::clone(&self.told)))]);
        }
        Ok(())
    }

    /// From now on nobody is told.
    pub fn fall_silent(&self) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Ear::Listening(tasks) = &self.ear {
            tasks.iter().for_each(JoinHandle::abort);
        }
    }
}

fn told(audience: &Audience) -> Option<Told> {
    audience.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn listen(ended: CancellationToken, audience: Audience) -> io::Result<JoinHandle<()>> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut hangups = signal(SignalKind::hangup())?;
    let mut resizes = signal(SignalKind::window_change())?;
    Ok(tokio::spawn(async move {
        loop {
            let fact = tokio::select! {
                // The terminal is gone, and with it whoever could type.
                () = ended.cancelled() => Some(Fact::Signal(Signal::HangUp)),
                _ = interrupts.recv() => Some(Fact::Signal(Signal::Interrupt)),
                _ = terminations.recv() => Some(Fact::Signal(Signal::Terminate)),
                _ = hangups.recv() => Some(Fact::Signal(Signal::HangUp)),
                _ = resizes.recv() => size().ok().map(Fact::Resized),
            };
            let Some(fact) = fact else { continue };
            let last = matches!(fact, Fact::Signal(Signal::HangUp));
            if let Some(told) = told(&audience) {
                drop(told.messages.send(Message { at: told.clock.now(), fact }));
            }
            if last {
                return;
            }
        }
    }))
}

/// Passes on what is typed, as fast as it is taken and dated when it was read.
async fn pass_on_input(mut input: Input, audience: Audience) {
    while let Some((at, event)) = input.next().await {
        let Some(told) = told(&audience) else { continue };
        let (now, tick) = (told.clock.now(), told.clock.tick(at.into()));
        let wall = now.wall.checked_sub(now.tick.saturating_sub(tick)).unwrap_or(now.wall);
        let at = Moment { tick, wall };
        for fact in facts(event) {
            // Whoever was told and is not there any more has lost what was typed for it.
            drop(told.input.send(Message { at, fact }).await);
        }
    }
}

fn facts(event: Event) -> Vec<Fact> {
    match event {
        Event::Key { chord, repeat } => vec![Fact::Key { chord, repeat }],
        Event::Paste { text, is_whole: true } => vec![Fact::Paste(text)],
        Event::Paste { text, is_whole: false } => vec![Fact::Paste(text), Fact::PasteCut],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_cannot_break_out_of_its_sequence() {
        let mut out = String::new();
        Clip("curl 'x'\u{1b}\\\u{7}").write_ansi(&mut out).unwrap();
        assert_eq!(out, "\u{1b}]52;c;Y3VybCAneCcbXAc=\u{1b}\\");
    }
}
