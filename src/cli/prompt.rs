//! Asking a person in a terminal, one line at a time.
//!
//! Owns the terminal's modes from the first question to the last, and their restoration however that ends: what is typed
//! while nothing is asked is neither shown nor an answer. Must not know what is asked for.

use std::io::{self, Write};
use std::process::ExitCode;

use crossterm::cursor::MoveToColumn;
use crossterm::queue;
use crossterm::terminal::{Clear, ClearType};
use tokio::time::sleep;

use super::waiting;
use crate::app::effect::Exit;
use crate::app::event::PASTE_CUT;
use crate::app::keymap::{Chord, Key};
use crate::app::text_input;
use crate::app::text_input::TextInput;
use crate::cli::error::CommandError;
use crate::config::ConfigError;
use crate::model::text;
use crate::model::token::{Token, TypedToken};
use crate::shutdown::Shutdown;
use crate::terminal::{Continuations, Input, InputEvent, Output, RawMode};

/// As wide as text is set, where the terminal has room for it.
const WIDTH: usize = 80;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum PromptStop {
    /// The person, or the system, wants the program to end.
    Ended(Exit),
    /// The person does not want to answer.
    Declined,
    /// Something went wrong.
    Trouble(CommandError),
}

impl From<CommandError> for PromptStop {
    fn from(error: CommandError) -> Self {
        Self::Trouble(error)
    }
}

/// A terminal that fails has hung up.
impl From<io::Error> for PromptStop {
    fn from(_: io::Error) -> Self {
        Self::Ended(Exit::HungUp)
    }
}

impl PromptStop {
    /// How the process ends; `declined` says what is then told.
    pub(super) fn ended(self, declined: impl FnOnce() -> CommandError) -> Result<ExitCode, CommandError> {
        match self {
            Self::Ended(exit) => Ok(ExitCode::from(exit.code())),
            Self::Declined => Err(declined()),
            Self::Trouble(error) => Err(error),
        }
    }
}

/// Carries out `asking`, unless the end of the program is requested first. Dropped on the way, it leaves the terminal as
/// it was.
pub(super) async fn unless_ended<T>(
    shutdown: &Shutdown,
    asking: impl Future<Output = Result<T, PromptStop>>,
) -> Result<T, PromptStop> {
    shutdown.attend();
    tokio::select! {
        biased;
        exit = shutdown.requested() => Err(PromptStop::Ended(exit)),
        answer = asking => answer,
    }
}

/// What was typed where a token was asked for.
pub(super) enum TypedAnswer {
    /// Nothing at all.
    Nothing,
    /// Something that can be no token.
    Unfit,
    /// What can be one.
    Token(Token),
}

/// A conversation with the person at the terminal, whose modes are its own meanwhile.
pub(super) struct Prompt<'i> {
    out: Output,
    input: &'i mut Input,
    continued: Continuations,
    shutdown: Shutdown,
    raw: RawMode,
}

impl Drop for Prompt<'_> {
    /// What was typed ahead was meant for a question, not for what comes then.
    fn drop(&mut self) {
        self.input.discard();
    }
}

impl<'i> Prompt<'i> {
    /// On standard output, or on standard error where the first is no terminal.
    pub(super) fn new(input: &'i mut Input, shutdown: &Shutdown) -> Result<Self, PromptStop> {
        let (out, shutdown) = (Output::new(shutdown.clone()), shutdown.clone());
        Ok(Self { out, input, continued: Continuations::listen()?, shutdown, raw: RawMode::of_line()? })
    }

    /// Says something, set for the terminal's width.
    pub(super) fn say(&mut self, words: &str) -> Result<(), PromptStop> {
        for line in text::wrapped(&text::clean(words), width().min(WIDTH)) {
            write!(self.out, "{line}\r\n")?;
        }
        Ok(self.out.flush()?)
    }

    /// Says what is wrong, and what to do about it.
    pub(super) fn tell(&mut self, problem: &ConfigError) -> Result<(), PromptStop> {
        self.say(&problem.sentence)?;
        if problem.hint.is_empty() { Ok(()) } else { self.say(&format!("hint: {}", problem.hint)) }
    }

