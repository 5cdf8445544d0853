//! The one container of this crate: a table in a sorted vector.
//!
//! Monitors hold a handful of entries and are cloned, compared and hashed far more often than they
//! are searched. One allocation in key order does all of that faster than a tree, and equal
//! contents are equal bytes of state, whatever order they came in.

use std::cmp::Ordering;

/// Keys with their values, in key order, each key once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Table<K, V> {
    entries: Vec<(K, V)>,
}

impl<K, V> Table<K, V> {
    pub(crate) const fn new() -> Self {
        Table { entries: Vec::new() }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + ExactSizeIterator {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator {
        self.entries.iter().map(|(key, _)| key)
    }

    pub(crate) fn for_each_value(&mut self, change: impl FnMut(&mut V)) {
        self.entries.iter_mut().map(|(_, value)| value).for_each(change);
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        self.entries.retain(|(key, value)| keep(key, value));
    }
}

impl<K: Ord, V> Table<K, V> {
    /// Where the key is, or where it belongs. Keys mostly grow (terms, indices, tokens), and what is
    /// looked for was mostly put in of late: the search begins at the end, in steps twice as long
    /// each time, so that it takes no longer the longer the table is.
    fn place(&self, key: &K) -> Result<usize, usize> {
        let (mut end, mut step) = (self.entries.len(), 1);
        let begin = loop {
            if end == 0 {
                return Err(0);
            }
            let tried = end.saturating_sub(step);
            match self.entries[tried].0.cmp(key) {
                Ordering::Less => break tried + 1,
                Ordering::Equal => return Ok(tried),
                Ordering::Greater => (end, step) = (tried, 2 * step),
            }
        };
        let found = self.entries[begin..end].binary_search_by(|(at, _)| at.cmp(key));
        found.map(|at| begin + at).map_err(|at| begin + at)
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.place(key).ok().map(|at| &self.entries[at].1)
    }

    /// The value already there and the one that found it taken, or nothing if there was room.
    pub(crate) fn insert_new(&mut self, key: K, value: V) -> Option<(&K, &mut V, V)> {
        match self.place(&key) {
            Ok(at) => {
                let (key, there) = &mut self.entries[at];
                Some((key, there, value))
            }
            Err(at) => {
                self.entries.insert(at, (key, value));
                None
            }
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        self.place(key).ok().map(|at| self.entries.remove(at).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_contents_are_the_same_table_whatever_order_they_came_in() {
        let mut rising = Table::new();
        let mut falling = Table::new();
        for key in 0..5 {
            assert!(rising.insert_new(key, key * 10).is_none());
            assert!(falling.insert_new(4 - key, (4 - key) * 10).is_none());
        }
        assert_eq!(rising, falling);
        assert_eq!(rising.keys().len(), 5);
        assert_eq!(falling.remove(&2), Some(20));
        assert_eq!(falling.remove(&2), None);
        assert_ne!(rising, falling);
    }

    #[test]
    fn every_key_is_found_and_every_other_one_has_its_place() {
        for many in [0, 1, 2, 3, 7, 8, 100] {
            let mut table = Table::new();
            (0..many).for_each(|key| assert!(table.insert_new(2 * key, ()).is_none()));
            for key in 0..many {
                assert_eq!(table.place(&(2 * key)), Ok(key), "of {many}");
                assert_eq!(table.place(&(2 * key + 1)), Err(key + 1), "of {many}");
            }
            assert_eq!(Table { entries: vec![(5, ()); many.min(1)] }.place(&4), Err(0));
        }
    }

    #[test]
    fn a_key_is_taken_once() {
        let mut table = Table::new();
        assert!(table.insert_new("a", 1).is_none());
        assert_eq!(table.insert_new("a", 2), Some((&"a", &mut 1, 2)));
        assert_eq!(table.get(&"a"), Some(&1));
        assert_eq!(table.get(&"b"), None);
    }
}
