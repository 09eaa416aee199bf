//! A Tallyfy-compatible server on loopback, for trying things out without an account and for tests.
//!
//! Owns small organizations made from a seed, the routes of the API that concern processes, templates, tasks, files, tags,
//! groups, guests, members and folders, and the means to make them misbehave. It is written from the description of the API alone and
//! must not know any other room of the crate, so that a wrong route in the client is found here.

mod actions;
mod answer;
mod faults;
mod guests;
mod includes;
mod limits;
mod list;
mod listener;
mod members;
mod names;
mod parameters;
mod query;
mod quirks;
mod request_log;
mod rng;
mod routes;
mod rows;
mod seed;
mod serialize;
mod serve;
mod store;
mod tokens;

use std::{
    fs::File,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, atomic::AtomicU64},
    time::Duration,
};

use axum::Router;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

pub use crate::sandbox::request_log::LoggedRequest;
pub use faults::{Fault, FaultEffect, FaultError, Operation, read_faults};
pub use limits::SandboxLimits;
pub use quirks::{Quirk, Quirks, UnknownQuirk};
pub use tokens::TokenOwner;

use crate::sandbox::listener::{ConnectionSwitch, SwitchedListener};
use crate::sandbox::request_log::RequestLog;
use faults::Faults;
use limits::RequestWindows;
use list::ListMemory;
use names::SandboxNames;
use rows::SandboxKind;
use serve::{SandboxOrganization, ServerState, lock};
use tokens::Tokens;

/// 2026-11-20T09:00:00Z, the moment that the dates of a test lead up to.
const NOW: i64 = 1_795_165_200;

/// What the caller of the API may do in the organization.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    #[default]
    Admin,
    /// Everything but deleting processes and templates permanently, and members one by one.
    Standard,
    /// Reading alone.
    Light,
}

impl Role {
    /// The name as it stands in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "Admin",
            Self::Standard => "Standard",
            Self::Light => "Light",
        }
    }
}

/// How a sandbox is set up.
#[derive(Debug, Clone)]
pub struct SandboxSettings {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The same seed and scale give the same organization.
    pub seed: u64,
    /// About how many processes there are; the other kinds follow in proportion.
    pub scale: usize,
    /// How long each answer is held back.
    pub latency: Duration,
    /// Which rate limits are kept.
    pub limits: SandboxLimits,
    /// What goes wrong on purpose.
    pub faults: Vec<Fault>,
    /// Where the behaviour differs from the default.
    pub quirks: Quirks,
    /// A file that gets one line of JSON per request.
    pub log: Option<PathBuf>,
    /// What the caller may do.
    pub role: Role,
    /// How many of the stored files hold some megabytes each; the others are small.
    pub large_files: usize,
    /// A token that is let in beside the sandbox's own, as one that the caller made after signing out.
    pub second_token: Option<String>,
    /// How many organizations the caller is in; those after the first have less in them.
    pub organizations: usize,
    /// Every name is a trap for screens, files and tables: escape sequences, signs that turn text around or have no
    /// width, formulas, 5,000 letters.
    pub hostile: bool,
    /// The moment that the organization's dates lead up to.
    pub now: Timestamp,
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self {
            port: 0,
            seed: 1,
            scale: 120,
            latency: Duration::ZERO,
            limits: SandboxLimits::Off,
            faults: Vec::new(),
            quirks: Quirks::default(),
            log: None,
            role: Role::Admin,
            large_files: 0,
            second_token: None,
            organizations: 2,
            hostile: false,
            now: Timestamp::from_second(NOW).unwrap_or_default(),
        }
    }
}

