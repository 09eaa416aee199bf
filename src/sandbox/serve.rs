//! The way of one request: latency, limits, faults, headers, route, answer, log.
//!
//! Owns that order. Must not know what a route does.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::Response,
};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::{sync::watch, time::Instant};

use super::answer::{ResponseContent, SandboxResponse};
use super::faults::{FaultEffect, Faults};
use super::limits::{LimitDecision, RequestWindows};
use super::list::ListMemory;
use super::quirks::Quirk;
use super::routes::{Path, Route};
use super::store::Database;
use super::tokens::{TokenOwner, Tokens};
use super::{list, members};
use crate::sandbox::actions;
use crate::sandbox::listener::{ConnectionSwitch, ListenerSwitch};
use crate::sandbox::parameters::RequestParameters;
use crate::sandbox::query::ListScope;
use crate::sandbox::request_log::RequestLog;
use crate::sandbox::rng::mix;
use crate::sandbox::serialize::{SerializeContext, Serializer};

/// Everything that the requests share.
#[derive(Debug)]
pub(super) struct ServerState {
    pub(super) state: Mutex<SandboxOrganization>,
    /// The other organizations that the caller is in.
    pub(super) others: Mutex<Vec<SandboxOrganization>>,
    pub(super) faults: Mutex<Faults>,
    pub(super) gate: Mutex<RequestWindows>,
    pub(super) request_log: Mutex<RequestLog>,
    pub(super) tokens: Mutex<Tokens>,
    pub(super) connection: ListenerSwitch,
    pub(super) latency: Duration,
    /// The address of this server, without a path.
    pub(super) host: String,
    pub(super) stop: watch::Receiver<bool>,
    pub(super) answered: AtomicU64,
}

/// The state and the lists remembered of it.
#[derive(Debug)]
pub(super) struct SandboxOrganization {
    pub(super) database: Database,
    pub(super) memory: ListMemory,
}

/// Locks; a panic elsewhere is no reason to stop answering.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers one request, or breaks the connection off when the sandbox stops first.
pub(super) async fn answer(
    State(server_state): State<Arc<ServerState>>,
    ConnectInfo(wire): ConnectInfo<ConnectionSwitch>,
    request: Request,
) -> Response {
    let (request, _body) = request.into_parts();
    let mut stop = server_state.stop.clone();
    let stopped = stop.wait_for(|stopped| *stopped);
    tokio::select! {
        response = server_state.respond(&wire, &request) => response,
        _ = stopped => broken_off(&wire),
    }
}

fn broken_off(wire: &ConnectionSwitch) -> Response {
    wire.cut();
    Response::new(Body::empty())
}

/// One request on its way.
struct RequestContext<'a> {
    number: usize,
    began: Instant,
    wire: &'a ConnectionSwitch,
    request: &'a Parts,
    remaining: Option<usize>,
}

impl ServerState {
    async fn respond(self: &Arc<Self>, wire: &ConnectionSwitch, request: &Parts) -> Response {
        let path = request.uri.path_and_query().map_or("/", |path| path.as_str());
        let number = lock(&self.request_log).arrive(request.method.as_str(), path);
        let mut visit = RequestContext { number, began: Instant::now(), wire, request, remaining: None };
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        if request.uri.path().ends_with("/health") {
            return self.finish(&visit, self.act(request));
        }
        match lock(&self.gate).pass(request.method == "GET") {
            LimitDecision::Free => {}
            LimitDecision::Counted { remaining } => visit.remaining = Some(remaining),
            LimitDecision::Refused { seconds } => {
                visit.remaining = Some(0);
                return self.finish(&visit, SandboxResponse::throttled(seconds));
            }
        }
        let bare = path.strip_prefix("/api").unwrap_or(path);
        let without_query = |path: &'_ str| path.split('?').next().unwrap_or_default().to_owned();
        let paths = [path, bare, &without_query(path), &without_query(bare)];
        let call = Path::parse(request.uri.path()).route(&request.method).ok().and_then(|route| route.call());
        let struck = lock(&self.faults).strike(request.method.as_str(), &paths, call);
        let Some((delay, fault_effect)) = struck else { return self.finish(&visit, self.act(request)) };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        self.suffer(&visit, fault_effect).await
    }

