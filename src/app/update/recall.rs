//! Undoing the last job, and trying again what failed of it: both look into the past, then open the modal.

use super::{act, heir, receive};
use crate::app::effect::{Effects, Work};
use crate::app::state::{Overlay, Purpose, State};
use crate::model::failure::Failure;
use crate::model::past::{Recall, Recalled};
use crate::model::plan::Plan;

/// Looks for a past job, one at a time.
pub(super) fn look(state: &mut State, recall: Recall, effects: &mut Effects) {
    if state.standing.read_only {
        state.note("read-only");
    } else if let Err(why) = act::organization(state) {
        state.note(why);
    } else if !state.recalls() {
        state.ask(Purpose::Recall(recall), Work::Recall(recall), effects);
    }
}

/// What was found. A person who has gone on to something else in the meantime is not interrupted.
pub(super) fn found(state: &mut State, recall: Recall, result: Result<Option<Box<Recalled>>, Failure>) {
    let is_covered = state.overlay.is_some() && !matches!(state.overlay, Some(Overlay::History(_)));
    let is_busy = is_covered || state.is_typing();
    match result {
        _ if state.leaving.is_some() => {}
        Err(failure) => {
            receive::tell_failure(state, "the last job could not be looked for", &failure);
            state.note(format!("the last job could not be looked for: {}", failure.words));
        }
        Ok(None) => {
            let aftermath = &mut state.jobs.aftermath;
            match recall {
                Recall::Undo => aftermath.undoable = false,
                Recall::Retry => aftermath.failed = false,
                Recall::UndoJob(_) | Recall::RetryJob(_) => {}
            }
            state.note(nothing_for(recall));
        }
        Ok(Some(_)) if is_busy => {
            let command = match recall {
                Recall::Undo | Recall::UndoJob(_) => "undo",
                Recall::Retry | Recall::RetryJob(_) => "retry",
            };
            state.note(format!("the last job was found while something else was open: `{command}` again"));
        }
        Ok(Some(recalled)) => propose(state, *recalled),
    }
}

fn nothing_for(recall: Recall) -> String {
    match recall {
        Recall::Undo => "there is nothing to undo".to_owned(),
        Recall::Retry => "nothing failed in the last job".to_owned(),
        Recall::UndoJob(job) => format!("there is nothing to undo in job {job}"),
        Recall::RetryJob(job) => format!("nothing is left that failed in job {job}"),
    }
}

fn propose(state: &mut State, recalled: Recalled) {
    let organization = match act::organization(state) {
        Ok(organization) => organization,
        Err(why) => return state.note(why),
    };
    let Recalled { verb, chosen, options, heir, preface } = recalled;
    let chosen = act::free(state, chosen);
    let plan = act::draft(state, organization, verb, chosen).with(options);
    let plan = heir::of_the_past(state, Plan { preface, ..plan }, heir);
    if let Some(Overlay::History(page)) = state.overlay.take() {
        state.history_behind = Some(page);
    }
    act::show(state, plan);
}
