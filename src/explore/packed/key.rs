//! A global state as one exact integer.
//!
//! A state is a tuple of ids: a slot for each node, the ledger, the monitors. Each id gets a field
//! just wide enough for the ids there are, so that most states fit in 64 bits, most others in 128, and
//! what is wider in a [`Wide`](super::wide::Wide) word, of which the root of a tree is stored.
//! When a table outgrows its field the layout changes and every key is packed anew; ids never
//! change. Two states are the same exactly if their keys are equal: no verdict rests on a hash.

use std::fmt::Debug;

use super::tree::Tree;

/// An integer that holds a key.
pub(super) trait Word: Copy + Eq + Default + Debug + Send + Sync + 'static {
    /// What is stored of it: a narrow word is stored as it is, of a wide one the root of a tree.
    type Stored: Narrow;
    /// How many bits it has.
    const BITS: u32;
    /// The value of a field.
    fn field(self, field: Field) -> u32;
    /// The key with the bits of `changed` flipped in a field.
    fn flipped(self, field: Field, changed: u32) -> Self;
    /// The low bits of this key, so many, and the others of another.
    fn joined(self, low: u32, other: Self) -> Self;
    /// A hash of it; where it is looked for, never what is decided.
    fn hash(self) -> u64;
    /// What is stored of it; what the tree lacks, it learns.
    fn folded(self, tree: &mut Tree) -> Self::Stored;
    /// What is stored of it, if the tree knows all its parts.
    fn known(self, tree: &Tree) -> Option<Self::Stored>;
    /// The word of which this is stored.
    fn unfolded(stored: Self::Stored, tree: &Tree) -> Self;
    /// What is stored of each of these, but for those that `skipped` says yes to. A narrow word is
    /// stored as it is, and nothing is copied.
    fn all_folded<'a>(
        words: &'a [Self],
        skipped: &dyn Fn(usize) -> bool,
        tree: &mut Tree,
        room: &'a mut Vec<Self::Stored>,
    ) -> &'a [Self::Stored];
    /// How many bytes are stored of a key.
    fn stride(layout: &Layout) -> usize;
    /// Writes so many of its low bytes behind others.
    fn put(self, bytes: usize, to: &mut Vec<u8>);
    /// The word of these low bytes.
    fn got(bytes: &[u8]) -> Self;
}

/// A word that is stored as it is, in as few bytes as will do.
pub(super) trait Narrow: Word {
    /// Reads the first bytes of a slice that is at least as long as a word.
    fn read(bytes: &[u8], stride: usize) -> Self;
    /// Writes all bytes of the word.
    fn write(self, bytes: &mut [u8]);
}

/// Where a field of a key is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Field {
    pub(super) shift: u32,
    pub(super) mask: u32,
}

macro_rules! word {
    ($word:ty, $hash:expr) => {
        impl Word for $word {
            type Stored = $word;
            const BITS: u32 = <$word>::BITS;
            #[inline]
            fn field(self, field: Field) -> u32 {
                (self >> field.shift) as u32 & field.mask
            }
            #[inline]
            fn flipped(self, field: Field, changed: u32) -> Self {
                self ^ (<$word>::from(changed) << field.shift)
            }
            #[inline]
            fn joined(self, low: u32, other: Self) -> Self {
                let low = <$word>::MAX.checked_shl(low).map_or(<$word>::MAX, |high| !high);
                other ^ ((self ^ other) & low)
            }
            #[inline]
            fn hash(self) -> u64 {
                let hash: fn($word) -> u64 = $hash;
                hash(self)
            }
            #[inline]
            fn folded(self, _: &mut Tree) -> Self {
                self
            }
            #[inline]
            fn known(self, _: &Tree) -> Option<Self> {
                Some(self)
            }
            #[inline]
            fn unfolded(stored: Self, _: &Tree) -> Self {
                stored
            }
            #[inline]
            fn all_folded<'a>(
                words: &'a [Self],
                _: &dyn Fn(usize) -> bool,
                _: &mut Tree,
                _: &'a mut Vec<Self>,
            ) -> &'a [Self] {
                words
            }
            #[inline]
            fn stride(layout: &Layout) -> usize {
                layout.stride()
            }
            #[inline]
            fn put(self, bytes: usize, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes()[..bytes]);
            }
            #[inline]
            fn got(bytes: &[u8]) -> Self {
                let mut whole = [0; size_of::<$word>()];
                whole[..bytes.len()].copy_from_slice(bytes);
                <$word>::from_le_bytes(whole)
            }
        }

        impl Narrow for $word {
            #[inline]
            fn read(bytes: &[u8], stride: usize) -> Self {
                const BYTES: usize = size_of::<$word>();
                let whole = <$word>::from_le_bytes(bytes[..BYTES].try_into().expect("a word"));
                whole & (<$word>::MAX >> (8 * (BYTES - stride)))
            }
            #[inline]
            fn write(self, bytes: &mut [u8]) {
                bytes[..size_of::<$word>()].copy_from_slice(&self.to_le_bytes());
            }
        }
    };
}

