//! How fast the simulator is: messages delivered in a second of processor time, every invariant on,
//! on one core.
//!
//! - `toys` are protocols that do next to nothing, `rafts` are clusters of the catalog's Raft, and
//!   `gossips` larger groups that gossip: its store of counters, and SWIM;
//! - `rows` is the table: each work, what another simulator does in it, and what is to be reached.

mod gossips;
mod rafts;
mod rows;
mod toys;

pub use rows::{Row, table};
