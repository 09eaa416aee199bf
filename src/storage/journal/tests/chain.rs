//! The chain of entries: what the audit finds, and what a damaged row costs.

use rusqlite::types::Value;
use rusqlite::{params, params_from_iter};

use super::*;

/// A journal with something in every column: two jobs over, one that broke off, an unknown outcome that came to be known.
async fn lived_in() -> TempDir {
    let (directory, journal) = place();
    let whole = NewJob {
        person: Some("4711".into()),
        backups: Some("/copies".into()),
        reassignee: Some(r#"{"id":"12"}"#.into()),
        ..plan(2)
    };
    let log = journal.begin(whole).await.unwrap();
    log.sent(0, 1, AT, Some("0.json".into())).await.unwrap();
    let kept = StepEnd { kept: Some("[]".into()), reason: Some("oh".into()), ..end(0, Outcome::Unknown) };
    log.answered(answer(0, 500, Some("broken")), Some(kept)).await.unwrap();
    log.ended(vec![end(1, Outcome::NotSent)]).await.unwrap();
    log.end(AT, JobEndState::Stopped, Some("why".into())).await.unwrap();
    let adopted = journal.adopt(1).await.unwrap().unwrap();
    adopted.ended(vec![end(0, Outcome::Done)]).await.unwrap();
    drop(adopted);
    let cut = journal.begin(plan(2)).await.unwrap();
    cut.sent(0, 1, AT, None).await.unwrap();
    drop(cut);
    let mut rest = NewJob { continues: Some(2), ..plan(2) };
    rest.steps[1].after = Some(0);
    rest.steps[1].action = "archive";
    drop(journal.begin(rest).await.unwrap());
    directory
}

/// A connection that changes what it likes.
fn hostile(directory: &TempDir) -> Connection {
    let connection = Connection::open(directory.path().join(FILE)).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    connection.pragma_update(None, "synchronous", "OFF").unwrap();
    connection
}

fn columns(connection: &Connection, table: &str) -> Vec<String> {
    let mut names = connection.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).unwrap();
    names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// All rows of a table.
fn rows(connection: &Connection, table: &str) -> Vec<Vec<Value>> {
    let width = columns(connection, table).len();
    let mut all = connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2, 3")).unwrap();
    let row = |row: &rusqlite::Row<'_>| (0..width).map(|n| row.get(n)).collect::<rusqlite::Result<Vec<_>>>();
    all.query_map([], row).unwrap().map(Result::unwrap).collect()
}

/// Puts a row in the place of the one that has the key columns of `key`.
fn replace(connection: &Connection, table: &str, key: &[Value], row: &[Value]) {
    let names = columns(connection, table);
    let found: Vec<_> = names.iter().map(|name| format!("{name} IS ?")).collect();
    let delete = format!("DELETE FROM {table} WHERE {}", found.join(" AND "));
    assert_eq!(connection.execute(&delete, params_from_iter(key)).unwrap(), 1, "{table}: {key:?}");
    if !row.is_empty() {
        insert(connection, table, row);
    }
}

fn insert(connection: &Connection, table: &str, row: &[Value]) {
    let marks = vec!["?"; row.len()].join(", ");
    connection.execute(&format!("INSERT INTO {table} VALUES ({marks})"), params_from_iter(row)).unwrap();
}

/// Takes back what SQLite counted of entries that were added: that count alone would give every damage away.
fn count_again(connection: &Connection) {
    let last = "UPDATE sqlite_sequence SET seq = (SELECT max(seq) FROM entries) WHERE name = 'entries'";
    connection.execute(last, []).unwrap();
}

/// Every way to damage a value a little: each byte of a text or a blob flipped, a number moved, nothing made something.
fn damaged(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => vec![Value::Integer(7)],
        Value::Integer(n) => vec![Value::Integer(n + 100), Value::Integer(i64::MAX - 1), Value::Integer(-9)],
        Value::Text(text) => {
            let flip = |n: usize| {
                let mut bytes = text.clone().into_bytes();
                bytes[n] ^= 1;
                Value::Text(String::from_utf8(bytes).unwrap())
            };
            (0..text.len()).map(flip).chain([Value::Text(String::new())]).collect()
        }
        Value::Blob(blob) => {
            let flip = |n: usize| {
                let mut bytes = blob.clone();
                bytes[n] ^= 0x80;
                Value::Blob(bytes)
            };
            (0..blob.len()).map(flip).collect()
        }
        Value::Real(_) => vec![],
    }
}

const TABLES: [&str; 4] = ["jobs", "steps", "attempts", "entries"];

fn broken(directory: &TempDir) -> Vec<BrokenEntry> {
    read(directory).audit().unwrap().broken
}

