//! Directories and files that are the owner's alone: 0700 and 0600.
//!
//! Owns the permissions, those of what was there before included. Must not know what is kept in them.

use std::fs::{self, File};
use std::io;
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
