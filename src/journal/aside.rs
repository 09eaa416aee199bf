//! Putting a damaged journal aside.
//!
//! Owns the name that it is kept under. Must not know how it is found out that it is damaged, nor whether somebody uses it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::FILE;

/// Renames the journal in `directory`, with what lies beside it, and answers its new name.
pub(super) fn put(directory: &Path) -> io::Result<PathBuf> {
    let kept = free_name(directory, &Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string());
    // The file last: a new one must never find the log of the old one beside it.
    for beside in ["-wal", "-shm", ""] {
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
fn free_name(directory: &Path, time: &str) -> PathBuf {
    let plain = directory.join(format!("journal-damaged-{time}.sqlite3"));
    let numbered = (2..).map(|n: u32| directory.join(format!("journal-damaged-{time}-{n}.sqlite3")));
    std::iter::once(plain.clone()).chain(numbered).find(|name| !name.exists()).unwrap_or(plain)
}
