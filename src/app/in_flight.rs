//! What has been asked of the worker and not been answered to the end.
//!
//! Owns the numbers of tickets, and what each was given out for. Must not know what the answers are.

use std::collections::BTreeMap;

use crate::app::effect::RequestId;
use crate::model::kind::Kind;
use crate::model::recovery::RecoveryRequest;

/// What a ticket was given out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Who we are.
    Identify,
    /// The names of the members.
    Members,
    /// The organizations one can go to.
    Organizations,
    /// The number on a tab.
    Count(Kind),
    /// The rows of a list.
    List(Kind),
    /// Rows that a filter may let through, ahead of their list.
    Search(Kind),
    /// The order of a list.
    Query(Kind),
    /// The fields of a detail page.
    Read,
    /// What a detail page leads to.
    Related,
    /// What hangs on the records of a dialog's plan.
    CountImpact,
    /// A job.
    Job,
    /// A past job, to undo it or to try again what failed of it.
    PlanRecovery(RecoveryRequest),
    /// Unfinished jobs of earlier runs.
    Unfinished,
    /// Past jobs.
    History,
    /// The steps of a past job.
    JobSteps,
    /// The clipboard.
    Copy,
    /// A browser.
    Browse,
    /// A file of records.
    Export,
    /// Noting that a person knows of an earlier journal.
    Acknowledge,
    /// Leaving the rest of an unfinished job undone.
    DropJob(i64),
    /// Another token.
    Authenticate,
    /// The saved filters.
    SavedFilters,
    /// The bytes of files.
    Download,
    /// What a file hangs on.
    Find,
    /// Sets of marks.
    Selections,
    /// Which records a set of marks or a list of ids names.
    Entries,
    /// The records of a set of marks.
    Resolve,
    /// A file.
    Write,
}

/// The tickets that wait for their final message.
#[derive(Debug, Default)]
pub struct InFlight {
    last: u64,
    open: BTreeMap<RequestId, Purpose>,
}

impl InFlight {
    /// A new ticket for `purpose`.
    pub fn open(&mut self, purpose: Purpose) -> RequestId {
        self.last += 1;
        let request_id = RequestId(self.last);
        self.open.insert(request_id, purpose);
        request_id
    }

    /// What an open ticket is for; `None` for one that was never given out or has ended.
    #[must_use]
    pub fn purpose(&self, request_id: RequestId) -> Option<Purpose> {
        self.open.get(&request_id).copied()
    }

    /// Whether an open ticket was given out for `purpose`.
    #[must_use]
    pub fn awaits(&self, purpose: Purpose) -> bool {
        self.open.values().any(|open| *open == purpose)
    }

    /// Whether a past job is being looked for.
    #[must_use]
    pub fn recalls(&self) -> bool {
        self.open.values().any(|open| matches!(open, Purpose::PlanRecovery(_)))
    }

    /// Ends a ticket.
    pub fn close(&mut self, request_id: RequestId) {
        self.open.remove(&request_id);
    }

    /// How many are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether nothing is awaited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}
