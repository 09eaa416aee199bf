//! Jobs of the past that are gone on with: adopted, settled, continued, dropped.

use super::*;

/// What is left of a process that was killed: its locks are gone, its jobs are not over.
async fn cut_off(journal: &Journal, steps: usize) -> i64 {
    let log = journal.begin(plan(steps)).await.unwrap();
    log.job()
}

fn outcomes(directory: &TempDir, job: i64) -> Vec<Option<Outcome>> {
    let steps = read(directory).steps(job, &HistoryQuery::default()).unwrap();
    steps.iter().map(|step| step.outcome).collect()
}

fn state(directory: &TempDir, job: i64) -> StoredJobState {
    read(directory).job(job).unwrap().unwrap().state
}

#[tokio::test]
async fn an_unfinished_job_is_adopted_by_one_at_a_time() {
    let (directory, journal) = place();
    let log = journal.begin(plan(2)).await.unwrap();
    let job = log.job();
    let other = Journal::new(directory.path());
    assert!(journal.adopt(job).await.unwrap().is_none(), "it runs");
    assert!(other.adopt(job).await.unwrap().is_none(), "it runs elsewhere");
    drop(log);
    let adopted = other.adopt(job).await.unwrap().unwrap();
    assert_eq!((adopted.job(), state(&directory, job)), (job, StoredJobState::Running));
    assert!(journal.adopt(job).await.unwrap().is_none());
    drop(adopted);
    assert_eq!(state(&directory, job), StoredJobState::Unfinished);
    let adopted = journal.adopt(job).await.unwrap().unwrap();
    adopted.ended(vec![end(0, Outcome::NotSent), end(1, Outcome::NotSent)]).await.unwrap();
    adopted.end(AT, JobEndState::Dropped, None).await.unwrap();
    assert_eq!(state(&directory, job), StoredJobState::Over(JobEndState::Dropped));
    assert_eq!(JobEndState::Dropped.word(), "dropped");
    assert!(journal.adopt(job).await.unwrap().is_none(), "nothing is open of it");
    assert!(journal.adopt(99).await.unwrap().is_none(), "there is no such job");
}

#[tokio::test]
async fn only_what_is_unknown_comes_to_be_known() {
    use Outcome::{AlreadyGone, Done, Failed, Unknown};
    let (directory, journal) = place();
    let log = journal.begin(plan(3)).await.unwrap();
    let job = log.job();
    let kept = StepEnd { kept: Some("[]".into()), ..end(0, Unknown) };
    log.ended(vec![kept, end(1, Done), end(2, Unknown)]).await.unwrap();
    log.end(AT, JobEndState::Finished, None).await.unwrap();

    let adopted = journal.adopt(job).await.unwrap().unwrap();
    let read_back = StepEnd { reason: Some("read back".into()), ..end(0, AlreadyGone) };
    adopted.ended(vec![read_back, end(1, Failed)]).await.unwrap();
    assert_eq!(outcomes(&directory, job), [Some(AlreadyGone), Some(Done), Some(Unknown)]);
    adopted.ended(vec![end(0, Unknown), end(2, Done)]).await.unwrap();
    assert_eq!(outcomes(&directory, job), [Some(AlreadyGone), Some(Done), Some(Done)]);
    adopted.end(AT, JobEndState::Dropped, Some("too late".into())).await.unwrap();

    let history = read(&directory);
    let step = &history.steps(job, &HistoryQuery::default()).unwrap()[0];
    assert_eq!((step.reason.as_deref(), step.kept.as_deref()), (Some("read back"), Some("[]")));
    let past = history.job(job).unwrap().unwrap();
    assert_eq!(
        (past.state, past.reason),
        (StoredJobState::Over(JobEndState::Finished), None),
        "its ending stays"
    );
    assert!(journal.adopt(job).await.unwrap().is_none(), "nothing is unknown any more");
}

