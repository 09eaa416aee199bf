//! Several organizations behind one token (API sheet 6.11), and names made to do harm.

use reqwest::Method;
use serde_json::{Value, json};
use tidyfy::sandbox::{SandboxSettings, TokenOwner};

use super::{Bench, body, ids};

/// The status and body of a GET, path from the base URL on.
async fn get(bench: &Bench, token: &str, path: &str) -> (u16, Value) {
    let request = bench.client.get(format!("{}{path}", bench.sandbox.base_url()));
    let request = request.header("Accept", "application/json").header("X-Tallyfy-Client", "APIClient");
    body(request.bearer_auth(token).send().await.unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn one_token_opens_several_organizations() {
    let bench = Bench::plain().await;
    let token = bench.sandbox.token().to_owned();
    let (_, mine) = get(&bench, &token, "/me/organizations").await;
    let known = bench.sandbox.organizations();
    let listed: Vec<(String, String)> = mine["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["id"].as_str().unwrap().to_owned(), one["name"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!((listed.len(), &listed), (2, &known));
    let (own, other) = (&known[0].0, &known[1].0);
    let (_, there) =
        get(&bench, &token, &format!("/organizations/{other}/runs?archived=true&per_page=100")).await;
    let there = ids(&there);
    assert!(!there.is_empty() && there.len() < bench.sandbox.ids("runs").len());
    assert_eq!(there, bench.sandbox.ids_in(other, "runs"));
    let here = bench.live("runs");
    for (org, id, status) in
        [(own, &here, 200), (other, &here, 404), (own, &there[0], 404), (other, &there[0], 200)]
    {
        assert_eq!(get(&bench, &token, &format!("/organizations/{org}/runs/{id}")).await.0, status);
    }
    let me = async |org: &str| {
        get(&bench, &token, &format!("/organizations/{org}/me")).await.1["data"]["id"].clone()
    };
    assert_eq!(me(own).await, me(other).await);
    let others = bench.sandbox.ids_in(other, "users");
    assert_eq!(others.iter().filter(|id| bench.sandbox.ids("users").contains(id)).count(), 1, "the caller");
    assert_eq!(bench.sandbox.ids_in("none", "runs"), [""; 0]);

    bench.sandbox.accept_token("elsewhere", TokenOwner::Elsewhere);
    assert_eq!(get(&bench, "elsewhere", &format!("/organizations/{other}/runs")).await.0, 200);
    bench.sandbox.accept_token("colleague", TokenOwner::Colleague);
    assert_eq!(get(&bench, "colleague", &format!("/organizations/{other}/runs")).await.0, 404);
    assert_eq!(get(&bench, "colleague", "/me/organizations").await.1["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn organizations_come_in_pages() {
    let bench =
        Bench::new(SandboxSettings { organizations: 23, scale: 20, ..SandboxSettings::default() }).await;
    let token = bench.sandbox.token().to_owned();
    let mut seen = Vec::new();
    for page in 1..=3 {
        let (_, mine) = get(&bench, &token, &format!("/me/organizations?page={page}")).await;
        assert_eq!(
            (&mine["meta"]["pagination"]["total"], &mine["meta"]["pagination"]["per_page"]),
            (&json!(23), &json!(10))
        );
        seen.extend(ids(&mine));
    }
    let all: Vec<String> = bench.sandbox.organizations().into_iter().map(|(id, _)| id).collect();
    assert_eq!(seen, all);
    let (_, found) = get(&bench, &token, "/me/organizations?q=branch%2007").await;
    assert_eq!(found["data"][0]["name"], "Branch 07 Ltd");
}

#[tokio::test(start_paused = true)]
async fn every_kind_can_have_names_that_do_harm() {
    let bench = Bench::new(SandboxSettings { hostile: true, ..SandboxSettings::default() }).await;
    for (slug, key) in [
        ("runs", "name"),
        ("checklists", "title"),
        ("tasks", "title"),
        ("assets", "filename"),
        ("tags", "title"),
        ("groups", "name"),
        ("guests", "first_name"),
        ("users", "first_name"),
        ("folders", "name"),
    ] {
        let names: String = bench
            .sandbox
            .ids(slug)
            .iter()
            .map(|id| bench.sandbox.object(slug, id).unwrap()[key].as_str().unwrap().to_owned())
            .collect();
        for sign in ['\u{1b}', '\u{9b}', '\u{202e}', '\u{200b}', '='] {
            assert!(names.contains(sign), "{sign:?} in {slug}");
        }
        let most =
            bench.sandbox.ids(slug).iter().any(|id| {
                bench.sandbox.object(slug, id).unwrap()[key].as_str().unwrap().chars().count() == 5000
            });
        assert!(most || bench.sandbox.ids(slug).len() < 17, "{slug}");
    }
    for path in
        ["/runs?with=tasks", "/checklists", "/tasks", "/tags", "/groups", "/guests", "/users", "/folders"]
    {
        bench.get(path).await;
    }
    let file = bench.find("assets", |file| file["uploaded_to_s3"] == true);
    assert_eq!(bench.send(Method::GET, &format!("/assets/{file}")).await.0, 200);
    assert_eq!(bench.to(Method::GET, &format!("/file/{file}/dl")).send().await.unwrap().status(), 200);
}
