//! The one table of kinds: everything that differs between resource types is a row here.
//!
//! Owns routes, scope parameters, fields and columns, verbs with their preconditions and what they lose. Adding a kind
//! means adding a row; no code elsewhere asks which kind it has in hand. Facts come from the API sheet, sections 0.1,
//! 5, 6 and 7. Must not know how a request is sent or a cell is drawn.

mod folders;
mod people;
mod related;
mod words;

use super::kind::{Kind, Scope, Verb};
pub use related::{By, Related, Relation, Way};

pub use words::{ARCHIVING, DISABLING, Words};

/// All there is to know of one kind.
#[derive(Debug)]
pub struct Row {
    /// The kind this row describes.
    pub kind: Kind,
    /// The word people type and the config uses.
    pub slug: &'static str,
    /// Other words accepted for it, the API's own among them.
    pub aliases: &'static [&'static str],
    /// The tab's label.
    pub title: &'static str,
    /// One of them, in a sentence.
    pub singular: &'static str,
    /// Several of them, in a sentence.
    pub plural: &'static str,
    /// What the soft verbs and what they do are called.
    pub words: &'static Words,
    /// Under which key of a record its id stands, the one that paths name it by.
    pub key: &'static str,
    /// How a record says that it is archived, for kinds that archive.
    pub archived: Option<Archived>,
    /// The signs, each of which says that a record has been deleted, though it may still be read or listed.
    pub gone: &'static [Sign],
    /// When its turn is in a plan of several kinds: a lower one goes first, because others may hang on it.
    pub turn: u8,
    /// The field that holds the id of the record of the same kind it lies in; what lies inside has its turn first.
    pub parent: Option<&'static str>,
    /// Where records come from.
    pub source: Source,
    /// The route that reads one record.
    pub get: &'static str,
    /// The includes asked for when one record is read for its detail page.
    pub get_with: &'static str,
    /// Where its page stands in the web app, where that is known: the sheet does not say, Tallyfy's own script for bulk
    /// exports does for processes.
    pub web: Option<&'static str>,
    /// Whether that route still knows a record that has been archived.
    pub by_id: ById,
    /// The includes asked for when a record is read for the last time, to be kept as a copy.
    pub copy_with: &'static str,
    /// The bytes the server stores for a record, where it stores any.
    pub bytes: Option<Bytes>,
    /// The fields that prove that a record has changed since it was loaded, besides its being archived or not.
    pub freshness: &'static [&'static str],
    /// What hangs on a record, for the modal.
    pub impact: Option<Impact>,
    /// What hangs together with a record and can be opened from its page.
    pub related: &'static [Relation],
    /// What is kept of a record, in the order of the columns. The first field is the record's name.
    pub fields: &'static [Field],
    /// What can be done to it.
    pub verbs: &'static [VerbRow],
}

/// Where the records of a kind come from.
#[derive(Debug)]
pub enum Source {
    /// A paginated list route.
    List(List),
    /// There is no list route: the records hang on those of other kinds and come with their lists.
    Collected {
        /// What carries them, in the order it is read.
        from: &'static [Carrier],
        /// The fields that say what a record hangs on.
        holder: Holder,
    },
}

/// A kind whose list brings the records of a collected kind along.
#[derive(Debug)]
pub struct Carrier {
    /// The kind.
    pub kind: Kind,
    /// The includes that its list is asked for.
    pub with: &'static str,
    /// The key that the records arrive under.
    pub include: &'static str,
    /// The keys of its answers to forms, in which more of them may stand.
    pub answers: &'static [&'static str],
    /// What comes along with each record of the list and may carry some as well.
    pub within: Option<Within>,
}

/// Records inside those of a list.
#[derive(Debug)]
pub struct Within {
    /// Their kind.
    pub kind: Kind,
    /// The key that they arrive under.
    pub include: &'static str,
    /// The keys of their answers to forms.
    pub answers: &'static [&'static str],
}

/// The fields of a collected kind that say what a record hangs on.
#[derive(Debug)]
pub struct Holder {
    /// In words.
    pub words: &'static str,
    /// The kind, by any word for it.
    pub kind: &'static str,
    /// The id.
    pub id: &'static str,
}

/// Whether a record can be read by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ById {
    /// It should be: whether archived or not.
    Always,
    /// Only while it is live: an archived one answers 404, and is found in the list of archived ones.
    WhileLive,
}

