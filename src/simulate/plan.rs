//! What a run has in store, as data: its network, clocks, workload and timed faults.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::latency::Latency;
use crate::protocol::NodeId;
use crate::time::Span;

/// Everything about a run that is decided before it begins. A plan can be saved, printed as a
/// timeline, drawn and shrunk ([`Storms`](super::Storms)).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// How long the stormy phase lasts.
    pub stormy: Span,
    /// How long messages take.
    pub latency: Latency,
    /// How many messages in a million are lost in the stormy phase.
    pub loss: u32,
    /// How many messages in a million arrive twice in the stormy phase.
    pub duplication: u32,
    /// How the clients ask.
    pub workload: Workload,
    /// How each clock is off, for the nodes that have one.
    pub clocks: Vec<ClockError>,
    /// The faults, in the order in which they begin.
    pub faults: Vec<TimedFault>,
}

/// How the clients ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// How many clients ask.
    pub clients: u8,
    /// The mean time a client waits before it asks, for the first time or again.
    pub think: Span,
    /// How many requests each client gives up without an answer: the next time it would ask one
    /// again it goes on to another, and the outcome of that one stays unknown.
    pub gives_up: u8,
}

/// How one node's clock is off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockError {
    /// Whose clock.
    pub node: NodeId,
    /// How far it is ahead at the start, in microseconds; behind if negative.
    pub offset: i64,
    /// How much too fast it goes, in millionths; too slow if negative.
    pub drift: i64,
}

/// A fault that begins and ends.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimedFault {
    /// When it begins.
    pub at: Span,
    /// How long it lasts. It ends with the stormy phase at the latest.
    pub lasts: Span,
    /// What happens.
    pub fault: Fault,
}

/// A fault. Overlapping faults compose, and each ends at its own end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// One node is cut off from all others.
    Isolate(NodeId),
    /// These nodes are cut off from the others.
    Split(Vec<NodeId>),
    /// These nodes are cut off from the others, but for one node that still reaches all.
    Bridge {
        /// The nodes on one side.
        side: Vec<NodeId>,
        /// The node that reaches both sides.
        bridge: NodeId,
    },
    /// Messages from one node to another are lost; those back arrive.
    OneWay {
        /// Whose messages.
        from: NodeId,
        /// Messages to whom.
        to: NodeId,
    },
    /// A node stands still: nothing happens at it until the end, then everything late.
    Pause(NodeId),
    /// A node crashes, and restarts at the end with what it keeps.
    Crash(NodeId),
    /// A node crashes, and comes back at the end with an empty disk.
    Wipe(NodeId),
    /// A clock jumps by that many microseconds, and back at the end. Backwards, it stands still.
    Jump {
        /// Whose clock.
        node: NodeId,
        /// How far, in microseconds.
        by: i64,
    },
}

impl Fault {
    /// Whether it cuts messages from one node to another.
    pub(crate) fn cuts(&self, from: NodeId, to: NodeId) -> bool {
        let apart = |side: &[NodeId]| side.contains(&from) != side.contains(&to);
        match self {
            Fault::Isolate(node) => (from == *node) != (to == *node),
            Fault::Split(side) => apart(side),
            Fault::Bridge { side, bridge } => apart(side) && from != *bridge && to != *bridge,
            Fault::OneWay { from: source, to: target } => from == *source && to == *target,
            Fault::Pause(_) | Fault::Crash(_) | Fault::Wipe(_) | Fault::Jump { .. } => false,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Isolate(node) => write!(f, "{node} is cut off"),
            Fault::Split(side) => write!(f, "{side:?} are cut off"),
            Fault::Bridge { side, bridge } => {
                write!(f, "{side:?} are cut off, but {bridge} reaches all")
            }
            Fault::OneWay { from, to } => write!(f, "{from} no longer reaches {to}"),
            Fault::Pause(node) => write!(f, "{node} stands still"),
            Fault::Crash(node) => write!(f, "{node} is down"),
            Fault::Wipe(node) => write!(f, "{node} is down, and loses its disk"),
            Fault::Jump { node, by } => write!(f, "{node}'s clock jumps by {by}us"),
        }
    }
}

/// The plan as a timeline, a line each.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |millionths: u32| f64::from(millionths) / 10_000.0;
        let Workload { clients, think, gives_up } = self.workload;
        writeln!(f, "storm {}, latency {}", self.stormy, self.latency)?;
        writeln!(f, "loss {} %, duplication {} %", percent(self.loss), percent(self.duplication))?;
        writeln!(
            f,
            "{clients} clients, asking every {think} on average, each giving up {gives_up} times"
        )?;
        for ClockError { node, offset, drift } in &self.clocks {
            writeln!(f, "{node}'s clock is {offset}us ahead and {drift}ppm fast")?;
        }
        for TimedFault { at, lasts, fault } in &self.faults {
            writeln!(f, "{at} to {}: {fault}", *at + *lasts)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_cuts_the_links_it_says() {
        let [a, b, c] = [NodeId(0), NodeId(1), NodeId(2)];
        for (fault, cut) in [
            (Fault::Isolate(b), vec![(a, b), (b, a), (b, c), (c, b)]),
            (Fault::Split(vec![a, b]), vec![(a, c), (b, c), (c, a), (c, b)]),
            (Fault::Bridge { side: vec![a], bridge: b }, vec![(a, c), (c, a)]),
            (Fault::OneWay { from: c, to: a }, vec![(c, a)]),
            (Fault::Pause(a), vec![]),
        ] {
            let mut found = Vec::new();
            for from in [a, b, c] {
                for to in [a, b, c].into_iter().filter(|to| *to != from) {
                    found.extend(fault.cuts(from, to).then_some((from, to)));
                }
            }
            assert_eq!(found, cut, "{fault}");
        }
    }
}
