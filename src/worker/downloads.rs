//! Downloads files for a person, a few at a time.
//!
//! Owns that each has one line however it ends, that what is lost on the server is told from what merely failed, and that a
//! full disk ends it all. Must not know how requests are paced, nor how a file gets its name.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use crate::app::effect::RequestId;
use crate::app::event::{Attempt, EventKind, Response, SAVE};
use crate::model::download::{DownloadRequest, DownloadedFile};
use crate::model::failure::{Cause, Failure};
use crate::model::record::Record;
use crate::model::text;
use crate::storage::downloads;
use crate::storage::downloads::{DownloadError, DownloadWriter};
use crate::tallyfy::Download;
use crate::worker::http::executor::Executor;
use crate::worker::http::rate_limiter::Priority;
use crate::worker::response_sender::ResponseSender;

/// How many files are under way together: a stream takes no place at the gate, only its beginning does.
const AT_ONCE: usize = 4;
/// How many bytes of a stream are gathered before they go to the disk together.
const GATHERED: usize = 1 << 20;
/// So many bytes more are worth telling.
const TOLD: u64 = 1 << 18;
/// Before the bytes of a file that did not come are asked for once more.
const AGAIN: Duration = Duration::from_secs(1);
/// The statuses of a gateway's bad moment, which say nothing of the file behind it (API sheet, section 4.2).
const PASSING: [u16; 3] = [502, 503, 504];

