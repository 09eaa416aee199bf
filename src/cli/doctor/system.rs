//! What lies on this machine: the state directory, the journal and the copies in it, and the terminal.
//!
//! Owns these checks. Looks only: nothing is made that is not there.

use std::fs::File;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{Access, access, statvfs};

use super::super::has_terminal;
use super::super::history::verify;
use super::homeless;
use crate::app::state::LEAST;
use crate::cli::doctor::report::DoctorReport;
use crate::cli::error::ExitReason;
use crate::config::{ConfigError, Settings};
use crate::model::text::size;
use crate::storage::backups;
use crate::storage::files;
use crate::storage::files::UnsafeFile;
use crate::storage::journal::{Audit, History, HistoryQuery, JournalError, PastJob, StoredJobState};
use crate::terminal;

/// The state directory, and the journal in it.
pub(super) fn state(page: &mut DoctorReport, directory: Option<&Path>) {
    let Some(directory) = directory else {
        page.fail("state directory", ExitReason::Usage, &homeless());
        page.skipped("file locks", "there is no state directory");
        return page.skipped("journal", "there is no state directory");
    };
    let shown = format!("`{}`", directory.display());
    if let Err(why) = writable(directory) {
        let problem = ConfigError::new(
            format!("{shown} cannot be written to: {why}; without a journal nothing is sent"),
            "make it writable for you, or set `XDG_STATE_HOME` to a directory that is",
        );
        page.fail("state directory", ExitReason::Failure, &problem);
        page.skipped("file locks", "the state directory cannot be written to");
        return page.skipped("journal", "the state directory cannot be written to");
    }
    match directory.metadata() {
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            page.warn(
                "state directory",
                &format!("others can look into {shown}"),
                &format!("`chmod 700 {}`", directory.display()),
            );
        }
        Ok(_) => page.ok("state directory", &format!("{shown}, writable")),
        Err(_) => page.ok("state directory", &format!("{shown} will be made")),
    }
    match locks(directory) {
        Ok(()) => page.ok("file locks", "they work in the state directory"),
        Err(why) => {
            let hint =
                UnsafeFile::of(&why).map_or("make the state directory writable for you", UnsafeFile::hint);
            let sentence = format!("{why}: `{}`; nothing can be sent", directory.display());
            page.fail("file locks", ExitReason::Failure, &ConfigError::new(sentence, hint));
        }
    }
    journal(page, directory);
}

/// Tries a lock on the state directory itself, or on what is there of the way to it: nothing is made for it.
fn locks(directory: &Path) -> io::Result<()> {
    files::lock_shared(&File::open(nearest(directory))?)
}

/// Whether something can be written to `directory`, or it can be made.
fn writable(directory: &Path) -> Result<(), String> {
    let there = nearest(directory);
    if !there.is_dir() {
        return Err(format!("`{}` is no directory", there.display()));
    }
    access(there, Access::WRITE_OK | Access::EXEC_OK).map_err(|why| io::Error::from(why).to_string())
}

/// The path itself, or what is there of the way to it.
fn nearest(path: &Path) -> &Path {
    path.ancestors().find(|above| above.symlink_metadata().is_ok()).unwrap_or(Path::new("/"))
}

fn journal(page: &mut DoctorReport, directory: &Path) {
    let jobs = History::open(directory).and_then(|history| {
        let Some(history) = history else { return Ok(None) };
        history.check()?;
        let audit = history.audit()?;
        Ok(Some((history.jobs(&HistoryQuery::default())?, history.old_journals()?, audit)))
    });
    match jobs {
        Ok(None) => page.ok("journal", "there is none yet: the first job begins it"),
        Ok(Some((_, _, Audit { broken, .. }))) if !broken.is_empty() => {
            let first = broken.first();
            first.iter().for_each(|first| {
                page.fail("journal", ExitReason::Failure, &verify::problem(first, broken.len()));
            });
        }
        Ok(Some((_, old, _))) if old.iter().any(|(_, unfinished)| *unfinished > 0) => {
            let files = old.iter().map(|(file, _)| format!("`{file}`")).collect::<Vec<_>>().join(", ");
            page.warn(
                "journal",
                &format!("an earlier version of tidyfy left unfinished jobs in {files}: nothing is sent"),
                "see in Tallyfy what became of them, then acknowledge it in `tidyfy`",
            );
        }
        Ok(Some((jobs, _, _))) => unfinished(page, &jobs),
        Err(why) => page.fail("journal", ExitReason::Failure, &problem(&why)),
    }
}

