//! When a fact happened.
//!
//! Owns the pair of clocks a message carries. Must not read a clock: whoever makes a message does that.

use std::time::Duration;

use jiff::Timestamp;

/// An instant on two clocks: one that never steps, for deadlines, and the wall, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Time since the program started; never runs backwards.
    pub tick: Duration,
    /// Wall-clock time, for display.
    pub wall: Timestamp,
}

impl Moment {
    /// The start of the program's own clock.
    #[must_use]
    pub fn start(wall: Timestamp) -> Self {
        Self { tick: Duration::ZERO, wall }
    }

    /// Time from `earlier` to this moment, zero if it lies later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.tick.saturating_sub(earlier.tick)
    }
}
