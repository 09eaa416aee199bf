//! Which organization is aimed at, and who says so.
//!
//! Owns the order: flag, explicit profile, environment, the file's default profile, the file. Must not know what else
//! can be set.

use super::{ConfigError, DEFAULT_BASE_URL, Sources};
use crate::config::parse::ConfigReading;
use crate::model::color::AccentColor;
use crate::model::context::Context;
use crate::model::id::Id;
use crate::model::kind::Kind;
use crate::model::text;

/// Where requests go, as far as the sources say.
#[derive(Debug, Default)]
pub(super) struct ConfiguredContext {
    pub(super) base_url: Option<String>,
    pub(super) org: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) read_only: bool,
    pub(super) kind: Option<Kind>,
    pub(super) accent: Option<AccentColor>,
}

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SettingSource {
    Flag,
    Profile,
    Variable,
    File,
}

/// What each source says of one setting.
struct SettingValues<'a> {
    flag: Option<&'a str>,
    profile: Option<&'a str>,
    variable: Option<&'a str>,
    file: Option<&'a str>,
}

impl<'a> SettingValues<'a> {
    /// What counts, and who said it. A profile that was asked for beats the environment, a default one does not.
    fn strongest(&self, explicit: bool) -> Option<(&'a str, SettingSource)> {
        let profile = (self.profile, SettingSource::Profile);
        let variable = (self.variable, SettingSource::Variable);
        let (second, third) = if explicit { (profile, variable) } else { (variable, profile) };
        let order = [(self.flag, SettingSource::Flag), second, third, (self.file, SettingSource::File)];
        order.into_iter().find_map(|(value, origin)| Some((value?, origin)))
    }
}

/// Resolves the aim. In the demo there is none: the sandbox sets it.
pub(super) fn aim(
    sources: &Sources<'_>,
    reading: &ConfigReading,
) -> Result<ConfiguredContext, Vec<ConfigError>> {
    if sources.demo {
        return Ok(ConfiguredContext::default());
    }
    let (file, flags, mut problems) = (&reading.file, sources.flags, Vec::new());
    let explicit = flags.profile.is_some();
    let default = file.profile.as_deref().filter(|_| !flags.without_profile);
    let name = flags.profile.as_deref().or(default);
    let profile = name.and_then(|name| file.profiles.get(name));
    if let (Some(name), None) = (name, profile) {
        problems.push(unknown_profile(name, explicit, reading));
    }
    let mut variable = |name| {
        sources.environment.text(name).unwrap_or_else(|problem| {
            problems.push(problem);
            None
        })
    };
    let base_url = SettingValues {
        flag: flags.base_url.as_deref().map(text::unwrapped),
        profile: profile.and_then(|profile| profile.base_url.as_deref()),
        variable: variable("TALLYFY_BASE_URL"),
        file: file.base_url.as_deref(),
    };
    let org = SettingValues {
        flag: flags.org.as_deref().map(text::unwrapped),
        profile: profile.and_then(|profile| profile.org.as_deref()),
        variable: variable("TALLYFY_ORG_ID"),
        file: file.org.as_deref(),
    };
    let org = org.strongest(explicit);
    if let Some((_, origin)) = org.filter(|(value, _)| Id::new(value).is_err()) {
        problems.push(bad_org(&match (origin, name) {
            (SettingSource::Flag, _) => "`--org`".to_owned(),
            (SettingSource::Variable, _) => "`TALLYFY_ORG_ID`".to_owned(),
            (SettingSource::Profile, Some(name)) => reading.place(&["profiles", name, "org"]),
            (SettingSource::File | SettingSource::Profile, _) => reading.place(&["org"]),
        }));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let (org, base_url) = (org.map(|(value, _)| value), base_url.strongest(explicit).map(|(value, _)| value));
    // A profile whose organization was passed over by something stronger neither names nor colours the other one.
    let is_its_own = profile.is_some_and(|profile| {
        let is_aimed_at = |said: &Option<String>, aim| said.as_deref().is_none_or(|said| Some(said) == aim);
        is_aimed_at(&profile.org, org) && is_aimed_at(&profile.base_url, base_url)
    });
    Ok(ConfiguredContext {
        base_url: base_url.map(str::to_owned),
        org: org.map(str::to_owned),
        profile: name.filter(|_| explicit || is_its_own).map(str::to_owned),
        read_only: profile.is_some_and(|profile| profile.read_only),
        kind: profile.and_then(|profile| profile.kind),
        accent: profile.filter(|_| is_its_own).and_then(|profile| profile.accent),
    })
}

/// The organizations that the profiles name, each as it would be aimed at by `--profile`.
pub(super) fn places(sources: &Sources<'_>, reading: &ConfigReading) -> Vec<Context> {
    if sources.demo {
        return Vec::new();
    }
    let names = reading.file.profiles.keys();
    let place = |name: &String| {
        let place = Context { profile: Some(name.clone()), ..Context::default() };
        let flags = sources.flags.clone().at(&place);
        let aim = aim(&Sources { flags: &flags, ..sources.clone() }, reading).ok()?;
        let base_url = aim.base_url.unwrap_or_else(|| DEFAULT_BASE_URL.to_owned());
        let read_only = flags.read_only || reading.file.read_only || aim.read_only;
        Some(Context { base_url, org: aim.org?, read_only, ..place })
    };
    names.filter_map(place).collect()
}

/// The value is not shown: the likeliest wrong thing to stand there is a token.
fn bad_org(place: &str) -> ConfigError {
    ConfigError::new(
        format!("{place} is not the id of an organization"),
        "the id is what `GET /me/organizations` calls `id`, 32 hex digits",
    )
}

fn unknown_profile(name: &str, explicit: bool, reading: &ConfigReading) -> ConfigError {
    let place = if explicit { "`--profile`".to_owned() } else { reading.place(&["profile"]) };
    let known: Vec<_> = reading.file.profiles.keys().map(|name| format!("`{name}`")).collect();
    let hint = match known.as_slice() {
        [] => format!("the config has no profiles; add `[profiles.{name}]` to it"),
        known => format!("the profiles are {}", known.join(", ")),
    };
    ConfigError::new(format!("{place}: there is no profile `{name}`"), hint)
}
