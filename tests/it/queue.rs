//! Jobs that wait behind another: seen on every screen, and never started by cancelling the one before them.

use std::time::Duration;

use tidyfy::model::kind::{Action, Kind};
use tidyfy::sandbox::{Fault, FaultEffect, SandboxSettings};

use crate::support::{Desk, Wanted};

/// A slow archive of processes runs, and the deletion of four tags waits behind it.
async fn with_a_waiting_deletion(size: (u16, u16)) -> Desk {
    let sandbox =
        SandboxSettings { scale: 200, latency: Duration::from_millis(400), ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { size, sandbox, ..Wanted::default() }).await;
    desk.keys("* a").await;
    desk.confirm().await;
    desk.keys("5").await;
    desk.until("tags", |desk| desk.ids().len() >= 4).await;
    desk.keys("space space space space D").await;
    desk.confirm_with("delete 4").await;
    desk
}

fn archived(desk: &Desk) -> usize {
    desk.changes().iter().filter(|(_, path)| path.starts_with("runs/")).count()
}

fn deleted(desk: &Desk) -> usize {
    desk.changes().iter().filter(|(_, path)| path.starts_with("tags/")).count()
}

#[tokio::test(start_paused = true)]
async fn waiting_job_is_shown_at_every_width() {
    for size in [(120, 35), (80, 24), (40, 10)] {
        let mut desk = with_a_waiting_deletion(size).await;
        assert!(desk.shows("queued 1"), "{}", desk.screen());
        desk.keys("p").await;
        assert!(desk.shows("queued 1") && desk.shows("paused"), "{}", desk.screen());
        desk.keys("x").await;
        let text = desk.screen();
        assert!(text.contains("next: permanently delete 4 tags"), "{text}");
        for key in ["y cancel this", "a cancel all", "Esc back"] {
            assert!(text.contains(key), "{text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn cancelling_the_running_job_leaves_the_next_paused_until_a_person_resumes_it() {
    let mut desk = with_a_waiting_deletion((120, 35)).await;
    desk.keys("x").await;
    assert!(desk.shows("y cancel this   a cancel all   Esc back"), "{}", desk.screen());
    assert!(desk.shows("next: permanently delete 4 tags"), "{}", desk.screen());
    desk.keys("y").await;
    desk.until("the end of the first", |desk| desk.log().contains("archive cancelled: ")).await;
    desk.pass(Duration::from_secs(120)).await;
    assert_eq!(deleted(&desk), 0, "the next job started by itself");
    let text = desk.screen();
    assert!(text.contains("delete 0 of 4") && text.contains("paused") && text.contains("p resume"), "{text}");
    assert!(!text.contains("p pause") && !text.contains("/s"), "{text}");
    desk.keys("p").await;
    assert!(desk.shows("p pause"), "{}", desk.screen());
    desk.rest().await;
    assert_eq!(deleted(&desk), 4);
}

#[tokio::test(start_paused = true)]
async fn cancelling_all_leaves_nothing_to_be_sent() {
    let mut desk = with_a_waiting_deletion((120, 35)).await;
    desk.keys("x a").await;
    desk.rest().await;
    assert_eq!(deleted(&desk), 0);
    assert!(desk.log().contains("archive cancelled: ") && desk.log().contains("delete cancelled: "));
    assert!(desk.log().contains("4 not sent"), "{}", desk.log());
    let sent = archived(&desk);
    desk.keys("p").await;
    assert!(desk.shows("no job is running"), "{}", desk.screen());
    desk.pass(Duration::from_secs(60)).await;
    assert_eq!((archived(&desk), deleted(&desk)), (sent, 0));
}

#[tokio::test(start_paused = true)]
async fn going_back_leaves_the_queue_as_it_was() {
    let mut desk = with_a_waiting_deletion((120, 35)).await;
    desk.keys("x").await;
    desk.pass(Duration::from_secs(10)).await;
    let sent = archived(&desk);
    desk.keys("j").await;
    assert!(desk.shows("Esc back"), "a key that means nothing here does nothing: {}", desk.screen());
    desk.keys("esc").await;
    desk.pass(Duration::from_secs(1)).await;
    assert!(archived(&desk) > sent, "it ran before, and runs again");
    desk.keys("p x esc").await;
    desk.pass(Duration::from_secs(5)).await;
    let sent = archived(&desk);
    desk.pass(Duration::from_secs(60)).await;
    assert_eq!(archived(&desk), sent, "it was paused before, and stays so");
    assert!(desk.shows("p resume"), "{}", desk.screen());
    desk.keys("p").await;
    desk.rest().await;
    assert_eq!(deleted(&desk), 4);
}

#[tokio::test(start_paused = true)]
async fn job_that_ends_while_it_is_asked_about_does_not_start_the_next() {
    let mut desk = with_a_waiting_deletion((120, 35)).await;
    let all = desk.state().jobs.current().unwrap().records();
    desk.until("the last requests", |desk| archived(desk) == all).await;
    desk.keys("x").await;
    desk.until("the end of the first", |desk| desk.log().contains("archive finished: ")).await;
    assert!(desk.shows("the queue is paused"), "{}", desk.screen());
    desk.pass(Duration::from_secs(60)).await;
    assert_eq!(deleted(&desk), 0);
    desk.keys("p").await;
    desk.rest().await;
    assert_eq!(deleted(&desk), 4);
}

#[tokio::test(start_paused = true)]
async fn job_that_joins_a_paused_queue_waits_with_it() {
    let mut desk = with_a_waiting_deletion((120, 35)).await;
    desk.keys("p 2").await;
    desk.pass(Duration::from_secs(10)).await;
    desk.mark_applicable(Action::Archive, 1).await;
    desk.keys("a").await;
    desk.confirm().await;
    desk.keys("x y x y").await;
    desk.pass(Duration::from_secs(120)).await;
    assert!(desk.shows("archive 0 of 1") && desk.shows("p resume"), "{}", desk.screen());
    assert!(!desk.changes().iter().any(|(_, path)| path.starts_with("checklists/")));
}

#[tokio::test(start_paused = true)]
async fn jobs_that_wait_are_named_where_a_person_leaves() {
    let mut desk = with_a_waiting_deletion((120, 35)).await;
    desk.keys("x ctrl-c").await;
    assert!(desk.shows("a job is paused: "), "{}", desk.screen());
    assert!(desk.shows("next: permanently delete 4 tags"), "{}", desk.screen());
    desk.pass(Duration::from_secs(5)).await;
    let sent = archived(&desk);
    desk.pass(Duration::from_secs(5)).await;
    assert_eq!(archived(&desk), sent, "what the first question paused went on under the second");
    desk.keys("n P").await;
    desk.pass(Duration::from_secs(2)).await;
    desk.keys("down enter").await;
    assert!(desk.shows("jobs of this organization are not over: archive and 1 queued"), "{}", desk.screen());
    assert!(desk.wants.is_empty());
}

#[tokio::test(start_paused = true)]
async fn queue_paused_while_locked_out_does_not_go_on_with_the_next_token() {
    let mut desk = Desk::open().await;
    desk.keys("* a").await;
    desk.server.set_faults(vec![Fault::on("DELETE", "/runs/", FaultEffect::RevokeToken).nth([5])]);
    desk.confirm().await;
    desk.pass(Duration::from_secs(60)).await;
    desk.keys("esc").await;
    assert!(desk.shows("waiting for a token") && !desk.shows("/s"), "{}", desk.screen());
    desk.keys("p").await;
    let text = desk.screen();
    assert!(text.contains("paused") && text.contains("p resume"), "{text}");
}

/// The gauge's `12 s left` in seconds; none where it says nothing of the kind.
fn seconds_left(screen: &str) -> Option<f64> {
    let gauge = screen.lines().find(|line| line.starts_with("status"))?;
    let (before, _) = gauge.split_once(" left")?;
    let words: Vec<&str> = before.rsplit("  ").next()?.split_whitespace().collect();
    match words.as_slice() {
        ["under", "a", "second"] => Some(0.0),
        [seconds, "s"] => seconds.parse().ok(),
        [minutes, "min"] => Some(60.0 * minutes.parse::<f64>().ok()?),
        [minutes, "min", seconds, "s"] => {
            Some(60.0 * minutes.parse::<f64>().ok()? + seconds.parse::<f64>().ok()?)
        }
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn time_left_is_close_to_what_is_left_over_a_whole_job() {
    for (latency, limits) in [
        (50, tidyfy::model::limits::Limits::documented()),
        (900, tidyfy::model::limits::Limits::documented()),
        (2_000, tidyfy::model::limits::Limits::off()),
    ] {
        let sandbox = SandboxSettings {
            scale: 200,
            latency: Duration::from_millis(latency),
            ..SandboxSettings::default()
        };
        let wanted = Wanted { sandbox, limits, ..Wanted::default() };
        let mut desk = Desk::with(wanted).await;
        desk.keys("s").await;
        desk.rest().await;
        desk.keys("* D").await;
        let n = desk.plan().unwrap().count();
        assert!(n >= 40, "{n}: {}", desk.screen());
        let phrase = match desk.plan().unwrap().confirmation() {
            tidyfy::model::plan::Confirmation::Phrase(phrases) => phrases[0].clone(),
            other => panic!("{other:?}"),
        };
        desk.confirm_with(&phrase).await;
        let begun = tokio::time::Instant::now();
        let mut said = Vec::new();
        while !desk.state().jobs.is_empty() {
            desk.pass(Duration::from_millis(250)).await;
            if let Some(left) = seconds_left(&desk.screen()) {
                said.push((begun.elapsed().as_secs_f64(), left));
            }
        }
        let end = begun.elapsed().as_secs_f64();
        assert!(said.len() > 20, "{said:?}");
        // Reads of attached files are known only when their record is read: they come to one window of reads here.
        let slack = 6.0 + 2.0 * latency as f64 / 1000.0;
        for (at, left) in &said {
            let lookup = end - at;
            assert!(
                (left - lookup).abs() <= slack.max(lookup / 5.0),
                "{left} s said, {lookup} s in truth: {said:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn last_answer_that_is_waited_for_is_counted_in_seconds() {
    let mut desk = Desk::open().await;
    desk.server.set_faults(vec![Fault::on("DELETE", "/runs/", FaultEffect::Hang { apply: true }).nth([3])]);
    desk.mark_applicable(Action::Archive, 3).await;
    desk.keys("a").await;
    desk.confirm().await;
    desk.pass(Duration::from_millis(12_900)).await;
    assert!(desk.shows("waiting for 1 answer, 12 s of 30 s"), "{}", desk.screen());
    assert!(!desk.shows(" left"), "{}", desk.screen());
    desk.rest().await;
    assert!(!desk.shows("waiting for"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn rate_does_not_count_the_time_of_a_pause() {
    let mut desk = with_a_waiting_deletion((120, 35)).await;
    desk.pass(Duration::from_secs(1)).await;
    let before = desk.state().jobs.current().unwrap().rate(desk.state().now).unwrap();
    desk.keys("p").await;
    desk.pass(Duration::from_secs(600)).await;
    assert!(!desk.shows("/s") && !desk.shows(" left"), "{}", desk.screen());
    desk.keys("p").await;
    let after = desk.state().jobs.current().unwrap().rate(desk.state().now).unwrap();
    assert!(after > before / 2.0, "{before} then {after}");
}

#[tokio::test(start_paused = true)]
async fn records_and_not_requests_are_counted() {
    let sandbox =
        SandboxSettings { scale: 60, latency: Duration::from_millis(400), ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { sandbox, at_once: 1, ..Wanted::default() }).await;
    desk.mark_applicable(Action::Archive, 4).await;
    desk.keys("D space").await;
    desk.pass(Duration::from_secs(1)).await;
    desk.keys("shift-tab").await;
    desk.confirm_with("delete 4").await;
    assert!(desk.shows("delete 0 of 4"), "{}", desk.screen());
    desk.until("the first deletion", |desk| desk.changes().len() >= 3).await;
    assert!(!desk.shows(" of 8"), "{}", desk.screen());
    desk.rest().await;
}

#[tokio::test(start_paused = true)]
async fn answer_that_a_record_is_gone_is_no_error() {
    let mut desk = Desk::with(Wanted { kind: Kind::Tags, ..Wanted::default() }).await;
    let ids = desk.mark_applicable(Action::Delete, 3).await;
    desk.server.remove("tags", &ids[1]);
    desk.keys("D").await;
    desk.confirm_with("delete 3").await;
    desk.rest().await;
    assert!(desk.log().contains("1 already gone"), "{}", desk.log());
    let lines: Vec<_> = desk.state().status.shown().collect();
    let zone = &desk.state().setup.zone;
    let gone: Vec<_> = lines.iter().filter(|entry| entry.text(zone).contains("GET    404")).collect();
    assert!(!gone.is_empty(), "{}", desk.log());
    for entry in gone {
        assert_eq!(entry.tone(), tidyfy::app::status_pane::LineTone::Plain, "{}", entry.text(zone));
    }
}
