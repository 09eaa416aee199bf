//! Copies: what is deleted lies on the disk before, as the server gave it, and nothing is deleted of which no copy could be
//! kept.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tidyfy::app::effect::Request;
use tidyfy::app::event::StepRemark;
use tidyfy::model::kind::{Action, Kind, Scope};
use tidyfy::model::limits::Limits;
use tidyfy::model::outcome::Outcome::{Changed, Done, Failed};
use tidyfy::model::plan::Options;
use tidyfy::model::record::Record;
use tidyfy::sandbox::{Fault, FaultEffect, Quirk, Sandbox, SandboxSettings};

use super::scene::{SOWN, newest, requests, sent, slug, sow, with_quirks};
use super::stand::Stand;

const SECRET: &str = "hunter2";

fn settings() -> SandboxSettings {
    SandboxSettings { scale: 60, ..SandboxSettings::default() }
}

/// All that belongs to a record of the kind in one read, written down here a second time from the API sheet.
fn includes(kind: Kind) -> &'static str {
    match kind {
        Kind::Processes => {
            "tasks,tasks.threads,tasks.form_fields,ko_form_fields,form_fields,assets,tags,folders,stages"
        }
        Kind::Templates => "steps,tags,folder,stages,assets",
        Kind::Tasks => "form_fields,assets,tags,threads,summary,threads_count",
        Kind::Tags => "statistics",
        Kind::Groups => "assets",
        Kind::Guests | Kind::Members => "stats",
        Kind::Folders => "parent,children,checklists,runs,tasks",
        Kind::Files => "",
    }
}

async fn ask(server: &Sandbox, path: &str) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(nobody()).build().unwrap();
    let url = format!("{}/organizations/{}/{path}", server.base_url(), server.org());
    let request = client.get(url).bearer_auth(server.token()).header("accept", "application/json");
    let answer = request.header("x-tallyfy-client", "APIClient").send().await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// No encryption on loopback, so no certificates.
fn nobody() -> rustls::ClientConfig {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider);
    let versions = config.with_safe_default_protocol_versions().unwrap();
    versions.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
}

