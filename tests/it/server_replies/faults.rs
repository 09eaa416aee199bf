//! The fault table: what each way of going wrong makes of an archive, a restore and a delete of every kind.

use std::time::Duration;

use serde_json::json;
use tidyfy::model::kind::{Action, Kind};
use tidyfy::model::outcome::Outcome::{self, AlreadyGone, Done, Failed, Refused, Unknown};
use tidyfy::sandbox::{Fault, FaultEffect, SandboxSettings};

use super::scene::{
    SOWN, agree, answer, ask, desk, is_done, mark, newest, requests, sent, slug, state, status,
    tells_the_same,
};

/// Longer than tidyfy waits for an answer, by 3 s.
const LATE: Duration = Duration::from_secs(33);

/// One way of going wrong: what happens to the request, how often at most, and how the step must end.
struct Row {
    fault: &'static str,
    fault_effect: FaultEffect,
    times: Option<u64>,
    outcome: Outcome,
    /// How often the change is sent.
    sent: usize,
}

fn row(fault: &'static str, fault_effect: FaultEffect, outcome: Outcome) -> Row {
    Row { fault, fault_effect, times: None, outcome, sent: 1 }
}

fn applied(code: u16) -> FaultEffect {
    answer(code, &[], None, true)
}

fn table() -> Vec<Row> {
    let throttled = || answer(429, &[("Retry-After", "2")], None, false);
    let words = json!({"message": "Too many requests, slow down"});
    let html = |status, apply| FaultEffect::Html { status, apply };
    let says_error = |apply| answer(200, &[], Some(json!({"error": true, "message": "no"})), apply);
    vec![
        row("none", FaultEffect::None, Done),
        Row { times: Some(3), sent: 4, ..row("429 three times", throttled(), Done) },
        Row { sent: 10, ..row("429 without end", throttled(), Failed) },
        row("403", status(403), Refused),
        Row {
            times: Some(2),
            sent: 3,
            ..row("403 that throttles, twice", answer(403, &[], Some(words), false), Done)
        },
        row("422", status(422), Refused),
        row("500", status(500), Failed),
        row("502", status(502), Failed),
        row("503", status(503), Failed),
        row("504", status(504), Failed),
        row("HTML 502", html(502, false), Failed),
        row("redirect", answer(303, &[("Location", "/api/me")], None, false), Failed),
        row("reset before applying", FaultEffect::ResetBefore, Failed),
        row("applied, then reset", FaultEffect::ResetAfter, Done),
        row("applied, then 500", applied(500), Done),
        row("applied, then 502", applied(502), Done),
        row("applied, then 504", applied(504), Done),
        row("applied, then HTML 502", html(502, true), Done),
        row("hang, not applied", FaultEffect::Hang { apply: false }, Failed),
        row("applied, then hang", FaultEffect::Hang { apply: true }, Done),
        row("hang, applied 3 s after the timeout", FaultEffect::HangLate { after: LATE }, Done),
        row("truncated after applying", FaultEffect::Truncated, Done),
        row("truncated before applying", FaultEffect::TruncatedBefore, Failed),
        row("garbage 200, applied", FaultEffect::Garbage, Done),
        row("garbage 200, not applied", FaultEffect::GarbageBefore, Failed),
        row("HTML 200, applied", html(200, true), Done),
        row("HTML 200, not applied", html(200, false), Failed),
        row("`error: true` 200, applied", says_error(true), Done),
        row("`error: true` 200, not applied", says_error(false), Failed),
        row("404 while it is there", status(404), Refused),
    ]
}

fn print(row: &str, kind: Kind, action: Action, outcome: Option<Outcome>, state: &str, sent: usize) {
    let outcome = outcome.map_or("-", Outcome::word);
    println!("{row:<36} {:<9} {:<7} {outcome:<12} {state:<8} sent {sent}", kind.row().title, action.word());
}

