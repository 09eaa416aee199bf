//! The tables.
//!
//! Owns their definition and the two marks that tell a journal of this schema from any other file: `application_id` and
//! `user_version`. No version has been released, so there are no migrations: a journal of another schema is set aside.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::storage::journal::error::JournalError;

/// Marks the file as a journal of tidyfy: `tdfy`. Unreleased versions left it at zero.
const APPLICATION: i64 = 0x7464_6679;
/// The version of the tables below.
const VERSION: i64 = 1;

/// Times are in milliseconds since 1970, outcomes and actions are the words that the screen shows.
///
/// A row is written once as planned or sent, and its last columns (from `ended` or `outcome` on) once more when that is
/// known. Each of these writes has an entry in the chain (see [`super::chain`]).
///
/// The listing counts outcomes in an index: what steps were frozen as makes the table itself large.
const TABLES: &str = "
CREATE TABLE jobs (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    base_url          TEXT NOT NULL,
    organization      TEXT NOT NULL,
    organization_name TEXT NOT NULL,
    action              TEXT NOT NULL,
    steps             INTEGER NOT NULL,
    created           INTEGER NOT NULL,
    started           INTEGER NOT NULL,
    person            TEXT,
    backups           TEXT,
    continues         INTEGER REFERENCES jobs (id),
    heir              TEXT,
    owner             TEXT NOT NULL,
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
    action    TEXT,
    after   INTEGER,
    fields  TEXT NOT NULL,
    outcome TEXT,
    reason  TEXT,
    ended   INTEGER,
    kept    TEXT,
    PRIMARY KEY (job, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX steps_outcomes ON steps (job, outcome, kind, after);
CREATE INDEX steps_after ON steps (job, after) WHERE after IS NOT NULL;
CREATE TABLE attempts (
    job        INTEGER NOT NULL,
    step       INTEGER NOT NULL,
    n          INTEGER NOT NULL,
    sent       INTEGER NOT NULL,
    copy       TEXT,
    ended      INTEGER,
    took_ms    INTEGER,
    status     INTEGER,
    request_id TEXT,
    words      TEXT,
    PRIMARY KEY (job, step, n),
    FOREIGN KEY (job, step) REFERENCES steps (job, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE entries (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    part    TEXT NOT NULL,
    job     INTEGER NOT NULL,
    step    INTEGER,
    attempt INTEGER,
    digest  BLOB NOT NULL,
    hash    BLOB NOT NULL
) STRICT;
CREATE TABLE old_journals (
    file         TEXT PRIMARY KEY,
    unfinished   INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE record_files (
    base_url     TEXT NOT NULL,
    organization TEXT NOT NULL,
    kind         TEXT NOT NULL,
    record       TEXT NOT NULL,
    file         TEXT NOT NULL,
    name         TEXT NOT NULL,
    seen         INTEGER NOT NULL,
    PRIMARY KEY (base_url, organization, kind, record, file)
) STRICT, WITHOUT ROWID;
";

/// The contents of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schema {
    /// Nothing yet.
    Empty,
    /// The tables of this version.
    Current,
    /// The tables of this version without its marks.
    Unmarked,
    /// Tables that an earlier, unreleased version or another program made.
    Other,
    /// Tables of a later version.
    Newer(i64),
}

/// Reads the marks of a file.
pub(super) fn of(connection: &Connection) -> rusqlite::Result<Schema> {
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let application = number("PRAGMA application_id")?;
    Ok(match number("PRAGMA user_version")? {
        VERSION if application == APPLICATION => Schema::Current,
        version if application == APPLICATION && version > VERSION => Schema::Newer(version),
        _ if number("SELECT count(*) FROM sqlite_master")? == 0 => Schema::Empty,
        // Only the marks differ: they were damaged, because no version before this one had a chain.
        _ if number("SELECT count(*) FROM sqlite_master WHERE name = 'entries'")? > 0 => Schema::Unmarked,
        _ => Schema::Other,
    })
}

/// Makes the tables in an empty file, in one transaction.
pub(super) fn make(connection: &mut Connection, path: &Path) -> Result<(), JournalError> {
    let sql = |why: rusqlite::Error| JournalError::sql(path, &why);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql)?;
    transaction.execute_batch(TABLES).map_err(sql)?;
    transaction.pragma_update(None, "application_id", APPLICATION).map_err(sql)?;
    transaction.pragma_update(None, "user_version", VERSION).map_err(sql)?;
    transaction.commit().map_err(sql)
}

/// Refuses a file of a later version.
pub(super) fn newer(path: &Path, found: i64) -> JournalError {
    JournalError::Newer { path: path.display().to_string(), found, known: VERSION }
}
