//! The row of templates (API sheet, section 6.2).

use super::*;

/// API sheet, section 6.2.
pub(super) const TEMPLATES: KindSpec = KindSpec {
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
    source: Source::List(ListRoute {
        route: "organizations/{org}/checklists",
        query: &[],
        parts: &[],
        scopes: Some(ARCHIVED_LISTS),
        // `owner_id` does not ask for who made the template, who counts as its owner where it names none.
        narrowings: &[narrowing("title", "q", FilterSupport::Part)],
    }),
    get: "organizations/{org}/checklists/{id}",
    get_with: "steps,tags,folder,assets",
    web: None,
    by_id: LookupMode::WhileLive,
    copy_with: "steps,tags,folder,stages,linked_tasks,assets,member_watchers,guest_watchers",
    bytes: None,
    freshness: &["title", STATUS, "steps", UPDATED],
    impact: Some(ImpactSpec {
        actions: &[Action::Archive, Action::Delete],
        ask: Some(ImpactQuery::Total { route: "organizations/{org}/runs", key: "checklist_id", query: &[] }),
        counts: &[
            count("running process", "running processes", CountSource::Total),
            count("step", "steps", CountSource::Field("steps")),
        ],
        each: false,
    }),
    related: related::OF_TEMPLATE,
    fields: &[
        field("title", &["title"], FieldFormat::Text, column(24, 0)),
        field(STATUS, &["status"], FieldFormat::Text, column(9, 2)),
        field("steps", &["steps_count"], FieldFormat::Number, column(5, 5)),
        field("launched", &["started_processes"], FieldFormat::Number, column(8, 1)),
        OWNER,
        UPDATED_FIELD,
        ARCHIVED_FIELD,
        TAG,
        field("folder", &["folder"], FieldFormat::Names, None).brought_by("folder").also(&["folders"]),
    ],
    actions: &[
        ActionSpec {
            action: Action::Archive,
            method: Method::Delete,
            route: "organizations/{org}/checklists/{id}",
            // API sheet, section 6.2: a setting of the template, which light members cannot edit.
            permission: Permission::FullMember,
            needs: &[Precondition::Live],
            lost: &[
                "references in other templates, steps and automations are stripped, and restoring does not bring them back",
                "processes that have been launched keep running",
            ],
            undo: Reversibility::Partial,
            ..ORDINARY
        },
        ActionSpec {
            action: Action::Restore,
            method: Method::Put,
            route: "organizations/{org}/checklists/{id}/restore",
            permission: Permission::FullMember,
            needs: &[Precondition::Archived],
            lost: &["references that archiving stripped from other templates do not come back"],
            undo: Reversibility::Partial,
            ..ORDINARY
        },
        ActionSpec {
            action: Action::Delete,
            method: Method::Delete,
            route: "organizations/{org}/checklists/{id}/delete",
            permission: Permission::Admin,
            needs: &[Precondition::Archived],
            lost: &[
                "steps, form fields and rules are lost for good",
                "what happens to processes that have been launched is not documented",
            ],
            undo: Reversibility::Never,
            ..ORDINARY
        },
    ],
};
