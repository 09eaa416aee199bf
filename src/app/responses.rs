//! What comes back from the worker.

use std::sync::Arc;

use jiff::Timestamp;

use crate::app::command::Command;
use crate::app::effect::{Effect, Effects, RequestId};
use crate::app::event::{JobEnd, LoadEnd, Response, StepRemark, Verification};
use crate::app::filter::FilterError;
use crate::app::list::{Listing, LoadProgress};
use crate::app::saved::selections;
use crate::app::state::{Identity, Overlay, Purpose, State, YesNoQuestion};
use crate::app::status_pane::StatusText;
use crate::app::status_pane::group::{FailedStep, groups};
use crate::app::{
    clipboard, confirm, connection, detail, downloads, export, history, organizations, recovery, saved,
    status_pane, undo,
};
use crate::model::failure::{Cause, Failure};
use crate::model::filter::Filter;
use crate::model::kind::Coverage;
use crate::model::kind::{Action, Kind, Scope};
use crate::model::outcome::{Outcome, OutcomeCounts};
use crate::model::plan::Step;
use crate::model::record::{Page, Record};
use crate::model::text;

/// Takes a report in. One for a ticket that is not open is noted and changes nothing.
pub(crate) fn response(state: &mut State, request_id: RequestId, response: Response, effects: &mut Effects) {
    let Some(purpose) = state.in_flight.purpose(request_id) else {
        state.status.tell(
            state.now,
            StatusText::Note("a late answer to nothing that is awaited was dropped".to_owned()),
        );
        return;
    };
    if response.is_final() {
        state.in_flight.close(request_id);
    }
    match (purpose, response) {
        (Purpose::List(kind), Response::Page { number, page, total, dropped, unreadable, coverage })
            if state.listing_of(kind).load == LoadProgress::Running(request_id) =>
        {
            receive_page(state, kind, number, &page);
            state.listing_of(kind).leave_out(number, dropped, unreadable);
            receive_total(state, kind, total, coverage);
        }
        (Purpose::List(kind), Response::Reread { from })
            if state.listing_of(kind).load == LoadProgress::Running(request_id) =>
        {
            state.listing_of(kind).read_again(from);
        }
        (Purpose::List(kind), Response::Gap { number, why })
            if state.listing_of(kind).load == LoadProgress::Running(request_id) =>
        {
            state.listing_of(kind).miss(number, why);
        }
        (Purpose::List(kind), Response::Amended(page))
            if state.listing_of(kind).load == LoadProgress::Running(request_id) =>
        {
            for record in page.records() {
                let record = state.saves.sized(&record).unwrap_or(record);
                state.marks.refresh(&record);
                state.listing_of(kind).replace(record);
            }
        }
        (Purpose::List(kind), Response::Loaded(result)) => loaded(state, kind, request_id, result),
        (Purpose::Search(kind), Response::Found(page))
            if state.listing_of(kind).search.is_running(request_id) =>
        {
            state.listing_of(kind).find_ahead(&page);
        }
        // One that failed has its line in the status pane, and the list itself still comes.
        (Purpose::Search(kind), Response::Searched(_)) => state.listing_of(kind).search.end(request_id),
        (Purpose::Query(kind), Response::QueryProgress(first)) => {
            state.listing_of(kind).arranging_so_far(request_id, &first);
        }
        (Purpose::Query(kind), Response::QueryResult(arranged)) => {
            state.listing_of(kind).arranged(request_id, arranged);
        }
        (Purpose::Count(kind), Response::Counted(Ok(total))) => {
            state.listing_of(kind).active_total = Some(total);
        }
        (Purpose::Identify, Response::Identified(result)) => match result {
            Ok(organization) => {
                state.standing.organization = Some(organization);
                state.identity = Identity::Known;
            }
            Err(failure) => {
                tell_failure(state, "the organization could not be read", &failure);
                state.identity = Identity::Failed(failure);
            }
        },
        (Purpose::Members, Response::Members(Ok(people))) => {
            state.people = Arc::new(people);
            state.listings.iter_mut().for_each(Listing::touch);
        }
        (Purpose::Read, Response::Read(result)) => detail::update::read(state, request_id, result, effects),
        (Purpose::Related, Response::Related(result)) => {
            detail::update::related(state, request_id, result, effects);
        }
        (Purpose::Organizations, Response::Organizations(result)) => {
            organizations::update::placed(state, result);
        }
        (Purpose::CountImpact, Response::ImpactProgress(found) | Response::Impact(found)) => {
            confirm::update::counted_impact(state, request_id, found);
        }
        (Purpose::Job, Response::Started) => {
            let now = state.now;
            if let Some(job) = state.jobs.get_mut(request_id) {
                job.started = Some(now);
            }
        }
        (Purpose::Job, Response::Recorded(number)) => {
            if let Some(job) = state.jobs.get_mut(request_id) {
                job.number = Some(number);
            }
        }
        (Purpose::Job, Response::Paused) => {
            if let Some(job) = state.jobs.get_mut(request_id) {
                job.at_rest = true;
            }
            confirm::update::stop_if_at_rest(state, effects);
        }
        (Purpose::Job, Response::Step { step, outcome, reason, record, remark }) => {
            receive_step(state, request_id, step, EndedStep { outcome, reason, record, remark }, effects);
        }
        (Purpose::PlanRecovery(recover), Response::RecoveryPlanned(result)) => {
            undo::found(state, recover, result, effects);
        }
        (Purpose::Unfinished, Response::UnfinishedJobs(open)) => {
            recovery::update::left_open(state, open, effects);
        }
        (Purpose::Unfinished, Response::ReadBack { job, outcome }) => {
            recovery::update::read_back(state, job, outcome);
        }
        (Purpose::Unfinished, Response::Unfinished(result)) => recovery::update::found(state, result),
        (Purpose::Acknowledge, Response::Acknowledged(result)) => {
            recovery::update::acknowledged(state, result);
        }
        (Purpose::History, Response::History(result)) => {
            history::update::told(state, request_id, result, effects);
        }
        (Purpose::JobSteps, Response::JobSteps(result)) => {
            history::update::recounted(state, request_id, result);
        }
        (Purpose::Copy, Response::Copied(result)) => clipboard::copied(state, result, effects),
        (Purpose::Export, Response::Exported(result)) => export::update::exported(state, result),
        (Purpose::Browse, Response::Browsed(result)) => clipboard::browsed(state, result, effects),
        (Purpose::DropJob(job), Response::Dropped(result)) => recovery::update::dropped(state, job, result),
        (Purpose::Download, Response::DownloadProgress(bytes)) => {
            downloads::update::progressed(state, request_id, bytes);
        }
        (Purpose::Download, Response::FileDownloaded { file, result }) => {
            downloads::update::saved(state, request_id, file, result);
        }
        (Purpose::Download, Response::DownloadEnded(result)) => {
            downloads::update::ended(state, request_id, &result);
        }
        (Purpose::Find, Response::RecordFound(result)) => downloads::update::looked(state, result, effects),
        (Purpose::Write, Response::Written(result)) => status_pane::update::written(state, result),
        (Purpose::SavedFilters, Response::SavedFilters(result)) => saved::update::shelved(state, result),
        (Purpose::Selections | Purpose::Entries, Response::Selections(result)) => {
            selections::answered(state, result, effects);
        }
        (Purpose::Resolve, Response::Resolving(sights)) => selections::sighted(state, request_id, sights),
        (Purpose::Resolve, Response::Resolved(result)) => selections::sought(state, request_id, result),
        (Purpose::Authenticate, Response::Authenticated(result)) => {
            connection::update::admitted(state, result, effects);
        }
        (Purpose::Job, Response::JobEnded(end)) => end_job(state, request_id, &end, effects),
        (purpose, Response::Panicked(failure)) => broken(state, purpose, request_id, failure, effects),
        // The failed ones among these have their line in the status pane; the screen shows ids and `-` without them.
        (Purpose::Count(_), Response::Counted(Err(_))) | (Purpose::Members, Response::Members(Err(_))) => {}
        // A report of another sort than the ticket's, which no worker sends.
        _ => {}
    }
}

