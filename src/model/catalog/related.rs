//! What hangs together with a record, and how it is found: the lists and records that a detail page leads to.
//!
//! Owns the relations of each kind, which its row of the catalog names. Facts come from the API sheet, sections 6, 7 and
//! 8. Must not know how they are asked for or drawn.

use super::QueryParameters;
use crate::model::kind::Kind;

/// One sort of records that a record leads to.
#[derive(Debug)]
pub struct Relation {
    /// What they are to the record, for people.
    pub title: &'static str,
    /// Their kind.
    pub kind: Kind,
    /// How they are found.
    pub way: RelatedSource,
}

/// How related records are found.
#[derive(Debug)]
pub enum RelatedSource {
    /// A list that holds them and nothing else.
    List(RelatedList),
    /// The record names one of them.
    Named {
        /// Where its id stands in the record: keys joined by dots.
        id: &'static str,
        /// Where its name stands; empty where the record does not tell it.
        name: &'static str,
        /// A path and the value it must have, in any case, for the id to be one of this kind.
        only: Option<(&'static str, &'static str)>,
    },
    /// They come along with the record, under this include.
    Included {
        /// The include.
        include: &'static str,
        /// Whether archiving the record hides them.
        hidden: bool,
    },
}

impl RelatedSource {
    /// Returns the keys of a record under which the id and the name of another one stand.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        let (id, name) = match self {
            Self::Named { id, name, .. } => (*id, *name),
            Self::List(_) | Self::Included { .. } => ("", ""),
        };
        super::keys(id).chain(super::keys(name)).filter(|key| !key.is_empty())
    }
}

/// A list of what belongs to a record.
#[derive(Debug)]
pub struct RelatedList {
    /// The list's route. It has a hole for the record's id unless `key` carries it.
    pub route: &'static str,
    /// The parameters sent whatever the record is.
    pub query: QueryParameters,
    /// The parameter that narrows the list down to the record.
    pub key: Option<(&'static str, RelatedParameter)>,
    /// Where each row says what it belongs to, in keys joined by dots; empty where rows do not say it, and the server's
    /// word cannot be checked. A list whose rows do not prove it is not believed.
    pub shows: &'static str,
    /// Whether archiving the record hides them.
    pub hidden: bool,
}

impl Relation {
    /// Whether nothing that comes by it proves that it belongs to the record.
    #[must_use]
    pub fn is_unproved(&self) -> bool {
        matches!(&self.way, RelatedSource::List(list) if list.shows.is_empty())
    }
}

/// What a parameter takes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelatedParameter {
    /// Its id.
    Id,
    /// Its name.
    Name,
}

const RUNS: &str = "organizations/{org}/runs";
const CHECKLISTS: &str = "organizations/{org}/checklists";
const TASKS: &str = "organizations/{org}/tasks";
/// Live and archived ones (API sheet, section 5).
const ALL: QueryParameters = &[("archived", "true")];
/// The same, with the tags that prove that the list was narrowed down.
const ALL_TAGGED: QueryParameters = &[("archived", "true"), ("with", "tags")];

