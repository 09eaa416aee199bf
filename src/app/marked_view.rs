//! The working set: all that is marked, of every kind, as it is shown and edited in one place.
//!
//! Owns which rows are shown there, in which order, and where the cursor is. A row whose mark was taken away here stays
//! until the place is left, so that a slip is undone. The marks themselves are kept elsewhere.
pub(crate) mod update;

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::time::Duration;

use super::text_input::TextInput;
use crate::app::command::Motion;
use crate::app::list::moved;
use crate::app::selection::{Mark, Selection};
use crate::model::filter::Filter;
use crate::model::id::Id;
use crate::model::kind::Kind;
use crate::model::record::Record;
use crate::model::time::Moment;

/// While a job goes on, what is marked is looked through at most so often.
const RECOUNT: Duration = Duration::from_millis(200);

/// What tells one marked record from all others.
pub type MarkKey = (Kind, Id);

/// What tells `record` from all others.
#[must_use]
pub fn key(record: &Record) -> MarkKey {
    (record.kind(), record.id().clone())
}

/// A filter that is being typed.
#[derive(Debug)]
pub struct MarkedFilter {
    /// What is typed.
    pub input: TextInput,
    /// What Esc returns to.
    pub former: Filter,
}

/// The rows of one kind that are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkedGroup {
    /// The kind.
    pub kind: Kind,
    /// Which of the shown rows they are.
    pub rows: Range<usize>,
    /// How many of them are marked.
    pub marked: usize,
}

