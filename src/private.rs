//! Directories and files that are the owner's alone: 0700 and 0600.
//!
//! Owns the permissions, those of what was there before included. Must not know what is kept in them.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Makes a directory, with those above it that are missing, and keeps everybody else out of it.
///
/// # Errors
/// What the system says.
#[cfg(unix)]
pub fn directory(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Opens a file for reading and appending, made if it is not there, and keeps everybody else out of it.
///
/// # Errors
/// What the system says.
#[cfg(unix)]
pub fn file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let file = File::options().read(true).append(true).create(true).mode(0o600).open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Makes a file that must not be there yet, for writing.
///
/// # Errors
/// What the system says; [`io::ErrorKind::AlreadyExists`] where anything bears the name.
#[cfg(unix)]
pub fn new_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// Makes a file that must not be there yet, with all of `bytes` in it or not at all.
///
/// # Errors
/// What the system says; [`io::ErrorKind::AlreadyExists`] where anything bears the name.
pub fn new_whole_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension(format!("{}.part", std::process::id()));
    match fs::remove_file(&part) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
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
        Err(why) if why.kind() != io::ErrorKind::AlreadyExists => {
            // Not every file system has links. An empty file of our own holds the name meanwhile.
            drop(new_file(last)?);
            fs::rename(part, last).inspect_err(|_| drop(fs::remove_file(last)))
        }
        linked => linked,
    }
}

/// Makes a directory; the platform keeps the user's own directories to the user.
///
/// # Errors
/// What the system says.
#[cfg(not(unix))]
pub fn directory(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Opens a file for reading and appending, made if it is not there.
///
/// # Errors
/// What the system says.
#[cfg(not(unix))]
pub fn file(path: &Path) -> io::Result<File> {
    File::options().read(true).append(true).create(true).open(path)
}

/// Makes a file that must not be there yet, for writing.
///
/// # Errors
/// What the system says; [`io::ErrorKind::AlreadyExists`] where anything bears the name.
#[cfg(not(unix))]
pub fn new_file(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).open(path)
}
