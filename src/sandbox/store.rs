//! The state of the organization: every record by id, what hangs on what, and the changes that keep it true.
//!
//! Owns cascades (what goes with a process, which links a tag leaves behind) and the derived process tasks, which are
//! computed from their process and never stored. Must not know requests, answers or pages.
mod create;
mod delete;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use indexmap::IndexMap;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::Role;
use super::names::SandboxNames;
use super::quirks::{Quirk, Quirks};
use super::rows::{
    FileRow, FileSource, FolderRow, GroupRow, GuestRow, GuestTasks, MemberRow, PatchableRow, ProcessRow,
    SandboxKey, SandboxKind, TagCounts, TagRow, TaskRow, TemplateRow, UnixSeconds,
};
use crate::sandbox::rng::{hex, mix};

/// Everything the sandbox knows about one organization.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) seed: u64,
    pub(super) org: String,
    pub(super) org_name: String,
    /// Who calls, and a member who does not.
    pub(super) caller: i64,
    pub(super) other: i64,
    pub(super) names: Arc<SandboxNames>,
    pub(super) role: Role,
    pub(super) quirks: Quirks,
    pub(super) users: IndexMap<SandboxKey, MemberRow>,
    pub(super) guests: IndexMap<SandboxKey, GuestRow>,
    pub(super) folders: IndexMap<SandboxKey, FolderRow>,
    pub(super) runs: IndexMap<SandboxKey, ProcessRow>,
    pub(super) templates: IndexMap<SandboxKey, TemplateRow>,
    pub(super) tasks: IndexMap<SandboxKey, TaskRow>,
    pub(super) files: IndexMap<SandboxKey, FileRow>,
    pub(super) tags: IndexMap<SandboxKey, TagRow>,
    pub(super) groups: IndexMap<SandboxKey, GroupRow>,
    /// File ids by the id of what they hang on.
    pub(super) attached: HashMap<String, Vec<SandboxKey>>,
    /// Goes up with every change; tells a remembered list that it is stale.
    pub(super) revision: u64,
    /// The next number for a record, a link and the like.
    pub(super) serial: u32,
    /// The wall clock's second at `started`; from there on runtime time counts.
    pub(super) epoch: UnixSeconds,
    pub(super) started: Instant,
    /// Records born by the growth quirk.
    pub(super) born: u32,
}

/// A task of a process: a process and a position, nothing stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProcessTask<'a> {
    pub(super) key: &'a SandboxKey,
    pub(super) run: &'a ProcessRow,
    pub(super) position: u8,
}

impl Database {
    /// The sandbox's own time, in seconds since 1970.
    pub(super) fn now(&self) -> UnixSeconds {
        self.epoch.saturating_add_unsigned(self.started.elapsed().as_secs())
    }

    pub(super) fn me(&self) -> Option<&MemberRow> {
        self.user(self.caller)
    }

    /// A member who is not the caller.
    pub(super) fn colleague(&self) -> Option<&MemberRow> {
        self.user(self.other)
    }

    pub(super) fn user(&self, id: i64) -> Option<&MemberRow> {
        self.users.get(id.to_string().as_str())
    }

