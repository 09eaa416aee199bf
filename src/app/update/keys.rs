//! Which layer a key goes to, and what commands do.

use super::{
    act, browse, door, download, export, filter, history, keep, leave, mark, out, page, pane, places, recall,
    recover, set, shelf,
};
use crate::app::command::Command;
use crate::app::effect::{Effect, Effects, Exit};
use crate::app::keymap::{Chord, Context, Key, SUSPEND};
use crate::app::state::arming::{Arming, Pace};
use crate::app::state::listing::Marking;
use crate::app::state::palette::Palette;
use crate::app::state::text_input::{self, TextInput};
use crate::app::state::{Focus, Overlay, Question, State};
use crate::model::filter::Filter;
use crate::model::kind::{Kind, Verb};
use crate::model::moment::Moment;
use crate::model::past::Recall;

/// Reads a key, from the topmost layer down.
pub(super) fn key(state: &mut State, at: Moment, (chord, repeat): (Chord, bool), effects: &mut Effects) {
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
        act::suspend(state, effects);
    } else if is_interrupt(state, chord) {
        quit(state, Exit::Interrupted, effects);
    } else if state.topmost_prompt().is_some() {
        door::key(state, chord, repeat, effects);
    } else if state.overlay.is_some() {
        overlay_key(state, at, (chord, repeat), effects);
    } else if state.filter_input.is_some() {
        filter::key(state, chord, effects);
    } else if state.set_input().is_some() {
        set::key(state, chord);
    } else if page::is_typing(state) {
        page::key(state, chord);
    } else {
        bound_key(state, chord, repeat, effects);
    }
}

/// Ctrl-C quits from everywhere, inputs and modals included, unless the config gave the command another chord.
fn is_interrupt(state: &State, chord: Chord) -> bool {
    chord.ctrl && state.setup.keymap.command(Context::Table, chord) == Some(Command::Quit)
}

/// While the program waits for what is under way, a second wish to leave is obeyed at once.
fn insist(state: &State, chord: Chord, effects: &mut Effects) {
    if let (Some(leaving), true) = (state.leaving, is_interrupt(state, chord)) {
        effects.push(Effect::Quit(leaving.exit));
    }
}

fn only_quit(state: &mut State, chord: Chord, effects: &mut Effects) {
    match state.setup.keymap.command(Context::Table, chord) {
        Some(Command::Close) => quit(state, Exit::Quit, effects),
        Some(Command::Quit) => quit(state, Exit::Interrupted, effects),
        _ => {}
    }
}

