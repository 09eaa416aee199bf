//! The first start: what is missing is asked for, in the terminal and before there is a screen.
//!
//! Owns the order of the questions (base URL, token, organization), that each answer is checked at once, and that nothing
//! is written before all are there. Must not know how a token is stored.
mod organization;
mod save;

use std::path::Path;

use super::{login, waiting, whoami};
use crate::auth::TokenOrigin;
use crate::cli::error::{CommandError, ExitReason};
use crate::cli::prompt::{Prompt, PromptStop, TypedAnswer};
use crate::cli::run;
use crate::config::{AppPaths, ConfigError, DEFAULT_BASE_URL, Environment, Settings};
use crate::model::failure::{Cause, Failure};
use crate::model::token::Token;
use crate::shutdown::Shutdown;
use crate::tallyfy::{BaseUrl, Client};
use crate::terminal::Input;

/// What is known before anything is asked.
pub(super) struct SetupInput<'a> {
    pub(super) settings: &'a Settings,
    pub(super) environment: &'a Environment,
    /// Where a config would be written.
    pub(super) places: &'a AppPaths,
    /// The config that was read, if there is one.
    pub(super) config: Option<&'a Path>,
}

/// What was answered.
pub(super) struct SetupAnswers {
    /// The settings, with it in them.
    pub(super) settings: Settings,
    pub(super) token: Token,
    /// What could not be kept and what is left to do: worth saying again once there is no screen before it.
    pub(super) notes: Vec<String>,
}

/// The token for the address that the settings hold now; a keyring may take its time.
async fn found(
    dialog: &mut Prompt<'_>,
    settings: &Settings,
    environment: &Environment,
) -> Result<Option<(Token, TokenOrigin)>, PromptStop> {
    let search = run::search(settings, environment);
    let what = search.waits_for();
    let found = dialog.wait_for(&what, waiting::blocking(move || search.find())).await??;
    Ok(found.map_err(|problem| CommandError::told(ExitReason::Authentication, problem))?)
}

/// Asks for what is missing, and keeps it. `found` is the token that is there already, if one is.
///
/// # Errors
/// [`PromptStop`] when there is no answer. Unless it is the disk that failed, nothing has been kept then.
pub(super) async fn ask(
    given: &SetupInput<'_>,
    found: Option<(Token, TokenOrigin)>,
    input: &mut Input,
    shutdown: &Shutdown,
) -> Result<SetupAnswers, PromptStop> {
    let mut dialog = Prompt::new(input, shutdown)?;
    dialog.say("tidyfy needs to know a little more before it can open your organization.")?;
    dialog.say("Esc leaves, and nothing is kept then. `tidyfy demo` shows everything without an account.")?;
    let mut settings = given.settings.clone();
    let accepted = accepted(&mut dialog, &mut settings, given, found).await?;
    let is_picked = settings.org.is_none();
    if is_picked {
        settings.org = Some(organization::organization(&mut dialog, &accepted.client, &settings).await?);
    }
    let mut notes = Vec::new();
    if accepted.is_typed {
        notes.extend(save::token(&mut dialog, &settings, given.environment, &accepted.token).await?);
    }
    if is_picked || settings.base_url != given.settings.base_url {
        notes.extend(save::config(&mut dialog, &settings, given)?);
    }
    if !notes.is_empty() {
        notes.iter().try_for_each(|note| dialog.say(note))?;
        dialog.pause("Enter opens the screen: ").await?;
    }
    Ok(SetupAnswers { settings, token: accepted.token, notes })
}

/// A token that the server knows.
struct AcceptedToken {
    client: Client,
    token: Token,
    /// Whether it was typed, and so is to be stored.
    is_typed: bool,
}

/// Asks for address and token, as far as they are missing, until the server says whose the token is.
async fn accepted(
    dialog: &mut Prompt<'_>,
    settings: &mut Settings,
    given: &SetupInput<'_>,
    mut known: Option<(Token, TokenOrigin)>,
) -> Result<AcceptedToken, PromptStop> {
    let asks_address = known.is_none() && !settings.base_url_is_named;
    if asks_address {
        known = address(dialog, settings, given).await?;
    }
    loop {
        let base_url = run::base_url(settings)?;
        let (token, origin) = match known.take() {
            Some((token, origin)) => (token, Some(origin)),
            None => match typed(dialog, &base_url, asks_address).await? {
                Some(token) => (token, None),
                None => {
                    known = address(dialog, settings, given).await?;
                    continue;
                }
            },
        };
        let client = whoami::client(settings, base_url.clone(), None, token.clone())?;
        let failure = match dialog.wait_for(&whoami::waits_for(&base_url), whoami::person(&client)).await? {
            Ok(person) => {
                dialog.say(&format!("token of {} accepted", person.name))?;
                return Ok(AcceptedToken { client, token, is_typed: origin.is_none() });
            }
            Err(failure) => failure,
        };
        let is_set = matches!(origin, Some(TokenOrigin::Variable(_) | TokenOrigin::Named(_)));
        if whoami::is_refused(&failure) && !is_set {
            dialog.tell(&whoami::unaccepted(&failure, &base_url))?;
        } else if asks_address && is_of_address(&failure) {
            dialog.tell(&whoami::unaccepted(&failure, &base_url))?;
            known = address(dialog, settings, given).await?;
        } else {
            return Err(whoami::error(&failure, &base_url).into());
        }
    }
}

/// Whether another address may help.
fn is_of_address(failure: &Failure) -> bool {
    use Cause::{Broken, Garbled, NotFound, Redirected, TimedOut, Unreachable};
    matches!(failure.cause, Broken | Garbled | NotFound | Redirected | TimedOut | Unreachable)
}

/// Asks for the address until it can be used, and looks for a token that was stored for it.
async fn address(
    dialog: &mut Prompt<'_>,
    settings: &mut Settings,
    given: &SetupInput<'_>,
) -> Result<Option<(Token, TokenOrigin)>, PromptStop> {
    dialog.say(&format!("Where is the API? Enter takes {DEFAULT_BASE_URL}"))?;
    loop {
        let answer = dialog.ask("base URL: ").await?;
        let answer = if answer.is_empty() { DEFAULT_BASE_URL } else { &answer };
        match BaseUrl::parse(answer, settings.allow_insecure_http) {
            Ok(url) => {
                settings.base_url = url.to_string();
                return found(dialog, settings, given.environment).await;
            }
            Err(bad) => dialog.tell(&ConfigError::new(bad.to_string(), bad.hint()))?,
        }
    }
}

/// Asks for a token until what is typed can be one; none where the person wants to change the address, which is only
/// possible if that was asked for.
async fn typed(
    dialog: &mut Prompt<'_>,
    base_url: &BaseUrl,
    asks_address: bool,
) -> Result<Option<Token>, PromptStop> {
    dialog.say("Make a token in the web app under Settings > Integrations > REST API, and paste it. It is not shown.")?;
    if asks_address {
        dialog.say("Enter alone goes back to the base URL.")?;
    }
    loop {
        match dialog.ask_token(&format!("token for {}: ", base_url.host())).await? {
            TypedAnswer::Token(token) => return Ok(Some(token)),
            TypedAnswer::Nothing if asks_address => return Ok(None),
            TypedAnswer::Nothing | TypedAnswer::Unfit => dialog.tell(&login::unfit())?,
        }
    }
}
