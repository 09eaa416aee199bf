//! Whole lists: order, completeness, scope, what lies and what fails.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use tidyfy::app::effect::{Effect, ListRequest, Request, RequestId, WantedPages};
use tidyfy::app::event::{EventKind, LoadEnd, Response};
use tidyfy::model::failure::{Cause, Failure};
use tidyfy::model::kind::{Coverage, Kind, Scope};
use tidyfy::model::record::{Page, Record, Value as Field};
use tidyfy::sandbox::{Fault, FaultEffect, Quirk, Quirks, SandboxSettings};

use super::bench::{Bench, whole_list};

fn scaled(scale: usize) -> SandboxSettings {
    SandboxSettings { scale, ..SandboxSettings::default() }
}

fn answer(status: u16, body: Option<Value>) -> FaultEffect {
    FaultEffect::Answer { status, body, headers: BTreeMap::new(), apply: false }
}

fn ids(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| record.id().to_string()).collect()
}

fn failure(response: Response) -> Failure {
    match response {
        Response::Loaded(Err(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

fn is_complete(response: &Response) -> bool {
    matches!(response, Response::Loaded(Ok(LoadEnd { missing: None, .. })))
}

/// How many records of `slug` the sandbox holds that are live, or are not.
fn held(bench: &Bench, slug: &str, archived: bool) -> usize {
    let objects = bench.sandbox.ids(slug).into_iter().filter_map(|id| bench.sandbox.object(slug, &id));
    objects.filter(|object| object["archived_at"].is_null() != archived).count()
}

#[tokio::test(start_paused = true)]
async fn a_long_list_comes_page_by_page_in_the_servers_order() {
    let mut bench = Bench::new(scaled(900)).await;
    // The third page is slow, the fourth and fifth are there before it.
    let slow = Fault { delay: Duration::from_millis(300), ..Fault::on("GET", "page=3&", FaultEffect::None) };
    bench.sandbox.set_faults(vec![slow]);
    let request_id = bench.start(whole_list(Kind::Processes, Scope::All));
    let end = bench.finish(request_id).await;
    assert!(is_complete(&end), "{end:?}");
    let slow = ids(&bench.records(request_id));
    assert_eq!(slow.len(), bench.sandbox.ids("runs").len());
    assert_eq!(slow.iter().collect::<BTreeSet<_>>().len(), slow.len());
    bench.sandbox.set_faults(vec![]);
    assert_eq!(ids(&bench.list(Kind::Processes, Scope::All).await.0), slow);
    let totals = bench.responses(request_id).filter_map(|response| match response {
        Response::Page { page, total, .. } => Some((page.len(), *total)),
        _ => None,
    });
    let totals: Vec<_> = totals.collect();
    assert!(totals.len() >= 9 && totals.iter().all(|(_, total)| *total == Some(slow.len() as u64)));
    assert!(totals.iter().take(8).all(|(rows, _)| *rows == 100));
}

#[tokio::test(start_paused = true)]
async fn each_scope_holds_what_belongs_to_it() {
    let mut bench = Bench::plain().await;
    for (kind, slug) in [(Kind::Processes, "runs"), (Kind::Templates, "checklists"), (Kind::Tasks, "tasks")] {
        let (live, archived) = (held(&bench, slug, false), held(&bench, slug, true));
        assert!(live > 0 && archived > 0, "{slug}");
        for (scope, wanted) in
            [(Scope::Active, live), (Scope::Archived, archived), (Scope::All, live + archived)]
        {
            let (records, end) = bench.list(kind, scope).await;
            assert!(is_complete(&end), "{slug} {scope:?}: {end:?}");
            assert_eq!(records.len(), wanted, "{slug} {scope:?}");
            assert!(records.iter().all(|record| scope.holds(record.is_archived())));
        }
    }
    let groups = bench.list(Kind::Groups, Scope::Active).await.0;
    assert_eq!(groups.len(), bench.sandbox.ids("groups").len());
}

#[tokio::test(start_paused = true)]
async fn rows_that_contradict_the_scope_or_have_no_id_are_counted_and_left_out() {
    let mut bench = Bench::plain().await;
    let rows = json!({"data": [
        {"id": "1", "name": "live", "archived_at": null},
        {"id": "2", "name": "archived", "archived_at": "2026-03-01T09:30:00Z"},
        {"id": "..", "name": "climbs"},
        {"name": "nameless"},
        {"id": 2, "name": "again"},
    ]});
    bench.sandbox.set_faults(vec![Fault::on("GET", "archived=only", answer(200, Some(rows)))]);
    let request_id = bench.start(whole_list(Kind::Processes, Scope::Archived));
    let end = bench.finish(request_id).await;
    assert!(is_complete(&end));
    assert_eq!(ids(&bench.records(request_id)), ["2"]);
    let Some(Response::Page { dropped, unreadable, .. }) = bench.responses(request_id).next() else {
        panic!()
    };
    assert_eq!((*dropped, *unreadable), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_list_is_complete_however_the_server_describes_it() {
    let lies = [
        Quirk::TotalLow,
        Quirk::NoTotalPages,
        Quirk::ZeroTotalPages,
        Quirk::ServerTotalPages,
        Quirk::IgnorePerPage,
        Quirk::Duplicates,
        Quirk::Growth,
        Quirk::LinksNull,
        Quirk::LinksMissing,
        Quirk::LinksPrev,
    ];
    for quirk in lies {
        let quirks = Quirks::default().with(quirk);
        let mut bench = Bench::new(SandboxSettings { quirks, ..scaled(450) }).await;
        let (records, end) = bench.list(Kind::Processes, Scope::All).await;
        assert!(matches!(end, Response::Loaded(Ok(_))), "{quirk:?}: {end:?}");
        let seen: BTreeSet<_> = ids(&records).into_iter().collect();
        assert_eq!(seen.len(), records.len(), "{quirk:?}");
        let missed = bench.sandbox.ids("runs").into_iter().filter(|id| !seen.contains(id)).count();
        // What is born at the front of the list while it is walked is past already.
        assert!(missed == 0 || (quirk == Quirk::Growth && missed <= 5), "{quirk:?} hid {missed}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_server_spoke_of_and_did_not_send_is_missing() {
    let quirks = Quirks::default().with(Quirk::TotalHigh);
    let mut bench = Bench::new(SandboxSettings { quirks, ..SandboxSettings::default() }).await;
    let (_, end) = bench.list(Kind::Processes, Scope::Active).await;
    assert!(matches!(end, Response::Loaded(Ok(LoadEnd { missing: Some(7), .. }))), "{end:?}");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_for_good_is_a_gap_and_the_others_come() {
    let mut bench = Bench::new(scaled(900)).await;
    let whole = ids(&bench.list(Kind::Processes, Scope::All).await.0);
    let malformed = json!({"data": {"id": "1"}});
    for (fault_effect, cause) in
        [(answer(500, None), Cause::Server), (answer(200, Some(malformed)), Cause::Garbled)]
    {
        bench.told.clear();
        bench.sandbox.set_faults(vec![Fault::on("GET", "page=3&", fault_effect)]);
        let request_id = bench.start(whole_list(Kind::Processes, Scope::All));
        let end = bench.finish(request_id).await;
        assert!(is_complete(&end), "what a gap holds is not missing besides: {end:?}");
        assert_eq!(ids(&bench.records(request_id)), [&whole[..200], &whole[300..]].concat());
        // Once where it stands, and once more after it was tried again at the end.
        assert_eq!(gaps(&bench, request_id), [(3, cause), (3, cause)]);

        bench.sandbox.set_faults(vec![]);
        let before = bench.sandbox.requests().len();
        let list = ListRequest::new(Kind::Processes, Scope::All);
        let wanted = WantedPages::Rest { gaps: vec![3], from: None, size: 100 };
        let request_id = bench.start(Request::List { list, wanted });
        assert!(is_complete(&bench.finish(request_id).await));
        assert_eq!(ids(&bench.records(request_id)), whole[200..300]);
        assert_eq!(bench.sandbox.requests().len() - before, 1, "nothing else is read again");
    }
}

fn gaps(bench: &Bench, request_id: RequestId) -> Vec<(u32, Cause)> {
    let gap = |response: &Response| match response {
        Response::Gap { number, why } => Some((*number, why.cause)),
        _ => None,
    };
    bench.responses(request_id).filter_map(gap).collect()
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_once_is_read_again_at_the_end() {
    let mut bench = Bench::new(scaled(900)).await;
    bench.sandbox.set_faults(vec![Fault::on("GET", "page=3&", answer(500, None)).times(1)]);
    let request_id = bench.start(whole_list(Kind::Processes, Scope::All));
    assert!(is_complete(&bench.finish(request_id).await));
    assert_eq!(gaps(&bench, request_id), [(3, Cause::Server)]);
    let numbers = bench.responses(request_id).filter_map(|response| match response {
        Response::Page { number, .. } => Some(*number),
        _ => None,
    });
    let mut numbers: Vec<_> = numbers.collect();
    assert_eq!(numbers.pop(), Some(3));
    assert!(numbers.is_sorted() && !numbers.contains(&3) && numbers.len() > 7, "{numbers:?}");
    assert_eq!(bench.records(request_id).len(), bench.sandbox.ids("runs").len());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_no_page_is_not_asked_for_them_all() {
    let mut bench = Bench::new(scaled(6_000)).await;
    let broken = |page| Fault::on("GET", &format!("page={page}&"), answer(500, None));
    bench.sandbox.set_faults((3..60).map(broken).collect());
    let request_id = bench.start(whole_list(Kind::Processes, Scope::All));
    assert_eq!(failure(bench.finish(request_id).await).cause, Cause::Server);
    assert_eq!(gaps(&bench, request_id), [(3, Cause::Server), (4, Cause::Server)]);
    assert!(bench.sandbox.requests().len() < 40);

    // What is not read yet is asked for from there on, and what was a gap beside it.
    bench.sandbox.set_faults(vec![]);
    let list = ListRequest::new(Kind::Processes, Scope::All);
    let wanted = WantedPages::Rest { gaps: vec![3, 4], from: Some(5), size: 100 };
    let request_id = bench.start(Request::List { list, wanted });
    assert!(is_complete(&bench.finish(request_id).await));
    assert_eq!(bench.records(request_id).len(), bench.sandbox.ids("runs").len() - 200);
}

#[tokio::test(start_paused = true)]
async fn a_search_brings_what_the_list_has_far_down_in_one_round_trip() {
    let latency = Duration::from_millis(400);
    let mut bench = Bench::new(SandboxSettings { latency, ..scaled(3_000) }).await;
    let last = bench.list(Kind::Processes, Scope::Active).await.0.pop().unwrap();
    let list = ListRequest::new(Kind::Processes, Scope::Active);
    let question = vec![("q", last.name().to_owned())];
    let asked = bench.told.last().unwrap().at;
    let request_id = bench.start(Request::Search { list, question });
    let end = bench.finish(request_id).await;
    assert!(matches!(end, Response::Searched(Ok(()))), "{end:?}");
    let found = bench.responses(request_id).filter_map(|response| match response {
        Response::Found(page) => Some(page),
        _ => None,
    });
    assert!(found.flat_map(Page::records).any(|record| record.id() == last.id()));
    let took = bench.told.last().unwrap().at.since(asked);
    assert!(took < latency * 2, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_read_is_sent_again_after_a_gateways_error_or_a_reset_and_four_times_at_most() {
    for fault_effect in [
        answer(502, None),
        answer(503, None),
        answer(504, None),
        FaultEffect::ResetBefore,
        FaultEffect::Truncated,
    ] {
        let mut bench = Bench::plain().await;
        bench.sandbox.set_faults(vec![Fault::on("GET", "/runs", fault_effect.clone()).times(3)]);
        let (records, end) = bench.list(Kind::Processes, Scope::Active).await;
        assert!(is_complete(&end) && !records.is_empty(), "{fault_effect:?}: {end:?}");
        let waits: Vec<_> = bench.attempts().filter_map(|attempt| attempt.again_in).collect();
        assert_eq!(waits.len(), 3, "{fault_effect:?}");
        let grows = |(wait, wanted): (&Duration, f64)| (wait.as_secs_f64() / wanted - 1.0).abs() <= 0.2;
        assert!(waits.iter().zip([0.5, 1.0, 2.0]).all(grows), "{waits:?}");

        bench.told.clear();
        bench.sandbox.set_faults(vec![Fault::on("GET", "/runs", fault_effect.clone())]);
        let (_, end) = bench.list(Kind::Processes, Scope::Active).await;
        assert!(matches!(failure(end).cause, Cause::Server | Cause::Broken), "{fault_effect:?}");
        assert_eq!(bench.attempts().count(), 4);
    }
}

#[tokio::test(start_paused = true)]
async fn other_failures_of_a_read_are_final_at_once() {
    let mut bench = Bench::plain().await;
    for (fault_effect, cause) in [
        (answer(500, None), Cause::Server),
        (answer(404, None), Cause::NotFound),
        (FaultEffect::Garbage, Cause::Garbled),
        (FaultEffect::Hang { apply: false }, Cause::TimedOut),
    ] {
        bench.told.clear();
        bench.sandbox.set_faults(vec![Fault::on("GET", "/runs", fault_effect)]);
        let (_, end) = bench.list(Kind::Processes, Scope::Active).await;
        assert_eq!(failure(end).cause, cause);
        assert_eq!(bench.attempts().count(), 1, "{cause:?}");
    }
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    bench.aim(&format!("http://{nobody}"), "e0d1", "token");
    bench.told.clear();
    let (_, end) = bench.list(Kind::Processes, Scope::Active).await;
    assert_eq!(failure(end).cause, Cause::Unreachable);
    assert_eq!(bench.attempts().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_list_ends_once_and_nothing_follows() {
    let mut bench = Bench::new(scaled(900)).await;
    bench.sandbox.set_faults(vec![Fault::on("GET", "page=3&", FaultEffect::Hang { apply: false })]);
    let request_id = bench.start(whole_list(Kind::Processes, Scope::All));
    let second = |event_kind: &EventKind| matches!(event_kind, EventKind::Reply(_, Response::Page { .. }));
    bench.until(second).await;
    bench.until(second).await;
    bench.worker.perform(Effect::Cancel(request_id));
    let end = bench.finish(request_id).await;
    assert_eq!(failure(end).cause, Cause::Cancelled);
    assert_eq!(bench.records(request_id).len(), 200);
    bench.worker.perform(Effect::Cancel(request_id));
    assert!(bench.is_silent().await);
}

#[tokio::test(start_paused = true)]
async fn files_are_gathered_from_what_they_hang_on() {
    let mut bench = Bench::plain().await;
    let request_id = bench.start(whole_list(Kind::Files, Scope::Active));
    let end = bench.finish(request_id).await;
    assert!(is_complete(&end), "{end:?}");
    let records = bench.records(request_id);
    let found: BTreeSet<_> = ids(&records).into_iter().collect();
    assert_eq!(found.len(), records.len());
    let wanted = bench.sandbox.ids("assets").into_iter().filter(|id| {
        let file = bench.sandbox.object("assets", id).unwrap();
        file["archived_at"].is_null() && file["subject"]["type"] != "Organization"
    });
    let missed: Vec<_> = wanted.filter(|id| !found.contains(id)).collect();
    assert!(missed.is_empty() && !found.is_empty(), "{missed:?}");
    let hangs = |word: &str| {
        records
            .iter()
            .any(|file| matches!(file.named("attached to"), Field::Text(text) if text.starts_with(word)))
    };
    assert!(["process ", "template ", "task "].into_iter().all(hangs));
    let pages: Vec<_> = bench
        .responses(request_id)
        .filter_map(|response| match response {
            Response::Page { total, coverage, .. } => Some((*total, coverage.clone())),
            _ => None,
        })
        .collect();
    assert!(pages.iter().all(|(total, _)| total.is_none()), "nobody counts them");
    let read = |slug: &str| bench.sandbox.ids(slug).len();
    let steps =
        |id: &String| bench.sandbox.object("runs", id).unwrap()["progress"]["total"].as_u64().unwrap();
    let steps: u64 = bench.sandbox.ids("runs").iter().map(steps).sum();
    let covered = |kind, read, within| Coverage { kind, read, total: Some(read as u64), within };
    let wanted = [
        covered(Kind::Processes, read("runs"), Some((Kind::Tasks, steps as usize))),
        covered(Kind::Templates, read("checklists"), None),
        covered(Kind::Tasks, read("tasks"), None),
    ];
    assert_eq!(pages.last().unwrap().1, wanted);
}

#[tokio::test(start_paused = true)]
async fn files_of_the_other_kinds_come_though_one_kind_fails() {
    let mut bench = Bench::plain().await;
    bench.sandbox.set_faults(vec![Fault::on("GET", "/checklists", answer(500, None))]);
    let (records, end) = bench.list(Kind::Files, Scope::Active).await;
    assert_eq!(failure(end).cause, Cause::Server);
    let hangs = |word: &str| {
        records
            .iter()
            .any(|file| matches!(file.named("attached to"), Field::Text(text) if text.starts_with(word)))
    };
    assert_eq!(["process ", "template ", "task "].map(hangs), [true, false, true]);
}
