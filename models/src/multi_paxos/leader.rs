//! What a candidate does in phase 1, and a leader in phase 2.

use splitbrain::NodeId;

use super::state::{Event, Message, Pending, Proposal, Role, Slot, Slots, State, Timer, Value};
use super::{Bug, HEARTBEAT, MultiPaxos, Out, wait_for_leader};
use crate::parts::machine::{Request, Seen, StateMachine};
use crate::parts::quorum::QuorumSystem;

impl<S: StateMachine> MultiPaxos<S> {
    /// Begins phase 1 in a ballot above all it has seen, with its own promise.
    pub(super) fn stand_for_election(&self, state: &mut State<S>, out: &mut Out<S>) {
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
    pub(super) fn note_promise(
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
    pub(super) fn serve(
        &self,
        state: &mut State<S>,
        request: Request<S::Operation>,
        out: &mut Out<S>,
    ) {
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
    pub(super) fn note_accepted(
        &self,
        state: &mut State<S>,
        from: NodeId,
        slot: Slot,
        out: &mut Out<S>,
    ) {
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
