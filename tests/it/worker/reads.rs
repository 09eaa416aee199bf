//! Small reads, and filtering off the loop.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tidyfy::app::effect::{Effect, Request};
use tidyfy::app::event::{EventKind, Response};
use tidyfy::model::failure::Cause;
use tidyfy::model::filter::Filter;
use tidyfy::model::kind::{Kind, Scope};
use tidyfy::model::people::Members;
use tidyfy::model::query::{Query, Sort};
use tidyfy::model::record_detail::{PageRequest, RelationEnd};
use tidyfy::model::rows::{PagePosition, Rows};
use tidyfy::model::time::Zone;
use tidyfy::sandbox::{Fault, FaultEffect, Quirk, Quirks, Role, SandboxSettings};

use super::bench::{Bench, whole_list};

fn answer(status: u16, headers: &[(&str, &str)]) -> FaultEffect {
    let headers = headers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    FaultEffect::Answer { status, body: None, headers: headers.collect(), apply: false }
}

#[tokio::test(start_paused = true)]
async fn we_are_told_where_we_are_and_what_we_may_do() {
    for (role, admin) in [(Role::Admin, true), (Role::Standard, false), (Role::Light, false)] {
        let mut bench = Bench::new(SandboxSettings { role, ..SandboxSettings::default() }).await;
        let response = bench.ask(Request::Identify).await;
        let Response::Identified(Ok(organization)) = response else { panic!("{response:?}") };
        assert_eq!(organization.id, bench.sandbox.org());
        assert_eq!(organization.name, bench.sandbox.org_name());
        assert_eq!(organization.admin, Some(admin));
    }
}

#[tokio::test(start_paused = true)]
async fn an_organization_that_is_not_listed_is_asked_itself() {
    let mut bench = Bench::plain().await;
    bench.sandbox.set_faults(vec![Fault::on("GET", "/me/organizations", answer(500, &[]))]);
    let response = bench.ask(Request::Identify).await;
    let Response::Identified(Ok(organization)) = response else { panic!("{response:?}") };
    assert_eq!(organization.name, bench.sandbox.org_name());
}

#[tokio::test(start_paused = true)]
async fn an_organization_without_a_readable_name_is_none() {
    let mut bench = Bench::plain().await;
    let body = json!({"data": [{"id": bench.sandbox.org(), "name": " \u{200b}"}]});
    let nameless =
        FaultEffect::Answer { status: 200, body: Some(body), headers: BTreeMap::new(), apply: false };
    bench.sandbox.set_faults(vec![Fault::on("GET", "/me/organizations", nameless)]);
    let response = bench.ask(Request::Identify).await;
    let Response::Identified(Err(failure)) = response else { panic!("{response:?}") };
    assert_eq!(failure.words, "the organization's name could not be read");
}

#[tokio::test(start_paused = true)]
async fn members_have_names() {
    let mut bench = Bench::plain().await;
    let Response::Members(Ok(people)) = bench.ask(Request::Members).await else { panic!() };
    let (records, _) = bench.list(Kind::Processes, Scope::Active).await;
    let owner = records.iter().find_map(|record| match record.named("owner") {
        tidyfy::model::record::Value::Text(ids) => Some(ids.to_owned()),
        _ => None,
    });
    let owner = owner.unwrap();
    assert_ne!(people.names(&owner), owner);
}

#[tokio::test(start_paused = true)]
async fn kinds_are_counted_without_being_loaded() {
    let mut bench = Bench::plain().await;
    for kind in [Kind::Processes, Kind::Templates, Kind::Tasks, Kind::Tags, Kind::Groups] {
        let (records, _) = bench.list(kind, Scope::Active).await;
        let response = bench.ask(Request::Count(kind)).await;
        assert!(matches!(response, Response::Counted(Ok(n)) if n == records.len() as u64), "{response:?}");
    }
    let before = bench.sandbox.requests().len();
    assert!(matches!(bench.ask(Request::Count(Kind::Files)).await, Response::Counted(Err(_))));
    assert_eq!(bench.sandbox.requests().len(), before, "nothing was asked");
}

#[tokio::test(start_paused = true)]
async fn a_count_nobody_told_is_none() {
    let quirks = Quirks::default().with(Quirk::NoMeta);
    let mut bench = Bench::new(SandboxSettings { quirks, ..SandboxSettings::default() }).await;
    assert!(matches!(bench.ask(Request::Count(Kind::Tags)).await, Response::Counted(Err(_))));
}

