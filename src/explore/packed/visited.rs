//! The visited set: keys in the order they were found, and an index that finds them.
//!
//! The index is open-addressed: 32-bit cells, each the number of a key and, in the bits that
//! numbers do not need yet, a piece of its hash. The key itself decides. Lookups come in batches:
//! first all cells of a batch are read, then all keys those cells point to, so that the processor
//! waits for many cache lines at once and not for each in turn.
//!
//! The index is cut into shards by hash, one for each thread. Each thread looks through all
//! candidates of a batch, in order, and takes in those of its shard; then the new ones are numbered
//! in the order in which they stand among the candidates. So the numbers do not depend on how many
//! threads there are.

use super::candidates::Candidates;
use super::key::{Keys, Layout, Word};
use super::sleep::Asleep;
use super::team::together;

/// The states found so far, in keys of one width.
#[derive(Debug)]
pub(super) struct Visited<W> {
    pub(super) layout: Layout,
    pub(super) keys: Keys<W>,
    /// What is asleep in those that are not expanded yet.
    pub(super) asleep: Asleep<W>,
    shards: Vec<Shard>,
    /// How many low bits of a cell are a number.
    number_bits: u32,
    /// How many keys the index takes before it grows.
    most: usize,
}

/// The part of the index that finds the keys with hashes in one range.
#[derive(Debug, Default)]
struct Shard {
    /// 0 is empty; else the number of a key plus 1, below a piece of its hash.
    cells: Vec<u32>,
    /// How many cells are taken.
    len: usize,
    /// The new ones of a batch: the place of each among the candidates, and its cell.
    won: Vec<(u32, u32)>,
}

/// How many lookups are on their way at once.
const AT_ONCE: usize = 16;

/// The most cells of ten that are taken.
const FULL: usize = 8;

/// Up to so many keys the index grows fourfold.
const SMALL: usize = 1 << 20;

/// Up to so many it doubles; from there on it grows by half, to be sparing.
const LARGE: usize = 1 << 25;

/// What a lookup goes by.
#[derive(Clone, Copy, Debug)]
struct Tag {
    number_bits: u32,
}

impl Tag {
    /// The piece of a hash that a cell holds: the low bits, for the high ones say where it is.
    #[inline]
    fn of(self, hash: u64) -> u32 {
        if self.number_bits == 32 { 0 } else { (hash as u32) << self.number_bits }
    }

    #[inline]
    fn numbers(self) -> u32 {
        u32::MAX >> (32 - self.number_bits)
    }
}

/// Which of so many shards a hash belongs to, and where it lies within.
#[inline]
fn shard_of(hash: u64, shards: usize) -> (usize, u64) {
    let product = u128::from(hash) * shards as u128;
    ((product >> 64) as usize, product as u64)
}

impl Shard {
    fn for_keys(most: usize) -> Shard {
        // Hashes fall into shards evenly, but not exactly so.
        let most = most + 8 * most.isqrt() + 8;
        // Written, and not just promised to be zero: a page that is read first and written later
        // takes two faults, and the second stops every thread.
        let mut cells = Vec::new();
        cells.reserve_exact((most * 10).div_ceil(FULL));
        cells.resize((most * 10).div_ceil(FULL), 0);
        Shard { cells, len: 0, won: Vec::new() }
    }

    /// Where a hash is looked for first, by where it lies within the shard.
    #[inline]
    fn home(&self, within: u64) -> usize {
        ((u128::from(within) * self.cells.len() as u128) >> 64) as usize
    }

    /// The number of the key that is looked for, or where it would go.
    #[inline]
    fn find(
        &self,
        tag: Tag,
        hash: u64,
        within: u64,
        is: impl Fn(usize) -> bool,
    ) -> Result<usize, usize> {
        let (numbers, piece) = (tag.numbers(), tag.of(hash));
        let mut at = self.home(within);
        loop {
            let cell = self.cells[at];
            if cell == 0 {
                return Err(at);
            }
            if cell & !numbers == piece {
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
    fn fill(&mut self, tag: Tag, at: usize, hash: u64, number: usize) {
        self.cells[at] = tag.of(hash) | (number as u32 + 1);
    }
}

/// The candidates of a batch, by worker, as one list.
struct Lists<'a, W> {
    lists: &'a [&'a Candidates<W>],
    skipped: &'a (dyn Fn(usize) -> bool + Sync),
}

impl<W: Word> Lists<'_, W> {
    fn len(&self) -> usize {
        self.lists.iter().map(|list| list.keys.len()).sum()
    }

    fn key(&self, mut at: usize) -> W {
        for list in self.lists {
            match list.keys.get(at) {
                Some(key) => return *key,
                None => at -= list.keys.len(),
            }
        }
        unreachable!("a place among the candidates")
    }
}

