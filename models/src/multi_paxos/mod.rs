//! Multi-Paxos: a replicated state machine, each of whose commands is decided by Paxos.
//!
//! Lamport, *Paxos Made Simple* (2001), §3 (PMS), which says in two pages how; van Renesse and
//! Altinbuken, *Paxos Made Moderately Complex* (2015), which says the rest (PMMC); Chandra,
//! Griesemer and Redstone, *Paxos Made Live: An Engineering Perspective* (2007). Here every node is
//! replica, acceptor and, at times, leader in one. PMMC keeps them apart; its scout is what
//! a candidate does here, its commanders are what a leader does for each slot.
//!
//! **Slots.** The commands are executed in the order of *slots* 1, 2, 3 and so on. Each slot has an
//! instance of Paxos of its own, which chooses its value: a leader proposes a value under its
//! ballot, and what a quorum of acceptors accepts in one ballot is chosen. Slots are chosen
//! independently, so 2 may be before 1; they are *executed* in order and without gaps.
//!
//! **A stable leader (PMS §3; Paxos Made Live §4.2).** Phase 1 does not mention values, so
//! it is done for all slots at once: a candidate asks every acceptor to *promise* to take part in
//! no lower ballot, and to say what it has accepted. With a quorum of promises it leads, and needs
//! phase 2 alone for each command, until somebody with a higher ballot preempts it.
//!
//! **Taking over.** A new leader does not know what was chosen, but whatever was chosen was accepted
//! by a quorum, and one of those has told it: for each slot it proposes once more the value of the
//! highest ballot among the promises. Slots below of which nobody has told it are *gaps*. Nothing
//! was chosen there; it proposes a *no-op*, a command that does nothing, so that what comes behind
//! can be executed.
//!
//! **Why it is safe.** For each slot, as for single-decree Paxos (PMS §2.2): once a value is chosen
//! in a ballot, the quorum of promises of any later ballot meets the quorum that accepted it, so
//! the later leader hears of it and proposes the same. That asks for no more than that quorums of
//! phase 1 meet those of phase 2, which is what [`flexible_paxos`](crate::flexible_paxos) lives on.
//!
//! **Clients (PMMC §2.1).** A replica that does not lead forwards commands to the leader it knows of:
//! the proposer of the ballot it has promised. The leader answers when it executes the command. A
//! client that hears nothing asks again; each replica keeps the last answer for each client, so
//! that a command that is chosen in two slots is executed once.
//!
//! Not modelled:
//! - Reconfiguration (PMS §3, a window of α slots): the cluster is fixed.
//! - Compaction (PMMC §4.2, Paxos Made Live §5.5): slots are few, and remembered.
//! - Leases and reads that bypass the slots (Paxos Made Live §5.2; PMMC §4.4): every request is
//!   decided in a slot.
//! - Batching, and disks that fail (Paxos Made Live §5.1): a handler's change is durable when its
//!   messages leave.
//! - Replaying what is chosen after a restart: it would end in the very state machine that there
//!   was, so that one is kept.
//! - Connections: the leader that executes a command answers its client, whichever replica took it.

mod bugs;
pub(crate) mod invariants;
pub(crate) mod model;
pub(crate) mod scenarios;
mod state;

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Outbox, Protocol, Span};

use crate::parts::ballot::Ballot;
use crate::parts::machine::{Applied, Request, Seen, StateMachine};
use crate::parts::quorum::{Phases, QuorumSystem};

pub use bugs::Bug;
pub use invariants::{
    Executions, Votes, agreement, durability, linearizability, one_leader_per_ballot, prefix_order,
};
pub use model::MultiPaxosModel;
pub use state::{Event, Message, Pending, Proposal, Role, Slot, Slots, State, Timer, Value};

/// How long a follower waits for its leader, at least: several times as long as a message takes to
/// all replicas and back on a slow network.
const ELECTION_LEAST: Span = Span::millis(600);
/// How long it waits at most. The two are apart so that candidates rarely preempt each other.
const ELECTION_MOST: Span = Span::millis(1_200);
/// How long a leader is silent: well below the shortest election timeout.
const HEARTBEAT: Span = Span::millis(150);

/// The code of one replica of a state machine.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct MultiPaxos<S> {
    /// The state machine as every replica starts with it.
    pub machine: S,
    /// The quorums of the two phases.
    pub phases: Phases,
    /// The mistake it makes, if any.
    pub bug: Option<Bug>,
}

