//! Distributed protocols as readable, checkable models.

pub mod raft;
