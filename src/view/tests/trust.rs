//! What the screen shows when something went wrong, and what is then offered.

use std::sync::Arc;

use insta::assert_snapshot;

use crate::app::command::Motion;
use crate::app::connection::TokenPrompt;
use crate::app::effect::Exit;
use crate::app::recovery::RecoveryPage;
use crate::app::state::{Focus, Overlay, Purpose, State, YesNoQuestion};
use crate::app::status_pane::StatusText;
use crate::app::status_pane::group::{FailedStep, SentRequest, groups};
use crate::model::failure::{Cause, Failure};
use crate::model::kind::{Action, Kind};
use crate::model::outcome::Outcome;
use crate::model::plan::Options;
use crate::model::recovery::{RecoveryRequest, UnfinishedJob};
use crate::model::undo::JobOrigin;

use super::stage::*;

const SIZES: [(u16, u16); 3] = [(120, 35), (80, 24), (40, 10)];

fn locked(width: u16, height: u16) -> State {
    let mut state = lively(width, height);
    running(&mut state);
    state.locked_out = Some(Failure::answered(Cause::Unauthorized, 401, "Unauthenticated."));
    state
}

#[test]
fn a_token_is_asked_for_without_showing_it() {
    for (width, height) in SIZES {
        let mut state = locked(width, height);
        let mut prompt = TokenPrompt::default();
        prompt.paste("secret");
        state.token_prompt = Some(prompt);
        let text = screen(&state);
        assert!(text.contains("> ••••••") && !text.contains("secret"), "{text}");
        assert!(text.contains("LOCKED OUT") && text.contains("Enter tries it;"), "{text}");
        assert_snapshot!(format!("token_{width}x{height}"), text);
        let refused = "this token belongs to another person: Mia Øst, and not to who began the running job";
        state.token_prompt.as_mut().unwrap().refused = Some(refused.to_owned());
        let text = screen(&state);
        assert!(text.contains("! this token belongs") && text.contains("> ••••••"), "{text}");
        state.overlay = Some(Overlay::Question(YesNoQuestion::Quit(Exit::Interrupted)));
        assert!(screen(&state).contains("quit?") && !screen(&state).contains("••"));
    }
}

#[test]
fn why_nothing_leaves_is_told_while_it_lasts() {
    let mut state = locked(120, 35);
    let text = screen(&state);
    assert!(text.contains("DEMO  LOCKED OUT  Unauthenticated."), "{text}");
    assert!(text.contains("waiting for a token"), "{text}");
    state.locked_out = None;
    state.offline = Some(Failure::new(Cause::Unreachable, "no connection to go.tallyfy.com"));
    let text = screen(&state);
    assert!(
        text.contains("DEMO  OFFLINE") && text.contains("OFFLINE: no connection to go.tallyfy.com"),
        "{text}"
    );
    for (width, height) in SIZES {
        let mut state = lively(width, height);
        state.offline = Some(Failure::new(Cause::Unreachable, "no connection to go.tallyfy.com"));
        assert_snapshot!(format!("offline_{width}x{height}"), screen(&state));
    }
}

fn unfinished_job(job: i64, elsewhere: bool) -> UnfinishedJob {
    let outcomes = [(Outcome::Done, 22), (Outcome::Unknown, 3), (Outcome::NotSent, 35)];
    UnfinishedJob {
        job,
        action: Action::Archive,
        confirmed: moment(0).wall,
        kinds: vec![(Kind::Processes, 52), (Kind::Templates, 8)],
        tally: outcomes.iter().flat_map(|(outcome, n)| vec![*outcome; *n]).collect(),
        rest: Vec::new(),
        reassignee: None,
        options: Options::default(),
        elsewhere,
        reading: 0,
        archived: 0,
    }
}

#[test]
fn unfinished_jobs_are_told_with_what_can_be_done() {
    for (width, height) in SIZES {
        let mut state = lively(width, height);
        state.recovery.unfinished_jobs =
            vec![unfinished_job(4, false), unfinished_job(5, true), unfinished_job(6, false)];
        state.overlay = Some(Overlay::Recovery(RecoveryPage::default()));
        let text = screen(&state);
        assert!(text.contains("> unfinished archive: 22 done, 3") && text.contains("d drop it"), "{text}");
        assert_snapshot!(format!("unfinished_{width}x{height}"), text);
        for (at, line) in [(1, "> archive: running in another"), (2, "> unfinished archive")] {
            let mut page = RecoveryPage::default();
            page.at = at;
            state.overlay = Some(Overlay::Recovery(page));
            assert!(screen(&state).contains(line), "{}", screen(&state));
        }
    }
}

#[test]
fn undo_and_retry_are_offered_where_there_is_something_for_them() {
    let last_line = |state: &State| screen(state).lines().last().unwrap().to_owned();
    let mut state = lively(160, 24);
    assert!(!last_line(&state).contains("u undo") && !last_line(&state).contains("t retry"));
    let done = [Outcome::Done].into_iter().collect();
    state.undo.ended(4, JobOrigin::New, Action::Archive, &done);
    state.undo.ended(5, JobOrigin::New, Action::Archive, &done);
    state.undo.ended(6, JobOrigin::Undo(5), Action::Restore, &done);
    state.jobs.has_failed = true;
    let text = last_line(&state);
    assert!(text.contains("u undo") && text.contains("U repeat") && text.contains("t retry"), "{text}");
    state.standing.read_only = true;
    assert!(!last_line(&state).contains("u undo"));
    state.in_flight.open(Purpose::PlanRecovery(RecoveryRequest::Undo(4)));
    assert!(last_line(&state).ends_with("  looking for the last job"));
}

fn loss(n: usize, outcome: Outcome, reason: &str) -> FailedStep {
    let sent =
        SentRequest { method: "DELETE", url: "https://go.tallyfy.com/api/x".to_owned(), status: Some(422) };
    let record = page(Kind::Processes, &NAMES, false).records().nth(n % NAMES.len()).unwrap();
    let (at, action, reason) = (moment(31).wall, Action::Delete, reason.to_owned());
    FailedStep { at, record, action, outcome, reason, sent: (outcome != Outcome::Changed).then_some(sent) }
}

#[test]
fn failures_stand_together_by_cause() {
    for (width, height) in SIZES {
        let mut state = lively(width, height);
        let mut losses: Vec<FailedStep> =
            (0..12).map(|n| loss(n, Outcome::Refused, "The process must be archived first")).collect();
        losses.extend((0..2).map(|n| loss(n, Outcome::Changed, "it has been restored")));
        let sum = "delete finished: 8 done, 12 refused, 2 changed";
        state.status.tell(moment(31), StatusText::Summary(sum.to_owned()));
        for group in groups(losses) {
            state.status.tell(moment(31), StatusText::Group(Arc::new(group)));
        }
        state.focus = Focus::Status;
        assert!(!screen(&state).contains("Y copy as curl"), "{}", screen(&state));
        state.status.scroll(Motion::Up, 5);
        let text = screen(&state);
        assert!(text.contains(">12 refused: The process must"), "{text}");
        assert!(text.contains("space mark these") && text.contains("Y copy as curl"), "{text}");
        assert_snapshot!(format!("groups_{width}x{height}"), text);
    }
}
