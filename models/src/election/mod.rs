//! Leader election: three algorithms behind one interface.
//!
//! Nodes that are to act as one must agree on who decides. An election is *called* when no leader is
//! known or the one there was is gone, it makes one node the leader and lets the others know. All
//! three algorithms do that, under very different assumptions:
//!
//! | algorithm | nodes know | network | what goes wrong is noticed by | survives |
//! |---|---|---|---|---|
//! | [`bully`] | all names | any to any, FIFO, bounded delay | silence | crashes and restarts |
//! | [`ring`] | all names | to the next that is up | a perfect detector | crashes and restarts |
//! | [`randomized`] | how many they are | to the next, FIFO | nobody | nothing |
//!
//! Each is a file that can be read by itself, with its paper beside it. What they share is here: the
//! protocol that hands everything on to the algorithm chosen, and what can be said of a node
//! whichever it is, its [`Standing`]. Each scenario belongs to one algorithm.
//!
//! # What is claimed
//!
//! **Safety: at no moment do two live nodes lead in the same epoch.** An [`Epoch`] is the number of
//! an election. Ring and randomized ring carry it in their messages. The bully numbers nothing: it
//! stops everyone before it leads, so that all its elections together are one epoch, and the claim
//! is that two live nodes never lead at all. The claim is about live nodes and about moments, not
//! about all time. No election without a majority can promise more: a node that was down the whole
//! time and comes back when all others are gone leads in epochs that others led in before it.
//!
//! **Rest: where nothing is on its way, those who know a live leader know the same one; and where no
//! timer runs and no report of the detector is due either, everyone knows one.** That is half of
//! "in the end there is a leader". It catches every system that has *stopped* without one: a node
//! that waits for somebody who is dead, a message lost in a broken ring. What it cannot catch is a
//! system that never stops: a timer that starts election after election, a message that goes round
//! for ever, coins that fall alike for ever. A message that goes round for ever is caught by a claim
//! of its own (on the ring an election message passes no node twice). That the bully's timers find
//! a leader in the end follows only if crashes cease and delays keep their bound, and that coins
//! differ in the end has probability one and is not certain; both need fairness, which is not
//! checked. In their place each storm ends with a phase without faults in which an election must be
//! won.
//!
//! Not modelled: what leaders are for, because it changes no election; nodes that lie; a cluster
//! that grows or shrinks; elections by majority, which are Raft's and ZAB's.
//!
//! Sources: H. Garcia-Molina, *Elections in a Distributed Computing System*, IEEE Transactions on
//! Computers C-31(1), 1982. E. Chang, R. Roberts, *An Improved Algorithm for Decentralized
//! Extrema-Finding in Circular Configurations of Processes*, CACM 22(5), 1979. A. Itai, M. Rodeh,
//! *Symmetry Breaking in Distributed Networks*, Information and Computation 88(1), 1990.
//! W. Fokkink, J. Pang, *Variations on Itai-Rodeh Leader Election for Anonymous Rings and their
//! Analysis in PRISM*, Journal of Universal Computer Science 12(8), 2006. T. Chandra, S. Toueg,
//! *Unreliable Failure Detectors for Reliable Distributed Systems*, JACM 43(2), 1996.

mod bugs;
pub mod bully;
mod invariants;
mod model;
pub mod randomized;
pub mod ring;
mod scenarios;

use std::fmt;

use serde::{Deserialize, Serialize};
use splitbrain::{Node, NodeId, Outbox, Protocol};

use crate::parts::detector::Suspect;

pub use bugs::Bug;
pub use model::ElectionModel;

/// The code of one node of an election.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Election {
    /// How a leader is elected.
    pub algorithm: Algorithm,
    /// The deliberate mistake, if any.
    pub bug: Option<Bug>,
}

/// How a leader is elected.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// The highest node that answers in time takes over: Garcia-Molina 1982.
    Bully,
    /// The highest name that comes round the ring wins: Chang & Roberts 1979.
    Ring,
    /// Nodes without names draw lots: Itai & Rodeh 1990.
    Randomized {
        /// How many ids there are to draw from.
        ids: u8,
    },
}

/// The number of an election, from 1; 0 is before the first.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Epoch(pub u32);

impl Epoch {
    /// The one after it.
    pub fn next(self) -> Epoch {
        Epoch(self.0 + 1)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What one node remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// Of the bully algorithm.
    Bully(bully::Member),
    /// Of the ring.
    Ring(ring::Member),
    /// Of the randomized ring.
    Randomized(randomized::Member),
}

/// What nodes say to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message {
    /// In the bully algorithm.
    Bully(bully::Message),
    /// On the ring.
    Ring(ring::Message),
    /// On the randomized ring.
    Randomized(randomized::Message),
}

