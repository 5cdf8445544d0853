//! Changes of members: when one may begin, when it is complete, and which members are in force.

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

use super::super::log::{Index, Log, Payload};
use super::super::members::{Configuration, sorted};
use super::super::state::{Event, Message, Role, State, Timer};
use super::super::{Bug, Out, Raft};
use crate::parts::machine::{Request, StateMachine};

/// What an operator asks for: what shall be so, so that asking twice does no harm.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// This server is sent the log, to catch up (dissertation §4.2.1). It does not vote.
    Learner(NodeId),
    /// This server votes: a learner that has caught up, or a new one (AddServer, §4.1).
    Voter(NodeId),
    /// This server is no member (RemoveServer, §4.1).
    Remove(NodeId),
    /// These servers vote and no others: by joint consensus (§6).
    Joint(Vec<NodeId>),
}

impl Configuration {
    /// The members to name next for a change to come about: nothing where it has come about
    /// already, or nobody would be left to vote.
    pub fn after(&self, change: &Change) -> Option<Configuration> {
        let mut members = self.clone();
        match change {
            Change::Learner(server) if self.include(*server) => {}
            Change::Learner(server) => {
                members.learners = sorted(self.learners.iter().chain([server]).copied());
            }
            Change::Voter(server) => {
                members.learners.retain(|learner| learner != server);
                members.voters = sorted(self.voters.iter().chain([server]).copied());
            }
            Change::Remove(server) => {
                members.learners.retain(|learner| learner != server);
                members.voters.retain(|voter| voter != server);
            }
            Change::Joint(next) if *next == self.voters => {}
            Change::Joint(next) => {
                members.learners.retain(|learner| !next.contains(learner));
                members.next = Some(next.clone());
            }
        }
        let votes = |voters: &Vec<NodeId>| !voters.is_empty();
        let is_one = votes(&members.voters) && members.next.as_ref().is_none_or(votes);
        (is_one && members != *self).then_some(members)
    }

    /// C_new, where this is C_old,new: the members with which joint consensus ends.
    fn next_alone(&self) -> Option<Configuration> {
        let voters = self.next.clone()?;
        Some(Configuration { voters, next: None, learners: self.learners.clone() })
    }
}

impl<S: StateMachine> Raft<S> {
    /// The members before any log says otherwise.
    pub(in super::super) fn first_members(&self, servers: usize) -> Configuration {
        let members = self.options.members.map_or(servers, usize::from);
        Configuration::of((0..members).map(NodeId::at))
    }

    /// The members in force: those that the log names last, committed or not (§6).
    pub(in super::super) fn members_in_force(
        &self,
        log: &Log<S::Operation>,
        commit: Index,
        servers: usize,
    ) -> Configuration {
        let end = if self.bug == Some(Bug::ConfigOnCommitOnly) { commit } else { log.last() };
        log.members_at(end).cloned().unwrap_or_else(|| self.first_members(servers))
    }

    /// Notes that the log names other members than those in force.
    pub(in super::super) fn mark_members_late(&self, state: &State<S>, out: &mut Out<S>) {
        if state.log.members_at(state.log.last()) != Some(&state.members) {
            out.mark(Bug::ConfigOnCommitOnly.name());
        }
    }

    /// Puts the members of before in force again: the log has lost a change.
    pub(in super::super) fn roll_back_members(&self, state: &mut State<S>, out: &mut Out<S>) {
        out.emit(Event::RolledBack);
        let members = self.members_in_force(&state.log, state.commit, out.cluster());
        if self.bug == Some(Bug::ConfigNotRolledBack) && members != state.members {
            out.mark(Bug::ConfigNotRolledBack.name());
            return;
        }
        state.members = members;
    }

