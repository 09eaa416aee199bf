//! The prompt for another token.
//!
//! Owns its box and its words. What is typed never reaches it, only a mask.

use ratatui::text::Span;
use ratatui::widgets::BorderType;

use super::sign;
use crate::app::connection::TokenPrompt;
use crate::app::lines::LineWeight;
use crate::app::state::{Identity, Purpose, State};
use crate::model::text::wrapped;
use crate::view::painter::Painter;

/// Draws the prompt.
pub(super) fn draw(state: &State, prompt: &TokenPrompt, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let width = state.size.width.min(70);
    let cells = usize::from(width.saturating_sub(4));
    let tried = state.in_flight.awaits(Purpose::Authenticate);
    let keys = if tried { "the token is being tried, Esc later" } else { KEYS };
    let foot = wrapped(keys, cells);
    // The line that is typed into and what it does stay on the screen however small it is.
    let most = usize::from(state.size.height.saturating_sub(4)).saturating_sub(foot.len() + 1);
    let mut lines: Vec<(LineWeight, String)> = told(state, prompt)
        .into_iter()
        .flat_map(|(weight, words)| wrapped(&words, cells).into_iter().map(move |line| (weight, line)))
        .collect();
    if lines.len() > most {
        lines.truncate(most);
        lines.iter_mut().last().into_iter().for_each(|(_, line)| line.push('…'));
    }
    let input = lines.len();
    let height = u16::try_from(input + 1 + foot.len() + 2).unwrap_or(u16::MAX);
    let area = state.between_lines(width, height);
    painter.window(area, BorderType::Double, theme.bad(), &[Span::styled(" token ", theme.strong())]);
    sign(state, area, painter);
    let inside = area.inside(2);
    for (row, (weight, line)) in lines.iter().enumerate() {
        painter.line(inside, row, &[Span::styled(line, theme.weight(*weight))]);
    }
    let mask = prompt.mask();
    painter.line(inside, input, &[Span::styled("> ", theme.key()), Span::raw(&mask)]);
    if !tried {
        painter.place_cursor(inside, 2 + mask.chars().count(), input);
    }
    for (n, line) in foot.iter().enumerate() {
        painter.line(inside, input + 1 + n, &[Span::styled(line, theme.strong())]);
    }
}

const KEYS: &str = "Enter tries it; with nothing typed: reads its source again; Esc later";

/// What is said, the most important first.
fn told(state: &State, prompt: &TokenPrompt) -> Vec<(LineWeight, String)> {
    let mut told: Vec<(LineWeight, String)> =
        prompt.refused.iter().map(|words| (LineWeight::Loud, format!("! {words}"))).collect();
    told.extend(state.reading_token.iter().map(|place| (LineWeight::Plain, format!("waiting for {place}"))));
    let why = match state.identity {
        Identity::Known => {
            "the token is not accepted any more: logging out of the web app destroys a personal token"
        }
        Identity::Asking | Identity::Failed(_) => {
            "the token is not accepted: it may be mistyped, expired or destroyed by logging out of the web app"
        }
    };
    told.push((LineWeight::Plain, why.to_owned()));
    told.push((LineWeight::Plain, "everything waits and nothing is lost".to_owned()));
    told.extend(
        state
            .locked_out
            .iter()
            .map(|failure| (LineWeight::Faint, format!("the server said: {}", failure.words))),
    );
    told
}
