//! When a fact happened.
//!
//! Owns the pair of clocks a message carries. Must not read a clock: whoever makes a message does that.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

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

/// The time zone times are shown in. It is read once, at the edge of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Shows times in `zone`.
    #[must_use]
    pub fn new(zone: TimeZone) -> Self {
        Self(zone)
    }

    /// When `day` begins; `None` for days beyond all that can be told.
    #[must_use]
    pub fn start(&self, day: Date) -> Option<Timestamp> {
        day.to_zoned(self.0.clone()).ok().map(|zoned| zoned.timestamp())
    }

    /// The time `span` before `at`, by the calendar of the zone; the beginning of time where that would be earlier.
    #[must_use]
    pub fn before(&self, at: Timestamp, span: Span) -> Timestamp {
        at.to_zoned(self.0.clone()).checked_sub(span).map_or(Timestamp::MIN, |zoned| zoned.timestamp())
    }

    /// `2026-03-01`
    #[must_use]
    pub fn date(&self, at: Timestamp) -> String {
        at.to_zoned(self.0.clone()).strftime("%Y-%m-%d").to_string()
    }

    /// `2026-03-01 09:30`
    #[must_use]
    pub fn minute(&self, at: Timestamp) -> String {
        at.to_zoned(self.0.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// `2026-03-01T09:30:05+01:00`, as ISO 8601 has it.
    #[must_use]
    pub fn exact(&self, at: Timestamp) -> String {
        at.to_zoned(self.0.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// `20260301-093012`, for the names of files.
    #[must_use]
    pub fn stamp(&self, at: Timestamp) -> String {
        at.to_zoned(self.0.clone()).strftime("%Y%m%d-%H%M%S").to_string()
    }

    /// `09:30:12`
    #[must_use]
    pub fn second(&self, at: Timestamp) -> String {
        at.to_zoned(self.0.clone()).strftime("%H:%M:%S").to_string()
    }
}
