//! What is looked for after a job of permanent deletes, and what is said of it.

use std::time::Duration;

use serde_json::json;
use tidyfy::model::kind::{Action, Kind};
use tidyfy::sandbox::{Fault, FaultEffect, SandboxSettings};

use super::scene::{SOWN, agree, ask, desk, mark, requests, sow};
use crate::support::Desk;

const VERIFIED: &str = "verified: ";

/// A desk on which `n` records of a kind are about to be deleted, with how many GETs were sent so far.
async fn about_to_delete(kind: Kind, n: usize) -> (Desk, Vec<String>) {
    let (mut desk, ids) =
        desk(kind, Action::Delete, n, SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
    mark(&mut desk, n).await;
    ask(&mut desk, Action::Delete).await;
    (desk, ids)
}

/// Answers as if it had been done, and does nothing.
fn lie(id: &str) -> Fault {
    let answer = FaultEffect::Answer { status: 200, body: None, headers: Default::default(), apply: false };
    Fault::on("DELETE", id, answer)
}

async fn verified(desk: &mut Desk) -> String {
    desk.until("the verification", |desk| desk.log().contains(VERIFIED)).await;
    let log = desk.log();
    let at = log.find(VERIFIED).unwrap();
    log[at..].lines().next().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn deleted_records_of_every_kind_are_looked_for_and_not_found() {
    for kind in SOWN {
        let (mut desk, ids) = about_to_delete(kind, 13).await;
        agree(&mut desk).await;
        let before = requests(&desk.server, "GET", "/");
        let sampled = if kind == Kind::Files { 3 } else { 12 };
        let said = format!("verified: 0 of {sampled} sampled ids found");
        assert_eq!(verified(&mut desk).await, said, "{kind:?}");
        let log = desk.log();
        assert!(log.find("delete finished: 13 done") < log.find(VERIFIED), "{kind:?}: {log}");
        assert!(requests(&desk.server, "GET", "/") - before <= 3, "{kind:?}");
        assert!(ids.iter().all(|id| !desk.log().contains(&format!("404 {id}"))), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn record_that_is_still_there_is_named() {
    for kind in SOWN {
        let (mut desk, ids) = about_to_delete(kind, 3).await;
        desk.server.set_faults(vec![lie(&ids[1])]);
        agree(&mut desk).await;
        assert!(desk.has_summary("delete finished: 3 done"), "{kind:?}: {}", desk.log());
        let said = "verified: 1 of 3 sampled ids found: Trial 01";
        assert_eq!(verified(&mut desk).await, said, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn list_that_lags_is_read_again_before_anything_is_said() {
    let (mut desk, ids) = about_to_delete(Kind::Tags, 3).await;
    desk.server.set_faults(vec![lie(&ids[0])]);
    agree(&mut desk).await;
    // Gone by the time it is read again.
    desk.pass(Duration::from_secs(2)).await;
    assert!(!desk.log().contains(VERIFIED), "{}", desk.log());
    assert!(desk.server.remove("tags", &ids[0]));
    assert_eq!(verified(&mut desk).await, "verified: 0 of 3 sampled ids found");
}

#[tokio::test(start_paused = true)]
async fn list_of_many_pages_proves_only_what_was_read() {
    let (mut desk, ids) = about_to_delete(Kind::Tags, 3).await;
    sow(&desk.server, Kind::Tags, 150, false);
    desk.server.set_faults(vec![lie(&ids[0])]);
    agree(&mut desk).await;
    let said = verified(&mut desk).await;
    assert!(said.starts_with("verified: 1 of ") && said.ends_with(" sampled ids found: Trial 00"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn verification_that_cannot_be_read_says_so() {
    let (mut desk, _) = about_to_delete(Kind::Tags, 2).await;
    let refused = FaultEffect::Answer {
        status: 403,
        body: Some(json!({"message": "no"})),
        headers: Default::default(),
        apply: false,
    };
    desk.server.set_faults(vec![Fault::on("GET", "/tags?", refused)]);
    agree(&mut desk).await;
    desk.until("the end", |desk| desk.log().contains("could not verify the delete: no")).await;
    assert!(!desk.log().contains(VERIFIED), "{}", desk.log());
}
