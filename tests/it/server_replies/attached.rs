//! Files attached to a process or a task: they are lost with it, so they are backed up with it, and nothing is deleted
//! without them unless that was chosen.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tidyfy::model::kind::{Action, Kind, Scope};
use tidyfy::model::limits::Limits;
use tidyfy::model::outcome::Outcome::{Done, Failed};
use tidyfy::model::plan::Options;
use tidyfy::sandbox::{Fault, Quirk, Sandbox, SandboxSettings};
use tidyfy::storage::backups;

use super::scene::{agree, answer, ask, requests, slug, sow, with_quirks};
use super::stand::Stand;
use crate::support::{Desk, Wanted};

/// The files of a record: one that is listed, one that stands in a form answer, and a link to another place.
struct Files {
    listed: String,
    answered: String,
    link: String,
    /// The bytes of those that are stored, by their ids.
    bytes: BTreeMap<String, Vec<u8>>,
}

fn attach(server: &Sandbox, kind: Kind, id: &str) -> Files {
    let subject = json!({"id": id, "type": if kind == Kind::Tasks { "Task" } else { "Run" }});
    let add = |name: &str, way: &str, source: &str| {
        let fields = json!({"filename": name, "subject": subject, "way": way, "source": source});
        server.add("assets", fields).unwrap()
    };
    let listed = add("contract.pdf", "include", "local");
    let answered = add("scan.png", "answer", "local");
    let link = add("plan.docx", "both", "url");
    let of = |id: &String| (id.clone(), server.bytes(id).unwrap());
    let bytes = [of(&listed), of(&answered)].into();
    Files { listed, answered, link, bytes }
}

/// A process or a task of the trial, with its files.
fn sown(server: &Sandbox, kind: Kind, archived: bool) -> (String, Files) {
    let id = sow(server, kind, 1, false).remove(0);
    let files = attach(server, kind, &id);
    assert!(!archived || server.archive(slug(kind), &id));
    (id, files)
}

/// Opens the page of the only process while it is active, which shows its files, and lists it after somebody archived it.
async fn open_then_archive(desk: &mut Desk, id: &str) {
    show(desk, false).await;
    desk.keys("enter").await;
    desk.rest().await;
    desk.keys("esc").await;
    assert!(desk.server.archive("runs", id));
    desk.keys("s").await;
    desk.rest().await;
}

/// The lines of the index of the only folder, and the bytes that it names by the ids of their files.
fn backed_up(directory: &Path) -> (Vec<Value>, BTreeMap<String, Vec<u8>>) {
    let kept = backups::list(directory).unwrap().pop().unwrap();
    assert_eq!(backups::verify(&kept), []);
    let index = fs::read_to_string(kept.folder.join("index.jsonl")).unwrap();
    let lines: Vec<Value> = index.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let bytes = lines.iter().filter(|line| line["holds"] == "bytes").map(|line| {
        let path = kept.folder.join(line["file"].as_str().unwrap());
        (line["id"].as_str().unwrap().to_owned(), fs::read(path).unwrap())
    });
    let bytes = bytes.collect();
    (lines, bytes)
}

/// What is noted of the record.
fn notes(lines: &[Value]) -> Vec<String> {
    let line = lines.iter().find(|line| line["holds"] == "record").unwrap();
    let notes = line["notes"].as_array().cloned().unwrap_or_default();
    notes.iter().map(|note| note.as_str().unwrap().to_owned()).collect()
}

async fn desk(kind: Kind, sandbox: SandboxSettings) -> Desk {
    Desk::with(Wanted { kind, sandbox, ..Wanted::default() }).await
}

/// Shows the record of the trial in the list and puts the cursor on it.
async fn show(desk: &mut Desk, archived: bool) {
    desk.keys(if archived { "s" } else { "R" }).await;
    desk.rest().await;
    desk.keys("/").await;
    desk.types("trial").await;
    desk.keys("enter").await;
    desk.rest().await;
    assert_eq!(desk.rows(), ["Trial 00"], "{}", desk.screen());
}

fn place(desk: &Desk, part: &str) -> usize {
    let requests = desk.server.requests();
    let found = requests.iter().position(|request| request.path.ends_with(part));
    found.unwrap_or_else(|| panic!("nothing was sent to {part}"))
}

