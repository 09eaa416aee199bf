//! One record at a time: read, archive, restore, destroy, and the bytes of files, with the codes of section 9.
//!
//! Owns preconditions and roles. Must not know lists, headers or faults.

use serde_json::{Value, json};

use super::answer::{Answer, Content};
use super::includes::Depth;
use super::quirks::Quirk;
use super::routes::Delivery;
use super::rows::{File, Kind};
use super::store::World;
use super::{Role, guests, members};
use crate::sandbox::parameters::Query;
use crate::sandbox::rng::{Dice, mix};
use crate::sandbox::serialize::{Place, Shape, file, inspected};

/// A read by id.
pub(super) fn get(world: &World, kind: Kind, id: &str, query: &Query) -> Answer {
    let shape = Shape::new(world, query, Place::ById);
    let hidden = match kind {
        Kind::Runs => world.quirks.has(Quirk::ArchivedRuns404) && world.run_archived(id).is_some(),
        Kind::Checklists => archived(world, kind, id),
        Kind::Tasks => return task(world, id, &shape),
        Kind::Assets => return asset(world, id),
        Kind::Guests => return guests::get(world, id, query),
        Kind::Members => return members::get(world, id, query),
        Kind::Tags | Kind::Groups | Kind::Folders => archived(world, kind, id),
    };
    let found = shape.record(kind, id).filter(|_| !hidden);
    found.map_or_else(Answer::not_found, Answer::item)
}

/// `GET O/tasks/{id}` also returns process tasks (API sheet 6.3).
fn task(world: &World, id: &str, shape: &Shape<'_>) -> Answer {
    if let Some(task) = world.tasks.get(id) {
        let run = task.run.as_ref().and_then(|run| world.runs.get(run));
        let with_run = run.is_some_and(|run| world.hides(run));
        let hidden = task.base.archived.is_some() && world.quirks.has(Quirk::ArchivedTasks404);
        let found = shape.record(Kind::Tasks, id).filter(|_| !with_run && !hidden);
        return found.map_or_else(Answer::not_found, Answer::item);
    }
    let step = world.step(id).filter(|step| !world.hides(step.run));
    step.map_or_else(Answer::not_found, |step| Answer::item(shape.step(step, Depth::Own)))
}

fn asset(world: &World, id: &str) -> Answer {
    match world.files.get_key_value(id) {
        Some((key, row)) if row.base.archived.is_none() && !world.swept(row) => {
            let body = file(world, key, row);
            Answer::item(if world.quirks.has(Quirk::AssetArray) { json!([body]) } else { body })
        }
        _ => Answer::not_found(),
    }
}

/// `GET O/runs/{run}/tasks/{id}`: 404 when the task is not of that run, or no process task at all.
pub(super) fn run_task(world: &World, run: &str, id: &str, query: &Query) -> Answer {
    let step = world.step(id).filter(|step| &**step.key == run && !world.hides(step.run));
    let shape = Shape::new(world, query, Place::ById);
    step.map_or_else(Answer::not_found, |step| Answer::item(shape.step(step, Depth::Own)))
}

/// `GET O/runs/{id}/form-fields`: every field of a process, with its answer (API sheet 7).
pub(super) fn run_answers(world: &World, id: &str, query: &Query) -> Answer {
    let found = world.runs.get_key_value(id).filter(|(_, run)| !world.hides(run));
    let shape = Shape::new(world, query, Place::ById);
    found.map_or_else(Answer::not_found, |(key, run)| Answer::item(json!(shape.answers_in(key, run))))
}

/// Why neither the soft delete nor the way back from it is open to the caller, if it is not.
fn refused_softly(world: &World, kind: Kind, id: &str) -> Option<Answer> {
    if world.role == Role::Light {
        return Some(Answer::refused(403, "You do not have permission to perform this action"));
    }
    process_task(world, kind, id).or_else(|| world.row(kind, id).is_none().then(Answer::not_found))
}

/// The soft delete.
pub(super) fn archive(world: &mut World, kind: Kind, id: &str) -> Answer {
    match kind {
        Kind::Guests => return guests::disable(world, id),
        Kind::Members => return members::disable(world, id),
        _ => {}
    }
    if let Some(refusal) = refused_softly(world, kind, id) {
        return refusal;
    }
    let already = archived(world, kind, id);
    // A template in the archive is not found by id; so is a file (API sheet 6.2 and 7).
    let strict = matches!(kind, Kind::Checklists | Kind::Assets) || world.quirks.has(Quirk::RepeatRefused);
    if already && strict {
        return Answer::not_found();
    }
    if !already {
        let now = world.now();
        if let Some(row) = world.row_mut(kind, id) {
            row.base_mut().archived = Some(now);
            row.base_mut().updated = now;
        }
    }
    let answer = archive_answer(world, kind, id);
    if already { answer } else { answer.applied() }
}

