//! The bytes of a file, as they come.
//!
//! Owns how long a download may stand still, and the judgement that it came whole. Must not know where the bytes go.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Response;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use tokio::time::timeout;

use crate::model::failure::Failure;
use crate::model::id::Id;

use super::super::answer;
use super::super::transport;
use super::Client;

/// A file that is on its way. Dropping it breaks the transfer off.
pub struct Download {
    /// The HTTP status, 200 or a neighbour.
    pub status: u16,
    /// How many bytes the server says there are; none if it does not say.
    pub length: Option<u64>,
    response: Response,
    received: u64,
    idle: Duration,
    /// Why it ended early: what comes after that is no end of the file.
    failed: Option<Failure>,
}

impl fmt::Debug for Download {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, length, received, .. } = self;
        let mut shown = out.debug_struct("Download");
        shown.field("status", status).field("length", length).field("received", received);
        shown.finish_non_exhaustive()
    }
}

impl Client {
    /// Begins to download a file; `route` holds `{org}` and `{id}` (API sheet, section 7). Redirects are followed as for
    /// any read: never to another origin.
    ///
    /// # Errors
    /// A [`Failure`] for a refusal, for no answer in time, and for a page or JSON that does not come as an attachment.
    pub async fn download(&self, route: &str, id: &Id) -> Result<Download, Failure> {
        let deadline = self.deadline();
        // A packed transfer would announce a length that is not the file's.
        let plain = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
        let response = self.reach(self.url(route, Some(id), &[])?, &plain, deadline).await?;
        let status = response.status();
        if !status.is_success() || !answer::is_file(status, response.headers()) {
            return Err(self.finish(response, deadline).await?.no_file());
        }
        Ok(Download {
            status: status.as_u16(),
            length: response.content_length(),
            response,
            received: 0,
            idle: self.access.timeouts.request,
            failed: None,
        })
    }
}

impl Download {
    /// The next bytes; none at the end of a file that came whole. Waits for each as long as a request may take, however
    /// long the whole of it takes.
    ///
    /// # Errors
    /// A [`Failure`] when the transfer breaks off, ends before the announced length, or stands still. It comes again
    /// from then on.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        if let Some(failure) = &self.failed {
            return Err(failure.clone());
        }
        let next = self.next().await;
        self.failed = next.as_ref().err().cloned();
        next
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        match timeout(self.idle, self.response.chunk()).await {
            Err(_) => Err(transport::stalled(self.status, self.idle)),
            Ok(Err(_)) => Err(transport::broke_off(self.status)),
            Ok(Ok(Some(bytes))) => {
                self.received += bytes.len() as u64;
                Ok(Some(bytes))
            }
            Ok(Ok(None)) if self.length.is_some_and(|length| length != self.received) => {
                Err(transport::broke_off(self.status))
            }
            Ok(Ok(None)) => Ok(None),
        }
    }
}