/// Why a sandbox could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port cannot be had.
    #[error(
        "could not listen on `127.0.0.1:{port}`: {source}\nhint: choose another `--port`, or leave it out"
    )]
    Listen {
        /// The port that was asked for.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The log cannot be written.
    #[error("could not open the log `{}`: {source}\nhint: choose another `--log`", path.display())]
    Log {
        /// The file that was asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The built-in names cannot be read.
    #[error("could not read the sandbox's names: {0}\nhint: this build is broken, build it again")]
    Names(#[from] serde_json::Error),
}

/// A running sandbox. Dropping it stops it and breaks off what is under way.
#[derive(Debug)]
pub struct Sandbox {
    server_state: Arc<ServerState>,
    org: String,
    org_name: String,
    token: String,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Makes the organization and listens. The server runs on the caller's runtime and keeps to the runtime's clock.
    ///
    /// # Errors
    ///
    /// [`StartError`] when the port or the log cannot be had.
    pub async fn start(settings: SandboxSettings) -> Result<Self, StartError> {
        let names = SandboxNames::built_in()?;
        let file = settings.log.as_ref().map(|path| {
            let opened = File::options().create(true).append(true).open(path);
            opened.map_err(|source| StartError::Log { path: path.clone(), source })
        });
        let request_log = RequestLog { entries: Vec::new(), file: file.transpose()? };
        let port = settings.port;
        let listen = |source| StartError::Listen { port, source };
        let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let host = format!("http://{address}");
        let (connections, connection) = SwitchedListener::new(listener, address);
        let names = Arc::new(names);
        let database = seed::database(&settings, &names, 0);
        let others = 1..settings.organizations;
        let others: Vec<SandboxOrganization> = others
            .map(|place| seed::database(&settings, &names, place))
            .map(|database| SandboxOrganization { database, memory: ListMemory::default() })
            .collect();
        let (org, org_name) = (database.org.clone(), database.org_name.clone());
        let token = format!("sandbox-{}", rng::hex(settings.seed ^ 0x70CE, 0));
        let mut tokens = Tokens::new(token.clone());
        if let Some(second) = &settings.second_token {
            tokens.accept(second, TokenOwner::Caller);
        }
        let (stop, stopped) = watch::channel(false);
        let server_state = Arc::new(ServerState {
            state: Mutex::new(SandboxOrganization { database, memory: ListMemory::default() }),
            others: Mutex::new(others),
            gate: Mutex::new(RequestWindows::new(settings.limits)),
            request_log: Mutex::new(request_log),
            tokens: Mutex::new(tokens),
            connection,
            latency: settings.latency,
            faults: Mutex::new(Faults::new(settings.seed, settings.faults)),
            host,
            stop: stopped,
            answered: AtomicU64::new(0),
        });
        let router = Router::new().fallback(serve::answer).with_state(Arc::clone(&server_state));
        let service = router.into_make_service_with_connect_info::<ConnectionSwitch>();
        let serving = axum::serve(connections, service);
        let server = tokio::spawn(async move {
            // Serving ends with the task alone; accept errors are retried inside.
            drop(serving.await);
        });
        Ok(Self { server_state, org, org_name, token, stop, server })
    }

    /// The base URL, `http://127.0.0.1:PORT/api`. The same routes are served without `/api`.
    pub fn base_url(&self) -> String {
        format!("{}/api", self.server_state.host)
    }

    /// The organization's id.
    pub fn org(&self) -> &str {
        &self.org
    }

    /// The organization's name.
    pub fn org_name(&self) -> &str {
        &self.org_name
    }

    /// The id and the name of every organization that the caller is in, this sandbox's own first.
    pub fn organizations(&self) -> Vec<(String, String)> {
        let own = (self.org.clone(), self.org_name.clone());
        let others = lock(&self.server_state.others);
        let others = others.iter().map(|other| (other.database.org.clone(), other.database.org_name.clone()));
        std::iter::once(own).chain(others).collect()
    }

    /// The ids of a kind's records in another of the caller's organizations; empty for an unknown one.
    pub fn ids_in(&self, org: &str, slug: &str) -> Vec<String> {
        if org == self.org {
            return self.ids(slug);
        }
        let others = lock(&self.server_state.others);
        let database = others.iter().map(|other| &other.database).find(|database| database.org == org);
        let keys = database
            .zip(SandboxKind::of(slug))
            .map(|(database, kind)| database.keys(kind))
            .unwrap_or_default();
        keys.iter().map(ToString::to_string).collect()
    }

    /// The token that is let in from the start.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The line that tells people and programs where the sandbox is.
    pub fn banner(&self) -> String {
        format!("tidyfy sandbox listening on {} org={} token={}", self.base_url(), self.org, self.token())
    }

    /// Every request so far, in order of arrival.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        lock(&self.server_state.request_log).entries.clone()
    }

    /// Makes every token so far worthless, as when their user signs out of the web application (API sheet, row 28).
    pub fn revoke_token(&self) {
        lock(&self.server_state.tokens).revoke_all();
    }

    /// Makes the token from the start good again.
    pub fn renew_token(&self) {
        self.accept_token(&self.token, TokenOwner::Caller);
    }

    /// Lets another token in from now on.
    pub fn accept_token(&self, token: &str, bearer: TokenOwner) {
        lock(&self.server_state.tokens).accept(token, bearer);
    }

    /// Resets every connection and refuses new ones until [`Sandbox::reopen`]; both keep the port.
    pub async fn shut(&self) {
        self.server_state.connection.swing(false);
        self.server_state.connection.settled().await;
    }

    /// Takes connections again.
    pub async fn reopen(&self) {
        self.server_state.connection.swing(true);
        self.server_state.connection.settled().await;
    }

    /// Puts these rules in the place of the ones in force; counting starts anew.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        let seed = lock(&self.server_state.state).database.seed;
        *lock(&self.server_state.faults) = Faults::new(seed, faults);
    }

    /// A record of the kind with this API slug as it stands now, archived or not, with its `archived_at`. For `tasks`
    /// this finds process tasks as well.
    pub fn object(&self, slug: &str, id: &str) -> Option<Value> {
        let kind = SandboxKind::of(slug)?;
        serialize::inspected(&lock(&self.server_state.state).database, kind, id)
    }

    /// The ids of all stored records of the kind with this API slug, archived ones included; for `tasks` the one-off
    /// ones. Empty for an unknown slug.
    pub fn ids(&self, slug: &str) -> Vec<String> {
        let state = lock(&self.server_state.state);
        SandboxKind::of(slug)
            .map_or_else(Vec::new, |kind| state.database.keys(kind).iter().map(ToString::to_string).collect())
    }

    /// What a stored file holds, whether or not it can be downloaded at the moment; none for external links.
    pub fn bytes(&self, id: &str) -> Option<Vec<u8>> {
        let state = lock(&self.server_state.state);
        let file = state.database.files.get(id).filter(|file| !file.by_url)?;
        Some(actions::contents(id, &file.filename, file.size))
    }

    /// Puts a record there behind the client's back; what `fields` does not say is made up. Its id, or none for an
    /// unknown slug or an id that is taken.
    pub fn add(&self, slug: &str, fields: Value) -> Option<String> {
        let kind = SandboxKind::of(slug)?;
        lock(&self.server_state.state).database.add(kind, &serialize::fields(fields)).map(|id| id.to_string())
    }

    /// Changes fields of a record behind the client's back, `archived_at` included. False when there is no such record.
    pub fn edit(&self, slug: &str, id: &str, fields: Value) -> bool {
        SandboxKind::of(slug).is_some_and(|kind| {
            lock(&self.server_state.state).database.edit(kind, id, &serialize::fields(fields))
        })
    }

    /// Gives a record another name behind the client's back, as somebody else would: it counts as updated now. False when
    /// there is no such record.
    pub fn rename(&self, slug: &str, id: &str, name: &str) -> bool {
        let now = serialize::millis(lock(&self.server_state.state).database.now());
        let key = match SandboxKind::of(slug) {
            Some(SandboxKind::Runs | SandboxKind::Groups | SandboxKind::Folders) => "name",
            Some(SandboxKind::Members) => "full_name",
            Some(SandboxKind::Guests) => "first_name",
            Some(SandboxKind::Assets) => "filename",
            _ => "title",
        };
        self.edit(slug, id, json!({key: name, "last_updated": now}))
    }

    /// Archives a record behind the client's back, with all that this entails. False when that was not possible.
    pub fn archive(&self, slug: &str, id: &str) -> bool {
        let kind = SandboxKind::of(slug)
            .filter(|kind| !matches!(kind, SandboxKind::Tags | SandboxKind::Groups | SandboxKind::Folders));
        kind.is_some_and(|kind| {
            actions::archive(&mut lock(&self.server_state.state).database, kind, id).applied
        })
    }

    /// Restores a record behind the client's back. False when that was not possible.
    pub fn restore(&self, slug: &str, id: &str) -> bool {
        SandboxKind::of(slug).is_some_and(|kind| {
            actions::restore(&mut lock(&self.server_state.state).database, kind, id).applied
        })
    }

    /// Deletes a record for good behind the client's back, with what is lost with it. False when there is no such record.
    pub fn remove(&self, slug: &str, id: &str) -> bool {
        SandboxKind::of(slug).is_some_and(|kind| lock(&self.server_state.state).database.remove(kind, id))
    }

    /// Serves until the task that awaits this is cancelled.
    pub async fn finished(mut self) {
        // The server ends only with this value, or when its task panicked: in both cases there is no more to serve.
        drop((&mut self.server).await);
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.server.abort();
    }
}
