//! The one table of kinds: everything that differs between resource types is a row here.
//!
//! Owns routes, scope parameters, fields and columns, actions with their preconditions and what they lose. Adding a kind
//! means adding a row; no code elsewhere asks which kind it has in hand. Facts come from the API sheet, sections 0.1,
//! 5, 6 and 7. Must not know how a request is sent or a cell is drawn.

mod action_labels;
mod actions;
mod fields;
mod files;
mod folders;
mod impact;
mod lifecycle;
mod people;
mod processes;
mod related;
mod source;
mod tags_groups;
mod tasks;
mod templates;

use super::kind::{Action, Kind, Scope};
pub use crate::model::catalog::action_labels::ActionLabels;
use crate::model::catalog::action_labels::{ARCHIVING, DISABLING};
pub use crate::model::catalog::actions::{
    ActionSpec, Method, Permission, Precondition, ReassignSpec, Reversibility,
};
use crate::model::catalog::actions::{ORDINARY, PROCESS_TASK};
use crate::model::catalog::lifecycle::ARCHIVED_SIGN;
pub use crate::model::catalog::lifecycle::{ArchivedMarker, DeletedMarker};
pub use fields::{AND, ARCHIVED, BETWEEN, Column, Field, FieldFormat, STATUS, UPDATED, keys};
use fields::{
    ARCHIVED_FIELD, CHANGED_FIELD, DELETED, DELETED_FIELD, OWNER, TAG, UPDATED_FIELD, column, field,
};
use impact::count;
pub use impact::{CountSource, ImpactCount, ImpactQuery, ImpactSpec};
pub use related::{RelatedList, RelatedParameter, RelatedSource, Relation};
use source::{ARCHIVED_LISTS, BY_OLDEST_FIRST, OLDEST_FIRST, narrowing};
pub use source::{
    CarrierList, FilterSupport, HolderFields, ListPart, ListRoute, MEMBERS_AT_ONCE, NestedRecords,
    QueryParameters, ScopeSupport, ServerFilter, Source,
};

/// All there is to know of one kind.
#[derive(Debug)]
pub struct KindSpec {
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
    /// What the soft actions and what they do are called.
    pub words: &'static ActionLabels,
    /// Under which key of a record its id stands, the one that paths name it by.
    pub key: &'static str,
    /// How a record says that it is archived, for kinds that archive.
    pub archived: Option<ArchivedMarker>,
    /// The signs, each of which says that a record has been deleted, though it may still be read or listed.
    pub gone: &'static [DeletedMarker],
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
    /// The route of its page in the web app, known for processes alone (API sheet, section 1.4). Launch forms, magic
    /// actions and guest pages change data or log somebody in: they are never the address of a record.
    pub web: Option<&'static str>,
    /// Whether that route still knows a record that has been archived.
    pub by_id: LookupMode,
    /// The includes asked for when a record is read for the last time, to be kept as a copy.
    pub copy_with: &'static str,
    /// The bytes the server stores for a record, where it stores any.
    pub bytes: Option<Bytes>,
    /// The fields that prove that a record has changed since it was loaded, besides its being archived or not.
    pub freshness: &'static [&'static str],
    /// What hangs on a record, for the dialog.
    pub impact: Option<ImpactSpec>,
    /// What hangs together with a record and can be opened from its page.
    pub related: &'static [Relation],
    /// What is kept of a record, in the order of the columns. The first field is the record's name.
    pub fields: &'static [Field],
    /// What can be done to it.
    pub actions: &'static [ActionSpec],
}

/// Whether a record can be read by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupMode {
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

impl KindSpec {
    /// How `action` is done to this kind, if at all.
    #[must_use]
    pub fn action(&self, action: Action) -> Option<&'static ActionSpec> {
        self.actions.iter().find(|row| row.action == action)
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
        matches!(&self.source, Source::List(ListRoute { scopes: Some(ScopeSupport::Asked { .. }), .. }))
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
    pub fn counted(&self) -> Option<&ListRoute> {
        match &self.source {
            Source::List(list) if !list.is_picked() => Some(list),
            Source::List(_) | Source::Collected { .. } => None,
        }
    }
}

/// The catalog, in the order of [`Kind::ALL`].
pub static CATALOG: [KindSpec; 9] = [
    processes::PROCESSES,
    templates::TEMPLATES,
    tasks::TASKS,
    files::FILES,
    tags_groups::TAGS,
    tags_groups::GROUPS,
    people::GUESTS,
    people::MEMBERS,
    folders::FOLDERS,
];

#[cfg(test)]
mod tests;
