//! The rows of tags and groups, which are put to records (API sheet, sections 6.6 and 6.7).

use super::*;

/// API sheet, section 6.6.
pub(super) const TAGS: KindSpec = KindSpec {
    kind: Kind::Tags,
    slug: "tags",
    aliases: &["tag"],
    title: "Tags",
    singular: "tag",
    plural: "tags",
    words: &ARCHIVING,
    key: "id",
    archived: None,
    gone: &[DeletedMarker::Since(DELETED)],
    turn: 4,
    parent: None,
    source: Source::List(ListRoute {
        route: "organizations/{org}/tags",
        query: &[],
        parts: &[],
        scopes: None,
        narrowings: &[narrowing("title", "q", FilterSupport::Part)],
    }),
    get: "organizations/{org}/tags/{id}",
    get_with: "statistics",
    web: None,
    by_id: LookupMode::Always,
    copy_with: "statistics",
    bytes: None,
    freshness: &["title", "colour"],
    impact: Some(ImpactSpec {
        actions: &[Action::Delete],
        ask: Some(ImpactQuery::Record { with: "statistics" }),
        counts: &[
            count("active template", "active templates", CountSource::Number("statistics.active_template")),
            count(
                "archived template",
                "archived templates",
                CountSource::Number("statistics.archived_template"),
            ),
            count("active process", "active processes", CountSource::Number("statistics.active_process")),
            count(
                "archived process",
                "archived processes",
                CountSource::Number("statistics.archived_process"),
            ),
        ],
        each: false,
    }),
    related: related::OF_TAG,
    fields: &[
        field("title", &["title"], FieldFormat::Text, column(24, 0)),
        field("colour", &["color"], FieldFormat::Text, column(9, 2)).also(&["color"]),
        field("created", &["created_at"], FieldFormat::Time, column(10, 1)),
        DELETED_FIELD,
    ],
    actions: &[ActionSpec {
        action: Action::Delete,
        method: Method::Delete,
        route: "organizations/{org}/tags/{id}",
        // API sheet, section 6.6.
        permission: Permission::Admin,
        needs: &[],
        lost: &["every link with templates, processes, steps and tasks is lost for good; these stay"],
        undo: Reversibility::Never,
        ..ORDINARY
    }],
};

/// API sheet, section 6.7.
pub(super) const GROUPS: KindSpec = KindSpec {
    kind: Kind::Groups,
    slug: "groups",
    aliases: &["group"],
    title: "Groups",
    singular: "group",
    plural: "groups",
    words: &ARCHIVING,
    key: "id",
    archived: None,
    gone: &[DeletedMarker::Since(DELETED)],
    turn: 5,
    parent: None,
    source: Source::List(ListRoute {
        route: "organizations/{org}/groups",
        query: BY_OLDEST_FIRST,
        parts: &[],
        scopes: None,
        narrowings: &[narrowing("name", "q", FilterSupport::Part)],
    }),
    get: "organizations/{org}/groups/{id}",
    get_with: "assets",
    web: None,
    by_id: LookupMode::Always,
    copy_with: "assets",
    bytes: None,
    freshness: &["name", "members", "guests", UPDATED],
    impact: Some(ImpactSpec {
        actions: &[Action::Delete],
        ask: None,
        counts: &[
            count("member", "members", CountSource::Field("members")),
            count("guest", "guests", CountSource::Field("guests")),
        ],
        each: false,
    }),
    related: related::OF_GROUP,
    fields: &[
        field("name", &["name"], FieldFormat::Text, column(24, 0)),
        field("members", &["members"], FieldFormat::Length, column(7, 2)),
        field("guests", &["guests"], FieldFormat::Length, column(6, 3)),
        field(UPDATED, &["last_updated", "updated_at", "created_at"], FieldFormat::Time, column(10, 1)),
        DELETED_FIELD,
    ],
    actions: &[ActionSpec {
        action: Action::Delete,
        method: Method::Delete,
        route: "organizations/{org}/groups/{id}",
        permission: Permission::ManageGroups,
        needs: &[],
        lost: &[
            "the grouping is lost for good; members and guests stay",
            "what happens to tasks and steps that are assigned is not documented",
        ],
        undo: Reversibility::Never,
        ..ORDINARY
    }],
};
