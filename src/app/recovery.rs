//! The unfinished jobs of earlier runs, and the page that offers to finish or drop them.
//!
//! Owns which are known, which one the cursor is on, and when a key counts: keys typed ahead, held or pasted neither drop
//! nor finish a job. Must not know where the jobs are kept.
pub(crate) mod update;

use std::time::Duration;

use super::arming::{Arming, KeyPace, QUIET};
use super::lines::{LineWeight, WrappedLine};
use crate::app::command::Motion;
use crate::app::keymap::{Chord, Key};
use crate::app::list::moved;
use crate::model::recovery::{OldJournal, UnfinishedJob};
use crate::model::text;
use crate::model::time::{Moment, Zone};

/// What is known of unfinished jobs.
#[derive(Debug, Default)]
pub struct Recovery {
    /// The jobs.
    pub unfinished_jobs: Vec<UnfinishedJob>,
    /// Journals of earlier versions with unfinished jobs in them.
    pub old: Vec<OldJournal>,
    /// Whether the page was shown since they were asked for: a person who has left it is not called back.
    pub was_shown: bool,
    /// Whether a person asked for them, who is to be told if there are none.
    pub wished: bool,
    /// Whether the page is to open as soon as nothing else is open.
    pub due: bool,
}

impl Recovery {
    /// Whether there is one that something can be done about here.
    #[must_use]
    pub fn offers(&self) -> bool {
        self.unfinished_jobs.iter().any(|unfinished_job| !unfinished_job.elsewhere)
    }

    /// How many rows the page has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.unfinished_jobs.len() + self.old.len()
    }

    /// The job of a row.
    fn job(&self, row: usize) -> Option<i64> {
        self.unfinished_jobs.get(row).map(|unfinished_job| unfinished_job.job)
    }

    /// The earlier journal of a row.
    fn old(&self, row: usize) -> Option<usize> {
        row.checked_sub(self.unfinished_jobs.len()).filter(|at| *at < self.old.len())
    }

    /// The job is not unfinished any more, or not for this page to offer.
    pub fn forget(&mut self, job: i64) {
        self.unfinished_jobs.retain(|unfinished_job| unfinished_job.job != job);
    }
}

/// What a key of the page asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryCommand {
    /// Nothing yet.
    Wait,
    /// To see it later.
    Later,
    /// To take the rest of the job through the dialog.
    Finish(i64),
    /// To leave the rest of the job undone.
    Drop(i64),
    /// To note that a person knows of this earlier journal.
    Acknowledge(usize),
}

/// The page, while it is open.
#[derive(Debug, Default)]
pub struct RecoveryPage {
    /// The row of the cursor.
    pub at: usize,
    /// When it was on the screen, and when its keys came.
    arming: Arming,
    /// A wish that counts once its key has turned out to stand alone.
    wished: Option<(Moment, RecoveryCommand)>,
}

impl RecoveryPage {
    /// Whether it waits to be drawn.
    #[must_use]
    pub fn awaits_drawing(&self) -> bool {
        self.arming.awaits_drawing()
    }

    /// It is on the screen.
    pub fn drawn(&mut self, at: Moment) {
        self.arming.drawn(at);
    }

    /// It cannot be seen any more, or not as it is now.
    pub fn hidden(&mut self) {
        self.arming.restart();
        self.wished = None;
    }

    /// When something changes with time alone.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Duration> {
        self.wished.map(|(at, _)| at.tick + self.arming.settle())
    }

    /// Time has passed: a wish whose key stood alone long enough counts.
    pub fn due(&mut self, now: Moment) -> RecoveryCommand {
        match self.wished {
            Some((at, request)) if now.since(at) >= self.arming.settle() => {
                self.wished = None;
                request
            }
            _ => RecoveryCommand::Wait,
        }
    }

    /// Reads a key, with this on the page.
    pub fn key(&mut self, chord: Chord, repeat: bool, at: Moment, shown: &Recovery) -> RecoveryCommand {
        let counted = self.due(at);
        if counted != RecoveryCommand::Wait {
            return counted;
        }
        let is_by_hand = self.arming.key(Some(chord), at) == KeyPace::Hand;
        let is_seen = self.arming.shown(at).is_some_and(|shown| shown >= QUIET);
        if self.wished.take().is_some() || !is_by_hand || !is_seen || repeat && motion(chord).is_none() {
            return RecoveryCommand::Wait;
        }
        let (job, old) = (shown.job(self.at), shown.old(self.at));
        match (chord.key, job) {
            (Key::Esc | Key::Char('q'), _) if !chord.ctrl => return RecoveryCommand::Later,
            (Key::Char('f'), Some(job)) if !chord.ctrl => {
                self.wished = Some((at, RecoveryCommand::Finish(job)));
            }
            (Key::Char('d'), Some(job)) if !chord.ctrl => {
                self.wished = Some((at, RecoveryCommand::Drop(job)));
            }
            (Key::Char('d'), None) if !chord.ctrl => {
                self.wished = old.map(|old| (at, RecoveryCommand::Acknowledge(old)));
            }
            _ => {
                self.at = motion(chord).map_or(self.at, |motion| moved(self.at, motion, shown.rows(), 1));
            }
        }
        RecoveryCommand::Wait
    }
}

