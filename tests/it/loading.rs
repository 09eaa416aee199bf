//! Lists as they come in on the screen: in part, with gaps, a second time, and searched before they are here.

use std::time::Duration;

use tidyfy::app::list::LoadProgress;
use tidyfy::model::kind::Kind;
use tidyfy::model::limits::Limits;
use tidyfy::sandbox::{Fault, FaultEffect, Quirk, Quirks, SandboxSettings};

use crate::support::{Desk, Wanted};

fn scaled(scale: usize) -> SandboxSettings {
    SandboxSettings { scale, ..SandboxSettings::default() }
}

fn broken(page: &str) -> Fault {
    let fault_effect =
        FaultEffect::Answer { status: 500, body: None, headers: Default::default(), apply: false };
    Fault::on("GET", page, fault_effect)
}

fn reads(desk: &Desk, page: &str) -> usize {
    desk.server.requests().iter().filter(|request| request.path.contains(page)).count()
}

/// The active processes in the server's order, by id.
async fn whole(settings: SandboxSettings) -> Vec<String> {
    Desk::with(Wanted { sandbox: settings, ..Wanted::default() }).await.ids()
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_is_a_gap_on_the_screen_and_is_read_by_itself() {
    let wanted = whole(scaled(900)).await;
    let faults = vec![broken("page=2&")];
    let sandbox = SandboxSettings { faults, ..scaled(900) };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    assert!(desk.shows("1 page missing, R loads the rest"), "{}", desk.screen());
    assert!(
        desk.log().contains("the processes could not all be loaded: a page is missing"),
        "{}",
        desk.log()
    );
    assert_eq!(desk.ids(), [&wanted[..100], &wanted[200..]].concat());

    // It can be seen where it is, and nothing happens to what is not there.
    for _ in 0..100 {
        desk.keys("j").await;
    }
    assert!(
        desk.state().under_cursor().is_none() && desk.shows(">  rows are missing here: "),
        "{}",
        desk.screen()
    );
    for key in ["space", "a", "D", "enter"] {
        desk.keys(key).await;
        assert!(desk.plan().is_none() && desk.marked().is_empty(), "{key}\n{}", desk.screen());
    }
    // All that match are not known.
    desk.keys("*").await;
    desk.rest().await;
    assert!(desk.shows("nothing was marked") && desk.marked().is_empty(), "{}", desk.screen());

    desk.server.set_faults(vec![]);
    let read = reads(&desk, "page=2&");
    desk.keys("R").await;
    desk.rest().await;
    assert_eq!(desk.ids(), wanted);
    assert_eq!(reads(&desk, "page=2&") - read, 1);
    assert_eq!(reads(&desk, "/runs?sort=created_at&page=1&per_page=100"), 1, "nothing else is read again");
    assert!(!desk.shows("1 page missing"), "{}", desk.screen());
    desk.keys("*").await;
    desk.rest().await;
    assert_eq!(desk.marked().len(), wanted.len());
}

#[tokio::test(start_paused = true)]
async fn a_load_is_stopped_and_goes_on_where_it_was() {
    let wanted = whole(scaled(4_000)).await;
    let sandbox = SandboxSettings { latency: Duration::from_millis(500), ..scaled(4_000) };
    let mut desk = Desk::starting(Wanted { sandbox, at_once: 2, ..Wanted::default() }).await;
    desk.until("some pages", |desk| desk.state().listing().loaded() >= 500).await;
    desk.keys("x").await;
    assert!(desk.shows("loading stopped: R loads the rest"), "{}", desk.screen());
    desk.rest().await;
    let loaded = desk.state().listing().loaded();
    assert!(desk.state().listing().load == LoadProgress::Stopped && loaded < wanted.len());
    let first = reads(&desk, "page=1&");
    desk.keys("R").await;
    desk.until("how long it takes", |desk| desk.shows("/s, ") && desk.shows(" left")).await;
    desk.rest().await;
    assert_eq!(desk.ids(), wanted);
    assert_eq!(
        reads(&desk, "/runs?sort=created_at&page=1&per_page=100"),
        first.min(1),
        "the beginning is not read again"
    );
}

#[tokio::test(start_paused = true)]
async fn another_kind_stops_the_load_of_the_one_that_is_left() {
    let wanted = whole(scaled(4_000)).await;
    let sandbox = SandboxSettings { latency: Duration::from_millis(500), ..scaled(4_000) };
    let mut desk = Desk::starting(Wanted { sandbox, at_once: 4, ..Wanted::default() }).await;
    desk.until("some pages", |desk| desk.state().listing().loaded() >= 300).await;
    desk.keys("5").await;
    desk.rest().await;
    let processes = reads(&desk, "/runs?");
    desk.pass(Duration::from_secs(30)).await;
    assert_eq!(reads(&desk, "/runs?"), processes, "nothing of it is read any more");
    desk.keys("1").await;
    desk.rest().await;
    assert_eq!(desk.ids(), wanted);
}

#[tokio::test(start_paused = true)]
async fn what_left_a_stopped_list_lets_nothing_be_passed_over() {
    let sandbox = SandboxSettings { latency: Duration::from_millis(300), ..scaled(2_000) };
    let mut desk = Desk::starting(Wanted { sandbox, at_once: 2, ..Wanted::default() }).await;
    desk.until("the first pages", |desk| desk.state().listing().loaded() >= 300 && desk.shows("Acme Ltd"))
        .await;
    desk.keys("x").await;
    for _ in 0..20 {
        desk.keys("space").await;
    }
    desk.keys("a").await;
    desk.confirm().await;
    desk.rest().await;
    desk.keys("R").await;
    desk.rest().await;
    assert_eq!(desk.shown(), desk.live());
}

#[tokio::test(start_paused = true)]
async fn reloading_keeps_the_cursor_the_marks_and_the_rows_until_they_come_again() {
    let sandbox = SandboxSettings { latency: Duration::from_millis(300), ..scaled(3_000) };
    let mut desk = Desk::with(Wanted { sandbox, at_once: 2, ..Wanted::default() }).await;
    let wanted = desk.ids();
    desk.keys("G space k space k k").await;
    let (under, marked) = (desk.state().under_cursor().unwrap().id().clone(), desk.marked());
    let gone = wanted[7].clone();
    desk.server.rename("runs", &wanted[5], "Renamed by a colleague");
    desk.server.remove("runs", &gone);
    desk.keys("R").await;
    desk.until("half of it", |desk| desk.state().listing().received() >= Some(1_000)).await;
    assert!(desk.shows("reading again, "), "{}", desk.screen());
    assert_eq!(desk.state().under_cursor().unwrap().id(), &under);
    assert!(desk.rows().contains(&"Renamed by a colleague".to_owned()), "what has come is shown");
    assert!(desk.ids().len() >= wanted.len() - 1, "and what has not come stays");
    desk.rest().await;
    assert_eq!((desk.state().under_cursor().unwrap().id(), desk.marked()), (&under, marked));
    let left: Vec<String> = wanted.into_iter().filter(|id| *id != gone).collect();
    assert_eq!(desk.ids(), left);
}

#[tokio::test(start_paused = true)]
async fn a_match_on_the_last_page_is_seen_before_the_list_is_here() {
    let last = {
        let desk = Desk::with(Wanted { sandbox: scaled(6_000), ..Wanted::default() }).await;
        desk.rows().pop().unwrap()
    };
    let sandbox = SandboxSettings { latency: Duration::from_millis(50), ..scaled(6_000) };
    let wanted = Wanted { sandbox, limits: Limits::documented(), ..Wanted::default() };
    let mut desk = Desk::starting(wanted).await;
    desk.until("the first page", |desk| desk.state().listing().loaded() >= 100).await;
    desk.keys("/").await;
    desk.types(&last).await;
    let typed = desk.state().now.tick;
    desk.until("the match", |desk| desk.rows().contains(&last)).await;
    let loaded = desk.state().listing().loaded();
    assert!(loaded < 3_000, "{loaded} rows were here by then");
    // Reads are limited to 12 in 5 s, and the load has used them up.
    assert!(desk.state().now.tick - typed < Duration::from_secs(6));
    desk.keys("enter").await;
    desk.rest().await;
    assert_eq!(desk.rows().iter().filter(|name| **name == last).count(), 1, "it is here once");
    desk.keys("esc").await;
    desk.rest().await;
    assert_eq!(desk.rows().last(), Some(&last), "and stands where it belongs");
    let listing = desk.state().listing();
    assert!(listing.kind == Kind::Processes && listing.is_complete());
}

#[tokio::test(start_paused = true)]
async fn an_empty_page_in_the_middle_is_a_gap_and_no_end() {
    let wanted = whole(scaled(3_000)).await;
    let empty = FaultEffect::Answer {
        status: 200,
        body: Some(serde_json::json!({"data": [], "meta": {"pagination": {"total": 0}}})),
        headers: Default::default(),
        apply: false,
    };
    let faults = vec![Fault::on("GET", "/runs?sort=created_at&page=7&", empty)];
    let sandbox = SandboxSettings { faults, ..scaled(3_000) };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    assert!(desk.shows("1 page missing"), "{}", desk.screen());
    assert_eq!(desk.ids(), [&wanted[..600], &wanted[700..]].concat());
    desk.keys("*").await;
    desk.rest().await;
    assert!(desk.marked().is_empty(), "{}", desk.screen());
    desk.server.set_faults(vec![]);
    desk.keys("R").await;
    desk.rest().await;
    assert_eq!(desk.ids(), wanted);
}

#[tokio::test(start_paused = true)]
async fn a_slow_page_holds_the_others_back_for_a_moment_only_and_nothing_is_read_twice() {
    let wanted = whole(scaled(3_000)).await;
    let slow = Fault {
        delay: Duration::from_secs(20),
        ..Fault::on("GET", "/runs?sort=created_at&page=7&", FaultEffect::None)
    };
    let sandbox = SandboxSettings { faults: vec![slow], ..scaled(3_000) };
    let mut desk = Desk::starting(Wanted { sandbox, ..Wanted::default() }).await;
    desk.until("all the others", |desk| desk.state().listing().loaded() + 100 >= wanted.len()).await;
    assert!(desk.state().now.tick < Duration::from_secs(10));
    desk.keys("x").await;
    desk.server.set_faults(vec![]);
    desk.keys("R").await;
    desk.rest().await;
    assert_eq!(desk.ids(), wanted);
    assert_eq!(reads(&desk, "/runs?sort=created_at&page=9&"), 1);
}

#[tokio::test(start_paused = true)]
async fn reloading_leaves_the_cursor_where_it_was_when_its_record_is_gone() {
    let mut desk = Desk::with(Wanted { sandbox: scaled(900), ..Wanted::default() }).await;
    let before = desk.ids();
    desk.keys("j j j").await;
    assert!(desk.server.archive("runs", &before[3]));
    desk.keys("R").await;
    desk.rest().await;
    assert_eq!(desk.state().under_cursor().unwrap().id().to_string(), before[4]);
}

#[tokio::test(start_paused = true)]
async fn marking_a_list_that_lacks_rows_says_what_it_could_not_mark() {
    let sandbox = SandboxSettings { quirks: Quirks::default().with(Quirk::TotalHigh), ..scaled(300) };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    assert!(desk.shows("7 missing"), "{}", desk.screen());
    desk.keys("*").await;
    assert!(desk.shows("marked what is here: the server counts 7 more, R asks again"), "{}", desk.screen());
    assert_eq!(desk.marked().len(), desk.ids().len());
}

#[tokio::test(start_paused = true)]
async fn list_that_changed_while_it_was_read_is_read_again() {
    let sandbox = SandboxSettings { latency: Duration::from_millis(400), ..scaled(900) };
    let mut desk = Desk::starting(Wanted { sandbox, at_once: 4, ..Wanted::default() }).await;
    desk.until("the first page", |desk| desk.state().listing().loaded() >= 100).await;
    for id in desk.ids().iter().take(50) {
        assert!(desk.server.archive("runs", id));
    }
    desk.keys("*").await;
    desk.rest().await;
    assert_eq!(desk.shown(), desk.live());
    assert!(desk.state().listing().is_whole() && !desk.shows("changing"), "{}", desk.screen());
    let mut marked = desk.marked();
    marked.sort();
    let mut live = desk.ids();
    live.sort();
    assert_eq!(marked.len(), live.len(), "what had left is not marked");
}

#[tokio::test(start_paused = true)]
async fn list_that_changes_each_time_says_what_may_be_missing() {
    let sandbox = SandboxSettings { quirks: Quirks::default().with(Quirk::Duplicates), ..scaled(450) };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    assert!(desk.shows("list is changing: ") && desk.shows(" may be missing"), "{}", desk.screen());
    assert!(!desk.state().listing().is_whole());
    desk.keys("*").await;
    desk.rest().await;
    assert_eq!(desk.marked().len(), desk.ids().len(), "the ids that were seen");
}
