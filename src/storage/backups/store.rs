//! Keeping copies: everything here waits for the disk.
//!
//! Owns the folder while a job puts copies into it, and the one place where its index grows: copies that end at the same
//! time share one sync of their directory and one of the index. Must not be called where waiting is not allowed.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use jiff::Timestamp;

use super::index::{self, IndexEntry, IndexedRecord};
use super::{BackupPlace, SavedBackup};
use crate::storage::backups::error::BackupError;
use crate::storage::backups::file_name::{BackupFileName, of_id, of_kind};
use crate::storage::backups::writer;
use crate::storage::backups::writer::PartialFile;
use crate::storage::files;

/// The name of the file that is locked while copies may still come.
pub(super) const LOCK: &str = "lock";

/// A folder of copies, made with the first of them.
#[derive(Debug)]
pub(super) struct BackupStore {
    path: PathBuf,
    keep_free: u64,
    ready: Mutex<WrittenFolder>,
    waiting: Mutex<Vec<UnindexedBackup>>,
    index: Mutex<()>,
}

/// What is on the disk of a folder, so that it is made once.
#[derive(Debug, Default)]
struct WrittenFolder {
    /// Locked for as long as it is open, whatever becomes of the process.
    lock: Option<File>,
    kinds: BTreeSet<String>,
}

/// A copy that is not in the index yet.
#[derive(Debug)]
struct UnindexedBackup {
    line: IndexEntry,
    directory: PathBuf,
    noted: Arc<OnceLock<Result<(), BackupError>>>,
}

impl BackupStore {
    pub(super) fn new(path: PathBuf, keep_free: u64) -> Self {
        let (ready, waiting, index) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { path, keep_free, ready, waiting, index }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a copy that will take `wanted` bytes, as far as that is known.
    pub(super) fn begin(
        &self,
        place: &BackupPlace,
        name: &BackupFileName,
        wanted: u64,
    ) -> Result<PartialFile, BackupError> {
        let directory = self.path.join(folder(place));
        self.make_ready(&directory)?;
        self.look_for_room(wanted)?;
        PartialFile::begin(&directory, name)
    }

    pub(super) fn look_for_room(&self, wanted: u64) -> Result<(), BackupError> {
        writer::look_for_room(&self.path, wanted, self.keep_free)
    }

    /// Makes a copy a whole one and notes it in the index; both are on the disk then.
    pub(super) fn finish(
        &self,
        part: PartialFile,
        place: &BackupPlace,
        holds: IndexedRecord,
        notes: Vec<String>,
    ) -> Result<SavedBackup, BackupError> {
        let (whole, BackupPlace { item, of }) = (part.rename()?, place);
        let file = format!("{}/{}", folder(place), whole.name);
        let line = IndexEntry {
            kind: item.kind.to_owned(),
            id: item.id.clone(),
            name: item.name.clone(),
            holds,
            of: of.as_ref().map(|of| format!("{}/{}", of.kind, of.id)),
            file: file.clone(),
            sha256: whole.sha256.clone(),
            bytes: whole.bytes,
            at: Timestamp::now().to_string(),
            notes,
        };
        if let Err(why) = self.note(line, self.path.join(folder(place))) {
            // A copy that is not in the index was never kept.
            drop(std::fs::remove_file(&whole.path));
            return Err(why);
        }
        Ok(SavedBackup { file, sha256: whole.sha256, bytes: whole.bytes })
    }

    /// Makes the folder, its lock and its index before the first copy, and each directory before its first.
    fn make_ready(&self, directory: &Path) -> Result<(), BackupError> {
        let mut ready = held(&self.ready);
        if ready.lock.is_none() {
            // Before anything is made: a disk that is full is not filled with empty folders.
            if let Some(there) = self.path.ancestors().find(|above| above.exists()) {
                writer::look_for_room(there, 0, self.keep_free)?;
            }
            writer::make_directory(&self.path)?;
            let lock = self.lock()?;
            let index = self.path.join(index::FILE);
            files::file(&index).map_err(|why| BackupError::place(&index, &why))?;
            writer::sync_directory(&self.path)?;
            ready.lock = Some(lock);
        }
        let name = directory.to_string_lossy().into_owned();
        if !ready.kinds.contains(&name) {
            writer::make_directory(directory)?;
            // It may have been made just before a crash, and not be on the disk yet.
            writer::sync_directory(directory.parent().unwrap_or(&self.path))?;
            ready.kinds.insert(name);
        }
        Ok(())
    }

    fn lock(&self) -> Result<File, BackupError> {
        let path = self.path.join(LOCK);
        let file = files::file(&path).map_err(|why| BackupError::place(&path, &why))?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => {
                Err(BackupError::InUse { path: self.path.display().to_string() })
            }
            // Where a file system has no locks, only the guard against removing what is in use is lost.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
        }
    }

    /// Waits for the index and then notes all that wait with it, unless another has done so meanwhile.
    fn note(&self, line: IndexEntry, directory: PathBuf) -> Result<(), BackupError> {
        let noted = Arc::new(OnceLock::new());
        held(&self.waiting).push(UnindexedBackup { line, directory, noted: Arc::clone(&noted) });
        let turn = held(&self.index);
        if noted.get().is_none() {
            let group = std::mem::take(&mut *held(&self.waiting));
            let result = self.note_all(&group);
            group.iter().for_each(|one| drop(one.noted.set(result.clone())));
        }
        drop(turn);
        noted.get().cloned().unwrap_or(Err(BackupError::Broken))
    }

    fn note_all(&self, group: &[UnindexedBackup]) -> Result<(), BackupError> {
        let directories: BTreeSet<&PathBuf> = group.iter().map(|one| &one.directory).collect();
        directories.into_iter().try_for_each(|directory| writer::sync_directory(directory))?;
        let lines: Vec<&IndexEntry> = group.iter().map(|one| &one.line).collect();
        let path = self.path.join(index::FILE);
        index::append(&path, &lines).map_err(|why: io::Error| BackupError::place(&path, &why))
    }
}

/// The directory of a copy, relative to the folder of its job.
fn folder(place: &BackupPlace) -> String {
    match &place.of {
        Some(of) => format!("{}/{}", of_kind(of.kind), of_id(&of.id)),
        None => of_kind(place.item.kind),
    }
}

/// What one thread left behind when it broke off is still sound: every change is one assignment.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
