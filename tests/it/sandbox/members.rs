//! Members (API sheet 6.9): who may be disabled and deleted by whom, and what becomes of what they own.

use reqwest::Method;
use serde_json::{Value, json};
use tidyfy::sandbox::{Quirk, Quirks, Role, SandboxSettings};

use super::Bench;

fn status_of(bench: &Bench, id: &str) -> Value {
    bench.sandbox.object("users", id).unwrap()["status"].clone()
}

/// A member of no special standing.
fn plain(bench: &Bench) -> String {
    bench.find("users", |user| {
        user["role"] == "Standard" && user["status"] == "active" && user["full_name"] != "Tallyfy Bot"
    })
}

/// An active member who owns something of everything.
async fn owner(bench: &Bench) -> (String, Value) {
    for id in bench.sandbox.ids("users") {
        let owned = bench.get(&format!("/users/{id}/reassignment-information")).await["data"].clone();
        let full = |key: &str| match &owned[key] {
            Value::Object(map) => !map.is_empty(),
            Value::Array(list) => !list.is_empty(),
            _ => false,
        };
        let standing = bench.sandbox.object("users", &id).unwrap();
        let rank = standing["role"] != "Admin" && standing["status"] == "active";
        if rank && ["templates", "process_tasks", "one_off_tasks"].into_iter().all(full) {
            return (id, owned);
        }
    }
    unreachable!("nobody owns something of everything")
}

