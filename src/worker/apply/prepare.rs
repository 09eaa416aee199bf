//! What stands before a permanent deletion: a last look at the record, and a copy of it.
//!
//! Owns that nothing is deleted which has changed since it was confirmed, nor anything of which no copy could be kept
//! where one is wanted. Must not send anything that changes something.

use std::time::Duration;

use serde_json::Value;

use super::{Running, Settled};
use crate::app::message::Remark;
use crate::backups::{Item, Kept};
use crate::model::failure::Failure;
use crate::model::kind::Verb;
use crate::model::moment::Moment;
use crate::model::outcome::Outcome;
use crate::model::past::BYTES_LOST;
use crate::model::plan::Step;
use crate::model::record::Record;
use crate::worker::fetch;
use crate::worker::pace::Urgency;
use crate::worker::truth::{Age, Seen};

/// A look this old does not tell any more what is deleted: the job was held, or the server asked for a pause.
const STALE: Duration = Duration::from_secs(30);

/// A step that may be sent.
#[derive(Debug, Default)]
pub(super) struct Ready {
    /// The copy of its record, where one was taken: below the folder of all copies.
    pub(super) copy: Option<String>,
    /// When its record was looked at last, where that matters.
    looked: Option<Moment>,
}

impl Ready {
    /// Whether its record must be looked at again before it is sent.
    pub(super) fn is_stale(&self, now: Moment) -> bool {
        self.looked.is_some_and(|looked| now.age_of(looked).is_none_or(|age| age > STALE))
    }
}

impl Running {
    /// Looks at the record of a deletion once more and copies it; answers how the step ends if it must not be sent.
    pub(super) async fn prepare(&self, number: usize, step: &Step) -> Result<Ready, Settled> {
        if self.job.plan.verb != Verb::Delete {
            return Ok(Ready::default());
        }
        let (value, looked) = self.look(step, Age::Recent, "not sent").await?;
        // The copy of a record that is archived first was taken before that.
        let is_copied = step.after.is_some() || !self.job.plan.options.backup;
        let copy = if is_copied { None } else { Some(self.copy(step, &value).await?) };
        tracing::debug!(number, copied = copy.is_some(), "prepared");
        Ok(Ready { copy, looked: Some(looked) })
    }

    /// Looks once more at what has waited for long, or was turned away. The copy of what has not changed stays good.
    pub(super) async fn renew(&self, step: &Step, ready: Ready, was_sent: bool) -> Result<Ready, Settled> {
        let unsent = if was_sent { "turned away and not sent again" } else { "not sent" };
        let (_, looked) = self.look(step, Age::New, unsent).await?;
        Ok(Ready { looked: Some(looked), ..ready })
    }

    /// The record as it is now, if it is what it was; with when that was known.
    async fn look(&self, step: &Step, age: Age, unsent: &str) -> Result<(Value, Moment), Settled> {
        let unread = |failure: Failure| {
            let verb = step.word();
            Settled::new(Outcome::Failed, format!("{unsent}, no look before the {verb}: {}", failure.words))
        };
        let (now, said, at) = match self.truth.look(&step.record, age).await.map_err(unread)? {
            Seen::There { record, said, at } => (record, said, at),
            Seen::Gone => {
                let words = format!("{unsent}: it is not there any more");
                return Err(Settled::new(Outcome::AlreadyGone, words));
            }
        };
        match self.expected(step).difference(&now) {
            Some(difference) => {
                let words = format!("{unsent}, changed since it was loaded: {difference}");
                Err(Settled::new(Outcome::Changed, words))
            }
            None => Ok((said, at)),
        }
    }

    /// What a record should look like: as it was shown, or as our own archiving left it.
    fn expected(&self, step: &Step) -> Record {
        let Some(first) = step.after else { return step.record.clone() };
        let answered = self.progress().archived.get(&first).cloned();
        answered.unwrap_or_else(|| step.record.with_archived(Some(self.job.confirmed)))
    }

    async fn copy(&self, step: &Step, value: &Value) -> Result<String, Settled> {
        let folder = self.folder.get().ok_or_else(|| uncopied("the job has no number"))?;
        let record = &step.record;
        let item = Item {
            kind: record.kind().row().slug,
            id: record.id().to_string(),
            name: record.name().to_owned(),
        };
        let json = serde_json::to_vec_pretty(value).map_err(|why| uncopied(&why.to_string()))?;
        let mut kept = folder.keep_record(&item, json).await.map_err(|why| uncopied(&why.to_string()))?;
        if let Some(route) = record.stored_bytes() {
            kept = self.copy_bytes(step, route, &item).await?;
        }
        let name = folder.path().file_name().map(|name| name.to_string_lossy().into_owned());
        Ok(format!("{}/{}", name.unwrap_or_default(), kept.file))
    }

    /// Streams the bytes of a file to the disk.
    async fn copy_bytes(&self, step: &Step, route: &str, item: &Item) -> Result<Kept, Settled> {
        let lost = |failure: Failure| {
            let is_gone = fetch::says_lost(&failure);
            let words = match is_gone {
                true => format!("{BYTES_LOST}: {}", failure.words),
                false => failure.words,
            };
            Settled { remark: is_gone.then_some(Remark::BytesGone), ..uncopied(&words) }
        };
        let folder = self.folder.get().ok_or_else(|| uncopied("the job has no number"))?;
        let mut download = fetch::begin(&self.job.session, (Urgency::Job, "copy"), route, &step.record)
            .await
            .map_err(lost)?;
        let begun = folder.begin_bytes(item, &item.name, download.length).await;
        let mut incoming = begun.map_err(|why| uncopied(&why.to_string()))?;
        while let Some(chunk) = download.chunk().await.map_err(|failure| uncopied(&failure.words))? {
            incoming.write(chunk).await.map_err(|why| uncopied(&why.to_string()))?;
        }
        incoming.finish().await.map_err(|why| uncopied(&why.to_string()))
    }
}

/// How a step ends of which there is no copy. The store of copies may have said so by itself.
fn uncopied(why: &str) -> Settled {
    let why = why.strip_prefix("no copy could be kept: ").unwrap_or(why);
    Settled::new(Outcome::Failed, format!("not sent, no copy could be kept: {why}"))
}
