//! What went wrong in a job, and what can be done with the lines that tell it.

use super::*;
use crate::app::effect::CopyRequest;
use crate::app::event::{Attempt, CopyMethod, CopyResult, JobEnd};
use crate::app::state::Focus;
use crate::app::status_pane::StatusText;
use crate::model::failure::{Cause, Failure};
use crate::model::outcome::Outcome;

const ORGANIZATION: &str = "https://go.tallyfy.com/api/organizations/e0d1c2b3a4958677";

fn attempt(record: &Record, result: Result<u16, Failure>) -> EventKind {
    EventKind::Attempt(Attempt {
        method: "DELETE",
        purpose: "archive",
        kind: Some(record.kind()),
        id: Some(record.id().clone()),
        name: record.name().to_owned(),
        url: format!("{ORGANIZATION}/runs/{}", record.id()),
        took: Duration::from_millis(48),
        result,
        again_in: None,
    })
}

/// A job on all five processes, of which two are refused for one cause, one for another, one is held and one is done.
fn ended() -> Bench {
    let mut bench = Bench::new();
    bench.keys("* a");
    bench.look();
    bench.keys("y");
    bench.look();
    let request_id = bench.asked(|work| matches!(work, Request::RunJob(_))).unwrap();
    bench.send(EventKind::Reply(request_id, Response::Started));
    let answers = [
        (Outcome::Refused, Some(422), "Thing 1 must be completed first"),
        (Outcome::Done, Some(200), ""),
        (Outcome::Refused, Some(422), "Thing 3 must be completed first"),
        (Outcome::Refused, Some(403), "no access to this"),
        (Outcome::Changed, None, "updated was 2026-11-01T10:00:00Z, is 2026-11-02T10:00:00Z"),
    ];
    for (step, (record, (outcome, status, reason))) in records(5).iter().zip(answers).enumerate() {
        match status {
            Some(200) => bench.send(attempt(record, Ok(200))),
            Some(status) => {
                bench.send(attempt(record, Err(Failure::answered(Cause::Invalid, status, reason))));
            }
            None => {}
        }
        let reason = (outcome != Outcome::Done).then(|| reason.to_owned());
        let step = Response::Step { step, outcome, reason, record: None, remark: None };
        bench.send(EventKind::Reply(request_id, step));
    }
    let tally = answers.iter().map(|(outcome, _, _)| *outcome).collect();
    let end = JobEnd { tally, cancelled: false, stopped: None };
    bench.answer(|work| matches!(work, Request::RunJob(_)), Response::JobEnded(end));
    bench
}

fn marked(bench: &Bench) -> Vec<&str> {
    bench.state.marks.all().map(|mark| mark.record.name()).collect()
}

fn is_copy(work: &Request) -> bool {
    matches!(work, Request::Copy(_))
}

fn clipped(bench: &mut Bench) -> Option<String> {
    let (_, Request::Copy(clip)) = bench.open.iter().find(|(_, work)| is_copy(work))?.clone() else {
        panic!()
    };
    let CopyRequest::Text { what, text } = clip else { panic!("{clip:?}") };
    let way = CopyMethod::Terminal { text, because: None };
    bench.answer(is_copy, Response::Copied(Ok(CopyResult { what, way })));
    bench.wanted.drain(..).find_map(|effect| match effect {
        Effect::CopyToTerminal(text) => Some(text),
        _ => None,
    })
}

#[test]
fn a_line_a_cause_stands_above_the_sum() {
    let bench = ended();
    let log = bench.log();
    let lines: Vec<&str> = log.lines().map(|line| &line[10..]).collect();
    assert_eq!(
        lines[lines.len() - 4..],
        [
            "2 refused: … must be completed first",
            "1 refused: no access to this",
            "1 changed: updated was 2026-11-01T10:00:00Z, is 2026-11-02T10:00:00Z",
            "archive finished: 1 done, 3 refused, 1 changed",
        ]
    );
}

#[test]
fn a_groups_records_can_be_marked_alone_and_the_former_marks_come_back() {
    let mut bench = ended();
    assert_eq!(marked(&bench), ["Thing 1", "Thing 3", "Thing 4", "Thing 5"]);
    bench.keys("@ k k k space");
    assert_eq!(marked(&bench), ["Thing 1", "Thing 3"]);
    assert!(bench.notice().starts_with("only 2 processes marked"));
    let mark = bench.state.marks.all().nth(1).unwrap();
    assert_eq!(mark.failed.as_deref(), Some("refused: Thing 3 must be completed first"));
    bench.keys("space");
    assert_eq!(marked(&bench), ["Thing 1", "Thing 3", "Thing 4", "Thing 5"]);
    bench.keys("G space e Y");
    assert_eq!((marked(&bench).len(), bench.open.len(), clipped(&mut bench)), (4, 0, None));
}

