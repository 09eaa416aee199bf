//! The rows of a table as text, with whatever separator, quotation marks and line ends it has.
//!
//! Owns where a row ends. A quotation mark that is not closed takes no other line with it. Must not know what cells mean.

use std::rc::Rc;

/// The most lines of one row: a quotation mark that is not closed by then is a stray one.
const MOST_IN_A_ROW: usize = 10_000;
const QUOTE: char = '"';
const SEPARATORS: [char; 3] = [',', ';', '\t'];
/// The beginning of the line by which a spreadsheet says what stands between the cells.
const SEP: &str = "sep=";

/// The rows that are still to be read.
#[derive(Clone)]
pub(super) struct Lines<'a> {
    lines: Rc<Vec<&'a str>>,
    separator: char,
    next: usize,
}

/// A row.
pub(super) struct Row {
    /// The number of its first line, from 1.
    pub(super) line: u64,
    /// Its cells, trimmed; none where its quotation marks do not close, or close in the middle of a cell.
    pub(super) cells: Option<Vec<String>>,
}

impl<'a> Lines<'a> {
    /// The rows of `source`, without its byte order mark and a line that names the separator.
    pub(super) fn new(source: &'a str) -> Self {
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        let mut lines = Vec::new();
        for line in source.split('\n') {
            // The line ends of Windows, and those of old spreadsheets on a Mac.
            lines.extend(line.strip_suffix('\r').unwrap_or(line).split('\r'));
        }
        let first = lines.iter().position(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let said = first.and_then(|first| named_separator(lines[first]));
        let next = if said.is_some() { first.map_or(0, |first| first + 1) } else { 0 };
        let head = lines[next..].iter().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let separator = said.unwrap_or_else(|| usual_separator(head.unwrap_or(&"")));
        Self { lines: Rc::new(lines), separator, next }
    }

    /// Goes on behind the line with this number, whatever was read since.
    pub(super) fn back_to(&mut self, line: u64) {
        self.next = usize::try_from(line).unwrap_or(usize::MAX).min(self.next);
    }
}

impl Iterator for Lines<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let rest = self.lines.get(self.next..).filter(|rest| !rest.is_empty())?;
        let line = self.next as u64 + 1;
        let row = row(rest, self.separator);
        self.next += row.as_ref().map_or(1, |(_, lines)| *lines);
        Some(Row { line, cells: row.map(|(cells, _)| cells) })
    }
}

/// The separator that a line such as `sep=;` names.
fn named_separator(line: &str) -> Option<char> {
    let line = line.trim_matches([' ', QUOTE]);
    let rest = line.get(SEP.len()..).filter(|_| line[..SEP.len()].eq_ignore_ascii_case(SEP))?;
    let mut letters = rest.chars();
    let separator = letters.next().filter(|letter| !letter.is_alphanumeric())?;
    letters.next().is_none().then_some(separator)
}

/// The separator that the head has most of, outside quotation marks.
fn usual_separator(head: &str) -> char {
    let mut is_quoted = false;
    let mut counts = [0_usize; SEPARATORS.len()];
    for letter in head.chars() {
        is_quoted ^= letter == QUOTE;
        let at = SEPARATORS.iter().position(|separator| *separator == letter && !is_quoted);
        at.into_iter().for_each(|at| counts[at] += 1);
    }
    let most = counts.iter().copied().max().unwrap_or_default();
    let at = counts.iter().position(|count| *count == most).unwrap_or_default();
    SEPARATORS[at]
}

/// The cells of the row that `lines` begin with, and how many of the lines it takes.
fn row(lines: &[&str], separator: char) -> Option<(Vec<String>, usize)> {
    let first = lines.first()?;
    if !first.contains(QUOTE) {
        return Some((first.split(separator).map(|cell| cell.trim().to_owned()).collect(), 1));
    }
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let (mut is_quoted, mut is_closed, mut is_begin) = (false, false, true);
    for (n, line) in lines.iter().take(MOST_IN_A_ROW).enumerate() {
        let mut letters = line.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                QUOTE if is_quoted && letters.next_if_eq(&QUOTE).is_some() => cell.push(QUOTE),
                QUOTE if is_quoted => (is_quoted, is_closed) = (false, true),
                QUOTE if is_begin => is_quoted = true,
                letter if letter == separator && !is_quoted => {
                    cells.push(std::mem::take(&mut cell).trim().to_owned());
                    (is_begin, is_closed) = (true, false);
                    continue;
                }
                letter if is_closed && !letter.is_whitespace() => return None,
                letter => cell.push(letter),
            }
            is_begin = false;
        }
        if !is_quoted {
            cells.push(cell.trim().to_owned());
            return Some((cells, n + 1));
        }
        cell.push('\n');
    }
    None
}
