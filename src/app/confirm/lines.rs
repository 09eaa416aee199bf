//! Where the confirmation stands and what it says, line by line.
//!
//! Owns the arithmetic that keeps what must be typed on the screen however small it is. Must not know how it is drawn.

use crate::app::confirm::{Confirm, DialogLine, DialogPart};
use crate::app::event::Size;
use crate::app::layout::Area;
use crate::app::lines::{LineWeight, WrappedLine};
use crate::model::plan::Confirmation;
use crate::model::text;
use crate::model::time::Moment;

/// From this inner height on a line is kept free for complaints, so that one does not move the rest, and each option has
/// a line to itself.
const ROOMY: usize = 12;

/// The confirmation, laid out for a terminal.
#[derive(Debug)]
pub struct DialogLayout {
    /// Its box.
    pub outer: Area,
    /// The title, where it fits above the body; else it begins the body.
    pub title: Vec<String>,
    /// Where the title stands.
    pub title_area: Area,
    /// The lines of the body, all of them.
    pub lines: Vec<WrappedLine>,
    /// How many of them are scrolled away; never more than there are.
    pub scroll: usize,
    /// Where the body stands.
    pub body: Area,
    /// What stays in sight below the body; on a small terminal it ends the body instead.
    pub notes: Vec<WrappedLine>,
    /// Where the notes stand.
    pub notes_area: Area,
    /// The line between body and foot.
    pub rule: Area,
    /// Where the filter of the list stands, while there is one.
    pub filter: Option<Area>,
    /// The options, in full where there is room, else on one line; the one that has the keys is told by its `>`.
    pub options: Vec<WrappedLine>,
    /// Where the options stand.
    pub options_area: Area,
    /// Where the complaint stands, if there is room kept or a complaint to show.
    pub complaint: Option<Area>,
    /// What is asked for.
    pub prompt: Vec<String>,
    /// Where it stands.
    pub prompt_area: Area,
    /// Where the phrase is typed, if one is asked for.
    pub input: Option<Area>,
}

impl DialogLayout {
    /// `confirm` on a terminal of `size`.
    #[must_use]
    pub fn of(confirm: &Confirm, size: Size, now: Moment) -> Self {
        let margin = if size.width >= 70 { 4 } else { 0 };
        let width = size.width.saturating_sub(margin).min(104);
        let most = size.height.saturating_sub(if size.height >= 20 { 4 } else { 2 });
        let most = usize::from(most);
        let cells = usize::from(width.saturating_sub(4));
        let (filter, complaint, input) = optional_rows(confirm, most);
        let options = options(confirm, cells, most);
        let fixed = 1 + filter + options.len() + complaint + input;
        let prompt = shortened(text::wrapped(&confirm.prompt(now), cells), most.saturating_sub(fixed + 2));
        let foot = fixed + prompt.len();

        let mut lines: Vec<WrappedLine> =
            confirm.body().into_iter().flat_map(|line| wrapped(line, cells)).collect();
        let mut notes: Vec<WrappedLine> =
            confirm.notes().into_iter().flat_map(|line| wrapped(line, cells)).collect();
        let mut title = text::wrapped(&text::clean(&confirm.plan.title()), cells);
        // The blank line after it is the title's too.
        let title_rows = if title.len() + 1 + foot + 3 <= most {
            title.len() + 1
        } else {
            let head =
                std::mem::take(&mut title).into_iter().map(|line| WrappedLine::new(LineWeight::Head, line));
            lines.splice(0..0, head);
            0
        };
        // Notes stay in sight where half a dozen lines of the body do, too; the blank line before them is theirs.
        if title_rows + notes.len() + 1 + foot + 6 <= most {
            notes.insert(0, WrappedLine::blank());
        } else {
            lines.push(WrappedLine::blank());
            lines.append(&mut notes);
        }
        let foot = foot + notes.len();
        let wanted = lines.len() + unlisted(confirm, &lines);
        let rows = wanted.min(most.saturating_sub(foot + title_rows)).max(1);
        let height = u16::try_from(title_rows + rows + foot + 2).unwrap_or(u16::MAX);
        let outer = Area::centered(size, width, height);
        let scroll = confirm.scroll.min(lines.len().saturating_sub(rows));

        let mut from = 0;
        let inside = outer.inside(2);
        let mut next = |rows: usize| {
            let rows = u16::try_from(rows).unwrap_or(u16::MAX);
            let area = inside.rows(from, rows);
            from = from.saturating_add(rows);
            area
        };
        let title_area = next(title_rows);
        let body = next(rows);
        let notes_area = next(notes.len());
        let rule = next(1);
        let filter = (filter > 0).then(|| next(1));
        let options_area = next(options.len());
        let complaint = (complaint > 0).then(|| next(1));
        let prompt_area = next(prompt.len());
        let input = (input > 0).then(|| next(1));
        Self {
            outer,
            title,
            title_area,
            lines,
            scroll,
            body,
            notes,
            notes_area,
            rule,
            filter,
            options,
            options_area,
            complaint,
            prompt,
            prompt_area,
            input,
        }
    }
}

