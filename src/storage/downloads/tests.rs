use std::fs;
use std::path::Path;

use super::*;

fn save(folder: &Path, name: &str, bytes: &[u8]) -> Result<(PathBuf, u64), DownloadError> {
    let mut incoming = DownloadWriter::begin(folder, name)?;
    incoming.write(bytes)?;
    incoming.finish()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn nothing_is_overwritten_and_nothing_leaves_the_folder() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("a/b");
    make_folder(&folder).unwrap();
    make_folder(&folder).unwrap();
    fs::write(folder.join("x.pdf"), "theirs").unwrap();
    let (first, bytes) = save(&folder, "x.pdf", b"one").unwrap();
    let (second, _) = save(&folder, "../../x.pdf", b"two").unwrap();
    assert_eq!((first, bytes), (folder.join("x-2.pdf"), 3));
    assert_eq!(second.parent(), Some(folder.as_path()));
    assert_eq!(fs::read_to_string(folder.join("x.pdf")).unwrap(), "theirs");
    assert_eq!(fs::read_to_string(second).unwrap(), "two");
    assert_eq!(names(&folder).len(), 3, "{:?}", names(&folder));
    assert_eq!(names(home.path()), ["a"]);
}

#[test]
fn two_of_one_name_may_be_under_way_together() {
    let folder = tempfile::tempdir().unwrap();
    let mut all: Vec<_> = (0..3).map(|_| DownloadWriter::begin(folder.path(), "x.pdf").unwrap()).collect();
    all.iter_mut().enumerate().for_each(|(n, one)| one.write(format!("{n}").as_bytes()).unwrap());
    assert!(names(folder.path()).iter().all(|name| name.starts_with('.') && name.ends_with(".part")));
    for one in all.into_iter().rev() {
        one.finish().unwrap();
    }
    assert_eq!(names(folder.path()), ["x-2.pdf", "x-3.pdf", "x.pdf"]);
    assert_eq!(fs::read_to_string(folder.path().join("x.pdf")).unwrap(), "2");
}

#[test]
fn of_what_is_not_whole_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut incoming = DownloadWriter::begin(folder.path(), "x.pdf").unwrap();
    incoming.write(b"half").unwrap();
    drop(incoming);
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn a_link_of_the_name_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    std::os::unix::fs::symlink(&target, folder.path().join("x.pdf")).unwrap();
    let (path, _) = save(folder.path(), "x.pdf", b"one").unwrap();
    assert!(path.ends_with("x-2.pdf") && !target.exists());
}

#[test]
fn where_links_are_not_to_be_had_a_name_is_taken_all_the_same() {
    // A link across file systems, or to nothing, is refused; what is renamed then takes a name that was free.
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    assert!(take_name(&from, &to).is_err() && !to.exists(), "nothing is left of a failure");
}

#[test]
fn what_cannot_be_written_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for failed in [make_folder(&file), make_folder(&file.join("below")), save(&file, "x", b"").map(drop)] {
        let said = failed.unwrap_err().to_string();
        assert!(said.contains("it is not a folder") && said.contains("file"), "{said}");
    }
    let full = DownloadError::of(Path::new("/x"), &io::ErrorKind::StorageFull.into());
    assert_eq!(full.to_string(), "the disk of `/x` is full");
}