/// Everything that is listed, which must not fail whatever is in the rows.
fn listed(directory: &TempDir) -> (usize, u64) {
    let history = read(directory);
    let jobs = history.jobs(&HistoryQuery::default()).unwrap();
    for job in 1..=3 {
        history.steps(job, &HistoryQuery::default()).unwrap();
        history.audited_steps(job).unwrap();
        history.job(job).unwrap();
        history.later(job).unwrap();
        history.kinds(job).unwrap();
        history.names(job, &["x"]).unwrap();
    }
    (jobs.len(), history.damaged())
}

#[tokio::test]
async fn an_untouched_journal_has_no_broken_entry() {
    let directory = lived_in().await;
    let audit = read(&directory).audit().unwrap();
    assert_eq!((audit.entries, audit.broken), (22, vec![]));
    assert_eq!(listed(&directory), (3, 0));
}

#[tokio::test]
async fn each_byte_of_each_field_that_is_flipped_is_found() {
    let directory = lived_in().await;
    let connection = hostile(&directory);
    let mut tried = 0;
    for table in TABLES {
        let names = columns(&connection, table);
        for row in rows(&connection, table) {
            for (column, value) in row.iter().enumerate() {
                // The key of an entry is its place: another one is found by the gap it leaves.
                for value in damaged(value) {
                    let mut changed = row.clone();
                    changed[column] = value.clone();
                    let text = |name: &str| !["job", "n", "step", "seq", "id", "status"].contains(&name);
                    if value == Value::Integer(7) && row[column] == Value::Null && text(&names[column]) {
                        changed[column] = Value::Text("7".into());
                        if matches!(
                            names[column].as_str(),
                            "ended" | "took_ms" | "after" | "continues" | "attempt"
                        ) {
                            changed[column] = Value::Integer(7);
                        }
                    }
                    let name = &names[column];
                    let what = format!("{table}.{name} of {row:?} made {:?}", changed[column]);
                    replace(&connection, table, &row, &changed);
                    assert!(!broken(&directory).is_empty(), "not found: {what}");
                    listed(&directory);
                    replace(&connection, table, &changed, &row);
                    count_again(&connection);
                    tried += 1;
                }
            }
        }
    }
    assert_eq!(broken(&directory), [], "all is as it was");
    assert!(tried > 1_000, "{tried}");
}

#[tokio::test]
async fn each_row_that_is_deleted_or_added_is_found() {
    let directory = lived_in().await;
    let connection = hostile(&directory);
    for table in TABLES {
        for row in rows(&connection, table) {
            replace(&connection, table, &row, &[]);
            let found = broken(&directory);
            assert!(!found.is_empty(), "{table}: {row:?} is gone");
            if table == "entries" {
                let Value::Integer(seq) = row[0] else { panic!("{row:?}") };
                assert_eq!(found[0].seq, seq, "the first that is broken");
            }
            listed(&directory);
            insert(&connection, table, &row);
        }
    }
    for (table, column) in [("jobs", 0), ("steps", 1), ("attempts", 2), ("entries", 0)] {
        let mut row = rows(&connection, table)[0].clone();
        row[column] = Value::Integer(99);
        insert(&connection, table, &row);
        assert!(!broken(&directory).is_empty(), "{table}: {row:?} was added");
        replace(&connection, table, &row, &[]);
        count_again(&connection);
    }
    assert_eq!(broken(&directory), []);
}

#[tokio::test]
async fn entries_that_are_swapped_or_cut_off_are_found() {
    let directory = lived_in().await;
    let connection = hostile(&directory);
    let entries = rows(&connection, "entries");
    for pair in entries.windows(2) {
        let [mut one, mut other] = [pair[0].clone(), pair[1].clone()];
        std::mem::swap(&mut one[0], &mut other[0]);
        replace(&connection, "entries", &pair[0], &[]);
        replace(&connection, "entries", &pair[1], &one);
        insert(&connection, "entries", &other);
        let Value::Integer(seq) = pair[0][0] else { panic!("{pair:?}") };
        assert_eq!(broken(&directory)[0].seq, seq);
        replace(&connection, "entries", &one, &pair[1]);
        replace(&connection, "entries", &other, &pair[0]);
    }
    assert_eq!(broken(&directory), []);
    // The last job with all that is about it, as if it had never been.
    for table in ["attempts", "steps", "entries"] {
        connection.execute(&format!("DELETE FROM {table} WHERE job = 3"), []).unwrap();
    }
    connection.execute("DELETE FROM jobs WHERE id = 3", []).unwrap();
    let first = broken(&directory)[0];
    assert_eq!((first.fault, first.about), (EntryFault::Missing, None));
}

