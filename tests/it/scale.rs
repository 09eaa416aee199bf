//! An organization of 100,000 processes, under the documented limits.

use std::collections::BTreeSet;

use tidyfy::model::limits::Limits;
use tidyfy::sandbox::{self, SandboxSettings};

use crate::support::{Desk, Wanted};

fn refused(desk: &Desk) -> usize {
    desk.server.requests().iter().filter(|request| request.status == Some(429)).count()
}

#[tokio::test(start_paused = true)]
async fn all_that_match_of_100_000_are_marked_and_archived_while_a_person_goes_on_browsing() {
    let sandbox = SandboxSettings {
        scale: 134_000,
        limits: sandbox::SandboxLimits::Documented,
        ..SandboxSettings::default()
    };
    let wanted = Wanted { sandbox, limits: Limits::documented(), ..Wanted::default() };
    let mut desk = Desk::starting(wanted).await;
    desk.until("the first page", |desk| desk.state().listing().loaded() >= 100 && desk.shows("Acme Ltd"))
        .await;
    desk.keys("/").await;
    desk.types("loan older:170d -status:problem").await;
    desk.keys("enter *").await;
    assert!(desk.shows("marking ") && desk.shows(", Esc stops"), "{}", desk.screen());
    desk.keys("a").await;
    assert!(desk.shows("still marking") && desk.plan().is_none(), "{}", desk.screen());
    desk.until("all that match", |desk| desk.state().listing().is_settled() && !desk.marked().is_empty())
        .await;
    assert!(desk.state().listing().loaded() >= 100_000, "{}", desk.screen());
    let marked: BTreeSet<String> =
        desk.state().marks.all().map(|mark| mark.record.id().to_string()).collect();
    assert_eq!(marked, desk.ids().into_iter().collect());
    // What the server itself says of them.
    for id in &marked {
        let object = desk.server.object("runs", id).unwrap();
        let name = object["name"].as_str().unwrap().to_lowercase();
        assert!(name.contains("loan") && object["status"] != "problem" && object["archived_at"].is_null());
    }
    let n = marked.len();
    assert!((1_000..2_000).contains(&n), "{n}");

    desk.keys("esc a").await;
    desk.confirm().await;
    // Rows, kinds, pages and filters answer while it runs.
    desk.keys("G g ctrl-d").await;
    assert!(desk.state().listing().cursor_row() > 0, "{}", desk.screen());
    desk.keys("5").await;
    desk.until("the tags", |desk| !desk.rows().is_empty()).await;
    desk.keys("enter").await;
    desk.until("a page of fields", |desk| desk.shows("processes (1,0")).await;
    desk.keys("esc 1 / m o v e enter").await;
    desk.until("what matches", |desk| desk.shows("filter: move") && desk.rows().len() > 1_000).await;
    assert!(desk.state().jobs.current().is_some(), "{}", desk.screen());
    desk.until("the end of the job", |desk| desk.state().jobs.is_empty()).await;
    desk.rest().await;

    assert!(desk.has_summary(&format!("archive finished: {n} done")), "{}", desk.log());
    let archived: BTreeSet<String> =
        desk.changes().into_iter().map(|(_, path)| path.replace("runs/", "")).collect();
    assert_eq!((archived, desk.changes().len()), (marked, n), "each once, and nothing else");
    assert_eq!((refused(&desk), desk.marked().len()), (0, 0));
}
