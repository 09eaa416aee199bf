//! The lines of the status pane.
//!
//! Owns what is kept of results, how a line reads, and which one the cursor is on.

pub mod group;
pub(crate) mod update;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::app::command::Motion;
use crate::app::event::Attempt;
use crate::model::failure::Cause;
use crate::model::outcome::Outcome;
use crate::model::text;
use crate::model::time::{Moment, Zone};
use group::FailureGroup;

/// How many lines are kept.
const KEPT: usize = 5_000;
/// How many successful reads are kept besides.
const KEPT_READS: usize = 500;

/// Cells of the time and the spaces after it.
const INDENT: usize = BLANK.len();
/// What stands in its place before a further line.
const BLANK: &str = "          ";

/// What a line tells.
#[derive(Debug, Clone)]
pub enum StatusText {
    /// The result of a request.
    Attempt(Box<Attempt>),
    /// How a job ended.
    Summary(String),
    /// What did not succeed in it for one and the same cause.
    Group(Arc<FailureGroup>),
    /// Something else worth a line.
    Note(String),
    /// Something that is not as it should be.
    Warning(String),
}

/// One line of the pane.
#[derive(Debug, Clone)]
pub struct StatusLine {
    /// When.
    pub at: Timestamp,
    /// What.
    pub told: StatusText,
}

/// How a line is to be coloured, where colour is allowed; the words say it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineTone {
    /// It went well.
    Good,
    /// It did not.
    Bad,
    /// It waits, or is uncertain.
    Wary,
    /// It merely tells.
    Plain,
}

impl StatusLine {
    /// The line as it is shown.
    #[must_use]
    pub fn text(&self, zone: &Zone) -> String {
        let time = zone.second(self.at);
        match &self.told {
            StatusText::Attempt(attempt) => format!("{time}  {}", attempt_text(attempt)),
            StatusText::Summary(words) | StatusText::Note(words) | StatusText::Warning(words) => {
                format!("{time}  {words}")
            }
            StatusText::Group(group) => format!("{time}  {}", group.sentence()),
        }
    }

    /// The line for a pane of `width` cells. A result is one line whatever its length; what sums up or explains goes on
    /// in further lines, for it must be read to its end.
    #[must_use]
    pub fn lines(&self, zone: &Zone, width: usize) -> Vec<String> {
        let text = self.text(zone);
        let (
            StatusText::Summary(_) | StatusText::Group(_) | StatusText::Note(_) | StatusText::Warning(_),
            Some(room),
        ) = (&self.told, width.checked_sub(INDENT))
        else {
            return vec![text];
        };
        let (time, words) = text.split_at(INDENT.min(text.len()));
        let wrapped = text::wrapped(words, room).into_iter().enumerate();
        wrapped.map(|(n, line)| format!("{}{line}", if n == 0 { time } else { BLANK })).collect()
    }

    /// How it is to be coloured.
    #[must_use]
    pub fn tone(&self) -> LineTone {
        match &self.told {
            StatusText::Attempt(attempt) => match (&attempt.result, attempt.again_in) {
                (_, Some(_)) => LineTone::Wary,
                (Ok(200..300), None) => LineTone::Good,
                (Ok(_), None) => LineTone::Plain,
                (Err(_), None) => LineTone::Bad,
            },
            StatusText::Group(group) if matches!(group.outcome, Outcome::Unknown | Outcome::Changed) => {
                LineTone::Wary
            }
            StatusText::Group(_) | StatusText::Warning(_) => LineTone::Bad,
            StatusText::Summary(_) | StatusText::Note(_) => LineTone::Plain,
        }
    }

    fn is_quiet(&self) -> bool {
        matches!(&self.told, StatusText::Attempt(attempt) if attempt.is_quiet())
    }
}

/// `DELETE 422   51 ms  delete   Processes  Renewal 00003: The process must be archived first`
fn attempt_text(attempt: &Attempt) -> String {
    let status = match &attempt.result {
        Ok(status) => status.to_string(),
        Err(failure) => failure.status.map_or("---".to_owned(), |status| status.to_string()),
    };
    let kind = attempt.kind.map_or("", |kind| kind.row().title);
    let name = text::clean(&attempt.name);
    let mut line = format!(
        "{:<6} {status} {} {:<7}  {kind:<9}  {name}",
        attempt.method,
        time_taken(attempt),
        attempt.purpose
    );
    if let Err(failure) = &attempt.result {
        line.push_str(": ");
        line.push_str(&failure.words);
    }
    if let Some(wait) = attempt.again_in {
        line.push_str(&format!(", again in {}", waiting_time(wait)));
    }
    line
}

/// The time a request took, eight cells wide; what broke it off stands in its place.
fn time_taken(attempt: &Attempt) -> String {
    let broken = match &attempt.result {
        Err(failure) if failure.status.is_none() => match failure.cause {
            Cause::TimedOut => Some("timeout"),
            Cause::Broken | Cause::Unprocessed => Some("broken"),
            Cause::Unreachable => Some("no link"),
            Cause::Cancelled => Some("cut off"),
            _ => None,
        },
        _ => None,
    };
    match (broken, attempt.took.as_millis()) {
        (Some(word), _) => format!("{word:>8}"),
        (None, ms) if ms < 10_000 => format!("{ms:>4} ms "),
        (None, _) => format!("{:>5.1} s ", attempt.took.as_secs_f64()),
    }
}

