//! The records of the organization: one plain struct a kind, small enough for a hundred thousand of them.
//!
//! Owns what a record holds and which keys of a JSON patch set it. Must not know routes, lists or HTTP.

mod people;

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::{Map, Value};

pub(super) use people::{FolderRow, FolderTree, GuestRow, MemberRow};

/// An identifier as it stands in a path.
pub(super) type SandboxKey = Arc<str>;
/// Seconds since 1970.
pub(super) type UnixSeconds = i64;

/// The kinds with routes of their own, named by their API slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum SandboxKind {
    Runs,
    Checklists,
    Tasks,
    Assets,
    Tags,
    Groups,
    Guests,
    Members,
    Folders,
}

impl SandboxKind {
    pub(super) const ALL: [Self; 9] = [
        Self::Runs,
        Self::Checklists,
        Self::Tasks,
        Self::Assets,
        Self::Tags,
        Self::Groups,
        Self::Guests,
        Self::Members,
        Self::Folders,
    ];

    pub(super) const fn slug(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Checklists => "checklists",
            Self::Tasks => "tasks",
            Self::Assets => "assets",
            Self::Tags => "tags",
            Self::Groups => "groups",
            Self::Guests => "guests",
            Self::Members => "users",
            Self::Folders => "folders",
        }
    }

    pub(super) fn of(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.slug() == slug)
    }
}

/// A tag on an object: the link has an integer id of its own (API sheet 6.6).
#[derive(Debug, Clone)]
pub(super) struct TagLink {
    pub(super) id: u32,
    pub(super) tag: SandboxKey,
}

/// What every kind has: numbers, dates, and whatever a patch named that the kind has no field for.
#[derive(Debug, Clone, Default)]
pub(super) struct CommonFields {
    pub(super) serial: u32,
    pub(super) created: UnixSeconds,
    pub(super) updated: UnixSeconds,
    pub(super) archived: Option<UnixSeconds>,
    pub(super) links: Vec<TagLink>,
    pub(super) extra: Map<String, Value>,
}

/// A process (API sheet 6.1). `status` is the one outside the archive, so that activate can return to it.
#[derive(Debug, Clone)]
pub(super) struct ProcessRow {
    pub(super) base: CommonFields,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) checklist: SandboxKey,
    pub(super) checklist_title: Arc<str>,
    /// Which row of the names file gives the step titles.
    pub(super) pattern: usize,
    pub(super) owner: i64,
    pub(super) started_by: i64,
    pub(super) total: u8,
    pub(super) done: u8,
    pub(super) completed: Option<UnixSeconds>,
    pub(super) due: Option<UnixSeconds>,
    pub(super) starred: bool,
    pub(super) groups: Vec<SandboxKey>,
    pub(super) folder: Option<SandboxKey>,
}

/// A template (API sheet 6.2).
#[derive(Debug, Clone)]
pub(super) struct TemplateRow {
    pub(super) base: CommonFields,
    pub(super) title: String,
    pub(super) status: Option<String>,
    pub(super) pattern: usize,
    pub(super) owner: i64,
    pub(super) steps: usize,
    pub(super) started: u32,
    pub(super) pinned: bool,
    pub(super) starred: bool,
    /// Other templates embedded in this one; archiving those strips them here for good.
    pub(super) embeds: Vec<EmbeddedTemplate>,
    pub(super) folder: Option<SandboxKey>,
}

/// One embedded template: in the whole template, or in the step with this number.
#[derive(Debug, Clone)]
pub(super) struct EmbeddedTemplate {
    pub(super) template: SandboxKey,
    pub(super) step: Option<usize>,
}

/// A one-off task (API sheet 6.3). With a `run`, it is driven through that process instead.
#[derive(Debug, Clone, Default)]
pub(super) struct TaskRow {
    pub(super) base: CommonFields,
    pub(super) title: String,
    pub(super) status: String,
    pub(super) run: Option<SandboxKey>,
    pub(super) users: Vec<i64>,
    pub(super) guests: Vec<String>,
    pub(super) groups: Vec<SandboxKey>,
    pub(super) deadline: Option<UnixSeconds>,
    pub(super) completed: Option<UnixSeconds>,
    pub(super) problem: bool,
    pub(super) folder: Option<SandboxKey>,
}