/// Bytes that the server stores for a record.
#[derive(Debug)]
pub struct Bytes {
    /// The route they are downloaded from.
    pub route: &'static str,
    /// The field that tells whether the server stores them itself.
    pub field: &'static str,
    /// The value it then has.
    pub stored: &'static str,
    /// The field for how many there are.
    pub size: &'static str,
    /// Records whose bytes are not saved for anybody.
    pub except: Option<Exception>,
}

/// Records that are left alone.
#[derive(Debug)]
pub struct Exception {
    /// The field that tells them.
    pub field: &'static str,
    /// The value it then has, in any case.
    pub value: &'static str,
    /// Why, for people.
    pub reason: &'static str,
}

/// What hangs on a record and how it is counted (API sheet, section 8), with one GET a record at most.
#[derive(Debug)]
pub struct Impact {
    /// For which verbs it matters.
    pub verbs: &'static [Verb],
    /// What is asked of the server; nothing where the record itself says it all.
    pub ask: Option<Ask>,
    /// What is counted in the answer, or in the record.
    pub counts: &'static [Count],
    /// Whether it is told of each record, so that all are looked at and not only some.
    pub each: bool,
}

/// A question to the server about one record.
#[derive(Debug)]
pub enum Ask {
    /// The record with these includes.
    Record {
        /// The includes.
        with: &'static str,
    },
    /// How many of another list belong to it.
    Total {
        /// The list's route.
        route: &'static str,
        /// The parameter that takes the record's id.
        key: &'static str,
        /// Other parameters.
        query: Query,
    },
    /// A route of its own, which names the record by its id.
    Route {
        /// The route.
        route: &'static str,
    },
}

/// One thing that is counted.
#[derive(Debug)]
pub struct Count {
    /// One of them, in a sentence.
    pub one: &'static str,
    /// Several of them.
    pub many: &'static str,
    /// Where the number comes from.
    pub source: Counted,
}