    /// Carries a mishap out.
    async fn suffer(self: &Arc<Self>, visit: &RequestContext<'_>, fault_effect: FaultEffect) -> Response {
        let applied = |apply: bool| apply && self.act(visit.request).applied;
        match fault_effect {
            FaultEffect::None => self.finish(visit, self.act(visit.request)),
            FaultEffect::Answer { status, body, headers, apply } => {
                let applied = applied(apply);
                let mut answer = made_up(status, body);
                answer.headers.extend(headers);
                self.finish(visit, SandboxResponse { applied, ..answer })
            }
            FaultEffect::Html { status, apply } => self
                .finish(visit, SandboxResponse { applied: applied(apply), ..SandboxResponse::page(status) }),
            FaultEffect::ResetBefore => {
                self.settle(visit, None, false);
                broken_off(visit.wire)
            }
            FaultEffect::ResetAfter => {
                self.settle(visit, None, applied(true));
                broken_off(visit.wire)
            }
            FaultEffect::Hang { apply } => {
                self.settle(visit, None, applied(apply));
                std::future::pending::<Infallible>().await;
                broken_off(visit.wire)
            }
            FaultEffect::HangLate { after } => {
                self.take_effect_late(visit, after);
                std::future::pending::<Infallible>().await;
                broken_off(visit.wire)
            }
            FaultEffect::Truncated => {
                let answer = self.act(visit.request);
                let bytes = answer.body.clone().into_bytes().0;
                truncate(self.finish(visit, answer), bytes)
            }
            FaultEffect::TruncatedBefore => {
                truncate(self.finish(visit, SandboxResponse::item(json!({}))), Vec::new())
            }
            FaultEffect::Garbage => {
                self.finish(visit, SandboxResponse { applied: applied(true), ..garbage() })
            }
            FaultEffect::GarbageBefore => self.finish(visit, garbage()),
            FaultEffect::NotUtf8 => {
                let answer = self.act(visit.request);
                self.finish(visit, spoiled(answer))
            }
            FaultEffect::RevokeToken => {
                let bearer = visit.request.headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
                lock(&self.tokens).revoke(bearer.unwrap_or_default());
                self.finish(visit, self.act(visit.request))
            }
            FaultEffect::Refuse { span } => {
                self.settle(visit, None, false);
                self.connection.swing(false);
                let server_state = Arc::clone(self);
                self.later(span, move || server_state.connection.swing(true));
                broken_off(visit.wire)
            }
        }
    }

    /// Lets a request take effect after a while, whether or not its connection still stands.
    fn take_effect_late(self: &Arc<Self>, visit: &RequestContext<'_>, after: Duration) {
        let (server_state, request) = (Arc::clone(self), visit.request.clone());
        let (number, began) = (visit.number, visit.began);
        self.later(after, move || {
            let applied = server_state.act(&request).applied;
            lock(&server_state.request_log).settle(number, None, applied, began.elapsed());
        });
    }

