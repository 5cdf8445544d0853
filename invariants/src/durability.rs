//! Durability: what was acknowledged is never lost.

use crate::table::Table;
use crate::{Held, Value, broken};

/// What was acknowledged is never lost.
///
/// *Definition.* At every moment after its acknowledgement, a thing survives: it is found where the
/// system promised to keep it. Where that is (a majority's logs, the leader's state, any replica's)
/// is the model's to say, as a predicate.
///
/// *Source.* Gray, *The Transaction Concept: Virtues and Limitations* (1981); for logs, leader
/// completeness (Ongaro and Ousterhout, *In Search of an Understandable Consensus Algorithm*
/// (2014), §5.4); Kingsbury's *Jepsen* checks sets this way ("lost" elements).
///
/// *State.* What was acknowledged, in order, each thing once.
///
/// ```
/// use splitbrain_invariants::Durability;
///
/// let mut writes = Durability::new();
/// writes.acknowledge("x=1");
/// writes.acknowledge("y=2");
/// let log = ["x=1"];
/// let broken = writes.survives(|write| log.contains(write)).unwrap_err();
/// assert_eq!(broken.reason(), r#""y=2" was acknowledged and is gone"#);
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Durability<T> {
    acknowledged: Table<T, ()>,
}

impl<T> Default for Durability<T> {
    fn default() -> Self {
        Durability::new()
    }
}

impl<T> Durability<T> {
    /// Nothing was acknowledged yet, so there is nothing to lose.
    pub const fn new() -> Self {
        Durability { acknowledged: Table::new() }
    }

    /// What was acknowledged, in order.
    pub fn acknowledged(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.acknowledged.keys()
    }
}

impl<T: Value> Durability<T> {
    /// Somebody was told that this is kept.
    pub fn acknowledge(&mut self, thing: T) {
        self.acknowledged.insert_new(thing, ());
    }

    /// This need not be kept any more: it was deleted or overwritten on purpose.
    pub fn release(&mut self, thing: &T) {
        self.acknowledged.remove(thing);
    }

    /// Everything acknowledged is still kept, as far as the predicate sees.
    ///
    /// # Errors
    ///
    /// Something is gone: "x=1 was acknowledged and is gone", or "x=1, y=2 were … and are gone".
    pub fn survives(&self, kept: impl Fn(&T) -> bool) -> Held {
        if self.acknowledged().all(&kept) {
            return Ok(());
        }
        let gone: Vec<String> =
            self.acknowledged().filter(|thing| !kept(thing)).map(|t| format!("{t:?}")).collect();
        let (was, is) = if gone.len() == 1 { ("was", "is") } else { ("were", "are") };
        broken(format!("{} {was} acknowledged and {is} gone", gone.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row<'a> = (&'a str, &'a [u8], &'a [u8], Option<&'a str>);

    #[test]
    fn histories() {
        let table: &[Row<'_>] = &[
            ("nothing promised is nothing lost", &[], &[], None),
            ("what is kept survives", &[2, 1], &[1, 2], None),
            ("more may be kept than was promised", &[1], &[1, 2, 3], None),
            ("one loss is named", &[1, 2], &[1], Some("2 was acknowledged and is gone")),
            ("all losses are named", &[3, 1, 2], &[2], Some("1, 3 were acknowledged and are gone")),
        ];
        for (sentence, acknowledged, kept, expected) in table {
            let mut monitor = Durability::new();
            acknowledged.iter().for_each(|&thing| monitor.acknowledge(thing));
            let held = monitor.survives(|thing| kept.contains(thing));
            assert_eq!(held.as_ref().err().map(|b| b.reason()), *expected, "{sentence}");
        }
    }

    #[test]
    fn order_repetition_and_what_was_released_leave_no_trace() {
        let mut one = Durability::new();
        let mut other = Durability::default();
        [1, 2].into_iter().for_each(|thing| one.acknowledge(thing));
        [3, 2, 1, 2].into_iter().for_each(|thing| other.acknowledge(thing));
        assert_ne!(one, other);
        other.release(&3);
        assert_eq!(one, other);
        assert_eq!(other.acknowledged().collect::<Vec<_>>(), [&1, &2]);
    }
}
