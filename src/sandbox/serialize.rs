//! How records look in JSON: the columns of sections 6 and 7 of the API sheet, dates in their several forms, includes.
//!
//! Owns the shapes. Must not know which records were asked for, or change any.

mod files;
mod people;

use std::{cell::OnceCell, collections::BTreeMap};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub(super) use files::file;
pub(super) use people::{light_guest, light_user};

use super::answer::wrapped;
use super::includes::{TaskDepth, TaskIncludes};
use super::quirks::Quirk;
use super::rows::{
    CommonFields, FileRow, GroupRow, GuestTasks, NOBODY, ProcessRow, SandboxKey, SandboxKind, TagCounts,
    TagLink, TagRow, TaskRow, TemplateRow, UnixSeconds,
};
use super::store::{Database, ProcessTask, step_id};
use crate::sandbox::parameters::RequestParameters;

/// Where a shape is shown: a task's owners differ between a list and a read by id (API sheet, row 21).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SerializeContext {
    List,
    ById,
}

/// A look at the world with the includes of one request.
pub(super) struct Serializer<'a> {
    pub(super) database: &'a Database,
    pub(super) query: &'a RequestParameters,
    pub(super) place: SerializeContext,
    /// Present when `with=statistics` asks for it.
    pub(super) tallies: Option<TagCounts>,
    /// Present when `with=stats` asks for it.
    duties: Option<BTreeMap<String, GuestTasks>>,
    /// How much each folder holds, counted when the first one is shown.
    contents: OnceCell<BTreeMap<SandboxKey, usize>>,
}

impl<'a> Serializer<'a> {
    pub(super) fn new(database: &'a Database, query: &'a RequestParameters, place: SerializeContext) -> Self {
        let tallies = query.with("statistics").then(|| database.tallies());
        let duties = query.with("stats").then(|| database.duties());
        Self { database, query, place, tallies, duties, contents: OnceCell::new() }
    }

    /// Any stored record by its kind and id.
    pub(super) fn record(&self, kind: SandboxKind, id: &str) -> Option<Value> {
        let database = self.database;
        match kind {
            SandboxKind::Runs => database.runs.get_key_value(id).map(|(key, row)| self.run(key, row)),
            SandboxKind::Checklists => {
                database.templates.get_key_value(id).map(|(key, row)| self.template(key, row))
            }
            SandboxKind::Tasks => database.tasks.get_key_value(id).map(|(key, row)| self.task(key, row)),
            SandboxKind::Assets => {
                database.files.get_key_value(id).map(|(key, row)| file(database, key, row))
            }
            SandboxKind::Tags => database.tags.get_key_value(id).map(|(key, row)| self.tag(key, row)),
            SandboxKind::Groups => database.groups.get_key_value(id).map(|(key, row)| self.group(key, row)),
            SandboxKind::Guests => database.guests.get(id).map(|row| self.guest(row)),
            SandboxKind::Members => database.users.get(id).map(|row| self.user(row)),
            SandboxKind::Folders => {
                database.folders.get_key_value(id).map(|(key, row)| self.folder(key, row))
            }
        }
    }

    fn quirk(&self, quirk: Quirk) -> bool {
        self.database.quirks.has(quirk)
    }

    /// An owner id: some are strings in every answer (API sheet, row 20).
    fn owner(&self, id: i64, text: bool) -> Value {
        if id == NOBODY {
            return Value::Null;
        }
        if text || self.quirk(Quirk::OwnerStrings) { json!(id.to_string()) } else { json!(id) }
    }

    /// Wraps an include the way Fractal does (API sheet, section 2).
    pub(super) fn include(&self, value: Value) -> Value {
        if self.quirk(Quirk::BareIncludes) { value } else { wrapped(value) }
    }

    pub(super) fn assets(&self, id: &str) -> Value {
        self.include(self.database.files_of(id).map(|(key, row)| file(self.database, key, row)).collect())
    }

    pub(super) fn link_rows(&self, links: &[TagLink]) -> Value {
        let row = |link: &TagLink| {
            let tag = self.database.tags.get(&link.tag)?;
            if self.quirk(Quirk::PlainTags) {
                return Some(json!({"id": &*link.tag, "title": tag.title, "color": tag.color}));
            }
            Some(
                json!({"id": link.id, "tag_id": &*link.tag, "title": tag.title, "color": tag.color, "type": "public"}),
            )
        };
        self.include(links.iter().filter_map(row).collect())
    }

