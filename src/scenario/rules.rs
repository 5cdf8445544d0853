//! What a scenario says of timers, inputs, clocks and bounds: its rules, as data.

use std::fmt::{self, Debug};

use crate::invariant::Nodes;
use crate::ledger::Firing;
use crate::node::Node;
use crate::protocol::{NodeId, Protocol};
use crate::time::{Span, Units};
use crate::world::World;

/// When inputs are offered.
#[derive(Clone)]
pub enum Offered<P: Protocol> {
    /// At a node, given all nodes.
    Nodes(fn(&Nodes<P>, NodeId, &P::Input) -> bool),
    /// Given the one node that the input is about: a perfect detector's report of its crash.
    About(fn(&P::Input) -> NodeId, fn(&P::Input, &Node<P>) -> bool),
}

impl<P: Protocol> Debug for Offered<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Offered::Nodes(_) => "given all nodes",
            Offered::About(..) => "given the node they are about",
        })
    }
}

/// How often certain timers may fire in exploration.
#[derive(Clone)]
pub struct TimerRule<P: Protocol> {
    /// What the bound is called: `elections`.
    pub name: String,
    /// The timers it counts.
    pub of: Timers<P>,
    /// How often they fire.
    pub firing: Firing,
}

impl<P: Protocol> TimerRule<P> {
    /// The rule in words: `elections fire at most 2 times`.
    pub fn in_words(&self) -> String {
        match self.firing {
            Firing::Times(0) => format!("{} never fire", self.name),
            Firing::Any | Firing::Times(_) | Firing::Turns(_) => {
                format!("{} fire {}", self.name, self.firing)
            }
        }
    }
}

/// Which timers a rule counts.
#[derive(Clone)]
pub enum Timers<P: Protocol> {
    /// Those of which the function is true.
    Like(fn(&P::Timer) -> bool),
    /// Those of exactly this name.
    Exactly(P::Timer),
}

impl<P: Protocol> Timers<P> {
    /// Whether that timer is one of them.
    pub fn include(&self, timer: &P::Timer) -> bool {
        match self {
            Timers::Like(is_one) => is_one(timer),
            Timers::Exactly(name) => name == timer,
        }
    }
}

/// An assumption on timing: a timer that never fires while certain messages are on their way.
#[derive(Clone)]
pub struct Patience<P: Protocol> {
    /// The assumption in words, printed with every verdict.
    pub sentence: &'static str,
    /// The timers it holds back.
    pub of: fn(&P::Timer) -> bool,
    /// Whether this message on its way holds back the timer at that node.
    pub awaits: fn(NodeId, &Flight<'_, P>) -> bool,
}

/// A message on its way between two nodes.
#[derive(Debug)]
pub struct Flight<'a, P: Protocol> {
    /// Who sent it.
    pub from: NodeId,
    /// Where it goes.
    pub to: NodeId,
    /// What it says.
    pub message: &'a P::Message,
}

/// What one client asks, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lane<P: Protocol> {
    /// Its inputs, each with where it may go.
    pub inputs: Vec<(To, P::Input)>,
}

/// Where an input may go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum To {
    /// To that node.
    Node(NodeId),
    /// To any node that accepts it.
    Any,
}

impl To {
    /// Whether it may go there.
    pub fn admits(self, node: NodeId) -> bool {
        match self {
            To::Node(bound) => bound == node,
            To::Any => true,
        }
    }
}

/// Which nodes have a clock, and how clocks behave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clocks {
    /// The nodes that have one.
    pub of: Vec<NodeId>,
    /// The last tick of exploration: clocks go from 0 to here.
    pub until: u64,
    /// How many ticks two clocks may be apart, ever: an assumption on the system.
    pub apart: u64,
    /// What a tick is in the simulator.
    pub tick: Span,
}

impl Clocks {
    /// No node has a clock.
    pub fn none() -> Clocks {
        Clocks { of: Vec::new(), until: 0, apart: 0, tick: 1.s() }
    }
}

/// A bound on worlds: those past it are checked, but not followed or stored.
#[derive(Clone)]
pub struct Boundary<P: Protocol> {
    /// The bound in words.
    pub sentence: &'static str,
    /// What lies within it.
    pub within: Within<P>,
}

/// What lies within a boundary.
#[derive(Clone)]
pub enum Within<P: Protocol> {
    /// Worlds of which the function is true.
    World(fn(&P, &World<P>) -> bool),
    /// Worlds in which it is true of every node. Cheaper to search.
    Nodes(fn(&P, NodeId, &Node<P>) -> bool),
}

impl<P: Protocol> Boundary<P> {
    /// Whether a world lies within it.
    pub fn includes(&self, protocol: &P, world: &World<P>) -> bool {
        match self.within {
            Within::World(within) => within(protocol, world),
            Within::Nodes(within) => {
                let nodes = world.nodes.iter().enumerate();
                nodes.into_iter().all(|(at, node)| within(protocol, NodeId::at(at), node))
            }
        }
    }
}

/// A world that a deep search goes by.
#[derive(Clone)]
pub struct Waypoint<P: Protocol> {
    /// The waypoint in words.
    pub sentence: &'static str,
    /// Whether these nodes are there.
    pub reached: fn(&P, &Nodes<P>) -> bool,
}

impl<P: Protocol> Debug for TimerRule<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.firing)
    }
}

impl<P: Protocol> Debug for Patience<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence)
    }
}

impl<P: Protocol> Debug for Boundary<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence)
    }
}

impl<P: Protocol> Debug for Waypoint<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence)
    }
}
