//! The command line: the edge between the process and everything else.
//!
//! Owns the arguments, the order in which a start is checked, the runtime and the exit codes. Must not know of records,
//! requests or screens: each command has a file of its own.

mod backups;
mod completions;
mod demo;
mod doctor;
pub mod error;
mod hardening;
mod history;
mod logging;
mod login;
mod network;
mod prompt;
pub mod run;
pub mod sandbox;
mod setup;
mod signals;
mod start;
mod table;
mod waiting;
mod whoami;

use std::io::{self, IsTerminal};
use std::panic::catch_unwind;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, Parser, Subcommand};
use color_eyre::eyre::WrapErr;
use tokio::runtime::{Builder, Runtime};

use crate::cli::error::{CommandError, ExitReason};
use crate::config::{
    self, AppPaths, ConfigError, ConfigText, Environment, Flags, LimitsMode, LogLevel, Settings, Sources,
};
use crate::model::kind::Kind;
use crate::shutdown::Shutdown;
use backups::BackupsArgs;
use history::HistoryArgs;
use sandbox::{LimitsArg, SandboxArgs, SandboxError};

/// What `--help` says below the flags.
const AFTER_HELP: &str = "\
Environment:
  TALLYFY_ACCESS_TOKEN  the access token, from Settings > Integrations > REST API
  TALLYFY_API_TOKEN     the same, read when the first is not set
  TALLYFY_ORG_ID        the organization's id, 32 hex digits
  TALLYFY_BASE_URL      the API's address (https://go.tallyfy.com/api when not set)
  NO_COLOR              no colour when not empty
  HTTPS_PROXY           the proxy on the way to the API (also ALL_PROXY); NO_PROXY lists hosts without one
  SSL_CERT_FILE         a file of certificates to trust in place of the system's, such as a company's

  Defaults < config.toml < environment < flags. A profile named by --profile beats TALLYFY_* for what it
  sets. Whatever says read-only wins.

Token, the first that is there:
  the variables, the file that `token_file` names in config.toml, what `tidyfy login` stored for the profile
  in use, what it stored for the base URL. It stores in the system's keyring, or in a file that is yours
  alone where there is none. The token is never a flag, and one stored for a base URL goes to no other.

Exit codes:
  0  done                      4    standard input or output is no terminal
  1  a failure or a panic      129  ended by SIGHUP
  2  usage or config           130  ended by ctrl-c or SIGINT
  3  authentication            143  ended by SIGTERM";

/// A keyboard-driven terminal UI that keeps a Tallyfy organization tidy: browse, mark, review, then archive, restore or
/// permanently delete.
#[derive(Debug, Parser)]
#[command(name = "tidyfy", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
struct Arguments {
    #[command(flatten)]
    flags: GlobalArgs,
    /// Without a command, the organization that is configured is opened.
    #[command(subcommand)]
    command: Option<CliCommand>,
}

/// Flags of every command that opens the screen.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
struct GlobalArgs {
    /// The API's address
    #[arg(long, global = true, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    base_url: Option<String>,
    /// The organization's id
    #[arg(long, global = true, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    org: Option<String>,
    /// Take the organization from this profile of the config
    #[arg(long, global = true, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    profile: Option<String>,
    /// Make changes impossible: only GET can be sent
    #[arg(long, global = true)]
    read_only: bool,
    /// Read this config instead of the platform's
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(long, global = true, value_name = "KIND", help = kind_help())]
    kind: Option<String>,
    /// Pace requests under the documented rate limits, or not at all
    #[arg(long, global = true, value_name = "LIMITS")]
    limits: Option<LimitsArg>,
    /// Write this much to `tidyfy.log` in the state directory
    #[arg(long, global = true, value_name = "LEVEL", value_parser = level_parser())]
    log_level: Option<LogLevel>,
    /// Let the token travel unencrypted to a base URL that is not on this machine
    #[arg(long, global = true)]
    allow_insecure_http: bool,
}

fn kind_help() -> String {
    let words = Kind::ALL.map(|kind| kind.row().slug).join(", ");
    format!("Show this kind first: {words}, or the API's word for one")
}

