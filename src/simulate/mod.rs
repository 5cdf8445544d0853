//! Long randomized simulation with faults, in virtual time.
//!
//! One run is a discrete-event simulation: messages arrive after drawn delays, timers fire on their
//! node's own clock, faults begin and end as the run's [`Plan`] says. Each run draws its plan
//! (swarm testing: which kinds of fault are on, how hard, and which workload), goes through a
//! stormy phase and then a healed one, in which the scenario's progress goal must be met.
//!
//! - `storm` is what a scenario says about its runs: how long, which faults, which workload;
//! - `plan` is what one run has in store, as data;
//! - `strategy` draws plans and shrinks them, as a proptest strategy;
//! - `clock` is a node's own clock; `run` is one run; `campaign` is many of them on all cores.

mod campaign;
mod clock;
mod plan;
mod run;
mod storm;
mod strategy;

pub use campaign::{Campaign, Failure, Simulation, plan_of, record, run, simulate};
pub use plan::{ClockError, Fault, Latency, Plan, TimedFault, Workload};
pub use run::{Outcome, Tally};
pub use storm::{Answered, FaultKinds, Request, Storm};
pub use strategy::{PlanTree, Storms};
