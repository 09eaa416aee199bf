//! The server's limits, and how long a number of requests takes under them.
//!
//! Owns the figures (API sheet, section 4.3, first two rows), and the one estimate of time that dialog and gauge show.
//! Keeping to the limits is the worker's business.

use std::collections::VecDeque;
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

    /// How long `requests` take from `now` on until the last is answered, after `traffic`.
    #[must_use]
    pub fn time_left(&self, requests: RemainingRequests, traffic: &Traffic, now: Duration) -> Duration {
        let RemainingRequests { writes, reads } = requests;
        if writes + reads == 0 {
            return Duration::ZERO;
        }
        let of = |budgets: &[Budget], n, reads_only| {
            let each = budgets.iter().map(|budget| traffic.wait(*budget, reads_only, n, now));
            each.max().unwrap_or_default()
        };
        let paced = of(&self.all, writes + reads, false).max(of(&self.reads, reads, true));
        let (read, write) = (traffic.latency.read, traffic.latency.write);
        let last =
            if reads > 0 { read } else { Duration::ZERO } + if writes > 0 { write } else { Duration::ZERO };
        // A record's reads and its write follow each other, and so many records are dealt with at once.
        let records = writes.max(1);
        let each =
            write.mul_f64(writes as f64 / records as f64) + read.mul_f64(reads as f64 / records as f64);
        let rounds = u32::try_from(records.div_ceil(traffic.at_once.max(1))).unwrap_or(u32::MAX);
        let held = traffic.held_until.saturating_sub(now);
        (paced.max(held) + last).max(held + each.saturating_mul(rounds))
    }
}

/// Requests that are still to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RemainingRequests {
    /// Those that change something.
    pub writes: usize,
    /// Those that only read.
    pub reads: usize,
}

/// How long an answer takes, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latency {
    /// To a GET.
    pub read: Duration,
    /// To a request that changes something.
    pub write: Duration,
}

/// How many answers the latency is taken from: enough for a single slow one not to matter.
const SAMPLES: usize = 15;
/// How many answers are remembered: more than any window of the documentation holds.
const REMEMBERED: usize = 1_000;

/// What was sent lately, and how long the answers took. It is the input of every estimate of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traffic {
    /// How many requests are in flight together at most.
    pub at_once: usize,
    /// How long an answer takes: the median of the last ones.
    pub latency: Latency,
    /// Until when nothing is sent, because the server asked for a pause.
    pub held_until: Duration,
    /// When requests were answered, oldest first, and whether each was a read.
    answered: VecDeque<(Duration, bool)>,
    reads: VecDeque<Duration>,
    writes: VecDeque<Duration>,
}

impl Traffic {
    /// How many requests are in flight together unless the config says otherwise.
    pub const AT_ONCE: usize = 16;

    /// No requests yet.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        Self {
            at_once,
            latency: Latency::default(),
            held_until: Duration::ZERO,
            answered: VecDeque::new(),
            reads: VecDeque::new(),
            writes: VecDeque::new(),
        }
    }

    /// The same connection with nothing sent lately.
    #[must_use]
    pub fn rested(&self) -> Self {
        Self { latency: self.latency, ..Self::new(self.at_once) }
    }

    /// A request was answered, `took` after it was sent.
    pub fn answer(&mut self, is_read: bool, at: Duration, took: Duration) {
        keep(&mut self.answered, REMEMBERED, (at, is_read));
        let samples = if is_read { &mut self.reads } else { &mut self.writes };
        keep(samples, SAMPLES, took);
        // Until one kind was sent, the other says the most about it.
        let read = median(&self.reads).or_else(|| median(&self.writes)).unwrap_or_default();
        let write = median(&self.writes).unwrap_or(read);
        self.latency = Latency { read, write };
    }

    /// How long the last of `n` requests waits for a place in `budget`. A place is free again one window after the answer,
    /// so places come free in the order of the answers, again and again.
    fn wait(&self, budget: Budget, reads_only: bool, n: usize, now: Duration) -> Duration {
        let Some(last) = n.checked_sub(1) else { return Duration::ZERO };
        let count = budget.count.max(1);
        let counts =
            |(at, is_read): &&(Duration, bool)| *at + budget.window > now && (*is_read || !reads_only);
        let used: Vec<Duration> = self.answered.iter().filter(counts).map(|(at, _)| *at).collect();
        let used = &used[used.len().saturating_sub(count)..];
        let free = count - used.len();
        let slot = last % count;
        let first = slot.checked_sub(free).and_then(|slot| used.get(slot));
        let first = first.map_or(Duration::ZERO, |at| (*at + budget.window).saturating_sub(now));
        let again = u32::try_from(last / count).unwrap_or(u32::MAX);
        let latency = if reads_only { self.latency.read } else { self.latency.write };
        first.saturating_add((budget.window + latency).saturating_mul(again))
    }
}