word!(u64, |key| folded(key ^ 0x9E37_79B9_7F4A_7C15, 0xD6E8_FEB8_6659_FD93));
word!(u128, |key| {
    let low = folded(key as u64 ^ 0x9E37_79B9_7F4A_7C15, 0xD6E8_FEB8_6659_FD93);
    folded(low ^ (key >> 64) as u64, 0xA076_1D64_78BD_642F)
});

/// The two halves of a product, mixed.
#[inline]
pub(super) fn folded(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    (product >> 64) as u64 ^ product as u64
}

/// Which bits of a key say what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Layout {
    fields: Vec<Field>,
    /// By field: how many bits lie below it.
    below: Vec<u32>,
    bits: u32,
}

impl Layout {
    /// A layout with room for these numbers of ids and some more.
    pub(super) fn roomy(ids: &[usize]) -> Layout {
        Layout::of(ids.iter().map(|&count| width(count + count / 4)))
    }

    /// A layout with room for these numbers of ids, of so many bits if they will do: what is left
    /// goes where ids will run out first.
    pub(super) fn ample(ids: &[usize], bits: u32) -> Layout {
        let mut widths: Vec<u32> = ids.iter().map(|&count| width(count + count / 4)).collect();
        let fill = |(at, width): (usize, &u32)| (ids[at] << 20) >> width;
        for _ in widths.iter().sum()..bits {
            let fullest = widths.iter().enumerate().filter(|(_, width)| **width < 30);
            match fullest.max_by_key(|(at, width)| (fill((*at, width)), std::cmp::Reverse(*at))) {
                Some((fullest, _)) => widths[fullest] += 1,
                None => break,
            }
        }
        Layout::of(widths.into_iter())
    }

    /// The narrowest layout for these numbers of ids.
    pub(super) fn tight(ids: &[usize]) -> Layout {
        Layout::of(ids.iter().map(|&count| width(count)))
    }

    fn of(widths: impl Iterator<Item = u32>) -> Layout {
        let mut shift = 0;
        let mut below = Vec::new();
        let fields = widths
            .map(|width| {
                let mask = ((1_u64 << width) - 1) as u32;
                // A field without bits may lie past the last; it is read as nothing.
                let field = Field { shift: if width == 0 { 0 } else { shift }, mask };
                below.push(shift);
                shift += width;
                field
            })
            .collect();
        Layout { fields, below, bits: shift }
    }

    /// Whether ids up to these numbers have room.
    pub(super) fn holds(&self, ids: impl Iterator<Item = usize>) -> bool {
        self.fields.iter().zip(ids).all(|(field, count)| count <= field.mask as usize + 1)
    }

    /// How many bits a key takes.
    pub(super) fn bits(&self) -> u32 {
        self.bits
    }

