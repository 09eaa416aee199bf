//! `tidyfy completions` and `tidyfy man`: pages made from the command line's own description.
//!
//! Owns their way to standard output. Must not know what the flags mean.

use std::io::{self, Write};

use clap::Command;
use clap_complete::Shell;
use color_eyre::eyre::WrapErr;

use crate::cli::error::{CommandError, ExitReason};
use crate::config::ConfigError;

/// Prints the completions for `shell`.
///
/// # Errors
/// [`CommandError`] when standard output cannot be written to.
pub(super) fn completions(mut command: Command, shell: Shell) -> Result<(), CommandError> {
    let name = command.get_name().to_owned();
    let mut page = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut page);
    print(&page)
}

/// Prints the manual page.
///
/// # Errors
/// [`CommandError`] when standard output cannot be written to.
pub(super) fn man(command: Command) -> Result<(), CommandError> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).wrap_err("could not make the manual page")?;
    print(&page)
}

fn unwritten(why: &io::Error) -> ConfigError {
    ConfigError::new(
        format!("could not write to standard output: {}", why.kind()),
        "see that the disk it goes to has room, or let it go elsewhere",
    )
}

/// A reader that has seen enough, such as `head`, is no failure.
pub(super) fn print(page: &[u8]) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    match out.write_all(page).and_then(|()| out.flush()) {
        Err(why) if why.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|why| CommandError::told(ExitReason::Failure, unwritten(&why))),
    }
}
