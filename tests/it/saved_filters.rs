//! Filters that are kept by name.

use crate::support::Desk;

async fn filtered(filter: &str) -> Desk {
    let mut desk = Desk::open().await;
    desk.keys("/").await;
    desk.types(filter).await;
    desk
}

#[tokio::test(start_paused = true)]
async fn a_filter_is_saved_picked_and_removed() {
    let mut desk = filtered("status:complete").await;
    desk.keys("ctrl-s").await;
    desk.types("done and dusted").await;
    assert!(desk.shows("save as: done and dusted"), "{}", desk.screen());
    desk.keys("enter").await;
    desk.rest().await;
    assert!(desk.shows("> done and dusted") && desk.shows("status:complete"), "{}", desk.screen());
    let kept = std::fs::read_to_string(desk.state_dir().join("filters.json")).unwrap();
    assert!(kept.contains("done and dusted"));

    desk.keys("esc esc").await;
    desk.rest().await;
    let all = desk.rows().len();
    desk.keys("F enter").await;
    desk.rest().await;
    assert!(desk.shows("filter: status:complete") && desk.rows().len() < all, "{}", desk.screen());
    // It is one of the processes, and no other kind's.
    desk.keys("3 F").await;
    desk.rest().await;
    assert!(desk.shows("saved filters of tasks") && desk.shows("none is saved yet"), "{}", desk.screen());
    desk.keys("esc 1 F delete").await;
    desk.rest().await;
    assert!(desk.shows("none is saved yet"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn what_is_no_filter_is_not_saved() {
    let mut desk = Desk::open().await;
    desk.keys("ctrl-s").await;
    assert!(desk.shows("there is no filter to save: / types one"), "{}", desk.screen());
    let mut desk = filtered("foo:bar").await;
    desk.keys("ctrl-s").await;
    assert!(desk.shows("fix the filter first"), "{}", desk.screen());
    assert!(!desk.state_dir().join("filters.json").exists());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_holds_something_else_is_told_and_left_as_it_is() {
    let mut desk = filtered("older:90d").await;
    let path = desk.state_dir().join("filters.json");
    std::fs::create_dir_all(desk.state_dir()).unwrap();
    std::fs::write(&path, "not ours").unwrap();
    desk.keys("ctrl-s").await;
    desk.types("old").await;
    desk.keys("enter").await;
    desk.rest().await;
    assert!(desk.shows("does not hold saved filters") && desk.shows("hint: "), "{}", desk.screen());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "not ours");
}
