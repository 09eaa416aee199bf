//! Opening the file.
//!
//! Owns where it lies and what every connection is set to. Must not know the tables.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::schema::migrate;
use super::trouble::JournalError;
use super::{FILE, LOCKS, aside, locks};
use crate::private;

/// How long a transaction of another process is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Held while a file is opened: two processes must not both make it, or change its schema, at the same time.
const OPENING: &str = "opening.lock";
/// Held, with others, by every process that has the file open for jobs.
const WRITING: &str = "writing.lock";

/// The journal, open for jobs.
#[derive(Debug)]
pub(super) struct Writable {
    pub(super) connection: Connection,
    /// Locked while it is open: a file that somebody writes to is not put aside.
    _writing: File,
}

/// Opens the journal in `directory` for a job, made if it is not there and whole if it is. One that is damaged is put
/// aside, unless somebody uses it.
pub(super) fn to_write(directory: &Path) -> Result<Writable, JournalError> {
    let _turn = turn(directory)?;
    let writing = directory.join(LOCKS).join(WRITING);
    let place = |why: io::Error| JournalError::place(&writing, &why);
    let file = private::file(&writing).map_err(place)?;
    match connect(directory).and_then(|connection| whole(connection, &directory.join(FILE))) {
        Ok(connection) => {
            file.lock_shared().map_err(place)?;
            Ok(Writable { connection, _writing: file })
        }
        Err(JournalError::Damaged { path }) => {
            let is_idle = file.try_lock().is_ok() && !locks::is_any_held(&directory.join(LOCKS));
            let kept = is_idle.then(|| aside::put(directory)).and_then(io::Result::ok);
            Err(match kept {
                Some(kept) => JournalError::PutAside { path, kept: kept.display().to_string() },
                None => JournalError::Damaged { path },
            })
        }
        Err(why) => Err(why),
    }
}

fn whole(connection: Connection, path: &Path) -> Result<Connection, JournalError> {
    let sql = |why: rusqlite::Error| JournalError::sql(path, &why);
    leave_log(&connection, true).map_err(sql)?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(sql)?;
    if verdict != "ok" {
        return Err(JournalError::Damaged { path: path.display().to_string() });
    }
    leave_log(&connection, false).map_err(sql)?;
    Ok(connection)
}

/// Whether closing leaves the log beside the file as it is. In a damaged journal it may be the one part that is whole.
fn leave_log(connection: &Connection, leave: bool) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leave).map(drop)
}

/// Opens the journal in `directory` to look into it; none where no job was ever kept.
pub(super) fn to_read(directory: &Path) -> Result<Option<Connection>, JournalError> {
    match fs::metadata(directory.join(FILE)) {
        Ok(_) => {
            let _turn = turn(directory)?;
            connect(directory).map(Some)
        }
        Err(why) if matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(why) => Err(JournalError::place(&directory.join(FILE), &why)),
    }
}

/// Makes the directories, and waits until nobody else opens the journal in them.
fn turn(directory: &Path) -> Result<File, JournalError> {
    private::directory(directory).map_err(|why| JournalError::place(directory, &why))?;
    let folder = directory.join(LOCKS);
    private::directory(&folder).map_err(|why| JournalError::place(&folder, &why))?;
    let opening = folder.join(OPENING);
    locks::turn(&opening).map_err(|why| JournalError::place(&opening, &why))
}

fn connect(directory: &Path) -> Result<Connection, JournalError> {
    let path = directory.join(FILE);
    // SQLite gives the files beside it the permissions of this one.
    private::file(&path).map_err(|why| JournalError::place(&path, &why))?;
    let sql = |why: rusqlite::Error| JournalError::sql(&path, &why);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(&path, flags).map_err(sql)?;
    leave_log(&connection, true).map_err(sql)?;
    connection.busy_timeout(PATIENCE).map_err(sql)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(sql)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(sql)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(sql)?;
    migrate(&mut connection, &path)?;
    leave_log(&connection, false).map_err(sql)?;
    Ok(connection)
}
