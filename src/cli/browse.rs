//! `tidyfy`: the screen on the organization that is configured.
//!
//! Owns what must be there before the screen opens, in this order: an address that can be used, a terminal, a token, an
//! organization. Must not know of records or keys.

use std::process::ExitCode;

use super::trouble::{Code, Trouble};
use crate::auth;
use crate::config::{Environment, Problem, Settings};
use crate::model::secret::Token;
use crate::tallyfy::{Access, BaseUrl, Timeouts};

/// What the settings and the environment give access to, or everything that is missing for it.
pub(super) fn access(
    settings: &Settings,
    environment: &Environment,
    terminal: bool,
) -> Result<Access, Trouble> {
    let base_url = base_url(settings)?;
    if !terminal {
        return Err(no_terminal());
    }
    let token = auth::token(environment).and_then(|token| token.ok_or_else(auth::missing));
    match (token, &settings.org) {
        (Ok(token), Some(org)) => Ok(granted(settings, base_url, org.clone(), token)),
        (Ok(_), None) => Err(Trouble::told(Code::Usage, no_org())),
        (Err(problem), Some(_)) => Err(Trouble::told(Code::Authentication, problem)),
        (Err(problem), None) => {
            Err(Trouble::Told { code: Code::Authentication, problems: vec![problem, no_org()] })
        }
    }
}

/// The address of the settings, checked.
fn base_url(settings: &Settings) -> Result<BaseUrl, Trouble> {
    BaseUrl::parse(&settings.base_url, settings.allow_insecure_http)
        .map_err(|bad| Trouble::usage(bad.to_string(), bad.hint()))
}

/// Puts together what a client needs.
pub(super) fn granted(settings: &Settings, base_url: BaseUrl, organization: String, token: Token) -> Access {
    Access {
        base_url,
        organization,
        token,
        read_only: settings.read_only,
        timeouts: Timeouts { connect: settings.connect_timeout, request: settings.request_timeout },
        body_cap: Access::BODY_CAP,
    }
}

/// What is said where no screen can be opened.
pub(super) fn no_terminal() -> Trouble {
    let sentence = "there is no screen to open: standard input or output is no terminal";
    Trouble::told(Code::NoTerminal, Problem::new(sentence, "run `tidyfy` in a terminal, without pipes"))
}

fn no_org() -> Problem {
    Problem::new(
        "no organization is named",
        "give its id by `--org`, `TALLYFY_ORG_ID`, or `org` in the config",
    )
}

/// Opens the screen and answers how it was left.
///
/// # Errors
/// [`Trouble`] when the screen cannot be opened, or fails.
pub async fn run(settings: Settings, access: Access) -> Result<ExitCode, Trouble> {
    drop((settings, access));
    Ok(ExitCode::SUCCESS)
}
