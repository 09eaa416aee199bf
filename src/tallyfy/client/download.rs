//! The bytes of a file, as they come.
//!
//! Owns how long a download may stand still, and the judgement that it came whole: for a backup by the rule of
//! [`FileCheck`], for a person by the length alone. Must not know where the bytes go.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::Response;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use tokio::time::timeout;

use crate::model::failure::{Cause, Failure};
use crate::model::id::Id;

use super::super::file_check::FileCheck;
use super::super::redact::Redactor;
use super::super::transport;
use super::{Client, ClientConfig};
use crate::tallyfy::response;

/// A file that is on its way. Dropping it breaks the transfer off.
pub struct Download {
    /// The HTTP status, 200 or a neighbour.
    pub status: u16,
    /// How many bytes the server says there are; none if it does not say.
    pub length: Option<u64>,
    response: Response,
    received: u64,
    access: Arc<ClientConfig>,
    /// The check that it is the whole file, where that has to be shown.
    check: Option<FileCheck>,
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
    /// any read: never to another origin. With `backup_of`, the file's name, nothing counts but what is shown to be the
    /// whole file.
    ///
    /// # Errors
    /// A [`Failure`] for a refusal, for no answer in time, and for a page or JSON that does not come as an attachment.
    pub async fn download(&self, route: &str, id: &Id, backup_of: Option<&str>) -> Result<Download, Failure> {
        let deadline = self.deadline();
        // A packed transfer would announce a length that is not the file's.
        let plain = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
        let response = self.reach(self.url(route, Some(id), &[])?, &plain, deadline).await?;
        let status = response.status();
        if !status.is_success() || !response::is_file(status, response.headers()) {
            return Err(self.finish(response, deadline).await?.no_file());
        }
        let length = response.content_length();
        let kind = (status, response.version());
        let check =
            backup_of.map(|name| FileCheck::begin(name, kind, response.headers(), length)).transpose();
        Ok(Download {
            status: status.as_u16(),
            length,
            response,
            received: 0,
            check: check.map_err(|words| self.access.no_whole_file(status.as_u16(), &words))?,
            access: Arc::clone(&self.access),
            failed: None,
        })
    }
}

impl ClientConfig {
    /// A failure to show that a success is the whole file. What the server said of it may hold the token.
    fn no_whole_file(&self, status: u16, words: &str) -> Failure {
        Failure::answered(Cause::Garbled, status, &Redactor::of(self).text(words))
    }
}

impl Download {
    /// The next bytes; none at the end of a file that came whole. Waits for each as long as a request may take, however
    /// long the whole of it takes.
    ///
    /// # Errors
    /// A [`Failure`] when the transfer breaks off, ends before the announced length, stands still, or proves to be an
    /// error in place of the file that a backup is taken of. It comes again from then on.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        if let Some(failure) = &self.failed {
            return Err(failure.clone());
        }
        let next = self.next().await;
        self.failed = next.as_ref().err().cloned();
        next
    }

    /// The ending of the file's name that its first bytes do not fit, if there is one and they were checked.
    #[must_use]
    pub fn odd_start(&self) -> Option<String> {
        self.check.as_ref()?.odd_start()
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let idle = self.access.timeouts.request;
        match timeout(idle, self.response.chunk()).await {
            Err(_) => Err(transport::stalled(self.status, idle)),
            Ok(Err(_)) => Err(transport::broke_off(self.status)),
            Ok(Ok(Some(bytes))) => {
                self.received += bytes.len() as u64;
                self.check.iter_mut().for_each(|check| check.take(&bytes));
                Ok(Some(bytes))
            }
            Ok(Ok(None)) if self.length.is_some_and(|length| length != self.received) => {
                Err(transport::broke_off(self.status))
            }
            Ok(Ok(None)) => match self.check.as_ref().map_or(Ok(()), FileCheck::end) {
                Ok(()) => Ok(None),
                Err(words) => Err(self.access.no_whole_file(self.status, &words)),
            },
        }
    }
}
