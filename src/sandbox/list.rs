//! Lists: pages cut out of the selected rows, in the envelope of section 2 of the API sheet, and the ways it may lie.
//!
//! Owns paging and the memory of the last few selections, so that walking a long list selects once. Must not know
//! how rows are filtered or shown.

use std::{collections::VecDeque, sync::Arc};

use serde_json::{Map, Value, json};

use super::answer::{SandboxResponse, wrapped};
use super::includes::TaskDepth;
use super::quirks::{Quirk, Quirks};
use super::rows::SandboxKind;
use super::store::{Database, ProcessTask};
use crate::sandbox::parameters::RequestParameters;
use crate::sandbox::query::{ListScope, RowPosition, select};
use crate::sandbox::serialize::{SerializeContext, Serializer, fields, light_guest, light_user};

/// How many selections are remembered.
const REMEMBERED: usize = 8;
/// How many records the growth quirk brings forth.
const BIRTHS: u32 = 5;
/// The cap on `per_page` (API sheet, section 2).
const CAP: usize = 100;

/// What a list comes in by default, and the most that may be asked for; no cap is known for members and guests (API
/// sheet, section 2).
const fn pages_of(scope: ListScope<'_>) -> (usize, usize) {
    match scope {
        ListScope::Kind(SandboxKind::Members) => (9999, usize::MAX),
        ListScope::Kind(SandboxKind::Guests) => (999, usize::MAX),
        _ => (10, CAP),
    }
}

/// The selections of the last few lists.
#[derive(Debug, Default)]
pub(super) struct ListMemory(VecDeque<RememberedList>);

#[derive(Debug)]
struct RememberedList {
    identity: String,
    revision: u64,
    spots: Arc<[RowPosition]>,
}

impl ListMemory {
    fn select(
        &mut self,
        database: &Database,
        scope: ListScope<'_>,
        query: &RequestParameters,
    ) -> Arc<[RowPosition]> {
        let identity = format!("{scope:?}\n{}", query.identity());
        let known =
            |entry: &&RememberedList| entry.identity == identity && entry.revision == database.revision;
        if let Some(entry) = self.0.iter().find(known) {
            return Arc::clone(&entry.spots);
        }
        let spots: Arc<[RowPosition]> = select(database, scope, query).into();
        self.0.retain(|entry| entry.identity != identity);
        self.0.truncate(REMEMBERED - 1);
        self.0.push_front(RememberedList {
            identity,
            revision: database.revision,
            spots: Arc::clone(&spots),
        });
        spots
    }
}

/// Where a page lies: what was asked, and what the answer says about it.
struct PageWindow<'a> {
    total: usize,
    page: usize,
    per_page: usize,
    /// The absolute address of this list without its query, for `links`.
    address: &'a str,
}

/// One page of a kind, or of a process's tasks.
pub(super) fn list(
    database: &mut Database,
    memory: &mut ListMemory,
    scope: ListScope<'_>,
    query: &RequestParameters,
    address: &str,
) -> SandboxResponse {
    if let ListScope::TasksOf(run) = scope
        && !database.runs.contains_key(run)
    {
        return SandboxResponse::not_found();
    }
    let page = query.number("page").unwrap_or(1);
    grow(database, scope, page);
    let spots = memory.select(database, scope, query);
    let shape = Serializer::new(database, query, SerializeContext::List);
    let unpaged = match scope {
        ListScope::Kind(
            SandboxKind::Runs | SandboxKind::Checklists | SandboxKind::Tasks | SandboxKind::Guests,
        )
        | ListScope::TasksOf(_) => query.truthy("without_pagination") == Some(true),
        ListScope::Kind(SandboxKind::Folders) => query.truthy("pagination") == Some(false),
        ListScope::Kind(_) => false,
    };
    if unpaged {
        return SandboxResponse::item(spots.iter().filter_map(|spot| show(&shape, scope, *spot)).collect());
    }
    let asked = query.number("per_page").filter(|_| !database.quirks.has(Quirk::IgnorePerPage));
    let (default, cap) = pages_of(scope);
    let per_page =
        if database.quirks.has(Quirk::IgnorePerPage) { 10 } else { asked.unwrap_or(default).min(cap) };
    let window = PageWindow { total: spots.len(), page, per_page, address };
    let from = window.from();
    let repeats = usize::from(from > 0 && database.quirks.has(Quirk::Duplicates));
    let shown =
        spots.iter().skip(from - repeats).take(per_page.min(spots.len().saturating_sub(from)) + repeats);
    let rows: Vec<Value> = shown.filter_map(|spot| show(&shape, scope, *spot)).collect();
    enveloped(rows, &window, &database.quirks)
}