/// A file (API sheet 7).
#[derive(Debug, Clone, Default)]
pub(super) struct FileRow {
    pub(super) base: CommonFields,
    pub(super) filename: String,
    pub(super) subject: FileHolder,
    pub(super) step: Option<SandboxKey>,
    pub(super) system: Option<String>,
    pub(super) by_url: bool,
    pub(super) stored: bool,
    pub(super) size: usize,
    pub(super) way: FileSource,
}

/// By which of the two ways a file is found (API sheet 7): both ways give it the same id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum FileSource {
    /// `with=assets` alone.
    #[default]
    Include,
    /// A file-type form answer alone.
    Answer,
    Both,
}

impl FileSource {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Include => "include",
            Self::Answer => "answer",
            Self::Both => "both",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Include, Self::Answer, Self::Both].into_iter().find(|way| way.name() == name)
    }
}

/// What a file hangs on: an id and `ProcessRow`, `Checklist`, `TaskRow` or `Organization`.
#[derive(Debug, Clone, Default)]
pub(super) struct FileHolder {
    pub(super) id: String,
    pub(super) sort: String,
}

/// A tag (API sheet 6.6).
#[derive(Debug, Clone, Default)]
pub(super) struct TagRow {
    pub(super) base: CommonFields,
    pub(super) title: String,
    pub(super) color: Option<String>,
    pub(super) auto: bool,
}

/// A group (API sheet 6.7).
#[derive(Debug, Clone, Default)]
pub(super) struct GroupRow {
    pub(super) base: CommonFields,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) members: Vec<i64>,
    pub(super) guests: Vec<String>,
}

/// A record that a JSON patch can change.
pub(super) trait PatchableRow {
    fn base(&self) -> &CommonFields;
    fn base_mut(&mut self) -> &mut CommonFields;
    /// What lists filter (`q`) and sort by.
    fn name(&self) -> &str;
    /// Sets the field that `key` names; false when the kind has none.
    fn set(&mut self, key: &str, value: &Value) -> bool;

