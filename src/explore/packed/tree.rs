//! Wide keys as trees of numbered pairs.
//!
//! Most of a wide key is as it was in the state before: a step changes a field or two. So the key
//! is cut into pairs of limbs, each different pair gets a number, each different pair of numbers
//! gets one, too, and so on up to the root: a pair of numbers, 64 bits, which is all that is stored
//! of a state. It is exact: a pair has one number and a number stands for one pair, so that two
//! roots are equal only if the keys are.
//!
//! Measured on nodes that count on their own to three, breadth first (the index over states, their
//! parents and what is asleep are not counted in; they are the same either way):
//!
//! | nodes | states | bits of a key | its bytes | root and tree | pairs of a kind |
//! |---|---|---|---|---|---|
//! | 70 | 3,000,000 | 140 | 18 | 9.8 | 251,988 |
//! | 120 | 3,000,000 | 240 | 30 | 12.1 | 432,429 |
//! | 200 | 3,000,000 | 400 | 50 | 13.0 | 832,508 |
//! | 70, of which 10 ever move | 1,048,576 | 140 | 18 | 8.1 | 2,047 |
//! | 200, of which 10 ever move | 1,048,576 | 400 | 50 | 8.5 | 16,447 |
//!
//! It is of no use where most of a state lies in one pair of limbs. That would take a layout that
//! leaves most of a word empty, and layouts spread their fields over all of it.

use super::index::Index;
use super::key::{Keys, Narrow};

/// The pairs that keys are made of.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Pairs of limbs.
    leaves: Numbered<u128>,
    /// Pairs of numbers, at any height: a root says how high it is by how many limbs it has.
    twigs: Numbered<u64>,
}

/// Different values, each with the number of its first coming.
#[derive(Debug)]
struct Numbered<S> {
    values: Keys<S>,
    index: Index,
}

impl<S: Narrow> Default for Numbered<S> {
    fn default() -> Self {
        Numbered { values: Keys::new(size_of::<S>()), index: Index::new(1) }
    }
}

impl<S: Narrow> Numbered<S> {
    fn number(&mut self, value: S) -> u32 {
        match self.index.insert(&mut self.values, value) {
            Ok(new) => new as u32,
            Err(known) => known as u32,
        }
    }

    fn find(&self, value: S) -> Option<u32> {
        self.index.find(&self.values, value).map(|number| number as u32)
    }

    fn bytes_with(&self, more: usize) -> usize {
        self.values.bytes_with(more) + self.index.bytes_with(self.values.len(), more)
    }
}

/// The most pairs at the bottom of a tree.
const MOST: usize = 8;

fn pair(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn halves(pair: u64) -> [u32; 2] {
    [pair as u32, (pair >> 32) as u32]
}

impl Tree {
    /// The root of the tree of these limbs, at least 4 and a power of two.
    pub(super) fn fold(&mut self, limbs: &[u64]) -> u64 {
        let Tree { leaves, twigs } = self;
        let leaf = |pair| Some(leaves.number(pair));
        let twig = |pair| Some(twigs.number(pair));
        root(limbs, leaf, twig).expect("what is not known is learned")
    }

    /// The root of the tree of these limbs, if all pairs are known.
    pub(super) fn find(&self, limbs: &[u64]) -> Option<u64> {
        root(limbs, |pair| self.leaves.find(pair), |pair| self.twigs.find(pair))
    }

    /// The limbs under a root.
    #[inline]
    pub(super) fn unfold(&self, root: u64, limbs: &mut [u64]) {
        let (mut ids, mut count, leaves) = ([0; MOST], 2, limbs.len() / 2);
        [ids[0], ids[1]] = halves(root);
        while count < leaves {
            for at in (0..count).rev() {
                [ids[2 * at], ids[2 * at + 1]] = halves(self.twigs.values.get(ids[at] as usize));
            }
            count *= 2;
        }
        for (limbs, id) in limbs.chunks_exact_mut(2).zip(ids) {
            let leaf = self.leaves.values.get(id as usize);
            limbs.copy_from_slice(&[leaf as u64, (leaf >> 64) as u64]);
        }
    }

    /// How many numbers of one kind are taken.
    pub(super) fn numbers(&self) -> usize {
        self.leaves.values.len().max(self.twigs.values.len())
    }

    /// The bytes it takes when there are that many more keys, about; nothing as long as there are
    /// none.
    pub(super) fn bytes_with(&self, more: usize) -> usize {
        if self.numbers() == 0 {
            return 0;
        }
        self.leaves.bytes_with(more) + self.twigs.bytes_with(more)
    }
}

/// The root of the tree of these limbs, by the numbers of pairs.
#[inline]
fn root(
    limbs: &[u64],
    mut leaf: impl FnMut(u128) -> Option<u32>,
    mut twig: impl FnMut(u64) -> Option<u32>,
) -> Option<u64> {
    let mut ids = [0; MOST];
    let mut count = limbs.len() / 2;
    for (id, limbs) in ids.iter_mut().zip(limbs.chunks_exact(2)) {
        *id = leaf(u128::from(limbs[1]) << 64 | u128::from(limbs[0]))?;
    }
    while count > 2 {
        count /= 2;
        for at in 0..count {
            ids[at] = twig(pair(ids[2 * at], ids[2 * at + 1]))?;
        }
    }
    Some(pair(ids[0], ids[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_root_and_its_share_of_the_tree_take_less_than_the_key() {
        // Nodes that each may be at 0 or 1, three bits apart in 210 of the 256: 27 bytes a key.
        let mut keys = vec![[0_u64; 4]];
        let mut known: BTreeMap<[u64; 4], ()> = BTreeMap::new();
        let mut tree = Tree::default();
        let mut at = 0;
        while keys.len() < 50_000 {
            for bit in (0..210).step_by(3) {
                let mut next: [u64; 4] = keys[at];
                next[bit / 64] |= 1 << (bit % 64);
                if known.insert(next, ()).is_none() {
                    keys.push(next);
                    tree.fold(&next);
                }
            }
            at += 1;
        }
        let each = 8 + tree.bytes_with(0) / keys.len();
        assert!(each <= 15, "{each} bytes");
    }

    #[test]
    fn roots_are_equal_exactly_where_limbs_are_and_unfold_to_them() {
        for width in [4, 8, 16] {
            let mut tree = Tree::default();
            let mut roots = BTreeMap::new();
            let mut seed = 1_u64;
            for _ in 0..20_000 {
                let limbs: Vec<u64> = (0..width)
                    .map(|_| {
                        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99_991);
                        (seed >> 62) << 40
                    })
                    .collect();
                let known = tree.find(&limbs);
                let root = tree.fold(&limbs);
                assert_eq!(tree.find(&limbs), Some(root));
                let mut back = vec![0; width];
                tree.unfold(root, &mut back);
                assert_eq!(back, limbs);
                let before = roots.insert(limbs, root);
                assert!(before.is_none_or(|before| before == root && known == Some(root)));
            }
            let different: std::collections::BTreeSet<_> = roots.values().collect();
            assert_eq!(different.len(), roots.len());
            assert!(tree.numbers() <= 20_000 * width / 2);
        }
    }
}
