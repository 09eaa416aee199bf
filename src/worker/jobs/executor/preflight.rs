//! What stands before a permanent deletion: a last look at the record, and a copy of it.
//!
//! Owns that nothing is deleted which has changed since it was confirmed, nor anything of which no backup could be made
//! where one is wanted. Must not send anything that changes something.

use std::time::Duration;

use serde_json::Value;

use super::{JobExecutor, StepResult};
use crate::app::event::StepRemark;
use crate::model::failure::Failure;
use crate::model::kind::Action;
use crate::model::outcome::Outcome;
use crate::model::plan::Step;
use crate::model::record::Record;
use crate::model::time::Moment;
use crate::worker::records::lookup::{FoundRecord, Freshness};

/// A look this old does not tell any more what is deleted: the job was held, or the server asked for a pause.
const STALE: Duration = Duration::from_secs(30);

/// A step that may be sent.
#[derive(Debug, Default)]
pub(super) struct ReadyStep {
    /// The copy of its record, where one was taken: below the folder of all copies.
    pub(super) copy: Option<String>,
    /// What has to be known of that copy.
    pub(super) remark: Option<StepRemark>,
    /// When its record was looked at last, where that matters.
    looked: Option<Moment>,
}

impl ReadyStep {
    /// Whether its record must be looked at again before it is sent.
    pub(super) fn is_stale(&self, now: Moment) -> bool {
        self.looked.is_some_and(|looked| now.age_of(looked).is_none_or(|age| age > STALE))
    }
}

impl JobExecutor {
    /// Looks at the record of a deletion once more and copies it; answers how the step ends if it must not be sent.
    pub(super) async fn prepare(&self, number: usize, step: &Step) -> Result<ReadyStep, StepResult> {
        if self.job.plan.action != Action::Delete {
            return Ok(ReadyStep::default());
        }
        let (value, looked) = self.look(step, Freshness::Recent, "not sent").await?;
        // The copy of a record that is archived first was taken before that.
        let is_copied = step.after.is_some() || !self.job.plan.options.backup;
        let backup = if is_copied { None } else { Some(self.back_up(step, &value).await?) };
        tracing::debug!(number, copied = backup.is_some(), "prepared");
        let (copy, remark) = backup.map(|backup| (backup.file, backup.remark)).unzip();
        Ok(ReadyStep { copy, remark: remark.flatten(), looked: Some(looked) })
    }

    /// Looks once more at what has waited for long, or was turned away. The copy of what has not changed stays good.
    pub(super) async fn renew(
        &self,
        step: &Step,
        ready: ReadyStep,
        was_sent: bool,
    ) -> Result<ReadyStep, StepResult> {
        let unsent = if was_sent { "turned away and not sent again" } else { "not sent" };
        let (_, looked) = self.look(step, Freshness::New, unsent).await?;
        Ok(ReadyStep { looked: Some(looked), ..ready })
    }

    /// The record as it is now, if it is what it was; with when that was known.
    async fn look(&self, step: &Step, age: Freshness, unsent: &str) -> Result<(Value, Moment), StepResult> {
        let unread = |failure: Failure| {
            let action = step.word();
            StepResult::new(
                Outcome::Failed,
                format!("{unsent}, no look before the {action}: {}", failure.words),
            )
        };
        let (now, said, at) = match self.lookup.look(&step.record, age).await.map_err(unread)? {
            FoundRecord::There { record, said, at } => (record, said, at),
            FoundRecord::Gone => {
                let words = format!("{unsent}: it is not there any more");
                return Err(StepResult::new(Outcome::AlreadyGone, words));
            }
        };
        let expected = self.expected(step);
        if let Some(field) = expected.unshown(&now) {
            let words = format!("{unsent}: the server answered without its {field}");
            return Err(StepResult::new(Outcome::Failed, words));
        }
        match expected.difference(&now) {
            Some(difference) => {
                let words = format!("{unsent}, changed since it was loaded: {difference}");
                Err(StepResult::new(Outcome::Changed, words))
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
}