/// Where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// The length of an include.
    Include(&'static str),
    /// How many elements of an include have no time of completion.
    Open(&'static str),
    /// The lengths of the lists that an include holds by some key, added up.
    Grouped(&'static str),
    /// The length of an include of an include.
    Nested(&'static str, &'static str),
    /// A number at a path of keys joined by dots.
    Number(&'static str),
    /// The total of the list that was asked.
    Total,
    /// A field of the record.
    Field(&'static str),
}

/// How records of a kind say that they are archived.
#[derive(Debug)]
pub struct Archived {
    /// The field that tells since when; to have it means to be archived.
    pub since: &'static str,
    /// What the status then says, in any case.
    pub status: &'static str,
    /// Whether the status alone decides where there is one: what has been restored may keep its time.
    pub by_status: bool,
}

/// Something that a record says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// The field holds something.
    Has(&'static str),
    /// The field is this word, in any case.
    Is(&'static str, &'static str),
    /// The text of the field ends with this, and no space stands before it.
    Ends(&'static str, &'static str),
    /// The text of the field ends with this, followed by the record's id.
    EndsWithId(&'static str, &'static str),
}

/// A paginated list route and its parameters.
#[derive(Debug)]
pub struct List {
    /// The route, relative to the base URL.
    pub route: &'static str,
    /// Parameters sent whatever the scope.
    pub query: Query,
    /// The lists it falls into, which have nothing in common; none where one list holds everything.
    pub parts: &'static [Part],
    /// How it is asked for a scope, for kinds that archive.
    pub scopes: Option<Scopes>,
    /// What else it can be asked.
    pub narrowings: &'static [Narrowing],
}

/// Query parameters.
pub type Query = &'static [(&'static str, &'static str)];

/// One of the lists that a route falls into.
#[derive(Debug)]
pub struct Part {
    /// The parameters that ask for it.
    pub query: Query,
    /// The field that says which list a record is on.
    pub field: &'static str,
    /// What it says then, for rows that do not carry it.
    pub value: &'static str,
}

/// How a list is asked for scopes (API sheet, section 5).
#[derive(Debug)]
pub enum Scopes {
    /// By parameters, for the scopes beyond the active one, which is the default.
    Asked {
        /// Archived records only.
        archived: Query,
        /// Live and archived records.
        all: Query,
    },
    /// Not at all: it always holds live and archived records, and what belongs to a scope is picked out here.
    Picked,
}

impl List {
    /// The parameters that ask for `scope`.
    #[must_use]
    pub fn scope_query(&self, scope: Scope) -> Query {
        match (&self.scopes, scope) {
            (None | Some(Scopes::Picked), _) | (Some(_), Scope::Active) => &[],
            (Some(Scopes::Asked { archived, .. }), Scope::Archived) => archived,
            (Some(Scopes::Asked { all, .. }), Scope::All) => all,
        }
    }

    /// Whether rows of every scope come whatever is asked, so that one which does not belong contradicts nothing.
    #[must_use]
    pub fn is_picked(&self) -> bool {
        matches!(self.scopes, Some(Scopes::Picked))
    }
}

/// One value kept of a record.
#[derive(Debug)]
pub struct Field {
    /// The column's head and the name in sorts.
    pub name: &'static str,
    /// Where it stands in the record's JSON: paths of keys joined by dots, the first one that holds a value wins. What
    /// stands at several paths joined by [`AND`] is taken together, with a space between.
    pub paths: &'static [&'static str],
    /// How it is read and shown.
    pub form: Form,
    /// How it is shown in the table; `None` for what only preconditions and filters need.
    pub column: Option<Column>,
    /// The include that brings it, where a list does not carry it by itself. It is asked for only when a filter needs it.
    pub include: Option<&'static str>,
    /// Other words a filter takes for its name.
    pub aliases: &'static [&'static str],
    /// Whether a filter may name it at all.
    pub typed: bool,
}

/// What joins the paths of a value that stands in several places.
pub const AND: char = '+';

impl Field {
    /// The keys of a record under which something of it may stand.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.paths.iter().flat_map(|path| keys(path))
    }

    const fn brought_by(self, include: &'static str) -> Self {
        Self { include: Some(include), ..self }
    }

    const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// Keeps it from people, to whom it would say nothing.
    const fn untyped(self) -> Self {
        Self { typed: false, ..self }
    }
}

/// The keys of a record with which the parts of `path` begin.
pub fn keys(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split(AND).filter_map(|one| one.split('.').next())
}

/// A question a list can be asked, so that it answers with fewer rows. It must leave out nothing that terms on the field
/// let through.
#[derive(Debug)]
pub struct Narrowing {
    /// The field; the first one of the row takes the words of a filter too.
    pub field: &'static str,
    /// The parameter that asks.
    pub parameter: &'static str,
    /// What can be asked.
    pub answers: Answers,
}

/// Which terms on a field a list can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// Those of part of it.
    Part,
    /// Those of the whole of it only.
    Whole,
    /// Those of one of these values, given as typed and as sent.
    Value(&'static [(&'static str, &'static str)]),
    /// Those of people, by the ids of members joined by commas.
    Members {
        /// How many it takes.
        most: usize,
        /// Whether guests and groups stand in the field too, for whom it cannot be asked: then only a whole name, which
        /// can be no address, is.
        others: bool,
    },
}

/// How a field's JSON is read. Every form also accepts what it cannot read, as text, so that nothing is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Free text.
    Text,
    /// A whole number, or a string of digits.
    Number,
    /// Progress as an object with a percentage, or as a bare number.
    Percent,
    /// A timestamp in any of the forms the API uses.
    Time,
    /// Who: one id or many, as numbers, strings or objects.
    People,
    /// How many elements an array has.
    Length,
    /// How many bytes there are. The API does not say it (API sheet, section 7): it is known once they have been here.
    Bytes,
    /// The names of a list's elements, joined by [`BETWEEN`]. A list without any is known to have none.
    Names,
}

/// What stands between the names of [`Form::Names`]. No name holds it, for it is the picture of a control character.
pub const BETWEEN: char = '\u{241f}';

/// How a field is shown in the table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Width in cells; the name takes what is left over.
    pub width: u16,
    /// Columns of a higher rank leave first when the screen is narrow; the name has rank 0 and never leaves.
    pub rank: u8,
}

/// How a verb is done to a kind.
#[derive(Debug)]
pub struct VerbRow {
    /// The verb.
    pub verb: Verb,
    /// The request's method.
    pub method: Method,
    /// The request's route.
    pub route: &'static str,
    /// Whether the API lets only administrators do it.
    pub admin: bool,
    /// Whether it takes away somebody's access, so that many at once are asked about twice.
    pub cuts_access: bool,
    /// What refusals besides a 404 say that there is no such record.
    pub missing: &'static [u16],
    /// How what belongs to the record is handed to another of its kind with the same request, where it can be.
    pub reassign: Option<Reassign>,
    /// What a record must be for the request to be worth sending.
    pub needs: &'static [Need],
    /// What is lost or what follows, in sentences for the modal.
    pub lost: &'static [&'static str],
    /// How far it can be undone.
    pub undo: Undo,
}