/// A wait in the unit that shows it.
#[must_use]
pub fn waiting_time(wait: Duration) -> String {
    if wait < Duration::from_secs(10) {
        format!("{:.1} s", wait.as_secs_f64())
    } else {
        crate::model::limits::spoken(wait)
    }
}

/// A line as it is drawn.
#[derive(Debug, Clone)]
pub struct DrawnLine {
    /// Its words.
    pub text: String,
    /// How it is to be coloured.
    pub tone: LineTone,
    /// Whether an entry begins with it.
    pub is_first: bool,
    /// Whether it belongs to the entry the cursor is on.
    pub is_current: bool,
}

/// The lines that are in sight.
#[derive(Debug, Clone)]
pub struct VisibleLines {
    /// The lines, oldest first.
    pub lines: Vec<DrawnLine>,
    /// How many entries lie below the last one.
    pub newer: usize,
}

/// The status pane.
#[derive(Debug, Default)]
pub struct StatusPane {
    entries: VecDeque<StatusLine>,
    /// How many of them are reads that succeeded.
    quiet: usize,
    /// Whether successful reads are shown.
    pub reads: bool,
    /// How many lines are newer than the one the cursor is on; 0 follows the newest.
    pub below: usize,
}

impl StatusPane {
    /// Adds a line.
    pub fn tell(&mut self, at: Moment, told: StatusText) {
        let entry = StatusLine { at: at.wall, told };
        if self.below > 0 && (self.reads || !entry.is_quiet()) {
            self.below += 1;
        }
        let is_quiet = entry.is_quiet();
        self.entries.push_back(entry);
        self.make_room(is_quiet);
        self.below = self.below.min(self.entries.len().saturating_sub(1));
    }

    /// Drops the oldest line where there are too many. A read that succeeded never takes the place of a result.
    fn make_room(&mut self, is_quiet: bool) {
        self.quiet += usize::from(is_quiet);
        if self.quiet > KEPT_READS {
            self.quiet -= 1;
            let oldest = self.entries.iter().position(StatusLine::is_quiet);
            oldest.map(|at| self.entries.remove(at));
        } else if self.entries.len() > KEPT + KEPT_READS {
            let dropped = self.entries.pop_front();
            self.quiet -= usize::from(dropped.is_some_and(|entry| entry.is_quiet()));
        }
    }

    /// The lines that are shown, oldest first.
    pub fn shown(&self) -> impl DoubleEndedIterator<Item = &StatusLine> {
        self.entries.iter().filter(|entry| self.reads || !entry.is_quiet())
    }

    /// The line the cursor is on.
    #[must_use]
    pub fn under_cursor(&self) -> Option<&StatusLine> {
        self.shown().rev().nth(self.below)
    }

    /// The group of failures the cursor is on, if it is on one.
    #[must_use]
    pub fn group_under_cursor(&self) -> Option<Arc<FailureGroup>> {
        match self.under_cursor().map(|entry| &entry.told) {
            Some(StatusText::Group(group)) => Some(Arc::clone(group)),
            _ => None,
        }
    }

    /// As many lines as `rows` hold, with the one under the cursor among them: in the middle, as far as there are
    /// others on both sides. A pure function of the cursor, so that no offset has to be kept.
    #[must_use]
    pub fn window(&self, zone: &Zone, width: usize, rows: usize) -> VisibleLines {
        let wrapped = |entry: &StatusLine, is_current: bool| -> Vec<DrawnLine> {
            let tone = entry.tone();
            let lines = entry.lines(zone, width).into_iter().enumerate();
            lines.map(|(n, text)| DrawnLine { text, tone, is_first: n == 0, is_current }).collect()
        };
        let newer = |entries: usize| self.shown().rev().skip(self.below.saturating_sub(entries));
        let mut older = self.shown().rev().skip(self.below);
        let current = older.next().map(|entry| wrapped(entry, true)).unwrap_or_default();
        let room = rows.saturating_sub(current.len());
        let above: Vec<DrawnLine> =
            older.flat_map(|entry| wrapped(entry, false).into_iter().rev()).take(room).collect();
        // Every entry has at least a line, so that so many of them fill the room.
        let below: Vec<Vec<DrawnLine>> =
            newer(room).take(self.below.min(room)).map(|entry| wrapped(entry, false)).collect();
        let below: Vec<DrawnLine> = below.into_iter().rev().flatten().collect();
        let after = below.len().min((rows / 2).max(room.saturating_sub(above.len())).min(room));
        let before = above.len().min(room - after);
        let mut lines: Vec<DrawnLine> = above.into_iter().take(before).collect();
        lines.reverse();
        lines.extend(current.into_iter().take(rows));
        let seen = below.iter().take(after).filter(|line| line.is_first).count();
        lines.extend(below.into_iter().take(after));
        VisibleLines { lines, newer: self.below - seen.min(self.below) }
    }

    /// Moves the cursor; `page` is how many lines the pane shows.
    pub fn scroll(&mut self, motion: Motion, page: usize) {
        let top = self.shown().count().saturating_sub(1);
        let half = (page / 2).max(1);
        self.below = match motion {
            Motion::Up => self.below.saturating_add(1),
            Motion::Down => self.below.saturating_sub(1),
            Motion::HalfUp => self.below.saturating_add(half),
            Motion::HalfDown => self.below.saturating_sub(half),
            Motion::PageUp => self.below.saturating_add(page),
            Motion::PageDown => self.below.saturating_sub(page),
            Motion::First => top,
            Motion::Last => 0,
        }
        .min(top);
    }
}