    /// Does something after a while, unless the sandbox stops first.
    fn later(&self, after: Duration, what: impl FnOnce() + Send + 'static) {
        let mut stop = self.stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(after) => what(),
                _ = stop.wait_for(|stopped| *stopped) => {}
            }
        });
    }

    fn settle(&self, visit: &RequestContext<'_>, status: Option<u16>, applied: bool) {
        lock(&self.request_log).settle(visit.number, status, applied, visit.began.elapsed());
    }

    /// Logs an answer and turns it into a response, with the headers that every one has.
    fn finish(&self, visit: &RequestContext<'_>, mut answer: SandboxResponse) -> Response {
        let number = self.answered.fetch_add(1, Ordering::Relaxed);
        self.settle(visit, Some(answer.status), answer.applied);
        if let Some(remaining) = visit.remaining {
            answer = answer.header("X-RateLimit-Remaining", remaining.to_string());
        }
        let missing = matches!(answer.status, 404 | 405) && !matches!(answer.body, ResponseContent::Html(_));
        if missing && !asks_for_json(&visit.request.headers) {
            answer.body = SandboxResponse::page(answer.status).body;
        }
        answer.header("X-Request-Id", format!("{:016x}", mix(number))).into_response()
    }

    /// What the request does and is answered with when nothing goes wrong.
    fn act(&self, request: &Parts) -> SandboxResponse {
        let path = Path::parse(request.uri.path());
        let route = match path.route(&request.method) {
            Ok(Route::Health) => return SandboxResponse::ok(json!({"status": "ok"})),
            Ok(route) => route,
            Err(methods) if methods.is_empty() => return SandboxResponse::no_endpoint(),
            Err(methods) => {
                let answer = SandboxResponse::coded(405, "Method not allowed", "METHOD_NOT_ALLOWED");
                return answer.header("Allow", methods.join(", "));
            }
        };
        let mut state = lock(&self.state);
        let bearer = match self.admit(&request.headers, &state.database) {
            Ok(bearer) => bearer,
            Err(refusal) => return refusal,
        };
        let mut others = lock(&self.others);
        let query = RequestParameters::parse(request.uri.query());
        let address = format!("{}{}", self.host, request.uri.path());
        if route == Route::MyOrganizations {
            let first = Some(&*state).filter(|_| bearer != TokenOwner::Elsewhere);
            let open = first.into_iter().chain(others.iter().filter(|_| bearer != TokenOwner::Colleague));
            let bodies = open
                .map(|one| Serializer::new(&one.database, &query, SerializeContext::List).organization())
                .collect();
            return list::organizations(bodies, &state.database.quirks, &query, &address);
        }
        let chosen = match path.org() {
            None => Some(&mut *state),
            Some(org) if org == state.database.org => {
                Some(&mut *state).filter(|_| bearer != TokenOwner::Elsewhere)
            }
            // What one organization has is not found in another (API sheet 4.2).
            Some(org) => {
                let other = others.iter_mut().find(|other| other.database.org == org);
                other.filter(|_| bearer != TokenOwner::Colleague)
            }
        };
        let Some(organization) = chosen else { return SandboxResponse::not_found() };
        self.take(organization, bearer, route, &query, &address)
    }

    /// The header rules (API sheet 1.2 and row 25): who may come in, or why nobody does.
    fn admit(&self, headers: &HeaderMap, database: &Database) -> Result<TokenOwner, SandboxResponse> {
        let authorization = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
        let bearer = lock(&self.tokens).bearer(authorization.unwrap_or_default());
        let bearer = bearer.ok_or_else(|| SandboxResponse::refused(401, "unauthenticated"))?;
        if headers.get("x-tallyfy-client").is_none_or(HeaderValue::is_empty) {
            return Err(match database.quirks.has(Quirk::ClientHeader404) {
                true => SandboxResponse::no_endpoint(),
                false => SandboxResponse::refused(401, "X-Tallyfy-Client header is missing"),
            });
        }
        Ok(bearer)
    }

    fn take(
        &self,
        state: &mut SandboxOrganization,
        bearer: TokenOwner,
        route: Route<'_>,
        query: &RequestParameters,
        address: &str,
    ) -> SandboxResponse {
        let SandboxOrganization { database, memory } = state;
        let shape = |database| Serializer::new(database, query, SerializeContext::ById);
        match route {
            // Answered before any organization is chosen.
            Route::Health | Route::MyOrganizations => SandboxResponse::ok(json!({"status": "ok"})),
            Route::Me | Route::MeInOrganization => {
                let me = if bearer == TokenOwner::Colleague { database.colleague() } else { database.me() };
                me.map_or_else(SandboxResponse::not_found, |me| {
                    SandboxResponse::item(shape(database).user(me))
                })
            }
            Route::Organization => SandboxResponse::item(shape(database).organization()),
            Route::RevokeTokens => {
                lock(&self.tokens).revoke_of(bearer);
                SandboxResponse::empty(204).applied()
            }
            Route::List(kind) => list::list(database, memory, ListScope::Kind(kind), query, address),
            Route::LightList(kind) => list::light(database, memory, kind, query),
            Route::RunTasks(run) => list::list(database, memory, ListScope::TasksOf(run), query, address),
            Route::RunTask(run, task) => actions::run_task(database, run, task, query),
            Route::RunAnswers(run) => actions::run_answers(database, run, query),
            Route::Dismiss(id) => members::dismiss(database, id, query),
            Route::Belongings(id) => members::belongings(database, id),
            Route::Get(kind, id) => actions::get(database, kind, id, query),
            Route::Archive(kind, id) => actions::archive(database, kind, id),
            Route::Restore(kind, id) => actions::restore(database, kind, id),
            Route::Destroy(kind, id) => actions::destroy(database, kind, id),
            Route::Bytes(id, delivery) => actions::bytes(database, id, delivery),
        }
    }
}