/// Another form of a request, which hands what belongs to the record to another one of its kind.
#[derive(Debug)]
pub struct Reassign {
    /// The request's route.
    pub route: &'static str,
    /// Its parameters.
    pub query: Query,
    /// The parameter that names the heir by id.
    pub to: &'static str,
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

/// A precondition of a verb, decided by what the record says of itself.
#[derive(Debug)]
pub enum Need {
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
}

/// How far a verb can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    /// The inverse verb brings everything back.
    Whole,
    /// The inverse verb brings back most of it.
    Partial,
    /// There is no way back.
    Never,
}

impl Row {
    /// How `verb` is done to this kind, if at all.
    #[must_use]
    pub fn verb(&self, verb: Verb) -> Option<&'static VerbRow> {
        self.verbs.iter().find(|row| row.verb == verb)
    }

    /// The position of the field called `name`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// Whether records of this kind can be archived, so that scopes mean something.
    #[must_use]
    pub fn archives(&self) -> bool {
        self.archived.is_some()
    }

    /// Whether there is a list that holds nothing but archived records.
    #[must_use]
    pub fn lists_archived(&self) -> bool {
        matches!(&self.source, Source::List(List { scopes: Some(Scopes::Asked { .. }), .. }))
    }

    /// Whether the pages of its list keep their numbers and their rows, so that a reading can go on where another ended.
    #[must_use]
    pub fn resumes(&self) -> bool {
        match &self.source {
            Source::List(list) => list.parts.is_empty() && !list.is_picked(),
            Source::Collected { .. } => true,
        }
    }

    /// The list whose total says how many active records there are, where there is one.
    #[must_use]
    pub fn counted(&self) -> Option<&List> {
        match &self.source {
            Source::List(list) if !list.is_picked() => Some(list),
            Source::List(_) | Source::Collected { .. } => None,
        }
    }
}

/// The field whose presence says that a record is archived.
pub const ARCHIVED: &str = "archived";
/// The field that may say so too.
pub const STATUS: &str = "status";
/// The field that says when it was last changed.
pub const UPDATED: &str = "updated";

const fn column(width: u16, rank: u8) -> Option<Column> {
    Some(Column { width, rank })
}

const fn field(
    name: &'static str,
    paths: &'static [&'static str],
    form: Form,
    column: Option<Column>,
) -> Field {
    Field { name, paths, form, column, include: None, aliases: &[], typed: true }
}

const fn narrowing(field: &'static str, parameter: &'static str, answers: Answers) -> Narrowing {
    Narrowing { field, parameter, answers }
}

/// More ids than these are no narrowing worth the length of the address.
const MEMBERS_AT_ONCE: usize = 20;

const ARCHIVED_FIELD: Field = field(ARCHIVED, &["archived_at", "deleted_at"], Form::Time, column(10, 6));
/// Rows that say of themselves that they are deleted belong in no list.
const DELETED_FIELD: Field = field(DELETED, &["deleted_at"], Form::Time, None).untyped();
const DELETED: &str = "deleted";
/// How records of the kinds with lists of archived ones say that they are.
const ARCHIVED_SIGN: Option<Archived> =
    Some(Archived { since: ARCHIVED, status: "archived", by_status: false });
const fn count(one: &'static str, many: &'static str, source: Counted) -> Count {
    Count { one, many, source }
}

const OWNER: Field =
    field("owner", &["owner_id", "started_by", "created_by"], Form::People, column(18, 3)).also(&["owners"]);
const UPDATED_FIELD: Field =
    field(UPDATED, &["last_updated", "updated_at", "created_at"], Form::Time, column(10, 4));
/// For kinds whose table has better columns than this.
const CHANGED_FIELD: Field = field(UPDATED, &["last_updated", "updated_at"], Form::Time, None);
/// API sheet, section 6.6: a link row, with the tag's title and id.
const TAG: Field = field("tag", &["tags"], Form::Names, None).brought_by("tags").also(&["tags"]);
const ARCHIVED_LISTS: Scopes =
    Scopes::Asked { archived: &[("archived", "only")], all: &[("archived", "true")] };

const PROCESS_TASK: Need =
    Need::Absent { field: "run", reason: "belongs to a process, which must be handled instead" };

