//! The enable-wins flag.

use serde::{Deserialize, Serialize};

use super::kernel::DotKernel;
use crate::parts::dots::ReplicaId;

/// A flag that is enabled and disabled, and is enabled where both happen at the same time.
///
/// ```
/// use splitbrain_models::parts::crdt::EnableWinsFlag;
/// use splitbrain_models::parts::dots::ReplicaId;
///
/// let mut alice = EnableWinsFlag::new(ReplicaId::new(0));
/// alice.enable();
/// let mut bob = alice.fork(ReplicaId::new(1));
/// bob.disable();
/// assert!(!bob.value());
/// alice.enable();
/// bob.merge(&alice);
/// assert!(bob.value());
/// ```
///
/// Source: Almeida et al. 2018, §7 (a `DotSet` with a context).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct EnableWinsFlag {
    pub(crate) kernel: DotKernel<()>,
}

impl EnableWinsFlag {
    /// Disabled, at that replica.
    pub fn new(me: impl Into<ReplicaId>) -> EnableWinsFlag {
        EnableWinsFlag { kernel: DotKernel::new(me.into()) }
    }

    /// The same flag at another replica.
    pub fn fork(&self, me: impl Into<ReplicaId>) -> EnableWinsFlag {
        EnableWinsFlag { kernel: self.kernel.fork(me.into()) }
    }

    /// Enables it; returns the delta.
    pub fn enable(&mut self) -> EnableWinsFlag {
        EnableWinsFlag { kernel: self.kernel.replace(|()| true, Some(())) }
    }

    /// Disables it, as far as it was seen to be enabled; returns the delta.
    pub fn disable(&mut self) -> EnableWinsFlag {
        EnableWinsFlag { kernel: self.kernel.replace(|()| true, None) }
    }

    /// Whether it is enabled.
    pub fn value(&self) -> bool {
        !self.kernel.entries.is_empty()
    }

    /// Takes in what the other knows.
    pub fn merge(&mut self, other: &EnableWinsFlag) {
        self.kernel.merge(&other.kernel);
    }
}
