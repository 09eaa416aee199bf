//! What tidyfy was told: defaults < file < environment < flags, resolved into one [`Settings`].
//!
//! Owns the precedence, the profiles and the places on disk. Reads `config.toml`, makes the text of a first one, and never
//! changes one that is there. Must not know of screens or HTTP; the process environment is handed in, so that [`resolve`]
//! is a pure function.

mod bounded;
mod environment;
mod file;
mod init;
mod parse;
mod paths;
mod profile;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use crate::app::keymap::Keymap;
use crate::model::catalog::CATALOG;
use crate::model::color::AccentColor;
use crate::model::context::Context;
use crate::model::desktop::ClipboardMethod;
use crate::model::kind::Kind;
use crate::model::limits::Limits;
use crate::model::network::NetworkVariables;
use crate::model::plan::ConfirmThresholds;
use crate::model::text;

pub use crate::config::init::{first_config, line};
pub use crate::config::parse::ConfigText;
pub use crate::config::paths::AppPaths;
pub use environment::{Environment, VARIABLES};

/// Tallyfy's own address (API sheet, section 1).
pub const DEFAULT_BASE_URL: &str = "https://go.tallyfy.com/api";

/// The folder of copies in the state directory, where no other is set.
const BACKUPS: &str = "backups";

/// Something that was configured wrongly: one sentence, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct ConfigError {
    /// What is wrong, and where.
    pub sentence: String,
    /// What to do; empty when the sentence says it.
    pub hint: String,
}

impl ConfigError {
    /// A problem made fit for a terminal, whatever the file or the environment held.
    #[must_use]
    pub fn new(sentence: impl AsRef<str>, hint: impl AsRef<str>) -> Self {
        let clean = |words: &str| text::clean(words).into_owned();
        Self { sentence: clean(sentence.as_ref()), hint: clean(hint.as_ref()) }
    }
}

/// How much the log says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// There is no log.
    #[default]
    Off,
    /// What went wrong.
    Error,
    /// What looks wrong as well.
    Warn,
    /// What was done as well.
    Info,
    /// How it was done as well.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// Every level with its word, the quietest first.
    pub const ALL: [(&'static str, Self); 6] = [
        ("off", Self::Off),
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}

/// A word that names no log level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a log level")]
pub struct UnknownLevel;

impl FromStr for LogLevel {
    type Err = UnknownLevel;

    fn from_str(word: &str) -> Result<Self, UnknownLevel> {
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, level)| *level).ok_or(UnknownLevel)
    }
}

/// Whether requests are paced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum LimitsMode {
    /// Keep to the documented limits, or to the figures given in their place.
    #[default]
    Documented,
    /// Send without pause; the server's answers are obeyed all the same.
    Off,
}

/// What the command line said, before it is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--base-url`.
    pub base_url: Option<String>,
    /// `--org`.
    pub org: Option<String>,
    /// `--profile`.
    pub profile: Option<String>,
    /// Whether the profile of the file counts for nothing, because the organization was picked by hand.
    pub without_profile: bool,
    /// `--read-only`.
    pub read_only: bool,
    /// `--kind`, as typed.
    pub kind: Option<String>,
    /// `--limits`.
    pub limits: Option<LimitsMode>,
    /// `--log-level`.
    pub log_level: Option<LogLevel>,
    /// `--allow-insecure-http`.
    pub allow_insecure_http: bool,
}

impl Flags {
    /// The same flags on another organization: what they say of the former one counts no longer.
    #[must_use]
    pub fn at(self, place: &Context) -> Self {
        let by_hand = place.profile.is_none();
        Self {
            base_url: by_hand.then(|| place.base_url.clone()),
            org: by_hand.then(|| place.org.clone()),
            profile: place.profile.clone(),
            without_profile: by_hand,
            read_only: self.read_only || place.read_only,
            ..self
        }
    }
}

/// Everything that settings are made from.
#[derive(Debug, Clone)]
pub struct Sources<'a> {
    /// The config file, if there is one.
    pub file: Option<&'a ConfigText>,
    /// The variables tidyfy knows.
    pub environment: &'a Environment,
    /// The command line.
    pub flags: &'a Flags,
    /// Where tidyfy keeps what it remembers.
    pub state_dir: PathBuf,
    /// Whether the built-in sandbox is talked to: then profiles, addresses, organizations and limits of the file and
    /// all `TALLYFY_*` count for nothing.
    pub demo: bool,
}

