//! The first start in a real terminal, until the organization is on the screen.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};
use tidyfy::sandbox::{Fault, FaultEffect, Sandbox, SandboxSettings};

use crate::pty::{PROGRAM, Terminal};

const ORG: &str = "0123456789abcdef0123456789abcdef";

/// A home without anything in it, and a server to open from there.
struct Bench {
    home: tempfile::TempDir,
    sandbox: Sandbox,
    _runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn new(faults: Vec<Fault>) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let settings = SandboxSettings { faults, ..SandboxSettings::default() };
        let sandbox = runtime.block_on(Sandbox::start(settings)).unwrap();
        Self { home: tempfile::tempdir().unwrap(), sandbox, _runtime: runtime }
    }

    fn below(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    fn config(&self) -> Option<String> {
        std::fs::read_to_string(self.below("config/tidyfy/config.toml")).ok()
    }

    fn has_stored_a_token(&self) -> bool {
        self.below("state/tidyfy/tokens").exists()
    }

    fn start(&self, arguments: &[&str], more: &[(&str, &str)]) -> Terminal {
        let (config, state) = (self.below("config"), self.below("state"));
        let mut variables = vec![
            ("XDG_CONFIG_HOME", config.to_str().unwrap()),
            ("XDG_STATE_HOME", state.to_str().unwrap()),
            ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent"),
        ];
        variables.extend_from_slice(more);
        Terminal::run(PROGRAM, arguments, &variables)
    }

    fn is_open(&self, terminal: &mut Terminal) {
        terminal.waits("the screen", vt100::Screen::alternate_screen);
        terminal.sees("of ");
        terminal.sees("Processes");
        terminal.presses("q");
        assert_eq!(terminal.ends().exit_code(), 0);
        terminal.is_restored();
        let seen = terminal.looks(vt100::Screen::contents);
        assert!(!seen.contains(self.sandbox.token()), "{seen}");
    }
}

#[test]
fn it_asks_for_everything_keeps_it_and_does_not_ask_again() {
    let bench = Bench::new(Vec::new());
    let mut terminal = bench.start(&[], &[]);
    terminal.sees("base URL: ");
    terminal.presses("http://example.com/api\r");
    terminal.sees("unencrypted");
    terminal.waits("the question, again", |screen| screen.contents().matches("base URL: ").count() == 2);
    terminal.presses(&format!("{}\r", bench.sandbox.base_url()));
    terminal.sees("token for 127.0.0.1: ");
    terminal.presses("wrong-token\r");
    terminal.sees("the token was not accepted by `127.0.0.1`");
    assert!(!bench.has_stored_a_token() && bench.config().is_none(), "nothing is kept on the way");
    terminal
        .waits("the question, again", |screen| screen.contents().matches("token for 127.0.0.1").count() == 2);
    terminal.presses(&format!("\u{1b}[200~ {}\n\u{1b}[201~", bench.sandbox.token()));
    terminal.presses("\r");
    terminal.sees("number, or part of the name: ");
    terminal.presses("acme\r");
    bench.is_open(&mut terminal);
    let seen = terminal.looks(vt100::Screen::contents);
    for words in [" accepted\n", "\norganization: Acme Ltd (", "stored in the file `", "wrote `"] {
        assert!(seen.contains(words), "{words}\n{seen}");
    }
    let config = bench.config().unwrap();
    assert!(config.contains(&format!("\nbase_url = \"{}\"\n", bench.sandbox.base_url())), "{config}");
    assert!(config.contains(&format!("\norg = \"{}\"\n", bench.sandbox.org())), "{config}");
    assert!(!config.contains(bench.sandbox.token()));

    let mut terminal = bench.start(&[], &[]);
    bench.is_open(&mut terminal);
}

#[test]
fn only_what_is_missing_is_asked_for() {
    let bench = Bench::new(Vec::new());
    let url = bench.sandbox.base_url();
    let known = [("TALLYFY_BASE_URL", url.as_str()), ("TALLYFY_ORG_ID", bench.sandbox.org())];
    let mut terminal = bench.start(&[], &known);
    terminal.sees("token for 127.0.0.1: ");
    assert!(!terminal.looks(vt100::Screen::contents).contains("base URL"));
    // What is typed while the token is checked is meant for nothing: a `q` does not leave the screen that opens.
    terminal.presses(&format!("{}\rq", bench.sandbox.token()));
    bench.is_open(&mut terminal);
    assert!(bench.has_stored_a_token() && bench.config().is_none(), "nothing was asked that belongs into it");
}