fn receive_page(state: &mut State, kind: Kind, number: u32, page: &Arc<Page>) {
    if state.marks.count(kind) > 0 {
        page.records().for_each(|record| state.marks.refresh(&record));
    }
    let now = state.now;
    state.listing_of(kind).receive(number, page, now);
    // Lists do not tell sizes, but some are known by now.
    if state.saves.knows_sizes() {
        for sized in page.records() {
            let Some(sized) = state.saves.sized(&sized) else { continue };
            state.marks.refresh(&sized);
            state.listing_of(kind).replace(sized);
        }
    }
}

fn receive_total(state: &mut State, kind: Kind, total: Option<u64>, coverage: Vec<Coverage>) {
    let listing = state.listing_of(kind);
    listing.total = total.or(listing.total);
    listing.coverage = coverage;
    if listing.scope == Scope::Active && total.is_some() {
        listing.active_total = total;
    }
}

fn loaded(state: &mut State, kind: Kind, request_id: RequestId, result: Result<LoadEnd, Failure>) {
    let listing = state.listing_of(kind);
    if listing.load != LoadProgress::Running(request_id) {
        return;
    }
    match result {
        Ok(end) => {
            // Who reads only the rest of a list cannot tell what it lacks.
            let missing = end.missing.or_else(|| listing.shortfall());
            let is_changing = end.is_changing;
            listing.end(LoadProgress::Done(LoadEnd { missing, is_changing }));
            let is_counted = kind.row().counted().is_some();
            let total = if is_counted { listing.total_or_loaded() } else { listing.loaded() as u64 };
            listing.total = Some(total);
            if listing.scope == Scope::Active {
                listing.active_total = Some(total);
            }
            let gaps = listing.gaps();
            if gaps > 0 {
                let pages = if gaps == 1 { "a page is" } else { "some pages are" };
                let (plural, key) = (kind.row().plural, state.setup.keymap.spoken(Command::Reload));
                let words = format!(
                    "the {plural} could not all be loaded: {pages} missing; hint: {key} reads what is missing"
                );
                state.status.tell(state.now, StatusText::Note(words));
            }
            if let Some(missing) = missing.filter(|missing| *missing > 0) {
                let (n, plural) = (text::grouped(missing), kind.row().plural);
                let key = state.setup.keymap.spoken(Command::Reload);
                let words = match is_changing {
                    true => format!(
                        "the {plural} changed twice while they were read: {n} may be missing; hint: {key} reads them again"
                    ),
                    false => format!("the server counts {n} more {plural} than it sent: {key} asks again"),
                };
                state.status.tell(state.now, StatusText::Note(words));
            }
        }
        Err(failure) if failure.cause == Cause::Cancelled => listing.end(LoadProgress::Stopped),
        Err(failure) => {
            listing.end(LoadProgress::Failed(failure.clone()));
            tell_failure(state, &format!("the {} could not all be loaded", kind.row().plural), &failure);
        }
    }
}

