//! The rows of a list: pages in their places, gaps between them, and what has changed since they arrived.
//!
//! Owns which row stands before which, however the pages arrived: a list is read several pages at a time, in parts, again
//! while its former rows are shown, and searched ahead of its own pages. A row keeps its position, a number that never
//! changes, until [`Rows::compact`] says otherwise. Must not know ids, filters or what is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::failure::Failure;
use super::record::{Page, Record};

/// Where a page stands among the others, from first to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PagePosition {
    /// On the server's list, by the number of the page.
    Listed(u32),
    /// On a list that is being read again, until the new reading brings its rows: in the former order.
    Former(u32),
    /// Behind the list: what came into it from here.
    Added,
    /// Nowhere yet: found by a search before its own page has come.
    Ahead,
}

#[derive(Debug, Clone)]
enum RowsContent {
    Page(Arc<Page>),
    /// Rows that are missing, and why.
    Gap(Arc<Failure>),
}

/// How many rows a list has beyond the `here` ones, by the `total` the server counts; none where it does not say, or where
/// nothing is missing.
#[must_use]
pub fn shortfall(total: Option<u64>, here: usize) -> Option<u64> {
    total?.checked_sub(here as u64).filter(|missing| *missing > 0)
}

/// A run of positions that arrived together.
#[derive(Debug, Clone)]
struct RowRun {
    start: usize,
    len: usize,
    place: PagePosition,
    content: RowsContent,
}

impl RowRun {
    fn positions(&self) -> Range<usize> {
        self.start..self.start + self.len
    }
}

/// The records of a list, cheap to clone and to hand to another thread.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// In the order of arrival, which is that of their positions.
    pieces: Arc<Vec<RowRun>>,
    /// The pieces in the order of their places.
    by_place: Arc<Vec<u32>>,
    /// The first position that is not taken.
    end: usize,
    records: usize,
    gaps: usize,
    /// A bit for every position whose row is gone.
    gone: Arc<Vec<u64>>,
    /// Positions whose record has changed since its page arrived.
    changed: Arc<BTreeMap<usize, Record>>,
}

impl Rows {
    /// How many positions there are, gone ones included.
    #[must_use]
    pub fn positions(&self) -> usize {
        self.end
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Takes a page in and answers the positions its records took.
    pub fn push(&mut self, place: PagePosition, page: Arc<Page>) -> Range<usize> {
        let len = page.len();
        self.records += len;
        self.insert(place, len, RowsContent::Page(page))
    }

    /// Takes note that a page is missing, and answers the one position that stands for it.
    pub fn push_gap(&mut self, place: PagePosition, why: Failure) -> usize {
        self.gaps += 1;
        self.insert(place, 1, RowsContent::Gap(Arc::new(why))).start
    }

    fn insert(&mut self, place: PagePosition, len: usize, content: RowsContent) -> Range<usize> {
        let piece = RowRun { start: self.end, len, place, content };
        let positions = piece.positions();
        self.end = positions.end;
        let number = u32::try_from(self.pieces.len()).unwrap_or(u32::MAX);
        let at = self.by_place.partition_point(|piece| self.pieces[*piece as usize].place <= place);
        Arc::make_mut(&mut self.by_place).insert(at, number);
        Arc::make_mut(&mut self.pieces).push(piece);
        Arc::make_mut(&mut self.gone).resize(self.end.div_ceil(64), 0);
        positions
    }

    /// Whether a page at `place` would stand behind everything that is shown without a filter.
    #[must_use]
    pub fn would_be_last(&self, place: PagePosition) -> bool {
        let mut last_first = self.ordered().rev();
        last_first.find(|piece| piece.place != PagePosition::Ahead).is_none_or(|last| last.place <= place)
    }

    /// The record at `position`, unless it is gone or a gap.
    #[must_use]
    pub fn get(&self, position: usize) -> Option<Record> {
        if self.is_gone(position) {
            return None;
        }
        if let Some(record) = self.changed.get(&position) {
            return Some(record.clone());
        }
        let piece = self.piece(position)?;
        match &piece.content {
            RowsContent::Page(page) => Some(Record::at(page, position - piece.start)),
            RowsContent::Gap(_) => None,
        }
    }

    /// Why the page that `position` stands for is missing, if it is a gap.
    #[must_use]
    pub fn gap(&self, position: usize) -> Option<&Failure> {
        if self.is_gone(position) {
            return None;
        }
        match &self.piece(position)?.content {
            RowsContent::Gap(why) => Some(why),
            RowsContent::Page(_) => None,
        }
    }

    /// Where the row at `position` stands.
    #[must_use]
    pub fn place(&self, position: usize) -> Option<PagePosition> {
        self.piece(position).map(|piece| piece.place)
    }

    /// Whether a record or a gap stands at `position`.
    #[must_use]
    pub fn holds(&self, position: usize) -> bool {
        !self.is_gone(position)
    }

    /// How many pages are missing.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.gaps
    }

