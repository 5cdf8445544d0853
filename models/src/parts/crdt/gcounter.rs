//! The grow-only counter.

use serde::{Deserialize, Serialize};

use crate::parts::dots::ReplicaId;
use crate::parts::table::Table;

/// A counter that only grows: a number for each replica, which only that replica raises. The value
/// is their sum, and merging takes the greater of two numbers, so that nothing is counted twice.
///
/// ```
/// use splitbrain_models::parts::crdt::GCounter;
/// use splitbrain_models::parts::dots::ReplicaId;
///
/// let mut alice = GCounter::new(ReplicaId::new(0));
/// let mut bob = GCounter::new(ReplicaId::new(1));
/// alice.increment(2);
/// bob.increment(3);
/// alice.merge(&bob);
/// alice.merge(&bob);
/// assert_eq!(alice.value(), 5);
/// ```
///
/// Source: Shapiro, Preguiça, Baquero, Zawirski, *A comprehensive study of Convergent and
/// Commutative Replicated Data Types* (INRIA RR-7506, 2011), §3.1.1, specification 6.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct GCounter {
    pub(crate) me: ReplicaId,
    pub(crate) counts: Table<ReplicaId, u64>,
}

impl GCounter {
    /// Nothing counted, to be counted on by that replica.
    pub fn new(me: impl Into<ReplicaId>) -> GCounter {
        GCounter { me: me.into(), counts: Table::new() }
    }

    /// The same counter at another replica. A copy that goes on under the same id would count what
    /// is then taken for the same increments.
    pub fn fork(&self, me: impl Into<ReplicaId>) -> GCounter {
        GCounter { me: me.into(), counts: self.counts.clone() }
    }

    /// Counts on; returns the delta: the least counter that, merged elsewhere, tells of it.
    pub fn increment(&mut self, by: u64) -> GCounter {
        let mine = self.counts.get_or_insert_with(self.me, || 0);
        *mine += by;
        GCounter { me: self.me, counts: [(self.me, *mine)].into_iter().collect() }
    }

    /// Takes in what the other knows.
    pub fn merge(&mut self, other: &GCounter) {
        for (&by, &count) in &other.counts {
            let mine = self.counts.get_or_insert_with(by, || 0);
            *mine = count.max(*mine);
        }
    }

    /// Whether merging the other would tell it nothing new.
    pub(super) fn knows_as_much_as(&self, other: &GCounter) -> bool {
        other.counts.iter().all(|(by, count)| self.counts.get(by).is_some_and(|mine| mine >= count))
    }

    /// How much was counted, as far as is known here.
    pub fn value(&self) -> u64 {
        self.counts.values().sum()
    }
}