fn archive_answer(world: &mut World, kind: Kind, id: &str) -> Answer {
    match kind {
        Kind::Checklists => {
            let references = world.strip_references(id);
            let message = "The Template was deleted, and references were also deleted from:";
            template_answer(world, id, message, references)
        }
        Kind::Tasks if !world.quirks.has(Quirk::TaskArchiveData) => Answer::empty(204),
        _ => plain_item(world, kind, id),
    }
}

/// The two-key body of template archive and delete (API sheet, rows 3 and 4).
fn template_answer(world: &World, id: &str, message: &str, references: Vec<Value>) -> Answer {
    let quirks = &world.quirks;
    let references = match () {
        () if quirks.has(Quirk::ReferencesNull) => Value::Null,
        () if quirks.has(Quirk::ReferencesObject) => {
            let numbered = references.into_iter().enumerate().map(|(place, item)| (place.to_string(), item));
            Value::Object(numbered.collect())
        }
        () => Value::Array(references),
    };
    match () {
        () if quirks.has(Quirk::TemplateArchiveEmpty) => Answer::empty(204),
        () if quirks.has(Quirk::TemplateArchiveData) => plain_item(world, Kind::Checklists, id),
        () => Answer::ok(json!({"message": message, "deleted_references": references})),
    }
}

/// The way back from the soft delete.
pub(super) fn restore(world: &mut World, kind: Kind, id: &str) -> Answer {
    match kind {
        Kind::Guests => return guests::enable(world, id),
        Kind::Members => return members::enable(world, id),
        _ => {}
    }
    if let Some(refusal) = refused_softly(world, kind, id) {
        return refusal;
    }
    let live = !archived(world, kind, id);
    if live && (kind == Kind::Checklists || world.quirks.has(Quirk::RepeatRefused)) {
        return Answer::not_found();
    }
    if !live {
        let now = world.now();
        if let Some(row) = world.row_mut(kind, id) {
            row.base_mut().archived = None;
            row.base_mut().updated = now;
        }
    }
    let answer = match kind {
        Kind::Runs if world.quirks.has(Quirk::ActivateBare) => Answer::ok(plain_body(world, kind, id)),
        Kind::Checklists if world.quirks.has(Quirk::RestoreFileBody) => {
            Answer::item(json!({"id": id, "filename": "template.pdf", "version": 1}))
        }
        _ => plain_item(world, kind, id),
    };
    if live { answer } else { answer.applied() }
}

/// The permanent delete.
pub(super) fn destroy(world: &mut World, kind: Kind, id: &str) -> Answer {
    match kind {
        Kind::Guests => return guests::delete(world, id),
        Kind::Members => return members::delete(world, id),
        _ => {}
    }
    if let Some(refusal) = refuse_destroy(world, kind, id) {
        return refusal;
    }
    let shown = matches!(kind, Kind::Tags | Kind::Groups | Kind::Assets);
    let body = if shown { inspected(world, kind, id) } else { None };
    let gone = world.remove(kind, id);
    let quirks = &world.quirks;
    let deleted = |mut body: Option<Value>| {
        if let Some(body) = &mut body {
            body["deleted_at"] = json!(crate::sandbox::serialize::millis(world.now()));
        }
        Answer::item(json!(body))
    };
    let answer = match kind {
        Kind::Runs if quirks.has(Quirk::RunDelete204) => Answer::empty(204),
        Kind::Runs if quirks.has(Quirk::RunDeleteMessage) => {
            Answer::ok(json!({"message": "The process was deleted"}))
        }
        Kind::Checklists => {
            let message = "The Template was deleted, and references were also deleted from:";
            Answer::ok(json!({"message": message, "deleted_references": []}))
        }
        Kind::Tags if gone && quirks.has(Quirk::TagDeleteData) => deleted(body),
        Kind::Groups if quirks.has(Quirk::GroupDeleteData) => deleted(body),
        Kind::Assets if quirks.has(Quirk::FileDeleteData) => deleted(body),
        Kind::Runs | Kind::Assets => Answer::empty(200),
        _ => Answer::empty(204),
    };
    if gone { answer.applied() } else { answer }
}