fn level_parser() -> impl TypedValueParser<Value = LogLevel> {
    PossibleValuesParser::new(LogLevel::ALL.map(|(word, _)| word)).try_map(|word| word.parse::<LogLevel>())
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    /// Open a lively organization on a built-in server: no account, no network
    Demo(SandboxArgs),
    /// Run the built-in Tallyfy-compatible server alone
    Sandbox(SandboxArgs),
    /// Check a token and store it: in the system's keyring, or in a file where there is none
    Login,
    /// Remove the stored token
    Logout,
    /// Check everything tidyfy depends on, and say what to do about what is wrong
    Doctor,
    /// Show past jobs, or the steps of one
    History(HistoryArgs),
    /// Look after the copies of what was deleted permanently
    Backups(BackupsArgs),
    /// Print the completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

impl CliCommand {
    fn name(&self) -> &'static str {
        match self {
            Self::Demo(_) => "demo",
            Self::Sandbox(_) => "sandbox",
            Self::Login => "login",
            Self::Logout => "logout",
            Self::Doctor => "doctor",
            Self::History(_) => "history",
            Self::Backups(_) => "backups",
            Self::Completions { .. } => "completions",
            Self::Man => "man",
        }
    }

    /// Refuses global flags that mean nothing to this command, rather than ignoring what somebody meant.
    fn check(&self, flags: &GlobalArgs) -> Result<(), CommandError> {
        let (refused, why): (&[&str], _) = match self {
            Self::Demo(_) => (&["--base-url", "--org", "--profile"], "it opens an organization of its own"),
            Self::Sandbox(_) => (&GlobalArgs::BUT_LIMITS, "it opens no organization"),
            Self::Login => (&GlobalArgs::OF_A_SCREEN, "it only stores the token"),
            Self::Logout => (&GlobalArgs::OF_A_SCREEN, "it only removes the token"),
            Self::Doctor => (&["--kind", "--log-level"], "it opens no screen"),
            Self::History(_) => (&GlobalArgs::BUT_LIMITS_AND_KIND, "it only reads the journal"),
            Self::Backups(_) => (&GlobalArgs::BUT_LIMITS_AND_CONFIG, "it opens no organization"),
            Self::Completions { .. } | Self::Man => (&GlobalArgs::BUT_LIMITS, "it only prints a page"),
        };
        let given = flags.given();
        let refused: Vec<_> = given.iter().filter(|flag| refused.contains(flag)).collect();
        let problem = |flag: &&&str| {
            let sentence = format!("`{}` takes no `{flag}`: {why}", self.name());
            ConfigError::new(sentence, format!("leave `{flag}` out"))
        };
        let problems: Vec<_> = refused.iter().map(problem).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
    }
}

impl GlobalArgs {
    /// Every global flag but `--limits`, which the sandbox has as well.
    const BUT_LIMITS: [&str; 8] = [
        "--base-url",
        "--org",
        "--profile",
        "--read-only",
        "--config",
        "--kind",
        "--log-level",
        "--allow-insecure-http",
    ];

    /// Every global flag but `--limits` and `--kind`, by which the history is narrowed down.
    const BUT_LIMITS_AND_KIND: [&str; 7] = [
        "--base-url",
        "--org",
        "--profile",
        "--read-only",
        "--config",
        "--log-level",
        "--allow-insecure-http",
    ];

    /// Every global flag but `--limits` and `--config`, which says where the copies are.
    const BUT_LIMITS_AND_CONFIG: [&str; 7] =
        ["--base-url", "--org", "--profile", "--read-only", "--kind", "--log-level", "--allow-insecure-http"];

    /// Those that say what is shown, and of which organization.
    const OF_A_SCREEN: [&str; 4] = ["--org", "--read-only", "--kind", "--log-level"];

