//! The colour by which a person tells one organization from another.
//!
//! Owns its words. It says which colour is meant, never what is drawn in it, and nothing is told by it alone. Must not
//! know the terminal.

use std::str::FromStr;

/// A colour of the terminal's own sixteen, or an exact one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccentColor {
    /// One of the terminal's palette, by its ANSI number from 0 to 15.
    Palette(u8),
    /// Red, green and blue.
    Exact(u8, u8, u8),
}

impl AccentColor {
    /// The words for the terminal's palette, by their ANSI numbers.
    pub const NAMES: [&'static str; 16] = [
        "black",
        "red",
        "green",
        "yellow",
        "blue",
        "magenta",
        "cyan",
        "white",
        "bright-black",
        "bright-red",
        "bright-green",
        "bright-yellow",
        "bright-blue",
        "bright-magenta",
        "bright-cyan",
        "bright-white",
    ];
}

/// A word that names no colour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a colour")]
pub struct UnknownColor;

impl FromStr for AccentColor {
    type Err = UnknownColor;

    fn from_str(word: &str) -> Result<Self, UnknownColor> {
        let word = word.trim().to_lowercase();
        if let Some(digits) = word.strip_prefix('#') {
            return exact(digits).ok_or(UnknownColor);
        }
        let number = Self::NAMES.iter().zip(0..).find(|(name, _)| **name == word);
        number.map(|(_, number)| Self::Palette(number)).ok_or(UnknownColor)
    }
}

/// Six hex digits.
fn exact(digits: &str) -> Option<AccentColor> {
    let whole = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u32::from_str_radix(digits, 16).ok().filter(|_| whole)?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some(AccentColor::Exact(red, green, blue))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_digits_name_colours() {
        assert_eq!("black".parse(), Ok(AccentColor::Palette(0)));
        assert_eq!(" Bright-Cyan ".parse(), Ok(AccentColor::Palette(14)));
        assert_eq!("#0a10FF".parse(), Ok(AccentColor::Exact(10, 16, 255)));
    }

    #[test]
    fn what_is_no_color_is_refused() {
        for word in ["", "mauve", "#fff", "#12345g", "#+12345", "0a10ff", "#0a10ffff"] {
            assert_eq!(word.parse::<AccentColor>(), Err(UnknownColor), "{word}");
        }
    }
}
