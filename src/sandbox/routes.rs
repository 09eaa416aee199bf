//! Which path means what: the routes of the API sheet for every kind, identity and files.
//!
//! Owns the reading of paths. Must not know headers, state or bodies.

use axum::http::Method;

use super::faults::Operation;
use super::rows::SandboxKind;
use crate::sandbox::parameters::decode;

/// What a request asks for. `in_org` routes carry the organization in `Operation::org`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route<'a> {
    Health,
    Me,
    MyOrganizations,
    Organization,
    MeInOrganization,
    RevokeTokens,
    List(SandboxKind),
    LightList(SandboxKind),
    Get(SandboxKind, &'a str),
    /// The bare DELETE of processes, templates, tasks and assets.
    Archive(SandboxKind, &'a str),
    Restore(SandboxKind, &'a str),
    /// The DELETE that destroys.
    Destroy(SandboxKind, &'a str),
    RunTasks(&'a str),
    RunTask(&'a str, &'a str),
    /// Every form answer of a process.
    RunAnswers(&'a str),
    /// The bare DELETE of a member: disabling, and handing over what they own if asked.
    Dismiss(&'a str),
    /// What a member still owns.
    Belongings(&'a str),
    /// The bytes of a file, inline or as a download.
    Bytes(&'a str, Delivery),
}

impl Route<'_> {
    /// What the request is for, in the words of a fault; none for what belongs to no kind of request.
    pub(super) const fn call(&self) -> Option<Operation> {
        Some(match self {
            Self::Health | Self::RevokeTokens => return None,
            Self::Me | Self::Organization | Self::MeInOrganization => Operation::Read,
            Self::Get(..) | Self::RunTask(..) | Self::RunAnswers(_) | Self::Belongings(_) => Operation::Read,
            Self::MyOrganizations | Self::List(_) | Self::LightList(_) | Self::RunTasks(_) => Operation::List,
            Self::Archive(..) | Self::Dismiss(_) => Operation::Archive,
            Self::Restore(..) => Operation::Restore,
            Self::Destroy(..) => Operation::Delete,
            Self::Bytes(..) => Operation::Download,
        })
    }
}

/// How the bytes of a file are sent (API sheet 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Inline,
    Attachment,
}

/// A path taken apart: decoded segments, `/api` in front or not (API sheet, row 1).
#[derive(Debug)]
pub(super) struct Path(Vec<String>);

impl Path {
    pub(super) fn parse(path: &str) -> Self {
        let mut segments: Vec<String> = path.trim_start_matches('/').split('/').map(decode).collect();
        if path.starts_with("//") {
            segments.insert(0, String::new());
        }
        if segments.first().is_some_and(|first| first == "api") {
            segments.remove(0);
        }
        Self(segments)
    }

    /// The organization the path names, if it names one.
    pub(super) fn org(&self) -> Option<&str> {
        match self.0.as_slice() {
            [first, org, ..] if first == "organizations" => Some(org),
            _ => None,
        }
    }

    /// The route for this method, or the methods the path does take: none for an unknown path.
    pub(super) fn route(&self, method: &Method) -> Result<Route<'_>, Vec<&'static str>> {
        let segments: Vec<&str> = self.0.iter().map(String::as_str).collect();
        let asked = route(method.as_str(), &segments);
        asked.ok_or_else(|| {
            let known = ["GET", "PUT", "DELETE"].into_iter();
            known.filter(|method| route(method, &segments).is_some()).collect()
        })
    }
}

fn route<'a>(method: &str, segments: &[&'a str]) -> Option<Route<'a>> {
    match *segments {
        ["organizations", _org, ref rest @ ..] => in_organization(method, rest),
        _ if method != "GET" => None,
        ["health"] => Some(Route::Health),
        ["me"] => Some(Route::Me),
        ["me", "organizations"] => Some(Route::MyOrganizations),
        _ => None,
    }
}

fn in_organization<'a>(method: &str, rest: &[&'a str]) -> Option<Route<'a>> {
    use SandboxKind::{Assets, Checklists, Folders, Groups, Guests, Members, Runs, Tags, Tasks};
    Some(match (method, rest) {
        ("GET", []) => Route::Organization,
        ("GET", ["me"]) => Route::MeInOrganization,
        ("DELETE", ["me", "delete-active-tokens"]) => Route::RevokeTokens,
        ("GET", ["runs"]) => Route::List(Runs),
        ("GET", ["runs-list"]) => Route::LightList(Runs),
        ("GET", ["checklists"]) => Route::List(Checklists),
        ("GET", ["checklists-list"]) => Route::LightList(Checklists),
        ("GET", ["tasks"]) => Route::List(Tasks),
        ("GET", ["tags"]) => Route::List(Tags),
        ("GET", ["groups"]) => Route::List(Groups),
        ("GET", ["groups-list"]) => Route::LightList(Groups),
        ("GET", ["guests"]) => Route::List(Guests),
        ("GET", ["guests-list"]) => Route::LightList(Guests),
        ("GET", ["users"]) => Route::List(Members),
        ("GET", ["users-list"]) => Route::LightList(Members),
        ("GET", ["folders"]) => Route::List(Folders),
        ("GET", ["runs", run, "tasks"]) => Route::RunTasks(run),
        ("GET", ["runs", run, "tasks", task]) => Route::RunTask(run, task),
        ("GET", ["runs", run, "form-fields"]) => Route::RunAnswers(run),
        ("GET", ["runs", id]) => Route::Get(Runs, id),
        ("GET", ["checklists", id]) => Route::Get(Checklists, id),
        ("GET", ["tasks", id]) => Route::Get(Tasks, id),
        ("GET", ["assets", id]) => Route::Get(Assets, id),
        ("GET", ["tags", id]) => Route::Get(Tags, id),
        ("GET", ["groups", id]) => Route::Get(Groups, id),
        ("GET", ["guests", email]) => Route::Get(Guests, email),
        ("GET", ["users", id]) => Route::Get(Members, id),
        ("GET", ["users", id, "reassignment-information"]) => Route::Belongings(id),
        ("GET", ["folders", id]) => Route::Get(Folders, id),
        ("GET", ["file", id]) => Route::Bytes(id, Delivery::Inline),
        ("GET", ["file", id, "dl"] | ["download-files", id]) => Route::Bytes(id, Delivery::Attachment),
        ("DELETE", ["runs", id]) => Route::Archive(Runs, id),
        ("DELETE", ["checklists", id]) => Route::Archive(Checklists, id),
        ("DELETE", ["tasks", id]) => Route::Archive(Tasks, id),
        ("DELETE", ["assets", id]) => Route::Archive(Assets, id),
        ("DELETE", ["guests", email, "disable"]) => Route::Archive(Guests, email),
        ("DELETE", ["users", id, "disable"]) => Route::Archive(Members, id),
        ("DELETE", ["users", id]) => Route::Dismiss(id),
        ("PUT", ["runs", id, "activate"]) => Route::Restore(Runs, id),
        ("PUT", ["checklists", id, "restore"]) => Route::Restore(Checklists, id),
        ("PUT", ["tasks", id, "restore"]) => Route::Restore(Tasks, id),
        ("PUT", ["guests", email, "enable"]) => Route::Restore(Guests, email),
        ("PUT", ["users", id, "enable"]) => Route::Restore(Members, id),
        ("DELETE", ["runs", id, "delete"]) => Route::Destroy(Runs, id),
        ("DELETE", ["checklists", id, "delete"]) => Route::Destroy(Checklists, id),
        ("DELETE", ["tasks", id, "delete"]) => Route::Destroy(Tasks, id),
        ("DELETE", ["file", id]) => Route::Destroy(Assets, id),
        ("DELETE", ["tags", id]) => Route::Destroy(Tags, id),
        ("DELETE", ["groups", id]) => Route::Destroy(Groups, id),
        ("DELETE", ["guests", email]) => Route::Destroy(Guests, email),
        ("DELETE", ["users", id, "delete"]) => Route::Destroy(Members, id),
        ("DELETE", ["folders", id]) => Route::Destroy(Folders, id),
        _ => return None,
    })
}
