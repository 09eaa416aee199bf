//! What goes wrong below HTTP, in words.
//!
//! Owns the judgement whether a request can have reached the server: only an attempt to connect that failed proves
//! that it has not. Anything later, a pooled connection that turned out closed among it, counts as sent. Must not
//! quote a URL or a header.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::model::failure::{Cause, Failure};
use crate::model::pacing;

/// How long the whole of an attempt, or its connection, may take; for the words of a timeout.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waited {
    pub(super) connect: Duration,
    pub(super) request: Duration,
}

/// A failure to get any answer from `host`.
pub(super) fn failed_to_send(error: &reqwest::Error, host: &str, waited: Waited) -> Failure {
    if error.is_builder() {
        return Failure::new(Cause::Bug, "the request could not be built, so nothing was sent");
    }
    if error.is_connect() {
        return Failure::new(Cause::Unreachable, &unreachable(error, host, waited.connect));
    }
    if error.is_timeout() {
        return no_answer(waited.request);
    }
    let why = match innermost(error) {
        Some(io) if is_reset(io.kind()) => "the connection was reset".to_owned(),
        _ => "the connection ended".to_owned(),
    };
    Failure::new(Cause::Broken, &format!("{why} before an answer came"))
}

/// No answer in time.
pub(super) fn no_answer(waited: Duration) -> Failure {
    Failure::new(Cause::TimedOut, &format!("no answer in {}", pacing::spoken(waited)))
}

/// An answer that began with `status` and did not come to its end.
pub(super) fn broke_off(status: u16) -> Failure {
    Failure::answered(Cause::Broken, status, "the answer broke off before its end")
}

/// An answer with `status` of which nothing more came for a while.
pub(super) fn stalled(status: u16, waited: Duration) -> Failure {
    let words = format!("the answer stopped coming for {}", pacing::spoken(waited));
    Failure::answered(Cause::TimedOut, status, &words)
}

fn unreachable(error: &reqwest::Error, host: &str, waited: Duration) -> String {
    if error.is_timeout() {
        return format!("no connection to `{host}` in {}", pacing::spoken(waited));
    }
    if error.is_dns() {
        return format!("the name `{host}` could not be looked up");
    }
    let io = innermost(error);
    if let Some(tls) = io.and_then(secured) {
        return format!("no secure connection to `{host}`: {tls}");
    }
    match io {
        Some(io) if io.kind() == io::ErrorKind::ConnectionRefused => {
            format!("`{host}` refused the connection")
        }
        Some(io) => format!("no connection to `{host}`: {io}"),
        None => format!("no connection to `{host}`"),
    }
}

/// What went wrong with the encryption: it travels inside input/output errors, which do not name it as their source.
fn secured(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner.downcast_ref().or_else(|| secured(inner.downcast_ref()?))
}

fn is_reset(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe
    )
}

fn innermost(error: &reqwest::Error) -> Option<&io::Error> {
    sources(error).filter_map(|source| source.downcast_ref::<io::Error>()).last()
}

fn sources(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |source: &&(dyn Error + 'static)| (*source).source())
}
