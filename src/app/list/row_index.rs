//! Which positions of a list are shown, in which order, and in which row each of them stands.
//!
//! Owns both directions of the lookup, so that a cursor or a mark finds its row without a walk through the list.

/// What stands for a position that is not shown.
const HIDDEN: u32 = u32::MAX;

/// An order of positions.
#[derive(Debug, Default)]
pub struct RowIndex {
    positions: Vec<usize>,
    rows: Vec<u32>,
}

impl RowIndex {
    /// How many positions are shown.
    #[must_use]
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// The position in this row.
    #[must_use]
    pub fn position(&self, row: usize) -> Option<usize> {
        self.positions.get(row).copied()
    }

    /// The row of this position, if it is shown.
    #[must_use]
    pub fn row(&self, position: usize) -> Option<usize> {
        self.rows.get(position).filter(|row| **row != HIDDEN).map(|row| *row as usize)
    }

    /// The positions, row by row.
    pub fn positions(&self) -> impl Iterator<Item = usize> + '_ {
        self.positions.iter().copied()
    }

    /// Shows these positions and no others.
    pub fn set(&mut self, positions: impl IntoIterator<Item = usize>) {
        self.positions.clear();
        self.rows.clear();
        self.extend(positions);
    }

    /// Shows these positions below the others.
    pub fn extend(&mut self, positions: impl IntoIterator<Item = usize>) {
        let from = self.positions.len();
        self.positions.extend(positions);
        self.number(from);
    }

    /// Shows one position in the row of another.
    pub fn hand_on(&mut self, from: usize, to: usize) {
        if let Some(row) = self.row(from) {
            self.positions[row] = to;
            self.rows[from] = HIDDEN;
            self.number_one(row);
        }
    }

    /// Hides a position.
    pub fn remove(&mut self, position: usize) {
        if let Some(row) = self.row(position) {
            self.positions.remove(row);
            self.rows[position] = HIDDEN;
            self.number(row);
        }
    }

    fn number(&mut self, from: usize) {
        (from..self.positions.len()).for_each(|row| self.number_one(row));
    }

    fn number_one(&mut self, row: usize) {
        let position = self.positions[row];
        if position >= self.rows.len() {
            self.rows.resize(position + 1, HIDDEN);
        }
        self.rows[position] = u32::try_from(row).unwrap_or(HIDDEN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_positions_agree_after_every_change() {
        let mut order = RowIndex::default();
        order.set([5, 0, 3]);
        order.extend([7]);
        order.remove(0);
        order.remove(1);
        assert_eq!(order.positions().collect::<Vec<_>>(), [5, 3, 7]);
        for row in 0..order.len() {
            assert_eq!(order.row(order.position(row).unwrap()), Some(row));
        }
        assert_eq!([0, 1, 2, 99].map(|position| order.row(position)), [None; 4]);
    }
}
