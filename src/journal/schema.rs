//! The tables, and the way from every earlier version of them to this one.
//!
//! Owns `user_version`: it counts how many of [`MIGRATIONS`] a file has seen. Must not know what is in the tables.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::trouble::JournalError;

/// What was changed from version to version, the oldest first. A line that has been released is never changed again.
///
/// Times are in milliseconds since 1970, outcomes and verbs are the words that the screen shows.
const MIGRATIONS: [&str; 3] = [
    "
CREATE TABLE jobs (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    base_url          TEXT NOT NULL,
    organization      TEXT NOT NULL,
    organization_name TEXT NOT NULL,
    verb              TEXT NOT NULL,
    steps             INTEGER NOT NULL,
    process           INTEGER NOT NULL,
    created           INTEGER NOT NULL,
    started           INTEGER NOT NULL,
    ended             INTEGER,
    ending            TEXT,
    reason            TEXT
) STRICT;
CREATE TABLE steps (
    job     INTEGER NOT NULL REFERENCES jobs (id),
    n       INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    record  TEXT NOT NULL,
    name    TEXT NOT NULL,
    method  TEXT NOT NULL,
    path    TEXT NOT NULL,
    outcome TEXT,
    reason  TEXT,
    ended   INTEGER,
    PRIMARY KEY (job, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE attempts (
    job        INTEGER NOT NULL,
    step       INTEGER NOT NULL,
    n          INTEGER NOT NULL,
    sent       INTEGER NOT NULL,
    ended      INTEGER,
    took_ms    INTEGER,
    status     INTEGER,
    request_id TEXT,
    words      TEXT,
    PRIMARY KEY (job, step, n),
    FOREIGN KEY (job, step) REFERENCES steps (job, n)
) STRICT, WITHOUT ROWID;
",
    // The listing counts outcomes in an index: what steps were frozen as makes the table itself large.
    "
ALTER TABLE jobs ADD COLUMN person TEXT;
ALTER TABLE jobs ADD COLUMN backups TEXT;
ALTER TABLE jobs ADD COLUMN continues INTEGER REFERENCES jobs (id);
ALTER TABLE steps ADD COLUMN verb TEXT;
ALTER TABLE steps ADD COLUMN after INTEGER;
ALTER TABLE steps ADD COLUMN fields TEXT;
ALTER TABLE steps ADD COLUMN kept TEXT;
ALTER TABLE steps ADD COLUMN copy TEXT;
CREATE INDEX steps_outcomes ON steps (job, outcome, kind, after);
CREATE INDEX steps_after ON steps (job, after) WHERE after IS NOT NULL;
",
    "
ALTER TABLE jobs ADD COLUMN heir TEXT;
",
];

/// Brings a file to the newest version, in one transaction.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), JournalError> {
    run(connection, path, &MIGRATIONS)
}

fn run(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), JournalError> {
    let sql = |why: rusqlite::Error| JournalError::sql(path, &why);
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    let version = |connection: &Connection| {
        connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)).map_err(sql)
    };
    if version(connection)? == known {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql)?;
    let found = version(&transaction)?;
    let seen = match usize::try_from(found) {
        Ok(seen) if seen <= migrations.len() => seen,
        _ => return Err(JournalError::Newer { path: path.display().to_string(), found, known }),
    };
    for migration in &migrations[seen..] {
        transaction.execute_batch(migration).map_err(sql)?;
    }
    transaction.pragma_update(None, "user_version", known).map_err(sql)?;
    transaction.commit().map_err(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_an_earlier_version_sees_only_what_it_has_not_seen() {
        let mut connection = Connection::open_in_memory().unwrap();
        let path = Path::new("x");
        let later = [&MIGRATIONS[..], &["ALTER TABLE jobs ADD COLUMN note TEXT"]].concat();
        for _ in 0..2 {
            migrate(&mut connection, path).unwrap();
        }
        let mark = "INSERT INTO jobs (base_url, organization, organization_name, verb, steps, process, created, started)
            VALUES ('u', 'o', 'n', 'archive', 1, 1, 1, 1)";
        connection.execute(mark, []).unwrap();
        run(&mut connection, path, &later).unwrap();
        let kept: (i64, Option<String>) = connection
            .query_row("SELECT steps, note FROM jobs", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!(kept, (1, None));
        let newer = migrate(&mut connection, path).unwrap_err();
        assert_eq!(newer, JournalError::Newer { path: "x".into(), found: 4, known: 3 });
    }

    #[test]
    fn a_migration_that_fails_leaves_the_file_as_it_was() {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection, Path::new("x"), &["CREATE TABLE a (b)", "nonsense"]).unwrap_err();
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 0);
    }
}
