//! Words of more than 128 bits.
//!
//! They are what candidates, and the bases of what is asleep, are held in while they are worked on.
//! What is *stored* of a state is the root of a [`Tree`], 64 bits whatever the width.

use super::key::{Field, Layout, Word, folded};
use super::tree::Tree;

/// An integer of N times 64 bits, the lowest first. N is a power of two, and at least 4.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Wide<const N: usize>([u64; N]);

impl<const N: usize> Default for Wide<N> {
    fn default() -> Self {
        Wide([0; N])
    }
}

/// Which limb a bit lies in, and where in it.
#[inline]
fn place(bit: u32) -> (usize, u32) {
    ((bit / u64::BITS) as usize, bit % u64::BITS)
}

impl<const N: usize> Word for Wide<N> {
    type Stored = u64;
    const BITS: u32 = u64::BITS * N as u32;

    #[inline]
    fn field(self, field: Field) -> u32 {
        let (limb, bit) = place(field.shift);
        // A field may straddle two limbs. The shift in two steps is right for bit 0, too.
        let above = self.0.get(limb + 1).map_or(0, |above| above << 1 << (63 - bit));
        (self.0[limb] >> bit | above) as u32 & field.mask
    }

    #[inline]
    fn flipped(mut self, field: Field, changed: u32) -> Self {
        let (limb, bit) = place(field.shift);
        self.0[limb] ^= u64::from(changed) << bit;
        if let Some(above) = self.0.get_mut(limb + 1) {
            *above ^= u64::from(changed) >> 1 >> (63 - bit);
        }
        self
    }

    #[inline]
    fn joined(self, low: u32, mut other: Self) -> Self {
        let (limb, bit) = place(low);
        let whole = limb.min(N);
        other.0[..whole].copy_from_slice(&self.0[..whole]);
        if let Some(part) = other.0.get_mut(limb) {
            *part ^= (*part ^ self.0[limb]) & ((1 << bit) - 1);
        }
        other
    }

    #[inline]
    fn hash(self) -> u64 {
        self.0.iter().fold(0x9E37_79B9_7F4A_7C15, |hash, &limb| {
            // The hash goes in a second time, so that no limb can wipe out those before it.
            folded(hash ^ limb, 0xD6E8_FEB8_6659_FD93) ^ hash.rotate_left(23)
        })
    }

    fn folded(self, tree: &mut Tree) -> u64 {
        tree.fold(&self.0)
    }

    fn known(self, tree: &Tree) -> Option<u64> {
        tree.find(&self.0)
    }

    #[inline]
    fn unfolded(root: u64, tree: &Tree) -> Self {
        let mut limbs = [0; N];
        tree.unfold(root, &mut limbs);
        Wide(limbs)
    }

    fn all_folded<'a>(
        words: &'a [Self],
        skipped: &dyn Fn(usize) -> bool,
        tree: &mut Tree,
        room: &'a mut Vec<u64>,
    ) -> &'a [u64] {
        let words = words.iter().enumerate();
        room.extend(words.map(|(at, word)| if skipped(at) { 0 } else { tree.fold(&word.0) }));
        room
    }

    fn stride(_: &Layout) -> usize {
        size_of::<u64>()
    }

    fn put(self, bytes: usize, to: &mut Vec<u8>) {
        to.extend(self.0.iter().flat_map(|limb| limb.to_le_bytes()).take(bytes));
    }

    fn got(bytes: &[u8]) -> Self {
        let mut wide = Wide([0; N]);
        for (at, &byte) in bytes.iter().enumerate() {
            wide.0[at / 8] |= u64::from(byte) << (at % 8 * 8);
        }
        wide
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Draws(u64);

    impl Draws {
        fn next(&mut self, below: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_889);
            (self.0 >> 33) % below
        }

        /// Numbers of ids whose fields take no more than that many bits in all.
        fn counts(&mut self, bits: u64) -> Vec<usize> {
            let (mut counts, mut left) = (Vec::new(), bits);
            while left > 0 && counts.len() < 40 {
                let width = self.next(32.min(left) + 1);
                counts.push(1_usize << width);
                left -= width;
            }
            counts
        }

        fn ids(&mut self, counts: &[usize]) -> Vec<u32> {
            counts.iter().map(|&count| self.next(count as u64) as u32).collect()
        }
    }

    #[test]
    fn a_wide_word_reckons_as_an_integer_does() {
        let mut draws = Draws(1);
        for _ in 0..2_000 {
            let counts = draws.counts(128);
            let layout = Layout::tight(&counts);
            let (ids, others) = (draws.ids(&counts), draws.ids(&counts));
            let (one, other) = (layout.pack::<u128>(&ids), layout.pack::<u128>(&others));
            let wide = [layout.pack::<Wide<4>>(&ids), layout.pack::<Wide<4>>(&others)];
            let limbs = |key: u128| Wide([key as u64, (key >> 64) as u64, 0, 0]);
            assert_eq!(wide, [limbs(one), limbs(other)], "{counts:?}");
            for at in 0..counts.len() {
                let field = layout.field(at);
                assert_eq!(wide[0].field(field), one.field(field));
                let changed = ids[at] ^ others[at];
                assert_eq!(wide[0].flipped(field, changed), limbs(one.flipped(field, changed)));
                let low = layout.below(at);
                assert_eq!(wide[0].joined(low, wide[1]), limbs(one.joined(low, other)));
            }
        }
    }

    #[test]
    fn ids_come_back_from_a_wide_word_wherever_its_fields_lie() {
        let mut draws = Draws(2);
        let mut back = Vec::new();
        for _ in 0..1_000 {
            let counts = draws.counts(512);
            let layout = Layout::tight(&counts);
            let (ids, others) = (draws.ids(&counts), draws.ids(&counts));
            let key = layout.pack::<Wide<8>>(&ids);
            layout.unpack(key, &mut back);
            assert_eq!(back, ids, "{counts:?}");
            let at = draws.next(counts.len() as u64) as usize;
            layout.unpack(key.joined(layout.below(at), layout.pack(&others)), &mut back);
            assert_eq!((&back[..at], &back[at..]), (&ids[..at], &others[at..]));
        }
        let all = Wide::<4>([u64::MAX; 4]);
        assert_eq!(all.joined(256, Wide::default()), all);
        assert_eq!(all.joined(0, Wide::default()), Wide::default());
    }

    #[test]
    fn wide_words_that_differ_a_little_have_different_hashes() {
        let mut hashes = std::collections::BTreeSet::new();
        for bit in 0..512 {
            for other in 0..bit {
                let mut limbs = [0; 8];
                limbs[bit / 64] |= 1 << (bit % 64);
                limbs[other / 64] |= 1 << (other % 64);
                assert!(hashes.insert(Wide(limbs).hash()), "bits {bit} and {other}");
            }
        }
    }
}
