//! Files and directories of the state directory: the owner's alone, and what they seem to be.
//!
//! Owns the permissions (0700 and 0600), and what may be opened at all: a regular file of this user with one name, of a
//! bounded size where it is read as a whole. A symbolic link, a pipe, a device or a directory in the place of a file is
//! refused before it is followed, read or changed. Must not know what is kept in the files.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

/// Why something in the place of a state file or directory is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnsafeFile {
    /// A symbolic link.
    #[error("it is a symbolic link")]
    Link,
    /// A directory in the place of a file.
    #[error("it is a directory")]
    Directory,
    /// A file in the place of a directory.
    #[error("it is not a directory")]
    NoDirectory,
    /// A pipe, a socket or a device.
    #[error("it is a pipe, a socket or a device")]
    Special,
    /// It belongs to somebody else.
    #[error("it belongs to another user")]
    Foreign,
    /// The same file has another name elsewhere.
    #[error("the same file has a second name (a hard link)")]
    SecondName,
    /// Larger than any such file.
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
    /// The file system has no locks.
    #[error("file locks do not work here")]
    NoLocks,
}

impl UnsafeFile {
    /// Finds the refusal in an error of this module.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }

    /// The hint.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::NoLocks => "set `XDG_STATE_HOME` to a directory on a local disk",
            Self::Foreign => "move it away, or run tidyfy as the user it belongs to",
            _ => "tidyfy leaves it alone: move it away",
        }
    }
}

impl From<UnsafeFile> for io::Error {
    fn from(refusal: UnsafeFile) -> Self {
        let kind =
            if refusal == UnsafeFile::NoLocks { ErrorKind::Unsupported } else { ErrorKind::InvalidInput };
        Self::new(kind, refusal)
    }
}

/// Makes the directory at `path`, with those above it that are missing, and keeps everybody else out of it. A link to a
/// directory of this user is followed, because people keep their state on other disks, and left as it is.
///
/// # Errors
/// The error of the system, or a [`UnsafeFile`].
pub fn directory(path: &Path) -> io::Result<()> {
    match DirBuilder::new().recursive(true).mode(0o700).create(path) {
        Err(why) if matches!(why.kind(), ErrorKind::AlreadyExists | ErrorKind::NotADirectory) => {
            return Err(UnsafeFile::NoDirectory.into());
        }
        made => made?,
    }
    keep_out(path, fs::symlink_metadata(path)?.is_symlink())
}

/// Makes the directory at `path`, whose parent is there, and keeps everybody else out of it. No link is followed.
///
/// # Errors
/// The error of the system, or a [`UnsafeFile`].
pub fn subdirectory(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(why) if why.kind() == ErrorKind::AlreadyExists => {}
        made => made?,
    }
    if fs::symlink_metadata(path)?.is_symlink() {
        return Err(UnsafeFile::Link.into());
    }
    keep_out(path, false)
}

