//! The sandbox against its description, over real HTTP on one runtime with paused time.
#![expect(
    clippy::unwrap_used,
    reason = "a test that finds nothing where something must be should fail there"
)]

mod clock;
mod faults;
mod files;
mod folders;
mod guests;
mod hooks;
mod includes;
mod members;
mod organizations;

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tidyfy::sandbox::{
    Fault, FaultEffect, Quirk, Quirks, Role, Sandbox, SandboxLimits, SandboxSettings, read_faults,
};

/// A sandbox and a client that knows the header rules.
struct Bench {
    sandbox: Sandbox,
    client: Client,
}

impl Bench {
    async fn new(settings: SandboxSettings) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(90))
            .build()
            .unwrap();
        Self { sandbox: Sandbox::start(settings).await.unwrap(), client }
    }

    async fn plain() -> Self {
        Self::new(SandboxSettings::default()).await
    }

    async fn quirky(quirk: Quirk) -> Self {
        Self::new(SandboxSettings { quirks: Quirks::default().with(quirk), ..SandboxSettings::default() })
            .await
    }

    /// A request to a path below the organization.
    fn to(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/organizations/{}{path}", self.sandbox.base_url(), self.sandbox.org());
        self.client
            .request(method, url)
            .bearer_auth(self.sandbox.token())
            .header("Accept", "application/json")
            .header("X-Tallyfy-Client", "APIClient")
    }

    async fn send(&self, method: Method, path: &str) -> (u16, Value) {
        body(self.to(method, path).send().await.unwrap()).await
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send(Method::GET, path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn delete(&self, path: &str) -> (u16, Value) {
        self.send(Method::DELETE, path).await
    }

    async fn put(&self, path: &str) -> (u16, Value) {
        self.send(Method::PUT, path).await
    }

    /// The first stored record of a kind that fits.
    fn find(&self, slug: &str, fits: impl Fn(&Value) -> bool) -> String {
        let found = |id: &String| self.sandbox.object(slug, id).is_some_and(|object| fits(&object));
        self.sandbox.ids(slug).into_iter().find(found).unwrap()
    }

    fn live(&self, slug: &str) -> String {
        self.find(slug, |object| object["archived_at"].is_null() && object["run_id"].is_null())
    }

    fn archived_at(&self, slug: &str, id: &str) -> Value {
        self.sandbox.object(slug, id).unwrap()["archived_at"].clone()
    }
}

/// Status and JSON; an empty body is null, anything else is its text.
async fn body(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    if text.is_empty() {
        return (status, Value::Null);
    }
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_process_goes_into_the_archive_and_back_and_away() {
    let bench = Bench::plain().await;
    let file = bench.find("assets", |file| file["subject"]["type"] == "Run" && file["archived_at"].is_null());
    let id = bench.sandbox.object("assets", &file).unwrap()["subject"]["id"].as_str().unwrap().to_owned();
    let path = format!("/runs/{id}");
    let before = bench.get(&path).await["data"].clone();
    let tasks = bench.get(&format!("{path}/tasks")).await;
    let task = ids(&tasks)[0].clone();
    assert_eq!(bench.get(&format!("/tasks/{task}")).await["data"]["run_id"], json!(id));

    assert_eq!(bench.delete(&format!("{path}/delete")).await.0, 422);
    let (status, archived) = bench.delete(&path).await;
    assert_eq!((status, &archived["data"]["status"]), (200, &json!("archived")));
    assert!(archived["data"]["archived_at"].is_string());
    assert_eq!(bench.get(&path).await["data"]["status"], "archived");
    assert_eq!(ids(&bench.get(&format!("{path}/tasks")).await), ids(&tasks));
    assert!(bench.get(&format!("/tasks/{task}")).await["data"]["archived_at"].is_string());
    assert_eq!(bench.get(&format!("/assets/{file}")).await["data"]["id"], json!(file));

    let (status, restored) = bench.put(&format!("{path}/activate")).await;
    assert_eq!((status, &restored["data"]["status"]), (200, &before["status"]));
    assert!(restored["data"]["archived_at"].is_null());
    assert_eq!(ids(&bench.get(&format!("{path}/tasks")).await), ids(&tasks));
    assert_eq!(bench.get(&format!("/assets/{file}")).await["data"]["id"], json!(file));

    bench.delete(&path).await;
    assert_eq!(bench.delete(&format!("{path}/delete")).await, (200, Value::Null));
    assert_eq!(bench.delete(&format!("{path}/delete")).await.0, 404);
    assert_eq!(bench.sandbox.object("runs", &id), None);
    assert_eq!(bench.sandbox.object("assets", &file), None);
}

#[tokio::test(start_paused = true)]
async fn archiving_a_template_strips_references_for_good() {
    let bench = Bench::plain().await;
    let marker = |template: &Value| {
        let summary = template["summary"].as_str().unwrap_or_default().to_owned();
        summary.split_once("embedded-template=\"").and_then(|(_, rest)| rest.get(..32).map(str::to_owned))
    };
    let live = |id: &str| bench.archived_at("checklists", id).is_null();
    let holder = bench.find("checklists", |template| marker(template).is_some_and(|inner| live(&inner)));
    let inner = marker(&bench.sandbox.object("checklists", &holder).unwrap()).unwrap();
    let path = format!("/checklists/{inner}");

    assert_eq!(bench.delete(&format!("{path}/delete")).await.0, 422);
    let (status, answer) = bench.delete(&path).await;
    assert_eq!(status, 200);
    assert_eq!(answer.as_object().unwrap().keys().collect::<Vec<_>>(), ["deleted_references", "message"]);
    let references = answer["deleted_references"].as_array().unwrap();
    assert!(
        references.iter().any(|row| matches!(row["type"].as_str(), Some("Step" | "Blueprint"))),
        "{references:?}"
    );
    assert_eq!(bench.send(Method::GET, &path).await.0, 404);
    assert_eq!(bench.delete(&path).await.0, 404);
    assert!(ids(&bench.get("/checklists?archived=only&per_page=100").await).contains(&inner));

    assert_eq!(bench.put(&format!("{path}/restore")).await.0, 200);
    assert_eq!(bench.put(&format!("{path}/restore")).await.0, 404);
    assert_eq!(bench.get(&path).await["data"]["id"], json!(inner));
    assert_eq!(marker(&bench.sandbox.object("checklists", &holder).unwrap()), None);

    bench.delete(&path).await;
    let (status, answer) = bench.delete(&format!("{path}/delete")).await;
    assert_eq!((status, &answer["deleted_references"]), (200, &json!([])));
    assert_eq!(bench.sandbox.object("checklists", &inner), None);
}

#[tokio::test(start_paused = true)]
async fn one_off_tasks_take_all_actions_and_process_tasks_none() {
    let bench = Bench::plain().await;
    let id = bench.live("tasks");
    let path = format!("/tasks/{id}");
    assert_eq!(bench.delete(&path).await, (204, Value::Null));
    assert!(bench.get(&path).await["data"]["archived_at"].is_string());
    let (status, restored) = bench.put(&format!("{path}/restore")).await;
    assert_eq!((status, &restored["data"]["archived_at"]), (200, &Value::Null));
    assert_eq!(bench.delete(&format!("{path}/delete")).await, (204, Value::Null));
    assert_eq!(bench.send(Method::GET, &path).await.0, 404);

    let run = bench.live("runs");
    let step = ids(&bench.get(&format!("/runs/{run}/tasks")).await)[0].clone();
    let linked = bench.find("tasks", |task| task["run_id"].is_string());
    for task in [step, linked] {
        for (method, path) in [
            (Method::DELETE, format!("/tasks/{task}")),
            (Method::PUT, format!("/tasks/{task}/restore")),
            (Method::DELETE, format!("/tasks/{task}/delete")),
        ] {
            let (status, answer) = bench.send(method, &path).await;
            assert_eq!((status, &answer["code"]), (404, &json!("RESOURCE_NOT_FOUND")), "{path}");
        }
        assert!(bench.sandbox.object("tasks", &task).is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn files_have_bytes_until_they_are_deleted() {
    let bench = Bench::plain().await;
    let id = bench.find("assets", |file| {
        file["uploaded_to_s3"] == true
            && file["subject"]["type"] != "Organization"
            && file["archived_at"].is_null()
    });
    let download = bench.to(Method::GET, &format!("/file/{id}/dl")).send().await.unwrap();
    assert_eq!(download.headers()["content-type"], "application/octet-stream");
    assert!(download.headers()["content-disposition"].as_bytes().starts_with(b"attachment; filename="));
    let length: usize = download.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let file = download.bytes().await.unwrap();
    assert_eq!((file.len(), Some(file.to_vec())), (length, bench.sandbox.bytes(&id)));

    assert_eq!(bench.delete(&format!("/assets/{id}")).await.0, 200);
    assert_eq!(bench.send(Method::GET, &format!("/assets/{id}")).await.0, 404);
    let inline = bench.to(Method::GET, &format!("/file/{id}")).send().await.unwrap();
    assert_eq!((inline.status(), inline.bytes().await.unwrap().len()), (StatusCode::OK, length));
    assert_eq!(bench.delete(&format!("/file/{id}")).await, (200, Value::Null));
    assert_eq!(bench.delete(&format!("/file/{id}")).await.0, 404);
    assert_eq!(bench.send(Method::GET, &format!("/file/{id}/dl")).await.0, 404);

    let logo = bench.find("assets", |file| file["subject"]["type"] == "Organization");
    assert_eq!(bench.delete(&format!("/file/{logo}")).await.0, 403);
    let links: Vec<_> = bench
        .sandbox
        .ids("assets")
        .into_iter()
        .filter(|id| {
            let file = bench.sandbox.object("assets", id).unwrap();
            file["source"] == "url" && file["url"].as_str().unwrap().starts_with("https://files.example/")
        })
        .collect();
    let link = &links[0];
    assert_eq!(bench.sandbox.bytes(link), None);
    assert_eq!(bench.send(Method::GET, &format!("/file/{link}/dl")).await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn tags_and_groups_go_for_good() {
    let bench = Bench::plain().await;
    let run = bench.find("runs", |run| run["tags"]["data"][0].is_object() && run["archived_at"].is_null());
    let link = bench.get(&format!("/runs/{run}?with=tags")).await["data"]["tags"]["data"][0].clone();
    assert!(link["id"].is_u64());
    let tag = link["tag_id"].as_str().unwrap().to_owned();
    let statistics =
        bench.get(&format!("/tags/{tag}?with=statistics")).await["data"]["statistics"]["data"].clone();
    assert!(statistics["active_process"].as_u64().unwrap() > 0);
    assert_eq!(bench.delete(&format!("/tags/{tag}")).await, (204, Value::Null));
    assert_eq!(bench.delete(&format!("/tags/{tag}")).await, (204, Value::Null));
    assert_eq!(bench.send(Method::GET, &format!("/tags/{tag}")).await.0, 404);
    let links = bench.get(&format!("/runs/{run}?with=tags")).await["data"]["tags"]["data"].clone();
    assert!(links.as_array().unwrap().iter().all(|row| row["tag_id"] != json!(tag)));

    let group = bench.live("groups");
    assert_eq!(bench.delete(&format!("/groups/{group}")).await, (204, Value::Null));
    assert_eq!(bench.delete(&format!("/groups/{group}")).await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn pages_cover_a_list_once_and_say_where_they_are() {
    let bench = Bench::plain().await;
    let first = bench.get("/runs").await;
    let meta = &first["meta"]["pagination"];
    let live = bench.sandbox.ids("runs").iter().filter(|id| bench.archived_at("runs", id).is_null()).count();
    assert_eq!((&meta["per_page"], &meta["total"], &meta["count"]), (&json!(10), &json!(live), &json!(10)));
    assert_eq!(meta["total_pages"], json!(live.div_ceil(10)));
    assert!(meta["links"]["next"].as_str().unwrap().ends_with("/runs?page=2&per_page=10"));
    let mut seen = Vec::new();
    for page in 1..=live.div_ceil(10) {
        seen.extend(ids(&bench.get(&format!("/runs?page={page}")).await));
    }
    let last = bench.get(&format!("/runs?page={}", live.div_ceil(10))).await;
    assert_eq!(last["meta"]["pagination"]["links"], json!([]));
    seen.sort();
    let count = seen.len();
    seen.dedup();
    assert_eq!((seen.len(), count), (live, live));
    assert_eq!(bench.get("/runs?page=4000").await["data"], json!([]));
    let all = bench.get("/runs?archived=true&per_page=5000").await;
    assert_eq!((&all["meta"]["pagination"]["per_page"], ids(&all).len()), (&json!(100), 100));
    assert_eq!(all["meta"]["pagination"]["total"], json!(120));
}

#[tokio::test(start_paused = true)]
async fn lists_filter_and_sort() {
    let bench = Bench::plain().await;
    for filter in ["archived=only", "status=archived"] {
        let page = bench.get(&format!("/runs?{filter}&per_page=100")).await;
        assert!(!ids(&page).is_empty());
        assert!(
            page["data"].as_array().unwrap().iter().all(|run| run["archived_at"].is_string()),
            "{filter}"
        );
    }
    bench.sandbox.add("runs", json!({"id": "plus", "name": "one+two three"})).unwrap();
    assert_eq!(ids(&bench.get("/runs?q=one%2Btwo%20THREE").await), ["plus"]);
    assert_eq!(ids(&bench.get("/runs?q=one+two").await), ["plus"]);
    assert_eq!(ids(&bench.get("/runs?q=two+three").await), [""; 0]);
    let template =
        bench.get("/runs?per_page=1").await["data"][0]["checklist_id"].as_str().unwrap().to_owned();
    let page = bench.get(&format!("/runs?checklist_id={template}")).await;
    assert!(page["data"].as_array().unwrap().iter().all(|run| run["checklist_id"] == json!(template)));

    let names = |page: &Value| -> Vec<String> {
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| run["name"].as_str().unwrap().to_lowercase())
            .collect()
    };
    let up = names(&bench.get("/runs?sort=name&per_page=100").await);
    assert!(up.is_sorted());
    let down = names(&bench.get("/runs?sort_by=-name&per_page=100").await);
    assert!(down.iter().rev().is_sorted() && down != up);

    let oneoff = bench.get("/tasks?is_oneoff=true&archived=true&per_page=100").await;
    assert_eq!(oneoff["meta"]["pagination"]["total"], json!(bench.sandbox.ids("tasks").len()));
    assert!(oneoff["data"].as_array().unwrap().iter().all(|task| task["is_oneoff_task"] == true));
    let steps = bench.get("/tasks?is_oneoff=false").await;
    assert!(steps["data"].as_array().unwrap().iter().all(|task| task["run_id"].is_string()));
    assert!(steps["data"][0]["owners"]["users"][0]["full_name"].is_string());

    let all = bench.get("/tags?all=true").await["meta"]["pagination"]["total"].clone();
    assert_eq!(all, json!(bench.sandbox.ids("tags").len()));
    assert!(bench.get("/tags").await["meta"]["pagination"]["total"].as_u64() < all.as_u64());
    assert_eq!(bench.get("/users").await["meta"]["pagination"]["per_page"], json!(9999));
}

#[tokio::test(start_paused = true)]
async fn headers_decide_who_comes_in_and_what_errors_look_like() {
    let bench = Bench::plain().await;
    let url = format!("{}/organizations/{}/runs", bench.sandbox.base_url(), bench.sandbox.org());
    let json = |request: RequestBuilder| request.header("Accept", "application/json");
    let bare = json(bench.client.get(&url)).send().await.unwrap();
    assert_eq!(body(bare).await, (401, json!({"error": true, "message": "unauthenticated"})));
    let wrong = json(bench.client.get(&url)).bearer_auth("nope").header("X-Tallyfy-Client", "n8n");
    assert_eq!(wrong.send().await.unwrap().status(), 401);
    let no_client = json(bench.client.get(&url)).bearer_auth(bench.sandbox.token());
    assert_eq!(no_client.send().await.unwrap().status(), 401);
    let sloppy = bench.client.get(format!("{url}/nope")).bearer_auth(bench.sandbox.token());
    let page = sloppy.header("X-Tallyfy-Client", "n8n").send().await.unwrap();
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(page.headers().contains_key("x-request-id"));
    assert_eq!(page.status(), 404);

    assert_eq!(bench.send(Method::GET, "/nope").await.1["code"], "ENDPOINT_NOT_FOUND");
    assert_eq!(bench.send(Method::POST, "/runs").await.0, 405);
    let other = format!("{}/organizations/{}/runs", bench.sandbox.base_url(), "0".repeat(32));
    let stranger =
        json(bench.client.get(other)).bearer_auth(bench.sandbox.token()).header("X-Tallyfy-Client", "x");
    assert_eq!(body(stranger.send().await.unwrap()).await.1["code"], "RESOURCE_NOT_FOUND");
    let root = bench.sandbox.base_url().replace("/api", "/me");
    let me = json(bench.client.get(root)).bearer_auth(bench.sandbox.token()).header("X-Tallyfy-Client", "x");
    assert_eq!(me.send().await.unwrap().status(), 200);

    bench.sandbox.revoke_token();
    assert_eq!(bench.send(Method::GET, "/runs").await.0, 401);
    bench.sandbox.renew_token();
    assert_eq!(bench.delete("/me/delete-active-tokens").await.0, 204);
    assert_eq!(bench.send(Method::GET, "").await.0, 401);
}

#[tokio::test(start_paused = true)]
async fn roles_limit_what_may_be_done() {
    let bench = Bench::new(SandboxSettings { role: Role::Standard, ..SandboxSettings::default() }).await;
    assert_eq!(bench.get("").await["data"]["user_role"], "Standard");
    let run = bench.live("runs");
    assert_eq!(bench.delete(&format!("/runs/{run}")).await.0, 200);
    assert_eq!(bench.delete(&format!("/runs/{run}/delete")).await.0, 403);
    let bench = Bench::new(SandboxSettings { role: Role::Light, ..SandboxSettings::default() }).await;
    assert_eq!(bench.delete(&format!("/runs/{run}")).await.0, 403);
}

#[tokio::test(start_paused = true)]
async fn faults_strike_where_they_should() {
    let bench = Bench::plain().await;
    let runs: Vec<String> = bench
        .sandbox
        .ids("runs")
        .into_iter()
        .filter(|id| bench.archived_at("runs", id).is_null())
        .take(8)
        .collect();
    let delete = |index: usize| bench.to(Method::DELETE, &format!("/runs/{}", runs[index])).send();
    let done = |index: usize| bench.archived_at("runs", &runs[index]).is_string();
    let on =
        |fault_effect| bench.sandbox.set_faults(vec![Fault::on("delete", "*/runs/*", fault_effect).times(1)]);

    on(FaultEffect::ResetBefore);
    let error = delete(0).await.unwrap_err();
    assert!(format!("{error:?}").contains("ConnectionReset"), "{error:?}");
    assert!(!done(0));
    on(FaultEffect::ResetAfter);
    let error = delete(1).await.unwrap_err();
    assert!(format!("{error:?}").contains("ConnectionReset"), "{error:?}");
    assert!(done(1));
    on(FaultEffect::Hang { apply: true });
    assert!(delete(2).await.unwrap_err().is_timeout());
    assert!(done(2));
    on(FaultEffect::Truncated);
    let half = delete(3).await.unwrap();
    let announced = half.content_length().unwrap();
    assert!(announced > 100 && half.text().await.is_err());
    assert!(done(3));
    on(FaultEffect::Garbage);
    let garbage = delete(4).await.unwrap();
    assert_eq!(garbage.status(), 200);
    assert!(serde_json::from_str::<Value>(&garbage.text().await.unwrap()).is_err());
    assert!(done(4));
    on(FaultEffect::Html { status: 502, apply: true });
    let (status, page) = body(delete(5).await.unwrap()).await;
    assert!(status == 502 && page.as_str().unwrap().starts_with("<!DOCTYPE html>") && done(5));
    let headers = [("Location".to_owned(), "/elsewhere".to_owned())].into();
    on(FaultEffect::Answer { status: 303, body: None, headers, apply: false });
    let redirect = delete(6).await.unwrap();
    assert_eq!(
        (redirect.status().as_u16(), &redirect.headers()["location"]),
        (303, &"/elsewhere".parse().unwrap())
    );
    assert!(!done(6));
    assert_eq!(delete(6).await.unwrap().status(), 200, "a fault with `times` wears off");

    let statuses: Vec<(Option<u16>, bool)> =
        bench.sandbox.requests().iter().map(|request| (request.status, request.applied)).collect();
    let expected = [
        (None, false),
        (None, true),
        (None, true),
        (Some(200), true),
        (Some(200), true),
        (Some(502), true),
        (Some(303), false),
        (Some(200), true),
    ];
    assert_eq!(statuses, expected);
}

#[tokio::test(start_paused = true)]
async fn faults_count_and_share_the_same_every_time() {
    let rules = r#"[{"method": "get", "path": "/tags", "nth": [2], "status": 503, "headers": {"Retry-After": "2"}},
                    {"path": "*/groups", "share": 0.3, "status": 500, "body": {"message": "no"}}]"#;
    let mut runs = Vec::new();
    for _ in 0..2 {
        let faults = read_faults(rules).unwrap();
        let bench = Bench::new(SandboxSettings { faults, ..SandboxSettings::default() }).await;
        let mut statuses = Vec::new();
        for path in ["/tags", "/tags", "/tags"].into_iter().chain(["/groups"; 40]) {
            statuses.push(bench.send(Method::GET, path).await.0);
        }
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
    assert_eq!(runs[0][..3], [200, 503, 200]);
    let failed = runs[0].iter().filter(|status| **status == 500).count();
    assert!((4..=20).contains(&failed), "{failed}");
}

#[test]
fn a_bad_faults_file_says_what_is_wrong() {
    for (text, expected) in [
        (r#"[{"nht": [1], "does": "hang"}]"#, "unknown field `nht`"),
        (r#"[{"does": "explode"}]"#, "unknown variant `explode`"),
        (
            r#"[{"status": 500}, {"share": 2, "status": 500}]"#,
            "rule 2 of the faults cannot be used: `share` is 2",
        ),
        (r#"[{"does": "status-after"}]"#, "`status` is missing"),
        (r#"[{"path": "x"}]"#, "neither `does`, `status` nor `delay-ms`"),
        ("{}", "could not read the faults"),
    ] {
        let error = read_faults(text).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("\nhint: "), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn documented_limits_turn_away_and_say_for_how_long() {
    let bench =
        Bench::new(SandboxSettings { limits: SandboxLimits::Documented, ..SandboxSettings::default() }).await;
    for _ in 0..12 {
        assert_eq!(bench.send(Method::GET, "/tags").await.0, 200);
    }
    let refused = bench.to(Method::GET, "/tags").send().await.unwrap();
    assert_eq!(refused.headers()["retry-after"], "5");
    assert_eq!(refused.headers()["x-ratelimit-remaining"], "0");
    assert_eq!(body(refused).await.1["code"], "RATE_LIMIT_EXCEEDED");
    assert_eq!(bench.delete("/tags/none").await.0, 204, "other methods have a limit of their own");
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(bench.send(Method::GET, "/tags").await.0, 200);
    tokio::time::advance(Duration::from_secs(60)).await;
    for _ in 0..140 {
        assert_eq!(bench.delete("/tags/none").await.0, 204);
    }
    let refused = bench.to(Method::DELETE, "/tags/none").send().await.unwrap();
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"10".parse().unwrap()));
}

#[tokio::test(start_paused = true)]
async fn latency_is_on_the_runtimes_clock() {
    let bench =
        Bench::new(SandboxSettings { latency: Duration::from_secs(40), ..SandboxSettings::default() }).await;
    let before = tokio::time::Instant::now();
    bench.get("/tags").await;
    assert!(before.elapsed() >= Duration::from_secs(40));
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_organization() {
    let (one, same) = (Bench::plain().await, Bench::plain().await);
    let other = Bench::new(SandboxSettings { seed: 2, ..SandboxSettings::default() }).await;
    assert_eq!(one.get("/runs?per_page=100").await["data"], same.get("/runs?per_page=100").await["data"]);
    assert_eq!(one.sandbox.banner().split(" org=").nth(1), same.sandbox.banner().split(" org=").nth(1));
    assert_ne!(one.sandbox.ids("runs"), other.sandbox.ids("runs"));
}

#[tokio::test(start_paused = true)]
async fn every_scale_has_every_kind_and_its_awkward_names() {
    for scale in [0, 1, 7, 120, 3000] {
        let bench = Bench::new(SandboxSettings { scale, ..SandboxSettings::default() }).await;
        assert_eq!(bench.sandbox.ids("runs").len(), scale);
        for slug in ["checklists", "tasks", "assets", "tags", "groups", "guests", "users", "folders"] {
            assert!(!bench.sandbox.ids(slug).is_empty(), "{slug} at {scale}");
        }
        for path in [
            "/runs?with=assets,tags,tasks",
            "/checklists?with=steps",
            "/tasks",
            "/tags?with=statistics",
            "/groups",
            "/guests?with=stats",
            "/users?with=groups",
            "/folders?folder_type=run&with=children,parent,runs,tasks",
        ] {
            bench.get(path).await;
        }
    }
    let bench = Bench::plain().await;
    let names: Vec<String> = bench
        .sandbox
        .ids("runs")
        .iter()
        .map(|id| bench.sandbox.object("runs", id).unwrap()["name"].as_str().unwrap().to_owned())
        .collect();
    assert!(names.iter().any(String::is_empty));
    assert!(names.iter().any(|name| name.chars().count() == 550));
    for sign in ['\u{200d}', '株', 'ע', '\u{301}', '\u{1b}', '\u{202e}'] {
        assert!(names.iter().any(|name| name.contains(sign)), "{sign:?}");
    }
    let archived =
        bench.sandbox.ids("runs").iter().filter(|id| bench.archived_at("runs", id).is_string()).count();
    assert!((20..=40).contains(&archived), "{archived}");
}

#[tokio::test(start_paused = true)]
async fn the_server_can_change_behind_the_clients_back() {
    let bench = Bench::plain().await;
    let id = bench.live("runs");
    assert!(bench.sandbox.edit("runs", &id, json!({"archived_at": "2026-01-02T03:04:05Z", "mood": "odd"})));
    let body = bench.get(&format!("/runs/{id}")).await["data"].clone();
    assert_eq!((&body["archived_at"], &body["mood"]), (&json!("2026-01-02T03:04:05.000Z"), &json!("odd")));
    assert!(!ids(&bench.get("/runs?per_page=100").await).contains(&id));
    assert!(bench.sandbox.remove("runs", &id));
    assert!(!bench.sandbox.remove("runs", &id));
    assert_eq!(bench.delete(&format!("/runs/{id}")).await.0, 404);
    let file = bench
        .sandbox
        .add("assets", json!({"subject": {"id": "t1", "type": "Task"}, "filename": "a.pdf"}))
        .unwrap();
    bench.sandbox.add("tasks", json!({"id": "t1", "title": "new"})).unwrap();
    assert_eq!(bench.sandbox.add("tasks", json!({"id": "t1"})), None);
    let task = bench.get("/tasks/t1?with=assets").await["data"].clone();
    assert_eq!((&task["title"], &task["assets"]["data"][0]["id"]), (&json!("new"), &json!(file)));
    assert_eq!(bench.sandbox.add("spaceships", json!({})), None);
}

#[tokio::test(start_paused = true)]
async fn quirks_change_what_is_answered() {
    let bench = Bench::quirky(Quirk::ArchivedRuns404).await;
    let run = bench.find("runs", |run| run["archived_at"].is_string());
    assert_eq!(bench.send(Method::GET, &format!("/runs/{run}")).await.0, 404);
    let bench = Bench::quirky(Quirk::ActivateBare).await;
    assert_eq!(bench.put(&format!("/runs/{run}/activate")).await.1["id"], json!(run));
    let bench = Bench::quirky(Quirk::RunDelete404).await;
    let live = bench.live("runs");
    assert_eq!(bench.delete(&format!("/runs/{live}/delete")).await.0, 404);
    let bench = Bench::quirky(Quirk::TaskArchiveData).await;
    let task = bench.live("tasks");
    assert_eq!(bench.delete(&format!("/tasks/{task}")).await.1["data"]["id"], json!(task));
    let bench = Bench::quirky(Quirk::TagDeleteData).await;
    let tag = bench.live("tags");
    assert!(bench.delete(&format!("/tags/{tag}")).await.1["data"]["deleted_at"].is_string());
    let bench = Bench::quirky(Quirk::AssetArray).await;
    let file = bench.find("assets", |file| file["archived_at"].is_null());
    assert_eq!(bench.get(&format!("/assets/{file}")).await["data"][0]["id"], json!(file));
    let bench = Bench::quirky(Quirk::TemplateArchiveEmpty).await;
    let template = bench.live("checklists");
    assert_eq!(bench.delete(&format!("/checklists/{template}")).await, (204, Value::Null));
}

#[tokio::test(start_paused = true)]
async fn quirks_make_lists_lie() {
    let pagination =
        async |quirk| Bench::quirky(quirk).await.get("/runs").await["meta"]["pagination"].clone();
    let honest = Bench::plain().await.get("/runs").await["meta"]["pagination"].clone();
    let total = honest["total"].as_u64().unwrap();
    assert_eq!(pagination(Quirk::TotalLow).await["total"], json!(total / 2));
    assert_eq!(pagination(Quirk::TotalHigh).await["total"], json!(total + 7));
    assert_eq!(pagination(Quirk::ServerTotalPages).await["total_pages"], json!(1));
    assert_eq!(pagination(Quirk::ZeroTotalPages).await["total_pages"], json!(0));
    assert_eq!(pagination(Quirk::NoTotalPages).await.get("total_pages"), None);
    assert_eq!(pagination(Quirk::LinksNull).await["links"], Value::Null);
    assert_eq!(pagination(Quirk::LinksMissing).await.get("links"), None);
    assert_eq!(pagination(Quirk::NoMeta).await, Value::Null);
    let bench = Bench::quirky(Quirk::Duplicates).await;
    let (one, two) = (ids(&bench.get("/runs").await), ids(&bench.get("/runs?page=2").await));
    assert_eq!((one.last(), two.len()), (two.first(), 11));
    let bench = Bench::quirky(Quirk::Growth).await;
    assert_eq!(bench.get("/runs?page=2").await["meta"]["pagination"]["total"], json!(total + 1));
    let bench = Bench::quirky(Quirk::BareIncludes).await;
    assert!(bench.get("/runs?with=assets").await["data"][0]["assets"].is_array());
}

#[tokio::test(start_paused = true)]
async fn no_path_brings_the_server_down() {
    let bench = Bench::plain().await;
    for path in [
        "/runs/%2E%2E/delete",
        "/runs/%FF%00",
        "/runs//delete",
        "/tasks/é",
        "/tasks/0123456789abcdefé123456789abcdef",
        "/runs?page=99999999999999999999&per_page=0",
        "/runs?page=18446744073709551615&per_page=100",
        "/runs?q=%&with=%,%,&sort=-&archived=%00&tag=&=&&",
        "/users?per_page=18446744073709551615&page=18446744073709551615",
        "/guests/%2F%2E%2E%2F/enable",
        "/users/9223372036854775808",
        "/folders?parent_id=%FF&sort=-position&folder_type=nonsense",
    ] {
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::HEAD, Method::POST] {
            let status = bench.to(method.clone(), path).send().await.unwrap().status().as_u16();
            assert!(matches!(status, 200 | 404 | 405), "{method} {path}: {status}");
        }
    }
    assert_eq!(bench.sandbox.ids("runs").len(), 120);
}

#[tokio::test(start_paused = true)]
async fn the_log_has_a_line_per_request_and_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requests.log");
    let bench = Bench::new(SandboxSettings { log: Some(path.clone()), ..SandboxSettings::default() }).await;
    bench.get("/runs?per_page=1").await;
    bench.delete(&format!("/runs/{}", bench.live("runs"))).await;
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0]["path"].as_str().unwrap().ends_with("/runs?per_page=1"));
    assert_eq!((&lines[1]["method"], &lines[1]["applied"]), (&json!("DELETE"), &json!(true)));
    assert!(!text.contains(bench.sandbox.token()));
}

#[tokio::test(start_paused = true)]
async fn dropping_it_breaks_off_what_is_under_way() {
    let Bench { sandbox, client } = Bench::plain().await;
    sandbox.set_faults(vec![
        Fault::on("GET", "/health", FaultEffect::None),
        Fault::on("GET", "/me", FaultEffect::Hang { apply: false }),
    ]);
    let url = format!("{}/me", sandbox.base_url());
    let hanging = tokio::spawn(client.get(&url).send());
    while sandbox.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(sandbox);
    let error = hanging.await.unwrap().unwrap_err();
    assert!(!error.is_timeout(), "{error:?}");
    assert!(client.get(&url).send().await.unwrap_err().is_connect());
}

#[tokio::test(start_paused = true)]
async fn every_quirk_has_a_name_of_its_own_and_leaves_the_server_answering() {
    for quirk in Quirk::ALL {
        assert_eq!(quirk.name().parse::<Quirk>().unwrap(), *quirk);
        let bench = Bench::new(SandboxSettings {
            scale: 12,
            quirks: Quirks::default().with(*quirk),
            ..SandboxSettings::default()
        })
        .await;
        for slug in ["runs", "checklists", "tasks", "tags", "groups", "guests", "users", "folders"] {
            let page = bench.get(&format!("/{slug}?with=assets,tags,statistics,stats&per_page=3")).await;
            assert!(!page["data"].as_array().unwrap().is_empty(), "{slug} with {quirk:?}");
        }
    }
    assert!("no-such".parse::<Quirk>().unwrap_err().to_string().contains("hint: "));
}
