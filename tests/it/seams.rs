//! Lists that are read in parts, where records leave or the person turns elsewhere in the middle of it.

use std::time::Duration;

use tidyfy::app::list::LoadProgress;
use tidyfy::model::limits::Limits;
use tidyfy::sandbox::{Fault, FaultEffect, Quirk, Quirks, SandboxSettings};

use crate::support::{Desk, Wanted};

fn scaled(scale: usize, latency: u64) -> SandboxSettings {
    SandboxSettings { scale, latency: Duration::from_millis(latency), ..SandboxSettings::default() }
}

/// What the list lacks without saying so: nothing where it does not claim to be whole.
fn silently_missing(desk: &Desk) -> Vec<String> {
    let listing = desk.state().listing();
    let says = !listing.is_settled()
        || matches!(&listing.load, LoadProgress::Done(end) if end.missing.is_some())
        || listing.may_have_holes();
    let shown = desk.shown();
    if says { vec![] } else { desk.live().into_iter().filter(|id| !shown.contains(id)).collect() }
}

async fn archives_the_first(desk: &mut Desk, n: usize) {
    desk.keys("g").await;
    for _ in 0..n {
        desk.keys("space").await;
    }
    desk.keys("a").await;
    desk.confirm().await;
    desk.until("the end of the job", |desk| desk.log().contains("archive finished: ")).await;
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_filled_with_what_moved_up_out_of_it_too() {
    let fault_effect =
        FaultEffect::Answer { status: 500, body: None, headers: Default::default(), apply: false };
    let faults = vec![Fault::on("GET", "page=2&", fault_effect)];
    let sandbox = SandboxSettings { faults, ..scaled(900, 0) };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    assert!(desk.shows("1 page missing"), "{}", desk.screen());
    desk.server.set_faults(vec![]);
    archives_the_first(&mut desk, 20).await;
    desk.keys("R").await;
    desk.rest().await;
    assert_eq!(silently_missing(&desk), Vec::<String>::new(), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn what_left_while_pages_came_in_is_made_up_for_by_a_load_that_is_stopped_and_resumed() {
    let wanted = Wanted { sandbox: scaled(9_000, 300), at_once: 2, ..Wanted::default() };
    let mut desk = Desk::starting(wanted).await;
    desk.until("the first page", |desk| desk.state().listing().loaded() >= 100 && desk.shows("Acme Ltd"))
        .await;
    archives_the_first(&mut desk, 20).await;
    let here = desk.state().listing().loaded();
    desk.until("more", |desk| desk.state().listing().loaded() >= here + 600).await;
    assert!(matches!(desk.state().listing().load, LoadProgress::Running(_)));
    desk.keys("x").await;
    desk.rest().await;
    assert_eq!(desk.state().listing().load, LoadProgress::Stopped);
    desk.keys("R").await;
    desk.rest().await;
    assert_eq!(desk.shown(), desk.live(), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn what_others_took_out_of_a_stopped_list_lets_nothing_be_passed_over_silently() {
    let wanted = Wanted { sandbox: scaled(4_000, 500), at_once: 4, ..Wanted::default() };
    let mut desk = Desk::starting(wanted).await;
    desk.until("some pages", |desk| desk.state().listing().loaded() >= 300).await;
    desk.keys("5").await;
    desk.rest().await;
    let first: Vec<String> =
        desk.state().listings[0].shown_records().take(50).map(|record| record.id().to_string()).collect();
    first.iter().for_each(|id| assert!(desk.server.archive("runs", id)));
    desk.keys("1").await;
    desk.rest().await;
    assert_eq!(silently_missing(&desk), Vec::<String>::new(), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_search_asks_for_no_more_pages_than_it_takes() {
    let wanted = Wanted { sandbox: scaled(9_000, 50), limits: Limits::off(), ..Wanted::default() };
    let mut desk = Desk::starting(wanted).await;
    desk.until("the first page", |desk| desk.state().listing().loaded() >= 100).await;
    desk.keys("/").await;
    desk.paste("00").await;
    desk.rest().await;
    let searched = desk.server.requests().iter().filter(|request| request.path.contains("q=00")).count();
    assert!((1..=3).contains(&searched), "{searched} pages were asked for");
}

#[tokio::test(start_paused = true)]
async fn the_time_left_of_a_resumed_load_is_that_of_the_rest() {
    let wanted = Wanted { sandbox: scaled(9_000, 500), at_once: 2, ..Wanted::default() };
    let mut desk = Desk::starting(wanted).await;
    let nearly = |desk: &Desk| {
        let listing = desk.state().listing();
        listing.total.is_some_and(|total| listing.loaded() as u64 + 900 >= total)
    };
    desk.until("nearly all", nearly).await;
    desk.keys("x R").await;
    desk.until("how long it takes", |desk| desk.state().listing().limiter(desk.state().now).is_some()).await;
    let (rate, left) = desk.state().listing().limiter(desk.state().now).unwrap();
    let listing = desk.state().listing();
    let rest = (listing.total_or_loaded() as usize - listing.loaded()) as f64;
    assert!(left.as_secs_f64() <= rest / rate + 2.0, "{left:?} for {rest} rows at {rate}/s");
}

/// Stops a load of pages of ten, lets `meanwhile` happen, goes on, and says what is lacking.
async fn lacking_of_short_pages(quirks: Quirks, archived: usize) -> Vec<String> {
    let sandbox = SandboxSettings { quirks, ..scaled(900, 300) };
    let mut desk = Desk::starting(Wanted { sandbox, at_once: 2, ..Wanted::default() }).await;
    desk.until("the first pages", |desk| desk.state().listing().loaded() >= 100 && desk.shows("Acme Ltd"))
        .await;
    desk.keys("x").await;
    assert_eq!(desk.state().listing().load, LoadProgress::Stopped);
    if archived > 0 {
        archives_the_first(&mut desk, archived).await;
    }
    desk.keys("R").await;
    desk.rest().await;
    assert!(desk.state().listing().is_settled(), "{}", desk.screen());
    let shown = desk.shown();
    desk.live().into_iter().filter(|id| !shown.contains(id)).collect()
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_list_with_shorter_pages_is_read_to_its_end() {
    let quirks = Quirks::default().with(Quirk::IgnorePerPage).with(Quirk::LinksMissing);
    assert_eq!(lacking_of_short_pages(quirks, 0).await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_seam_is_as_wide_as_the_pages_are_short() {
    let quirks = Quirks::default().with(Quirk::IgnorePerPage);
    assert_eq!(lacking_of_short_pages(quirks, 40).await.len(), 0);
}