/// How tidyfy behaves in this run. Holds no secret: the token comes from [`crate::auth`].
#[derive(Debug, Clone)]
pub struct Settings {
    /// The API's address as it was given, not yet checked.
    pub base_url: String,
    /// Whether a source names that address; otherwise it is [`DEFAULT_BASE_URL`].
    pub base_url_is_named: bool,
    /// The organization's id, if any source names one.
    pub org: Option<String>,
    /// The file that holds the token where no variable does, if any; an absolute path. The demo has none.
    pub token_file: Option<PathBuf>,
    /// Whether tokens are kept in the system's keyring and looked for there. The demo looks nowhere.
    pub keyring: bool,
    /// The profile in use, if any.
    pub profile: Option<String>,
    /// The names of all profiles of the file, sorted. The demo has none.
    pub profiles: Vec<String>,
    /// The colour by which the organization is told from others, if one is set.
    pub accent: Option<AccentColor>,
    /// The organizations that the profiles of the file name.
    pub places: Vec<Context>,
    /// Whether nothing but GET may be sent.
    pub read_only: bool,
    /// The kind shown first.
    pub kind: Kind,
    /// What requests are paced under.
    pub limits: Limits,
    /// When a dialog asks for more.
    pub thresholds: ConfirmThresholds,
    /// The keys.
    pub keymap: Keymap,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long a whole request may take, its answer included.
    pub request_timeout: Duration,
    /// The most requests in flight at a time, 1 to 64.
    pub at_once: usize,
    /// Whether a token may travel over `http://` to another machine.
    pub allow_insecure_http: bool,
    /// How much the log says.
    pub log_level: LogLevel,
    /// Whether colour may be used.
    pub color: bool,
    /// Where tidyfy keeps what it remembers.
    pub state_dir: PathBuf,
    /// By which way texts are copied.
    pub clipboard: ClipboardMethod,
    /// Where copies of what is deleted permanently are kept.
    pub backups: PathBuf,
    /// How many bytes copies leave free on their disk.
    pub keep_free: u64,
    /// The variables that say how the network is reached.
    pub network: NetworkVariables,
    /// Whether the built-in sandbox is talked to.
    pub demo: bool,
}

/// Resolves what every source said.
///
/// # Errors
/// Everything that is wrong with the file, the environment and the flags, not only the first thing.
pub fn resolve(sources: &Sources<'_>) -> Result<Settings, Vec<ConfigError>> {
    let reading = sources.file.map(parse::read).unwrap_or_default();
    let mut problems = reading.problems.clone();
    let (keymap, wrong) = parse::keymap(&reading);
    problems.extend(wrong);
    let aim = profile::aim(sources, &reading).unwrap_or_else(|wrong| {
        problems.extend(wrong);
        profile::ConfiguredContext::default()
    });
    if reading.file.profiles.contains_key("") {
        problems.push(ConfigError::new(
            format!("{}: a profile needs a name", reading.place(&["profiles"])),
            "write it as `[profiles.work]`, and take it by `--profile work`",
        ));
    }
    let places = profile::places(sources, &reading);
    let token_file = reading.file.token_file.as_deref().filter(|_| !sources.demo).map(PathBuf::from);
    if token_file.as_ref().is_some_and(|path| !path.is_absolute()) {
        problems.push(no_path(&reading.place(&["token_file"])));
    }
    let network = sources.environment.network().unwrap_or_else(|wrong| {
        problems.push(wrong);
        NetworkVariables::default()
    });
    let (file, flags) = (reading.file, sources.flags);
    let profiles = file.profiles.into_keys().filter(|_| !sources.demo).collect();
    // The demo leaves nothing behind but in its own directory.
    let backups = file.backups.filter(|_| !sources.demo);
    let kind = match &flags.kind {
        None => aim.kind.or(file.kind).unwrap_or(Kind::Processes),
        Some(word) => Kind::parse(word).unwrap_or_else(|| {
            problems.push(unknown_kind("`--kind`", word));
            Kind::Processes
        }),
    };
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Settings {
        base_url_is_named: aim.base_url.is_some(),
        base_url: aim.base_url.unwrap_or_else(|| DEFAULT_BASE_URL.to_owned()),
        org: aim.org,
        token_file,
        keyring: file.keyring && !sources.demo,
        profile: aim.profile,
        profiles,
        accent: aim.accent.or(file.accent),
        places,
        read_only: flags.read_only || file.read_only || aim.read_only,
        kind,
        limits: limits(sources, &file.limits),
        thresholds: file.thresholds.into(),
        keymap,
        connect_timeout: Duration::from_secs(file.requests.connect_timeout),
        request_timeout: Duration::from_secs(file.requests.timeout),
        at_once: file.requests.at_once,
        allow_insecure_http: flags.allow_insecure_http,
        log_level: flags.log_level.unwrap_or(file.log_level),
        color: file.color && !sources.environment.is_set("NO_COLOR"),
        state_dir: sources.state_dir.clone(),
        clipboard: file.clipboard,
        backups: backups.unwrap_or_else(|| sources.state_dir.join(BACKUPS)),
        keep_free: file.keep_free_mb.saturating_mul(1_000_000),
        network,
        demo: sources.demo,
    })
}

/// `--limits documented` means the documented figures, whatever the file has in their place.
fn limits(sources: &Sources<'_>, file: &file::LimitsTable) -> Limits {
    match (sources.flags.limits, file.mode) {
        (Some(LimitsMode::Documented), _) => Limits::documented(),
        (None, LimitsMode::Documented) if !sources.demo => file.figures(),
        (Some(LimitsMode::Off), _) | (None, _) => Limits::off(),
    }
}

/// The value is not shown: the likeliest wrong thing to stand there is the token itself.
fn no_path(place: &str) -> ConfigError {
    ConfigError::new(
        format!("{place} is no path from the root on"),
        "name the file that holds the token with all directories above it",
    )
}

/// A word that names no kind, where `place` says it stands.
pub(crate) fn unknown_kind(place: &str, word: &str) -> ConfigError {
    ConfigError::new(format!("{place}: `{word}` is not a kind"), format!("one of {}", kind_words()))
}

/// The words for kinds, each with the other words that mean the same.
fn kind_words() -> String {
    let row = |row: &crate::model::catalog::KindSpec| format!("{} ({})", row.slug, row.aliases.join(", "));
    CATALOG.iter().map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
