//! The tabs.
//!
//! Owns how they shrink: counts leave first, then the ends of titles; the current tab is always whole.

use ratatui::text::Span;

use super::canvas::Canvas;
use super::text;
use crate::app::state::State;
use crate::app::state::layout::Area;
use crate::app::state::listing::{Listing, Load};
use crate::model::catalog::Source;
use crate::model::kind::Coverage;
use crate::model::kind::Kind;
use crate::model::text::grouped;

/// How much of a tab is shown.
#[derive(Clone, Copy)]
enum Length {
    /// `1 Processes 120`
    Counted,
    /// `1 Processes`
    Titled,
    /// `1 Pro`
    Short,
    /// `1`
    Numbered,
}

/// From long to short: the current tab, and the others.
const LENGTHS: [(Length, Length); 5] = [
    (Length::Counted, Length::Counted),
    (Length::Counted, Length::Titled),
    (Length::Counted, Length::Short),
    (Length::Counted, Length::Numbered),
    (Length::Titled, Length::Numbered),
];

/// Draws the tabs.
pub(super) fn draw(state: &State, area: Area, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let line = |(current, others)| -> Vec<Span<'_>> {
        let tab = |kind: Kind| {
            let listing = &state.listings[kind as usize];
            if kind == state.kind {
                Span::styled(format!("[{}]", label(listing, current)), theme.current().patch(theme.strong()))
            } else {
                Span::raw(format!(" {} ", label(listing, others)))
            }
        };
        Kind::ALL.into_iter().map(tab).collect()
    };
    let room = usize::from(area.width);
    let mut lines = LENGTHS.into_iter().map(line);
    let fitting = lines.find(|line| text::line_width(line) <= room);
    let shown = fitting.unwrap_or_else(|| line((Length::Titled, Length::Numbered)));
    canvas.line(area, 0, &shown);
}

fn label(listing: &Listing, length: Length) -> String {
    let (number, title) = (listing.kind as usize + 1, listing.kind.row().title);
    match length {
        Length::Counted => format!("{number} {title} {}", count(listing)),
        Length::Titled => format!("{number} {title}"),
        Length::Short => format!("{number} {}", title.chars().take(3).collect::<String>()),
        Length::Numbered => number.to_string(),
    }
}

/// What the tab says of how many there are: for a list what the server says, for a collected kind what was found.
fn count(listing: &Listing) -> String {
    match (&listing.kind.row().source, &listing.load) {
        (Source::List(_), _) => listing.active_total.map_or("-".to_owned(), grouped),
        (Source::Collected { .. }, Load::Untouched) => "-".to_owned(),
        (Source::Collected { .. }, Load::Done(_)) => grouped(listing.loaded() as u64),
        (Source::Collected { .. }, _) => {
            let covered = percent(&listing.coverage).map_or(String::new(), |share| format!(" ({share}%)"));
            format!("{}{covered}", grouped(listing.loaded() as u64))
        }
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
    fn coverage_is_told_once_every_total_is_known() {
        let part = |kind, read, total| Coverage { kind, read, total };
        let known = [part(Kind::Processes, 100, Some(300)), part(Kind::Tasks, 11, Some(0))];
        assert_eq!(percent(&known), Some(37));
        assert_eq!(percent(&[part(Kind::Processes, 100, None)]), None);
        assert_eq!(percent(&[part(Kind::Processes, 0, Some(0))]), None);
        assert_eq!(percent(&[]), None);
    }
}
