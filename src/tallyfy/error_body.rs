//! What an answer that is not a success says.
//!
//! Owns the reading of error bodies E1 to E9 and of status codes (API sheet, sections 4.1 and 4.2), and of
//! `Retry-After`. Must not read a body from the wire.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::model::failure::{Cause, Failure};
use crate::model::text;

use super::redact::Redactor;

/// The code the API throttles with (API sheet, E5).
const THROTTLED: &str = "RATE_LIMIT_EXCEEDED";
/// The longest wait that is believed.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
/// How much of a web page is searched for its title.
const PAGE_SEARCHED: usize = 16 * 1024;

/// What a body says about a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ErrorText {
    pub(super) words: Option<String>,
    pub(super) code: Option<String>,
}

/// The failure that an answer with `status` and `body` stands for. Credentials in it are redacted.
pub(super) fn failure(
    status: StatusCode,
    headers: &HeaderMap,
    body: &str,
    redactor: Redactor<'_>,
) -> Failure {
    let said = read(body, redactor);
    let words = said.words.unwrap_or_else(|| wordless(status));
    let code = said.code;
    let failure = Failure::answered(cause(status, code.as_deref(), &words), status.as_u16(), &words);
    Failure { code, retry_after: retry_after(headers, Timestamp::now()), ..failure }
}

fn wordless(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("an unusual status");
    format!("the server gave no reason ({reason})")
}

fn cause(status: StatusCode, code: Option<&str>, words: &str) -> Cause {
    match status.as_u16() {
        401 => Cause::Unauthorized,
        403 if throttles(code, words) => Cause::RateLimited,
        403 => Cause::Forbidden,
        404 => Cause::NotFound,
        429 => Cause::RateLimited,
        400..500 => Cause::Invalid,
        500..600 => Cause::Server,
        300..400 => Cause::Redirected,
        _ => Cause::Garbled,
    }
}

fn throttles(code: Option<&str>, words: &str) -> bool {
    let words = words.to_lowercase();
    code == Some(THROTTLED) || words.contains("rate limit") || words.contains("too many requests")
}

/// Reads a body in the order of the sheet: `error.message`, `message`, `errors`, `error`, the text itself.
fn read(body: &str, redactor: Redactor<'_>) -> ErrorText {
    let body = body.trim();
    match serde_json::from_str::<Value>(body) {
        Ok(mut value) => {
            redactor.value(&mut value);
            said_by(&value).unwrap_or_else(|| ErrorText { words: bare(&value), code: None })
        }
        Err(_) => {
            let words = match looks_like_html(body) {
                true => Some(page_in_short(&redactor.text(body))),
                false => visible(&redactor.text(body)),
            };
            // Once more: the text of a page stands closer together without its tags.
            ErrorText { words: words.map(|words| redactor.text(&words).into_owned()), code: None }
        }
    }
}

/// What a JSON object says about an error, if anything.
pub(super) fn said_by(value: &Value) -> Option<ErrorText> {
    let object = value.as_object()?;
    let string = |value: Option<&Value>| value.and_then(Value::as_str).and_then(visible);
    let error = object.get("error");
    let inner = error.and_then(Value::as_object);
    let words = string(inner.and_then(|error| error.get("message")))
        .or_else(|| string(object.get("message")))
        .or_else(|| object.get("errors").and_then(joined))
        .or_else(|| string(error));
    let code = string(object.get("code")).or_else(|| string(inner.and_then(|error| error.get("code"))));
    (words.is_some() || code.is_some()).then_some(ErrorText { words, code })
}

/// The text of JSON that says nothing in a known place.
fn bare(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(words) => visible(words),
        Value::Object(object) if object.is_empty() => None,
        Value::Array(list) if list.is_empty() => None,
        _ => visible(&value.to_string()),
    }
}

fn joined(errors: &Value) -> Option<String> {
    let mut texts = Vec::new();
    collect(errors, &mut texts);
    (!texts.is_empty()).then(|| texts.join("; "))
}

