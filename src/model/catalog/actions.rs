//! How an action is done to a kind, what a record must be for it, and how far it can be taken back.
//!
//! Owns methods, routes and preconditions (API sheet, sections 0.1 and 6). Must not know how a plan is made of them.

use super::*;

/// How an action is done to a kind.
#[derive(Debug)]
pub struct ActionSpec {
    /// The action.
    pub action: Action,
    /// The request's method.
    pub method: Method,
    /// The request's route.
    pub route: &'static str,
    /// Who may do it.
    pub permission: Permission,
    /// Whether it takes away somebody's access, so that many at once are asked about twice.
    pub cuts_access: bool,
    /// What refusals besides a 404 say that there is no such record.
    pub missing: &'static [u16],
    /// How what belongs to the record is handed to another of its kind with the same request, where it can be.
    pub reassign: Option<ReassignSpec>,
    /// What a record must be for the request to be worth sending.
    pub needs: &'static [Precondition],
    /// What is lost or what follows, in sentences for the dialog.
    pub lost: &'static [&'static str],
    /// How far it can be undone.
    pub undo: Reversibility,
}

/// Another form of a request, which hands what belongs to the record to another one of its kind.
#[derive(Debug)]
pub struct ReassignSpec {
    /// The request's route.
    pub route: &'static str,
    /// Its parameters.
    pub query: QueryParameters,
    /// The parameter that names the heir by id.
    pub to: &'static str,
    /// What the heir must be.
    pub reassignees: &'static [Precondition],
}

/// The role or right that an action needs, as far as the sources name one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// No source names any.
    Anyone,
    /// The right to manage groups. No answer says who has it (API sheet, section 6.7).
    ManageGroups,
    /// An administrator or a standard member.
    FullMember,
    /// An administrator.
    Admin,
}

/// The methods that change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
}

impl Method {
    /// The method's name on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// A precondition of an action, decided by what the record says of itself.
#[derive(Debug)]
pub enum Precondition {
    /// It must be live.
    Live,
    /// It must be archived.
    Archived,
    /// The named field must be absent or null, else `reason` blocks it.
    Absent {
        /// The field's name in this row.
        field: &'static str,
        /// Why not, for people.
        reason: &'static str,
    },
    /// It must not be the person who acts, else `reason` blocks it.
    Other {
        /// Why not, for people.
        reason: &'static str,
    },
    /// The named field must not be one of `values` (in any case), else `reason` blocks it.
    Not {
        /// The field's name in this row.
        field: &'static str,
        /// The values that block.
        values: &'static [&'static str],
        /// Why not, for people.
        reason: &'static str,
    },
    /// None of `words` may be a word of the named field (in any case), else `reason` blocks it.
    Without {
        /// The field's name in this row.
        field: &'static str,
        /// The words that block.
        words: &'static [&'static str],
        /// Why not, for people.
        reason: &'static str,
    },
}

/// How far an action can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reversibility {
    /// The inverse action brings everything back.
    Whole,
    /// The inverse action brings back most of it.
    Partial,
    /// There is no way back.
    Never,
}

/// What an action is where nothing else is said.
pub(super) const ORDINARY: ActionSpec = ActionSpec {
    action: Action::Delete,
    method: Method::Delete,
    route: "",
    permission: Permission::Anyone,
    cuts_access: false,
    missing: &[],
    reassign: None,
    needs: &[],
    lost: &[],
    undo: Reversibility::Never,
};

pub(super) const PROCESS_TASK: Precondition =
    Precondition::Absent { field: "run", reason: "belongs to a process, which must be handled instead" };
