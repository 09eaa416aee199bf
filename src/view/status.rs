//! The status pane.
//!
//! Owns the gauge of the running job and the results under it, newest last.

use std::time::Duration;

use ratatui::text::Span;

use super::canvas::Canvas;
use super::scope::rule;
use super::text::{self, Part};
use super::theme::Theme;
use crate::app::command::Command;
use crate::app::state::download::Save;
use crate::app::state::jobs::Job;
use crate::app::state::layout::Area;
use crate::app::state::status::Window;
use crate::app::state::{Focus, Overlay, Question, State};
use crate::model::pacing;
use crate::model::text::{grouped, size};

/// From this many cells on, the gauge has room for a longer bar and for reasons.
const WIDE: usize = 100;
/// Where the sign of the cursor stands in a line that begins with a time.
const SIGN: usize = "14:02:11 ".len();

/// Draws the pane.
pub(super) fn draw(state: &State, area: Area, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let lines = area.rows(1, area.height.saturating_sub(1));
    let window = state.status.window(&state.setup.zone, usize::from(area.width), usize::from(lines.height));
    let right = [Span::styled(position(state, window.newer), theme.faint())];
    let taken = text::line_width(&right);
    let room = usize::from(area.width).saturating_sub(if taken == 0 { 0 } else { taken + 2 });
    let mut parts = vec![title(state, theme)];
    match state.jobs.current() {
        Some(job) => {
            parts.extend(gauge(state, job, theme, room >= WIDE));
            parts.extend(state.saves.current.iter().map(|save| Part::new(7, saving(save), theme.plain())));
        }
        None => parts.extend(idle(state, theme)),
    }
    let line = text::beside(parts, room);
    canvas.line(area, 0, &line);
    let used = u16::try_from(text::line_width(&line)).unwrap_or(area.width).min(area.width);
    rule(Area { x: area.x + used, width: area.width - used, ..area }, canvas);
    if taken > 0 {
        canvas.line_right(area, 0, &[Span::raw(" "), right[0].clone()]);
    }
    results(state, &window, lines, canvas);
}

fn title(state: &State, theme: Theme) -> Part<'static> {
    match state.focus {
        Focus::Status => Part::new(0, "[status]", theme.current().patch(theme.strong())),
        Focus::Table => Part::new(8, "status", theme.strong()),
    }
}

/// Where the pane is scrolled to, and what it shows beyond its results.
fn position(state: &State, newer: usize) -> String {
    let below = (newer > 0).then(|| format!("{} newer below", grouped(newer as u64)));
    let reads = state.status.reads.then(|| "reads shown".to_owned());
    [below, reads].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What the gauge's line says while no job runs.
fn idle(state: &State, theme: Theme) -> Vec<Part<'static>> {
    let mut parts = vec![];
    parts.extend(shut(state).map(|words| Part::new(0, words, theme.bad())));
    parts.extend(waiting(state, true).map(|words| Part::new(0, words, theme.wary())));
    match &state.saves.current {
        Some(save) => parts.extend(save_gauge(save, theme)),
        None => parts.push(Part::new(2, "results", theme.plain())),
    }
    let key = |command, words: &str| {
        let chord = state.setup.keymap.chord(command)?;
        Some(Part::new(3, format!("{chord} {words}"), theme.faint()))
    };
    parts.extend(match state.focus {
        Focus::Status => {
            key(Command::ShowReads, if state.status.reads { "hides reads" } else { "shows reads" })
        }
        Focus::Table => key(Command::FocusStatus, "focuses"),
    });
    parts
}

/// `save 3 of 10 files, 4.2 MB so far`
fn saving(save: &Save) -> String {
    let (done, files) = (save.sum.done() as u64, save.files.len() as u64);
    let noun = if files == 1 { "file" } else { "files" };
    format!("save {} of {} {noun}, {} so far", grouped(done), grouped(files), size(save.bytes))
}

fn save_gauge(save: &Save, theme: Theme) -> Vec<Part<'static>> {
    let (done, files) = (save.sum.done(), save.files.len());
    let mut parts = vec![
        Part::new(0, saving(save), theme.strong()),
        Part::new(4, bar(done, files, 10), theme.plain()),
        Part::new(3, format!("{}%", percent(done, files)), theme.plain()),
    ];
    if save.cancelled {
        parts.push(Part::new(1, "stopping", theme.wary()));
    }
    parts
}

