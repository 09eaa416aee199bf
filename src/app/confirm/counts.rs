//! What hangs on the records of the dialog's plan, as far as it has been counted.
//!
//! Owns which of the records are still to be counted: those that go as they are when the dialog opens, those that are
//! archived first when that is chosen for the first time, and none of them twice. Must not know how they are counted.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Confirm;
use crate::app::effect::RequestId;
use crate::model::id::Id;
use crate::model::impact::Impact;
use crate::model::kind::Kind;
use crate::model::plan::{Plan, Step};

/// What has been asked: first about the records that go as they are, then about those that are archived first.
#[derive(Debug, Default)]
pub(super) struct ImpactCounts(Vec<ImpactRequest>);

#[derive(Debug)]
struct ImpactRequest {
    /// The piece of work that counts; none where there is nothing to count.
    request_id: Option<RequestId>,
    found: Vec<Impact>,
}

impl Confirm {
    /// What is still to be counted, if anything is. It must be told [`Confirm::weighing`] then.
    pub fn wants_weighing(&mut self) -> Option<Arc<Plan>> {
        while self.counts.0.len() < self.parts_shown() {
            let plan = self.part_of_plan(!self.counts.0.is_empty());
            let found = Impact::begun(&plan);
            let is_wanted = !found.is_empty();
            self.counts.0.push(ImpactRequest { request_id: None, found });
            if is_wanted {
                return Some(plan);
            }
        }
        None
    }

    /// A piece of work counts what was wanted last.
    pub fn weighing(&mut self, request_id: RequestId) {
        if let Some(count) = self.counts.0.last_mut() {
            count.request_id = Some(request_id);
        }
    }

    /// Whether a piece of work counts for this dialog.
    #[must_use]
    pub fn is_counted_impact_by(&self, request_id: RequestId) -> bool {
        self.counts.0.iter().any(|count| count.request_id == Some(request_id))
    }

    /// That piece of work has counted so far. What others counted is none of this dialog's.
    pub fn counted_impact(&mut self, request_id: RequestId, found: Vec<Impact>) {
        if let Some(count) = self.counts.0.iter_mut().find(|count| count.request_id == Some(request_id)) {
            count.found = found;
        }
    }

    /// What hangs on the records that would be acted upon, by kind.
    #[must_use]
    pub fn impact(&self) -> Vec<Impact> {
        let mut sums: Vec<Impact> = Vec::new();
        for found in self.counts.0.iter().take(self.parts_shown()).flat_map(|count| &count.found) {
            match sums.iter_mut().find(|sum| sum.kind == found.kind) {
                Some(sum) => sum.merge(found),
                None => sums.push(found.clone()),
            }
        }
        sums.sort_by_key(|sum| sum.kind);
        sums
    }

    /// How many files attached to them have been counted, and whether those are all there are.
    pub(super) fn attached(&self) -> (usize, bool) {
        let impact = self.impact();
        let of_kind = |(kind, _): (Kind, usize)| {
            kind.row().attachments()?;
            let counted = impact.iter().find(|impact| impact.kind == kind).and_then(Impact::attached);
            Some(counted.unwrap_or((0, false)))
        };
        let sum = |(files, all): (u64, bool), (more, every): (u64, bool)| (files + more, all && every);
        let (files, all) = self.plan.kinds().into_iter().filter_map(of_kind).fold((0, true), sum);
        (usize::try_from(files).unwrap_or(usize::MAX), all)
    }

    fn parts_shown(&self) -> usize {
        1 + usize::from(self.plan.options.archive_first)
    }

    /// The plan with only those records that are archived first, or only those that are not.
    fn part_of_plan(&self, archived_first: bool) -> Arc<Plan> {
        let is_of_part = |step: &&Step| step.after.is_some() == archived_first;
        if self.plan.targets().all(|step| is_of_part(&step)) {
            return Arc::clone(&self.plan);
        }
        let among: BTreeSet<(Kind, Id)> = self
            .plan
            .targets()
            .filter(is_of_part)
            .map(|step| (step.record.kind(), step.record.id().clone()))
            .collect();
        let mut plan = Plan::clone(&self.plan);
        plan.chosen.retain(|chosen| among.contains(&(chosen.record.kind(), chosen.record.id().clone())));
        let options = plan.options;
        Arc::new(plan.with(options))
    }
}
