//! Reads that spare the log (§8; dissertation §6.4): ReadIndex, and leases.

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

use super::super::members::Configuration;
use super::super::state::{Event, Leader, Message, Role, State, Wait};
use super::super::{Bug, Out, Raft};
use crate::parts::machine::{Request, StateMachine};

/// How reads are answered.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Reads {
    /// As any command, through the log.
    #[default]
    Log,
    /// From the leader's state, when a majority has said after the read came in that it leads
    /// (ReadIndex).
    Index,
    /// From the leader's state, while what a majority said last may be trusted (§6.4.1).
    Lease {
        /// How many ticks after the leader asked its followers elect nobody, by their own clocks.
        lease: u64,
        /// How many ticks two clocks may be apart; less than `lease`.
        skew: u64,
    },
}

/// A round of heartbeats by which a leader learns that it leads still. They are counted, or, with
/// leases, named by the leader's tick when they began.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Round(pub u64);

/// What a leader knows of its rounds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Rounds {
    /// The last one that began.
    pub begun: Option<Round>,
    /// The last one that a majority answered.
    pub confirmed: Option<Round>,
    /// The last one that a majority of earlier members answered: no lease rests on it.
    outlived: Option<Round>,
    /// Who answered later ones than that, each with the last, in order.
    answers: Vec<(NodeId, Round)>,
}

impl Rounds {
    /// Whether an answer to that round says nothing new.
    pub(super) fn are_past(&self, round: Round) -> bool {
        Some(round) <= self.confirmed
    }

    /// Begins a round. A leader that is a majority by itself has confirmed it.
    fn begin(&mut self, round: Round, members: &Configuration, me: NodeId) {
        self.begun = Some(round);
        if members.decided_by(&[me]) {
            self.confirmed = Some(round);
        }
    }

    /// Notes an answer, and whether a majority has answered now; `me` needs no asking.
    fn note(&mut self, from: NodeId, round: Round, members: &Configuration, me: NodeId) {
        if self.are_past(round) {
            return;
        }
        match self.answers.binary_search_by_key(&from, |(node, _)| *node) {
            Ok(at) => self.answers[at].1 = self.answers[at].1.max(round),
            Err(at) => self.answers.insert(at, (from, round)),
        }
        let decided = |round: &Round| {
            let late = self.answers.iter().filter(|(_, answered)| answered >= round);
            let nodes: Vec<NodeId> = late.map(|(node, _)| *node).chain([me]).collect();
            members.decided_by(&nodes)
        };
        let answered = self.answers.iter().map(|(_, answered)| *answered);
        if let Some(confirmed) = answered.filter(decided).max() {
            self.confirmed = Some(confirmed);
            self.answers.retain(|(_, answered)| *answered > confirmed);
        }
    }
}

/// A read that waits for its answer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Pending<C> {
    /// What was asked.
    pub request: Request<C>,
    /// The round that must be confirmed: one that began when the read had come in.
    pub round: Option<Round>,
}

impl<S: StateMachine> Raft<S> {
    /// Whether this leader answers reads through the log.
    pub(in super::super) fn reads_by_log(&self, leader: &Leader<S::Operation>) -> bool {
        match self.options.reads {
            Reads::Log => true,
            Reads::Index => false,
            // Its lease is worth nothing once another was told to stand for election.
            Reads::Lease { .. } => leader.resigned,
        }
    }

    /// A client reads, perhaps once more.
    pub(in super::super) fn take_read(
        &self,
        state: &mut State<S>,
        request: Request<S::Operation>,
        out: &mut Out<S>,
    ) {
        let Role::Leader(leader) = &state.role else {
            unreachable!("only leaders take reads");
        };
        if self.reads_by_log(leader) {
            return self.take_command(state, request, out);
        }
        let is_same = |pending: &Pending<_>| pending.request == request;
        if leader.reads.iter().any(is_same) {
            return;
        }
        if !self.has_lease(leader, out) {
            self.begin_round(state, out);
        }
        let Role::Leader(leader) = &mut state.role else {
            unreachable!("it leads still");
        };
        let round = match self.options.reads {
            Reads::Index => leader.rounds.begun,
            // Whichever round renews the lease will do.
            Reads::Log | Reads::Lease { .. } => None,
        };
        leader.reads.push(Pending { request, round });
        self.answer_reads(state, Wait::Nothing, out);
    }

