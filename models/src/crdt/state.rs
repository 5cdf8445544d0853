//! What a replica remembers.

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

use crate::parts::crdt::{AnyCrdt, DeltaBuffer, Kind, Past};
use crate::parts::dots::ReplicaId;

/// What one replica remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct State {
    /// How often it forgot everything. With the node it makes the replica's id.
    pub life: u8,
    /// Its copy of the value.
    pub copy: Copy,
    /// What others may not have heard of yet; always empty where whole states are sent.
    pub deltas: DeltaBuffer<Copy>,
}

/// A copy of the value, or of a part of it, with the updates that went into it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Copy {
    /// The value.
    pub value: AnyCrdt,
    /// Its past, for the invariants: no handler reads it.
    pub past: Past,
}

impl State {
    /// A replica that knows nothing.
    pub(super) fn fresh(kind: Kind, me: NodeId, life: u8) -> State {
        let value = AnyCrdt::new(kind, ReplicaId::in_life(me, life));
        State { life, copy: Copy { value, past: Past::default() }, deltas: DeltaBuffer::new() }
    }
}

impl Copy {
    /// The join of these parts of a value, at that replica.
    pub(super) fn joined(me: ReplicaId, parts: Vec<&Copy>) -> Copy {
        let mut parts = parts.into_iter().cloned();
        let mut all = parts.next().expect("something is missing there");
        all.value = all.value.fork(me);
        for part in parts {
            all.value.merge(&part.value);
            all.past.merge(&part.past);
        }
        all
    }
}
