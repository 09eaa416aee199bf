//! The history.
//!
//! Owns the columns of past jobs and of the steps of one. Only rows on the screen are looked at.

use ratatui::text::Span;
use ratatui::widgets::BorderType;

use super::{input, text};
use crate::app::history::{HistoryPage, JobDetail, KnownJobs, KnownSteps};
use crate::app::layout::{Area, FOOT, first_row, history_area, history_rows};
use crate::app::state::State;
use crate::app::text_input::TextInput;
use crate::model::history::{JobStep, JobSummary, skipped};
use crate::model::text::{clean, grouped, wrapped};
use crate::view::painter::Painter;

/// Below this width only what matters most has a column.
const NARROW: u16 = 68;
/// From this width on, who did it is shown as well.
const WIDE: usize = 100;

/// Draws the page.
pub(super) fn draw(state: &State, page: &HistoryPage, painter: &mut Painter<'_>) {
    match &page.open {
        None => jobs(state, page, painter),
        Some(open) => job(state, open, painter),
    }
}

/// The border with a title, and what is sought under it; answers the room for rows.
fn frame(
    state: &State,
    title: String,
    (filter, typing): (&str, Option<&TextInput>),
    painter: &mut Painter<'_>,
) -> Area {
    let theme = painter.theme;
    let area = history_area(state.size);
    painter.window(area, BorderType::Plain, theme.plain(), &[Span::styled(title, theme.strong())]);
    let inside = area.inside(2);
    match typing {
        Some(typing) => input::draw(typing, "/", theme.key(), true, (inside, 0), painter),
        None if filter.is_empty() => {}
        None => painter.line(inside, 0, &[Span::styled(format!("/{}", clean(filter)), theme.key())]),
    }
    inside.rows(1, inside.height)
}

fn jobs(state: &State, page: &HistoryPage, painter: &mut Painter<'_>) {
    let organization = state.standing.organization.as_ref().map_or("", |organization| &organization.name);
    let title = format!(" history of {organization}{} ", damage(page.damaged));
    let area = frame(state, title, (&page.filter, page.typing.as_ref()), painter);
    let shown = history_rows(state.size);
    let first = first_row(page.at, page.summaries.len(), shown);
    let cells: Vec<_> =
        page.summaries.iter().skip(first).take(shown).map(|summary| job_cells(state, summary)).collect();
    let widths = job_widths(usize::from(area.width), &cells);
    let heads = ["confirmed", "action", "records", "results", "state", "by"].map(str::to_owned);
    painter.line(area, 0, &row(" ", &widths, &heads));
    let rows = area.rows(1, area.height);
    if page.summaries.is_empty() {
        let words = match &page.known {
            KnownJobs::Asked(_) => "reading…".to_owned(),
            KnownJobs::Failed(why) => format!("the history could not be read: {why}"),
            KnownJobs::Are(_) if page.filter.is_empty() => {
                "no job was ever kept for this organization".to_owned()
            }
            KnownJobs::Are(_) => "no job is like that".to_owned(),
        };
        sentence(&words, rows, painter);
        return;
    }
    for (line, cells) in cells.iter().enumerate() {
        listed(line, line + first == page.at, &widths, cells, rows, painter);
    }
    let foot = area.rows(area.height.saturating_sub(FOOT), FOOT);
    if let Some(summary) = page.current() {
        let continues =
            summary.continues.map(|job| format!(", took over the rest of job {job}")).unwrap_or_default();
        let copies =
            summary.copies.as_ref().map(|folder| format!(", copies in {folder}")).unwrap_or_default();
        let because = summary.reason.as_ref().map(|why| format!(", because {why}")).unwrap_or_default();
        sentence(
            &format!(
                "job {}: {} {}, {}; {}{because}{continues}{copies}",
                summary.job,
                summary.word(),
                summary.what(),
                summary.results(),
                summary.state()
            ),
            foot,
            painter,
        );
    }
    let more = if matches!(page.known, KnownJobs::Are(None)) { "" } else { "+" };
    counted(state, page.at, &format!("{}{more}", page.summaries.len()), painter);
}