/// One line of the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkedLine<'a> {
    /// The heading of a kind.
    Head(&'a MarkedGroup),
    /// A shown row.
    Row(&'a MarkedGroup, usize),
}

/// The view of all that is marked.
#[derive(Debug, Default)]
pub struct MarkedView {
    /// Kind by kind, in the order they were marked in.
    rows: Vec<Record>,
    /// The rows that the filter lets through.
    shown: Vec<usize>,
    groups: Vec<MarkedGroup>,
    /// The marks that were taken away here.
    taken: BTreeMap<MarkKey, Mark>,
    /// Those of them that were all cleared together, last.
    cleared: Vec<MarkKey>,
    /// Words over names.
    pub filter: Filter,
    /// The filter being typed.
    pub typing: Option<MarkedFilter>,
    at: usize,
    cursor: Option<MarkKey>,
    /// The marks that all this was true for, and when that was found.
    version: Option<u64>,
    settled: Option<Moment>,
}

impl MarkedView {
    /// The view of what is marked now.
    #[must_use]
    pub fn new(marks: &Selection) -> Self {
        let mut set = Self::default();
        set.rebuild(marks);
        set
    }

    /// How many rows are shown.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shown.len()
    }

    /// Whether none is shown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// How many rows there are, those included that the filter hides.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// How many of the shown rows are marked.
    #[must_use]
    pub fn marked(&self) -> usize {
        self.groups.iter().map(|group| group.marked).sum()
    }

    /// The shown row the cursor is on.
    #[must_use]
    pub fn cursor_row(&self) -> usize {
        self.at.min(self.shown.len().saturating_sub(1))
    }

    /// The record in the shown row `at`, as it was when the row was made.
    #[must_use]
    pub fn row(&self, at: usize) -> Option<&Record> {
        self.rows.get(*self.shown.get(at)?)
    }

    /// The record the cursor is on.
    #[must_use]
    pub fn under_cursor(&self) -> Option<&Record> {
        self.row(self.cursor_row())
    }

    /// The shown rows, in order.
    pub fn shown(&self) -> impl Iterator<Item = &Record> {
        self.shown.iter().filter_map(|row| self.rows.get(*row))
    }

    /// How many lines the shown rows and the headings over them take.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.shown.len() + self.groups.len()
    }

    /// What stands in line `at`.
    #[must_use]
    pub fn line(&self, at: usize) -> Option<MarkedLine<'_>> {
        let before = |n: usize, group: &MarkedGroup| group.rows.start + n;
        let last = self.groups.iter().enumerate().rev().find(|(n, group)| before(*n, group) <= at);
        let (n, group) = last?;
        match at - before(n, group) {
            0 => Some(MarkedLine::Head(group)),
            below if below <= group.rows.len() => Some(MarkedLine::Row(group, group.rows.start + below - 1)),
            _ => None,
        }
    }

    /// The line the cursor is on.
    #[must_use]
    pub fn cursor_line(&self) -> usize {
        let row = self.cursor_row();
        row + self.groups.iter().filter(|group| group.rows.start <= row).count()
    }

    /// Moves the cursor; `page` is how many lines are in sight.
    pub fn move_cursor(&mut self, motion: Motion, page: usize) {
        self.at = moved(self.cursor_row(), motion, self.shown.len(), page);
        self.cursor = self.under_cursor().map(key);
    }

    /// Takes the mark on the record under the cursor away, or puts it back as it was.
    pub fn toggle(&mut self, marks: &mut Selection) {
        let Some(record) = self.under_cursor().cloned() else { return };
        let key = key(&record);
        match marks.take(record.kind(), record.id()) {
            Some(mark) => drop(self.taken.insert(key, mark)),
            None => marks.put_back(self.taken.remove(&key).unwrap_or(Mark { record, failed: None })),
        }
        self.rebuild(marks);
    }

    /// Clears the marks of all that is shown; where none of it is marked, brings back what was cleared so last. Answers
    /// how many marks went, or how many came.
    pub fn clear_or_return(&mut self, marks: &mut Selection) -> (usize, usize) {
        let counts = if self.marked() > 0 { (self.clear(marks), 0) } else { (0, self.bring_back(marks)) };
        self.rebuild(marks);
        counts
    }

    fn clear(&mut self, marks: &mut Selection) -> usize {
        let mut gone = Vec::new();
        for group in &self.groups {
            let rows = self.shown[group.rows.clone()].iter().filter_map(|row| self.rows.get(*row));
            let ids: HashSet<&Id> = rows.map(Record::id).collect();
            gone.append(&mut marks.clear_these(group.kind, &ids));
        }
        self.cleared = gone.iter().map(|mark| key(&mark.record)).collect();
        self.taken.extend(gone.into_iter().map(|mark| (key(&mark.record), mark)));
        self.cleared.len()
    }

    fn bring_back(&mut self, marks: &mut Selection) -> usize {
        let keys = std::mem::take(&mut self.cleared);
        let back: Vec<Mark> = keys.iter().filter_map(|key| self.taken.remove(key)).collect();
        let n = back.len();
        back.into_iter().for_each(|mark| marks.put_back(mark));
        n
    }

    /// Something was done to a record: it does not stay here without its mark.
    pub fn settle(&mut self, record: &Record) {
        self.taken.remove(&key(record));
    }

    /// Shows only the rows whose names hold these words.
    pub fn filter_by(&mut self, filter: Filter, marks: &Selection) {
        self.filter = filter;
        self.rebuild(marks);
    }

    /// Brings the rows up to date after the marks have changed; while they change all the time, now and then.
    pub fn keep_up(&mut self, marks: &Selection, now: Moment, is_busy: bool) {
        let is_recent = self.settled.is_some_and(|settled| now.since(settled) < RECOUNT);
        if self.version != Some(marks.versions()) && !(is_busy && is_recent) {
            self.settled = Some(now);
            self.rebuild(marks);
        }
    }

    /// Rows stay in their places, new ones come last of their kind, and those go whose mark is gone and was not taken
    /// away here.
    fn rebuild(&mut self, marks: &Selection) {
        self.version = Some(marks.versions());
        let former = std::mem::take(&mut self.rows);
        let mut former = former.into_iter().peekable();
        for kind in Kind::ALL {
            let mut present = HashSet::new();
            while let Some(record) = former.next_if(|record| record.kind() == kind) {
                let mark = marks.get(kind, record.id());
                let newer = mark.or_else(|| self.taken.get(&key(&record)));
                if let Some(newer) = newer {
                    present.insert(record.id().clone());
                    self.rows.push(newer.record.clone());
                }
            }
            let fresh = marks.of(kind).filter(|mark| !present.contains(mark.record.id()));
            self.rows.extend(fresh.map(|mark| mark.record.clone()));
        }
        self.show(marks);
    }

    fn show(&mut self, marks: &Selection) {
        let filter = &self.filter;
        let is_shown = |row: &usize| filter.is_empty() || filter.holds(self.rows[*row].name());
        self.shown = (0..self.rows.len()).filter(is_shown).collect();
        self.groups.clear();
        for (at, row) in self.shown.iter().enumerate() {
            let record = &self.rows[*row];
            let marked = usize::from(marks.get(record.kind(), record.id()).is_some());
            match self.groups.last_mut().filter(|group| group.kind == record.kind()) {
                Some(group) => {
                    group.rows.end = at + 1;
                    group.marked += marked;
                }
                None => self.groups.push(MarkedGroup { kind: record.kind(), rows: at..at + 1, marked }),
            }
        }
        self.settle_cursor();
    }

    /// Lets the cursor follow its record; where that is not shown, the cursor stays in its row.
    fn settle_cursor(&mut self) {
        let is_it = |record: &Record| {
            self.cursor.as_ref().is_some_and(|(kind, id)| *kind == record.kind() && id == record.id())
        };
        let still = self.under_cursor().is_some_and(is_it);
        let row = if still { None } else { self.shown().position(is_it) };
        self.at = row.unwrap_or_else(|| self.cursor_row());
        self.cursor = self.under_cursor().map(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::Draft;

    fn record(kind: Kind, n: usize) -> Record {
        Record::new(kind, Id::new(&n.to_string()).unwrap(), vec![Draft::Text(format!("Thing {n}"))])
    }

    fn marked() -> Selection {
        let mut marks = Selection::default();
        for (kind, n) in [(Kind::Tags, 1), (Kind::Processes, 2), (Kind::Tags, 3), (Kind::Processes, 4)] {
            marks.set(record(kind, n));
        }
        marks
    }

    fn names(set: &MarkedView) -> Vec<&str> {
        set.shown().map(Record::name).collect()
    }

    #[test]
    fn rows_stand_under_the_heading_of_their_kind() {
        let mut set = MarkedView::new(&marked());
        assert_eq!(names(&set), ["Thing 2", "Thing 4", "Thing 1", "Thing 3"]);
        let heads: Vec<usize> =
            (0..set.lines()).filter(|at| matches!(set.line(*at), Some(MarkedLine::Head(_)))).collect();
        assert_eq!((heads, set.lines(), set.line(6)), (vec![0, 3], 6, None));
        assert_eq!(set.cursor_line(), 1);
        set.move_cursor(Motion::Last, 10);
        assert_eq!((set.cursor_row(), set.cursor_line()), (3, 5));
        let Some(MarkedLine::Row(group, row)) = set.line(5) else { panic!("no row") };
        assert_eq!((group.kind, row), (Kind::Tags, 3));
    }

    #[test]
    fn a_slip_is_undone_as_it_was_until_one_leaves() {
        let mut marks = marked();
        marks.fail(record(Kind::Processes, 2), "refused: because".to_owned());
        let mut set = MarkedView::new(&marks);
        set.toggle(&mut marks);
        assert_eq!((marks.total(), set.len(), set.marked()), (3, 4, 3));
        set.toggle(&mut marks);
        let mark = marks.get(Kind::Processes, record(Kind::Processes, 2).id()).unwrap();
        assert_eq!(mark.failed.as_deref(), Some("refused: because"));
        assert_eq!(names(&set)[0], "Thing 2", "it stays in its place");
        set.toggle(&mut marks);
        assert_eq!(MarkedView::new(&marks).len(), 3);
    }

    #[test]
    fn clearing_takes_what_is_shown_and_comes_back_but_for_what_was_taken_before() {
        let mut marks = marked();
        let mut set = MarkedView::new(&marks);
        set.toggle(&mut marks);
        set.filter_by(Filter::words("THING 3"), &marks);
        assert_eq!((set.clear_or_return(&mut marks), marks.total()), ((1, 0), 2));
        assert_eq!((set.clear_or_return(&mut marks), marks.total()), ((0, 1), 3));
        set.filter_by(Filter::default(), &marks);
        assert_eq!((set.clear_or_return(&mut marks), marks.total(), set.len()), ((3, 0), 0, 4));
        assert_eq!((set.clear_or_return(&mut marks), marks.total()), ((0, 3), 3));
        // What came back here is not brought back a second time by the key in its table.
        marks.unset(Kind::Tags, record(Kind::Tags, 1).id());
        marks.unset(Kind::Tags, record(Kind::Tags, 3).id());
        assert_eq!(marks.clear_or_return(Kind::Tags), 0);
    }

    #[test]
    fn what_is_done_goes_even_if_it_was_unmarked_here() {
        let mut marks = marked();
        let mut set = MarkedView::new(&marks);
        set.toggle(&mut marks);
        set.settle(&record(Kind::Processes, 2));
        marks.settle(Kind::Processes, record(Kind::Processes, 4).id());
        let now = Moment::start(jiff::Timestamp::UNIX_EPOCH);
        set.keep_up(&marks, now, false);
        assert_eq!(names(&set), ["Thing 1", "Thing 3"]);
    }
}
