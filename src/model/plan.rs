//! What a verb would do, decided once and frozen.
//!
//! Owns applicability (verb by record gives yes or the reason), what a plan says in its modal, and what a person must
//! type to set it off. The modal shows a [`Plan`], the worker runs the same one. Must not send or draw anything.

use std::collections::BTreeMap;
use std::time::Duration;

use super::catalog::{Need, Undo, VerbRow};
use super::kind::{Kind, Verb};
use super::pacing::Limits;
use super::record::{Record, Value};
use super::text;

/// The organization the program works on, as the server names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: String,
    /// Its name, cleaned.
    pub name: String,
    /// Whether the person at the keyboard is an administrator there; `None` if the role is unknown.
    pub admin: Option<bool>,
}

/// Who is acting, and on what terms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// The organization, once its name has been read.
    pub organization: Option<Organization>,
    /// Whether changes are switched off altogether.
    pub read_only: bool,
}

/// How `verb` is done to `record`, or why it cannot be.
///
/// # Errors
/// The reason, for people.
pub fn applicable(verb: Verb, record: &Record, standing: &Standing) -> Result<&'static VerbRow, String> {
    let kind = record.kind().row();
    let row = kind.verb(verb).ok_or_else(|| format!("{} have no {}", kind.plural, verb.word()))?;
    let admin = standing.organization.as_ref().and_then(|organization| organization.admin);
    if row.admin && admin == Some(false) {
        return Err("only administrators may do this".to_owned());
    }
    row.needs.iter().try_for_each(|need| check(need, verb, record))?;
    Ok(row)
}

fn check(need: &Need, verb: Verb, record: &Record) -> Result<(), String> {
    match need {
        Need::Live if record.is_archived() => Err("already archived".to_owned()),
        Need::Archived if !record.is_archived() => Err(match verb {
            Verb::Delete => "not archived: archive it first".to_owned(),
            Verb::Archive | Verb::Restore => "not archived".to_owned(),
        }),
        Need::Absent { field, reason } if record.named(field) != Value::Missing => Err((*reason).to_owned()),
        Need::Not { field, value, reason } => match record.named(field) {
            Value::Text(text) if text.eq_ignore_ascii_case(value) => Err((*reason).to_owned()),
            _ => Ok(()),
        },
        Need::Live | Need::Archived | Need::Absent { .. } => Ok(()),
    }
}

/// When a permanent delete counts as large and asks for the organization as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caution {
    /// More records than this are always large.
    pub many: usize,
    /// More than this are large when they are over a fifth of what the server holds.
    pub some: usize,
    /// Soft verbs that cannot be wholly undone ask for a phrase above this.
    pub soft: usize,
}

impl Default for Caution {
    fn default() -> Self {
        Self { many: 50, some: 10, soft: 10 }
    }
}

/// One record in a job, and how it is done.
#[derive(Debug, Clone)]
pub struct Step {
    /// The record as it was shown.
    pub record: Record,
    /// The request.
    pub row: &'static VerbRow,
}

/// A record that is not in the job, and why.
#[derive(Debug, Clone)]
pub struct Blocked {
    /// The record.
    pub record: Record,
    /// Why not, for people.
    pub reason: String,
}

/// What a person must do to set a plan off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assent {
    /// There is nothing to do: only leaving works.
    Nothing,
    /// Press `y`.
    Key,
    /// Type one of these phrases exactly, then Enter. The first is the one the screen asks for.
    Phrase(Vec<String>),
}

/// What a verb would do, frozen when its key was pressed.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The verb.
    pub verb: Verb,
    /// Where.
    pub organization: Organization,
    /// What will be sent, in this order.
    pub steps: Vec<Step>,
    /// What will not.
    pub blocked: Vec<Blocked>,
    /// How many of the records the list does not show.
    pub hidden: usize,
    /// Whether a filter is in force, which then is what hides them.
    pub filtered: bool,
    /// The record under the cursor when it is not among them.
    pub bystander: Option<String>,
    /// How many records of their kind the server holds in this scope.
    pub held_by_server: BTreeMap<Kind, u64>,
    /// The limits the requests will be paced under.
    pub limits: Limits,
    /// When it counts as large.
    pub caution: Caution,
}

