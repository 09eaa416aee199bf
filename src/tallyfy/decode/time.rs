//! Timestamps in the forms the API writes them.
//!
//! Owns their reading only (API sheet, section 3).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The shortest text with a time of day; a bare date is no instant.
const SHORTEST: usize = "2026-03-01 09:30".len();

/// Reads a timestamp with or without a fraction, with `Z`, an offset or neither, which means UTC.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() < SHORTEST {
        return None;
    }
    let zoned = text.parse::<Timestamp>().ok();
    zoned.or_else(|| text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp()))
}

/// Whether `text` is the database's way of saying that there is no time.
pub(super) fn is_nothing(text: &str) -> bool {
    text.starts_with("0000-00-00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_record_detail_is_read() {
        for text in [
            "2026-03-01T09:30:00.000Z",
            "2026-03-01T09:30:00Z",
            "2026-03-01T09:30:00+00:00",
            "2026-03-01T11:30:00+02:00",
            "2026-03-01T09:30:00.000000Z",
            "2026-03-01 09:30:00",
            "2026-03-01T09:30:00",
            " 2026-03-01 09:30:00 ",
        ] {
            assert_eq!(parse(text).map(Timestamp::as_second), Some(1_772_357_400), "{text}");
        }
        for text in ["", "2026-03-01", "next week, on Monday", "2026-02-30 09:30:00", "0000-00-00 00:00:00"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
