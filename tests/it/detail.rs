//! The page of a record: what stands on it, where it leads and the way back, its JSON, and the search in it.

use serde_json::json;
use tidyfy::app::detail::{Detail, KnownFields};
use tidyfy::model::kind::{Action, Kind};
use tidyfy::model::text;
use tidyfy::sandbox::{Fault, FaultEffect, Quirk, Quirks, SandboxSettings};

use crate::support::{Desk, Wanted};

async fn at(kind: Kind) -> Desk {
    Desk::with(Wanted { kind, ..Wanted::default() }).await
}

fn page(desk: &Desk) -> &Detail {
    desk.state().detail.as_ref().unwrap_or_else(|| panic!("no page is open:\n{}", desk.screen()))
}

/// Presses keys, waiting for rest after each.
async fn step(desk: &mut Desk, keys: &str) {
    for key in keys.split_whitespace() {
        desk.keys(key).await;
        desk.rest().await;
    }
}

/// Goes to the first row for which the server says what is wanted, and opens it.
async fn open(desk: &mut Desk, id: &str) {
    let at = desk.ids().iter().position(|known| known == id).expect("it is not in the list");
    desk.keys("g").await;
    for _ in 0..at {
        desk.keys("j").await;
    }
    step(desk, "enter").await;
    assert_eq!(page(desk).record.id().to_string(), id);
}

/// The template that most live processes were launched from, and how many processes it has in all.
fn busiest(desk: &Desk) -> (String, usize) {
    let count = |id: &String| {
        let runs = desk.server.ids("runs").into_iter().filter_map(|run| desk.server.object("runs", &run));
        runs.filter(|run| run["checklist_id"] == json!(id)).count()
    };
    let counted = desk.ids().into_iter().map(|id| (count(&id), id));
    let (n, id) = counted.max().unwrap();
    (id, n)
}

#[tokio::test(start_paused = true)]
async fn from_a_template_to_its_process_to_a_task_and_back() {
    let mut desk = at(Kind::Templates).await;
    let (id, n) = busiest(&desk);
    open(&mut desk, &id).await;
    assert!(desk.shows(&format!("processes launched from it ({n})")), "{}", desk.screen());
    step(&mut desk, "ctrl-d ctrl-u tab").await;
    let (template, at, scroll) = (page(&desk).record.clone(), page(&desk).at, page(&desk).scroll);
    step(&mut desk, "enter").await;
    let process = page(&desk).record.clone();
    assert_eq!(process.kind(), Kind::Processes);
    let server = desk.server.object("runs", &process.id().to_string()).unwrap();
    assert_eq!(server["checklist_id"], json!(id));
    assert!(desk.shows(&format!("back to template {}", &template.name()[..8])), "{}", desk.screen());
    // The template it came from, then its tasks.
    assert!(page(&desk).related_page[0].records[0].id() == template.id());
    step(&mut desk, "tab tab l").await;
    let task = page(&desk).record.clone();
    assert_eq!(task.kind(), Kind::Tasks);
    assert!(desk.shows("read-only: belongs to a process"), "{}", desk.screen());
    for action in ["a", "r", "D"] {
        desk.keys(action).await;
        assert!(desk.shows("belongs to a process, which must be handled instead"), "{}", desk.screen());
        assert!(desk.plan().is_none());
    }
    assert_eq!(page(&desk).related_page[0].records[0].id(), process.id());
    step(&mut desk, "esc").await;
    assert_eq!(page(&desk).record.id(), process.id());
    step(&mut desk, "h").await;
    assert_eq!((page(&desk).record.id(), page(&desk).at, page(&desk).scroll), (template.id(), at, scroll));
    step(&mut desk, "esc").await;
    assert!(desk.state().detail.is_none() && desk.state().under_cursor().unwrap().id() == template.id());
    assert_eq!(desk.changes(), []);
}

