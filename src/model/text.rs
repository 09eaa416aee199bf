//! Hygiene for text that came from outside.
//!
//! Owns the one place where server text is made fit for a terminal. Text from the server is data: nothing in it may
//! move the cursor, change colours, reorder the line or hide itself.

use std::borrow::Cow;
use std::ops::Range;

use unicode_width::UnicodeWidthStr;

/// Makes `text` safe to print on one line.
///
/// Line breaks and tabs become spaces; other control characters (C0, DEL, C1) are shown as Unicode control pictures
/// or dropped; bidirectional controls, invisible format characters and stray variation controls that could hide or
/// reorder text are dropped. Joiners stay where they join something, because emoji and several scripts need them.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unfit) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if !is_joiner(letter) || joins(cleaned.chars().next_back(), letters.peek().copied()) {
            cleaned.extend(fit(letter));
        }
    }
    Cow::Owned(cleaned)
}

fn is_unfit(c: char) -> bool {
    c.is_control() || is_hidden(c) || is_no_character(c)
}

/// What Unicode will never make a character of, and every terminal shows otherwise.
fn is_no_character(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || u32::from(c) & 0xFFFE == 0xFFFE
}

/// Whether [`clean`] drops a character from between two others without a trace.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    is_invisible(c) || is_joiner(c)
}

/// What has no width and puts letters or pictures together, or keeps them apart.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

/// Whether a joiner between these means something: scripts and pictures that are joined have no ASCII letters. Elsewhere
/// it only makes two names look the same that are not.
fn joins(before: Option<char>, after: Option<char>) -> bool {
    let is_joined = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !is_unfit(c));
    is_joined(before) && is_joined(after)
}

/// Characters that have no picture of their own but change how others are read.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

fn fit(c: char) -> Option<char> {
    match c {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
        '\u{7f}' => Some('\u{2421}'),
        '\u{00}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)),
        c if c.is_control() || is_invisible(c) => None,
        c if is_no_character(c) => Some(char::REPLACEMENT_CHARACTER),
        c => Some(c),
    }
}

/// [`clean`], keeping line breaks, for text that is shown over several lines.
#[must_use]
pub fn clean_lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n")
}

/// What stands where a record has no name of its own.
pub const NAMELESS: &str = "(no name)";

/// `text` cleaned, or [`NAMELESS`] where nothing visible is left.
#[must_use]
pub fn name_or_nameless(text: &str) -> Cow<'_, str> {
    let shown = clean(text);
    if is_visible(&shown) { shown } else { Cow::Borrowed(NAMELESS) }
}

/// Whether anything of `cleaned`, which is clean already, can be seen.
#[must_use]
pub fn is_visible(cleaned: &str) -> bool {
    // Every row of a list is asked for its name, and most have such a letter.
    cleaned.bytes().any(|byte| byte.is_ascii_graphic()) || !cleaned.trim().is_empty() && cleaned.width() > 0
}

/// `text` as a cell of a sheet that no program takes for a formula, with nothing in it that controls a terminal: names
/// come from a server, where anybody may have chosen them.
#[must_use]
pub fn harmless(text: &str) -> String {
    let starts = text.chars().next().is_some_and(char::is_control);
    let cleaned = clean(text);
    if starts || cleaned.trim_start().starts_with(is_risky) {
        return format!("'{cleaned}");
    }
    cleaned.into_owned()
}

/// Whether a cell that begins so may be taken for a formula.
fn is_risky(first: char) -> bool {
    matches!(first, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
}

/// What stood in a cell before it was made [`harmless`] by a sign in front of it.
#[must_use]
pub fn unescaped(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|cell| cell.starts_with(is_risky)).unwrap_or(cell)
}

/// Returns `text` without what is copied along with a value: white space, a byte order mark, quotes around all of it.
#[must_use]
pub fn unwrapped(text: &str) -> &str {
    const QUOTES: [(char, char); 6] = [
        ('"', '"'),
        ('\'', '\''),
        ('`', '`'),
        ('\u{201c}', '\u{201d}'),
        ('\u{2018}', '\u{2019}'),
        ('«', '»'),
    ];
    let mut text = text.trim_matches(is_blank);
    while let Some(inner) =
        QUOTES.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close))
    {
        text = inner.trim_matches(is_blank);
    }
    text
}

