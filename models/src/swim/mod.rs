//! SWIM: a group whose members watch each other and gossip about who is in it.
//!
//! A. Das, I. Gupta, A. Motivala, *SWIM: Scalable Weakly-consistent Infection-style Process Group
//! Membership Protocol* (DSN 2002). Heartbeats from all to all cost n² messages. In SWIM each
//! member asks one other in each of its *protocol periods*, whatever the size of the group, and
//! what it learns travels along with those messages.
//!
//! **Detecting failures** (§3.1). A member pings another. If no ack comes in time, it asks others
//! to ping that one for it: a *ping-req*, and they pass the ack on. So it takes more than one bad
//! link or lost message to be thought of as failed. Targets are taken in turn (§4.3, *round-robin
//! probe target selection*), so that every failure is noticed after one round at the latest.
//!
//! **Suspicion** (§4.2). A target that did not answer either way is not dead but *suspected*, for
//! so many of the suspecting member's own periods. It hears of that like all others, and refutes
//! it: it raises its *incarnation* and says that it is alive in that one. What was said of lower
//! incarnations is over then. If it stays suspected it is declared dead (the paper's *confirm*).
//! The order on such records is a part of its own, [`crate::parts::membership`].
//!
//! **Dissemination** (§4.1). News ride on pings, acks and ping-reqs, each a bounded number of times
//! (§5: λ log n), and no message is sent for them alone, but when somebody joins or leaves.
//!
//! # Beyond the paper
//!
//! The paper's group is one from which the dead are gone for good, and a partition of it stays one.
//! Five things, most of them from the implementations that came after, make it whole again:
//!
//! - A death is one of an incarnation, and the next undoes it.
//! - A member that is suspected or thought dead is told so in every message to it (the *buddy
//!   system* of Dadgar, Phillips & Currey, *Lifeguard: Local Health Awareness for More Accurate
//!   Failure Detection* (2018), there for pings): bounded gossip may have missed it. Whoever hears
//!   an accusation that it has refuted already says so again.
//! - The dead stay on the list and are pinged in their turn (Serf's *reconnect*): after a partition
//!   both sides think the other dead, and somebody must ask.
//! - A ping says who asks, and in which incarnation: a member of whom bounded gossip did not reach
//!   everybody would be a stranger to some for ever.
//! - A node that restarts knows its last incarnation, and joins in the next. Who joins says so to
//!   everybody, again and again until somebody who knows the members welcomes it.
//!
//! # What is claimed
//!
//! **Safety, in every order of events.** A death once heard of is undone only by a higher
//! incarnation; what a node knows of a member is never replaced by something older; nobody but the
//! member itself raises its incarnation.
//!
//! **Accuracy** is not safety: where timers may fire at any time, an answer that is slow is one
//! that never comes, and a member that is well is soon declared dead. It needs the network to be
//! *patient*: no member goes on with its probe while messages of it are on their way. Then a member
//! that is up is not declared dead for a broken link, nor for two lost messages, if suspicion lasts
//! long enough. It is counted in the suspecting member's own periods, which is the only clock it
//! has: a round of probes for its accuser, which asks it again in that round; and a period more for
//! those who hear of it, since they may be in the middle of one, with a ping on its way that says
//! nothing of the suspicion. Every verdict prints the assumption. Where more is lost, accuracy is a
//! matter of probability, and is measured at a stated rate of loss.
//!
//! **Completeness and convergence**: from whatever was reached (where the network is patient, from
//! each state at rest), if faults cease, there comes a
//! moment soon enough at which each member knows exactly those to be alive that are. One timed
//! continuation of each state is run for that, and each storm ends with a phase without faults;
//! that it comes about in all continuations, and lasts, would need fairness.
//!
//! Not modelled: protocol periods of one fixed length, since a probe that is answered directly takes
//! one wait here, and one that is not takes two; random choices of relays and targets, since all are asked, in a fixed order;
//! numbers of probes, so that a late ack counts for the next probe of its target; a bound on how
//! much rides on a message, which small groups do not reach; discovery, since the addresses of all
//! who may ever join are known; a crash of all members at once, after which nobody could welcome
//! anybody; exchange of whole lists now and then (memberlist's push-pull), without which two who
//! join at the same time may stay strangers if all the gossip about one is lost; removing the dead
//! from the list after a while.

mod bugs;
mod gossip;
mod invariants;
mod model;
mod scenarios;
mod state;

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Outbox, Protocol, Span, Units};

