//! Waiting for what is outside of the program: a keyring, a name lookup, a slow disk.
//!
//! Owns that it is said within a second what is waited for, and that it can be left. Must not know what is done with the
//! result.

use std::time::Duration;

use color_eyre::eyre::WrapErr as _;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::has_terminal;
use crate::cli::error::{CommandError, say};
use crate::cli::prompt::{Prompt, PromptStop};
use crate::shutdown::Shutdown;
use crate::terminal::Input;

/// Until then nothing is said: most waiting is over before anybody wonders.
pub(super) const SILENCE: Duration = Duration::from_millis(700);

/// Returns what `work` comes to. If that takes a while, says that it waits for `what`; Esc and ctrl-c leave.
///
/// # Errors
/// [`PromptStop`] when it was left.
pub(super) async fn patiently<T>(
    what: &str,
    input: &mut Input,
    shutdown: &Shutdown,
    work: impl Future<Output = T>,
) -> Result<T, PromptStop> {
    tokio::pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return Ok(done),
        () = sleep(SILENCE) => {}
    }
    // Without a terminal there are no keys, only the signal that ctrl-c sends.
    if !has_terminal() {
        say(&format!("waiting for {what}"));
        return Ok(work.await);
    }
    let mut dialog = Prompt::new(input, shutdown)?;
    dialog.say(&words(what))?;
    dialog.wait(work).await
}

/// Returns what is said of waiting where keys are read.
pub(super) fn words(what: &str) -> String {
    format!("waiting for {what}   Esc cancel")
}

/// Runs what may block on a thread of its own, where it can be waited for. Once nobody waits it is left to itself.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CommandError> {
    Ok(spawn_blocking(work).await.wrap_err("the work broke off")?)
}
