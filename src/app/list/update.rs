//! Browsing: kinds, scopes, loading, sorting, filtering, scrolling.

use crate::app::command::{Command, Motion};
use crate::app::detail;
use crate::app::effect::{Effect, Effects, ListRequest, Request, WantedPages};
use crate::app::keymap::{Chord, Key};
use crate::app::layout::Layout;
use crate::app::list::{LoadProgress, ReloadMode, moved};
use crate::app::state::{Focus, Identity, Overlay, Purpose, State};
use crate::model::kind::Kind;
use crate::model::query;
use crate::model::query::Sort;

/// Loads the list of `kind`. What cannot be gone on with is begun again.
pub(crate) fn load(state: &mut State, kind: Kind, reading: ReloadMode, effects: &mut Effects) {
    stop_loading(state, kind, effects);
    if reading == ReloadMode::Anew {
        stop_searching(state, kind, effects);
    }
    let listing = state.listing_of(kind);
    let rest = (reading == ReloadMode::On && kind.row().resumes()).then(|| listing.rest()).flatten();
    let (reading, includes) = match (&rest, reading) {
        (Some(_), _) => (ReloadMode::On, listing.includes.clone()),
        (None, ReloadMode::Anew) => (ReloadMode::Anew, listing.needs()),
        (None, _) => (ReloadMode::Again, listing.needs()),
    };
    let list = ListRequest { includes: includes.clone(), ..ListRequest::new(kind, listing.scope) };
    let work = Request::List { list, wanted: rest.unwrap_or(WantedPages::All) };
    let request_id = state.ask(Purpose::List(kind), work, effects);
    state.listing_of(kind).begin(request_id, reading, includes);
}

/// Ends what is searched for beside a list.
pub(crate) fn stop_searching(state: &mut State, kind: Kind, effects: &mut Effects) {
    if let Some(request_id) = state.listing_of(kind).search.forget() {
        effects.push(Effect::Cancel(request_id));
    }
}

/// Ends the load of a list, if one is under way.
fn stop_loading(state: &mut State, kind: Kind, effects: &mut Effects) -> bool {
    let listing = state.listing_of(kind);
    let LoadProgress::Running(request_id) = listing.load else { return false };
    listing.end(LoadProgress::Stopped);
    effects.push(Effect::Cancel(request_id));
    true
}

/// Ends the load of the list that is shown.
pub(crate) fn stop(state: &mut State, effects: &mut Effects) -> bool {
    let kind = state.kind;
    stop_marking(state);
    stop_loading(state, kind, effects)
}

/// Asks the server for what the filter may let through, where the list is not complete and that has not been asked yet.
pub(crate) fn search(state: &mut State, effects: &mut Effects) {
    let (kind, now) = (state.kind, state.now.tick);
    let listing = state.listing();
    let Some((_, question)) = listing.search_due().filter(|(due, _)| *due <= now) else { return };
    let list = ListRequest { includes: listing.includes.clone(), ..ListRequest::new(kind, listing.scope) };
    let work = Request::Search { list, question: question.clone() };
    let request_id = state.ask(Purpose::Search(kind), work, effects);
    state.listing_mut().search.begin(request_id, now);
}

/// Asks for the numbers on the tabs of the kinds that are not being loaded.
pub(crate) fn count_others(state: &mut State, effects: &mut Effects) {
    let open = state.kind;
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != open && kind.row().counted().is_some()) {
        if state.in_flight.awaits(Purpose::Count(kind)) {
            continue;
        }
        state.ask(Purpose::Count(kind), Request::Count(kind), effects);
    }
}

/// Goes to a kind's tab.
pub(crate) fn go(state: &mut State, kind: Kind, effects: &mut Effects) {
    detail::update::close_all(state, effects);
    state.marked_only = None;
    state.leave_status();
    // Only what is shown loads by itself, and what marking waits for.
    if state.kind != kind && state.listing().marking.is_none() {
        let left = state.kind;
        stop_loading(state, left, effects);
        stop_searching(state, left, effects);
    }
    state.kind = kind;
    match state.listing().load {
        LoadProgress::Untouched => load(state, kind, ReloadMode::Anew, effects),
        LoadProgress::Stopped => load(state, kind, ReloadMode::On, effects),
        LoadProgress::Running(_) | LoadProgress::Done(_) | LoadProgress::Failed(_) => {}
    }
}