/// The catalog, in the order of [`Kind::ALL`].
pub static CATALOG: [Row; 9] =
    [PROCESSES, TEMPLATES, TASKS, FILES, TAGS, GROUPS, people::GUESTS, people::MEMBERS, folders::FOLDERS];

/// What a verb is where nothing else is said.
const ORDINARY: VerbRow = VerbRow {
    verb: Verb::Delete,
    method: Method::Delete,
    route: "",
    admin: false,
    cuts_access: false,
    missing: &[],
    reassign: None,
    needs: &[],
    lost: &[],
    undo: Undo::Never,
};

/// API sheet, section 6.1.
const PROCESSES: Row = Row {
    kind: Kind::Processes,
    slug: "processes",
    aliases: &["process", "run", "runs"],
    title: "Processes",
    singular: "process",
    plural: "processes",
    words: &ARCHIVING,
    key: "id",
    archived: ARCHIVED_SIGN,
    gone: &[],
    turn: 2,
    parent: None,
    source: Source::List(List {
        route: "organizations/{org}/runs",
        query: &[],
        parts: &[],
        scopes: Some(ARCHIVED_LISTS),
        // Whether `tag` takes a name or an id is not said.
        narrowings: &[
            narrowing("name", "q", Answers::Part),
            narrowing(
                STATUS,
                "status",
                Answers::Value(&[
                    ("active", "active"),
                    ("complete", "complete"),
                    ("problem", "problem"),
                    ("delayed", "delayed"),
                ]),
            ),
            narrowing("owner", "owners", Answers::Members { most: MEMBERS_AT_ONCE, others: false }),
        ],
    }),
    get: "organizations/{org}/runs/{id}",
    get_with: "tasks_meta,ko_form_fields,form_fields,assets,tags,folders",
    web: Some("organizations/{org}/runs/{id}"),
    by_id: ById::Always,
    copy_with: "tasks,tasks.threads,tasks.form_fields,ko_form_fields,form_fields,assets,tags,folders,stages,member_watchers,guest_watchers",
    bytes: None,
    freshness: &["name", STATUS, UPDATED],
    impact: Some(Impact {
        verbs: &[Verb::Archive, Verb::Delete],
        ask: Some(Ask::Record { with: "tasks,tasks.threads,assets" }),
        counts: &[
            count("open task", "open tasks", Counted::Open("tasks")),
            count("file", "files", Counted::Include("assets")),
            count("comment", "comments", Counted::Nested("tasks", "threads")),
        ],
        each: false,
    }),
    related: related::OF_PROCESS,
    fields: &[
        field("name", &["name"], Form::Text, column(24, 0)),
        field("template", &["checklist_title", "checklist.title"], Form::Text, column(20, 5))
            .also(&["blueprint"]),
        field(STATUS, &["status"], Form::Text, column(9, 1)),
        field("progress", &["progress", "whole_progress"], Form::Percent, column(8, 2)),
        OWNER,
        UPDATED_FIELD,
        ARCHIVED_FIELD,
        TAG,
        field("folder", &["folders"], Form::Names, None).brought_by("folders").also(&["folders"]),
    ],
    verbs: &[
        VerbRow {
            verb: Verb::Archive,
            method: Method::Delete,
            route: "organizations/{org}/runs/{id}",
            admin: false,
            needs: &[Need::Live],
            lost: &["its tasks, comments and files are hidden with it; restoring brings them back"],
            undo: Undo::Whole,
            ..ORDINARY
        },
        VerbRow {
            verb: Verb::Restore,
            method: Method::Put,
            route: "organizations/{org}/runs/{id}/activate",
            admin: false,
            needs: &[Need::Archived],
            lost: &["its tasks, comments and files return, and its status becomes what it was"],
            undo: Undo::Whole,
            ..ORDINARY
        },
        VerbRow {
            verb: Verb::Delete,
            method: Method::Delete,
            route: "organizations/{org}/runs/{id}/delete",
            admin: true,
            needs: &[Need::Archived],
            lost: &[
                "tasks, comments, form answers, attached files, tag links and watchers are lost for good",
                "what happens to sub-processes is not documented",
            ],
            undo: Undo::Never,
            ..ORDINARY
        },
    ],
};

