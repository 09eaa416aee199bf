//! Choosing who is handed what belongs to the records of the dialog's plan.
//!
//! Owns the one line it is chosen in: what is typed of a name, and which of those that fit it stands on. While it is open it
//! has every key. Must not know whom there is to choose from, nor what is handed over.

use std::borrow::Cow;

use super::{Confirm, TextInput};
use crate::app::keymap::{Chord, Key};
use crate::model::plan::{Plan, Reassignee};
use crate::model::text;

/// Who is nobody.
const NOBODY: &str = "nobody";

/// The line, while it is open.
#[derive(Debug, Default)]
pub(super) struct MemberPicker {
    input: TextInput,
    at: usize,
}

impl Confirm {
    /// The same dialog, with those whom what belongs to its records can be handed to.
    #[must_use]
    pub fn with_reassignees(self, reassignees: Vec<Reassignee>) -> Self {
        Self { reassignees, ..self }
    }

    /// Whether somebody is being chosen.
    #[must_use]
    pub fn is_picking(&self) -> bool {
        self.picker.is_some()
    }

    /// What the option says, `handle` before who is chosen.
    pub(super) fn reassignee_label(&self, handle: &str) -> String {
        match &self.picker {
            None => format!("{handle}: {}", self.reassignee_name()),
            Some(picker) => {
                let (name, place) = self.stands_on(picker);
                let place = place.map(|(at, of)| format!(" ({at} of {of})")).unwrap_or_default();
                format!("{handle}: {}_ {name}{place}", text::clean(picker.input.value()))
            }
        }
    }

    /// The same where there is hardly room: what is typed comes last, for who it stands on matters more.
    pub(super) fn short_reassignee_label(&self, handle: &str) -> String {
        match &self.picker {
            None => format!("{handle}: {}", self.reassignee_name()),
            Some(picker) => {
                let (name, place) = self.stands_on(picker);
                let place = place.map(|(at, of)| format!(" {at}/{of}")).unwrap_or_default();
                format!("{handle}: {name}{place} /{}_", text::clean(picker.input.value()))
            }
        }
    }

    fn reassignee_name(&self) -> Cow<'_, str> {
        text::name_or_nameless(
            self.plan.reassignee.as_ref().map_or(NOBODY, |reassignee| reassignee.name.as_str()),
        )
    }

    /// Who the line stands on, and which of how many that is; or why it stands on nobody.
    fn stands_on(&self, picker: &MemberPicker) -> (Cow<'_, str>, Option<(usize, usize)>) {
        let fitting = self.fitting(picker);
        match fitting.get(picker.at).map(|one| one.map_or(NOBODY, |reassignee| reassignee.name.as_str())) {
            None if self.reassignees.is_empty() => ("no other active member is loaded".into(), None),
            None => ("nobody is called that".into(), None),
            Some(name) => (text::name_or_nameless(name), Some((picker.at + 1, fitting.len()))),
        }
    }

    /// Those whose names hold what is typed; with nothing typed also nobody, who comes first.
    fn fitting(&self, picker: &MemberPicker) -> Vec<Option<&Reassignee>> {
        let wanted = text::folded(picker.input.value().trim());
        let nobody = wanted.is_empty().then_some(None);
        let reassignees =
            self.reassignees.iter().filter(|reassignee| text::folded(&reassignee.name).contains(&wanted));
        nobody.into_iter().chain(reassignees.map(Some)).collect()
    }

    /// The text of the line, while it is open.
    pub(super) fn picker_input_mut(&mut self) -> Option<&mut TextInput> {
        self.picker.as_mut().map(|picker| &mut picker.input)
    }

    /// Opens the line.
    pub(super) fn pick(&mut self) {
        self.picker = Some(MemberPicker::default());
    }

    /// Reads a key while the line is open. One that is held or comes from a paste chooses nobody.
    pub(super) fn picker_key(&mut self, chord: Chord, mindless: bool) {
        let Some(picker) = &self.picker else { return };
        let last = self.fitting(picker).len().saturating_sub(1);
        let Some(picker) = &mut self.picker else { return };
        match chord.key {
            Key::Esc => self.picker = None,
            Key::Up => picker.at = picker.at.saturating_sub(1),
            Key::Down => picker.at = (picker.at + 1).min(last),
            Key::Enter if mindless => {}
            Key::Enter => self.picked(),
            _ => {
                picker.input.key(chord);
                picker.at = 0;
            }
        }
    }

    /// Takes the one the line stands on, if it stands on one.
    fn picked(&mut self) {
        let Some(picker) = &self.picker else { return };
        let Some(reassignee) = self.fitting(picker).get(picker.at).map(|reassignee| reassignee.cloned())
        else {
            return;
        };
        self.picker = None;
        if reassignee != self.plan.reassignee {
            let plan = Plan::clone(&self.plan);
            self.turn_into(plan.handing_to(reassignee));
        }
    }
}
