//! How a state is expanded: every step that can happen in it, as arithmetic on its key.
//!
//! A step changes the slot of the node it happens at, the slots of the nodes it sends to, the
//! ledger and the monitors. Each of the five is a table lookup, and the successor's key is the
//! state's key with those fields changed. Nothing here knows the protocol, and nothing here
//! changes the tables: what they do not know yet is asked for, and the state is expanded again.

use super::key::{Layout, Word};
use super::tables::{
    Deed, FORBIDDEN, IMPURE, Miss, Move, OUTSIDE, Offers, TICKS, Tables, UNKNOWN, UNSEEN,
};

/// Bounds that cut something off, a bit for each.
pub(super) type Cut = [u64; 4];

/// The bit of the bound that worlds past the boundary are not followed.
const BOUNDARY: u32 = 6;

/// Where successors go.
pub(super) trait Sink<W> {
    /// A step at a node leads to a state: the deed with that number there, its n-th move.
    fn arrive(&mut self, key: W, node: usize, deed: u32, nth: u32);
}

/// One worker that expands states: its scratch, and what it counted.
#[derive(Debug, Default)]
pub(super) struct Expander {
    slots: Vec<u32>,
    held: Vec<u64>,
    tuple: Option<u32>,
    /// What the tables did not know about the last state.
    pub(super) misses: Vec<Miss>,
    notes_here: Vec<u32>,
    transitions_here: u64,
    cut_here: Cut,
    pub(super) counted: Counted,
}

/// What was counted over the states expanded.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    /// Steps taken.
    pub(super) transitions: u64,
    /// By note: how often a step showed it.
    pub(super) notes: Vec<u64>,
    /// Bounds that forbade something possible.
    pub(super) cut: Cut,
}

impl Counted {
    /// Adds what another counted.
    pub(super) fn add(&mut self, other: &Counted) {
        self.transitions += other.transitions;
        if self.notes.len() < other.notes.len() {
            self.notes.resize(other.notes.len(), 0);
        }
        self.notes.iter_mut().zip(&other.notes).for_each(|(sum, more)| *sum += more);
        self.cut.iter_mut().zip(&other.cut).for_each(|(sum, more)| *sum |= more);
    }

    /// Starts again from nothing.
    pub(super) fn clear(&mut self) {
        self.transitions = 0;
        self.notes.fill(0);
        self.cut = Cut::default();
    }
}

/// What the expansion of a state came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Came {
    /// Every successor was handed on. `acts` says whether anything could happen at all, `impure`
    /// whether one of the handlers is no function.
    Whole { acts: bool, impure: bool },
    /// The tables lack what is in [`Expander::misses`]; what was handed on is void.
    Short,
}

/// A state being expanded.
struct Here<'a, W> {
    tables: &'a Tables,
    layout: &'a Layout,
    key: W,
    ledger: u32,
    watches: u32,
    /// Only whether anything can happen is asked, not where it leads.
    only_acts: bool,
    acts: bool,
    impure: bool,
}

impl Expander {
    /// Takes every step that can happen in a state and that its ledger affords, in the order of
    /// the steps' content. With `only_acts` it takes none, and says whether there are any.
    pub(super) fn expand<W: Word>(
        &mut self,
        tables: &Tables,
        layout: &Layout,
        key: W,
        only_acts: bool,
        sink: &mut impl Sink<W>,
    ) -> Came {
        let nodes = tables.places.len();
        self.slots.clear();
        self.slots.extend((0..nodes).map(|at| key.field(layout.field(at))));
        self.tuple = None;
        self.misses.clear();
        self.notes_here.clear();
        self.transitions_here = 0;
        self.cut_here = Cut::default();
        let ledger = key.field(layout.field(nodes));
        let watches = key.field(layout.field(nodes + 1));
        let (acts, impure) = (false, false);
        let mut here = Here { tables, layout, key, ledger, watches, only_acts, acts, impure };
        let purse = tables.ledgers[ledger as usize];
        if purse.panicked {
            return Came::Whole { acts: false, impure: false };
        }
        self.look_at_mail(tables);
        for node in 0..nodes {
            let slot = self.slots[node];
            let head = tables.places[node].heads[slot as usize];
            if head.deeds == UNKNOWN {
                self.misses.push(Miss::Deeds { node: node as u32, slot });
                continue;
            }
            for deed in head.deeds..head.deeds + head.early {
                self.take(&mut here, node, deed, sink);
            }
            if head.up {
                for open in purse.open..purse.open + purse.count {
                    self.ask(&mut here, node, tables.open[open as usize], sink);
                }
            }
            for deed in head.deeds + head.early..head.deeds + head.early + head.late {
                self.take(&mut here, node, deed, sink);
            }
        }
        if !self.misses.is_empty() {
            return Came::Short;
        }
        self.count();
        Came::Whole { acts: here.acts, impure: here.impure }
    }

