//! `tidyfy sandbox`: the arguments that set a sandbox up, and the command that runs one alone.
//!
//! Owns the flags. Must not know how the sandbox answers.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::{
    Args, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use jiff::Timestamp;

use crate::sandbox::{
    FaultError, Quirk, Role, Sandbox, SandboxLimits, SandboxSettings, StartError, read_faults,
};
use crate::shutdown::Shutdown;

/// What `--help` says about the faults file.
const FAULTS_HELP: &str = r#"Make requests go wrong as the rules in FILE say.

FILE holds a JSON list of rules. The first rule that fires for a request decides what happens to it:

  [
    {"method": "DELETE", "path": "*/runs/*", "nth": [2], "does": "reset-after"},
    {"path": "page=3", "times": 1, "status": 503, "headers": {"Retry-After": "2"}},
    {"call": "archive", "share": 0.1, "does": "html", "status": 502},
    {"nth": [40], "does": "revoke-token"}
  ]

Which request:
  method    GET, PUT, DELETE; any when left out
  path      part of the path with its query, or with `*` a pattern for the whole path; any when left out
  call      what it is for, whatever the kind: list, read, archive, restore, delete (permanently), download (a
            file's bytes); any when left out
When (every matching request when all are left out):
  nth       a list of numbers: the first matching request is 1
  share     a part from 0 to 1 of the matching requests, the same ones for the same seed
  times     at most so many times
What happens:
  status    this status, with `body` (JSON, or HTML in a string) and `headers` (such as Location)
  delay-ms  a pause first; alone, the request is then answered as ever
  apply     true: the request takes effect even so (with status, html and hang)
  does      one of
    answer            the same as leaving it out: `status` says what
    status-after      the request takes effect, then `status` is answered
    html              an HTML page (with `status`, 502 when left out)
    reset-before      the connection is reset, without effect
    reset-after       the request takes effect, then the connection is reset
    hang              no answer ever comes; with `apply-after-ms` the request takes effect that much later, even
                      if the client has gone
    truncated         the request takes effect; half the announced body comes, then the connection closes
    truncated-before  half of a success comes, without effect
    garbage           the request takes effect; 200 with broken JSON
    garbage-before    200 with broken JSON, without effect
    not-utf8          the true answer, with bytes in names and titles that are no UTF-8
    revoke-token      the token that the request carries is worthless from this request on (see `--second-token`)
    refuse            every connection is reset, and none is taken for `for-ms`

The log of `--log` says of each request what was answered, and whether it took effect."#;

/// Flags that set a sandbox up; `sandbox` and `demo` take the same ones.
#[derive(Debug, Clone, Args)]
pub struct SandboxArgs {
    /// Listen on this port of 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,
    /// Make this organization: the same number gives the same one
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Make about this many processes, and the other kinds in proportion
    #[arg(long, value_name = "N", default_value_t = 120)]
    pub scale: usize,
    /// Hold each answer back for this many milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub latency_ms: u64,
    /// Keep the documented rate limits (140 requests per 10 s, 600 per 60 s, 12 GET per 5 s), or none
    #[arg(long, value_name = "LIMITS")]
    pub limits: Option<LimitsArg>,
    /// Make requests go wrong as the rules in FILE say (`--help` shows how)
    #[arg(long, value_name = "FILE", long_help = FAULTS_HELP)]
    pub faults: Option<PathBuf>,
    /// Make this many of the files some megabytes large, the others being small
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub large_files: usize,
    /// Let this token in too, as one that the same person made after the first was revoked
    #[arg(long, value_name = "TOKEN")]
    pub second_token: Option<String>,
    /// What the caller may do in the organization
    #[arg(long, value_name = "ROLE", default_value = "admin")]
    pub role: RoleArg,
    /// Put the caller into this many organizations; those after the first are small
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub organizations: usize,
    /// Give every record a name that is a trap for screens, files and tables
    #[arg(long)]
    pub hostile: bool,
    /// Let the organization's dates lead up to this moment, such as 2026-11-20T09:00:00Z, instead of now
    #[arg(long, value_name = "TIME")]
    pub now: Option<Timestamp>,
    /// Behave otherwise where the sources on the API disagree; may be given more than once
    #[arg(long = "quirk", value_name = "NAME", value_parser = quirk_parser())]
    pub quirks: Vec<Quirk>,
    /// Append one line of JSON per request to FILE
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

/// The values of `--limits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LimitsArg {
    /// The documented rate limits
    Documented,
    /// No limits
    Off,
}

impl From<LimitsArg> for SandboxLimits {
    fn from(limits: LimitsArg) -> Self {
        match limits {
            LimitsArg::Documented => Self::Documented,
            LimitsArg::Off => Self::Off,
        }
    }
}

/// The values of `--role`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleArg {
    /// An administrator
    Admin,
    /// A standard member
    Standard,
    /// A light member, who may only read
    Light,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Admin => Self::Admin,
            RoleArg::Standard => Self::Standard,
            RoleArg::Light => Self::Light,
        }
    }
}

