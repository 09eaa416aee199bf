//! Opening the file.
//!
//! Owns where it is, what every connection is set to, and whether the file that is open is still the one that a later
//! start will read. Must not know the tables.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, params};

use super::schema::{self, Schema};
use super::{FILE, LOCKS, locks, log};
use crate::storage::files;
use crate::storage::files::UnsafeFile;
use crate::storage::journal::error::JournalError;
use crate::storage::journal::quarantine;

/// The longest log that is looked through, in bytes; SQLite moves it into the file every 4 MB.
const LONGEST_LOG: u64 = 64 << 20;
/// How long a transaction of another process is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Held while a file is opened: two processes must not both make it, or set it aside, at the same time.
const OPENING: &str = "opening.lock";
/// Held, with others, by every process that has the file open for jobs.
const WRITING: &str = "writing.lock";

/// The journal, open for jobs.
#[derive(Debug)]
pub(super) struct OpenJournal {
    pub(super) connection: Connection,
    pub(super) identity: FileIdentity,
    /// Locked while it is open: a file that somebody writes to is not set aside.
    _writing: File,
}

/// Opens the journal in `directory` for a job, made if it is not there and whole if it is. One that is damaged is set
/// aside, unless somebody uses it.
pub(super) fn to_write(directory: &Path) -> Result<OpenJournal, JournalError> {
    let _turn = turn(directory)?;
    let writing = directory.join(LOCKS).join(WRITING);
    let place = |why: io::Error| JournalError::place(&writing, &why);
    let file = files::file(&writing).map_err(place)?;
    let path = directory.join(FILE);
    match connect_or_set_aside(directory, &file).and_then(|connection| whole(connection, &path)) {
        Ok(connection) => {
            files::lock_shared(&file).map_err(place)?;
            let identity = FileIdentity::of(directory).map_err(|why| JournalError::place(&path, &why))?;
            Ok(OpenJournal { connection, identity, _writing: file })
        }
        Err(JournalError::Damaged { path }) => {
            let kept =
                is_idle(directory, &file).then(|| quarantine::damaged(directory)).and_then(io::Result::ok);
            Err(match kept {
                Some(kept) => JournalError::PutAside { path, kept: kept.display().to_string() },
                None => JournalError::Damaged { path },
            })
        }
        Err(why) => Err(why),
    }
}

/// Whether nobody has the journal open for jobs; `writing` is the open lock file that they share.
fn is_idle(directory: &Path, writing: &File) -> bool {
    writing.try_lock().is_ok() && !locks::is_any_held(&directory.join(LOCKS))
}

/// Opens the journal; one of another schema is set aside first, and the new one remembers its name.
fn connect_or_set_aside(directory: &Path, writing: &File) -> Result<Connection, JournalError> {
    let is_idle = is_idle(directory, writing);
    match connect(directory, is_idle) {
        Err(JournalError::OtherSchema { .. }) if is_idle => {}
        result => return result,
    }
    let path = directory.join(FILE);
    let unfinished = unfinished(&path);
    let kept = quarantine::old(directory).map_err(|why| JournalError::place(&path, &why))?;
    let connection = connect(directory, is_idle)?;
    let insert = "INSERT INTO old_journals (file, unfinished, acknowledged) VALUES (?1, ?2, 0)";
    let name = kept.file_name().unwrap_or(kept.as_os_str()).to_string_lossy();
    let inserted = connection.execute(insert, params![name, unfinished]);
    inserted.map_err(|why| JournalError::sql(&path, &why))?;
    Ok(connection)
}

/// How many jobs a journal of an unreleased schema did not finish. One that cannot tell may have left one.
fn unfinished(path: &Path) -> i64 {
    let count = "SELECT count(*) FROM jobs WHERE ended IS NULL";
    let counted = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|connection| connection.query_row(count, [], |row| row.get(0)));
    counted.unwrap_or(1)
}

/// Refuses a log that is damaged in its middle. SQLite takes everything from the first frame that does not fit its sum for
/// a transaction that was never finished, and drops it without a word; behind such a frame there is nothing. Called while
/// nobody writes.
fn check_log(directory: &Path) -> Result<(), JournalError> {
    let path = directory.join(format!("{FILE}-wal"));
    if length(&path)? > LONGEST_LOG {
        return Ok(());
    }
    let log = match fs::read(&path) {
        Ok(log) => log,
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(()),
        Err(why) => return Err(JournalError::place(&path, &why)),
    };
    match log::is_broken_inside(&log) {
        true => Err(JournalError::Damaged { path: path.display().to_string() }),
        false => Ok(()),
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
pub(super) fn leave_log(connection: &Connection, leave: bool) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leave).map(drop)
}

/// Opens the journal in `directory` to look into it; none where no job was ever kept.
pub(super) fn to_read(directory: &Path) -> Result<Option<Connection>, JournalError> {
    if is_absent(&directory.join(FILE))? {
        return if is_absent(&directory.join(format!("{FILE}-wal")))? {
            Ok(None)
        } else {
            Err(JournalError::Damaged { path: directory.join(FILE).display().to_string() })
        };
    }
    let _turn = match turn(directory) {
        // Looking does no harm where nothing can be sent.
        Err(JournalError::Place { refusal: Some(UnsafeFile::NoLocks), .. }) => {
            return connect(directory, false).map(Some);
        }
        turn => turn?,
    };
    let writing = directory.join(LOCKS).join(WRITING);
    let file = files::file(&writing).map_err(|why| JournalError::place(&writing, &why))?;
    connect_or_set_aside(directory, &file).map(Some)
}

