//! Where the access token comes from.
//!
//! Owns the order of the sources, where `tidyfy login` stores one, and what is said of a token that cannot be used; never
//! shows a part of the token itself. Must not know of screens or HTTP.
//!
//! The order, the first that is there counts:
//! 1. `TALLYFY_ACCESS_TOKEN`, then `TALLYFY_API_TOKEN`,
//! 2. the file that `token_file` names in the config,
//! 3. what `tidyfy login` stored for the profile in use, if there is one,
//! 4. what it stored for the base URL.
//!
//! It stores in the system's keyring, or in a file of the state directory where the keyring does not take it.

mod file;
pub mod keyring;
mod stored;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::{ConfigError, Environment, Settings};
use crate::model::token::Token;

pub use stored::{RemovedTokens, StoredAt, StoredTokens};

/// The variables that may hold the token, the stronger first. The second is the official CLI's name.
pub const VARIABLES: [&str; 2] = ["TALLYFY_ACCESS_TOKEN", "TALLYFY_API_TOKEN"];

/// A place that a token is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenOrigin {
    /// A variable of the environment.
    Variable(&'static str),
    /// The file that the config names.
    Named(PathBuf),
    /// The keyring, under this name.
    Keyring(String),
    /// A file of ours.
    File(PathBuf),
}

impl fmt::Display for TokenOrigin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(out, "`{name}`"),
            Self::Named(path) => write!(out, "`token_file`, the file `{}`", path.display()),
            Self::Keyring(name) => write!(out, "{}, as `tidyfy` for `{name}`", keyring::NAME),
            Self::File(path) => write!(out, "the file `{}`", path.display()),
        }
    }
}

/// Every place where a token may be, in order.
#[derive(Debug, Clone)]
pub struct TokenSearch {
    environment: Environment,
    named: Option<PathBuf>,
    stored: Option<StoredTokens>,
}

impl TokenSearch {
    /// The places that the environment and the settings lead to. What was stored is looked for only where `base_url`, in
    /// its one spelling, is known.
    #[must_use]
    pub fn new(environment: &Environment, settings: &Settings, base_url: Option<&str>) -> Self {
        let stored =
            |url| StoredTokens::new(&settings.state_dir, settings.keyring, url, settings.profile.as_deref());
        Self {
            environment: environment.clone(),
            named: settings.token_file.clone(),
            stored: base_url.filter(|_| !settings.demo).map(stored),
        }
    }

    /// The same without variables and `token_file`, which are for the address that the program was started on.
    #[must_use]
    pub fn of_another_address(self) -> Self {
        Self { environment: Environment::default(), named: None, ..self }
    }

    /// Where `tidyfy login` stores a token, if that is known.
    #[must_use]
    pub fn stored(&self) -> Option<&StoredTokens> {
        self.stored.as_ref()
    }

    /// The place that is set and stronger than anything stored, whatever it holds.
    #[must_use]
    pub fn above_stored(&self) -> Option<TokenOrigin> {
        let variable = VARIABLES.into_iter().find(|name| self.environment.is_set(name));
        variable.map(TokenOrigin::Variable).or_else(|| self.named.clone().map(TokenOrigin::Named))
    }

    /// Returns words for what the search waits for if it takes long.
    #[must_use]
    pub fn waits_for(&self) -> String {
        match (self.above_stored(), &self.stored) {
            (Some(origin), _) => origin.to_string(),
            (None, Some(stored)) if stored.asks_keyring() => keyring::NAME.to_owned(),
            (None, _) => "the stored token".to_owned(),
        }
    }

    /// The token, and where it is. May block.
    ///
    /// # Errors
    /// A [`ConfigError`] when the strongest source that is set cannot be read, or holds something that cannot be a token.
    pub fn find(&self) -> Result<Option<(Token, TokenOrigin)>, ConfigError> {
        let Some(origin) = self.above_stored() else {
            return self.stored.as_ref().map_or(Ok(None), StoredTokens::find);
        };
        let token = match &origin {
            TokenOrigin::Variable(name) => {
                let text = self.environment.text(name)?;
                text.map(|text| Token::new(text).ok_or_else(|| unusable(name))).transpose()?
            }
            TokenOrigin::Named(path) => file::read(path, file::FileRole::Named)?,
            TokenOrigin::Keyring(_) | TokenOrigin::File(_) => None,
        };
        Ok(token.map(|token| (token, origin)))
    }
}

/// Where the token is read from, at the start and again when it is not accepted any more. Clones read the same place.
#[derive(Clone)]
pub struct TokenSource {
    read: Arc<TokenReading>,
    waits_for: Arc<str>,
}

type TokenReading = dyn Fn() -> Result<Option<Token>, ConfigError> + Send + Sync;

