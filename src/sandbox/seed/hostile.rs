//! An organization whose every name is a trap for screens, files and tables.
//!
//! Owns which name goes where. The ids and addresses stay as they are: the API would take no others.

use std::sync::Arc;

use super::super::store::Database;

/// Gives every record one of the hostile names in turn, so that each kind has each of them where it has enough records.
pub(super) fn rename(database: &mut Database) {
    let names = Arc::clone(&database.names);
    let mut traps = names.hostile.clone();
    traps.push(names.endless(5000));
    let trap = |index: usize| traps.get(index % traps.len().max(1)).cloned().unwrap_or_default();
    database.org_name = trap(0);
    for (index, run) in database.runs.values_mut().enumerate() {
        run.name = trap(index);
        run.checklist_title = trap(index + 1).into();
    }
    database.templates.values_mut().enumerate().for_each(|(index, row)| row.title = trap(index));
    database.tasks.values_mut().enumerate().for_each(|(index, row)| row.title = trap(index));
    database.files.values_mut().enumerate().for_each(|(index, row)| row.filename = trap(index));
    database.tags.values_mut().enumerate().for_each(|(index, row)| row.title = trap(index));
    for (index, group) in database.groups.values_mut().enumerate() {
        group.name = trap(index);
        group.description = trap(index + 1);
    }
    for (index, guest) in database.guests.values_mut().enumerate() {
        guest.first = Some(trap(index));
        guest.last = Some(trap(index + 1));
        guest.company = Some(trap(index + 2));
    }
    for (index, user) in database.users.values_mut().enumerate() {
        user.call(trap(index), trap(index + 1));
        user.job_title = Some(trap(index + 2));
    }
    database.folders.values_mut().enumerate().for_each(|(index, row)| row.name = trap(index));
}
