//! Memoised functions of two ids: `(row, column) → value`, the columns of a row side by side.
//!
//! What a mailbox does when a message arrives, what a ledger says to a cost, what the monitors make
//! of a sight: all are functions of two small numbers, of which only a few pairs ever occur. Each
//! row is a little open-addressed table, so that a state that looks several columns of its own rows
//! up stays within a few cache lines.

/// A partial function of two ids.
#[derive(Default, Debug)]
pub(super) struct Rows {
    rows: Vec<Row>,
    cells: Cells,
}

/// A partial function of two ids of which the second is small most of the time.
#[derive(Default, Debug)]
pub(super) struct Slim {
    /// By row, for the first [`Slim::WIDE`] columns: the value, or [`Slim::NONE`].
    dense: Vec<u32>,
    others: Rows,
}

impl Slim {
    /// So many columns are looked up without a search.
    const WIDE: u32 = 16;
    /// In place of a value that is not known.
    const NONE: u32 = u32::MAX;

    fn place(row: u32, column: u32) -> usize {
        row as usize * Slim::WIDE as usize + column as usize
    }

    /// The value at that place, if it is known.
    #[inline]
    pub(super) fn get(&self, row: u32, column: u32) -> Option<u32> {
        if column >= Slim::WIDE {
            return self.others.get(row, column);
        }
        let value = *self.dense.get(Slim::place(row, column))?;
        (value != Slim::NONE).then_some(value)
    }

    /// Notes the value at a place where none is known.
    pub(super) fn put(&mut self, row: u32, column: u32, value: u32) {
        if column >= Slim::WIDE {
            return self.others.put(row, column, value);
        }
        debug_assert_ne!(value, Slim::NONE, "that says that nothing is known");
        let at = Slim::place(row, column);
        if self.dense.len() <= at {
            self.dense.resize(Slim::place(row + 1, 0), Slim::NONE);
        }
        self.dense[at] = value;
    }

    /// The bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.dense.capacity() * 4 + self.others.bytes()
    }
}

/// The cells of many rows. Where a row's own are is its [`Row`], which whoever owns the row keeps
/// beside whatever else is known of it.
#[derive(Default, Debug)]
pub(super) struct Cells {
    /// `(column + 1) << 32 | value`; 0 is empty.
    cells: Vec<u64>,
    /// Rows that were outgrown, by size: where the next row of that size goes.
    free: [Vec<u32>; 32],
}

/// Where the cells of a row are.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Row {
    first: u32,
    /// How many of its cells are taken, below its size as a power of two: no cells at all if 0.
    len_and_bits: u32,
}

/// The size of a row's first table, as a power of two.
const FIRST_BITS: u32 = 1;

impl Row {
    fn new(first: u32, len: u32, bits: u32) -> Row {
        assert!(len < 1 << 26, "fewer than 2^26 columns in a row");
        Row { first, len_and_bits: len | bits << 26 }
    }

    #[inline]
    fn bits(self) -> u32 {
        self.len_and_bits >> 26
    }

    fn len(self) -> u32 {
        self.len_and_bits & ((1 << 26) - 1)
    }
}

impl Cells {
    /// The value in that column of a row, if it is known.
    #[inline]
    pub(super) fn get(&self, row: Row, column: u32) -> Option<u32> {
        let bits = row.bits();
        if bits == 0 {
            return None;
        }
        let cells = &self.cells[row.first as usize..][..1 << bits];
        let mut at = home(column, bits);
        loop {
            let cell = cells[at & (cells.len() - 1)];
            if (cell >> 32) as u32 == column + 1 {
                return Some(cell as u32);
            }
            if cell == 0 {
                return None;
            }
            at += 1;
        }
    }

    /// Notes the value in a column of a row where none is known.
    pub(super) fn put(&mut self, row: &mut Row, column: u32, value: u32) {
        debug_assert!(self.get(*row, column).is_none(), "each place is noted once");
        let (len, bits) = (row.len(), row.bits());
        if bits == 0 {
            *row = Row::new(self.room(FIRST_BITS), 0, FIRST_BITS);
        } else if (len + 1) * 4 > (1 << bits) * 3 {
            *row = self.grown(*row);
        }
        self.insert(*row, u64::from(column + 1) << 32 | u64::from(value));
        *row = Row::new(row.first, len + 1, row.bits());
    }

    /// The columns known in a row, with their values, in no particular order.
    fn row(&self, row: Row) -> impl Iterator<Item = (u32, u32)> {
        let size = if row.bits() == 0 { 0 } else { 1 << row.bits() };
        let cells = &self.cells[row.first as usize..][..size];
        let known = cells.iter().filter(|cell| **cell != 0);
        known.map(|cell| ((cell >> 32) as u32 - 1, *cell as u32))
    }

