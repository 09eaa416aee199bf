//! The file system, as far as copies need it.
//!
//! Owns the order of writing, syncing and renaming, and the question how much room is left. Must not know what is written.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::storage::backups::error::BackupError;
use crate::storage::backups::file_name::{BackupFileName, hex};
use crate::storage::files;

/// More copies of one name than this are not looked for.
const MOST_NUMBERED: usize = 10_000;

/// Makes a private directory whose name is still there after a power cut, those above it that were missing included.
pub(super) fn make_directory(path: &Path) -> Result<(), BackupError> {
    let place = |why| BackupError::place(path, &why);
    let missing: Vec<&Path> = path.ancestors().take_while(|above| !above.exists()).collect();
    // A link that bears the name would lead the copies elsewhere.
    if fs::symlink_metadata(path).is_ok_and(|there| !there.is_dir()) {
        return Err(place(io::ErrorKind::NotADirectory.into()));
    }
    files::directory(path).map_err(place)?;
    missing.iter().filter_map(|made| made.parent()).try_for_each(sync_directory)
}

/// Puts the names in a directory on the disk.
pub(super) fn sync_directory(path: &Path) -> Result<(), BackupError> {
    // The parent of a relative path's first part.
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path).and_then(|directory| directory.sync_all()).map_err(|why| BackupError::place(path, &why))
}

/// Refuses where `wanted` bytes more would leave less than `keep_free` on the disk of `path`.
pub(super) fn look_for_room(path: &Path, wanted: u64, keep_free: u64) -> Result<(), BackupError> {
    let disk = rustix::fs::statvfs(path).map_err(|why| BackupError::place(path, &why.into()))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free.checked_sub(wanted).is_some_and(|left| left >= keep_free) {
        return Ok(());
    }
    Err(BackupError::NoRoom { path: path.display().to_string(), free, wanted, keep_free })
}

/// A file that is not all there yet, under a name that says so. Dropped, it is removed.
#[derive(Debug)]
pub(super) struct PartialFile {
    file: File,
    temporary: PathBuf,
    last: PathBuf,
    name: String,
    hash: Sha256,
    bytes: u64,
    renamed: bool,
}

impl PartialFile {
    /// Begins the first copy of that name in `directory` which is neither there nor under way.
    pub(super) fn begin(directory: &Path, name: &BackupFileName) -> Result<Self, BackupError> {
        for n in 1..MOST_NUMBERED {
            let name = name.numbered(n);
            let temporary = directory.join(format!(".{name}.part"));
            let file = match files::new_file(&temporary) {
                Ok(file) => file,
                Err(why) if why.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(why) => return Err(BackupError::place(&temporary, &why)),
            };
            let last = directory.join(&name);
            let (hash, bytes, renamed) = (Sha256::new(), 0, false);
            let part = Self { file, temporary, last, name, hash, bytes, renamed };
            // Whoever has the temporary name has the last one too: nobody can take it from here on.
            match fs::symlink_metadata(&part.last) {
                Ok(_) => {}
                Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(part),
                Err(why) => return Err(BackupError::place(&part.last, &why)),
            }
        }
        Err(BackupError::place(&directory.join(name.numbered(1)), &io::Error::other("it is there too often")))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.file.write_all(bytes).map_err(|why| BackupError::place(&self.temporary, &why))?;
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Puts the bytes on the disk and gives them their last name; the name itself may not be on the disk yet.
    pub(super) fn rename(mut self) -> Result<CompleteFile, BackupError> {
        self.file.sync_all().map_err(|why| BackupError::place(&self.temporary, &why))?;
        fs::rename(&self.temporary, &self.last).map_err(|why| BackupError::place(&self.last, &why))?;
        self.renamed = true;
        Ok(CompleteFile {
            path: self.last.clone(),
            name: self.name.clone(),
            sha256: hex(&std::mem::take(&mut self.hash).finalize()),
            bytes: self.bytes,
        })
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if !self.renamed {
            // What cannot be removed is known by its name as no copy.
            drop(fs::remove_file(&self.temporary));
        }
    }
}

/// A file that is all there.
#[derive(Debug)]
pub(super) struct CompleteFile {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) sha256: String,
    pub(super) bytes: u64,
}

/// The hash of what a file holds, without reading it into memory, and its length.
pub(super) fn hash(path: &Path) -> io::Result<(String, u64)> {
    let (mut file, mut hash) = (files::open(path, File::options().read(true))?, Sha256::new());
    let (mut buffer, mut length) = (vec![0; 1 << 16], 0);
    loop {
        match io::Read::read(&mut file, &mut buffer) {
            Ok(0) => return Ok((hex(&hash.finalize()), length)),
            Ok(n) => {
                hash.update(&buffer[..n]);
                length += n as u64;
            }
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => return Err(why),
        }
    }
}
