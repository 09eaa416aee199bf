//! Records of a set that are looked up, to be marked.
//!
//! Owns what is known of them so far.

use crate::app::effect::RequestId;
use crate::model::selection::MarkReport;
use crate::model::text::grouped;

/// A set whose records are being looked up.
#[derive(Debug)]
pub struct ResolvingSelection {
    /// The search.
    pub request_id: RequestId,
    /// Where the set stood.
    pub place: String,
    /// What has become of its records so far.
    pub report: MarkReport,
}

impl ResolvingSelection {
    /// `looking up 120 of 400 for spring.json, Esc stops`
    #[must_use]
    pub fn progress(&self) -> String {
        let of = self.report.of;
        let known = grouped((of - self.report.open()) as u64);
        format!("looking up {known} of {} for {}, Esc stops", grouped(of as u64), self.place)
    }
}
