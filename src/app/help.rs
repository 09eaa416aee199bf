//! The help, line by line.
//!
//! Owns how the keymap's rows are grouped by where they are bound. Every word on keys comes from the keymap, every word on
//! the filter from its language.

use super::layout::Area;
use super::lines::{LineWeight, WrappedLine};
use crate::app::event::Size;
use crate::app::keymap::{Binding, Chord, KeyContext, Keymap, SUSPEND};
use crate::model::filter;

/// From this inner width on, the help stands in two columns.
const TWO_COLUMNS: u16 = 96;

/// Cells between the two columns.
pub const GAP: u16 = 3;

/// Cells for the keys, the space after them included.
const KEYS: usize = 12;

/// Cells for the terms of a filter at most, the space after them included; they never take more than half a column.
const TERMS: usize = 18;

/// The help, laid out for a terminal.
#[derive(Debug)]
pub struct Help {
    /// Its box.
    pub area: Area,
    /// Its columns, of which there is one or two.
    pub columns: Vec<Vec<WrappedLine>>,
    /// Cells a column is wide.
    pub width: u16,
}

impl Help {
    /// The help of `keymap` for a terminal of `size`.
    #[must_use]
    pub fn of(keymap: &Keymap, size: Size) -> Self {
        let room = Area::centered(size, 124, size.height).inside(2).width;
        let two = room >= TWO_COLUMNS;
        let width = if two { (room - GAP) / 2 } else { room };
        let sections = sections(keymap, usize::from(width));
        let columns = if two { halves(sections) } else { vec![sections.concat()] };
        let lines = columns.iter().map(Vec::len).max().unwrap_or_default();
        let wanted = u16::try_from(lines + 2).unwrap_or(u16::MAX);
        let outer = if two { 2 * width + GAP } else { width } + 4;
        // The last line stays free for what a key has to say.
        let room = Size { height: size.height.saturating_sub(1), ..size };
        Self { area: Area::centered(room, outer, wanted), columns, width }
    }

    /// How many lines it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.iter().map(Vec::len).max().unwrap_or_default()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How far it can be scrolled.
    #[must_use]
    pub fn most_scroll(&self) -> usize {
        self.len().saturating_sub(usize::from(self.area.inside(2).height))
    }
}

/// The sections in the order of their first row, each with its head.
fn sections(keymap: &Keymap, width: usize) -> Vec<Vec<WrappedLine>> {
    let mut sections: Vec<(&'static [KeyContext], Vec<WrappedLine>)> = Vec::new();
    for (binding, chords) in keymap.rows() {
        let at = sections.iter().position(|(contexts, _)| *contexts == binding.contexts);
        let at = at.unwrap_or_else(|| {
            let head = WrappedLine::wrapped(LineWeight::Head, &place(binding.contexts), width).collect();
            sections.push((binding.contexts, head));
            sections.len() - 1
        });
        sections[at].1.extend(row(binding, chords, width));
    }
    let mut sections: Vec<Vec<WrappedLine>> = sections.into_iter().map(|(_, lines)| lines).collect();
    if let Some(first) = sections.first_mut() {
        let keys = SUSPEND.to_string();
        first.extend(WrappedLine::led(
            &keys,
            KEYS,
            LineWeight::Plain,
            "stop until the shell continues it",
            width,
        ));
    }
    sections.push(language(width));
    let last = sections.len().saturating_sub(1);
    sections.iter_mut().take(last).for_each(|lines| lines.push(WrappedLine::blank()));
    sections
}

/// What can be typed to filter a list.
fn language(width: usize) -> Vec<WrappedLine> {
    let column = TERMS.min(width / 2);
    let head = WrappedLine::wrapped(LineWeight::Head, "in a filter; all its terms must match", width);
    let terms = filter::HELP.iter();
    head.chain(
        terms.flat_map(|(terms, meaning)| WrappedLine::led(terms, column, LineWeight::Plain, meaning, width)),
    )
    .collect()
}

fn row(binding: &Binding, chords: &[Chord], width: usize) -> Vec<WrappedLine> {
    let keys: Vec<_> = chords.iter().map(Chord::to_string).collect();
    let keys = match binding.command.argument() {
        Some(argument) if keys.is_empty() => argument.to_string(),
        None if keys.is_empty() => "(no key)".to_owned(),
        _ => keys.join(" "),
    };
    WrappedLine::led(&keys, KEYS, LineWeight::Plain, binding.help, width)
}

/// The words for a set of contexts.
fn place(contexts: &[KeyContext]) -> String {
    let missing: Vec<_> = KeyContext::ALL.iter().filter(|context| !contexts.contains(context)).collect();
    match (missing.as_slice(), contexts) {
        ([], _) => "everywhere".to_owned(),
        ([KeyContext::Help], _) => "in every pane".to_owned(),
        (_, contexts) => {
            let titles: Vec<_> = contexts.iter().map(|context| context.title()).collect();
            titles.join(", ")
        }
    }
}

/// The sections in two columns of about the same length.
fn halves(sections: Vec<Vec<WrappedLine>>) -> Vec<Vec<WrappedLine>> {
    let all: usize = sections.iter().map(Vec::len).sum();
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for lines in sections {
        let fits_left = right.is_empty() && left.len() + lines.len() / 2 <= all / 2;
        if fits_left { left.extend(lines) } else { right.extend(lines) }
    }
    vec![left, right]
}
