//! What `tidyfy login` stores: one token for each base URL, and one for each profile of it.
//!
//! Owns the names under which tokens are stored. A name holds the base URL, so that a token stored for one is never found
//! for another. Must not know what a token may do.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::keyring::{self, KeyringError};
use super::{TokenOrigin, file};
use crate::config::ConfigError;
use crate::model::token::Token;

/// The folder of the files, in the state directory.
const FOLDER: &str = "tokens";
/// How much of a name can be read in the name of its file.
const LEGIBLE: usize = 60;

/// The places where a token is stored for a base URL, or for a profile of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTokens {
    /// Whether the keyring is used.
    keyring: bool,
    folder: PathBuf,
    /// The stronger first. It is also the one that is stored and removed.
    names: Vec<String>,
}

/// Where a token was put.
#[derive(Debug)]
pub struct StoredAt {
    /// The place.
    pub place: TokenOrigin,
    /// Why it is not in the keyring, where it is not.
    pub instead: Option<String>,
}

/// What was removed.
#[derive(Debug, Default)]
pub struct RemovedTokens {
    /// The places where there was a token.
    pub from: Vec<TokenOrigin>,
    /// What could not be removed.
    pub problems: Vec<ConfigError>,
    /// Why the keyring could not be asked, if it could not.
    pub unasked: Option<KeyringError>,
}

impl StoredTokens {
    /// The places for `base_url`, which must always come in one spelling, and for a profile of it if one is in use.
    #[must_use]
    pub fn new(state_dir: &Path, keyring: bool, base_url: &str, profile: Option<&str>) -> Self {
        let of_profile = profile.map(|profile| format!("{profile} at {base_url}"));
        let names = of_profile.into_iter().chain([base_url.to_owned()]).collect();
        Self { keyring, folder: state_dir.join(FOLDER), names }
    }

    /// Whether the keyring is used.
    pub(super) fn asks_keyring(&self) -> bool {
        self.keyring
    }

    /// Returns words for what storing and removing wait for if they take long.
    #[must_use]
    pub fn waits_for(&self) -> &'static str {
        if self.keyring { keyring::NAME } else { "the disk" }
    }

    /// The token that is stored, and where: the profile's before the base URL's. The file goes first, because it is only
    /// there where the keyring did not take the last login. Where there is no keyring it counts as empty.
    ///
    /// # Errors
    /// A [`ConfigError`] when a file is there and cannot be used, and when the keyring is there and does not answer: what
    /// comes after it may be somebody else's.
    pub(super) fn find(&self) -> Result<Option<(Token, TokenOrigin)>, ConfigError> {
        for name in &self.names {
            let path = self.file(name);
            if let Some(token) = file::read(&path, file::FileRole::Ours)? {
                return Ok(Some((token, TokenOrigin::File(path))));
            }
            if let Some(token) = self.in_keyring(name)? {
                return Ok(Some((token, TokenOrigin::Keyring(name.clone()))));
            }
        }
        Ok(None)
    }

    fn in_keyring(&self, name: &str) -> Result<Option<Token>, ConfigError> {
        match self.keyring.then(|| keyring::read(name)) {
            None => Ok(None),
            Some(Ok(token)) => Ok(token),
            Some(Err(why)) if why.is_absent() => Ok(None),
            Some(Err(why)) => Err(unasked(&why)),
        }
    }

    /// Stores the token: in the keyring, or in a file where there is none. What was stored before is gone.
    ///
    /// # Errors
    /// A [`ConfigError`] when it could not be stored anywhere.
    pub fn put(&self, token: &Token) -> Result<StoredAt, ConfigError> {
        let Some(name) = self.names.first() else { return Err(super::missing()) };
        let path = self.file(name);
        let instead = match self.keyring.then(|| keyring::put(name, token)) {
            Some(Ok(())) => {
                file::remove(&path)?;
                return Ok(StoredAt { place: TokenOrigin::Keyring(name.clone()), instead: None });
            }
            Some(Err(why)) => Some(why.to_string()),
            None => None,
        };
        file::write(&path, token)?;
        Ok(StoredAt { place: TokenOrigin::File(path), instead })
    }

    /// Removes what [`StoredTokens::put`] stored.
    #[must_use]
    pub fn remove(&self) -> RemovedTokens {
        let mut removed = RemovedTokens::default();
        let Some(name) = self.names.first() else { return removed };
        let path = self.file(name);
        match file::remove(&path) {
            Ok(true) => removed.from.push(TokenOrigin::File(path)),
            Ok(false) => {}
            Err(problem) => removed.problems.push(problem),
        }
        match self.keyring.then(|| keyring::remove(name)) {
            Some(Ok(true)) => removed.from.push(TokenOrigin::Keyring(name.clone())),
            None | Some(Ok(false)) => {}
            Some(Err(why)) => removed.unasked = Some(why),
        }
        removed
    }

    /// Whether the keyring can be asked: none where it is switched off, else what keeps it.
    #[must_use]
    pub fn ask_keyring(&self) -> Option<Result<(), KeyringError>> {
        let name = self.names.first().filter(|_| self.keyring)?;
        Some(keyring::read(name).map(drop))
    }

    /// The file for a name: legible, and different for different names even where letters have no case.
    fn file(&self, name: &str) -> PathBuf {
        let legible = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
        let mut file: String = legible.take(LEGIBLE).collect::<String>().to_ascii_lowercase();
        file.push('-');
        for byte in &Sha256::digest(name.as_bytes())[..16] {
            // Writing to a string does not fail.
            let _ = write!(file, "{byte:02x}");
        }
        self.folder.join(file)
    }
}