/// White space, and characters that show nothing and stand at the ends of copied text.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
}

/// A whole number with thousands separated: `10,050`.
#[must_use]
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of bytes for people, rounded down: `612 B`, `1.2 MB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let (mut unit, mut one) = (0, 1);
    while unit + 1 < units.len() && bytes / one >= 1_000 {
        (unit, one) = (unit + 1, one * 1_000);
    }
    let (whole, tenth) = (grouped(bytes / one), bytes % one * 10 / one);
    if unit == 0 { format!("{whole} B") } else { format!("{whole}.{tenth} {}", units[unit]) }
}

/// Whether a file of this name would be a device on Windows, where nothing that follows the first dot counts.
#[must_use]
pub fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
    let numbered = |device: &str| {
        stem.strip_prefix(device).is_some_and(|n| n.chars().count() == 1 && n.chars().all(char::is_numeric))
    };
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

/// `text` folded for comparison: lower case, accents off, whether they are part of a letter or stand after it.
#[must_use]
pub fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_onto(text, &mut folded);
    folded
}

/// Writes `text`, [`folded`], at the end of `onto`, so that a text a row can be folded without an allocation a row.
pub fn fold_onto(text: &str, onto: &mut String) {
    let start = onto.len();
    if text.is_ascii() {
        onto.push_str(text);
        onto[start..].make_ascii_lowercase();
    } else {
        for c in text.chars() {
            match c {
                c if c.is_ascii() => onto.push(c.to_ascii_lowercase()),
                '\u{300}'..='\u{36f}' => {}
                // A stroke is no accent to the library, but to those who type it is one.
                'Ł' | 'ł' => onto.push('l'),
                'Đ' | 'đ' => onto.push('d'),
                'Ħ' | 'ħ' => onto.push('h'),
                'Ŧ' | 'ŧ' => onto.push('t'),
                c => onto.extend(nucleo_matcher::chars::normalize(c).to_lowercase()),
            }
        }
    }
}

/// Where `text` holds `wanted`, case and accents ignored, in bytes. Nothing is held anywhere.
#[must_use]
pub fn found(text: &str, wanted: &str) -> Vec<Range<usize>> {
    let wanted = folded(wanted);
    if wanted.is_empty() {
        return Vec::new();
    }
    // Where each letter stands, folded and as it was.
    let (mut all, mut letters) = (String::with_capacity(text.len()), Vec::with_capacity(text.len()));
    for (at, c) in text.char_indices() {
        letters.push((all.len(), at));
        fold_onto(c.encode_utf8(&mut [0; 4]), &mut all);
    }
    // The last letter that begins there: those that fold to nothing, such as accents, belong to the one before.
    let byte = |folded: usize| {
        let at = letters.partition_point(|(begin, _)| *begin <= folded);
        let is_end = folded == all.len();
        letters.get(at.saturating_sub(1)).filter(|_| !is_end).map_or(text.len(), |(_, byte)| *byte)
    };
    all.match_indices(&wanted).map(|(start, hit)| byte(start)..byte(start + hit.len())).collect()
}

/// How many cells `text` takes on one line.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` followed by as many spaces as make it `cells` wide; longer text stays as it is.
#[must_use]
pub fn padded(text: &str, cells: usize) -> String {
    let mut padded = text.to_owned();
    padded.extend(std::iter::repeat_n(' ', cells.saturating_sub(width(text))));
    padded
}

/// `text` broken into lines of at most `width` cells, words kept whole where they fit. Never empty.
#[must_use]
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let broken = text.lines().flat_map(|line| textwrap::wrap(line, width.max(1))).map(Cow::into_owned);
    let lines: Vec<String> = broken.collect();
    if lines.is_empty() { vec![String::new()] } else { lines }
}

