//! What an action would do, decided once and frozen.
//!
//! Owns applicability (action by record gives yes or the reason), what a plan says in its dialog, and what a person must
//! type to set it off. The dialog shows a [`Plan`], the worker runs the same one. Must not send or draw anything.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::catalog::{ActionLabels, ActionSpec, LookupMode, Method, Permission, Precondition, Reversibility};
use super::id::Id;
use super::kind::{Action, Kind};
use super::outcome::{Outcome, OutcomeCounts};
use super::record::Record;
use super::text;
use super::undo::JobOrigin;
use crate::model::limits::{Limits, RemainingRequests, Traffic};

pub use crate::model::plan::permissions::{
    Actor, Organization, Permissions, applicable, can_inherit, untouchable,
};

/// When a permanent delete counts as large and asks for the organization as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfirmThresholds {
    /// More records than this are always large.
    pub many: usize,
    /// More than this are large when they are over a fifth of what the server holds, or when that is unknown.
    pub some: usize,
    /// Soft actions that cannot be wholly undone ask for a phrase above this.
    pub soft: usize,
}

impl Default for ConfirmThresholds {
    fn default() -> Self {
        Self { many: 50, some: 10, soft: 10 }
    }
}

/// A record that an action was asked for.
#[derive(Debug, Clone)]
pub struct Target {
    /// The record as it was shown.
    pub record: Record,
    /// Why nothing can be done to it now, whatever it is.
    pub busy: Option<String>,
}

impl From<Record> for Target {
    fn from(record: Record) -> Self {
        Self { record, busy: None }
    }
}

/// What a person may choose in the dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether each record is copied to disk before it is permanently deleted.
    pub backup: bool,
    /// Whether the files attached to it are copied with it.
    pub files: bool,
    /// Whether records that are still live are archived first, and then deleted.
    pub archive_first: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { backup: true, files: true, archive_first: false }
    }
}

/// Who is handed what belongs to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reassignee {
    /// The record's id.
    pub id: Id,
    /// Its name, cleaned.
    pub name: String,
}

/// What is sent for a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRequest {
    /// The method.
    pub method: Method,
    /// The route.
    pub route: &'static str,
    /// The parameters.
    pub query: Vec<(&'static str, String)>,
}

/// One request of a job.
#[derive(Debug, Clone)]
pub struct Step {
    /// The record as it was shown.
    pub record: Record,
    /// The request.
    pub row: &'static ActionSpec,
    /// The step of the same record that must be done first, by its number.
    pub after: Option<usize>,
    /// Who is handed what belongs to the record, with the same request.
    pub reassignee: Option<Id>,
}

impl Step {
    /// Its action, as the record's kind calls it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.record.kind().row().words.action(self.row.action)
    }

    /// What is sent for it.
    #[must_use]
    pub fn request(&self) -> StepRequest {
        let method = self.row.method;
        match (&self.row.reassign, &self.reassignee) {
            (Some(reassign), Some(reassignee)) => {
                let fixed = reassign.query.iter().map(|(key, value)| (*key, (*value).to_owned()));
                let query = fixed.chain([(reassign.to, reassignee.to_string())]).collect();
                StepRequest { method, route: reassign.route, query }
            }
            _ => StepRequest { method, route: self.row.route, query: Vec::new() },
        }
    }
}

/// A record that is not in the job, and why.
#[derive(Debug, Clone)]
pub struct Blocked {
    /// The record.
    pub record: Record,
    /// Why not, for people.
    pub reason: String,
}

/// What a person must do to set a plan off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// There is nothing to do: only leaving works.
    Nothing,
    /// Press `y`.
    Key,
    /// Type one of these phrases exactly, then Enter. The first is the one the screen asks for.
    Phrase(Vec<String>),
}

/// What an action would do, frozen when its key was pressed.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The action.
    pub action: Action,
    /// Where.
    pub organization: Organization,
    /// Every record it was asked for.
    pub chosen: Vec<Target>,
    /// What was chosen in the dialog.
    pub options: Options,
    /// Who is handed what belongs to the records, as chosen there.
    pub reassignee: Option<Reassignee>,
    /// What will be sent, in this order; follows from the records and the options.
    pub steps: Vec<Step>,
    /// What will not; follows from them too.
    pub blocked: Vec<Blocked>,
    /// What has to be said before anything else, such as which job is undone.
    pub preface: Vec<String>,
    /// The unfinished job whose rest this is.
    pub continues: Option<i64>,
    /// Its purpose: itself, or undoing or repeating another job.
    pub origin: JobOrigin,
    /// How many of the records the list does not show.
    pub hidden: usize,
    /// Whether a filter is in force, which then is what hides them.
    pub filtered: bool,
    /// The record under the cursor when it is not among them.
    pub bystander: Option<String>,
    /// How many records of their kind the server holds in this scope, of the kinds where that is known.
    pub held_by_server: BTreeMap<Kind, u64>,
    /// In what records lie that are known, chosen or not, by their ids.
    pub parents: BTreeMap<String, String>,
    /// The limits the requests will be paced under.
    pub limits: Limits,
    /// How fast the server answers, as far as it is known.
    pub traffic: Traffic,
    /// When it counts as large.
    pub thresholds: ConfirmThresholds,
}

