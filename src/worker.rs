//! The async layer: does what the core asks for, in the background.
//!
//! Owns the tasks, and with them the promise that every ticket ends with exactly one final message, whether its work
//! came to its end, was cancelled or broke off. Must not know the state or the screen: it hears effects and tells facts.
//!
//! ```text
//! Effect ─► Worker ─┬─► load, gather ─► walk ─┐
//!                   ├─► look, weigh, seek ────┤
//!                   ├─► apply, past ─► truth ─┼─► session ─► door ─► gate (pace) ─► tallyfy::Client
//!                   │     ├─► journal         │      │         ▲
//!                   │     └─► backups         │      │         └── porter: other tokens, knocking
//!                   ├─► fetch ─► downloads ───┤      │
//!                   └─► arrange, desk, outlet │      │
//! Message ◄─ post ◄─── replies, steps ◄────┴──────┴─ attempts; door: locked, offline; herald: waits, budgets
//! ```

mod clipboard;
mod clock;
mod downloads;
mod export;
mod filter;
mod history;
pub mod http;
pub mod jobs;
pub mod lists;
pub mod records;
mod response_sender;

use std::collections::BTreeMap;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;

pub use clock::Clock;

use crate::app::effect::{Effect, Request, RequestId};
use crate::app::event::{Event, Response};
use crate::auth::TokenSource;
use crate::model::desktop::Desktop;
use crate::model::failure::{Cause, Failure};
use crate::model::limits::{Limits, Traffic};
use crate::model::plan::Plan;
use crate::shutdown::Shutdown;
use crate::storage::backups::Backups;
use crate::storage::journal::Journal;
use crate::tallyfy::Client;

use crate::worker::downloads::Downloader;
use crate::worker::http::executor::Executor;
use crate::worker::http::permits::RateGate;
use crate::worker::http::reconnect::Reconnect;
use crate::worker::jobs::control::{JobControl, JobState};
use crate::worker::jobs::executor::ConfirmedJob;
use crate::worker::jobs::recovery::PastJobs;
use crate::worker::jobs::seen_files::SeenFiles;
use crate::worker::lists::loader::Loader;
use crate::worker::records::resolve::RecordResolver;
use crate::worker::response_sender::ResponseSender;

/// On what terms the worker works.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// How many requests are under way together at most.
    pub at_once: usize,
    /// The limits that requests keep to.
    pub limits: Limits,
    /// What dates the messages.
    pub clock: Clock,
    /// The directory the journal lies in; it need not exist yet.
    pub state_dir: PathBuf,
    /// Where the token is read again when it is not accepted any more.
    pub source: TokenSource,
    /// Where copies of what is deleted are kept.
    pub backups: Backups,
    /// The programs that take a text for the clipboard, or open an address.
    pub desktop: Desktop,
    /// What the jitter of delays starts from; the same seed gives the same delays.
    pub seed: u64,
    /// The end of the program, after whose request nothing more is sent.
    pub shutdown: Shutdown,
}

impl WorkerConfig {
    /// 16 requests at once, under `limits`, with the journal and the copies in `state_dir`, no source of other tokens, no
    /// programs beside, and a seed that differs from run to run.
    #[must_use]
    pub fn new(limits: Limits, clock: Clock, state_dir: PathBuf) -> Self {
        let backups = Backups::new(state_dir.join("backups"), 0);
        let seed = RandomState::new().hash_one(());
        let (source, desktop) = (TokenSource::none(), Desktop::default());
        let (at_once, shutdown) = (Traffic::AT_ONCE, Shutdown::default());
        Self { at_once, limits, clock, state_dir, backups, desktop, source, seed, shutdown }
    }
}

/// Does the work. Dropping it breaks everything off.
#[derive(Debug)]
pub struct Worker {
    session: Executor,
    reconnect: Reconnect,
    post: ResponseSender,
    journal: Journal,
    backups: Backups,
    desktop: Arc<Desktop>,
    state_dir: PathBuf,
    at_once: usize,
    shutdown: Shutdown,
    tasks: JoinSet<()>,
    leads: BTreeMap<RequestId, TaskHandle>,
    /// Set when the job that was confirmed last is over.
    last_job: CancellationToken,
}

