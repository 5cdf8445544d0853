//! Changes of members.
mod bugs;
mod catalog;
mod changes;
mod invariants;
mod scenarios;

pub use catalog::RaftMembershipModel;
pub use changes::Change;
pub use invariants::{adjacent_configurations, durability};