#[tokio::test(start_paused = true)]
async fn files_of_a_live_process_are_backed_up_before_it_is_archived() {
    let mut desk = desk(Kind::Processes, SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
    let (id, files) = sown(&desk.server, Kind::Processes, false);
    show(&mut desk, false).await;
    ask(&mut desk, Action::Delete).await;
    desk.keys("space").await;
    desk.rest().await;
    assert!(desk.shows("[x] back up attached files too (2 files, 2 requests)"), "{}", desk.screen());
    desk.keys("shift-tab").await;
    agree(&mut desk).await;

    assert_eq!(desk.server.object("runs", &id), None, "{}", desk.log());
    let (lines, bytes) = backed_up(&desk.state_dir().join("backups"));
    assert_eq!(bytes, files.bytes);
    assert_eq!(notes(&lines), ["link to another place, not backed up: plan.docx"]);
    let of = format!("processes/{id}");
    assert_eq!(lines.iter().filter(|line| line["of"] == *of).count(), 2);
    assert_eq!(lines.last().unwrap()["holds"], "record", "the record comes last");
    for file in [&files.listed, &files.answered] {
        assert!(place(&desk, &format!("file/{file}/dl")) < place(&desk, &format!("runs/{id}/delete")));
    }
    let archived = desk.server.requests().iter().position(|request| request.method == "DELETE").unwrap();
    assert!(place(&desk, &format!("file/{}/dl", files.answered)) < archived, "nothing is archived before");
    assert_eq!(requests(&desk.server, "GET", &format!("file/{}", files.link)), 0);
}

#[tokio::test(start_paused = true)]
async fn a_live_task_is_deleted_with_its_files_backed_up() {
    let mut desk = desk(Kind::Tasks, SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
    let (id, files) = sown(&desk.server, Kind::Tasks, false);
    show(&mut desk, false).await;
    ask(&mut desk, Action::Delete).await;
    assert!(!desk.shows("cannot always be listed"), "{}", desk.screen());
    agree(&mut desk).await;
    assert_eq!(desk.server.object("tasks", &id), None, "{}", desk.log());
    let (lines, bytes) = backed_up(&desk.state_dir().join("backups"));
    assert_eq!((bytes, notes(&lines).len()), (files.bytes, 1));
}

#[tokio::test(start_paused = true)]
async fn files_seen_while_a_process_was_active_are_asked_for_once_it_is_archived() {
    let mut desk = desk(Kind::Processes, SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
    let (id, files) = sown(&desk.server, Kind::Processes, false);
    open_then_archive(&mut desk, &id).await;
    assert_eq!(desk.rows(), ["Trial 00"], "{}", desk.screen());
    ask(&mut desk, Action::Delete).await;
    assert!(desk.shows("attached files of archived processes cannot always be listed"), "{}", desk.screen());
    agree(&mut desk).await;
    assert_eq!(desk.server.object("runs", &id), None, "{}", desk.log());
    let (lines, bytes) = backed_up(&desk.state_dir().join("backups"));
    assert_eq!(bytes, files.bytes);
    assert!(notes(&lines).contains(&"files: unknown".to_owned()), "{lines:?}");
    assert_eq!(requests(&desk.server, "GET", &format!("assets/{}", files.listed)), 1);
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_of_an_archived_process_is_unknown_and_said_so() {
    let mut stand = Stand::new(with_quirks([Quirk::ArchivedIncludesEmpty])).await;
    let (id, _) = sown(&stand.server, Kind::Processes, true);
    let records = stand.listed(Kind::Processes, Scope::Archived, std::slice::from_ref(&id)).await;
    let ended = stand.delete(records, Options::default()).await;
    assert_eq!(ended.outcomes(), [Done], "{:?}", ended.steps);
    let (lines, bytes) = backed_up(&stand.copies());
    assert_eq!((notes(&lines), bytes.len()), (vec!["files: unknown".to_owned()], 0));
    assert_eq!(backups::list(&stand.copies()).unwrap()[0].files_unknown, 1);
}

/// Every way in which a download may lie or fail: the process stays, and the file is named.
#[tokio::test(start_paused = true)]
async fn a_process_is_not_deleted_without_one_of_its_files() {
    let page = || answer(200, &[("content-type", "text/html")], None, false);
    let error = json!({"error": true, "message": "Resource not found"});
    let lie = || answer(200, &[("content-disposition", "attachment")], Some(error.clone()), false);
    for fault_effect in [page(), lie(), super::scene::status(500), super::scene::status(403)] {
        let mut stand = Stand::new(SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
        let (id, files) = sown(&stand.server, Kind::Processes, false);
        stand.server.set_faults(vec![Fault::on(
            "GET",
            &format!("{}/dl", files.answered),
            fault_effect.clone(),
        )]);
        let records = stand.listed(Kind::Processes, Scope::Active, std::slice::from_ref(&id)).await;
        let first = Options { archive_first: true, ..Options::default() };
        let ended = stand.delete(records.clone(), first).await;
        assert_eq!(ended.steps[0].0, Failed, "{fault_effect:?}: {:?}", ended.steps);
        let reason = &ended.steps[0].1;
        assert!(
            reason.starts_with("not sent, no backup could be made: attached file `scan.png`: "),
            "{reason}"
        );
        assert!(reason.contains("; hint: ") && reason.contains("`back up attached files too`"), "{reason}");
        assert_eq!(requests(&stand.server, "DELETE", ""), 0, "not even archived");
        assert!(ended.remarks.is_empty(), "a deletion without any backup is not offered");

        let ended = stand.delete(records, Options { files: false, ..first }).await;
        assert_eq!(ended.outcomes(), [Done, Done], "{:?}", ended.steps);
        let (lines, bytes) = backed_up(&stand.copies());
        assert_eq!((lines.len(), bytes.len()), (1, 0), "only the record");
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_option_the_dialog_says_that_files_are_lost() {
    let mut desk = desk(Kind::Processes, SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
    sown(&desk.server, Kind::Processes, true);
    show(&mut desk, true).await;
    ask(&mut desk, Action::Delete).await;
    desk.keys("tab down space").await;
    assert!(desk.shows("[ ] back up attached files too"), "{}", desk.screen());
    assert!(desk.shows("attached files are not backed up"), "{}", desk.screen());
    // Without a backup there is nothing to add files to.
    desk.keys("up space").await;
    assert!(!desk.shows("back up attached files too"), "{}", desk.screen());
}

/// Kept while it was active, gone for the server since: nothing is taken for backed up.
#[tokio::test(start_paused = true)]
async fn a_file_seen_before_that_cannot_be_read_keeps_the_process() {
    let mut desk = desk(Kind::Processes, with_quirks([Quirk::ArchivedIncludesEmpty])).await;
    let (id, files) = sown(&desk.server, Kind::Processes, false);
    open_then_archive(&mut desk, &id).await;
    ask(&mut desk, Action::Delete).await;
    agree(&mut desk).await;
    assert!(desk.server.object("runs", &id).is_some());
    let named = ["contract.pdf", "scan.png"]
        .iter()
        .any(|name| desk.log().contains(&format!("no backup could be made: attached file `{name}`")));
    assert!(named, "{}", desk.log());
    assert_eq!(desk.changes(), [], "{}", files.listed);
}

#[tokio::test(start_paused = true)]
async fn first_bytes_that_do_not_fit_the_name_only_warn() {
    let mut desk = desk(Kind::Files, SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
    let id = sow(&desk.server, Kind::Files, 1, false).remove(0);
    assert!(desk.server.edit("assets", &id, json!({"filename": "Trial.psd"})));
    desk.keys("R").await;
    desk.rest().await;
    desk.keys("/").await;
    desk.types("trial").await;
    desk.keys("enter").await;
    desk.rest().await;
    ask(&mut desk, Action::Delete).await;
    agree(&mut desk).await;
    assert_eq!(desk.server.object("assets", &id), None);
    let said = "Trial.psd: backed up, but it does not begin as a psd file does";
    assert!(desk.log().contains(said), "{}", desk.log());
}

#[tokio::test(start_paused = true)]
async fn a_disk_without_room_for_a_file_keeps_the_process() {
    let settings = SandboxSettings { scale: 60, ..SandboxSettings::default() };
    let mut stand = Stand::with(settings, Limits::off(), 16, u64::MAX).await;
    let (id, _) = sown(&stand.server, Kind::Processes, false);
    let records = stand.listed(Kind::Processes, Scope::Active, std::slice::from_ref(&id)).await;
    let ended = stand.delete(records, Options { archive_first: true, ..Options::default() }).await;
    let (outcome, reason) = &ended.steps[0];
    let begin = "not sent, no backup could be made: attached file `contract.pdf`: there is no room";
    assert!(*outcome == Failed && reason.starts_with(begin), "{reason}");
    assert!(reason.contains("; hint: free some room on that disk"), "{reason}");
    assert_eq!(requests(&stand.server, "DELETE", ""), 0);
}
