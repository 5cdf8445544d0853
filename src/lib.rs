//! splitbrain.

mod audience;
pub mod catalog;
pub mod counterexample;
pub mod explain;
pub mod explore;
mod invariant;
mod ledger;
mod mail;
mod node;
mod observer;
mod protocol;
mod random;
pub mod report;
mod scenario;
pub mod shrink;
pub mod simulate;
mod situation;
mod step;
pub mod testing;
mod time;
mod trace;
mod verdict;
mod world;

pub use splitbrain_invariants as invariants;

pub use invariant::{Goal, Invariant, Nodes, Sight};
pub use invariants::{Broken, Held, broken};
pub use ledger::{Bound, Faults, Firing, Ledger};
pub use mail::{Letter, Links, Mailbox};
pub use node::{Node, Occurrence, Panicked};
pub use observer::{Observer, Progress, Undisturbed};
pub use protocol::{Choice, ClientId, Data, NodeId, Nothing, Outbox, Protocol, Saved};
pub use scenario::{
    Boundary, Clocks, Flight, Lane, Patience, Scenario, TimerRule, Timers, To, Waypoint,
};
pub use situation::{DETERMINISTIC, NO_PANIC, Situation, Violation};
pub use step::{Act, Step};
pub use time::{Delay, Span, Units};
pub use trace::{Detour, Replay, follow_all, replay, walk};
pub use verdict::Verdict;
pub use world::World;
