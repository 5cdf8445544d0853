//! Agreement: for each key at most one value, ever.

use crate::table::Table;
use crate::{Held, Value, broken};
use std::fmt::Display;

/// For each key at most one value, ever.
///
/// *Definition.* In a history of pairs (key, value), two pairs with the same key have the same
/// value. A pair may be seen any number of times.
///
/// Many well-known properties are this one with the right key:
///
/// - Consensus: an instance or slot → its decided value (Lamport, *Paxos Made Simple* (2001),
///   §2.1).
/// - Election safety: a term → its leader; state machine safety: an index → the entry applied there
///   (Ongaro and Ousterhout, *In Search of an Understandable Consensus Algorithm* (2014),
///   Figure 3).
/// - Atomic commit: a transaction → its outcome (Gray and Lamport, *Consensus on Transaction
///   Commit* (2006), §2).
/// - Locks: a fencing token → its holder (Burrows, *The Chubby Lock Service* (2006), §2.4, where
///   tokens are called sequencers).
///
/// *State.* The pairs seen, in key order: what a later pair can still contradict, and nothing of
/// when or how often a pair was seen. A pair that breaks agreement is not remembered.
///
/// ```
/// use splitbrain_invariants::Agreement;
///
/// let mut leaders = Agreement::new();
/// leaders.agree_named("term", "leader", 1, "n1")?;
/// leaders.agree_named("term", "leader", 2, "n0")?;
/// leaders.agree_named("term", "leader", 2, "n0")?; // seen again: no contradiction
/// let broken = leaders.agree_named("term", "leader", 2, "n2").unwrap_err();
/// assert_eq!(broken.reason(), "term 2 has two leaders: n0, then n2");
/// # Ok::<(), splitbrain_invariants::Broken>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Agreement<K, V> {
    agreed: Table<K, V>,
}

impl<K, V> Default for Agreement<K, V> {
    fn default() -> Self {
        Agreement::new()
    }
}

impl<K, V> Agreement<K, V> {
    /// Nothing was seen yet, so anything can be agreed on.
    pub const fn new() -> Self {
        Agreement { agreed: Table::new() }
    }

    /// The pairs seen so far, in key order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + ExactSizeIterator {
        self.agreed.iter()
    }
}

impl<K: Value, V: Value> Agreement<K, V> {
    /// The key has this value.
    ///
    /// # Errors
    ///
    /// The key was seen with another value: "key 2 has two values: n0, then n2", with keys and
    /// values as their `Debug` shows them.
    pub fn agree(&mut self, key: K, value: V) -> Held {
        self.agree_or(key, value, |key, first, second| {
            format!("key {key:?} has two values: {first:?}, then {second:?}")
        })
    }

    /// The key has this value, in the words of the protocol: `what` the key is and `whose` the
    /// value, both in the singular.
    ///
    /// # Errors
    ///
    /// The key was seen with another value: "term 2 has two leaders: n0, then n2" for
    /// `agree_named("term", "leader", …)`, with keys and values as their `Display` shows them.
    pub fn agree_named(&mut self, what: &str, whose: &str, key: K, value: V) -> Held
    where
        K: Display,
        V: Display,
    {
        self.agree_or(key, value, |key, first, second| {
            format!("{what} {key} has two {}: {first}, then {second}", plural(whose))
        })
    }

    /// The key has this value; where it has another one, the given function says so.
    ///
    /// ```
    /// use splitbrain_invariants::Agreement;
    ///
    /// let mut chosen = Agreement::new();
    /// let reason = |slot: &u32, first: &Vec<u8>, second: &Vec<u8>| {
    ///     format!("slot {slot} chose {} bytes, then {}", first.len(), second.len())
    /// };
    /// chosen.agree_or(3, vec![1, 2], reason)?;
    /// let broken = chosen.agree_or(3, vec![], reason).unwrap_err();
    /// assert_eq!(broken.reason(), "slot 3 chose 2 bytes, then 0");
    /// # Ok::<(), splitbrain_invariants::Broken>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The key was seen with another value: the reason given, for the key, the value seen first
    /// and this one.
    pub fn agree_or(
        &mut self,
        key: K,
        value: V,
        reason: impl FnOnce(&K, &V, &V) -> String,
    ) -> Held {
        match self.agreed.insert_new(key, value) {
            Some((key, first, second)) if *first != second => broken(reason(key, first, &second)),
            Some(_) | None => Ok(()),
        }
    }

    /// The value this key was seen with.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.agreed.get(key)
    }
}

/// The plural of an English noun, for the regular ones a protocol's values have.
fn plural(noun: &str) -> String {
    let before_y = noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    match before_y {
        Some(stem) => format!("{stem}ies"),
        None if noun.ends_with(['s', 'x']) || noun.ends_with("ch") => format!("{noun}es"),
        None => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row<'a> = (&'a str, &'a [(u32, &'static str)], Option<&'a str>);

    fn follow(history: &[(u32, &'static str)]) -> (Agreement<u32, &'static str>, Held) {
        let mut monitor = Agreement::new();
        let held = history
            .iter()
            .try_for_each(|&(key, value)| monitor.agree_named("term", "leader", key, value));
        (monitor, held)
    }

    #[test]
    fn histories() {
        let table: &[Row<'_>] = &[
            ("nothing seen agrees", &[], None),
            ("each key has a value of its own", &[(1, "n0"), (2, "n1")], None),
            ("a value may serve many keys", &[(1, "n0"), (2, "n0")], None),
            ("the same pair may come again", &[(1, "n0"), (2, "n1"), (1, "n0")], None),
            (
                "a second value is named after the first",
                &[(2, "n0"), (2, "n2")],
                Some("term 2 has two leaders: n0, then n2"),
            ),
            (
                "an old key is not forgotten",
                &[(1, "n0"), (5, "n1"), (3, "n2"), (1, "n1")],
                Some("term 1 has two leaders: n0, then n1"),
            ),
        ];
        for (sentence, history, expected) in table {
            let (_, held) = follow(history);
            assert_eq!(held.as_ref().err().map(|b| b.reason()), *expected, "{sentence}");
        }
    }

    #[test]
    fn the_order_and_number_of_sightings_leave_no_trace() {
        let (once, _) = follow(&[(1, "n0"), (2, "n1")]);
        let (often, _) = follow(&[(2, "n1"), (1, "n0"), (2, "n1")]);
        let (broken, held) = follow(&[(2, "n1"), (1, "n0"), (1, "n1")]);
        assert_eq!(once, often);
        assert!(held.is_err());
        assert_eq!(once, broken);
    }

    #[test]
    fn without_names_the_values_speak_for_themselves() {
        let mut monitor = Agreement::new();
        assert_eq!(monitor.agree(2, "n0"), Ok(()));
        let held = monitor.agree(2, "n2");
        assert_eq!(held.unwrap_err().reason(), r#"key 2 has two values: "n0", then "n2""#);
        assert_eq!(monitor.get(&2), Some(&"n0"));
        assert_eq!(monitor.get(&3), None);
        assert_eq!(monitor.iter().collect::<Vec<_>>(), [(&2, &"n0")]);
    }

    #[test]
    fn plurals_read_as_english() {
        for (noun, expected) in
            [("leader", "leaders"), ("entry", "entries"), ("key", "keys"), ("box", "boxes")]
        {
            assert_eq!(plural(noun), expected);
        }
    }
}
