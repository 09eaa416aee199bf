//! Sets of marks and lists of ids, on the disk.
//!
//! Owns the format of a set, where one without a path lies, and what may be read at all: text of a bounded size from a
//! regular file. Nothing is ever overwritten. Must not know what becomes of the records.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf, is_separator};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::id::Id;
use crate::model::kind::Kind;
use crate::model::set::{Entry, Held, Kept, Opened};
use crate::model::text::{clean, size};
use crate::private;

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
pub enum SetError {
    /// The disk does not let us.
    #[error("`{0}`: {1}")]
    Disk(String, String),
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

impl SetError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
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
        }
    }
}

/// The place a set belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The organization's id.
    pub id: String,
    /// Its name.
    pub name: String,
}

#[derive(Serialize, Deserialize)]
struct Page {
    format: u32,
    base_url: String,
    organization: Place,
    saved: Timestamp,
    records: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    kind: String,
    id: String,
    name: String,
    #[serde(default)]
    archived: Option<bool>,
}

impl Line {
    fn entry(&self) -> Option<Entry> {
        let (kind, id) = (Kind::parse(&self.kind)?, Id::new(&self.id).ok()?);
        Some(Entry { kind, id, name: Some(clean(&self.name).into_owned()), archived: self.archived })
    }
}

/// What a set is written with.
#[derive(Debug)]
pub struct Saving<'a> {
    /// A name, or the path of a file.
    pub place: &'a str,
    /// The address of the API.
    pub base_url: String,
    /// The organization.
    pub organization: Place,
    /// When.
    pub at: Timestamp,
    /// The records.
    pub entries: &'a [Entry],
}

/// Writes a set and answers where it lies, as a person would type it.
///
/// # Errors
/// [`SetError`]; nothing is there then that was not there before.
pub fn save(directory: &Path, saving: Saving<'_>) -> Result<String, SetError> {
    let Saving { place, base_url, organization, at, entries } = saving;
    let path = path(directory, place)?;
    let line = |entry: &Entry| Line {
        kind: entry.kind.row().slug.to_owned(),
        id: entry.id.to_string(),
        name: entry.name.clone().unwrap_or_default(),
        archived: entry.archived,
    };
    let records = entries.iter().map(line).collect();
    let page = Page { format: FORMAT, base_url, organization, saved: at, records };
    if !is_path(place) {
        let folder = directory.join(FOLDER);
        private::directory(directory)
            .and_then(|()| private::directory(&folder))
            .map_err(|error| disk(place, &error))?;
    }
    let file = match private::new_file(&path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(SetError::Taken(clean(place).into_owned()));
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

fn write(mut file: File, page: &Page) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(page)?;
    text.push(b'\n');
    file.write_all(&text)?;
    file.sync_all()
}

/// Reads a set that belongs to the organization `id` on `base_url`.
///
/// # Errors
/// [`SetError`], for one that belongs elsewhere too.
pub fn open(directory: &Path, place: &str, (base_url, id): (&str, &str)) -> Result<Opened, SetError> {
    let page = page(&path(directory, place)?, place)?;
    if page.base_url != base_url || page.organization.id != id {
        let said = |text: &str| clean(text).chars().take(100).collect::<String>();
        return Err(SetError::Elsewhere {
            place: said(place),
            organization: said(&page.organization.name),
            id: said(&page.organization.id),
            base_url: said(&page.base_url),
        });
    }
    let mut opened = Opened { place: clean(place).into_owned(), ..Opened::default() };
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

fn page(path: &Path, place: &str) -> Result<Page, SetError> {
    let text = read(path, place)?;
    let place = || clean(place).into_owned();
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let damaged =
        |error: serde_json::Error| SetError::Damaged(place(), clean(&error.to_string()).into_owned());
    let head: Head = serde_json::from_str(&text).map_err(damaged)?;
    if head.format > FORMAT {
        return Err(SetError::Newer(place()));
    }
    serde_json::from_str(&text).map_err(damaged)
}

/// The sets that are kept under a name, by name.
///
/// # Errors
/// [`SetError`], where the folder cannot be read; a set that cannot be read is among those that are answered.
pub fn all(directory: &Path) -> Result<Vec<Kept>, SetError> {
    let entries = match fs::read_dir(directory.join(FOLDER)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| disk(FOLDER, &error))?,
    };
    let mut kept = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| disk(FOLDER, &error))?.path();
        let name = path.file_stem().and_then(OsStr::to_str).filter(|name| is_name(name));
        let Some(name) = name.filter(|_| path.extension() == Some(OsStr::new(ENDING))) else { continue };
        let held = page(&path, name).map_err(|error| error.to_string()).map(|page| Held {
            records: page.records.len(),
            organization: clean(&page.organization.name).into_owned(),
            saved: page.saved,
        });
        kept.push(Kept { name: name.to_owned(), held });
    }
    kept.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(kept)
}

