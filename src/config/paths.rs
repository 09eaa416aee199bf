//! Where the config lies and where tidyfy keeps what it remembers.
//!
//! Owns the platform's directories and the reading of the file's bytes. Must not know what the file may say.

use std::io;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::{ConfigError, ConfigText};
use crate::storage::files;
use crate::storage::files::UnsafeFile;

/// More than this is no config: a device or a wrong file was named.
const LARGEST: u64 = 1 << 20;

/// The directories of this platform; `None` where the home directory is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppPaths {
    /// Where `config.toml` is looked for.
    pub config_file: Option<PathBuf>,
    /// What tidyfy remembers; the local data directory where the platform has no state directory.
    pub state_dir: Option<PathBuf>,
}

impl AppPaths {
    /// Asks the platform.
    #[must_use]
    pub fn of_platform() -> Self {
        let Some(directories) = ProjectDirs::from("", "", "tidyfy") else { return Self::default() };
        let state = directories.state_dir().unwrap_or_else(|| directories.data_local_dir());
        Self {
            config_file: Some(directories.config_dir().join("config.toml")),
            state_dir: Some(state.to_owned()),
        }
    }

    /// Reads the config file: `asked` for, which must exist, or the platform's, which need not.
    ///
    /// # Errors
    /// A [`ConfigError`] when the file is missing although it was asked for, cannot be read, or is no text.
    pub fn read_config(&self, asked: Option<&Path>) -> Result<Option<ConfigText>, ConfigError> {
        let Some(path) = asked.or(self.config_file.as_deref()) else { return Ok(None) };
        match bytes(path) {
            Ok(bytes) => written(path, bytes).map(Some),
            Err(why) if why.kind() == io::ErrorKind::NotFound && asked.is_none() => Ok(None),
            Err(why) => Err(unreadable(path, &why)),
        }
    }
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    files::read_named(path, LARGEST).map_err(|why| match UnsafeFile::of(&why) {
        Some(UnsafeFile::TooLarge(_)) => io::ErrorKind::FileTooLarge.into(),
        Some(UnsafeFile::Directory) => io::ErrorKind::IsADirectory.into(),
        _ => why,
    })
}

fn written(path: &Path, bytes: Vec<u8>) -> Result<ConfigText, ConfigError> {
    let text = String::from_utf8(bytes).map_err(|bad| {
        let good = &bad.as_bytes()[..bad.utf8_error().valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        ConfigError::new(
            format!("`{}`, line {line}: this is not UTF-8", path.display()),
            "save the file as UTF-8",
        )
    })?;
    Ok(ConfigText { path: path.to_owned(), text })
}

fn unreadable(path: &Path, why: &io::Error) -> ConfigError {
    let hint = match why.kind() {
        io::ErrorKind::NotFound => "check the path after `--config`, or leave `--config` out",
        io::ErrorKind::IsADirectory => "name the file itself, such as `config.toml` in that directory",
        io::ErrorKind::PermissionDenied => "make the file readable for you",
        io::ErrorKind::FileTooLarge => "a config has less than 1 MiB; check that this is one",
        _ => "check that the path names a readable file",
    };
    let words = match why.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::FileTooLarge => "it is too large".to_owned(),
        _ => why.to_string(),
    };
    ConfigError::new(format!("could not read the config `{}`: {words}", path.display()), hint)
}
