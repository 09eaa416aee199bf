//! What is found, what is said of it, and how that ends, for each thing that can be wrong.

use std::collections::BTreeMap;

use serde_json::json;
use tidyfy::sandbox::{Fault, FaultEffect, Role, SandboxSettings};

use super::bench::Bench;
use super::*;

/// The line of a check, with its hint if it has one.
pub(super) fn line<'a>(page: &'a str, check: &str) -> &'a str {
    let whole = |line: &&str| line.get(8..).is_some_and(|rest| rest.starts_with(&format!("{check}  ")));
    let line = page.lines().find(whole).unwrap_or_else(|| panic!("no line on {check}:\n{page}"));
    let from = line.as_ptr() as usize - page.as_ptr() as usize;
    let rest = &page[from..];
    let end = rest.match_indices('\n').map(|(at, _)| at).find(|at| !rest[at + 1..].starts_with("   "));
    &rest[..end.unwrap_or(rest.len())]
}

pub(super) fn says(page: &str, check: &str, mark: &str, words: &[&str]) {
    let line = line(page, check);
    assert!(line.starts_with(mark), "{check} is not {mark}:\n{page}");
    for words in words {
        assert!(line.contains(words), "{check} does not say {words}:\n{page}");
    }
    assert!(mark != "FAIL" || line.contains("hint: "), "{check} says nothing to do:\n{page}");
}

/// Runs the doctor on a bench, with the right token and organization unless `variables` says otherwise.
fn examine(bench: &Bench, variables: &[(&str, &str)], code: i32) -> String {
    let config = bench.home.config(format!("keyring = false\nbase_url = '{}'", bench.sandbox.base_url()));
    let mut command = bench.home.command();
    command.args(["doctor", "--config"]).arg(config);
    command.env("TALLYFY_ACCESS_TOKEN", bench.sandbox.token()).env("TALLYFY_ORG_ID", bench.sandbox.org());
    variables.iter().for_each(|(name, value)| {
        command.env(name, value);
    });
    let assert = command.assert();
    let page = stdout(&assert);
    assert!(!page.contains(bench.sandbox.token()) && stderr(&assert).is_empty(), "{page}");
    assert_eq!(assert.get_output().status.code(), Some(code), "{page}");
    page
}

#[test]
fn where_all_is_well_it_says_so_and_changes_nothing() {
    let bench = Bench::new();
    let page = examine(&bench, &[], 0);
    for (check, words) in [
        ("config", "read from `"),
        ("profile", "none"),
        ("base URL", "http://127.0.0.1:"),
        ("read-only", "no"),
        ("token", "from `TALLYFY_ACCESS_TOKEN`"),
        ("who", " ("),
        ("organization", "Acme Ltd ("),
        ("role", "admin"),
        ("clock", "from the server's"),
        ("limits", "at most 140 requests in 10 s"),
        ("state directory", "will be made"),
        ("journal", "there is none yet"),
        ("backups", "0 copies"),
        ("keyring", "switched off"),
    ] {
        says(&page, check, "ok", &[words]);
    }
    says(&page, "terminal", "warn", &["no terminal"]);
    assert!(!bench.home.0.path().join("state").exists(), "looking makes nothing");
}

#[test]
fn without_a_config_it_says_what_holds_instead() {
    let home = Home::new();
    let page = stdout(&home.run(&["doctor"]).code(3).stderr(""));
    says(&page, "config", "ok", &["there is none"]);
    says(&page, "base URL", "ok", &["https://go.tallyfy.com/api"]);
    says(&page, "token", "FAIL", &["there is no access token", "tidyfy login"]);
    for check in ["who", "organization", "role", "clock"] {
        says(&page, check, "skipped", &["there is no token"]);
    }
    if cfg!(target_os = "linux") {
        says(&page, "keyring", "warn", &["cannot be used", "stores the token in a file"]);
    }
}

#[test]
fn everything_wrong_in_a_config_fails_first() {
    let home = Home::new();
    let config = home.config("reed_only = true\n[requests]\nat_once = 0\n");
    let assert = home.command().args(["doctor", "--config"]).arg(config).assert().code(2);
    let page = stdout(&assert);
    assert!(
        page.contains("line 1: `reed_only` is not a setting") && page.contains("line 3: `requests.at_once`")
    );
    for check in ["profile", "base URL", "read-only", "limits", "backups"] {
        says(&page, check, "skipped", &["the config is wrong"]);
    }
    assert!(!line(&page, "journal").starts_with("skipped"), "{page}");
}

#[test]
fn a_bad_token_fails_with_its_source_and_not_its_letters() {
    let bench = Bench::new();
    let page = examine(&bench, &[("TALLYFY_ACCESS_TOKEN", TOKEN)], 3);
    says(&page, "token", "ok", &["`TALLYFY_ACCESS_TOKEN`"]);
    says(&page, "who", "FAIL", &["the token was not accepted", "make a new one"]);
    says(&page, "role", "skipped", &["the token was not accepted"]);
    says(&page, "clock", "ok", &[]);
    assert!(!page.contains("sesame"), "{page}");
    let page = examine(&bench, &[("TALLYFY_ACCESS_TOKEN", "open sesame")], 3);
    says(&page, "token", "FAIL", &["holds no token"]);
    assert!(!page.contains("sesame"), "{page}");
}

