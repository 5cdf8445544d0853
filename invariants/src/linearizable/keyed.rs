//! An object for each key.

use super::{Product, Specification};
use crate::Value;
use crate::table::Table;

/// An object of one kind for each key, independent of each other.
///
/// ```
/// use splitbrain_invariants::{Keyed, Lock, LockOperation, LockOutput, Specification};
///
/// let mut locks: Keyed<&str, Lock<u32>> = Keyed::new(Lock::default());
/// assert_eq!(locks.apply(&("x", LockOperation::Acquire(0))), LockOutput::Granted);
/// assert_eq!(locks.apply(&("y", LockOperation::Acquire(1))), LockOutput::Granted);
/// assert_eq!(locks.apply(&("x", LockOperation::Acquire(1))), LockOutput::Refused);
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Keyed<K, S> {
    initial: S,
    /// Those that are not as they were initially.
    objects: Table<K, S>,
}

impl<K: Value, S: Specification> Keyed<K, S> {
    /// Each object is in that state.
    pub const fn new(initial: S) -> Self {
        Keyed { initial, objects: Table::new() }
    }

    /// The object of that key.
    pub fn object(&self, key: &K) -> &S {
        self.objects.get(key).unwrap_or(&self.initial)
    }
}

impl<K: Value, S: Specification> Specification for Keyed<K, S> {
    type Operation = (K, S::Operation);
    type Output = S::Output;

    fn apply(&mut self, (key, operation): &Self::Operation) -> S::Output {
        let mut object = self.objects.remove(key).unwrap_or_else(|| self.initial.clone());
        let output = object.apply(operation);
        if object != self.initial {
            self.objects.insert_new(key.clone(), object);
        }
        output
    }

    fn reads_only((_, operation): &Self::Operation) -> bool {
        S::reads_only(operation)
    }

    fn observes((_, operation): &Self::Operation, output: &S::Output) -> bool {
        S::observes(operation, output)
    }

    fn related((one_key, one): &Self::Operation, (other_key, other): &Self::Operation) -> bool {
        one_key == other_key && S::related(one, other)
    }
}

impl<K: Value, S: Specification> Product for Keyed<K, S> {
    type Key = K;

    fn key((key, _): &Self::Operation) -> K {
        key.clone()
    }
}
