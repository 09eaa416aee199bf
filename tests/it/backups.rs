//! `tidyfy backups` from outside: what it prints, how it ends, and what it leaves alone.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;

use assert_cmd::Command;
use bytes::Bytes;
use jiff::{Timestamp, Zoned};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use tempfile::TempDir;
use tidyfy::storage::backups::{BackupItem, Backups, FILES_UNKNOWN};

const BINARY: &str = env!("CARGO_BIN_EXE_tidyfy");
const LONG_AGO: &str = "2024-02-29T10:00:00Z";

/// A home directory with copies in it.
struct Home(TempDir);

impl Home {
    /// A job of long ago with two processes and a file, and one of today with a tag.
    async fn with_copies() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.keep(3, LONG_AGO.parse().unwrap(), &[("processes", "0a"), ("processes", "0b"), ("files", "0f")])
            .await;
        home.keep(12, Timestamp::now(), &[("tags", "0c")]).await;
        home
    }

    async fn keep(&self, job: i64, at: Timestamp, records: &[(&'static str, &str)]) {
        let folder = Backups::new(self.copies(), 0).folder(job, at);
        for (kind, id) in records {
            let item = BackupItem { kind, id: (*id).to_owned(), name: "\u{1b}[31mred".to_owned() };
            folder.keep_record(&item, format!("{{\"id\":\"{id}\"}}").into_bytes(), &[]).await.unwrap();
            if *kind == "files" {
                let mut incoming = folder.begin_bytes(&item, None, None).await.unwrap();
                incoming.write(Bytes::from(vec![0; 2_000_000])).await.unwrap();
                incoming.finish().await.unwrap();
            }
        }
    }

    /// Where copies lie when nothing else is said.
    fn copies(&self) -> PathBuf {
        self.0.path().join("state/tidyfy/backups")
    }

    fn folder(&self, job: i64) -> PathBuf {
        let start = format!("job-{job}-");
        let named = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(&start);
        fs::read_dir(self.copies()).unwrap().map(|entry| entry.unwrap().path()).find(named).unwrap()
    }

    fn holds(&self, job: i64) -> bool {
        let start = format!("job-{job}-");
        let entries = fs::read_dir(self.copies()).unwrap();
        entries.into_iter().any(|entry| entry.unwrap().file_name().to_str().unwrap().starts_with(&start))
    }

    fn variables(&self) -> [(&'static str, PathBuf); 4] {
        let below = |name: &str| self.0.path().join(name);
        [
            ("HOME", below("")),
            ("XDG_CONFIG_HOME", below("config")),
            ("XDG_STATE_HOME", below("state")),
            ("TZ", "UTC".into()),
        ]
    }

    /// Exit code, standard output, standard error.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(BINARY);
        let output =
            command.env_clear().envs(self.variables()).arg("backups").args(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// Runs `backups purge` in a terminal and answers its question; gives the exit code and what was printed.
    fn purge_at_a_terminal(&self, answer: &[u8]) -> (u32, String) {
        let pair =
            native_pty_system().openpty(PtySize { rows: 24, cols: 250, ..PtySize::default() }).unwrap();
        let mut command = CommandBuilder::new(BINARY);
        command.env_clear();
        self.variables().iter().for_each(|(name, value)| command.env(name, value));
        command.args(["backups", "purge", "--older", "90d"]);
        let mut child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let (mut reader, mut writer) =
            (pair.master.try_clone_reader().unwrap(), pair.master.take_writer().unwrap());
        let (mut said, mut buffer, mut asked) = (Vec::new(), [0; 4096], false);
        // Linux answers the end of a terminal's other side with an error; what came before it counts.
        while let Ok(n @ 1..) = reader.read(&mut buffer) {
            said.extend_from_slice(&buffer[..n]);
            if !asked && String::from_utf8_lossy(&said).contains("Enter keeps: ") {
                asked = true;
                writer.write_all(answer).unwrap();
            }
        }
        (child.wait().unwrap().exit_code(), String::from_utf8_lossy(&said).into_owned())
    }
}

#[test]
fn without_copies_it_says_so() {
    let home = Home(tempfile::tempdir().unwrap());
    let none = format!("there are no copies in `{}`\n", home.copies().display());
    assert_eq!(home.run(&["list"]), (0, none.clone(), String::new()));
    assert_eq!(home.run(&["verify"]), (0, none, String::new()));
    assert_eq!(home.run(&["list", "--json"]), (0, "[]\n".to_owned(), String::new()));
    let (code, said, _) = home.run(&["purge", "--older", "90d"]);
    assert!(code == 0 && said.starts_with("no copies are older than 20"), "{said}");
    assert!(!home.0.path().join("state").exists(), "looking made something");
}

#[tokio::test]
async fn the_list_says_what_is_held_where() {
    let home = Home::with_copies().await;
    let (code, said, _) = home.run(&["list"]);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!((code, lines.len()), (0, 3), "{said}");
    assert!(lines[0].starts_with("job  when              holds "), "{said}");
    let old = format!("3    2024-02-29 10:00  2 processes, 1 file  2.0 MB  {}", home.folder(3).display());
    assert_eq!(lines[1], old);
    assert!(lines[2].starts_with("12   ") && lines[2].contains("  1 tag "), "{said}");

    let (_, page, _) = home.run(&["list", "--json"]);
    let page: serde_json::Value = serde_json::from_str(&page).unwrap();
    assert_eq!((&page[0]["job"], &page[0]["at"]), (&3.into(), &LONG_AGO.into()));
    assert_eq!(page[0]["records"], serde_json::json!({ "processes": 2, "files": 1 }));
    assert_eq!((&page[0]["files_with_bytes"], &page[0]["bytes"]), (&1.into(), &2_000_033.into()));
    assert_eq!(page[0]["folder"], home.folder(3).to_str().unwrap());
}

#[tokio::test]
async fn attached_files_are_listed_and_verified_with_their_record() {
    let home = Home(tempfile::tempdir().unwrap());
    let folder = Backups::new(home.copies(), 0).folder(3, LONG_AGO.parse().unwrap());
    let run = BackupItem { kind: "processes", id: "0a".to_owned(), name: "Onboarding".to_owned() };
    let file = BackupItem { kind: "files", id: "0f".to_owned(), name: "a.pdf".to_owned() };
    let mut incoming = folder.begin_bytes(&file, Some(&run), None).await.unwrap();
    incoming.write(Bytes::from_static(b"%PDF")).await.unwrap();
    incoming.finish().await.unwrap();
    folder.keep_record(&run, b"{}".to_vec(), &[FILES_UNKNOWN.to_owned()]).await.unwrap();
    let (code, said, _) = home.run(&["list"]);
    assert!(code == 0 && said.contains("1 process, 1 file (files: unknown for 1 record)  6 B"), "{said}");
    let (_, page, _) = home.run(&["list", "--json"]);
    let page: serde_json::Value = serde_json::from_str(&page).unwrap();
    assert_eq!(page[0]["records"], serde_json::json!({ "processes": 1, "files": 1 }));
    assert_eq!((&page[0]["files_with_bytes"], &page[0]["files_unknown"]), (&1.into(), &1.into()));
    assert_eq!(home.run(&["verify"]).1, "job 3: 1 process, 1 file as they were kept\n");
    fs::write(home.folder(3).join("processes/0a/0f-a.pdf"), "%PDX").unwrap();
    let (code, said, _) = home.run(&["verify"]);
    assert_eq!(
        (code, said.as_str()),
        (1, "job 3: `processes/0a/0f-a.pdf` has changed: its hash is another\n")
    );
}

#[tokio::test]
async fn the_config_says_where_copies_are() {
    let home = Home::with_copies().await;
    let elsewhere = home.0.path().join("elsewhere");
    fs::rename(home.copies(), &elsewhere).unwrap();
    let config = home.0.path().join("some.toml");
    fs::write(&config, format!("backups = {:?}\n", elsewhere.to_str().unwrap())).unwrap();
    let config = config.to_str().unwrap();
    let (code, said, _) = home.run(&["list", "--config", config]);
    assert!(code == 0 && said.contains(elsewhere.to_str().unwrap()) && said.lines().count() == 3, "{said}");
    assert!(home.run(&["list"]).1.starts_with("there are no copies in"));
    fs::write(config, "backups = '~/copies'\n").unwrap();
    let (code, _, said) = home.run(&["list", "--config", config]);
    assert!(code == 2 && said.contains("line 1: `backups`: `~/copies` is not a whole path"), "{said}");
    let (code, _, said) = home.run(&["list", "--org", "x"]);
    assert!(code == 2 && said.starts_with("error: `backups` takes no `--org`"), "{said}");
}

#[tokio::test]
async fn purge_removes_only_what_is_old_and_its_own() {
    let home = Home::with_copies().await;
    let link = home.copies().join("job-4-20200101T000000Z");
    for other in ["notes", "job-5-20200101T000000Z", "job-6"] {
        fs::create_dir(home.copies().join(other)).unwrap();
        fs::write(home.copies().join(other).join("mine.txt"), "").unwrap();
    }
    let outside = home.0.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("index.jsonl"), "").unwrap();
    std::os::unix::fs::symlink(&outside, &link).unwrap();

    let (code, said, wrong) = home.run(&["purge", "--older", "90d", "--yes"]);
    assert_eq!((code, wrong.as_str()), (0, ""));
    assert!(said.contains("\n3    2024-02-29 10:00  2 processes, 1 file"), "{said}");
    assert!(said.ends_with("\nremoved the copies of 1 job: 2.0 MB\n") && !said.contains("job-12-"), "{said}");
    assert!(!home.holds(3) && home.holds(12));
    assert!(link.is_symlink() && outside.join("index.jsonl").exists());
    for other in ["notes", "job-5-20200101T000000Z", "job-6"] {
        assert!(home.copies().join(other).join("mine.txt").exists(), "{other}");
    }
    let (code, said, _) = home.run(&["purge", "--older", "90d", "--yes"]);
    assert!(code == 0 && said.starts_with("no copies are older than"), "{said}");
}

#[tokio::test]
async fn without_a_terminal_nobody_can_agree() {
    let home = Home::with_copies().await;
    let (code, said, wrong) = home.run(&["purge", "--older", "12w"]);
    assert!(code == 2 && said.contains("\n3    2024-02-29"), "{said}");
    assert!(
        wrong.starts_with("error: nothing was removed: there is no terminal to ask at\nhint: add `--yes`"),
        "{wrong}"
    );
    assert!(home.holds(3));
}

#[tokio::test]
async fn at_a_terminal_only_y_removes() {
    let home = Home::with_copies().await;
    for answer in [&b"\r"[..], b"n\r", b"yy\r", b"\x04"] {
        let (code, said) = home.purge_at_a_terminal(answer);
        assert!(code == 0 && said.contains("nothing was removed") && home.holds(3), "{said}");
    }
    let (code, said) = home.purge_at_a_terminal(b"y\r");
    assert!(code == 0 && said.contains("removed the copies of 1 job: 2.0 MB") && !home.holds(3), "{said}");
    assert!(home.holds(12));
}

#[tokio::test]
async fn an_age_that_is_none_is_a_usage_error() {
    let home = Home::with_copies().await;
    for age in ["", "soon", "90", "0d", "-1d", "99999y"] {
        let (code, said, wrong) = home.run(&["purge", "--yes", &format!("--older={age}")]);
        let told = format!("`{age}` is not a valid age\nhint: ");
        assert!(
            code == 2 && said.is_empty() && wrong.contains("--older") && wrong.contains(&told),
            "{age}: {wrong}"
        );
    }
    assert_eq!(home.run(&["purge", "--yes"]).0, 2);
    assert!(home.holds(3) && home.holds(12));
}

#[tokio::test]
async fn ages_are_read_in_hours_and_months_too() {
    let home = Home(tempfile::tempdir().unwrap());
    let ago = |hours| Zoned::now().timestamp() - jiff::SignedDuration::from_hours(hours);
    home.keep(1, ago(200 * 24), &[("tags", "0a")]).await;
    home.keep(2, ago(25), &[("tags", "0a")]).await;
    home.keep(3, ago(23), &[("tags", "0a")]).await;
    assert_eq!(home.run(&["purge", "--older", "7m", "--yes"]).0, 0);
    assert_eq!([1, 2, 3].map(|job| home.holds(job)), [true, true, true], "`m` is months");
    assert_eq!(home.run(&["purge", "--older", "6mo", "--yes"]).0, 0);
    assert_eq!([1, 2, 3].map(|job| home.holds(job)), [false, true, true]);
    assert_eq!(home.run(&["purge", "--older", "24h", "--yes"]).0, 0);
    assert_eq!([2, 3].map(|job| home.holds(job)), [false, true]);
}

#[tokio::test]
async fn copies_in_use_are_left_and_named() {
    let home = Home::with_copies().await;
    let used = Backups::new(home.copies(), 0).folder(5, LONG_AGO.parse().unwrap());
    let item = BackupItem { kind: "tags", id: "0a".to_owned(), name: String::new() };
    used.keep_record(&item, b"{}".to_vec(), &[]).await.unwrap();
    let (code, said, wrong) = home.run(&["purge", "--older", "90d", "--yes"]);
    assert!(code == 1 && said.ends_with("removed the copies of 1 job: 2.0 MB\n"), "{said}");
    let named = format!("error: the copies in `{}` are in use\nhint: ", used.path().display());
    assert!(wrong.starts_with(&named), "{wrong}");
    assert!(!home.holds(3) && home.holds(5));
    drop(used);
    assert_eq!(home.run(&["purge", "--older", "90d", "--yes"]).0, 0);
    assert!(!home.holds(5));
}

#[tokio::test]
async fn verify_names_what_has_changed() {
    let home = Home::with_copies().await;
    let whole = "job 3: 2 processes, 1 file as they were kept\njob 12: 1 tag as they were kept\n";
    assert_eq!(home.run(&["verify"]), (0, whole.to_owned(), String::new()));
    fs::write(home.folder(3).join("processes/0a.json"), "{\"id\":\"0x\"}").unwrap();
    let (code, said, wrong) = home.run(&["verify"]);
    assert_eq!(code, 1);
    let changed =
        "job 3: `processes/0a.json` has changed: its hash is another\njob 12: 1 tag as they were kept\n";
    assert_eq!(said, changed);
    assert!(wrong.starts_with("error: 1 copy is not what was kept\nhint: "), "{wrong}");
    assert_eq!(home.run(&["verify", "12"]).0, 0);
    assert_eq!(home.run(&["verify", "3"]).0, 1);
    let (code, _, wrong) = home.run(&["verify", "4"]);
    assert!(code == 1 && wrong.starts_with("error: there are no copies of job `4`\nhint: "), "{wrong}");
}

#[test]
fn what_is_no_directory_is_told() {
    let home = Home(tempfile::tempdir().unwrap());
    fs::create_dir_all(home.copies().parent().unwrap()).unwrap();
    fs::write(home.copies(), "").unwrap();
    let (code, said, wrong) = home.run(&["list"]);
    assert!(code == 1 && said.is_empty(), "{said}");
    let told = format!(
        "error: the copies could not be read: `{}`: it is not a directory\nhint: ",
        home.copies().display()
    );
    assert!(wrong.starts_with(&told), "{wrong}");
}

#[test]
fn the_help_and_the_pages_know_it() {
    let home = Home(tempfile::tempdir().unwrap());
    let help = home.run(&["--help"]).1;
    for word in ["list", "purge", "verify"] {
        assert!(help.contains(word), "{word}\n{help}");
    }
    let mut command = Command::new(BINARY);
    let page = command.env_clear().envs(home.variables()).args(["completions", "bash"]).output().unwrap();
    assert!(String::from_utf8(page.stdout).unwrap().contains("backups"));
}
