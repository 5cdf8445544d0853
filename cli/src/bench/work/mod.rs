//! The works that engines are measured on, as scenarios of this project's own engines.
//!
//! Each is a protocol that others publish counts of, so that a row of the table can be held to
//! more than our own word. Two conventions differ: others count the first state as generated, so
//! that their transitions are one more than ours, and as depth 1, where we count steps from 0.

pub mod history;
pub mod paxos;
pub mod register;
pub mod served;
pub mod two_phase;
