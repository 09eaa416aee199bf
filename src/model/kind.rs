//! The types of resource, the actions, and the scopes a list can be asked for.
//!
//! Owns the names only; everything that differs between kinds is a row of [`super::catalog`].

use super::catalog::{CATALOG, KindSpec};

/// A resource type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Running and finished processes (the API says "run").
    Processes,
    /// Templates (the API says "checklist").
    Templates,
    /// One-off tasks.
    Tasks,
    /// Files (the API says "asset").
    Files,
    /// Tags.
    Tags,
    /// Groups of members and guests.
    Groups,
    /// Guests, who are known by their addresses.
    Guests,
    /// Members (the API says "user").
    Members,
    /// Folders of templates and of processes.
    Folders,
}

impl Kind {
    /// Every kind, in the order of the tabs.
    pub const ALL: [Self; 9] = [
        Self::Processes,
        Self::Templates,
        Self::Tasks,
        Self::Files,
        Self::Tags,
        Self::Groups,
        Self::Guests,
        Self::Members,
        Self::Folders,
    ];

    /// The catalog row that says all there is to know of this kind.
    #[must_use]
    pub fn row(self) -> &'static KindSpec {
        &CATALOG[self as usize]
    }

    /// The kind a person means by `word`: its slug or one of its aliases, in any case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.trim().to_lowercase();
        Self::ALL.into_iter().find(|kind| {
            let row = kind.row();
            row.slug == word || row.aliases.contains(&word.as_str())
        })
    }

    /// `1 process`, `12 processes`.
    #[must_use]
    pub fn count(self, n: usize) -> String {
        let row = self.row();
        format!("{n} {}", if n == 1 { row.singular } else { row.plural })
    }
}

/// What a person can do to records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// The soft form, undone by [`Action::Restore`].
    Archive,
    /// The way back from archived.
    Restore,
    /// Permanent deletion; there is no way back.
    Delete,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 3] = [Self::Archive, Self::Restore, Self::Delete];

    /// The action that `word` stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word() == word)
    }

    /// The action that takes it back, if one does.
    #[must_use]
    pub fn inverse(self) -> Option<Self> {
        match self {
            Self::Archive => Some(Self::Restore),
            Self::Restore => Some(Self::Archive),
            Self::Delete => None,
        }
    }

    /// The imperative, as status lines and phrases print it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Archive => "archive",
            Self::Restore => "restore",
            Self::Delete => "delete",
        }
    }

    /// The start of a dialog's title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Archive => "Archive",
            Self::Restore => "Restore",
            Self::Delete => "Permanently delete",
        }
    }
}

/// Which records of a kind a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scope {
    /// Live records only.
    #[default]
    Active,
    /// Archived records only.
    Archived,
    /// Both.
    All,
}

impl Scope {
    /// Every scope, in the order `s` walks through them.
    pub const ALL: [Self; 3] = [Self::Active, Self::Archived, Self::All];

    /// The scope after this one; the last is followed by the first.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Active => Self::Archived,
            Self::Archived => Self::All,
            Self::All => Self::Active,
        }
    }

    /// The word the screen shows.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
            Self::All => "all",
        }
    }

    /// Whether a record that says of itself whether it is archived belongs to this scope.
    #[must_use]
    pub fn holds(self, archived: bool) -> bool {
        match self {
            Self::Active => !archived,
            Self::Archived => archived,
            Self::All => true,
        }
    }
}

/// How far a collected kind has been gathered from one of the kinds it hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// The kind it hangs on.
    pub kind: Kind,
    /// How many of those have been read.
    pub read: usize,
    /// How many there are, once known.
    pub total: Option<u64>,
    /// How many records of another kind came along with them and were looked through too.
    pub within: Option<(Kind, usize)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_ui_and_api_words() {
        for (word, kind) in [
            ("process", Kind::Processes),
            ("Runs", Kind::Processes),
            ("checklist", Kind::Templates),
            ("template", Kind::Templates),
            ("asset", Kind::Files),
            ("tasks", Kind::Tasks),
            ("guest", Kind::Guests),
            ("user", Kind::Members),
            ("directory", Kind::Folders),
        ] {
            assert_eq!(Kind::parse(word), Some(kind), "{word}");
        }
        assert_eq!(Kind::parse("capture"), None);
    }

    #[test]
    fn walking_the_scopes_comes_back() {
        let walked: Vec<_> = Scope::ALL.iter().map(|scope| scope.next()).collect();
        assert_eq!(walked, [Scope::Archived, Scope::All, Scope::Active]);
    }
}
