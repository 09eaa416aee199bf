//! The codes of guest links in a text.
//!
//! Owns the forms of such links (API sheet, section 3.1) and whose they are: only addresses on a host of Tallyfy or on the
//! configured one, and paths without a host, contain a code. An address on another host is left as it is, up to one of
//! ours inside it.

use std::ops::Range;

use super::escapes::ResolvedChar;

/// The domain of Tallyfy: its hosts are this and everything below it.
const DOMAIN: &str = "tallyfy.com";
/// The words that lead to a code; a text without any contains none.
pub(super) const WORDS: [&str; 3] = ["guest", "watch", "access_token"];

/// Whose address the letters belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LinkHost {
    Ours,
    Foreign,
    /// There is none.
    Missing,
}

/// Whether `text` contains `wanted`, in any case.
pub(super) fn contains(text: &str, wanted: &str) -> bool {
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    text.windows(wanted.len().max(1)).any(|part| part.eq_ignore_ascii_case(wanted))
}

/// Returns where `wanted` stands, in any case: names of hosts come back in lower case.
pub(super) fn occurrences(letters: &[ResolvedChar], wanted: &str) -> Vec<Range<usize>> {
    let wanted: Vec<char> = wanted.chars().collect();
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(part) = letters.get(at..at + wanted.len()).filter(|part| !part.is_empty()) {
        let is_here = part.iter().zip(&wanted).all(|(letter, c)| letter.c.eq_ignore_ascii_case(c));
        if is_here {
            found.push(at..at + wanted.len());
        }
        at += if is_here { wanted.len() } else { 1 };
    }
    found
}

/// Returns where the codes stand. `host` is the configured one.
pub(super) fn codes(letters: &[ResolvedChar], host: &str) -> Vec<Range<usize>> {
    let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '`');
    // Browsers take a backslash in an address for a slash.
    let slashed = letters
        .iter()
        .map(|letter| ResolvedChar { c: if letter.c == '\\' { '/' } else { letter.c }, ..*letter });
    let letters: &[ResolvedChar] = &slashed.collect::<Vec<_>>();
    let (mut found, mut at) = (Vec::new(), 0);
    for word in letters.split(|letter| ends(letter.c)) {
        found.extend(LinkText(word).codes(host).into_iter().map(|code| code.start + at..code.end + at));
        at += word.len() + 1;
    }
    found
}

/// Letters without a space or a quotation mark among them.
struct LinkText<'a>(&'a [ResolvedChar]);

