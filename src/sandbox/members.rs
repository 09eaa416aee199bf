//! Members, one at a time: who may be removed by whom, what they own, and who gets it (API sheet 6.9 and row 34).
//!
//! Owns preconditions. Must not know lists, headers or faults.

use serde_json::{Map, Value, json};

use super::Role;
use super::answer::{Answer, Content};
use super::quirks::Quirk;
use super::rows::{Key, Run, User};
use super::store::{Step, World, step_id};
use crate::sandbox::parameters::Query;
use crate::sandbox::serialize::{Place, Shape};

const DEFAULT_ADMIN: &str =
    "Cannot modify the default administrator. Please assign another member as default administrator first.";
const LAST_ADMIN: &str = "Cannot remove the last administrator of this organization";

/// The member with this id, if they are to be seen at all.
fn seen<'a>(world: &'a World, id: &str) -> Option<&'a User> {
    world.users.get(id).filter(|user| user.deleted.is_none() || world.quirks.has(Quirk::DeletedMembersListed))
}

/// Members one by one are for administrators.
fn closed(world: &World, id: &str) -> Option<Answer> {
    if world.role != Role::Admin {
        return Some(Answer::refused(403, "This action is unauthorized."));
    }
    seen(world, id).is_none().then(Answer::not_found)
}

pub(super) fn get(world: &World, id: &str, query: &Query) -> Answer {
    closed(world, id).unwrap_or_else(|| shown(world, id, query))
}

fn shown(world: &World, id: &str, query: &Query) -> Answer {
    let shape = Shape::new(world, query, Place::ById);
    let user = world.users.get(id);
    user.map_or_else(Answer::not_found, |user| Answer::item(shape.user(user)))
}

/// The administrator who would follow this one.
fn heir(world: &World, id: i64) -> Option<Key> {
    let fits = |user: &User| user.is_admin() && user.is_active() && !user.bot && user.id != id;
    world.users.iter().find(|(_, user)| fits(user)).map(|(key, _)| Key::clone(key))
}

/// Why this member has to stay, if they have to; the robot is spoken of in the words of the route.
fn needed(world: &World, user: &User, robot: &str) -> Option<Answer> {
    let quirks = &world.quirks;
    let status = if quirks.has(Quirk::MemberRefusal403) { 403 } else { 400 };
    let sole = user.is_admin() && heir(world, user.id).is_none();
    match () {
        () if user.bot => Some(Answer::refused(status, robot)),
        () if user.default_admin && (sole || quirks.has(Quirk::DefaultAdminRefused)) => {
            Some(Answer::refused(status, DEFAULT_ADMIN))
        }
        () if sole => Some(Answer::refused(status, LAST_ADMIN)),
        () => None,
    }
}

/// `DELETE O/users/{id}/disable`.
pub(super) fn disable(world: &mut World, id: &str) -> Answer {
    turn_off(world, id, "Bot users cannot be disabled.", None)
}

/// `DELETE O/users/{id}`, with `with_reassignment=true&to={id}` when everything goes to somebody else.
pub(super) fn dismiss(world: &mut World, id: &str, query: &Query) -> Answer {
    let to = (query.truthy("with_reassignment") == Some(true)).then(|| query.get("to").unwrap_or_default());
    turn_off(world, id, "You can't remove a bot user from this organization!", to)
}

fn turn_off(world: &mut World, id: &str, robot: &str, to: Option<&str>) -> Answer {
    if let Some(refusal) = closed(world, id) {
        return refusal;
    }
    let Some(user) = world.users.get(id) else { return Answer::not_found() };
    if let Some(refusal) = needed(world, user, robot) {
        return refusal;
    }
    let (from, already, was_default) = (user.id, user.base.archived.is_some(), user.default_admin);
    if already && world.quirks.has(Quirk::RepeatRefused) {
        return Answer::not_found();
    }
    let receiver = to.map(|to| world.users.get(to).filter(|user| user.is_active() && user.id != from));
    let receiver = receiver.map(|found| found.map(|user| user.id));
    if receiver == Some(None) {
        let body = json!({"message": "The given data was invalid.", "errors": {"to": ["The selected to is invalid."]}});
        return Answer::new(422, Content::Json(body));
    }
    if let Some(Some(to)) = receiver {
        hand_over(world, from, to);
    }
    let now = world.now();
    let heir = heir(world, from).filter(|_| was_default);
    if let Some(heir) = heir.and_then(|key| world.users.get_mut(&key)) {
        heir.default_admin = true;
    }
    if let Some(user) = world.users.get_mut(id) {
        user.default_admin = false;
        user.base.archived = user.base.archived.or(Some(now));
        user.base.updated = if already { user.base.updated } else { now };
    }
    world.revision += 1;
    let answer = shown(world, id, &Query::default());
    if already && receiver.is_none() { answer } else { answer.applied() }
}

