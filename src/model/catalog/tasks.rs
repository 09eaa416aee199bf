//! The row of one-off tasks (API sheet, section 6.3).

use super::*;

/// API sheet, section 6.3.
pub(super) const TASKS: KindSpec = KindSpec {
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
    source: Source::List(ListRoute {
        route: "organizations/{org}/tasks",
        query: &[("is_oneoff", "true")],
        parts: &[],
        scopes: Some(ARCHIVED_LISTS),
        // A status is not filtered by the word a row has for it; what `inprogress` takes in, and how `tag` compares names,
        // is not said.
        narrowings: &[
            narrowing("title", "q", FilterSupport::Part),
            narrowing(
                STATUS,
                "status",
                FilterSupport::Value(&[("complete", "complete"), ("completed", "complete")]),
            ),
            narrowing("owners", "owners", FilterSupport::Members),
        ],
    }),
    get: "organizations/{org}/tasks/{id}",
    get_with: "run,form_fields,assets,tags,threads_count",
    web: None,
    by_id: LookupMode::Always,
    copy_with: "form_fields,assets,tags,threads,summary,threads_count,member_watchers,guest_watchers",
    bytes: None,
    freshness: &["title", STATUS, "deadline", UPDATED],
    impact: Some(ImpactSpec {
        actions: &[Action::Delete],
        ask: Some(ImpactQuery::Record { with: "form_fields,assets,threads_count" }),
        counts: &[
            count("form field", "form fields", CountSource::Include("form_fields")),
            count("file", "files", CountSource::Attached(Kind::Tasks)),
            count("comment", "comments", CountSource::Number("threads_count")),
        ],
        each: false,
    }),
    related: related::OF_TASK,
    fields: &[
        field("title", &["title", "original_title"], FieldFormat::Text, column(24, 0)),
        field(STATUS, &["status"], FieldFormat::Text, column(11, 1)),
        field("owners", &["owners"], FieldFormat::People, column(20, 3)).also(&["owner"]),
        field("deadline", &["deadline"], FieldFormat::Time, column(10, 2)),
        field("created", &["created_at"], FieldFormat::Time, column(10, 4)),
        ARCHIVED_FIELD,
        field("run", &["run_id", "run.id"], FieldFormat::Text, None).untyped(),
        CHANGED_FIELD,
        TAG,
    ],
    actions: &[
        ActionSpec {
            action: Action::Archive,
            method: Method::Delete,
            route: "organizations/{org}/tasks/{id}",
            needs: &[PROCESS_TASK, Precondition::Live],
            lost: &["what is archived leaves every list until it is restored"],
            undo: Reversibility::Whole,
            ..ORDINARY
        },
        ActionSpec {
            action: Action::Restore,
            method: Method::Put,
            route: "organizations/{org}/tasks/{id}/restore",
            needs: &[PROCESS_TASK, Precondition::Archived],
            lost: &["what is restored returns to the lists of its owners"],
            undo: Reversibility::Whole,
            ..ORDINARY
        },
        ActionSpec {
            action: Action::Delete,
            method: Method::Delete,
            route: "organizations/{org}/tasks/{id}/delete",
            needs: &[PROCESS_TASK],
            lost: &[
                "form fields and answers are lost for good",
                "what happens to comments and files is not documented",
            ],
            undo: Reversibility::Never,
            ..ORDINARY
        },
    ],
};
