//! How a fact changes the state, and what is to be done about it.
//!
//! Owns the one door through which everything goes. It is synchronous and pure: the same state and message give the same
//! state and effects. The parts in `update/` are split by what a person is doing: browsing, marking, acting, and by what
//! comes back.

use std::time::Duration;

use super::command::Command;
use super::effect::{Effect, Effects, Request, RequestId};
use super::state::{NoticeCondition, Overlay, Purpose, QuitState, State};
use crate::app::effect::Exit;
use crate::app::event::{Event, EventKind, PASTE_CUT, Signal, Size};
use crate::app::list::{LoadProgress, ReloadMode};
use crate::app::status_pane::StatusText;
use crate::model::kind::Kind;

impl State {
    /// What is to be done before anything has happened.
    pub fn start(&mut self) -> Effects {
        let mut effects = Effects::default();
        crate::app::list::update::load(self, self.kind, ReloadMode::Anew, &mut effects);
        crate::app::recovery::update::look_first(self, &mut effects);
        self.ask(Purpose::Identify, Request::Identify, &mut effects);
        crate::app::list::update::count_others(self, &mut effects);
        self.ask(Purpose::Members, Request::Members, &mut effects);
        effects
    }

    /// Gives out a ticket for a piece of work.
    pub(crate) fn ask(&mut self, purpose: Purpose, work: Request, effects: &mut Effects) -> RequestId {
        let request_id = self.in_flight.open(purpose);
        effects.push(Effect::Request(request_id, work));
        request_id
    }
}

/// Takes a message in and answers what is to be done.
pub fn update(state: &mut State, message: Event) -> Effects {
    let mut effects = Effects::default();
    let may_scroll = matches!(message.event_kind, EventKind::Key { .. } | EventKind::Resized(_));
    // A key is dated when it was read, and may be taken after what happened later.
    if message.at.tick >= state.now.tick {
        state.now = message.at;
    }
    match message.event_kind {
        EventKind::Key { chord, repeat } => {
            crate::app::input::key(state, message.at, (chord, repeat), &mut effects);
        }
        EventKind::Paste(text) => crate::app::input::paste(state, message.at, &text),
        EventKind::PasteCut => state.note(PASTE_CUT),
        EventKind::Resized(size) => resize(state, size),
        EventKind::Drawn => state.drawn(),
        EventKind::Due => pass_deadline(state, &mut effects),
        EventKind::Signal(signal) => receive_signal(state, signal, &mut effects),
        EventKind::Reply(request_id, response) => {
            crate::app::responses::response(state, request_id, response, &mut effects);
        }
        EventKind::Attempt(attempt) => {
            let is_read = attempt.method == "GET";
            state.traffic.answer(is_read, message.at.tick, attempt.took);
            state.jobs.attempted(&attempt);
            state.status.tell(message.at, StatusText::Attempt(Box::new(attempt)));
        }
        EventKind::Waiting(wait) => {
            state.traffic.held_until = wait.as_ref().map_or(Duration::ZERO, |wait| wait.until);
            state.waiting = wait;
        }
        EventKind::Unanswered(unanswered) => state.unanswered = unanswered,
        EventKind::Budget(allowance) => state.allowance = allowance,
        EventKind::LockedOut(failure) => {
            crate::app::connection::update::locked_out(state, failure, &mut effects);
        }
        EventKind::Verified(verified) => crate::app::responses::verified(state, verified),
        EventKind::Offline(failure) => crate::app::connection::update::offline(state, failure, &mut effects),
        EventKind::Reading(place) => state.reading_token = place,
        EventKind::Stayed(why) => crate::app::organizations::update::stayed(state, why),
    }
    settle(state, &mut effects);
    crate::app::history::update::surface(state);
    crate::app::recovery::update::surface(state);
    state.expire_notice();
    state.time_jobs();
    if may_scroll {
        state.settle_scroll();
    }
    let (now, has_job) = (state.now, !state.jobs.is_empty());
    if let Some(set) = &mut state.marked_only {
        set.keep_up(&state.marks, now, has_job);
    }
    let listing = &mut state.listings[state.kind as usize];
    let is_busy = has_job || matches!(listing.load, LoadProgress::Running(_));
    listing.count_hidden(&state.marks, now, is_busy);
    effects
}

/// Brings every list that changed into order, lets marking that waited for that go on, and has counted what the open
/// dialog wants to know.
fn settle(state: &mut State, effects: &mut Effects) {
    if !state.more_input {
        crate::app::filter::update::apply_pending(state, effects);
    }
    for kind in Kind::ALL {
        // While a job runs more may leave; the list is made whole after it.
        let is_shown = kind == state.kind;
        if is_shown && state.jobs.is_empty() && state.listings[kind as usize].may_have_holes() {
            crate::app::list::update::load(state, kind, ReloadMode::Again, effects);
        }
        crate::app::selection::update::finish_waiting(state, kind);
        let listing = state.listing_of(kind);
        if let Some(request_id) = listing.outdated_arrangement() {
            effects.push(Effect::Cancel(request_id));
        }
        if let Some(request) = state.listings[kind as usize].wants_arranging(&state.people, state.now) {
            let request_id = state.ask(Purpose::Query(kind), Request::Query(request), effects);
            state.listing_of(kind).arranging(request_id);
        }
    }
    crate::app::list::update::search(state, effects);
    crate::app::confirm::update::count_impact(state, effects);
}

fn resize(state: &mut State, size: Size) {
    state.size = size;
    if state.is_too_small() {
        state.hide_overlay();
    }
}

fn receive_signal(state: &mut State, signal: Signal, effects: &mut Effects) {
    match signal {
        // A signal that comes while the program leaves is obeyed by whoever works, not by the screen.
        Signal::Interrupt | Signal::Terminate | Signal::HangUp if state.leaving.is_some() => {}
        Signal::Interrupt => leave(state, Exit::Interrupted, effects),
        Signal::Terminate => leave(state, Exit::Terminated, effects),
        Signal::HangUp => leave(state, Exit::HungUp, effects),
        Signal::Continued => {
            // Another program had the screen.
            state.hide_overlay();
            if state.jobs.is_paused() {
                let key = state.setup.keymap.spoken(Command::PauseJob);
                state.note_during(NoticeCondition::Paused, format!("the job is paused: {key} resumes it"));
            }
        }
    }
}

/// How long requests in flight may still take once the program is leaving, as the worker sees to it.
const FAREWELL: Duration = Duration::from_secs(5);

/// Leaves: nothing more is sent, and what is under way gets a few seconds.
pub(crate) fn leave(state: &mut State, exit: Exit, effects: &mut Effects) {
    (state.overlay, state.token_prompt) = (None, None);
    let is_insisted = state.leaving.is_some();
    if !is_insisted {
        state.leaving = Some(QuitState { exit, deadline: state.now.tick + FAREWELL });
        crate::app::confirm::update::cancel_all(state, effects);
        effects.push(Effect::Stop(exit));
    }
    if is_insisted || state.jobs.is_empty() {
        effects.push(Effect::Quit(exit));
    }
}

fn pass_deadline(state: &mut State, effects: &mut Effects) {
    if let Some(Overlay::Confirm(confirm)) = &mut state.overlay {
        let verdict = confirm.due(state.now);
        crate::app::confirm::update::conclude(state, verdict, effects);
    }
    if let Some(Overlay::Recovery(page)) = &mut state.overlay {
        let request = page.due(state.now);
        crate::app::recovery::update::obey(state, request, effects);
    }
}

#[cfg(test)]
mod tests;
