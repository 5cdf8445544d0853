//! The index that finds what is stored: by its hash, which only says where to look.
//!
//! It is open-addressed: 32-bit cells, each the number of a key and, in the bits that numbers do not
//! need yet, a piece of its hash. The key itself decides. Lookups come in batches: first all cells
//! of a batch are read, then all keys those cells point to, so that the processor waits for many
//! cache lines at once and not for each in turn.
//!
//! The index is cut into shards by hash, one for each thread. Each thread looks through all
//! candidates of a batch, in order, and takes in those of its shard; then the new ones are numbered
//! in the order in which they stand among the candidates. So the numbers do not depend on how many
//! threads there are.

use super::key::{Keys, Narrow};
use super::team::together;

/// Finds keys by their hashes. It does not hold them: whoever does hands them in.
#[derive(Debug)]
pub(super) struct Index {
    shards: Vec<Shard>,
    /// How many low bits of a cell are a number.
    number_bits: u32,
    /// How many keys it takes before it grows.
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

/// So many keys the first index takes.
const FIRST: usize = 1 << 12;

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
pub(super) struct Lists<'a, S> {
    pub(super) lists: &'a [&'a [S]],
    pub(super) skipped: &'a (dyn Fn(usize) -> bool + Sync),
}

impl<S: Narrow> Lists<'_, S> {
    fn len(&self) -> usize {
        self.lists.iter().map(|list| list.len()).sum()
    }

    fn key(&self, mut at: usize) -> S {
        for list in self.lists {
            match list.get(at) {
                Some(key) => return *key,
                None => at -= list.len(),
            }
        }
        unreachable!("a place among the candidates")
    }
}

impl Index {
    /// An index of no keys, for that many threads. It takes no room until there is one.
    pub(super) fn new(threads: usize) -> Index {
        let shards = (0..threads.max(1)).map(|_| Shard::default()).collect();
        Index { shards, number_bits: 1, most: 0 }
    }

    fn tag(&self) -> Tag {
        Tag { number_bits: self.number_bits }
    }

    /// The number of a key, if it is known.
    pub(super) fn find<S: Narrow>(&self, keys: &Keys<S>, key: S) -> Option<usize> {
        if self.most == 0 {
            return None;
        }
        let hash = key.hash();
        let (shard, within) = shard_of(hash, self.shards.len());
        let is = |number| keys.get(number) == key;
        self.shards[shard].find(self.tag(), hash, within, is).ok()
    }

    /// Adds one key if it is new, and tells its number; else the number of the one that is known.
    pub(super) fn insert<S: Narrow>(&mut self, keys: &mut Keys<S>, key: S) -> Result<usize, usize> {
        self.make_room(keys, 1);
        let (hash, tag, number) = (key.hash(), self.tag(), keys.len());
        let (shard, within) = shard_of(hash, self.shards.len());
        let shard = &mut self.shards[shard];
        match shard.find(tag, hash, within, |number| keys.get(number) == key) {
            Ok(known) => Err(known),
            Err(at) => {
                shard.fill(tag, at, hash, number);
                shard.len += 1;
                keys.push(key);
                Ok(number)
            }
        }
    }

