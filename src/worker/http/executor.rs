//! The way to the server for everything that runs in the background.
//!
//! Owns what is sent again and when: a read after a gateway's error or a broken connection, and anything after the
//! server turned it away unprocessed (API sheet, section 4.4), which a 401 does as well. A PUT or DELETE is otherwise
//! sent once and never again. Owns the reporting of every attempt, and who the person is. Must not know what an answer
//! is needed for.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::app::event::{Attempt, EventKind, SAVE};
use crate::model::failure::{Cause, Failure};
use crate::model::id::Id;
use crate::model::kind::Kind;
use crate::model::outcome::{ResponseVerdict, judge};
use crate::model::people::Person;
use crate::model::plan::{Step, StepRequest};
use crate::model::record::Record;
use crate::model::time::Moment;
use crate::shutdown::Shutdown;
use crate::tallyfy::{ActionResponse, Client, Download, KeptKeys, ListResponse, RateLimitHeaders, success};
use crate::worker::http::backoff::Backoff;
use crate::worker::http::connection::{Connection, ConnectionHandle};
use crate::worker::http::permits::{Permit, RateGate};
use crate::worker::http::rate_limiter;
use crate::worker::http::rate_limiter::{PermitEnd, Priority};
use crate::worker::response_sender::ResponseSender;

/// How often a read is sent at most while its answers break.
const MOST_TRIES: u32 = 4;
/// After so many answers in a row that turn one request away, it is given up.
pub(crate) const MOST_REFUSALS: u32 = 10;

/// Why nothing leaves for a while, where the server says for how long.
const ASKED: &str = "the server asked for a pause";

/// One door, one gate, one way to report. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Executor(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Whatever token requests carry, they go to this organization.
    organization: String,
    connection: Connection,
    gate: RateGate,
    delays: Arc<Backoff>,
    post: ResponseSender,
    /// The id of the person whom the token speaks for, once the server has said so.
    person: OnceLock<String>,
    /// Whether anything but a read has been sent.
    changed: AtomicBool,
    shutdown: Shutdown,
}

/// What a request is for.
#[derive(Debug, Clone)]
pub(crate) struct RequestPurpose {
    pub(crate) urgency: Priority,
    /// An action, or `list`, `count`, `read`.
    pub(crate) purpose: &'static str,
    pub(crate) kind: Option<Kind>,
    /// The record's name, or what else is asked for.
    pub(crate) name: String,
    /// Whether it asks if a record is there, so that a 404 is an answer like any other.
    pub(crate) may_lack: bool,
}

/// What a request is sent to, for the report of it.
#[derive(Debug, Clone)]
struct ReportTarget {
    url: String,
    id: Option<Id>,
}

impl ReportTarget {
    /// A route that cannot be filled in is not sent either, and stands for itself.
    fn new(url: Result<String, Failure>, route: &str, id: Option<&Id>) -> Self {
        Self { url: url.unwrap_or_else(|_| route.to_owned()), id: id.cloned() }
    }
}