#[test]
fn a_wrong_organization_fails_and_the_right_ones_are_named() {
    let bench = Bench::new();
    let page = examine(&bench, &[("TALLYFY_ORG_ID", ORG)], 2);
    says(&page, "who", "ok", &[]);
    says(&page, "organization", "FAIL", &[ORG, "Acme Ltd", bench.sandbox.org()]);
    says(&page, "role", "skipped", &["not found"]);
    let page = examine(&bench, &[("TALLYFY_ORG_ID", " ")], 2);
    says(&page, "organization", "FAIL", &["no organization is named"]);
}

#[test]
fn what_a_role_is_refused_is_said() {
    for (role, word) in [(Role::Light, "light"), (Role::Standard, "standard")] {
        let bench = Bench::with(SandboxSettings { role, ..SandboxSettings::default() });
        let page = examine(&bench, &[], 0);
        says(&page, "role", "warn", &[word, "delete processes", "delete templates", "hint: "]);
    }
}

#[test]
fn an_unreachable_host_is_a_failure_that_skips_the_rest_of_the_server() {
    let home = Home::new();
    let mut command = home.command();
    command.args(["doctor", "--base-url", "http://127.0.0.1:9/api", "--org", ORG]);
    let page = stdout(&command.env("TALLYFY_ACCESS_TOKEN", TOKEN).assert().code(1));
    says(&page, "who", "FAIL", &["`127.0.0.1` refused the connection", "check the network"]);
    for check in ["organization", "role", "clock"] {
        says(&page, check, "skipped", &["did not"]);
    }
    says(&page, "limits", "ok", &["12 reads in 5 s"]);
    says(&page, "journal", "ok", &[]);
}

#[test]
fn a_clock_that_is_off_is_pointed_out() {
    let headers = BTreeMap::from([
        ("Date".to_owned(), "Sun, 01 Mar 2020 09:30:00 GMT".to_owned()),
        ("X-RateLimit-Remaining".to_owned(), "7".to_owned()),
    ]);
    let body = Some(json!({"data": {"id": 7, "full_name": "Ana"}}));
    let fault_effect = FaultEffect::Answer { status: 200, body, headers, apply: false };
    let bench = Bench::with(SandboxSettings {
        faults: vec![Fault::on("GET", "*/me", fault_effect)],
        ..SandboxSettings::default()
    });
    let page = examine(&bench, &[], 0);
    says(&page, "clock", "warn", &["ahead of the server", "hint: "]);
    says(&page, "limits", "ok", &["the server says that 7 are left"]);
}

#[cfg(unix)]
#[test]
fn a_state_directory_that_cannot_be_written_to_is_a_failure() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let state = bench.home.0.path().join("state");
    if rustix::process::geteuid().is_root() {
        // Who may do everything is only kept out by something in the way.
        std::fs::write(&state, "").unwrap();
    } else {
        std::fs::create_dir(&state).unwrap();
        std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o500)).unwrap();
    }
    let page = examine(&bench, &[], 1);
    says(&page, "state directory", "FAIL", &["cannot be written to"]);
    says(&page, "journal", "skipped", &["the state directory cannot be written to"]);
    says(&page, "backups", "FAIL", &["cannot be written to"]);
    says(&page, "organization", "ok", &[]);
}

#[cfg(target_os = "linux")]
#[test]
fn unfinished_jobs_and_damage_are_told() {
    let bench = Bench::new();
    let folder = bench.home.0.path().join("state/tidyfy");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        drop(tidyfy::storage::journal::Journal::new(&folder).begin(some_job()).await.unwrap());
    });
    let page = examine(&bench, &[], 0);
    says(&page, "state directory", "ok", &["writable"]);
    says(
        &page,
        "journal",
        "warn",
        &["1 job", "unfinished: 1 (delete in Acme, Ltd)", "`f` finishes the rest"],
    );
    std::fs::write(folder.join("journal.sqlite3"), "nonsense ".repeat(999)).unwrap();
    drop(std::fs::remove_file(folder.join("journal.sqlite3-wal")));
    says(&examine(&bench, &[], 1), "journal", "FAIL", &["is damaged"]);
}

#[test]
fn it_takes_no_flag_that_only_a_screen_needs() {
    let home = Home::new();
    for flag in [["--kind", "tags"], ["--log-level", "info"]] {
        let said = stderr(&home.run(&["doctor", flag[0], flag[1]]).code(2).stdout(""));
        assert!(said.starts_with("error: `doctor` takes no `--"), "{said}");
    }
}
