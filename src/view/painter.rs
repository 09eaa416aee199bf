//! The one way to the buffer.
//!
//! Owns clipping and hygiene: whatever is drawn outside the screen is not drawn, and text is cleaned once more on its
//! way, so that no pane has to remember to.

use ratatui::buffer::{Buffer, CellWidth};
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::text;
use super::theme::Theme;
use crate::app::layout::Area;

/// A screen to draw on.
pub(super) struct Painter<'f> {
    /// The styles in force.
    pub(super) theme: Theme,
    buffer: &'f mut Buffer,
    cursor: Option<Position>,
}

impl<'f> Painter<'f> {
    /// Draws on `buffer`.
    pub(super) fn new(buffer: &'f mut Buffer, theme: Theme) -> Self {
        Self { theme, buffer, cursor: None }
    }

    /// Where the terminal's cursor belongs, if anything is being typed.
    pub(super) fn cursor(&self) -> Option<Position> {
        self.cursor
    }

    fn clipped(&self, area: Area) -> Rect {
        Rect::new(area.x, area.y, area.width, area.height).intersection(*self.buffer.area())
    }

    /// Draws a line in row `row` of `area`; what does not fit is cut, and the cut shown.
    pub(super) fn line(&mut self, area: Area, row: usize, spans: &[Span<'_>]) {
        let Ok(row) = u16::try_from(row) else { return };
        let rect = self.clipped(area.rows(row, 1));
        if rect.is_empty() {
            return;
        }
        let mut x = rect.x;
        for span in text::fitted(spans, usize::from(rect.width)) {
            let room = usize::from(rect.right() - x);
            (x, _) = self.buffer.set_stringn(x, rect.y, &span.content, room, span.style);
        }
    }

    /// Draws a line at the right end of row `row` of `area`.
    pub(super) fn line_right(&mut self, area: Area, row: usize, spans: &[Span<'_>]) {
        let width = u16::try_from(text::line_width(spans)).unwrap_or(u16::MAX).min(area.width);
        self.line(Area { x: area.x + (area.width - width), width, ..area }, row, spans);
    }

    /// Draws a line in the middle of row `row` of `area`.
    pub(super) fn line_centered(&mut self, area: Area, row: usize, spans: &[Span<'_>]) {
        let width = u16::try_from(text::line_width(spans)).unwrap_or(u16::MAX).min(area.width);
        self.line(Area { x: area.x + (area.width - width) / 2, width, ..area }, row, spans);
    }

    /// Lays a style over row `row` of `area`, whatever is drawn there.
    pub(super) fn style_row(&mut self, area: Area, row: usize, style: Style) {
        let Ok(row) = u16::try_from(row) else { return };
        let rect = self.clipped(area.rows(row, 1));
        self.buffer.set_style(rect, style);
    }

    /// Puts the terminal's cursor into row `row` of `area`.
    pub(super) fn place_cursor(&mut self, area: Area, column: usize, row: usize) {
        let (Ok(column), Ok(row)) = (u16::try_from(column), u16::try_from(row)) else { return };
        let position = Position::new(area.x.saturating_add(column), area.y.saturating_add(row));
        if column < area.width && self.buffer.area().contains(position) {
            self.cursor = Some(position);
        }
    }

    /// Draws a border with a title.
    pub(super) fn border(&mut self, area: Area, border: BorderType, style: Style, title: &[Span<'_>]) {
        let rect = self.clipped(area);
        Block::bordered().border_type(border).border_style(style).render(rect, self.buffer);
        let edge = Area { x: area.x + 2.min(area.width), width: area.width.saturating_sub(4), ..area };
        self.line(edge, 0, title);
    }

    /// Writes at the right end of the lower border of `area`.
    pub(super) fn footing(&mut self, area: Area, spans: &[Span<'_>]) {
        let edge = Area { x: area.x + 2.min(area.width), width: area.width.saturating_sub(4), ..area };
        self.line_right(edge, usize::from(area.height.saturating_sub(1)), spans);
    }

    /// Empties `area` and draws a border, for what lies over the panes.
    pub(super) fn window(&mut self, area: Area, border: BorderType, style: Style, title: &[Span<'_>]) {
        let rect = self.clipped(area);
        // A wide character that begins left of the box would swallow its border.
        if let Some(left) = rect.x.checked_sub(1) {
            for y in rect.top()..rect.bottom() {
                if let Some(cell) =
                    self.buffer.cell_mut((left, y)).filter(|cell| cell.symbol().cell_width() > 1)
                {
                    cell.reset();
                }
            }
        }
        Clear.render(rect, self.buffer);
        // What was typed in a pane is covered, and its cursor with it.
        self.cursor = None;
        self.border(area, border, style, title);
    }
}
