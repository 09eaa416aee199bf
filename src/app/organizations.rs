//! The organizations one can go to.
//!
//! Owns what is typed, what matches, and which line the cursor is on.
pub(crate) mod update;

use super::text_input::TextInput;
use crate::app::state::State;
use crate::model::context;
use crate::model::context::KnownContext;
use crate::model::failure::Failure;
use crate::model::plan::Organization;
use crate::model::query;

/// How far the organizations of the person at the keyboard are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownOrganizations {
    /// They are being read.
    Asked,
    /// All of them.
    Are(Vec<Organization>),
    /// They could not be read.
    Failed(Failure),
}

/// The box of organizations.
#[derive(Debug)]
pub struct OrganizationPicker {
    /// What is typed.
    pub input: TextInput,
    /// Which of the matching lines the cursor is on.
    pub at: usize,
    /// Those the person is in.
    pub mine: KnownOrganizations,
    /// The name of the organization that is being entered. Its token may take a while: a keyring may ask for it.
    pub entering: Option<String>,
}

impl OrganizationPicker {
    /// A box that waits for the organizations of the person.
    #[must_use]
    pub fn new() -> Self {
        Self { input: TextInput::default(), at: 0, mine: KnownOrganizations::Asked, entering: None }
    }

    /// The places that match what is typed, best first.
    #[must_use]
    pub fn lines(&self, state: &State) -> Vec<KnownContext> {
        let setup = &state.setup;
        let mine = match &self.mine {
            KnownOrganizations::Are(organizations) => organizations.as_slice(),
            KnownOrganizations::Asked | KnownOrganizations::Failed(_) => &[],
        };
        let known = context::all(&setup.places, &setup.visited, &state.here(), mine);
        query::best(self.input.value(), known, |known: &KnownContext| {
            format!("{} {}", profile(known), name(known))
        })
    }

    /// The place the cursor is on.
    #[must_use]
    pub fn picked(&self, state: &State) -> Option<KnownContext> {
        let lines = self.lines(state);
        let at = self.at.min(lines.len().saturating_sub(1));
        lines.into_iter().nth(at)
    }
}

impl Default for OrganizationPicker {
    fn default() -> Self {
        Self::new()
    }
}

/// The organization's name, or its id where the server has not told of it.
#[must_use]
pub fn name(known: &KnownContext) -> &str {
    known.organization.as_ref().map_or(&known.place.org, |organization| &organization.name)
}

/// The profile's name, or nothing.
#[must_use]
pub fn profile(known: &KnownContext) -> &str {
    known.place.profile.as_deref().unwrap_or_default()
}
