//! A harness that checks distributed protocols: write a protocol once as a pure state machine,
//! declare what must never happen, and splitbrain either shows the shortest way to break it or says
//! exactly how much it has ruled out.
//!
//! Here is a protocol of two machines, whole. Its [`explore`](Scenario::explore) tries every order
//! of everything that can happen; [`simulate`](Scenario::simulate) draws thousands of runs from
//! seeds, with lost messages, cut links and crashes.
//!
//! ```
#![doc = include_str!("../examples/primary_backup.rs")]
//! ```
//!
//! The last line finds the mistake: the primary says `Confirmed(1)`, the copy is still on its way,
//! and the backup takes over without it. Had that line been `assert_holds`, the test would fail
//! with the invariant, the reason, the steps in words and a diagram of them, and leave the steps as
//! a JSON file in `target/splitbrain` (or in the folder that `SPLITBRAIN_FOUND` names). Keep such
//! files, and [`testing::assert_reproduces`] or [`testing::assert_fixed`] replays a folder of them.
//!
//! # The parts
//!
//! - A [`Protocol`] is the code of one node: pure handlers that change a state and speak through an
//!   [`Outbox`]. It has no clock, no randomness and no I/O of its own: for time it sets timers or
//!   reads [`Outbox::now`], for chance it asks [`Outbox::choose`].
//! - A [`Scenario`] is a system to check: the protocol, how many nodes, what the links promise
//!   ([`Links`]), what clients ask, which [`Faults`] are allowed, what must hold and what must be
//!   reachable. It is data, and everything in it that bounds a verdict is printed with the verdict.
//! - An [`Invariant`] looks at a node, at the nodes together, at the whole world, at worlds in which
//!   nothing is on its way, or at the history. For histories, [`invariants`] has the field's own
//!   conditions, from agreement to linearizability. A [`Goal`] must be *reached*: a check that
//!   reaches none has shown nothing and fails as vacuous.
//! - A [`Step`] is something that happens at one node. Explorer, simulator, replay, shrinker and
//!   diagrams share that one alphabet, so that a run of the simulator is a path in the graph the
//!   explorer searches, and can be shrunk to the shortest one.
//!
//! # What a verdict says
//!
//! [`Verdict::Holds`] of an exploration says that no reachable state within the scenario's bounds
//! breaks an invariant. States are compared whole, so that does not rest on a hash. Of a simulation
//! it says that so many runs broke none: a sample. A set timer may fire at any moment in an
//! exploration, so safety may rest on a clock ([`Outbox::now`]) but never on the length of a timer.
//! Neither engine checks liveness, beyond invariants of quiet worlds ([`Invariant::quiet`]), one
//! fault-free continuation from everything reached ([`Invariant::settles`]), and the progress a
//! simulated run must make once its network has healed ([`simulate::Storm::progress`]).
//!
//! # Further
//!
//! - Property tests over fault plans, with proptest: [`simulate::Storms`].
//! - The engines with limits, progress and all their figures: [`explore::explore`],
//!   [`simulate::simulate`], [`shrink::shrink`].
//! - A command line for models of one's own: put them in a [`catalog::Catalog`] and hand it to
//!   `splitbrain_cli::run`.
//!
//! # Features
//!
//! - `stateright`: any scenario as a `stateright::Model`, for an independent second opinion.

#![warn(missing_docs)]

mod audience;
pub mod catalog;
mod checks;
pub mod counterexample;
mod disk;
pub mod explain;
pub mod explore;
mod found;
mod invariant;
mod ledger;
mod mail;
mod node;
mod observer;
mod protocol;
mod random;
pub mod report;
mod scenario;
mod settle;
mod shared;
pub mod shrink;
pub mod simulate;
mod situation;
mod step;
mod still;
pub mod testing;
mod time;
mod trace;
mod verdict;
mod world;

// For the derives of a protocol that is saved in files, without a dependency of one's own.
pub use serde;
pub use splitbrain_invariants as invariants;

pub use disk::{Disk, Written};
pub use invariant::{Goal, Invariant, Nodes, Sight};
pub use invariants::{Broken, Held, broken};
pub use ledger::{Bound, Faults, Firing, Ledger};
pub use mail::{Letter, Links, Mailbox};
pub use node::{Node, Occurrence, Panicked};
pub use observer::{Observer, Progress, Undisturbed};
pub use protocol::{Choice, ClientId, Data, Embeds, NodeId, Nothing, Outbox, Protocol, Saved};
pub use scenario::{
    Boundary, Clocks, Flight, Lane, Offered, Patience, Scenario, TimerRule, Timers, To, Waypoint,
    Within,
};
pub use shared::Shared;
pub use situation::{DETERMINISTIC, NO_PANIC, Situation, Violation};
pub use step::{Act, Step};
pub use time::{Delay, Span, Units};
pub use trace::{Detour, Replay, follow_all, replay, walk};
pub use verdict::Verdict;
pub use world::World;