/// How a piece of work under way is reached.
#[derive(Debug)]
struct TaskHandle {
    task: AbortHandle,
    cancel: CancelHandle,
}

#[derive(Debug)]
enum CancelHandle {
    Cancel(CancellationToken),
    Job(JobControl),
}

impl Worker {
    /// A worker for the organization that `client` was made for. Must be called inside a runtime, on which it works.
    #[must_use]
    pub fn new(client: Client, terms: WorkerConfig, messages: UnboundedSender<Event>) -> Self {
        let WorkerConfig { at_once, limits, clock, state_dir, backups, desktop, source, seed, shutdown } =
            terms;
        let post = ResponseSender::new(clock, messages);
        let gate = RateGate::new(&limits, at_once);
        let mut tasks = JoinSet::new();
        let (watched, herald) = (gate.clone(), post.clone());
        let timeout = client.access().timeouts.request;
        tasks.spawn(async move { http::limit_reports::watch(&watched, &herald, timeout).await });
        let last_job = CancellationToken::new();
        last_job.cancel();
        let session = Executor::new(client, gate, seed, post.clone(), shutdown.clone());
        let reconnect = Reconnect::new(session.clone(), source);
        let watching = reconnect.clone();
        tasks.spawn(async move { watching.watch().await });
        let journal = Journal::new(&state_dir);
        Self {
            session,
            reconnect,
            post,
            journal,
            backups,
            desktop: Arc::new(desktop),
            state_dir,
            at_once,
            shutdown,
            tasks,
            leads: BTreeMap::new(),
            last_job,
        }
    }

    /// Starts, ends, holds or resumes work. Returns at once. Effects on the screen are not its business.
    pub fn perform(&mut self, effect: Effect) {
        while self.tasks.try_join_next().is_some() {}
        self.leads.retain(|_, handle| !handle.task.is_finished());
        match effect {
            Effect::Request(request_id, work) => self.start(request_id, work),
            Effect::Cancel(request_id) => match self.leads.get(&request_id).map(|handle| &handle.cancel) {
                Some(CancelHandle::Cancel(token)) => token.cancel(),
                Some(CancelHandle::Job(control)) => control.shift(JobState::Cancelled),
                None => {}
            },
            Effect::Pause(request_id) => self.shift(request_id, JobState::Held),
            Effect::Resume(request_id) => self.shift(request_id, JobState::Going),
            Effect::AskNow => self.session.ask_now(),
            Effect::Stop(exit) => self.shutdown.request(exit),
            Effect::Quit(_) | Effect::SwitchOrganization(_) | Effect::Suspend | Effect::CopyToTerminal(_) => {
            }
        }
    }

    fn shift(&self, request_id: RequestId, job_state: JobState) {
        if let Some(CancelHandle::Job(control)) = self.leads.get(&request_id).map(|handle| &handle.cancel) {
            control.shift(job_state);
        }
    }

