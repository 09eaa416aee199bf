//! Asking a person in a terminal, one line at a time.
//!
//! Owns the terminal's modes from the first question to the last, and their restoration however that ends: what is typed
//! while nothing is asked is neither shown nor an answer. Must not know what is asked for.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use crossterm::cursor::MoveToColumn;
use crossterm::event::{
    DisableBracketedPaste, EnableBracketedPaste, Event as TerminalEvent, KeyCode, KeyEvent, KeyEventKind,
    KeyModifiers,
};
use crossterm::terminal::{Clear, ClearType, disable_raw_mode, enable_raw_mode};
use crossterm::{execute, queue};
use rustix::termios::{QueueSelector, tcflush};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use super::trouble::Trouble;
use super::waiting;
use crate::config::Problem;
use crate::model::secret::{Token, TypedToken};
use crate::model::text;
use crate::terminal::Keys;

/// As wide as text is set, where the terminal has room for it.
const WIDTH: usize = 80;
/// A line longer than this is no answer to anything that is asked.
const LONGEST: usize = 2_000;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Stop {
    /// The person, or the system, wants the program to end with this code.
    Ended(u8),
    /// The person does not want to answer.
    Declined,
    /// Something went wrong.
    Trouble(Trouble),
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<io::Error> for Stop {
    fn from(why: io::Error) -> Self {
        Self::Trouble(Trouble::Failed(color_eyre::Report::new(why).wrap_err("the terminal failed")))
    }
}

impl Stop {
    /// How the process ends; `declined` says what is then told.
    pub(super) fn ended(self, declined: impl FnOnce() -> Trouble) -> Result<ExitCode, Trouble> {
        match self {
            Self::Ended(code) => Ok(ExitCode::from(code)),
            Self::Declined => Err(declined()),
            Self::Trouble(trouble) => Err(trouble),
        }
    }
}

/// Carries out `asking`, unless a signal ends it first. Dropped on the way, it leaves the terminal as it was.
pub(super) async fn unless_signalled<T>(asking: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::select! {
        answer = asking => answer,
        _ = interrupts.recv() => Err(Stop::Ended(130)),
        _ = terminations.recv() => Err(Stop::Ended(143)),
        _ = hangups.recv() => Err(Stop::Ended(129)),
    }
}

/// What was typed where a token was asked for.
pub(super) enum Asked {
    /// Nothing at all.
    Nothing,
    /// Something that can be no token.
    Unfit,
    /// What can be one.
    Token(Token),
}

/// A conversation with the person at the terminal, whose modes are its own meanwhile.
pub(super) struct Dialog<'k> {
    out: Box<dyn Write + Send>,
    keys: &'k mut Keys,
    _raw: Raw,
}

impl Drop for Dialog<'_> {
    /// What was typed ahead was meant for a question, not for what comes then.
    fn drop(&mut self) {
        self.keys.forget();
    }
}

impl<'k> Dialog<'k> {
    /// On standard output, or on standard error where the first is no terminal.
    pub(super) fn new(keys: &'k mut Keys) -> Result<Self, Stop> {
        Ok(Self { out: terminal(), keys, _raw: Raw::take()? })
    }

    /// Says something, set for the terminal's width.
    pub(super) fn say(&mut self, words: &str) -> Result<(), Stop> {
        for line in text::wrapped(&text::clean(words), width().min(WIDTH)) {
            write!(self.out, "{line}\r\n")?;
        }
        Ok(self.out.flush()?)
    }

    /// Says what is wrong, and what to do about it.
    pub(super) fn tell(&mut self, problem: &Problem) -> Result<(), Stop> {
        self.say(&problem.sentence)?;
        if problem.hint.is_empty() { Ok(()) } else { self.say(&format!("hint: {}", problem.hint)) }
    }

    /// The same as [`Self::wait`], and after a while it says that it waits for `what`.
    pub(super) async fn wait_for<T>(&mut self, what: &str, work: impl Future<Output = T>) -> Result<T, Stop> {
        tokio::pin!(work);
        let first = self.wait(async {
            tokio::select! {
                biased;
                done = &mut work => Some(done),
                () = sleep(waiting::SILENCE) => None,
            }
        });
        match first.await? {
            Some(done) => Ok(done),
            None => {
                self.say(&waiting::words(what))?;
                self.wait(work).await
            }
        }
    }

    /// Waits for what nobody is asked for. Meanwhile only the keys that leave mean something.
    pub(super) async fn wait<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Stop> {
        tokio::pin!(work);
        loop {
            let event = tokio::select! {
                biased;
                done = &mut work => {
                    self.keys.forget();
                    return Ok(done);
                }
                event = self.keys.next() => event,
            };
            match event {
                Some(TerminalEvent::Key(key)) => match keyed(key) {
                    Typed::Interrupt => return Err(Stop::Ended(130)),
                    Typed::Leave => return Err(Stop::Declined),
                    _ => {}
                },
                Some(_) => {}
                None => return Err(Stop::Declined),
            }
        }
    }

    /// Asks for a line; white space around it is dropped.
    pub(super) async fn ask(&mut self, question: &str) -> Result<String, Stop> {
        let mut line = Plain::default();
        self.fill(question, &mut line).await?;
        Ok(line.0.trim().to_owned())
    }

