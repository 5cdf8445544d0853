//! PreVote (dissertation §9.6): a server raises its term only if a majority would elect it.

use splitbrain::NodeId;

use super::super::election::request_vote;
use super::super::log::Index;
use super::super::state::{Message, Role, State, Term};
use super::super::{Bug, Out, Raft};
use crate::parts::machine::StateMachine;

impl<S: StateMachine> Raft<S> {
    /// Has waited in vain for a sign of a leader.
    pub(in super::super) fn miss_leader(&self, state: &mut State<S>, out: &mut Out<S>) {
        self.hear_no_leader(state, out);
        if self.is_bound(state, out) {
            self.wait_for_leader(state, out);
        } else if self.options.pre_vote {
            self.ask_for_pre_votes(state, out);
        } else {
            self.stand_for_election(state, request_vote, out);
        }
    }

    /// Asks who would vote for it. Its term and vote stay as they are.
    fn ask_for_pre_votes(&self, state: &mut State<S>, out: &mut Out<S>) {
        if self.bug == Some(Bug::PreVoteClearsVote) && state.voted_for.take().is_some() {
            out.mark(Bug::PreVoteClearsVote.name());
        }
        state.role = Role::PreCandidate { votes: Vec::new() };
        self.wait_for_leader(state, out);
        let (last_index, last_term) = (state.log.last(), state.log.last_term());
        let call = Message::RequestPreVote { term: state.term, last_index, last_term };
        self.ask_electors(state, &call, out);
        self.count_pre_vote(state, out.me(), out);
    }

    /// Says whether it would vote for that server. `end` is the term and place of the last entry of
    /// that one's log.
    pub(super) fn consider_pre_vote(
        &self,
        state: &State<S>,
        from: NodeId,
        term: Term,
        end: (Term, Index),
        out: &mut Out<S>,
    ) {
        if term < state.term {
            if self.bug == Some(Bug::PreVoteMutualBlock) {
                return out.mark(Bug::PreVoteMutualBlock.name());
            }
            // It may be the only one whose log is long enough: it must learn of the term.
            return out.send(from, Message::PreVote { term: state.term, granted: false });
        }
        // Any other refusal would tell it nothing.
        let misses_leader = !state.leads() && !state.hears_leader;
        if misses_leader && self.is_up_to_date(state, end, out) {
            out.send(from, Message::PreVote { term, granted: true });
        }
    }

    /// Counts who would vote for it; with a majority it stands for election.
    pub(super) fn count_pre_vote(&self, state: &mut State<S>, voter: NodeId, out: &mut Out<S>) {
        let Role::PreCandidate { votes } = &mut state.role else {
            unreachable!("only servers that asked count");
        };
        if let Err(at) = votes.binary_search(&voter) {
            votes.insert(at, voter);
        }
        if state.members.decided_by(votes) {
            self.stand_for_election(state, request_vote, out);
        }
    }
}
