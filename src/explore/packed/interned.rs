//! Values and their numbers.
//!
//! Interning gives each value that occurs a number, so that values are compared and hashed once,
//! when they first occur, and never again. What grows and finds the numbers knows hashes only, and
//! is compiled once for all types.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

/// Values and their numbers, in the order they came.
#[derive(Clone, Debug)]
pub(super) struct Interned<T> {
    values: Vec<T>,
    numbers: Numbers,
}

/// Numbers, found by the hashes of what they stand for.
#[derive(Clone, Debug, Default)]
struct Numbers {
    /// Each with its hash, so that nothing is hashed again.
    table: HashTable<(u64, u32)>,
}

impl Numbers {
    /// The first number with this hash that is the one.
    fn find(&self, hash: u64, is_it: &dyn Fn(u32) -> bool) -> Option<u32> {
        let found = self.table.find(hash, |&(other, number)| other == hash && is_it(number));
        found.map(|(_, number)| *number)
    }

    fn add(&mut self, hash: u64, number: u32) {
        self.table.insert_unique(hash, (hash, number), |(hash, _)| *hash);
    }
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Interned { values: Vec::new(), numbers: Numbers::default() }
    }
}

impl<T: Hash + Eq> Interned<T> {
    /// The number of a value, if it has one.
    pub(super) fn find<Q: Hash + Eq + ?Sized>(&self, value: &Q) -> Option<u32>
    where
        T: Borrow<Q>,
    {
        let is_it = |number: u32| self.values[number as usize].borrow() == value;
        self.numbers.find(FxBuildHasher.hash_one(value), &is_it)
    }

    /// The number of a value, and whether it is new.
    pub(super) fn add(&mut self, value: T) -> (u32, bool) {
        let hash = FxBuildHasher.hash_one(&value);
        let is_it = |number: u32| self.values[number as usize] == value;
        if let Some(known) = self.numbers.find(hash, &is_it) {
            return (known, false);
        }
        let number = u32::try_from(self.values.len()).expect("fewer than 2^32 values");
        self.numbers.add(hash, number);
        self.values.push(value);
        (number, true)
    }

    /// The number of a value; a new one if it is new.
    pub(super) fn number_of(&mut self, value: T) -> u32 {
        self.add(value).0
    }
}

impl<T> Interned<T> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How many there is room for.
    pub(super) fn capacity(&self) -> usize {
        self.values.capacity()
    }

    /// The values, in the order of their numbers.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.values.iter()
    }
}

/// The value of a number that was handed out.
impl<T> std::ops::Index<u32> for Interned<T> {
    type Output = T;

    fn index(&self, number: u32) -> &T {
        &self.values[number as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_number_whatever_its_hash() {
        /// Its hash says little.
        #[derive(PartialEq, Eq, Debug)]
        struct Value(u32);
        impl Hash for Value {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                (self.0 % 7).hash(state);
            }
        }
        let mut values = Interned::default();
        for round in [true, false] {
            for number in 0..500 {
                assert_eq!(values.find(&Value(number)).is_none(), round);
                assert_eq!(values.add(Value(number)), (number, round));
                assert_eq!(values[number], Value(number));
            }
        }
        assert_eq!((values.len(), values.iter().count()), (500, 500));
    }
}
