//! The index of a folder: one line of JSON a copy.
//!
//! Owns the line's members, and what becomes of a line that a crash has torn. Must not know how copies are made.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::storage::files;

/// The file's name in a folder.
pub(super) const FILE: &str = "index.jsonl";

/// The largest index that is read, in bytes: some million copies.
const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// What a copy is a copy of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum IndexedRecord {
    /// A record, as JSON.
    Record,
    /// The bytes of a file.
    Bytes,
}

/// A copy, as the index knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct IndexEntry {
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) holds: IndexedRecord,
    /// The record that it is attached to: `processes/<id>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) of: Option<String>,
    /// Relative to the folder, with `/` between its parts.
    pub(super) file: String,
    pub(super) sha256: String,
    pub(super) bytes: u64,
    /// When it was copied, RFC 3339 in UTC.
    pub(super) at: String,
    /// What has to be known of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) notes: Vec<String>,
}

/// Adds lines and puts them on the disk: all of them, or an error and, as far as the disk lets it, none.
pub(super) fn append(path: &Path, lines: &[&IndexEntry]) -> io::Result<()> {
    let mut file = files::open(path, File::options().read(true).append(true))?;
    let length = file.seek(SeekFrom::End(0))?;
    let mut text = Vec::new();
    if length > 0 && last_byte(&mut file)? != b'\n' {
        // A line that a crash has torn is left as it is; nothing may be added to it.
        text.push(b'\n');
    }
    for line in lines {
        serde_json::to_writer(&mut text, line)?;
        text.push(b'\n');
    }
    let written = file.write_all(&text).and_then(|()| file.sync_data());
    if written.is_err() {
        drop(file.set_len(length));
    }
    written
}

fn last_byte(file: &mut File) -> io::Result<u8> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last[0])
}

/// The lines of an index, and how many more there are that nobody can read.
pub(super) fn read(path: &Path) -> io::Result<(Vec<IndexEntry>, usize)> {
    let (mut lines, mut damaged) = (Vec::new(), 0);
    for text in files::read(path, MOST_BYTES)?.split(|byte| *byte == b'\n') {
        match serde_json::from_slice(text) {
            Ok(line) => lines.push(line),
            // A torn line has no end. Its copy was never said to be kept, so nothing is missing without it.
            Err(_) if text.last() != Some(&b'}') => {}
            Err(_) => damaged += 1,
        }
    }
    Ok((lines, damaged))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn line(id: &str) -> IndexEntry {
        IndexEntry {
            kind: "tags".into(),
            id: id.into(),
            name: "two\nlines {}".into(),
            holds: IndexedRecord::Record,
            of: None,
            file: format!("tags/{id}.json"),
            sha256: "00".into(),
            bytes: 2,
            at: "2026-11-22T19:05:01Z".into(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn lines_are_read_as_they_were_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        File::create(&path).unwrap();
        append(&path, &[&line("a"), &line("b")]).unwrap();
        append(&path, &[&line("c")]).unwrap();
        assert_eq!(read(&path).unwrap(), (vec![line("a"), line("b"), line("c")], 0));
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
    }

    #[test]
    fn a_torn_line_costs_only_itself() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        File::create(&path).unwrap();
        append(&path, &[&line("a"), &line("b")]).unwrap();
        let whole = fs::read(&path).unwrap();
        let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for torn in first..whole.len() - 1 {
            fs::write(&path, &whole[..torn]).unwrap();
            assert_eq!(read(&path).unwrap().0, [line("a")], "{torn}");
            append(&path, &[&line("c")]).unwrap();
            assert_eq!(read(&path).unwrap().0, [line("a"), line("c")], "{torn}");
        }
    }

    #[test]
    fn a_line_that_is_whole_but_no_line_is_counted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        fs::write(&path, "{\"kind\":\"tags\"}\n\0\0\0\n{\"kin\n").unwrap();
        assert_eq!(read(&path).unwrap(), (vec![], 1));
    }

    #[test]
    fn no_index_is_made_where_there_was_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        assert_eq!(append(&path, &[&line("a")]).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(!path.exists());
    }
}
