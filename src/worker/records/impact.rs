//! Counts what hangs on the records of a plan, for the dialog (API sheet, section 8).
//!
//! Owns which records are looked at and what is made of an answer. Nothing waits for it: it asks in the background, a few
//! at once, at most one question a record. What cannot be counted is unknown and never none. Must not send anything
//! itself.

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::Value;

use crate::app::effect::RequestId;
use crate::app::event::Response;
use crate::model::catalog::{self, CountSource, ImpactCount, ImpactQuery, ImpactSpec as Row};
use crate::model::failure::Failure;
use crate::model::impact::{Impact, RecordImpact};
use crate::model::plan::Plan;
use crate::model::record::{Record, Value as Field};
use crate::tallyfy::{KeptKeys, decode};
use crate::worker::http::executor::{Executor, RequestPurpose};
use crate::worker::http::rate_limiter::Priority;
use crate::worker::jobs::seen_files::SeenFiles;
use crate::worker::response_sender::ResponseSender;

/// Questions under way together: few enough to leave room for what a person or a job waits for.
const AT_ONCE: usize = 4;

/// Counts what hangs on the records of `plan`, and reports each record it has looked at.
pub(crate) async fn run(
    session: &Executor,
    seen: &SeenFiles,
    post: &ResponseSender,
    request_id: RequestId,
    plan: &Plan,
) -> Vec<Impact> {
    let mut impact = Impact::begun(plan);
    let mut questions: Vec<(usize, CountRequest)> = Vec::new();
    for (place, one) in impact.iter_mut().enumerate() {
        let Some(row) = one.kind.row().impact.as_ref() else { continue };
        let targets = plan.targets().map(|step| &step.record);
        let records: Vec<&Record> = targets.filter(|record| record.kind() == one.kind).collect();
        match &row.ask {
            None => {
                records
                    .iter()
                    .for_each(|record| one.add_of(record, found(row, record, &CountResponse::Nothing)));
            }
            Some(ask) => {
                let records = spread(&records, one.sample).cloned();
                questions.extend(records.map(|record| (place, CountRequest { row, ask, record })));
            }
        }
    }
    let answers = questions.into_iter().map(|(place, question)| async move {
        let found = question.put(session, seen).await;
        (place, question.record, found)
    });
    let mut answers = stream::iter(answers).buffer_unordered(AT_ONCE);
    while let Some((place, record, found)) = answers.next().await {
        impact[place].add_of(&record, found);
        post.response(request_id, Response::ImpactProgress(impact.clone()));
    }
    impact
}