    /// The missing pages, by their number and their position.
    pub fn gaps(&self) -> impl Iterator<Item = (u32, usize)> + '_ {
        self.ordered().filter_map(|piece| match (&piece.content, piece.place) {
            (RowsContent::Gap(_), PagePosition::Listed(page)) if !self.is_gone(piece.start) => {
                Some((page, piece.start))
            }
            _ => None,
        })
    }

    /// The highest page of the list that is here.
    #[must_use]
    pub fn last_page(&self) -> Option<u32> {
        self.listed().max()
    }

    /// The pages of the list that are here.
    fn listed(&self) -> impl Iterator<Item = u32> + '_ {
        self.pieces.iter().filter_map(|piece| match (&piece.content, piece.place) {
            (RowsContent::Page(_), PagePosition::Listed(page)) => Some(page),
            _ => None,
        })
    }

    /// The pages of the list up to `last` that are not here, known to be missing or not.
    pub fn absent(&self, last: u32) -> impl Iterator<Item = u32> {
        let here: BTreeSet<u32> = self.listed().collect();
        let last = self.gaps().map(|(page, _)| page).fold(last, u32::max);
        (1..=last).filter(move |page| !here.contains(page))
    }

    /// How many rows the pages of the list have: as many as the longest one.
    #[must_use]
    pub fn page_size(&self) -> usize {
        let listed = self.pieces.iter().filter(|piece| matches!(piece.place, PagePosition::Listed(_)));
        listed.map(|piece| piece.len).max().unwrap_or(1).max(1)
    }

    /// Takes the row at `position` away.
    pub fn remove(&mut self, position: usize) {
        if position >= self.end || self.is_gone(position) {
            return;
        }
        match self.gap(position) {
            Some(_) => self.gaps -= 1,
            None => self.records -= 1,
        }
        Arc::make_mut(&mut self.gone)[position / 64] |= 1 << (position % 64);
    }

    /// Puts `record` where another version of it stood.
    pub fn replace(&mut self, position: usize, record: Record) {
        if position < self.end {
            Arc::make_mut(&mut self.changed).insert(position, record);
        }
    }

    /// The positions that hold a record, in the order of their places.
    pub fn live(&self) -> impl Iterator<Item = usize> + '_ {
        let pages = self.ordered().filter(|piece| matches!(piece.content, RowsContent::Page(_)));
        pages.flat_map(RowRun::positions).filter(|position| !self.is_gone(*position))
    }

    /// The positions to show where nothing is filtered or sorted: gaps in their places, and nothing that was found ahead
    /// of its own.
    pub fn in_order(&self) -> impl Iterator<Item = usize> + '_ {
        let placed = self.ordered().filter(|piece| piece.place != PagePosition::Ahead);
        placed.flat_map(RowRun::positions).filter(|position| !self.is_gone(*position))
    }

    /// Pages from number `from` on are read again: what is here of them is of a former reading now, and their gaps are
    /// forgotten.
    pub fn retire_from(&mut self, from: u32) {
        let gaps = self.gaps().filter(|(page, _)| *page >= from).map(|(_, position)| position);
        gaps.collect::<Vec<_>>().into_iter().for_each(|position| self.remove(position));
        let pieces = Arc::make_mut(&mut self.pieces);
        for (rank, piece) in self.by_place.iter().enumerate() {
            let place = &mut pieces[*piece as usize].place;
            // Those of an earlier reading are numbered anew, so that all stand in one order.
            if matches!(place, PagePosition::Listed(page) if *page >= from)
                || matches!(place, PagePosition::Former(_))
            {
                *place = PagePosition::Former(u32::try_from(rank).unwrap_or(u32::MAX));
            }
        }
    }

    /// The list is read again: all that is here is of a former reading now, and gaps are forgotten.
    pub fn retire(&mut self) {
        let gaps: Vec<usize> = self.gaps().map(|(_, position)| position).collect();
        gaps.into_iter().for_each(|position| self.remove(position));
        let pieces = Arc::make_mut(&mut self.pieces);
        for (rank, piece) in self.by_place.iter().enumerate() {
            pieces[*piece as usize].place = PagePosition::Former(u32::try_from(rank).unwrap_or(u32::MAX));
        }
    }

    /// Whether there are pages of a former reading.
    #[must_use]
    pub fn has_former(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece.place, PagePosition::Former(_)))
    }

    /// The list has been read to its end: what was found ahead of it and did not come stands behind it from now on. Answers
    /// the former positions, whose rows did not come again.
    pub fn settle(&mut self) -> Vec<usize> {
        let pieces = Arc::make_mut(&mut self.pieces);
        let ahead = pieces.iter_mut().filter(|piece| piece.place == PagePosition::Ahead);
        ahead.for_each(|piece| piece.place = PagePosition::Added);
        let former = self.pieces.iter().filter(|piece| matches!(piece.place, PagePosition::Former(_)));
        former.flat_map(RowRun::positions).filter(|position| !self.is_gone(*position)).collect()
    }

    /// Lets go of pages whose rows are all gone. Positions move with that; the answer says where to.
    pub fn compact(&mut self) -> MovedRows {
        let (mut kept, mut moves) = (Self::default(), MovedRows::default());
        for piece in self.pieces.iter() {
            let left = piece.positions().filter(|position| !self.is_gone(*position)).count();
            if left == 0 {
                continue;
            }
            let taken = kept.insert(piece.place, piece.len, piece.content.clone());
            moves.0.push((piece.start, piece.len, taken.start));
            match piece.content {
                RowsContent::Page(_) => kept.records += piece.len,
                RowsContent::Gap(_) => kept.gaps += 1,
            }
            let gone = piece.positions().filter(|position| self.is_gone(*position));
            gone.for_each(|position| kept.remove(position - piece.start + taken.start));
        }
        let changed = self.changed.iter().filter_map(|(at, record)| Some((moves.of(*at)?, record.clone())));
        kept.changed = Arc::new(changed.collect());
        *self = kept;
        moves
    }

    fn ordered(&self) -> impl DoubleEndedIterator<Item = &RowRun> {
        self.by_place.iter().map(|piece| &self.pieces[*piece as usize])
    }

    fn piece(&self, position: usize) -> Option<&RowRun> {
        let at = self.pieces.partition_point(|piece| piece.start <= position).checked_sub(1)?;
        self.pieces.get(at).filter(|piece| piece.positions().contains(&position))
    }

    fn is_gone(&self, position: usize) -> bool {
        self.gone.get(position / 64).is_none_or(|bits| bits & (1 << (position % 64)) != 0)
    }
}

