//! Completing with Tab.

use tidyfy::app::filter::CompletionWalk;
use tidyfy::model::kind::Kind;
use tidyfy::model::text::folded;

use super::{held, under_input};
use crate::support::{Desk, Wanted};

/// What is being walked through.
fn page_walk(desk: &Desk) -> &CompletionWalk {
    desk.state().filter_input.as_ref().unwrap().completing.as_ref().unwrap()
}

/// What stands in the input.
fn typed(desk: &Desk) -> String {
    desk.state().filter_input.as_ref().unwrap().input.value().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_name_then_its_values_one_after_the_other() {
    for size in [(80, 24), (40, 10)] {
        let mut desk = Desk::with(Wanted { size, ..Wanted::default() }).await;
        let all = desk.ids();
        desk.keys("/").await;
        desk.types("sta").await;
        desk.keys("tab").await;
        assert!(desk.shows("/status:"), "{}", desk.screen());
        assert!(under_input(&desk).starts_with("! nothing stands after"), "{}", desk.screen());
        let values = ["active", "complete", "delayed", "problem"];
        for value in values.into_iter().chain(values) {
            desk.keys("tab").await;
            desk.rest().await;
            assert!(desk.shows(&format!("/status:{value}")), "{}", desk.screen());
            assert_eq!(under_input(&desk), values.join("  "), "{}", desk.screen());
            let meant: Vec<_> = all.iter().filter(|id| held(&desk, id)["status"] == value).cloned().collect();
            assert_eq!(desk.ids(), meant, "it is in force at once");
        }
        for value in ["delayed", "complete", "active", "problem"] {
            desk.keys("shift-tab").await;
            assert!(desk.shows(&format!("/status:{value}")), "{}", desk.screen());
        }
        // Another key ends the walk, and Tab begins anew from what stands there.
        desk.keys("ctrl-w").await;
        assert!(!desk.shows("active  complete"), "{}", desk.screen());
        desk.keys("ctrl-u").await;
        desk.types("status:d").await;
        desk.keys("tab").await;
        assert!(desk.shows("/status:delayed"), "{}", desk.screen());
        desk.types(" own").await;
        desk.keys("tab").await;
        assert!(desk.shows("/status:delayed owner:"), "{}", desk.screen());
    }
}

#[tokio::test(start_paused = true)]
async fn every_candidate_of_a_long_page_walk_is_in_sight_when_it_stands_there() {
    for size in [(80, 24), (40, 10)] {
        let mut desk = Desk::with(Wanted { size, ..Wanted::default() }).await;
        let all = desk.ids();
        let name = |desk: &Desk, id: &String| {
            let owner = held(desk, id)["owner_id"].clone();
            desk.state().people.names(&owner.as_str().map_or_else(|| owner.to_string(), str::to_owned))
        };
        desk.keys("/").await;
        desk.types("owner:").await;
        desk.keys("tab").await;
        let candidates = page_walk(&desk).candidates.clone();
        let mut people: Vec<_> = all.iter().map(|id| format!("\"{}\"", name(&desk, id))).collect();
        people.sort();
        people.dedup();
        assert_eq!(candidates, people, "everybody who owns something, in quotes for the space");
        for (n, candidate) in candidates.iter().enumerate() {
            desk.rest().await;
            assert_eq!((page_walk(&desk).at, typed(&desk)), (n, format!("owner:{candidate}")));
            assert!(under_input(&desk).contains(candidate.as_str()), "{candidate}\n{}", desk.screen());
            let person = candidate.trim_matches('"');
            let meant: Vec<_> = all.iter().filter(|id| name(&desk, id) == person).cloned().collect();
            assert_eq!(desk.ids(), meant, "{candidate}");
            desk.keys("tab").await;
        }
        assert_eq!(page_walk(&desk).at, 0, "around the end");
    }
}

#[tokio::test(start_paused = true)]
async fn values_with_spaces_and_quotes_are_typed_so_that_they_match() {
    let mut desk = Desk::with(Wanted { kind: Kind::Templates, ..Wanted::default() }).await;
    let second = desk.ids()[1].clone();
    desk.server.edit("checklists", &second, serde_json::json!({"status": "on \"hold\" now"}));
    desk.keys("R").await;
    desk.rest().await;
    desk.keys("/").await;
    desk.types("status=\"on ").await;
    desk.keys("tab").await;
    desk.rest().await;
    assert!(desk.shows("/status=\"on \"\"hold\"\" now\""), "{}", desk.screen());
    assert_eq!(desk.ids(), [second]);
    // Behind what is whole Tab changes nothing.
    desk.keys("tab tab").await;
    assert!(desk.shows("/status=\"on \"\"hold\"\" now\""), "{}", desk.screen());

    desk.keys("esc 1 /").await;
    desk.rest().await;
    let all = desk.ids();
    desk.types("template:cli").await;
    desk.keys("tab").await;
    desk.rest().await;
    assert!(desk.shows("/template:\"Client onboarding\""), "{}", desk.screen());
    let title = |id: &&String| folded(held(&desk, id)["checklist_title"].as_str().unwrap());
    let meant: Vec<_> = all.iter().filter(|id| title(id).starts_with("client onboarding")).cloned().collect();
    assert_eq!(desk.ids(), meant);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_known_tab_says_so_and_where_nothing_is_typed_it_shows_the_fields() {
    let mut desk = Desk::open().await;
    desk.keys("/ tab").await;
    for name in ["name:", "template:", "status:", "tag:", "folder:", "id:", "older:"] {
        assert!(under_input(&desk).contains(name), "{name}\n{}", desk.screen());
    }
    assert!(desk.shows("/name:"), "{}", desk.screen());
    desk.keys("ctrl-u").await;
    desk.types("progress:").await;
    desk.keys("tab").await;
    assert!(desk.shows("nothing is known that could stand here"), "{}", desk.screen());
    assert!(desk.shows("/progress:"), "{}", desk.screen());
}
