//! Notices go when their time or their cause is over, and stand beside the hints.

use std::time::Duration;

use tidyfy::sandbox::SandboxSettings;

use crate::support::{Desk, Wanted};

#[tokio::test(start_paused = true)]
async fn notice_without_a_cause_goes_after_five_seconds() {
    let mut desk = Desk::open().await;
    desk.keys("d").await;
    assert!(desk.shows("a archives, D deletes permanently"), "{}", desk.screen());
    let last = desk.screen().lines().last().unwrap().to_owned();
    assert!(last.starts_with("space mark") && last.ends_with("permanently"), "beside the hints: {last}");
    desk.pass(Duration::from_millis(4_800)).await;
    assert!(desk.shows("a archives, D deletes permanently"), "{}", desk.screen());
    desk.pass(Duration::from_millis(400)).await;
    assert!(!desk.shows("a archives, D deletes permanently"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn notice_about_marking_stands_as_long_as_that_and_no_longer() {
    let sandbox =
        SandboxSettings { scale: 900, latency: Duration::from_secs(3), ..SandboxSettings::default() };
    let mut desk = Desk::starting(Wanted { sandbox, ..Wanted::default() }).await;
    desk.until("rows", |desk| desk.state().listing().loaded() > 0).await;
    desk.until("who we are", |desk| desk.state().standing.organization.is_some()).await;
    desk.keys("* a").await;
    assert!(desk.shows("still marking"), "{}", desk.screen());
    while desk.state().is_marking() {
        assert!(desk.shows("still marking"), "{}", desk.screen());
        desk.pass(Duration::from_millis(500)).await;
    }
    assert!(!desk.shows("still marking"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn notice_about_a_pause_goes_when_it_is_resumed() {
    let sandbox =
        SandboxSettings { scale: 200, latency: Duration::from_millis(400), ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    desk.keys("* a").await;
    desk.confirm().await;
    desk.keys("ctrl-z").await;
    desk.until("the stop", |desk| desk.stops == 1).await;
    desk.signal(tidyfy::app::event::Signal::Continued).await;
    assert!(desk.shows("the job is paused: p resumes it"), "{}", desk.screen());
    desk.pass(Duration::from_secs(30)).await;
    assert!(desk.shows("the job is paused: p resumes it"), "as long as it is so: {}", desk.screen());
    desk.keys("p").await;
    assert!(!desk.shows("is paused"), "{}", desk.screen());
    desk.rest().await;
}