impl<W: Word> Visited<W> {
    /// No states, indexed for that many threads.
    pub(super) fn new(layout: Layout, threads: usize) -> Visited<W> {
        let keys = Keys::new(layout.stride());
        let shards = (0..threads.max(1)).map(|_| Shard::default()).collect();
        let asleep = Asleep::new();
        let mut visited = Visited { layout, keys, asleep, shards, number_bits: 1, most: 0 };
        visited.reindex(1 << 12);
        visited
    }

    /// How many states there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether a state is known.
    pub(super) fn contains(&self, key: W) -> bool {
        let hash = key.hash();
        let (shard, within) = shard_of(hash, self.shards.len());
        let tag = Tag { number_bits: self.number_bits };
        self.shards[shard].find(tag, hash, within, |number| self.keys.get(number) == key).is_ok()
    }

    /// Adds one state, if it is new, and says whether it was.
    pub(super) fn insert(&mut self, key: W) -> bool {
        self.make_room(1);
        let hash = key.hash();
        let (shard, within) = shard_of(hash, self.shards.len());
        let tag = Tag { number_bits: self.number_bits };
        let (keys, number) = (&self.keys, self.keys.len());
        let shard = &mut self.shards[shard];
        let Err(at) = shard.find(tag, hash, within, |number| keys.get(number) == key) else {
            return false;
        };
        shard.fill(tag, at, hash, number);
        shard.len += 1;
        self.keys.push(key);
        true
    }

    /// Adds the candidates that are new, in order, and tells each one's place among all of them.
    /// Those that `skipped` says yes to stay out.
    pub(super) fn admit(
        &mut self,
        lists: &[&Candidates<W>],
        skipped: &(dyn Fn(usize) -> bool + Sync),
        fresh: &mut Vec<u32>,
    ) {
        let lists = Lists { lists, skipped };
        self.make_room(lists.len());
        let (base, tag) = (self.keys.len(), Tag { number_bits: self.number_bits });
        let (keys, shards) = (&self.keys, self.shards.len());
        let apart = lists.len() >= AT_ONCE * 16;
        together(apart, self.shards.iter_mut(), |at, shard: &mut Shard| {
            shard.take_in((at, shards), tag, keys, base, &lists);
        });
        fresh.clear();
        match &mut self.shards[..] {
            [only] => fresh.extend(only.won.iter().map(|&(place, _)| place)),
            several => number_in_order(several, lists.len(), fresh),
        }
        if shards > 1 {
            let numbers = tag.numbers();
            let fresh = &*fresh;
            together(apart, self.shards.iter_mut(), |_, shard: &mut Shard| {
                let mut number = 0;
                for &(place, cell) in &shard.won {
                    while fresh[number] != place {
                        number += 1;
                    }
                    let cell = &mut shard.cells[cell as usize];
                    *cell = *cell & !numbers | (base + number) as u32 + 1;
                }
            });
        }
        self.write(&lists, fresh, apart);
    }

    /// Writes the new keys behind the known ones.
    fn write(&mut self, lists: &Lists<'_, W>, fresh: &[u32], apart: bool) {
        let mut ends = Vec::new();
        let mut end = 0;
        for list in lists.lists {
            end += list.keys.len();
            ends.push(fresh.partition_point(|&place| (place as usize) < end));
        }
        let rooms = self.keys.room(&ends);
        let begins = std::iter::once(0).chain(ends.iter().copied());
        let mut first = 0;
        let parts: Vec<_> = lists
            .lists
            .iter()
            .zip(rooms)
            .zip(begins.zip(&ends))
            .map(|((list, room), (begin, &end))| {
                let part = (first, &list.keys, room, &fresh[begin..end]);
                first += list.keys.len();
                part
            })
            .collect();
        together(apart, parts.into_iter(), |_, (first, keys, mut room, fresh)| {
            for &place in fresh {
                room.push(keys[place as usize - first]);
            }
        });
    }

    /// Makes room for that many more.
    fn make_room(&mut self, more: usize) {
        let needed = self.keys.len() + more;
        // A shard that got more than its share may be full before the others are.
        let crowded =
            self.shards.iter().any(|shard| (shard.len + more) * 20 > shard.cells.len() * 19);
        if needed > self.most || (crowded && self.shards.len() > 1) {
            self.reindex(grown(self.most, needed));
        }
    }

    /// The bytes that keys and index will take when that many more are added.
    pub(super) fn bytes_with(&self, more: usize) -> usize {
        let needed = self.keys.len() + more;
        let most = if needed > self.most { grown(self.most, needed) } else { self.most };
        self.keys.bytes() + self.asleep.bytes() + more * self.layout.stride() + most * 4 * 10 / FULL
    }