fn keep<T>(all: &mut VecDeque<T>, most: usize, one: T) {
    all.push_back(one);
    if all.len() > most {
        all.pop_front();
    }
}

fn median(times: &VecDeque<Duration>) -> Option<Duration> {
    let mut sorted: Vec<Duration> = times.iter().copied().collect();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
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

    fn after_nothing(limits: &Limits, writes: usize, reads: usize) -> Duration {
        limits.time_left(RemainingRequests { writes, reads }, &Traffic::new(16), Duration::ZERO)
    }

    #[test]
    fn the_slowest_budget_decides() {
        let limits = Limits::documented();
        assert_eq!(after_nothing(&limits, 140, 0), Duration::ZERO);
        assert_eq!(after_nothing(&limits, 141, 0), Duration::from_secs(10));
        assert_eq!(after_nothing(&limits, 1201, 0), Duration::from_secs(120));
        assert_eq!(after_nothing(&limits, 0, 25), Duration::from_secs(10));
        assert_eq!(after_nothing(&Limits::off(), 9999, 9999), Duration::ZERO);
    }

    #[test]
    fn time_left_counts_answers_that_still_use_up_a_window() {
        let seconds = Duration::from_secs;
        let limits = Limits { all: vec![], reads: vec![Budget { count: 3, window: seconds(5) }] };
        let mut traffic = Traffic::new(16);
        for at in [1, 2, 3] {
            traffic.answer(true, seconds(at), Duration::ZERO);
        }
        let left =
            |reads, now| limits.time_left(RemainingRequests { writes: 0, reads }, &traffic, seconds(now));
        assert_eq!([1, 2, 3, 4].map(|reads| left(reads, 3)), [3, 4, 5, 8].map(seconds));
        assert_eq!(
            [1, 2, 3].map(|reads| left(reads, 7)),
            [0, 0, 1].map(seconds),
            "two places are free again"
        );
    }

    #[test]
    fn time_left_without_limits_follows_the_latency() {
        let mut traffic = Traffic::new(10);
        for took in [2, 2, 30, 2, 2] {
            traffic.answer(false, Duration::ZERO, Duration::from_secs(took));
        }
        let left = |writes| {
            Limits::off()
                .time_left(RemainingRequests { writes, reads: 0 }, &traffic, Duration::ZERO)
                .as_secs()
        };
        assert_eq!([0, 1, 10, 11, 100].map(left), [0, 2, 2, 4, 20], "a single slow answer does not matter");
        traffic.held_until = Duration::from_secs(40);
        let held = Limits::off().time_left(
            RemainingRequests { writes: 10, reads: 0 },
            &traffic,
            Duration::from_secs(10),
        );
        assert_eq!(held, Duration::from_secs(32));
    }

    /// Sends deletions as the rate limiter does, one place a request and free again one window after its answer, and
    /// returns when each record was dealt with.
    fn simulated(limits: &Limits, records: usize, latency: Duration) -> Vec<Duration> {
        let budget = limits.reads[0];
        let read = |n: usize| (budget.window + latency) * u32::try_from(n / budget.count).unwrap() + latency;
        (0..records).map(|n| read(n) + latency).collect()
    }

    #[test]
    fn time_left_over_a_whole_job_is_within_a_fifth() {
        let limits = Limits::documented();
        for (records, latency) in [(13, 50), (60, 50), (200, 400), (1_000, 1_500)] {
            let latency = Duration::from_millis(latency);
            let ends = simulated(&limits, records, latency);
            let mut traffic = Traffic::new(16);
            let end = *ends.last().unwrap();
            for (n, at) in ends.iter().enumerate() {
                traffic.answer(true, *at - latency, latency);
                traffic.answer(false, *at, latency);
                let left = records - n - 1;
                let said = limits.time_left(RemainingRequests { writes: left, reads: left }, &traffic, *at);
                let (said, lookup) = (said.as_secs_f64(), (end - *at).as_secs_f64());
                let tolerance = (lookup / 5.0).max(2.0 * latency.as_secs_f64() + 0.5);
                assert!(
                    (said - lookup).abs() <= tolerance,
                    "{records} records, {left} left: {said} for {lookup}"
                );
            }
        }
    }

    #[test]
    fn durations_read_like_speech() {
        let spoken = [0, 59, 60, 200, 7500].map(|seconds| spoken(Duration::from_secs(seconds)));
        assert_eq!(spoken, ["under a second", "59 s", "1 min", "3 min 20 s", "2 h 5 min"]);
    }
}