/// `n` of the records, evenly spread over them.
fn spread<'a>(records: &'a [&'a Record], n: usize) -> impl Iterator<Item = &'a Record> {
    (0..n).filter_map(move |at| records.get(at * records.len() / n).copied())
}

/// What is asked about one record.
#[derive(Debug)]
struct CountRequest {
    row: &'static Row,
    ask: &'static ImpactQuery,
    record: Record,
}

/// What the server said about it.
#[derive(Debug)]
enum CountResponse {
    /// The record with its includes.
    Record(Value),
    /// How many of another list belong to it.
    Total(u64),
    /// Nothing, or nothing was asked.
    Nothing,
}

impl CountRequest {
    /// Asks. A question without an answer leaves what it was about unknown.
    async fn put(&self, session: &Executor, seen: &SeenFiles) -> RecordImpact {
        let answer = match self.ask {
            ImpactQuery::Record { with } => self.read(session, with).await.map(CountResponse::Record),
            ImpactQuery::Total { route, key, query } => self.total(session, route, key, query).await,
            ImpactQuery::Route { route } => {
                let answer =
                    session.read(&self.request_purpose("read"), route, Some(self.record.id()), &[]).await;
                answer.map(CountResponse::Record)
            }
        };
        if let (Ok(CountResponse::Record(value)), ImpactQuery::Record { .. }) = (&answer, self.ask) {
            seen.note(self.record.kind(), std::slice::from_ref(value)).await;
        }
        found(self.row, &self.record, &answer.unwrap_or(CountResponse::Nothing))
    }

    async fn read(&self, session: &Executor, with: &str) -> Result<Value, Failure> {
        let (route, id) = (self.record.kind().row().get, self.record.id());
        session.read(&self.request_purpose("read"), route, Some(id), &[("with", with.to_owned())]).await
    }

    /// Only `total` is to be trusted on a page of one (API sheet, section 8).
    async fn total(
        &self,
        session: &Executor,
        route: &str,
        key: &'static str,
        others: catalog::QueryParameters,
    ) -> Result<CountResponse, Failure> {
        let others = others.iter().map(|(key, value)| (*key, (*value).to_owned()));
        let query: Vec<_> = [(key, self.record.id().to_string())].into_iter().chain(others).collect();
        let listed = session
            .list(&self.request_purpose("count"), (route, None), &query, (1, 1), &KeptKeys::nothing())
            .await?;
        Ok(listed.meta.total.map_or(CountResponse::Nothing, CountResponse::Total))
    }

    fn request_purpose(&self, purpose: &'static str) -> RequestPurpose {
        let name = self.record.name().to_owned();
        RequestPurpose {
            urgency: Priority::Background,
            purpose,
            kind: Some(self.record.kind()),
            name,
            // The record may have been deleted since its list was read, which the look before the request settles.
            may_lack: purpose == "read",
        }
    }
}

/// What a record was found to hold, count by count.
fn found(row: &Row, record: &Record, answer: &CountResponse) -> RecordImpact {
    let archived =
        record.is_archived() || matches!(answer, CountResponse::Record(value) if is_archived(record, value));
    let count = |source: CountSource| match (source, answer) {
        (CountSource::Field(name), _) => in_record(record, name),
        (CountSource::Total, CountResponse::Total(total)) => Some(*total),
        // What hangs on an archived record is archived with it, so that an answer without any of it proves nothing (API
        // sheet, section 8).
        (_, CountResponse::Record(value)) if archived && is_bare(row, value) => None,
        (source, CountResponse::Record(value)) => decode::count(value, source),
        _ => None,
    };
    row.counts.iter().map(|one| count(one.source)).collect()
}

fn in_record(record: &Record, field: &str) -> Option<u64> {
    match record.named(field) {
        // Exact: such numbers are whole and far below 2^53.
        Field::Number(number) if number.fract() == 0.0 && (0.0..9e15).contains(&number) => {
            Some(number as u64)
        }
        _ => None,
    }
}

/// Whether nothing at all came of what is counted in an answer.
fn is_bare(row: &Row, value: &Value) -> bool {
    let of = |one: &ImpactCount| decode::count(value, whole(one.source)).unwrap_or_default();
    row.counts.iter().all(|one| of(one) == 0)
}

/// The include that a count looks into.
fn whole(source: CountSource) -> CountSource {
    match source {
        CountSource::Open(include) => CountSource::Include(include),
        source => source,
    }
}

/// Whether the answer says that the record has been archived, which it may have been since it was listed.
fn is_archived(record: &Record, value: &Value) -> bool {
    let read = decode::row(record.kind(), value);
    read.is_ok_and(|(id, drafts)| Record::new(record.kind(), id, drafts).is_archived())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::id::Id;
    use crate::model::kind::Kind;

    fn record(kind: Kind, value: &Value) -> Record {
        let (id, drafts) = decode::row(kind, value).unwrap();
        Record::new(kind, id, drafts)
    }

    fn counted_impact(kind: Kind, listed: &Value, answer: &CountResponse) -> RecordImpact {
        found(kind.row().impact.as_ref().unwrap(), &record(kind, listed), answer)
    }

    #[test]
    fn an_empty_include_of_an_archived_record_proves_nothing() {
        let live = json!({"id": "a1", "name": "x", "archived_at": null});
        let archived = json!({"id": "a1", "name": "x", "archived_at": "2026-02-02T16:40:11.000Z"});
        let empty = |of: &Value| {
            let mut body = of.clone();
            body["tasks"] = json!({"data": []});
            body["assets"] = json!([]);
            CountResponse::Record(body)
        };
        assert_eq!(counted_impact(Kind::Processes, &live, &empty(&live)), [Some(0), Some(0), Some(0)]);
        assert_eq!(counted_impact(Kind::Processes, &archived, &empty(&archived)), [None, None, None]);
        // It has been archived since it was listed.
        assert_eq!(counted_impact(Kind::Processes, &live, &empty(&archived)), [None, None, None]);
        let mut full = archived.clone();
        full["tasks"] = json!([{"id": 1, "completed_at": "2026-01-01T00:00:00Z", "threads": [{"id": 2}]}]);
        assert_eq!(
            counted_impact(Kind::Processes, &archived, &CountResponse::Record(full)),
            [Some(0), None, Some(1)]
        );
    }

    #[test]
    fn without_an_answer_only_what_the_record_says_is_known() {
        let template = json!({"id": "a1", "title": "x", "steps_count": "7"});
        assert_eq!(counted_impact(Kind::Templates, &template, &CountResponse::Nothing), [None, Some(7)]);
        assert_eq!(counted_impact(Kind::Templates, &template, &CountResponse::Total(3)), [Some(3), Some(7)]);
        assert_eq!(
            counted_impact(Kind::Templates, &json!({"id": "a1"}), &CountResponse::Total(0)),
            [Some(0), None]
        );
        let group = json!({"id": "a1", "name": "x", "members": [1, "2"], "guests": []});
        assert_eq!(counted_impact(Kind::Groups, &group, &CountResponse::Nothing), [Some(2), Some(0)]);
    }

    #[test]
    fn a_sample_is_spread_over_all() {
        let record = |n: usize| Record::new(Kind::Tags, Id::new(&n.to_string()).unwrap(), Vec::new());
        let records: Vec<Record> = (0..100).map(record).collect();
        let all: Vec<&Record> = records.iter().collect();
        let ids = |n| spread(&all, n).map(|record| record.id().to_string()).collect::<Vec<_>>();
        assert_eq!(ids(4), ["0", "25", "50", "75"]);
        assert_eq!(ids(100).len(), 100);
        assert_eq!(ids(0), Vec::<String>::new());
    }
}