    /// Adds what this state counted to the rest.
    fn count(&mut self) {
        let counted = &mut self.counted;
        counted.transitions += self.transitions_here;
        for &note in &self.notes_here {
            if counted.notes.len() <= note as usize {
                counted.notes.resize(note as usize + 1, 0);
            }
            counted.notes[note as usize] += 1;
        }
        counted.cut.iter_mut().zip(&self.cut_here).for_each(|(sum, more)| *sum |= more);
    }

    /// Which timers the mail of all nodes holds back.
    fn look_at_mail(&mut self, tables: &Tables) {
        let words = tables.held_words;
        if words == 0 {
            return;
        }
        self.held.clear();
        self.held.resize(words, 0);
        for (place, &slot) in tables.places.iter().zip(&self.slots) {
            let held = &place.held[slot as usize * words..][..words];
            self.held.iter_mut().zip(held).for_each(|(all, one)| *all |= one);
        }
    }

    /// Asks an input of a node.
    #[inline]
    fn ask<W: Word>(
        &mut self,
        here: &mut Here<'_, W>,
        node: usize,
        input: u32,
        sink: &mut impl Sink<W>,
    ) {
        let slot = self.slots[node];
        match here.tables.places[node].inputs.get(slot, input) {
            None => self.misses.push(Miss::Input { node: node as u32, slot, input }),
            Some(0) => {}
            Some(deed) => match self.offered(here.tables, node, input) {
                None => self.misses.push(Miss::Offer { node: node as u32, input }),
                Some(true) => self.take(here, node, deed - 1, sink),
                Some(false) => {}
            },
        }
    }

    /// Whether an input is offered at a node now, if that is known.
    fn offered(&mut self, tables: &Tables, node: usize, input: u32) -> Option<bool> {
        let Some(offers) = &tables.offers else {
            return Some(true);
        };
        let said = match offers.about.get(input as usize) {
            // Nothing is offered about a node that there is not.
            Some(&about) if about as usize >= self.slots.len() => return Some(false),
            Some(&about) => offers.said.get(self.local(tables, about), input)?,
            None => {
                let tuple = self.tuple(tables, offers)?;
                offers.said.get(tuple, node as u32 * offers.inputs + input)?
            }
        };
        Some(said == 2)
    }

    /// The local state of a node.
    fn local(&self, tables: &Tables, node: u32) -> u32 {
        tables.places[node as usize].heads[self.slots[node as usize] as usize].local
    }

    /// The tuple of all local states, looked up once for each state.
    fn tuple(&mut self, tables: &Tables, offers: &Offers) -> Option<u32> {
        if self.tuple.is_none() {
            self.tuple = offers.tuples.find(locals(tables, &self.slots));
        }
        self.tuple
    }

