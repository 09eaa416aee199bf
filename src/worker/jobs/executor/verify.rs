//! What came of a request.
//!
//! Owns the way from an answer, or from none, to an outcome: where the answer cannot be trusted the record is read back,
//! and the outcome follows from what is there (API sheet, section 4.4). Nothing is ever sent again from here.

use std::future::Future;
use std::time::Duration;

use tokio::time::sleep;

use super::{AttemptResult, JobExecutor, StepResult, answered_record};
use crate::app::event::StepRemark;
use crate::model::failure::Failure;
use crate::model::kind::Action;
use crate::model::outcome::{Outcome, ReadBack, ResponseVerdict, judge, settled};
use crate::model::plan::Step;
use crate::storage::journal::StepEnd;
use crate::tallyfy::{ActionResponse, decode};
use crate::worker::http::executor::MOST_REFUSALS;
use crate::worker::jobs::control::JobState;
use crate::worker::jobs::executor::journal_log::kept;
use crate::worker::records::lookup::{Freshness, RecordLookup};

/// Between two looks at a record that a late request may still change.
const PATIENCE: Duration = Duration::from_secs(5);
/// A success that proves nothing may have been queued, so that it may still take effect.
const DOUBTED: ResponseVerdict = ResponseVerdict::ReadBack { patiently: true };
/// How long what is under way is still looked after once the job is closed.
const LATE: Duration = Duration::from_secs(15);

impl JobExecutor {
    /// Notes what came of a request, and ends its step; nothing if it is to be sent again.
    pub(super) async fn summary(
        &self,
        (number, attempt): (usize, u32),
        step: &Step,
        refusals: u32,
        (took, answer): (Duration, Result<ActionResponse, Failure>),
    ) -> Option<AttemptResult> {
        let (judgement, words) = match &answer {
            Ok(ActionResponse { doubt: None, .. }) => (ResponseVerdict::Ended(Outcome::Done), ""),
            Ok(ActionResponse { doubt: Some(words), .. }) => (DOUBTED, words.as_str()),
            Err(failure) => (judge(failure, step.row.missing), failure.words.as_str()),
        };
        let known = match (&answer, judgement) {
            (Ok(answered), ResponseVerdict::Ended(_)) => Some(done(step, answered)),
            (Err(_), ResponseVerdict::Ended(outcome)) => Some(StepResult::new(outcome, words)),
            (_, ResponseVerdict::Again) if refusals >= MOST_REFUSALS => {
                let words = format!("turned away {MOST_REFUSALS} times in a row: {words}");
                Some(StepResult::new(Outcome::Failed, words))
            }
            _ => None,
        };
        let end = known.as_ref().map(|settled| self.end(number, settled));
        self.note(self.chronicle.answered((number, attempt), took, &answer, end.clone()).await);
        if let (Some(settled), Some(end)) = (known, end) {
            return Some(AttemptResult::Ended(end, settled));
        }
        let settled = match judgement {
            ResponseVerdict::Missing => {
                let settled = confirm_gone(&self.lookup, step, words);
                self.or_late(settled, Outcome::Refused, words).await
            }
            ResponseVerdict::ReadBack { patiently } => {
                let reading = ReadBackTarget { patiently, words: words.to_owned() };
                let settled = read_back(&self.lookup, step, &reading);
                let settled = self.or_late(settled, Outcome::Unknown, words).await;
                // The answer that was doubted is the only record of these (API sheet, section 6.2).
                StepResult { remark: answer.as_ref().ok().and_then(stripped), ..settled }
            }
            // Turned away, or locked out: the session lets nothing leave until it may be sent again.
            ResponseVerdict::Ended(_) | ResponseVerdict::Again | ResponseVerdict::Locked => return None,
        };
        Some(self.conclude_one(number, settled).await)
    }

    /// What a look brings; once the job is closed it is not waited for much longer, for it may wait for a token or for
    /// the network.
    async fn or_late(
        &self,
        look: impl Future<Output = StepResult>,
        otherwise: Outcome,
        words: &str,
    ) -> StepResult {
        let late = async {
            self.job.control.until(JobState::is_closed).await;
            sleep(LATE).await;
        };
        tokio::select! {
            biased;
            settled = look => settled,
            () = late => StepResult::new(otherwise, format!("{words}; it could not be read back before the job ended")),
        }
    }