/// Two pages of organizations, ours being on the second.
fn many(sandbox: &Sandbox) -> Vec<Fault> {
    let page = |page: usize, rows: Vec<Value>| {
        let meta = json!({"pagination": {
            "total": 121, "count": rows.len(), "per_page": 100, "current_page": page, "total_pages": 2, "links": {},
        }});
        let body = Some(json!({"data": rows, "meta": meta}));
        let fault_effect = FaultEffect::Answer { status: 200, headers: BTreeMap::new(), body, apply: false };
        Fault::on("GET", &format!("/me/organizations?page={page}&"), fault_effect)
    };
    let row = |n: usize| json!({"id": format!("{n:032x}"), "name": format!("Branch {n:03}")});
    let ours = json!({"id": sandbox.org(), "name": "Zebra \u{1b}[2J Ltd"});
    vec![page(1, (0..100).map(row).collect()), page(2, (100..120).map(row).chain([ours]).collect())]
}

#[test]
fn one_of_many_organizations_is_picked_by_a_part_of_its_name() {
    let bench = Bench::new(Vec::new());
    bench.sandbox.set_faults(many(&bench.sandbox));
    std::fs::create_dir_all(bench.below("config/tidyfy")).unwrap();
    let own = format!("base_url = '{}'\n", bench.sandbox.base_url());
    std::fs::write(bench.below("config/tidyfy/config.toml"), &own).unwrap();
    let mut terminal = bench.start(&[], &[("TALLYFY_ACCESS_TOKEN", bench.sandbox.token())]);
    terminal.sees("You are in 121 organizations");
    terminal.sees("and 106 more");
    terminal.sees("number, or part of the name: ");
    terminal.presses("branch 11\r");
    terminal.sees(" 120  Branch 119");
    terminal.presses("wombat\r");
    terminal.sees("none of them is called `wombat`");
    terminal.presses("ebra\r");
    terminal.sees("Enter opens the screen: ");
    let before = terminal.looks(vt100::Screen::contents);
    terminal.presses("\r");
    bench.is_open(&mut terminal);
    let seen = terminal.looks(vt100::Screen::contents);
    assert!(seen.contains("organization: Zebra \u{241b}[2J Ltd"), "{seen}");
    let line = format!("    org = \"{}\"", bench.sandbox.org());
    assert!(
        before.matches(&line).count() == 1 && seen.matches(&line).count() == 2,
        "before and after\n{seen}"
    );
    assert!(!seen.contains("base_url ="), "what the config says already is not to be put into it\n{seen}");
    assert_eq!(bench.config().unwrap(), own, "a config that is there is never changed");
    assert!(!bench.has_stored_a_token(), "a token of a variable is not stored");
}

#[test]
fn leaving_keeps_nothing_and_has_the_code_of_what_is_missing() {
    let bench = Bench::new(Vec::new());
    let url = bench.sandbox.base_url();
    for (key, code, words) in [
        ("\u{1b}", 3, "nothing was kept"),
        ("\u{4}", 3, "nothing was kept"),
        ("\u{3}", 130, "tidyfy needs to know"),
    ] {
        let mut terminal = bench.start(&["--base-url", &url], &[]);
        terminal.sees("token for 127.0.0.1: ");
        terminal.presses(key);
        assert_eq!(terminal.ends().exit_code(), code, "{key:?}");
        terminal.sees(words);
        terminal.is_restored();
        assert!(!terminal.looks(vt100::Screen::contents).contains("error"), "{key:?}: leaving is no error");
    }
    let mut terminal = bench.start(&["--org", ORG], &[]);
    terminal.sees("base URL: ");
    terminal.signal(rustix::process::Signal::TERM);
    assert_eq!(terminal.ends().exit_code(), 143);
    terminal.is_restored();
    assert!(!bench.has_stored_a_token() && bench.config().is_none());
}

#[test]
fn without_an_organization_it_is_a_usage_error_where_nobody_answers() {
    let bench = Bench::new(Vec::new());
    bench.sandbox.set_faults(many(&bench.sandbox));
    let known = [("TALLYFY_ACCESS_TOKEN", bench.sandbox.token())];
    let mut terminal = bench.start(&["--base-url", &bench.sandbox.base_url()], &known);
    terminal.sees("number, or part of the name: ");
    terminal.presses("\u{1b}");
    assert_eq!(terminal.ends().exit_code(), 2);
    terminal.sees("nothing was kept");
    terminal.is_restored();
}

