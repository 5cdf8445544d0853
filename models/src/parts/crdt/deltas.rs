//! Deltas on their way to all others.

use std::collections::BTreeMap;

use splitbrain::NodeId;

/// The deltas that a replica has taken in, in order, until each of the others has acknowledged
/// them.
///
/// What is sent is always all that the other has not acknowledged, so what it has taken in is
/// a prefix of what there was: it never sees an effect without its cause. (Almeida et al. 2018,
/// §6, algorithm 2, and the causal delta-merging condition.)
///
/// ```
/// use splitbrain::NodeId;
/// use splitbrain_models::parts::crdt::{DeltaBuffer, Due};
///
/// let (bob, others) = (NodeId(1), [NodeId(1)]);
/// let mut deltas = DeltaBuffer::new();
/// deltas.push("first");
/// assert_eq!(deltas.due(bob), Due::Deltas(vec![&"first"]));
/// deltas.acknowledge(bob, deltas.end(), &others);
/// assert_eq!(deltas.due(bob), Due::Nothing);
/// deltas.push("second");
/// assert_eq!(deltas.due(bob), Due::Deltas(vec![&"second"]));
/// assert_eq!(deltas.after_crash().due(bob), Due::Everything, "it forgot what is missing there");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DeltaBuffer<D> {
    /// The number of the next delta.
    next: u32,
    /// Deltas with their numbers, in order and without a gap up to `next`.
    deltas: Vec<(u32, D)>,
    /// Up to which number, exclusive, each of the others has acknowledged.
    acknowledged: BTreeMap<NodeId, u32>,
}

/// What another replica must be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Due<D> {
    /// It has everything.
    Nothing,
    /// These, merged.
    Deltas(Vec<D>),
    /// The whole value: some of what it lacks is not here as a delta any more.
    Everything,
}

impl<D> Default for DeltaBuffer<D> {
    fn default() -> Self {
        DeltaBuffer::new()
    }
}

impl<D> DeltaBuffer<D> {
    /// No delta yet.
    pub const fn new() -> DeltaBuffer<D> {
        DeltaBuffer { next: 0, deltas: Vec::new(), acknowledged: BTreeMap::new() }
    }

    /// Takes in a delta: of an update made here, or one that brought something new.
    pub fn push(&mut self, delta: D) {
        self.deltas.push((self.next, delta));
        self.next += 1;
    }

    /// The number behind the last delta; what whoever has them all acknowledges.
    pub fn end(&self) -> u32 {
        self.next
    }

    /// Whether that replica has acknowledged everything.
    pub fn has_told(&self, to: NodeId) -> bool {
        self.acknowledged.get(&to).copied().unwrap_or(0) >= self.next
    }

    /// What that replica must be sent.
    pub fn due(&self, to: NodeId) -> Due<&D> {
        let from = self.acknowledged.get(&to).copied().unwrap_or(0);
        if from >= self.next {
            return Due::Nothing;
        }
        match self.deltas.first() {
            Some((first, _)) if *first <= from => {
                let missing = self.deltas.iter().filter(|(number, _)| *number >= from);
                Due::Deltas(missing.map(|(_, delta)| delta).collect())
            }
            _ => Due::Everything,
        }
    }

    /// That replica has everything up to a number; what all of the others have is forgotten.
    pub fn acknowledge(&mut self, from: NodeId, upto: u32, others: &[NodeId]) {
        let acknowledged = self.acknowledged.entry(from).or_insert(0);
        *acknowledged = upto.max(*acknowledged);
        let by = |other: &NodeId| self.acknowledged.get(other).copied().unwrap_or(0);
        let all = others.iter().map(by).min().unwrap_or(self.next);
        self.deltas.retain(|(number, _)| *number >= all);
    }

    /// What is left of it after a crash: the number of the next delta, which must not be given
    /// twice. Deltas and acknowledgements may go: the whole value is sent then.
    pub fn after_crash(&self) -> DeltaBuffer<D> {
        DeltaBuffer { next: self.next, ..DeltaBuffer::new() }
    }
}