/// The suffix of a title where entries could not be read.
fn damage(damaged: u64) -> String {
    skipped(damaged).map(|words| format!(", {words}")).unwrap_or_default()
}

fn job_cells(state: &State, summary: &JobSummary) -> [String; 6] {
    let person = summary.person.as_deref().map(|id| state.people.names(id)).unwrap_or_default();
    let is_narrow = history_area(state.size).inside(2).width < NARROW;
    let zone = &state.setup.zone;
    let when = if is_narrow { zone.date(summary.confirmed) } else { zone.minute(summary.confirmed) };
    [when, summary.word().to_owned(), summary.what(), summary.results(), summary.state(), person]
}

fn job(state: &State, open: &JobDetail, painter: &mut Painter<'_>) {
    let summary = &open.summary;
    let when = state.setup.zone.minute(summary.confirmed);
    let title = format!(
        " job {}: {} {} in {}, {when}{} ",
        summary.job,
        clean(summary.word()),
        summary.what(),
        clean(&summary.organization),
        damage(open.damaged)
    );
    let area = frame(state, title, (&open.filter, open.typing.as_ref()), painter);
    let shown = history_rows(state.size);
    let first = first_row(open.at, open.shown.len(), shown);
    let job_steps = match &open.steps {
        KnownSteps::Are(job_steps) => job_steps.as_slice(),
        KnownSteps::Asked(_) | KnownSteps::Failed(_) => &[],
    };
    let on_screen = open.shown.iter().skip(first).take(shown).filter_map(|n| job_steps.get(*n));
    let cells: Vec<_> = on_screen.map(|job_step| step_cells(state, job_step)).collect();
    let widths = step_widths(usize::from(area.width), &cells);
    let heads = ["ended", "outcome", "status", "kind", "name", "reason"].map(str::to_owned);
    painter.line(area, 0, &row(" ", &widths, &heads));
    let rows = area.rows(1, area.height);
    match &open.steps {
        KnownSteps::Asked(_) => return sentence("reading…", rows, painter),
        KnownSteps::Failed(why) => {
            return sentence(&format!("the steps could not be read: {why}"), rows, painter);
        }
        KnownSteps::Are(_) => {}
    }
    if open.shown.is_empty() {
        return sentence("no step is like that", rows, painter);
    }
    for (line, cells) in cells.iter().enumerate() {
        listed(line, line + first == open.at, &widths, cells, rows, painter);
    }
    if let Some(job_step) = open.current() {
        sentence(&in_full(job_step), area.rows(area.height.saturating_sub(FOOT), FOOT), painter);
    }
    counted(state, open.at, &open.shown.len().to_string(), painter);
}

fn step_cells(state: &State, job_step: &JobStep) -> [String; 6] {
    let when = job_step.at.map(|at| state.setup.zone.second(at)).unwrap_or_default();
    let status = job_step.status.map(|status| status.to_string()).unwrap_or_default();
    let reason = job_step.reason.clone().unwrap_or_default();
    [when, job_step.outcome.to_owned(), status, job_step.kind.clone(), job_step.name.clone(), reason]
}

/// Everything about a step that may not have had room in its row.
fn in_full(job_step: &JobStep) -> String {
    let id = job_step.id.as_ref().map(ToString::to_string).unwrap_or_default();
    let took = job_step.took_ms.map(|ms| format!(" in {} ms", grouped(ms))).unwrap_or_default();
    let answered = if job_step.status.is_some() { "answered" } else { "without an answer" };
    let sent = match job_step.sent {
        0 => "not sent".to_owned(),
        1 => format!("sent once, {answered}{took}"),
        n => format!("sent {n} times, the last time {answered}{took}"),
    };
    let copy = job_step.copy.as_ref().map(|file| format!(", copy in {file}")).unwrap_or_default();
    let reason = job_step.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{} {}, {sent}{copy}; {} {id}{reason}", job_step.method, job_step.path, job_step.called)
}