/// Rows for the list's filter, the complaint and the phrase.
fn optional_rows(confirm: &Confirm, most: usize) -> (usize, usize, usize) {
    let filter = confirm.filtering || !confirm.list_filter.value().is_empty();
    let complaint = confirm.complaint.is_some() || most >= ROOMY;
    let input = matches!(confirm.confirmation, Confirmation::Phrase(_));
    (usize::from(filter), usize::from(complaint), usize::from(input))
}

/// The options, `cells` wide: a line or more each, or all on one where `most` lines are too few for that.
fn options(confirm: &Confirm, cells: usize, most: usize) -> Vec<WrappedLine> {
    let state = |choice| {
        let sign = if confirm.has_keys(choice) && !confirm.filtering { '>' } else { ' ' };
        let cross = if confirm.is_on(choice) { 'x' } else { ' ' };
        (sign, cross)
    };
    if most >= ROOMY {
        let full = confirm.offered().iter().flat_map(|choice| {
            let (sign, cross) = state(*choice);
            let weight = if sign == '>' { LineWeight::Head } else { LineWeight::Plain };
            WrappedLine::led(&format!("{sign} [{cross}]"), 6, weight, &confirm.label(*choice), cells)
        });
        return full.collect();
    }
    let short: Vec<String> = confirm
        .offered()
        .iter()
        .map(|choice| {
            let (sign, cross) = state(*choice);
            format!("{sign}[{cross}] {}", confirm.short_label(*choice))
        })
        .collect();
    let weight = if confirm.part == DialogPart::Options { LineWeight::Head } else { LineWeight::Plain };
    if short.is_empty() { Vec::new() } else { vec![WrappedLine::new(weight, short.join(" "))] }
}

/// At most `most` lines; what has to go goes from the middle, for the start says what to type and the end, which has the
/// larger half, what will do in its place.
fn shortened(mut lines: Vec<String>, most: usize) -> Vec<String> {
    if lines.len() <= most || most == 0 {
        return lines;
    }
    let first = (most / 2).max(1);
    let last = lines.split_off(lines.len() - (most - first));
    lines.truncate(first);
    if let Some(line) = lines.last_mut() {
        line.push('…');
    }
    lines.extend(last);
    lines
}

/// How many records the list's filter keeps out, so that the box does not jump while one is typed.
fn unlisted(confirm: &Confirm, lines: &[WrappedLine]) -> usize {
    let all = confirm.plan.count() + confirm.plan.blocked.len();
    let listed = lines.iter().filter(|line| line.record.is_some()).count();
    if confirm.list_filter.value().is_empty() { 0 } else { all.saturating_sub(listed) }
}

fn wrapped(line: DialogLine, width: usize) -> Vec<WrappedLine> {
    let flat = |weight, words: &str| WrappedLine::wrapped(weight, words, width).collect();
    match line {
        DialogLine::Blank => vec![WrappedLine::blank()],
        DialogLine::Text(words) => flat(LineWeight::Plain, &words),
        DialogLine::Head(words) => flat(LineWeight::Head, &words),
        DialogLine::Loud(words) => WrappedLine::led("!", 2, LineWeight::Loud, &words, width),
        DialogLine::Target(record) => {
            vec![WrappedLine { handle: "  ".to_owned(), record: Some(record), ..WrappedLine::blank() }]
        }
        DialogLine::Beside(words) => WrappedLine::led("    has", 8, LineWeight::Plain, &words, width),
        DialogLine::Blocked(record, reason) => {
            let words = format!("{}: {reason}", record.name());
            let mut lines = WrappedLine::led("  !", 4, LineWeight::Faint, &words, width);
            if let Some(first) = lines.first_mut() {
                first.record = Some(record);
            }
            lines
        }
    }
}
