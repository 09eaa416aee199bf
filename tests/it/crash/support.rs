//! What the journal says and what the server saw, side by side, and jobs that broke off at a chosen point.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use portable_pty::ExitStatus;
use rustix::process::Signal;
use tempfile::TempDir;
use tidyfy::app::effect::Request;
use tidyfy::app::event::Response;
use tidyfy::model::failure::Failure;
use tidyfy::model::kind::Action;
use tidyfy::model::limits::Limits;
use tidyfy::model::outcome::Outcome;
use tidyfy::model::plan::{ConfirmThresholds, Options, Organization, Plan, Target};
use tidyfy::model::record::Record;
use tidyfy::model::recovery::{RecoveryPlan, RecoveryRequest, UnfinishedJob};
use tidyfy::sandbox::{Sandbox, SandboxSettings};
use tidyfy::storage::journal::{
    History, HistoryQuery, JobLog, Journal, JournalResult, NewJob, NewStep, PastJob, PastStep, StepEnd,
};
use tidyfy::worker::Clock;

use crate::pty::{PROGRAM, Terminal};
use crate::worker::bench::Bench;

/// When the jobs of these tests are confirmed.
pub(super) fn at() -> Timestamp {
    SandboxSettings::default().now
}

/// A clock that agrees with the bench's, if made in the same moment.
pub(super) fn clock() -> Clock {
    Clock::starting_at(at())
}

/// Every job, the newest first.
pub(crate) fn jobs(directory: &Path) -> Vec<PastJob> {
    let history = History::open(directory).unwrap();
    history.map(|history| history.jobs(&HistoryQuery::default()).unwrap()).unwrap_or_default()
}

pub(crate) fn job(directory: &Path, number: i64) -> PastJob {
    History::open(directory).unwrap().unwrap().job(number).unwrap().unwrap()
}

pub(crate) fn steps(directory: &Path, number: i64) -> Vec<PastStep> {
    History::open(directory).unwrap().unwrap().steps(number, &HistoryQuery::default()).unwrap()
}

pub(super) fn outcomes(directory: &Path, number: i64) -> Vec<Option<Outcome>> {
    steps(directory, number).into_iter().map(|step| step.outcome).collect()
}

/// What the server saw of one request.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// How often it arrived.
    pub(super) arrived: usize,
    /// How often it took effect.
    pub(super) applied: usize,
}

/// Everything but reads that the server saw, by method and path.
pub(super) fn request_log(sandbox: &Sandbox) -> BTreeMap<String, Seen> {
    let mut request_log: BTreeMap<String, Seen> = BTreeMap::new();
    for request in sandbox.requests().into_iter().filter(|request| request.method != "GET") {
        let seen = request_log.entry(format!("{} {}", request.method, request.path)).or_default();
        seen.arrived += 1;
        seen.applied += usize::from(request.applied);
    }
    request_log
}

/// The ledger's name for the request of a step.
pub(super) fn request(step: &PastStep) -> String {
    format!("{} {}", step.method, step.path)
}

/// How many requests of any sort the server has seen.
pub(super) fn reads(sandbox: &Sandbox) -> usize {
    sandbox.requests().iter().filter(|request| request.method == "GET").count()
}

/// Whether the server has done what a step asks for.
pub(super) fn is_so(sandbox: &Sandbox, action: Action, slug: &str, id: &str) -> bool {
    let archived = sandbox.object(slug, id).map(|object| object["archived_at"].is_string());
    match action {
        Action::Archive => archived == Some(true),
        Action::Restore => archived == Some(false),
        Action::Delete => archived.is_none(),
    }
}

/// How far a step of a job that broke off has come.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    Waiting,
    /// Its request left, and nothing more is known.
    Sent,
    /// Its only request was answered with this status, which settled nothing.
    Answered(u16),
    Ended(Outcome),
}

/// Leaves a job in the journal that broke off with its steps like that; nothing of it reaches the server.
pub(super) async fn broken_off(bench: &Bench, plan: &Plan, fates: &[Fate]) -> i64 {
    let log = begin(bench, plan, &bench.sandbox.base_url(), bench.sandbox.org()).await;
    for (step, fate) in fates.iter().enumerate() {
        if matches!(fate, Fate::Waiting) {
            continue;
        }
        log.sent(step, 1, at(), None).await.unwrap();
        if let Fate::Answered(status) = fate {
            let (at, took, status) = (at(), Duration::from_millis(9), Some(*status));
            let answer = JournalResult { step, attempt: 1, at, took, status, request_id: None, words: None };
            log.answered(answer, None).await.unwrap();
        }
        if let Fate::Ended(outcome) = fate {
            let end = StepEnd { step, at: at(), outcome: *outcome, reason: None, kept: None };
            log.ended(vec![end]).await.unwrap();
        }
    }
    log.job()
}