impl LinkText<'_> {
    fn at(&self, at: usize) -> Option<char> {
        self.0.get(at).map(|letter| letter.c)
    }

    fn codes(&self, host: &str) -> Vec<Range<usize>> {
        let (mut found, mut of, mut from, mut at) = (Vec::new(), LinkHost::Missing, 0, 0);
        while at < self.0.len() {
            match self.authority(at, host) {
                Some((end, next)) => {
                    self.add(&mut found, from..at, of);
                    (of, from, at) = (next, end, end);
                }
                None => at += 1,
            }
        }
        self.add(&mut found, from..self.0.len(), of);
        found
    }

    /// Whether an address begins at `at`: where its host ends, and whose that is.
    fn authority(&self, at: usize, host: &str) -> Option<(usize, LinkHost)> {
        let before = at.checked_sub(1).and_then(|before| self.at(before));
        let is_start = (self.at(at), self.at(at + 1)) == (Some('/'), Some('/'))
            && before.is_none_or(|c| !(is_piece(c) || c == '/') || c == '=');
        if is_start {
            let begin = at + 2;
            let end = self.end(begin, |c| !matches!(c, '/' | '?' | '#' | '&' | ',' | ';' | '(' | ')' | '\''));
            let text = self.text(begin..end);
            let name = text.rsplit('@').next().unwrap_or_default();
            let name = match name.find(']') {
                Some(end) => &name[..=end],
                None => name.split(':').next().unwrap_or_default(),
            };
            let whose = if is_ours(name, host) { LinkHost::Ours } else { LinkHost::Foreign };
            return (!name.is_empty()).then_some((end, whose));
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        if before.is_some_and(is_name) {
            return None;
        }
        let end = self.end(at, is_name);
        let is_known = end > at && is_ours(&self.text(at..end), host);
        let port = match self.at(end) {
            Some(':') => self.end(end + 1, |c| c.is_ascii_digit()),
            _ => end,
        };
        is_known.then_some((port, LinkHost::Ours))
    }

    /// Adds the codes of `part`, which belongs to an address of that host.
    fn add(&self, found: &mut Vec<Range<usize>>, part: Range<usize>, of: LinkHost) {
        match of {
            LinkHost::Foreign => {}
            LinkHost::Ours => self.find(found, part, false),
            LinkHost::Missing => {
                // A path that begins somewhere, such as in `href=/guest/..`; or at least a parameter.
                let path = part.clone().find(|at| {
                    let before = at.checked_sub(1).and_then(|before| self.at(before));
                    self.at(*at) == Some('/') && before.is_none_or(|c| !is_piece(c) && c != '/' || c == '=')
                });
                let is_api =
                    |first: &str| ["organizations", "organization", "public", "api"].contains(&first);
                let first = self.text(part.start..self.end(part.start, |c| c.is_ascii_alphabetic()));
                let from = if is_api(&first) { Some(part.start) } else { path };
                self.find(found, part.start..from.unwrap_or(part.end), true);
                self.find(found, from.unwrap_or(part.end)..part.end, false);
            }
        }
    }

    /// Finds the codes in a path and its parameters; in the latter alone, where there is no path.
    fn find(&self, found: &mut Vec<Range<usize>>, part: Range<usize>, only_parameters: bool) {
        let pieces = self.pieces(part.clone());
        for (n, piece) in pieces.iter().enumerate() {
            let text = self.text(piece.clone());
            if let Some((key, value)) = text.split_once('=') {
                let key: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
                let is_code = match key.as_str() {
                    "guestcode" | "accesstoken" => true,
                    "guest" => !only_parameters && !value.contains('@'),
                    "code" => pieces[..n].iter().any(|before| self.text(before.clone()) == "guest"),
                    _ => false,
                };
                if is_code {
                    let start = piece.end - value.chars().count();
                    self.push(found, start..piece.end);
                }
            }
            let next = |more: usize| {
                let piece = pieces.get(n + more)?;
                let before = pieces.get(n + more - 1)?;
                // Empty pieces, as in `//`, are none.
                self.0[before.end..piece.start].iter().all(|letter| letter.c == '/').then(|| piece.clone())
            };
            let code = match text.as_str() {
                _ if only_parameters => None,
                "guest" => next(1),
                "guest-all-task" => next(1).and_then(|_| next(2)),
                "guests" => next(1).filter(|code| !self.text(code.clone()).contains('@')),
                "watch" => next(1).filter(|_| next(2).is_some()),
                _ => None,
            };
            code.into_iter().for_each(|code| self.push(found, code));
        }
    }

    /// The pieces of a path and its parameters: what stands between slashes and other marks.
    fn pieces(&self, part: Range<usize>) -> Vec<Range<usize>> {
        let (mut pieces, mut at) = (Vec::new(), part.start);
        while at < part.end {
            let end = self.end(at, is_piece).min(part.end);
            if end > at {
                pieces.push(at..end);
            }
            at = end + 1;
        }
        pieces
    }

    /// Adds a code without the marks of the sentence around it.
    fn push(&self, found: &mut Vec<Range<usize>>, code: Range<usize>) {
        let is_mark = |at: &usize| self.at(*at).is_some_and(|c| !c.is_ascii_alphanumeric());
        let marks = code.clone().rev().take_while(is_mark).count();
        let code = code.start..code.end - marks;
        if !code.is_empty() {
            found.push(code);
        }
    }

    fn end(&self, from: usize, fits: impl Fn(char) -> bool) -> usize {
        let fitting = self.0.iter().skip(from).take_while(|letter| fits(letter.c)).count();
        (from + fitting).min(self.0.len().max(from))
    }

    fn text(&self, range: Range<usize>) -> String {
        self.0.get(range).unwrap_or_default().iter().map(|letter| letter.c.to_ascii_lowercase()).collect()
    }
}

/// Whether a character stands inside a piece of an address.
fn is_piece(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~' | '%' | '+' | '=' | '@')
}

/// Whether the host, in lower case, is Tallyfy's or the configured one.
fn is_ours(name: &str, host: &str) -> bool {
    let name = name.trim_end_matches('.');
    let is_below = name.strip_suffix(DOMAIN).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    is_below || !name.is_empty() && name.eq_ignore_ascii_case(host.trim_end_matches('.'))
}
