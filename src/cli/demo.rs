//! `tidyfy demo`: the screen on a sandbox of its own.
//!
//! Owns the sandbox for as long as the screen is open, on a temporary directory that takes the place of the state
//! directory. Neither profiles nor `TALLYFY_*` reach it.

mod directory;

use std::process::ExitCode;
use std::sync::Arc;

use color_eyre::eyre::{WrapErr, eyre};

use directory::DemoDirectory;

use super::sandbox::{SandboxArgs, SandboxError};
use super::{GlobalArgs, has_terminal, logging, on_runtime};
use crate::auth::TokenSource;
use crate::cli::error::{CommandError, say};
use crate::cli::run;
use crate::cli::run::OrganizationVisit;
use crate::config::{Environment, Settings};
use crate::model::context::Context;
use crate::model::token::Token;
use crate::sandbox::{Sandbox, SandboxLimits};
use crate::shutdown::Shutdown;
use crate::tallyfy::{BaseUrl, ClientConfig};
use crate::terminal::Input;

/// Starts a sandbox and opens the screen on it.
///
/// # Errors
/// [`CommandError`] when one of them cannot be had.
pub(super) fn run(
    flags: &GlobalArgs,
    server: &SandboxArgs,
    environment: &Environment,
    shutdown: &Shutdown,
) -> Result<ExitCode, CommandError> {
    let served = server.settings(SandboxLimits::Off)?;
    if !has_terminal() {
        return Err(run::no_terminal());
    }
    let directory = DemoDirectory::make().wrap_err("could not make a temporary directory")?;
    let settings = flags.settings(environment, Some(directory.path().to_owned()))?;
    let state_dir = settings.state_dir.clone();
    let log = logging::start(settings.log_level, &state_dir)?;
    let ended = on_runtime(async {
        let sandbox = Sandbox::start(served).await.map_err(SandboxError::from)?;
        let access = access(&settings, &sandbox)?;
        let visit = OrganizationVisit::new(settings.clone(), access.clone(), TokenSource::none())?;
        let guide = move |place: &Context, _: &OrganizationVisit| {
            let access = ClientConfig { organization: place.org.clone(), ..access.clone() };
            OrganizationVisit::new(settings.clone(), access, TokenSource::none())
        };
        Ok(run::run(visit, Arc::new(guide), Input::of_terminal(), shutdown).await)
    });
    if log.is_some() {
        drop(log);
        say(&format!("the log is in `{}`", state_dir.join(logging::FILE).display()));
    } else {
        // The journal of an organization that is gone serves nobody; there may be none.
        directory.remove();
    }
    ended
}

fn access(settings: &Settings, sandbox: &Sandbox) -> Result<ClientConfig, CommandError> {
    let base_url =
        BaseUrl::parse(&sandbox.base_url(), false).wrap_err("the sandbox has no usable address")?;
    let token = Token::new(sandbox.token()).ok_or_else(|| eyre!("the sandbox has no usable token"))?;
    Ok(run::granted(settings, base_url, sandbox.org().to_owned(), token))
}
