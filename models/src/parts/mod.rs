//! What several protocols are made of: pure values with tables of tests, and no handlers.
//!
//! - [`ballot`]: the numbers under which proposers propose.
//! - [`clocks`]: Lamport's, vector and hybrid clocks.
//! - [`detector`]: the perfect failure detector of fail-stop systems.
//! - [`machine`]: the replicated state machine, what clients ask of it, and their sessions.
//! - [`named`]: parameters that name nodes.
//! - [`quorum`]: which nodes decide together.
//! - [`version_vector`]: how much of every node's doing somebody has seen.

pub mod ballot;
pub mod clocks;
pub mod detector;
pub mod machine;
pub mod named;
pub mod quorum;
pub mod version_vector;
