//! Filtering and sorting as a person does it: keys in, and the rows on the screen against what the server holds.

mod errors;
mod narrowed;
mod orders;
mod tab;
mod terms;
mod unread;

use serde_json::Value;

use crate::support::{Desk, slug};

/// Types a filter in the place of the one in force, keeps it, and lets it take effect.
async fn filter(desk: &mut Desk, source: &str) {
    desk.keys("/ ctrl-u").await;
    desk.types(source).await;
    desk.keys("enter").await;
    desk.rest().await;
}

/// The record as the server holds it.
fn held(desk: &Desk, id: &str) -> Value {
    desk.server.object(slug(desk.state().kind), id).unwrap()
}

/// The titles of the tags on a record, as the server holds them.
fn tags(row: &Value) -> Vec<String> {
    let tags = row["tags"]["data"].as_array().unwrap();
    tags.iter().map(|tag| tag["title"].as_str().unwrap().to_owned()).collect()
}

/// Calls a tag that many records carry `keep`, and gives the one without a title a title.
fn keep_some(desk: &Desk) {
    let ids = desk.server.ids("tags");
    desk.server.rename("tags", &ids[0], "keep");
    for id in ids.iter().filter(|id| desk.server.object("tags", id).unwrap()["title"] == "") {
        desk.server.rename("tags", id, "untitled");
    }
}

/// Whether a record carries that tag.
fn is_kept(desk: &Desk, id: &str) -> bool {
    tags(&held(desk, id)).contains(&"keep".to_owned())
}

/// The line on the screen under the one that a filter is typed into.
fn under_input(desk: &Desk) -> String {
    let screen = desk.screen();
    let mut lines = screen.lines().skip_while(|line| !line.starts_with('/'));
    assert!(lines.next().is_some(), "no filter is being typed:\n{screen}");
    lines.next().unwrap().to_owned()
}
