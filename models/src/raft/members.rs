//! Who decides: the members of the cluster, and what enough of them hold. Pure quorum maths.

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

use super::log::Index;

/// The members of a cluster. A majority of the voters decides; any two majorities share a member,
/// which is what every argument of the protocol comes down to (§5.2).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Who votes, in order.
    pub voters: Vec<NodeId>,
}

impl Configuration {
    /// These servers, all of them voters.
    pub fn of(voters: impl IntoIterator<Item = NodeId>) -> Configuration {
        Configuration { voters: voters.into_iter().collect() }
    }

    /// How many voters make a majority: 2 of 3, 3 of 4, 3 of 5.
    pub fn majority(&self) -> usize {
        self.voters.len() / 2 + 1
    }

    /// How many of the voters are among these nodes.
    pub fn count(&self, nodes: &[NodeId]) -> usize {
        self.voters.iter().filter(|voter| nodes.contains(voter)).count()
    }

    /// Whether these nodes contain a majority of the voters.
    pub fn decided_by(&self, nodes: &[NodeId]) -> bool {
        self.count(nodes) >= self.majority()
    }

    /// The last index up to which a majority of the voters hold the log, given how far each does.
    pub fn held_by_majority(&self, held: impl Fn(NodeId) -> Index) -> Index {
        let mut held: Vec<Index> = self.voters.iter().map(|&voter| held(voter)).collect();
        held.sort_unstable();
        held[held.len() - self.majority()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(count: u8) -> Configuration {
        Configuration::of((0..count).map(NodeId))
    }

    #[test]
    fn majorities() {
        for (count, majority) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4), (7, 4)] {
            assert_eq!(members(count).majority(), majority, "of {count} members");
        }
    }

    #[test]
    fn votes_decide() {
        let table: &[(&str, u8, &[u8], bool)] = &[
            ("one member decides alone", 1, &[0], true),
            ("nobody decides nothing", 1, &[], false),
            ("half of the members are no majority", 4, &[0, 1], false),
            ("two of three decide", 3, &[2, 0], true),
            ("who is no member does not count", 3, &[0, 7], false),
            ("who votes twice counts once", 3, &[1, 1], false),
        ];
        for (sentence, count, votes, decided) in table {
            let votes: Vec<NodeId> = votes.iter().copied().map(NodeId).collect();
            assert_eq!(members(*count).decided_by(&votes), *decided, "{sentence}");
        }
    }

    #[test]
    fn logs_are_held_by_a_majority() {
        let table: &[(&str, &[u32], u32)] = &[
            ("one member holds what it has", &[4], 4),
            ("two members hold what both have", &[4, 1], 1),
            ("of three, the middle one counts", &[5, 0, 3], 3),
            ("of four, the third counts", &[5, 4, 3, 0], 3),
            ("what a minority has is not held", &[9, 9, 1, 1, 1], 1),
        ];
        for (sentence, held, expected) in table {
            let members = members(held.len() as u8);
            let held = members.held_by_majority(|node| Index(held[node.index()]));
            assert_eq!(held, Index(*expected), "{sentence}");
        }
    }
}
