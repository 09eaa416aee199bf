//! The loop: messages and input in, one state, frames and effects out.
//!
//! Owns the only place that waits, when frames are drawn, and the order of everything. It knows neither kinds nor HTTP:
//! it hands messages to `update`, effects to the worker, and the state to the view.

use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::layout::Rect;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver};
use tokio::time::Instant;

use crate::app::effect::{Effect, Effects, Exit};
use crate::app::event::{Event, EventKind, Signal, Size};
use crate::app::state::State;
use crate::app::update::update;
use crate::model::context::Context;
use crate::view::view;
use crate::worker::Clock;
use crate::worker::Worker;

/// How long messages are taken in before a frame is drawn.
const DRAIN: Duration = Duration::from_millis(8);
/// How long a frame that no key caused may wait for company after another such frame. The first one after a key's own may
/// show what the key was pressed for, and does not wait.
const FRAME: Duration = Duration::from_millis(16);

/// What a turn of the loop came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoopTurn {
    /// There is more to come.
    Going,
    /// The terminal is to be given back until the process is continued.
    Suspend,
    /// Another organization is wanted; this one goes on until the loop is taken apart.
    Leaving(Context),
    /// The program ends.
    Ended(Exit),
}

/// The running program.
#[derive(Debug)]
pub struct EventLoop<B: Backend> {
    state: State,
    terminal: Terminal<B>,
    worker: Worker,
    messages: UnboundedReceiver<Event>,
    /// Typed input. It comes by a channel of its own, so that a flood of it holds up neither signals nor responses.
    input: Receiver<Event>,
    /// Input typed before this tick was meant for another program.
    input_since: Duration,
    /// How much of what was typed has been taken.
    typed: u64,
    clock: Clock,
    /// Whether the screen is out of date, and whether a key is the reason.
    due: Option<Due>,
    /// When the last frame was drawn, if no key caused it.
    drawn: Option<Instant>,
    next: LoopTurn,
    /// What is to be put into the clipboard.
    clips: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Soon,
    Now,
}

impl<B: Backend> EventLoop<B> {
    /// Takes the parts together. Nothing is drawn or asked for before the first turn.
    pub fn new(
        state: State,
        terminal: Terminal<B>,
        worker: Worker,
        (messages, input): (UnboundedReceiver<Event>, Receiver<Event>),
        clock: Clock,
    ) -> Self {
        Self {
            state,
            terminal,
            worker,
            messages,
            input,
            input_since: Duration::ZERO,
            typed: 0,
            clock,
            due: Some(Due::Now),
            drawn: None,
            next: LoopTurn::Going,
            clips: Vec::new(),
        }
    }

