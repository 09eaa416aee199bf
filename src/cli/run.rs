//! `tidyfy`: the screen on the organization that is configured.
//!
//! Owns what must be there before the screen opens: an address that can be used, a token, an organization. Must not know of records or keys.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use directories::UserDirs;
use ratatui::backend::CrosstermBackend;
use tokio::sync::mpsc::{channel, unbounded_channel};
use tokio::task::{JoinHandle, spawn_blocking};

use super::network;
use crate::app::effect::Exit;
use crate::app::selection::Selection;
use crate::app::state::{Overlay, Setup, State};
use crate::auth::{self, TokenSearch, TokenSource};
use crate::cli::error::{CommandError, ExitReason, say};
use crate::config::{ConfigError, Environment, Settings};
use crate::event_loop::{EventLoop, LoopTurn};
use crate::model::context::{Context, KnownContext};
use crate::model::desktop::Desktop;
use crate::model::download::DownloadFolders;
use crate::model::limits::Traffic;
use crate::model::time::Zone;
use crate::model::token::Token;
use crate::model::undo::UndoStack;
use crate::shutdown::Shutdown;
use crate::storage::backups::Backups;
use crate::tallyfy::{BaseUrl, Client, ClientConfig, Timeouts};
use crate::terminal::{self, Continuations, Input, Output, Screen, TerminalListener};
use crate::worker::{Clock, Worker, WorkerConfig};

/// Where the token comes from with these settings.
pub(super) fn source(settings: &Settings, environment: &Environment) -> TokenSource {
    TokenSource::of(search(settings, environment))
}

/// Every place where the token may be with these settings.
pub(super) fn search(settings: &Settings, environment: &Environment) -> TokenSearch {
    let base_url = base_url(settings).ok().map(|url| url.to_string());
    TokenSearch::new(environment, settings, base_url.as_deref())
}

/// What the settings and the token that was found give access to, or everything that is missing for it.
pub(super) fn access(
    settings: &Settings,
    found: Result<Option<Token>, ConfigError>,
) -> Result<ClientConfig, CommandError> {
    let base_url = base_url(settings)?;
    let token = found.and_then(|token| token.ok_or_else(auth::missing));
    match (token, &settings.org) {
        (Ok(token), Some(org)) => Ok(granted(settings, base_url, org.clone(), token)),
        (Ok(_), None) => Err(CommandError::told(ExitReason::Usage, no_org())),
        (Err(problem), Some(_)) => Err(CommandError::told(ExitReason::Authentication, problem)),
        (Err(problem), None) => {
            Err(CommandError::Told { code: ExitReason::Authentication, problems: vec![problem, no_org()] })
        }
    }
}

/// The address of the settings, checked.
pub(super) fn base_url(settings: &Settings) -> Result<BaseUrl, CommandError> {
    BaseUrl::parse(&settings.base_url, settings.allow_insecure_http)
        .map_err(|bad| CommandError::usage(bad.to_string(), bad.hint()))
}

/// Puts together what a client needs.
pub(super) fn granted(
    settings: &Settings,
    base_url: BaseUrl,
    organization: String,
    token: Token,
) -> ClientConfig {
    ClientConfig {
        base_url,
        organization,
        token,
        read_only: settings.read_only,
        timeouts: Timeouts { connect: settings.connect_timeout, request: settings.request_timeout },
        body_cap: ClientConfig::BODY_CAP,
    }
}

/// What is said where no screen can be opened.
pub(super) fn no_terminal() -> CommandError {
    let sentence = "there is no screen to open: standard input or output is no terminal";
    CommandError::told(
        ExitReason::NoTerminal,
        ConfigError::new(sentence, "run `tidyfy` in a terminal, without pipes"),
    )
}

/// What is said where no organization is named.
pub(super) fn no_org() -> ConfigError {
    ConfigError::new(
        "no organization is named",
        "give its id by `--org`, `TALLYFY_ORG_ID`, or `org` in the config",
    )
}

/// An organization that can be entered.
#[derive(Debug, Clone)]
pub struct OrganizationVisit {
    settings: Settings,
    client: Client,
    /// Where the token is read again when it is not accepted any more.
    source: TokenSource,
}

impl OrganizationVisit {
    /// Puts together what `access` gives access to.
    ///
    /// # Errors
    /// [`CommandError`] when no request could be made of it.
    pub fn new(settings: Settings, access: ClientConfig, source: TokenSource) -> Result<Self, CommandError> {
        let network = network::of(&settings, &access.base_url)?;
        let client =
            Client::over(access, network).map_err(|bad| CommandError::usage(bad.to_string(), bad.hint()))?;
        Ok(Self { settings, client, source })
    }

    /// The address it leads to.
    pub(super) fn base_url(&self) -> &BaseUrl {
        &self.client.access().base_url
    }

    /// Where the token that it is entered by comes from.
    pub(super) fn source(&self) -> &TokenSource {
        &self.source
    }

