//! What deployed Raft has beyond the paper's core: fewer useless elections, leadership that is
//! handed over, reads that spare the log, and logs that do not grow for ever.
//!
//! Ongaro and Ousterhout, *In Search of an Understandable Consensus Algorithm (Extended Version)*
//! (2014), §7 and §8; Ongaro, *Consensus: Bridging Theory and Practice* (2014), §3.10, §5, §6.4 and
//! §9.6. Each is an [option](super::Options) of [`Raft`]; without it no state is touched.
//!
//! **PreVote (§9.6).** A server that was cut off raises its term again and again, and deposes a
//! healthy leader when it returns. So it asks first who would vote for it, and raises its term only
//! if a majority would. A server would not if its log is ahead, or if it has heard of a leader and its
//! election timer has not run out since. The answers bind nobody: neither term nor vote changes, and so
//! all of Raft's arguments stand. There is a trap (etcd#8243): of two servers left, the one has the
//! later term and the other the longer log. The first is refused for its log, and the second, if it
//! is ignored for its term, never learns of it. Here a refusal carries the term of the server that
//! refuses, and the one that asked takes it over.
//!
//! **Leadership transfer (§3.10).** The leader takes no more commands, sends its successor what it
//! lacks, and tells it to stand for election at once. Nobody asks then whether a leader was heard
//! of; logs are compared as ever. A successor that does not come forward is given up.
//!
//! **Reads (§8, §6.4).** An answer from the leader's state may be old in two ways: another leads by
//! now and has committed more, or what earlier leaders committed is not known here yet. The second
//! is over once an entry of the leader's own term is committed. Against the first, *ReadIndex*
//! asks a majority after the read came in; who answers has voted for no later leader until then.
//! A *lease* saves the asking: who answers at all also promises to elect nobody until its own clock
//! reads `lease` ticks more than the leader's did when it asked. Clocks are assumed to be at most
//! `skew` ticks apart, and so the leader trusts the answers for `lease - skew` ticks of its own
//! clock. A restarted server has forgotten what it promised and waits for as long as any promise
//! may last. A leader that told another to stand has no lease any more in its term: the calls of
//! that one override promises. One that changes the members has none until those of now have
//! confirmed it.
//!
//! **Snapshots (§7, §5).** The state machine, its sessions included, stands for the entries applied
//! to it; the log forgets them and remembers the place and term of the last one. A follower that
//! lacks forgotten entries gets the snapshot. It may be late: a follower that has the snapshot's
//! last entry keeps what it has behind it, which it may have acknowledged.
//!
//! Not modelled:
//! - Reads at followers: they would ask the leader for its commit index.
//! - The commit index a read must wait for: applying takes no time here, so the state is always
//!   applied up to there.
//! - Snapshots in chunks, and the time that it takes to write or load one.
//! - Leaders that step down because they hear of no majority (CheckQuorum).

mod bugs;
mod catalog;
mod invariants;
mod pre_vote;
mod reads;
mod scenarios;
mod snapshots;
mod transfer;

use splitbrain::NodeId;

use super::log::Index;
use super::state::{Message, Role, State};
use super::{Out, Raft};
use crate::parts::machine::StateMachine;

pub use catalog::RaftExtensionsModel;
pub use invariants::{mutual_block, snapshot_matching};
pub use reads::{Pending, Reads, Round, Rounds};
pub(super) use snapshots::{lacks_discarded, send_snapshot};

impl<S: StateMachine> Raft<S> {
    /// The rest of the transition table: what a server of each role does about the messages of the
    /// extensions. It has taken over a later term already.
    pub(super) fn on_extension(
        &self,
        state: &mut State<S>,
        from: NodeId,
        message: Message<S>,
        out: &mut Out<S>,
    ) {
        let stale = message.term() < state.term;
        let term = state.term;
        match (&state.role, message) {
            // The only call that is looked at whatever its term: it raises none.
            (_, Message::RequestPreVote { term, last_index, last_term }) => {
                self.consider_pre_vote(state, from, term, (last_term, last_index), out);
            }
            // A call of an older term: the caller learns that its time is over.
            (_, Message::RequestTransferVote { .. }) if stale => {
                out.send(from, Message::Vote { term, granted: false });
            }
            (_, Message::Confirm { .. } | Message::InstallSnapshot { .. }) if stale => {
                out.send(from, Message::Rejected { term, hint: Index(0) });
            }
            // Of a question that this server no longer asks, or of a leader that is none any more.
            (_, Message::PreVote { .. } | Message::Confirmed { .. }) if stale => {}
            (_, Message::TimeoutNow { .. }) if stale => {}

            (Role::PreCandidate { .. }, Message::PreVote { granted: true, .. }) => {
                self.count_pre_vote(state, from, out);
            }
            // A refusal has done its work with its term; a server that does not ask needs no grant.
            (_, Message::PreVote { .. }) => {}

            (Role::Leader(_), Message::TimeoutNow { .. }) => {
                unreachable!("{from} hands over term {term}, which this server leads");
            }
            (_, Message::TimeoutNow { .. }) => self.take_over(state, out),
            (
                Role::Follower | Role::PreCandidate { .. },
                Message::RequestTransferVote { last_index, last_term, .. },
            ) => self.consider_successor(state, from, (last_term, last_index), out),
            // It has voted for itself in this term, and a refusal would change nothing.
            (Role::Candidate { .. } | Role::Leader(_), Message::RequestTransferVote { .. }) => {}

            (Role::Leader(_), Message::Confirm { .. } | Message::InstallSnapshot { .. }) => {
                unreachable!("{from} leads term {term}, which this server leads");
            }
            (_, Message::Confirm { round, .. }) => self.confirm(state, from, round, out),
            (_, Message::InstallSnapshot { base, applied, .. }) => {
                self.install(state, from, base, applied, out);
            }

            (Role::Leader(_), Message::Confirmed { round, .. }) => {
                self.note_confirmed(state, from, round, out);
            }
            // It led this term before it retired, or crashed and forgot.
            (_, Message::Confirmed { .. }) => {}

            (
                _,
                core @ (Message::RequestVote { .. }
                | Message::Vote { .. }
                | Message::Append { .. }
                | Message::Appended { .. }
                | Message::Rejected { .. }),
            ) => unreachable!("{core:?} is in the table of the core"),
        }
    }
}

/// Whether this message of the extensions does nothing at this server, now or ever after.
pub(super) fn ignores_extension<S: StateMachine>(state: &State<S>, message: &Message<S>) -> bool {
    let is_now = message.term() == state.term;
    let is_past = message.term() < state.term;
    match message {
        Message::PreVote { granted: false, .. } => is_past || is_now,
        // A server may ask more than once in a term, and count what it was granted before.
        Message::PreVote { granted: true, .. } | Message::TimeoutNow { .. } => is_past,
        // A server stands for election once a term, so it will not lead this one again.
        Message::Confirmed { round, .. } => match &state.role {
            Role::Leader(leader) => is_past || is_now && leader.rounds.are_past(*round),
            Role::Candidate { .. } => is_past,
            Role::Follower | Role::PreCandidate { .. } => is_past || is_now,
        },
        _ => false,
    }
}
