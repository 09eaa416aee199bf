//! What the organization got in addition to its processes and what belongs to them: guests, more members, folders of both
//! trees, and files that only form answers hold.
//!
//! Draws from chance of its own, so that what was there before stays as it was. Must not know HTTP or how records are
//! shown.

use std::sync::Arc;

use super::super::rows::{
    CommonFields, FileHolder, FileRow, FileSource, FolderRow, FolderTree, GuestRow, MemberRow, SandboxKey,
};
use super::super::store::{Database, step_id};
use super::{DAY, key};
use crate::sandbox::rng::{Rng, hex};

/// Sows all of it.
pub(super) fn sow(database: &mut Database, scale: usize) {
    let mut seeder = PeopleSeeder { rng: Rng::new(database.seed ^ 0x1A7E), scale };
    seeder.members(database);
    seeder.guests(database);
    seeder.assign(database);
    for tree in [FolderTree::Checklist, FolderTree::Run] {
        seeder.folders(database, tree);
    }
    file_away(database);
    seeder.answers(database);
}

struct PeopleSeeder {
    rng: Rng,
    scale: usize,
}

impl PeopleSeeder {
    /// Numbers that no other record has: those of the first records are counted on.
    fn base(&mut self, database: &Database, serial: usize) -> CommonFields {
        let created = database.epoch - 5 * DAY - self.rng.days(500);
        let updated = created + self.rng.days((database.epoch - created) / DAY);
        CommonFields {
            serial: u32::try_from(serial).unwrap_or(u32::MAX),
            created,
            updated,
            ..CommonFields::default()
        }
    }

    /// The robot, people who have not come yet, one more administrator, and with the scale many more.
    fn members(&mut self, database: &mut Database) {
        let names = Arc::clone(&database.names);
        let known = database.users.len();
        let first = database.other + 10_000;
        for index in 0..4 + self.scale / 100 {
            let id = first + i64::try_from(index).unwrap_or(0);
            let base = self.base(database, known + index);
            let role = match index {
                1 => "Admin",
                _ if index % 5 == 3 => "Light",
                _ => "Standard",
            };
            let last_login = base.updated;
            let invited = index >= 2 && index % 4 == 2;
            let mut user = MemberRow {
                id,
                email: format!("user{id}@acme.example"),
                role: role.to_owned(),
                job_title: self.rng.one_in(2).then(|| "Coordinator".to_owned()),
                last_login: (!invited).then_some(last_login),
                invited,
                bot: index == 0,
                base,
                ..MemberRow::default()
            };
            let (first, last) = self.rng.pick(&names.people);
            match index {
                0 => {
                    user.call("Tallyfy".to_owned(), "Bot".to_owned());
                    user.email = "bot@acme.example".to_owned();
                }
                _ => user.call(first, format!("{last} {}", known + index)),
            }
            if index > 3 && index % 7 == 6 {
                user.base.archived = Some(last_login);
            }
            database.users.insert(id.to_string().into(), user);
        }
    }

    /// The guests whom tasks and groups name, and others who have nothing to do: the last of those are disabled.
    fn guests(&mut self, database: &mut Database) {
        let names = Arc::clone(&database.names);
        let more = (0..self.scale / 50).map(|index| format!("guest{index:04}@import.example"));
        let emails: Vec<String> =
            names.guests.iter().chain(&names.idle_guests).cloned().chain(more).collect();
        for (index, email) in emails.into_iter().enumerate() {
            let base = self.base(database, index + 1);
            let (first, last) = self.rng.pick(&names.people);
            let nameless = index % 6 == 5;
            let idle = index >= names.guests.len();
            let guest = GuestRow {
                id: 881 + i64::try_from(index).unwrap_or(0),
                first: (!nameless).then_some(first),
                last: (!nameless).then_some(last),
                company: (index % 3 != 2).then(|| self.rng.pick(&names.companies)),
                phone: (index % 4 == 1).then(|| format!("+47 555 {index:04}")),
                last_accessed: (index % 5 != 4).then_some(base.updated),
                code: code(database.seed, index),
                base: CommonFields { archived: (idle && index % 3 == 1).then_some(base.updated), ..base },
                email: email.clone(),
            };
            database.guests.insert(email.into(), guest);
        }
    }

    /// In a large organization not the same few guests do all the tasks.
    fn assign(&mut self, database: &mut Database) {
        let live = database.guests.values().filter(|guest| guest.base.archived.is_none());
        let emails: Vec<String> = live.map(|guest| guest.email.clone()).collect();
        let assigned = database.tasks.values_mut().filter(|task| !task.guests.is_empty());
        for task in assigned.skip(20) {
            task.guests = vec![self.rng.pick(&emails)];
        }
    }

