//! A sandbox, a worker on it, and what the worker tells.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tidyfy::app::effect::{Effect, ListRequest, Request, RequestId, WantedPages};
use tidyfy::app::event::{Attempt, Event, EventKind, JobEnd, Response};
use tidyfy::auth::TokenSource;
use tidyfy::model::kind::{Action, Kind, Scope};
use tidyfy::model::limits::Limits;
use tidyfy::model::outcome::Outcome;
use tidyfy::model::plan::{ConfirmThresholds, Organization, Plan, Step};
use tidyfy::model::record::Record;
use tidyfy::model::token::Token;
use tidyfy::sandbox::{Sandbox, SandboxSettings};
use tidyfy::tallyfy::{BaseUrl, Client, ClientConfig, Timeouts};
use tidyfy::worker::{Clock, Worker, WorkerConfig};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

/// Longer than any test takes on the paused clock: what has not come by then never comes.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    pub(crate) worker: Worker,
    /// The worker's state directory.
    pub(crate) remembered: TempDir,
    /// What the source of the token holds, and how often it was read.
    pub(crate) source: Arc<Mutex<(Option<&'static str>, usize)>>,
    messages: UnboundedReceiver<Event>,
    /// Everything that was told and looked at so far.
    pub(crate) told: Vec<Event>,
    in_flight: u64,
}

/// How a step ended, and why.
pub(crate) type Ended = (Outcome, Option<String>);

/// The work of reading all pages of a list.
pub(crate) fn whole_list(kind: Kind, scope: Scope) -> Request {
    Request::List { list: ListRequest::new(kind, scope), wanted: WantedPages::All }
}

impl Bench {
    pub(crate) async fn new(settings: SandboxSettings) -> Self {
        Self::paced(settings, Limits::off()).await
    }

    pub(crate) async fn plain() -> Self {
        Self::new(SandboxSettings::default()).await
    }

    pub(crate) async fn paced(settings: SandboxSettings, limits: Limits) -> Self {
        let now = settings.now;
        let sandbox = Sandbox::start(settings).await.unwrap();
        let (sender, messages) = unbounded_channel();
        let remembered = tempfile::tempdir().unwrap();
        let source = Arc::new(Mutex::new((None, 0)));
        let held = Arc::clone(&source);
        let terms = WorkerConfig {
            seed: 1,
            source: TokenSource::new(move || {
                let mut held = held.lock().unwrap();
                held.1 += 1;
                Ok(held.0.and_then(Token::new))
            }),
            ..WorkerConfig::new(limits, Clock::starting_at(now), remembered.path().to_owned())
        };
        let client = client(&sandbox.base_url(), sandbox.org(), sandbox.token());
        Self {
            worker: Worker::new(client, terms, sender),
            sandbox,
            remembered,
            source,
            messages,
            told: vec![],
            in_flight: 0,
        }
    }

    /// Points the worker elsewhere.
    pub(crate) fn aim(&mut self, base_url: &str, organization: &str, token: &str) {
        let (sender, messages) = unbounded_channel();
        let terms = WorkerConfig {
            seed: 1,
            ..WorkerConfig::new(Limits::off(), Clock::system(), self.remembered.path().to_owned())
        };
        self.worker = Worker::new(client(base_url, organization, token), terms, sender);
        self.messages = messages;
    }

    /// Ends the worker, as leaving the program does.
    pub(crate) fn leave(self) -> (Sandbox, UnboundedReceiver<Event>) {
        (self.sandbox, self.messages)
    }

    /// Breaks the worker off, as a crash would, and puts another in its place: the next start of the program.
    pub(crate) fn restart(&mut self, clock: Clock) {
        let (sender, messages) = unbounded_channel();
        let terms = WorkerConfig {
            seed: 1,
            ..WorkerConfig::new(Limits::off(), clock, self.remembered.path().to_owned())
        };
        let client = client(&self.sandbox.base_url(), self.sandbox.org(), self.sandbox.token());
        self.worker = Worker::new(client, terms, sender);
        self.messages = messages;
        self.told.clear();
    }

    pub(crate) fn start(&mut self, work: Request) -> RequestId {
        self.in_flight += 1;
        let request_id = RequestId(self.in_flight);
        self.worker.perform(Effect::Request(request_id, work));
        request_id
    }

    /// The next message.
    pub(crate) async fn hear(&mut self) -> Event {
        let message = timeout(NEVER, self.messages.recv()).await.unwrap().unwrap();
        self.told.push(message.clone());
        message
    }

