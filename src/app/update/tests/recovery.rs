//! Unfinished jobs of earlier runs.

use super::*;
use crate::model::failure::{Cause, Failure};
use crate::model::kind::Action;
use crate::model::outcome::Outcome;
use crate::model::plan::{Options, Target};
use crate::model::recovery::{OldJournal, UnfinishedJob, UnfinishedJobs};

fn unfinished_job(job: i64, action: Action, left: usize) -> UnfinishedJob {
    let outcomes = [(Outcome::Done, 22), (Outcome::NotSent, left)];
    UnfinishedJob {
        job,
        action,
        confirmed: "2026-11-22T14:02:11Z".parse().unwrap(),
        kinds: vec![(Kind::Processes, 22 + left)],
        tally: outcomes.iter().flat_map(|(outcome, n)| vec![*outcome; *n]).collect(),
        rest: records(left).into_iter().map(Target::from).collect(),
        reassignee: None,
        options: Options::default(),
        elsewhere: false,
        reading: 0,
        archived: 0,
    }
}

fn is_unfinished(work: &Request) -> bool {
    matches!(work, Request::Unfinished)
}

fn is_drop(work: &Request) -> bool {
    matches!(work, Request::DropJob(_))
}

fn is_open(bench: &Bench) -> bool {
    matches!(bench.state.overlay, Some(Overlay::Recovery(_)))
}

/// Everything else has been answered when these are found.
fn finding(mut bench: Bench, unfinished_jobs: Vec<UnfinishedJob>) -> Bench {
    let identify = Response::Identified(Ok(organization()));
    bench.answer(|work| matches!(work, Request::Identify), identify);
    bench.answer(is_unfinished, Response::Unfinished(Ok(unfinished_jobs)));
    bench.settle();
    bench
}

fn found(unfinished_jobs: Vec<UnfinishedJob>) -> Bench {
    let mut bench = finding(Bench::starting(false), unfinished_jobs);
    assert!(is_open(&bench));
    bench.look();
    bench
}

#[test]
fn unfinished_jobs_are_looked_for_at_the_start() {
    let mut bench = Bench::starting(false);
    assert!(bench.asked(is_unfinished).is_some());
    let failure = Failure::new(Cause::TimedOut, "no answer in 30 s");
    bench.answer(|work| matches!(work, Request::Identify), Response::Identified(Err(failure)));
    bench.keys("R");
    bench.answer(|work| matches!(work, Request::Identify), Response::Identified(Ok(organization())));
    bench.settle();
    assert!(!is_open(&bench) && bench.notice().is_empty());
    bench.keys(": u n f i n enter");
    bench.settle();
    assert_eq!(bench.notice(), "no job is unfinished");
}

/// What the journal says of a job of which `reading` steps are being read back.
fn left_open(reading: usize) -> UnfinishedJobs {
    let tally = [vec![Outcome::Unknown; reading], vec![Outcome::NotSent; 3]].concat().into_iter().collect();
    let unfinished_jobs = vec![UnfinishedJob { tally, reading, ..unfinished_job(4, Action::Archive, 3) }];
    UnfinishedJobs { unfinished_jobs, ..UnfinishedJobs::default() }
}

/// Reports something of the unfinished jobs before their answer.
fn report(bench: &mut Bench, response: Response) {
    let request_id = bench.asked(is_unfinished).unwrap();
    bench.send(EventKind::Reply(request_id, response));
}

#[test]
fn an_unfinished_job_is_shown_before_the_server_answers_anything() {
    let mut bench = Bench::starting(false);
    report(&mut bench, Response::UnfinishedJobs(left_open(16)));
    assert!(is_open(&bench), "nothing else has been answered");
    bench.look();
    let told = |bench: &Bench| {
        let zone = bench.state.setup.zone.clone();
        crate::app::recovery::told(&bench.state.recovery.unfinished_jobs[0], "", &zone, 70)
            .iter()
            .map(|line| line.text.clone())
            .collect::<Vec<_>>()
            .join("; ")
    };
    assert!(told(&bench).contains("16 unknown, 3 not sent"), "{}", told(&bench));
    assert!(told(&bench).ends_with("reading back 16 ..."), "{}", told(&bench));
    report(&mut bench, Response::ReadBack { job: 4, outcome: Outcome::Done });
    assert!(told(&bench).contains("1 done, 15 unknown, 3 not sent"), "{}", told(&bench));
    assert!(told(&bench).ends_with("reading back 15 ..."), "{}", told(&bench));
    for key in ["f", "d"] {
        bench.keys(key);
        bench.look();
        assert!(bench.plan().is_none() && bench.asked(is_drop).is_none());
        assert!(bench.notice().starts_with("15 are still being read back"), "{}", bench.notice());
        bench.look();
    }
    bench.answer(is_unfinished, Response::Unfinished(Ok(vec![unfinished_job(4, Action::Archive, 3)])));
    bench.answer(|work| matches!(work, Request::Identify), Response::Identified(Ok(organization())));
    bench.look();
    bench.keys("f");
    bench.look();
    assert_eq!(bench.plan().unwrap().continues, Some(4));
}