    /// Begins to ask the others whether it leads still.
    fn begin_round(&self, state: &mut State<S>, out: &mut Out<S>) {
        let Role::Leader(leader) = &mut state.role else {
            unreachable!("only leaders ask");
        };
        let round = match self.options.reads {
            Reads::Lease { .. } => Round(out.now()),
            Reads::Log | Reads::Index => Round(leader.rounds.begun.map_or(1, |last| last.0 + 1)),
        };
        if leader.rounds.begun == Some(round) {
            return;
        }
        leader.rounds.begin(round, &state.members, out.me());
        self.ask_electors(state, &Message::Confirm { term: state.term, round }, out);
    }

    /// A leader names other members. Its lease is worth nothing among them: it rests on promises by a
    /// majority of those before, and two changes on there may be a majority that promised nothing.
    /// (A round of ReadIndex stays good: it says who led when the read came in.)
    pub(in super::super) fn end_lease(&self, leader: &mut Leader<S::Operation>) {
        if let Reads::Lease { .. } = self.options.reads {
            leader.rounds.outlived = leader.rounds.confirmed;
        }
    }

    /// It is time for heartbeats: a lease is renewed, and a question that may be lost asked again.
    pub(in super::super) fn confirm_again(&self, state: &mut State<S>, out: &mut Out<S>) {
        let Role::Leader(leader) = &state.role else {
            unreachable!("only leaders send heartbeats");
        };
        match self.options.reads {
            Reads::Log => {}
            Reads::Index => {
                if let Some(round) = leader.rounds.begun.filter(|_| !leader.reads.is_empty()) {
                    let call = Message::Confirm { term: state.term, round };
                    self.ask_electors(state, &call, out);
                }
            }
            Reads::Lease { .. } if leader.resigned => {}
            Reads::Lease { .. } => self.begin_round(state, out),
        }
    }

    /// Confirms that it follows that leader. With leases that is a promise, too.
    pub(super) fn confirm(
        &self,
        state: &mut State<S>,
        leader: NodeId,
        round: Round,
        out: &mut Out<S>,
    ) {
        self.hear_leader(state, out);
        if let Reads::Lease { lease, .. } = self.options.reads {
            state.promise = state.promise.max(round.0 + lease);
        }
        out.send(leader, Message::Confirmed { term: state.term, round });
    }

    /// A follower has confirmed a round.
    pub(super) fn note_confirmed(
        &self,
        state: &mut State<S>,
        from: NodeId,
        round: Round,
        out: &mut Out<S>,
    ) {
        let Role::Leader(leader) = &mut state.role else {
            unreachable!("only leaders are confirmed");
        };
        leader.rounds.note(from, round, &state.members, out.me());
        self.answer_reads(state, Wait::Confirmation, out);
    }

    /// Answers the reads that need wait no longer. `after` is what has just come about.
    pub(in super::super) fn answer_reads(
        &self,
        state: &mut State<S>,
        after: Wait,
        out: &mut Out<S>,
    ) {
        let Role::Leader(leader) = &state.role else { return };
        if leader.reads.is_empty() || !self.knows_committed(state, out) {
            return;
        }
        let has_lease = self.has_lease(leader, out);
        let mut confirmed = leader.reads.iter().take_while(|read| match self.options.reads {
            Reads::Index => read.round <= leader.rounds.confirmed,
            Reads::Log | Reads::Lease { .. } => has_lease,
        });
        let mut count = confirmed.by_ref().count();
        if self.bug == Some(Bug::ReadNoQuorum) && count < leader.reads.len() {
            out.mark(Bug::ReadNoQuorum.name());
            count = leader.reads.len();
        }
        let Role::Leader(leader) = &mut state.role else {
            unreachable!("it leads still");
        };
        for Pending { request, .. } in leader.reads.drain(..count) {
            let (client, serial) = (request.client, request.serial);
            let output = state.applied.machine.clone().apply(&request.command);
            out.emit(Event::Read { client, serial, output, after });
        }
    }