/// Begins a job in the journal as the worker would, at whatever place.
pub(super) async fn begin(bench: &Bench, plan: &Plan, base_url: &str, organization: &str) -> JobLog {
    let steps = plan.steps.iter().map(|step| {
        let id = step.record.id().to_string();
        let route = step.row.route.replace("{org}", organization).replace("{id}", &id);
        NewStep {
            kind: step.record.kind().row().slug,
            record: id,
            name: step.record.name().to_owned(),
            method: step.row.method.word(),
            path: format!("/api/{route}"),
            action: step.row.action.word(),
            after: step.after,
            fields: serde_json::to_string(&step.record.fields()).unwrap(),
        }
    });
    let new = NewJob {
        base_url: base_url.to_owned(),
        organization: organization.to_owned(),
        organization_name: "Acme Ltd".to_owned(),
        action: plan.action.word(),
        person: None,
        backups: (plan.action == Action::Delete && plan.options.backup).then(|| "copies".to_owned()),
        continues: None,
        reassignee: None,
        created: at(),
        started: at(),
        steps: steps.collect(),
    };
    Journal::new(bench.remembered.path()).begin(new).await.unwrap()
}

/// A plan as the dialog makes it, with nothing let through that it would block.
pub(super) fn proposed(action: Action, chosen: Vec<Target>, options: Options) -> Plan {
    let organization = Organization {
        id: "e0d1".into(),
        name: "Acme Ltd".into(),
        admin: Some(true),
        light: false,
        me: None,
    };
    Plan::new(action, organization, chosen, Limits::off(), ConfirmThresholds::default()).with(options)
}

pub(super) fn chosen(records: &[Record]) -> Vec<Target> {
    records.iter().cloned().map(Target::from).collect()
}

/// What finishes a job that broke off.
pub(super) fn finishing(unfinished_job: &UnfinishedJob) -> Arc<Plan> {
    let plan = proposed(unfinished_job.action, unfinished_job.rest.clone(), unfinished_job.options);
    Arc::new(Plan { continues: Some(unfinished_job.job), ..plan })
}

/// What was recalled, as it goes through the dialog.
pub(super) fn recovery_plan(recovery_plan: RecoveryPlan) -> Arc<Plan> {
    let plan = proposed(recovery_plan.action, recovery_plan.chosen, recovery_plan.options);
    Arc::new(Plan { preface: recovery_plan.preface, ..plan })
}

pub(super) fn ids(chosen: &[Target]) -> Vec<String> {
    chosen.iter().map(|chosen| chosen.record.id().to_string()).collect()
}

pub(super) async fn unfinished(bench: &mut Bench) -> Vec<UnfinishedJob> {
    let Response::Unfinished(found) = bench.ask(Request::Unfinished).await else {
        panic!("it ends as it began")
    };
    found.unwrap()
}

/// The one job that is unfinished.
pub(super) async fn only_unfinished(bench: &mut Bench) -> UnfinishedJob {
    let mut unfinished_jobs = unfinished(bench).await;
    assert_eq!(unfinished_jobs.len(), 1, "{unfinished_jobs:?}");
    unfinished_jobs.remove(0)
}

pub(super) async fn recover(bench: &mut Bench, request: RecoveryRequest) -> Option<RecoveryPlan> {
    let Response::RecoveryPlanned(found) = bench.ask(Request::PlanRecovery(request)).await else {
        panic!("it ends as it began")
    };
    found.unwrap().map(|recovery_plan| *recovery_plan)
}

pub(super) async fn drop_rest(bench: &mut Bench, job: i64) -> Result<(), Failure> {
    let Response::Dropped(dropped) = bench.ask(Request::DropJob(job)).await else {
        panic!("it ends as it began")
    };
    dropped
}

/// The real program on the bench's server, in a terminal, with the bench's state directory.
pub(super) struct Program(Terminal);

impl Program {
    /// Starts it and waits until its first list is there. The bench's runtime goes on serving meanwhile.
    pub(super) async fn start(bench: &Bench, home: &TempDir, arguments: &[&str]) -> Self {
        Self::under(bench, home, PROGRAM, arguments).await
    }

    /// Starts it by way of `starter`.
    pub(super) async fn under(bench: &Bench, home: &TempDir, starter: &str, arguments: &[&str]) -> Self {
        let state = home.path().join("state");
        if !state.exists() {
            std::fs::create_dir(&state).unwrap();
            std::os::unix::fs::symlink(bench.remembered.path(), state.join("tidyfy")).unwrap();
        }
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let variables = [
            ("HOME", home.path().to_str().unwrap().to_owned()),
            ("XDG_STATE_HOME", state.to_str().unwrap().to_owned()),
            ("XDG_CONFIG_HOME", home.path().join("config").to_str().unwrap().to_owned()),
            ("TALLYFY_BASE_URL", bench.sandbox.base_url()),
            ("TALLYFY_ORG_ID", bench.sandbox.org().to_owned()),
            ("TALLYFY_ACCESS_TOKEN", bench.sandbox.token().to_owned()),
        ];
        let starter = starter.to_owned();
        Self::by_hand(move || {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let variables: Vec<(&str, &str)> =
                variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let mut terminal = Terminal::run(&starter, &arguments, &variables);
            terminal.waits("the organization's name", |screen| screen.contents().contains("Acme Ltd"));
            terminal.waits("the whole list", is_whole);
            Self(terminal)
        })
        .await
    }

