//! Changes of members: the cluster takes in servers and dismisses them while it runs.
//!
//! Ongaro and Ousterhout (2014), §6; Ongaro's dissertation, *Consensus: Bridging Theory and
//! Practice* (2014), §4, as mended in 2015; section numbers above 4 with a dot are the latter's.
//!
//! The members are named by entries of the log, and a server goes by those that its log names
//! *last*, committed or not; if such an entry gives way, those before are in force again. No two
//! servers change over at the same moment. So there is a time when some decide by the old members
//! and others by the new, and all depends on this: **whoever decides by the one must share a server
//! with whoever decides by the other.** From three to five servers, two of the old decide without
//! the three others that the new ask (Figure 10). There are two ways.
//!
//! **One server at a time (dissertation §4.1).** A majority of some voters and one of the same with
//! one more or one less always share a server. A leader begins the next change only when the one
//! before is committed. That is not enough, as was found a year later (raft-dev, 2015): the leaders
//! of two terms may each begin a change of the same members without knowing of the other's, and
//! what they come to is apart by two servers. So a leader first commits an entry of its own term:
//! then no change of an earlier term that it does not hold can win any more. It appends an empty
//! entry for that when it is elected ([`Options::noop`](super::Options)).
//!
//! **Joint consensus (§6, dissertation §4.3).** For any other change the log names both, C_old,new:
//! elections and commitment take a majority of the old *and* one of the new. When that entry is
//! committed nobody can decide by the old alone, and the leader appends C_new.
//!
//! **Learners (dissertation §4.2.1).** A new server that counts at once, with an empty log, may keep
//! the cluster from committing anything until it has caught up. So it may first be sent the log
//! without a vote; it is promoted once it holds what is committed.
//!
//! **A leader that removes itself (§6, dissertation §4.2.2)** leads until C_new is committed, and
//! does not count itself meanwhile; then it retires. A server that is no voter by its own log must
//! still stand for election while that change is uncommitted: its log may be the longest, so that
//! it gives its vote to nobody, and the others may need it. (The scenario `needed-again` shows it:
//! leave this out, and the cluster stands still.)
//!
//! **Servers that were removed (§6, dissertation §4.2.3)** are sent nothing any more, so they do not
//! learn of it, time out, and bother the others with ever greater terms. That is never unsafe. It
//! is a nuisance: leaders are deposed before they commit anything. So a server that hears of a
//! leader disregards candidates, and their terms, for as long as no election timer can have fired
//! ([`Options::loyal`](super::Options)). In exploration that time may end at any moment, so that
//! it shows the rule to be safe, and shows nothing of its use; its use shows in the storms, which
//! stall without it and must make progress with it.
//!
//! Not modelled: the rounds in which a leader measures whether a learner keeps up (dissertation
//! §4.2.1), because they are about time; starting and stopping servers: one that is not a member yet
//! runs with an empty log, one that was removed keeps its log and may be taken in again; answers to
//! the operator when a change is committed: it learns that a leader has seen to it, and asks for what
//! shall be so, which it may do twice.

mod bugs;
mod catalog;
mod changes;
mod invariants;
mod scenarios;

pub use catalog::RaftMembershipModel;
pub use changes::Change;
pub use invariants::{adjacent_configurations, durability};