/// The kind `by` tabs further, around the end.
pub(crate) fn neighbour(kind: Kind, by: usize) -> Kind {
    Kind::ALL[(kind as usize + by) % Kind::ALL.len()]
}

/// Walks to the next scope.
pub(crate) fn next_scope(state: &mut State, effects: &mut Effects) {
    let kind = state.kind;
    if !kind.row().archives() {
        let row = kind.row();
        state.note(format!("{} have no {}, so there is only one scope", row.plural, row.words.archive));
        return;
    }
    stop_marking(state);
    let listing = state.listing_mut();
    listing.scope = listing.scope.next();
    listing.anchor = None;
    load(state, kind, ReloadMode::Anew, effects);
}

/// Loads again what is shown, or what is missing of it.
pub(crate) fn reload(state: &mut State, effects: &mut Effects) {
    effects.push(Effect::AskNow);
    if matches!(state.identity, Identity::Failed(_)) {
        state.identity = Identity::Asking;
        state.ask(Purpose::Identify, Request::Identify, effects);
    }
    if detail::update::reload(state, effects) {
        return;
    }
    let reading = if state.listing().rest().is_some() { ReloadMode::On } else { ReloadMode::Again };
    load(state, state.kind, reading, effects);
    count_others(state, effects);
}

/// Moves the cursor of the pane that has the keys, or scrolls it.
pub(crate) fn motion(state: &mut State, motion: Motion) {
    let layout = Layout::of(state);
    if let Some(Overlay::Help(scroll)) = &mut state.overlay {
        *scroll = moved(*scroll, motion, usize::MAX, layout.page());
    } else if state.focus == Focus::Status {
        state.status.scroll(motion, layout.status_lines());
    } else if let Some(detail) = &mut state.detail {
        detail.scroll = moved(detail.scroll, motion, usize::MAX, layout.detail_lines());
    } else if let Some(set) = &mut state.marked_only {
        set.move_cursor(motion, layout.page());
    } else {
        state.listing_mut().move_cursor(motion, layout.page());
    }
}

/// Opens the list of columns to sort by, on the one in force.
pub(crate) fn sort_by(state: &mut State) {
    let sort = state.listing().sort;
    let at = query::sortable(state.kind).position(|field| Some(field) == sort.map(|sort| sort.field));
    state.overlay = Some(Overlay::SortBy(at.unwrap_or(0)));
}

/// Reads a key in the list of columns. Picking the column in force returns to the server's order.
pub(crate) fn columns_key(state: &mut State, at: usize, chord: Chord) {
    let columns: Vec<usize> = query::sortable(state.kind).collect();
    let go = |motion| Some(Overlay::SortBy(moved(at, motion, columns.len(), 1)));
    match chord.key {
        Key::Down | Key::Char('j') => state.overlay = go(Motion::Down),
        Key::Up | Key::Char('k') => state.overlay = go(Motion::Up),
        Key::Home | Key::Char('g') => state.overlay = go(Motion::First),
        Key::End | Key::Char('G') => state.overlay = go(Motion::Last),
        Key::Esc | Key::Char('q') => state.overlay = None,
        Key::Enter => {
            state.overlay = None;
            let field = columns.get(at).copied();
            let in_force = state.listing().sort.map(|sort| sort.field);
            let sort = field.filter(|_| field != in_force).map(|field| Sort { field, reverse: false });
            arrange_by(state, sort);
        }
        _ => {}
    }
}

/// Turns the order around.
pub(crate) fn reverse_sort(state: &mut State) {
    match state.listing().sort {
        None => {
            let key = state.setup.keymap.spoken(Command::SortBy);
            state.note(format!("the list stands in the server's order: {key} picks a column to sort by"));
        }
        Some(sort) => arrange_by(state, Some(Sort { reverse: !sort.reverse, ..sort })),
    }
}

fn arrange_by(state: &mut State, sort: Option<Sort>) {
    stop_marking(state);
    let filter = state.listing().filter.clone();
    state.listing_mut().rearrange(filter, sort);
}

/// Gives up marking that waits for a list, because the list it was meant for is no longer the one shown.
pub(crate) fn stop_marking(state: &mut State) {
    if state.listing_mut().marking.take().is_some() {
        state.note("marking stopped");
    }
}
