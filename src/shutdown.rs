//! The end of the program: requested from anywhere, obeyed everywhere.
//!
//! Owns why the program ends, how long requests in flight are waited for, and which work must be closed before the process
//! may exit. It needs no event loop: whoever works watches it directly. Must not know who requests the end, nor how the
//! process exits.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::app::effect::Exit;

/// How long requests in flight are waited for after the end was requested.
const IN_FLIGHT: Duration = Duration::from_secs(5);

/// A handle on the end of the program. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Shutdown(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    exit: Mutex<Option<Exit>>,
    requested: CancellationToken,
    forced: CancellationToken,
    unclosed: TaskTracker,
    attended: AtomicBool,
}

/// Work that must be closed before the process exits. Dropped, it is closed.
#[derive(Debug)]
#[must_use = "the work counts as closed once this is dropped"]
pub struct UnclosedWork(#[expect(dead_code, reason = "its drop is its use")] TaskTrackerToken);

impl Shutdown {
    /// Requests the end: from now on nothing more is sent, and requests in flight get 5 s. The first reason counts, unless
    /// it was the person's own and a signal follows.
    pub fn request(&self, exit: Exit) {
        {
            let mut known = self.0.exit.lock().unwrap_or_else(PoisonError::into_inner);
            if matches!(*known, None | Some(Exit::Quit)) {
                *known = Some(exit);
            }
        }
        self.0.unclosed.close();
        self.0.requested.cancel();
    }

    /// Requests in flight are not waited for any longer.
    pub fn force(&self) {
        self.0.forced.cancel();
    }

    /// Why the program ends, once that is requested.
    #[must_use]
    pub fn exit(&self) -> Option<Exit> {
        *self.0.exit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the end has been requested.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.requested.is_cancelled()
    }

    /// Waits until the end is requested, and returns why.
    pub async fn requested(&self) -> Exit {
        self.0.requested.cancelled().await;
        self.exit().unwrap_or(Exit::HungUp)
    }

    /// Waits until requests in flight have had their time.
    pub async fn expired(&self) {
        self.0.requested.cancelled().await;
        tokio::select! {
            () = sleep(IN_FLIGHT) => {}
            () = self.0.forced.cancelled() => {}
        }
    }

    /// Waits until requests in flight are not waited for any longer on somebody's demand.
    pub async fn forced(&self) {
        self.0.forced.cancelled().await;
    }

    /// Announces work that must be closed before the process exits.
    pub fn hold(&self) -> UnclosedWork {
        UnclosedWork(self.0.unclosed.token())
    }

    /// Waits until the end is requested and all work is closed.
    pub async fn closed(&self) {
        self.0.requested.cancelled().await;
        self.0.unclosed.wait().await;
    }

    /// Announces that the program ends by itself once its end is requested, and has something to put in order before it
    /// does, such as the terminal.
    pub fn attend(&self) {
        self.0.attended.store(true, Ordering::Relaxed);
    }

    /// Whether the program ends by itself.
    #[must_use]
    pub fn is_attended(&self) -> bool {
        self.0.attended.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn in_flight_requests_get_five_seconds_unless_forced() {
        let shutdown = Shutdown::default();
        shutdown.request(Exit::Terminated);
        let begun = tokio::time::Instant::now();
        shutdown.expired().await;
        assert_eq!(begun.elapsed(), IN_FLIGHT);
        shutdown.force();
        let begun = tokio::time::Instant::now();
        shutdown.expired().await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test]
    async fn held_work_delays_the_close() {
        let shutdown = Shutdown::default();
        let unclosed = shutdown.hold();
        shutdown.request(Exit::HungUp);
        let closed = shutdown.closed();
        tokio::pin!(closed);
        assert!(futures_util::poll!(&mut closed).is_pending());
        drop(unclosed);
        closed.await;
    }

    #[test]
    fn first_reason_counts_unless_it_was_the_persons_own() {
        let shutdown = Shutdown::default();
        for (requested, counts) in
            [(Exit::Quit, Exit::Quit), (Exit::HungUp, Exit::HungUp), (Exit::Terminated, Exit::HungUp)]
        {
            shutdown.request(requested);
            assert_eq!(shutdown.exit(), Some(counts));
        }
    }
}
