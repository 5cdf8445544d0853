//! Leadership transfer (dissertation §3.10).

use splitbrain::NodeId;

use super::super::election::Call;
use super::super::log::Index;
use super::super::replication::send_entries;
use super::super::state::{Message, Role, State, Term, Timer};
use super::super::{Bug, Out, Raft};
use super::reads::Reads;
use crate::parts::machine::StateMachine;

impl<S: StateMachine> Raft<S> {
    /// Begins to hand its leadership to that server, for as long as an election takes.
    pub(in super::super) fn hand_over(&self, state: &mut State<S>, to: NodeId, out: &mut Out<S>) {
        let Role::Leader(leader) = &mut state.role else {
            unreachable!("only leaders hand over");
        };
        leader.transfer = Some(to);
        let lacks_entries = leader.followers[to.index()].matched < state.log.last();
        out.set_timer(Timer::Transfer, self.options.timing.election());
        match lacks_entries {
            true => send_entries(state, to, out),
            false => self.hand_over_if_caught_up(state, out),
        }
    }

    /// Tells its successor, if there is one and it holds the whole log, to stand for election.
    pub(in super::super) fn hand_over_if_caught_up(&self, state: &mut State<S>, out: &mut Out<S>) {
        // It may have left the cluster by what it has just committed.
        let Role::Leader(leader) = &mut state.role else { return };
        let Some(to) = leader.transfer else { return };
        if leader.followers[to.index()].matched < state.log.last() {
            return;
        }
        // From here on its successor may lead, whatever the others promised.
        let has_leases = matches!(self.options.reads, Reads::Lease { .. });
        if has_leases && self.bug == Some(Bug::TransferKeepsLease) {
            out.mark(Bug::TransferKeepsLease.name());
        } else {
            leader.resigned = true;
        }
        if has_leases && leader.resigned {
            // If asked again, they go through the log.
            leader.reads.clear();
        }
        out.send(to, Message::TimeoutNow { term: state.term });
    }

    /// Stands for election because its leader said so: nobody is asked for pre-votes. A server that
    /// has since been removed would only retire again.
    pub(super) fn take_over(&self, state: &mut State<S>, out: &mut Out<S>) {
        if !self.stands(state, out) {
            return;
        }
        let call: Call<S> = |term, last_index, last_term| Message::RequestTransferVote {
            term,
            last_index,
            last_term,
        };
        self.stand_for_election(state, call, out);
    }

    /// Votes for its leader's successor, under the same conditions as for anybody else, but whatever
    /// it promised. `end` is the term and place of the successor's last entry.
    pub(super) fn consider_successor(
        &self,
        state: &mut State<S>,
        successor: NodeId,
        mut end: (Term, Index),
        out: &mut Out<S>,
    ) {
        let own_end = (state.log.last_term(), state.log.last());
        if self.bug == Some(Bug::TransferUnchecked) && end < own_end {
            out.mark(Bug::TransferUnchecked.name());
            end = own_end;
        }
        self.consider(state, successor, end, out);
    }
}