#[tokio::test(start_paused = true)]
async fn members_come_in_all_states_and_one_by_one_for_administrators() {
    let bench = Bench::plain().await;
    let page = bench.get("/users?with=groups").await;
    let rows = page["data"].as_array().unwrap();
    assert!(rows.len() >= 25 && page["meta"]["pagination"]["per_page"] == json!(9999));
    for status in ["active", "disabled", "invited"] {
        assert!(rows.iter().any(|row| row["status"] == status), "{status}");
    }
    for role in ["Admin", "Standard", "Light"] {
        assert!(rows.iter().any(|row| row["role"] == role), "{role}");
    }
    assert!(rows.iter().any(|row| row["groups"]["data"][0]["name"].is_string()));
    let default: Vec<&Value> = rows.iter().filter(|row| row["is_default_admin"] == true).collect();
    let me = bench.get("/me").await["data"].clone();
    assert!(default.len() == 1 && default[0]["id"] != me["id"]);
    let light = bench.get("/users-list").await;
    assert_eq!((light.get("meta"), light["data"].as_array().unwrap().len()), (None, rows.len()));
    let path = format!("/users/{}", plain(&bench));
    assert_eq!(bench.get(&path).await["data"]["role"], "Standard");
    assert_eq!(bench.send(Method::GET, "/users/77").await.0, 404);
    for role in [Role::Standard, Role::Light] {
        let bench = Bench::new(SandboxSettings { role, ..SandboxSettings::default() }).await;
        assert_eq!(bench.get("/me").await["data"]["role"], role.name());
        for (method, path) in [
            (Method::GET, path.clone()),
            (Method::GET, format!("{path}/reassignment-information")),
            (Method::DELETE, path.clone()),
            (Method::DELETE, format!("{path}/disable")),
            (Method::PUT, format!("{path}/enable")),
            (Method::DELETE, format!("{path}/delete")),
        ] {
            assert_eq!(bench.send(method.clone(), &path).await.0, 403, "{method} {path}");
        }
        bench.get("/users").await;
        bench.get("/users-list").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_is_disabled_enabled_and_deleted_and_stays_in_the_history() {
    let bench = Bench::plain().await;
    let (id, _) = owner(&bench).await;
    let path = format!("/users/{id}");
    let before = bench.get(&path).await["data"].clone();
    let (status, answer) = bench.delete(&format!("{path}/delete")).await;
    assert_eq!((status, &answer["message"]), (400, &json!("Please disable the user before deletion")));
    let (status, answer) = bench.delete(&format!("{path}/disable")).await;
    assert_eq!((status, &answer["data"]["status"]), (200, &json!("disabled")));
    assert!(answer["data"]["disabled_at"].is_string());
    let (status, answer) = bench.put(&format!("{path}/enable")).await;
    assert_eq!((status, &answer["data"]["status"]), (200, &json!("active")));
    bench.delete(&format!("{path}/disable")).await;
    let (status, answer) = bench.delete(&format!("{path}/delete")).await;
    let (name, email) = (before["full_name"].as_str().unwrap(), before["email"].as_str().unwrap());
    assert_eq!((status, &answer["data"]["full_name"]), (200, &json!(format!("{name}(Deleted)"))));
    assert_eq!(answer["data"]["email"], json!(format!("{email}.deleted.{id}")));
    assert_eq!(bench.send(Method::GET, &path).await.0, 404);
    assert_eq!(bench.delete(&format!("{path}/delete")).await.0, 404);
    assert_eq!(bench.get(&format!("/users?q={email}")).await["data"], json!([]));
    let tasks = bench.get(&format!("/tasks?is_oneoff=true&archived=true&owners={id}")).await;
    let owners = tasks["data"][0]["owners"]["users"].as_array().unwrap().clone();
    assert!(owners.iter().any(|owner| owner["full_name"] == json!(format!("{name}(Deleted)"))), "{owners:?}");
    for (method, path) in [
        (Method::DELETE, "/users/77/disable"),
        (Method::DELETE, "/users/77"),
        (Method::PUT, "/users/77/enable"),
        (Method::DELETE, "/users/77/delete"),
        (Method::GET, "/users/77/reassignment-information"),
    ] {
        assert_eq!(bench.send(method, path).await.0, 404, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_member_owns_goes_to_another_one() {
    let bench = Bench::plain().await;
    let (id, owned) = owner(&bench).await;
    let to = bench
        .find("users", |user| user["status"] == "active" && user["id"] != json!(id.parse::<i64>().unwrap()));
    for (run, tasks) in owned["process_tasks"].as_object().unwrap() {
        let listed = bench.get(&format!("/runs/{run}/tasks?per_page=100")).await;
        let open = listed["data"].as_array().unwrap().iter();
        let open = open.filter(|task| task["status"] == "in-progress" || task["status"] == "not-started");
        assert_eq!(open.count(), tasks.as_array().unwrap().len());
    }
    for (template, title) in owned["templates"].as_object().unwrap() {
        assert_eq!(bench.get(&format!("/checklists/{template}")).await["data"]["title"], *title);
    }
    for wrong in [id.as_str(), "77", ""] {
        let path = format!("/users/{id}?with_reassignment=true&to={wrong}");
        let (status, answer) = bench.delete(&path).await;
        assert!(status == 422 && answer["errors"]["to"].is_array(), "{answer}");
    }
    assert_eq!(status_of(&bench, &id), "active");
    let (status, answer) = bench.delete(&format!("/users/{id}?with_reassignment=true&to={to}")).await;
    assert_eq!((status, &answer["data"]["status"]), (200, &json!("disabled")));
    let left = bench.get(&format!("/users/{id}/reassignment-information")).await["data"].clone();
    assert_eq!(left, json!({"templates": {}, "steps": [], "process_tasks": {}, "one_off_tasks": []}));
    let now = bench.get(&format!("/users/{to}/reassignment-information")).await["data"].clone();
    for key in ["templates", "process_tasks"] {
        let had = owned[key].as_object().unwrap().keys();
        assert!(had.into_iter().all(|id| now[key].get(id).is_some()), "{key}");
    }
    let second = bench.find("users", |user| {
        user["role"] == "Light"
            && user["status"] == "active"
            && user["id"] != json!(to.parse::<i64>().unwrap())
    });
    let had = bench.get(&format!("/users/{second}/reassignment-information")).await;
    assert_eq!(bench.delete(&format!("/users/{second}")).await.0, 200);
    assert_eq!(bench.get(&format!("/users/{second}/reassignment-information")).await, had, "tasks keep them");
}

#[tokio::test(start_paused = true)]
async fn some_members_have_to_stay() {
    let bench = Bench::plain().await;
    let robot = bench.find("users", |user| user["full_name"] == "Tallyfy Bot");
    let (status, answer) = bench.delete(&format!("/users/{robot}/disable")).await;
    assert_eq!((status, &answer["message"]), (400, &json!("Bot users cannot be disabled.")));
    let words = "You can't remove a bot user from this organization!";
    for path in [format!("/users/{robot}"), format!("/users/{robot}/delete")] {
        assert_eq!(bench.delete(&path).await.1["message"], words);
    }
    let default = bench.find("users", |user| user["is_default_admin"] == true);
    assert_eq!(bench.delete(&format!("/users/{default}/disable")).await.0, 200, "another one follows");
    let next = bench.find("users", |user| user["is_default_admin"] == true);
    for id in bench.sandbox.ids("users") {
        if id != next {
            bench.sandbox.edit("users", &id, json!({"role": "Standard"}));
        }
    }
    let (status, answer) = bench.delete(&format!("/users/{next}")).await;
    assert!(
        status == 400 && answer["message"].as_str().unwrap().starts_with("Cannot modify the default admin")
    );
    bench.sandbox.edit("users", &next, json!({"is_default_admin": false}));
    assert_eq!(bench.delete(&format!("/users/{next}")).await.0, 400, "the last administrator");
    assert_eq!(status_of(&bench, &next), "active");

    let quirks = Quirks::default().with(Quirk::MemberRefusal403).with(Quirk::DefaultAdminRefused);
    let bench = Bench::new(SandboxSettings { quirks, ..SandboxSettings::default() }).await;
    assert_eq!(bench.delete(&format!("/users/{default}")).await.0, 403);
    assert_eq!(bench.delete(&format!("/users/{robot}")).await.0, 403);
    let bench = Bench::quirky(Quirk::SeatsExhausted).await;
    let off = bench.find("users", |user| user["status"] == "disabled");
    let (status, answer) = bench.put(&format!("/users/{off}/enable")).await;
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("SEAT_POOL_EXHAUSTED")));
    let bench = Bench::quirky(Quirk::DeletedMembersListed).await;
    assert_eq!(bench.delete(&format!("/users/{off}/delete")).await.0, 200);
    assert_eq!(bench.get(&format!("/users/{off}")).await["data"]["status"], "deleted");
}
