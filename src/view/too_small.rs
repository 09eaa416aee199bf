//! What stands on a screen too small for anything else.
//!
//! Owns that one sentence.

use ratatui::text::Span;

use crate::app::layout::Area;
use crate::app::state::{Overlay, State, YesNoQuestion};
use crate::model::text;
use crate::view::painter::Painter;

/// Says how large the terminal has to be.
pub(super) fn draw(state: &State, painter: &mut Painter<'_>) {
    let (width, height) = (state.size.width, state.size.height);
    let area = Area { x: 0, y: 0, width, height };
    let asks = matches!(state.overlay, Some(Overlay::Question(YesNoQuestion::Quit(_))));
    let job = if asks { ": a job is running, the same key again quits" } else { "" };
    let sentence = format!("tidyfy needs 40x10, this is {width}x{height}{job}");
    let lines = text::wrapped(&sentence, usize::from(width));
    let first = usize::from(height).saturating_sub(lines.len()) / 2;
    for (n, line) in lines.iter().enumerate() {
        painter.line_centered(area, first + n, &[Span::raw(line)]);
    }
}
