//! The last-writer-wins map.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Stamp;
use crate::parts::dots::ReplicaId;

/// A map whose keys are last-writer-wins registers, each for itself. A removal is a write, too: its
/// stamp stays, as a *tombstone*, or an old value that comes late would be back.
///
/// ```
/// use splitbrain_models::parts::crdt::LwwMap;
/// use splitbrain_models::parts::dots::ReplicaId;
///
/// let mut alice = LwwMap::new(ReplicaId::new(0));
/// alice.insert("tea", 1);
/// let mut bob = alice.fork(ReplicaId::new(1));
/// bob.remove(&"tea");
/// bob.insert("milk", 2);
/// alice.merge(&bob);
/// assert_eq!((alice.get(&"tea"), alice.get(&"milk")), (None, Some(&2)));
/// ```
///
/// Source: Shapiro et al., INRIA RR-7506 (2011), §3.3.3 (the LWW-element-set), with a value for
/// each element.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(bound(deserialize = "K: Ord + Deserialize<'de>, V: Deserialize<'de>"))]
pub struct LwwMap<K, V> {
    pub(crate) me: ReplicaId,
    pub(crate) written: BTreeMap<K, (Stamp, Option<V>)>,
}

impl<K: Ord + Clone, V: Clone> LwwMap<K, V> {
    /// The empty map, at that replica.
    pub fn new(me: impl Into<ReplicaId>) -> LwwMap<K, V> {
        LwwMap { me: me.into(), written: BTreeMap::new() }
    }

    /// The same map at another replica.
    pub fn fork(&self, me: impl Into<ReplicaId>) -> LwwMap<K, V> {
        LwwMap { me: me.into(), written: self.written.clone() }
    }

    /// Puts a value under a key; returns the delta.
    pub fn insert(&mut self, key: K, value: V) -> LwwMap<K, V> {
        self.write(key, Some(value))
    }

    /// Removes what is under a key; returns the delta.
    pub fn remove(&mut self, key: &K) -> LwwMap<K, V> {
        self.write(key.clone(), None)
    }

    fn write(&mut self, key: K, value: Option<V>) -> LwwMap<K, V> {
        let latest = self.written.values().map(|(stamp, _)| stamp.at).max();
        let stamp = Stamp { at: latest.unwrap_or(0) + 1, by: self.me };
        let delta = LwwMap { me: self.me, written: BTreeMap::from([(key, (stamp, value))]) };
        self.merge(&delta);
        delta
    }

    /// What is under a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.written.get(key).and_then(|(_, value)| value.as_ref())
    }

    /// The keys that have a value, with it.
    pub fn value(&self) -> BTreeMap<K, V> {
        let present = |(key, (_, value)): (&K, &(Stamp, Option<V>))| {
            value.clone().map(|value| (key.clone(), value))
        };
        self.written.iter().filter_map(present).collect()
    }

    /// Takes in what the other knows.
    pub fn merge(&mut self, other: &LwwMap<K, V>) {
        for (key, theirs) in &other.written {
            match self.written.get_mut(key) {
                Some(mine) if mine.0 < theirs.0 => *mine = theirs.clone(),
                Some(_) => {}
                None => drop(self.written.insert(key.clone(), theirs.clone())),
            }
        }
    }
}
