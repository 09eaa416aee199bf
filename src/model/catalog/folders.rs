//! The row of folders (API sheet, section 6.10), which hold templates or processes and lie in one another.

use super::*;

/// The field that says what a folder holds, by the API's words.
const TYPE: &str = "type";
/// The id of the folder it lies in.
const PARENT_ID: &str = "parent id";

/// The view of templates without a folder is a system folder (API sheet, section 6.2). Whether the list returns it, and
/// what marks it there, no source says.
const SYSTEM_BY_FLAG: Precondition =
    Precondition::Not { field: "system", values: &["true", "1", "yes"], reason: SYSTEM_FOLDER };
const SYSTEM_BY_NAME: Precondition =
    Precondition::Not { field: "name", values: &["Uncategorized"], reason: SYSTEM_FOLDER };
const SYSTEM_FOLDER: &str = "is a system folder, which cannot be deleted";

pub(super) const FOLDERS: KindSpec = KindSpec {
    kind: Kind::Folders,
    slug: "folders",
    aliases: &["folder", "directory", "directories"],
    title: "Folders",
    singular: "folder",
    plural: "folders",
    words: &ARCHIVING,
    key: "id",
    archived: None,
    gone: &[DeletedMarker::Since(DELETED)],
    turn: 6,
    parent: Some(PARENT_ID),
    source: Source::List(ListRoute {
        route: "organizations/{org}/folders",
        query: &[("with", "parent")],
        // Two trees that have nothing in common.
        parts: &[
            ListPart { query: &[("folder_type", "checklist")], field: TYPE, value: "template" },
            ListPart { query: &[("folder_type", "run")], field: TYPE, value: "process" },
        ],
        scopes: None,
        narrowings: &[],
    }),
    get: "organizations/{org}/folders/{id}",
    get_with: "parent,children,checklists,runs,tasks",
    web: None,
    by_id: LookupMode::Always,
    copy_with: "parent,children,checklists,runs,tasks",
    bytes: None,
    freshness: &["name", TYPE, PARENT_ID],
    impact: Some(ImpactSpec {
        actions: &[Action::Delete],
        ask: Some(ImpactQuery::Record { with: "children,checklists,runs,tasks" }),
        counts: &[
            count("subfolder", "subfolders", CountSource::Include("children")),
            count("template", "templates", CountSource::Include("checklists")),
            count("process", "processes", CountSource::Include("runs")),
            count("task", "tasks", CountSource::Include("tasks")),
        ],
        each: false,
    }),
    related: related::OF_FOLDER,
    fields: &[
        field("name", &["name", "title"], FieldFormat::Text, column(24, 0)),
        field(TYPE, &["folder_type", "type"], FieldFormat::Kind, column(9, 1)),
        field("objects", &["total"], FieldFormat::Number, column(7, 2)),
        field("parent", &["parent"], FieldFormat::Text, column(20, 3)),
        field(PARENT_ID, &["parent_id", "parent.id"], FieldFormat::Text, None).untyped(),
        field("created", &["created_at"], FieldFormat::Time, None),
        field("system", &["is_system", "system"], FieldFormat::Text, None).untyped(),
        DELETED_FIELD,
    ],
    actions: &[ActionSpec {
        route: "organizations/{org}/folders/{id}",
        // API sheet, section 6.10.
        permission: Permission::FullMember,
        needs: &[SYSTEM_BY_FLAG, SYSTEM_BY_NAME],
        lost: &[
            "what they hold is not deleted: it stays, without a folder",
            "what happens to subfolders is not documented",
        ],
        ..ORDINARY
    }],
};
