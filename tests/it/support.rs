//! The program as a person meets it, in one thread on paused time: the built-in server, the real client, worker and loop,
//! and a terminal that only remembers what is drawn on it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::test_runner::Config as ProptestConfig;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tempfile::TempDir;
use tidyfy::app::effect::Exit;
use tidyfy::app::event::{Event, EventKind, Signal, Size};
use tidyfy::app::keymap::Keymap;
use tidyfy::app::state::{Overlay, Setup, State};
use tidyfy::event_loop::{EventLoop, LoopTurn};
use tidyfy::model::context::Context;
use tidyfy::model::download::DownloadFolders;
use tidyfy::model::kind::{Action, Kind};
use tidyfy::model::limits::Limits;
use tidyfy::model::plan::{ConfirmThresholds, Plan, Step, applicable};
use tidyfy::model::time::Zone;
use tidyfy::model::token::Token;
use tidyfy::sandbox::{Sandbox, SandboxSettings};
use tidyfy::tallyfy::{BaseUrl, Client, ClientConfig, Timeouts};
use tidyfy::worker::{Clock, Worker, WorkerConfig};
use tokio::sync::mpsc::{Sender, UnboundedSender, channel, unbounded_channel};
use tokio::time::Instant;

/// A property's configuration with so many inputs, or with as many as `PROPTEST_CASES` says.
pub(crate) fn cases(number: u32) -> ProptestConfig {
    let number = std::env::var("PROPTEST_CASES").ok().and_then(|set| set.parse().ok()).unwrap_or(number);
    ProptestConfig { cases: number, ..ProptestConfig::default() }
}

/// A kind's word in the API.
pub(crate) fn slug(kind: Kind) -> &'static str {
    match kind {
        Kind::Processes => "runs",
        Kind::Templates => "checklists",
        Kind::Tasks => "tasks",
        Kind::Files => "assets",
        Kind::Tags => "tags",
        Kind::Groups => "groups",
        Kind::Guests => "guests",
        Kind::Members => "users",
        Kind::Folders => "folders",
    }
}

/// What a test may want otherwise.
pub(crate) struct Wanted {
    pub(crate) size: (u16, u16),
    pub(crate) sandbox: SandboxSettings,
    pub(crate) limits: Limits,
    pub(crate) kind: Kind,
    pub(crate) read_only: bool,
    pub(crate) color: bool,
    pub(crate) token: Option<&'static str>,
    pub(crate) at_once: usize,
    /// Whether a file lies where the state directory ought to be.
    pub(crate) unwritable: bool,
}

impl Default for Wanted {
    fn default() -> Self {
        let sandbox = SandboxSettings { scale: 60, ..SandboxSettings::default() };
        Self {
            size: (120, 35),
            sandbox,
            limits: Limits::off(),
            kind: Kind::Processes,
            read_only: false,
            color: true,
            token: None,
            at_once: 16,
            unwritable: false,
        }
    }
}

/// Removes the files whose bytes the server has lost: what they are attached to cannot be backed up whole.
pub(crate) fn remove_lost_files(server: &Sandbox) {
    for id in server.ids("assets") {
        let file = server.object("assets", &id).unwrap();
        if file["source"] == "local" && file["uploaded_to_s3"] == false {
            assert!(server.remove("assets", &id));
        }
    }
}

/// The program, its server and its terminal.
pub(crate) struct Desk {
    pub(crate) server: Sandbox,
    looping: EventLoop<TestBackend>,
    messages: UnboundedSender<Event>,
    input: Sender<Event>,
    clock: Clock,
    /// Where the program keeps what it remembers, gone with the desk.
    remembered: TempDir,
    pub(crate) ended: Option<Exit>,
    /// How often the process would have been stopped.
    pub(crate) stops: usize,
    /// The organizations that were to be gone to.
    pub(crate) wants: Vec<Context>,
    /// What has been confirmed so far: method and path of each step, below the organization.
    pub(crate) confirmed: Vec<(String, String)>,
}

