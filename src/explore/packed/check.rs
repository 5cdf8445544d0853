//! Where invariants and goals have to be looked at.
//!
//! What an invariant says depends on a part of the state: one node, the nodes together, the
//! monitors, the world. A part that was looked at once need not be looked at again. So a new state
//! costs a few lookups, and only one with a new part is turned back into a [`Situation`] and
//! judged, by the same code as everywhere.
//!
//! [`Situation`]: crate::situation::Situation

use super::expand::locals;
use super::tables::{Pairs, Tables};
use crate::invariant::Sign;
use crate::protocol::Protocol;
use crate::scenario::Scenario;

/// What was looked at already.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// By node and local state.
    locals: Vec<Vec<bool>>,
    /// By monitors.
    watches: Vec<bool>,
    /// By ledger: those that say that a handler panicked.
    panics: Vec<bool>,
    /// Local states of the nodes together.
    tuples: Pairs,
    /// The same where nothing was in flight.
    quiet: Pairs,
    /// Whether an invariant looks at the nodes together.
    by_nodes: bool,
    /// Whether an invariant looks at quiet nodes.
    by_quiet: bool,
    /// Whether an invariant looks at the world.
    by_world: bool,
}

/// A state as the checks see it.
pub(super) struct State<'a> {
    /// The slots, the ledger and the monitors.
    pub(super) ids: &'a [u32],
    /// The node whose step led here, and whether its local state changed.
    pub(super) changed: (usize, bool),
    /// Whether no live node has mail waiting.
    pub(super) quiet: bool,
}

impl Looked {
    pub(super) fn new<P: Protocol>(scenario: &Scenario<P>) -> Looked {
        Looked {
            locals: vec![Vec::new(); scenario.nodes],
            by_nodes: scenario.has_invariant_on("nodes"),
            by_quiet: scenario.has_invariant_on("quiet"),
            by_world: scenario.has_invariant_on("world"),
            ..Looked::default()
        }
    }

    /// Whether something about this state was never looked at; from now on it was.
    pub(super) fn is_news(&mut self, tables: &Tables, state: &State<'_>, goals_open: bool) -> bool {
        let [slots @ .., ledger, watches] = state.ids else {
            unreachable!("a state has a ledger and monitors");
        };
        if tables.ledgers[*ledger as usize].panicked {
            return first(&mut self.panics, *ledger);
        }
        let (node, moved) = state.changed;
        let local = tables.places[node].heads[slots[node] as usize].local;
        let mut news = first(&mut self.locals[node], local);
        news |= tables.broken[*watches as usize] && first(&mut self.watches, *watches);
        if (self.by_nodes || goals_open) && moved {
            news |= self.tuples.intern(locals(tables, slots)).1;
        }
        if self.by_quiet && state.quiet {
            news |= self.quiet.intern(locals(tables, slots)).1;
        }
        news || self.by_world
    }

    /// The bytes it takes, about.
    pub(super) fn bytes(&self) -> usize {
        self.tuples.bytes() + self.quiet.bytes()
    }
}

/// Whether that number comes for the first time.
fn first(looked: &mut Vec<bool>, number: u32) -> bool {
    let number = number as usize;
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
