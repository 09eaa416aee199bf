//! Acting: from an action's key to a plan, from a confirmed plan to a job, and ending jobs.

use std::sync::Arc;

use crate::app::arming::Arming;
use crate::app::command::Command;
use crate::app::confirm::{Confirm, DialogResult};
use crate::app::detail::KnownFields;
use crate::app::effect::{Effect, Effects, Request, RequestId};
use crate::app::jobs::QueueState;
use crate::app::list::Listing;
use crate::app::state::{CommandRefusal, Identity, NoticeCondition, Overlay, Purpose, State, YesNoQuestion};
use crate::app::{downloads, list, reassign, recovery};
use crate::model::impact::Impact;
use crate::model::kind::Action;
use crate::model::plan::{Organization, Plan, Target, untouchable};
use crate::model::record::Record;
use crate::model::text;

/// Opens the dialog for an action, with the records frozen that it is about now.
pub(crate) fn propose(state: &mut State, action: Action) {
    match plan(state, action) {
        Ok(plan) => show(state, plan),
        Err(refusal) => state.refuse(refusal),
    }
}

/// What `action` would do here and now, or why it can do nothing at all.
fn plan(state: &State, action: Action) -> Result<Plan, CommandRefusal> {
    if state.standing.read_only {
        return Err("read-only mode".into());
    }
    if state.detail.is_none() && state.is_marking() {
        return Err(CommandRefusal::during(NoticeCondition::Marking, "still marking"));
    }
    if let Some(why) = unread(state) {
        return Err(why);
    }
    let organization = organization(state)?;
    let targets = targets(state);
    let Some(first) = targets.first() else {
        return Err(format!("there is nothing here to {}", state.kind.row().words.action(action)).into());
    };
    let row = first.kind().row();
    if targets.iter().all(|record| record.kind().row().action(action).is_none()) {
        return Err(format!("{} have no {}", row.plural, row.words.action(action)).into());
    }
    if let (Some(_), Some(reason)) = (&state.detail, untouchable(first)) {
        return Err(reason.into());
    }
    let n = targets.len();
    let chosen = targets.into_iter().map(|record| chosen(state, record)).collect();
    if state.marked_only.is_some() && state.detail.is_none() {
        return Ok(of_set(state, n, draft(state, organization, action, chosen)));
    }
    let marked = state.detail.is_none() && state.marks.count(state.kind) > 0;
    let hidden = if marked { state.listing().hidden_among(&state.marks) } else { 0 };
    let bystander =
        state.under_cursor().filter(|record| marked && state.marks.get(record.kind(), record.id()).is_none());
    Ok(Plan {
        hidden,
        filtered: !state.listing().filter.is_empty(),
        bystander: bystander.map(|record| record.name().to_owned()),
        ..draft(state, organization, action, chosen)
    })
}

/// A plan for the `n` marked records that the view of all that is marked shows.
fn of_set(state: &State, n: usize, plan: Plan) -> Plan {
    let preface = match state.marks.total() - n {
        0 => None,
        1 => Some("1 more is marked, and not shown here and not included".to_owned()),
        more => {
            let more = text::grouped(more as u64);
            Some(format!("{more} more are marked, and not shown here and not included"))
        }
    };
    let is_unmarked = |record: &Record| state.marks.get(record.kind(), record.id()).is_none();
    let bystander = state.under_cursor().filter(is_unmarked).map(|record| record.name().to_owned());
    Plan { preface: preface.into_iter().collect(), bystander, ..plan }
}

/// A plan on the terms of this session, with nothing said or chosen about it yet.
pub(crate) fn draft(state: &State, organization: Organization, action: Action, chosen: Vec<Target>) -> Plan {
    let (limits, thresholds) = (state.setup.limits.clone(), state.setup.thresholds);
    let held = |listing: &Listing| Some((listing.kind, listing.total?.max(listing.loaded() as u64)));
    let is_chosen = |kind| chosen.iter().any(|chosen| chosen.record.kind() == kind);
    let nests = |listing: &&Listing| listing.kind.row().parent.is_some() && is_chosen(listing.kind);
    let nesting: Vec<&Listing> = state.listings.iter().filter(nests).collect();
    let known = nesting.into_iter().flat_map(Listing::records);
    Plan {
        held_by_server: state.listings.iter().filter_map(held).collect(),
        traffic: state.traffic.rested(),
        ..Plan::new(action, organization, chosen, limits, thresholds).among(known)
    }
}

/// Opens the dialog for a plan.
pub(crate) fn show(state: &mut State, plan: Plan) {
    let reassignees = reassign::all(state, &plan);
    state.overlay = Some(Overlay::Confirm(Box::new(Confirm::new(plan).with_reassignees(reassignees))));
}

/// Where it would be done; or why nothing can be, as long as that is not known by name.
pub(crate) fn organization(state: &State) -> Result<Organization, CommandRefusal> {
    state.standing.organization.clone().ok_or_else(|| match &state.identity {
        Identity::Failed(failure) => {
            let words = "nothing can be done while the organization's name is unknown";
            let key = state.setup.keymap.spoken(Command::Reload);
            format!("{words}: {}: {key} asks again", failure.words).into()
        }
        Identity::Asking | Identity::Known => CommandRefusal::during(
            NoticeCondition::Identifying,
            "the organization's name is still being read",
        ),
    })
}

