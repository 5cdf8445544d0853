//! The bully: the highest node that is up leads, and says so to the others whether they like it or
//! not.
//!
//! Garcia-Molina, *Elections in a Distributed Computing System* (1982), "The Bully Election
//! Algorithm". Nodes have names, and a higher name outranks a lower one.
//!
//! **An election.** A node that finds the leader gone, or has just restarted, sends `Election` to
//! everyone. To those below it that means *stop*: they give up their leader and their own elections
//! and wait for word from this one. Those above it *answer*, which means the opposite: stand back,
//! this is my business; and hold an election themselves. A node that hears no `Answer` knows that
//! all above it are down and all below it have stopped. It leads, and says `Coordinator` to
//! everyone. Whoever waits takes that from the highest node that stopped it, or one above it.
//!
//! **Why it is safe.** Before a node leads, its `Election` has reached every node that is up. Lower
//! ones have stopped leading; a higher one would have answered. That is all: no numbers, no
//! majority. It rests on the network being *synchronous*. In the paper's words a node never pauses
//! and always responds, and the network delivers each message within a fixed time, in the order
//! sent; so after waiting long enough, silence means death. Take that away and it breaks at once:
//! a node that takes slowness for death leads beside a leader that is alive.
//!
//! **How the assumption is written down here.** Exploration lets timers fire at any time. The
//! scenario declares the narrowest rule that makes silence mean death: `Answer` never fires at a
//! node while an `Election` it sent, or an `Answer` to it, is on its way. Every verdict prints it.
//! Links are FIFO, and messages are lost only at nodes that are down. `Coordinator` needs no rule:
//! one that fires early calls an election too many. The simulator keeps to the same rule; its
//! storms leave out lost messages and partitions, which no bounded delay knows. Nodes that stand
//! still may be late and make all wait, and are no danger.
//!
//! **Where it departs from the paper.** The paper asks higher nodes first ("are you up?"), then
//! halts lower ones by calls that return, in two phases; here one broadcast does both, and the end
//! of the wait stands for all returns. There the last one to halt a node may lead it, and a call to
//! a node that another has halted since fails, which begins the election again. Without returns
//! rank must decide between two words that cross: a node that waits for a higher one is not stopped
//! by a lower one, and a node that obeys a lower one takes a higher one's word. (Exploration showed
//! why, by 13 steps and by 18.) The names are those of textbooks. The paper's third phase
//! (`Ready`), which hands out the task to be done, is left out, as is the coordinator's periodic
//! check for nodes it has not heard of: a crash of the leader is reported by a detector
//! ([`crate::parts::detector`]), and a node that restarts calls an election itself.

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Outbox, Units};

use super::{Bug, Election, Epoch, Event, Standing};

/// The bully numbers no elections: all are one epoch.
const ONLY: Epoch = Epoch(0);

/// What a node remembers. Nothing of it survives a crash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Member {
    /// It has a leader, itself perhaps. (The paper's state *Normal*.)
    Normal {
        /// Whom it obeys.
        coordinator: NodeId,
    },
    /// It holds an election, and has not heard from anyone above it. (The paper's *Election*.)
    Electing,
    /// It was told to stand back or to stop, and waits for a leader.
    Waiting {
        /// The highest that stopped it: it obeys none that is lower. (The paper's *h*.)
        stopped_by: Option<NodeId>,
    },
}

/// What nodes say to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Message {
    /// I hold an election: stop, if you are below me; answer, if you are above.
    Election,
    /// I am above you and up: stand back.
    Answer,
    /// I lead.
    Coordinator,
}

/// The names of the timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Timer {
    /// Whoever is up has had the time to answer and to stop.
    Answer,
    /// Whoever was to lead has had the time to say so.
    Coordinator,
    /// The mistake's timer in place of `Answer`: a while after which silence is taken for death,
    /// though nothing says how long an answer takes.
    Guess,
}

type Out = Outbox<Election>;

impl Member {
    /// At first everyone knows the highest node to lead: an election has been held.
    pub(super) fn start(out: &Out) -> Member {
        Member::Normal { coordinator: NodeId::at(out.cluster() - 1) }
    }

    /// A node that comes back remembers nothing, and calls an election.
    pub(super) fn restart(protocol: &Election, out: &mut Out) -> Member {
        let mut member = Member::Electing;
        member.elect(protocol, out);
        member
    }

    /// Holds an election.
    pub(super) fn elect(&mut self, protocol: &Election, out: &mut Out) {
        *self = Member::Electing;
        out.broadcast(Message::Election.into());
        out.cancel_timer(Timer::Coordinator);
        if protocol.has(Bug::BullyFalseTimeout) {
            out.set_timer(Timer::Guess, 10.ms()..20.ms());
        } else {
            out.set_timer(Timer::Answer, 500.ms()..600.ms());
        }
    }