    fn start(&mut self, request_id: RequestId, work: Request) {
        let (session, post) = (self.session.clone(), self.post.clone());
        let seen = SeenFiles::new(self.journal.clone(), &session);
        match work {
            Request::RunJob(plan) => self.queue(request_id, plan),
            Request::Identify => {
                self.supervise(request_id, Response::Identified(Err(cancelled())), async move {
                    Response::Identified(records::reads::identify(&session).await)
                });
            }
            Request::Members => self.supervise(request_id, Response::Members(Err(cancelled())), async move {
                Response::Members(records::reads::people(&session).await)
            }),
            Request::Organizations => {
                self.supervise(request_id, Response::Organizations(Err(cancelled())), async move {
                    Response::Organizations(records::reads::organizations(&session).await)
                });
            }
            Request::Count(kind) => {
                self.supervise(request_id, Response::Counted(Err(cancelled())), async move {
                    Response::Counted(records::reads::count(&session, kind).await)
                });
            }
            Request::Authenticate(token) => {
                let reconnect = self.reconnect.clone();
                self.supervise(request_id, Response::Authenticated(Err(cancelled())), async move {
                    Response::Authenticated(reconnect.admit(token).await)
                });
            }
            Request::Read(record) => {
                self.supervise(request_id, Response::Read(Err(cancelled())), async move {
                    Response::Read(records::reads::read(&session, &seen, &record).await)
                });
            }
            Request::Related { relation, lookup, page_request } => {
                self.supervise(request_id, Response::Related(Err(cancelled())), async move {
                    Response::Related(
                        records::related::relate(&session, relation, &lookup, page_request).await,
                    )
                });
            }
            Request::List { list, wanted } => {
                let load = Loader { session, seen, post, request_id, list };
                self.supervise(request_id, Response::Loaded(Err(cancelled())), async move {
                    Response::Loaded(load.run(&wanted).await)
                });
            }
            Request::Search { list, question } => {
                let load = Loader { session, seen, post, request_id, list };
                self.supervise(request_id, Response::Searched(Err(cancelled())), async move {
                    Response::Searched(load.search(question).await)
                });
            }
            Request::PlanRecovery(request) => {
                let past = self.past();
                self.supervise(request_id, Response::RecoveryPlanned(Err(cancelled())), async move {
                    Response::RecoveryPlanned(past.recover(request).await)
                });
            }
            Request::Unfinished => {
                let past = self.past();
                self.supervise(request_id, Response::Unfinished(Err(cancelled())), async move {
                    Response::Unfinished(
                        past.unfinished(|response| post.response(request_id, response)).await,
                    )
                });
            }
            Request::Acknowledge(file) => {
                let journal = self.journal.clone();
                self.supervise(request_id, Response::Acknowledged(Err(cancelled())), async move {
                    Response::Acknowledged(journal.acknowledge(file).await.map_err(Failure::from))
                });
            }
            Request::History { sought, before } => {
                let past = self.past();
                self.supervise(request_id, Response::History(Err(cancelled())), async move {
                    Response::History(past.summaries(sought, before).await)
                });
            }
            Request::JobSteps(job) => {
                let past = self.past();
                self.supervise(request_id, Response::JobSteps(Err(cancelled())), async move {
                    Response::JobSteps(past.job_steps(job).await)
                });
            }
            Request::ExportJob { job, sought } => {
                let past = self.past();
                self.supervise(request_id, Response::Written(Err(cancelled())), async move {
                    Response::Written(past.export(job, sought).await)
                });
            }
            Request::Copy(clip) => {
                let desktop = Arc::clone(&self.desktop);
                self.supervise(request_id, Response::Copied(Err(cancelled())), async move {
                    Response::Copied(clipboard::copy(&session, &desktop, clip).await)
                });
            }
            Request::Browse(kind, id) => {
                let desktop = Arc::clone(&self.desktop);
                self.supervise(request_id, Response::Browsed(Err(cancelled())), async move {
                    Response::Browsed(clipboard::browse(&session, &desktop, kind, &id).await)
                });
            }
            Request::Export(export) => {
                self.supervise(request_id, Response::Exported(Err(cancelled())), async move {
                    Response::Exported(export::export(*export).await)
                });
            }
            Request::DropJob(job) => {
                let past = self.past();
                self.supervise(request_id, Response::Dropped(Err(cancelled())), async move {
                    Response::Dropped(past.drop_rest(job).await)
                });
            }
            Request::CountImpact(plan) => {
                self.supervise(request_id, Response::Impact(Vec::new()), async move {
                    Response::Impact(records::impact::run(&session, &seen, &post, request_id, &plan).await)
                });
            }
            Request::Download(saving) => {
                let fetch = Downloader::new(session, post, request_id, saving);
                self.supervise(request_id, Response::DownloadEnded(Err(cancelled())), async move {
                    Response::DownloadEnded(fetch.run().await)
                });
            }
            Request::Find(record) => {
                self.supervise(request_id, Response::RecordFound(Err(cancelled())), async move {
                    Response::RecordFound(records::reads::find(&session, &record).await)
                });
            }
            Request::Write { name, text } => {
                self.supervise(request_id, Response::Written(Err(cancelled())), async move {
                    Response::Written(export::write(Path::new("."), &name, &text).await)
                });
            }
            Request::SavedFilters(keeping) => {
                let directory = self.state_dir.clone();
                self.supervise(request_id, Response::SavedFilters(Err(cancelled().words)), async move {
                    Response::SavedFilters(export::shelve(directory, keeping).await)
                });
            }
            Request::Selections(request) => {
                let directory = self.state_dir.clone();
                self.supervise(request_id, Response::Selections(Err(cancelled().words)), async move {
                    let here = (session.base_url(), session.organization().to_owned());
                    Response::Selections(export::sets(directory, here, request).await)
                });
            }
            Request::Resolve(entries) => {
                let seek = RecordResolver { session, post, request_id };
                self.supervise(request_id, Response::Resolved(Err(cancelled())), async move {
                    seek.run(entries).await;
                    Response::Resolved(Ok(()))
                });
            }
            Request::Query(request) => {
                self.supervise(
                    request_id,
                    Response::QueryResult(None),
                    filter::run(request, post, request_id),
                );
            }
        }
    }

