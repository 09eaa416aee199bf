//! Copies of what is about to be deleted permanently: a copy, not an undo.
//!
//! Owns the folders of copies, one a job, the names in them, and the promise that a copy which is said to be kept is on
//! the disk, whole, with its hash in the index. Must not know HTTP, the journal or the screen, nor what becomes of a record
//! after it.
//!
//! ```text
//! <directory>/job-12-20261122T190501Z/
//!     index.jsonl                     one line a copy: kind, id, name, holds, of, file, sha256, bytes, at, notes
//!     lock                            held while a job may still put copies here
//!     processes/<id>.json             a record, as the server gave it
//!     processes/<id>/<id>-<safe name> the bytes of a file that was attached to it
//!     files/<id>.json                 the record of a file
//!     files/<id>-<safe name>          its bytes
//!     files/.<id>-<safe name>.part    bytes that are not all there yet; left behind only by a crash
//! ```
//!
//! Directories are 0700 and files 0600. A copy is written under a temporary name, synced, renamed, and then noted in the
//! index, which is synced too, before the call returns. No copy ever takes the place of another: a second one of the same
//! record is called `<id>.2.json`.

mod error;
mod file_name;
mod index;
mod list;
mod store;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::task::spawn_blocking;

use crate::storage::backups::store::BackupStore;
use crate::storage::backups::writer::PartialFile;
use index::IndexedRecord;

pub use crate::storage::backups::error::{BackupError, NO_BACKUP};
pub use crate::storage::backups::list::{DamagedBackup, JobBackups, list, purge, verify};

/// What is noted of a record whose attached files the server did not list: there may be more than were backed up.
pub const FILES_UNKNOWN: &str = "files: unknown";

/// How many bytes of a stream are gathered before they go to the disk together; room is looked for as often.
const GATHERED: usize = 1 << 20;

/// The store of copies. Clones are the same store.
#[derive(Debug, Clone)]
pub struct Backups {
    directory: PathBuf,
    keep_free: u64,
}

impl Backups {
    /// The store in `directory`, which need not exist yet; `keep_free` bytes of its disk are never used up.
    #[must_use]
    pub fn new(directory: PathBuf, keep_free: u64) -> Self {
        Self { directory, keep_free }
    }

    /// The folder for the copies of a job that began at `at`. Nothing is touched before the first copy.
    #[must_use]
    pub fn folder(&self, job: i64, at: Timestamp) -> BackupFolder {
        let path = self.directory.join(file_name::of_job(job, at));
        BackupFolder { keeper: Arc::new(BackupStore::new(path, self.keep_free)) }
    }

    /// Where the folders are or will be.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

/// What a copy is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupItem {
    /// The kind's word.
    pub kind: &'static str,
    /// The record's id.
    pub id: String,
    /// The record's name.
    pub name: String,
}

/// Where the copy of something lies: under its kind, or under the record that it is attached to.
#[derive(Debug, Clone)]
struct BackupPlace {
    item: BackupItem,
    of: Option<BackupItem>,
}

/// A copy that is safe on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedBackup {
    /// Where it is, relative to the folder.
    pub file: String,
    /// SHA-256 of its bytes, 64 lowercase hex digits.
    pub sha256: String,
    /// How many bytes it has.
    pub bytes: u64,
}

/// The copies of one job. Clones are the same folder; while one lives, `purge` leaves it alone.
#[derive(Debug, Clone)]
pub struct BackupFolder {
    keeper: Arc<BackupStore>,
}

impl BackupFolder {
    /// Where it is or will be.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.keeper.path()
    }

    /// Keeps a record as it is given, with what has to be known of it, and returns once that is safe.
    ///
    /// # Errors
    /// [`BackupError`] when it is not safe; nothing of it is left then.
    pub async fn keep_record(
        &self,
        item: &BackupItem,
        json: Vec<u8>,
        notes: &[String],
    ) -> Result<SavedBackup, BackupError> {
        let (keeper, place) = (Arc::clone(&self.keeper), BackupPlace { item: item.clone(), of: None });
        let notes = notes.to_vec();
        let kept = spawn_blocking(move || {
            let mut part = keeper.begin(&place, &file_name::of_record(&place.item.id), json.len() as u64)?;
            part.write(&json)?;
            keeper.finish(part, &place, IndexedRecord::Record, notes)
        });
        kept.await.map_err(|_| BackupError::Broken)?
    }

    /// Begins to keep the bytes of a file, which is attached to the record `of` where that is backed up; `announced` is
    /// how many the server says there are.
    ///
    /// # Errors
    /// [`BackupError`] when there is no room for them, or nowhere to put them.
    pub async fn begin_bytes(
        &self,
        item: &BackupItem,
        of: Option<&BackupItem>,
        announced: Option<u64>,
    ) -> Result<BackupWriter, BackupError> {
        let keeper = Arc::clone(&self.keeper);
        let place = BackupPlace { item: item.clone(), of: of.cloned() };
        let (here, name) = (place.clone(), file_name::of_bytes(&item.id, &item.name));
        let begun = spawn_blocking(move || keeper.begin(&here, &name, announced.unwrap_or(0)));
        let part = begun.await.map_err(|_| BackupError::Broken)??;
        Ok(BackupWriter {
            keeper: Arc::clone(&self.keeper),
            place,
            announced,
            part: Some(part),
            waiting: Vec::new(),
            waiting_bytes: 0,
        })
    }
}

/// Bytes on their way to the disk. Dropped unfinished, nothing of them is left.
#[derive(Debug)]
pub struct BackupWriter {
    keeper: Arc<BackupStore>,
    place: BackupPlace,
    announced: Option<u64>,
    /// Gone for good once a write has failed.
    part: Option<PartialFile>,
    waiting: Vec<Bytes>,
    waiting_bytes: usize,
}

impl BackupWriter {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`BackupError`] when they cannot be written; then it is over with this copy.
    pub async fn write(&mut self, chunk: Bytes) -> Result<(), BackupError> {
        self.waiting_bytes += chunk.len();
        self.waiting.push(chunk);
        if self.waiting_bytes < GATHERED { Ok(()) } else { self.flush().await }
    }

    /// Makes the copy a whole one, and returns once that is safe.
    ///
    /// # Errors
    /// [`BackupError`] when it is not safe, or has not as many bytes as were announced; nothing of it is left then.
    pub async fn finish(mut self) -> Result<SavedBackup, BackupError> {
        self.flush().await?;
        let part = self.part.take().ok_or(BackupError::Broken)?;
        if let Some(announced) = self.announced.filter(|announced| *announced != part.bytes()) {
            return Err(BackupError::Incomplete { announced, got: part.bytes() });
        }
        let kept =
            spawn_blocking(move || self.keeper.finish(part, &self.place, IndexedRecord::Bytes, Vec::new()));
        kept.await.map_err(|_| BackupError::Broken)?
    }

    async fn flush(&mut self) -> Result<(), BackupError> {
        let mut part = self.part.take().ok_or(BackupError::Broken)?;
        let chunks = std::mem::take(&mut self.waiting);
        let coming = std::mem::take(&mut self.waiting_bytes) as u64;
        let keeper = Arc::clone(&self.keeper);
        let written = spawn_blocking(move || {
            keeper.look_for_room(coming)?;
            chunks.iter().try_for_each(|chunk| part.write(chunk))?;
            Ok(part)
        });
        self.part = Some(written.await.map_err(|_| BackupError::Broken)??);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