/// What a replica sends and tells goes through here.
type Out<S> = Outbox<MultiPaxos<S>>;

impl<S: StateMachine> Protocol for MultiPaxos<S> {
    type State = State<S>;
    type Message = Message<S::Operation>;
    type Timer = Timer;
    type Input = Request<S::Operation>;
    type Event = Event<S>;

    fn start(&self, out: &mut Out<S>) -> State<S> {
        wait_for_leader(out);
        State {
            promised: Ballot::NONE,
            accepted: Slots::new(),
            chosen: Slots::new(),
            executed: Slot(0),
            applied: Applied::new(self.machine.clone()),
            role: Role::Follower,
        }
    }

    /// The transition table: what a replica of each role does about each message.
    fn on_message(
        &self,
        state: &mut State<S>,
        from: NodeId,
        message: Self::Message,
        out: &mut Out<S>,
    ) {
        match message.asks_under() {
            // It has promised to take no part in this. The sender learns that its time is over.
            Some(ballot) if ballot < state.promised => {
                return out.send(from, Message::Preempted { by: state.promised });
            }
            Some(ballot) if ballot > state.promised => follow(state, ballot, out),
            Some(_) | None => {}
        }
        match (&mut state.role, message) {
            (_, Message::Prepare { ballot, first }) => {
                let accepted = state.accepted.from(first);
                out.send(from, Message::Promise { ballot, accepted });
            }
            // Promises to this replica are for its own ballots, so the round tells which.
            (Role::Candidate { .. }, Message::Promise { ballot, accepted })
                if ballot.round == state.promised.round =>
            {
                self.note_promise(state, from, accepted, out);
            }
            // A quorum has promised already, or promised a ballot that it has given up.
            (_, Message::Promise { .. }) => {}

            (_, Message::Accept { slot, value, .. }) => {
                hear_of_leader(state, out);
                self.accept(state, slot, value, out);
                self.acknowledge(state, from, slot, out);
            }
            (Role::Leader { .. }, Message::Accepted { ballot, slot })
                if ballot == state.promised =>
            {
                self.note_accepted(state, from, slot, out);
            }
            // Another leads by now, and asks for itself.
            (_, Message::Accepted { .. }) => {}

            (role, Message::Preempted { by }) => {
                if by <= state.promised {
                    // It was asked under a ballot that this replica has given up.
                } else if self.has(Bug::AdoptsForeignBallot)
                    && matches!(role, Role::Candidate { .. })
                {
                    out.mark(Bug::AdoptsForeignBallot.name());
                    state.promised = by;
                } else {
                    // To promise a ballot unasked does no harm. The next one will be above it.
                    follow(state, by, out);
                }
            }

            (_, Message::Chosen { slot, value }) => self.learn(state, slot, value, out),
            (_, Message::Heartbeat { executed, .. }) => {
                hear_of_leader(state, out);
                if state.executed < executed {
                    out.send(from, Message::Learn { first: state.executed.next() });
                }
            }
            (_, Message::Learn { first }) => {
                let values = state.chosen.from(first);
                out.send(from, Message::Learned { values });
            }
            (_, Message::Learned { values }) => {
                let executed = state.executed;
                for (slot, value) in values {
                    self.learn(state, slot, value, out);
                }
                if state.executed > executed {
                    out.emit(Event::CaughtUp { executed: state.executed });
                }
            }

            (Role::Leader { .. }, Message::Forward(request)) => self.serve(state, request, out),
            // Forwarded once more it might go round in circles; its client will ask again.
            (Role::Follower | Role::Candidate { .. }, Message::Forward(_)) => {}
        }
    }

    fn on_timeout(&self, state: &mut State<S>, timer: Timer, out: &mut Out<S>) {
        match (&state.role, timer) {
            (Role::Follower | Role::Candidate { .. }, Timer::Election) => {
                self.stand_for_election(state, out);
            }
            (Role::Leader { pending }, Timer::Heartbeat) => {
                let (ballot, executed) = (state.promised, state.executed);
                out.broadcast(Message::Heartbeat { ballot, executed });
                for (slot, Pending { value, accepted_by }) in pending.iter() {
                    for peer in out.peers().filter(|peer| !accepted_by.contains(peer)) {
                        out.send(peer, Message::Accept { ballot, slot, value: value.clone() });
                    }
                }
                out.set_timer(Timer::Heartbeat, HEARTBEAT);
            }
            (Role::Leader { .. }, Timer::Election) => unreachable!("a leader waits for no leader"),
            (Role::Follower | Role::Candidate { .. }, Timer::Heartbeat) => {
                unreachable!("only leaders send heartbeats")
            }
        }
    }

