//! Makes a lively organization out of a seed and a scale: always the same one for the same two numbers.
//!
//! Owns how many of what there are and how they hang together. Must not know HTTP or how records are shown.

mod hostile;
mod people_folders;

use std::{collections::HashMap, sync::Arc};

use indexmap::IndexMap;
use tokio::time::Instant;

use super::SandboxSettings;
use super::names::SandboxNames;
use super::rows::{
    CommonFields, EmbeddedTemplate, FileHolder, FileRow, FileSource, GroupRow, MemberRow, ProcessRow,
    SandboxKey, TagLink, TagRow, TaskRow, TemplateRow, UnixSeconds,
};
use super::store::{Database, step_id};
use crate::sandbox::rng::{Rng, hex, mix};

const DAY: UnixSeconds = 86_400;
/// The caller's id, the same in every organization.
const CALLER: i64 = 2044;
/// How far apart the other people's ids of two organizations are.
const ELSEWHERE: i64 = 100_000;

/// Builds the organization that `settings` describe, or another one of the same caller, which is smaller: `place` counts
/// them from 0.
pub(super) fn database(settings: &SandboxSettings, names: &Arc<SandboxNames>, place: usize) -> Database {
    let first = place == 0;
    let (org, org_name) = match place {
        0 => (hex(settings.seed ^ 0x0E6, 0), names.organization.clone()),
        1 => (hex(settings.seed ^ 0xE15E, 0), "Elsewhere Ltd".to_owned()),
        _ => (hex(settings.seed ^ 0xE15E, place as u64), format!("Branch {place:02} Ltd")),
    };
    let seed = if first { settings.seed } else { mix(settings.seed ^ (place as u64) << 32) };
    let scale = if first { settings.scale } else { (settings.scale / 10).clamp(6, 40) };
    let mut database = Database {
        seed,
        org,
        org_name,
        caller: CALLER,
        other: CALLER + 7 + ELSEWHERE * i64::try_from(place).unwrap_or(0),
        names: Arc::clone(names),
        role: settings.role,
        quirks: settings.quirks.clone(),
        users: IndexMap::new(),
        guests: IndexMap::new(),
        folders: IndexMap::new(),
        runs: IndexMap::with_capacity(scale),
        templates: IndexMap::new(),
        tasks: IndexMap::with_capacity(scale / 2),
        files: IndexMap::with_capacity(scale / 3),
        tags: IndexMap::new(),
        groups: IndexMap::new(),
        attached: HashMap::new(),
        revision: 0,
        serial: 1000,
        epoch: settings.now.as_second(),
        started: Instant::now(),
        born: 0,
    };
    let mut seeder = Seeder { rng: Rng::new(seed), scale };
    seeder.users(&mut database);
    seeder.tags(&mut database);
    seeder.groups(&mut database);
    seeder.templates(&mut database);
    seeder.embeds(&mut database);
    seeder.runs(&mut database);
    seeder.tasks(&mut database);
    seeder.files(&mut database);
    enlarge(&mut database, settings.large_files);
    people_folders::sow(&mut database, scale);
    if settings.hostile {
        hostile::rename(&mut database);
    }
    database
}

struct Seeder {
    rng: Rng,
    scale: usize,
}

impl Seeder {
    fn users(&mut self, database: &mut Database) {
        let names = Arc::clone(&database.names);
        let count = (20 + self.scale / 5000).max(names.people.len()).min(200);
        for index in 0..count {
            let (first, last) =
                names.people.get(index % names.people.len().max(1)).cloned().unwrap_or_default();
            let last = if index < names.people.len() { last } else { format!("{last} {index}") };
            let id = if index == 0 {
                CALLER
            } else {
                database.other + 7 * (i64::try_from(index).unwrap_or(1) - 1)
            };
            let role = match index {
                0 => database.role.name(),
                1 => "Admin",
                _ if index % 5 == 4 => "Light",
                _ => "Standard",
            };
            let base = CommonFields {
                serial: u32::try_from(index).unwrap_or(0),
                created: database.epoch - 900 * DAY + self.rng.days(300),
                ..CommonFields::default()
            };
            let last_login = database.epoch - self.rng.days(40);
            let mut user = MemberRow {
                id,
                email: format!("user{id}@acme.example"),
                role: role.to_owned(),
                last_login: Some(last_login),
                // Somebody else than the caller.
                default_admin: index == 1,
                base,
                ..MemberRow::default()
            };
            user.call(first, last);
            user.base.updated = last_login;
            if index > 1 && index % 11 == 7 {
                user.base.archived = Some(last_login + DAY);
                user.base.updated = last_login + DAY;
            }
            database.users.insert(id.to_string().into(), user);
        }
    }

