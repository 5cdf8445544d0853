//! Exhaustive exploration: every schedule of a small cluster, breadth first.
//!
//! - `packed` is the fast search, which [`explore`] is: worlds as bit-packed integers of interned
//!   parts, handlers called once for each state and message.
//! - [`reference`](mod@reference) is the plain search over [`World`](crate::World): readable, and
//!   what the other is held to.
//! - [`coverage`] is what an exploration covered: by kind of message, timer, input and fault; and what
//!   makes the space large.
//! - `oracle` makes any scenario a `stateright::Model` (feature `stateright`).

pub mod coverage;
mod estimate;
#[cfg(feature = "stateright")]
pub mod oracle;
mod packed;
mod reach;
pub mod reference;
mod tally;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use self::coverage::Coverage;
use crate::ledger::Bound;
use crate::protocol::Protocol;
use crate::step::Step;
use crate::verdict::Verdict;

pub use estimate::estimate;
pub use packed::{explore, way};
pub use reach::reach;

/// How far an exploration goes, beyond the scenario's own bounds.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// The most states it may store; no limit if `None`.
    pub states: Option<usize>,
    /// Go on after the first violation, until every invariant that can break has broken or the
    /// space is exhausted.
    pub all_invariants: bool,
    /// Ends at a violation of this invariant only; others are noted and passed.
    pub only: Option<String>,
    /// Searches plainly, over whole worlds: [`reference`](mod@reference).
    pub plain: bool,
    /// Keeps mail that a model says is dead, and searches the full space.
    pub full: bool,
    /// How many threads search; one if 0. They change nothing but the time.
    pub threads: usize,
    /// The most bytes that the search itself may take for states and tables; no limit if `None`.
    pub bytes: Option<usize>,
    /// Tells what was covered when it ends: [`Exploration::coverage`].
    pub coverage: bool,
    /// Tells states apart by fingerprints of that width once their exact keys are wider, which takes
    /// less memory; the verdict then says what the odds are that a state was missed. Exact if
    /// `None`.
    pub fingerprint: Option<Fingerprint>,
    /// Keys are at least as wide as that, so that tests of small spaces see wide ones.
    #[doc(hidden)]
    pub at_least_bits: u32,
}

/// How wide the fingerprint of a state is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fingerprint(u32);

impl Fingerprint {
    /// 64 bits: with ten million states, the odds that one is missed are about 1 in 370,000; with a
    /// billion about 1 in 37.
    pub const BITS_64: Fingerprint = Fingerprint(64);
    /// 128 bits: with a billion states, the odds are about 1 in 10^20.
    pub const BITS_128: Fingerprint = Fingerprint(128);

    /// A fingerprint of so many bits.
    ///
    /// # Errors
    /// A sentence when there is none of that width.
    pub fn of(bits: u32) -> Result<Fingerprint, String> {
        match bits {
            64 => Ok(Fingerprint::BITS_64),
            128 => Ok(Fingerprint::BITS_128),
            other => Err(format!("fingerprints have 64 bits or 128, not {other}")),
        }
    }

    /// A fingerprint so narrow that it misses states, to see what becomes of that.
    ///
    /// # Panics
    /// When it is not 1 to 128 bits wide.
    #[doc(hidden)]
    pub fn narrow(bits: u32) -> Fingerprint {
        assert!((1..=128).contains(&bits), "1 to 128 bits");
        Fingerprint(bits)
    }

    /// How many bits it has.
    pub fn bits(self) -> u32 {
        self.0
    }
}

/// A violation that was found, by a shortest trace to it.
#[derive(Clone, Debug)]
pub struct Found<P: Protocol> {
    /// The invariant.
    pub invariant: String,
    /// Why it does not hold.
    pub reason: String,
    /// The steps that lead there, from the first world on.
    pub trace: Vec<Step<P>>,
}

/// What an exploration found and covered.
#[derive(Clone, Debug)]
pub struct Exploration<P: Protocol> {
    /// What it says, and no more.
    pub verdict: Verdict,
    /// The violations, each by a shortest trace, in the order found.
    pub found: Vec<Found<P>>,
    /// Different states stored.
    pub states: usize,
    /// Steps taken from them, to new states and known ones.
    pub transitions: u64,
    /// States at each depth, from 0.
    pub levels: Vec<usize>,
    /// Whether every reachable state within the bounds was expanded.
    pub exhausted: bool,
    /// Where it was ended early: the depth up to which every schedule was checked.
    pub completed: Option<u32>,
    /// Bounds that forbade something possible.
    pub cut: BTreeSet<Bound>,
    /// Each goal in the scenario's order, with the least depth at which it was reached.
    pub goals: Vec<(&'static str, Option<u32>)>,
    /// How often each marked line ran: in steps that count, and in the continuation that does not settle.
    pub marks: BTreeMap<&'static str, u64>,
    /// Worlds in which no live node had mail waiting.
    pub quiet: u64,
    /// The waypoints gone by, with the length of the way to each from the one before.
    pub waypoints: Vec<(&'static str, usize)>,
    /// Steps between the first world and where the search began: prefix and waypoints.
    pub begun_at: usize,
    /// How it was searched.
    pub searched: Searched,
    /// What was covered, if it was asked for ([`Limits::coverage`]). The plain search keeps no books
    /// of that, and says nothing.
    pub coverage: Option<Coverage>,
}

/// How an exploration searched: by which engine, and what it took.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Searched {
    /// Whether it was the packed search; else the plain one.
    pub packed: bool,
    /// Why the plain search stood in for the packed one.
    pub fallback: Option<String>,
    /// Bits of a packed state.
    pub key_bits: u32,
    /// How many bits the fingerprints have by which states were told apart; exactly if `None`.
    pub fingerprint: Option<u32>,
    /// Different slots: one node with its mail.
    pub slots: usize,
    /// Calls of handlers that were remembered; each was made twice and compared.
    pub handler_calls: u64,
    /// Bytes that the states, the index over them and the tables took at the end.
    pub bytes: usize,
    /// What became of mail that the model says is dead.
    pub dead_mail: DeadMail,
}

/// What became of mail that changes nothing any more ([`Protocol::ignores`]).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadMail {
    /// There was none.
    #[default]
    None,
    /// It was kept, for this reason.
    Kept {
        /// Why.
        why: String,
    },
    /// It was forgotten, and it was proved that it was dead.
    Forgotten {
        /// How many different letters were.
        letters: usize,
        /// How many facts the proof looked at.
        checks: u64,
    },
    /// The claim is false; what was searched, was searched in full.
    Refuted {
        /// Where it is false.
        why: String,
    },
}

impl Searched {
    /// By the plain search.
    fn plainly() -> Searched {
        Searched::default()
    }
}

impl<P: Protocol> Exploration<P> {
    /// The greatest depth that has states.
    pub fn depth(&self) -> u32 {
        (self.levels.len().max(1) - 1) as u32
    }
}
