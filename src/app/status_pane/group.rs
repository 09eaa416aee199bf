//! What went wrong in a job, grouped by cause.
//!
//! Owns when two losses have the same cause, and how the requests of a group read for somebody who wants to send or keep
//! them. Must not know where a text goes.

use std::cmp::Reverse;

use indexmap::IndexMap;
use jiff::Timestamp;

use crate::model::kind::Action;
use crate::model::outcome::Outcome;
use crate::model::record::Record;
use crate::model::shell::curl;
use crate::model::{export, text};

/// A request that left, as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentRequest {
    /// The method on the wire.
    pub method: &'static str,
    /// The URL, which holds no secret.
    pub url: String,
    /// The status of the answer, if one came.
    pub status: Option<u16>,
}

/// A step that did not succeed.
#[derive(Debug, Clone)]
pub struct FailedStep {
    /// When it ended.
    pub at: Timestamp,
    /// Its record.
    pub record: Record,
    /// What was tried.
    pub action: Action,
    /// How it ended.
    pub outcome: Outcome,
    /// Why.
    pub reason: String,
    /// The last request it sent, if one left.
    pub sent: Option<SentRequest>,
}

/// Losses of one cause.
#[derive(Debug, Clone)]
pub struct FailureGroup {
    /// How they ended.
    pub outcome: Outcome,
    /// Why, without what differs from one to the other.
    pub words: String,
    /// All of them, in the order they ended.
    pub losses: Vec<FailedStep>,
}

/// Units before which a number is how large one thing was.
const SIZES: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];

/// What stands for a part of a reason that belongs to one record alone.
const PARTICULAR: &str = "…";

/// The losses by cause: the most certain outcome first, and of each the cause of most losses.
#[must_use]
pub fn groups(losses: Vec<FailedStep>) -> Vec<FailureGroup> {
    let mut causes: IndexMap<(Outcome, String), Vec<FailedStep>> = IndexMap::new();
    for loss in losses {
        causes.entry((loss.outcome, gist(&loss.reason, &loss.record))).or_default().push(loss);
    }
    let mut groups: Vec<FailureGroup> = causes
        .into_iter()
        .map(|((outcome, gist), losses)| {
            let same = losses.iter().all(|loss| loss.reason == losses[0].reason);
            let words = if same { losses[0].reason.clone() } else { gist };
            FailureGroup { outcome, words, losses }
        })
        .collect();
    groups.sort_by_key(|group| (group.outcome, Reverse(group.losses.len())));
    groups
}

/// A reason without the record's name and id, nor other ids, numbers and times as long as such.
fn gist(reason: &str, record: &Record) -> String {
    let mut reason = text::clean(reason).into_owned();
    for own in [record.name().to_owned(), record.id().to_string()] {
        if own.chars().count() > 2 {
            reason = reason.replace(&own, PARTICULAR);
        }
    }
    let words: Vec<&str> = reason.split_whitespace().collect();
    let is_size =
        |n: usize| words.get(n + 1).is_some_and(|unit| SIZES.contains(&unit.trim_matches([',', ':'])));
    let gist = words.iter().enumerate().map(|(n, word)| match word.parse::<f64>() {
        Ok(_) if is_size(n) => PARTICULAR.to_owned(),
        _ => without_particulars(word),
    });
    gist.collect::<Vec<_>>().join(" ")
}

fn without_particulars(word: &str) -> String {
    let core = word.trim_matches(|c: char| !c.is_alphanumeric());
    let is_particular = core.chars().count() >= 5 && core.chars().any(|c| c.is_ascii_digit());
    if is_particular { word.replace(core, PARTICULAR) } else { word.to_owned() }
}

impl FailureGroup {
    /// `12 refused: The process must be archived first`
    #[must_use]
    pub fn sentence(&self) -> String {
        format!("{} {}: {}", text::grouped(self.losses.len() as u64), self.outcome.word(), self.words)
    }

    /// The requests that left, one command a line.
    #[must_use]
    pub fn curls(&self) -> Vec<String> {
        self.losses
            .iter()
            .filter_map(|loss| loss.sent.as_ref())
            .map(|sent| curl(sent.method, &sent.url))
            .collect()
    }

    /// A name for a file of it: `tidyfy-refused-20261122-190501.csv`.
    #[must_use]
    pub fn file_name(&self, stamp: &str) -> String {
        format!("tidyfy-{}-{stamp}.csv", self.outcome.word().replace(' ', "-"))
    }

    /// All that is known of its losses, a line each under a line of heads.
    #[must_use]
    pub fn csv(&self) -> String {
        export::csv(&HEADS, self.losses.iter().map(|loss| cells(loss).to_vec()))
    }
}

const HEADS: [&str; 10] =
    ["time", "action", "kind", "id", "name", "method", "path", "outcome", "status", "reason"];

