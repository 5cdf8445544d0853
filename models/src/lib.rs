//! Distributed protocols as readable, checkable models.
//!
//! Each is a module that can be read alone, with the paper beside it: prose, what is not modelled,
//! configuration and bugs, state, messages, handlers, what survives a crash, invariants, goals,
//! scenarios.

#![warn(missing_docs)]

pub mod chain;
pub mod clocks;
pub mod crdt;
pub mod crdt_store;
pub mod election;
pub mod flexible_paxos;
pub mod lock;
pub mod multi_leader;
pub mod multi_paxos;
pub mod parts;
pub mod paxos;
pub mod phi_accrual;
pub mod primary_backup;
pub mod raft;
pub mod replicated_lock;
pub mod swim;
pub mod write_ahead_log;

use splitbrain::catalog::Catalog;

/// Every model.
pub fn catalog() -> Catalog {
    Catalog::new()
        .with(raft::RaftModel)
        .with(raft::RaftMembershipModel)
        .with(raft::RaftExtensionsModel)
        .with(paxos::PaxosModel)
        .with(multi_paxos::MultiPaxosModel)
        .with(flexible_paxos::FlexiblePaxosModel)
        .with(election::ElectionModel)
        .with(lock::LockModel)
        .with(replicated_lock::ReplicatedLockModel)
        .with(phi_accrual::PhiAccrualModel)
        .with(swim::SwimModel)
        .with(crdt::CrdtModel)
        .with(crdt_store::CrdtStoreModel)
        .with(primary_backup::PrimaryBackupModel)
        .with(multi_leader::MultiLeaderModel)
        .with(chain::ChainModel)
        .with(clocks::ClocksModel)
        .with(write_ahead_log::WriteAheadLogModel)
}