    /// Puts the end of a step on disk for which nothing is under way any more.
    pub(super) async fn conclude_one(&self, number: usize, settled: StepResult) -> AttemptResult {
        let end = self.end(number, &settled);
        self.note(self.chronicle.ended(vec![end.clone()]).await);
        AttemptResult::Ended(end, settled)
    }

    fn end(&self, number: usize, settled: &StepResult) -> StepEnd {
        let mut end = self.chronicle.end(number, settled.outcome, settled.reason.clone());
        if let Some(StepRemark::Stripped(references)) = &settled.remark {
            end.kept = kept(references);
        }
        end
    }

    /// A job of which something could not be noted goes no further.
    pub(super) fn note(&self, noted: Result<(), Failure>) {
        if let Err(failure) = noted {
            self.stop(failure);
        }
    }
}

fn done(step: &Step, answered: &ActionResponse) -> StepResult {
    let (record, remark) = (answered_record(step, answered), stripped(answered));
    StepResult { outcome: Outcome::Done, reason: None, record, remark }
}

/// The references that an answer says were removed, if any.
fn stripped(answered: &ActionResponse) -> Option<StepRemark> {
    let stripped = answered.body.as_ref().map(decode::references).unwrap_or_default();
    (!stripped.is_empty()).then_some(StepRemark::Stripped(stripped))
}

/// The server knows no such record: it is gone if a look finds it nowhere. Else the refusal stands.
async fn confirm_gone(lookup: &RecordLookup, step: &Step, refusal: &str) -> StepResult {
    match lookup.look(&step.record, Freshness::New).await.map(ReadBack::from) {
        Ok(ReadBack::Gone) => StepResult::new(Outcome::AlreadyGone, refusal),
        Ok(ReadBack::There(_)) => StepResult::new(Outcome::Refused, refusal),
        Err(failure) => {
            let words = format!("{refusal}; whether it is gone could not be read: {}", failure.words);
            StepResult::new(Outcome::Refused, words)
        }
    }
}

/// What is to be read back.
#[derive(Debug)]
pub(in crate::worker) struct ReadBackTarget {
    /// Whether the request may still take effect, so that a record found unchanged is looked at twice.
    pub(in crate::worker) patiently: bool,
    /// What came instead of an answer to trust.
    pub(in crate::worker) words: String,
}

/// Reads back what a request did that met no answer to trust. One that may still take effect is looked at twice before
/// it counts as certainly not done.
pub(in crate::worker) async fn read_back(
    lookup: &RecordLookup,
    step: &Step,
    reading: &ReadBackTarget,
) -> StepResult {
    let ReadBackTarget { patiently, words } = reading;
    // What has been archived or restored and is in neither list is more likely between the two than gone.
    let moves = step.row.action != Action::Delete;
    let (mut looks, mut first) = (if *patiently { 2 } else { 1 }, true);
    loop {
        looks -= 1;
        let found = match lookup.look(&step.record, Freshness::New).await {
            Ok(seen) => ReadBack::from(seen),
            Err(failure) => {
                let words = format!("{words}; reading it back failed too: {}", failure.words);
                return StepResult::new(Outcome::Unknown, words);
            }
        };
        let outcome = settled(step.row.action, &found);
        if std::mem::take(&mut first) && moves && outcome == Outcome::AlreadyGone {
            looks = looks.max(1);
        }
        if outcome != Outcome::Done && looks > 0 {
            sleep(PATIENCE).await;
            continue;
        }
        let state = match &found {
            ReadBack::Gone => "it is not there any more".to_owned(),
            ReadBack::There(record) if record.is_archived() => {
                format!("it is there, {}", record.kind().row().words.archived)
            }
            ReadBack::There(_) if step.record.kind().row().archives() => "it is there, live".to_owned(),
            ReadBack::There(_) => "it is still there".to_owned(),
        };
        let record = match found {
            ReadBack::There(record) if outcome == Outcome::Done => Some(record),
            _ => None,
        };
        let reason = Some(format!("{words}; read back: {state}"));
        return StepResult { outcome, reason, record, remark: None };
    }
}