fn keep_out(path: &Path, is_linked: bool) -> io::Result<()> {
    let follow = if is_linked { OFlags::empty() } else { OFlags::NOFOLLOW };
    let flags = flags(OFlags::DIRECTORY | OFlags::NONBLOCK | follow);
    let directory = match File::options().read(true).custom_flags(flags).open(path) {
        Err(why) if why.kind() == ErrorKind::NotADirectory => return Err(UnsafeFile::NoDirectory.into()),
        opened => opened?,
    };
    let found = directory.metadata()?;
    refuse_foreign(&found)?;
    if !is_linked && found.mode() & 0o077 != 0 {
        directory.set_permissions(Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Opens a file for reading and appending, made if it is not there, and keeps everybody else out of it.
///
/// # Errors
/// The error of the system, or a [`UnsafeFile`].
pub fn file(path: &Path) -> io::Result<File> {
    let file = open(path, File::options().read(true).append(true).create(true).mode(0o600))?;
    if file.metadata()?.mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Opens a file that is there, in the way the options say.
///
/// # Errors
/// The error of the system, or a [`UnsafeFile`].
pub fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // Before it is opened: opening a device may already do something.
    match fs::symlink_metadata(path) {
        Err(why) if why.kind() != ErrorKind::NotFound => return Err(why),
        found => found.ok().as_ref().map_or(Ok(()), check)?,
    }
    // A pipe that took its place meanwhile must not be waited for, a link not be followed.
    let file = options.custom_flags(flags(OFlags::NOFOLLOW | OFlags::NONBLOCK)).open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

/// Reads a whole file that is there and has at most `most` bytes.
///
/// # Errors
/// The error of the system, or a [`UnsafeFile`].
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    bounded(open(path, File::options().read(true))?, most)
}

/// Reads a whole file that a person named: links are followed and whoever owns it does not matter, but it must be a
/// regular file of at most `most` bytes.
///
/// # Errors
/// The error of the system, or a [`UnsafeFile`].
pub fn read_named(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    bounded(open_named(path)?, most)
}

/// Opens a file that a person named for reading, if it is a regular one.
///
/// # Errors
/// The error of the system, or a [`UnsafeFile`].
pub fn open_named(path: &Path) -> io::Result<File> {
    check_type(&fs::metadata(path)?)?;
    let file = File::options().read(true).custom_flags(flags(OFlags::NONBLOCK)).open(path)?;
    check_type(&file.metadata()?)?;
    Ok(file)
}

fn bounded(file: File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(UnsafeFile::TooLarge(most).into()) } else { Ok(bytes) }
}

/// Refuses what may not be in the place of a state file. For files that a library opens by their name.
///
/// # Errors
/// A [`UnsafeFile`].
pub fn check(found: &Metadata) -> io::Result<()> {
    check_type(found)?;
    refuse_foreign(found)?;
    if found.nlink() > 1 { Err(UnsafeFile::SecondName.into()) } else { Ok(()) }
}

/// Takes the permissions of others away from a file that was checked. For files that a library opens by their name.
///
/// # Errors
/// What the system says.
pub fn close_to_others(path: &Path, found: &Metadata) -> io::Result<()> {
    if found.mode() & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(0o600))
}

fn check_type(found: &Metadata) -> io::Result<()> {
    let kind = found.file_type();
    Err(if kind.is_file() {
        return Ok(());
    } else if kind.is_symlink() {
        UnsafeFile::Link
    } else if kind.is_dir() {
        UnsafeFile::Directory
    } else {
        UnsafeFile::Special
    }
    .into())
}

fn refuse_foreign(found: &Metadata) -> io::Result<()> {
    let is_own = found.uid() == rustix::process::geteuid().as_raw();
    if is_own { Ok(()) } else { Err(UnsafeFile::Foreign.into()) }
}

fn flags(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}

/// Waits for the lock of a file, which is held until the file is closed.
///
/// # Errors
/// [`UnsafeFile::NoLocks`] where the file system has none.
pub fn lock(file: &File) -> io::Result<()> {
    uninterrupted(|| file.lock())
}

/// Takes a share in the lock of a file, and waits for that.
///
/// # Errors
/// [`UnsafeFile::NoLocks`] where the file system has none.
pub fn lock_shared(file: &File) -> io::Result<()> {
    uninterrupted(|| file.lock_shared())
}

/// Takes the lock of a file if nobody has it, and answers whether it was taken.
///
/// # Errors
/// [`UnsafeFile::NoLocks`] where the file system has none.
pub fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(why)) => Err(unlockable(why)),
    }
}

/// A signal ends the wait for a lock without one.
fn uninterrupted(lock: impl Fn() -> io::Result<()>) -> io::Result<()> {
    loop {
        match lock() {
            Err(why) if why.kind() == ErrorKind::Interrupted => {}
            locked => return locked.map_err(unlockable),
        }
    }
}

/// Network and FUSE file systems answer in several ways that they have no locks.
fn unlockable(why: io::Error) -> io::Error {
    match Errno::from_io_error(&why) {
        Some(Errno::NOLCK | Errno::NOTSUP | Errno::NOSYS | Errno::INVAL) => UnsafeFile::NoLocks.into(),
        _ if why.kind() == ErrorKind::Unsupported => UnsafeFile::NoLocks.into(),
        _ => why,
    }
}

/// Makes a file that must not be there yet, for writing.
///
/// # Errors
/// The error of the system; [`ErrorKind::AlreadyExists`] where anything bears the name.
pub fn new_file(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// Makes a file that must not be there yet, with all of `bytes` in it or not at all.
///
/// # Errors
/// The error of the system; [`ErrorKind::AlreadyExists`] where anything bears the name.
pub fn new_whole_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension(format!("{}.part", std::process::id()));
    match fs::remove_file(&part) {
        Err(why) if why.kind() != ErrorKind::NotFound => return Err(why),
        _ => {}
    }
    let written = new_file(&part).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let named = written.and_then(|()| take_name(&part, path));
    // Once it has its name the other one is not needed, or gone.
    drop(fs::remove_file(&part));
    named
}