    fn base(&mut self, database: &mut Database, age: i64) -> CommonFields {
        let created = database.epoch - DAY - self.rng.days(age);
        let updated = created + self.rng.days((database.epoch - created) / DAY);
        CommonFields { serial: database.next_serial(), created, updated, ..CommonFields::default() }
    }

    /// About one in four is archived, some time between its last change and now.
    fn maybe_archive(&mut self, base: &mut CommonFields, epoch: UnixSeconds) {
        if self.rng.one_in(4) {
            let at = base.updated + self.rng.days((epoch - base.updated) / DAY);
            base.archived = Some(at);
            base.updated = at;
        }
    }

    fn links(&mut self, database: &mut Database) -> Vec<TagLink> {
        let count = self.rng.below(4).saturating_sub(1);
        let mut links: Vec<TagLink> = Vec::with_capacity(count);
        for _ in 0..count {
            let index = self.rng.below(database.tags.len());
            let Some((tag, _)) = database.tags.get_index(index) else { break };
            let tag = Arc::clone(tag);
            if links.iter().all(|link| link.tag != tag) {
                links.push(TagLink { id: database.next_serial(), tag });
            }
        }
        links
    }

    fn user(&mut self, database: &Database) -> i64 {
        let index = self.rng.below(database.users.len());
        database.users.get_index(index).map_or(0, |(_, user)| user.id)
    }

    fn tags(&mut self, database: &mut Database) {
        let names = Arc::clone(&database.names);
        let extra = (self.scale / 2000).min(400);
        let plain = names.tags.iter().cloned().chain((0..extra).map(|index| format!("batch {index:03}")));
        let awkward = names.awkward.iter().map(|name| name.chars().take(30).collect());
        let autos = names.auto_tags.iter().cloned().map(|title| (title, true));
        let titles: Vec<(String, bool)> =
            plain.chain(awkward).map(|title| (title, false)).chain(autos).collect();
        for (index, (title, auto)) in titles.into_iter().enumerate() {
            let base = self.base(database, 600);
            let color = (!self.rng.one_in(9)).then(|| self.rng.pick(&names.colors));
            database.tags.insert(key(database, 0x7A6, index), TagRow { base, title, color, auto });
        }
    }

    fn groups(&mut self, database: &mut Database) {
        let names = Arc::clone(&database.names);
        let extra = (self.scale / 5000).min(100);
        let more = (0..extra).map(|index| (format!("Team {index:03}"), "Made by an import".to_owned()));
        let odd = names.awkward.iter().take(3).map(|name| (name.clone(), String::new()));
        for (index, (name, description)) in names.groups.iter().cloned().chain(more).chain(odd).enumerate() {
            let base = self.base(database, 700);
            let members = (0..self.rng.below(6)).map(|_| self.user(database)).collect();
            let guests = (0..self.rng.below(3)).map(|_| self.rng.pick(&names.guests)).collect();
            database
                .groups
                .insert(key(database, 0x6B0, index), GroupRow { base, name, description, members, guests });
        }
    }

