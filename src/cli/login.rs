//! `tidyfy login` and `tidyfy logout`: storing the token, and removing it.
//!
//! Owns where a token is taken from, that only one that was accepted is stored, and what is said of it. Must not know how
//! it is stored.

use std::io::{self, IsTerminal, Read};
use std::process::ExitCode;

use color_eyre::eyre::WrapErr;
use secrecy::zeroize::Zeroizing;

use super::{waiting, whoami};
use crate::auth::keyring::{self, KeyringError};
use crate::auth::{RemovedTokens, StoredAt, StoredTokens, TokenSearch};
use crate::cli::completions::print;
use crate::cli::error::{CommandError, ExitReason, say};
use crate::cli::prompt::{Prompt, PromptStop, TypedAnswer, unless_ended};
use crate::cli::run;
use crate::config::{ConfigError, Environment, Settings};
use crate::model::people::Person;
use crate::model::token::Token;
use crate::shutdown::Shutdown;
use crate::tallyfy::BaseUrl;
use crate::terminal::Input;

/// More than this is no token: something else was piped in.
const LARGEST: u64 = 64 * 1024;

/// Takes a token, checks it, and stores it.
///
/// # Errors
/// [`CommandError`] when there is none, when it is not accepted or cannot be checked, and when it cannot be stored. Nothing is
/// stored then.
pub(super) async fn login(
    settings: &Settings,
    environment: &Environment,
    shutdown: &Shutdown,
) -> Result<ExitCode, CommandError> {
    let base_url = run::base_url(settings)?;
    let search = run::search(settings, environment);
    let stored = stored(&search)?;
    let name = match unless_ended(shutdown, accepted(settings, &base_url, stored, shutdown)).await {
        Ok(name) => name,
        Err(stop) => return stop.ended(nothing_typed),
    };
    print(format!("{name}\n").as_bytes())?;
    if let Some(origin) = search.above_stored() {
        say(&format!("note: {origin} is stronger: the token there is used as long as that is set"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Stores a token that was accepted, and answers what to say of it.
async fn accepted(
    settings: &Settings,
    base_url: &BaseUrl,
    stored: &StoredTokens,
    shutdown: &Shutdown,
) -> Result<String, PromptStop> {
    let (server, mut input) = (whoami::waits_for(base_url), Input::of_terminal());
    if !io::stdin().is_terminal() {
        let token = read().await?;
        let check = checked(settings, base_url, token.clone());
        let person = waiting::patiently(&server, &mut input, shutdown, check).await??;
        let put = waiting::patiently(stored.waits_for(), &mut input, shutdown, put(stored.clone(), token))
            .await??;
        return Ok(accepted_words(&person, &put));
    }
    let mut dialog = Prompt::new(&mut input, shutdown)?;
    let token = typed(&mut dialog, base_url).await?;
    let person = dialog.wait_for(&server, checked(settings, base_url, token.clone())).await??;
    let put = dialog.wait_for(stored.waits_for(), put(stored.clone(), token)).await??;
    Ok(accepted_words(&person, &put))
}

fn accepted_words(person: &Person, put: &StoredAt) -> String {
    format!("token of {} accepted\n{}", person.name, kept(put))
}

/// Returns whose `token` is, as the server says.
async fn checked(settings: &Settings, base_url: &BaseUrl, token: Token) -> Result<Person, CommandError> {
    let client = whoami::client(settings, base_url.clone(), None, token)?;
    whoami::person(&client).await.map_err(|failure| whoami::error(&failure, base_url))
}

/// Stores a token where nothing else waits for the keyring.
pub(super) async fn put(stored: StoredTokens, token: Token) -> Result<StoredAt, CommandError> {
    let put = waiting::blocking(move || stored.put(&token)).await?;
    put.map_err(|problem| CommandError::told(ExitReason::Failure, problem))
}

/// Where a token is now.
pub(super) fn kept(put: &StoredAt) -> String {
    let instead =
        put.instead.as_ref().map(|why| format!(", because {} did not take it: {why}", keyring::NAME));
    format!("stored in {}{}", put.place, instead.unwrap_or_default())
}

/// The places for a token; there are some once the base URL is known to be one.
fn stored(search: &TokenSearch) -> Result<&StoredTokens, CommandError> {
    search.stored().ok_or_else(|| CommandError::usage("there is no base URL to store a token for", ""))
}

async fn typed(dialog: &mut Prompt<'_>, base_url: &BaseUrl) -> Result<Token, PromptStop> {
    dialog
        .say("The token is made in the web app under Settings > Integrations > REST API. It is not shown.")?;
    match dialog.ask_token(&format!("token for {}: ", base_url.host())).await? {
        TypedAnswer::Token(token) => Ok(token),
        TypedAnswer::Nothing | TypedAnswer::Unfit => Err(refused().into()),
    }
}

/// Reads what is piped in, which may take its time, where that keeps nothing else waiting.
async fn read() -> Result<Token, CommandError> {
    tokio::task::spawn_blocking(piped).await.wrap_err("reading standard input broke off")?
}

fn piped() -> Result<Token, CommandError> {
    let mut text = Zeroizing::new(String::new());
    let read = io::stdin().lock().take(LARGEST).read_to_string(&mut text);
    match read {
        Err(why) if why.kind() == io::ErrorKind::InvalidData => Err(refused()),
        Err(why) => Err(CommandError::told(
            ExitReason::Failure,
            ConfigError::new(
                format!("standard input could not be read: {why}"),
                "pipe the token in, or type it",
            ),
        )),
        Ok(_) => Token::new(&text).ok_or_else(refused),
    }
}

/// What is said of a text that cannot be a token.
pub(super) fn unfit() -> ConfigError {
    ConfigError::new(
        "that is no token: it is empty, or there is white space in it, or a character no token has",
        "copy it again from Settings > Integrations > REST API, without quotes or line breaks",
    )
}

fn refused() -> CommandError {
    CommandError::told(ExitReason::Authentication, unfit())
}

fn nothing_typed() -> CommandError {
    CommandError::told(
        ExitReason::Authentication,
        ConfigError::new("no token was given, and nothing was stored", ""),
    )
}

/// Removes what `login` stored.
///
/// # Errors
/// [`CommandError`] when something is left that could not be removed.
pub(super) async fn logout(
    settings: &Settings,
    environment: &Environment,
    shutdown: &Shutdown,
) -> Result<ExitCode, CommandError> {
    match unless_ended(shutdown, removed(settings, environment, shutdown)).await {
        Ok(code) => Ok(code),
        Err(stop) => stop.ended(|| {
            let sentence = "the keyring was not waited for: a token that it holds is still there";
            CommandError::told(
                ExitReason::Failure,
                ConfigError::new(sentence, "run `tidyfy logout` again where it can be asked"),
            )
        }),
    }
}

async fn removed(
    settings: &Settings,
    environment: &Environment,
    shutdown: &Shutdown,
) -> Result<ExitCode, PromptStop> {
    let base_url = run::base_url(settings)?;
    let search = run::search(settings, environment);
    let (at, mut input) = (stored(&search)?.clone(), Input::of_terminal());
    let what = at.waits_for();
    let removing = waiting::blocking(move || at.remove());
    let RemovedTokens { from, mut problems, unasked } =
        waiting::patiently(what, &mut input, shutdown, removing).await??;
    for origin in &from {
        print(format!("token removed from {origin}\n").as_bytes())?;
    }
    if from.is_empty() && problems.is_empty() && unasked.is_none() {
        let whose = settings.profile.as_ref().map(|name| format!(" and the profile `{name}`"));
        let whose = whose.unwrap_or_default();
        print(format!("no token was stored for {base_url}{whose}\n").as_bytes())?;
    }
    let is_silent = unasked.as_ref().is_some_and(|why| !why.is_absent());
    match unasked {
        // Where it was not asked at the login either, the file that was there was all.
        Some(why) if why.is_absent() && !from.is_empty() => {
            say(&format!("note: {} was not asked: {why}", keyring::NAME));
        }
        Some(why) => problems.push(unasked_for(&why)),
        None => {}
    }
    let left = match search.above_stored() {
        Some(origin) => Some(origin),
        // A keyring that does not answer is not asked again.
        None if is_silent => None,
        None => {
            let finding = waiting::blocking(move || search.find().ok().flatten());
            waiting::patiently(what, &mut input, shutdown, finding).await??.map(|(_, origin)| origin)
        }
    };
    if let Some(origin) = left {
        say(&format!("note: {origin} still holds a token"));
    }
    if problems.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(CommandError::Told { code: ExitReason::Failure, problems }.into())
}

/// What is said of a keyring that may still hold the token.
fn unasked_for(why: &KeyringError) -> ConfigError {
    ConfigError::new(
        format!("{} was not asked: {why}; a token that it holds is still there", keyring::NAME),
        "run `tidyfy logout` again where it can be asked; `keyring = false` in the config leaves it alone",
    )
}