    /// How many bytes a stored key takes.
    pub(super) fn stride(&self) -> usize {
        self.bits.div_ceil(8).max(1) as usize
    }

    /// How many bits lie below a field; all of them below a field that is not there.
    #[inline]
    pub(super) fn below(&self, field: usize) -> u32 {
        self.below.get(field).copied().unwrap_or(self.bits)
    }

    /// How many of the fields are slots of nodes: all but those of the ledger and the monitors.
    pub(super) fn nodes(&self) -> usize {
        self.fields.len().saturating_sub(2)
    }

    /// The field with that number.
    #[inline]
    pub(super) fn field(&self, at: usize) -> Field {
        self.fields[at]
    }

    /// The key of these ids.
    #[cfg(test)]
    pub(super) fn pack<W: Word>(&self, ids: &[u32]) -> W {
        debug_assert!(self.holds(ids.iter().map(|&id| id as usize + 1)), "every id has room");
        let fields = self.fields.iter().zip(ids);
        fields.fold(W::default(), |key, (field, id)| key.flipped(*field, *id))
    }

    /// The same ids in another layout.
    #[inline]
    pub(super) fn again<W: Word, V: Word>(&self, key: W, to: &Layout) -> V {
        let fields = self.fields.iter().zip(&to.fields);
        fields.fold(V::default(), |again, (&from, &to)| again.flipped(to, key.field(from)))
    }

    /// A number of so many bits that stands for the ids of this key in *any* layout: a hash of each
    /// field's number and id, all of them joined by exclusive or.
    ///
    /// Were the hashes drawn by lot, two different states would have the same print once in
    /// 2^bits, whatever they have in common.
    pub(super) fn print<W: Word>(&self, key: W, bits: u32) -> u128 {
        let ids = self.fields.iter().enumerate().map(|(at, &field)| (at, key.field(field)));
        let whole = ids.fold(0, |print, (at, id)| print ^ mixed((at as u64) << 32 | u64::from(id)));
        whole & (u128::MAX >> (u128::BITS - bits))
    }

    /// The ids of this key.
    pub(super) fn unpack<W: Word>(&self, key: W, ids: &mut Vec<u32>) {
        ids.clear();
        ids.extend(self.fields.iter().map(|&field| key.field(field)));
    }
}

