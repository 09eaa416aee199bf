//! Who may do what to whom: roles, invitations, and accounts that are not people (API sheet, sections 6.2 to 6.21).

use serde_json::{Value, json};
use tidyfy::model::kind::{Action, Kind};
use tidyfy::model::plan::Confirmation;
use tidyfy::sandbox::{Fault, FaultEffect, Role, SandboxSettings};

use crate::support::{Desk, Wanted};

const ONLY_ADMINS: &str = "only administrators may do this";
const NOT_LIGHT: &str = "light members may not do this";

async fn desk(kind: Kind, sandbox: SandboxSettings) -> Desk {
    Desk::with(Wanted { kind, sandbox, ..Wanted::default() }).await
}

async fn filter(desk: &mut Desk, words: &str) {
    desk.keys("/ ctrl-u").await;
    desk.types(words).await;
    desk.keys("enter").await;
    desk.rest().await;
}

/// Returns the reason why nothing is done to the record under the cursor, if that is so.
async fn blocked(desk: &mut Desk, action: Action) -> Option<String> {
    let key = match action {
        Action::Archive => "a",
        Action::Restore => "r",
        Action::Delete => "D",
    };
    desk.keys(key).await;
    desk.rest().await;
    let plan = desk.plan().unwrap_or_else(|| panic!("no dialog:\n{}", desk.screen()));
    let reason = plan.blocked.first().map(|blocked| blocked.reason.clone());
    desk.keys("esc").await;
    reason
}

#[tokio::test(start_paused = true)]
async fn each_role_is_blocked_from_what_the_sources_deny_it() {
    use Action::{Archive, Delete, Restore};
    let needs_admin = [
        (Kind::Processes, "s", Delete),
        (Kind::Templates, "s", Delete),
        (Kind::Tags, "", Delete),
        (Kind::Members, "", Archive),
        (Kind::Members, "s", Restore),
        (Kind::Members, "s", Delete),
    ];
    let needs_full = [
        (Kind::Processes, "", Archive),
        (Kind::Processes, "s", Restore),
        (Kind::Templates, "", Archive),
        (Kind::Templates, "s", Restore),
        (Kind::Folders, "", Delete),
    ];
    // No source names a role for these; groups need a permission that no answer shows.
    let open = [
        (Kind::Tasks, "", Archive),
        (Kind::Tasks, "s", Restore),
        (Kind::Tasks, "", Delete),
        (Kind::Files, "", Delete),
        (Kind::Guests, "", Archive),
        (Kind::Guests, "s", Restore),
        (Kind::Guests, "", Delete),
        (Kind::Groups, "", Delete),
    ];
    for role in [Role::Admin, Role::Standard, Role::Light] {
        let mut desk =
            desk(Kind::Processes, SandboxSettings { role, scale: 60, ..SandboxSettings::default() }).await;
        let all = needs_admin.iter().map(|case| (case, (role != Role::Admin).then_some(ONLY_ADMINS)));
        let all = all.chain(needs_full.iter().map(|case| (case, (role == Role::Light).then_some(NOT_LIGHT))));
        for ((kind, scope, action), reason) in all.chain(open.iter().map(|case| (case, None))) {
            let tab = Kind::ALL.iter().position(|known| known == kind).unwrap() + 1;
            desk.keys(&format!("{tab} {scope}")).await;
            desk.rest().await;
            desk.keys("g").await;
            let said = blocked(&mut desk, *action).await;
            match reason {
                Some(reason) => assert_eq!(said.as_deref(), Some(reason), "{role:?} {kind:?} {action:?}"),
                None => assert!(
                    !said.as_deref().is_some_and(|said| [ONLY_ADMINS, NOT_LIGHT].contains(&said)),
                    "{role:?} {kind:?} {action:?}: {said:?}"
                ),
            }
            // Back to the active ones.
            desk.keys(if scope.is_empty() { "" } else { "s s" }).await;
            desk.rest().await;
        }
        assert_eq!(desk.changes(), []);
    }
}

