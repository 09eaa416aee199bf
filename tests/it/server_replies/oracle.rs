//! The 2xx oracle: successes that say otherwise, or nothing, for every action of every kind. The outcome that is shown is
//! what the server has.

use serde_json::{Value, json};
use tidyfy::model::kind::{Action, Kind};
use tidyfy::model::outcome::Outcome::{Done, Failed};
use tidyfy::sandbox::{Fault, FaultEffect, Sandbox, SandboxSettings};

use crate::support::{Desk, Wanted};

use super::scene::{SOWN, agree, ask, desk, is_done, mark, newest, requests, sent, slug, tells_the_same};

const JSON: &str = "application/json";
const NOW: &str = "2026-11-20T14:02:11.000Z";

/// One answer: its status, its type, and its body for a record.
struct Row {
    name: &'static str,
    status: u16,
    kind: &'static str,
    body: fn(&Target<'_>) -> Value,
}

/// What an answer is about.
struct Target<'a> {
    server: &'a Sandbox,
    kind: Kind,
    action: Action,
    id: &'a str,
}

impl Target<'_> {
    /// The record as it is before the request.
    fn old(&self) -> Value {
        self.server.object(slug(self.kind), self.id).unwrap()
    }

    /// The record as the action leaves it.
    fn changed(&self) -> Value {
        let mut record = self.old();
        match self.action {
            Action::Archive => record["archived_at"] = json!(NOW),
            Action::Restore => (record["archived_at"], record["status"]) = (json!(null), json!("active")),
            Action::Delete => record["deleted_at"] = json!(NOW),
        }
        record
    }

    fn changed_with(&self, key: &str, value: Value) -> Value {
        let mut record = self.changed();
        record[key] = value;
        record
    }
}

