//! What a person keeps by name, on the disk: saved filters, in the state directory; selections in [`selections`].
//!
//! Owns the file and its format. It is read anew for every change and replaced as a whole, under a lock, so that two
//! programs at once lose nothing; one that cannot be read is left as it is. Must not know what a filter means.
pub mod selections;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::kind::Kind;
use crate::model::saved_filter::{SavedFilter, SavedFilterChange};
use crate::storage::files;
use crate::storage::files::UnsafeFile;

/// The newest format that is understood.
const FORMAT: u32 = 1;
const NAME: &str = "filters.json";
/// The largest file that is read, in bytes: some 10,000 filters.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// Why the file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SavedFilterError {
    /// The disk does not let us.
    #[error("`{path}`: {why}")]
    Disk {
        /// The file.
        path: String,
        /// What the system says.
        why: String,
        /// The refusal of the file that is there, if that is the reason.
        refusal: Option<UnsafeFile>,
    },
    /// It holds something else.
    #[error("`{0}` does not hold saved filters: {1}")]
    Damaged(String, String),
    /// A newer program wrote it.
    #[error("`{0}` was written by a newer tidyfy")]
    Newer(String),
}

impl SavedFilterError {
    /// The hint.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Disk { refusal: Some(refusal), .. } => refusal.hint(),
            Self::Disk { .. } => "see to the permissions and the room of the state directory",
            Self::Damaged(..) => "mend the file or move it away; nothing was changed in it",
            Self::Newer(_) => "use that tidyfy, or move the file away",
        }
    }
}

#[derive(Serialize, Deserialize)]
struct StoredFilters {
    format: u32,
    filters: Vec<StoredFilter>,
}

#[derive(Serialize, Deserialize)]
struct StoredFilter {
    kind: String,
    name: String,
    filter: String,
}

/// Does what is to be done in `directory`, which need not exist yet, and answers what is kept then, by kind and name.
///
/// # Errors
/// [`SavedFilterError`]; nothing has changed then.
pub fn keep(directory: &Path, keeping: &SavedFilterChange) -> Result<Vec<SavedFilter>, SavedFilterError> {
    let path = directory.join(NAME);
    if *keeping == SavedFilterChange::Look {
        return Ok(known(&read(&path)?));
    }
    files::directory(directory).map_err(|error| disk(directory, &error))?;
    let lock = directory.join(format!("{NAME}.lock"));
    let held = files::file(&lock).map_err(|error| disk(&lock, &error))?;
    files::lock(&held).map_err(|error| disk(&lock, &error))?;
    // What this program does not know, such as a kind of a newer one, is kept as it is.
    let mut kept = read(&path)?;
    let (SavedFilterChange::Put(saved) | SavedFilterChange::Remove(saved)) = keeping else {
        return Ok(known(&kept));
    };
    kept.filters.retain(|line| line.saved().is_none_or(|line| !line.is_named_like(saved)));
    if let SavedFilterChange::Put(saved) = keeping {
        let (kind, name, filter) =
            (saved.kind.row().slug.to_owned(), saved.name.clone(), saved.source.clone());
        kept.filters.push(StoredFilter { kind, name, filter });
    }
    write(&path, &kept).map_err(|error| disk(&path, &error))?;
    Ok(known(&kept))
}

impl StoredFilter {
    fn saved(&self) -> Option<SavedFilter> {
        let kind = Kind::parse(&self.kind)?;
        Some(SavedFilter { kind, name: self.name.clone(), source: self.filter.clone() })
    }
}

fn known(kept: &StoredFilters) -> Vec<SavedFilter> {
    let mut known: Vec<SavedFilter> = kept.filters.iter().filter_map(StoredFilter::saved).collect();
    known.sort_by(|one, other| (one.kind, &one.name).cmp(&(other.kind, &other.name)));
    known
}

