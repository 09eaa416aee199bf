//! A journal that cannot be used: what is said, and what becomes of the file.

use super::*;
use crate::storage::journal::open;
use crate::storage::journal::open::OpenJournal;

/// Waits until nobody in this process has the journal open for jobs.
async fn closed(directory: &TempDir) {
    let writing = fs::File::open(directory.path().join("jobs/writing.lock")).unwrap();
    while writing.try_lock().is_err() {
        tokio::task::yield_now().await;
    }
}

/// Overwrites the second half of the file, as a failing disk would.
fn damage(directory: &TempDir) {
    let file = directory.path().join(FILE);
    let connection = Connection::open(&file).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0xa5);
    fs::write(&file, &bytes).unwrap();
}

/// The names of what was put aside.
fn aside(directory: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.starts_with("journal-damaged-"));
    names.sort();
    names
}

#[tokio::test]
async fn a_file_that_is_no_journal_is_put_aside_and_the_next_job_begins_a_new_one() {
    let (directory, journal) = place();
    let file = directory.path().join(FILE);
    let nonsense = "not a database, whatever its name says. ".repeat(200);
    fs::write(&file, &nonsense).unwrap();
    fs::write(directory.path().join("journal.sqlite3-wal"), "nor is this a log").unwrap();
    assert!(matches!(History::open(directory.path()), Err(JournalError::Damaged { .. })));
    assert_eq!((fs::read_to_string(&file).unwrap(), aside(&directory).len()), (nonsense.clone(), 0));

    let why = journal.begin(plan(1)).await.unwrap_err();
    let kept = aside(&directory);
    let log = format!("{}-wal", kept[0]);
    assert!(kept[0].ends_with("Z.sqlite3") && kept.contains(&log), "{kept:?}");
    let (file, whole) = (file.display(), directory.path().join(&kept[0]));
    let said =
        format!("the journal `{file}` is damaged: it was kept as `{}`; nothing was sent", whole.display());
    assert_eq!((why.to_string(), why.hint()), (said, "the next job begins a new journal"));
    assert_eq!(fs::read_to_string(whole).unwrap(), nonsense);
    assert_eq!(fs::read_to_string(directory.path().join(log)).unwrap(), "nor is this a log");

    journal.begin(plan(1)).await.unwrap();
    assert_eq!(jobs(&directory).len(), 1, "only the new one");
}

#[tokio::test]
async fn a_journal_with_a_hole_in_it_is_found_out_before_anything_is_sent() {
    let (directory, journal) = place();
    journal.begin(plan(500)).await.unwrap().end(AT, JobEndState::Finished, None).await.unwrap();
    drop(journal);
    closed(&directory).await;
    damage(&directory);
    let why = Journal::new(directory.path()).begin(plan(1)).await.unwrap_err();
    assert!(matches!(why, JournalError::PutAside { .. }), "{why}");
}

/// Flips the lowest bit of a byte.
fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// A journal with a job that is not over, as a killed program leaves it: all of it in the log.
async fn killed() -> TempDir {
    let (alive, journal) = place();
    let log = journal.begin(plan(3)).await.unwrap();
    let left = tempfile::tempdir().unwrap();
    for beside in ["", "-wal"] {
        let name = format!("{FILE}{beside}");
        fs::copy(alive.path().join(&name), left.path().join(&name)).unwrap();
    }
    drop(log);
    left
}

#[tokio::test]
async fn marks_of_the_file_that_are_damaged_are_damage_and_no_other_schema() {
    for at in [63, 68, 71] {
        let (directory, journal) = place();
        drop(journal.begin(plan(1)).await.unwrap());
        drop(journal);
        closed(&directory).await;
        let file = directory.path().join(FILE);
        let connection = Connection::open(&file).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(connection);
        flip(&file, at);
        let before = fs::read(&file).unwrap();
        let why = History::open(directory.path()).unwrap_err();
        assert!(matches!(why, JournalError::Damaged { .. } | JournalError::Newer { .. }), "{at}: {why:?}");
        assert_eq!(fs::read(&file).unwrap(), before, "looking changes nothing");
    }
}

#[tokio::test]
async fn log_that_is_damaged_or_lost_its_file_is_never_dropped_in_silence() {
    for harm in ["flip", "empty"] {
        let left = killed().await;
        let log = left.path().join(format!("{FILE}-wal"));
        match harm {
            "flip" => flip(&log, 3000),
            _ => fs::write(left.path().join(FILE), "").unwrap(),
        }
        let before = fs::read(&log).unwrap();
        let why = History::open(left.path()).unwrap_err();
        assert!(matches!(why, JournalError::Damaged { .. }), "{harm}: {why:?}");
        assert_eq!(fs::read(&log).unwrap(), before, "{harm}");
        let why = Journal::new(left.path()).begin(plan(1)).await.unwrap_err();
        assert!(matches!(why, JournalError::PutAside { .. }), "{harm}: {why:?}");
    }
}

#[tokio::test]
async fn what_is_put_aside_takes_the_place_of_nothing() {
    let (directory, journal) = place();
    for _ in 0..3 {
        fs::write(directory.path().join(FILE), "nonsense ".repeat(999)).unwrap();
        let why = journal.begin(plan(1)).await.unwrap_err();
        assert!(matches!(why, JournalError::PutAside { .. }), "{why}");
    }
    assert_eq!(aside(&directory).len(), 3);
}