#[test]
fn a_person_who_left_while_jobs_were_read_back_is_not_called_back() {
    let mut bench = Bench::starting(false);
    report(&mut bench, Response::UnfinishedJobs(left_open(2)));
    bench.look();
    bench.keys("esc");
    assert!(!is_open(&bench));
    bench.answer(|work| matches!(work, Request::Identify), Response::Identified(Ok(organization())));
    bench.keys(": u n f i n enter");
    assert!(is_open(&bench), "as far as it is known");
    bench.look();
    bench.keys("esc");
    bench.answer(is_unfinished, Response::Unfinished(Ok(vec![unfinished_job(4, Action::Archive, 3)])));
    bench.settle();
    assert!(!is_open(&bench) && bench.notice().starts_with("unfinished jobs are read back"));
}

#[test]
fn an_earlier_journal_with_unfinished_jobs_is_acknowledged_on_the_page() {
    let mut bench = Bench::starting(false);
    let old = |file: &str, unfinished| OldJournal { file: file.into(), unfinished };
    let old = vec![old("journal-old-2026-11-30.sqlite3", 2), old("journal-old-2026-11-29.sqlite3", 0)];
    report(&mut bench, Response::UnfinishedJobs(UnfinishedJobs { old, ..UnfinishedJobs::default() }));
    let is_of = |day: &'static str| move |work: &Request| matches!(work, Request::Acknowledge(file) if file.contains(day));
    assert!(bench.asked(is_of("29")).is_some(), "one without is only named");
    assert!(bench.notice().contains("was kept as `journal-old-2026-11-29.sqlite3`"), "{}", bench.notice());
    assert!(is_open(&bench) && bench.asked(is_of("30")).is_none());
    bench.answer(is_unfinished, Response::Unfinished(Ok(vec![])));
    bench.look();
    bench.keys("d");
    bench.look();
    assert!(bench.asked(is_of("30")).is_some() && !is_open(&bench));
}

#[test]
fn the_rest_goes_through_the_dialog_and_the_page_comes_back_when_it_is_kept() {
    let mut bench = found(vec![unfinished_job(4, Action::Archive, 3), unfinished_job(9, Action::Archive, 2)]);
    bench.keys("f");
    assert!(bench.plan().is_none(), "not before the key has stood alone");
    bench.look();
    let plan = bench.plan().unwrap();
    assert_eq!((plan.continues, plan.count(), plan.action), (Some(4), 3, Action::Archive));
    assert_eq!(plan.preface, ["finishes job 4 of 2026-11-22 14:02"]);
    assert!(bench.open.is_empty(), "nothing goes on by itself");
    bench.look();
    bench.keys("esc");
    assert!(is_open(&bench));
    bench.look();
    bench.keys("f");
    bench.look();
    bench.look();
    bench.keys("y");
    bench.look();
    let applied = bench.asked(|work| matches!(work, Request::RunJob(_))).unwrap();
    assert!(is_open(&bench) && bench.state.recovery.unfinished_jobs.len() == 1);
    bench.look();
    bench.keys("esc : u n f i n enter");
    bench.answer(is_unfinished, Response::Unfinished(Ok(vec![unfinished_job(4, Action::Archive, 3)])));
    assert!(!is_open(&bench), "what goes on here is not unfinished");
    assert_eq!(applied, bench.open[0].0);
    // Its records are the running job's.
    bench.keys("a");
    assert_eq!(bench.plan().unwrap().blocked[0].reason, "already in a running job");
}

#[test]
fn one_can_be_dropped_and_type_ahead_drops_none() {
    let mut bench = finding(
        Bench::starting(false),
        vec![unfinished_job(4, Action::Archive, 3), unfinished_job(9, Action::Delete, 2)],
    );
    bench.keys("d esc f d");
    bench.send(EventKind::Paste("d".into()));
    bench.look();
    assert!(is_open(&bench) && bench.open.is_empty());
    bench.keys("j d");
    bench.look();
    assert!(matches!(bench.open.as_slice(), [(_, Request::DropJob(9))]));
    bench.answer(is_drop, Response::Dropped(Ok(())));
    assert_eq!(
        (bench.notice(), bench.state.recovery.unfinished_jobs.len()),
        ("dropped: history keeps it", 1)
    );
    bench.look();
    bench.keys("d");
    bench.look();
    let failure = Failure::new(Cause::Unrecorded, "the disk is full");
    bench.answer(is_drop, Response::Dropped(Err(failure)));
    assert!(is_open(&bench) && bench.notice().contains("the disk is full"));
    bench.keys("d");
    bench.look();
    bench.answer(is_drop, Response::Dropped(Ok(())));
    assert!(bench.state.overlay.is_none());
}

