//! What the soft actions are called.
//!
//! Owns the words a person reads and types: most kinds are archived and restored, people are disabled and enabled. The
//! actions themselves, and the journal, know one name for each. Must not know which kind has which words.

use crate::model::kind::{Action, Kind, Scope};

/// The words for the soft actions, and for what they make of a record.
#[derive(Debug, PartialEq, Eq)]
pub struct ActionLabels {
    /// The imperative of [`Action::Archive`].
    pub archive: &'static str,
    /// The same in the third person.
    pub archives: &'static str,
    /// The start of a title for it.
    pub archive_title: &'static str,
    /// What a record is after it.
    pub archived: &'static str,
    /// The imperative of [`Action::Restore`].
    pub restore: &'static str,
    /// The start of a title for it.
    pub restore_title: &'static str,
    /// What a record is after it, once it was archived.
    pub restored: &'static str,
    /// Why a live record cannot be deleted yet.
    pub first: &'static str,
}

/// For what is put into an archive.
pub(super) static ARCHIVING: ActionLabels = ActionLabels {
    archive: "archive",
    archives: "archives",
    archive_title: "Archive",
    archived: "archived",
    restore: "restore",
    restore_title: "Restore",
    restored: "restored",
    first: "not archived: archive it first",
};

/// For those who lose and regain their access.
pub(super) static DISABLING: ActionLabels = ActionLabels {
    archive: "disable",
    archives: "disables",
    archive_title: "Disable",
    archived: "disabled",
    restore: "enable",
    restore_title: "Enable",
    restored: "enabled",
    first: "must be disabled first",
};

impl ActionLabels {
    /// The words for records of these kinds: their own where they agree, else the common ones.
    #[must_use]
    pub fn of(kinds: impl IntoIterator<Item = Kind>) -> &'static Self {
        let mut all = kinds.into_iter().map(|kind| kind.row().words);
        let first = all.next().unwrap_or(&ARCHIVING);
        if all.all(|words| words == first) { first } else { &ARCHIVING }
    }

    /// Whatever a kind calls its actions.
    #[must_use]
    pub fn every() -> [&'static Self; 2] {
        [&ARCHIVING, &DISABLING]
    }

    /// What a job calls an action, by the words that its journal keeps for the action and for the kinds of its records.
    #[must_use]
    pub fn told<'a>(kinds: impl IntoIterator<Item = &'a str>, action: &'a str) -> &'a str {
        let words = Self::of(kinds.into_iter().filter_map(Kind::parse));
        Action::parse(action).map_or(action, |action| words.action(action))
    }

    /// The action that some kind calls so.
    #[must_use]
    pub fn meaning(word: &str) -> Option<Action> {
        Action::ALL.into_iter().find(|action| Self::every().iter().any(|words| words.action(*action) == word))
    }

    /// The imperative of `action`.
    #[must_use]
    pub fn action(&self, action: Action) -> &'static str {
        match action {
            Action::Archive => self.archive,
            Action::Restore => self.restore,
            Action::Delete => action.word(),
        }
    }

    /// The start of a title for `action`.
    #[must_use]
    pub fn title(&self, action: Action) -> &'static str {
        match action {
            Action::Archive => self.archive_title,
            Action::Restore => self.restore_title,
            Action::Delete => "Permanently delete",
        }
    }

    /// The word for `scope`.
    #[must_use]
    pub fn scope(&self, scope: Scope) -> &'static str {
        match scope {
            Scope::Archived => self.archived,
            Scope::Active | Scope::All => scope.word(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_disagree_fall_back_on_the_common_words() {
        let word = |kinds: &[Kind]| ActionLabels::of(kinds.iter().copied()).action(Action::Archive);
        assert_eq!(word(&[Kind::Members]), "disable");
        assert_eq!(word(&[Kind::Guests, Kind::Members]), "disable");
        assert_eq!(word(&[Kind::Members, Kind::Tasks]), "archive");
        assert_eq!(word(&[]), "archive");
        assert_eq!(ActionLabels::told(["members", "guests"], "restore"), "enable");
        assert_eq!(ActionLabels::told(["members", "tags"], "archive"), "archive");
        assert_eq!(ActionLabels::told(["members"], "fly"), "fly");
        assert_eq!(
            (ActionLabels::meaning("disable"), ActionLabels::meaning("fly")),
            (Some(Action::Archive), None)
        );
    }
}
