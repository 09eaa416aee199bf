//! Numbers and days as they are typed.
//!
//! Owns their spelling. What cannot be read is none, never a guess.

use jiff::civil::Date;
use jiff::{Span, Timestamp};

use crate::model::time::Zone;

/// `50`, `12.5`, `100%`.
pub(super) fn number(typed: &str) -> Option<f64> {
    let digits = typed.strip_suffix('%').unwrap_or(typed).trim_end();
    let numeric = digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    digits.parse().ok().filter(|number: &f64| numeric && number.is_finite())
}

/// When a day, a month or a year begins, and when it is over: `2026-01-01`, `2026-01`, `2026`.
pub(super) fn day(typed: &str, zone: &Zone) -> Option<(Timestamp, Timestamp)> {
    let parts: Vec<&str> = typed.split('-').collect();
    let digits = |n: usize, len: usize| {
        let part = parts.get(n)?;
        let fits = part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<i16>().ok().filter(|_| fits)
    };
    let two = |n| digits(n, 2).and_then(|part| i8::try_from(part).ok());
    let year = digits(0, 4)?;
    let (month, day, span) = match parts.len() {
        1 => (1, 1, Span::new().years(1)),
        2 => (two(1)?, 1, Span::new().months(1)),
        3 => (two(1)?, two(2)?, Span::new().days(1)),
        _ => return None,
    };
    let first = Date::new(year, month, day).ok()?;
    Some((zone.start(first)?, zone.start(first.checked_add(span).ok()?)?))
}
