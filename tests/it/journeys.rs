//! Keys in; the screen and the server's state out.

use std::time::Duration;

use serde_json::json;
use tidyfy::app::effect::Exit;
use tidyfy::app::event::Signal;
use tidyfy::model::kind::{Action, Kind};
use tidyfy::model::limits::Limits;
use tidyfy::model::outcome::Outcome;
use tidyfy::sandbox::{Fault, FaultEffect, Role, SandboxSettings};
use tidyfy::storage::journal::{History, HistoryQuery as JournalWanted};

use crate::support::{Desk, Wanted, slug};

/// What goes over the wire for an action, written down here a second time from the API sheet.
fn request(kind: Kind, action: Action, id: &str) -> (String, String) {
    let (method, path) = match (kind, action) {
        (Kind::Processes, Action::Archive) => ("DELETE", format!("runs/{id}")),
        (Kind::Processes, Action::Restore) => ("PUT", format!("runs/{id}/activate")),
        (Kind::Processes, Action::Delete) => ("DELETE", format!("runs/{id}/delete")),
        (Kind::Templates, Action::Archive) => ("DELETE", format!("checklists/{id}")),
        (Kind::Templates, Action::Restore) => ("PUT", format!("checklists/{id}/restore")),
        (Kind::Templates, Action::Delete) => ("DELETE", format!("checklists/{id}/delete")),
        (Kind::Tasks, Action::Archive) => ("DELETE", format!("tasks/{id}")),
        (Kind::Tasks, Action::Restore) => ("PUT", format!("tasks/{id}/restore")),
        (Kind::Tasks, Action::Delete) => ("DELETE", format!("tasks/{id}/delete")),
        (Kind::Files, Action::Delete) => ("DELETE", format!("file/{id}")),
        (Kind::Tags, Action::Delete) => ("DELETE", format!("tags/{id}")),
        (Kind::Groups, Action::Delete) => ("DELETE", format!("groups/{id}")),
        (Kind::Folders, Action::Delete) => ("DELETE", format!("folders/{id}")),
        (kind, action) => panic!("{kind:?} have no {action:?}"),
    };
    (method.to_owned(), path)
}

fn key(action: Action) -> &'static str {
    match action {
        Action::Archive => "a",
        Action::Restore => "r",
        Action::Delete => "D",
    }
}

