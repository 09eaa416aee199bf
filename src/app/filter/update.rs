//! Filtering: what is typed is in force at once, as long as it can be understood.

use crate::app::command::Motion;
use crate::app::effect::{Effect, Effects};
use crate::app::filter::{CompletionWalk, FilterError, FilterInput};
use crate::app::keymap::{Chord, Key};
use crate::app::list::ReloadMode;
use crate::app::state::State;
use crate::app::text_input::TextInput;
use crate::app::{list, saved};
use crate::model::filter::Filter;

/// Opens the line a filter is typed into.
pub(crate) fn open(state: &mut State) {
    let listing = state.listing();
    let former = (listing.filter.clone(), listing.error.clone());
    let source = former.1.as_ref().map_or(former.0.source(), |error| &error.source);
    let input = TextInput::from(source);
    state.filter_input = Some(FilterInput { input, former, completing: None, is_pending: false });
}

/// Reads a key in the filter's line. Every change is in force at once, or with the last of the input that waits; Esc returns
/// to the former filter.
pub(crate) fn key(state: &mut State, chord: Chord, effects: &mut Effects) {
    let saves = chord.ctrl && chord.key == Key::Char('s');
    if saves || matches!(chord.key, Key::Enter | Key::Up | Key::Down | Key::Tab | Key::BackTab) {
        apply_pending(state, effects);
    }
    let Some(mut typing) = state.filter_input.take() else { return };
    match chord.key {
        Key::Enter => return,
        Key::Esc => {
            let (filter, error) = typing.former;
            filter_by(state, filter, effects);
            state.listing_mut().error = error;
            return;
        }
        Key::Up | Key::Down => {
            let direction = if chord.key == Key::Up { Motion::Up } else { Motion::Down };
            list::update::motion(state, direction);
        }
        Key::Char('s') if chord.ctrl => {
            saved::update::save(state, effects);
            return;
        }
        Key::Tab | Key::BackTab => complete(state, &mut typing, chord.key == Key::BackTab, effects),
        _ => {
            typing.completing = None;
            typing.is_pending |= typing.input.key(chord);
        }
    }
    state.filter_input = Some(typing);
}

/// Puts the next thing that can stand at the cursor there, or the one before.
fn complete(state: &mut State, typing: &mut FilterInput, back: bool, effects: &mut Effects) {
    match &mut typing.completing {
        Some(page_walk) => {
            let len = page_walk.candidates.len();
            page_walk.step(if back { len.saturating_sub(1) } else { 1 });
        }
        None => typing.completing = CompletionWalk::begin(state, &typing.input),
    }
    let Some(page_walk) = &typing.completing else {
        return state.note("nothing is known that could stand here");
    };
    typing.input = page_walk.input();
    // Where only one thing could stand there is nothing to walk through, and Tab goes on behind it.
    if page_walk.candidates.len() == 1 {
        typing.completing = None;
    }
    typed(state, typing.input.value(), effects);
}

/// The line holds what was pasted into it.
pub(crate) fn pasted(state: &mut State) {
    if let Some(typing) = &mut state.filter_input {
        (typing.is_pending, typing.completing) = (true, None);
    }
}

/// Puts what was typed or pasted since the last time in force.
pub(crate) fn apply_pending(state: &mut State, effects: &mut Effects) {
    let Some(typing) = &mut state.filter_input else { return };
    if std::mem::take(&mut typing.is_pending) {
        let source = typing.input.value().to_owned();
        typed(state, &source, effects);
    }
}

/// Puts what is typed in force; where that is no filter, the last one that was stays.
pub(crate) fn typed(state: &mut State, source: &str, effects: &mut Effects) {
    match Filter::parse(state.kind, source, &state.setup.zone) {
        Ok(filter) => filter_by(state, filter, effects),
        Err(bad) => {
            list::update::stop_marking(state);
            let error = FilterError { source: source.to_owned(), words: bad.words };
            state.listing_mut().error = Some(error);
        }
    }
}

/// Puts a filter in force. What it needs of the rows is asked for, and what the list has not brought yet is searched for.
pub(crate) fn filter_by(state: &mut State, filter: Filter, effects: &mut Effects) {
    list::update::stop_marking(state);
    let (kind, question) = (state.kind, filter.question(&state.people));
    let listing = state.listing_mut();
    listing.error = None;
    if let Some(outdated) = listing.search.want(question) {
        effects.push(Effect::Cancel(outdated));
    }
    let sort = listing.sort;
    listing.rearrange(filter, sort);
    if listing.lacks_includes() {
        list::update::load(state, kind, ReloadMode::Again, effects);
    }
}

/// Whether what was typed last is no filter, so that what matches is not what a person means; says so.
pub(crate) fn is_broken(state: &mut State) -> bool {
    let is_broken = state.listing().error.is_some();
    if is_broken {
        state.note("fix the filter first");
    }
    is_broken
}