    fn templates(&mut self, database: &mut Database) {
        let names = Arc::clone(&database.names);
        let count = (self.scale / 20).max(12);
        for index in 0..count {
            let pattern = index % names.templates.len().max(1);
            let known = names.templates.get(pattern).cloned().unwrap_or_default();
            let title = match awkward(&names, index, count, 250) {
                Some(odd) => odd,
                None if index < names.templates.len() => known.title,
                None => format!("{} {} {index:04}", known.title, self.rng.pick(&names.companies)),
            };
            let mut base = self.base(database, 800);
            self.maybe_archive(&mut base, database.epoch);
            base.links = self.links(database);
            let states = [None, Some("published"), Some("published"), Some("active"), Some("draft")];
            let template = TemplateRow {
                base,
                title,
                status: self.rng.pick(&states).map(str::to_owned),
                pattern,
                owner: self.user(database),
                steps: known.steps.len(),
                started: 0,
                pinned: self.rng.one_in(15),
                starred: self.rng.one_in(8),
                embeds: Vec::new(),
                folder: None,
            };
            database.templates.insert(key(database, 0x7E3, index), template);
        }
    }

    /// Every third template embeds another one, whole or in a step: what archiving the other one strips.
    fn embeds(&mut self, database: &mut Database) {
        let keys: Vec<SandboxKey> = database.templates.keys().cloned().collect();
        for (index, (key, template)) in database.templates.iter_mut().enumerate() {
            let other = keys.get(self.rng.below(keys.len()));
            if let Some(other) = other.filter(|other| index % 3 == 1 && *other != key) {
                let step = (index % 2 == 0).then(|| self.rng.below(template.steps));
                template.embeds.push(EmbeddedTemplate { template: Arc::clone(other), step });
            }
        }
    }

    fn runs(&mut self, database: &mut Database) {
        let names = Arc::clone(&database.names);
        for index in 0..self.scale {
            let chosen = self.rng.below(database.templates.len());
            let Some((checklist, template)) = database.templates.get_index_mut(chosen) else { break };
            template.started += 1;
            let (checklist, pattern, total) = (Arc::clone(checklist), template.pattern, template.steps);
            let checklist_title = template.title.as_str().into();
            let prefix = names.templates.get(pattern).map_or("", |pattern| pattern.prefix.as_str());
            let name = awkward(&names, index, self.scale, 550)
                .unwrap_or_else(|| format!("{prefix} {} {:05}", self.rng.pick(&names.companies), index + 1));
            let mut base = self.base(database, 400);
            self.maybe_archive(&mut base, database.epoch);
            base.links = self.links(database);
            let total = u8::try_from(total).unwrap_or(u8::MAX);
            let done = u8::try_from(self.rng.below(usize::from(total) + 1)).unwrap_or(0);
            let complete = done == total;
            let open = ["active", "active", "active", "problem", "delayed"];
            let group = database
                .groups
                .get_index(self.rng.below(database.groups.len()))
                .map(|(key, _)| Arc::clone(key));
            let run = ProcessRow {
                name,
                status: if complete { "complete".to_owned() } else { self.rng.pick(&open).to_owned() },
                checklist,
                checklist_title,
                pattern,
                owner: self.user(database),
                started_by: self.user(database),
                total,
                done,
                completed: complete.then_some(base.updated),
                due: (!self.rng.one_in(5)).then(|| base.created + self.rng.days(60)),
                starred: self.rng.one_in(12),
                groups: group.filter(|_| self.rng.one_in(6)).into_iter().collect(),
                folder: None,
                base,
            };
            database.runs.insert(key(database, 0x2C7, index), run);
        }
    }

    fn tasks(&mut self, database: &mut Database) {
        let names = Arc::clone(&database.names);
        let count = (self.scale / 2).max(6);
        for index in 0..count {
            let title = awkward(&names, index, count, 600)
                .unwrap_or_else(|| format!("{} {:04}", self.rng.pick(&names.tasks), index + 1));
            let mut base = self.base(database, 300);
            self.maybe_archive(&mut base, database.epoch);
            base.links = self.links(database);
            let status = self.rng.pick(&["not-started", "not-started", "in-progress", "completed"]);
            let task = TaskRow {
                title,
                status: status.to_owned(),
                run: self.linked_run(database, index),
                users: (0..self.rng.below(3)).map(|_| self.user(database)).collect(),
                guests: if self.rng.one_in(7) { vec![self.rng.pick(&names.guests)] } else { Vec::new() },
                groups: Vec::new(),
                deadline: (!self.rng.one_in(6)).then(|| base.created + self.rng.days(90)),
                completed: (status == "completed").then_some(base.updated),
                problem: self.rng.one_in(20),
                folder: None,
                base,
            };
            database.tasks.insert(key(database, 0x3D9, index), task);
        }
    }

