//! Folders (API sheet 6.10): two trees, what is filed in them, and what falls out when one goes.

use reqwest::Method;
use serde_json::{Value, json};
use tidyfy::sandbox::{Quirk, Role, SandboxSettings};

use super::{Bench, ids};

async fn tree(bench: &Bench, kind: &str) -> Vec<Value> {
    let page = bench.get(&format!("/folders?folder_type={kind}&pagination=false")).await;
    page["data"].as_array().unwrap().clone()
}

/// A folder that holds something and has a subfolder that does too.
async fn full(bench: &Bench, kind: &str) -> Value {
    let folders = tree(bench, kind).await;
    let holds = |folder: &Value| folder["total"].as_u64().unwrap() > 0;
    let has = |folder: &&Value| {
        holds(folder) && folders.iter().any(|child| child["parent_id"] == folder["id"] && holds(child))
    };
    folders.iter().find(has).unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn two_trees_are_three_deep_and_share_nothing() {
    let bench = Bench::plain().await;
    let default = bench.get("/folders?per_page=100").await;
    assert_eq!(default["data"], json!(tree(&bench, "checklist").await));
    assert_eq!(bench.get("/folders").await["meta"]["pagination"]["per_page"], json!(10));
    let mut seen = Vec::new();
    for kind in ["checklist", "run"] {
        let folders = tree(&bench, kind).await;
        let parent = |folder: &Value| folders.iter().find(|other| other["id"] == folder["parent_id"]);
        assert!(folders.iter().all(|folder| folder["folder_type"] == kind));
        assert!(folders.iter().any(|one| parent(one).and_then(parent).is_some()), "{kind} is three deep");
        let top = folders.iter().find(|folder| parent(folder).is_none()).unwrap()["id"].as_str().unwrap();
        let below = bench.get(&format!("/folders?folder_type={kind}&parent_id={top}")).await;
        assert!(!ids(&below).is_empty());
        let one = bench.get(&format!("/folders/{top}?with=children,parent")).await["data"].clone();
        assert_eq!(one["children"]["data"], below["data"]);
        assert_eq!(one["parent"], json!({"data": null}));
        seen.extend(folders.iter().map(|folder| folder["id"].as_str().unwrap().to_owned()));
    }
    assert_eq!(seen.len(), bench.sandbox.ids("folders").len());
    let name = bench.get("/folders?q=legal").await["data"][0]["name"].clone();
    assert_eq!(name, "Legal 2026");
    assert_eq!(bench.send(Method::GET, "/folders/none").await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn lists_are_narrowed_to_a_folder() {
    let bench = Bench::plain().await;
    for (kind, slugs) in [("checklist", &["checklists"][..]), ("run", &["runs", "tasks"][..])] {
        let folder = full(&bench, kind).await;
        let id = folder["id"].as_str().unwrap();
        let whole = bench.get(&format!("/folders/{id}?with=checklists,runs,tasks")).await["data"].clone();
        let mut total = 0;
        for slug in slugs {
            let page = bench.get(&format!("/{slug}?folder={id}&archived=true&per_page=100")).await;
            let listed = ids(&page);
            assert_eq!(listed.len(), ids(&whole[slug]).len(), "{slug}");
            assert_eq!(
                bench.get(&format!("/{slug}?folder_id={id}&archived=true&per_page=100")).await["data"],
                page["data"]
            );
            let tree = bench
                .get(&format!("/{slug}?folder={id}&entire_folder_tree=1&archived=true&per_page=100"))
                .await;
            assert!(listed.iter().all(|id| ids(&tree).contains(id)));
            total += listed.len();
        }
        assert_eq!(folder["total"], json!(total));
    }
    let template =
        bench.find("checklists", |row| row["folder_id"].is_string() && row["archived_at"].is_null());
    let row = bench.get(&format!("/checklists/{template}?with=folder")).await["data"].clone();
    assert_eq!(row["folder"]["data"]["id"], row["folder_id"]);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_folder_lets_everything_fall_out() {
    for deep in [false, true] {
        let bench = if deep { Bench::quirky(Quirk::FolderDeleteDeep).await } else { Bench::plain().await };
        for (kind, slug) in [("checklist", "checklists"), ("run", "runs")] {
            let id = full(&bench, kind).await["id"].as_str().unwrap().to_owned();
            let held = (bench.sandbox.ids(slug).len(), bench.sandbox.ids("folders").len());
            let children = ids(&bench.get(&format!("/folders/{id}?with=children")).await["data"]["children"]);
            assert_eq!(bench.delete(&format!("/folders/{id}")).await, (204, Value::Null));
            assert_eq!(bench.delete(&format!("/folders/{id}")).await.0, 404);
            assert_eq!(bench.get(&format!("/{slug}?folder={id}")).await["data"], json!([]));
            assert_eq!(bench.sandbox.ids(slug).len(), held.0, "what was in it stays");
            for child in &children {
                match bench.sandbox.object("folders", child) {
                    Some(child) => assert!(!deep && child["parent_id"].is_null()),
                    None => assert!(deep),
                }
            }
            assert_eq!(held.1 - bench.sandbox.ids("folders").len() > 1, deep);
        }
    }
    let bench = Bench::new(SandboxSettings { role: Role::Light, ..SandboxSettings::default() }).await;
    let folder = bench.sandbox.ids("folders")[0].clone();
    assert_eq!(bench.delete(&format!("/folders/{folder}")).await.0, 403);
}

#[tokio::test(start_paused = true)]
async fn folders_change_behind_the_clients_back() {
    let bench = Bench::plain().await;
    let id = bench.sandbox.add("folders", json!({"name": "New", "folder_type": "run"})).unwrap();
    assert_eq!(ids(&bench.get("/folders?folder_type=run&q=new").await), [id.as_str()]);
    let run = bench.live("runs");
    assert!(bench.sandbox.edit("runs", &run, json!({"folder_id": id})));
    assert_eq!(
        bench.get(&format!("/folders/{id}?with=runs")).await["data"]["runs"]["data"][0]["id"],
        json!(run)
    );
    let row = bench.get(&format!("/runs/{run}?with=folders")).await["data"].clone();
    assert_eq!(row["folders"]["data"][0]["id"], json!(id));
    assert!(bench.sandbox.rename("folders", &id, "Newer") && !bench.sandbox.archive("folders", &id));
    assert_eq!(bench.sandbox.object("folders", &id).unwrap()["name"], "Newer");
}
