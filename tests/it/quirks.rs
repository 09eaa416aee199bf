//! Every row of the API sheet's section 9 that the server can be switched to: the main job is done all the same.

use std::collections::BTreeSet;

use tidyfy::model::kind::{Action, Kind};
use tidyfy::sandbox::{Quirk, Quirks, SandboxSettings};

use crate::support::{Desk, Wanted};

/// The program on a server with one switch thrown, on the list of one kind.
async fn on(quirk: Quirk, kind: Kind) -> Desk {
    let sandbox =
        SandboxSettings { scale: 160, quirks: Quirks::default().with(quirk), ..SandboxSettings::default() };
    Desk::with(Wanted { kind, sandbox, ..Wanted::default() }).await
}

/// The ids on the server of records that are archived, or that are not.
fn held(desk: &Desk, slug: &str, archived: bool) -> BTreeSet<String> {
    let is = |id: &String| desk.server.object(slug, id).unwrap()["archived_at"].is_string() == archived;
    desk.server.ids(slug).into_iter().filter(is).collect()
}

fn shown(desk: &Desk) -> BTreeSet<String> {
    desk.ids().into_iter().collect()
}

#[tokio::test(start_paused = true)]
async fn every_list_is_loaded_to_its_end_whatever_the_server_says_of_its_length() {
    for quirk in Quirk::ALL {
        let mut desk = on(*quirk, Kind::Processes).await;
        let live = held(&desk, "runs", false);
        assert!(live.len() > 100, "one page would show nothing");
        if *quirk == Quirk::NoMeta {
            assert_eq!(shown(&desk).len(), 100, "no meta at all is a single page");
            continue;
        }
        assert_eq!(shown(&desk), live, "{}", quirk.name());
        assert_eq!(desk.rows().len(), live.len(), "{} shows a record twice", quirk.name());
        desk.keys("s").await;
        desk.rest().await;
        assert_eq!(shown(&desk), held(&desk, "runs", true), "{}", quirk.name());
    }
}

#[tokio::test(start_paused = true)]
async fn every_action_is_done_whatever_shape_its_answer_has() {
    for quirk in Quirk::ALL {
        for (kind, slug) in
            [(Kind::Processes, "runs"), (Kind::Templates, "checklists"), (Kind::Tasks, "tasks")]
        {
            let mut desk = on(*quirk, kind).await;
            // What has lost its bytes cannot be backed up, and so not be deleted.
            desk.server.ids("assets").iter().for_each(|id| assert!(desk.server.remove("assets", id)));
            let ids = desk.mark_applicable(Action::Archive, 2).await;
            desk.keys("a").await;
            desk.confirm().await;
            desk.rest().await;
            assert!(
                desk.log().contains("archive finished: 2 done"),
                "{} {slug}: {}",
                quirk.name(),
                desk.log()
            );
            desk.keys("s").await;
            desk.rest().await;
            assert!(ids.iter().all(|id| desk.ids().contains(id)), "{} {slug}", quirk.name());
            desk.keys("g").await;
            let back = desk.mark_applicable(Action::Restore, 1).await;
            desk.keys("r").await;
            desk.confirm().await;
            desk.rest().await;
            assert!(
                desk.log().contains("restore finished: 1 done"),
                "{} {slug}: {}",
                quirk.name(),
                desk.log()
            );
            assert!(held(&desk, slug, false).contains(&back[0]));
            let gone = desk.mark_applicable(Action::Delete, 1).await;
            desk.keys("D").await;
            desk.confirm_with("delete 1").await;
            desk.rest().await;
            assert!(
                desk.log().contains("delete finished: 1 done"),
                "{} {slug}: {}",
                quirk.name(),
                desk.log()
            );
            assert_eq!(desk.server.object(slug, &gone[0]), None);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_detail_page_opens_whatever_shape_the_record_has() {
    for quirk in Quirk::ALL {
        for (kind, archived) in
            [(Kind::Processes, true), (Kind::Tasks, true), (Kind::Files, false), (Kind::Tags, false)]
        {
            let mut desk = on(*quirk, kind).await;
            if archived {
                desk.keys("s").await;
                desk.rest().await;
            }
            let id = desk.state().under_cursor().unwrap().id().to_string();
            desk.keys("enter").await;
            desk.rest().await;
            assert!(
                desk.shows(&id) && !desk.shows("could not read"),
                "{} {kind:?}: {}",
                quirk.name(),
                desk.screen()
            );
        }
    }
}