/// `text` broken as by [`wrapped`], what a line goes on with standing under its own beginning, two cells further in.
#[must_use]
pub fn wrapped_under(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let broken = text.lines().flat_map(|line| {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let under = " ".repeat((indent + 2).min(width / 2));
        let options = textwrap::Options::new(width).subsequent_indent(&under);
        textwrap::wrap(line, options).into_iter().map(Cow::into_owned).collect::<Vec<_>>()
    });
    broken.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_and_overrides_do_not_pass() {
        assert_eq!(clean("a\u{1b}[2Jb"), "a\u{241b}[2Jb");
        assert_eq!(clean("x\u{9b}31my"), "x31my");
        assert_eq!(clean("user\u{202e}fdp.exe"), "userfdp.exe");
        assert_eq!(clean("one\ntwo\tthree"), "one two three");
        assert_eq!(clean("\u{200f}\u{200b}"), "");
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in ["Onboarding ACME", "家族 Übung", "👩‍👩‍👧 family", "שלום", "नमस्ते"]
        {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn what_a_line_goes_on_with_stands_under_it() {
        let json = "{\n  \"a\": \"one two three\"\n}";
        assert_eq!(wrapped_under(json, 14), ["{", "  \"a\": \"one", "    two three\"", "}"]);
        assert!(wrapped_under("      abcdefgh", 4).iter().all(|line| width(line) <= 4));
    }

    #[test]
    fn what_is_no_character_is_replaced() {
        assert_eq!(clean("a\u{fdd0}b\u{ffff}c\u{1fffe}"), "a\u{fffd}b\u{fffd}c\u{fffd}");
    }

    #[test]
    fn what_has_no_width_stays_only_where_it_joins_something() {
        assert_eq!(clean("pay\u{200d}pal \u{200c}x\u{200d}"), "paypal x");
        assert_eq!(clean("é\u{200d}\u{200b}é \u{200d}é"), "éé é");
        assert_eq!(clean("می\u{200c}خواهم"), "می\u{200c}خواهم");
    }

    #[test]
    fn a_name_is_never_invisible() {
        assert_eq!(name_or_nameless(" \u{200b} "), NAMELESS);
        assert_eq!(name_or_nameless("x"), "x");
    }

    #[test]
    fn sizes_are_in_the_unit_that_fits() {
        let sizes = [0, 999, 1_000, 1_260, 999_999, 42_000_000, 7_950_000_000, u64::MAX].map(size);
        let told = ["0 B", "999 B", "1.0 kB", "1.2 kB", "999.9 kB", "42.0 MB", "7.9 GB", "18,446,744.0 TB"];
        assert_eq!(sizes, told);
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (cell, shown) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            (" =1", "' =1"),
            ("\u{200b}=1", "'=1"),
            ("\tx", "' x"),
            ("\rx", "' x"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(harmless(cell), shown, "{cell:?}");
        }
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn what_is_found_is_told_in_bytes() {
        let hits = |text: &'static str, wanted| -> Vec<&str> {
            found(text, wanted).into_iter().map(|range| &text[range]).collect()
        };
        assert_eq!(hits("Zoë met ZOE and Zoe\u{308}", "zoë"), ["Zoë", "ZOE", "Zoe\u{308}"]);
        assert_eq!(hits("aaa", "a"), ["a", "a", "a"]);
        assert_eq!(hits("家族", "族"), ["族"]);
        for (text, wanted) in [("abc", ""), ("", "x"), ("abc", "\u{301}")] {
            assert!(found(text, wanted).is_empty(), "{text} {wanted}");
        }
    }

    #[test]
    fn folding_ignores_case_and_accents() {
        assert_eq!(folded("Zoë ÅNGSTRÖM Zoe\u{308}"), "zoe angstrom zoe");
    }

    proptest! {
        #[test]
        fn what_is_found_is_there(text in "\\PC{0,20}", wanted in "\\PC{0,3}") {
            for range in found(&text, &wanted) {
                prop_assert!(folded(&text[range]).contains(&folded(&wanted)));
            }
        }

        #[test]
        fn nothing_cleaned_still_controls(text in "\\PC*|[\\x00-\\x{a0}\\x{2000}-\\x{2070}]*") {
            prop_assert!(!clean(&text).chars().any(|c| c.is_control() || is_invisible(c)));
        }
    }
}
