//! Causal broadcast: what everybody hears, in an order in which no effect comes before its cause.
//!
//! Birman, Schiper & Stephenson, *Lightweight Causal and Atomic Group Multicast*, ACM Transactions
//! on Computer Systems 9(3), 1991, §5.1 (CBCAST). Each member counts the broadcasts of each member
//! that it has sent or been delivered. A broadcast carries these counts, itself included. Whoever
//! receives it *delivers* it if it is the next of its sender, and if everything else that the
//! sender had been delivered was delivered here, too. If not, it holds it until that is so.
//! Messages may overtake each other, and come twice.
//!
//! Not modelled: members that fail and the changes of the group that follow (§5.2 of the paper),
//! because who is left must then agree on what to deliver; lost messages, because links are
//! reliable in the paper: where one is missing, all that depends on it waits.

use splitbrain::{NodeId, Outbox};

use super::{Bug, Clocks, Event, EventId, Message};
use crate::parts::version_vector::VersionVector;

/// A member of the group.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Member {
    /// How many broadcasts of each member were sent or delivered here.
    pub delivered: VersionVector,
    /// Those that came before their causes, in order.
    pub held: Vec<Held>,
}

/// A broadcast that arrived.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Held {
    /// Who sent it.
    pub from: NodeId,
    /// Which of its sender's it is.
    pub number: u32,
    /// How many of each its sender had, this one included.
    pub stamp: VersionVector,
}

type Out = Outbox<Clocks>;

impl Member {
    /// Sends a broadcast. To its sender it is delivered at once.
    pub(super) fn broadcast(&mut self, out: &mut Out) {
        let number = self.delivered.increment(out.me());
        out.emit(Event::Broadcasts(EventId { node: out.me(), number }));
        out.broadcast(Message::Broadcast { number, stamp: self.delivered.clone() });
    }

    /// Delivers a broadcast that arrived, and what has waited for it; or holds it.
    pub(super) fn hear(&mut self, protocol: &Clocks, arrived: Held, out: &mut Out) {
        if self.has_had(&arrived) && !protocol.has(Bug::DeliversAgain) {
            return;
        }
        if !self.may_deliver(protocol, &arrived, out) {
            if let Err(at) = self.held.binary_search(&arrived) {
                out.emit(Event::Holds(arrived.event()));
                self.held.insert(at, arrived);
            }
            return;
        }
        self.deliver(&arrived, out);
        while let Some(at) = self.held.iter().position(|held| self.is_due(held)) {
            if protocol.has(Bug::NoRecheck) {
                return out.mark(Bug::NoRecheck.name());
            }
            let next = self.held.remove(at);
            self.deliver(&next, out);
        }
    }

    fn deliver(&mut self, broadcast: &Held, out: &mut Out) {
        self.delivered.raise(broadcast.from, broadcast.stamp.get(broadcast.from));
        out.emit(Event::Delivers(broadcast.event()));
    }

    /// Whether it was delivered before.
    fn has_had(&self, broadcast: &Held) -> bool {
        broadcast.stamp.get(broadcast.from) <= self.delivered.get(broadcast.from)
    }

    /// Whether it is the next of its sender, and everything that the sender had been delivered was
    /// delivered here.
    fn is_due(&self, broadcast: &Held) -> bool {
        let follows = |(node, sent): (NodeId, u32)| match node == broadcast.from {
            true => sent == self.delivered.get(node) + 1,
            false => sent <= self.delivered.get(node),
        };
        broadcast.stamp.iter().all(follows)
    }

    /// Whether it may be delivered, or so the member thinks.
    fn may_deliver(&self, protocol: &Clocks, broadcast: &Held, out: &mut Out) -> bool {
        if self.is_due(broadcast) {
            return true;
        }
        let mut stamp = broadcast.stamp.iter();
        let had = |(node, sent)| node == broadcast.from || sent <= self.delivered.get(node);
        let is_next_of_sender =
            broadcast.stamp.get(broadcast.from) == self.delivered.get(broadcast.from) + 1;
        let wrongly = match protocol.bug {
            Some(Bug::VectorGap) => stamp.all(had) && !self.has_had(broadcast),
            Some(Bug::FifoOnly) => is_next_of_sender,
            Some(Bug::DeliversAgain) => self.has_had(broadcast),
            _ => false,
        };
        if let Some(bug) = protocol.bug.filter(|_| wrongly) {
            out.mark(bug.name());
        }
        wrongly
    }
}

impl Held {
    /// The name of its sending.
    fn event(&self) -> EventId {
        EventId { node: self.from, number: self.number }
    }
}
