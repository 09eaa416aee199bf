//! What goes for good, and what goes with it: cascades, and the links that a record leaves behind.
//!
//! Must not know whether a request may do this.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::{
    quirks::Quirk,
    rows::{SandboxKey, SandboxKind, TagLink, TaskRow},
};
use super::{Database, step_id};

impl Database {
    /// Takes a record away for good, with everything that is lost with it. False when there is none.
    pub(in crate::sandbox) fn remove(&mut self, kind: SandboxKind, id: &str) -> bool {
        self.revision += 1;
        match kind {
            SandboxKind::Runs => {
                let gone = self.runs.shift_remove(id).is_some();
                if gone {
                    self.drop_files(id);
                    let linked = |task: &TaskRow| task.run.as_deref() == Some(id);
                    let lost: Vec<SandboxKey> = self
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
            SandboxKind::Checklists => {
                let gone = self.templates.shift_remove(id).is_some();
                if gone {
                    self.drop_files(id);
                }
                gone
            }
            SandboxKind::Tasks => {
                let gone = self.tasks.shift_remove(id).is_some();
                if gone {
                    self.drop_files(id);
                }
                gone
            }
            SandboxKind::Assets => self.drop_file(id),
            SandboxKind::Tags => self.drop_tag(id),
            SandboxKind::Groups => self.groups.shift_remove(id).is_some(),
            SandboxKind::Guests => self.drop_guest(id),
            SandboxKind::Members => self.users.shift_remove(id).is_some(),
            SandboxKind::Folders => self.drop_folder(id),
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
        let strip = |links: &mut Vec<TagLink>| links.retain(|link| &*link.tag != id);
        self.runs.values_mut().for_each(|run| strip(&mut run.base.links));
        self.templates.values_mut().for_each(|template| strip(&mut template.base.links));
        self.tasks.values_mut().for_each(|task| strip(&mut task.base.links));
        self.tags.shift_remove(id).is_some()
    }

    /// A guest leaves every task and every group (API sheet 6.8).
    fn drop_guest(&mut self, email: &str) -> bool {
        let gone = self.guests.shift_remove(email).is_some();
        if gone {
            self.tasks.values_mut().for_each(|task| task.guests.retain(|guest| guest != email));
            self.groups.values_mut().for_each(|group| group.guests.retain(|guest| guest != email));
        }
        gone
    }

    /// What a folder held falls out of it. Its subfolders come to stand at the top, or go with it when the switch says so:
    /// which of the two is unknown (API sheet, section 11, 4).
    fn drop_folder(&mut self, id: &str) -> bool {
        if self.folders.shift_remove(id).is_none() {
            return false;
        }
        let fallen = self.runs.values_mut().map(|run| &mut run.folder);
        let fallen = fallen.chain(self.templates.values_mut().map(|template| &mut template.folder));
        let fallen = fallen.chain(self.tasks.values_mut().map(|task| &mut task.folder));
        for folder in fallen {
            folder.take_if(|folder| &**folder == id);
        }
        let children: Vec<SandboxKey> = self.children(id).map(|(key, _)| Arc::clone(key)).collect();
        for child in children {
            if self.quirks.has(Quirk::FolderDeleteDeep) {
                self.drop_folder(&child);
            } else if let Some(folder) = self.folders.get_mut(&child) {
                folder.parent = None;
            }
        }
        true
    }

    /// Strips a template out of the others that embed it, for good, and says where it stood (API sheet 6.2).
    pub(in crate::sandbox) fn strip_references(&mut self, id: &str) -> Vec<Value> {
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
}
