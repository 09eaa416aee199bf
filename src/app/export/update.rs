//! Writing records into a file: which ones, and under which name.

use crate::app::effect::{Effects, ExportRequest, Request};
use crate::app::event::ExportedFile;
use crate::app::export::ExportPrompt;
use crate::app::keymap::{Chord, Key};
use crate::app::state::{NoticeCondition, Overlay, Purpose, State};
use crate::app::status_pane::StatusText;
use crate::app::text_input::TextInput;
use crate::app::{confirm, filter};
use crate::model::export::{ExportFormat, ExportTable};
use crate::model::failure::Failure;
use crate::model::rows::Rows;
use crate::model::text::grouped;

/// Asks for a file's name for the record of the page, else the marked records, else those that match.
pub(crate) fn ask(state: &mut State) {
    let marked = confirm::update::picked(state);
    let is_listed = state.detail.is_none() && state.marked_only.is_none();
    if is_listed && marked.is_empty() && filter::update::is_broken(state) {
        return;
    }
    let (rows, shown) = if is_listed { state.listing().rows_shown() } else { (Rows::default(), Vec::new()) };
    let (people, zone) = (state.people.clone(), state.setup.zone.clone());
    let record_detail = ExportTable { marked, rows, shown, people, zone };
    if record_detail.is_empty() {
        state.note("there is nothing here to export");
        return;
    }
    let (what, lacks) = words(state, &record_detail);
    let stem = match (&state.detail, &state.marked_only) {
        (None, Some(_)) => "marked",
        (Some(detail), _) => detail.record.kind().row().slug,
        (None, None) => state.kind.row().slug,
    };
    let name = format!("{stem}-{}.csv", state.setup.zone.date(state.now.wall));
    let open = ExportPrompt { record_detail, what, lacks, input: TextInput::from(name), error: None };
    state.overlay = Some(Overlay::Export(Box::new(open)));
}

/// What is written, and what is not although it would match.
fn words(state: &State, record_detail: &ExportTable) -> (String, Option<String>) {
    let (n, row) = (record_detail.len(), state.kind.row());
    if let Some(detail) = &state.detail {
        return (format!("this {}", detail.record.kind().row().singular), None);
    }
    if state.marked_only.is_some() {
        return (format!("{} marked {}", grouped(n as u64), if n == 1 { "record" } else { "records" }), None);
    }
    let noun = if n == 1 { row.singular } else { row.plural };
    if !record_detail.marked.is_empty() {
        return (format!("{} marked {noun}", grouped(n as u64)), None);
    }
    let listing = state.listing();
    let lacks = (!listing.is_complete()).then(|| {
        let (here, all) = (listing.loaded() as u64, listing.total_or_loaded());
        let of = if all > here { format!(" of {}", grouped(all)) } else { String::new() };
        format!("{}{of} loaded: only these are written", grouped(here))
    });
    let matching = if listing.filter.is_empty() { "" } else { " that match" };
    (format!("{} {noun}{matching}", grouped(n as u64)), lacks)
}

/// Reads a key in the box.
pub(crate) fn key(state: &mut State, chord: Chord, effects: &mut Effects) {
    let Some(Overlay::Export(open)) = &mut state.overlay else { return };
    match chord.key {
        Key::Esc => state.overlay = None,
        Key::Enter => {
            let name = open.input.value().trim().to_owned();
            match ExportFormat::of(&name) {
                None => open.error = Some("the name must end in .csv or .json, which decides the format"),
                Some(format) => write(state, name, format, effects),
            }
        }
        _ => {
            open.error = None;
            open.input.key(chord);
        }
    }
}

fn write(state: &mut State, name: String, format: ExportFormat, effects: &mut Effects) {
    let Some(Overlay::Export(open)) = state.overlay.take() else { return };
    let ExportPrompt { record_detail, what, lacks, .. } = *open;
    state.note_during(NoticeCondition::Awaiting(Purpose::Export), format!("writing {what}"));
    let export = ExportRequest { name, format, record_detail, lacks };
    state.ask(Purpose::Export, Request::Export(Box::new(export)), effects);
}

/// The file is written, or is not.
pub(crate) fn exported(state: &mut State, result: Result<ExportedFile, Failure>) {
    let words = match result {
        Ok(ExportedFile { path, records, lacks }) => {
            let noun = if records == 1 { "record" } else { "records" };
            let lacks = lacks.map(|lacks| format!("; {lacks}")).unwrap_or_default();
            format!("written: {path}, {} {noun}{lacks}", grouped(records as u64))
        }
        Err(failure) => format!("{}; hint: name a folder where files can be written", failure.words),
    };
    state.status.tell(state.now, StatusText::Note(words.clone()));
    state.note(words);
}
