//! Files that hold a token and nothing else.
//!
//! Owns that nobody else can read them, and that one which is written is whole or not there. Must not know who names them.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use crate::config::ConfigError;
use crate::model::token::Token;
use crate::storage::files;
use crate::storage::files::UnsafeFile;

/// More than this is no token: a wrong file was named.
const LARGEST: u64 = 64 * 1024;

/// What a file is to the person, for the words of what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileRole {
    /// The config names it.
    Named,
    /// `tidyfy login` wrote it.
    Ours,
}

/// The token in a file that nobody else may read; none where one of ours is not there.
pub(super) fn read(path: &Path, part: FileRole) -> Result<Option<Token>, ConfigError> {
    let unreadable = |why: io::Error| unreadable(path, part, &why);
    let opened = match part {
        FileRole::Named => files::open_named(path),
        FileRole::Ours => files::open(path, File::options().read(true)),
    };
    let file = match opened {
        Err(why) if part == FileRole::Ours && is_absent(&why) => return Ok(None),
        Err(why) if UnsafeFile::of(&why).is_some() => return Err(no_file(path, part, &why)),
        opened => opened.map_err(unreadable)?,
    };
    if is_open_to_others(&file).map_err(unreadable)? {
        let path = path.display();
        return Err(ConfigError::new(
            format!("others can read the token file `{path}`"),
            format!("`chmod 600 {path}`; if others use this machine, make a new token as well"),
        ));
    }
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text).map_err(unreadable)?;
    Token::new(&text).map(Some).ok_or_else(|| super::unusable(&path.display().to_string()))
}

/// Writes the token into a file of ours, in the place of what was there.
pub(super) fn write(path: &Path, token: &Token) -> Result<(), ConfigError> {
    put(path, token).map_err(|why| {
        ConfigError::new(
            format!("could not store the token in `{}`: {}", path.display(), words(&why)),
            "see that the state directory is writable and its disk has room, or use `TALLYFY_ACCESS_TOKEN`",
        )
    })
}

/// Written under another name first: a token that is there already stays whole until the new one is.
fn put(path: &Path, token: &Token) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        folder.parent().map_or(Ok(()), files::directory)?;
        files::subdirectory(folder)?;
    }
    let part = path.with_extension(format!("{}.part", std::process::id()));
    match fs::remove_file(&part) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
        _ => {}
    }
    let written = files::new_file(&part).and_then(|mut file| {
        file.write_all(token.reveal().as_bytes())?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&part, path)).inspect_err(|_| drop(fs::remove_file(&part)))
}

/// Removes a file of ours, and answers whether there was one.
pub(super) fn remove(path: &Path) -> Result<bool, ConfigError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(why) if is_absent(&why) => Ok(false),
        Err(why) => Err(ConfigError::new(
            format!("could not remove the token file `{}`: {}", path.display(), words(&why)),
            format!("remove `{}` yourself", path.display()),
        )),
    }
}

fn is_absent(why: &io::Error) -> bool {
    matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn is_open_to_others(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(file.metadata()?.mode() & 0o077 != 0)
}

fn no_file(path: &Path, part: FileRole, why: &io::Error) -> ConfigError {
    let hint = match part {
        FileRole::Named => "name the file itself as `token_file`".to_owned(),
        FileRole::Ours => format!("remove `{}`", path.display()),
    };
    ConfigError::new(format!("could not read the token file `{}`: {why}", path.display()), hint)
}

fn unreadable(path: &Path, part: FileRole, why: &io::Error) -> ConfigError {
    let hint = match (why.kind(), part) {
        (io::ErrorKind::NotFound, _) => "put the token into it, or take `token_file` out of the config",
        (io::ErrorKind::PermissionDenied, _) => "the file must be yours and readable for you",
        (_, FileRole::Ours) => "`tidyfy login` stores the token anew",
        (io::ErrorKind::InvalidData, FileRole::Named) => "it must hold the token and nothing else",
        (_, FileRole::Named) => "check what `token_file` names in the config",
    };
    ConfigError::new(format!("could not read the token file `{}`: {}", path.display(), words(why)), hint)
}

fn words(why: &io::Error) -> String {
    match why.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::InvalidData => "it is no text".to_owned(),
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a file is where a directory must be".to_owned()
        }
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        _ => why.to_string(),
    }
}
