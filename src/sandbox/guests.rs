//! Guests, one at a time: their codes are their own (API sheet 6.8 and row 12).
//!
//! Owns preconditions. Must not know lists, headers or faults.

use super::Role;
use super::answer::SandboxResponse;
use super::quirks::Quirk;
use super::store::Database;
use crate::sandbox::parameters::RequestParameters;
use crate::sandbox::serialize::{SerializeContext, Serializer};

/// What a light member hears.
const NOT_ALLOWED: &str = "You do not have permission to perform this action";

pub(super) fn get(world: &Database, email: &str, query: &RequestParameters) -> SandboxResponse {
    let shape = Serializer::new(world, query, SerializeContext::ById);
    let found = world.guests.get(email).map(|guest| shape.guest(guest));
    found.map_or_else(SandboxResponse::not_found, |body| created(world, SandboxResponse::item(body)))
}

/// These routes answer 201 although nothing is created.
fn created(world: &Database, mut answer: SandboxResponse) -> SandboxResponse {
    if !world.quirks.has(Quirk::GuestGet200) {
        answer.status = 201;
    }
    answer
}

fn refused(world: &Database, email: &str) -> Option<SandboxResponse> {
    if world.role == Role::Light {
        return Some(SandboxResponse::refused(403, NOT_ALLOWED));
    }
    (!world.guests.contains_key(email)).then(SandboxResponse::not_found)
}

/// Disabling, which tasks still to be done forbid.
pub(super) fn disable(world: &mut Database, email: &str) -> SandboxResponse {
    if let Some(refusal) = refused(world, email) {
        return refusal;
    }
    if world.duties().get(email).is_some_and(|duties| duties.open > 0) {
        return SandboxResponse::refused(403, "Cannot disable guest with incomplete tasks");
    }
    let now = world.now();
    turn(world, email, Some(now))
}

pub(super) fn enable(world: &mut Database, email: &str) -> SandboxResponse {
    refused(world, email).unwrap_or_else(|| turn(world, email, None))
}

fn turn(world: &mut Database, email: &str, disabled: Option<i64>) -> SandboxResponse {
    let Some(guest) = world.guests.get_mut(email) else { return SandboxResponse::not_found() };
    let changes = guest.base.archived.is_some() != disabled.is_some();
    if !changes && world.quirks.has(Quirk::RepeatRefused) {
        return SandboxResponse::not_found();
    }
    if changes {
        guest.base.archived = disabled;
        world.revision += 1;
    }
    let answer = get(world, email, &RequestParameters::default());
    if changes { answer.applied() } else { answer }
}

/// Deleting takes the guest off every task and out of the organization.
pub(super) fn delete(world: &mut Database, email: &str) -> SandboxResponse {
    if world.role == Role::Light {
        return SandboxResponse::refused(403, NOT_ALLOWED);
    }
    let Some(guest) = world.guests.get(email) else {
        let status = if world.quirks.has(Quirk::GuestMissing404) { 404 } else { 422 };
        return SandboxResponse::refused(status, "The selected guest is invalid");
    };
    let body = Serializer::new(world, &RequestParameters::default(), SerializeContext::ById).guest(guest);
    let empty = world.quirks.has(Quirk::GuestDelete204);
    world.remove(super::rows::SandboxKind::Guests, email);
    if empty { SandboxResponse::empty(204).applied() } else { SandboxResponse::item(body).applied() }
}