    pub(super) fn next_serial(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1);
        self.serial
    }

    /// The record as something that can be read and patched.
    pub(super) fn row(&self, kind: SandboxKind, id: &str) -> Option<&dyn PatchableRow> {
        match kind {
            SandboxKind::Runs => self.runs.get(id).map(|row| row as &dyn PatchableRow),
            SandboxKind::Checklists => self.templates.get(id).map(|row| row as &dyn PatchableRow),
            SandboxKind::Tasks => self.tasks.get(id).map(|row| row as &dyn PatchableRow),
            SandboxKind::Assets => self.files.get(id).map(|row| row as &dyn PatchableRow),
            SandboxKind::Tags => self.tags.get(id).map(|row| row as &dyn PatchableRow),
            SandboxKind::Groups => self.groups.get(id).map(|row| row as &dyn PatchableRow),
            SandboxKind::Guests => self.guests.get(id).map(|row| row as &dyn PatchableRow),
            SandboxKind::Members => self.users.get(id).map(|row| row as &dyn PatchableRow),
            SandboxKind::Folders => self.folders.get(id).map(|row| row as &dyn PatchableRow),
        }
    }

    /// The same, to change it; counts as a change.
    pub(super) fn row_mut(&mut self, kind: SandboxKind, id: &str) -> Option<&mut dyn PatchableRow> {
        self.revision += 1;
        match kind {
            SandboxKind::Runs => self.runs.get_mut(id).map(|row| row as &mut dyn PatchableRow),
            SandboxKind::Checklists => self.templates.get_mut(id).map(|row| row as &mut dyn PatchableRow),
            SandboxKind::Tasks => self.tasks.get_mut(id).map(|row| row as &mut dyn PatchableRow),
            SandboxKind::Assets => self.files.get_mut(id).map(|row| row as &mut dyn PatchableRow),
            SandboxKind::Tags => self.tags.get_mut(id).map(|row| row as &mut dyn PatchableRow),
            SandboxKind::Groups => self.groups.get_mut(id).map(|row| row as &mut dyn PatchableRow),
            SandboxKind::Guests => self.guests.get_mut(id).map(|row| row as &mut dyn PatchableRow),
            SandboxKind::Members => self.users.get_mut(id).map(|row| row as &mut dyn PatchableRow),
            SandboxKind::Folders => self.folders.get_mut(id).map(|row| row as &mut dyn PatchableRow),
        }
    }

    pub(super) fn keys(&self, kind: SandboxKind) -> Vec<SandboxKey> {
        match kind {
            SandboxKind::Runs => self.runs.keys().cloned().collect(),
            SandboxKind::Checklists => self.templates.keys().cloned().collect(),
            SandboxKind::Tasks => self.tasks.keys().cloned().collect(),
            SandboxKind::Assets => self.files.keys().cloned().collect(),
            SandboxKind::Tags => self.tags.keys().cloned().collect(),
            SandboxKind::Groups => self.groups.keys().cloned().collect(),
            SandboxKind::Guests => self.guests.keys().cloned().collect(),
            SandboxKind::Members => self.users.keys().cloned().collect(),
            SandboxKind::Folders => self.folders.keys().cloned().collect(),
        }
    }

    /// When the process was archived, if it is there and is.
    pub(super) fn run_archived(&self, id: &str) -> Option<UnixSeconds> {
        self.runs.get(id).and_then(|run| run.base.archived)
    }

    /// When a one-off task was archived: itself, or with the process it is linked to (API sheet 6.1).
    pub(super) fn task_archived(&self, task: &TaskRow) -> Option<UnixSeconds> {
        task.base.archived.or_else(|| task.run.as_ref().and_then(|run| self.run_archived(run)))
    }

    /// Whether the tasks and files of a process went out of sight with it. They are soft-deleted along with it (API sheet
    /// 6.1); whether they still show is unknown (section 11, 3), hence the switch.
    pub(super) fn hides(&self, run: &ProcessRow) -> bool {
        run.base.archived.is_some() && self.quirks.has(Quirk::ArchivedIncludesEmpty)
    }

    /// Whether the file went out of sight together with its process.
    pub(super) fn swept(&self, file: &FileRow) -> bool {
        file.subject.sort == "Run"
            && self.runs.get(file.subject.id.as_str()).is_some_and(|run| self.hides(run))
    }

    /// The files on an object that its `with=assets` shows. Those of a process are soft-deleted along with it and come back
    /// with it (API sheet, section 7); what its form answers hold stays.
    pub(super) fn files_of(&self, id: &str) -> impl Iterator<Item = (&SandboxKey, &FileRow)> {
        let is_shown =
            |file: &FileRow| file.subject.sort != "Run" || self.run_archived(&file.subject.id).is_none();
        self.hanging_on(id).filter(move |(_, file)| file.way != FileSource::Answer && is_shown(file))
    }

    /// The files that form answers on this object hold.
    pub(super) fn answers_on(&self, id: &str) -> impl Iterator<Item = (&SandboxKey, &FileRow)> {
        self.hanging_on(id).filter(|(_, file)| file.way != FileSource::Include)
    }

    fn hanging_on(&self, id: &str) -> impl Iterator<Item = (&SandboxKey, &FileRow)> {
        let keys = self.attached.get(id).into_iter().flatten();
        let rows = keys.filter_map(|key| self.files.get_key_value(key));
        rows.filter(|(_, file)| file.base.archived.is_none() && !self.swept(file))
    }

    /// The folders that stand directly in this one.
    pub(super) fn children(&self, id: &str) -> impl Iterator<Item = (&SandboxKey, &FolderRow)> {
        self.folders.iter().filter(move |(_, folder)| folder.parent.as_deref() == Some(id))
    }

    /// How many processes, templates and one-off tasks each folder holds itself, archived ones included.
    pub(super) fn contents(&self) -> BTreeMap<SandboxKey, usize> {
        let mut counts = BTreeMap::new();
        let runs = self.runs.values().filter_map(|run| run.folder.as_ref());
        let templates = self.templates.values().filter_map(|template| template.folder.as_ref());
        let tasks = self.tasks.values().filter_map(|task| task.folder.as_ref());
        for folder in runs.chain(templates).chain(tasks) {
            *counts.entry(Arc::clone(folder)).or_default() += 1;
        }
        counts
    }

    /// What every guest has to do and has done, counted in one walk over the live one-off tasks.
    pub(super) fn duties(&self) -> BTreeMap<String, GuestTasks> {
        let mut duties: BTreeMap<String, GuestTasks> = BTreeMap::new();
        for task in self.tasks.values().filter(|task| self.task_archived(task).is_none()) {
            for guest in &task.guests {
                let duty = duties.entry(guest.clone()).or_default();
                if task.status == "completed" {
                    duty.done += 1;
                    duty.last_done = duty.last_done.max(task.completed);
                } else {
                    duty.open += 1;
                }
            }
        }
        duties
    }

    /// The process task with this id, found by unmixing the id, archived or not.
    pub(super) fn step(&self, id: &str) -> Option<ProcessTask<'_>> {
        let (serial, position) = self.step_of_key(id)?;
        let (key, run) = self.runs.iter().find(|(_, run)| run.base.serial == serial)?;
        (position < run.total).then_some(ProcessTask { key, run, position })
    }

    /// The id of a process task: its numbers mixed with the seed, so that it can be read back.
    pub(super) fn step_key(&self, serial: u32, position: u8) -> String {
        let number = u64::from(serial) << 8 | u64::from(position);
        let high = mix(self.seed ^ number.rotate_left(32) ^ 0x57EB);
        let low = number ^ mix(high ^ self.seed);
        format!("{high:016x}{low:016x}")
    }

    fn step_of_key(&self, id: &str) -> Option<(u32, u8)> {
        let high = u64::from_str_radix(id.get(..16)?, 16).ok()?;
        let low = u64::from_str_radix(id.get(16..)?, 16).ok()?;
        let number = low ^ mix(high ^ self.seed);
        let serial = u32::try_from(number >> 8).ok()?;
        let position = u8::try_from(number & 0xFF).ok()?;
        (self.step_key(serial, position) == id).then_some((serial, position))
    }

    /// Every tag's links, counted in one walk over processes and templates.
    pub(super) fn tallies(&self) -> TagCounts {
        let mut tallies = TagCounts::new();
        for run in self.runs.values() {
            for link in &run.base.links {
                let tally = tallies.entry(Arc::clone(&link.tag)).or_default();
                let archived = run.base.archived.is_some();
                *(if archived { &mut tally.archived_process } else { &mut tally.active_process }) += 1;
            }
        }
        for template in self.templates.values() {
            for link in &template.base.links {
                let tally = tallies.entry(Arc::clone(&link.tag)).or_default();
                let archived = template.base.archived.is_some();
                *(if archived { &mut tally.archived_template } else { &mut tally.active_template }) += 1;
            }
        }
        tallies
    }

    /// Changes a record. False when there is none.
    pub(super) fn edit(&mut self, kind: SandboxKind, id: &str, fields: &Map<String, Value>) -> bool {
        let Some(row) = self.row_mut(kind, id) else { return false };
        row.patch(fields);
        true
    }
}

impl ProcessTask<'_> {
    /// The status of a process task; a rule hides every so many-th one (API sheet 6.4).
    pub(super) fn status(&self) -> &'static str {
        let hidden = self.position > 0
            && self.run.base.serial.wrapping_add(u32::from(self.position)).is_multiple_of(17);
        match () {
            () if hidden => "auto-skipped",
            () if self.position < self.run.done => "completed",
            () if self.position == self.run.done => "in-progress",
            () => "not-started",
        }
    }
}

/// The id of a template's step.
pub(super) fn step_id(template: &str, step: usize) -> String {
    let seed = template.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| mix(hash ^ u64::from(byte)));
    hex(seed, step as u64)
}
