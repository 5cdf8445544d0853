//! A map with few keys, or that is read far more often than keys come.
//!
//! What protocols keep by replica or by key is read at every message, and copied, and compared. In
//! one piece of memory, in the order of the keys, that is a matter of a few cache lines.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::slice;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A map, in the order of its keys; compared, printed and saved like a `BTreeMap`.
///
/// ```
/// use splitbrain_models::parts::table::Table;
///
/// let mut counts: Table<char, u32> = Table::new();
/// *counts.get_or_insert_with('b', || 0) += 2;
/// *counts.get_or_insert_with('a', || 0) += 1;
/// assert_eq!(counts.get(&'b'), Some(&2));
/// assert_eq!(format!("{counts:?}"), "{'a': 1, 'b': 2}");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table<K, V>(Vec<(K, V)>);

impl<K, V> Table<K, V> {
    /// Nothing in it.
    pub const fn new() -> Table<K, V> {
        Table(Vec::new())
    }

    /// How many keys it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys with their values, in order.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter(self.0.iter())
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator {
        self.0.iter().map(|(key, _)| key)
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator {
        self.0.iter().map(|(_, value)| value)
    }

    /// Removes all of it.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<K: Ord, V> Table<K, V> {
    fn place(&self, key: &K) -> Result<usize, usize> {
        match self.0.last() {
            // They often come in order.
            Some((last, _)) if last < key => Err(self.0.len()),
            _ => self.0.binary_search_by(|(one, _)| one.cmp(key)),
        }
    }

    /// What is under the key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.place(key).ok().map(|at| &self.0[at].1)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.place(key).ok().map(|at| &mut self.0[at].1)
    }

    /// What is under the key, to be changed; put there first, if there is nothing.
    pub fn get_or_insert_with(&mut self, key: K, value: impl FnOnce() -> V) -> &mut V {
        let at = self.place(&key).unwrap_or_else(|at| {
            self.0.insert(at, (key, value()));
            at
        });
        &mut self.0[at].1
    }

    /// Puts a value under a key; returns what was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, value)),
            Err(at) => {
                self.0.insert(at, (key, value));
                None
            }
        }
    }

    /// Removes a key; returns what was there.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.place(key).ok().map(|at| self.0.remove(at).1)
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table::new()
    }
}

impl<K: Debug, V: Debug> Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Of two values under one key the later stands.
impl<K: Ord, V> FromIterator<(K, V)> for Table<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(all: I) -> Self {
        let mut table = Table::new();
        all.into_iter().for_each(|(key, value)| drop(table.insert(key, value)));
        table
    }
}

/// The keys of a table with their values, in order.
pub struct Iter<'a, K, V>(slice::Iter<'a, (K, V)>);

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (key, value))
    }
}

impl<'a, K, V> IntoIterator for &'a Table<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K, V> IntoIterator for Table<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<K: Serialize, V: Serialize> Serialize for Table<K, V> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.iter())
    }
}

impl<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Table<K, V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(BTreeMap::deserialize(from)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way to put three keys in and take them out, against a `BTreeMap`.
    #[test]
    fn it_is_a_map() {
        for way in 0..6_u32.pow(4) {
            let (mut table, mut map) = (Table::new(), BTreeMap::new());
            for step in 0..4 {
                let what = way / 6_u32.pow(step) % 6;
                let key = what % 3;
                let (was, expected) = match what < 3 {
                    true => (table.insert(key, step), map.insert(key, step)),
                    false => (table.remove(&key), map.remove(&key)),
                };
                assert_eq!(was, expected);
                assert!(table.iter().eq(&map));
                assert_eq!((table.len(), table.is_empty()), (map.len(), map.is_empty()));
                assert_eq!(format!("{table:?}"), format!("{map:?}"));
                for key in 0..3 {
                    assert_eq!(table.get(&key), map.get(&key));
                }
            }
        }
    }
}