/// Records of a past job as they can be acted upon now: those in an open job are left to it.
pub(crate) fn free(state: &State, past: Vec<Target>) -> Vec<Target> {
    let free = |past: Target| Target { busy: past.busy.or(chosen(state, past.record.clone()).busy), ..past };
    past.into_iter().map(free).collect()
}

/// The records an action is about: the one on the open page, else, where all that is marked is shown, what is shown and
/// marked there, else the marked ones of this kind, else the one under the cursor. Each in its newest known version.
pub(crate) fn targets(state: &State) -> Vec<Record> {
    let picked = picked(state);
    if picked.is_empty() && state.detail.is_none() && state.marked_only.is_none() {
        return state.under_cursor().into_iter().collect();
    }
    picked
}

/// The record whose page is open; else what is marked of what is shown in the view of all marks, or of the open kind.
pub(crate) fn picked(state: &State) -> Vec<Record> {
    if let Some(detail) = &state.detail {
        // What is on the page has been read later than the list.
        let is_read = matches!(detail.fields, KnownFields::Known(_));
        let record = &detail.record;
        return vec![if is_read { completed(state, record) } else { newest(state, record) }];
    }
    if let Some(set) = &state.marked_only {
        let marked = set.shown().filter_map(|record| state.marks.get(record.kind(), record.id()));
        return marked.map(|mark| newest(state, &mark.record)).collect();
    }
    state.marks.of(state.kind).map(|mark| newest(state, &mark.record)).collect()
}

pub(crate) fn newest(state: &State, record: &Record) -> Record {
    known(state, record).unwrap_or_else(|| record.clone())
}

/// The record as its list tells of it, else as it was marked.
fn known(state: &State, record: &Record) -> Option<Record> {
    let listed = state.listings[record.kind() as usize].find(record.id());
    listed.or_else(|| state.marks.get(record.kind(), record.id()).map(|mark| mark.record.clone()))
}

/// A record that was read by itself, with what its list tells besides: what holds an action back there does so here.
pub(crate) fn completed(state: &State, read: &Record) -> Record {
    known(state, read).map_or_else(|| read.clone(), |earlier| read.completed_by(&earlier))
}

/// Why the record of the open page is not known well enough to be acted upon: whatever led to the page may have told its
/// name and no more.
pub(crate) fn unread(state: &State) -> Option<CommandRefusal> {
    let detail = state.detail.as_ref().filter(|detail| known(state, &detail.record).is_none())?;
    match &detail.fields {
        KnownFields::Known(_) => None,
        KnownFields::Asked(_) => {
            Some(CommandRefusal::during(NoticeCondition::Awaiting(Purpose::Read), "still reading"))
        }
        KnownFields::Failed(failure) => {
            let key = state.setup.keymap.spoken(Command::Reload);
            Some(format!("it could not be read: {}; hint: {key} tries again", failure.words).into())
        }
    }
}

/// A record as an action finds it now: one that a job still has before it, or hands something to, is left to that job.
fn chosen(state: &State, record: Record) -> Target {
    let (kind, id) = (record.kind(), record.id());
    let busy = if state.jobs.holds(kind, id) {
        Some("already in a running job")
    } else {
        state.jobs.hands_to(kind, id).then_some("is to take over in a running job")
    };
    Target { busy: busy.map(str::to_owned), record }
}

/// Does what has become of the open dialog: nothing yet, nothing at all, or the plan.
pub(crate) fn conclude(state: &mut State, verdict: DialogResult, effects: &mut Effects) {
    if verdict == DialogResult::Open {
        return;
    }
    if let (Some(Overlay::Confirm(confirm)), DialogResult::Confirmed) = (state.overlay.take(), verdict) {
        // What runs is to be seen.
        state.history_behind = None;
        apply(state, Arc::clone(&confirm.plan), effects);
    }
}

/// Asks what hangs on the records that the open dialog is about, and stops what counts for one that is closed.
pub(crate) fn count_impact(state: &mut State, effects: &mut Effects) {
    while let Some(plan) = dialog(state).and_then(Confirm::wants_weighing) {
        let request_id = state.ask(Purpose::CountImpact, Request::CountImpact(plan), effects);
        state.weighing.insert(request_id);
        if let Some(confirm) = dialog(state) {
            confirm.weighing(request_id);
        }
    }
    let open = match &state.overlay {
        Some(Overlay::Confirm(confirm)) => Some(confirm),
        _ => None,
    };
    let in_flight = &state.in_flight;
    state.weighing.retain(|request_id| {
        let under_way = in_flight.purpose(*request_id).is_some();
        let wanted = open.is_some_and(|confirm| confirm.is_counted_impact_by(*request_id));
        if under_way && !wanted {
            effects.push(Effect::Cancel(*request_id));
        }
        under_way && wanted
    });
}

/// What has been counted goes to the dialog it was counted for, if that is still open.
pub(crate) fn counted_impact(state: &mut State, request_id: RequestId, found: Vec<Impact>) {
    if let Some(confirm) = dialog(state) {
        confirm.counted_impact(request_id, found);
    }
}

