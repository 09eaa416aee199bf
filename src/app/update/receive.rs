//! What comes back from the worker.

use std::sync::Arc;

use super::has_list;
use crate::app::effect::{Effect, Effects, Ticket};
use crate::app::message::{JobEnd, LoadEnd, Reply};
use crate::app::state::detail::Fields;
use crate::app::state::listing::{Listing, Load};
use crate::app::state::status::Told;
use crate::app::state::{Identity, Overlay, Purpose, Question, State};
use crate::model::failure::{Cause, Failure};
use crate::model::kind::Coverage;
use crate::model::kind::{Kind, Scope, Verb};
use crate::model::outcome::{Outcome, Tally};
use crate::model::record::{Page, Record};
use crate::model::text;

/// Takes a report in. One for a ticket that is not open is noted and changes nothing.
pub(super) fn reply(state: &mut State, ticket: Ticket, reply: Reply, effects: &mut Effects) {
    let Some(purpose) = state.tickets.purpose(ticket) else {
        state
            .status
            .tell(state.now, Told::Note("a late answer to nothing that is awaited was dropped".to_owned()));
        return;
    };
    if reply.is_final() {
        state.tickets.close(ticket);
    }
    match (purpose, reply) {
        (Purpose::List(kind), Reply::Page { page, total, dropped, unreadable, coverage })
            if state.listing_of(kind).load == Load::Running(ticket) =>
        {
            receive_page(state, kind, &page);
            let listing = state.listing_of(kind);
            listing.dropped += dropped;
            listing.unreadable += unreadable;
            receive_total(state, kind, total, coverage);
        }
        (Purpose::List(kind), Reply::Loaded(result)) => loaded(state, kind, ticket, result),
        (Purpose::Arrange(kind), Reply::Arranged(order)) => {
            state.listing_of(kind).arranged(ticket, order.as_deref());
        }
        (Purpose::Count(kind), Reply::Counted(Ok(total))) => {
            state.listing_of(kind).active_total = Some(total);
        }
        (Purpose::Identify, Reply::Identified(result)) => match result {
            Ok(organization) => {
                state.standing.organization = Some(organization);
                state.identity = Identity::Known;
            }
            Err(failure) => {
                tell_failure(state, "the organization could not be read", &failure);
                state.identity = Identity::Failed(failure);
            }
        },
        (Purpose::People, Reply::Peopled(Ok(people))) => {
            state.people = Arc::new(people);
            state.listings.iter_mut().for_each(Listing::touch);
        }
        (Purpose::Read, Reply::Read(result)) => receive_fields(state, ticket, result),
        (Purpose::Job, Reply::Started) => {
            let now = state.now;
            if let Some(job) = state.jobs.get_mut(ticket) {
                job.started = Some(now);
            }
        }
        (Purpose::Job, Reply::Held) => stop_if_suspending(state, effects),
        (Purpose::Job, Reply::Step { step, outcome, reason, record }) => {
            receive_step(state, ticket, step, outcome, reason, record);
        }
        (Purpose::Job, Reply::JobEnded(end)) => end_job(state, ticket, &end, effects),
        (purpose, Reply::Broken(failure)) => broken(state, purpose, ticket, failure, effects),
        // The failed ones among these have their line in the status pane; the screen shows ids and `-` without them.
        (Purpose::Count(_), Reply::Counted(Err(_))) | (Purpose::People, Reply::Peopled(Err(_))) => {}
        // A report of another sort than the ticket's, which no worker sends.
        _ => {}
    }
}

fn receive_page(state: &mut State, kind: Kind, page: &Arc<Page>) {
    if state.marks.count(kind) > 0 {
        page.records().for_each(|record| state.marks.refresh(&record));
    }
    state.listing_of(kind).receive(page);
}

fn receive_total(state: &mut State, kind: Kind, total: Option<u64>, coverage: Vec<Coverage>) {
    let listing = state.listing_of(kind);
    listing.total = total.or(listing.total);
    listing.coverage = coverage;
    if listing.scope == Scope::Active && total.is_some() {
        listing.active_total = total;
    }
}

fn loaded(state: &mut State, kind: Kind, ticket: Ticket, result: Result<LoadEnd, Failure>) {
    let listing = state.listing_of(kind);
    if listing.load != Load::Running(ticket) {
        return;
    }
    match result {
        Ok(end) => {
            let missing = end.missing;
            listing.end(Load::Done(end));
            if !has_list(kind) {
                listing.total = Some(listing.loaded() as u64);
                listing.active_total = listing.total;
            }
            if let Some(missing) = missing.filter(|missing| *missing > 0) {
                let words = format!(
                    "the server counts {} more {} than it sent: R asks again",
                    text::grouped(missing),
                    kind.row().plural
                );
                state.status.tell(state.now, Told::Note(words));
            }
        }
        Err(failure) if failure.cause == Cause::Cancelled => listing.end(Load::Stopped),
        Err(failure) => {
            listing.end(Load::Failed(failure.clone()));
            tell_failure(state, &format!("the {} could not all be loaded", kind.row().plural), &failure);
        }
    }
}

