//! How a job is held back from outside while it runs.
//!
//! Owns the gear a job is in. Must not know what the job does.

use std::sync::Arc;

use tokio::sync::watch;

/// Whether a job sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gear {
    /// It does.
    Going,
    /// Nothing more, until it goes again.
    Held,
    /// Nothing more, ever: a person ended it.
    Cancelled,
    /// Nothing more, ever: it came upon something that ends it.
    Stopped,
}

impl Gear {
    /// Whether nothing can set it going again.
    pub(super) fn is_closed(self) -> bool {
        matches!(self, Self::Cancelled | Self::Stopped)
    }
}

/// The reins of one job. Clones hold the same job.
#[derive(Debug, Clone)]
pub(super) struct Reins(Arc<watch::Sender<Gear>>);

impl Reins {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Gear::Going)))
    }

    pub(super) fn gear(&self) -> Gear {
        *self.0.borrow()
    }

    /// Changes gear, unless the job is closed already.
    pub(super) fn shift(&self, to: Gear) {
        self.0.send_if_modified(|gear| {
            let shifts = !gear.is_closed() && *gear != to;
            if shifts {
                *gear = to;
            }
            shifts
        });
    }

    /// Waits until the gear is one that is `wanted`.
    pub(super) async fn until(&self, wanted: impl Fn(Gear) -> bool) {
        // Cannot fail: these reins are the other end, and they are held while this waits.
        drop(self.0.subscribe().wait_for(|gear| wanted(*gear)).await);
    }
}
