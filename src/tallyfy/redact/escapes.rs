//! Text with its escapes resolved, and where each letter of it stood.
//!
//! Owns the escapes that an address may be hidden behind: percent signs, HTML entities and the backslashes of JSON, each any
//! number of times and inside one another. Must not know what is looked for.

use crate::model::text;

/// A letter of the resolved text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ResolvedChar {
    pub(super) c: char,
    /// Where it stood in the source, in bytes.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Begins a terminal sequence.
const ESCAPE: char = '\u{1b}';
/// The longest HTML entity that is resolved, with its `&` and `;`.
const LONGEST_ENTITY: usize = 10;

/// Returns `text` with all escapes resolved, without what is dropped before it is shown. Each step makes it shorter, so the
/// whole takes one pass.
pub(super) fn resolved(text: &str) -> Vec<ResolvedChar> {
    let mut letters: Vec<ResolvedChar> = Vec::with_capacity(text.len());
    for (start, c) in text.char_indices() {
        if is_dropped(c) {
            continue;
        }
        letters.push(ResolvedChar { c, start, end: start + c.len_utf8() });
        while let Some((length, c)) = last_escape(&letters) {
            let from = letters.len() - length;
            let letter = ResolvedChar { c, start: letters[from].start, end: letters[letters.len() - 1].end };
            letters.truncate(from);
            if is_dropped(c) {
                break;
            }
            letters.push(letter);
        }
    }
    letters
}

/// Whether a character is not shown, and so could stand unseen between those of a credential.
fn is_dropped(c: char) -> bool {
    text::is_hidden(c) || c.is_control() && !c.is_whitespace() && c != ESCAPE
}

/// Returns the letters without tags, terminal sequences and line breaks.
pub(super) fn without_markup(letters: &[ResolvedChar]) -> Vec<ResolvedChar> {
    let (mut bare, mut at) = (Vec::with_capacity(letters.len()), 0);
    while let Some(letter) = letters.get(at) {
        let rest = &letters[at + 1..];
        let end = match letter.c {
            '<' if rest.first().is_some_and(|next| next.c.is_ascii_alphabetic() || "/!".contains(next.c)) => {
                rest.iter().position(|next| next.c == '>').map(|end| end + 1)
            }
            ESCAPE if rest.first().is_some_and(|next| next.c == '[') => {
                rest.iter().skip(1).position(|next| ('@'..='~').contains(&next.c)).map(|end| end + 2)
            }
            c if c.is_control() => Some(0),
            _ => None,
        };
        if end.is_none() {
            bare.push(*letter);
        }
        at += 1 + end.unwrap_or(0);
    }
    bare
}

/// The escape that `letters` end with: how many of them it takes, and what it stands for.
fn last_escape(letters: &[ResolvedChar]) -> Option<(usize, char)> {
    let back = |n: usize| letters.len().checked_sub(n).map(|at| letters[at].c);
    match back(1)? {
        '/' if back(2) == Some('\\') => Some((2, '/')),
        ';' => entity(letters),
        last if last.is_ascii_hexdigit() => match (back(3), back(2)) {
            (Some('%'), Some(first)) if first.is_ascii_hexdigit() => {
                let byte = first.to_digit(16)? * 16 + last.to_digit(16)?;
                // A byte of a longer character is no letter of any address.
                Some((3, char::from_u32(byte)?))
            }
            _ if (back(6), back(5)) == (Some('\\'), Some('u')) => Some((6, number(letters, 4, 16)?)),
            _ => None,
        },
        _ => None,
    }
}

fn entity(letters: &[ResolvedChar]) -> Option<(usize, char)> {
    let most = LONGEST_ENTITY.min(letters.len());
    let length = (3..=most).find(|length| letters[letters.len() - length].c == '&')?;
    let name: String = letters[letters.len() - length + 1..letters.len() - 1].iter().map(|l| l.c).collect();
    let c = match name.strip_prefix('#') {
        Some(number) => {
            let hex = number.strip_prefix(['x', 'X']).map(|digits| u32::from_str_radix(digits, 16));
            char::from_u32(hex.unwrap_or_else(|| number.parse()).ok()?)?
        }
        None => match name.as_str() {
            "amp" => '&',
            "sol" => '/',
            "colon" => ':',
            "period" => '.',
            "num" => '#',
            "quest" => '?',
            "equals" => '=',
            "commat" => '@',
            "lowbar" => '_',
            "hyphen" | "dash" => '-',
            "percnt" => '%',
            "bsol" => '\\',
            "quot" => '"',
            "apos" => '\'',
            "lt" => '<',
            "gt" => '>',
            _ => return None,
        },
    };
    Some((length, c))
}

/// The character of the last `digits` letters, read to that base.
fn number(letters: &[ResolvedChar], digits: usize, base: u32) -> Option<char> {
    let last = letters.get(letters.len().checked_sub(digits)?..)?;
    let code = last.iter().try_fold(0, |code: u32, letter| Some(code * base + letter.c.to_digit(base)?))?;
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_resolve_to_what_they_stand_for() {
        for (text, wanted) in [
            ("a/b", "a/b"),
            ("a%2Fb%2f", "a/b/"),
            ("a%252Fb", "a/b"),
            ("%25252525252541", "A"),
            ("%4%31", "A"),
            ("a\\/b\\\\/c\\u002fd\\\\u002Fe", "a/b/c/d/e"),
            ("a&#47;b&#x2F;c&sol;d&amp;sol;e&amp;#47;f", "a/b/c/d/e/f"),
            ("%26%2347%3B", "/"),
            ("100% of &x; \\n %zz %4", "100% of &x; \\n %zz %4"),
            ("&#xffffffff; &#1114112;", "&#xffffffff; &#1114112;"),
        ] {
            assert_eq!(resolved(text).iter().map(|letter| letter.c).collect::<String>(), wanted);
        }
        let (text, letters) = ("é%252Fb", resolved("é%252Fb"));
        assert_eq!((letters[1].start, letters[1].end), (2, text.len() - 1));
    }
}