impl Plan {
    /// The modal's title: verb, count, kind, organization, and for one record its name.
    #[must_use]
    pub fn title(&self) -> String {
        let verb = self.verb.title();
        let place = &self.organization.name;
        let kinds = self.kinds();
        match (kinds.as_slice(), self.steps.as_slice()) {
            (_, [only]) => {
                let kind = only.record.kind().count(1);
                format!("{verb} {kind} in {place}: {}", only.record.name())
            }
            ([(kind, n)], _) => format!("{verb} {} in {place}", kind.count(*n)),
            ([], _) => {
                let kind = self
                    .blocked
                    .first()
                    .map_or("0 records".to_owned(), |blocked| blocked.record.kind().count(0));
                format!("{verb} {kind} in {place}")
            }
            (several, _) => {
                let each: Vec<_> = several.iter().map(|(kind, n)| kind.count(*n)).collect();
                format!("{verb} {} records ({}) in {place}", self.steps.len(), each.join(", "))
            }
        }
    }

    /// The kinds of the steps, in the order of the tabs, with how many there are of each.
    #[must_use]
    pub fn kinds(&self) -> Vec<(Kind, usize)> {
        let count = |kind| self.steps.iter().filter(|step| step.record.kind() == kind).count();
        Kind::ALL.into_iter().map(|kind| (kind, count(kind))).filter(|(_, n)| *n > 0).collect()
    }

    /// What is lost or follows, in the order of the kinds.
    #[must_use]
    pub fn consequences(&self) -> Vec<String> {
        let rows = self.kinds().into_iter().filter_map(|(kind, _)| kind.row().verb(self.verb));
        let mut sentences: Vec<String> =
            rows.flat_map(|row| row.lost).map(|lost| (*lost).to_owned()).collect();
        if self.verb == Verb::Delete && !self.steps.is_empty() {
            sentences.insert(0, "this cannot be undone".to_owned());
        }
        if self.organization.admin.is_none() && self.steps.iter().any(|step| step.row.admin) {
            sentences.push(
                "only administrators may do this and your role is unknown: the server may refuse".to_owned(),
            );
        }
        sentences
    }

