//! An answer before it becomes bytes, and the error bodies of section 4.1 of the API sheet.
//!
//! Owns codes, words and content types. Must not know routes or state.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use serde_json::{Value, json};

/// What a request is answered with.
#[derive(Debug, Clone)]
pub(super) struct SandboxResponse {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: ResponseContent,
    /// Whether the request changed the organization.
    pub(super) applied: bool,
}

/// The body of an answer.
#[derive(Debug, Clone)]
pub(super) enum ResponseContent {
    Empty,
    Json(Value),
    Html(String),
    Bytes { mime: &'static str, bytes: Vec<u8> },
}

impl ResponseContent {
    /// The bytes to send and their content type.
    pub(super) fn into_bytes(self) -> (Vec<u8>, Option<&'static str>) {
        match self {
            Self::Empty => (Vec::new(), None),
            Self::Json(value) => (serde_json::to_vec(&value).unwrap_or_default(), Some("application/json")),
            Self::Html(text) => (text.into_bytes(), Some("text/html; charset=UTF-8")),
            Self::Bytes { mime, bytes } => (bytes, Some(mime)),
        }
    }
}

impl SandboxResponse {
    pub(super) const fn new(status: u16, body: ResponseContent) -> Self {
        Self { status, headers: Vec::new(), body, applied: false }
    }

    pub(super) const fn ok(body: Value) -> Self {
        Self::new(200, ResponseContent::Json(body))
    }

    pub(super) const fn empty(status: u16) -> Self {
        Self::new(status, ResponseContent::Empty)
    }

    /// One object in the usual envelope.
    pub(super) fn item(body: Value) -> Self {
        Self::ok(wrapped(body))
    }

    /// The same answer, marked as having changed something.
    pub(super) const fn applied(mut self) -> Self {
        self.applied = true;
        self
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// E1: nothing has this id.
    pub(super) fn not_found() -> Self {
        Self::coded(404, "Resource not found", "RESOURCE_NOT_FOUND")
    }

    /// E1: nothing has this path.
    pub(super) fn no_endpoint() -> Self {
        Self::coded(404, "API endpoint not found", "ENDPOINT_NOT_FOUND")
    }

    /// E1 in general.
    pub(super) fn coded(status: u16, message: &str, code: &str) -> Self {
        Self::new(status, ResponseContent::Json(json!({"error": true, "message": message, "code": code})))
    }

    /// E2: an error in words.
    pub(super) fn refused(status: u16, message: &str) -> Self {
        Self::new(status, ResponseContent::Json(json!({"error": true, "message": message})))
    }

    /// E5: too many requests.
    pub(super) fn throttled(seconds: u64) -> Self {
        let body = json!({"message": "Too many requests", "code": "RATE_LIMIT_EXCEEDED"});
        Self::new(429, ResponseContent::Json(body)).header("Retry-After", seconds.to_string())
    }

    /// E8: a page for people, titled with the status.
    pub(super) fn page(status: u16) -> Self {
        let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let title = reason.unwrap_or("Error");
        let text = format!(
            "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{status} {title}</h1></body></html>\n"
        );
        Self::new(status, ResponseContent::Html(text))
    }

    /// Turns it into a response. Headers that HTTP does not allow are left out.
    pub(super) fn into_response(self) -> Response {
        let (bytes, mime) = self.body.into_bytes();
        let mut response = Response::new(Body::from(bytes));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(mime) = mime {
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(mime));
        }
        set_headers(&mut response, &self.headers);
        response
    }
}

/// Puts headers on a response, as far as HTTP allows them.
pub(super) fn set_headers(response: &mut Response, headers: &[(String, String)]) {
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            response.headers_mut().insert(name, value);
        }
    }
}

/// The envelope `{"data": ...}` around a value, moved and not copied as `json!` would.
pub(super) fn wrapped(value: Value) -> Value {
    Value::Object(std::iter::once(("data".to_owned(), value)).collect())
}
