//! Why a command did not succeed, and how the person at the shell is told.
//!
//! Owns the exit codes and the one place that writes to standard error. Must not know what the commands do.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use color_eyre::Report;
use color_eyre::config::{HookBuilder, Theme};

use crate::config::{ConfigError, Environment};

/// The exit codes of what went wrong (`q` and success are 0, a signal is 128 and its number).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitReason {
    /// A failure, or a panic.
    Failure = 1,
    /// The command line or the config.
    Usage = 2,
    /// There is no usable token.
    Authentication = 3,
    /// Standard input or output is no terminal.
    NoTerminal = 4,
}

impl From<ExitReason> for ExitCode {
    fn from(code: ExitReason) -> Self {
        Self::from(code as u8)
    }
}

/// Why a command ends without success.
#[derive(Debug)]
pub enum CommandError {
    /// What the person can put right, said in sentences.
    Told {
        /// How the process ends.
        code: ExitReason,
        /// Everything that is wrong.
        problems: Vec<ConfigError>,
    },
    /// What nobody foresaw, as a report with its causes.
    Failed(Report),
}

impl CommandError {
    /// One thing that is wrong.
    #[must_use]
    pub fn told(code: ExitReason, problem: ConfigError) -> Self {
        Self::Told { code, problems: vec![problem] }
    }

    /// One thing that is wrong with the command line or the config.
    #[must_use]
    pub fn usage(sentence: impl AsRef<str>, hint: impl AsRef<str>) -> Self {
        Self::told(ExitReason::Usage, ConfigError::new(sentence, hint))
    }

    /// How the process ends with it.
    #[must_use]
    pub fn code(&self) -> ExitReason {
        match self {
            Self::Told { code, .. } => *code,
            Self::Failed(_) => ExitReason::Failure,
        }
    }

    /// Tells the person, and answers how the process ends.
    #[must_use]
    pub fn report(self) -> ExitCode {
        match self {
            Self::Told { code, problems } => {
                problems.iter().for_each(tell);
                code.into()
            }
            Self::Failed(report) => {
                say(&format!("error: {report}{report:?}"));
                ExitReason::Failure.into()
            }
        }
    }
}

/// All of it in one line.
impl fmt::Display for CommandError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told { problems, .. } => {
                let told = problems.iter().map(|ConfigError { sentence, hint }| match hint.as_str() {
                    "" => sentence.clone(),
                    hint => format!("{sentence}; hint: {hint}"),
                });
                out.write_str(&told.collect::<Vec<_>>().join("; "))
            }
            Self::Failed(report) => write!(out, "{report}"),
        }
    }
}

impl From<Report> for CommandError {
    fn from(report: Report) -> Self {
        Self::Failed(report)
    }
}

impl From<Vec<ConfigError>> for CommandError {
    fn from(problems: Vec<ConfigError>) -> Self {
        Self::Told { code: ExitReason::Usage, problems }
    }
}

fn tell(problem: &ConfigError) {
    say(&format!("error: {}", problem.sentence));
    if !problem.hint.is_empty() {
        say(&format!("hint: {}", problem.hint));
    }
}

/// Writes a line to standard error. Where that is closed nobody is left to be told.
pub(super) fn say(line: &str) {
    drop(writeln!(io::stderr(), "{line}"));
}

/// Makes reports and panics readable, without colour where it is not wanted or not seen.
pub(super) fn install_reports(environment: &Environment) {
    let plain = environment.is_set("NO_COLOR") || !io::stderr().is_terminal();
    let hooks = HookBuilder::new().display_env_section(false);
    let hooks = if plain { hooks.theme(Theme::new()) } else { hooks };
    let installed = hooks.try_into_hooks().and_then(|(on_panic, on_error)| {
        // The library's own hook would panic once more where standard error is gone, which aborts.
        std::panic::set_hook(Box::new(move |panic| say(&on_panic.panic_report(panic).to_string())));
        Ok(on_error.install()?)
    });
    if let Err(report) = installed {
        say(&format!("error: {report}"));
    }
}
