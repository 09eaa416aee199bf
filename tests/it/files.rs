//! Files: found wherever they hang, told with what has been covered, gone back from to what they hang on, and saved.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use tidyfy::app::effect::Exit;
use tidyfy::app::state::Overlay;
use tidyfy::model::kind::Kind;
use tidyfy::model::record;
use tidyfy::model::text::name_or_nameless;
use tidyfy::sandbox::{Fault, FaultEffect, Operation, SandboxSettings};

use crate::support::{Desk, Wanted};

async fn desk(sandbox: SandboxSettings) -> Desk {
    Desk::with(Wanted { kind: Kind::Files, sandbox, size: (160, 35), ..Wanted::default() }).await
}

async fn plain() -> Desk {
    desk(SandboxSettings { scale: 60, ..SandboxSettings::default() }).await
}

/// The files on the server that are such ones.
fn of(desk: &Desk, is_such: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    let is = |id: &String| is_such(&desk.server.object("assets", id).unwrap());
    desk.server.ids("assets").into_iter().filter(is).collect()
}

fn is_stored(file: &Value) -> bool {
    file["source"] == "local" && file["uploaded_to_s3"] == true && file["system"].is_null()
}

/// Puts the cursor on the file with this id.
async fn go_to(desk: &mut Desk, id: &str) {
    desk.keys("g").await;
    let at = desk.ids().iter().position(|shown| shown == id).unwrap();
    for _ in 0..at {
        desk.keys("j").await;
    }
    assert_eq!(desk.state().under_cursor().unwrap().id().to_string(), id);
}

/// Marks these files.
async fn mark(desk: &mut Desk, ids: impl IntoIterator<Item = String>) {
    for id in ids {
        go_to(desk, &id).await;
        desk.keys("space").await;
    }
}

/// Adds a file to a live process, and answers its id once the list shows it.
async fn add(desk: &mut Desk, fields: Value) -> String {
    let id = sow(desk, fields);
    desk.keys("R").await;
    desk.rest().await;
    assert!(desk.ids().contains(&id));
    id
}

fn sow(desk: &Desk, mut fields: Value) -> String {
    let run = desk.live().remove(0);
    fields["subject"] = json!({"id": run, "type": "Run"});
    desk.server.add("assets", fields).unwrap()
}

