//! Who acts, and whether an action can be done to a record by them.
//!
//! Owns applicability: action by record gives the way it is done, or the reason why not. Must not know what else is planned.

use crate::model::catalog::{ActionSpec, Permission, Precondition, ReassignSpec};
use crate::model::kind::Action;
use crate::model::record::{Record, Value};

/// The organization the program works on, as the server names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: String,
    /// Its name, cleaned.
    pub name: String,
    /// Whether the person at the keyboard is an administrator there; `None` if the role is unknown.
    pub admin: Option<bool>,
    /// Whether the person is known to be a light member there.
    pub light: bool,
    /// The person's id as a member, once the server has said it.
    pub me: Option<String>,
}

impl Organization {
    /// Who acts there.
    #[must_use]
    pub fn who(&self) -> Actor<'_> {
        Actor { admin: self.admin, light: self.light, me: self.me.as_deref() }
    }
}

/// Who acts, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Actor<'a> {
    /// Whether it is an administrator.
    pub admin: Option<bool>,
    /// Whether it is known to be a light member.
    pub light: bool,
    /// The member's id.
    pub me: Option<&'a str>,
}

/// Who is acting, and on what terms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions {
    /// The organization, once its name has been read.
    pub organization: Option<Organization>,
    /// Whether changes are switched off altogether.
    pub read_only: bool,
}

impl Permissions {
    /// Who the person is there, as far as that is known.
    #[must_use]
    pub fn who(&self) -> Actor<'_> {
        self.organization.as_ref().map(Organization::who).unwrap_or_default()
    }
}

/// How `action` is done to `record` by `who`; or why it cannot be.
///
/// # Errors
/// The reason, for people.
pub fn applicable(action: Action, record: &Record, who: Actor<'_>) -> Result<&'static ActionSpec, String> {
    let kind = record.kind().row();
    let row = kind
        .action(action)
        .ok_or_else(|| format!("{} have no {}", kind.plural, kind.words.action(action)))?;
    match row.permission {
        Permission::Admin if who.admin == Some(false) => {
            return Err("only administrators may do this".to_owned());
        }
        Permission::FullMember if who.light => return Err("light members may not do this".to_owned()),
        Permission::Anyone | Permission::ManageGroups | Permission::FullMember | Permission::Admin => {}
    }
    row.needs.iter().try_for_each(|need| check(need, action, record, who))?;
    Ok(row)
}

/// Whether what belongs to others of its kind can be handed to `record`, as far as it says itself.
#[must_use]
pub fn can_inherit(record: &Record) -> bool {
    let mut ways =
        record.kind().row().actions.iter().filter_map(|row| Some((row.action, row.reassign.as_ref()?)));
    let suits = |(action, way): (Action, &ReassignSpec)| {
        way.reassignees.iter().all(|need| check(need, action, record, Actor::default()).is_ok())
    };
    !record.is_gone() && ways.any(suits)
}

/// Why nothing can be done to a record at all, whatever action it is: it belongs to something else that must be handled
/// instead.
#[must_use]
pub fn untouchable(record: &Record) -> Option<String> {
    let reasons =
        record.kind().row().actions.iter().map(|row| applicable(row.action, record, Actor::default()).err());
    let reasons: Option<Vec<String>> = reasons.collect();
    let reasons = reasons?;
    let first = reasons.first()?;
    reasons.iter().all(|reason| reason == first).then(|| first.clone())
}

fn check(need: &Precondition, action: Action, record: &Record, who: Actor<'_>) -> Result<(), String> {
    let words = record.kind().row().words;
    match need {
        Precondition::Live if record.is_archived() => Err(format!("already {}", words.archived)),
        Precondition::Archived if !record.is_archived() => Err(match action {
            Action::Delete => words.first.to_owned(),
            Action::Archive | Action::Restore => format!("not {}", words.archived),
        }),
        Precondition::Absent { field, reason } if record.named(field) != Value::Missing => {
            Err((*reason).to_owned())
        }
        Precondition::Other { reason } if who.me.is_some_and(|me| me == record.id().to_string()) => {
            Err((*reason).to_owned())
        }
        Precondition::Not { field, values, reason } => match record.named(field) {
            Value::Text(text) if values.iter().any(|value| text.trim().eq_ignore_ascii_case(value)) => {
                Err((*reason).to_owned())
            }
            _ => Ok(()),
        },
        Precondition::Without { field, words, reason } => match record.named(field) {
            Value::Text(text) if has_word(text, words) => Err((*reason).to_owned()),
            _ => Ok(()),
        },
        Precondition::Live
        | Precondition::Archived
        | Precondition::Other { .. }
        | Precondition::Absent { .. } => Ok(()),
    }
}

/// Whether one of `words` is a word of `text`, in any case.
fn has_word(text: &str, words: &[&str]) -> bool {
    let said = text.split(|c: char| !c.is_alphanumeric());
    said.into_iter().any(|said| words.iter().any(|word| said.eq_ignore_ascii_case(word)))
}