/// The record with its includes, from wherever the server tells of it.
async fn given(server: &Sandbox, kind: Kind, id: &str) -> Value {
    let with = includes(kind);
    let mut body = if kind == Kind::Templates {
        let (_, page) = ask(server, &format!("checklists?archived=only&per_page=100&with={with}")).await;
        page["data"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap().clone()
    } else {
        ask(server, &format!("{}/{id}?with={with}", slug(kind))).await.1["data"].take()
    };
    without_connections(&mut body);
    body
}

/// Redacts the credentials, which no copy may contain.
fn without_connections(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, inner) in object.iter_mut() {
                match key.as_str() {
                    "guest_link" if inner.as_str().is_some_and(|link| link.starts_with("https://")) => {
                        *inner = json!("https://go.tallyfy.com/guest/[redacted]");
                    }
                    "guest_link" | "access_token" => *inner = json!("[redacted]"),
                    _ => without_connections(inner),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(without_connections),
        _ => {}
    }
}

/// The only folder of copies, and the lines of its index.
fn index(copies: &Path) -> (PathBuf, Vec<Value>) {
    let mut folders = fs::read_dir(copies).unwrap();
    let folder = folders.next().unwrap().unwrap().path();
    assert!(folders.next().is_none());
    let text = fs::read_to_string(folder.join("index.jsonl")).unwrap_or_default();
    (folder, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Every file below, relative to the folder.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            found.extend(files(&path).into_iter().map(|file| format!("{name}/{file}")));
        } else {
            found.insert(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    found
}

/// Asserts that the index names every file there is, with its hash and its length, and that no secret is in any.
fn is_sound(folder: &Path, lines: &[Value]) {
    let mut named: BTreeSet<String> = ["index.jsonl", "lock"].map(str::to_owned).into();
    for line in lines {
        let file = line["file"].as_str().unwrap();
        let bytes = fs::read(folder.join(file)).unwrap();
        let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            (line["sha256"].as_str(), line["bytes"].as_u64()),
            (Some(&*hash), Some(bytes.len() as u64))
        );
        assert!(named.insert(file.to_owned()), "{file} is named twice");
    }
    assert_eq!(files(folder), named);
    for file in named {
        let bytes = fs::read(folder.join(&file)).unwrap();
        assert!(!bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()), "a secret in {file}");
    }
}

/// Records of the seed and new ones, and where they are listed.
async fn some(stand: &mut Stand, kind: Kind) -> Vec<Record> {
    let archived = kind.row().archives();
    let mut ids = stand.server.ids(slug(kind));
    ids.retain(|id| {
        let object = stand.server.object(slug(kind), id).unwrap();
        let fits = object["archived_at"].is_string() == archived && object["run_id"].is_null();
        // Those whose bytes the server has, and no logo.
        let file = object["subject"]["type"] != "Organization" && object["uploaded_to_s3"] == true;
        fits && (kind != Kind::Files || file || object["source"] == "url")
    });
    ids.truncate(6);
    ids.extend(sow(&stand.server, kind, 3, archived));
    for id in &ids {
        let connections = json!({"guest_link": format!("https://go.tallyfy.com/guest/{SECRET}"), "access_token": SECRET,
            "guests_info": [{"guest_link": SECRET}]});
        assert!(stand.server.edit(slug(kind), id, connections));
    }
    let scope = if archived { Scope::Archived } else { Scope::Active };
    let records = stand.listed(kind, scope, &ids).await;
    assert_eq!(records.len(), ids.len(), "{kind:?}");
    records
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_the_record_as_the_server_gave_it() {
    for kind in SOWN {
        let mut stand = Stand::new(settings()).await;
        let records = some(&mut stand, kind).await;
        let mut before = Vec::new();
        for record in &records {
            let id = record.id().to_string();
            before.push((given(&stand.server, kind, &id).await, stand.server.bytes(&id)));
        }
        let n = records.len();
        let ended = stand.delete(records.clone(), Options::default()).await;
        assert_eq!(ended.outcomes(), vec![Done; n], "{kind:?}: {:?}", ended.steps);

        let (folder, lines) = index(&stand.copies());
        is_sound(&folder, &lines);
        let (_, steps) = newest(&stand.state_dir());
        for (record, (object, bytes)) in records.iter().zip(before) {
            let id = record.id().to_string();
            let holds = |holds: &str| {
                let line = lines.iter().find(|line| line["id"] == id && line["holds"] == holds);
                line.map(|line| fs::read(folder.join(line["file"].as_str().unwrap())).unwrap())
            };
            let copied: Value = serde_json::from_slice(&holds("record").unwrap()).unwrap();
            assert_eq!(copied, object, "{kind:?} {}", record.name());
            let stored = bytes.filter(|_| kind == Kind::Files);
            assert_eq!(holds("bytes"), stored, "{}", record.name());
            let step = steps.iter().find(|step| step.record == id).unwrap();
            assert!(stand.copies().join(step.copy.as_ref().unwrap()).is_file(), "{:?}", step.copy);
        }
        println!(
            "{:<9} {n} deleted, {} copies in the index, all as the server gave them",
            kind.row().title,
            lines.len()
        );
    }
}

/// The request hangs, so that what lies on the disk now was there when it left.
#[tokio::test(start_paused = true)]
async fn the_copy_is_on_the_disk_before_the_request_leaves() {
    for kind in SOWN {
        let mut stand = Stand::with(settings(), Limits::off(), 1, 0).await;
        let archived = kind.row().archives();
        let ids = sow(&stand.server, kind, 2, archived);
        let scope = if archived { Scope::Archived } else { Scope::Active };
        let records = stand.listed(kind, scope, &ids).await;
        stand.server.set_faults(vec![Fault::on("DELETE", "/", FaultEffect::Hang { apply: false })]);
        let plan = stand.plan(Action::Delete, records, Options::default());
        stand.start(Request::RunJob(plan));
        while sent(&stand.server, &ids[0]) == 0 {
            assert!(!stand.copies().exists() || index(&stand.copies()).1.len() <= 2);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let (folder, lines) = index(&stand.copies());
        is_sound(&folder, &lines);
        let copied: Vec<_> = lines.iter().map(|line| line["id"].as_str().unwrap()).collect();
        assert!(copied.contains(&&*ids[0]) && !copied.contains(&&*ids[1]), "{kind:?}: {copied:?}");
        let (_, steps) = newest(&stand.state_dir());
        assert!(steps[0].attempts.len() == 1 && steps[0].copy.is_some());
        assert_eq!(sent(&stand.server, &ids[1]), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_whose_bytes_are_gone_is_not_deleted_and_the_others_are() {
    let mut stand = Stand::new(with_quirks([Quirk::BytesGone])).await;
    let ids = sow(&stand.server, Kind::Files, 9, false);
    let mut gone = Vec::new();
    for id in &ids {
        gone.push(ask(&stand.server, &format!("file/{id}/dl")).await.0 == 500);
    }
    let lost = gone.iter().filter(|gone| **gone).count();
    assert!(lost > 0 && lost < ids.len());
    let records = stand.listed(Kind::Files, Scope::Active, &ids).await;
    let ended = stand.delete(records.clone(), Options::default()).await;
    for (n, (outcome, reason)) in ended.steps.iter().enumerate() {
        let id = &ids[n];
        if gone[n] {
            assert!(
                reason.starts_with("not sent, no backup could be made: the server has lost the bytes"),
                "{reason}"
            );
        }
        assert_eq!(*outcome, if gone[n] { Failed } else { Done }, "{reason}");
        assert_eq!(sent(&stand.server, id), usize::from(!gone[n]));
    }
    assert_eq!(ended.remarks, vec![StepRemark::BytesGone; lost]);
    assert_eq!((ended.end.tally.of(Done), ended.end.tally.of(Failed)), (9 - lost, lost));
    is_sound(&index(&stand.copies()).0, &index(&stand.copies()).1);

    // Without a copy it can be done.
    let left = records.into_iter().zip(&gone).filter(|(_, gone)| **gone).map(|(record, _)| record).collect();
    let ended = stand.delete(left, Options { backup: false, ..Options::default() }).await;
    assert_eq!(ended.outcomes(), vec![Done; lost], "{:?}", ended.steps);
}

/// A gateway's bad moment is none of the file: nobody may be told that its bytes are lost.
#[tokio::test(start_paused = true)]
async fn only_lasting_answers_count_as_lost_bytes() {
    let mut stand = Stand::new(settings()).await;
    let ids = sow(&stand.server, Kind::Files, 8, false);
    let records = stand.listed(Kind::Files, Scope::Active, &ids).await;
    let answers = [500, 404, 501, 502, 503, 504, 403, 429];
    let fault =
        |(id, status): (&String, &u16)| Fault::on("GET", &format!("{id}/dl"), super::scene::status(*status));
    stand.server.set_faults(ids.iter().zip(&answers).map(fault).collect());
    let ended = stand.delete(records, Options::default()).await;
    assert_eq!(ended.outcomes(), vec![Failed; 8]);
    for ((_, reason), status) in ended.steps.iter().zip(answers) {
        let lost = reason.contains("the server has lost the bytes");
        assert_eq!(lost, [500, 404, 501].contains(&status), "{status}: {reason}");
    }
    assert_eq!(ended.remarks.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_external_link_is_copied_as_a_record_and_never_followed() {
    let mut stand = Stand::new(settings()).await;
    let elsewhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/secret.pdf", elsewhere.local_addr().unwrap());
    let ids = sow(&stand.server, Kind::Files, 3, false);
    assert!(stand.server.edit("assets", &ids[0], json!({"source": "url", "url": url})));
    assert!(stand.server.edit("assets", &ids[1], json!({"source": "url", "system": "Dropbox", "url": url})));
    let records = stand.listed(Kind::Files, Scope::Active, &ids).await;
    let ended = stand.delete(records, Options::default()).await;
    assert_eq!(ended.outcomes(), [Done; 3], "{:?}", ended.steps);
    let (folder, lines) = index(&stand.copies());
    is_sound(&folder, &lines);
    let holds = |id: &String| {
        let lines = lines.iter().filter(|line| line["id"] == **id);
        lines.map(|line| line["holds"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(
        (holds(&ids[0]), holds(&ids[1]), holds(&ids[2])),
        (vec!["record"], vec!["record"], vec!["record", "bytes"])
    );
    assert!(ids[..2].iter().all(|id| requests(&stand.server, "GET", &format!("file/{id}")) == 0));
    let called = tokio::time::timeout(Duration::from_secs(60), elsewhere.accept()).await;
    assert!(called.is_err(), "somebody asked the foreign host");
}

#[tokio::test(start_paused = true)]
async fn where_no_copy_can_be_kept_nothing_is_sent() {
    for (keep_free, why) in [(0, "not a directory"), (u64::MAX, "free")] {
        for kind in SOWN {
            let mut stand = Stand::with(settings(), Limits::off(), 16, keep_free).await;
            if keep_free == 0 {
                fs::write(stand.copies(), "in the way").unwrap();
            }
            let archived = kind.row().archives();
            let ids = sow(&stand.server, kind, 3, archived);
            let scope = if archived { Scope::Archived } else { Scope::Active };
            let records = stand.listed(kind, scope, &ids).await;
            let ended = stand.delete(records, Options::default()).await;
            for (outcome, reason) in &ended.steps {
                assert_eq!(*outcome, Failed);
                let clear = reason.starts_with("not sent, no backup could be made: ") && reason.contains(why);
                assert!(clear, "{reason}");
            }
            assert!(ids.iter().all(|id| sent(&stand.server, id) == 0));
            assert!(keep_free == 0 || !stand.copies().exists(), "a full disk is not filled with folders");
            println!(
                "{:<9} {}",
                kind.row().title,
                ended.steps[0].1.replace(stand.state_dir().to_str().unwrap(), "..")
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_copies_the_last_look_stays() {
    let mut stand = Stand::new(settings()).await;
    let ids = sow(&stand.server, Kind::Processes, 3, true);
    let records = stand.listed(Kind::Processes, Scope::Archived, &ids).await;
    assert!(stand.server.rename("runs", &ids[1], "Needed again"));
    let before = stand.server.requests().len();
    let ended = stand.delete(records, Options { backup: false, ..Options::default() }).await;
    assert_eq!(ended.outcomes(), [Done, Changed, Done], "{:?}", ended.steps);
    assert!(!stand.copies().exists());
    let made = stand.requests(before);
    assert_eq!(made.iter().filter(|request| request.starts_with("GET")).count(), 3, "{made:?}");
    let (job, steps) = newest(&stand.state_dir());
    assert!(job.backups.is_none() && steps.iter().all(|step| step.copy.is_none()));
}