/// API sheet, section 6.2.
const TEMPLATES: Row = Row {
    kind: Kind::Templates,
    slug: "templates",
    aliases: &["template", "checklist", "checklists", "blueprint", "blueprints"],
    title: "Templates",
    singular: "template",
    plural: "templates",
    words: &ARCHIVING,
    key: "id",
    archived: ARCHIVED_SIGN,
    gone: &[],
    turn: 3,
    parent: None,
    source: Source::List(List {
        route: "organizations/{org}/checklists",
        query: &[],
        parts: &[],
        scopes: Some(ARCHIVED_LISTS),
        narrowings: &[
            narrowing("title", "q", Answers::Part),
            narrowing("owner", "owner_id", Answers::Members { most: 1, others: false }),
        ],
    }),
    get: "organizations/{org}/checklists/{id}",
    get_with: "steps,tags,folder,assets",
    web: None,
    by_id: ById::WhileLive,
    copy_with: "steps,tags,folder,stages,linked_tasks,assets,member_watchers,guest_watchers",
    bytes: None,
    freshness: &["title", STATUS, "steps", UPDATED],
    impact: Some(Impact {
        verbs: &[Verb::Archive, Verb::Delete],
        ask: Some(Ask::Total { route: "organizations/{org}/runs", key: "checklist_id", query: &[] }),
        counts: &[
            count("running process", "running processes", Counted::Total),
            count("step", "steps", Counted::Field("steps")),
        ],
        each: false,
    }),
    related: related::OF_TEMPLATE,
    fields: &[
        field("title", &["title"], Form::Text, column(24, 0)),
        field(STATUS, &["status"], Form::Text, column(9, 2)),
        field("steps", &["steps_count"], Form::Number, column(5, 5)),
        field("launched", &["started_processes"], Form::Number, column(8, 1)),
        OWNER,
        UPDATED_FIELD,
        ARCHIVED_FIELD,
        TAG,
        field("folder", &["folder"], Form::Names, None).brought_by("folder").also(&["folders"]),
    ],
    verbs: &[
        VerbRow {
            verb: Verb::Archive,
            method: Method::Delete,
            route: "organizations/{org}/checklists/{id}",
            admin: false,
            needs: &[Need::Live],
            lost: &[
                "references to it in other templates, steps and automations are stripped, and restoring does not bring them back",
                "processes already launched from it keep running",
            ],
            undo: Undo::Partial,
            ..ORDINARY
        },
        VerbRow {
            verb: Verb::Restore,
            method: Method::Put,
            route: "organizations/{org}/checklists/{id}/restore",
            admin: false,
            needs: &[Need::Archived],
            lost: &["references that archiving stripped from other templates do not come back"],
            undo: Undo::Partial,
            ..ORDINARY
        },
        VerbRow {
            verb: Verb::Delete,
            method: Method::Delete,
            route: "organizations/{org}/checklists/{id}/delete",
            admin: true,
            needs: &[Need::Archived],
            lost: &[
                "its steps, form fields and rules are lost for good",
                "what happens to processes launched from it is not documented",
            ],
            undo: Undo::Never,
            ..ORDINARY
        },
    ],
};

