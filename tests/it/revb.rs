//! Where secrets, files and words go wrong, as far as it shows from outside.

use serde_json::json;
use tidyfy::model::kind::Kind;
use tidyfy::sandbox::{Fault, Mishap};

use crate::support::{Desk, Wanted};

/// Rows that were asked for with what proves where they belong, and come without it, prove nothing.
#[tokio::test(start_paused = true)]
async fn a_list_without_the_proof_that_was_asked_for_is_not_believed() {
    let mut desk = Desk::with(Wanted { kind: Kind::Tags, ..Wanted::default() }).await;
    let rows = json!({"data": [{"id": "7", "name": "Not of it"}],
                      "meta": {"pagination": {"total": 1, "current_page": 1, "total_pages": 1}}});
    let answer = Mishap::Answer { status: 200, body: Some(rows), headers: Default::default(), apply: false };
    desk.server.set_faults(vec![Fault::on("GET", "/runs", answer)]);
    desk.keys("enter").await;
    desk.rest().await;
    assert!(desk.state().detail.is_some(), "{}", desk.screen());
    assert!(!desk.shows("Not of it"), "{}", desk.screen());
}

/// Nothing is said to have been done before it is.
#[tokio::test(start_paused = true)]
async fn a_set_that_cannot_be_removed_is_not_said_to_be() {
    let mut desk = Desk::open().await;
    // No file can be removed where a directory bears its name.
    std::fs::create_dir_all(desk.state_dir().join("sets/stuck.json/full")).unwrap();
    desk.keys(":").await;
    desk.types("open").await;
    desk.keys("enter").await;
    desk.rest().await;
    assert!(desk.shows("> stuck"), "{}", desk.screen());
    desk.keys("delete").await;
    desk.rest().await;
    assert!(!desk.shows("`stuck` is removed"), "{}", desk.screen());
}
