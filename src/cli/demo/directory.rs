//! The temporary directory of a demo.
//!
//! Owns that it is the demo's alone, that a lock says whether the demo still runs, and that what demos left behind that
//! were killed is removed by the next one. Must not know what is kept in it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::process::geteuid;

use crate::storage::files;

const PREFIX: &str = "tidyfy-demo-";
/// Held for as long as the demo runs, by the system if need be: a process that is killed lets go of it.
const LOCK: &str = "demo.lock";

/// A directory that no other demo uses, for as long as this lives.
#[derive(Debug)]
pub(super) struct DemoDirectory {
    path: PathBuf,
    _lock: File,
}

impl DemoDirectory {
    /// Makes one, after what other demos left behind has been removed.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn make() -> io::Result<Self> {
        let all = std::env::temp_dir();
        remove_stale(&all);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        let path = all.join(format!("{PREFIX}{}-{now}", std::process::id()));
        files::directory(&path)?;
        let lock = files::file(&path.join(LOCK))?;
        lock.try_lock()?;
        Ok(Self { path, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it with all that is in it. What cannot be removed is left to the next demo.
    pub(super) fn remove(self) {
        drop(fs::remove_dir_all(&self.path));
    }
}

/// Removes the directories of demos that do not run any more. One that cannot be removed may be by a later demo.
fn remove_stale(all: &Path) {
    let Ok(entries) = fs::read_dir(all) else { return };
    for entry in entries.flatten() {
        let is_named = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_named && is_stale(&entry.path()) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

/// Whether `path` is a directory of this user, and no link to one, with a lock that nobody holds. Without a lock it may
/// be one that is just being made.
#[cfg(unix)]
fn is_stale(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let is_ours = |path: &Path, is_kind: fn(&fs::Metadata) -> bool| {
        // Links are not followed: whatever one leads to is not a demo's.
        let found = fs::symlink_metadata(path);
        found.is_ok_and(|found| is_kind(&found) && found.uid() == geteuid().as_raw())
    };
    let lock = path.join(LOCK);
    is_ours(path, fs::Metadata::is_dir)
        && is_ours(&lock, fs::Metadata::is_file)
        && File::open(&lock).is_ok_and(|lock| lock.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo(all: &Path, name: &str) -> PathBuf {
        let path = all.join(format!("{PREFIX}{name}"));
        fs::create_dir(&path).unwrap();
        fs::write(path.join("journal.db"), "kept").unwrap();
        path
    }

    #[test]
    fn stale_directories_are_removed_and_no_others() {
        let all = tempfile::tempdir().unwrap();
        let all = all.path();
        let (stale, running, being_made) = (demo(all, "1-1"), demo(all, "2-2"), demo(all, "3-3"));
        fs::write(stale.join(LOCK), "").unwrap();
        let lock = File::create(running.join(LOCK)).unwrap();
        lock.try_lock().unwrap();
        let elsewhere = all.join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::write(elsewhere.join(LOCK), "").unwrap();
        std::os::unix::fs::symlink(&elsewhere, all.join(format!("{PREFIX}4-4"))).unwrap();
        let linked = demo(all, "5-5");
        std::os::unix::fs::symlink(elsewhere.join(LOCK), linked.join(LOCK)).unwrap();

        remove_stale(all);
        assert!(!stale.exists());
        for kept in [&running, &being_made, &linked] {
            assert!(kept.join("journal.db").exists(), "{}", kept.display());
        }
        assert!(elsewhere.join(LOCK).exists());
        drop(lock);
        remove_stale(all);
        assert!(!running.exists());
    }
}