#[test]
fn with_nothing_left_to_do_the_job_is_closed() {
    let mut bench = found(vec![unfinished_job(4, Action::Archive, 0)]);
    bench.keys("f");
    bench.look();
    assert_eq!(bench.notice(), "nothing of it was left to do: closing it");
    bench.answer(is_drop, Response::Dropped(Ok(())));
    assert!(bench.state.overlay.is_none());
}

#[test]
fn one_that_runs_elsewhere_is_left_alone() {
    let mut bench = found(vec![UnfinishedJob { elsewhere: true, ..unfinished_job(4, Action::Archive, 3) }]);
    for key in ["f", "d"] {
        bench.keys(key);
        bench.look();
        assert!(is_open(&bench) && bench.notice().contains("another tidyfy"));
        assert!(matches!(bench.open.as_slice(), [(_, Request::Unfinished)]), "{:?}", bench.open);
        bench.keys(key);
        bench.look();
        assert_eq!(bench.open.len(), 1, "one look at a time");
        let still = vec![UnfinishedJob { elsewhere: true, ..unfinished_job(4, Action::Archive, 3) }];
        bench.answer(is_unfinished, Response::Unfinished(Ok(still)));
        bench.look();
    }
    bench.keys("f");
    bench.look();
    bench.answer(is_unfinished, Response::Unfinished(Ok(vec![])));
    assert_eq!((is_open(&bench), bench.notice()), (false, "no job is unfinished"));
}

#[test]
fn a_key_that_was_meant_for_a_job_that_went_is_read_by_no_other() {
    for renewed in [true, false] {
        let other = UnfinishedJob { elsewhere: renewed, ..unfinished_job(9, Action::Delete, 2) };
        let mut bench = found(vec![unfinished_job(4, Action::Archive, 3), other]);
        bench.keys(if renewed { "j d" } else { "d" });
        bench.look();
        if renewed {
            bench.answer(is_unfinished, Response::Unfinished(Ok(vec![unfinished_job(9, Action::Delete, 2)])));
        } else {
            bench.answer(is_drop, Response::Dropped(Ok(())));
        }
        let before = bench.open.len();
        // No frame has shown the page as it is now, and then one has only just.
        for key in ["d", "f"] {
            bench.keys(key);
            bench.tick += Duration::from_millis(5);
            bench.send(EventKind::Due);
            assert!(bench.open.len() == before && bench.plan().is_none(), "{:?}", bench.open);
            bench.send(EventKind::Drawn);
        }
        bench.look();
        bench.keys("f");
        bench.look();
        assert_eq!(bench.plan().unwrap().continues, Some(9));
    }
}

#[test]
fn what_is_archived_already_is_said_before_it_is_deleted() {
    for (archived, words) in [(1, "1 of these is archived already"), (2, "2 of these are archived already")] {
        let mut bench = found(vec![UnfinishedJob { archived, ..unfinished_job(4, Action::Delete, 3) }]);
        bench.keys("f");
        bench.look();
        assert_eq!(bench.plan().unwrap().preface[1..], [words]);
    }
}

#[test]
fn read_only_shows_them_and_finishes_none() {
    let mut bench = finding(Bench::starting(true), vec![unfinished_job(4, Action::Archive, 3)]);
    bench.look();
    bench.keys("f");
    bench.look();
    assert_eq!((bench.notice(), is_open(&bench)), ("read-only mode", true));
}

#[test]
fn they_wait_until_what_is_open_is_closed() {
    let mut bench = Bench::starting(false);
    bench.keys("?");
    bench = finding(bench, vec![unfinished_job(4, Action::Archive, 3)]);
    assert!(matches!(bench.state.overlay, Some(Overlay::Help(_))));
    bench.keys("esc");
    assert!(is_open(&bench));
    bench.send(EventKind::LockedOut(Some(Failure::answered(Cause::Unauthorized, 401, "Unauthenticated."))));
    bench.keys("d esc");
    bench.look();
    assert!(is_open(&bench) && bench.open.is_empty());
    bench.look();
    bench.keys("esc j");
    assert!(bench.state.overlay.is_none());
}

#[test]
fn no_letter_that_is_typed_elsewhere_drops_an_unfinished_job() {
    for open in ["/", "space m /", "enter /"] {
        let mut bench = Bench::starting(false);
        bench.answer(|work| matches!(work, Request::Identify), Response::Identified(Ok(organization())));
        let at = bench.open.iter().position(|(_, work)| is_unfinished(work)).unwrap();
        let (request_id, _) = bench.open.remove(at);
        bench.settle();
        bench.keys(open);
        bench.keys("o l");
        bench.send(EventKind::Reply(
            request_id,
            Response::Unfinished(Ok(vec![unfinished_job(4, Action::Archive, 1)])),
        ));
        bench.look();
        bench.keys("d");
        bench.look();
        assert!(bench.asked(is_drop).is_none(), "{open}: the `d` of `old` dropped the rest of a job");
        bench.keys("esc");
        assert!(is_open(&bench), "{open}: the page waits for the end of the typing");
    }
}
