//! The visited set: keys in the order they were found, and an index that finds them.
//!
//! The index is one open-addressed table of 32-bit cells, each the number of a key and, in the bits
//! that numbers do not need yet, a piece of its hash. The key itself decides. Lookups come in
//! batches: first all cells of a batch are read, then all keys those cells point to, so that the
//! processor waits for many cache lines at once and not for each in turn.

use super::key::{Keys, Layout, Word};

/// The states found so far, in keys of one width.
#[derive(Debug)]
pub(super) struct Visited<W> {
    pub(super) layout: Layout,
    pub(super) keys: Keys<W>,
    index: Index,
}

/// Finds keys by their hashes.
#[derive(Debug)]
struct Index {
    /// 0 is empty; else the number of a key plus 1, below a piece of its hash.
    cells: Vec<u32>,
    /// How many low bits of a cell are a number.
    number_bits: u32,
    /// How many keys it takes before it grows.
    most: usize,
}

/// How many lookups are on their way at once.
const AT_ONCE: usize = 16;

/// The most cells of ten that are taken.
const FULL: usize = 8;

/// Up to so many keys the index grows fourfold.
const SMALL: usize = 1 << 20;

/// Up to so many it doubles; from there on it grows by half, to be sparing.
const LARGE: usize = 1 << 25;

impl Index {
    fn for_keys(most: usize) -> Index {
        let cells = (most * 10).div_ceil(FULL) + 1;
        let number_bits = usize::BITS - most.leading_zeros();
        assert!(number_bits <= 32, "fewer than 2^32 states");
        Index { cells: vec![0; cells], number_bits, most }
    }

    /// Where a hash is looked for first.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        ((u128::from(hash) * self.cells.len() as u128) >> 64) as usize
    }

    #[inline]
    fn tag(&self, hash: u64) -> u32 {
        // The low bits: the high ones say where it is.
        let bits = hash as u32;
        if self.number_bits == 32 { 0 } else { bits << self.number_bits }
    }

    /// The number of the key that is looked for, or where it would go.
    #[inline]
    fn find(&self, hash: u64, is: impl Fn(usize) -> bool) -> Result<usize, usize> {
        let numbers = u32::MAX >> (32 - self.number_bits);
        let tag = self.tag(hash);
        let mut at = self.home(hash);
        loop {
            let cell = self.cells[at];
            if cell == 0 {
                return Err(at);
            }
            if cell & !numbers == tag {
                let number = (cell & numbers) as usize - 1;
                if is(number) {
                    return Ok(number);
                }
            }
            at += 1;
            if at == self.cells.len() {
                at = 0;
            }
        }
    }

    #[inline]
    fn fill(&mut self, at: usize, hash: u64, number: usize) {
        debug_assert_eq!(self.cells[at], 0, "only empty cells are filled");
        self.cells[at] = self.tag(hash) | (number as u32 + 1);
    }
}

impl<W: Word> Visited<W> {
    /// Nothing visited yet.
    pub(super) fn new(layout: Layout) -> Visited<W> {
        let keys = Keys::new(layout.stride());
        Visited { layout, keys, index: Index::for_keys(1 << 12) }
    }

    /// How many states there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether a state is known.
    pub(super) fn contains(&self, key: W) -> bool {
        self.index.find(key.hash(), |number| self.keys.get(number) == key).is_ok()
    }

    /// Adds the candidates that are new, in order, and tells each one's place among them. Those
    /// that `skipped` says yes to stay out.
    pub(super) fn admit(
        &mut self,
        candidates: &[W],
        skipped: impl Fn(usize) -> bool,
        fresh: &mut Vec<u32>,
    ) {
        self.make_room(candidates.len());
        let mut hashes = [0; AT_ONCE];
        let mut first = 0;
        for batch in candidates.chunks(AT_ONCE) {
            self.touch(batch, &mut hashes);
            for (at, (&key, &hash)) in batch.iter().zip(&hashes).enumerate() {
                if skipped(first + at) {
                    continue;
                }
                let found = self.index.find(hash, |number| self.keys.get(number) == key);
                if let Err(empty) = found {
                    self.index.fill(empty, hash, self.keys.len());
                    self.keys.push(key);
                    fresh.push((first + at) as u32);
                }
            }
            first += batch.len();
        }
    }

    /// Says of each candidate whether it is known; nothing is added.
    pub(super) fn known(&self, candidates: &[W], known: &mut Vec<bool>) {
        let mut hashes = [0; AT_ONCE];
        for batch in candidates.chunks(AT_ONCE) {
            self.touch(batch, &mut hashes);
            known.extend(batch.iter().zip(&hashes).map(|(&key, &hash)| {
                self.index.find(hash, |number| self.keys.get(number) == key).is_ok()
            }));
        }
    }

