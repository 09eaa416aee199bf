//! Guests (API sheet 6.8): the address is the key, the codes are their own, the link is a credential.

use reqwest::Method;
use serde_json::{Value, json};
use tidyfy::sandbox::{Quirk, Role, SandboxSettings};

use super::Bench;

fn emails(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|row| row["email"].as_str().unwrap().to_owned()).collect()
}

/// The path of a guest as the sheet escapes it (section 3).
fn at(email: &str) -> String {
    let escaped = email.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    format!("/guests/{}", escaped.collect::<String>())
}

/// A guest with (or without) something left to do.
async fn guest(bench: &Bench, busy: bool) -> String {
    let page = bench.get("/guests?with=stats").await;
    let fits = |row: &&Value| {
        (row["stats"]["data"]["assigned_tasks"] != json!(0)) == busy
            && row["details"]["disabled_at"].is_null()
    };
    let found = page["data"].as_array().unwrap().iter().find(fits).unwrap();
    found["email"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn guests_come_on_one_long_page_in_all_states() {
    let bench = Bench::plain().await;
    let page = bench.get("/guests").await;
    assert_eq!(page["meta"]["pagination"]["per_page"], json!(999));
    assert_eq!(emails(&page), bench.sandbox.ids("guests"));
    assert!(emails(&page).len() >= 12);
    let disabled = |row: &Value| row["details"]["disabled_at"].is_string();
    let rows = page["data"].as_array().unwrap();
    assert!(rows.iter().any(disabled) && !rows.iter().all(disabled));
    for row in rows {
        assert!(row["id"].is_u64() && row["link"].as_str().unwrap().contains("/guest/"), "{row}");
        assert_eq!(row.get("stats"), None, "they were not asked for");
    }
    assert_eq!(emails(&bench.get("/guests?per_page=5&page=2").await), emails(&page)[5..10]);
    assert_eq!(emails(&bench.get("/guests?q=ANA%2BTAX").await), ["ana+tax@supplier.example"]);
    let light = bench.get("/guests-list").await;
    assert_eq!((light.get("meta"), emails(&light)), (None, emails(&page)));
    assert!(light["data"].as_array().unwrap().iter().all(|row| row.get("link").is_none()));
}

#[tokio::test(start_paused = true)]
async fn a_guest_is_found_by_every_way_to_write_the_address() {
    let bench = Bench::plain().await;
    for email in bench.sandbox.ids("guests") {
        let (status, answer) = bench.send(Method::GET, &at(&email)).await;
        assert_eq!((status, &answer["data"]["email"]), (201, &json!(email)));
    }
    assert_eq!(bench.send(Method::GET, "/guests/ana%2Btax@supplier.example").await.0, 201, "a raw @");
    assert_eq!(bench.send(Method::GET, "/guests/nobody@x.example").await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn a_guest_is_disabled_only_when_nothing_is_left_to_do() {
    let bench = Bench::plain().await;
    let busy = guest(&bench, true).await;
    let (status, answer) = bench.delete(&format!("{}/disable", at(&busy))).await;
    assert_eq!((status, &answer["message"]), (403, &json!("Cannot disable guest with incomplete tasks")));
    assert_eq!(bench.archived_at("guests", &busy), Value::Null);
    let idle = guest(&bench, false).await;
    let (status, answer) = bench.delete(&format!("{}/disable", at(&idle))).await;
    assert_eq!((status, &answer["data"]["details"]["status"]), (201, &json!("disabled")));
    assert!(bench.archived_at("guests", &idle).is_string());
    let (status, answer) = bench.put(&format!("{}/enable", at(&idle))).await;
    assert_eq!((status, &answer["data"]["details"]["disabled_at"]), (201, &Value::Null));
    assert_eq!(bench.put("/guests/nobody@x.example/enable").await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_guest_leaves_tasks_and_groups() {
    let bench = Bench::plain().await;
    let busy = guest(&bench, true).await;
    let path = at(&busy);
    let tasks = format!("/tasks?archived=true&guests={}", path.trim_start_matches("/guests/"));
    let total = |page: Value| page["meta"]["pagination"]["total"].as_u64().unwrap();
    assert!(total(bench.get(&tasks).await) > 0);
    let (status, answer) = bench.delete(&path).await;
    assert_eq!((status, &answer["data"]["email"]), (200, &json!(busy)));
    assert_eq!((bench.send(Method::GET, &path).await.0, bench.delete(&path).await.0), (404, 422));
    assert_eq!(total(bench.get(&tasks).await), 0);
    for group in bench.sandbox.ids("groups") {
        let group = bench.sandbox.object("groups", &group).unwrap();
        assert!(!group["guests"].as_array().unwrap().contains(&json!(busy)));
    }
}

#[tokio::test(start_paused = true)]
async fn guests_have_switches() {
    let bench = Bench::quirky(Quirk::GuestDelete204).await;
    assert_eq!(bench.delete(&at(&bench.live("guests"))).await, (204, Value::Null));
    let bench = Bench::quirky(Quirk::GuestGet200).await;
    assert_eq!(bench.send(Method::GET, &at(&bench.live("guests"))).await.0, 200);
    let bench = Bench::quirky(Quirk::GuestMissing404).await;
    assert_eq!(bench.delete("/guests/nobody@x.example").await.0, 404);
    let bench = Bench::quirky(Quirk::GuestDetails).await;
    let off = bench.find("guests", |guest| guest["archived_at"].is_string());
    let details = bench.send(Method::GET, &at(&off)).await.1["data"]["details"].clone();
    assert!(details["disabled_on"].is_string() && details.get("first_name").is_some(), "{details}");
    let bench = Bench::new(SandboxSettings { role: Role::Light, ..SandboxSettings::default() }).await;
    let path = at(&bench.live("guests"));
    assert_eq!((bench.send(Method::GET, &path).await.0, bench.delete(&path).await.0), (201, 403));
}

#[tokio::test(start_paused = true)]
async fn guests_change_behind_the_clients_back() {
    let bench = Bench::plain().await;
    let id = bench.sandbox.add("guests", json!({"email": "new+one@x.example", "first_name": "New"})).unwrap();
    assert_eq!(bench.send(Method::GET, &at(&id)).await.1["data"]["first_name"], "New");
    assert!(bench.sandbox.rename("guests", &id, "Newer"));
    assert_eq!(bench.sandbox.object("guests", &id).unwrap()["first_name"], "Newer");
    assert!(bench.sandbox.archive("guests", &id) && !bench.sandbox.archive("guests", &id));
    assert!(bench.sandbox.restore("guests", &id));
    let task = json!({"title": "t", "owners": {"users": [], "guests": [id], "groups": ["g1"]}});
    let task = bench.sandbox.add("tasks", task).unwrap();
    assert!(!bench.sandbox.archive("guests", &id), "there is something to do");
    let page = bench.get("/tasks?groups=g1").await;
    assert_eq!(super::ids(&page), [task], "no process task is in a group");
    assert!(bench.sandbox.remove("guests", &id));
}
