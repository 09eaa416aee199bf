//! What can be chosen in the modal before a permanent deletion.
//!
//! Owns which options are offered, what each says, and what flipping it makes of the plan's options. Must not know which
//! of them has the keys.

use crate::model::kind::Verb;
use crate::model::plan::{Options, Plan};
use crate::model::text;

/// One option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Whether each record is copied to disk first.
    Backup,
    /// Whether live records are archived first.
    ArchiveFirst,
}

impl Choice {
    /// The options that mean something for `plan`, `archivable` of whose records could be deleted if they were archived
    /// first.
    pub(super) fn offered(plan: &Plan, archivable: usize) -> Vec<Self> {
        if plan.verb != Verb::Delete || plan.count() + archivable == 0 {
            return Vec::new();
        }
        let archive_first = (archivable > 0).then_some(Self::ArchiveFirst);
        [Self::Backup].into_iter().chain(archive_first).collect()
    }

    /// Whether it is on.
    #[must_use]
    pub fn is_on(self, options: Options) -> bool {
        match self {
            Self::Backup => options.backup,
            Self::ArchiveFirst => options.archive_first,
        }
    }

    /// The options with this one turned over.
    pub(super) fn flipped(self, options: Options) -> Options {
        match self {
            Self::Backup => Options { backup: !options.backup, ..options },
            Self::ArchiveFirst => Options { archive_first: !options.archive_first, ..options },
        }
    }

    pub(super) fn label(self, archivable: usize) -> String {
        match self {
            Self::Backup => "copy each record to disk first (a copy, not an undo)".to_owned(),
            Self::ArchiveFirst => {
                let ones = if archivable == 1 { "one" } else { "ones" };
                format!("archive {} live {ones} first, then delete", text::grouped(archivable as u64))
            }
        }
    }

    pub(super) fn short_label(self, archivable: usize) -> String {
        match self {
            Self::Backup => "copy".to_owned(),
            Self::ArchiveFirst => format!("archive {} first", text::grouped(archivable as u64)),
        }
    }
}
