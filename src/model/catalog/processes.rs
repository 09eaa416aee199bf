//! The row of processes (API sheet, section 6.1).

use super::*;

/// API sheet, section 6.1.
pub(super) const PROCESSES: KindSpec = KindSpec {
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
    source: Source::List(ListRoute {
        route: "organizations/{org}/runs",
        query: OLDEST_FIRST,
        parts: &[],
        scopes: Some(ARCHIVED_LISTS),
        // Whether `tag` takes a name or an id is not said. `owners` asks for owners and assignees, never for who started
        // the process, who counts as its owner where it names none.
        narrowings: &[
            narrowing("name", "q", FilterSupport::Part),
            narrowing(
                STATUS,
                "status",
                FilterSupport::Value(&[
                    ("active", "active"),
                    ("complete", "complete"),
                    ("problem", "problem"),
                    ("delayed", "delayed"),
                ]),
            ),
        ],
    }),
    get: "organizations/{org}/runs/{id}",
    get_with: "tasks_meta,ko_form_fields,form_fields,assets,tags,folders",
    web: Some("{org}/processes/{id}"),
    by_id: LookupMode::Always,
    copy_with: "tasks,tasks.threads,tasks.form_fields,ko_form_fields,form_fields,assets,tags,folders,stages,member_watchers,guest_watchers",
    bytes: None,
    freshness: &["name", STATUS, UPDATED],
    impact: Some(ImpactSpec {
        actions: &[Action::Archive, Action::Delete],
        ask: Some(ImpactQuery::Record { with: "tasks,tasks.threads,assets" }),
        counts: &[
            count("open task", "open tasks", CountSource::Open("tasks")),
            count("file", "files", CountSource::Attached(Kind::Processes)),
            count("comment", "comments", CountSource::Nested("tasks", "threads")),
        ],
        each: false,
    }),
    related: related::OF_PROCESS,
    fields: &[
        field("name", &["name"], FieldFormat::Text, column(24, 0)),
        field("template", &["checklist_title", "checklist.title"], FieldFormat::Text, column(20, 5))
            .also(&["blueprint"]),
        field(STATUS, &["status"], FieldFormat::Text, column(9, 1)),
        field("progress", &["progress", "whole_progress"], FieldFormat::Percent, column(8, 2)),
        OWNER,
        UPDATED_FIELD,
        ARCHIVED_FIELD,
        TAG,
        field("folder", &["folders"], FieldFormat::Names, None).brought_by("folders").also(&["folders"]),
    ],
    actions: &[
        ActionSpec {
            action: Action::Archive,
            method: Method::Delete,
            route: "organizations/{org}/runs/{id}",
            // API sheet, section 6.1: light members get a permission error.
            permission: Permission::FullMember,
            needs: &[Precondition::Live],
            lost: &["tasks, comments and files are hidden as well; restoring brings them back"],
            undo: Reversibility::Whole,
            ..ORDINARY
        },
        ActionSpec {
            action: Action::Restore,
            method: Method::Put,
            route: "organizations/{org}/runs/{id}/activate",
            // API sheet, section 6.1: light members get a permission error.
            permission: Permission::FullMember,
            needs: &[Precondition::Archived],
            lost: &["tasks, comments and files return, and the status becomes what it was"],
            undo: Reversibility::Whole,
            ..ORDINARY
        },
        ActionSpec {
            action: Action::Delete,
            method: Method::Delete,
            route: "organizations/{org}/runs/{id}/delete",
            permission: Permission::Admin,
            needs: &[Precondition::Archived],
            lost: &[
                "tasks, comments, form answers, attached files, tag links and watchers are lost for good",
                "what happens to sub-processes is not documented",
            ],
            undo: Reversibility::Never,
            ..ORDINARY
        },
    ],
};
