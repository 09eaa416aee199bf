//! Saved filters: kept under a name, picked, and thrown away.

use crate::app::command::{Command, Motion};
use crate::app::effect::{Effects, Request};
use crate::app::filter;
use crate::app::keymap::{Chord, Key};
use crate::app::list::moved;
use crate::app::saved::{KnownSaved, SavedFilterPicker};
use crate::app::state::{Overlay, Purpose, State};
use crate::app::status_pane::StatusText;
use crate::model::saved_filter::{SavedFilter, SavedFilterChange};
use crate::model::text;

/// Opens the box of the saved filters.
pub(crate) fn open(state: &mut State, effects: &mut Effects) {
    show(state, None, effects);
}

/// Opens the box on what is kept. With a `source`, a name is typed for it first.
fn show(state: &mut State, source: Option<String>, effects: &mut Effects) {
    state.overlay = Some(Overlay::SavedFilters(SavedFilterPicker::new(state.kind, source)));
    state.ask(Purpose::SavedFilters, Request::SavedFilters(SavedFilterChange::Look), effects);
}

/// Opens the box to save the filter in force.
pub(crate) fn save(state: &mut State, effects: &mut Effects) {
    if filter::update::is_broken(state) {
        return;
    }
    let source = state.listing().filter.source().trim().to_owned();
    if source.is_empty() {
        let key = state.setup.keymap.spoken(Command::Filter);
        state.note(format!("there is no filter to save: {key} types one"));
        return;
    }
    show(state, Some(source), effects);
}

/// What a key means in a box of what is kept.
pub(crate) enum PickerKey {
    /// The cursor goes elsewhere.
    Go(Motion),
    /// What it is on is taken.
    Take,
    /// What it is on is thrown away.
    Remove,
    /// The box closes.
    Close,
    /// Nothing: a key that is held throws nothing more away.
    Nothing,
}

/// Reads a key as every such box does.
pub(crate) fn meant(chord: Chord, repeat: bool) -> PickerKey {
    match chord.key {
        Key::Down | Key::Char('j') => PickerKey::Go(Motion::Down),
        Key::Up | Key::Char('k') => PickerKey::Go(Motion::Up),
        Key::Home | Key::Char('g') => PickerKey::Go(Motion::First),
        Key::End | Key::Char('G') => PickerKey::Go(Motion::Last),
        Key::Esc | Key::Char('q') => PickerKey::Close,
        Key::Enter => PickerKey::Take,
        Key::Delete if !repeat => PickerKey::Remove,
        _ => PickerKey::Nothing,
    }
}

/// Reads a key in the box.
pub(crate) fn key(state: &mut State, chord: Chord, repeat: bool, effects: &mut Effects) {
    let Some(Overlay::SavedFilters(picker)) = &mut state.overlay else { return };
    if picker.naming.is_some() {
        name(state, chord, effects);
        return;
    }
    match meant(chord, repeat) {
        PickerKey::Go(motion) => picker.at = moved(picker.at, motion, picker.lines().len(), 1),
        PickerKey::Close => state.overlay = None,
        PickerKey::Nothing => {}
        PickerKey::Take => {
            let picked = picker.picked().map(|saved| saved.source.clone());
            if let Some(source) = picked {
                state.overlay = None;
                filter::update::typed(state, &source, effects);
            }
        }
        PickerKey::Remove => {
            if let Some(saved) = picker.picked().cloned() {
                state.note(format!("the saved filter `{}` is removed", text::clean(&saved.name)));
                state.ask(
                    Purpose::SavedFilters,
                    Request::SavedFilters(SavedFilterChange::Remove(saved)),
                    effects,
                );
            }
        }
    }
}

/// Reads a key of the name that is being typed.
fn name(state: &mut State, chord: Chord, effects: &mut Effects) {
    let Some(Overlay::SavedFilters(picker)) = &mut state.overlay else { return };
    let Some((source, input)) = &mut picker.naming else { return };
    match chord.key {
        Key::Esc => state.overlay = None,
        Key::Enter => {
            let name = text::clean(input.value().trim()).into_owned();
            if name.is_empty() {
                state.note("type a name for the filter, then Enter");
                return;
            }
            let saved = SavedFilter { kind: picker.kind, name, source: std::mem::take(source) };
            picker.naming = None;
            state.ask(Purpose::SavedFilters, Request::SavedFilters(SavedFilterChange::Put(saved)), effects);
        }
        _ => {
            input.key(chord);
        }
    }
}

/// What is kept is known, or why it is not.
pub(crate) fn shelved(state: &mut State, result: Result<Vec<SavedFilter>, String>) {
    match (&mut state.overlay, result) {
        (Some(Overlay::SavedFilters(picker)), Ok(all)) => picker.known = KnownSaved::Are(all),
        (Some(Overlay::SavedFilters(picker)), Err(words)) => picker.known = KnownSaved::Failed(words),
        (_, Ok(_)) => {}
        (_, Err(words)) => state.status.tell(state.now, StatusText::Note(words)),
    }
}
