//! What the trials have in common: records sown for them, keys that mark and confirm them, and what the journal and the
//! server's ledger say afterwards.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tidyfy::model::kind::{Action, Kind};
use tidyfy::model::outcome::Outcome;
use tidyfy::model::plan::Confirmation;
use tidyfy::sandbox::{FaultEffect, Quirk, Quirks, Sandbox, SandboxSettings};
use tidyfy::storage::journal::{History, HistoryQuery as JournalWanted, PastJob, PastStep};

pub(super) use crate::support::slug;
use crate::support::{Desk, Wanted};

/// The kinds of which records are sown. People, of whom some must stay, and folders, of which a list has two parts, have
/// their journeys.
pub(super) const SOWN: [Kind; 6] =
    [Kind::Processes, Kind::Templates, Kind::Tasks, Kind::Files, Kind::Tags, Kind::Groups];

/// The key of a record's name in the API.
fn name_key(kind: Kind) -> &'static str {
    match kind {
        Kind::Processes | Kind::Groups | Kind::Folders => "name",
        Kind::Guests => "first_name",
        Kind::Members => "full_name",
        Kind::Files => "filename",
        Kind::Templates | Kind::Tasks | Kind::Tags => "title",
    }
}

/// Whether the trials of an action take archived records. Tasks are deleted archived here, too, though they need not be.
pub(super) fn from_archive(kind: Kind, action: Action) -> bool {
    kind.row().archives() && action != Action::Archive
}

/// Puts records called `Trial 00` and so on there, archived if asked for, and answers their ids.
pub(super) fn sow(server: &Sandbox, kind: Kind, n: usize, archived: bool) -> Vec<String> {
    let holder = server
        .ids("runs")
        .into_iter()
        .find(|id| server.object("runs", id).is_some_and(|run| run["archived_at"].is_null()));
    let one = |n: usize| {
        let name = format!("Trial {n:02}");
        let mut fields = json!({ name_key(kind): name });
        if kind == Kind::Files {
            fields["subject"] = json!({"id": holder, "type": "Run"});
        }
        let id = server.add(slug(kind), fields).unwrap();
        assert!(!archived || server.archive(slug(kind), &id));
        id
    };
    (0..n).map(one).collect()
}

pub(super) fn with_quirks(quirks: impl IntoIterator<Item = Quirk>) -> SandboxSettings {
    let quirks: Quirks = quirks.into_iter().collect();
    SandboxSettings { scale: 60, quirks, ..SandboxSettings::default() }
}

/// The program on the list of a kind, with `n` records of the trial in it, ready to be marked.
pub(super) async fn desk(
    kind: Kind,
    action: Action,
    n: usize,
    sandbox: SandboxSettings,
) -> (Desk, Vec<String>) {
    let mut desk = Desk::with(Wanted { kind, sandbox, ..Wanted::default() }).await;
    let archived = from_archive(kind, action);
    let ids = sow(&desk.server, kind, n, archived);
    desk.keys(if archived { "s" } else { "R" }).await;
    desk.rest().await;
    (desk, ids)
}

/// Marks every record of the trial.
pub(super) async fn mark(desk: &mut Desk, n: usize) {
    desk.keys("/").await;
    desk.types("trial").await;
    desk.keys("enter").await;
    desk.rest().await;
    desk.keys("*").await;
    desk.rest().await;
    assert_eq!(desk.marked().len(), n, "{}", desk.screen());
}

/// Opens the action's dialog, and waits until all is counted that it shows.
pub(super) async fn ask(desk: &mut Desk, action: Action) {
    let key = match action {
        Action::Archive => "a",
        Action::Restore => "r",
        Action::Delete => "D",
    };
    desk.keys(key).await;
    desk.rest().await;
}

/// Does what the open dialog asks for.
pub(super) async fn agree(desk: &mut Desk) {
    let plan = desk.plan().unwrap_or_else(|| panic!("no dialog:\n{}", desk.screen()));
    match plan.confirmation() {
        Confirmation::Nothing => panic!("there is nothing to do:\n{}", desk.screen()),
        Confirmation::Key => desk.confirm().await,
        Confirmation::Phrase(phrases) => desk.confirm_with(&phrases[0]).await,
    }
    assert!(desk.plan().is_none(), "the dialog stayed:\n{}", desk.screen());
    desk.rest().await;
    assert!(!desk.log().contains(" was stopped: "), "{}", desk.log());
}