impl Plan {
    /// What `action` would do to the `chosen` records with nothing chosen in the dialog yet.
    #[must_use]
    pub fn new(
        action: Action,
        organization: Organization,
        chosen: Vec<Target>,
        limits: Limits,
        thresholds: ConfirmThresholds,
    ) -> Self {
        let plan = Self {
            action,
            organization,
            chosen,
            options: Options::default(),
            reassignee: None,
            steps: Vec::new(),
            blocked: Vec::new(),
            preface: Vec::new(),
            continues: None,
            origin: JobOrigin::New,
            hidden: 0,
            filtered: false,
            bystander: None,
            held_by_server: BTreeMap::new(),
            parents: BTreeMap::new(),
            limits,
            traffic: Traffic::new(Traffic::AT_ONCE),
            thresholds,
        };
        plan.with(Options::default())
    }

    /// The same plan with other options.
    #[must_use]
    pub fn with(mut self, options: Options) -> Self {
        self.options = options;
        (self.steps, self.blocked) = (Vec::new(), Vec::new());
        let reassignee = self.reassignee.as_ref().map(|reassignee| &reassignee.id);
        let step = |record, row: &'static ActionSpec, after| Step {
            record,
            row,
            after,
            reassignee: reassignee.filter(|_| row.reassign.is_some()).cloned(),
        };
        for Target { record, busy } in ordering::ordered(&self.chosen, &self.parents) {
            let who = self.organization.who();
            let first = options.archive_first.then(|| archived_first(self.action, &record, who)).flatten();
            match (busy, applicable(self.action, &record, who), first) {
                (Some(reason), ..) => self.blocked.push(Blocked { record, reason }),
                (None, Ok(row), _) => self.steps.push(step(record, row, None)),
                (None, Err(_), Some([archive, delete])) => {
                    let after = Some(self.steps.len());
                    self.steps.push(step(record.clone(), archive, None));
                    self.steps.push(step(record, delete, after));
                }
                (None, Err(reason), None) => self.blocked.push(Blocked { record, reason }),
            }
        }
        self
    }

    /// The same plan among all records of its kinds that are known, which may lie between those that are chosen.
    #[must_use]
    pub fn among(mut self, known: impl Iterator<Item = Record>) -> Self {
        self.parents = ordering::parents(known);
        let options = self.options;
        self.with(options)
    }

    /// The same plan, with what belongs to its records handed to `reassignee`, who cannot be one of them.
    #[must_use]
    pub fn handing_to(mut self, reassignee: Option<Reassignee>) -> Self {
        let is_among =
            |reassignee: &Reassignee| self.chosen.iter().any(|chosen| *chosen.record.id() == reassignee.id);
        self.reassignee = reassignee.filter(|reassignee| !is_among(reassignee));
        let options = self.options;
        self.with(options)
    }

    /// Whether what belongs to some of its records can be handed to another.
    #[must_use]
    pub fn can_hand_over(&self) -> bool {
        self.hands_over().is_some()
    }

    /// The kind of those who can be handed what belongs to its records.
    #[must_use]
    pub fn hands_over(&self) -> Option<Kind> {
        let step = self.steps.iter().find(|step| step.row.reassign.is_some())?;
        Some(step.record.kind())
    }

    /// How many records could be deleted if they were archived first.
    #[must_use]
    pub fn archivable_first(&self) -> usize {
        self.archivable().count()
    }

    /// Every word for what would be done to those first: `archive`, `disable`, or both.
    pub fn words_first(&self) -> Vec<&'static ActionLabels> {
        let each = self.archivable().map(|record| record.kind().row().words);
        each.fold(Vec::new(), |mut all, words| {
            if !all.contains(&words) {
                all.push(words);
            }
            all
        })
    }

    fn archivable(&self) -> impl Iterator<Item = &Record> {
        let free = self.chosen.iter().filter(|chosen| chosen.busy.is_none()).map(|chosen| &chosen.record);
        free.filter(|record| archived_first(self.action, record, self.organization.who()).is_some())
    }

    /// The steps that do what the plan is for, one a record. The others only prepare it.
    pub fn targets(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.row.action == self.action)
    }

    /// Which turn each step has: those of a turn may be under way together, and wait for all of the turns before.
    #[must_use]
    pub fn turns(&self) -> Vec<usize> {
        ordering::of(self.steps.iter().map(|step| &step.record), &self.parents)
    }

    /// What its soft actions are called: as its records call them, where all agree.
    #[must_use]
    pub fn words(&self) -> &'static ActionLabels {
        ActionLabels::of(self.chosen.iter().map(|chosen| chosen.record.kind()))
    }

    /// The action, as its records call it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.words().action(self.action)
    }

    /// How many records it is about.
    #[must_use]
    pub fn count(&self) -> usize {
        self.targets().count()
    }

    /// How a job adds up whose steps ended so, by number: one outcome a record. A step that only prepared another does
    /// not count once it is done, and a step whose preparation did not succeed does not count beside it.
    #[must_use]
    pub fn tally(&self, ended: &[Option<Outcome>]) -> OutcomeCounts {
        let outcome = |n: usize| ended.get(n).copied().flatten();
        let is_prepared = |step: &Step| step.after.is_none_or(|first| outcome(first) == Some(Outcome::Done));
        let counts = |n: &usize| {
            let step = &self.steps[*n];
            is_prepared(step) && (step.row.action == self.action || outcome(*n) != Some(Outcome::Done))
        };
        (0..self.steps.len()).filter(counts).filter_map(outcome).collect()
    }

    /// The dialog's title: action, count, kind, organization, and for one record its name.
    #[must_use]
    pub fn title(&self) -> String {
        let action = self.words().title(self.action);
        let place = &self.organization.name;
        let kinds = self.kinds();
        let targets: Vec<&Step> = self.targets().take(2).collect();
        match (kinds.as_slice(), targets.as_slice()) {
            (_, [only]) => {
                let kind = only.record.kind().count(1);
                format!("{action} {kind} in {place}: {}", only.record.name())
            }
            ([(kind, n)], _) => format!("{action} {} in {place}", kind.count(*n)),
            ([], _) => {
                let kinds: BTreeSet<Kind> = self.blocked.iter().map(|one| one.record.kind()).collect();
                let none = kinds.first().filter(|_| kinds.len() == 1).map(|kind| kind.count(0));
                format!("{action} {} in {place}", none.as_deref().unwrap_or("0 records"))
            }
            (several, _) => {
                let each: Vec<_> = several.iter().map(|(kind, n)| kind.count(*n)).collect();
                format!("{action} {} records ({}) in {place}", self.count(), each.join(", "))
            }
        }
    }

    /// Its action, in the middle of a sentence: `permanently delete 40 tags`.
    #[must_use]
    pub fn summary(&self) -> String {
        let action = self.words().title(self.action).to_lowercase();
        match self.kinds().as_slice() {
            [(kind, n)] => format!("{action} {}", kind.count(*n)),
            several => {
                let each: Vec<_> = several.iter().map(|(kind, n)| kind.count(*n)).collect();
                format!("{action} {} records ({})", text::grouped(self.count() as u64), each.join(", "))
            }
        }
    }

    /// The kinds of the records, in the order of the tabs, with how many there are of each.
    #[must_use]
    pub fn kinds(&self) -> Vec<(Kind, usize)> {
        let count = |kind| self.targets().filter(|step| step.record.kind() == kind).count();
        Kind::ALL.into_iter().map(|kind| (kind, count(kind))).filter(|(_, n)| *n > 0).collect()
    }

    /// Whether files are attached to some of its records that are copied with them.
    #[must_use]
    pub fn copies_attached(&self) -> bool {
        self.options.backup && self.options.files && self.can_copy_attached()
    }

    /// Whether files may be attached to some of its records, which are lost with them.
    #[must_use]
    pub fn can_copy_attached(&self) -> bool {
        self.action == Action::Delete
            && self.targets().any(|step| step.record.kind().row().attachments().is_some())
    }

    /// How many requests will be sent: those that change something, and the reads before them.
    #[must_use]
    pub fn requests(&self) -> RemainingRequests {
        let reads: usize = self.steps.iter().map(|step| self.reads_before(step)).sum();
        let listed = self.steps.iter().filter(|step| self.is_read_from_list(step)).count();
        RemainingRequests { writes: self.steps.len(), reads: reads + listed.div_ceil(Self::ROWS_A_READ) }
    }

    /// The same with one read for each of the `attached` files, where they are copied.
    fn requests_with(&self, attached: usize) -> RemainingRequests {
        let RemainingRequests { writes, reads } = self.requests();
        RemainingRequests { writes, reads: reads + if self.copies_attached() { attached } else { 0 } }
    }

    /// How many records one read of a list brings.
    pub const ROWS_A_READ: usize = 100;

    /// How many reads a step sends before its request. Before each permanent deletion the record is read again, and so it
    /// is before it is archived to be deleted; a file that is copied is read once more for its bytes.
    #[must_use]
    pub fn reads_before(&self, step: &Step) -> usize {
        if self.action != Action::Delete {
            return 0;
        }
        let is_target = step.row.action == self.action;
        let bytes = is_target && self.options.backup && step.record.stored_bytes().is_some();
        usize::from(!self.is_read_from_list(step)) + usize::from(bytes)
    }

    /// Whether the read before a step is one of a whole list: archived records that are not known by their id are read so.
    #[must_use]
    pub fn is_read_from_list(&self, step: &Step) -> bool {
        let is_archived = step.record.is_archived() || step.after.is_some();
        self.action == Action::Delete
            && is_archived
            && step.record.kind().row().by_id == LookupMode::WhileLive
    }

    /// How long they take at least under the current limits.
    #[must_use]
    pub fn time(&self, attached: usize) -> Duration {
        self.limits.time_left(self.requests_with(attached), &self.traffic, Duration::ZERO)
    }

    /// What sets it off.
    #[must_use]
    pub fn confirmation(&self) -> Confirmation {
        let n = self.count();
        let phrase = format!("{} {n}", self.word());
        if n == 0 {
            Confirmation::Nothing
        } else if self.action == Action::Delete && self.is_large() {
            let place = [&self.organization.name, &self.short_organization()]
                .map(|place| format!("{phrase} in {place}"));
            Confirmation::Phrase(place.into())
        } else if self.action == Action::Delete
            || (self.action == Action::Archive && self.is_grave() && n > self.thresholds.soft)
        {
            Confirmation::Phrase(vec![phrase])
        } else {
            Confirmation::Key
        }
    }

    /// The start of the organization's id, which a phrase may name in place of its name.
    #[must_use]
    pub fn short_organization(&self) -> String {
        self.organization.id.chars().take(6).collect()
    }

    /// Whether the inverse action does not bring everything back, or somebody is locked out meanwhile.
    fn is_grave(&self) -> bool {
        self.targets().any(|step| step.row.undo != Reversibility::Whole || step.row.cuts_access)
    }

    fn is_large(&self) -> bool {
        let over_a_fifth = |(kind, n): &(Kind, usize)| {
            let held = self.held_by_server.get(kind).copied();
            *n > self.thresholds.some && held.is_none_or(|held| *n as u64 * 5 > held)
        };
        self.count() > self.thresholds.many || self.kinds().iter().any(over_a_fifth)
    }

    /// `6 requests (3 of them reads), 12 s under the current limits`, with those for `attached` files.
    #[must_use]
    pub fn cost(&self, attached: usize) -> String {
        let RemainingRequests { writes, reads } = self.requests_with(attached);
        let n = text::grouped((writes + reads) as u64);
        let noun = if writes + reads == 1 { "request" } else { "requests" };
        let of_them = match reads {
            0 => String::new(),
            1 => " (1 of them a read)".to_owned(),
            reads => format!(" ({} of them reads)", text::grouped(reads as u64)),
        };
        match (self.limits.is_off(), self.time(attached)) {
            (true, _) => format!("{n} {noun}{of_them}, not paced"),
            (false, time) if time.as_secs() == 0 => format!("{n} {noun}{of_them}, within the current limits"),
            (false, time) => {
                let time = crate::model::limits::spoken(time);
                format!("{n} {noun}{of_them}, at least {time} under the current limits")
            }
        }
    }
}

/// How a live record is archived and then deleted by an action that needs it archived; `None` where that is not the way.
fn archived_first(action: Action, record: &Record, who: Actor<'_>) -> Option<[&'static ActionSpec; 2]> {
    if action != Action::Delete || record.is_archived() || applicable(action, record, who).is_ok() {
        return None;
    }
    let archive = applicable(Action::Archive, record, who).ok()?;
    let archived = record.with_archived(Some(jiff::Timestamp::UNIX_EPOCH));
    Some([archive, applicable(action, &archived, who).ok()?])
}

mod ordering;
mod permissions;
#[cfg(test)]
mod tests;
mod warnings;
