//! The history in the program: past jobs looked at, undone and tried again.

use tidyfy::app::state::Overlay;
use tidyfy::model::kind::{Action, Kind};
use tidyfy::model::outcome::Outcome;
use tidyfy::sandbox::{Fault, FaultEffect, SandboxSettings};
use tidyfy::storage::journal::{JobEndState, Journal, NewJob, NewStep, StepEnd};

use crate::support::{Desk, Wanted};

fn refusal(status: u16) -> FaultEffect {
    FaultEffect::Answer { status, body: None, headers: Default::default(), apply: false }
}

/// Does an action to the first `n` records it can be done to.
async fn does(desk: &mut Desk, action: Action, n: usize) -> Vec<String> {
    let ids = desk.mark_applicable(action, n).await;
    match action {
        Action::Archive => desk.keys("a").await,
        Action::Restore => desk.keys("r").await,
        Action::Delete => desk.keys("D").await,
    }
    match action {
        Action::Delete => desk.confirm_with(&format!("delete {n}")).await,
        _ => desk.confirm().await,
    }
    desk.rest().await;
    ids
}

async fn presses(desk: &mut Desk, keys: &str) {
    desk.keys(keys).await;
    desk.rest().await;
}

/// Leaves jobs in the journal that archived one process each, and nothing on the server.
async fn keeps_jobs(desk: &Desk, n: usize) {
    let at = SandboxSettings::default().now;
    let journal = Journal::new(&desk.state_dir());
    for _ in 0..n {
        let step = NewStep {
            kind: "processes",
            record: "5d0c".into(),
            name: "a\u{1b}[2Jb".into(),
            method: "DELETE",
            path: "/api/x".into(),
            action: "archive",
            after: None,
            fields: "{}".into(),
        };
        let new = NewJob {
            reassignee: None,
            base_url: desk.server.base_url(),
            organization: desk.server.org().to_owned(),
            organization_name: "Acme Ltd".into(),
            action: "archive",
            person: None,
            backups: None,
            continues: None,
            created: at,
            started: at,
            steps: vec![step],
        };
        let log = journal.begin(new).await.unwrap();
        let end = StepEnd { step: 0, at, outcome: Outcome::Done, reason: None, kept: None };
        log.ended(vec![end]).await.unwrap();
        log.end(at, JobEndState::Finished, None).await.unwrap();
    }
}

fn is_history(desk: &Desk) -> bool {
    matches!(desk.state().overlay, Some(Overlay::History(_)))
}

#[tokio::test(start_paused = true)]
async fn past_jobs_and_their_steps_can_be_looked_at() {
    let mut desk = Desk::open().await;
    presses(&mut desk, "H").await;
    assert!(desk.shows("no job was ever kept for this organization"), "{}", desk.screen());
    presses(&mut desk, "esc").await;
    assert!(!is_history(&desk));
    desk.server.set_faults(vec![Fault::on("DELETE", "/runs/", refusal(422)).nth([2])]);
    let ids = does(&mut desk, Action::Archive, 3).await;
    desk.keys("M 5").await;
    desk.rest().await;
    does(&mut desk, Action::Delete, 1).await;
    presses(&mut desk, "H").await;
    let screen = desk.screen();
    let lines: Vec<&str> = screen.lines().collect();
    let line = |words: &str| lines.iter().position(|line| line.contains(words)).expect(words);
    assert!(line("1 tag") < line("3 processes"), "the newest first: {screen}");
    assert!(lines[line("3 processes")].contains("2 done, 1 refused"), "{screen}");
    assert!(screen.contains("history of Acme Ltd") && screen.contains("copies in"), "{screen}");
    presses(&mut desk, "j enter").await;
    assert!(desk.shows("job 1: archive 3 processes in Acme Ltd"), "{}", desk.screen());
    assert!(desk.shows("DELETE /api/organizations/") && desk.shows("422"), "{}", desk.screen());
    presses(&mut desk, "y").await;
    assert_eq!(desk.clips(), [ids[0].clone()]);
    presses(&mut desk, "/").await;
    desk.types("outcome:refused").await;
    presses(&mut desk, "enter").await;
    assert!(desk.shows(" 1 of 1 ") && desk.shows("e export what is shown"), "{}", desk.screen());
    presses(&mut desk, "y").await;
    assert_eq!(desk.clips(), [ids[1].clone()]);
    for (key, shown) in [("esc", " 1 of 3 "), ("esc", "history of Acme Ltd")] {
        presses(&mut desk, key).await;
        assert!(desk.shows(shown), "{}", desk.screen());
    }
    presses(&mut desk, "a D").await;
    assert!(desk.shows("`D` (delete) does nothing in the history: esc goes back"), "{}", desk.screen());
    presses(&mut desk, "esc").await;
    assert!(!is_history(&desk) && desk.plan().is_none());
}

