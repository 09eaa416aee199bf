//! The line under the table.
//!
//! Owns what it says of the list: scope, filter, sort, how much of it is here, and what is marked.

use ratatui::text::Span;

use super::text::{self, LinePart};
use super::theme::Theme;
use crate::app::command::Command;
use crate::app::layout::Area;
use crate::app::list::{Listing, LoadProgress};
use crate::app::marked_view::MarkedView;
use crate::app::state::State;
use crate::model::limits;
use crate::model::text::grouped;
use crate::view::columns::direction;
use crate::view::painter::Painter;

/// Cells of a filter that are shown here; the whole stands in its input.
const FILTER: usize = 32;
/// The rank of how far a list was gathered, told in full.
const COVERAGE: u8 = 11;
/// The rank of why a load failed.
const FAILURE: u8 = 12;

/// Draws the line.
pub(super) fn draw(state: &State, area: Area, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let listing = state.listing();
    let parts = if let Some(set) = &state.marked_only {
        of_set(set, theme)
    } else if listing.marking.is_some() {
        vec![LinePart::new(0, marking(listing), theme.wary())]
    } else {
        let mut parts = of_list(listing, theme);
        parts.extend(of_marks(state, theme));
        parts.extend(of_load(state, theme));
        with_coverage(parts, listing, usize::from(area.width), theme)
    };
    let line = text::beside(parts, usize::from(area.width));
    painter.line(area, 0, &line);
    let used = u16::try_from(text::line_width(&line)).unwrap_or(area.width).min(area.width);
    rule(Area { x: area.x + used, width: area.width - used, ..area }, painter);
}

/// Fills the rest of a line, so that it parts what is above from what is below.
pub(super) fn rule(area: Area, painter: &mut Painter<'_>) {
    let line = format!(" {}", "─".repeat(usize::from(area.width.saturating_sub(1))));
    painter.line(area, 0, &[Span::styled(line, painter.theme.faint())]);
}

fn marking(listing: &Listing) -> String {
    let loaded = grouped(listing.loaded() as u64);
    match listing.total {
        Some(total) => format!("marking {loaded} of {}, Esc stops", grouped(total)),
        None => format!("marking {loaded}, Esc stops"),
    }
}

/// What of all that is marked is shown.
fn of_set(set: &MarkedView, theme: Theme) -> Vec<LinePart<'static>> {
    let mut parts = Vec::new();
    if !set.filter.source().trim().is_empty() {
        let filter = text::cut(set.filter.source(), FILTER);
        parts.push(LinePart::new(5, format!("filter: {filter}"), theme.plain()));
        parts.push(LinePart::new(1, format!("{} match", grouped(set.len() as u64)), theme.strong()));
    }
    let unmarked = set.len() - set.marked();
    if unmarked > 0 {
        let words = format!("{} unmarked, gone when you leave", grouped(unmarked as u64));
        parts.push(LinePart::new(2, words, theme.wary()));
    }
    parts.push(LinePart::new(3, "an action takes everything that is shown and marked", theme.plain()));
    parts
}

/// Scope, filter, sort and how much is here.
fn of_list(listing: &Listing, theme: Theme) -> Vec<LinePart<'static>> {
    let mut parts = Vec::new();
    if listing.kind.row().archives() {
        parts.push(LinePart::new(3, listing.kind.row().words.scope(listing.scope), theme.strong()));
    }
    if !listing.filter.source().trim().is_empty() {
        let filter = text::cut(listing.filter.source(), FILTER);
        parts.push(LinePart::new(5, format!("filter: {filter}"), theme.plain()));
    }
    if let Some(sort) = listing.sort
        && let Some(field) = listing.kind.row().fields.get(sort.field)
    {
        parts.push(LinePart::new(7, format!("sort: {} {}", field.name, direction(sort)), theme.plain()));
    }
    let loaded = grouped(listing.loaded() as u64);
    let rows = match listing.total {
        Some(_) => format!("{loaded} of {}", grouped(listing.total_or_loaded())),
        None => format!("{loaded} loaded"),
    };
    parts.push(LinePart::new(2, rows, theme.plain()));
    if !listing.filter.is_empty() {
        parts.push(LinePart::new(1, format!("{} match", grouped(listing.shown() as u64)), theme.strong()));
    }
    let fields = listing.kind.row().fields;
    parts.extend(listing.unknown.iter().map(|(field, rows)| {
        let (name, rows) = (fields.get(*field).map_or("a field", |field| field.name), *rows as u64);
        let plural = if rows == 1 { "row" } else { "rows" };
        LinePart::new(2, format!("{name} unknown for {} {plural}", grouped(rows)), theme.wary())
    }));
    parts
}

