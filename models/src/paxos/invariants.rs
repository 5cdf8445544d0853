//! What must hold of Paxos (the three requirements of §2.1, and what they rest on), and what must
//! be reachable.

use splitbrain::invariants::{Agreement, Validity};
use splitbrain::{Broken, Goal, Invariant, NodeId, Sight, broken};

use super::{Event, Paxos, Propose, State, Value, Vote};
use crate::parts::ballot::Ballot;
use crate::parts::quorum::{Phases, QuorumSystem};

/// All of them, for a value that is chosen by these quorums.
pub(super) fn all(phases: &Phases) -> Vec<Invariant<Paxos>> {
    let votes = Votes::new(phases.accept.clone());
    vec![
        validity(),
        agreement(votes.clone()),
        learned_is_chosen(votes),
        learners_agree(),
        one_value_per_ballot(),
    ]
}

/// Who has voted for what, and what was chosen by it. Nobody in the system knows that.
///
/// It keeps what can still make a difference: votes for a value that is chosen already cannot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Votes {
    quorums: QuorumSystem,
    /// The proposals that may yet be chosen, in their order, each with its voters, in theirs.
    open: Vec<(Vote, Vec<NodeId>)>,
    /// What was chosen, in the order of choice.
    chosen: Vec<Value>,
}

impl Votes {
    /// No vote was cast yet; a proposal is chosen by such a quorum.
    fn new(quorums: QuorumSystem) -> Votes {
        Votes { quorums, open: Vec::new(), chosen: Vec::new() }
    }

    /// An acceptor votes for a proposal. Votes for one proposal add up; those of different ballots
    /// do not, whatever their values.
    fn cast(&mut self, voter: NodeId, vote: Vote) {
        if self.chosen.contains(&vote.value) {
            return;
        }
        let place = match self.open.binary_search_by_key(&vote, |(open, _)| *open) {
            Ok(place) => place,
            Err(place) => {
                self.open.insert(place, (vote, Vec::new()));
                place
            }
        };
        let voters = &mut self.open[place].1;
        if let Err(place) = voters.binary_search(&voter) {
            voters.insert(place, voter);
        }
        if self.quorums.is_quorum(voters) {
            self.chosen.push(vote.value);
            self.open.retain(|(open, _)| open.value != vote.value);
        }
    }

    /// The values chosen so far. Anything but none or one is an error, but not here.
    fn chosen(&self) -> &[Value] {
        &self.chosen
    }
}

/// "Only a value that has been proposed may be chosen" (§2.1). It is looked at where an acceptor
/// accepts it, since nothing keeps it from being chosen then.
fn validity() -> Invariant<Paxos> {
    Invariant::history(
        "validity",
        "Only what a client has asked to propose is accepted, and so may be chosen.",
        Validity::<Value>::new(),
        |asked, sight| match sight {
            Sight::Input { input: Propose(value), .. } => {
                asked.propose(*value);
                Ok(())
            }
            Sight::Event { node, event: Event::Accepted(vote), .. } => {
                asked.decide(&vote.value).map_err(|_| {
                    Broken::new(format!(
                        "{node} accepts {} in ballot {}, which no client has asked for",
                        vote.value, vote.ballot
                    ))
                })
            }
            _ => Ok(()),
        },
    )
}

/// "Only a single value is chosen" (§2.1), by the votes, whether or not anybody has learned of it.
fn agreement(votes: Votes) -> Invariant<Paxos> {
    Invariant::history(
        "agreement",
        "At most one value is ever chosen: accepted by a quorum in one ballot.",
        votes,
        |votes, sight| {
            let Sight::Event { node, event: Event::Accepted(vote), .. } = sight else {
                return Ok(());
            };
            votes.cast(*node, *vote);
            match votes.chosen() {
                [first, .., second] => broken(format!(
                    "{second} is chosen in ballot {} by the vote of {node}, but {first} was chosen \
                     before",
                    vote.ballot
                )),
                [_] | [] => Ok(()),
            }
        },
    )
}

/// "A process never learns that a value has been chosen unless it actually has been" (§2.1).
fn learned_is_chosen(votes: Votes) -> Invariant<Paxos> {
    Invariant::history(
        "learned-is-chosen",
        "A proposer learns only what is chosen.",
        votes,
        |votes, sight| match sight {
            Sight::Event { node, event: Event::Accepted(vote), .. } => {
                votes.cast(*node, *vote);
                Ok(())
            }
            Sight::Event { node, event: Event::Learned(value), .. }
                if !votes.chosen().contains(value) =>
            {
                broken(format!("{node} learns {value}, which no quorum has accepted in one ballot"))
            }
            _ => Ok(()),
        },
    )
}

/// No two learners learn different values, nor does one of them at different times.
fn learners_agree() -> Invariant<Paxos> {
    Invariant::history(
        "learners-agree",
        "All that is ever learned is one value.",
        Agreement::<(), Value>::new(),
        |learned, sight| match sight {
            Sight::Event { node, event: Event::Learned(value), .. } => {
                learned.agree_or((), *value, |(), first, second| {
                    format!("{node} learns {second}, but {first} was learned before")
                })
            }
            _ => Ok(()),
        },
    )
}