    /// Whether a leader may begin a change now.
    ///
    /// The change before must be committed: two changes of one server each are one of two (§6,
    /// dissertation §4.1). Joint consensus must be over, too, for its end is settled already. And a change of one server must wait for an entry of the leader's own
    /// term to be committed: the leaders of two terms may each begin one from the same members,
    /// and the majorities of what they come to need not meet (Ongaro, raft-dev, 2015). Joint
    /// consensus needs no such barrier: it asks a majority of the old members in any case.
    ///
    /// A learner that is to vote must hold what is committed (dissertation §4.2.1).
    pub(in super::super) fn may_begin(&self, state: &State<S>, change: &Change) -> bool {
        let Role::Leader(leader) = &state.role else { return false };
        let is_committed = state.log.last_change().is_none_or(|(index, _)| index <= state.commit);
        let is_free = is_committed && !state.members.is_joint();
        let is_ready = match change {
            Change::Voter(server) if state.members.learners.contains(server) => {
                leader.followers[server.index()].matched >= state.commit
            }
            Change::Learner(_) | Change::Voter(_) | Change::Remove(_) | Change::Joint(_) => true,
        };
        let is_safe = matches!(change, Change::Joint(_))
            || has_committed(state)
            || self.bug == Some(Bug::SingleServerNoBarrier);
        is_free && is_ready && is_safe
    }

    /// A leader adds the members that are asked for to its log, where they are in force at once.
    pub(in super::super) fn begin_change(
        &self,
        state: &mut State<S>,
        request: Request<Change>,
        out: &mut Out<S>,
    ) {
        let change = request.command;
        out.emit(Event::ChangeTaken { client: request.client, serial: request.serial });
        let Some(mut members) = state.members.after(&change) else { return };
        if !members.is_joint() && !has_committed(state) {
            out.mark(Bug::SingleServerNoBarrier.name());
        }
        if self.bug == Some(Bug::MultiServerChange)
            && let Some(next) = members.next_alone()
        {
            out.mark(Bug::MultiServerChange.name());
            members = next;
        }
        self.append(state, Payload::Members(Box::new(members)), out);
    }

    /// What a leader does about a change that is committed: where two sets of voters decided
    /// together it names the next alone, and where it is no voter itself it leads no longer (§6,
    /// dissertation §4.2.2).
    pub(in super::super) fn complete_change(&self, state: &mut State<S>, out: &mut Out<S>) {
        // Mostly there is nothing to complete, and no need to look for the last change.
        if !state.members.is_joint() && state.members.votes(out.me()) {
            return;
        }
        let Some((index, members)) = state.log.last_change() else { return };
        if !state.leads() || index > state.commit {
            return;
        }
        if let Some(next) = members.next_alone() {
            self.append(state, Payload::Members(Box::new(next)), out);
        } else if !members.votes(out.me()) {
            state.role = Role::Follower;
            out.cancel_timer(Timer::Heartbeat);
            out.cancel_timer(Timer::Transfer);
            out.emit(Event::Retired { term: state.term });
        }
    }

    /// Whether a server stands for election when it hears of no leader.
    ///
    /// One that does not vote by the members in force may have to, nevertheless: until they are
    /// committed the votes of those before may be needed, and they may be refused to everybody
    /// else, for its log is the longest (dissertation §4.2.2). So it stands as long as it would
    /// vote by the members that it knows to be committed. It does not count its own vote then.
    pub(in super::super) fn stands(&self, state: &State<S>, out: &Out<S>) -> bool {
        let votes = |members: &Configuration| members.votes(out.me());
        votes(&state.members)
            || match state.log.members_at(state.commit) {
                Some(committed) => votes(committed),
                None => votes(&self.first_members(out.cluster())),
            }
    }

    /// Whether a server that hears of a leader, or leads, disregards a candidate and its term: it
    /// may be a server that was removed and does not know it (§6, dissertation §4.2.3).
    pub(in super::super) fn disregards(&self, state: &State<S>, message: &Message<S>) -> bool {
        let is_candidate = matches!(message, Message::RequestVote { .. });
        self.options.loyal && is_candidate && (state.hears_leader || state.leads())
    }

    /// Whether these votes elect a leader.
    pub(in super::super) fn elects(
        &self,
        members: &Configuration,
        votes: &[NodeId],
        out: &mut Out<S>,
    ) -> bool {
        let elected = members.decided_by(votes);
        let Some(union) = self.union(members) else { return elected };
        let mistaken = union.decided_by(votes);
        if mistaken != elected {
            out.mark(Bug::JointUnionMajority.name());
        }
        mistaken
    }

