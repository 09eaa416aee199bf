//! What `with=` brings along with a process, a template or a task (API sheet, sections 6.1 to 6.4 and 8).
//!
//! Owns which include holds what, nested ones such as `tasks.threads` too. Comments and answers are derived from their
//! task and never stored. Must not know which records were asked for.

use serde_json::{Value, json};

use super::rows::{ProcessRow, SandboxKey, TemplateRow, UnixSeconds};
use super::store::{ProcessTask, step_id};
use crate::sandbox::serialize::{SerializeContext, Serializer, embed_block, plain};

/// Where a process task stands in an answer: its includes are named accordingly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TaskDepth {
    /// It is what was asked for.
    Own,
    /// It came along with its process, whose request names its includes `tasks.threads` and so on.
    InRun,
}

/// What the includes of a task are derived from.
pub(super) struct TaskIncludes<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    /// How many comments it has.
    pub(super) threads: u32,
    /// When they were written.
    pub(super) at: UnixSeconds,
    /// The field that takes files, where it holds some.
    pub(super) file_field: Option<Value>,
}

impl ProcessTask<'_> {
    /// How many comments a process task has.
    pub(super) fn threads(&self) -> u32 {
        self.run.base.serial.wrapping_add(u32::from(self.position)) % 3
    }

    /// When a process task was done, or last spoken of, one hour after the other. What happens to its process later, such
    /// as archiving, changes nothing about that.
    pub(super) fn ended(&self) -> UnixSeconds {
        self.run.base.created + (UnixSeconds::from(self.position) + 1) * 3600
    }
}

impl Serializer<'_> {
    /// Whether this include of a task was asked for.
    pub(super) fn asks(&self, depth: TaskDepth, include: &str) -> bool {
        match depth {
            TaskDepth::Own => self.query.with(include),
            TaskDepth::InRun => self.query.with_in("tasks", include),
        }
    }

    pub(super) fn run_includes(&self, body: &mut Value, key: &SandboxKey, run: &ProcessRow) {
        let shown = if self.database.hides(run) { 0 } else { run.total };
        let steps = || (0..shown).map(|position| ProcessTask { key, run, position });
        if self.query.with("assets") {
            body["assets"] = self.assets(key);
        }
        if self.query.with("tags") {
            body["tags"] = self.link_rows(&run.base.links);
        }
        if self.query.with("folders") {
            body["folders"] = self.include(self.folder_of(run.folder.as_ref()).into_iter().collect());
        }
        if self.query.with("tasks") {
            body["tasks"] = self.include(steps().map(|step| self.step(step, TaskDepth::InRun)).collect());
        }
        if self.query.with("tasks_meta") {
            let meta = json!({"total": shown, "completed": run.done.min(shown)});
            body["tasks_meta"] = self.include(meta);
        }
        if self.query.with("form_fields") {
            body["form_fields"] = self.include(steps().flat_map(|step| self.fields_of(step)).collect());
        }
        if self.query.with("ko_form_fields") {
            body["ko_form_fields"] = self.include(Value::Array(self.kick_off_fields(key)));
        }
        if self.query.with("checklist") {
            body["checklist"] = self.include(json!({"id": &*run.checklist, "title": &*run.checklist_title}));
        }
        if self.query.with("threads_count") {
            body["threads_count"] = json!(steps().map(|step| step.threads()).sum::<u32>());
        }
    }

    fn fields_of(&self, step: ProcessTask<'_>) -> Vec<Value> {
        let id = self.database.step_key(step.run.base.serial, step.position);
        let title = self.database.names.step(step.run.pattern, usize::from(step.position));
        [Some(form_field(&id, &title)), self.step_answers(step).field].into_iter().flatten().collect()
    }

    /// Every field of a process: those of the kick-off, then those of its tasks.
    pub(super) fn answers_in(&self, key: &SandboxKey, run: &ProcessRow) -> Vec<Value> {
        let steps = (0..run.total).map(|position| ProcessTask { key, run, position });
        self.kick_off_fields(key).into_iter().chain(steps.flat_map(|step| self.fields_of(step))).collect()
    }

    pub(super) fn template_includes(&self, body: &mut Value, key: &SandboxKey, template: &TemplateRow) {
        if self.query.with("assets") {
            body["assets"] = self.assets(key);
        }
        if self.query.with("tags") {
            body["tags"] = self.link_rows(&template.base.links);
        }
        if self.query.with("folder") {
            body["folder"] = self.include(json!(self.folder_of(template.folder.as_ref())));
        }
        if self.query.with("steps") {
            let step = |position: usize| {
                let inside = template.embeds.iter().filter(|embed| embed.step == Some(position));
                let summary: String = inside.map(|embed| embed_block(&embed.template)).collect();
                json!({"id": step_id(key, position), "title": self.database.names.step(template.pattern, position),
                       "position": position + 1, "summary": summary})
            };
            body["steps"] = self.include((0..template.steps).map(step).collect());
        }
    }

    /// `summary` comes in lists only when asked for (API sheet 6.3).
    pub(super) fn task_includes(&self, body: &mut Value, depth: TaskDepth, about: &TaskIncludes<'_>) {
        if (self.place == SerializeContext::ById && depth == TaskDepth::Own) || self.asks(depth, "summary") {
            body["summary"] = json!(format!("<p>{}</p>", about.title));
        }
        if self.asks(depth, "form_fields") {
            let fields = [Some(form_field(about.id, about.title)), about.file_field.clone()];
            body["form_fields"] = self.include(fields.into_iter().flatten().collect());
        }
        if self.asks(depth, "threads") {
            body["threads"] = self.include((0..about.threads).map(|number| thread(about, number)).collect());
        }
        if self.asks(depth, "threads_count") {
            body["threads_count"] = json!(about.threads);
        }
    }
}

/// The answer in words that a task has; its key for the value is that of row 22 of the API sheet's section 9.
fn form_field(task: &str, title: &str) -> Value {
    json!({"id": step_id(task, 999), "label": "Remarks", "field_type": "text", "field_value": title})
}

/// A comment. The sheet names no field of one but its id.
fn thread(about: &TaskIncludes<'_>, number: u32) -> Value {
    let content = format!("Remark {} on {}", number + 1, about.title);
    json!({"id": step_id(about.id, 500 + number as usize), "content": content, "created_at": plain(about.at)})
}
