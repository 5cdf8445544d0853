//! What several protocols are made of: pure values with tables of tests, and no handlers.
//!
//! - [`machine`]: the replicated state machine, what clients ask of it, and their sessions.

pub mod machine;
