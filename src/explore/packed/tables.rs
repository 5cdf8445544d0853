//! What is known of a system as numbers: what can happen at each slot, and where it leads.
//!
//! A **slot** is one node with its mail: local state, timers, up or down, clock, inbox. Nodes meet
//! only through messages, so a global state is a tuple of slots, and everything that can happen at
//! a node is a function of its slot. These tables hold those functions for the slots met so far,
//! without a word of the protocol: the expansion of a state reads nothing else. What they do not
//! know yet, a [`Miss`] asks of [`Meaning`](super::meaning::Meaning).

use super::rows::{Cells, Row, Rows, Slim};

/// In place of an id: not known yet.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// All tables of one search.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// By node.
    pub(super) places: Vec<PlaceTable>,
    /// What deeds have to do with more than slots. Number 0 is nothing at all, 1 is [`VOID`],
    /// 2 is [`LOOP`].
    pub(super) extras: Vec<Extra>,
    /// By post: where its batches begin in `batches`, and how many there are. Post 0 is empty.
    pub(super) posts: Vec<(u32, u32)>,
    /// Messages that one step sends to another node: which node, and the batch's number there.
    pub(super) batches: Vec<(u32, u32)>,
    /// What a ledger becomes by a cost: `(ledger, cost) → ledger`, or a bound that forbids it.
    pub(super) costs: Slim,
    /// By ledger: whether it says that a handler panicked.
    pub(super) panicked: Vec<bool>,
    /// Whether any ledger does, or any monitors have an invariant broken.
    pub(super) alarmed: bool,
    /// By ledger and node: where the inputs that are next in their lanes and may go there begin in
    /// `open`, and how many there are.
    pub(super) asked: Vec<(u32, u32)>,
    /// By ledger: a bit for each of the first 64 nodes that an input may go to; all bits where a
    /// node beyond them is asked.
    pub(super) asking: Vec<u64>,
    /// Inputs that are next in their lanes, by number.
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
    /// Where deeds with several outcomes lead, each deed's moves side by side: one for each answer
    /// to its handler's choices.
    pub(super) moves: Vec<Move>,
    /// Deeds that are looked at even where a node is asleep, each slot's side by side.
    pub(super) specials: Vec<u32>,
    /// What a slot becomes when a batch of messages arrives: `batch → slot`, a row a slot.
    pub(super) arrivals: Cells,
    /// What an input does at a slot: `input → 0` if nothing, or the deed's number plus 1; a row a
    /// slot.
    pub(super) inputs: Cells,
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
    /// How many deeds come before its inputs, and how many after.
    pub(super) count: (u32, u32),
    /// How many transitions its plain deeds are; [`UNKNOWN`] until that is asked.
    pub(super) plain: u32,
    /// Its first special deed, once the plain ones are counted.
    pub(super) specials: u32,
    /// How many special deeds come before its inputs, and how many after.
    pub(super) special: (u32, u32),
    /// What it becomes when messages arrive.
    pub(super) arrivals: Row,
    /// What inputs do.
    pub(super) inputs: Row,
    /// Whether some of its plain deeds are void.
    pub(super) voids: bool,
    /// Its local state.
    pub(super) local: u32,
    /// Whether the node is up.
    pub(super) up: bool,
    /// Whether it is up and has mail.
    pub(super) waiting: bool,
    /// Whether it lies past the scenario's boundary of nodes.
    pub(super) outside: bool,
}

impl SlotHead {
    /// A slot of which no more is known.
    pub(super) fn new(local: u32, up: bool, waiting: bool, outside: bool) -> SlotHead {
        SlotHead {
            deeds: UNKNOWN,
            count: (0, 0),
            plain: UNKNOWN,
            specials: 0,
            special: (0, 0),
            arrivals: Row::default(),
            inputs: Row::default(),
            voids: false,
            local,
            up,
            waiting,
            outside,
        }
    }
}

/// Something that can happen at a slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deed {
    /// What it is, whatever the slot: equal where the same happens at another slot of the node.
    pub(super) what: u32,
    /// How many outcomes it has; 0 until it is first taken.
    pub(super) count: u32,
    /// Its outcome; if there are several, where they begin among the moves.
    pub(super) only: Move,
}

impl Deed {
    /// It has so many outcomes, of which this is the only one, or says where they begin.
    pub(super) fn leads_to(&mut self, count: u32, only: Move) {
        (self.count, self.only) = (count, only);
    }
}

/// One outcome of a deed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    /// The node's slot after it.
    pub(super) to: u32,
    /// What it sends to other nodes; 0 is nothing.
    pub(super) post: u32,
    /// What else there is to it; 0 is nothing.
    pub(super) extra: u32,
}

/// What a deed or a move has to do with more than slots.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Extra {
    /// What the ledger is charged; 0 is nothing.
    pub(super) cost: u32,
    /// What may hold it back: 0 nothing, [`TICKS`] the other clocks, else a guard.
    pub(super) guard: u32,
    /// What monitors see; 0 is nothing.
    pub(super) sight: u32,
    /// Goals seen and lines marked; 0 is nothing.
    pub(super) note: u32,
    /// Whether the handler panicked or is impure; 0 is neither. See [`Extra::panic`].
    pub(super) odd: u32,
    /// What it commutes with.
    pub(super) class: Class,
    /// Whose steps it wakes besides: they may have become possible by it, or it by them.
    pub(super) wakes: u64,
    /// Whether the ledger asks who came before.
    pub(super) in_turn: bool,
    /// Whether it leaves everything as it is; only to tell [`LOOP`] from nothing.
    pub(super) still: bool,
}

/// The extra of a deed that does nothing but lead past the boundary, unseen.
pub(super) const VOID: u32 = 1;

/// The extra of a deed that does nothing at all.
pub(super) const LOOP: u32 = 2;

/// What a step commutes with, of the steps of other nodes. See [`sleep`](super::sleep).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub(super) enum Class {
    /// All of them but the last class: it changes slots, and counts in the ledger at most.
    #[default]
    Free,
    /// All but the next class and the last: monitors see it, but it tells them nothing new. What is
    /// [`Seen`](Class::Seen) in one state may be known in another.
    Known,
    /// All but this class, the one before and the last: monitors see it, or the ledger asks who
    /// came before.
    Seen,
    /// All but its own class and the last: a clock moves on, which others may wait for.
    Tick,
    /// None, or nobody knows.
    Alone,
}

impl Class {
    /// What commutes with that much commutes with both.
    pub(super) fn and(self, other: Class) -> Class {
        match (self, other) {
            (Class::Free, class) | (class, Class::Free) => class,
            (one, other) if one == other => one,
            _ => Class::Alone,
        }
    }
}

/// The guard of clocks: a node's tick waits for clocks too far behind.
pub(super) const TICKS: u32 = u32::MAX;

/// In [`Extra::odd`]: the handler answered differently the second time.
pub(super) const IMPURE: u32 = 1 << 31;

/// In [`Extra::odd`]: it leads past the boundary of nodes.
pub(super) const OUTSIDE: u32 = 1 << 30;

/// In [`Extra::odd`]: and nothing there needs to be looked at.
pub(super) const UNSEEN: u32 = 1 << 29;

impl Extra {
    /// The cost that says the handler panicked, if it did.
    #[inline]
    pub(super) fn panic(&self) -> Option<u32> {
        match self.odd & !(IMPURE | OUTSIDE | UNSEEN) {
            0 => None,
            cost => Some(cost),
        }
    }
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
    /// Which of a slot's deeds are plain.
    Plain { node: u32, slot: u32 },
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
                + place.specials.capacity() * 4
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

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
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
