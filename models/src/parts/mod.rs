//! What several protocols are made of: pure values with tables of tests, and no handlers.
//!
//! - [`ballot`]: the numbers under which proposers propose.
//! - [`crdt`]: replicated data types that converge by merging.
//! - [`detector`]: the perfect failure detector of fail-stop systems.
//! - [`dots`]: names for single updates, and sets of them.
//! - [`machine`]: the replicated state machine, what clients ask of it, and their sessions.
//! - [`named`]: parameters that name nodes.
//! - [`quorum`]: which nodes decide together.

pub mod ballot;
pub mod crdt;
pub mod detector;
pub mod dots;
pub mod machine;
pub mod named;
pub mod quorum;