/// Processes, templates and tasks of one member become another's.
fn hand_over(world: &mut World, from: i64, to: i64) {
    let change = |owner: &mut i64| *owner = if *owner == from { to } else { *owner };
    world.runs.values_mut().for_each(|run| change(&mut run.owner));
    world.templates.values_mut().for_each(|template| change(&mut template.owner));
    for task in world.tasks.values_mut().filter(|task| task.users.contains(&from)) {
        task.users.retain(|user| *user != from && *user != to);
        task.users.push(to);
    }
}

pub(super) fn enable(world: &mut World, id: &str) -> Answer {
    if let Some(refusal) = closed(world, id) {
        return refusal;
    }
    let Some(user) = world.users.get_mut(id) else { return Answer::not_found() };
    let off = user.base.archived.is_some();
    if user.deleted.is_some() || (!off && world.quirks.has(Quirk::RepeatRefused)) {
        return Answer::not_found();
    }
    if world.quirks.has(Quirk::SeatsExhausted) {
        let error = json!({"code": "SEAT_POOL_EXHAUSTED", "message": "No free seats are left in this plan",
                           "details": {"pool_type": user.role.to_lowercase()}});
        return Answer::new(409, Content::Json(json!({"error": error})));
    }
    user.base.archived = None;
    world.revision += 1;
    let answer = shown(world, id, &Query::default());
    if off { answer.applied() } else { answer }
}

/// Deleting renames: what they did stays, under a name that says so.
pub(super) fn delete(world: &mut World, id: &str) -> Answer {
    if let Some(refusal) = closed(world, id) {
        return refusal;
    }
    let Some(user) = world.users.get(id) else { return Answer::not_found() };
    if let Some(refusal) = needed(world, user, "You can't remove a bot user from this organization!") {
        return refusal;
    }
    if user.deleted.is_some() {
        return Answer::not_found();
    }
    if user.base.archived.is_none() {
        return Answer::refused(400, "Please disable the user before deletion");
    }
    let now = world.now();
    if let Some(user) = world.users.get_mut(id) {
        user.call(user.first.clone(), format!("{}(Deleted)", user.last));
        user.email = format!("{}.deleted.{id}", user.email);
        user.deleted = Some(now);
    }
    world.revision += 1;
    shown(world, id, &Query::default()).applied()
}

/// `GET O/users/{id}/reassignment-information`: what somebody else would have to take over.
pub(super) fn belongings(world: &World, id: &str) -> Answer {
    if let Some(refusal) = closed(world, id) {
        return refusal;
    }
    let Some(user) = world.users.get(id) else { return Answer::not_found() };
    let templates: Vec<_> = world
        .templates
        .iter()
        .filter(|(_, template)| template.owner == user.id && template.base.archived.is_none())
        .collect();
    let titles: Map<String, Value> =
        templates.iter().map(|(key, template)| (key.to_string(), json!(template.title))).collect();
    // The first step of every other template is its owner's to begin with.
    let begun = templates.iter().filter(|(_, template)| template.base.serial.is_multiple_of(2));
    let steps: Vec<Value> = begun
        .map(|(key, template)| json!({"id": step_id(key, 0), "title": world.names.step(template.pattern, 0)}))
        .collect();
    let runs = world.runs.iter().filter(|(_, run)| run.owner == user.id && run.base.archived.is_none());
    let process_tasks: Map<String, Value> = runs
        .map(|(key, run)| (key.to_string(), open_steps(world, key, run)))
        .filter(|(_, tasks)| tasks.as_array().is_some_and(|tasks| !tasks.is_empty()))
        .collect();
    let open = world.tasks.iter().filter(|(_, task)| {
        task.users.contains(&user.id)
            && task.status != "completed"
            && task.run.is_none()
            && task.base.archived.is_none()
    });
    let tasks: Vec<Value> = open.map(|(key, task)| json!({"id": &**key, "title": task.title})).collect();
    Answer::item(
        json!({"templates": titles, "steps": steps, "process_tasks": process_tasks, "one_off_tasks": tasks}),
    )
}

fn open_steps(world: &World, key: &Key, run: &Run) -> Value {
    let steps = (0..run.total).map(|position| Step { key, run, position });
    let open = steps.filter(|step| matches!(step.status(), "in-progress" | "not-started"));
    open.map(|step| {
        let title = world.names.step(run.pattern, usize::from(step.position));
        json!({"id": world.step_key(run.base.serial, step.position), "title": title})
    })
    .collect()
}
