//! Cells and graphemes: how wide text is, and how it is cut.
//!
//! Owns measuring. It measures as the buffer draws, grapheme by grapheme, so that what is measured to fit does fit.

use std::borrow::Cow;

use ratatui::buffer::CellWidth;
use ratatui::style::Style;
use ratatui::text::Span;
use unicode_segmentation::UnicodeSegmentation;

use crate::model::text::clean;

/// What stands where text was cut.
const CUT: &str = "…";

/// The graphemes of clean text, with the cells each takes.
fn measured(clean: &str) -> impl Iterator<Item = (&str, usize)> {
    clean.graphemes(true).map(|grapheme| (grapheme, usize::from(grapheme.cell_width())))
}

/// The graphemes of a text, each with the byte it begins at.
pub(super) fn graphemes(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.grapheme_indices(true)
}

/// `text` cleaned, with nothing in it that terminals do not agree on the width of: pictures that are joined into one, or
/// have a tone of skin, stand side by side or without it, and nothing asks for a picture in place of a letter. Where a
/// terminal takes other cells than were reckoned with, what was drawn before stays on the screen.
fn drawn(text: &str) -> Cow<'_, str> {
    let text = clean(text);
    if !text.chars().any(is_disputed) {
        return text;
    }
    let mut sure = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let joins_letters = letter == JOINER && letters.peek().is_some_and(|next| !is_picture(*next));
        if !is_disputed(letter) || joins_letters {
            sure.push(letter);
        }
    }
    Cow::Owned(sure)
}

const JOINER: char = '\u{200D}';

fn is_disputed(c: char) -> bool {
    matches!(c, JOINER | '\u{FE0E}' | '\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}')
}

/// Signs and pictures, which no script joins.
fn is_picture(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}')
}

/// How many cells `text` takes once it is cleaned.
pub(super) fn width(text: &str) -> usize {
    measured(&drawn(text)).map(|(_, width)| width).sum()
}

/// How many cells a line takes.
pub(super) fn line_width(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| width(&span.content)).sum()
}

/// `spans` cleaned and cut to `room` cells, never inside a grapheme; a cut is shown.
pub(super) fn fitted<'a>(spans: &'a [Span<'a>], room: usize) -> Vec<Span<'a>> {
    fit(spans, room).0
}

/// `spans` as [`fitted`] cuts them, and the cells they then take. Nothing is measured twice, nor beyond where it is cut.
fn fit<'a>(spans: &'a [Span<'a>], room: usize) -> (Vec<Span<'a>>, usize) {
    let (mut kept, mut used) = (Vec::with_capacity(spans.len() + 1), 0);
    // Where the text would end if a cell had to be left for the sign of a cut, and in whose style that would stand.
    let mut short: Option<(usize, usize, usize, Style)> = None;
    for span in spans {
        let (text, mut end) = (drawn(&span.content), 0);
        for (grapheme, width) in measured(&text) {
            if used + width > room.saturating_sub(1) && short.is_none() {
                short = Some((kept.len(), end, used, span.style));
            }
            if used + width > room {
                kept.push(Span::styled(text.clone(), span.style));
                return ended(kept, short, room);
            }
            used += width;
            end += grapheme.len();
        }
        kept.push(Span::styled(text, span.style));
    }
    (kept, used)
}

/// `kept` up to where it is cut, with the sign of the cut if there is room for one.
fn ended<'a>(
    mut kept: Vec<Span<'a>>,
    short: Option<(usize, usize, usize, Style)>,
    room: usize,
) -> (Vec<Span<'a>>, usize) {
    let Some((spans, end, used, style)) = short else { return (kept, room) };
    kept.truncate(spans + 1);
    if let Some(last) = kept.get_mut(spans) {
        last.content.to_mut().truncate(end);
    }
    if end == 0 {
        kept.truncate(spans);
    }
    if room > 0 {
        kept.push(Span::styled(CUT, style));
    }
    (kept, used + usize::from(room > 0))
}

/// `text` cut to `room` cells.
pub(super) fn cut(text: &str, room: usize) -> String {
    let span = [Span::raw(text)];
    fitted(&span, room).into_iter().map(|span| span.content).collect()
}

/// `spans` as a cell of a table: cut or filled up to exactly `room` cells, with the filling before the text where it
/// is to stand right.
pub(super) fn cell(spans: &[Span<'_>], room: usize, right: bool) -> Vec<Span<'static>> {
    let (fitted, used) = fit(spans, room);
    let filling = Span::raw(" ".repeat(room.saturating_sub(used)));
    let owned = fitted.into_iter().map(|span| Span::styled(span.content.into_owned(), span.style));
    if right { [filling].into_iter().chain(owned).collect() } else { owned.chain([filling]).collect() }
}

/// `text` in runs of one style: graphemes whose number is in `letters`, which is sorted, take `matched`.
pub(super) fn highlighted<'a>(text: &'a str, letters: &[u32], plain: Style, matched: Style) -> Vec<Span<'a>> {
    if letters.is_empty() {
        return vec![Span::styled(text, plain)];
    }
    let mut spans: Vec<Span<'a>> = Vec::new();
    let (mut start, mut inside) = (0, false);
    for (n, (at, _)) in text.grapheme_indices(true).enumerate() {
        let hit = u32::try_from(n).is_ok_and(|n| letters.binary_search(&n).is_ok());
        if hit != inside {
            spans.push(Span::styled(&text[start..at], if inside { matched } else { plain }));
            (start, inside) = (at, hit);
        }
    }
    spans.push(Span::styled(&text[start..], if inside { matched } else { plain }));
    spans
}