/// What is marked, here and in other kinds.
fn of_marks(state: &State, theme: Theme) -> Vec<LinePart<'static>> {
    let here = state.marks.count(state.kind);
    let elsewhere = state.marks.total() - here;
    let mut parts = Vec::new();
    if here > 0 {
        let hidden = match state.listing().hidden_lately() {
            0 => String::new(),
            hidden => format!(" ({} hidden)", grouped(hidden as u64)),
        };
        parts.push(LinePart::new(0, format!("{} marked{hidden}", grouped(here as u64)), theme.mark()));
    }
    if elsewhere > 0 {
        parts.push(LinePart::new(4, format!("+{} in other kinds", grouped(elsewhere as u64)), theme.mark()));
    }
    parts
}

/// How the load stands and what it left out.
fn of_load(state: &State, theme: Theme) -> Vec<LinePart<'static>> {
    let listing = state.listing();
    let mut parts = Vec::new();
    let chord = state.setup.keymap.chord(Command::Reload);
    let rest = chord.map_or(String::new(), |chord| format!(", {chord} loads the rest"));
    match &listing.load {
        LoadProgress::Running(_) => {
            let (word, limiter) = loading(state);
            parts.push(LinePart::new(3, word, theme.plain()));
            parts.extend(limiter.map(|limiter| LinePart::new(8, limiter, theme.plain())));
        }
        LoadProgress::Stopped => {
            parts.push(LinePart::new(6, format!("loading was stopped{rest}"), theme.wary()));
        }
        LoadProgress::Failed(_) if listing.loaded() > 0 => {
            parts.push(LinePart::new(3, format!("incomplete{rest}"), theme.bad()));
        }
        LoadProgress::Done(_) if listing.may_have_holes() => {
            parts.push(LinePart::new(3, "may have holes, loaded again after the job", theme.wary()));
        }
        LoadProgress::Failed(_) | LoadProgress::Untouched | LoadProgress::Done(_) => {}
    }
    let gaps = match listing.gaps() {
        0 => None,
        1 => Some("1 page missing".to_owned()),
        many => Some(format!("{} pages missing", grouped(many as u64))),
    };
    parts.extend(gaps.map(|words| LinePart::new(3, format!("{words}{rest}"), theme.bad())));
    let missing = listing.missing();
    let is_changing = listing.is_changing();
    if is_changing {
        let rows = if missing == 1 { "row" } else { "rows" };
        let words = format!("list is changing: {} {rows} may be missing", grouped(missing));
        parts.push(LinePart::new(3, words, theme.wary()));
    }
    let counts = [
        (3, if is_changing { 0 } else { missing }, "missing"),
        (9, listing.unreadable as u64, "unreadable"),
        (10, listing.dropped as u64, "out of scope dropped"),
    ];
    let counts = counts.iter().filter(|(_, n, _)| *n > 0);
    parts.extend(
        counts.map(|(rank, n, what)| LinePart::new(*rank, format!("{} {what}", grouped(*n)), theme.wary())),
    );
    if let LoadProgress::Failed(failure) = &listing.load
        && listing.loaded() > 0
    {
        parts.push(LinePart::new(FAILURE, failure.words.clone(), theme.bad()));
    }
    parts
}

/// The parts with how far the list was gathered: in full where that fits, else how far from the first of the kinds, which
/// stays longer than most others.
fn with_coverage<'a>(
    mut parts: Vec<LinePart<'a>>,
    listing: &Listing,
    room: usize,
    theme: Theme,
) -> Vec<LinePart<'a>> {
    let each = coverage(listing);
    let Some(first) = each.first() else { return parts };
    let at = parts.iter().position(|part| part.rank == FAILURE).unwrap_or(parts.len());
    let full = LinePart::new(COVERAGE, format!("from {}", each.join(", ")), theme.plain());
    parts.insert(at, full);
    if !text::shed(parts.clone(), room).iter().any(|part| part.rank == COVERAGE) {
        let words = if each.len() > 1 { format!("from {first}…") } else { format!("from {first}") };
        parts[at] = LinePart::new(2, words, theme.plain());
    }
    parts
}

/// `loading…` and `240/s, 37 s left`, or how far the second reading of a list has come, whose former rows are still shown.
fn loading(state: &State) -> (String, Option<String>) {
    let listing = state.listing();
    let again = listing.received().filter(|_| listing.keeps_former());
    let word = match again {
        Some(rows) => format!("reading again, {} so far", grouped(rows as u64)),
        None => "loading…".to_owned(),
    };
    let limiter = listing.limiter(state.now).filter(|_| state.can_send());
    (word, limiter.map(|(rate, left)| format!("{rate:.0}/s, {} left", limits::spoken(left))))
}

/// `1,204 of 3,310 processes with 9,632 tasks` and `40 of 40 templates`
fn coverage(listing: &Listing) -> Vec<String> {
    let each = listing.coverage.iter().map(|part| {
        let total = part.total.map_or("?".to_owned(), grouped);
        let within = part.within.map_or(String::new(), |(kind, read)| {
            let (one, many) = (kind.row().singular, kind.row().plural);
            format!(" with {} {}", grouped(read as u64), if read == 1 { one } else { many })
        });
        format!("{} of {total} {}{within}", grouped(part.read as u64), part.kind.row().plural)
    });
    each.collect()
}
