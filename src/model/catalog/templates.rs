//! The row of templates (API sheet, section 6.2).

use super::*;

/// API sheet, section 6.2.
pub(super) const TEMPLATES: Row = Row {
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
        // `owner_id` does not ask for who made the template, who counts as its owner where it names none.
        narrowings: &[narrowing("title", "q", Answers::Part)],
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
            // API sheet, section 6.2: a setting of the template, which light members cannot edit.
            permission: Permission::FullMember,
            needs: &[Need::Live],
            lost: &[
                "references in other templates, steps and automations are stripped, and restoring does not bring them back",
                "processes that have been launched keep running",
            ],
            undo: Undo::Partial,
            ..ORDINARY
        },
        VerbRow {
            verb: Verb::Restore,
            method: Method::Put,
            route: "organizations/{org}/checklists/{id}/restore",
            permission: Permission::FullMember,
            needs: &[Need::Archived],
            lost: &["references that archiving stripped from other templates do not come back"],
            undo: Undo::Partial,
            ..ORDINARY
        },
        VerbRow {
            verb: Verb::Delete,
            method: Method::Delete,
            route: "organizations/{org}/checklists/{id}/delete",
            permission: Permission::Admin,
            needs: &[Need::Archived],
            lost: &[
                "steps, form fields and rules are lost for good",
                "what happens to processes that have been launched is not documented",
            ],
            undo: Undo::Never,
            ..ORDINARY
        },
    ],
};
