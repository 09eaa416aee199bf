//! The documented rate limits, as sliding windows on the runtime's clock (API sheet 4.3).
//!
//! Owns counting and the wait it asks for. Must not know what the requests are about.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// Which limits the sandbox keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SandboxLimits {
    /// 140 requests per 10 s and 600 per 60 s over all, and 12 GET per 5 s (API sheet 4.3).
    #[default]
    Documented,
    /// None.
    Off,
}

/// A window: at most `most` requests, or at most that many GET, in `span`.
struct LimitWindow {
    most: usize,
    span: Duration,
    reads_only: bool,
}

const WINDOWS: [LimitWindow; 3] = [
    LimitWindow { most: 140, span: Duration::from_secs(10), reads_only: false },
    LimitWindow { most: 600, span: Duration::from_secs(60), reads_only: false },
    LimitWindow { most: 12, span: Duration::from_secs(5), reads_only: true },
];

/// The requests that were let through in the last minute.
#[derive(Debug)]
pub(super) struct RequestWindows {
    limits: SandboxLimits,
    all: VecDeque<Instant>,
    reads: VecDeque<Instant>,
}

/// What the gate says about one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LimitDecision {
    /// No limits are kept.
    Free,
    /// Let through; so many more would be now.
    Counted { remaining: usize },
    /// Turned away; worth another try after so many whole seconds, at least 1.
    Refused { seconds: u64 },
}

impl RequestWindows {
    pub(super) const fn new(limits: SandboxLimits) -> Self {
        Self { limits, all: VecDeque::new(), reads: VecDeque::new() }
    }

    /// Counts a request, or turns it away uncounted.
    pub(super) fn pass(&mut self, read: bool) -> LimitDecision {
        if self.limits == SandboxLimits::Off {
            return LimitDecision::Free;
        }
        let now = Instant::now();
        let minute = Duration::from_secs(60);
        for log in [&mut self.all, &mut self.reads] {
            while log.front().is_some_and(|first| now.duration_since(*first) >= minute) {
                log.pop_front();
            }
        }
        let mut remaining = usize::MAX;
        let mut wait = Duration::ZERO;
        for window in WINDOWS.iter().filter(|window| read || !window.reads_only) {
            let log = if window.reads_only { &self.reads } else { &self.all };
            let inside = log.iter().rev().take_while(|at| now.duration_since(**at) < window.span).count();
            remaining = remaining.min(window.most.saturating_sub(inside));
            // The oldest of the last `most` requests has to leave the window first.
            let oldest = if inside >= window.most { log.iter().rev().nth(window.most - 1) } else { None };
            if let Some(oldest) = oldest {
                wait = wait.max(window.span.saturating_sub(now.duration_since(*oldest)));
            }
        }
        if !wait.is_zero() {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            return LimitDecision::Refused { seconds: seconds.max(1) };
        }
        self.all.push_back(now);
        if read {
            self.reads.push_back(now);
        }
        LimitDecision::Counted { remaining: remaining.saturating_sub(1) }
    }
}
