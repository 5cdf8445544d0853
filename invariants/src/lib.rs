//! Correctness conditions of distributed protocols, on plain data.
//!
//! A *condition* says which histories of a system are right. Here it is a *monitor*: a small value
//! that is told what happens, one thing after another, and answers at each whether the condition
//! still [holds](Held). Where it does not, the answer is a [sentence](Broken) with the offending
//! values, such as "term 2 has two leaders: n0, then n2".
//!
//! The conditions know no engine and no protocol. A model *projects* what it sees onto them: Raft's
//! election safety is [`Agreement`] on the leader of a term; that no two clients hold the same
//! fencing token is the same condition again.
//!
//! | condition | says | for example |
//! |---|---|---|
//! | [`Agreement`] | for each key at most one value, ever | term → leader, index → entry |
//! | [`Monotonic`] | what is observed of a key never decreases | terms, ballots, fencing tokens |
//! | [`MutualExclusion`] | a resource has at most one holder at a time | locks, leases |
//! | [`Validity`] | only what was proposed is decided | consensus, replicated logs |
//! | [`Durability`] | what was acknowledged is never lost | replies, commits |
//! | [`prefix_order`], [`compatible`] | one history is how another begins | chains, logs |
//! | [`CausalOrder`] | nobody sees an effect before its cause | broadcasts, replicated writes |
//! | [`HappenedBefore`] | timestamps say what may have caused what | logical clocks |
//! | [`Linearizable`] | operations seem to take effect at one instant | services and clients |
//! | [`linearize`] | the same, of a whole [`History`] after the fact | records of real systems |
//!
//! [`Linearizable`] and [`linearize`] hold against a [`Specification`] of the object: a [`Register`],
//! a [`KeyValue`] store, a [`Lock`], a [`FencedLock`], a [`Counter`], a [`Sum`], a [`Queue`], one of
//! them for each key ([`Keyed`]), or your own.
//!
//! ```
//! use splitbrain_invariants::{Agreement, Held, Monotonic};
//!
//! /// What an election may not do.
//! #[derive(Default)]
//! struct Elections {
//!     leaders: Agreement<u64, &'static str>,
//!     terms: Monotonic<&'static str, u64>,
//! }
//!
//! impl Elections {
//!     fn elected(&mut self, node: &'static str, term: u64) -> Held {
//!         self.terms.observe_strictly(node, term)?;
//!         self.leaders.agree_named("term", "leader", term, node)
//!     }
//! }
//!
//! let mut elections = Elections::default();
//! elections.elected("n0", 2)?;
//! let broken = elections.elected("n2", 2).unwrap_err();
//! assert_eq!(broken.reason(), "term 2 has two leaders: n0, then n2");
//! # Ok::<(), splitbrain_invariants::Broken>(())
//! ```
//!
//! # Writing another one
//!
//! A model checker stores a monitor with every state it explores, and a simulator updates one at
//! every event. That asks four things of it:
//!
//! - **Canonical.** Two histories that can no longer be told apart give equal monitors. Keep what
//!   the future can still contradict, in one fixed order; forget how it came about. A monitor that
//!   counts what nobody asks for makes many states of one.
//! - **Small and dense.** Its state is cloned, compared and hashed far more often than searched: a
//!   sorted vector, no tree.
//! - **Derived.** `Clone`, `Eq`, `Ord`, `Hash` and `Debug` are derived, so that no field is left
//!   out of any of them. [`Value`] is the bound for what it remembers.
//! - **It can fail.** Its answer names the values that break it, and its tests have bad histories
//!   beside the good ones.
//!
//! ```
//! use splitbrain_invariants::{broken, Held, Value};
//!
//! /// Each thing happens at most once (integrity of a broadcast: no duplication).
//! #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
//! struct AtMostOnce<T> {
//!     happened: Vec<T>, // in order
//! }
//!
//! impl<T: Value> AtMostOnce<T> {
//!     fn happen(&mut self, thing: T) -> Held {
//!         match self.happened.binary_search(&thing) {
//!             Ok(_) => broken(format!("{thing:?} happened twice")),
//!             Err(at) => {
//!                 self.happened.insert(at, thing);
//!                 Ok(())
//!             }
//!         }
//!     }
//! }
//!
//! let mut delivered = AtMostOnce::default();
//! delivered.happen(7)?;
//! assert_eq!(delivered.happen(7).unwrap_err().reason(), "7 happened twice");
//! # Ok::<(), splitbrain_invariants::Broken>(())
//! ```
//!
//! A condition on a single moment needs no monitor: a function that returns [`Held`] will do, as
//! [`prefix_order`] does.

#![warn(missing_docs)]

mod agreement;
mod causal_order;
mod durability;
mod happened_before;
mod held;
mod linearizable;
mod monotonic;
mod mutual_exclusion;
mod prefix_order;
mod table;
mod validity;

pub use agreement::Agreement;
pub use causal_order::CausalOrder;
pub use durability::Durability;
pub use happened_before::HappenedBefore;
pub use held::{Broken, Held, Value, broken};
pub use linearizable::{
    Counter, CounterOperation, FencedLock, FencedLockOutput, History, KeyValue, KeyValueOperation,
    KeyValueOutput, Keyed, Linearizable, Linearization, Lock, LockOperation, LockOutput, Outcome,
    Part, Placement, Product, Queue, QueueOperation, QueueOutput, Recorded, Register,
    RegisterOperation, RegisterOutput, Specification, Sum, SumOperation, Unplaceable, linearize,
    linearize_parts,
};
pub use monotonic::Monotonic;
pub use mutual_exclusion::MutualExclusion;
pub use prefix_order::{common_prefix, compatible, is_prefix, prefix_order};
pub use validity::Validity;