    fn past(&self) -> PastJobs {
        PastJobs {
            session: self.session.clone(),
            journal: self.journal.clone(),
            directory: self.state_dir.clone(),
            clock: self.post.clock.clone(),
        }
    }

    /// Puts a job behind those confirmed before it.
    fn queue(&mut self, request_id: RequestId, plan: Arc<Plan>) {
        let control = JobControl::new(self.shutdown.clone());
        let job = ConfirmedJob {
            session: self.session.clone(),
            seen: SeenFiles::new(self.journal.clone(), &self.session),
            confirmed: self.post.clock.now().wall,
            post: self.post.clone(),
            journal: self.journal.clone(),
            backups: self.backups.clone(),
            request_id,
            plan,
            control: control.clone(),
            shutdown: self.shutdown.clone(),
            at_once: self.at_once,
        };
        let over = CancellationToken::new();
        let before = std::mem::replace(&mut self.last_job, over.clone());
        let task = self.tasks.spawn(job.run(before, over, self.shutdown.hold()));
        self.leads.insert(request_id, TaskHandle { task, cancel: CancelHandle::Job(control) });
    }

    /// Runs `work` and sends what it ends with, or `if_cancelled` if it is cancelled first.
    fn supervise(
        &mut self,
        request_id: RequestId,
        if_cancelled: Response,
        work: impl Future<Output = Response> + Send + 'static,
    ) {
        let (token, post) = (CancellationToken::new(), self.post.clone());
        let cancel = token.clone();
        let task = self.tasks.spawn(async move {
            let response = ending(work, if_cancelled, &cancel).await;
            post.response(request_id, response);
        });
        self.leads.insert(request_id, TaskHandle { task, cancel: CancelHandle::Cancel(token) });
    }
}

/// What a piece of work ends with. It has been dropped by then, so nothing of it can follow.
async fn ending(
    work: impl Future<Output = Response>,
    if_cancelled: Response,
    cancel: &CancellationToken,
) -> Response {
    tokio::select! {
        biased;
        () = cancel.cancelled() => if_cancelled,
        ended = AssertUnwindSafe(work).catch_unwind() => {
            ended.unwrap_or_else(|panic| Response::Panicked(jobs::executor::broken_off(&*panic)))
        }
    }
}

fn cancelled() -> Failure {
    Failure::new(Cause::Cancelled, "cancelled")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_final_response() {
        let token = CancellationToken::new();
        let response =
            ending(async { panic!("out of {}", "luck") }, Response::QueryResult(None), &token).await;
        let Response::Panicked(failure) = response else { panic!("{response:?}") };
        assert_eq!((failure.cause, failure.words.as_str()), (Cause::Bug, "tidyfy broke off: out of luck"));
    }

    #[tokio::test]
    async fn what_is_cancelled_ends_so_even_if_it_never_ends() {
        let token = CancellationToken::new();
        token.cancel();
        let response = ending(std::future::pending(), Response::Counted(Err(cancelled())), &token).await;
        assert!(matches!(response, Response::Counted(Err(failure)) if failure.cause == Cause::Cancelled));
    }
}
