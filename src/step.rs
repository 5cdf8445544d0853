//! The alphabet of everything that can happen: steps, and traces of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::node::Occurrence;
use crate::protocol::{ClientId, NodeId, Protocol, Saved};

/// Something that happens at one node. A step names its content, not a position, so that a trace
/// survives edits to it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "P: Saved", deserialize = "P: Saved"), deny_unknown_fields)]
pub struct Step<P: Protocol> {
    /// Where it happens.
    pub node: NodeId,
    /// What happens.
    pub act: Act<P>,
    /// The alternatives its handler took, in the order it asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<u32>,
}

/// What a step does.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(
    bound(serialize = "P: Saved", deserialize = "P: Saved"),
    rename_all = "snake_case",
    deny_unknown_fields
)]
pub enum Act<P: Protocol> {
    /// A message on its way to the node arrives.
    Deliver {
        /// Who sent it.
        from: NodeId,
        /// What it says.
        message: P::Message,
    },
    /// A message on its way to the node is lost.
    Drop {
        /// Who sent it.
        from: NodeId,
        /// What it says.
        message: P::Message,
    },
    /// A message on its way to the node is doubled.
    Duplicate {
        /// Who sent it.
        from: NodeId,
        /// What it says.
        message: P::Message,
    },
    /// A timer that is set fires.
    Timeout(P::Timer),
    /// A client asks something of the node.
    Input {
        /// Who asks.
        client: ClientId,
        /// What is asked.
        input: P::Input,
    },
    /// The node's clock moves on by one tick.
    Tick,
    /// The node stops. What it sent stays on its way; its timers are gone.
    Crash,
    /// The node runs again, with what the protocol keeps over a crash.
    Restart,
    /// The node runs again with an empty disk.
    Wiped,
}

impl<P: Protocol> Step<P> {
    /// The step in which that happens at that node, its handler choosing nothing.
    pub fn new(node: NodeId, act: Act<P>) -> Step<P> {
        Step { node, act, choices: Vec::new() }
    }
}

impl<P: Protocol> Act<P> {
    /// What it is to the node; nothing where only its mail changes.
    pub(crate) fn occurrence(&self) -> Option<Occurrence<P>> {
        Some(match self.clone() {
            Act::Drop { .. } | Act::Duplicate { .. } => return None,
            Act::Deliver { from, message } => Occurrence::Message { from, message },
            Act::Timeout(timer) => Occurrence::Timeout(timer),
            Act::Input { input, .. } => Occurrence::Input(input),
            Act::Tick => Occurrence::Tick,
            Act::Crash => Occurrence::Crash,
            Act::Restart => Occurrence::Restart,
            Act::Wiped => Occurrence::Wiped,
        })
    }

    /// Whether it calls a handler.
    pub(crate) fn is_handled(&self) -> bool {
        match self {
            Act::Deliver { .. } | Act::Timeout(_) | Act::Input { .. } => true,
            Act::Restart | Act::Wiped => true,
            Act::Drop { .. } | Act::Duplicate { .. } | Act::Tick | Act::Crash => false,
        }
    }
}

/// `n1: deliver RequestVote { term: 2 } from n0`.
impl<P: Protocol> fmt::Display for Step<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.node, self.act)?;
        if !self.choices.is_empty() {
            write!(f, " (choosing {:?})", self.choices)?;
        }
        Ok(())
    }
}

impl<P: Protocol> fmt::Display for Act<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Act::Deliver { from, message } => write!(f, "deliver {message:?} from {from}"),
            Act::Drop { from, message } => write!(f, "drop {message:?} from {from}"),
            Act::Duplicate { from, message } => write!(f, "duplicate {message:?} from {from}"),
            Act::Timeout(timer) => write!(f, "timeout {timer:?}"),
            Act::Input { client, input } => write!(f, "input {input:?} of {client}"),
            Act::Tick => write!(f, "tick"),
            Act::Crash => write!(f, "crash"),
            Act::Restart => write!(f, "restart"),
            Act::Wiped => write!(f, "restart with a wiped disk"),
        }
    }
}
