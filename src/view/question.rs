//! A question that `y` answers.
//!
//! Owns its words.

use ratatui::text::Span;
use ratatui::widgets::BorderType;

use super::canvas::Canvas;
use super::sign;
use crate::app::state::jobs::Job;
use crate::app::state::layout::Area;
use crate::app::state::{Question, State};
use crate::model::text::{grouped, wrapped};

/// Draws the question.
pub(super) fn draw(state: &State, question: Question, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let width = state.size.width.min(64);
    let mut lines = wrapped(&words(state, question), usize::from(width.saturating_sub(4)));
    lines.push(String::new());
    let answer = lines.len();
    lines.push("y yes, any other key no".to_owned());
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let area = Area::centered(state.size, width, height);
    let title = match question {
        Question::Quit(_) => " quit ",
        Question::CancelJob(_) => " cancel the rest ",
    };
    canvas.window(area, BorderType::Plain, theme.wary(), &[Span::styled(title, theme.strong())]);
    sign(state, area, canvas);
    for (row, line) in lines.iter().enumerate() {
        let style = if row == answer { theme.strong() } else { theme.plain() };
        canvas.line(area.inside(2), row, &[Span::styled(line, style)]);
    }
}

fn words(state: &State, question: Question) -> String {
    let far = |job: &Job| format!("{} of {}", grouped(job.done() as u64), grouped(job.steps() as u64));
    match question {
        Question::Quit(_) => match state.jobs.current() {
            Some(job) => format!(
                "a job is running: {} done; quit? what is in flight gets 5 s, the rest is not sent",
                far(job)
            ),
            None => "the job is over; quit?".to_owned(),
        },
        Question::CancelJob(ticket) => match state.jobs.iter().find(|job| job.ticket == ticket) {
            Some(job) => format!("{} paused at {}: cancel the rest?", job.plan.verb.word(), far(job)),
            None => "the job is over: there is nothing left to cancel".to_owned(),
        },
    }
}
