//! `tidyfy`: the screen on the organization that is configured.
//!
//! Owns what must be there before the screen opens, in this order: an address that can be used, a terminal, a token, an
//! organization. Must not know of records or keys.

use std::process::ExitCode;
use std::sync::Arc;

use color_eyre::eyre::WrapErr as _;
use ratatui::backend::Backend;
use tokio::sync::mpsc::unbounded_channel;

use super::trouble::{Code, Trouble, say};
use crate::app::effect::Exit;
use crate::app::state::{Setup, State};
use crate::auth::{self, TokenSource};
use crate::backups::Backups;
use crate::config::{Environment, Problem, Settings};
use crate::event_loop::{EventLoop, Turn};
use crate::model::desktop::Desktop;
use crate::model::moment::Zone;
use crate::model::secret::Token;
use crate::tallyfy::{Access, BaseUrl, Client, Timeouts};
use crate::terminal::{self, Screen};
use crate::worker::{Clock, Terms, Worker};

/// Where the token comes from with these settings.
pub(super) fn source(settings: &Settings, environment: &Environment) -> TokenSource {
    TokenSource::of(environment.clone(), settings.token_file.clone())
}

/// What the settings and the token's source give access to, or everything that is missing for it.
pub(super) fn access(settings: &Settings, source: &TokenSource, terminal: bool) -> Result<Access, Trouble> {
    let base_url = base_url(settings)?;
    if !terminal {
        return Err(no_terminal());
    }
    let token = source.read().and_then(|token| token.ok_or_else(auth::missing));
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

/// Opens the screen and answers how it was left. Where the token is not accepted any more, `source` is read again.
///
/// # Errors
/// [`Trouble`] when the screen cannot be opened, or fails.
pub async fn run(settings: Settings, access: Access, source: TokenSource) -> Result<ExitCode, Trouble> {
    let host = access.base_url.host().to_owned();
    let client = Client::new(access).map_err(|bad| Trouble::usage(bad.to_string(), bad.hint()))?;
    let clock = Clock::system();
    let (messages, inbox) = unbounded_channel();
    let terms = Terms {
        at_once: settings.at_once,
        source,
        desktop: desktop(&settings),
        backups: Backups::new(settings.backups.clone(), settings.keep_free),
        ..Terms::new(settings.limits.clone(), clock.clone(), settings.state_dir.clone())
    };

    terminal::restore_on_panic();
    let mut screen = Screen::take().wrap_err("could not take the terminal")?;
    let size = terminal::size().wrap_err("the terminal does not tell its size")?;
    let surface = screen.surface().wrap_err("could not draw on the terminal")?;
    let _listening =
        terminal::listen(messages.clone(), clock.clone()).wrap_err("could not listen for signals")?;
    let worker = Worker::new(client, terms, messages);
    let state = State::new(setup(&settings, host), size, clock.now());
    let mut looping = EventLoop::new(state, surface, worker, inbox, clock);
    let exit = until_left(&mut looping, &mut screen).await;
    drop(screen);
    let exit = exit.wrap_err("the terminal failed")?;
    looping.state().farewell().iter().for_each(|line| say(line));
    Ok(ExitCode::from(exit.code()))
}

/// Turns the loop until the person, or the system, wants it to end.
async fn until_left<B>(looping: &mut EventLoop<B>, screen: &mut Screen) -> Result<Exit, std::io::Error>
where
    B: Backend<Error = std::io::Error>,
{
    looping.start()?;
    loop {
        let turn = looping.turn().await?;
        for text in looping.take_clips() {
            screen.clip(&text)?;
        }
        match turn {
            Turn::Going => {}
            Turn::Ended(exit) => return Ok(exit),
            Turn::Suspend => {
                screen.suspend().await?;
                looping.resume(terminal::size()?)?;
            }
        }
    }
}

/// The programs of this machine that texts and addresses can be given to.
fn desktop(settings: &Settings) -> Desktop {
    let variable = |name: &str| std::env::var(name).ok();
    Desktop::of(settings.clipboard, std::env::consts::OS, variable)
}

fn setup(settings: &Settings, host: String) -> Setup {
    Setup {
        demo: settings.demo,
        profile: settings.profile.clone(),
        host,
        limits: settings.limits.clone(),
        caution: settings.caution,
        keymap: Arc::new(settings.keymap.clone()),
        zone: Zone::new(jiff::tz::TimeZone::system()),
        colour: settings.colour,
        kind: settings.kind,
        read_only: settings.read_only,
    }
}
