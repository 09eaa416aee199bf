//! The history: past jobs, and the steps of one.
//!
//! Owns which of them are known, what is sought among them and where the cursor is. Must not know where they are kept.
pub(crate) mod update;

use super::text_input::TextInput;
use crate::app::command::Motion;
use crate::app::effect::RequestId;
use crate::app::list::moved;
use crate::model::history::{HistorySearch, JobPage, JobStep, JobSummary};

/// How close to the last known job the cursor comes before more are asked for.
const AHEAD: usize = 20;

/// How far jobs are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownJobs {
    /// Some have been asked for.
    Asked(RequestId),
    /// These, and where there are older ones those before this job.
    Are(Option<i64>),
    /// They could not be read: why.
    Failed(String),
}

/// The page of past jobs, while it is open.
#[derive(Debug)]
pub struct HistoryPage {
    /// The jobs, the newest first.
    pub summaries: Vec<JobSummary>,
    /// Whether these are all.
    pub known: KnownJobs,
    /// How many entries of the journal could not be read.
    pub damaged: u64,
    /// What is sought, as it was typed.
    pub filter: String,
    /// What is being typed to seek.
    pub typing: Option<TextInput>,
    /// The row of the cursor.
    pub at: usize,
    /// The job that is open.
    pub open: Option<JobDetail>,
}

impl HistoryPage {
    /// A page that waits for its first jobs.
    #[must_use]
    pub fn new(request_id: RequestId) -> Self {
        let (filter, known) = (String::new(), KnownJobs::Asked(request_id));
        Self { summaries: Vec::new(), known, damaged: 0, filter, typing: None, at: 0, open: None }
    }

    /// Takes in jobs that were asked for with `request_id`.
    pub fn receive(&mut self, request_id: RequestId, job_page: JobPage) {
        if self.known == KnownJobs::Asked(request_id) {
            self.summaries.extend(job_page.summaries);
            self.known = KnownJobs::Are(job_page.before);
            self.damaged = self.damaged.max(job_page.damaged);
        }
    }

    /// The job that a key is about: the one that is open, else the one under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&JobSummary> {
        self.open.as_ref().map(|open| &open.summary).or_else(|| self.summaries.get(self.at))
    }

    /// The job before which more are wanted now, if they are.
    #[must_use]
    pub fn wants(&self) -> Option<i64> {
        match self.known {
            KnownJobs::Are(Some(before)) if self.at + AHEAD >= self.summaries.len() => Some(before),
            _ => None,
        }
    }

    /// Moves the cursor of what is shown; `page` is how many rows that has.
    pub fn go(&mut self, motion: Motion, page: usize) {
        match &mut self.open {
            Some(open) => open.at = moved(open.at, motion, open.shown.len(), page),
            None => self.at = moved(self.at, motion, self.summaries.len(), page),
        }
    }

    /// Whether anything is typed into.
    #[must_use]
    pub fn is_typing(&self) -> bool {
        self.open.as_ref().map_or(&self.typing, |open| &open.typing).is_some()
    }

    /// What is typed into, if anything is.
    pub fn typing_mut(&mut self) -> Option<&mut TextInput> {
        match &mut self.open {
            Some(open) => open.typing.as_mut(),
            None => self.typing.as_mut(),
        }
    }
}

/// How far the steps of a job are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownSteps {
    /// They have been asked for.
    Asked(RequestId),
    /// All of them.
    Are(Vec<JobStep>),
    /// They could not be read: why.
    Failed(String),
}

/// One job with its steps.
#[derive(Debug)]
pub struct JobDetail {
    /// The job.
    pub summary: JobSummary,
    /// Its steps.
    pub steps: KnownSteps,
    /// How many entries of it could not be read.
    pub damaged: u64,
    /// What is sought among them, as it was typed.
    pub filter: String,
    /// What is being typed to seek.
    pub typing: Option<TextInput>,
    /// Which of the steps are shown, in order.
    pub shown: Vec<usize>,
    /// The row of the cursor.
    pub at: usize,
}

impl JobDetail {
    /// A page that waits for its steps.
    #[must_use]
    pub fn new(summary: JobSummary, request_id: RequestId) -> Self {
        let (filter, steps) = (String::new(), KnownSteps::Asked(request_id));
        Self { summary, steps, damaged: 0, filter, typing: None, shown: Vec::new(), at: 0 }
    }

    /// Shows the steps that are sought.
    pub fn seek(&mut self, filter: String, sought: &HistorySearch) {
        self.filter = filter;
        self.at = 0;
        let KnownSteps::Are(job_steps) = &self.steps else { return };
        self.shown = (0..job_steps.len()).filter(|n| sought.finds(&job_steps[*n])).collect();
    }

    /// The step the cursor is on.
    #[must_use]
    pub fn current(&self) -> Option<&JobStep> {
        match &self.steps {
            KnownSteps::Are(job_steps) => job_steps.get(*self.shown.get(self.at)?),
            KnownSteps::Asked(_) | KnownSteps::Failed(_) => None,
        }
    }
}
