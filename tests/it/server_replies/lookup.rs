//! Where a record is looked for, when the places it is looked for in are slow, change meanwhile, or tell of others.

use std::time::Duration;

use serde_json::{Value, json};
use tidyfy::app::effect::{Effect, Request};
use tidyfy::model::kind::{Action, Kind, Scope};
use tidyfy::model::limits::Limits;
use tidyfy::model::outcome::Outcome::{AlreadyGone, Changed};
use tidyfy::model::plan::Options;
use tidyfy::sandbox::{Fault, Quirk, SandboxSettings};
use tokio::time::{Instant, sleep_until};

use super::scene::{answer, sow, with_quirks};
use super::stand::Stand;

/// Lets virtual time go on, with all that waits for it.
async fn pass(time: Duration) {
    sleep_until(Instant::now() + time).await;
}

#[tokio::test(start_paused = true)]
async fn a_held_job_looks_again_even_where_the_list_is_slow() {
    let settings =
        SandboxSettings { scale: 60, latency: Duration::from_secs(25), ..SandboxSettings::default() };
    let mut stand = Stand::with(settings, Limits::off(), 4, 0).await;
    let all = sow(&stand.server, Kind::Templates, 150, true);
    let ids = all[..6].to_vec();
    let records = stand.listed(Kind::Templates, Scope::Archived, &ids).await;
    let plan = stand.plan(Action::Delete, records, Options::default());
    let request_id = stand.start(Request::RunJob(plan));
    pass(Duration::from_secs(49)).await;
    stand.perform(Effect::Pause(request_id));
    pass(Duration::from_secs(40)).await;
    assert!(stand.server.rename("checklists", &ids[0], "Needed again"));
    stand.perform(Effect::Resume(request_id));
    let ended = stand.finish(request_id).await;
    assert_eq!(ended.outcomes()[0], Changed, "{:?}", ended.steps);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_shows_live_ones_instead_of_archived_ones_makes_nothing_gone() {
    let mut stand = Stand::new(SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
    let ids = sow(&stand.server, Kind::Templates, 5, false);
    let records = stand.listed(Kind::Templates, Scope::Active, &ids).await;
    let others = stand.server.ids("checklists").into_iter().filter(|id| !ids.contains(id));
    let live: Vec<Value> = others
        .filter_map(|id| stand.server.object("checklists", &id))
        .filter(|template| template["archived_at"].is_null())
        .collect();
    let n = live.len();
    assert!(n > 0, "nothing to show");
    let pages = json!({"total": n, "count": n, "per_page": 100, "current_page": 1, "total_pages": 1});
    let body = json!({"data": live, "meta": {"pagination": pages}});
    stand.server.set_faults(vec![Fault::on("GET", "archived=only", answer(200, &[], Some(body), false))]);
    let ended = stand.delete(records, Options { archive_first: true, ..Options::default() }).await;
    assert!(!ended.outcomes().contains(&AlreadyGone), "{:?}", ended.steps);
}

#[tokio::test(start_paused = true)]
async fn what_is_restored_while_its_list_is_read_is_not_gone() {
    let quirks = with_quirks([Quirk::ArchivedRuns404]);
    let mut stand = Stand::new(SandboxSettings { latency: Duration::from_secs(2), ..quirks }).await;
    let all = sow(&stand.server, Kind::Processes, 150, true);
    let ids = all[..6].to_vec();
    let records = stand.listed(Kind::Processes, Scope::Archived, &ids).await;
    let plan = stand.plan(Action::Delete, records, Options::default());
    let request_id = stand.start(Request::RunJob(plan));
    // The answers that know nothing of it by its id are on their way back.
    pass(Duration::from_millis(2_100)).await;
    assert!(stand.server.restore("runs", &ids[0]));
    let ended = stand.finish(request_id).await;
    assert_eq!(ended.outcomes()[0], Changed, "{:?}", ended.steps);
}

#[tokio::test(start_paused = true)]
async fn a_page_of_what_is_gone_reads_only_so_much_of_the_archive() {
    let mut stand = Stand::new(SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
    let all = sow(&stand.server, Kind::Tasks, 3_000, true);
    let records = stand.listed(Kind::Tasks, Scope::Archived, &all[..1]).await;
    assert!(stand.server.remove("tasks", &all[0]));
    let before = stand.server.requests().len();
    stand.start(Request::Read(records[0].clone()));
    pass(Duration::from_secs(60)).await;
    let read = stand.server.requests().len() - before;
    // By its id, by its name, twenty pages, and those that were asked for ahead of being needed.
    assert!((3..=26).contains(&read), "{read} requests for one page");
}