const fn list(
    title: &'static str,
    kind: Kind,
    (route, query): (&'static str, QueryParameters),
    key: (&'static str, RelatedParameter),
    shows: &'static str,
) -> Relation {
    Relation {
        title,
        kind,
        way: RelatedSource::List(RelatedList { route, query, key: Some(key), shows, hidden: false }),
    }
}

const fn files(hidden: bool) -> Relation {
    Relation { title: "files", kind: Kind::Files, way: RelatedSource::Included { include: "assets", hidden } }
}

const fn subject(title: &'static str, kind: Kind, sort: &'static str) -> Relation {
    let way = RelatedSource::Named { id: "subject.id", name: "", only: Some(("subject.type", sort)) };
    Relation { title, kind, way }
}

/// API sheet, sections 6.1 and 6.4. Its tasks and files are hidden while it is archived.
pub(super) const OF_PROCESS: &[Relation] = &[
    Relation {
        title: "template",
        kind: Kind::Templates,
        way: RelatedSource::Named { id: "checklist_id", name: "checklist_title", only: None },
    },
    Relation {
        title: "tasks",
        kind: Kind::Tasks,
        way: RelatedSource::List(RelatedList {
            route: "organizations/{org}/runs/{id}/tasks",
            query: &[("sort", "position")],
            key: None,
            shows: "run_id",
            hidden: true,
        }),
    },
    files(true),
];

/// API sheet, section 8.
pub(super) const OF_TEMPLATE: &[Relation] = &[
    list(
        "processes launched from it",
        Kind::Processes,
        (RUNS, ALL),
        ("checklist_id", RelatedParameter::Id),
        "checklist_id",
    ),
    files(false),
];

/// API sheet, section 6.3: a task with a process's id belongs to that.
pub(super) const OF_TASK: &[Relation] = &[
    Relation {
        title: "process",
        kind: Kind::Processes,
        way: RelatedSource::Named { id: "run_id", name: "run.name", only: None },
    },
    files(false),
];

/// API sheet, section 7.
pub(super) const OF_FILE: &[Relation] = &[
    subject("attached to", Kind::Processes, "run"),
    subject("attached to", Kind::Templates, "checklist"),
    subject("attached to", Kind::Tasks, "task"),
];

/// API sheet, sections 6.1 to 6.3: processes are narrowed by the ids of tags, tasks by the name of one. What the
/// `tag` of templates takes is not said; it is taken for the same as that of tasks.
pub(super) const OF_TAG: &[Relation] = &[
    list("processes", Kind::Processes, (RUNS, ALL_TAGGED), ("tag_ids", RelatedParameter::Id), "tags"),
    list("templates", Kind::Templates, (CHECKLISTS, ALL_TAGGED), ("tag", RelatedParameter::Name), "tags"),
    list("tasks", Kind::Tasks, (TASKS, &[("with", "tags")]), ("tag", RelatedParameter::Name), "tags"),
];

/// API sheet, section 8. A process may be a group's through one of its tasks, which its row does not say.
pub(super) const OF_GROUP: &[Relation] = &[
    list("tasks", Kind::Tasks, (TASKS, &[]), ("groups", RelatedParameter::Id), "owners.groups"),
    list("processes", Kind::Processes, (RUNS, ALL), ("groups", RelatedParameter::Id), ""),
];

/// API sheet, section 8: tasks are narrowed by the addresses of guests.
pub(super) const OF_GUEST: &[Relation] =
    &[list("tasks", Kind::Tasks, (TASKS, &[]), ("guests", RelatedParameter::Id), "owners.guests")];

/// API sheet, sections 6.1 to 6.3. A process may be a member's through one of its tasks, which its row does not say.
pub(super) const OF_MEMBER: &[Relation] = &[
    list("processes", Kind::Processes, (RUNS, &[]), ("owners", RelatedParameter::Id), ""),
    list("templates", Kind::Templates, (CHECKLISTS, &[]), ("owner_id", RelatedParameter::Id), "owner_id"),
    list("tasks", Kind::Tasks, (TASKS, &[]), ("owners", RelatedParameter::Id), "owners.users"),
];

/// API sheet, section 6.10.
pub(super) const OF_FOLDER: &[Relation] = &[
    Relation {
        title: "lies in",
        kind: Kind::Folders,
        way: RelatedSource::Named { id: "parent_id", name: "parent.name", only: None },
    },
    within("folders in it", Kind::Folders, "children"),
    within("templates", Kind::Templates, "checklists"),
    within("processes", Kind::Processes, "runs"),
    within("tasks", Kind::Tasks, "tasks"),
];

const fn within(title: &'static str, kind: Kind, include: &'static str) -> Relation {
    Relation { title, kind, way: RelatedSource::Included { include, hidden: false } }
}
