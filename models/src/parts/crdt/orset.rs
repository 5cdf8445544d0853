//! The observed-remove set.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::kernel::DotKernel;
use crate::parts::dots::ReplicaId;

/// A set to which elements are added and from which they are removed, any number of times. Each
/// addition has a dot of its own, and a removal takes those that it saw: one that is added
/// elsewhere at the same time stays. *Add wins.*
///
/// ```
/// use splitbrain_models::parts::crdt::OrSet;
/// use splitbrain_models::parts::dots::ReplicaId;
///
/// let mut alice = OrSet::new(ReplicaId::new(0));
/// alice.add("milk");
/// let mut bob = alice.fork(ReplicaId::new(1));
/// alice.remove(&"milk");
/// bob.add("milk");
/// alice.merge(&bob);
/// assert!(alice.contains(&"milk"), "bob's addition was not seen by the removal");
/// ```
///
/// Sources: Shapiro et al., INRIA RR-7506 (2011), §3.3.5, specification 15; without tombstones as
/// in Bieniusa et al., *An optimized conflict-free replicated set* (INRIA RR-8083, 2012), and
/// Almeida et al. 2018, §7.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct OrSet<E> {
    pub(crate) kernel: DotKernel<E>,
}

impl<E: Ord + Clone> OrSet<E> {
    /// The empty set, at that replica.
    pub fn new(me: impl Into<ReplicaId>) -> OrSet<E> {
        OrSet { kernel: DotKernel::new(me.into()) }
    }

    /// The same set at another replica.
    pub fn fork(&self, me: impl Into<ReplicaId>) -> OrSet<E> {
        OrSet { kernel: self.kernel.fork(me.into()) }
    }

    /// Adds an element; returns the delta. One dot is enough, so it replaces those it finds.
    pub fn add(&mut self, element: E) -> OrSet<E> {
        let kernel = self.kernel.replace(|there| *there == element, Some(element.clone()));
        OrSet { kernel }
    }

    /// Removes an element, as far as its additions were seen here; returns the delta.
    pub fn remove(&mut self, element: &E) -> OrSet<E> {
        OrSet { kernel: self.kernel.replace(|there| there == element, None) }
    }

    /// Whether the element is in the set.
    pub fn contains(&self, element: &E) -> bool {
        self.kernel.entries.values().any(|there| there == element)
    }

    /// The elements.
    pub fn value(&self) -> BTreeSet<E> {
        self.kernel.entries.values().cloned().collect()
    }

    /// Takes in what the other knows.
    pub fn merge(&mut self, other: &OrSet<E>) {
        self.kernel.merge(&other.kernel);
    }
}
