//! Keeping what was answered: the token where `login` keeps it, the rest in a first config.
//!
//! Owns that a config which is there is never touched, and that one which is written is whole or not there.

use std::io;
use std::path::Path;

use super::super::login;
use super::SetupInput;
use crate::cli::error::CommandError;
use crate::cli::prompt::{Prompt, PromptStop};
use crate::cli::run;
use crate::config::{self, ConfigError, Environment, Settings};
use crate::model::token::Token;
use crate::storage::files;

/// Stores a token that was typed, and answers what to say where that fails: the token is good for this run even so.
pub(super) async fn token(
    dialog: &mut Prompt<'_>,
    settings: &Settings,
    environment: &Environment,
    token: &Token,
) -> Result<Vec<String>, PromptStop> {
    let search = run::search(settings, environment);
    let Some(stored) = search.stored() else { return Ok(Vec::new()) };
    match dialog.wait_for(stored.waits_for(), login::put(stored.clone(), token.clone())).await? {
        Ok(put) => dialog.say(&login::kept(&put)).map(|()| Vec::new()),
        Err(CommandError::Told { problems, .. }) => Ok(problems.iter().flat_map(lines).collect()),
        Err(error) => Err(error.into()),
    }
}

/// What is wrong, and what to do about it.
fn lines(problem: &ConfigError) -> Vec<String> {
    let hint = Some(&problem.hint).filter(|hint| !hint.is_empty());
    [problem.sentence.clone()].into_iter().chain(hint.map(|hint| format!("hint: {hint}"))).collect()
}

/// Writes a first config with address and organization, or answers what to say of it: what to add to the one that is
/// there, which is what was asked for and nothing else.
pub(super) fn config(
    dialog: &mut Prompt<'_>,
    settings: &Settings,
    given: &SetupInput<'_>,
) -> Result<Vec<String>, PromptStop> {
    let before = given.settings;
    let Some(path) = given.config.or(given.places.config_file.as_deref()) else { return Ok(Vec::new()) };
    let org = settings.org.clone().map(|org| ("org", org));
    let all: Vec<_> = [("base_url", settings.base_url.clone())].into_iter().chain(org).collect();
    let (shown, mut notes) = (path.display(), Vec::new());
    if given.config.is_none() {
        match write(path, &config::first_config(&all)) {
            Ok(()) => {
                dialog.say(&format!("wrote `{shown}`, where everything else can be set too"))?;
                return Ok(notes);
            }
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
            Err(why) => notes.push(format!("could not write `{shown}`: {why}")),
        }
    }
    let is_missing = |name: &str| match name {
        "org" => before.org.is_none(),
        _ => given.config.is_none() || settings.base_url != before.base_url,
    };
    let table = settings.profile.as_ref().map(|name| format!(" under `[profiles.{name}]`"));
    let table = table.unwrap_or_else(|| ", above the first line in brackets".to_owned());
    notes.push(format!("so that you are not asked again, put into `{shown}`{table}:"));
    let missing = all.iter().filter(|(name, _)| is_missing(name));
    notes.extend(missing.map(|(name, value)| format!("    {}", config::line(name, value))));
    Ok(notes)
}

/// Makes the file, and the directories that are missing for it.
fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
        files::directory(folder)?;
    }
    files::new_whole_file(path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_config_that_is_there_is_never_touched() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/b/config.toml");
        write(&path, "first").unwrap();
        assert_eq!(write(&path, "second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        let names = fs::read_dir(path.parent().unwrap()).unwrap();
        assert_eq!(names.count(), 1, "nothing is left beside it");
    }
}