/// How a step ended.
struct EndedStep {
    outcome: Outcome,
    reason: Option<String>,
    record: Option<Record>,
    remark: Option<StepRemark>,
}

fn receive_step(
    state: &mut State,
    request_id: RequestId,
    step: usize,
    ended: EndedStep,
    effects: &mut Effects,
) {
    state.jobs.step(request_id, step, ended.outcome);
    let Some(job) = state.jobs.get_mut(request_id) else { return };
    let Some(step) = job.plan.steps.get(step).cloned() else { return };
    let is_prepared = step.after.is_some_and(|first| job.ended.get(first) == Some(&Some(Outcome::Done)));
    let Step { record, row, .. } = step;
    let sent = job.take_sent(&record);
    let prepares = row.action != job.plan.action;
    job.bytes_gone += usize::from(ended.remark == Some(StepRemark::BytesGone));
    if let Some(remark) = ended.remark {
        tell_remark(state, &record, remark);
    }
    let record = as_it_stands(state, record, is_prepared);
    match ended.outcome {
        Outcome::Done | Outcome::AlreadyGone => {
            let becomes = match ended.outcome {
                Outcome::AlreadyGone => None,
                _ => outcome_of(row.action, &record, ended.record, state.now.wall),
            };
            match &becomes {
                // It is the next step that the mark is for.
                Some(becomes) if prepares => state.marks.refresh(becomes),
                _ => settle_mark(state, &record),
            }
            detail::update::renew(state, &record, becomes.as_ref(), effects);
            move_between_scopes(state, &record, becomes);
        }
        Outcome::Refused | Outcome::Failed | Outcome::Unknown | Outcome::Changed => {
            let word = record.kind().row().words.action(row.action);
            let first = if prepares { format!("{word} first: ") } else { String::new() };
            let (outcome, reason) = (ended.outcome, ended.reason.unwrap_or_default());
            state.marks.fail(record.clone(), format!("{first}{}: {reason}", outcome.word()));
            if let Some(job) = state.jobs.get_mut(request_id) {
                let (at, action, reason) = (state.now.wall, row.action, format!("{first}{reason}"));
                job.losses.push(FailedStep { at, record, action, outcome, reason, sent });
            }
        }
        Outcome::NotSent => {}
    }
}

/// The record of a step as it was known when that ended: as its mark holds it, for what was frozen with the plan grows old,
/// and archived if that has been done to it first.
fn as_it_stands(state: &State, frozen: Record, is_archived_first: bool) -> Record {
    let marked = state.marks.get(frozen.kind(), frozen.id()).map(|mark| mark.record.clone());
    match marked {
        Some(marked) if !is_archived_first || marked.is_archived() => marked,
        _ if is_archived_first => frozen.with_archived(Some(state.now.wall)),
        _ => frozen,
    }
}