    /// How many requests will be sent.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.steps.len()
    }

    /// How long they take at least under the current limits.
    #[must_use]
    pub fn time(&self) -> Duration {
        self.limits.time_for(self.requests(), 0)
    }

    /// What sets it off.
    #[must_use]
    pub fn assent(&self) -> Assent {
        let n = self.steps.len();
        let phrase = format!("{} {n}", self.verb.word());
        if n == 0 {
            Assent::Nothing
        } else if self.verb == Verb::Delete && self.is_large() {
            let place = [&self.organization.name, &self.short_organization()]
                .map(|place| format!("{phrase} in {place}"));
            Assent::Phrase(place.into())
        } else if self.verb == Verb::Delete
            || (self.verb == Verb::Archive && !self.is_wholly_undone() && n > self.caution.soft)
        {
            Assent::Phrase(vec![phrase])
        } else {
            Assent::Key
        }
    }

    /// The start of the organization's id, which a phrase may name in place of its name.
    #[must_use]
    pub fn short_organization(&self) -> String {
        self.organization.id.chars().take(6).collect()
    }

    /// Whether the inverse verb brings everything back.
    #[must_use]
    pub fn is_wholly_undone(&self) -> bool {
        self.steps.iter().all(|step| step.row.undo == Undo::Whole)
    }

    fn is_large(&self) -> bool {
        let over_a_fifth = |(kind, n): &(Kind, usize)| {
            let held = self.held_by_server.get(kind).copied();
            *n > self.caution.some && held.is_some_and(|held| *n as u64 * 5 > held)
        };
        self.steps.len() > self.caution.many || self.kinds().iter().any(over_a_fifth)
    }

    /// `3 requests, 12 s under the current limits`.
    #[must_use]
    pub fn cost(&self) -> String {
        let n = text::grouped(self.requests() as u64);
        let noun = if self.requests() == 1 { "request" } else { "requests" };
        match (self.limits.is_off(), self.time()) {
            (true, _) => format!("{n} {noun}, not paced"),
            (false, time) if time.is_zero() => format!("{n} {noun}, within the current limits"),
            (false, time) => {
                format!("{n} {noun}, at least {} under the current limits", super::pacing::spoken(time))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::id::Id;
    use crate::model::record::{Draft, Page};

    fn record(kind: Kind, n: usize, fields: &[(&str, &str)]) -> Record {
        let mut drafts = vec![Draft::Missing; kind.row().fields.len()];
        drafts[0] = Draft::Text(format!("Thing {n}"));
        for (name, value) in fields {
            drafts[kind.row().field(name).unwrap()] = Draft::Text((*value).to_owned());
        }
        Arc::new(Page::new(kind, vec![(Id::new(&n.to_string()).unwrap(), drafts)])).records().next().unwrap()
    }

    fn plan(verb: Verb, kind: Kind, n: usize, held: u64) -> Plan {
        let archived: &[_] = if verb == Verb::Archive { &[] } else { &[("archived", "yes")] };
        let archived = if kind.row().archives() { archived } else { &[] };
        let step = |n| Step { record: record(kind, n, archived), row: kind.row().verb(verb).unwrap() };
        Plan {
            verb,
            organization: Organization { id: "e0d1c2b3".into(), name: "Acme Ltd".into(), admin: Some(true) },
            steps: (0..n).map(step).collect(),
            blocked: vec![],
            hidden: 0,
            filtered: false,
            bystander: None,
            held_by_server: [(kind, held)].into(),
            limits: Limits::documented(),
            caution: Caution::default(),
        }
    }

    #[test]
    fn titles_name_verb_count_kind_place_and_a_single_name() {
        assert_eq!(
            plan(Verb::Delete, Kind::Processes, 12, 900).title(),
            "Permanently delete 12 processes in Acme Ltd"
        );
        assert_eq!(
            plan(Verb::Archive, Kind::Processes, 1, 900).title(),
            "Archive 1 process in Acme Ltd: Thing 0"
        );
        let mut mixed = plan(Verb::Delete, Kind::Processes, 8, 900);
        mixed.steps.extend(plan(Verb::Delete, Kind::Templates, 4, 900).steps);
        assert_eq!(mixed.title(), "Permanently delete 12 records (8 processes, 4 templates) in Acme Ltd");
    }

    #[test]
    fn friction_grows_with_what_is_lost() {
        let phrase = |words: &[&str]| Assent::Phrase(words.iter().map(|word| (*word).to_owned()).collect());
        let asks = |verb, kind, n, held| plan(verb, kind, n, held).assent();
        assert_eq!(asks(Verb::Delete, Kind::Tags, 0, 900), Assent::Nothing);
        assert_eq!(asks(Verb::Delete, Kind::Tags, 1, 900), phrase(&["delete 1"]));
        assert_eq!(asks(Verb::Delete, Kind::Tags, 50, 900), phrase(&["delete 50"]));
        let large = phrase(&["delete 51 in Acme Ltd", "delete 51 in e0d1c2"]);
        assert_eq!(asks(Verb::Delete, Kind::Tags, 51, 900), large);
        assert_eq!(asks(Verb::Delete, Kind::Tags, 11, 55), phrase(&["delete 11"]));
        assert_eq!(
            asks(Verb::Delete, Kind::Tags, 11, 54),
            phrase(&["delete 11 in Acme Ltd", "delete 11 in e0d1c2"])
        );
        assert_eq!(asks(Verb::Archive, Kind::Processes, 200, 900), Assent::Key);
        assert_eq!(asks(Verb::Archive, Kind::Templates, 10, 900), Assent::Key);
        assert_eq!(asks(Verb::Archive, Kind::Templates, 11, 900), phrase(&["archive 11"]));
    }

    #[test]
    fn a_precondition_gives_its_reason() {
        let standing = |admin| Standing {
            organization: Some(Organization { id: "a".into(), name: "A".into(), admin }),
            read_only: false,
        };
        let admin = standing(Some(true));
        let live = record(Kind::Processes, 1, &[]);
        let archived = record(Kind::Processes, 1, &[("status", "archived")]);
        let reason = |verb, record: &Record, standing: &Standing| {
            applicable(verb, record, standing).map(|row| row.route)
        };
        assert_eq!(reason(Verb::Archive, &live, &admin), Ok("organizations/{org}/runs/{id}"));
        assert_eq!(reason(Verb::Archive, &archived, &admin), Err("already archived".into()));
        assert_eq!(reason(Verb::Delete, &live, &admin), Err("not archived: archive it first".into()));
        assert_eq!(
            reason(Verb::Delete, &archived, &standing(None)),
            Ok("organizations/{org}/runs/{id}/delete")
        );
        assert_eq!(
            reason(Verb::Delete, &archived, &standing(Some(false))),
            Err("only administrators may do this".into())
        );
        let task = record(Kind::Tasks, 1, &[("run", "5d0c")]);
        assert!(Verb::Archive.word() == "archive" && reason(Verb::Delete, &task, &admin).is_err());
        let logo = record(Kind::Files, 1, &[("subject", "Organization")]);
        assert!(reason(Verb::Delete, &logo, &admin).unwrap_err().contains("logo"));
        assert_eq!(reason(Verb::Archive, &logo, &admin), Err("files have no archive".into()));
    }
}
