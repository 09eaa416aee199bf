//! `tidyfy history verify`, damaged entries, and what is planted in the place of state files.

use std::os::unix::fs::symlink;
use std::time::Duration;

use rusqlite::Connection;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::Value;
use tidyfy::storage::journal::{FILE, Journal};

use super::*;

/// A home with two unfinished jobs in its journal.
fn lived_in() -> (Home, PathBuf) {
    let home = Home::new();
    let state = home.0.path().join("state/tidyfy");
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        for _ in 0..2 {
            drop(Journal::new(&state).begin(some_job()).await.unwrap());
        }
    });
    (home, state)
}

fn change(state: &Path, sql: &str) {
    Connection::open(state.join(FILE)).unwrap().execute(sql, []).unwrap();
}

#[test]
fn a_whole_journal_is_verified_and_a_broken_entry_is_named() {
    let home = Home::new();
    assert_eq!(stdout(&home.run(&["history", "verify"]).success()), "there is no journal yet\n");
    let (home, state) = lived_in();
    assert_eq!(stdout(&home.run(&["history", "verify"]).success()), "the journal is whole: 10 entries\n");
    let whole: Value =
        serde_json::from_str(&stdout(&home.run(&["history", "verify", "--json"]).success())).unwrap();
    assert_eq!((&whole["whole"], &whole["entries"]), (&true.into(), &10.into()));

    change(&state, "UPDATE steps SET name = 'another' WHERE job = 2 AND n = 0");
    let said = stderr(&home.run(&["history", "verify"]).code(1).stdout(""));
    let named = "error: the journal is damaged: entry 8 (job 2, step 1, step): its row was changed\n";
    assert!(said.starts_with(named) && said.contains("hint: "), "{said}");
    let broken: Value =
        serde_json::from_str(&stdout(&home.run(&["history", "verify", "--json"]).code(1))).unwrap();
    assert_eq!((&broken["whole"], &broken["broken"][0]["entry"]), (&false.into(), &8.into()));
    let page = stdout(&home.run(&["doctor"]).code(3));
    assert!(page.contains("FAIL    journal") && page.contains("entry 8 (job 2, step 1, step)"), "{page}");
}

#[test]
fn a_damaged_entry_is_skipped_and_counted_in_each_format() {
    let (home, state) = lived_in();
    change(&state, "UPDATE jobs SET created = 9000000000000000000 WHERE id = 1");
    for format in [&[][..], &["--json"], &["--csv"]] {
        let arguments = [&["history"], format].concat();
        let assert = home.run(&arguments).success();
        assert!(stderr(&assert).starts_with("warning: 1 damaged entry skipped\n"), "{arguments:?}");
        assert!(stdout(&assert).contains("Acme, Ltd"), "the other job is there");
    }
    let said = stderr(&home.run(&["history", "1"]).code(1).stdout(""));
    assert!(said.starts_with("error: could not read job `1`: its entry in the journal is damaged"), "{said}");
    change(&state, "UPDATE steps SET name = CAST(x'ff' AS TEXT) WHERE job = 2");
    let said = stderr(&home.run(&["history", "2"]).success());
    assert!(said.contains("damaged entr") && said.contains("hint: `tidyfy history verify`"), "{said}");
}

/// Plants something where a file of the state directory is expected.
fn plant(what: &str, at: &Path, elsewhere: &Path) {
    drop(std::fs::remove_file(at));
    match what {
        "link" => symlink(elsewhere, at).unwrap(),
        "pipe" => mknodat(CWD, at, FileType::Fifo, Mode::from_raw_mode(0o666), 0).unwrap(),
        _ => std::fs::create_dir(at).unwrap(),
    }
}

#[test]
fn what_is_planted_in_the_journals_place_is_named_and_not_followed() {
    for path in [FILE, "journal.sqlite3-wal", "jobs/opening.lock", "jobs/writing.lock"] {
        for (what, words) in
            [("link", "it is a symbolic link"), ("pipe", "it is a pipe"), ("directory", "it is a directory")]
        {
            let (home, state) = lived_in();
            let elsewhere = home.0.path().join("elsewhere");
            std::fs::write(&elsewhere, "somebody else's").unwrap();
            plant(what, &state.join(path), &elsewhere);
            for arguments in [&["history"][..], &["history", "verify"], &["history", "--json"]] {
                let assert = home.command().args(arguments).timeout(Duration::from_secs(20)).assert().code(1);
                let said = stderr(&assert);
                assert!(said.contains(words) && said.contains("hint: "), "{what} at {path}: {said}");
            }
            assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), "somebody else's");
        }
    }
}
