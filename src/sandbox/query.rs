//! Which rows a list holds, and in which order: the filters and sorts of section 6 of the API sheet.
//!
//! Owns filtering and sorting. Must not know pages, envelopes or shapes.

use std::cmp::{Ordering, Reverse};

use super::quirks::Quirk;
use super::rows::{
    CommonFields, FolderRow, FolderTree, MemberRow, PatchableRow, ProcessRow, SandboxKey, SandboxKind,
    TagCount, TagRow, TaskRow, TemplateRow, UnixSeconds,
};
use super::store::{Database, ProcessTask};
use crate::sandbox::parameters::RequestParameters;

/// One row of a list, by its place in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowPosition {
    Row(usize),
    Step { run: usize, position: u8 },
}

/// What a list is asked over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListScope<'a> {
    Kind(SandboxKind),
    TasksOf(&'a str),
}

/// The rows of a list, filtered and sorted.
pub(super) fn select(
    database: &Database,
    scope: ListScope<'_>,
    query: &RequestParameters,
) -> Vec<RowPosition> {
    let filter = ListFilterQuery::new(database, query);
    let mut spots = match scope {
        ListScope::Kind(SandboxKind::Runs) => rows(database.runs.values(), |run| filter.run(run)),
        ListScope::Kind(SandboxKind::Checklists) => {
            rows(database.templates.values(), |template| filter.template(template))
        }
        ListScope::Kind(SandboxKind::Tasks) => filter.tasks(),
        ListScope::Kind(SandboxKind::Assets) => Vec::new(),
        ListScope::Kind(SandboxKind::Tags) => rows(database.tags.values(), |tag| filter.tag(tag)),
        ListScope::Kind(SandboxKind::Groups) => {
            let group = |name: &str, description: &str| filter.named(name) || filter.named(description);
            rows(database.groups.values(), |row| {
                group(&row.name, &row.description) && filter.scope(row.base.archived)
            })
        }
        ListScope::Kind(SandboxKind::Guests) => {
            rows(database.guests.values(), |guest| filter.named(&guest.email))
        }
        ListScope::Kind(SandboxKind::Members) => rows(database.users.values(), |user| filter.member(user)),
        ListScope::Kind(SandboxKind::Folders) => {
            rows(database.folders.values(), |folder| filter.folder(folder))
        }
        ListScope::TasksOf(run) => {
            let found = database.runs.get_full(run);
            // Those of an archived process are archived all of them, and no filter takes them apart.
            let shown = found.filter(|(_, _, run)| filter.scope(run.base.archived) || !database.hides(run));
            shown.map_or_else(Vec::new, |(index, ..)| filter.steps_of(index))
        }
    };
    sort(database, scope, query, &mut spots);
    spots
}

fn rows<'a, T: 'a>(rows: impl Iterator<Item = &'a T>, keep: impl Fn(&T) -> bool) -> Vec<RowPosition> {
    rows.enumerate().filter(|(_, row)| keep(row)).map(|(index, _)| RowPosition::Row(index)).collect()
}

/// Which side of the archive a list shows (API sheet, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ArchiveSide {
    Live,
    Archived,
    Both,
}

struct ListFilterQuery<'a> {
    database: &'a Database,
    query: &'a RequestParameters,
    needle: Option<String>,
    side: ArchiveSide,
    status: Option<&'a str>,
    owners: Vec<i64>,
    /// The ids of the tags asked for, by id or by title; none when the list is not narrowed by tag.
    tags: Option<Vec<&'a str>>,
    /// The folders asked for, with what stands in them if asked; none when the list is not narrowed by folder.
    folders: Option<Vec<&'a str>>,
    now: UnixSeconds,
}

impl<'a> ListFilterQuery<'a> {
    fn new(database: &'a Database, query: &'a RequestParameters) -> Self {
        let status = query.get("status");
        let by_status = status == Some("archived") && !database.quirks.has(Quirk::StatusArchivedIgnored);
        let side = match query.get("archived") {
            Some("only") => ArchiveSide::Archived,
            Some(_) if query.truthy("archived") == Some(true) => ArchiveSide::Both,
            _ if by_status => ArchiveSide::Archived,
            _ => ArchiveSide::Live,
        };
        let wanted: Vec<&str> = query.parts("tag").into_iter().chain(query.parts("tag_ids")).collect();
        let named = |(key, tag): (&'a SandboxKey, &'a TagRow)| {
            let fits = wanted.iter().any(|want| **want == **key || tag.title == *want);
            fits.then_some(&**key)
        };
        Self {
            needle: query.get("q").map(str::to_lowercase),
            side,
            status: status.filter(|status| *status != "archived" && *status != "all"),
            owners: query.parts("owners").into_iter().filter_map(|id| id.parse().ok()).collect(),
            tags: (!wanted.is_empty()).then(|| database.tags.iter().filter_map(named).collect()),
            folders: wanted_folders(database, query),
            now: database.now(),
            database,
            query,
        }
    }

