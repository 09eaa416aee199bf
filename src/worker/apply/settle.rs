//! What came of a request.
//!
//! Owns the way from an answer, or from none, to an outcome: where the answer cannot be trusted the record is read back,
//! and the outcome follows from what is there (API sheet, section 4.4). Nothing is ever sent again from here.

use std::future::Future;
use std::time::Duration;

use tokio::time::sleep;

use super::chronicle::kept;
use super::{Passed, Running, Settled, answered_record};
use crate::app::message::Remark;
use crate::journal::StepEnd;
use crate::model::failure::Failure;
use crate::model::kind::Verb;
use crate::model::outcome::{Found, Judgement, Outcome, judge, settled};
use crate::model::plan::Step;
use crate::tallyfy::{Answered, decode};
use crate::worker::reins::Gear;
use crate::worker::session::MOST_REFUSALS;
use crate::worker::truth::{Age, Truth};

/// Between two looks at a record that a late request may still change.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long what is under way is still looked after once the job is closed.
const LATE: Duration = Duration::from_secs(15);

impl Running {
    /// Notes what came of a request, and ends its step; nothing if it is to be sent again.
    pub(super) async fn account(
        &self,
        (number, attempt): (usize, u32),
        step: &Step,
        refusals: u32,
        (took, answer): (Duration, Result<Answered, Failure>),
    ) -> Option<Passed> {
        let known = match (&answer, answer.as_ref().err().map(|why| judge(why, step.row.missing))) {
            (Ok(answered), _) => Ok(done(step, answered)),
            (Err(failure), Some(Judgement::Ended(outcome))) => Ok(Settled::new(outcome, &failure.words)),
            (Err(failure), Some(Judgement::Again)) if refusals >= MOST_REFUSALS => {
                let words = format!("turned away {MOST_REFUSALS} times in a row: {}", failure.words);
                Ok(Settled::new(Outcome::Failed, words))
            }
            (Err(failure), judgement) => Err((failure, judgement)),
        };
        let end = known.as_ref().ok().map(|settled| self.end(number, settled));
        self.note(self.chronicle.answered((number, attempt), took, &answer, end.clone()).await);
        let settled = match (known, end) {
            (Ok(settled), Some(end)) => return Some(Passed::Ended(end, settled)),
            (Err((failure, Some(Judgement::Missing))), _) => {
                let settled = confirm_gone(&self.truth, step, failure);
                self.or_late(settled, Outcome::Refused, &failure.words).await
            }
            (Err((failure, Some(Judgement::ReadBack { patiently }))), _) => {
                let reading = Reading { patiently, words: failure.words.clone() };
                let settled = read_back(&self.truth, step, &reading);
                self.or_late(settled, Outcome::Unknown, &failure.words).await
            }
            // Turned away, or locked out: the session lets nothing leave until it may be sent again.
            _ => return None,
        };
        Some(self.conclude_one(number, settled).await)
    }

    /// What a look brings; once the job is closed it is not waited for much longer, for it may wait for a token or for
    /// the network.
    async fn or_late(&self, look: impl Future<Output = Settled>, otherwise: Outcome, words: &str) -> Settled {
        let late = async {
            self.job.reins.until(Gear::is_closed).await;
            sleep(LATE).await;
        };
        tokio::select! {
            biased;
            settled = look => settled,
            () = late => Settled::new(otherwise, format!("{words}; it could not be read back before the job ended")),
        }
    }

    /// Puts the end of a step on disk for which nothing is under way any more.
    pub(super) async fn conclude_one(&self, number: usize, settled: Settled) -> Passed {
        let end = self.end(number, &settled);
        self.note(self.chronicle.ended(vec![end.clone()]).await);
        Passed::Ended(end, settled)
    }

    fn end(&self, number: usize, settled: &Settled) -> StepEnd {
        let mut end = self.chronicle.end(number, settled.outcome, settled.reason.clone());
        if let Some(Remark::Stripped(references)) = &settled.remark {
            end.kept = kept(references);
        }
        end
    }

    /// A job of which something could not be noted goes no further.
    fn note(&self, noted: Result<(), Failure>) {
        if let Err(failure) = noted {
            self.stop(failure);
        }
    }
}

fn done(step: &Step, answered: &Answered) -> Settled {
    let stripped = answered.body.as_ref().map(decode::references).unwrap_or_default();
    let remark = (!stripped.is_empty()).then_some(Remark::Stripped(stripped));
    Settled { outcome: Outcome::Done, reason: None, record: answered_record(step, answered), remark }
}

/// The server knows no such record: it is gone if a look finds it nowhere. Else the refusal stands.
async fn confirm_gone(truth: &Truth, step: &Step, refusal: &Failure) -> Settled {
    match truth.look(&step.record, Age::New).await.map(Found::from) {
        Ok(Found::Gone) => Settled::new(Outcome::AlreadyGone, &refusal.words),
        Ok(Found::There(_)) => Settled::new(Outcome::Refused, &refusal.words),
        Err(failure) => {
            let words = format!("{}; whether it is gone could not be read: {}", refusal.words, failure.words);
            Settled::new(Outcome::Refused, words)
        }
    }
}

/// What is to be read back.
#[derive(Debug)]
pub(in crate::worker) struct Reading {
    /// Whether the request may still take effect, so that a record found unchanged is looked at twice.
    pub(in crate::worker) patiently: bool,
    /// What came instead of an answer to trust.
    pub(in crate::worker) words: String,
}

/// Reads back what a request did that met no answer to trust. One that may still take effect is looked at twice before
/// it counts as certainly not done.
pub(in crate::worker) async fn read_back(truth: &Truth, step: &Step, reading: &Reading) -> Settled {
    let Reading { patiently, words } = reading;
    // What has been archived or restored and is in neither list is more likely between the two than gone.
    let moves = step.row.verb != Verb::Delete;
    let (mut looks, mut first) = (if *patiently { 2 } else { 1 }, true);
    loop {
        looks -= 1;
        let found = match truth.look(&step.record, Age::New).await {
            Ok(seen) => Found::from(seen),
            Err(failure) => {
                let words = format!("{words}; reading it back failed too: {}", failure.words);
                return Settled::new(Outcome::Unknown, words);
            }
        };
        let outcome = settled(step.row.verb, &found);
        if std::mem::take(&mut first) && moves && outcome == Outcome::AlreadyGone {
            looks = looks.max(1);
        }
        if outcome != Outcome::Done && looks > 0 {
            sleep(PATIENCE).await;
            continue;
        }
        let state = match &found {
            Found::Gone => "it is not there any more".to_owned(),
            Found::There(record) if record.is_archived() => {
                format!("it is there, {}", record.kind().row().words.archived)
            }
            Found::There(_) if step.record.kind().row().archives() => "it is there, live".to_owned(),
            Found::There(_) => "it is still there".to_owned(),
        };
        let record = match found {
            Found::There(record) if outcome == Outcome::Done => Some(record),
            _ => None,
        };
        let reason = Some(format!("{words}; read back: {state}"));
        return Settled { outcome, reason, record, remark: None };
    }
}
