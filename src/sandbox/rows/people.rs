//! People and folders: members, guests, and the two trees that things are filed in (API sheet 6.8 to 6.10).
//!
//! Owns what these records hold and which keys of a JSON patch set it. Must not know routes, lists or HTTP.

use serde_json::Value;

use super::{CommonFields, PatchableRow, SandboxKey, UnixSeconds, base, moment, put, text, whole};

/// A member (API sheet 6.9). `base.archived` is when they were disabled.
#[derive(Debug, Clone, Default)]
pub(in crate::sandbox) struct MemberRow {
    pub(in crate::sandbox) base: CommonFields,
    pub(in crate::sandbox) id: i64,
    pub(in crate::sandbox) first: String,
    pub(in crate::sandbox) last: String,
    pub(in crate::sandbox) full: String,
    pub(in crate::sandbox) email: String,
    pub(in crate::sandbox) role: String,
    pub(in crate::sandbox) job_title: Option<String>,
    pub(in crate::sandbox) last_login: Option<UnixSeconds>,
    /// Invited and not come yet.
    pub(in crate::sandbox) invited: bool,
    pub(in crate::sandbox) default_admin: bool,
    /// The organization's own robot, which nobody may remove.
    pub(in crate::sandbox) bot: bool,
    /// When they were deleted: renamed and kept, for the history's sake.
    pub(in crate::sandbox) deleted: Option<UnixSeconds>,
}

impl MemberRow {
    pub(in crate::sandbox) fn is_admin(&self) -> bool {
        self.role.eq_ignore_ascii_case("admin")
    }

    /// Whether they can sign in.
    pub(in crate::sandbox) const fn is_active(&self) -> bool {
        self.base.archived.is_none() && self.deleted.is_none() && !self.invited
    }

    /// Gives them a name, whole and in its two parts.
    pub(in crate::sandbox) fn call(&mut self, first: String, last: String) {
        self.full = format!("{first} {last}").trim().to_owned();
        (self.first, self.last) = (first, last);
    }
}

/// A guest (API sheet 6.8). The key is the address; `base.archived` is when they were disabled.
#[derive(Debug, Clone, Default)]
pub(in crate::sandbox) struct GuestRow {
    pub(in crate::sandbox) base: CommonFields,
    pub(in crate::sandbox) id: i64,
    pub(in crate::sandbox) email: String,
    pub(in crate::sandbox) first: Option<String>,
    pub(in crate::sandbox) last: Option<String>,
    pub(in crate::sandbox) company: Option<String>,
    pub(in crate::sandbox) phone: Option<String>,
    pub(in crate::sandbox) last_accessed: Option<UnixSeconds>,
    /// Opens the guest's tasks without any other proof.
    pub(in crate::sandbox) code: String,
}

/// Which of the two trees a folder is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::sandbox) enum FolderTree {
    /// The templates'.
    #[default]
    Checklist,
    /// The processes' and one-off tasks'.
    Run,
}

impl FolderTree {
    pub(in crate::sandbox) const fn name(self) -> &'static str {
        match self {
            Self::Checklist => "checklist",
            Self::Run => "run",
        }
    }

    pub(in crate::sandbox) fn of(name: &str) -> Option<Self> {
        [Self::Checklist, Self::Run].into_iter().find(|tree| tree.name() == name)
    }
}

/// A folder (API sheet 6.10).
#[derive(Debug, Clone, Default)]
pub(in crate::sandbox) struct FolderRow {
    pub(in crate::sandbox) base: CommonFields,
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) parent: Option<SandboxKey>,
    pub(in crate::sandbox) tree: FolderTree,
    pub(in crate::sandbox) position: usize,
}

impl PatchableRow for MemberRow {
    base!(full);
    fn set(&mut self, key: &str, value: &Value) -> bool {
        match key {
            "full_name" => put(&mut self.full, text(value)),
            "first_name" | "last_name" => {
                let Some(name) = text(value) else { return false };
                let (first, last) = (self.first.clone(), self.last.clone());
                if key == "first_name" {
                    self.call(name, last);
                } else {
                    self.call(first, name);
                }
                true
            }
            "email" => put(&mut self.email, text(value)),
            "role" => put(&mut self.role, text(value)),
            "job_title" => put(&mut self.job_title, Some(text(value))),
            "last_login_at" => put(&mut self.last_login, Some(moment(value))),
            "disabled_at" => put(&mut self.base.archived, Some(moment(value))),
            "is_default_admin" => put(&mut self.default_admin, value.as_bool()),
            "status" => {
                self.invited = value == "invited";
                value == "invited" || value == "active"
            }
            "bot" => put(&mut self.bot, value.as_bool()),
            _ => false,
        }
    }
}

impl PatchableRow for GuestRow {
    base!(email);
    fn set(&mut self, key: &str, value: &Value) -> bool {
        match key {
            "email" => put(&mut self.email, text(value)),
            "first_name" => put(&mut self.first, Some(text(value))),
            "last_name" => put(&mut self.last, Some(text(value))),
            "company_name" => put(&mut self.company, Some(text(value))),
            "phone_1" => put(&mut self.phone, Some(text(value))),
            "last_accessed_at" => put(&mut self.last_accessed, Some(moment(value))),
            "disabled_at" => put(&mut self.base.archived, Some(moment(value))),
            _ => false,
        }
    }
}

impl PatchableRow for FolderRow {
    base!(name);
    fn set(&mut self, key: &str, value: &Value) -> bool {
        match key {
            "name" => put(&mut self.name, text(value)),
            "parent_id" => put(&mut self.parent, Some(text(value).map(Into::into))),
            "folder_type" => put(&mut self.tree, value.as_str().and_then(FolderTree::of)),
            "position" => {
                put(&mut self.position, whole::<i64>(value).and_then(|at| usize::try_from(at).ok()))
            }
            _ => false,
        }
    }
}