    fn progress(&self, done: u8, total: u8) -> Value {
        let percent = f64::from(done) * 100.0 / f64::from(total.max(1));
        match () {
            () if self.quirk(Quirk::ProgressNumber) => json!(percent),
            () if self.quirk(Quirk::ProgressEmpty) => json!({}),
            () => json!({"complete": done, "total": total, "percent": percent}),
        }
    }

    pub(super) fn run(&self, key: &SandboxKey, run: &ProcessRow) -> Value {
        let base = &run.base;
        let archived = base.archived.is_some();
        let late = run.due.is_some_and(|due| due < self.database.now()) && run.completed.is_none();
        let mut body = json!({
            "id": &**key, "increment_id": base.serial, "name": run.name,
            "status": if archived { "archived" } else { &run.status },
            "checklist_id": &*run.checklist, "checklist_title": &*run.checklist_title,
            "progress": self.progress(run.done, run.total), "whole_progress": self.progress(run.done, run.total),
            "owner_id": self.owner(run.owner, base.serial.is_multiple_of(7)),
            "started_by": self.owner(run.started_by, true),
            "created_at": millis(base.created), "started_at": millis(base.created), "last_updated": millis(base.updated),
            "completed_at": run.completed.map(millis), "due_date": run.due.map(plain),
            "archived_at": base.archived.map(millis), "max_task_deadline": run.due.map(plain),
        });
        let rest = json!({
            "due_date_passed": late, "due_soon": false, "starred": run.starred, "is_public": false,
            "has_open_issue": run.status == "problem", "can_add_oot": true, "late_tasks": u8::from(late),
            "type": "procedure", "prerun_status": "complete", "parent_id": null,
            "summary": format!("<p>Started from <b>{}</b></p>", run.checklist_title),
            "users": [run.owner], "groups": strings(&run.groups), "collaborators": [run.owner, run.started_by],
            "prerun": self.prerun(key, run), "custom_fields": null,
        });
        merge(&mut body, rest);
        self.run_includes(&mut body, key, run);
        finish(body, base)
    }

    pub(super) fn template(&self, key: &SandboxKey, template: &TemplateRow) -> Value {
        let base = &template.base;
        let maker = if template.owner == NOBODY { self.database.caller } else { template.owner };
        let embedded: String = template.embeds.iter().map(|embed| embed_block(&embed.template)).collect();
        let mut body = json!({
            "id": &**key, "increment_id": base.serial, "title": template.title, "alias": format!("t-{}", base.serial),
            "type": if base.serial.is_multiple_of(9) { "form" } else { "procedure" }, "status": template.status,
            "owner_id": self.owner(template.owner, false), "created_by": self.owner(maker, true),
            "last_updated_by": self.owner(template.owner, true),
            "steps_count": if base.serial.is_multiple_of(5) { json!(template.steps.to_string()) } else { json!(template.steps) },
            "started_processes": template.started, "created_at": millis(base.created),
            "last_updated": millis(base.updated), "archived_at": base.archived.map(millis),
        });
        let rest = json!({
            "starred": template.starred, "is_pinned": template.pinned, "is_public": false, "is_featured": false,
            "folder_id": template.folder.as_deref(), "summary": format!("<p>{}</p>{embedded}", template.title), "guidance": null,
            "webhook": null, "prerun": self.template_prerun(key),
            "automated_actions": [], "users": [template.owner], "groups": [], "industry_tags": [], "topic_tags": [],
            "custom_fields": null,
        });
        merge(&mut body, rest);
        self.template_includes(&mut body, key, template);
        finish(body, base)
    }

    fn task_owners(&self, users: &[i64], guests: &[String], groups: &[SandboxKey]) -> Value {
        let objects = self.place == SerializeContext::List || self.quirk(Quirk::TaskOwnerObjects);
        let user = |id: &i64| match self.database.user(*id) {
            Some(user) if objects => json!({"id": id, "full_name": user.full, "profile_pic": null}),
            _ => self.owner(*id, false),
        };
        let users: Vec<Value> = users.iter().map(user).collect();
        json!({"users": users, "guests": guests, "groups": strings(groups), "taskUrls": []})
    }