    /// Those that are on the command line.
    fn given(&self) -> Vec<&'static str> {
        let given = [
            self.base_url.is_some(),
            self.org.is_some(),
            self.profile.is_some(),
            self.read_only,
            self.config.is_some(),
            self.kind.is_some(),
            self.log_level.is_some(),
            self.allow_insecure_http,
        ];
        Self::BUT_LIMITS.into_iter().zip(given).filter_map(|(flag, given)| given.then_some(flag)).collect()
    }

    fn flags(&self) -> Flags {
        Flags {
            base_url: self.base_url.clone(),
            org: self.org.clone(),
            profile: self.profile.clone(),
            without_profile: false,
            read_only: self.read_only,
            kind: self.kind.clone(),
            limits: self.limits.map(|limits| match limits {
                LimitsArg::Documented => LimitsMode::Documented,
                LimitsArg::Off => LimitsMode::Off,
            }),
            log_level: self.log_level,
            allow_insecure_http: self.allow_insecure_http,
        }
    }

    /// The settings that all sources make; `demo` says where the demo keeps its state.
    fn settings(&self, environment: &Environment, demo: Option<PathBuf>) -> Result<Settings, CommandError> {
        self.resolved(&self.flags(), environment, demo)
    }

    fn resolved(
        &self,
        flags: &Flags,
        environment: &Environment,
        demo: Option<PathBuf>,
    ) -> Result<Settings, CommandError> {
        let file = self.config(&AppPaths::of_platform())?;
        settings(file.as_ref(), flags, environment, demo)
    }

    /// The config that is read, if there is one.
    fn config(&self, places: &AppPaths) -> Result<Option<ConfigText>, CommandError> {
        Ok(places.read_config(self.config.as_deref()).map_err(|problem| vec![problem])?)
    }
}

/// The settings that these sources make.
fn settings(
    file: Option<&ConfigText>,
    flags: &Flags,
    environment: &Environment,
    demo: Option<PathBuf>,
) -> Result<Settings, CommandError> {
    let is_demo = demo.is_some();
    let state_dir = demo.or(AppPaths::of_platform().state_dir).ok_or_else(homeless)?;
    let sources = Sources { file, environment, flags, state_dir, demo: is_demo };
    Ok(config::resolve(&sources)?)
}

/// Runs the program on the arguments of the process, and answers how it ends.
#[must_use]
pub fn main() -> ExitCode {
    hardening::protect_memory();
    let environment = Environment::of(std::env::vars_os());
    error::install_reports(&environment);
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(said) => {
            // Help and the version come this way too. A closed pipe is no failure.
            drop(said.print());
            return ExitCode::from(u8::try_from(said.exit_code()).unwrap_or(ExitReason::Usage as u8));
        }
    };
    // The panic itself has been told by the hook; left alone it would end the process with 101.
    match catch_unwind(|| start(&arguments, &environment)) {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => error.report(),
        Err(_) => ExitReason::Failure.into(),
    }
}

fn start(arguments: &Arguments, environment: &Environment) -> Result<ExitCode, CommandError> {
    let flags = &arguments.flags;
    if let Some(command) = &arguments.command {
        command.check(flags)?;
    }
    let shutdown = Shutdown::default();
    signals::watch(&shutdown).wrap_err("could not listen for signals")?;
    match &arguments.command {
        None => start::run(flags, environment, &shutdown),
        Some(CliCommand::Demo(server)) => demo::run(flags, server, environment, &shutdown),
        Some(CliCommand::Sandbox(server)) => {
            on_runtime(async { Ok(sandbox::run(server.clone(), &shutdown).await?) })
        }
        Some(CliCommand::Login) => {
            let settings = flags.settings(environment, None)?;
            on_runtime(login::login(&settings, environment, &shutdown))
        }
        Some(CliCommand::Logout) => {
            let settings = flags.settings(environment, None)?;
            on_runtime(login::logout(&settings, environment, &shutdown))
        }
        Some(CliCommand::Doctor) => on_runtime(doctor::run(flags, environment, &shutdown)),
        Some(CliCommand::History(arguments)) => look_back(flags, arguments),
        Some(CliCommand::Backups(arguments)) => {
            backups::run(arguments, &flags.settings(environment, None)?.backups)
        }
        Some(CliCommand::Completions { shell }) => {
            completions::completions(Arguments::command(), *shell).map(|()| ExitCode::SUCCESS)
        }
        Some(CliCommand::Man) => completions::man(Arguments::command()).map(|()| ExitCode::SUCCESS),
    }
}

