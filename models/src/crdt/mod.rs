//! Replicated data types that converge by merging.
//!
//! Every replica has a copy of one value, and clients update whichever copy is near. Nobody is
//! asked first, so a replica that is cut off goes on, and no update is ever refused. In exchange,
//! copies differ for a while. From time to time each replica sends a peer what it knows, and the
//! peer *merges* it with what it knows itself. Copies are elements of a semilattice and merging is
//! its join: it does not matter in which order, how often, or on which way something arrives. The
//! types themselves are plain values in [`parts::crdt`](crate::parts::crdt); this is the system
//! around them, and it is the same for all eight.
//!
//! There are two ways to send ([`Exchange`]):
//!
//! - **The whole state** (Shapiro et al. 2011, §2.3.1). Nothing to keep in mind, for large messages.
//! - **Deltas** (Almeida et al. 2018, algorithm 2). An update returns its delta, a small copy that
//!   tells of it alone. A replica keeps the deltas it took in, sends each peer those that it has not
//!   acknowledged, and forgets them when all have. If it cannot know what a peer lacks (it crashed,
//!   and only value and numbering were on its disk), it sends the whole state.
//!
//! and two kinds of replica ([`Memory`]): those that have everything on disk, and those that come
//! back from a crash empty. The latter go on under a *new id*: of its old increments others may
//! still hear, and they must not be taken for the new ones.
//!
//! # What is claimed
//!
//! **Explained: each copy says at every moment what its past means.** The past is the set of
//! updates that went into the copy, each with those it had seen when it was made; what that means is
//! the type's own definition (`Past::meaning`), which knows nothing of merging. This is what
//! a user relies on: no increment is lost or counted twice, an element that is added while it is
//! removed elsewhere is in, the later of two writes stands, where "later" respects causes. It is
//! stronger than agreement: replicas that all agree on a wrong number break it.
//!
//! **Remembering: a replica with a disk has every update that it had before**, whatever it hears and
//! however often it crashes. Value and past alone could be lost together, and nobody would see.
//!
//! **Strong convergence: replicas with the same past are equal**, in all they know and not only in
//! what they say.
//!
//! **Merging is idempotent, commutative, associative and monotone** on all values that meet.
//!
//! **Still owed: an update that a peer has not seen is still to be sent there**, by whoever made it.
//!
//! **Healing: from every reached world, one fault-free run brings all replicas to the same past**
//! within ten seconds of virtual time. It says nothing of other runs; that gossip reaches everybody
//! in the end rests on fairness, of which it is one example. In storms the same is asked of the
//! healed phase.
//!
//! Past and value go the same ways: each message carries the past of what it carries. The past
//! decides nothing, and only the invariants read it.
//!
//! Not modelled: operation-based types, which need exactly-once causal delivery and are another
//! protocol; membership, since who joins forks a copy; collection of the tombstones of maps and
//! sequences, which needs to know what all have seen, and is here as a mistake only.
//!
//! Sources: M. Shapiro, N. Preguiça, C. Baquero, M. Zawirski, *Conflict-free Replicated Data Types*
//! (SSS 2011), and *A comprehensive study of Convergent and Commutative Replicated Data Types*
//! (INRIA RR-7506, 2011). P. S. Almeida, A. Shoker, C. Baquero, *Delta State Replicated Data Types*,
//! Journal of Parallel and Distributed Computing 111 (2018), arXiv 1603.01529. S. Burckhardt,
//! A. Gotsman, H. Yang, M. Zawirski, *Replicated Data Types: Specification, Verification,
//! Optimality* (POPL 2014).

mod bugs;
mod invariants;
mod mistakes;
mod model;
mod scenarios;
mod state;

use std::fmt;

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Outbox, Protocol, Units};

use crate::parts::crdt::{Change, Due, Kind};
use crate::parts::dots::ReplicaId;

pub use bugs::Bug;
pub use model::CrdtModel;
pub use state::{Copy, State};

/// The code of one replica.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Replication {
    /// The type of the value.
    pub kind: Kind,
    /// What replicas send.
    pub exchange: Exchange,
    /// What replicas remember.
    pub memory: Memory,
    /// The deliberate mistake, if any.
    pub bug: Option<Bug>,
}

/// What replicas send to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exchange {
    /// All they know, every time.
    States,
    /// What the other has not acknowledged.
    Deltas,
}

/// What a replica remembers after a crash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Memory {
    /// Its copy.
    Disk,
    /// How often it crashed, and nothing else.
    Nothing,
}

/// What replicas say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// All that the sender knows.
    State(Copy),
    /// All that the receiver has not acknowledged, up to a number.
    Delta(Copy, u32),
    /// All up to that number was taken in.
    Acknowledge(u32),
}

/// What is carried is told by what it says, and the updates that it comes from.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::State(copy) => write!(f, "State({} of {:?})", copy.value.value(), copy.past),
            Message::Delta(copy, upto) => {
                write!(f, "Delta({} of {:?}, up to {upto})", copy.value.value(), copy.past)
            }
            Message::Acknowledge(upto) => write!(f, "Acknowledge({upto})"),
        }
    }
}

