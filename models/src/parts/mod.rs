//! What several protocols are made of: pure values with tables of tests, and no handlers.
//!
//! - [`detector`]: the perfect failure detector of fail-stop systems.
//! - [`machine`]: the replicated state machine, what clients ask of it, and their sessions.

pub mod detector;
pub mod machine;
