//! Unfinished jobs of earlier runs: looking for them, and finishing or dropping each.
//!
//! Nothing is resumed by itself: what is left goes through the dialog like any other plan.

use crate::app::effect::{Effects, Request};
use crate::app::keymap::Chord;
use crate::app::recovery::{RecoveryCommand, RecoveryPage};
use crate::app::state::{NoticeCondition, Overlay, Purpose, State};
use crate::app::status_pane::StatusText;
use crate::app::{confirm, reassign, responses};
use crate::model::failure::Failure;
use crate::model::history::skipped;
use crate::model::outcome::Outcome;
use crate::model::plan::Plan;
use crate::model::recovery::{OldJournal, UnfinishedJob, UnfinishedJobs};
use crate::model::text;
use crate::model::time::Moment;

/// Looks for them at the start: the journal is on this machine, and nothing else has to be known.
pub(crate) fn look_first(state: &mut State, effects: &mut Effects) {
    state.ask(Purpose::Unfinished, Request::Unfinished, effects);
}

/// Looks for them because a person wants to.
pub(crate) fn look_again(state: &mut State, effects: &mut Effects) {
    if let Err(refusal) = confirm::update::organization(state) {
        state.refuse(refusal);
        return;
    }
    state.note_during(NoticeCondition::Awaiting(Purpose::Unfinished), "looking for unfinished jobs");
    look(state, effects);
    // While they are being read back, what is known of them is shown again.
    state.recovery.due |= state.recovery.rows() > 0;
}

/// Looks for them, unless that is being done already; with the answer a person is told if there are none.
fn look(state: &mut State, effects: &mut Effects) {
    state.recovery.wished = true;
    if !state.in_flight.awaits(Purpose::Unfinished) {
        state.recovery.was_shown = false;
        state.ask(Purpose::Unfinished, Request::Unfinished, effects);
    }
}

/// Takes in the state of the journal, before anything is read back.
pub(crate) fn left_open(state: &mut State, open: UnfinishedJobs, effects: &mut Effects) {
    if let Some(words) = skipped(open.damaged) {
        let words = format!("{words} in the journal; hint: `tidyfy history verify` names the first");
        state.status.tell(state.now, StatusText::Note(words));
    }
    let (unfinished, whole): (Vec<_>, Vec<_>) = open.old.into_iter().partition(|old| old.unfinished > 0);
    for OldJournal { file, .. } in whole {
        let words =
            format!("the journal of an earlier version of tidyfy was kept as `{}`", text::clean(&file));
        state.note(words.clone());
        state.status.tell(state.now, StatusText::Note(words));
        state.ask(Purpose::Acknowledge, Request::Acknowledge(file), effects);
    }
    state.recovery.old = unfinished;
    state.recovery.unfinished_jobs = open.unfinished_jobs;
    let continued = |unfinished_job: &UnfinishedJob| !state.jobs.continues(unfinished_job.job);
    state.recovery.unfinished_jobs.retain(continued);
    let is_open = matches!(state.overlay, Some(Overlay::Recovery(_)));
    state.recovery.due = state.recovery.rows() > 0 && !is_open;
    renew(state);
}

/// A step has been read back.
pub(crate) fn read_back(state: &mut State, job: i64, outcome: Outcome) {
    if let Some(unfinished_job) =
        state.recovery.unfinished_jobs.iter_mut().find(|unfinished_job| unfinished_job.job == job)
    {
        unfinished_job.read_back(outcome);
    }
}

/// It is noted that a person knows of an earlier journal, or that could not be noted.
pub(crate) fn acknowledged(state: &mut State, result: Result<(), Failure>) {
    if let Err(failure) = result {
        responses::tell_failure(state, "the earlier journal could not be acknowledged", &failure);
        state.note(format!("it could not be noted: {}", failure.words));
    }
}

/// Takes in the unfinished jobs, with everything read back.
pub(crate) fn found(state: &mut State, result: Result<Vec<UnfinishedJob>, Failure>) {
    let wished = std::mem::take(&mut state.recovery.wished);
    match result {
        Ok(unfinished_jobs) => {
            let unfinished_jobs: Vec<UnfinishedJob> = unfinished_jobs
                .into_iter()
                .filter(|unfinished_job| !state.jobs.continues(unfinished_job.job))
                .collect();
            let is_open = matches!(state.overlay, Some(Overlay::Recovery(_)));
            let was_left = state.recovery.was_shown && !is_open;
            state.recovery.unfinished_jobs = unfinished_jobs;
            match state.recovery.rows() {
                0 if wished => state.note("no job is unfinished"),
                0 => {}
                _ if was_left => {
                    state.note("unfinished jobs are read back: the palette knows them as `unfinished`");
                }
                _ => state.recovery.due = !is_open,
            }
            renew(state);
        }
        Err(failure) => {
            state.recovery.unfinished_jobs.iter_mut().for_each(|unfinished_job| unfinished_job.reading = 0);
            responses::tell_failure(state, "unfinished jobs could not be looked for", &failure);
            if wished {
                state.note(format!("unfinished jobs could not be looked for: {}", failure.words));
            }
        }
    }
}