/// What a step sends: method and path, below the organization.
fn request(step: &Step) -> (String, String) {
    let path =
        step.row.route.replace("organizations/{org}/", "").replace("{id}", &step.record.id().to_string());
    (step.row.method.word().to_owned(), path)
}

/// The longest anything may take, in virtual time.
const PATIENCE: Duration = Duration::from_secs(1200);
/// The most that is typed before the loop takes any of it.
const TYPED_AHEAD: usize = 4_096;
/// A hand's pace from key to key.
const STROKE: Duration = Duration::from_millis(40);

impl Desk {
    /// The program with nothing out of the ordinary, once it has come to rest.
    pub(crate) async fn open() -> Self {
        Self::with(Wanted::default()).await
    }

    /// The program as wanted, once it has come to rest.
    pub(crate) async fn with(wanted: Wanted) -> Self {
        let mut desk = Self::starting(wanted).await;
        desk.rest().await;
        desk
    }

    /// The program as wanted, before it has drawn or asked for anything but its first frame.
    pub(crate) async fn starting(wanted: Wanted) -> Self {
        let server = Sandbox::start(wanted.sandbox).await.unwrap();
        let clock = Clock::starting_at("2026-11-20T14:02:11Z".parse::<Timestamp>().unwrap());
        let (messages, inbox) = unbounded_channel();
        let (input, typed) = channel(TYPED_AHEAD);
        let client = Client::new(ClientConfig {
            base_url: BaseUrl::parse(&server.base_url(), false).unwrap(),
            organization: server.org().to_owned(),
            token: Token::new(wanted.token.unwrap_or(server.token())).unwrap(),
            read_only: wanted.read_only,
            timeouts: Timeouts::default(),
            body_cap: ClientConfig::BODY_CAP,
        })
        .unwrap();
        let remembered = tempfile::tempdir().unwrap();
        let state_dir = remembered.path().join("state");
        if wanted.unwritable {
            std::fs::write(&state_dir, "").unwrap();
        }
        let terms = WorkerConfig {
            seed: 1,
            at_once: wanted.at_once,
            ..WorkerConfig::new(wanted.limits.clone(), clock.clone(), state_dir)
        };
        let worker = Worker::new(client, terms, messages.clone());
        let setup = Setup {
            demo: true,
            here: Context { base_url: server.base_url(), org: server.org().to_owned(), ..Context::default() },
            places: Vec::new(),
            visited: Vec::new(),
            accent: None,
            host: "127.0.0.1".to_owned(),
            limits: wanted.limits,
            thresholds: ConfirmThresholds::default(),
            keymap: Arc::new(Keymap::default()),
            zone: Zone::new(TimeZone::UTC),
            color: wanted.color,
            kind: wanted.kind,
            read_only: wanted.read_only,
            folders: DownloadFolders { downloads: remembered.path().join("downloads"), home: None },
        };
        let (width, height) = wanted.size;
        let state = State::new(setup, Size { width, height }, clock.now());
        let terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut looping = EventLoop::new(state, terminal, worker, (inbox, typed), clock.clone());
        looping.start().unwrap();
        Self {
            server,
            looping,
            messages,
            input,
            clock,
            remembered,
            ended: None,
            stops: 0,
            wants: Vec::new(),
            confirmed: Vec::new(),
        }
    }

    pub(crate) fn state(&self) -> &State {
        self.looping.state()
    }

    /// One turn of the loop, or the end of patience.
    async fn turn(&mut self, until: Instant) -> bool {
        tokio::select! {
            biased;
            turn = self.looping.turn() => {
                match turn.unwrap() {
                    LoopTurn::Going => {}
                    LoopTurn::Suspend => self.stops += 1,
                    LoopTurn::Leaving(place) => self.wants.push(place),
                    LoopTurn::Ended(exit) => self.ended = Some(exit),
                }
                true
            }
            () = tokio::time::sleep_until(until) => false,
        }
    }

