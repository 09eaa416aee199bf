//! What an answer means.
//!
//! Owns the judgement which answers can be read at all: any 2xx, with or without a body (API sheet, section 4.2), but
//! never one that is a web page, that is not JSON, or that says `error` itself. What a readable one proves is decided in
//! [`super::success`]. Must not send anything.

use std::borrow::Cow;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap};
use serde_json::Value;

use crate::model::failure::{Cause, Failure};
use crate::model::text;

use super::decode;
use super::page::PageMeta;
use super::redact::Redactor;
use crate::tallyfy::error_body;
use crate::tallyfy::list_body::{Body, KeptKeys};

/// The longest request id that is kept, in characters.
const LONGEST_REQUEST_ID: usize = 100;

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListResponse {
    /// The rows as they came, credentials redacted, as far as they were to be kept.
    pub rows: Vec<Value>,
    /// What the answer says about the whole list.
    pub meta: PageMeta,
}

/// A readable 2xx answer to a PUT or DELETE.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionResponse {
    /// The HTTP status, one of 200 to 299.
    pub status: u16,
    /// The body, in its envelope, credentials redacted; none after an empty body.
    pub body: Option<Value>,
    /// Whether the answer said where it ends, so that an empty body is not one that was cut off.
    pub is_complete: bool,
    /// Whether the answer called itself JSON.
    pub is_json: bool,
    /// The server's words in it, if it has any.
    pub said: Option<String>,
    /// Why it does not prove that anything was done; none if it does, or nobody has asked yet.
    pub doubt: Option<String>,
    /// The server's name for the request, for its support.
    pub request_id: Option<String>,
}

/// An answer that has come to its end.
#[derive(Debug)]
pub(super) struct RawResponse<'a> {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Whether the end of the body was told by its length or by its framing, and not only by the end of the connection.
    pub(super) is_complete: bool,
    pub(super) redactor: Redactor<'a>,
}

impl RawResponse<'_> {
    /// Reads a page of a list, and of its rows what is to be kept. A malformed page is a failure, never a page without
    /// rows (API sheet, section 2).
    pub(super) fn listed(&self, keep: &KeptKeys) -> Result<ListResponse, Failure> {
        let text = self.json()?.ok_or_else(|| self.garbled("an empty answer came instead of a list"))?;
        // What is no list is looked at as a whole: it may say what is wrong.
        let no_list = || self.data().err().unwrap_or_else(|| self.garbled("the answer is not a list"));
        let body = Body::read(&text, keep, self.redactor).map_err(|_| no_list())?;
        self.must_not_say_error(&body.rest)?;
        let rows = body.rows.ok_or_else(no_list)?;
        Ok(ListResponse { rows, meta: PageMeta::read(&body.rest) })
    }

    /// Reads one record, out of its envelope.
    pub(super) fn record(&self) -> Result<Value, Failure> {
        match self.data()?.map(decode::unwrapped) {
            None | Some(Value::Null) => Err(self.garbled("an empty answer came instead of a record")),
            Some(value) => Ok(value),
        }
    }

    /// Reads the answer to a change, which may be empty.
    pub(super) fn answered(&self) -> Result<ActionResponse, Failure> {
        let body = self.data()?;
        let said = body.as_ref().and_then(error_body::said_by).and_then(|said| said.words);
        Ok(ActionResponse {
            status: self.status.as_u16(),
            body,
            is_complete: self.is_complete,
            is_json: is_of(&self.headers, "application/json"),
            // In one clean line of bounded length, as every failure is quoted.
            said: said.map(|said| self.garbled(&said).words),
            doubt: None,
            request_id: self.request_id(),
        })
    }

    /// This success as the failure it is where the bytes of a file were asked for.
    pub(super) fn no_file(&self) -> Failure {
        self.data().err().unwrap_or_else(|| self.garbled("something else came instead of the file"))
    }

    /// This answer as the failure it is, for a status outside 200 to 299 or words that say what is wrong with it.
    pub(super) fn refused(&self) -> Failure {
        let failure = error_body::failure(self.status, &self.headers, &self.text(), self.redactor);
        Failure { request_id: self.request_id(), ..failure }
    }

    /// A success that cannot be trusted.
    pub(super) fn garbled(&self, words: &str) -> Failure {
        let words = self.redactor.text(words);
        let failure = Failure::answered(Cause::Garbled, self.status.as_u16(), &words);
        Failure { request_id: self.request_id(), ..failure }
    }

    /// The JSON of a success, `None` if it has no body.
    fn data(&self) -> Result<Option<Value>, Failure> {
        let Some(text) = self.json()? else { return Ok(None) };
        let mut value: Value = serde_json::from_str(&text).map_err(|_| self.unreadable(&text))?;
        self.redactor.value(&mut value);
        self.must_not_say_error(&value)?;
        Ok(Some(value))
    }

    /// The text of a success that ought to be JSON, `None` if it has no body. An empty body is judged before its type,
    /// because frameworks label even that as HTML.
    fn json(&self) -> Result<Option<Cow<'_, str>>, Failure> {
        if !self.status.is_success() {
            return Err(self.refused());
        }
        if self.body.is_empty() {
            return Ok(None);
        }
        let text = self.text();
        if text.is_empty() {
            return Err(self.garbled("the answer holds nothing but white space"));
        }
        if self.says_html() || error_body::looks_like_html(&text) {
            return Err(self.garbled(&error_body::page_in_short(&self.redactor.text(&text))));
        }
        Ok(Some(text))
    }

    /// A success that is neither JSON nor a page. What calls itself text is quoted.
    fn unreadable(&self, text: &str) -> Failure {
        if !is_of(&self.headers, "text/plain") || text.starts_with(['{', '[']) {
            return self.garbled("the answer is not readable JSON");
        }
        self.garbled(&format!("a text came instead of data: {text}"))
    }

    fn must_not_say_error(&self, value: &Value) -> Result<(), Failure> {
        if !says_error(value) {
            return Ok(());
        }
        let words = error_body::said_by(value).and_then(|said| said.words);
        let words = words.unwrap_or_else(|| "no reason given".to_owned());
        Err(self.garbled(&format!("a success that says it is an error: {words}")))
    }

    /// The body as text: invalid UTF-8 replaced, a byte order mark and white space at the ends taken off.
    fn text(&self) -> Cow<'_, str> {
        match String::from_utf8_lossy(&self.body) {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim_start_matches('\u{feff}').trim()),
            Cow::Owned(text) => Cow::Owned(text.trim_start_matches('\u{feff}').trim().to_owned()),
        }
    }

    fn says_html(&self) -> bool {
        is_of(&self.headers, "text/html")
    }

    fn request_id(&self) -> Option<String> {
        let id = self.headers.get("x-request-id")?.to_str().ok()?;
        let id = self.redactor.text(id);
        let id: String = text::clean(id.trim()).chars().take(LONGEST_REQUEST_ID).collect();
        (!id.is_empty()).then_some(id)
    }
}