    /// The same as [`Self::wait`], and after a while it says that it waits for `what`.
    pub(super) async fn wait_for<T>(
        &mut self,
        what: &str,
        work: impl Future<Output = T>,
    ) -> Result<T, PromptStop> {
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
    pub(super) async fn wait<T>(&mut self, work: impl Future<Output = T>) -> Result<T, PromptStop> {
        tokio::pin!(work);
        loop {
            let event = tokio::select! {
                biased;
                done = &mut work => {
                    self.input.discard();
                    return Ok(done);
                }
                event = self.next() => event?,
            };
            match event {
                Some(InputEvent::Key { chord, .. }) => match keyed(chord) {
                    LineKey::Interrupt => return Err(PromptStop::Ended(Exit::Interrupted)),
                    LineKey::Leave => return Err(PromptStop::Declined),
                    _ => {}
                },
                Some(_) => {}
                None => return Err(self.hung_up()),
            }
        }
    }

    /// Asks for a line; white space around it is dropped.
    pub(super) async fn ask(&mut self, question: &str) -> Result<String, PromptStop> {
        let mut line = TextInput::default();
        self.fill(question, &mut line).await?;
        Ok(line.value().trim().to_owned())
    }

    /// Asks for a token, of which nothing is shown.
    pub(super) async fn ask_token(&mut self, question: &str) -> Result<TypedAnswer, PromptStop> {
        let mut typed = TypedToken::default();
        self.fill(question, &mut typed).await?;
        let is_empty = typed.mask().is_empty();
        Ok(typed
            .token()
            .map_or(if is_empty { TypedAnswer::Nothing } else { TypedAnswer::Unfit }, TypedAnswer::Token))
    }

    /// Waits until what was said has been read. Leaving is no answer to that.
    pub(super) async fn pause(&mut self, invitation: &str) -> Result<(), PromptStop> {
        match self.ask(invitation).await {
            Ok(_) | Err(PromptStop::Declined) => Ok(()),
            Err(stop) => Err(stop),
        }
    }

    /// Waits for the next event. Whoever stopped the process has changed the terminal's modes, and had what was typed.
    async fn next(&mut self) -> io::Result<Option<InputEvent>> {
        loop {
            tokio::select! {
                biased;
                () = self.continued.next() => {
                    self.raw.retake()?;
                    self.input.discard();
                }
                event = self.input.next() => return Ok(event.map(|(_, event)| event)),
            }
        }
    }

    /// Lets a line be typed into `line`, and ends it on the screen however that ends.
    async fn fill(&mut self, question: &str, line: &mut impl PromptLine) -> Result<(), PromptStop> {
        let typed = self.typed(question, line).await;
        write!(self.out, "\r\n")?;
        self.out.flush()?;
        typed
    }

    async fn typed(&mut self, question: &str, line: &mut impl PromptLine) -> Result<(), PromptStop> {
        loop {
            if !self.input.has_more() {
                self.draw(question, &line.shown())?;
            }
            match self.next().await? {
                Some(InputEvent::Key { chord, .. }) => match keyed(chord) {
                    LineKey::Nothing => {}
                    LineKey::Done => return Ok(()),
                    LineKey::Interrupt => return Err(PromptStop::Ended(Exit::Interrupted)),
                    LineKey::Leave => return Err(PromptStop::Declined),
                    LineKey::End if line.shown().is_empty() => return Err(PromptStop::Declined),
                    LineKey::End => {}
                    LineKey::Back => line.pop(),
                    LineKey::Wipe => line.wipe(),
                    LineKey::Char(c) => line.push(c),
                },
                Some(InputEvent::Paste { text, is_whole }) => {
                    line.paste(&text);
                    if !is_whole {
                        write!(self.out, "\r\n")?;
                        self.say(PASTE_CUT)?;
                    }
                }
                None => return Err(self.hung_up()),
            }
            if line.take_cut() {
                write!(self.out, "\r\n")?;
                self.say(&text_input::cut())?;
            }
        }
    }

    /// The terminal is gone, and with it whoever could type.
    fn hung_up(&self) -> PromptStop {
        self.shutdown.request(Exit::HungUp);
        PromptStop::Ended(Exit::HungUp)
    }

    /// Draws the question with the end of what was typed: a line that wraps cannot be drawn over.
    fn draw(&mut self, question: &str, shown: &str) -> io::Result<()> {
        let room = width().saturating_sub(text::width(question) + 1).max(8);
        let widths = shown.char_indices().rev().scan(0, |used, (at, c)| {
            *used += text::width(c.encode_utf8(&mut [0; 4]));
            Some((at, *used))
        });
        let start = widths.take_while(|(_, used)| *used <= room).last().map_or(shown.len(), |(at, _)| at);
        let shown = &shown[start..];
        queue!(self.out, MoveToColumn(0), Clear(ClearType::UntilNewLine))?;
        write!(self.out, "{question}{shown}")?;
        self.out.flush()
    }
}

/// What a key does to a line.
enum LineKey {
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

fn keyed(chord: Chord) -> LineKey {
    match (chord.key, chord.ctrl) {
        (Key::Char('c'), true) => LineKey::Interrupt,
        (Key::Char('d'), true) => LineKey::End,
        (Key::Char('u'), true) => LineKey::Wipe,
        (Key::Char('h'), true) | (Key::Backspace, _) => LineKey::Back,
        // A line feed that was pasted, where the terminal does not tell pastes from keys.
        (Key::Char('j'), true) | (Key::Enter, _) => LineKey::Done,
        (Key::Esc, _) => LineKey::Leave,
        _ => chord.typed().map_or(LineKey::Nothing, LineKey::Char),
    }
}

/// A line while it is typed.
trait PromptLine {
    fn push(&mut self, c: char);
    fn pop(&mut self);
    fn wipe(&mut self);
    fn paste(&mut self, text: &str);
    /// Whether something was dropped for want of room.
    fn take_cut(&mut self) -> bool;
    /// What may be seen of it.
    fn shown(&self) -> String;
}

impl PromptLine for TextInput {
    fn push(&mut self, c: char) {
        self.key(Chord::plain(Key::Char(c)));
    }

    fn pop(&mut self) {
        self.key(Chord::plain(Key::Backspace));
    }

    fn wipe(&mut self) {
        self.reset();
    }

    fn paste(&mut self, text: &str) {
        Self::paste(self, text);
    }

    fn take_cut(&mut self) -> bool {
        Self::take_cut(self)
    }

    fn shown(&self) -> String {
        text::clean(self.value()).into_owned()
    }
}

impl PromptLine for TypedToken {
    fn push(&mut self, c: char) {
        Self::push(self, c);
    }

    fn pop(&mut self) {
        Self::pop(self);
    }

    fn wipe(&mut self) {
        Self::wipe(self);
    }

    fn paste(&mut self, text: &str) {
        text.chars().for_each(|c| Self::push(self, c));
    }

    /// What does not fit is no token, and said to be none.
    fn take_cut(&mut self) -> bool {
        false
    }

    fn shown(&self) -> String {
        self.mask()
    }
}

fn width() -> usize {
    crossterm::terminal::size().map_or(WIDTH, |(width, _)| usize::from(width)).max(20)
}
