//! Everything that can go wrong, for every kind of request: what the client sees, what the ledger says, what is so.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tidyfy::sandbox::{Fault, FaultEffect, Operation, read_faults};
use tokio::time::Instant;

use super::Bench;

const CALLS: [Operation; 6] = [
    Operation::List,
    Operation::Read,
    Operation::Download,
    Operation::Archive,
    Operation::Restore,
    Operation::Delete,
];
/// Longer than the client waits.
const LATE: Duration = Duration::from_secs(93);

fn status(status: u16, apply: bool) -> FaultEffect {
    FaultEffect::Answer { status, body: None, headers: BTreeMap::new(), apply }
}

/// What happens, what the client sees of it, and whether it took effect.
fn fault_effects() -> Vec<(FaultEffect, &'static str, bool)> {
    vec![
        (status(401, false), "401 unauthenticated", false),
        (status(403, false), "403 The sandbox was told to fail", false),
        (status(429, false), "429 Too many requests", false),
        (status(500, false), "500 The sandbox was told to fail", false),
        (status(502, false), "502 The sandbox was told to fail", false),
        (status(503, false), "503 The sandbox was told to fail", false),
        (status(504, false), "504 The sandbox was told to fail", false),
        (status(500, true), "500 The sandbox was told to fail", true),
        (status(502, true), "502 The sandbox was told to fail", true),
        (FaultEffect::Html { status: 502, apply: false }, "502 page", false),
        (FaultEffect::Html { status: 502, apply: true }, "502 page", true),
        (FaultEffect::Html { status: 200, apply: false }, "200 page", false),
        (FaultEffect::Html { status: 200, apply: true }, "200 page", true),
        (FaultEffect::ResetBefore, "reset", false),
        (FaultEffect::ResetAfter, "reset", true),
        (FaultEffect::Hang { apply: false }, "nothing", false),
        (FaultEffect::Hang { apply: true }, "nothing", true),
        (FaultEffect::HangLate { after: LATE }, "nothing", true),
        (FaultEffect::Truncated, "200 half", true),
        (FaultEffect::TruncatedBefore, "200 half", false),
        (FaultEffect::Garbage, "200 garbage", true),
        (FaultEffect::GarbageBefore, "200 garbage", false),
    ]
}

/// A request of this sort, to a record that has not been touched yet: slug, id, method, path.
fn request(bench: &Bench, call: Operation) -> (&'static str, String, Method, String) {
    let archived = || bench.find("runs", |run| run["archived_at"].is_string());
    let live = || bench.live("runs");
    let file = || {
        bench.find("assets", |file| {
            file["uploaded_to_s3"] == true
                && file["archived_at"].is_null()
                && file["subject"]["type"] == "Checklist"
        })
    };
    let (slug, id, method) = match call {
        Operation::List | Operation::Read => ("runs", live(), Method::GET),
        Operation::Download => ("assets", file(), Method::GET),
        Operation::Archive => ("runs", live(), Method::DELETE),
        Operation::Restore => ("runs", archived(), Method::PUT),
        Operation::Delete => ("runs", archived(), Method::DELETE),
    };
    let path = match call {
        Operation::List => "/runs?per_page=3".to_owned(),
        Operation::Read | Operation::Archive => format!("/runs/{id}"),
        Operation::Download => format!("/file/{id}/dl"),
        Operation::Restore => format!("/runs/{id}/activate"),
        Operation::Delete => format!("/runs/{id}/delete"),
    };
    (slug, id, method, path)
}

async fn seen(bench: &Bench, method: Method, path: &str) -> String {
    let answer = match bench.to(method, path).send().await {
        Ok(answer) => answer,
        Err(error) if error.is_timeout() => return "nothing".to_owned(),
        Err(error) => {
            assert!(format!("{error:?}").contains("ConnectionReset"), "{error:?}");
            return "reset".to_owned();
        }
    };
    let status = answer.status().as_u16();
    let Ok(text) = answer.text().await else { return format!("{status} half") };
    match serde_json::from_str::<Value>(&text) {
        Ok(body) => format!("{status} {}", body["message"].as_str().unwrap()),
        Err(_) if text.starts_with("<!DOCTYPE html>") => format!("{status} page"),
        Err(_) => format!("{status} garbage"),
    }
}

#[tokio::test(start_paused = true)]
async fn every_fault_effect_meets_every_kind_of_request_and_the_request_log_tells_the_lookup() {
    let mut shown = Vec::new();
    for call in CALLS {
        for (fault_effect, wanted, applies) in fault_effects() {
            let bench = Bench::plain().await;
            let (slug, id, method, path) = request(&bench, call);
            let before = bench.sandbox.object(slug, &id);
            bench.sandbox.set_faults(vec![Fault::to(call, fault_effect.clone()).times(1)]);
            let got = seen(&bench, method.clone(), &path).await;
            let case = format!("{call:?} {fault_effect:?}");
            assert_eq!(got, wanted, "{case}");
            let changes = applies && method != Method::GET;
            let changed = || bench.sandbox.object(slug, &id) != before;
            if matches!(fault_effect, FaultEffect::HangLate { .. }) {
                assert!(!changed(), "{case} is early");
                tokio::time::sleep(LATE).await;
            }
            let request_log = bench.sandbox.requests();
            assert_eq!(request_log.last().unwrap().applied, changes, "{case}: the ledger");
            assert_eq!(changed(), changes, "{case}: the record");
            shown.push((got, changes));
        }
    }
    assert_eq!(shown.len(), CALLS.len() * fault_effects().len());
}

