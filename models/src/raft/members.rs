//! Who decides: the members of the cluster, and what enough of them hold. Pure quorum maths.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

use super::log::Index;

/// The members of a cluster, as one entry of the log names them (§6). A majority of the voters
/// decides; any two majorities share a member, which is what every argument of the protocol comes
/// down to (§5.2).
///
/// In joint consensus, C_old,new, there are the voters that were and those that will be, and it
/// takes a majority of each.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Who votes, in order: C, or C_old while there are two.
    pub voters: Vec<NodeId>,
    /// Who will vote, in order, and decides already: C_new in joint consensus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Vec<NodeId>>,
    /// Who is sent the log, but neither votes nor counts, in order (dissertation §4.2.1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub learners: Vec<NodeId>,
}

impl Configuration {
    /// These servers, all of them voters.
    pub fn of(voters: impl IntoIterator<Item = NodeId>) -> Configuration {
        Configuration { voters: voters.into_iter().collect(), next: None, learners: Vec::new() }
    }

    /// How many voters make a majority: 2 of 3, 3 of 4, 3 of 5.
    pub fn majority(&self) -> usize {
        majority(&self.voters)
    }

    /// How many of the voters are among these nodes.
    pub fn count(&self, nodes: &[NodeId]) -> usize {
        count(&self.voters, nodes)
    }

    /// Whether these nodes decide: they contain a majority of the voters, and in joint consensus
    /// one of the next voters, too.
    pub fn decided_by(&self, nodes: &[NodeId]) -> bool {
        self.decided_if(|voter| nodes.contains(&voter))
    }

    /// Whether those for whom that holds decide.
    pub fn decided_if(&self, agrees: impl Fn(NodeId) -> bool) -> bool {
        self.electorates()
            .all(|voters| voters.iter().filter(|&&voter| agrees(voter)).count() >= majority(voters))
    }

    /// The last index up to which enough voters to decide hold the log, given how far each does.
    pub fn held_by_majority(&self, held: impl Fn(NodeId) -> Index) -> Index {
        let held_by_most = |voters: &Vec<NodeId>| {
            let as_far = |index| voters.iter().filter(|&&voter| held(voter) >= index).count();
            let indices = voters.iter().map(|&voter| held(voter));
            let by_most = indices.filter(|&index| as_far(index) >= majority(voters)).max();
            by_most.expect("a configuration has voters")
        };
        self.electorates().map(held_by_most).min().expect("a configuration has voters")
    }

    /// Whether two sets of voters decide together.
    pub fn is_joint(&self) -> bool {
        self.next.is_some()
    }

    /// Whether the node votes.
    pub fn votes(&self, node: NodeId) -> bool {
        self.electorates().any(|voters| voters.contains(&node))
    }

    /// Everybody who votes, in order, each once.
    pub fn electors(&self) -> Vec<NodeId> {
        sorted(self.electorates().flatten().copied())
    }

    /// Everybody whom a leader sends the log, in order, each once.
    pub fn all(&self) -> Vec<NodeId> {
        sorted(self.electorates().flatten().chain(&self.learners).copied())
    }

    /// Whether the node votes or learns.
    pub fn include(&self, node: NodeId) -> bool {
        self.votes(node) || self.learners.contains(&node)
    }

    /// Whether whatever decides here shares a member with whatever decides there, so that the two
    /// cannot decide apart. It tries every set of the electors.
    pub fn meets(&self, other: &Configuration) -> bool {
        let electors = self.electors();
        (0..1_u32 << electors.len()).all(|set| {
            let is_in = |at: usize| set & (1 << at) != 0;
            let here: Vec<NodeId> =
                (0..electors.len()).filter(|&at| is_in(at)).map(|at| electors[at]).collect();
            let others = other.electors().into_iter().filter(|node| !here.contains(node));
            !(self.decided_by(&here) && other.decided_by(&others.collect::<Vec<_>>()))
        })
    }

