//! What leaves the program: ids and requests in the clipboard, records in a browser and in files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tidyfy::model::kind::{Action, Kind};
use tidyfy::sandbox::{Fault, FaultEffect, Sandbox, SandboxSettings};

use crate::pty::{PROGRAM, Terminal};
use crate::support::{Desk, Wanted};

const BY_TERMINAL: &str = "(terminal, OSC 52)";

#[tokio::test(start_paused = true)]
async fn the_id_under_the_cursor_is_copied_wherever_that_is() {
    let mut desk = Desk::open().await;
    desk.keys("j j y").await;
    desk.rest().await;
    let id = desk.ids()[2].clone();
    assert_eq!(desk.clips().concat(), id);
    assert!(desk.shows(&format!("copied the id {BY_TERMINAL}")), "{}", desk.screen());
    desk.keys("enter y").await;
    desk.rest().await;
    assert_eq!(desk.clips(), [id]);
    // Marks of another kind stay out of it.
    desk.keys("esc g space space 5").await;
    desk.rest().await;
    desk.keys("space 1 j y").await;
    desk.rest().await;
    let both = format!("{}\n{}", desk.ids()[0], desk.ids()[1]);
    assert_eq!(desk.clips().concat(), both);
    assert!(desk.shows(&format!("copied 2 ids {BY_TERMINAL}")), "{}", desk.screen());
    desk.keys("m y").await;
    desk.rest().await;
    assert_eq!(desk.clips(), [both]);
    desk.keys("G y").await;
    desk.rest().await;
    assert_eq!(desk.clips(), [desk.state().under_cursor().unwrap().id().to_string()]);
}

#[tokio::test(start_paused = true)]
async fn a_record_is_copied_as_the_request_that_reads_it() {
    for kind in Kind::ALL {
        let mut desk = Desk::with(Wanted { kind, ..Wanted::default() }).await;
        let record = desk.state().under_cursor().unwrap();
        desk.keys("Y").await;
        desk.rest().await;
        let command = desk.clips().remove(0);
        let route = kind
            .row()
            .get
            .replace("{org}", desk.server.org())
            .replace("{id}", &record.id().to_string().replace('@', "%40"));
        let url = format!("{}/{route}", desk.server.base_url());
        assert!(command.starts_with(&format!("curl -X GET '{url}")), "{command} is not {url}");
        for header in [
            "\"Authorization: Bearer $TALLYFY_ACCESS_TOKEN\"",
            "'Accept: application/json'",
            "'X-Tallyfy-Client: APIClient'",
        ] {
            assert!(command.contains(header), "{command}");
        }
        assert!(!command.contains(desk.server.token()) && !command.contains('\n'));
        assert!(desk.shows("copied the request"), "{}", desk.screen());
    }
}