    /// Adds the candidates that are new, in order, and tells each one's place among all of them.
    /// Those that `skipped` says yes to stay out.
    pub(super) fn admit<S: Narrow>(
        &mut self,
        keys: &mut Keys<S>,
        lists: &Lists<'_, S>,
        fresh: &mut Vec<u32>,
    ) {
        self.make_room(keys, lists.len());
        let (base, tag) = (keys.len(), self.tag());
        let shards = self.shards.len();
        let apart = lists.len() >= AT_ONCE * 16;
        let known = &*keys;
        together(apart, self.shards.iter_mut(), |at, shard: &mut Shard| {
            shard.take_in((at, shards), tag, known, base, lists);
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
                    *cell = (*cell & !numbers) | ((base + number) as u32 + 1);
                }
            });
        }
        write(keys, lists, fresh, apart);
    }

    /// Makes room for that many more.
    fn make_room<S: Narrow>(&mut self, keys: &Keys<S>, more: usize) {
        let needed = keys.len() + more;
        if needed > self.most || self.is_crowded(more) {
            self.build(keys, grown(self.most, needed));
        }
    }

    /// Whether a shard that gets more than its share of so many keys may be full before the others
    /// are.
    fn is_crowded(&self, more: usize) -> bool {
        let share = more.div_ceil(self.shards.len()) + 8 * more.isqrt();
        let full = |shard: &Shard| (shard.len + share) * 20 > shard.cells.len() * 19;
        self.shards.len() > 1 && self.shards.iter().any(full)
    }

    /// The bytes it will take when that many keys are added to so many.
    pub(super) fn bytes_with(&self, keys: usize, more: usize) -> usize {
        let needed = keys + more;
        let grows = needed > self.most || self.is_crowded(more);
        let most = if grows { grown(self.most, needed) } else { self.most };
        most * 4 * 10 / FULL
    }

    /// Gives its memory back, until it is built anew.
    pub(super) fn clear(&mut self) {
        self.shards.fill_with(Shard::default);
    }

    /// Builds the index of other keys, as many as before.
    pub(super) fn rebuild<S: Narrow>(&mut self, keys: &Keys<S>) {
        self.build(keys, self.most);
    }

    /// Builds the index anew.
    fn build<S: Narrow>(&mut self, keys: &Keys<S>, most: usize) {
        self.most = most;
        self.number_bits = usize::BITS - most.leading_zeros();
        assert!(self.number_bits <= 32, "fewer than 2^32 states");
        let (count, tag) = (self.shards.len(), self.tag());
        // The old one is given back first: both at once would be the peak of memory.
        self.clear();
        let apart = keys.len() >= 1 << 12;
        together(apart, self.shards.iter_mut(), |at, shard: &mut Shard| {
            *shard = Shard::for_keys(most.div_ceil(count));
            shard.take_all((at, count), tag, keys);
        });
    }
}

/// Writes the new keys behind the known ones.
fn write<S: Narrow>(keys: &mut Keys<S>, lists: &Lists<'_, S>, fresh: &[u32], apart: bool) {
    let mut ends = Vec::new();
    let mut end = 0;
    for list in lists.lists {
        end += list.len();
        ends.push(fresh.partition_point(|&place| (place as usize) < end));
    }
    let rooms = keys.room(&ends);
    let begins = std::iter::once(0).chain(ends.iter().copied());
    let mut first = 0;
    let parts: Vec<_> = lists
        .lists
        .iter()
        .zip(rooms)
        .zip(begins.zip(&ends))
        .map(|((list, room), (begin, &end))| {
            let part = (first, list, room, &fresh[begin..end]);
            first += list.len();
            part
        })
        .collect();
    together(apart, parts.into_iter(), |_, (first, list, mut room, fresh)| {
        for &place in fresh {
            room.push(list[place as usize - first]);
        }
    });
}

impl Shard {
    /// Takes in those of the candidates that belong here and are new. Until they are numbered for
    /// good, their numbers are where they stand in `won`.
    fn take_in<W: Narrow>(
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
            for (at, &key) in list.iter().enumerate() {
                let hash = key.hash();
                let (shard, within) = shard_of(hash, mine.1);
                if shard != mine.0 || (lists.skipped)(first + at) {
                    continue;
                }
                if few.add((first + at) as u32, key, hash, within) {
                    self.take_few(&mut few, tag, keys, base, lists);
                }
            }
            first += list.len();
        }
        self.take_few(&mut few, tag, keys, base, lists);
        self.len += self.won.len();
    }

    fn take_few<W: Narrow>(
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
    fn touch<W: Narrow>(&self, few: &Few<W>, tag: Tag, keys: &Keys<W>, base: usize) {
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
    fn take_all<W: Narrow>(&mut self, mine: (usize, usize), tag: Tag, keys: &Keys<W>) {
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

impl<W: Narrow> Few<W> {
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
        0 => FIRST,
        small if small < SMALL => small * 4,
        middle if middle < LARGE => middle * 2,
        large => large + large / 2,
    };
    next.max(needed).min(u32::MAX as usize)
}