    /// One one-off task in eleven carries a run id: of a process, or of a container nobody sees (API sheet 6.3).
    fn linked_run(&mut self, database: &Database, index: usize) -> Option<SandboxKey> {
        match index % 22 {
            5 => database.runs.get_index(self.rng.below(database.runs.len())).map(|(key, _)| Arc::clone(key)),
            16 => Some(hex(database.seed ^ 0xC047, index as u64).into()),
            _ => None,
        }
    }

    fn files(&mut self, database: &mut Database) {
        let names = Arc::clone(&database.names);
        let count = (self.scale / 3).max(8);
        for index in 0..count {
            let (stem, extension) = self.rng.pick(&names.files);
            let filename = match awkward(&names, index, count, 240) {
                Some(odd) if odd.is_empty() => odd,
                Some(odd) => format!("{odd}.{extension}"),
                None => format!("{stem} {:04}.{extension}", index + 1),
            };
            let (subject, step) = self.subject(database, index);
            let mut base = self.base(database, 300);
            if self.rng.one_in(30) {
                base.archived = Some(base.updated);
            }
            let by_url = self.rng.one_in(12);
            let file = FileRow {
                base,
                filename,
                step,
                // A link leads to a store that is known by name, or anywhere (API sheet 7).
                system: by_url.then(|| self.rng.pick(&names.systems)).filter(|_| index % 2 == 0),
                by_url,
                stored: !by_url && !self.rng.one_in(40),
                size: 200 + self.rng.below(20_000),
                subject,
                // A link is what somebody answered with; so are some of the stored ones.
                way: if by_url || index % 4 == 1 { FileSource::Both } else { FileSource::Include },
            };
            let id = key(database, 0xF11, index);
            database.attached.entry(file.subject.id.clone()).or_default().push(Arc::clone(&id));
            database.files.insert(id, file);
        }
    }

    /// What a file hangs on: mostly a step of a process, then one-off tasks and templates; one is the logo.
    fn subject(&mut self, database: &Database, index: usize) -> (FileHolder, Option<SandboxKey>) {
        let subject = |id: &str, sort: &str| FileHolder { id: id.to_owned(), sort: sort.to_owned() };
        let run = database.runs.get_index(self.rng.below(database.runs.len()));
        let task = database.tasks.get_index(self.rng.below(database.tasks.len()));
        let template = database.templates.get_index(self.rng.below(database.templates.len()));
        match (index % 7, run, task, template) {
            _ if index == 4 => (subject(&database.org, "Organization"), None),
            (0 | 5, _, Some((id, _)), _) => (subject(id, "Task"), None),
            (3, _, _, Some((id, _))) => (subject(id, "Checklist"), None),
            (_, Some((id, run)), _, _) => {
                let step = step_id(&run.checklist, self.rng.below(usize::from(run.total)));
                (subject(id, "Run"), Some(step.into()))
            }
            (_, None, _, _) => (subject(&database.org, "Organization"), None),
        }
    }
}

/// Gives the first stored files some megabytes each, every one another size.
fn enlarge(database: &mut Database, count: usize) {
    let stored = database.files.values_mut().filter(|file| file.stored);
    for (place, file) in stored.take(count).enumerate() {
        file.size += (2 + place % 5) * 1_000_000;
    }
}

fn key(database: &Database, stream: u64, index: usize) -> SandboxKey {
    hex(database.seed ^ stream << 20, index as u64).into()
}

/// Every kind has each awkward name once, spread over its first records; small kinds have fewer.
fn awkward(names: &SandboxNames, index: usize, count: usize, longest: usize) -> Option<String> {
    let spacing = (count / 8).clamp(2, 9);
    let place = index.checked_sub(3).filter(|distance| distance.is_multiple_of(spacing))? / spacing;
    match names.awkward.get(place) {
        _ if place >= count / 5 => None,
        Some(name) => Some(name.clone()),
        None => (place == names.awkward.len()).then(|| names.endless(longest)),
    }
}
