//! Why a copy cannot be kept, looked at or removed.
//!
//! Owns the sentences for what the file system reports. Must not know what was to be copied.

use std::io;
use std::path::Path;

use crate::model::text::size;

/// The first words where there is no backup of a record.
pub const NO_BACKUP: &str = "no backup could be made: ";

/// Why there is no copy, or nothing can be done with one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// The disk would be left with too little room.
    #[error(
        "there is no room for a copy of {} in `{path}`: {} are free, {} have to stay free",
        size(*wanted),
        size(*free),
        size(*keep_free)
    )]
    NoRoom {
        /// The folder.
        path: String,
        /// Bytes that are free.
        free: u64,
        /// Bytes that are still to be written, as far as that is known.
        wanted: u64,
        /// Bytes that must stay free.
        keep_free: u64,
    },
    /// A file or directory that cannot be made or written.
    #[error("no backup could be made: `{path}`: {why}")]
    Place {
        /// Which.
        path: String,
        /// What the system said.
        why: String,
    },
    /// A file or directory that cannot be read.
    #[error("the copies could not be read: `{path}`: {why}")]
    Unreadable {
        /// Which.
        path: String,
        /// What the system said.
        why: String,
    },
    /// A file or directory that cannot be removed.
    #[error("the copies could not be removed: `{path}`: {why}")]
    Stays {
        /// Which.
        path: String,
        /// What the system said.
        why: String,
    },
    /// The stream ended too early or too late.
    #[error("no backup could be made: the server announced {announced} bytes and sent {got}")]
    Incomplete {
        /// Bytes that were announced.
        announced: u64,
        /// Bytes that came.
        got: u64,
    },
    /// A job still puts copies there, or they are being removed.
    #[error("the copies in `{path}` are in use")]
    InUse {
        /// The folder.
        path: String,
    },
    /// It was given up before.
    #[error("no backup could be made: writing it broke off")]
    Broken,
}

impl BackupError {
    /// The hint.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoRoom { .. } => {
                "free some room on that disk, remove old copies with `tidyfy backups purge --older 90d`, or set \
                 `backups` to a folder on another disk"
            }
            Self::Place { .. } => "set `backups` to a folder that you can write to, on a disk with room",
            Self::Unreadable { .. } => "make the folder and what is in it readable for you",
            Self::Stays { .. } => "make the folder and what is in it writable for you",
            Self::Incomplete { .. } => "try again; what is not wholly copied is not deleted",
            Self::InUse { .. } => "wait for the job to end, then try again",
            Self::Broken => "try again; if it happens again, please report it",
        }
    }

    pub(super) fn place(path: &Path, why: &io::Error) -> Self {
        Self::Place { path: path.display().to_string(), why: words(why) }
    }

    pub(super) fn unreadable(path: &Path, why: &io::Error) -> Self {
        Self::Unreadable { path: path.display().to_string(), why: words(why) }
    }

    pub(super) fn stays(path: &Path, why: &io::Error) -> Self {
        Self::Stays { path: path.display().to_string(), why: words(why) }
    }
}

fn words(why: &io::Error) -> String {
    let known = match why.kind() {
        io::ErrorKind::PermissionDenied => "permission denied",
        io::ErrorKind::NotFound => "it is not there",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "it is not a directory",
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        io::ErrorKind::StorageFull => "the disk is full",
        io::ErrorKind::QuotaExceeded => "your share of the disk is used up",
        io::ErrorKind::InvalidFilename => "the name is too long for this file system",
        _ => return why.to_string(),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_reports_is_told_in_words() {
        for (kind, said) in [
            (io::ErrorKind::StorageFull, "the disk is full"),
            (io::ErrorKind::ReadOnlyFilesystem, "the file system is read-only"),
            (io::ErrorKind::InvalidFilename, "the name is too long for this file system"),
        ] {
            let error = BackupError::place(Path::new("/b/job-1"), &kind.into());
            assert_eq!(error.to_string(), format!("no backup could be made: `/b/job-1`: {said}"));
        }
    }

    #[test]
    fn the_room_that_is_missing_is_told() {
        let error = BackupError::NoRoom {
            path: "/b".into(),
            free: 42_999_999,
            wanted: 1_500,
            keep_free: 100_000_000,
        };
        let said =
            "there is no room for a copy of 1.5 kB in `/b`: 42.9 MB are free, 100.0 MB have to stay free";
        assert_eq!(error.to_string(), said);
        assert!(error.hint().contains("purge"));
    }
}
