//! Files that were seen attached to records.
//!
//! Owns the table of them. A file of an archived record cannot always be listed, so a later deletion asks for those that
//! were seen before. Must not know how a file is read, nor put a damaged journal aside: that is for whoever begins a job,
//! who can say so.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::params;
use tokio::task::spawn_blocking;

use super::{FILE, Journal, JournalError, open};
use crate::model::outcome::Outcome;

/// A file that was seen attached to a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordFile {
    /// The word of the record's kind.
    pub kind: &'static str,
    /// The record's id.
    pub record: String,
    /// The file's id.
    pub file: String,
    /// The file's name.
    pub name: String,
}

/// The API's address and the organization's id.
pub type RecordPlace = (String, String);

impl Journal {
    /// Notes files that were seen attached to records of a place, and returns once that is on disk.
    ///
    /// # Errors
    /// [`JournalError`] when the journal cannot be opened or written.
    pub async fn note_files(&self, place: RecordPlace, files: Vec<RecordFile>) -> Result<(), JournalError> {
        let directory = self.directory().to_owned();
        let noted = spawn_blocking(move || note(&directory, &place, &files));
        noted.await.map_err(|_| JournalError::Closed)?
    }

    /// Reads the ids and names of the files that were seen attached to a record, without those that tidyfy has deleted.
    ///
    /// # Errors
    /// [`JournalError`] when the journal cannot be read.
    pub async fn files_of(
        &self,
        place: RecordPlace,
        kind: &'static str,
        record: String,
    ) -> Result<Vec<(String, String)>, JournalError> {
        let directory = self.directory().to_owned();
        let found = spawn_blocking(move || of(&directory, &place, kind, &record));
        found.await.map_err(|_| JournalError::Closed)?
    }
}

fn note(directory: &Path, place: &RecordPlace, files: &[RecordFile]) -> Result<(), JournalError> {
    let path = directory.join(FILE);
    let sql = |why: rusqlite::Error| JournalError::sql(&path, &why);
    let mut connection = match open::to_read(directory)? {
        Some(connection) => connection,
        None => open::to_write(directory)?.connection,
    };
    let transaction = connection.transaction().map_err(sql)?;
    let seen = Timestamp::now().as_millisecond();
    for RecordFile { kind, record, file, name } in files {
        let insert =
            "INSERT OR IGNORE INTO record_files (base_url, organization, kind, record, file, name, seen)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let values = params![place.0, place.1, kind, record, file, name, seen];
        transaction.prepare_cached(insert).and_then(|mut insert| insert.execute(values)).map_err(sql)?;
    }
    transaction.commit().map_err(sql)
}

fn of(
    directory: &Path,
    place: &RecordPlace,
    kind: &str,
    record: &str,
) -> Result<Vec<(String, String)>, JournalError> {
    let path = directory.join(FILE);
    let sql = |why: rusqlite::Error| JournalError::sql(&path, &why);
    let Some(connection) = open::to_read(directory)? else { return Ok(Vec::new()) };
    let query = "SELECT file, name FROM record_files
        WHERE base_url = ?1 AND organization = ?2 AND kind = ?3 AND record = ?4
        AND NOT EXISTS (SELECT 1 FROM steps WHERE steps.kind = 'files' AND steps.record = file AND outcome = ?5)
        ORDER BY file";
    let values = params![place.0, place.1, kind, record, Outcome::Done.word()];
    let mut query = connection.prepare(query).map_err(sql)?;
    let rows = query.query_map(values, |row| Ok((row.get(0)?, row.get(1)?))).map_err(sql)?;
    rows.collect::<rusqlite::Result<_>>().map_err(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(record: &str, file: &str) -> RecordFile {
        RecordFile {
            kind: "processes",
            record: record.into(),
            file: file.into(),
            name: format!("{file}.pdf"),
        }
    }

    fn place(organization: &str) -> RecordPlace {
        ("http://127.0.0.1/api".to_owned(), organization.to_owned())
    }

    #[tokio::test]
    async fn files_are_kept_by_record_and_place() {
        let home = tempfile::tempdir().unwrap();
        let journal = Journal::new(&home.path().join("state"));
        let of = async |organization: &str, record: &str| {
            journal.files_of(place(organization), "processes", record.to_owned()).await.unwrap()
        };
        assert_eq!(of("o", "r").await, []);
        assert!(!home.path().join("state").exists(), "asking makes no journal");
        for _ in 0..2 {
            let files = vec![file("r", "b"), file("r", "a"), file("s", "c")];
            journal.note_files(place("o"), files).await.unwrap();
        }
        let pair = |file: &str| (file.to_owned(), format!("{file}.pdf"));
        assert_eq!(of("o", "r").await, [pair("a"), pair("b")]);
        assert_eq!((of("o", "s").await, of("p", "r").await), (vec![pair("c")], vec![]));
    }

    #[tokio::test]
    async fn a_damaged_journal_is_left_to_the_next_job() {
        let home = tempfile::tempdir().unwrap();
        let nonsense = "not a database, whatever its name says. ".repeat(200);
        std::fs::write(home.path().join(FILE), &nonsense).unwrap();
        let journal = Journal::new(home.path());
        assert!(journal.note_files(place("o"), vec![file("r", "a")]).await.is_err());
        assert_eq!(std::fs::read_to_string(home.path().join(FILE)).unwrap(), nonsense);
    }
}
