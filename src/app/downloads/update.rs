//! Saving files: what is asked before, and what comes of it. And going to what a file hangs on.

use crate::app::command::Command;
use crate::app::downloads::DownloadPrompt;
use crate::app::effect::{Effect, Effects, Request, RequestId};
use crate::app::keymap::{Chord, Key};
use crate::app::state::{NoticeCondition, Overlay, Purpose, State};
use crate::app::status_pane::StatusText;
use crate::app::{confirm, detail};
use crate::model::catalog::Source;
use crate::model::download::{DownloadRequest, DownloadedFile};
use crate::model::failure::{Cause, Failure};
use crate::model::kind::Kind;
use crate::model::record::{Draft, Record, Value};

/// Asks where the marked files are to be saved, or the one under the cursor, or the one whose page is open.
pub(crate) fn ask(state: &mut State) {
    if state.saves.current.is_some() {
        let key = state.setup.keymap.spoken(Command::CancelJob);
        let words = format!("files are being saved: {key} stops that");
        state.note_during(NoticeCondition::Awaiting(Purpose::Download), words);
        return;
    }
    if state.detail.is_none() && state.is_marking() {
        state.note_during(NoticeCondition::Marking, "still marking");
        return;
    }
    if let Some(refusal) = confirm::update::unread(state) {
        state.refuse(refusal);
        return;
    }
    let mut records = confirm::update::targets(state);
    records.retain(|record| record.kind().row().bytes.is_some());
    if records.is_empty() {
        let has_bytes: Vec<_> =
            Kind::ALL.iter().map(|kind| kind.row()).filter(|row| row.bytes.is_some()).collect();
        let plural = has_bytes.first().map_or("nothing", |row| row.plural);
        state.note(format!("there is nothing here to save: only {plural} hold bytes"));
        return;
    }
    let folder = state.saves.folder.clone().unwrap_or_else(|| state.setup.folders.usual());
    let prompt = DownloadPrompt::new(records, folder);
    if prompt.files.is_empty() {
        state.note(format!("nothing to save: {}", prompt.left_out().join("; ")));
        return;
    }
    state.overlay = Some(Overlay::Download(Box::new(prompt)));
}

/// Reads a key while it is asked where to.
pub(crate) fn key(state: &mut State, chord: Chord, repeat: bool, effects: &mut Effects) {
    let Some(Overlay::Download(prompt)) = &mut state.overlay else { return };
    match chord.key {
        Key::Esc => state.overlay = None,
        Key::Enter if repeat => {}
        Key::Enter => begin(state, effects),
        _ => {
            prompt.input.key(chord);
        }
    }
}

fn begin(state: &mut State, effects: &mut Effects) {
    let Some(Overlay::Download(prompt)) = state.overlay.take() else { return };
    let typed = prompt.input.value().trim().to_owned();
    let folder = state.setup.folders.meant(&typed);
    state.saves.folder = Some(typed).filter(|typed| !typed.is_empty());
    let saving = DownloadRequest { folder, files: prompt.files.clone() };
    let request_id = state.ask(Purpose::Download, Request::Download(saving), effects);
    state.saves.begin(request_id, *prompt);
}

/// Stops what is being saved, and says whether there was anything.
pub(crate) fn stop(state: &mut State, effects: &mut Effects) -> bool {
    let Some(save) = state.saves.current.as_mut() else { return false };
    if !save.cancelled {
        save.cancelled = true;
        effects.push(Effect::Cancel(save.request_id));
    }
    true
}

/// More bytes have come.
pub(crate) fn progressed(state: &mut State, request_id: RequestId, bytes: u64) {
    if let Some(save) = state.saves.current.as_mut().filter(|save| save.request_id == request_id) {
        save.bytes = bytes;
    }
}

/// A file has been saved, or could not be. Without a reason, the line of its request has told it.
pub(crate) fn saved(
    state: &mut State,
    request_id: RequestId,
    file: usize,
    result: Result<DownloadedFile, Option<Failure>>,
) {
    let Some(save) = state.saves.current.as_mut().filter(|save| save.request_id == request_id) else {
        return;
    };
    let Some(record) = save.files.get(file).cloned() else { return };
    match result {
        Ok(stored) => {
            save.sum.saved += 1;
            state.saves.measured(&record, stored.bytes);
            let newest = confirm::update::newest(state, &record);
            let Some(sized) = state.saves.sized(&newest) else { return };
            state.marks.refresh(&sized);
            if let Some(detail) = state.detail.as_mut().filter(|detail| is_same(&detail.record, &sized)) {
                detail.record = sized.clone();
            }
            state.listing_of(sized.kind()).replace(sized);
        }
        Err(why) => {
            save.sum.failed += 1;
            if let Some(why) = why {
                let words = format!("{} was not saved: {}", record.name(), why.words);
                state.status.tell(state.now, StatusText::Note(words));
            }
        }
    }
}

fn is_same(one: &Record, other: &Record) -> bool {
    (one.kind(), one.id()) == (other.kind(), other.id())
}

/// Nothing is saved any more.
pub(crate) fn ended(state: &mut State, request_id: RequestId, result: &Result<(), Failure>) {
    let Some(save) = state.saves.current.take_if(|save| save.request_id == request_id) else { return };
    let ending = match result {
        Ok(()) => "finished",
        Err(failure) if failure.cause == Cause::Cancelled => "cancelled",
        Err(failure) => {
            let hint = "; hint: name another folder, or make room";
            let words = format!("saving was stopped: {}{hint}", failure.words);
            state.status.tell(state.now, StatusText::Note(words));
            "stopped"
        }
    };
    state.status.tell(state.now, StatusText::Summary(save.sum.sentence(ending, save.files.len())));
}

/// Opens the page of what the record hangs on that the cursor is on, or whose page is open.
pub(crate) fn open_holder(state: &mut State, effects: &mut Effects) {
    let record = state.detail.as_ref().map(|detail| detail.record.clone()).or_else(|| state.under_cursor());
    let Some(record) = record else {
        state.note("there is nothing here that could hang on anything");
        return;
    };
    let row = record.kind().row();
    let Source::Collected { holder, .. } = &row.source else {
        state.note(format!("{} hang on nothing", row.plural));
        return;
    };
    let Some((kind, id)) = record.holder() else {
        state.note("it hangs on nothing that has a page");
        return;
    };
    match state.listings[kind as usize].find(&id) {
        Some(known) => detail::update::open(state, known, effects),
        None => {
            let name = match record.named(holder.words) {
                Value::Text(words) => words.to_owned(),
                _ => id.to_string(),
            };
            state.note_during(NoticeCondition::Awaiting(Purpose::Find), format!("reading {name}…"));
            let wanted = Record::new(kind, id, vec![Draft::Text(name)]);
            state.ask(Purpose::Find, Request::Find(wanted), effects);
        }
    }
}

/// What a file hangs on has been read, or could not be.
pub(crate) fn looked(state: &mut State, result: Result<Record, Failure>, effects: &mut Effects) {
    match result {
        // Whoever has opened something else meanwhile does not want it any more.
        Ok(record) if state.overlay.is_none() && !state.is_typing() => {
            detail::update::open(state, record, effects);
        }
        Ok(_) => {}
        Err(failure) => {
            let hint = failure.hint().map_or(String::new(), |hint| format!("; hint: {hint}"));
            state.note(format!("what it hangs on could not be read: {}{hint}", failure.words));
        }
    }
}