fn motion(chord: Chord) -> Option<Motion> {
    Some(match chord.key {
        Key::Down | Key::Char('j') => Motion::Down,
        Key::Up | Key::Char('k') => Motion::Up,
        Key::Home | Key::Char('g') => Motion::First,
        Key::End | Key::Char('G') => Motion::Last,
        _ => return None,
    })
}

/// One job as the page tells it, `width` cells wide.
#[must_use]
pub fn told(
    unfinished_job: &UnfinishedJob,
    organization: &str,
    zone: &Zone,
    width: usize,
) -> Vec<WrappedLine> {
    let kinds: Vec<String> = unfinished_job.kinds.iter().map(|(kind, n)| kind.count(*n)).collect();
    let of = [zone.minute(unfinished_job.confirmed), kinds.join(", "), organization.to_owned()];
    let of: Vec<String> = of.into_iter().filter(|part| !part.is_empty()).collect();
    let mut lines = vec![
        (LineWeight::Head, unfinished_job.sentence()),
        (LineWeight::Plain, format!("confirmed {}", of.join(", "))),
    ];
    if unfinished_job.reading > 0 {
        lines.push((
            LineWeight::Plain,
            format!("reading back {} ...", text::grouped(unfinished_job.reading as u64)),
        ));
    }
    lines.iter().flat_map(|(weight, words)| WrappedLine::wrapped(*weight, words, width)).collect()
}

/// An earlier journal as the page tells it, `width` cells wide.
#[must_use]
pub fn told_old(old: &OldJournal, width: usize) -> Vec<WrappedLine> {
    let left = match old.unfinished {
        1 => "1 unfinished job".to_owned(),
        n => format!("{} unfinished jobs", text::grouped(n)),
    };
    let lines = [
        (
            LineWeight::Head,
            format!("{left} of an earlier version of tidyfy: nothing is sent until you acknowledge it"),
        ),
        (
            LineWeight::Plain,
            format!("kept in {}; see in Tallyfy what became of its records", text::clean(&old.file)),
        ),
    ];
    lines.iter().flat_map(|(weight, words)| WrappedLine::wrapped(*weight, words, width)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::kind::Action;
    use crate::model::outcome::OutcomeCounts;
    use crate::model::plan::Options;
    use jiff::Timestamp;

    fn unfinished_job(job: i64) -> UnfinishedJob {
        UnfinishedJob {
            job,
            action: Action::Archive,
            confirmed: Timestamp::UNIX_EPOCH,
            kinds: vec![],
            tally: OutcomeCounts::default(),
            rest: vec![],
            reassignee: None,
            options: Options::default(),
            elsewhere: false,
            reading: 0,
            archived: 0,
        }
    }

    fn at(ms: u64) -> Moment {
        Moment { tick: Duration::from_millis(ms), wall: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn a_key_counts_once_the_page_was_seen_and_the_key_stood_alone() {
        let jobs =
            Recovery { unfinished_jobs: vec![unfinished_job(4), unfinished_job(7)], ..Recovery::default() };
        let mut page = RecoveryPage::default();
        let press =
            |page: &mut RecoveryPage, key: &str, ms| page.key(key.parse().unwrap(), false, at(ms), &jobs);
        assert_eq!(press(&mut page, "esc", 0), RecoveryCommand::Wait);
        page.drawn(at(10));
        for (key, ms) in [("d", 100), ("esc", 259)] {
            assert_eq!(
                (press(&mut page, key, ms), page.due(at(ms + 30))),
                (RecoveryCommand::Wait, RecoveryCommand::Wait)
            );
        }
        press(&mut page, "j", 300);
        press(&mut page, "d", 400);
        assert_eq!(
            (page.due(at(429)), page.wakes_at()),
            (RecoveryCommand::Wait, Some(Duration::from_millis(430)))
        );
        assert_eq!((page.due(at(430)), page.due(at(500))), (RecoveryCommand::Drop(7), RecoveryCommand::Wait));
        // A paste without brackets.
        for (n, key) in ["f", "d", "esc", "d"].into_iter().enumerate() {
            assert_eq!(press(&mut page, key, 600 + n as u64), RecoveryCommand::Wait);
        }
        assert_eq!(page.due(at(700)), RecoveryCommand::Wait);
        press(&mut page, "f", 800);
        page.hidden();
        assert_eq!(page.due(at(900)), RecoveryCommand::Wait);
        page.drawn(at(1000));
        press(&mut page, "g", 1300);
        press(&mut page, "f", 1400);
        assert_eq!(page.due(at(1500)), RecoveryCommand::Finish(4));
        assert_eq!(press(&mut page, "esc", 1600), RecoveryCommand::Later);
    }
}
