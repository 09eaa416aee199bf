//! Which layer a key goes to, and what commands do.

use crate::app::arming::{Arming, KeyPace};
use crate::app::command::Command;
use crate::app::effect::{Effect, Effects, Exit};
use crate::app::keymap::{Chord, Key, KeyContext, SUSPEND};
use crate::app::list::PendingMarks;
use crate::app::palette::Palette;
use crate::app::saved::selections;
use crate::app::state::{Focus, Overlay, State, YesNoQuestion};
use crate::app::text_input;
use crate::app::text_input::TextInput;
use crate::app::update::leave;
use crate::app::{
    clipboard, confirm, connection, detail, downloads, export, filter, history, list, marked_view,
    organizations, recovery, saved, selection, status_pane, undo,
};
use crate::model::filter::Filter;
use crate::model::kind::{Action, Kind};
use crate::model::recovery::RecoveryRequest;
use crate::model::time::Moment;

/// Reads a key, from the topmost layer down.
pub(crate) fn key(state: &mut State, at: Moment, (chord, repeat): (Chord, bool), effects: &mut Effects) {
    state.notice = None;
    dispatch(state, at, (chord, repeat), effects);
    tell_cut(state);
}

fn dispatch(state: &mut State, at: Moment, (chord, repeat): (Chord, bool), effects: &mut Effects) {
    if state.leaving.is_some() {
        insist(state, chord, effects);
    } else if state.is_too_small() {
        only_quit(state, chord, effects);
    } else if chord == SUSPEND {
        confirm::update::suspend(state, effects);
    } else if is_interrupt(state, chord) {
        quit(state, Exit::Interrupted, effects);
    } else if state.topmost_prompt().is_some() {
        connection::update::key(state, chord, repeat, effects);
    } else if state.overlay.is_some() {
        overlay_key(state, at, (chord, repeat), effects);
    } else if state.filter_input.is_some() {
        filter::update::key(state, chord, effects);
    } else if state.set_input().is_some() {
        marked_view::update::key(state, chord);
    } else if detail::update::is_typing(state) {
        detail::update::key(state, chord);
    } else {
        bound_key(state, chord, repeat, effects);
    }
}

/// Ctrl-C quits from everywhere, inputs and dialogs included, unless the config gave the command another chord.
fn is_interrupt(state: &State, chord: Chord) -> bool {
    chord.ctrl && state.setup.keymap.command(KeyContext::Table, chord) == Some(Command::Quit)
}

/// While the program waits for what is under way, a second wish to leave is obeyed at once.
fn insist(state: &State, chord: Chord, effects: &mut Effects) {
    if let (Some(leaving), true) = (state.leaving, is_interrupt(state, chord)) {
        effects.push(Effect::Quit(leaving.exit));
    }
}

fn only_quit(state: &mut State, chord: Chord, effects: &mut Effects) {
    match state.setup.keymap.command(KeyContext::Table, chord) {
        Some(Command::Close) => quit(state, Exit::Quit, effects),
        Some(Command::Quit) => quit(state, Exit::Interrupted, effects),
        _ => {}
    }
}

/// Text that was pasted: the line that is typed into takes it, a dialog that confirms refuses it, everything else ignores
/// it.
pub(crate) fn paste(state: &mut State, at: Moment, text: &str) {
    if state.leaving.is_some() || state.is_too_small() {
        return;
    }
    if let (true, Some(prompt)) = (state.topmost_prompt().is_some(), &mut state.token_prompt) {
        prompt.paste(text);
        return;
    }
    if let Some(Overlay::Confirm(confirm)) = &mut state.overlay {
        confirm.paste(at);
        return;
    }
    // A folder or a file is often copied along with the end of its line.
    let text = if matches!(state.overlay, Some(Overlay::Download(_))) { text.trim() } else { text };
    let Some(input) = state.text_input_mut() else {
        if state.overlay.is_none() {
            state.note("pasting does nothing here: / opens the filter");
        }
        return;
    };
    input.paste(text);
    match &mut state.overlay {
        Some(Overlay::Palette(palette)) => palette.at = 0,
        Some(Overlay::Organizations(places)) => places.at = 0,
        Some(_) => {}
        None => {
            if state.filter_input.is_some() {
                filter::update::pasted(state);
            } else if state.set_input().is_some() {
                marked_view::update::pasted(state);
            } else {
                detail::update::first_hit(state);
            }
        }
    }
    tell_cut(state);
}

