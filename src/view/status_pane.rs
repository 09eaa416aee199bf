//! The status pane.
//!
//! Owns the gauge of the running job and the results under it, newest last.

use std::time::Duration;

use ratatui::text::Span;

use super::text::{self, LinePart};
use super::theme::Theme;
use crate::app::command::Command;
use crate::app::downloads::RunningDownload;
use crate::app::jobs::Job;
use crate::app::layout::Area;
use crate::app::state::{Focus, State};
use crate::app::status_pane::VisibleLines;
use crate::model::limits;
use crate::model::limits::Latency;
use crate::model::text::{grouped, size};
use crate::view::list_status::rule;
use crate::view::painter::Painter;

/// From this many cells on, the gauge has room for a longer bar and for reasons.
const WIDE: usize = 100;
/// Where the sign of the cursor stands in a line that begins with a time.
const SIGN: usize = "14:02:11 ".len();

/// Draws the pane.
pub(super) fn draw(state: &State, area: Area, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let lines = area.rows(1, area.height.saturating_sub(1));
    let window = state.status.window(&state.setup.zone, usize::from(area.width), usize::from(lines.height));
    let right = [Span::styled(position(state, window.newer), theme.faint())];
    let taken = text::line_width(&right);
    let room = usize::from(area.width).saturating_sub(if taken == 0 { 0 } else { taken + 2 });
    let mut parts = vec![title(state, theme)];
    match state.jobs.current() {
        Some(job) => {
            parts.extend(gauge(state, job, theme, room >= WIDE));
            parts
                .extend(state.saves.current.iter().map(|save| LinePart::new(7, saving(save), theme.plain())));
        }
        None => parts.extend(idle(state, theme)),
    }
    let line = text::beside(parts, room);
    painter.line(area, 0, &line);
    let used = u16::try_from(text::line_width(&line)).unwrap_or(area.width).min(area.width);
    rule(Area { x: area.x + used, width: area.width - used, ..area }, painter);
    if taken > 0 {
        painter.line_right(area, 0, &[Span::raw(" "), right[0].clone()]);
    }
    results(state, &window, lines, painter);
}

fn title(state: &State, theme: Theme) -> LinePart<'static> {
    match state.focus {
        Focus::Status => LinePart::new(0, "[status]", theme.current().patch(theme.strong())),
        Focus::Table => LinePart::new(8, "status", theme.strong()),
    }
}

