//! Guests, one at a time: their codes are their own (API sheet 6.8 and row 12).
//!
//! Owns preconditions. Must not know lists, headers or faults.

use super::Role;
use super::answer::Answer;
use super::quirks::Quirk;
use super::store::World;
use crate::sandbox::parameters::Query;
use crate::sandbox::serialize::{Place, Shape};

/// What a light member hears.
const NOT_ALLOWED: &str = "You do not have permission to perform this action";

pub(super) fn get(world: &World, email: &str, query: &Query) -> Answer {
    let shape = Shape::new(world, query, Place::ById);
    let found = world.guests.get(email).map(|guest| shape.guest(guest));
    found.map_or_else(Answer::not_found, |body| created(world, Answer::item(body)))
}

/// These routes answer 201 although nothing is created.
fn created(world: &World, mut answer: Answer) -> Answer {
    if !world.quirks.has(Quirk::GuestGet200) {
        answer.status = 201;
    }
    answer
}

fn refused(world: &World, email: &str) -> Option<Answer> {
    if world.role == Role::Light {
        return Some(Answer::refused(403, NOT_ALLOWED));
    }
    (!world.guests.contains_key(email)).then(Answer::not_found)
}

/// Disabling, which tasks still to be done forbid.
pub(super) fn disable(world: &mut World, email: &str) -> Answer {
    if let Some(refusal) = refused(world, email) {
        return refusal;
    }
    if world.duties().get(email).is_some_and(|duties| duties.open > 0) {
        return Answer::refused(403, "Cannot disable guest with incomplete tasks");
    }
    let now = world.now();
    turn(world, email, Some(now))
}

pub(super) fn enable(world: &mut World, email: &str) -> Answer {
    refused(world, email).unwrap_or_else(|| turn(world, email, None))
}

fn turn(world: &mut World, email: &str, disabled: Option<i64>) -> Answer {
    let Some(guest) = world.guests.get_mut(email) else { return Answer::not_found() };
    let changes = guest.base.archived.is_some() != disabled.is_some();
    if !changes && world.quirks.has(Quirk::RepeatRefused) {
        return Answer::not_found();
    }
    if changes {
        guest.base.archived = disabled;
        world.revision += 1;
    }
    let answer = get(world, email, &Query::default());
    if changes { answer.applied() } else { answer }
}

/// Deleting takes the guest off every task and out of the organization.
pub(super) fn delete(world: &mut World, email: &str) -> Answer {
    if world.role == Role::Light {
        return Answer::refused(403, NOT_ALLOWED);
    }
    let Some(guest) = world.guests.get(email) else {
        let status = if world.quirks.has(Quirk::GuestMissing404) { 404 } else { 422 };
        return Answer::refused(status, "The selected guest is invalid");
    };
    let body = Shape::new(world, &Query::default(), Place::ById).guest(guest);
    let empty = world.quirks.has(Quirk::GuestDelete204);
    world.remove(super::rows::Kind::Guests, email);
    if empty { Answer::empty(204).applied() } else { Answer::item(body).applied() }
}
