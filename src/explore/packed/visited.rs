//! The visited set: what is stored of the states, in the order they were found, and an index that
//! finds it.
//!
//! What is stored of a state is its key, if that is narrow; the root of its tree, if it is wide; and
//! where fingerprints were asked for and keys are wider than those, the fingerprint only. The first
//! two are exact. In the third, a state whose fingerprint is known counts as known, and exact keys
//! are remembered only of the states that are not expanded yet.

use super::ahead::Ahead;
use super::candidates::Candidates;
use super::index::{Index, Lists};
use super::key::{Keys, Layout, Word};
use super::sleep::Asleep;
use super::team::together;
use super::tree::Tree;

/// The states found so far, in keys of one width.
#[derive(Debug)]
pub(super) struct Visited<W: Word> {
    pub(super) layout: Layout,
    pub(super) keys: Kept<W>,
    /// What is asleep in those that are not expanded yet.
    pub(super) asleep: Asleep<W>,
    index: Index,
}

/// What is kept of each state.
#[derive(Debug)]
pub(super) enum Kept<W: Word> {
    /// All of it.
    Exact { stored: Keys<W::Stored>, tree: Tree },
    /// A fingerprint of so many bits, and of those that are not expanded yet all of it.
    Prints { bits: u32, prints: Keys<u128>, ahead: Ahead<W> },
}

impl<W: Word> Kept<W> {
    fn new(layout: &Layout) -> Kept<W> {
        Kept::Exact { stored: Keys::new(W::stride(layout)), tree: Tree::default() }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Kept::Exact { stored, .. } => stored.len(),
            Kept::Prints { prints, .. } => prints.len(),
        }
    }

    /// The key of a state; with fingerprints, of one that is not expanded yet.
    #[inline]
    pub(super) fn get(&self, at: usize) -> W {
        match self {
            Kept::Exact { stored, tree } => W::unfolded(stored.get(at), tree),
            Kept::Prints { ahead, .. } => ahead.of(at),
        }
    }

    /// Forgets all but the first.
    pub(super) fn truncate(&mut self, len: usize) {
        match self {
            Kept::Exact { stored, .. } => stored.truncate(len),
            Kept::Prints { prints, ahead, .. } => {
                prints.truncate(len);
                ahead.truncate(len);
            }
        }
    }

    fn bytes_with(&self, more: usize) -> usize {
        match self {
            Kept::Exact { stored, tree } => stored.bytes_with(more) + tree.bytes_with(more),
            Kept::Prints { prints, ahead, .. } => {
                prints.bytes_with(more) + ahead.bytes() + more * size_of::<W>()
            }
        }
    }
}

impl<W: Word> Visited<W> {
    /// No states, indexed for that many threads.
    pub(super) fn new(layout: Layout, threads: usize) -> Visited<W> {
        let keys = Kept::new(&layout);
        let asleep = Asleep::new(&layout);
        Visited { layout, keys, asleep, index: Index::new(threads) }
    }

    /// How many states there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many numbers of one kind are taken: of states, or of pairs in the tree.
    pub(super) fn numbers(&self) -> usize {
        match &self.keys {
            Kept::Exact { stored, tree } => stored.len().max(tree.numbers()),
            Kept::Prints { prints, .. } => prints.len(),
        }
    }

    /// How many bits the fingerprints have by which states are told apart, if that is how.
    pub(super) fn print_bits(&self) -> Option<u32> {
        match &self.keys {
            Kept::Exact { .. } => None,
            Kept::Prints { bits, .. } => Some(*bits),
        }
    }

    /// Whether a state is known.
    pub(super) fn contains(&self, key: W) -> bool {
        match &self.keys {
            Kept::Exact { stored, tree } => {
                key.known(tree).is_some_and(|key| self.index.find(stored, key).is_some())
            }
            Kept::Prints { bits, prints, .. } => {
                self.index.find(prints, self.layout.print(key, *bits)).is_some()
            }
        }
    }

    /// Whether what is kept of a state is what would be kept of this one.
    pub(super) fn looks_like(&self, at: usize, key: W) -> bool {
        match &self.keys {
            Kept::Exact { stored, tree } => key.known(tree) == Some(stored.get(at)),
            Kept::Prints { bits, prints, .. } => prints.get(at) == self.layout.print(key, *bits),
        }
    }

    /// Adds one state, if it is new, and says whether it was.
    pub(super) fn insert(&mut self, key: W) -> bool {
        let Kept::Exact { stored, tree } = &mut self.keys else {
            unreachable!("states are added one by one before there are fingerprints");
        };
        let key = key.folded(tree);
        self.index.insert(stored, key).is_ok()
    }