/// Takes the names of the sandbox's own table, so that help lists them all.
fn quirk_parser() -> impl TypedValueParser<Value = Quirk> {
    let values = Quirk::ALL.iter().map(|quirk| PossibleValue::new(quirk.name()).help(quirk.about()));
    PossibleValuesParser::new(values).try_map(|name| name.parse::<Quirk>())
}

/// Why the sandbox could not be run.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The faults file cannot be read.
    #[error("could not read `{}`: {source}\nhint: `--faults` takes the path of a JSON file", path.display())]
    File {
        /// The file that was asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The faults file holds something else than rules.
    #[error("`{}`: {source}", path.display())]
    Faults {
        /// The file that was asked for.
        path: PathBuf,
        /// Which rule is wrong, and why.
        source: FaultError,
    },
    /// The sandbox did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The first line cannot be written.
    #[error("could not run the sandbox: {0}\nhint: check that standard output is open")]
    Run(#[from] io::Error),
}

impl SandboxArgs {
    /// The settings that the flags describe; `limits` is what the command does without `--limits`.
    ///
    /// # Errors
    ///
    /// [`SandboxError`] when the faults file cannot be used.
    pub fn settings(&self, limits: SandboxLimits) -> Result<SandboxSettings, SandboxError> {
        let faults = self.faults.as_deref().map(faults_in).transpose()?;
        Ok(SandboxSettings {
            port: self.port,
            seed: self.seed,
            scale: self.scale,
            latency: Duration::from_millis(self.latency_ms),
            limits: self.limits.map_or(limits, SandboxLimits::from),
            faults: faults.unwrap_or_default(),
            quirks: self.quirks.iter().copied().collect(),
            log: self.log.clone(),
            large_files: self.large_files,
            second_token: self.second_token.clone(),
            role: self.role.into(),
            organizations: self.organizations.max(1),
            hostile: self.hostile,
            now: self.now.unwrap_or_else(Timestamp::now),
        })
    }
}

fn faults_in(path: &Path) -> Result<Vec<crate::sandbox::Fault>, SandboxError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| SandboxError::File { path: path.to_owned(), source })?;
    read_faults(&text).map_err(|source| SandboxError::Faults { path: path.to_owned(), source })
}

/// Runs a sandbox until the end of the program is requested, and returns its exit code.
///
/// # Errors
///
/// [`SandboxError`] when it cannot start.
pub async fn run(args: SandboxArgs, shutdown: &Shutdown) -> Result<ExitCode, SandboxError> {
    let sandbox = Sandbox::start(args.settings(SandboxLimits::Documented)?).await?;
    let mut output = io::stdout().lock();
    writeln!(output, "{}", sandbox.banner())?;
    output.flush()?;
    drop(output);
    tokio::select! {
        () = sandbox.finished() => Ok(ExitCode::FAILURE),
        exit = shutdown.requested() => Ok(ExitCode::from(exit.code())),
    }
}
