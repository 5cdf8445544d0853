//! Quorum systems: which nodes decide together.
//!
//! Lamport's synod asks that any two quorums meet. Howard, Malkhi and Spiegelman, *Flexible Paxos:
//! Quorum Intersection Revisited* (2016), found that less will do: a quorum of one phase must meet
//! every quorum of the *other* phase, and two quorums of the same phase need not meet.
//!
//! The nodes of a system are the first ones of the cluster: n0, n1 and so on.

use std::fmt;

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

/// Which sets of nodes are quorums. Whatever contains a quorum is one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum QuorumSystem {
    /// Enough nodes, whichever they are.
    Count {
        /// How many nodes there are.
        of: u8,
        /// How many of them are a quorum.
        least: u8,
    },
    /// Nodes whose weights add up to enough (Gifford, *Weighted Voting for Replicated Data*, 1979).
    Weights {
        /// The weight of each node, from n0.
        weights: Vec<u32>,
        /// The weight of a quorum, at least.
        least: u32,
    },
    /// A whole row of a grid, whose node in row r and column c is r * columns + c.
    Rows {
        /// How many rows the grid has.
        rows: u8,
        /// How many columns it has.
        columns: u8,
    },
    /// A whole column of such a grid. It meets every row.
    Columns {
        /// How many rows the grid has.
        rows: u8,
        /// How many columns it has.
        columns: u8,
    },
}

/// The most nodes whose quorums are enumerated: there may be two to the power of as many.
const MOST_ENUMERATED: u8 = 16;

impl QuorumSystem {
    /// More than half of that many nodes: 2 of 3, 3 of 4, 3 of 5.
    pub fn majority(of: u8) -> QuorumSystem {
        QuorumSystem::Count { of, least: of / 2 + 1 }
    }

    /// How many nodes it is about.
    pub fn size(&self) -> u8 {
        match self {
            QuorumSystem::Count { of, .. } => *of,
            QuorumSystem::Weights { weights, .. } => {
                u8::try_from(weights.len()).expect("a cluster has at most 255 nodes")
            }
            QuorumSystem::Rows { rows, columns } | QuorumSystem::Columns { rows, columns } => {
                rows.checked_mul(*columns).expect("a cluster has at most 255 nodes")
            }
        }
    }

    /// Whether these nodes contain a quorum. They may be in any order; who is named twice counts
    /// once, and who is not of the system does not count.
    pub fn is_quorum(&self, nodes: &[NodeId]) -> bool {
        let has = |node: u8| nodes.contains(&NodeId(node));
        match self {
            QuorumSystem::Count { of, least } => {
                (0..*of).filter(|&node| has(node)).count() >= usize::from(*least)
            }
            QuorumSystem::Weights { weights, least } => {
                let of = |(node, weight): (usize, &u32)| match nodes.contains(&NodeId::at(node)) {
                    true => u64::from(*weight),
                    false => 0,
                };
                weights.iter().enumerate().map(of).sum::<u64>() >= u64::from(*least)
            }
            QuorumSystem::Rows { rows, columns } => {
                (0..*rows).any(|row| (0..*columns).all(|column| has(row * columns + column)))
            }
            QuorumSystem::Columns { rows, columns } => {
                (0..*columns).any(|column| (0..*rows).all(|row| has(row * columns + column)))
            }
        }
    }

    /// The minimal quorums, each in order of nodes: those of fewer nodes first, then in the order
    /// of their nodes.
    ///
    /// # Panics
    /// Beyond 16 nodes.
    pub fn minimal_quorums(&self) -> Vec<Vec<NodeId>> {
        let size = self.size();
        assert!(size <= MOST_ENUMERATED, "the quorums of {size} nodes are too many to list");
        let members = |set: u32| (0..size).filter(move |node| set & (1 << node) != 0).map(NodeId);
        let is_minimal = |quorum: &Vec<NodeId>| {
            let but = |left_out: &NodeId| -> Vec<NodeId> {
                quorum.iter().copied().filter(|node| node != left_out).collect()
            };
            self.is_quorum(quorum) && quorum.iter().all(|node| !self.is_quorum(&but(node)))
        };
        let mut minimal: Vec<Vec<NodeId>> = (0..1_u32 << size)
            .map(|set| members(set).collect::<Vec<NodeId>>())
            .filter(is_minimal)
            .collect();
        minimal.sort_by(|one, other| (one.len(), one).cmp(&(other.len(), other)));
        minimal
    }

    /// A quorum of this system and one of the other that share no node, if there are such: the
    /// smallest two, and the first of those. None means that any two quorums meet.
    ///
    /// # Panics
    /// Beyond 16 nodes.
    pub fn disjoint_from(&self, other: &QuorumSystem) -> Option<(Vec<NodeId>, Vec<NodeId>)> {
        let theirs = other.minimal_quorums();
        let pairs = self.minimal_quorums().into_iter().flat_map(|mine| {
            let apart = theirs
                .iter()
                .filter(|their| mine.iter().all(|node| !their.contains(node)))
                .cloned();
            apart.map(|their| (mine.clone(), their)).collect::<Vec<_>>()
        });
        pairs.min_by_key(|(mine, their)| mine.len() + their.len())
    }
}