fn row(name: &'static str, status: u16, kind: &'static str, body: fn(&Target<'_>) -> Value) -> Row {
    Row { name, status, kind, body }
}

/// Answers that prove nothing.
fn table() -> Vec<Row> {
    vec![
        row("202 queued", 202, JSON, |_| json!({"message": "queued for approval"})),
        row("202 with the record", 202, JSON, |target| json!({"data": target.changed()})),
        row("203 with the record", 203, JSON, |target| json!({"data": target.changed()})),
        row("206 with the record", 206, JSON, |target| json!({"data": target.changed()})),
        row("207", 207, JSON, |_| json!({"data": [{"status": 200}, {"status": 423}]})),
        row("success: false", 200, JSON, |_| json!({"success": false, "message": "locked"})),
        row("success: \"false\"", 200, JSON, |target| json!({"data": target.changed(), "success": "false"})),
        row(
            "success: 0, inside",
            200,
            JSON,
            |target| json!({"data": target.changed_with("success", json!(0))}),
        ),
        row("errors, list", 200, JSON, |target| json!({"data": target.changed(), "errors": ["locked"]})),
        row("errors, object", 200, JSON, |_| json!({"errors": {"id": ["is locked"]}})),
        row("error: true", 200, JSON, |_| json!({"error": true, "message": "locked"})),
        row("error, text", 200, JSON, |_| json!({"error": "locked"})),
        row("error, object", 200, JSON, |_| json!({"error": {"message": "locked"}})),
        row("status: error", 200, JSON, |_| json!({"status": "error"})),
        row("result: queued", 200, JSON, |_| json!({"result": "queued"})),
        row("message alone", 200, JSON, |_| json!({"message": "ok"})),
        row("null", 200, JSON, |_| json!(null)),
        row("data: null", 200, JSON, |_| json!({"data": null})),
        row("empty object", 200, JSON, |_| json!({})),
        row("empty list", 200, JSON, |_| json!([])),
        row("data: empty list", 200, JSON, |_| json!({"data": []})),
        row("true", 200, JSON, |_| json!(true)),
        row("text", 200, "text/plain", |_| json!("OK")),
        row("HTML", 200, "text/html", |_| json!("<html><title>Sign in</title></html>")),
        row("record as HTML", 200, "text/html", |target| json!({"data": target.changed()})),
        row(
            "another record",
            200,
            JSON,
            |target| json!({"data": target.changed_with("id", json!("0a0b0c"))}),
        ),
        row("old state", 200, JSON, |target| json!({"data": target.old()})),
        row("two records", 200, JSON, |target| json!({"data": [target.changed(), target.changed()]})),
        row("part of it", 200, JSON, |target| json!({"data": {"id": target.id, "version": 1}})),
    ]
}

/// One job in which each record meets another answer, for requests that take effect and for those that do not.
async fn try_all(kind: Kind, action: Action) {
    let table = table();
    for apply in [false, true] {
        let sandbox = SandboxSettings { scale: 60, ..SandboxSettings::default() };
        let (mut desk, ids) = desk(kind, action, table.len(), sandbox).await;
        let method = if action == Action::Restore { "PUT" } else { "DELETE" };
        let faults: Vec<Fault> = table
            .iter()
            .zip(&ids)
            .map(|(row, id)| {
                let body = (row.body)(&Target { server: &desk.server, kind, action, id });
                let headers = [("Content-Type".to_owned(), row.kind.to_owned())].into();
                Fault::on(
                    method,
                    id,
                    FaultEffect::Answer { status: row.status, body: Some(body), headers, apply },
                )
            })
            .collect();
        mark(&mut desk, table.len()).await;
        ask(&mut desk, action).await;
        desk.server.set_faults(faults);
        agree(&mut desk).await;
        let (_, steps) = newest(&desk.state_dir());
        tells_the_same(&desk, action, &steps);
        for (row, id) in table.iter().zip(&ids) {
            let step = steps.iter().find(|step| step.record == *id).unwrap();
            let told = format!("{kind:?} {action:?} {}, applied: {apply}: {:?}", row.name, step.reason);
            assert_eq!(is_done(&desk.server, kind, action, id), apply, "{told}");
            assert_eq!(step.outcome, Some(if apply { Done } else { Failed }), "{told}");
            assert!(step.reason.as_ref().is_some_and(|why| why.contains("; read back: ")), "{told}");
            assert_eq!(sent(&desk.server, id), 1, "{told}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn doubtful_success_of_an_archive_ends_as_what_the_server_has() {
    for kind in [Kind::Processes, Kind::Templates, Kind::Tasks] {
        try_all(kind, Action::Archive).await;
    }
}

#[tokio::test(start_paused = true)]
async fn doubtful_success_of_a_restore_ends_as_what_the_server_has() {
    for kind in [Kind::Processes, Kind::Templates, Kind::Tasks] {
        try_all(kind, Action::Restore).await;
    }
}

#[tokio::test(start_paused = true)]
async fn doubtful_success_of_a_delete_ends_as_what_the_server_has() {
    for kind in SOWN {
        try_all(kind, Action::Delete).await;
    }
}

/// People, of whom each has an action of its own: the answer shows them as they were.
#[tokio::test(start_paused = true)]
async fn doubtful_success_about_a_person_ends_as_what_the_server_has() {
    for (kind, field) in [(Kind::Guests, "email"), (Kind::Members, "id")] {
        for apply in [false, true] {
            let sandbox = SandboxSettings { scale: 60, ..SandboxSettings::default() };
            let mut desk = Desk::with(Wanted { kind, sandbox, ..Wanted::default() }).await;
            let id = desk.mark_applicable(Action::Archive, 1).await.remove(0);
            let person = desk.server.object(slug(kind), &id).unwrap();
            assert!(person[field].is_string() || person[field].is_number());
            let fault_effect =
                |body| FaultEffect::Answer { status: 200, body, headers: Default::default(), apply };
            desk.server.set_faults(vec![Fault::on(
                "DELETE",
                "/disable",
                fault_effect(Some(json!({"data": person}))),
            )]);
            ask(&mut desk, Action::Archive).await;
            agree(&mut desk).await;
            let (_, steps) = newest(&desk.state_dir());
            let told = format!("{kind:?}, applied: {apply}: {steps:?}");
            let person = desk.server.object(slug(kind), &id).unwrap();
            let status = if kind == Kind::Guests { &person["details"]["status"] } else { &person["status"] };
            let is_off = *status == "disabled";
            assert_eq!(steps[0].outcome, Some(if is_off { Done } else { Failed }), "{told}");
            // Guests who have open tasks stay.
            assert!(is_off == apply || kind == Kind::Guests && !is_off, "{told}");
            assert!(steps[0].reason.as_ref().unwrap().contains("the record is as it was"), "{told}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn words_of_a_doubtful_success_are_in_the_reason() {
    let (mut desk, ids) = desk(Kind::Processes, Action::Archive, 1, SandboxSettings::default()).await;
    mark(&mut desk, 1).await;
    ask(&mut desk, Action::Archive).await;
    let body = Some(json!({"message": "queued for approval"}));
    let answer = FaultEffect::Answer { status: 202, body, headers: Default::default(), apply: false };
    desk.server.set_faults(vec![Fault::on("DELETE", &ids[0], answer)]);
    agree(&mut desk).await;
    assert!(desk.log().contains("DELETE 202"), "{}", desk.log());
    let said = "1 failed: the server answered 202, which proves nothing: queued for approval; read back: it is there, live";
    assert!(desk.log().contains(said), "{}", desk.log());
}

#[tokio::test(start_paused = true)]
async fn honest_answer_costs_no_read() {
    for kind in [Kind::Processes, Kind::Templates, Kind::Tasks] {
        for action in [Action::Archive, Action::Restore] {
            let (mut desk, _) = desk(kind, action, 3, SandboxSettings::default()).await;
            mark(&mut desk, 3).await;
            ask(&mut desk, action).await;
            let before = requests(&desk.server, "GET", "/");
            agree(&mut desk).await;
            assert!(desk.has_summary(&format!("{} finished: 3 done", action.word())), "{}", desk.log());
            assert_eq!(requests(&desk.server, "GET", "/"), before, "{kind:?} {action:?}");
        }
    }
}
