//! What types with removal have in common: a store of dots, and the context of all dots seen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::parts::dots::{Dot, DotContext, ReplicaId};

/// Entries under dots, with the context of all dots ever seen.
///
/// A dot that is in the context and has no entry was removed. That is all the trace a removal
/// leaves, and all it needs: no tombstones. Merging keeps what both have, and what one has and the
/// other never saw. (Almeida et al. 2018, §7.1: the lattice `DotFun⟨V⟩ × CausalContext`.)
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(crate) struct DotKernel<V> {
    pub(crate) me: ReplicaId,
    pub(crate) entries: BTreeMap<Dot, V>,
    pub(crate) context: DotContext,
}

impl<V: Clone> DotKernel<V> {
    /// No entry, and nothing seen.
    pub(crate) fn new(me: ReplicaId) -> Self {
        DotKernel { me, entries: BTreeMap::new(), context: DotContext::new() }
    }

    /// The same at another replica.
    pub(crate) fn fork(&self, me: ReplicaId) -> Self {
        DotKernel { me, ..self.clone() }
    }

    /// Removes the entries that are such, and puts a new one in, if any; returns the delta: the new
    /// entry, in a context of its dot and of those removed.
    pub(crate) fn replace(&mut self, gone: impl Fn(&V) -> bool, new: Option<V>) -> Self {
        let mut delta = DotKernel::new(self.me);
        self.entries.retain(|dot, entry| {
            let goes = gone(entry);
            if goes {
                delta.context.insert(*dot);
            }
            !goes
        });
        if let Some(entry) = new {
            let dot = self.context.next(self.me);
            self.context.insert(dot);
            self.entries.insert(dot, entry.clone());
            delta.context.insert(dot);
            delta.entries.insert(dot, entry);
        }
        delta
    }

    /// Takes in what the other knows.
    pub(crate) fn merge(&mut self, other: &Self) {
        let removed = |dot: &Dot| other.context.contains(*dot) && !other.entries.contains_key(dot);
        self.entries.retain(|dot, _| !removed(dot));
        for (dot, entry) in &other.entries {
            if !self.context.contains(*dot) {
                self.entries.insert(*dot, entry.clone());
            }
        }
        self.context.merge(&other.context);
    }

    /// The dots that were seen and are gone.
    pub(crate) fn removed(&self) -> Vec<Dot> {
        self.context.dots().filter(|dot| !self.entries.contains_key(dot)).collect()
    }
}