fn dialog(state: &mut State) -> Option<&mut Confirm> {
    match &mut state.overlay {
        Some(Overlay::Confirm(confirm)) => Some(confirm),
        _ => None,
    }
}

/// Hands a confirmed plan to the worker.
fn apply(state: &mut State, plan: Arc<Plan>, effects: &mut Effects) {
    if let Some(job) = plan.continues {
        recovery::update::taken_up(state, job);
    }
    let request_id = state.ask(Purpose::Job, Request::RunJob(Arc::clone(&plan)), effects);
    if state.jobs.is_paused() {
        // The queue stays paused until a person resumes it, whatever joins it.
        effects.push(Effect::Pause(request_id));
    }
    state.undo.confirmed(plan.origin);
    state.jobs.add(request_id, plan);
}

/// Pauses the queue, or lets it go on.
pub(crate) fn pause(state: &mut State, effects: &mut Effects) {
    if state.jobs.going().next().is_none() {
        state.note("no job is running");
    } else if state.jobs.is_paused() {
        resume(state, effects);
    } else {
        hold(state, QueueState::Paused, effects);
    }
}

/// Pauses the queue at once, then asks what to cancel of it; without a job, ends the load under way.
pub(crate) fn ask_cancel(state: &mut State, effects: &mut Effects) {
    let running = state.jobs.going().next().map(|job| job.request_id);
    match running {
        None if downloads::update::stop(state, effects) => {
            state.note_during(
                NoticeCondition::Awaiting(Purpose::Download),
                "saving stops; what is not whole is dropped",
            );
        }
        None if list::update::stop(state, effects) => {
            let key = state.setup.keymap.spoken(Command::Reload);
            state.note(format!("loading stopped: {key} loads the rest"));
        }
        None => state.note("no job is running, and nothing is being saved or loaded"),
        Some(request_id) => {
            if !state.jobs.is_paused() {
                hold(state, QueueState::Asking, effects);
            }
            state.question_arming = Arming::default();
            state.overlay = Some(Overlay::Question(YesNoQuestion::CancelJob(request_id)));
        }
    }
}

/// Cancels the rest of one job. Those behind it wait for a person.
pub(crate) fn cancel(state: &mut State, request_id: RequestId, effects: &mut Effects) {
    state.jobs.queue = QueueState::Paused;
    if let Some(job) = state.jobs.get_mut(request_id) {
        job.cancelled = true;
        effects.push(Effect::Cancel(request_id));
    }
}

/// A question about the queue is answered with no: what it paused goes on.
pub(crate) fn go_on(state: &mut State, effects: &mut Effects) {
    if state.jobs.queue == QueueState::Asking {
        resume(state, effects);
    }
}

/// The job that is asked about is over before it was answered. Nothing behind it starts while a person meant to stop.
pub(crate) fn nothing_to_cancel(state: &mut State) {
    state.overlay = None;
    if state.jobs.is_empty() {
        state.note("the job is over: nothing was left to cancel");
        return;
    }
    state.jobs.queue = QueueState::Paused;
    let key = state.setup.keymap.spoken(Command::PauseJob);
    let words =
        format!("that job is over: nothing was left to cancel; the queue is paused: {key} resumes it");
    state.note_during(NoticeCondition::Paused, words);
}

fn resume(state: &mut State, effects: &mut Effects) {
    state.suspending = false;
    state.jobs.queue = QueueState::Running;
    let going: Vec<RequestId> = state.jobs.going().map(|job| job.request_id).collect();
    for request_id in going {
        effects.push(Effect::Resume(request_id));
        if let Some(job) = state.jobs.get_mut(request_id) {
            job.at_rest = false;
        }
    }
}

fn hold(state: &mut State, queue: QueueState, effects: &mut Effects) {
    state.jobs.queue = queue;
    effects.extend(state.jobs.going().map(|job| Effect::Pause(job.request_id)));
}

/// Cancels every job.
pub(crate) fn cancel_all(state: &mut State, effects: &mut Effects) {
    let in_flight: Vec<RequestId> = state.jobs.iter().map(|job| job.request_id).collect();
    in_flight.into_iter().for_each(|request_id| cancel(state, request_id, effects));
}

/// Stops the process, after what is under way has been answered. No job goes on by itself when the process does.
pub(crate) fn suspend(state: &mut State, effects: &mut Effects) {
    if !state.jobs.is_empty() {
        hold(state, QueueState::Paused, effects);
    }
    state.suspending = true;
    // The screen is given away: what was on it must be seen again before it counts.
    state.hide_overlay();
    stop_if_at_rest(state, effects);
    if state.suspending {
        let words = "stopping as soon as what is under way has been answered";
        state.note_during(NoticeCondition::Suspending, words);
    }
}

/// Stops the process if that is wanted and nothing is under way.
pub(crate) fn stop_if_at_rest(state: &mut State, effects: &mut Effects) {
    if state.suspending && state.jobs.are_at_rest() {
        state.suspending = false;
        effects.push(Effect::Suspend);
    }
}
