//! What several protocols are made of: pure values with tables of tests, and no handlers.
//!
//! - [`ballot`]: the numbers under which proposers propose.
//! - [`detector`]: the perfect failure detector of fail-stop systems.
//! - [`in_order`]: what arrives in any order, taken in one.
//! - [`layout`]: who stands where in a chain of replicas.
//! - [`machine`]: the replicated state machine, what clients ask of it, and their sessions.
//! - [`named`]: parameters that name nodes.
//! - [`quorum`]: which nodes decide together.
//! - [`view`]: who is the primary and who are its backups.

pub mod ballot;
pub mod detector;
pub mod in_order;
pub mod layout;
pub mod machine;
pub mod named;
pub mod quorum;
pub mod view;
