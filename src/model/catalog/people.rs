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
pub(super) const GUESTS: Row = Row {
    kind: Kind::Guests,
    slug: "guests",
    aliases: &["guest"],
    title: "Guests",
    singular: "guest",
    plural: "guests",
    words: &DISABLING,
    key: "email",
    archived: Some(Archived { since: DISABLED, status: DISABLED, by_status: false }),
    gone: &[Sign::Since(DELETED), Sign::Is(STATUS, DELETED)],
    turn: 7,
    parent: None,
    source: Source::List(List {
        route: "organizations/{org}/guests",
        query: BY_OLDEST_FIRST,
        parts: &[],
        scopes: Some(Scopes::Picked),
        narrowings: &[narrowing("email", "q", Answers::Part)],
    }),
    get: "organizations/{org}/guests/{id}",
    get_with: "stats",
    web: None,
    by_id: ById::Always,
    copy_with: "stats",
    bytes: None,
    freshness: &["email", "name", STATUS],
    impact: Some(Impact {
        verbs: &[Verb::Archive, Verb::Delete],
        ask: Some(Ask::Total {
            route: "organizations/{org}/tasks",
            key: "guests",
            query: &[("status", "incomplete")],
        }),
        counts: &[count("open task", "open tasks", Counted::Total)],
        each: true,
    }),
    related: related::OF_GUEST,
    fields: &[
        field("email", &["email"], Form::Text, column(24, 0)).also(&["mail"]),
        field("name", GUEST_NAME, Form::Text, column(20, 1)),
        field(STATUS, &["details.status", "status"], Form::Text, column(9, 2)),
        field("last seen", &["last_accessed_at"], Form::Time, column(10, 3)).also(&["seen"]),
        field(DISABLED, GUEST_DISABLED, Form::Time, column(10, 5)),
        field("created", &["created_at"], Form::Time, column(10, 4)),
        DELETED_FIELD,
    ],
    verbs: &[
        VerbRow {
            verb: Verb::Archive,
            route: "organizations/{org}/guests/{id}/disable",
            cuts_access: true,
            needs: &[Need::Live],
            lost: &[
                "they cannot open their tasks until they are enabled again",
                "the server refuses it for those who have open tasks",
            ],
            undo: Undo::Whole,
            ..ORDINARY
        },
        VerbRow {
            verb: Verb::Restore,
            method: Method::Put,
            route: "organizations/{org}/guests/{id}/enable",
            needs: &[Need::Archived],
            lost: &["they can open their tasks again"],
            undo: Undo::Whole,
            ..ORDINARY
        },
        VerbRow {
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

const DEFAULT_ADMIN: Need = Need::Not {
    field: "default admin",
    values: TRUE,
    reason: "is the default administrator: assign another one first",
};
/// These keys may tell a bot, a system account or a support user; no source prints the values of one (API sheet, section
/// 6.9, "Accounts that are not people").
const BOT_BY_ROLE: Need = Need::Without { field: "role", words: BOT_WORDS, reason: BOT };
const BOT_BY_TYPE: Need = Need::Without { field: "type", words: BOT_WORDS, reason: BOT };
const BOT_BY_FLAG: Need = Need::Not { field: "bot", values: TRUE, reason: BOT };
const SUPPORT_BY_ROLE: Need = Need::Without { field: "role", words: SUPPORT_WORDS, reason: SUPPORT };
const SUPPORT_BY_TYPE: Need = Need::Without { field: "type", words: SUPPORT_WORDS, reason: SUPPORT };
const SUPPORT_BY_FLAG: Need = Need::Not { field: "support user", values: TRUE, reason: SUPPORT };
const BOT_WORDS: &[&str] = &["bot", "robot", "system"];
const SUPPORT_WORDS: &[&str] = &["support", "supportuser"];
const BOT: &str = "is a bot, which cannot be removed";
const SUPPORT: &str = "is a support user of Tallyfy";
const NOT_ONESELF: Need = Need::Other { reason: "is you" };
/// What `disable` and `delete` do to an invited member is unknown (API sheet, section 6.14).
const NOT_INVITED: Need = Need::Not { field: STATUS, values: &["invited"], reason: "withdraw separately" };
const TRUE: &[&str] = &["true", "1", "yes"];

/// API sheet, section 6.9.
pub(super) const MEMBERS: Row = Row {
    kind: Kind::Members,
    slug: "members",
    aliases: &["member", "user", "users", "people"],
    title: "Members",
    singular: "member",
    plural: "members",
    words: &DISABLING,
    key: "id",
    archived: Some(Archived { since: DISABLED, status: DISABLED, by_status: true }),
    // A deletion renames only (API sheet, section 6.9).
    gone: &[
        Sign::Is(STATUS, DELETED),
        Sign::Since(DELETED),
        Sign::EndsWithId("email", ".deleted."),
        Sign::Ends("name", "(Deleted)"),
    ],
    turn: 8,
    parent: None,
    source: Source::List(List {
        route: "organizations/{org}/users",
        query: OLDEST_FIRST,
        parts: &[],
        scopes: Some(Scopes::Picked),
        narrowings: &[],
    }),
    get: "organizations/{org}/users/{id}",
    get_with: "groups,stats",
    web: None,
    by_id: ById::Always,
    copy_with: "groups,stats",
    bytes: None,
    freshness: &["name", "email", "role", STATUS],
    impact: Some(Impact {
        verbs: &[Verb::Archive, Verb::Delete],
        ask: Some(Ask::Route { route: "organizations/{org}/users/{id}/reassignment-information" }),
        counts: &[
            count("template", "templates", Counted::Include("templates")),
            count("step", "steps", Counted::Include("steps")),
            count("process task", "process tasks", Counted::Grouped("process_tasks")),
            count("one-off task", "one-off tasks", Counted::Include("one_off_tasks")),
        ],
        each: true,
    }),
    related: related::OF_MEMBER,
    fields: &[
        field(
            "name",
            &["full_name", "first_name+last_name", "name", "username", "email"],
            Form::Text,
            column(24, 0),
        ),
        field("email", &["email"], Form::Text, column(26, 4)).also(&["mail"]),
        field("role", &["role"], Form::Text, column(9, 2)),
        field(STATUS, &["status"], Form::Text, column(9, 1)),
        field("last login", &["last_login_at"], Form::Time, column(10, 3)).also(&["login"]),
        field(DISABLED, &["disabled_at", "disabled_on"], Form::Time, column(10, 5)),
        field("created", &["created_at"], Form::Time, None),
        field("default admin", &["is_default_admin"], Form::Text, None).untyped(),
        field("type", &["type", "user_type"], Form::Text, None).untyped(),
        field("bot", &["is_bot", "bot"], Form::Text, None).untyped(),
        field("support user", &["support_user", "is_support_user"], Form::Text, None).untyped(),
        DELETED_FIELD,
    ],
    verbs: &[
        VerbRow {
            verb: Verb::Archive,
            route: "organizations/{org}/users/{id}/disable",
            permission: Permission::Admin,
            cuts_access: true,
            reassign: Some(Reassign {
                route: "organizations/{org}/users/{id}",
                query: &[("with_reassignment", "true")],
                to: "to",
                heirs: &[
                    Need::Live,
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
                Need::Live,
            ],
            lost: &[
                "they lose their access at once",
                "they may be removed from their groups; enabling them may not put them back",
                "public kick-off forms in their name may be switched off or pass to the owner of the template; enabling them may not bring these back",
            ],
            undo: Undo::Partial,
            ..ORDINARY
        },
        VerbRow {
            verb: Verb::Restore,
            method: Method::Put,
            route: "organizations/{org}/users/{id}/enable",
            permission: Permission::Admin,
            needs: &[Need::Archived],
            lost: &[
                "they regain their access, and take a seat; what was reassigned stays with its new owner",
                "groups that they were removed from may not have them back",
            ],
            undo: Undo::Whole,
            ..ORDINARY
        },
        VerbRow {
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
                Need::Archived,
            ],
            lost: &[
                "the account is only renamed: name and e-mail get \"(Deleted)\"; history, comments, attachments stay; only Tallyfy's support can bring it back",
            ],
            ..ORDINARY
        },
    ],
};
