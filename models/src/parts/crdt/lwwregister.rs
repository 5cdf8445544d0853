//! The last-writer-wins register.

use serde::{Deserialize, Serialize};

use crate::parts::dots::ReplicaId;

/// When something was written: a logical time, and whose write it was, to break ties.
///
/// Times are Lamport's: greater than all that the writer had seen. Then the order of stamps extends
/// that of causes, and no two writes have the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// The logical time.
    pub at: u32,
    /// Who wrote.
    pub by: ReplicaId,
}

/// `3@n0`.
impl std::fmt::Debug for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.at, self.by)
    }
}

/// A register of which the write with the greatest stamp stands. Of two at the same time one is
/// lost, at every replica the same one.
///
/// ```
/// use splitbrain_models::parts::crdt::LwwRegister;
/// use splitbrain_models::parts::dots::ReplicaId;
///
/// let mut alice = LwwRegister::new(ReplicaId::new(0));
/// let mut bob = LwwRegister::new(ReplicaId::new(1));
/// alice.write("tea");
/// bob.write("coffee");
/// let unmerged = alice.clone();
/// alice.merge(&bob);
/// bob.merge(&unmerged);
/// assert_eq!((alice.value(), bob.value()), (Some(&"coffee"), Some(&"coffee")));
/// ```
///
/// Source: Shapiro et al., INRIA RR-7506 (2011), §3.2.1, specification 8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct LwwRegister<V> {
    pub(crate) me: ReplicaId,
    pub(crate) written: Option<(Stamp, V)>,
}

impl<V: Clone> LwwRegister<V> {
    /// Never written, at that replica.
    pub fn new(me: impl Into<ReplicaId>) -> LwwRegister<V> {
        LwwRegister { me: me.into(), written: None }
    }

    /// The same register at another replica.
    pub fn fork(&self, me: impl Into<ReplicaId>) -> LwwRegister<V> {
        LwwRegister { me: me.into(), written: self.written.clone() }
    }

    /// The time of a write here: later than what is known.
    pub fn next_time(&self) -> u32 {
        self.written.as_ref().map_or(0, |(stamp, _)| stamp.at) + 1
    }

    /// Writes a value; returns the delta.
    pub fn write(&mut self, value: V) -> LwwRegister<V> {
        self.write_at(self.next_time(), value)
    }

    /// Writes a value at that time, by a clock of one's own; returns the delta. A write that is not
    /// later than what is known changes nothing.
    pub fn write_at(&mut self, at: u32, value: V) -> LwwRegister<V> {
        let written = Some((Stamp { at, by: self.me }, value));
        let delta = LwwRegister { me: self.me, written };
        self.merge(&delta);
        delta
    }

    /// The value that stands, if any was written.
    pub fn value(&self) -> Option<&V> {
        self.written.as_ref().map(|(_, value)| value)
    }

    /// Takes in what the other knows.
    pub fn merge(&mut self, other: &LwwRegister<V>) {
        let stamp = |of: &LwwRegister<V>| of.written.as_ref().map(|(stamp, _)| *stamp);
        if stamp(other) > stamp(self) {
            self.written.clone_from(&other.written);
        }
    }
}
