//! Guests, members and folders, as a person meets them: other words, other keys, lists in every state and in two parts.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tidyfy::model::kind::{Action, Kind};
use tidyfy::sandbox::{Fault, FaultEffect, Role, SandboxSettings};

use crate::support::{Desk, Wanted};

async fn at(kind: Kind) -> Desk {
    Desk::with(Wanted { kind, ..Wanted::default() }).await
}

/// Shows only what the words match.
async fn filter(desk: &mut Desk, words: &str) {
    desk.keys("/ ctrl-u").await;
    desk.types(words).await;
    desk.keys("enter").await;
    desk.rest().await;
}

fn status(desk: &Desk, slug: &str, id: &str) -> Value {
    let object = desk.server.object(slug, id).unwrap();
    if slug == "guests" { object["details"]["status"].clone() } else { object["status"].clone() }
}

fn finished(action: &str, done: usize, gone: usize, refused: usize) -> String {
    let counts = [(done, "done"), (gone, "already gone"), (refused, "refused")];
    let occurred: Vec<String> =
        counts.into_iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    format!("{action} finished: {}", occurred.join(", "))
}

#[tokio::test(start_paused = true)]
async fn a_guest_is_disabled_enabled_and_deleted_by_the_address() {
    let mut desk = at(Kind::Guests).await;
    // With nothing to do, or the server would refuse.
    let email =
        desk.server.ids("guests").into_iter().rfind(|email| status(&desk, "guests", email) == "active");
    let email = email.unwrap();
    filter(&mut desk, &email).await;
    desk.keys("a").await;
    assert!(
        desk.shows(&format!("Disable 1 guest in {}: {email}", desk.server.org_name())),
        "{}",
        desk.screen()
    );
    desk.rest().await;
    assert!(desk.shows("on 1 guest: 0 open tasks"), "{}", desk.screen());
    desk.pass(Duration::from_millis(300)).await;
    assert!(desk.shows("y disable, Esc keep"), "{}", desk.screen());
    desk.confirm().await;
    desk.rest().await;
    assert!(desk.has_summary(&finished("disable", 1, 0, 0)), "{}", desk.screen());
    assert_eq!(status(&desk, "guests", &email), "disabled");
    assert!(desk.log().contains("disable  Guests"), "{}", desk.log());
    assert_eq!(desk.rows(), Vec::<String>::new());

    desk.keys("u").await;
    desk.rest().await;
    assert!(desk.shows(&format!("Enable 1 guest in {}", desk.server.org_name())), "{}", desk.screen());
    assert!(desk.shows("(disable,"), "{}", desk.screen());
    desk.confirm().await;
    desk.rest().await;
    assert!(desk.has_summary(&finished("enable", 1, 0, 0)), "{}", desk.screen());
    assert_eq!((status(&desk, "guests", &email), desk.rows().len()), ("active".into(), 1));

    desk.keys("D").await;
    assert!(desk.shows("type delete 1 and press Enter"), "{}", desk.screen());
    desk.confirm_with("delete 1").await;
    desk.rest().await;
    assert!(desk.has_summary(&finished("delete", 1, 0, 0)), "{}", desk.screen());
    assert_eq!(desk.server.object("guests", &email), None);
    let paths: Vec<String> = desk.changes().into_iter().map(|(_, path)| path).collect();
    let escaped = email.replace('@', "%40").replace('+', "%2B");
    let guest = |end: &str| format!("guests/{escaped}{end}");
    assert_eq!(paths, [guest("/disable"), guest("/enable"), guest("")]);
}

