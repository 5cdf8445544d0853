//! What a replica stores.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::parts::crdt::{AnyCrdt, Change, Kind, Past};
use crate::parts::dots::{Dot, DotContext, ReplicaId};
use crate::parts::table::Table;

/// A key; written `a`, `b` and so on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(pub u8);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", char::from(b'a' + self.0))
    }
}

/// Keys with what is under them; messages share it with the stores they come from.
pub type Entries = Table<Key, Arc<Entry>>;

/// What one replica stores.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Store {
    /// How often it forgot everything. With the node it makes the replica's id.
    pub life: u8,
    /// The keys that were updated, as far as is known here.
    pub entries: Entries,
    /// The updates of all keys that were seen: the store's digest.
    pub seen: DotContext,
}

/// What is under a key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The value.
    pub value: AnyCrdt,
    /// The updates that went into it.
    pub version: Arc<DotContext>,
    /// The same with what they did, for the invariants: a handler asks it at most whether there is anything
    /// to add.
    pub past: Past,
}

impl Entry {
    /// Not updated yet.
    pub(super) fn fresh(kind: Kind, me: ReplicaId) -> Entry {
        let value = AnyCrdt::new(kind, me);
        Entry { value, version: Arc::default(), past: Past::default() }
    }

    /// Notes an update that was made here.
    pub(super) fn note(&mut self, dot: Dot, change: Change) {
        Arc::make_mut(&mut self.version).insert(dot);
        self.past.record_as(dot, change);
    }

    /// Notes the updates that went into the other.
    pub(super) fn note_all(&mut self, other: &Entry) {
        if other.version.includes(&self.version) {
            self.version.clone_from(&other.version);
        } else {
            Arc::make_mut(&mut self.version).merge(&other.version);
        }
        self.past.merge(&other.past);
    }

    /// Whether merging the other would change nothing.
    pub(super) fn knows(&self, other: &Entry) -> bool {
        (self.version == other.version || self.version.includes(&other.version))
            && self.value.knows_as_much_as(&other.value)
            && self.past.includes(&other.past)
    }
}

impl Store {
    /// The keys with updates that a peer with that digest has not seen.
    pub(super) fn unseen_by(&self, seen: &DotContext) -> Entries {
        let behind = self.entries.iter().filter(|(_, entry)| !seen.includes(&entry.version));
        behind.map(|(key, entry)| (*key, Arc::clone(entry))).collect()
    }

    /// Whether both have seen the same updates of every key.
    pub(super) fn has_seen_the_same_as(&self, other: &Store) -> bool {
        let mut both = self.entries.iter().zip(&other.entries);
        self.entries.len() == other.entries.len()
            && both.all(|((one, mine), (other, theirs))| one == other && mine.past == theirs.past)
    }
}

#[cfg(test)]
mod tests {
    use splitbrain::NodeId;

    use super::*;

    #[test]
    fn a_digest_shows_which_keys_are_behind() {
        let me = ReplicaId::from(NodeId(0));
        let dot = |number| Dot { by: me, number };
        let mut store = Store::default();
        for (key, numbers) in [(Key(0), &[1, 3][..]), (Key(1), &[2])] {
            let mut entry = Entry::fresh(Kind::GCounter, me);
            for &number in numbers {
                let _ = entry.value.apply(Change::Increment);
                entry.note(dot(number), Change::Increment);
            }
            store.entries.insert(key, Arc::new(entry));
        }
        let table: [(&str, &[u32], &[u8]); 5] = [
            ("who has seen nothing lacks all", &[], &[0, 1]),
            ("who has seen all lacks nothing", &[1, 2, 3], &[]),
            ("what was seen before a gap is not sent", &[1, 3], &[1]),
            ("what is missing in a gap is", &[2, 3], &[0]),
            ("what is unknown here is no matter", &[1, 2, 3, 4], &[]),
        ];
        for (sentence, seen, missing) in table {
            let seen: DotContext = seen.iter().map(|number| dot(*number)).collect();
            let keys: Vec<u8> = store.unseen_by(&seen).keys().map(|key| key.0).collect();
            assert_eq!(keys, missing, "{sentence}");
        }
    }
}
