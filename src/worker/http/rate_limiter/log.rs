//! One budget, the places taken of it, and how much of it is ours.
//!
//! Owns the counting. Must not know who waits, nor what the server says of itself.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::model::limits::Budget;

/// How long places that are over are remembered beyond their window, to understand what late answers say of then.
const REMEMBERED: Duration = Duration::from_secs(60);
/// A request that was given up may still be on its way to the server for so long.
const STRAY: Duration = Duration::from_secs(2);
/// A person would not sit through a longer window.
const LONG: Duration = Duration::from_secs(15);
/// Of a budget that others draw on as well, an eighth is regained in so long.
const REGAIN: Duration = Duration::from_secs(10);

/// What has become of a request that had a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PermitEnd {
    /// It certainly never left.
    Unsent,
    /// It left, and nobody knows when it arrived.
    Lost,
    /// It was answered.
    Answered,
}

/// Places taken of a budget.
#[derive(Debug, Default)]
struct TakenPermits {
    /// Those of requests without an answer.
    open: usize,
    /// When the server had certainly counted the others, soonest first.
    counted: VecDeque<Instant>,
}

impl TakenPermits {
    fn close(&mut self, end: PermitEnd, window: Duration, now: Instant) {
        self.open = self.open.saturating_sub(1);
        let counted = match end {
            PermitEnd::Unsent => return,
            PermitEnd::Lost => now + STRAY,
            PermitEnd::Answered => now,
        };
        let place = self.counted.partition_point(|at| *at <= counted);
        self.counted.insert(place, counted);
        let forgotten = self.counted.partition_point(|at| *at + window + REMEMBERED <= now);
        self.counted.drain(..forgotten);
    }

    /// How many places are remembered and free again.
    fn free(&self, window: Duration, now: Instant) -> usize {
        self.counted.partition_point(|at| *at + window <= now)
    }

    fn used(&self, window: Duration, now: Instant) -> usize {
        self.open + self.counted.len() - self.free(window, now)
    }
}

/// One budget and the places taken of it.
#[derive(Debug)]
pub(super) struct WindowLog {
    budget: Budget,
    reads_only: bool,
    taken: TakenPermits,
    /// Those that reads have taken.
    reads: TakenPermits,
    /// What was left to us after the last refusal, and since when it grows again; none while all of it is ours.
    share: Option<(usize, Instant)>,
}

impl WindowLog {
    pub(super) fn new(budget: Budget, reads_only: bool) -> Self {
        Self {
            budget,
            reads_only,
            taken: TakenPermits::default(),
            reads: TakenPermits::default(),
            share: None,
        }
    }

    pub(super) fn concerns(&self, read: bool) -> bool {
        read || !self.reads_only
    }

    pub(super) fn window(&self) -> Duration {
        self.budget.window
    }

    pub(super) fn whole(&self) -> usize {
        self.budget.count.max(1)
    }

    /// How many places are ours.
    pub(super) fn ours(&self, now: Instant) -> usize {
        let Some((count, since)) = self.share else { return self.whole() };
        count.saturating_add(self.regained(now.saturating_duration_since(since))).min(self.whole())
    }

    fn regained(&self, time: Duration) -> usize {
        let regained = self.whole() as u128 * time.as_millis() / (REGAIN.as_millis() * 8);
        usize::try_from(regained).unwrap_or(usize::MAX)
    }

    /// When one more place will be ours, if not all are.
    fn grows_at(&self, now: Instant) -> Option<Instant> {
        let (_, since) = self.share.filter(|_| self.ours(now) < self.whole())?;
        let grown = self.regained(now.saturating_duration_since(since));
        let next = (grown as u128 + 1) * REGAIN.as_millis() * 8 / self.whole() as u128;
        Some(since + Duration::from_millis(u64::try_from(next).ok()?.saturating_add(1)))
    }

    pub(super) fn used(&self, now: Instant) -> usize {
        self.taken.used(self.budget.window, now)
    }

    /// How many places are left, beside those that are kept for others.
    pub(super) fn left(&self, kept: usize, now: Instant) -> usize {
        self.ours(now).saturating_sub(self.used(now) + kept)
    }

    /// One in a hundred places of a long window is kept for what is urgent: a job that uses up a minute's budget in half a
    /// minute must not make a person wait for the other half.
    pub(super) fn kept_for_the_urgent(&self, now: Instant) -> usize {
        if self.budget.window <= LONG { 0 } else { self.ours(now) / 100 }
    }

    /// How many places are kept for a load while one is under way, whose reads have a budget of their own: as many as that
    /// still lets it take in this window, of at most half. A job that takes all places as they become free would else
    /// leave it none when its own budget is free again.
    pub(super) fn kept_for_a_load(&self, reads: Budget, now: Instant) -> usize {
        let spans = self.budget.window.as_millis() / reads.window.as_millis().max(1);
        let all = usize::try_from(spans).unwrap_or(usize::MAX).saturating_mul(reads.count);
        all.min(self.ours(now) / 2).saturating_sub(self.reads.used(self.budget.window, now))
    }

    pub(super) fn open(&mut self, read: bool) {
        self.taken.open += 1;
        self.reads.open += usize::from(read);
    }

    pub(super) fn close(&mut self, read: bool, end: PermitEnd, now: Instant) {
        self.taken.close(end, self.budget.window, now);
        if read {
            self.reads.close(end, self.budget.window, now);
        }
    }

    /// The server turned one away although a place was left: others draw on this budget too. What we had of it was too
    /// much; yet one refusal after a quiet time says little, so that at most half is given up.
    pub(super) fn refused(&mut self, now: Instant, until: Instant) {
        let had = self.used(now).saturating_sub(1);
        let left = (had * 3 / 4).max(self.ours(now) / 2).max(1);
        self.share = Some((left, until));
    }

    /// When this budget will have a place beside those that are kept, as far as can be told.
    pub(super) fn free_at(&self, kept: usize, now: Instant) -> Option<Instant> {
        let more = (self.used(now) + kept).saturating_sub(self.ours(now));
        self.taken.counted.get(self.free(now) + more).map(|at| *at + self.budget.window)
    }

    fn free(&self, now: Instant) -> usize {
        self.taken.free(self.budget.window, now)
    }

    /// When the count of what is left changes by itself.
    pub(super) fn changes_at(&self, now: Instant) -> Option<Instant> {
        let freed = self.taken.counted.get(self.free(now)).map(|at| *at + self.budget.window);
        [freed, self.grows_at(now)].into_iter().flatten().min()
    }

    /// The least that the server can have seen left when it counted a request that left at `left` and still has its
    /// place, if nobody else draws on this budget.
    pub(super) fn least_seen(&self, left: Instant) -> usize {
        self.whole().saturating_sub(self.used(left))
    }

    /// Why requests wait for this budget, for people.
    pub(super) fn why(&self, now: Instant) -> String {
        let words = self.budget.words(self.reads_only);
        if self.ours(now) < self.whole() {
            return format!("others use the limit of {words} too");
        }
        format!("the server allows {words}")
    }
}
