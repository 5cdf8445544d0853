//! Monotonic: what is observed of a key never decreases.

use crate::table::Table;
use crate::{Held, Value, broken};

/// What is observed of a key never decreases.
///
/// *Definition.* In a history of pairs (key, value), the values of one key form a non-decreasing
/// sequence; with [`observe_strictly`](Monotonic::observe_strictly) an increasing one.
///
/// *Source.* A node's term and commit index in Raft (Ongaro, *Consensus: Bridging Theory and
/// Practice* (2014), §3.3 and §3.5); the ballots an acceptor promises (Lamport, *Paxos Made
/// Simple* (2001), §2.2); fencing tokens as a resource accepts them (Burrows, *The Chubby Lock
/// Service* (2006), §2.4); monotonic reads of a session (Terry et al., *Session Guarantees for
/// Weakly Consistent Replicated Data* (1994)).
///
/// *State.* The last value of each key, in key order. A value that breaks the order is not
/// remembered. Where there is a single sequence, the key is `()`.
///
/// ```
/// use splitbrain_invariants::Monotonic;
///
/// let mut tokens = Monotonic::new();
/// tokens.observe((), 33)?;
/// tokens.observe((), 34)?;
/// tokens.observe((), 34)?;
/// let broken = tokens.observe((), 33).unwrap_err();
/// assert_eq!(broken.reason(), "33 was observed after 34");
/// # Ok::<(), splitbrain_invariants::Broken>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Monotonic<K, V> {
    last: Table<K, V>,
}

impl<K, V> Default for Monotonic<K, V> {
    fn default() -> Self {
        Monotonic::new()
    }
}

impl<K, V> Monotonic<K, V> {
    /// Nothing was observed yet, so anything may come first.
    pub const fn new() -> Self {
        Monotonic { last: Table::new() }
    }
}

impl<K: Value, V: Value> Monotonic<K, V> {
    /// The key now has this value, which is not below its last one.
    ///
    /// # Errors
    ///
    /// The value is below the key's last: "n1: 3 was observed after 5".
    pub fn observe(&mut self, key: K, value: V) -> Held {
        self.observe_when(key, value, |last, value| last <= value, "")
    }

    /// The key now has this value, which is above its last one.
    ///
    /// # Errors
    ///
    /// The value is not above the key's last: "n1: 5 was observed after 5, not above it".
    pub fn observe_strictly(&mut self, key: K, value: V) -> Held {
        self.observe_when(key, value, |last, value| last < value, ", not above it")
    }

    /// The last value observed of this key.
    pub fn last(&self, key: &K) -> Option<&V> {
        self.last.get(key)
    }

    /// The key starts afresh, as a node does that lost its disk: anything may come next.
    pub fn forget(&mut self, key: &K) {
        self.last.remove(key);
    }

    fn observe_when(
        &mut self,
        key: K,
        value: V,
        in_order: impl FnOnce(&V, &V) -> bool,
        remark: &str,
    ) -> Held {
        let Some((key, last, value)) = self.last.insert_new(key, value) else {
            return Ok(());
        };
        if in_order(last, &value) {
            *last = value;
            return Ok(());
        }
        let sequence = if size_of::<K>() == 0 { String::new() } else { format!("{key:?}: ") };
        broken(format!("{sequence}{value:?} was observed after {last:?}{remark}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Observe = fn(&mut Monotonic<char, u32>, char, u32) -> Held;
    type Row<'a> = (&'a str, Observe, &'a [(char, u32)], Option<&'a str>);

    #[test]
    fn histories() {
        let weak: Observe = Monotonic::observe;
        let strict: Observe = Monotonic::observe_strictly;
        let table: &[Row<'_>] = &[
            ("anything may come first", weak, &[('a', 7)], None),
            ("values may rise and stay", weak, &[('a', 1), ('a', 1), ('a', 4)], None),
            ("keys do not bound each other", weak, &[('b', 9), ('a', 1), ('b', 9)], None),
            (
                "a fall is named",
                weak,
                &[('a', 5), ('b', 1), ('a', 3)],
                Some("'a': 3 was observed after 5"),
            ),
            ("a strict sequence rises", strict, &[('a', 1), ('a', 2), ('b', 1)], None),
            (
                "a strict sequence never stays",
                strict,
                &[('a', 5), ('a', 5)],
                Some("'a': 5 was observed after 5, not above it"),
            ),
            (
                "a strict sequence never falls",
                strict,
                &[('a', 5), ('a', 4)],
                Some("'a': 4 was observed after 5, not above it"),
            ),
        ];
        for (sentence, observe, history, expected) in table {
            let mut monitor = Monotonic::new();
            let held =
                history.iter().try_for_each(|&(key, value)| observe(&mut monitor, key, value));
            assert_eq!(held.as_ref().err().map(|b| b.reason()), *expected, "{sentence}");
        }
    }

    #[test]
    fn only_the_last_value_of_each_key_is_kept() {
        let mut long = Monotonic::new();
        for value in 0..10 {
            assert!(long.observe('a', value).is_ok());
        }
        assert!(long.observe('a', 3).is_err());
        let mut short = Monotonic::new();
        assert!(short.observe('a', 9).is_ok());
        assert_eq!(long, short);
        assert_eq!(long.last(&'a'), Some(&9));
    }

    #[test]
    fn a_forgotten_key_starts_afresh() {
        let mut monitor = Monotonic::new();
        assert!(monitor.observe('a', 9).is_ok());
        monitor.forget(&'a');
        assert_eq!(monitor, Monotonic::default());
        assert!(monitor.observe('a', 1).is_ok());
    }
}