    /// Asks for a token, of which nothing is shown.
    pub(super) async fn ask_token(&mut self, question: &str) -> Result<Asked, Stop> {
        let mut typed = TypedToken::default();
        self.fill(question, &mut typed).await?;
        let is_empty = typed.mask().is_empty();
        Ok(typed.token().map_or(if is_empty { Asked::Nothing } else { Asked::Unfit }, Asked::Token))
    }

    /// Waits until what was said has been read. Leaving is no answer to that.
    pub(super) async fn pause(&mut self, invitation: &str) -> Result<(), Stop> {
        match self.ask(invitation).await {
            Ok(_) | Err(Stop::Declined) => Ok(()),
            Err(stop) => Err(stop),
        }
    }

    /// Lets a line be typed into `line`, and ends it on the screen however that ends.
    async fn fill(&mut self, question: &str, line: &mut impl Line) -> Result<(), Stop> {
        let typed = self.typed(question, line).await;
        write!(self.out, "\r\n")?;
        self.out.flush()?;
        typed
    }

    async fn typed(&mut self, question: &str, line: &mut impl Line) -> Result<(), Stop> {
        loop {
            self.draw(question, &line.shown())?;
            match self.keys.next().await {
                Some(TerminalEvent::Key(key)) => match keyed(key) {
                    Typed::Nothing => {}
                    Typed::Done => return Ok(()),
                    Typed::Interrupt => return Err(Stop::Ended(130)),
                    Typed::Leave => return Err(Stop::Declined),
                    Typed::End if line.shown().is_empty() => return Err(Stop::Declined),
                    Typed::End => {}
                    Typed::Back => line.pop(),
                    Typed::Wipe => line.wipe(),
                    Typed::Char(c) => line.push(c),
                },
                Some(TerminalEvent::Paste(pasted)) => pasted.chars().for_each(|c| line.push(c)),
                Some(_) => {}
                // The terminal is gone, and with it whoever could type.
                None => return Err(Stop::Declined),
            }
        }
    }

    /// Draws the question with the end of what was typed: a line that wraps cannot be drawn over.
    fn draw(&mut self, question: &str, shown: &str) -> io::Result<()> {
        let mut shown = shown;
        let room = width().saturating_sub(text::width(question) + 1).max(8);
        while text::width(shown) > room {
            let mut rest = shown.chars();
            rest.next();
            shown = rest.as_str();
        }
        queue!(self.out, MoveToColumn(0), Clear(ClearType::UntilNewLine))?;
        write!(self.out, "{question}{shown}")?;
        self.out.flush()
    }
}

/// What a key does to a line.
enum Typed {
    Nothing,
    Char(char),
    Back,
    Wipe,
    Done,
    Interrupt,
    /// The end of input, where nothing has been typed.
    End,
    Leave,
}

fn keyed(key: KeyEvent) -> Typed {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        _ if key.kind == KeyEventKind::Release => Typed::Nothing,
        KeyCode::Char('c') if ctrl => Typed::Interrupt,
        KeyCode::Char('d') if ctrl => Typed::End,
        KeyCode::Char('u') if ctrl => Typed::Wipe,
        KeyCode::Char('h') if ctrl => Typed::Back,
        // A line feed that was pasted, where the terminal does not tell pastes from keys.
        KeyCode::Char('j') if ctrl => Typed::Done,
        KeyCode::Char(c) if !ctrl => Typed::Char(c),
        KeyCode::Enter => Typed::Done,
        KeyCode::Backspace => Typed::Back,
        KeyCode::Esc => Typed::Leave,
        _ => Typed::Nothing,
    }
}

/// A line while it is typed.
trait Line {
    fn push(&mut self, c: char);
    fn pop(&mut self);
    fn wipe(&mut self);
    /// What may be seen of it.
    fn shown(&self) -> String;
}

#[derive(Default)]
struct Plain(String);

impl Line for Plain {
    fn push(&mut self, c: char) {
        if !c.is_control() && self.0.len() < LONGEST {
            self.0.push(c);
        }
    }

    fn pop(&mut self) {
        self.0.pop();
    }

    fn wipe(&mut self) {
        self.0.clear();
    }

    fn shown(&self) -> String {
        text::clean(&self.0).into_owned()
    }
}

impl Line for TypedToken {
    fn push(&mut self, c: char) {
        Self::push(self, c);
    }

    fn pop(&mut self) {
        Self::pop(self);
    }

    fn wipe(&mut self) {
        Self::wipe(self);
    }

    fn shown(&self) -> String {
        self.mask()
    }
}

/// The terminal while it hands over every key and echoes none. What nobody has read by the end reaches nobody.
struct Raw;

impl Raw {
    fn take() -> io::Result<Self> {
        enable_raw_mode()?;
        let raw = Self;
        execute!(terminal(), EnableBracketedPaste)?;
        Ok(raw)
    }
}

impl Drop for Raw {
    /// What cannot be restored then is lost with the terminal.
    fn drop(&mut self) {
        let _ = execute!(terminal(), DisableBracketedPaste);
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        let _ = disable_raw_mode();
    }
}

fn terminal() -> Box<dyn Write + Send> {
    let out = io::stdout();
    if out.is_terminal() { Box::new(out) } else { Box::new(io::stderr()) }
}

fn width() -> usize {
    crossterm::terminal::size().map_or(WIDTH, |(width, _)| usize::from(width)).max(20)
}
