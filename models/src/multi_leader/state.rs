//! What a leader remembers, and what leaders say to each other.

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

use crate::parts::dots::Dot;
use crate::parts::version_vector::VersionVector;

/// Whether whoever has seen so much has seen that write. Vectors say of each leader how many of its
/// writes were seen, from the first on.
pub fn is_in(write: Dot, seen: &VersionVector) -> bool {
    write.number <= seen.get(write.by.node())
}

/// A version of a key's value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// The write it is of.
    pub dot: Dot,
    /// How many writes its leader had seen with it: a Lamport time, for the last writer to win by.
    pub time: u32,
    /// What it says: the writes whose words are in it, in order. Its own alone, unless values are
    /// merged or users go on from the one that counts.
    pub items: Vec<Dot>,
}

/// The keys of a leader with the versions of each. What is not here was written over, or lost.
pub type Values = Vec<Vec<Version>>;

/// What one leader remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Leader {
    /// Which writes it has seen.
    pub seen: VersionVector,
    /// What they left, by key.
    pub values: Values,
    /// What its users are about to write, by editor.
    pub drafts: Vec<Draft>,
}

/// A user has opened a key, and has not saved it yet.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Draft {
    /// Whose it is.
    pub editor: u8,
    /// Which writes the leader had seen when the user looked: the *context* of what will be saved.
    pub context: VersionVector,
    /// What the user goes on from.
    pub items: Vec<Dot>,
}

/// What leaders say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Message {
    /// A write.
    Update(Update),
    /// What have you that I have not, and what have I that you have not?
    Digest(VersionVector),
    /// What have you that I have not?
    Pull(VersionVector),
    /// All that somebody has.
    Store {
        /// Which writes it has seen.
        seen: VersionVector,
        /// What they left, by key.
        values: Values,
    },
}

/// A write on its way.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// Which key.
    pub key: u8,
    /// Its name.
    pub dot: Dot,
    /// Which writes its leader had seen before it: what it must not be seen without.
    pub after: VersionVector,
    /// Which writes its user had seen: what it replaces.
    pub context: VersionVector,
    /// What it says.
    pub items: Vec<Dot>,
}

impl Update {
    /// The version that it makes.
    pub fn version(&self) -> Version {
        let seen: u32 = self.after.iter().map(|(_, number)| number).sum();
        Version { dot: self.dot, time: seen + 1, items: self.items.clone() }
    }
}

/// The names of the timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Timer {
    /// Compare with another leader.
    Exchange,
}

/// What users ask of a leader.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// Show that key to that editor, who means to change it.
    Open {
        /// Who looks.
        editor: u8,
        /// At what.
        key: u8,
    },
    /// Replace what that editor was shown by what it made of it.
    Save {
        /// Who writes.
        editor: u8,
        /// Where.
        key: u8,
    },
}

/// What leaders tell the outside.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// An editor was shown a key.
    Opens {
        /// Who looks.
        editor: u8,
        /// The versions it was shown, the one that counts first.
        shown: Vec<Dot>,
    },
    /// The leader took a write.
    Writes {
        /// Who wrote.
        editor: u8,
        /// The write.
        dot: Dot,
        /// Which writes are kept in it: what its user went on from.
        kept: Vec<Dot>,
    },
    /// A write came before one that it depends on.
    Misses(Dot),
    /// The leader has seen these writes now, all at once.
    Sees {
        /// The writes, in order.
        dots: Vec<Dot>,
        /// Whether it was told of them by comparison.
        repaired: bool,
    },
    /// Two users wrote without knowing of each other, and this one's write lost.
    Loses(Dot),
}

impl Leader {
    /// A leader of so many keys, before anything was written.
    pub fn new(keys: u8) -> Leader {
        Leader { values: vec![Vec::new(); usize::from(keys)], ..Leader::default() }
    }

    /// Puts a version in place of those that its user had seen.
    pub fn put(&mut self, key: u8, version: Version, context: &VersionVector) {
        let versions = &mut self.values[usize::from(key)];
        versions.retain(|one| !is_in(one.dot, context));
        let at = versions.partition_point(|one| *one < version);
        versions.insert(at, version);
    }

    /// Takes in all that another leader has. A version that only one of them has was written over,
    /// or lost, where the other has seen its write; and else the other has not heard of it.
    pub fn merge(&mut self, seen: &VersionVector, values: &Values) {
        for (ours, theirs) in self.values.iter_mut().zip(values) {
            ours.retain(|one| theirs.contains(one) || !is_in(one.dot, seen));
            ours.extend(theirs.iter().filter(|one| !is_in(one.dot, &self.seen)).cloned());
            ours.sort_unstable();
        }
        self.seen.merge(seen);
    }