    /// Runs the loop until `met`, and says what was on the screen if that never came.
    pub(crate) async fn until(&mut self, what: &str, met: impl Fn(&Self) -> bool) {
        let patience = Instant::now() + PATIENCE;
        while !(met(self) || self.ended.is_some() && what == "the end") {
            assert!(self.ended.is_none(), "the program ended while waiting for {what}");
            assert!(self.turn(patience).await, "{what} never came:\n{}", self.screen());
        }
    }

    /// Runs the loop until nothing is awaited and everything is drawn.
    pub(crate) async fn rest(&mut self) {
        self.until("rest", |desk| {
            desk.state().in_flight.is_empty() && desk.looping.is_drained() && desk.looping.is_drawn()
        })
        .await;
    }

    /// Runs the loop until all keys have been read and their frame is drawn; work may go on.
    async fn read(&mut self) {
        let patience = Instant::now() + PATIENCE;
        while self.ended.is_none() && !(self.looping.is_drained() && self.looping.is_drawn()) {
            assert!(self.turn(patience).await);
        }
    }

    /// Lets time pass, with the loop running.
    pub(crate) async fn pass(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while self.ended.is_none() && self.turn(end).await {}
    }

    fn send(&mut self, event_kind: EventKind) {
        let is_typed =
            matches!(event_kind, EventKind::Key { .. } | EventKind::Paste(_) | EventKind::PasteCut);
        let message = Event { at: self.clock.now(), event_kind };
        if is_typed {
            self.input.try_send(message).unwrap();
        } else {
            self.messages.send(message).unwrap();
        }
    }

