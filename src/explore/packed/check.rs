//! Where invariants and goals have to be looked at.
//!
//! What an invariant says depends on a part of the state: one node, the nodes together, the
//! monitors, the world. A part that was looked at once need not be looked at again. So a new state
//! costs a few lookups, and only one with a new part is turned back into a [`Situation`] and
//! judged, by the same code as everywhere.
//!
//! [`Situation`]: crate::situation::Situation

use super::key::{Layout, Word};
use super::tables::{Pairs, Tables};
use super::visited::Visited;
use crate::invariant::Sign;
use crate::protocol::Protocol;
use crate::scenario::Scenario;
use crate::settle::loses_freely;

/// What was looked at already.
#[derive(Debug)]
pub(super) struct Looked {
    /// By node and local state.
    locals: Vec<Vec<bool>>,
    /// By monitors.
    watches: Vec<bool>,
    /// By ledger: those that say that a handler panicked.
    panics: Vec<bool>,
    /// Local states of the nodes together.
    tuples: Tuples,
    /// The same where nothing was in flight.
    quiet: Tuples,
    /// Whether an invariant looks at single nodes.
    by_node: bool,
    /// Whether an invariant looks at the nodes together.
    by_nodes: bool,
    /// Whether an invariant looks at quiet nodes.
    by_quiet: bool,
    /// Whether an invariant looks at the world.
    by_world: bool,
}

/// A state as the checks see it.
pub(super) struct State<'a, W> {
    pub(super) layout: &'a Layout,
    pub(super) key: W,
    /// The state that a step led from, and the node of the step.
    pub(super) before: W,
    pub(super) node: usize,
}

impl<W: Word> State<'_, W> {
    /// The local state of a node, here or before.
    fn local(&self, tables: &Tables, key: W, node: usize) -> u32 {
        tables.places[node].heads[key.field(self.layout.field(node)) as usize].local
    }

    /// The local states of all nodes.
    fn locals(&self, tables: &Tables) -> impl Iterator<Item = u32> + Clone {
        (0..tables.places.len()).map(|node| self.local(tables, self.key, node))
    }
}

/// Whether no live node has mail waiting in a state, and no handler has panicked.
pub(super) fn is_quiet<W: Word>(tables: &Tables, layout: &Layout, key: W) -> bool {
    let nodes = tables.places.len();
    let mut places = tables.places.iter().enumerate();
    !tables.panicked[key.field(layout.field(nodes)) as usize]
        && places.all(|(at, place)| !place.heads[key.field(layout.field(at)) as usize].waiting)
}

impl Looked {
    pub(super) fn new<P: Protocol>(scenario: &Scenario<P>) -> Looked {
        let settles = scenario.has_invariant_on("settles");
        Looked {
            locals: vec![Vec::new(); scenario.nodes],
            watches: Vec::new(),
            panics: Vec::new(),
            tuples: Tuples::new(scenario.nodes),
            quiet: Tuples::new(scenario.nodes),
            by_node: scenario.has_invariant_on("node"),
            by_nodes: scenario.has_invariant_on("nodes") || settles && loses_freely(scenario),
            by_quiet: scenario.has_invariant_on("quiet") || settles && !loses_freely(scenario),
            by_world: scenario.has_invariant_on("world"),
        }
    }

    /// Whether there is anything to look at in new states.
    pub(super) fn looks(&self, tables: &Tables, goals_open: bool) -> bool {
        let by_state = self.by_node || self.by_nodes || self.by_quiet || self.by_world;
        by_state || goals_open || tables.alarmed
    }

    /// Whether something about this state was never looked at.
    pub(super) fn may_be_news<W: Word>(
        &self,
        tables: &Tables,
        state: &State<'_, W>,
        goals_open: bool,
    ) -> bool {
        let (node, nodes) = (state.node, tables.places.len());
        let ledger = state.key.field(state.layout.field(nodes)) as usize;
        if tables.panicked[ledger] {
            return !known(&self.panics, ledger);
        }
        let watches = state.key.field(state.layout.field(nodes + 1)) as usize;
        let local = state.local(tables, state.key, node);
        let moved = || state.local(tables, state.before, node) != local;
        self.by_world
            || self.by_node && !known(&self.locals[node], local as usize)
            || tables.broken[watches] && !known(&self.watches, watches)
            || (self.by_nodes || goals_open)
                && moved()
                && !self.tuples.contains(state.locals(tables))
            || self.by_quiet
                && is_quiet(tables, state.layout, state.key)
                && !self.quiet.contains(state.locals(tables))
    }

