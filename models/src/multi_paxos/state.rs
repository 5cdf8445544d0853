//! What a replica remembers, what replicas say to each other, and what the outside hears.

use std::fmt;

use serde::{Deserialize, Serialize};
use splitbrain::{ClientId, NodeId};

use crate::parts::ballot::Ballot;
use crate::parts::machine::{Applied, Request, Serial, StateMachine};

/// A slot: the place of one command in the order of all. Each is decided by an instance of Paxos of
/// its own. Slots count from 1; 0 is before the first.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Slot(pub u32);

impl Slot {
    /// The slot behind this one.
    pub fn next(self) -> Slot {
        Slot(self.0 + 1)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Something for each of some slots, in the order of slots. There may be holes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slots<T>(Vec<(Slot, T)>);

impl<T> Slots<T> {
    /// Nothing for any slot.
    pub fn new() -> Slots<T> {
        Slots(Vec::new())
    }

    /// What there is for that slot.
    pub fn get(&self, slot: Slot) -> Option<&T> {
        self.place(slot).ok().map(|at| &self.0[at].1)
    }

    /// What there is for that slot, to be changed.
    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        self.place(slot).ok().map(|at| &mut self.0[at].1)
    }

    /// Whether there is something for that slot.
    pub fn has(&self, slot: Slot) -> bool {
        self.place(slot).is_ok()
    }

    /// Sets what there is for that slot.
    pub fn set(&mut self, slot: Slot, value: T) {
        match self.place(slot) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (slot, value)),
        }
    }

    /// Takes out what there is for that slot.
    pub fn take(&mut self, slot: Slot) -> Option<T> {
        self.place(slot).ok().map(|at| self.0.remove(at).1)
    }

    /// The last slot there is something for; 0 if there is none.
    pub fn last(&self) -> Slot {
        self.0.last().map_or(Slot(0), |(slot, _)| *slot)
    }

    /// The slots and what there is for them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &T)> {
        self.0.iter().map(|(slot, value)| (*slot, value))
    }

    /// What there is from that slot on.
    pub fn from(&self, first: Slot) -> Slots<T>
    where
        T: Clone,
    {
        Slots(self.behind(first).to_vec())
    }

    /// What there is from that slot on, as a slice.
    fn behind(&self, first: Slot) -> &[(Slot, T)] {
        &self.0[self.0.partition_point(|(slot, _)| *slot < first)..]
    }

    fn place(&self, slot: Slot) -> Result<usize, usize> {
        self.0.binary_search_by_key(&slot, |(taken, _)| *taken)
    }
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Slots::new()
    }
}

impl<T> IntoIterator for Slots<T> {
    type Item = (Slot, T);
    type IntoIter = std::vec::IntoIter<(Slot, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// What is chosen in a slot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Value<C> {
    /// A command that leaves the state machine as it is (*Paxos Made Simple*, §3).
    NoOp,
    /// What a client asked.
    Command(Request<C>),
}

/// A value under a ballot, which is what acceptors accept. With its slot it is what *Paxos Made
/// Moderately Complex* calls a pvalue.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal<C> {
    /// The ballot.
    pub ballot: Ballot,
    /// The value.
    pub value: Value<C>,
}

/// A value that a leader has proposed, while it is not known to be chosen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Pending<C> {
    /// The value.
    pub value: Value<C>,
    /// The acceptors that are known to have accepted it, in order.
    pub accepted_by: Vec<NodeId>,
}

/// What a replica is, with what it needs for that alone. All of it is volatile. Candidates and
/// leaders act under the ballot that they have promised, which is their own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role<C> {
    /// It answers leaders and candidates.
    Follower,
    /// It does phase 1, for all slots at once.
    Candidate {
        /// The acceptors that have promised, itself included, in order.
        promises: Vec<NodeId>,
        /// What they have accepted: for each slot the proposal of the highest ballot.
        reported: Slots<Proposal<C>>,
    },
    /// It has done phase 1, and does phase 2 for one slot after the other.
    Leader {
        /// What it has proposed and does not know to be chosen.
        pending: Slots<Pending<C>>,
    },
}

/// What one replica remembers: it is acceptor, learner and, at times, leader in one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct State<S: StateMachine> {
    /// The acceptor: it takes part in no ballot below this one. Whose ballot it is, that replica is
    /// the leader as far as this one knows. Durable.
    pub promised: Ballot,
    /// The acceptor: for each slot the last proposal it accepted. Durable.
    pub accepted: Slots<Proposal<S::Operation>>,
    /// The learner: what it knows to be chosen. Durable.
    pub chosen: Slots<Value<S::Operation>>,
    /// The learner: the last slot it has executed; the one before PMMC's `slot_out`. Durable.
    pub executed: Slot,
    /// The state machine, with everything up to there executed. Durable.
    pub applied: Applied<S>,
    /// What it is. Volatile.
    pub role: Role<S::Operation>,
}

impl<S: StateMachine> State<S> {
    /// Whether it leads.
    pub fn leads(&self) -> bool {
        matches!(self.role, Role::Leader { .. })
    }

