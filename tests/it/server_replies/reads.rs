//! What each way of going wrong makes of the reads: of lists, of the look before a deletion, and of a file's bytes.

use serde_json::json;
use tidyfy::model::kind::{Action, Kind};
use tidyfy::model::outcome::Outcome::{self, AlreadyGone, Done, Failed};
use tidyfy::sandbox::{Fault, FaultEffect, Operation, SandboxSettings};

use crate::support::Desk;

use super::scene::{
    SOWN, agree, answer, ask, carry_out, desk, mark, newest, requests, sent, set_off, slug, state, status,
    tells_the_same,
};

/// One way of going wrong, what comes of it when it happens once, and when it never stops.
struct Row {
    fault: &'static str,
    fault_effect: FaultEffect,
    once: Outcome,
    ever: Outcome,
}

fn row(fault: &'static str, fault_effect: FaultEffect, once: Outcome) -> Row {
    Row { fault, fault_effect, once, ever: Failed }
}

fn table() -> Vec<Row> {
    let throttled = answer(429, &[("Retry-After", "2")], None, false);
    let words = Some(json!({"message": "Rate limit exceeded"}));
    let html = |status| FaultEffect::Html { status, apply: false };
    vec![
        Row { ever: Done, ..row("none", FaultEffect::None, Done) },
        row("429", throttled, Done),
        row("403", status(403), Failed),
        row("403 that throttles", answer(403, &[], words, false), Done),
        row("500", status(500), Failed),
        row("502", status(502), Done),
        row("503", status(503), Done),
        row("504", status(504), Done),
        row("HTML 502", html(502), Done),
        row("reset", FaultEffect::ResetBefore, Done),
        row("hang", FaultEffect::Hang { apply: false }, Failed),
        row("truncated", FaultEffect::Truncated, Done),
        row("garbage 200", FaultEffect::GarbageBefore, Failed),
        row("HTML 200", html(200), Failed),
        row(
            "`error: true` 200",
            answer(200, &[], Some(json!({"error": true, "message": "no"})), false),
            Failed,
        ),
        row(
            "another record",
            answer(200, &[], Some(json!({"data": {"id": "0f", "name": "x"}})), false),
            Failed,
        ),
    ]
}

fn print(read: &str, row: &str, often: &str, kind: Kind, outcome: &str, state: &str, sent: usize) {
    println!("{read:<9} {row:<20} {often:<5} {:<9} {outcome:<20} {state:<8} sent {sent}", kind.row().title);
}

fn often(fault: Fault, often: &str) -> Fault {
    if often == "once" { fault.times(1) } else { fault }
}

