//! The one gate that every request of a session passes.
//!
//! Owns the waiting for a turn, over [`RateLimiter`], which decides whose it is. A request whose future is dropped while it
//! waits is withdrawn and leaves no trace. Must not know what a request is about.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::model::limits::Limits;
use crate::worker::http::rate_limiter::{Delay, PermitEnd, Priority, RateLimiter};

/// A gate. Clones are the same gate.
#[derive(Debug, Clone)]
pub(crate) struct RateGate(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limiter: Mutex<RateLimiter>,
    changed: Notify,
    /// Something has begun to wait, which is of interest to those who watch alone.
    queued: Notify,
    /// When the requests of jobs left that are in flight, by their numbers.
    jobs: Mutex<BTreeMap<u64, Instant>>,
}

impl RateGate {
    pub(crate) fn new(limits: &Limits, at_once: usize) -> Self {
        Self(Arc::new(Shared {
            limiter: Mutex::new(RateLimiter::new(limits, at_once)),
            changed: Notify::new(),
            queued: Notify::new(),
            jobs: Mutex::default(),
        }))
    }

    /// Waits until a request may leave.
    pub(crate) async fn place(&self, urgency: Priority, read: bool) -> Permit {
        let number = self.limiter().ask(urgency, read);
        let waiting = PermitWaiter { gate: self, number };
        let tried = || waiting.gate.limiter().take(waiting.number, Instant::now());
        if tried().is_err() {
            self.0.queued.notify_waiters();
            self.until(|| tried().err()).await;
        }
        let left = Instant::now();
        if urgency == Priority::Job {
            self.jobs().insert(number, left);
        }
        Permit { gate: self.clone(), number, read, left, end: PermitEnd::Unsent }
    }

    fn jobs(&self) -> MutexGuard<'_, BTreeMap<u64, Instant>> {
        self.0.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many requests of jobs are in flight, and when the first and the last of them left.
    pub(crate) fn unanswered(&self) -> Option<(usize, Instant, Instant)> {
        let jobs = self.jobs();
        Some((jobs.len(), *jobs.values().min()?, *jobs.values().max()?))
    }

    /// Waits until `look` finds nothing more to wait for. It is asked at once, whenever something has changed, and at
    /// the instants it names.
    async fn until(&self, mut look: impl FnMut() -> Option<Delay>) {
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            match look() {
                None => return,
                Some(later) => tokio::select! {
                    () = changed => {}
                    () = reached(later) => {}
                },
            }
        }
    }

    /// Has `look` look at once, whenever something has changed or begun to wait, and at the instants it names, for as long
    /// as it is polled.
    pub(crate) async fn watch(&self, mut look: impl FnMut() -> Delay) {
        loop {
            let (changed, queued) = (self.0.changed.notified(), self.0.queued.notified());
            tokio::pin!(changed, queued);
            changed.as_mut().enable();
            queued.as_mut().enable();
            tokio::select! {
                () = reached(look()) => {}
                () = changed => {}
                () = queued => {}
            }
        }
    }

    /// What decides, to be looked at or told something. Whoever changes it calls [`RateGate::changed`].
    pub(crate) fn limiter(&self) -> MutexGuard<'_, RateLimiter> {
        self.0.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everybody who waits looks again.
    pub(crate) fn changed(&self) {
        self.0.changed.notify_waiters();
    }
}

async fn reached(later: Delay) {
    match later {
        Delay::At(instant) => sleep_until(instant).await,
        Delay::AfterChange => std::future::pending().await,
    }
}

/// A request that waits for its turn.
struct PermitWaiter<'a> {
    gate: &'a RateGate,
    number: u64,
}

impl Drop for PermitWaiter<'_> {
    fn drop(&mut self) {
        self.gate.limiter().withdraw(self.number);
        self.gate.changed();
    }
}

/// Leave to send one request. To be dropped when its answer has come, or nobody waits for it any more.
#[derive(Debug)]
pub(crate) struct Permit {
    gate: RateGate,
    number: u64,
    pub(crate) read: bool,
    /// When the request left.
    pub(crate) left: Instant,
    end: PermitEnd,
}

impl Permit {
    /// The request leaves now. Unless it is said otherwise, nobody knows whether it arrives.
    pub(crate) fn leave(&mut self) {
        self.left = Instant::now();
        self.end = PermitEnd::Lost;
    }

    /// What is known to have become of the request.
    pub(crate) fn ended(mut self, end: PermitEnd) {
        self.end = end;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.gate.jobs().remove(&self.number);
        self.gate.limiter().ended(self.read, self.end, Instant::now());
        self.gate.changed();
    }
}