/// `archive 12 of 300  [#####-----]  4%  25/s  12 s left  queued 1`
fn gauge(state: &State, job: &Job, theme: Theme, wide: bool) -> Vec<Part<'static>> {
    let (done, steps) = (job.done(), job.steps());
    let counts = format!("{} {} of {}", job.plan.word(), grouped(done as u64), grouped(steps as u64));
    let mut parts = vec![Part::new(0, counts, theme.strong())];
    parts.push(Part::new(4, bar(done, steps, if wide { 20 } else { 10 }), theme.plain()));
    parts.push(Part::new(3, format!("{}%", percent(done, steps)), theme.plain()));
    let standing = if job.cancelled {
        Some("cancelling")
    } else if job.held || is_asked_about(state, job) {
        Some("paused")
    } else if job.started.is_none() {
        Some("starting")
    } else {
        None
    };
    parts.extend(unable(state, wide).map(|words| Part::new(1, words, theme.bad())));
    parts.extend(standing.map(|word| Part::new(1, word, theme.wary())));
    parts.extend(waiting(state, wide).map(|words| Part::new(2, words, theme.wary())));
    // A job that keeps to a limit waits in every window, and its rate counts that in.
    let wait = state.waiting.as_ref().filter(|wait| wait.until > state.now.tick);
    let is_moving =
        standing.is_none() && !matches!(wait, Some(wait) if wait.is_pause()) && unable(state, wide).is_none();
    // Nothing is left in less time than it has to wait.
    let waits = wait.map_or(Duration::ZERO, |wait| wait.until.saturating_sub(state.now.tick));
    if let Some((rate, left)) = job.pace(state.now).filter(|(_, left)| is_moving && *left >= waits) {
        let rate = if rate < 10.0 { format!("{rate:.1}/s") } else { format!("{rate:.0}/s") };
        parts.push(Part::new(6, rate, theme.plain()));
        parts.push(Part::new(5, format!("{} left", pacing::spoken(left)), theme.plain()));
    }
    if state.jobs.queued() > 0 {
        parts.push(Part::new(7, format!("queued {}", grouped(state.jobs.queued() as u64)), theme.plain()));
    }
    parts
}

/// Why the running job cannot go on, whatever it is.
fn unable(state: &State, wide: bool) -> Option<String> {
    match (&state.locked_out, &state.offline) {
        (Some(_), _) => Some("waiting for a token".to_owned()),
        (None, Some(failure)) if wide => Some(format!("OFFLINE: {}", failure.words)),
        (None, Some(_)) => Some("OFFLINE".to_owned()),
        (None, None) => None,
    }
}

/// Why nothing can leave, while no job runs.
fn shut(state: &State) -> Option<String> {
    match (&state.locked_out, &state.offline) {
        (Some(failure), _) => Some(format!("locked out: {}", failure.words)),
        (None, Some(failure)) => Some(format!("OFFLINE, trying again now and then: {}", failure.words)),
        (None, None) => None,
    }
}

/// Whether the question is open that holds the job while it is asked.
fn is_asked_about(state: &State, job: &Job) -> bool {
    matches!(state.overlay, Some(Overlay::Ask(Question::CancelJob(ticket))) if ticket == job.ticket)
}

/// Whole percent, a hundred only when all is done.
fn percent(done: usize, steps: usize) -> usize {
    (done * 100).checked_div(steps).unwrap_or(100)
}

fn bar(done: usize, steps: usize, cells: usize) -> String {
    let full = (done * cells).checked_div(steps).unwrap_or(cells).min(cells);
    format!("[{}{}]", "#".repeat(full), "-".repeat(cells - full))
}

/// `waiting 3 s: the server allows no more for now`, or without the reason where there is little room. So long a wait that
/// nobody would sit through it is called a pause.
fn waiting(state: &State, wide: bool) -> Option<String> {
    let wait = state.waiting.as_ref()?;
    let left = wait.until.checked_sub(state.now.tick).filter(|left| !left.is_zero())?;
    // A second that has begun counts, so that the countdown ends with one and not with none.
    let left = Duration::from_secs(left.as_secs() + u64::from(left.subsec_nanos() > 0));
    let why = if wide { format!(": {}", wait.why) } else { String::new() };
    let word = if wait.is_pause() { "paused" } else { "waiting" };
    Some(format!("{word} {}{why}", pacing::spoken(left)))
}

fn results(state: &State, window: &Window, area: Area, canvas: &mut Canvas<'_>) {
    if window.lines.is_empty() {
        let words = "every change that is sent, and every request that fails, gets a line here";
        canvas.line(area, 0, &[Span::styled(words, canvas.theme.faint())]);
    }
    for (row, line) in window.lines.iter().enumerate() {
        let is_current = line.is_current && state.focus == Focus::Status;
        let mut text = line.text.clone();
        // Two spaces follow the time, whose digits are ASCII: the second makes room for the cursor's sign.
        if is_current && line.is_first && text.is_char_boundary(SIGN) && text.is_char_boundary(SIGN + 1) {
            text.replace_range(SIGN..=SIGN, ">");
        }
        canvas.line(area, row, &[Span::styled(text, canvas.theme.tone(line.tone))]);
        if is_current {
            canvas.style_row(area, row, canvas.theme.current());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gauge_is_full_only_at_the_end() {
        assert_eq!(bar(0, 300, 10), "[----------]");
        assert_eq!(bar(299, 300, 10), "[#########-]");
        assert_eq!(bar(300, 300, 10), "[##########]");
        assert_eq!((percent(299, 300), percent(12, 300), percent(0, 0)), (99, 4, 100));
    }
}
