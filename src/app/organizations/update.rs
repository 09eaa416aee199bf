//! Going to another organization.
//!
//! Nothing of one organization lives on in another: the program leaves with everything it knows, and what it enters
//! begins with nothing.

use crate::app::command::Command;
use crate::app::effect::{Effect, Effects, Request};
use crate::app::keymap::{Chord, Key};
use crate::app::organizations::{KnownOrganizations, OrganizationPicker, name};
use crate::app::state::{NoticeCondition, Overlay, Purpose, State};
use crate::app::status_pane::StatusText;
use crate::model::failure::Failure;
use crate::model::plan::Organization;
use crate::model::text;

/// Opens the box, on the place that is open.
pub(crate) fn open(state: &mut State, effects: &mut Effects) {
    state.overlay = Some(Overlay::Organizations(OrganizationPicker::new()));
    if !state.in_flight.awaits(Purpose::Organizations) {
        state.ask(Purpose::Organizations, Request::Organizations, effects);
    }
}

/// The organizations of the person are known, or why they are not.
pub(crate) fn placed(state: &mut State, result: Result<Vec<Organization>, Failure>) {
    if let Some(Overlay::Organizations(places)) = &mut state.overlay {
        places.mine = result.map_or_else(KnownOrganizations::Failed, KnownOrganizations::Are);
    }
}

/// Reads a key in the box.
pub(crate) fn key(state: &mut State, chord: Chord, effects: &mut Effects) {
    let Some(Overlay::Organizations(places)) = &state.overlay else { return };
    let len = places.lines(state).len();
    let Some(Overlay::Organizations(places)) = &mut state.overlay else { return };
    match (chord.key, chord.ctrl) {
        (Key::Esc, _) => state.overlay = None,
        (Key::Down | Key::Tab, _) | (Key::Char('n'), true) => {
            places.at = (places.at + 1).min(len.saturating_sub(1));
        }
        (Key::Up | Key::BackTab, _) | (Key::Char('p'), true) => places.at = places.at.saturating_sub(1),
        (Key::Enter, _) => go(state, effects),
        _ => {
            places.input.key(chord);
            places.at = 0;
        }
    }
}

/// Goes to the place the cursor is on. Work that changes something is not left behind unseen.
fn go(state: &mut State, effects: &mut Effects) {
    let Some(Overlay::Organizations(places)) = &state.overlay else { return };
    let Some(known) = places.picked(state) else {
        let is_reading = places.mine == KnownOrganizations::Asked;
        if is_reading {
            let words = "still reading which organizations you are in";
            state.note_during(NoticeCondition::Awaiting(Purpose::Organizations), words);
        } else {
            state.note("no organization has that name");
        }
        return;
    };
    if known.place == state.setup.here {
        state.overlay = None;
        state.note(format!("`{}` is open already", name(&known)));
    } else if let Some(job) = state.jobs.current() {
        let (word, key) = (job.plan.word(), state.setup.keymap.spoken(Command::CancelJob));
        let queued = match state.jobs.queued() {
            0 => String::new(),
            n => format!(" and {} queued", text::grouped(n as u64)),
        };
        let words = format!("jobs of this organization are not over: {word}{queued}; hint: {key} cancels");
        state.note_during(NoticeCondition::Awaiting(Purpose::Job), words);
    } else if state.saves.current.is_some() {
        let key = state.setup.keymap.spoken(Command::CancelJob);
        let words = format!("files of this organization are being saved: {key} stops that");
        state.note_during(NoticeCondition::Awaiting(Purpose::Download), words);
    } else {
        let name = name(&known).to_owned();
        state.entering = true;
        state.note_during(NoticeCondition::Leaving, format!("going to `{name}`"));
        if let Some(Overlay::Organizations(places)) = &mut state.overlay {
            places.entering = Some(name);
        }
        effects.push(Effect::SwitchOrganization(known.place));
    }
}

/// The place cannot be entered.
pub(crate) fn stayed(state: &mut State, why: String) {
    state.entering = false;
    if let Some(Overlay::Organizations(places)) = &mut state.overlay {
        places.entering = None;
    }
    state.status.tell(state.now, StatusText::Note(why.clone()));
    state.note(why);
}
