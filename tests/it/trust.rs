//! What a person meets after something went wrong, end to end: causes in the status pane, and what is made of them.

use std::time::Duration;

use tidyfy::app::status_pane::group::FailureGroup;
use tidyfy::sandbox::{Fault, FaultEffect, TokenOwner};

use crate::support::Desk;

/// The group of failures the cursor of the status pane is on.
fn group(desk: &Desk) -> Option<std::sync::Arc<FailureGroup>> {
    desk.state().status.group_under_cursor()
}

#[tokio::test(start_paused = true)]
async fn failures_are_grouped_copied_and_marked() {
    let mut desk = Desk::open().await;
    let answer = |status, words: &str| FaultEffect::Answer {
        status,
        body: Some(serde_json::json!({ "error": true, "message": words })),
        headers: Default::default(),
        apply: false,
    };
    desk.server.set_faults(vec![
        Fault::on("DELETE", "/runs/", answer(403, "You may not do this")).nth([1, 3]),
        Fault::on("DELETE", "/runs/", answer(422, "The process is locked")).nth([2]),
    ]);
    desk.keys("space space space space a").await;
    desk.confirm().await;
    desk.rest().await;
    let log = desk.log();
    let lines: Vec<&str> = log.lines().rev().take(3).map(|line| &line[10..]).collect();
    assert_eq!(lines[0], "archive finished: 1 done, 3 refused");
    assert_eq!(lines[2], "2 refused: You may not do this");
    assert_eq!(lines[1], "1 refused: The process is locked");
    let failed = desk.marked();
    assert_eq!(failed.len(), 3);

    desk.keys("@ k k Y").await;
    let copied = desk.clips();
    let sent: Vec<String> = copied[0].lines().map(str::to_owned).collect();
    assert_eq!((copied.len(), sent.len()), (1, 2));
    for (command, loss) in sent.iter().zip(&group(&desk).unwrap().losses) {
        let url = format!(
            "{}/organizations/{}/runs/{}",
            desk.server.base_url(),
            desk.server.org(),
            loss.record.id()
        );
        assert!(command.starts_with(&format!("curl -X DELETE '{url}' -H ")), "{command} is not {url}");
        assert!(command.contains("$TALLYFY_ACCESS_TOKEN") && !command.contains(desk.server.token()));
    }
    desk.keys("space").await;
    let names: Vec<String> =
        group(&desk).unwrap().losses.iter().map(|loss| loss.record.name().to_owned()).collect();
    assert_eq!(desk.marked(), names);
    desk.keys("space").await;
    assert_eq!(desk.marked(), failed);
    // A list that was read says where from, too.
    desk.keys("i g Y").await;
    let read = desk.clips().remove(0);
    assert!(read.starts_with(&format!("curl -X GET '{}/", desk.server.base_url())), "{read}");
}

#[tokio::test(start_paused = true)]
async fn another_token_lets_the_job_go_on() {
    let mut desk = Desk::open().await;
    desk.keys("* a").await;
    let all = desk.plan().unwrap().count();
    desk.server.set_faults(vec![Fault::on("DELETE", "/runs/", FaultEffect::RevokeToken).nth([5])]);
    desk.confirm().await;
    desk.pass(Duration::from_secs(60)).await;
    assert!(desk.shows("LOCKED OUT") && desk.shows("waiting for a token"), "{}", desk.screen());
    desk.paste("not-a-token-of-anybody\n").await;
    desk.keys("enter").await;
    desk.until("the refusal", |desk| desk.shows("! ")).await;
    assert!(desk.shows("LOCKED OUT") && !desk.shows("not-a-token"), "{}", desk.screen());
    let token = "another-token-of-the-same-person";
    desk.server.accept_token(token, TokenOwner::Caller);
    desk.paste(token).await;
    desk.keys("enter").await;
    desk.rest().await;
    assert!(!desk.shows("LOCKED OUT") && !desk.shows(token), "{}", desk.screen());
    assert!(desk.has_summary(&format!("archive finished: {all} done")), "{}", desk.log());
}

#[tokio::test(start_paused = true)]
async fn the_last_job_is_undone_through_the_dialog_for_exactly_what_it_did() {
    let mut desk = Desk::open().await;
    desk.server.set_faults(vec![
        Fault::on(
            "DELETE",
            "/runs/",
            FaultEffect::Answer { status: 422, body: None, headers: Default::default(), apply: false },
        )
        .nth([2]),
    ]);
    desk.keys("space space space a").await;
    desk.confirm().await;
    desk.rest().await;
    assert!(desk.shows("u undo") && desk.log().contains("archive finished: 2 done"), "{}", desk.screen());
    desk.keys("u").await;
    desk.rest().await;
    assert_eq!(desk.plan().unwrap().title(), "Restore 2 processes in Acme Ltd");
    assert!(!desk.plan().unwrap().preface.is_empty());
    desk.confirm().await;
    desk.rest().await;
    assert!(desk.log().contains("restore finished: 2 done"), "{}", desk.log());
    let sent: Vec<String> = desk.changes().into_iter().map(|(method, _)| method).collect();
    assert_eq!(sent, ["DELETE", "DELETE", "DELETE", "PUT", "PUT"]);
    desk.keys("t").await;
    desk.rest().await;
    assert!(desk.shows("nothing failed in the last job"), "{}", desk.screen());
}
