//! The one sentence at the end of the footer.
//!
//! Owns how long a notice stands: as long as its cause holds, or five seconds where it has none that lasts. The next key
//! takes any away. Must not know where it is drawn.

use std::time::Duration;

use crate::app::state::{Identity, Purpose, State};

/// How long a notice without a lasting cause stands.
const STANDS: Duration = Duration::from_secs(5);

/// A sentence at the end of the footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The sentence.
    pub words: String,
    /// When it goes.
    pub ends: NoticeEnd,
}

/// When a notice goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeEnd {
    /// At this time, on the clock that never steps.
    At(Duration),
    /// When this is over, however long it takes.
    With(NoticeCondition),
}

/// A condition that a notice reports. Once it is over the notice would be untrue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeCondition {
    /// Records are about to be marked.
    Marking,
    /// A range has been begun.
    Range,
    /// Jobs are paused.
    Paused,
    /// The process stops as soon as nothing is in flight.
    Suspending,
    /// The token is not accepted.
    LockedOut,
    /// The organization's name is being read.
    Identifying,
    /// Another organization is about to be entered.
    Leaving,
    /// An answer is awaited for this.
    Awaiting(Purpose),
}

/// Why a command does nothing now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandRefusal {
    /// The reason.
    pub words: String,
    /// The condition that it lasts as long as, if it ends by itself.
    pub cause: Option<NoticeCondition>,
}

impl CommandRefusal {
    /// A refusal that lasts as long as `cause`.
    pub fn during(cause: NoticeCondition, words: impl Into<String>) -> Self {
        Self { words: words.into(), cause: Some(cause) }
    }
}

impl From<String> for CommandRefusal {
    fn from(words: String) -> Self {
        Self { words, cause: None }
    }
}

impl From<&str> for CommandRefusal {
    fn from(words: &str) -> Self {
        words.to_owned().into()
    }
}

impl State {
    /// Shows a notice for a few seconds.
    pub fn note(&mut self, words: impl Into<String>) {
        let ends = NoticeEnd::At(self.now.tick + STANDS);
        self.notice = Some(Notice { words: words.into(), ends });
    }

    /// Shows a notice for as long as its cause holds.
    pub fn note_during(&mut self, cause: NoticeCondition, words: impl Into<String>) {
        self.notice = Some(Notice { words: words.into(), ends: NoticeEnd::With(cause) });
    }

    /// Says why a command does nothing now.
    pub fn refuse(&mut self, refusal: CommandRefusal) {
        let CommandRefusal { words, cause } = refusal;
        match cause {
            Some(cause) => self.note_during(cause, words),
            None => self.note(words),
        }
    }

    /// Takes away a notice whose time or cause is over.
    pub fn expire_notice(&mut self) {
        let stands = |ends| match ends {
            NoticeEnd::At(end) => self.now.tick < end,
            NoticeEnd::With(cause) => self.holds(cause),
        };
        if self.notice.as_ref().is_some_and(|notice| !stands(notice.ends)) {
            self.notice = None;
        }
    }

    /// When the notice goes by time alone.
    #[must_use]
    pub fn notice_ends_at(&self) -> Option<Duration> {
        match self.notice.as_ref()?.ends {
            NoticeEnd::At(end) => Some(end),
            NoticeEnd::With(_) => None,
        }
    }

    /// Whether more is about to be marked than is marked now.
    #[must_use]
    pub fn is_marking(&self) -> bool {
        match self.marked_only {
            _ if self.resolving.is_some() || self.in_flight.awaits(Purpose::Entries) => true,
            Some(_) => self.listings.iter().any(|listing| listing.marking.is_some()),
            None => self.listing().marking.is_some(),
        }
    }

    fn holds(&self, cause: NoticeCondition) -> bool {
        match cause {
            NoticeCondition::Marking => self.is_marking(),
            NoticeCondition::Range => self.listing().anchor.is_some(),
            NoticeCondition::Paused => self.jobs.is_paused(),
            NoticeCondition::Suspending => self.suspending,
            NoticeCondition::LockedOut => self.locked_out.is_some(),
            NoticeCondition::Identifying => self.identity == Identity::Asking,
            NoticeCondition::Leaving => self.entering,
            NoticeCondition::Awaiting(purpose) => self.in_flight.awaits(purpose),
        }
    }
}
