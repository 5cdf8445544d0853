//! What a member remembers, says, waits for, is asked and tells.

use std::fmt;

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

use crate::parts::membership::{Incarnation, Record, Status};

/// What one node remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct State {
    /// Whether it is a member of the group.
    pub standing: Standing,
    /// Its own incarnation, the one thing that survives a crash.
    pub incarnation: Incarnation,
    /// What it knows of each node of the cluster, in order; nothing of those it never heard of, and
    /// nothing of itself.
    pub members: Vec<Option<Member>>,
    /// How often its own record is still to be told.
    pub tells: u8,
    /// Whom it probes, or probed last.
    pub probe: Probe,
}

/// Whether a node is a member of the group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Standing {
    /// It has not joined, or has left.
    Outside,
    /// It has said that it is a member, and asks for a welcome again and again: who is one?
    Joining,
    /// It was welcomed, and knows who is.
    Inside,
}

/// What a node knows of another member.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Member {
    /// The newest record.
    pub record: Record,
    /// While it is suspected: how many more of this node's own periods it has to refute that.
    pub suspicion: u8,
    /// How often the record is still to be told.
    pub tells: u8,
}

/// A probe of another member.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Probe {
    /// Whom it asks.
    pub target: NodeId,
    /// How far it is.
    pub phase: Phase,
}

/// How far a probe is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Phase {
    /// The target was pinged.
    Direct,
    /// Others were asked to ping it.
    Indirect,
    /// It has answered, one way or another; or nobody was asked yet.
    Over,
}

/// What is told of a member along with other messages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rumor(pub NodeId, pub Record);

impl fmt::Debug for Rumor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.1)
    }
}

/// What nodes say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Message {
    /// What it is for.
    pub purpose: Purpose,
    /// What is told along with it.
    pub rumors: Vec<Rumor>,
}

/// `Ping {asker: n0} [n1 suspect@1]`.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.purpose.fmt(f)?;
        match self.rumors.is_empty() {
            true => Ok(()),
            false => write!(f, " {:?}", self.rumors),
        }
    }
}

/// What a message is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Purpose {
    /// Are you there?
    Ping {
        /// Who wants to know.
        asker: NodeId,
    },
    /// Yes, it is there.
    Ack {
        /// Who is.
        target: NodeId,
        /// Who wanted to know.
        asker: NodeId,
    },
    /// Ask it for me.
    PingRequest {
        /// Whom.
        target: NodeId,
    },
    /// I am a member now: who else is?
    Join,
    /// These are.
    Welcome,
    /// Nothing but what is told along with it.
    Tell,
}

impl fmt::Debug for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Purpose::Ping { asker } => write!(f, "Ping for {asker}"),
            Purpose::Ack { target, asker } => write!(f, "Ack of {target} for {asker}"),
            Purpose::PingRequest { target } => write!(f, "PingRequest {target}"),
            Purpose::Join => f.write_str("Join"),
            Purpose::Welcome => f.write_str("Welcome"),
            Purpose::Tell => f.write_str("Tell"),
        }
    }
}

/// The names of the timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Timer {
    /// The probe has been waited for; go on with it, or with the next.
    Probe,
}

/// What the outside asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// Become a member.
    Join,
    /// Be one no longer.
    Leave,
}

/// What a node tells the outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// It has come to know this of a member, by itself or from others.
    News(NodeId, Record),
    /// It has refuted what was said of it.
    Refutes(Incarnation),
}

impl State {
    /// A member that knows these others, or a node that has not joined and knows none.
    pub(super) fn new(standing: Standing, members: Vec<Option<Member>>, me: NodeId) -> State {
        State {
            standing,
            incarnation: Incarnation(1),
            members,
            tells: 0,
            probe: Probe { target: me, phase: Phase::Over },
        }
    }

    /// Its own record.
    pub fn own(&self) -> Record {
        let alive = Record::alive(self.incarnation);
        match self.standing {
            Standing::Joining | Standing::Inside => alive,
            Standing::Outside => alive.but(Status::Left),
        }
    }

    /// Whether it is a member, welcomed or not.
    pub fn is_member(&self) -> bool {
        self.standing != Standing::Outside
    }

    /// What it knows of another.
    pub fn knows(&self, other: NodeId) -> Option<Record> {
        self.members[other.index()].map(|member| member.record)
    }

    /// The others of whom that is true, in order.
    pub(super) fn others(&self, is_one: impl Fn(Record) -> bool) -> Vec<NodeId> {
        let members = (0..).map(NodeId).zip(&self.members);
        let known = members.filter_map(|(node, member)| Some((node, member.as_ref()?)));
        known.filter(|(_, member)| is_one(member.record)).map(|(node, _)| node).collect()
    }
}