/// API sheet, section 6.3.
const TASKS: Row = Row {
    kind: Kind::Tasks,
    slug: "tasks",
    aliases: &["task", "one-off", "oneoff", "one-off-tasks"],
    title: "Tasks",
    singular: "task",
    plural: "tasks",
    words: &ARCHIVING,
    key: "id",
    archived: ARCHIVED_SIGN,
    gone: &[],
    turn: 1,
    parent: None,
    source: Source::List(List {
        route: "organizations/{org}/tasks",
        query: &[("is_oneoff", "true")],
        parts: &[],
        scopes: Some(ARCHIVED_LISTS),
        // A status is not filtered by the word a row has for it.
        narrowings: &[
            narrowing("title", "q", Answers::Part),
            narrowing(
                STATUS,
                "status",
                Answers::Value(&[
                    ("complete", "complete"),
                    ("completed", "complete"),
                    ("in-progress", "inprogress"),
                ]),
            ),
            narrowing("owners", "owners", Answers::Members { most: MEMBERS_AT_ONCE, others: true }),
            narrowing("tag", "tag", Answers::Whole),
        ],
    }),
    get: "organizations/{org}/tasks/{id}",
    get_with: "run,form_fields,assets,tags,threads_count",
    web: None,
    by_id: ById::Always,
    copy_with: "form_fields,assets,tags,threads,summary,threads_count,member_watchers,guest_watchers",
    bytes: None,
    freshness: &["title", STATUS, "deadline", UPDATED],
    impact: Some(Impact {
        verbs: &[Verb::Delete],
        ask: Some(Ask::Record { with: "form_fields,assets,threads_count" }),
        counts: &[
            count("form field", "form fields", Counted::Include("form_fields")),
            count("file", "files", Counted::Include("assets")),
            count("comment", "comments", Counted::Number("threads_count")),
        ],
        each: false,
    }),
    related: related::OF_TASK,
    fields: &[
        field("title", &["title", "original_title"], Form::Text, column(24, 0)),
        field(STATUS, &["status"], Form::Text, column(11, 1)),
        field("owners", &["owners"], Form::People, column(20, 3)).also(&["owner"]),
        field("deadline", &["deadline"], Form::Time, column(10, 2)),
        field("created", &["created_at"], Form::Time, column(10, 4)),
        ARCHIVED_FIELD,
        field("run", &["run_id", "run.id"], Form::Text, None).untyped(),
        CHANGED_FIELD,
        TAG,
    ],
    verbs: &[
        VerbRow {
            verb: Verb::Archive,
            method: Method::Delete,
            route: "organizations/{org}/tasks/{id}",
            admin: false,
            needs: &[PROCESS_TASK, Need::Live],
            lost: &["it leaves every list until it is restored"],
            undo: Undo::Whole,
            ..ORDINARY
        },
        VerbRow {
            verb: Verb::Restore,
            method: Method::Put,
            route: "organizations/{org}/tasks/{id}/restore",
            admin: false,
            needs: &[PROCESS_TASK, Need::Archived],
            lost: &["it returns to the lists of its owners"],
            undo: Undo::Whole,
            ..ORDINARY
        },
        VerbRow {
            verb: Verb::Delete,
            method: Method::Delete,
            route: "organizations/{org}/tasks/{id}/delete",
            admin: false,
            needs: &[PROCESS_TASK],
            lost: &[
                "its form fields and answers are lost for good",
                "what happens to its comments and files is not documented",
            ],
            undo: Undo::Never,
            ..ORDINARY
        },
    ],
};

/// API sheet, section 7.
const FILES: Row = Row {
    kind: Kind::Files,
    slug: "files",
    aliases: &["file", "asset", "assets", "attachment", "attachments"],
    title: "Files",
    singular: "file",
    plural: "files",
    words: &ARCHIVING,
    key: "id",
    archived: None,
    gone: &[],
    turn: 0,
    parent: None,
    source: Source::Collected {
        from: &[
            // The tasks of a process carry answers too. Coming along with the process, they cost no request of their own:
            // their own list, `tasks?is_oneoff=false`, would take one for every hundred of them.
            Carrier {
                kind: Kind::Processes,
                with: "assets,tasks,form_fields,ko_form_fields",
                include: "assets",
                answers: &["prerun", "form_fields", "ko_form_fields"],
                within: Some(Within {
                    kind: Kind::Tasks,
                    include: "tasks",
                    answers: &["taskdata", "form_fields"],
                }),
            },
            Carrier {
                kind: Kind::Templates,
                with: "assets",
                include: "assets",
                answers: &["prerun"],
                within: None,
            },
            Carrier {
                kind: Kind::Tasks,
                with: "assets,form_fields",
                include: "assets",
                answers: &["taskdata", "form_fields"],
                within: None,
            },
        ],
        holder: Holder { words: "attached to", kind: "subject", id: "subject id" },
    },
    get: "organizations/{org}/assets/{id}",
    get_with: "",
    web: None,
    by_id: ById::Always,
    copy_with: "",
    bytes: Some(Bytes {
        route: "organizations/{org}/file/{id}/dl",
        field: "source",
        stored: "local",
        size: "size",
        except: Some(Exception {
            field: "subject",
            value: "organization",
            reason: "the organization's logo is no file that is attached to anything",
        }),
    }),
    freshness: &["filename", "version", "uploaded"],
    impact: None,
    related: related::OF_FILE,
    fields: &[
        field("filename", &["filename", "name"], Form::Text, column(24, 0)),
        field("attached to", &[], Form::Text, column(28, 1)).also(&["attached"]),
        field("source", &["system", "source"], Form::Text, column(11, 3)),
        field("uploaded", &["uploaded_at", "created_at"], Form::Time, column(10, 2)),
        field("size", &[], Form::Bytes, column(8, 4)),
        field("subject", &["subject.type", "subject_type"], Form::Text, None),
        field("subject id", &["subject.id", "subject_id"], Form::Text, None).untyped(),
        field("version", &["version"], Form::Number, None),
    ],
    verbs: &[VerbRow {
        verb: Verb::Delete,
        method: Method::Delete,
        route: "organizations/{org}/file/{id}",
        admin: false,
        needs: &[Need::Not {
            field: "subject",
            values: &["organization"],
            reason: "is the organization's logo, which this route refuses",
        }],
        lost: &["the stored bytes and the place in the form or task are lost for good"],
        undo: Undo::Never,
        ..ORDINARY
    }],
};