    fn filed(&self, folder: Option<&SandboxKey>) -> bool {
        let folders = self.folders.as_ref();
        folders.is_none_or(|folders| folder.is_some_and(|folder| folders.contains(&&**folder)))
    }

    /// Members come in all states (API sheet, section 5).
    fn member(&self, user: &MemberRow) -> bool {
        (user.deleted.is_none() || self.database.quirks.has(Quirk::DeletedMembersListed))
            && (self.named(&user.full) || self.named(&user.email))
    }

    fn folder(&self, folder: &FolderRow) -> bool {
        let tree = self.query.get("folder_type").and_then(FolderTree::of).unwrap_or_default();
        let parent = self.query.get("parent_id");
        folder.tree == tree
            && parent.is_none_or(|parent| folder.parent.as_deref() == Some(parent))
            && self.named(&folder.name)
    }

    fn named(&self, name: &str) -> bool {
        self.needle.as_deref().is_none_or(|needle| name.to_lowercase().contains(needle))
    }

    const fn scope(&self, archived: Option<UnixSeconds>) -> bool {
        match self.side {
            ArchiveSide::Live => archived.is_none(),
            ArchiveSide::Archived => archived.is_some(),
            ArchiveSide::Both => true,
        }
    }

    fn tagged(&self, base: &CommonFields) -> bool {
        let tags = self.tags.as_ref();
        tags.is_none_or(|tags| base.links.iter().any(|link| tags.contains(&&*link.tag)))
            && (self.query.truthy("untagged") != Some(true) || base.links.is_empty())
    }

    fn owned(&self, owner: i64) -> bool {
        self.owners.is_empty() || self.owners.contains(&owner)
    }

    fn run(&self, run: &ProcessRow) -> bool {
        let template = self.query.get("checklist_id").or_else(|| self.query.get("blueprint_id"));
        let groups = self.query.parts("groups");
        self.scope(run.base.archived)
            && template.is_none_or(|id| id == &*run.checklist)
            && self.run_status(run)
            && self.owned(run.owner)
            && self.tagged(&run.base)
            && (self.query.truthy("starred") != Some(true) || run.starred)
            && self.query.get("type").is_none_or(|sort| sort == "procedure")
            && (groups.is_empty() || run.groups.iter().any(|group| groups.contains(&&**group)))
            && self.filed(run.folder.as_ref())
            && self.named(&run.name)
    }

    fn run_status(&self, run: &ProcessRow) -> bool {
        match self.status {
            None => true,
            Some("starred") => run.starred,
            Some("problem") => run.status == "problem" || run.status == "issue",
            Some(status) => run.status == status,
        }
    }

    fn template(&self, template: &TemplateRow) -> bool {
        let owner = self.query.get("owner_id").and_then(|id| id.parse::<i64>().ok());
        self.scope(template.base.archived)
            && self.status.is_none_or(|status| template.status.as_deref() == Some(status))
            && owner.is_none_or(|owner| owner == template.owner)
            && self.filed(template.folder.as_ref())
            && self.tagged(&template.base)
            && (self.query.truthy("starred") != Some(true) || template.starred)
            && self.named(&template.title)
    }

    fn tag(&self, tag: &TagRow) -> bool {
        let all = self.query.get("all") == Some("true");
        let auto = self.query.truthy("auto_generated");
        let strict = self.query.truthy("strict") == Some(true);
        (all || !tag.auto)
            && auto.is_none_or(|auto| auto == tag.auto)
            && if strict {
                self.query.get("q").is_none_or(|q| q == tag.title)
            } else {
                self.named(&tag.title)
            }
    }

    /// One-off tasks, tasks of processes, or both, as `is_oneoff` says (API sheet 6.3).
    fn tasks(&self) -> Vec<RowPosition> {
        let oneoff = self.query.truthy("is_oneoff");
        let mut spots = Vec::new();
        if oneoff != Some(false) {
            spots = rows(self.database.tasks.values(), |task| self.task(task));
        }
        if oneoff != Some(true) {
            let runs = self.database.runs.values().enumerate();
            let runs = runs.filter(|(_, run)| self.scope(run.base.archived));
            spots.extend(runs.flat_map(|(index, _)| self.steps_of(index)));
        }
        spots
    }