    /// Reads the cells of a batch, then the keys they point to: nothing is decided, but what is
    /// read next is in the cache.
    #[inline]
    fn touch(&self, batch: &[W], hashes: &mut [u64; AT_ONCE]) {
        let mut cells = [0; AT_ONCE];
        for (hash, key) in hashes.iter_mut().zip(batch) {
            *hash = key.hash();
        }
        for (cell, hash) in cells.iter_mut().zip(hashes.iter()).take(batch.len()) {
            *cell = self.index.cells[self.index.home(*hash)];
        }
        let numbers = u32::MAX >> (32 - self.index.number_bits);
        let mut read = W::default();
        for (&cell, &hash) in cells.iter().zip(hashes.iter()).take(batch.len()) {
            if cell != 0 && cell & !numbers == self.index.tag(hash) {
                let key = self.keys.get((cell & numbers) as usize - 1);
                if key != read {
                    read = key;
                }
            }
        }
        std::hint::black_box(read);
    }

    /// Makes room for that many more.
    fn make_room(&mut self, more: usize) {
        let needed = self.keys.len() + more;
        if needed > self.index.most {
            self.reindex(grown(self.index.most, needed));
        }
    }

    /// The bytes the index will take when that many more are added.
    pub(super) fn bytes_with(&self, more: usize) -> usize {
        let needed = self.keys.len() + more;
        let most =
            if needed > self.index.most { grown(self.index.most, needed) } else { self.index.most };
        self.keys.bytes() + more * self.layout.stride() + most * 4 * 10 / FULL
    }

    /// Builds the index anew.
    fn reindex(&mut self, most: usize) {
        // The old one is given back first: both at once would be the peak of memory.
        self.index.cells = Vec::new();
        self.index = Index::for_keys(most);
        let mut hashes = [0; AT_ONCE];
        for first in (0..self.keys.len()).step_by(AT_ONCE) {
            let count = AT_ONCE.min(self.keys.len() - first);
            let mut read = 0;
            for (at, hash) in hashes.iter_mut().enumerate().take(count) {
                *hash = self.keys.get(first + at).hash();
            }
            for hash in &hashes[..count] {
                read |= self.index.cells[self.index.home(*hash)];
            }
            std::hint::black_box(read);
            for (at, &hash) in hashes.iter().enumerate().take(count) {
                let empty = self.index.find(hash, |_| false).expect_err("no key is there twice");
                self.index.fill(empty, hash, first + at);
            }
        }
    }

    /// The same states in another layout.
    pub(super) fn repacked<V: Word>(self, layout: Layout) -> Visited<V> {
        let most = self.index.most;
        drop(self.index);
        let keys = self.keys.repack(&self.layout, &layout);
        let mut visited = Visited { layout, keys, index: Index::for_keys(0) };
        visited.reindex(most);
        visited
    }
}

/// How many keys the next index takes.
fn grown(most: usize, needed: usize) -> usize {
    let next = match most {
        small if small < SMALL => small * 4,
        middle if middle < LARGE => middle * 2,
        large => large + large / 2,
    };
    next.max(needed).min(u32::MAX as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn walk(count: usize, of: u64) -> Vec<u64> {
        let mut seed = 1_u64;
        let step = |_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888);
            (seed >> 33) % of
        };
        (0..count).map(step).collect()
    }

    #[test]
    fn each_state_is_admitted_once_in_the_order_it_came() {
        let layout = Layout::tight(&[1 << 16, 1 << 16]);
        let mut visited = Visited::<u64>::new(layout);
        let (mut known, mut order) = (BTreeSet::new(), Vec::new());
        for candidates in walk(60_000, 30_000).chunks(777) {
            let expected: Vec<u32> = (0..candidates.len())
                .filter(|&at| known.insert(candidates[at]))
                .map(|at| at as u32)
                .collect();
            order.extend(expected.iter().map(|&at| candidates[at as usize]));
            let (mut said, mut fresh) = (Vec::new(), Vec::new());
            visited.known(candidates, &mut said);
            visited.admit(candidates, |_| false, &mut fresh);
            assert_eq!(fresh, expected);
            assert!(fresh.iter().all(|&at| !said[at as usize]));
        }
        let all: Vec<u64> = (0..visited.len()).map(|at| visited.keys.get(at)).collect();
        assert_eq!(all, order);
        assert!(order.iter().all(|&key| visited.contains(key)));
        assert!(!visited.contains(40_000));
    }

    #[test]
    fn skipped_candidates_stay_out() {
        let mut visited = Visited::<u128>::new(Layout::tight(&[1 << 30, 1 << 30, 1 << 30]));
        let mut fresh = Vec::new();
        visited.admit(&[5, 6, 5, 7], |at| at == 1, &mut fresh);
        assert_eq!(fresh, [0, 3]);
        assert!(visited.contains(5) && visited.contains(7) && !visited.contains(6));
    }

    #[test]
    fn states_stay_known_in_another_layout() {
        let narrow = Layout::tight(&[200, 300]);
        let mut visited = Visited::<u64>::new(narrow.clone());
        let ids = |at: u32| [at % 200, at / 200];
        let candidates: Vec<u64> = (0..50_000).map(|at| narrow.pack(&ids(at))).collect();
        visited.admit(&candidates, |_| false, &mut Vec::new());
        let wide = Layout::tight(&[1 << 32, 1 << 31]);
        let visited = visited.repacked::<u128>(wide.clone());
        assert!((0..50_000).all(|at| visited.contains(wide.pack(&ids(at)))));
        assert!(!visited.contains(wide.pack(&[199, 1_000])));
    }
}
