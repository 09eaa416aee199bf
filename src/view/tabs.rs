//! The tabs.
//!
//! Owns how they shrink: gaps first, then the small change of counts, then the ends of titles, then counts altogether; the
//! current tab is always whole.

use ratatui::text::Span;

use super::text;
use crate::app::layout::Area;
use crate::app::list::{Listing, LoadProgress};
use crate::app::state::State;
use crate::model::catalog::Source;
use crate::model::kind::Coverage;
use crate::model::kind::Kind;
use crate::model::text::grouped;
use crate::view::painter::Painter;

/// How much of a tab is shown.
#[derive(Clone, Copy)]
enum TabLength {
    /// `1 Processes 120`
    Counted,
    /// `1 Processes 7.4k`
    Rounded,
    /// `1 Pro 7.4k`
    Short,
    /// `1Pro 7.4k`
    Packed,
    /// `1Pr 7.4k`
    Tight,
    /// `1 Processes`
    Titled,
    /// `1 Pro`
    Cut,
    /// `1`
    Numbered,
}

/// From long to short: the current tab, the others, and what stands behind each of those.
const LENGTHS: [(TabLength, TabLength, &str); 11] = [
    (TabLength::Counted, TabLength::Counted, " "),
    (TabLength::Counted, TabLength::Counted, ""),
    (TabLength::Counted, TabLength::Rounded, ""),
    (TabLength::Counted, TabLength::Short, " "),
    (TabLength::Counted, TabLength::Short, ""),
    (TabLength::Counted, TabLength::Packed, ""),
    (TabLength::Counted, TabLength::Tight, ""),
    (TabLength::Counted, TabLength::Titled, ""),
    (TabLength::Counted, TabLength::Cut, ""),
    (TabLength::Counted, TabLength::Numbered, " "),
    SHORTEST,
];
const SHORTEST: (TabLength, TabLength, &str) = (TabLength::Titled, TabLength::Numbered, "");

/// Draws the tabs.
pub(super) fn draw(state: &State, area: Area, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let line = |(current, others, gap): (_, _, &str)| -> Vec<Span<'_>> {
        let tab = |kind: Kind| {
            let listing = &state.listings[kind as usize];
            if kind == state.kind {
                Span::styled(format!("[{}]", label(listing, current)), theme.current().patch(theme.strong()))
            } else {
                Span::raw(format!(" {}{gap}", label(listing, others)))
            }
        };
        Kind::ALL.into_iter().map(tab).collect()
    };
    let room = usize::from(area.width);
    let mut lines = LENGTHS.into_iter().map(line);
    let fitting = lines.find(|line| text::line_width(line) <= room);
    let shown = fitting.unwrap_or_else(|| line(SHORTEST));
    painter.line(area, 0, &shown);
}

fn label(listing: &Listing, length: TabLength) -> String {
    let (number, title) = (listing.kind as usize + 1, listing.kind.row().title);
    match length {
        TabLength::Counted => format!("{number} {title} {}", count(listing, grouped)),
        TabLength::Rounded => format!("{number} {title} {}", count(listing, rounded)),
        TabLength::Short => format!("{number} {} {}", start(title, 3), count(listing, rounded)),
        TabLength::Packed => format!("{number}{} {}", start(title, 3), count(listing, rounded)),
        TabLength::Tight => format!("{number}{} {}", start(title, 2), count(listing, rounded)),
        TabLength::Cut => format!("{number} {}", start(title, 3)),
        TabLength::Titled => format!("{number} {title}"),
        TabLength::Numbered => number.to_string(),
    }
}

fn start(title: &str, letters: usize) -> String {
    title.chars().take(letters).collect()
}

/// What the tab says of how many there are: for a list what the server says, for a collected kind what was found.
fn count(listing: &Listing, say: fn(u64) -> String) -> String {
    match (&listing.kind.row().source, &listing.load) {
        (Source::List(_), _) => listing.active_total.map_or("-".to_owned(), say),
        (Source::Collected { .. }, LoadProgress::Untouched) => "-".to_owned(),
        (Source::Collected { .. }, LoadProgress::Done(_)) => say(listing.loaded() as u64),
        (Source::Collected { .. }, _) => {
            let covered = percent(&listing.coverage).map_or(String::new(), |share| format!(" ({share}%)"));
            format!("{}{covered}", say(listing.loaded() as u64))
        }
    }
}

/// A number in at most four signs, never more than the truth: `364`, `7.4k`, `74k`.
fn rounded(n: u64) -> String {
    match n {
        0..1_000 => n.to_string(),
        1_000..10_000 => format!("{}.{}k", n / 1_000, n % 1_000 / 100),
        10_000..1_000_000 => format!("{}k", n / 1_000),
        _ => format!("{}M", n / 1_000_000),
    }
}

/// How much of what a collected kind hangs on has been read, once all totals are known.
fn percent(coverage: &[Coverage]) -> Option<u64> {
    let read: u64 = coverage.iter().map(|part| part.read as u64).sum();
    let total = coverage.iter().map(|part| part.total).sum::<Option<u64>>().filter(|total| *total > 0)?;
    // A whole hundred is only said when the load has ended.
    Some((read.saturating_mul(100) / total).min(99))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_never_says_more_than_there_is() {
        assert_eq!(
            [999, 1_000, 7_479, 9_999, 10_999, 2_500_000].map(rounded),
            ["999", "1.0k", "7.4k", "9.9k", "10k", "2M"]
        );
    }

    #[test]
    fn coverage_is_told_once_every_total_is_known() {
        let part = |kind, read, total| Coverage { kind, read, total, within: None };
        let known = [part(Kind::Processes, 100, Some(300)), part(Kind::Tasks, 11, Some(0))];
        assert_eq!(percent(&known), Some(37));
        assert_eq!(percent(&[part(Kind::Processes, 100, None)]), None);
        assert_eq!(percent(&[part(Kind::Processes, 0, Some(0))]), None);
        assert_eq!(percent(&[]), None);
    }
}