    fn task(&self, task: &TaskRow) -> bool {
        let query = self.query;
        let (guests, groups) = (query.parts("guests"), query.parts("groups"));
        self.scope(self.database.task_archived(task))
            && (self.owners.is_empty() || task.users.iter().any(|user| self.owners.contains(user)))
            && (guests.is_empty() || task.guests.iter().any(|email| guests.contains(&email.as_str())))
            && (groups.is_empty() || task.groups.iter().any(|group| groups.contains(&&**group)))
            && self.filed(task.folder.as_ref())
            && (query.truthy("unassigned") != Some(true) || task.users.is_empty() && task.guests.is_empty())
            && self.task_status(&task.status, task.deadline, task.problem)
            && self.tagged(&task.base)
            && self.named(&task.title)
    }

    fn task_status(&self, status: &str, deadline: Option<UnixSeconds>, problem: bool) -> bool {
        let done = status == "completed" || status == "auto-skipped";
        let due_within =
            |days: UnixSeconds| deadline.is_some_and(|at| at >= self.now && at < self.now + days * 86_400);
        match self.status {
            None => true,
            Some("complete" | "completed") => status == "completed",
            Some("incomplete" | "active" | "active_visible") => !done,
            Some("inprogress" | "in-progress") => status == "in-progress",
            Some("not-started") => status == "not-started",
            Some("overdue") => !done && deadline.is_some_and(|at| at < self.now),
            Some("due_soon") => !done && due_within(3),
            Some("hasproblem") => problem,
            Some(_) => false,
        }
    }

    fn steps_of(&self, index: usize) -> Vec<RowPosition> {
        let Some((key, run)) = self.database.runs.get_index(index) else { return Vec::new() };
        // Process tasks are assigned to their process's owner alone, and are in no folder.
        let asked = ["guests", "groups"].into_iter().any(|name| self.query.get(name).is_some());
        let narrowed = asked
            || self.tags.is_some()
            || self.folders.is_some()
            || self.query.truthy("unassigned") == Some(true);
        if !self.owned(run.owner) || narrowed {
            return Vec::new();
        }
        let fits = |position: &u8| {
            let step = ProcessTask { key, run, position: *position };
            self.task_status(step.status(), run.due, false)
                && (self.needle.is_none()
                    || self.named(&self.database.names.step(run.pattern, usize::from(*position))))
        };
        (0..run.total).filter(fits).map(|position| RowPosition::Step { run: index, position }).collect()
    }
}

/// The folders that `folder` names, `folder_id` being the same (API sheet, row 40), and with `entire_folder_tree` those
/// inside them.
fn wanted_folders<'a>(database: &'a Database, query: &'a RequestParameters) -> Option<Vec<&'a str>> {
    let mut wanted = vec![query.get("folder").or_else(|| query.get("folder_id"))?];
    if query.truthy("entire_folder_tree") == Some(true) {
        let mut next = 0;
        while let Some(id) = wanted.get(next).copied() {
            let inside: Vec<&str> = database.children(id).map(|(key, _)| &**key).collect();
            wanted.extend(inside.into_iter().filter(|id| !wanted.contains(id)).collect::<Vec<_>>());
            next += 1;
        }
    }
    Some(wanted)
}

/// What a row is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    Number(i64),
    Text(String),
}

fn sort(database: &Database, scope: ListScope<'_>, query: &RequestParameters, spots: &mut Vec<RowPosition>) {
    let asked = query.get("sort").or_else(|| query.get("sort_by")).unwrap_or_default();
    let (column, downwards) = asked.strip_prefix('-').map_or((asked, false), |column| (column, true));
    if !column.is_empty() {
        let tallies = column.ends_with("_templates") || column.ends_with("_processes");
        let tallies = if tallies { database.tallies() } else { super::rows::TagCounts::new() };
        let tally = |spot: RowPosition| match (scope, spot) {
            (ListScope::Kind(SandboxKind::Tags), RowPosition::Row(index)) => database
                .tags
                .get_index(index)
                .and_then(|(key, _)| tallies.get(key))
                .copied()
                .unwrap_or_default(),
            _ => TagCount::default(),
        };
        let mut keyed: Vec<(SortKey, RowPosition)> = spots
            .iter()
            .map(|spot| (sort_key(database, scope, column, *spot, tally(*spot)), *spot))
            .collect();
        keyed.sort_by(|(left, _), (right, _)| {
            let order: Ordering = left.cmp(right);
            if downwards { order.reverse() } else { order }
        });
        *spots = keyed.into_iter().map(|(_, spot)| spot).collect();
    }
    if scope == ListScope::Kind(SandboxKind::Checklists) {
        // Pinned ones come first whatever is asked (API sheet 6.2).
        spots.sort_by_key(|spot| match spot {
            RowPosition::Row(index) => {
                Reverse(database.templates.get_index(*index).is_some_and(|(_, row)| row.pinned))
            }
            RowPosition::Step { .. } => Reverse(false),
        });
    }
}

