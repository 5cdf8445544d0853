//! Replicated data types that converge by merging: plain values, without any network.
//!
//! Each replica updates its own copy at once, asks nobody, and sends its copy to others now and
//! then. What comes in is *merged*. Copies are ordered by how much they know, an update only adds
//! to that, and merging makes the least copy that knows what both do: a join of a semilattice. So
//! it does not matter in which order copies are merged (it is commutative and associative), nor
//! whether one is merged twice (it is idempotent), and replicas that have seen the same updates are
//! equal. No consensus, and no assumption on the network but that something gets through.
//!
//! | type | concurrent updates | knows by |
//! |---|---|---|
//! | [`GCounter`], [`PnCounter`] | all count | a number for each replica |
//! | [`LwwRegister`], [`LwwMap`] | the latest stamp stands | stamps, tombstones |
//! | [`MvRegister`] | all values are kept | dots |
//! | [`EnableWinsFlag`], [`OrSet`] | enabling and adding win | dots |
//! | [`Sequence`] | neighbours in the same order everywhere | stamps, tombstones |
//!
//! An update also returns its *delta*: the least copy that tells of it. Deltas are copies, and are
//! merged like them; a [`DeltaBuffer`] keeps them until all have acknowledged them.
//!
//! A value belongs to the replica whose id it has. Whoever starts from somebody else's copy forks
//! it ([`GCounter::fork`] and so on): two that update under one id are taken for one.
//!
//! [`AnyCrdt`] is any of them behind one face, and [`Past`] says what its value must be.
//!
//! Sources: M. Shapiro, N. Preguiça, C. Baquero, M. Zawirski, *A comprehensive study of Convergent
//! and Commutative Replicated Data Types*, INRIA RR-7506 (2011); P. S. Almeida, A. Shoker,
//! C. Baquero, *Delta State Replicated Data Types* (2018), arXiv 1603.01529.

mod any;
mod deltas;
mod flag;
mod gcounter;
mod kernel;
mod lwwmap;
mod lwwregister;
mod mvregister;
mod orset;
mod past;
mod pncounter;
mod sequence;
#[cfg(test)]
mod tests;

pub use any::{AnyCrdt, Change, Kind, Reading};
pub use deltas::{DeltaBuffer, Due};
pub use flag::EnableWinsFlag;
pub use gcounter::GCounter;
pub use lwwmap::LwwMap;
pub use lwwregister::{LwwRegister, Stamp};
pub use mvregister::MvRegister;
pub use orset::OrSet;
pub use past::{Past, Update};
pub use pncounter::PnCounter;
pub use sequence::Sequence;