/// Widths of the cells of jobs `width` cells wide: whatever these need where there is room.
fn job_widths(width: usize, rows: &[[String; 6]]) -> [usize; 6] {
    // What has no room here stands in full at the foot.
    if width < usize::from(NARROW) {
        return [10, 8, 0, width.saturating_sub(2 + 10 + 2 + 8 + 2), 0, 0];
    }
    let (by, gaps) = if width >= WIDE { (16, 5) } else { (0, 4) };
    let room = width.saturating_sub(2 + 16 + 8 + 2 * gaps + by);
    let [records, results, state] = fitted([wanted(rows, 2), wanted(rows, 3), wanted(rows, 4)], room);
    [16, 8, records, results, state, by]
}

/// The same for steps.
fn step_widths(width: usize, rows: &[[String; 6]]) -> [usize; 6] {
    if width < usize::from(NARROW) {
        return [0, 12, 0, 0, width.saturating_sub(2 + 12 + 2), 0];
    }
    let room = width.saturating_sub(2 + 8 + 12 + 6 + 9 + 2 * 5);
    let [name, reason] = fitted([wanted(rows, 4), wanted(rows, 5)], room);
    [8, 12, 6, 9, name, reason]
}

/// How wide a column would be that cuts nothing; never less than its head.
fn wanted(rows: &[[String; 6]], column: usize) -> usize {
    rows.iter().map(|row| text::width(&clean(&row[column]))).max().unwrap_or(0).max("records".len())
}

/// Widths that fill `room`: where it is too little for all, the widest give way.
fn fitted<const N: usize>(wanted: [usize; N], room: usize) -> [usize; N] {
    let mut widths = wanted.map(|width| width.min(room));
    while widths.iter().sum::<usize>() > room {
        match widths.iter_mut().max() {
            Some(widest) => *widest -= 1,
            None => break,
        }
    }
    let left = room - widths.iter().sum::<usize>();
    if let Some(last) = widths.last_mut() {
        *last += left;
    }
    widths
}

fn row(sign: &str, widths: &[usize; 6], cells: &[String; 6]) -> Vec<Span<'static>> {
    let mut spans = vec![Span::raw(format!("{sign} "))];
    for (width, words) in widths.iter().zip(cells).filter(|(width, _)| **width > 0) {
        spans.push(Span::raw(if spans.len() > 1 { "  " } else { "" }));
        let cell = text::cell(&[Span::raw(clean(words).into_owned())], *width, false);
        spans.extend(cell.into_iter().map(|span| Span::styled(span.content.into_owned(), span.style)));
    }
    spans
}

fn listed(
    line: usize,
    is_current: bool,
    widths: &[usize; 6],
    cells: &[String; 6],
    rows: Area,
    painter: &mut Painter<'_>,
) {
    painter.line(rows, line, &row(if is_current { ">" } else { " " }, widths, cells));
    if is_current {
        painter.style_row(rows, line, painter.theme.current());
    }
}

fn sentence(words: &str, area: Area, painter: &mut Painter<'_>) {
    let lines = wrapped(&clean(words), usize::from(area.width));
    for (row, line) in lines.iter().take(usize::from(area.height)).enumerate() {
        painter.line(area, row, &[Span::styled(line, painter.theme.plain())]);
    }
}

fn counted(state: &State, at: usize, of: &str, painter: &mut Painter<'_>) {
    painter.footing(history_area(state.size), &[Span::raw(format!(" {} of {of} ", at + 1))]);
}

#[cfg(test)]
mod tests {
    use super::fitted;

    #[test]
    fn columns_are_cut_only_where_there_is_no_room() {
        assert_eq!(fitted([40, 10, 8], 70), [40, 10, 20]);
        assert_eq!(fitted([40, 30, 8], 60), [26, 26, 8]);
        assert_eq!(fitted([40, 30], 0), [0, 0]);
    }
}
