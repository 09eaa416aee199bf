//! What can be chosen in the dialog.
//!
//! Owns which options are offered, what each says, and what flipping it makes of the plan's options. Must not know which
//! of them has the keys.

use crate::model::kind::Action;
use crate::model::plan::{Options, Plan};
use crate::model::text;

/// One option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanOption {
    /// Whether each record is copied to disk first.
    Backup,
    /// Whether the files attached to them are copied with them.
    Files,
    /// Whether live records are archived first.
    ArchiveFirst,
    /// Who is handed what belongs to them.
    Reassign,
}

impl PlanOption {
    /// The options that mean something for `plan`, `archivable` of whose records could be deleted if they were archived
    /// first.
    pub(super) fn offered(plan: &Plan, archivable: usize) -> Vec<Self> {
        let deletes = plan.action == Action::Delete && plan.count() + archivable > 0;
        let choices = [
            (deletes, Self::Backup),
            (deletes && plan.options.backup && plan.can_copy_attached(), Self::Files),
            (deletes && archivable > 0, Self::ArchiveFirst),
            (plan.can_hand_over(), Self::Reassign),
        ];
        choices.into_iter().filter_map(|(is_offered, choice)| is_offered.then_some(choice)).collect()
    }

    /// Whether it is on in `plan`.
    pub(super) fn is_on(self, plan: &Plan) -> bool {
        match self {
            Self::Backup => plan.options.backup,
            Self::Files => plan.options.files,
            Self::ArchiveFirst => plan.options.archive_first,
            Self::Reassign => plan.reassignee.is_some(),
        }
    }

    /// The options with this one turned over.
    pub(super) fn flipped(self, options: Options) -> Options {
        match self {
            Self::Backup => Options { backup: !options.backup, ..options },
            Self::Files => Options { files: !options.files, ..options },
            Self::ArchiveFirst => Options { archive_first: !options.archive_first, ..options },
            Self::Reassign => options,
        }
    }

    /// What it says, `archive` being every word for what is done first.
    pub(super) fn label(self, archivable: usize, archive: &str) -> String {
        match self {
            Self::Backup => "back up each record first (a copy, not an undo)".to_owned(),
            Self::Files => "back up attached files too".to_owned(),
            Self::ArchiveFirst => {
                let ones = if archivable == 1 { "one" } else { "ones" };
                format!("{archive} {} live {ones} first, then delete", text::grouped(archivable as u64))
            }
            Self::Reassign => "reassign what they own to".to_owned(),
        }
    }

    pub(super) fn short_label(self, archivable: usize, archive: &str) -> String {
        match self {
            Self::Backup => "copy".to_owned(),
            Self::Files => "files".to_owned(),
            Self::ArchiveFirst => format!("{archive} {} first", text::grouped(archivable as u64)),
            Self::Reassign => "theirs to".to_owned(),
        }
    }
}
