//! What an answer says about the server's limits.
//!
//! Owns the reading of the `X-RateLimit` headers, and of the clock that goes with them. Only `X-RateLimit-Remaining` is known to be sent (API sheet, section
//! 4.2), and not which limit it is about; any of them may be missing or hold something else. Must not judge whether to
//! wait.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{DATE, HeaderMap};

use crate::tallyfy::error_body::{date, server_time};

/// The longest time until a reset that is believed: no known limit counts for longer (API sheet, section 4.3).
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// From here on a number is a point in time and not a time to wait, in seconds or in milliseconds.
const EPOCH: u64 = 1_000_000_000;
const EPOCH_MILLIS: u64 = 1_000_000_000_000;

/// What one answer says about a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateLimitHeaders {
    /// How many requests the limit still allows.
    pub remaining: Option<usize>,
    /// How many it allows in all.
    pub limit: Option<usize>,
    /// How long until it is whole again.
    pub resets_in: Option<Duration>,
    /// What the server's clock showed, from its `Date`.
    pub date: Option<Timestamp>,
}

impl RateLimitHeaders {
    pub(super) fn read(headers: &HeaderMap, now: Timestamp) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let count = |name| text(name).and_then(count);
        Self {
            date: text(DATE.as_str()).and_then(date),
            remaining: count("x-ratelimit-remaining"),
            limit: count("x-ratelimit-limit"),
            resets_in: text("x-ratelimit-reset").and_then(|text| reset(text, server_time(headers, now))),
        }
    }
}

/// A whole number; one below nothing is nothing.
fn count(text: &str) -> Option<usize> {
    match text.strip_prefix('-') {
        Some(digits) => digits.parse().ok().map(|_: usize| 0),
        None => text.parse().ok(),
    }
}

/// How long it is until a reset, given as seconds to wait, as a point in time or as a date.
fn reset(text: &str, now: Timestamp) -> Option<Duration> {
    let at = match text.parse().ok() {
        Some(said @ ..EPOCH) => {
            return Some(Duration::from_secs(said).min(LONGEST)).filter(|wait| !wait.is_zero());
        }
        Some(said @ EPOCH..EPOCH_MILLIS) => Timestamp::from_second(i64::try_from(said).ok()?).ok()?,
        Some(said) => Timestamp::from_millisecond(i64::try_from(said).ok()?).ok()?,
        None => date(text)?,
    };
    let wait = Duration::try_from(at.duration_since(now)).ok()?;
    Some(wait.min(LONGEST)).filter(|wait| !wait.is_zero())
}

/// What a client's answers said last, for whoever sent the request.
#[derive(Debug, Clone, Default)]
pub struct RateLimitListener(Arc<Mutex<Option<RateLimitHeaders>>>);

impl RateLimitListener {
    pub(super) fn hear(&self, quota: RateLimitHeaders) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(quota);
    }

    /// What the last answer said; none if none came.
    #[must_use]
    pub fn heard(&self) -> Option<RateLimitHeaders> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{DATE, HeaderName};

    fn quota(headers: &[(&str, &str)]) -> RateLimitHeaders {
        let header =
            |(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        RateLimitHeaders::read(&headers.iter().map(header).collect(), "2026-03-01T09:30:00Z".parse().unwrap())
    }

    #[test]
    fn headers_are_read_in_any_case_and_garbage_is_nothing() {
        let all = quota(&[
            ("X-RATELIMIT-REMAINING", " 7 "),
            ("x-ratelimit-limit", "12"),
            ("X-RateLimit-Reset", "5"),
        ]);
        let wanted = RateLimitHeaders {
            remaining: Some(7),
            limit: Some(12),
            resets_in: Some(Duration::from_secs(5)),
            date: None,
        };
        assert_eq!(all, wanted);
        assert_eq!(quota(&[]), RateLimitHeaders::default());
        for garbage in ["", "many", "7;w=5", "1e3", "99999999999999999999999"] {
            let names = ["x-ratelimit-remaining", "x-ratelimit-limit"];
            assert_eq!(quota(&names.map(|name| (name, garbage))), RateLimitHeaders::default(), "{garbage}");
        }
        assert_eq!(quota(&[("x-ratelimit-remaining", "-3")]).remaining, Some(0));
    }

    #[test]
    fn a_reset_is_a_wait_or_a_point_in_time() {
        let resets_in = |text| quota(&[("x-ratelimit-reset", text)]).resets_in.map(|wait| wait.as_secs());
        for (text, wanted) in [
            ("30", Some(30)),
            ("0", None),
            ("-5", None),
            ("soon", None),
            ("1772357430", Some(30)),
            ("1772357430000", Some(30)),
            ("1772357300", None),
            ("Sun, 01 Mar 2026 09:30:20 GMT", Some(20)),
            ("86400", Some(3600)),
            ("99999999999999999999999999", None),
        ] {
            assert_eq!(resets_in(text), wanted, "{text}");
        }
        let by_the_server =
            [(DATE.as_str(), "Sun, 01 Mar 2026 09:30:25 GMT"), ("x-ratelimit-reset", "1772357430")];
        assert_eq!(quota(&by_the_server).resets_in, Some(Duration::from_secs(5)));
    }
}
