//! The copy oracle: whatever a server answers to a download, a file that was deleted has a backup with the hash of the
//! server's bytes.
//!
//! `PROPTEST_CASES=20000 cargo nextest run copy_oracle` tries more answers.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tidyfy::app::effect::{Effect, Request, RequestId};
use tidyfy::app::event::{Event, EventKind, Response};
use tidyfy::model::kind::{Action, Kind};
use tidyfy::model::limits::Limits;
use tidyfy::model::outcome::Outcome;
use tidyfy::model::plan::{ConfirmThresholds, Organization, Plan};
use tidyfy::model::record::Record;
use tidyfy::model::token::Token;
use tidyfy::storage::backups;
use tidyfy::storage::backups::Backups;
use tidyfy::tallyfy::{BaseUrl, Client, ClientConfig, Timeouts, decode};
use tidyfy::worker::{Clock, Worker, WorkerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const ORGANIZATION: &str = "e0d1c2b3a4958677685a4b3c2d1e0f10";

/// What a server has stored, and what it answers to a download of it.
#[derive(Debug, Clone)]
struct Case {
    name: &'static str,
    stored: Vec<u8>,
    status: u16,
    disposition: Option<&'static str>,
    kind: Option<&'static str>,
    framing: Framing,
    body: Body,
}

/// How an answer shows where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length,
    Chunks,
    /// Neither: the connection is closed.
    Close,
    /// As `Close`, by an older protocol.
    Http10,
}

/// What comes as the body.
#[derive(Debug, Clone)]
enum Body {
    /// The stored bytes.
    Stored,
    /// As many bytes of what was announced, then the connection is closed.
    Cut(usize),
    /// Something else.
    Other(&'static str),
}

impl Case {
    /// The bytes of the answer.
    fn answer(&self) -> Vec<u8> {
        let body = match &self.body {
            Body::Other(other) => other.as_bytes(),
            Body::Stored | Body::Cut(_) => &self.stored,
        };
        let mut head = match self.framing {
            Framing::Http10 => format!("HTTP/1.0 {} X\r\n", self.status),
            _ => format!("HTTP/1.1 {} X\r\nConnection: close\r\n", self.status),
        };
        let framing = match self.framing {
            Framing::Length => Some(format!("cOnTeNt-LeNgTh: {}", body.len())),
            Framing::Chunks => Some("TRANSFER-ENCODING: Chunked".to_owned()),
            Framing::Close | Framing::Http10 => None,
        };
        let disposition = self.disposition.map(|said| format!("CONTENT-disposition: {said}"));
        let kind = self.kind.map(|said| format!("content-TYPE: {said}"));
        for line in [framing, disposition, kind].into_iter().flatten() {
            head.push_str(&format!("{line}\r\n"));
        }
        let mut answer = head.into_bytes();
        answer.extend(b"\r\n");
        let begin = answer.len();
        if self.framing == Framing::Chunks {
            for piece in body.chunks(5) {
                answer.extend(format!("{:x}\r\n", piece.len()).as_bytes());
                answer.extend(piece);
                answer.extend(b"\r\n");
            }
            answer.extend(b"0\r\n\r\n");
        } else {
            answer.extend(body);
        }
        if let Body::Cut(at) = self.body {
            let sent = answer.len() - begin;
            // Never all of it: the last byte is missing at least.
            answer.truncate(begin + at.min(sent.saturating_sub(1)));
        }
        answer
    }