/// A deletion of one record a row, whose look or whose download goes wrong.
async fn try_looks(read: &str, kind: Kind, rows: &[(Row, Outcome)], how_often: &str) {
    let n = rows.len();
    let (mut desk, ids) =
        desk(kind, Action::Delete, n, SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
    mark(&mut desk, n).await;
    let path = |id: &String| match (read, kind) {
        ("download", _) => format!("{id}/dl"),
        // An archived template is looked for in the list.
        (_, Kind::Templates) => "archived=only".to_owned(),
        _ => format!("{}/{id}", slug(kind)),
    };
    let fault = |((row, _), id): (&(Row, Outcome), &String)| {
        often(Fault::on("GET", &path(id), row.fault_effect.clone()), how_often)
    };
    ask(&mut desk, Action::Delete).await;
    desk.server.set_faults(rows.iter().zip(&ids).map(fault).collect());
    agree(&mut desk).await;
    let (_, steps) = newest(&desk.state_dir());
    for ((row, wanted), id) in rows.iter().zip(&ids) {
        let step = steps.iter().find(|step| step.record == *id).unwrap();
        let (there, sent) = (state(&desk.server, kind, id), sent(&desk.server, id));
        let outcome = step.outcome.unwrap();
        print(read, row.fault, how_often, kind, outcome.word(), there, sent);
        let told = format!("{read} {kind:?} {} {how_often}: {:?}", row.fault, step.reason);
        assert_eq!(outcome, *wanted, "{told}");
        assert_eq!(there == "gone", outcome == Done, "{told}");
        assert_eq!(sent, usize::from(outcome == Done), "{told}");
        assert!(outcome == Done || step.reason.as_deref().unwrap().starts_with("not sent, "), "{told}");
    }
    tells_the_same(&desk, Action::Delete, &steps);
}

/// The table, with what each row must come to.
fn rows(how_often: &str) -> impl Iterator<Item = (Row, Outcome)> {
    table().into_iter().map(move |row| {
        let wanted = if how_often == "once" { row.once } else { row.ever };
        (row, wanted)
    })
}

#[tokio::test(start_paused = true)]
async fn a_look_that_fails_before_a_delete_sends_nothing() {
    for kind in SOWN.into_iter().filter(|kind| *kind != Kind::Templates) {
        for how_often in ["once", "ever"] {
            try_looks("look", kind, &rows(how_often).collect::<Vec<_>>(), how_often).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_into_the_archive_that_fails_before_a_delete_sends_nothing() {
    for how_often in ["once", "ever"] {
        for row in rows(how_often) {
            try_looks("look", Kind::Templates, &[row], how_often).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_that_do_not_come_whole_are_not_deleted() {
    for how_often in ["once", "ever"] {
        // Bytes have no form that could be wrong.
        let rows = rows(how_often).filter(|(row, _)| row.fault != "another record");
        // What may be lost for good is asked for twice; a transfer that has begun is not begun again.
        let mut rows: Vec<_> = rows
            .map(|(row, wanted)| match (row.fault, how_often) {
                ("500", "once") => (row, Done),
                ("truncated", _) => (row, Failed),
                _ => (row, wanted),
            })
            .collect();
        let missing = row("404 while it is there", status(404), Done);
        rows.push((missing, if how_often == "once" { Done } else { Failed }));
        try_looks("download", Kind::Files, &rows, how_often).await;
    }
}

/// A 404 by id is no proof for what is archived: the list of archived ones has it.
#[tokio::test(start_paused = true)]
async fn a_look_that_answers_404_is_checked_where_an_archive_is() {
    for kind in [Kind::Processes, Kind::Templates, Kind::Tasks] {
        let (mut desk, ids) =
            desk(kind, Action::Delete, 6, SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
        mark(&mut desk, 6).await;
        let by_id = Fault::on("GET", &format!("/{}/", slug(kind)), status(404));
        desk.server.set_faults(vec![by_id]);
        assert!(desk.server.remove(slug(kind), &ids[5]));
        set_off(&mut desk, Action::Delete).await;
        let (_, steps) = newest(&desk.state_dir());
        for (n, id) in ids.iter().enumerate() {
            let step = steps.iter().find(|step| step.record == *id).unwrap();
            let (wanted, times) = if n == 5 { (AlreadyGone, 0) } else { (Done, 1) };
            assert_eq!((step.outcome, sent(&desk.server, id)), (Some(wanted), times), "{:?}", step.reason);
        }
        tells_the_same(&desk, Action::Delete, &steps);
    }
}

/// Where the organization cannot be read either, a 404 proves nothing.
#[tokio::test(start_paused = true)]
async fn nothing_is_gone_where_the_organization_does_not_answer() {
    for kind in SOWN {
        let (mut desk, ids) =
            desk(kind, Action::Delete, 1, SandboxSettings { scale: 60, ..SandboxSettings::default() }).await;
        let org = desk.server.org().to_owned();
        desk.server.set_faults(vec![
            Fault::on("GET", &ids[0], status(404)),
            Fault::on("GET", &format!("*/organizations/{org}"), status(404)),
            Fault::on("GET", "archived=only", answer(200, &[], Some(json!({"data": [],
                "meta": {"pagination": {"total": 0, "count": 0, "per_page": 100, "current_page": 1, "total_pages": 1}}})), false)),
        ]);
        carry_out(&mut desk, Action::Delete, 1).await;
        let (_, steps) = newest(&desk.state_dir());
        assert_eq!(
            (steps[0].outcome, sent(&desk.server, &ids[0])),
            (Some(Failed), 0),
            "{:?}",
            steps[0].reason
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_does_not_come_whole_says_so_and_loses_no_row() {
    // One that archives, one that does not, and the one that is gathered from others: the rest are read no other way.
    for kind in [Kind::Processes, Kind::Tags, Kind::Files] {
        let (mut desk, _) =
            desk(kind, Action::Archive, 105, SandboxSettings { scale: 60, ..SandboxSettings::default() })
                .await;
        let whole = desk.ids().len();
        assert!(whole >= 105);
        // Files have no list: they come with those of the others.
        let page = if kind == Kind::Files { "/runs?" } else { "page=2" };
        for (row, how_often, wanted) in ["once", "ever"].into_iter().flat_map(|how_often| {
            let rows = rows(how_often).filter(|(row, _)| row.fault != "another record");
            rows.map(move |(row, wanted)| (row, how_often, wanted))
        }) {
            let fault =
                Fault { call: Some(Operation::List), ..Fault::on("GET", page, row.fault_effect.clone()) };
            desk.server.set_faults(vec![often(fault, how_often)]);
            let said = |desk: &Desk| desk.log().matches("could not all be loaded").count();
            let before = (requests(&desk.server, "GET", page), said(&desk));
            desk.keys("R").await;
            desk.rest().await;
            assert!(requests(&desk.server, "GET", page) > before.0);
            // A page that went wrong once, and not because the server said no, is read once more at the end.
            let is_mended = kind != Kind::Files && how_often == "once" && row.fault != "403";
            let wanted = if is_mended { Done } else { wanted };
            let failed = !desk.state().listing().is_complete();
            print(
                "list",
                row.fault,
                how_often,
                kind,
                if failed { "told as not whole" } else { "whole" },
                "",
                0,
            );
            assert_eq!(failed, wanted == Failed, "{kind:?} {} {how_often}\n{}", row.fault, desk.screen());
            assert_eq!(said(&desk) - before.1, usize::from(failed));
            assert!(failed || desk.ids().len() == whole, "{kind:?} {} {how_often}", row.fault);
        }
        desk.server.set_faults(vec![]);
        desk.keys("R").await;
        desk.rest().await;
        assert_eq!(desk.ids().len(), whole, "{kind:?}");
    }
}
