//! Elections (§5.2), and who may win one (§5.4.1).

use splitbrain::NodeId;

use super::log::{Index, Payload};
use super::replication::send_heartbeats;
use super::state::{Event, Leader, Message, Role, State, Term, Timer};
use super::{Bug, Out, Raft};
use crate::parts::machine::StateMachine;

/// How a candidate asks for votes, given its term and the place and term of its last entry.
pub(super) type Call<S> = fn(Term, Index, Term) -> Message<S>;

/// The RequestVote call (§5.2).
pub(super) fn request_vote<S: StateMachine>(
    term: Term,
    last_index: Index,
    last_term: Term,
) -> Message<S> {
    Message::RequestVote { term, last_index, last_term }
}

impl<S: StateMachine> Raft<S> {
    /// Waits for a sign of a leader, anew; who does not stand for election waits for none.
    pub(super) fn wait_for_leader(&self, state: &State<S>, out: &mut Out<S>) {
        if self.stands(state, out) {
            out.set_timer(Timer::Election, self.options.timing.election());
        } else {
            out.cancel_timer(Timer::Election);
        }
    }

    /// Takes over a greater term and follows (§5.1). A leader has no election timer running; everybody
    /// else who stands for election has, and it runs on.
    pub(super) fn follow(&self, state: &mut State<S>, term: Term, out: &mut Out<S>) {
        if let Role::Leader(leader) = &state.role {
            out.cancel_timer(Timer::Heartbeat);
            if leader.transfer.is_some() {
                out.cancel_timer(Timer::Transfer);
            }
            self.wait_for_leader(state, out);
        }
        state.term = term;
        state.voted_for = None;
        state.role = Role::Follower;
        self.hear_no_leader(state, out);
    }

    /// Hears from the leader of its term: it follows that one, and waits for its next sign.
    pub(super) fn hear_leader(&self, state: &mut State<S>, out: &mut Out<S>) {
        state.role = Role::Follower;
        state.hears_leader = self.options.loyal || self.options.pre_vote;
        if self.options.loyal {
            out.set_timer(Timer::Hearing, self.options.timing.election_least);
        }
        self.wait_for_leader(state, out);
    }

    /// Knows of no leader.
    pub(super) fn hear_no_leader(&self, state: &mut State<S>, out: &mut Out<S>) {
        state.hears_leader = false;
        if self.options.loyal {
            out.cancel_timer(Timer::Hearing);
        }
    }

    /// Asks all whose votes may elect a leader.
    pub(super) fn ask_electors(&self, state: &State<S>, call: &Message<S>, out: &mut Out<S>) {
        for voter in out.peers().filter(|peer| state.members.votes(*peer)) {
            out.send(voter, call.clone());
        }
    }

    /// Begins a new term as a candidate, with its own vote (§5.2).
    pub(super) fn stand_for_election(&self, state: &mut State<S>, call: Call<S>, out: &mut Out<S>) {
        state.term = state.term.next();
        state.voted_for = Some(out.me());
        state.role = Role::Candidate { votes: Vec::new() };
        self.wait_for_leader(state, out);
        if self.bug == Some(Bug::CandidateNeverRetries) {
            out.mark(Bug::CandidateNeverRetries.name());
            out.cancel_timer(Timer::Election);
        }
        self.hear_no_leader(state, out);
        let message = call(state.term, state.log.last(), state.log.last_term());
        self.ask_electors(state, &message, out);
        self.count_vote(state, out.me(), out);
    }

    /// Votes for the candidate if the vote of this term is free and the candidate's log is not
    /// behind the voter's (§5.2, §5.4.1). `end` is the term and place of the candidate's last entry.
    pub(super) fn consider(
        &self,
        state: &mut State<S>,
        candidate: NodeId,
        end: (Term, Index),
        out: &mut Out<S>,
    ) {
        let mut is_free = state.voted_for.is_none_or(|other| other == candidate);
        if self.bug == Some(Bug::DoubleVote) && !is_free {
            out.mark(Bug::DoubleVote.name());
            is_free = true;
        }
        if is_free && self.is_up_to_date(state, end, out) {
            state.voted_for = Some(candidate);
            self.wait_for_leader(state, out);
            out.send(candidate, Message::Vote { term: state.term, granted: true });
        }
    }

    /// Whether a log with this end lacks nothing that may be committed, as far as this server can
    /// tell: it ends in a later term, or in the same term and no earlier (§5.4.1).
    pub(super) fn is_up_to_date(
        &self,
        state: &State<S>,
        end: (Term, Index),
        out: &mut Out<S>,
    ) -> bool {
        let (_, last_index) = end;
        let is_up_to_date = end >= (state.log.last_term(), state.log.last());
        let (bug, mistaken) = match self.bug {
            Some(bug @ Bug::NoElectionRestriction) => (bug, true),
            Some(bug @ Bug::LengthOnly) => (bug, last_index >= state.log.last()),
            _ => return is_up_to_date,
        };
        if mistaken != is_up_to_date {
            out.mark(bug.name());
        }
        mistaken
    }

    /// Counts a vote; with a majority the candidate leads (§5.2), and says so at once.
    pub(super) fn count_vote(&self, state: &mut State<S>, voter: NodeId, out: &mut Out<S>) {
        let Role::Candidate { votes } = &mut state.role else {
            unreachable!("only candidates count votes");
        };
        if let Err(at) = votes.binary_search(&voter) {
            votes.insert(at, voter);
        }
        let members = &state.members;
        let mut elected = self.elects(members, votes, out);
        if self.bug == Some(Bug::MinorityQuorum) && !elected {
            elected = members.count(votes) >= members.voters.len() / 2;
            if elected {
                out.mark(Bug::MinorityQuorum.name());
            }
        }
        if elected {
            state.role = Role::Leader(Leader::new(out.cluster(), state.log.last()));
            out.cancel_timer(Timer::Election);
            out.set_timer(Timer::Heartbeat, self.options.timing.heartbeat);
            out.emit(Event::Elected { term: state.term });
            if self.options.noop {
                self.append(state, Payload::Noop, out);
            } else {
                send_heartbeats(state, out);
            }
        }
    }
}
