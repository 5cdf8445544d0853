//! Distributed protocols as readable, checkable models.
//!
//! Each is a module that can be read alone, with the paper beside it: prose, what is not modelled,
//! configuration and bugs, state, messages, handlers, what survives a crash, invariants, goals,
//! scenarios.

#![warn(missing_docs)]

pub mod lock;
pub mod parts;
pub mod raft;
pub mod replicated_lock;

use splitbrain::catalog::Catalog;

/// Every model.
pub fn catalog() -> Catalog {
    Catalog::new()
        .with(raft::RaftModel)
        .with(lock::LockModel)
        .with(replicated_lock::ReplicatedLockModel)
}
