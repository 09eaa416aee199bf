//! Files in form answers (API sheet 7): the same file by two ways, files that nothing else knows of, and links.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use super::Bench;

/// Every file object in a body, wherever it stands.
fn files_in(body: &Value, found: &mut BTreeMap<String, Value>) {
    match body {
        Value::Object(object) if object.contains_key("full_url") => {
            found.insert(object["id"].as_str().unwrap().to_owned(), body.clone());
        }
        Value::Object(object) => object.values().for_each(|value| files_in(value, found)),
        Value::Array(list) => list.iter().for_each(|value| files_in(value, found)),
        _ => {}
    }
}

async fn answered(bench: &Bench, path: &str) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    files_in(&bench.get(path).await, &mut found);
    found
}

#[tokio::test(start_paused = true)]
async fn every_answer_is_found_by_the_ways_of_the_record_detail() {
    let bench = Bench::plain().await;
    let mut found = BTreeMap::new();
    for run in bench.sandbox.ids("runs") {
        let fields = answered(&bench, &format!("/runs/{run}/form-fields")).await;
        let whole = answered(&bench, &format!("/runs/{run}?with=tasks,tasks.form_fields")).await;
        assert_eq!(fields, whole);
        let tasks = bench.get(&format!("/runs/{run}/tasks?with=form_fields&per_page=100")).await;
        for task in tasks["data"].as_array().unwrap() {
            let (mut data, mut fields) = (BTreeMap::new(), BTreeMap::new());
            files_in(&task["taskdata"], &mut data);
            files_in(&task["form_fields"], &mut fields);
            assert_eq!(data, fields);
            for file in fields.values() {
                assert!(task["taskdata"][file["uploaded_from"].as_str().unwrap()].is_array(), "{file}");
            }
        }
        found.extend(fields);
    }
    for task in bench.sandbox.ids("tasks") {
        found.extend(answered(&bench, &format!("/tasks/{task}?with=form_fields")).await);
    }
    found.extend(answered(&bench, "/checklists?archived=true&per_page=100").await);
    let file = |id: &String| bench.sandbox.object("assets", id).unwrap();
    let wanted: Vec<(String, Value)> = bench
        .sandbox
        .ids("assets")
        .into_iter()
        .map(|id| (id.clone(), file(&id)))
        .filter(|(_, file)| file["way"] != "include" && file["archived_at"].is_null())
        .filter(|(_, file)| file["subject"]["type"] != "Organization")
        .collect();
    assert!(wanted.iter().all(|(id, _)| found.contains_key(id)));
    assert!(found.keys().all(|id| file(id)["way"] != "include"));
    let ways: BTreeSet<_> = wanted.iter().map(|(_, file)| file["way"].as_str().unwrap()).collect();
    assert_eq!(ways, BTreeSet::from(["answer", "both"]));
    let sorts: BTreeSet<_> =
        wanted.iter().map(|(_, file)| file["subject"]["type"].as_str().unwrap()).collect();
    assert_eq!(sorts, BTreeSet::from(["Checklist", "Run", "Task"]));
    for (id, file) in &found {
        let url = file["url"].as_str().unwrap();
        let full = file["full_url"].as_str().unwrap();
        if file["source"] == "url" {
            assert!(url.starts_with("https://files.example/") && full == url);
            continue;
        }
        assert_eq!(url, format!("organizations/{}/file/{id}/dl", bench.sandbox.org()));
        assert!(full.ends_with(url) && full.starts_with("https://"));
    }
    assert!(found.values().any(|file| file["source"] == "url"));
    assert!(found.values().any(|file| file["uploaded_from"] == "ko_field"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_downloaded_and_deleted_like_any_file() {
    let bench = Bench::plain().await;
    let id = bench.find("assets", |file| {
        file["way"] == "answer" && file["uploaded_to_s3"] == true && file["subject"]["type"] == "Run"
    });
    let run = bench.sandbox.object("assets", &id).unwrap()["subject"]["id"].as_str().unwrap().to_owned();
    let has = async |path: String| answered(&bench, &path).await.contains_key(&id);
    assert!(has(format!("/runs/{run}/form-fields")).await);
    let shown = bench.get(&format!("/runs/{run}?with=assets")).await["data"]["assets"].clone();
    assert!(shown["data"].as_array().unwrap().iter().all(|file| file["id"] != json!(id)));
    let bytes = bench.to(Method::GET, &format!("/file/{id}/dl")).send().await.unwrap();
    assert_eq!(bytes.bytes().await.unwrap().to_vec(), bench.sandbox.bytes(&id).unwrap());
    assert_eq!(bench.delete(&format!("/file/{id}")).await.0, 200);
    assert!(!has(format!("/runs/{run}/form-fields")).await);
    let gone = bench.find("assets", |file| {
        file["way"] == "answer" && file["uploaded_to_s3"] == false && file["source"] == "local"
    });
    for _ in 0..2 {
        assert_eq!(bench.send(Method::GET, &format!("/file/{gone}/dl")).await.0, 500, "for good");
    }
    assert_eq!(bench.send(Method::GET, "/runs/none/form-fields").await.0, 404);
}