#[tokio::test]
async fn a_damaged_journal_that_somebody_is_at_stays_where_it_is() {
    let (directory, journal) = place();
    let log = journal.begin(plan(500)).await.unwrap();
    damage(&directory);
    let other = Journal::new(directory.path());
    for who in [&other, &journal] {
        let why = who.begin(plan(1)).await.unwrap_err();
        assert!(matches!(why, JournalError::Damaged { .. }), "{why}");
    }
    assert_eq!(aside(&directory), [""; 0]);
    drop(log);
    closed(&directory).await;
    let why = journal.begin(plan(1)).await.unwrap_err();
    assert!(matches!(why, JournalError::PutAside { .. }), "{why}");
}

#[tokio::test]
async fn a_damaged_journal_stays_while_a_job_is_locked_by_whomever() {
    let (directory, journal) = place();
    fs::write(directory.path().join(FILE), "nonsense ".repeat(999)).unwrap();
    fs::create_dir(directory.path().join("jobs")).unwrap();
    let lock = fs::File::create(directory.path().join("jobs/7.lock")).unwrap();
    lock.lock().unwrap();
    let why = journal.begin(plan(1)).await.unwrap_err();
    assert!(matches!(why, JournalError::Damaged { .. }), "{why}");
    drop(lock);
    let why = journal.begin(plan(1)).await.unwrap_err();
    assert!(matches!(why, JournalError::PutAside { .. }), "{why}");
}

#[tokio::test]
async fn a_journal_of_a_newer_tidyfy_is_not_touched() {
    let (directory, journal) = place();
    drop(journal.begin(plan(1)).await.unwrap());
    let connection = Connection::open(directory.path().join(FILE)).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    let why = Journal::new(directory.path()).begin(plan(1)).await.unwrap_err();
    assert!(matches!(why, JournalError::Newer { found: 99, .. }), "{why}");
    let jobs: i64 = connection.query_row("SELECT count(*) FROM jobs", [], |row| row.get(0)).unwrap();
    assert_eq!(jobs, 1);
}

/// A journal whose file cannot grow by more than `pages`: SQLite itself says that it is full.
fn cramped(directory: &TempDir, pages: i64) -> Journal {
    let OpenJournal { connection, .. } = &open::to_write(directory.path()).unwrap();
    let size: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let opened = open::to_write(directory.path()).unwrap();
    opened
        .connection
        .query_row(&format!("PRAGMA max_page_count = {}", size + pages), [], |_| Ok(()))
        .unwrap();
    let identity = opened.identity.clone();
    let orders = writer::start(opened, directory.path().join(LOCKS));
    let writer = Mutex::new(Some(Writer { orders, identity }));
    Journal(Arc::new(Shared { directory: directory.path().to_owned(), writer }))
}

#[tokio::test]
async fn a_job_that_finds_no_room_does_not_begin() {
    let directory = tempfile::tempdir().unwrap();
    let journal = cramped(&directory, 4);
    let why = journal.begin(plan(5_000)).await.unwrap_err();
    assert_eq!(why.to_string(), "the journal could not be written: the disk is full");
    assert!(why.hint().contains("free some room"), "{}", why.hint());
    assert!(jobs(&directory).is_empty() && !directory.path().join("jobs/1.lock").exists());
    journal.begin(plan(1)).await.unwrap().end(AT, JobEndState::Finished, None).await.unwrap();
    assert_eq!(jobs(&directory).len(), 1, "what fits is taken");
}

#[tokio::test]
async fn a_request_that_finds_no_room_is_not_noted_as_sent() {
    let directory = tempfile::tempdir().unwrap();
    let journal = cramped(&directory, 4);
    let log = journal.begin(plan(8)).await.unwrap();
    let mut noted = 0;
    let why = loop {
        match log.sent(0, noted + 1, AT, Some("long ".repeat(1_000 * noted as usize))).await {
            Ok(()) => noted += 1,
            Err(why) => break why,
        }
    };
    assert_eq!(why.to_string(), "the journal could not be written: the disk is full");
    let step = &read(&directory).steps(1, &HistoryQuery::default()).unwrap()[0];
    assert_eq!(step.attempts.len(), noted as usize, "neither the request nor its copy");
    assert_eq!(step.copy.as_ref().map(String::len), Some(5_000 * (noted as usize - 1)));
    let end = log.end(AT, JobEndState::Stopped, Some("x".repeat(99_999))).await;
    assert!(end.is_err(), "there is still no room");
    assert_eq!(jobs(&directory)[0].state, StoredJobState::Unfinished, "its lock is gone all the same");
}

#[tokio::test]
async fn a_place_that_cannot_be_written_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    for place in [file.clone(), file.join("below")] {
        let why = Journal::new(&place).begin(plan(1)).await.unwrap_err();
        assert!(why.to_string().starts_with("the journal could not be opened: `"), "{why}");
        assert!(why.to_string().contains("it is not a directory"), "{why}");
    }
    fs::create_dir_all(directory.path().join("state").join(FILE)).unwrap();
    let why = Journal::new(&directory.path().join("state")).begin(plan(1)).await.unwrap_err();
    assert!(why.to_string().starts_with("the journal could not be opened: `"), "{why}");
}

/// Permissions bind nobody who may do everything, but not even such a one may make files where the kernel keeps its own.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_directory_that_nothing_may_be_made_in_says_so() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let may_do_everything = fs::create_dir(directory.path().join("probe")).is_ok();
    let place = if may_do_everything {
        Path::new("/proc/self/tidyfy").to_owned()
    } else {
        directory.path().join("tidyfy")
    };
    let why = Journal::new(&place).begin(plan(1)).await.unwrap_err();
    assert!(matches!(why, JournalError::Place { .. }), "{why}");
    assert!(why.to_string().contains(&place.display().to_string()), "{why}");
}
