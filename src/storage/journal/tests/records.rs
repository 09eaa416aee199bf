//! What is kept of jobs and steps, and how records are counted.

use super::*;

/// A job that archives each record before it deletes it: every even step is the archiving one.
fn archive_first(records: usize) -> NewJob {
    let mut job = plan(records * 2);
    for (n, step) in job.steps.iter_mut().enumerate() {
        step.record = (n / 2).to_string();
        if n % 2 == 0 {
            step.action = "archive";
        } else {
            step.after = Some(n - 1);
        }
    }
    job
}

#[tokio::test]
async fn what_a_job_needs_later_is_kept() {
    let (directory, journal) = place();
    let person = Some("4711".to_owned());
    let backups = Some("/home/someone/backups/1".to_owned());
    let log = journal
        .begin(NewJob { person: person.clone(), backups: backups.clone(), ..archive_first(1) })
        .await
        .unwrap();
    log.sent(0, 1, AT, Some("0.json".into())).await.unwrap();
    let archived = StepEnd { kept: Some(r#"[{"type":"Step"}]"#.into()), ..end(0, Outcome::Done) };
    log.answered(answer(0, 200, None), Some(archived)).await.unwrap();
    log.sent(0, 2, AT, None).await.unwrap();
    let history = read(&directory);
    let job = history.job(1).unwrap().unwrap();
    assert_eq!((job.person, job.backups, job.continues), (person, backups, None));
    let [first, then] = &history.steps(1, &HistoryQuery::default()).unwrap()[..] else { panic!("two steps") };
    assert_eq!(
        (first.action.as_str(), first.after, then.action.as_str(), then.after),
        ("archive", None, "delete", Some(0))
    );
    assert_eq!(first.fields, r#"{"title":"Tag 0"}"#);
    assert_eq!(first.copy.as_deref(), Some("0.json"), "the copy stays");
    assert_eq!((first.kept.as_deref(), &then.kept, &then.copy), (Some(r#"[{"type":"Step"}]"#), &None, &None));
}

#[tokio::test]
async fn a_copy_is_noted_with_the_request_or_not_at_all() {
    let (directory, journal) = place();
    let log = journal.begin(plan(1)).await.unwrap();
    let connection = Connection::open(directory.path().join(FILE)).unwrap();
    let no = "CREATE TRIGGER no BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'no'); END";
    connection.execute(no, []).unwrap();
    log.sent(0, 1, AT, Some("0.json".into())).await.unwrap_err();
    let step = &read(&directory).steps(1, &HistoryQuery::default()).unwrap()[0];
    assert_eq!((step.attempts.len(), &step.copy), (0, &None));
}

#[tokio::test]
async fn records_are_counted_and_not_steps() {
    use Outcome::{Done, NotSent, Refused, Unknown};
    let (directory, journal) = place();
    let log = journal.begin(archive_first(7)).await.unwrap();
    let counted = || {
        let job = read(&directory).job(1).unwrap().unwrap();
        (job.outcomes, job.sent, job.waiting)
    };
    assert_eq!(counted(), (vec![], 0, 7));
    // 0: both done. 1: archived, then refused. 2: not archived. 3: archived, the rest waits. 4: the archiving is under way.
    // 5: archived, the deletion is under way. 6: waits.
    for step in [0, 1, 2, 3, 4, 6, 8, 10, 11] {
        log.sent(step, 1, AT, None).await.unwrap();
    }
    let ends = [(0, Done), (1, Done), (2, Done), (3, Refused), (4, Unknown), (6, Done), (10, Done)];
    log.ended(ends.map(|(step, outcome)| end(step, outcome)).to_vec()).await.unwrap();
    assert_eq!(counted(), (vec![(Done, 1), (Refused, 1), (Unknown, 1)], 2, 2));
    // What never had its turn says nothing of its own.
    log.ended(vec![end(5, NotSent), end(12, NotSent), end(13, NotSent)]).await.unwrap();
    assert_eq!(counted(), (vec![(Done, 1), (Refused, 1), (Unknown, 1), (NotSent, 1)], 2, 1));
    assert_eq!(jobs(&directory)[0].steps, 14);
}

#[tokio::test]
async fn an_answer_that_settles_nothing_leaves_a_step_sent() {
    let (directory, journal) = place();
    let log = journal.begin(plan(3)).await.unwrap();
    log.sent(0, 1, AT, None).await.unwrap();
    log.answered(answer(0, 500, Some("oh")), None).await.unwrap();
    log.sent(1, 1, AT, None).await.unwrap();
    let job = &jobs(&directory)[0];
    assert_eq!((job.sent, job.waiting, job.outcomes.len()), (2, 1, 0));
}

#[tokio::test]
async fn jobs_are_found_by_their_place() {
    let (directory, journal) = place();
    for (base_url, organization) in
        [("https://a/api", "o1"), ("https://a/api", "o2"), ("https://b/api", "o1")]
    {
        let (base_url, organization) = (base_url.to_owned(), organization.to_owned());
        drop(journal.begin(NewJob { base_url, organization, ..plan(1) }).await.unwrap());
    }
    let history = read(&directory);
    let found = |base_url: &str, organization: &str| {
        let place = Some((base_url.to_owned(), organization.to_owned()));
        let jobs = history.jobs(&HistoryQuery { place, ..HistoryQuery::default() }).unwrap();
        jobs.iter().map(|job| job.id).collect::<Vec<_>>()
    };
    assert_eq!(found("https://a/api", "o1"), [1]);
    assert_eq!(found("https://a/api", "o2"), [2]);
    assert_eq!(found("https://b/api", "o1"), [3]);
    assert_eq!(found("https://b/api", "o2"), [0; 0]);
}

/// A thousand jobs are listed from the indexes: the table itself holds whole records.
#[tokio::test]
async fn counting_reads_indexes_and_not_the_table() {
    let (directory, journal) = place();
    drop(journal.begin(plan(1)).await.unwrap());
    let connection = Connection::open(directory.path().join(FILE)).unwrap();
    let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", history::COUNTS)).unwrap();
    let lines = explained.query_map(rusqlite::params![1, "done"], |row| row.get::<_, String>(3)).unwrap();
    let lines: Vec<_> = lines.map(Result::unwrap).collect();
    let has = |words: &str| lines.iter().any(|line| line.contains(words));
    assert!(has("SEARCH steps USING COVERING INDEX steps_outcomes (job=?)"), "{lines:#?}");
    assert!(has("SEARCH later USING COVERING INDEX steps_after (job=? AND after=?)"), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.starts_with("SCAN") && !line.contains("subquery")), "{lines:#?}");
}
