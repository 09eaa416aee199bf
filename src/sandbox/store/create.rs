//! Records that come later: made from a JSON object, what it does not say being made up.
//!
//! Must not know whether a request may do this.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::super::rows::{
    CommonFields, EmbeddedTemplate, FileRow, FolderRow, GroupRow, GuestRow, MemberRow, ProcessRow,
    SandboxKey, SandboxKind, TagRow, TaskRow, TemplateRow,
};
use super::Database;
use crate::sandbox::rng::hex;

impl Database {
    /// Puts a new record there from a JSON object; what it does not say is made up. The id, or none when it is taken.
    pub(in crate::sandbox) fn add(
        &mut self,
        kind: SandboxKind,
        fields: &Map<String, Value>,
    ) -> Option<SandboxKey> {
        let serial = self.next_serial();
        let id = self.id_of(kind, fields, serial);
        if self.row(kind, &id).is_some() {
            return None;
        }
        let now = self.now();
        let base = CommonFields { serial, created: now, updated: now, ..CommonFields::default() };
        self.insert_blank(kind, &id, base);
        self.row_mut(kind, &id)?.patch(fields);
        if let (SandboxKind::Assets, Some(file)) = (kind, self.files.get(&id)) {
            self.attached.entry(file.subject.id.clone()).or_default().push(Arc::clone(&id));
        }
        Some(id)
    }

    /// The id that the fields name, or one made up: a number for members, an address for guests (API sheet, section 3).
    fn id_of(&self, kind: SandboxKind, fields: &Map<String, Value>, serial: u32) -> SandboxKey {
        let named = |key: &str| match fields.get(key) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let made_up = hex(self.seed ^ 0xADD, u64::from(serial));
        let id = match kind {
            SandboxKind::Members => named("id").unwrap_or_else(|| (900_000 + serial).to_string()),
            SandboxKind::Guests => named("email").unwrap_or_else(|| format!("{made_up}@guests.example")),
            _ => named("id").unwrap_or(made_up),
        };
        id.into()
    }

    fn insert_blank(&mut self, kind: SandboxKind, id: &SandboxKey, base: CommonFields) {
        let owner = self.me().map_or(0, |user| user.id);
        let key = Arc::clone(id);
        match kind {
            SandboxKind::Runs => {
                let first = self.templates.first();
                let checklist = first.map_or_else(|| "".into(), |(key, _)| Arc::clone(key));
                let title = first.map_or_else(|| "".into(), |(_, template)| template.title.as_str().into());
                self.runs.insert(key, blank_run(base, owner, checklist, title));
            }
            SandboxKind::Checklists => {
                self.templates.insert(key, blank_template(base, owner));
            }
            SandboxKind::Tasks => {
                let status = "not-started".to_owned();
                self.tasks.insert(key, TaskRow { base, status, users: vec![owner], ..TaskRow::default() });
            }
            SandboxKind::Assets => {
                self.files.insert(key, FileRow { base, stored: true, size: 1024, ..FileRow::default() });
            }
            SandboxKind::Tags => {
                self.tags.insert(key, TagRow { base, ..TagRow::default() });
            }
            SandboxKind::Groups => {
                self.groups.insert(key, GroupRow { base, ..GroupRow::default() });
            }
            SandboxKind::Guests => {
                let code = hex(self.seed ^ 0xC0DE, u64::from(base.serial));
                let guest = GuestRow {
                    id: i64::from(base.serial),
                    email: id.to_string(),
                    code,
                    base,
                    ..GuestRow::default()
                };
                self.guests.insert(key, guest);
            }
            SandboxKind::Members => {
                let (role, email) = ("Standard".to_owned(), format!("user{id}@acme.example"));
                let id = id.parse().unwrap_or_default();
                self.users.insert(key, MemberRow { base, id, role, email, ..MemberRow::default() });
            }
            SandboxKind::Folders => {
                self.folders.insert(key, FolderRow { base, ..FolderRow::default() });
            }
        }
    }
}

fn blank_run(base: CommonFields, owner: i64, checklist: SandboxKey, checklist_title: Arc<str>) -> ProcessRow {
    ProcessRow {
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

fn blank_template(base: CommonFields, owner: i64) -> TemplateRow {
    TemplateRow {
        base,
        title: String::new(),
        status: None,
        pattern: 0,
        owner,
        steps: 4,
        started: 0,
        pinned: false,
        starred: false,
        embeds: Vec::<EmbeddedTemplate>::new(),
        folder: None,
    }
}
