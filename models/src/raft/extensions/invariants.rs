//! What must hold of the extensions beside what must hold of Raft, and what must be reachable.

use splitbrain::{Goal, Held, Invariant, Nodes, Sight, broken};

use super::super::log::{Entry, Index};
use super::super::state::{Event, Role, State, Wait};
use super::super::{Raft, invariants};
use crate::parts::machine::{Applied, Seen, StateMachine};

/// All of them, Raft's included.
pub(super) fn all<S: StateMachine>(machine: S) -> Vec<Invariant<Raft<S>>> {
    let mut all = invariants::all(machine.clone());
    all.push(snapshot_matching(machine));
    all
}

/// A snapshot equals the entries that it stands for: it ends in the term in which the last of them
/// was made, is what the machine becomes when they are applied in order, and names the members that
/// they name last. This is log matching for what logs have forgotten.
pub fn snapshot_matching<S: StateMachine>(machine: S) -> Invariant<Raft<S>> {
    Invariant::history(
        "snapshot-matching",
        "A snapshot is what the machine becomes by the entries that it stands for.",
        Past { applied: Vec::new(), start: machine },
        |past, sight| match sight {
            Sight::Event { event: Event::Applied { index, entry }, .. } => {
                past.note(*index, entry);
                Ok(())
            }
            Sight::Event { event: Event::Compacted | Event::Installed { .. }, state, .. } => {
                past.explains(state)
            }
            _ => Ok(()),
        },
    )
}

/// What was applied at each place first. That all servers apply the same is another invariant's
/// business.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Past<S: StateMachine> {
    applied: Vec<Entry<S::Operation>>,
    start: S,
}

impl<S: StateMachine> Past<S> {
    fn note(&mut self, index: Index, entry: &Entry<S::Operation>) {
        if index.before().0 as usize == self.applied.len() {
            self.applied.push(entry.clone());
        }
    }

    /// Whether a server's snapshot is what its past makes of the machine.
    fn explains(&self, state: &State<S>) -> Held {
        let base = state.log.base();
        let Some(entries) = self.applied.get(..base.index.0 as usize) else {
            return broken(format!("entries up to {} were never applied", base.index));
        };
        let term = entries.last().map(|entry| entry.term);
        if term.is_some_and(|term| term != base.term) {
            return broken(format!(
                "a snapshot says that entry {} is of term {}, but it is of {term:?}",
                base.index, base.term
            ));
        }
        let members = entries.iter().rev().find_map(|entry| entry.payload.members());
        if members != base.members.as_ref() {
            return broken(format!(
                "a snapshot of entries up to {} names {:?} as members, but they name {members:?}",
                base.index, base.members
            ));
        }
        let mut expected = Applied::new(self.start.clone());
        for request in entries.iter().filter_map(|entry| entry.payload.request()) {
            if expected.seen(request.client, request.serial) == Seen::New {
                expected.apply(request);
            }
        }
        match &state.snapshot {
            Some(snapshot) if *snapshot == expected => Ok(()),
            snapshot => broken(format!(
                "the snapshot of entries up to {} is {snapshot:?}, but they make {expected:?}",
                base.index
            )),
        }
    }
}

/// No server is stuck in an old term: where all mail has arrived, one that asks for pre-votes knows
/// the latest term of any server that runs. It fails of two servers that refuse each other for ever
/// (etcd#8243).
pub fn mutual_block<S: StateMachine>() -> Invariant<Raft<S>> {
    Invariant::quiet(
        "no-mutual-block",
        "Who asks for pre-votes learns of the latest term.",
        |_, nodes| {
            let running = || nodes.iter().filter(|node| node.up).map(|node| &node.state);
            let latest = running().map(|state| state.term).max();
            let stuck = |state: &&State<S>| asks_for_pre_votes(state) && Some(state.term) < latest;
            match running().find(stuck) {
                Some(state) => broken(format!(
                    "a server asks for pre-votes in term {} and no answer will come, where \
                     another is in term {latest:?}",
                    state.term
                )),
                None => Ok(()),
            }
        },
    )
}

fn asks_for_pre_votes<S: StateMachine>(state: &State<S>) -> bool {
    matches!(state.role, Role::PreCandidate { .. })
}

/// A read is answered without the log.
pub(super) fn read_answered<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::seen("read-answered", "A read is answered without the log.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Read { .. }, .. })
    })
}

/// A read waits for a majority.
pub(super) fn read_confirmed<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::seen(
        "read-confirmed",
        "A majority confirms the leader, and a read is answered.",
        |_, sight| {
            matches!(
                sight,
                Sight::Event { event: Event::Read { after: Wait::Confirmation, .. }, .. }
            )
        },
    )
}

/// A read waits for the no-op.
pub(super) fn read_delayed<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::seen(
        "read-delayed",
        "A read waits until an entry of its leader's own term is committed.",
        |_, sight| {
            matches!(sight, Sight::Event { event: Event::Read { after: Wait::Commitment, .. }, .. })
        },
    )
}

/// A read waits for nothing.
pub(super) fn read_at_once<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::seen("read-at-once", "A lease holds, and a read is answered at once.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Read { after: Wait::Nothing, .. }, .. })
    })
}

/// A leader whose lease was renewed once already has a read that waits for the next time.
pub(super) fn lease_expired<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::nodes(
        "lease-expired",
        "A lease is over, and a read waits until it is renewed.",
        |_, nodes| {
            nodes.iter().any(|node| match &node.state.role {
                Role::Leader(leader) => {
                    leader.rounds.confirmed.is_some()
                        && leader.rounds.confirmed < leader.rounds.begun
                        && !leader.reads.is_empty()
                }
                Role::Follower | Role::PreCandidate { .. } | Role::Candidate { .. } => false,
            })
        },
    )
}

/// A server asks for pre-votes in vain.
pub(super) fn pre_vote_refused<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::nodes(
        "pre-vote-refused",
        "A server asks for pre-votes while a majority hears of a leader.",
        |_, nodes| {
            let asks = nodes.iter().any(|node| asks_for_pre_votes(&node.state));
            let refuse = |state: &State<S>| state.leads() || state.hears_leader;
            let refusing = nodes.iter().filter(|node| refuse(&node.state)).count();
            asks && refusing > nodes.len() / 2
        },
    )
}

/// A leader's successor leads.
pub(super) fn transfer_completed<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::nodes(
        "transfer-completed",
        "A leader hands its leadership over, and its successor leads.",
        |_, nodes| successor(nodes).is_some_and(|state| state.leads()),
    )
}

/// The server that a leader hands its leadership to, if it is in a later term already.
fn successor<S: StateMachine>(nodes: &Nodes<Raft<S>>) -> Option<&State<S>> {
    nodes.iter().find_map(|node| {
        let Role::Leader(leader) = &node.state.role else { return None };
        let successor = &nodes[leader.transfer?.index()].state;
        (successor.term > node.state.term).then_some(successor)
    })
}

/// A follower catches up by a snapshot.
pub(super) fn snapshot_installed<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::seen("snapshot-installed", "A follower takes over a snapshot.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Installed { .. }, .. })
    })
}

/// A late snapshot removes nothing.
pub(super) fn suffix_kept<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::seen("suffix-kept", "A follower keeps what it has behind a snapshot.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Installed { suffix: true }, .. })
    })
}
