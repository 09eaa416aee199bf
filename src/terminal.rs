//! The terminal: taking it, giving it back, and what it says.
//!
//! Owns raw mode, the alternate screen and bracketed paste, and their restoration on every way out. Translates the
//! terminal's events and the system's signals into messages. Must not know what they mean.

use std::fmt;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crossterm::event::{
    DisableBracketedPaste, EnableBracketedPaste, Event as TerminalEvent, EventStream, KeyCode, KeyEvent,
    KeyEventKind, KeyModifiers,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{Command, cursor, execute};
use futures_util::StreamExt as _;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::app::keymap::{Chord, Key};
use crate::app::message::{Fact, Message, Signal, Size};
use crate::worker::Clock;

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
    pub async fn suspend(&mut self) -> io::Result<()> {
        let mut continued = signal(SignalKind::from_raw(CONTINUE))?;
        give_back();
        let stopped = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
        // The signal may be delivered to another thread a moment later; being continued is told by one of its own.
        let _ = tokio::time::timeout(Duration::from_millis(100), continued.recv()).await;
        take()?;
        Ok(stopped?)
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

/// The number of SIGCONT.
const CONTINUE: i32 = rustix::process::Signal::CONT.as_raw();

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

/// What is typed, in one stream for the life of the process: while a second one takes over from a first, or one task from
/// another, a key that comes is not heard of until the next one does. So a task of its own hears them all, from when the
/// first is asked for.
pub struct Keys(Option<UnboundedReceiver<TerminalEvent>>);

impl Keys {
    /// The keys of the terminal that is the standard input.
    #[must_use]
    pub fn of_terminal() -> Self {
        Self(None)
    }

    /// What comes next; none once the terminal is gone. Must be called inside a runtime.
    pub async fn next(&mut self) -> Option<TerminalEvent> {
        self.0.get_or_insert_with(hear).recv().await
    }

    /// Forgets what was typed and has not been asked for.
    pub fn forget(&mut self) {
        while self.0.as_mut().is_some_and(|heard| heard.try_recv().is_ok()) {}
    }
}

/// Hears what is typed for as long as somebody may ask for it.
fn hear() -> UnboundedReceiver<TerminalEvent> {
    let (teller, heard) = unbounded_channel();
    tokio::spawn(async move {
        let mut stream = EventStream::new();
        loop {
            let event = tokio::select! {
                event = stream.next() => event,
                () = teller.closed() => return,
            };
            let Some(Ok(event)) = event else { return };
            if teller.send(event).is_err() {
                return;
            }
        }
    });
    heard
}

impl fmt::Debug for Keys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Keys")
    }
}

/// Who is told what the terminal and the system say, and by which clock.
type Told = Arc<Mutex<Option<(UnboundedSender<Message>, Clock)>>>;

/// Listens to the terminal and the system, from when somebody wants to be told for as long as it lives.
#[derive(Debug)]
pub struct Listener {
    told: Told,
    ear: Ear,
}

#[derive(Debug)]
enum Ear {
    Idle(Option<Keys>),
    Listening(JoinHandle<()>),
}

impl Listener {
    /// One that will listen to `keys`.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        Self { told: Told::default(), ear: Ear::Idle(Some(keys)) }
    }

    /// From now on `messages` is told, and nobody else.
    ///
    /// # Errors
    /// When a signal cannot be listened to.
    pub fn tell(&mut self, messages: UnboundedSender<Message>, clock: Clock) -> io::Result<()> {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some((messages, clock));
        if let Ear::Idle(keys) = &mut self.ear
            && let Some(keys) = keys.take()
        {
            self.ear = Ear::Listening(listen(keys, Arc::clone(&self.told))?);
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
        if let Ear::Listening(task) = &self.ear {
            task.abort();
        }
    }
}

fn listen(mut keys: Keys, told: Told) -> io::Result<JoinHandle<()>> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut hangups = signal(SignalKind::hangup())?;
    Ok(tokio::spawn(async move {
        loop {
            let fact = tokio::select! {
                event = keys.next() => match event {
                    Some(event) => fact(event),
                    // The terminal is gone, and with it whoever could type.
                    None => Some(Fact::Signal(Signal::HangUp)),
                },
                _ = interrupts.recv() => Some(Fact::Signal(Signal::Interrupt)),
                _ = terminations.recv() => Some(Fact::Signal(Signal::Terminate)),
                _ = hangups.recv() => Some(Fact::Signal(Signal::HangUp)),
            };
            let Some(fact) = fact else { continue };
            let last = matches!(fact, Fact::Signal(Signal::HangUp));
            if let Some((messages, clock)) = &*told.lock().unwrap_or_else(PoisonError::into_inner) {
                drop(messages.send(Message { at: clock.now(), fact }));
            }
            if last {
                return;
            }
        }
    }))
}

fn fact(event: TerminalEvent) -> Option<Fact> {
    match event {
        TerminalEvent::Key(key) => {
            chord(key).map(|chord| Fact::Key { chord, repeat: key.kind == KeyEventKind::Repeat })
        }
        TerminalEvent::Paste(text) => Some(Fact::Paste(text)),
        TerminalEvent::Resize(width, height) => Some(Fact::Resized(Size { width, height })),
        TerminalEvent::FocusGained | TerminalEvent::FocusLost | TerminalEvent::Mouse(_) => None,
    }
}

/// The chord of a key that went down; some terminals also tell when it comes up.
fn chord(event: KeyEvent) -> Option<Chord> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let key = match event.code {
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => Key::BackTab,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        _ => return None,
    };
    let held = |modifier| event.modifiers.contains(modifier);
    let alt = held(KeyModifiers::ALT) || held(KeyModifiers::META) || held(KeyModifiers::SUPER);
    Some(Chord { key, ctrl: held(KeyModifiers::CONTROL), alt })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(code: KeyCode, modifiers: KeyModifiers, kind: KeyEventKind) -> Option<String> {
        chord(KeyEvent::new_with_kind(code, modifiers, kind)).map(|chord| chord.to_string())
    }

    #[test]
    fn what_is_copied_cannot_break_out_of_its_sequence() {
        let mut out = String::new();
        Clip("curl 'x'\u{1b}\\\u{7}").write_ansi(&mut out).unwrap();
        assert_eq!(out, "\u{1b}]52;c;Y3VybCAneCcbXAc=\u{1b}\\");
    }

    #[test]
    fn a_key_is_read_once_when_it_goes_down() {
        let none = KeyModifiers::NONE;
        assert_eq!(read(KeyCode::Char('D'), KeyModifiers::SHIFT, KeyEventKind::Press).as_deref(), Some("D"));
        assert_eq!(
            read(KeyCode::Char('d'), KeyModifiers::CONTROL, KeyEventKind::Press).as_deref(),
            Some("ctrl-d")
        );
        assert_eq!(read(KeyCode::Char('a'), none, KeyEventKind::Release), None);
        assert_eq!(read(KeyCode::F(5), none, KeyEventKind::Press), None);
        let held =
            fact(TerminalEvent::Key(KeyEvent::new_with_kind(KeyCode::Char('a'), none, KeyEventKind::Repeat)));
        assert!(matches!(held, Some(Fact::Key { repeat: true, .. })));
    }
}
