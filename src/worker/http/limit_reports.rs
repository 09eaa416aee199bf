//! Tells the screen what the gate is doing: that requests wait, what is left of the budgets, and which answers are late.
//!
//! Owns the comparing of what is with what was told last, so that nothing is told twice. Must not let anything through
//! the gate nor hold it back.

use std::time::Duration;

use tokio::time::Instant;

use crate::app::event::{EventKind, LateResponses, LimitWait, RemainingLimit};
use crate::worker::http::permits::RateGate;
use crate::worker::http::rate_limiter::{Delay, LimiterPause};
use crate::worker::response_sender::ResponseSender;

/// The budget is told about at most so often: figures that change faster cannot be read.
const EVERY: Duration = Duration::from_millis(500);
/// A shorter wait is over before a person has read of it.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// Watches `gate` for as long as it is polled. An answer is waited for until `timeout`.
pub(crate) async fn watch(gate: &RateGate, post: &ResponseSender, timeout: Duration) {
    let mut told = LastReported { pause: None, allowance: None, at: None, unanswered: None, timeout };
    gate.watch(|| told.look(gate, post)).await;
}

struct LastReported {
    pause: Option<LimiterPause>,
    allowance: Option<RemainingLimit>,
    /// When the allowance was told last.
    at: Option<Instant>,
    unanswered: Option<LateResponses>,
    timeout: Duration,
}

impl LastReported {
    /// Tells what is new, and answers when to look again.
    fn look(&mut self, gate: &RateGate, post: &ResponseSender) -> Delay {
        let now = Instant::now();
        let mut limiter = gate.limiter();
        let pause = limiter.waits(now).filter(|pause| {
            pause.until >= now + WORTH_TELLING || self.pause.as_ref().is_some_and(|told| told.until > now)
        });
        let allowance = limiter.allowance(now);
        let changes = limiter.changes_at(now);
        drop(limiter);
        let ends = pause.as_ref().map(|pause| pause.until);
        if pause != self.pause {
            let wait = |pause: &LimiterPause| LimitWait {
                since: post.clock.tick(now),
                until: post.clock.tick(pause.until),
                why: pause.why.clone(),
            };
            post.tell(EventKind::Waiting(pause.as_ref().map(wait)));
            self.pause = pause;
        }
        let again = self.tell_allowance(allowance, now, post).or(changes.filter(|_| allowance.is_some()));
        let late = self.tell_unanswered(gate, now, post);
        match [ends, again, late].into_iter().flatten().min() {
            Some(instant) => Delay::At(instant),
            None => Delay::AfterChange,
        }
    }

    /// Tells which requests of jobs have waited for an answer long enough to be told; answers when the next will have.
    fn tell_unanswered(&mut self, gate: &RateGate, now: Instant, post: &ResponseSender) -> Option<Instant> {
        let in_flight = gate.unanswered();
        let is_late = |oldest: Instant| oldest + WORTH_TELLING <= now;
        let unanswered =
            in_flight.filter(|(_, oldest, _)| is_late(*oldest)).map(|(count, oldest, newest)| {
                let (oldest, newest) = (post.clock.tick(oldest), post.clock.tick(newest));
                LateResponses { count, oldest, newest, timeout: self.timeout }
            });
        if unanswered != self.unanswered {
            post.tell(EventKind::Unanswered(unanswered));
            self.unanswered = unanswered;
        }
        in_flight.map(|(_, oldest, _)| oldest + WORTH_TELLING).filter(|due| *due > now)
    }

    /// Tells the allowance if it is new; where that comes too soon after the last time, answers when it may be told.
    fn tell_allowance(
        &mut self,
        allowance: Option<RemainingLimit>,
        now: Instant,
        post: &ResponseSender,
    ) -> Option<Instant> {
        if allowance == self.allowance {
            return None;
        }
        let due = self.at.map(|at| at + EVERY).filter(|due| *due > now);
        if due.is_none() {
            post.tell(EventKind::Budget(allowance));
            (self.allowance, self.at) = (allowance, Some(now));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::limits::{Budget, Limits};
    use crate::worker::clock::Clock;
    use crate::worker::http::rate_limiter::{PermitEnd, Priority};
    use jiff::Timestamp;
    use tokio::sync::mpsc;

    #[tokio::test(start_paused = true)]
    async fn a_budget_is_told_while_it_is_used_up_and_when_it_is_whole_again() {
        let window = Duration::from_secs(5);
        let limits = Limits { all: vec![Budget { count: 10, window }], reads: vec![] };
        let gate = RateGate::new(&limits, 16);
        let (sender, mut messages) = mpsc::unbounded_channel();
        let post = ResponseSender::new(Clock::starting_at(Timestamp::UNIX_EPOCH), sender);
        let spend = async {
            for _ in 0..30 {
                let mut place = gate.place(Priority::Job, false).await;
                place.leave();
                place.ended(PermitEnd::Answered);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            tokio::time::sleep(window * 2).await;
        };
        tokio::select! { () = watch(&gate, &post, Duration::from_secs(30)) => {}, () = spend => {} }
        let (mut told, mut waits) = (Vec::new(), Vec::new());
        while let Ok(message) = messages.try_recv() {
            match message.event_kind {
                EventKind::Budget(allowance) => told.push((message.at.tick, allowance)),
                EventKind::Waiting(wait) => waits.push(wait.map(|wait| wait.why)),
                EventKind::Unanswered(_) => {}
                _ => panic!("{message:?}"),
            }
        }
        let wait = Some("the server allows 10 requests in 5 s".to_owned());
        assert_eq!(waits, [wait.clone(), None, wait, None]);
        assert!(told.windows(2).all(|pair| pair[1].0 - pair[0].0 >= EVERY && pair[0].1 != pair[1].1));
        assert_eq!(told[0].1, Some(RemainingLimit { left: 7, of: 10 }));
        assert!(told.iter().any(|(_, allowance)| *allowance == Some(RemainingLimit { left: 0, of: 10 })));
        assert_eq!(told.last().unwrap().1, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_told_when_it_begins_grows_and_ends() {
        let gate = RateGate::new(&Limits::off(), 16);
        let (sender, mut messages) = mpsc::unbounded_channel();
        let post = ResponseSender::new(Clock::starting_at(Timestamp::UNIX_EPOCH), sender);
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let throttle = async {
            for until in [3, 2, 5] {
                gate.limiter().hold(start, second * until, "asked");
                gate.changed();
                tokio::task::yield_now().await;
            }
            tokio::time::sleep(second * 9).await;
        };
        tokio::select! { () = watch(&gate, &post, Duration::from_secs(30)) => {}, () = throttle => {} }
        let wait =
            |until| Some(LimitWait { since: Duration::ZERO, until: second * until, why: "asked".to_owned() });
        let mut told = Vec::new();
        while let Ok(message) = messages.try_recv() {
            let EventKind::Waiting(wait) = message.event_kind else { panic!("{message:?}") };
            told.push((message.at.tick, wait));
        }
        let wanted = [(Duration::ZERO, wait(3)), (Duration::ZERO, wait(5)), (second * 5, None)];
        assert_eq!(told, wanted);
    }
}