/// As the algorithm writes it: every story is of one algorithm, and says which.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Bully(said) => said.fmt(f),
            Message::Ring(said) => said.fmt(f),
            Message::Randomized(said) => said.fmt(f),
        }
    }
}

/// What the outside asks of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// Call an election.
    Elect,
    /// The failure detector reports a crash.
    Report(Suspect),
}

/// What a node tells the outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// It leads now.
    Leads(Epoch),
    /// It passed an election message of that candidate on along the ring.
    Passes {
        /// The election.
        epoch: Epoch,
        /// Who would lead if the message came home.
        candidate: NodeId,
    },
    /// Ids met that were drawn alike, and it draws another in that round.
    DrawsAgain(u8),
}

/// How a node stands to the leadership: what all algorithms have in common.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Standing {
    /// It knows no leader, and has heard of no election.
    Outside,
    /// It knows no leader yet.
    Open,
    /// It leads.
    Leads(Epoch),
    /// It knows that another leads: this one, where nodes have names.
    Follows(Epoch, Option<NodeId>),
}

impl State {
    /// How node `me` stands to the leadership.
    pub fn standing(&self, me: NodeId) -> Standing {
        match self {
            State::Bully(member) => member.standing(me),
            State::Ring(member) => member.standing(me),
            State::Randomized(member) => member.standing(),
        }
    }
}

impl Protocol for Election {
    type State = State;
    type Message = Message;
    type Timer = bully::Timer;
    type Input = Input;
    type Event = Event;

    fn start(&self, out: &mut Outbox<Self>) -> State {
        match self.algorithm {
            Algorithm::Bully => State::Bully(bully::Member::start(out)),
            Algorithm::Ring => State::Ring(ring::Member::default()),
            Algorithm::Randomized { .. } => State::Randomized(randomized::Member::default()),
        }
    }

    fn on_message(
        &self,
        state: &mut State,
        from: NodeId,
        message: Message,
        out: &mut Outbox<Self>,
    ) {
        match (state, message) {
            (State::Bully(member), Message::Bully(said)) => member.hear(self, from, said, out),
            (State::Ring(member), Message::Ring(said)) => member.hear(self, from, said, out),
            (State::Randomized(member), Message::Randomized(said)) => member.hear(self, said, out),
            (state, message) => unreachable!("one algorithm runs: {message:?} at {state:?}"),
        }
    }

    fn on_timeout(&self, state: &mut State, timer: bully::Timer, out: &mut Outbox<Self>) {
        match state {
            State::Bully(member) => member.time_out(self, timer, out),
            State::Ring(_) | State::Randomized(_) => unreachable!("rings set no {timer:?}"),
        }
    }

    fn accepts(&self, me: NodeId, state: &State, input: &Input) -> bool {
        match (state, input) {
            (State::Bully(member), Input::Elect) => member.is_normal(),
            // Only the leader's crash matters to the others; who else is up shows when it is asked.
            (State::Bully(member), Input::Report(Suspect(node))) => member.obeys(*node),
            (State::Ring(member), Input::Elect) => !member.participant,
            (State::Ring(member), Input::Report(Suspect(node))) => {
                me != *node && !member.suspects.contains(*node)
            }
            (State::Randomized(member), Input::Elect) => member.is_at_rest(),
            // Nodes without names can be told of no crash.
            (State::Randomized(_), Input::Report(_)) => false,
        }
    }

    fn on_input(&self, state: &mut State, input: Input, out: &mut Outbox<Self>) {
        match (state, input) {
            (State::Bully(member), Input::Elect | Input::Report(_)) => member.elect(self, out),
            (State::Ring(member), Input::Elect) => member.elect(member.epoch.next(), out),
            (State::Ring(member), Input::Report(report)) => member.learn(report, out),
            (State::Randomized(member), Input::Elect) => member.elect(self, out),
            (State::Randomized(_), Input::Report(_)) => unreachable!("it is not accepted"),
        }
    }

    fn restart(&self, crashed: &State, out: &mut Outbox<Self>) -> State {
        match crashed {
            State::Bully(_) => State::Bully(bully::Member::restart(self, out)),
            State::Ring(member) => State::Ring(member.restart(out)),
            State::Randomized(_) => unreachable!("no scenario lets a node without a name crash"),
        }
    }
}

impl Election {
    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}

/// How a live node stands to the leadership.
fn live_standing(at: usize, node: &Node<Election>) -> Option<(NodeId, Standing)> {
    let me = NodeId::at(at);
    node.up.then(|| (me, node.state.standing(me)))
}