    /// Presses keys, written with spaces between them, at a hand's pace.
    pub(crate) async fn keys(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            let chord = key.parse().unwrap_or_else(|bad| panic!("{bad}"));
            let shown = self.plan().map(|plan| plan.steps.iter().map(request).collect::<Vec<_>>());
            let jobs = self.jobs_begun();
            self.send(EventKind::Key { chord, repeat: false });
            self.read().await;
            self.pass(STROKE).await;
            if self.jobs_begun() > jobs {
                self.confirmed.extend(shown.expect("a job began without a dialog"));
            }
        }
    }

    /// The program's state directory.
    pub(crate) fn state_dir(&self) -> PathBuf {
        self.remembered.path().join("state")
    }

    /// Where files are saved.
    pub(crate) fn downloads(&self) -> PathBuf {
        self.remembered.path().join("downloads")
    }

    /// The plan in the dialog, if one is open.
    pub(crate) fn plan(&self) -> Option<&Plan> {
        match &self.state().overlay {
            Some(Overlay::Confirm(confirm)) => Some(&confirm.plan),
            _ => None,
        }
    }

    /// How many jobs have been handed to the worker: those that are over have left a sum behind.
    fn jobs_begun(&self) -> usize {
        // What is saved is no job.
        let is_over = |line: &&str| {
            let ended = line.contains(" finished: ") || line.contains(" cancelled: ");
            ended && !line.contains("  save ")
        };
        self.state().jobs.iter().count() + self.log().lines().filter(is_over).count()
    }

    /// Types letters, at a hand's pace.
    pub(crate) async fn types(&mut self, text: &str) {
        for letter in text.chars() {
            let key = if letter == ' ' { "space".to_owned() } else { letter.to_string() };
            self.keys(&key).await;
        }
    }

    /// Presses keys all at once, as they come from a buffer or from a paste without brackets.
    pub(crate) async fn burst(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            let chord = key.parse().unwrap_or_else(|bad| panic!("{bad}"));
            self.send(EventKind::Key { chord, repeat: false });
        }
        self.read().await;
    }

    pub(crate) async fn paste(&mut self, text: &str) {
        self.send(EventKind::Paste(text.to_owned()));
        self.read().await;
    }

    pub(crate) async fn signal(&mut self, signal: Signal) {
        self.send(EventKind::Signal(signal));
        self.read().await;
    }

    pub(crate) async fn resize(&mut self, width: u16, height: u16) {
        self.looping.terminal_mut().backend_mut().resize(width, height);
        self.send(EventKind::Resized(Size { width, height }));
        self.read().await;
    }

    /// Waits until `y` counts, and presses it.
    pub(crate) async fn confirm(&mut self) {
        self.pass(Duration::from_millis(300)).await;
        self.keys("y").await;
    }

    /// Types the phrase the dialog asks for, and Enter.
    pub(crate) async fn confirm_with(&mut self, phrase: &str) {
        self.types(phrase).await;
        self.keys("enter").await;
    }

    /// The screen, line by line, trailing spaces cut off.
    pub(crate) fn screen(&self) -> String {
        let buffer = self.buffer();
        let lines = buffer.content().chunks(usize::from(buffer.area.width).max(1)).map(|cells| {
            let mut line = String::new();
            let mut covered = 0;
            for cell in cells {
                // The cell after a wide character is its other half.
                if covered == 0 {
                    line.push_str(cell.symbol());
                    covered = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
                } else {
                    covered -= 1;
                }
            }
            line.trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The frame on the screen. It is drawn anew, because the remembering terminal, unlike a real one, keeps what stood
    /// behind the second half of a wide character.
    pub(crate) fn buffer(&self) -> ratatui::buffer::Buffer {
        let Size { width, height } = self.state().size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| tidyfy::view::view(self.state(), frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// What was to be copied since this was last asked.
    pub(crate) fn clips(&mut self) -> Vec<String> {
        self.looping.take_clips()
    }

    /// All lines of the status pane, those that have scrolled away included.
    pub(crate) fn log(&self) -> String {
        let zone = &self.state().setup.zone;
        self.state().status.shown().map(|entry| entry.text(zone)).collect::<Vec<_>>().join("\n")
    }

    /// Whether a job ended with exactly this summary, and it is on the screen.
    pub(crate) fn has_summary(&self, summary: &str) -> bool {
        let line = format!("  {summary}");
        self.log().lines().any(|logged| logged.ends_with(&line)) && self.shows(summary)
    }

    /// Marks the first `n` rows that an action can be done to, and answers their ids.
    pub(crate) async fn mark_applicable(&mut self, action: Action, n: usize) -> Vec<String> {
        let mut marked = Vec::new();
        while marked.len() < n {
            let record = self.state().under_cursor().unwrap();
            if applicable(action, &record, self.state().standing.who()).is_ok() {
                marked.push(record.id().to_string());
                self.keys("space").await;
            } else {
                self.keys("j").await;
            }
        }
        marked
    }

    /// Whether the screen shows `text`.
    pub(crate) fn shows(&self, text: &str) -> bool {
        self.screen().contains(text)
    }

    /// Every request but reads, in order of arrival: method and path below the organization.
    pub(crate) fn changes(&self) -> Vec<(String, String)> {
        let below = format!("/api/organizations/{}/", self.server.org());
        let requests = self.server.requests().into_iter().filter(|request| request.method != "GET");
        requests.map(|request| (request.method.clone(), request.path.replace(&below, ""))).collect()
    }

    /// The names of all marked records.
    pub(crate) fn marked(&self) -> Vec<String> {
        self.state().marks.all().map(|mark| mark.record.name().to_owned()).collect()
    }

    /// The names of the rows that are shown.
    pub(crate) fn rows(&self) -> Vec<String> {
        self.state().listing().shown_records().map(|record| record.name().to_owned()).collect()
    }

    /// The ids of the live processes on the server, sorted.
    pub(crate) fn live(&self) -> Vec<String> {
        let is_live = |id: &String| self.server.object("runs", id).unwrap()["archived_at"].is_null();
        let mut live: Vec<_> = self.server.ids("runs").into_iter().filter(is_live).collect();
        live.sort();
        live
    }

    /// The ids of the rows that are shown, sorted.
    pub(crate) fn shown(&self) -> Vec<String> {
        let mut shown = self.ids();
        shown.sort();
        shown
    }

    /// The ids of the rows that are shown.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.state().listing().shown_records().map(|record| record.id().to_string()).collect()
    }
}