    /// Whether something about this state was never looked at; from now on it was.
    pub(super) fn is_news<W: Word>(
        &mut self,
        tables: &Tables,
        state: &State<'_, W>,
        goals_open: bool,
    ) -> bool {
        let (node, nodes) = (state.node, tables.places.len());
        let ledger = state.key.field(state.layout.field(nodes)) as usize;
        if tables.panicked[ledger] {
            return first(&mut self.panics, ledger);
        }
        let watches = state.key.field(state.layout.field(nodes + 1)) as usize;
        let local = state.local(tables, state.key, node);
        let mut news = self.by_node && first(&mut self.locals[node], local as usize);
        news |= tables.broken[watches] && first(&mut self.watches, watches);
        let moved = state.local(tables, state.before, node) != local;
        if (self.by_nodes || goals_open) && moved {
            news |= self.tuples.insert(state.locals(tables));
        }
        if self.by_quiet && is_quiet(tables, state.layout, state.key) {
            news |= self.quiet.insert(state.locals(tables));
        }
        news || self.by_world
    }

    /// The bytes it takes, about.
    pub(super) fn bytes(&self) -> usize {
        self.tuples.bytes() + self.quiet.bytes()
    }
}

/// Tuples of local states, packed like states.
#[derive(Debug)]
struct Tuples {
    known: Visited<u128>,
    /// How many local states of each node its fields have room for.
    counts: Vec<usize>,
    /// Those that are too wide.
    wide: Pairs,
}

impl Tuples {
    fn new(nodes: usize) -> Tuples {
        let counts = vec![1; nodes];
        let known = Visited::new(Layout::tight(&counts), 1);
        Tuples { known, counts, wide: Pairs::default() }
    }

    /// The key of a tuple, if it has room.
    fn key(&self, tuple: impl Iterator<Item = u32>) -> Option<u128> {
        let layout = &self.known.layout;
        let mut fields = tuple.zip(&self.counts).enumerate();
        fields.try_fold(0, |key: u128, (at, (id, &count))| {
            ((id as usize) < count).then(|| key.flipped(layout.field(at), id))
        })
    }

    fn contains(&self, tuple: impl Iterator<Item = u32> + Clone) -> bool {
        match self.key(tuple.clone()) {
            Some(key) => self.known.contains(key),
            None => self.wide.find(tuple).is_some(),
        }
    }

    /// Whether a tuple is new; from now on it is not.
    fn insert(&mut self, tuple: impl Iterator<Item = u32> + Clone) -> bool {
        if self.key(tuple.clone()).is_none() {
            self.widen(tuple.clone());
        }
        match self.key(tuple.clone()) {
            Some(key) => self.known.insert(key),
            None => self.wide.intern(tuple).1,
        }
    }

    /// Makes room for the ids of a tuple, if there is a key wide enough.
    fn widen(&mut self, tuple: impl Iterator<Item = u32>) {
        if !self.wide.is_empty() {
            // What is wide once stays so, or it would not be found again.
            return;
        }
        let counts: Vec<usize> = tuple
            .zip(&self.counts)
            .map(|(id, &count)| if (id as usize) < count { count } else { 2 * (id as usize + 1) })
            .collect();
        let layout = Layout::tight(&counts);
        if layout.bits() <= u128::BITS {
            let known = std::mem::replace(&mut self.known, Visited::new(Layout::tight(&[1]), 1));
            self.known = known.repacked(layout);
            self.counts = counts;
        }
    }

    fn bytes(&self) -> usize {
        self.known.bytes_with(0) + self.wide.bytes()
    }
}

/// Whether that number came before.
fn known(looked: &[bool], number: usize) -> bool {
    looked.get(number).is_some_and(|looked| *looked)
}

/// Whether that number comes for the first time.
fn first(looked: &mut Vec<bool>, number: usize) -> bool {
    if looked.len() <= number {
        looked.resize(number + 1, false);
    }
    !std::mem::replace(&mut looked[number], true)
}

/// The goals that show in the nodes, by their places among all goals.
pub(super) fn goals_of_nodes<P: Protocol>(scenario: &Scenario<P>) -> Vec<usize> {
    let goals = scenario.goals.iter().enumerate();
    goals.filter(|(_, goal)| matches!(goal.sign, Sign::Nodes(_))).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tuple_is_new_once_however_wide() {
        for nodes in [1, 2, 3, 9, 40] {
            let mut tuples = Tuples::new(nodes);
            let tuple = |seed: u32| (0..nodes as u32).map(move |node| seed * (node + 1) % 50_021);
            for seed in 0..3_000 {
                assert!(!tuples.contains(tuple(seed)), "{nodes} nodes, {seed}");
                assert!(tuples.insert(tuple(seed)), "{nodes} nodes, {seed}");
                assert!(!tuples.insert(tuple(seed)), "{nodes} nodes, {seed}");
            }
            assert!((0..3_000).all(|seed| tuples.contains(tuple(seed))), "{nodes} nodes");
        }
    }
}
