//! The log: `tidyfy.log` in the state directory, there only when it was asked for.
//!
//! Owns the file and its permissions. Only tidyfy's own words go into it: what libraries log of a request is not known
//! to be free of secrets.

use std::fs::File;
use std::io;
use std::path::Path;

use color_eyre::eyre::WrapErr;
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::error::{CommandError, ExitReason};
use crate::config::{ConfigError, LogLevel};
use crate::storage::files;
use crate::storage::files::UnsafeFile;

/// The file's name in the state directory.
pub(super) const FILE: &str = "tidyfy.log";

/// Starts the log unless `level` is off. What is written last reaches the file when the guard is dropped.
///
/// # Errors
/// [`CommandError`] when the directory or the file cannot be made.
pub(super) fn start(level: LogLevel, directory: &Path) -> Result<Option<WorkerGuard>, CommandError> {
    let Some(filter) = filter(level) else { return Ok(None) };
    let file = open(directory).map_err(|why| {
        let hint = UnsafeFile::of(&why).map_or("see that the state directory is writable", UnsafeFile::hint);
        let path = directory.join(FILE);
        let problem = ConfigError::new(format!("could not open the log `{}`: {why}", path.display()), hint);
        CommandError::told(ExitReason::Failure, problem)
    })?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    let layer = fmt::layer().with_writer(writer).with_ansi(false);
    let ours = Targets::new().with_target(env!("CARGO_CRATE_NAME"), filter);
    tracing_subscriber::registry()
        .with(layer.with_filter(ours))
        .try_init()
        .wrap_err("could not start the log")?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
    Ok(Some(guard))
}

fn filter(level: LogLevel) -> Option<LevelFilter> {
    match level {
        LogLevel::Off => None,
        LogLevel::Error => Some(LevelFilter::ERROR),
        LogLevel::Warn => Some(LevelFilter::WARN),
        LogLevel::Info => Some(LevelFilter::INFO),
        LogLevel::Debug => Some(LevelFilter::DEBUG),
        LogLevel::Trace => Some(LevelFilter::TRACE),
    }
}

/// Opens the log for appending; nobody but the owner may read it or its directory.
fn open(directory: &Path) -> io::Result<File> {
    files::directory(directory)?;
    files::file(&directory.join(FILE))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_log_is_the_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("a/tidyfy");
        for _ in 0..2 {
            drop(open(&state).unwrap());
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&state), mode(&state.join(FILE))), (0o700, 0o600));
            fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn without_a_level_there_is_no_log() {
        let directory = tempfile::tempdir().unwrap();
        assert!(start(LogLevel::Off, directory.path()).unwrap().is_none());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
