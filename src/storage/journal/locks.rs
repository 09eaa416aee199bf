//! The locks of running jobs.
//!
//! Owns the lock files: which there are, who may hold one, and how it is found out that somebody does. Must not know what
//! a job is. Where a file system has no locks, no job begins: nobody could tell a running job from one that broke off.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::storage::files;
use crate::storage::journal::error::JournalError;

/// Held while a lock is tried: whoever only looks would otherwise seem to be at the job for that moment.
const LOOKING: &str = "looking.lock";

/// The lock of a job, held for as long as this lives, whatever becomes of the process.
#[derive(Debug)]
pub(super) struct JobLock {
    pub(super) job: i64,
    path: PathBuf,
    file: File,
}

impl JobLock {
    /// Lets go of the lock of a job that is over, or that never was. Without this the file is left behind; it is not
    /// locked then, and so says nothing.
    pub(super) fn clear(self) {
        // Whoever tries the lock meanwhile must not be left with a file that is gone.
        let _turn = turn(&self.path.with_file_name(LOOKING));
        drop(fs::remove_file(self.path));
        drop(self.file);
    }
}

/// Takes the lock of a job; none if it is held, by this process or another.
pub(super) fn take(locks: &Path, job: i64) -> Result<Option<JobLock>, JournalError> {
    let path = path(locks, job);
    let place = |why: std::io::Error| JournalError::place(&path, &why);
    let looking = locks.join(LOOKING);
    let _turn = turn(&looking).map_err(|why| JournalError::place(&looking, &why))?;
    let file = files::file(&path).map_err(place)?;
    let is_taken = files::try_lock(&file).map_err(place)?;
    Ok(is_taken.then_some(JobLock { job, path, file }))
}

/// Whether a process is at a job.
pub(super) fn is_held(locks: &Path, job: i64) -> bool {
    // Where no turn can be had, a look without one is worth more than none.
    let _turn = turn(&locks.join(LOOKING));
    let lock = files::open(&path(locks, job), File::options().read(true));
    // Where it cannot be told, somebody may be at it.
    lock.is_ok_and(|file| file.try_lock_shared().is_err())
}

/// Whether a process is at any job. What cannot be looked at may be held.
pub(super) fn is_any_held(locks: &Path) -> bool {
    let Ok(entries) = fs::read_dir(locks) else { return true };
    let jobs = entries.flatten().filter_map(|entry| {
        let name = entry.file_name();
        name.to_str()?.strip_suffix(".lock")?.parse().ok()
    });
    jobs.into_iter().any(|job| is_held(locks, job))
}

fn path(locks: &Path, job: i64) -> PathBuf {
    locks.join(format!("{job}.lock"))
}

/// Waits until nobody else has the lock of `path`, and holds it as long as the answer lives.
pub(super) fn turn(path: &Path) -> std::io::Result<File> {
    let file = files::file(path)?;
    files::lock(&file)?;
    Ok(file)
}
