//! One record at a time: read, archive, restore, destroy, and the bytes of files, with the codes of section 9.
//!
//! Owns preconditions and roles. Must not know lists, headers or faults.

use serde_json::{Value, json};

use super::answer::{ResponseContent, SandboxResponse};
use super::includes::TaskDepth;
use super::quirks::Quirk;
use super::routes::Delivery;
use super::rows::{FileRow, SandboxKind};
use super::store::Database;
use super::{Role, guests, members};
use crate::sandbox::parameters::RequestParameters;
use crate::sandbox::rng::{Rng, mix};
use crate::sandbox::serialize::{SerializeContext, Serializer, file, inspected};

/// A read by id.
pub(super) fn get(
    database: &Database,
    kind: SandboxKind,
    id: &str,
    query: &RequestParameters,
) -> SandboxResponse {
    let shape = Serializer::new(database, query, SerializeContext::ById);
    let hidden = match kind {
        SandboxKind::Runs => {
            database.quirks.has(Quirk::ArchivedRuns404) && database.run_archived(id).is_some()
        }
        SandboxKind::Checklists => archived(database, kind, id),
        SandboxKind::Tasks => return task(database, id, &shape),
        SandboxKind::Assets => return asset(database, id),
        SandboxKind::Guests => return guests::get(database, id, query),
        SandboxKind::Members => return members::get(database, id, query),
        SandboxKind::Tags | SandboxKind::Groups | SandboxKind::Folders => archived(database, kind, id),
    };
    let found = shape.record(kind, id).filter(|_| !hidden);
    found.map_or_else(SandboxResponse::not_found, SandboxResponse::item)
}

/// `GET O/tasks/{id}` also returns process tasks (API sheet 6.3).
fn task(database: &Database, id: &str, shape: &Serializer<'_>) -> SandboxResponse {
    if let Some(task) = database.tasks.get(id) {
        let run = task.run.as_ref().and_then(|run| database.runs.get(run));
        let with_run = run.is_some_and(|run| database.hides(run));
        let hidden = task.base.archived.is_some() && database.quirks.has(Quirk::ArchivedTasks404);
        let found = shape.record(SandboxKind::Tasks, id).filter(|_| !with_run && !hidden);
        return found.map_or_else(SandboxResponse::not_found, SandboxResponse::item);
    }
    let step = database.step(id).filter(|step| !database.hides(step.run));
    step.map_or_else(SandboxResponse::not_found, |step| {
        SandboxResponse::item(shape.step(step, TaskDepth::Own))
    })
}

fn asset(database: &Database, id: &str) -> SandboxResponse {
    match database.files.get_key_value(id) {
        Some((key, row)) if row.base.archived.is_none() && !database.swept(row) => {
            let body = file(database, key, row);
            SandboxResponse::item(if database.quirks.has(Quirk::AssetArray) { json!([body]) } else { body })
        }
        _ => SandboxResponse::not_found(),
    }
}

/// `GET O/runs/{run}/tasks/{id}`: 404 when the task is not of that run, or no process task at all.
pub(super) fn run_task(
    database: &Database,
    run: &str,
    id: &str,
    query: &RequestParameters,
) -> SandboxResponse {
    let step = database.step(id).filter(|step| &**step.key == run && !database.hides(step.run));
    let shape = Serializer::new(database, query, SerializeContext::ById);
    step.map_or_else(SandboxResponse::not_found, |step| {
        SandboxResponse::item(shape.step(step, TaskDepth::Own))
    })
}

/// `GET O/runs/{id}/form-fields`: every field of a process, with its answer (API sheet 7).
pub(super) fn run_answers(database: &Database, id: &str, query: &RequestParameters) -> SandboxResponse {
    let found = database.runs.get_key_value(id).filter(|(_, run)| !database.hides(run));
    let shape = Serializer::new(database, query, SerializeContext::ById);
    found.map_or_else(SandboxResponse::not_found, |(key, run)| {
        SandboxResponse::item(json!(shape.answers_in(key, run)))
    })
}

