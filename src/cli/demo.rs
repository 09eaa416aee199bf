//! `tidyfy demo`: the screen on a sandbox of its own.
//!
//! Owns the sandbox for as long as the screen is open, and the temporary directory that takes the place of the state
//! directory. Neither profiles nor `TALLYFY_*` reach it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use color_eyre::eyre::{WrapErr, eyre};

use super::browse::Visit;
use super::sandbox::{SandboxArgs, SandboxError};
use super::trouble::{Trouble, say};
use super::{GlobalArgs, browse, has_terminal, logging, on_runtime};
use crate::auth::TokenSource;
use crate::config::{Environment, Settings};
use crate::model::place::Place;
use crate::model::secret::Token;
use crate::sandbox::{Limits, Sandbox};
use crate::tallyfy::{Access, BaseUrl};
use crate::terminal::Input;

/// Starts a sandbox and opens the screen on it.
///
/// # Errors
/// [`Trouble`] when one of them cannot be had.
pub(super) fn run(
    flags: &GlobalArgs,
    server: &SandboxArgs,
    environment: &Environment,
) -> Result<ExitCode, Trouble> {
    let settings = flags.settings(environment, Some(temporary()))?;
    let served = server.settings(Limits::Off)?;
    if !has_terminal() {
        return Err(browse::no_terminal());
    }
    let state_dir = settings.state_dir.clone();
    let log = logging::start(settings.log_level, &state_dir)?;
    let ended = on_runtime(async {
        let sandbox = Sandbox::start(served).await.map_err(SandboxError::from)?;
        let access = access(&settings, &sandbox)?;
        let visit = Visit::new(settings.clone(), access.clone(), TokenSource::none())?;
        let guide = move |place: &Place, _: &Visit| {
            let access = Access { organization: place.org.clone(), ..access.clone() };
            Visit::new(settings.clone(), access, TokenSource::none())
        };
        browse::run(visit, Arc::new(guide), Input::of_terminal()).await
    });
    if log.is_some() {
        drop(log);
        say(&format!("the log is in `{}`", state_dir.join(logging::FILE).display()));
    } else {
        // The journal of an organization that is gone serves nobody; there may be none.
        drop(fs::remove_dir_all(&state_dir));
    }
    ended
}

fn access(settings: &Settings, sandbox: &Sandbox) -> Result<Access, Trouble> {
    let base_url =
        BaseUrl::parse(&sandbox.base_url(), false).wrap_err("the sandbox has no usable address")?;
    let token = Token::new(sandbox.token()).ok_or_else(|| eyre!("the sandbox has no usable token"))?;
    Ok(browse::granted(settings, base_url, sandbox.org().to_owned(), token))
}

/// A directory that no other run uses. It is made when something is kept in it.
fn temporary() -> PathBuf {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let name = format!("tidyfy-demo-{}-{now}", std::process::id());
    Path::new(&std::env::temp_dir()).join(name)
}