/// Where positions have moved.
#[derive(Debug, Default)]
pub struct MovedRows(Vec<(usize, usize, usize)>);

impl MovedRows {
    /// Where the row at `position` is now, unless it was let go.
    #[must_use]
    pub fn of(&self, position: usize) -> Option<usize> {
        let at = self.0.partition_point(|(start, ..)| *start <= position).checked_sub(1)?;
        let (start, len, now) = *self.0.get(at)?;
        (position < start + len).then_some(position - start + now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::Cause;
    use crate::model::id::Id;
    use crate::model::kind::Kind;
    use crate::model::record::Draft;

    fn page(names: &[&str]) -> Arc<Page> {
        let row = |(n, name): (usize, &&str)| {
            (Id::new(&format!("{n}")).unwrap(), vec![Draft::Text((*name).to_owned())])
        };
        Arc::new(Page::new(Kind::Processes, names.iter().enumerate().map(row).collect()))
    }

    fn names(rows: &Rows, positions: impl Iterator<Item = usize>) -> Vec<String> {
        positions.map(|at| rows.get(at).map_or("-".to_owned(), |record| record.name().to_owned())).collect()
    }

    fn failure() -> Failure {
        Failure::answered(Cause::Server, 502, "Bad Gateway")
    }

    #[test]
    fn positions_handle_through_the_pages() {
        let mut rows = Rows::default();
        assert_eq!(rows.push(PagePosition::Listed(1), page(&["a", "b"])), 0..2);
        assert_eq!(rows.push(PagePosition::Listed(2), page(&[])), 2..2);
        assert_eq!(rows.push(PagePosition::Listed(3), page(&["c"])), 2..3);
        assert_eq!(names(&rows, 0..4), ["a", "b", "c", "-"]);
        rows.remove(1);
        rows.remove(1);
        assert_eq!(
            (rows.len(), rows.get(1).is_none(), rows.live().collect::<Vec<_>>()),
            (2, true, vec![0, 2])
        );
    }

    #[test]
    fn pages_stand_in_their_places_however_they_arrive() {
        let mut rows = Rows::default();
        rows.push(PagePosition::Ahead, page(&["found"]));
        rows.push(PagePosition::Listed(1), page(&["a", "b"]));
        let gap = rows.push_gap(PagePosition::Listed(2), failure());
        rows.push(PagePosition::Listed(3), page(&["e"]));
        assert_eq!(names(&rows, rows.in_order()), ["a", "b", "-", "e"]);
        assert_eq!(names(&rows, rows.live()), ["a", "b", "e", "found"]);
        assert_eq!((rows.gaps().collect::<Vec<_>>(), rows.gap(gap)), (vec![(2, gap)], Some(&failure())));
        assert!(!rows.would_be_last(PagePosition::Listed(2)) && rows.would_be_last(PagePosition::Listed(4)));
        assert_eq!((rows.last_page(), rows.page_size(), rows.len()), (Some(3), 2, 4));
        rows.remove(gap);
        rows.push(PagePosition::Listed(2), page(&["c", "d"]));
        assert_eq!(names(&rows, rows.in_order()), ["a", "b", "c", "d", "e"]);
        assert_eq!((rows.gaps().count(), rows.len()), (0, 6));
    }

    #[test]
    fn a_second_reading_takes_the_place_of_the_first() {
        let mut rows = Rows::default();
        rows.push(PagePosition::Listed(1), page(&["a", "b"]));
        rows.push(PagePosition::Listed(2), page(&["c"]));
        rows.push_gap(PagePosition::Listed(3), failure());
        rows.retire();
        assert_eq!(
            (rows.last_page(), names(&rows, rows.in_order())),
            (None, vec!["a".into(), "b".into(), "c".into()])
        );
        let again = rows.push(PagePosition::Listed(1), page(&["b", "x"]));
        rows.remove(1);
        rows.replace(again.start, rows.get(again.start).unwrap().with_archived(None));
        assert_eq!(names(&rows, rows.in_order()), ["b", "x", "a", "c"]);
        let former = rows.settle();
        assert_eq!(names(&rows, former.iter().copied()), ["a", "c"]);
        former.into_iter().for_each(|position| rows.remove(position));
        let moves = rows.compact();
        assert_eq!((moves.of(again.start), moves.of(0), rows.positions()), (Some(0), None, 2));
        assert_eq!(names(&rows, rows.in_order()), ["b", "x"]);
    }
}