    /// A replica takes commands if it leads or knows who does.
    fn accepts(&self, me: NodeId, state: &State<S>, _: &Self::Input) -> bool {
        state.leads() || state.knows_leader(me).is_some()
    }

    fn on_input(&self, state: &mut State<S>, request: Self::Input, out: &mut Out<S>) {
        match (&state.role, state.knows_leader(out.me())) {
            (Role::Leader { .. }, _) => self.serve(state, request, out),
            (Role::Follower | Role::Candidate { .. }, Some(leader)) => {
                out.send(leader, Message::Forward(request));
            }
            (Role::Follower | Role::Candidate { .. }, None) => {
                unreachable!("a replica that knows no leader takes no command")
            }
        }
    }

    /// Answers to what it does not ask any more, and news that it has: a ballot is asked for by its
    /// proposer once, and what is promised or known to be chosen survives a crash.
    fn ignores(&self, _: NodeId, state: &State<S>, from: NodeId, message: &Self::Message) -> bool {
        let now = state.promised;
        match (&state.role, message) {
            (Role::Candidate { promises, .. }, Message::Promise { ballot, .. }) => {
                ballot.round < now.round || ballot.round == now.round && promises.contains(&from)
            }
            (_, Message::Promise { ballot, .. }) => *ballot <= now,
            (Role::Leader { pending }, Message::Accepted { ballot, slot }) if *ballot == now => {
                let waiting = pending.get(*slot);
                state.chosen.has(*slot)
                    || waiting.is_some_and(|value| value.accepted_by.contains(&from))
            }
            (Role::Follower, Message::Accepted { ballot, .. }) => *ballot <= now,
            (_, Message::Accepted { ballot, .. }) => *ballot < now,
            (_, Message::Preempted { by }) => *by <= now,
            (_, Message::Chosen { slot, .. }) => state.chosen.has(*slot),
            (_, Message::Learned { values }) => {
                values.iter().all(|(slot, _)| state.chosen.has(slot))
            }
            (
                _,
                Message::Prepare { .. }
                | Message::Accept { .. }
                | Message::Heartbeat { .. }
                | Message::Learn { .. }
                | Message::Forward(_),
            ) => false,
        }
    }

    /// Everything is on disk but what the replica was in the ballot. If it led, another will.
    fn restart(&self, crashed: &State<S>, out: &mut Out<S>) -> State<S> {
        wait_for_leader(out);
        State { role: Role::Follower, ..crashed.clone() }
    }
}

/// Waits for a sign of a leader, anew.
fn wait_for_leader<S: StateMachine>(out: &mut Out<S>) {
    out.set_timer(Timer::Election, ELECTION_LEAST..ELECTION_MOST);
}

/// The leader gave a sign.
fn hear_of_leader<S: StateMachine>(state: &State<S>, out: &mut Out<S>) {
    if !state.leads() {
        wait_for_leader(out);
    }
}

/// Promises a higher ballot, and leaves its own if it has one.
fn follow<S: StateMachine>(state: &mut State<S>, ballot: Ballot, out: &mut Out<S>) {
    if state.leads() {
        out.cancel_timer(Timer::Heartbeat);
    }
    state.promised = ballot;
    state.role = Role::Follower;
    wait_for_leader(out);
}

/// The acceptor.
impl<S: StateMachine> MultiPaxos<S> {
    /// Accepts a value in the ballot that it has promised.
    fn accept(
        &self,
        state: &mut State<S>,
        slot: Slot,
        value: Value<S::Operation>,
        out: &mut Out<S>,
    ) {
        let mut slot = slot;
        let end = state.accepted.last().next();
        if self.has(Bug::AppendAtLast) && slot > end {
            out.mark(Bug::AppendAtLast.name());
            slot = end;
        }
        let proposal = Proposal { ballot: state.promised, value };
        if state.accepted.get(slot) != Some(&proposal) {
            state.accepted.set(slot, proposal.clone());
            out.emit(Event::Accepted { slot, proposal });
        }
    }

