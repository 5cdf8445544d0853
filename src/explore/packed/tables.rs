//! What is known of a system as numbers: what can happen at each slot, and where it leads.
//!
//! A **slot** is one node with its mail: local state, timers, up or down, clock, inbox. Nodes meet
//! only through messages, so a global state is a tuple of slots, and everything that can happen at
//! a node is a function of its slot. These tables hold those functions for the slots met so far,
//! without a word of the protocol: the expansion of a state reads nothing else. What they do not
//! know yet, a [`Miss`] asks of [`Meaning`](super::meaning::Meaning).

use super::rows::Rows;

/// In place of an id: not known yet.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// All tables of one search.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// By node.
    pub(super) places: Vec<PlaceTable>,
    /// By post: where its batches begin in `batches`, and how many there are. Post 0 is empty.
    pub(super) posts: Vec<(u32, u32)>,
    /// Messages that one step sends to another node: which node, and the batch's number there.
    pub(super) batches: Vec<(u32, u32)>,
    /// What a ledger becomes by a cost: `(ledger, cost) → ledger`, or a bound that forbids it.
    pub(super) costs: Rows,
    /// By ledger: whether it says that a handler panicked, and its open inputs.
    pub(super) ledgers: Vec<LedgerHead>,
    /// Inputs that are next in their lanes, by number; see [`LedgerHead`].
    pub(super) open: Vec<u32>,
    /// What monitors become by a sight: `(watches, sight) → watches`.
    pub(super) sights: Rows,
    /// By watches: whether an invariant is broken in them.
    pub(super) broken: Vec<bool>,
    /// How many words the assumptions on timing take: a bit for each rule and node.
    pub(super) held_words: usize,
    /// By guard: the bits of which none may be set where the timer fires. Guard 0 is empty.
    pub(super) guards: Vec<u64>,
    /// How many ticks clocks may be apart; none where there are no clocks.
    pub(super) apart: Option<u64>,
    /// Where inputs are offered by a look at all nodes.
    pub(super) offers: Option<Offers>,
}

/// What a scenario's `offered` says, 1 for no and 2 for yes: `(tuple of local states, node and
/// input)`, or `(local state of the node it is about, input)`.
#[derive(Debug, Default)]
pub(super) struct Offers {
    pub(super) tuples: Pairs,
    pub(super) said: Rows,
    /// How many inputs the lanes hold in all.
    pub(super) inputs: u32,
    /// By input: the one node it depends on. Empty if all of them.
    pub(super) about: Vec<u32>,
}

/// What is known of one node's slots.
#[derive(Debug, Default)]
pub(super) struct PlaceTable {
    /// By slot.
    pub(super) heads: Vec<SlotHead>,
    /// What can happen at slots, each slot's deeds side by side.
    pub(super) deeds: Vec<Deed>,
    /// What deeds lead to, each deed's moves side by side: one for each answer to its choices.
    pub(super) moves: Vec<Move>,
    /// What a slot becomes when a batch of messages arrives: `(slot, batch) → slot`.
    pub(super) arrivals: Rows,
    /// What an input does at a slot: `(slot, input) → 0` if nothing, or the deed's number plus 1.
    pub(super) inputs: Rows,
    /// By slot, `held_words` each: the timers that its mail holds back.
    pub(super) held: Vec<u64>,
    /// By slot: the node's clock, `u64::MAX` if it has none. Empty where there are no clocks.
    pub(super) clocks: Vec<u64>,
}

/// What expansion looks at first in a slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlotHead {
    /// Its first deed; [`UNKNOWN`] until it is first expanded.
    pub(super) deeds: u32,
    /// How many deeds come before its inputs.
    pub(super) early: u32,
    /// How many come after.
    pub(super) late: u32,
    /// Its local state.
    pub(super) local: u32,
    /// Whether the node is up.
    pub(super) up: bool,
    /// Whether it is up and has mail.
    pub(super) waiting: bool,
    /// Whether it lies past the scenario's boundary of nodes.
    pub(super) outside: bool,
}

/// Something that can happen at a slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deed {
    /// What the ledger is charged; 0 is nothing.
    pub(super) cost: u32,
    /// What may hold it back: 0 nothing, [`TICKS`] the other clocks, else a guard.
    pub(super) guard: u32,
    /// Its first move; [`UNKNOWN`] until it is first taken.
    pub(super) first: u32,
    /// How many moves it has.
    pub(super) count: u32,
}

/// The guard of clocks: a node's tick waits for clocks too far behind.
pub(super) const TICKS: u32 = u32::MAX;