fn problem(why: &JournalError) -> ConfigError {
    ConfigError::new(why.to_string(), why.hint())
}

fn unfinished(page: &mut DoctorReport, jobs: &[PastJob]) {
    let open: Vec<_> = jobs.iter().filter(|job| job.state == StoredJobState::Unfinished).collect();
    let counted = match jobs.len() {
        1 => "whole, 1 job".to_owned(),
        n => format!("whole, {n} jobs"),
    };
    if open.is_empty() {
        return page.ok("journal", &counted);
    }
    let names = open.iter().map(|job| format!("{} ({} in {})", job.id, job.action, job.organization_name));
    page.warn(
        "journal",
        &format!("{counted}, unfinished: {}", names.collect::<Vec<_>>().join(", ")),
        "open that organization with `tidyfy`: it shows the job, `f` finishes the rest and `d` drops it",
    );
}

/// The copies of what was deleted, and the room for more.
pub(super) fn backups(page: &mut DoctorReport, settings: &Settings) {
    let directory = &settings.backups;
    let shown = format!("`{}`", directory.display());
    if let Err(why) = writable(directory) {
        let sentence = format!("{shown} cannot be written to: {why}; without a copy nothing is deleted");
        let hint = "make it writable for you, or set `backups` to a folder that is";
        return page.fail("backups", ExitReason::Failure, &ConfigError::new(sentence, hint));
    }
    let kept = match backups::list(directory) {
        Ok(kept) => kept,
        Err(why) => {
            let problem = ConfigError::new(why.to_string(), why.hint());
            return page.fail("backups", ExitReason::Failure, &problem);
        }
    };
    let bytes = kept.iter().fold(0_u64, |sum, job| sum.saturating_add(job.bytes));
    let copies: usize = kept.iter().map(|job| job.records.values().sum::<usize>()).sum();
    let free = statvfs(nearest(directory)).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    let room = free.map_or_else(|_| "an unknown number of bytes".to_owned(), size);
    let copies = if copies == 1 { "1 copy".to_owned() } else { format!("{copies} copies") };
    let what = format!("{copies}, {}, in {shown}; {room} free", size(bytes));
    if free.is_ok_and(|free| free < settings.keep_free) {
        let what = format!("{what}, less than the {} that are left free", size(settings.keep_free));
        let hint = "nothing is deleted before there is room: `tidyfy backups purge --older 90d`, or another `backups`";
        return page.warn("backups", &what, hint);
    }
    page.ok("backups", &what);
}

/// Whether a screen can be opened here, and how it looks.
pub(super) fn terminal(page: &mut DoctorReport, settings: Option<&Settings>) {
    if !has_terminal() {
        let what = "standard input or output is no terminal, so no screen can be opened here";
        return page.warn("terminal", what, "run `tidyfy` in a terminal, without pipes");
    }
    let name = std::env::var("TERM").unwrap_or_default();
    let color = if settings.is_none_or(|settings| settings.color) { "colour" } else { "no colour" };
    let Ok(size) = terminal::size() else {
        return page.warn("terminal", "it does not tell its size", "use another terminal");
    };
    let what = format!("{}x{}, {color}, TERM is `{name}`", size.width, size.height);
    if size.width < LEAST.width || size.height < LEAST.height {
        let least = format!("make it at least {}x{}", LEAST.width, LEAST.height);
        return page.warn("terminal", &format!("{what}: too small for the screen"), &least);
    }
    if matches!(name.as_str(), "" | "dumb") {
        return page.warn("terminal", &what, "set `TERM` to what the terminal is, such as `xterm-256color`");
    }
    page.ok("terminal", &what);
}
