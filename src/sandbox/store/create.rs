//! Records that come later: made from a JSON object, what it does not say being made up.
//!
//! Must not know whether a request may do this.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::super::rows::{
    Base, Embed, File, Folder, Group, Guest, Key, Kind, Run, Tag, Task, Template, User,
};
use super::World;
use crate::sandbox::rng::hex;

impl World {
    /// Puts a new record there from a JSON object; what it does not say is made up. The id, or none when it is taken.
    pub(in crate::sandbox) fn add(&mut self, kind: Kind, fields: &Map<String, Value>) -> Option<Key> {
        let serial = self.next_serial();
        let id = self.id_of(kind, fields, serial);
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

    /// The id that the fields name, or one made up: a number for members, an address for guests (API sheet, section 3).
    fn id_of(&self, kind: Kind, fields: &Map<String, Value>, serial: u32) -> Key {
        let named = |key: &str| match fields.get(key) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let made_up = hex(self.seed ^ 0xADD, u64::from(serial));
        let id = match kind {
            Kind::Members => named("id").unwrap_or_else(|| (900_000 + serial).to_string()),
            Kind::Guests => named("email").unwrap_or_else(|| format!("{made_up}@guests.example")),
            _ => named("id").unwrap_or(made_up),
        };
        id.into()
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
            Kind::Guests => {
                let code = hex(self.seed ^ 0xC0DE, u64::from(base.serial));
                let guest = Guest {
                    id: i64::from(base.serial),
                    email: id.to_string(),
                    code,
                    base,
                    ..Guest::default()
                };
                self.guests.insert(key, guest);
            }
            Kind::Members => {
                let (role, email) = ("Standard".to_owned(), format!("user{id}@acme.example"));
                let id = id.parse().unwrap_or_default();
                self.users.insert(key, User { base, id, role, email, ..User::default() });
            }
            Kind::Folders => {
                self.folders.insert(key, Folder { base, ..Folder::default() });
            }
        }
    }
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
        folder: None,
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
        folder: None,
    }
}