/// Says so if what was typed or pasted did not fit.
fn tell_cut(state: &mut State) {
    if state.text_input_mut().is_some_and(TextInput::take_cut) {
        state.note(text_input::cut());
    }
}

fn overlay_key(state: &mut State, at: Moment, (chord, repeat): (Chord, bool), effects: &mut Effects) {
    match &mut state.overlay {
        Some(Overlay::Confirm(confirm)) => {
            let verdict = confirm.key(chord, repeat, at);
            confirm::update::conclude(state, verdict, effects);
        }
        Some(Overlay::Download(_)) => downloads::update::key(state, chord, repeat, effects),
        Some(Overlay::Recovery(_)) => recovery::update::key(state, at, (chord, repeat), effects),
        Some(Overlay::History(_)) => history::update::key(state, chord, repeat, effects),
        Some(Overlay::Export(_)) => export::update::key(state, chord, effects),
        Some(Overlay::Palette(_)) => palette_key(state, chord, effects),
        Some(Overlay::Organizations(_)) => organizations::update::key(state, chord, effects),
        Some(Overlay::SavedFilters(_)) => saved::update::key(state, chord, repeat, effects),
        Some(Overlay::Selections(_)) => selections::key(state, chord, repeat, effects),
        Some(Overlay::SortBy(at)) => {
            let at = *at;
            list::update::columns_key(state, at, chord);
        }
        // An answer counts once the question was seen, and only from a hand.
        Some(Overlay::Question(_)) if state.question_arming.key(Some(chord), at) != KeyPace::Hand => {}
        Some(Overlay::Question(question)) => {
            let question = *question;
            answer(state, question, chord, repeat, effects);
        }
        Some(Overlay::Help(_)) | None => bound_key(state, chord, repeat, effects),
    }
}

fn answer(state: &mut State, question: YesNoQuestion, chord: Chord, repeat: bool, effects: &mut Effects) {
    let typed = chord.typed().filter(|_| !repeat);
    match (question, typed) {
        (YesNoQuestion::Quit(exit), Some('y')) => leave(state, exit, effects),
        (YesNoQuestion::CancelJob(request_id), Some('y')) => {
            state.overlay = None;
            confirm::update::cancel(state, request_id, effects);
        }
        (YesNoQuestion::CancelJob(_), Some('a')) => {
            state.overlay = None;
            confirm::update::cancel_all(state, effects);
        }
        (YesNoQuestion::CancelJob(_), typed)
            if chord.key != Key::Esc && !matches!(typed, Some('n' | 'q')) => {}
        (YesNoQuestion::Quit(_) | YesNoQuestion::CancelJob(_), _) => {
            state.overlay = None;
            confirm::update::go_on(state, effects);
        }
    }
}

fn palette_key(state: &mut State, chord: Chord, effects: &mut Effects) {
    let Some(Overlay::Palette(palette)) = &mut state.overlay else { return };
    let lines = palette.lines(&state.setup.keymap);
    match (chord.key, chord.ctrl) {
        (Key::Esc, _) => state.overlay = None,
        (Key::Down | Key::Tab, _) | (Key::Char('n'), true) => {
            palette.at = (palette.at + 1).min(lines.len().saturating_sub(1));
        }
        (Key::Up | Key::BackTab, _) | (Key::Char('p'), true) => palette.at = palette.at.saturating_sub(1),
        (Key::Enter, _) => {
            let picked = lines.get(palette.at).map(|line| line.command);
            let argument = picked.map_or("", |picked| palette.argument(picked)).to_owned();
            state.overlay = None;
            match picked {
                Some(picked) if picked.argument().is_some() => {
                    selections::typed(state, picked, &argument, effects);
                }
                Some(picked) => request(state, picked, effects),
                None => state.note("no command has that name"),
            }
        }
        _ => {
            palette.input.key(chord);
            palette.at = 0;
        }
    }
}

