mod chain;
mod damage;
mod files;
mod records;
mod recovery;

use std::fs;
use std::sync::Barrier;
use std::thread;

use futures_util::future::join_all;
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;

const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn plan(steps: usize) -> NewJob {
    let step = |n: usize| NewStep {
        kind: "tags",
        record: n.to_string(),
        name: format!("Tag {n}"),
        method: "DELETE",
        path: format!("/api/organizations/e0d1/tags/{n}"),
        action: "delete",
        after: None,
        fields: format!(r#"{{"title":"Tag {n}"}}"#),
    };
    NewJob {
        base_url: "http://127.0.0.1:9/api".into(),
        organization: "e0d1".into(),
        organization_name: "Acme Ltd".into(),
        action: "delete",
        person: None,
        backups: None,
        reassignee: None,
        continues: None,
        created: AT,
        started: AT,
        steps: (0..steps).map(step).collect(),
    }
}

fn answer(step: usize, status: u16, words: Option<&str>) -> JournalResult {
    let took = Duration::from_millis(7);
    let request_id = Some(format!("r-{step}"));
    JournalResult {
        step,
        attempt: 1,
        at: AT,
        took,
        status: Some(status),
        request_id,
        words: words.map(str::to_owned),
    }
}

fn end(step: usize, outcome: Outcome) -> StepEnd {
    StepEnd { step, at: AT, outcome, reason: None, kept: None }
}

fn place() -> (TempDir, Journal) {
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal::new(directory.path());
    (directory, journal)
}

fn read(directory: &TempDir) -> History {
    History::open(directory.path()).unwrap().unwrap()
}

fn jobs(directory: &TempDir) -> Vec<PastJob> {
    read(directory).jobs(&HistoryQuery::default()).unwrap()
}

#[tokio::test]
async fn what_is_noted_can_be_read_back() {
    let (directory, journal) = place();
    assert!(History::open(directory.path()).unwrap().is_none());
    let log = journal.begin(plan(3)).await.unwrap();
    log.sent(0, 1, AT, None).await.unwrap();
    log.answered(answer(0, 200, None), Some(end(0, Outcome::Done))).await.unwrap();
    log.sent(1, 1, AT, None).await.unwrap();
    log.answered(answer(1, 429, Some("slow down")), None).await.unwrap();
    log.sent(1, 2, AT, None).await.unwrap();
    log.ended(vec![end(2, Outcome::NotSent)]).await.unwrap();

    let history = read(&directory);
    let job = history.job(1).unwrap().unwrap();
    assert_eq!((job.steps, job.state), (3, StoredJobState::Running));
    assert_eq!(job.outcomes, [(Outcome::Done, 1), (Outcome::NotSent, 1)]);
    let steps = history.steps(1, &HistoryQuery::default()).unwrap();
    let ended: Vec<_> = steps.iter().map(|step| step.outcome).collect();
    assert_eq!(ended, [Some(Outcome::Done), None, Some(Outcome::NotSent)]);
    let sent: Vec<_> = steps[1].attempts.iter().map(|sent| (sent.n, sent.status, sent.ended)).collect();
    assert_eq!(sent, [(1, Some(429), Some(AT)), (2, None, None)]);
    assert_eq!(steps[1].attempts[0].words.as_deref(), Some("slow down"));
    assert_eq!(steps[0].attempts[0].request_id.as_deref(), Some("r-0"));

    log.end(AT, JobEndState::Cancelled, None).await.unwrap();
    assert_eq!(history.job(1).unwrap().unwrap().state, StoredJobState::Over(JobEndState::Cancelled));
    assert_eq!(history.job(2).unwrap(), None);
}

#[tokio::test]
async fn jobs_and_steps_are_found_by_what_they_are() {
    let (directory, journal) = place();
    for (outcome, seconds) in [(Outcome::Done, 0), (Outcome::Refused, 100)] {
        let started = Timestamp::from_second(seconds).unwrap();
        let log = journal.begin(NewJob { started, ..plan(2) }).await.unwrap();
        log.ended(vec![end(0, outcome), end(1, Outcome::Failed)]).await.unwrap();
        log.end(AT, JobEndState::Finished, None).await.unwrap();
    }
    let history = read(&directory);
    let found =
        |wanted: HistoryQuery| history.jobs(&wanted).unwrap().iter().map(|job| job.id).collect::<Vec<_>>();
    let all = HistoryQuery::default;
    assert_eq!(found(all()), [2, 1]);
    assert_eq!(found(HistoryQuery { outcome: Some(Outcome::Refused), ..all() }), [2]);
    assert_eq!(found(HistoryQuery { since: Timestamp::from_second(1).ok(), ..all() }), [2]);
    assert_eq!(found(HistoryQuery { action: Some("archive".into()), ..all() }), [0; 0]);
    assert_eq!(
        found(HistoryQuery { kind: Some("tags".into()), action: Some("delete".into()), ..all() }),
        [2, 1]
    );
    assert_eq!(found(HistoryQuery { kind: Some("files".into()), ..all() }), [0; 0]);
    let steps = history.steps(1, &HistoryQuery { outcome: Some(Outcome::Failed), ..all() }).unwrap();
    assert_eq!(steps.iter().map(|step| step.n).collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn a_job_is_locked_while_it_runs_and_only_then() {
    let (directory, journal) = place();
    let (first, second) = (journal.begin(plan(1)).await.unwrap(), journal.begin(plan(1)).await.unwrap());
    let states = || jobs(&directory).iter().map(|job| job.state).collect::<Vec<_>>();
    assert_eq!(states(), [StoredJobState::Running; 2]);
    drop(second);
    first.end(AT, JobEndState::Finished, None).await.unwrap();
    assert_eq!(states(), [StoredJobState::Unfinished, StoredJobState::Over(JobEndState::Finished)]);
    assert!(!directory.path().join("jobs/1.lock").exists());
}

/// A runtime as a process of its own has one.
fn on_a_runtime<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

#[test]
fn journals_that_know_nothing_of_each_other_share_one_file() {
    let directory = tempfile::tempdir().unwrap();
    let together = Barrier::new(3);
    let whole = || {
        let journal = Journal::new(directory.path());
        together.wait();
        on_a_runtime(async {
            let log = journal.begin(plan(30)).await.unwrap();
            for step in 0..30 {
                log.sent(step, 1, AT, None).await.unwrap();
                log.answered(answer(step, 200, None), Some(end(step, Outcome::Done))).await.unwrap();
            }
            log.end(AT, JobEndState::Finished, None).await.unwrap();
        });
    };
    thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(whole))));
    let jobs = jobs(&directory);
    assert_eq!(jobs.len(), 3);
    for job in jobs {
        assert_eq!(
            (job.state, job.outcomes),
            (StoredJobState::Over(JobEndState::Finished), vec![(Outcome::Done, 30)])
        );
    }
}

