//! What can be counted before something is deleted (API sheet, sections 6 to 8), and the bytes of files.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use tidyfy::sandbox::{Quirk, SandboxSettings};

use super::Bench;

const EVERYTHING: &str =
    "with=tasks,tasks.threads,tasks.form_fields,assets,tags,folders,tasks_meta,form_fields,threads_count";

fn rows(include: &Value) -> &Vec<Value> {
    include["data"].as_array().unwrap()
}

/// The id of a live process with files.
fn with_files(bench: &Bench) -> String {
    bench.find("runs", |run| run["archived_at"].is_null() && !rows(&run["assets"]).is_empty())
}

#[tokio::test(start_paused = true)]
async fn a_process_shows_all_that_is_lost_with_it() {
    let bench = Bench::plain().await;
    for archived in [false, true] {
        let id = match archived {
            false => with_files(&bench),
            true => bench.find("runs", |run| run["archived_at"].is_string()),
        };
        let run = bench.get(&format!("/runs/{id}?{EVERYTHING}")).await["data"].clone();
        let tasks = rows(&run["tasks"]);
        assert_eq!(json!(tasks.len()), run["progress"]["total"]);
        assert_eq!(run["tasks_meta"]["data"]["total"], run["progress"]["total"]);
        let fields: Vec<&Value> = tasks.iter().flat_map(|task| rows(&task["form_fields"])).collect();
        assert_eq!(rows(&run["form_fields"]).iter().collect::<Vec<_>>(), fields);
        assert!(run["folders"]["data"].is_array());
        let mut threads = 0;
        for task in tasks {
            threads += rows(&task["threads"]).len();
            let id = task["id"].as_str().unwrap();
            let alone = bench.get(&format!("/tasks/{id}?with=threads,threads_count,form_fields")).await;
            assert_eq!(alone["data"]["threads"], task["threads"], "the same comments by either way");
            assert_eq!(alone["data"]["threads_count"], json!(rows(&task["threads"]).len()));
            assert_eq!(alone["data"]["form_fields"], task["form_fields"]);
            assert_eq!(rows(&task["form_fields"])[0]["field_value"], task["title"]);
        }
        assert!(threads > 0);
        assert_eq!(run["threads_count"], json!(threads));
        for file in rows(&run["assets"]) {
            let id = file["id"].as_str().unwrap();
            assert_eq!(bench.get(&format!("/assets/{id}")).await["data"]["id"], json!(id));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_include_comes_only_where_it_was_asked_for() {
    let bench = Bench::plain().await;
    let id = bench.live("runs");
    let run = bench.get(&format!("/runs/{id}?with=tasks,form_fields,threads_count")).await["data"].clone();
    let task = &rows(&run["tasks"])[0];
    for absent in ["threads", "form_fields", "threads_count", "assets"] {
        assert_eq!(task.get(absent), None, "{absent} of the tasks was not asked for");
    }
    let run = bench.get(&format!("/runs/{id}?with=tasks.threads")).await["data"].clone();
    assert!(
        rows(&run["tasks"]).iter().all(|task| task["threads"]["data"].is_array()),
        "tasks come with theirs"
    );
    assert_eq!((run.get("form_fields"), run.get("assets")), (None, None));
}

#[tokio::test(start_paused = true)]
async fn files_of_a_process_vanish_from_its_list_while_it_is_archived() {
    let bench = Bench::plain().await;
    let id = with_files(&bench);
    let assets = async || bench.get(&format!("/runs/{id}?with=assets")).await["data"]["assets"].clone();
    let before = assets().await;
    let file = rows(&before)[0]["id"].as_str().unwrap().to_owned();
    bench.delete(&format!("/runs/{id}")).await;
    assert_eq!(assets().await, json!({"data": []}));
    for path in [format!("/assets/{file}"), format!("/file/{file}/dl")] {
        assert_eq!(bench.send(Method::GET, &path).await.0, 200, "{path}");
    }
    bench.put(&format!("/runs/{id}/activate")).await;
    assert_eq!(assets().await, before);
}

#[tokio::test(start_paused = true)]
async fn an_archived_process_may_hide_what_hangs_on_it() {
    let bench = Bench::quirky(Quirk::ArchivedIncludesEmpty).await;
    let id = with_files(&bench);
    let path = format!("/runs/{id}?{EVERYTHING}");
    let before = bench.get(&path).await["data"].clone();
    let task = rows(&before["tasks"])[0]["id"].as_str().unwrap().to_owned();
    let file = rows(&before["assets"])[0]["id"].as_str().unwrap().to_owned();
    bench.delete(&format!("/runs/{id}")).await;
    let after = bench.get(&path).await["data"].clone();
    for include in ["tasks", "assets", "form_fields"] {
        assert_eq!(after[include], json!({"data": []}), "{include}");
    }
    assert_eq!((&after["tasks_meta"]["data"]["total"], &after["threads_count"]), (&json!(0), &json!(0)));
    assert_eq!(bench.get(&format!("/runs/{id}/tasks")).await["data"], json!([]));
    for path in [format!("/tasks/{task}"), format!("/assets/{file}"), format!("/file/{file}/dl")] {
        assert_eq!(bench.send(Method::GET, &path).await.0, 404, "{path}");
    }
    bench.put(&format!("/runs/{id}/activate")).await;
    let back = bench.get(&path).await["data"].clone();
    assert_eq!(back["assets"], before["assets"]);
    let lasting = |run: &Value| -> Vec<Value> {
        let rows = rows(&run["tasks"]).iter();
        rows.map(|task| {
            json!([task["id"], task["status"], task["completed_at"], task["threads"], task["form_fields"]])
        })
        .collect()
    };
    assert_eq!(lasting(&back), lasting(&before));
}

#[tokio::test(start_paused = true)]
async fn totals_count_what_the_record_detail_counts_with_them() {
    let bench = Bench::plain().await;
    let total = async |path: String| bench.get(&path).await["meta"]["pagination"]["total"].clone();
    let runs: Vec<Value> =
        bench.sandbox.ids("runs").iter().map(|id| bench.sandbox.object("runs", id).unwrap()).collect();
    for template in bench.sandbox.ids("checklists") {
        let launched: Vec<&Value> =
            runs.iter().filter(|run| run["checklist_id"] == json!(template)).collect();
        let running = launched.iter().filter(|run| run["archived_at"].is_null()).count();
        let path = format!("/runs?checklist_id={template}&per_page=1");
        assert_eq!(total(path.clone()).await, json!(running));
        assert_eq!(total(format!("{path}&archived=true")).await, json!(launched.len()));
    }
    for group in bench.sandbox.ids("groups") {
        let runs = runs.iter().filter(|run| run["archived_at"].is_null());
        let assigned = runs.filter(|run| run["groups"].as_array().unwrap().contains(&json!(group))).count();
        assert_eq!(total(format!("/runs?groups={group}&per_page=1")).await, json!(assigned));
        let group = bench.get(&format!("/groups/{group}")).await["data"].clone();
        assert!(group["members"].is_array() && group["guests"].is_array());
    }
    let tag = bench.find("tags", |tag| tag["statistics"]["data"]["active_process"] != json!(0));
    let statistics =
        bench.get(&format!("/tags/{tag}?with=statistics")).await["data"]["statistics"]["data"].clone();
    assert_eq!(total(format!("/runs?tag={tag}&per_page=1")).await, statistics["active_process"]);
    assert_eq!(total(format!("/checklists?tag={tag}&per_page=1")).await, statistics["active_template"]);
}

/// The bytes of a file by one of its two ways, or the status of the refusal.
async fn bytes(bench: &Bench, path: &str) -> Result<Vec<u8>, u16> {
    let answer = bench.to(Method::GET, path).send().await.unwrap();
    match answer.status().as_u16() {
        200 => Ok(answer.bytes().await.unwrap().to_vec()),
        status => Err(status),
    }
}

#[tokio::test(start_paused = true)]
async fn every_stored_file_has_bytes_of_its_own_and_a_link_has_none() {
    let bench =
        Bench::new(SandboxSettings { scale: 300, large_files: 2, ..SandboxSettings::default() }).await;
    let (mut seen, mut lengths, mut systems) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for id in bench.sandbox.ids("assets") {
        let file = bench.sandbox.object("assets", &id).unwrap();
        let got = bytes(&bench, &format!("/file/{id}/dl")).await;
        if file["source"] == "url" {
            assert_eq!((got, bytes(&bench, &format!("/file/{id}")).await), (Err(404), Err(404)));
            assert!(file["url"].as_str().unwrap().starts_with("https://files.example/"), "a foreign place");
            systems.insert(file["system"].is_string());
        } else if file["uploaded_to_s3"] == json!(false) {
            assert_eq!(got, Err(500), "its stored object is gone (section 4.2)");
        } else {
            let got = got.unwrap();
            assert_eq!(
                (Some(&got), Ok(&got)),
                (bench.sandbox.bytes(&id).as_ref(), bytes(&bench, &format!("/file/{id}")).await.as_ref())
            );
            lengths.insert(got.len());
            assert!(seen.insert(got), "two files are the same");
        }
    }
    assert_eq!(systems, BTreeSet::from([false, true]), "a link may be to a known store or to anywhere");
    assert!(lengths.len() > seen.len() / 2, "sizes differ");
    assert_eq!(lengths.iter().filter(|length| **length > 1_000_000).count(), 2);
    assert_eq!(bytes(&bench, "/file/nope/dl").await, Err(404));
}

#[tokio::test(start_paused = true)]
async fn the_bytes_of_some_files_may_be_gone_for_good() {
    let bench = Bench::quirky(Quirk::BytesGone).await;
    let (mut gone, mut there) = (0, 0);
    for id in bench.sandbox.ids("assets") {
        let file = bench.sandbox.object("assets", &id).unwrap();
        if file["uploaded_to_s3"] == json!(false) {
            continue;
        }
        match bytes(&bench, &format!("/file/{id}/dl")).await {
            Err(status) => {
                assert_eq!((status, bytes(&bench, &format!("/file/{id}/dl")).await), (500, Err(500)));
                gone += 1;
            }
            Ok(_) => there += 1,
        }
    }
    assert!(gone * 5 > there && gone < there, "{gone} of {}", gone + there);
}
