//! How members, guests and folders look in JSON (API sheet 6.8 to 6.10).

use serde_json::{Value, json};

use super::super::{
    quirks::Quirk,
    rows::{FolderRow, GuestRow, MemberRow, SandboxKey},
};
use super::{Serializer, finish, millis, offset, spaced};

impl Serializer<'_> {
    /// A member in full.
    pub(in crate::sandbox) fn user(&self, user: &MemberRow) -> Value {
        let status = match () {
            () if user.deleted.is_some() => "deleted",
            () if user.base.archived.is_some() => "disabled",
            () if user.invited => "invited",
            () => "active",
        };
        let joined = (!user.invited).then(|| offset(user.base.created));
        let mut body = json!({
            "id": user.id, "email": user.email, "username": user.email, "first_name": user.first,
            "last_name": user.last, "full_name": user.full, "role": user.role, "status": status,
            "is_active": user.is_active(), "is_default_admin": user.default_admin,
            "last_login_at": user.last_login.map(offset), "activated_at": joined,
            "created_at": offset(user.base.created), "updated_at": offset(user.base.updated),
            "disabled_at": user.base.archived.map(offset), "timezone": "UTC", "job_title": user.job_title,
        });
        if self.query.with("groups") {
            let groups = self.database.groups.iter().filter(|(_, group)| group.members.contains(&user.id));
            let rows = groups.map(|(key, group)| json!({"id": &**key, "name": group.name}));
            body["groups"] = self.include(rows.collect());
        }
        finish(body, &user.base)
    }

    /// A guest in full. The link is a credential.
    pub(in crate::sandbox) fn guest(&self, guest: &GuestRow) -> Value {
        let disabled = guest.base.archived;
        let mut details = json!({
            "status": if disabled.is_some() { "disabled" } else { "active" }, "company_name": guest.company,
            "phone_1": guest.phone, "phone_2": null, "timezone": "UTC", "image_url": null,
            "contact_url": format!("https://crm.example/contacts/{}", guest.id), "company_url": null,
            "opportunity_url": null, "opportunity_name": null, "external_sync_source": "crm.example",
            "external_date_creation": millis(guest.base.created), "cadence_days": 30,
            "associated_members": [self.database.caller], "last_city": "Graz", "last_country": "Austria",
            "last_accessed_at": guest.last_accessed.map(millis),
            "disabled_by": disabled.map(|_| self.database.caller), "reactivated_at": null, "reactivated_by": null,
        });
        let mut body = json!({
            "id": guest.id, "email": guest.email, "created_at": spaced(guest.base.created), "deleted_at": null,
            "last_accessed_at": guest.last_accessed.map(millis),
            "link": format!("https://go.tallyfy.example/guest/{}", guest.code),
        });
        let within = self.database.quirks.has(Quirk::GuestDetails);
        details[if within { "disabled_on" } else { "disabled_at" }] = json!(disabled.map(millis));
        let named = if within { &mut details } else { &mut body };
        named["first_name"] = json!(guest.first);
        named["last_name"] = json!(guest.last);
        body["details"] = details;
        if let Some(duties) = &self.duties {
            let duties = duties.get(&guest.email).copied().unwrap_or_default();
            body["stats"] = self.include(json!({
                "assigned_tasks": duties.open, "tasks_completed": duties.done,
                "one_off_tasks_completed": duties.done, "last_task_completed_at": duties.last_done.map(millis),
            }));
        }
        finish(body, &guest.base)
    }

    /// A folder with the includes that were asked for; those of the folders around it are their own.
    pub(in crate::sandbox) fn folder(&self, key: &SandboxKey, folder: &FolderRow) -> Value {
        let database = self.database;
        let mut body = self.bare_folder(key, folder);
        for include in ["children", "child"].into_iter().filter(|include| self.query.with(include)) {
            let children = database.children(key).map(|(key, child)| self.bare_folder(key, child));
            body[include] = self.include(children.collect());
        }
        if self.query.with("parent") {
            let parent = folder.parent.as_ref().and_then(|id| database.folders.get_key_value(id));
            body["parent"] = self.include(json!(parent.map(|(key, parent)| self.bare_folder(key, parent))));
        }
        if self.query.with("checklists") {
            let inside = database.templates.iter().filter(|(_, row)| row.folder.as_ref() == Some(key));
            let rows = inside.map(|(key, row)| {
                json!({"id": &**key, "title": row.title, "archived_at": row.base.archived.map(millis)})
            });
            body["checklists"] = self.include(rows.collect());
        }
        if self.query.with("runs") {
            let inside = database.runs.iter().filter(|(_, row)| row.folder.as_ref() == Some(key));
            let rows = inside.map(|(key, row)| {
                let status = if row.base.archived.is_some() { "archived" } else { &row.status };
                json!({"id": &**key, "name": row.name, "status": status,
                       "archived_at": row.base.archived.map(millis)})
            });
            body["runs"] = self.include(rows.collect());
        }
        if self.query.with("tasks") {
            let inside = database.tasks.iter().filter(|(_, row)| row.folder.as_ref() == Some(key));
            let rows = inside.map(|(key, row)| {
                json!({"id": &**key, "title": row.title, "status": row.status,
                       "archived_at": database.task_archived(row).map(millis)})
            });
            body["tasks"] = self.include(rows.collect());
        }
        finish(body, &folder.base)
    }

    pub(super) fn bare_folder(&self, key: &SandboxKey, folder: &FolderRow) -> Value {
        let total = self.contents.get_or_init(|| self.database.contents()).get(key).copied().unwrap_or(0);
        json!({
            "id": &**key, "name": folder.name, "parent_id": folder.parent.as_deref(),
            "folder_type": folder.tree.name(), "position": folder.position, "total": total,
            "created_at": millis(folder.base.created),
        })
    }

    /// The folder that something is filed in, as an include.
    pub(in crate::sandbox) fn folder_of(&self, id: Option<&SandboxKey>) -> Option<Value> {
        let (key, folder) = self.database.folders.get_key_value(id?)?;
        Some(self.bare_folder(key, folder))
    }
}

/// Ids and names of the members, for `users-list`.
pub(in crate::sandbox) fn light_user(user: &MemberRow) -> Value {
    json!({"id": user.id, "full_name": user.full, "email": user.email})
}

/// What `guests-list` says of a guest.
pub(in crate::sandbox) fn light_guest(guest: &GuestRow) -> Value {
    json!({"id": guest.id, "email": guest.email, "first_name": guest.first, "last_name": guest.last})
}
