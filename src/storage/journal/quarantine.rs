//! Setting a journal aside that cannot be used.
//!
//! Owns the names that it is kept under. Must not know why it cannot be used, nor whether somebody uses it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::FILE;

/// What SQLite keeps beside the file, and the file itself. The file is last: a new one must never find the log of the old
/// one beside it.
pub(super) const FILES: [&str; 3] = ["-wal", "-shm", ""];

/// Renames the journal in `directory` as a damaged one, with what is beside it, and answers its new name.
pub(super) fn damaged(directory: &Path) -> io::Result<PathBuf> {
    put(directory, &format!("journal-damaged-{}", Timestamp::now().strftime("%Y%m%dT%H%M%SZ")))
}

/// Renames the journal in `directory` as one of another schema, with what is beside it, and answers its new name.
pub(super) fn old(directory: &Path) -> io::Result<PathBuf> {
    put(directory, &format!("journal-old-{}", Timestamp::now().strftime("%Y-%m-%d")))
}

fn put(directory: &Path, name: &str) -> io::Result<PathBuf> {
    let kept = free_name(directory, name);
    for beside in FILES {
        let from = directory.join(format!("{FILE}{beside}"));
        let mut to = kept.clone().into_os_string();
        to.push(beside);
        match fs::rename(from, to) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
            _ => {}
        }
    }
    Ok(kept)
}

/// A name that no file has: renaming would take the place of it.
fn free_name(directory: &Path, name: &str) -> PathBuf {
    let plain = directory.join(format!("{name}.sqlite3"));
    let numbered = (2..).map(|n: u32| directory.join(format!("{name}-{n}.sqlite3")));
    let is_free = |name: &PathBuf| name.symlink_metadata().is_err();
    std::iter::once(plain.clone()).chain(numbered).find(is_free).unwrap_or(plain)
}
