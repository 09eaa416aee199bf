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

use crate::app::effect::{Effect, Ticket, Work};
use crate::app::event::{Message, Reply};
use crate::auth::TokenSource;
use crate::model::desktop::Desktop;
use crate::model::failure::{Cause, Failure};
use crate::model::limits::{Limits, Traffic};
use crate::model::plan::Plan;
use crate::shutdown::Shutdown;
use crate::storage::backups::Backups;
use crate::storage::journal::Journal;
use crate::tallyfy::Client;

use crate::worker::downloads::Fetch;
use crate::worker::http::executor::Session;
use crate::worker::http::permits::Gate;
use crate::worker::http::reconnect::Porter;
use crate::worker::jobs::control::{Gear, Reins};
use crate::worker::jobs::executor::Job;
use crate::worker::jobs::recovery::Past;
use crate::worker::jobs::seen_files::SeenFiles;
use crate::worker::lists::loader::Load;
use crate::worker::records::resolve::Seek;
use crate::worker::response_sender::Post;

/// On what terms the worker works.
#[derive(Debug, Clone)]
pub struct Terms {
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

impl Terms {
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
    session: Session,
    porter: Porter,
    post: Post,
    journal: Journal,
    backups: Backups,
    desktop: Arc<Desktop>,
    state_dir: PathBuf,
    at_once: usize,
    shutdown: Shutdown,
    tasks: JoinSet<()>,
    leads: BTreeMap<Ticket, Lead>,
    /// Set when the job that was confirmed last is over.
    last_job: CancellationToken,
}

/// How a piece of work under way is reached.
#[derive(Debug)]
struct Lead {
    task: AbortHandle,
    means: Means,
}

#[derive(Debug)]
enum Means {
    Cancel(CancellationToken),
    Job(Reins),
}

impl Worker {
    /// A worker for the organization that `client` was made for. Must be called inside a runtime, on which it works.
    #[must_use]
    pub fn new(client: Client, terms: Terms, messages: UnboundedSender<Message>) -> Self {
        let Terms { at_once, limits, clock, state_dir, backups, desktop, source, seed, shutdown } = terms;
        let post = Post::new(clock, messages);
        let gate = Gate::new(&limits, at_once);
        let mut tasks = JoinSet::new();
        let (watched, herald) = (gate.clone(), post.clone());
        let timeout = client.access().timeouts.request;
        tasks.spawn(
            async move { crate::worker::http::limit_reports::watch(&watched, &herald, timeout).await },
        );
        let last_job = CancellationToken::new();
        last_job.cancel();
        let session = Session::new(client, gate, seed, post.clone(), shutdown.clone());
        let porter = Porter::new(session.clone(), source);
        let watching = porter.clone();
        tasks.spawn(async move { watching.watch().await });
        let journal = Journal::new(&state_dir);
        Self {
            session,
            porter,
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
        self.leads.retain(|_, lead| !lead.task.is_finished());
        match effect {
            Effect::Work(ticket, work) => self.start(ticket, work),
            Effect::Cancel(ticket) => match self.leads.get(&ticket).map(|lead| &lead.means) {
                Some(Means::Cancel(token)) => token.cancel(),
                Some(Means::Job(reins)) => reins.shift(Gear::Cancelled),
                None => {}
            },
            Effect::Hold(ticket) => self.shift(ticket, Gear::Held),
            Effect::Resume(ticket) => self.shift(ticket, Gear::Going),
            Effect::AskNow => self.session.ask_now(),
            Effect::Leave(exit) => self.shutdown.request(exit),
            Effect::Quit(_) | Effect::Go(_) | Effect::Suspend | Effect::Clip(_) => {}
        }
    }

    fn shift(&self, ticket: Ticket, gear: Gear) {
        if let Some(Means::Job(reins)) = self.leads.get(&ticket).map(|lead| &lead.means) {
            reins.shift(gear);
        }
    }

    fn start(&mut self, ticket: Ticket, work: Work) {
        let (session, post) = (self.session.clone(), self.post.clone());
        let seen = SeenFiles::new(self.journal.clone(), &session);
        match work {
            Work::Apply(plan) => self.queue(ticket, plan),
            Work::Identify => self.supervise(ticket, Reply::Identified(Err(cancelled())), async move {
                Reply::Identified(crate::worker::records::reads::identify(&session).await)
            }),
            Work::People => self.supervise(ticket, Reply::Peopled(Err(cancelled())), async move {
                Reply::Peopled(crate::worker::records::reads::people(&session).await)
            }),
            Work::Places => self.supervise(ticket, Reply::Placed(Err(cancelled())), async move {
                Reply::Placed(crate::worker::records::reads::organizations(&session).await)
            }),
            Work::Count(kind) => self.supervise(ticket, Reply::Counted(Err(cancelled())), async move {
                Reply::Counted(crate::worker::records::reads::count(&session, kind).await)
            }),
            Work::Admit(token) => {
                let porter = self.porter.clone();
                self.supervise(ticket, Reply::Admitted(Err(cancelled())), async move {
                    Reply::Admitted(porter.admit(token).await)
                });
            }
            Work::Read(record) => self.supervise(ticket, Reply::Read(Err(cancelled())), async move {
                Reply::Read(crate::worker::records::reads::read(&session, &seen, &record).await)
            }),
            Work::Relate { relation, lookup, stretch } => {
                self.supervise(ticket, Reply::Related(Err(cancelled())), async move {
                    Reply::Related(
                        crate::worker::records::related::relate(&session, relation, &lookup, stretch).await,
                    )
                });
            }
            Work::List { list, wanted } => {
                let load = Load { session, seen, post, ticket, list };
                self.supervise(ticket, Reply::Loaded(Err(cancelled())), async move {
                    Reply::Loaded(load.run(&wanted).await)
                });
            }
            Work::Search { list, question } => {
                let load = Load { session, seen, post, ticket, list };
                self.supervise(ticket, Reply::Searched(Err(cancelled())), async move {
                    Reply::Searched(load.search(question).await)
                });
            }
            Work::Recall(wish) => {
                let past = self.past();
                self.supervise(ticket, Reply::Recalled(Err(cancelled())), async move {
                    Reply::Recalled(past.recall(wish).await)
                });
            }
            Work::Unfinished => {
                let past = self.past();
                self.supervise(ticket, Reply::Unfinished(Err(cancelled())), async move {
                    Reply::Unfinished(past.unfinished(|reply| post.reply(ticket, reply)).await)
                });
            }
            Work::Acknowledge(file) => {
                let journal = self.journal.clone();
                self.supervise(ticket, Reply::Acknowledged(Err(cancelled())), async move {
                    Reply::Acknowledged(journal.acknowledge(file).await.map_err(Failure::from))
                });
            }
            Work::Annals { sought, before } => {
                let past = self.past();
                self.supervise(ticket, Reply::Told(Err(cancelled())), async move {
                    Reply::Told(past.accounts(sought, before).await)
                });
            }
            Work::Deeds(job) => {
                let past = self.past();
                self.supervise(ticket, Reply::Recounted(Err(cancelled())), async move {
                    Reply::Recounted(past.deeds(job).await)
                });
            }
            Work::ExportJob { job, sought } => {
                let past = self.past();
                self.supervise(ticket, Reply::Written(Err(cancelled())), async move {
                    Reply::Written(past.export(job, sought).await)
                });
            }
            Work::Copy(clip) => {
                let desktop = Arc::clone(&self.desktop);
                self.supervise(ticket, Reply::Copied(Err(cancelled())), async move {
                    Reply::Copied(crate::worker::clipboard::copy(&session, &desktop, clip).await)
                });
            }
            Work::Browse(kind, id) => {
                let desktop = Arc::clone(&self.desktop);
                self.supervise(ticket, Reply::Browsed(Err(cancelled())), async move {
                    Reply::Browsed(crate::worker::clipboard::browse(&session, &desktop, kind, &id).await)
                });
            }
            Work::Export(export) => self.supervise(ticket, Reply::Exported(Err(cancelled())), async move {
                Reply::Exported(crate::worker::export::export(*export).await)
            }),
            Work::Drop(job) => {
                let past = self.past();
                self.supervise(ticket, Reply::Dropped(Err(cancelled())), async move {
                    Reply::Dropped(past.drop_rest(job).await)
                });
            }
            Work::Weigh(plan) => self.supervise(ticket, Reply::Weighed(Vec::new()), async move {
                Reply::Weighed(
                    crate::worker::records::impact::run(&session, &seen, &post, ticket, &plan).await,
                )
            }),
            Work::Save(saving) => {
                let fetch = Fetch::new(session, post, ticket, saving);
                self.supervise(ticket, Reply::SaveEnded(Err(cancelled())), async move {
                    Reply::SaveEnded(fetch.run().await)
                });
            }
            Work::Look(record) => self.supervise(ticket, Reply::Looked(Err(cancelled())), async move {
                Reply::Looked(crate::worker::records::reads::find(&session, &record).await)
            }),
            Work::Write { name, text } => {
                self.supervise(ticket, Reply::Written(Err(cancelled())), async move {
                    Reply::Written(crate::worker::export::write(Path::new("."), &name, &text).await)
                });
            }
            Work::Shelve(keeping) => {
                let directory = self.state_dir.clone();
                self.supervise(ticket, Reply::Shelved(Err(cancelled().words)), async move {
                    Reply::Shelved(crate::worker::export::shelve(directory, keeping).await)
                });
            }
            Work::Sets(wish) => {
                let directory = self.state_dir.clone();
                self.supervise(ticket, Reply::Sets(Err(cancelled().words)), async move {
                    let here = (session.base_url(), session.organization().to_owned());
                    Reply::Sets(crate::worker::export::sets(directory, here, wish).await)
                });
            }
            Work::Seek(entries) => {
                let seek = Seek { session, post, ticket };
                self.supervise(ticket, Reply::Sought(Err(cancelled())), async move {
                    seek.run(entries).await;
                    Reply::Sought(Ok(()))
                });
            }
            Work::Arrange(wish) => {
                self.supervise(ticket, Reply::Arranged(None), crate::worker::filter::run(wish, post, ticket));
            }
        }
    }

    fn past(&self) -> Past {
        Past {
            session: self.session.clone(),
            journal: self.journal.clone(),
            directory: self.state_dir.clone(),
            clock: self.post.clock.clone(),
        }
    }

    /// Puts a job behind those confirmed before it.
    fn queue(&mut self, ticket: Ticket, plan: Arc<Plan>) {
        let reins = Reins::new(self.shutdown.clone());
        let job = Job {
            session: self.session.clone(),
            seen: SeenFiles::new(self.journal.clone(), &self.session),
            confirmed: self.post.clock.now().wall,
            post: self.post.clone(),
            journal: self.journal.clone(),
            backups: self.backups.clone(),
            ticket,
            plan,
            reins: reins.clone(),
            shutdown: self.shutdown.clone(),
            at_once: self.at_once,
        };
        let over = CancellationToken::new();
        let before = std::mem::replace(&mut self.last_job, over.clone());
        let task = self.tasks.spawn(job.run(before, over, self.shutdown.hold()));
        self.leads.insert(ticket, Lead { task, means: Means::Job(reins) });
    }

    /// Runs `work` and sends what it ends with, or `if_cancelled` if it is cancelled first.
    fn supervise(
        &mut self,
        ticket: Ticket,
        if_cancelled: Reply,
        work: impl Future<Output = Reply> + Send + 'static,
    ) {
        let (token, post) = (CancellationToken::new(), self.post.clone());
        let cancel = token.clone();
        let task = self.tasks.spawn(async move {
            let reply = ending(work, if_cancelled, &cancel).await;
            post.reply(ticket, reply);
        });
        self.leads.insert(ticket, Lead { task, means: Means::Cancel(token) });
    }
}

/// What a piece of work ends with. It has been dropped by then, so nothing of it can follow.
async fn ending(work: impl Future<Output = Reply>, if_cancelled: Reply, cancel: &CancellationToken) -> Reply {
    tokio::select! {
        biased;
        () = cancel.cancelled() => if_cancelled,
        ended = AssertUnwindSafe(work).catch_unwind() => {
            ended.unwrap_or_else(|panic| Reply::Broken(crate::worker::jobs::executor::broken_off(&*panic)))
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
    async fn a_panic_is_a_final_reply() {
        let token = CancellationToken::new();
        let reply = ending(async { panic!("out of {}", "luck") }, Reply::Arranged(None), &token).await;
        let Reply::Broken(failure) = reply else { panic!("{reply:?}") };
        assert_eq!((failure.cause, failure.words.as_str()), (Cause::Bug, "tidyfy broke off: out of luck"));
    }

    #[tokio::test]
    async fn what_is_cancelled_ends_so_even_if_it_never_ends() {
        let token = CancellationToken::new();
        token.cancel();
        let reply = ending(std::future::pending(), Reply::Counted(Err(cancelled())), &token).await;
        assert!(matches!(reply, Reply::Counted(Err(failure)) if failure.cause == Cause::Cancelled));
    }
}
