//! How long to wait before a request is sent again.
//!
//! Owns the growth of the delays and their jitter. Must not wait itself.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// After a broken read (API sheet, section 4.4, first row).
const BROKEN: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(8));
/// After an answer that throttles without saying for how long.
const THROTTLED: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// While the server cannot be reached.
const KNOCKS: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));
/// Delays are up to this share longer or shorter, so that several programs do not come back at the same instant.
const JITTER: f64 = 0.2;

/// The delays of one session.
///
/// Jitter need not be unforeseeable, only different from program to program: it is the hash of a seed and a counter,
/// so that the same seed gives the same delays, which makes tests repeatable.
#[derive(Debug)]
pub(crate) struct Backoff {
    seed: u64,
    drawn: AtomicU64,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }

    /// The delay after the `nth` broken answer to one request, counted from 1.
    pub(crate) fn broken(&self, nth: u32) -> Duration {
        self.grown(BROKEN, nth)
    }

    /// The delay after the `nth` throttled answer to one request, counted from 1.
    pub(crate) fn throttled(&self, nth: u32) -> Duration {
        self.grown(THROTTLED, nth)
    }

    /// How long nothing leaves when the server says that nothing remains, but neither turns anything away nor says until
    /// when.
    pub(crate) fn unsure(&self) -> Duration {
        self.throttled(1)
    }

    /// The delay before the `nth` try to reach the server again, counted from 1.
    pub(crate) fn knock(&self, nth: u32) -> Duration {
        self.grown(KNOCKS, nth)
    }

    fn grown(&self, (first, most): (Duration, Duration), nth: u32) -> Duration {
        let doubled = 2_u32.checked_pow(nth.saturating_sub(1)).unwrap_or(u32::MAX);
        first.saturating_mul(doubled).min(most).mul_f64(1.0 + JITTER * self.draw()).min(most)
    }

    /// A number from -1 to 1.
    fn draw(&self) -> f64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, self.drawn.fetch_add(1, Ordering::Relaxed)).hash(&mut hasher);
        // The upper half of a hash fits a double exactly.
        (hasher.finish() >> 32) as f64 / f64::from(u32::MAX) * 2.0 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_bound_and_vary_by_a_fifth() {
        let delays = Backoff::new(7);
        for (nth, wanted) in [(1, 1.0_f64), (2, 2.0), (5, 16.0), (7, 60.0), (40, 60.0)] {
            let seconds = delays.throttled(nth).as_secs_f64();
            assert!((wanted * 0.8..=(wanted * 1.2).min(60.0)).contains(&seconds), "{nth}: {seconds}");
        }
        for (nth, wanted) in [(1, 0.5_f64), (2, 1.0), (3, 2.0), (9, 8.0)] {
            let seconds = delays.broken(nth).as_secs_f64();
            assert!((wanted * 0.8..=(wanted * 1.2).min(8.0)).contains(&seconds), "{nth}: {seconds}");
        }
        for (nth, wanted) in [(1, 5.0_f64), (2, 10.0), (3, 20.0), (4, 30.0), (99, 30.0)] {
            let seconds = delays.knock(nth).as_secs_f64();
            assert!((wanted * 0.8..=(wanted * 1.2).min(30.0)).contains(&seconds), "{nth}: {seconds}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_delays_and_another_gives_others() {
        let delays = |seed| {
            let delays = Backoff::new(seed);
            (0..5).map(|_| delays.throttled(3)).collect::<Vec<_>>()
        };
        assert_eq!(delays(1), delays(1));
        assert_ne!(delays(1), delays(2));
        assert!(delays(1).windows(2).all(|pair| pair[0] != pair[1]));
    }
}
