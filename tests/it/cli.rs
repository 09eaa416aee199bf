//! The command line from outside: exit codes, words, and what must never be printed.

mod bench;
mod doctor;
mod journal;
mod login;
mod network;

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_tidyfy");
const ORG: &str = "0123456789abcdef0123456789abcdef";
const TOKEN: &str = "sesame-open-0123456789";

/// A home directory of its own, so that no test reads the config of the person who runs it.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The last one keeps the keyring of the person who runs the tests out of reach.
    fn variables(&self) -> [(&'static str, PathBuf); 4] {
        let below = |name: &str| self.0.path().join(name);
        [
            ("HOME", below("")),
            ("XDG_CONFIG_HOME", below("config")),
            ("XDG_STATE_HOME", below("state")),
            ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent".into()),
        ]
    }

    /// Writes a config where `--config` finds it.
    fn config(&self, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join("some.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    fn command(&self) -> Command {
        let mut command = Command::new(BINARY);
        command.env_clear().envs(self.variables());
        command
    }

    fn run(&self, arguments: &[&str]) -> Assert {
        self.command().args(arguments).assert()
    }
}

fn stderr(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

/// Runs the program in a terminal until it ends by itself; answers its exit code and what it printed.
fn in_terminal(home: &Home, variables: &[(&str, &str)]) -> (u32, String) {
    let size = PtySize { rows: 24, cols: 200, ..PtySize::default() };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(BINARY);
    command.env_clear();
    home.variables().iter().for_each(|(name, value)| command.env(name, value));
    variables.iter().for_each(|(name, value)| command.env(name, value));
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let reading = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // Linux answers the end of a terminal's other side with an error; what came before it counts.
        drop(reader.read_to_end(&mut bytes));
        bytes
    });
    let code = child.wait().unwrap().exit_code();
    (code, String::from_utf8_lossy(&reading.join().unwrap()).into_owned())
}

#[test]
fn without_a_terminal_it_says_so_whatever_else_is_missing() {
    let home = Home::new();
    for arguments in [&[][..], &["--org", ORG], &["demo"]] {
        let assert = home.run(arguments).code(4).stdout("");
        let said = stderr(&assert);
        assert!(said.starts_with("error: there is no screen to open"), "{said}");
        assert!(said.contains("\nhint: run `tidyfy` in a terminal"), "{said}");
    }
}

#[test]
fn a_token_that_is_none_is_not_shown() {
    let home = Home::new();
    let bad = format!("{TOKEN} {TOKEN}");
    let (code, said) = in_terminal(&home, &[("TALLYFY_ORG_ID", ORG), ("TALLYFY_ACCESS_TOKEN", &bad)]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("`TALLYFY_ACCESS_TOKEN`") && !said.contains("sesame"), "{said}");
}

