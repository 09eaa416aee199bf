//! How a job is held back from outside while it runs.
//!
//! Owns the gear a job is in. Must not know what the job does.

use std::sync::Arc;

use tokio::sync::watch;

use crate::shutdown::Shutdown;

/// Whether a job sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobState {
    /// It does.
    Going,
    /// Nothing more, until it goes again.
    Held,
    /// Nothing more, ever: a person ended it, or the program ends.
    Cancelled,
    /// Nothing more, ever: it came upon something that ends it.
    Stopped,
}

impl JobState {
    /// Whether nothing can set it going again.
    pub(crate) fn is_closed(self) -> bool {
        matches!(self, Self::Cancelled | Self::Stopped)
    }
}

/// The reins of one job. Clones hold the same job. The end of the program cancels it, whatever the event loop does.
#[derive(Debug, Clone)]
pub(crate) struct JobControl {
    job_state: Arc<watch::Sender<JobState>>,
    shutdown: Shutdown,
}

impl JobControl {
    pub(crate) fn new(shutdown: Shutdown) -> Self {
        Self { job_state: Arc::new(watch::Sender::new(JobState::Going)), shutdown }
    }

    pub(crate) fn job_state(&self) -> JobState {
        if self.shutdown.is_requested() {
            self.shift(JobState::Cancelled);
        }
        *self.job_state.borrow()
    }

    /// Changes gear, unless the job is closed already.
    pub(crate) fn shift(&self, to: JobState) {
        self.job_state.send_if_modified(|job_state| {
            let shifts = !job_state.is_closed() && *job_state != to;
            if shifts {
                *job_state = to;
            }
            shifts
        });
    }

    /// Waits until the gear is one that is `wanted`.
    pub(crate) async fn until(&self, wanted: impl Fn(JobState) -> bool) {
        let mut job_state = self.job_state.subscribe();
        tokio::select! {
            biased;
            _ = self.shutdown.requested() => self.shift(JobState::Cancelled),
            // Cannot fail: these reins are the other end, and they are held while this waits.
            _ = job_state.wait_for(|job_state| wanted(*job_state)) => return,
        }
        drop(job_state.wait_for(|job_state| wanted(*job_state)).await);
    }
}