fn receive_fields(state: &mut State, ticket: Ticket, result: Result<Vec<(String, String)>, Failure>) {
    if let Some(detail) = state.detail.as_mut().filter(|detail| detail.fields == Fields::Asked(ticket)) {
        detail.fields = match result {
            Ok(fields) => Fields::Known(fields),
            Err(failure) => Fields::Failed(failure),
        };
    }
}

fn receive_step(
    state: &mut State,
    ticket: Ticket,
    step: usize,
    outcome: Outcome,
    reason: Option<String>,
    answered: Option<Record>,
) {
    state.jobs.step(ticket, step, outcome);
    let Some(job) = state.jobs.get_mut(ticket) else { return };
    let verb = job.plan.verb;
    let Some(record) = job.plan.steps.get(step).map(|step| step.record.clone()) else { return };
    match outcome {
        Outcome::Done | Outcome::AlreadyGone => {
            state.marks.unset(record.kind(), record.id());
            move_between_scopes(state, verb, &record, answered);
        }
        Outcome::Refused | Outcome::Failed | Outcome::Unknown | Outcome::Held => {
            let reason = reason.unwrap_or_default();
            state.marks.fail(record, format!("{}: {reason}", outcome.word()));
        }
        Outcome::NotSent => {}
    }
}

/// Lets the list show what a verb did, when it is certain.
fn move_between_scopes(state: &mut State, verb: Verb, record: &Record, answered: Option<Record>) {
    let now = state.now.wall;
    let listing = state.listing_of(record.kind());
    let was_active = !record.is_archived();
    let becomes = match verb {
        Verb::Delete => None,
        Verb::Archive => {
            Some(answered.filter(Record::is_archived).unwrap_or_else(|| record.with_archived(Some(now))))
        }
        Verb::Restore => Some(
            answered.filter(|answered| !answered.is_archived()).unwrap_or_else(|| record.with_archived(None)),
        ),
    };
    let is_active = becomes.as_ref().is_some_and(|record| !record.is_archived());
    listing.active_total = listing.active_total.map(|total| match (was_active, is_active) {
        (true, false) => total.saturating_sub(1),
        (false, true) => total + 1,
        _ => total,
    });
    match becomes {
        Some(record) if listing.scope.holds(record.is_archived()) => listing.admit(record),
        _ => listing.remove(record.id()),
    }
}

fn end_job(state: &mut State, ticket: Ticket, end: &JobEnd, effects: &mut Effects) {
    let Some(job) = state.jobs.remove(ticket) else { return };
    if state.overlay.as_ref().is_some_and(|overlay| asks_about(overlay, ticket)) {
        state.overlay = None;
    }
    if let Some(failure) = &end.stopped {
        tell_failure(state, &format!("the {} was stopped", job.plan.verb.word()), failure);
    }
    let summary = end.tally.sentence(job.plan.verb.word(), end.cancelled);
    if state.leaving.is_some() {
        state.parting.push(summary.clone());
    }
    state.status.tell(state.now, Told::Summary(summary));
    stop_if_suspending(state, effects);
    if let (Some(leaving), true) = (state.leaving, state.jobs.is_empty()) {
        effects.push(Effect::Quit(leaving.exit));
    }
}

fn asks_about(overlay: &Overlay, ticket: Ticket) -> bool {
    matches!(overlay, Overlay::Ask(Question::CancelJob(asked)) if *asked == ticket)
}

fn stop_if_suspending(state: &mut State, effects: &mut Effects) {
    if std::mem::take(&mut state.suspending) {
        effects.push(Effect::Suspend);
    }
}

/// A fault of ours ended a piece of work: whatever waited for it is told so.
fn broken(state: &mut State, purpose: Purpose, ticket: Ticket, failure: Failure, effects: &mut Effects) {
    tell_failure(state, "something went wrong inside tidyfy", &failure);
    match purpose {
        Purpose::List(kind) if state.listing_of(kind).load == Load::Running(ticket) => {
            state.listing_of(kind).end(Load::Failed(failure));
        }
        Purpose::Arrange(kind) => state.listing_of(kind).arranged(ticket, None),
        Purpose::Identify => state.identity = Identity::Failed(failure),
        Purpose::Read => receive_fields(state, ticket, Err(failure)),
        Purpose::Job => {
            let tally = state.jobs.get_mut(ticket).map_or_else(Tally::default, |job| job.tally);
            end_job(state, ticket, &JobEnd { tally, cancelled: false, stopped: None }, effects);
        }
        Purpose::List(_) | Purpose::People | Purpose::Count(_) => {}
    }
}

fn tell_failure(state: &mut State, what: &str, failure: &Failure) {
    let hint = failure.hint().map_or_else(String::new, |hint| format!("; hint: {hint}"));
    state.status.tell(state.now, Told::Note(format!("{what}: {}{hint}", failure.words)));
}
