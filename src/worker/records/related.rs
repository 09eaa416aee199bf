//! What hangs together with a record: the lists and records that its page leads to.
//!
//! Owns how a relation of the catalog becomes requests, and the check that a list was narrowed down to the record at all.
//! Must not know which of them a person opens.

use crate::model::catalog::{RelatedList, RelatedParameter, RelatedSource, Relation};
use crate::model::failure::{Cause, Failure};
use crate::model::record::{Draft, Record};
use crate::model::record_detail::{GLANCE, HUNDRED, PageRequest, RelatedPage, RelatedQuery};
use crate::tallyfy::{KeptKeys, decode};
use crate::worker::http::executor::{Executor, QueryParameter, RequestPurpose};
use crate::worker::http::rate_limiter::Priority;
use crate::worker::records::lookup::{FoundRecord, Freshness, LookupUse, RecordLookup};

/// Reads what a record leads to by `relation`.
pub(crate) async fn relate(
    session: &Executor,
    relation: &Relation,
    lookup: &RelatedQuery,
    page_request: PageRequest,
) -> Result<RelatedPage, Failure> {
    match &relation.way {
        RelatedSource::List(list) => listed(session, relation, (list, lookup), page_request).await,
        RelatedSource::Named { .. } => named(session, relation, lookup).await,
        // It came along with the record.
        RelatedSource::Included { .. } => Ok(RelatedPage { total: Some(0), records: Vec::new() }),
    }
}

/// Reads the record that another one names.
async fn named(
    session: &Executor,
    relation: &Relation,
    lookup: &RelatedQuery,
) -> Result<RelatedPage, Failure> {
    // Its name helps to find it where an archived one is not known by its id.
    let known = Record::new(relation.kind, lookup.id.clone(), vec![Draft::Text(lookup.name.clone())]);
    match RecordLookup::new(session, [&known], LookupUse::Page).look(&known, Freshness::New).await? {
        FoundRecord::There { record, .. } => Ok(RelatedPage { total: Some(1), records: vec![record] }),
        FoundRecord::Gone => Err(Failure::new(Cause::NotFound, "it is not there any more")),
    }
}

async fn listed(
    session: &Executor,
    relation: &Relation,
    (list, lookup): (&RelatedList, &RelatedQuery),
    page_request: PageRequest,
) -> Result<RelatedPage, Failure> {
    let id = lookup.id.to_string();
    // The id goes into the route, or into the query.
    let route = (list.route, list.key.is_none().then_some(&lookup.id));
    let mut query: Vec<QueryParameter> =
        list.query.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    if let Some((key, by)) = list.key {
        query.push((key, if by == RelatedParameter::Id { id.clone() } else { lookup.name.clone() }));
    }
    let asked = match page_request {
        PageRequest::First => (1, GLANCE),
        PageRequest::Hundred(page) => (page, HUNDRED),
    };
    let name = format!("{} of {}", relation.title, lookup.name);
    let request_purpose = RequestPurpose {
        urgency: Priority::Urgent,
        purpose: "read",
        kind: Some(relation.kind),
        name,
        may_lack: false,
    };
    let answer = session.list(&request_purpose, route, &query, asked, &KeptKeys::Whole).await?;
    if !list.shows.is_empty() {
        let said = answer.rows.iter().map(|row| decode::says(row, list.shows, &[&id, &lookup.name]));
        check(relation, said)?;
    }
    let rows = answer.rows.iter().filter_map(|row| decode::row(relation.kind, row).ok());
    let records = rows.map(|(id, drafts)| Record::new(relation.kind, id, drafts)).collect();
    Ok(RelatedPage { total: answer.meta.total, records })
}

/// Refuses a list whose rows do not all say that they belong to the record: whoever deletes what is on its page must not
/// hit anything else.
fn check(relation: &Relation, mut said: impl Iterator<Item = Option<bool>>) -> Result<(), Failure> {
    let plural = relation.kind.row().plural;
    let words = match said.find(|belongs| *belongs != Some(true)) {
        None => return Ok(()),
        Some(Some(_)) => format!("the server does not narrow its {plural} down to this"),
        Some(None) => format!("the server does not say which {plural} belong to this"),
    };
    Err(Failure::new(Cause::Garbled, &words))
}
