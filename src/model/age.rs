//! Ages as they are typed: `12h 30d 2w 6m 1y`.
//!
//! The only reader of ages: the filter, `--since`, `--older` and the config use it, so that `6m` is never minutes in one
//! place and months in another.

use jiff::{Span, Timestamp};

use crate::model::time::Zone;

/// How ages are written, for the hint beside an error.
pub const AGE_HINT: &str = "hours, days, weeks, months or years as in `12h`, `30d`, `2w`, `6m`, `1y`";
/// The most digits of an age: more than any calendar goes back in days.
const MOST_DIGITS: usize = 5;

/// A length of time up to now. Everything but hours follows the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    count: i64,
    unit: Unit,
}

/// The unit of an age. Minutes are missing on purpose: `m` is months.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Hours,
    Days,
    Weeks,
    Months,
    Years,
}

/// A text that is not an age.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid age")]
pub struct InvalidAge(String);

impl Age {
    /// Reads an age: digits and one unit, in any case. Nothing (`0d`) is not an age.
    ///
    /// # Errors
    /// [`InvalidAge`] for everything else, and for more years than the calendar has.
    pub fn parse(typed: &str) -> Result<Self, InvalidAge> {
        Self::read(typed).ok_or_else(|| InvalidAge(typed.to_owned()))
    }

    fn read(typed: &str) -> Option<Self> {
        let end = typed.find(|c: char| !c.is_ascii_digit()).filter(|end| (1..=MOST_DIGITS).contains(end))?;
        let unit = match typed[end..].to_ascii_lowercase().as_str() {
            "h" => Unit::Hours,
            "d" => Unit::Days,
            "w" => Unit::Weeks,
            "m" | "mo" => Unit::Months,
            "y" => Unit::Years,
            _ => return None,
        };
        let age = Self { count: typed[..end].parse().ok().filter(|count| *count > 0)?, unit };
        age.span().map(|_| age)
    }

    /// Whether `typed` is meant as an age: digits and letters behind them.
    #[must_use]
    pub fn is_meant(typed: &str) -> bool {
        let unit = typed.trim_start_matches(|c: char| c.is_ascii_digit());
        unit.len() < typed.len() && !unit.is_empty() && unit.chars().all(char::is_alphabetic)
    }

    /// Returns the time this long before `now`, by the calendar of `zone`; the beginning of time where that is earlier.
    #[must_use]
    pub fn before(self, now: Timestamp, zone: &Zone) -> Timestamp {
        self.span().map_or(Timestamp::MIN, |span| zone.before(now, span))
    }

    fn span(self) -> Option<Span> {
        let (span, count) = (Span::new(), self.count);
        match self.unit {
            Unit::Hours => span.try_hours(count),
            Unit::Days => span.try_days(count),
            Unit::Weeks => span.try_weeks(count),
            Unit::Months => span.try_months(count),
            Unit::Years => span.try_years(count),
        }
        .ok()
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn age_with_unit_lies_that_long_before_now() {
        let (now, zone) = ("2026-08-31T12:00:00Z".parse().unwrap(), Zone::new(TimeZone::UTC));
        for (typed, wanted) in [
            ("12h", "2026-08-31T00:00:00Z"),
            ("30d", "2026-08-01T12:00:00Z"),
            ("2w", "2026-08-17T12:00:00Z"),
            ("6m", "2026-02-28T12:00:00Z"),
            ("6mo", "2026-02-28T12:00:00Z"),
            ("6MO", "2026-02-28T12:00:00Z"),
            ("6M", "2026-02-28T12:00:00Z"),
            ("1y", "2025-08-31T12:00:00Z"),
            ("001d", "2026-08-30T12:00:00Z"),
        ] {
            assert_eq!(Age::parse(typed).unwrap().before(now, &zone).to_string(), wanted, "{typed}");
        }
        assert_eq!(Age::parse("19998y").unwrap().before(now, &zone), Timestamp::MIN);
    }

    #[test]
    fn other_text_is_not_a_valid_age() {
        for typed in [
            "", "d", "90", "6x", "6min", "6s", "6mon", "6mm", "-6d", "+6d", "0d", "0m", " 6d", "6d ", "6 d",
            "1y 2m", "1.5d", "1e3d", "99999y", "123456d", "٦d", "6д", "P6M", "6m ago",
        ] {
            assert_eq!(Age::parse(typed).unwrap_err().to_string(), format!("`{typed}` is not a valid age"));
        }
        let meant = ["6x", "6mon", "0d", "99999y", "6д"].map(Age::is_meant);
        assert!(meant.into_iter().all(|meant| meant));
        assert!(!["", "d", "90", "2026-03", "soon", "6 d"].into_iter().any(Age::is_meant));
    }
}