#[tokio::test(start_paused = true)]
async fn every_kind_leads_to_what_the_server_holds() {
    for kind in Kind::ALL {
        let mut desk = at(kind).await;
        for row in 0..desk.ids().len().min(8) {
            desk.keys("g").await;
            for _ in 0..row {
                desk.keys("j").await;
            }
            step(&mut desk, "enter").await;
            assert!(matches!(page(&desk).fields, KnownFields::Known(_)), "{}", desk.screen());
            for related_page in &page(&desk).related_page {
                assert!(
                    related_page.failed.is_none(),
                    "{kind:?} {}: {:?}",
                    related_page.relation.title,
                    related_page.failed
                );
                let slug = crate::support::slug(related_page.relation.kind);
                for record in &related_page.records {
                    let id = record.id().to_string();
                    let is_known =
                        desk.server.object(slug, &id).is_some() || related_page.relation.kind == Kind::Tasks;
                    assert!(is_known, "{kind:?} {} {id}", related_page.relation.title);
                }
            }
            step(&mut desk, "esc").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_tagged_is_found_by_its_tag() {
    let mut desk = at(Kind::Tags).await;
    let mut seen = 0;
    for _ in 0..desk.ids().len() {
        step(&mut desk, "enter").await;
        let id = page(&desk).record.id().to_string();
        let statistics = desk.server.object("tags", &id).unwrap()["statistics"]["data"].clone();
        let number = |key: &str| statistics[key].as_u64().unwrap();
        let total = |at: usize| page(&desk).related_page[at].total.unwrap();
        assert_eq!(total(0), number("active_process") + number("archived_process"));
        assert_eq!(total(1), number("active_template") + number("archived_template"));
        seen += total(0) + total(2);
        step(&mut desk, "esc j").await;
    }
    assert!(seen > 0);
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_long_list_is_loaded_when_asked_for() {
    for quirks in [Quirks::default(), Quirks::default().with(Quirk::IgnorePerPage)] {
        let sandbox = SandboxSettings { scale: 400, quirks, ..SandboxSettings::default() };
        let mut desk = Desk::with(Wanted { sandbox, kind: Kind::Templates, ..Wanted::default() }).await;
        let (id, n) = busiest(&desk);
        assert!(n > 10, "{n}");
        open(&mut desk, &id).await;
        assert_eq!(page(&desk).related_page[0].records.len(), 10);
        let first: Vec<_> =
            page(&desk).related_page[0].records.iter().map(|record| record.id().clone()).collect();
        // The way to the line that stands for the rest is shorter backwards, past the files.
        let files = page(&desk).related_page[1].records.len();
        for _ in 0..=files {
            desk.keys("shift-tab").await;
        }
        assert!(desk.shows(&format!("> {} more: enter loads them", n - 10)), "{}", desk.screen());
        while page(&desk).related_page[0].records.len() < n {
            let before = page(&desk).related_page[0].records.len();
            step(&mut desk, "enter").await;
            let related_page = &page(&desk).related_page[0];
            assert!(related_page.records.len() > before, "{}", desk.screen());
            if related_page.records.len() < n {
                // What is selected now is the first of those that came.
                for _ in 0..related_page.records.len() - before {
                    desk.keys("tab").await;
                }
            }
        }
        let ids: Vec<_> =
            page(&desk).related_page[0].records.iter().map(|record| record.id().clone()).collect();
        assert_eq!(ids[..10], first);
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), n);
        assert!(!desk.shows("loads them"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_json_is_one_key_away_and_scrolls_for_itself() {
    let mut desk = Desk::open().await;
    step(&mut desk, "enter G").await;
    let (text, scroll) = (desk.screen(), page(&desk).scroll);
    desk.keys("J").await;
    assert!(desk.shows("JSON of process") && desk.shows("\"archived_at\": null"), "{}", desk.screen());
    desk.keys("G tab").await;
    assert!(desk.shows("the JSON leads nowhere"), "{}", desk.screen());
    desk.keys("J").await;
    assert_eq!((desk.screen(), page(&desk).scroll), (text.clone(), scroll));
    desk.keys("J").await;
    assert!(page(&desk).scroll > 0);
    desk.keys("esc").await;
    assert_eq!(desk.screen(), text);
    assert_eq!(desk.changes(), []);
}

#[tokio::test(start_paused = true)]
async fn a_page_is_searched_and_esc_ends_the_search_first() {
    let mut desk = Desk::open().await;
    step(&mut desk, "enter").await;
    desk.keys("/").await;
    desk.types("at").await;
    let last = |desk: &Desk| desk.screen().lines().last().unwrap_or_default().to_owned();
    assert_eq!(last(&desk), "/at");
    desk.keys("enter").await;
    let finding = |desk: &Desk| desk.state().finding().map(|finding| finding.at);
    assert!(desk.shows("found 1 of "), "{}", desk.screen());
    desk.keys("n n N").await;
    assert_eq!(finding(&desk), Some(1));
    // The line gone to is on the screen, and says so without colour.
    let buffer = desk.buffer();
    let reversed = |cell: &ratatui::buffer::Cell| cell.modifier.contains(ratatui::style::Modifier::REVERSED);
    let underlined = |cell: &ratatui::buffer::Cell| {
        cell.modifier.contains(ratatui::style::Modifier::REVERSED | ratatui::style::Modifier::UNDERLINED)
    };
    assert!(buffer.content().iter().any(reversed) && buffer.content().iter().any(underlined));
    // Around the beginning to the last one.
    desk.keys("N N").await;
    assert!(finding(&desk).unwrap() > 2);
    desk.keys("J n").await;
    assert!(desk.shows("found 2 of "), "{}", desk.screen());
    desk.keys("J esc").await;
    assert!(finding(&desk).is_none() && desk.state().detail.is_some());
    // A search that finds nothing ends by itself, and one that is given up returns to where it began.
    let scroll = page(&desk).scroll;
    desk.keys("/").await;
    desk.paste("no such words").await;
    desk.keys("enter").await;
    assert!(desk.shows("not found: no such words") && finding(&desk).is_none(), "{}", desk.screen());
    desk.keys("/ i d esc").await;
    assert_eq!((page(&desk).scroll, finding(&desk)), (scroll, None));
    desk.keys("n").await;
    assert!(desk.shows("nothing is searched for"), "{}", desk.screen());
    desk.keys("esc").await;
    assert!(desk.state().detail.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_action_in_a_page_reaches_every_page_that_shows_the_record() {
    let mut desk = at(Kind::Templates).await;
    let (id, n) = busiest(&desk);
    open(&mut desk, &id).await;
    let live = page(&desk).related_page[0].records.iter().position(|record| !record.is_archived()).unwrap();
    for _ in 0..=live {
        desk.keys("tab").await;
    }
    step(&mut desk, "enter").await;
    let process = page(&desk).record.clone();
    desk.keys("a").await;
    assert!(desk.shows("Archive 1 process"), "{}", desk.screen());
    desk.confirm().await;
    desk.rest().await;
    assert!(page(&desk).record.is_archived(), "{}", desk.screen());
    desk.keys("D").await;
    desk.confirm_with("delete 1").await;
    desk.rest().await;
    assert_eq!(desk.changes().len(), 2, "{}", desk.log());
    // Its page is closed, and the one below does not name it any more.
    let below = page(&desk);
    assert_eq!((below.record.id().to_string(), below.related_page[0].total), (id, Some(n as u64 - 1)));
    assert!(below.related_page[0].records.iter().all(|record| record.id() != process.id()));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_says_why_and_is_tried_again() {
    let mut desk = at(Kind::Templates).await;
    let (id, n) = busiest(&desk);
    let refusal = FaultEffect::Answer {
        status: 403,
        body: Some(json!({"message": "no \u{1b}[31maccess\u{202e}"})),
        headers: Default::default(),
        apply: false,
    };
    desk.server.set_faults(vec![Fault::on("GET", "/runs", refusal)]);
    open(&mut desk, &id).await;
    assert!(desk.shows("could not read: no ") && desk.shows("enter tries again"), "{}", desk.screen());
    desk.server.set_faults(Vec::new());
    step(&mut desk, "tab enter").await;
    assert!(desk.shows(&format!("processes launched from it ({n})")), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_list_that_the_server_does_not_narrow_down_is_not_believed() {
    let mut desk = at(Kind::Templates).await;
    let (id, _) = busiest(&desk);
    let rows = json!({"data": [{"id": "7", "name": "Not of it", "checklist_id": "another"}],
                      "meta": {"pagination": {"total": 1, "current_page": 1, "total_pages": 1}}});
    let answer =
        FaultEffect::Answer { status: 200, body: Some(rows), headers: Default::default(), apply: false };
    desk.server.set_faults(vec![Fault::on("GET", "/runs", answer)]);
    open(&mut desk, &id).await;
    let failed = page(&desk).related_page[0].failed.as_ref().unwrap();
    assert_eq!(failed.words, "the server does not narrow its processes down to this");
    assert!(desk.shows("could not read: the server does not narrow its"), "{}", desk.screen());
    assert!(!desk.shows("Not of it"));
}

/// Rows that were asked for with what proves where they belong, and come without it, prove nothing.
#[tokio::test(start_paused = true)]
async fn a_list_without_the_proof_that_was_asked_for_is_not_believed() {
    let mut desk = Desk::with(Wanted { kind: Kind::Tags, ..Wanted::default() }).await;
    let rows = json!({"data": [{"id": "7", "name": "Not of it"}],
                      "meta": {"pagination": {"total": 1, "current_page": 1, "total_pages": 1}}});
    let answer =
        FaultEffect::Answer { status: 200, body: Some(rows), headers: Default::default(), apply: false };
    desk.server.set_faults(vec![Fault::on("GET", "/runs", answer)]);
    desk.keys("enter").await;
    desk.rest().await;
    assert!(desk.state().detail.is_some(), "{}", desk.screen());
    assert!(!desk.shows("Not of it"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_left_is_not_read_to_its_end() {
    let sandbox =
        SandboxSettings { latency: std::time::Duration::from_secs(5), ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    desk.keys("enter").await;
    desk.pass(std::time::Duration::from_secs(6)).await;
    assert!(matches!(page(&desk).fields, KnownFields::Known(_)), "{}", desk.screen());
    assert!(page(&desk).related_page.iter().any(|related_page| related_page.reading.is_some()));
    let asked = desk.server.requests().len();
    desk.keys("esc").await;
    desk.rest().await;
    assert_eq!(desk.server.requests().len(), asked);
}

#[tokio::test(start_paused = true)]
async fn hostile_text_is_shown_but_never_obeyed() {
    let evil = "\u{1b}]0;x\u{7}\u{1b}[2J\u{9b}31m\u{202e}gpj.exe\u{200b}<script>&#27;[31m</script>";
    let mut desk = at(Kind::Tasks).await;
    let id = desk.ids()[0].clone();
    let change = json!({"summary": evil.repeat(50), "guidance": "x".repeat(5_000), "custom_fields": {evil: [evil]},
                        "some\u{1b}[2Jkey": evil, "taskdata": {"a": [{"label": evil, "value": evil}]}});
    assert!(desk.server.edit("tasks", &id, change));
    step(&mut desk, "enter").await;
    for (width, height) in [(120, 35), (80, 24), (40, 10)] {
        desk.resize(width, height).await;
        for view in ["J", "J"] {
            desk.keys(view).await;
            desk.keys("g").await;
            for _ in 0..40 {
                desk.keys("pgdn").await;
                // Line by line: a joiner is harmless only between what it joins.
                for line in desk.screen().lines() {
                    assert_eq!(text::clean(line), line);
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn actions_on_a_page_ask_about_what_was_read() {
    let mut desk = Desk::open().await;
    let id = desk.state().under_cursor().unwrap().id().to_string();
    assert!(desk.server.edit("runs", &id, json!({"name": "Renamed meanwhile"})));
    step(&mut desk, "enter").await;
    assert!(desk.shows("process Renamed meanwhile"), "{}", desk.screen());
    desk.keys("a").await;
    assert_eq!(desk.plan().unwrap().title(), "Archive 1 process in Acme Ltd: Renamed meanwhile");
    assert!(desk.plan().unwrap().steps.iter().all(|step| step.row.action == Action::Archive));
}
