//! Small reads: who we are, who the members are, how many there are, all that is known of one record.
//!
//! Owns where each is read and where else it is looked for. Must not send anything itself.

use serde_json::Value;

use crate::model::failure::{Cause, Failure};
use crate::model::kind::{Kind, Scope};
use crate::model::people::{Members, Person};
use crate::model::plan::Organization;
use crate::model::record::Record;
use crate::model::record_detail::RecordDetail;
use crate::tallyfy::{KeptKeys, decode};
use crate::worker::http::executor::{Executor, RequestPurpose};
use crate::worker::http::rate_limiter::Priority;
use crate::worker::jobs::seen_files::SeenFiles;
use crate::worker::lists::paginator::{ABREAST, ListSpec, Paginator, parameters, with_part};
use crate::worker::records::lookup::{FoundRecord, Freshness, LookupUse, ORGANIZATION, RecordLookup};

/// The token check of every client of the API (API sheet, section 6.11).
const ME: &str = "me";
const MY_ORGANIZATIONS: &str = "me/organizations";
const MEMBERS: &str = "organizations/{org}/users-list";
/// How many pages of organizations are searched for ours: a person who is in more than this can do without.
const MOST_PAGES: usize = 50;

fn request_purpose(
    urgency: Priority,
    purpose: &'static str,
    kind: Option<Kind>,
    name: &str,
) -> RequestPurpose {
    RequestPurpose { urgency, purpose, kind, name: name.to_owned(), may_lack: false }
}

/// Reads who the token speaks for, which the session remembers, and the organization with the role in it. Whatever is
/// wrong with the first answer does not matter: the organization's name is what must be known.
pub(crate) async fn identify(session: &Executor) -> Result<Organization, Failure> {
    // Both at once: a load that begins meanwhile takes what the limits leave.
    let (person, listed) = tokio::join!(person(session), listed_organization(session));
    if let Ok(Some(person)) = person {
        session.remember(person);
    }
    let organization = match listed {
        Ok(Some(organization)) => organization?,
        // The list does not know it, or cannot be had: the organization itself may still answer.
        Ok(None) | Err(_) => {
            let value = organization_itself(session).await?;
            decode::organization(&value).ok_or_else(nameless)?
        }
    };
    Ok(Organization { me: session.person(), ..organization })
}

/// Reads who the token speaks for; none where the answer names nobody.
pub(crate) async fn person(session: &Executor) -> Result<Option<Person>, Failure> {
    let request_purpose = request_purpose(Priority::Urgent, "read", None, "who you are");
    session.read(&request_purpose, ME, None, &[]).await.map(|value| decode::person(&value))
}

/// Reads whether the token gives access to the organization; that its name can be read is not asked for.
pub(crate) async fn reach(session: &Executor) -> Result<(), Failure> {
    match listed_organization(session).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) | Err(_) => organization_itself(session).await.map(drop),
    }
}

/// Asks once whether the server answers at all.
pub(crate) async fn knock(session: &Executor) {
    session.knock(ME).await;
}

/// The organizations of the person whom the token speaks for.
fn my_organizations() -> ListSpec {
    ListSpec {
        route: MY_ORGANIZATIONS,
        query: Vec::new(),
        first: Priority::Urgent,
        rest: Priority::Urgent,
        purpose: "read",
        kind: None,
        name: "your organizations",
        abreast: ABREAST,
        patience: None,
        keep: KeptKeys::Whole,
    }
}

/// Reads which organizations the person is in. What has no name to be shown by is left out.
pub(crate) async fn organizations(session: &Executor) -> Result<Vec<Organization>, Failure> {
    let (listing, mut all) = (my_organizations(), Vec::new());
    let every = Paginator::new(session, &listing).find(MOST_PAGES, |row| -> Option<()> {
        all.extend(decode::organization(row).filter(|organization| !all.contains(organization)));
        None
    });
    every.await?;
    Ok(all)
}

async fn listed_organization(session: &Executor) -> Result<Option<Result<Organization, Failure>>, Failure> {
    let listing = my_organizations();
    let ours = session.organization();
    let found = Paginator::new(session, &listing).find(MOST_PAGES, |row| {
        let is_ours = row.get("id").and_then(|id| id.as_str()) == Some(ours);
        is_ours.then(|| decode::organization(row).ok_or_else(nameless))
    });
    found.await
}

async fn organization_itself(session: &Executor) -> Result<Value, Failure> {
    let request_purpose = request_purpose(Priority::Urgent, "read", None, "the organization");
    session.read(&request_purpose, ORGANIZATION, None, &[]).await
}

fn nameless() -> Failure {
    Failure::new(Cause::Garbled, "the organization's name could not be read")
}

/// Reads the names of all members.
pub(crate) async fn people(session: &Executor) -> Result<Members, Failure> {
    let request_purpose = request_purpose(Priority::Background, "read", None, "the members' names");
    session.read(&request_purpose, MEMBERS, None, &[]).await.map(|value| decode::people(&value))
}

/// Asks how many active records of `kind` there are. Only `total` is trusted (API sheet, section 8).
pub(crate) async fn count(session: &Executor, kind: Kind) -> Result<u64, Failure> {
    let Some(list) = kind.row().counted() else {
        let words =
            format!("the API does not count {}, so they are counted as they are found", kind.row().plural);
        return Err(Failure::new(Cause::Cancelled, &words));
    };
    let request_purpose = request_purpose(Priority::Background, "count", Some(kind), kind.row().plural);
    let asked = parameters(list, Scope::Active);
    let queries = match list.parts {
        [] => vec![asked],
        parts => parts.iter().map(|part| with_part(asked.clone(), part)).collect(),
    };
    let mut sum = 0;
    for query in queries {
        let listed =
            session.list(&request_purpose, (list.route, None), &query, (1, 1), &KeptKeys::nothing()).await?;
        let words = "the server did not say how many there are";
        sum += listed.meta.total.ok_or_else(|| Failure::new(Cause::Garbled, words))?;
    }
    Ok(sum)
}

/// Reads the record with the kind and the id of this one.
pub(crate) async fn find(session: &Executor, record: &Record) -> Result<Record, Failure> {
    match RecordLookup::new(session, [record], LookupUse::Page).look(record, Freshness::New).await? {
        FoundRecord::There { record, .. } => Ok(record),
        FoundRecord::Gone => Err(Failure::new(Cause::NotFound, "it is not there any more")),
    }
}

/// Reads all that is known of one record.
pub(crate) async fn read(
    session: &Executor,
    seen: &SeenFiles,
    record: &Record,
) -> Result<Box<RecordDetail>, Failure> {
    match RecordLookup::new(session, [record], LookupUse::Page).look(record, Freshness::New).await? {
        FoundRecord::There { record: read, said, .. } => {
            seen.note(record.kind(), std::slice::from_ref(&said)).await;
            Ok(Box::new(decode::record_detail(read.with_found(record), &said)))
        }
        FoundRecord::Gone => Err(Failure::new(Cause::NotFound, "it is not there any more")),
    }
}
