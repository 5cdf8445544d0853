//! What several protocols are made of: pure values with tables of tests, and no handlers.
//!
//! - [`ballot`]: the numbers under which proposers propose.
//! - [`clocks`]: Lamport's, vector and hybrid clocks.
//! - [`counted`]: an object that clients add one to, and what their answers are held to.
//! - [`crdt`]: replicated data types that converge by merging.
//! - [`detector`]: the perfect failure detector of fail-stop systems.
//! - [`dots`]: names for single updates, and sets of them.
//! - [`in_order`]: what arrives in any order, taken in one.
//! - [`layout`]: who stands where in a chain of replicas.
//! - [`machine`]: the replicated state machine, what clients ask of it, and their sessions.
//! - [`membership`]: what is known of a member, and which of two such records is the newer.
//! - [`named`]: parameters that name nodes.
//! - [`phi_accrual`]: how much a silence is to be suspected, as a number.
//! - [`quorum`]: which nodes decide together.
//! - [`segments`]: a list that is sent in parts, and shares what they have in common.
//! - [`table`]: a map with few keys.
//! - [`version_vector`]: how much of every node's doing somebody has seen.
//! - [`view`]: who is the primary and who are its backups.

pub mod ballot;
pub mod clocks;
pub mod counted;
pub mod crdt;
pub mod detector;
pub mod dots;
pub mod in_order;
pub mod layout;
pub mod machine;
pub mod membership;
pub mod named;
pub mod phi_accrual;
pub mod quorum;
pub mod segments;
pub mod table;
pub mod version_vector;
pub mod view;
