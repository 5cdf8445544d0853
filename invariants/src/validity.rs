//! Validity: only what was proposed is decided.

use crate::table::Table;
use crate::{Held, Value, broken};

/// Only what was proposed is decided.
///
/// *Definition.* Every decided value was proposed before.
///
/// *Source.* Lamport, *Paxos Made Simple* (2001), §2.1 ("only a value that has been proposed may be
/// chosen"); for replicated services, that nothing is applied which no client asked for.
///
/// *State.* The proposed values, in their order, each once. Decisions leave no trace.
///
/// ```
/// use splitbrain_invariants::Validity;
///
/// let mut values = Validity::new();
/// values.propose("blue");
/// values.decide(&"blue")?;
/// let broken = values.decide(&"green").unwrap_err();
/// assert_eq!(broken.reason(), r#""green" was decided, but only "blue" was proposed"#);
/// # Ok::<(), splitbrain_invariants::Broken>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Validity<V> {
    proposed: Table<V, ()>,
}

impl<V> Default for Validity<V> {
    fn default() -> Self {
        Validity::new()
    }
}

impl<V> Validity<V> {
    /// Nothing was proposed yet, so nothing may be decided.
    pub const fn new() -> Self {
        Validity { proposed: Table::new() }
    }

    /// The proposed values, in their order.
    pub fn proposed(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator {
        self.proposed.keys()
    }
}

impl<V: Value> Validity<V> {
    /// Somebody proposes the value. It may be proposed again.
    pub fn propose(&mut self, value: V) {
        self.proposed.insert_new(value, ());
    }

    /// The value is decided, and was proposed.
    ///
    /// # Errors
    ///
    /// Nobody proposed it: "green was decided, but only blue was proposed".
    pub fn decide(&self, value: &V) -> Held {
        if self.proposed.get(value).is_some() {
            return Ok(());
        }
        let proposed: Vec<String> = self.proposed().map(|value| format!("{value:?}")).collect();
        match proposed.as_slice() {
            [] => broken(format!("{value:?} was decided, but nothing was proposed")),
            [one] => broken(format!("{value:?} was decided, but only {one} was proposed")),
            more => {
                broken(format!("{value:?} was decided, but only {} were proposed", more.join(", ")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histories() {
        let table: &[(&str, &[u8], u8, Option<&str>)] = &[
            ("what one proposed is decided", &[1], 1, None),
            ("any of the proposals will do", &[3, 1, 2], 3, None),
            ("a proposal may come twice", &[1, 1], 1, None),
            ("nothing comes of nothing", &[], 1, Some("1 was decided, but nothing was proposed")),
            (
                "another value is an invention",
                &[2],
                1,
                Some("1 was decided, but only 2 was proposed"),
            ),
            (
                "the proposals are listed",
                &[3, 2],
                1,
                Some("1 was decided, but only 2, 3 were proposed"),
            ),
        ];
        for (sentence, proposed, decided, expected) in table {
            let mut monitor = Validity::new();
            proposed.iter().for_each(|&value| monitor.propose(value));
            let held = monitor.decide(decided);
            assert_eq!(held.as_ref().err().map(|b| b.reason()), *expected, "{sentence}");
        }
    }

    #[test]
    fn the_order_of_proposals_leaves_no_trace() {
        let mut one = Validity::default();
        let mut other = Validity::default();
        [1, 2, 3].into_iter().for_each(|value| one.propose(value));
        [3, 1, 1, 2].into_iter().for_each(|value| other.propose(value));
        assert_eq!(one, other);
    }
}
