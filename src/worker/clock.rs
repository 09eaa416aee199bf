//! The clock that dates every message.
//!
//! Owns the reading of both clocks of a [`Moment`]. Must not know what happens at a moment.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::model::time::Moment;

/// Both clocks of a [`Moment`]. Clones agree with each other.
#[derive(Debug, Clone)]
pub struct Clock {
    start: Instant,
    wall: WallClock,
}

#[derive(Debug, Clone, Copy)]
enum WallClock {
    System,
    /// This time when the clock was made, and from then on in step with the runtime's clock.
    From(Timestamp),
}

impl Clock {
    /// Wall-clock time is the system's; the tick starts at zero now.
    #[must_use]
    pub fn system() -> Self {
        Self { start: Instant::now(), wall: WallClock::System }
    }

    /// It is `wall` now, and time goes on as the runtime counts it, so that a test with paused time is the same every
    /// time it runs.
    #[must_use]
    pub fn starting_at(wall: Timestamp) -> Self {
        Self { start: Instant::now(), wall: WallClock::From(wall) }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Moment {
        let tick = self.start.elapsed();
        let wall = match self.wall {
            WallClock::System => Timestamp::now(),
            WallClock::From(start) => start.checked_add(tick).unwrap_or(Timestamp::MAX),
        };
        Moment { tick, wall }
    }

    /// When the tick is, or was, `tick`; none where the runtime's clock cannot count so far.
    #[must_use]
    pub fn instant(&self, tick: Duration) -> Option<Instant> {
        self.start.checked_add(tick)
    }

    /// The tick at `instant`; zero for what lies before this clock was made.
    #[must_use]
    pub fn tick(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn both_clocks_go_on_together() {
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
        tokio::time::advance(Duration::from_secs(90)).await;
        let now = clock.now();
        assert_eq!((now.tick, now.wall.as_second()), (Duration::from_secs(90), 90));
        let later = clock.instant(Duration::from_secs(100)).unwrap();
        assert_eq!(later - Instant::now(), Duration::from_secs(10));
        assert_eq!(clock.tick(later), Duration::from_secs(100));
    }
}