    /// Adds the candidates that are new, in order, and tells each one's place among all of them.
    /// Those that `skipped` says yes to stay out.
    pub(super) fn admit(
        &mut self,
        lists: &[&Candidates<W>],
        skipped: &(dyn Fn(usize) -> bool + Sync),
        fresh: &mut Vec<u32>,
    ) {
        match &mut self.keys {
            Kept::Exact { stored, tree } => {
                let mut rooms: Vec<Vec<W::Stored>> = lists.iter().map(|_| Vec::new()).collect();
                let mut first = 0;
                let folded: Vec<_> = lists
                    .iter()
                    .zip(&mut rooms)
                    .map(|(list, room)| {
                        let begin = first;
                        first += list.keys.len();
                        W::all_folded(&list.keys, &|at| skipped(begin + at), tree, room)
                    })
                    .collect();
                self.index.admit(stored, &Lists { lists: &folded, skipped }, fresh);
            }
            Kept::Prints { bits, prints, ahead } => {
                let mut rooms: Vec<Vec<u128>> = lists.iter().map(|_| Vec::new()).collect();
                let (bits, layout) = (*bits, &self.layout);
                together(true, lists.iter().zip(&mut rooms), |_, (list, room)| {
                    room.extend(list.keys.iter().map(|&key| layout.print(key, bits)));
                });
                let printed: Vec<&[u128]> = rooms.iter().map(|room| &room[..]).collect();
                self.index.admit(prints, &Lists { lists: &printed, skipped }, fresh);
                let (mut list, mut first) = (0, 0);
                for &place in &*fresh {
                    while place as usize - first >= lists[list].keys.len() {
                        first += lists[list].keys.len();
                        list += 1;
                    }
                    ahead.push(lists[list].keys[place as usize - first]);
                }
            }
        }
    }

    /// Books are closed up to the state that is expanded next.
    pub(super) fn go_to(&mut self, state: usize) {
        self.asleep.go_to(state);
        if let Kept::Prints { ahead, .. } = &mut self.keys {
            ahead.go_to(state);
        }
    }

    /// The bytes that keys and index will take when that many more are added.
    pub(super) fn bytes_with(&self, more: usize) -> usize {
        let index = self.index.bytes_with(self.len(), more);
        self.keys.bytes_with(more) + self.asleep.bytes_with(more) + index
    }

    /// The same states in another layout.
    pub(super) fn repacked<V: Word>(mut self, layout: Layout) -> Visited<V> {
        self.index.clear();
        let Visited { layout: old, keys, asleep, mut index } = self;
        let keys = match keys {
            Kept::Exact { stored, tree } => {
                let mut new = Tree::default();
                let again =
                    |key| old.again::<W, V>(W::unfolded(key, &tree), &layout).folded(&mut new);
                let stored = stored.changed(V::stride(&layout), again);
                index.rebuild(&stored);
                Kept::Exact { stored, tree: new }
            }
            Kept::Prints { bits, prints, ahead } => {
                index.rebuild(&prints);
                let ahead = ahead.changed(|key| old.again(key, &layout));
                Kept::Prints { bits, prints, ahead }
            }
        };
        let asleep = asleep.again(&old, &layout);
        Visited { layout, keys, asleep, index }
    }

    /// The same states, from now on told apart by fingerprints of so many bits.
    pub(super) fn printed(self, bits: u32) -> Visited<W> {
        let Visited { layout, keys, asleep, mut index } = self;
        let keys = match keys {
            Kept::Exact { stored, tree } => {
                index.clear();
                let ahead = asleep.like(|at| W::unfolded(stored.get(at), &tree));
                let print = |key| layout.print(W::unfolded(key, &tree), bits);
                let prints = stored.changed(bits.div_ceil(8) as usize, print);
                index.rebuild(&prints);
                Kept::Prints { bits, prints, ahead }
            }
            printed @ Kept::Prints { .. } => printed,
        };
        Visited { layout, keys, asleep, index }
    }
}

#[cfg(test)]
mod tests {
    use super::super::wide::Wide;
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
    fn wide_states_are_stored_as_roots_and_told_apart_exactly() {
        let ids = |at: u32| [at % 50, at / 50, 7, at / 200];
        let layout = Layout::tight(&[1 << 32, 1 << 32, 1 << 32, 1 << 31, 1 << 32, 1 << 32]);
        let keys: Vec<Wide<4>> =
            (0..5_000).map(|at| layout.pack(&[&ids(at)[..], &[at % 3, at % 7]].concat())).collect();
        let mut visited = Visited::<Wide<4>>::new(layout.clone(), 2);
        assert!(!visited.contains(keys[0]));
        assert_eq!(admit(&mut visited, &[&keys[..9], &keys[9..]], &[]).len(), 5_000);
        assert_eq!(admit(&mut visited, &[&keys], &[]), [0; 0]);
        let wider = Layout::tight(&[1 << 32; 6]);
        let visited = visited.repacked::<Wide<8>>(wider.clone());
        for (at, &key) in keys.iter().enumerate() {
            let key = layout.again(key, &wider);
            assert!(visited.contains(key) && visited.looks_like(at, key));
            assert_eq!(visited.keys.get(at), key);
        }
    }

    #[test]
    fn fingerprints_stay_when_the_layout_changes_and_narrow_ones_lose_states() {
        for (bits, lost) in [(128, false), (64, false), (8, true)] {
            let layout = Layout::tight(&[200, 300]);
            let keys: Vec<u64> = (0..5_000).map(|at| layout.pack(&[at % 200, at / 200])).collect();
            let mut visited = Visited::<u64>::new(layout.clone(), 2);
            visited.insert(0);
            let mut visited = visited.printed(bits);
            let fresh = admit(&mut visited, &[&keys[..77], &keys[77..]], &[]);
            assert_eq!(fresh.len() < 4_999, lost, "{} at {bits} bits", fresh.len());
            let wide = Layout::tight(&[1 << 32, 1 << 31]);
            let visited = visited.repacked::<u128>(wide.clone());
            assert!(keys.iter().all(|&key| visited.contains(layout.again(key, &wide))));
            for (nth, place) in fresh.into_iter().enumerate() {
                let key = layout.again(keys[place as usize], &wide);
                assert!(visited.keys.get(nth + 1) == key && visited.looks_like(nth + 1, key));
            }
        }
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