fn settle_mark(state: &mut State, record: &Record) {
    state.marks.settle(record.kind(), record.id());
    if let Some(set) = &mut state.marked_only {
        set.settle(record);
    }
}

/// Says what has to be known of a step besides its outcome. What nobody can read again is told in full.
fn tell_remark(state: &mut State, record: &Record, remark: StepRemark) {
    let words = match remark {
        StepRemark::Stripped(references) => {
            let told: Vec<String> = references.iter().map(ToString::to_string).collect();
            format!("{}: stripped for good from {}", record.name(), told.join(", "))
        }
        StepRemark::OddStart { file, ending } => {
            format!("{file}: backed up, but it does not begin as a {ending} file does")
        }
        StepRemark::BytesGone => return,
    };
    state.status.tell(state.now, StatusText::Note(words));
}

/// What a record has become by an action that was done to it; nothing, if it was deleted.
fn outcome_of(action: Action, record: &Record, answered: Option<Record>, now: Timestamp) -> Option<Record> {
    let archived = match action {
        Action::Delete => return None,
        Action::Archive => Some(now),
        Action::Restore => None,
    };
    let fitting = answered.filter(|answered| answered.is_archived() == archived.is_some());
    Some(fitting.unwrap_or_else(|| record.with_archived(archived)))
}

/// Lets the list show what an action did.
fn move_between_scopes(state: &mut State, record: &Record, becomes: Option<Record>) {
    let listing = state.listing_of(record.kind());
    let was_active = !record.is_archived();
    let is_active = becomes.as_ref().is_some_and(|record| !record.is_archived());
    listing.active_total = listing.active_total.map(|total| match (was_active, is_active) {
        (true, false) => total.saturating_sub(1),
        (false, true) => total.saturating_add(1),
        _ => total,
    });
    match becomes {
        Some(record) if listing.scope.holds(record.is_archived()) => listing.admit(record),
        _ => listing.remove(record.id()),
    }
}

fn end_job(state: &mut State, request_id: RequestId, end: &JobEnd, effects: &mut Effects) {
    let Some(job) = state.jobs.remove(request_id) else { return };
    if state.overlay.as_ref().is_some_and(|overlay| asks_about(overlay, request_id)) {
        confirm::update::nothing_to_cancel(state);
    }
    if let Some(failure) = &end.stopped {
        tell_failure(state, &format!("the {} was stopped", job.plan.word()), failure);
    }
    let summary = end.tally.sentence(job.plan.word(), end.cancelled);
    let only_archived = match job.only_archived() {
        0 => None,
        1 => Some(format!("1 was {} and not deleted", job.plan.words().archived)),
        n => Some(format!("{} were {} and not deleted", text::grouped(n as u64), job.plan.words().archived)),
    };
    if state.leaving.is_some() {
        state.parting.extend(only_archived.clone());
        state.parting.push(summary.clone());
    }
    state.jobs.has_failed = end.tally.of(Outcome::Failed) + end.tally.of(Outcome::Unknown) > 0;
    if let Some(number) = job.number {
        state.undo.ended(number, job.plan.origin, job.plan.action, &end.tally);
    }
    for group in groups(job.losses) {
        state.status.tell(state.now, StatusText::Group(Arc::new(group)));
    }
    tell_bytes_gone(state, job.bytes_gone);
    tell_unknown(state, end.tally.of(Outcome::Unknown));
    if let Some(words) = only_archived {
        state.status.tell(state.now, StatusText::Note(words));
    }
    // Last, so that it is in sight however many causes stand above it.
    state.status.tell(state.now, StatusText::Summary(summary));
    confirm::update::stop_if_at_rest(state, effects);
    if let (Some(leaving), true) = (state.leaving, state.jobs.is_empty()) {
        effects.push(Effect::Quit(leaving.exit));
    }
}

/// Says what became of records that were deleted permanently.
pub(crate) fn verified(state: &mut State, verified: Result<Verification, Failure>) {
    match verified {
        Ok(verification) if verification.found.is_empty() => {
            state.status.tell(state.now, StatusText::Note(verification.sentence()));
        }
        Ok(verification) => state.status.tell(state.now, StatusText::Warning(verification.sentence())),
        Err(failure) => tell_failure(state, "could not verify the delete", &failure),
    }
}

