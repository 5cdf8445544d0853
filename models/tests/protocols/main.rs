//! Every model by itself: what each scenario covers, and the bug that each invariant catches.

mod chain;
mod clocks;
mod common;
mod crdt;
mod crdt_laws;
mod crdt_store;
mod election;
mod flexible_paxos;
mod lock;
mod multi_leader;
mod multi_paxos;
mod paxos;
mod paxos_tla;
mod phi_accrual;
mod primary_backup;
mod raft;
mod raft_extensions;
mod raft_membership;
mod replicated_lock;
mod swim;
mod write_ahead_log;
