//! The record that a key is about: what copies, opens and hints ask alike.

use crate::app::state::{Focus, State};
use crate::app::status_pane::StatusText;
use crate::model::id::Id;
use crate::model::kind::Kind;

impl State {
    /// The record of the line in the status pane, of the open page, or under the cursor.
    #[must_use]
    pub fn subject(&self) -> Option<(Kind, Id)> {
        if self.focus == Focus::Status {
            return self.subjects_of_line().into_iter().next();
        }
        let record = match &self.detail {
            Some(detail) => Some(detail.record.clone()),
            None => self.under_cursor(),
        };
        record.map(|record| (record.kind(), record.id().clone()))
    }

    /// The records of the line that the cursor of the status pane is on.
    #[must_use]
    pub fn subjects_of_line(&self) -> Vec<(Kind, Id)> {
        match self.status.under_cursor().map(|entry| &entry.told) {
            Some(StatusText::Attempt(attempt)) => attempt.kind.zip(attempt.id.clone()).into_iter().collect(),
            Some(StatusText::Group(group)) => {
                group.losses.iter().map(|loss| (loss.record.kind(), loss.record.id().clone())).collect()
            }
            _ => Vec::new(),
        }
    }
}
