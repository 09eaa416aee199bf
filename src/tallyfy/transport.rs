//! What goes wrong below HTTP, in words.
//!
//! Owns the judgement whether a request can have been processed: an attempt to connect that failed proves that it was
//! not, and so does an HTTP/2 server that says so. Anything else, a pooled connection that turned out closed among it,
//! counts as sent. Must not quote a URL or a header.

use std::io;
use std::time::Duration;

use super::connect_error::{self, ConnectError, ConnectRoute, sources};
use super::network::Proxy;
use crate::model::failure::{Cause, Failure};
use crate::model::limits;

/// A failure to get any answer, over `route` and within `waited` for the whole of the attempt.
pub(super) fn failed_to_send(error: &reqwest::Error, route: &ConnectRoute<'_>, waited: Duration) -> Failure {
    if error.is_builder() {
        return Failure::new(Cause::Bug, "the request could not be built, so nothing was sent");
    }
    if error.is_connect() {
        return explained(Cause::Unreachable, connect_error::explain(error, route));
    }
    if error.is_timeout() {
        return no_answer(waited);
    }
    if sources(error).filter_map(|source| source.downcast_ref::<h2::Error>()).any(is_unprocessed) {
        let words = "the server closed the connection before it processed the request";
        return Failure::new(Cause::Unprocessed, words);
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

fn explained(cause: Cause, explained: ConnectError) -> Failure {
    Failure { hint: explained.hint, ..Failure::new(cause, &explained.words) }
}

/// No answer in time.
pub(super) fn no_answer(waited: Duration) -> Failure {
    Failure::new(Cause::TimedOut, &format!("no answer in {}", limits::spoken(waited)))
}

/// An answer that began with `status` and did not come to its end.
pub(super) fn broke_off(status: u16) -> Failure {
    Failure::answered(Cause::Broken, status, "the answer broke off before its end")
}

/// An answer with `status` of which nothing more came for a while.
pub(super) fn stalled(status: u16, waited: Duration) -> Failure {
    let words = format!("the answer stopped coming for {}", limits::spoken(waited));
    Failure::answered(Cause::TimedOut, status, &words)
}

/// Whether the server said that it did not process a request. A stream that it did begin to process ends with the
/// connection instead, and a GOAWAY of our own proves nothing.
fn is_unprocessed(error: &h2::Error) -> bool {
    let is_refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    error.is_remote() && (error.is_go_away() || is_refused)
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::tallyfy::network::Network;

    const HEADERS: u8 = 1;
    const RESET: u8 = 3;
    const SETTINGS: u8 = 4;
    const GOAWAY: u8 = 7;
    const REFUSED_STREAM: u8 = 7;
    const INTERNAL_ERROR: u8 = 2;

    fn frame(kind: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        [&[0, 0, length, kind, 0, 0, 0, 0, stream], payload].concat()
    }

    /// What a request comes to that an HTTP/2 server answers with `frames`, before it closes the connection.
    async fn answered_with(frames: Vec<u8>) -> Cause {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(&frame(SETTINGS, 0, &[])).await.unwrap();
            let mut preface = [0; 24];
            stream.read_exact(&mut preface).await.unwrap();
            let mut head = [0; 9];
            while head[3] != HEADERS {
                stream.read_exact(&mut head).await.unwrap();
                let mut payload = vec![0; usize::from(head[1]) * 256 + usize::from(head[2])];
                stream.read_exact(&mut payload).await.unwrap();
            }
            stream.write_all(&frames).await.unwrap();
        };
        let client = reqwest::Client::builder().no_proxy().retry(reqwest::retry::never());
        let client = client.http2_prior_knowledge().build().unwrap();
        let (answer, ()) = tokio::join!(client.delete(url).send(), server);
        let (second, network) = (Duration::from_secs(1), Network::default());
        let route = ConnectRoute { host: "x", is_secure: false, network: &network, connect: second };
        failed_to_send(&answer.unwrap_err(), &route, second).cause
    }

    fn goaway(last: u8, code: u8) -> Vec<u8> {
        frame(GOAWAY, 0, &[0, 0, 0, last, 0, 0, 0, code])
    }

    #[tokio::test]
    async fn stream_above_the_last_of_a_goaway_was_not_processed() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        // The first stream of a client is 1.
        assert_eq!(answered_with(goaway(0, 0)).await, Cause::Unprocessed);
        assert_eq!(answered_with(goaway(0, INTERNAL_ERROR)).await, Cause::Unprocessed);
        assert_eq!(answered_with(frame(RESET, 1, &[0, 0, 0, REFUSED_STREAM])).await, Cause::Unprocessed);
        for frames in [goaway(1, 0), goaway(1, INTERNAL_ERROR), Vec::new()] {
            assert_eq!(answered_with(frames.clone()).await, Cause::Broken, "{frames:?}");
        }
        assert_eq!(answered_with(frame(RESET, 1, &[0, 0, 0, INTERNAL_ERROR])).await, Cause::Broken);
    }
}
