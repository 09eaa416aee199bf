//! A worker on a sandbox, with the place of its copies and the options of a plan in the test's hand.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::worker::bench::whole_list;
use tempfile::TempDir;
use tidyfy::app::effect::{Effect, Request, RequestId};
use tidyfy::app::event::{Event, EventKind, JobEnd, Response, StepRemark};
use tidyfy::model::kind::{Action, Kind, Scope};
use tidyfy::model::limits::Limits;
use tidyfy::model::outcome::Outcome;
use tidyfy::model::plan::{ConfirmThresholds, Options, Organization, Plan};
use tidyfy::model::record::Record;
use tidyfy::model::token::Token;
use tidyfy::sandbox::{Sandbox, SandboxSettings};
use tidyfy::storage::backups::Backups;
use tidyfy::tallyfy::{BaseUrl, Client, ClientConfig, Timeouts};
use tidyfy::worker::{Clock, Worker, WorkerConfig};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

/// Longer than any job takes on the paused clock.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) struct Stand {
    pub(super) server: Sandbox,
    worker: Worker,
    remembered: TempDir,
    messages: UnboundedReceiver<Event>,
    in_flight: u64,
}

/// A job that is over.
#[derive(Debug)]
pub(super) struct Ended {
    /// How each step ended, by its number.
    pub(super) steps: Vec<(Outcome, String)>,
    pub(super) remarks: Vec<StepRemark>,
    pub(super) end: JobEnd,
}

impl Ended {
    pub(super) fn outcomes(&self) -> Vec<Outcome> {
        self.steps.iter().map(|(outcome, _)| *outcome).collect()
    }
}

impl Stand {
    pub(super) async fn new(settings: SandboxSettings) -> Self {
        Self::with(settings, Limits::off(), 16, 0).await
    }

    pub(super) async fn with(
        settings: SandboxSettings,
        limits: Limits,
        at_once: usize,
        keep_free: u64,
    ) -> Self {
        let now = settings.now;
        let server = Sandbox::start(settings).await.unwrap();
        let client = Client::new(ClientConfig {
            base_url: BaseUrl::parse(&server.base_url(), false).unwrap(),
            organization: server.org().to_owned(),
            token: Token::new(server.token()).unwrap(),
            read_only: false,
            timeouts: Timeouts::default(),
            body_cap: ClientConfig::BODY_CAP,
        });
        let remembered = tempfile::tempdir().unwrap();
        let (sender, messages) = unbounded_channel();
        let terms = WorkerConfig {
            seed: 1,
            at_once,
            backups: Backups::new(remembered.path().join("copies"), keep_free),
            ..WorkerConfig::new(limits, Clock::starting_at(now), remembered.path().to_owned())
        };
        let worker = Worker::new(client.unwrap(), terms, sender);
        Self { server, worker, remembered, messages, in_flight: 0 }
    }

    pub(super) fn state_dir(&self) -> PathBuf {
        self.remembered.path().to_owned()
    }

    /// Where the folders of copies are.
    pub(super) fn copies(&self) -> PathBuf {
        self.remembered.path().join("copies")
    }

    async fn hear(&mut self) -> EventKind {
        timeout(PATIENCE, self.messages.recv()).await.unwrap().unwrap().event_kind
    }

    pub(super) fn start(&mut self, work: Request) -> RequestId {
        self.in_flight += 1;
        self.worker.perform(Effect::Request(RequestId(self.in_flight), work));
        RequestId(self.in_flight)
    }

    pub(super) fn perform(&mut self, effect: Effect) {
        self.worker.perform(effect);
    }

    /// The records called as those that were sown, as a list brings them.
    pub(super) async fn listed(&mut self, kind: Kind, scope: Scope, ids: &[String]) -> Vec<Record> {
        let request_id = self.start(whole_list(kind, scope));
        let mut records = Vec::new();
        loop {
            match self.hear().await {
                EventKind::Reply(of, Response::Page { page, .. }) if of == request_id => {
                    records.extend(page.records().filter(|record| ids.contains(&record.id().to_string())));
                }
                EventKind::Reply(of, Response::Loaded(end)) if of == request_id => {
                    end.unwrap();
                    break;
                }
                _ => {}
            }
        }
        let place = |record: &Record| ids.iter().position(|id| *id == record.id().to_string());
        records.sort_by_key(place);
        // A list that changed is read again, and the later reading is the one that counts.
        records.dedup_by(|later, earlier| {
            let is_same = later.id() == earlier.id();
            if is_same {
                std::mem::swap(later, earlier);
            }
            is_same
        });
        records
    }

    pub(super) fn plan(&self, action: Action, records: Vec<Record>, options: Options) -> Arc<Plan> {
        let organization = Organization {
            id: self.server.org().into(),
            name: "Acme Ltd".into(),
            admin: Some(true),
            light: false,
            me: None,
        };
        let chosen = records.into_iter().map(Into::into).collect();
        let plan = Plan::new(action, organization, chosen, Limits::off(), ConfirmThresholds::default());
        Arc::new(plan.with(options))
    }

    /// Waits for a step of a job to end in this way.
    pub(super) async fn until_step(&mut self, request_id: RequestId, wanted: usize) -> (Outcome, String) {
        loop {
            if let EventKind::Reply(of, Response::Step { step, outcome, reason, .. }) = self.hear().await
                && of == request_id
                && step == wanted
            {
                return (outcome, reason.unwrap_or_default());
            }
        }
    }

    /// Listens to a job to its end. What had been told before is not told again.
    pub(super) async fn finish(&mut self, request_id: RequestId) -> Ended {
        let (mut steps, mut remarks) = (std::collections::BTreeMap::new(), Vec::new());
        loop {
            match self.hear().await {
                EventKind::Reply(of, Response::Step { step, outcome, reason, remark, .. })
                    if of == request_id =>
                {
                    assert!(
                        steps.insert(step, (outcome, reason.unwrap_or_default())).is_none(),
                        "twice: {step}"
                    );
                    remarks.extend(remark);
                }
                EventKind::Reply(of, Response::JobEnded(end)) if of == request_id => {
                    return Ended { steps: steps.into_values().collect(), remarks, end };
                }
                _ => {}
            }
        }
    }

    pub(super) async fn run(&mut self, plan: Arc<Plan>) -> Ended {
        let request_id = self.start(Request::RunJob(plan));
        self.finish(request_id).await
    }

    pub(super) async fn delete(&mut self, records: Vec<Record>, options: Options) -> Ended {
        let plan = self.plan(Action::Delete, records, options);
        self.run(plan).await
    }

    /// Every request since `from`, as method and path below the organization, without the query.
    pub(super) fn requests(&self, from: usize) -> Vec<String> {
        let below = format!("/api/organizations/{}", self.server.org());
        let short = |path: &str| path.replace(&below, "").split('?').next().unwrap_or_default().to_owned();
        let all = self.server.requests().into_iter().skip(from);
        all.map(|request| format!("{} {}", request.method, short(&request.path))).collect()
    }
}
