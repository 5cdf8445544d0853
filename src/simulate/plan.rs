//! What a run has in store, as data: its network, clocks, workload and timed faults.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::latency::Latency;
use super::topology::Network;
use super::written;
use crate::protocol::NodeId;
use crate::time::Span;

/// Everything about a run that is decided before it begins. A plan can be saved, printed as a
/// timeline, drawn and shrunk ([`Storms`](super::Storms)).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// How long the stormy phase lasts.
    #[serde(with = "written")]
    pub stormy: Span,
    /// How long messages take.
    pub latency: Latency,
    /// How many messages in a million are lost in the stormy phase.
    pub loss: u32,
    /// How many messages in a million arrive twice in the stormy phase.
    pub duplication: u32,
    /// The network that messages go through. With one, it is its links that say how long messages
    /// take, which are lost and which doubled; the three above are then of no account. Without one,
    /// every message goes straight to its receiver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
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
    #[serde(with = "written")]
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
    #[serde(default, with = "written::signed")]
    pub offset: i64,
    /// How much too fast it goes, in millionths; too slow if negative.
    #[serde(default)]
    pub drift: i64,
}

/// A fault that begins and ends.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimedFault {
    /// When it begins.
    #[serde(with = "written")]
    pub at: Span,
    /// How long it lasts. It ends with the stormy phase at the latest.
    #[serde(with = "written")]
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
    /// These nodes stand in a circle, and each reaches only so many neighbours on either side
    /// ([`Fault::ring_of_majorities`]). Links to others are left alone.
    Circle {
        /// The nodes, around the circle.
        nodes: Vec<NodeId>,
        /// How many neighbours on either side each reaches.
        reach: u8,
    },
    /// Messages to and from a node take so many times as long, up to five seconds a link. What
    /// several faults slow takes the product.
    SlowNode {
        /// Which node.
        node: NodeId,
        /// How many times as long.
        times: u32,
    },
    /// Messages from one node to another take so many times as long, up to five seconds a link;
    /// those back do not.
    SlowLink {
        /// Whose messages.
        from: NodeId,
        /// Messages to whom. Where a [`Network`] relays them, each link on their way.
        to: NodeId,
        /// How many times as long.
        times: u32,
    },
    /// A node stands still: nothing happens at it until the end, then everything late.
    Pause(NodeId),
    /// A node crashes, and restarts at the end with what it keeps.
    Crash(NodeId),
    /// A node crashes, and comes back at the end with an empty disk.
    Wipe(NodeId),
    /// A node crashes, and at the end comes back with what a failure of its power leaves: what it
    /// wrote and did not sync may be lost, and the last of it torn ([`Disk`](crate::Disk)).
    PowerCut(NodeId),
    /// A clock jumps by that many microseconds, and back at the end. Backwards, it stands still.
    Jump {
        /// Whose clock.
        node: NodeId,
        /// How far, in microseconds.
        #[serde(with = "written::signed")]
        by: i64,
    },
    /// A clock reads the same until the end, and is then where it would have been. Timers run on:
    /// they count what passes, not what a clock reads. It is never further behind than the scenario
    /// lets clocks be apart.
    Stuck(NodeId),
    /// A clock is corrected by that many microseconds, evenly over as long as the fault lasts, and
    /// stays so: meanwhile it goes faster or slower, and so do timers set on it. A correction that
    /// lasts no time at all is a step ([`Plan::clock_step`]). Backwards, a clock stands still.
    Smear {
        /// Whose clock.
        node: NodeId,
        /// How far, in microseconds.
        #[serde(with = "written::signed")]
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
            Fault::Circle { nodes, reach } => {
                let place = |node: NodeId| nodes.iter().position(|other| *other == node);
                let apart = place(from).zip(place(to)).map(|(from, to)| from.abs_diff(to));
                apart.is_some_and(|apart| apart.min(nodes.len() - apart) > usize::from(*reach))
            }
            Fault::SlowNode { .. }
            | Fault::SlowLink { .. }
            | Fault::Pause(_)
            | Fault::Crash(_)
            | Fault::Wipe(_)
            | Fault::PowerCut(_)
            | Fault::Jump { .. }
            | Fault::Stuck(_)
            | Fault::Smear { .. } => false,
        }
    }

    /// Whether it cuts links at all.
    pub(crate) fn is_partition(&self) -> bool {
        match self {
            Fault::Isolate(_)
            | Fault::Split(_)
            | Fault::Bridge { .. }
            | Fault::OneWay { .. }
            | Fault::Circle { .. } => true,
            Fault::SlowNode { .. }
            | Fault::SlowLink { .. }
            | Fault::Pause(_)
            | Fault::Crash(_)
            | Fault::Wipe(_)
            | Fault::PowerCut(_)
            | Fault::Jump { .. }
            | Fault::Stuck(_)
            | Fault::Smear { .. } => false,
        }
    }

    /// The nodes it names.
    pub(crate) fn nodes(&self) -> Vec<NodeId> {
        match self {
            Fault::Split(nodes) | Fault::Circle { nodes, .. } => nodes.clone(),
            Fault::Bridge { side, bridge } => side.iter().copied().chain([*bridge]).collect(),
            Fault::OneWay { from, to } | Fault::SlowLink { from, to, .. } => vec![*from, *to],
            Fault::Isolate(node)
            | Fault::SlowNode { node, .. }
            | Fault::Pause(node)
            | Fault::Crash(node)
            | Fault::Wipe(node)
            | Fault::PowerCut(node)
            | Fault::Jump { node, .. }
            | Fault::Stuck(node)
            | Fault::Smear { node, .. } => vec![*node],
        }
    }

    /// How many times as long it makes messages from one node to another take.
    pub(crate) fn slows(&self, from: NodeId, to: NodeId) -> u32 {
        match self {
            Fault::SlowNode { node, times } if from == *node || to == *node => *times,
            Fault::SlowLink { from: source, to: target, times }
                if from == *source && to == *target =>
            {
                *times
            }
            _ => 1,
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
            Fault::Circle { nodes, reach } => {
                write!(f, "in a circle of {nodes:?} each reaches {reach} on either side")
            }
            Fault::SlowNode { node, times } => {
                write!(f, "messages of {node} and to it take {times} times as long")
            }
            Fault::SlowLink { from, to, times } => {
                write!(f, "messages from {from} to {to} take {times} times as long")
            }
            Fault::Pause(node) => write!(f, "{node} stands still"),
            Fault::Crash(node) => write!(f, "{node} is down"),
            Fault::Wipe(node) => write!(f, "{node} is down, and loses its disk"),
            Fault::PowerCut(node) => write!(f, "{node} is without power"),
            Fault::Jump { node, by } => write!(f, "{node}'s clock jumps by {by}us"),
            Fault::Stuck(node) => write!(f, "{node}'s clock is stuck"),
            Fault::Smear { node, by } => {
                let sign = if *by < 0 { "-" } else { "" };
                let by = Span::micros(by.unsigned_abs());
                write!(f, "{node}'s clock is set by {sign}{by}")
            }
        }
    }
}

