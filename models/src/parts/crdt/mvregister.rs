//! The multi-value register.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::kernel::DotKernel;
use crate::parts::dots::ReplicaId;

/// A register that keeps all values written at the same time, until a write that saw them.
///
/// ```
/// use splitbrain_models::parts::crdt::MvRegister;
/// use splitbrain_models::parts::dots::ReplicaId;
///
/// let mut alice = MvRegister::new(ReplicaId::new(0));
/// let mut bob = MvRegister::new(ReplicaId::new(1));
/// alice.write("tea");
/// bob.write("coffee");
/// alice.merge(&bob);
/// assert_eq!(alice.value().len(), 2, "neither write saw the other");
/// alice.write("water");
/// bob.merge(&alice);
/// assert_eq!(bob.value(), ["water"].into());
/// ```
///
/// Sources: Shapiro et al., INRIA RR-7506 (2011), §3.2.2, specification 10; with dots as in
/// Almeida et al. 2018, §7.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct MvRegister<V> {
    pub(crate) kernel: DotKernel<V>,
}

impl<V: Ord + Clone> MvRegister<V> {
    /// Never written, at that replica.
    pub fn new(me: impl Into<ReplicaId>) -> MvRegister<V> {
        MvRegister { kernel: DotKernel::new(me.into()) }
    }

    /// The same register at another replica.
    pub fn fork(&self, me: impl Into<ReplicaId>) -> MvRegister<V> {
        MvRegister { kernel: self.kernel.fork(me.into()) }
    }

    /// Writes a value in place of all that are seen here; returns the delta.
    pub fn write(&mut self, value: V) -> MvRegister<V> {
        MvRegister { kernel: self.kernel.replace(|_| true, Some(value)) }
    }

    /// The values of the latest writes, of which none saw another.
    pub fn value(&self) -> BTreeSet<V> {
        self.kernel.entries.values().cloned().collect()
    }

    /// Takes in what the other knows.
    pub fn merge(&mut self, other: &MvRegister<V>) {
        self.kernel.merge(&other.kernel);
    }
}
