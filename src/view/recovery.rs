//! The unfinished jobs of earlier runs.
//!
//! Owns their box; what is told of each is decided in the state.

use ratatui::text::Span;
use ratatui::widgets::BorderType;

use super::sign;
use crate::app::layout::first_row;
use crate::app::lines::{LineWeight, WrappedLine};
use crate::app::recovery::{RecoveryPage, told, told_old};
use crate::app::state::State;
use crate::model::text::wrapped;
use crate::view::painter::Painter;

const KEYS: &str = "f finish the rest, d drop it, Esc later";
const OLD_KEYS: &str = "d acknowledge, Esc later";

/// Draws the page.
pub(super) fn draw(state: &State, page: &RecoveryPage, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let outer = state.size.width.min(76);
    let cells = usize::from(outer.saturating_sub(4));
    let organization = state.standing.organization.as_ref().map_or("", |organization| &organization.name);
    let width = cells.saturating_sub(2);
    let jobs = state.recovery.unfinished_jobs.iter();
    let jobs = jobs.map(|unfinished_job| told(unfinished_job, organization, &state.setup.zone, width));
    let jobs = jobs.chain(state.recovery.old.iter().map(|old| told_old(old, width)));
    // Each line with the number of its job.
    let lines: Vec<(usize, usize, WrappedLine)> = jobs
        .enumerate()
        .flat_map(|(job, lines)| lines.into_iter().enumerate().map(move |(n, line)| (job, n, line)))
        .collect();
    let keys = if page.at < state.recovery.unfinished_jobs.len() { KEYS } else { OLD_KEYS };
    let foot = wrapped(keys, cells);
    let most = usize::from(state.size.height.saturating_sub(4)).saturating_sub(foot.len());
    let rows = lines.len().min(most);
    let height = u16::try_from(rows + foot.len() + 2).unwrap_or(u16::MAX);
    let area = state.between_lines(outer, height);
    let title = [Span::styled(" unfinished jobs ", theme.strong())];
    painter.window(area, BorderType::Plain, theme.wary(), &title);
    sign(state, area, painter);
    let inside = area.inside(2);
    let at = lines.iter().position(|(job, _, _)| *job == page.at).unwrap_or_default();
    let shown = lines.iter().skip(first_row(at, lines.len(), rows)).take(rows);
    for (row, (job, n, line)) in shown.enumerate() {
        let handle = if (*job, *n) == (page.at, 0) { "> " } else { "  " };
        painter.line(inside, row, &[Span::raw(handle), Span::styled(&*line.text, theme.weight(line.weight))]);
        if *job == page.at && line.weight == LineWeight::Head {
            painter.style_row(inside, row, theme.current());
        }
    }
    for (n, line) in foot.iter().enumerate() {
        painter.line(inside, rows + n, &[Span::styled(line, theme.strong())]);
    }
}
