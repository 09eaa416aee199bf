//! Backups of records before they are permanently deleted.
//!
//! Owns that a record of which no backup can be made is not deleted, and says why: nor is one with an attached file of
//! which none can be made. Must not send anything that changes something.

use serde_json::Value;

use super::{JobExecutor, StepResult};
use crate::app::event::StepRemark;
use crate::model::failure::{Cause, Failure};
use crate::model::id::Id;
use crate::model::kind::Kind;
use crate::model::outcome::Outcome;
use crate::model::plan::Step;
use crate::model::record::{Draft, Record};
use crate::model::recovery::BYTES_LOST;
use crate::storage::backups::{BackupError, BackupFolder, BackupItem, FILES_UNKNOWN, NO_BACKUP, SavedBackup};
use crate::tallyfy::decode;
use crate::tallyfy::redact::redactions;
use crate::worker::downloads;
use crate::worker::http::executor::RequestPurpose;
use crate::worker::http::rate_limiter::Priority;

/// How a record is deleted all the same.
const WITHOUT: &str =
    "to delete it without a backup, open the dialog for it alone and turn off `back up each record first`";
/// How a record is deleted without its attached files.
const WITHOUT_FILES: &str =
    "to delete it without them, open the dialog for it alone and turn off `back up attached files too`";

/// A backup that is on the disk.
#[derive(Debug)]
pub(super) struct Backup {
    /// Its file, below the folder of all backups.
    pub(super) file: String,
    /// What has to be known of it.
    pub(super) remark: Option<StepRemark>,
}

/// Why there is no backup.
#[derive(Debug)]
struct NoBackup {
    why: String,
    hint: &'static str,
    remark: Option<StepRemark>,
}

impl NoBackup {
    fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), hint: WITHOUT, remark: None }
    }

    /// The same of a file that is attached to the record. That its bytes are lost is then no reason to offer a deletion
    /// without any backup.
    fn of_file(self, file: &str) -> Self {
        let hint = if self.hint == WITHOUT { WITHOUT_FILES } else { self.hint };
        Self { why: format!("attached file `{file}`: {}", self.why), hint, remark: None }
    }
}

impl From<BackupError> for NoBackup {
    fn from(why: BackupError) -> Self {
        let words = why.to_string();
        let words = words.strip_prefix(NO_BACKUP).unwrap_or(&words).to_owned();
        Self { hint: why.hint(), ..Self::new(words) }
    }
}

impl From<NoBackup> for StepResult {
    fn from(NoBackup { why, hint, remark }: NoBackup) -> Self {
        let words = format!("not sent, {NO_BACKUP}{why}; hint: {hint}");
        Self { remark, ..Self::new(Outcome::Failed, words) }
    }
}

/// The files that are backed up with a record, and what has to be known of them.
#[derive(Debug, Default)]
struct AttachedFiles {
    stored: Vec<Record>,
    notes: Vec<String>,
}

impl JobExecutor {
    /// Backs up a record as the server gave it, with its bytes if it has any, and the files attached to it if they are
    /// wanted. These come first: a record is never backed up without them.
    pub(super) async fn back_up(&self, step: &Step, value: &Value) -> Result<Backup, StepResult> {
        Ok(self.try_back_up(&step.record, value).await?)
    }

    async fn try_back_up(&self, record: &Record, value: &Value) -> Result<Backup, NoBackup> {
        let folder = self.folder.get().ok_or_else(|| NoBackup::new("the job has no number"))?;
        let item = item(record);
        let mut remark = None;
        let files = self.files_of(record, value).await?;
        for file in &files.stored {
            let kept = self.back_up_bytes(folder, file, Some(&item)).await;
            let (_, odd) = kept.map_err(|why| why.of_file(file.name()))?;
            remark = remark.or(odd);
        }
        let json = serde_json::to_vec_pretty(value).map_err(|why| NoBackup::new(why.to_string()))?;
        let notes: Vec<String> = files.notes.into_iter().chain(redactions(value).notes()).collect();
        let mut kept = folder.keep_record(&item, json, &notes).await?;
        if record.stored_bytes().is_some() {
            (kept, remark) = self.back_up_bytes(folder, record, None).await?;
        }
        let name = folder.path().file_name().map(|name| name.to_string_lossy().into_owned());
        Ok(Backup { file: format!("{}/{}", name.unwrap_or_default(), kept.file), remark })
    }