/// Why neither the soft delete nor the way back from it is open to the caller, if it is not.
fn refused_softly(database: &Database, kind: SandboxKind, id: &str) -> Option<SandboxResponse> {
    if database.role == Role::Light {
        return Some(SandboxResponse::refused(403, "You do not have permission to perform this action"));
    }
    process_task(database, kind, id)
        .or_else(|| database.row(kind, id).is_none().then(SandboxResponse::not_found))
}

/// The soft delete.
pub(super) fn archive(database: &mut Database, kind: SandboxKind, id: &str) -> SandboxResponse {
    match kind {
        SandboxKind::Guests => return guests::disable(database, id),
        SandboxKind::Members => return members::disable(database, id),
        _ => {}
    }
    if let Some(refusal) = refused_softly(database, kind, id) {
        return refusal;
    }
    let already = archived(database, kind, id);
    // A template in the archive is not found by id; so is a file (API sheet 6.2 and 7).
    let strict = matches!(kind, SandboxKind::Checklists | SandboxKind::Assets)
        || database.quirks.has(Quirk::RepeatRefused);
    if already && strict {
        return SandboxResponse::not_found();
    }
    if !already {
        let now = database.now();
        if let Some(row) = database.row_mut(kind, id) {
            row.base_mut().archived = Some(now);
            row.base_mut().updated = now;
        }
    }
    let answer = archive_answer(database, kind, id);
    if already { answer } else { answer.applied() }
}

fn archive_answer(database: &mut Database, kind: SandboxKind, id: &str) -> SandboxResponse {
    match kind {
        SandboxKind::Checklists => {
            let references = database.strip_references(id);
            let message = "The Template was deleted, and references were also deleted from:";
            template_answer(database, id, message, references)
        }
        SandboxKind::Tasks if !database.quirks.has(Quirk::TaskArchiveData) => SandboxResponse::empty(204),
        _ => plain_item(database, kind, id),
    }
}

/// The two-key body of template archive and delete (API sheet, rows 3 and 4).
fn template_answer(database: &Database, id: &str, message: &str, references: Vec<Value>) -> SandboxResponse {
    let quirks = &database.quirks;
    let references = match () {
        () if quirks.has(Quirk::ReferencesNull) => Value::Null,
        () if quirks.has(Quirk::ReferencesObject) => {
            let numbered = references.into_iter().enumerate().map(|(place, item)| (place.to_string(), item));
            Value::Object(numbered.collect())
        }
        () => Value::Array(references),
    };
    match () {
        () if quirks.has(Quirk::TemplateArchiveEmpty) => SandboxResponse::empty(204),
        () if quirks.has(Quirk::TemplateArchiveData) => plain_item(database, SandboxKind::Checklists, id),
        () => SandboxResponse::ok(json!({"message": message, "deleted_references": references})),
    }
}

/// The way back from the soft delete.
pub(super) fn restore(database: &mut Database, kind: SandboxKind, id: &str) -> SandboxResponse {
    match kind {
        SandboxKind::Guests => return guests::enable(database, id),
        SandboxKind::Members => return members::enable(database, id),
        _ => {}
    }
    if let Some(refusal) = refused_softly(database, kind, id) {
        return refusal;
    }
    let live = !archived(database, kind, id);
    if live && (kind == SandboxKind::Checklists || database.quirks.has(Quirk::RepeatRefused)) {
        return SandboxResponse::not_found();
    }
    if !live {
        let now = database.now();
        if let Some(row) = database.row_mut(kind, id) {
            row.base_mut().archived = None;
            row.base_mut().updated = now;
        }
    }
    let answer = match kind {
        SandboxKind::Runs if database.quirks.has(Quirk::ActivateBare) => {
            SandboxResponse::ok(plain_body(database, kind, id))
        }
        SandboxKind::Checklists if database.quirks.has(Quirk::RestoreFileBody) => {
            SandboxResponse::item(json!({"id": id, "filename": "template.pdf", "version": 1}))
        }
        _ => plain_item(database, kind, id),
    };
    if live { answer } else { answer.applied() }
}