/// One job in which every record meets another fault.
async fn try_all(kind: Kind, action: Action) {
    let table = table();
    let n = table.len() + 1;
    let (mut desk, ids) =
        desk(kind, action, n, SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
    let method = if action == Action::Restore { "PUT" } else { "DELETE" };
    let fault = |(row, id): (&Row, &String)| {
        let fault = Fault::on(method, id, row.fault_effect.clone());
        row.times.map_or(fault.clone(), |times| fault.times(times))
    };
    let mut faults: Vec<Fault> = table.iter().zip(&ids).map(fault).collect();
    let gone = &ids[n - 1];
    // A deletion looks first, and would not be sent for what is gone by then: it goes between the look and the request.
    if action == Action::Delete {
        faults.push(Fault::on(method, gone, applied(404)));
    }
    mark(&mut desk, n).await;
    ask(&mut desk, action).await;
    desk.server.set_faults(faults);
    if action != Action::Delete {
        assert!(desk.server.remove(slug(kind), gone));
    }
    agree(&mut desk).await;

    let (_, steps) = newest(&desk.state_dir());
    assert_eq!(steps.len(), n);
    tells_the_same(&desk, action, &steps);
    let last = row("404 because it is gone", FaultEffect::None, AlreadyGone);
    for (row, id) in table.iter().chain([&last]).zip(&ids) {
        let step = steps.iter().find(|step| step.record == *id).unwrap();
        let there = state(&desk.server, kind, id);
        let times = sent(&desk.server, id);
        print(row.fault, kind, action, step.outcome, there, times);
        let told = format!("{kind:?} {action:?} {}: {:?}", row.fault, step.reason);
        assert_eq!(step.outcome, Some(row.outcome), "{told}");
        match row.outcome {
            Done => assert!(is_done(&desk.server, kind, action, id), "{told}"),
            AlreadyGone => assert_eq!(there, "gone", "{told}"),
            _ => assert!(!is_done(&desk.server, kind, action, id), "{told}"),
        }
        assert_eq!((times, step.attempts.len()), (row.sent, row.sent), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_fault_of_an_archive_ends_as_what_the_server_has() {
    for kind in [Kind::Processes, Kind::Templates, Kind::Tasks] {
        try_all(kind, Action::Archive).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_fault_of_a_restore_ends_as_what_the_server_has() {
    for kind in [Kind::Processes, Kind::Templates, Kind::Tasks] {
        try_all(kind, Action::Restore).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_fault_of_a_delete_ends_as_what_the_server_has() {
    for kind in SOWN {
        try_all(kind, Action::Delete).await;
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_cannot_be_read_back_either_stays_unknown() {
    for kind in SOWN {
        for action in kind.row().actions.iter().map(|row| row.action) {
            for (words, apply) in [("applied, then 502, reads 500", true), ("502, reads 500", false)] {
                let (mut desk, ids) =
                    desk(kind, action, 1, SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
                let method = if action == Action::Restore { "PUT" } else { "DELETE" };
                let looks = match (action, kind) {
                    (Action::Delete, Kind::Files) => 2,
                    (Action::Delete, _) => 1,
                    _ => 0,
                };
                mark(&mut desk, 1).await;
                ask(&mut desk, action).await;
                desk.server.set_faults(vec![
                    Fault::on(method, &ids[0], answer(502, &[], None, apply)),
                    Fault::on("GET", "/", status(500)).nth(looks + 1..100),
                ]);
                let before = requests(&desk.server, "GET", "/");
                agree(&mut desk).await;
                let (_, steps) = newest(&desk.state_dir());
                print(words, kind, action, steps[0].outcome, state(&desk.server, kind, &ids[0]), 1);
                let reason = steps[0].reason.as_deref().unwrap_or_default();
                assert_eq!(steps[0].outcome, Some(Unknown), "{kind:?} {action:?}: {reason}");
                assert!(reason.contains("reading it back failed too: "), "{reason}");
                assert_eq!(is_done(&desk.server, kind, action, &ids[0]), apply);
                assert_eq!(sent(&desk.server, &ids[0]), 1);
                assert_eq!(requests(&desk.server, "GET", "/") - before, looks as usize + 1);
                tells_the_same(&desk, action, &steps);
            }
        }
    }
}
