//! Marking: one by one, in ranges, all that match.

use super::browse;
use crate::app::command::{Command, Motion};
use crate::app::effect::Effects;
use crate::app::state::State;
use crate::app::state::listing::{Load, Marking, Reading};
use crate::model::kind::Kind;
use crate::model::record::Record;
use crate::model::text;

/// Marks or unmarks the record under the cursor and goes on; ends a range if one was begun.
pub(super) fn toggle(state: &mut State) {
    if let Some(row) = state.marked_only {
        unmark_shown(state, row);
    } else if state.listing().anchor.is_some() {
        range(state);
    } else if let Some(record) = state.under_cursor() {
        state.marks.toggle(record);
        browse::motion(state, Motion::Down);
    }
}

/// Takes the mark in this row of the view of all that is marked.
fn unmark_shown(state: &mut State, row: usize) {
    if let Some(record) = state.under_cursor() {
        state.marks.unset(record.kind(), record.id());
        state.marked_only = Some(row.min(state.marks.total().saturating_sub(1)));
    }
}

/// Begins a range at the cursor, or marks all from its beginning to the cursor.
pub(super) fn range(state: &mut State) {
    let listing = state.listing();
    match listing.range() {
        None => {
            let anchor = listing.under_cursor().map(|record| record.id().clone());
            if anchor.is_some() {
                state.note("range begun: move, then v or Space marks it, Esc drops it");
            }
            state.listing_mut().anchor = anchor;
        }
        Some(rows) => {
            let records: Vec<Record> = rows.filter_map(|row| listing.row(row)).collect();
            records.into_iter().for_each(|record| state.marks.set(record));
            state.listing_mut().anchor = None;
        }
    }
}

/// Marks all that match, or turns their marks around, as soon as the list is complete.
pub(super) fn all(state: &mut State, marking: Marking, effects: &mut Effects) {
    if !state.listing().is_complete() && !matches!(state.listing().load, Load::Running(_)) {
        state.note("the list is not complete: the rest is being loaded");
        browse::load(state, state.kind, Reading::On, effects);
    }
    state.listing_mut().marking = Some(marking);
    finish_waiting(state, state.kind);
}

/// Does the marking that waited for the list of `kind`, if that is complete now.
pub(super) fn finish_waiting(state: &mut State, kind: Kind) {
    let listing = &mut state.listings[kind as usize];
    let Some(marking) = listing.marking else { return };
    let has_ended = matches!(listing.load, Load::Failed(_) | Load::Stopped | Load::Done(_));
    if has_ended && !listing.is_complete() {
        listing.marking = None;
        state.note("nothing was marked: the list could not be loaded to its end");
        return;
    }
    if !listing.is_settled() {
        return;
    }
    listing.marking = None;
    let before = state.marks.count(kind);
    for record in state.listings[kind as usize].shown_records() {
        match marking {
            Marking::All => state.marks.set(record),
            Marking::Invert => state.marks.toggle(record),
        }
    }
    let (shown, now) = (state.listings[kind as usize].shown(), state.marks.count(kind));
    let missing = state.listings[kind as usize].missing();
    if shown == 0 {
        state.note("nothing here to mark");
    } else if missing > 0 {
        let key = state.setup.keymap.spoken(Command::Reload);
        let missing = text::grouped(missing);
        state.note(format!("marked what is here: the server counts {missing} more, {key} asks again"));
    } else if marking == Marking::All && now == before {
        state.note("all that match were marked already");
    }
}

/// Clears the marks of this kind, or brings back those cleared last.
pub(super) fn clear(state: &mut State) {
    let kind = match state.marked_only {
        Some(_) => state.under_cursor().map_or(state.kind, |record| record.kind()),
        None => state.kind,
    };
    let before = state.marks.count(kind);
    let now = state.marks.clear_or_return(kind);
    state.note(match (before, now) {
        (0, 0) => "nothing is marked".to_owned(),
        (0, now) => format!("{} marked again", kind.count(now)),
        (before, _) => format!("marks of {} cleared: M brings them back", kind.count(before)),
    });
    if let Some(row) = state.marked_only {
        state.marked_only = Some(row.min(state.marks.total().saturating_sub(1)));
    }
}

/// Opens the view of all that is marked, or closes it.
pub(super) fn show_marked(state: &mut State) {
    state.marked_only = match state.marked_only {
        Some(_) => None,
        None if state.marks.total() == 0 => {
            state.note("nothing is marked: Space marks");
            None
        }
        None => Some(0),
    };
}
