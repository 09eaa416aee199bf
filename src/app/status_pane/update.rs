//! What can be done with a line of the status pane: mark the records of a group, copy requests, write them down.

use std::collections::BTreeSet;

use crate::app::effect::{Effects, Request};
use crate::app::state::{Purpose, State};
use crate::app::status_pane::StatusText;
use crate::app::{clipboard, confirm};
use crate::model::failure::Failure;
use crate::model::kind::Kind;
use crate::model::shell::curl;
use crate::model::text;

/// Marks the records of the group under the cursor and no others of their kinds; again: brings the former marks back.
pub(crate) fn mark_group(state: &mut State) {
    let Some(group) = state.status.group_under_cursor() else {
        state.note("there is no group of failures on this line");
        return;
    };
    let kinds: BTreeSet<Kind> = group.losses.iter().map(|loss| loss.record.kind()).collect();
    let mut marked = Vec::new();
    if kinds.iter().all(|kind| state.marks.is_only(*kind, &group)) {
        kinds.iter().for_each(|kind| state.marks.former(*kind));
    } else {
        for kind in kinds {
            let of_kind = group.losses.iter().filter(|loss| loss.record.kind() == kind);
            let wanted: Vec<_> = of_kind
                .map(|loss| {
                    (
                        confirm::update::newest(state, &loss.record),
                        format!("{}: {}", loss.outcome.word(), loss.reason),
                    )
                })
                .collect();
            marked.push(kind.count(wanted.len()));
            state.marks.only(kind, wanted, &group);
        }
    }
    state.note(match marked.as_slice() {
        [] => "the former marks are back".to_owned(),
        kinds => format!("only {} marked: again brings the former marks back", kinds.join(", ")),
    });
}

/// Puts the requests of the line under the cursor into the clipboard.
pub(crate) fn copy(state: &mut State, effects: &mut Effects) {
    let requests = match state.status.under_cursor().map(|entry| &entry.told) {
        Some(StatusText::Attempt(attempt)) => vec![curl(attempt.method, &attempt.url)],
        Some(StatusText::Group(group)) if group.curls().is_empty() => {
            state.note("no request of these was sent");
            return;
        }
        Some(StatusText::Group(group)) => group.curls(),
        _ => {
            state.note("there is no request on this line");
            return;
        }
    };
    let what = match requests.len() {
        1 => "the request".to_owned(),
        n => format!("{} requests", text::grouped(n as u64)),
    };
    clipboard::copy(state, what, requests.join("\n"), effects);
}

/// Writes the group under the cursor into a file.
pub(crate) fn export(state: &mut State, effects: &mut Effects) {
    let Some(group) = state.status.group_under_cursor() else {
        state.note("there is no group of failures on this line");
        return;
    };
    let name = group.file_name(&state.setup.zone.stamp(state.now.wall));
    state.ask(Purpose::Write, Request::Write { name, text: group.csv() }, effects);
}

/// A file has been written, or could not be.
pub(crate) fn written(state: &mut State, result: Result<String, Failure>) {
    let words = match result {
        Ok(path) => format!("written: {path}"),
        Err(failure) => {
            let words = format!("{}; hint: start tidyfy where files can be written", failure.words);
            state.status.tell(state.now, StatusText::Note(words.clone()));
            words
        }
    };
    state.note(words);
}
