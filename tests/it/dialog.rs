//! The dialog's journeys: options that make another plan of it, and what hangs on the records.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Client;
use serde_json::Value;
use tidyfy::app::confirm::{DialogPart, PlanOption};
use tidyfy::app::state::Overlay;
use tidyfy::model::catalog::ImpactQuery;
use tidyfy::model::kind::{Action, Kind};
use tidyfy::sandbox::{Fault, FaultEffect, Quirk, Quirks, SandboxSettings};

use crate::support::{Desk, Wanted};

/// Reads a path below the organization past the program, as a second opinion.
async fn get(desk: &Desk, path: &str) -> Value {
    let url = format!("{}/organizations/{}/{path}", desk.server.base_url(), desk.server.org());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().build().unwrap();
    let request = client.get(url).bearer_auth(desk.server.token()).header("X-Tallyfy-Client", "APIClient");
    serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap()
}

/// The paths below the organization that have been read since `from` requests had been made.
fn reads(desk: &Desk, from: usize) -> Vec<String> {
    let below = format!("/api/organizations/{}/", desk.server.org());
    let requests = desk.server.requests().into_iter().skip(from);
    requests.filter(|sent| sent.method == "GET").map(|sent| sent.path.replace(&below, "")).collect()
}

/// `1 file`, `3 files`
fn told(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn len(value: &Value) -> u64 {
    u64::try_from(value.get("data").unwrap_or(value).as_array().unwrap().len()).unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}

/// Whether the screen shows `words`, wherever the lines break.
fn says(desk: &Desk, words: &str) -> bool {
    let screen: String = desk.screen().split(['║', '│', '\n', ' ']).collect();
    screen.contains(&words.replace(' ', ""))
}

async fn opened(kind: Kind) -> Desk {
    Desk::with(Wanted { kind, ..Wanted::default() }).await
}

/// Marks three records, presses the action's key, and answers how many requests there had been before.
async fn count_impact_three(desk: &mut Desk, action: Action, key: &str) -> (Vec<String>, usize) {
    let ids = desk.mark_applicable(action, 3).await;
    let before = desk.server.requests().len();
    desk.keys(key).await;
    desk.rest().await;
    (ids, before)
}

/// How many files the server stores for a record, whatever the way to them.
fn attached(desk: &Desk, id: &str) -> u64 {
    let files =
        desk.server.ids("assets").into_iter().map(|file| desk.server.object("assets", &file).unwrap());
    let is_stored = |file: &Value| file["source"] == "local" && file["archived_at"].is_null();
    files.filter(|file| file["subject"]["id"] == *id && is_stored(file)).count() as u64
}

/// Each record has been asked about once.
fn asked_once(desk: &Desk, before: usize, ids: &[String]) {
    let reads = reads(desk, before);
    assert_eq!(reads.len(), ids.len(), "{reads:?}");
    assert!(ids.iter().all(|id| reads.iter().any(|path| path.contains(id))), "{reads:?}");
}

#[tokio::test(start_paused = true)]
async fn what_hangs_on_processes_is_counted_before_they_are_archived() {
    for quirks in [Quirks::default(), Quirks::default().with(Quirk::BareIncludes)] {
        let sandbox = SandboxSettings { scale: 60, quirks, ..SandboxSettings::default() };
        let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
        let (ids, before) = count_impact_three(&mut desk, Action::Archive, "a").await;
        asked_once(&desk, before, &ids);
        let (mut open, mut files, mut comments) = (0, 0, 0);
        for id in &ids {
            let tasks = get(&desk, &format!("runs/{id}/tasks?status=incomplete&per_page=1")).await;
            open += number(&tasks["meta"]["pagination"]["total"]);
            files += attached(&desk, id);
            let all = get(&desk, &format!("runs/{id}/tasks?per_page=100&with=threads")).await;
            let of_each = all["data"].as_array().unwrap().iter().map(|task| len(&task["threads"]));
            comments += of_each.sum::<u64>();
        }
        assert!(open > 0, "nothing to count");
        let counted = format!(
            "on 3 processes: {}, {}, {}",
            told(open, "open task", "open tasks"),
            told(files, "file", "files"),
            told(comments, "comment", "comments")
        );
        assert!(says(&desk, &counted), "{counted}\n{}", desk.screen());
    }
}

#[tokio::test(start_paused = true)]
async fn what_hangs_on_archived_processes_is_unknown_rather_than_none() {
    for quirk in [Quirk::ArchivedIncludesEmpty, Quirk::ArchivedRuns404] {
        let sandbox = SandboxSettings { quirks: [quirk].into_iter().collect(), ..SandboxSettings::default() };
        let mut desk = Desk::with(Wanted { sandbox, kind: Kind::Processes, ..Wanted::default() }).await;
        desk.keys("s").await;
        desk.rest().await;
        let (ids, before) = count_impact_three(&mut desk, Action::Delete, "D").await;
        asked_once(&desk, before, &ids);
        let unknown = "on 3 processes: could not count open tasks, files, comments";
        assert!(says(&desk, unknown), "{}", desk.screen());
    }
}

#[tokio::test(start_paused = true)]
async fn processes_of_templates_are_counted_live_and_archived() {
    for (scope, action, key) in [("", Action::Archive, "a"), ("s", Action::Delete, "D")] {
        let mut desk = opened(Kind::Templates).await;
        desk.keys(scope).await;
        desk.rest().await;
        let ids = desk.mark_applicable(action, 2).await;
        let before = desk.server.requests().len();
        desk.keys(key).await;
        desk.rest().await;
        asked_once(&desk, before, &ids);
        let of_these = |id: &String| {
            let run = desk.server.object("runs", id).unwrap();
            run["archived_at"].is_null() && ids.iter().any(|id| run["checklist_id"] == **id)
        };
        let running = desk.server.ids("runs").iter().filter(|id| of_these(id)).count() as u64;
        let steps =
            ids.iter().map(|id| number(&desk.server.object("checklists", id).unwrap()["steps_count"]));
        let counted = format!(
            "on 2 templates: {}, {} steps",
            told(running, "running process", "running processes"),
            steps.sum::<u64>()
        );
        assert!(running > 0 || action == Action::Delete, "nothing to count");
        assert!(says(&desk, &counted), "{counted}\n{}", desk.screen());
    }
}

#[tokio::test(start_paused = true)]
async fn what_hangs_on_tasks_is_counted() {
    let mut desk = opened(Kind::Tasks).await;
    let (ids, before) = count_impact_three(&mut desk, Action::Delete, "D").await;
    asked_once(&desk, before, &ids);
    let (mut fields, mut files, mut comments) = (0, 0, 0);
    for id in &ids {
        let task = get(&desk, &format!("tasks/{id}?with=form_fields,threads_count")).await;
        fields += len(&task["data"]["form_fields"]);
        comments += number(&task["data"]["threads_count"]);
        files += attached(&desk, id);
    }
    let counted = format!(
        "on 3 tasks: {}, {}, {}",
        told(fields, "form field", "form fields"),
        told(files, "file", "files"),
        told(comments, "comment", "comments")
    );
    assert!(fields + comments > 0 && says(&desk, &counted), "{counted}\n{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn links_of_tags_are_counted() {
    let mut desk = opened(Kind::Tags).await;
    let (ids, before) = count_impact_three(&mut desk, Action::Delete, "D").await;
    asked_once(&desk, before, &ids);
    let sum = |key: &str| {
        let of = |id: &String| number(&desk.server.object("tags", id).unwrap()["statistics"]["data"][key]);
        ids.iter().map(of).sum::<u64>()
    };
    let counted = format!(
        "on 3 tags: {}, {}, {}, {}",
        told(sum("active_template"), "active template", "active templates"),
        told(sum("archived_template"), "archived template", "archived templates"),
        told(sum("active_process"), "active process", "active processes"),
        told(sum("archived_process"), "archived process", "archived processes"),
    );
    assert!(sum("active_process") > 0 && says(&desk, &counted), "{counted}\n{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn members_of_groups_are_known_without_asking() {
    let mut desk = opened(Kind::Groups).await;
    desk.keys("*").await;
    let (ids, before) = (desk.ids(), desk.server.requests().len());
    assert!(ids.len() > 12, "no more than a sample of other kinds");
    desk.keys("D").await;
    desk.rest().await;
    assert_eq!(reads(&desk, before), Vec::<String>::new());
    let sum =
        |key: &str| ids.iter().map(|id| len(&desk.server.object("groups", id).unwrap()[key])).sum::<u64>();
    let (members, guests) = (sum("members"), sum("guests"));
    let counted = format!(
        "on {} groups: {}, {}",
        ids.len(),
        told(members, "member", "members"),
        told(guests, "guest", "guests")
    );
    assert!(members > 0 && says(&desk, &counted), "{counted}\n{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn of_a_large_plan_a_sample_is_looked_at_and_said_to_be_one() {
    let sandbox = SandboxSettings { scale: 300, ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    desk.keys("*").await;
    let (all, before) = (desk.marked().len(), desk.server.requests().len());
    desk.keys("a").await;
    desk.rest().await;
    let reads = reads(&desk, before);
    assert_eq!((reads.len(), reads.iter().collect::<BTreeSet<_>>().len()), (12, 12), "{reads:?}");
    assert!(says(&desk, &format!("on 12 of {all} processes, which were looked at: ")), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn counts_come_after_the_dialog_and_nobody_waits_for_them() {
    let sandbox = SandboxSettings { latency: Duration::from_millis(900), ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    desk.mark_applicable(Action::Archive, 6).await;
    let before = desk.server.requests().len();
    desk.keys("a").await;
    assert!(says(&desk, "on 6 processes: counting what hangs on them"), "{}", desk.screen());
    desk.until("a first count", |desk| says(desk, "of 6 processes so far: ")).await;
    assert!(desk.shows("y archive, Esc keep"), "{}", desk.screen());
    desk.keys("y").await;
    assert_eq!(desk.state().jobs.iter().count(), 1);
    desk.rest().await;
    assert!(desk.log().contains("archive finished: 6 done"), "{}", desk.log());
    assert!(reads(&desk, before).len() < 6 + 2, "went on counting for a dialog that was confirmed");
}

#[tokio::test(start_paused = true)]
async fn a_closed_dialog_is_counted_for_no_more() {
    let mut desk = opened(Kind::Processes).await;
    desk.mark_applicable(Action::Archive, 8).await;
    desk.server.set_faults(vec![Fault::on("GET", "/runs/", FaultEffect::Hang { apply: false })]);
    let before = desk.server.requests().len();
    desk.keys("a").await;
    let asked = reads(&desk, before).len();
    assert!((1..8).contains(&asked), "{asked} at once");
    desk.keys("esc").await;
    desk.rest().await;
    assert!(desk.state().weighing.is_empty());
    desk.pass(Duration::from_secs(120)).await;
    assert_eq!(reads(&desk, before).len(), asked);
    assert!(!desk.log().contains("GET"), "{}", desk.log());
}

#[tokio::test(start_paused = true)]
async fn a_dialog_is_confirmed_although_nothing_can_be_counted() {
    let mut desk = opened(Kind::Processes).await;
    desk.mark_applicable(Action::Archive, 3).await;
    let fault_effect =
        FaultEffect::Answer { status: 404, body: None, headers: Default::default(), apply: false };
    desk.server.set_faults(vec![Fault::on("GET", "/runs/", fault_effect)]);
    desk.keys("a").await;
    desk.rest().await;
    assert!(says(&desk, "on 3 processes: could not count open tasks, files, comments"), "{}", desk.screen());
    assert_eq!(desk.log().matches("GET    404").count(), 3, "{}", desk.log());
    desk.confirm().await;
    desk.rest().await;
    assert!(desk.log().contains("archive finished: 3 done"), "{}", desk.log());
}

/// Every kind that has something hanging on it is counted above, with a question or without.
#[test]
fn no_kind_is_left_out() {
    let asks = |kind: &Kind| {
        kind.row().impact.as_ref().map(|impact| matches!(impact.ask, Some(ImpactQuery::Record { .. })))
    };
    let all: Vec<_> = Kind::ALL.iter().map(asks).collect();
    let kinds = [Some(true), Some(false), Some(true), None, Some(true), Some(false)];
    assert_eq!(all, [&kinds[..], &[Some(false), Some(false), Some(true)]].concat());
}

/// Marks the first so many archived and live processes of the list of all.
async fn mark_both(desk: &mut Desk, archived: usize, live: usize) {
    desk.keys("s s").await;
    desk.rest().await;
    for (action, n) in [(Action::Delete, archived), (Action::Archive, live)] {
        desk.keys("g").await;
        if n > 0 {
            desk.mark_applicable(action, n).await;
        }
    }
}

fn part(desk: &Desk) -> Option<(DialogPart, Option<PlanOption>)> {
    match &desk.state().overlay {
        Some(Overlay::Confirm(confirm)) => Some((confirm.part, confirm.choice)),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn archiving_first_makes_live_ones_part_of_the_plan() {
    let mut desk = opened(Kind::Processes).await;
    mark_both(&mut desk, 2, 3).await;
    desk.keys("D").await;
    assert!(desk.shows("Permanently delete 2 processes in Acme Ltd"), "{}", desk.screen());
    assert!(desk.shows("archive 3 live ones first, then delete"), "{}", desk.screen());
    assert!(says(&desk, "not archived: archive it first"), "{}", desk.screen());
    desk.types("delete 2").await;
    let before = desk.server.requests().len();
    desk.rest().await;
    desk.keys("tab down down space").await;
    assert_eq!(part(&desk), Some((DialogPart::Options, Some(PlanOption::ArchiveFirst))));
    desk.rest().await;
    assert_eq!(reads(&desk, before).len(), 3, "those that were counted are not asked about again");
    assert!(desk.shows("Permanently delete 5 processes in Acme Ltd"), "{}", desk.screen());
    assert!(desk.shows("on 5 processes: "), "{}", desk.screen());
    assert!(!says(&desk, "not archived: archive it first"), "{}", desk.screen());
    assert!(desk.shows("type delete 5 and press Enter"), "{}", desk.screen());
    let plan = desk.plan().unwrap();
    assert_eq!((plan.count(), plan.steps.len(), plan.blocked.len()), (5, 8, 0));
    desk.keys("shift-tab enter").await;
    assert!(desk.shows("that is not `delete 5`"), "what was typed did not go: {}", desk.screen());
    desk.confirm_with("delete 2").await;
    assert_eq!(desk.changes(), []);
    desk.keys("tab space shift-tab").await;
    assert!(desk.shows("Permanently delete 2 processes in Acme Ltd"), "{}", desk.screen());
    desk.confirm_with("delete 2").await;
    desk.rest().await;
    assert_eq!((desk.confirmed.len(), desk.changes().len()), (2, 2), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn where_all_are_live_the_option_is_what_the_dialog_asks() {
    let mut desk = opened(Kind::Processes).await;
    desk.keys("space space D").await;
    assert!(desk.shows("Permanently delete 0 processes"), "{}", desk.screen());
    assert!(desk.shows("Space archives them first, Esc keep"), "{}", desk.screen());
    desk.keys("space").await;
    assert!(desk.shows("Permanently delete 2 processes"), "{}", desk.screen());
    assert!(desk.shows("type delete 2 and press Enter"), "{}", desk.screen());
    desk.types("delete 2").await;
    assert!(desk.shows("shift-tab leads to the phrase"), "{}", desk.screen());
    desk.keys("enter").await;
    desk.rest().await;
    assert_eq!(desk.changes(), []);
    assert_eq!(
        desk.plan().map(|plan| plan.options.archive_first),
        Some(true),
        "the space was typed, not meant"
    );
}

#[tokio::test(start_paused = true)]
async fn no_paste_gets_past_an_option() {
    let mut desk = opened(Kind::Tags).await;
    desk.keys("D").await;
    desk.burst("tab space shift-tab d e l e t e space 1 enter").await;
    desk.rest().await;
    assert_eq!(desk.changes(), [], "{}", desk.screen());
    assert_eq!(desk.plan().map(|plan| plan.options.backup), Some(true), "it came faster than a hand types");
    desk.keys("esc D tab space shift-tab").await;
    assert_eq!(desk.plan().map(|plan| plan.options.backup), Some(false));
    assert!(desk.shows("no copy is kept"), "{}", desk.screen());
    desk.paste("delete 1").await;
    desk.keys("enter").await;
    desk.burst("d e l e t e space 1 enter").await;
    desk.pass(Duration::from_millis(40)).await;
    desk.rest().await;
    assert_eq!(desk.changes(), [], "{}", desk.screen());
    desk.confirm_with("delete 1").await;
    desk.rest().await;
    assert_eq!(desk.changes().len(), 1, "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_dialog_counts_anew_after_the_process_was_stopped() {
    let mut desk = opened(Kind::Processes).await;
    desk.keys("a").await;
    desk.pass(Duration::from_millis(300)).await;
    desk.keys("ctrl-z y").await;
    assert_eq!(desk.stops, 1);
    desk.rest().await;
    assert_eq!(desk.changes(), [], "there was a key just before");
    desk.confirm().await;
    // The same key again waits until it cannot be one that is held.
    desk.pass(Duration::from_millis(200)).await;
    desk.rest().await;
    assert_eq!(desk.changes().len(), 1);
}

/// How many processes the server holds that are not archived.
fn live(desk: &Desk) -> u64 {
    let ids = desk.server.ids("runs");
    let objects = ids.iter().filter_map(|id| desk.server.object("runs", id));
    objects.filter(|object| object["archived_at"].is_null()).count() as u64
}

#[tokio::test(start_paused = true)]
async fn the_tab_counts_those_that_were_archived_first_once() {
    let mut desk = opened(Kind::Processes).await;
    let counted = |desk: &Desk| desk.state().listing().active_total;
    let before = live(&desk);
    assert_eq!(counted(&desk), Some(before));
    let refused = FaultEffect::Answer { status: 422, body: None, headers: Default::default(), apply: false };
    desk.server.set_faults(vec![Fault::on("DELETE", "/delete", refused).nth([2])]);
    desk.keys("space space space D space shift-tab").await;
    desk.confirm_with("delete 3").await;
    desk.rest().await;
    assert!(desk.has_summary("delete finished: 2 done, 1 refused"), "{}", desk.log());
    assert!(desk.log().contains("1 was archived and not deleted"), "{}", desk.log());
    assert_eq!((live(&desk), counted(&desk)), (before - 3, Some(before - 3)));
    let marks: Vec<bool> = desk.state().marks.all().map(|mark| mark.record.is_archived()).collect();
    assert_eq!(marks, [true]);
}
