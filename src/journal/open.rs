//! Opening the file.
//!
//! Owns where it lies and what every connection is set to. Must not know the tables.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::schema::migrate;
use super::trouble::JournalError;
use super::{FILE, LOCKS};
use crate::private;

/// How long a transaction of another process is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Held while a file is opened: two processes must not both make it, or change its schema, at the same time.
const OPENING: &str = "opening.lock";

/// Opens the journal in `directory` for a job, made if it is not there and whole if it is.
pub(super) fn to_write(directory: &Path) -> Result<Connection, JournalError> {
    let connection = open(directory)?;
    let path = directory.join(FILE);
    let sql = |why: rusqlite::Error| JournalError::sql(&path, &why);
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(sql)?;
    if verdict != "ok" {
        return Err(JournalError::Damaged { path: path.display().to_string() });
    }
    Ok(connection)
}

/// Opens the journal in `directory` to look into it; none where no job was ever kept.
pub(super) fn to_read(directory: &Path) -> Result<Option<Connection>, JournalError> {
    match fs::metadata(directory.join(FILE)) {
        Ok(_) => open(directory).map(Some),
        Err(why) if matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(why) => Err(JournalError::place(&directory.join(FILE), &why)),
    }
}

fn open(directory: &Path) -> Result<Connection, JournalError> {
    let path = directory.join(FILE);
    private::directory(directory).map_err(|why| JournalError::place(directory, &why))?;
    let locks = directory.join(LOCKS);
    private::directory(&locks).map_err(|why| JournalError::place(&locks, &why))?;
    let opening = locks.join(OPENING);
    let turn = private::file(&opening).map_err(|why| JournalError::place(&opening, &why))?;
    turn.lock().map_err(|why| JournalError::place(&opening, &why))?;
    // SQLite gives the files beside it the permissions of this one.
    private::file(&path).map_err(|why| JournalError::place(&path, &why))?;
    let sql = |why: rusqlite::Error| JournalError::sql(&path, &why);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(&path, flags).map_err(sql)?;
    connection.busy_timeout(PATIENCE).map_err(sql)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(sql)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(sql)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(sql)?;
    migrate(&mut connection, &path)?;
    Ok(connection)
}
