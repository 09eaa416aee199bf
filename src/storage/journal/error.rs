//! Why the journal cannot be read or written.
//!
//! Owns the sentences for what SQLite and the file system report. Must not know what was to be written.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

use crate::model::failure::{Cause, Failure};
use crate::storage::files::UnsafeFile;

/// Why the journal cannot be used. Whatever it is, what is in the file is left as it was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// A file or directory that cannot be made or opened.
    #[error("the journal could not be opened: `{path}`: {why}")]
    Place {
        /// Which.
        path: String,
        /// What the system said.
        why: String,
        /// The refusal of the file that is there, if that is the reason.
        refusal: Option<UnsafeFile>,
    },
    /// It is no journal, or no longer a whole one.
    #[error("the journal `{path}` is damaged")]
    Damaged {
        /// The file.
        path: String,
    },
    /// It was damaged, and has been put aside.
    #[error("the journal `{path}` is damaged: it was kept as `{kept}`; nothing was sent")]
    PutAside {
        /// Where it was.
        path: String,
        /// Where it is now.
        kept: String,
    },
    /// A newer tidyfy has written it.
    #[error(
        "the journal `{path}` was written by a newer tidyfy (version {found} of it, this one knows {known})"
    )]
    Newer {
        /// The file.
        path: String,
        /// The version of its schema.
        found: i64,
        /// The newest version that is known here.
        known: i64,
    },
    /// An earlier version of tidyfy made it, or another program.
    #[error("the journal `{path}` is of another version, and a tidyfy uses it")]
    OtherSchema {
        /// The file.
        path: String,
    },
    /// An earlier journal was set aside with unfinished jobs in it, and nobody has acknowledged that.
    #[error("an earlier version of tidyfy left unfinished jobs in `{file}`; nothing was sent")]
    Unacknowledged {
        /// The name of the file in the state directory.
        file: String,
    },
    /// Another file has taken its place since it was opened, or it was removed.
    #[error("the journal `{path}` was removed or replaced while it was in use; nothing more is sent")]
    Replaced {
        /// The file.
        path: String,
    },
    /// It cannot be read as things are.
    #[error("the journal could not be read: {0}")]
    Unreadable(String),
    /// It cannot be written as things are.
    #[error("the journal could not be written: {0}")]
    Refused(String),
    /// A job that is over, or that a tidyfy is at, cannot be taken over by another.
    #[error("job {job} cannot be taken over: {why}")]
    NotFree {
        /// Its number.
        job: i64,
        /// What keeps it.
        why: &'static str,
    },
    /// Another job that is being worked at has some of the records before it.
    #[error("job {job}, which another tidyfy is at, has {records} of these records before it")]
    Busy {
        /// How many.
        records: usize,
        /// The other job's number.
        job: i64,
    },
    /// The writer of this process is gone.
    #[error("the journal could not be written: its writer broke off")]
    Closed,
}

impl From<JournalError> for Failure {
    /// What could not be noted is not sent.
    fn from(why: JournalError) -> Self {
        Self::new(Cause::Unrecorded, &why.to_string())
    }
}

impl JournalError {
    /// The hint.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Place { refusal: Some(refusal), .. } => refusal.hint(),
            Self::OtherSchema { .. } => {
                "close the other tidyfy first: the journal is then kept under another name"
            }
            Self::Unacknowledged { .. } => {
                "see in Tallyfy what became of them, then acknowledge it: `unfinished` in the palette"
            }
            Self::Replaced { .. } => "put the file back, or start the job again: it begins a new journal",
            Self::Place { .. } => "make the state directory a directory that you can write to",
            Self::Damaged { .. } => {
                "the file is kept as it is: once no tidyfy uses it, the next job puts it aside under another name"
            }
            Self::PutAside { .. } => "the next job begins a new journal",
            Self::Newer { .. } => "use the newest tidyfy",
            Self::Unreadable(_) => "see that the state directory and the file in it are readable for you",
            Self::Refused(_) => {
                "free some room on the disk of the state directory and see that it is writable"
            }
            Self::NotFree { .. } => "`tidyfy history` shows how it stands",
            Self::Busy { .. } => "wait until that job is over; `tidyfy history` shows how it stands",
            Self::Closed => "start tidyfy again; if it happens again, please report it",
        }
    }

    pub(super) fn not_free(job: i64, why: &'static str) -> Self {
        Self::NotFree { job, why }
    }

    pub(super) fn place(path: &Path, why: &io::Error) -> Self {
        let refusal = UnsafeFile::of(why);
        let why = match why.kind() {
            _ if refusal.is_some() => why.to_string(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "it is not a directory".to_owned(),
            io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
            io::ErrorKind::StorageFull => "the disk is full".to_owned(),
            _ => why.to_string(),
        };
        Self::Place { path: path.display().to_string(), why, refusal }
    }

    pub(super) fn sql(path: &Path, why: &rusqlite::Error) -> Self {
        let words = match why.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                return Self::Damaged { path: path.display().to_string() };
            }
            Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
            Some(ErrorCode::ReadOnly) => "it is read-only".to_owned(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "another program keeps it locked".to_owned()
            }
            Some(ErrorCode::PermissionDenied) => "permission denied".to_owned(),
            _ => why.to_string(),
        };
        Self::Refused(words)
    }
}
