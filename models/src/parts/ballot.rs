//! Ballots: the numbers under which proposers propose.

use std::fmt;

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

/// A ballot, ordered by round and then by proposer. It names its proposer, so that no two proposers
/// ever use the same one (Lamport, *Paxos Made Simple*, §2.5: disjoint sets of numbers).
///
/// Rounds count from 1. The default, [`NONE`](Ballot::NONE), is below every ballot that anybody
/// uses: no promise was given yet. Where "none" is a case of its own, take an `Option`, which
/// orders the same way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ballot {
    /// Which try this is, from 1.
    pub round: u32,
    /// Whose ballot it is.
    pub proposer: NodeId,
}

impl Ballot {
    /// Below every ballot in use.
    pub const NONE: Ballot = Ballot { round: 0, proposer: NodeId(0) };

    /// The first ballot of this proposer.
    pub fn first_of(me: NodeId) -> Ballot {
        Ballot::NONE.next_for(me)
    }

    /// The smallest ballot of this proposer above this one.
    pub fn next_for(self, me: NodeId) -> Ballot {
        let is_above = self.round > 0 && me > self.proposer;
        Ballot { round: if is_above { self.round } else { self.round + 1 }, proposer: me }
    }
}

/// `2.n1`: the second round, by n1.
impl fmt::Display for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.round, self.proposer)
    }
}

/// As it is written, because ballots are everywhere in states and messages.
impl fmt::Debug for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ballot(round: u32, proposer: u8) -> Ballot {
        Ballot { round, proposer: NodeId(proposer) }
    }

    #[test]
    fn ballots_are_ordered_by_round_and_then_by_proposer() {
        let rising =
            [Ballot::NONE, ballot(1, 0), ballot(1, 1), ballot(1, 4), ballot(2, 0), ballot(10, 0)];
        assert!(rising.is_sorted_by(|one, next| one < next));
        assert_eq!(Ballot::default(), Ballot::NONE);
        assert_eq!(ballot(2, 1).to_string(), "2.n1");
    }

    #[test]
    fn the_next_ballot_is_the_smallest_of_ones_own_above() {
        let table = [
            ("the first ballot is of the first round", Ballot::NONE, 2, ballot(1, 2)),
            ("the first node begins with the first round, too", Ballot::NONE, 0, ballot(1, 0)),
            ("a later proposer goes above in the same round", ballot(1, 0), 1, ballot(1, 1)),
            ("an earlier one needs the next round", ballot(1, 1), 0, ballot(2, 0)),
            ("one's own ballot is followed by the next round", ballot(3, 1), 1, ballot(4, 1)),
        ];
        for (sentence, seen, me, next) in table {
            assert_eq!(seen.next_for(NodeId(me)), next, "{sentence}");
        }
    }

    #[test]
    fn nothing_of_ones_own_lies_between() {
        let all = || (1..5).flat_map(|round| (0..3).map(move |proposer| ballot(round, proposer)));
        for seen in all().filter(|seen| seen.round < 4) {
            for me in (0..3).map(NodeId) {
                let above = all().filter(|one| one.proposer == me && *one > seen);
                assert_eq!(Some(seen.next_for(me)), above.min(), "{me} above {seen}");
            }
        }
    }
}
