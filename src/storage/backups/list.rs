//! Looking at the copies there are, and removing old ones.
//!
//! Owns what counts as a folder of copies: a real directory, called as one, with an index in it. Everything else that lies
//! beside it is left alone, and no link is followed. Must not know how it is shown, nor who agreed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirEntry, File, TryLockError};
use std::io;
use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;

use super::FILES_UNKNOWN;
use super::index::{self, IndexEntry, IndexedRecord};
use crate::storage::backups::error::BackupError;
use crate::storage::backups::store::LOCK;
use crate::storage::backups::{file_name, writer};
use crate::storage::files;

/// The copies of one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobBackups {
    /// The job's number.
    pub job: i64,
    /// When it began.
    pub at: Timestamp,
    /// Where the copies are.
    pub folder: PathBuf,
    /// How many records of each kind, by the kind's word.
    pub records: BTreeMap<String, usize>,
    /// How many files have their bytes here.
    pub files_with_bytes: usize,
    /// How many records may have had more files attached than are here, because the server did not list them.
    pub files_unknown: usize,
    /// Bytes of all copies together.
    pub bytes: u64,
    lines: Vec<IndexEntry>,
    damaged: usize,
}

/// A copy that is not what it was when it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedBackup {
    /// Which, relative to the folder.
    pub file: String,
    /// What is wrong with it.
    pub why: String,
}

/// Every folder of copies in `directory`, the oldest first; none where nothing was ever copied.
///
/// # Errors
/// [`BackupError`] when the directory or an index cannot be read.
pub fn list(directory: &Path) -> Result<Vec<JobBackups>, BackupError> {
    let unreadable = |why| BackupError::unreadable(directory, &why);
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(unreadable(why)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        if let Some((job, at)) = own(&entry) {
            found.push(kept(job, at, entry.path())?);
        }
    }
    found.sort_by_key(|kept| (kept.at, kept.job));
    Ok(found)
}

/// The job and the time of a folder of copies.
fn own(entry: &DirEntry) -> Option<(i64, Timestamp)> {
    let read = file_name::read_job(entry.file_name().to_str()?)?;
    (is_own(&entry.path())).then_some(read)
}

/// Whether a folder has an index. One that is no file is not passed over: reading it says what it is.
fn is_own(folder: &Path) -> bool {
    let found = |path: &Path| fs::symlink_metadata(path).ok();
    found(folder).is_some_and(|folder| folder.is_dir()) && found(&folder.join(index::FILE)).is_some()
}

fn kept(job: i64, at: Timestamp, folder: PathBuf) -> Result<JobBackups, BackupError> {
    let path = folder.join(index::FILE);
    let (lines, damaged) = index::read(&path).map_err(|why| BackupError::unreadable(&path, &why))?;
    let distinct = |is_meant: fn(&IndexEntry) -> bool| {
        let lines = lines.iter().filter(|line| is_meant(line));
        lines.map(|line| (line.kind.as_str(), line.id.as_str())).collect::<BTreeSet<_>>()
    };
    let mut records = BTreeMap::new();
    for (kind, _) in distinct(|_| true) {
        *records.entry(kind.to_owned()).or_default() += 1;
    }
    let files_with_bytes = distinct(|line| line.holds == IndexedRecord::Bytes).len();
    let files_unknown = distinct(|line| line.notes.iter().any(|note| note == FILES_UNKNOWN)).len();
    let bytes = lines.iter().fold(0, |sum: u64, line| sum.saturating_add(line.bytes));
    Ok(JobBackups { job, at, folder, records, files_with_bytes, files_unknown, bytes, lines, damaged })
}

/// Reads every copy of a job again and answers those that are not what the index says.
#[must_use]
pub fn verify(kept: &JobBackups) -> Vec<DamagedBackup> {
    let wrong = |line: &IndexEntry| {
        let why = check(&kept.folder, line).err()?;
        Some(DamagedBackup { file: line.file.clone(), why })
    };
    let mut damaged: Vec<DamagedBackup> = kept.lines.iter().filter_map(wrong).collect();
    if kept.damaged > 0 {
        let why = format!("{} of its lines cannot be read", kept.damaged);
        damaged.push(DamagedBackup { file: index::FILE.to_owned(), why });
    }
    damaged
}

fn check(folder: &Path, line: &IndexEntry) -> Result<(), String> {
    let path = inside(folder, &line.file)?;
    // A file that has grown is not read to its end.
    let length = fs::symlink_metadata(&path).map_or(line.bytes, |found| found.len());
    if length != line.bytes {
        return Err(format!("has {length} bytes instead of {}", line.bytes));
    }
    let (sha256, bytes) = writer::hash(&path).map_err(|why| format!("cannot be read: {why}"))?;
    if bytes != line.bytes {
        return Err(format!("has {bytes} bytes instead of {}", line.bytes));
    }
    if sha256 == line.sha256 { Ok(()) } else { Err("has changed: its hash is another".to_owned()) }
}

/// The path of a file in the folder. An index that names anything else, or a link on the way, is not followed.
fn inside(folder: &Path, file: &str) -> Result<PathBuf, String> {
    let mut path = folder.to_owned();
    for part in Path::new(file).components() {
        let Component::Normal(part) = part else { return Err("lies outside the folder".to_owned()) };
        path.push(part);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => return Err("is a link".to_owned()),
            Ok(_) => {}
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Err("is missing".to_owned()),
            Err(why) => return Err(format!("cannot be read: {why}")),
        }
    }
    if path.is_file() { Ok(path) } else { Err("is no file".to_owned()) }
}

/// Removes the copies of a job for good, and its folder.
///
/// # Errors
/// [`BackupError`] when a job still puts copies there, when the folder is none of ours any more, or when something in it
/// cannot be removed; what is left then can be removed by another try.
pub fn purge(kept: &JobBackups) -> Result<(), BackupError> {
    let folder = &kept.folder;
    if !is_own(folder) {
        return Err(BackupError::stays(folder, &io::Error::other("it is no folder of copies any more")));
    }
    let lock = lock(folder)?;
    empty(folder).map_err(|why| BackupError::stays(folder, &why))?;
    drop(lock);
    fs::remove_dir(folder).map_err(|why| BackupError::stays(folder, &why))
}

/// Keeps jobs from putting copies there. A folder without a lock file is in nobody's hands.
fn lock(folder: &Path) -> Result<Option<File>, BackupError> {
    let file = match files::open(&folder.join(LOCK), File::options().read(true).write(true)) {
        Ok(file) => file,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(BackupError::stays(folder, &why)),
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(BackupError::InUse { path: folder.display().to_string() }),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(file)),
    }
}

/// Removes what is in a folder, the index last: as long as there is one, it can be listed and purged again.
fn empty(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name() == index::FILE {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    fs::remove_file(folder.join(index::FILE))
}