/// A role that nobody has heard of is unknown: the dialog warns, and the request is sent.
#[tokio::test(start_paused = true)]
async fn unknown_role_is_warned_about_and_sent() {
    let organization = |role: &str| {
        let body = json!({"data": [{"id": "e0d1c2b3a4958677685a4b3c2d1e0f10", "name": "Acme Ltd", "user_role": role}]});
        FaultEffect::Answer { status: 200, body: Some(body), headers: Default::default(), apply: false }
    };
    for (kind, keys, words) in [
        (Kind::Tags, "D", "only administrators may do this and your role is unknown: the server may refuse"),
        (
            Kind::Processes,
            "a",
            "light members may not do this and your role is unknown: the server may refuse",
        ),
        (Kind::Groups, "D", "this needs the permission to manage groups: the server may refuse"),
    ] {
        let sandbox = SandboxSettings { scale: 60, ..SandboxSettings::default() };
        let mut desk = desk(kind, sandbox).await;
        let org = desk.server.org().to_owned();
        let mut fault_effect = organization("Coworker");
        if let FaultEffect::Answer { body: Some(body), .. } = &mut fault_effect {
            body["data"][0]["id"] = Value::from(org);
        }
        let sandbox = SandboxSettings {
            scale: 60,
            faults: vec![Fault::on("GET", "/me/organizations", fault_effect)],
            ..SandboxSettings::default()
        };
        desk = Desk::with(Wanted { kind, sandbox, size: (160, 50), ..Wanted::default() }).await;
        assert_eq!(desk.state().standing.organization.as_ref().unwrap().admin, None);
        desk.keys(keys).await;
        desk.rest().await;
        assert!(desk.shows(words), "{kind:?}:\n{}", desk.screen());
        if keys == "D" {
            desk.confirm_with("delete 1").await;
        } else {
            desk.confirm().await;
        }
        desk.rest().await;
        assert_eq!(desk.changes().len(), 1, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn invited_member_is_only_to_be_withdrawn() {
    let mut desk = desk(Kind::Members, SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
    let is_invited = |id: &String| desk.server.object("users", id).unwrap()["status"] == "invited";
    let id = desk.server.ids("users").into_iter().find(is_invited).unwrap();
    filter(&mut desk, &format!("id:{id}")).await;
    assert_eq!(desk.ids(), [id.as_str()]);
    for action in [Action::Archive, Action::Delete] {
        assert_eq!(blocked(&mut desk, action).await.as_deref(), Some("withdraw separately"), "{action:?}");
    }
    desk.keys("D").await;
    assert!(!desk.shows("first, then delete"), "{}", desk.screen());
    assert_eq!(desk.changes(), []);
}

#[tokio::test(start_paused = true)]
async fn summary_that_is_no_person_is_blocked_by_every_key() {
    for (fields, reason) in [
        (json!({"support_user": true}), "is a support user of Tallyfy"),
        (json!({"support_user": "1"}), "is a support user of Tallyfy"),
        (json!({"type": "support"}), "is a support user of Tallyfy"),
        (json!({"type": "bot"}), "is a bot, which cannot be removed"),
        (json!({"type": "Tallyfy Bot"}), "is a bot, which cannot be removed"),
        (json!({"role": "Bot"}), "is a bot, which cannot be removed"),
        (json!({"role": "system_user"}), "is a bot, which cannot be removed"),
        (json!({"is_bot": true}), "is a bot, which cannot be removed"),
    ] {
        let mut desk = desk(Kind::Members, SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
        let plain = |id: &String| {
            let user = desk.server.object("users", id).unwrap();
            user["role"] == "Standard" && user["status"] == "active" && user["full_name"] != "Tallyfy Bot"
        };
        let id = desk.server.ids("users").into_iter().find(plain).unwrap();
        filter(&mut desk, &format!("id:{id}")).await;
        assert_eq!(blocked(&mut desk, Action::Archive).await, None, "{fields}");
        assert!(desk.server.edit("users", &id, fields.clone()));
        desk.keys("R").await;
        desk.rest().await;
        for action in [Action::Archive, Action::Delete] {
            assert_eq!(blocked(&mut desk, action).await.as_deref(), Some(reason), "{fields} {action:?}");
        }
        desk.server.edit(
            "users",
            &id,
            json!({"support_user": false, "type": "standard", "role": "Standard", "is_bot": false}),
        );
        desk.keys("R").await;
        desk.rest().await;
        assert_eq!(blocked(&mut desk, Action::Archive).await, None, "{fields}");
    }
}

#[tokio::test(start_paused = true)]
async fn disabling_members_says_what_enabling_does_not_bring_back() {
    let sandbox = SandboxSettings { scale: 60, ..SandboxSettings::default() };
    let wanted = Wanted { kind: Kind::Members, sandbox, size: (160, 50), ..Wanted::default() };
    let mut desk = Desk::with(wanted).await;
    let ids = desk.mark_applicable(Action::Archive, 11).await;
    desk.keys("a").await;
    desk.rest().await;
    assert!(
        desk.shows("they may be removed from their groups; enabling them may not put them back"),
        "{}",
        desk.screen()
    );
    let confirmation = desk.plan().unwrap().confirmation();
    assert_eq!(confirmation, Confirmation::Phrase(vec![format!("disable {}", ids.len())]));
}

/// Guests lose their access, which the threshold for a phrase counts as well.
#[tokio::test(start_paused = true)]
async fn disabling_many_guests_asks_for_the_phrase() {
    let sandbox = SandboxSettings { scale: 200, ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { kind: Kind::Guests, sandbox, ..Wanted::default() }).await;
    desk.keys("* a").await;
    desk.rest().await;
    let plan = desk.plan().unwrap();
    assert!(plan.count() > 10, "{}", plan.count());
    assert_eq!(plan.confirmation(), Confirmation::Phrase(vec![format!("disable {}", plan.count())]));
}

#[tokio::test(start_paused = true)]
async fn system_folder_cannot_be_deleted() {
    let mut desk = desk(Kind::Folders, SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
    for fields in [json!({"name": "Uncategorized"}), json!({"name": "Vendor", "is_system": true})] {
        let id = desk.server.add("folders", fields).unwrap();
        desk.keys("R").await;
        desk.rest().await;
        filter(&mut desk, &format!("id:{id}")).await;
        let reason = blocked(&mut desk, Action::Delete).await;
        assert_eq!(reason.as_deref(), Some("is a system folder, which cannot be deleted"));
    }
}
