//! The rows of those who work with an organization: guests and members (API sheet, sections 6.8 and 6.9).
//!
//! Their lists hold every state, so that what belongs to a scope is picked out here. Their links and codes are credentials,
//! which have left before a row is read.

use super::*;

/// What is told of them by the field that says since when they have no access.
const DISABLED: &str = "disabled";

/// The name is told at the top, or inside `details` in older answers (API sheet, section 9, row 33).
const GUEST_NAME: &[&str] =
    &["first_name+last_name", "details.first_name+details.last_name", "full_name", "name"];
const GUEST_DISABLED: &[&str] = &["details.disabled_at", "details.disabled_on", "disabled_at", "disabled_on"];

/// API sheet, section 6.8. A guest is known by the address; the number in the body is no key.
pub(super) const GUESTS: KindSpec = KindSpec {
    kind: Kind::Guests,
    slug: "guests",
    aliases: &["guest"],
    title: "Guests",
    singular: "guest",
    plural: "guests",
    words: &DISABLING,
    key: "email",
    archived: Some(ArchivedMarker { since: DISABLED, status: DISABLED, by_status: false }),
    gone: &[DeletedMarker::Since(DELETED), DeletedMarker::Is(STATUS, DELETED)],
    turn: 7,
    parent: None,
    source: Source::List(ListRoute {
        route: "organizations/{org}/guests",
        query: BY_OLDEST_FIRST,
        parts: &[],
        scopes: Some(ScopeSupport::Picked),
        narrowings: &[narrowing("email", "q", FilterSupport::Part)],
    }),
    get: "organizations/{org}/guests/{id}",
    get_with: "stats",
    web: None,
    by_id: LookupMode::Always,
    copy_with: "stats",
    bytes: None,
    freshness: &["email", "name", STATUS],
    impact: Some(ImpactSpec {
        actions: &[Action::Archive, Action::Delete],
        ask: Some(ImpactQuery::Total {
            route: "organizations/{org}/tasks",
            key: "guests",
            query: &[("status", "incomplete")],
        }),
        counts: &[count("open task", "open tasks", CountSource::Total)],
        each: true,
    }),
    related: related::OF_GUEST,
    fields: &[
        field("email", &["email"], FieldFormat::Text, column(24, 0)).also(&["mail"]),
        field("name", GUEST_NAME, FieldFormat::Text, column(20, 1)),
        field(STATUS, &["details.status", "status"], FieldFormat::Text, column(9, 2)),
        field("last seen", &["last_accessed_at"], FieldFormat::Time, column(10, 3)).also(&["seen"]),
        field(DISABLED, GUEST_DISABLED, FieldFormat::Time, column(10, 5)),
        field("created", &["created_at"], FieldFormat::Time, column(10, 4)),
        DELETED_FIELD,
    ],
    actions: &[
        ActionSpec {
            action: Action::Archive,
            route: "organizations/{org}/guests/{id}/disable",
            cuts_access: true,
            needs: &[Precondition::Live],
            lost: &[
                "they cannot open their tasks until they are enabled again",
                "the server refuses it for those who have open tasks",
            ],
            undo: Reversibility::Whole,
            ..ORDINARY
        },
        ActionSpec {
            action: Action::Restore,
            method: Method::Put,
            route: "organizations/{org}/guests/{id}/enable",
            needs: &[Precondition::Archived],
            lost: &["they can open their tasks again"],
            undo: Reversibility::Whole,
            ..ORDINARY
        },
        ActionSpec {
            route: "organizations/{org}/guests/{id}",
            // API sheet, section 9, row 12.
            missing: &[422],
            lost: &[
                "they are taken off every task, and their links stop working; the tasks stay",
                "inviting the same address again does not bring the assignments back",
            ],
            ..ORDINARY
        },
    ],
};

const DEFAULT_ADMIN: Precondition = Precondition::Not {
    field: "default admin",
    values: TRUE,
    reason: "is the default administrator: assign another one first",
};
/// These keys may tell a bot, a system account or a support user; no source prints the values of one (API sheet, section
/// 6.9, "Accounts that are not people").
const BOT_BY_ROLE: Precondition = Precondition::Without { field: "role", words: BOT_WORDS, reason: BOT };
const BOT_BY_TYPE: Precondition = Precondition::Without { field: "type", words: BOT_WORDS, reason: BOT };
const BOT_BY_FLAG: Precondition = Precondition::Not { field: "bot", values: TRUE, reason: BOT };
const SUPPORT_BY_ROLE: Precondition =
    Precondition::Without { field: "role", words: SUPPORT_WORDS, reason: SUPPORT };
const SUPPORT_BY_TYPE: Precondition =
    Precondition::Without { field: "type", words: SUPPORT_WORDS, reason: SUPPORT };
const SUPPORT_BY_FLAG: Precondition =
    Precondition::Not { field: "support user", values: TRUE, reason: SUPPORT };
const BOT_WORDS: &[&str] = &["bot", "robot", "system"];
const SUPPORT_WORDS: &[&str] = &["support", "supportuser"];
const BOT: &str = "is a bot, which cannot be removed";
const SUPPORT: &str = "is a support user of Tallyfy";
const NOT_ONESELF: Precondition = Precondition::Other { reason: "is you" };
/// What `disable` and `delete` do to an invited member is unknown (API sheet, section 6.14).
const NOT_INVITED: Precondition =
    Precondition::Not { field: STATUS, values: &["invited"], reason: "withdraw separately" };
