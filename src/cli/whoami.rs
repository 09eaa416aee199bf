//! Whom a token speaks for, and where that person may go: asked before there is a screen.
//!
//! Owns the two questions, and the words for why they were not answered. One request at a time, slower than any limit.
//! Must not know what the answers are used for.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use super::network;
use crate::cli::error::{CommandError, ExitReason};
use crate::cli::run::granted;
use crate::config::{ConfigError, Settings};
use crate::model::failure::{Cause, Failure};
use crate::model::people::Person;
use crate::model::token::Token;
use crate::tallyfy::page::PageWalk;
use crate::tallyfy::{BaseUrl, Client, ClientConfig, KeptKeys, decode};

/// The token check of every client of the API (API sheet, section 6.11).
const ME: &str = "me";
const MY_ORGANIZATIONS: &str = "me/organizations";
/// The most the API gives (API sheet, section 2).
const PER_PAGE: usize = 100;
/// How many pages are read without a pause, and the pause before each that follows (API sheet, section 4.3).
const AT_ONCE: usize = 8;
const PAUSE: Duration = Duration::from_millis(500);
/// How often a request that was turned away is sent again, and the longest it waits for that.
const MOST_TRIES: usize = 5;
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A client that asks about the person, in no organization unless one is named.
pub(super) fn client(
    settings: &Settings,
    base_url: BaseUrl,
    organization: Option<&str>,
    token: Token,
) -> Result<Client, CommandError> {
    let organization = organization.unwrap_or(ClientConfig::NO_ORGANIZATION).to_owned();
    let access = ClientConfig { read_only: true, ..granted(settings, base_url, organization, token) };
    let network = network::of(settings, &access.base_url)?;
    Client::over(access, network).map_err(|bad| CommandError::usage(bad.to_string(), bad.hint()))
}

/// Returns words for what an answer of the server waits for, name lookup included.
pub(super) fn waits_for(base_url: &BaseUrl) -> String {
    format!("`{}`", base_url.host())
}

/// Whom the client's token speaks for.
pub(super) async fn person(client: &Client) -> Result<Person, Failure> {
    let value = patiently(async || client.read(ME, None, &[]).await).await?;
    decode::person(&value).ok_or_else(|| Failure::new(Cause::Garbled, "the answer names nobody"))
}

/// Every organization the person is in, as the server tells it.
pub(super) async fn organizations(client: &Client) -> Result<Vec<Value>, Failure> {
    let (mut page_walk, mut found, mut seen) = (PageWalk::new(PER_PAGE), Vec::new(), BTreeSet::new());
    while let Some(page) = page_walk.next() {
        if page > AT_ONCE {
            sleep(PAUSE).await;
        }
        let ask = async || client.list(MY_ORGANIZATIONS, None, &[], page, PER_PAGE, &KeptKeys::Whole).await;
        let listed = patiently(ask).await?;
        let before = seen.len();
        let rows = listed.rows.len();
        found.extend(listed.rows.into_iter().filter(|row| seen.insert(row.to_string())));
        page_walk.answered(page, rows, seen.len() - before, &listed.meta);
    }
    Ok(found)
}

/// Sends a read again while the server turns it away for coming too fast, after the wait it asks for.
async fn patiently<T>(ask: impl AsyncFn() -> Result<T, Failure>) -> Result<T, Failure> {
    let mut tries = 1;
    loop {
        match ask().await {
            Err(failure) if failure.cause == Cause::RateLimited && tries < MOST_TRIES => {
                sleep(failure.retry_after.unwrap_or(PAUSE).min(LONGEST_WAIT)).await;
                tries += 1;
            }
            answer => return answer,
        }
    }
}

/// Whether the failure is about the token itself.
pub(super) fn is_refused(failure: &Failure) -> bool {
    matches!(failure.cause, Cause::Unauthorized | Cause::Forbidden)
}

/// What is said of a token that could not be checked, or was not accepted.
pub(super) fn unaccepted(failure: &Failure, base_url: &BaseUrl) -> ConfigError {
    let hint = failure.hint().unwrap_or_default();
    let host = base_url.host();
    if is_refused(failure) {
        return ConfigError::new(format!("the token was not accepted by `{host}`: {}", failure.words), hint);
    }
    ConfigError::new(format!("`{host}` could not be asked whose the token is: {}", failure.words), hint)
}

/// What is said where the organizations cannot be read.
pub(super) fn unlisted(failure: &Failure, base_url: &BaseUrl) -> ConfigError {
    let sentence =
        format!("`{}` could not be asked for your organizations: {}", base_url.host(), failure.words);
    ConfigError::new(sentence, failure.hint().unwrap_or_default())
}

/// How a command ends with that.
pub(super) fn error(failure: &Failure, base_url: &BaseUrl) -> CommandError {
    let code = if is_refused(failure) { ExitReason::Authentication } else { ExitReason::Failure };
    CommandError::told(code, unaccepted(failure, base_url))
}
