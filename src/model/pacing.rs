//! The server's limits, and how long a number of requests takes under them.
//!
//! Owns the figures (API sheet, section 4.3, first two rows). Keeping to them is the worker's business.

use std::time::Duration;

/// At most `count` requests in any `window`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Requests.
    pub count: usize,
    /// The sliding window they are counted in.
    pub window: Duration,
}

impl Budget {
    /// How long `requests` take at least if they leave as soon as this budget lets them.
    #[must_use]
    pub fn time_for(self, requests: usize) -> Duration {
        let windows = requests.saturating_sub(1) / self.count.max(1);
        self.window.saturating_mul(u32::try_from(windows).unwrap_or(u32::MAX))
    }

    /// For people: `12 reads in 5 s`, `140 requests in 10 s`.
    #[must_use]
    pub fn words(self, reads_only: bool) -> String {
        let what = match (reads_only, self.count) {
            (true, 1) => "read",
            (true, _) => "reads",
            (false, 1) => "request",
            (false, _) => "requests",
        };
        format!("{} {what} in {}", self.count, spoken(self.window))
    }
}

/// All limits in force.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    /// Budgets every request draws on.
    pub all: Vec<Budget>,
    /// Budgets a GET draws on besides.
    pub reads: Vec<Budget>,
}

impl Limits {
    /// What the documentation says: 140 requests in 10 s, 600 in 60 s, 12 GETs in 5 s.
    #[must_use]
    pub fn documented() -> Self {
        let budget = |count, seconds| Budget { count, window: Duration::from_secs(seconds) };
        Self { all: vec![budget(140, 10), budget(600, 60)], reads: vec![budget(12, 5)] }
    }

    /// No limits of our own; the server's answers are obeyed all the same.
    #[must_use]
    pub fn off() -> Self {
        Self::default()
    }

    /// Whether there is any.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.all.is_empty() && self.reads.is_empty()
    }

    /// How long `writes` and `reads` take at least.
    #[must_use]
    pub fn time_for(&self, writes: usize, reads: usize) -> Duration {
        let all = self.all.iter().map(|budget| budget.time_for(writes + reads));
        let reads = self.reads.iter().map(|budget| budget.time_for(reads));
        all.chain(reads).max().unwrap_or_default()
    }
}

/// A duration for people: `under a second`, `12 s`, `3 min 20 s`, `2 h 5 min`.
#[must_use]
pub fn spoken(time: Duration) -> String {
    match time.as_secs() {
        0 => "under a second".to_owned(),
        seconds @ 1..60 => format!("{seconds} s"),
        seconds @ 60..3600 => match seconds % 60 {
            0 => format!("{} min", seconds / 60),
            rest => format!("{} min {rest} s", seconds / 60),
        },
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_budget_decides() {
        let limits = Limits::documented();
        assert_eq!(limits.time_for(140, 0), Duration::ZERO);
        assert_eq!(limits.time_for(141, 0), Duration::from_secs(10));
        assert_eq!(limits.time_for(1201, 0), Duration::from_secs(120));
        assert_eq!(limits.time_for(0, 25), Duration::from_secs(10));
        assert_eq!(Limits::off().time_for(9999, 9999), Duration::ZERO);
    }

    #[test]
    fn durations_read_like_speech() {
        let spoken = [0, 59, 60, 200, 7500].map(|seconds| spoken(Duration::from_secs(seconds)));
        assert_eq!(spoken, ["under a second", "59 s", "1 min", "3 min 20 s", "2 h 5 min"]);
    }
}
