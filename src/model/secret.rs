//! The access token, kept out of every log, error and screen.
//!
//! Owns the only type a token travels in. It has no `Display`, its `Debug` prints no part of it, and its memory is
//! overwritten when it is dropped.

use secrecy::{ExposeSecret, SecretString};

/// A Tallyfy access token.
#[derive(Clone, Debug)]
pub struct Token(SecretString);

impl Token {
    /// Takes a token as it was configured; surrounding white space is dropped. `None` if nothing is left or if it
    /// holds what no header may hold.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let sound = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        sound.then(|| Self(SecretString::from(text)))
    }

    /// The token itself, for the one header that carries it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_does_not_show_itself() {
        let token = Token::new(" abc123secret\n").unwrap();
        assert_eq!(token.reveal(), "abc123secret");
        assert!(!format!("{token:?}").contains("abc"));
    }

    #[test]
    fn a_token_cannot_smuggle_a_header() {
        for text in ["", "  ", "a\r\nX: y", "a b", "é"] {
            assert!(Token::new(text).is_none(), "{text:?}");
        }
    }
}