/// Where the pane is scrolled to, and what it shows beyond its results.
fn position(state: &State, newer: usize) -> String {
    let below = (newer > 0).then(|| format!("{} newer below", grouped(newer as u64)));
    let reads = state.status.reads.then(|| "reads shown".to_owned());
    [below, reads].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What the gauge's line says while no job runs.
fn idle(state: &State, theme: Theme) -> Vec<LinePart<'static>> {
    let mut parts = vec![];
    parts.extend(shut(state).map(|words| LinePart::new(0, words, theme.bad())));
    parts.extend(waiting(state, true).map(|words| LinePart::new(0, words, theme.wary())));
    match &state.saves.current {
        Some(save) => parts.extend(save_gauge(save, theme)),
        None => parts.push(LinePart::new(2, "results", theme.plain())),
    }
    let key = |command, words: &str| {
        let chord = state.setup.keymap.chord(command)?;
        Some(LinePart::new(3, format!("{chord} {words}"), theme.faint()))
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
fn saving(save: &RunningDownload) -> String {
    let (done, files) = (save.sum.done() as u64, save.files.len() as u64);
    let noun = if files == 1 { "file" } else { "files" };
    format!("save {} of {} {noun}, {} so far", grouped(done), grouped(files), size(save.bytes))
}

fn save_gauge(save: &RunningDownload, theme: Theme) -> Vec<LinePart<'static>> {
    let (done, files) = (save.sum.done(), save.files.len());
    let mut parts = vec![
        LinePart::new(0, saving(save), theme.strong()),
        LinePart::new(4, bar(done, files, 10), theme.plain()),
        LinePart::new(3, format!("{}%", percent(done, files)), theme.plain()),
    ];
    if save.cancelled {
        parts.push(LinePart::new(1, "stopping", theme.wary()));
    }
    parts
}

/// `archive 12 of 300  [#####-----]  4%  queued 1  25/s  12 s left`
fn gauge(state: &State, job: &Job, theme: Theme, wide: bool) -> Vec<LinePart<'static>> {
    let (done, records) = (job.done(), job.records());
    let counts = format!("{} {} of {}", job.plan.word(), grouped(done as u64), grouped(records as u64));
    let mut parts = vec![LinePart::new(0, counts, theme.strong())];
    parts.push(LinePart::new(4, bar(done, records, if wide { 20 } else { 10 }), theme.plain()));
    parts.push(LinePart::new(3, format!("{}%", percent(done, records)), theme.plain()));
    let standing = if job.cancelled {
        Some("cancelling")
    } else if state.jobs.is_paused() {
        Some("paused")
    } else if job.started.is_none() {
        Some("starting")
    } else {
        None
    };
    // A job that waits is never left out: cancelling the one that runs is one key from starting it.
    let queued = state.jobs.queued();
    let waiting_jobs = (queued > 0).then(|| format!("queued {}", grouped(queued as u64)));
    parts.extend(standing.map(|word| LinePart::new(1, word, theme.wary())));
    parts.extend(unable(state, wide).map(|words| LinePart::new(2, words, theme.bad())));
    parts.extend(waiting_jobs.map(|words| LinePart::new(0, words, theme.strong())));
    parts.extend(waiting(state, wide).map(|words| LinePart::new(2, words, theme.wary())));
    if let Some(words) = unanswered(state, job) {
        parts.push(LinePart::new(2, words, theme.plain()));
    } else if standing.is_none() && state.can_send() && done < records {
        parts.extend(job.rate(state.now).map(|rate| {
            let rate = if rate < 10.0 { format!("{rate:.1}/s") } else { format!("{rate:.0}/s") };
            LinePart::new(6, rate, theme.plain())
        }));
        parts.push(LinePart::new(
            5,
            format!("{} left", limits::spoken(time_left(state, job))),
            theme.plain(),
        ));
    }
    parts
}

/// How long the rest of a job takes. A server that has become slow shows by the youngest request that it owes an answer,
/// where that goes for most of what can be in flight and not for a single one.
fn time_left(state: &State, job: &Job) -> Duration {
    let (mut traffic, now) = (state.traffic.clone(), state.now.tick);
    let others = traffic.at_once.min(job.records() - job.done());
    if let Some(unanswered) = state.unanswered.filter(|unanswered| unanswered.count * 2 >= others) {
        let age = now.saturating_sub(unanswered.newest);
        let Latency { read, write } = traffic.latency;
        traffic.latency = Latency { read: read.max(age), write: write.max(age) };
    }
    state.setup.limits.time_left(job.requests_left(), &traffic, now)
}

/// `waiting for 1 answer, 12 s of 30 s`, where nothing of the job is left but requests in flight.
fn unanswered(state: &State, job: &Job) -> Option<String> {
    let in_flight = state.unanswered?;
    let (count, timeout) = (in_flight.count, in_flight.timeout);
    let sends = !job.cancelled && !state.jobs.is_paused();
    if sends && count < job.records() - job.done() {
        return None;
    }
    let answers = if count == 1 { "answer" } else { "answers" };
    let age = state.now.tick.saturating_sub(in_flight.oldest).as_secs();
    Some(format!("waiting for {count} {answers}, {age} s of {} s", timeout.as_secs()))
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
    Some(format!("{word} {}{why}", limits::spoken(left)))
}

fn results(state: &State, window: &VisibleLines, area: Area, painter: &mut Painter<'_>) {
    if window.lines.is_empty() {
        let words = "every change that is sent, and every request that fails, gets a line here";
        painter.line(area, 0, &[Span::styled(words, painter.theme.faint())]);
    }
    for (row, line) in window.lines.iter().enumerate() {
        let is_current = line.is_current && state.focus == Focus::Status;
        let mut text = line.text.clone();
        // Two spaces follow the time, whose digits are ASCII: the second makes room for the cursor's sign.
        if is_current && line.is_first && text.is_char_boundary(SIGN) && text.is_char_boundary(SIGN + 1) {
            text.replace_range(SIGN..=SIGN, ">");
        }
        painter.line(area, row, &[Span::styled(text, painter.theme.tone(line.tone))]);
        if is_current {
            painter.style_row(area, row, painter.theme.current());
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