    /// Whether nothing about the answer is wrong.
    fn is_sound(&self) -> bool {
        matches!(self.body, Body::Stored)
            && self.status == 200
            && self.disposition.is_some_and(|said| said.to_ascii_lowercase().starts_with("attachment"))
            && self.kind.is_none_or(|kind| kind.starts_with("application/octet") || kind.ends_with("pdf"))
            && matches!(self.framing, Framing::Length | Framing::Chunks)
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let stored = prop_oneof![
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 1..200),
        prop::collection::vec(any::<u8>(), 1..80)
            .prop_map(|bytes| [b"%PDF-1.7\n".as_slice(), &bytes].concat()),
        Just(b"{not json".to_vec()),
    ];
    let body = prop_oneof![
        6 => Just(Body::Stored),
        4 => (0usize..300).prop_map(Body::Cut),
        3 => prop::sample::select(vec![
            "{\"error\":true,\"message\":\"Resource not found\",\"code\":\"RESOURCE_NOT_FOUND\"}",
            "\u{feff} \n{\"message\":\"Server Error\"}",
            "{\"error\":{\"code\":\"X\",\"message\":\"no\"}}",
            "{\"errors\":{\"file\":[\"gone\"]}}",
            "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code></Error>",
            "\u{feff}<Error><Code>AccessDenied</Code><Message>no</Message></Error>",
        ]).prop_map(Body::Other),
    ];
    // An error may be sent of a file of its own format; then nothing tells the two apart.
    let name =
        prop::sample::select(vec!["contract.pdf", "photo.PNG", "notes", "a.html", "größe.docx", ".hidden"]);
    let status = prop_oneof![8 => Just(200u16), 1 => prop::sample::select(vec![201u16, 202, 203, 206])];
    let disposition = prop::sample::select(vec![
        Some("attachment; filename=\"x\""),
        Some("attachment"),
        Some("ATTACHMENT ; filename*=UTF-8''%C3%A4.pdf"),
        Some("attachment; filename=grö.pdf"),
        Some("inline"),
        None,
    ]);
    let kind = prop::sample::select(vec![
        Some("application/octet-stream"),
        Some("application/octet-stream"),
        Some("application/pdf"),
        Some("Text/HTML; charset=utf-8"),
        Some("application/problem+json"),
        Some("text/xml"),
        None,
    ]);
    let framing = prop::sample::select(vec![
        Framing::Length,
        Framing::Length,
        Framing::Chunks,
        Framing::Chunks,
        Framing::Close,
        Framing::Http10,
    ]);
    let parts = (name, stored, status, disposition, kind, framing, body);
    parts.prop_map(|(name, stored, status, disposition, kind, framing, body)| Case {
        name,
        stored,
        status,
        disposition,
        kind,
        framing,
        body,
    })
}

/// The files of a server, by their ids, and those that were deleted.
#[derive(Debug, Default)]
struct Files {
    cases: BTreeMap<String, Case>,
    deleted: BTreeSet<String>,
}

fn metadata(id: &str, name: &str) -> Value {
    json!({"id": id, "filename": name, "version": 1, "uploaded_at": "2026-04-18T07:21:03Z", "source": "local",
        "subject": {"id": "5d0c2a9be1f34a7788c1d2e3f4a5b6c7", "type": "Run"}})
}

async fn serve(mut stream: TcpStream, files: Arc<Mutex<Files>>) {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let head = String::from_utf8(head).unwrap();
        let mut words = head.split_whitespace();
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let parts: Vec<&str> = path.split(['/', '?']).collect();
        let ok = |body: &str| {
            let length = body.len();
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            )
        };
        let answer = match (method, &parts[4..]) {
            ("GET", ["assets", id, ..]) => {
                let name = files.lock().unwrap().cases[*id].name;
                ok(&json!({"data": metadata(id, name)}).to_string()).into_bytes()
            }
            ("GET", ["file", id, "dl"]) => {
                let answer = files.lock().unwrap().cases[*id].answer();
                drop(stream.write_all(&answer).await);
                return;
            }
            ("DELETE", ["file", id]) => {
                files.lock().unwrap().deleted.insert((*id).to_owned());
                ok("").into_bytes()
            }
            _ => ok("{\"data\":{}}").into_bytes(),
        };
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

/// A worker, and a server that answers as the cases say.
struct Oracle {
    worker: Worker,
    messages: UnboundedReceiver<Event>,
    files: Arc<Mutex<Files>>,
    home: TempDir,
    tried: usize,
    deleted: usize,
}

impl Oracle {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let files = Arc::new(Mutex::new(Files::default()));
        let served = Arc::clone(&files);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&served)));
            }
        });
        let client = Client::new(ClientConfig {
            base_url: BaseUrl::parse(&format!("http://{address}/api"), false).unwrap(),
            organization: ORGANIZATION.to_owned(),
            token: Token::new("hunter2").unwrap(),
            read_only: false,
            timeouts: Timeouts::default(),
            body_cap: ClientConfig::BODY_CAP,
        });
        let home = tempfile::tempdir().unwrap();
        let (sender, messages) = unbounded_channel();
        let terms = WorkerConfig {
            seed: 1,
            backups: Backups::new(home.path().join("copies"), 0),
            ..WorkerConfig::new(Limits::off(), Clock::system(), home.path().join("state"))
        };
        let worker = Worker::new(client.unwrap(), terms, sender);
        Self { worker, messages, files, home, tried: 0, deleted: 0 }
    }

    /// Deletes the file of a case permanently, and asserts that its backup is what the server has.
    async fn try_case(&mut self, case: Case) {
        self.tried += 1;
        let id = format!("{:032x}", self.tried);
        self.files.lock().unwrap().cases.insert(id.clone(), case.clone());
        let (key, drafts) = decode::row(Kind::Files, &metadata(&id, case.name)).unwrap();
        let organization = Organization {
            id: ORGANIZATION.into(),
            name: "Acme Ltd".into(),
            admin: Some(true),
            light: false,
            me: None,
        };
        let chosen = vec![Record::new(Kind::Files, key, drafts).into()];
        let plan =
            Plan::new(Action::Delete, organization, chosen, Limits::off(), ConfirmThresholds::default());
        let request_id = RequestId(self.tried as u64);
        self.worker.perform(Effect::Request(request_id, Request::RunJob(Arc::new(plan))));
        let (mut ended, mut why) = (None, String::new());
        while let Some(Event { event_kind, .. }) = self.messages.recv().await {
            match event_kind {
                EventKind::Reply(of, Response::Step { outcome, reason, .. }) if of == request_id => {
                    (ended, why) = (Some(outcome), reason.unwrap_or_default());
                }
                EventKind::Reply(of, Response::JobEnded(_)) if of == request_id => break,
                _ => {}
            }
        }
        let ended = ended.unwrap();
        let is_deleted = self.files.lock().unwrap().deleted.contains(&id);
        assert_eq!(is_deleted, ended == Outcome::Done, "{ended:?} {why}: {case:?}");
        if is_deleted {
            self.deleted += 1;
            let hash = |bytes: &[u8]| Sha256::digest(bytes).to_vec();
            let kept = fs::read(self.backup_of(&id)).unwrap();
            assert_eq!(hash(&kept), hash(&case.stored), "{case:?}");
        } else {
            assert_eq!(ended, Outcome::Failed, "{case:?}");
            assert!(
                why.starts_with("not sent, no backup could be made: ") && why.contains("; hint: "),
                "{why}"
            );
            assert!(!case.is_sound(), "{why}: {case:?}");
        }
    }

    /// Where the bytes of a file are backed up.
    fn backup_of(&self, id: &str) -> PathBuf {
        let folder = backups::list(&self.home.path().join("copies")).unwrap().pop().unwrap().folder;
        let index = fs::read_to_string(folder.join("index.jsonl")).unwrap();
        let lines = index.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let is_it = |line: &Value| line["id"] == *id && line["holds"] == "bytes";
        let line = lines.into_iter().find(is_it).unwrap_or_else(|| panic!("no backup in {index}"));
        folder.join(line["file"].as_str().unwrap())
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

#[test]
fn copy_oracle_deleted_implies_a_backup_with_the_hash_of_the_servers_bytes() {
    let runtime = runtime();
    let oracle = RefCell::new(runtime.block_on(Oracle::new()));
    let wanted = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = Config { cases: wanted.unwrap_or(160), failure_persistence: None, ..Config::default() };
    let run = TestRunner::new(config).run(&cases(), |case| {
        runtime.block_on(oracle.borrow_mut().try_case(case));
        Ok(())
    });
    run.unwrap();
    let oracle = oracle.into_inner();
    println!("{} answers, {} files deleted, each with a whole backup", oracle.tried, oracle.deleted);
    assert!(oracle.deleted > oracle.tried / 50, "hardly anything was accepted");
}

#[test]
fn answers_that_were_once_taken_for_a_file_are_refused() {
    let runtime = runtime();
    let mut oracle = runtime.block_on(Oracle::new());
    let pdf = b"%PDF-1.7 whole".to_vec();
    let sound = Case {
        name: "contract.pdf",
        stored: pdf,
        status: 200,
        disposition: Some("attachment; filename=\"contract.pdf\""),
        kind: Some("application/octet-stream"),
        framing: Framing::Length,
        body: Body::Stored,
    };
    let page = Case {
        name: "page.html",
        kind: Some("text/html"),
        stored: b"<html>mine</html>".to_vec(),
        ..sound.clone()
    };
    let empty = Case { stored: Vec::new(), ..sound.clone() };
    let odd = Case { stored: b"not a pdf".to_vec(), framing: Framing::Chunks, ..sound.clone() };
    for (n, case) in [sound.clone(), page, empty, odd].into_iter().enumerate() {
        runtime.block_on(oracle.try_case(case));
        assert_eq!(oracle.deleted, n + 1);
    }
    let accepted = oracle.deleted;
    let error = Body::Other("<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code></Error>");
    for case in [
        Case {
            kind: Some("text/html"),
            disposition: Some("inline"),
            body: Body::Other("<html>sign in</html>"),
            ..sound.clone()
        },
        Case { kind: Some("text/html"), body: Body::Other("<html>sign in</html>"), ..sound.clone() },
        Case { kind: Some("application/xml"), disposition: None, body: error.clone(), ..sound.clone() },
        Case { body: error, ..sound.clone() },
        Case { body: Body::Other("{\"error\":true,\"message\":\"no\"}"), ..sound.clone() },
        Case { kind: Some("application/pdf"), framing: Framing::Close, body: Body::Cut(3), ..sound.clone() },
        Case { framing: Framing::Http10, ..sound.clone() },
        Case { framing: Framing::Chunks, body: Body::Cut(8), ..sound.clone() },
        Case { status: 206, ..sound.clone() },
        Case { disposition: Some("inline"), ..sound },
    ] {
        runtime.block_on(oracle.try_case(case));
    }
    assert_eq!(oracle.deleted, accepted);
}
