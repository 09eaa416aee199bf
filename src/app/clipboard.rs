//! What leaves the program: ids and requests for the clipboard, records for the browser.
//!
//! Owns what a key is about where it is pressed, and what is said of what came of it. Must not know how a text is copied.

use base64::encoded_len;

use crate::app::confirm;
use crate::app::effect::{CopyRequest, Effect, Effects, Request};
use crate::app::event::{BrowseResult, CopyMethod, CopyResult};
use crate::app::state::{Focus, NoticeCondition, Purpose, State};
use crate::model::failure::Failure;
use crate::model::id::Id;
use crate::model::kind::Kind;
use crate::model::{shell, text};

/// The most bytes, encoded, that terminals take for the clipboard.
const MOST_ENCODED: usize = 74_994;

/// Copies the id of the record under the cursor, or those of the marked ones of its kind; in a detail page its own alone.
pub(crate) fn copy_ids(state: &mut State, effects: &mut Effects) {
    let ids = ids(state);
    let what = match ids.as_slice() {
        [] => return state.note("there is no record here"),
        [_] => "the id".to_owned(),
        ids => format!("{} ids", text::grouped(ids.len() as u64)),
    };
    let lines: Vec<String> = ids.iter().map(shell::id).collect();
    copy(state, what, lines.join("\n"), effects);
}

fn ids(state: &State) -> Vec<Id> {
    if state.focus == Focus::Status {
        return state.subjects_of_line().into_iter().map(|(_, id)| id).collect();
    }
    let here = || state.subject().into_iter().map(|(_, id)| id).collect();
    if state.detail.is_some() {
        return here();
    }
    let kind = match &state.marked_only {
        Some(_) => state.under_cursor().map_or(state.kind, |record| record.kind()),
        None => state.kind,
    };
    let picked = confirm::update::picked(state).into_iter().filter(|record| record.kind() == kind);
    let ids: Vec<Id> = picked.map(|record| record.id().clone()).collect();
    if ids.is_empty() { here() } else { ids }
}

/// Copies the request that reads the record.
pub(crate) fn copy_read(state: &mut State, effects: &mut Effects) {
    match state.subject() {
        Some((kind, id)) => {
            state.ask(Purpose::Copy, Request::Copy(CopyRequest::Read(kind, id)), effects);
            state.note_during(NoticeCondition::Awaiting(Purpose::Copy), "copying the request");
        }
        None => state.note("there is no record here"),
    }
}

/// Copies a text, called `what`.
pub(crate) fn copy(state: &mut State, what: String, text: String, effects: &mut Effects) {
    // A clipboard program may take its time.
    state.note(format!("copying {what}"));
    state.ask(Purpose::Copy, Request::Copy(CopyRequest::Text { what, text }), effects);
}

/// Something was copied, or is left to the terminal.
pub(crate) fn copied(state: &mut State, result: Result<CopyResult, Failure>, effects: &mut Effects) {
    let words = match result {
        Ok(CopyResult { what, way }) => match hand_over(way, effects) {
            Ok(by) => format!("copied {what} ({by})"),
            Err(why) => format!("{what} not copied: {why}"),
        },
        Err(failure) => format!("not copied: {}", failure.words),
    };
    state.note(words);
}

/// Gives the terminal what is left to it, and says which way a text took.
fn hand_over(way: CopyMethod, effects: &mut Effects) -> Result<String, String> {
    let (text, because) = match way {
        CopyMethod::System => return Ok("system clipboard".to_owned()),
        CopyMethod::Terminal { text, because } => (text, because),
    };
    if encoded_len(text.len(), true).is_none_or(|len| len > MOST_ENCODED) {
        let size = text::size(text.len() as u64);
        return Err(format!("{size} are more than terminals take; hint: e writes a file"));
    }
    effects.push(Effect::CopyToTerminal(text));
    let because = because.map(|why| format!("; {why}")).unwrap_or_default();
    Ok(format!("terminal, OSC 52{because}"))
}

/// Opens the record in the web app.
pub(crate) fn open_web(state: &mut State, effects: &mut Effects) {
    match state.subject() {
        None => state.note("there is no record here"),
        Some(_) if state.setup.demo => state.note("the demo's server has no web app"),
        Some((kind, id)) => {
            state.note_during(NoticeCondition::Awaiting(Purpose::Browse), "opening the web app");
            state.ask(Purpose::Browse, Request::Browse(kind, id), effects);
        }
    }
}

fn unknown(kind: Kind) -> String {
    format!("the web page of a {} is not known: ", kind.row().singular)
}

/// A browser has it, or has not.
pub(crate) fn browsed(state: &mut State, result: Result<BrowseResult, Failure>, effects: &mut Effects) {
    let words = match result {
        Err(failure) => format!("not opened: {}", failure.words),
        Ok(BrowseResult { kind, address, is_exact, left }) => {
            let page = if is_exact { "its page" } else { "the dashboard" };
            let done = match left {
                None => format!("opened {page}: {address}"),
                Some((why, way)) => match hand_over(way, effects) {
                    Ok(by) => format!("{why}: copied the address of {page} ({by})"),
                    Err(not) => format!("{why}, and the address is not copied: {not}"),
                },
            };
            // First, for an address may reach beyond the line.
            let why = if is_exact { String::new() } else { unknown(kind) };
            why + &done
        }
    };
    state.note(words);
}
