//! Files that are saved for a person: whole or not at all, and never in the place of another.
//!
//! Owns the folder they go to, their names in it, and how a name is taken. What a server calls a file is a proposal and leads
//! nowhere else. Must not know where the bytes come from. Everything here waits for the disk.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use crate::storage::downloads::file_name::FileName;

/// More files of one name than this are not looked for.
const MOST_NUMBERED: usize = 10_000;

/// Why a file could not be saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DownloadError {
    /// There is no room for it, nor for any other.
    #[error("the disk of `{path}` is full")]
    Full {
        /// Where it was to go.
        path: String,
    },
    /// It cannot be made or written there.
    #[error("`{path}`: {why}")]
    Place {
        /// Where.
        path: String,
        /// What the system said.
        why: String,
    },
}

impl DownloadError {
    fn of(path: &Path, why: &io::Error) -> Self {
        let path = path.display().to_string();
        match why.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path },
            io::ErrorKind::PermissionDenied => Self::Place { path, why: "permission denied".to_owned() },
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                Self::Place { path, why: "it is not a folder".to_owned() }
            }
            io::ErrorKind::ReadOnlyFilesystem => {
                Self::Place { path, why: "the file system is read-only".to_owned() }
            }
            _ => Self::Place { path, why: why.to_string() },
        }
    }
}

/// Makes the folder, with those above it, if it is not there.
///
/// # Errors
/// [`DownloadError`] when it cannot be made, or something else bears its name.
pub fn make_folder(path: &Path) -> Result<(), DownloadError> {
    fs::create_dir_all(path).map_err(|why| DownloadError::of(path, &why))
}

/// A file that is not all there yet, under a name that says so. Dropped, it is removed.
#[derive(Debug)]
pub struct DownloadWriter {
    file: File,
    temporary: PathBuf,
    folder: PathBuf,
    name: FileName,
    bytes: u64,
}

impl DownloadWriter {
    /// Begins a file in `folder` that the server calls `filename`.
    ///
    /// # Errors
    /// [`DownloadError`] when no file can be made there.
    pub fn begin(folder: &Path, filename: &str) -> Result<Self, DownloadError> {
        let name = FileName::safe(filename);
        for n in 1..MOST_NUMBERED {
            let temporary = folder.join(format!(".{}.part", name.numbered(n)));
            match File::create_new(&temporary) {
                Ok(file) => {
                    let folder = folder.to_owned();
                    return Ok(Self { file, temporary, folder, name, bytes: 0 });
                }
                Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
                Err(why) => return Err(DownloadError::of(folder, &why)),
            }
        }
        Err(too_often(folder, &name))
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`DownloadError`] when they cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), DownloadError> {
        self.file.write_all(bytes).map_err(|why| DownloadError::of(&self.folder, &why))?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Puts the bytes on the disk and gives the file the first name that is free. Answers its path and how many bytes it
    /// has.
    ///
    /// # Errors
    /// [`DownloadError`] when that cannot be done; nothing of it is left then.
    pub fn finish(self) -> Result<(PathBuf, u64), DownloadError> {
        self.file.sync_all().map_err(|why| DownloadError::of(&self.folder, &why))?;
        for n in 1..MOST_NUMBERED {
            let last = self.folder.join(self.name.numbered(n));
            match take_name(&self.temporary, &last) {
                Ok(()) => return Ok((last, self.bytes)),
                Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
                Err(why) => return Err(DownloadError::of(&self.folder, &why)),
            }
        }
        Err(too_often(&self.folder, &self.name))
    }
}

impl Drop for DownloadWriter {
    fn drop(&mut self) {
        // Once it has its last name the temporary one is not needed, or gone. What cannot be removed is known by its name.
        drop(fs::remove_file(&self.temporary));
    }
}

/// Gives a file the name `last`, if nothing bears it. Renaming alone would take the place of what does.
fn take_name(temporary: &Path, last: &Path) -> io::Result<()> {
    match fs::hard_link(temporary, last) {
        Err(why) if why.kind() != io::ErrorKind::AlreadyExists => {
            // Not every file system has links. An empty file of our own holds the name meanwhile.
            File::create_new(last)?;
            fs::rename(temporary, last).inspect_err(|_| drop(fs::remove_file(last)))
        }
        linked => linked,
    }
}

fn too_often(folder: &Path, name: &FileName) -> DownloadError {
    let path = folder.join(name.numbered(1)).display().to_string();
    DownloadError::Place { path, why: "there are too many files of that name".to_owned() }
}

mod file_name;
#[cfg(test)]
mod tests;