/// "Different proposals have different numbers" (§2.2).
fn one_value_per_ballot() -> Invariant<Paxos> {
    Invariant::history(
        "one-value-per-ballot",
        "At most one value is proposed in a ballot.",
        Agreement::<Ballot, Value>::new(),
        |proposed, sight| match sight {
            Sight::Event { event: Event::Proposed { proposal, .. }, .. } => {
                proposed.agree_named("ballot", "value", proposal.ballot, proposal.value)
            }
            _ => Ok(()),
        },
    )
}

/// A value is learned, so it was chosen.
pub(super) fn learned() -> Goal<Paxos> {
    Goal::seen("value-chosen", "A value is chosen, and a proposer learns it.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Learned(_), .. })
    })
}

/// A proposer gives up its own value for one that it was told of.
pub(super) fn adopted() -> Goal<Paxos> {
    Goal::seen(
        "value-adopted",
        "A proposer proposes a value that an acceptor had accepted, and not its own.",
        |_, sight| {
            matches!(
                sight,
                Sight::Event {
                    event: Event::Proposed { proposal, adopted: true },
                    state: State::Proposer(proposer),
                    ..
                } if proposal.value != proposer.own
            )
        },
    )
}

/// A refused proposer tries a higher ballot.
pub(super) fn nack_heeded() -> Goal<Paxos> {
    Goal::seen(
        "nack-heeded",
        "A proposer that was refused begins a ballot above the one that it lost to.",
        |_, sight| matches!(sight, Sight::Event { event: Event::TriedHigher { .. }, .. }),
    )
}

/// An acceptor comes back with what it has accepted.
pub(super) fn vote_survives_restart() -> Goal<Paxos> {
    Goal::seen(
        "vote-survives-restart",
        "An acceptor that has accepted a value restarts, and knows.",
        |_, sight| {
            matches!(
                sight,
                Sight::Restart { state: State::Acceptor(acceptor), .. }
                    if acceptor.accepted.is_some()
            )
        },
    )
}

/// A proposer comes back with the number that it must not use again.
pub(super) fn ballot_survives_restart() -> Goal<Paxos> {
    Goal::seen(
        "ballot-survives-restart",
        "A proposer that has begun a ballot restarts, and knows.",
        |_, sight| {
            matches!(
                sight,
                Sight::Restart { state: State::Proposer(proposer), .. }
                    if proposer.ballot != Ballot::NONE
            )
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn votes_count_within_a_ballot() {
        /// Voter, round, value.
        type Cast = (u8, u32, u8);
        let table: &[(&str, &[Cast], &[u8])] = &[
            ("one vote of three chooses nothing", &[(0, 1, 1)], &[]),
            ("two of three choose", &[(0, 1, 1), (2, 1, 1)], &[1]),
            ("one voter counts once", &[(0, 1, 1), (0, 1, 1)], &[]),
            ("votes of different ballots do not add up", &[(0, 1, 1), (1, 2, 1)], &[]),
            ("nor do votes for different values", &[(0, 1, 1), (1, 1, 2)], &[]),
            (
                "a late vote counts for the ballot it was cast in",
                &[(0, 1, 1), (1, 2, 2), (2, 1, 1)],
                &[1],
            ),
            (
                "a second value is chosen, too",
                &[(0, 1, 1), (1, 1, 1), (1, 2, 2), (2, 2, 2)],
                &[1, 2],
            ),
            (
                "a value that is chosen again is chosen once",
                &[(0, 1, 1), (1, 1, 1), (1, 2, 1), (2, 2, 1)],
                &[1],
            ),
        ];
        for (sentence, cast, chosen) in table {
            let mut votes = Votes::new(QuorumSystem::majority(3));
            for (voter, round, value) in *cast {
                let ballot = Ballot { round: *round, proposer: NodeId(3) };
                votes.cast(NodeId(*voter), Vote { ballot, value: Value(*value) });
            }
            let chosen: Vec<Value> = chosen.iter().copied().map(Value).collect();
            assert_eq!(votes.chosen(), chosen, "{sentence}");
        }
    }

    #[test]
    fn what_is_chosen_keeps_no_votes() {
        let vote = |value| Vote { ballot: Ballot::first_of(NodeId(3)), value: Value(value) };
        let mut votes = Votes::new(QuorumSystem::majority(3));
        votes.cast(NodeId(0), vote(1));
        votes.cast(NodeId(1), vote(1));
        assert_eq!((votes.open.len(), votes.chosen()), (0, [Value(1)].as_slice()));
        let chosen = votes.clone();
        votes.cast(NodeId(2), vote(1));
        assert_eq!(votes, chosen, "a vote beyond the quorum leaves no trace");
    }
}