    /// Marks everything and confirms an action for it.
    pub(super) async fn confirm(self, action: Action) -> Self {
        self.fill_in(action).await.hands(move |terminal| terminal.presses(last_key(action))).await
    }

    /// Marks everything and opens the dialog of an action, up to the key that confirms it.
    pub(super) async fn fill_in(self, action: Action) -> Self {
        self.hands(move |terminal| {
            terminal.presses("*");
            terminal.sees("marked");
            terminal.presses(match action {
                Action::Delete => "D",
                Action::Archive => "a",
                Action::Restore => "r",
            });
            match action {
                Action::Delete => {
                    says(terminal, " and press Enter");
                    type_phrase(terminal);
                }
                Action::Archive | Action::Restore => says(terminal, ", Esc keep"),
            }
        })
        .await
    }

    /// Confirms the permanent delete of the record under the cursor.
    pub(super) async fn delete_the_first(self) -> Self {
        self.hands(|terminal| {
            terminal.presses("D");
            says(terminal, " and press Enter");
            type_phrase(terminal);
            terminal.presses(last_key(Action::Delete));
        })
        .await
    }

    /// Waits until the screen says something, on however many lines.
    pub(super) async fn sees(self, words: &str) -> Self {
        let words = words.to_owned();
        self.hands(move |terminal| says(terminal, &words)).await
    }

    /// Does something at the terminal while the server goes on.
    pub(super) async fn hands(mut self, act: impl FnOnce(&mut Terminal) + Send + 'static) -> Self {
        Self::by_hand(move || {
            act(&mut self.0);
            self
        })
        .await
    }

    /// Ends it by a signal.
    pub(super) async fn kill(self, signal: Signal) -> ExitStatus {
        self.0.signal(signal);
        self.ended().await
    }

    /// Waits until the server has seen so many requests that change something.
    pub(super) async fn has_sent(&self, bench: &Bench, n: usize) {
        self.has(bench, |bench| request_log(&bench.sandbox).len() >= n).await;
    }

    /// Waits until the server has seen what is wanted.
    pub(super) async fn has(&self, bench: &Bench, met: impl Fn(&Bench) -> bool) {
        let seen = async {
            while !met(bench) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let patience = tokio::time::timeout(Duration::from_secs(60), seen).await;
        assert!(patience.is_ok(), "it never came so far:\n{}", self.0.looks(vt100::Screen::contents));
    }

    /// How it ended.
    pub(super) async fn ended(mut self) -> ExitStatus {
        Self::by_hand(move || self.0.ends()).await
    }

    async fn by_hand<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
        tokio::task::spawn_blocking(act).await.unwrap()
    }
}

/// What a screen says, wherever its lines break.
fn said(screen: &vt100::Screen) -> String {
    screen.contents().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the line under the list says that everything is there: `active 87 of 87`, and of collected kinds
/// `17 of 17 from 60 of 60 processes` as well.
fn is_whole(screen: &vt100::Screen) -> bool {
    let said = said(screen);
    let words: Vec<&str> = said.split(' ').collect();
    let far = words.windows(3).filter(|words| words[1] == "of" && words[0].parse::<u32>().is_ok());
    let mut far = far.map(|words| words[0] == words[2]).peekable();
    far.peek().is_some() && far.all(|is_all| is_all)
}

fn says(terminal: &mut Terminal, words: &str) {
    terminal.waits(words, |screen| said(screen).contains(words));
}

/// The key that confirms an action once its dialog is filled in.
pub(super) fn last_key(action: Action) -> &'static str {
    if action == Action::Delete { "\r" } else { "y" }
}

/// Types the phrase that the dialog asks for.
fn type_phrase(terminal: &mut Terminal) {
    let asked = terminal.looks(said);
    let (_, asked) = asked.rsplit_once("type ").unwrap();
    let (phrase, _) = asked.split_once(" and press Enter").unwrap();
    let shown = |screen: &vt100::Screen| said(screen).matches(phrase).count();
    let before = terminal.looks(shown);
    // On a busy machine a letter can come before the program knows that its dialog stands on the screen.
    for _ in 0..5 {
        terminal.reads();
        terminal.types(phrase);
        if terminal.comes_to(Duration::from_secs(5), |screen| shown(screen) > before) {
            return;
        }
        phrase.chars().for_each(|_| terminal.presses("\u{7f}"));
    }
    terminal.waits("the phrase", |screen| shown(screen) > before);
}