/// `any 2 of 3`, `weight 3 of 2+1+1+1`, `a row of 2x2`.
impl fmt::Display for QuorumSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QuorumSystem::Count { of, least } => write!(f, "any {least} of {of}"),
            QuorumSystem::Weights { weights, least } => {
                let weights: Vec<String> = weights.iter().map(u32::to_string).collect();
                write!(f, "weight {least} of {}", weights.join("+"))
            }
            QuorumSystem::Rows { rows, columns } => write!(f, "a row of {rows}x{columns}"),
            QuorumSystem::Columns { rows, columns } => write!(f, "a column of {rows}x{columns}"),
        }
    }
}

/// The quorums of the two phases of Paxos.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phases {
    /// Who must promise before a value is proposed (phase 1).
    pub prepare: QuorumSystem,
    /// Who must accept before a value is chosen (phase 2).
    pub accept: QuorumSystem,
}

impl Phases {
    /// Majorities in both phases.
    pub fn majority(of: u8) -> Phases {
        Phases::unchecked(QuorumSystem::majority(of), QuorumSystem::majority(of))
    }

    /// Quorums of which each of one phase meets each of the other.
    ///
    /// # Errors
    /// Two quorums that do not meet, by name; a system that has no quorum at all; systems of
    /// different nodes.
    pub fn checked(prepare: QuorumSystem, accept: QuorumSystem) -> Result<Phases, String> {
        for system in [&prepare, &accept] {
            let size = system.size();
            if size > MOST_ENUMERATED {
                return Err(format!(
                    "{size} nodes are too many to see whether quorums meet: take at most \
                     {MOST_ENUMERATED}"
                ));
            }
            if system.minimal_quorums().is_empty() {
                return Err(format!("{system} is never reached: all nodes together are no quorum"));
            }
        }
        if prepare.size() != accept.size() {
            return Err(format!(
                "the phases are about different nodes: {prepare} promise, {accept} accept"
            ));
        }
        match prepare.disjoint_from(&accept) {
            Some((promise, accept)) => Err(format!(
                "{} may promise while {} accept: each quorum of one phase must meet each of the \
                 other",
                listed(&promise),
                listed(&accept)
            )),
            None => Ok(Phases { prepare, accept }),
        }
    }

    /// These quorums, whether they meet or not: for those who want to see what becomes of it.
    pub fn unchecked(prepare: QuorumSystem, accept: QuorumSystem) -> Phases {
        Phases { prepare, accept }
    }
}

