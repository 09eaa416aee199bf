//! Whatever a file on disk holds, reading it ends with what can be read or a clear error, and writing beside it loses
//! nothing. `PROPTEST_CASES` sets how many inputs.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use jiff::Timestamp;
use proptest::prelude::*;
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;
use tidyfy::app::effect::Request;
use tidyfy::model::id::Id;
use tidyfy::model::kind::Kind;
use tidyfy::model::saved_filter::{SavedFilter, SavedFilterChange};
use tidyfy::model::selection::SelectedRecord;
use tidyfy::storage::journal::{FILE, History, HistoryQuery};
use tidyfy::storage::saved;
use tidyfy::storage::saved::selections;

use crate::worker::bench::Bench;

/// What happens to a file.
#[derive(Debug, Clone)]
enum Damage {
    Cut(prop::sample::Index),
    Flip(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Replace(Vec<u8>),
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Self::Flip(at, bits) => {
                let at = at.index(bytes.len());
                bytes[at] ^= bits;
            }
            Self::Insert(at, more) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Replace(all) => bytes.clone_from(all),
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let bytes = prop::collection::vec(any::<u8>(), 0..40);
    let words = prop::sample::select(vec![
        "null",
        "{}",
        "[]",
        "\"\"",
        "1e999",
        ",",
        "\u{feff}",
        "{\"format\":1}",
        "-1",
    ]);
    prop_oneof![
        any::<prop::sample::Index>().prop_map(Damage::Cut),
        (any::<prop::sample::Index>(), 1u8..).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        (any::<prop::sample::Index>(), bytes.clone()).prop_map(|(at, more)| Damage::Insert(at, more)),
        (any::<prop::sample::Index>(), words).prop_map(|(at, word)| Damage::Insert(at, word.into())),
        bytes.prop_map(Damage::Replace),
    ]
}

fn saved(name: &str) -> SavedFilter {
    SavedFilter { kind: Kind::Tags, name: name.to_owned(), source: "title:old".to_owned() }
}

fn harm(path: &Path, damages: &[Damage]) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    for damage in damages {
        if !bytes.is_empty() {
            damage.apply(&mut bytes);
        }
    }
    fs::write(path, &bytes).unwrap();
    bytes
}

proptest! {
    #[test]
    fn damaged_saved_filters_are_read_or_left_alone(damages in prop::collection::vec(damage(), 1..3)) {
        let home = tempfile::tempdir().unwrap();
        saved::keep(home.path(), &SavedFilterChange::Put(saved("one"))).unwrap();
        let path = home.path().join("filters.json");
        let before = harm(&path, &damages);
        let known = saved::keep(home.path(), &SavedFilterChange::Look);
        match saved::keep(home.path(), &SavedFilterChange::Put(saved("two"))) {
            Ok(after) => {
                prop_assert!(after.contains(&saved("two")));
                let known = known.unwrap();
                prop_assert!(known.iter().all(|one| after.contains(one) || one.name == "two"), "{known:?} {after:?}");
            }
            Err(error) => {
                prop_assert!(known.is_err() && !error.to_string().is_empty());
                prop_assert_eq!(fs::read(&path).unwrap(), before, "what cannot be read is not written over");
            }
        }
    }

    #[test]
    fn damaged_saved_selection_is_read_or_refused(damages in prop::collection::vec(damage(), 1..3)) {
        let home = tempfile::tempdir().unwrap();
        let here = ("https://go.tallyfy.com/api", "e0d1");
        let entry = |id: &str| SelectedRecord { kind: Kind::Tags, id: Id::new(id).unwrap(), name: None, archived: None };
        let entries = [entry("1"), entry("2")];
        let organization = selections::SelectionPlace { id: here.1.to_owned(), name: "Acme Ltd".to_owned() };
        let saving = selections::SelectionWrite { place: "a", base_url: here.0.to_owned(), organization, at: Timestamp::UNIX_EPOCH, entries: &entries };
        selections::save(home.path(), saving).unwrap();
        let path = home.path().join("sets/a.json");
        let before = harm(&path, &damages);
        match selections::open(home.path(), "a", here) {
            Ok(opened) => prop_assert!(opened.entries.len() + opened.strange <= 2 + before.len() / 20),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
        prop_assert_eq!(selections::all(home.path()).unwrap().len(), 1);
        prop_assert_eq!(fs::read(&path).unwrap(), before);
    }
}

/// A journal with a job of three steps that are over, made once.
fn journal() -> &'static Path {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut bench = Bench::plain().await;
            let (_, plan) = bench.archiving(3).await;
            let request_id = bench.start(Request::RunJob(plan));
            bench.job(request_id).await;
            let copy = tempfile::tempdir().unwrap();
            let original = bench.remembered.path().join(FILE);
            // A copy by SQLite holds what is still in the write-ahead file as well.
            let copied = copy.path().join(FILE);
            Connection::open(original)
                .unwrap()
                .execute("VACUUM INTO ?1", [copied.to_str().unwrap()])
                .unwrap();
            copy
        })
    });
    made.path()
}

/// The tables of a journal, with what identifies a row of each.
const TABLES: [(&str, &str); 4] =
    [("jobs", "id"), ("steps", "job, n"), ("attempts", "job, step, n"), ("entries", "seq")];

fn cell() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Integer),
        (-2i64..4).prop_map(Value::Integer),
        any::<String>().prop_map(Value::Text),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::Blob),
        prop::sample::select(vec!["done", "archive", "processes", "{}", "../x", "[[1]]"])
            .prop_map(|word| Value::Text(word.to_owned())),
    ]
}

proptest! {
    #[test]
    fn damaged_journal_is_read_and_found_out(
        (table, key) in prop::sample::select(TABLES.to_vec()),
        row in 0usize..8,
        column in any::<prop::sample::Index>(),
        value in cell(),
    ) {
        let directory = tempfile::tempdir().unwrap();
        fs::copy(journal().join(FILE), directory.path().join(FILE)).unwrap();
        let connection = Connection::open(directory.path().join(FILE)).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        let columns: Vec<String> = {
            let mut names = connection.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).unwrap();
            names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        let column = &columns[column.index(columns.len())];
        let one = format!("({key}) IN (SELECT {key} FROM {table} ORDER BY {key} LIMIT 1 OFFSET {row})");
        // The tables are strict: a value of another type is not taken.
        let change = format!("UPDATE OR IGNORE {table} SET {column} = ?1 WHERE {one} AND {column} IS NOT ?1");
        let is_changed = connection.execute(&change, [value]).is_ok_and(|rows| rows > 0);
        drop(connection);
        let history = History::open(directory.path()).unwrap().unwrap();
        let jobs = history.jobs(&HistoryQuery::default()).unwrap();
        for job in jobs {
            history.steps(job.id, &HistoryQuery::default()).unwrap();
        }
        let audit = history.audit().unwrap();
        prop_assert_eq!(audit.broken.is_empty(), !is_changed, "{:?}", audit.broken);
    }
}
