//! The question where files are to be saved.
//!
//! Owns its box and its words.

use ratatui::text::Span;
use ratatui::widgets::BorderType;

use super::input;
use crate::app::downloads::DownloadPrompt;
use crate::app::layout::Area;
use crate::app::state::State;
use crate::model::text::{grouped, wrapped};
use crate::view::painter::Painter;

/// Draws the question.
pub(super) fn draw(state: &State, prompt: &DownloadPrompt, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let width = state.size.width.min(76);
    let cells = usize::from(width.saturating_sub(4));
    let foot = wrapped("Enter saves, Esc does not", cells);
    let mut lines: Vec<String> = told(prompt).iter().flat_map(|words| wrapped(words, cells)).collect();
    // The line that is typed into and what it does stay on the screen however small it is.
    let most = usize::from(state.size.height.saturating_sub(4)).saturating_sub(foot.len() + 1);
    if lines.len() > most {
        lines.truncate(most);
        lines.iter_mut().last().into_iter().for_each(|line| line.push('…'));
    }
    let height = u16::try_from(lines.len() + 1 + foot.len() + 2).unwrap_or(u16::MAX);
    let area = Area::centered(state.size, width, height);
    let n = prompt.files.len();
    let title = format!(" save {} {} ", grouped(n as u64), if n == 1 { "file" } else { "files" });
    painter.window(area, BorderType::Plain, theme.plain(), &[Span::styled(title, theme.strong())]);
    let inside = area.inside(2);
    input::draw(&prompt.input, "into: ", theme.key(), true, (inside, 0), painter);
    for (row, line) in lines.iter().enumerate() {
        painter.line(inside, row + 1, &[Span::styled(line, theme.plain())]);
    }
    for (row, line) in foot.iter().enumerate() {
        painter.line(inside, lines.len() + 1 + row, &[Span::styled(line, theme.strong())]);
    }
}

fn told(prompt: &DownloadPrompt) -> Vec<String> {
    let mut told = vec![
        "a folder that is not there is made; nothing is overwritten".to_owned(),
        "how large they are is unknown until they are downloaded".to_owned(),
    ];
    told.extend(prompt.left_out());
    told
}