/// The organizations that the bearer's token opens (API sheet 6.11), made by [`Serializer::organization`].
pub(super) fn organizations(
    bodies: Vec<Value>,
    quirks: &Quirks,
    query: &RequestParameters,
    address: &str,
) -> SandboxResponse {
    let name = |body: &Value| body["name"].as_str().unwrap_or_default().to_lowercase();
    let fits = |body: &Value| query.get("q").is_none_or(|needle| name(body).contains(&needle.to_lowercase()));
    let found: Vec<Value> = bodies.into_iter().filter(fits).collect();
    let per_page = query.number("per_page").unwrap_or(10).min(CAP);
    let window =
        PageWindow { total: found.len(), page: query.number("page").unwrap_or(1), per_page, address };
    let rows = found.into_iter().skip(window.from()).take(per_page).collect();
    enveloped(rows, &window, quirks)
}

/// Ids and names alone, without pages (API sheet 6.1, 6.2, 6.7 to 6.9).
pub(super) fn light(
    database: &Database,
    memory: &mut ListMemory,
    kind: SandboxKind,
    query: &RequestParameters,
) -> SandboxResponse {
    let spots = memory.select(database, ListScope::Kind(kind), query);
    let row = |spot: &RowPosition| match (kind, *spot) {
        (SandboxKind::Runs, RowPosition::Row(index)) => {
            database.runs.get_index(index).map(|(id, row)| json!({"id": &**id, "name": row.name}))
        }
        (SandboxKind::Checklists, RowPosition::Row(index)) => {
            database.templates.get_index(index).map(|(id, row)| json!({"id": &**id, "title": row.title}))
        }
        (SandboxKind::Groups, RowPosition::Row(index)) => {
            database.groups.get_index(index).map(|(id, row)| json!({"id": &**id, "name": row.name}))
        }
        (SandboxKind::Guests, RowPosition::Row(index)) => {
            database.guests.get_index(index).map(|(_, row)| light_guest(row))
        }
        (SandboxKind::Members, RowPosition::Row(index)) => {
            database.users.get_index(index).map(|(_, row)| light_user(row))
        }
        _ => None,
    };
    SandboxResponse::item(spots.iter().filter_map(row).collect::<Value>())
}

/// The growth quirk: a record is born while somebody walks.
fn grow(database: &mut Database, scope: ListScope<'_>, page: usize) {
    let ListScope::Kind(kind) = scope else { return };
    if page > 1 && database.quirks.has(Quirk::Growth) && database.born < BIRTHS {
        database.born += 1;
        let name = format!("Born while walking {}", database.born);
        database.add(kind, &fields(json!({"name": name, "title": name})));
    }
}

