//! Keeping what was answered: the token where `login` keeps it, the rest in a first config.
//!
//! Owns that a config which is there is never touched, and that one which is written is whole or not there.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::super::dialog::{Dialog, Stop};
use super::super::{browse, login, trouble::Trouble};
use super::Given;
use crate::config::{self, Environment, Settings};
use crate::model::secret::Token;
use crate::private;

/// Stores a token that was typed. Where that fails it is said: the token is good for this run even so.
pub(super) async fn token(
    dialog: &mut Dialog<'_>,
    settings: &Settings,
    environment: &Environment,
    token: &Token,
) -> Result<(), Stop> {
    let search = browse::search(settings, environment);
    let Some(stored) = search.stored() else { return Ok(()) };
    match login::put(stored.clone(), token.clone()).await {
        Ok(put) => dialog.say(&login::kept(&put)),
        Err(Trouble::Told { problems, .. }) => problems.iter().try_for_each(|problem| dialog.tell(problem)),
        Err(trouble) => Err(trouble.into()),
    }
}

/// Writes a first config with address and organization, or says what to add to the one that is there.
pub(super) fn config(dialog: &mut Dialog<'_>, settings: &Settings, given: &Given<'_>) -> Result<(), Stop> {
    let org = settings.org.clone().map(|org| ("org", org));
    let chosen: Vec<_> = [("base_url", settings.base_url.clone())].into_iter().chain(org).collect();
    let Some(path) = given.config.or(given.places.config_file.as_deref()) else { return Ok(()) };
    let shown = path.display();
    if given.config.is_none() {
        match write(path, &config::first_config(&chosen)) {
            Ok(()) => return dialog.say(&format!("wrote `{shown}`, where everything else can be set too")),
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
            Err(why) => dialog.say(&format!("could not write `{shown}`: {why}"))?,
        }
    }
    let table = settings.profile.as_ref().map(|name| format!(" under `[profiles.{name}]`"));
    let table = table.unwrap_or_else(|| ", above the first line in brackets".to_owned());
    dialog.say(&format!("so that you are not asked again, put into `{shown}`{table}:"))?;
    chosen.iter().try_for_each(|(name, value)| dialog.say(&format!("    {}", config::line(name, value))))
}

/// Makes the file, and the directories that are missing for it.
fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
        private::directory(folder)?;
    }
    let mut file = private::new_file(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.inspect_err(|_| drop(fs::remove_file(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_that_is_there_is_never_touched() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/b/config.toml");
        write(&path, "first").unwrap();
        assert_eq!(write(&path, "second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
    }
}
