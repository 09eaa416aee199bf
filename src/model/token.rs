//! The access token, kept out of every log, error and screen.
//!
//! Owns the only type a token travels in, and the one it is typed into. Neither has a `Display`, their `Debug` prints no
//! part of them, and their memory is overwritten when they are dropped.

use secrecy::zeroize::Zeroize;
use secrecy::{ExposeSecret, ExposeSecretMut, SecretBox, SecretString};

use super::text;

/// A Tallyfy access token.
#[derive(Clone, Debug)]
pub struct Token(SecretString);

impl Token {
    /// Takes a token as it was configured, without what is copied along: white space, a byte order mark, quotes, the word
    /// `Bearer`. `None` if nothing is left or if it contains white space, a quote, or what no header may contain.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = without_scheme(text::unwrapped(text));
        let is_sound = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`');
        let sound = !text.is_empty() && text.bytes().all(is_sound);
        sound.then(|| Self(SecretString::from(text)))
    }

    /// The token itself, for the one header that carries it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Returns what follows `Bearer`, as in a copied header, or the text itself.
fn without_scheme(text: &str) -> &str {
    const SCHEME: &str = "bearer";
    match text.split_at_checked(SCHEME.len()) {
        Some((scheme, rest))
            if scheme.eq_ignore_ascii_case(SCHEME)
                && (rest.is_empty() || rest.starts_with([' ', '\t', ':'])) =>
        {
            text::unwrapped(rest.trim_start_matches(':'))
        }
        _ => text,
    }
}

/// The most bytes that are typed: tokens have about a thousand. The room for them is had at once, because a text that
/// moves while it grows leaves copies behind.
const MOST_TYPED: usize = 8_192;

/// A token while it is being typed.
#[derive(Debug)]
pub struct TypedToken(SecretBox<String>);

impl Default for TypedToken {
    fn default() -> Self {
        Self(SecretBox::new(Box::new(String::with_capacity(MOST_TYPED))))
    }
}

impl TypedToken {
    /// Types one more character; beyond what any token needs, it is dropped.
    pub fn push(&mut self, c: char) {
        let typed = self.0.expose_secret_mut();
        if typed.len() + c.len_utf8() <= MOST_TYPED {
            typed.push(c);
        }
    }

    /// Takes the last character away.
    pub fn pop(&mut self) {
        self.0.expose_secret_mut().pop();
    }

    /// Overwrites what has been typed.
    pub fn wipe(&mut self) {
        self.0.expose_secret_mut().zeroize();
    }

    /// Whether nothing has been typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.expose_secret().is_empty()
    }

    /// A sign for each character, but never so many that they tell how long a token is.
    #[must_use]
    pub fn mask(&self) -> String {
        self.0.expose_secret().chars().take(12).map(|_| '•').collect()
    }

    /// What has been typed, if it can be a token.
    #[must_use]
    pub fn token(&self) -> Option<Token> {
        Token::new(self.0.expose_secret())
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
    fn token_loses_what_is_copied_along_with_it() {
        for text in [
            "\u{feff}abc.d-e_f\r\n",
            "\"abc.d-e_f\"",
            " 'abc.d-e_f' ",
            "`abc.d-e_f`",
            "\u{201c}abc.d-e_f\u{201d}",
            "\u{feff}\"abc.d-e_f\"\u{200b}",
            "Bearer abc.d-e_f",
            "bearer   abc.d-e_f",
            "\"Bearer abc.d-e_f\"",
            "Bearer \"abc.d-e_f\"",
        ] {
            assert_eq!(Token::new(text).unwrap().reveal(), "abc.d-e_f", "{text:?}");
        }
        assert_eq!(Token::new("bearer-of-news").unwrap().reveal(), "bearer-of-news");
    }

    #[test]
    fn a_token_cannot_smuggle_a_header() {
        for text in ["\"abc", "abc'", "\"\"", "Bearer", "Bearer ", "a\u{feff}b", "Bearer Bearer abc"] {
            assert!(Token::new(text).is_none(), "{text:?}");
        }
        for text in ["", "  ", "a\r\nX: y", "a b", "é"] {
            assert!(Token::new(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn what_is_typed_shows_neither_itself_nor_its_length() {
        let mut typed = TypedToken::default();
        "abc123secret-and-long".chars().for_each(|c| typed.push(c));
        assert!(!format!("{typed:?}").contains("abc") && !typed.mask().contains('a'));
        assert_eq!(typed.mask().chars().count(), 12);
        typed.pop();
        assert_eq!(typed.token().unwrap().reveal(), "abc123secret-and-lon");
        typed.wipe();
        assert!(typed.is_empty() && typed.mask().is_empty() && typed.token().is_none());
        (0..10_000).for_each(|_| typed.push('x'));
        assert_eq!(typed.token().unwrap().reveal().len(), MOST_TYPED);
    }
}