    /// A tree three deep: every third folder stands at the top, the others in the one before.
    fn folders(&mut self, database: &mut Database, tree: FolderTree) {
        let names = Arc::clone(&database.names);
        let (known, stream) = match tree {
            FolderTree::Checklist => (&names.template_folders, 0xF01),
            FolderTree::Run => (&names.run_folders, 0xF02),
        };
        let more = (0..self.scale / 400).map(|index| format!("Batch {index:03}"));
        let odd = names.awkward.iter().map(|name| name.chars().take(32).collect());
        let mut before: Option<SandboxKey> = None;
        for (position, name) in known.iter().cloned().chain(more).chain(odd).enumerate() {
            let parent = before.filter(|_| position % 3 != 0);
            let base = self.base(database, position + 1);
            let id = key(database, stream, position);
            let folder = FolderRow { base, name, parent, tree, position: position + 1 };
            database.folders.insert(Arc::clone(&id), folder);
            before = Some(id);
        }
    }

    /// Files that nothing but a form answer knows of: of tasks, of kick-offs, of templates; some are links.
    fn answers(&mut self, database: &mut Database) {
        let names = Arc::clone(&database.names);
        for index in 0..(self.scale / 12).max(10) {
            let Some((subject, step)) = self.subject(database, index) else { continue };
            let (stem, extension) = self.rng.pick(&names.files);
            let by_url = index % 5 == 3;
            let file = FileRow {
                base: self.base(database, 900_000 + index),
                filename: format!("{stem} answer {:04}.{extension}", index + 1),
                step,
                system: by_url.then(|| self.rng.pick(&names.systems)).filter(|_| index % 2 == 0),
                by_url,
                // The stored object of one is gone (API sheet 4.2).
                stored: !by_url && index % 9 != 5,
                size: 300 + self.rng.below(20_000),
                subject,
                way: FileSource::Answer,
            };
            let id = key(database, 0xA45, index);
            database.attached.entry(file.subject.id.clone()).or_default().push(Arc::clone(&id));
            database.files.insert(id, file);
        }
    }

    fn subject(&mut self, database: &Database, index: usize) -> Option<(FileHolder, Option<SandboxKey>)> {
        let subject = |id: &str, sort: &str| FileHolder { id: id.to_owned(), sort: sort.to_owned() };
        match index % 5 {
            1 => {
                let (id, _) = database.tasks.get_index(self.rng.below(database.tasks.len()))?;
                Some((subject(id, "Task"), None))
            }
            2 => {
                let (id, _) = database.templates.get_index(self.rng.below(database.templates.len()))?;
                Some((subject(id, "Checklist"), None))
            }
            place => {
                let (id, run) = database.runs.get_index(self.rng.below(database.runs.len()))?;
                let step = step_id(&run.checklist, self.rng.below(usize::from(run.total)));
                Some((subject(id, "Run"), (place != 4).then(|| step.into())))
            }
        }
    }
}

/// Some of everything is filed away, in turn.
fn file_away(database: &mut Database) {
    let of = |database: &Database, tree: FolderTree| -> Vec<SandboxKey> {
        let tree = database.folders.iter().filter(|(_, folder)| folder.tree == tree);
        tree.map(|(key, _)| Arc::clone(key)).collect()
    };
    let (checklists, runs) = (of(database, FolderTree::Checklist), of(database, FolderTree::Run));
    let turn = |folders: &[SandboxKey], index: usize| folders.get(index % folders.len().max(1)).cloned();
    for (index, template) in database.templates.values_mut().enumerate().filter(|(index, _)| index % 3 == 1) {
        template.folder = turn(&checklists, index / 3);
    }
    for (index, run) in database.runs.values_mut().enumerate().filter(|(index, _)| index % 4 == 3) {
        run.folder = turn(&runs, index / 4);
    }
    for (index, task) in database.tasks.values_mut().enumerate().filter(|(index, _)| index % 5 == 2) {
        task.folder = turn(&runs, index / 5);
    }
}

/// A guest code: longer than an id, in both cases (API sheet, section 3).
fn code(seed: u64, index: usize) -> String {
    let digits = hex(seed ^ 0x6E57, index as u64);
    digits
        .chars()
        .enumerate()
        .map(|(at, sign)| if at % 2 == 0 { sign.to_ascii_uppercase() } else { sign })
        .collect::<String>()
        + "Zq"
}
