//! A server that asks for an absurd pause: a person goes on, a job waits and says so.

use std::collections::BTreeMap;
use std::time::Duration;

use tidyfy::model::kind::Kind;
use tidyfy::sandbox::{Fault, FaultEffect};
use tokio::time::Instant;

use crate::support::Desk;

fn day_long() -> FaultEffect {
    let headers: BTreeMap<String, String> = [("Retry-After".to_owned(), "86400".to_owned())].into();
    FaultEffect::Answer { status: 429, body: None, headers, apply: false }
}

#[tokio::test(start_paused = true)]
async fn absurd_retry_after_holds_browsing_for_two_minutes_at_most() {
    let mut desk = Desk::open().await;
    desk.server.set_faults(vec![Fault::on("GET", "/checklists", day_long()).times(1)]);
    let start = Instant::now();
    desk.keys("2").await;
    desk.until("the list", |desk| desk.state().kind == Kind::Templates && desk.rows().len() > 1).await;
    desk.rest().await;
    let took = start.elapsed();
    assert!(took >= Duration::from_secs(110) && took < Duration::from_secs(130), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn reload_asks_once_a_minute_during_a_pause() {
    let mut desk = Desk::open().await;
    desk.server.set_faults(vec![Fault::on("GET", "/checklists", day_long()).nth([1, 2])]);
    let asked = |desk: &Desk| {
        let requests = desk.server.requests().into_iter();
        requests.filter(|request| request.path.contains("/checklists?")).count()
    };
    let before = asked(&desk);
    desk.keys("2").await;
    desk.until("the refusal", |desk| desk.log().contains("GET    429")).await;
    desk.pass(Duration::from_secs(5)).await;
    assert_eq!(asked(&desk) - before, 1);
    desk.keys("R").await;
    desk.pass(Duration::from_secs(5)).await;
    assert_eq!(asked(&desk) - before, 2, "R may ask at once");
    desk.keys("R R").await;
    desk.pass(Duration::from_secs(40)).await;
    assert_eq!(asked(&desk) - before, 2, "but only once a minute");
    desk.pass(Duration::from_secs(20)).await;
    desk.keys("R").await;
    desk.until("the list", |desk| desk.rows().len() > 1).await;
}

#[tokio::test(start_paused = true)]
async fn job_obeys_a_long_pause_and_a_person_goes_on_beside_it() {
    let mut desk = Desk::open().await;
    desk.server.set_faults(vec![Fault::on("DELETE", "/runs/", day_long()).times(1)]);
    desk.keys("a").await;
    desk.confirm().await;
    desk.until("the refusal", |desk| desk.log().contains("DELETE 429")).await;
    let sent = desk.changes().len();
    desk.keys("2").await;
    desk.until("the list", |desk| desk.state().kind == Kind::Templates && desk.rows().len() > 1).await;
    desk.pass(Duration::from_secs(600)).await;
    assert_eq!(desk.changes().len(), sent, "nothing is sent before the pause is over");
    assert!(desk.shows("the server asked for a pause"), "{}", desk.screen());
}