/// The plan as a timeline, a line each.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |millionths: u32| f64::from(millionths) / 10_000.0;
        let Workload { clients, think, gives_up } = self.workload;
        if let Some(network) = &self.network {
            writeln!(f, "storm {}, through {network}", self.stormy)?;
        } else {
            let (loss, duplication) = (percent(self.loss), percent(self.duplication));
            writeln!(f, "storm {}, latency {}", self.stormy, self.latency)?;
            writeln!(f, "loss {loss} %, duplication {duplication} %")?;
        }
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
        let all = || vec![(a, b), (a, c), (b, a), (b, c), (c, a), (c, b)];
        for (fault, cut) in [
            (Fault::Isolate(b), vec![(a, b), (b, a), (b, c), (c, b)]),
            (Fault::Split(vec![a, b]), vec![(a, c), (b, c), (c, a), (c, b)]),
            (Fault::Bridge { side: vec![a], bridge: b }, vec![(a, c), (c, a)]),
            (Fault::OneWay { from: c, to: a }, vec![(c, a)]),
            (Fault::Circle { nodes: vec![a, b, c], reach: 0 }, all()),
            (Fault::Circle { nodes: vec![a, b, c], reach: 1 }, vec![]),
            (Fault::Circle { nodes: vec![a, b], reach: 0 }, vec![(a, b), (b, a)]),
            (Fault::SlowNode { node: a, times: 9 }, vec![]),
            (Fault::Pause(a), vec![]),
            (Fault::Stuck(a), vec![]),
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