#[tokio::test]
async fn a_damaged_step_is_named_and_nothing_is_done_by_what_it_says() {
    let (directory, journal) = place();
    drop(journal.begin(plan(3)).await.unwrap());
    let connection = hostile(&directory);
    connection.execute("UPDATE steps SET record = '2' WHERE n = 1", []).unwrap();
    let found = broken(&directory);
    assert_eq!(found[0].to_string(), "entry 4 (job 1, step 2, step): its row was changed");
    let audited = read(&directory).audited_steps(1).unwrap();
    let damaged: Vec<bool> = audited.steps.iter().map(|step| step.is_damaged).collect();
    assert_eq!((damaged, audited.unreadable), (vec![false, true, false], 0));
    connection.execute("UPDATE steps SET kind = CAST(x'ff' AS TEXT) WHERE n = 1", []).unwrap();
    let audited = read(&directory).audited_steps(1).unwrap();
    assert_eq!((audited.steps.len(), audited.unreadable), (2, 1));
    connection.execute("DELETE FROM entries WHERE seq = 4", []).unwrap();
    let audited = read(&directory).audited_steps(1).unwrap();
    assert!(audited.steps.iter().all(|step| step.is_damaged), "which step it was is not known");
}

#[tokio::test]
async fn damaged_rows_are_skipped_and_counted() {
    let directory = lived_in().await;
    let connection = hostile(&directory);
    let far = "UPDATE jobs SET created = 9000000000000000000 WHERE id = 2";
    connection.execute(far, []).unwrap();
    connection.execute("UPDATE steps SET name = CAST(x'c328' AS TEXT) WHERE job = 1 AND n = 0", []).unwrap();
    connection.execute("UPDATE steps SET outcome = 'dOne' WHERE job = 1 AND n = 1", []).unwrap();
    let history = read(&directory);
    let left: Vec<i64> = history.jobs(&HistoryQuery::default()).unwrap().iter().map(|job| job.id).collect();
    assert_eq!((left, history.damaged()), (vec![3, 1], 1));
    assert_eq!((history.steps(1, &HistoryQuery::default()).unwrap(), history.damaged()), (vec![], 3));
    let job = history.job(1).unwrap().unwrap();
    assert_eq!(job.outcomes, [(Outcome::Done, 1), (Outcome::Unknown, 1)], "what cannot be read is unknown");
}

#[tokio::test]
async fn damage_is_not_written_over() {
    let (directory, journal) = place();
    let log = journal.begin(plan(2)).await.unwrap();
    let connection = hostile(&directory);
    connection.execute("UPDATE steps SET name = 'another' WHERE n = 0", []).unwrap();
    log.sent(0, 1, AT, None).await.unwrap();
    log.answered(answer(0, 200, None), Some(end(0, Outcome::Done))).await.unwrap();
    connection.execute("UPDATE steps SET outcome = NULL WHERE n = 0", []).unwrap();
    log.ended(vec![end(0, Outcome::Failed)]).await.unwrap();
    log.end(AT, JobEndState::Finished, None).await.unwrap();
    let about: Vec<_> = broken(&directory).iter().map(|broken| (broken.seq, broken.fault)).collect();
    assert_eq!(about, [(3, EntryFault::RowChanged), (7, EntryFault::RowChanged)]);
}

#[tokio::test]
async fn journals_that_share_a_file_share_one_chain() {
    let (directory, journal) = place();
    let other = Journal::new(directory.path());
    let (one, two) = (journal.begin(plan(4)).await.unwrap(), other.begin(plan(4)).await.unwrap());
    for step in 0..4 {
        for log in [&one, &two] {
            log.sent(step, 1, AT, None).await.unwrap();
            log.answered(answer(step, 200, None), Some(end(step, Outcome::Done))).await.unwrap();
        }
    }
    assert_eq!(broken(&directory), []);
}

#[tokio::test]
async fn a_job_that_another_process_took_over_notes_nothing_more() {
    let (directory, journal) = place();
    let log = journal.begin(plan(3)).await.unwrap();
    // Its lock is lost: somebody cleared the folder.
    fs::remove_file(directory.path().join("jobs/1.lock")).unwrap();
    hostile(&directory).execute("UPDATE jobs SET owner = ?1", params!["another process"]).unwrap();
    let why = log.sent(0, 1, AT, None).await.unwrap_err();
    assert_eq!(why.to_string(), "job 1 cannot be taken over: another tidyfy has taken it over");
    assert!(read(&directory).steps(1, &HistoryQuery::default()).unwrap()[0].attempts.is_empty());
}
