//! The ring: the highest name that comes round wins.
//!
//! Chang & Roberts, *An Improved Algorithm for Decentralized Extrema-Finding in Circular
//! Configurations of Processes* (1979). Nodes have names and stand in a ring; messages go one way,
//! and the network may take its time over them.
//!
//! **An election.** Whoever calls it sends its name to the next node. A name that reaches a higher
//! node goes no further: if that node takes no part yet, it sends its own instead. A lower node
//! passes the name on, and takes part from then on, too. So only the highest name comes home, its
//! node leads, and sends `Elected` round for all to know. Several may call the same election: a
//! *participant* that is higher swallows names, since its own is on its way and will do. Of all who
//! call, n log n names are passed on average, and n² at worst, when names fall along the ring.
//!
//! **Epochs.** The paper has one election and no crashes. Here they are numbered: each begins at the
//! greatest number known and one more, everyone follows the greatest number it hears of, and
//! messages of lower ones are dropped where they arrive.
//!
//! **Crashes and restarts.** A perfect detector tells of crashes ([`crate::parts::detector`]). Nodes
//! skip those they suspect, so the ring closes again. What was on its way in the gap is lost, hence
//! a simple rule: *a node whose successor or leader has crashed begins a new election*. A node that
//! restarts says `Join` to all; it is trusted again, and the same rule makes the node before it
//! begin. If that one is down, too, some other will; should its number be too low for the one that
//! restarted, that one calls the election that it does follow. (Le Lann's and Chang & Roberts' papers leave repair to the reader.)
//!
//! **A message whose sender is gone.** Nobody takes a name home whose node has crashed. If it were
//! passed on past the gap it would go round for ever, as every node on the way is lower. But only a
//! node that suspects the crashed one sends past it, and that node knows that the name is nobody's:
//! it counts as the lowest of all. So an election message passes no node twice, which is an
//! invariant here. A crashed leader's `Elected` comes to that node, too, and is answered by a new
//! election.
//!
//! **Why there is one leader.** To lead, a name passes every node that is up; one that leads in that
//! epoch already, or knows who does, drops it, and of two candidates the higher one swallows the
//! lower's name. Nothing here rests on time. It rests on the detector: if it suspected a node that
//! is up, two halves of the ring would elect a leader each.

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Outbox};

use super::{Bug, Election, Epoch, Event, Standing};
use crate::parts::detector::{Suspect, Suspects};

/// What a node remembers. Of it only the epoch survives a crash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Member {
    /// The greatest election it has heard of.
    pub epoch: Epoch,
    /// Whether its own name or a higher one that it passed on is on its way in that election.
    pub participant: bool,
    /// Who won it.
    pub leader: Option<NodeId>,
    /// The nodes that it skips.
    pub suspects: Suspects,
}

/// What nodes say to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Message {
    /// Round the ring: this one would lead.
    Election {
        /// The election.
        epoch: Epoch,
        /// Who would lead if the message came home.
        candidate: NodeId,
    },
    /// Round the ring: this one leads.
    Elected {
        /// The election.
        epoch: Epoch,
        /// Who won it.
        leader: NodeId,
    },
    /// To all: I am back, and this is the greatest election I know of.
    Join(Epoch),
}

type Out = Outbox<Election>;

impl Member {
    /// A node that comes back has forgotten whom it skipped and who leads, and makes itself known.
    /// The epoch is on its disk. Its name may be on its way in that one still, so it goes on to the
    /// next, in which it has sent nothing.
    pub(super) fn restart(&self, out: &mut Out) -> Member {
        let epoch = self.epoch.next();
        out.broadcast(Message::Join(epoch).into());
        Member { epoch, ..Member::default() }
    }

    /// Begins that election.
    pub(super) fn elect(&mut self, epoch: Epoch, out: &mut Out) {
        self.follow(epoch);
        self.stand(out);
    }

    /// Takes up a report of the detector.
    pub(super) fn learn(&mut self, report: Suspect, out: &mut Out) {
        let Suspect(node) = report;
        let concerned = self.concerns(node, out);
        self.suspects.suspect(report);
        if concerned {
            self.elect(self.epoch.next(), out);
        }
    }