    /// Listens until something has been told.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&EventKind) -> bool) -> Event {
        loop {
            let message = self.hear().await;
            if wanted(&message.event_kind) {
                return message;
            }
        }
    }

    /// Listens until `request_id` is finished.
    pub(crate) async fn finish(&mut self, request_id: RequestId) -> Response {
        let is_final = |event_kind: &EventKind| matches!(event_kind, EventKind::Reply(of, response) if *of == request_id && response.is_final());
        match self.until(is_final).await.event_kind {
            EventKind::Reply(_, response) => response,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn ask(&mut self, work: Request) -> Response {
        let request_id = self.start(work);
        self.finish(request_id).await
    }

    /// Whether nothing more is ever told.
    pub(crate) async fn is_silent(&mut self) -> bool {
        timeout(NEVER, self.messages.recv()).await.is_err()
    }

    /// Listens until nothing more is ever told.
    pub(crate) async fn hear_out(&mut self) {
        while let Ok(Some(message)) = timeout(NEVER, self.messages.recv()).await {
            self.told.push(message);
        }
    }

    /// The replies of `request_id`, in order.
    pub(crate) fn responses(&self, request_id: RequestId) -> impl Iterator<Item = &Response> {
        self.told.iter().filter_map(move |message| match &message.event_kind {
            EventKind::Reply(of, response) if *of == request_id => Some(response),
            _ => None,
        })
    }

    pub(crate) fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.told.iter().filter_map(|message| match &message.event_kind {
            EventKind::Attempt(attempt) => Some(attempt),
            _ => None,
        })
    }

    /// The records that `request_id` has brought so far.
    pub(crate) fn records(&self, request_id: RequestId) -> Vec<Record> {
        let mut pages = Vec::new();
        for response in self.responses(request_id) {
            match response {
                Response::Page { number, page, .. } => pages.push((*number, page)),
                Response::Reread { from } => pages.retain(|(number, _)| number < from),
                _ => {}
            }
        }
        pages.into_iter().flat_map(|(_, page)| page.records().collect::<Vec<_>>()).collect()
    }

    /// The whole list, and how its loading ended.
    pub(crate) async fn list(&mut self, kind: Kind, scope: Scope) -> (Vec<Record>, Response) {
        let request_id = self.start(whole_list(kind, scope));
        let response = self.finish(request_id).await;
        (self.records(request_id), response)
    }

    /// The first `n` records of a kind.
    pub(crate) async fn some(&mut self, kind: Kind, scope: Scope, n: usize) -> Vec<Record> {
        let (mut records, _) = self.list(kind, scope).await;
        assert!(records.len() >= n, "the sandbox has only {}", records.len());
        records.truncate(n);
        self.told.clear();
        records
    }

    /// Live records of a kind, to be archived.
    pub(crate) async fn archiving(&mut self, n: usize) -> (Vec<Record>, Arc<Plan>) {
        let records = self.some(Kind::Processes, Scope::Active, n).await;
        let plan = plan(Action::Archive, records.iter().cloned());
        (records, plan)
    }

    /// How the steps of a job ended, each reported once, and how the job did.
    pub(crate) async fn job(&mut self, request_id: RequestId) -> (Vec<Ended>, JobEnd) {
        let Response::JobEnded(end) = self.finish(request_id).await else { panic!("a job ends as one") };
        (self.steps(request_id), end)
    }

    pub(crate) fn steps(&self, request_id: RequestId) -> Vec<Ended> {
        let mut steps = BTreeMap::new();
        for response in self.responses(request_id) {
            if let Response::Step { step, outcome, reason, .. } = response {
                assert!(steps.insert(*step, (*outcome, reason.clone())).is_none(), "step {step} ended twice");
            }
        }
        assert!(steps.keys().copied().eq(0..steps.len()), "every step is reported");
        steps.into_values().collect()
    }

    pub(crate) fn steps_so_far(&self, request_id: RequestId) -> usize {
        self.responses(request_id).filter(|response| matches!(response, Response::Step { .. })).count()
    }

    /// The changes that reached the server: method and last parts of the path.
    pub(crate) fn changes(&self) -> Vec<String> {
        let requests = self.sandbox.requests();
        let changes = requests.iter().filter(|request| request.method != "GET");
        changes.map(|request| format!("{} {}", request.method, request.path)).collect()
    }

    pub(crate) fn archived_at(&self, slug: &str, record: &Record) -> Value {
        self.sandbox.object(slug, &record.id().to_string()).unwrap()["archived_at"].clone()
    }
}

pub(crate) fn client(base_url: &str, organization: &str, token: &str) -> Client {
    let access = ClientConfig {
        base_url: BaseUrl::parse(base_url, false).unwrap(),
        organization: organization.to_owned(),
        token: Token::new(token).unwrap(),
        read_only: false,
        timeouts: Timeouts::default(),
        body_cap: ClientConfig::BODY_CAP,
    };
    Client::new(access).unwrap()
}

pub(crate) fn plan(action: Action, records: impl IntoIterator<Item = Record>) -> Arc<Plan> {
    // What the dialog would have blocked is sent all the same: the server must have its say in these tests.
    let step = |record: Record| Step {
        row: record.kind().row().action(action).unwrap(),
        record,
        after: None,
        reassignee: None,
    };
    let organization = Organization {
        id: "e0d1".into(),
        name: "Acme Ltd".into(),
        admin: Some(true),
        light: false,
        me: None,
    };
    let empty = Plan::new(action, organization, Vec::new(), Limits::off(), ConfirmThresholds::default());
    Arc::new(Plan { steps: records.into_iter().map(step).collect(), ..empty })
}

/// How many steps ended in each way that occurred.
pub(crate) fn tallied(end: &JobEnd) -> Vec<(Outcome, usize)> {
    Outcome::ALL.into_iter().map(|o| (o, end.tally.of(o))).filter(|(_, n)| *n > 0).collect()
}
