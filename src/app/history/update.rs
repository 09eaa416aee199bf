//! The history: reading past jobs, looking at one, and what can be done with it.
//!
//! Nothing is done from here: undoing and trying again go through the dialog, like everything else.

use crate::app::command::Motion;
use crate::app::effect::{Effects, Request, RequestId};
use crate::app::history::{HistoryPage, JobDetail, KnownJobs, KnownSteps};
use crate::app::keymap::{Chord, Key};
use crate::app::layout::history_rows;
use crate::app::state::{Overlay, Purpose, State};
use crate::app::text_input::TextInput;
use crate::app::{clipboard, confirm, undo};
use crate::model::failure::Failure;
use crate::model::history::{HistorySearch, JobPage, JobStep, JobSummary};
use crate::model::recovery::RecoveryRequest;
use crate::model::shell;

/// Opens the page.
pub(crate) fn open(state: &mut State, effects: &mut Effects) {
    match confirm::update::organization(state) {
        Err(refusal) => state.refuse(refusal),
        Ok(_) => {
            let request_id = ask(state, HistorySearch::default(), None, effects);
            state.overlay = Some(Overlay::History(Box::new(HistoryPage::new(request_id))));
        }
    }
}

fn ask(state: &mut State, sought: HistorySearch, before: Option<i64>, effects: &mut Effects) -> RequestId {
    state.ask(Purpose::History, Request::History { sought, before }, effects)
}

fn page(state: &mut State) -> Option<&mut HistoryPage> {
    match (&mut state.overlay, &mut state.history_behind) {
        (Some(Overlay::History(page)), _) => Some(page),
        (_, behind) => behind.as_deref_mut(),
    }
}

/// Brings the page back that a dialog took the place of, once that is closed.
pub(crate) fn surface(state: &mut State) {
    if state.overlay.is_none() && state.leaving.is_none() {
        state.overlay = state.history_behind.take().map(Overlay::History);
    }
}

/// Some jobs are known, or are not.
pub(crate) fn told(
    state: &mut State,
    request_id: RequestId,
    result: Result<JobPage, Failure>,
    effects: &mut Effects,
) {
    let Some(page) = page(state) else { return };
    match result {
        Ok(job_page) => page.receive(request_id, job_page),
        Err(failure) if page.known == KnownJobs::Asked(request_id) => {
            page.known = KnownJobs::Failed(failure.words);
        }
        Err(_) => {}
    }
    read_on(state, effects);
}

/// Asks for older jobs where the cursor is close to the last one known.
fn read_on(state: &mut State, effects: &mut Effects) {
    let Some(page) = page(state) else { return };
    let Some(before) = page.wants() else { return };
    let sought = HistorySearch::parse(&page.filter).unwrap_or_default();
    let request_id = ask(state, sought, Some(before), effects);
    if let Some(page) = self::page(state) {
        page.known = KnownJobs::Asked(request_id);
    }
}

/// The steps of a job are known, or are not.
pub(crate) fn recounted(
    state: &mut State,
    request_id: RequestId,
    result: Result<(Vec<JobStep>, u64), Failure>,
) {
    let open = page(state).and_then(|page| page.open.as_mut());
    let Some(open) = open.filter(|open| open.steps == KnownSteps::Asked(request_id)) else { return };
    open.steps = match result {
        Ok((job_steps, damaged)) => {
            open.damaged = damaged;
            KnownSteps::Are(job_steps)
        }
        Err(failure) => KnownSteps::Failed(failure.words),
    };
    open.seek(String::new(), &HistorySearch::default());
}

/// Reads a key of the page.
pub(crate) fn key(state: &mut State, chord: Chord, repeat: bool, effects: &mut Effects) {
    let rows = history_rows(state.size);
    let Some(Overlay::History(page)) = &mut state.overlay else { return };
    if page.typing_mut().is_some() {
        return type_on(state, chord, effects);
    }
    if let Some(motion) = motion(chord) {
        page.go(motion, rows);
        return read_on(state, effects);
    }
    let plain = !chord.ctrl && !chord.alt;
    match chord.key {
        Key::Esc | Key::Left | Key::Char('q' | 'h') if plain => back(state, chord.key == Key::Esc, effects),
        Key::Enter | Key::Right | Key::Char('l') if plain => look(state, effects),
        Key::Char('/') if plain => {
            let typed = page.open.as_ref().map_or(&page.filter, |open| &open.filter).clone();
            let typing = match &mut page.open {
                Some(open) => &mut open.typing,
                None => &mut page.typing,
            };
            *typing = Some(TextInput::from(typed));
        }
        Key::Char('u') if plain && !repeat => undo(state, effects),
        Key::Char('t') if plain && !repeat => retry(state, effects),
        Key::Char('e') if plain && !repeat => export(state, effects),
        Key::Char('y') if plain => copy(state, effects),
        Key::Char('R') if plain => seek_jobs(state, None, effects),
        _ => {
            if let Some(binding) = state.setup.keymap.elsewhere(chord) {
                state.note(format!("{} does nothing in the history: esc goes back", binding.pressed(chord)));
            }
        }
    }
}