fn sort_key(
    database: &Database,
    scope: ListScope<'_>,
    column: &str,
    spot: RowPosition,
    tally: TagCount,
) -> SortKey {
    let row = match (scope, spot) {
        (_, RowPosition::Step { run, position }) => return step_sort_key(database, column, run, position),
        (ListScope::Kind(kind), RowPosition::Row(index)) => row_at(database, kind, index),
        (ListScope::TasksOf(_), RowPosition::Row(_)) => None,
    };
    let Some(row) = row else { return SortKey::Number(0) };
    let base = row.base();
    match column {
        "name" | "title" => SortKey::Text(row.name().to_lowercase()),
        "color" => SortKey::Text(color(database, scope, spot)),
        "updated" | "updated_at" | "last_updated" => SortKey::Number(base.updated),
        "newest" => SortKey::Number(-base.created),
        "created_at" => SortKey::Number(base.created),
        "deadline" => SortKey::Number(deadline(database, spot)),
        "position" => SortKey::Number(position(database, scope, spot)),
        "active_templates" => SortKey::Number(i64::from(tally.active_template)),
        "archived_templates" => SortKey::Number(i64::from(tally.archived_template)),
        "active_processes" => SortKey::Number(i64::from(tally.active_process)),
        "archived_processes" => SortKey::Number(i64::from(tally.archived_process)),
        _ => SortKey::Number(0),
    }
}

fn step_sort_key(database: &Database, column: &str, run: usize, position: u8) -> SortKey {
    match (column, database.runs.get_index(run)) {
        ("position", _) => SortKey::Number(i64::from(position)),
        ("deadline", Some((_, run))) => SortKey::Number(run.due.unwrap_or(i64::MAX)),
        ("newest", Some((_, run))) => SortKey::Number(-run.base.created),
        _ => SortKey::Number(0),
    }
}

fn deadline(database: &Database, spot: RowPosition) -> UnixSeconds {
    let RowPosition::Row(index) = spot else { return 0 };
    database.tasks.get_index(index).and_then(|(_, task)| task.deadline).unwrap_or(UnixSeconds::MAX)
}

fn position(database: &Database, scope: ListScope<'_>, spot: RowPosition) -> i64 {
    let RowPosition::Row(index) = spot else { return 0 };
    let folder = database.folders.get_index(index).filter(|_| scope == ListScope::Kind(SandboxKind::Folders));
    folder.and_then(|(_, folder)| i64::try_from(folder.position).ok()).unwrap_or(0)
}

fn color(database: &Database, scope: ListScope<'_>, spot: RowPosition) -> String {
    let RowPosition::Row(index) = spot else { return String::new() };
    let tag = database.tags.get_index(index).filter(|_| scope == ListScope::Kind(SandboxKind::Tags));
    tag.and_then(|(_, tag)| tag.color.clone()).unwrap_or_default()
}

fn row_at(database: &Database, kind: SandboxKind, index: usize) -> Option<&dyn PatchableRow> {
    match kind {
        SandboxKind::Runs => database.runs.get_index(index).map(|(_, row)| row as &dyn PatchableRow),
        SandboxKind::Checklists => {
            database.templates.get_index(index).map(|(_, row)| row as &dyn PatchableRow)
        }
        SandboxKind::Tasks => database.tasks.get_index(index).map(|(_, row)| row as &dyn PatchableRow),
        SandboxKind::Assets => database.files.get_index(index).map(|(_, row)| row as &dyn PatchableRow),
        SandboxKind::Tags => database.tags.get_index(index).map(|(_, row)| row as &dyn PatchableRow),
        SandboxKind::Groups => database.groups.get_index(index).map(|(_, row)| row as &dyn PatchableRow),
        SandboxKind::Guests => database.guests.get_index(index).map(|(_, row)| row as &dyn PatchableRow),
        SandboxKind::Members => database.users.get_index(index).map(|(_, row)| row as &dyn PatchableRow),
        SandboxKind::Folders => database.folders.get_index(index).map(|(_, row)| row as &dyn PatchableRow),
    }
}