    /// The writes that others have seen and this one has not, in order.
    pub fn lacks(&self, seen: &VersionVector) -> Vec<Dot> {
        let ours = &self.seen;
        let of = |(leader, last): (NodeId, u32)| {
            (ours.get(leader) + 1..=last).map(move |number| Dot { by: leader.into(), number })
        };
        seen.iter().flat_map(of).collect()
    }
}

/// The versions of a key, as a user is shown them: the one that counts by the application's rule
/// first. Versions are in order of their leaders, and the rule is that the first leader's users go
/// before the others.
pub fn shown(versions: &[Version]) -> Vec<Dot> {
    versions.iter().map(|one| one.dot).collect()
}

/// What all versions of a key say together, for values that are sets.
pub fn union(versions: &[Version]) -> Vec<Dot> {
    let mut items: Vec<Dot> = versions.iter().flat_map(|one| one.items.iter().copied()).collect();
    items.sort_unstable();
    items.dedup();
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(leader: u8, number: u32) -> Dot {
        Dot { by: NodeId(leader).into(), number }
    }

    fn version(leader: u8, number: u32) -> Version {
        Version { dot: dot(leader, number), time: number, items: vec![dot(leader, number)] }
    }

    fn seen(numbers: &[u32]) -> VersionVector {
        (0..).map(NodeId).zip(numbers.iter().copied()).collect()
    }

    fn leader(numbers: &[u32], versions: &[&Version]) -> Leader {
        Leader {
            seen: seen(numbers),
            values: vec![versions.iter().copied().cloned().collect()],
            drafts: Vec::new(),
        }
    }

    #[test]
    fn a_write_replaces_what_its_user_saw_and_nothing_else() {
        let table: [(&str, &[u32], &[Dot]); 3] = [
            ("it saw both", &[1, 1], &[dot(2, 1)]),
            ("it saw one", &[1, 0], &[dot(1, 1), dot(2, 1)]),
            ("it saw none", &[], &[dot(0, 1), dot(1, 1), dot(2, 1)]),
        ];
        for (sentence, context, expected) in table {
            let mut leader = leader(&[1, 1], &[&version(0, 1), &version(1, 1)]);
            leader.put(0, version(2, 1), &seen(context));
            assert_eq!(shown(&leader.values[0]), expected, "{sentence}");
        }
    }

    #[test]
    fn stores_merge_by_what_the_other_has_seen() {
        let (a, b) = (version(0, 1), version(1, 1));
        let table = [
            ("what the other never saw stays", leader(&[1], &[&a]), leader(&[], &[]), 1),
            ("what the other has replaced goes", leader(&[1], &[&a]), leader(&[1], &[]), 0),
            ("what is new comes", leader(&[], &[]), leader(&[0, 1], &[&b]), 1),
            ("what was replaced here stays away", leader(&[1], &[]), leader(&[1], &[&a]), 0),
            ("both may be new", leader(&[1], &[&a]), leader(&[0, 1], &[&b]), 2),
        ];
        for (sentence, one, other, versions) in table {
            let mut merged = one.clone();
            merged.merge(&other.seen, &other.values);
            assert_eq!(merged.values[0].len(), versions, "{sentence}");
            let mut turned = other.clone();
            turned.merge(&one.seen, &one.values);
            assert_eq!(turned, merged, "{sentence}, the other way round");
            let mut again = merged.clone();
            again.merge(&other.seen, &other.values);
            assert_eq!(again, merged, "{sentence}, and again");
        }
    }

    #[test]
    fn sets_are_shown_as_their_union() {
        let words = |items: &[Dot]| Version { items: items.to_vec(), ..version(0, 1) };
        let versions = [words(&[dot(0, 1), dot(1, 1)]), words(&[dot(0, 1), dot(0, 2)])];
        assert_eq!(union(&versions), [dot(0, 1), dot(0, 2), dot(1, 1)]);
        assert_eq!(union(&[]), []);
    }

    #[test]
    fn what_is_lacking_is_named_write_by_write() {
        let leader = leader(&[1, 2], &[]);
        assert_eq!(leader.lacks(&seen(&[3, 1, 1])), [dot(0, 2), dot(0, 3), dot(2, 1)]);
        assert_eq!(leader.lacks(&seen(&[1, 2])), []);
    }
}