    pub(super) fn hear(
        &mut self,
        protocol: &Election,
        from: NodeId,
        message: Message,
        out: &mut Out,
    ) {
        match (&*self, message) {
            // A higher one has stopped this node already, and is to lead.
            (Member::Waiting { stopped_by: Some(by) }, Message::Election)
                if out.me() < from && from < *by => {}
            // Stop, whatever you are doing, even if it is leading.
            (_, Message::Election) if out.me() < from => self.wait(Some(from), out),
            (Member::Normal { .. }, Message::Election) => {
                out.send(from, Message::Answer.into());
                self.elect(protocol, out);
            }
            // Somebody above holds an election already, or this node does.
            (Member::Electing | Member::Waiting { .. }, Message::Election) => {
                out.send(from, Message::Answer.into());
            }
            (Member::Electing, Message::Answer) => {
                self.wait(None, out);
                if protocol.has(Bug::BullyOkThenCrash) {
                    out.mark(Bug::BullyOkThenCrash.name());
                    out.cancel_timer(Timer::Coordinator);
                }
            }
            // A second answer, or one to an election that was stopped since.
            (Member::Normal { .. } | Member::Waiting { .. }, Message::Answer) => {}
            (_, Message::Coordinator) if self.takes(from, out.me()) => self.obey(from, out),
            // It is late: a higher one has taken over since, or is about to.
            (_, Message::Coordinator) => {
                if protocol.has(Bug::BullyStaleCoordinator) {
                    out.mark(Bug::BullyStaleCoordinator.name());
                    self.obey(from, out);
                }
            }
        }
    }

    pub(super) fn time_out(&mut self, protocol: &Election, timer: Timer, out: &mut Out) {
        match (&*self, timer) {
            // Silence: all above are down, and all below have stopped.
            (Member::Electing, Timer::Answer) => self.lead(out),
            (Member::Electing, Timer::Guess) => {
                out.mark(Bug::BullyFalseTimeout.name());
                self.lead(out);
            }
            // Whoever was to lead has crashed, or takes its time.
            (Member::Waiting { .. }, Timer::Coordinator) => self.elect(protocol, out),
            (member, timer) => unreachable!("{timer:?} is not set at a node that is {member:?}"),
        }
    }

    fn lead(&mut self, out: &mut Out) {
        *self = Member::Normal { coordinator: out.me() };
        out.broadcast(Message::Coordinator.into());
        out.emit(Event::Leads(ONLY));
    }

    fn obey(&mut self, coordinator: NodeId, out: &mut Out) {
        *self = Member::Normal { coordinator };
        still(out);
    }

    /// Waits for whoever is to lead, but not for ever: it may crash before it does.
    fn wait(&mut self, stopped_by: Option<NodeId>, out: &mut Out) {
        *self = Member::Waiting { stopped_by };
        still(out);
        out.set_timer(Timer::Coordinator, 2.s()..4.s());
    }

    /// Whether it takes that node's word that it leads: the word of one that is no lower than who
    /// leads it or stopped it. Whoever holds an election hears from all above, and takes none.
    fn takes(&self, from: NodeId, me: NodeId) -> bool {
        match self {
            Member::Normal { coordinator } => *coordinator <= from,
            Member::Waiting { stopped_by: Some(by) } => *by <= from,
            Member::Waiting { stopped_by: None } => me < from,
            Member::Electing => false,
        }
    }

    /// Whether it has a leader.
    pub(super) fn is_normal(&self) -> bool {
        matches!(self, Member::Normal { .. })
    }

    /// Whether that node is its leader.
    pub(super) fn obeys(&self, node: NodeId) -> bool {
        *self == Member::Normal { coordinator: node }
    }

    /// How node `me` stands to the leadership.
    pub(super) fn standing(&self, me: NodeId) -> Standing {
        match self {
            Member::Normal { coordinator } if *coordinator == me => Standing::Leads(ONLY),
            Member::Normal { coordinator } => Standing::Follows(ONLY, Some(*coordinator)),
            Member::Electing | Member::Waiting { .. } => Standing::Open,
        }
    }
}

/// No timer runs any more.
fn still(out: &mut Out) {
    for timer in [Timer::Answer, Timer::Coordinator, Timer::Guess] {
        out.cancel_timer(timer);
    }
}

impl From<Message> for super::Message {
    fn from(message: Message) -> super::Message {
        super::Message::Bully(message)
    }
}