fn motion(chord: Chord) -> Option<Motion> {
    Some(match (chord.key, chord.ctrl) {
        (Key::Down | Key::Char('j'), false) => Motion::Down,
        (Key::Up | Key::Char('k'), false) => Motion::Up,
        (Key::Home | Key::Char('g'), false) => Motion::First,
        (Key::End | Key::Char('G'), false) => Motion::Last,
        (Key::Char('d'), true) => Motion::HalfDown,
        (Key::Char('u'), true) => Motion::HalfUp,
        (Key::PageDown, _) => Motion::PageDown,
        (Key::PageUp, _) => Motion::PageUp,
        _ => return None,
    })
}

/// Takes one layer away: the search, the job, the page. Only Esc takes a search away.
fn back(state: &mut State, takes_search: bool, effects: &mut Effects) {
    let Some(Overlay::History(page)) = &mut state.overlay else { return };
    match &mut page.open {
        Some(open) if takes_search && !open.filter.is_empty() => {
            open.seek(String::new(), &HistorySearch::default());
        }
        Some(_) => page.open = None,
        None if takes_search && !page.filter.is_empty() => seek_jobs(state, Some(String::new()), effects),
        None => state.overlay = None,
    }
}

/// Opens the job under the cursor.
fn look(state: &mut State, effects: &mut Effects) {
    let Some(Overlay::History(page)) = &state.overlay else { return };
    let (None, Some(summary)) = (&page.open, page.current().cloned()) else { return };
    let request_id = state.ask(Purpose::JobSteps, Request::JobSteps(summary.job), effects);
    if let Some(page) = self::page(state) {
        page.open = Some(JobDetail::new(summary, request_id));
    }
}

/// Reads a key of what is typed to seek.
fn type_on(state: &mut State, chord: Chord, effects: &mut Effects) {
    let Some(Overlay::History(page)) = &mut state.overlay else { return };
    let Some(input) = page.typing_mut() else { return };
    match chord.key {
        Key::Esc => stop_typing(page),
        Key::Enter => {
            let typed = input.value().trim().to_owned();
            match HistorySearch::parse(&typed) {
                Err(why) => state
                    .note(format!("{why}; hint: words, or `outcome:failed`, `action:archive`, `kind:tags`")),
                Ok(sought) => {
                    stop_typing(page);
                    match &mut page.open {
                        Some(open) => open.seek(typed, &sought),
                        None => seek_jobs(state, Some(typed), effects),
                    }
                }
            }
        }
        _ => {
            input.key(chord);
        }
    }
}

fn stop_typing(page: &mut HistoryPage) {
    match &mut page.open {
        Some(open) => open.typing = None,
        None => page.typing = None,
    }
}

/// Reads the jobs anew, for another search if there is one.
fn seek_jobs(state: &mut State, filter: Option<String>, effects: &mut Effects) {
    let Some(page) = page(state) else { return };
    let filter = filter.unwrap_or_else(|| page.filter.clone());
    let sought = HistorySearch::parse(&filter).unwrap_or_default();
    let request_id = ask(state, sought, None, effects);
    if let Some(page) = self::page(state) {
        *page = HistoryPage { filter, ..HistoryPage::new(request_id) };
    }
}

fn current(state: &State) -> Option<&JobSummary> {
    match &state.overlay {
        Some(Overlay::History(page)) => page.current(),
        _ => None,
    }
}

/// Looks for what a past job can be recalled for, or says why it cannot be.
fn recover_it(
    state: &mut State,
    error: impl Fn(&JobSummary) -> Option<String>,
    recover: fn(i64) -> RecoveryRequest,
    effects: &mut Effects,
) {
    let Some((job, error)) = current(state).map(|summary| (summary.job, error(summary))) else {
        return state.note("there is no job here");
    };
    match error {
        Some(why) => state.note(why),
        None => undo::look(state, recover(job), effects),
    }
}

fn undo(state: &mut State, effects: &mut Effects) {
    recover_it(state, JobSummary::undo_error, RecoveryRequest::UndoJob, effects);
}

fn retry(state: &mut State, effects: &mut Effects) {
    recover_it(state, JobSummary::retry_error, RecoveryRequest::RetryJob, effects);
}

/// What the open job shows of its steps; nothing where that is all of them.
fn shown_steps(state: &State) -> Option<HistorySearch> {
    let Some(Overlay::History(page)) = &state.overlay else { return None };
    let open = page.open.as_ref().filter(|open| !open.filter.is_empty())?;
    HistorySearch::parse(&open.filter).ok()
}

/// Writes the steps of the job into a file, of an open job those that are shown.
fn export(state: &mut State, effects: &mut Effects) {
    match current(state).map(|summary| summary.job) {
        None => state.note("there is no job here"),
        Some(job) => {
            let sought = shown_steps(state);
            state.ask(Purpose::Write, Request::ExportJob { job, sought }, effects);
        }
    }
}

/// Copies the id of the record of the step under the cursor.
fn copy(state: &mut State, effects: &mut Effects) {
    let Some(Overlay::History(page)) = &state.overlay else { return };
    let Some(open) = &page.open else {
        return state.note("enter shows the steps, whose ids can be copied");
    };
    match open.current().and_then(|job_step| job_step.id.as_ref()) {
        Some(id) => {
            let text = shell::id(id);
            clipboard::copy(state, "the id".to_owned(), text, effects);
        }
        None => state.note("there is no id on this line"),
    }
}
