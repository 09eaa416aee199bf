//! Members, one at a time: who may be removed by whom, what they own, and who gets it (API sheet 6.9 and row 34).
//!
//! Owns preconditions. Must not know lists, headers or faults.

use serde_json::{Map, Value, json};

use super::Role;
use super::answer::{ResponseContent, SandboxResponse};
use super::quirks::Quirk;
use super::rows::{MemberRow, ProcessRow, SandboxKey};
use super::store::{Database, ProcessTask, step_id};
use crate::sandbox::parameters::RequestParameters;
use crate::sandbox::serialize::{SerializeContext, Serializer};

const DEFAULT_ADMIN: &str =
    "Cannot modify the default administrator. Please assign another member as default administrator first.";
const LAST_ADMIN: &str = "Cannot remove the last administrator of this organization";

/// The member with this id, if they are to be seen at all.
fn seen<'a>(database: &'a Database, id: &str) -> Option<&'a MemberRow> {
    database
        .users
        .get(id)
        .filter(|user| user.deleted.is_none() || database.quirks.has(Quirk::DeletedMembersListed))
}

/// Members one by one are for administrators.
fn closed(database: &Database, id: &str) -> Option<SandboxResponse> {
    if database.role != Role::Admin {
        return Some(SandboxResponse::refused(403, "This action is unauthorized."));
    }
    seen(database, id).is_none().then(SandboxResponse::not_found)
}

pub(super) fn get(database: &Database, id: &str, query: &RequestParameters) -> SandboxResponse {
    closed(database, id).unwrap_or_else(|| shown(database, id, query))
}

fn shown(database: &Database, id: &str, query: &RequestParameters) -> SandboxResponse {
    let shape = Serializer::new(database, query, SerializeContext::ById);
    let user = database.users.get(id);
    user.map_or_else(SandboxResponse::not_found, |user| SandboxResponse::item(shape.user(user)))
}

/// The administrator who would follow this one.
fn reassignee(database: &Database, id: i64) -> Option<SandboxKey> {
    let fits = |user: &MemberRow| user.is_admin() && user.is_active() && !user.bot && user.id != id;
    database.users.iter().find(|(_, user)| fits(user)).map(|(key, _)| SandboxKey::clone(key))
}

/// Why this member has to stay, if they have to; the robot is spoken of in the words of the route.
fn needed(database: &Database, user: &MemberRow, robot: &str) -> Option<SandboxResponse> {
    let quirks = &database.quirks;
    let status = if quirks.has(Quirk::MemberRefusal403) { 403 } else { 400 };
    let sole = user.is_admin() && reassignee(database, user.id).is_none();
    match () {
        () if user.bot => Some(SandboxResponse::refused(status, robot)),
        () if user.default_admin && (sole || quirks.has(Quirk::DefaultAdminRefused)) => {
            Some(SandboxResponse::refused(status, DEFAULT_ADMIN))
        }
        () if sole => Some(SandboxResponse::refused(status, LAST_ADMIN)),
        () => None,
    }
}

/// `DELETE O/users/{id}/disable`.
pub(super) fn disable(database: &mut Database, id: &str) -> SandboxResponse {
    turn_off(database, id, "Bot users cannot be disabled.", None)
}

/// `DELETE O/users/{id}`, with `with_reassignment=true&to={id}` when everything goes to somebody else.
pub(super) fn dismiss(database: &mut Database, id: &str, query: &RequestParameters) -> SandboxResponse {
    let to = (query.truthy("with_reassignment") == Some(true)).then(|| query.get("to").unwrap_or_default());
    turn_off(database, id, "You can't remove a bot user from this organization!", to)
}

fn turn_off(database: &mut Database, id: &str, robot: &str, to: Option<&str>) -> SandboxResponse {
    if let Some(refusal) = closed(database, id) {
        return refusal;
    }
    let Some(user) = database.users.get(id) else { return SandboxResponse::not_found() };
    if let Some(refusal) = needed(database, user, robot) {
        return refusal;
    }
    let (from, already, was_default) = (user.id, user.base.archived.is_some(), user.default_admin);
    if already && database.quirks.has(Quirk::RepeatRefused) {
        return SandboxResponse::not_found();
    }
    let receiver = to.map(|to| database.users.get(to).filter(|user| user.is_active() && user.id != from));
    let receiver = receiver.map(|found| found.map(|user| user.id));
    if receiver == Some(None) {
        let body = json!({"message": "The given data was invalid.", "errors": {"to": ["The selected to is invalid."]}});
        return SandboxResponse::new(422, ResponseContent::Json(body));
    }
    if let Some(Some(to)) = receiver {
        hand_over(database, from, to);
    }
    let now = database.now();
    let reassignee = reassignee(database, from).filter(|_| was_default);
    if let Some(reassignee) = reassignee.and_then(|key| database.users.get_mut(&key)) {
        reassignee.default_admin = true;
    }
    if let Some(user) = database.users.get_mut(id) {
        user.default_admin = false;
        user.base.archived = user.base.archived.or(Some(now));
        user.base.updated = if already { user.base.updated } else { now };
    }
    database.revision += 1;
    let answer = shown(database, id, &RequestParameters::default());
    if already && receiver.is_none() { answer } else { answer.applied() }
}