/// Whether JSON errors are wanted (API sheet, row 26).
fn asks_for_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    accepted
        .into_iter()
        .any(|value| value.as_bytes().windows(4).any(|part| part.eq_ignore_ascii_case(b"json")))
}

/// The answer of a fault that names a status and perhaps a body.
fn made_up(status: u16, body: Option<Value>) -> SandboxResponse {
    match body {
        Some(Value::String(text)) if text.starts_with('<') => {
            SandboxResponse::new(status, ResponseContent::Html(text))
        }
        Some(body) => SandboxResponse::new(status, ResponseContent::Json(body)),
        // In the words that the API has for them (API sheet 1.2 and E5).
        None if status == 401 => SandboxResponse::refused(status, "unauthenticated"),
        None if status == 429 => SandboxResponse { headers: Vec::new(), ..SandboxResponse::throttled(0) },
        None if status >= 400 => SandboxResponse::refused(status, "The sandbox was told to fail"),
        None => SandboxResponse::empty(status),
    }
}

/// A success whose JSON breaks off in the middle of a word.
fn garbage() -> SandboxResponse {
    let bytes = b"{\"data\":[{\"id\":\"5d0c2a9b".to_vec();
    SandboxResponse::new(200, ResponseContent::Bytes { mime: "application/json", bytes })
}

/// The same JSON with bytes in front of every name and title that are no UTF-8.
fn spoiled(mut answer: SandboxResponse) -> SandboxResponse {
    let ResponseContent::Json(body) = &answer.body else { return answer };
    let text = body.to_string();
    let mut bytes = Vec::with_capacity(text.len() + 64);
    for part in text.split_inclusive("\":\"") {
        bytes.extend_from_slice(part.as_bytes());
        if part.ends_with("name\":\"") || part.ends_with("title\":\"") {
            bytes.extend_from_slice(b"\xFF\xC3(");
        }
    }
    answer.body = ResponseContent::Bytes { mime: "application/json", bytes };
    answer
}

/// Announces the whole body, sends half of it, then breaks the stream off.
fn truncate(whole: Response, bytes: Vec<u8>) -> Response {
    let bytes = if bytes.len() < 2 { b"{\"data\":{\"id\":null}}".to_vec() } else { bytes };
    let announced = bytes.len();
    let half = bytes.get(..announced / 2).unwrap_or_default().to_vec();
    let parts = stream::unfold(Some(half), |half| async {
        match half {
            Some(half) if !half.is_empty() => Some((Ok(half), Some(Vec::new()))),
            Some(_) => {
                // The half has to leave before the error closes the connection.
                tokio::task::yield_now().await;
                Some((Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof)), None))
            }
            None => None,
        }
    });
    let (mut head, _) = whole.into_parts();
    if head.status == axum::http::StatusCode::NO_CONTENT {
        head.status = axum::http::StatusCode::OK;
    }
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(announced));
    Response::from_parts(head, Body::from_stream(parts))
}
