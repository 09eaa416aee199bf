//! What stands before a permanent deletion: a last look at the record, and a copy of it.
//!
//! Owns that nothing is deleted which has changed since it was confirmed, nor anything of which no copy could be kept
//! where one is wanted. Must not send anything that changes something.

use serde_json::Value;

use super::{Running, Settled};
use crate::app::message::Remark;
use crate::backups::{Item, Kept};
use crate::model::failure::{Cause, Failure};
use crate::model::kind::Verb;
use crate::model::outcome::Outcome;
use crate::model::past::BYTES_LOST;
use crate::model::plan::Step;
use crate::model::record::Record;
use crate::worker::truth::{Age, Seen};

/// A step that may be sent.
#[derive(Debug, Default)]
pub(super) struct Ready {
    /// The copy of its record, where one was taken: below the folder of all copies.
    pub(super) copy: Option<String>,
}

impl Running {
    /// Looks at the record of a deletion once more and copies it; answers how the step ends if it must not be sent.
    pub(super) async fn prepare(&self, number: usize, step: &Step) -> Result<Ready, Settled> {
        if self.job.plan.verb != Verb::Delete {
            return Ok(Ready::default());
        }
        let unread = |failure: Failure| {
            let verb = step.row.verb.word();
            Settled::new(Outcome::Failed, format!("not sent, no look before the {verb}: {}", failure.words))
        };
        let (now, value) = match self.truth.look(&step.record, Age::Recent).await.map_err(unread)? {
            Seen::There(now, value) => (now, value),
            Seen::Gone => {
                return Err(Settled::new(Outcome::AlreadyGone, "not sent: it is not there any more"));
            }
        };
        let expected = self.expected(step);
        if let Some(difference) = expected.difference(&now) {
            let words = format!("not sent, changed since it was loaded: {difference}");
            return Err(Settled { record: None, ..Settled::new(Outcome::Held, words) });
        }
        // The copy of a record that is archived first was taken before that.
        let is_copied = step.after.is_some() || !self.job.plan.options.backup;
        let copy = if is_copied { None } else { Some(self.copy(step, &value).await?) };
        tracing::debug!(number, copied = copy.is_some(), "prepared");
        Ok(Ready { copy })
    }

    /// What a record should look like: as it was shown, or as our own archiving left it.
    fn expected(&self, step: &Step) -> Record {
        let Some(first) = step.after else { return step.record.clone() };
        let answered = self.progress().archived.get(&first).cloned();
        answered.unwrap_or_else(|| step.record.with_archived(Some(self.job.confirmed)))
    }

    async fn copy(&self, step: &Step, value: &Value) -> Result<String, Settled> {
        let uncopied =
            |why: &str| Settled::new(Outcome::Failed, format!("not sent, no copy could be kept: {why}"));
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
        let failed =
            |why: &str| Settled::new(Outcome::Failed, format!("not sent, no copy could be kept: {why}"));
        let lost = |failure: Failure| {
            let is_gone = matches!(failure.cause, Cause::Server | Cause::NotFound);
            let words = match is_gone {
                true => format!("{BYTES_LOST}: {}", failure.words),
                false => failure.words,
            };
            Settled { remark: is_gone.then_some(Remark::BytesGone), ..failed(&words) }
        };
        let folder = self.folder.get().ok_or_else(|| failed("the job has no number"))?;
        let download = self.job.session.download(route, &step.record).await;
        let mut download = download.map_err(lost)?;
        let begun = folder.begin_bytes(item, &item.name, download.length).await;
        let mut incoming = begun.map_err(|why| failed(&why.to_string()))?;
        while let Some(chunk) = download.chunk().await.map_err(|failure| failed(&failure.words))? {
            incoming.write(chunk).await.map_err(|why| failed(&why.to_string()))?;
        }
        incoming.finish().await.map_err(|why| failed(&why.to_string()))
    }
}
