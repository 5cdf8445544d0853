//! What the master and the servers remember, and what they say to each other.

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

use crate::parts::counted::Request;
use crate::parts::detector::Suspect;
use crate::parts::in_order::{InOrder, Sequence};
use crate::parts::layout::{Epoch, Layout, Life};

/// What one node remembers; its role decides.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// n0, which says who is in the chain.
    Master(Master),
    /// All others.
    Server(Server),
}

/// The master. The paper has it replicated, so it never crashes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Master {
    /// The layout now.
    pub layout: Layout,
    /// For each server, which of its lives was taken in last. What an earlier one, or this one once
    /// more, has to say is late.
    pub admitted: Vec<Life>,
}

/// A server, in the chain or outside.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Server {
    /// Which of its lives this is.
    pub life: Life,
    /// How it stands to the chain.
    pub standing: Standing,
    /// The newest layout it acts by.
    pub layout: Layout,
    /// The updates it has, in their order: the paper's `Hist`.
    pub history: InOrder<Request>,
    /// Up to here its updates are clean: it knows that the tail has them. Those after it are
    /// dirty, in CRAQ's words; they are the paper's `Sent`.
    pub clean: Sequence,
}

/// How a server stands to the chain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Standing {
    /// It is not in the chain.
    Outside,
    /// It has what the last member has, and waits for the master to say that it is the tail.
    Joining,
    /// It is in the chain.
    Member,
}

impl Server {
    /// Whether everything it has is clean.
    pub fn is_clean(&self) -> bool {
        self.clean == self.history.last()
    }

    /// Whether it is a member, and the head.
    pub fn is_head(&self, me: NodeId) -> bool {
        self.standing == Standing::Member && self.layout.head() == Some(me)
    }

    /// Whether it is a member, and the tail.
    pub fn is_tail(&self, me: NodeId) -> bool {
        self.standing == Standing::Member && self.layout.tail() == Some(me)
    }
}

/// What nodes say to each other. What servers say to each other names the layout they act by, so
/// that whoever has not heard of it yet hears of it now.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Message {
    /// Server to master: I am here, in this life, and not in the chain.
    Join(Life),
    /// Server to master: I have what the last member has in that layout.
    CaughtUp(Epoch),
    /// Master to server: this is the layout now.
    Layout(Layout),
    /// Down the chain: an update.
    Forward {
        /// The layout it is sent under.
        layout: Layout,
        /// The update's number.
        sequence: Sequence,
        /// The update.
        update: Request,
    },
    /// Down the chain, in a new layout: what the successor may lack.
    Resend {
        /// The layout it is sent under.
        layout: Layout,
        /// The number before the first update; 0 if these are all there are.
        after: Sequence,
        /// The updates.
        updates: Vec<Request>,
    },
    /// Up the chain: the tail has everything up to that number.
    Acknowledge {
        /// The layout it is sent under.
        layout: Layout,
        /// The number.
        clean: Sequence,
    },
    /// CRAQ, to the tail: how far are you? For a query at a server with dirty updates.
    AskVersion {
        /// The layout it is sent under.
        layout: Layout,
        /// The query.
        query: Request,
    },
    /// CRAQ, from the tail: so far.
    Version {
        /// The query.
        query: Request,
        /// The number of the update that the tail has last.
        version: Sequence,
    },
}

impl Message {
    /// The layout it names.
    pub(super) fn layout(&self) -> Option<&Layout> {
        match self {
            Message::Layout(layout)
            | Message::Forward { layout, .. }
            | Message::Resend { layout, .. }
            | Message::Acknowledge { layout, .. }
            | Message::AskVersion { layout, .. } => Some(layout),
            Message::Join(_) | Message::CaughtUp(_) | Message::Version { .. } => None,
        }
    }
}

/// The names of the timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Timer {
    /// A node says again what may be lost.
    Repeat,
}

/// What the outside asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// A client: change the object.
    Update(Request),
    /// A client: how does the object stand?
    Query(Request),
    /// The failure detector, to the master: that server is down.
    Report(Suspect),
}

/// What nodes tell the outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// A server acts by a new layout, as a member.
    Adopted {
        /// Whether it was outside: all there is was down and is back.
        resumes: bool,
    },
    /// An update is answered.
    Updated {
        /// The update.
        request: Request,
        /// The object after it.
        total: u32,
    },
    /// A query is answered.
    Queried {
        /// The query.
        request: Request,
        /// The object.
        total: u32,
    },
}