/// API sheet, section 6.6.
const TAGS: Row = Row {
    kind: Kind::Tags,
    slug: "tags",
    aliases: &["tag"],
    title: "Tags",
    singular: "tag",
    plural: "tags",
    words: &ARCHIVING,
    key: "id",
    archived: None,
    gone: &[Sign::Has(DELETED)],
    turn: 4,
    parent: None,
    source: Source::List(List {
        route: "organizations/{org}/tags",
        query: &[],
        parts: &[],
        scopes: None,
        narrowings: &[narrowing("title", "q", Answers::Part)],
    }),
    get: "organizations/{org}/tags/{id}",
    get_with: "statistics",
    web: None,
    by_id: ById::Always,
    copy_with: "statistics",
    bytes: None,
    freshness: &["title", "colour"],
    impact: Some(Impact {
        verbs: &[Verb::Delete],
        ask: Some(Ask::Record { with: "statistics" }),
        counts: &[
            count("active template", "active templates", Counted::Number("statistics.active_template")),
            count("archived template", "archived templates", Counted::Number("statistics.archived_template")),
            count("active process", "active processes", Counted::Number("statistics.active_process")),
            count("archived process", "archived processes", Counted::Number("statistics.archived_process")),
        ],
        each: false,
    }),
    related: related::OF_TAG,
    fields: &[
        field("title", &["title"], Form::Text, column(24, 0)),
        field("colour", &["color"], Form::Text, column(9, 2)).also(&["color"]),
        field("created", &["created_at"], Form::Time, column(10, 1)),
        DELETED_FIELD,
    ],
    verbs: &[VerbRow {
        verb: Verb::Delete,
        method: Method::Delete,
        route: "organizations/{org}/tags/{id}",
        admin: false,
        needs: &[],
        lost: &["every link with templates, processes, steps and tasks is lost for good; these stay"],
        undo: Undo::Never,
        ..ORDINARY
    }],
};

/// API sheet, section 6.7.
const GROUPS: Row = Row {
    kind: Kind::Groups,
    slug: "groups",
    aliases: &["group"],
    title: "Groups",
    singular: "group",
    plural: "groups",
    words: &ARCHIVING,
    key: "id",
    archived: None,
    gone: &[Sign::Has(DELETED)],
    turn: 5,
    parent: None,
    source: Source::List(List {
        route: "organizations/{org}/groups",
        query: &[],
        parts: &[],
        scopes: None,
        narrowings: &[narrowing("name", "q", Answers::Part)],
    }),
    get: "organizations/{org}/groups/{id}",
    get_with: "assets",
    web: None,
    by_id: ById::Always,
    copy_with: "assets",
    bytes: None,
    freshness: &["name", "members", "guests", UPDATED],
    impact: Some(Impact {
        verbs: &[Verb::Delete],
        ask: None,
        counts: &[
            count("member", "members", Counted::Field("members")),
            count("guest", "guests", Counted::Field("guests")),
        ],
        each: false,
    }),
    related: related::OF_GROUP,
    fields: &[
        field("name", &["name"], Form::Text, column(24, 0)),
        field("members", &["members"], Form::Length, column(7, 2)),
        field("guests", &["guests"], Form::Length, column(6, 3)),
        field(UPDATED, &["last_updated", "updated_at", "created_at"], Form::Time, column(10, 1)),
        DELETED_FIELD,
    ],
    verbs: &[VerbRow {
        verb: Verb::Delete,
        method: Method::Delete,
        route: "organizations/{org}/groups/{id}",
        admin: false,
        needs: &[],
        lost: &[
            "the group is lost for good; its members and guests stay",
            "what happens to tasks and steps assigned to it is not documented",
        ],
        undo: Undo::Never,
        ..ORDINARY
    }],
};

#[cfg(test)]
mod tests;
