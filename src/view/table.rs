//! The table of a kind.
//!
//! Owns the two signs before each row and what stands where there is no row. Only rows on the screen are looked at.

use ratatui::text::Span;

use super::text;
use crate::app::command::Command;
use crate::app::layout::{Area, first_row};
use crate::app::list::{Listing, LoadProgress};
use crate::app::selection::Mark;
use crate::app::state::{Identity, State};
use crate::model::failure::Failure;
use crate::model::filter::FuzzyBuffers;
use crate::model::kind::Scope;
use crate::model::text::wrapped;
use crate::view::painter::Painter;
use crate::view::{columns, marked_view};

/// Cells of the two signs and the space after them.
pub(super) const MARGIN: usize = 3;

/// Draws the table.
pub(super) fn draw(state: &State, area: Area, painter: &mut Painter<'_>) {
    if area.height == 0 {
        return;
    }
    match &state.marked_only {
        Some(working) => marked_view::draw(state, working, area, painter),
        None => listed(state, area, painter),
    }
}

fn listed(state: &State, area: Area, painter: &mut Painter<'_>) {
    let (listing, theme) = (state.listing(), painter.theme);
    let room = usize::from(area.width).saturating_sub(MARGIN);
    let columns = columns::columns(listing.kind, listing.sort, u8::MAX, room);
    painter.line(area, 0, &under_signs(' ', ' ', painter, columns::heads(&columns, theme.head())));
    if listing.shown() == 0 {
        sentences(&emptiness(state), area, painter);
        return;
    }
    let page = usize::from(area.height - 1);
    let first = first_row(listing.cursor_row(), listing.shown(), page);
    let range = listing.range();
    let mut matching = (!listing.filter.is_empty()).then(FuzzyBuffers::default);
    for (line, row) in (first..listing.shown()).take(page).enumerate() {
        let is_current = row == listing.cursor_row();
        let Some(record) = listing.row(row) else {
            let words = listing.gap(row).map(|why| gap(state, why));
            let cells = vec![Span::styled(text::cut(&words.unwrap_or_default(), room), theme.bad())];
            row_of(line + 1, is_current, ' ', cells, area, painter);
            continue;
        };
        let mark = state.marks.get(record.kind(), record.id());
        let sign = match mark {
            Some(Mark { failed: Some(_), .. }) => '!',
            Some(_) => '*',
            None if range.as_ref().is_some_and(|range| range.contains(&row)) => '+',
            None => ' ',
        };
        let letters = matching.as_mut().and_then(|matching| listing.filter.matched(record.name(), matching));
        let cells = columns::record(state, theme, &record, &columns, &letters.unwrap_or_default());
        row_of(line + 1, is_current, sign, cells, area, painter);
    }
}

/// What stands in the place of a page that could not be read.
fn gap(state: &State, why: &Failure) -> String {
    format!("rows are missing here: {}; {}", why.words, key(state, Command::Reload, "reads them"))
}

/// A row with its signs.
pub(super) fn row_of(
    line: usize,
    is_current: bool,
    sign: char,
    cells: Vec<Span<'_>>,
    area: Area,
    painter: &mut Painter<'_>,
) {
    let cursor = if is_current { '>' } else { ' ' };
    painter.line(area, line, &under_signs(cursor, sign, painter, cells));
    if is_current {
        painter.style_row(area, line, painter.theme.current());
    }
}

pub(super) fn under_signs<'a>(
    cursor: char,
    sign: char,
    painter: &Painter<'_>,
    cells: Vec<Span<'a>>,
) -> Vec<Span<'a>> {
    let theme = painter.theme;
    let style = if sign == '!' { theme.bad() } else { theme.mark() };
    let signs = [Span::raw(cursor.to_string()), Span::styled(sign.to_string(), style), Span::raw(" ")];
    signs.into_iter().chain(cells).collect()
}

/// Sentences in the place of rows, and whether each must not be overlooked.
pub(super) fn sentences(sentences: &[(String, bool)], area: Area, painter: &mut Painter<'_>) {
    let room = usize::from(area.width).saturating_sub(MARGIN);
    let mut row = 1;
    for (sentence, loud) in sentences {
        let style = if *loud { painter.theme.bad() } else { painter.theme.plain() };
        for line in wrapped(sentence, room) {
            painter.line(area, row, &[Span::raw("   "), Span::styled(line, style)]);
            row += 1;
        }
    }
}

/// Why no row is shown.
fn emptiness(state: &State) -> Vec<(String, bool)> {
    let listing = state.listing();
    let calm = |words: String| vec![(words, false)];
    match (&listing.load, &state.identity) {
        (LoadProgress::Untouched, Identity::Failed(failure)) => {
            failed("could not read who you are", failure, state, Command::Reload)
        }
        (LoadProgress::Failed(failure), _) if listing.loaded() == 0 => {
            failed("could not load", failure, state, Command::Reload)
        }
        (LoadProgress::Untouched | LoadProgress::Running(_), _) if listing.loaded() == 0 => {
            calm("loading…".to_owned())
        }
        (LoadProgress::Running(_), _) => calm("nothing matches so far, still loading…".to_owned()),
        (LoadProgress::Stopped, _) if listing.loaded() == 0 => {
            calm(format!("loading was stopped; {}", key(state, Command::Reload, "loads again")))
        }
        _ if !listing.filter.is_empty() && listing.loaded() > 0 => {
            calm(format!("nothing matches the filter; {}", key(state, Command::Back, "clears it")))
        }
        _ => calm(nothing_there(state, listing)),
    }
}

fn nothing_there(state: &State, listing: &Listing) -> String {
    let row = listing.kind.row();
    let plural = row.plural;
    let next = |words: &str| key(state, Command::NextScope, words);
    match (row.archives(), listing.scope) {
        (true, Scope::Active) => {
            format!("no active {plural}; {}", next(&format!("shows {} ones", row.words.archived)))
        }
        (true, Scope::Archived) => format!("no {} {plural}; {}", row.words.archived, next("shows all")),
        _ => format!("no {plural}"),
    }
}

fn failed(what: &str, failure: &Failure, state: &State, again: Command) -> Vec<(String, bool)> {
    let mut sentences = vec![(format!("{what}: {failure}"), true)];
    sentences.extend(failure.hint().map(|hint| (format!("hint: {hint}"), false)));
    sentences.push((key(state, again, "tries again"), false));
    sentences
}

/// What a key does, or how to do it without one.
fn key(state: &State, command: Command, does: &str) -> String {
    match state.setup.keymap.chord(command) {
        Some(chord) if chord.to_string() == "esc" => format!("Esc {does}"),
        Some(chord) => format!("{chord} {does}"),
        None => format!("the palette {does}"),
    }
}