/// The only timer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// It is time to tell some peer.
    Gossip,
}

/// What a replica tells the outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// It learned something from that peer.
    Learned(NodeId),
}

impl Protocol for Replication {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Input = Change;
    type Event = Event;

    fn start(&self, out: &mut Outbox<Self>) -> State {
        set_gossip(out);
        State::fresh(self.kind, out.me(), 0)
    }

    fn accepts(&self, _: NodeId, state: &State, change: &Change) -> bool {
        state.copy.value.admits(*change)
    }

    fn on_input(&self, state: &mut State, change: Change, out: &mut Outbox<Self>) {
        let delta = self.update(&mut state.copy.value, change, out);
        let dot = state.copy.past.record(ReplicaId::in_life(out.me(), state.life), change);
        if self.exchange == Exchange::Deltas {
            state.deltas.push(Copy { value: delta, past: state.copy.past.only(dot) });
        }
    }

    fn on_timeout(&self, state: &mut State, Timer::Gossip: Timer, out: &mut Outbox<Self>) {
        set_gossip(out);
        let peers: Vec<NodeId> = out.peers().collect();
        let to = out.pick(&peers);
        match self.exchange {
            Exchange::States => {
                out.send(to, Message::State(state.copy.clone()));
                if self.has(Bug::EarlyCollection) {
                    self.collect(&mut state.copy.value, out);
                }
            }
            Exchange::Deltas => {
                let end = state.deltas.end();
                let message = match state.deltas.due(to) {
                    Due::Nothing => return,
                    Due::Deltas(missing) => Copy::joined(out.me().into(), missing),
                    Due::Everything => state.copy.clone(),
                };
                out.send(to, Message::Delta(message, end));
                if self.has(Bug::DeltaNoAck) {
                    out.mark(Bug::DeltaNoAck.name());
                    state.deltas.acknowledge(to, end, &peers);
                }
            }
        }
    }

    fn on_message(
        &self,
        state: &mut State,
        from: NodeId,
        message: Message,
        out: &mut Outbox<Self>,
    ) {
        match message {
            Message::State(theirs) => drop(self.learn(state, from, &theirs, out)),
            Message::Delta(theirs, upto) => {
                if self.learn(state, from, &theirs, out) {
                    if self.has(Bug::DeltaResetOnMerge) {
                        self.forget_deltas(state, out);
                    }
                    state.deltas.push(theirs);
                }
                out.send(from, Message::Acknowledge(upto));
            }
            Message::Acknowledge(upto) => {
                let peers: Vec<NodeId> = out.peers().collect();
                state.deltas.acknowledge(from, upto, &peers);
            }
        }
    }

    /// What is known already is no news, and never will be where nothing is forgotten. A mistake may
    /// make news of it.
    fn ignores(&self, _: NodeId, state: &State, _: NodeId, message: &Message) -> bool {
        match message {
            Message::State(theirs) => {
                self.bug.is_none()
                    && self.memory == Memory::Disk
                    && state.copy.value.knows_as_much_as(&theirs.value)
                    && state.copy.past.includes(&theirs.past)
            }
            // It is acknowledged, known or not.
            Message::Delta(..) => false,
            // A crash may make news of it.
            Message::Acknowledge(_) => false,
        }
    }

    fn restart(&self, crashed: &State, out: &mut Outbox<Self>) -> State {
        set_gossip(out);
        match self.memory {
            Memory::Disk => State { deltas: crashed.deltas.after_crash(), ..crashed.clone() },
            Memory::Nothing => {
                let mut state = State::fresh(self.kind, out.me(), crashed.life + 1);
                if self.has(Bug::IdReuse) {
                    out.mark(Bug::IdReuse.name());
                    state.copy.value = state.copy.value.fork(out.me().into());
                }
                state
            }
        }
    }
}

impl Replication {
    /// Takes in what a peer knows; whether that was news.
    fn learn(
        &self,
        state: &mut State,
        from: NodeId,
        theirs: &Copy,
        out: &mut Outbox<Self>,
    ) -> bool {
        let before = state.copy.value.clone();
        if self.has(Bug::CopyReplaced) && !theirs.past.includes(&state.copy.past) {
            out.mark(Bug::CopyReplaced.name());
            state.copy = theirs.clone();
            state.copy.value = theirs.value.fork(ReplicaId::in_life(out.me(), state.life));
        } else {
            self.merge(&mut state.copy.value, &theirs.value, out);
            state.copy.past.merge(&theirs.past);
        }
        let news = state.copy.value != before;
        if news {
            out.emit(Event::Learned(from));
        }
        news
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}

/// Lets the next gossip be some time from now.
fn set_gossip(out: &mut Outbox<Replication>) {
    out.set_timer(Timer::Gossip, 100.ms()..200.ms());
}
