//! Exhaustive exploration: every schedule of a small cluster, breadth first.
//!
//! - `reference` is the plain search over [`World`](crate::World): exact, and readable.
//! - `oracle` makes any scenario a `stateright::Model` (feature `stateright`).

#[cfg(feature = "stateright")]
pub mod oracle;
mod reference;

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::Bound;
use crate::protocol::{NodeId, Protocol};
use crate::scenario::Scenario;
use crate::step::Step;
use crate::verdict::Verdict;

pub use reference::explore;

/// How far an exploration goes, beyond the scenario's own bounds.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// The most states it may store; no limit if `None`.
    pub states: Option<usize>,
    /// Go on after the first violation, until every invariant that can break has broken or the
    /// space is exhausted.
    pub all_invariants: bool,
    /// Ends at a violation of this invariant only; others are noted and passed.
    pub only: Option<String>,
}

/// A violation that was found, by a shortest trace to it.
#[derive(Clone, Debug)]
pub struct Found<P: Protocol> {
    /// The invariant.
    pub invariant: String,
    /// Why it does not hold.
    pub reason: String,
    /// The steps that lead there, from the first world on.
    pub trace: Vec<Step<P>>,
}

/// What an exploration found and covered.
#[derive(Clone, Debug)]
pub struct Exploration<P: Protocol> {
    /// What it says, and no more.
    pub verdict: Verdict,
    /// The violations, each by a shortest trace, in the order found.
    pub found: Vec<Found<P>>,
    /// Different states stored.
    pub states: usize,
    /// Steps taken from them, to new states and known ones.
    pub transitions: u64,
    /// States at each depth, from 0.
    pub levels: Vec<usize>,
    /// Whether every reachable state within the bounds was expanded.
    pub exhausted: bool,
    /// Where it was ended early: the depth up to which every schedule was checked.
    pub completed: Option<u32>,
    /// Bounds that forbade something possible.
    pub cut: BTreeSet<Bound>,
    /// Each goal in the scenario's order, with the least depth at which it was reached.
    pub goals: Vec<(&'static str, Option<u32>)>,
    /// How often each marked line ran.
    pub marks: BTreeMap<&'static str, u64>,
    /// Worlds in which no live node had mail waiting.
    pub quiet: u64,
    /// The waypoints gone by, with the length of the way to each from the one before.
    pub waypoints: Vec<(&'static str, usize)>,
    /// Steps between the first world and where the search began: prefix and waypoints.
    pub begun_at: usize,
}

impl<P: Protocol> Exploration<P> {
    /// The greatest depth that has states.
    pub fn depth(&self) -> u32 {
        (self.levels.len().max(1) - 1) as u32
    }
}

/// Where a state was reached from.
#[derive(Clone, Copy, Debug)]
struct Parent {
    /// The state it was reached from, by its number.
    state: u32,
    /// Which of that state's successors it is.
    successor: u32,
}

/// The node whose step leads to a successor: the only node whose own invariants can have changed.
fn changed<P: Protocol>(step: &Step<P>) -> Option<NodeId> {
    Some(step.node)
}

/// The goals of a scenario, none reached yet.
fn unreached<P: Protocol>(scenario: &Scenario<P>) -> Vec<(&'static str, Option<u32>)> {
    scenario.goals.iter().map(|goal| (goal.name, None)).collect()
}
