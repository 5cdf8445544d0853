//! The replicated sequence.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Stamp;
use crate::parts::dots::ReplicaId;

/// A sequence into which elements are inserted and from which they are removed, such as a text.
///
/// An element is not *at* a place, which would be another one elsewhere, but *after* another
/// element. So elements are a tree under the head of the sequence. Of those after the same element
/// the latest stands first, and the whole is read depth first. An element that was removed stays as
/// a tombstone: others may stand after it.
///
/// ```
/// use splitbrain_models::parts::crdt::Sequence;
/// use splitbrain_models::parts::dots::ReplicaId;
///
/// let mut alice = Sequence::new(ReplicaId::new(0));
/// "ct".chars().enumerate().for_each(|(at, letter)| drop(alice.insert(at, letter)));
/// let mut bob = alice.fork(ReplicaId::new(1));
/// alice.insert(1, 'a');
/// bob.insert(2, 's');
/// bob.merge(&alice);
/// assert_eq!(bob.value().into_iter().collect::<String>(), "cats");
/// ```
///
/// Sources: the replicated growable array of Roh, Jeon, Kim, Lee, *Replicated abstract data types:
/// Building blocks for collaborative applications*, Journal of Parallel and Distributed Computing
/// 71(3) (2011), as the timestamped insertion tree of Attiya et al., *Specification and Complexity
/// of Collaborative Text Editing* (PODC 2016), §5.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Sequence<E> {
    pub(crate) me: ReplicaId,
    /// Every element ever inserted, with the one it was inserted after; none is the head.
    pub(crate) inserted: Vec<Inserted<E>>,
    /// Those that were removed.
    pub(crate) removed: BTreeSet<Stamp>,
}

/// An element, inserted after another one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(crate) struct Inserted<E> {
    pub(crate) stamp: Stamp,
    pub(crate) after: Option<Stamp>,
    pub(crate) element: E,
}

impl<E: Ord + Clone> Sequence<E> {
    /// The empty sequence, at that replica.
    pub fn new(me: impl Into<ReplicaId>) -> Sequence<E> {
        Sequence { me: me.into(), inserted: Vec::new(), removed: BTreeSet::new() }
    }

    /// The same sequence at another replica.
    pub fn fork(&self, me: impl Into<ReplicaId>) -> Sequence<E> {
        Sequence { me: me.into(), ..self.clone() }
    }

    /// Inserts an element so that it has that index, from 0; returns the delta.
    ///
    /// # Panics
    /// When the sequence is shorter than that.
    pub fn insert(&mut self, index: usize, element: E) -> Sequence<E> {
        let shown = self.shown();
        assert!(index <= shown.len(), "no element has index {index} in one of {}", shown.len());
        let after = index.checked_sub(1).map(|before| shown[before].stamp);
        let latest = self.inserted.last().map_or(0, |last| last.stamp.at);
        let stamp = Stamp { at: latest + 1, by: self.me };
        let mut delta = Sequence::new(self.me);
        delta.inserted.push(Inserted { stamp, after, element });
        self.merge(&delta);
        delta
    }

    /// Removes the element of that index; returns the delta.
    ///
    /// # Panics
    /// When there is none.
    pub fn remove(&mut self, index: usize) -> Sequence<E> {
        let stamp = self.shown()[index].stamp;
        self.removed.insert(stamp);
        Sequence { me: self.me, inserted: Vec::new(), removed: BTreeSet::from([stamp]) }
    }

    /// The elements, in order.
    pub fn value(&self) -> Vec<E> {
        self.shown().into_iter().map(|shown| shown.element.clone()).collect()
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.shown().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes in what the other knows.
    pub fn merge(&mut self, other: &Sequence<E>) {
        for theirs in &other.inserted {
            let place = self.inserted.binary_search_by(|mine| mine.stamp.cmp(&theirs.stamp));
            if let Err(at) = place {
                self.inserted.insert(at, theirs.clone());
            }
        }
        self.removed.extend(&other.removed);
    }

    /// What is there to see. An element whose predecessor has not come yet is not.
    fn shown(&self) -> Vec<&Inserted<E>> {
        let mut after: BTreeMap<Option<Stamp>, Vec<&Inserted<E>>> = BTreeMap::new();
        for inserted in &self.inserted {
            after.entry(inserted.after).or_default().push(inserted);
        }
        // Earlier ones lie below later ones, and what stands after an element above both.
        let mut stack = after.remove(&None).unwrap_or_default();
        let mut shown = Vec::new();
        while let Some(next) = stack.pop() {
            if !self.removed.contains(&next.stamp) {
                shown.push(next);
            }
            stack.extend(after.remove(&Some(next.stamp)).unwrap_or_default());
        }
        shown
    }
}
