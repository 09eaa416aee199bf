//! `tidyfy doctor`: what is set up, what is not, and what to do about it.
//!
//! Owns the order of the checks and which of them depend on which. Changes nothing, sends nothing but reads, and shows no
//! token. Must not know how a finding is printed.

mod report;
mod server;
mod system;

use std::process::ExitCode;

use super::{GlobalArgs, network, settings, waiting, whoami};
use crate::auth::{self, StoredTokens};
use crate::cli::doctor::report::DoctorReport;
use crate::cli::error::{CommandError, ExitReason};
use crate::cli::prompt::{PromptStop, unless_ended};
use crate::cli::{completions, run};
use crate::config::{AppPaths, ConfigError, ConfigText, Environment, Settings};
use crate::model::token::Token;
use crate::shutdown::Shutdown;
use crate::tallyfy::BaseUrl;
use crate::terminal::Input;

/// Looks at everything, and prints what was found.
///
/// # Errors
/// [`CommandError`] when standard output cannot be written to. What is found wrong only decides the exit code.
pub(super) async fn run(
    flags: &GlobalArgs,
    environment: &Environment,
    shutdown: &Shutdown,
) -> Result<ExitCode, CommandError> {
    let waited = Waited { input: Input::of_terminal(), shutdown: shutdown.clone() };
    let page = match unless_ended(shutdown, examined(flags, environment, waited)).await {
        Ok(page) => page,
        Err(stop) => {
            let left = || ConfigError::new("the check was left before it was done", "");
            return stop.ended(|| CommandError::told(ExitReason::Failure, left()));
        }
    };
    completions::print(page.text().as_bytes())?;
    Ok(page.code().map_or(ExitCode::SUCCESS, ExitCode::from))
}

/// The end of a wait: a key, or the end of the program.
struct Waited {
    input: Input,
    shutdown: Shutdown,
}

impl Waited {
    async fn patiently<T>(&mut self, what: &str, work: impl Future<Output = T>) -> Result<T, PromptStop> {
        waiting::patiently(what, &mut self.input, &self.shutdown, work).await
    }
}

async fn examined(
    flags: &GlobalArgs,
    environment: &Environment,
    mut waited: Waited,
) -> Result<DoctorReport, PromptStop> {
    let places = AppPaths::of_platform();
    let mut page = DoctorReport::default();
    let settings = config(&mut page, flags, environment, &places);
    let base_url = address(&mut page, settings.as_ref());
    network(&mut page, settings.as_ref(), base_url.as_ref());
    let search = settings.as_ref().map(|settings| run::search(settings, environment));
    let token = token(&mut page, &mut waited, base_url.as_ref(), search.as_ref()).await?;
    online(&mut page, &mut waited, settings.as_ref(), base_url, token).await?;
    limits(&mut page, settings.as_ref());
    let state_dir = settings.as_ref().map(|settings| settings.state_dir.clone()).or(places.state_dir);
    system::state(&mut page, state_dir.as_deref());
    match &settings {
        Some(settings) => system::backups(&mut page, settings),
        None => page.skipped("backups", NO_CONFIG),
    }
    match search.as_ref().and_then(auth::TokenSearch::stored) {
        Some(stored) => keyring(&mut page, &mut waited, stored).await?,
        None => page.skipped("keyring", "the base URL that tokens are kept by is not known"),
    }
    system::terminal(&mut page, settings.as_ref());
    Ok(page)
}

/// Why what the config decides is not known.
const NO_CONFIG: &str = "the config is wrong";

fn config(
    page: &mut DoctorReport,
    flags: &GlobalArgs,
    environment: &Environment,
    places: &AppPaths,
) -> Option<Settings> {
    let read = flags.config(places).and_then(|file| {
        let settings = settings(file.as_ref(), &flags.flags(), environment, None)?;
        Ok((file, settings))
    });
    match read {
        Ok((file, settings)) => {
            page.ok("config", &read_from(file.as_ref(), places));
            let profile = match (&settings.profile, settings.profiles.as_slice()) {
                (Some(name), all) => format!("`{name}` of {}", all.join(", ")),
                (None, []) => "none: the config has no profiles".to_owned(),
                (None, all) => format!("none in use; there are {}", all.join(", ")),
            };
            page.ok("profile", &profile);
            Some(settings)
        }
        Err(error) => {
            page.error("config", &error);
            page.skipped("profile", NO_CONFIG);
            None
        }
    }
}

fn read_from(file: Option<&ConfigText>, places: &AppPaths) -> String {
    match (file, &places.config_file) {
        (Some(file), _) => format!("read from `{}`", file.path.display()),
        (None, Some(path)) => format!("there is none, which is fine; it would be `{}`", path.display()),
        (None, None) => "there is none, and no home directory to look in".to_owned(),
    }
}

fn address(page: &mut DoctorReport, settings: Option<&Settings>) -> Option<BaseUrl> {
    let Some(settings) = settings else {
        page.skipped("base URL", NO_CONFIG);
        page.skipped("read-only", NO_CONFIG);
        return None;
    };
    let url = run::base_url(settings);
    match &url {
        Ok(url) if url.to_string().starts_with("https://") => page.ok("base URL", &url.to_string()),
        Ok(url) if url.is_loopback() => page.ok("base URL", &format!("{url}, on this machine")),
        Ok(url) => page.warn(
            "base URL",
            &format!("{url} is not encrypted: others on the way can read the token"),
            "use `https://`",
        ),
        Err(error) => page.error("base URL", error),
    }
    let changes = if settings.read_only { "yes: only GET can be sent" } else { "no: changes can be made" };
    page.ok("read-only", changes);
    url.ok()
}