/// Marks the first three rows of a kind, does an action to them, and looks at everything that must have come of it.
async fn do_to_three(kind: Kind, action: Action) {
    let mut desk = Desk::with(Wanted { kind, ..Wanted::default() }).await;
    let from_archive = kind.row().archives()
        && (action == Action::Restore || action == Action::Delete && kind != Kind::Tasks);
    if from_archive {
        desk.keys("s").await;
        desk.rest().await;
    }
    let before = desk.rows().len();
    let ids = desk.mark_applicable(action, 3).await;
    assert!(desk.shows("3 marked"), "{}", desk.screen());
    desk.keys(key(action)).await;
    let title = format!("{} {} in {}", action.title(), kind.count(3), desk.server.org_name());
    assert!(desk.shows(&title), "{}", desk.screen());
    assert_eq!(desk.changes(), []);
    match action {
        Action::Delete => {
            assert!(desk.shows("type delete 3 and press Enter"), "{}", desk.screen());
            desk.confirm_with("delete 3").await;
        }
        Action::Archive | Action::Restore => desk.confirm().await,
    }
    desk.rest().await;

    let mut sent = desk.changes();
    let mut meant: Vec<_> = ids.iter().map(|id| request(kind, action, id)).collect();
    sent.sort();
    meant.sort();
    assert_eq!(sent, meant);
    for id in &ids {
        let object = desk.server.object(slug(kind), id);
        match action {
            Action::Delete => assert_eq!(object, None),
            Action::Archive => assert!(object.unwrap()["archived_at"].is_string()),
            Action::Restore => assert!(object.unwrap()["archived_at"].is_null()),
        }
    }
    let word = action.word();
    assert!(desk.has_summary(&format!("{word} finished: 3 done")), "{}", desk.screen());
    assert_eq!(
        desk.log().matches(&format!("{word:<7}  {:<9}", kind.row().title)).count(),
        3,
        "{}",
        desk.log()
    );
    assert_eq!(desk.marked(), Vec::<String>::new());
    assert_eq!(desk.rows().len(), before - 3);
    assert!(!desk.ids().iter().any(|id| ids.contains(id)));

    if kind.row().archives() {
        desk.keys(if from_archive { "s s" } else { "s" }).await;
        desk.rest().await;
        let there: Vec<_> = ids.iter().filter(|id| desk.ids().contains(id)).collect();
        assert_eq!(
            there.len(),
            if action == Action::Delete { 0 } else { 3 },
            "{kind:?} are in the wrong scope"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn every_action_of_every_kind_does_what_it_says() {
    // Of people some must stay, for reasons of their own.
    for kind in Kind::ALL.into_iter().filter(|kind| !matches!(kind, Kind::Guests | Kind::Members)) {
        for action in kind.row().actions {
            do_to_three(kind, action.action).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_blocked_record_is_shown_with_its_reason_and_not_sent() {
    let mut desk = Desk::open().await;
    desk.keys("s s").await;
    desk.rest().await;
    desk.keys("*").await;
    let (live, all) = (desk.server.ids("runs").len(), desk.rows().len());
    assert_eq!((live, desk.marked().len()), (all, all));
    desk.keys("a").await;
    assert!(desk.shows("blocked and not included"), "{}", desk.screen());
    desk.keys("end").await;
    assert!(desk.shows("already archived"), "{}", desk.screen());
    let archived = |desk: &Desk| {
        let is = |id: &String| desk.server.object("runs", id).unwrap()["archived_at"].is_string();
        desk.server.ids("runs").iter().filter(|id| is(id)).count()
    };
    let before = archived(&desk);
    desk.confirm().await;
    desk.rest().await;
    assert_eq!(desk.changes().len(), all - before);
    assert_eq!(archived(&desk), all);
    // What was blocked was never in the job and stays marked.
    assert_eq!(desk.marked().len(), before);
}

#[tokio::test(start_paused = true)]
async fn a_live_process_cannot_be_deleted() {
    let mut desk = Desk::open().await;
    desk.keys("D").await;
    assert!(desk.shows("Permanently delete 0 processes"), "{}", desk.screen());
    assert!(desk.shows("archive it first"), "{}", desk.screen());
    desk.types("delete 0").await;
    desk.keys("enter").await;
    desk.rest().await;
    assert_eq!(desk.changes(), []);
}

#[tokio::test(start_paused = true)]
async fn a_dialog_that_is_left_sends_nothing() {
    for way_out in ["esc", "n", "enter", "ctrl-c"] {
        let mut desk = Desk::open().await;
        desk.keys("space a").await;
        desk.keys(way_out).await;
        desk.pass(Duration::from_secs(5)).await;
        assert_eq!(desk.changes(), [], "{way_out}");
        assert!(!desk.shows("Archive 1 process"), "{way_out}");
    }
    let mut desk = Desk::with(Wanted { kind: Kind::Tags, ..Wanted::default() }).await;
    desk.keys("D").await;
    desk.types("delete 1").await;
    desk.keys("esc").await;
    desk.rest().await;
    assert_eq!(desk.changes(), []);
}

#[tokio::test(start_paused = true)]
async fn keys_typed_ahead_held_or_pasted_confirm_nothing() {
    let mut desk = Desk::open().await;
    desk.burst("a y").await;
    desk.pass(Duration::from_millis(200)).await;
    desk.keys("y").await;
    assert!(desk.shows("Archive 1 process"), "{}", desk.screen());
    assert!(!desk.shows("y archive, Esc keep"), "{}", desk.screen());
    desk.pass(Duration::from_millis(300)).await;
    assert!(desk.shows("y archive, Esc keep"), "{}", desk.screen());
    desk.burst("y e s").await;
    assert!(desk.shows("nothing was confirmed"), "{}", desk.screen());
    desk.pass(Duration::from_millis(300)).await;
    desk.paste("y").await;
    assert!(!desk.shows("y archive, Esc keep"), "a paste counts as a key: {}", desk.screen());
    desk.pass(Duration::from_millis(300)).await;
    desk.keys("enter").await;
    assert_eq!(desk.changes(), []);

    let mut desk = Desk::with(Wanted { kind: Kind::Tags, ..Wanted::default() }).await;
    desk.keys("D").await;
    desk.paste("delete 1").await;
    desk.keys("enter").await;
    assert!(desk.shows("Permanently delete 1 tag"), "{}", desk.screen());
    desk.burst("d e l e t e space 1 enter").await;
    desk.rest().await;
    assert_eq!(desk.changes(), [], "a paste without brackets went through");
    assert!(desk.shows("type it again"), "{}", desk.screen());
    desk.pass(Duration::from_millis(40)).await;
    desk.confirm_with("delete 2").await;
    desk.rest().await;
    assert_eq!(desk.changes(), []);
    desk.keys("backspace 1 enter").await;
    desk.rest().await;
    assert_eq!(desk.changes().len(), 1, "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_mixed_job_ends_with_the_lookup_and_keeps_what_failed() {
    let mut desk = Desk::open().await;
    desk.keys("s").await;
    desk.rest().await;
    let (ids, names) = (desk.ids(), desk.rows());
    desk.keys("space space space space space space").await;
    desk.keys("D").await;
    // Behind our back: one restored, one gone, and one request turned away for coming too fast.
    desk.server.edit("runs", &ids[2], json!({"archived_at": null, "status": "active"}));
    desk.server.remove("runs", &ids[3]);
    let fault_effect = FaultEffect::Answer {
        status: 429,
        body: Some(json!({"message": "Too many requests", "code": "RATE_LIMIT_EXCEEDED"})),
        headers: [("Retry-After".to_owned(), "3".to_owned())].into(),
        apply: false,
    };
    desk.server.set_faults(vec![Fault::on("DELETE", &ids[4], fault_effect).times(1)]);
    desk.confirm_with("delete 6").await;
    desk.rest().await;
    let summary = "delete finished: 4 done, 1 already gone, 1 changed";
    assert!(desk.has_summary(summary), "{}", desk.screen());
    assert!(desk.log().contains("DELETE 429") && desk.log().contains("again in 3.0 s"), "{}", desk.log());
    assert_eq!(desk.changes().len(), 5, "what was restored or gone was not sent");
    assert_eq!(desk.marked(), [names[2].clone()]);
    desk.keys("g").await;
    while desk.state().under_cursor().unwrap().id().to_string() != ids[2] {
        desk.keys("j").await;
    }
    assert!(
        desk.shows(&format!(
            "{}: changed: not sent, changed since it was loaded: it has been restored",
            names[2]
        )),
        "the reason stands under the table: {}",
        desk.screen()
    );
    for (n, id) in ids[..6].iter().enumerate() {
        assert_eq!(desk.server.object("runs", id).is_some(), n == 2, "{n}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_is_cancelled_between_two_requests() {
    let sandbox =
        SandboxSettings { scale: 200, latency: Duration::from_millis(200), ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    desk.keys("* a").await;
    let marked = desk.marked().len();
    desk.confirm().await;
    desk.until("some results", |desk| desk.changes().len() >= 32).await;
    desk.keys("x").await;
    assert!(desk.shows("y cancel this   a cancel all   Esc back"), "{}", desk.screen());
    desk.pass(Duration::from_secs(5)).await;
    let sent = desk.changes().len();
    desk.pass(Duration::from_secs(60)).await;
    assert_eq!(desk.changes().len(), sent, "a held job went on");
    desk.keys("y").await;
    desk.rest().await;
    assert_eq!(desk.changes().len(), sent);
    let summary = format!("archive cancelled: {sent} done, {} not sent", marked - sent);
    assert!(desk.has_summary(&summary), "{}", desk.screen());
    assert_eq!(desk.marked().len(), marked - sent, "what was not sent stays marked");
}

#[tokio::test(start_paused = true)]
async fn a_job_goes_on_when_it_is_not_cancelled_and_a_second_one_waits() {
    let sandbox =
        SandboxSettings { scale: 200, latency: Duration::from_millis(400), ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    desk.keys("* a").await;
    let all = desk.marked().len();
    desk.confirm().await;
    desk.keys("2").await;
    desk.until("templates", |desk| !desk.ids().is_empty()).await;
    desk.keys("a").await;
    desk.confirm().await;
    assert!(desk.shows("queued 1"), "{}", desk.screen());
    desk.keys("x").await;
    desk.pass(Duration::from_secs(3)).await;
    desk.keys("n").await;
    desk.rest().await;
    assert!(desk.shows(&format!("archive finished: {all} done")), "{}", desk.screen());
    assert!(desk.shows("archive finished: 1 done"), "{}", desk.screen());
    let first_template = desk.changes().iter().position(|(_, path)| path.starts_with("checklists/")).unwrap();
    assert_eq!(first_template, all, "jobs ran one after another");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_locked_out_waits_and_can_be_cancelled() {
    let mut desk = Desk::open().await;
    desk.keys("* a").await;
    let all = desk.marked().len();
    desk.server.set_faults(vec![Fault::on("DELETE", "/runs/", FaultEffect::RevokeToken).nth([5])]);
    desk.confirm().await;
    desk.pass(Duration::from_secs(60)).await;
    assert!(desk.log().contains("DELETE 401"), "{}", desk.log());
    assert!(!desk.state().in_flight.is_empty() && !desk.log().contains("archive finished"), "{}", desk.log());
    let sent = desk.changes().len();
    assert!(sent <= 5 + 16, "went on with a token that is not accepted");
    assert!(desk.shows("the token is not accepted any more"), "{}", desk.screen());
    desk.keys("esc x y").await;
    desk.rest().await;
    assert!(desk.shows("archive cancelled: ") && desk.shows("not sent"), "{}", desk.screen());
    let archived = desk
        .server
        .ids("runs")
        .iter()
        .filter(|id| desk.server.object("runs", id).unwrap()["archived_at"].is_string())
        .count();
    assert!(desk.marked().len() < all && archived > 0);
    assert_eq!(desk.changes().len(), sent);
}

#[tokio::test(start_paused = true)]
async fn quitting_asks_while_a_job_runs_and_then_sends_nothing_more() {
    let sandbox =
        SandboxSettings { scale: 200, latency: Duration::from_millis(500), ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    desk.keys("* a").await;
    desk.confirm().await;
    desk.until("some results", |desk| desk.changes().len() >= 20).await;
    desk.keys("q").await;
    assert!(desk.ended.is_none() && desk.shows("quit?"), "{}", desk.screen());
    desk.keys("n").await;
    desk.until("more results", |desk| desk.changes().len() >= 50).await;
    desk.keys("q y").await;
    let sent = desk.changes().len();
    desk.until("the end", |desk| desk.ended.is_some()).await;
    assert_eq!(desk.ended, Some(Exit::Quit));
    assert_eq!(desk.changes().len(), sent);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_takes_the_place_of_another_leaves_no_job_held() {
    let sandbox =
        SandboxSettings { scale: 200, latency: Duration::from_millis(500), ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    desk.keys("* a").await;
    let all = desk.marked().len();
    desk.confirm().await;
    desk.keys("x ctrl-c").await;
    assert!(desk.shows("quit?"), "{}", desk.screen());
    desk.keys("n").await;
    desk.rest().await;
    assert_eq!(desk.changes().len(), all);
}

#[tokio::test(start_paused = true)]
async fn a_signal_gives_what_is_under_way_five_seconds() {
    let mut desk = Desk::open().await;
    desk.server.set_faults(vec![Fault::on("DELETE", "/runs/", FaultEffect::Hang { apply: true })]);
    desk.keys("a").await;
    desk.confirm().await;
    desk.signal(Signal::Terminate).await;
    desk.pass(Duration::from_secs(4)).await;
    assert_eq!(desk.ended, None);
    desk.pass(Duration::from_secs(2)).await;
    assert_eq!(desk.ended, Some(Exit::Terminated));
}

#[tokio::test(start_paused = true)]
async fn marks_survive_filter_sort_scope_reload_and_a_change_of_kind() {
    let mut desk = Desk::open().await;
    desk.keys("space j space").await;
    let marked = desk.marked();
    desk.keys("/").await;
    desk.types("zzz").await;
    desk.rest().await;
    assert!(desk.shows("2 marked (2 hidden)"), "{}", desk.screen());
    desk.keys("esc o j enter O s").await;
    desk.rest().await;
    desk.keys("s s R 3 1").await;
    desk.rest().await;
    assert_eq!(desk.marked(), marked);
    desk.keys("3 space 1").await;
    assert!(desk.shows("+1 in other kinds"), "{}", desk.screen());
    desk.keys("m").await;
    assert!(marked.iter().all(|name| desk.shows(name)), "{}", desk.screen());
    desk.keys("esc M").await;
    assert_eq!(desk.marked().len(), 1);
    desk.keys("M").await;
    assert_eq!(desk.marked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_dialog_says_what_is_hidden_and_what_the_cursor_is_on() {
    let mut desk = Desk::open().await;
    desk.keys("space /").await;
    let second = desk.rows()[1].clone();
    desk.types(&second).await;
    desk.keys("enter").await;
    desk.rest().await;
    desk.keys("a").await;
    assert!(desk.shows("1 hidden by the filter"), "{}", desk.screen());
    assert!(desk.shows("under the cursor is not marked and not included"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn marking_all_of_a_list_that_still_loads_waits_for_the_rest() {
    let sandbox =
        SandboxSettings { scale: 2_000, latency: Duration::from_millis(300), ..SandboxSettings::default() };
    let mut desk = Desk::starting(Wanted { sandbox, ..Wanted::default() }).await;
    desk.until("the first page", |desk| desk.state().listing().loaded() >= 100).await;
    desk.keys("*").await;
    assert!(desk.shows("Esc stops"), "{}", desk.screen());
    desk.keys("a").await;
    assert!(desk.shows("still marking"), "{}", desk.screen());
    desk.rest().await;
    assert_eq!(desk.marked().len(), desk.rows().len());
    assert!(desk.marked().len() > 1_000);
}

#[tokio::test(start_paused = true)]
async fn ranges_are_marked_from_anchor_to_cursor() {
    let mut desk = Desk::open().await;
    let rows = desk.rows();
    desk.keys("j v j j j v").await;
    assert_eq!(desk.marked(), rows[1..5]);
    desk.keys("v g space").await;
    assert_eq!(desk.marked().len(), 5);
    desk.keys("v j esc").await;
    assert_eq!(desk.marked().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn read_only_answers_and_sends_nothing() {
    let mut desk = Desk::with(Wanted { read_only: true, ..Wanted::default() }).await;
    assert!(desk.shows("READ-ONLY"));
    for action in ["a", "r", "D"] {
        desk.keys(action).await;
        assert!(desk.screen().lines().last().unwrap().contains("read-only"), "{}", desk.screen());
    }
    desk.pass(Duration::from_secs(2)).await;
    assert_eq!(desk.changes(), []);
}

#[tokio::test(start_paused = true)]
async fn a_known_non_administrator_is_blocked_before_anything_is_sent() {
    let sandbox = SandboxSettings { role: Role::Standard, ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    desk.keys("s").await;
    desk.rest().await;
    desk.keys("D").await;
    assert!(desk.shows("only administrators may do this"), "{}", desk.screen());
    assert!(desk.shows("Permanently delete 0 processes"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_say_who_we_are_still_names_the_organization() {
    let fault_effect =
        FaultEffect::Answer { status: 404, body: None, headers: Default::default(), apply: false };
    let sandbox = SandboxSettings {
        faults: vec![Fault::on("GET", "/api/me", fault_effect).nth([1])],
        ..SandboxSettings::default()
    };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    assert!(desk.log().contains("GET    404"), "{}", desk.log());
    desk.keys("a").await;
    assert!(desk.shows("Archive 1 process in Acme Ltd"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn the_key_beside_delete_only_explains() {
    let mut desk = Desk::open().await;
    desk.keys("d").await;
    assert!(desk.shows("a archives, D deletes permanently"), "{}", desk.screen());
    assert_eq!(desk.changes(), []);
}

#[tokio::test(start_paused = true)]
async fn actions_are_not_bound_in_the_status_pane_and_in_help() {
    let mut desk = Desk::open().await;
    for place in ["@", "?"] {
        desk.keys(place).await;
        for action in ["a", "r", "D"] {
            desk.keys(action).await;
            assert!(desk.shows("works in the table"), "{place} {action}: {}", desk.screen());
        }
        desk.keys("esc").await;
    }
    assert_eq!(desk.changes(), []);
}

#[tokio::test(start_paused = true)]
async fn a_detail_page_shows_every_field_and_its_actions_are_about_it_alone() {
    let mut desk = Desk::open().await;
    let ids = desk.ids();
    desk.keys("space space enter").await;
    desk.rest().await;
    desk.keys("G").await;
    assert!(desk.shows("increment id"), "{}", desk.screen());
    desk.keys("a").await;
    assert!(desk.shows("Archive 1 process"), "{}", desk.screen());
    desk.confirm().await;
    desk.rest().await;
    assert_eq!(desk.changes(), [request(Kind::Processes, Action::Archive, &ids[2])]);
    desk.keys("h").await;
    assert_eq!(desk.marked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_archived_template_opens_although_the_server_hides_it_by_id() {
    let mut desk = Desk::with(Wanted { kind: Kind::Templates, ..Wanted::default() }).await;
    desk.keys("s").await;
    desk.rest().await;
    desk.keys("enter").await;
    desk.rest().await;
    assert!(desk.shows("archived  "), "{}", desk.screen());
    desk.keys("G").await;
    assert!(desk.shows("is pinned"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_large_delete_asks_for_the_organization_too() {
    let sandbox = SandboxSettings { scale: 400, ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { sandbox, kind: Kind::Tasks, ..Wanted::default() }).await;
    desk.keys("* D").await;
    let one_off = |id: &String| {
        let task = desk.server.object("tasks", id).unwrap();
        task["run_id"].is_null() && task["archived_at"].is_null()
    };
    let n = desk.server.ids("tasks").iter().filter(|id| one_off(id)).count();
    assert!(n > 50);
    let (name, id) = (desk.server.org_name().to_owned(), desk.server.org()[..6].to_owned());
    assert!(
        desk.shows(&format!("type delete {n} in {name} and press Enter")) && desk.shows(&id),
        "{}",
        desk.screen()
    );
    desk.confirm_with(&format!("delete {n}")).await;
    desk.rest().await;
    assert_eq!(desk.changes(), []);
    desk.types(&format!(" in {id}")).await;
    desk.keys("enter").await;
    desk.rest().await;
    assert_eq!(desk.changes().len(), n);
}

#[tokio::test(start_paused = true)]
async fn files_are_gathered_from_what_they_hang_on() {
    let desk = Desk::with(Wanted { kind: Kind::Files, ..Wanted::default() }).await;
    assert!(desk.shows("processes") && desk.shows("templates") && desk.shows("tasks"), "{}", desk.screen());
    let (shown, held) = (desk.ids(), desk.server.ids("assets"));
    assert!(shown.len() > 10 && shown.iter().all(|id| held.contains(id)));
    let distinct: std::collections::BTreeSet<_> = shown.iter().collect();
    assert_eq!(distinct.len(), shown.len());
}

#[tokio::test(start_paused = true)]
async fn resizing_at_any_moment_loses_nothing() {
    let mut desk = Desk::open().await;
    desk.keys("space j j").await;
    desk.keys("a").await;
    for (width, height) in [(80, 24), (40, 10), (39, 9), (10, 3), (1, 1), (200, 60), (120, 35)] {
        desk.resize(width, height).await;
    }
    assert!(desk.shows("Archive 1 process"), "{}", desk.screen());
    desk.resize(39, 9).await;
    desk.pass(Duration::from_secs(1)).await;
    desk.keys("y a D space").await;
    desk.resize(120, 35).await;
    assert_eq!((desk.changes().len(), desk.marked().len()), (0, 1));
    assert!(desk.shows("Archive 1 process"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn only_quit_acts_under_the_notice_that_there_is_no_room() {
    let mut desk = Desk::with(Wanted { size: (30, 8), ..Wanted::default() }).await;
    desk.keys("space a D j").await;
    assert_eq!(desk.marked(), Vec::<String>::new());
    desk.keys("q").await;
    assert_eq!(desk.ended, Some(Exit::Quit));
}

#[tokio::test(start_paused = true)]
async fn stopping_the_process_holds_every_job_and_waits_for_what_is_under_way() {
    let sandbox =
        SandboxSettings { scale: 100, latency: Duration::from_millis(400), ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    desk.keys("* a").await;
    desk.confirm().await;
    desk.keys("5 D").await;
    desk.until("tags", |desk| desk.plan().is_some() || !desk.ids().is_empty()).await;
    desk.keys("D").await;
    desk.confirm_with("delete 1").await;
    desk.keys("ctrl-z").await;
    desk.until("the stop", |desk| desk.stops == 1).await;
    let sent = desk.changes().len();
    desk.pass(Duration::from_secs(30)).await;
    assert_eq!(desk.changes().len(), sent, "something left while the process was stopped");
    desk.keys("ctrl-z").await;
    assert_eq!(desk.stops, 2, "a job at rest does not keep the process from stopping");
    desk.keys("p").await;
    desk.rest().await;
    assert_eq!(desk.stops, 2);
    assert!(desk.log().contains("delete finished: 1 done"), "{}", desk.log());
}

#[tokio::test(start_paused = true)]
async fn marks_that_were_cleared_do_not_come_back_on_what_is_done() {
    let mut desk = Desk::open().await;
    desk.keys("space space M g a").await;
    desk.confirm().await;
    desk.rest().await;
    desk.keys("M").await;
    assert_eq!(desk.marked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_open_page_tells_what_became_of_its_record() {
    let mut desk = Desk::open().await;
    desk.keys("enter a").await;
    desk.confirm().await;
    desk.rest().await;
    desk.keys("r").await;
    assert!(desk.shows("Restore 1 process"), "{}", desk.screen());
    desk.confirm().await;
    desk.rest().await;
    assert!(desk.log().contains("restore finished: 1 done"), "{}", desk.log());
}

#[tokio::test(start_paused = true)]
async fn a_dialog_counts_only_from_when_it_can_be_seen() {
    let mut desk = Desk::open().await;
    desk.keys("a").await;
    desk.pass(Duration::from_millis(300)).await;
    desk.resize(39, 9).await;
    desk.keys("y").await;
    desk.resize(120, 35).await;
    desk.keys("y").await;
    desk.rest().await;
    assert_eq!(desk.changes(), []);
    desk.confirm().await;
    // The same key again waits until it cannot be one that is held.
    desk.pass(Duration::from_millis(200)).await;
    desk.rest().await;
    assert_eq!(desk.changes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn reloading_again_and_again_asks_for_nothing_twice() {
    let mut desk = Desk::with(Wanted { limits: Limits::documented(), ..Wanted::default() }).await;
    desk.pass(Duration::from_secs(60)).await;
    for _ in 0..30 {
        desk.keys("R").await;
    }
    assert!(desk.state().in_flight.len() < 10, "{} tickets are open", desk.state().in_flight.len());
    desk.keys("enter").await;
    for _ in 0..30 {
        desk.keys("R").await;
    }
    desk.pass(Duration::from_secs(20)).await;
    assert!(desk.state().in_flight.is_empty(), "{} tickets are open", desk.state().in_flight.len());
}

#[tokio::test(start_paused = true)]
async fn without_room_for_the_question_quitting_takes_the_key_twice() {
    let sandbox = SandboxSettings { latency: Duration::from_millis(500), ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    desk.keys("* a").await;
    desk.confirm().await;
    desk.resize(30, 8).await;
    desk.keys("q").await;
    assert!(desk.ended.is_none() && desk.shows("a job is"), "{}", desk.screen());
    desk.keys("q").await;
    desk.until("the end", |desk| desk.ended.is_some()).await;
}

#[tokio::test(start_paused = true)]
async fn where_no_journal_can_be_kept_nothing_is_sent() {
    let mut desk = Desk::with(Wanted { unwritable: true, ..Wanted::default() }).await;
    desk.keys("space space space a").await;
    desk.confirm().await;
    desk.rest().await;
    assert_eq!(desk.changes(), []);
    assert!(desk.log().contains("3 not sent"), "{}", desk.log());
    assert!(desk.log().contains("the journal could not be opened"), "{}", desk.log());
    assert!(desk.log().contains("it is not a directory"), "{}", desk.log());
    assert_eq!(desk.marked().len(), 3, "what was not sent stays marked");
}

#[tokio::test(start_paused = true)]
async fn the_journal_says_what_the_screen_says() {
    let mut desk = Desk::open().await;
    desk.server.set_faults(vec![
        Fault::on("DELETE", "/runs/", FaultEffect::ResetAfter).nth([2]),
        Fault::on("DELETE", "/runs/", FaultEffect::Html { status: 502, apply: false }).nth([3]),
    ]);
    desk.keys("space space space space space a").await;
    desk.confirm().await;
    desk.rest().await;
    let history = History::open(&desk.state_dir()).unwrap().unwrap();
    let jobs = history.jobs(&JournalWanted::default()).unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].outcomes, [(Outcome::Done, 4), (Outcome::Failed, 1)]);
    assert_eq!(jobs[0].organization_name, desk.server.org_name());
    assert!(desk.log().contains("archive finished: 4 done"), "{}", desk.log());
    let below = format!("/api/organizations/{}/", desk.server.org());
    let steps = history.steps(jobs[0].id, &JournalWanted::default()).unwrap();
    let mut kept: Vec<_> =
        steps.iter().map(|step| (step.method.clone(), step.path.replace(&below, ""))).collect();
    let mut sent = desk.changes();
    kept.sort();
    sent.sort();
    assert_eq!(kept, sent);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_moved_up_while_it_was_read_is_made_whole_after_the_job() {
    let sandbox =
        SandboxSettings { scale: 2_000, latency: Duration::from_millis(300), ..SandboxSettings::default() };
    let mut desk = Desk::starting(Wanted { sandbox, at_once: 2, ..Wanted::default() }).await;
    desk.until("the first pages", |desk| desk.state().listing().loaded() >= 100 && desk.shows("Acme Ltd"))
        .await;
    for _ in 0..20 {
        desk.keys("space").await;
    }
    desk.keys("a").await;
    desk.confirm().await;
    desk.rest().await;
    assert_eq!(desk.shown(), desk.live());
    assert!(desk.log().contains("archive finished: 20 done"), "{}", desk.log());
}
