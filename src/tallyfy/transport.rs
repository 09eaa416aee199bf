//! What goes wrong below HTTP, in words.
//!
//! Owns the judgement whether a request can have reached the server: only an attempt to connect that failed proves
//! that it has not. Anything later, a pooled connection that turned out closed among it, counts as sent. Must not
//! quote a URL or a header.

use std::io;
use std::time::Duration;

use super::connect_error::{self, Explained, Route, sources};
use super::network::Proxy;
use crate::model::failure::{Cause, Failure};
use crate::model::pacing;

/// A failure to get any answer, over `route` and within `waited` for the whole of the attempt.
pub(super) fn failed_to_send(error: &reqwest::Error, route: &Route<'_>, waited: Duration) -> Failure {
    if error.is_builder() {
        return Failure::new(Cause::Bug, "the request could not be built, so nothing was sent");
    }
    if error.is_connect() {
        return explained(Cause::Unreachable, connect_error::explain(error, route));
    }
    if error.is_timeout() {
        return no_answer(waited);
    }
    let why = match innermost(error) {
        Some(io) if is_reset(io.kind()) => "the connection was reset".to_owned(),
        _ => "the connection ended".to_owned(),
    };
    Failure::new(Cause::Broken, &format!("{why} before an answer came"))
}

/// A proxy that answered the request itself, because it wants to know who asks: the API was not reached.
pub(super) fn stopped_by_proxy(proxy: &Proxy) -> Failure {
    explained(Cause::Unreachable, connect_error::unauthorized(proxy))
}

fn explained(cause: Cause, explained: Explained) -> Failure {
    Failure { hint: explained.hint, ..Failure::new(cause, &explained.words) }
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

fn is_reset(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe
    )
}

fn innermost(error: &reqwest::Error) -> Option<&io::Error> {
    sources(error).filter_map(|source| source.downcast_ref::<io::Error>()).last()
}
