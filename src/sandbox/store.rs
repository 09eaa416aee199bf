//! The state of the organization: every record by id, what hangs on what, and the changes that keep it true.
//!
//! Owns cascades (what goes with a process, which links a tag leaves behind) and the derived process tasks, which are
//! computed from their process and never stored. Must not know requests, answers or pages.

use std::{collections::HashMap, sync::Arc};

use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{
    Role,
    dice::{hex, mix},
    names::Names,
    quirks::{Quirk, Quirks},
    rows::{Base, Embed, File, Group, Key, Kind, Link, Moment, Row, Run, Tag, Tallies, Task, Template, User},
};

/// Everything the sandbox knows about its one organization.
#[derive(Debug)]
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) org: String,
    pub(super) names: Arc<Names>,
    pub(super) role: Role,
    pub(super) quirks: Quirks,
    pub(super) users: Vec<User>,
    pub(super) runs: IndexMap<Key, Run>,
    pub(super) templates: IndexMap<Key, Template>,
    pub(super) tasks: IndexMap<Key, Task>,
    pub(super) files: IndexMap<Key, File>,
    pub(super) tags: IndexMap<Key, Tag>,
    pub(super) groups: IndexMap<Key, Group>,
    /// File ids by the id of what they hang on.
    pub(super) attached: HashMap<String, Vec<Key>>,
    /// Goes up with every change; tells a remembered list that it is stale.
    pub(super) revision: u64,
    /// The next number for a record, a link and the like.
    pub(super) serial: u32,
    /// The wall clock's second at `started`; from there on runtime time counts.
    pub(super) epoch: Moment,
    pub(super) started: Instant,
    /// Records born by the growth quirk.
    pub(super) born: u32,
}

/// A task of a process: a process and a position, nothing stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) key: &'a Key,
    pub(super) run: &'a Run,
    pub(super) position: u8,
}

impl World {
    /// The sandbox's own time, in seconds since 1970.
    pub(super) fn now(&self) -> Moment {
        self.epoch.saturating_add_unsigned(self.started.elapsed().as_secs())
    }

    pub(super) fn me(&self) -> Option<&User> {
        self.users.first()
    }

    /// A member who is not the caller.
    pub(super) fn colleague(&self) -> Option<&User> {
        self.users.get(1)
    }

