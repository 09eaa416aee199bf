//! What is no filter: its reason, and that nothing is done to what matches before it is mended.

use tidyfy::model::kind::Kind;

use super::{filter, under_input};
use crate::support::{Desk, Wanted};

const TROUBLE: [(&str, &str); 6] = [
    ("status:", "! nothing stands after `status`"),
    ("foo:bar", "! processes have no field `foo`"),
    ("updated<yesterday", "! `yesterday` is not a valid date"),
    ("progress>half", "! `half` is no number"),
    ("older:soon", "! `soon` is not a valid age"),
    ("\"zoe gmbh", "! the quote is not closed"),
];

#[tokio::test(start_paused = true)]
async fn the_reason_stands_under_the_input_and_the_last_valid_filter_stays() {
    let mut desk = Desk::open().await;
    let all = desk.ids();
    filter(&mut desk, "onboarding").await;
    let valid = desk.ids();
    assert!((1..all.len()).contains(&valid.len()));
    for (typed, reason) in TROUBLE {
        desk.keys("/").await;
        desk.paste(&format!(" {typed}")).await;
        desk.rest().await;
        assert!(under_input(&desk).starts_with(reason), "{typed}\n{}", desk.screen());
        assert_eq!(desk.ids(), valid, "{typed}");
        assert!(desk.shows("filter: onboarding "), "{typed}\n{}", desk.screen());
        desk.keys("esc").await;
        desk.rest().await;
        assert!(!desk.shows(reason), "{typed}\n{}", desk.screen());
        assert_eq!(desk.ids(), valid, "{typed}: Esc returns to the former filter");
    }
    // Letter by letter the reason comes and goes, and what could be understood last is in force.
    desk.keys("/ ctrl-u").await;
    desk.types("status").await;
    assert!(!desk.shows("! "), "{}", desk.screen());
    desk.types(":").await;
    assert!(under_input(&desk).starts_with(TROUBLE[0].1), "{}", desk.screen());
    assert!(desk.shows("filter: status "), "{}", desk.screen());
    desk.types("a").await;
    desk.rest().await;
    assert!(!desk.shows("! "), "{}", desk.screen());
    assert!(desk.shows("filter: status:a "), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_reason_is_read_whole_where_there_is_room() {
    for (size, whole) in [((80, 24), true), ((40, 10), false)] {
        let mut desk = Desk::with(Wanted { size, ..Wanted::default() }).await;
        for keys in ["/", "enter"] {
            desk.keys(keys).await;
            if keys == "/" {
                desk.paste("foo:bar").await;
            }
            assert!(desk.shows("processes have"), "{keys}\n{}", desk.screen());
            let end = if whole { "it is searched for" } else { "…" };
            assert!(desk.shows(end), "{keys}\n{}", desk.screen());
            assert!(desk.shows(&desk.rows()[0][..8]), "rows stay in sight\n{}", desk.screen());
        }
    }
}

/// Presses the keys that would take what matches, each of which must only say what to do first.
async fn assert_nothing_is_done(desk: &mut Desk) {
    let marked = desk.marked();
    for key in ["*", "ctrl-a", "~", "a", "r", "D"] {
        desk.keys(key).await;
        assert!(desk.shows("fix the filter first"), "{key}\n{}", desk.screen());
        assert!(desk.plan().is_none(), "{key}\n{}", desk.screen());
        assert_eq!(desk.marked(), marked, "{key}");
        desk.keys("j k").await;
        assert!(!desk.shows("fix the filter first"), "{key}\n{}", desk.screen());
    }
    desk.keys(":").await;
    desk.types("archive").await;
    desk.keys("enter").await;
    assert!(desk.shows("fix the filter first") && desk.plan().is_none(), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_to_what_matches_before_it_is_mended() {
    let mut desk = Desk::open().await;
    let all = desk.ids();
    filter(&mut desk, "onboarding").await;
    let valid = desk.ids();
    for (typed, reason) in TROUBLE {
        desk.keys("space /").await;
        desk.paste(&format!(" {typed}")).await;
        desk.keys("enter").await;
        desk.rest().await;
        let reason = reason.replacen("! ", "! fix the filter: ", 1);
        assert!(desk.shows(&reason), "{typed}\n{}", desk.screen());
        assert_eq!(desk.ids(), valid, "{typed}");
        assert_nothing_is_done(&mut desk).await;
        desk.keys("/").await;
        assert!(desk.shows(&format!("/onboarding {typed}")), "{typed}\n{}", desk.screen());
        // Esc returns to what was before, which was this trouble.
        desk.keys("esc").await;
        assert!(desk.shows(&reason) && desk.ids() == valid, "{typed}\n{}", desk.screen());
        desk.keys("esc").await;
        desk.rest().await;
        assert!(!desk.shows("fix the filter: ") && desk.ids() == all, "{typed}\n{}", desk.screen());
        filter(&mut desk, "onboarding").await;
        assert_eq!(desk.ids(), valid);
    }
    assert!(!desk.marked().is_empty());
    assert_eq!(desk.changes(), []);
}

#[tokio::test(start_paused = true)]
async fn mended_it_lets_actions_through_and_another_kind_was_never_held_up() {
    let mut desk = Desk::open().await;
    desk.keys("/").await;
    desk.paste("status:").await;
    // Nor is it a way around to open a record.
    desk.keys("enter enter").await;
    desk.rest().await;
    assert!(desk.state().detail.is_some());
    desk.keys("a").await;
    assert!(desk.shows("fix the filter first") && desk.plan().is_none(), "{}", desk.screen());
    desk.keys("esc 5").await;
    desk.rest().await;
    assert!(!desk.shows("fix the filter: "), "{}", desk.screen());
    desk.keys("D").await;
    assert!(desk.plan().is_some_and(|plan| plan.steps.len() == 1), "{}", desk.screen());
    desk.keys("esc 1 a").await;
    assert!(desk.shows("fix the filter first") && desk.plan().is_none(), "{}", desk.screen());
    desk.keys("/").await;
    desk.types("active").await;
    desk.keys("enter").await;
    desk.rest().await;
    let shown = desk.ids();
    assert!(!shown.is_empty() && shown.len() < desk.state().listing().loaded());
    desk.keys("*").await;
    desk.rest().await;
    desk.keys("a").await;
    let planned: Vec<_> =
        desk.plan().unwrap().steps.iter().map(|step| step.record.id().to_string()).collect();
    assert_eq!(planned, shown);
    assert_eq!(desk.state().kind, Kind::Processes);
}

#[tokio::test(start_paused = true)]
async fn marking_that_waits_is_given_up_when_the_filter_breaks() {
    let sandbox = tidyfy::sandbox::SandboxSettings {
        scale: 1_500,
        latency: std::time::Duration::from_millis(400),
        ..Default::default()
    };
    let mut desk = Desk::starting(Wanted { sandbox, at_once: 2, ..Wanted::default() }).await;
    desk.until("the first page", |desk| desk.state().listing().loaded() >= 100).await;
    desk.keys("* /").await;
    desk.paste("status:").await;
    desk.keys("enter").await;
    desk.rest().await;
    assert!(desk.state().listing().is_complete());
    assert_eq!(desk.marked(), Vec::<String>::new());
}