/// Looks a key up in the table of keys.
fn bound_key(state: &mut State, chord: Chord, repeat: bool, effects: &mut Effects) {
    let context = state.context();
    match state.setup.keymap.command(context, chord) {
        Some(wished) if repeat && wished.is_action() => {}
        Some(wished) => command(state, wished, effects),
        None => {
            if let Some(binding) = state.setup.keymap.elsewhere(chord) {
                explain_unbound(state, &binding.pressed(chord), binding.contexts, context);
            }
        }
    }
}

/// Does what a line of the palette names, if it means something where the palette was opened.
fn request(state: &mut State, wished: Command, effects: &mut Effects) {
    let context = state.context();
    let row =
        state.setup.keymap.rows().find(|(binding, _)| binding.command == wished).map(|(binding, _)| binding);
    match row {
        Some(binding) if !binding.contexts.contains(&context) => {
            explain_unbound(state, &format!("`{}`", binding.name), binding.contexts, context);
        }
        _ => command(state, wished, effects),
    }
}

fn explain_unbound(state: &mut State, name: &str, contexts: &[KeyContext], here: KeyContext) {
    let place = contexts.first().map_or("nowhere", |context| context.title());
    state.note(format!("{name} works {place}, not {}: esc goes back", here.title()));
}

fn command(state: &mut State, wished: Command, effects: &mut Effects) {
    let is_begun = wished.is_action() || wished == Command::Reload;
    if is_begun && connection::update::is_shut(state) {
        return;
    }
    let takes_matches = matches!(wished, Command::Act(_) | Command::MarkAll | Command::InvertMarks);
    // What is marked stands there whatever the filter of a list is.
    if takes_matches && !state.is_in_set() && filter::update::is_broken(state) {
        return;
    }
    match wished {
        Command::Move(motion) => list::update::motion(state, motion),
        Command::NextKind => list::update::go(state, list::update::neighbour(state.kind, 1), effects),
        Command::PreviousKind => {
            list::update::go(state, list::update::neighbour(state.kind, Kind::ALL.len() - 1), effects);
        }
        Command::Go(kind) if kind == state.kind && state.context() == KeyContext::Table => {
            state.note(format!("the {} are shown already", kind.row().plural));
        }
        Command::Go(kind) => list::update::go(state, kind, effects),
        Command::Open if state.detail.is_some() => detail::update::follow(state, effects),
        Command::Open => match state.under_cursor() {
            Some(record) => detail::update::open(state, record, effects),
            None => state.note("there is nothing here to open"),
        },
        Command::NextLink => detail::update::page_walk(state, false),
        Command::PreviousLink => detail::update::page_walk(state, true),
        Command::Raw => detail::update::turn_over(state),
        Command::FindInPage => detail::update::find(state),
        Command::NextFound => detail::update::next_hit(state, false),
        Command::PreviousFound => detail::update::next_hit(state, true),
        Command::Back => back(state, effects),
        Command::Leave => {
            leave_page(state, effects);
        }
        Command::NextScope => list::update::next_scope(state, effects),
        Command::ToggleMark => selection::update::toggle(state),
        Command::Range => selection::update::range(state),
        Command::MarkAll => selection::update::all(state, PendingMarks::All, effects),
        Command::InvertMarks => selection::update::all(state, PendingMarks::Invert, effects),
        Command::ClearMarks => selection::update::clear(state),
        Command::MarkedOnly => marked_view::update::show(state),
        Command::SaveSelection | Command::OpenSelection | Command::MarkFile => {
            selections::typed(state, wished, "", effects);
        }
        Command::Filter if state.is_in_set() => marked_view::update::open_filter(state),
        Command::Filter => filter::update::open(state),
        Command::SavedFilters => saved::update::open(state, effects),
        Command::SaveFilter => saved::update::save(state, effects),
        Command::SortBy => list::update::sort_by(state),
        Command::ReverseSort => list::update::reverse_sort(state),
        Command::Palette => state.overlay = Some(Overlay::Palette(Palette::default())),
        Command::Organizations => organizations::update::open(state, effects),
        Command::Help => state.overlay = Some(Overlay::Help(0)),
        Command::Act(action) => confirm::update::propose(state, action),
        Command::Undo => undo::undo(state, effects),
        Command::Redo => undo::redo(state, effects),
        Command::Retry => undo::look(state, RecoveryRequest::Retry, effects),
        Command::ExplainDelete => {
            let spoken = |action| state.setup.keymap.spoken(Command::Act(action));
            let (archive, delete) = (spoken(Action::Archive), spoken(Action::Delete));
            let archives = state.kind.row().words.archives;
            state.note(format!("{archive} {archives}, {delete} deletes permanently"));
        }
        Command::PauseJob => confirm::update::pause(state, effects),
        Command::CancelJob => confirm::update::ask_cancel(state, effects),
        Command::Reload => list::update::reload(state, effects),
        Command::FocusStatus if state.focus == Focus::Status => state.leave_status(),
        Command::FocusStatus => state.focus = Focus::Status,
        Command::ShowReads => {
            state.status.reads = !state.status.reads;
            state.status.below = 0;
        }
        Command::MarkGroup => status_pane::update::mark_group(state),
        Command::CopyRequest => status_pane::update::copy(state, effects),
        Command::CopyId => clipboard::copy_ids(state, effects),
        Command::CopyRead => clipboard::copy_read(state, effects),
        Command::OpenWeb => clipboard::open_web(state, effects),
        Command::Export => export::update::ask(state),
        Command::ExportGroup => status_pane::update::export(state, effects),
        Command::Download => downloads::update::ask(state),
        Command::OpenHolder => downloads::update::open_holder(state, effects),
        Command::Unfinished => recovery::update::look_again(state, effects),
        Command::History => history::update::open(state, effects),
        Command::EnterToken => connection::update::enter_token(state),
        Command::Close => close(state, effects),
        Command::Quit => quit(state, Exit::Interrupted, effects),
    }
}

