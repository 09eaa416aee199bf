//! The columns to sort by.
//!
//! Owns their box.

use ratatui::text::Span;
use ratatui::widgets::BorderType;

use crate::app::layout::{Area, first_row};
use crate::app::state::State;
use crate::model::query::sortable;
use crate::view::columns::direction;
use crate::view::painter::Painter;

/// Draws the columns, the cursor on the one in row `at`.
pub(super) fn draw(state: &State, at: usize, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let listing = state.listing();
    let fields: Vec<usize> = sortable(listing.kind).collect();
    let rows = u16::try_from(fields.len()).unwrap_or(u16::MAX);
    let area =
        Area::centered(state.size, 30, rows.saturating_add(2).min(state.size.height.saturating_sub(2)));
    painter.window(area, BorderType::Plain, theme.plain(), &[Span::styled(" sort by ", theme.strong())]);
    let inside = area.inside(1);
    let page = usize::from(inside.height);
    let first = first_row(at, fields.len(), page);
    for (row, (n, field)) in fields.iter().enumerate().skip(first).take(page).enumerate() {
        let name = listing.kind.row().fields.get(*field).map_or("", |field| field.name);
        let sign =
            listing.sort.filter(|sort| sort.field == *field).map(|sort| format!(" {}", direction(sort)));
        let cursor = if n == at { "> " } else { "  " };
        painter.line(
            inside,
            row,
            &[Span::raw(cursor), Span::raw(name), Span::styled(sign.unwrap_or_default(), theme.head())],
        );
        if n == at {
            painter.style_row(inside, row, theme.current());
        }
    }
}
