//! What is at the paths of the journal: other files, files that were removed, journals of another schema.

use std::os::unix::fs::{MetadataExt, symlink};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;
use crate::storage::files::UnsafeFile;

const PATHS: [&str; 7] = [
    FILE,
    "journal.sqlite3-wal",
    "journal.sqlite3-shm",
    "jobs/opening.lock",
    "jobs/writing.lock",
    "jobs/looking.lock",
    "jobs/1.lock",
];

/// Plants something at a path, and answers why it must be refused.
fn plant(what: &str, at: &Path, elsewhere: &Path) -> UnsafeFile {
    match what {
        "link" => {
            symlink(elsewhere, at).unwrap();
            UnsafeFile::Link
        }
        "dangling" => {
            symlink("/nowhere/at/all", at).unwrap();
            UnsafeFile::Link
        }
        "pipe" => {
            mknodat(CWD, at, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
            UnsafeFile::Special
        }
        "directory" => {
            fs::create_dir(at).unwrap();
            UnsafeFile::Directory
        }
        "second name" => {
            fs::hard_link(elsewhere, at).unwrap();
            UnsafeFile::SecondName
        }
        _ => panic!("{what}"),
    }
}

#[tokio::test]
async fn what_is_planted_at_a_path_is_refused_and_left_alone() {
    for path in PATHS {
        for what in ["link", "dangling", "pipe", "directory", "second name"] {
            let directory = tempfile::tempdir().unwrap();
            let state = directory.path().join("state");
            fs::create_dir_all(state.join("jobs")).unwrap();
            let elsewhere = directory.path().join("elsewhere");
            fs::write(&elsewhere, "somebody else's").unwrap();
            let before = fs::metadata(&elsewhere).unwrap();
            if path != FILE && path.starts_with(FILE) {
                // The log of a journal that is not there is a matter of its own.
                drop(Connection::open(state.join(FILE)).unwrap());
                fs::write(state.join(FILE), "").unwrap();
            }
            let refusal = plant(what, &state.join(path), &elsewhere);
            for _ in 0..2 {
                let why = Journal::new(&state).begin(plan(1)).await.unwrap_err();
                let named = JournalError::Place {
                    path: state.join(path).display().to_string(),
                    why: refusal.to_string(),
                    refusal: Some(refusal),
                };
                assert_eq!(why, named, "{what} at {path}");
                assert_eq!(why.hint(), refusal.hint());
            }
            drop(History::open(&state));
            let after = fs::metadata(&elsewhere).unwrap();
            assert_eq!((before.mode(), before.len()), (after.mode(), after.len()), "{what} at {path}");
        }
    }
}

#[tokio::test]
async fn a_link_in_the_place_of_the_lock_folder_is_not_followed() {
    let directory = tempfile::tempdir().unwrap();
    let (state, elsewhere) = (directory.path().join("state"), directory.path().join("elsewhere"));
    fs::create_dir_all(&state).unwrap();
    fs::create_dir_all(&elsewhere).unwrap();
    symlink(&elsewhere, state.join("jobs")).unwrap();
    let why = Journal::new(&state).begin(plan(1)).await.unwrap_err();
    assert!(matches!(why, JournalError::Place { refusal: Some(UnsafeFile::Link), .. }), "{why}");
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[tokio::test]
async fn a_state_directory_may_itself_be_a_link() {
    let directory = tempfile::tempdir().unwrap();
    let (state, real) = (directory.path().join("state"), directory.path().join("real"));
    fs::create_dir(&real).unwrap();
    symlink(&real, &state).unwrap();
    let log = Journal::new(&state).begin(plan(1)).await.unwrap();
    log.sent(0, 1, AT, None).await.unwrap();
    assert!(real.join(FILE).exists());
}

#[tokio::test]
async fn a_journal_that_is_removed_or_replaced_takes_nothing_more() {
    for path in ["journal.sqlite3", "journal.sqlite3-wal", "journal.sqlite3-shm"] {
        for replaced in [false, true] {
            let (directory, journal) = place();
            let log = journal.begin(plan(2)).await.unwrap();
            log.sent(0, 1, AT, None).await.unwrap();
            let file = directory.path().join(path);
            let bytes = fs::read(&file).unwrap();
            fs::remove_file(&file).unwrap();
            if replaced {
                fs::write(&file, bytes).unwrap();
            }
            let why = log.sent(1, 1, AT, None).await.unwrap_err();
            assert!(matches!(why, JournalError::Replaced { .. }), "{path}: {why}");
            assert!(log.ended(vec![end(0, Outcome::Done)]).await.is_err());
        }
    }
}

#[tokio::test]
async fn a_job_after_the_journal_was_moved_begins_in_the_file_that_is_read_later() {
    let (directory, journal) = place();
    journal.begin(plan(1)).await.unwrap().end(AT, JobEndState::Finished, None).await.unwrap();
    let away = tempfile::tempdir().unwrap();
    for beside in ["", "-wal", "-shm"] {
        let name = format!("{FILE}{beside}");
        fs::rename(directory.path().join(&name), away.path().join(&name)).unwrap();
    }
    let log = journal.begin(plan(2)).await.unwrap();
    log.sent(0, 1, AT, None).await.unwrap();
    assert_eq!((jobs(&directory).len(), jobs(&directory)[0].steps), (1, 2));
    let kept = Connection::open(away.path().join(FILE)).unwrap();
    assert_eq!(kept.query_row("SELECT steps FROM jobs", [], |row| row.get::<_, i64>(0)).unwrap(), 1);
}

#[tokio::test]
async fn a_log_without_its_journal_is_kept_and_nothing_is_sent() {
    let (directory, journal) = place();
    let log = journal.begin(plan(2)).await.unwrap();
    fs::remove_file(directory.path().join(FILE)).unwrap();
    assert!(matches!(History::open(directory.path()), Err(JournalError::Damaged { .. })));
    drop(log);
    while !matches!(journal.begin(plan(1)).await, Err(JournalError::PutAside { .. })) {
        tokio::task::yield_now().await;
    }
    let names = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let is_log = |name: std::ffi::OsString| name.to_string_lossy().ends_with(".sqlite3-wal");
    assert!(names.into_iter().any(is_log));
    journal.begin(plan(1)).await.unwrap();
}

/// Writes a journal as an unreleased version did.
fn earlier(directory: &TempDir, ended: &str) {
    let connection = Connection::open(directory.path().join(FILE)).unwrap();
    connection.execute_batch("CREATE TABLE jobs (id INTEGER PRIMARY KEY, ended INTEGER)").unwrap();
    connection.execute(&format!("INSERT INTO jobs (ended) VALUES ({ended})"), []).unwrap();
    connection.pragma_update(None, "user_version", 3).unwrap();
}

fn old(directory: &TempDir) -> Vec<(String, u64)> {
    read(directory).old_journals().unwrap()
}

#[tokio::test]
async fn a_journal_of_another_schema_is_kept_and_named_until_it_is_acknowledged() {
    let (directory, journal) = place();
    earlier(&directory, "1");
    let name = format!("journal-old-{}.sqlite3", Timestamp::now().strftime("%Y-%m-%d"));
    assert_eq!(old(&directory), [(name.clone(), 0)]);
    assert!(directory.path().join(&name).exists());
    drop(journal.begin(plan(1)).await.unwrap());
    journal.acknowledge(name).await.unwrap();
    assert_eq!(old(&directory), []);
}

#[tokio::test]
async fn an_unfinished_job_of_another_schema_keeps_everything_from_being_sent() {
    let (directory, journal) = place();
    earlier(&directory, "NULL");
    let why = journal.begin(plan(1)).await.unwrap_err();
    let JournalError::Unacknowledged { file } = &why else { panic!("{why}") };
    assert_eq!((jobs(&directory).len(), old(&directory)), (0, vec![(file.clone(), 1)]));
    assert!(Journal::new(directory.path()).begin(plan(1)).await.is_err(), "nor by another start");
    journal.acknowledge(file.clone()).await.unwrap();
    journal.begin(plan(1)).await.unwrap();
}
