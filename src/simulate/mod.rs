//! Long randomized simulation with faults, in virtual time.
//!
//! One run is a discrete-event simulation: messages arrive after drawn delays, timers fire on their
//! node's own clock, faults begin and end as the run's [`Plan`] says. Each run draws its plan
//! (swarm testing: which kinds of fault are on, how hard, and which workload), goes through a
//! stormy phase and then a healed one, in which the scenario's progress goal must be met.
//!
//! - `plan` is what a run has in store: network, clocks, workload and timed faults, as data;
//! - `strategy` draws plans, shrinks them, and serves as a proptest strategy;
//! - `run` is one run; `campaign` is many of them on all cores.

mod storm;

pub use storm::{FaultKinds, Storm};
