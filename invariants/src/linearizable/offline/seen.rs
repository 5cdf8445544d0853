//! Configurations: where a search stands before a response, and which of them need no second look.

use std::collections::BTreeMap;

/// A set of slots. Up to 64 of them take no memory of their own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Slots {
    first: u64,
    /// Words for the slots from 64 on, without zeroes at the end.
    more: Vec<u64>,
}

impl Slots {
    pub(super) fn has(&self, slot: u32) -> bool {
        let (word, bit) = (slot as usize / 64, slot % 64);
        let bits = if word == 0 { self.first } else { *self.more.get(word - 1).unwrap_or(&0) };
        bits >> bit & 1 == 1
    }

    pub(super) fn add(&mut self, slot: u32) {
        let (word, bit) = (slot as usize / 64, slot % 64);
        if word == 0 {
            self.first |= 1 << bit;
            return;
        }
        if self.more.len() < word {
            self.more.resize(word, 0);
        }
        self.more[word - 1] |= 1 << bit;
    }

    pub(super) fn remove(&mut self, slot: u32) {
        let (word, bit) = (slot as usize / 64, slot % 64);
        if word == 0 {
            self.first &= !(1 << bit);
            return;
        }
        if let Some(bits) = self.more.get_mut(word - 1) {
            *bits &= !(1 << bit);
        }
        while self.more.last() == Some(&0) {
            self.more.pop();
        }
    }
}

/// How often operations of unknown outcome were taken to effect, by kind.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Used {
    /// In the kinds' order, none that is zero.
    taken: Vec<(u32, u32)>,
    /// A bit for each kind that was taken, shared by every 64th: most sets that are not within each
    /// other are seen not to be by these alone.
    bits: u64,
}

impl Used {
    pub(super) fn times(&self, kind: u32) -> u32 {
        match self.taken.binary_search_by_key(&kind, |(kind, _)| *kind) {
            Ok(at) => self.taken[at].1,
            Err(_) => 0,
        }
    }

    pub(super) fn once_more(&mut self, kind: u32) {
        self.bits |= 1 << (kind % 64);
        match self.taken.binary_search_by_key(&kind, |(kind, _)| *kind) {
            Ok(at) => self.taken[at].1 += 1,
            Err(at) => self.taken.insert(at, (kind, 1)),
        }
    }

    /// Whether everything that was taken here was taken there, too.
    fn within(&self, other: &Used) -> bool {
        if self.bits & !other.bits != 0 || self.taken.len() > other.taken.len() {
            return false;
        }
        let mut there = other.taken.iter();
        self.taken.iter().all(|(kind, times)| {
            there
                .by_ref()
                .find(|(other, _)| other >= kind)
                .is_some_and(|(other, more)| other == kind && times <= more)
        })
    }
}

/// What may have happened up to some response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Configuration {
    pub(super) state: u32,
    /// The slots of operations that have taken effect and not ended yet.
    pub(super) done: Slots,
    pub(super) used: Used,
}

/// The configurations looked at before one response.
///
/// One that has taken fewer operations of unknown outcome to effect than another, and is otherwise
/// the same, can do whatever the other can. So of those only the ones with the fewest are kept.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<(u32, Slots), Vec<Used>>);

impl Seen {
    /// Whether the configuration has to be looked at: no other one makes it dispensable.
    pub(super) fn add(&mut self, configuration: &Configuration) -> bool {
        let key = (configuration.state, configuration.done.clone());
        let least = self.0.entry(key).or_default();
        if least.iter().any(|used| used.within(&configuration.used)) {
            return false;
        }
        least.retain(|used| !configuration.used.within(used));
        least.push(configuration.used.clone());
        true
    }

    /// The states of the configurations, in the order of their numbers.
    pub(super) fn states(&self) -> Vec<u32> {
        let mut states: Vec<u32> = self.0.keys().map(|(state, _)| *state).collect();
        states.dedup();
        states
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_slots_is_the_same_however_it_came_about() {
        let mut slots = Slots::default();
        for slot in [0, 63, 64, 200] {
            assert!(!slots.has(slot));
            slots.add(slot);
            assert!(slots.has(slot));
        }
        for slot in [200, 64, 0] {
            slots.remove(slot);
            assert!(!slots.has(slot) && slots.has(63));
        }
        let mut other = Slots::default();
        other.add(63);
        assert_eq!(slots, other);
        other.remove(500);
        assert_eq!(slots, other);
    }

    fn at(state: u32, slots: &[u32], kinds: &[u32]) -> Configuration {
        let mut at = Configuration { state, done: Slots::default(), used: Used::default() };
        slots.iter().for_each(|slot| at.done.add(*slot));
        kinds.iter().for_each(|kind| at.used.once_more(*kind));
        at
    }

    #[test]
    fn what_took_more_than_another_needs_no_look() {
        let mut seen = Seen::default();
        for (configuration, look) in [
            (at(3, &[1], &[5, 7]), true),
            (at(3, &[1], &[7, 5]), false),
            (at(3, &[1], &[5, 7, 7]), false),
            (at(3, &[1], &[5, 5]), true),
            (at(3, &[1], &[7]), true),
            (at(3, &[1], &[5, 7]), false),
            (at(3, &[2], &[5, 7]), true),
            (at(4, &[1], &[5, 7]), true),
            (at(3, &[1], &[]), true),
            (at(3, &[1], &[5, 5]), false),
        ] {
            assert_eq!(seen.add(&configuration), look, "{configuration:?}");
        }
        assert_eq!(seen.states(), [3, 4]);
    }
}