/// A number mixed well, to 128 bits; both halves are needed to say anything of each other.
#[inline]
fn mixed(number: u64) -> u128 {
    // The finalizer of SplitMix64, twice for each half, from different beginnings.
    let finalized = |mut number: u64| {
        number = (number ^ number >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        number = (number ^ number >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        number ^ number >> 31
    };
    let low =
        finalized(finalized(number ^ 0x9E37_79B9_7F4A_7C15).wrapping_add(0xA076_1D64_78BD_642F));
    let high =
        finalized(finalized(number ^ 0xE703_7ED1_A0B4_28DB).wrapping_add(0x8EBC_6AF0_9C88_C6E3));
    u128::from(high) << 64 | u128::from(low)
}

/// The bits that tell that many ids apart.
fn width(count: usize) -> u32 {
    usize::BITS - count.saturating_sub(1).leading_zeros()
}

/// Keys in the order they were found: the visited states, and the queue of breadth-first search.
#[derive(Debug)]
pub(super) struct Keys<W> {
    /// The keys, `stride` bytes each, and room to read a whole word behind the last.
    bytes: Vec<u8>,
    stride: usize,
    len: usize,
    word: std::marker::PhantomData<W>,
}

impl<W: Narrow> Keys<W> {
    const WORD: usize = size_of::<W>();

    /// No keys, of that many bytes each.
    pub(super) fn new(stride: usize) -> Keys<W> {
        assert!((1..=Self::WORD).contains(&stride), "a key fits in its word");
        Keys { bytes: vec![0; Self::WORD], stride, len: 0, word: std::marker::PhantomData }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The key with that number.
    #[inline]
    pub(super) fn get(&self, at: usize) -> W {
        debug_assert!(at < self.len, "key {at} of {}", self.len);
        W::read(&self.bytes[at * self.stride..], self.stride)
    }

    /// Adds a key.
    pub(super) fn push(&mut self, key: W) {
        let at = self.len * self.stride;
        self.bytes.resize(at + self.stride + Self::WORD, 0);
        key.write(&mut self.bytes[at..]);
        self.len += 1;
    }

    /// Room for more keys, in parts that end at these numbers of new keys.
    pub(super) fn room(&mut self, ends: &[usize]) -> Vec<Room<'_>> {
        let more = ends.last().copied().unwrap_or(0);
        let stride = self.stride;
        let at = self.len * stride;
        self.bytes.resize(at + more * stride + Self::WORD, 0);
        self.len += more;
        let mut left = &mut self.bytes[at..];
        let mut begin = 0;
        let mut rooms = Vec::new();
        for &end in ends {
            let (bytes, rest) = left.split_at_mut((end - begin) * stride);
            rooms.push(Room { bytes, stride, at: 0 });
            (left, begin) = (rest, end);
        }
        rooms
    }

    /// Forgets all but the first.
    pub(super) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.bytes.truncate(self.len * self.stride + Self::WORD);
    }

    /// Stores something else in place of every key, in so many bytes each.
    pub(super) fn changed<V: Narrow>(self, new: usize, mut again: impl FnMut(W) -> V) -> Keys<V> {
        let old = self.stride;
        let mut again = |bytes: &[u8]| -> V { again(W::read(bytes, old)) };
        let (mut bytes, len) = (self.bytes, self.len);
        // In place: towards the end when keys shrink, from the end when they grow. A whole word is
        // read before and written around each key, so a word's room is kept on the side that is
        // still to be read.
        let room = Self::WORD.max(size_of::<V>());
        bytes.resize(len * old.max(new) + room, 0);
        if new <= old {
            for at in 0..len {
                let key = again(&bytes[at * old..]);
                write_narrow(&mut bytes, at * new, key, new);
            }
        } else {
            for at in (0..len).rev() {
                let key = again(&bytes[at * old..]);
                write_narrow(&mut bytes, at * new, key, new);
            }
        }
        bytes.resize(len * new + size_of::<V>(), 0);
        Keys { bytes, stride: new, len, word: std::marker::PhantomData }
    }

    /// The bytes it takes when that many are added.
    pub(super) fn bytes_with(&self, more: usize) -> usize {
        self.bytes.len() + more * self.stride
    }
}

/// Where new keys are written.
pub(super) struct Room<'a> {
    bytes: &'a mut [u8],
    stride: usize,
    at: usize,
}

impl Room<'_> {
    /// Writes the next key.
    #[inline]
    pub(super) fn push<W: Narrow>(&mut self, key: W) {
        // A whole word where there is room for it: what is too much is written over.
        match self.bytes.get_mut(self.at..self.at + size_of::<W>()) {
            Some(word) => key.write(word),
            None => write_narrow(self.bytes, self.at, key, self.stride),
        }
        self.at += self.stride;
    }
}

