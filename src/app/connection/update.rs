//! When nothing can leave: the token is not accepted any more, or the server cannot be reached.
//!
//! Owns the prompt for another token, and asking again for what failed while the way was shut.

use crate::app::command::Command;
use crate::app::connection::PromptResult;
use crate::app::effect::{Effects, Request};
use crate::app::keymap::Chord;
use crate::app::list::{LoadProgress, ReloadMode};
use crate::app::state::{Identity, NoticeCondition, Purpose, State};
use crate::app::status_pane::StatusText;
use crate::app::{list, responses};
use crate::model::failure::{Cause, Failure};

/// The token is not accepted any more, or one is again.
pub(crate) fn locked_out(state: &mut State, failure: Option<Failure>, effects: &mut Effects) {
    match failure {
        Some(failure) => {
            // Of one that was never accepted nobody may say that it has ceased to be.
            let words = match state.identity {
                Identity::Known => "the token is not accepted any more, everything waits",
                Identity::Asking | Identity::Failed(_) => "the token is not accepted, everything waits",
            };
            responses::tell_failure(state, words, &failure);
            if state.locked_out.replace(failure).is_none() {
                show_prompt(state);
            }
        }
        None => let_in(state, effects),
    }
}

/// The server cannot be reached, or can be again.
pub(crate) fn offline(state: &mut State, failure: Option<Failure>, effects: &mut Effects) {
    match failure {
        Some(failure) => {
            responses::tell_failure(state, "offline, trying again now and then", &failure);
            state.offline = Some(failure);
        }
        None => {
            if state.offline.take().is_some() {
                let words = "the server can be reached again, going on";
                state.status.tell(state.now, StatusText::Note(words.to_owned()));
                state.note(words);
                ask_again(state, Cause::Unreachable, effects);
            }
        }
    }
}

/// Whether nothing can be begun before a token is accepted; the prompt for one then comes up.
pub(crate) fn is_shut(state: &mut State) -> bool {
    let shut = state.locked_out.is_some();
    if shut {
        show_prompt(state);
    }
    shut
}

/// Opens the prompt because a person wants to.
pub(crate) fn enter_token(state: &mut State) {
    if !is_shut(state) {
        state.note("the token is accepted: there is none to enter");
    }
}

/// Puts the prompt over everything. A dialog under it has to be seen again before it can be confirmed.
fn show_prompt(state: &mut State) {
    if state.leaving.is_none() {
        state.token_prompt.get_or_insert_default();
        state.hide_overlay();
    }
}

/// Reads a key in the prompt.
pub(crate) fn key(state: &mut State, chord: Chord, repeat: bool, effects: &mut Effects) {
    let tried = state.in_flight.awaits(Purpose::Authenticate);
    let Some(prompt) = &mut state.token_prompt else { return };
    match prompt.key(chord, repeat, tried) {
        PromptResult::Wait => {}
        PromptResult::Hide => {
            state.token_prompt = None;
            let key = state.setup.keymap.spoken(Command::Reload);
            let words = format!("everything waits for a token: {key} asks for one again");
            state.note_during(NoticeCondition::LockedOut, words);
        }
        PromptResult::Try(token) => {
            prompt.refused = None;
            state.ask(Purpose::Authenticate, Request::Authenticate(token), effects);
        }
    }
}

/// A try has ended. That the way is open is told by itself, and before this: if it is shut, it has been shut again since.
pub(crate) fn admitted(state: &mut State, result: Result<(), Failure>, effects: &mut Effects) {
    match (result, &mut state.token_prompt) {
        (Ok(()), _) if state.locked_out.is_none() => let_in(state, effects),
        (Ok(()), _) => {}
        (Err(failure), Some(prompt)) => prompt.refused = Some(failure.words),
        (Err(failure), None) => state.note(format!("no token was accepted: {}", failure.words)),
    }
}

fn let_in(state: &mut State, effects: &mut Effects) {
    let was_shown = state.token_prompt.take().is_some();
    if state.locked_out.take().is_some() || was_shown {
        state.note("the token is accepted, going on");
        ask_again(state, Cause::Unauthorized, effects);
    }
}

/// Asks again for what the screen lacks because the way was shut.
fn ask_again(state: &mut State, cause: Cause, effects: &mut Effects) {
    if matches!(&state.identity, Identity::Failed(failure) if failure.cause == cause) {
        state.identity = Identity::Asking;
        state.ask(Purpose::Identify, Request::Identify, effects);
    }
    if matches!(&state.listing().load, LoadProgress::Failed(failure) if failure.cause == cause) {
        list::update::load(state, state.kind, ReloadMode::On, effects);
    }
}
