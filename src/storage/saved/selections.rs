//! Sets of marks and lists of ids, on the disk.
//!
//! Owns the format of a set, where one without a path lies, and what may be read at all: text of a bounded size from a
//! regular file. Nothing is ever overwritten. Must not know what becomes of the records.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf, is_separator};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use crate::model::id::Id;
use crate::model::id_list::{IdList, IdListError};
use crate::model::kind::Kind;
use crate::model::selection::{OpenedSelection, SavedSelection, SelectedRecord, SelectionContent};
use crate::model::text::{clean, size};
use crate::storage::files;
use crate::storage::files::UnsafeFile;

/// The newest format that is understood.
const FORMAT: u32 = 1;
/// The folder in the state directory.
const FOLDER: &str = "sets";
const ENDING: &str = "json";
/// The largest file that is read, in bytes: some 100,000 records.
const MOST_BYTES: u64 = 32 * 1024 * 1024;
/// The longest name, in bytes, that every file system takes with its ending.
const LONGEST_NAME: usize = 200;

/// Why a set or a list could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    /// The disk does not let us.
    #[error("`{0}`: {1}")]
    Disk(String, String),
    /// Something else is in the place of a set of ours, or of their folder.
    #[error("`{0}`: {1}")]
    Refused(String, UnsafeFile),
    /// There is nothing of that name.
    #[error("`{0}` is not there")]
    Missing(String),
    /// There is something of that name already.
    #[error("`{0}` is there already, and nothing is overwritten")]
    Taken(String),
    /// It is a directory, a pipe or a device.
    #[error("`{0}` is no file but {1}")]
    NoFile(String, &'static str),
    /// It is larger than anything of the sort.
    #[error("`{0}` is larger than {1}")]
    TooLarge(String, String),
    /// It is not text.
    #[error("`{0}` is {1}")]
    NoText(String, &'static str),
    /// It holds something else.
    #[error("`{0}` does not hold a set of marks: {1}")]
    Damaged(String, String),
    /// It is no list of ids.
    #[error("could not read `{0}`: {1}")]
    IdList(String, IdListError),
    /// A newer program wrote it.
    #[error("`{0}` was written by a newer tidyfy")]
    Newer(String),
    /// It belongs to another place.
    #[error("`{place}` belongs to {organization} ({id}) on {base_url} and is not opened here")]
    Elsewhere {
        /// The set.
        place: String,
        /// The organization's name.
        organization: String,
        /// Its id.
        id: String,
        /// The address.
        base_url: String,
    },
    /// The name cannot be one.
    #[error("`{0}` cannot be the name of a set")]
    BadName(String),
    /// A shell would have made another path of it.
    #[error("`{0}`: `~` is not expanded here")]
    Tilde(String),
}

impl SelectionError {
    /// The hint.
    #[must_use]
    pub fn hint(&self) -> String {
        let hint = match self {
            Self::Refused(_, refusal) => refusal.hint(),
            Self::IdList(_, error) => return error.hint(),
            Self::Disk(..) => "see to the permissions and the room there",
            Self::Missing(_) => {
                "`open` without a name lists what is saved; a path counts from where tidyfy was started"
            }
            Self::Taken(_) => "take another name, or remove that one first",
            Self::NoFile(..) => "name a regular file",
            Self::TooLarge(..) => "split it",
            Self::NoText(..) => "save it as text in UTF-8",
            Self::Damaged(..) => "name a file that `save` wrote; `mark` reads lists of ids",
            Self::Newer(_) => "use that tidyfy",
            Self::Elsewhere { .. } => "go to that organization first",
            Self::BadName(_) => {
                "letters, digits, spaces, `-`, `_` and `.` will do; a path has a `/` in it or ends in `.json`"
            }
            Self::Tilde(_) => "type the whole path",
        };
        hint.to_owned()
    }
}

/// The place a set belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectionPlace {
    /// The organization's id.
    pub id: String,
    /// Its name.
    pub name: String,
}

#[derive(Serialize, Deserialize)]
struct StoredSelection {
    format: u32,
    base_url: String,
    organization: SelectionPlace,
    saved: Timestamp,
    records: Vec<StoredRecord>,
}

#[derive(Serialize, Deserialize)]
struct StoredRecord {
    kind: String,
    id: String,
    name: String,
    #[serde(default)]
    archived: Option<bool>,
}

impl StoredRecord {
    fn entry(&self) -> Option<SelectedRecord> {
        let (kind, id) = (Kind::parse(&self.kind)?, Id::new(&self.id).ok()?);
        Some(SelectedRecord { kind, id, name: Some(clean(&self.name).into_owned()), archived: self.archived })
    }
}