#[tokio::test(start_paused = true)]
async fn the_records_of_the_status_pane_can_be_copied_too() {
    let mut desk = Desk::open().await;
    let refusal = FaultEffect::Answer { status: 422, body: None, headers: Default::default(), apply: false };
    desk.server.set_faults(vec![Fault::on("DELETE", "/runs/", refusal)]);
    let ids = desk.mark_applicable(Action::Archive, 2).await;
    desk.keys("a").await;
    desk.confirm().await;
    desk.rest().await;
    desk.keys("@ k y").await;
    desk.rest().await;
    let copied = desk.clips().remove(0);
    let (mut copied, mut ids): (Vec<_>, Vec<_>) = (copied.lines().map(str::to_owned).collect(), ids);
    copied.sort();
    ids.sort();
    assert_eq!(copied, ids, "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn the_demo_opens_no_browser() {
    let mut desk = Desk::open().await;
    desk.keys("w").await;
    desk.rest().await;
    assert!(desk.shows("the demo's server has no web app"), "{}", desk.screen());
}

/// Asks for a file and types its name in place of the one that is proposed.
async fn exports(desk: &mut Desk, path: &Path) {
    desk.keys("e").await;
    desk.keys("ctrl-u").await;
    desk.paste(path.to_str().unwrap()).await;
    desk.keys("enter").await;
    desk.rest().await;
}

fn column(path: &Path, name: &str) -> Vec<String> {
    let mut page = csv::Reader::from_path(path).unwrap();
    let at = page.headers().unwrap().iter().position(|head| head == name).unwrap();
    page.records().map(|line| line.unwrap()[at].to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_matches_is_written_in_the_order_it_is_shown_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("live.csv");
    let mut desk = Desk::open().await;
    desk.keys("/").await;
    desk.types("onboarding").await;
    desk.keys("enter").await;
    desk.rest().await;
    desk.keys("O").await;
    desk.rest().await;
    desk.keys("e").await;
    assert!(desk.shows("file: processes-2026-11-20.csv") && desk.shows("that match"), "{}", desk.screen());
    desk.keys("esc").await;
    exports(&mut desk, &file).await;
    assert_eq!(column(&file, "id"), desk.ids());
    assert_eq!(column(&file, "name"), desk.rows());
    assert!(column(&file, "kind").iter().all(|kind| kind == "processes"));
    let owners = column(&file, "owner");
    assert!(owners.iter().any(|owner| owner.contains(' ')), "owners are named: {owners:?}");
    let at = column(&file, "updated").into_iter().find(|at| !at.is_empty()).unwrap();
    assert!(at.ends_with("+00:00") && at.contains('T'), "{at}");
    exports(&mut desk, &file).await;
    let second = folder.path().join("live-2.csv");
    assert!(desk.shows("live-2.csv"), "{}", desk.screen());
    assert_eq!(fs::read(&file).unwrap(), fs::read(&second).unwrap());
    // Marks come before the filter, and the ending says the format.
    desk.keys("space").await;
    let json = folder.path().join("one.json");
    exports(&mut desk, &json).await;
    let all: Vec<Value> = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    assert_eq!((all.len(), all[0]["id"].as_str()), (1, Some(desk.ids()[0].as_str())));
    assert!(all[0]["owner"].is_array() && all[0]["name"] == desk.rows()[0]);
    exports(&mut desk, &folder.path().join("one.txt")).await;
    assert!(desk.shows("must end in .csv or .json"), "{}", desk.screen());
    desk.keys("esc").await;
    exports(&mut desk, &folder.path().join("not/there.csv")).await;
    assert!(desk.log().contains("could not be written") && desk.log().contains("hint: "), "{}", desk.log());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[tokio::test(start_paused = true)]
async fn hostile_names_are_harmless_in_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = SandboxSettings { scale: 3, ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { kind: Kind::Tags, sandbox, ..Wanted::default() }).await;
    let hostile = ["=HYPERLINK(\"http://x\")", "+1", "\t=1+1", "a\u{1b}]52;c;eA==\u{7}\r\nb\u{202e}c"];
    let ids = desk.server.ids("tags");
    for (id, name) in ids.iter().zip(hostile) {
        assert!(desk.server.edit("tags", id, serde_json::json!({ "title": name })));
    }
    desk.keys("R").await;
    desk.rest().await;
    let file = folder.path().join("tags.csv");
    exports(&mut desk, &file).await;
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.replace("\r\n", "").contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
    for cell in column(&file, "title") {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
    }
    let named = column(&file, "title").iter().filter(|cell| cell.starts_with('\'')).count();
    assert!(named >= 2, "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_is_marked_of_every_kind_goes_into_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::open().await;
    desk.keys("space 5").await;
    desk.rest().await;
    desk.keys("space space m").await;
    let file = folder.path().join("all.csv");
    desk.keys("e").await;
    assert!(desk.shows("3 marked records") && desk.shows("file: marked-2026-11-20.csv"), "{}", desk.screen());
    desk.keys("esc").await;
    exports(&mut desk, &file).await;
    assert_eq!(column(&file, "kind"), ["processes", "tags", "tags"]);
    let ids: Vec<String> = desk.state().marks.all().map(|mark| mark.record.id().to_string()).collect();
    assert_eq!(column(&file, "id"), ids);
    // A page is about its record alone.
    desk.keys("enter e").await;
    assert!(desk.shows("this process"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_list_in_parts_says_that_only_those_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox =
        SandboxSettings { scale: 9_000, latency: Duration::from_millis(300), ..SandboxSettings::default() };
    let mut desk = Desk::starting(Wanted { sandbox, at_once: 2, ..Wanted::default() }).await;
    desk.until("some pages", |desk| desk.state().listing().loaded() >= 300 && desk.shows("Acme Ltd")).await;
    desk.keys("x").await;
    desk.rest().await;
    desk.keys("e").await;
    assert!(desk.shows("loaded: only these are written") && desk.shows(" of "), "{}", desk.screen());
    desk.keys("esc").await;
    let file = folder.path().join("some.csv");
    exports(&mut desk, &file).await;
    assert_eq!(column(&file, "id").len(), desk.state().listing().loaded());
    assert!(desk.log().contains("only these are written"), "{}", desk.log());
}

/// A program of that name which keeps what it was given, and then ends so.
fn fake(folder: &Path, name: &str, kept: &Path, ending: &str) {
    let path = folder.join(name);
    let text = format!("#!/bin/sh\n{{ echo \"$@\"; cat; }} > '{}'\n{ending}\n", kept.display());
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The real program on a server of its own, with these programs and variables around it.
fn beside(bin: &Path, variables: &[(&str, &str)], test: impl FnOnce(&mut Terminal, &Sandbox)) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime
        .block_on(Sandbox::start(SandboxSettings { scale: 20, ..SandboxSettings::default() }))
        .unwrap();
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let base = server.base_url();
    let mut all = vec![
        ("PATH", path.as_str()),
        ("TALLYFY_BASE_URL", base.as_str()),
        ("TALLYFY_ORG_ID", server.org()),
        ("TALLYFY_ACCESS_TOKEN", server.token()),
    ];
    all.extend_from_slice(variables);
    let mut terminal = Terminal::run(PROGRAM, &["--kind", "processes", "--limits", "off"], &all);
    terminal.sees("Campaign Wayne");
    terminal.sees("Acme Ltd");
    test(&mut terminal, &server);
    terminal.presses("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.is_restored();
}

#[test]
fn programs_of_the_system_take_texts_and_addresses() {
    let bin = tempfile::tempdir().unwrap();
    let [copied, opened] = ["copied", "opened"].map(|name| bin.path().join(name));
    fake(bin.path(), "xclip", &copied, "");
    fake(bin.path(), "my-browser", &opened, "");
    let variables = [("DISPLAY", ":99"), ("BROWSER", "my-browser --new")];
    beside(bin.path(), &variables, |terminal, server| {
        terminal.presses("y");
        terminal.sees("copied the id (system clipboard)");
        let kept = fs::read_to_string(&copied).unwrap();
        let (arguments, id) = kept.split_once('\n').unwrap();
        assert_eq!(arguments, "-selection clipboard");
        assert!(server.ids("runs").contains(&id.to_owned()), "{kept}");
        terminal.presses("w");
        terminal.sees("opened its page");
        let origin = server.base_url().replace("/api", "");
        let address = format!("--new {origin}/{}/processes/{id}\n", server.org());
        assert_eq!(fs::read_to_string(&opened).unwrap(), address);
        terminal.presses("5");
        terminal.sees("30 of 30");
        terminal.presses("w");
        terminal.sees("the web page of a tag is not known: opened the dashboard");
        let kept = fs::read_to_string(&opened).unwrap();
        assert_eq!(kept, format!("--new {origin}/{}/dashboard\n", server.org()));
    });
}

#[test]
fn where_they_fail_or_are_far_away_the_terminal_copies() {
    let bin = tempfile::tempdir().unwrap();
    let kept = bin.path().join("kept");
    for name in ["xclip", "xsel", "my-browser", "xdg-open"] {
        fake(bin.path(), name, &kept, "exit 3");
    }
    let near = [("DISPLAY", ":99"), ("BROWSER", "my-browser")];
    beside(bin.path(), &near, |terminal, _| {
        terminal.presses("y");
        terminal.sees("copied the id (terminal, OSC 52; `xsel` did not take it)");
        terminal.presses("w");
        terminal.sees("`xdg-open` failed: copied the address of its page (terminal, OSC 52");
    });
    fs::remove_file(&kept).unwrap();
    let far = [("DISPLAY", ":99"), ("BROWSER", "my-browser"), ("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")];
    beside(bin.path(), &far, |terminal, _| {
        terminal.presses("y");
        terminal.sees("copied the id (terminal, OSC 52)");
        terminal.presses("w");
        terminal.sees("there is no browser here: copied the address of its page (terminal, OSC 52)");
    });
    assert!(!kept.exists(), "no program was run for somebody who sits elsewhere");
}

/// A program that takes a text for the clipboard has no use for the token.
#[cfg(target_os = "linux")]
#[test]
fn no_other_program_inherits_the_token() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(Sandbox::start(SandboxSettings::default())).unwrap();
    let home = tempfile::tempdir().unwrap();
    let (config, seen) = (home.path().join("config.toml"), home.path().join("seen"));
    let text = format!("keyring = false\nbase_url = '{}'\norg = '{}'\n", server.base_url(), server.org());
    fs::write(&config, text).unwrap();
    let copier = home.path().join("wl-copy");
    fs::write(&copier, format!("#!/bin/sh\nenv > '{0}.part'\nmv '{0}.part' '{0}'\n", seen.display()))
        .unwrap();
    fs::set_permissions(&copier, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", home.path().display());
    let state = home.path().join("state");
    let variables = [
        ("TALLYFY_ACCESS_TOKEN", server.token()),
        ("XDG_STATE_HOME", state.to_str().unwrap()),
        ("WAYLAND_DISPLAY", "wayland-0"),
        ("PATH", path.as_str()),
    ];
    let mut terminal = Terminal::run(PROGRAM, &["--config", config.to_str().unwrap()], &variables);
    terminal.sees("Acme Ltd");
    terminal.sees("of ");
    terminal.presses("y");
    terminal.sees("copied the id (system clipboard)");
    let inherited = fs::read_to_string(&seen).unwrap();
    assert!(inherited.contains("WAYLAND_DISPLAY") && !inherited.contains(server.token()), "{inherited}");
}