/// Opens the action's dialog, does what it asks for, and waits for the job to end.
pub(super) async fn set_off(desk: &mut Desk, action: Action) {
    ask(desk, action).await;
    agree(desk).await;
}

/// Marks the records of the trial and does the action to them, to its end.
pub(super) async fn carry_out(desk: &mut Desk, action: Action, n: usize) {
    mark(desk, n).await;
    set_off(desk, action).await;
}

/// What the journal says of the newest job.
pub(super) fn newest(state_dir: &std::path::Path) -> (PastJob, Vec<PastStep>) {
    let history = History::open(state_dir).unwrap().unwrap();
    let job = history.jobs(&JournalWanted::default()).unwrap().remove(0);
    let steps = history.steps(job.id, &JournalWanted::default()).unwrap();
    (job, steps)
}

/// Whether the server has done the action to the record.
pub(super) fn is_done(server: &Sandbox, kind: Kind, action: Action, id: &str) -> bool {
    let object = server.object(slug(kind), id);
    match action {
        Action::Delete => object.is_none(),
        Action::Archive => object.is_some_and(|object| object["archived_at"].is_string()),
        Action::Restore => object.is_some_and(|object| object["archived_at"].is_null()),
    }
}

/// How the server has the record, in a word.
pub(super) fn state(server: &Sandbox, kind: Kind, id: &str) -> &'static str {
    match server.object(slug(kind), id) {
        None => "gone",
        Some(object) if object["archived_at"].is_string() => "archived",
        Some(_) if kind.row().archives() => "live",
        Some(_) => "there",
    }
}

/// Requests that speak of `part`, all of them or those that change something.
pub(super) fn requests(server: &Sandbox, method: &str, part: &str) -> usize {
    let all = server.requests().into_iter();
    all.filter(|request| request.method == method && request.path.contains(part)).count()
}

/// How often something that changes `id` was sent.
pub(super) fn sent(server: &Sandbox, id: &str) -> usize {
    requests(server, "DELETE", id) + requests(server, "PUT", id)
}

/// Asserts that screen, marks and journal tell the same of a job: one outcome a record, every one in the sum.
pub(super) fn tells_the_same(desk: &Desk, action: Action, steps: &[PastStep]) {
    let mut counts: BTreeMap<Outcome, usize> = BTreeMap::new();
    for step in steps.iter().filter(|step| step.action == action.word()) {
        let outcome = step.outcome.unwrap_or_else(|| panic!("{} never ended", step.name));
        *counts.entry(outcome).or_default() += 1;
        let mark = desk.state().marks.all().find(|mark| mark.record.id().to_string() == step.record);
        let is_over = matches!(outcome, Outcome::Done | Outcome::AlreadyGone);
        assert_eq!(mark.is_none(), is_over, "the mark of {}: {outcome:?}", step.name);
        if let Some(said) = mark.and_then(|mark| mark.failed.as_ref()) {
            let reason = step.reason.as_deref().unwrap_or_default();
            assert_eq!(*said, format!("{}: {reason}", outcome.word()), "{}", step.name);
        }
    }
    let counted = counts.iter().map(|(outcome, n)| format!("{n} {}", outcome.word()));
    let counted: Vec<String> = counted.collect();
    let summary = format!("{} finished: {}", action.word(), counted.join(", "));
    assert!(desk.log().contains(&summary), "no `{summary}` in\n{}", desk.log());
}

/// An answer with a status, some headers and perhaps a body, that changes something or does not.
pub(super) fn answer(status: u16, headers: &[(&str, &str)], body: Option<Value>, apply: bool) -> FaultEffect {
    let headers = headers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    FaultEffect::Answer { status, body, headers, apply }
}

pub(super) fn status(status: u16) -> FaultEffect {
    answer(status, &[], None, false)
}
