//! What a search by numbers asks of the values behind them.
//!
//! [`Core`](super::level::Core) searches without a word of the protocol, and is compiled once for
//! all of them. What only values can say, it asks through [`Values`], rarely: when the tables lack
//! something, and when a state holds something that nobody looked at yet.

use super::key::Layout;
use super::tables::{Miss, Tables};
use crate::audience::Shown;
use crate::protocol::Protocol;
use crate::scenario::{Scenario, Within};
use crate::situation::Violation;

/// The values behind the numbers of a search.
pub(super) trait Values {
    /// Finds out what the tables do not know. The slots are those of the state that asks.
    fn fill(&mut self, tables: &mut Tables, miss: Miss, slots: &[u32]);
    /// How many ids each field of a key must tell apart.
    fn counts(&self) -> Vec<usize>;
    /// Whether a layout has room for all ids.
    fn fit(&self, layout: &Layout) -> bool;
    /// What a note stands for.
    fn noted(&self, note: usize) -> Shown;
    /// How many notes there are.
    fn notes(&self) -> usize;
    /// What is so in the state of these ids, to which a step of that node led: every invariant that
    /// does not hold, and those of these goals, by their places among all, that show in its nodes.
    fn look(&self, ids: &[u32], node: usize, goals: &[usize]) -> (Vec<Violation>, Vec<usize>);
    /// Whether the state of these ids lies past the scenario's boundary.
    fn is_outside(&self, ids: &[u32]) -> bool;
    /// Whether the waypoint that is sought is reached there.
    fn is_there(&self, ids: &[u32]) -> bool;
    /// The violation of a handler that is no function.
    fn impurity(&self, step: Taken) -> Violation;
    /// The bytes they take, about.
    fn bytes(&self) -> usize;
}

/// A step as numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    pub(super) node: usize,
    /// The node's slot before it.
    pub(super) slot: u32,
    pub(super) deed: u32,
    /// Which of the deed's moves it is, or [`UNCHOSEN`].
    pub(super) nth: u32,
}

/// In place of which move: the step names no choices, so that its handler takes what comes first.
pub(super) const UNCHOSEN: u32 = u32::MAX;

/// What a scenario says that has nothing to do with values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) nodes: usize,
    pub(super) depth: Option<u32>,
    /// What the boundary looks at, if there is one.
    pub(super) boundary: Option<Looks>,
}

/// What a boundary looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Looks {
    /// At each node by itself.
    Nodes,
    /// At whole worlds.
    Worlds,
}

impl Frame {
    pub(super) fn of<P: Protocol>(scenario: &Scenario<P>) -> Frame {
        let boundary = scenario.boundary.as_ref().map(|boundary| match boundary.within {
            Within::Nodes(_) => Looks::Nodes,
            Within::World(_) => Looks::Worlds,
        });
        Frame { nodes: scenario.nodes, depth: scenario.depth, boundary }
    }

    /// Whether the boundary looks at whole worlds.
    pub(super) fn has_world_boundary(&self) -> bool {
        self.boundary == Some(Looks::Worlds)
    }
}