#[tokio::test(start_paused = true)]
async fn a_guest_with_open_tasks_stays_and_the_server_says_why() {
    let mut desk = at(Kind::Guests).await;
    let before = desk.rows().len();
    desk.keys("* a").await;
    desk.rest().await;
    assert!(desk.shows("open task"), "{}", desk.screen());
    // They lose their access, so that more than 10 ask for the phrase.
    desk.confirm_with(&format!("disable {before}")).await;
    desk.rest().await;
    let refused = desk.marked().len();
    assert!(refused > 0 && refused < before, "{refused} of {before}");
    assert!(desk.has_summary(&finished("disable", before - refused, 0, refused)), "{}", desk.screen());
    assert!(desk.log().contains("Cannot disable guest with incomplete tasks"), "{}", desk.log());
    assert_eq!(desk.rows().len(), refused);
    desk.keys("s").await;
    desk.rest().await;
    assert!(desk.shows("disabled  ") && desk.rows().len() >= before - refused, "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_guest_who_is_gone_is_already_gone_whatever_the_server_calls_it() {
    for (status, apply, words) in [
        (422, true, finished("delete", 0, 1, 0)),
        (404, true, finished("delete", 0, 1, 0)),
        // Still there: the server meant something else.
        (422, false, finished("delete", 0, 0, 1)),
    ] {
        let mut desk = at(Kind::Guests).await;
        let email = desk.rows().pop().unwrap();
        filter(&mut desk, &email).await;
        let body = Some(json!({"message": "The selected guest is invalid"}));
        let fault_effect = FaultEffect::Answer { status, body, headers: BTreeMap::new(), apply };
        desk.server.set_faults(vec![Fault::on("DELETE", "/guests/", fault_effect)]);
        desk.keys("D").await;
        desk.confirm_with("delete 1").await;
        desk.rest().await;
        assert!(desk.has_summary(&words), "{status}: {}", desk.screen());
    }
}

#[tokio::test(start_paused = true)]
async fn no_credential_of_a_guest_is_shown_or_copied() {
    let mut desk = at(Kind::Guests).await;
    let email = desk.rows().pop().unwrap();
    let link = desk.server.object("guests", &email).unwrap()["link"].as_str().unwrap().to_owned();
    let code = link.rsplit('/').next().unwrap().to_owned();
    filter(&mut desk, &email).await;
    desk.keys("enter").await;
    desk.rest().await;
    assert!(desk.shows(&email) && !desk.shows(&code) && !desk.shows("guest/"), "{}", desk.screen());
    desk.keys("esc D").await;
    desk.confirm_with("delete 1").await;
    desk.rest().await;
    let mut files = vec![desk.state_dir()];
    let mut seen = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains(&code), "{}", path.display());
            seen += usize::from(String::from_utf8_lossy(&bytes).contains(&email));
        }
    }
    assert!(seen >= 2, "the journal and the copy know the guest");
    assert!(!desk.log().contains(&code));
}

#[tokio::test(start_paused = true)]
async fn members_who_must_stay_are_blocked_with_their_reasons() {
    let mut desk = at(Kind::Members).await;
    let all = desk.rows().len();
    assert!(all >= 11, "{all}");
    desk.keys("* a").await;
    assert!(desk.shows("blocked and not included"), "{}", desk.screen());
    desk.keys("tab tab end").await;
    assert!(desk.shows("is the default administrator") && desk.shows("is you"), "{}", desk.screen());
    let plan = desk.plan().unwrap();
    assert_eq!(plan.count() + plan.blocked.len(), all);
    assert!(desk.shows(&format!("type disable {} and press Enter", plan.count())), "{}", desk.screen());
    desk.keys("esc").await;
    assert_eq!(desk.changes(), []);
}

/// Some member who can be disabled, and another.
fn two(desk: &Desk) -> [String; 2] {
    let plain = |id: &String| {
        let user = desk.server.object("users", id).unwrap();
        user["role"] == "Standard" && user["status"] == "active" && user["full_name"] != "Tallyfy Bot"
    };
    let mut ids = desk.server.ids("users").into_iter().filter(plain);
    [ids.next().unwrap(), ids.next().unwrap()]
}

