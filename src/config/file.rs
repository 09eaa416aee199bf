//! What `config.toml` may say.
//!
//! Owns the names, types, bounds and defaults of the settings in the file. Must not know how the file is read, nor what
//! other sources say.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::{LimitsMode, LogLevel, kind_words};
use crate::config::bounded::{count, whole};
use crate::model::color::AccentColor;
use crate::model::desktop::ClipboardMethod;
use crate::model::kind::Kind;
use crate::model::limits::{Budget, Limits};
use crate::model::plan::ConfirmThresholds;
use crate::model::text;

/// tidyfy's configuration. One that is there is never changed; the access token does not belong in it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "tidyfy config.toml"))]
#[serde(default, deny_unknown_fields)]
pub(super) struct ConfigFile {
    /// The profile to use when `--profile` names none; weaker than `TALLYFY_*`.
    #[serde(deserialize_with = "filled")]
    pub(super) profile: Option<String>,
    /// The API's address.
    #[serde(deserialize_with = "filled")]
    pub(super) base_url: Option<String>,
    /// The organization's id.
    #[serde(deserialize_with = "filled")]
    pub(super) org: Option<String>,
    /// A file that holds the access token and that nobody else can read; read where no variable has the token.
    #[serde(deserialize_with = "filled")]
    pub(super) token_file: Option<String>,
    /// Whether `tidyfy login` puts the token into the system's keyring, and it is looked for there.
    pub(super) keyring: bool,
    /// The colour by which the organization is told from others: `red`, `bright-blue`, `#ff8800`; none when empty.
    #[serde(deserialize_with = "accent")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub(super) accent: Option<AccentColor>,
    /// The kind shown first.
    #[serde(deserialize_with = "kind")]
    #[cfg_attr(test, schemars(schema_with = "tests::kind_schema"))]
    pub(super) kind: Option<Kind>,
    /// Whether nothing but reading is possible. Any source that says so wins.
    pub(super) read_only: bool,
    /// Whether colour may be used. `NO_COLOR` switches it off as well.
    pub(super) color: bool,
    /// By which way texts are copied.
    pub(super) clipboard: ClipboardMethod,
    /// How much the log in the state directory says.
    pub(super) log_level: LogLevel,
    /// The folder of the copies of what is deleted permanently, as a whole path; in the state directory when empty.
    #[serde(deserialize_with = "whole_path")]
    pub(super) backups: Option<PathBuf>,
    /// Megabytes that copies leave free on their disk.
    #[serde(deserialize_with = "whole::<_, 0, 1_000_000_000>")]
    #[cfg_attr(test, schemars(range(min = 0, max = 1_000_000_000)))]
    pub(super) keep_free_mb: u64,
    /// How requests are sent.
    pub(super) requests: RequestsTable,
    /// How requests are paced.
    pub(super) limits: LimitsTable,
    /// When a dialog asks for more than a key.
    pub(super) thresholds: ConfirmTable,
    /// The chords of commands; an empty list unbinds one.
    #[cfg_attr(test, schemars(schema_with = "tests::keys_schema"))]
    pub(super) keys: BTreeMap<String, Vec<String>>,
    /// Organizations by name, for `--profile`.
    pub(super) profiles: BTreeMap<String, ProfileTable>,
}

impl Default for ConfigFile {
    fn default() -> Self {
        Self {
            profile: None,
            base_url: None,
            org: None,
            token_file: None,
            keyring: true,
            accent: None,
            kind: None,
            read_only: false,
            color: true,
            clipboard: ClipboardMethod::default(),
            log_level: LogLevel::default(),
            backups: None,
            keep_free_mb: 100,
            requests: RequestsTable::default(),
            limits: LimitsTable::default(),
            thresholds: ConfirmTable::default(),
            keys: BTreeMap::new(),
            profiles: BTreeMap::new(),
        }
    }
}

/// An organization by name. What it leaves out comes from the rest of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct ProfileTable {
    /// The API's address.
    #[serde(deserialize_with = "filled")]
    pub(super) base_url: Option<String>,
    /// The organization's id.
    #[serde(deserialize_with = "filled")]
    pub(super) org: Option<String>,
    /// The colour by which this one is told from others.
    #[serde(deserialize_with = "accent")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub(super) accent: Option<AccentColor>,
    /// Whether nothing but reading is possible.
    pub(super) read_only: bool,
    /// The kind shown first.
    #[serde(deserialize_with = "kind")]
    #[cfg_attr(test, schemars(schema_with = "tests::kind_schema"))]
    pub(super) kind: Option<Kind>,
}

