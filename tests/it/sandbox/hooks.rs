//! What a test can do to the server while somebody works on it.

use reqwest::Method;
use serde_json::{Value, json};
use tidyfy::sandbox::{Fault, FaultEffect, SandboxSettings, TokenOwner};

use super::{Bench, body, ids};

/// The status and body of a GET with this token, path from the base URL on.
async fn get_as(bench: &Bench, token: &str, path: &str) -> (u16, Value) {
    let request = bench.client.get(format!("{}{path}", bench.sandbox.base_url()));
    let request = request.header("Accept", "application/json").header("X-Tallyfy-Client", "APIClient");
    body(request.bearer_auth(token).send().await.unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn records_change_as_if_somebody_else_had_done_it() {
    let bench = Bench::plain().await;
    for (slug, key) in [("runs", "name"), ("checklists", "title"), ("tasks", "title"), ("groups", "name")] {
        let id = bench.live(slug);
        let before = bench.get(&format!("/{slug}/{id}")).await["data"].clone();
        assert!(bench.sandbox.rename(slug, &id, "Another name"));
        let after = bench.get(&format!("/{slug}/{id}")).await["data"].clone();
        assert_eq!(after[key], "Another name");
        assert_ne!(after["last_updated"], before["last_updated"], "{slug}");
    }
    assert!(!bench.sandbox.rename("runs", "none", "x"));

    let run = bench.live("runs");
    assert!(bench.sandbox.archive("runs", &run));
    assert!(!bench.sandbox.archive("runs", &run));
    assert_eq!(bench.get(&format!("/runs/{run}")).await["data"]["status"], "archived");
    assert!(bench.sandbox.restore("runs", &run));
    assert!(bench.get(&format!("/runs/{run}")).await["data"]["archived_at"].is_null());
    assert!(!bench.sandbox.archive("tags", &bench.live("tags")), "tags have no archive (section 6.6)");
    let template = bench.live("checklists");
    assert!(bench.sandbox.archive("checklists", &template));
    assert!(ids(&bench.get("/checklists?archived=only&per_page=100").await).contains(&template));
    assert!(
        bench.sandbox.requests().iter().all(|request| request.method == "GET"),
        "the ledger is the client's"
    );
}

#[tokio::test(start_paused = true)]
async fn signing_out_ends_every_token_and_a_new_one_is_the_same_person() {
    let bench = Bench::plain().await;
    let own = bench.sandbox.token().to_owned();
    let (_, me) = get_as(&bench, &own, "/me").await;
    assert_eq!(get_as(&bench, "fresh", "/me").await.0, 401);
    bench.sandbox.revoke_token();
    assert_eq!(
        get_as(&bench, &own, "/me").await,
        (401, json!({"error": true, "message": "unauthenticated"}))
    );
    bench.sandbox.accept_token("fresh", TokenOwner::Caller);
    assert_eq!(get_as(&bench, "fresh", "/me").await, (200, me));
    assert_eq!(get_as(&bench, &own, "/me").await.0, 401, "the old one stays worthless");
    bench.sandbox.revoke_token();
    assert_eq!(get_as(&bench, "fresh", "/me").await.0, 401);
}

#[tokio::test(start_paused = true)]
async fn a_token_may_be_of_another_person_or_of_another_organization() {
    let bench = Bench::plain().await;
    let (own, org) = (bench.sandbox.token().to_owned(), format!("/organizations/{}", bench.sandbox.org()));
    bench.sandbox.accept_token("colleague", TokenOwner::Colleague);
    bench.sandbox.accept_token("elsewhere", TokenOwner::Elsewhere);
    let id = async |token: &str| get_as(&bench, token, "/me").await.1["data"]["id"].clone();
    assert_ne!(id("colleague").await, id(&own).await);
    assert_eq!(get_as(&bench, "colleague", &org).await.0, 200);
    assert_eq!(id("elsewhere").await, id(&own).await);
    let (status, answer) = get_as(&bench, "elsewhere", &org).await;
    assert_eq!((status, &answer["code"]), (404, &json!("RESOURCE_NOT_FOUND")));
    let (_, mine) = get_as(&bench, "elsewhere", "/me/organizations").await;
    assert!(!mine["data"].as_array().unwrap().is_empty());
    assert_ne!(mine["data"][0]["id"], json!(bench.sandbox.org()));
}

#[tokio::test(start_paused = true)]
async fn a_rule_revokes_the_token_in_use_and_leaves_the_second_one() {
    let settings = SandboxSettings { second_token: Some("second".to_owned()), ..SandboxSettings::default() };
    let bench = Bench::new(settings).await;
    let own = bench.sandbox.token().to_owned();
    let revoking = Fault { method: None, path: None, ..Fault::on("GET", "", FaultEffect::RevokeToken) };
    bench.sandbox.set_faults(vec![revoking.nth([3])]);
    assert_eq!(get_as(&bench, &own, "/me").await.0, 200);
    assert_eq!(get_as(&bench, "second", "/me").await.0, 200);
    for _ in 0..2 {
        assert_eq!(get_as(&bench, &own, "/me").await.0, 401);
    }
    assert_eq!(get_as(&bench, "second", "/me").await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn a_shut_connection_refuses_and_opens_on_the_same_port() {
    let bench = Bench::plain().await;
    let base = bench.sandbox.base_url();
    for _ in 0..3 {
        bench.get("/tags").await;
        bench.sandbox.shut().await;
        for _ in 0..2 {
            let error = bench.to(Method::GET, "/tags").send().await.unwrap_err();
            assert!(error.is_connect(), "nothing may have been sent: {error:?}");
        }
        bench.sandbox.reopen().await;
    }
    bench.get("/tags").await;
    assert_eq!(bench.sandbox.base_url(), base);
    assert_eq!(bench.sandbox.requests().len(), 4, "what was refused did not arrive");
}

#[tokio::test(start_paused = true)]
async fn shutting_the_connection_breaks_off_what_is_under_way() {
    let bench = Bench::plain().await;
    bench.sandbox.set_faults(vec![Fault::on("GET", "/tags", FaultEffect::Hang { apply: false })]);
    let hanging = tokio::spawn(bench.to(Method::GET, "/tags").send());
    while bench.sandbox.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    bench.sandbox.shut().await;
    let error = hanging.await.unwrap().unwrap_err();
    assert!(!error.is_timeout() && !error.is_connect(), "{error:?}");
}
