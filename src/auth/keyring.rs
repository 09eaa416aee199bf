//! The system's keyring: Secret Service, macOS Keychain, Windows Credential Manager.
//!
//! Owns the calls to it, how long they may take, and the words for why it cannot be used. Must not know which tokens
//! there are.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use keyring_core::{Entry, Error};
use secrecy::zeroize::Zeroizing;

use crate::model::secret::Token;

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
#[error("{0}")]
pub struct Unusable(String);

impl Unusable {
    fn of(error: &Error) -> Self {
        let words = match error {
            Error::NoStorageAccess(why) => format!("it is locked, or access was denied: {why}"),
            Error::PlatformFailure(why) => format!("it cannot be reached: {why}"),
            Error::Ambiguous(_) => "it holds several entries of that name".to_owned(),
            Error::TooLong(..) => "the token is too long for it".to_owned(),
            // The rest may quote what was stored.
            _ => "it holds something else under that name".to_owned(),
        };
        Self(words)
    }
}

/// Reads the entry called `name`; none if there is none.
///
/// # Errors
/// [`Unusable`] when the keyring cannot be asked, or holds no token there.
pub fn read(name: &str) -> Result<Option<Token>, Unusable> {
    let name = name.to_owned();
    patiently(move || match entry(&name)?.get_password().map(Zeroizing::new) {
        Ok(text) => {
            let token = Token::new(&text).ok_or_else(|| Unusable("what it holds is no token".to_owned()));
            token.map(Some)
        }
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(Unusable::of(&error)),
    })
}

/// Puts the token into the entry called `name`, whatever was there before.
///
/// # Errors
/// [`Unusable`] when it did not take it.
pub fn put(name: &str, token: &Token) -> Result<(), Unusable> {
    let (name, token) = (name.to_owned(), token.clone());
    patiently(move || entry(&name)?.set_password(token.reveal()).map_err(|error| Unusable::of(&error)))
}

/// Removes the entry called `name`, and answers whether there was one.
///
/// # Errors
/// [`Unusable`] when it cannot be removed.
pub fn remove(name: &str) -> Result<bool, Unusable> {
    let name = name.to_owned();
    patiently(move || match entry(&name)?.delete_credential() {
        Ok(()) => Ok(true),
        Err(Error::NoEntry) => Ok(false),
        Err(error) => Err(Unusable::of(&error)),
    })
}

fn entry(name: &str) -> Result<Entry, Unusable> {
    let entry = store().and_then(|store| store.build(SERVICE, name, None));
    entry.map_err(|error| Unusable::of(&error))
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
    call: impl FnOnce() -> Result<T, Unusable> + Send + 'static,
) -> Result<T, Unusable> {
    let (answer, answered) = mpsc::channel();
    thread::spawn(move || answer.send(call()).ok());
    answered.recv_timeout(PATIENCE).unwrap_or_else(|why| {
        Err(Unusable(match why {
            mpsc::RecvTimeoutError::Timeout => format!("it did not answer in {} s", PATIENCE.as_secs()),
            mpsc::RecvTimeoutError::Disconnected => "its library broke off".to_owned(),
        }))
    })
}
