//! How files look in JSON: as records of their own, and as the answers of file-type form fields (API sheet 7).
//!
//! Owns which field a file is the answer of. Must not know which records were asked for.

use serde_json::{Map, Value, json};

use super::super::{
    rows::{FileRow, FileSource, ProcessRow, SandboxKey},
    store::{Database, ProcessTask, step_id},
};
use super::{Serializer, finish, plain};

/// The kick-off field that takes files.
const KICK_OFF: &str = "ko_field";

/// A file's metadata: no size, no type, no uploader.
pub(in crate::sandbox) fn file(database: &Database, key: &SandboxKey, file: &FileRow) -> Value {
    let body = json!({
        "id": &**key, "filename": file.filename, "version": 1, "uploaded_from": uploaded_from(file),
        "uploaded_at": plain(file.base.created), "step_id": file.step.as_deref(), "source": source(file),
        "system": file.system, "uploaded_to_s3": file.stored, "url": url(database, key, file),
        "subject": subject(database, file),
    });
    finish(body, &file.base)
}

/// What was handed in at the kick-off of a process belongs to the template by this key (API sheet, section 7).
fn subject(database: &Database, file: &FileRow) -> Value {
    let run = database.runs.get(file.subject.id.as_str()).filter(|_| file.step.is_none());
    match run {
        Some(run) => json!({"id": &*run.checklist, "type": "Checklist"}),
        None => json!({"id": file.subject.id, "type": file.subject.sort}),
    }
}

/// The same file as a form answer holds it: with a whole address too, whose host is not always the one that was asked.
pub(in crate::sandbox) fn answer(database: &Database, key: &SandboxKey, file: &FileRow) -> Value {
    let url = url(database, key, file);
    let host =
        if file.base.serial.is_multiple_of(2) { "go.tallyfy.example/api" } else { "api.tallyfy.example" };
    let full = if file.by_url { url.clone() } else { format!("https://{host}/{url}") };
    let mut body = json!({
        "id": &**key, "filename": file.filename, "version": 1, "uploaded_from": uploaded_from(file),
        "uploaded_at": plain(file.base.created), "source": source(file), "url": url, "full_url": full,
        "subject": subject(database, file),
    });
    if let Some(system) = &file.system {
        body["system"] = json!(system);
    }
    finish(body, &file.base)
}

const fn source(file: &FileRow) -> &'static str {
    if file.by_url { "url" } else { "local" }
}

/// Relative to the base URL for stored files; anywhere for links.
fn url(database: &Database, key: &SandboxKey, file: &FileRow) -> String {
    match file.base.extra.get("url").and_then(Value::as_str) {
        Some(url) => url.to_owned(),
        None if file.by_url => format!("https://files.example/{key}"),
        None => format!("organizations/{}/file/{key}/dl", database.org),
    }
}

/// The field that a file is in; outside of answers the step stands for it.
fn uploaded_from(file: &FileRow) -> String {
    let field = file.way != FileSource::Include;
    match (&file.step, file.subject.sort.as_str()) {
        (Some(step), _) if field => file_field(step),
        (Some(step), _) => step.to_string(),
        (None, "Task") if field => file_field(&file.subject.id),
        (None, _) => KICK_OFF.to_owned(),
    }
}

/// The id of the field that takes files in a step, or in a one-off task.
fn file_field(step: &str) -> String {
    step_id(step, 998)
}

/// The file field of a task with its answer, and the same as `taskdata`; neither when there is no file.
pub(in crate::sandbox) struct FormAnswers {
    pub(in crate::sandbox) field: Option<Value>,
    pub(in crate::sandbox) data: Option<Value>,
}

impl FormAnswers {
    fn of(id: &str, files: Vec<Value>) -> Self {
        if files.is_empty() {
            return Self { field: None, data: None };
        }
        let id = file_field(id);
        let field = json!({"id": id, "label": "Attachments", "field_type": "file", "field_value": files});
        let data = Value::Object([(id, Value::Array(files))].into_iter().collect::<Map<_, _>>());
        Self { field: Some(field), data: Some(data) }
    }
}

impl Serializer<'_> {
    /// The files that a one-off task's form holds.
    pub(in crate::sandbox) fn task_answers(&self, task: &SandboxKey) -> FormAnswers {
        let files = self.database.answers_on(task).map(|(key, file)| answer(self.database, key, file));
        FormAnswers::of(task, files.collect())
    }

    /// The files that a process task's form holds.
    pub(in crate::sandbox) fn step_answers(&self, step: ProcessTask<'_>) -> FormAnswers {
        let of_template = step_id(&step.run.checklist, usize::from(step.position));
        let files = self.database.answers_on(step.key);
        let mine = files.filter(|(_, file)| file.step.as_deref() == Some(of_template.as_str()));
        let files = mine.map(|(key, file)| answer(self.database, key, file)).collect();
        FormAnswers::of(&of_template, files)
    }

    /// What was handed in at the kick-off of a process.
    pub(super) fn prerun(&self, key: &SandboxKey, run: &ProcessRow) -> Value {
        let mut answers = json!({"ko_name": "filled in", "ko_date": plain(run.base.created)});
        let files = self.kick_off_files(key);
        if !files.is_empty() {
            answers[KICK_OFF] = Value::Array(files);
        }
        answers
    }

    /// The kick-off fields of a template, with the files that come with it.
    pub(super) fn template_prerun(&self, key: &SandboxKey) -> Value {
        let mut fields =
            vec![json!({"id": "ko_name", "label": "Name", "field_type": "text", "required": true})];
        let files = self.kick_off_files(key);
        if !files.is_empty() {
            fields.push(json!({"id": KICK_OFF, "label": "Papers", "field_type": "file", "required": false,
                               "value": files}));
        }
        Value::Array(fields)
    }

    /// The kick-off fields of a process as fields.
    pub(in crate::sandbox) fn kick_off_fields(&self, key: &SandboxKey) -> Vec<Value> {
        let name =
            json!({"id": "ko_name", "label": "Name", "field_type": "text", "field_value": "filled in"});
        let files = self.kick_off_files(key);
        let papers =
            || json!({"id": KICK_OFF, "label": "Papers", "field_type": "file", "field_value": files});
        if files.is_empty() { vec![name] } else { vec![name, papers()] }
    }

    fn kick_off_files(&self, subject: &SandboxKey) -> Vec<Value> {
        let files = self.database.answers_on(subject).filter(|(_, file)| file.step.is_none());
        files.map(|(key, file)| answer(self.database, key, file)).collect()
    }
}