use crate::parts::membership::{Incarnation, Record, Status};

pub use bugs::Bug;
pub use invariants::all as invariants_of;
pub use model::SwimModel;
pub use state::{
    Event, Input, Member, Message, Phase, Probe, Purpose, Rumor, Standing, State, Timer,
};

/// How long a member waits for an ack, direct or not: a protocol period takes one wait, or two. It
/// must be longer than a round trip usually takes, or else everybody suspects everybody (§3.1).
const WAIT: Span = Span::millis(400);

/// The code of one node.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Swim {
    /// How often a member tells each piece of news (λ log n).
    pub tells: u8,
    /// How many of its own periods a member suspects another before it declares it dead. With none
    /// it is SWIM without suspicion (§3).
    pub suspicion: u8,
    /// How many nodes, the last ones, are outside at first.
    pub outside: u8,
    /// Whether the link between n0 and n1 is broken, both ways, all the time.
    pub cut: bool,
    /// The deliberate mistake, if any.
    pub bug: Option<Bug>,
}

type Out = Outbox<Swim>;

impl Protocol for Swim {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Input = Input;
    type Event = Event;

    fn start(&self, out: &mut Out) -> State {
        let me = out.me();
        let inside = out.cluster() - usize::from(self.outside);
        if me.index() >= inside {
            return State::new(Standing::Outside, vec![None; out.cluster()], me);
        }
        let first = State::new(Standing::Inside, Vec::new(), me).own();
        let known = Member { record: first, suspicion: 0, tells: 0 };
        let is_known = |node: NodeId| node != me && node.index() < inside;
        let members = out.nodes().map(|node| is_known(node).then_some(known)).collect();
        set_timer(out);
        State::new(Standing::Inside, members, me)
    }

    fn on_message(&self, state: &mut State, from: NodeId, message: Message, out: &mut Out) {
        if !state.is_member() {
            // Who has left, or is not in yet, takes no part.
            return;
        }
        for rumor in message.rumors {
            self.hear(state, rumor, out);
        }
        let me = out.me();
        match message.purpose {
            Purpose::Ping { asker } => {
                self.send(state, from, Purpose::Ack { target: me, asker }, out);
            }
            Purpose::Ack { target, asker } if asker == me => {
                if state.probe.target == target {
                    state.probe.phase = Phase::Over;
                }
            }
            Purpose::Ack { asker, .. } => self.send(state, asker, message.purpose, out),
            Purpose::PingRequest { .. } if self.has(Bug::RelayMissing) => {
                out.mark(Bug::RelayMissing.name());
            }
            Purpose::PingRequest { target } => {
                self.send(state, target, Purpose::Ping { asker: from }, out);
            }
            Purpose::Join if state.standing == Standing::Inside => self.welcome(state, from, out),
            // Two that want to be welcomed cannot welcome each other, but know each other now.
            Purpose::Join => {}
            Purpose::Welcome => state.standing = Standing::Inside,
            Purpose::Tell => {}
        }
    }

    /// The wait for an ack is over.
    fn on_timeout(&self, state: &mut State, Timer::Probe: Timer, out: &mut Out) {
        let Probe { target, phase } = state.probe;
        let record = state.knows(target).filter(|record| !record.is_gone());
        match (phase, record) {
            (Phase::Direct, Some(_)) if !self.has(Bug::NoIndirect) => {
                self.ask_others(state, target, out);
                return set_timer(out);
            }
            (Phase::Direct | Phase::Indirect, Some(record)) => {
                self.count_down(state, out);
                self.accuse(state, target, record, out);
            }
            // The dead are asked once, and nothing follows from their silence.
            (Phase::Direct | Phase::Indirect, None) | (Phase::Over, _) => {
                self.count_down(state, out);
            }
        }
        self.ask_next(state, out);
        set_timer(out);
    }

    fn accepts(&self, _: NodeId, state: &State, input: &Input) -> bool {
        match input {
            Input::Join => !state.is_member(),
            Input::Leave => state.is_member(),
        }
    }

    fn on_input(&self, state: &mut State, input: Input, out: &mut Out) {
        match input {
            Input::Join => {
                // It may have been in before, and others may remember that it left.
                state.incarnation = state.incarnation.next();
                self.join(state, out);
            }
            Input::Leave => {
                state.standing = Standing::Outside;
                let left = Rumor(out.me(), state.own());
                for other in state.others(|record| !record.is_gone()) {
                    self.carry(other, Message { purpose: Purpose::Tell, rumors: vec![left] }, out);
                }
                let (me, cluster) = (out.me(), out.cluster());
                let incarnation = state.incarnation;
                *state = State::new(Standing::Outside, vec![None; cluster], me);
                state.incarnation = incarnation;
                out.cancel_timer(Timer::Probe);
            }
        }
    }

