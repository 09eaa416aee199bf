//! Reading `config.toml`: what it says, where, and everything that is wrong in it.
//!
//! Owns the way from TOML's errors to sentences with a file and a line. Must not know what the settings mean.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::ConfigError;
use super::file::ConfigFile;
use crate::app::keymap::{BadKeymap, Keymap};

/// A config file as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigText {
    /// Where it lies.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

/// What a file says, what is wrong in it, and where each setting stands.
#[derive(Debug, Default)]
pub(super) struct ConfigReading {
    pub(super) file: ConfigFile,
    pub(super) problems: Vec<ConfigError>,
    path: PathBuf,
    lines: BTreeMap<Vec<String>, usize>,
}

impl ConfigReading {
    /// Where a setting stands, for the start of a sentence.
    pub(super) fn place(&self, setting: &[&str]) -> String {
        let setting: Vec<String> = setting.iter().map(|&part| part.to_owned()).collect();
        let line = self.lines.get(&setting).copied().unwrap_or(1);
        format!("`{}`, line {line}: `{}`", self.path.display(), setting.join("."))
    }
}

/// Reads a file as far as it can be read. Each setting that is wrong is reported and left out, until the rest is
/// right: so everything is reported at once, and the types alone say what is right.
pub(super) fn read(written: &ConfigText) -> ConfigReading {
    let text = written.text.strip_prefix('\u{feff}').unwrap_or(&written.text);
    let path = written.path.display();
    let line = |at: usize| text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
    let mut reading = ConfigReading { path: written.path.clone(), ..ConfigReading::default() };
    let (mut root, broken) = DeTable::parse_recoverable(text);
    if !broken.is_empty() {
        reading.problems.extend(broken.iter().map(|error| {
            let line = line(error.span().map_or(0, |span| span.start));
            ConfigError::new(
                format!("`{path}`, line {line}: {}", error.message()),
                "the file must be TOML: https://toml.io",
            )
        }));
        return reading;
    }
    let settings = settings(root.get_ref());
    reading.lines = settings.iter().map(|setting| (setting.path.clone(), line(setting.key.start))).collect();
    for setting in settings.iter().filter(|setting| setting.is_secret()) {
        let place = reading.place(&setting.names());
        reading.problems.push(if setting.is_misplaced() { misplaced(&place) } else { secret(&place) });
        remove(root.get_mut(), &setting.path);
    }
    loop {
        let error = match ConfigFile::deserialize(toml::Deserializer::from(root.clone())) {
            Ok(file) => {
                reading.file = file;
                return reading;
            }
            Err(error) => error,
        };
        let guilty = error.span().and_then(|span| {
            settings.iter().filter(|setting| setting.holds(&span)).max_by_key(|setting| setting.path.len())
        });
        let removed = guilty.is_some_and(|setting| remove(root.get_mut(), &setting.path));
        let place = guilty.map_or_else(|| format!("`{path}`"), |setting| reading.place(&setting.names()));
        reading.problems.push(wrong(&place, error.message()));
        if !removed {
            return reading;
        }
    }
}

/// The value is not shown: it may be a token after all.
fn misplaced(place: &str) -> ConfigError {
    ConfigError::new(
        format!("{place} cannot be set for one profile: there is one `token_file` for all"),
        "put it above the first line in brackets, or give the profile a token of its own by `tidyfy login --profile`",
    )
}

fn secret(place: &str) -> ConfigError {
    ConfigError::new(
        format!("{place} does not belong in the config: tidyfy reads no token from it"),
        "put the token into the variable `TALLYFY_ACCESS_TOKEN`, or into a file that `token_file` names, and delete this line",
    )
}

