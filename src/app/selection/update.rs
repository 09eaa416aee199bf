//! Marking: one by one, in ranges, all that match.

use crate::app::command::{Command, Motion};
use crate::app::effect::Effects;
use crate::app::list;
use crate::app::list::{LoadProgress, PendingMarks, ReloadMode};
use crate::app::state::{NoticeCondition, State};
use crate::model::kind::Kind;
use crate::model::record::Record;
use crate::model::text;

/// Marks or unmarks the record under the cursor and goes on; ends a range if one was begun.
pub(crate) fn toggle(state: &mut State) {
    if let Some(set) = &mut state.marked_only {
        set.toggle(&mut state.marks);
        list::update::motion(state, Motion::Down);
    } else if state.listing().anchor.is_some() {
        range(state);
    } else if let Some(record) = state.under_cursor() {
        state.marks.toggle(record);
        list::update::motion(state, Motion::Down);
    }
}

/// Begins a range at the cursor, or marks all from its beginning to the cursor.
pub(crate) fn range(state: &mut State) {
    let listing = state.listing();
    match listing.range() {
        None => {
            let anchor = listing.under_cursor().map(|record| record.id().clone());
            if anchor.is_some() {
                let words = "range begun: move, then v or Space marks it, Esc drops it";
                state.note_during(NoticeCondition::Range, words);
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
pub(crate) fn all(state: &mut State, marking: PendingMarks, effects: &mut Effects) {
    if !state.listing().is_complete() && !matches!(state.listing().load, LoadProgress::Running(_)) {
        state.note_during(NoticeCondition::Marking, "the list is not complete: the rest is being loaded");
        list::update::load(state, state.kind, ReloadMode::On, effects);
    }
    state.listing_mut().marking = Some(marking);
    finish_waiting(state, state.kind);
}

/// Does the marking that waited for the list of `kind`, if that is complete now.
pub(crate) fn finish_waiting(state: &mut State, kind: Kind) {
    let listing = &mut state.listings[kind as usize];
    let Some(marking) = listing.marking else { return };
    let has_ended =
        matches!(listing.load, LoadProgress::Failed(_) | LoadProgress::Stopped | LoadProgress::Done(_));
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
            PendingMarks::All => state.marks.set(record),
            PendingMarks::Invert => state.marks.toggle(record),
        }
    }
    let (shown, now) = (state.listings[kind as usize].shown(), state.marks.count(kind));
    let missing = state.listings[kind as usize].missing();
    if shown == 0 {
        state.note("nothing here to mark");
    } else if missing > 0 {
        let key = state.setup.keymap.spoken(Command::Reload);
        let is_changing = state.listings[kind as usize].is_changing();
        let missing = text::grouped(missing);
        state.note(match is_changing {
            true => format!("marked what was seen: the list is changing, {key} reads it again"),
            false => format!("marked what is here: the server counts {missing} more, {key} asks again"),
        });
    } else if marking == PendingMarks::All && now == before {
        state.note("all that match were marked already");
    }
}

/// Clears the marks of this kind, or brings back those cleared last; in the view of all that is marked, those of
/// everything shown.
pub(crate) fn clear(state: &mut State) {
    let kind = state.kind;
    let told = |n: usize| if n == 1 { "1 record".to_owned() } else { format!("{n} records") };
    let ((before, now), count): (_, &dyn Fn(usize) -> String) = match &mut state.marked_only {
        Some(set) => (set.clear_or_return(&mut state.marks), &told),
        None => {
            let before = state.marks.count(kind);
            ((before, state.marks.clear_or_return(kind)), &|n| kind.count(n))
        }
    };
    let key = state.setup.keymap.spoken(Command::ClearMarks);
    state.note(match (before, now) {
        (0, 0) => "nothing is marked".to_owned(),
        (0, now) => format!("{} marked again", count(now)),
        (before, _) => format!("marks of {} cleared: {key} brings them back", count(before)),
    });
}