/// Begins to download a file. What sounds like lost bytes is believed the second time.
pub(super) async fn begin(
    session: &Executor,
    (urgency, purpose): (Priority, &'static str),
    route: &str,
    record: &Record,
) -> Result<Download, Failure> {
    match session.download((urgency, purpose), route, record).await {
        Err(failure) if says_lost(&failure) => {
            sleep(AGAIN).await;
            session.download((urgency, purpose), route, record).await
        }
        download => download,
    }
}

/// Whether an answer says that the server has a file no more: a lasting 5xx does (API sheet, section 4.2).
pub(super) fn says_lost(failure: &Failure) -> bool {
    match failure.cause {
        Cause::NotFound => true,
        Cause::Server => !failure.status.is_some_and(|status| PASSING.contains(&status)),
        _ => false,
    }
}

/// Files on their way to the disk.
#[derive(Debug)]
pub(super) struct Downloader {
    session: Executor,
    post: ResponseSender,
    request_id: RequestId,
    saving: DownloadRequest,
    bytes: AtomicU64,
    /// How many of them have been told.
    told: AtomicU64,
}

/// Why a file is not on the disk.
enum FailedDownload {
    /// The line of its request says it.
    Told,
    /// For this.
    Why(Failure),
    /// For this, and no other can be saved either.
    Full(Failure),
}

impl From<DownloadError> for FailedDownload {
    fn from(error: DownloadError) -> Self {
        let failure = Failure::new(Cause::Unrecorded, &error.to_string());
        match error {
            DownloadError::Full { .. } => Self::Full(failure),
            DownloadError::Place { .. } => Self::Why(failure),
        }
    }
}

impl Downloader {
    pub(super) fn new(
        session: Executor,
        post: ResponseSender,
        request_id: RequestId,
        saving: DownloadRequest,
    ) -> Self {
        Self { session, post, request_id, saving, bytes: AtomicU64::new(0), told: AtomicU64::new(0) }
    }

    /// Saves all files, reporting each.
    pub(super) async fn run(&self) -> Result<(), Failure> {
        let folder = self.saving.folder.clone();
        let made = blocking(move || downloads::make_folder(&folder)).await;
        made.map_err(|lost| match lost {
            FailedDownload::Why(failure) | FailedDownload::Full(failure) => failure,
            FailedDownload::Told => broke_off(),
        })?;
        let (mut waiting, mut stopped) = (self.saving.files.iter().enumerate(), None);
        let mut under_way = FuturesUnordered::new();
        loop {
            while stopped.is_none()
                && under_way.len() < AT_ONCE
                && let Some((file, record)) = waiting.next()
            {
                under_way.push(async move { (file, self.save(record).await) });
            }
            let Some((file, result)) = under_way.next().await else { break };
            let result = result.map_err(|lost| match lost {
                FailedDownload::Told => None,
                FailedDownload::Why(failure) => Some(failure),
                FailedDownload::Full(failure) => {
                    stopped.get_or_insert(failure);
                    None
                }
            });
            self.tell_bytes(0);
            self.post.response(self.request_id, Response::FileDownloaded { file, result });
        }
        stopped.map_or(Ok(()), Err)
    }

    async fn save(&self, record: &Record) -> Result<DownloadedFile, FailedDownload> {
        let Some(route) = record.stored_bytes() else {
            return Err(FailedDownload::Why(Failure::new(Cause::NotFound, "Tallyfy stores no bytes of it")));
        };
        let begun = Instant::now();
        let began = begin(&self.session, (Priority::Background, SAVE), route, record).await;
        let mut download = began.map_err(|failure| match says_lost(&failure) {
            true => {
                let words = format!("the server has lost it: {}", failure.words);
                FailedDownload::Why(Failure { words, ..failure })
            }
            false => FailedDownload::Told,
        })?;
        let stored = self.stream(&mut download, record).await;
        self.report(record, route, begun.elapsed(), download.status, &stored);
        stored.map_err(|lost| match lost {
            FailedDownload::Full(failure) => FailedDownload::Full(failure),
            FailedDownload::Told | FailedDownload::Why(_) => FailedDownload::Told,
        })
    }

    /// Brings the bytes to the disk, where nothing is left of what does not come whole.
    async fn stream(
        &self,
        download: &mut Download,
        record: &Record,
    ) -> Result<DownloadedFile, FailedDownload> {
        let (folder, name) = (self.saving.folder.clone(), record.name().to_owned());
        let mut incoming = blocking(move || DownloadWriter::begin(&folder, &name)).await?;
        let (mut gathered, mut size) = (Vec::new(), 0);
        while let Some(chunk) = download.chunk().await.map_err(FailedDownload::Why)? {
            self.tell_bytes(chunk.len() as u64);
            size += chunk.len();
            gathered.push(chunk);
            if size >= GATHERED {
                incoming = written(incoming, std::mem::take(&mut gathered)).await?;
                size = 0;
            }
        }
        let incoming = written(incoming, gathered).await?;
        let (path, bytes) = blocking(move || incoming.finish()).await?;
        Ok(DownloadedFile { path: shown(&path), bytes })
    }

    /// So many more bytes have come, of whatever file.
    fn tell_bytes(&self, more: u64) {
        let bytes = self.bytes.fetch_add(more, Ordering::Relaxed) + more;
        let told = self.told.load(Ordering::Relaxed);
        if bytes > told && (more == 0 || bytes - told >= TOLD) {
            self.told.store(bytes, Ordering::Relaxed);
            self.post.response(self.request_id, Response::DownloadProgress(bytes));
        }
    }

    /// The one line of a file that has begun to come.
    fn report(
        &self,
        record: &Record,
        route: &str,
        took: Duration,
        status: u16,
        stored: &Result<DownloadedFile, FailedDownload>,
    ) {
        let url = self.session.client().address(route, Some(record.id()), &[]);
        let (name, result) = match stored {
            Ok(stored) => {
                let size = text::size(stored.bytes);
                (format!("{}: {size} in {}", record.name(), stored.path), Ok(status))
            }
            Err(FailedDownload::Why(failure) | FailedDownload::Full(failure)) => {
                let failure = Failure { status: Some(status), ..failure.clone() };
                (record.name().to_owned(), Err(failure))
            }
            Err(FailedDownload::Told) => return,
        };
        let attempt = Attempt {
            method: "GET",
            purpose: SAVE,
            kind: Some(record.kind()),
            id: Some(record.id().clone()),
            name,
            url: url.unwrap_or_else(|_| route.to_owned()),
            took,
            result,
            again_in: None,
        };
        self.post.tell(EventKind::Attempt(attempt));
    }
}

async fn written(
    mut incoming: DownloadWriter,
    chunks: Vec<bytes::Bytes>,
) -> Result<DownloadWriter, FailedDownload> {
    blocking(move || {
        chunks.iter().try_for_each(|chunk| incoming.write(chunk))?;
        Ok(incoming)
    })
    .await
}

/// Waits for the disk where waiting is allowed.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DownloadError> + Send + 'static,
) -> Result<T, FailedDownload> {
    Ok(spawn_blocking(work).await.map_err(|_| FailedDownload::Why(broke_off()))??)
}

fn broke_off() -> Failure {
    Failure::new(Cause::Bug, "saving broke off")
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