    /// Where it leads.
    fn place(&self) -> Context {
        let access = self.client.access();
        Context {
            profile: self.settings.profile.clone(),
            base_url: access.base_url.to_string(),
            org: access.organization.clone(),
            read_only: self.settings.read_only,
        }
    }
}

/// Finds the way to another organization from one that was entered. It may block.
pub type OrganizationSwitch =
    dyn Fn(&Context, &OrganizationVisit) -> Result<OrganizationVisit, CommandError> + Send + Sync;

/// How the loop came to an end.
enum LoopEnd {
    Left(Exit),
    /// The terminal failed.
    HungUp,
    Gone(Box<OrganizationVisit>),
}

/// Opens the screen on an organization, and on others for as long as the person goes on to them, and answers how it was
/// left. Marks wait where they were made until their organization is entered again. A terminal that fails has hung up.
pub async fn run(
    visit: OrganizationVisit,
    guide: Arc<OrganizationSwitch>,
    input: Input,
    shutdown: &Shutdown,
) -> ExitCode {
    shutdown.attend();
    terminal::restore_on_panic();
    let farewell = visit_all(visit, &guide, input, shutdown).await.unwrap_or_else(|why| {
        shutdown.request(Exit::HungUp);
        vec![format!("error: could not use the terminal: {why}")]
    });
    farewell.iter().for_each(|line| say(line));
    ExitCode::from(shutdown.exit().map_or(0, Exit::code))
}

/// Visits organizations until the program ends, and returns the last words to say when the screen has closed.
async fn visit_all(
    visit: OrganizationVisit,
    guide: &Arc<OrganizationSwitch>,
    input: Input,
    shutdown: &Shutdown,
) -> io::Result<Vec<String>> {
    let mut screen = Screen::take(shutdown.clone())?;
    let mut surface = screen.surface()?;
    let mut listener = TerminalListener::new(input, shutdown.clone());
    let mut continued = Continuations::listen()?;
    let (mut visit, mut left, mut visited) = (visit, Vec::new(), Vec::new());
    loop {
        let mut stay =
            OrganizationRun::begin(&visit, surface, &mut listener, (&mut left, &visited), shutdown)?;
        let ended = stay.until_over((&mut screen, &mut continued), &listener, guide, &visit).await;
        match &ended {
            LoopEnd::Left(exit) => {
                // Jobs are over by now, unless the person insisted.
                shutdown.request(*exit);
                shutdown.force();
            }
            LoopEnd::HungUp => shutdown.request(Exit::HungUp),
            LoopEnd::Gone(_) => {}
        }
        if shutdown.is_requested() {
            shutdown.closed().await;
            stay.looping.catch_up();
        }
        listener.fall_silent();
        let (state, terminal) = stay.looping.take_apart();
        let LoopEnd::Gone(next) = ended else { return Ok(state.farewell()) };
        let here = state.here();
        visited.retain(|known: &KnownContext| known.place != here.place);
        visited.push(here);
        left.push(LeftOrganization { place: visit.place(), marks: state.marks, undo: state.undo });
        (visit, surface) = (*next, terminal);
    }
}

/// How many keys may wait for the loop: more than a person types ahead, few enough to be taken at once.
const INPUT_WAITING: usize = 1024;

/// State of an organization that was left, kept until it is entered again.
struct LeftOrganization {
    place: Context,
    marks: Selection,
    undo: UndoStack,
}

/// The surface that is drawn on.
type DrawSurface = ratatui::Terminal<CrosstermBackend<Output>>;

/// The time in one organization: a loop with a worker and a channel of its own, so that nothing that was said in or to
/// another organization is ever heard in it.
struct OrganizationRun {
    looping: EventLoop<CrosstermBackend<Output>>,
}

impl OrganizationRun {
    fn begin(
        visit: &OrganizationVisit,
        surface: DrawSurface,
        listener: &mut TerminalListener,
        (left, visited): (&mut Vec<LeftOrganization>, &[KnownContext]),
        shutdown: &Shutdown,
    ) -> io::Result<Self> {
        let settings = &visit.settings;
        let clock = Clock::system();
        let (messages, inbox) = unbounded_channel();
        let (input, typed) = channel(INPUT_WAITING);
        let terms = WorkerConfig {
            at_once: settings.at_once,
            source: visit.source.clone(),
            desktop: desktop(settings),
            backups: Backups::new(settings.backups.clone(), settings.keep_free),
            shutdown: shutdown.clone(),
            ..WorkerConfig::new(settings.limits.clone(), clock.clone(), settings.state_dir.clone())
        };
        let size = terminal::size()?;
        listener.tell(messages.clone(), input, clock.clone())?;
        let worker = Worker::new(visit.client.clone(), terms, messages);
        let mut state = State::new(setup(visit, visited), size, clock.now());
        state.traffic = Traffic::new(settings.at_once);
        if let Some(at) = left.iter().position(|left| left.place.is_where(&visit.place())) {
            let LeftOrganization { marks, undo, .. } = left.swap_remove(at);
            (state.marks, state.undo) = (marks, undo);
        }
        Ok(Self { looping: EventLoop::new(state, surface, worker, (inbox, typed), clock) })
    }