    /// Builds the index anew.
    fn reindex(&mut self, most: usize) {
        self.most = most;
        self.number_bits = usize::BITS - most.leading_zeros();
        assert!(self.number_bits <= 32, "fewer than 2^32 states");
        let (keys, count) = (&self.keys, self.shards.len());
        let tag = Tag { number_bits: self.number_bits };
        // The old one is given back first: both at once would be the peak of memory.
        self.shards.fill_with(Shard::default);
        let apart = keys.len() >= 1 << 12;
        together(apart, self.shards.iter_mut(), |at, shard: &mut Shard| {
            *shard = Shard::for_keys(most.div_ceil(count));
            shard.take_all((at, count), tag, keys);
        });
    }

    /// The same states in another layout.
    pub(super) fn repacked<V: Word>(mut self, layout: Layout) -> Visited<V> {
        self.shards.iter_mut().for_each(|shard| *shard = Shard::default());
        let keys = self.keys.repack(&self.layout, &layout);
        let asleep = self.asleep.repacked(&self.layout, &layout);
        let Visited { shards, number_bits, most, .. } = self;
        let mut visited = Visited { layout, keys, asleep, shards, number_bits, most };
        visited.reindex(most);
        visited
    }
}

impl Shard {
    /// Takes in those of the candidates that belong here and are new. Until they are numbered for
    /// good, their numbers are where they stand in `won`.
    fn take_in<W: Word>(
        &mut self,
        mine: (usize, usize),
        tag: Tag,
        keys: &Keys<W>,
        base: usize,
        lists: &Lists<'_, W>,
    ) {
        self.won.clear();
        let mut first = 0;
        let mut few = Few::new();
        for list in lists.lists {
            for (at, &key) in list.keys.iter().enumerate() {
                let hash = key.hash();
                let (shard, within) = shard_of(hash, mine.1);
                if shard != mine.0 || (lists.skipped)(first + at) {
                    continue;
                }
                if few.add((first + at) as u32, key, hash, within) {
                    self.take_few(&mut few, tag, keys, base, lists);
                }
            }
            first += list.keys.len();
        }
        self.take_few(&mut few, tag, keys, base, lists);
        self.len += self.won.len();
    }

    fn take_few<W: Word>(
        &mut self,
        few: &mut Few<W>,
        tag: Tag,
        keys: &Keys<W>,
        base: usize,
        lists: &Lists<'_, W>,
    ) {
        self.touch(few, tag, keys, base);
        for at in 0..std::mem::take(&mut few.len) {
            let (key, hash, within) = (few.keys[at], few.hashes[at], few.withins[at]);
            let won = &self.won;
            let found = self.find(tag, hash, within, |number| match number.checked_sub(base) {
                None => keys.get(number) == key,
                Some(new) => lists.key(won[new].0 as usize) == key,
            });
            if let Err(empty) = found {
                self.fill(tag, empty, hash, base + self.won.len());
                self.won.push((few.places[at], empty as u32));
            }
        }
    }

    /// Reads the cells of some candidates, then the keys they point to: nothing is decided, but
    /// what is read next is in the cache.
    #[inline]
    fn touch<W: Word>(&self, few: &Few<W>, tag: Tag, keys: &Keys<W>, base: usize) {
        let mut cells = [0; AT_ONCE];
        for (cell, &within) in cells.iter_mut().zip(&few.withins).take(few.len) {
            *cell = self.cells[self.home(within)];
        }
        let mut read = W::default();
        for (&cell, &hash) in cells.iter().zip(&few.hashes).take(few.len) {
            if cell != 0 && cell & !tag.numbers() == tag.of(hash) {
                let number = (cell & tag.numbers()) as usize - 1;
                if number < base {
                    let key = keys.get(number);
                    if key != read {
                        read = key;
                    }
                }
            }
        }
        std::hint::black_box(read);
    }

    /// Takes in all keys that belong here; each is there once.
    fn take_all<W: Word>(&mut self, mine: (usize, usize), tag: Tag, keys: &Keys<W>) {
        let mut some = [(0, 0, 0); AT_ONCE];
        let (mut len, mut read) = (0, 0);
        for number in 0..keys.len() {
            let hash = keys.get(number).hash();
            let (shard, within) = shard_of(hash, mine.1);
            if shard == mine.0 {
                read |= self.cells[self.home(within)];
                some[len] = (number, hash, within);
                len += 1;
            }
            if len == AT_ONCE || number + 1 == keys.len() {
                std::hint::black_box(read);
                for &(number, hash, within) in &some[..std::mem::take(&mut len)] {
                    let empty = self.find(tag, hash, within, |_| false);
                    self.fill(tag, empty.expect_err("no key is there twice"), hash, number);
                    self.len += 1;
                }
            }
        }
    }
}

