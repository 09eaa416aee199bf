//! Sets of marks: saved, listed, opened, thrown away, and the marking of ids from a list.

use crate::app::command::Command;
use crate::app::confirm;
use crate::app::effect::{Effect, Effects, Request, RequestId};
use crate::app::keymap::Chord;
use crate::app::list::moved;
use crate::app::palette::Palette;
use crate::app::resolve::ResolvingSelection;
use crate::app::saved::update::{PickerKey, meant};
use crate::app::saved::{KnownSaved, SelectionPicker};
use crate::app::state::{NoticeCondition, Overlay, Purpose, State};
use crate::app::status_pane::StatusText;
use crate::app::text_input::TextInput;
use crate::model::failure::{Cause, Failure};
use crate::model::record::Record;
use crate::model::selection::{
    MarkReport, OpenedSelection, ResolvedRecord, ResolvedRecords, SelectedRecord, SelectionRequest,
    SelectionResponse,
};
use crate::model::text;

/// Does a command that takes something, with what was typed for it. Where nothing was, the palette waits for it.
pub(crate) fn typed(state: &mut State, command: Command, argument: &str, effects: &mut Effects) {
    match command {
        Command::OpenSelection if argument.is_empty() => list(state, effects),
        _ if argument.is_empty() => ask_for_more(state, command),
        Command::SaveSelection => save(state, argument, effects),
        Command::OpenSelection => open(state, argument, effects),
        Command::MarkFile => {
            let request = SelectionRequest::Ids { path: argument.to_owned(), kind: state.kind };
            read(state, request, effects);
        }
        _ => {}
    }
}

fn ask_for_more(state: &mut State, command: Command) {
    let Some(argument) = command.argument() else { return };
    let palette = Palette { input: TextInput::from(format!("{} ", argument.word)), at: 0 };
    state.overlay = Some(Overlay::Palette(palette));
    state.note(match command {
        Command::SaveSelection => "type a name, or the path of a file, then Enter",
        _ => "type the path of a file, then Enter",
    });
}

fn save(state: &mut State, place: &str, effects: &mut Effects) {
    let organization = match confirm::update::organization(state) {
        Ok(organization) => organization.name,
        Err(_) => return state.note("nothing is saved while the organization's name is unknown"),
    };
    if state.marks.total() == 0 {
        return state.note("nothing is marked, so there is nothing to save: Space marks");
    }
    let entries = state.marks.all().map(|mark| SelectedRecord::of(&mark.record)).collect();
    let request =
        SelectionRequest::Save { place: place.to_owned(), organization, at: state.now.wall, entries };
    state.ask(Purpose::Selections, Request::Selections(request), effects);
}

fn open(state: &mut State, place: &str, effects: &mut Effects) {
    read(state, SelectionRequest::Open { place: place.to_owned() }, effects);
}

/// Reads records to be marked, one set at a time.
fn read(state: &mut State, request: SelectionRequest, effects: &mut Effects) {
    match &state.resolving {
        Some(resolving) => {
            let words = format!("still {}", resolving.progress());
            state.note_during(NoticeCondition::Awaiting(Purpose::Resolve), words);
        }
        None if state.in_flight.awaits(Purpose::Entries) => {
            let words = "another set is still being read: open this one after it";
            state.note_during(NoticeCondition::Awaiting(Purpose::Entries), words);
        }
        None => drop(state.ask(Purpose::Entries, Request::Selections(request), effects)),
    }
}

/// Opens the box of what is saved.
fn list(state: &mut State, effects: &mut Effects) {
    state.overlay = Some(Overlay::Selections(SelectionPicker::new()));
    state.ask(Purpose::Selections, Request::Selections(SelectionRequest::Look), effects);
}

/// Reads a key in that box.
pub(crate) fn key(state: &mut State, chord: Chord, repeat: bool, effects: &mut Effects) {
    let Some(Overlay::Selections(picker)) = &mut state.overlay else { return };
    match meant(chord, repeat) {
        PickerKey::Go(motion) => picker.at = moved(picker.at, motion, picker.lines().len(), 1),
        PickerKey::Close => state.overlay = None,
        PickerKey::Nothing => {}
        PickerKey::Take => {
            if let Some(name) = picker.picked().map(|kept| kept.name.clone()) {
                state.overlay = None;
                open(state, &name, effects);
            }
        }
        PickerKey::Remove => {
            if let Some(name) = picker.picked().map(|kept| kept.name.clone()) {
                state.ask(
                    Purpose::Selections,
                    Request::Selections(SelectionRequest::Remove { name }),
                    effects,
                );
            }
        }
    }
}