impl TokenSource {
    /// A source that is read by calling `read`, which may block.
    pub fn new(read: impl Fn() -> Result<Option<Token>, ConfigError> + Send + Sync + 'static) -> Self {
        Self { read: Arc::new(read), waits_for: "the token".into() }
    }

    /// All places of a search.
    #[must_use]
    pub fn of(search: TokenSearch) -> Self {
        let waits_for = search.waits_for().into();
        Self { waits_for, ..Self::new(move || Ok(search.find()?.map(|(token, _)| token))) }
    }

    /// Returns words for what the reading waits for if it takes long.
    #[must_use]
    pub fn waits_for(&self) -> &str {
        &self.waits_for
    }

    /// A source that never has a token.
    #[must_use]
    pub fn none() -> Self {
        Self::new(|| Ok(None))
    }

    /// Reads the token, if there is one. May block.
    ///
    /// # Errors
    /// A [`ConfigError`] when the strongest source that is set cannot be read, or holds something that cannot be a token.
    pub fn read(&self) -> Result<Option<Token>, ConfigError> {
        (self.read)()
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TokenSource")
    }
}

fn unusable(place: &str) -> ConfigError {
    ConfigError::new(
        format!("`{place}` holds no token: there is white space in it, or a character no token has"),
        "copy the token again from Settings > Integrations > REST API, without quotes or line breaks",
    )
}

/// What is said when there is none.
#[must_use]
pub fn missing() -> ConfigError {
    ConfigError::new(
        "there is no access token",
        "make one under Settings > Integrations > REST API, then run `tidyfy login` or put it into `TALLYFY_ACCESS_TOKEN`; `tidyfy demo` needs none",
    )
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn source(environment: &Environment, named: Option<PathBuf>) -> TokenSource {
        TokenSource::of(TokenSearch { environment: environment.clone(), named, stored: None })
    }

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::of(pairs.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn the_first_variable_that_is_set_counts() {
        let read = |pairs: &[(&str, &str)]| {
            let found = source(&environment(pairs), None);
            found.read().unwrap().map(|token| token.reveal().to_owned())
        };
        assert_eq!(read(&[]), None);
        assert_eq!(
            read(&[("TALLYFY_ACCESS_TOKEN", " \n"), ("TALLYFY_API_TOKEN", "two\n")]),
            Some("two".into())
        );
        assert_eq!(
            read(&[("TALLYFY_ACCESS_TOKEN", "one"), ("TALLYFY_API_TOKEN", "two")]),
            Some("one".into())
        );
    }

    #[test]
    fn a_token_that_cannot_be_sent_is_refused_without_being_shown() {
        for bad in ["secret value", "secret\nvalue", "sécret"] {
            let environment = environment(&[("TALLYFY_ACCESS_TOKEN", bad), ("TALLYFY_API_TOKEN", "good")]);
            let found = source(&environment, None);
            let problem = found.read().unwrap_err();
            assert!(problem.sentence.contains("`TALLYFY_ACCESS_TOKEN`"), "{problem}");
            let shown = format!("{problem:?} {environment:?} {found:?}");
            assert!(!shown.contains("secret") && !shown.contains("sécret"), "{shown}");
        }
    }

    #[cfg(unix)]
    fn private(folder: &Path, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join("token");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_read_anew_each_time_and_only_where_no_variable_is_set() {
        let folder = tempfile::tempdir().unwrap();
        let path = private(folder.path(), "first\n");
        let found = source(&Environment::default(), Some(path.clone()));
        let read = |source: &TokenSource| source.read().unwrap().unwrap().reveal().to_owned();
        assert_eq!(read(&found), "first");
        fs::write(&path, "second").unwrap();
        assert_eq!(read(&found), "second");
        let both = source(&environment(&[("TALLYFY_API_TOKEN", "variable")]), Some(path));
        assert_eq!(read(&both), "variable");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = private(folder.path(), "sesame");
        for mode in [0o640, 0o604, 0o620, 0o644] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let problem = source(&Environment::default(), Some(path.clone())).read().unwrap_err();
            assert!(problem.hint.contains("chmod 600"), "{mode:o}: {problem:?}");
            assert!(!format!("{problem:?}").contains("sesame"), "{problem:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_holds_no_token_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let problem = |path: PathBuf| source(&Environment::default(), Some(path)).read().unwrap_err();
        for text in ["", "open sesame", "open\nsesame"] {
            let said = problem(private(folder.path(), text));
            assert!(said.sentence.contains("holds no token"), "{said:?}");
            assert!(!format!("{said:?}").contains("sesame"), "{said:?}");
        }
        assert!(problem(folder.path().join("missing")).sentence.contains("there is no such file"));
        assert!(problem(folder.path().to_owned()).sentence.contains("it is a directory"));
    }
}