/// Takes one layer away; never acts.
fn back(state: &mut State, effects: &mut Effects) {
    if state.overlay.take().is_some() || state.context() == KeyContext::Detail && detail::update::peel(state)
    {
        return;
    }
    let in_set = state.is_in_set();
    if !in_set && state.listing_mut().anchor.take().is_some() {
        state.note("range dropped");
    } else if selections::stop(state, effects) {
        state.note("looking up stopped");
    } else if in_set {
        if !marked_view::update::clear_filter(state) {
            state.marked_only = None;
        }
    } else if state.listing().marking.is_some() {
        list::update::stop_marking(state);
    } else if !close_topmost(state, effects) && state.listing().has_filter() {
        filter::update::filter_by(state, Filter::default(), effects);
    }
}

/// Closes what is open, else quits.
fn close(state: &mut State, effects: &mut Effects) {
    if !close_topmost(state, effects) {
        quit(state, Exit::Quit, effects);
    }
}

/// Closes what lies over the table, one layer, and says whether there was any.
fn close_topmost(state: &mut State, effects: &mut Effects) -> bool {
    if state.overlay.take().is_some() {
        return true;
    }
    if state.focus == Focus::Status {
        state.leave_status();
        return true;
    }
    leave_page(state, effects)
}

/// Goes back from a detail page, or from the view of all that is marked, and says whether one was open.
fn leave_page(state: &mut State, effects: &mut Effects) -> bool {
    detail::update::close(state, effects) || state.marked_only.take().is_some()
}

/// Quits, after asking if a job runs.
fn quit(state: &mut State, exit: Exit, effects: &mut Effects) {
    let asked_already = matches!(state.overlay, Some(Overlay::Question(YesNoQuestion::Quit(_))));
    if state.jobs.is_empty() && state.saves.current.is_none() || asked_already {
        leave(state, exit, effects);
    } else {
        // A queue that is paused by a question stays so until this one is answered.
        state.question_arming = Arming::default();
        state.overlay = Some(Overlay::Question(YesNoQuestion::Quit(exit)));
    }
}
