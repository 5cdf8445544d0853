//! What proposers and acceptors remember, say to each other and tell the outside.

use std::fmt;

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

use crate::parts::ballot::Ballot;

/// What is proposed and chosen: an opaque name for a value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Value(pub u8);

impl Value {
    /// What a proposer has that nobody asked for anything. It is no proposal.
    pub const NOTHING: Value = Value(0);
}

/// `v1`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Value::NOTHING => write!(f, "nothing"),
            Value(number) => write!(f, "v{number}"),
        }
    }
}

/// As it is written, because values are everywhere in states and messages.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A proposal that an acceptor has accepted: a number and a value (§2.2). Of two, that with the
/// higher ballot is the greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    /// Its number.
    pub ballot: Ballot,
    /// Its value.
    pub value: Value,
}

/// What a node remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// It votes.
    Acceptor(Acceptor),
    /// It proposes, and learns what becomes of it.
    Proposer(Proposer),
}

/// What an acceptor remembers, in stable storage (§2.5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Acceptor {
    /// The highest ballot it was asked about: it takes part in none below.
    pub promised: Ballot,
    /// The proposal that it accepted last.
    pub accepted: Option<Vote>,
}

/// What a proposer remembers. Only its ballot is in stable storage (§2.5).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Proposer {
    /// The highest ballot it has begun.
    pub ballot: Ballot,
    /// The value it was asked to propose, until it learns what was chosen.
    pub own: Value,
    /// How far its ballot is.
    pub phase: Phase,
}

/// How far a ballot is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Phase {
    /// Nobody asks for anything.
    #[default]
    Idle,
    /// Phase 1: it waits for promises.
    Preparing {
        /// Who has promised, in order.
        promised: Vec<NodeId>,
        /// The highest proposal that any of them had accepted.
        highest: Option<Vote>,
    },
    /// Phase 2: it waits for its proposal to be accepted.
    Proposing {
        /// What it proposes.
        value: Value,
        /// Who has accepted, in order.
        accepted: Vec<NodeId>,
    },
    /// An acceptor has promised a higher ballot to somebody else; it tries again a little later.
    Refused {
        /// That ballot.
        by: Ballot,
    },
    /// A quorum has accepted its proposal, so this value is chosen.
    Learned(Value),
}

/// What proposers ask and acceptors answer. Each answer names the ballot of its question.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Message {
    /// Phase 1a: promise to take part in no ballot below this one, and say what you have accepted.
    Prepare {
        /// The proposer's ballot.
        ballot: Ballot,
    },
    /// Phase 1b: promised; and this is what was accepted so far.
    Promise {
        /// The ballot asked about.
        ballot: Ballot,
        /// What the acceptor had accepted.
        accepted: Option<Vote>,
    },
    /// Phase 2a: accept this proposal.
    Accept {
        /// Its number.
        ballot: Ballot,
        /// Its value.
        value: Value,
    },
    /// Phase 2b: accepted.
    Accepted {
        /// The number of the proposal.
        ballot: Ballot,
    },
    /// No: a higher ballot was promised to somebody else.
    Nack {
        /// The ballot asked about.
        ballot: Ballot,
        /// The higher one.
        promised: Ballot,
    },
}

/// The names of timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timer {
    /// A proposer waits no longer for its ballot.
    Retry,
}

/// A client asks for this value to be chosen, and will take whichever is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Propose(pub Value);

/// What nodes tell the outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// A proposer issues a proposal (§2.2).
    Proposed {
        /// The proposal.
        proposal: Vote,
        /// Whether its value is one that an acceptor had reported, and not the proposer's own.
        adopted: bool,
    },
    /// An acceptor accepts a proposal.
    Accepted(Vote),
    /// A proposer that was refused tries again, above the ballot that it lost to.
    TriedHigher {
        /// The ballot that it lost to.
        above: Ballot,
    },
    /// A proposer learns that a value is chosen.
    Learned(Value),
}
