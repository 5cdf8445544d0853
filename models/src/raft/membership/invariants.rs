//! What must hold, and be reachable, where members change.

use splitbrain::{Goal, Held, Invariant, NodeId, Sight, broken};

use super::super::invariants::{self, holders};
use super::super::members::Configuration;
use super::super::state::Event;
use super::super::{Raft, Role};
use crate::parts::machine::StateMachine;

/// All of Raft's, and that members change by steps that keep majorities together.
pub(super) fn all<S: StateMachine>(machine: S, first: Configuration) -> Vec<Invariant<Raft<S>>> {
    let mut all = invariants::all(machine);
    // The members of a fixed cluster are a simpler matter.
    all.retain(|invariant| invariant.name != "durability");
    all.extend([durability(), adjacent_configurations(first)]);
    all
}

/// Durability, where members change: whatever one server knows to be committed is on the disks of
/// so many that nothing is decided without one of them.
///
/// By which members? By those that the log names last up to the entry. They need not be in force
/// any more, nor yet be those by whose majority it was committed: a leader may have stored its next
/// change behind the entry, and commits the entry by the members of that one, which may even be
/// lost later. But a leader changes members only once the change before is committed, so it is one
/// change at most; and members that follow each other in a log cannot decide apart. So whoever
/// decided by either has a server in every deciding set of those named before. (Of an odd number of
/// voters that is a majority; of an even number, half.)
pub fn durability<S: StateMachine>() -> Invariant<Raft<S>> {
    Invariant::nodes(
        "durability",
        "Nothing is decided without a server that holds what is committed.",
        |protocol, nodes| {
            for (at, node) in nodes.iter().enumerate() {
                let (log, commit) = (&node.state.log, node.state.commit);
                let named = log.members_at(commit).cloned();
                let members = named.unwrap_or_else(|| protocol.first_members(nodes.len()));
                let holders = holders(nodes, &node.state);
                let others = members.electors().into_iter().filter(|one| !holders.contains(one));
                if members.decided_by(&others.collect::<Vec<NodeId>>()) {
                    return broken(format!(
                        "{} knows entries up to {commit} to be committed, but only {holders:?} \
                         hold them, and the others of {members:?} can decide alone",
                        NodeId::at(at)
                    ));
                }
            }
            Ok(())
        },
    )
}

/// Configurations that follow each other in a log have no majorities apart: between any two of
/// them there is a server that takes part in both. This is what joint consensus (§6) and changes of
/// one server at a time (dissertation §4.1, Figure 4.3) are for.
///
/// `first` are the members before any log names others.
pub fn adjacent_configurations<S: StateMachine>(first: Configuration) -> Invariant<Raft<S>> {
    Invariant::history(
        "adjacent-configurations",
        "Members that follow each other in a log cannot decide apart.",
        first,
        are_adjacent,
    )
}

/// What one stored entry says about that.
fn are_adjacent<S: StateMachine>(first: &mut Configuration, sight: &Sight<'_, Raft<S>>) -> Held {
    let Sight::Event { node, event: Event::Stored { index }, state } = sight else {
        return Ok(());
    };
    // A snapshot may stand for it already.
    let Some(stored) = state.log.at(*index) else { return Ok(()) };
    let Some(after) = stored.payload.members() else { return Ok(()) };
    let before = state.log.members_at(index.before()).unwrap_or(first);
    if before.meets(after) {
        return Ok(());
    }
    broken(format!(
        "{node} stored at {index} that {after:?} follow {before:?}, and the two can decide apart"
    ))
}

/// Members named in a log, and those named before them, if any are.
type Succession<'a> = (&'a Configuration, Option<&'a Configuration>);

/// What members were just committed, as far as this server knows.
fn committed<'a, S: StateMachine>(sight: &'a Sight<'_, Raft<S>>) -> Option<Succession<'a>> {
    match sight {
        Sight::Event { event: Event::Applied { index, entry }, state, .. } => {
            Some((entry.payload.members()?, state.log.members_at(index.before())))
        }
        _ => None,
    }
}

/// A change of one step comes about.
pub(super) fn change_committed<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::seen("change-committed", "A change of members is committed.", |_, sight| {
        committed(sight).is_some_and(|(members, _)| !members.is_joint())
    })
}

/// Joint consensus ends.
pub(super) fn joint_left<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::seen("joint-left", "Joint consensus comes to its end.", |_, sight| {
        committed(sight).is_some_and(|(_, before)| before.is_some_and(Configuration::is_joint))
    })
}

/// A learner votes from now on.
pub(super) fn learner_promoted<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::seen("learner-promoted", "A learner becomes a voter.", |_, sight| {
        committed(sight).is_some_and(|(members, before)| {
            let learners = before.into_iter().flat_map(|before| &before.learners);
            learners.into_iter().any(|&learner| members.votes(learner))
        })
    })
}

/// A leader has led others to do without it.
pub(super) fn leader_retired<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::seen(
        "leader-retired",
        "A leader commits that it is no member, and retires.",
        |_, sight| matches!(sight, Sight::Event { event: Event::Retired { .. }, .. }),
    )
}

/// Somebody leads those who are left.
pub(super) fn successor_elected<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::nodes(
        "successor-elected",
        "A leader has removed itself, and another leads the members that it left.",
        |_, nodes| {
            nodes.iter().map(|node| &node.state).filter(|state| state.leads()).any(|leader| {
                let change = leader.log.last_change();
                change.is_some_and(|(index, members)| {
                    let term = leader.log.term_at(index);
                    nodes.iter().enumerate().any(|(at, node)| {
                        let old = &node.state;
                        let led = old.voted_for == Some(NodeId::at(at)) && Some(old.term) == term;
                        led && index <= old.commit && !members.votes(NodeId::at(at))
                    })
                })
            })
        },
    )
}

/// A server that votes no longer is needed once more, to commit just that.
pub(super) fn elected_without_a_vote<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::seen(
        "elected-without-a-vote",
        "A server that does not vote by its own log is elected.",
        |_, sight| match sight {
            Sight::Event { node, event: Event::Elected { .. }, state } => {
                !state.members.votes(*node)
            }
            _ => false,
        },
    )
}

/// A change that was never committed is undone.
pub(super) fn change_rolled_back<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::seen("change-rolled-back", "A change that gives way is undone.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::RolledBack, .. })
    })
}

/// A server that the others have removed does not know it, and stands for election.
pub(super) fn removed_server_stands<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::nodes(
        "removed-server-stands",
        "A server that was removed does not know it, and stands for election.",
        |_, nodes| {
            let candidates = nodes
                .iter()
                .enumerate()
                .filter(|(_, node)| matches!(node.state.role, Role::Candidate { .. }));
            candidates.into_iter().any(|(at, _)| {
                nodes.iter().any(|node| {
                    let committed = node.state.log.members_at(node.state.commit);
                    committed.is_some_and(|members| !members.votes(NodeId::at(at)))
                })
            })
        },
    )
}
