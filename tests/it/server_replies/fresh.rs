//! Freshness: what has changed behind tidyfy's back is held, what has not is deleted, what is gone is gone; and reading the
//! list of archived records is neither wrong while it shrinks nor done once a record.

use std::time::Duration;

use serde_json::{Value, json};
use tidyfy::app::effect::{Effect, Request};
use tidyfy::model::kind::{Action, Kind, Scope};
use tidyfy::model::limits::{Limits, RemainingRequests};
use tidyfy::model::outcome::Outcome::{self, AlreadyGone, Changed, Done, Failed};
use tidyfy::model::plan::Options;
use tidyfy::sandbox::{Fault, FaultEffect, Quirk, Sandbox, SandboxSettings};
use tidyfy::storage::journal::PastStep;

use super::scene::{
    SOWN, answer, carry_out, desk, mark, newest, requests, sent, set_off, slug, sow, tells_the_same,
    with_quirks,
};
use super::stand::Stand;
use crate::worker::bench::{Bench, plan};

/// What somebody else does meanwhile, what is said of it, for which kinds.
type Change = (&'static str, fn(&Sandbox, Kind, &str) -> bool, &'static str, &'static [Kind]);

const ARCHIVING: &[Kind] = &[Kind::Processes, Kind::Templates, Kind::Tasks];

fn edited(server: &Sandbox, kind: Kind, id: &str, fields: Value) -> bool {
    server.edit(slug(kind), id, fields)
}

const CHANGES: &[Change] = &[
    (
        "renamed",
        |server, kind, id| server.rename(slug(kind), id, "Trial by another name"),
        "was `Trial ",
        &SOWN,
    ),
    ("restored", |server, kind, id| server.restore(slug(kind), id), "it has been restored", ARCHIVING),
    (
        "restored and archived again",
        |server, kind, id| {
            let later = json!({"last_updated": "2026-11-20T10:00:00.000Z"});
            server.restore(slug(kind), id)
                && server.archive(slug(kind), id)
                && edited(server, kind, id, later)
        },
        "updated was 2026-11-20T09:00:00Z, is 2026-11-20T10:00:00Z",
        ARCHIVING,
    ),
    (
        "worked on",
        |server, kind, id| edited(server, kind, id, json!({"last_updated": "2026-11-20T10:00:00.000Z"})),
        "updated was ",
        &[Kind::Processes, Kind::Templates, Kind::Tasks, Kind::Groups],
    ),
    (
        "given another deadline",
        |server, kind, id| edited(server, kind, id, json!({"deadline": "2027-01-01T00:00:00Z"})),
        "deadline was 2026-12-01T00:00:00Z, is 2027-01-01T00:00:00Z",
        &[Kind::Tasks],
    ),
    (
        "given a step more",
        |server, kind, id| edited(server, kind, id, json!({"steps_count": 9})),
        "steps was 4, is 9",
        &[Kind::Templates],
    ),
    (
        "given another version",
        |server, kind, id| edited(server, kind, id, json!({"version": 2})),
        "version was 1, is 2",
        &[Kind::Files],
    ),
    (
        "given a member",
        |server, kind, id| edited(server, kind, id, json!({"members": [1, 2, 3]})),
        "members was 0, is 3",
        &[Kind::Groups],
    ),
    (
        "coloured",
        |server, kind, id| edited(server, kind, id, json!({"color": "#00ff00"})),
        "colour was `#ff0000`, is `#00ff00`",
        &[Kind::Tags],
    ),
];

fn of<'a>(steps: &'a [PastStep], id: &str) -> &'a PastStep {
    steps.iter().find(|step| step.record == id).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_has_changed_is_held_what_has_not_is_deleted_what_is_gone_is_gone() {
    for kind in SOWN {
        let changes: Vec<&Change> = CHANGES.iter().filter(|change| change.3.contains(&kind)).collect();
        let n = changes.len() + 2;
        let (mut desk, ids) =
            desk(kind, Action::Delete, n, SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
        let before = json!({"color": "#ff0000", "deadline": "2026-12-01T00:00:00Z"});
        ids.iter().for_each(|id| assert!(edited(&desk.server, kind, id, before.clone())));
        desk.keys("R").await;
        desk.rest().await;
        mark(&mut desk, n).await;
        for (change, id) in changes.iter().zip(&ids) {
            assert!((change.1)(&desk.server, kind, id), "{}", change.0);
        }
        assert!(desk.server.remove(slug(kind), &ids[n - 2]));
        set_off(&mut desk, Action::Delete).await;

        let (_, steps) = newest(&desk.state_dir());
        for (change, id) in changes.iter().zip(&ids) {
            let step = of(&steps, id);
            let reason = step.reason.as_deref().unwrap_or_default();
            println!(
                "{:<28} {:<9} {:<12} {reason}",
                change.0,
                kind.row().title,
                step.outcome.unwrap().word()
            );
            assert_eq!(
                (step.outcome, sent(&desk.server, id)),
                (Some(Changed), 0),
                "{kind:?} {}: {reason}",
                change.0
            );
            assert!(
                reason.starts_with("not sent, changed since it was loaded: ") && reason.contains(change.2),
                "{reason}"
            );
            assert!(desk.server.object(slug(kind), id).is_some());
        }
        let (gone, left) = (of(&steps, &ids[n - 2]), of(&steps, &ids[n - 1]));
        assert_eq!((gone.outcome, sent(&desk.server, &ids[n - 2])), (Some(AlreadyGone), 0));
        assert_eq!((left.outcome, sent(&desk.server, &ids[n - 1])), (Some(Done), 1), "{:?}", left.reason);
        assert_eq!(desk.marked().len(), changes.len());
        tells_the_same(&desk, Action::Delete, &steps);
    }
}

/// Archives with one job and deletes with the next, without loading anything in between.
#[tokio::test(start_paused = true)]
async fn what_tidyfy_itself_has_just_archived_is_not_held() {
    let quirks = [
        None,
        Some(Quirk::TaskArchiveData),
        Some(Quirk::TemplateArchiveData),
        Some(Quirk::TemplateArchiveEmpty),
    ];
    for kind in ARCHIVING {
        for quirk in quirks {
            let (mut desk, ids) = desk(*kind, Action::Archive, 5, with_quirks(quirk)).await;
            desk.keys("s s").await;
            desk.rest().await;
            carry_out(&mut desk, Action::Archive, 5).await;
            desk.keys("*").await;
            desk.rest().await;
            assert_eq!(desk.marked().len(), 5, "{}", desk.screen());
            set_off(&mut desk, Action::Delete).await;
            let (_, steps) = newest(&desk.state_dir());
            for id in &ids {
                let step = of(&steps, id);
                assert_eq!(step.outcome, Some(Done), "{kind:?} {quirk:?}: {:?}", step.reason);
                assert_eq!(desk.server.object(slug(*kind), id), None);
            }
        }
    }
}

/// Deletes 40 of 150 archived records that are known to their list alone.
async fn delete_from_archive(
    kind: Kind,
    settings: SandboxSettings,
    wanted: &[Outcome],
) -> (usize, Vec<PastStep>) {
    let mut stand = Stand::new(settings).await;
    let all = sow(&stand.server, kind, 150, true);
    // Spread over the list, so that its seams move.
    let ids: Vec<String> = all.iter().step_by(3).take(40).cloned().collect();
    let records = stand.listed(kind, Scope::Archived, &ids).await;
    let before = stand.server.requests().len();
    let n = records.len();
    let ended = stand.delete(records, Options::default()).await;
    let lists = stand.server.requests()[before..]
        .iter()
        .filter(|request| request.path.contains("archived=only"))
        .count();
    let (_, steps) = newest(&stand.state_dir());
    for step in &steps {
        let outcome = step.outcome.unwrap();
        assert!(wanted.contains(&outcome), "{kind:?}: {outcome:?} {:?}", step.reason);
        let there = stand.server.object(slug(kind), &step.record).is_some();
        assert_eq!(there, outcome != Done, "{:?}", step.reason);
    }
    assert_eq!((steps.len(), ended.end.tally.total()), (n, n));
    (lists, steps)
}

#[tokio::test(start_paused = true)]
async fn archived_records_known_to_their_list_alone_cost_few_lists_and_are_never_taken_for_gone() {
    for kind in ARCHIVING {
        for slow in [0, 50, 400, 3_000] {
            let quirks = with_quirks([Quirk::ArchivedRuns404, Quirk::ArchivedTasks404]);
            let settings = SandboxSettings { latency: Duration::from_millis(slow), ..quirks };
            let (lists, steps) = delete_from_archive(*kind, settings, &[Done]).await;
            println!(
                "{:<9} {slow:>4} ms: {} deleted, {lists} pages of the list",
                kind.row().title,
                steps.len()
            );
            assert!(steps.len() == 40 && lists <= 8, "{kind:?} {slow} ms: {lists} pages");
        }
    }
}

/// While the job's own deletions let the list shrink, one of them is read back in it.
#[tokio::test(start_paused = true)]
async fn a_record_is_read_back_in_a_list_that_shrinks() {
    for (apply, wanted) in [(true, Done), (false, Failed)] {
        let settings =
            SandboxSettings { scale: 60, latency: Duration::from_millis(300), ..SandboxSettings::default() };
        let mut stand = Stand::with(settings, Limits::off(), 4, 0).await;
        let all = sow(&stand.server, Kind::Templates, 150, true);
        let ids: Vec<String> = all.iter().step_by(3).take(40).cloned().collect();
        let records = stand.listed(Kind::Templates, Scope::Archived, &ids).await;
        let broken = |n: usize| Fault::on("DELETE", &ids[n], answer(502, &[], None, apply));
        stand.server.set_faults(vec![broken(0), broken(9), broken(17), broken(38)]);
        let ended = stand.delete(records, Options::default()).await;
        for (n, (outcome, reason)) in ended.steps.iter().enumerate() {
            let is = if [0, 9, 17, 38].contains(&n) { wanted } else { Done };
            assert_eq!(*outcome, is, "{n}: {reason}");
        }
    }
}

/// Between two pages one record leaves and another comes: the count stays right, and the one at the seam is passed over.
#[tokio::test(start_paused = true)]
async fn a_record_that_was_passed_over_at_a_seam_is_not_taken_for_gone() {
    let settings =
        SandboxSettings { scale: 60, latency: Duration::from_millis(300), ..SandboxSettings::default() };
    let mut stand = Stand::new(settings).await;
    sow(&stand.server, Kind::Templates, 150, true);
    let last = sow(&stand.server, Kind::Templates, 1, false);
    let mut list = stand.server.ids("checklists");
    list.retain(|id| stand.server.object("checklists", id).unwrap()["archived_at"].is_string());
    let ids = list[100..106].to_vec();
    let records = stand.listed(Kind::Templates, Scope::Archived, &ids).await;
    let before = stand.server.requests().len();
    let plan = stand.plan(Action::Delete, records, Options::default());
    let request_id = stand.start(Request::RunJob(plan));
    while stand.requests(before).len() < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(stand.server.remove("checklists", &list[0]) && stand.server.archive("checklists", &last[0]));
    let ended = stand.finish(request_id).await;
    assert_eq!(ended.outcomes(), [Done; 6], "{:?}", ended.steps);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_lies_about_its_length_makes_nothing_gone() {
    use Quirk::{
        Duplicates, Growth, IgnorePerPage, NoMeta, NoTotalPages, ServerTotalPages, TotalHigh, TotalLow,
        ZeroTotalPages,
    };
    let lies = [
        TotalLow,
        TotalHigh,
        NoMeta,
        Growth,
        Duplicates,
        IgnorePerPage,
        NoTotalPages,
        ZeroTotalPages,
        ServerTotalPages,
    ];
    for kind in ARCHIVING {
        // Templates are always looked for in the list, the others only here.
        let lies = if *kind == Kind::Templates { &lies[..] } else { &lies[..3] };
        for lie in lies {
            let quirks = with_quirks([*lie, Quirk::ArchivedRuns404, Quirk::ArchivedTasks404]);
            let (_, steps) = delete_from_archive(*kind, quirks, &[Done]).await;
            assert!(steps.len() >= 25, "{kind:?} {lie:?}: only {} were listed", steps.len());
        }
    }
}

/// The server tells of its archive in pages that it does not count: what is behind the first is still there.
#[tokio::test(start_paused = true)]
async fn a_page_that_is_not_said_to_be_all_proves_nothing() {
    let mut stand = Stand::new(SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
    let ids = sow(&stand.server, Kind::Templates, 150, true);
    let some: Vec<String> = ids[100..110].to_vec();
    let records = stand.listed(Kind::Templates, Scope::Archived, &some).await;
    assert_eq!(records.len(), 10);
    let empty = answer(200, &[], Some(json!({"data": []})), false);
    stand.server.set_faults(vec![Fault::on("GET", "archived=only", empty)]);
    let ended = stand.delete(records, Options::default()).await;
    for (outcome, reason) in &ended.steps {
        assert!(
            *outcome == Failed && reason.starts_with("not sent, no look before the delete"),
            "{outcome:?} {reason}"
        );
    }
    assert!(some.iter().all(|id| sent(&stand.server, id) == 0));
}

/// What was looked at an hour ago is looked at again.
#[tokio::test(start_paused = true)]
async fn a_job_that_was_held_looks_again_before_it_deletes() {
    let settings =
        SandboxSettings { scale: 60, latency: Duration::from_secs(1), ..SandboxSettings::default() };
    let mut stand = Stand::with(settings, Limits::off(), 4, 0).await;
    let ids = sow(&stand.server, Kind::Processes, 4, true);
    let records = stand.listed(Kind::Processes, Scope::Archived, &ids).await;
    let plan = stand.plan(Action::Delete, records, Options::default());
    let request_id = stand.start(Request::RunJob(plan));
    tokio::time::sleep(Duration::from_millis(500)).await;
    stand.perform(Effect::Pause(request_id));
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(ids.iter().all(|id| requests(&stand.server, "GET", id) == 1 && sent(&stand.server, id) == 0));
    assert!(stand.server.rename("runs", &ids[0], "Needed again"));
    assert!(stand.server.restore("runs", &ids[1]));
    assert!(stand.server.remove("runs", &ids[2]));
    stand.perform(Effect::Resume(request_id));
    let ended = stand.finish(request_id).await;
    assert_eq!(ended.outcomes(), [Changed, Changed, AlreadyGone, Done], "{:?}", ended.steps);
    assert!(ids[..3].iter().all(|id| sent(&stand.server, id) == 0));
}

/// So is what the server turned away with a long wait.
#[tokio::test(start_paused = true)]
async fn a_deletion_that_was_turned_away_looks_again_before_it_is_sent_again() {
    for (meanwhile, outcome, times) in [(json!({"members": [1, 2]}), Changed, 1), (json!({}), Done, 2)] {
        let mut stand = Stand::new(SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
        let ids = sow(&stand.server, Kind::Groups, 1, false);
        let records = stand.listed(Kind::Groups, Scope::Active, &ids).await;
        let throttled = answer(429, &[("Retry-After", "90")], None, false);
        stand.server.set_faults(vec![Fault::on("DELETE", &ids[0], throttled).times(1)]);
        let plan = stand.plan(Action::Delete, records, Options::default());
        let request_id = stand.start(Request::RunJob(plan));
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_eq!(sent(&stand.server, &ids[0]), 1);
        assert!(stand.server.edit("groups", &ids[0], meanwhile));
        let ended = stand.finish(request_id).await;
        assert_eq!(
            (ended.outcomes(), sent(&stand.server, &ids[0])),
            (vec![outcome], times),
            "{:?}",
            ended.steps
        );
        let turned_away = ended.steps[0].1.starts_with("turned away and not sent again, changed since");
        assert_eq!(turned_away, outcome == Changed, "{:?}", ended.steps);
    }
}

/// What comes along with a record only because it is to be copied is no change.
#[tokio::test(start_paused = true)]
async fn includes_and_other_shapes_of_the_same_record_are_no_change() {
    let shapes = [
        vec![],
        vec![Quirk::BareIncludes, Quirk::OwnerStrings, Quirk::ProgressNumber, Quirk::AssetArray],
        vec![Quirk::PlainTags, Quirk::TaskOwnerObjects, Quirk::ProgressEmpty, Quirk::ArchivedIncludesEmpty],
    ];
    for quirks in shapes {
        for kind in SOWN {
            // Those of the seed: with owners, tags, tasks, deadlines and the like.
            let mut stand = Stand::new(with_quirks(quirks.clone())).await;
            let slug = slug(kind);
            let mut ids = stand.server.ids(slug);
            ids.retain(|id| {
                let object = stand.server.object(slug, id).unwrap();
                let archived = object["archived_at"].is_string();
                archived == (kind.row().archives() && kind != Kind::Tasks)
                    && object["run_id"].is_null()
                    && object["subject"]["type"] != "Organization"
                    && (kind != Kind::Files || object["uploaded_to_s3"] == true)
            });
            let scope =
                if kind.row().archives() && kind != Kind::Tasks { Scope::Archived } else { Scope::Active };
            let records = stand.listed(kind, scope, &ids).await;
            assert!(!records.is_empty());
            let ended = stand.delete(records, Options::default()).await;
            let other = ended.steps.iter().find(|(outcome, _)| *outcome != Done);
            assert_eq!(other, None, "{kind:?} {quirks:?}");
        }
    }
}

/// The plan's requests and the looks: no more.
#[tokio::test(start_paused = true)]
async fn a_delete_sends_its_plan_and_one_look_a_record_and_meets_no_limit() {
    for (limits, kept) in [
        (Limits::off(), tidyfy::sandbox::SandboxLimits::Off),
        (Limits::documented(), tidyfy::sandbox::SandboxLimits::Documented),
    ] {
        for kind in SOWN {
            let settings = SandboxSettings { scale: 60, limits: kept, ..SandboxSettings::default() };
            let mut stand = Stand::with(settings, limits.clone(), 16, 0).await;
            let archived = kind.row().archives();
            let ids = sow(&stand.server, kind, 12, archived);
            let scope = if archived { Scope::Archived } else { Scope::Active };
            let records = stand.listed(kind, scope, &ids).await;
            let plan = stand.plan(Action::Delete, records, Options::default());
            let RemainingRequests { writes, reads } = plan.requests();
            let before = stand.server.requests().len();
            let ended = stand.run(plan).await;
            assert_eq!(ended.outcomes(), [Done; 12], "{:?}", ended.steps);
            let requests = stand.server.requests().split_off(before);
            let gets = requests.iter().filter(|request| request.method == "GET").count();
            println!(
                "{:<9} 12 deleted: {gets} reads of {reads} announced, {} changes",
                kind.row().title,
                requests.len() - gets
            );
            assert_eq!(requests.len() - gets, 12);
            assert_eq!(writes, 12);
            assert!(gets <= reads, "{kind:?}: {gets} of {reads}");
            assert!(requests.iter().all(|request| request.status != Some(429)));
            let last_get = requests.iter().rposition(|request| request.method == "GET").unwrap();
            assert!(last_get < requests.len() - 1, "nothing is read after the last deletion");
        }
    }
}

#[tokio::test]
async fn reading_without_a_name_is_neither_fresh_nor_a_backup() {
    for kind in [Kind::Tags, Kind::Groups, Kind::Folders] {
        let mut bench = Bench::plain().await;
        let records = bench.some(kind, Scope::Active, 1).await;
        let body = json!({"data": {"id": records[0].id().to_string()}});
        let thin =
            FaultEffect::Answer { status: 200, body: Some(body), headers: Default::default(), apply: true };
        let path = records[0].id().to_string();
        bench.sandbox.set_faults(vec![Fault::on("GET", &path, thin)]);
        let request_id = bench.start(Request::RunJob(plan(Action::Delete, records)));
        let (steps, _) = bench.job(request_id).await;
        assert_eq!(steps[0].0, Failed, "{kind:?}: {steps:?}");
        assert!(bench.sandbox.requests().iter().all(|sent| sent.method == "GET"), "{kind:?}");
    }
}