/// How requests are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct RequestsTable {
    /// Seconds a connection may take to come about.
    #[serde(deserialize_with = "whole::<_, 1, 600>")]
    #[cfg_attr(test, schemars(range(min = 1, max = 600)))]
    pub(super) connect_timeout: u64,
    /// Seconds a whole request may take, its answer included.
    #[serde(deserialize_with = "whole::<_, 1, 600>")]
    #[cfg_attr(test, schemars(range(min = 1, max = 600)))]
    pub(super) timeout: u64,
    /// The most requests in flight at a time.
    #[serde(deserialize_with = "count::<_, 1, 64>")]
    #[cfg_attr(test, schemars(range(min = 1, max = 64)))]
    pub(super) at_once: usize,
}

impl Default for RequestsTable {
    fn default() -> Self {
        Self { connect_timeout: 10, timeout: 30, at_once: 16 }
    }
}

/// How requests are paced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct LimitsTable {
    /// Whether requests are paced at all.
    pub(super) mode: LimitsMode,
    /// Budgets every request draws on, in place of the documented ones.
    pub(super) all: Option<Vec<BudgetTable>>,
    /// Budgets reads draw on besides, in place of the documented ones.
    pub(super) reads: Option<Vec<BudgetTable>>,
}

impl LimitsTable {
    /// The documented figures, with those of the file in their place.
    pub(super) fn figures(&self) -> Limits {
        let budgets = |figures: &Vec<BudgetTable>| figures.iter().copied().map(Budget::from).collect();
        let documented = Limits::documented();
        Limits {
            all: self.all.as_ref().map_or(documented.all, budgets),
            reads: self.reads.as_ref().map_or(documented.reads, budgets),
        }
    }
}

/// At most `count` requests in any `seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct BudgetTable {
    /// Requests.
    #[serde(deserialize_with = "count::<_, 1, 100_000>")]
    #[cfg_attr(test, schemars(range(min = 1, max = 100_000)))]
    count: usize,
    /// The sliding window they are counted in, in seconds.
    #[serde(deserialize_with = "whole::<_, 1, 3_600>")]
    #[cfg_attr(test, schemars(range(min = 1, max = 3_600)))]
    seconds: u64,
}

impl From<BudgetTable> for Budget {
    fn from(figure: BudgetTable) -> Self {
        Self { count: figure.count, window: Duration::from_secs(figure.seconds) }
    }
}

/// When a dialog asks for more than a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct ConfirmTable {
    /// A permanent delete of more records than this asks for the organization as well.
    #[serde(deserialize_with = "count::<_, 0, 100_000>")]
    #[cfg_attr(test, schemars(range(min = 0, max = 100_000)))]
    many: usize,
    /// So does one of more than this when they are over a fifth of all, or of an unknown number.
    #[serde(deserialize_with = "count::<_, 0, 100_000>")]
    #[cfg_attr(test, schemars(range(min = 0, max = 100_000)))]
    some: usize,
    /// An action that cannot be wholly undone asks for a phrase above this.
    #[serde(deserialize_with = "count::<_, 0, 100_000>")]
    #[cfg_attr(test, schemars(range(min = 0, max = 100_000)))]
    soft: usize,
}

impl Default for ConfirmTable {
    fn default() -> Self {
        let ConfirmThresholds { many, some, soft } = ConfirmThresholds::default();
        Self { many, some, soft }
    }
}

impl From<ConfirmTable> for ConfirmThresholds {
    fn from(table: ConfirmTable) -> Self {
        Self { many: table.many, some: table.some, soft: table.soft }
    }
}

/// An empty string counts as unset, as an empty variable does.
fn filled<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    let text = text::unwrapped(&text);
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// A path that means the same wherever tidyfy is started. An empty string counts as unset.
fn whole_path<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    let path = String::deserialize(from)?;
    match PathBuf::from(&path) {
        _ if path.trim().is_empty() => Ok(None),
        whole if whole.is_absolute() => Ok(Some(whole)),
        _ => Err(serde::de::Error::custom(format!(
            "`{path}` is not a whole path, expected one such as `/srv/tidyfy-backups`; `~` and variables are not \
             resolved"
        ))),
    }
}

/// A colour. An empty string counts as unset.
fn accent<'de, D: Deserializer<'de>>(from: D) -> Result<Option<AccentColor>, D::Error> {
    let Some(word) = filled(from)? else { return Ok(None) };
    let unknown = |_| {
        let names = AccentColor::NAMES.join(", ");
        serde::de::Error::custom(format!("`{word}` is not a colour, expected one of {names}, or `#rrggbb`"))
    };
    word.parse().map(Some).map_err(unknown)
}

fn kind<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Kind>, D::Error> {
    let word = String::deserialize(from)?;
    let unknown =
        || serde::de::Error::custom(format!("`{word}` is not a kind, expected one of {}", kind_words()));
    Kind::parse(&word).map(Some).ok_or_else(unknown)
}

#[cfg(test)]
pub(super) mod tests;