/// What is said of a keyring that is there and did not tell the token.
fn unasked(why: &KeyringError) -> ConfigError {
    ConfigError::new(
        format!("{} did not tell the token: {why}", keyring::NAME),
        "unlock it and start again, or put the token into `TALLYFY_ACCESS_TOKEN`; `keyring = false` in the config leaves it alone",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Token {
        Token::new(text).unwrap()
    }

    fn found(stored: &StoredTokens) -> Option<String> {
        stored.find().unwrap().map(|(token, _)| token.reveal().to_owned())
    }

    #[test]
    fn each_base_url_has_its_own_and_so_has_each_profile() {
        let state = tempfile::tempdir().unwrap();
        let at = |url: &str, profile: Option<&str>| StoredTokens::new(state.path(), false, url, profile);
        at("https://a/api", None).put(&token("plain")).unwrap();
        at("https://a/api", Some("Work")).put(&token("work")).unwrap();
        assert_eq!(found(&at("https://a/api", None)).as_deref(), Some("plain"));
        assert_eq!(found(&at("https://a/api", Some("Work"))).as_deref(), Some("work"));
        assert_eq!(found(&at("https://a/api", Some("work"))).as_deref(), Some("plain"), "the base URL's own");
        for other in ["https://a/api2", "https://a", "http://a/api", "https://A/api"] {
            assert_eq!(found(&at(other, None)), None, "{other}");
            assert_eq!(found(&at(other, Some("Work"))), None, "{other}");
        }
    }

    #[test]
    fn a_second_login_takes_the_place_of_the_first_and_logout_removes_it() {
        let state = tempfile::tempdir().unwrap();
        let stored = StoredTokens::new(state.path(), false, "https://a", None);
        assert!(stored.remove().from.is_empty());
        stored.put(&token("first")).unwrap();
        let put = stored.put(&token("second")).unwrap();
        assert_eq!(found(&stored).as_deref(), Some("second"));
        let TokenOrigin::File(path) = put.place else { panic!("no file") };
        assert_eq!(
            std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
        let removed = stored.remove();
        assert!(removed.problems.is_empty() && removed.from == [TokenOrigin::File(path)], "{removed:?}");
        assert_eq!(found(&stored), None);
    }

    #[cfg(unix)]
    #[test]
    fn the_file_and_its_folder_are_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let state = tempfile::tempdir().unwrap();
        let stored = StoredTokens::new(state.path(), false, "https://a", None);
        let TokenOrigin::File(path) = stored.put(&token("sesame")).unwrap().place else { panic!("no file") };
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(stored.find().unwrap_err().hint.contains("chmod 600"));
    }

    #[test]
    fn what_cannot_be_stored_is_told_without_the_token() {
        let state = tempfile::tempdir().unwrap();
        std::fs::write(state.path().join(FOLDER), "in the way").unwrap();
        let problem =
            StoredTokens::new(state.path(), false, "https://a", None).put(&token("sesame")).unwrap_err();
        assert!(problem.sentence.starts_with("could not store the token in `"), "{problem:?}");
        assert!(!format!("{problem:?}").contains("sesame"));
    }
}