/// Text that was pasted: the line that is typed into takes it, a dialog that confirms refuses it, everything else ignores
/// it.
pub(super) fn paste(state: &mut State, at: Moment, text: &str) {
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
    let text = if matches!(state.overlay, Some(Overlay::Save(_))) { text.trim() } else { text };
    let Some(input) = state.text_input_mut() else {
        if state.overlay.is_none() {
            state.note("pasting does nothing here: / opens the filter");
        }
        return;
    };
    input.paste(text);
    match &mut state.overlay {
        Some(Overlay::Palette(palette)) => palette.at = 0,
        Some(Overlay::Places(places)) => places.at = 0,
        Some(_) => {}
        None => {
            if state.filter_input.is_some() {
                filter::pasted(state);
            } else if state.set_input().is_some() {
                set::pasted(state);
            } else {
                page::first_hit(state);
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
            act::conclude(state, verdict, effects);
        }
        Some(Overlay::Save(_)) => download::key(state, chord, repeat, effects),
        Some(Overlay::Recovery(_)) => recover::key(state, at, (chord, repeat), effects),
        Some(Overlay::History(_)) => history::key(state, chord, repeat, effects),
        Some(Overlay::Export(_)) => export::key(state, chord, effects),
        Some(Overlay::Palette(_)) => palette_key(state, chord, effects),
        Some(Overlay::Places(_)) => places::key(state, chord, effects),
        Some(Overlay::Filters(_)) => shelf::key(state, chord, repeat, effects),
        Some(Overlay::Sets(_)) => keep::key(state, chord, repeat, effects),
        Some(Overlay::Columns(at)) => {
            let at = *at;
            browse::columns_key(state, at, chord);
        }
        // An answer counts once the question was seen, and only from a hand.
        Some(Overlay::Ask(_)) if state.question_arming.key(Some(chord), at) != Pace::Hand => {}
        Some(Overlay::Ask(question)) => {
            let question = *question;
            answer(state, question, chord, repeat, effects);
        }
        Some(Overlay::Help(_)) | None => bound_key(state, chord, repeat, effects),
    }
}

fn answer(state: &mut State, question: Question, chord: Chord, repeat: bool, effects: &mut Effects) {
    let typed = chord.typed().filter(|_| !repeat);
    match (question, typed) {
        (Question::Quit(exit), Some('y')) => leave(state, exit, effects),
        (Question::CancelJob(ticket), Some('y')) => {
            state.overlay = None;
            act::cancel(state, ticket, effects);
        }
        (Question::CancelJob(_), Some('a')) => {
            state.overlay = None;
            act::cancel_all(state, effects);
        }
        (Question::CancelJob(_), typed) if chord.key != Key::Esc && !matches!(typed, Some('n' | 'q')) => {}
        (Question::Quit(_) | Question::CancelJob(_), _) => {
            state.overlay = None;
            act::go_on(state, effects);
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
                Some(picked) if picked.argument().is_some() => keep::typed(state, picked, &argument, effects),
                Some(picked) => wish(state, picked, effects),
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
        Some(wished) if repeat && wished.is_verb() => {}
        Some(wished) => command(state, wished, effects),
        None => {
            if let Some(binding) = state.setup.keymap.elsewhere(chord) {
                explain_unbound(state, &binding.pressed(chord), binding.contexts, context);
            }
        }
    }
}

/// Does what a line of the palette names, if it means something where the palette was opened.
fn wish(state: &mut State, wished: Command, effects: &mut Effects) {
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

fn explain_unbound(state: &mut State, name: &str, contexts: &[Context], here: Context) {
    let place = contexts.first().map_or("nowhere", |context| context.title());
    state.note(format!("{name} works {place}, not {}: esc goes back", here.title()));
}

fn command(state: &mut State, wished: Command, effects: &mut Effects) {
    let is_begun = wished.is_verb() || wished == Command::Reload;
    if is_begun && door::is_shut(state) {
        return;
    }
    let takes_matches = matches!(wished, Command::Do(_) | Command::MarkAll | Command::InvertMarks);
    // What is marked stands there whatever the filter of a list is.
    if takes_matches && !state.is_in_set() && filter::is_broken(state) {
        return;
    }
    match wished {
        Command::Move(motion) => browse::motion(state, motion),
        Command::NextKind => browse::go(state, browse::neighbour(state.kind, 1), effects),
        Command::PreviousKind => {
            browse::go(state, browse::neighbour(state.kind, Kind::ALL.len() - 1), effects);
        }
        Command::Go(kind) if kind == state.kind && state.context() == Context::Table => {
            state.note(format!("the {} are shown already", kind.row().plural));
        }
        Command::Go(kind) => browse::go(state, kind, effects),
        Command::Open if state.detail.is_some() => page::follow(state, effects),
        Command::Open => match state.under_cursor() {
            Some(record) => page::open(state, record, effects),
            None => state.note("there is nothing here to open"),
        },
        Command::NextLink => page::walk(state, false),
        Command::PreviousLink => page::walk(state, true),
        Command::Raw => page::turn_over(state),
        Command::FindInPage => page::find(state),
        Command::NextFound => page::next_hit(state, false),
        Command::PreviousFound => page::next_hit(state, true),
        Command::Back => back(state, effects),
        Command::Leave => {
            leave_page(state, effects);
        }
        Command::NextScope => browse::next_scope(state, effects),
        Command::ToggleMark => mark::toggle(state),
        Command::Range => mark::range(state),
        Command::MarkAll => mark::all(state, Marking::All, effects),
        Command::InvertMarks => mark::all(state, Marking::Invert, effects),
        Command::ClearMarks => mark::clear(state),
        Command::MarkedOnly => set::show(state),
        Command::SaveSet | Command::OpenSet | Command::MarkFile => keep::typed(state, wished, "", effects),
        Command::Filter if state.is_in_set() => set::open_filter(state),
        Command::Filter => filter::open(state),
        Command::SavedFilters => shelf::open(state, effects),
        Command::SaveFilter => shelf::save(state, effects),
        Command::SortBy => browse::sort_by(state),
        Command::ReverseSort => browse::reverse_sort(state),
        Command::Palette => state.overlay = Some(Overlay::Palette(Palette::default())),
        Command::Places => places::open(state, effects),
        Command::Help => state.overlay = Some(Overlay::Help(0)),
        Command::Do(verb) => act::propose(state, verb),
        Command::Undo => recall::undo(state, effects),
        Command::Redo => recall::redo(state, effects),
        Command::Retry => recall::look(state, Recall::Retry, effects),
        Command::ExplainDelete => {
            let spoken = |verb| state.setup.keymap.spoken(Command::Do(verb));
            let (archive, delete) = (spoken(Verb::Archive), spoken(Verb::Delete));
            let archives = state.kind.row().words.archives;
            state.note(format!("{archive} {archives}, {delete} deletes permanently"));
        }
        Command::PauseJob => act::pause(state, effects),
        Command::CancelJob => act::ask_cancel(state, effects),
        Command::Reload => browse::reload(state, effects),
        Command::FocusStatus if state.focus == Focus::Status => state.leave_status(),
        Command::FocusStatus => state.focus = Focus::Status,
        Command::ShowReads => {
            state.status.reads = !state.status.reads;
            state.status.below = 0;
        }
        Command::MarkGroup => pane::mark_group(state),
        Command::CopyRequest => pane::copy(state, effects),
        Command::CopyId => out::copy_ids(state, effects),
        Command::CopyRead => out::copy_read(state, effects),
        Command::OpenWeb => out::open_web(state, effects),
        Command::Export => export::ask(state),
        Command::ExportGroup => pane::export(state, effects),
        Command::Save => download::ask(state),
        Command::OpenHolder => download::open_holder(state, effects),
        Command::Unfinished => recover::look_again(state, effects),
        Command::History => history::open(state, effects),
        Command::EnterToken => door::enter_token(state),
        Command::Close => close(state, effects),
        Command::Quit => quit(state, Exit::Interrupted, effects),
    }
}

/// Takes one layer away; never acts.
fn back(state: &mut State, effects: &mut Effects) {
    if state.overlay.take().is_some() || state.context() == Context::Detail && page::peel(state) {
        return;
    }
    let in_set = state.is_in_set();
    if !in_set && state.listing_mut().anchor.take().is_some() {
        state.note("range dropped");
    } else if keep::stop(state, effects) {
        state.note("looking up stopped");
    } else if in_set {
        if !set::clear_filter(state) {
            state.marked_only = None;
        }
    } else if state.listing().marking.is_some() {
        browse::stop_marking(state);
    } else if !close_topmost(state, effects) && state.listing().has_filter() {
        filter::filter_by(state, Filter::default(), effects);
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
    page::close(state, effects) || state.marked_only.take().is_some()
}

/// Quits, after asking if a job runs.
fn quit(state: &mut State, exit: Exit, effects: &mut Effects) {
    let asked_already = matches!(state.overlay, Some(Overlay::Ask(Question::Quit(_))));
    if state.jobs.is_empty() && state.saves.current.is_none() || asked_already {
        leave(state, exit, effects);
    } else {
        // A queue that is paused by a question stays so until this one is answered.
        state.question_arming = Arming::default();
        state.overlay = Some(Overlay::Ask(Question::Quit(exit)));
    }
}