    pub(super) fn user(&self, id: i64) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(super) fn next_serial(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1);
        self.serial
    }

    /// The record as something that can be read and patched.
    pub(super) fn row(&self, kind: Kind, id: &str) -> Option<&dyn Row> {
        match kind {
            Kind::Runs => self.runs.get(id).map(|row| row as &dyn Row),
            Kind::Checklists => self.templates.get(id).map(|row| row as &dyn Row),
            Kind::Tasks => self.tasks.get(id).map(|row| row as &dyn Row),
            Kind::Assets => self.files.get(id).map(|row| row as &dyn Row),
            Kind::Tags => self.tags.get(id).map(|row| row as &dyn Row),
            Kind::Groups => self.groups.get(id).map(|row| row as &dyn Row),
        }
    }

    /// The same, to change it; counts as a change.
    pub(super) fn row_mut(&mut self, kind: Kind, id: &str) -> Option<&mut dyn Row> {
        self.revision += 1;
        match kind {
            Kind::Runs => self.runs.get_mut(id).map(|row| row as &mut dyn Row),
            Kind::Checklists => self.templates.get_mut(id).map(|row| row as &mut dyn Row),
            Kind::Tasks => self.tasks.get_mut(id).map(|row| row as &mut dyn Row),
            Kind::Assets => self.files.get_mut(id).map(|row| row as &mut dyn Row),
            Kind::Tags => self.tags.get_mut(id).map(|row| row as &mut dyn Row),
            Kind::Groups => self.groups.get_mut(id).map(|row| row as &mut dyn Row),
        }
    }

    pub(super) fn keys(&self, kind: Kind) -> Vec<Key> {
        match kind {
            Kind::Runs => self.runs.keys().cloned().collect(),
            Kind::Checklists => self.templates.keys().cloned().collect(),
            Kind::Tasks => self.tasks.keys().cloned().collect(),
            Kind::Assets => self.files.keys().cloned().collect(),
            Kind::Tags => self.tags.keys().cloned().collect(),
            Kind::Groups => self.groups.keys().cloned().collect(),
        }
    }

    /// When the process was archived, if it is there and is.
    pub(super) fn run_archived(&self, id: &str) -> Option<Moment> {
        self.runs.get(id).and_then(|run| run.base.archived)
    }

    /// When a one-off task was archived: itself, or with the process it is linked to (API sheet 6.1).
    pub(super) fn task_archived(&self, task: &Task) -> Option<Moment> {
        task.base.archived.or_else(|| task.run.as_ref().and_then(|run| self.run_archived(run)))
    }

    /// Whether the tasks and files of a process went out of sight with it. They are soft-deleted along with it (API sheet
    /// 6.1); whether they still show is unknown (section 11, 3), hence the switch.
    pub(super) fn hides(&self, run: &Run) -> bool {
        run.base.archived.is_some() && self.quirks.has(Quirk::ArchivedIncludesEmpty)
    }

    /// Whether the file went out of sight together with its process.
    pub(super) fn swept(&self, file: &File) -> bool {
        file.subject.sort == "Run"
            && self.runs.get(file.subject.id.as_str()).is_some_and(|run| self.hides(run))
    }

    /// The files on an object that its `with=assets` shows.
    pub(super) fn files_of(&self, id: &str) -> impl Iterator<Item = (&Key, &File)> {
        let keys = self.attached.get(id).into_iter().flatten();
        let rows = keys.filter_map(|key| self.files.get_key_value(key));
        rows.filter(|(_, file)| file.base.archived.is_none() && !self.swept(file))
    }

    /// The process task with this id, found by unmixing the id, archived or not.
    pub(super) fn step(&self, id: &str) -> Option<Step<'_>> {
        let (serial, position) = self.step_of_key(id)?;
        let (key, run) = self.runs.iter().find(|(_, run)| run.base.serial == serial)?;
        (position < run.total).then_some(Step { key, run, position })
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
    pub(super) fn tallies(&self) -> Tallies {
        let mut tallies = Tallies::new();
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

    /// Takes a record away for good, with everything that is lost with it. False when there is none.
    pub(super) fn remove(&mut self, kind: Kind, id: &str) -> bool {
        self.revision += 1;
        match kind {
            Kind::Runs => {
                let gone = self.runs.shift_remove(id).is_some();
                if gone {
                    self.drop_files(id);
                    let linked = |task: &Task| task.run.as_deref() == Some(id);
                    let lost: Vec<Key> = self
                        .tasks
                        .iter()
                        .filter(|(_, task)| linked(task))
                        .map(|(key, _)| key.clone())
                        .collect();
                    self.tasks.retain(|_, task| !linked(task));
                    for key in lost {
                        self.drop_files(&key);
                    }
                }
                gone
            }
            Kind::Checklists => {
                let gone = self.templates.shift_remove(id).is_some();
                if gone {
                    self.drop_files(id);
                }
                gone
            }
            Kind::Tasks => {
                let gone = self.tasks.shift_remove(id).is_some();
                if gone {
                    self.drop_files(id);
                }
                gone
            }
            Kind::Assets => self.drop_file(id),
            Kind::Tags => self.drop_tag(id),
            Kind::Groups => self.groups.shift_remove(id).is_some(),
        }
    }

    fn drop_files(&mut self, subject: &str) {
        for key in self.attached.remove(subject).unwrap_or_default() {
            self.files.shift_remove(&key);
        }
    }

    fn drop_file(&mut self, id: &str) -> bool {
        let Some(file) = self.files.shift_remove(id) else { return false };
        if let Some(keys) = self.attached.get_mut(&file.subject.id) {
            keys.retain(|key| &**key != id);
        }
        true
    }

    fn drop_tag(&mut self, id: &str) -> bool {
        let strip = |links: &mut Vec<Link>| links.retain(|link| &*link.tag != id);
        self.runs.values_mut().for_each(|run| strip(&mut run.base.links));
        self.templates.values_mut().for_each(|template| strip(&mut template.base.links));
        self.tasks.values_mut().for_each(|task| strip(&mut task.base.links));
        self.tags.shift_remove(id).is_some()
    }

    /// Strips a template out of the others that embed it, for good, and says where it stood (API sheet 6.2).
    pub(super) fn strip_references(&mut self, id: &str) -> Vec<Value> {
        self.revision += 1;
        let names = Arc::clone(&self.names);
        let mut references = Vec::new();
        for (key, template) in &mut self.templates {
            let title = template.title.clone();
            let pattern = template.pattern;
            template.embeds.retain(|embed| {
                if &*embed.template != id {
                    return true;
                }
                references.push(match embed.step {
                    Some(step) => {
                        json!({"type": "Step", "title": names.step(pattern, step), "id": step_id(key, step)})
                    }
                    None => json!({"type": "Blueprint", "title": title, "id": &**key}),
                });
                false
            });
        }
        references
    }

    /// Puts a new record there from a JSON object; what it does not say is made up. The id, or none when it is taken.
    pub(super) fn add(&mut self, kind: Kind, fields: &Map<String, Value>) -> Option<Key> {
        let serial = self.next_serial();
        let made_up = hex(self.seed ^ 0xADD, u64::from(serial));
        let id: Key = fields.get("id").and_then(Value::as_str).unwrap_or(&made_up).into();
        if self.row(kind, &id).is_some() {
            return None;
        }
        let now = self.now();
        let base = Base { serial, created: now, updated: now, ..Base::default() };
        self.insert_blank(kind, &id, base);
        self.row_mut(kind, &id)?.patch(fields);
        if let (Kind::Assets, Some(file)) = (kind, self.files.get(&id)) {
            self.attached.entry(file.subject.id.clone()).or_default().push(Arc::clone(&id));
        }
        Some(id)
    }

    fn insert_blank(&mut self, kind: Kind, id: &Key, base: Base) {
        let owner = self.me().map_or(0, |user| user.id);
        let key = Arc::clone(id);
        match kind {
            Kind::Runs => {
                let first = self.templates.first();
                let checklist = first.map_or_else(|| "".into(), |(key, _)| Arc::clone(key));
                let title = first.map_or_else(|| "".into(), |(_, template)| template.title.as_str().into());
                self.runs.insert(key, blank_run(base, owner, checklist, title));
            }
            Kind::Checklists => {
                self.templates.insert(key, blank_template(base, owner));
            }
            Kind::Tasks => {
                let status = "not-started".to_owned();
                self.tasks.insert(key, Task { base, status, users: vec![owner], ..Task::default() });
            }
            Kind::Assets => {
                self.files.insert(key, File { base, stored: true, size: 1024, ..File::default() });
            }
            Kind::Tags => {
                self.tags.insert(key, Tag { base, ..Tag::default() });
            }
            Kind::Groups => {
                self.groups.insert(key, Group { base, ..Group::default() });
            }
        }
    }

    /// Changes a record. False when there is none.
    pub(super) fn edit(&mut self, kind: Kind, id: &str, fields: &Map<String, Value>) -> bool {
        let Some(row) = self.row_mut(kind, id) else { return false };
        row.patch(fields);
        true
    }
}

impl Step<'_> {
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

fn blank_run(base: Base, owner: i64, checklist: Key, checklist_title: Arc<str>) -> Run {
    Run {
        base,
        name: String::new(),
        status: "active".to_owned(),
        checklist,
        checklist_title,
        pattern: 0,
        owner,
        started_by: owner,
        total: 4,
        done: 1,
        completed: None,
        due: None,
        starred: false,
        groups: Vec::new(),
    }
}

fn blank_template(base: Base, owner: i64) -> Template {
    Template {
        base,
        title: String::new(),
        status: None,
        pattern: 0,
        owner,
        steps: 4,
        started: 0,
        pinned: false,
        starred: false,
        embeds: Vec::<Embed>::new(),
    }
}