#[tokio::test(start_paused = true)]
async fn jobs_are_sought_by_what_they_did_and_by_the_names_of_their_records() {
    let mut desk = Desk::open().await;
    does(&mut desk, Action::Archive, 1).await;
    let name = desk.rows()[0].clone();
    does(&mut desk, Action::Archive, 1).await;
    presses(&mut desk, "5").await;
    does(&mut desk, Action::Delete, 1).await;
    presses(&mut desk, "H").await;
    for (typed, found) in [
        ("action:delete", "delete"),
        ("kind:process", "1 of 2"),
        ("tags", "1 of 1"),
        ("outcome:failed", "no job is like that"),
        (name.as_str(), " 1 of 1 "),
        ("archive nothing-like-this", "no job is like that"),
    ] {
        presses(&mut desk, "/ ctrl-u").await;
        desk.types(typed).await;
        presses(&mut desk, "enter").await;
        assert!(desk.shows(found), "{typed}: {}", desk.screen());
    }
    presses(&mut desk, "/ ctrl-u").await;
    desk.types("outcome:fine").await;
    presses(&mut desk, "enter").await;
    assert!(desk.shows("`fine` is not an outcome"), "{}", desk.screen());
    presses(&mut desk, "esc esc").await;
    assert!(desk.shows("1 of 3"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn an_earlier_job_is_undone_through_the_dialog_for_exactly_what_it_did() {
    let mut desk = Desk::open().await;
    desk.server.set_faults(vec![Fault::on("DELETE", "/runs/", refusal(422)).nth([2])]);
    let first = does(&mut desk, Action::Archive, 3).await;
    desk.keys("M").await;
    let second = does(&mut desk, Action::Archive, 1).await;
    let before = desk.changes().len();
    presses(&mut desk, "H j").await;
    assert!(desk.shows("u undo it"), "{}", desk.screen());
    presses(&mut desk, "u").await;
    let plan = desk.plan().unwrap();
    assert_eq!(plan.title(), "Restore 2 processes in Acme Ltd");
    assert!(plan.preface[0].starts_with("undoes job 1 (archive, "), "{:?}", plan.preface);
    // What is kept as it is leads back to the history.
    presses(&mut desk, "esc").await;
    assert!(is_history(&desk) && desk.changes().len() == before, "{}", desk.screen());
    presses(&mut desk, "u").await;
    desk.confirm().await;
    desk.rest().await;
    assert!(!is_history(&desk), "what runs is to be seen");
    let mut sent: Vec<_> = desk.changes().split_off(before);
    sent.sort();
    let mut meant: Vec<_> =
        [&first[0], &first[2]].map(|id| ("PUT".to_owned(), format!("runs/{id}/activate"))).into();
    meant.sort();
    assert_eq!(sent, meant);
    assert!(desk.server.object("runs", &second[0]).unwrap()["archived_at"].is_string());
    presses(&mut desk, "H G").await;
    assert!(desk.shows("finished, undone"), "{}", desk.screen());
    presses(&mut desk, "u").await;
    assert!(desk.shows("job 1 has been undone already"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn what_was_deleted_since_is_said_first_and_left_out() {
    let mut desk = Desk::open().await;
    let ids = does(&mut desk, Action::Archive, 2).await;
    presses(&mut desk, "s").await;
    let at = desk.ids().iter().position(|id| *id == ids[0]).unwrap();
    for _ in 0..at {
        desk.keys("j").await;
    }
    desk.keys("D").await;
    desk.confirm_with("delete 1").await;
    desk.rest().await;
    assert_eq!(desk.server.object("runs", &ids[0]), None, "{}", desk.screen());
    presses(&mut desk, "H").await;
    assert!(!desk.shows("u undo it") && !desk.shows("t retry"), "{}", desk.screen());
    presses(&mut desk, "u").await;
    assert!(desk.shows("a permanent delete cannot be undone"), "{}", desk.screen());
    presses(&mut desk, "j u").await;
    let plan = desk.plan().unwrap();
    assert_eq!((plan.count(), plan.blocked.len()), (1, 1));
    assert_eq!(plan.blocked[0].reason, "permanently deleted since, in job 2");
    assert!(
        plan.preface[1].contains("1 record was permanently deleted (job 2), one of these"),
        "{:?}",
        plan.preface
    );
}

#[tokio::test(start_paused = true)]
async fn what_failed_of_an_earlier_job_is_tried_again() {
    let mut desk = Desk::open().await;
    desk.server.set_faults(vec![
        Fault::on(
            "DELETE",
            "/runs/",
            FaultEffect::Answer { status: 500, body: None, headers: Default::default(), apply: false },
        )
        .nth([1, 2]),
    ]);
    let first = does(&mut desk, Action::Archive, 3).await;
    assert!(desk.log().contains("2 failed"), "{}", desk.log());
    desk.server.set_faults(vec![]);
    desk.keys("M").await;
    let kept = first.clone();
    // One of them is done by hand meanwhile.
    let row = desk.ids().iter().position(|id| *id == kept[0]).unwrap();
    presses(&mut desk, "g").await;
    for _ in 0..row {
        desk.keys("j").await;
    }
    desk.keys("a").await;
    desk.confirm().await;
    desk.rest().await;
    presses(&mut desk, "H t").await;
    assert!(desk.shows("nothing failed in job 2"), "{}", desk.screen());
    presses(&mut desk, "j t").await;
    let plan = desk.plan().unwrap();
    assert_eq!((plan.count(), plan.blocked.len()), (1, 1), "{}", desk.screen());
    assert_eq!(plan.blocked[0].reason, "archive was done since, in job 2");
    desk.confirm().await;
    desk.rest().await;
    for id in &first {
        assert!(desk.server.object("runs", id).unwrap()["archived_at"].is_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_history_is_read_as_the_cursor_goes_down() {
    let mut desk = Desk::with(Wanted { kind: Kind::Tags, ..Wanted::default() }).await;
    keeps_jobs(&desk, 230).await;
    presses(&mut desk, "H").await;
    assert!(desk.shows("1 of 100+"), "{}", desk.screen());
    presses(&mut desk, "G").await;
    presses(&mut desk, "G").await;
    presses(&mut desk, "G").await;
    assert!(desk.shows("230 of 230 "), "{}", desk.screen());
    assert!(desk.shows("job 1: "), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn where_nothing_may_be_changed_the_history_only_tells() {
    let mut desk = Desk::with(Wanted { read_only: true, ..Wanted::default() }).await;
    keeps_jobs(&desk, 1).await;
    presses(&mut desk, "H t").await;
    assert!(desk.shows("nothing failed in job 1"), "{}", desk.screen());
    presses(&mut desk, "u").await;
    assert!(desk.shows("read-only") && desk.plan().is_none(), "{}", desk.screen());
}
