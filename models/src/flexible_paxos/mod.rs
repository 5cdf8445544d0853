//! Flexible Paxos: Multi-Paxos with quorums of each phase as one likes them, so long as they meet.
//!
//! Howard, Malkhi and Spiegelman, *Flexible Paxos: Quorum Intersection Revisited* (2016).
//!
//! Paxos asks that any two quorums meet, and majorities do. But look at what its proof uses:
//! a leader must hear of whatever was chosen before. So each quorum of *promises* (phase 1)
//! must meet each quorum of *acceptances* (phase 2) of earlier ballots. That two quorums of one
//! phase meet is never used: of two leaders that are prepared by different acceptors, or of two
//! slots that are chosen by different ones, neither needs to know of the other by that.
//!
//! It changes nothing in the protocol, so there is no other one here: it is
//! [`MultiPaxos`](crate::multi_paxos::MultiPaxos) with other
//! [`Phases`](crate::parts::quorum::Phases). It changes what one may choose. Phase 2 happens for
//! every command, phase 1 when a leader is replaced, which is rare. So let phase 2 be small, and
//! phase 1 large:
//!
//! - **Counts** (the paper's simple quorums): of N acceptors Q1 promise and Q2 accept, where
//!   Q1 + Q2 > N. With 3 + 2 of 4 a command waits for one acceptor beside the leader instead of two,
//!   and still any one acceptor may be down; with 4 + 2 of 5, too.
//! - **Grids:** acceptors stand in rows and columns. A column promises, a row accepts, and
//!   every column meets every row. In the 2x2 grid both phases have two of four acceptors, which as
//!   counts would not do.
//! - **Weights:** acceptors have votes (Gifford, *Weighted Voting for Replicated Data*, 1979), and
//!   the votes of two quorums together are more than there are.
//!
//! What it costs is who may be down: a phase is held up when every quorum of it has lost somebody.
//! With small quorums of acceptances, a leader that is there goes on with few; a new leader needs
//! many. A system whose quorums need not meet is refused, and the two that do not are named.
//!
//! Not modelled, beside what [`multi_paxos`](crate::multi_paxos) leaves out: quorums that change
//! from ballot to ballot, which the paper has among its enhancements.

mod bugs;
mod model;
mod scenarios;

pub use model::FlexiblePaxosModel;