/// Opens the page if it waits for that and nothing else is open.
pub(crate) fn surface(state: &mut State) {
    let is_free = state.overlay.is_none() && !state.is_typing() && state.leaving.is_none();
    if state.recovery.due && is_free {
        state.recovery.due = false;
        if state.recovery.rows() > 0 {
            state.recovery.was_shown = true;
            state.overlay = Some(Overlay::Recovery(RecoveryPage::default()));
        }
    }
}

/// Reads a key of the page.
pub(crate) fn key(state: &mut State, at: Moment, (chord, repeat): (Chord, bool), effects: &mut Effects) {
    if let Some(Overlay::Recovery(page)) = &mut state.overlay {
        let request = page.key(chord, repeat, at, &state.recovery);
        obey(state, request, effects);
    }
}

/// Does what a key of the page asked for.
pub(crate) fn obey(state: &mut State, request: RecoveryCommand, effects: &mut Effects) {
    let unfinished_job =
        |job| state.recovery.unfinished_jobs.iter().find(|unfinished_job| unfinished_job.job == job).cloned();
    match request {
        RecoveryCommand::Wait => {}
        RecoveryCommand::Later => {
            state.overlay = None;
            state.note("unfinished jobs can wait: the palette knows them as `unfinished`");
        }
        RecoveryCommand::Acknowledge(at) => {
            if at < state.recovery.old.len() {
                let OldJournal { file, .. } = state.recovery.old.remove(at);
                state.note("acknowledged: the file stays where it is");
                state.ask(Purpose::Acknowledge, Request::Acknowledge(file), effects);
                renew(state);
            }
        }
        RecoveryCommand::Finish(job) | RecoveryCommand::Drop(job) => match unfinished_job(job) {
            None => {}
            Some(unfinished_job) if unfinished_job.reading > 0 => {
                let left = text::grouped(unfinished_job.reading as u64);
                state.note(format!("{left} are still being read back: wait for them, or Esc for later"));
            }
            Some(unfinished_job) if unfinished_job.elsewhere => {
                state.note("that job is running in another tidyfy, which has to deal with it");
                // Unless it has ended by now.
                look(state, effects);
            }
            Some(_) if matches!(request, RecoveryCommand::Drop(_)) => {
                drop_job(state, job, "dropping the rest of it", effects);
            }
            Some(unfinished_job) => finish(state, unfinished_job, effects),
        },
    }
}

fn finish(state: &mut State, unfinished_job: UnfinishedJob, effects: &mut Effects) {
    if state.standing.read_only {
        state.note("read-only mode");
        return;
    }
    if unfinished_job.rest.is_empty() {
        drop_job(state, unfinished_job.job, "nothing of it was left to do: closing it", effects);
        return;
    }
    match confirm::update::organization(state) {
        Err(refusal) => state.refuse(refusal),
        Ok(organization) => {
            let when = state.setup.zone.minute(unfinished_job.confirmed);
            let archived = match unfinished_job.archived {
                0 => None,
                1 => Some(format!("1 of these is {} already", unfinished_job.words().archived)),
                n => {
                    let archived = unfinished_job.words().archived;
                    Some(format!("{} of these are {archived} already", text::grouped(n as u64)))
                }
            };
            let first = format!("finishes job {} of {when}", unfinished_job.job);
            let preface = std::iter::once(first).chain(archived).collect();
            let chosen = confirm::update::free(state, unfinished_job.rest);
            let plan = confirm::update::draft(state, organization, unfinished_job.action, chosen);
            let plan =
                Plan { preface, continues: Some(unfinished_job.job), ..plan.with(unfinished_job.options) };
            let plan = reassign::of_the_past(state, plan, unfinished_job.reassignee);
            // The page comes back when the dialog closes, with what is unfinished then.
            state.recovery.due = true;
            confirm::update::show(state, plan);
        }
    }
}

fn drop_job(state: &mut State, job: i64, words: &str, effects: &mut Effects) {
    state.note_during(NoticeCondition::Awaiting(Purpose::DropJob(job)), words);
    if !state.in_flight.awaits(Purpose::DropJob(job)) {
        state.ask(Purpose::DropJob(job), Request::DropJob(job), effects);
    }
}

/// The rest of a job goes on as a job of its own. The page comes back only for others that can be dealt with.
pub(crate) fn taken_up(state: &mut State, job: i64) {
    forget(state, job);
    state.recovery.due &= state.recovery.offers();
}

/// A job has been dropped, or could not be.
pub(crate) fn dropped(state: &mut State, job: i64, result: Result<(), Failure>) {
    match result {
        Ok(()) => {
            forget(state, job);
            state.note("dropped: history keeps it");
        }
        Err(failure) => {
            responses::tell_failure(state, &format!("job {job} could not be dropped"), &failure);
            state.note(format!("it could not be dropped: {}", failure.words));
        }
    }
}

/// Takes a job off the page, which closes with the last of them.
fn forget(state: &mut State, job: i64) {
    state.recovery.forget(job);
    renew(state);
}

/// What is on the page has changed: the cursor stays on a job, and no key counts before a person could see which.
fn renew(state: &mut State) {
    let left = state.recovery.rows();
    if let Some(Overlay::Recovery(page)) = &mut state.overlay {
        page.hidden();
        page.at = page.at.min(left.saturating_sub(1));
        if left == 0 {
            state.overlay = None;
        }
    }
}