/// What a set is written with.
#[derive(Debug)]
pub struct SelectionWrite<'a> {
    /// A name, or the path of a file.
    pub place: &'a str,
    /// The address of the API.
    pub base_url: String,
    /// The organization.
    pub organization: SelectionPlace,
    /// When.
    pub at: Timestamp,
    /// The records.
    pub entries: &'a [SelectedRecord],
}

/// Writes a set and answers where it lies, as a person would type it.
///
/// # Errors
/// [`SelectionError`]; nothing is there then that was not there before.
pub fn save(directory: &Path, saving: SelectionWrite<'_>) -> Result<String, SelectionError> {
    let SelectionWrite { place, base_url, organization, at, entries } = saving;
    let path = path(directory, place)?;
    let line = |entry: &SelectedRecord| StoredRecord {
        kind: entry.kind.row().slug.to_owned(),
        id: entry.id.to_string(),
        name: entry.name.clone().unwrap_or_default(),
        archived: entry.archived,
    };
    let records = entries.iter().map(line).collect();
    let page = StoredSelection { format: FORMAT, base_url, organization, saved: at, records };
    if !is_path(place) {
        let folder = directory.join(FOLDER);
        files::directory(directory)
            .and_then(|()| files::subdirectory(&folder))
            .map_err(|error| disk(place, &error))?;
    }
    let file = match files::new_file(&path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(SelectionError::Taken(clean(place).into_owned()));
        }
        file => file.map_err(|error| disk(place, &error))?,
    };
    if let Err(error) = write(file, &page) {
        // Half a set is worse than none; what cannot be removed either is told by the error all the same.
        let _ = fs::remove_file(&path);
        return Err(disk(place, &error));
    }
    Ok(clean(place).into_owned())
}

fn write(mut file: File, page: &StoredSelection) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(page)?;
    text.push(b'\n');
    file.write_all(&text)?;
    file.sync_all()
}

/// Reads a set that belongs to the organization `id` on `base_url`.
///
/// # Errors
/// [`SelectionError`], for one that belongs elsewhere too.
pub fn open(
    directory: &Path,
    place: &str,
    (base_url, id): (&str, &str),
) -> Result<OpenedSelection, SelectionError> {
    let page = page(&path(directory, place)?, place)?;
    if page.base_url != base_url || page.organization.id != id {
        let said = |text: &str| clean(text).chars().take(100).collect::<String>();
        return Err(SelectionError::Elsewhere {
            place: said(place),
            organization: said(&page.organization.name),
            id: said(&page.organization.id),
            base_url: said(&page.base_url),
        });
    }
    let mut opened = OpenedSelection { place: clean(place).into_owned(), ..OpenedSelection::default() };
    let mut seen = std::collections::BTreeSet::new();
    for line in &page.records {
        match line.entry() {
            Some(entry) if seen.insert((entry.kind, entry.id.clone())) => opened.entries.push(entry),
            Some(_) => {}
            None => opened.strange += 1,
        }
    }
    Ok(opened)
}

fn page(path: &Path, place: &str) -> Result<StoredSelection, SelectionError> {
    let text = if is_path(place) { read_named(path, place) } else { read_own(path, place) }?;
    let place = || clean(place).into_owned();
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let damaged = |error: serde_json::Error| SelectionError::Damaged(place(), fault(&error));
    let head: Head = serde_json::from_str(&text).map_err(damaged)?;
    if head.format > FORMAT {
        return Err(SelectionError::Newer(place()));
    }
    serde_json::from_str(&text).map_err(damaged)
}

/// What is wrong with a file and where, without a word of what stands there: it may be any file at all.
fn fault(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Io => "it cannot be read",
        Category::Syntax => "it is no JSON",
        Category::Data => "it says something else",
        Category::Eof => "it ends too soon",
    };
    format!("{what}, at line {}, column {}", error.line(), error.column())
}

/// The sets that are kept under a name, by name.
///
/// # Errors
/// [`SelectionError`], where the folder cannot be read; a set that cannot be read is among those that are answered.
pub fn all(directory: &Path) -> Result<Vec<SavedSelection>, SelectionError> {
    let entries = match fs::read_dir(directory.join(FOLDER)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| disk(FOLDER, &error))?,
    };
    let mut kept = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| disk(FOLDER, &error))?.path();
        let name = path.file_stem().and_then(OsStr::to_str).filter(|name| is_name(name));
        let Some(name) = name.filter(|_| path.extension() == Some(OsStr::new(ENDING))) else { continue };
        let held = page(&path, name).map_err(|error| error.to_string()).map(|page| SelectionContent {
            records: page.records.len(),
            organization: clean(&page.organization.name).into_owned(),
            saved: page.saved,
        });
        kept.push(SavedSelection { name: name.to_owned(), held });
    }
    kept.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(kept)
}