    pub(super) fn task(&self, key: &SandboxKey, task: &TaskRow) -> Value {
        let base = &task.base;
        let answers = self.task_answers(key);
        let mut body = json!({
            "id": &**key, "increment_id": base.serial, "title": task.title, "original_title": task.title, "alias": null,
            "status": task.status, "status_label": task.status, "task_type": "task", "position": 1,
            "max_assignable": 0, "run_id": task.run.as_deref(), "step_id": null, "checklist_id": null,
            "is_oneoff_task": true, "is_completable": true, "everyone_must_complete": false, "problem": task.problem,
            "top_secret": false, "is_approved": null,
            "owners": self.task_owners(&task.users, &task.guests, &task.groups),
            "deadline": task.deadline.map(millis), "started_at": null, "completed_at": task.completed.map(spaced),
            "archived_at": self.database.task_archived(task).map(millis),
            "created_at": millis(base.created), "last_updated": millis(base.updated),
            "starter_id": self.database.me().map(|user| user.id), "completer_id": null,
            "taskdata": answers.data.unwrap_or_else(|| json!([])), "custom_fields": null,
        });
        let threads = base.serial % 3;
        self.task_includes(
            &mut body,
            TaskDepth::Own,
            &TaskIncludes {
                id: key,
                title: &task.title,
                threads,
                at: base.created,
                file_field: answers.field,
            },
        );
        if self.query.with("tags") {
            body["tags"] = self.link_rows(&base.links);
        }
        if self.query.with("folders") {
            body["folders"] = self.include(self.folder_of(task.folder.as_ref()).into_iter().collect());
        }
        if self.query.with("run") {
            let run = task.run.as_ref().and_then(|run| self.database.runs.get_key_value(run));
            body["run"] = self.include(json!(run.map(|(key, run)| run_in_task(key, run))));
        }
        if self.query.with("assets") {
            body["assets"] = self.assets(key);
        }
        finish(body, base)
    }

    /// A process task (API sheet 6.4). By id its owners are numbers, elsewhere objects.
    pub(super) fn step(&self, step: ProcessTask<'_>, depth: TaskDepth) -> Value {
        let ProcessTask { key, run, position } = step;
        let id = self.database.step_key(run.base.serial, position);
        let title = self.database.names.step(run.pattern, usize::from(position));
        let of_template = step_id(&run.checklist, usize::from(position));
        let completed = (position < run.done).then(|| spaced(step.ended()));
        let deadline = run.due.map(|due| plain(due - i64::from(run.total - position) * 3600));
        let kind = if position % 4 == 3 { "approval" } else { "task" };
        let answers = self.step_answers(step);
        let mut body = json!({
            "id": id, "increment_id": u64::from(run.base.serial) * 100 + u64::from(position), "title": title,
            "original_title": title, "alias": null, "status": step.status(), "status_label": step.status(),
            "task_type": kind, "position": position + 1, "max_assignable": 0, "run_id": &**key,
            "step_id": of_template, "checklist_id": &*run.checklist, "is_oneoff_task": false, "is_completable": true,
            "everyone_must_complete": false, "problem": false, "top_secret": false, "is_approved": null,
            "owners": self.task_owners(&[run.owner], &[], &[]), "deadline": deadline, "started_at": null,
            "completed_at": completed, "archived_at": run.base.archived.map(millis),
            "created_at": millis(run.base.created), "last_updated": millis(run.base.updated),
            "starter_id": run.started_by, "completer_id": null, "custom_fields": null,
            "taskdata": answers.data.unwrap_or_else(|| json!({})),
        });
        let (threads, at) = (step.threads(), step.ended());
        let about = TaskIncludes { id: &id, title: &title, threads, at, file_field: answers.field };
        self.task_includes(&mut body, depth, &about);
        if self.asks(depth, "run") {
            body["run"] = self.include(run_in_task(key, run));
        }
        if self.asks(depth, "assets") {
            let mine = |row: &FileRow| row.step.as_deref() == Some(of_template.as_str());
            let files = self.database.files_of(key).filter(|(_, row)| mine(row));
            body["assets"] = self.include(files.map(|(key, row)| file(self.database, key, row)).collect());
        }
        body
    }

    pub(super) fn tag(&self, key: &SandboxKey, tag: &TagRow) -> Value {
        let base = &tag.base;
        let mut body = json!({
            "id": &**key, "title": tag.title, "color": tag.color, "auto_generated": tag.auto, "type": "public",
            "created_at": plain(base.created), "deleted_at": base.archived.map(plain),
        });
        if let Some(tallies) = &self.tallies {
            let tally = tallies.get(key).copied().unwrap_or_default();
            body["statistics"] = self.include(json!({
                "active_template": tally.active_template, "archived_template": tally.archived_template,
                "active_process": tally.active_process, "archived_process": tally.archived_process,
            }));
        }
        finish(body, base)
    }