/// What lies in the folder for downloads, by name.
fn saved(desk: &Desk) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(desk.downloads()) else { return BTreeSet::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn downloads(desk: &Desk, id: &str) -> usize {
    desk.server.requests().iter().filter(|request| request.path.contains(&format!("/file/{id}"))).count()
}

#[tokio::test(start_paused = true)]
async fn every_file_is_found_once_wherever_it_stands_and_the_line_says_where_was_looked() {
    let desk = plain().await;
    let there = |file: &Value| file["archived_at"].is_null() && file["subject"]["type"] != "Organization";
    let wanted = of(&desk, there);
    let found: BTreeSet<_> = desk.ids().into_iter().collect();
    assert_eq!(desk.ids().len(), found.len(), "each once");
    let missed: Vec<_> = wanted.difference(&found).collect();
    assert!(missed.is_empty() && wanted.len() > 10, "{missed:?}");
    assert!(
        of(&desk, |file| there(file) && file["way"] == "answer").len() > 3,
        "some stand in answers alone"
    );
    let read = |slug: &str| desk.server.ids(slug).len();
    let steps = |id: &String| desk.server.object("runs", id).unwrap()["progress"]["total"].as_u64().unwrap();
    let steps: u64 = desk.server.ids("runs").iter().map(steps).sum();
    let (runs, templates, tasks) = (read("runs"), read("checklists"), read("tasks"));
    let line = format!(
        "from {runs} of {runs} processes with {steps} tasks, {templates} of {templates} templates, {tasks} of {tasks} tasks"
    );
    assert!(desk.shows(&line), "{line}\n{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn what_each_file_hangs_on_is_named_and_known() {
    let desk = plain().await;
    for file in desk.state().listing().records() {
        let said = desk.server.object("assets", &file.id().to_string()).unwrap();
        let (slug, kind, word, name) = match said["subject"]["type"].as_str().unwrap() {
            "Run" => ("runs", Kind::Processes, "process", "name"),
            "Checklist" => ("checklists", Kind::Templates, "template", "title"),
            _ => ("tasks", Kind::Tasks, "task", "title"),
        };
        let id = said["subject"]["id"].as_str().unwrap();
        let (held, holder) = file.holder().unwrap();
        if (kind, held) == (Kind::Templates, Kind::Processes) {
            // Handed in at the kick-off of a process of that template.
            let process = desk.server.object("runs", &holder.to_string()).unwrap();
            assert_eq!(process["checklist_id"], id);
            continue;
        }
        assert_eq!((held, holder.to_string().as_str()), (kind, id));
        let name = desk.server.object(slug, id).unwrap()[name].as_str().unwrap().to_owned();
        assert_eq!(
            file.named("attached to"),
            record::Value::Text(&format!("{word} {}", name_or_nameless(&name)))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_of_processes_that_fails_is_a_gap_that_is_said_and_filled() {
    let big = || SandboxSettings { scale: 900, ..SandboxSettings::default() };
    let whole = desk(big()).await.ids();
    let fault_effect =
        FaultEffect::Answer { status: 500, body: None, headers: Default::default(), apply: false };
    let faults = vec![Fault::on("GET", "*/runs?*&page=2&*", fault_effect)];
    let mut desk = desk(SandboxSettings { faults, ..big() }).await;
    assert!(desk.shows("1 page missing, R loads the rest"), "{}", desk.screen());
    assert!(desk.log().contains("the files could not all be loaded: a page is missing"), "{}", desk.log());
    assert!(desk.ids().len() < whole.len());
    let runs = desk.server.ids("runs").len();
    assert!(desk.shows(&format!("from {} of {runs} processes", runs - 100)), "{}", desk.screen());

    desk.server.set_faults(vec![]);
    let before = desk.server.requests().len();
    desk.keys("R").await;
    desk.rest().await;
    let listed: Vec<_> = desk.server.requests()[before..]
        .iter()
        .map(|request| request.path.clone())
        .filter(|path| path.contains("with=assets"))
        .collect();
    assert!(listed.len() == 1 && listed[0].contains("page=2&"), "{listed:?}");
    assert_eq!(desk.ids(), whole, "each in its place");
    assert!(desk.shows(&format!("from {runs} of {runs} processes")), "{}", desk.screen());
    assert!(!desk.shows("1 page missing,"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn coverage_grows_while_one_browses() {
    let sandbox =
        SandboxSettings { scale: 900, latency: Duration::from_millis(400), ..SandboxSettings::default() };
    let wanted = Wanted { kind: Kind::Files, sandbox, size: (160, 35), at_once: 1, ..Wanted::default() };
    let mut desk = Desk::starting(wanted).await;
    desk.until("the first page", |desk| desk.shows("from 100 of ")).await;
    desk.keys("j j space").await;
    assert!(desk.marked().len() == 1 && !desk.ids().is_empty());
    desk.until("more", |desk| desk.shows("from 200 of ")).await;
    assert_eq!(desk.state().listing().cursor_row(), 3);
    desk.rest().await;
    assert_eq!(desk.marked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_goes_to_what_a_file_hangs_on_and_back() {
    let mut desk = plain().await;
    let file = of(&desk, |file| file["way"] == "include" && file["subject"]["type"] == "Run");
    let file = file.into_iter().find(|id| desk.ids().contains(id)).unwrap();
    let run = desk.server.object("assets", &file).unwrap()["subject"]["id"].as_str().unwrap().to_owned();
    go_to(&mut desk, &file).await;
    desk.keys("L").await;
    desk.rest().await;
    assert_eq!(desk.state().detail.as_ref().unwrap().record.id().to_string(), run);
    assert!(desk.shows(&run), "{}", desk.screen());
    desk.keys("esc").await;
    assert_eq!(desk.state().under_cursor().unwrap().id().to_string(), file);

    desk.keys("1").await;
    desk.rest().await;
    desk.keys("L").await;
    assert!(desk.shows("processes hang on nothing"), "{}", desk.screen());
}

/// Its answer names the template, though a process uses it (API sheet, section 7).
#[tokio::test(start_paused = true)]
async fn kick_off_file_leads_to_the_process_that_uses_it() {
    let mut desk = plain().await;
    let run = desk.live().remove(0);
    let fields = json!({"filename": "passport.pdf", "way": "answer"});
    let file = add(&mut desk, fields).await;
    let (said, process) =
        (desk.server.object("assets", &file).unwrap(), desk.server.object("runs", &run).unwrap());
    assert_eq!(said["subject"]["type"], "Checklist");
    assert_eq!(said["subject"]["id"], process["checklist_id"]);
    let named = |record: &record::Record| match record.named("attached to") {
        record::Value::Text(words) => words.to_owned(),
        other => panic!("{other:?}"),
    };
    go_to(&mut desk, &file).await;
    let place = format!("process {}", name_or_nameless(process["name"].as_str().unwrap()));
    let template = name_or_nameless(process["checklist_title"].as_str().unwrap()).into_owned();
    let words = named(&desk.state().under_cursor().unwrap());
    assert_eq!(words, format!("{place} (filed under template {template})"));
    desk.keys("enter").await;
    desk.rest().await;
    let page = &desk.state().detail.as_ref().unwrap().record;
    assert_eq!((page.kind(), named(page)), (Kind::Files, words));
    desk.keys("L").await;
    desk.rest().await;
    let page = &desk.state().detail.as_ref().unwrap().record;
    assert_eq!((page.kind(), page.id().to_string()), (Kind::Processes, run));
}

#[tokio::test(start_paused = true)]
async fn marked_files_are_saved_with_their_bytes_and_their_sizes_are_known_then() {
    let mut desk = plain().await;
    let ids: Vec<_> = of(&desk, |file| is_stored(file) && file["archived_at"].is_null())
        .into_iter()
        .filter(|id| desk.ids().contains(id))
        .take(6)
        .collect();
    assert!(desk.shows("unknown"), "{}", desk.screen());
    mark(&mut desk, ids.clone()).await;
    desk.keys("S").await;
    assert!(desk.shows("save 6 files") && desk.shows("into: "), "{}", desk.screen());
    assert!(desk.shows("how large they are is unknown until they are downloaded"), "{}", desk.screen());
    assert_eq!(ids.iter().map(|id| downloads(&desk, id)).sum::<usize>(), 0, "nothing is asked for yet");
    desk.keys("enter").await;
    desk.rest().await;
    assert!(
        desk.log().contains("save finished: 6 saved, 0 failed, 0 not stored by Tallyfy"),
        "{}",
        desk.log()
    );
    let mut bytes: Vec<_> =
        saved(&desk).iter().map(|name| fs::read(desk.downloads().join(name)).unwrap()).collect();
    let mut wanted: Vec<_> = ids.iter().map(|id| desk.server.bytes(id).unwrap()).collect();
    bytes.sort();
    wanted.sort();
    assert!(bytes == wanted);
    for id in &ids {
        assert_eq!(downloads(&desk, id), 1);
        let name = desk.server.object("assets", id).unwrap()["filename"].as_str().unwrap().to_owned();
        let size = tidyfy::model::text::size(desk.server.bytes(id).unwrap().len() as u64);
        let line = format!("save     Files      {name}: {size} in {}", desk.downloads().display());
        assert!(desk.log().contains(&line) && desk.log().contains("GET    200"), "{line}\n{}", desk.log());
        let record = desk.state().listing().records().find(|record| record.id().to_string() == *id).unwrap();
        assert_ne!(record.named("size"), record::Value::Missing);
    }
    assert_eq!(desk.marked().len(), 6, "they may be deleted next");
    assert_eq!(desk.changes(), []);

    // What is known stays known, and what is there stays there.
    desk.keys("R").await;
    desk.rest().await;
    let sized = desk.state().listing().records().filter(|file| file.named("size") != record::Value::Missing);
    assert_eq!(sized.count(), 6);
    desk.keys("S enter").await;
    desk.rest().await;
    assert_eq!(saved(&desk).len(), 12, "{:?}", saved(&desk));
    assert!(saved(&desk).iter().filter(|name| name.contains("-2.")).count() >= 1, "{:?}", saved(&desk));
}

#[tokio::test(start_paused = true)]
async fn of_all_that_is_marked_those_files_are_saved_that_are_shown() {
    let mut desk = plain().await;
    let ids: Vec<_> = of(&desk, is_stored).into_iter().filter(|id| desk.ids().contains(id)).take(3).collect();
    mark(&mut desk, ids).await;
    desk.keys("m").await;
    let name = desk.state().under_cursor().unwrap().name().to_owned();
    desk.keys("/").await;
    desk.types(&name).await;
    desk.keys("enter").await;
    let shown = desk.state().marked_only.as_ref().unwrap().len();
    assert!(shown < 3, "{}", desk.screen());
    desk.keys("S").await;
    assert!(desk.shows(&format!("save {shown} file")), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn links_to_other_places_are_told_and_never_asked_for() {
    let mut desk = plain().await;
    let links: Vec<_> = of(&desk, |file| file["source"] == "url")
        .into_iter()
        .filter(|id| desk.ids().contains(id))
        .take(2)
        .collect();
    assert_eq!(links.len(), 2);
    go_to(&mut desk, &links[0]).await;
    desk.keys("S").await;
    assert!(desk.shows("nothing to save: 1 is a link to another place"), "{}", desk.screen());
    let stored = of(&desk, is_stored).into_iter().find(|id| desk.ids().contains(id)).unwrap();
    mark(&mut desk, links.iter().cloned().chain([stored.clone()])).await;
    desk.keys("S").await;
    assert!(desk.shows("save 1 file"), "{}", desk.screen());
    assert!(desk.shows("2 are links to other places: Tallyfy stores no bytes of them"), "{}", desk.screen());
    desk.keys("enter").await;
    desk.rest().await;
    assert!(
        desk.log().contains("save finished: 1 saved, 0 failed, 2 not stored by Tallyfy"),
        "{}",
        desk.log()
    );
    assert_eq!(links.iter().map(|id| downloads(&desk, id)).sum::<usize>(), 0);
    assert_eq!((downloads(&desk, &stored), saved(&desk).len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn names_that_would_do_harm_do_none() {
    let mut desk = plain().await;
    let names = [
        "../../../x.sh",
        "/etc/passwd",
        "-rf",
        ".bashrc",
        "CON",
        "a\u{1b}[2J\u{202e}b.pdf",
        &"ü".repeat(3000),
    ];
    let mut ids = Vec::new();
    for name in names {
        ids.push(add(&mut desk, json!({"filename": name})).await);
    }
    mark(&mut desk, ids).await;
    desk.keys("S enter").await;
    desk.rest().await;
    let there = saved(&desk);
    assert_eq!(there.len(), names.len(), "{there:?}\n{}", desk.log());
    let plain = ["_.._.._x.sh", "_etc_passwd", "rf", "bashrc", "_CON"];
    assert!(plain.iter().all(|name| there.contains(*name)), "{there:?}");
    assert!(
        there.iter().all(|name| name.len() <= 200 && !name.contains(['\u{1b}', '\u{202e}'])),
        "{there:?}"
    );
    let outside =
        fs::read_dir(desk.downloads().parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    // The journal knows which files were seen.
    let outside: Vec<_> = outside.filter(|path| *path != desk.state_dir()).collect();
    assert_eq!(outside, [desk.downloads()]);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_come_whole_or_is_no_file_is_a_failure_and_leaves_nothing() {
    for (fault_effect, said) in [
        (FaultEffect::Truncated, "the answer broke off"),
        (FaultEffect::Html { status: 200, apply: false }, ""),
        (
            FaultEffect::Answer { status: 500, body: None, headers: Default::default(), apply: false },
            "the server has lost it",
        ),
        (FaultEffect::Answer { status: 403, body: None, headers: Default::default(), apply: false }, ""),
    ] {
        let mut desk = plain().await;
        let id = add(&mut desk, json!({"filename": "contract.pdf"})).await;
        desk.server.set_faults(vec![Fault::to(Operation::Download, fault_effect.clone())]);
        go_to(&mut desk, &id).await;
        desk.keys("S enter").await;
        desk.rest().await;
        let log = desk.log();
        assert!(
            log.contains("save finished: 0 saved, 1 failed, 0 not stored by Tallyfy"),
            "{fault_effect:?}\n{log}"
        );
        assert!(
            log.contains("save     Files      contract.pdf: ") && log.contains(said),
            "{fault_effect:?}\n{log}"
        );
        assert_eq!(saved(&desk), BTreeSet::new(), "{fault_effect:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_server_has_lost_is_told_and_the_others_are_saved() {
    let mut desk = plain().await;
    let lost = of(&desk, |file| file["source"] == "local" && file["uploaded_to_s3"] == false);
    let lost = lost.into_iter().find(|id| desk.ids().contains(id)).unwrap();
    let id = add(&mut desk, json!({"filename": "contract.pdf"})).await;
    mark(&mut desk, [lost.clone(), id]).await;
    desk.keys("S enter").await;
    desk.rest().await;
    assert!(desk.log().contains("was not saved: the server has lost it: "), "{}", desk.log());
    assert!(desk.log().contains("save finished: 1 saved, 1 failed"), "{}", desk.log());
    assert_eq!((downloads(&desk, &lost), saved(&desk).len()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn saving_shows_how_far_it_is_and_can_be_stopped() {
    let mut desk = plain().await;
    let mut ids = Vec::new();
    for n in 0..12 {
        ids.push(sow(&desk, json!({"filename": format!("contract {n:02}.pdf")})));
    }
    desk.keys("R").await;
    desk.rest().await;
    desk.server
        .set_faults(vec![Fault::to(Operation::Download, FaultEffect::Hang { apply: false }).nth(3..100)]);
    mark(&mut desk, ids.clone()).await;
    desk.keys("S enter").await;
    desk.until("two of them", |desk| desk.shows("save 2 of 12 files, ")).await;
    assert!(desk.shows("so far"), "{}", desk.screen());
    desk.keys("S").await;
    assert!(desk.shows("files are being saved: x stops that"), "{}", desk.screen());
    // Browsing goes on.
    desk.keys("5").await;
    desk.until("tags", |desk| !desk.ids().is_empty()).await;
    desk.keys("q").await;
    assert!(desk.shows("files are being saved: 2 of 12 done; quit?"), "{}", desk.screen());
    desk.keys("n x").await;
    desk.rest().await;
    let told = "save cancelled: 2 saved, 0 failed, 10 given up, 0 not stored by Tallyfy";
    assert!(desk.log().contains(told), "{}", desk.log());
    assert_eq!(saved(&desk).len(), 2, "{:?}", saved(&desk));
    let asked: usize = ids.iter().map(|id| downloads(&desk, id)).sum();
    assert!(asked <= 6, "a few at a time: {asked}");
    desk.keys("x").await;
    assert!(desk.shows("no job is running, and nothing is being saved or loaded"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn quitting_while_files_are_saved_asks_and_says_what_came_of_it() {
    let mut desk = plain().await;
    let id = add(&mut desk, json!({"filename": "contract.pdf"})).await;
    desk.server.set_faults(vec![Fault::to(Operation::Download, FaultEffect::Hang { apply: false })]);
    go_to(&mut desk, &id).await;
    desk.keys("S enter").await;
    desk.keys("q y").await;
    desk.until("the end", |desk| desk.ended.is_some()).await;
    assert_eq!(desk.ended, Some(Exit::Quit));
    let said = desk.state().farewell().join("\n");
    assert_eq!(said, "save cancelled: 0 saved, 0 failed, 1 given up, 0 not stored by Tallyfy");
}

#[tokio::test(start_paused = true)]
async fn the_folder_is_asked_for_and_made() {
    let mut desk = plain().await;
    let id = add(&mut desk, json!({"filename": "contract.pdf"})).await;
    go_to(&mut desk, &id).await;
    desk.keys("S").await;
    assert!(desk.shows(&desk.downloads().display().to_string()), "{}", desk.screen());
    desk.keys("esc").await;
    assert!(desk.state().overlay.is_none() && downloads(&desk, &id) == 0);
    // From its page, too, and into a folder below.
    desk.keys("enter").await;
    desk.rest().await;
    assert!(desk.state().detail.is_some());
    desk.keys("S").await;
    desk.types("/a b/c").await;
    desk.keys("enter").await;
    desk.rest().await;
    assert!(desk.downloads().join("a b/c/contract.pdf").is_file(), "{}", desk.log());
    desk.keys("S").await;
    assert!(desk.shows("/a b/c"), "the folder is remembered\n{}", desk.screen());
    // Where no folder can be, nothing is asked for.
    let asked = downloads(&desk, &id);
    desk.types("/contract.pdf").await;
    desk.keys("enter").await;
    desk.rest().await;
    assert!(
        desk.log().contains("saving was stopped: ") && desk.log().contains("it is not a folder"),
        "{}",
        desk.log()
    );
    assert!(desk.log().contains("save stopped: 0 saved, 0 failed, 1 given up"), "{}", desk.log());
    assert_eq!(downloads(&desk, &id), asked);
}

#[tokio::test(start_paused = true)]
async fn only_files_can_be_saved_also_from_what_is_marked_of_every_kind() {
    let mut desk = plain().await;
    let id = add(&mut desk, json!({"filename": "contract.pdf"})).await;
    mark(&mut desk, [id]).await;
    desk.keys("1").await;
    desk.rest().await;
    desk.keys("S").await;
    assert!(desk.shows("there is nothing here to save: only files hold bytes"), "{}", desk.screen());
    desk.keys("space m S").await;
    assert!(desk.shows("save 1 file"), "{}", desk.screen());
    assert!(matches!(desk.state().overlay, Some(Overlay::Download(_))));
    desk.keys("enter").await;
    desk.rest().await;
    assert_eq!(saved(&desk), BTreeSet::from(["contract.pdf".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_only_an_answer_knows_of_is_deleted_with_its_copy() {
    let mut desk = plain().await;
    let answers =
        of(&desk, |file| file["way"] == "answer" && is_stored(file) && file["archived_at"].is_null());
    let id = answers.into_iter().find(|id| desk.ids().contains(id)).unwrap();
    let bytes = desk.server.bytes(&id).unwrap();
    go_to(&mut desk, &id).await;
    desk.keys("D").await;
    desk.confirm_with("delete 1").await;
    desk.rest().await;
    assert!(desk.log().contains("delete finished: 1 done"), "{}", desk.log());
    assert_eq!(desk.changes(), [("DELETE".to_owned(), format!("file/{id}"))]);
    assert!(!desk.ids().contains(&id) && desk.server.object("assets", &id).is_none());
    let jobs = fs::read_dir(desk.state_dir().join("backups")).unwrap();
    let folder = jobs.map(|job| job.unwrap().path()).next().unwrap().join("files");
    let copies = fs::read_dir(folder).unwrap().map(|copy| copy.unwrap().path());
    assert!(copies.into_iter().any(|copy| fs::read(copy).unwrap() == bytes));
}