/// The permanent delete.
pub(super) fn destroy(database: &mut Database, kind: SandboxKind, id: &str) -> SandboxResponse {
    match kind {
        SandboxKind::Guests => return guests::delete(database, id),
        SandboxKind::Members => return members::delete(database, id),
        _ => {}
    }
    if let Some(refusal) = refuse_destroy(database, kind, id) {
        return refusal;
    }
    let shown = matches!(kind, SandboxKind::Tags | SandboxKind::Groups | SandboxKind::Assets);
    let body = if shown { inspected(database, kind, id) } else { None };
    let gone = database.remove(kind, id);
    let quirks = &database.quirks;
    let deleted = |mut body: Option<Value>| {
        if let Some(body) = &mut body {
            body["deleted_at"] = json!(crate::sandbox::serialize::millis(database.now()));
        }
        SandboxResponse::item(json!(body))
    };
    let answer = match kind {
        SandboxKind::Runs if quirks.has(Quirk::RunDelete204) => SandboxResponse::empty(204),
        SandboxKind::Runs if quirks.has(Quirk::RunDeleteMessage) => {
            SandboxResponse::ok(json!({"message": "The process was deleted"}))
        }
        SandboxKind::Checklists => {
            let message = "The Template was deleted, and references were also deleted from:";
            SandboxResponse::ok(json!({"message": message, "deleted_references": []}))
        }
        SandboxKind::Tags if gone && quirks.has(Quirk::TagDeleteData) => deleted(body),
        SandboxKind::Groups if quirks.has(Quirk::GroupDeleteData) => deleted(body),
        SandboxKind::Assets if quirks.has(Quirk::FileDeleteData) => deleted(body),
        SandboxKind::Runs | SandboxKind::Assets => SandboxResponse::empty(200),
        _ => SandboxResponse::empty(204),
    };
    if gone { answer.applied() } else { answer }
}

/// Why a permanent delete is refused, if it is (API sheet, rows 6, 7, 9 to 11 and section 7).
fn refuse_destroy(database: &Database, kind: SandboxKind, id: &str) -> Option<SandboxResponse> {
    let quirks = &database.quirks;
    if let Some(refusal) = process_task(database, kind, id) {
        return Some(refusal);
    }
    let missing = database.row(kind, id).is_none();
    if missing {
        return (kind != SandboxKind::Tags).then(SandboxResponse::not_found);
    }
    if matches!(kind, SandboxKind::Runs | SandboxKind::Checklists) && database.role != Role::Admin {
        return Some(SandboxResponse::refused(403, "Only administrators can delete permanently"));
    }
    if database.role == Role::Light {
        return Some(SandboxResponse::refused(403, "You do not have permission to perform this action"));
    }
    let live = !archived(database, kind, id);
    match kind {
        SandboxKind::Runs if live && quirks.has(Quirk::RunDelete404) => Some(SandboxResponse::not_found()),
        SandboxKind::Runs if live => {
            Some(SandboxResponse::refused(422, "The process must be archived before it can be deleted"))
        }
        SandboxKind::Checklists if live && quirks.has(Quirk::TemplateDelete404) => {
            Some(SandboxResponse::not_found())
        }
        SandboxKind::Checklists if live => {
            let status = if quirks.has(Quirk::TemplateDelete400) { 400 } else { 422 };
            Some(SandboxResponse::refused(status, "The template must be archived before it can be deleted"))
        }
        SandboxKind::Assets => database.files.get(id).and_then(|file| refuse_file(database, file)),
        _ => None,
    }
}