    /// The sets of voters, each of which must agree.
    fn electorates(&self) -> impl Iterator<Item = &Vec<NodeId>> {
        [&self.voters].into_iter().chain(&self.next)
    }
}

/// How many make a majority of these.
fn majority(voters: &[NodeId]) -> usize {
    voters.len() / 2 + 1
}

/// How many of the voters are among these nodes.
fn count(voters: &[NodeId], nodes: &[NodeId]) -> usize {
    voters.iter().filter(|voter| nodes.contains(voter)).count()
}

/// These nodes in order, each once.
pub(super) fn sorted(nodes: impl IntoIterator<Item = NodeId>) -> Vec<NodeId> {
    nodes.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
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

    fn nodes(of: &[u8]) -> Vec<NodeId> {
        of.iter().copied().map(NodeId).collect()
    }

    fn joint(old: &[u8], new: &[u8]) -> Configuration {
        Configuration { next: Some(nodes(new)), ..Configuration::of(nodes(old)) }
    }

    #[test]
    fn in_joint_consensus_both_majorities_decide() {
        let five = joint(&[0, 1, 2], &[2, 3, 4]);
        let table: &[(&str, &Configuration, &[u8], bool)] = &[
            ("a majority of the old is not enough", &five, &[0, 1, 2], false),
            ("nor one of the new", &five, &[2, 3, 4], false),
            ("nor one of all together", &five, &[0, 3, 4], false),
            ("one of each is", &five, &[0, 2, 3], true),
            ("whoever is in both counts in both", &joint(&[0, 1], &[0, 2]), &[0, 1, 2], true),
            ("a single old voter has a veto", &joint(&[0], &[1, 2, 3]), &[1, 2, 3], false),
        ];
        for (sentence, members, votes, decided) in table {
            assert_eq!(members.decided_by(&nodes(votes)), *decided, "{sentence}");
        }
        let held = five.held_by_majority(|node| Index([4, 1, 0, 7, 9][node.index()]));
        assert_eq!(held, Index(1), "the old hold up to 1, the new up to 7");
    }

    #[test]
    fn learners_are_sent_the_log_and_decide_nothing() {
        let members = Configuration { learners: nodes(&[1, 4]), ..joint(&[0, 2], &[2, 3]) };
        assert_eq!(members.all(), nodes(&[0, 1, 2, 3, 4]));
        assert_eq!(members.electors(), nodes(&[0, 2, 3]));
        let votes = |node| members.votes(NodeId(node));
        assert!(votes(0) && votes(3) && !votes(1) && !votes(4), "both sets vote, learners do not");
        assert!(!members.decided_by(&nodes(&[1, 2, 4])), "learners do not count");
    }

    #[test]
    fn configurations_meet_where_no_two_decide_apart() {
        let of = |voters: &[u8]| Configuration::of(nodes(voters));
        let table = [
            ("one more of three", of(&[0, 1, 2]), of(&[0, 1, 2, 3]), true),
            ("one less of four", of(&[0, 1, 2, 3]), of(&[0, 1, 3]), true),
            ("one less of two", of(&[0, 1]), of(&[1]), true),
            ("two more of three: Figure 10", of(&[0, 1, 2]), of(&[0, 1, 2, 3, 4]), false),
            ("one for another of three", of(&[0, 1, 2]), of(&[0, 1, 3]), false),
            ("one for another of two", of(&[0, 1]), of(&[0, 2]), true),
            ("others altogether", of(&[0, 1, 2]), of(&[3, 4]), false),
            ("by joint consensus, in", of(&[0, 1, 2]), joint(&[0, 1, 2], &[3, 4]), true),
            ("by joint consensus, out", joint(&[0, 1, 2], &[3, 4]), of(&[3, 4]), true),
        ];
        for (sentence, one, other, meet) in table {
            assert_eq!(one.meets(&other), meet, "{sentence}");
            assert_eq!(other.meets(&one), meet, "{sentence}, the other way round");
        }
    }
}