/// One outcome of a deed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    /// The node's slot after it.
    pub(super) to: u32,
    /// What it sends to other nodes; 0 is nothing.
    pub(super) post: u32,
    /// What monitors see; 0 is nothing.
    pub(super) sight: u32,
    /// Goals seen and lines marked; 0 is nothing.
    pub(super) note: u32,
    /// Whether the handler panicked or is impure; 0 is neither. See [`Move::panic`].
    pub(super) odd: u32,
}

/// In [`Move::odd`]: the handler answered differently the second time.
pub(super) const IMPURE: u32 = 1 << 31;

/// In [`Move::odd`]: it leads past the boundary of nodes.
pub(super) const OUTSIDE: u32 = 1 << 30;

/// In [`Move::odd`]: and nothing there needs to be looked at.
pub(super) const UNSEEN: u32 = 1 << 29;

impl Move {
    /// The cost that says the handler panicked, if it did.
    #[inline]
    pub(super) fn panic(&self) -> Option<u32> {
        match self.odd & !(IMPURE | OUTSIDE | UNSEEN) {
            0 => None,
            cost => Some(cost),
        }
    }
}

/// A ledger, as expansion sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct LedgerHead {
    /// Whether a handler panicked: nothing happens any more.
    pub(super) panicked: bool,
    /// Where its open inputs begin.
    pub(super) open: u32,
    /// How many there are.
    pub(super) count: u32,
}

/// In place of a ledger: the bound with the number in the low bits forbids it.
pub(super) const FORBIDDEN: u32 = u32::MAX - 0xFF;

/// Something that expansion needs and the tables do not know yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Miss {
    /// What can happen at a slot.
    Deeds { node: u32, slot: u32 },
    /// What an input does at a slot.
    Input { node: u32, slot: u32, input: u32 },
    /// What a slot's deed leads to.
    Moves { node: u32, slot: u32, deed: u32 },
    /// What a batch of messages does to a slot.
    Arrival { node: u32, slot: u32, batch: u32 },
    /// What a cost does to a ledger.
    Cost { ledger: u32, cost: u32 },
    /// What monitors make of a sight.
    Sight { watches: u32, sight: u32 },
    /// Whether an input is offered at a node, all nodes being in these local states.
    Offer { node: u32, input: u32 },
}

impl Tables {
    /// The bytes they take.
    pub(super) fn bytes(&self) -> usize {
        let places = self.places.iter().map(|place| {
            place.heads.capacity() * size_of::<SlotHead>()
                + place.deeds.capacity() * size_of::<Deed>()
                + place.moves.capacity() * size_of::<Move>()
                + place.arrivals.bytes()
                + place.inputs.bytes()
                + (place.held.capacity() + place.clocks.capacity()) * 8
        });
        places.sum::<usize>() + self.costs.bytes() + self.sights.bytes()
    }
}

/// Tuples of ids of one length, as one id each: pairs of pairs, to the left.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    known: indexmap::IndexSet<u64, rustc_hash::FxBuildHasher>,
}

impl Pairs {
    /// The id of a tuple, if it is known.
    pub(super) fn find(&self, mut tuple: impl Iterator<Item = u32>) -> Option<u32> {
        tuple.try_fold(UNKNOWN, |left, right| {
            self.known.get_index_of(&joined(left, right)).map(|id| id as u32)
        })
    }

    /// The id of a tuple; whether it is new is said, too.
    pub(super) fn intern(&mut self, tuple: impl Iterator<Item = u32>) -> (u32, bool) {
        tuple.fold((UNKNOWN, false), |(left, _), right| {
            let (id, new) = self.known.insert_full(joined(left, right));
            (u32::try_from(id).expect("fewer than 2^32 tuples"), new)
        })
    }

    /// The bytes it takes, about.
    pub(super) fn bytes(&self) -> usize {
        self.known.capacity() * 22
    }
}

fn joined(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tuple_of_any_length_is_new_once() {
        for tuples in [
            vec![vec![0], vec![1], vec![7]],
            vec![vec![0, 0], vec![0, 1], vec![1, 0]],
            vec![vec![0, 0, 0], vec![0, 0, 1], vec![1, 0, 0], vec![0, 1, 0]],
        ] {
            let mut pairs = Pairs::default();
            let ids: Vec<u32> = tuples
                .iter()
                .map(|tuple| {
                    assert_eq!(pairs.find(tuple.iter().copied()), None, "{tuple:?}");
                    let (id, new) = pairs.intern(tuple.iter().copied());
                    assert!(new, "{tuple:?}");
                    id
                })
                .collect();
            for (tuple, id) in tuples.iter().zip(ids) {
                assert_eq!(pairs.intern(tuple.iter().copied()), (id, false), "{tuple:?}");
                assert_eq!(pairs.find(tuple.iter().copied()), Some(id), "{tuple:?}");
            }
        }
    }
}