#[tokio::test]
async fn a_job_that_continues_another_ends_it_in_the_same_breath() {
    use Outcome::{Done, NotSent, Unknown};
    let (directory, journal) = place();
    let log = journal.begin(plan(4)).await.unwrap();
    let before = log.job();
    log.sent(0, 1, AT, None).await.unwrap();
    log.answered(answer(0, 200, None), Some(end(0, Done))).await.unwrap();
    log.sent(1, 1, AT, None).await.unwrap();
    drop(log);
    let rest = NewJob { continues: Some(before), ..plan(2) };
    let log = journal.begin(rest).await.unwrap();

    let history = read(&directory);
    assert_eq!(outcomes(&directory, before), [Some(Done), Some(Unknown), Some(NotSent), Some(NotSent)]);
    let steps = history.steps(before, &HistoryQuery::default()).unwrap();
    let reasons: Vec<_> = steps.iter().map(|step| step.reason.as_deref()).collect();
    let taken = Some("taken over by job 2");
    assert_eq!((log.job(), reasons), (2, vec![None, taken, taken, taken]));
    assert_eq!(state(&directory, before), StoredJobState::Over(JobEndState::Continued));
    assert_eq!(JobEndState::Continued.word(), "continued");
    assert_eq!(history.job(2).unwrap().unwrap().continues, Some(before));
    assert!(!directory.path().join("jobs/1.lock").exists());
}

#[tokio::test]
async fn a_job_that_is_not_free_is_not_continued_and_nothing_begins() {
    let (directory, journal) = place();
    let over = journal.begin(plan(1)).await.unwrap();
    over.end(AT, JobEndState::Cancelled, None).await.unwrap();
    let running = journal.begin(plan(1)).await.unwrap();
    let cut = cut_off(&journal, 1).await;
    let adopted = Journal::new(directory.path()).adopt(cut).await.unwrap().unwrap();
    for (job, why) in
        [(1, "it is over"), (2, "a tidyfy is at it"), (3, "a tidyfy is at it"), (9, "there is no such job")]
    {
        let refused = journal.begin(NewJob { continues: Some(job), ..plan(1) }).await.unwrap_err();
        assert_eq!(refused.to_string(), format!("job {job} cannot be taken over: {why}"));
    }
    assert_eq!(jobs(&directory).len(), 3);
    assert_eq!(running.job(), 2);
    drop(adopted);
    let log = journal.begin(NewJob { continues: Some(cut), ..plan(1) }).await.unwrap();
    log.sent(0, 1, AT, None).await.unwrap();
}

#[tokio::test]
async fn a_job_that_does_not_come_to_the_disk_takes_nothing_over() {
    let (directory, journal) = place();
    let cut = cut_off(&journal, 1).await;
    let connection = Connection::open(directory.path().join(FILE)).unwrap();
    for fault in ["ABORT", "ROLLBACK"] {
        let full =
            format!("CREATE TRIGGER full BEFORE INSERT ON steps BEGIN SELECT RAISE({fault}, 'no room'); END");
        connection.execute(&full, []).unwrap();
        let why = journal.begin(NewJob { continues: Some(cut), ..plan(1) }).await.unwrap_err();
        assert!(why.to_string().contains("no room"), "{why}");
        assert_eq!(
            (state(&directory, cut), outcomes(&directory, cut)),
            (StoredJobState::Unfinished, vec![None])
        );
        connection.execute("DROP TRIGGER full", []).unwrap();
    }
    assert!(journal.adopt(cut).await.unwrap().is_some());
}

#[test]
fn of_many_that_would_adopt_a_job_one_does() {
    let directory = tempfile::tempdir().unwrap();
    let job = on_a_runtime(async { cut_off(&Journal::new(directory.path()), 3).await });
    let together = Barrier::new(4);
    let adopt = || {
        let journal = Journal::new(directory.path());
        on_a_runtime(async {
            // The file is open before the rush.
            assert!(journal.adopt(99).await.unwrap().is_none());
            together.wait();
            // Looking must not be taken for being at it.
            let _looked = jobs(&directory);
            let adopted = journal.adopt(job).await.unwrap();
            together.wait();
            adopted.is_some()
        })
    };
    let adopted = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(adopt)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|one| *one).count()
    });
    assert_eq!(adopted, 1);
}

#[tokio::test]
async fn what_another_process_has_before_it_is_refused() {
    let (directory, journal) = place();
    let log = journal.begin(plan(3)).await.unwrap();
    log.ended(vec![end(0, Outcome::Done)]).await.unwrap();
    let mut others = plan(2);
    others.organization = "f00d".into();
    let elsewhere = journal.begin(others).await.unwrap();
    let connection = Connection::open(directory.path().join(FILE)).unwrap();
    connection.execute("UPDATE jobs SET owner = 'another process'", []).unwrap();

    let refused = journal.begin(plan(2)).await.unwrap_err();
    assert_eq!(refused, JournalError::Busy { records: 1, job: log.job() });
    assert_eq!(refused.to_string(), "job 1, which another tidyfy is at, has 1 of these records before it");
    // One that nobody is at keeps nobody from its records.
    drop(log);
    journal.begin(plan(2)).await.unwrap();
    drop(elsewhere);
}