fn refuse_file(database: &Database, file: &FileRow) -> Option<SandboxResponse> {
    if database.swept(file) {
        return Some(SandboxResponse::not_found());
    }
    let status = if database.quirks.has(Quirk::Logo422) { 422 } else { 403 };
    let logo = file.subject.sort == "Organization";
    logo.then(|| SandboxResponse::refused(status, "The organization's logo cannot be deleted here"))
}

/// Refuses the one-off actions for anything that belongs to a process (API sheet, row 9).
fn process_task(database: &Database, kind: SandboxKind, id: &str) -> Option<SandboxResponse> {
    if kind != SandboxKind::Tasks {
        return None;
    }
    let linked =
        database.tasks.get(id).map_or_else(|| database.step(id).is_some(), |task| task.run.is_some());
    let refusal = || match database.quirks.has(Quirk::ProcessTask400) {
        true => SandboxResponse::refused(400, "This task is not a one-off task"),
        false => SandboxResponse::not_found(),
    };
    linked.then(refusal)
}

fn archived(database: &Database, kind: SandboxKind, id: &str) -> bool {
    database.row(kind, id).is_some_and(|row| row.base().archived.is_some())
}

fn plain_body(database: &Database, kind: SandboxKind, id: &str) -> Value {
    let query = RequestParameters::default();
    json!(Serializer::new(database, &query, SerializeContext::ById).record(kind, id))
}

fn plain_item(database: &Database, kind: SandboxKind, id: &str) -> SandboxResponse {
    SandboxResponse::item(plain_body(database, kind, id))
}

/// The bytes of a file (API sheet 7): none for external links, a lasting 5xx when the stored object is gone.
pub(super) fn bytes(database: &Database, id: &str, delivery: Delivery) -> SandboxResponse {
    let Some((key, file)) = database.files.get_key_value(id) else { return SandboxResponse::not_found() };
    if file.by_url || database.swept(file) {
        return SandboxResponse::not_found();
    }
    let gone = file.base.serial.is_multiple_of(3) && database.quirks.has(Quirk::BytesGone);
    if !file.stored || gone {
        return SandboxResponse::refused(500, "Trying to access array offset on value of type null");
    }
    let bytes = contents(key, &file.filename, file.size);
    match delivery {
        Delivery::Inline => {
            SandboxResponse::new(200, ResponseContent::Bytes { mime: mime(&file.filename), bytes })
        }
        Delivery::Attachment => {
            let body = ResponseContent::Bytes { mime: "application/octet-stream", bytes };
            let name = quotable(&file.filename);
            SandboxResponse::new(200, body)
                .header("Content-Disposition", format!("attachment; filename=\"{name}\""))
        }
    }
}

/// What is in a file: the first bytes of files of its kind, a line that names it, then noise of its own, of every byte
/// there is.
pub(super) fn contents(id: &str, filename: &str, size: usize) -> Vec<u8> {
    let mut rng = Rng::new(id.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte))));
    let mut bytes = Vec::with_capacity(size + 8);
    bytes.extend_from_slice(match mime(filename) {
        "application/pdf" => b"%PDF-1.7\n",
        "image/png" => b"\x89PNG\r\n\x1a\n",
        "image/jpeg" => b"\xff\xd8\xff\xe0",
        kind if kind.contains("zip") || kind.contains("openxml") => b"PK\x03\x04",
        _ => b"",
    });
    bytes.extend_from_slice(format!("sandbox file {id}\n").as_bytes());
    while bytes.len() < size {
        bytes.extend_from_slice(&rng.roll().to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// A file name as it can stand between quotes in a header.
fn quotable(name: &str) -> String {
    name.chars()
        .map(|sign| if sign.is_control() || matches!(sign, '"' | '\\') { '_' } else { sign })
        .collect()
}

fn mime(filename: &str) -> &'static str {
    match filename.rsplit_once('.').map(|(_, extension)| extension) {
        Some("pdf") => "application/pdf",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("csv") => "text/csv",
        Some("txt") => "text/plain",
        Some("zip") => "application/zip",
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Some("pptx") => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _ => "application/octet-stream",
    }
}