fn cells(loss: &FailedStep) -> [String; HEADS.len()] {
    let sent = loss.sent.as_ref();
    [
        loss.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        loss.record.kind().row().words.action(loss.action).to_owned(),
        loss.record.kind().row().slug.to_owned(),
        loss.record.id().to_string(),
        loss.record.name().to_owned(),
        sent.map_or("", |sent| sent.method).to_owned(),
        sent.map_or("", |sent| path(&sent.url)).to_owned(),
        loss.outcome.word().to_owned(),
        sent.and_then(|sent| sent.status).map(|status| status.to_string()).unwrap_or_default(),
        loss.reason.clone(),
    ]
}

/// What follows the host in a URL.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("", |at| &rest[at..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Id;
    use crate::model::kind::Kind;
    use crate::model::record::Draft;

    fn loss(n: u64, name: &str, outcome: Outcome, reason: &str) -> FailedStep {
        let mut drafts = vec![Draft::Text(name.to_owned())];
        drafts.resize(Kind::Processes.row().fields.len(), Draft::Missing);
        let record = Record::new(Kind::Processes, Id::new(&format!("{n:032x}")).unwrap(), drafts);
        let sent = (outcome != Outcome::Changed).then(|| SentRequest {
            method: "DELETE",
            url: format!("https://go.tallyfy.com/api/organizations/e0/runs/{n:032x}"),
            status: Some(422),
        });
        let at = "2026-11-22T19:05:01Z".parse().unwrap();
        FailedStep { at, record, action: Action::Delete, outcome, reason: reason.to_owned(), sent }
    }

    #[test]
    fn names_ids_and_times_do_not_split_a_cause() {
        let changed =
            |day: u32| format!("updated was 2026-11-{day:02}T10:00:00Z, is 2026-12-{day:02}T10:00:00Z");
        let all = groups(vec![
            loss(1, "Audit", Outcome::Changed, &changed(1)),
            loss(2, "Audit", Outcome::Changed, &changed(2)),
            loss(3, "Renewal 00003", Outcome::Refused, "The process `Renewal 00003` must be archived first"),
            loss(4, "Audit 9", Outcome::Refused, "The process `Audit 9` must be archived first"),
            loss(5, "Audit 9", Outcome::Refused, "no access to this"),
            loss(6, "x", Outcome::Failed, "no answer in 30 s"),
            loss(7, "y", Outcome::Failed, "no answer in 30 s"),
            loss(8, "z", Outcome::Failed, "the server answered 502"),
            loss(10, "v", Outcome::Failed, "no room for 3.0 MB, 2.4 MB are free"),
            loss(11, "w", Outcome::Failed, "no room for 1.2 MB, 0.9 MB are free"),
            loss(12, "u", Outcome::Failed, "no room for 7 MB, 0.2 MB are free"),
            loss(
                9,
                "z",
                Outcome::Unknown,
                "no run 0000000a of 77777777 (id 00000000000000000000000000000009)",
            ),
        ]);
        let sentences: Vec<String> = all.iter().map(FailureGroup::sentence).collect();
        assert_eq!(
            sentences,
            [
                "2 refused: The process `…` must be archived first",
                "1 refused: no access to this",
                "3 failed: no room for … MB, … MB are free",
                "2 failed: no answer in 30 s",
                "1 failed: the server answered 502",
                "1 unknown: no run 0000000a of 77777777 (id 00000000000000000000000000000009)",
                "2 changed: updated was …, is …",
            ]
        );
        assert_eq!(all.iter().map(|group| group.losses.len()).sum::<usize>(), 12);
        assert!(all[6].curls().is_empty(), "nothing of these was sent");
    }

    #[test]
    fn a_request_is_a_command_no_shell_misreads() {
        let group = &groups(vec![loss(3, "x", Outcome::Refused, "no")])[0];
        assert_eq!(
            group.curls(),
            ["curl -X DELETE \
              'https://go.tallyfy.com/api/organizations/e0/runs/00000000000000000000000000000003' \
              -H \"Authorization: Bearer $TALLYFY_ACCESS_TOKEN\" -H 'Accept: application/json' \
              -H 'X-Tallyfy-Client: APIClient'"]
        );
    }

    #[test]
    fn a_page_of_losses_holds_no_formula() {
        let group = &groups(vec![
            loss(1, "=SUM(A1)", Outcome::Refused, "no \"access\", sorry"),
            loss(2, "  @x", Outcome::Refused, "no \"access\", sorry"),
        ])[0];
        assert_eq!(group.file_name("20261122-190501"), "tidyfy-refused-20261122-190501.csv");
        let page = group.csv();
        let lines: Vec<&str> = page.lines().collect();
        assert_eq!(lines[0], "time,action,kind,id,name,method,path,outcome,status,reason");
        assert_eq!(
            lines[1],
            "2026-11-22T19:05:01Z,delete,processes,00000000000000000000000000000001,'=SUM(A1),DELETE,\
             /api/organizations/e0/runs/00000000000000000000000000000001,refused,422,\"no \"\"access\"\", sorry\""
        );
        assert!(lines[2].contains(",'  @x,") && lines.len() == 3);
    }
}
