//! What a saved file is called.
//!
//! Owns the way from a name that somebody gave a file on a server to one that any file system takes, that leads nowhere
//! else, and that no program takes for an option or hides. Must not touch the disk.

use crate::model::text;

/// The most bytes of a name: with what is added to it, file systems take 255.
const LONGEST: usize = 200;
/// More bytes than this behind a dot are no ending.
const LONGEST_ENDING: usize = 12;
/// What has no name left is called.
const NAMELESS: &str = "unnamed";

/// A safe name in two parts, between which a number may stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    stem: String,
    ending: String,
}

impl FileName {
    /// A safe name, as near to `filename` as may be.
    #[must_use]
    pub fn safe(filename: &str) -> Self {
        let name: String = text::clean(filename).chars().map(fit).collect();
        // A dot hides it and a dash makes it an option; Windows drops dots and spaces at the end.
        let name = name.trim_start_matches(['.', '-', ' ']).trim_end_matches(['.', ' ']);
        let (stem, ending) = match name.rsplit_once('.') {
            Some((stem, ending)) if is_ending(ending) => (stem, format!(".{ending}")),
            _ => (name, String::new()),
        };
        let room = LONGEST.saturating_sub(ending.len());
        let stem = stem[..stem.floor_char_boundary(room)].trim_end_matches(['.', ' ']);
        let stem = match stem {
            "" => NAMELESS.to_owned(),
            device if text::is_device(device) => format!("_{device}"),
            stem => stem.to_owned(),
        };
        Self { stem, ending }
    }

    /// The `n`th name of it, counted from one: `contract.pdf`, `contract-2.pdf`.
    #[must_use]
    pub fn numbered(&self, n: usize) -> String {
        match n {
            1 => format!("{}{}", self.stem, self.ending),
            n => format!("{}-{n}{}", self.stem, self.ending),
        }
    }
}

fn is_ending(ending: &str) -> bool {
    !ending.is_empty() && ending.len() <= LONGEST_ENDING && ending.chars().all(char::is_alphanumeric)
}

/// A letter as it may stand in a name. Pictures of control characters stand for what was there.
fn fit(c: char) -> char {
    let cancel_something = matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    let is_picture = matches!(c, '\u{2400}'..='\u{2426}');
    if cancel_something || is_picture || c.is_control() {
        '_'
    } else if c.is_whitespace() {
        ' '
    } else {
        c
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_names_stay_as_they_are() {
        for name in
            ["contract v2.pdf", "Größe (1).tar.gz", "報告書.docx", "a&b, c [d].txt", "README", "👍🏽.png"]
        {
            assert_eq!(FileName::safe(name).numbered(1), name);
        }
        assert_eq!(FileName::safe("contract v2.pdf").numbered(3), "contract v2-3.pdf");
        assert_eq!(FileName::safe("README").numbered(2), "README-2");
    }

    #[test]
    fn hostile_names_are_made_harmless() {
        for (name, becomes) in [
            ("", "unnamed"),
            ("..", "unnamed"),
            (".pdf", "pdf"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("/etc/passwd", "_etc_passwd"),
            ("C:\\x\\y.txt", "C__x_y.txt"),
            ("a\0b\u{1b}[31m\n.txt", "a_b_[31m.txt"),
            ("x\u{202e}gpj.exe", "xgpj.exe"),
            ("a\u{9b}b\u{200b}c", "abc"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("LPT1.tar.gz", "_LPT1.tar.gz"),
            ("--force.sh", "force.sh"),
            (" .-hidden. ", "hidden"),
            ("a. .pdf", "a.pdf"),
        ] {
            assert_eq!(FileName::safe(name).numbered(1), becomes, "{name:?}");
        }
        let long = FileName::safe(&format!("{}.pdf", "ß".repeat(5000))).numbered(1);
        assert!(long.len() <= LONGEST && long.ends_with("ß.pdf"), "{long}");
    }

    proptest! {
        #[test]
        fn whatever_comes_is_one_plain_name(name in ".{0,6000}", n in 1usize..9999) {
            let name = FileName::safe(&name).numbered(n);
            prop_assert!(name.len() <= 240 && !name.is_empty(), "{}", name.len());
            let parts: Vec<_> = Path::new(&name).components().collect();
            prop_assert!(matches!(parts[..], [Component::Normal(_)]), "{name:?}");
            prop_assert!(!name.starts_with(['.', '-', ' ']) && !name.ends_with(['.', ' ']), "{name:?}");
            prop_assert!(!name.chars().any(char::is_control) && !name.contains(['/', '\\', ':']), "{name:?}");
            prop_assert!(!text::is_device(&name), "{name:?}");
            prop_assert_eq!(text::clean(&name), name.as_str());
        }
    }
}
