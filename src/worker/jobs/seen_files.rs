//! The files that were seen attached to records, kept for a later deletion.
//!
//! Owns which of them are noted: those in any answer that shows a whole record, on its page, in the list of files, for a
//! dialog or before a deletion. A job that archives does not read them first: that would take a read for each of its
//! requests, and reads have the tighter limit. Nothing waits for more than the disk, and nothing fails where they cannot be
//! noted. Must not ask the server for anything.

use serde_json::Value;

use crate::model::id::Id;
use crate::model::kind::Kind;
use crate::model::record::Record;
use crate::storage::journal::{Journal, JournalError, RecordFile};
use crate::tallyfy::decode;
use crate::worker::http::executor::Executor;

/// Notes and finds the files attached to records of one organization.
#[derive(Debug, Clone)]
pub(crate) struct SeenFiles {
    journal: Journal,
    place: (String, String),
}

impl SeenFiles {
    pub(crate) fn new(journal: Journal, session: &Executor) -> Self {
        Self { journal, place: (session.base_url(), session.organization().to_owned()) }
    }

    /// Notes the files in answers that show records of `kind`.
    pub(crate) async fn note(&self, kind: Kind, records: &[Value]) {
        let of = |value: &Value| -> Option<Vec<RecordFile>> {
            let (record, _) = decode::row(kind, value).ok()?;
            let files = decode::attached(kind, value)?.stored;
            let note = |file: &Record| RecordFile {
                kind: kind.row().slug,
                record: record.to_string(),
                file: file.id().to_string(),
                name: file.name().to_owned(),
            };
            Some(files.iter().map(note).collect())
        };
        let files: Vec<RecordFile> = records.iter().filter_map(of).flatten().collect();
        if files.is_empty() {
            return;
        }
        if let Err(why) = self.journal.note_files(self.place.clone(), files).await {
            tracing::debug!(%why, "attached files could not be noted");
        }
    }

    /// Finds the ids and names of the files that were seen attached to a record.
    pub(crate) async fn of(&self, record: &Record) -> Result<Vec<(Id, String)>, JournalError> {
        let found =
            self.journal.files_of(self.place.clone(), record.kind().row().slug, record.id().to_string());
        let usable = |(id, name): (String, String)| Some((Id::new(&id).ok()?, name));
        Ok(found.await?.into_iter().filter_map(usable).collect())
    }
}