    /// The bytes they take.
    pub(super) fn bytes(&self) -> usize {
        self.cells.capacity() * 8
    }

    fn insert(&mut self, row: Row, cell: u64) {
        let mask = (1_usize << row.bits()) - 1;
        let mut at = home((cell >> 32) as u32 - 1, row.bits());
        while self.cells[row.first as usize + (at & mask)] != 0 {
            at += 1;
        }
        self.cells[row.first as usize + (at & mask)] = cell;
    }

    /// The row with twice the room; its old cells can be used again.
    fn grown(&mut self, old: Row) -> Row {
        let new = Row::new(self.room(old.bits() + 1), old.len(), old.bits() + 1);
        for at in old.first..old.first + (1 << old.bits()) {
            let cell = std::mem::take(&mut self.cells[at as usize]);
            if cell != 0 {
                self.insert(new, cell);
            }
        }
        self.free[old.bits() as usize].push(old.first);
        new
    }

    /// Empty cells for a row of that size.
    fn room(&mut self, bits: u32) -> u32 {
        if let Some(first) = self.free[bits as usize].pop() {
            return first;
        }
        let first = u32::try_from(self.cells.len()).expect("fewer than 2^32 memoised cells");
        self.cells.resize(self.cells.len() + (1 << bits), 0);
        first
    }
}

impl Rows {
    /// The value at that place, if it is known.
    #[inline]
    pub(super) fn get(&self, row: u32, column: u32) -> Option<u32> {
        self.cells.get(*self.rows.get(row as usize)?, column)
    }

    /// Notes the value at a place where none is known.
    pub(super) fn put(&mut self, row: u32, column: u32, value: u32) {
        if self.rows.len() <= row as usize {
            self.rows.resize(row as usize + 1, Row::default());
        }
        self.cells.put(&mut self.rows[row as usize], column, value);
    }

    /// The columns known in a row, with their values, in no particular order.
    pub(super) fn row(&self, row: u32) -> impl Iterator<Item = (u32, u32)> {
        self.cells.row(self.rows.get(row as usize).copied().unwrap_or_default())
    }

    /// The bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.cells.bytes() + self.rows.capacity() * size_of::<Row>()
    }
}

/// Where a column is looked for first in a row of `2^bits` cells.
#[inline]
fn home(column: u32, bits: u32) -> usize {
    (column.wrapping_mul(0x9E37_79B9) >> (32 - bits)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn it_answers_what_was_noted_and_nothing_else() {
        let mut rows = Rows::default();
        let mut known = BTreeMap::new();
        // A fixed walk that fills some rows far more than others.
        let mut seed = 1_u32;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (row, column) = ((seed >> 8) % 37, (seed >> 16) % (1 + (seed >> 8) % 37 * 40));
            if known.insert((row, column), seed).is_none() {
                rows.put(row, column, seed);
            } else {
                known.insert((row, column), rows.get(row, column).expect("it is known"));
            }
        }
        let len: usize = (0..40).map(|row| rows.row(row).count()).sum();
        assert_eq!(len, known.len());
        assert!(rows.row(7).all(|(column, value)| known[&(7, column)] == value));
        for row in 0..40 {
            for column in 0..1_600 {
                assert_eq!(rows.get(row, column), known.get(&(row, column)).copied());
            }
        }
    }

    #[test]
    fn a_slim_function_knows_small_columns_and_large_ones() {
        let mut slim = Slim::default();
        let places = [(0, 0), (3, 15), (3, 16), (1, 1_000), (7, 2)];
        for (value, (row, column)) in places.into_iter().enumerate() {
            assert_eq!(slim.get(row, column), None);
            slim.put(row, column, value as u32);
        }
        for (value, (row, column)) in places.into_iter().enumerate() {
            assert_eq!(slim.get(row, column), Some(value as u32));
        }
        assert_eq!([slim.get(3, 14), slim.get(900, 3), slim.get(7, 1_000)], [None; 3]);
    }

    #[test]
    fn outgrown_rows_are_used_again() {
        let mut rows = Rows::default();
        for column in 0..1_000 {
            rows.put(0, column, column);
        }
        let cells = rows.cells.cells.len();
        for column in 0..700 {
            rows.put(1, column, column);
        }
        assert_eq!(rows.cells.cells.len(), cells, "it grows where the first row grew before");
        assert!((0..700).all(|column| rows.get(1, column) == Some(column)));
    }
}