/// Files whose bytes the server has lost cannot be copied before they are deleted, which is another thing to agree to.
fn tell_bytes_gone(state: &mut State, files: usize) {
    let key = state.setup.keymap.spoken(Command::Retry);
    let words = match files {
        0 => return,
        1 => format!("1 file has lost its bytes on the server: {key} offers to delete it without a copy"),
        n => format!(
            "{} files have lost their bytes on the server: {key} offers to delete them without a copy",
            text::grouped(n as u64)
        ),
    };
    state.status.tell(state.now, StatusText::Note(words));
}

/// Nobody has to live with what is unknown: looking for what failed reads it back.
fn tell_unknown(state: &mut State, records: usize) {
    let key = state.setup.keymap.spoken(Command::Retry);
    let words = match records {
        0 => return,
        1 => format!("1 is unknown: {key} reads it back"),
        n => format!("{} are unknown: {key} reads them back", text::grouped(n as u64)),
    };
    state.status.tell(state.now, StatusText::Note(words));
}

fn asks_about(overlay: &Overlay, request_id: RequestId) -> bool {
    matches!(overlay, Overlay::Question(YesNoQuestion::CancelJob(asked)) if *asked == request_id)
}

/// A fault of ours ended a piece of work: whatever waited for it is told so.
fn broken(
    state: &mut State,
    purpose: Purpose,
    request_id: RequestId,
    failure: Failure,
    effects: &mut Effects,
) {
    tell_failure(state, "something went wrong inside tidyfy", &failure);
    match purpose {
        Purpose::List(kind) if state.listing_of(kind).load == LoadProgress::Running(request_id) => {
            state.listing_of(kind).end(LoadProgress::Failed(failure));
        }
        Purpose::Query(kind) => {
            let listing = state.listing_of(kind);
            let is_wanted = listing.awaits(request_id);
            listing.arranged(request_id, None);
            if is_wanted {
                // Asked again, it would only break again. What is shown then is not what was meant to be.
                listing.marking = None;
                let source = listing.filter.source().to_owned();
                listing.rearrange(Filter::default(), None);
                let words = "filtering and sorting broke off".to_owned();
                listing.error = Some(FilterError { source, words });
            }
        }
        Purpose::Identify => state.identity = Identity::Failed(failure),
        Purpose::Read => detail::update::read(state, request_id, Err(failure), effects),
        Purpose::Related => detail::update::related(state, request_id, Err(failure), effects),
        Purpose::CountImpact => confirm::update::counted_impact(state, request_id, Vec::new()),
        Purpose::PlanRecovery(recover) => undo::found(state, recover, Err(failure), effects),
        Purpose::Unfinished => recovery::update::found(state, Err(failure)),
        Purpose::Acknowledge => recovery::update::acknowledged(state, Err(failure)),
        Purpose::History => history::update::told(state, request_id, Err(failure), effects),
        Purpose::JobSteps => history::update::recounted(state, request_id, Err(failure)),
        Purpose::Copy => clipboard::copied(state, Err(failure), effects),
        Purpose::Export => export::update::exported(state, Err(failure)),
        Purpose::Browse => clipboard::browsed(state, Err(failure), effects),
        Purpose::DropJob(job) => recovery::update::dropped(state, job, Err(failure)),
        Purpose::Organizations => organizations::update::placed(state, Err(failure)),
        Purpose::SavedFilters => saved::update::shelved(state, Err(failure.words)),
        Purpose::Download => downloads::update::ended(state, request_id, &Err(failure)),
        Purpose::Find => downloads::update::looked(state, Err(failure), effects),
        Purpose::Selections | Purpose::Entries => selections::answered(state, Err(failure.words), effects),
        Purpose::Resolve => selections::sought(state, request_id, Err(failure)),
        Purpose::Write => status_pane::update::written(state, Err(failure)),
        Purpose::Authenticate => connection::update::admitted(state, Err(failure), effects),
        Purpose::Job => {
            let tally =
                state.jobs.get_mut(request_id).map_or_else(OutcomeCounts::default, |job| job.cut_short());
            end_job(state, request_id, &JobEnd { tally, cancelled: false, stopped: None }, effects);
        }
        Purpose::Search(kind) => state.listing_of(kind).search.end(request_id),
        Purpose::List(_) | Purpose::Members | Purpose::Count(_) => {}
    }
}

/// Puts a failure into the status pane, with what a person can do about it.
pub(crate) fn tell_failure(state: &mut State, what: &str, failure: &Failure) {
    let name =
        failure.request_id.as_ref().map_or_else(String::new, |id| format!(" (request {})", text::clean(id)));
    let hint = failure.hint().map_or_else(String::new, |hint| format!("; hint: {hint}"));
    state.status.tell(state.now, StatusText::Note(format!("{what}: {}{name}{hint}", failure.words)));
}