const TRUE: &[&str] = &["true", "1", "yes"];

/// API sheet, section 6.9.
pub(super) const MEMBERS: KindSpec = KindSpec {
    kind: Kind::Members,
    slug: "members",
    aliases: &["member", "user", "users", "people"],
    title: "Members",
    singular: "member",
    plural: "members",
    words: &DISABLING,
    key: "id",
    archived: Some(ArchivedMarker { since: DISABLED, status: DISABLED, by_status: true }),
    // A deletion renames only (API sheet, section 6.9).
    gone: &[
        DeletedMarker::Is(STATUS, DELETED),
        DeletedMarker::Since(DELETED),
        DeletedMarker::EndsWithId("email", ".deleted."),
        DeletedMarker::Ends("name", "(Deleted)"),
    ],
    turn: 8,
    parent: None,
    source: Source::List(ListRoute {
        route: "organizations/{org}/users",
        query: OLDEST_FIRST,
        parts: &[],
        scopes: Some(ScopeSupport::Picked),
        narrowings: &[],
    }),
    get: "organizations/{org}/users/{id}",
    get_with: "groups,stats",
    web: None,
    by_id: LookupMode::Always,
    copy_with: "groups,stats",
    bytes: None,
    freshness: &["name", "email", "role", STATUS],
    impact: Some(ImpactSpec {
        actions: &[Action::Archive, Action::Delete],
        ask: Some(ImpactQuery::Route { route: "organizations/{org}/users/{id}/reassignment-information" }),
        counts: &[
            count("template", "templates", CountSource::Include("templates")),
            count("step", "steps", CountSource::Include("steps")),
            count("process task", "process tasks", CountSource::Grouped("process_tasks")),
            count("one-off task", "one-off tasks", CountSource::Include("one_off_tasks")),
        ],
        each: true,
    }),
    related: related::OF_MEMBER,
    fields: &[
        field(
            "name",
            &["full_name", "first_name+last_name", "name", "username", "email"],
            FieldFormat::Text,
            column(24, 0),
        ),
        field("email", &["email"], FieldFormat::Text, column(26, 4)).also(&["mail"]),
        field("role", &["role"], FieldFormat::Text, column(9, 2)),
        field(STATUS, &["status"], FieldFormat::Text, column(9, 1)),
        field("last login", &["last_login_at"], FieldFormat::Time, column(10, 3)).also(&["login"]),
        field(DISABLED, &["disabled_at", "disabled_on"], FieldFormat::Time, column(10, 5)),
        field("created", &["created_at"], FieldFormat::Time, None),
        field("default admin", &["is_default_admin"], FieldFormat::Text, None).untyped(),
        field("type", &["type", "user_type"], FieldFormat::Text, None).untyped(),
        field("bot", &["is_bot", "bot"], FieldFormat::Text, None).untyped(),
        field("support user", &["support_user", "is_support_user"], FieldFormat::Text, None).untyped(),
        DELETED_FIELD,
    ],
    actions: &[
        ActionSpec {
            action: Action::Archive,
            route: "organizations/{org}/users/{id}/disable",
            permission: Permission::Admin,
            cuts_access: true,
            reassign: Some(ReassignSpec {
                route: "organizations/{org}/users/{id}",
                query: &[("with_reassignment", "true")],
                to: "to",
                reassignees: &[
                    Precondition::Live,
                    NOT_INVITED,
                    BOT_BY_ROLE,
                    BOT_BY_TYPE,
                    BOT_BY_FLAG,
                    SUPPORT_BY_ROLE,
                    SUPPORT_BY_TYPE,
                    SUPPORT_BY_FLAG,
                ],
            }),
            needs: &[
                DEFAULT_ADMIN,
                BOT_BY_ROLE,
                BOT_BY_TYPE,
                BOT_BY_FLAG,
                SUPPORT_BY_ROLE,
                SUPPORT_BY_TYPE,
                SUPPORT_BY_FLAG,
                NOT_ONESELF,
                NOT_INVITED,
                Precondition::Live,
            ],
            lost: &[
                "they lose their access at once",
                "they may be removed from their groups; enabling them may not put them back",
                "public kick-off forms in their name may be switched off or pass to the owner of the template; enabling them may not bring these back",
            ],
            undo: Reversibility::Partial,
            ..ORDINARY
        },
        ActionSpec {
            action: Action::Restore,
            method: Method::Put,
            route: "organizations/{org}/users/{id}/enable",
            permission: Permission::Admin,
            needs: &[Precondition::Archived],
            lost: &[
                "they regain their access, and take a seat; what was reassigned stays with its new owner",
                "groups that they were removed from may not have them back",
            ],
            undo: Reversibility::Whole,
            ..ORDINARY
        },
        ActionSpec {
            route: "organizations/{org}/users/{id}/delete",
            permission: Permission::Admin,
            needs: &[
                DEFAULT_ADMIN,
                BOT_BY_ROLE,
                BOT_BY_TYPE,
                BOT_BY_FLAG,
                SUPPORT_BY_ROLE,
                SUPPORT_BY_TYPE,
                SUPPORT_BY_FLAG,
                NOT_ONESELF,
                NOT_INVITED,
                Precondition::Archived,
            ],
            lost: &[
                "the account is only renamed: name and e-mail get \"(Deleted)\"; history, comments, attachments stay; only Tallyfy's support can bring it back",
            ],
            ..ORDINARY
        },
    ],
};
