use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::app::event::{Event, EventKind};
use crate::model::id::Id;
use crate::model::kind::Kind;
use crate::model::limits::Limits;
use crate::model::plan::{ConfirmThresholds, Organization, Target};
use crate::model::record::{Draft, Value};
use crate::model::token::Token;
use crate::tallyfy::{BaseUrl, Client, ClientConfig, Timeouts};
use crate::worker::clock::Clock;
use crate::worker::http::permits::RateGate;

fn task(id: &str) -> Record {
    Record::new(Kind::Tasks, Id::new(id).unwrap(), vec![Draft::Text(format!("Task {id}"))])
}

fn job(steps: usize) -> (ConfirmedJob, UnboundedReceiver<Event>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let access = ClientConfig {
        base_url: BaseUrl::parse("http://127.0.0.1:9", false).unwrap(),
        organization: "e0d1".into(),
        token: Token::new("secret").unwrap(),
        read_only: false,
        timeouts: Timeouts { connect: Duration::from_secs(1), request: Duration::from_secs(1) },
        body_cap: 1,
    };
    let organization =
        Organization { id: "e0d1".into(), name: "Acme".into(), admin: None, light: false, me: None };
    let chosen = (0..steps).map(|n| Target::from(task(&n.to_string()))).collect();
    let plan = Plan::new(Action::Archive, organization, chosen, Limits::off(), ConfirmThresholds::default());
    let (sender, messages) = unbounded_channel();
    let post = ResponseSender::new(Clock::starting_at(Timestamp::UNIX_EPOCH), sender);
    let (gate, shutdown) = (RateGate::new(&Limits::off(), 2), Shutdown::default());
    let session = Executor::new(Client::new(access).unwrap(), gate, 1, post.clone(), shutdown.clone());
    let journal = Journal::new(std::path::Path::new(""));
    let job = ConfirmedJob {
        seen: SeenFiles::new(journal.clone(), &session),
        session,
        post,
        journal,
        backups: Backups::new(std::path::PathBuf::new(), 0),
        request_id: RequestId(1),
        confirmed: Timestamp::UNIX_EPOCH,
        plan: Arc::new(plan),
        control: JobControl::new(shutdown.clone()),
        shutdown,
        at_once: 2,
    };
    (job, messages)
}

#[tokio::test]
async fn a_job_that_breaks_off_says_of_every_step_what_is_known() {
    use Outcome::{Done, NotSent, Unknown};
    let (job, mut messages) = job(5);
    let running = JobExecutor::new(ConfirmedJob { at_once: 3, ..job });
    {
        let mut progress = running.progress();
        let steps: Vec<_> = std::iter::from_fn(|| progress.run.next()).collect();
        assert_eq!(steps, [0, 1, 2]);
        progress.run.answer(0, Done);
        progress.sent.insert(1);
    }
    running.stop(Failure::new(Cause::Bug, "boom"));
    let ends = running.abandon(BROKE_OFF);
    running.conclude(ends).await;
    let mut told = Vec::new();
    while let Ok(Event { event_kind: EventKind::Reply(_, Response::Step { step, outcome, .. }), .. }) =
        messages.try_recv()
    {
        told.push((step, outcome));
    }
    told.sort_unstable();
    assert_eq!(told, [(1, Unknown), (2, NotSent), (3, NotSent), (4, NotSent)]);
    let progress = running.progress();
    let tally = running.job.plan.tally(progress.run.ended());
    assert_eq!([Done, Unknown, NotSent].map(|outcome| tally.of(outcome)), [1, 1, 3]);
    assert!(progress.run.over() && progress.stopped.is_some());
}

#[test]
fn only_the_record_itself_is_taken_for_it() {
    let mut drafts = task("7").drafts();
    drafts[Kind::Tasks.row().field("tag").unwrap()] = Draft::Text("keep".to_owned());
    let record = Record::new(Kind::Tasks, task("7").id().clone(), drafts);
    let step = Step {
        record,
        row: Kind::Tasks.row().action(Action::Archive).unwrap(),
        after: None,
        reassignee: None,
    };
    let record = |body: &str| {
        let body = serde_json::from_str(body).ok();
        let (said, doubt, request_id) = (None, None, None);
        let answered =
            ActionResponse { status: 200, body, is_complete: true, is_json: true, said, doubt, request_id };
        answered_record(&step, &answered)
    };
    let whole = r#"{"id":"7","title":"Now","archived_at":"2026-03-01T09:30:00Z","status":"active","owners":[],
        "deadline":null,"created_at":"2026-01-01T00:00:00Z","run_id":null}"#;
    let archived = record(whole).unwrap();
    assert!(archived.is_archived() && archived.name() == "Now");
    assert_eq!(archived.named("tag"), Value::Text("keep"), "what was not asked for stays known");
    let tagged = whole.replacen('{', r#"{"tags":[{"id":1,"title":"late"}],"#, 1);
    assert_eq!(record(&tagged).unwrap().named("tag"), Value::Text("late"));
    for other in [
        "",
        "{}",
        r#"{"id":"8","title":"Other"}"#,
        r#"{"id":"7","title":"Part"}"#,
        r#"{"message":"ok"}"#,
        "[]",
    ] {
        assert!(record(other).is_none(), "{other}");
    }
}
