//! The boxes of what is kept by name: saved filters, and sets of marks.
//!
//! Owns which of them are shown, where the cursor is, and the name that is being typed.
pub(crate) mod selections;
pub(crate) mod update;

use super::text_input::TextInput;
use crate::model::kind::Kind;
use crate::model::saved_filter::Saved;
use crate::model::selection::Kept;

/// What is kept, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known<T> {
    /// It is being read.
    Asked,
    /// All of it, of every kind.
    Are(Vec<T>),
    /// It could not be read, or not be changed: why, and what to do about it.
    Failed(String),
}

/// The box of the saved filters of one kind.
#[derive(Debug)]
pub struct Shelf {
    /// The kind.
    pub kind: Kind,
    /// What is kept.
    pub known: Known<Saved>,
    /// Which of the lines the cursor is on.
    pub at: usize,
    /// What is to be saved, and the name that is being typed for it.
    pub naming: Option<(String, TextInput)>,
}

impl Shelf {
    /// A box that waits for what is kept. With a `source`, a name is typed for it first.
    #[must_use]
    pub fn new(kind: Kind, source: Option<String>) -> Self {
        let naming = source.map(|source| (source, TextInput::default()));
        Self { kind, known: Known::Asked, at: 0, naming }
    }

    /// The filters of this kind.
    #[must_use]
    pub fn lines(&self) -> Vec<&Saved> {
        match &self.known {
            Known::Are(all) => all.iter().filter(|saved| saved.kind == self.kind).collect(),
            Known::Asked | Known::Failed(_) => Vec::new(),
        }
    }

    /// The filter the cursor is on.
    #[must_use]
    pub fn picked(&self) -> Option<&Saved> {
        let lines = self.lines();
        lines.get(self.at.min(lines.len().saturating_sub(1))).copied()
    }
}

/// The box of the sets of marks.
#[derive(Debug)]
pub struct SetShelf {
    /// What is kept.
    pub known: Known<Kept>,
    /// Which of the lines the cursor is on.
    pub at: usize,
}

impl SetShelf {
    /// A box that waits for what is kept.
    #[must_use]
    pub fn new() -> Self {
        Self { known: Known::Asked, at: 0 }
    }

    /// The sets, by name.
    #[must_use]
    pub fn lines(&self) -> &[Kept] {
        match &self.known {
            Known::Are(all) => all,
            Known::Asked | Known::Failed(_) => &[],
        }
    }

    /// The set the cursor is on.
    #[must_use]
    pub fn picked(&self) -> Option<&Kept> {
        self.lines().get(self.at.min(self.lines().len().saturating_sub(1)))
    }
}

impl Default for SetShelf {
    fn default() -> Self {
        Self::new()
    }
}