    pub(super) fn group(&self, key: &SandboxKey, group: &GroupRow) -> Value {
        let base = &group.base;
        let members: Vec<Value> =
            group.members.iter().enumerate().map(|(place, id)| self.owner(*id, place % 2 == 1)).collect();
        let mut body = json!({
            "id": &**key, "name": group.name, "description": group.description, "logo": null, "members": members,
            "guests": group.guests, "created_at": millis(base.created), "last_updated": micros(base.updated),
        });
        if self.query.with("assets") {
            body["assets"] = self.assets(key);
        }
        finish(body, base)
    }

    /// The organization (API sheet 6.11).
    pub(super) fn organization(&self) -> Value {
        let active = self.database.users.values().filter(|user| user.is_active()).count();
        let mut body = json!({
            "id": self.database.org, "name": self.database.org_name, "disabled_on": null,
            "created_on": millis(self.database.epoch - 1200 * 86_400), "user_role": self.database.role.name(),
            "users_count": active, "in_trial": false, "auto_archive": false, "limits": {},
        });
        if self.query.with("stats") {
            let (runs, checklists) = (self.database.runs.len(), self.database.templates.len());
            body["stats"] = self.include(json!({"runs": runs, "checklists": checklists}));
        }
        body
    }
}

/// The process as its tasks show it.
fn run_in_task(key: &SandboxKey, run: &ProcessRow) -> Value {
    json!({"id": &**key, "name": run.name, "status": run.status})
}

pub(super) fn embed_block(template: &str) -> String {
    format!("<div data-embedded-template=\"{template}\"></div>")
}

fn strings(keys: &[SandboxKey]) -> Vec<&str> {
    keys.iter().map(|key| &**key).collect()
}

fn merge(body: &mut Value, more: Value) {
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
}

/// Lays what a patch added over the columns.
fn finish(mut body: Value, base: &CommonFields) -> Value {
    if let Some(body) = body.as_object_mut() {
        body.extend(base.extra.clone());
    }
    body
}

/// The whole record with `archived_at`, a file with the `way` it is found by too, for whoever inspects the state from outside.
pub(super) fn inspected(database: &Database, kind: SandboxKind, id: &str) -> Option<Value> {
    let query = RequestParameters::parse(Some("with=assets,tags,steps,statistics,stats"));
    let shape = Serializer::new(database, &query, SerializeContext::ById);
    if let (SandboxKind::Tasks, Some(step)) = (kind, database.step(id)) {
        return Some(shape.step(step, TaskDepth::Own));
    }
    let mut body = shape.record(kind, id)?;
    let own = database.row(kind, id).and_then(|row| row.base().archived);
    let swept = || database.files.get(id).and_then(|file| database.run_archived(&file.subject.id));
    let archived = own.or_else(|| swept().filter(|_| kind == SandboxKind::Assets));
    if let Some(body) = body.as_object_mut() {
        body.entry("archived_at").or_insert_with(|| json!(archived.map(millis)));
        if let Some(file) = database.files.get(id).filter(|_| kind == SandboxKind::Assets) {
            body.insert("way".to_owned(), json!(file.way.name()));
        }
    }
    Some(body)
}

/// `2026-03-01T09:30:00.000Z`, the usual form (API sheet, section 3).
pub(super) fn millis(at: UnixSeconds) -> String {
    dated(at, "%Y-%m-%dT%H:%M:%S.000Z")
}

pub(super) fn plain(at: UnixSeconds) -> String {
    dated(at, "%Y-%m-%dT%H:%M:%SZ")
}

fn offset(at: UnixSeconds) -> String {
    dated(at, "%Y-%m-%dT%H:%M:%S+00:00")
}

fn micros(at: UnixSeconds) -> String {
    dated(at, "%Y-%m-%dT%H:%M:%S.000000Z")
}

fn spaced(at: UnixSeconds) -> String {
    dated(at, "%Y-%m-%d %H:%M:%S")
}

fn dated(at: UnixSeconds, form: &str) -> String {
    Timestamp::from_second(at).map(|stamp| stamp.strftime(form).to_string()).unwrap_or_default()
}

/// The keys of an object, for patches that come from outside.
pub(super) fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