#[tokio::test]
async fn what_waits_together_is_written_together() {
    let (directory, journal) = place();
    let log = journal.begin(plan(64)).await.unwrap();
    let pages = || {
        let length = fs::metadata(directory.path().join("journal.sqlite3-wal")).unwrap().len();
        length / 4096
    };
    let before = pages();
    join_all((0..64).map(|step| log.sent(step, 1, AT, None))).await.into_iter().for_each(Result::unwrap);
    let together = pages() - before;
    assert!((1..16).contains(&together), "64 notes took {together} pages");
    assert_eq!(
        Connection::open(directory.path().join(FILE))
            .unwrap()
            .query_row("SELECT count(*) FROM attempts", [], |row| row.get::<_, i64>(0))
            .unwrap(),
        64
    );
}

#[tokio::test]
async fn a_job_that_is_not_taken_leaves_nothing_behind() {
    let (directory, journal) = place();
    drop(journal.begin(plan(1)).await.unwrap());
    let connection = Connection::open(directory.path().join(FILE)).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON steps BEGIN SELECT RAISE(ABORT, 'no room'); END";
    connection.execute(full, []).unwrap();
    let why = journal.begin(plan(1)).await.unwrap_err();
    assert!(why.to_string().contains("no room"), "{why}");
    assert_eq!(jobs(&directory).len(), 1);
    assert!(!directory.path().join("jobs/2.lock").exists());
    connection.execute("DROP TRIGGER full", []).unwrap();
    assert!(journal.begin(plan(1)).await.is_ok(), "the writer goes on");
}

#[tokio::test]
async fn a_note_that_is_not_taken_leaves_those_beside_it_alone() {
    let (directory, journal) = place();
    let log = journal.begin(plan(8)).await.unwrap();
    let connection = Connection::open(directory.path().join(FILE)).unwrap();
    let some = "CREATE TRIGGER some BEFORE INSERT ON attempts WHEN NEW.step = 3 BEGIN SELECT RAISE(ABORT, 'no'); END";
    connection.execute(some, []).unwrap();
    let noted = join_all((0..8).map(|step| log.sent(step, 1, AT, None))).await;
    let refused: Vec<_> = (0..8).filter(|step| noted[*step].is_err()).collect();
    assert_eq!(refused, [3]);
    let kept: i64 = connection.query_row("SELECT count(*) FROM attempts", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 7);
}

#[tokio::test]
async fn where_the_whole_transaction_is_given_up_nothing_counts_as_written() {
    let (directory, journal) = place();
    let log = journal.begin(plan(8)).await.unwrap();
    let connection = Connection::open(directory.path().join(FILE)).unwrap();
    let all = "CREATE TRIGGER whole BEFORE INSERT ON attempts WHEN NEW.step = 3 BEGIN SELECT RAISE(ROLLBACK, 'no'); END";
    connection.execute(all, []).unwrap();
    let noted = join_all((0..8).map(|step| log.sent(step, 1, AT, None))).await;
    assert!(noted.iter().all(Result::is_err), "{noted:?}");
    let kept: i64 = connection.query_row("SELECT count(*) FROM attempts", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 0);
}

#[cfg(unix)]
#[tokio::test]
async fn it_is_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("a/tidyfy");
    let log = Journal::new(&state).begin(plan(1)).await.unwrap();
    let mode = |path: &str| fs::metadata(state.join(path)).unwrap().permissions().mode() & 0o777;
    let lock = format!("jobs/{}.lock", log.job());
    assert_eq!(["", "jobs"].map(mode), [0o700; 2]);
    assert_eq!([FILE, "journal.sqlite3-wal", lock.as_str()].map(mode), [0o600; 3]);
}
