//! What is marked.
//!
//! Owns the marks, by kind and id, so that they survive filter, sort, scope, reload, paging and a change of kind. A mark
//! holds the record as it was last seen, so that what is hidden can still be shown and acted upon.
pub(crate) mod update;

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::app::status_pane::group::FailureGroup;
use crate::model::id::Id;
use crate::model::kind::Kind;
use crate::model::record::Record;

/// One marked record.
#[derive(Debug, Clone)]
pub struct Mark {
    /// The record as it was last seen.
    pub record: Record,
    /// Why the last attempt on it did not succeed, if there was one.
    pub failed: Option<String>,
}

type KindMarks = IndexMap<Id, Mark>;

/// All marks, in the order they were set.
#[derive(Debug, Default)]
pub struct Selection {
    kinds: [KindMarks; Kind::ALL.len()],
    /// What the last clearing of a kind took away.
    cleared: [KindMarks; Kind::ALL.len()],
    /// The group of failures whose records were marked alone, as long as what it took away can come back.
    marked_by: [Option<Arc<FailureGroup>>; Kind::ALL.len()],
    /// How often the marks of each kind have changed.
    changes: [u64; Kind::ALL.len()],
}

impl Selection {
    /// The mark on a record, if it has one.
    #[must_use]
    pub fn get(&self, kind: Kind, id: &Id) -> Option<&Mark> {
        self.kinds[kind as usize].get(id)
    }

    fn of_mut(&mut self, kind: Kind) -> &mut KindMarks {
        self.changes[kind as usize] += 1;
        &mut self.kinds[kind as usize]
    }

    /// A number that is another one whenever the marks of `kind` have changed.
    #[must_use]
    pub fn version(&self, kind: Kind) -> u64 {
        self.changes[kind as usize]
    }

    /// A number that is another one whenever any marks have changed.
    #[must_use]
    pub fn versions(&self) -> u64 {
        self.changes.iter().sum()
    }

    /// Marks `record`; a mark that is already there stays as it is.
    pub fn set(&mut self, record: Record) {
        let marks = self.of_mut(record.kind());
        marks.entry(record.id().clone()).or_insert(Mark { record, failed: None });
    }

    /// Marks `record` with why an attempt on it did not succeed.
    pub fn fail(&mut self, record: Record, reason: String) {
        let marks = self.of_mut(record.kind());
        marks.insert(record.id().clone(), Mark { record, failed: Some(reason) });
    }

    /// Takes a mark away and says whether there was one.
    pub fn unset(&mut self, kind: Kind, id: &Id) -> bool {
        self.take(kind, id).is_some()
    }

    /// Takes a mark away, and answers it, so that it can be put back as it was.
    pub fn take(&mut self, kind: Kind, id: &Id) -> Option<Mark> {
        self.of_mut(kind).shift_remove(id)
    }

    /// Puts back a mark that was taken away; one that is there already stays as it is.
    pub fn put_back(&mut self, mark: Mark) {
        let (kind, id) = (mark.record.kind(), mark.record.id().clone());
        self.cleared[kind as usize].shift_remove(&id);
        self.of_mut(kind).entry(id).or_insert(mark);
    }

    /// Clears these marks of a kind and answers them: those that were cleared last are these now.
    pub fn clear_these(&mut self, kind: Kind, ids: &HashSet<&Id>) -> Vec<Mark> {
        let (gone, left): (KindMarks, KindMarks) =
            std::mem::take(self.of_mut(kind)).into_iter().partition(|(id, _)| ids.contains(id));
        self.kinds[kind as usize] = left;
        self.marked_by[kind as usize] = None;
        let marks = gone.values().cloned().collect();
        self.cleared[kind as usize] = gone;
        marks
    }

    /// The mark has served its purpose: it goes, and does not come back with those that were cleared.
    pub fn settle(&mut self, kind: Kind, id: &Id) {
        self.unset(kind, id);
        self.cleared[kind as usize].shift_remove(id);
    }

    /// Sets or takes away the mark on `record`.
    pub fn toggle(&mut self, record: Record) {
        if !self.unset(record.kind(), record.id()) {
            self.set(record);
        }
    }

    /// Lets a mark hold a newer version of its record.
    pub fn refresh(&mut self, record: &Record) {
        if let Some(mark) = self.kinds[record.kind() as usize].get_mut(record.id()) {
            mark.record = record.clone();
        }
    }

    /// Marks exactly these records of a kind, which are those of `group`, each with why an attempt on it did not succeed.
    pub fn only(&mut self, kind: Kind, wanted: Vec<(Record, String)>, group: &Arc<FailureGroup>) {
        let mark =
            |(record, reason): (Record, String)| (record.id().clone(), Mark { record, failed: Some(reason) });
        let wanted: KindMarks = wanted.into_iter().map(mark).collect();
        self.cleared[kind as usize] = std::mem::replace(self.of_mut(kind), wanted);
        self.marked_by[kind as usize] = Some(Arc::clone(group));
    }

    /// Whether the records of `group` are what is marked of a kind, and it was this group that marked them.
    #[must_use]
    pub fn is_only(&self, kind: Kind, group: &Arc<FailureGroup>) -> bool {
        let by_it = self.marked_by[kind as usize].as_ref().is_some_and(|by| Arc::ptr_eq(by, group));
        let mut of_kind = group.losses.iter().map(|loss| &loss.record).filter(|record| record.kind() == kind);
        let n = of_kind.clone().count();
        by_it && n == self.count(kind) && of_kind.all(|record| self.get(kind, record.id()).is_some())
    }

    /// Brings back what was marked of a kind before a group marked its records alone.
    pub fn former(&mut self, kind: Kind) {
        let former = std::mem::take(&mut self.cleared[kind as usize]);
        self.cleared[kind as usize] = std::mem::replace(self.of_mut(kind), former);
        self.marked_by[kind as usize] = None;
    }

    /// Clears the marks of a kind. With none to clear, brings back those that were cleared last. Answers how many marks
    /// there are now.
    pub fn clear_or_return(&mut self, kind: Kind) -> usize {
        self.changes[kind as usize] += 1;
        self.marked_by[kind as usize] = None;
        let (marks, cleared) = (&mut self.kinds[kind as usize], &mut self.cleared[kind as usize]);
        if marks.is_empty() {
            *marks = std::mem::take(cleared);
        } else {
            *cleared = std::mem::take(marks);
        }
        marks.len()
    }

    /// The marks of one kind, in the order they were set.
    pub fn of(&self, kind: Kind) -> impl ExactSizeIterator<Item = &Mark> {
        self.kinds[kind as usize].values()
    }

    /// All marks, kind by kind.
    pub fn all(&self) -> impl Iterator<Item = &Mark> {
        self.kinds.iter().flat_map(IndexMap::values)
    }

    /// How many there are of one kind.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        self.kinds[kind as usize].len()
    }

    /// How many there are at all.
    #[must_use]
    pub fn total(&self) -> usize {
        self.kinds.iter().map(IndexMap::len).sum()
    }
}
