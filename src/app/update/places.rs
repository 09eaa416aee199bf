//! Going to another organization.
//!
//! Nothing of one organization lives on in another: the program leaves with everything it knows, and what it enters
//! begins with nothing.

use crate::app::effect::{Effect, Effects, Work};
use crate::app::keymap::{Chord, Key};
use crate::app::state::confirm::edit;
use crate::app::state::places::{Mine, Places, name};
use crate::app::state::status::Told;
use crate::app::state::{Overlay, Purpose, State};
use crate::model::failure::Failure;
use crate::model::plan::Organization;

/// Opens the box, on the place that is open.
pub(super) fn open(state: &mut State, effects: &mut Effects) {
    state.overlay = Some(Overlay::Places(Places::new()));
    if !state.tickets.awaits(Purpose::Places) {
        state.ask(Purpose::Places, Work::Places, effects);
    }
}

/// The organizations of the person are known, or why they are not.
pub(super) fn placed(state: &mut State, result: Result<Vec<Organization>, Failure>) {
    if let Some(Overlay::Places(places)) = &mut state.overlay {
        places.mine = result.map_or_else(Mine::Failed, Mine::Are);
    }
}

/// Reads a key in the box.
pub(super) fn key(state: &mut State, chord: Chord, effects: &mut Effects) {
    let Some(Overlay::Places(places)) = &state.overlay else { return };
    let len = places.lines(state).len();
    let Some(Overlay::Places(places)) = &mut state.overlay else { return };
    match (chord.key, chord.ctrl) {
        (Key::Esc, _) => state.overlay = None,
        (Key::Down | Key::Tab, _) | (Key::Char('n'), true) => {
            places.at = (places.at + 1).min(len.saturating_sub(1));
        }
        (Key::Up | Key::BackTab, _) | (Key::Char('p'), true) => places.at = places.at.saturating_sub(1),
        (Key::Enter, _) => go(state, effects),
        _ => {
            if let Some(request) = edit(chord) {
                places.input.handle(request);
                places.at = 0;
            }
        }
    }
}

/// Goes to the place the cursor is on. Work that changes something is not left behind unseen.
fn go(state: &mut State, effects: &mut Effects) {
    let Some(Overlay::Places(places)) = &state.overlay else { return };
    let Some(known) = places.picked(state) else {
        let is_reading = places.mine == Mine::Asked;
        state.note(if is_reading {
            "still reading which organizations you are in"
        } else {
            "no organization has that name"
        });
        return;
    };
    if known.place == state.setup.here {
        state.overlay = None;
        state.note(format!("`{}` is open already", name(&known)));
    } else if !state.jobs.is_empty() {
        state.note("a job is running here, and it ends with the organization it runs in: x cancels it");
    } else if state.saves.current.is_some() {
        state.note("files of this organization are being saved: x stops that");
    } else {
        let name = name(&known).to_owned();
        state.note(format!("going to `{name}`"));
        if let Some(Overlay::Places(places)) = &mut state.overlay {
            places.entering = Some(name);
        }
        effects.push(Effect::Go(known.place));
    }
}

/// The place cannot be entered.
pub(super) fn stayed(state: &mut State, why: String) {
    if let Some(Overlay::Places(places)) = &mut state.overlay {
        places.entering = None;
    }
    state.status.tell(state.now, Told::Note(why.clone()));
    state.note(why);
}
