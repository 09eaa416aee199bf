//! `tidyfy` without a command: from the settings to the screen.
//!
//! Owns whether something has to be asked for first, and the way to the other organizations that a person may go on to.

use std::process::ExitCode;
use std::sync::Arc;

use super::browse::{self, Guide, Visit};
use super::first_start::{self, Given};
use super::trouble::{Code, Trouble};
use super::{GlobalArgs, dialog, has_terminal, logging, on_runtime, settings};
use crate::auth::TokenSource;
use crate::config::{Environment, Places, Problem, Settings};
use crate::model::place::Place;

/// Opens the configured organization, after asking for what is missing where somebody can be asked.
///
/// # Errors
/// [`Trouble`] when something is missing, or the screen fails.
pub(super) fn run(flags: &GlobalArgs, environment: &Environment) -> Result<ExitCode, Trouble> {
    let places = Places::of_platform();
    let file = flags.config(&places)?;
    let settings = settings(file.as_ref(), &flags.flags(), environment, None)?;
    let source = browse::source(&settings, environment);
    let guide = guide(flags, environment, settings.base_url.clone());
    if !has_terminal() || !first_start::is_needed(&settings, environment)? {
        let access = browse::access(&settings, &source, has_terminal())?;
        let _log = logging::start(settings.log_level, &settings.state_dir)?;
        let visit = Visit::new(settings, access, source)?;
        return on_runtime(browse::run(visit, guide));
    }
    let _log = logging::start(settings.log_level, &settings.state_dir)?;
    let config = file.as_ref().map(|file| file.path.as_path());
    let given = Given { settings: &settings, environment, places: &places, config };
    on_runtime(async {
        match dialog::unless_signalled(first_start::ask(&given)).await {
            Ok((settings, token)) => browse::run(browse::visit(settings, environment, token)?, guide).await,
            Err(stop) => stop.ended(|| browse::missing(&settings, &source)),
        }
    })
}

/// The way to the organizations that are named in the config, or that the person is in. What the environment or the config
/// hold as the token is for the address `started` on: to another one goes only what was stored for it.
fn guide(flags: &GlobalArgs, environment: &Environment, started: String) -> Arc<Guide> {
    let (flags, environment) = (flags.clone(), environment.clone());
    Arc::new(move |place: &Place| {
        let settings = flags.resolved(&flags.flags().at(place), &environment, None)?;
        let search = browse::search(&settings, &environment);
        let is_elsewhere = settings.base_url != started;
        let source = TokenSource::of(if is_elsewhere { search.of_another_address() } else { search });
        if is_elsewhere && matches!(source.read(), Ok(None)) {
            return Err(unstored(&settings));
        }
        let access = browse::access(&settings, &source, true)?;
        Visit::new(settings, access, source)
    })
}

/// What is said where no token is stored for the address that is to be gone to.
fn unstored(settings: &Settings) -> Trouble {
    let login = settings
        .profile
        .as_ref()
        .map_or("tidyfy login".to_owned(), |name| format!("tidyfy login --profile {name}"));
    Trouble::told(
        Code::Authentication,
        Problem::new(
            format!(
                "no token is stored for `{}`, and the one in use is for another address",
                settings.base_url
            ),
            format!("`{login}` stores one"),
        ),
    )
}
