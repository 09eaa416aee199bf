//! What a plan takes away or brings about, in sentences.
//!
//! Owns which of them are said of a plan and of whom each is said: where a plan is about several kinds, each sentence that
//! is not true of all of them is led by its kind. Must not know where they are shown.

use std::collections::BTreeSet;

use super::{Permission, Plan, Precondition, Reversibility, Step};
use crate::model::kind::{Action, Kind};

impl Plan {
    /// What is lost or follows, in the order of the kinds.
    #[must_use]
    pub fn consequences(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        if self.action == Action::Delete && !self.steps.is_empty() {
            sentences.push("this cannot be undone".to_owned());
        }
        sentences.extend(self.other_words());
        for (kind, _) in self.kinds() {
            let lost = kind.row().action(self.action).into_iter().flat_map(|row| row.lost);
            sentences.extend(lost.map(|lost| self.said_of([kind], lost)));
        }
        sentences.extend(self.lost_first());
        sentences.extend(self.owned());
        let is_oneself = |need: &Precondition| matches!(need, Precondition::Other { .. });
        let others = self.kinds_of(|step| step.row.needs.iter().any(is_oneself));
        if self.organization.me.is_none() && !others.is_empty() {
            let words = "which of them you are is unknown: make sure that you are not among them";
            sentences.push(self.said_of(others, words));
        }
        sentences.extend(self.permissions());
        sentences
    }

    /// The permissions that the person may lack. What a known role forbids is blocked already.
    fn permissions(&self) -> Vec<String> {
        let is_unknown = self.organization.admin.is_none();
        let doubts = [
            (
                Permission::Admin,
                is_unknown,
                "only administrators may do this and your role is unknown: the server may refuse",
            ),
            (
                Permission::FullMember,
                is_unknown,
                "light members may not do this and your role is unknown: the server may refuse",
            ),
            (
                Permission::ManageGroups,
                self.organization.admin != Some(true),
                "this needs the permission to manage groups: the server may refuse",
            ),
        ];
        let doubted = doubts.into_iter().filter(|(_, is_doubted, _)| *is_doubted);
        let said = doubted.filter_map(|(permission, _, words)| {
            let kinds = self.kinds_of(|step| step.row.permission == permission);
            (!kinds.is_empty()).then(|| self.said_of(kinds, words))
        });
        said.collect()
    }

    /// What is called otherwise for some of its kinds than the whole is.
    fn other_words(&self) -> Vec<String> {
        let common = self.words();
        let differing = self.kinds().into_iter().filter(|(kind, _)| kind.row().words != common);
        let of_action = differing.filter_map(|(kind, _)| {
            let words = kind.row().words;
            let (is, is_not) = match self.action {
                Action::Archive => (words.archived, common.archived),
                Action::Restore => (words.restored, common.restored),
                Action::Delete => return None,
            };
            Some(format!("{}: {is}, not {is_not}", kind.row().plural))
        });
        of_action.collect()
    }

    /// What archiving takes away for good is gone even if the deletion then does not come about.
    fn lost_first(&self) -> Vec<String> {
        let prepared = self.kinds_of(|step| step.row.action != self.action);
        let rows = prepared.into_iter().filter_map(|kind| Some((kind, kind.row().action(Action::Archive)?)));
        let grave = rows.filter(|(_, row)| row.undo != Reversibility::Whole);
        grave.flat_map(|(kind, row)| row.lost.iter().map(move |lost| self.said_of([kind], lost))).collect()
    }

    /// What becomes of what belongs to those whose access ends.
    fn owned(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        let handing = self.kinds_of(|step| step.row.reassign.is_some());
        if !handing.is_empty() {
            let words = match &self.reassignee {
                Some(reassignee) => {
                    format!(
                        "what they own goes to {}, and enabling them does not bring it back",
                        reassignee.name
                    )
                }
                None => "what they own stays theirs, and nobody with access owns it".to_owned(),
            };
            sentences.push(self.said_of(handing, &words));
        }
        // Only disabling can hand it over, and that lies behind those who are deleted as they are.
        let can_own = |kind: Kind| kind.row().actions.iter().any(|row| row.reassign.is_some());
        let late = self.kinds_of(|step| {
            self.action == Action::Delete
                && step.after.is_none()
                && can_own(step.record.kind())
                && step.row.action == self.action
        });
        if !late.is_empty() {
            let whose = if self.can_hand_over() {
                "what those own who are disabled already"
            } else {
                "what they own"
            };
            let words = format!("{whose} stays theirs, and nobody can reassign it afterwards");
            sentences.push(self.said_of(late, &words));
        }
        sentences
    }

    /// The kinds of the records of such steps.
    fn kinds_of(&self, is_such: impl Fn(&Step) -> bool) -> BTreeSet<Kind> {
        self.steps.iter().filter(|step| is_such(step)).map(|step| step.record.kind()).collect()
    }

    /// A sentence, led by the kinds it is said of where there are others.
    fn said_of(&self, kinds: impl IntoIterator<Item = Kind>, words: &str) -> String {
        if self.kinds().len() < 2 {
            return words.to_owned();
        }
        let kinds: Vec<&str> = kinds.into_iter().map(|kind| kind.row().plural).collect();
        format!("{}: {words}", kinds.join(", "))
    }
}