#[tokio::test(start_paused = true)]
async fn every_field_of_a_record_can_be_read() {
    let mut bench = Bench::plain().await;
    for kind in Kind::ALL {
        let (records, _) = bench.list(kind, Scope::Active).await;
        let response = bench.ask(Request::Read(records[0].clone())).await;
        let Response::Read(Ok(record_detail)) = response else { panic!("{kind:?}: {response:?}") };
        assert_eq!(record_detail.record.id(), records[0].id());
        assert!(
            !record_detail.sections.is_empty() && record_detail.raw.contains(&records[0].id().to_string()),
            "{record_detail:?}"
        );
        for link in &record_detail.links {
            let RelationEnd::Asked(lookup) = link.end.clone() else { continue };
            let work = Request::Related { relation: link.relation, lookup, page_request: PageRequest::First };
            let response = bench.ask(work).await;
            let Response::Related(Ok(related_page)) = response else {
                panic!("{kind:?} {}: {response:?}", link.relation.title)
            };
            assert!(related_page.records.iter().all(|record| record.kind() == link.relation.kind));
            assert!(
                related_page.total.unwrap() >= related_page.records.len() as u64,
                "{kind:?} {}",
                link.relation.title
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_archived_record_is_read_from_the_archive_where_its_id_answers_404() {
    let quirks = Quirks::default().with(Quirk::ArchivedRuns404).with(Quirk::ArchivedTasks404);
    let mut bench = Bench::new(SandboxSettings { quirks, ..SandboxSettings::default() }).await;
    for kind in [Kind::Processes, Kind::Templates, Kind::Tasks] {
        let (records, _) = bench.list(kind, Scope::Archived).await;
        for record in records {
            let response = bench.ask(Request::Read(record.clone())).await;
            let Response::Read(Ok(record_detail)) = response else {
                panic!("{}: {response:?}", record.name())
            };
            assert_eq!(record_detail.record.id(), record.id());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_gone_says_so() {
    let mut bench = Bench::plain().await;
    for (kind, slug, scope) in
        [(Kind::Processes, "runs", Scope::Archived), (Kind::Tags, "tags", Scope::Active)]
    {
        let record = bench.some(kind, scope, 1).await.remove(0);
        assert!(bench.sandbox.remove(slug, &record.id().to_string()));
        let response = bench.ask(Request::Read(record)).await;
        assert!(
            matches!(&response, Response::Read(Err(failure)) if failure.cause == Cause::NotFound),
            "{response:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_read_waits_as_long_as_the_server_asks_and_holds_all_others_back() {
    let mut bench = Bench::plain().await;
    let throttled = answer(429, &[("Retry-After", "7")]);
    bench.sandbox.set_faults(vec![Fault::on("GET", "/tags", throttled).times(1)]);
    let tags = bench.start(Request::Count(Kind::Tags));
    bench.until(|event_kind| matches!(event_kind, EventKind::Waiting(Some(_)))).await;
    let groups = bench.start(Request::Count(Kind::Groups));
    bench.hear_out().await;
    let counted =
        |request_id| bench.responses(request_id).all(|response| matches!(response, Response::Counted(Ok(_))));
    assert!(counted(tags) && counted(groups));
    let seven = Duration::from_secs(7);
    let again: Vec<_> = bench.attempts().map(|attempt| attempt.again_in).collect();
    assert_eq!(again, [Some(seven), None, None]);
    let waits: Vec<_> = bench
        .told
        .iter()
        .filter_map(|message| match &message.event_kind {
            EventKind::Waiting(wait) => Some((message.at.tick, wait.as_ref().map(|wait| wait.until))),
            _ => None,
        })
        .collect();
    let [(began, Some(until)), (over, None)] = waits[..] else { panic!("{waits:?}") };
    assert!(until - began <= seven && over >= until && over - until < Duration::from_millis(10));
    let early = bench.told.iter().filter(|message| matches!(message.event_kind, EventKind::Reply(..)));
    assert!(early.into_iter().all(|message| message.at.tick >= until));
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_turned_away_ten_times_is_given_up() {
    let mut bench = Bench::plain().await;
    bench.sandbox.set_faults(vec![Fault::on("GET", "/tags", answer(429, &[]))]);
    let response = bench.ask(Request::Count(Kind::Tags)).await;
    assert!(matches!(&response, Response::Counted(Err(failure)) if failure.cause == Cause::RateLimited));
    let waits: Vec<_> = bench.attempts().map(|attempt| attempt.again_in).collect();
    assert_eq!((waits.len(), waits[9]), (10, None));
    let sum: Duration = waits.into_iter().flatten().sum();
    // 1, 2, 4 to 32 s, then three times 60 s, give or take a fifth.
    assert!((190..=300).contains(&sum.as_secs()), "{sum:?}");
}

#[tokio::test(start_paused = true)]
async fn rows_are_arranged_off_the_loop() {
    let mut bench = Bench::plain().await;
    let request_id = bench.start(whole_list(Kind::Processes, Scope::All));
    bench.finish(request_id).await;
    let mut rows = Rows::default();
    for response in bench.responses(request_id) {
        if let Response::Page { number, page, .. } = response {
            rows.push(PagePosition::Listed(*number), Arc::clone(page));
        }
    }
    let zone = Zone::new(jiff::tz::TimeZone::UTC);
    let work = Request::Query(Query {
        rows: rows.clone(),
        filter: Filter::parse(Kind::Processes, "onboarding", &zone).unwrap(),
        sort: Some(Sort { field: 0, reverse: false }),
        people: Arc::new(Members::default()),
        now: jiff::Timestamp::UNIX_EPOCH,
        base: None,
    });
    let Response::QueryResult(Some(arranged)) = bench.ask(work.clone()).await else { panic!() };
    let order = arranged.order.iter();
    let names: Vec<_> = order.map(|at| rows.get(*at as usize).unwrap().name().to_lowercase()).collect();
    assert!(!names.is_empty() && names.is_sorted() && names.iter().all(|name| name.contains("onboarding")));

    let request_id = bench.start(work);
    bench.worker.perform(Effect::Cancel(request_id));
    let response = bench.finish(request_id).await;
    assert!(matches!(response, Response::QueryResult(None)));
    assert!(bench.is_silent().await);
}