    /// Only the incarnation survives a crash, and whether it is a member. Everything that was said
    /// of its former life is over in the next incarnation.
    fn restart(&self, crashed: &State, out: &mut Out) -> State {
        let mut state = State::new(crashed.standing, vec![None; out.cluster()], out.me());
        state.incarnation = crashed.incarnation;
        if state.is_member() {
            state.incarnation = state.incarnation.next();
            if self.has(Bug::RestartIncarnationZero) {
                out.mark(Bug::RestartIncarnationZero.name());
                state.incarnation = Incarnation(0);
            }
            self.join(&mut state, out);
        }
        state
    }
}

impl Swim {
    /// A period begins, and the next one is asked.
    fn ask_next(&self, state: &mut State, out: &mut Out) {
        if state.standing == Standing::Joining {
            return self.join(state, out);
        }
        if let Some(target) = self.next_target(state, out) {
            state.probe = Probe { target, phase: Phase::Direct };
            self.send(state, target, Purpose::Ping { asker: out.me() }, out);
        }
    }

    /// The next in turn: of all it knows, the dead among them, but for those that have left.
    fn next_target(&self, state: &State, out: &mut Out) -> Option<NodeId> {
        let forgotten = self.has(Bug::DeadForgotten);
        let counts = |record: Record| match record.status {
            Status::Alive | Status::Suspect => true,
            Status::Dead => !forgotten,
            Status::Left => false,
        };
        if forgotten && !state.others(|record| record.status == Status::Dead).is_empty() {
            out.mark(Bug::DeadForgotten.name());
        }
        let others = state.others(counts);
        let after = others.iter().find(|other| **other > state.probe.target);
        after.or(others.first()).copied()
    }

    /// Has others ping it.
    fn ask_others(&self, state: &mut State, target: NodeId, out: &mut Out) {
        state.probe.phase = Phase::Indirect;
        for other in state.others(|record| !record.is_gone()) {
            if other != target {
                self.send(state, other, Purpose::PingRequest { target }, out);
            }
        }
    }

    /// It did not answer, nor through anybody else.
    fn accuse(&self, state: &mut State, target: NodeId, record: Record, out: &mut Out) {
        if self.has(Bug::NoIndirect) {
            out.mark(Bug::NoIndirect.name());
        }
        if self.has(Bug::NoSuspicion) {
            out.mark(Bug::NoSuspicion.name());
        }
        let suspected = self.suspicion > 0 && !self.has(Bug::NoSuspicion);
        let status = if suspected { Status::Suspect } else { Status::Dead };
        self.learn(state, target, record.but(status), out);
    }

    /// A period ends. Suspicions are counted in this member's own; at the end of one stands a
    /// death.
    fn count_down(&self, state: &mut State, out: &mut Out) {
        for other in state.others(|_| true) {
            let Some(member) = &mut state.members[other.index()] else { continue };
            if member.suspicion > 0 {
                member.suspicion -= 1;
                if member.suspicion == 0 {
                    let dead = member.record.but(Status::Dead);
                    self.learn(state, other, dead, out);
                }
            }
        }
    }

    /// Becomes a member: says so to all who may be one, until somebody says who is.
    fn join(&self, state: &mut State, out: &mut Out) {
        state.standing = Standing::Joining;
        let rumors = vec![Rumor(out.me(), state.own())];
        for other in out.peers() {
            self.carry(other, Message { purpose: Purpose::Join, rumors: rumors.clone() }, out);
        }
        set_timer(out);
    }

    /// Tells a new member of everybody.
    fn welcome(&self, state: &State, newcomer: NodeId, out: &mut Out) {
        let known = out.nodes().filter_map(|node| Some(Rumor(node, state.knows(node)?)));
        let others = known.filter(|Rumor(node, _)| *node != newcomer);
        let rumors = others.chain([Rumor(out.me(), state.own())]).collect();
        self.carry(newcomer, Message { purpose: Purpose::Welcome, rumors }, out);
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}

/// Waits for an ack.
fn set_timer(out: &mut Out) {
    out.set_timer(Timer::Probe, WAIT..500.ms());
}
