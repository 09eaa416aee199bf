//! What was asked of the sandbox, in order of arrival, kept for tests and written to a file on request.
//!
//! Owns the entries and the log file. Headers, and with them the token, never come here.

use std::{fs::File, io::Write, time::Duration};

use jiff::Timestamp;
use serde_json::json;

/// One request as the sandbox saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedRequest {
    /// The method, in capitals.
    pub method: String,
    /// The path with its query, as it arrived.
    pub path: String,
    /// The status of the answer; none when none was sent (yet).
    pub status: Option<u16>,
    /// Whether the organization changed.
    pub applied: bool,
}

/// All requests so far.
#[derive(Debug, Default)]
pub(super) struct RequestLog {
    pub(super) entries: Vec<LoggedRequest>,
    pub(super) file: Option<File>,
}

impl RequestLog {
    /// Notes an arrival; the number is for [`RequestLog::settle`].
    pub(super) fn arrive(&mut self, method: &str, path: &str) -> usize {
        let entry =
            LoggedRequest { method: method.to_owned(), path: path.to_owned(), status: None, applied: false };
        self.entries.push(entry);
        self.entries.len() - 1
    }

    /// Notes how a request ended and writes its line. A disk that takes no more lines stops no answer.
    pub(super) fn settle(&mut self, number: usize, status: Option<u16>, applied: bool, took: Duration) {
        let Some(entry) = self.entries.get_mut(number) else { return };
        entry.status = status;
        entry.applied = applied;
        let Some(file) = &mut self.file else { return };
        let line = json!({
            "time": Timestamp::now().to_string(), "method": entry.method, "path": entry.path, "status": status,
            "ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX), "applied": applied,
        });
        drop(file.write_all(format!("{line}\n").as_bytes()));
    }
}
