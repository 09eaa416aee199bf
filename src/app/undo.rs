//! Undoing and repeating jobs, and trying again what failed of one: all look into the past, then open the dialog.

use crate::app::effect::{Effects, Request};
use crate::app::state::{Overlay, Purpose, State};
use crate::app::status_pane::StatusText;
use crate::app::{confirm, reassign, responses};
use crate::model::failure::Failure;
use crate::model::plan::Plan;
use crate::model::recovery::{RecoveryPlan, RecoveryRequest};
use crate::model::undo::JobOrigin;

/// Undoes the last job that is not undone yet.
pub(crate) fn undo(state: &mut State, effects: &mut Effects) {
    let next = state.to_undo().map(RecoveryRequest::Undo);
    step(state, next, "nothing to undo", effects);
}

/// Repeats the job that was undone last.
pub(crate) fn redo(state: &mut State, effects: &mut Effects) {
    let next = state.to_redo().map(RecoveryRequest::Redo);
    step(state, next, "nothing to repeat", effects);
}

fn step(state: &mut State, next: Option<RecoveryRequest>, none: &str, effects: &mut Effects) {
    match next {
        _ if state.standing.read_only => state.note("read-only mode"),
        None => state.note(none),
        Some(recover) => look(state, recover, effects),
    }
}

/// Looks for a past job, one at a time.
pub(crate) fn look(state: &mut State, recover: RecoveryRequest, effects: &mut Effects) {
    if state.standing.read_only {
        state.note("read-only mode");
    } else if let Err(refusal) = confirm::update::organization(state) {
        state.refuse(refusal);
    } else if !state.recalls() {
        state.ask(Purpose::PlanRecovery(recover), Request::PlanRecovery(recover), effects);
    }
}

/// What was found. A person who has gone on to something else in the meantime is not interrupted.
pub(crate) fn found(
    state: &mut State,
    recover: RecoveryRequest,
    result: Result<Option<Box<RecoveryPlan>>, Failure>,
    effects: &mut Effects,
) {
    let is_covered = state.overlay.is_some() && !matches!(state.overlay, Some(Overlay::History(_)));
    let is_busy = is_covered || state.is_typing();
    let found = match result {
        _ if state.leaving.is_some() => return,
        Err(failure) => {
            responses::tell_failure(state, "the last job could not be looked for", &failure);
            state.note(format!("the last job could not be looked for: {}", failure.words));
            return;
        }
        Ok(found) => found,
    };
    match (recover, found) {
        // Whatever else became of its records, nothing of it is left: the job before it is the last one.
        (RecoveryRequest::Undo(job) | RecoveryRequest::Redo(job), found)
            if found.as_ref().is_none_or(|found| found.is_blocked()) =>
        {
            state.undo.forget(job);
            let words = format!("job {job} is passed over: nothing of it is left to undo or repeat");
            state.status.tell(state.now, StatusText::Note(words));
            match recover {
                RecoveryRequest::Redo(_) => redo(state, effects),
                _ => undo(state, effects),
            }
        }
        (_, None) => {
            if recover == RecoveryRequest::Retry {
                state.jobs.has_failed = false;
            }
            state.note(nothing_for(recover));
        }
        (_, Some(_)) if is_busy => {
            let command = match recover {
                RecoveryRequest::Undo(_) | RecoveryRequest::UndoJob(_) => "undo",
                RecoveryRequest::Redo(_) => "redo",
                RecoveryRequest::Retry | RecoveryRequest::RetryJob(_) => "retry",
            };
            state.note(format!("the last job was found while something else was open: `{command}` again"));
        }
        (_, Some(recovery_plan)) => propose(state, recover, *recovery_plan),
    }
}

fn nothing_for(recover: RecoveryRequest) -> String {
    match recover {
        RecoveryRequest::Retry => "nothing failed in the last job".to_owned(),
        RecoveryRequest::Undo(job) | RecoveryRequest::UndoJob(job) | RecoveryRequest::Redo(job) => {
            format!("there is nothing to undo in job {job}")
        }
        RecoveryRequest::RetryJob(job) => format!("nothing is left that failed in job {job}"),
    }
}

fn propose(state: &mut State, recover: RecoveryRequest, recovery_plan: RecoveryPlan) {
    let organization = match confirm::update::organization(state) {
        Ok(organization) => organization,
        Err(refusal) => return state.refuse(refusal),
    };
    let RecoveryPlan { job, action, chosen, options, reassignee, preface } = recovery_plan;
    let origin = match recover {
        RecoveryRequest::Undo(job) | RecoveryRequest::UndoJob(job) => JobOrigin::Undo(job),
        RecoveryRequest::Redo(job) => JobOrigin::Redo(job),
        // Trying an undo again is a part of it.
        RecoveryRequest::Retry | RecoveryRequest::RetryJob(_) => state.undo.origin(job),
    };
    let chosen = confirm::update::free(state, chosen);
    let plan = confirm::update::draft(state, organization, action, chosen).with(options);
    let plan = reassign::of_the_past(state, Plan { preface, origin, ..plan }, reassignee);
    if let Some(Overlay::History(page)) = state.overlay.take() {
        state.history_behind = Some(page);
    }
    confirm::update::show(state, plan);
}