/// Throws the set of that name away.
///
/// # Errors
/// [`SetError`]; it is still there then.
pub fn remove(directory: &Path, name: &str) -> Result<(), SetError> {
    if is_path(name) {
        return Err(SetError::BadName(clean(name).into_owned()));
    }
    match fs::remove_file(path(directory, name)?) {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(SetError::Missing(name.to_owned())),
        removed => removed.map_err(|error| disk(name, &error)),
    }
}

/// Reads a list of ids, of `kind` where they do not say another.
///
/// # Errors
/// [`SetError`].
pub fn ids(place: &str, kind: Kind) -> Result<Opened, SetError> {
    refuse_tilde(place)?;
    let text = read(Path::new(place), place)?;
    Ok(Opened::list(clean(place).into_owned(), &text, kind))
}

/// Whether what was typed is the path of a file, and not the name of a set.
fn is_path(place: &str) -> bool {
    let ending = Path::new(place).extension();
    place.contains(is_separator) || ending.is_some_and(|ending| ending.eq_ignore_ascii_case(ENDING))
}

fn path(directory: &Path, place: &str) -> Result<PathBuf, SetError> {
    refuse_tilde(place)?;
    if is_path(place) {
        return Ok(PathBuf::from(place));
    }
    if !is_name(place) {
        return Err(SetError::BadName(clean(place).into_owned()));
    }
    Ok(directory.join(FOLDER).join(format!("{place}.{ENDING}")))
}

fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || " -_.".contains(c);
    (1..=LONGEST_NAME).contains(&name.len()) && !name.starts_with(['.', ' ']) && name.chars().all(allowed)
}

fn refuse_tilde(place: &str) -> Result<(), SetError> {
    let is_home = place == "~" || place.starts_with("~/");
    if is_home { Err(SetError::Tilde(clean(place).into_owned())) } else { Ok(()) }
}

/// Reads a text file as a whole, without its byte order mark.
fn read(path: &Path, place: &str) -> Result<String, SetError> {
    let told = || clean(place).into_owned();
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::NotFound => SetError::Missing(told()),
        _ => disk(place, &error),
    };
    // Before it is opened: opening a pipe waits for whoever writes into it.
    refuse_other(&fs::metadata(path).map_err(failed)?, place)?;
    let file = File::open(path).map_err(failed)?;
    refuse_other(&file.metadata().map_err(failed)?, place)?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(SetError::TooLarge(told(), size(MOST_BYTES)));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(SetError::NoText(told(), "text in UTF-16"));
    }
    if bytes.contains(&0) {
        return Err(SetError::NoText(told(), "no text"));
    }
    let text = String::from_utf8(bytes).map_err(|_| SetError::NoText(told(), "no text in UTF-8"))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn refuse_other(metadata: &fs::Metadata, place: &str) -> Result<(), SetError> {
    if metadata.is_file() {
        return Ok(());
    }
    let what = if metadata.is_dir() { "a directory" } else { "a pipe or a device" };
    Err(SetError::NoFile(clean(place).into_owned(), what))
}