    /// Whether it knows all that was committed before its term: an entry of its own is, too (§8).
    fn knows_committed(&self, state: &State<S>, out: &mut Out<S>) -> bool {
        let knows = state.log.term_at(state.commit) == Some(state.term);
        if self.bug == Some(Bug::ReadindexNoNoop) && !knows {
            out.mark(Bug::ReadindexNoNoop.name());
            return true;
        }
        knows
    }

    /// Whether by its own clock nobody else can have been elected: those who confirmed its last
    /// round elect nobody before their clocks read `lease` ticks more than its own did then, and its
    /// own may be `skew` behind.
    fn has_lease(&self, leader: &Leader<S::Operation>, out: &mut Out<S>) -> bool {
        let Reads::Lease { lease, skew } = self.options.reads else { return false };
        let Some(Round(began)) = leader.rounds.confirmed else { return false };
        if leader.resigned || leader.rounds.confirmed == leader.rounds.outlived {
            return false;
        }
        let now = out.now();
        let holds = now + skew < began + lease;
        if self.bug == Some(Bug::LeaseDrift) && !holds && now < began + lease {
            out.mark(Bug::LeaseDrift.name());
            return true;
        }
        holds
    }

    /// Whether it has promised to elect nobody, itself included, and its clock says that the promise
    /// holds still.
    pub(super) fn is_bound(&self, state: &State<S>, out: &mut Out<S>) -> bool {
        state.promise > 0 && out.now() < state.promise
    }

    /// Whether a promise keeps it from looking at this call at all: not even its term counts. The
    /// call of a server that its leader told to stand is none of these.
    pub(in super::super) fn keeps_promise(
        &self,
        state: &State<S>,
        message: &Message<S>,
        out: &mut Out<S>,
    ) -> bool {
        matches!(message, Message::RequestVote { .. }) && self.is_bound(state, out)
    }

    /// What a restarted server promises: it may have promised as much just before it crashed, to a
    /// leader whose clock is ahead of its own.
    pub(in super::super) fn promise_after_restart(&self, out: &mut Out<S>) -> u64 {
        match self.options.reads {
            Reads::Log | Reads::Index => 0,
            Reads::Lease { .. } if self.bug == Some(Bug::LeaseForgotten) => {
                out.mark(Bug::LeaseForgotten.name());
                0
            }
            Reads::Lease { lease, skew } => out.now() + lease + skew,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_confirmed_by_a_majority() {
        type Answers<'a> = &'a [(u8, u64)];
        let table: &[(&str, u8, Answers<'_>, Option<u64>)] = &[
            ("one of three is not enough beside nobody", 3, &[], None),
            ("the leader and one other of three", 3, &[(1, 4)], Some(4)),
            ("of five, two others are needed", 5, &[(1, 4)], None),
            ("who answered a later round was there for the earlier", 5, &[(1, 4), (2, 6)], Some(4)),
            ("the same one twice is one", 5, &[(1, 4), (1, 6)], None),
            ("the last of several", 5, &[(1, 4), (2, 4), (3, 7), (1, 7)], Some(7)),
            ("an old answer takes nothing back", 3, &[(1, 7), (2, 4)], Some(7)),
        ];
        for (sentence, servers, answers, confirmed) in table {
            let members = Configuration::of((0..*servers).map(NodeId));
            let mut rounds = Rounds::default();
            for (from, round) in *answers {
                rounds.note(NodeId(*from), Round(*round), &members, NodeId(0));
            }
            assert_eq!(rounds.confirmed, confirmed.map(Round), "{sentence}");
            assert!(rounds.answers.iter().all(|(_, round)| Some(*round) > rounds.confirmed));
        }
    }
}
