//! A token that is not accepted any more, and a server that cannot be reached.

use super::*;
use crate::app::list::LoadProgress;
use crate::app::state::Identity;
use crate::model::failure::{Cause, Failure};

fn refused() -> Failure {
    Failure::answered(Cause::Unauthorized, 401, "Unauthenticated.")
}

fn is_admit(work: &Request) -> bool {
    matches!(work, Request::Authenticate(_))
}

fn locked() -> Bench {
    let mut bench = Bench::new();
    bench.send(EventKind::LockedOut(Some(refused())));
    bench
}

#[test]
fn a_token_is_asked_for_and_tried() {
    let mut bench = locked();
    assert!(bench.state.topmost_prompt().is_some());
    bench.send(EventKind::Paste(" abc\n".into()));
    bench.keys("D q 1 enter");
    let Some((_, Request::Authenticate(Some(token)))) = bench.open.first() else {
        panic!("{:?}", bench.open)
    };
    assert_eq!(token.reveal(), "abcDq1");
    assert!(bench.state.overlay.is_none() && bench.state.kind == Kind::Processes);
    bench.keys("x enter");
    assert_eq!(bench.open.len(), 1, "one try at a time");
    bench.answer(
        is_admit,
        Response::Authenticated(Err(Failure::new(Cause::Forbidden, "it is another person's"))),
    );
    let prompt = bench.state.topmost_prompt().unwrap();
    assert_eq!((prompt.refused.as_deref(), prompt.mask().as_str()), (Some("it is another person's"), ""));
    bench.keys("enter");
    assert!(matches!(bench.open.first(), Some((_, Request::Authenticate(None)))));
    bench.send(EventKind::LockedOut(None));
    bench.answer(is_admit, Response::Authenticated(Ok(())));
    assert!(bench.state.token_prompt.is_none() && bench.state.locked_out.is_none());
    assert_eq!(bench.notice(), "the token is accepted, going on");
    assert!(bench.open.is_empty());
}

#[test]
fn a_token_that_was_accepted_and_is_not_any_more_leaves_the_way_shut() {
    let mut bench = locked();
    bench.keys("enter");
    bench.send(EventKind::LockedOut(None));
    bench.send(EventKind::LockedOut(Some(refused())));
    bench.answer(is_admit, Response::Authenticated(Ok(())));
    assert!(bench.state.locked_out.is_some() && bench.state.topmost_prompt().is_some());
    bench.send(EventKind::LockedOut(None));
    assert!(bench.state.locked_out.is_none() && bench.state.token_prompt.is_none());
}

#[test]
fn hidden_it_comes_back_with_whatever_would_send_something() {
    for key in ["R", "a", "D"] {
        let mut bench = locked();
        bench.send(EventKind::Paste("abc".into()));
        bench.keys("esc j");
        assert!(bench.state.token_prompt.is_none() && bench.state.locked_out.is_some());
        bench.send(EventKind::LockedOut(Some(refused())));
        assert!(bench.state.token_prompt.is_none(), "hidden it stays hidden");
        bench.keys(key);
        assert_eq!(bench.state.topmost_prompt().unwrap().mask(), "", "{key}");
        assert!(bench.open.is_empty() && bench.plan().is_none());
    }
    let mut bench = locked();
    bench.keys("esc : t o k e n enter");
    assert!(bench.state.topmost_prompt().is_some());
    bench.send(EventKind::LockedOut(None));
    assert!(bench.state.token_prompt.is_none());
    bench.keys(": t o k e n enter");
    assert!(bench.state.token_prompt.is_none() && bench.notice().starts_with("the token is accepted"));
}

#[test]
fn a_dialog_beneath_has_to_be_seen_again() {
    let mut bench = Bench::new();
    bench.keys("a");
    bench.look();
    bench.send(EventKind::LockedOut(Some(refused())));
    assert!(!bench.state.awaits_drawing());
    bench.send(EventKind::Drawn);
    bench.keys("y");
    bench.look();
    assert!(bench.open.is_empty() && bench.plan().is_some());
    bench.keys("esc y");
    bench.look();
    assert!(bench.plan().is_some() && bench.open.is_empty(), "not before it was seen");
    bench.look();
    bench.keys("y");
    bench.look();
    assert!(bench.asked(|work| matches!(work, Request::RunJob(_))).is_some());
}

#[test]
fn quitting_and_stopping_work_over_it() {
    let mut bench = locked();
    bench.keys("ctrl-z");
    assert!(matches!(bench.wanted.pop(), Some(Effect::Suspend)));
    bench.keys("ctrl-c");
    assert!(matches!(bench.wanted.pop(), Some(Effect::Quit(_))));

    let mut bench = Bench::new();
    bench.keys("a");
    bench.look();
    bench.keys("y");
    bench.look();
    bench.send(EventKind::LockedOut(Some(refused())));
    bench.keys("ctrl-c n");
    assert!(bench.state.topmost_prompt().is_some() && bench.state.leaving.is_none());
    bench.keys("ctrl-c y");
    assert!(bench.state.leaving.is_some() && bench.state.token_prompt.is_none());
}

#[test]
fn what_failed_for_want_of_a_network_is_asked_again() {
    let mut bench = Bench::new();
    let failure = Failure::new(Cause::Unreachable, "no connection to 127.0.0.1");
    bench.state.identity = Identity::Failed(failure.clone());
    bench.state.listing_mut().end(LoadProgress::Failed(failure.clone()));
    bench.send(EventKind::Offline(Some(failure)));
    assert!(bench.state.offline.is_some() && bench.open.is_empty());
    assert!(bench.log().contains("offline, trying again now and then: no connection to 127.0.0.1"));
    bench.send(EventKind::Offline(None));
    assert!(bench.state.offline.is_none());
    assert!(bench.asked(|work| matches!(work, Request::Identify)).is_some());
    assert!(
        bench
            .asked(|work| matches!(
                work,
                Request::List { list: effect::ListRequest { kind: Kind::Processes, .. }, .. }
            ))
            .is_some()
    );
    bench.settle();
    bench.send(EventKind::Offline(None));
    assert!(bench.open.is_empty());
}