/// Whether a success holds the bytes of a file: all of them, as an attachment or as something that is neither a page nor
/// JSON (API sheet, section 7).
pub(super) fn is_file(status: StatusCode, headers: &HeaderMap) -> bool {
    let whole =
        !matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::PARTIAL_CONTENT);
    let attached = headers.contains_key(CONTENT_DISPOSITION);
    whole && (attached || !(is_of(headers, "text/html") || is_of(headers, "application/json")))
}

/// Whether the type of an answer begins with `kind`.
fn is_of(headers: &HeaderMap, kind: &str) -> bool {
    let said = headers.get(CONTENT_TYPE).and_then(|said| said.to_str().ok()).unwrap_or_default();
    said.trim_start().get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind))
}

/// Whether an answer calls itself an error: `error: true`, an object with something in it, or a word.
pub(super) fn says_error(value: &Value) -> bool {
    match value.get("error") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(says)) => *says,
        Some(Value::String(word)) => !matches!(word.trim().to_ascii_lowercase().as_str(), "" | "0" | "false"),
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::Object(object)) => !object.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with<T>(status: u16, body: &[u8], kind: &'static str, read: impl FnOnce(&RawResponse<'_>) -> T) -> T {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, reqwest::header::HeaderValue::from_static(kind))]);
        let redactor = Redactor::new("hunter2", "api.example");
        let status = StatusCode::from_u16(status).unwrap();
        read(&RawResponse { status, headers, body: body.to_vec(), is_complete: true, redactor })
    }

    fn answered(status: u16, body: &str) -> Result<Option<Value>, Failure> {
        with(status, body.as_bytes(), "application/json", |raw| raw.answered().map(|answered| answered.body))
    }

    #[test]
    fn success_is_read_with_or_without_a_body() {
        for (status, body, wanted) in [
            (200, "", None),
            (204, "", None),
            (200, "null", Some(json!(null))),
            (200, r#"{"data":null}"#, Some(json!({"data": null}))),
            (200, r#"{"data":{"id":"7"}}"#, Some(json!({"data": {"id": "7"}}))),
            (200, r#"{"id":"7","data":1}"#, Some(json!({"id": "7", "data": 1}))),
            (200, r#"{"error":false,"message":"ok"}"#, Some(json!({"error": false, "message": "ok"}))),
            (200, "\u{feff}{\"message\":\"ok\"}", Some(json!({"message": "ok"}))),
        ] {
            assert_eq!(answered(status, body), Ok(wanted), "{body:?}");
        }
        // It may be what is left of an answer: only one without a byte is documented.
        for blank in [" \n", "\u{feff}"] {
            assert_eq!(answered(200, blank).unwrap_err().cause, Cause::Garbled, "{blank:?}");
        }
        let empty =
            with(200, b"", "text/html; charset=UTF-8", |raw| raw.answered().map(|answered| answered.body));
        assert_eq!(empty, Ok(None), "frameworks label an empty body as HTML");
        let said = |body: &[u8]| {
            with(200, body, "application/json", |raw| raw.answered().map(|answered| answered.said))
        };
        assert_eq!(said(br#"{"message":"for hunter2"}"#), Ok(Some("for [redacted]".to_owned())));
        let long = format!(r#"{{"errors":["{}"]}}"#, "x\\n".repeat(9_999));
        let long = said(long.as_bytes()).unwrap().unwrap();
        assert!(long.chars().count() <= 300 && !long.contains('\n'), "{long}");
    }

    #[test]
    fn a_success_that_says_error_is_none() {
        for body in [
            r#"{"error":true,"message":"no"}"#,
            r#"{"error":{"code":"X","message":"no"}}"#,
            r#"{"error":"no"}"#,
            r#"{"error":1,"message":"no"}"#,
        ] {
            let failure = answered(200, body).unwrap_err();
            assert_eq!((failure.cause, failure.status), (Cause::Garbled, Some(200)), "{body}");
            assert!(failure.words.ends_with(": no"), "{}", failure.words);
        }
        for body in [r#"{"error":null}"#, r#"{"error":""}"#, r#"{"error":[]}"#, r#"{"error":{}}"#] {
            assert!(answered(200, body).is_ok(), "{body}");
        }
    }

    #[test]
    fn pages_and_garbage_are_no_success() {
        for (body, kind) in [
            ("<html>sign in</html>", "application/json"),
            ("sign in", "text/html"),
            ("Sign in", "Text/HTML; charset=utf-8"),
            ("{\"data\":", "application/json"),
            ("{\"data\":", "text/plain"),
            ("<html>sign in</html>", "text/plain"),
            ("OK", "application/json"),
            ("OK", "text/plain"),
        ] {
            let failure = with(200, body.as_bytes(), kind, |raw| raw.answered().unwrap_err());
            assert_eq!((failure.cause, failure.status), (Cause::Garbled, Some(200)), "{body}");
        }
    }

    #[test]
    fn a_malformed_page_is_not_an_empty_one() {
        let listed = |body: &str| {
            with(200, body.as_bytes(), "application/json", |raw| {
                raw.listed(&KeptKeys::Whole).map(|page| page.rows.len())
            })
        };
        assert_eq!(listed(r#"{"data":[1,2]}"#), Ok(2));
        assert_eq!(listed("[1]"), Ok(1));
        assert_eq!(listed(r#"{"data":[]}"#), Ok(0));
        for body in ["", "{}", r#"{"data":null}"#, r#"{"data":{"id":1}}"#, "7"] {
            assert_eq!(listed(body).unwrap_err().cause, Cause::Garbled, "{body}");
        }
    }

    #[test]
    fn broken_text_is_read_as_far_as_it_goes() {
        let body = [b"{\"data\":{\"name\":\"a".as_slice(), &[0xff], b"b\"}}"].concat();
        let record = with(200, &body, "application/json", |raw| raw.record().unwrap());
        assert_eq!(record, json!({"name": "a\u{fffd}b"}));
    }

    #[test]
    fn a_record_must_be_there() {
        for body in ["", "null", r#"{"data":null}"#] {
            let failure = with(200, body.as_bytes(), "application/json", |raw| raw.record().unwrap_err());
            assert_eq!(failure.cause, Cause::Garbled, "{body}");
        }
    }

    #[test]
    fn credentials_in_an_answer_are_redacted() {
        let body = r#"{"data":{"id":7,"guest_link":"https://x/guest/hunter3"}}"#;
        assert_eq!(answered(200, body), Ok(Some(json!({"data": {"id": 7, "guest_link": "[redacted]"}}))));
    }
}
