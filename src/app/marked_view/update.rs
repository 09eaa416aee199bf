//! The view of all that is marked: opened, filtered, left.

use crate::app::command::Motion;
use crate::app::keymap::{Chord, Key};
use crate::app::list;
use crate::app::marked_view::{MarkedFilter, MarkedView};
use crate::app::state::State;
use crate::app::text_input::TextInput;
use crate::model::filter::Filter;

/// Opens the view, or closes it.
pub(crate) fn show(state: &mut State) {
    state.marked_only = match state.marked_only {
        Some(_) => None,
        None if state.marks.total() == 0 => {
            state.note("nothing is marked: Space marks");
            None
        }
        None => Some(MarkedView::new(&state.marks)),
    };
}

/// Opens the line its filter is typed into.
pub(crate) fn open_filter(state: &mut State) {
    if let Some(set) = &mut state.marked_only {
        let former = set.filter.clone();
        set.typing = Some(MarkedFilter { input: TextInput::from(former.source()), former });
    }
}

/// Reads a key in that line. Every change is in force at once; Esc returns to the former filter.
pub(crate) fn key(state: &mut State, chord: Chord) {
    let Some(set) = &mut state.marked_only else { return };
    let Some(mut typing) = set.typing.take() else { return };
    match chord.key {
        Key::Enter => return,
        Key::Esc => {
            set.filter_by(typing.former, &state.marks);
            return;
        }
        Key::Up | Key::Down => {
            let direction = if chord.key == Key::Up { Motion::Up } else { Motion::Down };
            list::update::motion(state, direction);
        }
        _ => {
            if typing.input.key(chord) {
                set.filter_by(Filter::words(typing.input.value()), &state.marks);
            }
        }
    }
    if let Some(set) = &mut state.marked_only {
        set.typing = Some(typing);
    }
}

/// Puts what was pasted into that line in force.
pub(crate) fn pasted(state: &mut State) {
    let Some(set) = &mut state.marked_only else { return };
    if let Some(typing) = &set.typing {
        let filter = Filter::words(typing.input.value());
        set.filter_by(filter, &state.marks);
    }
}

/// Takes the filter away, and says whether there was one.
pub(crate) fn clear_filter(state: &mut State) -> bool {
    match &mut state.marked_only {
        Some(set) if !set.filter.source().is_empty() => {
            set.filter_by(Filter::default(), &state.marks);
            true
        }
        _ => false,
    }
}