    /// The files attached to a record whose bytes are backed up with it: those that the server lists, and where it does
    /// not list them those that were seen before.
    async fn files_of(&self, record: &Record, value: &Value) -> Result<AttachedFiles, NoBackup> {
        let attached = decode::attached(record.kind(), value).filter(|_| self.job.plan.options.files);
        let Some(attached) = attached else { return Ok(AttachedFiles::default()) };
        self.job.seen.note(record.kind(), std::slice::from_ref(value)).await;
        if let Some(name) = attached.unnamed.first() {
            return Err(NoBackup::new("it has no usable id").of_file(name));
        }
        let mut files = AttachedFiles { stored: attached.stored, notes: Vec::new() };
        let mut links = attached.links;
        if !attached.is_listed {
            files.notes.push(FILES_UNKNOWN.to_owned());
            let seen = self.job.seen.of(record).await;
            for (id, name) in seen.map_err(|why| NoBackup::new(why.to_string()))? {
                if files.stored.iter().any(|file| *file.id() == id) {
                    continue;
                }
                let file =
                    self.seen_file(record.kind(), id, &name).await.map_err(|why| why.of_file(&name))?;
                match file.stored_bytes() {
                    Some(_) => files.stored.push(file),
                    None => links.push(name),
                }
            }
        }
        files.notes.extend(links.iter().map(|name| format!("link to another place, not backed up: {name}")));
        Ok(files)
    }

    /// Reads the metadata of a file that was seen attached to a record of `kind`. Its bytes may still be there when that
    /// is archived with the record.
    async fn seen_file(&self, kind: Kind, id: Id, name: &str) -> Result<Record, NoBackup> {
        let (of, _) = kind.row().attachments().ok_or_else(|| NoBackup::new("its kind is unknown"))?;
        let request_purpose = RequestPurpose {
            urgency: Priority::Job,
            purpose: "read",
            kind: Some(of),
            name: name.to_owned(),
            may_lack: true,
        };
        match self.job.session.read(&request_purpose, of.row().get, Some(&id), &[]).await {
            Ok(value) => match decode::row(of, &value) {
                Ok((found, drafts)) if found == id => Ok(Record::new(of, id, drafts)),
                _ => Err(NoBackup::new("another record came than the one that was asked for")),
            },
            Err(failure) if failure.cause == Cause::NotFound => {
                let name = ("filename".to_owned(), Draft::Text(name.to_owned()));
                Ok(Record::of_fields(of, id, &[name].into()))
            }
            Err(failure) => Err(NoBackup::new(failure.words)),
        }
    }

    /// Streams the bytes of a file to the disk, under the record that it is attached to if there is one.
    async fn back_up_bytes(
        &self,
        folder: &BackupFolder,
        file: &Record,
        of: Option<&BackupItem>,
    ) -> Result<(SavedBackup, Option<StepRemark>), NoBackup> {
        let lost = |failure: Failure| {
            let is_gone = downloads::says_lost(&failure);
            let words = match is_gone {
                true => format!("{BYTES_LOST}: {}", failure.words),
                false => failure.words,
            };
            NoBackup { remark: is_gone.then_some(StepRemark::BytesGone), ..NoBackup::new(words) }
        };
        let route = file.stored_bytes().ok_or_else(|| NoBackup::new("the server does not store it"))?;
        let mut download =
            downloads::begin(&self.job.session, (Priority::Job, "copy"), route, file).await.map_err(lost)?;
        let item = item(file);
        let mut incoming = folder.begin_bytes(&item, of, download.length).await?;
        while let Some(chunk) = download.chunk().await.map_err(|why| NoBackup::new(why.words))? {
            incoming.write(chunk).await?;
        }
        let kept = incoming.finish().await?;
        Ok((kept, download.odd_start().map(|ending| StepRemark::OddStart { file: item.name, ending })))
    }
}

fn item(record: &Record) -> BackupItem {
    BackupItem { kind: record.kind().row().slug, id: record.id().to_string(), name: record.name().to_owned() }
}
