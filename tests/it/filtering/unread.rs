//! Tags are asked for only when a term needs them, and until they are here nothing is decided about them.

use std::time::Duration;

use tidyfy::app::list::LoadProgress;
use tidyfy::model::record::Value;
use tidyfy::sandbox::{Fault, FaultEffect, SandboxSettings};

use super::{filter, held, is_kept, keep_some, tags};
use crate::support::{Desk, Wanted};

fn slow() -> Wanted {
    let sandbox =
        SandboxSettings { scale: 500, latency: Duration::from_millis(300), ..SandboxSettings::default() };
    Wanted { sandbox, at_once: 1, ..Wanted::default() }
}

/// How often tags were asked for.
fn asked(desk: &Desk) -> usize {
    desk.server.requests().iter().filter(|request| request.path.contains("with=tags")).count()
}

/// Whether every row that is shown has been read with its tags, and is not one to keep.
fn shows_only_what_may_go(desk: &Desk) -> bool {
    let listing = desk.state().listing();
    listing.shown_records().all(|record| {
        matches!(record.named("tag"), Value::Text(_)) && !is_kept(desk, &record.id().to_string())
    })
}

#[tokio::test(start_paused = true)]
async fn until_a_row_is_read_again_with_its_tags_no_term_on_them_lets_it_through() {
    let mut desk = Desk::with(slow()).await;
    keep_some(&desk);
    let all = desk.ids();
    let meant: Vec<_> = all.iter().filter(|id| !is_kept(&desk, id)).cloned().collect();
    // The cursor on one that stays, marks on one that stays and one that does not.
    let kept = all.iter().position(|id| is_kept(&desk, id)).unwrap();
    let stays = (kept + 1..all.len()).find(|row| !is_kept(&desk, &all[*row])).unwrap();
    for _ in 0..kept {
        desk.keys("j").await;
    }
    desk.keys("space").await;
    for _ in kept + 1..stays {
        desk.keys("j").await;
    }
    desk.keys("space k").await;
    let marked = desk.marked();
    assert_eq!((asked(&desk), marked.len()), (0, 2), "{}", desk.screen());

    desk.keys("/").await;
    desk.types("-ta").await;
    assert_eq!(asked(&desk), 0);
    desk.types("g:keep").await;
    desk.keys("enter").await;
    desk.until("the word on what is not known", |desk| {
        assert!(shows_only_what_may_go(desk), "{}", desk.screen());
        desk.shows(&format!("tag unknown for {} rows", all.len()))
    })
    .await;
    let told = std::cell::Cell::new(all.len());
    desk.until("the end of the reading", |desk| {
        assert!(shows_only_what_may_go(desk), "{}", desk.screen());
        let unknown = desk.state().listing().unknown.first().map_or(0, |(_, rows)| *rows);
        assert!(unknown <= told.replace(unknown), "{unknown} rows are unknown now");
        desk.state().in_flight.is_empty()
    })
    .await;
    desk.rest().await;
    assert_eq!(desk.ids(), meant);
    assert!(!desk.shows("unknown for"), "{}", desk.screen());
    assert_eq!(asked(&desk), all.len().div_ceil(100), "each page once");
    assert_eq!(desk.marked(), marked);
    assert!(desk.shows("2 marked (1 hidden)"), "{}", desk.screen());
    assert_eq!(desk.state().under_cursor().unwrap().id().to_string(), all[stays]);

    // The tags are here now: other terms on them ask nothing, and without one the next reading does not bring them.
    let read = asked(&desk);
    filter(&mut desk, "tag:keep").await;
    assert_eq!(desk.ids().len(), all.len() - meant.len());
    desk.keys("esc R").await;
    desk.rest().await;
    assert_eq!((asked(&desk), desk.ids().len()), (read, all.len()));
    assert_eq!(desk.marked(), marked);
}