/// The end of clean text that fits before a cursor in `room` cells: how much of it has to go.
pub(super) fn scrolled_off(before_cursor: &str, room: usize) -> usize {
    let mut over = width(before_cursor).saturating_sub(room.saturating_sub(1));
    let mut gone = 0;
    for (grapheme, width) in measured(before_cursor) {
        if over == 0 {
            break;
        }
        over = over.saturating_sub(width);
        gone += grapheme.len();
    }
    gone
}

/// A part of a line that may leave it.
#[derive(Debug, Clone)]
pub(super) struct LinePart<'a> {
    /// The parts of the lowest rank stay longest; rank 0 stays always.
    pub(super) rank: u8,
    /// The part.
    pub(super) spans: Vec<Span<'a>>,
}

impl<'a> LinePart<'a> {
    /// A part of one style.
    pub(super) fn new(rank: u8, text: impl Into<Cow<'a, str>>, style: Style) -> Self {
        Self { rank, spans: vec![Span::styled(text, style)] }
    }
}

/// How many cells parts take beside each other, two cells apart.
pub(super) fn total(parts: &[LinePart<'_>]) -> usize {
    parts.iter().map(|part| line_width(&part.spans) + 2).sum::<usize>().saturating_sub(2)
}

/// The parts that fit beside each other into `room` cells, in their order. Those of low rank choose first; one that is
/// too long leaves its room to those after it.
pub(super) fn shed(parts: Vec<LinePart<'_>>, room: usize) -> Vec<LinePart<'_>> {
    let mut by_rank: Vec<usize> = (0..parts.len()).collect();
    by_rank.sort_by_key(|at| parts[*at].rank);
    let (mut kept, mut used) = (vec![false; parts.len()], 0);
    for at in by_rank {
        let gap = if used == 0 { 0 } else { 2 };
        let wanted = used + gap + line_width(&parts[at].spans);
        if wanted <= room || parts[at].rank == 0 {
            (kept[at], used) = (true, wanted);
        }
    }
    parts.into_iter().zip(kept).filter_map(|(part, kept)| kept.then_some(part)).collect()
}

/// A line of the parts that fit beside each other.
pub(super) fn beside(parts: Vec<LinePart<'_>>, room: usize) -> Vec<Span<'_>> {
    let mut line = Vec::new();
    for part in shed(parts, room) {
        if !line.is_empty() {
            line.push(Span::raw("  "));
        }
        line.extend(part.spans);
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_cut_between_graphemes_and_says_so() {
        for (text, room, shown) in [
            ("Onboarding", 10, "Onboarding"),
            ("Onboarding", 9, "Onboardi…"),
            ("家族会議", 8, "家族会議"),
            ("家族会議", 7, "家族会…"),
            ("家族会議", 6, "家族…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            ("👩‍👩‍👧👩‍👩‍👧x", 4, "👩…"),
            ("שלום", 3, "של…"),
            ("ab", 1, "…"),
            ("ab", 0, ""),
        ] {
            assert_eq!(cut(text, room), shown, "{text} in {room}");
        }
    }

    #[test]
    fn nothing_is_drawn_that_terminals_take_other_widths_for() {
        for (text, shown) in [
            ("👩‍👩‍👧 🏳️‍🌈 👍🏽 1️⃣", "👩👩👧 🏳🌈 👍 1\u{20e3}"),
            ("می\u{200c}خواهم क्\u{200d}ष", "می\u{200c}خواهم क्\u{200d}ष"),
            ("🇩🇪 café", "🇩🇪 café"),
        ] {
            assert_eq!(drawn(text), shown);
        }
    }

    #[test]
    fn parts_of_low_rank_stay_longest() {
        let parts = || {
            [(1, "one"), (3, "three"), (2, "two")]
                .map(|(rank, word)| LinePart::new(rank, word, Style::new()))
                .into()
        };
        let shown = |room| beside(parts(), room).iter().map(|span| &*span.content).collect::<String>();
        assert_eq!(
            [20, 14, 13, 8, 7, 2].map(shown),
            ["one  three  two", "one  two", "one  two", "one  two", "one", ""]
        );
    }

    #[test]
    fn the_cursor_stays_in_sight() {
        assert_eq!(scrolled_off("abc", 4), 0);
        assert_eq!(scrolled_off("abcd", 4), 1);
        assert_eq!(scrolled_off("家族", 4), 3);
    }

    proptest! {
        #[test]
        fn cut_text_fits_and_cells_are_exact(text in "\\PC{0,30}|[a-z家é👩\u{200d}👧\u{301}\\x1b]{0,30}", room in 0usize..40) {
            prop_assert!(width(&cut(&text, room)) <= room);
            for right in [false, true] {
                prop_assert_eq!(line_width(&cell(&[Span::raw(&*text)], room, right)), room);
            }
        }
    }
}
