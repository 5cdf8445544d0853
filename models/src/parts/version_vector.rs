//! Version vectors: how much of every node's doing somebody has seen.

use std::fmt;

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

/// How many events, updates or writes of each node have been seen; of a node without an entry, none
/// (Parker et al., *Detection of Mutual Inconsistency in Distributed Systems*, 1983).
///
/// Vectors are partly ordered: one is [before](Causality::Before) another if no entry of it is
/// larger and some entry is smaller. Two of which neither is before the other are concurrent:
/// whoever made them did not know of each other.
///
/// ```
/// use splitbrain::NodeId;
/// use splitbrain_models::parts::version_vector::{Causality, VersionVector};
///
/// let (alice, bob) = (NodeId(0), NodeId(1));
/// let mut one = VersionVector::new();
/// one.increment(alice);
/// let mut other = one.clone();
/// other.increment(bob);
/// assert_eq!(one.compare(&other), Causality::Before);
///
/// one.increment(alice); // without knowing of bob's
/// assert!(one.concurrent(&other));
///
/// one.merge(&other); // alice hears of it
/// assert!(other.happened_before(&one));
/// assert_eq!(one.to_string(), "[n0:2 n1:1]");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionVector {
    /// By node, each once, and never 0: equal vectors are equal values, and there is one way to
    /// write "none". The derived order is that of the text, and says nothing of causality.
    seen: Vec<(NodeId, u32)>,
}

/// How two events, or the vectors that stand for them, are related.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Causality {
    /// The one happened before the other.
    Before,
    /// The other happened before the one.
    After,
    /// They are the same.
    Equal,
    /// Neither happened before the other.
    Concurrent,
}

impl VersionVector {
    /// Nothing was seen yet.
    pub const fn new() -> VersionVector {
        VersionVector { seen: Vec::new() }
    }

    /// How much of that node was seen.
    pub fn get(&self, node: NodeId) -> u32 {
        self.place(node).map_or(0, |at| self.seen[at].1)
    }

    /// The nodes of which something was seen, and how much, in order.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, u32)> + '_ {
        self.seen.iter().copied()
    }

    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// One more of that node; how much that makes.
    pub fn increment(&mut self, node: NodeId) -> u32 {
        let more = self.get(node) + 1;
        self.raise(node, more);
        more
    }

    /// So much of that node was seen, if it is more than before.
    pub fn raise(&mut self, node: NodeId, seen: u32) {
        match self.place(node) {
            Ok(at) => self.seen[at].1 = self.seen[at].1.max(seen),
            Err(_) if seen == 0 => {}
            Err(at) => self.seen.insert(at, (node, seen)),
        }
    }

    /// Whoever saw both has seen the larger of each entry.
    pub fn merge(&mut self, other: &VersionVector) {
        for &(node, seen) in &other.seen {
            self.raise(node, seen);
        }
    }

    /// Whether everything that the other has seen was seen here, too.
    pub fn includes(&self, other: &VersionVector) -> bool {
        other.seen.iter().all(|&(node, seen)| self.get(node) >= seen)
    }

    /// How this one is related to the other.
    pub fn compare(&self, other: &VersionVector) -> Causality {
        match (other.includes(self), self.includes(other)) {
            (true, true) => Causality::Equal,
            (true, false) => Causality::Before,
            (false, true) => Causality::After,
            (false, false) => Causality::Concurrent,
        }
    }

    /// Whether this one happened before the other.
    pub fn happened_before(&self, other: &VersionVector) -> bool {
        self.compare(other) == Causality::Before
    }

    /// Whether neither happened before the other, and they differ.
    pub fn concurrent(&self, other: &VersionVector) -> bool {
        self.compare(other) == Causality::Concurrent
    }

    fn place(&self, node: NodeId) -> Result<usize, usize> {
        self.seen.binary_search_by_key(&node, |(of, _)| *of)
    }
}

/// Of several entries of a node the largest counts.
impl FromIterator<(NodeId, u32)> for VersionVector {
    fn from_iter<I: IntoIterator<Item = (NodeId, u32)>>(entries: I) -> VersionVector {
        let mut vector = VersionVector::new();
        entries.into_iter().for_each(|(node, seen)| vector.raise(node, seen));
        vector
    }
}

/// `[n0:2 n1:1]`; nodes of which nothing was seen are left out.
impl fmt::Display for VersionVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (at, (node, seen)) in self.seen.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{node}:{seen}")?;
        }
        f.write_str("]")
    }
}

/// As it is written, because vectors are everywhere in states and messages.
impl fmt::Debug for VersionVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A vector of the first nodes, in order.
    fn vector(seen: &[u32]) -> VersionVector {
        (0..).map(NodeId).zip(seen.iter().copied()).collect()
    }

    /// All vectors of three nodes with entries up to 2.
    fn all() -> impl Iterator<Item = VersionVector> {
        (0..27).map(|n| vector(&[n % 3, n / 3 % 3, n / 9]))
    }

    #[test]
    fn vectors_are_ordered_entry_by_entry() {
        let table: [(&str, &[u32], &[u32], Causality); 7] = [
            ("nothing is equal to nothing", &[], &[], Causality::Equal),
            ("no entry and an entry of 0 are the same", &[0, 1, 0], &[0, 1], Causality::Equal),
            ("a smaller entry comes before", &[1, 1], &[1, 2], Causality::Before),
            ("a missing entry is smaller than any", &[1], &[1, 1], Causality::Before),
            ("a larger entry comes after", &[2, 1], &[1, 1], Causality::After),
            ("one larger and one smaller are concurrent", &[2, 1], &[1, 2], Causality::Concurrent),
            ("entries of different nodes are concurrent", &[1], &[0, 1], Causality::Concurrent),
        ];
        for (sentence, one, other, expected) in table {
            assert_eq!(vector(one).compare(&vector(other)), expected, "{sentence}");
        }
    }

    #[test]
    fn to_increment_is_to_go_just_above() {
        for before in all() {
            let mut after = before.clone();
            assert_eq!(after.increment(NodeId(1)), before.get(NodeId(1)) + 1);
            assert!(before.happened_before(&after));
            assert!(!after.happened_before(&before));
        }
    }

    #[test]
    fn to_merge_is_to_take_the_least_that_includes_both() {
        for one in all() {
            for other in all() {
                let mut both = one.clone();
                both.merge(&other);
                assert!(both.includes(&one));
                assert!(both.includes(&other));
                let least = all().filter(|any| any.includes(&one) && any.includes(&other));
                assert!(least.into_iter().all(|any| any.includes(&both)), "{one} and {other}");
                assert_eq!(one.concurrent(&other), both != one && both != other);
            }
        }
    }

    #[test]
    fn equal_vectors_are_equal_values_however_they_came_about() {
        let entries = [(NodeId(2), 1), (NodeId(0), 3), (NodeId(2), 4), (NodeId(1), 0)];
        let one: VersionVector = entries.into_iter().collect();
        assert_eq!(one, vector(&[3, 0, 4]));
        assert_eq!(one.to_string(), "[n0:3 n2:4]");
        assert_eq!(VersionVector::new().to_string(), "[]");
        assert!(VersionVector::from_iter([(NodeId(1), 0)]).is_empty());
    }
}