#[tokio::test(start_paused = true)]
async fn marking_all_waits_for_the_tags() {
    let mut desk = Desk::with(slow()).await;
    keep_some(&desk);
    let meant: Vec<_> = desk.ids().into_iter().filter(|id| !is_kept(&desk, id)).collect();
    desk.keys("/").await;
    desk.types("-tag:keep").await;
    desk.keys("enter *").await;
    assert!(desk.shows("marking "), "{}", desk.screen());
    desk.keys("a").await;
    assert!(desk.shows("still marking") && desk.plan().is_none(), "{}", desk.screen());
    desk.rest().await;
    let mut marked: Vec<_> = desk.state().marks.all().map(|mark| mark.record.id().to_string()).collect();
    marked.sort();
    let mut wanted = meant;
    wanted.sort();
    assert_eq!(marked, wanted);
    desk.keys("a").await;
    assert_eq!(desk.plan().unwrap().steps.len(), wanted.len());
}

#[tokio::test(start_paused = true)]
async fn tags_that_cannot_be_read_let_nothing_through() {
    let mut desk = Desk::with(Wanted::default()).await;
    keep_some(&desk);
    let all = desk.ids();
    let fault_effect =
        FaultEffect::Answer { status: 500, body: None, headers: Default::default(), apply: false };
    desk.server.set_faults(vec![Fault::on("GET", "with=tags", fault_effect)]);
    filter(&mut desk, "-tag:keep").await;
    assert!(matches!(desk.state().listing().load, LoadProgress::Failed(_)));
    assert_eq!(desk.ids(), Vec::<String>::new());
    assert!(desk.shows(&format!("tag unknown for {} rows", all.len())), "{}", desk.screen());
    for key in ["*", "~"] {
        desk.keys(key).await;
        desk.rest().await;
        assert_eq!(desk.marked(), Vec::<String>::new(), "{key}");
    }
    desk.server.set_faults(vec![]);
    desk.keys("R").await;
    desk.rest().await;
    let meant: Vec<_> = all.into_iter().filter(|id| !is_kept(&desk, id)).collect();
    assert_eq!(desk.ids(), meant);
}

#[tokio::test(start_paused = true)]
async fn each_scope_and_kind_is_asked_by_the_filter_it_has() {
    let sandbox = SandboxSettings { scale: 300, ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    keep_some(&desk);
    filter(&mut desk, "tag:keep").await;
    let before = asked(&desk);
    desk.keys("s").await;
    desk.rest().await;
    assert!(asked(&desk) > before, "the archived ones are read with their tags at once");
    let ids = desk.ids();
    assert!(!ids.is_empty() && ids.iter().all(|id| is_kept(&desk, id)), "{}", desk.screen());
    assert!(!desk.shows("unknown for"), "{}", desk.screen());
    let before = asked(&desk);
    desk.keys("2 3").await;
    desk.rest().await;
    assert_eq!(asked(&desk), before, "other kinds have no such filter");
}

/// An id in the place of a title may stand for any.
#[tokio::test(start_paused = true)]
async fn a_tag_without_a_title_decides_nothing() {
    let mut desk = Desk::with(slow()).await;
    let is_nameless = |desk: &Desk, id: &String| tags(&held(desk, id)).contains(&String::new());
    let is_urgent = |desk: &Desk, id: &String| tags(&held(desk, id)).contains(&"urgent".to_owned());
    let all = desk.ids();
    let undecided = all.iter().filter(|id| is_nameless(&desk, id) && !is_urgent(&desk, id)).count();
    assert!(undecided > 1);
    for (term, is_turned) in [("tag:urgent", false), ("-tag:urgent", true)] {
        filter(&mut desk, term).await;
        let meant = |id: &&String| match is_urgent(&desk, id) {
            true => !is_turned,
            false => is_turned && !is_nameless(&desk, id),
        };
        assert_eq!(desk.ids(), all.iter().filter(meant).cloned().collect::<Vec<_>>(), "{term}");
        assert!(desk.shows(&format!("tag unknown for {undecided} rows")), "{term}\n{}", desk.screen());
    }
}