fn show(shape: &Serializer<'_>, scope: ListScope<'_>, spot: RowPosition) -> Option<Value> {
    let database = shape.database;
    match (scope, spot) {
        (_, RowPosition::Step { run, position }) => {
            let (key, run) = database.runs.get_index(run)?;
            Some(shape.step(ProcessTask { key, run, position }, TaskDepth::Own))
        }
        (ListScope::Kind(SandboxKind::Runs), RowPosition::Row(index)) => {
            database.runs.get_index(index).map(|(key, row)| shape.run(key, row))
        }
        (ListScope::Kind(SandboxKind::Checklists), RowPosition::Row(index)) => {
            database.templates.get_index(index).map(|(key, row)| shape.template(key, row))
        }
        (ListScope::Kind(SandboxKind::Tasks), RowPosition::Row(index)) => {
            database.tasks.get_index(index).map(|(key, row)| shape.task(key, row))
        }
        (ListScope::Kind(SandboxKind::Tags), RowPosition::Row(index)) => {
            database.tags.get_index(index).map(|(key, row)| shape.tag(key, row))
        }
        (ListScope::Kind(SandboxKind::Groups), RowPosition::Row(index)) => {
            database.groups.get_index(index).map(|(key, row)| shape.group(key, row))
        }
        (ListScope::Kind(SandboxKind::Guests), RowPosition::Row(index)) => {
            database.guests.get_index(index).map(|(_, row)| shape.guest(row))
        }
        (ListScope::Kind(SandboxKind::Members), RowPosition::Row(index)) => {
            database.users.get_index(index).map(|(_, row)| shape.user(row))
        }
        (ListScope::Kind(SandboxKind::Folders), RowPosition::Row(index)) => {
            database.folders.get_index(index).map(|(key, row)| shape.folder(key, row))
        }
        (ListScope::Kind(SandboxKind::Assets) | ListScope::TasksOf(_), RowPosition::Row(_)) => None,
    }
}

impl PageWindow<'_> {
    const fn from(&self) -> usize {
        (self.page - 1).saturating_mul(self.per_page)
    }

    fn pages(&self) -> usize {
        self.total.div_ceil(self.per_page).max(1)
    }

    /// Neighbouring pages: an object in mid-list, `[]` on the last page (API sheet, row 17).
    fn links(&self, quirks: &Quirks) -> Option<Value> {
        let to = |page: usize| format!("{}?page={page}&per_page={}", self.address, self.per_page);
        let next = (self.page < self.pages()).then(|| to(self.page + 1));
        let previous = (self.page > 1).then(|| to(self.page - 1));
        match () {
            () if quirks.has(Quirk::LinksMissing) => None,
            () if quirks.has(Quirk::LinksNull) => Some(Value::Null),
            () if quirks.has(Quirk::LinksPrev) => Some(json!({"prev": previous, "next": next})),
            () if next.is_none() && !quirks.has(Quirk::LinksObject) => Some(json!([])),
            () => {
                let both = [("previous", previous), ("next", next)];
                let there = both.into_iter().filter_map(|(name, link)| Some((name.to_owned(), json!(link?))));
                Some(Value::Object(there.collect::<Map<String, Value>>()))
            }
        }
    }

    fn meta(&self, count: usize, quirks: &Quirks) -> Value {
        let total = match () {
            () if quirks.has(Quirk::TotalLow) => self.total / 2,
            () if quirks.has(Quirk::TotalHigh) => self.total + 7,
            () => self.total,
        };
        let pages = match () {
            () if quirks.has(Quirk::NoTotalPages) => None,
            () if quirks.has(Quirk::ZeroTotalPages) => Some(0),
            () if quirks.has(Quirk::ServerTotalPages) => Some(self.total.div_ceil(CAP).max(1)),
            () => Some(self.pages()),
        };
        let mut meta =
            json!({"total": total, "count": count, "per_page": self.per_page, "current_page": self.page});
        if let Some(pages) = pages {
            meta["total_pages"] = json!(pages);
        }
        if let Some(links) = self.links(quirks) {
            meta["links"] = links;
        }
        meta
    }
}

fn enveloped(rows: Vec<Value>, window: &PageWindow<'_>, quirks: &Quirks) -> SandboxResponse {
    if quirks.has(Quirk::NoMeta) {
        return SandboxResponse::item(Value::Array(rows));
    }
    let meta = window.meta(rows.len(), quirks);
    let mut body = wrapped(Value::Array(rows));
    body["meta"] = json!({"pagination": meta});
    SandboxResponse::ok(body)
}