#[test]
fn a_token_that_is_set_and_not_accepted_is_not_asked_for_again() {
    let bench = Bench::new(Vec::new());
    let known = [("TALLYFY_ACCESS_TOKEN", "wrong-token")];
    let mut terminal = bench.start(&["--base-url", &bench.sandbox.base_url()], &known);
    assert_eq!(terminal.ends().exit_code(), 3);
    terminal.sees("error: the token was not accepted");
    terminal.is_restored();
}

#[test]
fn a_token_is_typed_without_being_shown_and_the_terminal_comes_back() {
    let bench = Bench::new(Vec::new());
    let url = bench.sandbox.base_url();
    let mut terminal = bench.start(&["login", "--base-url", &url], &[]);
    terminal.sees("token for 127.0.0.1: ");
    terminal.presses("half-a-tok");
    terminal.presses("\u{3}");
    assert_eq!(terminal.ends().exit_code(), 130);
    terminal.is_restored();
    assert!(!terminal.looks(vt100::Screen::contents).contains("half") && !bench.has_stored_a_token());

    let mut terminal = bench.start(&["login", "--base-url", &url], &[]);
    terminal.sees("token for 127.0.0.1: ");
    terminal.presses(&format!("{}\r", bench.sandbox.token()));
    terminal.sees("stored in the file `");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.is_restored();
    assert!(!terminal.looks(vt100::Screen::contents).contains(bench.sandbox.token()));
    assert!(bench.has_stored_a_token());
}

/// Whoever pastes the token again while the first one is still being checked does not see it on the screen.
#[test]
fn a_token_that_is_pasted_while_another_one_is_checked_is_not_echoed() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let latency = std::time::Duration::from_secs(2);
    let server =
        runtime.block_on(Sandbox::start(SandboxSettings { latency, ..SandboxSettings::default() })).unwrap();
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    std::fs::write(&config, format!("keyring = false\nbase_url = '{}'\n", server.base_url())).unwrap();
    let state = home.path().join("state");
    let variables = [("XDG_STATE_HOME", state.to_str().unwrap())];
    let mut terminal = Terminal::run(PROGRAM, &["--config", config.to_str().unwrap()], &variables);
    terminal.sees("token for 127.0.0.1: ");
    terminal.presses("not-the-token\r");
    // The question has been answered: its line has ended.
    terminal.waits("the check", |screen| screen.cursor_position().1 == 0);
    terminal.presses(server.token());
    terminal.sees("was not accepted");
    let seen = terminal.looks(vt100::Screen::contents);
    assert!(!seen.contains(server.token()), "{seen}");
}

/// A key that leaves is heard while an answer is waited for, though no line is typed then.
#[test]
fn an_answer_that_does_not_come_can_be_left() {
    let bench = Bench::new(vec![Fault::on("GET", "*/me", FaultEffect::Hang { apply: false })]);
    for (arguments, key, code) in
        [(&[][..], "\u{3}", 130), (&[], "\u{1b}", 3), (&["login"], "\u{3}", 130), (&["login"], "\u{1b}", 3)]
    {
        let url = bench.sandbox.base_url();
        let arguments = [arguments, &["--base-url", &url]].concat();
        let mut terminal = bench.start(&arguments, &[]);
        terminal.sees("token for 127.0.0.1: ");
        terminal.presses("some-token\r");
        terminal.waits("the check", |screen| screen.cursor_position().1 == 0);
        terminal.presses(key);
        assert_eq!(terminal.ends().exit_code(), code, "{arguments:?} {key:?}");
        terminal.is_restored();
    }
}

#[test]
fn a_base_url_that_was_wrong_can_be_given_again() {
    let (bench, other) = (Bench::new(Vec::new()), Bench::new(Vec::new()));
    let mut terminal = bench.start(&["--org", bench.sandbox.org()], &[]);
    terminal.sees("base URL: ");
    terminal.presses(&format!("{}\r", other.sandbox.base_url()));
    terminal.sees("token for 127.0.0.1: ");
    terminal.presses("no-token-of-this-one\r");
    terminal.sees("was not accepted");
    terminal.sees("goes back to the base URL");
    terminal
        .waits("the question, again", |screen| screen.contents().matches("token for 127.0.0.1").count() == 2);
    terminal.presses("\r");
    terminal.waits("the first question", |screen| screen.contents().matches("base URL: ").count() == 2);
    terminal.presses(&format!("{}\r", bench.sandbox.base_url()));
    terminal
        .waits("the question, again", |screen| screen.contents().matches("token for 127.0.0.1").count() == 3);
    terminal.presses(&format!("{}\r", bench.sandbox.token()));
    bench.is_open(&mut terminal);
    assert!(bench.config().unwrap().contains(&bench.sandbox.base_url()));
}
