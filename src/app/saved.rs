//! The boxes of what is kept by name: saved filters, and sets of marks.
//!
//! Owns which of them are shown, where the cursor is, and the name that is being typed.
pub(crate) mod selections;
pub(crate) mod update;

use super::text_input::TextInput;
use crate::model::kind::Kind;
use crate::model::saved_filter::SavedFilter;
use crate::model::selection::SavedSelection;

/// What is kept, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownSaved<T> {
    /// It is being read.
    Asked,
    /// All of it, of every kind.
    Are(Vec<T>),
    /// It could not be read, or not be changed: why, and what to do about it.
    Failed(String),
}

/// The box of the saved filters of one kind.
#[derive(Debug)]
pub struct SavedFilterPicker {
    /// The kind.
    pub kind: Kind,
    /// What is kept.
    pub known: KnownSaved<SavedFilter>,
    /// Which of the lines the cursor is on.
    pub at: usize,
    /// What is to be saved, and the name that is being typed for it.
    pub naming: Option<(String, TextInput)>,
}

impl SavedFilterPicker {
    /// A box that waits for what is kept. With a `source`, a name is typed for it first.
    #[must_use]
    pub fn new(kind: Kind, source: Option<String>) -> Self {
        let naming = source.map(|source| (source, TextInput::default()));
        Self { kind, known: KnownSaved::Asked, at: 0, naming }
    }

    /// The filters of this kind.
    #[must_use]
    pub fn lines(&self) -> Vec<&SavedFilter> {
        match &self.known {
            KnownSaved::Are(all) => all.iter().filter(|saved| saved.kind == self.kind).collect(),
            KnownSaved::Asked | KnownSaved::Failed(_) => Vec::new(),
        }
    }

    /// The filter the cursor is on.
    #[must_use]
    pub fn picked(&self) -> Option<&SavedFilter> {
        let lines = self.lines();
        lines.get(self.at.min(lines.len().saturating_sub(1))).copied()
    }
}

/// The box of the sets of marks.
#[derive(Debug)]
pub struct SelectionPicker {
    /// What is kept.
    pub known: KnownSaved<SavedSelection>,
    /// Which of the lines the cursor is on.
    pub at: usize,
}

impl SelectionPicker {
    /// A box that waits for what is kept.
    #[must_use]
    pub fn new() -> Self {
        Self { known: KnownSaved::Asked, at: 0 }
    }

    /// The sets, by name.
    #[must_use]
    pub fn lines(&self) -> &[SavedSelection] {
        match &self.known {
            KnownSaved::Are(all) => all,
            KnownSaved::Asked | KnownSaved::Failed(_) => &[],
        }
    }

    /// The set the cursor is on.
    #[must_use]
    pub fn picked(&self) -> Option<&SavedSelection> {
        self.lines().get(self.at.min(self.lines().len().saturating_sub(1)))
    }
}

impl Default for SelectionPicker {
    fn default() -> Self {
        Self::new()
    }
}
