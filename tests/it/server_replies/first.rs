//! Archive first, then delete: two steps a record, the copy before the first, the second only after the first.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use tidyfy::app::effect::{Effect, Request};
use tidyfy::app::event::StepRemark;
use tidyfy::model::kind::{Action, Kind, Scope};
use tidyfy::model::limits::Limits;
use tidyfy::model::outcome::Outcome::{self, AlreadyGone, Changed, Done, Failed, NotSent, Refused, Unknown};
use tidyfy::model::plan::Options;
use tidyfy::sandbox::{Fault, FaultEffect, Quirk, SandboxSettings};

use super::scene::{
    answer, desk, is_done, mark, newest, sent, set_off, slug, sow, state, status, with_quirks,
};
use super::stand::Stand;

const FIRST: Options = Options { backup: true, files: true, archive_first: true };

fn settings() -> SandboxSettings {
    SandboxSettings { scale: 60, ..SandboxSettings::default() }
}

/// A stand with live records of a kind, not more than `at_once` of which are dealt with together.
async fn live(settings: SandboxSettings, kind: Kind, n: usize, at_once: usize) -> (Stand, Vec<String>) {
    let stand = Stand::with(settings, Limits::off(), at_once, 0).await;
    let ids = sow(&stand.server, kind, n, false);
    (stand, ids)
}

/// How the two steps of a record ended, by the journal.
fn pair(stand: &Stand, id: &str) -> [Option<Outcome>; 2] {
    let (_, steps) = newest(&stand.state_dir());
    let of = |action: Action| {
        steps.iter().find(|step| step.record == id && step.action == action.word()).unwrap().outcome
    };
    [of(Action::Archive), of(Action::Delete)]
}