    pub(super) fn hear(
        &mut self,
        protocol: &Election,
        from: NodeId,
        message: Message,
        out: &mut Out,
    ) {
        match message {
            Message::Election { epoch, candidate } => {
                self.follow(epoch);
                if epoch == self.epoch && self.leader.is_none() {
                    self.consider(protocol, candidate, out);
                } else if self.is_idle() {
                    // Others call an election, but none that this one may still take part in.
                    self.stand(out);
                }
            }
            Message::Elected { epoch, leader } => {
                self.follow(epoch);
                if epoch == self.epoch && self.leader.is_none() {
                    self.settle(leader, out);
                }
            }
            Message::Join(epoch) => {
                self.suspects.trust(from);
                if self.concerns(from, out) {
                    self.elect(self.epoch.max(epoch).next(), out);
                }
            }
        }
    }

    /// A name comes by, in the election that this node follows.
    fn consider(&mut self, protocol: &Election, candidate: NodeId, out: &mut Out) {
        let me = out.me();
        let mut nobodys = self.skips(candidate, out);
        if nobodys && protocol.has(Bug::RingInitiatorCrash) {
            out.mark(Bug::RingInitiatorCrash.name());
            nobodys = false;
        }
        if candidate > me && !nobodys {
            self.participant = true;
            self.pass_on(candidate, out);
        } else if candidate == me && self.participant {
            self.participant = false;
            self.leader = Some(me);
            out.emit(Event::Leads(self.epoch));
            self.send_on(Message::Elected { epoch: self.epoch, leader: me }, out);
        } else if !self.participant {
            self.stand(out);
        } else if protocol.has(Bug::RingNoParticipant) {
            out.mark(Bug::RingNoParticipant.name());
            self.stand(out);
        }
        // Else the name goes no further: a better one is on its way.
    }

    /// The winner of the election that this node follows comes by.
    fn settle(&mut self, leader: NodeId, out: &mut Out) {
        if self.skips(leader, out) {
            return self.elect(self.epoch.next(), out);
        }
        self.participant = false;
        self.leader = Some(leader);
        self.send_on(Message::Elected { epoch: self.epoch, leader }, out);
    }

    /// Follows a later election, and forgets the one before.
    fn follow(&mut self, epoch: Epoch) {
        if epoch > self.epoch {
            self.epoch = epoch;
            self.participant = false;
            self.leader = None;
        }
    }

    /// Takes part with its own name.
    fn stand(&mut self, out: &mut Out) {
        self.participant = true;
        self.send_on(Message::Election { epoch: self.epoch, candidate: out.me() }, out);
    }

    fn pass_on(&mut self, candidate: NodeId, out: &mut Out) {
        let epoch = self.epoch;
        out.emit(Event::Passes { epoch, candidate });
        self.send_on(Message::Election { epoch, candidate }, out);
    }

    /// Sends to the next node that is up, for all this one knows.
    fn send_on(&self, message: Message, out: &mut Out) {
        out.send(self.suspects.successor(out.me(), out.cluster()), message.into());
    }

    /// Whether it follows an election that it has heard nothing of: since it restarted.
    fn is_idle(&self) -> bool {
        !self.participant && self.leader.is_none()
    }

    /// Whether that node stands in the gap between this one and the next that is up.
    fn skips(&self, node: NodeId, out: &Out) -> bool {
        let (me, nodes) = (out.me().index(), out.cluster());
        let next = self.suspects.successor(out.me(), nodes).index();
        let after = |at: usize| (at + nodes - me - 1) % nodes;
        after(node.index()) < after(next)
    }

    /// Whether that node's crash or return is this one's business: it leads or comes next.
    fn concerns(&self, node: NodeId, out: &Out) -> bool {
        let next = self.suspects.successor(out.me(), out.cluster());
        self.leader == Some(node) || next == node
    }

    /// How node `me` stands to the leadership.
    pub(super) fn standing(&self, me: NodeId) -> Standing {
        match self.leader {
            Some(leader) if leader == me => Standing::Leads(self.epoch),
            Some(leader) => Standing::Follows(self.epoch, Some(leader)),
            None if self.epoch == Epoch::default() => Standing::Outside,
            None => Standing::Open,
        }
    }
}

impl From<Message> for super::Message {
    fn from(message: Message) -> super::Message {
        super::Message::Ring(message)
    }
}