/// By which way the server is reached, and which certificates are trusted on it.
fn network(page: &mut DoctorReport, settings: Option<&Settings>, base_url: Option<&BaseUrl>) {
    let (Some(settings), Some(base_url)) = (settings, base_url) else {
        return ["proxy", "certificates"].iter().for_each(|check| page.skipped(check, NO_CONFIG));
    };
    let network = match network::of(settings, base_url) {
        Ok(network) => network,
        Err(why) => {
            let (wrong, other) =
                if why.is_of_proxy() { ("proxy", "certificates") } else { ("certificates", "proxy") };
            page.error(wrong, &why.into());
            return page.skipped(other, "the other way to the server is wrong");
        }
    };
    match network.proxy() {
        Some(proxy) if proxy.has_credentials() => {
            page.ok("proxy", &format!("{proxy}, with a user name or a password"));
        }
        Some(proxy) => page.ok("proxy", &proxy.to_string()),
        None if network.is_excepted() => page.ok("proxy", "none: `NO_PROXY` excepts the host"),
        None if base_url.is_loopback() => page.ok("proxy", "none: the server is on this machine"),
        None => page.ok("proxy", "none is set"),
    }
    match network.trusted() {
        Some((path, 1)) => page.ok("certificates", &format!("1 in `{path}`, from `SSL_CERT_FILE`")),
        Some((path, n)) => page.ok("certificates", &format!("{n} in `{path}`, from `SSL_CERT_FILE`")),
        None => page.ok("certificates", "those of the system"),
    }
}

async fn token(
    page: &mut DoctorReport,
    waited: &mut Waited,
    base_url: Option<&BaseUrl>,
    search: Option<&auth::TokenSearch>,
) -> Result<Option<Token>, PromptStop> {
    let (Some(_), Some(search)) = (base_url, search.cloned()) else {
        page.skipped("token", "there is no base URL to find one for");
        return Ok(None);
    };
    let what = search.waits_for();
    let finding = waiting::blocking(move || search.find());
    Ok(match waited.patiently(&what, finding).await?? {
        Ok(Some((token, origin))) => {
            page.ok("token", &format!("from {origin}"));
            Some(token)
        }
        Ok(None) => {
            page.fail("token", ExitReason::Authentication, &auth::missing());
            None
        }
        Err(problem) => {
            page.fail("token", ExitReason::Authentication, &problem);
            None
        }
    })
}

/// Everything that takes an answer of the server.
async fn online(
    page: &mut DoctorReport,
    waited: &mut Waited,
    settings: Option<&Settings>,
    base_url: Option<BaseUrl>,
    token: Option<Token>,
) -> Result<(), PromptStop> {
    match (settings, base_url, token) {
        (Some(settings), Some(base_url), Some(token)) => {
            let what = whoami::waits_for(&base_url);
            waited.patiently(&what, server::look(page, settings, base_url, token)).await
        }
        _ => {
            server::CHECKS
                .iter()
                .for_each(|check| page.skipped(check, "there is no token to ask the server with"));
            Ok(())
        }
    }
}

fn limits(page: &mut DoctorReport, settings: Option<&Settings>) {
    let Some(settings) = settings else { return page.skipped("limits", NO_CONFIG) };
    let limits = &settings.limits;
    let all = limits.all.iter().map(|budget| budget.words(false));
    let words: Vec<_> = all.chain(limits.reads.iter().map(|budget| budget.words(true))).collect();
    match (words.as_slice(), page.said_of_limits()) {
        ([], said) => page.ok("limits", &format!("none of our own{said}")),
        (words, said) => page.ok("limits", &format!("at most {}{said}", words.join(", "))),
    }
}

async fn keyring(
    page: &mut DoctorReport,
    waited: &mut Waited,
    stored: &StoredTokens,
) -> Result<(), PromptStop> {
    let (at, what) = (stored.clone(), stored.waits_for());
    let asking = waiting::blocking(move || at.ask_keyring());
    match waited.patiently(what, asking).await?? {
        None => page.ok("keyring", "switched off: `tidyfy login` stores the token in a file"),
        Some(Ok(())) => page.ok("keyring", &format!("{} answers", auth::keyring::NAME)),
        Some(Err(why)) if !why.is_absent() => page.warn(
            "keyring",
            &format!("{} is there and did not answer: {why}", auth::keyring::NAME),
            "unlock it; `keyring = false` leaves it alone",
        ),
        Some(Err(why)) => page.warn(
            "keyring",
            &format!("{} cannot be used: {why}", auth::keyring::NAME),
            "`tidyfy login` stores the token in a file that is yours alone; `keyring = false` does not try the keyring",
        ),
    }
    Ok(())
}

/// What is said where no directory is known.
fn homeless() -> ConfigError {
    ConfigError::new("there is no home directory to keep it in", "set `HOME` or `XDG_STATE_HOME`")
}