#[test]
fn help_documents_flags_variables_and_exit_codes() {
    let home = Home::new();
    let help = stdout(&home.run(&["--help"]).success().stderr(""));
    for word in [
        "--base-url",
        "--org",
        "--profile",
        "--read-only",
        "--config",
        "--kind",
        "--limits",
        "--log-level",
        "--allow-insecure-http",
        "TALLYFY_ACCESS_TOKEN",
        "TALLYFY_API_TOKEN",
        "TALLYFY_ORG_ID",
        "TALLYFY_BASE_URL",
        "NO_COLOR",
        "Exit codes:",
        "demo",
        "sandbox",
        "login",
        "logout",
        "doctor",
        "history",
        "completions",
        "man",
    ] {
        assert!(help.contains(word), "{word}\n{help}");
    }
    let version = stdout(&home.run(&["--version"]).success());
    assert_eq!(version, format!("tidyfy {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn pages_are_printed() {
    let home = Home::new();
    assert!(stdout(&home.run(&["completions", "bash"]).success()).contains("--read-only"));
    assert!(stdout(&home.run(&["completions", "fish"]).success()).contains("complete -c tidyfy"));
    let man = stdout(&home.run(&["man"]).success());
    assert!(man.contains(".TH tidyfy 1") && man.contains("Exit codes"), "{man}");
    home.run(&["completions", "cobol"]).code(2);
}

#[test]
fn what_clap_does_not_know_is_a_usage_error() {
    let home = Home::new();
    for arguments in [&["--nonsense"][..], &["nonsense"], &["--limits", "fast"], &["--org", ""]] {
        let said = stderr(&home.run(arguments).code(2).stdout(""));
        assert!(said.starts_with("error: "), "{said}");
    }
    let said = stderr(&home.run(&["--token", TOKEN]).code(2));
    assert!(!said.contains("sesame"), "{said}");
}

#[test]
fn an_unknown_kind_is_answered_with_the_known_ones() {
    let said = stderr(&Home::new().run(&["--kind", "wombats"]).code(2).stdout(""));
    assert!(said.starts_with("error: `--kind`: `wombats` is not a kind\nhint: "), "{said}");
    assert!(said.contains("processes") && said.contains("checklist") && said.contains("asset"), "{said}");
}

#[test]
fn the_demo_refuses_what_names_an_organization() {
    let home = Home::new();
    for (flag, value) in [("--base-url", "http://127.0.0.1:1"), ("--org", ORG), ("--profile", "x")] {
        for arguments in [["demo", flag, value], [flag, value, "demo"]] {
            let said = stderr(&home.run(&arguments).code(2).stdout(""));
            assert!(said.starts_with(&format!("error: `demo` takes no `{flag}`")), "{said}");
        }
    }
}

#[test]
fn the_demo_ignores_what_is_set_for_summaries() {
    let home = Home::new();
    let config = home.config("profile = 'none'");
    let mut command = home.command();
    command.args(["demo", "--config"]).arg(config);
    command.env("TALLYFY_ORG_ID", "not/an/id").env("TALLYFY_BASE_URL", "nonsense").assert().code(4);
}

#[test]
fn a_config_that_was_asked_for_must_be_there_and_readable() {
    let home = Home::new();
    let refused = |path: &Path| {
        let assert = home.command().arg("--config").arg(path).assert().code(2).stdout("");
        stderr(&assert)
    };
    assert!(refused(&home.0.path().join("none.toml")).contains("there is no such file"));
    assert!(refused(home.0.path()).contains("it is a directory"));
    assert!(refused(&home.config(b"org = '\xff'")).contains("line 1: this is not UTF-8"));
    assert!(refused(&home.config("org = ")).contains("line 1: "));
}

#[test]
fn everything_wrong_in_a_config_is_said_at_once_with_file_and_line() {
    let home = Home::new();
    let path = home.config("reed_only = true\n[requests]\nat_once = 0\n");
    let said = stderr(&home.command().arg("--config").arg(&path).assert().code(2).stdout(""));
    let path = path.display();
    assert!(
        said.contains(&format!("error: `{path}`, line 1: `reed_only` is not a setting\nhint: ")),
        "{said}"
    );
    assert!(said.contains(&format!("error: `{path}`, line 3: `requests.at_once`: ")), "{said}");
}

#[test]
fn the_config_of_the_platform_is_read() {
    let home = Home::new();
    let directory = home.0.path().join("config/tidyfy");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("config.toml"), "wombats = 1").unwrap();
    let assert = home.run(&[]);
    if cfg!(target_os = "linux") {
        assert!(stderr(&assert.code(2)).contains("`wombats` is not a setting"));
    }
}

#[test]
fn a_token_in_a_config_is_refused_without_being_shown() {
    let home = Home::new();
    let path = home.config(format!("token = '{TOKEN}'"));
    let said = stderr(&home.command().arg("--config").arg(&path).assert().code(2).stdout(""));
    assert!(said.contains("TALLYFY_ACCESS_TOKEN") && !said.contains("sesame"), "{said}");
}

#[test]
fn an_address_that_cannot_be_used_is_refused_before_all_else() {
    let home = Home::new();
    for (url, word) in [
        ("http://example.com/api", "--allow-insecure-http"),
        ("ftp://example.com", "`ftp`"),
        ("nonsense", "https://go.tallyfy.com/api"),
    ] {
        let said = stderr(&home.run(&["--base-url", url]).code(2).stdout(""));
        assert!(said.contains(word) && said.contains("\nhint: "), "{said}");
    }
    home.run(&["--base-url", "http://example.com", "--allow-insecure-http"]).code(4);
    home.run(&["--base-url", "http://127.0.0.1:9/api"]).code(4);
}

#[test]
fn a_bad_faults_file_is_a_usage_error() {
    let home = Home::new();
    for command in ["sandbox", "demo"] {
        let said = stderr(&home.run(&[command, "--faults", "none.json"]).code(2).stdout(""));
        assert!(said.starts_with("error: ") && said.contains("\nhint: "), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn the_sandbox_says_where_it_listens_and_ends_on_sigterm() {
    use rustix::process::{Pid, Signal, kill_process};
    let mut child = std::process::Command::new(BINARY)
        .args(["sandbox", "--scale", "5"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("tidyfy sandbox listening on http://127.0.0.1:"), "{line}");
    assert!(line.contains("/api org=") && line.contains(" token="), "{line}");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

/// A job of a home's journal: three deletions of which the first is an archiving, with a folder for copies.
fn some_job() -> tidyfy::storage::journal::NewJob {
    use tidyfy::storage::journal::{NewJob, NewStep};
    let at: jiff::Timestamp = "2026-03-01T09:30:00Z".parse().unwrap();
    let step = |name: &str| NewStep {
        kind: "tags",
        record: "5d0c".into(),
        name: name.into(),
        method: "DELETE",
        path: "/api/organizations/e0d1/tags/5d0c".into(),
        action: "delete",
        after: None,
        fields: r#"{"title":"a\u009bb"}"#.into(),
    };
    NewJob {
        base_url: "https://go.tallyfy.com/api".into(),
        organization: "e0d1".into(),
        organization_name: "Acme, Ltd".into(),
        action: "delete",
        person: Some("4711".into()),
        backups: Some("/copies/of job 1".into()),
        continues: None,
        reassignee: None,
        created: at,
        started: at,
        steps: vec![
            NewStep { action: "archive", ..step("=HYPERLINK(1)") },
            step("a\u{1b}[2Jb"),
            NewStep { after: Some(0), ..step("plain") },
        ],
    }
}

/// Keeps a job in the journal of a home: of one record the first of two steps is done, of another the one is refused.
fn keep_a_job(home: &Home) {
    use tidyfy::model::outcome::Outcome;
    use tidyfy::storage::journal::{JobEndState, Journal, JournalResult, StepEnd};
    let job = some_job();
    let at = job.created;
    let end = |step, outcome, reason: Option<&str>| {
        let reason = reason.map(str::to_owned);
        let kept = (outcome == Outcome::Done).then(|| {
            r#"[{"type":"Step","title":"Sign \u001b[1moff","id":"s1"},{"type":"Blueprint","title":"Leaver","id":"b1"}]"#
                .to_owned()
        });
        Some(StepEnd { step, at, outcome, reason, kept })
    };
    let answer = |step, status, words: Option<&str>| {
        let (took, words) = (std::time::Duration::from_millis(7), words.map(str::to_owned));
        JournalResult { step, attempt: 1, at, took, status: Some(status), request_id: None, words }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let log = Journal::new(&home.0.path().join("state/tidyfy")).begin(job).await.unwrap();
        log.sent(0, 1, at, Some("0001.json".into())).await.unwrap();
        log.answered(answer(0, 200, None), end(0, Outcome::Done, None)).await.unwrap();
        log.sent(1, 1, at, None).await.unwrap();
        let refused = end(1, Outcome::Refused, Some("not yours"));
        log.answered(answer(1, 403, Some("not yours")), refused).await.unwrap();
        log.end(at, JobEndState::Stopped, Some("the token was not accepted".into())).await.unwrap();
    });
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_journal_the_history_says_so() {
    let home = Home::new();
    assert!(stdout(&home.run(&["history"]).success()).starts_with("no job was ever kept here"));
    assert_eq!(stdout(&home.run(&["history", "--json"]).success()), "[]\n");
    assert!(stdout(&home.run(&["history", "--csv"]).success()).starts_with("job,started,"));
    let said = stderr(&home.run(&["history", "7"]).code(1).stdout(""));
    assert!(said.starts_with("error: there is no job `7`\nhint: "), "{said}");
    assert!(!home.0.path().join("state").exists(), "looking makes nothing");
}

#[cfg(target_os = "linux")]
#[test]
fn the_history_shows_jobs_and_steps() {
    let home = Home::new();
    keep_a_job(&home);
    let jobs = stdout(&home.run(&["history"]).success());
    for words in ["2026-03-01", "delete", "stopped", "1 refused, 1 waiting", "Acme, Ltd"] {
        assert!(jobs.contains(words), "{words}\n{jobs}");
    }
    let steps = stdout(&home.run(&["history", "1"]).success());
    for words in ["because the token was not accepted", "DELETE /api/organizations/e0d1/tags/5d0c", "403"] {
        assert!(steps.contains(words), "{words}\n{steps}");
    }
    assert!(steps.contains("not yours") && steps.contains("waiting") && !steps.contains('\u{1b}'), "{steps}");
    for words in [
        "\ncopies in /copies/of job 1\n",
        "  archive  DELETE /api",
        "  0001.json",
        "\n      references stripped: Step `Sign ␛[1moff`, Blueprint `Leaver`\n",
    ] {
        assert!(steps.contains(words), "{words}\n{steps}");
    }
    let some = stdout(&home.run(&["history", "1", "--outcome", "refused"]).success());
    assert!(some.contains("not yours") && !some.contains("HYPERLINK"), "{some}");
    for (narrowing, found) in [
        (["--since", "2026-03-03"], false),
        (["--since", "2026-02-27"], true),
        (["--action", "archive"], false),
        (["--kind", "tag"], true),
        (["--kind", "files"], false),
        (["--outcome", "already-gone"], false),
    ] {
        let page = stdout(&home.run(&[&["history"], &narrowing[..]].concat()).success());
        assert_eq!(page.contains("Acme"), found, "{narrowing:?}: {page}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_history_is_fit_for_programs() {
    let home = Home::new();
    keep_a_job(&home);
    let page = stdout(&home.run(&["history", "--csv"]).success());
    assert!(page.contains("\"1 refused, 1 waiting\",e0d1,\"Acme, Ltd\""), "{page}");
    let page = stdout(&home.run(&["history", "1", "--csv"]).success());
    assert_eq!(page.lines().count(), 4, "{page}");
    assert!(page.contains(",'=HYPERLINK(1),") && !page.contains('\u{1b}'), "{page}");
    let read = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&stdout(&home.run(arguments).success())).unwrap()
    };
    let jobs = read(&["history", "--json"]);
    assert_eq!(jobs[0]["outcomes"], serde_json::json!({"refused": 1}));
    assert_eq!(jobs[0]["started"], "2026-03-01T09:30:00Z");
    let job = read(&["history", "1", "--json"]);
    assert_eq!((&job["action"], &job["called"]), (&"delete".into(), &"delete".into()));
    assert_eq!((&job["state"], &job["steps"]), (&"stopped".into(), &3.into()));
    assert_eq!(job["plan"][1]["attempts"][0]["status"], 403);
    assert_eq!(job["plan"][2]["outcome"], serde_json::Value::Null);
    assert_eq!((&job["person"], &job["backups"]), (&"4711".into(), &"/copies/of job 1".into()));
    assert_eq!((&job["continues"], &job["sent"], &job["waiting"]), (&().into(), &0.into(), &1.into()));
    let first = &job["plan"][0];
    assert_eq!((&first["action"], &first["copy"]), (&"archive".into(), &"0001.json".into()));
    assert_eq!((&first["fields"]["title"], &first["kept"][1]["title"]), (&"ab".into(), &"Leaver".into()));
    assert_eq!((&job["plan"][2]["after"], &job["plan"][2]["action"]), (&1.into(), &"delete".into()));
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_done_to_people_is_called_so_for_programs_too() {
    let home = Home::new();
    let mut job = tidyfy::storage::journal::NewJob { action: "archive", ..some_job() };
    job.steps.iter_mut().for_each(|step| step.kind = "members");
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        drop(
            tidyfy::storage::journal::Journal::new(&home.0.path().join("state/tidyfy"))
                .begin(job)
                .await
                .unwrap(),
        );
    });
    let jobs: serde_json::Value =
        serde_json::from_str(&stdout(&home.run(&["history", "--json"]).success())).unwrap();
    let step: serde_json::Value =
        serde_json::from_str(&stdout(&home.run(&["history", "1", "--json"]).success())).unwrap();
    for told in [&jobs[0], &step["plan"][0]] {
        assert_eq!((&told["action"], &told["called"]), (&"archive".into(), &"disable".into()));
    }
    let page = stdout(&home.run(&["history", "--csv"]).success());
    assert!(page.lines().next().unwrap().ends_with(",called"), "{page}");
    assert!(page.lines().nth(1).unwrap().ends_with(",disable"), "{page}");
    let page = stdout(&home.run(&["history", "1", "--csv"]).success());
    assert!(page.lines().nth(1).unwrap().ends_with(",disable"), "{page}");
    let help = stdout(&home.run(&["history", "--help"]).success());
    assert!(help.contains("`called` is what the records"), "{help}");
}

#[cfg(target_os = "linux")]
#[test]
fn another_process_sees_a_job_run_and_end() {
    use tidyfy::storage::journal::{JobEndState, Journal};
    let home = Home::new();
    let state = |job: usize| {
        let page = stdout(&home.run(&["history", "--json"]).success());
        let jobs: serde_json::Value = serde_json::from_str(&page).unwrap();
        jobs[job]["state"].as_str().unwrap().to_owned()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let journal = Journal::new(&home.0.path().join("state/tidyfy"));
        let log = journal.begin(some_job()).await.unwrap();
        assert_eq!(state(0), "running");
        drop(log);
        assert_eq!(state(0), "unfinished", "as after a crash");
        let adopted = journal.adopt(1).await.unwrap().unwrap();
        assert_eq!(state(0), "running", "it is being settled");
        drop(adopted);
        let mut rest = some_job();
        rest.continues = Some(1);
        let log = journal.begin(rest).await.unwrap();
        assert_eq!((state(0).as_str(), state(1).as_str()), ("running", "continued"));
        log.end(jiff::Timestamp::UNIX_EPOCH, JobEndState::Dropped, None).await.unwrap();
        assert_eq!(state(0), "dropped");
    });
    let page = stdout(&home.run(&["history", "2"]).success());
    assert!(page.contains("\nit took over the rest of job 1\n"), "{page}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_damaged_journal_is_told_and_kept() {
    let home = Home::new();
    let directory = home.0.path().join("state/tidyfy");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("journal.sqlite3"), "nonsense ".repeat(999)).unwrap();
    let said = stderr(&home.run(&["history"]).code(1).stdout(""));
    assert!(said.contains("is damaged\nhint: the file is kept as it is"), "{said}");
    let kept = std::fs::read_to_string(directory.join("journal.sqlite3")).unwrap();
    assert_eq!(kept, "nonsense ".repeat(999));
}

#[test]
fn the_history_takes_no_flag_that_cancel_nothing_to_it() {
    let home = Home::new();
    for arguments in [&["history", "--org", ORG][..], &["history", "--read-only"]] {
        let said = stderr(&home.run(arguments).code(2).stdout(""));
        assert!(said.starts_with("error: `history` takes no `--"), "{said}");
    }
    let said = stderr(&home.run(&["history", "--kind", "wombats"]).code(2).stdout(""));
    assert!(said.contains("`wombats` is not a kind"), "{said}");
    for arguments in [&["history", "--json", "--csv"][..], &["history", "--since", "soon"], &["history", "x"]]
    {
        home.run(arguments).code(2).stdout("");
    }
}

/// A disk without room is not a failure of the program's own, which would be told with its place in the source.
#[cfg(target_os = "linux")]
#[test]
fn a_page_that_cannot_be_written_says_why_and_what_to_do() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = std::process::Command::new(BINARY);
    command.env_clear().envs(Home::new().variables()).arg("man").stdout(full);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.starts_with("error: could not write to standard output: ") && said.contains("\nhint: "),
        "{said}"
    );
    assert!(!said.contains("Location"), "{said}");
}
