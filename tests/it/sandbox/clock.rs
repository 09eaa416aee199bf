//! The dates of the organization lead up to the clock it is given.

use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use tidyfy::sandbox::{Sandbox, SandboxSettings};

const SLUGS: [&str; 9] =
    ["runs", "checklists", "tasks", "assets", "tags", "groups", "guests", "users", "folders"];

/// Returns every date of every record, in order.
async fn dates(now: Timestamp) -> Vec<(String, Timestamp)> {
    let sandbox =
        Sandbox::start(SandboxSettings { scale: 60, now, ..SandboxSettings::default() }).await.unwrap();
    let mut all = Vec::new();
    for slug in SLUGS {
        for id in sandbox.ids(slug) {
            gather(&format!("{slug} {id}"), &sandbox.object(slug, &id).unwrap(), &mut all);
        }
    }
    all
}

fn gather(place: &str, value: &Value, all: &mut Vec<(String, Timestamp)>) {
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(key, inner)| gather(&format!("{place} {key}"), inner, all));
        }
        Value::Array(list) => list.iter().for_each(|inner| gather(place, inner, all)),
        Value::String(text) => {
            let spaced = text.replacen(' ', "T", 1) + "Z";
            let at = text.parse().or_else(|_| spaced.parse());
            all.extend(at.ok().map(|at| (place.to_owned(), at)));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[tokio::test(start_paused = true)]
async fn all_dates_move_with_the_clock() {
    let first: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
    let later = first.checked_add(1000.hours()).unwrap();
    let (before, after) = (dates(first).await, dates(later).await);
    assert_eq!(before.len(), after.len());
    assert!(before.len() > 500, "{}", before.len());
    for ((place, was), (_, is)) in before.iter().zip(&after) {
        assert_eq!(is.duration_since(*was).as_hours(), 1000, "{place}");
    }
    let created = |(place, _): &&(String, Timestamp)| place.ends_with("created_at");
    let newest = after.iter().filter(created).map(|(_, at)| *at).max().unwrap();
    assert!(newest <= later && later.duration_since(newest).as_hours() < 24 * 30, "{newest}");
}