/// Writes the low bytes of a key and nothing else.
fn write_narrow<W: Narrow>(bytes: &mut [u8], at: usize, key: W, stride: usize) {
    let mut whole = [0; 16];
    key.write(&mut whole);
    bytes[at..at + stride].copy_from_slice(&whole[..stride]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_from_a_key_of_any_width() {
        for ids in [vec![1, 1], vec![2, 3, 1, 900], vec![1 << 20, 7, 1 << 24, 1, 1 << 19, 5]] {
            for layout in [Layout::tight(&ids), Layout::roomy(&ids)] {
                assert!(layout.holds(ids.iter().copied()));
                let last: Vec<u32> = ids.iter().map(|&count| count as u32 - 1).collect();
                let mut back = Vec::new();
                layout.unpack::<u128>(layout.pack(&last), &mut back);
                assert_eq!(back, last);
                if layout.bits() <= 64 {
                    layout.unpack::<u64>(layout.pack(&last), &mut back);
                    assert_eq!(back, last);
                }
            }
        }
    }

    #[test]
    fn a_tight_layout_has_no_room_for_one_more() {
        let layout = Layout::tight(&[4, 1, 3]);
        assert_eq!(layout.bits(), 4);
        assert!(layout.holds([4, 1, 4].into_iter()));
        assert!(!layout.holds([5, 1, 4].into_iter()));
        assert!(!layout.holds([4, 2, 4].into_iter()));
    }

    #[test]
    fn an_ample_layout_spends_its_bits_where_ids_run_out_first() {
        let counts = [3, 60, 1, 200];
        let layout = Layout::ample(&counts, 32);
        assert_eq!(layout.bits(), 32);
        assert!(layout.holds([6, 120, 2, 400].into_iter()));
        assert_eq!(Layout::ample(&counts, 8), Layout::roomy(&counts));
    }

    #[test]
    fn keys_are_joined_at_a_field() {
        let layout = Layout::tight(&[16, 16, 16]);
        let (one, other) = (layout.pack::<u64>(&[1, 2, 3]), layout.pack::<u64>(&[9, 8, 7]));
        for (field, expected) in [(0, [9, 8, 7]), (1, [1, 8, 7]), (2, [1, 2, 7])] {
            let joined = one.joined(layout.below(field), other);
            assert_eq!(joined, layout.pack::<u64>(&expected), "below field {field}");
        }
        assert_eq!(one.joined(64, other), one);
        assert_eq!(1_u128.joined(0, 2), 2);
    }

    #[test]
    fn keys_survive_every_change_of_layout() {
        let small = Layout::tight(&[16, 100, 3]);
        let wide = Layout::tight(&[1 << 20, 1 << 17, 1 << 14]);
        let wider = Layout::tight(&[1 << 30, 1 << 30, 1 << 30]);
        let ids = |at: u32| [at % 16, at % 100, at % 3];
        let mut keys = Keys::<u64>::new(small.stride());
        for at in 0..1_000 {
            keys.push(small.pack(&ids(at)));
        }
        let keys = keys.changed::<u64>(wide.stride(), |key| small.again(key, &wide));
        let keys = keys.changed::<u128>(wider.stride(), |key| wide.again(key, &wider));
        let keys = keys.changed::<u128>(wide.stride(), |key| wider.again(key, &wide));
        let mut back = Vec::new();
        assert_eq!(keys.len(), 1_000);
        for at in 0..1_000 {
            wide.unpack(keys.get(at as usize), &mut back);
            assert_eq!(back, ids(at));
        }
    }

    #[test]
    fn a_print_stands_for_the_ids_in_any_layout() {
        let (narrow, wide) = (Layout::tight(&[16, 100, 3]), Layout::tight(&[1 << 30; 3]));
        let mut prints = std::collections::BTreeSet::new();
        for ids in (0..4_800).map(|at| [at % 16, at / 16 % 100, at / 1_600]) {
            let print = narrow.print::<u64>(narrow.pack(&ids), 128);
            assert_eq!(print, wide.print::<u128>(wide.pack(&ids), 128));
            assert_eq!(print as u8, wide.print::<u128>(wide.pack(&ids), 8) as u8);
            assert!(prints.insert(print as u64), "{ids:?}");
        }
    }

    #[test]
    fn truncated_keys_take_new_ones() {
        let mut keys = Keys::<u64>::new(3);
        (0..10).for_each(|key| keys.push(key));
        keys.truncate(4);
        keys.push(77);
        let all: Vec<u64> = (0..keys.len()).map(|at| keys.get(at)).collect();
        assert_eq!(all, [0, 1, 2, 3, 77]);
    }
}
