//! What the server says remains of a limit, where that is less than our own logs know of.
//!
//! Owns how long such a word counts. It is only ever an upper bound: nothing leaves because of it. Must not know the
//! budgets.

use std::time::Duration;

use tokio::time::Instant;

/// A bound on what may leave until the next answer, or until the limit is whole again.
#[derive(Debug, Clone)]
pub(super) struct ServerCap {
    left: usize,
    /// When the request left whose answer said so.
    as_of: Instant,
    /// When it said so.
    said: Instant,
    /// Nothing leaves before it if none is left.
    until: Option<Instant>,
    /// Whether the limit is whole again then.
    resets: bool,
}

impl ServerCap {
    /// `remaining` was said to a request that left at `as_of`, and so many `others` of the same kind are under way, which
    /// may not have been counted by then. With nothing remaining and no word of a reset, one request finds out after
    /// `hold`.
    pub(super) fn new(
        remaining: usize,
        others: usize,
        resets_in: Option<Duration>,
        as_of: Instant,
        now: Instant,
        hold: Duration,
    ) -> Self {
        let wait = resets_in.or((remaining == 0).then_some(hold));
        Self {
            left: remaining.saturating_sub(others),
            as_of,
            said: now,
            until: wait.map(|wait| now + wait),
            resets: resets_in.is_some(),
        }
    }

    /// The same word for somebody who believes it until `believes` tells from when it was said and until when it counts.
    pub(super) fn believed(&self, believes: impl Fn(Instant, Instant) -> Instant) -> Self {
        Self { until: self.until.map(|until| believes(self.said, until)), ..self.clone() }
    }

    /// What is to be believed after this one and a `later` word. One about an earlier instant can only be stricter.
    pub(super) fn and(self, later: Self) -> Self {
        if later.as_of >= self.as_of {
            return later;
        }
        Self { left: self.left.min(later.left), ..self }
    }

    /// Whether it may be about a later instant than the answer to a request that left at `left`.
    pub(super) fn is_newer(&self, left: Instant) -> bool {
        self.as_of >= left
    }

    /// Whether one more may leave while `open` are under way. Where nothing is under way that could bring news, one may
    /// find out.
    pub(super) fn lets(&self, open: usize, now: Instant) -> bool {
        self.left > 0 || open == 0 && self.until.is_none_or(|until| until <= now)
    }

    pub(super) fn take(&mut self) {
        self.left = self.left.saturating_sub(1);
    }

    /// Whether the limit is whole again.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.resets && self.until.is_some_and(|until| until <= now)
    }

    /// When it is worth looking again.
    pub(super) fn until(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }
}