    /// Draws the first frame, then asks for what the state wants first.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn start(&mut self) -> Result<(), B::Error> {
        self.draw()?;
        let effects = self.state.start();
        self.perform(effects);
        Ok(())
    }

    /// Waits for a message or a deadline, takes in what else is there, and draws what is due.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub async fn turn(&mut self) -> Result<LoopTurn, B::Error> {
        let deadline = self.deadline();
        tokio::select! {
            // What was typed before a deadline is taken before it, or a key that calls something off would come too late.
            biased;
            message = self.messages.recv() => match message {
                Some(message) => self.take(message),
                None => return Ok(LoopTurn::Ended(Exit::HungUp)),
            },
            Some(typed) = self.input.recv() => self.take_input(typed),
            () = wait_until(deadline) => {}
        }
        self.drain();
        // A way out is not held up by a flood of input.
        if self.next == LoopTurn::Going && (self.input.is_empty() || self.state.leaving.is_some()) {
            self.pass_deadline();
        }
        if self.is_frame_due() {
            self.draw()?;
        }
        Ok(std::mem::replace(&mut self.next, LoopTurn::Going))
    }

    /// All that is known.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The terminal, as the tests read it.
    #[must_use]
    pub fn terminal(&self) -> &Terminal<B> {
        &self.terminal
    }

    /// The terminal, to change its size or to draw all of it anew.
    pub fn terminal_mut(&mut self) -> &mut Terminal<B> {
        &mut self.terminal
    }

    /// What is to be put into the clipboard since this was last asked, for whoever owns the terminal.
    pub fn take_clips(&mut self) -> Vec<String> {
        std::mem::take(&mut self.clips)
    }

    /// The process was stopped and continues, on a terminal of `size` that has lost what was drawn on it.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn resume(&mut self, size: Size) -> Result<(), B::Error> {
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))?;
        while self.input.try_recv().is_ok() {
            self.typed += 1;
        }
        self.input_since = self.clock.now().tick;
        for event_kind in [EventKind::Resized(size), EventKind::Signal(Signal::Continued)] {
            self.take(Event { at: self.clock.now(), event_kind });
        }
        self.draw()
    }

    /// The organization that was wanted cannot be entered.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn stay(&mut self, why: String) -> Result<(), B::Error> {
        self.take(Event { at: self.clock.now(), event_kind: EventKind::Stayed(why) });
        self.draw()
    }

    /// How much of what was typed has been taken. After a turn the screen shows what came of it.
    #[must_use]
    pub fn input_taken(&self) -> u64 {
        self.typed
    }

    /// Takes in what has been told and not been looked at, without drawing it: the screen is gone, or about to be.
    pub fn catch_up(&mut self) {
        while let Ok(message) = self.messages.try_recv() {
            self.take(message);
        }
    }

    /// Ends everything that is under way and hands over what may outlive it.
    #[must_use]
    pub fn take_apart(self) -> (State, Terminal<B>) {
        (self.state, self.terminal)
    }

    /// Whether the screen shows all that is known.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        self.due.is_none()
    }

    /// Whether no message waits to be taken in.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.messages.is_empty() && self.input.is_empty()
    }

    fn take_input(&mut self, typed: Event) {
        self.typed += 1;
        if typed.at.tick >= self.input_since {
            self.take(typed);
        }
    }

    fn take(&mut self, message: Event) {
        let by_hand = matches!(
            message.event_kind,
            EventKind::Key { .. }
                | EventKind::Paste(_)
                | EventKind::PasteCut
                | EventKind::Resized(_)
                | EventKind::Drawn
        );
        let due = if by_hand { Due::Now } else { Due::Soon };
        self.due = Some(if self.due == Some(Due::Now) { Due::Now } else { due });
        if let EventKind::Reply(request_id, response) = &message.event_kind {
            tracing::debug!(?request_id, last = response.is_final(), "reply");
        }
        self.state.more_input = !self.input.is_empty();
        let effects = update(&mut self.state, message);
        self.perform(effects);
    }

    fn drain(&mut self) {
        let begun = Instant::now();
        let mut is_empty = false;
        while !is_empty && begun.elapsed() < DRAIN {
            is_empty = true;
            if self.next == LoopTurn::Going
                && let Ok(message) = self.messages.try_recv()
            {
                self.take(message);
                is_empty = false;
            }
            if self.next == LoopTurn::Going
                && let Ok(typed) = self.input.try_recv()
            {
                self.take_input(typed);
                is_empty = false;
            }
        }
    }

    fn perform(&mut self, effects: Effects) {
        for effect in effects {
            match effect {
                Effect::Quit(exit) => self.next = LoopTurn::Ended(exit),
                Effect::SwitchOrganization(place) if self.next == LoopTurn::Going => {
                    self.next = LoopTurn::Leaving(place);
                }
                Effect::SwitchOrganization(_) => {}
                Effect::Suspend if self.next == LoopTurn::Going => self.next = LoopTurn::Suspend,
                Effect::Suspend => {}
                Effect::CopyToTerminal(text) => self.clips.push(text),
                work => self.worker.perform(work),
            }
        }
    }

    /// When something is due at the latest: a frame that waits, or a deadline of the state.
    fn deadline(&self) -> Option<Instant> {
        let frame = self.due.map(|due| match (due, self.drawn) {
            (Due::Soon, Some(drawn)) => drawn + FRAME,
            _ => Instant::now(),
        });
        let state = self.state.wakes_at().and_then(|at| self.clock.instant(at));
        [frame, state].into_iter().flatten().min()
    }

    fn pass_deadline(&mut self) {
        let now = self.clock.now();
        if self.state.wakes_at().is_some_and(|at| at <= now.tick) {
            self.take(Event { at: now, event_kind: EventKind::Due });
        }
    }

    fn is_frame_due(&self) -> bool {
        match (self.due, self.drawn) {
            (None, _) => false,
            (Some(Due::Now), _) | (Some(Due::Soon), None) => true,
            (Some(Due::Soon), Some(drawn)) => drawn.elapsed() >= FRAME,
        }
    }

    fn draw(&mut self) -> Result<(), B::Error> {
        self.terminal.draw(|frame| view(&self.state, frame))?;
        let by_hand = self.due.take() == Some(Due::Now);
        self.drawn = (!by_hand).then(Instant::now);
        if self.state.awaits_drawing() {
            self.take(Event { at: self.clock.now(), event_kind: EventKind::Drawn });
        }
        Ok(())
    }
}

async fn wait_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