/// Processes, templates and tasks of one member become another's.
fn hand_over(database: &mut Database, from: i64, to: i64) {
    let change = |owner: &mut i64| *owner = if *owner == from { to } else { *owner };
    database.runs.values_mut().for_each(|run| change(&mut run.owner));
    database.templates.values_mut().for_each(|template| change(&mut template.owner));
    for task in database.tasks.values_mut().filter(|task| task.users.contains(&from)) {
        task.users.retain(|user| *user != from && *user != to);
        task.users.push(to);
    }
}

pub(super) fn enable(database: &mut Database, id: &str) -> SandboxResponse {
    if let Some(refusal) = closed(database, id) {
        return refusal;
    }
    let Some(user) = database.users.get_mut(id) else { return SandboxResponse::not_found() };
    let off = user.base.archived.is_some();
    if user.deleted.is_some() || (!off && database.quirks.has(Quirk::RepeatRefused)) {
        return SandboxResponse::not_found();
    }
    if database.quirks.has(Quirk::SeatsExhausted) {
        let error = json!({"code": "SEAT_POOL_EXHAUSTED", "message": "No free seats are left in this plan",
                           "details": {"pool_type": user.role.to_lowercase()}});
        return SandboxResponse::new(409, ResponseContent::Json(json!({"error": error})));
    }
    user.base.archived = None;
    database.revision += 1;
    let answer = shown(database, id, &RequestParameters::default());
    if off { answer.applied() } else { answer }
}

/// Deleting renames: what they did stays, under a name that says so.
pub(super) fn delete(database: &mut Database, id: &str) -> SandboxResponse {
    if let Some(refusal) = closed(database, id) {
        return refusal;
    }
    let Some(user) = database.users.get(id) else { return SandboxResponse::not_found() };
    if let Some(refusal) = needed(database, user, "You can't remove a bot user from this organization!") {
        return refusal;
    }
    if user.deleted.is_some() {
        return SandboxResponse::not_found();
    }
    if user.base.archived.is_none() {
        return SandboxResponse::refused(400, "Please disable the user before deletion");
    }
    let now = database.now();
    if let Some(user) = database.users.get_mut(id) {
        user.call(user.first.clone(), format!("{}(Deleted)", user.last));
        user.email = format!("{}.deleted.{id}", user.email);
        user.deleted = Some(now);
    }
    database.revision += 1;
    shown(database, id, &RequestParameters::default()).applied()
}

/// `GET O/users/{id}/reassignment-information`: what somebody else would have to take over.
pub(super) fn belongings(database: &Database, id: &str) -> SandboxResponse {
    if let Some(refusal) = closed(database, id) {
        return refusal;
    }
    let Some(user) = database.users.get(id) else { return SandboxResponse::not_found() };
    let templates: Vec<_> = database
        .templates
        .iter()
        .filter(|(_, template)| template.owner == user.id && template.base.archived.is_none())
        .collect();
    let titles: Map<String, Value> =
        templates.iter().map(|(key, template)| (key.to_string(), json!(template.title))).collect();
    // The first step of every other template is its owner's to begin with.
    let begun = templates.iter().filter(|(_, template)| template.base.serial.is_multiple_of(2));
    let steps: Vec<Value> = begun
        .map(|(key, template)| json!({"id": step_id(key, 0), "title": database.names.step(template.pattern, 0)}))
        .collect();
    let runs = database.runs.iter().filter(|(_, run)| run.owner == user.id && run.base.archived.is_none());
    let process_tasks: Map<String, Value> = runs
        .map(|(key, run)| (key.to_string(), open_steps(database, key, run)))
        .filter(|(_, tasks)| tasks.as_array().is_some_and(|tasks| !tasks.is_empty()))
        .collect();
    let open = database.tasks.iter().filter(|(_, task)| {
        task.users.contains(&user.id)
            && task.status != "completed"
            && task.run.is_none()
            && task.base.archived.is_none()
    });
    let tasks: Vec<Value> = open.map(|(key, task)| json!({"id": &**key, "title": task.title})).collect();
    SandboxResponse::item(
        json!({"templates": titles, "steps": steps, "process_tasks": process_tasks, "one_off_tasks": tasks}),
    )
}

fn open_steps(database: &Database, key: &SandboxKey, run: &ProcessRow) -> Value {
    let steps = (0..run.total).map(|position| ProcessTask { key, run, position });
    let open = steps.filter(|step| matches!(step.status(), "in-progress" | "not-started"));
    open.map(|step| {
        let title = database.names.step(run.pattern, usize::from(step.position));
        json!({"id": database.step_key(run.base.serial, step.position), "title": title})
    })
    .collect()
}