    /// The last index up to which enough voters hold the log. A leader that does not vote does not
    /// count, either (§6, dissertation §4.2.2).
    pub(in super::super) fn held_by_enough(
        &self,
        members: &Configuration,
        held: impl Fn(NodeId) -> Index + Copy,
        out: &mut Out<S>,
    ) -> Index {
        let by_enough = members.held_by_majority(held);
        let (bug, mistaken) = match self.bug {
            Some(bug @ Bug::NonvotingLeaderSelfCount) if !members.votes(out.me()) => {
                // It takes the place of the voter that holds least.
                let last = members.voters.iter().copied().min_by_key(|&voter| held(voter));
                let own = held(out.me());
                let counted = |node| if Some(node) == last { own } else { held(node) };
                (bug, members.held_by_majority(counted))
            }
            Some(bug) => match self.union(members) {
                Some(union) => (bug, union.held_by_majority(held)),
                None => return by_enough,
            },
            None => return by_enough,
        };
        if mistaken != by_enough {
            out.mark(bug.name());
        }
        mistaken
    }

    /// The two sets of voters as one, where that is the mistake and there are two.
    fn union(&self, members: &Configuration) -> Option<Configuration> {
        let is_mistaken = self.bug == Some(Bug::JointUnionMajority) && members.is_joint();
        is_mistaken.then(|| Configuration::of(members.electors()))
    }
}

/// Whether a leader knows an entry of its own term to be committed.
fn has_committed<S: StateMachine>(state: &State<S>) -> bool {
    state.log.term_at(state.commit) == Some(state.term)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(of: &[u8]) -> Vec<NodeId> {
        of.iter().copied().map(NodeId).collect()
    }

    /// Voters, next voters, learners.
    fn members(voters: &[u8], next: Option<&[u8]>, learners: &[u8]) -> Configuration {
        Configuration { voters: nodes(voters), next: next.map(nodes), learners: nodes(learners) }
    }

    #[test]
    fn changes() {
        let three = members(&[0, 1, 2], None, &[]);
        let learning = members(&[0, 1], None, &[2]);
        let one = members(&[0], None, &[]);
        let table = [
            (
                "a learner is added",
                &three,
                Change::Learner(NodeId(3)),
                Some(members(&[0, 1, 2], None, &[3])),
            ),
            ("a voter is no learner", &three, Change::Learner(NodeId(1)), None),
            (
                "a new server votes",
                &learning,
                Change::Voter(NodeId(3)),
                Some(members(&[0, 1, 3], None, &[2])),
            ),
            ("a learner is promoted", &learning, Change::Voter(NodeId(2)), Some(three.clone())),
            ("who votes already stays", &three, Change::Voter(NodeId(2)), None),
            (
                "a voter leaves",
                &three,
                Change::Remove(NodeId(1)),
                Some(members(&[0, 2], None, &[])),
            ),
            (
                "a learner leaves",
                &learning,
                Change::Remove(NodeId(2)),
                Some(members(&[0, 1], None, &[])),
            ),
            ("who is no member cannot leave", &three, Change::Remove(NodeId(7)), None),
            ("the last voter stays", &one, Change::Remove(NodeId(0)), None),
            (
                "others vote, and learners among them learn no more",
                &learning,
                Change::Joint(nodes(&[2, 3])),
                Some(members(&[0, 1], Some(&[2, 3]), &[])),
            ),
            ("nothing changes", &three, Change::Joint(nodes(&[0, 1, 2])), None),
            ("somebody must vote", &three, Change::Joint(nodes(&[])), None),
        ];
        for (sentence, before, change, after) in table {
            assert_eq!(before.after(&change), after, "{sentence}");
        }
    }

    #[test]
    fn joint_consensus_ends_with_the_next_voters() {
        let joint = members(&[0, 1], Some(&[1, 2]), &[3]);
        assert_eq!(joint.next_alone(), Some(members(&[1, 2], None, &[3])));
        assert_eq!(members(&[0, 1], None, &[3]).next_alone(), None);
    }
}
