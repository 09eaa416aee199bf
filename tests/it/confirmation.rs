//! What confirms and what does not (product, section 5), through the real loop with its clock in hand.

use std::time::Duration;

use tidyfy::app::event::Signal;
use tidyfy::app::state::Overlay;
use tidyfy::model::kind::Kind;
use tidyfy::sandbox::SandboxSettings;

use crate::support::{Desk, Wanted};

const TOO_FAST: &str = "that came faster than a hand types: type it again";

/// A dialog that asks for `delete 1`.
async fn deleting() -> Desk {
    let mut desk = Desk::with(Wanted { kind: Kind::Tags, ..Wanted::default() }).await;
    desk.keys("D").await;
    desk.pass(Duration::from_millis(300)).await;
    assert!(desk.shows("type delete 1 and press Enter"), "{}", desk.screen());
    desk
}

async fn types_at(desk: &mut Desk, gaps: impl IntoIterator<Item = u64>, phrase: &str) {
    for (letter, gap) in phrase.chars().zip(gaps) {
        desk.pass(Duration::from_millis(gap)).await;
        let key = if letter == ' ' { "space".to_owned() } else { letter.to_string() };
        desk.burst(&key).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_phrase_typed_at_the_limiter_of_a_hand_confirms() {
    for gap in [3, 5, 30, 400] {
        let mut desk = deleting().await;
        types_at(&mut desk, std::iter::repeat(gap), "delete 1").await;
        desk.pass(Duration::from_millis(gap)).await;
        desk.burst("enter").await;
        desk.pass(Duration::from_millis(100)).await;
        desk.rest().await;
        assert_eq!(desk.changes().len(), 1, "{gap} ms: {}", desk.screen());
    }
}

#[tokio::test(start_paused = true)]
async fn key_held_down_confirms_nothing() {
    for (delay, interval) in [(300, 33), (500, 40), (660, 40), (400, 100)] {
        for early in ["y", "x"] {
            let mut desk = Desk::with(Wanted::default()).await;
            desk.keys("a").await;
            desk.pass(Duration::from_millis(20)).await;
            desk.burst(early).await;
            desk.pass(Duration::from_millis(100)).await;
            desk.burst("y").await;
            desk.pass(Duration::from_millis(delay)).await;
            for _ in 0..40 {
                desk.burst("y").await;
                desk.pass(Duration::from_millis(interval)).await;
            }
            assert_eq!(desk.changes(), [], "{delay} ms, {interval} ms");
            desk.pass(Duration::from_millis(400)).await;
            desk.keys("y").await;
            desk.pass(Duration::from_millis(200)).await;
            desk.rest().await;
            assert_eq!(desk.changes().len(), 1, "{}", desk.screen());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn single_fast_pairs_are_no_paste() {
    let mut desk = deleting().await;
    types_at(&mut desk, [40, 1, 40, 2, 40, 0, 40, 1], "delete 1").await;
    desk.pass(Duration::from_millis(1)).await;
    assert!(!desk.shows(TOO_FAST), "{}", desk.screen());
    desk.pass(Duration::from_millis(40)).await;
    desk.keys("enter").await;
    desk.rest().await;
    assert_eq!(desk.changes().len(), 1, "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_phrase_read_at_once_is_cleared_whenever_enter_comes() {
    for pause in [0, 2, 30, 1_000, 60_000] {
        let mut desk = deleting().await;
        desk.burst("d e l e t e space 1").await;
        desk.pass(Duration::from_millis(pause)).await;
        desk.keys("enter").await;
        desk.pass(Duration::from_secs(1)).await;
        assert!(desk.shows(TOO_FAST), "{pause} ms: {}", desk.screen());
        assert_eq!(desk.changes(), [], "{pause} ms");
        desk.confirm_with("delete 1").await;
        desk.rest().await;
        assert_eq!(desk.changes().len(), 1, "{pause} ms: {}", desk.screen());
    }
}

#[tokio::test(start_paused = true)]
async fn a_bracketed_paste_clears_what_was_typed() {
    let mut desk = deleting().await;
    desk.types("delete ").await;
    desk.paste("1").await;
    assert!(desk.shows(TOO_FAST), "{}", desk.screen());
    desk.keys("1 enter").await;
    desk.rest().await;
    assert!(desk.shows("that is not `delete 1`") && desk.changes().is_empty(), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_dialog_starts_afresh_after_another_program_had_the_screen() {
    let mut desk = deleting().await;
    desk.types("delete 1").await;
    desk.signal(Signal::Continued).await;
    desk.keys("enter enter").await;
    desk.rest().await;
    assert!(desk.plan().is_some() && desk.changes().is_empty(), "{}", desk.screen());
    desk.confirm_with("delete 1").await;
    desk.rest().await;
    assert_eq!(desk.changes().len(), 1, "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn an_enter_that_came_with_the_continuation_confirms_nothing() {
    let mut desk = deleting().await;
    desk.types("delete 1").await;
    desk.burst("enter").await;
    desk.signal(Signal::Continued).await;
    desk.pass(Duration::from_secs(1)).await;
    assert!(desk.plan().is_some() && desk.changes().is_empty(), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn y_counts_after_a_quiet_quarter_of_a_second() {
    let mut desk = Desk::open().await;
    desk.keys("a").await;
    desk.pass(Duration::from_millis(300)).await;
    for key in ["j", "y"] {
        desk.burst(key).await;
        desk.pass(Duration::from_millis(240)).await;
        desk.burst("y").await;
        desk.pass(Duration::from_millis(100)).await;
        assert!(desk.plan().is_some() && desk.changes().is_empty(), "{}", desk.screen());
    }
    desk.pass(Duration::from_millis(150)).await;
    desk.burst("y").await;
    desk.pass(Duration::from_millis(200)).await;
    desk.rest().await;
    assert_eq!(desk.changes().len(), 1, "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_line_holds_2000_characters_and_says_what_it_drops() {
    let mut desk = Desk::open().await;
    desk.keys("/").await;
    desk.paste(&"x".repeat(1_999)).await;
    assert!(!desk.shows("the rest was dropped"), "{}", desk.screen());
    desk.keys("y z").await;
    assert!(desk.shows("only 2,000 characters fit here: the rest was dropped"), "{}", desk.screen());
    let typed = desk.state().filter_input.as_ref().map(|typing| typing.input.value().to_owned());
    assert_eq!(typed.unwrap(), format!("{}y", "x".repeat(1_999)));
}

#[tokio::test(start_paused = true)]
async fn a_filter_typed_at_once_is_in_force_with_its_last_letter() {
    let mut desk = Desk::open().await;
    let all = desk.rows().len();
    desk.burst("/ o n b o a r d i n g").await;
    desk.rest().await;
    let rows = desk.rows();
    assert!(
        !rows.is_empty() && rows.len() < all && rows.iter().all(|name| name.contains("Onboarding")),
        "{rows:?}"
    );
    desk.burst("ctrl-u z z z enter").await;
    desk.rest().await;
    assert!(desk.rows().is_empty() && desk.state().filter_input.is_none(), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_question_that_was_not_seen_is_not_answered() {
    let sandbox =
        SandboxSettings { scale: 60, latency: Duration::from_secs(2), ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    desk.keys("* a").await;
    desk.confirm().await;
    desk.burst("x y").await;
    desk.pass(Duration::from_millis(50)).await;
    assert!(matches!(desk.state().overlay, Some(Overlay::Question(_))), "{}", desk.screen());
    desk.keys("n").await;
    desk.rest().await;
    assert_eq!(desk.changes().len(), desk.confirmed.len());
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_is_not_lost_to_news_that_comes_with_it() {
    let mut desk = deleting().await;
    desk.types("delete 1").await;
    desk.burst("enter").await;
    // Something that happens just when the key has stood alone for long enough, and is taken first.
    tokio::time::advance(Duration::from_millis(40)).await;
    desk.signal(Signal::Continued).await;
    desk.pass(Duration::from_secs(1)).await;
    desk.rest().await;
    assert!(desk.plan().is_some() && desk.changes().is_empty(), "{}", desk.screen());
    desk.types("delete 1").await;
    desk.burst("enter").await;
    tokio::time::advance(Duration::from_millis(40)).await;
    desk.resize(119, 35).await;
    desk.pass(Duration::from_secs(1)).await;
    desk.rest().await;
    assert_eq!(desk.changes().len(), 1, "{}", desk.screen());
}