/// Throws the set of that name away.
///
/// # Errors
/// [`SelectionError`]; it is still there then.
pub fn remove(directory: &Path, name: &str) -> Result<(), SelectionError> {
    if is_path(name) {
        return Err(SelectionError::BadName(clean(name).into_owned()));
    }
    match fs::remove_file(path(directory, name)?) {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(SelectionError::Missing(name.to_owned())),
        removed => removed.map_err(|error| disk(name, &error)),
    }
}

/// Reads a list of ids, of `kind` where they do not say another.
///
/// # Errors
/// [`SelectionError`].
pub fn ids(place: &str, kind: Kind) -> Result<OpenedSelection, SelectionError> {
    refuse_tilde(place)?;
    let text = read_named(Path::new(place), place)?;
    let list = IdList::read(&text, kind)
        .map_err(|error| SelectionError::IdList(clean(place).into_owned(), error))?;
    Ok(OpenedSelection::list(clean(place).into_owned(), list))
}

/// Whether what was typed is the path of a file, and not the name of a set.
fn is_path(place: &str) -> bool {
    let ending = Path::new(place).extension();
    place.contains(is_separator) || ending.is_some_and(|ending| ending.eq_ignore_ascii_case(ENDING))
}

fn path(directory: &Path, place: &str) -> Result<PathBuf, SelectionError> {
    refuse_tilde(place)?;
    if is_path(place) {
        return Ok(PathBuf::from(place));
    }
    if !is_name(place) {
        return Err(SelectionError::BadName(clean(place).into_owned()));
    }
    Ok(directory.join(FOLDER).join(format!("{place}.{ENDING}")))
}

fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || " -_.".contains(c);
    (1..=LONGEST_NAME).contains(&name.len()) && !name.starts_with(['.', ' ']) && name.chars().all(allowed)
}

fn refuse_tilde(place: &str) -> Result<(), SelectionError> {
    let is_home = place == "~" || place.starts_with("~/");
    if is_home { Err(SelectionError::Tilde(clean(place).into_owned())) } else { Ok(()) }
}

/// Reads a set that is kept under a name, in the folder of sets.
fn read_own(path: &Path, place: &str) -> Result<String, SelectionError> {
    let folder = path.parent().map(fs::symlink_metadata).and_then(io::Result::ok);
    if folder.is_some_and(|folder| folder.is_symlink()) {
        return Err(SelectionError::Refused(FOLDER.to_owned(), UnsafeFile::Link));
    }
    text(files::read(path, MOST_BYTES), place)
}

/// Reads a file that a person named.
fn read_named(path: &Path, place: &str) -> Result<String, SelectionError> {
    text(files::read_named(path, MOST_BYTES), place).map_err(|error| match error {
        SelectionError::Refused(place, UnsafeFile::Directory) => SelectionError::NoFile(place, "a directory"),
        SelectionError::Refused(place, UnsafeFile::Special) => {
            SelectionError::NoFile(place, "a pipe or a device")
        }
        other => other,
    })
}

/// The text of a file as a whole, without its byte order mark.
fn text(bytes: io::Result<Vec<u8>>, place: &str) -> Result<String, SelectionError> {
    let told = || clean(place).into_owned();
    let bytes = bytes.map_err(|error| match (error.kind(), UnsafeFile::of(&error)) {
        (ErrorKind::NotFound, _) => SelectionError::Missing(told()),
        (_, Some(UnsafeFile::TooLarge(most))) => SelectionError::TooLarge(told(), size(most)),
        _ => disk(place, &error),
    })?;
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(SelectionError::NoText(told(), "text in UTF-16"));
    }
    if bytes.contains(&0) {
        return Err(SelectionError::NoText(told(), "no text"));
    }
    let text = String::from_utf8(bytes).map_err(|_| SelectionError::NoText(told(), "no text in UTF-8"))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn disk(place: &str, error: &io::Error) -> SelectionError {
    let place = clean(place).into_owned();
    match UnsafeFile::of(error) {
        Some(refusal) => SelectionError::Refused(place, refusal),
        None => SelectionError::Disk(place, error.to_string()),
    }
}

#[cfg(test)]
mod tests;
