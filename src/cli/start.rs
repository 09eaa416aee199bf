//! `tidyfy` without a command: from the settings to the screen.
//!
//! Owns whether something has to be asked for first, and the way to the other organizations that a person may go on to.

use std::process::ExitCode;
use std::sync::Arc;

use super::{GlobalArgs, has_terminal, logging, on_runtime, settings, waiting};
use crate::auth::{TokenOrigin, TokenSource};
use crate::cli::error::{CommandError, ExitReason, say};
use crate::cli::prompt;
use crate::cli::prompt::PromptStop;
use crate::cli::run;
use crate::cli::run::{OrganizationSwitch, OrganizationVisit};
use crate::cli::setup;
use crate::cli::setup::{SetupAnswers, SetupInput};
use crate::config::{AppPaths, ConfigError, ConfigText, Environment, Settings};
use crate::model::context::Context;
use crate::model::token::Token;
use crate::shutdown::Shutdown;
use crate::terminal::Input;

/// Opens the configured organization, after asking for what is missing where somebody can be asked.
///
/// # Errors
/// [`CommandError`] when something is missing, or the screen fails.
pub(super) fn run(
    flags: &GlobalArgs,
    environment: &Environment,
    shutdown: &Shutdown,
) -> Result<ExitCode, CommandError> {
    let places = AppPaths::of_platform();
    let file = flags.config(&places)?;
    let settings = settings(file.as_ref(), &flags.flags(), environment, None)?;
    run::base_url(&settings)?;
    if !has_terminal() {
        return Err(run::no_terminal());
    }
    on_runtime(enter((flags, environment), &places, file.as_ref(), settings, shutdown))
}

/// Finds the token, and opens what it gives access to, or asks for what is missing.
async fn enter(
    (flags, environment): (&GlobalArgs, &Environment),
    places: &AppPaths,
    file: Option<&ConfigText>,
    settings: Settings,
    shutdown: &Shutdown,
) -> Result<ExitCode, CommandError> {
    let mut input = Input::of_terminal();
    // Read once: a keyring may have to ask the person.
    let search = run::search(&settings, environment);
    let what = search.waits_for();
    let found = waiting::patiently(&what, &mut input, shutdown, waiting::blocking(move || search.find()));
    let found = match prompt::unless_ended(shutdown, found).await {
        Ok(found) => found?,
        Err(stop) => return stop.ended(|| unread(&what)),
    };
    let token = found.as_ref().map(|found| found.as_ref().map(|(token, _)| token.clone()));
    let access = run::access(&settings, token.map_err(Clone::clone));
    let _log = logging::start(settings.log_level, &settings.state_dir)?;
    match (access, found) {
        (Ok(access), _) => {
            let source = run::source(&settings, environment);
            let guide = guide(flags, environment, &settings);
            let visit = OrganizationVisit::new(settings, access, source)?;
            Ok(run::run(visit, guide, input, shutdown).await)
        }
        // What is set and cannot be used would be in the way of every answer.
        (Err(missing), Err(_)) => Err(missing),
        (Err(missing), Ok(found)) => {
            let config = file.map(|file| file.path.as_path());
            let given = SetupInput { settings: &settings, environment, places, config };
            ask(&given, found, missing, (flags, shutdown), input).await
        }
    }
}

/// The report where the token was not waited for.
fn unread(what: &str) -> CommandError {
    let sentence = format!("could not read the token: {what} was not waited for");
    let hint = "`TALLYFY_ACCESS_TOKEN` is read without waiting; `keyring = false` in the config leaves the keyring alone";
    CommandError::told(ExitReason::Authentication, ConfigError::new(sentence, hint))
}

/// Asks for what is missing, and opens what the answers lead to.
async fn ask(
    given: &SetupInput<'_>,
    found: Option<(Token, TokenOrigin)>,
    missing: CommandError,
    (flags, shutdown): (&GlobalArgs, &Shutdown),
    mut input: Input,
) -> Result<ExitCode, CommandError> {
    let SetupAnswers { settings, token, notes } =
        match prompt::unless_ended(shutdown, setup::ask(given, found, &mut input, shutdown)).await {
            Ok(answers) => answers,
            // Whoever leaves knows that something is missing.
            Err(PromptStop::Declined) => {
                say("nothing was kept; `tidyfy` asks again, and `tidyfy demo` needs no account");
                return Ok(missing.code().into());
            }
            Err(stop) => return stop.ended(|| missing),
        };
    let access = run::access(&settings, Ok(Some(token)))?;
    let source = run::source(&settings, given.environment);
    let guide = guide(flags, given.environment, &settings);
    let ended = run::run(OrganizationVisit::new(settings, access, source)?, guide, input, shutdown).await;
    notes.iter().for_each(|note| say(note));
    Ok(ended)
}

/// The way to the organizations that are named in the config, or that the person is in. What the environment or the config
/// hold as the token is for the address `started` on: to another one goes only what was stored for it. The person's other
/// organizations, which no profile names, are entered by the token that told of them.
fn guide(flags: &GlobalArgs, environment: &Environment, started: &Settings) -> Arc<OrganizationSwitch> {
    let (flags, environment, started) = (flags.clone(), environment.clone(), run::base_url(started).ok());
    Arc::new(move |place: &Context, here: &OrganizationVisit| {
        let settings = flags.resolved(&flags.flags().at(place), &environment, None)?;
        let base_url = run::base_url(&settings)?;
        if place.profile.is_none() && base_url == *here.base_url() {
            let source = here.source().clone();
            return OrganizationVisit::new(settings.clone(), run::access(&settings, source.read())?, source);
        }
        let search = run::search(&settings, &environment);
        let is_elsewhere = Some(base_url) != started;
        let source = TokenSource::of(if is_elsewhere { search.of_another_address() } else { search });
        let token = source.read();
        if is_elsewhere && matches!(token, Ok(None)) {
            return Err(unstored(&settings));
        }
        let access = run::access(&settings, token)?;
        OrganizationVisit::new(settings, access, source)
    })
}

/// What is said where no token is stored for the address that is to be gone to.
fn unstored(settings: &Settings) -> CommandError {
    let login = match &settings.profile {
        Some(name) => format!("tidyfy login --profile {name}"),
        None => "tidyfy login".to_owned(),
    };
    let sentence =
        format!("no token is stored for `{}`, and the one in use is for another address", settings.base_url);
    CommandError::told(
        ExitReason::Authentication,
        ConfigError::new(sentence, format!("`{login}` stores one")),
    )
}