    /// Tells the leader what was accepted. Each slot is acknowledged for itself: there may be holes.
    fn acknowledge(&self, state: &State<S>, leader: NodeId, slot: Slot, out: &mut Out<S>) {
        let ballot = state.promised;
        out.send(leader, Message::Accepted { ballot, slot });
        if self.has(Bug::GappedCumulativeAck) {
            for hole in (1..slot.0).map(Slot).filter(|slot| !state.accepted.has(*slot)) {
                out.mark(Bug::GappedCumulativeAck.name());
                out.send(leader, Message::Accepted { ballot, slot: hole });
            }
        }
    }
}

/// The leader.
impl<S: StateMachine> MultiPaxos<S> {
    /// Begins phase 1 in a ballot above all it has seen, with its own promise.
    fn stand_for_election(&self, state: &mut State<S>, out: &mut Out<S>) {
        let led_before = |proposal: &Proposal<_>| proposal.ballot.proposer == out.me();
        let has_led = state.accepted.iter().any(|(_, proposal)| led_before(proposal));
        let first = state.executed.next();
        state.promised = state.promised.next_for(out.me());
        state.role = Role::Candidate { promises: Vec::new(), reported: Slots::new() };
        if self.has(Bug::StaleLeaderBallot) && has_led {
            out.mark(Bug::StaleLeaderBallot.name());
            return self.take_over(state, state.accepted.from(first), out);
        }
        wait_for_leader(out);
        out.broadcast(Message::Prepare { ballot: state.promised, first });
        self.note_promise(state, out.me(), state.accepted.from(first), out);
    }

    /// Notes a promise, and what its acceptor has accepted; with a quorum of them it leads.
    fn note_promise(
        &self,
        state: &mut State<S>,
        from: NodeId,
        accepted: Slots<Proposal<S::Operation>>,
        out: &mut Out<S>,
    ) {
        let Role::Candidate { promises, reported } = &mut state.role else {
            unreachable!("only candidates wait for promises");
        };
        let Err(at) = promises.binary_search(&from) else {
            return; // It asked twice, and was answered twice.
        };
        promises.insert(at, from);
        for (slot, proposal) in accepted {
            if reported.get(slot).is_some_and(|known| known.ballot >= proposal.ballot) {
                continue;
            }
            if self.has(Bug::IgnorePromisedLog) && from != out.me() {
                out.mark(Bug::IgnorePromisedLog.name());
                continue;
            }
            reported.set(slot, proposal);
        }
        let (promises, reported) = (promises.clone(), reported.clone());
        if self.is_prepared(&promises, out) {
            self.take_over(state, reported, out);
        }
    }

    /// Leads, and brings to an end what earlier leaders began: of each slot the value of the
    /// highest ballot that was reported, and no-ops in the gaps (PMS §3).
    fn take_over(
        &self,
        state: &mut State<S>,
        reported: Slots<Proposal<S::Operation>>,
        out: &mut Out<S>,
    ) {
        state.role = Role::Leader { pending: Slots::new() };
        out.cancel_timer(Timer::Election);
        out.set_timer(Timer::Heartbeat, HEARTBEAT);
        out.emit(Event::Leads { ballot: state.promised });
        let last = reported.last().max(state.chosen.last());
        let own = state.accepted.clone();
        for slot in (state.executed.next().0..=last.0).map(Slot) {
            if state.chosen.has(slot) {
                continue;
            }
            let mut known = reported.get(slot);
            if self.has(Bug::NoopOverwrites) && known.is_some() && !own.has(slot) {
                out.mark(Bug::NoopOverwrites.name());
                known = None;
            }
            if known.is_some() {
                out.emit(Event::TookOver { slot });
            }
            let value = known.map_or(Value::NoOp, |proposal| proposal.value.clone());
            self.propose(state, slot, value, out);
        }
    }

    /// Gives a client's command the next free slot, unless it was executed before.
    fn serve(&self, state: &mut State<S>, request: Request<S::Operation>, out: &mut Out<S>) {
        let (client, serial) = (request.client, request.serial);
        match state.applied.seen(client, serial) {
            // The first answer was lost on its way, so it is given again.
            Seen::Again(output) => out.emit(Event::Replied { client, serial, output }),
            // The client has asked for something later: it waits for no answer to this.
            Seen::Old => {}
            // It is on its way, so that copies of a forwarded command take no slots.
            Seen::New if state.proposes(&request) => {}
            // An earlier leader may have proposed it elsewhere: the sessions see to that.
            Seen::New => {
                let last = state.accepted.last().max(state.chosen.last());
                self.propose(state, last.next(), Value::Command(request), out);
            }
        }
    }

