//! Saving the bytes of records to the disk: which can be, where to, and the truth about what came of it.
//!
//! Owns the sum and its sentence. Must not know how bytes travel.

use std::path::{Path, PathBuf};

use super::record::{Record, Value};
use super::text;

/// What is to be saved, and where.
#[derive(Debug, Clone)]
pub struct DownloadRequest {
    /// The folder, made if it is not there.
    pub folder: PathBuf,
    /// The records whose bytes are saved.
    pub files: Vec<Record>,
}

/// Where a person's files go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadFolders {
    /// Where what is saved goes unless another folder is named.
    pub downloads: PathBuf,
    /// What `~` stands for, where that is known.
    pub home: Option<PathBuf>,
}

impl Default for DownloadFolders {
    /// The working directory, and nobody's home.
    fn default() -> Self {
        Self { downloads: PathBuf::from("."), home: None }
    }
}

impl DownloadFolders {
    /// The folder that a person means by what was typed; the usual one where nothing was.
    #[must_use]
    pub fn meant(&self, typed: &str) -> PathBuf {
        let typed = typed.trim();
        let below_home = match typed.strip_prefix('~') {
            Some("") => Some(Path::new("")),
            Some(rest) => rest.strip_prefix('/').map(Path::new),
            None => None,
        };
        match (below_home, &self.home) {
            _ if typed.is_empty() => self.downloads.clone(),
            (Some(below), Some(home)) => home.join(below),
            _ => PathBuf::from(typed),
        }
    }

    /// The usual folder as it is typed: with `~` where that is shorter.
    #[must_use]
    pub fn usual(&self) -> String {
        let below = self.home.as_ref().and_then(|home| self.downloads.strip_prefix(home).ok());
        match below {
            Some(below) => format!("~/{}", below.display()),
            None => self.downloads.display().to_string(),
        }
    }
}

/// A record whose bytes are on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadedFile {
    /// The file's path.
    pub path: String,
    /// How many bytes it has.
    pub bytes: u64,
}

/// Why the bytes of a record are not saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownloadFailure {
    /// Tallyfy does not store them: it is a link to another place.
    Elsewhere,
    /// They are something else than a file that is attached, for this reason.
    Excepted(&'static str),
}

impl DownloadFailure {
    /// Why the bytes of a record of a kind that has some cannot be saved; nothing if they can.
    #[must_use]
    pub fn of(record: &Record) -> Option<Self> {
        let bytes = record.kind().row().bytes.as_ref()?;
        let is_excepted = |field, value: &str| match record.named(field) {
            Value::Text(said) => said.eq_ignore_ascii_case(value),
            _ => false,
        };
        if let Some(except) = &bytes.except
            && is_excepted(except.field, except.value)
        {
            return Some(Self::Excepted(except.reason));
        }
        record.stored_bytes().is_none().then_some(Self::Elsewhere)
    }
}

/// What came of the files that were to be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DownloadSummary {
    /// How many are on the disk.
    pub saved: usize,
    /// How many are not, although they were asked for.
    pub failed: usize,
    /// How many Tallyfy does not store.
    pub elsewhere: usize,
    /// How many were left alone for another reason.
    pub excepted: usize,
}

impl DownloadSummary {
    /// How many have come to an end.
    #[must_use]
    pub fn done(&self) -> usize {
        self.saved + self.failed
    }

    /// `save finished: 10 saved, 1 failed, 2 not stored by Tallyfy`, with those of `files` that were not begun or not brought
    /// to their end, where it was `cancelled` or stopped.
    #[must_use]
    pub fn sentence(&self, ending: &str, files: usize) -> String {
        let count = |n: usize| text::grouped(n as u64);
        let mut words = format!("save {ending}: {} saved, {} failed", count(self.saved), count(self.failed));
        let left = files.saturating_sub(self.done());
        if left > 0 {
            words.push_str(&format!(", {} given up", count(left)));
        }
        words.push_str(&format!(", {} not stored by Tallyfy", count(self.elsewhere)));
        if self.excepted > 0 {
            words.push_str(&format!(", {} left out", count(self.excepted)));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Id;
    use crate::model::kind::Kind;
    use crate::model::record::Draft;

    fn file(values: &[(&str, &str)]) -> Record {
        let draft = |field: &crate::model::catalog::Field| {
            let value = values.iter().find(|(name, _)| *name == field.name);
            value.map_or(Draft::Missing, |(_, value)| Draft::Text((*value).to_owned()))
        };
        let drafts = Kind::Files.row().fields.iter().map(draft).collect();
        Record::new(Kind::Files, Id::new("7").unwrap(), drafts)
    }

    #[test]
    fn links_and_logos_are_not_saved() {
        assert_eq!(DownloadFailure::of(&file(&[("source", "local"), ("subject", "Run")])), None);
        assert_eq!(DownloadFailure::of(&file(&[])), None);
        for elsewhere in ["url", "Dropbox"] {
            assert_eq!(
                DownloadFailure::of(&file(&[("source", elsewhere)])),
                Some(DownloadFailure::Elsewhere)
            );
        }
        let logo = DownloadFailure::of(&file(&[("source", "local"), ("subject", "organization")]));
        assert!(matches!(logo, Some(DownloadFailure::Excepted(_))));
    }

    #[test]
    fn a_folder_is_read_as_a_shell_would() {
        let folders =
            DownloadFolders { downloads: "/home/ana/Downloads".into(), home: Some("/home/ana".into()) };
        for (typed, meant) in [
            ("", "/home/ana/Downloads"),
            ("~", "/home/ana"),
            (" ~/a b ", "/home/ana/a b"),
            ("~bob/x", "~bob/x"),
            ("x/y", "x/y"),
            ("/tmp", "/tmp"),
        ] {
            assert_eq!(folders.meant(typed), PathBuf::from(meant), "{typed}");
        }
        assert_eq!(
            (folders.usual().as_str(), DownloadFolders::default().usual().as_str()),
            ("~/Downloads", ".")
        );
        assert_eq!(folders.meant(&folders.usual()), folders.downloads);
        assert_eq!(DownloadFolders::default().meant("~/x"), PathBuf::from("~/x"));
    }

    #[test]
    fn the_sum_says_everything() {
        let sum = DownloadSummary { saved: 10, failed: 1, elsewhere: 2, excepted: 0 };
        assert_eq!(
            sum.sentence("finished", 11),
            "save finished: 10 saved, 1 failed, 2 not stored by Tallyfy"
        );
        let sum = DownloadSummary { excepted: 1, ..sum };
        let said = "save cancelled: 10 saved, 1 failed, 1,000 given up, 2 not stored by Tallyfy, 1 left out";
        assert_eq!(sum.sentence("cancelled", 1_011), said);
    }
}
