//! What is not there any more is not marked, and nobody comes back from it.

use tidyfy::model::kind::Kind;
use tidyfy::sandbox::{Quirk, Quirks, SandboxSettings};

use crate::support::{Desk, Wanted};

async fn at(kind: Kind) -> Desk {
    let quirks = Quirks::default().with(Quirk::DeletedMembersListed);
    let sandbox = SandboxSettings { scale: 60, quirks, ..SandboxSettings::default() };
    Desk::with(Wanted { kind, sandbox, ..Wanted::default() }).await
}

#[tokio::test(start_paused = true)]
async fn a_member_who_was_deleted_is_not_found_by_a_list_of_ids() {
    let mut desk = at(Kind::Members).await;
    let plain = |id: &String| {
        let user = desk.server.object("users", id).unwrap();
        user["role"] == "Standard" && user["status"] == "active" && user["full_name"] != "Tallyfy Bot"
    };
    let id = desk.server.ids("users").into_iter().find(plain).unwrap();
    desk.keys("/").await;
    desk.types(&format!("id:{id}")).await;
    desk.keys("enter").await;
    desk.rest().await;
    desk.keys("D space shift-tab").await;
    desk.confirm_with("delete 1").await;
    desk.rest().await;
    assert!(desk.shows("delete finished: 1 done"), "{}", desk.screen());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ids.txt");
    std::fs::write(&file, format!("member:{id}\n")).unwrap();
    desk.keys(":").await;
    desk.types(&format!("mark {}", file.display())).await;
    desk.keys("enter").await;
    desk.rest().await;
    let marked = desk.marked();
    // What follows from a mark on somebody who was deleted.
    desk.keys("a").await;
    let would: Vec<String> = desk.plan().map_or(Vec::new(), |plan| {
        plan.steps.iter().map(|step| format!("{} {}", step.word(), step.record.name())).collect()
    });
    assert_eq!((marked, would), (Vec::new(), Vec::new()));
}
