//! `tidyfy login` and `tidyfy logout`: storing the token, and removing it.
//!
//! Owns where a token is taken from, that only one that was accepted is stored, and what is said of it. Must not know how
//! it is stored.

use std::io::{self, IsTerminal, Read};
use std::process::ExitCode;

use color_eyre::eyre::WrapErr;
use secrecy::zeroize::Zeroizing;

use super::dialog::{Asked, Dialog, Stop, unless_signalled};
use super::pages::print;
use super::trouble::{Code, Trouble, say};
use super::{browse, whoami};
use crate::auth::keyring::{self, Unusable};
use crate::auth::{Put, Removed, Search, Stored};
use crate::config::{Environment, Problem, Settings};
use crate::model::secret::Token;
use crate::tallyfy::BaseUrl;
use crate::terminal::Keys;

/// More than this is no token: something else was piped in.
const LARGEST: u64 = 64 * 1024;

/// Takes a token, checks it, and stores it.
///
/// # Errors
/// [`Trouble`] when there is none, when it is not accepted or cannot be checked, and when it cannot be stored. Nothing is
/// stored then.
pub(super) async fn login(settings: &Settings, environment: &Environment) -> Result<ExitCode, Trouble> {
    let base_url = browse::base_url(settings)?;
    let search = browse::search(settings, environment);
    let stored = stored(&search)?;
    let name = match unless_signalled(accepted(settings, &base_url, stored)).await {
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
async fn accepted(settings: &Settings, base_url: &BaseUrl, stored: &Stored) -> Result<String, Stop> {
    if !io::stdin().is_terminal() {
        let token = read().await?;
        return Ok(checked(settings, base_url, stored, token).await?);
    }
    let mut keys = Keys::of_terminal();
    let mut dialog = Dialog::new(&mut keys)?;
    let token = typed(&mut dialog, base_url).await?;
    Ok(dialog.wait(checked(settings, base_url, stored, token)).await??)
}

/// Stores `token` if the server says whose it is.
async fn checked(
    settings: &Settings,
    base_url: &BaseUrl,
    stored: &Stored,
    token: Token,
) -> Result<String, Trouble> {
    let client = whoami::client(settings, base_url.clone(), None, token.clone())?;
    let person = whoami::person(&client).await.map_err(|failure| whoami::trouble(&failure, base_url))?;
    let put = put(stored.clone(), token).await?;
    Ok(format!("token of {} accepted\n{}", person.name, kept(&put)))
}

/// Stores a token where nothing else waits for the keyring.
pub(super) async fn put(stored: Stored, token: Token) -> Result<Put, Trouble> {
    let put = tokio::task::spawn_blocking(move || stored.put(&token)).await;
    let put = put.wrap_err("storing the token broke off")?;
    put.map_err(|problem| Trouble::told(Code::Failure, problem))
}

/// Where a token is now.
pub(super) fn kept(put: &Put) -> String {
    let instead =
        put.instead.as_ref().map(|why| format!(", because {} did not take it: {why}", keyring::NAME));
    format!("stored in {}{}", put.place, instead.unwrap_or_default())
}

/// The places for a token; there are some once the base URL is known to be one.
fn stored(search: &Search) -> Result<&Stored, Trouble> {
    search.stored().ok_or_else(|| Trouble::usage("there is no base URL to store a token for", ""))
}

async fn typed(dialog: &mut Dialog<'_>, base_url: &BaseUrl) -> Result<Token, Stop> {
    dialog
        .say("The token is made in the web app under Settings > Integrations > REST API. It is not shown.")?;
    match dialog.ask_token(&format!("token for {}: ", base_url.host())).await? {
        Asked::Token(token) => Ok(token),
        Asked::Nothing | Asked::Unfit => Err(refused().into()),
    }
}

/// Reads what is piped in, which may take its time, where that keeps nothing else waiting.
async fn read() -> Result<Token, Trouble> {
    tokio::task::spawn_blocking(piped).await.wrap_err("reading standard input broke off")?
}

fn piped() -> Result<Token, Trouble> {
    let mut text = Zeroizing::new(String::new());
    let read = io::stdin().lock().take(LARGEST).read_to_string(&mut text);
    match read {
        Err(why) if why.kind() == io::ErrorKind::InvalidData => Err(refused()),
        Err(why) => Err(Trouble::told(
            Code::Failure,
            Problem::new(format!("standard input could not be read: {why}"), "pipe the token in, or type it"),
        )),
        Ok(_) => Token::new(&text).ok_or_else(refused),
    }
}

/// What is said of a text that cannot be a token.
pub(super) fn unfit() -> Problem {
    Problem::new(
        "that is no token: it is empty, or there is white space in it, or a character no token has",
        "copy it again from Settings > Integrations > REST API, without quotes or line breaks",
    )
}

fn refused() -> Trouble {
    Trouble::told(Code::Authentication, unfit())
}

fn nothing_typed() -> Trouble {
    Trouble::told(Code::Authentication, Problem::new("no token was given, and nothing was stored", ""))
}

/// Removes what `login` stored.
///
/// # Errors
/// [`Trouble`] when something is left that could not be removed.
pub(super) fn logout(settings: &Settings, environment: &Environment) -> Result<ExitCode, Trouble> {
    let base_url = browse::base_url(settings)?;
    let search = browse::search(settings, environment);
    let Removed { from, mut problems, unasked } = stored(&search)?.remove();
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
    // A keyring that does not answer is not asked again.
    let stored = || if is_silent { None } else { search.find().ok().flatten() };
    let left = search.above_stored().or_else(|| stored().map(|(_, origin)| origin));
    if let Some(origin) = left {
        say(&format!("note: {origin} still holds a token"));
    }
    if problems.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Trouble::Told { code: Code::Failure, problems })
}

/// What is said of a keyring that may still hold the token.
fn unasked_for(why: &Unusable) -> Problem {
    Problem::new(
        format!("{} was not asked: {why}; a token that it holds is still there", keyring::NAME),
        "run `tidyfy logout` again where it can be asked; `keyring = false` in the config leaves it alone",
    )
}
