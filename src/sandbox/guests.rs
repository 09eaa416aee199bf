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

pub(super) fn get(database: &Database, email: &str, query: &RequestParameters) -> SandboxResponse {
    let shape = Serializer::new(database, query, SerializeContext::ById);
    let found = database.guests.get(email).map(|guest| shape.guest(guest));
    found.map_or_else(SandboxResponse::not_found, |body| created(database, SandboxResponse::item(body)))
}

/// These routes answer 201 although nothing is created.
fn created(database: &Database, mut answer: SandboxResponse) -> SandboxResponse {
    if !database.quirks.has(Quirk::GuestGet200) {
        answer.status = 201;
    }
    answer
}

fn refused(database: &Database, email: &str) -> Option<SandboxResponse> {
    if database.role == Role::Light {
        return Some(SandboxResponse::refused(403, NOT_ALLOWED));
    }
    (!database.guests.contains_key(email)).then(SandboxResponse::not_found)
}

/// Disabling, which tasks still to be done forbid.
pub(super) fn disable(database: &mut Database, email: &str) -> SandboxResponse {
    if let Some(refusal) = refused(database, email) {
        return refusal;
    }
    if database.duties().get(email).is_some_and(|duties| duties.open > 0) {
        return SandboxResponse::refused(403, "Cannot disable guest with incomplete tasks");
    }
    let now = database.now();
    turn(database, email, Some(now))
}

pub(super) fn enable(database: &mut Database, email: &str) -> SandboxResponse {
    refused(database, email).unwrap_or_else(|| turn(database, email, None))
}

fn turn(database: &mut Database, email: &str, disabled: Option<i64>) -> SandboxResponse {
    let Some(guest) = database.guests.get_mut(email) else { return SandboxResponse::not_found() };
    let changes = guest.base.archived.is_some() != disabled.is_some();
    if !changes && database.quirks.has(Quirk::RepeatRefused) {
        return SandboxResponse::not_found();
    }
    if changes {
        guest.base.archived = disabled;
        database.revision += 1;
    }
    let answer = get(database, email, &RequestParameters::default());
    if changes { answer.applied() } else { answer }
}

/// Deleting takes the guest off every task and out of the organization.
pub(super) fn delete(database: &mut Database, email: &str) -> SandboxResponse {
    if database.role == Role::Light {
        return SandboxResponse::refused(403, NOT_ALLOWED);
    }
    let Some(guest) = database.guests.get(email) else {
        let status = if database.quirks.has(Quirk::GuestMissing404) { 404 } else { 422 };
        return SandboxResponse::refused(status, "The selected guest is invalid");
    };
    let body = Serializer::new(database, &RequestParameters::default(), SerializeContext::ById).guest(guest);
    let empty = database.quirks.has(Quirk::GuestDelete204);
    database.remove(super::rows::SandboxKind::Guests, email);
    if empty { SandboxResponse::empty(204).applied() } else { SandboxResponse::item(body).applied() }
}