fn read(path: &Path) -> Result<StoredFilters, SavedFilterError> {
    let text = match files::read(path, MOST_BYTES) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(StoredFilters { format: FORMAT, filters: Vec::new() });
        }
        Err(error) => return Err(disk(path, &error)),
    };
    let damaged =
        |error: serde_json::Error| SavedFilterError::Damaged(path.display().to_string(), error.to_string());
    let kept: StoredFilters = serde_json::from_slice(&text).map_err(damaged)?;
    if kept.format > FORMAT { Err(SavedFilterError::Newer(path.display().to_string())) } else { Ok(kept) }
}

/// Puts a whole file in the place of the former one.
fn write(path: &Path, kept: &StoredFilters) -> io::Result<()> {
    let beside = beside(path);
    // Whoever holds the lock is the only one to write it; what is there was left by a crash.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file: File = files::new_file(&beside)?;
    file.write_all(&serde_json::to_vec_pretty(kept)?)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

fn beside(path: &Path) -> PathBuf {
    path.with_extension("json.new")
}

fn disk(path: &Path, error: &io::Error) -> SavedFilterError {
    let refusal = UnsafeFile::of(error);
    SavedFilterError::Disk { path: path.display().to_string(), why: error.to_string(), refusal }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(kind: Kind, name: &str, source: &str) -> SavedFilter {
        SavedFilter { kind, name: name.to_owned(), source: source.to_owned() }
    }

    #[test]
    fn filters_are_kept_by_kind_and_name() {
        let home = tempfile::tempdir().unwrap();
        let state = home.path().join("state");
        let look = || keep(&state, &SavedFilterChange::Look).unwrap();
        assert_eq!((look(), state.exists()), (vec![], false), "looking leaves nothing behind");
        let old = saved(Kind::Processes, "old", "older:90d");
        let quoted = saved(Kind::Processes, "quoted", "\"two words\" -tag:keep");
        let tasks = saved(Kind::Tasks, "old", "older:1y");
        for one in [&tasks, &quoted, &old] {
            keep(&state, &SavedFilterChange::Put(one.clone())).unwrap();
        }
        assert_eq!(look(), [old, quoted.clone(), tasks.clone()]);
        let newer = saved(Kind::Processes, "old", "older:120d");
        keep(&state, &SavedFilterChange::Put(newer.clone())).unwrap();
        keep(&state, &SavedFilterChange::Remove(quoted)).unwrap();
        assert_eq!(look(), [newer, tasks]);
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        keep(home.path(), &SavedFilterChange::Put(saved(Kind::Tags, "a", "b"))).unwrap();
        let mode = fs::metadata(home.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_left_as_it_is() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(NAME);
        for text in ["{", "[]", r#"{"format":2,"filters":[]}"#] {
            fs::write(&path, text).unwrap();
            let put = SavedFilterChange::Put(saved(Kind::Tags, "a", "b"));
            for keeping in [&SavedFilterChange::Look, &put] {
                let error = keep(home.path(), keeping).unwrap_err();
                assert!(error.to_string().contains(NAME) && !error.hint().is_empty());
            }
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn what_is_of_a_kind_nobody_knows_stays() {
        let home = tempfile::tempdir().unwrap();
        let strange = r#"{"format":1,"filters":[{"kind":"robots","name":"a","filter":"b"}]}"#;
        fs::write(home.path().join(NAME), strange).unwrap();
        let one = saved(Kind::Tags, "a", "b");
        assert_eq!(keep(home.path(), &SavedFilterChange::Put(one.clone())).unwrap(), [one]);
        assert!(fs::read_to_string(home.path().join(NAME)).unwrap().contains("robots"));
    }

    #[test]
    fn two_programs_at_once_lose_nothing() {
        let home = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let state = home.path();
                scope.spawn(move || {
                    for n in 0..10 {
                        keep(
                            state,
                            &SavedFilterChange::Put(saved(Kind::Tags, &format!("{writer} {n}"), "x")),
                        )
                        .unwrap();
                    }
                });
            }
        });
        assert_eq!(keep(home.path(), &SavedFilterChange::Look).unwrap().len(), 40);
    }
}