/// Turns the library's words into a sentence and a hint.
fn wrong(place: &str, message: &str) -> ConfigError {
    let (what, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    let hint = if expected.is_empty() { String::new() } else { format!("expected {expected}") };
    if what.starts_with("unknown field") {
        return ConfigError::new(format!("{place} is not a setting"), hint);
    }
    ConfigError::new(format!("{place}: {what}"), hint)
}

/// One key of the file with all the text that is its own.
struct Setting {
    path: Vec<String>,
    key: Range<usize>,
    values: Vec<Range<usize>>,
}

impl Setting {
    fn names(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    fn holds(&self, span: &Range<usize>) -> bool {
        let own = [&self.key].into_iter().chain(&self.values);
        own.into_iter().any(|own| own.start <= span.start && span.end <= own.end)
    }

    /// Whether it looks like a token. A profile may be called that, and one setting names the file that holds one.
    fn is_secret(&self) -> bool {
        let named = self.path.last().is_some_and(|name| name.to_lowercase().contains("token"));
        named && self.path != ["token_file"] && !(self.path.len() == 2 && self.path[0] == "profiles")
    }

    /// Whether it is the setting for the file that holds the token, in a profile.
    fn is_misplaced(&self) -> bool {
        self.path.len() == 3 && self.path[0] == "profiles" && self.path[2] == "token_file"
    }
}

/// Every key of a table and of the tables in it, in the order of the file.
fn settings(root: &DeTable<'_>) -> Vec<Setting> {
    let mut found = Vec::new();
    gather(root, &[], &mut found);
    found.sort_by_key(|setting| setting.key.start);
    found
}

fn gather(table: &DeTable<'_>, above: &[String], found: &mut Vec<Setting>) {
    for (key, value) in table {
        let mut path = above.to_vec();
        path.push(key.get_ref().to_string());
        let mut values = vec![value.span()];
        match value.get_ref() {
            DeValue::Table(inner) => gather(inner, &path, found),
            DeValue::Array(_) => spans(value.get_ref(), &mut values),
            _ => {}
        }
        found.push(Setting { path, key: key.span(), values });
    }
}

/// The text of an array's elements; those of `[[name]]` do not stand within the array's own.
fn spans(value: &DeValue<'_>, found: &mut Vec<Range<usize>>) {
    match value {
        DeValue::Array(items) => {
            for item in items.iter() {
                found.push(item.span());
                spans(item.get_ref(), found);
            }
        }
        DeValue::Table(table) => {
            for (key, value) in table {
                found.extend([key.span(), value.span()]);
                spans(value.get_ref(), found);
            }
        }
        _ => {}
    }
}

fn remove(table: &mut DeTable<'_>, path: &[String]) -> bool {
    match path {
        [] => false,
        [last] => table.remove(last.as_str()).is_some(),
        [first, rest @ ..] => match table.get_mut(first.as_str()).map(toml::Spanned::get_mut) {
            Some(DeValue::Table(inner)) => remove(inner, rest),
            _ => false,
        },
    }
}

/// The keys in force, and what is wrong with those of the file.
pub(super) fn keymap(reading: &ConfigReading) -> (Keymap, Vec<ConfigError>) {
    let keys = &reading.file.keys;
    let problem = |name: &str, bad: &BadKeymap| {
        let place = reading.place(&["keys", name]);
        ConfigError::new(
            format!("{place}: {bad}"),
            "the keys and their commands stand in the help, `?`, and in `assets/config.toml`",
        )
    };
    let each = keys.iter().map(|(name, chords)| (name.as_str(), chords.as_slice()));
    // One by one first, so that each problem is known to be of its line; collisions only show in all together.
    let mut problems = Vec::new();
    for (name, chords) in each.clone() {
        let wrong = Keymap::with([(name, chords)]).err().unwrap_or_default();
        let own = wrong.iter().filter(|bad| !matches!(bad, BadKeymap::Twice { .. }));
        problems.extend(own.map(|bad| problem(name, bad)));
    }
    let wrong = match Keymap::with(each) {
        Ok(keymap) => return (keymap, problems),
        Err(wrong) => wrong,
    };
    problems.extend(wrong.iter().filter_map(|bad| {
        let BadKeymap::Twice { first, second, .. } = bad else { return None };
        Some(problem(if keys.contains_key(*second) { second } else { first }, bad))
    }));
    (Keymap::default(), problems)
}
