//! Files on their way to the disk, and the question where to.
//!
//! Owns what is asked before anything is saved, the mirror of what the worker saves, and the sizes that became known by it.
pub(crate) mod update;

use std::collections::BTreeMap;

use super::text_input::TextInput;
use crate::app::effect::RequestId;
use crate::model::download::{DownloadFailure, DownloadSummary};
use crate::model::id::Id;
use crate::model::kind::Kind;
use crate::model::record::{Draft, Record};
use crate::model::text::grouped;

/// The question where files are to be saved.
#[derive(Debug)]
pub struct DownloadPrompt {
    /// What is typed.
    pub input: TextInput,
    /// Those whose bytes can be saved.
    pub files: Vec<Record>,
    /// How many cannot, and why.
    pub left: Vec<DownloadFailure>,
}

impl DownloadPrompt {
    /// What is asked about these records.
    #[must_use]
    pub fn new(records: Vec<Record>, folder: String) -> Self {
        let left = records.iter().filter_map(DownloadFailure::of).collect();
        let files = records.into_iter().filter(|record| DownloadFailure::of(record).is_none()).collect();
        Self { input: TextInput::from(folder), files, left }
    }

    /// What is left out, in sentences.
    #[must_use]
    pub fn left_out(&self) -> Vec<String> {
        left_out(&self.left)
    }
}

fn left_out(left: &[DownloadFailure]) -> Vec<String> {
    let links = left.iter().filter(|left| **left == DownloadFailure::Elsewhere).count();
    let mut excepted: BTreeMap<&str, usize> = BTreeMap::new();
    for left in left {
        if let DownloadFailure::Excepted(reason) = left {
            *excepted.entry(reason).or_default() += 1;
        }
    }
    let links = match links {
        0 => None,
        1 => Some("1 is a link to another place: Tallyfy stores no bytes of it".to_owned()),
        n => {
            Some(format!("{} are links to other places: Tallyfy stores no bytes of them", grouped(n as u64)))
        }
    };
    let others = excepted.into_iter().map(|(reason, n)| format!("{} left out: {reason}", grouped(n as u64)));
    links.into_iter().chain(others).collect()
}

/// Files that are being saved.
#[derive(Debug)]
pub struct RunningDownload {
    /// Its ticket.
    pub request_id: RequestId,
    /// What is saved.
    pub files: Vec<Record>,
    /// What has come of it so far.
    pub sum: DownloadSummary,
    /// How many bytes have come.
    pub bytes: u64,
    /// Whether it has been cancelled.
    pub cancelled: bool,
}

/// What is saved and what has been.
#[derive(Debug, Default)]
pub struct Downloads {
    /// What is under way.
    pub current: Option<RunningDownload>,
    /// The folder that was named last.
    pub folder: Option<String>,
    /// The sizes that are known, because the bytes have been here.
    sizes: BTreeMap<(Kind, Id), u64>,
}

impl Downloads {
    /// Begins to keep account of these files.
    pub fn begin(&mut self, request_id: RequestId, prompt: DownloadPrompt) {
        let elsewhere = prompt.left.iter().filter(|left| **left == DownloadFailure::Elsewhere).count();
        let sum = DownloadSummary {
            elsewhere,
            excepted: prompt.left.len() - elsewhere,
            ..DownloadSummary::default()
        };
        let (files, bytes, cancelled) = (prompt.files, 0, false);
        self.current = Some(RunningDownload { request_id, files, sum, bytes, cancelled });
    }

    /// How large a record has turned out to be.
    pub fn measured(&mut self, record: &Record, bytes: u64) {
        self.sizes.insert((record.kind(), record.id().clone()), bytes);
    }

    /// Whether the size of any record is known.
    #[must_use]
    pub fn knows_sizes(&self) -> bool {
        !self.sizes.is_empty()
    }

    /// The record with its size, if that is known and the record does not say so.
    #[must_use]
    pub fn sized(&self, record: &Record) -> Option<Record> {
        let bytes = self.sizes.get(&(record.kind(), record.id().clone()))?;
        let field =
            record.kind().row().bytes.as_ref().and_then(|bytes| record.kind().row().field(bytes.size));
        let mut drafts = record.drafts();
        let draft = drafts.get_mut(field?)?;
        // Exact up to 9 PB.
        *draft = Draft::Number(*bytes as f64);
        Some(Record::new(record.kind(), record.id().clone(), drafts))
    }

    /// The truth about what is under way, if it ends now.
    #[must_use]
    pub fn cut_short(&self) -> Option<String> {
        self.current.as_ref().map(|save| save.sum.sentence("cancelled", save.files.len()))
    }
}