fn name(desk: &Desk, id: &str) -> String {
    desk.server.object("users", id).unwrap()["full_name"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_member_is_disabled_then_deleted_which_only_renames() {
    let mut desk = at(Kind::Members).await;
    let [id, _] = two(&desk);
    filter(&mut desk, &format!("id:{id}")).await;
    assert_eq!(desk.ids(), [id.as_str()]);
    desk.keys("D").await;
    assert!(
        desk.shows("must be disabled") && desk.shows("disable 1 live one first, then delete"),
        "{}",
        desk.screen()
    );
    desk.keys("esc a").await;
    desk.rest().await;
    assert!(desk.shows("reassign what they own to: nobody"), "{}", desk.screen());
    desk.confirm().await;
    desk.rest().await;
    assert!(desk.has_summary(&finished("disable", 1, 0, 0)), "{}", desk.screen());
    assert_eq!(status(&desk, "users", &id), "disabled");
    desk.keys("s").await;
    desk.rest().await;
    assert_eq!(desk.ids(), [id.as_str()]);
    desk.keys("D").await;
    desk.rest().await;
    assert!(desk.shows("the account is only renamed"), "{}", desk.screen());
    desk.confirm_with("delete 1").await;
    desk.rest().await;
    assert!(desk.has_summary(&finished("delete", 1, 0, 0)), "{}", desk.screen());
    let paths: Vec<String> = desk.changes().into_iter().map(|(_, path)| path).collect();
    assert_eq!(paths, [format!("users/{id}/disable"), format!("users/{id}/delete")]);
    desk.keys("s R").await;
    desk.rest().await;
    assert_eq!(desk.ids(), Vec::<String>::new(), "one who was deleted is in no scope");
}

#[tokio::test(start_paused = true)]
async fn what_a_member_owns_goes_to_the_one_who_is_chosen() {
    let mut desk = at(Kind::Members).await;
    let [id, reassignee] = two(&desk);
    filter(&mut desk, &format!("id:{id}")).await;
    desk.keys("a").await;
    desk.rest().await;
    assert!(desk.shows("on 1 member:"), "{}", desk.screen());
    desk.keys("tab space").await;
    desk.types(&name(&desk, &reassignee)).await;
    assert!(desk.shows(&format!("{} (1 of 1)", name(&desk, &reassignee))), "{}", desk.screen());
    desk.keys("enter").await;
    assert!(
        desk.shows(&format!("[x] reassign what they own to: {}", name(&desk, &reassignee))),
        "{}",
        desk.screen()
    );
    assert!(desk.shows(&format!("what they own goes to {}", name(&desk, &reassignee))), "{}", desk.screen());
    desk.keys("tab").await;
    desk.confirm().await;
    desk.rest().await;
    assert!(desk.has_summary(&finished("disable", 1, 0, 0)), "{}", desk.screen());
    let sent = desk.server.requests().into_iter().find(|request| request.method == "DELETE").unwrap();
    let wanted = format!("users/{id}?with_reassignment=true&to={reassignee}");
    assert!(sent.path.ends_with(&wanted), "{}", sent.path);
    let owned = |id: &str| {
        let owner = |run: &String| desk.server.object("runs", run).unwrap()["owner_id"].to_string();
        desk.server.ids("runs").iter().filter(|run| owner(run).trim_matches('"') == id).count()
    };
    assert_eq!(owned(&id), 0);
    let history = tidyfy::storage::journal::History::open(&desk.state_dir()).unwrap().unwrap();
    let job = history.jobs(&tidyfy::storage::journal::HistoryQuery::default()).unwrap().remove(0);
    assert!(job.reassignee.unwrap().contains(&reassignee));
    let steps = history.steps(job.id, &tidyfy::storage::journal::HistoryQuery::default()).unwrap();
    assert!(
        steps[0].path.ends_with(&format!("users/{id}?with_reassignment=true&to={reassignee}")),
        "{}",
        steps[0].path
    );
}

#[tokio::test(start_paused = true)]
async fn y_counts_wherever_it_is_offered_and_is_offered_only_where_it_counts() {
    let mut desk = at(Kind::Members).await;
    let [id, reassignee] = two(&desk);
    filter(&mut desk, &format!("id:{id}")).await;
    desk.keys("a tab space").await;
    desk.pass(Duration::from_secs(1)).await;
    assert!(!desk.shows("y disable"), "{}", desk.screen());
    assert!(desk.shows("Enter picks, Esc leaves it as it is"), "{}", desk.screen());
    desk.keys("y").await;
    assert!(desk.shows("to: y_"), "while a name is typed `y` is a letter of it: {}", desk.screen());
    desk.keys("backspace").await;
    desk.types(&name(&desk, &reassignee)).await;
    desk.keys("enter y").await;
    assert!(desk.shows("too soon") && desk.changes().is_empty(), "{}", desk.screen());
    desk.pass(Duration::from_millis(300)).await;
    assert!(desk.shows("y disable, Esc keep"), "{}", desk.screen());
    desk.keys("tab /").await;
    desk.pass(Duration::from_secs(1)).await;
    assert!(!desk.shows("y disable") && desk.shows("Enter keeps the filter"), "{}", desk.screen());
    desk.keys("esc shift-tab").await;
    desk.confirm().await;
    desk.rest().await;
    assert!(desk.has_summary(&finished("disable", 1, 0, 0)), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn who_is_chosen_is_seen_on_the_smallest_screen() {
    let size = (40, 10);
    let mut desk = Desk::with(Wanted { kind: Kind::Members, size, ..Wanted::default() }).await;
    let [id, reassignee] = two(&desk);
    filter(&mut desk, &format!("id:{id}")).await;
    desk.keys("a tab space").await;
    desk.types(&name(&desk, &reassignee)).await;
    assert!(desk.shows(&format!("theirs to: {} 1/1", name(&desk, &reassignee))), "{}", desk.screen());
    desk.keys("enter").await;
    assert!(desk.shows(&format!("[x] theirs to: {}", name(&desk, &reassignee))), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn leaving_the_line_chooses_nobody() {
    let mut desk = at(Kind::Members).await;
    let [id, _] = two(&desk);
    filter(&mut desk, &format!("id:{id}")).await;
    desk.keys("a tab space down esc").await;
    assert!(desk.plan().is_some_and(|plan| plan.reassignee.is_none()));
    assert!(desk.shows("[ ] reassign what they own to: nobody"), "{}", desk.screen());
    desk.keys("space down enter").await;
    assert!(desk.plan().is_some_and(|plan| plan.reassignee.is_some()));
    desk.keys("space up enter").await;
    assert!(desk.plan().is_some_and(|plan| plan.reassignee.is_none()), "nobody comes first");
}

#[tokio::test(start_paused = true)]
async fn a_light_member_is_told_before_it_is_tried() {
    let sandbox = SandboxSettings { role: Role::Light, ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { kind: Kind::Members, sandbox, ..Wanted::default() }).await;
    desk.keys("a").await;
    assert!(desk.shows("only administrators may do this"), "{}", desk.screen());
    // The API sheet names folders and processes as well; of one-off tasks it says nothing.
    for (keys, is_refused) in [("esc 9 D", true), ("esc 1 a", true), ("esc 3 a", false)] {
        desk.keys(keys).await;
        desk.rest().await;
        assert_eq!(desk.shows("light members may not do this"), is_refused, "{keys}:\n{}", desk.screen());
    }
    assert_eq!(desk.changes(), []);
}

#[tokio::test(start_paused = true)]
async fn scopes_of_members_are_picked_out_here() {
    let mut desk = at(Kind::Members).await;
    let of = |wanted: &str| {
        let ids = desk.server.ids("users").into_iter();
        ids.filter(|id| status(&desk, "users", id) == wanted).count()
    };
    let (active, disabled) = (of("active") + of("invited"), of("disabled"));
    assert!(disabled > 0 && desk.rows().len() == active, "{}", desk.screen());
    assert!(!desk.shows("out of scope"), "{}", desk.screen());
    assert!(desk.shows(&format!("[8 Members {active}]")), "{}", desk.screen());
    desk.keys("s").await;
    desk.rest().await;
    assert_eq!(desk.rows().len(), disabled);
    assert!(desk.screen().contains("\ndisabled  "), "{}", desk.screen());
    desk.keys("s").await;
    desk.rest().await;
    assert_eq!(desk.rows().len(), active + disabled);
    assert!(desk.shows(&format!("[8 Members {active}]")), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn folders_of_both_trees_are_listed_and_go_from_the_inside() {
    let mut desk = at(Kind::Folders).await;
    let all = desk.server.ids("folders").len();
    assert_eq!(desk.rows().len(), all);
    assert!(desk.shows(&format!("[9 Folders {all}]")), "{}", desk.screen());
    assert!(desk.shows(" process ") && desk.shows(" template "), "{}", desk.screen());
    let slugs = desk.server.ids("folders").into_iter().map(|id| desk.server.object("folders", &id).unwrap());
    let of_runs = slugs.filter(|folder| folder["folder_type"] == "run").count();
    for words in ["type:process", "type:run", "type=runs older:1h"] {
        filter(&mut desk, words).await;
        assert_eq!(desk.rows().len(), of_runs, "{words}:\n{}", desk.screen());
    }
    filter(&mut desk, "").await;
    desk.keys("* D").await;
    desk.rest().await;
    assert!(desk.shows("what happens to subfolders is not documented"), "{}", desk.screen());
    let parents: Vec<(String, Option<String>)> = desk
        .server
        .ids("folders")
        .into_iter()
        .map(|id| {
            let folder = desk.server.object("folders", &id).unwrap();
            (id, folder["parent_id"].as_str().map(str::to_owned))
        })
        .collect();
    let words = if all > 50 { format!("delete {all} in {}", desk.server.org_name()) } else { phrase(&desk) };
    desk.confirm_with(&words).await;
    desk.rest().await;
    assert!(desk.has_summary(&finished("delete", all, 0, 0)), "{}", desk.screen());
    let sent: Vec<String> =
        desk.changes().into_iter().map(|(_, path)| path.replace("folders/", "")).collect();
    let place = |id: &String| sent.iter().position(|sent| sent == id).unwrap();
    for (id, parent) in parents.iter().filter_map(|(id, parent)| Some((id, parent.as_ref()?))) {
        assert!(place(id) < place(parent), "{parent} went before {id}, which lies in it");
    }
}

#[tokio::test(start_paused = true)]
async fn the_history_calls_what_was_done_to_people_as_they_do() {
    let mut desk = at(Kind::Members).await;
    let [id, _] = two(&desk);
    filter(&mut desk, &format!("id:{id}")).await;
    desk.keys("a").await;
    desk.confirm().await;
    desk.rest().await;
    desk.keys("H").await;
    desk.rest().await;
    assert!(desk.shows("  disable ") && desk.shows("job 1: disable 1 member"), "{}", desk.screen());
    for (typed, found) in [("action:enable", false), ("action:archive", true), ("action:disable", true)] {
        desk.keys("/ ctrl-u").await;
        desk.types(typed).await;
        desk.keys("enter").await;
        desk.rest().await;
        assert_eq!(desk.shows("job 1: disable 1 member"), found, "{typed}: {}", desk.screen());
    }
    desk.keys("enter").await;
    desk.rest().await;
    assert!(desk.shows("job 1: disable 1 member in"), "{}", desk.screen());
    let told: Vec<String> = desk.screen().split(['│', '\n', ' ']).map(str::to_owned).collect();
    let words: Vec<&str> = told.iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
    assert!(words.windows(2).any(|two| two == ["disable", &*id]), "{}", desk.screen());
    assert!(!desk.shows("archive"), "{}", desk.screen());
}

/// What the dialog asks for.
fn phrase(desk: &Desk) -> String {
    match desk.plan().unwrap().confirmation() {
        tidyfy::model::plan::Confirmation::Phrase(phrases) => phrases[0].clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_words_are_the_kinds_own() {
    let mut desk = at(Kind::Members).await;
    // The first ones must stay.
    let [id, _] = two(&desk);
    filter(&mut desk, &format!("id:{id}")).await;
    assert!(desk.shows("a disable"), "{}", desk.screen());
    desk.keys("d").await;
    assert!(desk.shows("a disables, D deletes permanently"), "{}", desk.screen());
    desk.keys("r").await;
    assert!(desk.shows("not disabled"), "{}", desk.screen());
    assert!(desk.shows("Enable 0 members"), "{}", desk.screen());
    desk.keys("esc 9 a").await;
    desk.rest().await;
    assert!(desk.shows("folders have no archive"), "{}", desk.screen());
    assert_eq!(Action::Archive.word(), "archive", "the journal's word stays");
}