/// Gives a file the name `last`, if nothing bears it. Renaming alone would take the place of what does.
fn take_name(part: &Path, last: &Path) -> io::Result<()> {
    match fs::hard_link(part, last) {
        Err(why) if why.kind() != ErrorKind::AlreadyExists => {
            // Not every file system has links. An empty file of our own holds the name meanwhile.
            drop(new_file(last)?);
            fs::rename(part, last).inspect_err(|_| drop(fs::remove_file(last)))
        }
        linked => linked,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    /// A directory with a file of somebody else's in it, and one thing of each sort in the place of a state file.
    fn planted() -> (tempfile::TempDir, Vec<(PathBuf, UnsafeFile)>) {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        fs::write(at("elsewhere"), "somebody else's").unwrap();
        fs::set_permissions(at("elsewhere"), Permissions::from_mode(0o644)).unwrap();
        symlink(at("elsewhere"), at("link")).unwrap();
        symlink("/dev/zero", at("link to a device")).unwrap();
        mknodat(CWD, at("pipe"), FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
        fs::create_dir(at("directory")).unwrap();
        fs::write(at("second"), "").unwrap();
        fs::hard_link(at("second"), at("second name")).unwrap();
        let planted = vec![
            (at("link"), UnsafeFile::Link),
            (at("link to a device"), UnsafeFile::Link),
            (at("pipe"), UnsafeFile::Special),
            (at("directory"), UnsafeFile::Directory),
            (at("second name"), UnsafeFile::SecondName),
            ("/dev/zero".into(), UnsafeFile::Special),
        ];
        (home, planted)
    }

    #[test]
    fn what_is_no_state_file_is_refused_and_not_changed() {
        let (home, planted) = planted();
        for (path, refusal) in planted {
            let refused = [
                file(&path).map(drop),
                read(&path, 9).map(drop),
                open(&path, File::options().write(true)).map(drop),
            ];
            for result in refused {
                let why = result.unwrap_err();
                assert_eq!(UnsafeFile::of(&why), Some(refusal), "{}: {why}", path.display());
                assert!(!refusal.hint().is_empty());
            }
        }
        let elsewhere = fs::metadata(home.path().join("elsewhere")).unwrap();
        assert_eq!((elsewhere.mode() & 0o777, elsewhere.len()), (0o644, 15));
    }

    #[test]
    fn a_named_file_may_be_a_link_but_no_pipe() {
        let (_home, planted) = planted();
        let refused: Vec<_> = planted
            .iter()
            .map(|(path, _)| read_named(path, 99).map_err(|why| UnsafeFile::of(&why)))
            .collect();
        let special = || Err(Some(UnsafeFile::Special));
        let text = || Ok(b"somebody else's".to_vec());
        let directory = Err(Some(UnsafeFile::Directory));
        assert_eq!(refused, [text(), special(), special(), directory, Ok(vec![]), special()]);
    }

    #[test]
    fn nothing_is_read_beyond_its_bound() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("huge");
        // It has no blocks: reading it all would fill the memory and not the disk.
        File::create(&path).unwrap().set_len(1 << 32).unwrap();
        let why = read(&path, 1 << 20).unwrap_err();
        assert_eq!(UnsafeFile::of(&why), Some(UnsafeFile::TooLarge(1 << 20)));
        assert_eq!(why.to_string(), "it is larger than 1048576 bytes");
    }

    #[test]
    fn a_directory_is_made_private_and_a_planted_one_refused() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        directory(&at("a/b")).unwrap();
        subdirectory(&at("a/b/c")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!([at("a"), at("a/b"), at("a/b/c")].map(|path| mode(&path)), [0o700; 3]);
        fs::create_dir(at("open")).unwrap();
        fs::set_permissions(at("open"), Permissions::from_mode(0o755)).unwrap();
        symlink(at("open"), at("a/link")).unwrap();
        fs::write(at("a/file"), "").unwrap();
        let refusal = |made: io::Result<()>| made.map_err(|why| UnsafeFile::of(&why));
        assert_eq!(refusal(subdirectory(&at("a/link"))), Err(Some(UnsafeFile::Link)));
        assert_eq!(refusal(subdirectory(&at("a/file"))), Err(Some(UnsafeFile::NoDirectory)));
        assert_eq!(refusal(directory(&at("a/file"))), Err(Some(UnsafeFile::NoDirectory)));
        assert_eq!(refusal(directory(&at("a/link"))), Ok(()), "a state directory may be on another disk");
        assert_eq!(mode(&at("open")), 0o755, "and is left as it is there");
        directory(&at("open")).unwrap();
        assert_eq!(mode(&at("open")), 0o700);
    }

    #[test]
    fn a_file_system_without_locks_is_said_in_words() {
        for errno in [Errno::NOLCK, Errno::NOTSUP, Errno::NOSYS] {
            let why = unlockable(errno.into());
            assert_eq!(
                (why.to_string(), UnsafeFile::of(&why)),
                ("file locks do not work here".into(), Some(UnsafeFile::NoLocks))
            );
        }
        assert_eq!(UnsafeFile::of(&unlockable(Errno::IO.into())), None);
    }
}