/// Why a permanent delete is refused, if it is (API sheet, rows 6, 7, 9 to 11 and section 7).
fn refuse_destroy(world: &World, kind: Kind, id: &str) -> Option<Answer> {
    let quirks = &world.quirks;
    if let Some(refusal) = process_task(world, kind, id) {
        return Some(refusal);
    }
    let missing = world.row(kind, id).is_none();
    if missing {
        return (kind != Kind::Tags).then(Answer::not_found);
    }
    if matches!(kind, Kind::Runs | Kind::Checklists) && world.role != Role::Admin {
        return Some(Answer::refused(403, "Only administrators can delete permanently"));
    }
    if world.role == Role::Light {
        return Some(Answer::refused(403, "You do not have permission to perform this action"));
    }
    let live = !archived(world, kind, id);
    match kind {
        Kind::Runs if live && quirks.has(Quirk::RunDelete404) => Some(Answer::not_found()),
        Kind::Runs if live => {
            Some(Answer::refused(422, "The process must be archived before it can be deleted"))
        }
        Kind::Checklists if live && quirks.has(Quirk::TemplateDelete404) => Some(Answer::not_found()),
        Kind::Checklists if live => {
            let status = if quirks.has(Quirk::TemplateDelete400) { 400 } else { 422 };
            Some(Answer::refused(status, "The template must be archived before it can be deleted"))
        }
        Kind::Assets => world.files.get(id).and_then(|file| refuse_file(world, file)),
        _ => None,
    }
}

fn refuse_file(world: &World, file: &File) -> Option<Answer> {
    if world.swept(file) {
        return Some(Answer::not_found());
    }
    let status = if world.quirks.has(Quirk::Logo422) { 422 } else { 403 };
    let logo = file.subject.sort == "Organization";
    logo.then(|| Answer::refused(status, "The organization's logo cannot be deleted here"))
}

/// Refuses the one-off verbs for anything that belongs to a process (API sheet, row 9).
fn process_task(world: &World, kind: Kind, id: &str) -> Option<Answer> {
    if kind != Kind::Tasks {
        return None;
    }
    let linked = world.tasks.get(id).map_or_else(|| world.step(id).is_some(), |task| task.run.is_some());
    let refusal = || match world.quirks.has(Quirk::ProcessTask400) {
        true => Answer::refused(400, "This task is not a one-off task"),
        false => Answer::not_found(),
    };
    linked.then(refusal)
}

fn archived(world: &World, kind: Kind, id: &str) -> bool {
    world.row(kind, id).is_some_and(|row| row.base().archived.is_some())
}

fn plain_body(world: &World, kind: Kind, id: &str) -> Value {
    let query = Query::default();
    json!(Shape::new(world, &query, Place::ById).record(kind, id))
}

fn plain_item(world: &World, kind: Kind, id: &str) -> Answer {
    Answer::item(plain_body(world, kind, id))
}

/// The bytes of a file (API sheet 7): none for external links, a lasting 5xx when the stored object is gone.
pub(super) fn bytes(world: &World, id: &str, delivery: Delivery) -> Answer {
    let Some((key, file)) = world.files.get_key_value(id) else { return Answer::not_found() };
    if file.by_url || world.swept(file) {
        return Answer::not_found();
    }
    let gone = file.base.serial.is_multiple_of(3) && world.quirks.has(Quirk::BytesGone);
    if !file.stored || gone {
        return Answer::refused(500, "Trying to access array offset on value of type null");
    }
    let bytes = contents(key, &file.filename, file.size);
    match delivery {
        Delivery::Inline => Answer::new(200, Content::Bytes { mime: mime(&file.filename), bytes }),
        Delivery::Attachment => {
            let body = Content::Bytes { mime: "application/octet-stream", bytes };
            let name = quotable(&file.filename);
            Answer::new(200, body).header("Content-Disposition", format!("attachment; filename=\"{name}\""))
        }
    }
}

/// What is in a file: the first bytes of files of its kind, a line that names it, then noise of its own, of every byte
/// there is.
pub(super) fn contents(id: &str, filename: &str, size: usize) -> Vec<u8> {
    let mut dice = Dice::new(id.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte))));
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
        bytes.extend_from_slice(&dice.roll().to_le_bytes());
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