/// Prints the history of the platform's state directory.
fn look_back(flags: &GlobalArgs, arguments: &HistoryArgs) -> Result<ExitCode, CommandError> {
    let state_dir = AppPaths::of_platform().state_dir.ok_or_else(homeless)?;
    history::run(arguments, flags.kind.as_deref(), &state_dir).map(|()| ExitCode::SUCCESS)
}

fn homeless() -> CommandError {
    CommandError::usage("there is no home directory to keep the state in", "set `HOME` or `XDG_STATE_HOME`")
}

/// Whether there is somebody to press keys, and something to draw on.
fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Runs a command to its end. Work that is still under way then is not waited for.
fn on_runtime<T, F>(command: F) -> Result<T, CommandError>
where
    F: Future<Output = Result<T, CommandError>>,
{
    let runtime: Runtime =
        Builder::new_multi_thread().enable_all().build().wrap_err("could not start the runtime")?;
    let ended = runtime.block_on(command);
    runtime.shutdown_background();
    ended
}

impl From<SandboxError> for CommandError {
    fn from(error: SandboxError) -> Self {
        let code = match error {
            SandboxError::File { .. } | SandboxError::Faults { .. } => ExitReason::Usage,
            SandboxError::Start(_) | SandboxError::Run(_) => ExitReason::Failure,
        };
        let words = error.to_string();
        let (sentence, hint) = words.split_once("\nhint: ").unwrap_or((&words, ""));
        Self::told(code, ConfigError::new(sentence, hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Arguments {
        Arguments::try_parse_from(line.split(' ')).unwrap()
    }

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn global_flags_stand_before_or_after_a_command() {
        for line in ["tidyfy --read-only --kind tags demo", "tidyfy demo --read-only --kind tags"] {
            let flags = parse(line).flags.flags();
            assert_eq!((flags.read_only, flags.kind.as_deref()), (true, Some("tags")), "{line}");
        }
    }

    #[test]
    fn limits_of_the_demo_are_those_of_both_sides() {
        for line in ["tidyfy --limits documented demo", "tidyfy demo --limits documented"] {
            let arguments = parse(line);
            assert_eq!(arguments.flags.flags().limits, Some(LimitsMode::Documented), "{line}");
            let Some(CliCommand::Demo(server)) = arguments.command else { panic!("{line}") };
            assert_eq!(server.limits, Some(LimitsArg::Documented), "{line}");
        }
    }

    #[test]
    fn demo_runs_at_the_real_date_unless_it_is_told_another() {
        let now = |line: &str| {
            let Some(CliCommand::Demo(server)) = parse(line).command else { panic!("{line}") };
            server.settings(crate::sandbox::SandboxLimits::Off).unwrap().now
        };
        let apart = jiff::Timestamp::now().duration_since(now("tidyfy demo"));
        assert!(apart.as_secs().abs() < 60, "{apart}");
        assert_eq!(now("tidyfy demo --now 2026-11-20T09:00:00Z").as_second(), 1_795_165_200);
    }

    #[test]
    fn the_help_names_every_variable() {
        for (name, _) in config::VARIABLES {
            assert!(AFTER_HELP.contains(name), "{name}");
        }
    }

    #[test]
    fn no_command_takes_what_it_would_ignore() {
        let refused = |line: &str| {
            let arguments = parse(line);
            arguments.command.unwrap().check(&arguments.flags).is_err()
        };
        for flag in ["--base-url=x", "--org=x", "--profile=x"] {
            assert!(
                refused(&format!("tidyfy demo {flag}")) && refused(&format!("tidyfy {flag} demo")),
                "{flag}"
            );
        }
        assert!(refused("tidyfy sandbox --read-only") && refused("tidyfy man --kind tags"));
        assert!(!refused("tidyfy sandbox --limits off") && !refused("tidyfy demo --config x --read-only"));
    }
}
