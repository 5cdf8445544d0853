//! Long randomized simulation with faults, in virtual time.
//!
//! One run is a discrete-event simulation: messages arrive after drawn delays, timers fire on their
//! node's own clock, faults begin and end as the run's [`Plan`] says. Each run draws its plan
//! (swarm testing: which kinds of fault are on, how hard, and which workload), goes through a
//! stormy phase and then a healed one, in which the scenario's progress goal must be met.
//!
//! - `storm` is what a scenario says about its runs: how long, which faults, which workload;
//! - `operations` is what its clients may ask for, where each run draws it, and `workload` how they
//!   ask; `shares` draws keys and operations by weight;
//! - `plan` is what one run has in store, as data; `compose` makes plans by hand, `script` reads and
//!   writes them in TOML, with spans of time as in `written`, and `fits` says what is wrong with one;
//! - `topology` is what networks are made of, `ready` those there are by name, `latency` how long
//!   messages take, drawn with `curves`;
//! - `strategy` draws plans and shrinks them, as a proptest strategy; `patterns` draws the kinds of
//!   fault that are asked for, `alive` leaves out those that take too many nodes, and `preset` is
//!   where a campaign's plans come from;
//! - `run` is one run, with its `agenda`, the nodes' `alarms`, its `network` and that one's
//!   `wires`, its `clients` and their `sessions`, its `faults` and each node's own `clock`; `outcome`
//!   is what happened in it, `measures` what its clients saw of it, with spans of time in a
//!   `histogram`, and `measured` what is told of that; `rerun` is a run that is kept to be made again;
//! - `campaign` is many runs on all cores, `choosing` how they are chosen and the loop that makes them,
//!   `books` what they come to, to go on from, `kinds` which of their failures are alike, and `guide` lets
//!   runs be made from those that showed something rare.

mod agenda;
mod alarms;
mod alive;
mod books;
mod campaign;
mod choosing;
mod clients;
mod clock;
mod compose;
mod curves;
#[cfg(test)]
mod drawn;
mod faults;
mod fits;
mod guide;
mod histogram;
mod kinds;
mod latency;
mod measured;
mod measures;
mod network;
mod operations;
mod outcome;
mod patterns;
mod plan;
mod preset;
mod ready;
mod rerun;
mod run;
mod script;
mod sessions;
mod shares;
mod storm;
mod strategy;
mod topology;
mod wires;
mod workload;
mod written;

pub use alive::Keeps;
pub use books::Books;
pub use campaign::{Campaign, Failure, Simulation, Until, plan_of, record, run, simulate};
pub use fits::PlanError;
pub use guide::{Entry, EntryError, Guidance, Guided};
pub use histogram::{Bucket, Histogram};
pub use kinds::Kept;
pub use latency::{Latency, Percentile};
pub use measured::{Availability, Measured, Percentiles, Requests};
pub use measures::{Measures, SLICE, Slice};
pub use operations::{Asked, Operations};
pub use outcome::{Outcome, Tally};
pub use plan::{ClockError, Fault, Plan, TimedFault};
pub use preset::{Plans, Preset, plan_under};
pub use rerun::{Later, Rerun};
pub use storm::{Answered, Count, FaultKinds, Request, Storm};
pub use strategy::{PlanTree, Storms};
pub use topology::{Link, Loss, Network, SpecialLink, Topology};
pub use workload::{Arrivals, Keys, Retries, Spacing, Workload};