/// A parameter of a query.
pub(crate) type QueryParameter = (&'static str, String);

impl Executor {
    pub(crate) fn new(
        client: Client,
        gate: RateGate,
        seed: u64,
        post: ResponseSender,
        shutdown: Shutdown,
    ) -> Self {
        let organization = client.access().organization.clone();
        let connection = Connection::new(client, post.clone());
        let delays = Arc::new(Backoff::new(seed));
        Self(Arc::new(Shared {
            organization,
            connection,
            gate,
            delays,
            post,
            person: OnceLock::new(),
            changed: AtomicBool::new(false),
            shutdown,
        }))
    }

    /// The same way for another client that is still to be tried: what the server refuses is answered at once and has
    /// no consequence for others.
    pub(crate) fn aside(&self, client: Client) -> Self {
        Self(Arc::new(Shared {
            organization: self.0.organization.clone(),
            connection: Connection::aside(client),
            gate: self.0.gate.clone(),
            delays: Arc::clone(&self.0.delays),
            post: self.0.post.clone(),
            person: OnceLock::new(),
            changed: AtomicBool::new(false),
            shutdown: self.0.shutdown.clone(),
        }))
    }

    /// Tells the state something.
    pub(crate) fn tell(&self, event_kind: EventKind) {
        self.0.post.tell(event_kind);
    }

    /// What every request passes.
    pub(crate) fn connection(&self) -> &Connection {
        &self.0.connection
    }

    /// The client of the moment.
    pub(crate) fn client(&self) -> Client {
        self.0.connection.client()
    }

    /// The present moment on both clocks.
    pub(crate) fn now(&self) -> Moment {
        self.0.post.clock.now()
    }

    /// A person asks for what is shown to be read again, whatever the server said of its limits.
    pub(crate) fn ask_now(&self) {
        self.0.gate.limiter().ask_now(Instant::now());
        self.0.gate.changed();
    }

    /// How long is waited before anything is sent again.
    pub(crate) fn delays(&self) -> &Backoff {
        &self.0.delays
    }

    /// Whether anything but a read has been sent.
    pub(crate) fn has_changed_anything(&self) -> bool {
        self.0.changed.load(Ordering::Relaxed)
    }

    /// The id of the person whom the token speaks for, once the server has said so.
    pub(crate) fn person(&self) -> Option<String> {
        self.0.person.get().cloned()
    }

    /// The server said who the person is. The first time counts: every later token must be the same person's.
    pub(crate) fn remember(&self, person: Person) {
        drop(self.0.person.set(person.id));
    }

    /// Every request goes by `client` from now on, whose token is `person`'s.
    pub(crate) fn go_on_with(&self, client: Client, person: Option<Person>) {
        person.into_iter().for_each(|person| self.remember(person));
        self.0.connection.unlock(client);
    }

    /// The organization's id.
    pub(crate) fn organization(&self) -> &str {
        &self.0.organization
    }

    /// How many requests may be under way together at most.
    pub(crate) fn at_once(&self) -> usize {
        self.0.gate.limiter().at_once()
    }

    /// The API's address.
    pub(crate) fn base_url(&self) -> String {
        self.client().access().base_url.to_string()
    }

    /// The path that a step's request asks for.
    pub(crate) fn path(&self, step: &Step) -> String {
        // A route that cannot be filled in is not sent either.
        let StepRequest { route, query, .. } = step.request();
        let path = self.client().path(route, step.record.id(), &query);
        path.unwrap_or_else(|_| route.to_owned())
    }

    /// Reads one page of a list, and of its rows only `keep`.
    pub(crate) async fn list(
        &self,
        request_purpose: &RequestPurpose,
        (route, id): (&str, Option<&Id>),
        query: &[QueryParameter],
        (page, per_page): (usize, usize),
        keep: &KeptKeys,
    ) -> Result<ListResponse, Failure> {
        let target =
            ReportTarget::new(self.client().list_address(route, id, query, page, per_page), route, id);
        self.get(request_purpose, &target, |client| async move {
            client.list(route, id, query, page, per_page, keep).await
        })
        .await
    }

    /// Reads one record, or a short list that has no pages.
    pub(crate) async fn read(
        &self,
        request_purpose: &RequestPurpose,
        route: &str,
        id: Option<&Id>,
        query: &[QueryParameter],
    ) -> Result<Value, Failure> {
        let target = ReportTarget::new(self.client().address(route, id, query), route, id);
        self.get(request_purpose, &target, |client| async move { client.read(route, id, query).await }).await
    }

    /// Asks once whether the server answers, without reporting it. Goes even where it could not be reached.
    pub(crate) async fn knock(&self, route: &str) {
        let Ok((place, pass)) = self.leave(Priority::Urgent, true).await else { return };
        // The door has heard what there is to hear.
        drop(
            self.attempt(place, &pass, 0, |client| async move { client.read(route, None, &[]).await }).await,
        );
    }

    /// Begins to download the bytes of a record. What comes of one that is saved for a person is told when it is whole.
    pub(crate) async fn download(
        &self,
        (urgency, purpose): (Priority, &'static str),
        route: &str,
        record: &Record,
    ) -> Result<Download, Failure> {
        let (kind, name) = (Some(record.kind()), record.name().to_owned());
        let request_purpose = RequestPurpose { urgency, purpose, kind, name, may_lack: false };
        let target =
            ReportTarget::new(self.client().address(route, Some(record.id()), &[]), route, Some(record.id()));
        // What a person saves is looked at by that person; a backup has nothing but proof.
        let backup_of = (purpose != SAVE).then(|| record.name());
        self.get(&request_purpose, &target, |client| async move {
            client.download(route, record.id(), backup_of).await
        })
        .await
    }

    /// Waits for leave to send a step of a job; none once the program ends. Dropped before that, the step is withdrawn.
    pub(crate) async fn place(&self) -> Option<Permit> {
        self.leave(Priority::Job, false).await.ok().map(|(place, _)| place)
    }

    /// Waits at the door, then at the gate. What waits at the gate when the door closes goes back to the door.
    ///
    /// # Errors
    /// Once the end of the program is requested: nothing is sent after that.
    async fn leave(&self, urgency: Priority, read: bool) -> Result<(Permit, ConnectionHandle), Failure> {
        let Shared { connection, gate, shutdown, .. } = &*self.0;
        let left = async {
            loop {
                connection.open_for(urgency).await;
                tokio::select! {
                    biased;
                    () = connection.shut_for(urgency) => {}
                    place = gate.place(urgency, read) => {
                        if let Some(pass) = connection.pass(urgency) {
                            return (place, pass);
                        }
                    }
                }
            }
        };
        tokio::select! {
            biased;
            _ = shutdown.requested() => Err(Failure::new(Cause::Cancelled, "not sent: tidyfy ends")),
            left = left => Ok(left),
        }
    }

    /// Sends a step, once. A failure with [`Cause::RateLimited`] or [`Cause::Unprocessed`] was turned away unprocessed; the
    /// session then lets nothing leave until it may be sent again. `refusals` counts how often in a row that has happened to it, and
    /// `wanted` tells whether it is to be sent again at all. So was one with [`Cause::Unauthorized`], if it left at all:
    /// there is no next place until another token is accepted.
    pub(crate) async fn change(
        &self,
        place: Permit,
        step: &Step,
        refusals: &mut u32,
        wanted: impl Fn() -> bool,
    ) -> Result<ActionResponse, Failure> {
        let request_purpose = RequestPurpose {
            urgency: Priority::Job,
            purpose: step.word(),
            kind: Some(step.record.kind()),
            name: step.record.name().to_owned(),
            may_lack: false,
        };
        let StepRequest { method, route, query } = step.request();
        // The door may have been locked since the place was given. Where only the server could not be reached meanwhile,
        // the step finds out by itself.
        let Some(pass) = self.0.connection.pass(Priority::Urgent) else { return Err(not_sent()) };
        self.0.changed.store(true, Ordering::Relaxed);
        let (id, asked) = (step.record.id(), &query);
        let request = |client: Client| async move { client.send(method, route, id, asked).await };
        let sent = self.attempt(place, &pass, *refusals, request).await;
        let result =
            sent.result.map(|answered| ActionResponse { doubt: success::doubt(step, &answered), ..answered });
        let status = match &result {
            // What is told of it must not look like a success.
            Ok(ActionResponse { status, doubt: Some(words), .. }) => {
                Err(Failure::answered(Cause::Garbled, *status, words))
            }
            result => result.as_ref().map(|answered| answered.status).map_err(Clone::clone),
        };
        let again_in = match &status {
            Err(failure) if judge(failure, step.row.missing) == ResponseVerdict::Again => {
                *refusals += 1;
                sent.held.filter(|_| *refusals < MOST_REFUSALS && wanted())
            }
            Ok(_) | Err(_) => None,
        };
        let target = ReportTarget::new(self.client().address(route, Some(id), &query), route, Some(id));
        self.report(&request_purpose, (method.word(), &target), sent.took, status, again_in);
        result
    }

    /// Sends a GET until it is answered or given up.
    async fn get<T, F>(
        &self,
        request_purpose: &RequestPurpose,
        target: &ReportTarget,
        request: impl Fn(Client) -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let (mut broken, mut refusals) = (0, 0);
        loop {
            // What was turned away has waited its turn. A job's read stays one: it has to obey the server for longer.
            let waited = refusals > 0 && request_purpose.urgency != Priority::Job;
            let urgency = if waited { Priority::Urgent } else { request_purpose.urgency };
            let (place, pass) = self.leave(urgency, true).await?;
            let sent = self.attempt(place, &pass, refusals, &request).await;
            let failure = match sent.result {
                Ok(answer) => {
                    // The client tells no status for a read that brought data; that is what 200 stands for.
                    if request_purpose.purpose != SAVE {
                        self.report(request_purpose, ("GET", target), sent.took, Ok(200), None);
                    }
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            if self.0.connection.keeps(&failure, request_purpose.urgency) {
                self.report(request_purpose, ("GET", target), sent.took, Err(failure), None);
                continue;
            }
            if let (true, Cause::NotFound, Some(status)) =
                (request_purpose.may_lack, failure.cause, failure.status)
            {
                self.report(request_purpose, ("GET", target), sent.took, Ok(status), None);
                return Err(failure);
            }
            let throttled = failure.cause == Cause::RateLimited;
            let held = sent.held.map(|held| rate_limiter::believed(request_purpose.urgency, held));
            let again_in = if throttled {
                refusals += 1;
                held.filter(|_| refusals < MOST_REFUSALS)
            } else {
                (broken, refusals) = (broken + 1, 0);
                let again = may_be_repeated(&failure) && broken < MOST_TRIES;
                again.then(|| self.0.delays.broken(broken).max(held.unwrap_or_default()))
            };
            self.report(request_purpose, ("GET", target), sent.took, Err(failure.clone()), again_in);
            match again_in {
                None => return Err(failure),
                // The gate holds it back together with all others.
                Some(_) if throttled => {}
                Some(wait) => sleep(wait).await,
            }
        }
    }

    /// Sends a request once, by the client that `pass` names, and tells the door and the gate what is to be learned from
    /// that. `refusals` is how often in a row it has been turned away so far.
    async fn attempt<T, F>(
        &self,
        mut place: Permit,
        pass: &ConnectionHandle,
        refusals: u32,
        request: impl FnOnce(Client) -> F,
    ) -> SentRequestResult<T>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let (client, ear) = pass.client.overheard();
        place.leave();
        let left = place.left;
        let result = request(client).await;
        // Before the place is free: whoever takes it must find the door and the gate as they now are.
        self.0.connection.heard(pass, result.as_ref().err());
        if result.as_ref().is_err_and(|failure| wants_new_connection(failure, place.read)) {
            self.0.connection.reconnect(pass);
        }
        let held = self.learn(&place, result.as_ref().err(), ear.heard(), refusals);
        let took = left.elapsed();
        place.ended(match &result {
            Err(failure) if failure.cause == Cause::Unreachable => PermitEnd::Unsent,
            Err(failure) if failure.status.is_none() => PermitEnd::Lost,
            Ok(_) | Err(_) => PermitEnd::Answered,
        });
        SentRequestResult { took, held, result }
    }

    /// Tells the gate what an answer says. Answers for how long nothing leaves because of it: for as long as the server
    /// asks, which it may with a 503 as well, or after it turned a request away for a while that grows with `refusals`.
    fn learn(
        &self,
        place: &Permit,
        failure: Option<&Failure>,
        quota: Option<RateLimitHeaders>,
        refusals: u32,
    ) -> Option<Duration> {
        let Shared { gate, delays, .. } = &*self.0;
        let now = Instant::now();
        if failure.is_some_and(|failure| failure.cause == Cause::Unprocessed) {
            let wait = delays.broken(refusals + 1);
            gate.limiter().hold(now, wait, "the server closed the connection");
            return Some(wait);
        }
        let asked = failure.and_then(|failure| failure.retry_after).filter(|asked| !asked.is_zero());
        if failure.is_none_or(|failure| failure.cause != Cause::RateLimited) {
            let mut limiter = gate.limiter();
            limiter.accepted();
            quota
                .into_iter()
                .for_each(|quota| limiter.told(place.read, place.left, quota, now, delays.unsure()));
            let asked = asked.filter(|_| failure.is_some_and(|failure| failure.status == Some(503)))?;
            limiter.hold(now, asked, ASKED);
            return Some(asked);
        }
        let asked = asked.or_else(|| quota.and_then(|quota| quota.resets_in));
        let wait = asked.unwrap_or_else(|| delays.throttled(refusals + 1));
        let why = if asked.is_some() { ASKED } else { "the server limits requests" };
        gate.limiter().throttled(place.read, place.left, now, wait, why);
        Some(wait)
    }

    fn report(
        &self,
        request_purpose: &RequestPurpose,
        (method, target): (&'static str, &ReportTarget),
        took: Duration,
        result: Result<u16, Failure>,
        again_in: Option<Duration>,
    ) {
        let RequestPurpose { purpose, kind, name, .. } = request_purpose.clone();
        let ReportTarget { url, id } = target.clone();
        let attempt = Attempt { method, purpose, kind, id, name, url, took, result, again_in };
        self.0.post.tell(EventKind::Attempt(attempt));
    }
}

/// A request that has been answered, or has failed.
struct SentRequestResult<T> {
    took: Duration,
    /// For how long nothing leaves because of the answer.
    held: Option<Duration>,
    result: Result<T, Failure>,
}

/// What comes of a step that was not sent because the door was locked in the last moment.
fn not_sent() -> Failure {
    Failure::new(Cause::Unauthorized, "not sent: the token is not accepted any more")
}

/// Whether a connection that brought this is not to be used again: what is read back after it must not hang on the same
/// one, or on others as old to the same gateway. A read that met a server's error is only asked again.
fn wants_new_connection(failure: &Failure, is_read: bool) -> bool {
    match failure.cause {
        Cause::Broken | Cause::TimedOut => true,
        Cause::Server => !is_read,
        _ => false,
    }
}

/// Whether a read is worth sending again: the gateway had a bad moment, or the connection broke.
fn may_be_repeated(failure: &Failure) -> bool {
    match failure.cause {
        Cause::Broken | Cause::Unprocessed => true,
        Cause::Server => matches!(failure.status, Some(502..=504)),
        _ => false,
    }
}
