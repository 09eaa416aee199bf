//! Chance that repeats itself: the same seed gives the same organization and the same faults.
//!
//! Owns the numbers alone; knows nothing of what they decide.

/// Scatters a number over 64 bits (the finalizer of splitmix64).
pub(super) const fn mix(number: u64) -> u64 {
    let one = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let two = (one ^ (one >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let three = (two ^ (two >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    three ^ (three >> 31)
}

/// Thirty-two lowercase hex digits that stand for this number of this stream (API sheet, section 3).
pub(super) fn hex(stream: u64, number: u64) -> String {
    let high = mix(stream ^ mix(number));
    format!("{high:016x}{:016x}", mix(high ^ stream.rotate_left(17)))
}

/// A stream of numbers.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    pub(super) const fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    pub(super) const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number below `limit`; 0 when the limit is 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.roll() % limit).unwrap_or(0)
    }

    /// True once in `times`.
    pub(super) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Seconds below this number of days.
    pub(super) fn days(&mut self, days: i64) -> i64 {
        let limit = u64::try_from(days.saturating_mul(86_400)).unwrap_or(0).max(1);
        i64::try_from(self.roll() % limit).unwrap_or(0)
    }

    /// One of a list, or the default of an empty one.
    pub(super) fn pick<T: Clone + Default>(&mut self, list: &[T]) -> T {
        let index = self.below(list.len());
        list.get(index).cloned().unwrap_or_default()
    }
}

/// A fraction from 0 to below 1 that belongs to this number.
pub(super) fn fraction(number: u64) -> f64 {
    let bits = u32::try_from(mix(number) >> 32).unwrap_or(0);
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}