/// A few candidates that are looked up at once.
struct Few<W> {
    len: usize,
    places: [u32; AT_ONCE],
    keys: [W; AT_ONCE],
    hashes: [u64; AT_ONCE],
    withins: [u64; AT_ONCE],
}

impl<W: Word> Few<W> {
    fn new() -> Few<W> {
        Few {
            len: 0,
            places: [0; AT_ONCE],
            keys: [W::default(); AT_ONCE],
            hashes: [0; AT_ONCE],
            withins: [0; AT_ONCE],
        }
    }

    /// Adds one, and says whether there are enough.
    #[inline]
    fn add(&mut self, place: u32, key: W, hash: u64, within: u64) -> bool {
        let at = self.len;
        self.places[at] = place;
        self.keys[at] = key;
        self.hashes[at] = hash;
        self.withins[at] = within;
        self.len += 1;
        self.len == AT_ONCE
    }
}

/// The places of all new ones, in order: of several lists in order, by way of a bit for each place.
fn number_in_order(shards: &[Shard], places: usize, fresh: &mut Vec<u32>) {
    let mut bits = vec![0_u64; places.div_ceil(64)];
    for &(place, _) in shards.iter().flat_map(|shard| &shard.won) {
        bits[place as usize / 64] |= 1 << (place % 64);
    }
    for (word, mut bits) in bits.into_iter().enumerate() {
        while bits != 0 {
            fresh.push(word as u32 * 64 + bits.trailing_zeros());
            bits &= bits - 1;
        }
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

    fn listed<W: Word>(keys: &[W]) -> Candidates<W> {
        let mut list = Candidates::new();
        list.keys.extend_from_slice(keys);
        list
    }

    fn admit<W: Word>(visited: &mut Visited<W>, parts: &[&[W]], skipped: &[usize]) -> Vec<u32> {
        let lists: Vec<_> = parts.iter().map(|part| listed(part)).collect();
        let lists: Vec<_> = lists.iter().collect();
        let mut fresh = Vec::new();
        visited.admit(&lists, &|at| skipped.contains(&at), &mut fresh);
        fresh
    }

    #[test]
    fn each_state_is_admitted_once_in_the_order_it_came_whatever_the_threads() {
        for threads in [1, 2, 3, 7] {
            let layout = Layout::tight(&[1 << 16, 1 << 16]);
            let mut visited = Visited::<u64>::new(layout, threads);
            let (mut known, mut order) = (BTreeSet::new(), Vec::new());
            for candidates in walk(60_000, 30_000).chunks(777) {
                let expected: Vec<u32> = (0..candidates.len())
                    .filter(|&at| known.insert(candidates[at]))
                    .map(|at| at as u32)
                    .collect();
                order.extend(expected.iter().map(|&at| candidates[at as usize]));
                let (one, other) = candidates.split_at(candidates.len() / 3);
                assert_eq!(admit(&mut visited, &[one, &[], other], &[]), expected);
                assert_eq!(admit(&mut visited, &[other, one], &[]), [0; 0]);
            }
            let all: Vec<u64> = (0..visited.len()).map(|at| visited.keys.get(at)).collect();
            assert_eq!(all, order);
            assert!(order.iter().all(|&key| visited.contains(key)));
            assert!(!visited.contains(40_000));
            assert!(!visited.insert(order[17]));
            assert!(visited.insert(40_000));
            assert!(visited.contains(40_000));
        }
    }

    #[test]
    fn skipped_candidates_stay_out() {
        let mut visited = Visited::<u128>::new(Layout::tight(&[1 << 30, 1 << 30, 1 << 30]), 2);
        assert_eq!(admit(&mut visited, &[&[5, 6, 5], &[7]], &[1]), [0, 3]);
        assert!(visited.contains(5) && visited.contains(7) && !visited.contains(6));
    }

    #[test]
    fn states_stay_known_in_another_layout() {
        let narrow = Layout::tight(&[200, 300]);
        let mut visited = Visited::<u64>::new(narrow.clone(), 2);
        let ids = |at: u32| [at % 200, at / 200];
        let candidates: Vec<u64> = (0..50_000).map(|at| narrow.pack(&ids(at))).collect();
        admit(&mut visited, &[&candidates], &[]);
        let wide = Layout::tight(&[1 << 32, 1 << 31]);
        let visited = visited.repacked::<u128>(wide.clone());
        assert!((0..50_000).all(|at| visited.contains(wide.pack(&ids(at)))));
        assert!(!visited.contains(wide.pack(&[199, 1_000])));
    }
}