#[test]
fn requests_are_copied_as_commands() {
    let mut bench = ended();
    bench.keys("@ k Y");
    assert_eq!((clipped(&mut bench), bench.notice()), (None, "no request of these was sent"));
    bench.keys("k k Y");
    let text = clipped(&mut bench).unwrap();
    assert_eq!(bench.notice(), "copied 2 requests (terminal, OSC 52)");
    let lines: Vec<&str> = text.lines().collect();
    let [first, third] = [1, 3].map(|n| format!("curl -X DELETE '{ORGANIZATION}/runs/{n:032x}' -H "));
    assert!(lines.len() == 2 && lines[0].starts_with(&first) && lines[1].starts_with(&third), "{text}");
    // The line of an attempt, above the causes.
    bench.keys("k Y");
    assert!(clipped(&mut bench).unwrap().contains(&format!("{:032x}", 4)));
    assert_eq!(bench.notice(), "copied the request (terminal, OSC 52)");
}

#[test]
fn a_group_is_written_into_a_file() {
    let mut bench = ended();
    bench.keys("@ k k k e");
    let Some((_, Request::Write { name, text })) = bench.open.first().cloned() else { panic!() };
    assert!(name.starts_with("tidyfy-refused-20261122-1905") && name.ends_with(".csv"), "{name}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[1].ends_with(",refused,422,Thing 1 must be completed first"), "{text}");
    assert!(
        lines[1].contains(&format!("Thing 1,DELETE,/api/organizations/e0d1c2b3a4958677/runs/{:032x}", 1))
    );
    let is_write = |work: &Request| matches!(work, Request::Write { .. });
    bench.answer(is_write, Response::Written(Ok(format!("./{name}"))));
    assert_eq!(bench.notice(), format!("written: ./{name}"));
    bench.keys("e");
    let failure = Failure::new(Cause::Unrecorded, "`x.csv` could not be written: no room");
    bench.answer(is_write, Response::Written(Err(failure)));
    assert!(bench.notice().contains("no room") && bench.log().contains("no room"));
}

#[test]
fn the_cursor_stays_in_sight_wherever_it_goes() {
    let mut bench = Bench::new();
    for n in 0..40 {
        let words = format!("note {n} {}", "and more ".repeat(n % 7 * 5));
        bench.state.status.tell(Moment::start(Timestamp::UNIX_EPOCH), StatusText::Note(words));
    }
    let status = &mut bench.state.status;
    for (rows, width) in [(1, 40), (2, 30), (5, 60), (9, 100), (30, 20)] {
        for below in 0..40 {
            status.below = below;
            let window = status.window(&bench.state.setup.zone, width, rows);
            assert_eq!(window.lines.len(), rows, "{below} {rows}x{width}");
            let current: Vec<&str> =
                window.lines.iter().filter(|line| line.is_current).map(|line| line.text.as_str()).collect();
            let number = current[0].split_whitespace().nth(2).unwrap();
            assert_eq!(number, (39 - below).to_string(), "{current:?}");
            let seen = window.lines.iter().rev().take_while(|line| !line.is_current);
            assert_eq!(window.newer + seen.filter(|line| line.is_first).count(), below);
        }
    }
}

fn step(step: usize, outcome: Outcome) -> Response {
    let reason = (outcome != Outcome::Done).then(|| "no".to_owned());
    Response::Step { step, outcome, reason, record: None, remark: None }
}

fn is_apply(work: &Request) -> bool {
    matches!(work, Request::RunJob(_))
}

#[test]
fn the_only_group_marks_its_records_although_they_are_marked_already() {
    let mut bench = Bench::new();
    bench.keys("* a");
    bench.look();
    bench.keys("y");
    bench.look();
    let request_id = bench.asked(is_apply).unwrap();
    let outcomes = [Outcome::Refused, Outcome::Refused, Outcome::Done, Outcome::Done, Outcome::Done];
    for (n, outcome) in outcomes.into_iter().enumerate() {
        bench.send(EventKind::Reply(request_id, step(n, outcome)));
    }
    let end = JobEnd { tally: outcomes.into_iter().collect(), cancelled: false, stopped: None };
    bench.answer(is_apply, Response::JobEnded(end));
    for words in ["only 2 processes marked", "the former marks are back", "only 2 processes marked"] {
        bench.keys(if bench.state.focus == Focus::Status { "space" } else { "@ k space" });
        assert_eq!(marked(&bench), ["Thing 1", "Thing 2"]);
        assert!(bench.notice().starts_with(words), "{}", bench.notice());
    }
    // What was cleared in between is not what the group took away.
    bench.keys("@ M M @ k space");
    assert_eq!(marked(&bench), ["Thing 1", "Thing 2"]);
}

#[test]
fn another_groups_marks_are_not_taken_for_ones_own() {
    let mut bench = ended();
    bench.keys("@ k k k space j space k");
    assert_eq!(marked(&bench), ["Thing 4"]);
    bench.keys("space");
    assert_eq!(marked(&bench), ["Thing 1", "Thing 3"], "marked anew");
    bench.keys("space");
    assert_eq!(marked(&bench), ["Thing 4"]);
}

/// All five live processes are archived first and then deleted, by steps that begin now.
fn deleting() -> (Bench, RequestId) {
    let mut bench = Bench::new();
    bench.keys("* D");
    bench.look();
    bench.keys("space");
    bench.look();
    bench.keys("shift-tab d e l e t e space 5 enter");
    bench.look();
    let request_id = bench.asked(is_apply).unwrap();
    (bench, request_id)
}

#[test]
fn what_was_archived_stays_so_where_its_deletion_fails() {
    for is_marked in [true, false] {
        let (mut bench, request_id) = deleting();
        if !is_marked {
            bench.keys("M");
        }
        bench.send(EventKind::Reply(request_id, step(0, Outcome::Done)));
        bench.send(EventKind::Reply(request_id, step(1, Outcome::Failed)));
        let mark = bench.state.marks.all().find(|mark| mark.record.name() == "Thing 1").unwrap();
        assert!(mark.record.is_archived() && mark.failed.as_deref() == Some("failed: no"), "{is_marked}");
        let job = bench.state.jobs.get_mut(request_id).unwrap();
        assert!(job.losses[0].record.is_archived());
        // One that was not archived is as live as it was.
        bench.send(EventKind::Reply(request_id, step(2, Outcome::Failed)));
        let mark = bench.state.marks.all().find(|mark| mark.record.name() == "Thing 2").unwrap();
        assert!(!mark.record.is_archived(), "{is_marked}");
    }
}

#[test]
fn a_record_that_is_archived_and_then_deleted_leaves_once() {
    let (mut bench, request_id) = deleting();
    let active = |bench: &Bench| bench.state.listing().active_total;
    for (n, outcome, left) in [(0, Outcome::Done, 4), (1, Outcome::Done, 4), (2, Outcome::AlreadyGone, 3)] {
        bench.send(EventKind::Reply(request_id, step(n, outcome)));
        assert_eq!(active(&bench), Some(left), "after step {n}");
    }
}

#[test]
fn a_job_says_what_it_archived_and_did_not_delete_and_what_is_unknown() {
    use Outcome::{Changed, Done, NotSent, Refused, Unknown};
    let (mut bench, request_id) = deleting();
    let outcomes = [Done, Done, Done, Changed, Done, NotSent, Done, Unknown, Refused, NotSent];
    for (n, outcome) in outcomes.into_iter().enumerate() {
        bench.send(EventKind::Reply(request_id, step(n, outcome)));
    }
    let tally = [Done, Changed, NotSent, Unknown, Refused].into_iter().collect();
    bench.answer(is_apply, Response::JobEnded(JobEnd { tally, cancelled: true, stopped: None }));
    let log = bench.log();
    let lines: Vec<&str> = log.lines().rev().take(3).map(|line| &line[10..]).collect();
    assert!(lines[0].starts_with("delete cancelled: 1 done"), "{log}");
    assert_eq!(lines[1..], ["2 were archived and not deleted", "1 is unknown: t reads it back"]);
    assert!(bench.state.jobs.has_failed);
    bench.keys("t");
    bench.answer(|work| matches!(work, Request::PlanRecovery(_)), Response::RecoveryPlanned(Ok(None)));
    assert!(!bench.state.jobs.has_failed, "there is nothing for it any more");
}

#[test]
fn a_pane_that_is_left_follows_its_newest_lines_again() {
    for leave in ["esc", "@", "tab"] {
        let mut bench = ended();
        bench.keys("@ k k");
        assert_eq!(bench.state.status.below, 2);
        bench.keys(leave);
        assert_eq!((bench.state.focus, bench.state.status.below), (Focus::Table, 0), "{leave}");
    }
}