#[tokio::test(start_paused = true)]
async fn each_record_is_read_archived_read_and_deleted_in_this_order() {
    for quirks in
        [vec![], vec![Quirk::ArchivedRuns404, Quirk::ArchivedIncludesEmpty, Quirk::TemplateArchiveEmpty]]
    {
        for kind in [Kind::Processes, Kind::Templates] {
            let (mut stand, ids) = live(with_quirks(quirks.clone()), kind, 6, 16).await;
            let records = stand.listed(kind, Scope::Active, &ids).await;
            let before = stand.server.requests().len();
            let ended = stand.delete(records, FIRST).await;
            assert_eq!(ended.outcomes(), [Done; 12], "{kind:?}: {:?}", ended.steps);
            assert_eq!((ended.end.tally.of(Done), ended.end.tally.total()), (6, 6));
            let made = stand.requests(before);
            for id in &ids {
                let (bare, slug) = (format!("/{}/{id}", slug(kind)), slug(kind));
                let of_it =
                    |request: &&String| request.contains(id.as_str()) || **request == format!("GET /{slug}");
                let its: Vec<&str> = made.iter().filter(of_it).map(String::as_str).collect();
                let at = |wanted: &str| its.iter().position(|request| *request == wanted).unwrap();
                let (archive, delete) = (at(&format!("DELETE {bare}")), at(&format!("DELETE {bare}/delete")));
                assert!(at(&format!("GET {bare}")) < archive && archive < delete, "{its:?}");
                let between = its[archive..delete].iter().any(|request| request.starts_with("GET"));
                assert!(between && sent(&stand.server, id) == 2, "{its:?}");
            }
            // The copy is of the live record, with all that archiving hides.
            let (_, steps) = newest(&stand.state_dir());
            let copies: Vec<_> =
                steps.iter().filter_map(|step| Some((&step.action, step.copy.as_ref()?))).collect();
            assert_eq!(copies.len(), 6);
            for (action, copy) in copies {
                assert_eq!(action, "archive");
                let copy: Value =
                    serde_json::from_slice(&fs::read(stand.copies().join(copy)).unwrap()).unwrap();
                let inside =
                    if kind == Kind::Processes { &copy["tasks"]["data"] } else { &copy["steps"]["data"] };
                assert!(
                    copy["archived_at"].is_null() && inside.as_array().is_some_and(|list| !list.is_empty())
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_archive_that_does_not_succeed_leaves_the_record_alone() {
    let rows: [(&str, FaultEffect, Outcome); 6] = [
        ("422", status(422), Refused),
        ("403", status(403), Refused),
        ("502", status(502), Failed),
        ("reset before applying", FaultEffect::ResetBefore, Failed),
        ("hang, not applied", FaultEffect::Hang { apply: false }, Failed),
        ("garbage 200, not applied", FaultEffect::GarbageBefore, Failed),
    ];
    for kind in [Kind::Processes, Kind::Templates] {
        let (mut stand, ids) = live(settings(), kind, rows.len() + 3, 16).await;
        let records = stand.listed(kind, Scope::Active, &ids).await;
        let on = |id: &str, fault_effect: &FaultEffect| {
            Fault::on("DELETE", &format!("*/{}/{id}", slug(kind)), fault_effect.clone())
        };
        let mut faults: Vec<_> = ids.iter().zip(&rows).map(|(id, row)| on(id, &row.1)).collect();
        let [renamed, gone, well] = [&ids[6], &ids[7], &ids[8]];
        faults.push(on(well, &answer(502, &[], None, true)));
        stand.server.set_faults(faults);
        assert!(
            stand.server.rename(slug(kind), renamed, "Needed again") && stand.server.remove(slug(kind), gone)
        );
        let ended = stand.delete(records, FIRST).await;
        for (id, (fault, _, wanted)) in ids.iter().zip(&rows) {
            let [archive, delete] = pair(&stand, id);
            println!(
                "archive first: {fault:<26} {:<9} archive {:<8} delete {:<8} {}",
                kind.row().title,
                archive.unwrap().word(),
                delete.unwrap().word(),
                state(&stand.server, kind, id)
            );
            assert_eq!(
                [archive, delete],
                [Some(*wanted), Some(NotSent)],
                "{kind:?} {fault}: {:?}",
                ended.steps
            );
            assert_eq!((state(&stand.server, kind, id), sent(&stand.server, id)), ("live", 1));
        }
        assert_eq!(pair(&stand, renamed), [Some(Changed), Some(NotSent)]);
        assert_eq!(pair(&stand, gone), [Some(AlreadyGone), Some(NotSent)]);
        assert_eq!((sent(&stand.server, renamed), sent(&stand.server, gone)), (0, 0));
        assert_eq!(pair(&stand, well), [Some(Done), Some(Done)], "{:?}", ended.steps);
        let (_, steps) = newest(&stand.state_dir());
        let why = |step: &tidyfy::storage::journal::PastStep| step.reason.clone().unwrap_or_default();
        let unsent = steps.iter().filter(|step| step.outcome == Some(NotSent));
        assert!(unsent.map(why).all(|why| why.starts_with("the archive before it ended as ")));
        let tally = [Done, AlreadyGone, Refused, Failed, Unknown, Changed, NotSent]
            .map(|outcome| ended.end.tally.of(outcome));
        assert_eq!(tally, [1, 1, 2, 4, 0, 1, 0]);
    }
}

/// Archived by this job, changed by somebody else: not deleted.
#[tokio::test(start_paused = true)]
async fn what_changes_between_archive_and_delete_is_held() {
    for kind in [Kind::Processes, Kind::Templates] {
        let slow = SandboxSettings { latency: Duration::from_secs(1), ..settings() };
        let (mut stand, ids) = live(slow, kind, 3, 16).await;
        let records = stand.listed(kind, Scope::Active, &ids).await;
        let plan = stand.plan(Action::Delete, records, FIRST);
        let request_id = stand.start(Request::RunJob(plan));
        while !ids.iter().all(|id| state(&stand.server, kind, id) == "archived") {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(stand.server.restore(slug(kind), &ids[0]));
        assert!(stand.server.rename(slug(kind), &ids[1], "Needed again"));
        let ended = stand.finish(request_id).await;
        assert_eq!(pair(&stand, &ids[0]), [Some(Done), Some(Changed)], "{:?}", ended.steps);
        assert_eq!(pair(&stand, &ids[1]), [Some(Done), Some(Changed)], "{:?}", ended.steps);
        assert_eq!(pair(&stand, &ids[2]), [Some(Done), Some(Done)], "{:?}", ended.steps);
        assert_eq!(
            (ended.end.tally.of(Changed), ended.end.tally.of(Done), ended.end.tally.total()),
            (2, 1, 3)
        );
    }
}

/// A template that others embed.
fn embedded(server: &tidyfy::sandbox::Sandbox) -> String {
    let ids = server.ids("checklists");
    let object = |id: &String| server.object("checklists", id).unwrap();
    let embeds =
        |id: &String| ids.iter().any(|other| object(other)["summary"].to_string().contains(id.as_str()));
    let live = |id: &&String| object(id)["archived_at"].is_null();
    ids.iter().filter(live).find(|id| embeds(id)).unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn references_that_are_stripped_are_told_and_kept() {
    let mut stand = Stand::new(settings()).await;
    let id = embedded(&stand.server);
    let records = stand.listed(Kind::Templates, Scope::Active, std::slice::from_ref(&id)).await;
    let ended = stand.delete(records, FIRST).await;
    assert_eq!(ended.outcomes(), [Done, Done], "{:?}", ended.steps);
    let [StepRemark::Stripped(told)] = &ended.remarks[..] else { panic!("{:?}", ended.remarks) };
    let (_, steps) = newest(&stand.state_dir());
    let kept: Value = serde_json::from_str(steps[0].kept.as_ref().unwrap()).unwrap();
    let kept = kept.as_array().unwrap();
    assert_eq!((kept.len(), steps[1].kept.as_ref()), (told.len(), None));
    assert!(
        kept.iter().zip(told).all(|(kept, told)| kept["title"] == told.title && kept["type"] == told.sort)
    );
}

#[tokio::test(start_paused = true)]
async fn references_that_an_archive_strips_are_on_the_screen() {
    let (mut desk, _) = desk(Kind::Templates, Action::Archive, 0, settings()).await;
    let id = embedded(&desk.server);
    let name = desk.server.object("checklists", &id).unwrap()["title"].as_str().unwrap().to_owned();
    while desk.state().under_cursor().unwrap().id().to_string() != id {
        desk.keys("j").await;
    }
    set_off(&mut desk, Action::Archive).await;
    let log = desk.log();
    assert!(log.contains(&format!("{name}: stripped for good from ")), "{log}");
    let (_, steps) = newest(&desk.state_dir());
    assert!(steps[0].kept.as_ref().is_some_and(|kept| kept.contains("\"title\"")), "{:?}", steps[0].kept);
}

#[tokio::test(start_paused = true)]
async fn what_was_archived_when_the_job_was_cancelled_is_not_sent_and_stays_archived() {
    for kind in [Kind::Processes, Kind::Templates] {
        let slow = SandboxSettings { latency: Duration::from_secs(1), ..settings() };
        let (mut stand, ids) = live(slow, kind, 8, 3).await;
        let records = stand.listed(kind, Scope::Active, &ids).await;
        let plan = stand.plan(Action::Delete, records, FIRST);
        let request_id = stand.start(Request::RunJob(plan));
        let (outcome, reason) = stand.until_step(request_id, 0).await;
        assert_eq!(outcome, Done, "{reason}");
        stand.perform(Effect::Cancel(request_id));
        let ended = stand.finish(request_id).await;
        assert!(ended.end.cancelled);
        let mut archived = 0;
        for id in &ids {
            let [archive, delete] = pair(&stand, id);
            let there = state(&stand.server, kind, id);
            archived += usize::from(there == "archived");
            match there {
                "archived" => assert_eq!([archive, delete], [Some(Done), Some(NotSent)]),
                "live" => assert_eq!([archive, delete], [Some(NotSent); 2]),
                _ => assert_eq!([archive, delete], [Some(Done); 2]),
            }
        }
        assert!(archived > 0);
        assert_eq!(ended.end.tally.total(), 8);
        assert_eq!(
            ended.end.tally.of(NotSent),
            ids.iter().filter(|id| state(&stand.server, kind, id) != "gone").count()
        );
    }
}

/// The same by keys: what was left half done is marked, shown as archived, and can be taken up where it was left.
#[tokio::test(start_paused = true)]
async fn what_a_cancelled_job_left_half_done_stays_marked_and_is_shown_as_archived() {
    for kind in [Kind::Processes, Kind::Templates] {
        let slow = SandboxSettings { latency: Duration::from_millis(400), ..settings() };
        let (mut desk, ids) = desk(kind, Action::Archive, 20, slow).await;
        mark(&mut desk, 20).await;
        desk.keys("D").await;
        desk.rest().await;
        desk.keys("space shift-tab").await;
        let phrase = format!("delete 20 in {}", desk.server.org_name());
        desk.types(if desk.shows(&phrase) { &phrase } else { "delete 20" }).await;
        desk.keys("enter").await;
        let archived = |desk: &crate::support::Desk| {
            ids.iter().filter(|id| state(&desk.server, kind, id) == "archived").count()
        };
        desk.until("an archived one", |desk| archived(desk) > 3).await;
        desk.keys("x y").await;
        desk.rest().await;
        let left = archived(&desk);
        assert!(left > 0 && desk.shows("delete cancelled: "), "{}", desk.screen());

        let (_, steps) = newest(&desk.state_dir());
        let gone = ids.iter().filter(|id| is_done(&desk.server, kind, Action::Delete, id)).count();
        let done = if gone > 0 { format!("{gone} done, ") } else { String::new() };
        let summary = format!("delete cancelled: {done}{} not sent", 20 - gone);
        assert!(desk.log().contains(&summary), "{summary}\n{}", desk.log());
        assert_eq!(desk.marked().len(), 20 - gone);
        for mark in desk.state().marks.all() {
            let there = state(&desk.server, kind, &mark.record.id().to_string());
            assert_eq!(mark.record.is_archived(), there == "archived", "{}", mark.record.name());
        }
        let unsent = |step: &&tidyfy::storage::journal::PastStep| {
            step.outcome == Some(NotSent) && step.action == "delete"
        };
        assert_eq!(steps.iter().filter(unsent).count(), 20 - gone);
        desk.keys("s").await;
        desk.rest().await;
        assert_eq!(desk.ids().iter().filter(|id| ids.contains(id)).count(), left, "{}", desk.screen());
    }
}