    /// Whether it has proposed that command in its ballot, and not executed it.
    pub fn proposes(&self, request: &Request<S::Operation>) -> bool {
        let open = self.accepted.behind(self.executed.next());
        open.iter().any(|(_, proposal)| {
            proposal.ballot == self.promised
                && matches!(&proposal.value, Value::Command(command) if command == request)
        })
    }

    /// The leader it knows of, itself not counted. It may be one that has not finished phase 1.
    pub fn knows_leader(&self, me: NodeId) -> Option<NodeId> {
        let proposer = self.promised.proposer;
        (self.promised > Ballot::NONE && proposer != me).then_some(proposer)
    }
}

/// What replicas say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Message<C> {
    /// Phase 1a, for all slots from one on.
    Prepare {
        /// The candidate's ballot.
        ballot: Ballot,
        /// The first slot that the candidate has not executed: of those before it knows all.
        first: Slot,
    },
    /// Phase 1b: the sender takes part in no lower ballot.
    Promise {
        /// The ballot that is promised.
        ballot: Ballot,
        /// What the sender has accepted from the candidate's first slot on.
        accepted: Slots<Proposal<C>>,
    },
    /// Phase 2a: accept this value in this slot.
    Accept {
        /// The leader's ballot.
        ballot: Ballot,
        /// The slot.
        slot: Slot,
        /// The value.
        value: Value<C>,
    },
    /// Phase 2b: the sender has accepted what was proposed for that slot.
    Accepted {
        /// The ballot.
        ballot: Ballot,
        /// The slot.
        slot: Slot,
    },
    /// A nack: the sender has promised a higher ballot than the one it was asked under.
    Preempted {
        /// The higher ballot.
        by: Ballot,
    },
    /// That value is chosen in that slot.
    Chosen {
        /// The slot.
        slot: Slot,
        /// The value.
        value: Value<C>,
    },
    /// The leader is there.
    Heartbeat {
        /// Its ballot.
        ballot: Ballot,
        /// The last slot it has executed.
        executed: Slot,
    },
    /// What is chosen from that slot on?
    Learn {
        /// The first slot that the sender has not executed.
        first: Slot,
    },
    /// What the sender knows to be chosen: the answer to Learn.
    Learned {
        /// By slot.
        values: Slots<Value<C>>,
    },
    /// A client's command, for the leader.
    Forward(Request<C>),
}

impl<C> Message<C> {
    /// The ballot under which it asks an acceptor for something.
    pub fn asks_under(&self) -> Option<Ballot> {
        match self {
            Message::Prepare { ballot, .. }
            | Message::Accept { ballot, .. }
            | Message::Heartbeat { ballot, .. } => Some(*ballot),
            Message::Promise { .. }
            | Message::Accepted { .. }
            | Message::Preempted { .. }
            | Message::Chosen { .. }
            | Message::Learn { .. }
            | Message::Learned { .. }
            | Message::Forward(_) => None,
        }
    }
}

/// The names of a replica's timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timer {
    /// Followers and candidates: no leader was heard of for too long.
    Election,
    /// Leaders: it is time to let the others know, and to send again what may be lost.
    Heartbeat,
}

/// What a replica tells the outside.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event<S: StateMachine> {
    /// It leads from now on, under that ballot.
    Leads {
        /// The ballot.
        ballot: Ballot,
    },
    /// As a new leader it proposes what an acceptor has accepted in an earlier ballot.
    TookOver {
        /// The slot.
        slot: Slot,
    },
    /// It accepted a proposal.
    Accepted {
        /// For that slot.
        slot: Slot,
        /// The proposal.
        proposal: Proposal<S::Operation>,
    },
    /// It learned, when it asked, what it had missed.
    CaughtUp {
        /// The last slot it has executed now.
        executed: Slot,
    },
    /// It executed what is chosen in a slot.
    Executed {
        /// The slot.
        slot: Slot,
        /// The value.
        value: Value<S::Operation>,
    },
    /// It leads, and answers a client.
    Replied {
        /// Who asked.
        client: ClientId,
        /// Which of its commands is answered.
        serial: Serial,
        /// The answer.
        output: S::Output,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_kept_in_order_with_their_holes() {
        let mut slots = Slots::new();
        assert_eq!(slots.last(), Slot(0), "without slots the last is the one before the first");
        for (slot, value) in [(3, 'c'), (1, 'x'), (1, 'a')] {
            slots.set(Slot(slot), value);
        }
        assert_eq!(slots.iter().collect::<Vec<_>>(), [(Slot(1), &'a'), (Slot(3), &'c')]);
        assert_eq!((slots.has(Slot(2)), slots.get(Slot(3))), (false, Some(&'c')), "a hole");
        assert_eq!(slots.from(Slot(2)).into_iter().collect::<Vec<_>>(), [(Slot(3), 'c')]);
        assert_eq!((slots.take(Slot(3)), slots.take(Slot(3))), (Some('c'), None), "taken once");
        assert_eq!(slots.last(), Slot(1));
    }
}
