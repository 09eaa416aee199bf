//! When a fact happened.
//!
//! Owns the pair of clocks a message carries. Must not read a clock: whoever makes a message does that.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// How far two clocks may drift apart between two moments before a suspend, or a clock that was set, is the likelier
/// reason. Adjusting a clock gradually changes it by at most half a millisecond a second.
const DRIFT: Duration = Duration::from_secs(2);

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

    /// How much time passed between `earlier` and this moment: the longer of what the two clocks say. None if the wall
    /// clock went back or the clocks disagree by more than 2 s: the machine was suspended, during which the tick may stand
    /// still, or its clock was set, and nobody can tell how old anything from before is.
    #[must_use]
    pub fn age_of(self, earlier: Self) -> Option<Duration> {
        let tick = self.since(earlier);
        let wall = Duration::try_from(self.wall.duration_since(earlier.wall)).ok()?;
        (wall.abs_diff(tick) <= DRIFT).then_some(wall.max(tick))
    }

    /// Time from `earlier` to this moment, zero if it lies later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.tick.saturating_sub(earlier.tick)
    }
}

/// How far `at` lies from `now`, for people: `3 weeks ago`, `in 2 days`.
#[must_use]
pub fn distance(at: Timestamp, now: Timestamp) -> String {
    const UNITS: [(i64, i64, &str); 6] = [
        (2 * 365 * 86_400, 365 * 86_400, "year"),
        (9 * 7 * 86_400, 30 * 86_400, "month"),
        (14 * 86_400, 7 * 86_400, "week"),
        (86_400, 86_400, "day"),
        (3_600, 3_600, "hour"),
        (60, 60, "minute"),
    ];
    let seconds = now.as_second() - at.as_second();
    let found = UNITS.iter().find(|(least, ..)| seconds.abs() >= *least);
    let Some((_, unit, word)) = found else { return "just now".to_owned() };
    let n = seconds.abs() / unit;
    let amount = if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") };
    if seconds > 0 { format!("{amount} ago") } else { format!("in {amount}") }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_is_known_while_both_clocks_agree() {
        let at = |tick: i64, wall: i64| {
            let tick = Duration::from_millis(u64::try_from(tick).unwrap());
            Moment { tick, wall: Timestamp::from_millisecond(wall).unwrap() }
        };
        let earlier = at(10_000, 500_000);
        for (tick, wall, wanted) in [
            (10_000, 500_000, Some(0)),
            (40_000, 530_000, Some(30_000)),
            (40_000, 531_900, Some(31_900)),
            (40_000, 528_100, Some(30_000)),
            // Suspended while the tick stood still, or went on and the wall did not.
            (11_000, 503_100, None),
            (11_000, 4_100_000, None),
            (14_100, 502_000, None),
            // The wall clock went back.
            (10_500, 499_999, None),
            (3_610_000, 499_000, None),
        ] {
            let age = at(tick, wall).age_of(earlier).map(|age| age.as_millis());
            assert_eq!(age, wanted, "{tick} {wall}");
        }
    }

    #[test]
    fn how_far_a_time_lies_is_told_in_the_unit_that_fits() {
        let now = Timestamp::from_second(2_000_000_000).unwrap();
        let told = |seconds: i64| distance(Timestamp::from_second(2_000_000_000 - seconds).unwrap(), now);
        for (seconds, words) in [
            (0, "just now"),
            (-59, "just now"),
            (60, "1 minute ago"),
            (-7_200, "in 2 hours"),
            (86_400, "1 day ago"),
            (13 * 86_400, "13 days ago"),
            (21 * 86_400, "3 weeks ago"),
            (-70 * 86_400, "in 2 months"),
            (729 * 86_400, "24 months ago"),
            (731 * 86_400, "2 years ago"),
        ] {
            assert_eq!(told(seconds), words);
        }
        assert!(distance(Timestamp::MIN, Timestamp::MAX).ends_with(" years ago"));
    }
}
