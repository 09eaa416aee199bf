//! The system's keyring: Secret Service, macOS Keychain, Windows Credential Manager.
//!
//! Owns the calls to it, how long they may take, and the words for why it cannot be used. Must not know which tokens
//! there are.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use keyring_core::{Entry, Error};
use secrecy::zeroize::Zeroizing;

use crate::model::token::Token;

/// What every entry of ours is filed under.
const SERVICE: &str = "tidyfy";
/// How long the keyring may take: it may have to ask the person to unlock it, but nobody may be there to be asked.
const PATIENCE: Duration = Duration::from_secs(60);

/// The keyring's name on this system.
pub const NAME: &str = if cfg!(target_os = "macos") {
    "the macOS Keychain"
} else if cfg!(windows) {
    "the Windows Credential Manager"
} else {
    "the keyring (Secret Service)"
};

/// Why the keyring did not do what it was asked, in words for people. It never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct KeyringError {
    words: String,
    is_absent: bool,
}

impl KeyringError {
    /// Whether there is no keyring here at all. One that is there and does not answer may hold a token.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.is_absent
    }

    fn said(words: impl Into<String>) -> Self {
        Self { words: words.into(), is_absent: false }
    }

    fn of(error: &Error) -> Self {
        let words = match error {
            Error::NoStorageAccess(why) => format!("it is locked, or access was denied: {why}"),
            Error::PlatformFailure(why) => format!("it cannot be reached: {why}"),
            Error::Ambiguous(_) => "it holds several entries of that name".to_owned(),
            Error::TooLong(..) => "the token is too long for it".to_owned(),
            // The rest may quote what was stored.
            _ => "it holds something else under that name".to_owned(),
        };
        Self::said(words)
    }

    /// Why it was not even reached.
    fn unreached(error: &Error) -> Self {
        Self { is_absent: is_absent(error), ..Self::of(error) }
    }
}

/// Reads the entry called `name`; none if there is none.
///
/// # Errors
/// [`KeyringError`] when the keyring cannot be asked, or holds no token there.
pub fn read(name: &str) -> Result<Option<Token>, KeyringError> {
    let name = name.to_owned();
    patiently(move || match entry(&name)?.get_password().map(Zeroizing::new) {
        Ok(text) => {
            let token = Token::new(&text).ok_or_else(|| KeyringError::said("what it holds is no token"));
            token.map(Some)
        }
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(KeyringError::of(&error)),
    })
}

/// Puts the token into the entry called `name`, whatever was there before.
///
/// # Errors
/// [`KeyringError`] when it did not take it.
pub fn put(name: &str, token: &Token) -> Result<(), KeyringError> {
    let (name, token) = (name.to_owned(), token.clone());
    patiently(move || entry(&name)?.set_password(token.reveal()).map_err(|error| KeyringError::of(&error)))
}

/// Removes the entry called `name`, and answers whether there was one.
///
/// # Errors
/// [`KeyringError`] when it cannot be removed.
pub fn remove(name: &str) -> Result<bool, KeyringError> {
    let name = name.to_owned();
    patiently(move || match entry(&name)?.delete_credential() {
        Ok(()) => Ok(true),
        Err(Error::NoEntry) => Ok(false),
        Err(error) => Err(KeyringError::of(&error)),
    })
}

fn entry(name: &str) -> Result<Entry, KeyringError> {
    let store = store().map_err(|error| KeyringError::unreached(&error))?;
    store.build(SERVICE, name, None).map_err(|error| KeyringError::of(&error))
}

/// Answers of the bus behind which there is a keyring that says nothing, or not to us.
#[cfg(target_os = "linux")]
const SILENT: [&str; 5] = ["NoReply", "Timeout", "TimedOut", "AccessDenied", "AuthFailed"];

/// Whether a keyring that was not reached is not there at all: without a bus, or with nobody on it who keeps secrets.
#[cfg(target_os = "linux")]
fn is_absent(error: &Error) -> bool {
    use std::error::Error as Cause;
    let Error::PlatformFailure(why) = error else { return false };
    let mut cause: Option<&(dyn Cause + 'static)> = Some(why.as_ref());
    while let Some(told) = cause {
        if let Some(name) = told.downcast_ref::<dbus::Error>().and_then(dbus::Error::name) {
            return !name.rsplit('.').next().is_some_and(|word| SILENT.contains(&word));
        }
        cause = told.source();
    }
    true
}

#[cfg(not(target_os = "linux"))]
fn is_absent(error: &Error) -> bool {
    matches!(error, Error::PlatformFailure(_))
}

#[cfg(target_os = "linux")]
fn store() -> Result<std::sync::Arc<keyring_core::CredentialStore>, Error> {
    Ok(dbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn store() -> Result<std::sync::Arc<keyring_core::CredentialStore>, Error> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(windows)]
fn store() -> Result<std::sync::Arc<keyring_core::CredentialStore>, Error> {
    Ok(windows_native_keyring_store::Store::new()?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
fn store() -> Result<std::sync::Arc<keyring_core::CredentialStore>, Error> {
    Err(Error::PlatformFailure("this system has none that is known here".into()))
}

/// Calls the keyring, but does not wait for ever. A call that takes too long is left to itself.
fn patiently<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    let (answer, answered) = mpsc::channel();
    thread::spawn(move || answer.send(call()).ok());
    answered.recv_timeout(PATIENCE).unwrap_or_else(|why| {
        Err(KeyringError::said(match why {
            mpsc::RecvTimeoutError::Timeout => format!("it did not answer in {} s", PATIENCE.as_secs()),
            mpsc::RecvTimeoutError::Disconnected => "its library broke off".to_owned(),
        }))
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_a_keyring_that_is_not_there_is_absent() {
        let bus = |word: &str| {
            let name = format!("org.freedesktop.DBus.Error.{word}");
            Error::PlatformFailure(Box::new(dbus::Error::new_custom(name.as_str(), "no")))
        };
        for word in ["FileNotFound", "NoServer", "NotSupported", "ServiceUnknown", "Spawn.ExecFailed"] {
            assert!(KeyringError::unreached(&bus(word)).is_absent(), "{word}");
            assert!(!KeyringError::of(&bus(word)).is_absent(), "{word}, of one that was reached");
        }
        for word in SILENT {
            assert!(!KeyringError::unreached(&bus(word)).is_absent(), "{word}");
        }
        assert!(!KeyringError::unreached(&Error::NoStorageAccess("locked".into())).is_absent());
    }
}