    /// Takes one deed, if nothing holds it back and the ledger affords it.
    #[inline]
    fn take<W: Word>(
        &mut self,
        here: &mut Here<'_, W>,
        node: usize,
        number: u32,
        sink: &mut impl Sink<W>,
    ) {
        let deed = here.tables.places[node].deeds[number as usize];
        if deed.guard != 0 && self.is_held_back(here.tables, node, &deed) {
            return;
        }
        let mut ledger = here.ledger;
        if deed.cost != 0 {
            match here.tables.costs.get(ledger, deed.cost) {
                None => return self.misses.push(Miss::Cost { ledger, cost: deed.cost }),
                Some(after) if after >= FORBIDDEN => {
                    let bound = (after - FORBIDDEN) as usize;
                    self.cut_here[bound / 64] |= 1 << (bound % 64);
                    return;
                }
                Some(after) => ledger = after,
            }
        }
        here.acts = true;
        if here.only_acts {
            return;
        }
        if deed.first == UNKNOWN {
            let slot = self.slots[node];
            return self.misses.push(Miss::Moves { node: node as u32, slot, deed: number });
        }
        for nth in 0..deed.count {
            let moved = here.tables.places[node].moves[(deed.first + nth) as usize];
            if let Some(key) = self.successor(here, node, ledger, &moved) {
                sink.arrive(key, node, number, nth);
            }
        }
    }

    /// The state a move leads to, if the tables know all of it.
    #[inline]
    fn successor<W: Word>(
        &mut self,
        here: &mut Here<'_, W>,
        node: usize,
        mut ledger: u32,
        moved: &Move,
    ) -> Option<W> {
        let (tables, layout, nodes) = (here.tables, here.layout, self.slots.len());
        let mut key = here.key.flipped(layout.field(node), self.slots[node] ^ moved.to);
        if moved.odd != 0 {
            here.impure |= moved.odd & IMPURE != 0;
            if let Some(cost) = moved.panic() {
                let known = tables.costs.get(here.ledger, cost);
                let miss = Miss::Cost { ledger: here.ledger, cost };
                ledger = self.or_miss(known, miss)?;
            }
        }
        if ledger != here.ledger {
            key = key.flipped(layout.field(nodes), here.ledger ^ ledger);
        }
        if moved.sight != 0 {
            let (watches, sight) = (here.watches, moved.sight);
            let known = tables.sights.get(watches, sight);
            let after = self.or_miss(known, Miss::Sight { watches, sight })?;
            key = key.flipped(layout.field(nodes + 1), watches ^ after);
        }
        if moved.post != 0 {
            let (first, count) = tables.posts[moved.post as usize];
            for &(to, batch) in &tables.batches[first as usize..(first + count) as usize] {
                let slot = self.slots[to as usize];
                let known = tables.places[to as usize].arrivals.get(slot, batch);
                let after = self.or_miss(known, Miss::Arrival { node: to, slot, batch })?;
                key = key.flipped(layout.field(to as usize), slot ^ after);
            }
        }
        if moved.note != 0 {
            self.notes_here.push(moved.note);
        }
        if moved.odd & OUTSIDE != 0 {
            self.cut_here[0] |= 1 << BOUNDARY;
            return (moved.odd & UNSEEN == 0).then_some(key);
        }
        self.transitions_here += 1;
        Some(key)
    }

    #[inline]
    fn or_miss(&mut self, known: Option<u32>, miss: Miss) -> Option<u32> {
        if known.is_none() {
            self.misses.push(miss);
        }
        known
    }

    /// Whether mail holds a timer back, or other clocks a tick.
    fn is_held_back(&self, tables: &Tables, node: usize, deed: &Deed) -> bool {
        if deed.guard == TICKS {
            let clock = |at: usize| tables.places[at].clocks[self.slots[at] as usize];
            let others = (0..self.slots.len()).filter(|&at| at != node).map(clock);
            let slowest = others.min().unwrap_or(u64::MAX);
            let apart = tables.apart.expect("nodes with clocks");
            return clock(node) >= slowest.saturating_add(apart);
        }
        let guard = &tables.guards[deed.guard as usize * tables.held_words..];
        guard.iter().zip(&self.held).any(|(guard, held)| guard & held != 0)
    }
}

/// The local states of the nodes in these slots.
pub(super) fn locals<'a>(tables: &'a Tables, slots: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    let places = tables.places.iter().zip(slots);
    places.map(|(place, &slot)| place.heads[slot as usize].local)
}