    /// Begins phase 2 for a slot, with its own acceptance.
    fn propose(
        &self,
        state: &mut State<S>,
        slot: Slot,
        value: Value<S::Operation>,
        out: &mut Out<S>,
    ) {
        let Role::Leader { pending } = &mut state.role else {
            unreachable!("only leaders propose");
        };
        pending.set(slot, Pending { value: value.clone(), accepted_by: Vec::new() });
        out.broadcast(Message::Accept { ballot: state.promised, slot, value: value.clone() });
        self.accept(state, slot, value, out);
        self.note_accepted(state, out.me(), slot, out);
    }

    /// Notes that an acceptor has accepted; with a quorum of them the value is chosen.
    fn note_accepted(&self, state: &mut State<S>, from: NodeId, slot: Slot, out: &mut Out<S>) {
        let Role::Leader { pending } = &mut state.role else {
            unreachable!("only leaders wait for acceptors");
        };
        let Some(Pending { value, accepted_by }) = pending.get_mut(slot) else {
            return; // It is chosen without this acceptor.
        };
        if let Err(at) = accepted_by.binary_search(&from) {
            accepted_by.insert(at, from);
        }
        if self.phases.accept.is_quorum(accepted_by) {
            let value = value.clone();
            out.broadcast(Message::Chosen { slot, value: value.clone() });
            self.learn(state, slot, value, out);
        }
    }

    /// Whether these promises let a candidate lead.
    fn is_prepared(&self, promises: &[NodeId], out: &mut Out<S>) -> bool {
        let is_prepared = self.phases.prepare.is_quorum(promises);
        let of = self.phases.prepare.size();
        let (bug, mistaken) = match self.bug {
            Some(bug @ Bug::CountsTooSmall) => (bug, promises.len() >= usize::from(of / 2)),
            Some(bug @ Bug::MajorityRecovery) => {
                (bug, QuorumSystem::majority(of).is_quorum(promises))
            }
            Some(bug @ Bug::GridRowRow) => (bug, self.phases.accept.is_quorum(promises)),
            _ => return is_prepared,
        };
        if mistaken && !is_prepared {
            out.mark(bug.name());
        }
        mistaken
    }
}

/// The learner.
impl<S: StateMachine> MultiPaxos<S> {
    /// Learns what is chosen in a slot, and executes what it can.
    fn learn(
        &self,
        state: &mut State<S>,
        slot: Slot,
        value: Value<S::Operation>,
        out: &mut Out<S>,
    ) {
        if state.chosen.has(slot) {
            return;
        }
        state.chosen.set(slot, value);
        if let Role::Leader { pending } = &mut state.role {
            pending.take(slot);
        }
        while let Some(slot) = self.next_to_execute(state, out) {
            self.execute(state, slot, out);
        }
    }

    /// The slot to execute next, if it is known what is chosen there.
    fn next_to_execute(&self, state: &State<S>, out: &mut Out<S>) -> Option<Slot> {
        let next = state.executed.next();
        if state.chosen.has(next) {
            return Some(next);
        }
        let beyond = state.chosen.last();
        if self.has(Bug::ExecuteGap) && beyond > next {
            out.mark(Bug::ExecuteGap.name());
            return Some(beyond);
        }
        None
    }

    /// Executes what is chosen in a slot: a command once, in however many slots it is.
    fn execute(&self, state: &mut State<S>, slot: Slot, out: &mut Out<S>) {
        state.executed = slot;
        let value = state.chosen.get(slot).expect("a slot whose value is known").clone();
        out.emit(Event::Executed { slot, value: value.clone() });
        let Value::Command(request) = value else { return };
        let output = match state.applied.seen(request.client, request.serial) {
            Seen::New => Some(state.applied.apply(&request)),
            Seen::Again(output) => Some(output),
            Seen::Old => None,
        };
        if let Some(output) = output.filter(|_| state.leads()) {
            let Request { client, serial, .. } = request;
            out.emit(Event::Replied { client, serial, output });
        }
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}
