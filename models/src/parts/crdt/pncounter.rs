//! The counter that goes up and down.

use serde::{Deserialize, Serialize};

use super::GCounter;
use crate::parts::dots::ReplicaId;

/// A counter that goes up and down: one grow-only counter for each way. The difference of both is
/// no number that only grows, so it cannot be merged by taking the greater.
///
/// ```
/// use splitbrain_models::parts::crdt::PnCounter;
/// use splitbrain_models::parts::dots::ReplicaId;
///
/// let mut alice = PnCounter::new(ReplicaId::new(0));
/// let mut bob = alice.fork(ReplicaId::new(1));
/// alice.increment(2);
/// bob.decrement(3);
/// bob.merge(&alice);
/// assert_eq!(bob.value(), -1);
/// ```
///
/// Source: Shapiro et al., INRIA RR-7506 (2011), §3.1.3, specification 7.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct PnCounter {
    pub(crate) up: GCounter,
    pub(crate) down: GCounter,
}

impl PnCounter {
    /// Zero, to be counted on by that replica.
    pub fn new(me: impl Into<ReplicaId>) -> PnCounter {
        let me = me.into();
        PnCounter { up: GCounter::new(me), down: GCounter::new(me) }
    }

    /// The same counter at another replica.
    pub fn fork(&self, me: impl Into<ReplicaId>) -> PnCounter {
        let me = me.into();
        PnCounter { up: self.up.fork(me), down: self.down.fork(me) }
    }

    /// Counts up; returns the delta.
    pub fn increment(&mut self, by: u64) -> PnCounter {
        PnCounter { up: self.up.increment(by), down: GCounter::new(self.down.me) }
    }

    /// Counts down; returns the delta.
    pub fn decrement(&mut self, by: u64) -> PnCounter {
        PnCounter { up: GCounter::new(self.up.me), down: self.down.increment(by) }
    }

    /// Takes in what the other knows.
    pub fn merge(&mut self, other: &PnCounter) {
        self.up.merge(&other.up);
        self.down.merge(&other.down);
    }

    /// The count, as far as is known here.
    pub fn value(&self) -> i64 {
        self.up.value() as i64 - self.down.value() as i64
    }
}
