//! A question that `y` answers.
//!
//! Owns its words.

use ratatui::text::Span;
use ratatui::widgets::BorderType;

use super::sign;
use crate::app::jobs::Job;
use crate::app::layout::Area;
use crate::app::state::{State, YesNoQuestion};
use crate::model::text::{grouped, wrapped};
use crate::view::painter::Painter;

/// Draws the question.
pub(super) fn draw(state: &State, question: YesNoQuestion, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let width = state.size.width.min(64);
    let room = usize::from(width.saturating_sub(4));
    let mut lines: Vec<String> = words(state, question).iter().flat_map(|line| wrapped(line, room)).collect();
    lines.push(String::new());
    let question_ends = lines.len();
    lines.extend(answers(question, room));
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let area = Area::centered(state.size, width, height);
    let title = match question {
        YesNoQuestion::Quit(_) => " quit ",
        YesNoQuestion::CancelJob(_) => " cancel ",
    };
    painter.window(area, BorderType::Plain, theme.wary(), &[Span::styled(title, theme.strong())]);
    sign(state, area, painter);
    for (row, line) in lines.iter().enumerate() {
        let style = if row >= question_ends { theme.strong() } else { theme.plain() };
        painter.line(area.inside(2), row, &[Span::styled(line, style)]);
    }
}

/// The keys that answer it, broken between two of them where there is too little room.
fn answers(question: YesNoQuestion, room: usize) -> Vec<String> {
    let keys: &[&str] = match question {
        YesNoQuestion::Quit(_) => &["y yes, any other key no"],
        YesNoQuestion::CancelJob(_) => &["y cancel this", "a cancel all", "Esc back"],
    };
    let mut lines: Vec<String> = Vec::new();
    for key in keys {
        match lines.last_mut() {
            Some(line) if line.len() + 3 + key.len() <= room => *line = format!("{line}   {key}"),
            _ => lines.push((*key).to_owned()),
        }
    }
    lines
}

fn words(state: &State, question: YesNoQuestion) -> Vec<String> {
    match question {
        YesNoQuestion::Quit(_) => quitting(state),
        YesNoQuestion::CancelJob(request_id) => {
            match state.jobs.iter().find(|job| job.request_id == request_id) {
                Some(job) => std::iter::once(format!("paused: {}, {} done", job.plan.summary(), far(job)))
                    .chain(next(state, job))
                    .collect(),
                None => vec!["the job is over: there is nothing left to cancel".to_owned()],
            }
        }
    }
}

fn far(job: &Job) -> String {
    format!("{} of {}", grouped(job.done() as u64), grouped(job.records() as u64))
}

/// The job that waits behind this one, and how many more.
fn next(state: &State, job: &Job) -> Option<String> {
    let mut behind = state.jobs.behind(job.request_id);
    let next = behind.next()?;
    let more = match behind.count() {
        0 => String::new(),
        more => format!(", and {} more", grouped(more as u64)),
    };
    Some(format!("next: {}{more}", next.plan.summary()))
}

fn quitting(state: &State) -> Vec<String> {
    if let Some(job) = state.jobs.current() {
        let stands = if state.jobs.is_paused() { "a job is paused" } else { "a job is running" };
        let ask =
            format!("{stands}: {} done; quit? what is in flight gets 5 s, the rest is not sent", far(job));
        return std::iter::once(ask).chain(next(state, job)).collect();
    }
    vec![match &state.saves.current {
        Some(save) => format!(
            "files are being saved: {} of {} done; quit? what is not whole is dropped",
            grouped(save.sum.done() as u64),
            grouped(save.files.len() as u64)
        ),
        None => "the job is over; quit?".to_owned(),
    }]
}
