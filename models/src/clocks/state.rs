//! What processes remember, and what they say to each other.

use std::fmt;

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

use super::broadcast::Member;
use crate::parts::clocks::{
    HybridLogicalClock, HybridStamp, LamportClock, LamportStamp, VectorClock,
};
use crate::parts::version_vector::{Causality, VersionVector};

/// The name of an event: the process and how many events it had with it, from 1. No clock reads it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventId {
    /// Where it happened.
    pub node: NodeId,
    /// Which event of that process it is, from 1.
    pub number: u32,
}

/// `n0#2`: the second event of n0.
impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.node, self.number)
    }
}

/// As it is written, because events are named everywhere.
impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What one node remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// A process that stamps its events.
    Process(Process),
    /// A member of a causal broadcast.
    Member(Member),
}

/// A process that stamps its events.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Process {
    /// How many events it had.
    pub events: u32,
    /// Its clock.
    pub clock: Clock,
}

/// A clock of one of the kinds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Clock {
    /// Lamport's.
    Lamport(LamportClock),
    /// A vector.
    Vector(VectorClock),
    /// A hybrid of logical and physical time.
    Hybrid(HybridLogicalClock),
}

/// The time of an event.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stamp {
    /// By Lamport's clock.
    Lamport(LamportStamp),
    /// By a vector.
    Vector(VersionVector),
    /// By a hybrid clock.
    Hybrid(HybridStamp),
}

impl Stamp {
    /// Whether its time is earlier than that of the other. Vectors may be neither earlier nor later,
    /// and Lamport times may be equal: whose they are decides their order, and says nothing of
    /// causes.
    pub fn is_before(&self, other: &Stamp) -> bool {
        match (self, other) {
            (Stamp::Lamport(one), Stamp::Lamport(other)) => one.time < other.time,
            (Stamp::Vector(one), Stamp::Vector(other)) => one.happened_before(other),
            (Stamp::Hybrid(one), Stamp::Hybrid(other)) => one < other,
            (one, other) => unreachable!("one kind of clock runs: {one:?} and {other:?}"),
        }
    }
}

/// As the clock writes it: every story is of one kind of clock, and says which.
impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stamp::Lamport(stamp) => stamp.fmt(f),
            Stamp::Vector(stamp) => stamp.fmt(f),
            Stamp::Hybrid(stamp) => stamp.fmt(f),
        }
    }
}

/// What nodes say to each other. What is said makes no difference to clocks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Message {
    /// Process to process: something, with the time of its sending.
    Stamped {
        /// The event that sent it.
        event: EventId,
        /// Its time.
        stamp: Stamp,
    },
    /// Member to all others: a broadcast.
    Broadcast {
        /// Which of its sender's it is, from 1. Nobody reads it but the monitor.
        number: u32,
        /// How many broadcasts of each member its sender had sent or been delivered, this one
        /// included.
        stamp: VersionVector,
    },
}

/// What the outside asks of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// Let something happen that no other process hears of.
    Work,
    /// Send a message to that process.
    Send(NodeId),
    /// Send a broadcast.
    Broadcast,
}

/// What nodes tell the outside.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// An event happened.
    Happens {
        /// Which.
        event: EventId,
        /// The event that sent the message it received, if it received one.
        received: Option<EventId>,
        /// Its time.
        stamp: Stamp,
    },
    /// A hybrid clock gave an event its time.
    Dates {
        /// Which.
        event: EventId,
        /// Its time.
        time: HybridStamp,
        /// What the physical clock of the process showed then.
        physical: u64,
    },
    /// A process judged by their times how the sending of a message is related to its own last
    /// event.
    Judges {
        /// The event that sent the message.
        sent: EventId,
        /// Its own last event.
        own: EventId,
        /// How `sent` is related to `own`.
        found: Causality,
    },
    /// A clock refused a message from the future.
    Refuses(EventId),
    /// A member sent its next broadcast.
    Broadcasts(EventId),
    /// A broadcast came before its cause, and waits.
    Holds(EventId),
    /// A broadcast was delivered.
    Delivers(EventId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_earlier_by_the_order_of_their_kind() {
        let lamport = |time, node| Stamp::Lamport(LamportStamp { time, node: NodeId(node) });
        let vector = |one, other| {
            Stamp::Vector([(NodeId(0), one), (NodeId(1), other)].into_iter().collect())
        };
        let hybrid = |physical, counter| Stamp::Hybrid(HybridStamp { physical, counter });
        let table = [
            ("a smaller number", lamport(1, 2), lamport(2, 0), true),
            ("the same number of an earlier process", lamport(2, 0), lamport(2, 2), false),
            ("a smaller vector", vector(1, 0), vector(1, 1), true),
            ("a concurrent vector", vector(2, 0), vector(1, 1), false),
            ("an earlier physical time", hybrid(1, 9), hybrid(2, 0), true),
            ("an earlier event of one physical time", hybrid(2, 0), hybrid(2, 1), true),
        ];
        for (sentence, one, other, is_before) in table {
            assert_eq!(one.is_before(&other), is_before, "{sentence}");
            assert!(!other.is_before(&one), "{sentence}, the other way round");
            assert!(!one.is_before(&one), "{sentence}, with itself");
        }
    }
}