/// `{n0, n1}`.
fn listed(nodes: &[NodeId]) -> String {
    let names: Vec<String> = nodes.iter().map(NodeId::to_string).collect();
    format!("{{{}}}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use QuorumSystem::{Columns, Count, Rows, Weights};

    fn nodes(of: &[u8]) -> Vec<NodeId> {
        of.iter().copied().map(NodeId).collect()
    }

    fn weights(of: &[u32], least: u32) -> QuorumSystem {
        Weights { weights: of.to_vec(), least }
    }

    const ROWS: QuorumSystem = Rows { rows: 2, columns: 3 };
    const COLUMNS: QuorumSystem = Columns { rows: 2, columns: 3 };

    #[test]
    fn majorities() {
        for (of, least) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4), (7, 4)] {
            assert_eq!(QuorumSystem::majority(of), Count { of, least }, "of {of} nodes");
        }
    }

    #[test]
    fn quorums() {
        let table: &[(&str, QuorumSystem, &[u8], bool)] = &[
            ("two of three are enough", Count { of: 3, least: 2 }, &[2, 0], true),
            ("one of three is not", Count { of: 3, least: 2 }, &[1], false),
            ("who is named twice counts once", Count { of: 3, least: 2 }, &[1, 1], false),
            ("who is not of the system does not count", Count { of: 3, least: 2 }, &[1, 7], false),
            ("nobody is enough where none is asked for", Count { of: 3, least: 0 }, &[], true),
            ("weights add up", weights(&[2, 1, 1, 1], 3), &[0, 3], true),
            ("the light ones need each other", weights(&[2, 1, 1, 1], 3), &[1, 2, 3], true),
            ("two light ones are too light", weights(&[2, 1, 1, 1], 3), &[1, 2], false),
            ("weight is not counted twice", weights(&[2, 1], 3), &[0, 0], false),
            ("weights do not overflow", weights(&[u32::MAX, 1], u32::MAX), &[0, 1], true),
            ("a whole row", ROWS, &[5, 4, 3], true),
            ("a row with a gap", ROWS, &[0, 1, 3, 4], false),
            ("a column is no row", ROWS, &[1, 4], false),
            ("a whole column", COLUMNS, &[1, 4], true),
            ("a row is no column", COLUMNS, &[0, 1, 2], false),
            ("more than a quorum is one", COLUMNS, &[0, 1, 2, 5], true),
        ];
        for (sentence, system, votes, is_quorum) in table {
            assert_eq!(system.is_quorum(&nodes(votes)), *is_quorum, "{sentence}");
        }
    }

    #[test]
    fn minimal_quorums_come_smallest_first() {
        let table: &[(QuorumSystem, &[&[u8]])] = &[
            (Count { of: 3, least: 2 }, &[&[0, 1], &[0, 2], &[1, 2]]),
            (Count { of: 2, least: 0 }, &[&[]]),
            (Count { of: 2, least: 3 }, &[]),
            (weights(&[2, 1, 1, 1], 3), &[&[0, 1], &[0, 2], &[0, 3], &[1, 2, 3]]),
            (weights(&[1, 3], 3), &[&[1]]),
            (ROWS, &[&[0, 1, 2], &[3, 4, 5]]),
            (COLUMNS, &[&[0, 3], &[1, 4], &[2, 5]]),
        ];
        for (system, expected) in table {
            let expected: Vec<Vec<NodeId>> = expected.iter().map(|quorum| nodes(quorum)).collect();
            assert_eq!(system.minimal_quorums(), expected, "{system}");
        }
    }

    #[test]
    fn whether_quorums_meet() {
        type Pair<'a> = (&'a [u8], &'a [u8]);
        let count = |of, least| Count { of, least };
        let table: &[(&str, QuorumSystem, QuorumSystem, Option<Pair<'_>>)] = &[
            ("majorities meet", count(3, 2), count(3, 2), None),
            ("all of them meet any of them", count(4, 4), count(4, 1), None),
            ("halves do not", count(4, 2), count(4, 2), Some((&[0, 1], &[2, 3]))),
            ("a row meets every column", ROWS, COLUMNS, None),
            ("a row does not meet the other", ROWS, ROWS, Some((&[0, 1, 2], &[3, 4, 5]))),
            ("nor do columns", COLUMNS, COLUMNS, Some((&[0, 3], &[1, 4]))),
            (
                "weights of more than half meet",
                weights(&[2, 1, 1], 3),
                weights(&[2, 1, 1], 3),
                None,
            ),
            (
                "the smallest pair is named",
                weights(&[1, 1, 2], 2),
                weights(&[1, 1, 2], 1),
                Some((&[2], &[0])),
            ),
            ("nobody meets nobody", count(2, 0), count(2, 2), Some((&[], &[0, 1]))),
        ];
        for (sentence, one, other, apart) in table {
            let apart = apart.map(|(mine, theirs)| (nodes(mine), nodes(theirs)));
            assert_eq!(one.disjoint_from(other), apart, "{sentence}");
        }
    }

    #[test]
    fn phases_are_refused_where_they_do_not_meet() {
        let count = |of, least| Count { of, least };
        let table = [
            ("majorities", count(3, 2), count(3, 2), None),
            ("a small quorum accepts where a large one promises", count(4, 3), count(4, 2), None),
            ("rows promise, columns accept", ROWS, COLUMNS, None),
            (
                "two and two of four",
                count(4, 2),
                count(4, 2),
                Some(
                    "{n0, n1} may promise while {n2, n3} accept: each quorum of one phase must \
                     meet each of the other",
                ),
            ),
            (
                "more than there are",
                count(3, 4),
                count(3, 2),
                Some("any 4 of 3 is never reached: all nodes together are no quorum"),
            ),
            (
                "other nodes",
                count(3, 3),
                count(4, 3),
                Some("the phases are about different nodes: any 3 of 3 promise, any 3 of 4 accept"),
            ),
            (
                "too many nodes",
                count(17, 9),
                count(17, 9),
                Some("17 nodes are too many to see whether quorums meet: take at most 16"),
            ),
        ];
        for (sentence, prepare, accept, expected) in table {
            let unchecked = Phases::unchecked(prepare.clone(), accept.clone());
            match (Phases::checked(prepare, accept), expected) {
                (Ok(phases), None) => assert_eq!(phases, unchecked, "{sentence}"),
                (Err(refused), Some(expected)) => assert_eq!(refused, expected, "{sentence}"),
                (answer, _) => panic!("{sentence}: {answer:?}"),
            }
        }
        assert_eq!(
            Phases::checked(QuorumSystem::majority(5), QuorumSystem::majority(5)),
            Ok(Phases::majority(5))
        );
    }

    #[test]
    fn systems_in_words() {
        let table = [
            (Count { of: 3, least: 2 }, "any 2 of 3"),
            (weights(&[2, 1, 1, 1], 3), "weight 3 of 2+1+1+1"),
            (Rows { rows: 2, columns: 2 }, "a row of 2x2"),
            (COLUMNS, "a column of 2x3"),
        ];
        for (system, words) in table {
            assert_eq!(system.to_string(), words);
        }
    }
}
