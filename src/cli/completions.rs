//! `tidyfy completions` and `tidyfy man`: pages made from the command line's own description.
//!
//! Owns their way to standard output. Must not know what the flags mean.

use std::io::{self, Write};

use clap::Command;
use clap_complete::Shell;
use color_eyre::eyre::WrapErr;

use crate::cli::error::{Code, Trouble};
use crate::config::Problem;

/// Prints the completions for `shell`.
///
/// # Errors
/// [`Trouble`] when standard output cannot be written to.
pub(super) fn completions(mut command: Command, shell: Shell) -> Result<(), Trouble> {
    let name = command.get_name().to_owned();
    let mut page = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut page);
    print(&page)
}

/// Prints the manual page.
///
/// # Errors
/// [`Trouble`] when standard output cannot be written to.
pub(super) fn man(command: Command) -> Result<(), Trouble> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).wrap_err("could not make the manual page")?;
    print(&page)
}

fn unwritten(why: &io::Error) -> Problem {
    Problem::new(
        format!("could not write to standard output: {}", why.kind()),
        "see that the disk it goes to has room, or let it go elsewhere",
    )
}

/// A reader that has seen enough, such as `head`, is no failure.
pub(super) fn print(page: &[u8]) -> Result<(), Trouble> {
    let mut out = io::stdout().lock();
    match out.write_all(page).and_then(|()| out.flush()) {
        Err(why) if why.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|why| Trouble::told(Code::Failure, unwritten(&why))),
    }
}