fn disk(place: &str, error: &io::Error) -> SetError {
    SetError::Disk(clean(place).into_owned(), error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: (&str, &str) = ("https://go.tallyfy.com/api", "e0d1");

    fn entry(kind: Kind, id: &str) -> Entry {
        let name = Some(format!("Thing {id}\u{1b}[2J"));
        Entry { kind, id: Id::new(id).unwrap(), name, archived: Some(false) }
    }

    fn put(directory: &Path, place: &str, entries: &[Entry]) -> Result<String, SetError> {
        let organization = Place { id: HERE.1.to_owned(), name: "Acme Ltd".to_owned() };
        let saving =
            Saving { place, base_url: HERE.0.to_owned(), organization, at: Timestamp::UNIX_EPOCH, entries };
        save(directory, saving)
    }

    #[test]
    fn a_set_comes_back_as_it_was_from_a_name_or_a_file() {
        let home = tempfile::tempdir().unwrap();
        let state = home.path().join("state");
        assert!(all(&state).unwrap().is_empty() && !state.exists(), "looking leaves nothing behind");
        let entries = [entry(Kind::Tags, "1"), entry(Kind::Processes, "2")];
        let file = home.path().join("a.json").display().to_string();
        for place in ["spring cleaning", file.as_str()] {
            assert_eq!(put(&state, place, &entries).unwrap(), place);
            assert!(matches!(put(&state, place, &entries), Err(SetError::Taken(_))));
            let opened = open(&state, place, HERE).unwrap();
            assert_eq!(opened.entries.len(), 2);
            assert_eq!(opened.entries[0].id, entries[0].id);
            assert_eq!(
                opened.entries[0].told(),
                "Thing 1\u{241b}[2J",
                "names are cleaned when they come back"
            );
        }
        let kept = all(&state).unwrap();
        assert_eq!((kept.len(), kept[0].name.as_str()), (1, "spring cleaning"));
        assert_eq!(kept[0].held.as_ref().unwrap().records, 2);
        remove(&state, "spring cleaning").unwrap();
        assert!(matches!(remove(&state, "spring cleaning"), Err(SetError::Missing(_))));
        assert!(matches!(remove(&state, &file), Err(SetError::BadName(_))) && Path::new(&file).exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_set_is_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("a.json");
        put(home.path(), "a", &[]).unwrap();
        put(home.path(), &file.display().to_string(), &[]).unwrap();
        for (path, mode) in [("sets", 0o700), ("sets/a.json", 0o600), ("a.json", 0o600)] {
            assert_eq!(
                fs::metadata(home.path().join(path)).unwrap().permissions().mode() & 0o777,
                mode,
                "{path}"
            );
        }
    }

    #[test]
    fn a_set_of_another_place_is_refused_and_says_which() {
        let home = tempfile::tempdir().unwrap();
        put(home.path(), "a", &[entry(Kind::Tags, "1")]).unwrap();
        for (base_url, id) in [(HERE.0, "f9"), ("https://other.example/api", HERE.1)] {
            let words = open(home.path(), "a", (base_url, id)).unwrap_err().to_string();
            assert_eq!(
                words,
                "`a` belongs to Acme Ltd (e0d1) on https://go.tallyfy.com/api and is not opened here"
            );
        }
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let home = tempfile::tempdir().unwrap();
        for place in ["", "..", ".hidden", "a\u{0}b", "a\u{1b}b", "a:b", "a\nb", " a", &"x".repeat(300)] {
            assert!(matches!(put(home.path(), place, &[]), Err(SetError::BadName(_))), "{place:?}");
        }
        assert!(matches!(put(home.path(), "~/a.json", &[]), Err(SetError::Tilde(_))));
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_no_list_says_what_it_is() {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name).display().to_string();
        let write = |name: &str, bytes: &[u8]| fs::write(home.path().join(name), bytes).unwrap();
        write("latin", b"caf\xe9\n");
        write("binary", b"a\0b");
        write("wide", &[0xff, 0xfe, b'a', 0]);
        write("marked", b"\xef\xbb\xbfa1\r\nb2\r\n");
        let told = |name: &str| {
            let error = ids(&path(name), Kind::Tags).unwrap_err();
            assert!(!error.hint().is_empty());
            error.to_string().replace(&path(""), "")
        };
        assert_eq!(told("latin"), "`latin` is no text in UTF-8");
        assert_eq!(told("binary"), "`binary` is no text");
        assert_eq!(told("wide"), "`wide` is text in UTF-16");
        assert_eq!(told("nowhere"), "`nowhere` is not there");
        assert_eq!(told("."), "`.` is no file but a directory");
        assert_eq!(ids(&path("marked"), Kind::Tags).unwrap().entries.len(), 2);
        let large = File::create(home.path().join("large")).unwrap();
        large.set_len(MOST_BYTES + 1).unwrap();
        assert!(told("large").starts_with("`large` is larger than "));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_to_files_and_to_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name);
        fs::write(path("list"), "a1\n").unwrap();
        for (link, to) in [("link", "list"), ("loop", "loop"), ("folder", "."), ("zero", "/dev/zero")] {
            std::os::unix::fs::symlink(to, path(link)).unwrap();
        }
        let read = |name: &str| ids(&path(name).display().to_string(), Kind::Tags);
        assert_eq!(read("link").unwrap().entries.len(), 1);
        assert!(matches!(read("loop"), Err(SetError::Disk(..))));
        assert!(matches!(read("folder"), Err(SetError::NoFile(_, "a directory"))));
        assert!(matches!(read("zero"), Err(SetError::NoFile(_, "a pipe or a device"))));
        // Nothing is written through a link.
        std::os::unix::fs::symlink("nowhere", path("out.json")).unwrap();
        let out = put(home.path(), &path("out.json").display().to_string(), &[]);
        assert!(matches!(out, Err(SetError::Taken(_))) && !path("nowhere").exists());
    }

    #[test]
    fn what_holds_something_else_says_so() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.json");
        let place = path.display().to_string();
        let told = |text: &str| {
            fs::write(&path, text).unwrap();
            open(home.path(), &place, HERE).unwrap_err()
        };
        assert!(matches!(told("a1\n"), SetError::Damaged(..)));
        assert!(matches!(told("[]"), SetError::Damaged(..)));
        assert!(matches!(told(r#"{"format":1}"#), SetError::Damaged(..)));
        assert!(matches!(told(r#"{"format":2,"x":1}"#), SetError::Newer(_)));
        let strange = r#"{"format":1,"base_url":"https://go.tallyfy.com/api","organization":{"id":"e0d1","name":"x"},
            "saved":"2026-01-01T00:00:00Z","records":[{"kind":"robots","id":"1","name":"a"},{"kind":"tags","id":"..","name":"a"},
            {"kind":"tags","id":"1","name":"a"},{"kind":"tag","id":"1","name":"b"}]}"#;
        fs::write(&path, strange).unwrap();
        let opened = open(home.path(), &place, HERE).unwrap();
        assert_eq!((opened.entries.len(), opened.strange), (1, 2));
    }
}