/// Every string in `errors`, whose values may be strings, lists, or lists of objects (API sheet, E4).
fn collect(errors: &Value, texts: &mut Vec<String>) {
    match errors {
        Value::String(text) => texts.extend(visible(text)),
        Value::Array(list) => list.iter().for_each(|inner| collect(inner, texts)),
        Value::Object(object) => object.values().for_each(|inner| collect(inner, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

pub(super) fn visible(text: &str) -> Option<String> {
    let kept = text::clean(text.trim());
    (!kept.trim().is_empty()).then(|| kept.into_owned())
}

/// Whether `body` is a web page rather than data.
pub(super) fn looks_like_html(body: &str) -> bool {
    body.trim_start().starts_with('<')
}

/// The title of a web page, or the beginning of its text; a page is never quoted raw.
pub(super) fn page_in_short(page: &str) -> String {
    let end = page.floor_char_boundary(PAGE_SEARCHED);
    let page = &page[..end];
    let title = title(page).map(plain).filter(|title| !title.is_empty());
    match title.unwrap_or_else(|| plain(page)) {
        said if said.is_empty() => "a web page came instead of data".to_owned(),
        said => format!("a web page came instead of data: {}", said.chars().take(120).collect::<String>()),
    }
}

fn title(page: &str) -> Option<&str> {
    // Lower case in ASCII keeps every byte where it was.
    let lower = page.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower[open..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    page.get(start..end)
}

/// `markup` without its tags, on one line.
fn plain(markup: &str) -> String {
    let mut inside = false;
    let text: String = markup
        .chars()
        .filter_map(|c| match c {
            '<' => {
                inside = true;
                Some(' ')
            }
            '>' if inside => {
                inside = false;
                None
            }
            c => (!inside).then_some(c),
        })
        .collect();
    text::clean(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How long the server asks to wait: seconds, whole or not, or a date, reckoned by the server's own clock if it tells
/// it. Never negative, at most a day.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Some(seconds) = seconds(text) {
        return Some(seconds.min(LONGEST_WAIT));
    }
    let until = date(text)?;
    let wait = Duration::try_from(until.duration_since(server_time(headers, now))).unwrap_or_default();
    Some(wait.min(LONGEST_WAIT))
}

/// What the clock of the server says, or `now` where the answer does not tell.
pub(super) fn server_time(headers: &HeaderMap, now: Timestamp) -> Timestamp {
    headers.get(DATE).and_then(|date| date.to_str().ok()).and_then(date).unwrap_or(now)
}

fn seconds(text: &str) -> Option<Duration> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let numeric = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds: f64 = digits.parse().ok().filter(|_| numeric)?;
    let wait = Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_WAIT);
    Some(if negative { Duration::ZERO } else { wait })
}

/// A date as HTTP writes it.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> (Option<String>, Option<String>) {
        let ErrorText { words, code } = read(body, Redactor::new("hunter2", "api.example"));
        (words, code)
    }

    #[test]
    fn every_documented_body_is_read() {
        for (body, words, code) in [
            (
                r#"{"error":true,"message":"Resource not found","code":"RESOURCE_NOT_FOUND"}"#,
                "Resource not found",
                Some("RESOURCE_NOT_FOUND"),
            ),
            (r#"{"error":true,"message":"no"}"#, "no", None),
            (r#"{"message":"no"}"#, "no", None),
            (r#"{"error":true,"errors":{"a":["one"],"b":["two","three"]}}"#, "one; two; three", None),
            (r#"{"message":"invalid","errors":{"a":["one"]}}"#, "invalid", None),
            (r#"{"message":"","errors":{"a":"one","b":[{"7":"two"}]}}"#, "one; two", None),
            (
                r#"{"message":"slow down","code":"RATE_LIMIT_EXCEEDED"}"#,
                "slow down",
                Some("RATE_LIMIT_EXCEEDED"),
            ),
            (
                r#"{"error":{"code":"SEAT_POOL_EXHAUSTED","message":"no seats","details":{}}}"#,
                "no seats",
                Some("SEAT_POOL_EXHAUSTED"),
            ),
            (r#"{"error":"invalid_client"}"#, "invalid_client", None),
            ("  plain\u{1b}[2J text \n", "plain\u{241b}[2J text", None),
            (r#""just a string""#, "just a string", None),
            (r#"{"what":1}"#, r#"{"what":1}"#, None),
            (
                "<html><head><TITLE>502 Bad\nGateway</title></head><body>x</body>",
                "a web page came instead of data: 502 Bad Gateway",
                None,
            ),
            ("<p>Not <b>Found</b></p>", "a web page came instead of data: Not Found", None),
            ("<!doctype html><title></title>", "a web page came instead of data", None),
        ] {
            assert_eq!(said(body), (Some(words.to_owned()), code.map(str::to_owned)), "{body}");
        }
        for body in ["", "  ", "{}", "[]", "null", r#"{"error":true}"#] {
            let (words, code) = said(body);
            assert!(
                code.is_none() && words.as_deref().is_none_or(|words| words == body),
                "{body}: {words:?}"
            );
        }
    }

    #[test]
    fn a_token_that_is_echoed_is_not_repeated() {
        for body in [
            r#"{"message":"bad token hunter2","code":"hunter2"}"#,
            "bad token hunter2",
            "<title>bad token hunter2</title>",
        ] {
            assert!(!format!("{:?}", said(body)).contains("hunter2"), "{body}");
        }
    }

    #[test]
    fn a_page_cut_inside_a_character_or_a_tag_does_no_harm() {
        assert!(page_in_short(&format!("<p>{}", "é".repeat(PAGE_SEARCHED))).contains("éé"));
        assert_eq!(page_in_short("<title"), "a web page came instead of data");
        assert_eq!(page_in_short("<title>İ x</title>"), "a web page came instead of data: İ x");
    }

    #[test]
    fn a_403_throttles_only_when_it_says_so() {
        let forbidden = StatusCode::FORBIDDEN;
        for (code, words, wanted) in [
            (Some(THROTTLED), "no", Cause::RateLimited),
            (None, "API Rate Limit reached", Cause::RateLimited),
            (None, "Too Many Requests", Cause::RateLimited),
            (None, "Cannot disable guest with incomplete tasks", Cause::Forbidden),
            (Some("SEATS"), "limit reached", Cause::Forbidden),
        ] {
            assert_eq!(cause(forbidden, code, words), wanted, "{words}");
        }
    }

    #[test]
    fn waits_are_read_in_every_form() {
        let now: Timestamp = "2026-03-01T09:30:00Z".parse().unwrap();
        let wait = |value: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            retry_after(&headers, now).map(|wait| wait.as_secs_f64())
        };
        let huge = "9".repeat(400);
        for (value, wanted) in [
            ("3", Some(3.0)),
            (" 1.5 ", Some(1.5)),
            ("0", Some(0.0)),
            ("-4", Some(0.0)),
            ("99999999", Some(86_400.0)),
            (huge.as_str(), Some(86_400.0)),
            ("Sun, 01 Mar 2026 09:30:20 GMT", Some(20.0)),
            ("Mon, 01 Mar 2026 09:30:20 GMT", Some(20.0)),
            ("Sun, 01 Mar 2026 09:29:00 GMT", Some(0.0)),
            ("Sun, 01 Mar 2099 09:29:00 GMT", Some(86_400.0)),
            ("soon", None),
            ("inf", None),
            ("nan", None),
            ("", None),
            ("1e3", None),
        ] {
            assert_eq!(wait(value), wanted, "{value:?}");
        }
    }

    #[test]
    fn a_date_is_reckoned_by_the_clock_of_the_server() {
        let headers = HeaderMap::from_iter([
            (RETRY_AFTER, "Sun, 01 Mar 2026 09:30:20 GMT".parse().unwrap()),
            (DATE, "Sun, 01 Mar 2026 09:30:15 GMT".parse().unwrap()),
        ]);
        assert_eq!(retry_after(&headers, Timestamp::UNIX_EPOCH), Some(Duration::from_secs(5)));
    }
}
