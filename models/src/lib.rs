//! Distributed protocols as readable, checkable models.

pub mod lock;