#[tokio::test(start_paused = true)]
async fn a_rule_for_one_kind_of_request_leaves_the_others_alone() {
    for call in CALLS {
        let bench = Bench::plain().await;
        bench.sandbox.set_faults(vec![Fault::to(call, status(503, false))]);
        for other in CALLS {
            let (.., method, path) = request(&bench, other);
            let status = bench.to(method, &path).send().await.unwrap().status().as_u16();
            assert_eq!(status == 503, other == call, "{other:?} under a rule for {call:?}: {status}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_429_says_how_long_to_wait_and_ends() {
    let headers = [("Retry-After".to_owned(), "2".to_owned())].into();
    let storm = FaultEffect::Answer { status: 429, body: None, headers, apply: false };
    let bench = Bench::plain().await;
    bench.sandbox.set_faults(vec![Fault::to(Operation::Archive, storm).times(3)]);
    let path = format!("/runs/{}", bench.live("runs"));
    for _ in 0..3 {
        let refused = bench.to(Method::DELETE, &path).send().await.unwrap();
        assert_eq!(
            (refused.status().as_u16(), &refused.headers()["retry-after"]),
            (429, &"2".parse().unwrap())
        );
        assert_eq!(super::body(refused).await.1["code"], "RATE_LIMIT_EXCEEDED");
    }
    assert_eq!(bench.delete(&path).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn names_may_come_in_bytes_that_are_no_text() {
    let bench = Bench::plain().await;
    bench.sandbox.set_faults(vec![Fault::to(Operation::List, FaultEffect::NotUtf8)]);
    for path in ["/runs", "/guests", "/users", "/folders"] {
        let bytes = bench.to(Method::GET, path).send().await.unwrap().bytes().await.unwrap();
        assert!(std::str::from_utf8(&bytes).is_err(), "{path}");
        let mended: Value = serde_json::from_str(&String::from_utf8_lossy(&bytes)).unwrap();
        assert!(!mended["data"].as_array().unwrap().is_empty(), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_effect_comes_though_nobody_waits_for_it() {
    let bench = Bench::plain().await;
    bench
        .sandbox
        .set_faults(vec![Fault::to(Operation::Archive, FaultEffect::HangLate { after: LATE }).times(1)]);
    let id = bench.live("runs");
    let begin = Instant::now();
    assert!(bench.to(Method::DELETE, &format!("/runs/{id}")).send().await.unwrap_err().is_timeout());
    assert_eq!(bench.get(&format!("/runs/{id}")).await["data"]["archived_at"], Value::Null);
    while bench.archived_at("runs", &id).is_null() {
        assert!(begin.elapsed() < LATE * 2, "it never came");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(begin.elapsed() >= LATE);
    let first = &bench.sandbox.requests()[0];
    assert_eq!((first.status, first.applied), (None, true));
}

#[tokio::test(start_paused = true)]
async fn connections_are_refused_for_as_long_as_a_rule_says() {
    let bench = Bench::plain().await;
    bench.get("/tags").await;
    let span = Duration::from_secs(5);
    bench.sandbox.set_faults(vec![Fault::to(Operation::Archive, FaultEffect::Refuse { span }).times(1)]);
    let id = bench.live("runs");
    assert!(bench.to(Method::DELETE, &format!("/runs/{id}")).send().await.is_err());
    let begin = Instant::now();
    while let Err(refused) = bench.to(Method::GET, "/tags").send().await {
        assert!(refused.is_connect() && begin.elapsed() < span * 2, "{refused:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(begin.elapsed() >= span - Duration::from_millis(100), "{:?}", begin.elapsed());
    assert!(bench.archived_at("runs", &id).is_null());
}

#[test]
fn the_words_of_a_faults_file_say_all_of_it() {
    let read = |rule: Value| read_faults(&json!([rule]).to_string()).unwrap().remove(0);
    assert_eq!(
        read(json!({"call": "download", "does": "truncated-before"})),
        Fault::to(Operation::Download, FaultEffect::TruncatedBefore)
    );
    assert_eq!(
        read(json!({"call": "list", "does": "garbage-before"})).fault_effect,
        FaultEffect::GarbageBefore
    );
    assert_eq!(read(json!({"does": "not-utf8"})).fault_effect, FaultEffect::NotUtf8);
    let late = read(json!({"call": "delete", "does": "hang", "apply-after-ms": 33000}));
    assert_eq!(late.fault_effect, FaultEffect::HangLate { after: Duration::from_secs(33) });
    let shut = read(json!({"does": "refuse", "for-ms": 500}));
    assert_eq!(shut.fault_effect, FaultEffect::Refuse { span: Duration::from_millis(500) });
    for (rule, expected) in [
        (json!({"does": "garbage", "apply-after-ms": 1}), "`apply-after-ms` goes with `hang` only"),
        (json!({"does": "refuse"}), "`for-ms` goes with `refuse`"),
        (json!({"does": "hang", "for-ms": 1}), "`for-ms` goes with `refuse`"),
        (json!({"call": "destroy", "does": "hang"}), "unknown variant `destroy`"),
    ] {
        let error = read_faults(&json!([rule]).to_string()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