    /// Applies a patch: known keys to their fields, the rest is shown as it came.
    fn patch(&mut self, patch: &Map<String, Value>) {
        for (key, value) in patch {
            let known = match key.as_str() {
                "id" => true,
                "archived_at" | "deleted_at" => {
                    self.base_mut().archived = moment(value);
                    true
                }
                "last_updated" | "updated_at" => put(&mut self.base_mut().updated, moment(value)),
                "created_at" => put(&mut self.base_mut().created, moment(value)),
                "increment_id" => put(&mut self.base_mut().serial, whole(value)),
                _ => self.set(key, value),
            };
            if !known {
                self.base_mut().extra.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Writes the base accessors that every row shares.
/// The owner of what has none.
pub(super) const NOBODY: i64 = 0;

macro_rules! base {
    ($name:ident) => {
        fn base(&self) -> &CommonFields {
            &self.base
        }
        fn base_mut(&mut self) -> &mut CommonFields {
            &mut self.base
        }
        fn name(&self) -> &str {
            &self.$name
        }
    };
}

use base;

impl PatchableRow for ProcessRow {
    base!(name);
    fn set(&mut self, key: &str, value: &Value) -> bool {
        match key {
            "name" => put(&mut self.name, text(value)),
            "status" => put(&mut self.status, text(value)),
            "checklist_id" => put(&mut self.checklist, text(value).map(Into::into)),
            "checklist_title" => put(&mut self.checklist_title, text(value).map(Into::into)),
            "owner_id" => put(&mut self.owner, whole(value).or(value.is_null().then_some(NOBODY))),
            "started_by" => put(&mut self.started_by, whole(value)),
            "completed_at" => put(&mut self.completed, Some(moment(value))),
            "due_date" => put(&mut self.due, Some(moment(value))),
            "starred" => put(&mut self.starred, value.as_bool()),
            "folder_id" => put(&mut self.folder, Some(text(value).map(Into::into))),
            _ => false,
        }
    }
}

impl PatchableRow for TemplateRow {
    base!(title);
    fn set(&mut self, key: &str, value: &Value) -> bool {
        match key {
            "title" => put(&mut self.title, text(value)),
            "status" => put(&mut self.status, Some(text(value))),
            "owner_id" => put(&mut self.owner, whole(value).or(value.is_null().then_some(NOBODY))),
            "steps_count" => put(&mut self.steps, whole(value)),
            "started_processes" => put(&mut self.started, whole(value)),
            "is_pinned" => put(&mut self.pinned, value.as_bool()),
            "starred" => put(&mut self.starred, value.as_bool()),
            "folder_id" => put(&mut self.folder, Some(text(value).map(Into::into))),
            _ => false,
        }
    }
}

impl PatchableRow for TaskRow {
    base!(title);
    fn set(&mut self, key: &str, value: &Value) -> bool {
        match key {
            "title" => put(&mut self.title, text(value)),
            "status" => put(&mut self.status, text(value)),
            "run_id" => put(&mut self.run, Some(text(value).map(Into::into))),
            "deadline" => put(&mut self.deadline, Some(moment(value))),
            "completed_at" => put(&mut self.completed, Some(moment(value))),
            "problem" => put(&mut self.problem, value.as_bool()),
            "folder_id" => put(&mut self.folder, Some(text(value).map(Into::into))),
            "owners" => {
                self.users = each(&value["users"], whole);
                self.guests = each(&value["guests"], text);
                self.groups = each(&value["groups"], |id| text(id).map(Into::into));
                true
            }
            _ => false,
        }
    }
}

impl PatchableRow for FileRow {
    base!(filename);
    fn set(&mut self, key: &str, value: &Value) -> bool {
        match key {
            "filename" => put(&mut self.filename, text(value)),
            "uploaded_at" => put(&mut self.base.created, moment(value)),
            "uploaded_to_s3" => put(&mut self.stored, value.as_bool()),
            "step_id" => put(&mut self.step, Some(text(value).map(Into::into))),
            "system" => put(&mut self.system, Some(text(value))),
            "source" => put(&mut self.by_url, Some(value == "url")),
            "way" => put(&mut self.way, value.as_str().and_then(FileSource::of)),
            "subject" => {
                put(&mut self.subject.id, text(&value["id"]));
                put(&mut self.subject.sort, text(&value["type"]));
                true
            }
            _ => false,
        }
    }
}

impl PatchableRow for TagRow {
    base!(title);
    fn set(&mut self, key: &str, value: &Value) -> bool {
        match key {
            "title" => put(&mut self.title, text(value)),
            "color" => put(&mut self.color, Some(text(value))),
            "auto_generated" => put(&mut self.auto, value.as_bool()),
            _ => false,
        }
    }
}

impl PatchableRow for GroupRow {
    base!(name);
    fn set(&mut self, key: &str, value: &Value) -> bool {
        match key {
            "name" => put(&mut self.name, text(value)),
            "description" => put(&mut self.description, text(value)),
            "members" => put(&mut self.members, Some(each(value, whole))),
            "guests" => put(&mut self.guests, Some(each(value, text))),
            _ => false,
        }
    }
}

/// Counts of one tag's links, for `with=statistics`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TagCount {
    pub(super) active_template: u32,
    pub(super) archived_template: u32,
    pub(super) active_process: u32,
    pub(super) archived_process: u32,
}

/// Links of all tags, counted in one walk.
pub(super) type TagCounts = BTreeMap<SandboxKey, TagCount>;

/// What a guest has to do and has done, for `with=stats`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct GuestTasks {
    pub(super) open: u32,
    pub(super) done: u32,
    pub(super) last_done: Option<UnixSeconds>,
}

fn put<T>(field: &mut T, value: Option<T>) -> bool {
    let fits = value.is_some();
    if let Some(value) = value {
        *field = value;
    }
    fits
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn whole<T: TryFrom<i64>>(value: &Value) -> Option<T> {
    let number = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
    T::try_from(number).ok()
}

fn each<T>(list: &Value, read: impl Fn(&Value) -> Option<T>) -> Vec<T> {
    list.as_array().into_iter().flatten().filter_map(read).collect()
}

/// Reads a date in any form of section 3 of the API sheet; null and nonsense are none.
pub(super) fn moment(value: &Value) -> Option<UnixSeconds> {
    let text = value.as_str()?;
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Some(stamp.as_second());
    }
    let civil: DateTime = text.parse().ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_second())
}
