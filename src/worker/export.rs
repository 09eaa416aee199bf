//! Files a person asks for.
//!
//! Owns that nothing is overwritten and that what is there is whole. Must not know what a text says.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tokio::fs::{OpenOptions, remove_file};
use tokio::io::AsyncWriteExt as _;
use tokio::task::spawn_blocking;

use crate::app::effect::ExportRequest;
use crate::app::event::ExportedFile;
use crate::model::failure::{Cause, Failure};
use crate::model::saved_filter::{SavedFilter, SavedFilterChange};
use crate::model::selection::{SelectionRequest, SelectionResponse};
use crate::storage::saved;
use crate::storage::saved::selections;
use crate::storage::saved::selections::{SelectionPlace, SelectionWrite};

/// How many names are tried where the ones before are taken.
const MOST_NAMES: usize = 100;

/// Writes `text` into a new file in `folder` and answers its path. Where `name` is taken, a number is put to it.
pub(super) async fn write(folder: &Path, name: &str, text: &str) -> Result<String, Failure> {
    for n in 1..=MOST_NAMES {
        let path = folder.join(numbered(name, n));
        match create(&path, text).await {
            Ok(()) => return Ok(path.display().to_string()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(unwritten(name, &error.to_string())),
        }
    }
    Err(unwritten(name, "there are too many files of that name"))
}

/// Writes records into a new file, as [`write()`] does. They are put into words on a thread of their own.
pub(super) async fn export(export: ExportRequest) -> Result<ExportedFile, Failure> {
    let ExportRequest { name, format, record_detail, lacks } = export;
    let (text, records) = spawn_blocking(move || record_detail.text(format))
        .await
        .map_err(|_| unwritten(&name, "putting it into words broke off"))?;
    let folder = Path::new(&name).parent().filter(|folder| !folder.as_os_str().is_empty());
    let path = write(folder.unwrap_or(Path::new(".")), &name, &text).await?;
    Ok(ExportedFile { path, records, lacks })
}

async fn create(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).await?;
    let result = async {
        file.write_all(text.as_bytes()).await?;
        file.sync_all().await
    };
    if let Err(error) = result.await {
        // Half a file is worse than none; what cannot be removed either is told by the error all the same.
        let _ = remove_file(path).await;
        return Err(error);
    }
    Ok(())
}

/// Reads or changes the saved filters in `directory`. What goes wrong is told with what to do about it.
pub(super) async fn shelve(
    directory: PathBuf,
    keeping: SavedFilterChange,
) -> Result<Vec<SavedFilter>, String> {
    let kept = spawn_blocking(move || saved::keep(&directory, &keeping)).await;
    let broken = |_| "the saved filters were not read to the end".to_owned();
    kept.map_err(broken)?.map_err(|error| format!("{error}; hint: {}", error.hint()))
}

/// Does what is wanted of sets of marks, which belong to the address and the organization of `here`. What goes wrong is
/// told with what to do about it.
pub(super) async fn sets(
    directory: PathBuf,
    here: (String, String),
    request: SelectionRequest,
) -> Result<SelectionResponse, String> {
    let done = spawn_blocking(move || {
        let (base_url, id) = here;
        match request {
            SelectionRequest::Look => selections::all(&directory).map(SelectionResponse::Are),
            SelectionRequest::Remove { name } => {
                let left = selections::remove(&directory, &name).and_then(|()| selections::all(&directory));
                left.map(|left| SelectionResponse::Removed(name, left))
            }
            SelectionRequest::Open { place } => {
                selections::open(&directory, &place, (&base_url, &id)).map(SelectionResponse::Opened)
            }
            SelectionRequest::Ids { path, kind } => {
                selections::ids(&path, kind).map(SelectionResponse::Opened)
            }
            SelectionRequest::Save { place, organization: name, at, entries } => {
                let organization = SelectionPlace { id, name };
                let saving = SelectionWrite { place: &place, base_url, organization, at, entries: &entries };
                selections::save(&directory, saving)
                    .map(|place| SelectionResponse::Saved(entries.len(), place))
            }
        }
    });
    let broken = |_| "the set was not read to the end".to_owned();
    done.await.map_err(broken)?.map_err(|error| format!("{error}; hint: {}", error.hint()))
}

/// `name` without a folder, then `name-2` and so on, with the extension kept.
fn numbered(name: &str, n: usize) -> String {
    let name = Path::new(name);
    let part = |part: Option<&OsStr>| part.unwrap_or_default().display().to_string();
    match (n, part(name.extension())) {
        (1, _) => part(name.file_name()),
        (n, extension) if extension.is_empty() => format!("{}-{n}", part(name.file_stem())),
        (n, extension) => format!("{}-{n}.{extension}", part(name.file_stem())),
    }
}

fn unwritten(name: &str, why: &str) -> Failure {
    Failure::new(Cause::Unrecorded, &format!("`{name}` could not be written: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_is_overwritten_and_nothing_leaves_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        let first = write(folder.path(), "a.b.csv", "one\r\n").await.unwrap();
        let second = write(folder.path(), "a.b.csv", "two").await.unwrap();
        assert!(first.ends_with("/a.b.csv") && second.ends_with("/a.b-2.csv"), "{second}");
        assert_eq!((read("a.b.csv").as_str(), read("a.b-2.csv").as_str()), ("one\r\n", "two"));
        let outside = write(folder.path(), "../../x.csv", "three").await.unwrap();
        assert_eq!((Path::new(&outside).parent(), read("x.csv").as_str()), (Some(folder.path()), "three"));
    }

    #[tokio::test]
    async fn what_cannot_be_written_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let failure = write(&folder.path().join("nowhere"), "a.csv", "x").await.unwrap_err();
        assert!(failure.words.starts_with("`a.csv` could not be written: No such file"), "{failure}");
    }
}