/// What was wanted of sets has been done, or could not be.
pub(crate) fn answered(state: &mut State, result: Result<SelectionResponse, String>, effects: &mut Effects) {
    match (result, &mut state.overlay) {
        (Ok(SelectionResponse::Are(all)), Some(Overlay::Selections(picker))) => {
            picker.known = KnownSaved::Are(all);
        }
        (Ok(SelectionResponse::Are(_)), _) => {}
        (Ok(SelectionResponse::Removed(name, left)), overlay) => {
            if let Some(Overlay::Selections(picker)) = overlay {
                picker.known = KnownSaved::Are(left);
            }
            state.note(format!("the set `{}` is removed", text::clean(&name)));
        }
        (Ok(SelectionResponse::Saved(n, place)), _) => {
            let records = if n == 1 { "record" } else { "records" };
            tell(state, format!("{} {records} saved: {place}", text::grouped(n as u64)));
        }
        (Ok(SelectionResponse::Opened(opened)), _) => mark(state, opened, effects),
        (Err(words), Some(Overlay::Selections(picker))) => picker.known = KnownSaved::Failed(words),
        (Err(words), _) => tell(state, words),
    }
}

/// A sentence for the last line, which stays in the status pane.
fn tell(state: &mut State, words: String) {
    state.status.tell(state.now, StatusText::Note(words.clone()));
    state.note(words);
}

/// Marks what is known of a set, and has the rest looked up.
fn mark(state: &mut State, opened: OpenedSelection, effects: &mut Effects) {
    let OpenedSelection { place, entries, unreadable, strange, note } = opened;
    let mut report = MarkReport { of: entries.len(), unreadable, strange, note, ..MarkReport::default() };
    let mut unknown = Vec::new();
    for entry in entries {
        let listed = state.listings[entry.kind as usize].find(&entry.id);
        let marked = || state.marks.get(entry.kind, &entry.id).map(|mark| mark.record.clone());
        match listed.or_else(marked) {
            Some(record) => take_in(state, &mut report, &entry, record),
            None => unknown.push(entry),
        }
    }
    if unknown.is_empty() {
        return conclude(state, &place, &report);
    }
    let request_id = state.ask(Purpose::Resolve, Request::Resolve(unknown), effects);
    state.resolving = Some(ResolvingSelection { request_id, place, report });
}

/// Marks a record, unless it has been archived or restored since it was kept.
fn take_in(state: &mut State, report: &mut MarkReport, entry: &SelectedRecord, record: Record) {
    if entry.archived.is_some_and(|was| was != record.is_archived()) {
        report.changed.push(entry.told());
    } else {
        state.marks.set(record);
        report.marked += 1;
    }
}

/// Records have been looked up.
pub(crate) fn sighted(state: &mut State, request_id: RequestId, sights: Vec<ResolvedRecord>) {
    let Some(mut resolving) = state.resolving.take_if(|resolving| resolving.request_id == request_id) else {
        return;
    };
    for ResolvedRecord { entry, found } in sights {
        match found {
            ResolvedRecords::There(record) => {
                // Its list may have come meanwhile.
                let record = confirm::update::completed(state, &record);
                take_in(state, &mut resolving.report, &entry, record);
            }
            ResolvedRecords::Gone => resolving.report.gone.push(entry.told()),
            ResolvedRecords::Unread(why) => {
                resolving.report.unread.push(entry.told());
                resolving.report.why = Some(why);
            }
        }
    }
    state.resolving = Some(resolving);
}

/// Nothing more is looked up.
pub(crate) fn sought(state: &mut State, request_id: RequestId, result: Result<(), Failure>) {
    let Some(mut resolving) = state.resolving.take_if(|resolving| resolving.request_id == request_id) else {
        return;
    };
    if let Err(failure) = result
        && failure.cause != Cause::Cancelled
    {
        resolving.report.why = Some(failure.words);
    }
    conclude(state, &resolving.place, &resolving.report);
}

/// Says what has become of a set.
fn conclude(state: &mut State, place: &str, report: &MarkReport) {
    for words in report.details() {
        state.status.tell(state.now, StatusText::Note(format!("{place}: {words}")));
    }
    tell(state, format!("{place}: {}", report.sentence()));
}

/// Ends the search for the records of a set, and says whether there was one.
pub(crate) fn stop(state: &State, effects: &mut Effects) -> bool {
    state.resolving.as_ref().map(|resolving| effects.push(Effect::Cancel(resolving.request_id))).is_some()
}
