//! Checked identifiers, safe to stand as one segment of a URL path.
//!
//! Owns what counts as an id. An id comes from the server and ends in the path of a DELETE, so a value such as `..`,
//! `%2E%2E` or `a/b` is refused here and can never be built: climbing the path would address the parent.

use std::fmt::{self, Write};
use std::str::FromStr;

/// The longest id the API's own clients let through, in bytes (API sheet, section 3).
const LONGEST: usize = 255;

/// The id of a record: 32 lowercase hex digits, digits, an opaque token of letters, digits, `_` and `-`, or an e-mail
/// address (API sheet, section 3).
///
/// The common form, 32 hex digits, is stored packed, so that an id takes 24 bytes and no allocation.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(IdFormat);

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum IdFormat {
    Hex([u8; 16]),
    Token(Box<str>),
}

/// A value that cannot be an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{shown}` is not a usable id")]
pub struct BadId {
    shown: String,
}

impl Id {
    /// Reads an id, refusing everything that is not one of the documented forms.
    ///
    /// # Errors
    /// [`BadId`] when `text` could climb a path, be read as several segments, or is too long or empty.
    pub fn new(text: &str) -> Result<Self, BadId> {
        if let Some(packed) = pack(text) {
            return Ok(Self(IdFormat::Hex(packed)));
        }
        if is_token(text) || is_email(text) {
            return Ok(Self(IdFormat::Token(text.into())));
        }
        Err(BadId { shown: super::text::clean(text).chars().take(40).collect() })
    }
}

impl FromStr for Id {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        Self::new(text)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            IdFormat::Hex(bytes) => {
                let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
                let mut digits = nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16));
                digits.try_for_each(|digit| out.write_char(digit))
            }
            IdFormat::Token(token) => out.write_str(token),
        }
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Id({self})")
    }
}

fn pack(text: &str) -> Option<[u8; 16]> {
    let digits = text.as_bytes();
    if digits.len() != 32 {
        return None;
    }
    let mut packed = [0; 16];
    for (byte, pair) in packed.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = (nibble(pair[0])? << 4) | nibble(pair[1])?;
    }
    Some(packed)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(allowed)
}

/// Whether `text` is an address that may key a guest: one `@` between two non-empty parts, no control. An address may hold
/// a slash or a percent sign, which are escaped like everything else; none that could climb even if it were read twice.
fn is_email(text: &str) -> bool {
    let refused = |c: char| c.is_control() || c.is_whitespace() || "\\?#\"<>".contains(c);
    let lower = text.to_ascii_lowercase();
    let climbs = text.split('/').any(|part| matches!(part, "" | "." | ".."))
        || ["%2e", "%2f", "%5c", "%25", "%00"].iter().any(|escape| lower.contains(escape));
    match text.split_once('@') {
        Some((name, host)) => {
            text.len() <= LONGEST
                && !name.is_empty()
                && !host.is_empty()
                && !host.contains('@')
                && !text.contains(refused)
                && !climbs
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_keeps_its_text() {
        for text in [
            "5d0c2a9be1f34a7788c1d2e3f4a5b6c7",
            "2044",
            "a_B-9",
            "ana+x@supplier.example",
            "o'neil/legal@harbour.example",
            "percent%41@odd.example",
            "zo\u{eb}@b\u{fc}cher.example",
        ] {
            assert_eq!(Id::new(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn nothing_that_could_climb_or_split_a_path_is_an_id() {
        for text in [
            "",
            ".",
            "..",
            "%2E%2E",
            "a/b",
            "a\\b",
            "a?b",
            "a#b",
            "a b",
            "é",
            "@x",
            "x@",
            "a@b@c",
            "../x@y",
            "a.b",
            "a//b@x",
            "/a@b",
            "a/../b@x",
            "a@b/..",
            "%2e%2e@x",
            "a%2Fb@x",
            "a%252fb@x",
        ] {
            assert!(Id::new(text).is_err(), "{text:?} was taken for an id");
        }
        assert!(Id::new(&"a".repeat(256)).is_err());
    }

    #[test]
    fn an_id_is_three_words() {
        assert_eq!(size_of::<Id>(), 24);
    }
}