    /// Turns the loop until the person, or the system, wants it to end, or the terminal fails. It turns on while a way to another organization
    /// is looked for, which may take as long as a keyring does; of two such wishes the later one counts.
    async fn until_over(
        &mut self,
        (screen, continued): (&mut Screen, &mut Continuations),
        listener: &TerminalListener,
        guide: &Arc<OrganizationSwitch>,
        here: &OrganizationVisit,
    ) -> LoopEnd {
        let ended = self.turn_until_over((screen, continued), listener, guide, here).await;
        ended.unwrap_or(LoopEnd::HungUp)
    }

    async fn turn_until_over(
        &mut self,
        (screen, continued): (&mut Screen, &mut Continuations),
        listener: &TerminalListener,
        guide: &Arc<OrganizationSwitch>,
        here: &OrganizationVisit,
    ) -> io::Result<LoopEnd> {
        let looping = &mut self.looping;
        let mut sought = None;
        looping.start()?;
        loop {
            // Closing the box takes the wish back.
            if !matches!(looping.state().overlay, Some(Overlay::Organizations(_))) {
                sought = None;
            }
            let turn = tokio::select! {
                // Before anything that was typed for another program.
                biased;
                () = continued.next() => {
                    screen.retake()?;
                    looping.resume(terminal::size()?)?;
                    continue;
                }
                turn = looping.turn() => turn?,
                found = found(&mut sought) => {
                    sought = None;
                    match found.and_then(|visit| free(looping.state()).map(|()| visit)) {
                        Ok(visit) => return Ok(LoopEnd::Gone(Box::new(visit))),
                        Err(why) => looping.stay(why)?,
                    }
                    continue;
                }
            };
            for text in looping.take_clips() {
                screen.clip(&text)?;
            }
            listener.taken(looping.input_taken());
            match turn {
                LoopTurn::Going => {}
                LoopTurn::Ended(exit) => return Ok(LoopEnd::Left(exit)),
                LoopTurn::Leaving(place) => sought = Some(way(guide, place, here)),
                LoopTurn::Suspend => {
                    screen.suspend(continued).await?;
                    looping.resume(terminal::size()?)?;
                }
            }
        }
    }
}

/// A way that is looked for.
type WantedOrganization = JoinHandle<Result<OrganizationVisit, CommandError>>;

/// Looks for the way to `place`.
fn way(guide: &Arc<OrganizationSwitch>, place: Context, here: &OrganizationVisit) -> WantedOrganization {
    let (guide, here) = (Arc::clone(guide), here.clone());
    spawn_blocking(move || guide(&place, &here))
}

/// The way that is looked for, or why there is none. Without one it waits for ever.
async fn found(sought: &mut Option<WantedOrganization>) -> Result<OrganizationVisit, String> {
    let Some(sought) = sought else { return std::future::pending().await };
    let found = sought.await.map_err(|_| "the way there was not found".to_owned())?;
    found.map_err(|error| error.to_string())
}

/// Whether nothing is under way that would end with the organization; it may have begun since the person wanted to go.
fn free(state: &State) -> Result<(), String> {
    if state.jobs.is_empty() && state.saves.current.is_none() {
        return Ok(());
    }
    Err("something that must not be broken off was begun here meanwhile; go when it is done".to_owned())
}

fn setup(visit: &OrganizationVisit, visited: &[KnownContext]) -> Setup {
    let settings = &visit.settings;
    Setup {
        demo: settings.demo,
        here: visit.place(),
        places: settings.places.clone(),
        visited: visited.to_vec(),
        accent: settings.accent,
        host: visit.client.access().base_url.host().to_owned(),
        limits: settings.limits.clone(),
        thresholds: settings.thresholds,
        keymap: Arc::new(settings.keymap.clone()),
        zone: Zone::new(jiff::tz::TimeZone::system()),
        color: settings.color,
        kind: settings.kind,
        read_only: settings.read_only,
        folders: folders(),
    }
}

/// Where a person's files go on this platform.
fn folders() -> DownloadFolders {
    let Some(user) = UserDirs::new() else { return DownloadFolders::default() };
    let downloads = user.download_dir().map_or(DownloadFolders::default().downloads, Path::to_owned);
    DownloadFolders { downloads, home: Some(user.home_dir().to_owned()) }
}

/// The programs of this machine that texts and addresses can be given to.
fn desktop(settings: &Settings) -> Desktop {
    let variable = |name: &str| std::env::var(name).ok();
    Desktop::of(settings.clipboard, std::env::consts::OS, variable)
}