/// The length of a file; 0 where there is none.
fn length(path: &Path) -> Result<u64, JournalError> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(found.len()),
        Err(why) if matches!(why.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(0),
        Err(why) => Err(JournalError::place(path, &why)),
    }
}

fn is_absent(path: &Path) -> Result<bool, JournalError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(false),
        Err(why) if matches!(why.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(true),
        Err(why) => Err(JournalError::place(path, &why)),
    }
}

/// Makes the directories, and waits until nobody else opens the journal in them.
fn turn(directory: &Path) -> Result<File, JournalError> {
    files::directory(directory).map_err(|why| JournalError::place(directory, &why))?;
    let folder = directory.join(LOCKS);
    files::subdirectory(&folder).map_err(|why| JournalError::place(&folder, &why))?;
    let opening = folder.join(OPENING);
    locks::turn(&opening).map_err(|why| JournalError::place(&opening, &why))
}

/// Opens the journal, made if it is not there. Its log is checked first if nobody writes to it.
fn connect(directory: &Path, is_idle: bool) -> Result<Connection, JournalError> {
    let path = directory.join(FILE);
    prepare(directory)?;
    if is_idle {
        check_log(directory)?;
    }
    let sql = |why: rusqlite::Error| JournalError::sql(&path, &why);
    // SQLite refuses any link on the way, and the state directory itself may be one.
    let real = directory.canonicalize().map_err(|why| JournalError::place(directory, &why))?;
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut connection = Connection::open_with_flags(real.join(FILE), flags).map_err(sql)?;
    leave_log(&connection, true).map_err(sql)?;
    connection.busy_timeout(PATIENCE).map_err(sql)?;
    match schema::of(&connection).map_err(sql)? {
        Schema::Newer(found) => return Err(schema::newer(&path, found)),
        Schema::Unmarked => return Err(JournalError::Damaged { path: path.display().to_string() }),
        Schema::Other => return Err(JournalError::OtherSchema { path: path.display().to_string() }),
        Schema::Empty | Schema::Current => {}
    }
    connection.pragma_update(None, "synchronous", "FULL").map_err(sql)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(sql)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(sql)?;
    if schema::of(&connection).map_err(sql)? == Schema::Empty {
        schema::make(&mut connection, &path)?;
    }
    leave_log(&connection, false).map_err(sql)?;
    Ok(connection)
}

/// Makes the file if it is not there, and refuses what SQLite would open in the place of the file or beside it.
///
/// The file is not opened here: closing it again would give up the locks that SQLite has on it in this process, after
/// which another one may take the log away from under it.
fn prepare(directory: &Path) -> Result<(), JournalError> {
    // SQLite removes the log of an empty file, and with it what may be the only trace of a job.
    let must_be_filled = length(&directory.join(format!("{FILE}-wal")))? > 0;
    for beside in quarantine::FILES {
        let path = directory.join(format!("{FILE}{beside}"));
        let place = |why: io::Error| JournalError::place(&path, &why);
        match fs::symlink_metadata(&path) {
            Ok(found) => {
                files::check(&found).map_err(place)?;
                files::close_to_others(&path, &found).map_err(place)?;
                if beside.is_empty() && found.len() == 0 && must_be_filled {
                    return Err(JournalError::Damaged { path: path.display().to_string() });
                }
            }
            Err(why) if why.kind() == ErrorKind::NotFound && beside.is_empty() => {
                if must_be_filled {
                    return Err(JournalError::Damaged { path: path.display().to_string() });
                }
                // SQLite gives the files beside it the permissions of this one.
                files::new_file(&path).map_err(place)?;
            }
            Err(why) if why.kind() == ErrorKind::NotFound => {}
            Err(why) => return Err(place(why)),
        }
    }
    Ok(())
}

/// Which files are open, so that it shows when others have taken their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileIdentity {
    directory: PathBuf,
    /// Device and inode of the file and of those beside it, which SQLite does without where it cannot share memory.
    files: [Option<(u64, u64)>; 3],
    /// Whether the file has anything in it: SQLite never empties it.
    is_filled: bool,
}

impl FileIdentity {
    fn of(directory: &Path) -> io::Result<Self> {
        let mut files = [None; 3];
        for (file, beside) in files.iter_mut().zip(quarantine::FILES) {
            *file = match fs::symlink_metadata(directory.join(format!("{FILE}{beside}"))) {
                Ok(found) => Some((found.dev(), found.ino())),
                Err(why) if why.kind() == ErrorKind::NotFound && !beside.is_empty() => None,
                Err(why) => return Err(why),
            };
        }
        let is_filled = fs::symlink_metadata(directory.join(FILE))?.len() > 0;
        Ok(Self { directory: directory.to_owned(), files, is_filled })
    }

    /// Whether a later start will read what is written here.
    pub(super) fn holds(&self) -> bool {
        Self::of(&self.directory).is_ok_and(|now| now == *self)
    }
}
